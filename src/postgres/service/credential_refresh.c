/*
 * credential_refresh.c
 *		Files, metadata services, STS and commands, as a chain of credentials asks for them.
 *
 * After its first step everything here happens while transport.c serves, so nothing throws.
 */
#include "postgres.h"

#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/service/child_process.h"
#include "postgres/service/credential_refresh.h"
#include "postgres/service/exchange.h"
#include "postgres/service/secret_file.h"
#include "postgres/service/service_call_queue.h"
#include "postgres/service/service_clock.h"
#include "postgres/settings.h"

/* Bytes that the answer to a step may have: a file, with room for the last read. */
#define ANSWER_MAXIMUM (CREDENTIAL_FILE_MAXIMUM + (size_t) 64 * 1024)

/* Bytes that URL and headers of a request may take, twice. */
#define REQUEST_MAXIMUM ((size_t) 256 * 1024)

/* Seconds before what failed, or led to no better, is tried again while the old credentials do. */
#define REFRESH_PAUSE_SECONDS 60

/* Between attempts of a request to a metadata service. */
#define ATTEMPT_PAUSE_MICROSECONDS INT64CONST(500000)

#define REASON_SIZE 320

#define HTTP_TOO_MANY_REQUESTS 429

struct CredentialRefresh
{
	ServiceClient *client;
	ClientContents *contents;
	CredentialChain *chain; /* NULL while no refresh is under way */
	int64 not_before;       /* seconds since 1970, by the service's clock */
	ByteBuffer answer;      /* to the step at hand */
	ServiceCall *sts;
	Arena request; /* of the exchange */
	Exchange exchange;
	HttpResponseHead head;
	CheckedResult failure; /* of a response's bytes */
	int attempts;          /* of the request at hand */
	TransportTimer pause;
	ChildProcess child;
};

static void take_steps(CredentialRefresh *refresh);

/* The end of a refresh */

static void
end_chain(CredentialRefresh *refresh)
{
	refresh->chain = NULL;
	credentials_end_chain(refresh->contents->credentials);
	buffer_release(&refresh->answer);
	arena_release(&refresh->request);
}

/*
 * When to look for new credentials next, though the present ones may last for a short time only: if
 * that is all there is to have, asking at every turn gives no more.
 */
static int64
next_refresh(const CredentialRefresh *refresh, int64 now, bool replaced)
{
	const CredentialProvider *provider = refresh->contents->credentials;

	if (!replaced || credentials_state(provider, now) == CREDENTIALS_USABLE)
		return 0;
	return now +
	       Max(REFRESH_PAUSE_SECONDS, (credentials_current(provider, now)->expires_at - now) / 2);
}

/* The chain has found something: it serves from now on, if it still is good. */
static void
keep_found(CredentialRefresh *refresh)
{
	CredentialProvider *provider = refresh->contents->credentials;
	int64 now = service_client_time(refresh->client);
	bool replaced = credentials_current(provider, now) != NULL;
	CheckedResult result = credentials_keep_found(provider, now);

	refresh->not_before =
	    result_is_ok(result) ? next_refresh(refresh, now, replaced) : now + REFRESH_PAUSE_SECONDS;
	end_chain(refresh);
	/* Those that waited go out with what there is, however soon that expires. */
	if (!service_calls_go_on(refresh->client))
		service_calls_fail_without_credentials(refresh->client, bytes_of_string(result.message),
		                                       NULL);
}

/* Without new credentials the old ones serve as long as they are good. */
static void
end_without(CredentialRefresh *refresh)
{
	refresh->not_before = service_client_time(refresh->client) + REFRESH_PAUSE_SECONDS;
	if (!service_calls_go_on(refresh->client))
		service_calls_fail_without_credentials(
		    refresh->client, credential_chain_tried(refresh->chain), refresh->chain->hint);
	end_chain(refresh);
}

/* A step gave nothing. */
static void
miss(CredentialRefresh *refresh, const char *reason)
{
	credential_chain_miss(refresh->chain, reason);
	take_steps(refresh);
}

/* Files */

static void
read_file(CredentialRefresh *refresh)
{
	const char *failure = secret_file_read(refresh->chain->step.file_name, &refresh->answer);
	CheckedResult result = result_ok();

	if (failure == NULL)
		result = credential_chain_take(refresh->chain, buffer_bytes(&refresh->answer));
	if (failure != NULL || !result_is_ok(result))
		credential_chain_miss(refresh->chain, failure != NULL ? failure : result.message);
}

/* Metadata services */

static bool
take_head_line(void *context, Bytes line)
{
	CredentialRefresh *refresh = context;

	refresh->failure = http_response_head_line(&refresh->head, line);
	return result_is_ok(refresh->failure);
}

static bool
take_body(void *context, Bytes chunk)
{
	CredentialRefresh *refresh = context;

	buffer_append_bytes(&refresh->answer, chunk);
	refresh->failure = buffer_result(&refresh->answer);
	return result_is_ok(refresh->failure);
}

static void
log_request(const CredentialRefresh *refresh)
{
	const HttpRequest *request = &refresh->chain->step.request;

	if (log_requests)
		ereport(LOG, (errmsg("credentials: %s of %.*s: status %d", request->method,
		                     (int) request->host.length, request->host.data, refresh->head.status),
		              errhidestmt(true), errhidecontext(true)));
}

/* Why the exchange that has ended gives no answer; false when it gives one. */
static bool
has_no_answer(CredentialRefresh *refresh, char *reason)
{
	if (!result_is_ok(refresh->failure))
		strlcpy(reason, refresh->failure.message, REASON_SIZE);
	else if (refresh->exchange.end != EXCHANGE_COMPLETE)
		strlcpy(reason, refresh->exchange.message, REASON_SIZE);
	else if (refresh->head.status != 200)
		snprintf(reason, REASON_SIZE, "HTTP status %d", refresh->head.status);
	else
		return false;
	return true;
}

/* Whether the same request, sent again, may be answered. */
static bool
may_ask_again(const CredentialRefresh *refresh)
{
	const CredentialStep *step = &refresh->chain->step;
	int status = refresh->exchange.end == EXCHANGE_COMPLETE ? refresh->head.status : 0;

	if (refresh->attempts >= step->attempts)
		return false;
	if (step->may_be_absent && !refresh->exchange.connected)
		return false;
	/* Other statuses of this kind are meant. */
	return status < 400 || status >= 500 || status == HTTP_TOO_MANY_REQUESTS;
}

static void
end_request(void *context)
{
	CredentialRefresh *refresh = context;
	char reason[REASON_SIZE];

	log_request(refresh);
	if (!has_no_answer(refresh, reason))
	{
		CheckedResult result =
		    credential_chain_take(refresh->chain, buffer_bytes(&refresh->answer));

		if (result_is_ok(result))
		{
			take_steps(refresh);
			return;
		}
		strlcpy(reason, result.message, sizeof(reason));
	}
	if (may_ask_again(refresh))
		transport_timer_start(&refresh->pause, transport_now() + ATTEMPT_PAUSE_MICROSECONDS);
	else
		miss(refresh, reason);
}

static void
send_request(void *context)
{
	CredentialRefresh *refresh = context;
	const CredentialStep *step = &refresh->chain->step;
	ExchangeSettings settings = {
	    .ca_file = refresh->contents->options->ca_file,
	    .connect_timeout_ms = step->timeout_ms,
	    .request_timeout_ms = step->timeout_ms,
	    .connection_group = refresh->client->connection_group,
	    .secret_response = true,
	};
	ExchangeHandler handler = {take_head_line, take_body, end_request, refresh};
	CheckedResult result;

	http_response_head_init(&refresh->head);
	buffer_reset(&refresh->answer);
	arena_reset(&refresh->request);
	refresh->failure = result_ok();
	refresh->attempts++;
	result =
	    exchange_start(&refresh->exchange, &refresh->request, &step->request, &settings, &handler);
	if (!result_is_ok(result))
		miss(refresh, result.message);
}

/* STS */

static CheckedResult
begin_sts_answer(void *refresh)
{
	buffer_reset(&((CredentialRefresh *) refresh)->answer);
	return result_ok();
}

static CheckedResult
write_sts_answer(void *refresh, Bytes chunk)
{
	ByteBuffer *answer = &((CredentialRefresh *) refresh)->answer;

	buffer_append_bytes(answer, chunk);
	return buffer_result(answer);
}

static CheckedResult
finish_sts_answer(void *context)
{
	CredentialRefresh *refresh = context;

	return credential_chain_take(refresh->chain, buffer_bytes(&refresh->answer));
}

static void
call_sts(CredentialRefresh *refresh)
{
	const CredentialStep *step = &refresh->chain->step;

	if (refresh->contents->endpoints[AWS_STS].host.length == 0)
		miss(refresh, "the server has neither a region nor an endpoint for STS");
	else
		sts_call_send(refresh->sts, step->operation, step->body);
}

/* What the call at hand is signed with. */
static const AwsCredentials *
signer_of_step(void *refresh)
{
	return &((CredentialRefresh *) refresh)->chain->step.credentials;
}

/* Every call that waits gets an error of STS as its own. */
static void
end_sts_call(void *context)
{
	CredentialRefresh *refresh = context;

	if (service_call_error(refresh->sts) == NULL)
	{
		take_steps(refresh);
		return;
	}
	refresh->not_before = service_client_time(refresh->client) + REFRESH_PAUSE_SECONDS;
	end_chain(refresh);
	if (!service_calls_go_on(refresh->client))
		service_calls_fail_as(refresh->client, refresh->sts);
}

/* Commands */

static void
end_command(void *context)
{
	CredentialRefresh *refresh = context;
	CheckedResult result;

	if (refresh->child.failure[0] != '\0')
	{
		miss(refresh, refresh->child.failure);
		return;
	}
	result = credential_chain_take(refresh->chain, buffer_bytes(&refresh->answer));
	if (result_is_ok(result))
		take_steps(refresh);
	else
		miss(refresh, result.message);
}

static void
run_command(CredentialRefresh *refresh)
{
	if (!child_process_start(&refresh->child, refresh->chain->step.command, &refresh->answer,
	                         refresh->contents->options->request_timeout_ms, end_command, refresh))
		miss(refresh, refresh->child.failure);
}

/* The chain */

/* Takes steps up to one that has to be waited for, or the end. */
static void
take_steps(CredentialRefresh *refresh)
{
	buffer_reset(&refresh->answer);
	refresh->attempts = 0;
	while (refresh->chain->step.kind == CREDENTIAL_STEP_READ_FILE)
	{
		read_file(refresh);
		buffer_reset(&refresh->answer);
	}
	switch (refresh->chain->step.kind)
	{
		case CREDENTIAL_STEP_DONE:
			keep_found(refresh);
			break;
		case CREDENTIAL_STEP_HTTP:
			send_request(refresh);
			break;
		case CREDENTIAL_STEP_STS:
			call_sts(refresh);
			break;
		case CREDENTIAL_STEP_PROCESS:
			run_command(refresh);
			break;
		default:
			end_without(refresh);
			break;
	}
}

bool
credential_refresh_is_running(const CredentialRefresh *refresh)
{
	return refresh->chain != NULL;
}

void
credential_refresh_as_needed(CredentialRefresh *refresh, int64 now)
{
	CredentialProvider *provider = refresh->contents->credentials;

	if (refresh->chain != NULL || credentials_state(provider, now) == CREDENTIALS_USABLE)
		return;
	if (credentials_current(provider, now) != NULL && now < refresh->not_before)
		return;
	refresh->chain = credentials_begin_chain(provider);
	take_steps(refresh);
}

CredentialRefresh *
credential_refresh_create(ServiceClient *client, ClientContents *contents)
{
	MemoryContext previous = MemoryContextSwitchTo(contents->context);
	CredentialRefresh *refresh = palloc0(sizeof(*refresh));
	ResponseSink sink = {begin_sts_answer, write_sts_answer, finish_sts_answer, refresh};
	StsCaller caller = {signer_of_step, end_sts_call, refresh};
	BlockSource blocks = memory_context_blocks(contents->context);

	refresh->client = client;
	refresh->contents = contents;
	refresh->pause = (TransportTimer){.expired = send_request, .context = refresh};
	buffer_init(&refresh->answer, blocks, ARENA_SECRET, ANSWER_MAXIMUM);
	arena_init(&refresh->request, blocks, ARENA_SECRET, REQUEST_MAXIMUM);
	refresh->sts = sts_call_create(client, &caller, &sink);
	MemoryContextSwitchTo(previous);
	return refresh;
}

/* Stops whatever the step at hand is. */
static void
stop_step(CredentialRefresh *refresh)
{
	exchange_abandon(&refresh->exchange);
	transport_timer_stop(&refresh->pause);
	child_process_stop(&refresh->child);
}

void
credential_refresh_stop(CredentialRefresh *refresh)
{
	stop_step(refresh);
	service_call_release(refresh->sts);
	if (refresh->chain != NULL)
		end_chain(refresh);
}

void
credential_refresh_interrupt(CredentialRefresh *refresh)
{
	if (refresh->chain == NULL || !refresh->child.running)
		return;
	stop_step(refresh);
	end_chain(refresh);
	service_calls_look_again(refresh->client);
}
