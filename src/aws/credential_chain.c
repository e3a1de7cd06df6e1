/*
 * credential_chain.c
 *		The links of the chain, in their order.
 *
 * Each step has two continuations: what becomes of its answer, and what is done without one.
 */
#include "aws/credential_chain.h"

#include <string.h>

#include "aws/calendar.h"
#include "aws/command_line.h"
#include "aws/credential_document.h"
#include "aws/metadata_service.h"
#include "foundation/ascii.h"

#define TRIED_MAXIMUM ((size_t) 2000)
#define FORM_MAXIMUM  ((size_t) 256 * 1024)

#define DEFAULT_ROLE_SESSION_NAME "dynamodb_kms_fdw"

/* A container's endpoint is there if it is configured; an instance's may not be. */
#define METADATA_ATTEMPTS    3
#define CONTAINER_TIMEOUT_MS 2000
#define INSTANCE_TIMEOUT_MS  1000

typedef CheckedResult (*TakeAnswer)(CredentialChain *chain, Bytes answer);
typedef void (*TakeMiss)(CredentialChain *chain, const char *reason);

static void found(CredentialChain *chain, const AwsCredentials *credentials);
static void read_credentials_file(CredentialChain *chain);
static void resolve_profile(CredentialChain *chain);
static void try_container(CredentialChain *chain);
static void try_instance(CredentialChain *chain);

static Bytes
value_of(const CredentialChain *chain, AwsVariable variable)
{
	return chain->environment->values[variable];
}

/* The first of them that has bytes. */
static Bytes
either(Bytes a, Bytes b)
{
	return a.length > 0 ? a : b;
}

/* True when the mapping says which files or profile it means, so that no variable precedes them. */
static bool
mapping_names_profile(const CredentialSettings *settings)
{
	return settings->profile.length > 0 || settings->config_file.length > 0 ||
	       settings->credentials_file.length > 0;
}

/* What was tried */

/* Begins to note a link and why it gave nothing: `link "name" (reason`; the name may lack. */
static void
begin_note(CredentialChain *chain, const char *link, Bytes name, const char *reason)
{
	ByteBuffer *tried = &chain->tried;

	if (tried->length > 0)
		buffer_append_string(tried, ", ");
	buffer_append_string(tried, link);
	if (name.length > 0)
	{
		buffer_append_string(tried, " \"");
		buffer_append_bytes(tried, name);
		buffer_append_character(tried, '"');
	}
	buffer_append_string(tried, " (");
	buffer_append_string(tried, reason);
}

static void
end_note(CredentialChain *chain)
{
	buffer_append_character(&chain->tried, ')');
}

static void
note(CredentialChain *chain, const char *link, Bytes name, const char *reason)
{
	begin_note(chain, link, name, reason);
	end_note(chain);
}

static void
fail(CredentialChain *chain, const char *hint)
{
	chain->step = (CredentialStep){.kind = CREDENTIAL_STEP_FAILED};
	chain->hint = hint;
}

static void
fail_link(CredentialChain *chain, const char *link, Bytes name, const char *reason)
{
	note(chain, link, name, reason);
	fail(chain, NULL);
}

static void
fail_profile(CredentialChain *chain, Bytes name, const char *reason, const char *hint)
{
	note(chain, "profile", name, reason);
	fail(chain, hint);
}

/* The last of the chain's places had nothing. */
static void
fail_at_end(CredentialChain *chain)
{
	fail(chain, "Set the user mapping options \"aws_access_key_id\" and "
	            "\"aws_secret_access_key\", or configure one of these for the server's process.");
}

/* Makes a step that reads, with its continuations. */
static void
begin_step(CredentialChain *chain, CredentialStepKind kind, TakeAnswer take, TakeMiss miss)
{
	chain->step = (CredentialStep){.kind = kind};
	chain->take = take;
	chain->miss = miss;
}

/* A terminated copy, which file names have to be; false, and the chain fails, without memory. */
static bool
set_file_name(CredentialChain *chain, Bytes name)
{
	chain->step.file_name = arena_copy(chain->arena, name);
	if (chain->step.file_name != NULL)
		return true;
	fail_link(chain, "file", name, "out of memory");
	return false;
}

static void
read_file(CredentialChain *chain, Bytes name, TakeAnswer take, TakeMiss miss)
{
	begin_step(chain, CREDENTIAL_STEP_READ_FILE, take, miss);
	(void) set_file_name(chain, name);
}

/* Roles */

static void
miss_role(CredentialChain *chain, const char *reason)
{
	note(chain, chain->step.operation, BYTES_EMPTY, reason);
	fail(chain, NULL);
}

static CheckedResult
take_role(CredentialChain *chain, Bytes xml)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(sts_read_assume_role(chain->arena, xml, &credentials));
	found(chain, &credentials);
	return result_ok();
}

static CheckedResult
take_web_identity(CredentialChain *chain, Bytes xml)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(sts_read_assume_role_with_web_identity(chain->arena, xml, &credentials));
	found(chain, &credentials);
	return result_ok();
}

/* Moves the form into the step; without memory for it, the chain fails. */
static void
set_form(CredentialChain *chain, ByteBuffer *form, CheckedResult written)
{
	CheckedResult finished = buffer_finish(form, chain->arena, &chain->step.body);

	if (!result_is_ok(written))
		miss_role(chain, written.message);
	else if (!result_is_ok(finished))
		miss_role(chain, finished.message);
}

/* The next role, with the credentials found so far. */
static void
assume_role(CredentialChain *chain, const AwsCredentials *credentials)
{
	const AssumeRoleRequest *role = &chain->roles[--chain->role_count];
	AwsCredentials signer = *credentials;
	ByteBuffer form;
	CheckedResult written;

	begin_step(chain, CREDENTIAL_STEP_STS, take_role, miss_role);
	chain->step.operation = "AssumeRole";
	chain->step.credentials = signer;
	buffer_init(&form, chain->arena->source, ARENA_SECRET, FORM_MAXIMUM);
	written = sts_write_assume_role(role, &form);
	set_form(chain, &form, written);
}

static void
found(CredentialChain *chain, const AwsCredentials *credentials)
{
	AwsCredentials kept = *credentials;

	if (chain->role_count > 0)
		assume_role(chain, credentials);
	else
		chain->step = (CredentialStep){.kind = CREDENTIAL_STEP_DONE, .credentials = kept};
}

/* Keeps a role to be assumed later; false when there are too many. */
static bool
push_role(CredentialChain *chain, const AssumeRoleRequest *role)
{
	if (chain->role_count == CREDENTIAL_ROLES_MAXIMUM)
		return false;
	chain->roles[chain->role_count++] = *role;
	return true;
}

/* The environment */

static void
use_environment(CredentialChain *chain)
{
	Bytes expiration = value_of(chain, AWS_VARIABLE_CREDENTIAL_EXPIRATION);
	AwsCredentials keys = {
	    .access_key_id = value_of(chain, AWS_VARIABLE_ACCESS_KEY_ID),
	    .secret_access_key = value_of(chain, AWS_VARIABLE_SECRET_ACCESS_KEY),
	    .session_token = either(value_of(chain, AWS_VARIABLE_SECURITY_TOKEN),
	                            value_of(chain, AWS_VARIABLE_SESSION_TOKEN)),
	};

	if (keys.secret_access_key.length == 0)
		fail_link(chain, "environment", BYTES_EMPTY, "AWS_SECRET_ACCESS_KEY is not set");
	else if (expiration.length > 0 && !calendar_parse_iso8601(expiration, &keys.expires_at))
		fail_link(chain, "environment", BYTES_EMPTY, "AWS_CREDENTIAL_EXPIRATION is no time");
	else
		found(chain, &keys);
}

static bool
environment_has_keys(CredentialChain *chain)
{
	if (value_of(chain, AWS_VARIABLE_ACCESS_KEY_ID).length > 0)
		return true;
	note(chain, "environment", BYTES_EMPTY, "AWS_ACCESS_KEY_ID is not set");
	return false;
}

/* Files */

/*
 * ~/.aws/`name`, or what the text says, with the home directory for "~"; no bytes where there is no
 * home. False without memory, and then the chain has failed.
 */
static bool
find_file(CredentialChain *chain, Bytes text, const char *name, Bytes *file)
{
	Bytes home = value_of(chain, AWS_VARIABLE_HOME);
	ByteBuffer buffer;

	*file = text.length > 0 && !bytes_start_with(text, BYTES_LITERAL("~/")) ? text : BYTES_EMPTY;
	if (file->length > 0 || home.length == 0)
		return true;
	buffer_init(&buffer, chain->arena->source, ARENA_PLAIN, CREDENTIAL_FILE_MAXIMUM);
	buffer_append_bytes(&buffer, home);
	if (text.length > 0)
		buffer_append(&buffer, text.data + 1, text.length - 1);
	else
	{
		buffer_append_string(&buffer, "/.aws/");
		buffer_append_string(&buffer, name);
	}
	if (result_is_ok(buffer_finish(&buffer, chain->arena, file)))
		return true;
	fail_link(chain, "file", text, "out of memory");
	return false;
}

/* Reads a file's profiles; a file that is wrong ends the chain. */
static bool
take_profiles(CredentialChain *chain, Bytes text, ProfileFile file)
{
	const char *name = chain->step.file_name;
	char *copy = arena_copy(chain->arena, text);
	CheckedResult result = copy == NULL ? arena_failure(chain->arena, text.length)
	                                    : profiles_read(chain->arena, (Bytes){copy, text.length},
	                                                    file, &chain->profiles);

	if (result_is_ok(result))
		return true;
	begin_note(chain, "file", bytes_of_string(name), result.message);
	if (result.position > 0)
	{
		buffer_append_string(&chain->tried, ", line ");
		buffer_append_integer(&chain->tried, (int64_t) result.position);
	}
	end_note(chain);
	fail(chain, NULL);
	return false;
}

/* A file that the mapping names has to be there; others may be missing. */
static bool
may_be_missing(CredentialChain *chain, Bytes named, const char *reason)
{
	note(chain, "file", bytes_of_string(chain->step.file_name), reason);
	if (named.length == 0)
		return true;
	fail(chain, NULL);
	return false;
}

static CheckedResult
take_credentials_file(CredentialChain *chain, Bytes text)
{
	if (take_profiles(chain, text, PROFILE_FILE_CREDENTIALS))
		resolve_profile(chain);
	return result_ok();
}

static void
miss_credentials_file(CredentialChain *chain, const char *reason)
{
	if (may_be_missing(chain, chain->settings->credentials_file, reason))
		resolve_profile(chain);
}

static void
read_credentials_file(CredentialChain *chain)
{
	Bytes named = either(chain->settings->credentials_file,
	                     value_of(chain, AWS_VARIABLE_SHARED_CREDENTIALS_FILE));
	Bytes name;

	if (!find_file(chain, named, "credentials", &name))
		return;
	if (name.length == 0)
		resolve_profile(chain);
	else
		read_file(chain, name, take_credentials_file, miss_credentials_file);
}

static CheckedResult
take_config_file(CredentialChain *chain, Bytes text)
{
	if (take_profiles(chain, text, PROFILE_FILE_CONFIG))
		read_credentials_file(chain);
	return result_ok();
}

static void
miss_config_file(CredentialChain *chain, const char *reason)
{
	if (may_be_missing(chain, chain->settings->config_file, reason))
		read_credentials_file(chain);
}

static void
read_config_file(CredentialChain *chain)
{
	Bytes named = either(chain->settings->config_file, value_of(chain, AWS_VARIABLE_CONFIG_FILE));
	Bytes name;

	if (!find_file(chain, named, "config", &name))
		return;
	if (name.length == 0)
		read_credentials_file(chain);
	else
		read_file(chain, name, take_config_file, miss_config_file);
}

/* The links within a profile: each is true when it has made a step, or has failed. */

/* The profile is the chain's own, not another's source. */
static bool
is_first_profile(const CredentialChain *chain)
{
	return chain->visited_count == 1;
}

static void
miss_token_file(CredentialChain *chain, const char *reason)
{
	note(chain, "web identity's token file", bytes_of_string(chain->step.file_name), reason);
	fail(chain, NULL);
}

static CheckedResult
take_token_file(CredentialChain *chain, Bytes token)
{
	ByteBuffer form;
	CheckedResult written;

	begin_step(chain, CREDENTIAL_STEP_STS, take_web_identity, miss_role);
	chain->step.operation = "AssumeRoleWithWebIdentity";
	buffer_init(&form, chain->arena->source, ARENA_SECRET, FORM_MAXIMUM);
	written = sts_write_assume_role_with_web_identity(&chain->web_identity, token, &form);
	set_form(chain, &form, written);
	return result_ok();
}

/* A setting of a web identity: the environment precedes the chain's own profile. */
static Bytes
web_identity_setting(const CredentialChain *chain, const Profile *profile, AwsVariable variable,
                     const char *property)
{
	Bytes of_profile = profile == NULL ? BYTES_EMPTY : profile_value(profile, property);

	if (!is_first_profile(chain) || mapping_names_profile(chain->settings))
		return of_profile;
	return either(value_of(chain, variable), of_profile);
}

static bool
try_web_identity(CredentialChain *chain, const Profile *profile)
{
	Bytes token_file = web_identity_setting(chain, profile, AWS_VARIABLE_WEB_IDENTITY_TOKEN_FILE,
	                                        "web_identity_token_file");
	Bytes role_arn = web_identity_setting(chain, profile, AWS_VARIABLE_ROLE_ARN, "role_arn");
	Bytes session =
	    web_identity_setting(chain, profile, AWS_VARIABLE_ROLE_SESSION_NAME, "role_session_name");

	if (token_file.length == 0)
		return false;
	chain->web_identity = (AssumeRoleRequest){
	    .role_arn = role_arn,
	    .role_session_name = either(session, BYTES_LITERAL(DEFAULT_ROLE_SESSION_NAME)),
	};
	if (role_arn.length == 0)
		fail_link(chain, "web identity", BYTES_EMPTY, "it has a token file, but no role's ARN");
	else
		read_file(chain, token_file, take_token_file, miss_token_file);
	return true;
}

static bool
refuse_identity_center(CredentialChain *chain, const Profile *profile)
{
	if (profile == NULL || (profile_value(profile, "sso_account_id").length == 0 &&
	                        profile_value(profile, "sso_role_name").length == 0))
		return false;
	fail_profile(chain, profile->name, "it signs in through IAM Identity Center",
	             "That needs a person. Use a profile with \"role_arn\", \"credential_process\" or "
	             "keys.");
	return true;
}

static bool
refuse_login(CredentialChain *chain, const Profile *profile)
{
	if (profile == NULL || profile_value(profile, "login_session").length == 0)
		return false;
	fail_profile(chain, profile->name, "it signs in through a browser",
	             "That needs a person. Use a profile with \"role_arn\", \"credential_process\" or "
	             "keys.");
	return true;
}

/* The keys of one of the files. */
static bool
try_keys(CredentialChain *chain, const Profile *profile, ProfileFile file)
{
	AwsCredentials keys = {0};

	if (profile == NULL)
		return false;
	keys.access_key_id = profile_value_in(profile, file, "aws_access_key_id");
	keys.secret_access_key = profile_value_in(profile, file, "aws_secret_access_key");
	keys.session_token = either(profile_value_in(profile, file, "aws_security_token"),
	                            profile_value_in(profile, file, "aws_session_token"));
	if (keys.access_key_id.length == 0)
		return false;
	if (keys.secret_access_key.length == 0)
		fail_profile(chain, profile->name, "it has no aws_secret_access_key", NULL);
	else
		found(chain, &keys);
	return true;
}

static bool
try_keys_of_credentials_file(CredentialChain *chain, const Profile *profile)
{
	return try_keys(chain, profile, PROFILE_FILE_CREDENTIALS);
}

static bool
try_keys_of_config_file(CredentialChain *chain, const Profile *profile)
{
	return try_keys(chain, profile, PROFILE_FILE_CONFIG);
}

static void
miss_process(CredentialChain *chain, const char *reason)
{
	note(chain, "credential_process", BYTES_EMPTY, reason);
	fail(chain, "Run the command as the server's operating-system user.");
}

static CheckedResult
take_process(CredentialChain *chain, Bytes output)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(
	    credential_document_read(chain->arena, output, CREDENTIAL_DOCUMENT_PROCESS, &credentials));
	found(chain, &credentials);
	return result_ok();
}

static bool
try_process(CredentialChain *chain, const Profile *profile)
{
	Bytes line = profile == NULL ? BYTES_EMPTY : profile_value(profile, "credential_process");
	char **words;
	size_t count;
	CheckedResult result;

	if (line.length == 0)
		return false;
	if (!chain->settings->process_allowed)
	{
		fail_profile(chain, profile->name, "its credential_process may not be run",
		             "A superuser can name the profile in the user mapping.");
		return true;
	}
	begin_step(chain, CREDENTIAL_STEP_PROCESS, take_process, miss_process);
	result = command_line_split(chain->arena, line, &words, &count);
	if (!result_is_ok(result))
		miss_process(chain, result.message);
	else
		chain->step.command = words;
	return true;
}

/* In their order. `profile` is NULL when no file has the chain's own. */
static bool (*const links_of_profile[])(CredentialChain *chain, const Profile *profile) = {
    try_web_identity, refuse_identity_center,  try_keys_of_credentials_file, refuse_login,
    try_process,      try_keys_of_config_file,
};

#define LINKS_OF_PROFILE (sizeof(links_of_profile) / sizeof(links_of_profile[0]))

/* The credentials of a profile that assumes no role by another one's. */
static void
use_profile(CredentialChain *chain, const Profile *profile)
{
	for (size_t i = 0; i < LINKS_OF_PROFILE; i++)
		if (links_of_profile[i](chain, profile))
			return;
	if (is_first_profile(chain))
	{
		note(chain, "profile", chain->visited[0],
		     profile == NULL ? "no file has it" : "it has no credentials");
		try_container(chain);
	}
	else
		fail_profile(chain, profile->name, "it has no credentials", NULL);
}

/* Profiles that assume roles */

static bool
has_keys(const Profile *profile)
{
	return profile_value(profile, "aws_access_key_id").length > 0 ||
	       profile_value(profile, "aws_secret_access_key").length > 0;
}

static bool
assumes_role(const Profile *profile)
{
	return profile_value(profile, "role_arn").length > 0 &&
	       profile_value(profile, "web_identity_token_file").length == 0;
}

/* A number of seconds; false for other text. */
static bool
read_duration(Bytes text, int32_t *seconds)
{
	*seconds = 0;
	for (size_t i = 0; i < text.length; i++)
	{
		if (!ascii_is_digit(text.data[i]) || *seconds > 1000000)
			return false;
		*seconds = *seconds * 10 + (text.data[i] - '0');
	}
	return true;
}

/* The role that the profile assumes; false, and the chain has failed, when it cannot be. */
static bool
push_role_of_profile(CredentialChain *chain, const Profile *profile)
{
	AssumeRoleRequest role = {
	    .role_arn = profile_value(profile, "role_arn"),
	    .role_session_name = either(profile_value(profile, "role_session_name"),
	                                BYTES_LITERAL(DEFAULT_ROLE_SESSION_NAME)),
	    .external_id = profile_value(profile, "external_id"),
	};

	if (profile_value(profile, "mfa_serial").length > 0)
		fail_profile(chain, profile->name, "it asks for a code of MFA",
		             "A backend cannot ask for a code. Get temporary credentials with the code, "
		             "and set them in the user mapping or in another profile.");
	else if (!read_duration(profile_value(profile, "duration_seconds"), &role.duration_seconds))
		fail_profile(chain, profile->name, "its duration_seconds is no number", NULL);
	else if (!push_role(chain, &role))
		fail_profile(chain, profile->name, "too many roles one after the other", NULL);
	else
		return true;
	return false;
}

static void
use_credential_source(CredentialChain *chain, const Profile *profile, Bytes source)
{
	if (bytes_equal(source, BYTES_LITERAL("Environment")))
	{
		if (environment_has_keys(chain))
			use_environment(chain);
		else
			fail(chain, NULL);
	}
	else if (bytes_equal(source, BYTES_LITERAL("EcsContainer")))
	{
		if (container_is_configured(chain->environment))
			try_container(chain);
		else
			fail_link(chain, "container", BYTES_EMPTY, "no variable names its endpoint");
	}
	else if (bytes_equal(source, BYTES_LITERAL("Ec2InstanceMetadata")))
		try_instance(chain);
	else
		fail_profile(chain, profile->name, "its credential_source is none", NULL);
}

static bool
was_visited(const CredentialChain *chain, Bytes name)
{
	for (int i = 0; i < chain->visited_count; i++)
		if (bytes_equal(chain->visited[i], name))
			return true;
	return false;
}

/* The profile by whose credentials the role is assumed; NULL, and the chain has failed. */
static const Profile *
enter_source_profile(CredentialChain *chain, const Profile *profile, Bytes name)
{
	const Profile *source = profiles_find(&chain->profiles, name);

	if (source == NULL)
		fail_profile(chain, name, "no file has it, though it is a source_profile", NULL);
	else if (was_visited(chain, name) && (source != profile || !has_keys(source)))
		fail_profile(chain, name, "its source_profile leads back to it", NULL);
	else
	{
		chain->visited[chain->visited_count++] = name;
		return source;
	}
	return NULL;
}

/* The profile of whose credentials the chain goes on, NULL when a step was made instead. */
static const Profile *
follow_role(CredentialChain *chain, const Profile *profile)
{
	Bytes source_profile = profile_value(profile, "source_profile");
	Bytes credential_source = profile_value(profile, "credential_source");

	if ((source_profile.length > 0) == (credential_source.length > 0))
		fail_profile(chain, profile->name,
		             source_profile.length > 0
		                 ? "it has both source_profile and credential_source"
		                 : "it has a role_arn, but neither source_profile nor credential_source",
		             NULL);
	else if (!push_role_of_profile(chain, profile))
		return NULL;
	else if (source_profile.length > 0)
		return enter_source_profile(chain, profile, source_profile);
	else
		use_credential_source(chain, profile, credential_source);
	return NULL;
}

/* Both files have been read. */
static void
resolve_profile(CredentialChain *chain)
{
	const Profile *profile = profiles_find(&chain->profiles, chain->visited[0]);

	if (profile == NULL && chain->profile_is_named)
	{
		fail_profile(chain, chain->visited[0], "no file has it", NULL);
		return;
	}
	/* A source's keys precede the role that it could assume. */
	while (profile != NULL && assumes_role(profile) &&
	       (is_first_profile(chain) || !has_keys(profile)))
	{
		profile = follow_role(chain, profile);
		if (profile == NULL)
			return;
	}
	use_profile(chain, profile);
}

/* Containers */

static CheckedResult
take_container(CredentialChain *chain, Bytes document)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(credential_document_read(chain->arena, document, CREDENTIAL_DOCUMENT_CONTAINER,
	                                          &credentials));
	found(chain, &credentials);
	return result_ok();
}

static void
miss_container(CredentialChain *chain, const char *reason)
{
	note(chain, "container", BYTES_EMPTY, reason);
	fail(chain, NULL);
}

static CheckedResult
ask_container(CredentialChain *chain, Bytes token)
{
	char *copy = arena_copy(chain->arena, token);
	CheckedResult result;

	begin_step(chain, CREDENTIAL_STEP_HTTP, take_container, miss_container);
	chain->step.attempts = METADATA_ATTEMPTS;
	chain->step.timeout_ms = CONTAINER_TIMEOUT_MS;
	result = copy == NULL ? arena_failure(chain->arena, token.length)
	                      : container_request(chain->arena, chain->environment,
	                                          (Bytes){copy, token.length}, &chain->step.request);
	if (!result_is_ok(result))
		miss_container(chain, result.message);
	return result_ok();
}

static void
miss_container_token(CredentialChain *chain, const char *reason)
{
	note(chain, "container's token file", bytes_of_string(chain->step.file_name), reason);
	fail(chain, NULL);
}

static void
try_container(CredentialChain *chain)
{
	Bytes token_file = value_of(chain, AWS_VARIABLE_CONTAINER_TOKEN_FILE);

	if (!container_is_configured(chain->environment))
	{
		note(chain, "container", BYTES_EMPTY, "no variable names its endpoint");
		try_instance(chain);
	}
	else if (token_file.length > 0)
		read_file(chain, token_file, ask_container, miss_container_token);
	else
		(void) ask_container(chain, value_of(chain, AWS_VARIABLE_CONTAINER_TOKEN));
}

/* Instances */

static void
miss_instance(CredentialChain *chain, const char *reason)
{
	note(chain, "instance metadata", BYTES_EMPTY, reason);
	fail_at_end(chain);
}

static void
begin_instance_step(CredentialChain *chain, TakeAnswer take)
{
	begin_step(chain, CREDENTIAL_STEP_HTTP, take, miss_instance);
	chain->step.attempts = METADATA_ATTEMPTS;
	chain->step.may_be_absent = true;
	chain->step.timeout_ms = INSTANCE_TIMEOUT_MS;
}

static CheckedResult
take_instance(CredentialChain *chain, Bytes document)
{
	AwsCredentials credentials;

	RETURN_IF_FAILED(credential_document_read(chain->arena, document, CREDENTIAL_DOCUMENT_INSTANCE,
	                                          &credentials));
	found(chain, &credentials);
	return result_ok();
}

/* Asks for the role's name, or with the name for its credentials. */
static void
ask_for_role(CredentialChain *chain, Bytes role, TakeAnswer take)
{
	CheckedResult result;

	begin_instance_step(chain, take);
	result = instance_role_request(chain->arena, chain->environment, chain->metadata_token, role,
	                               &chain->step.request);
	if (!result_is_ok(result))
		miss_instance(chain, result.message);
}

static Bytes
first_line(Bytes text)
{
	size_t length = 0;

	while (length < text.length && text.data[length] != '\n' && text.data[length] != '\r')
		length++;
	return (Bytes){text.data, length};
}

static CheckedResult
take_instance_role(CredentialChain *chain, Bytes names)
{
	Bytes name = first_line(names);

	if (name.length == 0)
		return result_failed(RESULT_MALFORMED, "the instance has no role");
	ask_for_role(chain, name, take_instance);
	return result_ok();
}

static CheckedResult
take_instance_token(CredentialChain *chain, Bytes token)
{
	char *copy = arena_copy(chain->arena, token);

	if (copy == NULL)
		return arena_failure(chain->arena, token.length);
	chain->metadata_token = (Bytes){copy, token.length};
	ask_for_role(chain, BYTES_EMPTY, take_instance_role);
	return result_ok();
}

static void
try_instance(CredentialChain *chain)
{
	CheckedResult result;

	if (!instance_is_enabled(chain->environment))
	{
		miss_instance(chain, "AWS_EC2_METADATA_DISABLED is set");
		return;
	}
	begin_instance_step(chain, take_instance_token);
	result = instance_token_request(chain->arena, chain->environment, &chain->step.request);
	if (!result_is_ok(result))
		miss_instance(chain, result.message);
}

/* From outside */

static Bytes
name_of_profile(const CredentialChain *chain)
{
	Bytes of_environment = either(value_of(chain, AWS_VARIABLE_DEFAULT_PROFILE),
	                              value_of(chain, AWS_VARIABLE_PROFILE));

	return either(either(chain->settings->profile, of_environment), BYTES_LITERAL("default"));
}

static void
look_for_credentials(CredentialChain *chain)
{
	bool named = mapping_names_profile(chain->settings);

	chain->visited[chain->visited_count++] = name_of_profile(chain);
	chain->profile_is_named = named || value_of(chain, AWS_VARIABLE_DEFAULT_PROFILE).length > 0 ||
	                          value_of(chain, AWS_VARIABLE_PROFILE).length > 0;
	if (!named && environment_has_keys(chain))
		use_environment(chain);
	else
		read_config_file(chain);
}

void
credential_chain_begin(CredentialChain *chain, Arena *arena, const AwsEnvironment *environment,
                       const CredentialSettings *settings)
{
	*chain = (CredentialChain){.arena = arena, .environment = environment, .settings = settings};
	buffer_init(&chain->tried, arena->source, ARENA_PLAIN, TRIED_MAXIMUM);
	if (settings->role.role_arn.length > 0)
		(void) push_role(chain, &settings->role);
	if (settings->keys.access_key_id.length > 0)
		found(chain, &settings->keys);
	else
		look_for_credentials(chain);
}

CheckedResult
credential_chain_take(CredentialChain *chain, Bytes answer)
{
	return chain->take(chain, answer);
}

void
credential_chain_miss(CredentialChain *chain, const char *reason)
{
	chain->miss(chain, reason);
}

Bytes
credential_chain_tried(const CredentialChain *chain)
{
	return buffer_bytes(&chain->tried);
}

void
credential_chain_release(CredentialChain *chain)
{
	buffer_release(&chain->tried);
}
