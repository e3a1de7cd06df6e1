/*
 * credentials.c
 *		What user mappings say of credentials, who may use it, and what was found by it.
 */
#include "postgres.h"

#include <pwd.h>
#include <unistd.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "postgres/compat.h"
#include "postgres/memory.h"
#include "postgres/service/credentials.h"

/*
 * Seconds before the end of temporary credentials: from the first on new ones are asked for while
 * the old ones go on serving, from the second on requests wait for the new ones.
 */
#define ADVISORY_REFRESH_SECONDS  (15 * 60)
#define MANDATORY_REFRESH_SECONDS (10 * 60)

/* Seconds after which credentials that do not end are looked for again: files change. */
#define LOOK_AGAIN_SECONDS (15 * 60)

/* Bytes that keys, session tokens and the texts around them may take. */
#define SECRETS_MAXIMUM ((Size) 256 * 1024)

#define DEFAULT_ROLE_SESSION_NAME "dynamodb_kms_fdw"

struct CredentialProvider
{
	CredentialSettings settings; /* its texts are in setting_secrets */
	bool credentials_required;
	CredentialChain chain; /* in chain_secrets, while it is gone through */
	Arena *chain_secrets;
	Arena *found_secrets[2];
	int found_number; /* which of them holds found */
	AwsCredentials found;
	bool has_found;
	uint32 generation;
	int64 found_at; /* seconds since 1970, by the service's clock */
};

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool
has_keys(const CredentialProvider *provider)
{
	return provider->settings.keys.access_key_id.length > 0;
}

/* The environment */

/* The home directory where no variable says it, as in servers that a service manager starts. */
static const char *
home_of_account(void)
{
	const struct passwd *account = getpwuid(geteuid());

	return account == NULL ? "" : account->pw_dir;
}

/*
 * The process's environment as it was when credentials were first looked for. It is read that once,
 * and never written.
 */
static const AwsEnvironment *
process_environment(void)
{
	static AwsEnvironment environment;
	static bool is_read = false;

	if (is_read)
		return &environment;
	for (int i = 0; i < AWS_VARIABLE_COUNT; i++)
	{
		const char *value = getenv(aws_variable_names[i]);

		if (value == NULL && i == AWS_VARIABLE_HOME)
			value = home_of_account();
		if (value != NULL)
			environment.values[i] = bytes_of_string(MemoryContextStrdup(TopMemoryContext, value));
	}
	is_read = true;
	return &environment;
}

/* Who may use what */

pg_noreturn static void
report_ambient_refused(Oid user_id, const char *server_name)
{
	const char *why = superuser_arg(user_id) ? "The server is not owned by a superuser"
	                                         : "The role is not a superuser";

	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
	         errmsg("AWS credentials are required for server \"%s\"", server_name),
	         errdetail("%s, and the user mapping that applies to role \"%s\" has no keys.", why,
	                   GetUserNameFromId(user_id, false)),
	         errhint("Set the user mapping options \"aws_access_key_id\" and "
	                 "\"aws_secret_access_key\". A superuser can set \"credentials_required\" to "
	                 "false instead.")));
}

void
credentials_check(const CredentialProvider *provider, Oid user_id, Oid server_owner,
                  const char *server_name)
{
	if (has_keys(provider) || !provider->credentials_required)
		return;
	if (!superuser_arg(user_id) || !superuser_arg(server_owner))
		report_ambient_refused(user_id, server_name);
}

static void
check_keys(const MappingOptions *options, const char *server_name)
{
	if (is_given(options->aws_access_key_id) != is_given(options->aws_secret_access_key))
		ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
		                errmsg("incomplete AWS credentials for server \"%s\"", server_name),
		                errdetail("\"%s\" is not set.", is_given(options->aws_access_key_id)
		                                                    ? "aws_secret_access_key"
		                                                    : "aws_access_key_id"),
		                errhint("Set both options on the user mapping.")));
}

/* Settings */

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

static AssumeRoleRequest
keep_role(Arena *arena, const MappingOptions *options)
{
	const char *session_name = is_given(options->role_session_name) ? options->role_session_name
	                                                                : DEFAULT_ROLE_SESSION_NAME;

	return (AssumeRoleRequest){
	    .role_arn = keep_text(arena, options->role_arn),
	    .role_session_name = keep_text(arena, session_name),
	    .external_id = keep_text(arena, options->external_id),
	    .duration_seconds = options->role_duration_seconds,
	};
}

static CredentialSettings
keep_settings(Arena *arena, const MappingOptions *options)
{
	return (CredentialSettings){
	    .keys = {.access_key_id = keep_text(arena, options->aws_access_key_id),
	             .secret_access_key = keep_text(arena, options->aws_secret_access_key),
	             .session_token = keep_text(arena, options->aws_session_token)},
	    .profile = keep_text(arena, options->profile),
	    .config_file = keep_text(arena, options->config_file),
	    .credentials_file = keep_text(arena, options->credentials_file),
	    /* For superusers, and where a superuser has named the profile that has the command. */
	    .process_allowed = options->credentials_required || is_given(options->profile),
	    .role = keep_role(arena, options),
	};
}

CredentialProvider *
credentials_create(MemoryContext context, const char *server_name, const MappingOptions *options)
{
	CredentialProvider *provider = MemoryContextAllocZero(context, sizeof(*provider));

	check_keys(options, server_name);
	(void) process_environment(); /* now, since it takes memory and may ask for the account */
	provider->settings =
	    keep_settings(memory_context_arena(context, ARENA_SECRET, SECRETS_MAXIMUM), options);
	provider->credentials_required = options->credentials_required;
	provider->chain_secrets = memory_context_arena(context, ARENA_SECRET, CREDENTIAL_CHAIN_MAXIMUM);
	for (size_t i = 0; i < lengthof(provider->found_secrets); i++)
		provider->found_secrets[i] = memory_context_arena(context, ARENA_SECRET, SECRETS_MAXIMUM);
	return provider;
}

bool
credentials_name_role(const CredentialProvider *provider)
{
	return provider->settings.role.role_arn.length > 0;
}

bool
credentials_can_be_refreshed(const CredentialProvider *provider)
{
	return !has_keys(provider) || credentials_name_role(provider);
}

/* What there is */

CredentialState
credentials_state(const CredentialProvider *provider, int64 now)
{
	int64 left = provider->found.expires_at - now;

	if (!credentials_can_be_refreshed(provider))
		return CREDENTIALS_USABLE;
	if (!provider->has_found)
		return CREDENTIALS_UNUSABLE;
	if (provider->found.expires_at == 0)
		return now - provider->found_at < LOOK_AGAIN_SECONDS ? CREDENTIALS_USABLE
		                                                     : CREDENTIALS_AGING;
	if (left <= MANDATORY_REFRESH_SECONDS)
		return CREDENTIALS_UNUSABLE;
	return left <= ADVISORY_REFRESH_SECONDS ? CREDENTIALS_AGING : CREDENTIALS_USABLE;
}

static bool
has_expired(const AwsCredentials *credentials, int64 now)
{
	return credentials->expires_at != 0 && credentials->expires_at <= now;
}

const AwsCredentials *
credentials_current(const CredentialProvider *provider, int64 now)
{
	if (!credentials_can_be_refreshed(provider))
		return &provider->settings.keys;
	if (!provider->has_found || has_expired(&provider->found, now))
		return NULL;
	return &provider->found;
}

bool
credentials_may_change(const CredentialProvider *provider)
{
	return provider->has_found && provider->found.expires_at == 0;
}

static bool
keys_are_equal(const AwsCredentials *a, const AwsCredentials *b)
{
	return bytes_equal(a->access_key_id, b->access_key_id) &&
	       bytes_equal(a->secret_access_key, b->secret_access_key) &&
	       bytes_equal(a->session_token, b->session_token);
}

static bool
roles_are_equal(const AssumeRoleRequest *a, const AssumeRoleRequest *b)
{
	return bytes_equal(a->role_arn, b->role_arn) &&
	       bytes_equal(a->role_session_name, b->role_session_name) &&
	       bytes_equal(a->external_id, b->external_id);
}

bool
credentials_are_equal(const CredentialProvider *a, const CredentialProvider *b)
{
	const CredentialSettings *of_a = &a->settings;
	const CredentialSettings *of_b = &b->settings;

	return keys_are_equal(&of_a->keys, &of_b->keys) && roles_are_equal(&of_a->role, &of_b->role) &&
	       bytes_equal(of_a->profile, of_b->profile) &&
	       bytes_equal(of_a->config_file, of_b->config_file) &&
	       bytes_equal(of_a->credentials_file, of_b->credentials_file);
}

/* The chain */

CredentialChain *
credentials_begin_chain(CredentialProvider *provider)
{
	credential_chain_begin(&provider->chain, provider->chain_secrets, process_environment(),
	                       &provider->settings);
	return &provider->chain;
}

void
credentials_end_chain(CredentialProvider *provider)
{
	credential_chain_release(&provider->chain);
	arena_release(provider->chain_secrets);
}

static CheckedResult
copy_bytes(Arena *arena, Bytes *bytes)
{
	char *copy = arena_copy(arena, *bytes);

	if (copy == NULL)
		return arena_failure(arena, bytes->length);
	bytes->data = copy;
	return result_ok();
}

static CheckedResult
copy_credentials(Arena *arena, AwsCredentials *credentials)
{
	RETURN_IF_FAILED(copy_bytes(arena, &credentials->access_key_id));
	RETURN_IF_FAILED(copy_bytes(arena, &credentials->secret_access_key));
	return copy_bytes(arena, &credentials->session_token);
}

CheckedResult
credentials_keep_found(CredentialProvider *provider, int64 now)
{
	int other = 1 - provider->found_number;
	AwsCredentials found = provider->chain.step.credentials;
	CheckedResult result;

	if (has_expired(&found, now))
		return result_failed(RESULT_NOT_VERIFIED, "credentials that were found have expired");
	arena_reset(provider->found_secrets[other]);
	result = copy_credentials(provider->found_secrets[other], &found);
	if (!result_is_ok(result))
	{
		arena_release(provider->found_secrets[other]);
		return result;
	}
	credentials_forget_found(provider);
	provider->found_number = other;
	provider->found = found;
	provider->found_at = now;
	provider->has_found = true;
	provider->generation++;
	return result_ok();
}

uint32
credentials_generation(const CredentialProvider *provider)
{
	return provider->generation;
}

void
credentials_forget_found(CredentialProvider *provider)
{
	arena_release(provider->found_secrets[provider->found_number]);
	provider->found = (AwsCredentials){0};
	provider->has_found = false;
}
