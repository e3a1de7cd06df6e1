/*
 * stream.h
 *		Foreign tables that are the change streams of DynamoDB tables: columns, rows, callbacks.
 *
 * A row is a change. What the change was made to is in jsonb columns, by their roles, or in columns
 * of single attributes: of the item as it is after the change, of a removed one as it was before,
 * and where the stream's view has neither, of the item's key.
 */
#ifndef POSTGRES_STREAM_STREAM_H
#define POSTGRES_STREAM_STREAM_H

#include "postgres.h"

#include "foreign/fdwapi.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/scan/row.h"
#include "postgres/stream/stream_reader.h"

typedef struct StreamRelation
{
	ForeignRelation *relation; /* with a description only where items are encrypted */
	const StreamRole *roles;   /* by the column's place; STREAM_ROLE_UNSAID: an attribute */
	const char *table_name;    /* whose changes these are */
	StreamStart start;
} StreamRelation;

/*
 * Opens the foreign table as `user_id` sees it, all in CurrentMemoryContext, without asking the
 * service. Errors: HV004 for a column whose type cannot hold what its role says.
 */
extern StreamRelation *stream_relation_open(Oid relation_id, Oid user_id);

/*
 * Asks how the items of the table are encrypted, if they are. Errors: those of
 * foreign_relation_find_encryption().
 */
extern void stream_relation_find_encryption(StreamRelation *stream);

/* Reads records as rows; the fields are not for others to change. */
typedef struct StreamRowReader
{
	const StreamRelation *stream;
	RowReader *attributes;
	List *roles;           /* numbers of the columns that are no attributes */
	NameTable names;       /* for the decoder of the records */
	bool *nothing;         /* by slot: what images leave out */
	bool reads_attributes; /* single ones, or an item as a whole */
	bool reads_new_image;  /* as such */
	bool reads_old_image;
} StreamRowReader;

/* A reader of the columns with these numbers (integers), in CurrentMemoryContext. */
extern StreamRowReader *stream_row_reader_create(const StreamRelation *stream, List *columns);

/* The item as the change left it; a removed one as it was; failing both, its key. */
extern const DynamodbItem *stream_record_item(const StreamRecord *record);

/* Fills values and nulls, one for each of the relation's columns; those not read are NULL. */
extern void stream_row_read(StreamRowReader *reader, const StreamRecord *record, Datum *values,
                            bool *nulls);

/* The same for a record whose images were encrypted: errors of values show nothing of them. */
extern void stream_row_read_secret(StreamRowReader *reader, const StreamRecord *record,
                                   Datum *values, bool *nulls);

/* Fills only the columns that are no attributes, beside what is there of others. */
extern void stream_row_read_roles(StreamRowReader *reader, const StreamRecord *record,
                                  Datum *values, bool *nulls);

/* In stream_planning.c. */
extern void streamGetForeignRelSize(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);
extern void streamGetForeignPaths(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id);
extern ForeignScan *streamGetForeignPlan(PlannerInfo *root, RelOptInfo *base, Oid foreign_table_id,
                                         ForeignPath *best_path, List *target_list,
                                         List *scan_clauses, Plan *outer_plan);

/* In stream_scan.c. */
extern void streamBeginForeignScan(ForeignScanState *node, int executor_flags);
extern TupleTableSlot *streamIterateForeignScan(ForeignScanState *node);
extern void streamReScanForeignScan(ForeignScanState *node);
extern void streamEndForeignScan(ForeignScanState *node);
extern void streamExplainForeignScan(ForeignScanState *node, struct ExplainState *explain);

#endif
