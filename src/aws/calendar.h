/*
 * calendar.h
 *		Times as services write them, against seconds since 1970: UTC, the Gregorian calendar.
 *
 * Done here because the C library's functions read the process's time zone.
 */
#ifndef AWS_CALENDAR_H
#define AWS_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "foundation/bytes.h"

typedef struct CalendarTime
{
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour;
	int minute;
	int second; /* 60 in a leap second, which counts as the next minute's first */
} CalendarTime;

/* Seconds since 1970; false when a field is out of its range or the year not in 1970 to 9999. */
extern bool calendar_to_seconds(const CalendarTime *time, int64_t *seconds);

/* The time in UTC; false for seconds before 1970 or after 9999. */
extern bool calendar_from_seconds(int64_t seconds, CalendarTime *time);

/*
 * Reads the `width` decimal digits at `position` of the text and moves the position past them;
 * false when they are not all digits.
 */
extern bool calendar_read_digits(Bytes text, size_t *position, int width, int *number);

/* Moves past `expected` at `position`; false when the text has something else there. */
extern bool calendar_read_literal(Bytes text, size_t *position, Bytes expected);

/*
 * "2011-07-15T23:28:33.359Z" or without a fraction, which is dropped, or with the offset of a zone
 * ("+02:00") in place of the Z; false for other text.
 */
extern bool calendar_parse_iso8601(Bytes text, int64_t *seconds);

#endif
