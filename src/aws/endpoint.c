/*
 * endpoint.c
 *		Hosts of AWS's partitions, and the parsing of endpoint URLs.
 */
#include "aws/endpoint.h"

#include <string.h>

#include "aws/uri.h"
#include "foundation/ascii.h"
#include "foundation/buffer.h"

#define REGION_NAME_MAXIMUM 64
#define URL_MAXIMUM         ((size_t) 2048)

typedef struct Partition
{
	const char *region_prefix; /* what the names of its regions begin with */
	const char *suffix;
	const char *dualstack_suffix;
	bool is_us_gov;
} Partition;

/* The partitions of AWS's published endpoint rules; the last one has every other region. */
static const Partition partitions[] = {
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", false},
    {"us-gov-", "amazonaws.com", "api.aws", true},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov", false},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud", false},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", false},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", false},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu", false},
    {"", "amazonaws.com", "api.aws", false},
};

static const Partition *
partition_of_region(Bytes region)
{
	const Partition *partition = partitions;

	while (!bytes_start_with(region, bytes_of_string(partition->region_prefix)))
		partition++;
	return partition;
}

bool
region_name_is_valid(Bytes region)
{
	if (region.length == 0 || region.length > REGION_NAME_MAXIMUM || region.data[0] == '-' ||
	    region.data[region.length - 1] == '-')
		return false;
	for (size_t i = 0; i < region.length; i++)
		if (!ascii_is_letter(region.data[i]) && !ascii_is_digit(region.data[i]) &&
		    region.data[i] != '-')
			return false;
	return true;
}

static const char *
host_prefix(const HostPrefixes *prefixes, const Partition *partition, EndpointVariant variant)
{
	if (variant.use_dualstack && prefixes->dualstack != NULL)
		return variant.use_fips ? prefixes->dualstack_fips : prefixes->dualstack;
	if (!variant.use_fips)
		return prefixes->plain;
	if (partition->is_us_gov && !variant.use_dualstack)
		return prefixes->us_gov_fips;
	return prefixes->fips;
}

CheckedResult
endpoint_of_prefix(Arena *arena, const HostPrefixes *prefixes, Bytes region,
                   EndpointVariant variant, Endpoint *endpoint)
{
	const Partition *partition;
	ByteBuffer host;

	if (!region_name_is_valid(region))
		return result_failed(RESULT_INVALID_ARGUMENT, "name of the AWS region is not valid");
	partition = partition_of_region(region);
	buffer_init(&host, arena->source, ARENA_PLAIN, URL_MAXIMUM);
	buffer_append_string(&host, host_prefix(prefixes, partition, variant));
	buffer_append_character(&host, '.');
	buffer_append_bytes(&host, region);
	buffer_append_character(&host, '.');
	buffer_append_string(&host,
	                     variant.use_dualstack ? partition->dualstack_suffix : partition->suffix);
	endpoint->scheme = BYTES_LITERAL("https");
	endpoint->path = BYTES_LITERAL("/");
	return buffer_finish(&host, arena, &endpoint->host);
}

static CheckedResult
invalid_url(const char *message, const char *start, const char *where)
{
	return result_failed_at(RESULT_INVALID_ARGUMENT, message, (size_t) (where - start));
}

static Bytes
rest_from(Bytes text, size_t position)
{
	return (Bytes){text.data + position, text.length - position};
}

/* True when the URL begins with the scheme's name, in any case, and "://". */
static bool
has_scheme(Bytes url, Bytes scheme)
{
	if (url.length < scheme.length + 3)
		return false;
	for (size_t i = 0; i < scheme.length; i++)
		if (ascii_lower(url.data[i]) != scheme.data[i])
			return false;
	return memcmp(url.data + scheme.length, "://", 3) == 0;
}

/* No host name has an underscore, but names of containers do. */
static bool
is_host_character(char character)
{
	return ascii_is_letter(character) || ascii_is_digit(character) || character == '-' ||
	       character == '.' || character == '_';
}

/* A host's name or address as it may stand before the port: empty when it is none. */
static size_t
host_length(Bytes authority)
{
	size_t length = 0;

	if (authority.length > 0 && authority.data[0] == '[')
	{
		for (length = 1; length < authority.length; length++)
		{
			char character = authority.data[length];

			if (character == ']')
				return length > 1 ? length + 1 : 0;
			if (ascii_hexadecimal_value(character) < 0 && character != ':' && character != '.')
				return 0;
		}
		return 0;
	}
	while (length < authority.length && is_host_character(authority.data[length]))
		length++;
	return length;
}

/* The port of ":8000", 0 for no text at all; false when it is neither. */
static bool
parse_port(Bytes text, int *port)
{
	*port = 0;
	if (text.length == 0)
		return true;
	if (text.length < 2 || text.length > 6 || text.data[0] != ':')
		return false;
	for (size_t i = 1; i < text.length; i++)
	{
		if (!ascii_is_digit(text.data[i]))
			return false;
		*port = *port * 10 + (text.data[i] - '0');
	}
	return *port >= 1 && *port <= 65535;
}

static CheckedResult
parse_authority(Arena *arena, Bytes url, Bytes authority, Endpoint *endpoint)
{
	size_t length = host_length(authority);
	int port;
	int port_of_scheme = endpoint->scheme.length == strlen("https") ? 443 : 80;
	ByteBuffer host;

	if (length == 0)
		return invalid_url("endpoint URL has no valid host", url.data, authority.data);
	if (!parse_port(rest_from(authority, length), &port))
		return invalid_url("endpoint URL has no valid port behind its host", url.data,
		                   authority.data + length);
	buffer_init(&host, arena->source, ARENA_PLAIN, URL_MAXIMUM);
	for (size_t i = 0; i < length; i++)
		buffer_append_character(&host, ascii_lower(authority.data[i]));
	if (port != 0 && port != port_of_scheme)
	{
		buffer_append_character(&host, ':');
		buffer_append_integer(&host, port);
	}
	return buffer_finish(&host, arena, &endpoint->host);
}

/*
 * Reads the character of a path at `position`, decoded, and moves past it. False for characters
 * that stand for themselves in no path, and for encoded control characters and slashes.
 */
static bool
read_path_character(Bytes path, size_t *position, char *character)
{
	int high;
	int low;

	*character = path.data[(*position)++];
	if (*character != '%')
		return uri_is_unreserved(*character) ||
		       (*character != '\0' && strchr("/:@!$&'()*+,;=", *character) != NULL);
	if (path.length - *position < 2)
		return false;
	high = ascii_hexadecimal_value(path.data[*position]);
	low = ascii_hexadecimal_value(path.data[*position + 1]);
	if (high < 0 || low < 0)
		return false;
	*position += 2;
	*character = (char) (high << 4 | low);
	return *character != '/' && *character != 0x7f && (unsigned char) *character >= 0x20;
}

static CheckedResult
parse_path(Arena *arena, Bytes url, Bytes path, Endpoint *endpoint)
{
	size_t position = 0;
	ByteBuffer decoded;

	while (path.length > 0 && path.data[path.length - 1] == '/')
		path.length--;
	buffer_init(&decoded, arena->source, ARENA_PLAIN, URL_MAXIMUM);
	if (path.length == 0)
		buffer_append_character(&decoded, '/');
	while (position < path.length)
	{
		const char *start = path.data + position;
		char character;

		if (!read_path_character(path, &position, &character))
		{
			buffer_release(&decoded);
			return invalid_url("endpoint URL has a character that is not allowed in its path",
			                   url.data, start);
		}
		buffer_append_character(&decoded, character);
	}
	return buffer_finish(&decoded, arena, &endpoint->path);
}

/* The length of what stands before the first slash. */
static size_t
length_to_slash(Bytes text)
{
	const char *slash = text.length == 0 ? NULL : memchr(text.data, '/', text.length);

	return slash == NULL ? text.length : (size_t) (slash - text.data);
}

CheckedResult
endpoint_parse(Arena *arena, Bytes url, Endpoint *endpoint)
{
	Bytes rest;
	Bytes authority;

	if (url.length > URL_MAXIMUM)
		return result_failed(RESULT_INVALID_ARGUMENT, "endpoint URL is too long");
	if (has_scheme(url, BYTES_LITERAL("https")))
		endpoint->scheme = BYTES_LITERAL("https");
	else if (has_scheme(url, BYTES_LITERAL("http")))
		endpoint->scheme = BYTES_LITERAL("http");
	else
		return result_failed(RESULT_INVALID_ARGUMENT,
		                     "endpoint URL does not begin with http:// or https://");
	rest = rest_from(url, endpoint->scheme.length + strlen("://"));
	authority = (Bytes){rest.data, length_to_slash(rest)};
	RETURN_IF_FAILED(parse_authority(arena, url, authority, endpoint));
	return parse_path(arena, url, rest_from(rest, authority.length), endpoint);
}
