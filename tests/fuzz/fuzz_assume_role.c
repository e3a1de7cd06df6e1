/*
 * fuzz_assume_role.c
 *		STS's answer, and endpoint URLs, which are as short.
 */
#include <stdlib.h>

#include "aws/endpoint.h"
#include "aws/sts.h"

#define ARENA_MAXIMUM ((size_t) 16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes input = {(const char *) data, size};
	AwsCredentials credentials;
	Endpoint endpoint;
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_SECRET, ARENA_MAXIMUM);
	if (result_is_ok(sts_read_assume_role(&arena, input, &credentials)))
		check(credentials.access_key_id.length > 0 && credentials.secret_access_key.length > 0 &&
		      credentials.session_token.length > 0 && credentials.expires_at >= 0);
	if (result_is_ok(endpoint_parse(&arena, input, &endpoint)))
		check(endpoint.host.length > 0 && endpoint.path.data[0] == '/');
	arena_release(&arena);
	return 0;
}
