/*
 * fuzz_service_error.c
 *		The body of a refusal, as JSON and as XML.
 */
#include <stdlib.h>
#include <string.h>

#include "aws/service_error.h"
#include "item/json_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* Borrowed from the body, and JSON of the kind that its brackets say. */
static void
check_part(Bytes body, Bytes part, const char *brackets)
{
	Bytes value;

	if (part.length == 0)
		return;
	check(part.data >= body.data && part.data + part.length <= body.data + body.length);
	check(part.data[0] == brackets[0] && part.data[part.length - 1] == brackets[1]);
	check(json_text_check(part, &value) && bytes_equal(part, value));
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
	check_part(body, error.item, "{}");
	check_part(body, error.cancellation_reasons, "[]");
	check_part(body, error.throttling_reasons, "[]");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes body = {(const char *) data, size};

	parse(body, AWS_DYNAMODB);
	parse(body, AWS_STS);
	return 0;
}
