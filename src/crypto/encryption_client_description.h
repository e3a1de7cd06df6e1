/*
 * encryption_client_description.h
 *		The description of how an item was encrypted that the item carries in an attribute.
 *
 * Bytes: 4 of version 0, then lp(name) lp(value) of each entry to the end; lp(x) is 4 bytes of
 * length and x. The libraries of AWS write entries in different orders. A description is not
 * signed: what it says is to be checked before it is used.
 */
#ifndef CRYPTO_ENCRYPTION_CLIENT_DESCRIPTION_H
#define CRYPTO_ENCRYPTION_CLIENT_DESCRIPTION_H

#include "foundation/arena.h"

/* Bounds far above what any provider writes, with what its users may add. */
#define DESCRIPTION_LENGTH_MAXIMUM  ((size_t) 64 * 1024)
#define DESCRIPTION_ENTRIES_MAXIMUM 128

typedef struct MaterialEntry
{
	Bytes name;  /* UTF-8 */
	Bytes value; /* UTF-8 */
} MaterialEntry;

/* Names are unique. */
typedef struct MaterialDescription
{
	MaterialEntry *entries;
	uint32_t count;
} MaterialDescription;

/*
 * Reads a description whose texts are borrowed from `bytes`. RESULT_UNSUPPORTED for another
 * version, RESULT_MALFORMED with the position for anything else that is not as above, or beyond the
 * bounds, or has a name twice or text that is not UTF-8. RESULT_TOO_LARGE is the arena's alone.
 */
extern CheckedResult material_description_read(Arena *arena, Bytes bytes,
                                               MaterialDescription *description) MUST_CHECK;

/* The value of that name, borrowed; NULL when there is none. */
extern const Bytes *material_description_find(const MaterialDescription *description, Bytes name);

/*
 * The bytes of a description, in `arena`, entries in the order they have. RESULT_TOO_LARGE also
 * when material_description_read() would refuse them for their size.
 */
extern CheckedResult material_description_write(Arena *arena,
                                                const MaterialDescription *description,
                                                Bytes *bytes) MUST_CHECK;

#endif
