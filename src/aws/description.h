/*
 * description.h
 *		Small JSON documents of the services: descriptions of tables, error bodies.
 *
 * Read as a tree by json-c, whose memory is not an arena's: so a document is opened, read and
 * closed in one function, mostly description_read(), and items never come this way.
 */
#ifndef AWS_DESCRIPTION_H
#define AWS_DESCRIPTION_H

#include <json-c/json.h>

#include "foundation/arena.h"
#include "foundation/result.h"

/*
 * Parses one JSON object, strictly, of bounded size and nesting. The caller gives it back with
 * description_close(). RESULT_MALFORMED when the text is not one, RESULT_TOO_LARGE beyond
 * DESCRIPTION_BYTES_MAXIMUM.
 */
extern CheckedResult description_open(Bytes text, json_object **document) MUST_CHECK;
extern void description_close(json_object *document);

/* Fills `result` from the document; what stays is copied into `arena`. */
typedef CheckedResult (*DescriptionReader)(Arena *arena, json_object *document, void *result);

/* Opens the text, has it read and closes it. The reader's failures, and those of opening. */
extern CheckedResult description_read(Arena *arena, Bytes text, DescriptionReader read,
                                      void *result) MUST_CHECK;

#define DESCRIPTION_BYTES_MAXIMUM ((size_t) 8 * 1024 * 1024)
#define DESCRIPTION_DEPTH_MAXIMUM 48 /* an item in an error body: 32 levels and their wrappers */

/* A member of the type; NULL when the object is NULL, has none of the name, or of another type. */
extern json_object *description_object(json_object *object, const char *name);
extern json_object *description_array(json_object *object, const char *name);

/* The text of a string member, borrowed from the document; no bytes when there is none. */
extern Bytes description_string(json_object *object, const char *name);

/* A copy of that text in `arena`; no bytes when there is none. */
extern CheckedResult description_copy_string(Arena *arena, json_object *object, const char *name,
                                             Bytes *copy) MUST_CHECK;

/* True when the member is the word true. */
extern bool description_boolean(json_object *object, const char *name);

/* A whole number's member; `absent` when there is none. */
extern int64_t description_integer(json_object *object, const char *name, int64_t absent);

#endif
