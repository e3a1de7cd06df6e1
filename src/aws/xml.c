/*
 * xml.c
 *		A strict scanner over small XML documents.
 */
#include "aws/xml.h"

#include <string.h>

#include "aws/uri.h"
#include "foundation/ascii.h"
#include "foundation/utf8.h"

typedef struct XmlScanner
{
	Bytes document;
	size_t position;
	Bytes open[XML_DEPTH_MAXIMUM]; /* names of the elements around the position, outermost first */
	size_t depth;
	bool root_closed;
} XmlScanner;

static CheckedResult
malformed(const XmlScanner *scanner)
{
	return result_failed_at(RESULT_MALFORMED, "response is not well-formed XML", scanner->position);
}

static Bytes
rest(const XmlScanner *scanner)
{
	return (Bytes){scanner->document.data + scanner->position,
	               scanner->document.length - scanner->position};
}

/* Moves past `expected` if it is next. */
static bool
skip(XmlScanner *scanner, Bytes expected)
{
	if (!bytes_start_with(rest(scanner), expected))
		return false;
	scanner->position += expected.length;
	return true;
}

/* Moves past the next occurrence of `end`; false when there is none. */
static bool
skip_past(XmlScanner *scanner, Bytes end)
{
	while (scanner->position < scanner->document.length)
	{
		if (skip(scanner, end))
			return true;
		scanner->position++;
	}
	return false;
}

static bool
is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static bool
is_name_character(char character)
{
	return uri_is_unreserved(character) ? character != '~'
	                                    : character == ':' || (unsigned char) character >= 0x80;
}

static Bytes
read_name(XmlScanner *scanner)
{
	Bytes name = {scanner->document.data + scanner->position, 0};

	while (scanner->position < scanner->document.length &&
	       is_name_character(scanner->document.data[scanner->position]))
	{
		scanner->position++;
		name.length++;
	}
	return name;
}

/* Moves past the attributes and the end of a start tag; says whether it was an empty element's. */
static CheckedResult
skip_to_tag_end(XmlScanner *scanner, bool *empty)
{
	while (scanner->position < scanner->document.length)
	{
		char character = scanner->document.data[scanner->position++];

		*empty = character == '/';
		if (character == '>')
			return result_ok();
		if (character == '/')
			return skip(scanner, BYTES_LITERAL(">")) ? result_ok() : malformed(scanner);
		if (character == '<')
			return malformed(scanner);
		if ((character == '"' || character == '\'') && !skip_past(scanner, (Bytes){&character, 1}))
			return malformed(scanner);
	}
	return malformed(scanner);
}

static void
close_innermost(XmlScanner *scanner)
{
	scanner->depth--;
	scanner->root_closed = scanner->depth == 0;
}

/* Reads a start tag behind its "<". An empty element is opened, and closed with `closed` set. */
static CheckedResult
open_element(XmlScanner *scanner, bool *closed)
{
	Bytes name = read_name(scanner);

	if (name.length == 0 || scanner->root_closed)
		return malformed(scanner);
	if (scanner->depth == XML_DEPTH_MAXIMUM)
		return result_failed_at(RESULT_TOO_LARGE, "response nests XML elements too deeply",
		                        scanner->position);
	scanner->open[scanner->depth++] = name;
	RETURN_IF_FAILED(skip_to_tag_end(scanner, closed));
	if (*closed)
		close_innermost(scanner);
	return result_ok();
}

/* Reads an end tag behind its "</". */
static CheckedResult
close_element(XmlScanner *scanner)
{
	Bytes name = read_name(scanner);

	while (scanner->position < scanner->document.length &&
	       is_space(scanner->document.data[scanner->position]))
		scanner->position++;
	if (scanner->depth == 0 || !bytes_equal(name, scanner->open[scanner->depth - 1]) ||
	    !skip(scanner, BYTES_LITERAL(">")))
		return malformed(scanner);
	close_innermost(scanner);
	return result_ok();
}

/* True when the open elements are those of the path, "/" between them. */
static bool
is_at_path(const XmlScanner *scanner, const char *path)
{
	Bytes left = bytes_of_string(path);

	for (size_t i = 0; i < scanner->depth; i++)
	{
		Bytes name = scanner->open[i];

		if (!bytes_start_with(left, name))
			return false;
		left = (Bytes){left.data + name.length, left.length - name.length};
		if (i + 1 == scanner->depth)
			return left.length == 0;
		if (!bytes_start_with(left, BYTES_LITERAL("/")))
			return false;
		left = (Bytes){left.data + 1, left.length - 1};
	}
	return false;
}

/* Moves to the next "<" and past it; false at the end. Text may only stand inside elements. */
static CheckedResult
find_markup(XmlScanner *scanner, bool *found)
{
	for (; scanner->position < scanner->document.length; scanner->position++)
	{
		char character = scanner->document.data[scanner->position];

		*found = character == '<';
		if (*found)
		{
			scanner->position++;
			return result_ok();
		}
		if (scanner->depth == 0 && !is_space(character))
			return malformed(scanner);
	}
	*found = false;
	return scanner->depth == 0 && scanner->root_closed ? result_ok() : malformed(scanner);
}

typedef enum XmlMarkup
{
	XML_COMMENT,
	XML_OPENED,
	XML_CLOSED,
	XML_EMPTY
} XmlMarkup;

/* Reads what stands behind a "<". */
static CheckedResult
read_markup(XmlScanner *scanner, XmlMarkup *markup)
{
	bool closed;

	if (skip(scanner, BYTES_LITERAL("!--")))
	{
		*markup = XML_COMMENT;
		return skip_past(scanner, BYTES_LITERAL("-->")) ? result_ok() : malformed(scanner);
	}
	if (skip(scanner, BYTES_LITERAL("/")))
	{
		*markup = XML_CLOSED;
		return close_element(scanner);
	}
	RETURN_IF_FAILED(open_element(scanner, &closed));
	*markup = closed ? XML_EMPTY : XML_OPENED;
	return result_ok();
}

static CheckedResult
skip_declaration(XmlScanner *scanner)
{
	skip(scanner, BYTES_LITERAL("\xEF\xBB\xBF"));
	if (skip(scanner, BYTES_LITERAL("<?xml ")) && !skip_past(scanner, BYTES_LITERAL("?>")))
		return malformed(scanner);
	return result_ok();
}

/* The whole document is read, also behind the text that was looked for. */
CheckedResult
xml_find_text(Bytes document, const char *path, Bytes *text)
{
	XmlScanner scanner = {.document = document};
	size_t text_start = 0;
	bool in_text = false;
	bool found_text = false;
	bool found;

	*text = BYTES_EMPTY;
	if (document.length == 0)
		return malformed(&scanner);
	RETURN_IF_FAILED(skip_declaration(&scanner));
	for (;;)
	{
		size_t text_end;
		XmlMarkup markup;

		RETURN_IF_FAILED(find_markup(&scanner, &found));
		if (!found)
			return result_ok();
		text_end = scanner.position - 1;
		RETURN_IF_FAILED(read_markup(&scanner, &markup));
		if (in_text && markup != XML_CLOSED)
			return malformed(&scanner);
		if (in_text)
			*text = (Bytes){document.data + text_start, text_end - text_start};
		in_text = markup == XML_OPENED && !found_text && is_at_path(&scanner, path);
		found_text = found_text || in_text;
		text_start = scanner.position;
	}
}

/* What XML calls a character (XML 1.0, section 2.2), but for U+FFFE and U+FFFF. */
static bool
is_xml_character(uint32_t number)
{
	if (number < 0x20)
		return number == '\t' || number == '\n' || number == '\r';
	return number < 0xD800 || (number > 0xDFFF && number <= 0x10FFFF);
}

/* The number of "#60" or "#x3C"; false when it is none. */
static bool
parse_character_number(Bytes name, uint32_t *number)
{
	bool hexadecimal = bytes_start_with(name, BYTES_LITERAL("#x"));
	size_t start = hexadecimal ? 2 : 1;
	uint32_t base = hexadecimal ? 16 : 10;

	*number = 0;
	if (name.length <= start || name.data[0] != '#')
		return false;
	for (size_t i = start; i < name.length; i++)
	{
		int digit = ascii_hexadecimal_value(name.data[i]);

		if (digit < 0 || (uint32_t) digit >= base || *number > 0x10FFFF)
			return false;
		*number = *number * base + (uint32_t) digit;
	}
	return true;
}

/* What the reference named between "&" and ";" stands for; 0 when it is no reference. */
static size_t
resolve_reference(Bytes name, char bytes[UTF8_CHARACTER_MAXIMUM])
{
	static const struct
	{
		const char *name;
		char character;
	} predefined[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"apos", '\''}, {"quot", '"'}};
	uint32_t number;

	for (size_t i = 0; i < sizeof(predefined) / sizeof(predefined[0]); i++)
	{
		if (bytes_equal(name, bytes_of_string(predefined[i].name)))
		{
			bytes[0] = predefined[i].character;
			return 1;
		}
	}
	if (!parse_character_number(name, &number) || !is_xml_character(number))
		return 0;
	return utf8_encode(number, bytes);
}

/* Reads the character at `position`, decoded, and moves past it; its length, or 0. */
static size_t
read_character(Bytes text, size_t *position, char bytes[UTF8_CHARACTER_MAXIMUM])
{
	size_t start = *position + 1;
	const char *end;

	if (text.data[*position] != '&')
	{
		bytes[0] = text.data[(*position)++];
		return 1;
	}
	end = memchr(text.data + start, ';', text.length - start);
	if (end == NULL)
		return 0;
	*position = (size_t) (end - text.data) + 1;
	return resolve_reference((Bytes){text.data + start, *position - 1 - start}, bytes);
}

CheckedResult
xml_decode_text(Bytes text, char *target, size_t size, size_t *length)
{
	size_t position = 0;

	*length = 0;
	while (position < text.length)
	{
		char bytes[UTF8_CHARACTER_MAXIMUM];
		size_t start = position;
		size_t count = read_character(text, &position, bytes);

		if (count == 0)
			return result_failed_at(RESULT_MALFORMED, "response has an unknown character reference",
			                        start);
		if (count > size - *length)
			return result_ok();
		memcpy(target + *length, bytes, count);
		*length += count;
	}
	return result_ok();
}
