/*
 * json_lines.c
 *		The loop of a program that answers JSON by JSON.
 */
#include "unit/json_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foundation/ascii.h"

#define ANSWER_MAXIMUM ((size_t) 64 * 1024 * 1024)

static bool
answer_line(Bytes line, Arena *arena, ByteBuffer *buffer, JsonLineAnswer answer)
{
	json_object *question;
	JsonWriter writer;

	if (!result_is_ok(description_open(line, &question)))
		return false;
	json_writer_init(&writer, buffer);
	json_begin_object(&writer);
	answer(question, arena, &writer);
	json_end_object(&writer);
	buffer_append_character(buffer, '\n');
	description_close(question);
	return result_is_ok(buffer_result(buffer)) &&
	       fwrite(buffer->data, 1, buffer->length, stdout) == buffer->length;
}

int
json_lines_serve(JsonLineAnswer answer)
{
	Arena arena;
	ByteBuffer buffer;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool good = true;

	arena_init(&arena, malloc_block_source, ARENA_PLAIN, ANSWER_MAXIMUM);
	buffer_init(&buffer, malloc_block_source, ARENA_PLAIN, ANSWER_MAXIMUM);
	while (good && (length = getline(&line, &size, stdin)) > 0)
	{
		good = answer_line((Bytes){line, (size_t) length}, &arena, &buffer, answer);
		buffer_reset(&buffer);
		arena_reset(&arena);
	}
	buffer_release(&buffer);
	arena_release(&arena);
	free(line);
	return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void
json_line_string(JsonWriter *answer, const char *name, Bytes value)
{
	json_name(answer, bytes_of_string(name));
	json_string(answer, value);
}

void
json_line_failure(JsonWriter *answer, CheckedResult result)
{
	json_line_string(answer, "error", bytes_of_string(result.message));
}

Bytes
json_line_hexadecimal(json_object *question, const char *name, Arena *arena)
{
	Bytes digits = description_string(question, name);
	char *bytes = arena_allocate(arena, digits.length / 2);

	if (bytes == NULL)
		abort();
	for (size_t i = 0; i < digits.length / 2; i++)
		bytes[i] = (char) (ascii_hexadecimal_value(digits.data[2 * i]) << 4 |
		                   ascii_hexadecimal_value(digits.data[2 * i + 1]));
	return (Bytes){bytes, digits.length / 2};
}
