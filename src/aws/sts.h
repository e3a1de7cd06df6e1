/*
 * sts.h
 *		STS AssumeRole and AssumeRoleWithWebIdentity: form data out, XML back.
 */
#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/credentials.h"
#include "aws/service.h"
#include "foundation/buffer.h"

typedef struct AssumeRoleRequest
{
	Bytes role_arn;
	Bytes role_session_name;
	Bytes external_id;        /* no bytes: none */
	int32_t duration_seconds; /* 0: the service's default */
} AssumeRoleRequest;

extern CheckedResult sts_write_assume_role(const AssumeRoleRequest *request,
                                           ByteBuffer *body) MUST_CHECK;

/* The same with a web identity's token in place of a signature. */
extern CheckedResult sts_write_assume_role_with_web_identity(const AssumeRoleRequest *request,
                                                             Bytes token,
                                                             ByteBuffer *body) MUST_CHECK;

/* The credentials of the answers, in `arena`. RESULT_MALFORMED when one part is missing. */
extern CheckedResult sts_read_assume_role(Arena *arena, Bytes xml,
                                          AwsCredentials *credentials) MUST_CHECK;
extern CheckedResult sts_read_assume_role_with_web_identity(Arena *arena, Bytes xml,
                                                            AwsCredentials *credentials) MUST_CHECK;

#endif
