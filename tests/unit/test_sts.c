/*
 * test_sts.c
 *		AssumeRole: the form and the answer.
 */
#include "aws/sts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/exhaustion.h"
#include "unit/fixture.h"

static void
assert_form(const AssumeRoleRequest *request, const char *expected)
{
	ByteBuffer body;

	buffer_init(&body, malloc_block_source, ARENA_PLAIN, 4096);
	assert_int_equal(sts_write_assume_role(request, &body).code, RESULT_OK);
	assert_bytes(buffer_bytes(&body), expected);
	buffer_release(&body);
}

static void
forms_are_encoded(void **state)
{
	AssumeRoleRequest request = {
	    .role_arn = BYTES_LITERAL("arn:aws:iam::123456789012:role/a+b"),
	    .role_session_name = BYTES_LITERAL("me@host"),
	};

	assert_form(&request, "Action=AssumeRole&Version=2011-06-15"
	                      "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%2Bb"
	                      "&RoleSessionName=me%40host");
	request.external_id = BYTES_LITERAL("x&y=z \xc3\xa9");
	request.duration_seconds = 900;
	assert_form(&request, "Action=AssumeRole&Version=2011-06-15"
	                      "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fa%2Bb"
	                      "&RoleSessionName=me%40host&ExternalId=x%26y%3Dz%20%C3%A9"
	                      "&DurationSeconds=900");
}

static void
forms_that_do_not_fit_fail(void **state)
{
	AssumeRoleRequest request = {.role_arn = BYTES_LITERAL("arn"),
	                             .role_session_name = BYTES_LITERAL("me")};
	ByteBuffer body;

	buffer_init(&body, malloc_block_source, ARENA_PLAIN, 40);
	assert_int_equal(sts_write_assume_role(&request, &body).code, RESULT_TOO_LARGE);
	buffer_release(&body);
}

#define RESPONSE(result)                                                                           \
	"<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                   \
	"  <AssumeRoleResult>\n" result "  </AssumeRoleResult>\n"                                      \
	"  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>\n"                     \
	"</AssumeRoleResponse>\n"

#define KEY                "<AccessKeyId>ASIAEXAMPLE</AccessKeyId>\n"
#define SECRET             "<SecretAccessKey>a/b+c&amp;d</SecretAccessKey>\n"
#define TOKEN              "<SessionToken>to&#107;en==</SessionToken>\n"
#define EXPIRATION         "<Expiration>2026-11-23T04:28:00.123Z</Expiration>\n"
#define USER               "<AssumedRoleUser><Arn>arn</Arn><AssumedRoleId>id</AssumedRoleId></AssumedRoleUser>\n"
#define CREDENTIALS(parts) "<Credentials>\n" parts "</Credentials>\n"

#define GOOD_RESPONSE                                                                              \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- hello -->" RESPONSE(                         \
	    USER CREDENTIALS(KEY SECRET TOKEN EXPIRATION) "<PackedPolicySize>6</PackedPolicySize>\n")

static CheckedResult
read_response(Arena *some_arena)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(sts_read_assume_role(some_arena, BYTES_LITERAL(GOOD_RESPONSE), &credentials));
	assert_bytes(credentials.access_key_id, "ASIAEXAMPLE");
	assert_bytes(credentials.secret_access_key, "a/b+c&d");
	assert_bytes(credentials.session_token, "token==");
	assert_int_equal(credentials.expires_at, 1795408080);
	return result_ok();
}

static void
answers_are_read(void **state)
{
	assert_survives_exhaustion(read_response);
}

static void
incomplete_answers_are_malformed(void **state)
{
	static const char *const answers[] = {
	    "",
	    "<AssumeRoleResponse/>",
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN)),
	    RESPONSE(CREDENTIALS(KEY SECRET EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY TOKEN EXPIRATION)),
	    RESPONSE(CREDENTIALS(SECRET TOKEN EXPIRATION)),
	    RESPONSE(KEY SECRET TOKEN EXPIRATION),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken/>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN "<Expiration>tomorrow</Expiration>")),
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN "<Expiration>2026-11-23T04:28:00</Expiration>")),
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN "<Expiration>2026-11-23T04:28:00.Z</Expiration>")),
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN "<Expiration>2026-02-30T04:28:00Z</Expiration>")),
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN EXPIRATION)) "<again/>",
	    RESPONSE(CREDENTIALS(KEY SECRET TOKEN EXPIRATION)) "text",
	    "text" RESPONSE(CREDENTIALS(KEY SECRET TOKEN EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&bogus;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&#xD800;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&#x110000;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&#0;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&#;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&#x;</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken>a&lt</SessionToken>" EXPIRATION)),
	    RESPONSE(CREDENTIALS(KEY SECRET "<SessionToken><![CDATA[a]]></SessionToken>" EXPIRATION)),
	    "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">" RESPONSE(
	        CREDENTIALS(KEY SECRET TOKEN EXPIRATION)),
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		AwsCredentials credentials;

		assert_int_equal(
		    sts_read_assume_role(&arena, bytes_of_string(answers[i]), &credentials).code,
		    RESULT_MALFORMED);
	}
}

/* Cut anywhere before its last tag's end, the answer is no answer. */
static void
truncated_answers_are_malformed(void **state)
{
	Bytes whole = BYTES_LITERAL(GOOD_RESPONSE);

	for (size_t length = 0; length < whole.length - 1; length++)
	{
		AwsCredentials credentials;
		char *cut = malloc(length + 1);

		memcpy(cut, whole.data, length);
		assert_int_equal(sts_read_assume_role(&arena, (Bytes){cut, length}, &credentials).code,
		                 RESULT_MALFORMED);
		free(cut);
	}
}

static void
deep_answers_are_refused(void **state)
{
	char xml[4096] = "";
	AwsCredentials credentials;

	for (int i = 0; i < 1000; i++)
		strcat(xml, "<a>");
	assert_int_equal(sts_read_assume_role(&arena, bytes_of_string(xml), &credentials).code,
	                 RESULT_TOO_LARGE);
}

/* In quotes, ">" does not end a tag. */
static void
attributes_are_passed_over(void **state)
{
	const char *xml = "<AssumeRoleResponse a='>' b=\"</x>\"><AssumeRoleResult>"
	                  "<Credentials c = '\"' >" KEY SECRET TOKEN EXPIRATION "</Credentials >"
	                  "</AssumeRoleResult></AssumeRoleResponse>";
	AwsCredentials credentials;

	assert_int_equal(sts_read_assume_role(&arena, bytes_of_string(xml), &credentials).code,
	                 RESULT_OK);
	assert_bytes(credentials.access_key_id, "ASIAEXAMPLE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(forms_are_encoded),
	    cmocka_unit_test(forms_that_do_not_fit_fail),
	    cmocka_unit_test(answers_are_read),
	    cmocka_unit_test_setup_teardown(incomplete_answers_are_malformed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(truncated_answers_are_malformed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(deep_answers_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(attributes_are_passed_over, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
