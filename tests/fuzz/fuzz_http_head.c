/*
 * fuzz_http_head.c
 *		The head of a response, line by line, and what AWS's dates look like to the parser.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/calendar.h"
#include "aws/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_head(const HttpResponseHead *head)
{
	check(head->status == 0 || (head->status >= 100 && head->status <= 999));
	check(head->content_length >= -1);
	check(head->retry_after_ms >= -1);
	check(head->date >= 0);
	check(memchr(head->request_id, '\0', sizeof(head->request_id)) != NULL);
	check(memchr(head->error_type, '\0', sizeof(head->error_type)) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes rest = {(const char *) data, size};
	HttpResponseHead head;

	http_response_head_init(&head);
	while (rest.length > 0)
	{
		const char *end = memchr(rest.data, '\n', rest.length);
		size_t length = end == NULL ? rest.length : (size_t) (end - rest.data) + 1;
		CheckedResult result = http_response_head_line(&head, (Bytes){rest.data, length});
		int64_t seconds;

		check(result.code == RESULT_OK || result.code == RESULT_MALFORMED);
		check_head(&head);
		http_date_parse((Bytes){rest.data, length}, &seconds);
		calendar_parse_iso8601((Bytes){rest.data, length}, &seconds);
		rest = (Bytes){rest.data + length, rest.length - length};
	}
	return 0;
}
