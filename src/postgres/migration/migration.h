/*
 * migration.h
 *		CALL dynamodb_migrate(): a table's items into another table, while others write to the
 * first.
 *
 * The stream's position is noted before the first item is read. Then all items are copied, and only
 * then what the stream tells from that position on is applied, each key's changes in their order:
 * a change puts the whole item in place, or removes it. So the target comes to be what the source
 * is, whatever was copied when, and however often a change is applied.
 *
 * Every step is a transaction of its own, at whose end the tables dynamodb_migrations and
 * dynamodb_migration_shards say how far the migration is. What was not committed is done again.
 */
#ifndef POSTGRES_MIGRATION_MIGRATION_H
#define POSTGRES_MIGRATION_MIGRATION_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "postgres/compat.h"

#include "postgres/relation/relation.h"
#include "postgres/stream/stream_reader.h"

typedef enum MigrationPhase
{
	MIGRATION_SEED,
	MIGRATION_APPLY,
	MIGRATION_VERIFY,
	MIGRATION_DONE
} MigrationPhase;

typedef enum MigrationVerify
{
	VERIFY_FULL,
	VERIFY_SAMPLE,
	VERIFY_NONE
} MigrationVerify;

/* One call of the procedure. Its memory outlives the transactions. */
typedef struct Migration
{
	MemoryContext context;
	MemoryContext step; /* of one transaction, below it */
	Oid schema;         /* of the extension, where its tables are */
	Oid source;
	Oid target;

	/* What the caller wants. */
	bool follow;
	int64 follow_lag_ms;
	int segments;  /* 0: chosen by size */
	int read_rate; /* capacity units a second; 0: no maximum */
	int write_rate;
	MigrationVerify verify;

	ServiceClient *client; /* the source's */

	/* How far it is, as the progress table says. */
	int64 id;
	MigrationPhase phase;
	char *stream_arn;
	char *target_table; /* DynamoDB's name */
	char *attributes;   /* as migration_pair_attributes() tells them */
	int segment_count;
	int segments_done;
	int64 items_seeded;
	int64 changes_applied;
	double noted_at;       /* seconds since 1970, by the service's clock */
	double complete_until; /* all that was written before is in the target */
	List *positions;       /* ShardPositions, in the context */

	double stop_after;    /* changes made after it may wait, by the service's clock; 0: none */
	StreamReader *reader; /* NULL before changes are applied */
} Migration;

/* ---- in migration_columns.c ---- */

/* Source and target while a step runs, and which column goes where. */
typedef struct MigrationPair
{
	ForeignRelation *source;
	ForeignRelation *target;
	int *source_places; /* by the target's column: its place in the source; -1: none */
	List *read_columns; /* integers: numbers of the source's columns that are read */
} MigrationPair;

/*
 * Opens both tables as the current role, in CurrentMemoryContext, to the end of the transaction.
 * Errors when their keys do not agree, or columns of one name are of different types: HV024, HV004.
 */
extern MigrationPair *migration_pair_open(const Migration *migration);

/* "a -> b, c -> c": which attribute goes where. palloc'ed. */
extern char *migration_pair_attributes(const MigrationPair *pair);

/* Says which of the source's columns the target does not have. */
extern void migration_pair_notice_dropped(const MigrationPair *pair);

/* The source's column of the hash key, or of the range key; NULL when there is none. */
extern const ForeignColumn *migration_pair_key(const MigrationPair *pair, KeyRole role);

/* ---- in migration_copy.c ---- */

/* Copies some segments' items; true when these were the last. One transaction. */
extern bool migration_seed(Migration *migration);

/*
 * Applies what the stream tells next, as much as fits into one transaction. True when its end as
 * of now is reached. *changes: how many there were.
 */
extern bool migration_apply(Migration *migration, int64 delay_ms, int64 *changes);

/* ---- in migration_progress.c, over SPI ---- */

/* The row of this pair of tables is read into the migration; false when there is none. */
extern bool migration_load(Migration *migration);

/* Writes a new row, in place of an old one. */
extern void migration_begin_progress(Migration *migration);

/* Updates the row, and with the positions also those. */
extern void migration_save(Migration *migration);
extern void migration_save_positions(Migration *migration);

extern const char *migration_phase_name(MigrationPhase phase);

/* ---- in migration_verify.c, over SPI ---- */

typedef enum MigrationDifference
{
	MIGRATION_SAME,
	MIGRATION_MISSING, /* in the source, not in the target */
	MIGRATION_EXTRA,   /* the other way round */
	MIGRATION_CHANGED
} MigrationDifference;

/* What differs, in the migration's context. */
typedef struct MigrationDifferences
{
	HeapTuple *keys; /* of items: rows of the key's columns and some more … */
	MigrationDifference *kinds;
	TupleDesc descriptor; /* … as this says */
	int count;            /* at most DIFFERENCES_MAXIMUM */
	bool more;            /* there are more than these */
	int64 compared;       /* items */
	int64 source_items;   /* with VERIFY_SAMPLE: how many there are; else 0, as the others */
	int64 target_items;
} MigrationDifferences;

#define DIFFERENCES_MAXIMUM 1000

/*
 * Compares source and target by SQL: all of both; or of each a sample, and how many items there
 * are.
 */
extern void migration_compare(Migration *migration, MigrationDifferences *differences);

/*
 * Looks at the differences again, and leaves out those that are none anymore; counts again where
 * the numbers were not the same.
 */
extern void migration_compare_again(Migration *migration, MigrationDifferences *differences);

/* "(id)=(7)": the key of the difference with this number, shortened. palloc'ed. */
extern char *migration_difference_key(const MigrationDifferences *differences, int number);

/* True when the target holds no item. */
extern bool migration_target_is_empty(const Migration *migration);

#endif
