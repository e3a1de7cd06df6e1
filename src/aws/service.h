/*
 * service.h
 *		The AWS services spoken here, one row each: name, endpoint, protocol; and a request to one.
 */
#ifndef AWS_SERVICE_H
#define AWS_SERVICE_H

#include "aws/http.h"

/* The order is that of the table in service.c. */
typedef enum AwsService
{
	AWS_DYNAMODB,
	AWS_STS
} AwsService;

#define AWS_SERVICE_COUNT 2

/* "dynamodb": the name in signatures, endpoints and statistics. Static. */
extern const char *aws_service_name(AwsService service);

/* Where a service is reached, parsed. */
typedef struct Endpoint
{
	Bytes scheme; /* "http" or "https" */
	Bytes host;   /* with ":port" where it is not the scheme's own */
	Bytes path;   /* "/" or a path without a slash at its end */
} Endpoint;

typedef struct EndpointVariant
{
	bool use_fips;
	bool use_dualstack;
} EndpointVariant;

/* AWS's own endpoint of the service in the region, for the region's partition; text in `arena`. */
extern Result endpoint_of_region(Arena *arena, AwsService service, Bytes region,
                                 EndpointVariant variant, Endpoint *endpoint) MUST_CHECK;

/*
 * Parses "http://host:port/path". RESULT_INVALID_ARGUMENT for other schemes, user names, queries,
 * fragments, bad ports or characters that no URL holds.
 */
extern Result endpoint_parse(Arena *arena, Bytes url, Endpoint *endpoint) MUST_CHECK;

/* True for text that is a region's name by its characters: letters, digits, hyphens, at most 64. */
extern bool region_name_is_valid(Bytes region);

typedef struct ServiceRequest
{
	AwsService service;
	const char *operation; /* static: "GetItem" */
	Bytes body; /* JSON, or form data for STS; owned by the caller until the call is done */
} ServiceRequest;

/*
 * The HTTP request, unsigned, for the service's protocol: method, path, content-type, x-amz-target,
 * accept-encoding (gzip or identity), user agent.
 */
extern Result service_request_to_http(Arena *arena, const ServiceRequest *request,
                                      const Endpoint *endpoint, bool compression,
                                      HttpRequest *http) MUST_CHECK;

#endif
