/*
 * stream_description.h
 *		What DynamoDB Streams says of a table's change stream, asked for anew each time.
 */
#ifndef POSTGRES_STREAM_STREAM_DESCRIPTION_H
#define POSTGRES_STREAM_STREAM_DESCRIPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb_streams.h"
#include "postgres/service/service_call.h"

/* The ARN of the table's latest stream, palloc'd; NULL when it has none. Errors are reported. */
extern char *stream_find(ServiceClient *client, const char *table_name);

/* The same where there must be one: HV00R. */
extern char *stream_get(ServiceClient *client, const char *table_name);

/* True when the table has a stream now that changes go to. Errors are reported. */
extern bool stream_is_enabled(ServiceClient *client, const char *table_name);

/*
 * Gives the table a stream of both images, and waits until it is there. A cancel ends the waiting,
 * not the stream. Errors are reported.
 */
extern void stream_enable(ServiceClient *client, const char *table_name);

/* The stream with all of its shards, in CurrentMemoryContext. Errors are reported. */
extern const StreamDescription *stream_describe(ServiceClient *client, const char *stream_arn);

#endif
