/*
 * pending_commit.c
 *		The one request that a commit sends, and what its refusal means.
 *
 * The request goes out when nothing but PostgreSQL's own commit is left to be done. Its client
 * request token makes DynamoDB take it once, however often it is sent, and names the PostgreSQL
 * transaction: system identifier, transaction id, and a random part that tells one try from
 * another. A record of the token is in the write-ahead log, on disk, before the request is sent;
 * so the transaction id is never given to another transaction, whatever happens in between.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "common/pg_prng.h"
#include "replication/message.h"
#include "storage/predicate.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/retry.h"
#include "postgres/memory.h"
#include "postgres/modify/pending_commit.h"
#include "postgres/modify/pending_conflicts.h"
#include "postgres/modify/pending_items.h"
#include "postgres/report.h"
#include "postgres/scan/decoded_answer.h"
#include "postgres/settings.h"

#define OPERATION "TransactWriteItems"

/* The answer tells capacity and no more. */
#define ANSWER_MAXIMUM ((Size) 1024 * 1024)

/* Reasons with the items that conditions failed on. */
#define REASONS_MAXIMUM ((Size) 256 * 1024 * 1024)

/* The request as text. */
#define TRANSACTION_BODY_MAXIMUM ((Size) 64 * 1024 * 1024)

/* How often everything is made anew because what is stored is spelled otherwise than expected. */
#define REPLAYS_MAXIMUM 3

typedef struct Sending
{
	char token[CLIENT_REQUEST_TOKEN_MAXIMUM + 1];
	PendingItem **items; /* by the number of their action */
	ItemWrite *writes;
	int count;
	ServiceCall *call;
	DecodedAnswer answer;
	int conflicts; /* cancellations that another attempt may cure */
	int replays;
} Sending;

/* How far the transaction's request has come; for its end. */
typedef enum SendingState
{
	NOTHING_SENT,
	UNDER_WAY, /* `under_way` tells whether it may have taken effect */
	TAKEN_EFFECT
} SendingState;

static SendingState sending_state = NOTHING_SENT;
static Sending *under_way = NULL;

/* ---- the request ---- */

/*
 * A new token, which the write-ahead log keeps with the transaction's id. The commit record, too,
 * is to be on disk before anybody is told of the commit, whatever synchronous_commit says.
 */
static void
choose_token(Sending *sending)
{
	uint64 transaction = U64FromFullTransactionId(GetTopFullTransactionId());
	uint32 random = 0;

	if (!pg_strong_random(&random, sizeof(random)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
		                errmsg("could not generate random bytes for a client request token")));
	snprintf(sending->token, sizeof(sending->token), "%08x-%016llx-%08x",
	         (uint32) GetSystemIdentifier(), (unsigned long long) transaction, random);
	XLogFlush(log_transactional_message("dynamodb_kms_fdw", sending->token));
	ForceSyncCommit();
	if (log_requests)
		ereport(LOG, (errmsg("DynamoDB " OPERATION " of %d items, client request token %s",
		                     sending->count, sending->token),
		              errhidestmt(true), errhidecontext(true)));
}

static void
list_writes(Sending *sending)
{
	dlist_iter iterator;

	sending->count = 0;
	dlist_foreach(iterator, pending_items())
	{
		PendingItem *item = dlist_container(PendingItem, node, iterator.cur);

		sending->items[sending->count] = item;
		sending->writes[sending->count++] = pending_item_write(item);
	}
}

/* Sends the request and waits for its end, which may be a failure. */
static void
send_request(Sending *sending, int64 delay_ms)
{
	Arena *scratch =
	    memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, TRANSACTION_BODY_MAXIMUM);
	ByteBuffer *body =
	    memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, TRANSACTION_BODY_MAXIMUM);
	ResponseSink sink = decoded_answer_sink(&sending->answer);
	ServiceRequest request = {
	    .service = AWS_DYNAMODB,
	    .operation = OPERATION,
	    .table = sending->writes[0].table_name,
	};

	CHECK_RESULT(dynamodb_write_transaction(scratch, sending->writes, sending->count,
	                                        bytes_of_string(sending->token), body),
	             "build request");
	CHECK_RESULT(buffer_result(body), "build request");
	request.body = buffer_bytes(body);
	sending->answer.page.capacity_units = 0;
	sending->call =
	    service_call_start_after(pending_sender().client, &request, &sink, true, delay_ms);
	under_way = sending;
	sending_state = UNDER_WAY;
	service_call_wait(sending->call);
	service_call_count_capacity(sending->call, sending->answer.page.capacity_units);
}

/* ---- refusals ---- */

static void
report_unknown_outcome(const Sending *sending, const ServiceError *error)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_CONNECTION_FAILURE),
	     errmsg("it is not known whether DynamoDB has committed the transaction"),
	     errdetail("The writes of %d items, with client request token %s, may have taken effect. "
	               "The last attempt: %s %s",
	               sending->count, sending->token, error->message, service_error_detail(error)),
	     errhint("Read the items to find out.")));
}

/* A refusal of the request as a whole. */
static void
report_request_refusal(const Sending *sending)
{
	const ServiceError *error = service_call_error(sending->call);
	bool in_progress = strcmp(error->code, "TransactionInProgressException") == 0;

	/* With the same token a cancellation is final; any other refusal says nothing of the past. */
	if (service_call_may_have_happened(sending->call) || in_progress)
		report_unknown_outcome(sending, error);
	service_call_check(sending->call);
}

static const PendingVersion *
first_version(const PendingItem *item)
{
	const PendingVersion *version = item->newest;

	while (version->below != NULL)
		version = version->below;
	return version;
}

/* What the service has said, to stand behind a detail. */
static char *
words_of_service(const ServiceError *error)
{
	return psprintf(" %s", service_error_detail(error));
}

static void
report_changed(const PendingItem *item, const ServiceError *error)
{
	report_changed_item(item->newest->row->writer, &item->key, words_of_service(error));
}

/* Reasons of a cancellation are not called as errors are. */
typedef struct ReasonClass
{
	const char *code;
	ErrorClass class;
} ReasonClass;

static const ReasonClass reason_classes[] = {
    {"None", ERROR_CLASS_NONE},
    {"ConditionalCheckFailed", ERROR_CLASS_CONDITION_FAILED},
    {"TransactionConflict", ERROR_CLASS_CONFLICT},
    {"ProvisionedThroughputExceeded", ERROR_CLASS_THROTTLED},
    {"ThrottlingError", ERROR_CLASS_THROTTLED},
    {"RequestLimitExceeded", ERROR_CLASS_THROTTLED},
    {"ItemCollectionSizeLimitExceeded", ERROR_CLASS_LIMIT_EXCEEDED},
    {"ValidationError", ERROR_CLASS_VALIDATION},
};

static ErrorClass
class_of_reason(const CancellationReason *reason)
{
	for (size_t i = 0; i < lengthof(reason_classes); i++)
	{
		if (bytes_equal(reason->code, bytes_of_string(reason_classes[i].code)))
			return reason_classes[i].class;
	}
	return ERROR_CLASS_OTHER;
}

/* Another transaction had the item, or there was no capacity: the same request may do later. */
static bool
is_curable(const CancellationReason *reason)
{
	ErrorClass class = class_of_reason(reason);

	return class == ERROR_CLASS_CONFLICT || class == ERROR_CLASS_THROTTLED;
}

/* Copies what fits, with a zero byte behind it. */
static void
copy_text(char *target, size_t size, Bytes text)
{
	strlcpy(target, pnstrdup(text.data, text.length), size);
}

/* Reports one action's reason as if it were the refusal of a request. */
static void
report_reason(const PendingItem *item, const CancellationReason *reason, const ServiceError *error)
{
	ReportPlace place = item->newest->row->writer->reader->place;
	ServiceError refusal = *error;

	copy_text(refusal.code, sizeof(refusal.code), reason->code);
	copy_text(refusal.message, sizeof(refusal.message), reason->message);
	refusal.class = class_of_reason(reason);
	place.item = &item->key;
	report_place_enter(&place);
	report_service_error(AWS_DYNAMODB, OPERATION, &refusal);
}

/*
 * The condition on the item has failed. Returns only when the item nevertheless is what statements
 * have seen, so that everything is made anew of what is stored.
 */
static void
settle_condition(Sending *sending, PendingItem *item, const CancellationReason *reason,
                 const ServiceError *error)
{
	const PendingVersion *first = first_version(item);

	if (!first->own.expects_item && !first->absence_was_read)
		report_duplicate_item(item->newest->row->writer, &item->key, words_of_service(error));
	if (!first->own.expects_item || !reason->has_item || sending->replays == REPLAYS_MAXIMUM ||
	    !pending_item_replay(item, &reason->item))
		report_changed(item, error);
}

static void
settle_reason(Sending *sending, PendingItem *item, const CancellationReason *reason,
              const ServiceError *error, bool *must_replay)
{
	ErrorClass class = class_of_reason(reason);

	if (class == ERROR_CLASS_CONDITION_FAILED)
	{
		settle_condition(sending, item, reason, error);
		*must_replay = true;
	}
	else if (class != ERROR_CLASS_NONE && !is_curable(reason))
		report_reason(item, reason, error);
}

/* The first reason that time might have cured; for when there is no more time. */
static void
report_curable(const Sending *sending, const CancellationReason *reasons, const ServiceError *error)
{
	for (int i = 0; i < sending->count; i++)
	{
		if (class_of_reason(&reasons[i]) == ERROR_CLASS_CONFLICT)
			report_changed(sending->items[i], error);
	}
	for (int i = 0; i < sending->count; i++)
	{
		if (is_curable(&reasons[i]))
			report_reason(sending->items[i], &reasons[i], error);
	}
	report_service_error(AWS_DYNAMODB, OPERATION, error);
}

/* The same request again, with the same token, after a while. */
static int64
wait_for_conflict(Sending *sending, const CancellationReason *reasons, const ServiceError *error)
{
	int maximum = service_client_options(pending_sender().client)->max_attempts;

	if (++sending->conflicts >= maximum)
		report_curable(sending, reasons, error);
	return retry_unprocessed_delay_ms(sending->conflicts, pg_prng_double(&pg_global_prng_state));
}

/*
 * The request was canceled, which is final. Returns the delay, in milliseconds, after which it is
 * to be sent again; reports everything else.
 */
static int64
settle_cancellation(Sending *sending)
{
	const ServiceError *error = service_call_error(sending->call);
	Arena *arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, REASONS_MAXIMUM);
	CancellationReason *reasons;
	bool must_replay = false;
	size_t count;

	CHECK_RESULT(dynamodb_read_cancellation(arena, error->cancellation_reasons, &reasons, &count),
	             "read why DynamoDB has canceled the transaction");
	if (count != (size_t) sending->count)
		report_service_error(AWS_DYNAMODB, OPERATION, error);
	for (int i = 0; i < sending->count; i++)
		settle_reason(sending, sending->items[i], &reasons[i], error, &must_replay);
	if (!must_replay)
		return wait_for_conflict(sending, reasons, error);
	sending->replays++;
	pending_items_fold();
	list_writes(sending);
	choose_token(sending);
	return 0;
}

/* ---- sending ---- */

static void
check_sender(void)
{
	PendingSender sender = pending_sender();
	const char *difference = service_identity_difference(
	    sender.identity, service_client_identity(sender.client), AWS_DYNAMODB);

	if (difference != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		                errmsg("cannot commit what was written through server \"%s\"",
		                       service_client_server_name(sender.client)),
		                errdetail("The %s of the server has changed in this transaction, after "
		                          "tables were written.",
		                          difference)));
}

static Sending *
make_sending(void)
{
	Sending *sending = palloc0_object(Sending);

	sending->items = palloc_array(PendingItem *, TRANSACTION_ITEMS_MAXIMUM);
	sending->writes = palloc_array(ItemWrite, TRANSACTION_ITEMS_MAXIMUM);
	sending->answer.arena = memory_context_arena(CurrentMemoryContext, ARENA_PLAIN, ANSWER_MAXIMUM);
	list_writes(sending);
	return sending;
}

void
pending_commit_send(void)
{
	MemoryContext context =
	    AllocSetContextCreate(TopTransactionContext, "DynamoDB commit", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int64 delay_ms = 0;
	Sending *sending;
	const ServiceError *error;

	check_sender();
	/* What PostgreSQL would check next, and could still refuse. */
	PreCommit_CheckForSerializationFailure();
	sending = make_sending();
	choose_token(sending);
	for (;;)
	{
		send_request(sending, delay_ms);
		error = service_call_error(sending->call);
		if (error == NULL)
			break;
		sending_state = NOTHING_SENT;
		if (error->class != ERROR_CLASS_TRANSACTION_CANCELED)
			report_request_refusal(sending);
		delay_ms = settle_cancellation(sending);
	}
	sending_state = TAKEN_EFFECT;
	MemoryContextSwitchTo(caller);
}

void
pending_commit_end(bool committed)
{
	SendingState state = sending_state;
	const Sending *sending = under_way;

	sending_state = NOTHING_SENT;
	under_way = NULL;
	if (committed || state == NOTHING_SENT)
		return;
	if (state == TAKEN_EFFECT)
		ereport(WARNING,
		        (errmsg("transaction is rolled back, but DynamoDB has committed its writes"),
		         errdetail("%d items were written with client request token %s.", sending->count,
		                   sending->token)));
	else if (service_call_may_have_happened(sending->call))
		ereport(WARNING,
		        (errmsg("transaction is rolled back, but DynamoDB may have committed its writes"),
		         errdetail("The writes of %d items were under way, with client request token %s.",
		                   sending->count, sending->token),
		         errhint("Read the items to find out.")));
}
