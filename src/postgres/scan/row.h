/*
 * row.h
 *		From an item to the columns of a row, for scans and for ANALYZE.
 */
#ifndef POSTGRES_SCAN_ROW_H
#define POSTGRES_SCAN_ROW_H

#include "postgres.h"

#include "postgres/compat.h"
#include "postgres/relation/relation.h"
#include "postgres/report.h"

/* The fields are row.c's own, but for `place`. */
typedef struct RowReader
{
	const ForeignRelation *relation;
	const ForeignColumn **columns; /* those that are read */
	int column_count;
	const ForeignColumn **encrypted; /* those that are wanted and encrypted: not read here */
	int encrypted_count;
	const AttributeValue **top_level; /* by slot: the item's attributes, for one row */
	bool *is_mapped_whole;            /* by slot: a column maps all of the attribute */
	NameTable names;                  /* for the decoder: all that the reader looks for */
	Bytes expiry_attribute;           /* no bytes: rows do not expire */
	Bytes now;                        /* seconds since 1970, as DynamoDB writes a number */
	Bytes key_names[KEY_ATTRIBUTES_MAXIMUM * 2];
	ReportPlace place; /* of errors while rows are read; entered and left by the reader's owner */
} RowReader;

/*
 * A reader of the columns with these numbers (integers), in CurrentMemoryContext. It borrows the
 * relation. Rows whose expiry attribute lies before the statement's start are no rows, where the
 * relation hides them.
 */
extern RowReader *row_reader_create(const ForeignRelation *relation, List *columns);

/* The reader of every live column. */
extern RowReader *row_reader_create_for_all(const ForeignRelation *relation);

/* Gives the attributes of an item that was decoded without names the slots of the reader's. */
extern void row_reader_assign_slots(const RowReader *reader, DynamodbItem *item);

/* False when the item is one that the table hides because it has expired. */
extern bool row_is_visible(const RowReader *reader, const DynamodbItem *item);

/*
 * Fills values and nulls, one for each of the relation's columns; those that are not read are NULL,
 * and so are encrypted ones, which see rows_ahead.h.
 * Memory is from CurrentMemoryContext. Errors are those of column_conversion_read, within the
 * reader's place.
 */
extern void row_read(RowReader *reader, const DynamodbItem *item, Datum *values, bool *nulls);

/*
 * The same for an item that was encrypted: errors of values show nothing of them: see
 * secret_errors.h.
 */
extern void row_read_secret(RowReader *reader, const DynamodbItem *item, Datum *values,
                            bool *nulls);

/*
 * Has row_attribute() look at this item, until row_read() or the next call; the reader borrows it.
 */
extern void row_spread(RowReader *reader, const DynamodbItem *item);

/* The attribute at the column's path, selected or not; NULL when the item has none. */
extern const AttributeValue *row_attribute(const RowReader *reader, const ForeignColumn *column);

#endif
