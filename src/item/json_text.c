/*
 * json_text.c
 *		A recursive walk over JSON, as deep as its nesting, which is bounded.
 */
#include "item/json_text.h"

#include "foundation/ascii.h"
#include "foundation/utf8.h"
#include "item/json_string.h"

#include <string.h>

/* An escape is \n, \u0000, or a pair of surrogates. */
#define ESCAPE_MAXIMUM 12

/* The character at the cursor. Zero behind the end; a zero byte before it is no JSON either. */
static char
peek(const JsonTextWalk *walk)
{
	return walk->next < walk->end ? *walk->next : '\0';
}

static void
skip_space(JsonTextWalk *walk)
{
	while (peek(walk) == ' ' || peek(walk) == '\n' || peek(walk) == '\r' || peek(walk) == '\t')
		walk->next++;
}

static bool
take(JsonTextWalk *walk, char character)
{
	skip_space(walk);
	if (peek(walk) != character)
		return false;
	walk->next++;
	return true;
}

static bool
skip_word(JsonTextWalk *walk, Bytes word)
{
	if (!bytes_start_with((Bytes){walk->next, (size_t) (walk->end - walk->next)}, word))
		return false;
	walk->next += word.length;
	return true;
}

static bool
skip_digits(JsonTextWalk *walk)
{
	const char *first = walk->next;

	while (ascii_is_digit(peek(walk)))
		walk->next++;
	return walk->next > first;
}

static bool
skip_number(JsonTextWalk *walk)
{
	if (peek(walk) == '-')
		walk->next++;
	if (peek(walk) == '0')
		walk->next++;
	else if (!skip_digits(walk))
		return false;
	if (peek(walk) == '.')
	{
		walk->next++;
		if (!skip_digits(walk))
			return false;
	}
	if (peek(walk) != 'e' && peek(walk) != 'E')
		return true;
	walk->next++;
	if (peek(walk) == '+' || peek(walk) == '-')
		walk->next++;
	return skip_digits(walk);
}

/* Takes a string; `text` is what stands between its quotes. */
static bool
take_string(JsonTextWalk *walk, Bytes *text)
{
	if (!take(walk, '"'))
		return false;
	text->data = walk->next;
	while (peek(walk) != '"')
	{
		if (peek(walk) == '\\')
			walk->next++;
		if ((unsigned char) peek(walk) < 0x20)
			return false;
		walk->next++;
	}
	text->length = (size_t) (walk->next - text->data);
	walk->next++;
	return utf8_is_valid(*text) && result_is_ok(json_string_check_escapes(*text));
}

static bool skip_value(JsonTextWalk *walk, uint32_t depth);

static bool
skip_member(JsonTextWalk *walk, uint32_t depth)
{
	Bytes name;

	return take_string(walk, &name) && take(walk, ':') && skip_value(walk, depth);
}

/* From behind the opening bracket to behind the closing one. */
static bool
skip_container(JsonTextWalk *walk, uint32_t depth, char closing)
{
	if (depth > JSON_TEXT_DEPTH_MAXIMUM)
		return false;
	if (take(walk, closing))
		return true;
	do
	{
		if (!(closing == '}' ? skip_member(walk, depth) : skip_value(walk, depth)))
			return false;
	} while (take(walk, ','));
	return take(walk, closing);
}

/* `depth` is the number of objects and arrays around the value. */
static bool
skip_value(JsonTextWalk *walk, uint32_t depth)
{
	Bytes text;

	skip_space(walk);
	switch (peek(walk))
	{
		case '{':
			walk->next++;
			return skip_container(walk, depth + 1, '}');
		case '[':
			walk->next++;
			return skip_container(walk, depth + 1, ']');
		case '"':
			return take_string(walk, &text);
		case 't':
			return skip_word(walk, BYTES_LITERAL("true"));
		case 'f':
			return skip_word(walk, BYTES_LITERAL("false"));
		case 'n':
			return skip_word(walk, BYTES_LITERAL("null"));
		default:
			return skip_number(walk);
	}
}

static bool
take_value(JsonTextWalk *walk, Bytes *value)
{
	skip_space(walk);
	value->data = walk->next;
	if (!skip_value(walk, 0))
		return false;
	value->length = (size_t) (walk->next - value->data);
	return true;
}

bool
json_text_check(Bytes text, Bytes *value)
{
	JsonTextWalk walk = {text.data, text.data + text.length};

	bool valid = text.length > 0 && take_value(&walk, value);

	if (valid)
	{
		skip_space(&walk);
		valid = walk.next == walk.end;
	}
	if (!valid)
		*value = (Bytes){walk.next < walk.end ? walk.next : walk.end, 0};
	return valid;
}

static bool
begins_with(Bytes value, char character)
{
	return value.length > 0 && value.data[0] == character;
}

bool
json_text_is_object(Bytes value)
{
	return begins_with(value, '{');
}

bool
json_text_is_array(Bytes value)
{
	return begins_with(value, '[');
}

bool
json_text_is_string(Bytes value)
{
	return begins_with(value, '"');
}

JsonTextWalk
json_text_walk(Bytes container)
{
	return (JsonTextWalk){container.data + 1, container.data + container.length - 1};
}

bool
json_text_next_member(JsonTextWalk *walk, Bytes *name, Bytes *value)
{
	if (!take_string(walk, name) || !take(walk, ':') || !take_value(walk, value))
		return false;
	(void) take(walk, ',');
	return true;
}

bool
json_text_next_element(JsonTextWalk *walk, Bytes *value)
{
	skip_space(walk);
	if (walk->next == walk->end || !take_value(walk, value))
		return false;
	(void) take(walk, ',');
	return true;
}

/* The bytes of the escape, or of the character, that the text begins with. */
static size_t
unit_length(Bytes text)
{
	if (text.data[0] != '\\')
		return utf8_character_length(text);
	if (text.data[1] != 'u')
		return 2;
	/* the first of two surrogates: \ud8 to \udb */
	return ascii_lower(text.data[2]) == 'd' && strchr("89abAB", text.data[3]) != NULL ? 12 : 6;
}

size_t
json_text_decode(Bytes string, char *text, size_t size)
{
	Bytes left = {string.data + 1, string.length - 2};
	size_t used = 0;

	while (left.length > 0)
	{
		char unit[ESCAPE_MAXIMUM];
		size_t taken = unit_length(left);
		size_t length = taken;

		memcpy(unit, left.data, taken);
		if (unit[0] == '\\' && !result_is_ok(json_string_unescape(unit, &length)))
			return used;
		if (length > size - used)
			return used;
		memcpy(text + used, unit, length);
		used += length;
		left = (Bytes){left.data + taken, left.length - taken};
	}
	return used;
}
