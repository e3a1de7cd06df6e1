/*
 * async_scan.h
 *		Scans of several tables below one Append, which proceed together.
 */
#ifndef POSTGRES_SCAN_ASYNC_SCAN_H
#define POSTGRES_SCAN_ASYNC_SCAN_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "postgres/compat.h"

extern void dynamodbForeignAsyncRequest(AsyncRequest *request);
extern void dynamodbForeignAsyncConfigureWait(AsyncRequest *request);
extern void dynamodbForeignAsyncNotify(AsyncRequest *request);

#endif
