/*
 * queue_import.c
 *		IMPORT FOREIGN SCHEMA sqs: a foreign table for each queue.
 */
#include "postgres.h"

#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/administration/import_names.h"
#include "postgres/memory.h"
#include "postgres/queue/queue.h"
#include "postgres/report.h"

/* A page has a thousand URLs of a queue's name and an account at most. */
#define LIST_MAXIMUM ((Size) 4 * 1024 * 1024)

/* What every message has, and what those of FIFO queues have beside it. */
#define COLUMNS                                                                                    \
	"    body text,\n    message_id text,\n    sent_at timestamptz,\n    receive_count integer,\n" \
	"    message_attributes jsonb,\n    receipt_handle text"
#define FIFO_COLUMNS                                                                               \
	",\n    message_group_id text,\n    message_deduplication_id text,\n    sequence_number "      \
	"numeric"

/* One page of URLs, appended to `names` as names; false when it was the last one. */
static bool
list_more_queues(ServiceClient *client, Bytes prefix, Bytes *token, List **names)
{
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, LIST_MAXIMUM);
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, LIST_MAXIMUM);
	ServiceRequest request = {.service = AWS_SQS, .operation = "ListQueues"};
	SqsQueueList page;

	CHECK_RESULT(sqs_write_list_queues(prefix, *token, body), "write request");
	request.body = buffer_bytes(body);
	CHECK_RESULT(
	    sqs_read_queue_list(arena, service_call_answer(client, &request, LIST_MAXIMUM), &page),
	    "read the list of queues");
	for (size_t i = 0; i < page.count; i++)
	{
		Bytes name = sqs_queue_name(page.urls[i]);

		*names = lappend(*names, pnstrdup(name.data, name.length));
	}
	*token = page.next_token;
	return page.next_token.length > 0;
}

static List *
list_queues(ServiceClient *client, const char *prefix)
{
	Bytes token = BYTES_EMPTY;
	List *names = NIL;

	while (list_more_queues(client, bytes_of_string(prefix), &token, &names))
		CHECK_FOR_INTERRUPTS();
	return names;
}

static char *
write_statement(const char *queue_name, const char *local_name, const char *server_name)
{
	const char *dot = strrchr(queue_name, '.');

	return psprintf("CREATE FOREIGN TABLE %s (\n%s%s\n) SERVER %s\nOPTIONS (queue_name %s)",
	                quote_identifier(local_name), COLUMNS, dot == NULL ? "" : FIFO_COLUMNS,
	                quote_identifier(server_name), quote_literal_cstr(queue_name));
}

List *
queueImportForeignSchema(ImportForeignSchemaStmt *statement, Oid server_id)
{
	const ImportOptions *options = options_of_import(statement->options);
	ServiceClient *client = service_client_get(server_id, GetUserId());
	ImportNames *names = import_names_create();
	List *statements = NIL;
	ListCell *cell;

	service_client_require(client, AWS_SQS);
	foreach (cell, list_queues(client, options->table_prefix))
	{
		const char *queue_name = lfirst(cell);
		const char *local_name = import_names_take_like(names, queue_name);

		if (IsImportableForeignTable(local_name, statement))
			statements = lappend(statements,
			                     write_statement(queue_name, local_name, statement->server_name));
	}
	return statements;
}
