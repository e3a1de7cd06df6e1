/*
 * table_administration.c
 *		SQL functions that make, describe and drop the DynamoDB table behind a foreign table.
 *
 * The service takes its time to make and to drop a table. It is asked how far it has come, at
 * growing distances; the waits between are the transport's, so a cancel or a timeout ends them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "postgres/compat.h"

#include "aws/dynamodb_table.h"
#include "item/json_text.h"
#include "item/json_writer.h"
#include "postgres/administration/table_definition.h"
#include "postgres/memory.h"
#include "postgres/relation/relation.h"
#include "postgres/relation_kind.h"
#include "postgres/report.h"

SQL_FUNCTION(dynamodb_create_table);
SQL_FUNCTION(dynamodb_drop_table);
SQL_FUNCTION(dynamodb_describe_table);

/* The service's bounds on what it is asked and on what it answers are far below these. */
#define BODY_MAXIMUM        ((Size) 1024 * 1024)
#define ANSWER_MAXIMUM      ((Size) 4 * 1024 * 1024)
#define DESCRIPTION_MAXIMUM ((Size) 16 * 1024 * 1024)
#define DIFFERENCES_MAXIMUM ((Size) 1024 * 1024)

/* Between two questions how far the service has come. */
#define FIRST_PAUSE_MS   200
#define LONGEST_PAUSE_MS 5000

/* A table that has just been made may not be found for a while. */
#define NOT_FOUND_YET_MS 30000

/* Refusals that mean that a part of a description is not to be had. */
#define REFUSALS_OF_A_PART                                                                         \
	(ERROR_CLASS_BIT(ERROR_CLASS_ACCESS_DENIED) | ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND) |         \
	 ERROR_CLASS_BIT(ERROR_CLASS_VALIDATION) | ERROR_CLASS_BIT(ERROR_CLASS_OTHER))

/* One call of a function, on one table. */
typedef struct Administration
{
	ForeignRelation *relation;
	ServiceClient *client;
	Bytes table_name;
	MemoryContext question; /* of the last answer and what was read from it */
	ReportPlace place;
} Administration;

/* ---- who may do what ---- */

static void
check_relation(Oid relation_id)
{
	require_dynamodb_table(relation_id);
	if (!relation_is_owned(relation_id))
		aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_TABLE, get_rel_name(relation_id));
}

/* Errors: 42809 for what is no DynamoDB table, 42501 for who may not administer it. */
static Administration *
begin_administration(Oid relation_id)
{
	Administration *administration = palloc0(sizeof(*administration));
	ForeignRelation *relation;

	check_relation(relation_id);
	relation = foreign_relation_open_offline(relation_id);
	(void) usable_server(GetForeignServer(relation->server_id)->servername);
	administration->relation = relation;
	administration->client = service_client_get(relation->server_id, GetUserId());
	administration->table_name = bytes_of_string(relation->options->table_name);
	administration->question = AllocSetContextCreate(
	    CurrentMemoryContext, "DynamoDB table administration", ALLOCSET_DEFAULT_SIZES);
	administration->place.table = relation->name;
	report_place_enter(&administration->place);
	/* What this backend knows of the table will be wrong, also if this ends in the middle. */
	table_description_forget(administration->client, relation->options->table_name);
	return administration;
}

static void
end_administration(Administration *administration)
{
	report_place_leave(&administration->place);
	MemoryContextDelete(administration->question);
}

/* ---- questions ---- */

/* The body of the next request. What was asked before, and its answer, is forgotten. */
static ByteBuffer *
begin_question(Administration *administration)
{
	MemoryContextReset(administration->question);
	return memory_context_buffer(administration->question, ARENA_PLAIN, BODY_MAXIMUM);
}

static Arena *
question_arena(Administration *administration)
{
	return memory_context_arena(administration->question, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
}

/*
 * Sends the body, whose writing had this result. False when the service refuses for a reason in
 * the set `expected`, with its words in `refusal`. The answer lives until the next question.
 */
static bool
ask_after(Administration *administration, int64 delay_ms, const char *operation,
          CheckedResult written, const ByteBuffer *body, uint32 expected, Bytes *answer,
          ServiceError *refusal)
{
	MemoryContext caller = MemoryContextSwitchTo(administration->question);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = operation,
	    .table = administration->table_name,
	    .body = buffer_bytes(body),
	};
	bool answered;

	CHECK_RESULT(written, "write a request");
	answered = service_call_answer_after(administration->client, &request, delay_ms, ANSWER_MAXIMUM,
	                                     expected, answer, refusal);
	MemoryContextSwitchTo(caller);
	return answered;
}

static bool
ask(Administration *administration, const char *operation, CheckedResult written,
    const ByteBuffer *body, uint32 expected, Bytes *answer, ServiceError *refusal)
{
	return ask_after(administration, 0, operation, written, body, expected, answer, refusal);
}

/* DescribeTable's answer; false when there is no such table. */
static bool
ask_description(Administration *administration, int64 delay_ms, Bytes *answer)
{
	ByteBuffer *body = begin_question(administration);
	ServiceError refusal;

	return ask_after(administration, delay_ms, "DescribeTable",
	                 dynamodb_write_describe_table(administration->table_name, body), body,
	                 ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND), answer, &refusal);
}

/* The table's description, good until the next question; NULL when there is no such table. */
static const TableDescription *
describe(Administration *administration, int64 delay_ms)
{
	TableDescription *description;
	Bytes answer;

	if (!ask_description(administration, delay_ms, &answer))
		return NULL;
	description = MemoryContextAllocZero(administration->question, sizeof(*description));
	CHECK_RESULT(
	    dynamodb_read_table_description(question_arena(administration), answer, description),
	    "read a table's description");
	return description;
}

static void
report_missing_table(const Administration *administration)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
	                errmsg("DynamoDB table \"%s\" does not exist",
	                       administration->relation->options->table_name)));
}

static int64
longer_pause(int64 pause_ms)
{
	return Min(pause_ms * 2, LONGEST_PAUSE_MS);
}

/* True while a table, or an index of it, is being made or changed. */
static bool
is_on_its_way(const TableDescription *table)
{
	return bytes_equal(table->status, BYTES_LITERAL("CREATING")) ||
	       bytes_equal(table->status, BYTES_LITERAL("UPDATING")) ||
	       (bytes_equal(table->status, BYTES_LITERAL("ACTIVE")) && !table_is_active(table));
}

static void
report_state(const Administration *administration, const TableDescription *table)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("DynamoDB table \"%s\" is in state %s",
	                       administration->relation->options->table_name,
	                       outside_text(table->status, table->status.length))));
}

/* Waits until the table, made or found at `since`, is active; its description as describe(). */
static const TableDescription *
wait_until_active(Administration *administration, TimestampTz since)
{
	int64 pause_ms = FIRST_PAUSE_MS;
	const TableDescription *table = describe(administration, 0);

	while (table == NULL || !table_is_active(table))
	{
		if (table == NULL &&
		    TimestampDifferenceExceeds(since, GetCurrentTimestamp(), NOT_FOUND_YET_MS))
			report_missing_table(administration);
		if (table != NULL && !is_on_its_way(table))
			report_state(administration, table);
		table = describe(administration, pause_ms);
		pause_ms = longer_pause(pause_ms);
	}
	return table;
}

static void
wait_until_gone(Administration *administration)
{
	int64 pause_ms = FIRST_PAUSE_MS;
	const TableDescription *table = describe(administration, 0);

	while (table != NULL)
	{
		table = describe(administration, pause_ms);
		pause_ms = longer_pause(pause_ms);
	}
}

/* ---- making ---- */

/* True when a table of that name is there already. */
static bool
ask_to_create(Administration *administration, const TableDefinition *definition)
{
	ByteBuffer *body = begin_question(administration);
	ServiceError refusal;
	Bytes answer;

	if (ask(administration, "CreateTable", dynamodb_write_create_table(definition, body), body,
	        ERROR_CLASS_BIT(ERROR_CLASS_OTHER), &answer, &refusal))
		return false;
	if (strcmp(refusal.code, "ResourceInUseException") != 0)
		report_service_error(AWS_DYNAMODB, "CreateTable", &refusal);
	return true;
}

/* The tags of the table, in CurrentMemoryContext. */
static void
ask_tags(Administration *administration, Bytes table_arn, TableTags *tags)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	Bytes next_token = BYTES_EMPTY;
	ServiceError refusal;
	Bytes answer;

	do
	{
		ByteBuffer *body = begin_question(administration);

		(void) ask(administration, "ListTagsOfResource",
		           dynamodb_write_list_tags(table_arn, next_token, body), body, 0, &answer,
		           &refusal);
		CHECK_RESULT(dynamodb_read_tags(arena, answer, tags, &next_token), "read a table's tags");
	} while (next_token.length > 0);
}

static void
report_differences(const Administration *administration, const ByteBuffer *differences)
{
	CHECK_RESULT(buffer_result(differences), "describe a table's differences");
	if (differences->length > 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_TABLE),
		                errmsg("DynamoDB table \"%s\" exists and is not what foreign table \"%s\" "
		                       "says",
		                       administration->relation->options->table_name,
		                       administration->relation->name),
		                errdetail_internal(
		                    "%s", outside_text(buffer_bytes(differences), differences->length))));
}

/* Raises the error of a table that is there and is another one than is wanted. */
static void
check_existing(Administration *administration, const TableDefinition *definition)
{
	ByteBuffer *differences =
	    memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, DIFFERENCES_MAXIMUM);
	const TableDescription *table = describe(administration, 0);
	TableTags tags = {0};

	if (table == NULL)
		report_missing_table(administration);
	if (bytes_equal(table->status, BYTES_LITERAL("DELETING")))
		report_state(administration, table);
	if (definition->tags.count > 0)
	{
		Bytes arn = {pnstrdup(table->arn.data, table->arn.length), table->arn.length};

		ask_tags(administration, arn, &tags);
		table = describe(administration, 0);
		if (table == NULL)
			report_missing_table(administration);
	}
	table_write_differences(differences, definition, table, &tags);
	report_differences(administration, differences);
}

/* ---- what can be set only once a table is active ---- */

static void
turn_on_time_to_live(Administration *administration, Bytes attribute)
{
	ByteBuffer *body = begin_question(administration);
	CheckedResult written =
	    dynamodb_write_update_time_to_live(administration->table_name, attribute, body);
	ServiceError refusal;
	Bytes answer;

	(void) ask(administration, "UpdateTimeToLive", written, body, 0, &answer, &refusal);
}

/* Lets the table's items expire by the attribute. */
static void
set_time_to_live(Administration *administration, Bytes attribute)
{
	ByteBuffer *body = begin_question(administration);
	ServiceError refusal;
	Bytes answer;
	Bytes found;

	(void) ask(administration, "DescribeTimeToLive",
	           dynamodb_write_describe_time_to_live(administration->table_name, body), body, 0,
	           &answer, &refusal);
	CHECK_RESULT(dynamodb_read_time_to_live(question_arena(administration), answer, true, &found),
	             "read a table's time to live");
	if (found.length == 0)
		turn_on_time_to_live(administration, attribute);
	else if (!bytes_equal(found, attribute))
		ereport(
		    ERROR,
		    (errcode(ERRCODE_DUPLICATE_TABLE),
		     errmsg("DynamoDB table \"%s\" exists and is not what foreign table \"%s\" says",
		            administration->relation->options->table_name, administration->relation->name),
		     errdetail("Its items expire by attribute \"%s\", not \"%s\".",
		               outside_text(found, found.length),
		               outside_text(attribute, attribute.length))));
}

static bool
has_point_in_time_recovery(Administration *administration)
{
	ByteBuffer *body = begin_question(administration);
	ServiceError refusal;
	Bytes answer;
	bool enabled;

	(void) ask(administration, "DescribeContinuousBackups",
	           dynamodb_write_describe_continuous_backups(administration->table_name, body), body,
	           0, &answer, &refusal);
	CHECK_RESULT(dynamodb_read_point_in_time_recovery(answer, &enabled),
	             "read a table's continuous backups");
	return enabled;
}

/* Backups of a table that has just been made may not be available at once. */
static void
turn_on_point_in_time_recovery(Administration *administration)
{
	int64 pause_ms = 0;

	for (;;)
	{
		ByteBuffer *body = begin_question(administration);
		CheckedResult written =
		    dynamodb_write_update_continuous_backups(administration->table_name, body);
		ServiceError refusal;
		Bytes answer;

		if (ask_after(administration, pause_ms, "UpdateContinuousBackups", written, body,
		              ERROR_CLASS_BIT(ERROR_CLASS_OTHER), &answer, &refusal))
			return;
		if (strcmp(refusal.code, "ContinuousBackupsUnavailableException") != 0)
			report_service_error(AWS_DYNAMODB, "UpdateContinuousBackups", &refusal);
		pause_ms = Max(longer_pause(pause_ms), FIRST_PAUSE_MS);
	}
}

/* True when there is something that waits for the table to be active. */
static bool
is_unfinished(const Administration *administration, const TableDefinition *definition)
{
	return definition->table.ttl_attribute.length > 0 ||
	       administration->relation->options->point_in_time_recovery;
}

static void
finish_table(Administration *administration, const TableDefinition *definition)
{
	if (definition->table.ttl_attribute.length > 0)
		set_time_to_live(administration, definition->table.ttl_attribute);
	if (administration->relation->options->point_in_time_recovery &&
	    !has_point_in_time_recovery(administration))
		turn_on_point_in_time_recovery(administration);
}

/* Without waiting: what can be done now, and a word on what cannot. */
static void
finish_if_active(Administration *administration, const TableDefinition *definition)
{
	const TableDescription *table;

	if (!is_unfinished(administration, definition))
		return;
	table = describe(administration, 0);
	if (table != NULL && table_is_active(table))
		finish_table(administration, definition);
	else
		ereport(NOTICE,
		        (errmsg("DynamoDB table \"%s\" is not active yet",
		                administration->relation->options->table_name),
		         errdetail("Time to live and point-in-time recovery can be turned on only then."),
		         errhint("Call dynamodb_create_table again when it is.")));
}

static void
create_table(Administration *administration, bool wait)
{
	TableDefinition *definition = table_definition_of(administration->relation);
	TimestampTz since = GetCurrentTimestamp();

	if (ask_to_create(administration, definition))
		check_existing(administration, definition);
	if (!wait)
	{
		finish_if_active(administration, definition);
		return;
	}
	(void) wait_until_active(administration, since);
	finish_table(administration, definition);
}

/* ---- describing ---- */

/* Writes all members of the object. */
static void
write_members(JsonWriter *json, Bytes object)
{
	JsonTextWalk walk = json_text_walk(object);
	Bytes name;
	Bytes value;

	while (json_text_next_member(&walk, &name, &value))
	{
		json_name(json, name);
		json_raw(json, value);
	}
}

/* The value of the one member that an answer has to have. */
static Bytes
member_of_answer(Bytes answer, Bytes wanted)
{
	Bytes object;
	Bytes name;
	Bytes value;

	if (json_text_check(answer, &object) && json_text_is_object(object))
	{
		JsonTextWalk walk = json_text_walk(object);

		while (json_text_next_member(&walk, &name, &value))
		{
			if (bytes_equal(name, wanted))
				return value;
		}
	}
	report_result(result_failed(RESULT_MALFORMED, "the answer lacks its part"),
	              "read a table's description");
	return BYTES_EMPTY;
}

typedef CheckedResult (*TableQuestion)(Bytes table_name, ByteBuffer *body);

/* Writes a member of the answer to a question; nothing when the service refuses to give it. */
static void
write_part(Administration *administration, JsonWriter *json, const char *operation,
           TableQuestion write, Bytes member)
{
	ByteBuffer *body = begin_question(administration);
	ServiceError refusal;
	Bytes answer;

	if (!ask(administration, operation, write(administration->table_name, body), body,
	         REFUSALS_OF_A_PART, &answer, &refusal))
		return;
	json_name(json, member);
	json_raw(json, member_of_answer(answer, member));
}

/* The tags, as an object of strings. */
static void
write_tags(Administration *administration, JsonWriter *json, Bytes table_arn)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	Bytes next_token = BYTES_EMPTY;
	TableTags tags = {0};

	do
	{
		ByteBuffer *body = begin_question(administration);
		ServiceError refusal;
		Bytes answer;

		if (!ask(administration, "ListTagsOfResource",
		         dynamodb_write_list_tags(table_arn, next_token, body), body, REFUSALS_OF_A_PART,
		         &answer, &refusal))
			return;
		CHECK_RESULT(dynamodb_read_tags(arena, answer, &tags, &next_token), "read a table's tags");
	} while (next_token.length > 0);
	json_name(json, BYTES_LITERAL("Tags"));
	json_begin_object(json);
	for (uint32 i = 0; i < tags.count; i++)
	{
		json_name(json, tags.tags[i].key);
		json_string(json, tags.tags[i].value);
	}
	json_end_object(json);
}

/* What the service says of the table, as JSON: DescribeTable's Table, and what it leaves out. */
static void
write_description(Administration *administration, JsonWriter *json)
{
	Bytes table_arn = BYTES_EMPTY;
	TableDescription table;
	Bytes answer;

	if (!ask_description(administration, 0, &answer))
		report_missing_table(administration);
	CHECK_RESULT(dynamodb_read_table_description(question_arena(administration), answer, &table),
	             "read a table's description");
	if (table.arn.length > 0)
		table_arn = (Bytes){pnstrdup(table.arn.data, table.arn.length), table.arn.length};
	json_begin_object(json);
	write_members(json, member_of_answer(answer, BYTES_LITERAL("Table")));
	write_part(administration, json, "DescribeTimeToLive", dynamodb_write_describe_time_to_live,
	           BYTES_LITERAL("TimeToLiveDescription"));
	write_part(administration, json, "DescribeContinuousBackups",
	           dynamodb_write_describe_continuous_backups,
	           BYTES_LITERAL("ContinuousBackupsDescription"));
	if (table_arn.length > 0)
		write_tags(administration, json, table_arn);
	json_end_object(json);
}

static Datum
describe_as_jsonb(Administration *administration)
{
	ByteBuffer *text = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, MaxAllocSize);
	JsonWriter json;
	Bytes bytes;
	char *terminated;

	json_writer_init(&json, text);
	write_description(administration, &json);
	CHECK_RESULT(buffer_result(text), "describe a table");
	bytes = buffer_bytes(text);
	terminated = pnstrdup(bytes.data, bytes.length);
	return DirectFunctionCall1(
	    jsonb_in, CStringGetDatum(pg_any_to_server(terminated, bytes.length, PG_UTF8)));
}

/* ---- dropping ---- */

/* The service refuses to drop what it protects in words of its own; the description tells. */
static void
report_refused_drop(const Administration *administration, const TableDescription *table,
                    const ServiceError *refusal)
{
	if (!table->deletion_protection)
		report_service_error(AWS_DYNAMODB, "DeleteTable", refusal);
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("DynamoDB table \"%s\" is protected against deletion",
	                       administration->relation->options->table_name),
	                errdetail("AWS error code: %s, HTTP status: %d, request id: %s.", refusal->code,
	                          refusal->http_status, refusal->request_id),
	                errhint("Turn its deletion protection off with AWS's own tools first.")));
}

/*
 * A table that is not found was dropped by an attempt that lost its answer, or by somebody else at
 * the same time; one that is in use is being dropped already, or is being changed.
 */
static void
drop_table(Administration *administration)
{
	ByteBuffer *body;
	ServiceError refusal;
	Bytes answer;

	if (describe(administration, 0) == NULL)
		report_missing_table(administration);
	body = begin_question(administration);
	if (!ask(administration, "DeleteTable",
	         dynamodb_write_delete_table(administration->table_name, body), body,
	         ERROR_CLASS_BIT(ERROR_CLASS_VALIDATION) | ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND) |
	             ERROR_CLASS_BIT(ERROR_CLASS_OTHER),
	         &answer, &refusal))
	{
		const TableDescription *table = describe(administration, 0);

		if (table != NULL && !bytes_equal(table->status, BYTES_LITERAL("DELETING")))
			report_refused_drop(administration, table, &refusal);
	}
	wait_until_gone(administration);
}

/* ---- the functions ---- */

Datum
dynamodb_create_table(PG_FUNCTION_ARGS)
{
	Administration *administration = begin_administration(PG_GETARG_OID(0));
	Datum description;

	create_table(administration, PG_GETARG_BOOL(1));
	description = describe_as_jsonb(administration);
	end_administration(administration);
	PG_RETURN_DATUM(description);
}

Datum
dynamodb_describe_table(PG_FUNCTION_ARGS)
{
	Administration *administration = begin_administration(PG_GETARG_OID(0));
	Datum description = describe_as_jsonb(administration);

	end_administration(administration);
	PG_RETURN_DATUM(description);
}

Datum
dynamodb_drop_table(PG_FUNCTION_ARGS)
{
	Administration *administration = begin_administration(PG_GETARG_OID(0));

	drop_table(administration);
	end_administration(administration);
	PG_RETURN_VOID();
}
