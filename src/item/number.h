/*
 * number.h
 *		DynamoDB's numbers as the text they travel in: up to 38 significant digits, magnitude 1E-130
 *		to 9.9999999999999999999999999999999999999E+125, zero, no infinity, no NaN.
 */
#ifndef ITEM_NUMBER_H
#define ITEM_NUMBER_H

#include "foundation/arena.h"
#include "foundation/bytes.h"
#include "foundation/result.h"

#define NUMBER_DIGITS_MAXIMUM 38

/* Room for any canonical text of a number. */
#define NUMBER_TEXT_MAXIMUM 180

/*
 * Checks that `text` is a decimal number (optional sign, digits with an optional point, optional
 * exponent) within DynamoDB's bounds. RESULT_MALFORMED when it is none, RESULT_OUT_OF_RANGE when it
 * has more than 38 significant digits or too large or too small a magnitude. Zero of any spelling
 * is within the bounds.
 */
extern CheckedResult number_check(Bytes text) MUST_CHECK;

/*
 * Writes the canonical text of a checked number into `arena`: no exponent, no leading or trailing
 * zeroes, no "-0"; equal numbers give equal texts.
 */
extern CheckedResult number_canonical(Arena *arena, Bytes text, Bytes *canonical) MUST_CHECK;

/*
 * The number as int64. RESULT_OUT_OF_RANGE when it has a fraction or does not fit. Spellings such
 * as "1E3" and "5.0" are whole numbers.
 */
extern CheckedResult number_to_int64(Bytes text, int64_t *number) MUST_CHECK;

/*
 * The bytes that DynamoDB counts for a checked number: one, one more for every two digits from the
 * first to the last that is not 0, in pairs counted from the decimal point, and one more for a
 * minus sign; at most 21.
 */
extern size_t number_stored_size(Bytes text);

/* Negative, zero or positive as a is less than, equal to or greater than b. Both checked. */
extern int number_compare(Bytes a, Bytes b);

#endif
