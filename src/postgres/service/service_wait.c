/*
 * service_wait.c
 *		Waiting for calls: for one, for any, for all but not for long, for the whole of an answer.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "postgres/compat.h"
#include "postgres/memory.h"
#include "postgres/service/service_call.h"
#include "postgres/service/transport.h"

static bool
call_is_done(void *call)
{
	return service_call_is_done(call);
}

void
service_call_wait(ServiceCall *call)
{
	transport_wait(call_is_done, call);
}

typedef struct CallList
{
	ServiceCall *const *calls;
	int count;
} CallList;

/* Also true of a list without calls, for which nothing is to be waited. */
static bool
any_call_is_done(void *context)
{
	const CallList *list = context;
	bool any = false;

	for (int i = 0; i < list->count; i++)
	{
		if (list->calls[i] == NULL)
			continue;
		if (service_call_is_done(list->calls[i]))
			return true;
		any = true;
	}
	return !any;
}

void
service_call_wait_any(ServiceCall *const *calls, int count)
{
	CallList list = {calls, count};

	transport_wait(any_call_is_done, &list);
}

/* Calls that are waited for, but not for ever. */
typedef struct BriefWait
{
	CallList list;
	bool is_late;
	TransportTimer timer;
} BriefWait;

static void
note_late(void *wait)
{
	((BriefWait *) wait)->is_late = true;
}

static bool
brief_wait_is_over(void *context)
{
	const BriefWait *wait = context;

	if (wait->is_late || QueryCancelPending || ProcDiePending)
		return true;
	for (int i = 0; i < wait->list.count; i++)
	{
		if (wait->list.calls[i] != NULL && !service_call_is_done(wait->list.calls[i]))
			return false;
	}
	return true;
}

void
service_calls_wait_briefly(ServiceCall *const *calls, int count, int milliseconds)
{
	BriefWait wait = {.list = {calls, count}, .timer = {.expired = note_late}};
	MemoryContext caller = CurrentMemoryContext;

	wait.timer.context = &wait;
	transport_timer_start(&wait.timer,
	                      transport_now() + milliseconds * MICROSECONDS_PER_MILLISECOND);
	PG_TRY();
	{
		transport_wait(brief_wait_is_over, &wait);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	transport_timer_stop(&wait.timer);
}

/* Calls whose answer is small */

static CheckedResult
begin_collecting(void *answer)
{
	buffer_reset(answer);
	return result_ok();
}

static CheckedResult
collect(void *answer, Bytes chunk)
{
	buffer_append_bytes(answer, chunk);
	return buffer_result(answer);
}

static CheckedResult
finish_collecting(void *answer)
{
	return buffer_result(answer);
}

ResponseSink
collecting_sink(ByteBuffer *answer)
{
	return (ResponseSink){begin_collecting, collect, finish_collecting, answer};
}

bool
service_call_answer_after(ServiceClient *client, const ServiceRequest *request, int64 delay_ms,
                          Size maximum, uint32 expected, Bytes *answer, ServiceError *refusal)
{
	ByteBuffer *collected = palloc(sizeof(*collected));
	ResponseSink sink = collecting_sink(collected);
	const ServiceError *error;
	ServiceCall *call;
	bool refused;

	buffer_init(collected, memory_context_blocks(CurrentMemoryContext), ARENA_PLAIN, maximum);
	call = service_call_start_after(client, request, &sink, true, delay_ms);
	service_call_wait(call);
	error = service_call_refusal(call);
	refused = error != NULL && (expected & ERROR_CLASS_BIT(error->class)) != 0;
	if (refused)
	{
		*refusal = *error;
		refusal->item = BYTES_EMPTY;
		refusal->cancellation_reasons = BYTES_EMPTY;
		refusal->throttling_reasons = BYTES_EMPTY;
	}
	else
		service_call_check(call);
	service_call_release(call);
	*answer = buffer_bytes(collected);
	return !refused;
}

bool
service_call_answer_unless(ServiceClient *client, const ServiceRequest *request, Size maximum,
                           uint32 expected, Bytes *answer, ServiceError *refusal)
{
	return service_call_answer_after(client, request, 0, maximum, expected, answer, refusal);
}

Bytes
service_call_answer(ServiceClient *client, const ServiceRequest *request, Size maximum)
{
	Bytes answer;

	(void) service_call_answer_unless(client, request, maximum, 0, &answer, NULL);
	return answer;
}
