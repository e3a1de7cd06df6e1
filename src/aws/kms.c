/*
 * kms.c
 *		Request bodies of KMS, and its answers.
 */
#include "aws/kms.h"

#include <string.h>

#include "aws/description.h"
#include "foundation/base64.h"
#include "item/json_writer.h"

typedef void (*RequestWriter)(JsonWriter *json, const KmsRequest *request);

/* Parts of an answer, as a set. */
enum
{
	PART_KEY_ID = 1 << 0,
	PART_PLAINTEXT = 1 << 1,
	PART_CIPHERTEXT = 1 << 2,
	PART_MAC = 1 << 3,
	PART_MAC_VALID = 1 << 4
};

typedef struct Operation
{
	const char *name;
	RequestWriter write;
	unsigned int
	    parts; /* what every answer has; 0 for those that kms_answer_finish() cannot read */
} Operation;

/* Requests */

static void
write_context(JsonWriter *json, const char *name, KmsContext context)
{
	if (context.count == 0)
		return;
	json_name(json, bytes_of_string(name));
	json_begin_object(json);
	for (size_t i = 0; i < context.count; i++)
	{
		json_name(json, context.pairs[i].name);
		json_string(json, context.pairs[i].value);
	}
	json_end_object(json);
}

static void
write_encrypt(JsonWriter *json, const KmsRequest *request)
{
	json_string_member(json, "KeyId", request->key_id);
	write_context(json, "EncryptionContext", request->context);
	json_base64_member(json, "Plaintext", request->plaintext);
}

static void
write_decrypt(JsonWriter *json, const KmsRequest *request)
{
	json_string_member_if_any(json, "KeyId", request->key_id);
	write_context(json, "EncryptionContext", request->context);
	json_base64_member(json, "CiphertextBlob", request->ciphertext);
}

static void
write_reencrypt(JsonWriter *json, const KmsRequest *request)
{
	json_string_member(json, "DestinationKeyId", request->key_id);
	write_context(json, "SourceEncryptionContext", request->context);
	write_context(json, "DestinationEncryptionContext", request->destination_context);
	json_base64_member(json, "CiphertextBlob", request->ciphertext);
}

static void
write_generate_data_key(JsonWriter *json, const KmsRequest *request)
{
	json_string_member(json, "KeyId", request->key_id);
	write_context(json, "EncryptionContext", request->context);
	json_integer_member(json, "NumberOfBytes", request->number_of_bytes);
}

static void
write_generate_mac(JsonWriter *json, const KmsRequest *request)
{
	json_string_member(json, "KeyId", request->key_id);
	json_string_member(json, "MacAlgorithm", request->algorithm);
	json_base64_member(json, "Message", request->plaintext);
}

static void
write_verify_mac(JsonWriter *json, const KmsRequest *request)
{
	write_generate_mac(json, request);
	json_base64_member(json, "Mac", request->ciphertext);
}

static void
write_generate_random(JsonWriter *json, const KmsRequest *request)
{
	json_integer_member(json, "NumberOfBytes", request->number_of_bytes);
}

static void
write_describe_key(JsonWriter *json, const KmsRequest *request)
{
	json_string_member(json, "KeyId", request->key_id);
}

static void
write_list_keys(JsonWriter *json, const KmsRequest *request)
{
	json_integer_member(json, "Limit", KMS_PAGE_OF_KEYS_MAXIMUM);
	json_string_member_if_any(json, "Marker", request->marker);
}

static void
write_list_aliases(JsonWriter *json, const KmsRequest *request)
{
	json_integer_member(json, "Limit", KMS_PAGE_OF_ALIASES_MAXIMUM);
	json_string_member_if_any(json, "KeyId", request->key_id);
	json_string_member_if_any(json, "Marker", request->marker);
}

/* In the order of KmsOperation. */
static const Operation operations[KMS_OPERATION_COUNT] = {
    [KMS_ENCRYPT] = {"Encrypt", write_encrypt, PART_KEY_ID | PART_CIPHERTEXT},
    [KMS_DECRYPT] = {"Decrypt", write_decrypt, PART_KEY_ID | PART_PLAINTEXT},
    [KMS_REENCRYPT] = {"ReEncrypt", write_reencrypt, PART_KEY_ID | PART_CIPHERTEXT},
    [KMS_GENERATE_DATA_KEY] = {"GenerateDataKey", write_generate_data_key,
                               PART_KEY_ID | PART_PLAINTEXT | PART_CIPHERTEXT},
    [KMS_GENERATE_DATA_KEY_WITHOUT_PLAINTEXT] = {"GenerateDataKeyWithoutPlaintext",
                                                 write_generate_data_key,
                                                 PART_KEY_ID | PART_CIPHERTEXT},
    [KMS_GENERATE_MAC] = {"GenerateMac", write_generate_mac, PART_KEY_ID | PART_MAC},
    [KMS_VERIFY_MAC] = {"VerifyMac", write_verify_mac, PART_KEY_ID | PART_MAC_VALID},
    [KMS_GENERATE_RANDOM] = {"GenerateRandom", write_generate_random, PART_PLAINTEXT},
    [KMS_DESCRIBE_KEY] = {"DescribeKey", write_describe_key, 0},
    [KMS_LIST_KEYS] = {"ListKeys", write_list_keys, 0},
    [KMS_LIST_ALIASES] = {"ListAliases", write_list_aliases, 0},
};

const char *
kms_operation_name(KmsOperation operation)
{
	return operations[operation].name;
}

size_t
kms_context_size(KmsContext context)
{
	size_t size = 0;

	for (size_t i = 0; i < context.count; i++)
		size += context.pairs[i].name.length + context.pairs[i].value.length;
	return size;
}

CheckedResult
kms_write_request(const KmsRequest *request, ByteBuffer *body)
{
	JsonWriter json;

	json_writer_init(&json, body);
	json_begin_object(&json);
	operations[request->operation].write(&json, request);
	json_end_object(&json);
	return buffer_result(body);
}

/* Answers */

void
kms_answer_begin(KmsAnswerReader *reader, Arena *arena)
{
	json_scanner_init(&reader->scanner, arena);
}

/* No token is taken before the answer is whole, so all of it comes to lie in one block. */
CheckedResult
kms_answer_feed(KmsAnswerReader *reader, Bytes chunk)
{
	while (chunk.length > 0)
		RETURN_IF_FAILED(json_scanner_fill(&reader->scanner, &chunk));
	return result_ok();
}

/* A string of base64, decoded in place. */
static Progress
take_blob(JsonScanner *scanner, Bytes *blob)
{
	char *text;

	RETURN_UNLESS_MADE(json_take_string(scanner, blob));
	text = (char *) blob->data;
	if (!base64_decode(*blob, text, &blob->length))
		return json_scanner_fail(scanner, RESULT_MALFORMED, "invalid base64 in the answer");
	return PROGRESS_MADE;
}

static Progress
take_boolean(JsonScanner *scanner, bool *boolean)
{
	*boolean = *scanner->cursor == 't';
	return json_take_word(scanner, *boolean ? "true" : "false");
}

static Progress
skip_scalar(JsonScanner *scanner)
{
	Bytes number;

	switch (*scanner->cursor)
	{
		case '"':
			return json_skip_string(scanner);
		case 't':
			return json_take_word(scanner, "true");
		case 'f':
			return json_take_word(scanner, "false");
		case 'n':
			return json_take_word(scanner, "null");
		default:
			return json_take_number(scanner, &number);
	}
}

/*
 * A value that nobody asks for. KMS's answers have none with others inside, so how those are
 * separated is not looked at.
 */
static Progress
skip_value(JsonScanner *scanner)
{
	size_t depth = 0;

	do
	{
		char next = json_peek(scanner);

		if (next == '{' || next == '[')
			depth++;
		else if (depth > 0 && (next == '}' || next == ']'))
			depth--;
		else if (depth == 0 || (next != ',' && next != ':'))
		{
			RETURN_UNLESS_MADE(skip_scalar(scanner));
			continue;
		}
		scanner->cursor++;
	} while (depth > 0);
	return PROGRESS_MADE;
}

/* The member's part of the answer; 0 for one that is passed over. */
static unsigned int
part_of_member(Bytes name)
{
	static const struct
	{
		const char *name;
		unsigned int part;
	} members[] = {
	    {"KeyId", PART_KEY_ID}, {"Plaintext", PART_PLAINTEXT}, {"CiphertextBlob", PART_CIPHERTEXT},
	    {"Mac", PART_MAC},      {"MacValid", PART_MAC_VALID},
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (bytes_equal(name, bytes_of_string(members[i].name)))
			return members[i].part;
	return 0;
}

static Progress
take_part(JsonScanner *scanner, unsigned int part, KmsAnswer *answer)
{
	switch (part)
	{
		case PART_KEY_ID:
			return json_take_string(scanner, &answer->key_id);
		case PART_PLAINTEXT:
			answer->has_plaintext = true;
			return take_blob(scanner, &answer->plaintext);
		case PART_CIPHERTEXT:
			return take_blob(scanner, &answer->ciphertext);
		case PART_MAC:
			return take_blob(scanner, &answer->mac);
		case PART_MAC_VALID:
			return take_boolean(scanner, &answer->mac_valid);
		default:
			return skip_value(scanner);
	}
}

/* True when a value that begins so can be the part. */
static bool
may_begin_part(unsigned int part, char first)
{
	if (part == PART_MAC_VALID)
		return first == 't' || first == 'f';
	return part == 0 || first == '"';
}

/* `"name": value`, noting the part in `parts`. A null is no part. */
static Progress
take_member(JsonScanner *scanner, KmsAnswer *answer, unsigned int *parts)
{
	Bytes name;
	unsigned int part;
	char first;

	if (json_peek(scanner) != '"')
		return json_scanner_unexpected(scanner, "expected the name of a member");
	RETURN_UNLESS_MADE(json_take_string(scanner, &name));
	RETURN_UNLESS_MADE(json_take_character(scanner, ':', "expected \":\""));
	part = part_of_member(name);
	first = json_peek(scanner);
	if (first == 'n')
		return json_take_word(scanner, "null");
	if (!may_begin_part(part, first))
		return json_scanner_unexpected(scanner, "a member is of another type");
	if ((part & *parts) != 0)
		return json_scanner_fail(scanner, RESULT_MALFORMED, "a member comes twice");
	*parts |= part;
	return take_part(scanner, part, answer);
}

static Progress
take_object(JsonScanner *scanner, KmsAnswer *answer, unsigned int *parts)
{
	char next;

	RETURN_UNLESS_MADE(json_take_character(scanner, '{', "expected an object"));
	if (json_peek(scanner) == '}')
		return json_take_character(scanner, '}', "");
	do
	{
		RETURN_UNLESS_MADE(take_member(scanner, answer, parts));
		next = json_peek(scanner);
		if (next != ',' && next != '}')
			return json_scanner_unexpected(scanner, "expected \",\" or \"}\"");
		RETURN_UNLESS_MADE(json_take_character(scanner, next, ""));
	} while (next == ',');
	return PROGRESS_MADE;
}

CheckedResult
kms_answer_finish(KmsAnswerReader *reader, KmsOperation operation, KmsAnswer *answer)
{
	JsonScanner *scanner = &reader->scanner;
	unsigned int needed = operations[operation].parts;
	unsigned int parts = 0;

	*answer = (KmsAnswer){0};
	if (scanner->block == NULL)
		return result_failed(RESULT_MALFORMED, "answer is empty");
	switch (take_object(scanner, answer, &parts))
	{
		case PROGRESS_FAILED:
			return scanner->failure;
		case PROGRESS_NEEDS_INPUT:
			return result_failed(RESULT_MALFORMED, "answer ends within its JSON");
		case PROGRESS_MADE:
			break;
	}
	(void) json_peek(scanner);
	if (scanner->cursor != scanner->end)
		return result_failed_at(RESULT_MALFORMED, "answer has bytes after its JSON",
		                        json_scanner_position(scanner));
	if ((parts & needed) != needed)
		return result_failed(RESULT_MALFORMED, "answer lacks a part");
	return result_ok();
}

/* Lists */

static CheckedResult
read_entry(Arena *arena, KmsOperation operation, json_object *object, KmsListEntry *entry)
{
	bool is_alias = operation == KMS_LIST_ALIASES;

	*entry = (KmsListEntry){0};
	RETURN_IF_FAILED(
	    description_copy_string(arena, object, is_alias ? "TargetKeyId" : "KeyId", &entry->key_id));
	RETURN_IF_FAILED(
	    description_copy_string(arena, object, is_alias ? "AliasArn" : "KeyArn", &entry->arn));
	if (is_alias)
		RETURN_IF_FAILED(description_copy_string(arena, object, "AliasName", &entry->name));
	/* Aliases that AWS keeps for its services may stand for no key yet. */
	if (is_alias ? entry->name.length == 0 : entry->key_id.length == 0 || entry->arn.length == 0)
		return result_failed(RESULT_MALFORMED, "an entry of the list lacks a part");
	return result_ok();
}

/* Whose answer it is, and where its entries go. */
typedef struct ListReading
{
	KmsOperation operation;
	KmsList *list;
} ListReading;

static CheckedResult
read_entries(Arena *arena, json_object *document, void *result)
{
	const ListReading *reading = result;
	KmsOperation operation = reading->operation;
	KmsList *list = reading->list;
	json_object *array =
	    description_array(document, operation == KMS_LIST_ALIASES ? "Aliases" : "Keys");

	*list = (KmsList){0};
	if (array == NULL)
		return result_failed(RESULT_MALFORMED, "answer is no list");
	list->count = json_object_array_length(array);
	list->entries =
	    arena_allocate_array(arena, list->count == 0 ? 1 : list->count, sizeof(KmsListEntry));
	if (list->entries == NULL)
		return arena_failure(arena, list->count * sizeof(KmsListEntry));
	for (size_t i = 0; i < list->count; i++)
		RETURN_IF_FAILED(
		    read_entry(arena, operation, json_object_array_get_idx(array, i), &list->entries[i]));
	if (!json_object_get_boolean(json_object_object_get(document, "Truncated")))
		return result_ok();
	RETURN_IF_FAILED(description_copy_string(arena, document, "NextMarker", &list->next_marker));
	if (list->next_marker.length == 0)
		return result_failed(RESULT_MALFORMED, "a list with more to come does not say where");
	return result_ok();
}

CheckedResult
kms_read_list(Arena *arena, KmsOperation operation, Bytes json, KmsList *list)
{
	ListReading reading = {operation, list};

	return description_read(arena, json, read_entries, &reading);
}

static CheckedResult
read_key_arn(Arena *arena, json_object *document, void *result)
{
	json_object *key = description_object(document, "KeyMetadata");
	Bytes *arn = result;

	RETURN_IF_FAILED(description_copy_string(arena, key, "Arn", arn));
	return arn->length > 0 ? result_ok()
	                       : result_failed(RESULT_MALFORMED, "description of the key has no ARN");
}

CheckedResult
kms_read_key_arn(Arena *arena, Bytes json, Bytes *arn)
{
	return description_read(arena, json, read_key_arn, arn);
}

bool
kms_is_context_text(Bytes json)
{
	json_object *context;
	bool good = true;

	if (!result_is_ok(description_open(json, &context)))
		return false;
	json_object_object_foreach(context, name, member)
	{
		good = good && name[0] != '\0' && json_object_is_type(member, json_type_string);
	}
	description_close(context);
	return good;
}

/* Names of keys */

bool
kms_key_is_named(Bytes arn, Bytes name)
{
	static const Bytes separator = {":key/", 5};
	size_t prefix;

	if (bytes_equal(arn, name))
		return true;
	if (name.length == 0 || arn.length < name.length + separator.length)
		return false;
	prefix = arn.length - name.length;
	return bytes_equal((Bytes){arn.data + prefix, name.length}, name) &&
	       bytes_equal((Bytes){arn.data + prefix - separator.length, separator.length}, separator);
}

bool
kms_key_id_is_alias(Bytes name)
{
	Bytes rest = name;

	if (!bytes_start_with(name, BYTES_LITERAL("arn:")))
		return bytes_start_with(name, BYTES_LITERAL("alias/"));
	/* arn:partition:kms:region:account:alias/name */
	for (int colons = 0; colons < 5; colons++)
	{
		const char *colon = rest.length == 0 ? NULL : memchr(rest.data, ':', rest.length);

		if (colon == NULL)
			return false;
		rest = (Bytes){colon + 1, rest.length - (size_t) (colon + 1 - rest.data)};
	}
	return bytes_start_with(rest, BYTES_LITERAL("alias/"));
}
