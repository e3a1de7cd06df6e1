/*
 * kms.h
 *		AWS KMS's API of 2014-11-01: the bodies of its requests and the reading of its answers.
 *
 * Plaintext and keys pass through here, so a body is written into a buffer of secret contents, and
 * an answer is read by the project's own scanner into an arena of secret contents, never by a
 * library whose memory nobody wipes.
 */
#ifndef AWS_KMS_H
#define AWS_KMS_H

#include "aws/service.h"
#include "foundation/buffer.h"
#include "item/json_scanner.h"

/* KMS's limits, in bytes; those of texts are in characters of ASCII. */
#define KMS_PLAINTEXT_MAXIMUM       ((size_t) 4096) /* of Encrypt, and of a MAC's message */
#define KMS_CIPHERTEXT_MAXIMUM      ((size_t) 6144)
#define KMS_CONTEXT_MAXIMUM         ((size_t) 8192) /* names and values of an encryption context */
#define KMS_KEY_ID_MAXIMUM          ((size_t) 2048)
#define KMS_RANDOM_BYTES_MAXIMUM    1024
#define KMS_PAGE_OF_KEYS_MAXIMUM    1000
#define KMS_PAGE_OF_ALIASES_MAXIMUM 100

/* Room that is enough for any request's body: contexts whose every byte is escaped to six. */
#define KMS_BODY_MAXIMUM ((size_t) 160 * 1024)

/* The order is that of the table in kms.c. */
typedef enum KmsOperation
{
	KMS_ENCRYPT,
	KMS_DECRYPT,
	KMS_REENCRYPT,
	KMS_GENERATE_DATA_KEY,
	KMS_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT,
	KMS_GENERATE_MAC,
	KMS_VERIFY_MAC,
	KMS_GENERATE_RANDOM,
	KMS_DESCRIBE_KEY,
	KMS_LIST_KEYS,
	KMS_LIST_ALIASES
} KmsOperation;

#define KMS_OPERATION_COUNT 11

/* "Encrypt": the operation's name. Static. */
extern const char *kms_operation_name(KmsOperation operation);

/* One pair of an encryption context, UTF-8. */
typedef struct KmsContextPair
{
	Bytes name;
	Bytes value;
} KmsContextPair;

/* Pairs in any order, no name twice; KMS sees them as a set. None: no context. */
typedef struct KmsContext
{
	const KmsContextPair *pairs;
	size_t count;
} KmsContext;

/* Bytes of all names and values, which KMS bounds by KMS_CONTEXT_MAXIMUM. */
extern size_t kms_context_size(KmsContext context);

/* Which parts mean something is the operation's business; the others are not looked at. */
typedef struct KmsRequest
{
	KmsOperation operation;
	Bytes key_id;       /* ARN, id or alias: of ReEncrypt the destination; of Decrypt, ReEncrypt and
	                     * ListAliases optional */
	Bytes plaintext;    /* of Encrypt; the message of GenerateMac and VerifyMac */
	Bytes ciphertext;   /* of Decrypt and ReEncrypt; the MAC of VerifyMac */
	KmsContext context; /* of ReEncrypt the source's */
	KmsContext destination_context; /* of ReEncrypt */
	Bytes algorithm;                /* of MACs: "HMAC_SHA_256" … */
	int32_t number_of_bytes;        /* of data keys and random bytes */
	Bytes marker;                   /* of lists: where the last page ended; no bytes: the start */
} KmsRequest;

/* Writes the request's body, which the caller sees to being wiped. RESULT_TOO_LARGE, or memory. */
extern CheckedResult kms_write_request(const KmsRequest *request, ByteBuffer *body) MUST_CHECK;

/* What an answer says; parts that it does not have are without bytes. In the reader's arena. */
typedef struct KmsAnswer
{
	Bytes key_id;     /* the ARN of the key that was used */
	Bytes plaintext;  /* decoded; of GenerateDataKey the key; may be empty, as a plaintext may */
	Bytes ciphertext; /* decoded */
	Bytes mac;        /* decoded */
	bool has_plaintext;
	bool mac_valid;
} KmsAnswer;

/* The fields are kms.c's own. */
typedef struct KmsAnswerReader
{
	JsonScanner scanner;
} KmsAnswerReader;

/* Begins an answer whose bytes, raw and decoded, all stay in `arena`, one of secret contents. */
extern void kms_answer_begin(KmsAnswerReader *reader, Arena *arena);

/* Takes the next bytes of the answer, which are copied. */
extern CheckedResult kms_answer_feed(KmsAnswerReader *reader, Bytes chunk) MUST_CHECK;

/*
 * Reads the answer to the operation once it is whole. RESULT_MALFORMED when it is not one JSON
 * object, or lacks a part that every answer to the operation has.
 */
extern CheckedResult kms_answer_finish(KmsAnswerReader *reader, KmsOperation operation,
                                       KmsAnswer *answer) MUST_CHECK;

/* Lists are no secrets: read as a tree, into `arena`. */

typedef struct KmsListEntry
{
	Bytes key_id;
	Bytes arn;  /* the key's, or the alias's */
	Bytes name; /* "alias/…"; no bytes for a key */
} KmsListEntry;

typedef struct KmsList
{
	KmsListEntry *entries;
	size_t count;
	Bytes next_marker; /* no bytes: the list is complete */
} KmsList;

/* Reads a page of ListKeys or ListAliases. RESULT_MALFORMED when it is none. */
extern CheckedResult kms_read_list(Arena *arena, KmsOperation operation, Bytes json,
                                   KmsList *list) MUST_CHECK;

/* The ARN of the key that DescribeKey's answer is of, in `arena`. RESULT_MALFORMED without one. */
extern CheckedResult kms_read_key_arn(Arena *arena, Bytes json, Bytes *arn) MUST_CHECK;

/* True for the text of a JSON object of strings with names that are not empty. */
extern bool kms_is_context_text(Bytes json);

/*
 * True when `name` (an ARN, a key's id, or an alias) can only mean the key of this ARN: the same
 * ARN, or the id at its end. An alias never does; KMS alone knows what it stands for.
 */
extern bool kms_key_is_named(Bytes arn, Bytes name);

/* True for an alias or its ARN. */
extern bool kms_key_id_is_alias(Bytes name);

#endif
