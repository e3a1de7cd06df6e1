/*
 * migration_progress.c
 *		How far migrations are: the tables dynamodb_migrations and dynamodb_migration_shards.
 *
 * They belong to the extension, so they are written as their owner, whoever migrates; who may read
 * them is for the owner to grant. Dumps leave them out: a position in a stream is of its day.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/migration/migration.h"

static const char *const phase_names[] = {"seed", "apply", "verify", "done"};

const char *
migration_phase_name(MigrationPhase phase)
{
	return phase_names[phase];
}

/* ---- statements ---- */

static Oid
owner_of_tables(const Migration *migration)
{
	Oid table = get_relname_relid("dynamodb_migrations", migration->schema);
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "table dynamodb_migrations of the extension is missing");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* A statement with its parameters; "%s" in the text is the tables' schema. */
typedef struct Statement
{
	const char *text;
	int count;
	Oid types[12];
	Datum values[12];
	char nulls[12];
} Statement;

static void
add_parameter(Statement *statement, Oid type, Datum value, bool is_null)
{
	statement->types[statement->count] = type;
	statement->values[statement->count] = value;
	statement->nulls[statement->count++] = is_null ? 'n' : ' ';
}

static void
add_integer(Statement *statement, int64 value)
{
	add_parameter(statement, INT8OID, Int64GetDatum(value), false);
}

static void
add_oid(Statement *statement, Oid value)
{
	add_parameter(statement, OIDOID, ObjectIdGetDatum(value), false);
}

static void
add_text(Statement *statement, const char *value)
{
	add_parameter(statement, TEXTOID, value == NULL ? (Datum) 0 : CStringGetTextDatum(value),
	              value == NULL);
}

static void
add_real(Statement *statement, double value)
{
	add_parameter(statement, FLOAT8OID, Float8GetDatum(value), false);
}

/* Until the level ends, names mean PostgreSQL's own things, whatever the caller has put before. */
static int
begin_safe_names(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * Runs it as the tables' owner, who does nothing that a caller could have any part in. The step's
 * memory is current afterwards.
 */
static void
run(const Migration *migration, Statement *statement, int expected)
{
	char *text;
	Oid caller;
	int security;
	int level;
	int result;

	MemoryContextSwitchTo(migration->step);
	text = psprintf(statement->text, quote_identifier(get_namespace_name(migration->schema)));
	GetUserIdAndSecContext(&caller, &security);
	SetUserIdAndSecContext(owner_of_tables(migration), security | SECURITY_LOCAL_USERID_CHANGE |
	                                                       SECURITY_RESTRICTED_OPERATION |
	                                                       SECURITY_NOFORCE_RLS);
	level = begin_safe_names();
	result = SPI_execute_with_args(text, statement->count, statement->types, statement->values,
	                               statement->nulls, false, 0);
	AtEOXact_GUC(false, level);
	SetUserIdAndSecContext(caller, security);
	/* SPI leaves the procedure's own memory current, which nobody empties. */
	MemoryContextSwitchTo(migration->step);
	if (result != expected)
		elog(ERROR, "could not note a migration's progress: %s", SPI_result_code_string(result));
}

/* ---- reading ---- */

static Datum
cell(uint64 row, int column, bool *is_null)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, is_null);
}

static int64
integer_cell(uint64 row, int column)
{
	bool is_null;
	Datum value = cell(row, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

/* Text in the migration's memory; NULL for NULL. */
static char *
text_cell(const Migration *migration, uint64 row, int column)
{
	bool is_null;
	Datum value = cell(row, column, &is_null);

	return is_null ? NULL : MemoryContextStrdup(migration->context, TextDatumGetCString(value));
}

static double
real_cell(uint64 row, int column)
{
	bool is_null;
	Datum value = cell(row, column, &is_null);

	return is_null ? 0 : DatumGetFloat8(value);
}

static MigrationPhase
phase_of_name(const char *name)
{
	for (size_t i = 0; i < lengthof(phase_names); i++)
	{
		if (strcmp(phase_names[i], name) == 0)
			return (MigrationPhase) i;
	}
	elog(ERROR, "unknown phase of a migration: %s", name);
}

static void
load_positions(Migration *migration)
{
	Statement statement = {.text = "SELECT shard_id, sequence_number, ended::int4::int8 FROM "
	                               "%s.dynamodb_migration_shards WHERE migration = $1"};

	add_integer(&statement, migration->id);
	run(migration, &statement, SPI_OK_SELECT);
	migration->positions = NIL;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(migration->context);
		ShardPosition *position = palloc0_object(ShardPosition);

		position->shard_id = text_cell(migration, i, 1);
		position->sequence_number = text_cell(migration, i, 2);
		position->ended = integer_cell(i, 3) != 0;
		migration->positions = lappend(migration->positions, position);
		MemoryContextSwitchTo(caller);
	}
	SPI_freetuptable(SPI_tuptable);
}

bool
migration_load(Migration *migration)
{
	Statement statement = {
	    .text = "SELECT id, phase, stream_arn, segments::int8, segments_done::int8, items_seeded, "
	            "changes_applied, extract(epoch from noted_at)::float8, "
	            "extract(epoch from complete_until)::float8, target_table, attributes "
	            "FROM %s.dynamodb_migrations WHERE source = $1 AND target = $2 FOR UPDATE"};

	add_oid(&statement, migration->source);
	add_oid(&statement, migration->target);
	run(migration, &statement, SPI_OK_SELECT);
	if (SPI_processed == 0)
		return false;
	migration->id = integer_cell(0, 1);
	migration->phase = phase_of_name(text_cell(migration, 0, 2));
	migration->stream_arn = text_cell(migration, 0, 3);
	migration->segment_count = (int) integer_cell(0, 4);
	migration->segments_done = (int) integer_cell(0, 5);
	migration->items_seeded = integer_cell(0, 6);
	migration->changes_applied = integer_cell(0, 7);
	migration->noted_at = real_cell(0, 8);
	migration->complete_until = real_cell(0, 9);
	migration->target_table = text_cell(migration, 0, 10);
	migration->attributes = text_cell(migration, 0, 11);
	SPI_freetuptable(SPI_tuptable);
	load_positions(migration);
	return true;
}

/* ---- writing ---- */

void
migration_begin_progress(Migration *migration)
{
	Statement deletion = {
	    .text = "DELETE FROM %s.dynamodb_migrations WHERE source = $1 AND target = $2"};
	Statement insertion = {
	    .text = "INSERT INTO %s.dynamodb_migrations (source, target, migrated_by, phase, "
	            "stream_arn, noted_at, complete_until, target_table, attributes) "
	            "VALUES ($1, $2, $3, 'seed', $4, to_timestamp($5), to_timestamp($5), $6, $7) "
	            "RETURNING id"};

	add_oid(&deletion, migration->source);
	add_oid(&deletion, migration->target);
	run(migration, &deletion, SPI_OK_DELETE);
	add_oid(&insertion, migration->source);
	add_oid(&insertion, migration->target);
	add_text(&insertion, GetUserNameFromId(GetUserId(), false));
	add_text(&insertion, migration->stream_arn);
	add_real(&insertion, migration->noted_at);
	add_text(&insertion, migration->target_table);
	add_text(&insertion, migration->attributes);
	run(migration, &insertion, SPI_OK_INSERT_RETURNING);
	migration->id = integer_cell(0, 1);
	SPI_freetuptable(SPI_tuptable);
}

void
migration_save(Migration *migration)
{
	Statement statement = {
	    .text = "UPDATE %s.dynamodb_migrations SET phase = $2, segments = $3, segments_done = $4, "
	            "items_seeded = $5, changes_applied = $6, complete_until = to_timestamp($7), "
	            "updated_at = clock_timestamp(), "
	            "finished_at = CASE WHEN $2 = 'done' THEN clock_timestamp() END WHERE id = $1"};

	add_integer(&statement, migration->id);
	add_text(&statement, migration_phase_name(migration->phase));
	add_integer(&statement, migration->segment_count);
	add_integer(&statement, migration->segments_done);
	add_integer(&statement, migration->items_seeded);
	add_integer(&statement, migration->changes_applied);
	add_real(&statement, migration->complete_until);
	run(migration, &statement, SPI_OK_UPDATE);
}

static void
save_position(const Migration *migration, const ShardPosition *position)
{
	Statement statement = {
	    .text = "INSERT INTO %s.dynamodb_migration_shards AS shards VALUES ($1, $2, $3, $4 <> 0) "
	            "ON CONFLICT (migration, shard_id) DO UPDATE SET sequence_number = "
	            "excluded.sequence_number, ended = excluded.ended WHERE (shards.sequence_number, "
	            "shards.ended) IS DISTINCT FROM (excluded.sequence_number, excluded.ended)"};

	add_integer(&statement, migration->id);
	add_text(&statement, position->shard_id);
	add_text(&statement, position->sequence_number);
	add_integer(&statement, position->ended);
	run(migration, &statement, SPI_OK_INSERT);
}

void
migration_save_positions(Migration *migration)
{
	List *positions = migration->reader != NULL ? stream_reader_positions(migration->reader)
	                                            : migration->positions;
	ListCell *position;

	foreach (position, positions)
		save_position(migration, lfirst(position));
}
