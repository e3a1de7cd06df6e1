/*
 * dynamodb_write.h
 *		DynamoDB's writes: the bodies of their requests, and what their refusals say of items.
 *
 * The builders keep to the rules of dynamodb.h. Successful answers (returned attributes, consumed
 * capacity, unprocessed items) are read by item/page_decoder.h.
 */
#ifndef AWS_DYNAMODB_WRITE_H
#define AWS_DYNAMODB_WRITE_H

#include "aws/service.h"
#include "foundation/buffer.h"
#include "item/attribute_change.h"
#include "item/condition.h"

/* Limits of DynamoDB's on one request. */
#define BATCH_WRITE_ITEMS_MAXIMUM    25
#define BATCH_WRITE_BYTES_MAXIMUM    ((size_t) 16 * 1024 * 1024) /* of the whole body */
#define TRANSACTION_ITEMS_MAXIMUM    100
#define TRANSACTION_BYTES_MAXIMUM    ((size_t) 4 * 1024 * 1024)
#define CLIENT_REQUEST_TOKEN_MAXIMUM 36 /* characters */
#define CLIENT_REQUEST_TOKEN_LIFE_MS (10 * 60 * 1000)

typedef enum ItemWriteAction
{
	ITEM_WRITE_PUT,    /* the whole item, in place of what is there */
	ITEM_WRITE_UPDATE, /* changes of the item of that key, which is made if it is not there */
	ITEM_WRITE_DELETE,
	ITEM_WRITE_CHECK /* nothing but the condition; only in a transaction */
} ItemWriteAction;

/* One write of one item. Everything is borrowed. */
typedef struct ItemWrite
{
	ItemWriteAction action;
	Bytes table_name;
	DynamodbItem key;               /* exactly the table's key attributes; not for PUT */
	DynamodbItem item;              /* PUT */
	const AttributeChange *changes; /* UPDATE */
	size_t change_count;
	const Condition *condition; /* NULL: none. Must be NULL in a batch */
} ItemWrite;

/* "PutItem", "UpdateItem", "DeleteItem"; for CHECK "ConditionCheck". Static. */
extern const char *item_write_operation(ItemWriteAction action);

typedef enum ReturnedAttributes
{
	RETURN_NO_ATTRIBUTES,
	RETURN_OLD_ATTRIBUTES, /* ALL_OLD: the item as it was */
	RETURN_NEW_ATTRIBUTES  /* ALL_NEW, UpdateItem only: as it is now */
} ReturnedAttributes;

/*
 * PutItem, UpdateItem or DeleteItem; with a condition also ReturnValuesOnConditionCheckFailure
 * ALL_OLD. All writes ask for ReturnConsumedCapacity=TOTAL.
 */
extern CheckedResult dynamodb_write_item(Arena *arena, const ItemWrite *write,
                                         ReturnedAttributes returned, ByteBuffer *body) MUST_CHECK;

/*
 * BatchWriteItem of PUTs and DELETEs, at most BATCH_WRITE_ITEMS_MAXIMUM; RESULT_INVALID_ARGUMENT
 * for anything else. Writes of several tables may be mixed. That no two are of one key, which
 * DynamoDB refuses, is the caller's business.
 */
extern CheckedResult dynamodb_write_batch(const ItemWrite *writes, size_t count,
                                          ByteBuffer *body) MUST_CHECK;

/*
 * Bytes by which a write makes the body of a BatchWriteItem longer, for a caller that fills
 * batches. The sum for all writes of a batch is what its body has at least, and
 * BATCH_ENVELOPE_MAXIMUM more is what it has at most.
 */
extern size_t item_write_batch_size(const ItemWrite *write);

#define BATCH_ENVELOPE_MAXIMUM ((size_t) 8 * 1024)

/* The BatchWriteItem that sends `unprocessed`, the UnprocessedItems of an answer, again. */
extern CheckedResult dynamodb_write_batch_again(Bytes unprocessed, ByteBuffer *body) MUST_CHECK;

/*
 * TransactWriteItems, with ReturnValuesOnConditionCheckFailure ALL_OLD for each condition.
 * RESULT_INVALID_ARGUMENT for 0 or too many actions, an UPDATE without changes, a CHECK without
 * condition, and a token of 0 or too many bytes.
 */
extern CheckedResult dynamodb_write_transaction(Arena *arena, const ItemWrite *writes, size_t count,
                                                Bytes client_request_token,
                                                ByteBuffer *body) MUST_CHECK;

/*
 * The bytes the write counts for against TRANSACTION_BYTES_MAXIMUM: item or key as they are stored,
 * the expressions, and the names and values as often as they use them. Scratch memory is from the
 * arena. Fails as writing the expressions does.
 */
extern CheckedResult item_write_transaction_size(Arena *arena, const ItemWrite *write,
                                                 size_t *size) MUST_CHECK;

/* Why one action of a transaction was or was not among the causes of its cancellation. */
typedef struct CancellationReason
{
	Bytes code;        /* "None", "ConditionalCheckFailed", "TransactionConflict" … */
	Bytes message;     /* the service's words; or no bytes */
	bool has_item;     /* the condition failed on … */
	DynamodbItem item; /* … this item, as it is stored */
} CancellationReason;

/*
 * Reads ServiceError.cancellation_reasons: one reason for each action, in the transaction's order;
 * all memory is from `arena`. RESULT_MALFORMED when it is no such array.
 */
extern CheckedResult dynamodb_read_cancellation(Arena *arena, Bytes json,
                                                CancellationReason **reasons,
                                                size_t *count) MUST_CHECK;

#endif
