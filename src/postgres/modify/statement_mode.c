/*
 * statement_mode.c
 *		write_mode 'statement': each row is a request of its own, sent at once, many in flight.
 *
 *		            +--------------- made anew from the stored item ---------------+
 *		            v                                                              |
 *		begin -> WRITING -> stored                                                 |
 *		  |         |---- condition failed, with the stored item ------------------+-> 40001, 23505
 *		  |         |---- effect unknown at the last attempt -> DECIDING -> stored, or failed
 *		  +-----> READING the stored item, where the row alone does not say enough ----+
 *
 * Each row in flight has a Flight. A request whose answer is lost may have taken effect; it is sent
 * again all the same, since its condition then fails on what it has done itself, which is seen in
 * the item that comes with the refusal.
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "aws/dynamodb_write.h"
#include "aws/retry.h"
#include "postgres/caught_error.h"
#include "postgres/memory.h"
#include "postgres/modify/removable_items.h"
#include "postgres/modify/table_writer.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/service/service_call.h"

/* A body: an item, and as much again as condition, each byte escaped to six at worst. */
#define REQUEST_BODY_MAXIMUM ((Size) 16 * 1024 * 1024)

/* What one answer may take as decoded values: one item, many times over. */
#define ANSWER_MEMORY_MAXIMUM ((Size) 64 * 1024 * 1024)

/* How often a write is made anew before a row that changes all the time is left to the caller. */
#define ROUNDS_MAXIMUM 5

typedef enum FlightStep
{
	FLIGHT_FREE,
	FLIGHT_READING, /* the stored item, from which the write is to be made */
	FLIGHT_WRITING,
	FLIGHT_DECIDING /* the stored item, to see whether the write took effect; or the move again */
} FlightStep;

typedef struct StatementMode StatementMode;

/* One row on its way. */
typedef struct Flight
{
	StatementMode *mode;
	FlightStep step;
	RowWrite *row;
	RowOutcome *outcome;
	uint32 key_hash;
	ServiceCall *call;
	ByteBuffer *body; /* of the request */
	Arena *scratch;   /* for building it */
	DecodedAnswer answer;
	int rounds;
	bool may_have_happened;                       /* an attempt of any round was ambiguous */
	ServiceCall *refused;                         /* the write whose effect is being decided */
	char token[CLIENT_REQUEST_TOKEN_MAXIMUM + 1]; /* of a transaction */
} Flight;

struct StatementMode
{
	TableWriter *writer;
	Flight *flights;
	int flight_count; /* max_connections */
	int in_flight;
	ServiceCall **calls; /* room for waiting on all of them */
};

/* --- requests --------------------------------------------------------------------------------- */

static void
start_call(Flight *flight, const char *operation, int64 delay_ms)
{
	TableWriter *writer = flight->mode->writer;
	ResponseSink sink = decoded_answer_sink(&flight->answer);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = operation,
	    .table = writer->rows->table_name,
	    .body = buffer_bytes(flight->body),
	};
	MemoryContext caller = MemoryContextSwitchTo(writer->context);

	delay_ms = table_writer_delay_ms(writer, 1, delay_ms);
	flight->call =
	    service_call_start_after(writer->relation->client, &request, &sink, true, delay_ms);
	MemoryContextSwitchTo(caller);
}

/* The consistent read of the row's item. */
static void
start_read(Flight *flight, FlightStep step)
{
	LookupRequest request = {
	    .table_name = flight->mode->writer->rows->table_name,
	    .keys = &flight->row->key,
	    .key_count = 1,
	    .consistent_read = true,
	};

	buffer_reset(flight->body);
	arena_reset(flight->scratch);
	CHECK_RESULT(dynamodb_write_get_item(flight->scratch, &request, flight->body), "build request");
	CHECK_RESULT(buffer_result(flight->body), "build request");
	start_call(flight, "GetItem", 0);
	flight->step = step;
}

/* Transactions have a token, so that the service knows a repeated one. */
static void
make_token(Flight *flight)
{
	snprintf(flight->token, sizeof(flight->token), "%016llx%016llx",
	         (unsigned long long) pg_prng_uint64(&pg_global_prng_state),
	         (unsigned long long) pg_prng_uint64(&pg_global_prng_state));
}

/*
 * A move is two writes in one. A claim is one, but only of a transaction with a token the service
 * knows whether it has carried it out before: repeated after a lost answer, it succeeds again, and
 * it fails when it was somebody else who did the same.
 */
static bool
is_transaction(const RowWrite *row)
{
	return row->kind == ROW_MOVE || row->is_claim;
}

static const char *
operation_of_kind(RowWriteKind kind)
{
	switch (kind)
	{
		case ROW_INSERT:
			return item_write_operation(ITEM_WRITE_PUT);
		case ROW_UPDATE:
			return item_write_operation(ITEM_WRITE_UPDATE);
		case ROW_DELETE:
			return item_write_operation(ITEM_WRITE_DELETE);
		case ROW_MOVE:
			return "TransactWriteItems";
	}
	pg_unreachable();
}

/* What the row's write is sent as: an encrypted item that is changed is put. */
static const char *
row_operation(const RowWrite *row)
{
	if (is_transaction(row))
		return operation_of_kind(ROW_MOVE);
	return row->write_count == 0 ? operation_of_kind(row->kind)
	                             : item_write_operation(row->writes[0].action);
}

static CheckedResult
build_write(Flight *flight)
{
	const RowWrite *row = flight->row;

	if (!is_transaction(row))
		return dynamodb_write_item(flight->scratch, &row->writes[0],
		                           row->returns_item ? RETURN_NEW_ATTRIBUTES : RETURN_NO_ATTRIBUTES,
		                           flight->body);
	return dynamodb_write_transaction(flight->scratch, row->writes, row->write_count,
	                                  bytes_of_string(flight->token), flight->body);
}

static void
start_write(Flight *flight, int64 delay_ms)
{
	buffer_reset(flight->body);
	arena_reset(flight->scratch);
	make_token(flight);
	CHECK_RESULT(build_write(flight), "build request");
	CHECK_RESULT(buffer_result(flight->body), "build request");
	start_call(flight, row_operation(flight->row), delay_ms);
	flight->step = FLIGHT_WRITING;
}

/* --- ends of a flight ------------------------------------------------------------------------- */

static void
end_call(Flight *flight)
{
	if (flight->call != NULL)
		service_call_release(flight->call);
	flight->call = NULL;
}

/* The place is free for the next row. */
static void
end_flight(Flight *flight)
{
	end_call(flight);
	if (flight->refused != NULL)
		service_call_release(flight->refused);
	flight->refused = NULL;
	row_write_free(flight->row);
	flight->row = NULL;
	flight->step = FLIGHT_FREE;
	decoded_answer_clear(&flight->answer);
	flight->mode->in_flight--;
}

/* Keeps the item, if there is one, for whom the row answers to. */
static void
answer_with(Flight *flight, const DynamodbItem *item)
{
	AnsweredItem *answered = flight->row->answered;

	if (answered == NULL || item == NULL)
		return;
	answered->item = arena_allocate_array(answered->arena, 1, sizeof(*answered->item));
	if (answered->item == NULL || !item_copy(answered->arena, item, answered->item))
		report_result(arena_failure(answered->arena, 1), "keep item");
}

/* `item`: as it is now, if that is known; else NULL. */
static void
end_stored(Flight *flight, const DynamodbItem *item)
{
	if (flight->outcome != NULL)
		*flight->outcome = ROW_STORED;
	table_writer_count_stored(flight->mode->writer, flight->row);
	answer_with(flight, item);
	end_flight(flight);
}

/*
 * What an error says of a row whose item is not as an attempt that was lost would have left it: it
 * may have been, until somebody has changed it.
 */
static const char *
uncertainty(Flight *flight)
{
	if (!flight->may_have_happened)
		return "";
	written_rows_add_unknown(flight->mode->writer->unfinished.written, 1);
	return " It is not known whether the row was stored before by a request whose answer was lost.";
}

/* Errors free the place before they are raised: what they say is made first. */
static void
fail_duplicate(Flight *flight, const DynamodbItem *key)
{
	const RowWriter *rows = flight->mode->writer->rows;
	char *text = row_write_key_text(rows, key);
	const char *uncertain = uncertainty(flight);

	end_flight(flight);
	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
	                errmsg("item with this key already exists in DynamoDB table \"%s\"",
	                       rows->relation->options->table_name),
	                errdetail("Key %s already exists.%s", text, uncertain)));
}

static void
end_duplicate(Flight *flight)
{
	if (flight->outcome == NULL)
		fail_duplicate(flight, &flight->row->key);
	(void) uncertainty(flight);
	*flight->outcome = ROW_IS_DUPLICATE;
	end_flight(flight);
}

static void
end_claimed_by_another(Flight *flight)
{
	*flight->outcome = ROW_NOT_FOUND;
	end_flight(flight);
}

static void
fail_changed(Flight *flight)
{
	const RowWriter *rows = flight->mode->writer->rows;
	char *text = row_write_key_text(rows, &flight->row->key);
	const char *uncertain = uncertainty(flight);

	end_flight(flight);
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
	                errmsg("item was changed in DynamoDB table \"%s\" after it had been read",
	                       rows->relation->options->table_name),
	                errdetail("Key %s is concerned.%s", text, uncertain),
	                errhint("The statement may succeed when it is run again.")));
}

/* Why it is not known. */
static const char unread[] = "The item could not be read to find out.";
static const char untold[] =
    "The item is as the statement would leave it, but may have been so before.";

static const char unanswered[] = "It was sent again, and not answered either.";

/* `reason` is a sentence. */
static void
fail_unknown(Flight *flight, const char *reason)
{
	TableWriter *writer = flight->mode->writer;
	const ForeignRelation *relation = writer->relation;
	char *text = row_write_key_text(writer->rows, &flight->row->key);

	written_rows_add_unknown(writer->unfinished.written, 1);
	end_flight(flight);
	ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
	                errmsg("it is not known whether an item was written to DynamoDB table \"%s\"",
	                       relation->options->table_name),
	                errdetail("Key %s is concerned. The request may have been carried out. %s",
	                          text, reason)));
}

/* The call's write was refused, and has not taken effect. The place is freed by who catches. */
static void
fail_refused(const Flight *flight, const ServiceCall *call)
{
	TableWriter *writer = flight->mode->writer;
	ErrorClass class = service_call_error(call)->class;

	if (class == ERROR_CLASS_NOT_FOUND || class == ERROR_CLASS_VALIDATION)
		table_description_forget(writer->relation->client, writer->relation->options->table_name);
	service_call_report(call, psprintf("Key %s is concerned.",
	                                   row_write_key_text(writer->rows, &flight->row->key)));
}

/* --- what answers lead to --------------------------------------------------------------------- */

static void
write_or_end(Flight *flight)
{
	if (flight->row->write_count == 0)
		end_stored(flight, NULL);
	else
		start_write(flight, 0);
}

/* The write is made anew, if the row is what the statement has read. */
static void
write_from_stored(Flight *flight, const DynamodbItem *stored)
{
	if (flight->rounds++ >= ROUNDS_MAXIMUM || !row_write_from_stored(flight->row, stored))
	{
		if (flight->row->is_claim)
			end_claimed_by_another(flight);
		else
			fail_changed(flight);
	}
	else
		write_or_end(flight);
}

/* The item of the answer, which the row keeps; NULL when there is none. */
static const DynamodbItem *
item_of_answer(Flight *flight)
{
	DynamodbItem *item;

	if (flight->answer.page.item_count == 0)
		return NULL;
	item = MemoryContextAlloc(flight->row->context, sizeof(*item));
	if (!item_copy(flight->row->arena, &flight->answer.page.items[0], item))
		report_result(arena_failure(flight->row->arena, 1), "keep item");
	return item;
}

/* The item that a refusal carries, which the row keeps; NULL when there is none. */
static const DynamodbItem *
item_of_refusal(Flight *flight, Bytes json)
{
	DynamodbItem *item;

	if (json.length == 0)
		return NULL;
	item = MemoryContextAlloc(flight->row->context, sizeof(*item));
	CHECK_RESULT(item_decode(flight->row->arena, json, item), "read item");
	row_reader_assign_slots(flight->mode->writer->rows->reader, item);
	return item;
}

/*
 * The condition of a write without an old row does not hold: there is no row, or SQL decides
 * whether it is one. Nothing says how the item was when an attempt that was lost found it. So if it
 * is as that attempt would have left it, it may have been so before, and the row would be no row.
 */
static void
end_direct(Flight *flight, const DynamodbItem *stored)
{
	if (flight->may_have_happened && row_write_has_happened(flight->row, stored))
	{
		fail_unknown(flight, untold);
		return;
	}
	*flight->outcome = stored == NULL ? ROW_NOT_FOUND : ROW_DIFFERS;
	answer_with(flight, stored);
	end_flight(flight);
}

/* The condition does not hold for what is stored. */
static void
take_contradiction(Flight *flight, const DynamodbItem *stored)
{
	if (flight->row->is_direct)
		end_direct(flight, stored);
	else if (flight->may_have_happened && row_write_has_happened(flight->row, stored))
		end_stored(flight, NULL);
	else if (flight->row->kind == ROW_INSERT)
		end_duplicate(flight);
	else
		write_from_stored(flight, stored);
}

/* The service knows the request by its token, and carries it out once. */
static void
repeat_transaction(Flight *flight)
{
	end_call(flight);
	start_call(flight, row_operation(flight->row),
	           retry_unprocessed_delay_ms(1, pg_prng_double(&pg_global_prng_state)));
	flight->step = FLIGHT_DECIDING;
}

/* Whether it took effect is for a read to say. */
static void
decide(Flight *flight)
{
	if (is_transaction(flight->row))
	{
		repeat_transaction(flight);
		return;
	}
	flight->refused = flight->call;
	flight->call = NULL;
	start_read(flight, FLIGHT_DECIDING);
}

/*
 * UpdateItem sets no place inside a document that is not there; then the document is made, which
 * needs the stored item.
 */
static bool
may_lack_document(const Flight *flight)
{
	const ItemWrite *write = &flight->row->writes[0];

	if (flight->row->kind != ROW_UPDATE || flight->rounds > 0)
		return false;
	for (size_t i = 0; i < write->change_count; i++)
	{
		if (write->changes[i].path.count > 1)
			return true;
	}
	return false;
}

/*
 * A write whose condition does not hold costs as much as that of the item that is there: a unit for
 * each KB, and one at least. The refusal does not say so.
 */
static void
count_contradiction(Flight *flight, const DynamodbItem *stored)
{
	double units = stored == NULL ? 1 : Max(ceil((double) item_size(stored) / 1024), 1);

	table_writer_count_capacity(flight->mode->writer, flight->call, units);
}

static void take_cancellation(Flight *flight, const ServiceError *error);

static void
take_refusal(Flight *flight, const ServiceError *error)
{
	const DynamodbItem *stored;

	switch (error->class)
	{
		case ERROR_CLASS_CONDITION_FAILED:
			stored = item_of_refusal(flight, error->item);
			count_contradiction(flight, stored);
			take_contradiction(flight, stored);
			return;
		case ERROR_CLASS_TRANSACTION_CANCELED:
			take_cancellation(flight, error);
			return;
		case ERROR_CLASS_VALIDATION:
			if (may_lack_document(flight))
			{
				end_call(flight);
				start_read(flight, FLIGHT_READING);
				return;
			}
			break;
		default:
			break;
	}
	if (flight->may_have_happened)
		decide(flight);
	else
		fail_refused(flight, flight->call);
}

/* True when another transaction, or a lack of capacity, was in the way of one of the actions. */
static bool
is_worth_repeating(const CancellationReason *reasons, size_t count)
{
	static const char *const passing[] = {"TransactionConflict", "ThrottlingError",
	                                      "ProvisionedThroughputExceeded"};

	for (size_t i = 0; i < count; i++)
	{
		for (size_t j = 0; j < lengthof(passing); j++)
		{
			if (bytes_equal(reasons[i].code, bytes_of_string(passing[j])))
				return true;
		}
	}
	return false;
}

/* The refused transaction: of a move the first action deletes, the second puts. */
static void
take_cancellation(Flight *flight, const ServiceError *error)
{
	CancellationReason *reasons;
	size_t count;
	Bytes failed = BYTES_LITERAL("ConditionalCheckFailed");

	/* Of a token that the service has carried out before it would have said so. */
	flight->may_have_happened = false;
	if (!result_is_ok(dynamodb_read_cancellation(flight->row->arena, error->cancellation_reasons,
	                                             &reasons, &count)) ||
	    count != (size_t) flight->row->write_count)
		fail_refused(flight, flight->call);
	else if (flight->row->is_claim && bytes_equal(reasons[0].code, failed))
		end_claimed_by_another(flight);
	else if (count == 2 && bytes_equal(reasons[1].code, failed))
		fail_duplicate(flight, &flight->row->new_key);
	else if (bytes_equal(reasons[0].code, failed))
	{
		end_call(flight);
		start_read(flight, FLIGHT_READING);
	}
	else if (is_worth_repeating(reasons, count) && flight->rounds++ < ROUNDS_MAXIMUM)
	{
		end_call(flight);
		start_write(flight, retry_unprocessed_delay_ms(flight->rounds,
		                                               pg_prng_double(&pg_global_prng_state)));
	}
	else
		fail_refused(flight, flight->call);
}

/* True when an item that is as the write leaves it would be written anyway, and be a row. */
static bool
effect_shows_row(const RowWrite *row)
{
	return !row->is_direct || (row->kind == ROW_UPDATE && !row->has_condition);
}

static void
take_decision(Flight *flight, const DynamodbItem *stored)
{
	if (row_write_has_happened(flight->row, stored))
	{
		if (effect_shows_row(flight->row))
			end_stored(flight, stored);
		else
			fail_unknown(flight, untold);
	}
	else if (flight->row->kind == ROW_INSERT && stored != NULL)
		end_duplicate(flight);
	else
		fail_refused(flight, flight->refused);
}

static void
take_success(Flight *flight)
{
	const DecodedPage *page = &flight->answer.page;

	end_stored(flight, page->item_count > 0 ? &page->items[0] : NULL);
}

static void
settle_repeated_transaction(Flight *flight, const ServiceError *error)
{
	if (error == NULL)
		take_success(flight);
	else if (error->class == ERROR_CLASS_TRANSACTION_CANCELED)
		take_cancellation(flight, error);
	else
		fail_unknown(flight, unanswered);
}

/* The call is done: goes on, or frees the place; raises failures, the place being free then. */
static void
settle_flight(Flight *flight)
{
	FlightStep step = flight->step;
	const ServiceError *error = service_call_error(flight->call);
	double units = error == NULL ? flight->answer.page.capacity_units : 0;

	table_writer_count(flight->mode->writer, flight->call, units);
	if (step == FLIGHT_WRITING && service_call_may_have_happened(flight->call))
		flight->may_have_happened = true;
	if (error != NULL && step == FLIGHT_WRITING)
		take_refusal(flight, error);
	else if (step == FLIGHT_DECIDING && is_transaction(flight->row))
		settle_repeated_transaction(flight, error);
	else if (error != NULL && step == FLIGHT_DECIDING)
		fail_unknown(flight, unread);
	else if (error != NULL)
		fail_refused(flight, flight->call);
	else if (step == FLIGHT_WRITING)
		take_success(flight);
	else
	{
		const DynamodbItem *stored = item_of_answer(flight);

		end_call(flight);
		if (step == FLIGHT_DECIDING)
			take_decision(flight, stored);
		else if (flight->row->is_direct)
			end_direct(flight, stored);
		else
			write_from_stored(flight, stored);
	}
}

/* --- all flights ------------------------------------------------------------------------------ */

/*
 * Settles a call that is done. An error in between (memory, a value that cannot be read) leaves a
 * flight that is nowhere; its place is freed before the error goes on.
 */
static void
proceed_flight(void *place)
{
	Flight *flight = place;

	if (flight->call == NULL || !service_call_is_done(flight->call))
		return;
	PG_TRY();
	{
		settle_flight(flight);
	}
	PG_CATCH();
	{
		if (flight->step != FLIGHT_FREE)
			end_flight(flight);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static void
proceed(StatementMode *mode)
{
	for (int i = 0; i < mode->flight_count; i++)
		proceed_flight(&mode->flights[i]);
}

/* Waits until a call of the flights is done. */
static void
wait_for_any(StatementMode *mode)
{
	for (int i = 0; i < mode->flight_count; i++)
		mode->calls[i] = mode->flights[i].call;
	service_call_wait_any(mode->calls, mode->flight_count);
}

static void
settle(void *state)
{
	StatementMode *mode = state;

	proceed(mode);
	while (mode->in_flight > 0)
	{
		wait_for_any(mode);
		proceed(mode);
	}
}

static void
proceed_all_quietly(StatementMode *mode)
{
	for (int i = 0; i < mode->flight_count; i++)
		proceed_quietly(proceed_flight, &mode->flights[i]);
}

static void
drain(void *state)
{
	StatementMode *mode = state;

	proceed_all_quietly(mode);
	while (mode->in_flight > 0)
	{
		wait_for_any(mode);
		proceed_all_quietly(mode);
	}
}

/* What one flight leaves behind when nobody waits for it any more. */
static void
give_up_flight(Flight *flight)
{
	ServiceCall *call = flight->call;
	bool is_done = call != NULL && service_call_is_done(call);

	if (flight->step == FLIGHT_WRITING && is_done && service_call_error(call) == NULL)
		table_writer_count_stored(flight->mode->writer, flight->row);
	else if (flight->may_have_happened || (flight->step == FLIGHT_WRITING && call != NULL &&
	                                       service_call_may_have_happened(call)))
		written_rows_add_unknown(flight->mode->writer->unfinished.written, 1);
}

static void
wait_briefly(void *state)
{
	StatementMode *mode = state;

	for (int i = 0; i < mode->flight_count; i++)
		mode->calls[i] = mode->flights[i].call;
	service_calls_wait_briefly(mode->calls, mode->flight_count, REMOVAL_MS);
}

static void
give_up(void *state)
{
	StatementMode *mode = state;

	service_calls_serve();
	for (int i = 0; i < mode->flight_count; i++)
	{
		if (mode->flights[i].step != FLIGHT_FREE)
			give_up_flight(&mode->flights[i]);
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool
flight_has_key(const Flight *flight, uint32 hash, const DynamodbItem *key)
{
	if (flight->step == FLIGHT_FREE)
		return false;
	if (flight->row->kind == ROW_MOVE && row_keys_equal(&flight->row->new_key, key))
		return true;
	return flight->key_hash == hash && row_keys_equal(&flight->row->key, key);
}

/* Writes of one key are made one after the other, in the order of their rows. */
static void
wait_for_key(StatementMode *mode, const DynamodbItem *key)
{
	uint32 hash = row_key_hash(key);

	for (int i = 0; i < mode->flight_count; i++)
	{
		Flight *flight = &mode->flights[i];

		while (flight_has_key(flight, hash, key))
		{
			service_call_wait(flight->call);
			proceed(mode);
		}
	}
}

static Flight *
free_flight(StatementMode *mode)
{
	for (;;)
	{
		proceed(mode);
		for (int i = 0; i < mode->flight_count; i++)
		{
			if (mode->flights[i].step == FLIGHT_FREE)
				return &mode->flights[i];
		}
		wait_for_any(mode);
	}
}

/* From here on the place is taken; `step` says so. */
static void
begin_flight(Flight *flight, RowWrite *row, RowOutcome *outcome)
{
	flight->row = row;
	flight->outcome = outcome;
	flight->key_hash = row_key_hash(&row->key);
	flight->rounds = 0;
	flight->may_have_happened = false;
	flight->step = row->needs_stored ? FLIGHT_READING : FLIGHT_WRITING;
	flight->mode->in_flight++;
	if (outcome != NULL)
		*outcome = ROW_IN_FLIGHT;
}

static void
write_row(void *state, RowWrite *row, RowOutcome *outcome)
{
	StatementMode *mode = state;
	Flight *flight;

	wait_for_key(mode, &row->key);
	if (row->kind == ROW_MOVE)
		wait_for_key(mode, &row->new_key);
	flight = free_flight(mode);
	begin_flight(flight, row, outcome);
	PG_TRY();
	{
		if (row->needs_stored)
			start_read(flight, FLIGHT_READING);
		else
			write_or_end(flight);
	}
	PG_CATCH();
	{
		if (flight->step != FLIGHT_FREE)
			end_flight(flight);
		PG_RE_THROW();
	}
	PG_END_TRY();
}

static void
init_flight(Flight *flight, StatementMode *mode)
{
	MemoryContext context = mode->writer->context;

	flight->mode = mode;
	flight->body = memory_context_buffer(context, ARENA_PLAIN, REQUEST_BODY_MAXIMUM);
	flight->scratch = memory_context_arena(context, ARENA_PLAIN, REQUEST_BODY_MAXIMUM);
	flight->answer.arena = memory_context_arena(context, ARENA_PLAIN, ANSWER_MEMORY_MAXIMUM);
	flight->answer.names = &mode->writer->rows->reader->names;
}

static void *
begin(TableWriter *writer)
{
	StatementMode *mode = palloc0_object(StatementMode);

	mode->writer = writer;
	mode->flight_count = service_client_options(writer->relation->client)->max_connections;
	mode->flights = palloc0_array(Flight, mode->flight_count);
	mode->calls = palloc0_array(ServiceCall *, mode->flight_count);
	for (int i = 0; i < mode->flight_count; i++)
		init_flight(&mode->flights[i], mode);
	return mode;
}

static bool
is_conditional(RowWriteKind kind)
{
	return true;
}

const WriteMode statement_mode = {
    .begin = begin,
    .write = write_row,
    .settle = settle,
    .drain = drain,
    .wait_briefly = wait_briefly,
    .give_up = give_up,
    .operation = operation_of_kind,
    .is_conditional = is_conditional,
};
