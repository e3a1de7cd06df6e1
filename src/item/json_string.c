/*
 * json_string.c
 *		Finding the end of JSON strings, sixteen bytes at a time, and resolving their escapes.
 */
#include "item/json_string.h"

#include "foundation/ascii.h"
#include "foundation/utf8.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Characters of the longest escape: a pair of surrogates. */
#define ESCAPE_MAXIMUM 12

#ifdef __SSE2__

/* The first special character from `text` on. There is one: the padding is. */
static inline char *
find_special(char *text, JsonStringTraits *traits)
{
	const __m128i quotes = _mm_set1_epi8('"');
	const __m128i backslashes = _mm_set1_epi8('\\');
	const __m128i last_control = _mm_set1_epi8(0x1F);

	for (;; text += sizeof(__m128i))
	{
		__m128i bytes = _mm_loadu_si128((const __m128i *) text);
		__m128i special =
		    _mm_or_si128(_mm_cmpeq_epi8(bytes, quotes), _mm_cmpeq_epi8(bytes, backslashes));
		__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
		unsigned found = (unsigned) _mm_movemask_epi8(_mm_or_si128(special, control));
		unsigned high = (unsigned) _mm_movemask_epi8(bytes);

		if (found != 0)
		{
			/* only the bytes in front of the one found are the string's */
			traits->has_high_byte |= (high & (found - 1) & ~found) != 0;
			return text + __builtin_ctz(found);
		}
		traits->has_high_byte |= high != 0;
	}
}

#else

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

static bool
is_special(char character)
{
	return (unsigned char) character < 0x20 || character == '"' || character == '\\';
}

/* A word whose high bits are set where `word` has a zero byte, and maybe above one. */
static uint64_t
zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* The same: eight bytes at a time, then the word with the special character byte by byte. */
static char *
find_special(char *text, JsonStringTraits *traits)
{
	for (;;)
	{
		uint64_t word;
		uint64_t special;

		memcpy(&word, text, sizeof(word));
		special = zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\')) |
		          zero_bytes(word & EACH_BYTE(0xE0));
		if (special != 0)
			break;
		traits->has_high_byte |= (word & EACH_BYTE(0x80)) != 0;
		text += sizeof(word);
	}
	for (; !is_special(*text); text++)
		traits->has_high_byte |= (unsigned char) *text >= 0x80;
	return text;
}

#endif

char *
json_string_end(char *text, const char *end, JsonStringTraits *traits)
{
	for (;;)
	{
		text = find_special(text, traits);
		if (*text != '\\' || end - text < 2)
			return text;
		traits->has_escape = true;
		/* What is escaped is looked at when the string is whole, but a control character is not
		 * to be stepped over.
		 */
		text += (unsigned char) text[1] < 0x20 ? 1 : 2;
	}
}

/* Four hexadecimal digits; false when they are none. */
static bool
read_hexadecimal(const char *text, uint32_t *number)
{
	*number = 0;
	for (int i = 0; i < 4; i++)
	{
		int digit = ascii_hexadecimal_value(text[i]);

		if (digit < 0)
			return false;
		*number = *number << 4 | (uint32_t) digit;
	}
	return true;
}

/* \uXXXX, or two of them for a pair of surrogates; returns their length, 0 when malformed. */
static size_t
read_unicode_escape(const char *text, size_t available, uint32_t *code_point)
{
	uint32_t low;

	if (available < 6 || !read_hexadecimal(text + 2, code_point))
		return 0;
	if (*code_point < 0xD800 || *code_point > 0xDFFF)
		return 6;
	if (*code_point > 0xDBFF || available < ESCAPE_MAXIMUM || text[6] != '\\' || text[7] != 'u' ||
	    !read_hexadecimal(text + 8, &low) || low < 0xDC00 || low > 0xDFFF)
		return 0;
	*code_point = 0x10000 + ((*code_point - 0xD800) << 10) + (low - 0xDC00);
	return ESCAPE_MAXIMUM;
}

/* The escape at a backslash; returns its length, 0 when malformed. */
static size_t
read_escape(const char *text, size_t available, uint32_t *code_point)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (available < 2)
		return 0;
	if (text[1] == 'u')
		return read_unicode_escape(text, available, code_point);
	letter = memchr(letters, text[1], sizeof(letters) - 1);
	if (letter == NULL)
		return 0;
	*code_point = (unsigned char) meanings[letter - letters];
	return 2;
}

/* The first backslash at or behind `position`; the length when there is none. */
static size_t
find_backslash(Bytes text, size_t position)
{
	const char *found = memchr(text.data + position, '\\', text.length - position);

	return found == NULL ? text.length : (size_t) (found - text.data);
}

static CheckedResult
not_an_escape(size_t position)
{
	return result_failed_at(RESULT_MALFORMED, "invalid escape in JSON string", position);
}

CheckedResult
json_string_unescape(char *text, size_t *length)
{
	Bytes source = {text, *length};
	size_t position = 0;
	size_t written = 0;

	while (position < source.length)
	{
		size_t backslash = find_backslash(source, position);
		size_t escape;
		uint32_t code_point;

		memmove(text + written, text + position, backslash - position);
		written += backslash - position;
		position = backslash;
		if (position == source.length)
			break;
		escape = read_escape(text + position, source.length - position, &code_point);
		if (escape == 0)
			return not_an_escape(position);
		written += utf8_encode(code_point, text + written);
		position += escape;
	}
	*length = written;
	return result_ok();
}

CheckedResult
json_string_check_escapes(Bytes text)
{
	uint32_t code_point;

	for (size_t position = find_backslash(text, 0); position < text.length;
	     position = find_backslash(text, position))
	{
		size_t escape = read_escape(text.data + position, text.length - position, &code_point);

		if (escape == 0)
			return not_an_escape(position);
		position += escape;
	}
	return result_ok();
}
