/*
 * fuzz_credential_document.c
 *		What metadata services and processes answer: JSON documents, names of roles, and URIs of
 *		containers.
 */
#include <stdlib.h>

#include "aws/credential_document.h"
#include "aws/metadata_service.h"

#define ARENA_MAXIMUM ((size_t) 16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_document(Arena *arena, Bytes input, CredentialDocument kind)
{
	AwsCredentials credentials;

	if (result_is_ok(credential_document_read(arena, input, kind, &credentials)))
		check(credentials.access_key_id.length > 0 && credentials.secret_access_key.length > 0 &&
		      credentials.expires_at >= 0 &&
		      (kind == CREDENTIAL_DOCUMENT_PROCESS || credentials.session_token.length > 0));
}

static void
check_requests(Arena *arena, Bytes input)
{
	AwsEnvironment environment = {0};
	HttpRequest request;
	Bytes url;

	environment.values[AWS_VARIABLE_CONTAINER_FULL_URI] = input;
	if (result_is_ok(container_request(arena, &environment, input, &request)))
		check(result_is_ok(http_request_url(arena, &request, &url)));
	if (result_is_ok(instance_role_request(arena, &environment, input, input, &request)))
		check(result_is_ok(http_request_url(arena, &request, &url)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes input = {(const char *) data, size};
	Arena arena;

	arena_init(&arena, malloc_block_source, ARENA_SECRET, ARENA_MAXIMUM);
	check_document(&arena, input, CREDENTIAL_DOCUMENT_CONTAINER);
	check_document(&arena, input, CREDENTIAL_DOCUMENT_INSTANCE);
	check_document(&arena, input, CREDENTIAL_DOCUMENT_PROCESS);
	check_requests(&arena, input);
	arena_release(&arena);
	return 0;
}
