/*
 * queue_description.h
 *		What SQS says of a queue, asked for once a minute at most.
 */
#ifndef POSTGRES_QUEUE_QUEUE_DESCRIPTION_H
#define POSTGRES_QUEUE_QUEUE_DESCRIPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/sqs.h"
#include "postgres/options/options.h"
#include "postgres/service/service_call.h"

/* Attributes are unknown to a role that may not read them. */
typedef struct QueueDescription
{
	Bytes url;
	Bytes name;             /* for people */
	int visibility_seconds; /* -1: unknown */
	int64 messages;         /* about as many can be received; -1: unknown */
	Bytes kms_key_id;       /* no bytes: unknown, SQS's own, or none */
	bool is_fifo;
} QueueDescription;

/*
 * The description of the queue that the options name; valid to the end of the transaction. Errors:
 * HV00R when there is no such queue, and those of calls.
 */
extern const QueueDescription *queue_description_get(ServiceClient *client,
                                                     const TableOptions *options);

/* The queue's key, where it is the reason of the refusal; else no bytes. */
extern Bytes queue_key_of_refusal(const QueueDescription *queue, const ServiceError *error);

/*
 * Reports the failure of a call about the queue, if it failed; where the queue's key is the reason,
 * with the key.
 */
extern void queue_check_call(const QueueDescription *queue, const char *operation,
                             const ServiceCall *call);

/* The same of a call that has failed, with a sentence (NULL: none) behind the detail. */
pg_noreturn extern void queue_report_call(const QueueDescription *queue, const char *operation,
                                          const ServiceCall *call, const char *sentence);

#endif
