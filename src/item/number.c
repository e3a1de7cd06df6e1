/*
 * number.c
 *		Reading the decimal text of DynamoDB's numbers, without ever leaving decimal.
 */
#include "item/number.h"

#include "foundation/ascii.h"

#include <stdint.h>
#include <string.h>

#define MAGNITUDE_MINIMUM (-130)
#define MAGNITUDE_MAXIMUM 125

#define STORED_SIZE_MAXIMUM 21

/* Exponents are read up to this bound, far beyond what any length of digits could make up for. */
#define EXPONENT_BOUND INT64_C(1000000000000000)

/*
 * A number taken apart. Digits are counted from the first of the text, the point left out;
 * `magnitude` is the power of ten of the first significant digit.
 */
typedef struct Decimal
{
	const char *text; /* the first digit or the point */
	size_t point;     /* digits before the point */
	size_t first;     /* the first digit that is not 0 */
	size_t count;     /* digits from there to the last that is not 0; 0 for zero */
	int64_t magnitude;
	bool negative;
} Decimal;

/* The digit that is `index` digits behind the first significant one. */
static char
significant_digit(const Decimal *decimal, size_t index)
{
	index += decimal->first;
	return decimal->text[index < decimal->point ? index : index + 1];
}

/* Reads [eE][+-]digits, all there is from `next` on. */
static bool
read_exponent(const char *next, const char *end, int64_t *exponent)
{
	bool negative = false;

	*exponent = 0;
	if (next == end)
		return true;
	if (*next != 'e' && *next != 'E')
		return false;
	next++;
	if (next < end && (*next == '+' || *next == '-'))
		negative = *next++ == '-';
	if (next == end)
		return false;
	for (; next < end; next++)
	{
		if (!ascii_is_digit(*next))
			return false;
		if (*exponent < EXPONENT_BOUND)
			*exponent = *exponent * 10 + (*next - '0');
	}
	if (negative)
		*exponent = -*exponent;
	return true;
}

/* Reads digits with an optional point; gives the number of digits and what follows them. */
static const char *
read_digits(Decimal *decimal, const char *next, const char *end, size_t *digits)
{
	bool has_point = false;
	size_t last = 0;

	decimal->text = next;
	for (*digits = 0; next < end; next++)
	{
		if (*next == '.' && !has_point)
		{
			has_point = true;
			decimal->point = *digits;
			continue;
		}
		if (!ascii_is_digit(*next))
			break;
		if (*next != '0')
		{
			if (decimal->count == 0)
				decimal->first = *digits;
			last = *digits;
			decimal->count = last - decimal->first + 1;
		}
		(*digits)++;
	}
	if (!has_point)
		decimal->point = *digits;
	return next;
}

/* Takes a number of any size apart; false when the text is none. */
static bool
read_decimal(Bytes text, Decimal *decimal)
{
	const char *next = text.data;
	const char *end = next + text.length;
	size_t digits;
	int64_t exponent;

	*decimal = (Decimal){0};
	if (next < end && (*next == '-' || *next == '+'))
		decimal->negative = *next++ == '-';
	next = read_digits(decimal, next, end, &digits);
	if (digits == 0 || !read_exponent(next, end, &exponent))
		return false;
	if (decimal->count == 0)
		decimal->negative = false;
	else
		decimal->magnitude = (int64_t) decimal->point - 1 - (int64_t) decimal->first + exponent;
	return true;
}

/* A plain number so short that its digits alone keep it within the bounds. */
static bool
is_plainly_in_bounds(Bytes text)
{
	const char *next = text.data;
	const char *end = next + text.length;
	bool has_point = false;

	if (text.length == 0 || text.length > NUMBER_DIGITS_MAXIMUM)
		return false;
	if (*next == '-')
		next++;
	if (next == end || !ascii_is_digit(*next))
		return false;
	for (; next < end; next++)
	{
		if (ascii_is_digit(*next))
			continue;
		if (*next != '.' || has_point)
			return false;
		has_point = true;
	}
	return true;
}

static CheckedResult
check_bounds(const Decimal *decimal)
{
	if (decimal->count == 0)
		return result_ok();
	if (decimal->count > NUMBER_DIGITS_MAXIMUM)
		return result_failed(RESULT_OUT_OF_RANGE, "number has more than 38 significant digits");
	if (decimal->magnitude > MAGNITUDE_MAXIMUM)
		return result_failed(RESULT_OUT_OF_RANGE, "number is too large");
	if (decimal->magnitude < MAGNITUDE_MINIMUM)
		return result_failed(RESULT_OUT_OF_RANGE, "number is too small");
	return result_ok();
}

static CheckedResult
not_a_number(void)
{
	return result_failed(RESULT_MALFORMED, "text is not a number");
}

CheckedResult
number_check(Bytes text)
{
	Decimal decimal;

	if (is_plainly_in_bounds(text))
		return result_ok();
	if (!read_decimal(text, &decimal))
		return not_a_number();
	return check_bounds(&decimal);
}

/* Writes `count` significant digits from `index` on. */
static char *
write_digits(char *out, const Decimal *decimal, size_t index, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*out++ = significant_digit(decimal, index + i);
	return out;
}

static char *
write_zeroes(char *out, size_t count)
{
	memset(out, '0', count);
	return out + count;
}

/* Writes a number within the bounds, at most NUMBER_TEXT_MAXIMUM bytes, and returns their end. */
static char *
write_canonical(char *out, const Decimal *decimal)
{
	size_t count = decimal->count;
	size_t whole;

	if (count == 0)
		return write_zeroes(out, 1);
	if (decimal->negative)
		*out++ = '-';
	if (decimal->magnitude < 0)
	{
		*out++ = '0';
		*out++ = '.';
		out = write_zeroes(out, (size_t) (-decimal->magnitude - 1));
		return write_digits(out, decimal, 0, count);
	}
	whole = (size_t) decimal->magnitude + 1;
	if (whole >= count)
		return write_zeroes(write_digits(out, decimal, 0, count), whole - count);
	out = write_digits(out, decimal, 0, whole);
	*out++ = '.';
	return write_digits(out, decimal, whole, count - whole);
}

CheckedResult
number_canonical(Arena *arena, Bytes text, Bytes *canonical)
{
	char written[NUMBER_TEXT_MAXIMUM];
	Decimal decimal;

	if (!read_decimal(text, &decimal))
		return not_a_number();
	RETURN_IF_FAILED(check_bounds(&decimal));
	canonical->length = (size_t) (write_canonical(written, &decimal) - written);
	canonical->data = arena_copy(arena, (Bytes){written, canonical->length});
	return canonical->data == NULL ? arena_failure(arena, canonical->length + 1) : result_ok();
}

/* Appends a digit on the side below zero, which reaches one further than the other. */
static bool
append_digit(int64_t *negated, char digit)
{
	return !__builtin_mul_overflow(*negated, 10, negated) &&
	       !__builtin_sub_overflow(*negated, digit - '0', negated);
}

/* Whole and within int64, from a number whose digits are as they may be. */
static bool
decimal_to_int64(const Decimal *decimal, int64_t *number)
{
	int64_t negated = 0;

	if (decimal->count > 0 &&
	    (decimal->magnitude > 18 || decimal->magnitude < (int64_t) decimal->count - 1))
		return false;
	for (int64_t i = 0; decimal->count > 0 && i <= decimal->magnitude; i++)
	{
		bool is_written = (size_t) i < decimal->count;

		if (!append_digit(&negated, is_written ? significant_digit(decimal, (size_t) i) : '0'))
			return false;
	}
	if (!decimal->negative && negated == INT64_MIN)
		return false;
	*number = decimal->negative ? negated : -negated;
	return true;
}

/* The common spelling: an optional minus and up to 18 digits, which cannot overflow. */
static bool
short_integer(Bytes text, int64_t *number)
{
	const char *next = text.data;
	const char *end = next + text.length;
	bool negative = text.length > 0 && *next == '-';
	int64_t value = 0;

	next += negative;
	if (next == end || end - next > 18)
		return false;
	for (; next < end; next++)
	{
		if (!ascii_is_digit(*next))
			return false;
		value = value * 10 + (*next - '0');
	}
	*number = negative ? -value : value;
	return true;
}

CheckedResult
number_to_int64(Bytes text, int64_t *number)
{
	Decimal decimal;

	if (short_integer(text, number))
		return result_ok();
	if (!read_decimal(text, &decimal))
		return not_a_number();
	if (!decimal_to_int64(&decimal, number))
		return result_failed(RESULT_OUT_OF_RANGE, "number is not a 64-bit integer");
	return result_ok();
}

/* The pair of digits, counted from the decimal point, that the digit of this power of ten is in. */
static int64_t
pair_of_magnitude(int64_t magnitude)
{
	return magnitude >= 0 ? magnitude / 2 : (magnitude - 1) / 2;
}

size_t
number_stored_size(Bytes text)
{
	Decimal decimal;
	int64_t last;
	int64_t pairs;

	if (!read_decimal(text, &decimal) || decimal.count == 0)
		return 1;
	last = decimal.magnitude - (int64_t) decimal.count + 1;
	pairs = pair_of_magnitude(decimal.magnitude) - pair_of_magnitude(last) + 1;
	if (pairs + 1 + decimal.negative > STORED_SIZE_MAXIMUM)
		return STORED_SIZE_MAXIMUM;
	return (size_t) (pairs + 1 + decimal.negative);
}

/* Order of two numbers that are not zero, without regard to signs. */
static int
compare_absolute(const Decimal *a, const Decimal *b)
{
	size_t shared = a->count < b->count ? a->count : b->count;

	if (a->magnitude != b->magnitude)
		return a->magnitude < b->magnitude ? -1 : 1;
	for (size_t i = 0; i < shared; i++)
	{
		int order = significant_digit(a, i) - significant_digit(b, i);

		if (order != 0)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

static int
sign(const Decimal *decimal)
{
	return decimal->count == 0 ? 0 : decimal->negative ? -1 : 1;
}

int
number_compare(Bytes a, Bytes b)
{
	Decimal left;
	Decimal right;

	if (!read_decimal(a, &left) || !read_decimal(b, &right))
		return bytes_compare(a, b);
	if (sign(&left) != sign(&right))
		return sign(&left) < sign(&right) ? -1 : 1;
	return sign(&left) * compare_absolute(&left, &right);
}
