/*
 * kms_values.h
 *		SQL values and what KMS is sent of them: text that no error may show, encryption contexts.
 */
#ifndef POSTGRES_ENCRYPTION_KMS_VALUES_H
#define POSTGRES_ENCRYPTION_KMS_VALUES_H

#include "postgres.h"

#include "postgres/compat.h"

#include "aws/kms.h"

/*
 * Text of the server's encoding as UTF-8, borrowed from `text` or in `secrets`. 22021 for what is
 * none, with no byte of it in the error.
 */
extern Bytes secret_text_to_utf8(Arena *secrets, Bytes text);

/*
 * UTF-8 as a text, in CurrentMemoryContext. False for what is none, or what the server's encoding
 * cannot hold; nothing is raised but for memory.
 */
extern bool secret_text_of_utf8(Bytes utf8, text **result);

/* A bytea, in CurrentMemoryContext. */
extern bytea *bytea_of_bytes(Bytes bytes);

/* The bytes of a text or bytea, borrowed from the Datum or in CurrentMemoryContext. */
extern Bytes bytes_of_datum(Datum datum);

/* Overwrites a value of variable length that is not compressed and not stored elsewhere. */
extern void wipe_datum(Datum datum);

/*
 * The encryption context that a jsonb value says: an object of strings. 22023 for anything else,
 * 54000 beyond KMS's limit. In CurrentMemoryContext.
 */
extern KmsContext kms_context_of_jsonb(Datum jsonb);

#endif
