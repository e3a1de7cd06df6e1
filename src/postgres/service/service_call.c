/*
 * service_call.c
 *		The life of a call: its turn, its attempts, what each failure leads to.
 *
 *		waiting for its turn -> on the wire -> done
 *		        ^                    |
 *		        +--- backing off <---+
 *
 * Every step but the first happens while transport.c serves, so nothing here throws after a call
 * has been started, until the caller asks how it went.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "postgres/compat.h"

#include "aws/http_body.h"
#include "aws/sigv4.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/service/exchange.h"
#include "postgres/service/service_call_queue.h"
#include "postgres/service/service_client_state.h"
#include "postgres/service/service_clock.h"
#include "postgres/service/service_statistics.h"
#include "postgres/service/transport.h"
#include "postgres/settings.h"

/* Decoded bytes of a response. The service's pages are 1 MB of data, 16 MB for BatchGetItem. */
#define RESPONSE_SIZE_MAXIMUM ((size_t) 64 * 1024 * 1024)

/*
 * Bytes of a refusal's body that are read. The longest is that of a transaction: the items on which
 * its conditions failed, 4 MB by DynamoDB's count, each byte escaped to six at worst.
 */
#define REFUSAL_SIZE_MAXIMUM ((size_t) 32 * 1024 * 1024)

/* Bytes that a request takes beside its body: URL and headers, twice. */
#define REQUEST_ARENA_MAXIMUM ((size_t) 1024 * 1024)

typedef enum CallState
{
	CALL_WAITING_FOR_TURN,
	CALL_ON_THE_WIRE,
	CALL_BACKING_OFF,
	CALL_DONE
} CallState;

struct ServiceCall
{
	MemoryContext context; /* of its own */
	MemoryContextCallback give_up;
	CallState state;
	dlist_node node; /* in the client's queue, while waiting for its turn */
	ServiceClient *client;
	ServiceStatistics *statistics;
	ServiceRequest request;
	ResponseSink sink;
	bool ambiguous_retry;
	StsCaller sts_caller; /* empty for all calls but those that get credentials */

	/* This attempt. */
	Arena arena; /* the signed request */
	Exchange exchange;
	HttpResponseHead head;
	HttpBody body;
	bool body_begun;
	ByteBuffer refusal;    /* the body of a response that is no success; error borrows from it */
	CheckedResult failure; /* of ours: sink, body, memory */
	int64 sent_at;         /* transport_now() */

	/* All attempts. */
	TransportTimer back_off;
	RetryState retry;
	bool clock_corrected;
	bool credentials_renewed;
	uint32 credentials_generation; /* of what the last attempt was signed with */
	bool may_have_happened;        /* an attempt that failed may have taken effect all the same */
	ServiceError error;            /* of the last attempt; ERROR_CLASS_NONE after success */
	AwsService refuser;            /* the service and operation that the error is of */
	const char *refused_operation;
	ServiceCallCost cost;
};

static void send_or_fail(ServiceCall *call, const AwsCredentials *credentials);

/* Others wait for this one: see sts_call_create(). */
static bool
gets_credentials(const ServiceCall *call)
{
	return call->sts_caller.ended != NULL;
}

/* The response of an attempt: its bytes, as they come */

static CheckedResult
write_refusal(void *call, Bytes chunk)
{
	ByteBuffer *refusal = &((ServiceCall *) call)->refusal;

	buffer_append_bytes(refusal, chunk);
	return buffer_result(refusal);
}

static bool
is_success(const ServiceCall *call)
{
	return call->head.status == 200;
}

static CheckedResult
begin_body(ServiceCall *call)
{
	bool success = is_success(call);

	call->body_begun = true;
	return http_body_begin(&call->body, &call->head, call->arena.source,
	                       success ? RESPONSE_SIZE_MAXIMUM : REFUSAL_SIZE_MAXIMUM,
	                       success ? call->sink.write : write_refusal,
	                       success ? call->sink.context : call);
}

static bool
take_head_line(void *context, Bytes line)
{
	ServiceCall *call = context;

	call->failure = http_response_head_line(&call->head, line);
	return result_is_ok(call->failure);
}

static bool
take_body(void *context, Bytes chunk)
{
	ServiceCall *call = context;

	call->cost.bytes_received += chunk.length;
	call->statistics->bytes_received += chunk.length;
	if (!call->body_begun)
		call->failure = begin_body(call);
	if (result_is_ok(call->failure))
		call->failure = http_body_take(&call->body, chunk);
	return result_is_ok(call->failure);
}

/* The body is whole: is it right? */
static CheckedResult
finish_body(ServiceCall *call)
{
	if (!call->body_begun)
		RETURN_IF_FAILED(begin_body(call));
	RETURN_IF_FAILED(http_body_finish(&call->body, &call->head));
	return is_success(call) ? call->sink.finish(call->sink.context) : result_ok();
}

/* What an attempt's end means */

static void
set_error(ServiceCall *call, ErrorClass class, const char *message)
{
	call->error.class = class;
	call->error.http_status = call->head.status;
	call->error.connected = call->exchange.connected;
	strlcpy(call->error.request_id, call->head.request_id, sizeof(call->error.request_id));
	strlcpy(call->error.message, message, sizeof(call->error.message));
}

/* A failure on our side of a response, or one that the response's bytes led to. */
static void
set_error_of_failure(ServiceCall *call)
{
	ResultCode code = call->failure.code;
	bool corrupt = code == RESULT_MALFORMED || code == RESULT_NOT_VERIFIED;

	set_error(call, corrupt ? ERROR_CLASS_CORRUPT : ERROR_CLASS_OTHER, call->failure.message);
}

static void
read_refusal(ServiceCall *call)
{
	service_error_parse(&call->head, buffer_bytes(&call->refusal), call->request.service,
	                    &call->error);
	call->error.connected = true;
}

static void
read_response(ServiceCall *call)
{
	if (call->exchange.end == EXCHANGE_COMPLETE)
		call->failure = finish_body(call);
	/* A refusal that is too long has said enough. */
	if (!is_success(call) && call->failure.code == RESULT_TOO_LARGE)
		call->failure = result_ok();
	if (!result_is_ok(call->failure))
		set_error_of_failure(call);
	else if (!is_success(call))
		read_refusal(call);
}

/* Fills call->error and call->failure from how the exchange ended. */
static void
judge_attempt(ServiceCall *call)
{
	call->error = (ServiceError){0};
	switch (call->exchange.end)
	{
		case EXCHANGE_COMPLETE:
		case EXCHANGE_STOPPED:
			read_response(call);
			break;
		case EXCHANGE_NOT_CONNECTED:
		case EXCHANGE_CUT_OFF:
		case EXCHANGE_UNTRUSTED:
			set_error(call, ERROR_CLASS_CONNECTION, call->exchange.message);
			break;
		case EXCHANGE_TIMED_OUT:
			set_error(call, ERROR_CLASS_TIMEOUT, call->exchange.message);
			break;
		case EXCHANGE_GARBLED:
			set_error(call, ERROR_CLASS_CORRUPT, call->exchange.message);
			break;
		case EXCHANGE_FAILED:
			call->failure = result_failed(RESULT_LIBRARY_FAILURE, "libcurl failed");
			set_error_of_failure(call);
			break;
	}
}

static void
log_attempt(const ServiceCall *call)
{
	int64 microseconds = transport_now() - call->sent_at;
	Bytes table = call->request.table;

	if (log_requests)
		ereport(LOG, (errmsg("%s %s%s%.*s: status %d, %.3f ms, attempt %d",
		                     service_display_name(call->request.service), call->request.operation,
		                     table.length > 0 ? " of table " : "", (int) table.length,
		                     table.length > 0 ? table.data : "", call->head.status,
		                     microseconds / 1000.0, call->cost.attempts),
		              errhidestmt(true), errhidecontext(true)));
}

/* Between states */

static void
release_attempt(ServiceCall *call)
{
	if (call->body_begun)
		http_body_release(&call->body);
	call->body_begun = false;
	arena_reset(&call->arena);
}

static void
finish_call(ServiceCall *call)
{
	call->state = CALL_DONE;
	call->refuser = call->request.service;
	call->refused_operation = call->request.operation;
	if (call->error.class != ERROR_CLASS_NONE)
		call->statistics->errors++;
	if (gets_credentials(call))
		call->sts_caller.ended(call->sts_caller.context);
}

static void
queue_call(ServiceCall *call)
{
	call->state = CALL_WAITING_FOR_TURN;
	dlist_push_tail(&call->client->waiting, &call->node);
	transport_timer_start(&call->client->dispatch, 0);
}

/* Ready to be sent as soon as there is room. */
static void
make_ready(void *context)
{
	ServiceCall *call = context;

	if (gets_credentials(call))
		send_or_fail(call, call->sts_caller.signer(call->sts_caller.context));
	else
		queue_call(call);
}

static void
back_off(ServiceCall *call, int64 delay_ms)
{
	call->state = CALL_BACKING_OFF;
	transport_timer_start(&call->back_off,
	                      transport_now() + delay_ms * MICROSECONDS_PER_MILLISECOND);
}

/* What to do after a failure */

/*
 * The credentials have expired earlier than they said, or are no longer known and would not have
 * said so: others may do, once.
 */
static bool
renew_credentials(ServiceCall *call)
{
	CredentialProvider *credentials;

	if (call->credentials_renewed || gets_credentials(call) || call->client->contents == NULL)
		return false;
	credentials = call->client->contents->credentials;
	if (call->error.class != ERROR_CLASS_EXPIRED_CREDENTIALS &&
	    !(call->error.class == ERROR_CLASS_CREDENTIALS && credentials_may_change(credentials)))
		return false;
	if (!credentials_can_be_refreshed(credentials))
		return false;
	call->credentials_renewed = true;
	/* Others may have heard the same before, and there are new ones already. */
	if (call->credentials_generation == credentials_generation(credentials))
		credentials_forget_found(credentials);
	return true;
}

/*
 * The service's clock is not ours: from now on requests are signed by the service's, and this one
 * is sent again, once. A wrong signature is looked at as well, since not every service gives the
 * difference of clocks a code of its own.
 */
static bool
correct_clock(ServiceCall *call)
{
	bool may_be_skewed = call->error.class == ERROR_CLASS_CLOCK_SKEW ||
	                     call->error.class == ERROR_CLASS_CREDENTIALS ||
	                     call->error.class == ERROR_CLASS_EXPIRED_CREDENTIALS;

	if (!may_be_skewed || call->clock_corrected ||
	    !service_clock_correct(call->client, call->head.date))
		return false;
	call->clock_corrected = true;
	return true;
}

/* The same request again may do something that this one may have done already. */
static bool
is_unsafe_to_repeat(const ServiceCall *call)
{
	return !call->ambiguous_retry && call->exchange.connected &&
	       error_class_is_ambiguous(call->error.class);
}

static bool
should_retry(ServiceCall *call, int64 *delay_ms)
{
	const ClientContents *contents = call->client->contents;

	/* The client's server or mapping has gone: nobody waits for this call. */
	if (contents == NULL || call->exchange.end == EXCHANGE_UNTRUSTED || is_unsafe_to_repeat(call))
		return false;
	return retry_after_failure(&call->client->retry_bucket, &call->retry,
	                           contents->options->max_attempts, call->error.class,
	                           call->head.retry_after_ms, pg_prng_double(&pg_global_prng_state),
	                           delay_ms);
}

static void
count_retry(ServiceCall *call)
{
	call->cost.retries++;
	call->statistics->retries++;
}

static void
act_on_failure(ServiceCall *call)
{
	int64 delay_ms;

	if (call->error.class == ERROR_CLASS_THROTTLED)
		call->statistics->throttles++;
	if (call->exchange.connected && error_class_is_ambiguous(call->error.class))
		call->may_have_happened = true;
	if (correct_clock(call) || renew_credentials(call))
	{
		count_retry(call);
		make_ready(call);
	}
	else if (should_retry(call, &delay_ms))
	{
		count_retry(call);
		back_off(call, delay_ms);
	}
	else
		finish_call(call);
}

static void
leave_wire(ServiceCall *call)
{
	if (gets_credentials(call))
		return;
	call->client->on_the_wire--;
	if (!dlist_is_empty(&call->client->waiting))
		transport_timer_start(&call->client->dispatch, 0);
}

/* The exchange of an attempt has ended. */
static void
end_attempt(void *context)
{
	ServiceCall *call = context;

	leave_wire(call);
	service_clock_measure(call->client, call->head.date);
	judge_attempt(call);
	release_attempt(call);
	log_attempt(call);
	if (call->error.class == ERROR_CLASS_NONE)
	{
		retry_after_success(&call->client->retry_bucket, &call->retry);
		finish_call(call);
	}
	else
		act_on_failure(call);
}

/* Sending */

static CheckedResult
sign_request(ServiceCall *call, const AwsCredentials *credentials, HttpRequest *http)
{
	const ClientContents *contents = call->client->contents;
	SigningScope scope = {
	    .region = contents->region,
	    .service = bytes_of_string(aws_service_signing_name(call->request.service)),
	    .time = service_client_time(call->client),
	};

	RETURN_IF_FAILED(service_request_to_http(&call->arena, &call->request,
	                                         &contents->endpoints[call->request.service],
	                                         contents->options->compression, http));
	/* A web identity's token stands for a signature. */
	if (credentials->access_key_id.length == 0)
		return result_ok();
	return sigv4_sign(&call->arena, http, credentials, &scope);
}

static CheckedResult
start_exchange(ServiceCall *call, const HttpRequest *http)
{
	const ServerOptions *options = call->client->contents->options;
	ExchangeSettings settings = {
	    .ca_file = options->ca_file,
	    .connect_timeout_ms = options->connect_timeout_ms,
	    .request_timeout_ms = options->request_timeout_ms,
	    .connection_group = call->client->connection_group,
	    .secret_response = aws_service_answers_secrets(call->request.service),
	};
	ExchangeHandler handler = {
	    .head_line = take_head_line,
	    .body = take_body,
	    .ended = end_attempt,
	    .context = call,
	};

	return exchange_start(&call->exchange, &call->arena, http, &settings, &handler);
}

static CheckedResult
send_attempt(ServiceCall *call, const AwsCredentials *credentials)
{
	HttpRequest http;

	http_response_head_init(&call->head);
	buffer_reset(&call->refusal);
	call->credentials_generation = credentials_generation(call->client->contents->credentials);
	RETURN_IF_FAILED(call->sink.begin(call->sink.context));
	RETURN_IF_FAILED(sign_request(call, credentials, &http));
	RETURN_IF_FAILED(start_exchange(call, &http));
	call->state = CALL_ON_THE_WIRE;
	call->sent_at = transport_now();
	call->retry.attempts++;
	call->cost.attempts++;
	call->statistics->requests++;
	call->statistics->bytes_sent += call->request.body.length;
	if (!gets_credentials(call))
		call->client->on_the_wire++;
	return result_ok();
}

static void
send_or_fail(ServiceCall *call, const AwsCredentials *credentials)
{
	call->failure = send_attempt(call, credentials);
	if (result_is_ok(call->failure))
		return;
	set_error_of_failure(call);
	release_attempt(call);
	finish_call(call);
}

static ServiceCall *
next_waiting(ServiceClient *client)
{
	ServiceCall *call = dlist_head_element(ServiceCall, node, &client->waiting);

	dlist_delete(&call->node);
	return call;
}

bool
service_calls_go_on(ServiceClient *client)
{
	ClientContents *contents = client->contents;
	const AwsCredentials *credentials =
	    credentials_current(contents->credentials, service_client_time(client));

	while (credentials != NULL && !dlist_is_empty(&client->waiting) &&
	       client->on_the_wire < contents->options->max_connections)
		send_or_fail(next_waiting(client), credentials);
	return credentials != NULL;
}

void
service_calls_look_again(ServiceClient *client)
{
	if (!dlist_is_empty(&client->waiting))
		transport_timer_start(&client->dispatch, 0);
}

/* Calls for which there are no credentials */

void
service_calls_fail_as(ServiceClient *client, const ServiceCall *failed)
{
	while (!dlist_is_empty(&client->waiting))
	{
		ServiceCall *call = next_waiting(client);

		call->error = failed->error;
		call->failure = failed->failure;
		finish_call(call);
		call->refuser = failed->refuser;
		call->refused_operation = failed->refused_operation;
	}
}

void
service_calls_fail_without_credentials(ServiceClient *client, Bytes tried, const char *hint)
{
	while (!dlist_is_empty(&client->waiting))
	{
		ServiceCall *call = next_waiting(client);
		size_t length = Min(tried.length, sizeof(call->error.message) - 1);

		call->error = (ServiceError){.class = ERROR_CLASS_NO_CREDENTIALS, .hint = hint};
		if (length > 0)
			memcpy(call->error.message, tried.data, length);
		finish_call(call);
	}
}

/* Calls that outlive the transaction they were begun in may find their server gone. */
void
service_calls_fail_as_changed(ServiceClient *client)
{
	while (!dlist_is_empty(&client->waiting))
	{
		ServiceCall *call = next_waiting(client);

		call->failure = result_failed(RESULT_INVALID_ARGUMENT,
		                              "the server or the user mapping has changed meanwhile");
		set_error_of_failure(call);
		finish_call(call);
	}
}

/* Making and giving up */

/* The call's context is going: whatever its state, nothing of it stays with others. */
static void
give_up_call(void *context)
{
	ServiceCall *call = context;

	if (call->state == CALL_ON_THE_WIRE)
		leave_wire(call);
	else if (call->state == CALL_WAITING_FOR_TURN)
		dlist_delete(&call->node);
	call->state = CALL_DONE;
	transport_timer_stop(&call->back_off);
	exchange_abandon(&call->exchange);
	release_attempt(call);
	arena_release(&call->arena);
	buffer_release(&call->refusal);
}

/* A call that has not begun, in a context of its own below CurrentMemoryContext. */
static ServiceCall *
make_call(ServiceClient *client, const ServiceRequest *request, const ResponseSink *sink)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "dynamodb_kms_fdw call", ALLOCSET_SMALL_SIZES);
	ServiceCall *call = MemoryContextAllocZero(context, sizeof(*call));
	BlockSource blocks = memory_context_blocks(context);

	call->context = context;
	call->state = CALL_DONE;
	call->client = client;
	call->request = *request;
	call->sink = *sink;
	call->statistics = service_client_statistics(client, request->service, request->operation);
	call->back_off = (TransportTimer){.expired = make_ready, .context = call};
	arena_init(&call->arena, blocks, ARENA_SECRET, REQUEST_ARENA_MAXIMUM);
	buffer_init(&call->refusal, blocks, ARENA_PLAIN, REFUSAL_SIZE_MAXIMUM);
	call->give_up = (MemoryContextCallback){.func = give_up_call, .arg = call};
	MemoryContextRegisterResetCallback(context, &call->give_up);
	return call;
}

ServiceCall *
sts_call_create(ServiceClient *client, const StsCaller *caller, const ResponseSink *sink)
{
	ServiceRequest request = {.service = AWS_STS, .operation = "AssumeRoleWithWebIdentity"};
	ServiceCall *call;

	/* Counters of all its operations, while that may throw. */
	(void) service_client_statistics(client, AWS_STS, request.operation);
	request.operation = "AssumeRole";
	call = make_call(client, &request, sink);
	call->sts_caller = *caller;
	call->ambiguous_retry = true;
	return call;
}

void
sts_call_send(ServiceCall *call, const char *operation, Bytes body)
{
	call->request.operation = operation;
	call->request.body = body;
	call->statistics = service_client_statistics(call->client, AWS_STS, operation);
	call->retry = (RetryState){0};
	call->clock_corrected = false;
	make_ready(call);
}

ServiceCall *
service_call_start(ServiceClient *client, const ServiceRequest *request, const ResponseSink *sink,
                   bool ambiguous_retry)
{
	return service_call_start_after(client, request, sink, ambiguous_retry, 0);
}

ServiceCall *
service_call_start_after(ServiceClient *client, const ServiceRequest *request,
                         const ResponseSink *sink, bool ambiguous_retry, int64 delay_ms)
{
	ServiceCall *call = make_call(client, request, sink);

	call->ambiguous_retry = ambiguous_retry;
	if (delay_ms > 0)
		back_off(call, delay_ms);
	else
		make_ready(call);
	transport_serve();
	return call;
}

void
service_call_release(ServiceCall *call)
{
	MemoryContextDelete(call->context);
}

/* Progress */

bool
service_call_is_done(const ServiceCall *call)
{
	return call->state == CALL_DONE;
}

void
service_calls_serve(void)
{
	transport_serve();
}

/* Outcome */

const ServiceError *
service_call_error(const ServiceCall *call)
{
	return call->error.class == ERROR_CLASS_NONE ? NULL : &call->error;
}

const ServiceError *
service_call_refusal(const ServiceCall *call)
{
	bool of_request = result_is_ok(call->failure) && call->refuser == call->request.service;

	return of_request ? service_call_error(call) : NULL;
}

void
service_call_report(const ServiceCall *call, const char *sentence)
{
	if (call->error.class == ERROR_CLASS_OTHER && !result_is_ok(call->failure))
		report_result(call->failure, psprintf("complete %s %s", service_display_name(call->refuser),
		                                      call->refused_operation));
	report_refusal(call->refuser, call->refused_operation, &call->error,
	               call->refuser == call->request.service ? call->request.key : BYTES_EMPTY,
	               sentence);
}

void
service_call_check(const ServiceCall *call)
{
	if (call->error.class != ERROR_CLASS_NONE)
		service_call_report(call, NULL);
}

bool
service_call_may_have_happened(const ServiceCall *call)
{
	return call->may_have_happened || call->state == CALL_ON_THE_WIRE;
}

int64
service_call_sent_at(const ServiceCall *call)
{
	return call->sent_at;
}

ServiceCallCost
service_call_cost(const ServiceCall *call)
{
	return call->cost;
}

void
service_call_count_capacity(ServiceCall *call, double capacity_units)
{
	call->statistics->capacity_units += capacity_units;
}
