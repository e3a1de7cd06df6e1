/*
 * test_http.c
 *		Headers of requests, heads of responses, dates.
 */
#include "aws/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aws/calendar.h"
#include "unit/exhaustion.h"

static HttpResponseHead
head_of(const char *const *lines)
{
	HttpResponseHead head;

	http_response_head_init(&head);
	for (; *lines != NULL; lines++)
		assert_int_equal(http_response_head_line(&head, bytes_of_string(*lines)).code, RESULT_OK);
	return head;
}

static HttpResponseHead
head_with(const char *header)
{
	const char *lines[] = {"HTTP/1.1 200 OK\r\n", header, NULL};

	return head_of(lines);
}

static void
empty_head_says_nothing(void **state)
{
	HttpResponseHead head;

	http_response_head_init(&head);
	assert_int_equal(head.status, 0);
	assert_int_equal(head.content_length, -1);
	assert_int_equal(head.retry_after_ms, -1);
	assert_int_equal(head.date, 0);
	assert_false(head.has_crc32);
	assert_false(head.gzip);
	assert_string_equal(head.request_id, "");
	assert_string_equal(head.error_type, "");
}

static void
whole_head_is_read(void **state)
{
	static const char *const lines[] = {
	    "HTTP/1.1 400 Bad Request\r\n",
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
	    "X-Amz-Crc32: 4294967295\r\n",
	    "content-encoding:GZIP\r\n",
	    "Content-Length: 107\n",
	    "x-amzn-RequestId:  4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG\t\r\n",
	    "x-amzn-ErrorType: ValidationException:http://internal.amazon.com/coral/\r\n",
	    "\r\n",
	    NULL,
	};
	HttpResponseHead head = head_of(lines);

	assert_int_equal(head.status, 400);
	assert_int_equal(head.date, 784111777);
	assert_true(head.has_crc32);
	assert_int_equal(head.crc32, UINT32_MAX);
	assert_true(head.gzip);
	assert_int_equal(head.content_length, 107);
	assert_string_equal(head.request_id, "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG");
	assert_string_equal(head.error_type, "ValidationException");
}

static void
status_lines_start_anew(void **state)
{
	static const char *const lines[] = {
	    "HTTP/1.1 100 Continue\r\n",
	    "x-amz-crc32: 5\r\n",
	    "Retry-After: 1\r\n",
	    "\r\n",
	    "HTTP/2 200\r\n",
	    "x-amzn-requestid: new\r\n",
	    NULL,
	};
	HttpResponseHead head = head_of(lines);

	assert_int_equal(head.status, 200);
	assert_false(head.has_crc32);
	assert_int_equal(head.retry_after_ms, -1);
	assert_string_equal(head.request_id, "new");
}

static void
other_first_lines_are_malformed(void **state)
{
	static const char *const lines[] = {
	    "",
	    "\r\n",
	    "HTTP/1.1",
	    "HTTP/1.1 ",
	    "HTTP/1.1 20",
	    "HTTP/1.1 2000 OK",
	    "HTTP/1.1 099 Low",
	    "HTTP/1.1 20x OK",
	    "http/1.1 200 OK",
	    "<html>",
	    "x-amz-crc32: 5",
	    "HTTP/1.1  200 OK",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
	{
		HttpResponseHead head;

		http_response_head_init(&head);
		assert_int_equal(http_response_head_line(&head, bytes_of_string(lines[i])).code,
		                 RESULT_MALFORMED);
		assert_int_equal(head.status, 0);
	}
}

static void
unreadable_headers_are_passed_over(void **state)
{
	static const char *const headers[] = {
	    "x-amz-crc32: -1",          "x-amz-crc32: 4294967296",
	    "x-amz-crc32: 0x10",        "x-amz-crc32:",
	    "x-amz-crc32: 1 2",         "content-length: 99999999999999999999",
	    "content-length: -5",       "retry-after: soon",
	    "x-amz-retry-after: -1",    "date: yesterday",
	    "no colon at all",          ": no name",
	    "content-encoding: brotli",
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
	{
		HttpResponseHead head = head_with(headers[i]);

		assert_int_equal(head.status, 200);
		assert_false(head.has_crc32);
		assert_false(head.gzip);
		assert_int_equal(head.content_length, -1);
		assert_int_equal(head.retry_after_ms, -1);
		assert_int_equal(head.date, 0);
	}
}

static void
retry_after_of_aws_has_precedence(void **state)
{
	static const char *const first[] = {"HTTP/1.1 503 x", "x-amz-retry-after: 1500",
	                                    "retry-after: 60", NULL};
	static const char *const last[] = {"HTTP/1.1 503 x", "retry-after: 60",
	                                   "x-amz-retry-after: 1500", NULL};

	assert_int_equal(head_of(first).retry_after_ms, 1500);
	assert_int_equal(head_of(last).retry_after_ms, 1500);
	assert_int_equal(head_with("Retry-After: 60").retry_after_ms, 60000);
}

static void
long_and_strange_request_ids_are_made_safe(void **state)
{
	char line[4096] = "x-amz-request-id: ";
	HttpResponseHead head;

	memset(line + strlen(line), 'a', 3000);
	head = head_with(line);
	assert_int_equal(strlen(head.request_id), REQUEST_ID_MAXIMUM - 1);
	head = head_with("x-amz-request-id: a\x1b[31m\xc3\xa9");
	assert_string_equal(head.request_id, "a?[31m??");
}

static void
headers_are_added_up_to_the_maximum(void **state)
{
	HttpRequest request = {.method = "POST"};

	for (int i = 0; i < HTTP_HEADERS_MAXIMUM; i++)
		assert_true(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_LITERAL("b\t c")));
	assert_false(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_LITERAL("b")));
	assert_int_equal(request.header_count, HTTP_HEADERS_MAXIMUM);
}

static void
headers_with_line_ends_are_refused(void **state)
{
	HttpRequest request = {.method = "POST"};

	assert_false(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_LITERAL("b\nc: d")));
	assert_false(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_LITERAL("b\r")));
	assert_false(http_request_add_header(&request, BYTES_LITERAL("a"), BYTES_LITERAL("\0")));
	assert_int_equal(request.header_count, 0);
}

static CheckedResult
write_url(Arena *arena)
{
	HttpRequest request = {.scheme = BYTES_LITERAL("https"),
	                       .host = BYTES_LITERAL("host:8443"),
	                       .path = BYTES_LITERAL("/a b/\xc3\xa9%"),
	                       .query = BYTES_LITERAL("x=%20")};
	Bytes url;

	RETURN_IF_FAILED(http_request_url(arena, &request, &url));
	assert_string_equal(url.data, "https://host:8443/a%20b/%C3%A9%25?x=%20");
	return result_ok();
}

static void
urls_are_encoded(void **state)
{
	assert_survives_exhaustion(write_url);
}

static void
dates_are_read(void **state)
{
	static const struct
	{
		const char *text;
		int64_t seconds;
	} dates[] = {
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
	    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
	    {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
	    {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
	    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
	    {"Mon, 06 Nov 1994 08:49:37 GMT", 784111777},
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		int64_t seconds;

		assert_true(http_date_parse(bytes_of_string(dates[i].text), &seconds));
		assert_int_equal(seconds, dates[i].seconds);
	}
}

static void
other_dates_are_refused(void **state)
{
	static const char *const dates[] = {
	    "",
	    "Sunday, 06-Nov-94 08:49:37 GMT",
	    "Sun Nov  6 08:49:37 1994",
	    "Sun, 06 Nov 1994 08:49:37 UTC",
	    "Sun, 06 Nov 1994 08:49:37 GMT ",
	    "Sun, 06 Nov 1994 08:49:37",
	    "Sun, 6 Nov 1994 08:49:37 GMT",
	    "Sun, 00 Nov 1994 08:49:37 GMT",
	    "Sun, 31 Nov 1994 08:49:37 GMT",
	    "Thu, 29 Feb 1900 00:00:00 GMT",
	    "Thu, 29 Feb 2001 00:00:00 GMT",
	    "Wed, 31 Dec 1969 23:59:59 GMT",
	    "Sun, 06 Nov 1994 24:00:00 GMT",
	    "Sun, 06 Nov 1994 08:60:00 GMT",
	    "Sun, 06 Nov 1994 08:49:61 GMT",
	    "sun, 06 nov 1994 08:49:37 gmt",
	};

	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
	{
		int64_t seconds;

		assert_false(http_date_parse(bytes_of_string(dates[i]), &seconds));
	}
}

/* Every day from 1970 to 9999, against a count that adds one a day. */
static void
calendar_goes_both_ways(void **state)
{
	CalendarTime previous = {.year = 1969, .month = 12, .day = 31};
	int64_t seconds = 45296;
	CalendarTime time;

	for (; calendar_from_seconds(seconds, &time); seconds += 86400)
	{
		int64_t back;

		assert_true(calendar_to_seconds(&time, &back));
		assert_int_equal(back, seconds);
		assert_true(time.day == previous.day + 1 ||
		            (time.day == 1 && (time.month == previous.month + 1 ||
		                               (time.month == 1 && time.year == previous.year + 1))));
		assert_int_equal(time.hour * 10000 + time.minute * 100 + time.second, 123456);
		previous = time;
	}
	assert_int_equal(previous.year * 10000 + previous.month * 100 + previous.day, 99991231);
	assert_false(calendar_from_seconds(-1, &time));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(empty_head_says_nothing),
	    cmocka_unit_test(whole_head_is_read),
	    cmocka_unit_test(status_lines_start_anew),
	    cmocka_unit_test(other_first_lines_are_malformed),
	    cmocka_unit_test(unreadable_headers_are_passed_over),
	    cmocka_unit_test(retry_after_of_aws_has_precedence),
	    cmocka_unit_test(long_and_strange_request_ids_are_made_safe),
	    cmocka_unit_test(headers_are_added_up_to_the_maximum),
	    cmocka_unit_test(headers_with_line_ends_are_refused),
	    cmocka_unit_test(urls_are_encoded),
	    cmocka_unit_test(dates_are_read),
	    cmocka_unit_test(other_dates_are_refused),
	    cmocka_unit_test(calendar_goes_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
