/*
 * credentials.h
 *		What a request is signed with.
 */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include <stdint.h>

#include "foundation/bytes.h"

typedef struct AwsCredentials
{
	Bytes access_key_id;
	Bytes secret_access_key;
	Bytes session_token; /* no bytes for permanent keys */
	int64_t expires_at;  /* seconds since 1970; 0 when they do not expire */
} AwsCredentials;

#endif
