/*
 * sts.c
 *		Roles, in AWS's query protocol.
 */
#include "aws/sts.h"

#include "aws/calendar.h"
#include "aws/uri.h"
#include "aws/xml.h"

/* Where an answer has its parts. */
typedef struct AnswerPaths
{
	const char *access_key_id;
	const char *secret_access_key;
	const char *session_token;
	const char *expiration;
} AnswerPaths;

#define PATHS(operation)                                                                           \
	{                                                                                              \
		operation "Response/" operation "Result/Credentials/AccessKeyId",                          \
		    operation "Response/" operation "Result/Credentials/SecretAccessKey",                  \
		    operation "Response/" operation "Result/Credentials/SessionToken",                     \
		    operation "Response/" operation "Result/Credentials/Expiration"                        \
	}

static const AnswerPaths assume_role_paths = PATHS("AssumeRole");
static const AnswerPaths web_identity_paths = PATHS("AssumeRoleWithWebIdentity");

static void
append_parameter(ByteBuffer *body, const char *name, Bytes value)
{
	buffer_append_character(body, '&');
	buffer_append_string(body, name);
	buffer_append_character(body, '=');
	uri_append_encoded(body, value);
}

static void
append_role(ByteBuffer *body, const AssumeRoleRequest *request)
{
	append_parameter(body, "RoleArn", request->role_arn);
	append_parameter(body, "RoleSessionName", request->role_session_name);
	if (request->external_id.length > 0)
		append_parameter(body, "ExternalId", request->external_id);
	if (request->duration_seconds > 0)
	{
		buffer_append_string(body, "&DurationSeconds=");
		buffer_append_integer(body, request->duration_seconds);
	}
}

CheckedResult
sts_write_assume_role(const AssumeRoleRequest *request, ByteBuffer *body)
{
	buffer_append_string(body, "Action=AssumeRole&Version=2011-06-15");
	append_role(body, request);
	return buffer_result(body);
}

CheckedResult
sts_write_assume_role_with_web_identity(const AssumeRoleRequest *request, Bytes token,
                                        ByteBuffer *body)
{
	buffer_append_string(body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
	append_role(body, request);
	append_parameter(body, "WebIdentityToken", token);
	return buffer_result(body);
}

/* The decoded text of an element that must be there, and not be empty, in `arena`. */
static CheckedResult
read_part(Arena *arena, Bytes xml, const char *path, Bytes *part)
{
	Bytes text;
	char *decoded;

	RETURN_IF_FAILED(xml_find_text(xml, path, &text));
	if (text.length == 0)
		return result_failed(RESULT_MALFORMED, "response has no complete credentials");
	decoded = arena_allocate(arena, text.length);
	if (decoded == NULL)
		return arena_failure(arena, text.length);
	part->data = decoded;
	return xml_decode_text(text, decoded, text.length, &part->length);
}

static CheckedResult
read_answer(Arena *arena, Bytes xml, const AnswerPaths *paths, AwsCredentials *credentials)
{
	Bytes expiration;

	RETURN_IF_FAILED(read_part(arena, xml, paths->access_key_id, &credentials->access_key_id));
	RETURN_IF_FAILED(
	    read_part(arena, xml, paths->secret_access_key, &credentials->secret_access_key));
	RETURN_IF_FAILED(read_part(arena, xml, paths->session_token, &credentials->session_token));
	RETURN_IF_FAILED(read_part(arena, xml, paths->expiration, &expiration));
	if (!calendar_parse_iso8601(expiration, &credentials->expires_at))
		return result_failed(RESULT_MALFORMED, "response has no readable time of expiration");
	return result_ok();
}

CheckedResult
sts_read_assume_role(Arena *arena, Bytes xml, AwsCredentials *credentials)
{
	return read_answer(arena, xml, &assume_role_paths, credentials);
}

CheckedResult
sts_read_assume_role_with_web_identity(Arena *arena, Bytes xml, AwsCredentials *credentials)
{
	return read_answer(arena, xml, &web_identity_paths, credentials);
}
