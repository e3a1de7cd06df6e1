/*
 * index_definitions.c
 *		Reading the text of indexes and tags.
 */
#include "aws/index_definitions.h"

#include <limits.h>

#include "foundation/ascii.h"
#include "item/json_text.h"
#include "item/number.h"

#define INDEX_NAME_MINIMUM 3
#define INDEX_NAME_MAXIMUM 255

typedef struct DefinitionParser
{
	Arena *arena;
	const char *start;
} DefinitionParser;

/* The failure of what stands at a place of the text. */
static CheckedResult
wrong(const DefinitionParser *parser, Bytes place, const char *message)
{
	return result_failed_at(RESULT_MALFORMED, message, (size_t) (place.data - parser->start));
}

/* Opens the text, which has to be one object. */
static CheckedResult
open_object(DefinitionParser *parser, Arena *arena, Bytes text, JsonTextWalk *walk)
{
	Bytes object;

	parser->arena = arena;
	parser->start = text.data;
	if (!json_text_check(text, &object))
		return wrong(parser, object, "the text is not JSON");
	if (!json_text_is_object(object))
		return wrong(parser, object, "the text is not a JSON object");
	*walk = json_text_walk(object);
	return result_ok();
}

/* What the string means, in the arena. */
static CheckedResult
decode_string(const DefinitionParser *parser, Bytes string, Bytes *text)
{
	char *decoded = arena_allocate(parser->arena, string.length);

	if (decoded == NULL)
		return arena_failure(parser->arena, string.length);
	*text = (Bytes){decoded, json_text_decode(string, decoded, string.length)};
	return result_ok();
}

/* The same for the name of a member, with whose quotes it is a string. */
static CheckedResult
decode_name(const DefinitionParser *parser, Bytes name, Bytes *text)
{
	return decode_string(parser, (Bytes){name.data - 1, name.length + 2}, text);
}

/* The name of an attribute. */
static CheckedResult
parse_attribute_name(const DefinitionParser *parser, Bytes value, Bytes *name)
{
	if (!json_text_is_string(value))
		return wrong(parser, value, "the name of an attribute is not a string");
	RETURN_IF_FAILED(decode_string(parser, value, name));
	return name->length > 0 ? result_ok()
	                        : wrong(parser, value, "the name of an attribute is empty");
}

static CheckedResult
add_key(const DefinitionParser *parser, Bytes value, KeyAttribute *keys, uint32_t *count)
{
	if (*count == KEY_ATTRIBUTES_MAXIMUM)
		return wrong(parser, value, "a key has more than four attributes");
	keys[*count].type = ATTRIBUTE_S;
	return parse_attribute_name(parser, value, &keys[(*count)++].name);
}

/* A name, or several in an array where an index may have them. */
static CheckedResult
parse_keys(const DefinitionParser *parser, Bytes value, bool several, KeyAttribute *keys,
           uint32_t *count)
{
	JsonTextWalk walk;
	Bytes element;

	if (!several || !json_text_is_array(value))
		return add_key(parser, value, keys, count);
	walk = json_text_walk(value);
	while (json_text_next_element(&walk, &element))
		RETURN_IF_FAILED(add_key(parser, element, keys, count));
	return *count > 0 ? result_ok() : wrong(parser, value, "a key has no attributes");
}

static CheckedResult
parse_included(const DefinitionParser *parser, Bytes array, IndexDescription *index)
{
	JsonTextWalk walk = json_text_walk(array);
	size_t capacity = 0;
	Bytes element;

	index->projection = PROJECTION_INCLUDE;
	while (json_text_next_element(&walk, &element))
	{
		index->included = arena_grow_array(parser->arena, index->included, index->included_count,
		                                   &capacity, sizeof(Bytes));
		if (index->included == NULL)
			return arena_failure(parser->arena, capacity * sizeof(Bytes));
		RETURN_IF_FAILED(
		    parse_attribute_name(parser, element, &index->included[index->included_count++]));
	}
	return index->included_count > 0
	           ? result_ok()
	           : wrong(parser, array, "a projection names no attribute; perhaps \"keys_only\"");
}

static CheckedResult
parse_projection(const DefinitionParser *parser, Bytes value, IndexDescription *index)
{
	if (json_text_is_array(value))
		return parse_included(parser, value, index);
	if (bytes_equal(value, BYTES_LITERAL("\"keys_only\"")))
		index->projection = PROJECTION_KEYS_ONLY;
	else if (!bytes_equal(value, BYTES_LITERAL("\"all\"")))
		return wrong(parser, value,
		             "a projection is neither \"all\" nor \"keys_only\" nor an array of names");
	return result_ok();
}

static CheckedResult
parse_units(const DefinitionParser *parser, Bytes value, int64_t *units)
{
	if (!ascii_is_digit(value.data[0]) || !result_is_ok(number_to_int64(value, units)) ||
	    *units < 1 || *units > INT_MAX)
		return wrong(parser, value, "capacity units are not a whole number of at least 1");
	return result_ok();
}

typedef enum IndexMember
{
	MEMBER_HASH,
	MEMBER_RANGE,
	MEMBER_PROJECTION,
	MEMBER_READ_CAPACITY_UNITS,
	MEMBER_WRITE_CAPACITY_UNITS,
	MEMBER_COUNT
} IndexMember;

static const struct
{
	const char *name;
	bool global_only;
} index_members[MEMBER_COUNT] = {
    [MEMBER_HASH] = {"hash", true},
    [MEMBER_RANGE] = {"range", false},
    [MEMBER_PROJECTION] = {"projection", false},
    [MEMBER_READ_CAPACITY_UNITS] = {"read_capacity_units", true},
    [MEMBER_WRITE_CAPACITY_UNITS] = {"write_capacity_units", true},
};

static CheckedResult
find_member(const DefinitionParser *parser, Bytes name, bool global, IndexMember *member)
{
	for (int i = 0; i < MEMBER_COUNT; i++)
	{
		if (!bytes_equal(name, bytes_of_string(index_members[i].name)))
			continue;
		*member = (IndexMember) i;
		if (global || !index_members[i].global_only)
			return result_ok();
		return wrong(parser, name,
		             "unknown member of a local index, which has \"range\" and \"projection\"");
	}
	return wrong(parser, name,
	             "unknown member of an index, which has \"hash\", \"range\", \"projection\", "
	             "\"read_capacity_units\" and \"write_capacity_units\"");
}

static CheckedResult
parse_member(const DefinitionParser *parser, IndexMember member, Bytes value,
             IndexDescription *index)
{
	switch (member)
	{
		case MEMBER_HASH:
			return parse_keys(parser, value, index->global, index->keys.hash,
			                  &index->keys.hash_count);
		case MEMBER_RANGE:
			return parse_keys(parser, value, index->global, index->keys.range,
			                  &index->keys.range_count);
		case MEMBER_PROJECTION:
			return parse_projection(parser, value, index);
		case MEMBER_READ_CAPACITY_UNITS:
			return parse_units(parser, value, &index->read_capacity_units);
		case MEMBER_WRITE_CAPACITY_UNITS:
			return parse_units(parser, value, &index->write_capacity_units);
		case MEMBER_COUNT:
			break;
	}
	return result_ok();
}

static CheckedResult
parse_index(const DefinitionParser *parser, Bytes object, IndexDescription *index)
{
	JsonTextWalk walk;
	uint32_t seen = 0;
	Bytes name;
	Bytes value;

	if (!json_text_is_object(object))
		return wrong(parser, object, "an index is not a JSON object");
	walk = json_text_walk(object);
	while (json_text_next_member(&walk, &name, &value))
	{
		IndexMember member;

		RETURN_IF_FAILED(find_member(parser, name, index->global, &member));
		if ((seen & 1U << member) != 0)
			return wrong(parser, name, "a member of an index occurs twice");
		seen |= 1U << member;
		RETURN_IF_FAILED(parse_member(parser, member, value, index));
	}
	if (index->global && index->keys.hash_count == 0)
		return wrong(parser, object, "a global index lacks \"hash\"");
	if (!index->global && index->keys.range_count == 0)
		return wrong(parser, object, "a local index lacks \"range\"");
	if ((index->read_capacity_units == 0) != (index->write_capacity_units == 0))
		return wrong(parser, object, "an index has only one of the two capacity units");
	return result_ok();
}

static bool
is_index_name(Bytes name)
{
	if (name.length < INDEX_NAME_MINIMUM || name.length > INDEX_NAME_MAXIMUM)
		return false;
	for (size_t i = 0; i < name.length; i++)
	{
		char character = name.data[i];

		if (!ascii_is_letter(character) && !ascii_is_digit(character) && character != '_' &&
		    character != '-' && character != '.')
			return false;
	}
	return true;
}

static CheckedResult
check_index_name(const DefinitionParser *parser, Bytes place, const IndexDescription *indexes,
                 uint32_t count)
{
	Bytes name = indexes[count].name;

	if (!is_index_name(name))
		return wrong(parser, place,
		             "the name of an index is not 3 to 255 letters, digits, underscores, hyphens "
		             "and dots");
	for (uint32_t i = 0; i < count; i++)
	{
		if (bytes_equal(indexes[i].name, name))
			return wrong(parser, place, "an index occurs twice");
	}
	return result_ok();
}

CheckedResult
index_definitions_parse(Arena *arena, Bytes text, bool global, IndexDescription **indexes,
                        uint32_t *count)
{
	DefinitionParser parser;
	JsonTextWalk walk;
	size_t capacity = 0;
	Bytes name;
	Bytes value;

	*indexes = NULL;
	*count = 0;
	RETURN_IF_FAILED(open_object(&parser, arena, text, &walk));
	while (json_text_next_member(&walk, &name, &value))
	{
		IndexDescription *index;

		*indexes = arena_grow_array(arena, *indexes, *count, &capacity, sizeof(**indexes));
		if (*indexes == NULL)
			return arena_failure(arena, capacity * sizeof(**indexes));
		index = &(*indexes)[*count];
		*index = (IndexDescription){.global = global, .projection = PROJECTION_ALL};
		RETURN_IF_FAILED(decode_name(&parser, name, &index->name));
		RETURN_IF_FAILED(check_index_name(&parser, name, *indexes, *count));
		RETURN_IF_FAILED(parse_index(&parser, value, index));
		(*count)++;
	}
	return result_ok();
}

static CheckedResult
parse_tag(const DefinitionParser *parser, Bytes name, Bytes value, TableTag *tag)
{
	if (name.length == 0)
		return wrong(parser, name, "the key of a tag is empty");
	if (!json_text_is_string(value))
		return wrong(parser, value, "the value of a tag is not a string");
	RETURN_IF_FAILED(decode_name(parser, name, &tag->key));
	return decode_string(parser, value, &tag->value);
}

CheckedResult
table_tags_parse(Arena *arena, Bytes text, TableTags *tags)
{
	DefinitionParser parser;
	JsonTextWalk walk;
	Bytes name;
	Bytes value;

	*tags = (TableTags){.count = 0};
	RETURN_IF_FAILED(open_object(&parser, arena, text, &walk));
	while (json_text_next_member(&walk, &name, &value))
	{
		tags->tags =
		    arena_grow_array(arena, tags->tags, tags->count, &tags->capacity, sizeof(TableTag));
		if (tags->tags == NULL)
			return arena_failure(arena, tags->capacity * sizeof(TableTag));
		RETURN_IF_FAILED(parse_tag(&parser, name, value, &tags->tags[tags->count]));
		tags->count++;
	}
	return result_ok();
}
