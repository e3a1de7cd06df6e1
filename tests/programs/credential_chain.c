/*
 * credential_chain.c
 *		The chain of credentials with everything outside it given, for comparison with botocore.
 *
 * In:  {"environment": {name: value}, "files": {name: text}, "http": {"GET path": body},
 *       "profile", "config_file", "credentials_file", "refuse_processes"}
 * Out: access_key_id, secret_access_key, session_token, expires_at, or tried, hint;
 *      calls: [{signer, operation, body}], requests: [{method, url, headers}]
 *
 * STS answers its n-th call with the keys "ASIA-n", "secret-n", "token-n". Of commands only
 * "printf %s text" is run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/credential_chain.h"
#include "unit/json_lines.h"

#define FORM_MAXIMUM ((size_t) 64 * 1024)

typedef struct Outside
{
	json_object *question;
	Arena *arena;
	ByteBuffer calls;
	ByteBuffer requests;
	JsonWriter calls_writer;
	JsonWriter requests_writer;
	int call_count;
} Outside;

static AwsEnvironment
environment_of(json_object *question)
{
	json_object *variables = description_object(question, "environment");
	AwsEnvironment environment = {0};

	for (int i = 0; i < AWS_VARIABLE_COUNT; i++)
		environment.values[i] = description_string(variables, aws_variable_names[i]);
	return environment;
}

static void
read_file(CredentialChain *chain, const Outside *outside)
{
	json_object *files = description_object(outside->question, "files");
	json_object *text;

	if (!json_object_object_get_ex(files, chain->step.file_name, &text))
		credential_chain_miss(chain, "No such file or directory");
	else if (!result_is_ok(
	             credential_chain_take(chain, description_string(files, chain->step.file_name))))
		abort();
}

static void
note_request(Outside *outside, const HttpRequest *request)
{
	JsonWriter *writer = &outside->requests_writer;
	Bytes url;

	if (!result_is_ok(http_request_url(outside->arena, request, &url)))
		abort();
	json_begin_object(writer);
	json_line_string(writer, "method", bytes_of_string(request->method));
	json_line_string(writer, "url", url);
	for (uint32_t i = 0; i < request->header_count; i++)
	{
		json_name(writer, request->headers[i].name);
		json_string(writer, request->headers[i].value);
	}
	json_end_object(writer);
}

static void
send_request(CredentialChain *chain, Outside *outside)
{
	const HttpRequest *request = &chain->step.request;
	char *key = arena_allocate(outside->arena, 8 + request->path.length);
	Bytes body;
	CheckedResult result;

	strcpy(key, request->method);
	strcat(key, " ");
	strncat(key, request->path.data, request->path.length);
	note_request(outside, request);
	body = description_string(description_object(outside->question, "http"), key);
	if (body.length == 0)
	{
		credential_chain_miss(chain, "HTTP status 404");
		return;
	}
	result = credential_chain_take(chain, body);
	if (!result_is_ok(result))
		credential_chain_miss(chain, result.message);
}

static void
call_sts(CredentialChain *chain, Outside *outside)
{
	JsonWriter *writer = &outside->calls_writer;
	const char *operation = chain->step.operation;
	char xml[1024];
	int n = ++outside->call_count;

	json_begin_object(writer);
	json_line_string(writer, "signer", chain->step.credentials.access_key_id);
	json_line_string(writer, "operation", bytes_of_string(operation));
	json_line_string(writer, "body", chain->step.body);
	json_end_object(writer);
	snprintf(xml, sizeof(xml),
	         "<%sResponse><%sResult><Credentials><AccessKeyId>ASIA-%d</AccessKeyId>"
	         "<SecretAccessKey>secret-%d</SecretAccessKey><SessionToken>token-%d</SessionToken>"
	         "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></%sResult></%sResponse>",
	         operation, operation, n, n, n, operation, operation);
	if (!result_is_ok(credential_chain_take(chain, bytes_of_string(xml))))
		abort();
}

static void
run_process(CredentialChain *chain)
{
	char *const *command = chain->step.command;
	CheckedResult result;

	if (command[0] == NULL || strcmp(command[0], "printf") != 0 || command[1] == NULL ||
	    strcmp(command[1], "%s") != 0 || command[2] == NULL || command[3] != NULL)
	{
		credential_chain_miss(chain, "it is not printf");
		return;
	}
	result = credential_chain_take(chain, bytes_of_string(command[2]));
	if (!result_is_ok(result))
		credential_chain_miss(chain, result.message);
}

static void
take_steps(CredentialChain *chain, Outside *outside)
{
	for (;;)
	{
		switch (chain->step.kind)
		{
			case CREDENTIAL_STEP_DONE:
			case CREDENTIAL_STEP_FAILED:
				return;
			case CREDENTIAL_STEP_READ_FILE:
				read_file(chain, outside);
				break;
			case CREDENTIAL_STEP_HTTP:
				send_request(chain, outside);
				break;
			case CREDENTIAL_STEP_STS:
				call_sts(chain, outside);
				break;
			case CREDENTIAL_STEP_PROCESS:
				run_process(chain);
				break;
		}
	}
}

static void
write_outcome(const CredentialChain *chain, JsonWriter *answer)
{
	const AwsCredentials *credentials = &chain->step.credentials;

	if (chain->step.kind == CREDENTIAL_STEP_DONE)
	{
		json_line_string(answer, "access_key_id", credentials->access_key_id);
		json_line_string(answer, "secret_access_key", credentials->secret_access_key);
		json_line_string(answer, "session_token", credentials->session_token);
		json_name(answer, BYTES_LITERAL("expires_at"));
		json_integer(answer, credentials->expires_at);
	}
	else
	{
		json_line_string(answer, "tried", credential_chain_tried(chain));
		if (chain->hint != NULL)
			json_line_string(answer, "hint", bytes_of_string(chain->hint));
	}
}

/* A list that was written beside the answer; its text is JSON already. */
static void
write_list(JsonWriter *answer, const char *name, JsonWriter *writer, ByteBuffer *list)
{
	json_end_array(writer);
	json_line_string(answer, name, buffer_bytes(list));
	buffer_release(list);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	AwsEnvironment environment = environment_of(question);
	CredentialSettings settings = {
	    .profile = description_string(question, "profile"),
	    .config_file = description_string(question, "config_file"),
	    .credentials_file = description_string(question, "credentials_file"),
	    .process_allowed = !json_object_object_get_ex(question, "refuse_processes", NULL),
	};
	Outside outside = {.question = question, .arena = arena};
	CredentialChain chain;

	buffer_init(&outside.calls, arena->source, ARENA_PLAIN, FORM_MAXIMUM);
	buffer_init(&outside.requests, arena->source, ARENA_PLAIN, FORM_MAXIMUM);
	json_writer_init(&outside.calls_writer, &outside.calls);
	json_writer_init(&outside.requests_writer, &outside.requests);
	json_begin_array(&outside.calls_writer);
	json_begin_array(&outside.requests_writer);
	credential_chain_begin(&chain, arena, &environment, &settings);
	take_steps(&chain, &outside);
	write_outcome(&chain, answer);
	write_list(answer, "calls", &outside.calls_writer, &outside.calls);
	write_list(answer, "requests", &outside.requests_writer, &outside.requests);
	credential_chain_release(&chain);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
