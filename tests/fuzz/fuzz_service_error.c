/*
 * fuzz_service_error.c
 *		The body of a refusal, as JSON and as XML.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/service_error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* Borrowed from the body, and an array as far as its first and last byte tell. */
static void
check_reasons(Bytes body, Bytes reasons)
{
	if (reasons.length == 0)
		return;
	check(reasons.data >= body.data && reasons.data + reasons.length <= body.data + body.length);
	check(reasons.data[0] == '[' && reasons.data[reasons.length - 1] == ']');
}

static void
parse(Bytes body, AwsService service)
{
	HttpResponseHead head;
	ServiceError error;

	http_response_head_init(&head);
	head.status = 400;
	service_error_parse(&head, body, service, &error);
	check(memchr(error.code, '\0', sizeof(error.code)) != NULL);
	check(memchr(error.message, '\0', sizeof(error.message)) != NULL);
	check(error.class != ERROR_CLASS_NONE);
	for (const char *byte = error.message; *byte != '\0'; byte++)
		check((unsigned char) *byte >= 0x20);
	check_reasons(body, error.cancellation_reasons);
	check_reasons(body, error.throttling_reasons);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes body = {(const char *) data, size};

	parse(body, AWS_DYNAMODB);
	parse(body, AWS_STS);
	return 0;
}
