/*
 * settings.c
 *		The extension's settings (GUCs).
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"
#include "utils/varlena.h"

#include "postgres/compat.h"

#include "aws/service.h"
#include "postgres/settings.h"

char *allowed_endpoints = "";
static int max_memory_per_scan_kb = 32 * 1024;
bool log_requests = false;
bool enable_bulk_lookup = true;

/* Room for one parsed URL; parsing copies little. */
#define ENDPOINT_MEMORY_MAXIMUM ((size_t) 64 * 1024)

/*
 * Parses the URL into `arena`, which the caller releases. malloc's memory, since a setting is also
 * checked where an allocation of the server's would end the process.
 */
static bool
parse_url(Arena *arena, const char *url, Endpoint *endpoint)
{
	arena_init(arena, malloc_block_source, ARENA_PLAIN, ENDPOINT_MEMORY_MAXIMUM);
	return result_is_ok(endpoint_parse(arena, bytes_of_string(url), endpoint));
}

static bool
url_is_valid(const char *url)
{
	Arena arena;
	Endpoint endpoint;
	bool valid = parse_url(&arena, url, &endpoint);

	arena_release(&arena);
	return valid;
}

static bool
same_endpoint(const Endpoint *a, const Endpoint *b)
{
	return bytes_equal(a->scheme, b->scheme) && bytes_equal(a->host, b->host) &&
	       bytes_equal(a->path, b->path);
}

static bool
same_url(const char *a, const char *b)
{
	Arena arena_of_a;
	Arena arena_of_b;
	Endpoint endpoint_of_a;
	Endpoint endpoint_of_b;
	bool parsed_a = parse_url(&arena_of_a, a, &endpoint_of_a);
	bool parsed_b = parse_url(&arena_of_b, b, &endpoint_of_b);
	bool same = parsed_a && parsed_b && same_endpoint(&endpoint_of_a, &endpoint_of_b);

	arena_release(&arena_of_a);
	arena_release(&arena_of_b);
	return same;
}

bool
endpoint_is_allowed(const char *url)
{
	List *allowed;
	ListCell *cell;

	if (!SplitGUCList(pstrdup(allowed_endpoints), ',', &allowed))
		return false;
	foreach (cell, allowed)
	{
		if (same_url(url, lfirst(cell)))
			return true;
	}
	return false;
}

static bool
check_allowed_endpoints(char **value, void **extra, GucSource source)
{
	List *urls;
	ListCell *cell;

	if (!SplitGUCList(pstrdup(*value), ',', &urls))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	foreach (cell, urls)
	{
		if (!url_is_valid(lfirst(cell)))
		{
			GUC_check_errdetail("\"%s\" is not a URL such as https://host:port.",
			                    (const char *) lfirst(cell));
			return false;
		}
	}
	return true;
}

Size
scan_memory_share(int parts)
{
	return (Size) max_memory_per_scan_kb * 1024 / parts;
}

void
define_settings(void)
{
	DefineCustomStringVariable(
	    "dynamodb_kms_fdw.allowed_endpoints",
	    "Endpoint URLs that roles other than superusers may set in the options of a server.",
	    "A comma-separated list. Requests, and with them the credentials' signatures, go there.",
	    &allowed_endpoints, "", PGC_SUSET, GUC_LIST_INPUT, check_allowed_endpoints, NULL, NULL);

	DefineCustomIntVariable("dynamodb_kms_fdw.max_memory_per_scan",
	                        "Memory that pages and items of one scan may take.", NULL,
	                        &max_memory_per_scan_kb, 32 * 1024, 64, MAX_KILOBYTES, PGC_USERSET,
	                        GUC_UNIT_KB, NULL, NULL, NULL);

	DefineCustomBoolVariable("dynamodb_kms_fdw.log_requests",
	                         "Logs operation, table, status and time of each request to a service.",
	                         "Bodies, keys and values are never logged.", &log_requests, false,
	                         PGC_SUSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("dynamodb_kms_fdw.enable_bulk_lookup",
	                         "Enables plans that look up the keys of many rows of a join together.",
	                         NULL, &enable_bulk_lookup, true, PGC_USERSET, GUC_EXPLAIN, NULL, NULL,
	                         NULL);

	MarkGUCPrefixReserved("dynamodb_kms_fdw");
}
