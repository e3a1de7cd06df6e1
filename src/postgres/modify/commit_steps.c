/*
 * commit_steps.c
 *		The order of what is left to the end of a transaction.
 *
 * PostgreSQL calls first what was registered last, so the steps are registered as one.
 */
#include "postgres.h"

#include "access/xact.h"

#include "postgres/compat.h"

#include "postgres/modify/commit_steps.h"

static XactCallback transaction_steps[COMMIT_STEP_COUNT];

static void
end_transaction(XactEvent event, void *unused)
{
	for (int step = 0; step < COMMIT_STEP_COUNT; step++)
	{
		if (transaction_steps[step] != NULL)
			transaction_steps[step](event, NULL);
	}
}

void
commit_step_register(CommitStep step, XactCallback transaction, SubXactCallback subtransaction)
{
	static bool registered = false;

	if (transaction_steps[step] != NULL)
		return;
	if (!registered)
		RegisterXactCallback(end_transaction, NULL);
	registered = true;
	RegisterSubXactCallback(subtransaction, NULL);
	transaction_steps[step] = transaction;
}
