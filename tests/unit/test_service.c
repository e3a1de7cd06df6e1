/*
 * test_service.c
 *		Endpoints and the requests of each protocol. All regions are compared with AWS's rules in
 *		tests/python/test_service_models.py.
 */
#include "aws/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/exhaustion.h"
#include "unit/fixture.h"

static void
urls_are_parsed(void **state)
{
	static const struct
	{
		const char *url;
		const char *scheme;
		const char *host;
		const char *path;
	} urls[] = {
	    {"http://localhost:8000", "http", "localhost:8000", "/"},
	    {"HTTPS://Example.COM/", "https", "example.com", "/"},
	    {"https://h:443/a/b//", "https", "h", "/a/b"},
	    {"http://h:80", "http", "h", "/"},
	    {"http://h:443", "http", "h:443", "/"},
	    {"https://h:80", "https", "h:80", "/"},
	    {"http://h:00080", "http", "h", "/"},
	    {"http://[::1]:8000/x", "http", "[::1]:8000", "/x"},
	    {"http://[2001:DB8::1]", "http", "[2001:db8::1]", "/"},
	    {"http://dynamodb_local:1", "http", "dynamodb_local:1", "/"},
	    {"http://h/a%20b/%c3%A9", "http", "h", "/a b/\xc3\xa9"},
	    {"http://h/x@y:z!$&'()*+,;=~", "http", "h", "/x@y:z!$&'()*+,;=~"},
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		Endpoint endpoint;

		assert_int_equal(endpoint_parse(&arena, bytes_of_string(urls[i].url), &endpoint).code,
		                 RESULT_OK);
		assert_bytes(endpoint.scheme, urls[i].scheme);
		assert_bytes(endpoint.host, urls[i].host);
		assert_bytes(endpoint.path, urls[i].path);
	}
}

static void
other_urls_are_refused(void **state)
{
	static const char *const urls[] = {
	    "",
	    "localhost:8000",
	    "ftp://h",
	    "file:///etc/passwd",
	    "http:/h",
	    "http://",
	    "http:///path",
	    "http://:8000",
	    "http://user@h",
	    "http://user:password@h",
	    "http://h:",
	    "http://h:0",
	    "http://h:65536",
	    "http://h:123456",
	    "http://h:-1",
	    "http://h:80a",
	    "http://h?query",
	    "http://h/?query",
	    "http://h/#fragment",
	    "http://h#fragment",
	    "http://h /",
	    "http://h\r\nx: y",
	    "http://h/a b",
	    "http://h/\x01",
	    "http://h/\xc3\xa9",
	    "http://h\xc3\xa9",
	    "http://h/%",
	    "http://h/%4",
	    "http://h/%zz",
	    "http://h/%00",
	    "http://h/%2F",
	    "http://h/%0a",
	    "http://h/%7f",
	    "http://h/a\\b",
	    "http://[::1",
	    "http://[]",
	    "http://[g]",
	    "http://[::1]x",
	    " http://h",
	    "http://h ",
	};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
	{
		Endpoint endpoint;

		assert_int_equal(endpoint_parse(&arena, bytes_of_string(urls[i]), &endpoint).code,
		                 RESULT_INVALID_ARGUMENT);
	}
}

static void
zero_bytes_and_long_urls_are_refused(void **state)
{
	char url[4096];
	Endpoint endpoint;

	assert_int_equal(endpoint_parse(&arena, BYTES_LITERAL("http://h\0.x"), &endpoint).code,
	                 RESULT_INVALID_ARGUMENT);
	assert_int_equal(endpoint_parse(&arena, BYTES_LITERAL("http://h/\0"), &endpoint).code,
	                 RESULT_INVALID_ARGUMENT);
	memset(url, 'a', sizeof(url));
	memcpy(url, "http://", 7);
	assert_int_equal(endpoint_parse(&arena, (Bytes){url, sizeof(url)}, &endpoint).code,
	                 RESULT_INVALID_ARGUMENT);
}

static void
region_names_are_checked(void **state)
{
	assert_true(region_name_is_valid(BYTES_LITERAL("us-east-1")));
	assert_true(region_name_is_valid(BYTES_LITERAL("local")));
	assert_false(region_name_is_valid(BYTES_EMPTY));
	assert_false(region_name_is_valid(BYTES_LITERAL("us-east-1.x")));
	assert_false(region_name_is_valid(BYTES_LITERAL("-us")));
	assert_false(region_name_is_valid(BYTES_LITERAL("us-")));
	assert_false(region_name_is_valid(BYTES_LITERAL("us\0east")));
}

static const HttpHeader *
find_header(const HttpRequest *request, const char *name)
{
	for (uint32_t i = 0; i < request->header_count; i++)
		if (bytes_equal(request->headers[i].name, bytes_of_string(name)))
			return &request->headers[i];
	return NULL;
}

static HttpRequest
request_of(AwsService service, const char *operation, bool compression)
{
	ServiceRequest request = {
	    .service = service, .operation = operation, .body = BYTES_LITERAL("body")};
	Endpoint endpoint = {BYTES_LITERAL("http"), BYTES_LITERAL("h:1"), BYTES_LITERAL("/p")};
	HttpRequest http;

	assert_int_equal(service_request_to_http(&arena, &request, &endpoint, compression, &http).code,
	                 RESULT_OK);
	return http;
}

static void
dynamodb_speaks_json(void **state)
{
	HttpRequest http = request_of(AWS_DYNAMODB, "GetItem", false);

	assert_string_equal(http.method, "POST");
	assert_bytes(http.scheme, "http");
	assert_bytes(http.host, "h:1");
	assert_bytes(http.path, "/p");
	assert_int_equal(http.query.length, 0);
	assert_bytes(http.body, "body");
	assert_bytes(find_header(&http, "content-type")->value, "application/x-amz-json-1.0");
	assert_bytes(find_header(&http, "x-amz-target")->value, "DynamoDB_20120810.GetItem");
	assert_bytes(find_header(&http, "accept-encoding")->value, "identity");
	assert_bytes(find_header(&http, "user-agent")->value, "dynamodb_kms_fdw/1.0.0");
}

static void
sts_speaks_forms(void **state)
{
	HttpRequest http = request_of(AWS_STS, "AssumeRole", true);

	assert_null(find_header(&http, "x-amz-target"));
	assert_bytes(find_header(&http, "content-type")->value,
	             "application/x-www-form-urlencoded; charset=utf-8");
}

static void
kms_speaks_json(void **state)
{
	HttpRequest http = request_of(AWS_KMS, "Decrypt", false);

	assert_bytes(find_header(&http, "content-type")->value, "application/x-amz-json-1.1");
	assert_bytes(find_header(&http, "x-amz-target")->value, "TrentService.Decrypt");
}

static void
streams_are_signed_as_dynamodb(void **state)
{
	HttpRequest http = request_of(AWS_DYNAMODB_STREAMS, "GetRecords", false);

	assert_bytes(find_header(&http, "x-amz-target")->value, "DynamoDBStreams_20120810.GetRecords");
	assert_string_equal(aws_service_signing_name(AWS_DYNAMODB_STREAMS), "dynamodb");
}

static void
secrets_are_not_asked_for_compressed(void **state)
{
	for (int service = 0; service < AWS_SERVICE_COUNT; service++)
	{
		HttpRequest http = request_of((AwsService) service, "Any", true);
		bool secrets = aws_service_answers_secrets((AwsService) service);

		assert_bytes(find_header(&http, "accept-encoding")->value, secrets ? "identity" : "gzip");
	}
	assert_true(aws_service_answers_secrets(AWS_KMS));
	assert_true(aws_service_answers_secrets(AWS_STS));
	assert_false(aws_service_answers_secrets(AWS_DYNAMODB));
}

static CheckedResult
make_request(Arena *small)
{
	ServiceRequest request = {
	    .service = AWS_DYNAMODB, .operation = "Query", .body = BYTES_LITERAL("{}")};
	EndpointVariant variant = {true, true};
	Endpoint endpoint;
	Endpoint parsed;
	HttpRequest http;

	RETURN_IF_FAILED(
	    endpoint_of_region(small, AWS_DYNAMODB, BYTES_LITERAL("cn-north-1"), variant, &endpoint));
	assert_bytes(endpoint.host, "dynamodb-fips.cn-north-1.api.amazonwebservices.com.cn");
	RETURN_IF_FAILED(endpoint_parse(small, BYTES_LITERAL("http://host:8000/path"), &parsed));
	return service_request_to_http(small, &request, &parsed, true, &http);
}

static void
exhaustion_is_survived(void **state)
{
	assert_survives_exhaustion(make_request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(urls_are_parsed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_urls_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(zero_bytes_and_long_urls_are_refused, set_up, tear_down),
	    cmocka_unit_test(region_names_are_checked),
	    cmocka_unit_test_setup_teardown(dynamodb_speaks_json, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sts_speaks_forms, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(kms_speaks_json, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(streams_are_signed_as_dynamodb, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(secrets_are_not_asked_for_compressed, set_up, tear_down),
	    cmocka_unit_test(exhaustion_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
