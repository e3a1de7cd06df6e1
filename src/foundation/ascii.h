/*
 * ascii.h
 *		Characters of ASCII by kind, whatever the process's locale says of them.
 */
#ifndef FOUNDATION_ASCII_H
#define FOUNDATION_ASCII_H

#include <stdbool.h>

static inline bool
ascii_is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static inline bool
ascii_is_letter(char character)
{
	return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
}

static inline char
ascii_lower(char character)
{
	return character >= 'A' && character <= 'Z' ? (char) (character - 'A' + 'a') : character;
}

/* The value of a hexadecimal digit of either case; -1 for any other character. */
static inline int
ascii_hexadecimal_value(char character)
{
	if (ascii_is_digit(character))
		return character - '0';
	character = ascii_lower(character);
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

#endif
