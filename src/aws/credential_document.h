/*
 * credential_document.h
 *		Credentials as a JSON document: of a container's endpoint, of an instance's metadata, or of
 *		a credential_process.
 */
#ifndef AWS_CREDENTIAL_DOCUMENT_H
#define AWS_CREDENTIAL_DOCUMENT_H

#include "aws/credentials.h"
#include "foundation/arena.h"
#include "foundation/result.h"

typedef enum CredentialDocument
{
	CREDENTIAL_DOCUMENT_CONTAINER, /* with "Token", "Expiration" */
	CREDENTIAL_DOCUMENT_INSTANCE,  /* the same, and "Code", which must be "Success" */
	CREDENTIAL_DOCUMENT_PROCESS    /* "Version" 1, perhaps with "SessionToken", "Expiration" */
} CredentialDocument;

/* Bytes that a document may have. */
#define CREDENTIAL_DOCUMENT_MAXIMUM ((size_t) 64 * 1024)

/*
 * The document's credentials. All memory is from `arena`, which is to be a secret one: the document
 * is copied there. RESULT_MALFORMED for text that is no JSON object or lacks a part,
 * RESULT_UNSUPPORTED for another version or code.
 */
extern CheckedResult credential_document_read(Arena *arena, Bytes json, CredentialDocument kind,
                                              AwsCredentials *credentials) MUST_CHECK;

#endif
