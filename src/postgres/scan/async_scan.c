/*
 * async_scan.c
 *		What an Append asks of its scans: a row, or what to wait for until there is one.
 *
 * All requests of a backend are served together, and whoever serves them may bring what another
 * scan waits for. So before an Append waits, each scan looks whether its next row has come in the
 * meantime, and then has the wait end at once.
 *
 * An Append takes every descriptor once, so each scan has a copy of its own of the transport's.
 */
#include "postgres.h"

#include "executor/execAsync.h"
#include "storage/latch.h"

#include "postgres/compat.h"

#include "postgres/scan/async_scan.h"
#include "postgres/scan/scan.h"
#include "postgres/service/transport.h"

/*
 * Gives the next row, or none at the end, if the scan need not wait for it. Rows that a local
 * condition rejects may make it wait all the same, while the others' requests are served, too.
 */
static void
answer(AsyncRequest *request)
{
	PlanState *scan = request->requestee;
	TupleTableSlot *slot;

	if (!dynamodb_scan_is_ready((ForeignScanState *) scan))
	{
		ExecAsyncRequestPending(request);
		return;
	}
	slot = scan->ExecProcNodeReal(scan);
	ExecAsyncRequestDone(request, TupIsNull(slot) ? NULL : slot);
}

void
dynamodbForeignAsyncRequest(AsyncRequest *request)
{
	answer(request);
}

void
dynamodbForeignAsyncConfigureWait(AsyncRequest *request)
{
	ForeignScanState *scan = (ForeignScanState *) request->requestee;
	AppendState *append = (AppendState *) request->requestor;
	bool ready = dynamodb_scan_is_ready(scan);

	AddWaitEventToSet(append->as_eventset, WL_SOCKET_READABLE, dynamodb_scan_descriptor(scan), NULL,
	                  request);
	transport_expect_wait(ready);
}

void
dynamodbForeignAsyncNotify(AsyncRequest *request)
{
	answer(request);
}
