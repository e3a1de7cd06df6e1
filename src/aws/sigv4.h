/*
 * sigv4.h
 *		AWS Signature Version 4, as a pure function of request, credentials, scope and time.
 *
 * After "Create a signed AWS API request" in AWS's IAM user guide. Every stage can be called by
 * itself, so that a test can compare each with another implementation's.
 */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "aws/credentials.h"
#include "aws/http.h"

typedef struct SigningScope
{
	Bytes region;
	Bytes service; /* the signing name: "dynamodb" */
	int64_t time;  /* seconds since 1970, clock skew already corrected */
} SigningScope;

/*
 * Adds x-amz-date, x-amz-security-token (where there is a session token) and authorization to the
 * request, which must have none of them yet. Signs Host and every header that is there, except
 * those that intermediaries change by right: hop-by-hop headers, user-agent, x-amzn-trace-id. New
 * memory is from `arena`; intermediate keys are wiped. RESULT_INVALID_ARGUMENT when a credential
 * holds characters that no header can carry, RESULT_OUT_OF_RANGE for a time outside 1970 to 9999,
 * RESULT_TOO_LARGE when there is no place for three more headers.
 */
extern CheckedResult sigv4_sign(Arena *arena, HttpRequest *request,
                                const AwsCredentials *credentials,
                                const SigningScope *scope) MUST_CHECK;

/* The stages, for tests: text in `arena`. The request must carry x-amz-date already. */
extern CheckedResult sigv4_canonical_request(Arena *arena, const HttpRequest *request,
                                             Bytes *canonical) MUST_CHECK;
extern CheckedResult sigv4_string_to_sign(Arena *arena, Bytes canonical_request,
                                          const SigningScope *scope,
                                          Bytes *string_to_sign) MUST_CHECK;
/* 64 lower-case hexadecimal digits. */
extern CheckedResult sigv4_signature(Arena *arena, Bytes string_to_sign,
                                     const AwsCredentials *credentials, const SigningScope *scope,
                                     Bytes *signature) MUST_CHECK;

#endif
