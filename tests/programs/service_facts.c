/*
 * service_facts.c
 *		What the tables of services, endpoints and errors say, for comparison with AWS's models.
 *
 * In:  {"endpoint": "dynamodb", "region", "fips", "dualstack"}     Out: url, or error
 * In:  {"code", "message", "status"}                               Out: known, class
 * In:  {"url"}                                                     Out: scheme, host, path, or
 * error
 */
#include "aws/service.h"
#include "aws/service_error.h"
#include "unit/json_lines.h"

static const char *const class_names[] = {
    [ERROR_CLASS_NONE] = "none",
    [ERROR_CLASS_THROTTLED] = "throttled",
    [ERROR_CLASS_TRANSIENT] = "transient",
    [ERROR_CLASS_CONNECTION] = "connection",
    [ERROR_CLASS_TIMEOUT] = "timeout",
    [ERROR_CLASS_CORRUPT] = "corrupt",
    [ERROR_CLASS_CLOCK_SKEW] = "clock skew",
    [ERROR_CLASS_CREDENTIALS] = "credentials",
    [ERROR_CLASS_EXPIRED_CREDENTIALS] = "expired credentials",
    [ERROR_CLASS_NO_CREDENTIALS] = "no credentials",
    [ERROR_CLASS_ACCESS_DENIED] = "access denied",
    [ERROR_CLASS_NOT_FOUND] = "not found",
    [ERROR_CLASS_CONDITION_FAILED] = "condition failed",
    [ERROR_CLASS_CONFLICT] = "conflict",
    [ERROR_CLASS_TRANSACTION_CANCELED] = "transaction canceled",
    [ERROR_CLASS_LIMIT_EXCEEDED] = "limit exceeded",
    [ERROR_CLASS_VALIDATION] = "validation",
    [ERROR_CLASS_KEY_NOT_FOUND] = "key not found",
    [ERROR_CLASS_KEY_UNAVAILABLE] = "key unavailable",
    [ERROR_CLASS_BAD_CIPHERTEXT] = "bad ciphertext",
    [ERROR_CLASS_EXPIRED_ITERATOR] = "expired iterator",
    [ERROR_CLASS_TRIMMED] = "trimmed",
    [ERROR_CLASS_OTHER] = "other",
};

static bool
is_true(json_object *question, const char *name)
{
	json_object *value;

	return json_object_object_get_ex(question, name, &value) && json_object_get_boolean(value);
}

static bool
find_service(Bytes name, AwsService *service)
{
	for (int i = 0; i < AWS_SERVICE_COUNT; i++)
	{
		*service = (AwsService) i;
		if (bytes_equal(bytes_of_string(aws_service_name(*service)), name))
			return true;
	}
	return false;
}

static CheckedResult
answer_endpoint(json_object *question, Bytes name, Arena *arena, JsonWriter *answer)
{
	EndpointVariant variant = {is_true(question, "fips"), is_true(question, "dualstack")};
	HttpRequest request = {.method = "POST"};
	AwsService service;
	Endpoint endpoint;
	Bytes url;

	if (!find_service(name, &service))
		return result_failed(RESULT_INVALID_ARGUMENT, "no such service");
	RETURN_IF_FAILED(endpoint_of_region(arena, service, description_string(question, "region"),
	                                    variant, &endpoint));
	request.scheme = endpoint.scheme;
	request.host = endpoint.host;
	request.path = endpoint.path;
	RETURN_IF_FAILED(http_request_url(arena, &request, &url));
	json_line_string(answer, "url", url);
	return result_ok();
}

static CheckedResult
answer_url(Bytes url, Arena *arena, JsonWriter *answer)
{
	Endpoint endpoint;

	RETURN_IF_FAILED(endpoint_parse(arena, url, &endpoint));
	json_line_string(answer, "scheme", endpoint.scheme);
	json_line_string(answer, "host", endpoint.host);
	json_line_string(answer, "path", endpoint.path);
	return result_ok();
}

static void
answer_code(json_object *question, JsonWriter *answer)
{
	Bytes code = description_string(question, "code");
	ErrorClass class = service_error_classify(code, description_string(question, "message"),
	                                          (int) description_integer(question, "status", 400));

	json_name(answer, BYTES_LITERAL("known"));
	json_boolean(answer, service_error_code_is_known(code));
	json_line_string(answer, "class", bytes_of_string(class_names[class]));
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	Bytes service = description_string(question, "endpoint");
	Bytes url = description_string(question, "url");
	CheckedResult result = result_ok();

	if (service.length > 0)
		result = answer_endpoint(question, service, arena, answer);
	else if (url.length > 0)
		result = answer_url(url, arena, answer);
	else
		answer_code(question, answer);
	if (!result_is_ok(result))
		json_line_failure(answer, result);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
