/*
 * sts.h
 *		STS AssumeRole: form data out, XML back.
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

/* The credentials of AssumeRole's answer, in `arena`. RESULT_MALFORMED when one part is missing. */
extern CheckedResult sts_read_assume_role(Arena *arena, Bytes xml,
                                          AwsCredentials *credentials) MUST_CHECK;

#endif
