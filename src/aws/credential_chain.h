/*
 * credential_chain.h
 *		Where credentials come from: explicit keys, or AWS's chain of places to look for some.
 *
 * The chain does nothing itself. It says what the next step is, its owner takes the step and hands
 * in what came of it, until the chain has credentials or has failed. Without explicit keys it goes
 *
 *		environment -> profile in the config and credentials files -> container -> instance
 *
 * where a profile may be a role to be assumed with another profile's credentials, a web identity,
 * keys, or a process. A link that is configured and fails ends the chain: the next one would sign
 * as somebody else. AWS's botocore resolves the same files and environment to the same credentials,
 * but for profiles that need a person (IAM Identity Center, a code of MFA), which are refused.
 */
#ifndef AWS_CREDENTIAL_CHAIN_H
#define AWS_CREDENTIAL_CHAIN_H

#include "aws/aws_environment.h"
#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/profile.h"
#include "aws/sts.h"

/* What is to be found. Absent texts have no bytes; all are borrowed while the chain is used. */
typedef struct CredentialSettings
{
	AwsCredentials keys;    /* an access key id: these, and no chain */
	Bytes profile;          /* else the environment's, else "default" */
	Bytes config_file;      /* else the environment's, else ~/.aws/config */
	Bytes credentials_file; /* else the environment's, else ~/.aws/credentials */
	bool process_allowed;   /* whether a profile's credential_process may be run */
	AssumeRoleRequest role; /* assumed with what was found; no role_arn: none */
} CredentialSettings;

typedef enum CredentialStepKind
{
	CREDENTIAL_STEP_DONE,      /* there are credentials */
	CREDENTIAL_STEP_FAILED,    /* there are none: see credential_chain_tried() */
	CREDENTIAL_STEP_READ_FILE, /* read the file */
	CREDENTIAL_STEP_HTTP,      /* send the request as it is; the answer is a body of status 200 */
	CREDENTIAL_STEP_STS,       /* call the operation; the answer is its response's body */
	CREDENTIAL_STEP_PROCESS    /* run the command; the answer is its output */
} CredentialStepKind;

/* Borrowed from the chain until the step is answered. */
typedef struct CredentialStep
{
	CredentialStepKind kind;
	AwsCredentials credentials; /* of DONE; of STS what signs, no access key id: nothing */
	const char *file_name;      /* of READ_FILE */
	HttpRequest request;        /* of HTTP … */
	int attempts;               /* … how often it may be sent … */
	bool may_be_absent;         /* … but not again where nobody listens … */
	int timeout_ms;             /* … and how long each may take */
	const char *operation;      /* of STS: "AssumeRole"; static … */
	Bytes body;                 /* … and its form data */
	char *const *command;       /* of PROCESS: words, ends with NULL */
} CredentialStep;

/* Roles assumed one with the other's credentials. */
#define CREDENTIAL_ROLES_MAXIMUM 16

/* The fields are credential_chain.c's own, but for `step`. */
typedef struct CredentialChain
{
	CredentialStep step; /* what to do next */
	Arena *arena;
	const AwsEnvironment *environment;
	const CredentialSettings *settings;
	CheckedResult (*take)(struct CredentialChain *chain, Bytes answer);
	void (*miss)(struct CredentialChain *chain, const char *reason);
	Profiles profiles;
	bool profile_is_named;
	Bytes visited[CREDENTIAL_ROLES_MAXIMUM + 1]; /* names of profiles; the first is the chain's */
	int visited_count;
	AssumeRoleRequest roles[CREDENTIAL_ROLES_MAXIMUM]; /* still to be assumed, the last one next */
	int role_count;
	AssumeRoleRequest web_identity;
	Bytes metadata_token;
	ByteBuffer tried;
	const char *hint; /* static; NULL: none */
} CredentialChain;

/* Bytes that a file may have. */
#define CREDENTIAL_FILE_MAXIMUM ((size_t) 1024 * 1024)

/* Bytes that the arena of a chain needs at most. */
#define CREDENTIAL_CHAIN_MAXIMUM ((size_t) 8 * 1024 * 1024)

/*
 * Begins the chain and says its first step. Everything that the chain makes is in `arena`, which is
 * a secret one and stays as it is until the chain is no longer used.
 */
extern void credential_chain_begin(CredentialChain *chain, Arena *arena,
                                   const AwsEnvironment *environment,
                                   const CredentialSettings *settings);

/*
 * Takes the step's answer, which is borrowed for the call, and says the next step. On a failure the
 * step is the same as before: it can be taken again, or be given up by credential_chain_miss().
 */
extern CheckedResult credential_chain_take(CredentialChain *chain, Bytes answer) MUST_CHECK;

/* Says that the step gives nothing, and why, in words that hold no secret; says the next step. */
extern void credential_chain_miss(CredentialChain *chain, const char *reason);

/*
 * The links that were tried and why each gave nothing, for a person: "environment (AWS_…_ID is not
 * set), …". Holds names of files, profiles and hosts, and nothing secret. Borrowed from the chain.
 */
extern Bytes credential_chain_tried(const CredentialChain *chain);

/* Gives back what is not in the arena. */
extern void credential_chain_release(CredentialChain *chain);

#endif
