/*
 * rounded_number.h
 *		Numbers as Python's decimal arithmetic leaves them.
 */
#ifndef CRYPTO_ROUNDED_NUMBER_H
#define CRYPTO_ROUNDED_NUMBER_H

#include "foundation/arena.h"

/*
 * The canonical text, in `arena`, of a number rounded to that many significant digits, halves to
 * the even digit. Fails as number_canonical() does, also when rounding leaves DynamoDB's bounds.
 */
extern CheckedResult number_rounded(Arena *arena, Bytes text, size_t digits,
                                    Bytes *rounded) MUST_CHECK;

#endif
