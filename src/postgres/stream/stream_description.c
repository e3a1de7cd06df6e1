/*
 * stream_description.c
 *		Which stream a table has, and which shards a stream has.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb_table.h"
#include "postgres/memory.h"
#include "postgres/relation/table_description.h"
#include "postgres/report.h"
#include "postgres/stream/stream_description.h"

/* A page of 100 shards is 30 kilobytes. */
#define ANSWER_MAXIMUM ((Size) 4 * 1024 * 1024)

/* Of the most partitions that anyone has, each with a day's shards. */
#define DESCRIPTION_MAXIMUM ((Size) 256 * 1024 * 1024)

#define BODY_MAXIMUM ((Size) 16 * 1024)

/* Between two looks at a stream that is being made. */
#define FIRST_PAUSE_MS   200
#define LONGEST_PAUSE_MS 5000

/* Sends a request whose writing had this result. False when there is no such table or stream. */
static bool
ask(ServiceClient *client, const char *operation, CheckedResult written, const ByteBuffer *body,
    Bytes *answer)
{
	ServiceError refusal;
	ServiceRequest request = {
	    .service = AWS_DYNAMODB_STREAMS,
	    .operation = operation,
	    .body = buffer_bytes(body),
	};

	service_client_require(client, AWS_DYNAMODB_STREAMS);
	CHECK_RESULT(written, "write a request");
	return service_call_answer_unless(client, &request, ANSWER_MAXIMUM,
	                                  ERROR_CLASS_BIT(ERROR_CLASS_NOT_FOUND), answer, &refusal);
}

static StreamNames
list_streams(ServiceClient *client, Bytes table_name)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, BODY_MAXIMUM);
	StreamNames names = {0};
	Bytes answer;

	do
	{
		buffer_reset(body);
		if (!ask(client, "ListStreams",
		         streams_write_list_streams(table_name, names.last_evaluated, body), body, &answer))
			break;
		CHECK_RESULT(streams_read_names(arena, answer, &names), "read the list of streams");
	} while (names.last_evaluated.length > 0);
	return names;
}

/* Streams that were switched off are listed for a day: the latest one is the table's. */
char *
stream_find(ServiceClient *client, const char *table_name)
{
	MemoryContext question =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB stream list", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(question);
	StreamNames names = list_streams(client, bytes_of_string(table_name));
	const StreamName *latest = NULL;
	char *arn = NULL;

	for (size_t i = 0; i < names.count; i++)
	{
		if (latest == NULL || bytes_compare(names.names[i].label, latest->label) > 0)
			latest = &names.names[i];
	}
	MemoryContextSwitchTo(caller);
	if (latest != NULL)
		arn = pnstrdup(latest->arn.data, latest->arn.length);
	MemoryContextDelete(question);
	return arn;
}

char *
stream_get(ServiceClient *client, const char *table_name)
{
	char *arn = stream_find(client, table_name);

	if (arn == NULL)
		ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
		                errmsg("DynamoDB table \"%s\" has no change stream", table_name),
		                errhint("Enable a stream of the table, with new and old images.")));
	return arn;
}

const StreamDescription *
stream_describe(ServiceClient *client, const char *stream_arn)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, BODY_MAXIMUM);
	StreamDescription *description = palloc0_object(StreamDescription);
	Bytes arn = bytes_of_string(stream_arn);
	Bytes answer;

	do
	{
		buffer_reset(body);
		if (!ask(client, "DescribeStream",
		         streams_write_describe_stream(arn, description->last_evaluated, body), body,
		         &answer))
			ereport(ERROR, (errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
			                errmsg("change stream \"%s\" does not exist", stream_arn)));
		CHECK_RESULT(streams_read_description(arena, answer, description),
		             "read the description of a stream");
	} while (description->last_evaluated.length > 0);
	return description;
}

/* ---- enabling ---- */

/* Sends a request to DynamoDB itself, not before `delay_ms` have passed. */
static Bytes
ask_table(ServiceClient *client, const char *operation, CheckedResult written,
          const ByteBuffer *body, int64 delay_ms)
{
	ServiceError refusal;
	Bytes answer;
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = operation,
	    .body = buffer_bytes(body),
	};

	CHECK_RESULT(written, "write a request");
	(void) service_call_answer_after(client, &request, delay_ms, ANSWER_MAXIMUM, 0, &answer,
	                                 &refusal);
	return answer;
}

static TableDescription
describe_table(ServiceClient *client, const char *table_name, int64 delay_ms)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, DESCRIPTION_MAXIMUM);
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, BODY_MAXIMUM);
	TableDescription description = {0};
	Bytes answer =
	    ask_table(client, "DescribeTable",
	              dynamodb_write_describe_table(bytes_of_string(table_name), body), body, delay_ms);

	CHECK_RESULT(dynamodb_read_table_description(arena, answer, &description),
	             "read a table's description");
	return description;
}

bool
stream_is_enabled(ServiceClient *client, const char *table_name)
{
	return describe_table(client, table_name, 0).stream_view_type.length > 0;
}

static bool
has_become_enabled(ServiceClient *client, const char *table_name, int64 delay_ms)
{
	TableDescription description = describe_table(client, table_name, delay_ms);

	return table_is_active(&description) && description.stream_view_type.length > 0;
}

void
stream_enable(ServiceClient *client, const char *table_name)
{
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, BODY_MAXIMUM);
	int64 pause_ms = FIRST_PAUSE_MS;

	(void) ask_table(client, "UpdateTable",
	                 dynamodb_write_enable_stream(bytes_of_string(table_name), body), body, 0);
	table_description_forget(client, table_name);
	while (!has_become_enabled(client, table_name, pause_ms))
		pause_ms = Min(pause_ms * 2, LONGEST_PAUSE_MS);
}
