/*
 * json_scanner.h
 *		The tokens of a JSON text that arrives in pieces.
 *
 * What is fed is copied into blocks of an arena. The token at the cursor always lies whole in one
 * block: where a block ends within a token, its beginning is carried over to the next. So strings
 * are handed out as pointers into the blocks, which stay until the arena is reset.
 *
 * The functions that take tokens either take one as a whole or leave the cursor in front of it, so
 * whoever calls them can stop at any token and go on when there is more.
 */
#ifndef ITEM_JSON_SCANNER_H
#define ITEM_JSON_SCANNER_H

#include "foundation/arena.h"
#include "item/json_string.h"

typedef struct JsonScanner
{
	Arena *arena;
	char *block;             /* first byte of the newest block */
	char *cursor;            /* next byte to be looked at */
	char *end;               /* one past what was fed; JSON_PADDING zero bytes follow */
	char *limit;             /* how far `end` may go in this block */
	size_t position;         /* of `block` in the text */
	size_t scanned;          /* bytes of the string at the cursor that were looked through */
	JsonStringTraits traits; /* of those */
	CheckedResult failure;   /* set when a function gave PROGRESS_FAILED */
} JsonScanner;

/* How far taking a token got. */
typedef enum Progress
{
	PROGRESS_MADE,
	PROGRESS_NEEDS_INPUT, /* nothing taken: the text fed so far ends here */
	PROGRESS_FAILED       /* nothing taken: see the scanner's failure */
} Progress;

#define RETURN_UNLESS_MADE(expression)                                                             \
	do                                                                                             \
	{                                                                                              \
		Progress progress_of_call_ = (expression);                                                 \
		if (progress_of_call_ != PROGRESS_MADE)                                                    \
			return progress_of_call_;                                                              \
	} while (0)

/* Bytes of the longest JSON number; the protocol promises none nearly as long. */
#define JSON_NUMBER_MAXIMUM 512

extern void json_scanner_init(JsonScanner *scanner, Arena *arena);

/* Takes as much of `chunk` as there is room for, at least a byte, and removes it from there. */
extern CheckedResult json_scanner_fill(JsonScanner *scanner, Bytes *chunk) MUST_CHECK;

/* Where the cursor is in the whole text. */
extern size_t json_scanner_position(const JsonScanner *scanner);

/* Notes a failure at the cursor. */
extern Progress json_scanner_fail(JsonScanner *scanner, ResultCode code, const char *message);

/* The character at the cursor is none that may stand there, or the text fed ends there. */
extern Progress json_scanner_unexpected(JsonScanner *scanner, const char *message);

/* Of a string at the cursor that json_take_string() could not take in one go. */
extern Progress json_scanner_stopped_in_string(JsonScanner *scanner, const char *stop);
extern Progress json_scanner_resolve_string(JsonScanner *scanner, char *text, size_t *length);

/* A number by JSON's grammar; `number` is borrowed until more is fed. */
extern Progress json_take_number(JsonScanner *scanner, Bytes *number);

/* One of the words true, false and null. */
extern Progress json_take_word(JsonScanner *scanner, const char *word);

/* A string that is checked and stays as it is. */
extern Progress json_skip_string(JsonScanner *scanner);

/* Moves over white space; the character then at the cursor, zero when the text fed ends there. */
static inline char
json_peek(JsonScanner *scanner)
{
	char *next = scanner->cursor;

	while (*next == ' ' || *next == '\n' || *next == '\r' || *next == '\t')
		next++;
	scanner->cursor = next;
	return *next;
}

/* Takes one character that must stand here; `message` says so if it does not. */
static inline Progress
json_take_character(JsonScanner *scanner, char character, const char *message)
{
	if (json_peek(scanner) != character)
		return json_scanner_unexpected(scanner, message);
	scanner->cursor++;
	return PROGRESS_MADE;
}

/* Gives the string whose quotes are at the cursor and at `stop`, and moves behind it. */
static inline void
json_finish_string(JsonScanner *scanner, const char *stop)
{
	scanner->cursor += stop + 1 - scanner->cursor;
	scanner->scanned = 0;
	scanner->traits = (JsonStringTraits){false, false};
}

/* Takes the string whose opening quote is at the cursor: checked UTF-8, unescaped in place. */
static inline Progress
json_take_string(JsonScanner *scanner, Bytes *text)
{
	char *first = scanner->cursor + 1;
	char *stop = json_string_end(first + scanner->scanned, scanner->end, &scanner->traits);
	size_t length = (size_t) (stop - first);

	if (*stop != '"')
		return json_scanner_stopped_in_string(scanner, stop);
	if (scanner->traits.has_escape || scanner->traits.has_high_byte)
		RETURN_UNLESS_MADE(json_scanner_resolve_string(scanner, first, &length));
	*text = (Bytes){first, length};
	json_finish_string(scanner, stop);
	return PROGRESS_MADE;
}

#endif
