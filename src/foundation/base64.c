/*
 * base64.c
 *		Writing and reading base64.
 */
#include "foundation/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* No digit. Its high bit survives the combination of four digits below. */
#define NONE 0xFF

#define ROW_OF_NONE NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE

/* The six bits that each character stands for. */
static const unsigned char digits[256] = {
    ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE,
    /* 28: + and / */
    NONE, NONE, NONE, 62, NONE, NONE, NONE, 63,
    /* 30: 0 to 9 */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NONE, NONE, NONE, NONE, NONE, NONE,
    /* 40: A to Z */
    NONE, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, NONE, NONE, NONE, NONE, NONE,
    /* 60: a to z */
    NONE, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
    48, 49, 50, 51, NONE, NONE, NONE, NONE, NONE,
    /* 80 to FF */
    ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE,
    ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE, ROW_OF_NONE,
    ROW_OF_NONE, ROW_OF_NONE};

/* The last one or two bytes and their padding. */
static void
encode_tail(const unsigned char *bytes, size_t length, char *text)
{
	uint32_t group = (uint32_t) bytes[0] << 16 | (length == 2 ? (uint32_t) bytes[1] << 8 : 0);

	text[0] = alphabet[group >> 18];
	text[1] = alphabet[group >> 12 & 0x3F];
	text[2] = length == 2 ? alphabet[group >> 6 & 0x3F] : '=';
	text[3] = '=';
}

void
base64_encode(Bytes bytes, char *text)
{
	const unsigned char *next = (const unsigned char *) bytes.data;
	size_t left = bytes.length;

	for (; left >= 3; left -= 3, next += 3, text += 4)
	{
		uint32_t group = (uint32_t) next[0] << 16 | (uint32_t) next[1] << 8 | next[2];

		text[0] = alphabet[group >> 18];
		text[1] = alphabet[group >> 12 & 0x3F];
		text[2] = alphabet[group >> 6 & 0x3F];
		text[3] = alphabet[group & 0x3F];
	}
	if (left > 0)
		encode_tail(next, left, text);
}

/* The last four characters, of which one or two may be padding. */
static bool
decode_tail(const unsigned char *text, char *bytes, size_t *length)
{
	size_t padding = text[3] != '=' ? 0 : text[2] != '=' ? 1 : 2;
	unsigned char third = padding == 2 ? 0 : digits[text[2]];
	unsigned char fourth = padding > 0 ? 0 : digits[text[3]];
	uint32_t group;

	if (((digits[text[0]] | digits[text[1]] | third | fourth) & 0x80) != 0)
		return false;
	group = (uint32_t) digits[text[0]] << 18 | (uint32_t) digits[text[1]] << 12 |
	        (uint32_t) third << 6 | fourth;
	if ((group & ((UINT32_C(1) << padding * 8) - 1)) != 0)
		return false;
	for (size_t i = 0; i < 3 - padding; i++)
		bytes[i] = (char) (group >> (16 - 8 * i));
	*length = 3 - padding;
	return true;
}

bool
base64_decode(Bytes text, char *bytes, size_t *length)
{
	const unsigned char *next = (const unsigned char *) text.data;
	char *out = bytes;
	size_t tail;

	*length = 0;
	if (text.length % 4 != 0)
		return false;
	if (text.length == 0)
		return true;
	for (size_t left = text.length; left > 4; left -= 4, next += 4, out += 3)
	{
		unsigned char a = digits[next[0]];
		unsigned char b = digits[next[1]];
		unsigned char c = digits[next[2]];
		unsigned char d = digits[next[3]];

		if (((a | b | c | d) & 0x80) != 0)
			return false;
		out[0] = (char) (a << 2 | b >> 4);
		out[1] = (char) (b << 4 | c >> 2);
		out[2] = (char) (c << 6 | d);
	}
	if (!decode_tail(next, out, &tail))
		return false;
	*length = (size_t) (out - bytes) + tail;
	return true;
}
