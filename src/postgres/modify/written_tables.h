/*
 * written_tables.h
 *		Whether a statement writes to a table that it also reads.
 */
#ifndef POSTGRES_MODIFY_WRITTEN_TABLES_H
#define POSTGRES_MODIFY_WRITTEN_TABLES_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/scan/access.h"

/*
 * True when rows that the statement writes might come up in its own reading of the table: when it
 * inserts into the DynamoDB table, through this or another foreign table, or when it moves items of
 * it within the order in which they are read, because it changes keys or reads through an index.
 * True also where that cannot be excluded.
 */
extern bool statement_may_meet_its_rows(EState *statement, const ForeignRelation *relation,
                                        const Access *access);

#endif
