/*
 * calendar.c
 *		Days since 1970 from year, month and day, and back.
 */
#include "aws/calendar.h"

#include "foundation/ascii.h"

#define SECONDS_PER_DAY ((int64_t) 86400)
#define FIRST_YEAR      1970
#define LAST_YEAR       9999

static bool
is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

/* Days from 1970-01-01 to the first of January of `year`. */
static int64_t
days_before_year(int year)
{
	int64_t past = year - 1;
	int64_t days_to_1970 = 719162;

	return past * 365 + past / 4 - past / 100 + past / 400 - days_to_1970;
}

static bool
fields_are_in_range(const CalendarTime *time)
{
	return time->year >= FIRST_YEAR && time->year <= LAST_YEAR && time->month >= 1 &&
	       time->month <= 12 && time->day >= 1 &&
	       time->day <= days_in_month(time->year, time->month) && time->hour >= 0 &&
	       time->hour <= 23 && time->minute >= 0 && time->minute <= 59 && time->second >= 0 &&
	       time->second <= 60;
}

bool
calendar_to_seconds(const CalendarTime *time, int64_t *seconds)
{
	int64_t days;

	if (!fields_are_in_range(time))
		return false;
	days = days_before_year(time->year) + time->day - 1;
	for (int month = 1; month < time->month; month++)
		days += days_in_month(time->year, month);
	*seconds = days * SECONDS_PER_DAY + time->hour * 3600 + time->minute * 60 + time->second;
	return true;
}

bool
calendar_from_seconds(int64_t seconds, CalendarTime *time)
{
	int64_t days = seconds / SECONDS_PER_DAY;
	int second_of_day = (int) (seconds % SECONDS_PER_DAY);
	int year;
	int month = 1;

	if (seconds < 0 || days >= days_before_year(LAST_YEAR + 1))
		return false;
	/* 366 days a year never guess too late a year, and at most a few too early. */
	year = FIRST_YEAR + (int) (days / 366);
	while (days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	while (days >= days_in_month(year, month))
		days -= days_in_month(year, month++);
	*time = (CalendarTime){.year = year,
	                       .month = month,
	                       .day = (int) days + 1,
	                       .hour = second_of_day / 3600,
	                       .minute = second_of_day / 60 % 60,
	                       .second = second_of_day % 60};
	return true;
}

bool
calendar_read_digits(Bytes text, size_t *position, int width, int *number)
{
	*number = 0;
	for (int i = 0; i < width; i++, (*position)++)
	{
		if (*position >= text.length || !ascii_is_digit(text.data[*position]))
			return false;
		*number = *number * 10 + (text.data[*position] - '0');
	}
	return true;
}

bool
calendar_read_literal(Bytes text, size_t *position, Bytes expected)
{
	if (*position >= text.length ||
	    !bytes_start_with((Bytes){text.data + *position, text.length - *position}, expected))
		return false;
	*position += expected.length;
	return true;
}

/* Moves past "." and its digits, if they are there. */
static bool
skip_fraction(Bytes text, size_t *position)
{
	int digit;

	if (!calendar_read_literal(text, position, BYTES_LITERAL(".")))
		return true;
	if (!calendar_read_digits(text, position, 1, &digit))
		return false;
	while (*position < text.length && ascii_is_digit(text.data[*position]))
		(*position)++;
	return true;
}

/* "Z", or how far the zone's clocks are ahead: seconds. */
static bool
read_zone(Bytes text, size_t *position, int *offset)
{
	int hours;
	int minutes;
	int sign = 1;

	*offset = 0;
	if (calendar_read_literal(text, position, BYTES_LITERAL("Z")))
		return true;
	if (calendar_read_literal(text, position, BYTES_LITERAL("-")))
		sign = -1;
	else if (!calendar_read_literal(text, position, BYTES_LITERAL("+")))
		return false;
	if (!calendar_read_digits(text, position, 2, &hours) ||
	    !calendar_read_literal(text, position, BYTES_LITERAL(":")) ||
	    !calendar_read_digits(text, position, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool
calendar_parse_iso8601(Bytes text, int64_t *seconds)
{
	CalendarTime time;
	size_t position = 0;
	int offset;

	if (!(calendar_read_digits(text, &position, 4, &time.year) &&
	      calendar_read_literal(text, &position, BYTES_LITERAL("-")) &&
	      calendar_read_digits(text, &position, 2, &time.month) &&
	      calendar_read_literal(text, &position, BYTES_LITERAL("-")) &&
	      calendar_read_digits(text, &position, 2, &time.day) &&
	      calendar_read_literal(text, &position, BYTES_LITERAL("T")) &&
	      calendar_read_digits(text, &position, 2, &time.hour) &&
	      calendar_read_literal(text, &position, BYTES_LITERAL(":")) &&
	      calendar_read_digits(text, &position, 2, &time.minute) &&
	      calendar_read_literal(text, &position, BYTES_LITERAL(":")) &&
	      calendar_read_digits(text, &position, 2, &time.second) &&
	      skip_fraction(text, &position) && read_zone(text, &position, &offset) &&
	      position == text.length && calendar_to_seconds(&time, seconds)))
		return false;
	*seconds -= offset;
	return *seconds >= 0;
}
