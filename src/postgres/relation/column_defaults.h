/*
 * column_defaults.h
 *		What a new row has in columns of which nothing is said: their defaults, and what stored
 *		generated columns are made of.
 */
#ifndef POSTGRES_RELATION_COLUMN_DEFAULTS_H
#define POSTGRES_RELATION_COLUMN_DEFAULTS_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "postgres/compat.h"

typedef struct ColumnDefaults ColumnDefaults;

/*
 * Of the relation's columns but those whose numbers are `given`. In the statement's memory, which
 * is where it lives. Expressions are run as the current role.
 */
extern ColumnDefaults *column_defaults_prepare(EState *statement, Relation relation,
                                               const Bitmapset *given);

/*
 * Fills all columns of a cleared slot: with NULL where there is no default. Values are in
 * CurrentMemoryContext.
 */
extern void column_defaults_fill(const ColumnDefaults *defaults, TupleTableSlot *slot);

/*
 * Fills stored generated columns of a slot whose other columns are filled, and which is stored. In
 * CurrentMemoryContext, too.
 */
extern void column_defaults_generate(const ColumnDefaults *defaults, TupleTableSlot *slot);

#endif
