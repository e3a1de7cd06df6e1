/*
 * test_service_error.c
 *		What is made of a service's refusal, however it is worded.
 */
#include "aws/service_error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static ServiceError
parse(AwsService service, int status, Bytes body)
{
	HttpResponseHead head;
	ServiceError error;

	http_response_head_init(&head);
	head.status = status;
	strcpy(head.request_id, "request-1");
	service_error_parse(&head, body, service, &error);
	assert_int_equal(error.http_status, status);
	assert_string_equal(error.request_id, "request-1");
	return error;
}

static ServiceError
parse_json(int status, const char *body)
{
	return parse(AWS_DYNAMODB, status, bytes_of_string(body));
}

static void
codes_are_read_in_every_form(void **state)
{
	static const char *const bodies[] = {
	    "{\"__type\":\"ResourceNotFoundException\"}",
	    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\"}",
	    "{\"__type\":\"ResourceNotFoundException:http://internal.example/coral/x/\"}",
	    "{\"__type\":\"a.b#ResourceNotFoundException:http://internal.example/coral/x/\"}",
	    "{\"__type\":\"http://internal.example/coral/x/ResourceNotFoundException\"}",
	    "{\"__type\":\"https://internal.example/coral/x#ResourceNotFoundException\"}",
	    "{\"code\":\"ResourceNotFoundException\"}",
	    "{\"Code\":\"ResourceNotFoundException\", \"__type\":5}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		ServiceError error = parse_json(400, bodies[i]);

		assert_string_equal(error.code, "ResourceNotFoundException");
		assert_int_equal(error.class, ERROR_CLASS_NOT_FOUND);
	}
}

static void
messages_are_read_in_either_case(void **state)
{
	assert_string_equal(parse_json(400, "{\"message\":\"m\\u00e9\"}").message, "m\xc3\xa9");
	assert_string_equal(parse_json(400, "{\"Message\":\"M\"}").message, "M");
	assert_string_equal(parse_json(400, "{\"message\":null,\"Message\":\"M\"}").message, "M");
}

static void
bodies_that_cannot_be_read_leave_it_to_the_status(void **state)
{
	static const char *const bodies[] = {
	    "",
	    "<html><body>502 Bad Gateway</body></html>",
	    "null",
	    "[]",
	    "\"x\"",
	    "{",
	    "{}x",
	    "{\"__type\":\"ThrottlingException\"",
	    "{'__type':'ThrottlingException'}",
	    "{\"__type\":\"not a code\"}",
	    "{\"__type\":\"<script>\"}",
	    "{\"__type\":\"\"}",
	    "{\"__type\":\"a#\"}",
	    "{\"message\":\"\xff\"}",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		ServiceError error = parse_json(503, bodies[i]);

		assert_string_equal(error.code, "");
		assert_string_equal(error.message, "");
		assert_int_equal(error.class, ERROR_CLASS_TRANSIENT);
		assert_int_equal(parse_json(403, bodies[i]).class, ERROR_CLASS_ACCESS_DENIED);
		assert_int_equal(parse_json(302, bodies[i]).class, ERROR_CLASS_OTHER);
	}
}

static void
zero_bytes_do_not_end_a_body(void **state)
{
	ServiceError error =
	    parse(AWS_DYNAMODB, 400, BYTES_LITERAL("{\"__type\":\"ThrottlingException\"}\0garbage"));

	assert_string_equal(error.code, "");
	error = parse_json(400, "{\"message\":\"a\\u0000b\\nc\\u007f\"}");
	assert_string_equal(error.message, "a b c ");
}

static void
header_names_the_code_of_an_empty_body(void **state)
{
	HttpResponseHead head;
	ServiceError error;

	http_response_head_init(&head);
	head.status = 400;
	strcpy(head.error_type, "com.amazonaws.dynamodb#ThrottlingException");
	service_error_parse(&head, BYTES_EMPTY, AWS_DYNAMODB, &error);
	assert_string_equal(error.code, "ThrottlingException");
	assert_int_equal(error.class, ERROR_CLASS_THROTTLED);
}

static void
long_codes_are_none(void **state)
{
	char body[1024];
	ServiceError error;

	strcpy(body, "{\"__type\":\"");
	memset(body + strlen(body), 'A', ERROR_CODE_MAXIMUM);
	strcpy(body + strlen("{\"__type\":\"") + ERROR_CODE_MAXIMUM, "\"}");
	error = parse_json(400, body);
	assert_string_equal(error.code, "");
}

/* Whatever stands around the cut, no character is torn. */
static void
long_messages_are_cut_at_a_character(void **state)
{
	for (int shift = 0; shift < 4; shift++)
	{
		char body[ERROR_MESSAGE_MAXIMUM * 2 + 64];
		char *end = body + sprintf(body, "{\"message\":\"%.*s", shift, "abc");
		ServiceError error;
		size_t length;

		for (int i = 0; i < ERROR_MESSAGE_MAXIMUM / 4 + 10; i++, end += 4)
			memcpy(end, "\xf0\x9f\x98\x80", 4);
		strcpy(end, "\"}");
		error = parse_json(400, body);
		length = strlen(error.message);
		assert_true(length >= ERROR_MESSAGE_MAXIMUM - 4);
		assert_int_equal((length - (size_t) shift) % 4, 0);
		assert_memory_equal(error.message + length - 4, "\xf0\x9f\x98\x80", 4);
	}
}

static void
cancellation_reasons_are_borrowed(void **state)
{
	const char *body = "{\"other\":{\"CancellationReasons\":[0]},\"text\":\"\\\"[{\","
	                   "\"__type\":\"x#TransactionCanceledException\",\"Message\":\"m\","
	                   "\"CancellationReasons\" : [{\"Code\":\"None\"},"
	                   "{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"]\\\\\"}] }";
	ServiceError error = parse_json(400, body);
	const char *expected = "[{\"Code\":\"None\"},"
	                       "{\"Code\":\"ConditionalCheckFailed\",\"Message\":\"]\\\\\"}]";

	assert_int_equal(error.class, ERROR_CLASS_TRANSACTION_CANCELED);
	assert_int_equal(error.cancellation_reasons.length, strlen(expected));
	assert_memory_equal(error.cancellation_reasons.data, expected, strlen(expected));
	assert_true(error.cancellation_reasons.data > body &&
	            error.cancellation_reasons.data < body + strlen(body));
	assert_int_equal(error.throttling_reasons.length, 0);
}

/* As deep as an item can be, which is deeper than any description. */
static void
items_are_borrowed(void **state)
{
	char nested[512] = "";
	char body[2048];
	char item[1024];
	ServiceError error;

	for (int i = 0; i < 32; i++)
		strcat(nested, "{\"L\":[");
	for (int i = 0; i < 32; i++)
		strcat(nested, "]}");
	sprintf(item, "{\"id\":{\"S\":\"}\"},\"l\":%s}", nested);
	sprintf(body,
	        "{\"__type\":\"a#ConditionalCheckFailedException\",\"Item\" : %s,\"message\":\"m\"}",
	        item);
	error = parse_json(400, body);
	assert_int_equal(error.class, ERROR_CLASS_CONDITION_FAILED);
	assert_string_equal(error.message, "m");
	assert_int_equal(error.item.length, strlen(item));
	assert_memory_equal(error.item.data, item, strlen(item));
	assert_true(error.item.data > body && error.item.data < body + sizeof(body));
	assert_int_equal(parse_json(400, "{\"Item\":[]}").item.length, 0);
	assert_int_equal(parse_json(400, "{\"Item\":null}").item.length, 0);
}

static void
throttling_reasons_are_borrowed(void **state)
{
	const char *reasons = "[{\"reason\":\"TableReadKeyRangeThroughputExceeded\"}]";
	char body[256];
	ServiceError error;

	sprintf(body, "{\"__type\":\"ThrottlingException\",\"ThrottlingReasons\":%s}", reasons);
	error = parse_json(400, body);
	assert_int_equal(error.throttling_reasons.length, strlen(reasons));
	assert_memory_equal(error.throttling_reasons.data, reasons, strlen(reasons));
	error = parse_json(400, "{\"ThrottlingReasons\":{},\"CancellationReasons\":\"[]\"}");
	assert_int_equal(error.throttling_reasons.length, 0);
	assert_int_equal(error.cancellation_reasons.length, 0);
}

static void
messages_tell_codes_apart(void **state)
{
	static const struct
	{
		const char *code;
		const char *message;
		ErrorClass class;
	} cases[] = {
	    {"ValidationException", "The table does not have the specified index: by-name",
	     ERROR_CLASS_NOT_FOUND},
	    {"ValidationException", "Item size has exceeded the maximum allowed size",
	     ERROR_CLASS_LIMIT_EXCEEDED},
	    {"ValidationException", "The provided key element does not match the schema",
	     ERROR_CLASS_VALIDATION},
	    {"ValidationException", "", ERROR_CLASS_VALIDATION},
	    {"InvalidSignatureException", "Signature expired: 20200101T000000Z is now earlier than",
	     ERROR_CLASS_CLOCK_SKEW},
	    {"InvalidSignatureException", "Signature not yet current: 2020", ERROR_CLASS_CLOCK_SKEW},
	    {"InvalidSignatureException", "The request signature we calculated does not match",
	     ERROR_CLASS_CREDENTIALS},
	    {"SignatureDoesNotMatch", "Signature expired: x", ERROR_CLASS_CLOCK_SKEW},
	    {"SignatureDoesNotMatch", "x", ERROR_CLASS_CREDENTIALS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char body[512];

		sprintf(body, "{\"__type\":\"a#%s\",\"message\":\"%s\"}", cases[i].code, cases[i].message);
		assert_int_equal(parse_json(400, body).class, cases[i].class);
	}
}

static void
code_decides_before_status(void **state)
{
	static const struct
	{
		const char *code;
		int status;
		ErrorClass class;
	} cases[] = {
	    {"ThrottlingException", 400, ERROR_CLASS_THROTTLED},
	    {"ProvisionedThroughputExceededException", 400, ERROR_CLASS_THROTTLED},
	    {"TransactionInProgressException", 400, ERROR_CLASS_THROTTLED},
	    {"ReplicatedWriteConflictException", 400, ERROR_CLASS_CONFLICT},
	    {"TransactionConflictException", 400, ERROR_CLASS_CONFLICT},
	    {"ConditionalCheckFailedException", 400, ERROR_CLASS_CONDITION_FAILED},
	    {"ItemCollectionSizeLimitExceededException", 400, ERROR_CLASS_LIMIT_EXCEEDED},
	    {"UnrecognizedClientException", 400, ERROR_CLASS_CREDENTIALS},
	    {"MissingAuthenticationTokenException", 400, ERROR_CLASS_CREDENTIALS},
	    {"InvalidClientTokenId", 403, ERROR_CLASS_CREDENTIALS},
	    {"ExpiredTokenException", 400, ERROR_CLASS_EXPIRED_CREDENTIALS},
	    {"ExpiredToken", 403, ERROR_CLASS_EXPIRED_CREDENTIALS},
	    {"RequestTimeTooSkewed", 403, ERROR_CLASS_CLOCK_SKEW},
	    {"AccessDeniedException", 400, ERROR_CLASS_ACCESS_DENIED},
	    {"DisabledException", 400, ERROR_CLASS_KEY_UNAVAILABLE},
	    {"KMSInvalidStateException", 400, ERROR_CLASS_KEY_UNAVAILABLE},
	    {"InvalidCiphertextException", 400, ERROR_CLASS_BAD_CIPHERTEXT},
	    {"ValidationException", 500, ERROR_CLASS_VALIDATION},
	    {"Unheard", 500, ERROR_CLASS_TRANSIENT},
	    {"Unheard", 400, ERROR_CLASS_OTHER},
	    {"Unheard", 429, ERROR_CLASS_THROTTLED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    service_error_classify(bytes_of_string(cases[i].code), BYTES_EMPTY, cases[i].status),
		    cases[i].class);
	assert_int_equal(service_error_classify(BYTES_EMPTY, BYTES_EMPTY, 0), ERROR_CLASS_CONNECTION);
}

static void
only_unknown_outcomes_are_ambiguous(void **state)
{
	for (int class = ERROR_CLASS_NONE; class <= ERROR_CLASS_OTHER; class ++)
		assert_int_equal(error_class_is_ambiguous((ErrorClass) class),
		                 class == ERROR_CLASS_TRANSIENT || class == ERROR_CLASS_CONNECTION ||
		                     class == ERROR_CLASS_TIMEOUT || class == ERROR_CLASS_CORRUPT);
}

#define STS_ERROR(inside)                                                                          \
	BYTES_LITERAL("<?xml version=\"1.0\"?>\n"                                                      \
	              "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"          \
	              "  <Error>" inside "</Error>\n"                                                  \
	              "  <RequestId>id</RequestId>\n</ErrorResponse>\n")

static void
sts_errors_are_xml(void **state)
{
	ServiceError error = parse(AWS_STS, 403,
	                           STS_ERROR("<Type>Sender</Type>\n<Code>AccessDenied</Code>"
	                                     "<Message>a &lt;b&gt; &amp;&#233;&#x1F600;</Message>"));

	assert_string_equal(error.code, "AccessDenied");
	assert_string_equal(error.message, "a <b> &\xc3\xa9\xf0\x9f\x98\x80");
	assert_int_equal(error.class, ERROR_CLASS_ACCESS_DENIED);
}

static void
other_xml_leaves_it_to_the_status(void **state)
{
	static const Bytes bodies[] = {
	    STS_ERROR("<Code>ExpiredToken</Code"),
	    STS_ERROR("<Code>ExpiredToken"),
	    STS_ERROR("<Code>Expired<b/>Token</Code>"),
	    STS_ERROR("<Code>&unknown;</Code>"),
	    STS_ERROR("<Code/>"),
	    STS_ERROR("<a><Code>ExpiredToken</Code></a>"),
	    BYTES_LITERAL("<!DOCTYPE x [<!ENTITY a \"b\">]><ErrorResponse><Error><Code>ExpiredToken"
	                  "</Code></Error></ErrorResponse>"),
	    BYTES_LITERAL("<html><p>not closed</html>"),
	    BYTES_LITERAL("{\"__type\":\"ExpiredToken\"}"),
	    BYTES_LITERAL(""),
	    BYTES_LITERAL("<"),
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
	{
		ServiceError error = parse(AWS_STS, 400, bodies[i]);

		assert_string_equal(error.code, "");
		assert_int_equal(error.class, ERROR_CLASS_OTHER);
	}
}

/* Latin-1 and torn UTF-8, which JSON would have refused. */
static void
bytes_that_are_no_characters_become_question_marks(void **state)
{
	ServiceError error = parse(
	    AWS_STS, 400,
	    STS_ERROR("<Message>\xe9t\xe9 \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82</Message>"));

	assert_string_equal(error.message, "?t? ?? ??? ???? ??");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(codes_are_read_in_every_form),
	    cmocka_unit_test(messages_are_read_in_either_case),
	    cmocka_unit_test(bodies_that_cannot_be_read_leave_it_to_the_status),
	    cmocka_unit_test(zero_bytes_do_not_end_a_body),
	    cmocka_unit_test(header_names_the_code_of_an_empty_body),
	    cmocka_unit_test(long_codes_are_none),
	    cmocka_unit_test(long_messages_are_cut_at_a_character),
	    cmocka_unit_test(cancellation_reasons_are_borrowed),
	    cmocka_unit_test(items_are_borrowed),
	    cmocka_unit_test(throttling_reasons_are_borrowed),
	    cmocka_unit_test(messages_tell_codes_apart),
	    cmocka_unit_test(code_decides_before_status),
	    cmocka_unit_test(only_unknown_outcomes_are_ambiguous),
	    cmocka_unit_test(sts_errors_are_xml),
	    cmocka_unit_test(other_xml_leaves_it_to_the_status),
	    cmocka_unit_test(bytes_that_are_no_characters_become_question_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
