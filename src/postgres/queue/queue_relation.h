/*
 * queue_relation.h
 *		What a foreign table over a queue is: its columns, and the queue behind it.
 */
#ifndef POSTGRES_QUEUE_QUEUE_RELATION_H
#define POSTGRES_QUEUE_QUEUE_RELATION_H

#include "postgres.h"

#include "utils/relcache.h"

#include "postgres/compat.h"

#include "postgres/datum/datum.h"
#include "postgres/options/options.h"
#include "postgres/queue/queue_description.h"
#include "postgres/service/service_call.h"

/* Bytes of a name of the queue's or a message's that errors show. */
#define SHOWN_NAME_MAXIMUM 256

typedef struct QueueColumn
{
	AttrNumber number;
	bool live; /* not dropped; the other fields are set only then */
	const char *name;
	Oid type;
	int32 type_modifier;
	QueueRole role;
	Bytes attribute_name;         /* of QUEUE_MESSAGE_ATTRIBUTE, UTF-8 */
	ColumnConversion *conversion; /* NULL: the column is JSON */
	bool is_jsonb;                /* of such a column: else it is json */
} QueueColumn;

typedef struct QueueRelation
{
	Oid id;
	const char *name;
	Oid server_id;
	TableOptions *options;
	const ServerOptions *server_options;
	ServiceClient *client;
	const QueueDescription *queue; /* the transaction's */
	QueueColumn *columns;          /* column number n is columns[n - 1] */
	int column_count;
} QueueRelation;

/*
 * Opens the foreign table as `user_id` sees it, all in CurrentMemoryContext. Errors: HV004 for a
 * column whose type cannot hold what its role says, HV024 for a column without a role or a
 * wait_time that no request lasts, HV00R for a queue that does not exist.
 */
extern QueueRelation *queue_relation_open(Oid relation_id, Oid user_id);

/* The queue's name, for people; palloc'd. */
extern char *queue_relation_queue_name(const QueueRelation *relation);

/* The same without asking anybody. */
extern char *queue_name_of_options(const TableOptions *options);

#endif
