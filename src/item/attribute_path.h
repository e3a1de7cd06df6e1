/*
 * attribute_path.h
 *		A place inside an item: `name`, or `address.lines[0]`.
 */
#ifndef ITEM_ATTRIBUTE_PATH_H
#define ITEM_ATTRIBUTE_PATH_H

#include "foundation/buffer.h"
#include "foundation/result.h"
#include "item/attribute_value.h"

typedef struct AttributePathStep
{
	bool is_index;  /* an element of a list, else an attribute of a map */
	Bytes name;     /* when not is_index */
	uint32_t index; /* when is_index, from 0 */
} AttributePathStep;

/* Steps of the longest path that leads to a value: one for each level of lists and maps, and the
 * attribute's name. */
#define ATTRIBUTE_PATH_STEPS_MAXIMUM (ATTRIBUTE_DEPTH_MAXIMUM + 1)

/* The first step is always a name: the top-level attribute. */
typedef struct AttributePath
{
	AttributePathStep *steps;
	uint32_t count; /* at least 1 */
} AttributePath;

/* The path of one literal top-level name, steps in `arena`; false when the arena is exhausted. */
extern bool attribute_path_of_name(Arena *arena, Bytes name, AttributePath *path) MUST_CHECK;

/*
 * Parses the text of a path. A name that holds `.`, `[`, `]` or `"` stands in double quotes, with
 * `""` for a quote. RESULT_MALFORMED with the position for anything else; RESULT_TOO_LARGE beyond
 * 32 steps below the first.
 */
extern CheckedResult attribute_path_parse(Arena *arena, Bytes text, AttributePath *path) MUST_CHECK;

/* Appends the text that attribute_path_parse reads back. */
extern void attribute_path_write(ByteBuffer *buffer, const AttributePath *path);

/* The value at the path; NULL when a step is missing or of the wrong type. */
extern const AttributeValue *attribute_path_find(const AttributePath *path,
                                                 const DynamodbItem *item);

/* The value at the steps behind the first, starting from the top-level attribute's value. */
extern const AttributeValue *attribute_path_find_below(const AttributePath *path,
                                                       const AttributeValue *top_level);

extern bool attribute_path_step_equal(const AttributePathStep *a, const AttributePathStep *b);
extern bool attribute_path_equal(const AttributePath *a, const AttributePath *b);

/* True when one of the two is the other or leads into it: such paths may not be projected together.
 */
extern bool attribute_path_overlap(const AttributePath *a, const AttributePath *b);

#endif
