/*
 * command_line.c
 *		Words, quotes and backslashes.
 */
#include "aws/command_line.h"

typedef struct Splitter
{
	Bytes rest;
	char *target; /* where the next character of a word goes; never ahead of what was read */
} Splitter;

static bool
is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static void
skip_spaces(Splitter *splitter)
{
	while (splitter->rest.length > 0 && is_space(splitter->rest.data[0]))
		splitter->rest = (Bytes){splitter->rest.data + 1, splitter->rest.length - 1};
}

static char
take_character(Splitter *splitter)
{
	char character = splitter->rest.data[0];

	splitter->rest = (Bytes){splitter->rest.data + 1, splitter->rest.length - 1};
	return character;
}

/* What follows a backslash; within double quotes it stands for itself before most characters. */
static bool
take_escaped(Splitter *splitter, bool quoted)
{
	char character;

	if (splitter->rest.length == 0)
		return false;
	character = take_character(splitter);
	if (quoted && character != '"' && character != '\\')
		*splitter->target++ = '\\';
	*splitter->target++ = character;
	return true;
}

/* The rest of a quoted part. */
static bool
take_quoted(Splitter *splitter, char quote)
{
	while (splitter->rest.length > 0)
	{
		char character = take_character(splitter);

		if (character == quote)
			return true;
		if (character != '\\' || quote == '\'')
			*splitter->target++ = character;
		else if (!take_escaped(splitter, true))
			return false;
	}
	return false;
}

static bool
take_word(Splitter *splitter)
{
	while (splitter->rest.length > 0 && !is_space(splitter->rest.data[0]))
	{
		char character = take_character(splitter);
		bool whole = true;

		if (character == '\'' || character == '"')
			whole = take_quoted(splitter, character);
		else if (character == '\\')
			whole = take_escaped(splitter, false);
		else
			*splitter->target++ = character;
		if (!whole)
			return false;
	}
	*splitter->target++ = '\0';
	return true;
}

static bool
has_zero_byte(Bytes line)
{
	for (size_t i = 0; i < line.length; i++)
		if (line.data[i] == '\0')
			return true;
	return false;
}

CheckedResult
command_line_split(Arena *arena, Bytes line, char ***words, size_t *count)
{
	size_t capacity = 0;
	/* Words are never longer than what they are written as; each has one byte more. */
	Splitter splitter = {line, arena_allocate(arena, line.length + 1)};

	*words = NULL;
	*count = 0;
	if (splitter.target == NULL)
		return arena_failure(arena, line.length + 1);
	if (has_zero_byte(line))
		return result_failed(RESULT_MALFORMED, "command holds a zero byte");
	for (;;)
	{
		*words = arena_grow_array(arena, *words, *count, &capacity, sizeof(**words));
		if (*words == NULL)
			return arena_failure(arena, capacity * sizeof(**words));
		(*words)[*count] = NULL;
		skip_spaces(&splitter);
		if (splitter.rest.length == 0)
			return result_ok();
		(*words)[(*count)++] = splitter.target;
		if (!take_word(&splitter))
			return result_failed(RESULT_MALFORMED, "command has an open quote");
	}
}
