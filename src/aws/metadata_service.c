/*
 * metadata_service.c
 *		Hosts, paths and headers of the services that hand out credentials.
 */
#include "aws/metadata_service.h"

#include <string.h>

#include "aws/endpoint.h"
#include "foundation/ascii.h"
#include "foundation/buffer.h"

#define PATH_MAXIMUM ((size_t) 4096)

#define TOKEN_PATH "/latest/api/token"
#define ROLE_PATH  "/latest/meta-data/iam/security-credentials/"

/* Seconds that a session's token is good for: the longest there is. It is used at once. */
#define TOKEN_SECONDS "21600"

static Bytes
value_of(const AwsEnvironment *environment, AwsVariable variable)
{
	return environment->values[variable];
}

static CheckedResult
add_header(HttpRequest *request, Bytes name, Bytes value, const char *failure)
{
	if (!http_request_add_header(request, name, value))
		return result_failed(RESULT_INVALID_ARGUMENT, failure);
	return result_ok();
}

/* Containers */

/* Hosts that plain http may go to: of ECS, of EKS, and this machine. */
static const char *const container_hosts[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]",
                                              "localhost", "[::1]"};

bool
container_is_configured(const AwsEnvironment *environment)
{
	return value_of(environment, AWS_VARIABLE_CONTAINER_RELATIVE_URI).length > 0 ||
	       value_of(environment, AWS_VARIABLE_CONTAINER_FULL_URI).length > 0;
}

/* The host as it stands before its port. */
static Bytes
without_port(Bytes host)
{
	size_t length = host.length;

	while (length > 0 && ascii_is_digit(host.data[length - 1]))
		length--;
	/* In an address in brackets, colons are its own; the port stands behind them. */
	if (length > 1 && host.data[length - 1] == ':' &&
	    (host.data[0] != '[' || host.data[length - 2] == ']'))
		host.length = length - 1;
	return host;
}

/* "127." and three numbers: no name, which could be anybody's. */
static bool
is_loopback_address(Bytes host)
{
	int parts = 1;
	int digits = 0;
	int number = 0;

	if (!bytes_start_with(host, BYTES_LITERAL("127.")))
		return false;
	for (size_t i = 0; i < host.length; i++)
	{
		bool is_dot = host.data[i] == '.';

		if (is_dot ? digits == 0 : !ascii_is_digit(host.data[i]))
			return false;
		parts += is_dot;
		number = is_dot ? 0 : number * 10 + (host.data[i] - '0');
		digits = is_dot ? 0 : digits + 1;
		if (digits > 3 || number > 255)
			return false;
	}
	return parts == 4 && digits > 0;
}

static bool
is_container_host(Bytes host)
{
	host = without_port(host);
	for (size_t i = 0; i < sizeof(container_hosts) / sizeof(container_hosts[0]); i++)
		if (bytes_equal(host, bytes_of_string(container_hosts[i])))
			return true;
	return is_loopback_address(host);
}

/* The query of a URI that is cut off there; characters that no query has are refused. */
static CheckedResult
cut_query(Bytes *uri, Bytes *query)
{
	const char *mark = memchr(uri->data, '?', uri->length);

	*query = BYTES_EMPTY;
	if (mark == NULL)
		return result_ok();
	*query = (Bytes){mark + 1, (size_t) (uri->data + uri->length - mark) - 1};
	uri->length = (size_t) (mark - uri->data);
	for (size_t i = 0; i < query->length; i++)
		if (query->data[i] <= ' ' || query->data[i] >= 0x7f || query->data[i] == '#')
			return result_failed(RESULT_INVALID_ARGUMENT, "URI has an invalid query");
	return result_ok();
}

/* The whole URI that the environment means. */
static CheckedResult
container_uri(Arena *arena, const AwsEnvironment *environment, Bytes *uri)
{
	Bytes relative = value_of(environment, AWS_VARIABLE_CONTAINER_RELATIVE_URI);
	ByteBuffer buffer;

	*uri = value_of(environment, AWS_VARIABLE_CONTAINER_FULL_URI);
	if (relative.length == 0)
		return result_ok();
	if (relative.data[0] != '/')
		return result_failed(RESULT_INVALID_ARGUMENT, "URI does not begin with a slash");
	buffer_init(&buffer, arena->source, ARENA_PLAIN, PATH_MAXIMUM);
	buffer_append_string(&buffer, "http://169.254.170.2");
	buffer_append_bytes(&buffer, relative);
	return buffer_finish(&buffer, arena, uri);
}

/* endpoint_parse() takes off slashes at a path's end, which here belong to it. */
static CheckedResult
restore_slash(Arena *arena, Bytes uri, Bytes *path)
{
	ByteBuffer buffer;

	if (uri.data[uri.length - 1] != '/' || path->length == 1)
		return result_ok();
	buffer_init(&buffer, arena->source, ARENA_PLAIN, PATH_MAXIMUM);
	buffer_append_bytes(&buffer, *path);
	buffer_append_character(&buffer, '/');
	return buffer_finish(&buffer, arena, path);
}

CheckedResult
container_request(Arena *arena, const AwsEnvironment *environment, Bytes token,
                  HttpRequest *request)
{
	Endpoint endpoint = {0};
	Bytes uri;
	Bytes query;

	RETURN_IF_FAILED(container_uri(arena, environment, &uri));
	RETURN_IF_FAILED(cut_query(&uri, &query));
	RETURN_IF_FAILED(endpoint_parse(arena, uri, &endpoint));
	RETURN_IF_FAILED(restore_slash(arena, uri, &endpoint.path));
	if (!bytes_equal(endpoint.scheme, BYTES_LITERAL("https")) && !is_container_host(endpoint.host))
		return result_failed(RESULT_INVALID_ARGUMENT,
		                     "URI without https is of a host that hands out no credentials");
	*request = (HttpRequest){.method = "GET",
	                         .scheme = endpoint.scheme,
	                         .host = endpoint.host,
	                         .path = endpoint.path,
	                         .query = query};
	RETURN_IF_FAILED(add_header(request, BYTES_LITERAL("accept"), BYTES_LITERAL("application/json"),
	                            "too many headers"));
	if (token.length == 0)
		return result_ok();
	return add_header(request, BYTES_LITERAL("authorization"), token,
	                  "authorization token has a line end or another control character");
}

/* Instances */

bool
instance_is_enabled(const AwsEnvironment *environment)
{
	Bytes disabled = value_of(environment, AWS_VARIABLE_METADATA_DISABLED);
	Bytes yes = BYTES_LITERAL("true");

	if (disabled.length != yes.length)
		return true;
	for (size_t i = 0; i < yes.length; i++)
		if (ascii_lower(disabled.data[i]) != yes.data[i])
			return true;
	return false;
}

static Bytes
instance_url(const AwsEnvironment *environment)
{
	Bytes mode = value_of(environment, AWS_VARIABLE_METADATA_ENDPOINT_MODE);
	bool ipv6 = mode.length == 4 && ascii_lower(mode.data[0]) == 'i' && mode.data[3] == '6';

	if (value_of(environment, AWS_VARIABLE_METADATA_ENDPOINT).length > 0)
		return value_of(environment, AWS_VARIABLE_METADATA_ENDPOINT);
	return ipv6 ? BYTES_LITERAL("http://[fd00:ec2::254]") : BYTES_LITERAL("http://169.254.169.254");
}

/* A request for the path below the service's own. */
static CheckedResult
instance_request(Arena *arena, const AwsEnvironment *environment, const char *method,
                 const char *path, Bytes last, HttpRequest *request)
{
	Endpoint endpoint = {0};
	ByteBuffer buffer;

	RETURN_IF_FAILED(endpoint_parse(arena, instance_url(environment), &endpoint));
	*request = (HttpRequest){.method = method, .scheme = endpoint.scheme, .host = endpoint.host};
	buffer_init(&buffer, arena->source, ARENA_PLAIN, PATH_MAXIMUM);
	if (endpoint.path.length > 1)
		buffer_append_bytes(&buffer, endpoint.path);
	buffer_append_string(&buffer, path);
	buffer_append_bytes(&buffer, last);
	return buffer_finish(&buffer, arena, &request->path);
}

CheckedResult
instance_token_request(Arena *arena, const AwsEnvironment *environment, HttpRequest *request)
{
	RETURN_IF_FAILED(instance_request(arena, environment, "PUT", TOKEN_PATH, BYTES_EMPTY, request));
	return add_header(request, BYTES_LITERAL("x-aws-ec2-metadata-token-ttl-seconds"),
	                  BYTES_LITERAL(TOKEN_SECONDS), "too many headers");
}

/* By the characters of IAM's names. */
static bool
is_role_name(Bytes name)
{
	for (size_t i = 0; i < name.length; i++)
		if (!ascii_is_letter(name.data[i]) && !ascii_is_digit(name.data[i]) &&
		    (name.data[i] == '\0' || strchr("+=,.@_-", name.data[i]) == NULL))
			return false;
	return name.length <= 128;
}

CheckedResult
instance_role_request(Arena *arena, const AwsEnvironment *environment, Bytes token, Bytes role,
                      HttpRequest *request)
{
	if (!is_role_name(role))
		return result_failed(RESULT_INVALID_ARGUMENT, "name of the instance's role is none");
	RETURN_IF_FAILED(instance_request(arena, environment, "GET", ROLE_PATH, role, request));
	return add_header(request, BYTES_LITERAL("x-aws-ec2-metadata-token"), token,
	                  "token of the metadata service is none");
}
