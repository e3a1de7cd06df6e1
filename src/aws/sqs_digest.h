/*
 * sqs_digest.h
 *		MD5 as SQS uses it: to find out whether a message was changed by accident on its way.
 */
#ifndef AWS_SQS_DIGEST_H
#define AWS_SQS_DIGEST_H

#include "aws/sqs.h"

/* Hexadecimal digits of a digest. */
#define SQS_DIGEST_LENGTH 32

/* RESULT_LIBRARY_FAILURE where OpenSSL has no MD5. */
extern CheckedResult sqs_digest_of_body(Bytes body, char digits[SQS_DIGEST_LENGTH]) MUST_CHECK;

/* Of at most SQS_ATTRIBUTES_MAXIMUM attributes, in any order; RESULT_TOO_LARGE for more. */
extern CheckedResult sqs_digest_of_attributes(const SqsAttribute *attributes, size_t count,
                                              char digits[SQS_DIGEST_LENGTH]) MUST_CHECK;

#endif
