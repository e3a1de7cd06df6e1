/*
 * service.c
 *		The table of services, and requests in their protocols.
 */
#include "aws/service.h"

#include <string.h>

#define USER_AGENT "dynamodb_kms_fdw/1.0.0"

typedef struct Service
{
	const char *name;
	const char *signing_name;
	HostPrefixes hosts;
	const char *target_prefix; /* of x-amz-target; NULL for AWS's query protocol */
	const char *content_type;
	bool answers_secrets;
} Service;

/* In the order of AwsService. */
static const Service services[AWS_SERVICE_COUNT] = {
    {
        "dynamodb",
        "dynamodb",
        {"dynamodb", "dynamodb-fips", "dynamodb", NULL, NULL},
        "DynamoDB_20120810.",
        "application/x-amz-json-1.0",
        false,
    },
    {
        "sts",
        "sts",
        {"sts", "sts-fips", "sts", NULL, NULL},
        NULL,
        "application/x-www-form-urlencoded; charset=utf-8",
        true,
    },
    {
        "kms",
        "kms",
        {"kms", "kms-fips", "kms-fips", NULL, NULL},
        "TrentService.",
        "application/x-amz-json-1.1",
        true,
    },
    {
        "streams",
        "dynamodb",
        {"streams.dynamodb", "streams.dynamodb-fips", "streams.dynamodb", "streams-dynamodb",
         "streams-dynamodb-fips"},
        "DynamoDBStreams_20120810.",
        "application/x-amz-json-1.0",
        false,
    },
    {
        "sqs",
        "sqs",
        {"sqs", "sqs-fips", "sqs", NULL, NULL},
        "AmazonSQS.",
        "application/x-amz-json-1.0",
        false,
    },
};

const char *
aws_service_name(AwsService service)
{
	return services[service].name;
}

const char *
aws_service_signing_name(AwsService service)
{
	return services[service].signing_name;
}

bool
aws_service_answers_secrets(AwsService service)
{
	return services[service].answers_secrets;
}

CheckedResult
endpoint_of_region(Arena *arena, AwsService service, Bytes region, EndpointVariant variant,
                   Endpoint *endpoint)
{
	return endpoint_of_prefix(arena, &services[service].hosts, region, variant, endpoint);
}

static CheckedResult
add_header(HttpRequest *http, Bytes name, Bytes value)
{
	if (!http_request_add_header(http, name, value))
		return result_failed(RESULT_TOO_LARGE, "request has too many headers");
	return result_ok();
}

/* x-amz-target names the operation to services that speak JSON. */
static CheckedResult
add_target(Arena *arena, const Service *service, const char *operation, HttpRequest *http)
{
	size_t prefix_length = strlen(service->target_prefix);
	size_t operation_length = strlen(operation);
	char *target = arena_allocate(arena, prefix_length + operation_length);

	if (target == NULL)
		return arena_failure(arena, prefix_length + operation_length);
	memcpy(target, service->target_prefix, prefix_length);
	memcpy(target + prefix_length, operation, operation_length);
	return add_header(http, BYTES_LITERAL("x-amz-target"),
	                  (Bytes){target, prefix_length + operation_length});
}

CheckedResult
service_request_to_http(Arena *arena, const ServiceRequest *request, const Endpoint *endpoint,
                        bool compression, HttpRequest *http)
{
	const Service *service = &services[request->service];
	bool ask_for_gzip = compression && !service->answers_secrets;

	*http = (HttpRequest){.method = "POST",
	                      .scheme = endpoint->scheme,
	                      .host = endpoint->host,
	                      .path = endpoint->path,
	                      .body = request->body};
	RETURN_IF_FAILED(
	    add_header(http, BYTES_LITERAL("content-type"), bytes_of_string(service->content_type)));
	if (service->target_prefix != NULL)
		RETURN_IF_FAILED(add_target(arena, service, request->operation, http));
	RETURN_IF_FAILED(add_header(http, BYTES_LITERAL("accept-encoding"),
	                            ask_for_gzip ? BYTES_LITERAL("gzip") : BYTES_LITERAL("identity")));
	return add_header(http, BYTES_LITERAL("user-agent"), BYTES_LITERAL(USER_AGENT));
}
