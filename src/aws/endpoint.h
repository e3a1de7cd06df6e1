/*
 * endpoint.h
 *		Where a service is reached: AWS's own hosts by region, or a URL that a person gave.
 */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "foundation/arena.h"
#include "foundation/result.h"

typedef struct Endpoint
{
	Bytes scheme; /* "http" or "https" */
	Bytes host;   /* lower case, with ":port" where it is not the scheme's own */
	Bytes path;   /* "/" or a path without a slash at its end; not percent-encoded */
} Endpoint;

typedef struct EndpointVariant
{
	bool use_fips;
	bool use_dualstack;
} EndpointVariant;

/* What the names of a service's hosts begin with. */
typedef struct HostPrefixes
{
	const char *plain;          /* "dynamodb" */
	const char *fips;           /* "dynamodb-fips" */
	const char *us_gov_fips;    /* in the partition aws-us-gov, whose plain hosts mostly are FIPS's;
	                             * not for dual stack */
	const char *dualstack;      /* with dual stack … */
	const char *dualstack_fips; /* … and with FIPS, too; NULL: both as without dual stack */
} HostPrefixes;

/*
 * AWS's own endpoint in the region, for the region's partition; text in `arena`. A region of no
 * known partition is taken to be in the partition "aws". RESULT_INVALID_ARGUMENT when the region's
 * name is none. For one of the services spoken here, see endpoint_of_region() in service.h.
 */
extern CheckedResult endpoint_of_prefix(Arena *arena, const HostPrefixes *prefixes, Bytes region,
                                        EndpointVariant variant, Endpoint *endpoint) MUST_CHECK;

/*
 * Parses "http://host:port/path", text in `arena`. RESULT_INVALID_ARGUMENT for other schemes, user
 * names, queries, fragments, bad ports or characters that no URL holds.
 */
extern CheckedResult endpoint_parse(Arena *arena, Bytes url, Endpoint *endpoint) MUST_CHECK;

/* True for text that is a region's name by its characters: letters, digits, hyphens, at most 64. */
extern bool region_name_is_valid(Bytes region);

#endif
