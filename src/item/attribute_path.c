/*
 * attribute_path.c
 *		The text of a path, and the walk along it.
 *
 *		path  = name { "." name | "[" index "]" }
 *		name  = bare | '"' { any character, '"' doubled } '"'
 *		bare  = one or more of any characters but . [ ] "
 *		index = "0" | a decimal number without leading zeroes
 */
#include "item/attribute_path.h"

#include "foundation/ascii.h"
#include "foundation/utf8.h"

#include <string.h>

typedef struct PathParser
{
	Arena *arena;
	const char *start;
	const char *next;
	const char *end;
	AttributePathStep steps[ATTRIBUTE_PATH_STEPS_MAXIMUM];
	uint32_t count;
} PathParser;

static bool
is_special(char character)
{
	return character == '.' || character == '[' || character == ']' || character == '"';
}

static CheckedResult
malformed(const PathParser *parser, const char *message)
{
	return result_failed_at(RESULT_MALFORMED, message, (size_t) (parser->next - parser->start));
}

static bool
stands_at(const PathParser *parser, char character)
{
	return parser->next < parser->end && *parser->next == character;
}

static CheckedResult
add_step(PathParser *parser, AttributePathStep step)
{
	if (parser->count == ATTRIBUTE_PATH_STEPS_MAXIMUM)
		return result_failed_at(RESULT_TOO_LARGE, "path has too many steps",
		                        (size_t) (parser->next - parser->start));
	parser->steps[parser->count++] = step;
	return result_ok();
}

static CheckedResult
add_name(PathParser *parser, const char *name, size_t length)
{
	return add_step(parser, (AttributePathStep){.name = {name, length}});
}

static CheckedResult
parse_bare_name(PathParser *parser)
{
	const char *first = parser->next;
	size_t length;
	char *name;

	while (parser->next < parser->end && !is_special(*parser->next))
		parser->next++;
	length = (size_t) (parser->next - first);
	if (length == 0)
		return malformed(parser, "attribute name expected");
	name = arena_copy(parser->arena, (Bytes){first, length});
	if (name == NULL)
		return arena_failure(parser->arena, length + 1);
	return add_name(parser, name, length);
}

/* From behind the opening quote to behind the closing one. */
static CheckedResult
parse_quoted_name(PathParser *parser)
{
	size_t room = (size_t) (parser->end - parser->next);
	char *name = arena_allocate(parser->arena, room);
	size_t length = 0;

	if (name == NULL)
		return arena_failure(parser->arena, room);
	for (; parser->next < parser->end; parser->next++)
	{
		if (*parser->next == '"')
		{
			parser->next++;
			if (!stands_at(parser, '"'))
				return length == 0 ? malformed(parser, "attribute name is empty")
				                   : add_name(parser, name, length);
		}
		name[length++] = *parser->next;
	}
	return malformed(parser, "quoted attribute name is not closed");
}

static CheckedResult
parse_name(PathParser *parser)
{
	if (!stands_at(parser, '"'))
		return parse_bare_name(parser);
	parser->next++;
	return parse_quoted_name(parser);
}

/* From behind the bracket to behind the closing one. */
static CheckedResult
parse_index(PathParser *parser)
{
	const char *first = parser->next;
	uint32_t index = 0;

	for (; parser->next < parser->end && ascii_is_digit(*parser->next); parser->next++)
	{
		if (__builtin_mul_overflow(index, 10, &index) ||
		    __builtin_add_overflow(index, (uint32_t) (*parser->next - '0'), &index))
			return malformed(parser, "list index is too large");
	}
	if (parser->next == first || (*first == '0' && parser->next - first > 1))
		return malformed(parser, "list index expected");
	if (!stands_at(parser, ']'))
		return malformed(parser, "closing bracket expected");
	parser->next++;
	return add_step(parser, (AttributePathStep){.is_index = true, .index = index});
}

static CheckedResult
parse_steps(PathParser *parser)
{
	RETURN_IF_FAILED(parse_name(parser));
	while (parser->next < parser->end)
	{
		char separator = *parser->next;

		if (separator != '.' && separator != '[')
			return malformed(parser, "period or bracket expected");
		parser->next++;
		RETURN_IF_FAILED(separator == '.' ? parse_name(parser) : parse_index(parser));
	}
	return result_ok();
}

static bool
set_steps(Arena *arena, const AttributePathStep *steps, uint32_t count, AttributePath *path)
{
	path->count = count;
	path->steps = arena_allocate_array(arena, count, sizeof(AttributePathStep));
	if (path->steps == NULL)
		return false;
	memcpy(path->steps, steps, count * sizeof(AttributePathStep));
	return true;
}

bool
attribute_path_of_name(Arena *arena, Bytes name, AttributePath *path)
{
	AttributePathStep step = {.name = {arena_copy(arena, name), name.length}};

	return step.name.data != NULL && set_steps(arena, &step, 1, path);
}

CheckedResult
attribute_path_parse(Arena *arena, Bytes text, AttributePath *path)
{
	PathParser parser = {
	    .arena = arena, .start = text.data, .next = text.data, .end = text.data + text.length};

	if (text.length == 0)
		return malformed(&parser, "attribute name expected");
	if (!utf8_is_valid(text))
		return malformed(&parser, "path is not valid UTF-8");
	RETURN_IF_FAILED(parse_steps(&parser));
	if (!set_steps(arena, parser.steps, parser.count, path))
		return arena_failure(arena, parser.count * sizeof(AttributePathStep));
	return result_ok();
}

static bool
needs_quotes(Bytes name)
{
	for (size_t i = 0; i < name.length; i++)
	{
		if (is_special(name.data[i]))
			return true;
	}
	return name.length == 0;
}

static void
write_name(ByteBuffer *buffer, Bytes name)
{
	if (!needs_quotes(name))
	{
		buffer_append_bytes(buffer, name);
		return;
	}
	buffer_append_character(buffer, '"');
	for (size_t i = 0; i < name.length; i++)
	{
		if (name.data[i] == '"')
			buffer_append_character(buffer, '"');
		buffer_append_character(buffer, name.data[i]);
	}
	buffer_append_character(buffer, '"');
}

void
attribute_path_write(ByteBuffer *buffer, const AttributePath *path)
{
	for (uint32_t i = 0; i < path->count; i++)
	{
		const AttributePathStep *step = &path->steps[i];

		if (step->is_index)
		{
			buffer_append_character(buffer, '[');
			buffer_append_integer(buffer, step->index);
			buffer_append_character(buffer, ']');
			continue;
		}
		if (i > 0)
			buffer_append_character(buffer, '.');
		write_name(buffer, step->name);
	}
}

static const AttributeValue *
follow_step(const AttributePathStep *step, const AttributeValue *value)
{
	if (!step->is_index)
		return map_find(value, step->name);
	if (value->type != ATTRIBUTE_L || step->index >= value->count)
		return NULL;
	return &value->elements[step->index];
}

const AttributeValue *
attribute_path_find(const AttributePath *path, const DynamodbItem *item)
{
	const AttributeValue *top_level = item_find(item, path->steps[0].name);

	return top_level == NULL ? NULL : attribute_path_find_below(path, top_level);
}

const AttributeValue *
attribute_path_find_below(const AttributePath *path, const AttributeValue *top_level)
{
	const AttributeValue *value = top_level;

	for (uint32_t i = 1; i < path->count && value != NULL; i++)
		value = follow_step(&path->steps[i], value);
	return value;
}

bool
attribute_path_step_equal(const AttributePathStep *a, const AttributePathStep *b)
{
	if (a->is_index != b->is_index)
		return false;
	return a->is_index ? a->index == b->index : bytes_equal(a->name, b->name);
}

/* How many steps, from the first on, the two have in common. */
static uint32_t
shared_steps(const AttributePath *a, const AttributePath *b)
{
	uint32_t count = 0;

	while (count < a->count && count < b->count &&
	       attribute_path_step_equal(&a->steps[count], &b->steps[count]))
		count++;
	return count;
}

bool
attribute_path_equal(const AttributePath *a, const AttributePath *b)
{
	return a->count == b->count && shared_steps(a, b) == a->count;
}

bool
attribute_path_overlap(const AttributePath *a, const AttributePath *b)
{
	uint32_t shared = shared_steps(a, b);

	return shared == a->count || shared == b->count;
}
