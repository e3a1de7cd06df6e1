/*
 * table_definition.h
 *		The DynamoDB table that a foreign table's columns and options stand for.
 */
#ifndef POSTGRES_ADMINISTRATION_TABLE_DEFINITION_H
#define POSTGRES_ADMINISTRATION_TABLE_DEFINITION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb_table.h"
#include "postgres/relation/relation.h"

/*
 * The definition, all in CurrentMemoryContext or borrowed from the relation. Errors: HV00J when no
 * column is the hash key, HV004 for a key column whose attribute would be of no type that a key may
 * have, HV024 for two columns of one key, for a key that is no top-level attribute, and for an
 * index whose key no column maps.
 */
extern TableDefinition *table_definition_of(const ForeignRelation *relation);

#endif
