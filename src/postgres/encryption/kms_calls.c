/*
 * kms_calls.c
 *		A call of AWS KMS from request to answer, and how many a statement may make.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/* Bytes that an answer may take, raw and decoded; the largest are a few kilobytes. */
#define ANSWER_MAXIMUM ((Size) 256 * 1024)

/* Bytes of a page of a list, or of a key's description. */
#define DESCRIPTION_MAXIMUM ((Size) 4 * 1024 * 1024)

struct KmsCall
{
	MemoryContext context; /* of its own */
	KmsOperation operation;
	ByteBuffer *body; /* needed until the call is done */
	Arena *arena;     /* of the answer */
	KmsAnswerReader reader;
	KmsAnswer answer;
	ServiceCall *call; /* NULL once its answer is taken */
	bool refused;      /* with an error of a class that was not to be reported */
};

/* What one statement has asked for through one client. */
typedef struct StatementCalls
{
	slist_node node;
	const ServiceClient *client;
	TimestampTz statement; /* when it started, which tells it from others */
	SessionCount calls;    /* shared, once workers have made some */
} StatementCalls;

static slist_head statement_calls = SLIST_STATIC_INIT(statement_calls);

/* The client's count; clients live as long as the backend. */
static StatementCalls *
calls_of_client(const ServiceClient *client)
{
	StatementCalls *calls;
	slist_iter each;

	slist_foreach(each, &statement_calls)
	{
		calls = slist_container(StatementCalls, node, each.cur);
		if (calls->client == client)
			return calls;
	}
	calls = MemoryContextAllocZero(TopMemoryContext, sizeof(*calls));
	calls->client = client;
	slist_push_head(&statement_calls, &calls->node);
	return calls;
}

/* What the statement that is running has asked for. A worker's is that of its leader. */
static SessionCount *
calls_of_statement(const ServiceClient *client)
{
	StatementCalls *calls = calls_of_client(client);
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (calls->statement != statement && !IsParallelWorker())
		session_count_clear(&calls->calls);
	calls->statement = statement;
	return &calls->calls;
}

int64
kms_calls_left(const ServiceClient *client, const KmsUse *use)
{
	if (use->maximum == 0)
		return PG_INT32_MAX;
	return Max(use->maximum - session_count_add(calls_of_statement(client), 0), 0);
}

dsa_pointer
kms_calls_share(const ServiceClient *client)
{
	return session_count_share(calls_of_statement(client));
}

void
kms_calls_join(const ServiceClient *client, dsa_pointer place)
{
	session_count_join(calls_of_statement(client), place);
}

/* Counts a call that is about to be made. */
static void
count_call(const ServiceClient *client, KmsUse *use)
{
	int64 calls = session_count_add(calls_of_statement(client), 1);

	if (use->maximum > 0 && calls > use->maximum)
		ereport(ERROR,
		        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
		         errmsg("the statement has made as many calls of AWS KMS as max_kms_calls allows"),
		         errdetail("The limit for server \"%s\" is %d.", service_client_server_name(client),
		                   use->maximum),
		         errhint("Ask for fewer encrypted values, or raise the option max_kms_calls of the "
		                 "foreign table or its server.")));
	use->calls++;
}

/* The answer as the sink of its response */

static CheckedResult
begin_answer(void *context)
{
	KmsCall *call = context;

	arena_reset(call->arena);
	kms_answer_begin(&call->reader, call->arena);
	return result_ok();
}

static CheckedResult
write_answer(void *context, Bytes chunk)
{
	return kms_answer_feed(&((KmsCall *) context)->reader, chunk);
}

static CheckedResult
finish_answer(void *context)
{
	KmsCall *call = context;

	return kms_answer_finish(&call->reader, call->operation, &call->answer);
}

/* Calls */

static KmsCall *
make_call(KmsOperation operation)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "AWS KMS call", ALLOCSET_SMALL_SIZES);
	KmsCall *call = MemoryContextAllocZero(context, sizeof(*call));

	call->context = context;
	call->operation = operation;
	call->arena = memory_context_arena(context, ARENA_SECRET, ANSWER_MAXIMUM);
	call->body = memory_context_buffer(context, ARENA_SECRET, KMS_BODY_MAXIMUM);
	return call;
}

KmsCall *
kms_call_start(ServiceClient *client, KmsUse *use, const KmsRequest *request)
{
	KmsCall *call = make_call(request->operation);
	MemoryContext caller = MemoryContextSwitchTo(call->context);
	ResponseSink sink = {begin_answer, write_answer, finish_answer, call};
	ServiceRequest service_request = {
	    .service = AWS_KMS,
	    .operation = kms_operation_name(request->operation),
	    .key = {pnstrdup(request->key_id.data, request->key_id.length), request->key_id.length},
	};

	service_client_require(client, AWS_KMS);
	CHECK_RESULT(kms_write_request(request, call->body), "write request");
	service_request.body = buffer_bytes(call->body);
	count_call(client, use);
	call->call = service_call_start(client, &service_request, &sink, true);
	MemoryContextSwitchTo(caller);
	return call;
}

/* The call is done: what it was made of is wiped and given back, all but the answer. */
static void
settle_call(KmsCall *call, uint32 expected)
{
	const ServiceError *error = service_call_error(call->call);

	call->refused = error != NULL && (expected & ERROR_CLASS_BIT(error->class)) != 0;
	if (!call->refused)
		service_call_check(call->call);
	service_call_release(call->call);
	call->call = NULL;
	buffer_release(call->body);
}

const KmsAnswer *
kms_call_answer(KmsCall *call, uint32 expected)
{
	if (call->call != NULL)
	{
		service_call_wait(call->call);
		settle_call(call, expected);
	}
	return call->refused ? NULL : &call->answer;
}

bool
kms_call_is_done(const KmsCall *call)
{
	return call->call == NULL || service_call_is_done(call->call);
}

void
kms_call_release(KmsCall *call)
{
	MemoryContextDelete(call->context);
}

Bytes
kms_description(ServiceClient *client, KmsUse *use, const KmsRequest *request)
{
	ByteBuffer *body = memory_context_buffer(CurrentMemoryContext, ARENA_PLAIN, KMS_BODY_MAXIMUM);
	ServiceRequest service_request = {
	    .service = AWS_KMS,
	    .operation = kms_operation_name(request->operation),
	    .key = request->key_id,
	};

	service_client_require(client, AWS_KMS);
	CHECK_RESULT(kms_write_request(request, body), "write request");
	service_request.body = buffer_bytes(body);
	count_call(client, use);
	return service_call_answer(client, &service_request, DESCRIPTION_MAXIMUM);
}

int
kms_calls_at_once(const ServiceClient *client)
{
	/* Answers are taken in order, so some that have come wait behind one that has not. */
	return service_client_options(client)->max_connections * 4;
}

/* What KMS would not take */

void
kms_check_context(KmsContext context)
{
	size_t size = kms_context_size(context);

	for (size_t i = 0; i < context.count; i++)
		if (context.pairs[i].name.length == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			                errmsg("encryption context has an empty name")));
	if (size > KMS_CONTEXT_MAXIMUM)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("encryption context is too large"),
		         errdetail("Its names and values are %zu bytes; AWS KMS takes %zu.", size,
		                   KMS_CONTEXT_MAXIMUM)));
}

void
kms_check_key_id(Bytes key_id)
{
	if (key_id.length == 0 || key_id.length > KMS_KEY_ID_MAXIMUM)
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid KMS key id"),
		         errdetail("It must be an ARN, a key's id or \"alias/\" and a name, of at most %zu "
		                   "bytes.",
		                   KMS_KEY_ID_MAXIMUM)));
}

void
kms_check_plaintext(size_t length)
{
	if (length == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("AWS KMS does not encrypt an empty value")));
	if (length > KMS_PLAINTEXT_MAXIMUM)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("value is too large for AWS KMS"),
		         errdetail("It is %zu bytes; AWS KMS takes %zu.", length, KMS_PLAINTEXT_MAXIMUM),
		         errhint("Encrypt it with a data key of kms_generate_data_key, and store the data "
		                 "key's ciphertext beside it.")));
}

void
kms_check_ciphertext(size_t length)
{
	if (length == 0 || length > KMS_CIPHERTEXT_MAXIMUM)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("not a ciphertext of AWS KMS"),
		                errdetail("It is %zu bytes; ciphertexts of AWS KMS are 1 to %zu.", length,
		                          KMS_CIPHERTEXT_MAXIMUM)));
}
