/*
 * utf8.c
 *		Checking and writing UTF-8.
 */
#include "foundation/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

/*
 * What may follow a lead byte (RFC 3629, section 4):
 *
 *		lead		second		more
 *		C2..DF		80..BF		0
 *		E0			A0..BF		1
 *		E1..EC		80..BF		1
 *		ED			80..9F		1	(A0..BF would be surrogates)
 *		EE..EF		80..BF		1
 *		F0			90..BF		2
 *		F1..F3		80..BF		2
 *		F4			80..8F		2
 */
typedef struct Sequence
{
	unsigned char lead_first;
	unsigned char lead_last;
	unsigned char second_first;
	unsigned char second_last;
	unsigned char length;
} Sequence;

static const Sequence sequences[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
    {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

/* The bytes of the well-formed sequence that starts with a byte above 7F; 0 when there is none. */
static size_t
sequence_length(const unsigned char *text, size_t available)
{
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
	{
		const Sequence *sequence = &sequences[i];

		if (text[0] < sequence->lead_first || text[0] > sequence->lead_last)
			continue;
		if (available < sequence->length || text[1] < sequence->second_first ||
		    text[1] > sequence->second_last)
			return 0;
		for (size_t k = 2; k < sequence->length; k++)
		{
			if ((text[k] & 0xC0) != 0x80)
				return 0;
		}
		return sequence->length;
	}
	return 0;
}

/* How many of the bytes from `text` on are ASCII, in whole words where possible. */
static size_t
ascii_length(const unsigned char *text, size_t available)
{
	size_t length = 0;
	uint64_t word;

	while (available - length >= sizeof(word))
	{
		memcpy(&word, text + length, sizeof(word));
		if ((word & HIGH_BITS) != 0)
			break;
		length += sizeof(word);
	}
	while (length < available && text[length] < 0x80)
		length++;
	return length;
}

bool
utf8_is_valid(Bytes text)
{
	const unsigned char *bytes = (const unsigned char *) text.data;
	size_t position = 0;

	while (position < text.length)
	{
		size_t length;

		if (bytes[position] < 0x80)
		{
			position += ascii_length(bytes + position, text.length - position);
			continue;
		}
		length = sequence_length(bytes + position, text.length - position);
		if (length == 0)
			return false;
		position += length;
	}
	return true;
}

size_t
utf8_character_length(Bytes text)
{
	const unsigned char *bytes = (const unsigned char *) text.data;

	return bytes[0] < 0x80 ? 1 : sequence_length(bytes, text.length);
}

size_t
utf8_encode(uint32_t code_point, char *text)
{
	if (code_point < 0x80)
	{
		text[0] = (char) code_point;
		return 1;
	}
	if (code_point < 0x800)
	{
		text[0] = (char) (0xC0 | code_point >> 6);
		text[1] = (char) (0x80 | (code_point & 0x3F));
		return 2;
	}
	if (code_point < 0x10000)
	{
		text[0] = (char) (0xE0 | code_point >> 12);
		text[1] = (char) (0x80 | (code_point >> 6 & 0x3F));
		text[2] = (char) (0x80 | (code_point & 0x3F));
		return 3;
	}
	text[0] = (char) (0xF0 | code_point >> 18);
	text[1] = (char) (0x80 | (code_point >> 12 & 0x3F));
	text[2] = (char) (0x80 | (code_point >> 6 & 0x3F));
	text[3] = (char) (0x80 | (code_point & 0x3F));
	return 4;
}
