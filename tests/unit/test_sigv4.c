/*
 * test_sigv4.c
 *		Signatures: what is signed, and what happens at the edges. That the signatures are right is
 *		for tests/python/test_sigv4_peer.py to say, against another implementation.
 */
#include "aws/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/exhaustion.h"
#include "unit/fixture.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const AwsCredentials credentials = {
    .access_key_id = {"AKIDEXAMPLE", 11},
    .secret_access_key = {"secret", 6},
    .session_token = {"token", 5},
};

static const SigningScope scope = {
    .region = {"us-east-1", 9},
    .service = {"dynamodb", 8},
    .time = 1315611360, /* 2011-09-09, 23:36:00 */
};

static HttpRequest
request_for_path(const char *path)
{
	return (HttpRequest){.method = "POST",
	                     .scheme = BYTES_LITERAL("http"),
	                     .host = BYTES_LITERAL("localhost:8000"),
	                     .path = bytes_of_string(path)};
}

/* The arena that a test's texts are in; each test resets it. */

static const char *
canonical_of(const HttpRequest *request)
{
	Bytes canonical;

	assert_int_equal(sigv4_canonical_request(&arena, request, &canonical).code, RESULT_OK);
	assert_int_equal(strlen(canonical.data), canonical.length);
	return canonical.data;
}

static void
paths_are_normalized_and_encoded_twice(void **state)
{
	static const struct
	{
		const char *path;
		const char *canonical;
	} paths[] = {
	    {"", "/"},
	    {"/", "/"},
	    {"//", "/"},
	    {"/a//b/", "/a/b/"},
	    {"/a/./b", "/a/b"},
	    {"/a/../b", "/b"},
	    {"/..", "/"},
	    {"/../../a", "/a"},
	    {"/a/..", "/"},
	    {"/a/b/..", "/a"},
	    {"/a/.", "/a"},
	    {"/...", "/..."},
	    {"/a b", "/a%2520b"},
	    {"/%2e%2e/a", "/%25252e%25252e/a"},
	    {"/~-_.", "/~-_."},
	    {"/\xc3\xa9", "/%25C3%25A9"},
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
	{
		HttpRequest request = request_for_path(paths[i].path);
		char expected[256];

		snprintf(expected, sizeof(expected), "POST\n%s\n\nhost:localhost:8000\n\nhost\n" EMPTY_HASH,
		         paths[i].canonical);
		assert_string_equal(canonical_of(&request), expected);
	}
}

static void
headers_are_sorted_joined_and_folded(void **state)
{
	HttpRequest request = request_for_path("/");

	assert_true(http_request_add_header(&request, BYTES_LITERAL("x-b"), BYTES_LITERAL("2")));
	assert_true(
	    http_request_add_header(&request, BYTES_LITERAL("x-a"), BYTES_LITERAL("  one  \t two ")));
	assert_true(http_request_add_header(&request, BYTES_LITERAL("x-b"), BYTES_LITERAL("1")));
	assert_true(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_EMPTY));
	assert_true(http_request_add_header(&request, BYTES_LITERAL("x-b"), BYTES_EMPTY));
	request.query = BYTES_LITERAL("a=1&b=%20");
	assert_string_equal(canonical_of(&request), "POST\n/\na=1&b=%20\n"
	                                            "a:\nhost:localhost:8000\nx-a:one two\nx-b:2,1,\n"
	                                            "\na;host;x-a;x-b\n" EMPTY_HASH);
}

static void
headers_of_intermediaries_are_not_signed(void **state)
{
	HttpRequest request = request_for_path("/");

	assert_true(http_request_add_header(&request, BYTES_LITERAL("user-agent"), BYTES_LITERAL("x")));
	assert_true(
	    http_request_add_header(&request, BYTES_LITERAL("connection"), BYTES_LITERAL("close")));
	assert_string_equal(canonical_of(&request),
	                    "POST\n/\n\nhost:localhost:8000\n\nhost\n" EMPTY_HASH);
}

static void
string_to_sign_has_time_and_scope(void **state)
{
	Bytes text;

	assert_int_equal(sigv4_string_to_sign(&arena, BYTES_EMPTY, &scope, &text).code, RESULT_OK);
	assert_string_equal(text.data, "AWS4-HMAC-SHA256\n20110909T233600Z\n"
	                               "20110909/us-east-1/dynamodb/aws4_request\n" EMPTY_HASH);
}

static void
signing_adds_three_headers(void **state)
{
	HttpRequest request = request_for_path("/");
	const char *start = "AWS4-HMAC-SHA256 "
	                    "Credential=AKIDEXAMPLE/20110909/us-east-1/dynamodb/aws4_request, "
	                    "SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=";
	Bytes authorization;

	assert_int_equal(sigv4_sign(&arena, &request, &credentials, &scope).code, RESULT_OK);
	assert_int_equal(request.header_count, 3);
	assert_true(bytes_equal(request.headers[0].name, BYTES_LITERAL("x-amz-date")));
	assert_true(bytes_equal(request.headers[0].value, BYTES_LITERAL("20110909T233600Z")));
	assert_true(bytes_equal(request.headers[1].name, BYTES_LITERAL("x-amz-security-token")));
	assert_true(bytes_equal(request.headers[1].value, BYTES_LITERAL("token")));
	assert_true(bytes_equal(request.headers[2].name, BYTES_LITERAL("authorization")));
	authorization = request.headers[2].value;
	assert_true(bytes_start_with(authorization, bytes_of_string(start)));
	assert_int_equal(authorization.length, strlen(start) + 64);
}

static void
permanent_keys_have_no_token_header(void **state)
{
	AwsCredentials permanent = credentials;
	HttpRequest request = request_for_path("/");

	permanent.session_token = BYTES_EMPTY;
	assert_int_equal(sigv4_sign(&arena, &request, &permanent, &scope).code, RESULT_OK);
	assert_int_equal(request.header_count, 2);
}

/* Each part of what is signed changes the signature. */
static void
signature_depends_on_everything(void **state)
{
	HttpRequest requests[6];
	Bytes signatures[6];

	for (int i = 0; i < 6; i++)
	{
		AwsCredentials keys = credentials;
		SigningScope other_scope = scope;
		HttpRequest *request = &requests[i];

		*request = request_for_path(i == 1 ? "/other" : "/");
		request->body = i == 2 ? BYTES_LITERAL("{}") : BYTES_EMPTY;
		other_scope.time += i == 3 ? 1 : 0;
		other_scope.region = i == 4 ? BYTES_LITERAL("us-east-2") : scope.region;
		keys.secret_access_key = i == 5 ? BYTES_LITERAL("Secret") : keys.secret_access_key;
		assert_int_equal(sigv4_sign(&arena, request, &keys, &other_scope).code, RESULT_OK);
		signatures[i] = request->headers[2].value;
		signatures[i].data += signatures[i].length - 64;
		signatures[i].length = 64;
		for (int j = 0; j < i; j++)
			assert_false(bytes_equal(signatures[i], signatures[j]));
	}
}

static void
too_many_headers_are_refused(void **state)
{
	HttpRequest request = request_for_path("/");

	while (request.header_count < HTTP_HEADERS_MAXIMUM - 2)
		assert_true(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_EMPTY));
	assert_int_equal(sigv4_sign(&arena, &request, &credentials, &scope).code, RESULT_TOO_LARGE);
}

static CheckedResult
sign_in(Arena *small)
{
	HttpRequest request = request_for_path("/a/b");

	return sigv4_sign(small, &request, &credentials, &scope);
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(sign_in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(paths_are_normalized_and_encoded_twice, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(headers_are_sorted_joined_and_folded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(headers_of_intermediaries_are_not_signed, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(string_to_sign_has_time_and_scope, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(signing_adds_three_headers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(permanent_keys_have_no_token_header, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(signature_depends_on_everything, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(too_many_headers_are_refused, set_up, tear_down),
	    cmocka_unit_test(exhaustion_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
