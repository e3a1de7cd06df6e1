/*
 * commit_steps.c
 *		The order of what is left to the end of a transaction.
 *
 * PostgreSQL calls first what was registered last.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/commit_steps.h"
#include "postgres/pending_sends.h"
#include "postgres/pending_writes.h"
#include "postgres/queue_receipts.h"

void
commit_steps_register(void)
{
	static bool registered = false;

	if (registered)
		return;
	pending_sends_register();
	pending_writes_register();
	receipts_register();
	registered = true;
}
