/*
 * session_count.c
 *		Counts in a process's own memory, and in the session's.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/session.h"

#include "postgres/compat.h"

#include "postgres/session_count.h"

int64
session_count_add(SessionCount *count, int64 number)
{
	if (count->shared != NULL)
		return (int64) pg_atomic_add_fetch_u64(count->shared, number);
	count->own += number;
	return count->own;
}

void
session_count_clear(SessionCount *count)
{
	count->own = 0;
	if (count->shared != NULL)
		pg_atomic_write_u64(count->shared, 0);
}

dsa_pointer
session_count_share(SessionCount *count)
{
	if (count->shared != NULL)
		return count->place;
	count->place = dsa_allocate(CurrentSession->area, sizeof(*count->shared));
	count->shared = dsa_get_address(CurrentSession->area, count->place);
	pg_atomic_init_u64(count->shared, count->own);
	return count->place;
}

void
session_count_join(SessionCount *count, dsa_pointer place)
{
	count->place = place;
	count->shared = dsa_get_address(CurrentSession->area, place);
}

void
session_count_unshare(SessionCount *count)
{
	if (count->shared == NULL || IsParallelWorker())
		return;
	count->own = (int64) pg_atomic_read_u64(count->shared);
	count->shared = NULL;
	dsa_free(CurrentSession->area, count->place);
}
