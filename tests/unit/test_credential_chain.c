/*
 * test_credential_chain.c
 *		Documents of credentials, profiles' lines, command lines, hosts of containers; the chain
 *		without memory. What the chain finds is compared with botocore's in Python.
 */
#include "aws/credential_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/command_line.h"
#include "aws/credential_document.h"
#include "aws/metadata_service.h"
#include "unit/exhaustion.h"
#include "unit/fixture.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Documents */

#define KEYS "\"AccessKeyId\":\"ASIA\",\"SecretAccessKey\":\"s\\/\\u0041\""
#define REST ",\"Token\" : \"t\",\"Expiration\":\"2026-11-23T04:28:00.5Z\""

static CredentialDocument all_kinds[] = {CREDENTIAL_DOCUMENT_CONTAINER,
                                         CREDENTIAL_DOCUMENT_INSTANCE, CREDENTIAL_DOCUMENT_PROCESS};

static CheckedResult
read_document(Arena *some_arena)
{
	const char *json = " { \"Version\": 1, \"Code\": \"Success\", " KEYS REST
	                   ", \"More\": [1, {\"a\": [], \"b\": {}}, true, null, -1e5] } \n";

	for (size_t i = 0; i < LENGTH(all_kinds); i++)
	{
		AwsCredentials credentials;

		RETURN_IF_FAILED(credential_document_read(some_arena, bytes_of_string(json), all_kinds[i],
		                                          &credentials));
		assert_bytes(credentials.access_key_id, "ASIA");
		assert_bytes(credentials.secret_access_key, "s/A");
		assert_bytes(credentials.session_token, "t");
		assert_int_equal(credentials.expires_at, 1795408080);
	}
	return result_ok();
}

static void
documents_are_read(void **state)
{
	assert_survives_exhaustion(read_document);
}

static ResultCode
code_of_document(const char *json, CredentialDocument kind)
{
	AwsCredentials credentials;

	return credential_document_read(&arena, bytes_of_string(json), kind, &credentials).code;
}

static void
process_may_leave_out_token_and_expiration(void **state)
{
	AwsCredentials credentials;

	assert_int_equal(credential_document_read(&arena, BYTES_LITERAL("{\"Version\":1," KEYS "}"),
	                                          CREDENTIAL_DOCUMENT_PROCESS, &credentials)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(credentials.expires_at, 0);
	assert_int_equal(credentials.session_token.length, 0);
}

static void
offsets_of_zones_count(void **state)
{
	const char *json = "{\"Version\":1," KEYS ",\"Expiration\":\"2026-11-23T06:28:00+02:00\"}";
	AwsCredentials credentials;

	assert_int_equal(credential_document_read(&arena, bytes_of_string(json),
	                                          CREDENTIAL_DOCUMENT_PROCESS, &credentials)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(credentials.expires_at, 1795408080);
}

static void
other_documents_are_refused(void **state)
{
	static const char *const malformed[] = {
	    "",
	    " ",
	    "null",
	    "[]",
	    "{",
	    "{}",
	    "{" KEYS "}",
	    "{" KEYS ",\"Token\":\"t\"}",
	    "{" KEYS ",\"Token\":null,\"Expiration\":\"2026-11-23T04:28:00Z\"}",
	    "{" KEYS ",\"Token\":\"t\",\"Expiration\":\"soon\"}",
	    "{" KEYS ",\"Token\":\"t\",\"Expiration\":\"2026-11-23T04:28:00\"}",
	    "{\"AccessKeyId\":\"ASIA\"" REST "}",
	    "{\"SecretAccessKey\":\"s\"" REST "}",
	    "{" KEYS REST ",}",
	    "{" KEYS REST "} x",
	    "{" KEYS REST " \"a\": 1}",
	    "{" KEYS REST ", \"a\": [1,]}",
	    "{" KEYS REST ", a: 1}",
	    "{" KEYS REST ", \"a\": \"\\u12\"}",
	};

	for (size_t i = 0; i < LENGTH(malformed); i++)
		assert_int_equal(code_of_document(malformed[i], CREDENTIAL_DOCUMENT_CONTAINER),
		                 RESULT_MALFORMED);
	assert_int_equal(code_of_document("{\"Code\":\"Failed\"}", CREDENTIAL_DOCUMENT_INSTANCE),
	                 RESULT_UNSUPPORTED);
	assert_int_equal(code_of_document("{" KEYS "}", CREDENTIAL_DOCUMENT_PROCESS),
	                 RESULT_UNSUPPORTED);
	assert_int_equal(code_of_document("{\"Version\":2," KEYS "}", CREDENTIAL_DOCUMENT_PROCESS),
	                 RESULT_UNSUPPORTED);
}

static void
deep_documents_are_refused(void **state)
{
	char json[1000] = "{\"a\":";

	memset(json + strlen(json), '[', 500);
	assert_int_equal(code_of_document(json, CREDENTIAL_DOCUMENT_CONTAINER), RESULT_TOO_LARGE);
}

/* Files */

static CheckedResult
read_config(const char *text, Profiles *profiles)
{
	*profiles = (Profiles){0};
	return profiles_read(&arena, bytes_of_string(text), PROFILE_FILE_CONFIG, profiles);
}

static void
default_with_its_prefix_precedes(void **state)
{
	static const char *const texts[] = {
	    "[default]\na=1\nb=1\n[profile default]\na=2",
	    "[profile default]\na=2\n[default]\na=1\nb=1",
	};

	for (size_t i = 0; i < LENGTH(texts); i++)
	{
		Profiles profiles;
		const Profile *profile;

		assert_int_equal(read_config(texts[i], &profiles).code, RESULT_OK);
		profile = profiles_find(&profiles, BYTES_LITERAL("default"));
		assert_bytes(profile_value(profile, "a"), "2");
		assert_int_equal(profile_value(profile, "b").length, 0);
	}
}

static void
wrong_lines_are_counted(void **state)
{
	static const struct
	{
		const char *text;
		size_t line;
	} cases[] = {
	    {"a = 1", 1},
	    {"# c\n\n[default]\nnothing", 4},
	    {"[default]\n= 1", 2},
	    {"[default]\na=1\nA=2", 3},
	    {"[profile a]\r\n[profile  \"a\"]\r\n", 2},
	    {"[other]\nno property", 2},
	    {"[]", 1},
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
	{
		Profiles profiles;
		CheckedResult result = read_config(cases[i].text, &profiles);

		assert_int_equal(result.code, RESULT_MALFORMED);
		assert_int_equal(result.position, cases[i].line);
	}
}

static void
too_many_properties_are_refused(void **state)
{
	char text[32 * 1024] = "[default]\n";
	Profiles profiles;

	for (int i = 0; i <= PROFILE_PROPERTIES_MAXIMUM; i++)
		snprintf(text + strlen(text), 32, "p%d=1\n", i);
	assert_int_equal(read_config(text, &profiles).code, RESULT_TOO_LARGE);
}

static void
commands_are_split(void **state)
{
	char **words;
	size_t count;

	assert_int_equal(
	    command_line_split(&arena,
	                       BYTES_LITERAL(" /bin/x  'a \"b' \"c \\\"d\\e\" f\\ g'h'\"\" "
	                                     "'' $HOME #i"),
	                       &words, &count)
	        .code,
	    RESULT_OK);
	assert_int_equal(count, 7);
	assert_string_equal(words[0], "/bin/x");
	assert_string_equal(words[1], "a \"b");
	assert_string_equal(words[2], "c \"d\\e");
	assert_string_equal(words[3], "f gh");
	assert_string_equal(words[4], "");
	assert_string_equal(words[5], "$HOME");
	assert_string_equal(words[6], "#i");
	assert_null(words[7]);
}

static void
open_quotes_are_refused(void **state)
{
	static const char *const lines[] = {"'a", "\"a", "\"a\\", "a\\", "a 'b\" c"};

	for (size_t i = 0; i < LENGTH(lines); i++)
	{
		char **words;
		size_t count;

		assert_int_equal(command_line_split(&arena, bytes_of_string(lines[i]), &words, &count).code,
		                 RESULT_MALFORMED);
	}
}

/* Containers */

static CheckedResult
ask_container(AwsVariable variable, const char *uri, Bytes token, Bytes *url)
{
	AwsEnvironment environment = {0};
	HttpRequest request;

	environment.values[variable] = bytes_of_string(uri);
	RETURN_IF_FAILED(container_request(&arena, &environment, token, &request));
	return http_request_url(&arena, &request, url);
}

static void
containers_are_asked(void **state)
{
	static const char *const uris[] = {
	    "http://127.0.0.1/a",         "http://127.255.1.2:8080/a/b/?c=d&e",
	    "http://localhost:1/",        "http://169.254.170.2/v2/x-y",
	    "http://169.254.170.23/v1/c", "http://[::1]:99/a/",
	    "http://[fd00:ec2::23]/v1/c", "https://example.com/a",
	};
	Bytes url;

	for (size_t i = 0; i < LENGTH(uris); i++)
	{
		CheckedResult result =
		    ask_container(AWS_VARIABLE_CONTAINER_FULL_URI, uris[i], BYTES_LITERAL("token"), &url);

		assert_int_equal(result.code, RESULT_OK);
		assert_bytes(url, uris[i]);
	}
	assert_int_equal(
	    ask_container(AWS_VARIABLE_CONTAINER_RELATIVE_URI, "/v2/x?y=z", BYTES_EMPTY, &url).code,
	    RESULT_OK);
	assert_bytes(url, "http://169.254.170.2/v2/x?y=z");
}

static void
other_hosts_are_not_asked(void **state)
{
	static const char *const uris[] = {
	    "http://example.com/a",    "http://127.0.0.1.example.com/",
	    "http://127.0.0.256/",     "http://127.0.1/",
	    "http://127.0.0.0.1/",     "http://127..0.1/",
	    "http://169.254.170.20/",  "http://169.254.169.254/",
	    "http://localhost.evil/",  "http://user@127.0.0.1/",
	    "ftp://127.0.0.1/",        "http://[fd00:ec2::24]/",
	    "http://127.0.0.1/?a b",   "http://127.0.0.1/#a",
	    "http://127.0.0.1@evil/",  "http://[::1].evil/",
	    "http://127.0.0.1:80:80/", "127.0.0.1/",
	};
	Bytes url;

	for (size_t i = 0; i < LENGTH(uris); i++)
		assert_int_equal(
		    ask_container(AWS_VARIABLE_CONTAINER_FULL_URI, uris[i], BYTES_EMPTY, &url).code,
		    RESULT_INVALID_ARGUMENT);
	assert_int_equal(
	    ask_container(AWS_VARIABLE_CONTAINER_RELATIVE_URI, "@evil/", BYTES_EMPTY, &url).code,
	    RESULT_INVALID_ARGUMENT);
}

static void
tokens_cannot_add_headers(void **state)
{
	AwsEnvironment environment = {0};
	HttpRequest request;
	Bytes url;

	assert_int_equal(ask_container(AWS_VARIABLE_CONTAINER_FULL_URI, "http://[::1]/",
	                               BYTES_LITERAL("a\r\nx-more: b"), &url)
	                     .code,
	                 RESULT_INVALID_ARGUMENT);
	assert_int_equal(
	    instance_role_request(&arena, &environment, BYTES_LITERAL("a\n"), BYTES_EMPTY, &request)
	        .code,
	    RESULT_INVALID_ARGUMENT);
	assert_int_equal(instance_role_request(&arena, &environment, BYTES_LITERAL("a"),
	                                       BYTES_LITERAL("../../x"), &request)
	                     .code,
	                 RESULT_INVALID_ARGUMENT);
}

/* The chain without memory: it fails, or finds what it finds with memory */

#define CONFIG                                                                                     \
	"[profile a]\nrole_arn = arn:aws:iam::1:role/a\nsource_profile = b\nexternal_id = id\n"        \
	"[profile b]\ncredential_process = '/bin/x' y\n"

#define ASSUMED                                                                                    \
	"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"           \
	"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"                           \
	"<Expiration>2026-11-23T04:28:00Z</Expiration></Credentials></AssumeRoleResult>"               \
	"</AssumeRoleResponse>"

static Bytes
answer_to(const CredentialStep *step)
{
	switch (step->kind)
	{
		case CREDENTIAL_STEP_READ_FILE:
			return strstr(step->file_name, "config") != NULL ? BYTES_LITERAL(CONFIG) : BYTES_EMPTY;
		case CREDENTIAL_STEP_PROCESS:
			return BYTES_LITERAL("{\"Version\":1," KEYS "}");
		default:
			return BYTES_LITERAL(ASSUMED);
	}
}

static CheckedResult
outcome_of(const CredentialChain *chain)
{
	if (chain->step.kind == CREDENTIAL_STEP_FAILED)
		return result_out_of_memory();
	assert_bytes(chain->step.credentials.access_key_id, "ASIA");
	return result_ok();
}

static CheckedResult
go_through_chain(Arena *some_arena)
{
	AwsEnvironment environment = {0};
	CredentialSettings settings = {.process_allowed = true, .profile = BYTES_LITERAL("a")};
	CredentialChain chain;
	CheckedResult result = result_ok();

	environment.values[AWS_VARIABLE_HOME] = BYTES_LITERAL("/home/of");
	credential_chain_begin(&chain, some_arena, &environment, &settings);
	while (result_is_ok(result) && chain.step.kind != CREDENTIAL_STEP_DONE &&
	       chain.step.kind != CREDENTIAL_STEP_FAILED)
		result = credential_chain_take(&chain, answer_to(&chain.step));
	if (result_is_ok(result))
		result = outcome_of(&chain);
	credential_chain_release(&chain);
	return result;
}

static void
chain_fails_without_memory(void **state)
{
	assert_survives_exhaustion(go_through_chain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(documents_are_read),
	    cmocka_unit_test(process_may_leave_out_token_and_expiration),
	    cmocka_unit_test(offsets_of_zones_count),
	    cmocka_unit_test(other_documents_are_refused),
	    cmocka_unit_test(deep_documents_are_refused),
	    cmocka_unit_test(default_with_its_prefix_precedes),
	    cmocka_unit_test(wrong_lines_are_counted),
	    cmocka_unit_test(too_many_properties_are_refused),
	    cmocka_unit_test(commands_are_split),
	    cmocka_unit_test(open_quotes_are_refused),
	    cmocka_unit_test(containers_are_asked),
	    cmocka_unit_test(other_hosts_are_not_asked),
	    cmocka_unit_test(tokens_cannot_add_headers),
	    cmocka_unit_test(chain_fails_without_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
