/*
 * json_scanner.c
 *		Blocks of JSON text, and the tokens that are not worth an inline function.
 */
#include "item/json_scanner.h"

#include "foundation/ascii.h"
#include "foundation/utf8.h"

#include <string.h>

/* Bytes of text in the first block, and in the largest that no single token demands. */
#define BLOCK_SIZE_MINIMUM ((size_t) 4 * 1024)
#define BLOCK_SIZE_MAXIMUM ((size_t) 256 * 1024)

void
json_scanner_init(JsonScanner *scanner, Arena *arena)
{
	*scanner = (JsonScanner){.arena = arena};
}

/*
 * The text that the next block should hold: twice the last one's within bounds, at least what is
 * carried over twice (so that a long token is moved a number of times that is logarithmic in its
 * length) and, while small, the chunk.
 */
static size_t
next_block_size(const JsonScanner *scanner, size_t carried, size_t chunk)
{
	size_t size = (size_t) (scanner->limit - scanner->block) * 2;

	if (size < chunk)
		size = chunk;
	if (size < BLOCK_SIZE_MINIMUM)
		size = BLOCK_SIZE_MINIMUM;
	if (size > BLOCK_SIZE_MAXIMUM)
		size = BLOCK_SIZE_MAXIMUM;
	return size / 2 < carried ? carried * 2 : size;
}

/* Begins a new block with what the old one holds from the cursor on. */
static CheckedResult
begin_block(JsonScanner *scanner, size_t chunk)
{
	size_t carried = (size_t) (scanner->end - scanner->cursor);
	size_t size = next_block_size(scanner, carried, chunk);
	char *block = arena_allocate(scanner->arena, size + JSON_PADDING);

	if (block == NULL)
		return arena_failure(scanner->arena, size + JSON_PADDING);
	if (carried > 0)
		memcpy(block, scanner->cursor, carried);
	scanner->position += (size_t) (scanner->cursor - scanner->block);
	scanner->block = scanner->cursor = block;
	scanner->end = block + carried;
	scanner->limit = block + size;
	return result_ok();
}

CheckedResult
json_scanner_fill(JsonScanner *scanner, Bytes *chunk)
{
	size_t room;
	size_t taken;

	if (scanner->end == scanner->limit)
		RETURN_IF_FAILED(begin_block(scanner, chunk->length));
	room = (size_t) (scanner->limit - scanner->end);
	taken = chunk->length < room ? chunk->length : room;
	memcpy(scanner->end, chunk->data, taken);
	scanner->end += taken;
	memset(scanner->end, 0, JSON_PADDING);
	chunk->data += taken;
	chunk->length -= taken;
	return result_ok();
}

size_t
json_scanner_position(const JsonScanner *scanner)
{
	return scanner->position + (size_t) (scanner->cursor - scanner->block);
}

static Progress
fail_ahead(JsonScanner *scanner, const char *message, size_t distance)
{
	scanner->failure =
	    result_failed_at(RESULT_MALFORMED, message, json_scanner_position(scanner) + distance);
	return PROGRESS_FAILED;
}

Progress
json_scanner_fail(JsonScanner *scanner, ResultCode code, const char *message)
{
	scanner->failure = result_failed_at(code, message, json_scanner_position(scanner));
	return PROGRESS_FAILED;
}

Progress
json_scanner_unexpected(JsonScanner *scanner, const char *message)
{
	if (scanner->cursor == scanner->end)
		return PROGRESS_NEEDS_INPUT;
	return json_scanner_fail(scanner, RESULT_MALFORMED, message);
}

Progress
json_scanner_stopped_in_string(JsonScanner *scanner, const char *stop)
{
	size_t distance = (size_t) (stop - scanner->cursor);

	if (stop < scanner->end && *stop != '\\')
		return fail_ahead(scanner, "control character in JSON string", distance);
	scanner->scanned = distance - 1;
	return PROGRESS_NEEDS_INPUT;
}

/* A string that is whole: UTF-8, and `escapes` what was said of its escapes. */
static Progress
check_string(JsonScanner *scanner, CheckedResult escapes)
{
	if (result_is_ok(escapes))
		return PROGRESS_MADE;
	return fail_ahead(scanner, escapes.message, 1 + escapes.position);
}

static Progress
check_utf8(JsonScanner *scanner, Bytes text)
{
	if (scanner->traits.has_high_byte && !utf8_is_valid(text))
		return json_scanner_fail(scanner, RESULT_MALFORMED, "invalid UTF-8 in JSON string");
	return PROGRESS_MADE;
}

Progress
json_scanner_resolve_string(JsonScanner *scanner, char *text, size_t *length)
{
	RETURN_UNLESS_MADE(check_utf8(scanner, (Bytes){text, *length}));
	if (!scanner->traits.has_escape)
		return PROGRESS_MADE;
	return check_string(scanner, json_string_unescape(text, length));
}

Progress
json_skip_string(JsonScanner *scanner)
{
	char *first = scanner->cursor + 1;
	char *stop = json_string_end(first + scanner->scanned, scanner->end, &scanner->traits);
	Bytes text = {first, (size_t) (stop - first)};

	if (*stop != '"')
		return json_scanner_stopped_in_string(scanner, stop);
	RETURN_UNLESS_MADE(check_utf8(scanner, text));
	RETURN_UNLESS_MADE(check_string(scanner, json_string_check_escapes(text)));
	json_finish_string(scanner, stop);
	return PROGRESS_MADE;
}

static const char *
skip_digits(const char *next)
{
	while (ascii_is_digit(*next))
		next++;
	return next;
}

/*
 * The end of the number that starts at `next`, as far as it follows the grammar; the padding ends
 * it. Sets `is_whole` when what was read is a number.
 */
static const char *
find_number_end(const char *next, bool *is_whole)
{
	const char *digits;

	*is_whole = false;
	if (*next == '-')
		next++;
	digits = next;
	next = *next == '0' ? next + 1 : skip_digits(next);
	if (next == digits)
		return next;
	if (*next == '.')
	{
		digits = next + 1;
		next = skip_digits(digits);
		if (next == digits)
			return next;
	}
	if (*next == 'e' || *next == 'E')
	{
		next++;
		if (*next == '+' || *next == '-')
			next++;
		digits = next;
		next = skip_digits(digits);
		if (next == digits)
			return next;
	}
	*is_whole = true;
	return next;
}

Progress
json_take_number(JsonScanner *scanner, Bytes *number)
{
	bool is_whole;
	const char *stop = find_number_end(scanner->cursor, &is_whole);
	size_t length = (size_t) (stop - scanner->cursor);

	if (length > JSON_NUMBER_MAXIMUM)
		return json_scanner_fail(scanner, RESULT_MALFORMED, "JSON number is too long");
	if (stop == scanner->end)
		return PROGRESS_NEEDS_INPUT;
	if (!is_whole)
		return fail_ahead(scanner, "invalid JSON number", length);
	*number = (Bytes){scanner->cursor, length};
	scanner->cursor += length;
	return PROGRESS_MADE;
}

Progress
json_take_word(JsonScanner *scanner, const char *word)
{
	size_t length = 0;

	for (; word[length] != '\0'; length++)
	{
		if (scanner->cursor + length == scanner->end)
			return PROGRESS_NEEDS_INPUT;
		if (scanner->cursor[length] != word[length])
			return json_scanner_fail(scanner, RESULT_MALFORMED, "invalid JSON value");
	}
	scanner->cursor += length;
	return PROGRESS_MADE;
}
