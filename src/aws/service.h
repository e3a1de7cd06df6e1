/*
 * service.h
 *		The AWS services spoken here, one row each: name, endpoint, protocol; and a request to one.
 */
#ifndef AWS_SERVICE_H
#define AWS_SERVICE_H

#include "aws/endpoint.h"
#include "aws/http.h"

/* The order is that of the table in service.c. */
typedef enum AwsService
{
	AWS_DYNAMODB,
	AWS_STS,
	AWS_KMS,
	AWS_DYNAMODB_STREAMS,
	AWS_SQS
} AwsService;

#define AWS_SERVICE_COUNT 5

/* "dynamodb": the service's name, in statistics and messages. Static. */
extern const char *aws_service_name(AwsService service);

/* The name in signatures: where services share one, that of the whole. Static. */
extern const char *aws_service_signing_name(AwsService service);

/*
 * True when the service's answers hold plaintext or keys: whatever they pass through is to be
 * wiped, and they are not asked for compressed, which would take them through more memory.
 */
extern bool aws_service_answers_secrets(AwsService service);

/*
 * AWS's own endpoint of the service in the region, for the region's partition; text in `arena`.
 * RESULT_INVALID_ARGUMENT when the region's name is none.
 */
extern CheckedResult endpoint_of_region(Arena *arena, AwsService service, Bytes region,
                                        EndpointVariant variant, Endpoint *endpoint) MUST_CHECK;

typedef struct ServiceRequest
{
	AwsService service;
	const char *operation; /* static: "GetItem" */
	Bytes table;           /* the name of the table concerned, for logs; empty: none */
	Bytes key;             /* the KMS key concerned, for errors; empty: none */
	Bytes body; /* JSON, or form data for STS; like `table` and `key` the caller's until the call is
	             * done */
} ServiceRequest;

/*
 * The HTTP request, unsigned, for the service's protocol: method, path, content-type, x-amz-target,
 * accept-encoding (gzip or identity), user agent. All is borrowed from the request, the endpoint
 * and the arena.
 */
extern CheckedResult service_request_to_http(Arena *arena, const ServiceRequest *request,
                                             const Endpoint *endpoint, bool compression,
                                             HttpRequest *http) MUST_CHECK;

#endif
