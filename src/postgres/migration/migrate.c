/*
 * migrate.c
 *		CALL dynamodb_migrate(): the phases of a migration, one after another.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "postgres/migration/migration.h"
#include "postgres/relation_kind.h"
#include "postgres/report.h"
#include "postgres/scan/rate_limit.h"
#include "postgres/service/service_clock.h"
#include "postgres/stream/stream_description.h"

SQL_FUNCTION(dynamodb_migrate);

/* How often items that differ are looked at again, with what the stream has told meanwhile. */
#define COMPARISONS_MAXIMUM 10

/* What allows for differences of the clocks, in seconds. */
#define END_MARGIN 15

/* Between two looks at a stream that had nothing. */
#define IDLE_MS 500

#define MILLISECONDS_PER_DAY 86400000.0

/* ---- what is asked for ---- */

static void
check_privilege(Oid relation_id, AclMode wanted)
{
	if (pg_class_aclcheck(relation_id, GetUserId(), wanted) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(relation_id));
}

/* Each privilege by itself: pg_class_aclcheck() is content with any of several. */
static void
check_privileges(const Migration *migration)
{
	check_privilege(migration->source, ACL_SELECT);
	check_privilege(migration->target, ACL_SELECT);
	check_privilege(migration->target, ACL_INSERT);
	check_privilege(migration->target, ACL_UPDATE);
	check_privilege(migration->target, ACL_DELETE);
}

static MigrationVerify
verify_of_text(const char *text)
{
	if (strcmp(text, "full") == 0)
		return VERIFY_FULL;
	if (strcmp(text, "sample") == 0)
		return VERIFY_SAMPLE;
	if (strcmp(text, "none") == 0)
		return VERIFY_NONE;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("invalid value for argument \"verify\": \"%s\"", text),
	                errhint("It must be \"full\", \"sample\" or \"none\".")));
}

/* A positive number, or 0 for NULL. */
static int
positive_argument(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		return 0;
	if (PG_GETARG_INT32(number) <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("argument \"%s\" must be greater than zero", name)));
	return PG_GETARG_INT32(number);
}

/* Milliseconds, as many as fit, of an interval that is not negative; a month has 30 days. */
static int64
lag_of_interval(const Interval *interval)
{
	double days = interval->day + interval->month * 30.0;
	double milliseconds = (double) interval->time / 1000 + days * MILLISECONDS_PER_DAY;

	if (milliseconds < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("argument \"follow_lag\" must not be negative")));
	return (int64) Min(milliseconds, PG_INT32_MAX);
}

static void
refuse_nulls(FunctionCallInfo fcinfo)
{
	static const int required[] = {0, 1, 2, 3, 7};

	for (size_t i = 0; i < lengthof(required); i++)
	{
		if (PG_ARGISNULL(required[i]))
			ereport(ERROR,
			        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			         errmsg("argument %d of dynamodb_migrate must not be null", required[i] + 1)));
	}
}

/* In CurrentMemoryContext, which outlives the transactions. */
static Migration *
read_arguments(FunctionCallInfo fcinfo)
{
	Migration *migration = palloc0_object(Migration);

	refuse_nulls(fcinfo);
	migration->context = CurrentMemoryContext;
	migration->schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	migration->source = PG_GETARG_OID(0);
	migration->target = PG_GETARG_OID(1);
	migration->follow = PG_GETARG_BOOL(2);
	migration->follow_lag_ms = lag_of_interval(PG_GETARG_INTERVAL_P(3));
	migration->segments = positive_argument(fcinfo, 4, "segments");
	migration->read_rate = positive_argument(fcinfo, 5, "read_rate");
	migration->write_rate = positive_argument(fcinfo, 6, "write_rate");
	migration->verify = verify_of_text(text_to_cstring(PG_GETARG_TEXT_PP(7)));
	require_dynamodb_table(migration->source);
	require_dynamodb_table(migration->target);
	check_privileges(migration);
	return migration;
}

/* ---- steps: each a transaction ---- */

/* Begins a step; what it allocates goes with it, but for what SPI leaves in the procedure's memory.
 */
static void
begin_step(Migration *migration)
{
	migration->step =
	    AllocSetContextCreate(migration->context, "DynamoDB migration", ALLOCSET_DEFAULT_SIZES);
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(migration->step);
}

static void
end_step(Migration *migration)
{
	MemoryContextSwitchTo(migration->context);
	PopActiveSnapshot();
	MemoryContextDelete(migration->step);
	SPI_commit();
	MemoryContextSwitchTo(migration->context);
}

/* Nobody else migrates into the target, or changes it, from here to the end or to an error. */
static LockRelId
lock_target(const Migration *migration)
{
	LockRelId lock = {.relId = migration->target, .dbId = MyDatabaseId};

	if (!ConditionalLockRelationOid(migration->target, ShareUpdateExclusiveLock))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
		                errmsg("foreign table \"%s\" is being migrated into, or changed",
		                       get_rel_name(migration->target))));
	LockRelationIdForSession(&lock, ShareUpdateExclusiveLock);
	return lock;
}

/* ---- beginning ---- */

/* Rows are written more than once, and not all of them by INSERT: no trigger could be right. */
static void
refuse_triggers(const Migration *migration)
{
	Relation target = table_open(migration->target, NoLock);
	const TriggerDesc *triggers = target->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_DISABLED && !TRIGGER_FOR_TRUNCATE(trigger->tgtype))
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			                errmsg("target \"%s\" has a trigger, \"%s\"",
			                       RelationGetRelationName(target), trigger->tgname),
			                errdetail("A migration does not fire triggers."),
			                errhint("Disable it with ALTER FOREIGN TABLE %s DISABLE TRIGGER %s.",
			                        quote_identifier(RelationGetRelationName(target)),
			                        quote_identifier(trigger->tgname))));
	}
	table_close(target, NoLock);
}

/* The stream of the source, which is made where there is none. */
static char *
stream_of_source(const MigrationPair *pair)
{
	const ForeignRelation *source = pair->source;
	Bytes view = source->description->stream_view_type;

	if (view.length == 0)
	{
		ereport(NOTICE, (errmsg("enabling the change stream of DynamoDB table \"%s\"",
		                        source->options->table_name)));
		stream_enable(source->client, source->options->table_name);
		return stream_get(source->client, source->options->table_name);
	}
	if (!bytes_equal(view, BYTES_LITERAL("NEW_AND_OLD_IMAGES")) &&
	    !bytes_equal(view, BYTES_LITERAL("NEW_IMAGE")))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("change stream of DynamoDB table \"%s\" has no new images",
		                       source->options->table_name),
		                errdetail("Its view is %s.", outside_text(view, 64)),
		                errhint("Disable the stream; dynamodb_migrate() enables it anew.")));
	return stream_get(source->client, source->options->table_name);
}

/* Notes where the stream is, before anything is read of the table. */
static void
note_position(Migration *migration, const MigrationPair *pair)
{
	StreamStart now = {.kind = STREAM_FROM_LATEST};
	ServiceClient *client = pair->source->client;
	MemoryContext caller;

	migration->noted_at = migration->complete_until = (double) service_client_time(client);
	caller = MemoryContextSwitchTo(migration->context);
	migration->reader = stream_reader_open(client, migration->stream_arn, &now, NULL);
	MemoryContextSwitchTo(caller);
}

static void
begin_anew(Migration *migration, const MigrationPair *pair)
{
	char *arn = stream_of_source(pair);

	migration->stream_arn = MemoryContextStrdup(migration->context, arn);
	migration->target_table =
	    MemoryContextStrdup(migration->context, pair->target->options->table_name);
	migration->attributes =
	    MemoryContextStrdup(migration->context, migration_pair_attributes(pair));
	migration->phase = MIGRATION_SEED;
	migration->segment_count = migration->segments_done = 0;
	migration->items_seeded = migration->changes_applied = 0;
	note_position(migration, pair);
	migration_begin_progress(migration);
	migration_save_positions(migration);
	stream_reader_close(migration->reader);
	migration->reader = NULL;
	migration_pair_notice_dropped(pair);
}

/*
 * The stream is still the one that was noted, and has been all the time: one that is switched off
 * never comes back, another one does.
 */
static void
check_stream(const Migration *migration, const MigrationPair *pair)
{
	const ForeignRelation *source = pair->source;
	char *arn = stream_find(source->client, source->options->table_name);

	if (arn != NULL && strcmp(arn, migration->stream_arn) == 0 &&
	    stream_is_enabled(source->client, source->options->table_name))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("change stream of DynamoDB table \"%s\" is not the one that the migration "
	                "follows, or is switched off",
	                source->options->table_name),
	         errdetail("Changes since then may be missing in the target."),
	         errhint("Empty the target and begin anew.")));
}

/* What was written already has gone from the same attributes to the same. */
static void
check_unchanged(const Migration *migration, const MigrationPair *pair)
{
	char *attributes = migration_pair_attributes(pair);

	if (strcmp(migration->target_table, pair->target->options->table_name) == 0 &&
	    strcmp(migration->attributes, attributes) == 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("foreign tables have changed since the migration began"),
	                errdetail("It has written to DynamoDB table \"%s\": %s. By now it would write "
	                          "to \"%s\": %s.",
	                          migration->target_table, migration->attributes,
	                          pair->target->options->table_name, attributes),
	                errhint("Undo the change, or empty the target and begin anew.")));
}

static void
resume(const Migration *migration, const MigrationPair *pair)
{
	check_unchanged(migration, pair);
	check_stream(migration, pair);
	ereport(NOTICE, (errmsg("resuming the migration in phase \"%s\"",
	                        migration_phase_name(migration->phase))));
}

static void
refuse_target(const Migration *migration)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("target \"%s\" is not empty", get_rel_name(migration->target)),
	                errdetail("No migration from \"%s\" that could be resumed has written to it.",
	                          get_rel_name(migration->source))));
}

/* A new migration into an empty target, or what is left of an earlier one. */
static void
begin_or_resume(Migration *migration)
{
	MigrationPair *pair;
	bool found;

	begin_step(migration);
	refuse_triggers(migration);
	found = migration_load(migration);
	MemoryContextSwitchTo(migration->step);
	pair = migration_pair_open(migration);

	if (strcmp(pair->source->options->table_name, pair->target->options->table_name) == 0 &&
	    pair->source->client == pair->target->client)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("source and target are the same DynamoDB table")));
	migration->client = pair->source->client;
	if (migration_target_is_empty(migration))
		begin_anew(migration, pair);
	else if (!found)
		refuse_target(migration);
	else
		resume(migration, pair);
	if (migration->phase > MIGRATION_APPLY)
		migration->phase = MIGRATION_APPLY;
	/* What comes next is in the target for good, so that it comes from here must be so, too. */
	ForceSyncCommit();
	end_step(migration);
}

/* ---- phases ---- */

static void
seed(Migration *migration)
{
	while (migration->phase == MIGRATION_SEED)
	{
		begin_step(migration);
		if (migration_seed(migration))
			migration->phase = MIGRATION_APPLY;
		migration_save(migration);
		ereport(NOTICE, (errmsg("seeded %d of %d segments, " INT64_FORMAT " items",
		                        migration->segments_done, migration->segment_count,
		                        migration->items_seeded)));
		end_step(migration);
	}
}

/* One step; true at the stream's end as of now. */
static bool
apply_some(Migration *migration, int64 delay_ms, int64 *changes)
{
	bool at_end;

	begin_step(migration);
	if (migration->reader == NULL)
		(void) migration_load(migration);
	MemoryContextSwitchTo(migration->step);
	migration->phase = MIGRATION_APPLY;
	at_end = migration_apply(migration, delay_ms, changes);
	migration_save(migration);
	migration_save_positions(migration);
	if (*changes > 0)
		ereport(NOTICE, (errmsg("applied " INT64_FORMAT " changes, " INT64_FORMAT " in all",
		                        *changes, migration->changes_applied)));
	end_step(migration);
	return at_end;
}

/* Applies what has been written up to now, also while others write as fast as this reads. */
static void
catch_up(Migration *migration)
{
	int64 changes;

	migration->stop_after = (double) service_client_measured_time(migration->client) + END_MARGIN;
	while (!apply_some(migration, 0, &changes))
		;
}

/* Applies until nothing has come for as long as the caller wants. */
static void
follow(Migration *migration)
{
	TimestampTz idle_since = GetCurrentTimestamp();
	int64 delay_ms = Min(IDLE_MS, migration->follow_lag_ms);

	migration->stop_after = 0;
	while (!TimestampDifferenceExceeds(idle_since, GetCurrentTimestamp(),
	                                   (int) migration->follow_lag_ms))
	{
		int64 changes;
		bool at_end = apply_some(migration, delay_ms, &changes);

		if (changes > 0 || !at_end)
			idle_since = GetCurrentTimestamp();
	}
}

static bool
is_different(const MigrationDifferences *differences)
{
	return differences->count > 0 || differences->source_items != differences->target_items;
}

static int
count_kind(const MigrationDifferences *differences, MigrationDifference kind)
{
	int count = 0;

	for (int i = 0; i < differences->count; i++)
		count += differences->kinds[i] == kind ? 1 : 0;
	return count;
}

/* A sentence on items that were compared, or else on how many there are. */
static char *
describe_differences(const MigrationDifferences *differences)
{
	if (differences->count == 0)
		return psprintf("The source has " INT64_FORMAT " items, the target " INT64_FORMAT ".",
		                differences->source_items, differences->target_items);
	return psprintf(
	    "Items that differ: %d%s. Missing are %d, changed %d, and %d are only in the "
	    "target. One is of key %s.",
	    differences->count, differences->more ? " or more" : "",
	    count_kind(differences, MIGRATION_MISSING), count_kind(differences, MIGRATION_CHANGED),
	    count_kind(differences, MIGRATION_EXTRA), migration_difference_key(differences, 0));
}

static void
report_differences(const Migration *migration, const MigrationDifferences *differences)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
	                errmsg("\"%s\" does not hold what \"%s\" holds",
	                       get_rel_name(migration->target), get_rel_name(migration->source)),
	                errdetail("%s", describe_differences(differences)),
	                errhint("The same call goes on applying changes and compares again. Does "
	                        "anybody else write to the target?")));
}

static void
notice_compared(const MigrationDifferences *differences)
{
	if (differences->source_items == 0)
		ereport(NOTICE, (errmsg("compared " INT64_FORMAT " items", differences->compared)));
	else
		ereport(NOTICE, (errmsg("compared " INT64_FORMAT " of " INT64_FORMAT " items",
		                        differences->compared, differences->source_items)));
}

/*
 * All that reads and writes the tables keeps the rates, the comparison's SQL included. The target
 * is either written or read.
 */
static void
keep_rates(const Migration *migration, bool reads_target)
{
	rate_limit_narrow(migration->source, migration->read_rate);
	rate_limit_narrow(migration->target,
	                  reads_target ? migration->read_rate : migration->write_rate);
}

/* Does not throw. */
static void
forget_rates(const Migration *migration)
{
	rate_limit_narrow(migration->source, 0);
	rate_limit_narrow(migration->target, 0);
}

static void
compare(Migration *migration, MigrationDifferences *differences, bool again)
{
	begin_step(migration);
	keep_rates(migration, true);
	if (again)
		migration_compare_again(migration, differences);
	else
		migration_compare(migration, differences);
	keep_rates(migration, false);
	end_step(migration);
}

/*
 * Items that differ may have changed while they were read: they are looked at again when the stream
 * has told what it knows.
 */
static void
verify(Migration *migration)
{
	MigrationDifferences differences = {0};

	if (migration->verify == VERIFY_NONE)
		return;
	compare(migration, &differences, false);
	for (int i = 0; i < COMPARISONS_MAXIMUM && is_different(&differences) && !differences.more; i++)
	{
		catch_up(migration);
		compare(migration, &differences, true);
	}
	if (is_different(&differences))
		report_differences(migration, &differences);
	notice_compared(&differences);
}

static void
finish(Migration *migration)
{
	begin_step(migration);
	/* Were it switched off meanwhile, its end would look like the end of the changes. */
	check_stream(migration, migration_pair_open(migration));
	migration->phase = MIGRATION_DONE;
	migration_save(migration);
	ereport(NOTICE,
	        (errmsg("migrated: " INT64_FORMAT " items seeded, " INT64_FORMAT " changes applied",
	                migration->items_seeded, migration->changes_applied)));
	end_step(migration);
}

static void
run_phases(Migration *migration)
{
	keep_rates(migration, false);
	begin_or_resume(migration);
	seed(migration);
	catch_up(migration);
	if (migration->follow)
		follow(migration);
	verify(migration);
	finish(migration);
}

Datum
dynamodb_migrate(PG_FUNCTION_ARGS)
{
	CallContext *call = castNode(CallContext, fcinfo->context);
	Migration *migration;
	LockRelId lock;

	if (call->atomic)
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
		                errmsg("dynamodb_migrate cannot be called within a transaction block"),
		                errdetail("It commits as it goes.")));
	PreventCommandIfReadOnly("dynamodb_migrate()");
	PreventCommandDuringRecovery("dynamodb_migrate()");
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	migration = read_arguments(fcinfo);
	lock = lock_target(migration);
	PG_TRY();
	{
		run_phases(migration);
	}
	PG_FINALLY();
	{
		forget_rates(migration);
	}
	PG_END_TRY();
	UnlockRelationIdForSession(&lock, ShareUpdateExclusiveLock);
	SPI_finish();
	PG_RETURN_VOID();
}
