/*
 * overwrite_mode.c
 *		write_mode 'overwrite': rows are put in place of what is there, 25 in a BatchWriteItem.
 *
 * Rows are gathered in the open batch. A full batch is sent; many are in flight. What an answer
 * leaves unprocessed is sent again, after a while, until nothing is left. A key is in one batch at
 * a time: a row whose key is in the open batch takes the other's place there, one whose key is in a
 * batch in flight waits for that. So the last row of a key wins.
 *
 * UPDATEs, which need conditions, are made as in statement mode.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/dynamodb_write.h"
#include "aws/retry.h"
#include "postgres/caught_error.h"
#include "postgres/memory.h"
#include "postgres/modify/table_writer.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/service/service_call.h"

/* A batch's body. */
#define BATCH_BODY_MAXIMUM ((size_t) BATCH_WRITE_BYTES_MAXIMUM)

/*
 * Bytes at which a batch counts as full. DynamoDB takes more, but a request of this size is not
 * slowed down by what surrounds it, and all that are in flight must fit into memory.
 */
#define BATCH_BYTES_WANTED ((size_t) 1024 * 1024)

/* Bytes of the bodies of all batches in flight, one batch excepted. */
#define FLIGHT_BYTES_MAXIMUM ((size_t) 16 * 1024 * 1024)

/* What one answer may take: the items that it leaves unprocessed, and what the decoder needs. */
#define ANSWER_MEMORY_MAXIMUM ((Size) 128 * 1024 * 1024)

/* 25 keys of 3 KB, and their names. */
#define KEY_MEMORY_MAXIMUM ((Size) 16 * 1024 * 1024)

/* Answers in a row that leave items unprocessed, after which the service counts as refusing. */
#define UNPROCESSED_ROUNDS_MAXIMUM 10

typedef struct OverwriteMode OverwriteMode;

typedef struct Batch
{
	OverwriteMode *mode;
	RowWrite *rows[BATCH_WRITE_ITEMS_MAXIMUM]; /* until the batch is sent */
	DynamodbItem keys[BATCH_WRITE_ITEMS_MAXIMUM];
	uint32 hashes[BATCH_WRITE_ITEMS_MAXIMUM];
	Arena *key_memory; /* of the keys of a batch that was sent */
	int count;
	int folded;        /* rows that others of the same key have replaced before they were sent */
	size_t bytes;      /* of the body, as far as it is known */
	ServiceCall *call; /* NULL: the batch is free, or the open one */
	ByteBuffer *body;
	DecodedAnswer answer;
	int unprocessed_rounds;
} Batch;

struct OverwriteMode
{
	TableWriter *writer;
	Batch *batches;
	int batch_count; /* max_connections in flight, and the open one */
	Batch *open;     /* where rows are gathered; not in flight */
	ServiceCall **calls;
	void *updates; /* the state of statement mode; NULL until there is an UPDATE */
};

/* --- batches ---------------------------------------------------------------------------------- */

static void
free_rows(Batch *batch)
{
	for (int i = 0; i < batch->count; i++)
	{
		if (batch->rows[i] != NULL)
			row_write_free(batch->rows[i]);
		batch->rows[i] = NULL;
	}
}

/* The batch is empty and may become the open one. */
static void
clear_batch(Batch *batch)
{
	if (batch->call != NULL)
		service_call_release(batch->call);
	batch->call = NULL;
	free_rows(batch);
	batch->count = batch->folded = batch->unprocessed_rounds = 0;
	batch->bytes = 0;
	arena_release(batch->key_memory);
	decoded_answer_clear(&batch->answer);
	buffer_release(batch->body);
}

static void
start_call(Batch *batch, int64 delay_ms)
{
	TableWriter *writer = batch->mode->writer;
	ResponseSink sink = decoded_answer_sink(&batch->answer);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = "BatchWriteItem",
	    .table = writer->rows->table_name,
	    .body = buffer_bytes(batch->body),
	};
	MemoryContext caller = MemoryContextSwitchTo(writer->context);

	delay_ms = table_writer_delay_ms(writer, BATCH_WRITE_ITEMS_MAXIMUM, delay_ms);
	batch->call =
	    service_call_start_after(writer->relation->client, &request, &sink, true, delay_ms);
	batch->bytes = request.body.length;
	MemoryContextSwitchTo(caller);
}

/* The body of the rows, which are freed but for their keys. */
static void
build_body(Batch *batch)
{
	ItemWrite writes[BATCH_WRITE_ITEMS_MAXIMUM];

	buffer_reset(batch->body);
	for (int i = 0; i < batch->count; i++)
	{
		writes[i] = batch->rows[i]->writes[0];
		writes[i].condition = NULL;
		if (!item_copy(batch->key_memory, &batch->rows[i]->key, &batch->keys[i]))
			report_result(arena_failure(batch->key_memory, 1), "build request");
	}
	CHECK_RESULT(dynamodb_write_batch(writes, batch->count, batch->body), "build request");
	CHECK_RESULT(buffer_result(batch->body), "build request");
	free_rows(batch);
}

/* --- what answers lead to --------------------------------------------------------------------- */

static int
rows_of_batch(const Batch *batch)
{
	return batch->count + batch->folded;
}

static void
end_batch(Batch *batch)
{
	for (int i = rows_of_batch(batch); i > 0; i--)
		table_writer_count_stored(batch->mode->writer, NULL);
	clear_batch(batch);
}

/* A batch that fails may have been written in part, or as a whole. */
static void
note_unknown(const Batch *batch)
{
	written_rows_add_unknown(batch->mode->writer->unfinished.written, rows_of_batch(batch));
}

/* The place is freed by who catches. */
static void
fail_refused(const Batch *batch)
{
	ErrorClass class = service_call_error(batch->call)->class;
	TableWriter *writer = batch->mode->writer;
	bool in_part = batch->unprocessed_rounds > 0 || service_call_may_have_happened(batch->call);
	char *sentence =
	    in_part ? psprintf("It is not known which of %d rows of the request were written.",
	                       rows_of_batch(batch))
	            : psprintf("None of %d rows of the request were written.", rows_of_batch(batch));

	if (in_part)
		note_unknown(batch);
	if (class == ERROR_CLASS_NOT_FOUND || class == ERROR_CLASS_VALIDATION)
		table_description_forget(writer->relation->client, writer->relation->options->table_name);
	service_call_report(batch->call, sentence);
}

static void
fail_unprocessed(Batch *batch)
{
	int rounds = batch->unprocessed_rounds;

	note_unknown(batch);
	clear_batch(batch);
	ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	                errmsg("DynamoDB leaves items of BatchWriteItem unprocessed"),
	                errdetail("%d answers in a row left some of a request's items.", rounds),
	                errhint("The table's write capacity is probably used up.")));
}

/* What the answer left is sent again. */
static void
send_unprocessed(Batch *batch)
{
	if (++batch->unprocessed_rounds > UNPROCESSED_ROUNDS_MAXIMUM)
		fail_unprocessed(batch);
	service_call_release(batch->call);
	batch->call = NULL;
	buffer_reset(batch->body);
	CHECK_RESULT(dynamodb_write_batch_again(batch->answer.page.unprocessed, batch->body),
	             "build request");
	CHECK_RESULT(buffer_result(batch->body), "build request");
	start_call(batch, retry_unprocessed_delay_ms(batch->unprocessed_rounds,
	                                             pg_prng_double(&pg_global_prng_state)));
}

static void
settle_batch(Batch *batch)
{
	const ServiceError *error = service_call_error(batch->call);
	double units = error == NULL ? batch->answer.page.capacity_units : 0;

	table_writer_count(batch->mode->writer, batch->call, units);
	if (error != NULL)
		fail_refused(batch);
	else if (batch->answer.page.unprocessed.length > 0)
		send_unprocessed(batch);
	else
		end_batch(batch);
}

/* Settles a batch whose call is done; its place is free when a failure is raised. */
static void
proceed_batch(void *place)
{
	Batch *batch = place;

	if (batch->call == NULL || !service_call_is_done(batch->call))
		return;
	PG_TRY();
	{
		settle_batch(batch);
	}
	PG_CATCH();
	{
		clear_batch(batch);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static void
proceed(OverwriteMode *mode)
{
	for (int i = 0; i < mode->batch_count; i++)
		proceed_batch(&mode->batches[i]);
}

/* Waits until a batch in flight is done; false when none is in flight. */
static bool
wait_for_any(OverwriteMode *mode)
{
	bool any = false;

	for (int i = 0; i < mode->batch_count; i++)
	{
		mode->calls[i] = mode->batches[i].call;
		any = any || mode->calls[i] != NULL;
	}
	if (any)
		service_call_wait_any(mode->calls, mode->batch_count);
	return any;
}

/* --- sending ---------------------------------------------------------------------------------- */

static size_t
bytes_in_flight(const OverwriteMode *mode)
{
	size_t bytes = 0;

	for (int i = 0; i < mode->batch_count; i++)
		bytes += mode->batches[i].call == NULL ? 0 : mode->batches[i].bytes;
	return bytes;
}

static Batch *
free_batch(OverwriteMode *mode)
{
	for (;;)
	{
		proceed(mode);
		for (int i = 0; i < mode->batch_count; i++)
		{
			Batch *batch = &mode->batches[i];

			if (batch->call == NULL && batch->count == 0)
				return batch;
		}
		(void) wait_for_any(mode);
	}
}

/* Sends the open batch, once there is room in flight, and opens another one. */
static void
send_open(OverwriteMode *mode)
{
	Batch *batch = mode->open;

	if (batch->count == 0)
		return;
	while (bytes_in_flight(mode) + batch->bytes > FLIGHT_BYTES_MAXIMUM && wait_for_any(mode))
		proceed(mode);
	build_body(batch);
	start_call(batch, 0);
	mode->open = free_batch(mode);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The place of the key in the batch; its count when it is not there. */
static int
position_of_key(const Batch *batch, uint32 hash, const DynamodbItem *key)
{
	int position = 0;

	while (position < batch->count &&
	       (batch->hashes[position] != hash || !row_keys_equal(&batch->keys[position], key)))
		position++;
	return position;
}

static void
wait_for_key(OverwriteMode *mode, uint32 hash, const DynamodbItem *key)
{
	for (int i = 0; i < mode->batch_count; i++)
	{
		Batch *batch = &mode->batches[i];

		while (batch->call != NULL && position_of_key(batch, hash, key) < batch->count)
		{
			service_call_wait(batch->call);
			proceed(mode);
		}
	}
}

/* Puts the row into the open batch, perhaps in place of another. */
static void
add_row(OverwriteMode *mode, RowWrite *row, uint32 hash)
{
	Batch *batch = mode->open;
	int position = position_of_key(batch, hash, &row->key);

	if (position < batch->count)
	{
		batch->bytes -= Min(batch->bytes, item_write_batch_size(&batch->rows[position]->writes[0]));
		row_write_free(batch->rows[position]);
		batch->folded++;
	}
	else
		batch->count++;
	batch->rows[position] = row;
	batch->keys[position] = row->key;
	batch->hashes[position] = hash;
	batch->bytes += item_write_batch_size(&row->writes[0]);
}

static bool
is_full(const Batch *batch)
{
	return batch->count == BATCH_WRITE_ITEMS_MAXIMUM || batch->bytes >= BATCH_BYTES_WANTED;
}

static void
update_row(OverwriteMode *mode, RowWrite *row)
{
	if (mode->updates == NULL)
		mode->updates = statement_mode.begin(mode->writer);
	statement_mode.write(mode->updates, row, NULL);
}

static void
refuse_outcome(const TableWriter *writer)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	         errmsg("ON CONFLICT DO NOTHING is not supported for foreign table \"%s\"",
	                writer->relation->name),
	         errdetail("Its write_mode is \"overwrite\", which replaces items that exist.")));
}

static void
write_row(void *state, RowWrite *row, RowOutcome *outcome)
{
	OverwriteMode *mode = state;
	uint32 hash = row_key_hash(&row->key);

	if (outcome != NULL)
		refuse_outcome(mode->writer);
	if (row->kind == ROW_UPDATE || row->kind == ROW_MOVE)
	{
		update_row(mode, row);
		return;
	}
	wait_for_key(mode, hash, &row->key);
	add_row(mode, row, hash);
	if (is_full(mode->open))
		send_open(mode);
}

/* --- all batches ------------------------------------------------------------------------------ */

static void
settle(void *state)
{
	OverwriteMode *mode = state;

	if (mode->updates != NULL)
		statement_mode.settle(mode->updates);
	send_open(mode);
	do
		proceed(mode);
	while (wait_for_any(mode));
}

/* Rows that are still being gathered are not sent any more. */
static void
drain(void *state)
{
	OverwriteMode *mode = state;

	if (mode->updates != NULL)
		statement_mode.drain(mode->updates);
	do
	{
		for (int i = 0; i < mode->batch_count; i++)
			proceed_quietly(proceed_batch, &mode->batches[i]);
	} while (wait_for_any(mode));
}

static void
give_up_batch(const Batch *batch)
{
	if (batch->call == NULL)
		return;
	if (service_call_is_done(batch->call) && service_call_error(batch->call) == NULL &&
	    batch->answer.page.unprocessed.length == 0)
		written_rows_add(batch->mode->writer->unfinished.written, rows_of_batch(batch));
	else if (batch->unprocessed_rounds > 0 || service_call_may_have_happened(batch->call) ||
	         service_call_error(batch->call) == NULL)
		note_unknown(batch);
}

static void
give_up(void *state)
{
	OverwriteMode *mode = state;

	if (mode->updates != NULL)
		statement_mode.give_up(mode->updates);
	service_calls_serve();
	for (int i = 0; i < mode->batch_count; i++)
		give_up_batch(&mode->batches[i]);
}

static void
init_batch(Batch *batch, OverwriteMode *mode)
{
	MemoryContext context = mode->writer->context;

	batch->mode = mode;
	batch->key_memory = memory_context_arena(context, ARENA_PLAIN, KEY_MEMORY_MAXIMUM);
	batch->body = memory_context_buffer(context, ARENA_PLAIN, BATCH_BODY_MAXIMUM);
	batch->answer.arena = memory_context_arena(context, ARENA_PLAIN, ANSWER_MEMORY_MAXIMUM);
}

static void *
begin(TableWriter *writer)
{
	OverwriteMode *mode = palloc0_object(OverwriteMode);

	mode->writer = writer;
	mode->batch_count = service_client_options(writer->relation->client)->max_connections + 1;
	mode->batches = palloc0_array(Batch, mode->batch_count);
	mode->calls = palloc0_array(ServiceCall *, mode->batch_count);
	for (int i = 0; i < mode->batch_count; i++)
		init_batch(&mode->batches[i], mode);
	mode->open = &mode->batches[0];
	return mode;
}

static const char *
operation(RowWriteKind kind)
{
	return kind == ROW_UPDATE || kind == ROW_MOVE ? statement_mode.operation(kind)
	                                              : "BatchWriteItem";
}

static bool
is_conditional(RowWriteKind kind)
{
	return kind == ROW_UPDATE || kind == ROW_MOVE;
}

const WriteMode overwrite_mode = {
    .begin = begin,
    .write = write_row,
    .settle = settle,
    .drain = drain,
    .give_up = give_up,
    .operation = operation,
    .is_conditional = is_conditional,
};
