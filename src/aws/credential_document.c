/*
 * credential_document.c
 *		One JSON object, of which a few members are kept.
 */
#include "aws/credential_document.h"

#include <string.h>

#include "aws/calendar.h"
#include "item/json_scanner.h"

#define NESTING_MAXIMUM 16

/* Members of the object; no bytes where they are not there or null. */
typedef struct DocumentParts
{
	Bytes access_key_id;
	Bytes secret_access_key;
	Bytes token;
	Bytes expiration;
	Bytes code;
	Bytes version;
} DocumentParts;

static const struct
{
	const char *name;
	size_t offset; /* of the part */
} members[] = {
    {"AccessKeyId", offsetof(DocumentParts, access_key_id)},
    {"SecretAccessKey", offsetof(DocumentParts, secret_access_key)},
    {"Token", offsetof(DocumentParts, token)},
    {"SessionToken", offsetof(DocumentParts, token)},
    {"Expiration", offsetof(DocumentParts, expiration)},
    {"Code", offsetof(DocumentParts, code)},
    {"Version", offsetof(DocumentParts, version)},
};

/* The part that a member is, NULL for one that does not matter. */
static Bytes *
part_of(DocumentParts *parts, Bytes name)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (bytes_equal(name, bytes_of_string(members[i].name)))
			return (Bytes *) ((char *) parts + members[i].offset);
	return NULL;
}

static Progress take_value(JsonScanner *scanner, int depth, Bytes *text);

/*
 * The members or elements up to the closing bracket, passed over. What stands for a member's name
 * is not looked at.
 */
static Progress
skip_contents(JsonScanner *scanner, int depth, char closing)
{
	Bytes passed_over;

	if (depth == NESTING_MAXIMUM)
		return json_scanner_fail(scanner, RESULT_TOO_LARGE, "JSON nests too deep");
	scanner->cursor++;
	if (json_peek(scanner) == closing)
		return json_take_character(scanner, closing, "");
	for (;;)
	{
		if (closing == '}')
		{
			RETURN_UNLESS_MADE(take_value(scanner, depth, &passed_over));
			RETURN_UNLESS_MADE(json_take_character(scanner, ':', "JSON object lacks a colon"));
		}
		RETURN_UNLESS_MADE(take_value(scanner, depth, &passed_over));
		if (json_peek(scanner) == closing)
			return json_take_character(scanner, closing, "");
		RETURN_UNLESS_MADE(json_take_character(scanner, ',', "JSON lacks a comma"));
	}
}

/* Any value; `text` is that of a string or number, no bytes for others. */
static Progress
take_value(JsonScanner *scanner, int depth, Bytes *text)
{
	*text = BYTES_EMPTY;
	switch (json_peek(scanner))
	{
		case '"':
			return json_take_string(scanner, text);
		case '{':
			return skip_contents(scanner, depth + 1, '}');
		case '[':
			return skip_contents(scanner, depth + 1, ']');
		case 't':
			return json_take_word(scanner, "true");
		case 'f':
			return json_take_word(scanner, "false");
		case 'n':
			return json_take_word(scanner, "null");
		default:
			return json_take_number(scanner, text);
	}
}

static Progress
take_member(JsonScanner *scanner, DocumentParts *parts)
{
	Bytes name;
	Bytes value;
	Bytes *part;

	if (json_peek(scanner) != '"')
		return json_scanner_unexpected(scanner, "JSON object has no name for a member");
	RETURN_UNLESS_MADE(json_take_string(scanner, &name));
	RETURN_UNLESS_MADE(json_take_character(scanner, ':', "JSON object lacks a colon"));
	RETURN_UNLESS_MADE(take_value(scanner, 0, &value));
	part = part_of(parts, name);
	if (part != NULL)
		*part = value;
	return PROGRESS_MADE;
}

static Progress
take_document(JsonScanner *scanner, DocumentParts *parts)
{
	RETURN_UNLESS_MADE(json_take_character(scanner, '{', "text is no JSON object"));
	while (json_peek(scanner) != '}')
	{
		RETURN_UNLESS_MADE(take_member(scanner, parts));
		if (json_peek(scanner) == '}')
			break;
		RETURN_UNLESS_MADE(json_take_character(scanner, ',', "JSON lacks a comma"));
		if (json_peek(scanner) == '}')
			return json_scanner_fail(scanner, RESULT_MALFORMED, "JSON has a comma too many");
	}
	scanner->cursor++;
	json_peek(scanner);
	if (scanner->cursor != scanner->end)
		return json_scanner_fail(scanner, RESULT_MALFORMED, "text goes on behind its JSON object");
	return PROGRESS_MADE;
}

static CheckedResult
read_parts(Arena *arena, Bytes json, DocumentParts *parts)
{
	JsonScanner scanner;

	json_scanner_init(&scanner, arena);
	if (json.length > CREDENTIAL_DOCUMENT_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "document is too long");
	if (json.length == 0)
		return result_failed(RESULT_MALFORMED, "document is empty");
	/* The largest document fits one block, so what is taken stays where it is. */
	while (json.length > 0)
		RETURN_IF_FAILED(json_scanner_fill(&scanner, &json));
	switch (take_document(&scanner, parts))
	{
		case PROGRESS_MADE:
			return result_ok();
		case PROGRESS_NEEDS_INPUT:
			return result_failed(RESULT_MALFORMED, "document ends early");
		default:
			return scanner.failure;
	}
}

static CheckedResult
check_parts(const DocumentParts *parts, CredentialDocument kind)
{
	bool is_process = kind == CREDENTIAL_DOCUMENT_PROCESS;

	if (is_process && !bytes_equal(parts->version, BYTES_LITERAL("1")))
		return result_failed(RESULT_UNSUPPORTED, "document does not say \"Version\": 1");
	if (kind == CREDENTIAL_DOCUMENT_INSTANCE && parts->code.length > 0 &&
	    !bytes_equal(parts->code, BYTES_LITERAL("Success")))
		return result_failed(RESULT_UNSUPPORTED, "document says another code than \"Success\"");
	if (parts->access_key_id.length == 0 || parts->secret_access_key.length == 0)
		return result_failed(RESULT_MALFORMED, "document has no complete keys");
	if (!is_process && (parts->token.length == 0 || parts->expiration.length == 0))
		return result_failed(RESULT_MALFORMED, "document has no token or no expiration");
	return result_ok();
}

CheckedResult
credential_document_read(Arena *arena, Bytes json, CredentialDocument kind,
                         AwsCredentials *credentials)
{
	DocumentParts parts = {0};
	int64_t expires_at = 0;

	RETURN_IF_FAILED(read_parts(arena, json, &parts));
	RETURN_IF_FAILED(check_parts(&parts, kind));
	if (parts.expiration.length > 0 && !calendar_parse_iso8601(parts.expiration, &expires_at))
		return result_failed(RESULT_MALFORMED, "document has no readable expiration");
	*credentials = (AwsCredentials){
	    .access_key_id = parts.access_key_id,
	    .secret_access_key = parts.secret_access_key,
	    .session_token = parts.token,
	    .expires_at = expires_at,
	};
	return result_ok();
}
