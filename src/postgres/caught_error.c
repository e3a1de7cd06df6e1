/*
 * caught_error.c
 *		An error that is caught, so that what else is under way is waited for before it goes on.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/caught_error.h"

static bool
ends_waiting(int sqlstate)
{
	return sqlstate == ERRCODE_QUERY_CANCELED || sqlstate == ERRCODE_ADMIN_SHUTDOWN ||
	       sqlstate == ERRCODE_CRASH_SHUTDOWN;
}

ErrorData *
caught_error_take(MemoryContext context)
{
	ErrorData *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	return error;
}

bool
caught_error_ends_waiting(const ErrorData *error)
{
	return ends_waiting(error->sqlerrcode);
}

void
caught_error_add(ErrorData *error, char *sentence)
{
	error->detail = error->detail == NULL ? sentence : psprintf("%s %s", error->detail, sentence);
}

void
proceed_quietly(void (*proceed)(void *place), void *place)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		proceed(place);
	}
	PG_CATCH();
	{
		if (ends_waiting(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
}
