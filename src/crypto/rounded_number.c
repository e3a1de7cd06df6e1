/*
 * rounded_number.c
 *		Rounding a decimal text.
 */
#include "crypto/rounded_number.h"

#include <string.h>

#include "item/number.h"

/* A canonical text with a zero in front of its digits, which takes a carry; terminated. */
typedef struct DigitText
{
	char text[NUMBER_TEXT_MAXIMUM + 2];
	size_t length;
} DigitText;

/* The place of the digit next to `place`, which the point may lie between. */
static size_t
next_digit(const DigitText *digits, size_t place)
{
	return digits->text[place + 1] == '.' ? place + 2 : place + 1;
}

static size_t
previous_digit(const DigitText *digits, size_t place)
{
	return digits->text[place - 1] == '.' ? place - 2 : place - 1;
}

/*
 * The place of the first digit behind `count` significant ones; the text's length when there are no
 * more.
 */
static size_t
find_cut(const DigitText *digits, size_t count)
{
	size_t place = strspn(digits->text, "-0.");

	for (size_t i = 0; i < count && place < digits->length; i++)
		place = next_digit(digits, place);
	return place;
}

static bool
rounds_up(const DigitText *digits, size_t cut)
{
	size_t rest = cut + 1 + strspn(digits->text + cut + 1, "0.");

	if (digits->text[cut] != '5')
		return digits->text[cut] > '5';
	return rest < digits->length || (digits->text[previous_digit(digits, cut)] - '0') % 2 == 1;
}

static void
clear_from(DigitText *digits, size_t cut)
{
	for (size_t place = cut; place < digits->length; place++)
	{
		if (digits->text[place] != '.')
			digits->text[place] = '0';
	}
}

/* Adds one to the digit in front of `place`. */
static void
carry_into(DigitText *digits, size_t place)
{
	place = previous_digit(digits, place);
	while (digits->text[place] == '9')
	{
		digits->text[place] = '0';
		place = previous_digit(digits, place);
	}
	digits->text[place]++;
}

/* The canonical text with the zero behind its sign. */
static void
spell(Bytes canonical, DigitText *digits)
{
	size_t sign = canonical.data[0] == '-';

	*digits = (DigitText){.length = canonical.length + 1};
	memcpy(digits->text, canonical.data, sign);
	digits->text[sign] = '0';
	memcpy(digits->text + sign + 1, canonical.data + sign, canonical.length - sign);
}

CheckedResult
number_rounded(Arena *arena, Bytes text, size_t digits, Bytes *rounded)
{
	DigitText spelled;
	size_t cut;
	bool up;

	RETURN_IF_FAILED(number_canonical(arena, text, rounded));
	spell(*rounded, &spelled);
	cut = find_cut(&spelled, digits);
	if (cut >= spelled.length)
		return result_ok();
	up = rounds_up(&spelled, cut);
	clear_from(&spelled, cut);
	if (up)
		carry_into(&spelled, cut);
	return number_canonical(arena, (Bytes){spelled.text, spelled.length}, rounded);
}
