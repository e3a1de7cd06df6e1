/*
 * rows_met.h
 *		Which rows a statement has changed already.
 *
 * A join may give a row of the changed table several times. SQL changes it once: the others of its
 * appearances are passed over.
 */
#ifndef POSTGRES_MODIFY_ROWS_MET_H
#define POSTGRES_MODIFY_ROWS_MET_H

#include "postgres.h"

#include "access/htup.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"

typedef struct RowsMet RowsMet;

/* An empty set in CurrentMemoryContext; it grows by some fifty bytes a row. */
extern RowsMet *rows_met_create(void);

/* Adds the row by its key; false when it was there. */
extern bool rows_met_add(RowsMet *met, RowWriter *writer, HeapTupleHeader row);

#endif
