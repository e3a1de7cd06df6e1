/*
 * sqs.h
 *		SQS's API of 2012-11-05 in AWS's JSON protocol: the bodies of requests, the reading of
 *		answers, and the digests by which both sides know that a message arrived as it was sent.
 *
 * Answers are read when they are there as a whole; what is read is in the caller's arena.
 */
#ifndef AWS_SQS_H
#define AWS_SQS_H

#include "aws/service.h"
#include "foundation/buffer.h"

/* SQS's limits. */
#define SQS_BATCH_MAXIMUM              10                     /* messages of one request */
#define SQS_BYTES_MAXIMUM              ((size_t) 1024 * 1024) /* of a message, and of a batch */
#define SQS_ATTRIBUTES_MAXIMUM         10                     /* of one message */
#define SQS_ATTRIBUTE_NAME_MAXIMUM     256
#define SQS_VISIBILITY_SECONDS_MAXIMUM (12 * 60 * 60)
#define SQS_WAIT_SECONDS_MAXIMUM       20
#define SQS_LIST_MAXIMUM               1000 /* queues on a page */

/* Room that is enough for a batch's body: texts whose every byte is escaped to six. */
#define SQS_BODY_MAXIMUM (SQS_BYTES_MAXIMUM * 6 + (size_t) 1024 * 1024)

/* An attribute that the sender gave a message. Texts are UTF-8. */
typedef struct SqsAttribute
{
	Bytes name;
	Bytes data_type; /* "String", "Number", "Binary", or one of them with a dot and a label */
	Bytes value;     /* of Binary and its like the bytes themselves */
} SqsAttribute;

/* True for the types whose values are bytes: "Binary" and "Binary.label". */
extern bool sqs_type_is_binary(Bytes data_type);

/* True for "String", "Number", "Binary", and one of them with a label. */
extern bool sqs_type_is_valid(Bytes data_type);

/* True for what SQS takes as an attribute's name: none that begins with "AWS." or "Amazon.". */
extern bool sqs_attribute_name_is_valid(Bytes name);

/*
 * The first character of UTF-8 text that SQS takes neither in a body nor in an attribute; false
 * when there is none. It is a control character other than tab and line ends, U+FFFE or U+FFFF.
 */
extern bool sqs_find_refused_character(Bytes text, uint32_t *code_point);

/* A message to be sent. No bytes: no such part. Everything is borrowed. */
typedef struct SqsOutgoing
{
	Bytes body;
	const SqsAttribute *attributes;
	size_t attribute_count;
	Bytes group_id; /* of FIFO queues this and the next */
	Bytes deduplication_id;
} SqsOutgoing;

/* The bytes that SQS counts: the body, and each attribute's name, type and value. */
extern size_t sqs_message_size(const SqsOutgoing *message);

typedef struct SqsReceive
{
	Bytes queue_url;
	int maximum;            /* messages, 1 to SQS_BATCH_MAXIMUM */
	int visibility_seconds; /* -1: the queue's own */
	int wait_seconds;
	Bytes attempt_id; /* of FIFO queues: the same one gets the same messages; no bytes: none */
} SqsReceive;

/* Requests: RESULT_TOO_LARGE, or memory. Entries of batches are called "0", "1" and so on. */
extern CheckedResult sqs_write_receive(const SqsReceive *receive, ByteBuffer *body) MUST_CHECK;
extern CheckedResult sqs_write_send_batch(Bytes queue_url, const SqsOutgoing *messages,
                                          size_t count, ByteBuffer *body) MUST_CHECK;
extern CheckedResult sqs_write_delete_batch(Bytes queue_url, const Bytes *receipt_handles,
                                            size_t count, ByteBuffer *body) MUST_CHECK;
extern CheckedResult sqs_write_visibility_batch(Bytes queue_url, const Bytes *receipt_handles,
                                                size_t count, int visibility_seconds,
                                                ByteBuffer *body) MUST_CHECK;
extern CheckedResult sqs_write_get_queue_url(Bytes queue_name, ByteBuffer *body) MUST_CHECK;
extern CheckedResult sqs_write_get_queue_attributes(Bytes queue_url, ByteBuffer *body) MUST_CHECK;

/* Without `prefix` and `next_token`, which may have no bytes: all queues, from the first on. */
extern CheckedResult sqs_write_list_queues(Bytes prefix, Bytes next_token,
                                           ByteBuffer *body) MUST_CHECK;

/* A message received. Parts that it does not have are without bytes. */
typedef struct SqsMessage
{
	Bytes message_id;
	Bytes receipt_handle;
	Bytes body;
	Bytes sent_timestamp; /* milliseconds since 1970, in digits; so is the next a number */
	Bytes receive_count;
	Bytes group_id;
	Bytes deduplication_id;
	Bytes sequence_number;
	SqsAttribute *attributes;
	size_t attribute_count;
	CheckedResult integrity; /* RESULT_NOT_VERIFIED when a digest differs, or is not there */
} SqsMessage;

typedef struct SqsMessages
{
	SqsMessage *messages;
	size_t count;
} SqsMessages;

/*
 * ReceiveMessage's answer. RESULT_MALFORMED when it is none, or a message has no id, no receipt
 * handle or no body. A message that does not agree with its digests says so itself.
 */
extern CheckedResult sqs_read_messages(Arena *arena, Bytes json, SqsMessages *messages) MUST_CHECK;

/* What became of one entry of a batch. */
typedef struct SqsOutcome
{
	bool succeeded;
	bool sender_fault;     /* of a failure: the same entry will fail again */
	Bytes code;            /* of a failure; no bytes when the answer does not mention the entry */
	Bytes message;         /* of a failure: the service's words */
	Bytes message_id;      /* of SendMessageBatch, as are the following */
	Bytes sequence_number; /* of FIFO queues */
	Bytes body_digest;     /* hexadecimal digits */
	Bytes attributes_digest;
} SqsOutcome;

/* A batch's answer, as the outcomes of its `count` entries. RESULT_MALFORMED when it is none. */
extern CheckedResult sqs_read_outcomes(Arena *arena, Bytes json, SqsOutcome *outcomes,
                                       size_t count) MUST_CHECK;

/* RESULT_NOT_VERIFIED when what SQS says it has got is not what was sent. */
extern CheckedResult sqs_check_sent(const SqsOutgoing *message,
                                    const SqsOutcome *outcome) MUST_CHECK;

/* The queue's URL. RESULT_MALFORMED when the answer has none. */
extern CheckedResult sqs_read_queue_url(Arena *arena, Bytes json, Bytes *url) MUST_CHECK;

/* What SQS says of a queue; numbers it does not say are -1. */
typedef struct SqsQueue
{
	int64_t visibility_seconds;
	int64_t messages; /* about as many can be received now */
	Bytes kms_key_id; /* no bytes: SQS's own key, or none */
	bool is_fifo;
} SqsQueue;

extern CheckedResult sqs_read_queue_attributes(Arena *arena, Bytes json,
                                               SqsQueue *queue) MUST_CHECK;

typedef struct SqsQueueList
{
	Bytes *urls;
	size_t count;
	Bytes next_token; /* no bytes: the list is complete */
} SqsQueueList;

extern CheckedResult sqs_read_queue_list(Arena *arena, Bytes json, SqsQueueList *list) MUST_CHECK;

/* The name at the end of a queue's URL; borrowed from it. */
extern Bytes sqs_queue_name(Bytes url);

#endif
