/*
 * table_description.h
 *		What DynamoDB says of its tables, kept by each backend for a while.
 */
#ifndef POSTGRES_RELATION_TABLE_DESCRIPTION_H
#define POSTGRES_RELATION_TABLE_DESCRIPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/dynamodb.h"
#include "postgres/service/service_call.h"

/* How long a description is used before it is asked for again. */
#define TABLE_DESCRIPTION_AGE_MS (5 * 60 * 1000)

/*
 * The table's description, from this backend's cache if it is young enough and neither the server
 * nor a user mapping changed since, else from DescribeTable. Borrowed until the end of the
 * transaction.
 *
 * NULL when the table does not exist or the caller may not describe it: `refusal` then holds the
 * service's words, of class NOT_FOUND or ACCESS_DENIED. Other refusals are reported.
 */
extern const TableDescription *table_description_find(ServiceClient *client, const char *table_name,
                                                      ServiceError *refusal);

/* Drops it from the cache: the service contradicted it. What was borrowed stays valid. */
extern void table_description_forget(ServiceClient *client, const char *table_name);

/*
 * The attribute by which the table's items expire, from the cache or from DescribeTimeToLive; no
 * bytes when they do not expire, or when the table does not exist. A service that may not tell
 * gives a WARNING, once for as long as the description is kept, and no bytes. Borrowed until the
 * end of the transaction.
 */
extern Bytes table_ttl_attribute(ServiceClient *client, const char *table_name);

/* The index of that name; NULL when there is none. */
extern const IndexDescription *table_index(const TableDescription *description, Bytes name);

#endif
