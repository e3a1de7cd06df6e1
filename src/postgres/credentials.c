/*
 * credentials.c
 *		Keys of user mappings, and sessions of roles assumed with them.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "postgres/compat.h"
#include "postgres/credentials.h"
#include "postgres/memory.h"

/*
 * Seconds before the end of a role's session: from the first on new ones are asked for while the
 * old ones go on serving, from the second on requests wait for the new ones. The shortest session
 * STS gives lasts 15 minutes.
 */
#define ADVISORY_REFRESH_SECONDS  (10 * 60)
#define MANDATORY_REFRESH_SECONDS (5 * 60)

/* Bytes that keys, session tokens and the texts around them may take. */
#define SECRETS_MAXIMUM ((Size) 256 * 1024)

#define DEFAULT_ROLE_SESSION_NAME "dynamodb_kms_fdw"

struct CredentialProvider
{
	Arena *source_secrets; /* holds source, and what the role request says */
	AwsCredentials source;
	AssumeRoleRequest role; /* no role_arn: the source signs everything */
	Arena *session_secrets[2];
	int session; /* which of them holds role_session */
	AwsCredentials role_session;
	bool has_role_session;
};

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool
has_keys(const MappingOptions *options)
{
	return is_given(options->aws_access_key_id) && is_given(options->aws_secret_access_key);
}

static void
pg_attribute_noreturn()
    report_missing_keys(Oid user_id, const char *server_name, const MappingOptions *options)
{
	char *user_name = GetUserNameFromId(user_id, false);

	if (!options->credentials_required || superuser_arg(user_id))
		ereport(ERROR,
		        (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
		         errmsg("no AWS credentials for server \"%s\"", server_name),
		         errdetail("The user mapping that applies to role \"%s\" has no keys.", user_name),
		         errhint("Set the user mapping options \"aws_access_key_id\" and "
		                 "\"aws_secret_access_key\".")));
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
	         errmsg("AWS credentials are required for server \"%s\"", server_name),
	         errdetail("Role \"%s\" is not a superuser, and the user mapping that applies to "
	                   "it has no keys.",
	                   user_name),
	         errhint("Set the user mapping options \"aws_access_key_id\" and "
	                 "\"aws_secret_access_key\".")));
}

void
credentials_check(Oid user_id, const char *server_name, const MappingOptions *options)
{
	if (is_given(options->aws_access_key_id) != is_given(options->aws_secret_access_key))
		ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
		                errmsg("incomplete AWS credentials for server \"%s\"", server_name),
		                errdetail("\"%s\" is not set.", is_given(options->aws_access_key_id)
		                                                    ? "aws_secret_access_key"
		                                                    : "aws_access_key_id"),
		                errhint("Set both options on the user mapping.")));
	if (!has_keys(options))
		report_missing_keys(user_id, server_name, options);
}

static void
wipe_text(char *text)
{
	if (text != NULL)
		wipe(text, strlen(text));
}

void
mapping_options_wipe(MappingOptions *options)
{
	wipe_text(options->aws_access_key_id);
	wipe_text(options->aws_secret_access_key);
	wipe_text(options->aws_session_token);
	wipe_text(options->external_id);
}

/* A copy of an option's text in the arena. */
static Bytes
keep_text(Arena *arena, const char *text)
{
	Bytes bytes = bytes_of_string(text);
	char *copy = arena_copy(arena, bytes);

	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		                errmsg("user mapping options are too long")));
	return (Bytes){copy, bytes.length};
}

CredentialProvider *
credentials_create(MemoryContext context, const MappingOptions *options)
{
	CredentialProvider *provider = MemoryContextAllocZero(context, sizeof(*provider));
	Arena *arena = memory_context_arena(context, ARENA_SECRET, SECRETS_MAXIMUM);
	const char *session_name = is_given(options->role_session_name) ? options->role_session_name
	                                                                : DEFAULT_ROLE_SESSION_NAME;

	provider->source_secrets = arena;
	for (size_t i = 0; i < lengthof(provider->session_secrets); i++)
		provider->session_secrets[i] = memory_context_arena(context, ARENA_SECRET, SECRETS_MAXIMUM);
	provider->source.access_key_id = keep_text(arena, options->aws_access_key_id);
	provider->source.secret_access_key = keep_text(arena, options->aws_secret_access_key);
	provider->source.session_token = keep_text(arena, options->aws_session_token);
	provider->role.role_arn = keep_text(arena, options->role_arn);
	provider->role.role_session_name = keep_text(arena, session_name);
	provider->role.external_id = keep_text(arena, options->external_id);
	provider->role.duration_seconds = options->role_duration_seconds;
	return provider;
}

bool
credentials_can_be_refreshed(const CredentialProvider *provider)
{
	return provider->role.role_arn.length > 0;
}

CredentialState
credentials_state(const CredentialProvider *provider, int64 now)
{
	int64 left = provider->role_session.expires_at - now;

	if (!credentials_can_be_refreshed(provider))
		return CREDENTIALS_USABLE;
	if (!provider->has_role_session || left <= MANDATORY_REFRESH_SECONDS)
		return CREDENTIALS_UNUSABLE;
	return left <= ADVISORY_REFRESH_SECONDS ? CREDENTIALS_AGING : CREDENTIALS_USABLE;
}

const AwsCredentials *
credentials_current(const CredentialProvider *provider, int64 now)
{
	if (!credentials_can_be_refreshed(provider))
		return &provider->source;
	if (!provider->has_role_session || provider->role_session.expires_at <= now)
		return NULL;
	return &provider->role_session;
}

const AwsCredentials *
credentials_source(const CredentialProvider *provider)
{
	return &provider->source;
}

bool
credentials_are_equal(const CredentialProvider *a, const CredentialProvider *b)
{
	return bytes_equal(a->source.access_key_id, b->source.access_key_id) &&
	       bytes_equal(a->source.secret_access_key, b->source.secret_access_key) &&
	       bytes_equal(a->source.session_token, b->source.session_token) &&
	       bytes_equal(a->role.role_arn, b->role.role_arn) &&
	       bytes_equal(a->role.role_session_name, b->role.role_session_name) &&
	       bytes_equal(a->role.external_id, b->role.external_id);
}

AssumeRoleRequest
credentials_role_request(const CredentialProvider *provider)
{
	return provider->role;
}

CheckedResult
credentials_take_role(CredentialProvider *provider, Bytes xml)
{
	int other = 1 - provider->session;
	AwsCredentials session;
	CheckedResult result;

	arena_reset(provider->session_secrets[other]);
	result = sts_read_assume_role(provider->session_secrets[other], xml, &session);
	if (!result_is_ok(result))
	{
		arena_release(provider->session_secrets[other]);
		return result;
	}
	credentials_forget_role(provider);
	provider->session = other;
	provider->role_session = session;
	provider->has_role_session = true;
	return result_ok();
}

void
credentials_forget_role(CredentialProvider *provider)
{
	arena_release(provider->session_secrets[provider->session]);
	provider->role_session = (AwsCredentials){0};
	provider->has_role_session = false;
}
