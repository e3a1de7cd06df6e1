/*
 * sigv4.c
 *		AWS Signature Version 4.
 *
 * canonical request    method, path, query, headers, names of the headers, hash of the body,
 *                      a line each
 * string to sign       "AWS4-HMAC-SHA256", time, scope, hash of the canonical request, a line each
 * signing key          HMAC-SHA256 chain from "AWS4" + secret key over date, region, service and
 *                      "aws4_request"
 * signature            HMAC-SHA256 of the string to sign with the signing key
 */
#include "aws/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "aws/calendar.h"
#include "aws/uri.h"
#include "foundation/buffer.h"

#define SHA256_SIZE 32

/* "20110909T233600Z" and its terminator; the first eight characters are the date of the scope. */
#define TIMESTAMP_SIZE 17
#define DATE_LENGTH    8

/* Far above any header, path or credential that a service accepts. */
#define TEXT_MAXIMUM ((size_t) 256 * 1024)

#define ALGORITHM  "AWS4-HMAC-SHA256"
#define TERMINATOR "aws4_request"

static CheckedResult
openssl_failure(void)
{
	return result_failed(RESULT_LIBRARY_FAILURE, "could not compute a signature with OpenSSL");
}

/* Texts can hold a session token, so what they are built in is wiped. */
static void
text_init(ByteBuffer *buffer, const Arena *arena)
{
	buffer_init(buffer, arena->source, ARENA_SECRET, TEXT_MAXIMUM);
}

static void
append_hexadecimal(ByteBuffer *buffer, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++)
	{
		buffer_append_character(buffer, digits[bytes[i] >> 4]);
		buffer_append_character(buffer, digits[bytes[i] & 15]);
	}
}

static CheckedResult
append_sha256(ByteBuffer *buffer, Bytes data)
{
	unsigned char digest[SHA256_SIZE];

	if (EVP_Digest(data.length == 0 ? "" : data.data, data.length, digest, NULL, EVP_sha256(),
	               NULL) != 1)
		return openssl_failure();
	append_hexadecimal(buffer, digest, sizeof(digest));
	return result_ok();
}

static CheckedResult
format_timestamp(int64_t seconds, char timestamp[TIMESTAMP_SIZE])
{
	CalendarTime time;

	if (!calendar_from_seconds(seconds, &time))
		return result_failed(RESULT_OUT_OF_RANGE, "time of a request is out of range");
	/* Unsigned and reduced, so that the compiler sees that the text always fits. */
	snprintf(timestamp, TIMESTAMP_SIZE, "%04u%02u%02uT%02u%02u%02uZ", (unsigned) time.year % 10000,
	         (unsigned) time.month % 100, (unsigned) time.day % 100, (unsigned) time.hour % 100,
	         (unsigned) time.minute % 100, (unsigned) time.second % 100);
	return result_ok();
}

/*
 * Moves past the next segment of a path and gives it; false at the end. Runs of slashes separate as
 * one.
 */
static bool
next_segment(Bytes path, size_t *position, Bytes *segment)
{
	size_t start;

	while (*position < path.length && path.data[*position] == '/')
		(*position)++;
	start = *position;
	while (*position < path.length && path.data[*position] != '/')
		(*position)++;
	*segment = (Bytes){path.data + start, *position - start};
	return segment->length > 0;
}

/* The length of a normalised path without its last "/segment". */
static size_t
length_without_last_segment(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length > 0 ? length - 1 : 0;
}

/*
 * Writes the path without "." and ".." segments (RFC 3986, section 5.2.4) and without empty ones
 * into `normal`, which has room for one byte more than the path, and returns its length.
 */
static size_t
normalize_path(Bytes path, char *normal)
{
	size_t length = 0;
	size_t position = 0;
	Bytes segment;

	while (next_segment(path, &position, &segment))
	{
		if (bytes_equal(segment, BYTES_LITERAL(".")))
			continue;
		if (bytes_equal(segment, BYTES_LITERAL("..")))
		{
			length = length_without_last_segment(normal, length);
			continue;
		}
		normal[length++] = '/';
		memcpy(normal + length, segment.data, segment.length);
		length += segment.length;
	}
	if (length == 0 || path.data[path.length - 1] == '/')
		normal[length++] = '/';
	return length;
}

/*
 * The path as services other than S3 sign it: encoded once as it travels, and once more. So each
 * byte that travels as %XX is signed as %25XX.
 */
static void
append_encoded_twice(ByteBuffer *buffer, Bytes path)
{
	for (size_t i = 0; i < path.length; i++)
	{
		char character = path.data[i];

		if (character == '/' || uri_is_unreserved(character))
		{
			buffer_append_character(buffer, character);
			continue;
		}
		buffer_append_string(buffer, "%25");
		buffer_append_character(buffer, "0123456789ABCDEF"[(unsigned char) character >> 4]);
		buffer_append_character(buffer, "0123456789ABCDEF"[(unsigned char) character & 15]);
	}
}

static CheckedResult
append_path(Arena *arena, ByteBuffer *buffer, Bytes path)
{
	char *normal = arena_allocate(arena, path.length + 1);

	if (normal == NULL)
		return arena_failure(arena, path.length + 1);
	append_encoded_twice(buffer, (Bytes){normal, normalize_path(path, normal)});
	return result_ok();
}

/* Headers that a proxy may add, drop or rewrite without breaking HTTP. */
static bool
header_is_signed(Bytes name)
{
	static const char *const unsigned_headers[] = {
	    "connection",
	    "expect",
	    "keep-alive",
	    "proxy-authenticate",
	    "proxy-authorization",
	    "te",
	    "trailer",
	    "transfer-encoding",
	    "upgrade",
	    "user-agent",
	    "x-amzn-trace-id",
	};

	for (size_t i = 0; i < sizeof(unsigned_headers) / sizeof(unsigned_headers[0]); i++)
		if (bytes_equal(name, bytes_of_string(unsigned_headers[i])))
			return false;
	return true;
}

/* The headers to sign, Host with them, ordered by name and then as they stand in the request. */
typedef struct SignedHeaders
{
	HttpHeader headers[HTTP_HEADERS_MAXIMUM + 1];
	uint32_t count;
} SignedHeaders;

static void
insert_header(SignedHeaders *headers, HttpHeader header)
{
	uint32_t place = headers->count++;

	for (; place > 0 && bytes_compare(headers->headers[place - 1].name, header.name) > 0; place--)
		headers->headers[place] = headers->headers[place - 1];
	headers->headers[place] = header;
}

static void
collect_headers(const HttpRequest *request, SignedHeaders *headers)
{
	headers->count = 0;
	insert_header(headers, (HttpHeader){BYTES_LITERAL("host"), request->host});
	for (uint32_t i = 0; i < request->header_count; i++)
		if (header_is_signed(request->headers[i].name))
			insert_header(headers, request->headers[i]);
}

/* True when the header at `index` is a further one of the same name. */
static bool
continues_header(const SignedHeaders *headers, uint32_t index)
{
	return index > 0 && bytes_equal(headers->headers[index - 1].name, headers->headers[index].name);
}

/* The value without blanks at its ends, and with one space for each run of blanks inside. */
static void
append_folded(ByteBuffer *buffer, Bytes value)
{
	bool started = false;
	bool blank = false;

	for (size_t i = 0; i < value.length; i++)
	{
		if (value.data[i] == ' ' || value.data[i] == '\t')
		{
			blank = started;
			continue;
		}
		if (blank)
			buffer_append_character(buffer, ' ');
		buffer_append_character(buffer, value.data[i]);
		started = true;
		blank = false;
	}
}

static void
append_headers(ByteBuffer *buffer, const SignedHeaders *headers)
{
	for (uint32_t i = 0; i < headers->count; i++)
	{
		if (continues_header(headers, i))
			buffer_append_character(buffer, ',');
		else
		{
			if (i > 0)
				buffer_append_character(buffer, '\n');
			buffer_append_bytes(buffer, headers->headers[i].name);
			buffer_append_character(buffer, ':');
		}
		append_folded(buffer, headers->headers[i].value);
	}
	buffer_append_character(buffer, '\n');
}

static void
append_header_names(ByteBuffer *buffer, const SignedHeaders *headers)
{
	for (uint32_t i = 0; i < headers->count; i++)
	{
		if (continues_header(headers, i))
			continue;
		if (i > 0)
			buffer_append_character(buffer, ';');
		buffer_append_bytes(buffer, headers->headers[i].name);
	}
}

static CheckedResult
append_canonical_request(Arena *arena, ByteBuffer *buffer, const HttpRequest *request)
{
	SignedHeaders headers;

	collect_headers(request, &headers);
	buffer_append_string(buffer, request->method);
	buffer_append_character(buffer, '\n');
	RETURN_IF_FAILED(append_path(arena, buffer, request->path));
	buffer_append_character(buffer, '\n');
	buffer_append_bytes(buffer, request->query);
	buffer_append_character(buffer, '\n');
	append_headers(buffer, &headers);
	buffer_append_character(buffer, '\n');
	append_header_names(buffer, &headers);
	buffer_append_character(buffer, '\n');
	return append_sha256(buffer, request->body);
}

CheckedResult
sigv4_canonical_request(Arena *arena, const HttpRequest *request, Bytes *canonical)
{
	ByteBuffer buffer;
	CheckedResult result;

	text_init(&buffer, arena);
	result = append_canonical_request(arena, &buffer, request);
	if (result_is_ok(result))
		return buffer_finish(&buffer, arena, canonical);
	buffer_release(&buffer);
	return result;
}

/* "20110909/us-east-1/dynamodb/aws4_request" */
static void
append_scope(ByteBuffer *buffer, const char *timestamp, const SigningScope *scope)
{
	buffer_append(buffer, timestamp, DATE_LENGTH);
	buffer_append_character(buffer, '/');
	buffer_append_bytes(buffer, scope->region);
	buffer_append_character(buffer, '/');
	buffer_append_bytes(buffer, scope->service);
	buffer_append_string(buffer, "/" TERMINATOR);
}

CheckedResult
sigv4_string_to_sign(Arena *arena, Bytes canonical_request, const SigningScope *scope,
                     Bytes *string_to_sign)
{
	char timestamp[TIMESTAMP_SIZE];
	ByteBuffer buffer;
	CheckedResult result;

	RETURN_IF_FAILED(format_timestamp(scope->time, timestamp));
	text_init(&buffer, arena);
	buffer_append_string(&buffer, ALGORITHM "\n");
	buffer_append_string(&buffer, timestamp);
	buffer_append_character(&buffer, '\n');
	append_scope(&buffer, timestamp, scope);
	buffer_append_character(&buffer, '\n');
	result = append_sha256(&buffer, canonical_request);
	if (result_is_ok(result))
		return buffer_finish(&buffer, arena, string_to_sign);
	buffer_release(&buffer);
	return result;
}

static bool
hmac_sha256(Bytes key, Bytes data, unsigned char digest[SHA256_SIZE])
{
	return key.length <= INT32_MAX &&
	       HMAC(EVP_sha256(), key.data, (int) key.length,
	            (const unsigned char *) (data.length == 0 ? "" : data.data), data.length, digest,
	            NULL) != NULL;
}

/* Replaces the key by its HMAC of `data`: one link of the chain. */
static bool
derive(unsigned char key[SHA256_SIZE], Bytes data)
{
	unsigned char derived[SHA256_SIZE];
	bool done = hmac_sha256((Bytes){(const char *) key, SHA256_SIZE}, data, derived);

	memcpy(key, derived, sizeof(derived));
	wipe(derived, sizeof(derived));
	return done;
}

/* The first link, whose key is "AWS4" and the secret access key. */
static CheckedResult
derive_from_secret(const Arena *arena, Bytes secret, const char *timestamp,
                   unsigned char key[SHA256_SIZE])
{
	ByteBuffer first_key;
	CheckedResult result;

	text_init(&first_key, arena);
	buffer_append_string(&first_key, "AWS4");
	buffer_append_bytes(&first_key, secret);
	result = buffer_result(&first_key);
	if (result_is_ok(result) &&
	    !hmac_sha256(buffer_bytes(&first_key), (Bytes){timestamp, DATE_LENGTH}, key))
		result = openssl_failure();
	buffer_release(&first_key);
	return result;
}

/* The whole chain; `key` is for the caller to wipe, whatever the result. */
static CheckedResult
derive_signing_key(const Arena *arena, Bytes secret, const char *timestamp,
                   const SigningScope *scope, unsigned char key[SHA256_SIZE])
{
	RETURN_IF_FAILED(derive_from_secret(arena, secret, timestamp, key));
	if (!derive(key, scope->region) || !derive(key, scope->service) ||
	    !derive(key, BYTES_LITERAL(TERMINATOR)))
		return openssl_failure();
	return result_ok();
}

CheckedResult
sigv4_signature(Arena *arena, Bytes string_to_sign, const AwsCredentials *credentials,
                const SigningScope *scope, Bytes *signature)
{
	char timestamp[TIMESTAMP_SIZE];
	unsigned char key[SHA256_SIZE] = {0};
	ByteBuffer buffer;
	CheckedResult result;

	RETURN_IF_FAILED(format_timestamp(scope->time, timestamp));
	result = derive_signing_key(arena, credentials->secret_access_key, timestamp, scope, key);
	if (result_is_ok(result) && !derive(key, string_to_sign))
		result = openssl_failure();
	text_init(&buffer, arena);
	append_hexadecimal(&buffer, key, sizeof(key));
	wipe(key, sizeof(key));
	if (result_is_ok(result))
		return buffer_finish(&buffer, arena, signature);
	buffer_release(&buffer);
	return result;
}

static CheckedResult
add_header(HttpRequest *request, Bytes name, Bytes value)
{
	if (request->header_count == HTTP_HEADERS_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "request has too many headers");
	if (!http_request_add_header(request, name, value))
		return result_failed(RESULT_INVALID_ARGUMENT,
		                     "credentials hold a character that cannot be sent");
	return result_ok();
}

static CheckedResult
add_headers_to_sign(Arena *arena, HttpRequest *request, const AwsCredentials *credentials,
                    const SigningScope *scope)
{
	char timestamp[TIMESTAMP_SIZE];
	Bytes date = {NULL, sizeof(timestamp) - 1};

	RETURN_IF_FAILED(format_timestamp(scope->time, timestamp));
	date.data = arena_copy(arena, (Bytes){timestamp, date.length});
	if (date.data == NULL)
		return arena_failure(arena, sizeof(timestamp));
	RETURN_IF_FAILED(add_header(request, BYTES_LITERAL("x-amz-date"), date));
	if (credentials->session_token.length > 0)
		RETURN_IF_FAILED(
		    add_header(request, BYTES_LITERAL("x-amz-security-token"), credentials->session_token));
	return result_ok();
}

/* The value of the authorization header. */
static CheckedResult
write_authorization(Arena *arena, const HttpRequest *request, const AwsCredentials *credentials,
                    const SigningScope *scope, Bytes signature, Bytes *authorization)
{
	char timestamp[TIMESTAMP_SIZE];
	SignedHeaders headers;
	ByteBuffer buffer;

	RETURN_IF_FAILED(format_timestamp(scope->time, timestamp));
	collect_headers(request, &headers);
	text_init(&buffer, arena);
	buffer_append_string(&buffer, ALGORITHM " Credential=");
	buffer_append_bytes(&buffer, credentials->access_key_id);
	buffer_append_character(&buffer, '/');
	append_scope(&buffer, timestamp, scope);
	buffer_append_string(&buffer, ", SignedHeaders=");
	append_header_names(&buffer, &headers);
	buffer_append_string(&buffer, ", Signature=");
	buffer_append_bytes(&buffer, signature);
	return buffer_finish(&buffer, arena, authorization);
}

CheckedResult
sigv4_sign(Arena *arena, HttpRequest *request, const AwsCredentials *credentials,
           const SigningScope *scope)
{
	Bytes canonical;
	Bytes string_to_sign;
	Bytes signature;
	Bytes authorization;

	RETURN_IF_FAILED(add_headers_to_sign(arena, request, credentials, scope));
	RETURN_IF_FAILED(sigv4_canonical_request(arena, request, &canonical));
	RETURN_IF_FAILED(sigv4_string_to_sign(arena, canonical, scope, &string_to_sign));
	RETURN_IF_FAILED(sigv4_signature(arena, string_to_sign, credentials, scope, &signature));
	RETURN_IF_FAILED(
	    write_authorization(arena, request, credentials, scope, signature, &authorization));
	return add_header(request, BYTES_LITERAL("authorization"), authorization);
}
