/*
 * datum_time.c
 *		Dates and times: strict ISO 8601 text, or seconds or milliseconds since 1970.
 *
 * The server's own input functions are not used, because what they make of a text depends on the
 * session's DateStyle and TimeZone, and because they take words such as 'now'. Years are 0001 to
 * 9999, as ISO 8601 has them. A timestamp with time zone whose text names no offset is UTC.
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "postgres/datum/datum_conversion.h"

#include "item/number.h"
#include "postgres/report.h"

/* --- reading ISO 8601 ------------------------------------------------------------------------- */

typedef struct IsoText
{
	const char *next;
	const char *end;
} IsoText;

/* What the parts of a text say. */
typedef struct IsoTime
{
	DateADT date;
	TimeADT time; /* microseconds since midnight */
	bool has_offset;
	int32 offset; /* seconds east of UTC */
} IsoTime;

static bool
at_end(const IsoText *text)
{
	return text->next == text->end;
}

static bool
take_character(IsoText *text, char character)
{
	if (at_end(text) || *text->next != character)
		return false;
	text->next++;
	return true;
}

/* Exactly so many digits. */
static bool
take_digits(IsoText *text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++)
	{
		if (at_end(text) || *text->next < '0' || *text->next > '9')
			return false;
		*number = *number * 10 + (*text->next++ - '0');
	}
	return true;
}

/* YYYY-MM-DD */
static bool
take_date(IsoText *text, DateADT *date)
{
	int year;
	int month;
	int day;

	if (!take_digits(text, 4, &year) || !take_character(text, '-') ||
	    !take_digits(text, 2, &month) || !take_character(text, '-') || !take_digits(text, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > MONTHS_PER_YEAR || day < 1 ||
	    day > day_tab[isleap(year)][month - 1])
		return false;
	*date = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* Digits behind the seconds' point; those beyond microseconds must be zeroes. */
static bool
take_fraction(IsoText *text, int *microseconds)
{
	int unit = USECS_PER_SEC;
	const char *start = text->next;

	*microseconds = 0;
	for (; !at_end(text) && *text->next >= '0' && *text->next <= '9'; text->next++)
	{
		int digit = *text->next - '0';

		unit /= 10;
		if (unit == 0 && digit != 0)
			return false;
		*microseconds += digit * unit;
	}
	return text->next > start;
}

/* HH:MM[:SS[.fraction]]; 24:00:00 is the end of the day. */
static bool
take_time(IsoText *text, TimeADT *time)
{
	int hour;
	int minute;
	int second = 0;
	int microseconds = 0;

	if (!take_digits(text, 2, &hour) || !take_character(text, ':') ||
	    !take_digits(text, 2, &minute))
		return false;
	if (take_character(text, ':'))
	{
		if (!take_digits(text, 2, &second))
			return false;
		if (take_character(text, '.') && !take_fraction(text, &microseconds))
			return false;
	}
	if (minute >= MINS_PER_HOUR || second >= SECS_PER_MINUTE)
		return false;
	*time = (((int64) hour * MINS_PER_HOUR + minute) * SECS_PER_MINUTE + second) * USECS_PER_SEC +
	        microseconds;
	return *time <= USECS_PER_DAY;
}

/* Z, or +HH, +HHMM, +HH:MM and the same with a minus. */
static bool
take_offset(IsoText *text, int32 *offset)
{
	bool west;
	int hour;
	int minute = 0;

	*offset = 0;
	if (take_character(text, 'Z'))
		return true;
	west = take_character(text, '-');
	if (!west && !take_character(text, '+'))
		return false;
	if (!take_digits(text, 2, &hour))
		return false;
	if (!at_end(text))
	{
		(void) take_character(text, ':');
		if (!take_digits(text, 2, &minute))
			return false;
	}
	*offset = (hour * MINS_PER_HOUR + minute) * SECS_PER_MINUTE * (west ? -1 : 1);
	return hour <= MAX_TZDISP_HOUR && minute < MINS_PER_HOUR;
}

static bool
take_optional_offset(IsoText *text, IsoTime *iso)
{
	iso->has_offset = !at_end(text);
	iso->offset = 0;
	return !iso->has_offset || take_offset(text, &iso->offset);
}

/* A date, a T or a blank, a time, perhaps an offset. */
static bool
take_timestamp(IsoText *text, IsoTime *iso)
{
	if (!take_date(text, &iso->date) || !(take_character(text, 'T') || take_character(text, ' ')) ||
	    !take_time(text, &iso->time))
		return false;
	return take_optional_offset(text, iso);
}

static IsoText
iso_text(const AttributeValue *value)
{
	return (IsoText){value->bytes.data, value->bytes.data + value->bytes.length};
}

/* The value is not shown: it may be a secret's. */
static void
report_format(ColumnConversion *conversion, const char *form)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_DATETIME_FORMAT),
	                errmsg("string in attribute \"%s\" is not a valid %s in ISO 8601",
	                       conversion->name, conversion->type_name),
	                errdetail("The form is %s.", form)));
}

static void
report_range(ColumnConversion *conversion)
{
	ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
	                errmsg("value of attribute \"%s\" cannot be held exactly by type %s",
	                       conversion->name, conversion->type_name)));
}

/* Refuses what the column's precision, such as timestamp(3), would round. */
static int64
check_precision(ColumnConversion *conversion, int64 microseconds)
{
	static const int units[MAX_TIMESTAMP_PRECISION + 1] = {1000000, 100000, 10000, 1000,
	                                                       100,     10,     1};
	int32 precision = conversion->type_modifier;

	if (precision >= 0 && precision <= MAX_TIMESTAMP_PRECISION &&
	    microseconds % units[precision] != 0)
		report_range(conversion);
	return microseconds;
}

Datum
read_date(ColumnConversion *conversion, const AttributeValue *value)
{
	IsoText text = iso_text(value);
	DateADT date;

	if (!take_date(&text, &date) || !at_end(&text))
		report_format(conversion, "YYYY-MM-DD");
	return DateADTGetDatum(date);
}

Datum
read_time(ColumnConversion *conversion, const AttributeValue *value)
{
	IsoText text = iso_text(value);
	TimeADT time;

	if (!take_time(&text, &time) || !at_end(&text))
		report_format(conversion, "HH:MM:SS, with up to six digits of fraction");
	return TimeADTGetDatum(check_precision(conversion, time));
}

Datum
read_timetz(ColumnConversion *conversion, const AttributeValue *value)
{
	IsoText text = iso_text(value);
	TimeTzADT *result = palloc(sizeof(*result));
	int32 offset = 0;

	if (!take_time(&text, &result->time) || !take_offset(&text, &offset) || !at_end(&text))
		report_format(conversion, "HH:MM:SS, with up to six digits of fraction, then Z or +HH:MM");
	check_precision(conversion, result->time);
	result->zone = -offset;
	return TimeTzADTPGetDatum(result);
}

static Timestamp
timestamp_of_iso(const IsoTime *iso)
{
	return iso->date * USECS_PER_DAY + iso->time - iso->offset * USECS_PER_SEC;
}

/* An offset is refused: leaving it out would change the moment that is meant. */
Datum
read_timestamp(ColumnConversion *conversion, const AttributeValue *value)
{
	IsoText text = iso_text(value);
	IsoTime iso;

	if (!take_timestamp(&text, &iso) || !at_end(&text) || iso.has_offset)
		report_format(conversion,
		              "YYYY-MM-DDTHH:MM:SS, with up to six digits of fraction and without offset; "
		              "timestamp with time zone takes an offset");
	return TimestampGetDatum(check_precision(conversion, timestamp_of_iso(&iso)));
}

Datum
read_timestamptz(ColumnConversion *conversion, const AttributeValue *value)
{
	IsoText text = iso_text(value);
	IsoTime iso;

	if (!take_timestamp(&text, &iso) || !at_end(&text))
		report_format(conversion,
		              "YYYY-MM-DDTHH:MM:SS, with up to six digits of fraction, then Z, +HH:MM or "
		              "nothing for UTC");
	return TimestampTzGetDatum(check_precision(conversion, timestamp_of_iso(&iso)));
}

/* --- reading epochs --------------------------------------------------------------------------- */

#define EPOCH_DAYS_BEFORE_POSTGRES (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)

/*
 * Microseconds since 1970 of a number of seconds or milliseconds: the number's text with a further
 * exponent, read as a whole number.
 */
static bool
microseconds_of_epoch(Bytes text, TimeFormat format, int64 *microseconds)
{
	const char *exponent = format == TIME_FORMAT_EPOCH_SECONDS ? "E6" : "E3";
	char scaled[NUMBER_TEXT_MAXIMUM + 4];
	Arena scratch;
	Bytes canonical;
	int64_t whole = 0;
	bool fits;

	scratch_arena_init(&scratch);
	CHECK_RESULT(number_canonical(&scratch, text, &canonical), "read number");
	fits = canonical.length <= NUMBER_TEXT_MAXIMUM;
	if (fits)
	{
		int length = snprintf(scaled, sizeof(scaled), "%.*s%s", (int) canonical.length,
		                      canonical.data, exponent);

		fits = result_is_ok(number_to_int64((Bytes){scaled, length}, &whole));
	}
	arena_release(&scratch);
	*microseconds = whole;
	return fits;
}

static bool
timestamp_of_epoch(Bytes text, TimeFormat format, Timestamp *timestamp)
{
	int64 microseconds;

	return microseconds_of_epoch(text, format, &microseconds) &&
	       !pg_sub_s64_overflow(microseconds, EPOCH_DAYS_BEFORE_POSTGRES * USECS_PER_DAY,
	                            timestamp) &&
	       IS_VALID_TIMESTAMP(*timestamp);
}

Datum
read_timestamp_of_epoch(ColumnConversion *conversion, const AttributeValue *value)
{
	Timestamp timestamp;

	if (!timestamp_of_epoch(value->bytes, conversion->time_format, &timestamp))
		report_range(conversion);
	return TimestampGetDatum(check_precision(conversion, timestamp));
}

Datum
read_date_of_epoch(ColumnConversion *conversion, const AttributeValue *value)
{
	Timestamp timestamp;

	if (!timestamp_of_epoch(value->bytes, conversion->time_format, &timestamp) ||
	    timestamp % USECS_PER_DAY != 0)
		report_range(conversion);
	return DateADTGetDatum((DateADT) (timestamp / USECS_PER_DAY));
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Room for the longest text of a timestamp or time, with offset. */
#define ISO_TEXT_MAXIMUM 64

static WriteOutcome
write_string(Arena *arena, const char *text, AttributeValue *value)
{
	*value = attribute_string(copy_value(arena, bytes_of_string(text)));
	return WRITE_EXACT;
}

/* Writes YYYY-MM-DD; false for years that have no four digits. */
static bool
format_date(DateADT date, char *text, size_t size)
{
	int year;
	int month;
	int day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (year < 1 || year > 9999)
		return false;
	snprintf(text, size, "%04d-%02d-%02d", year, month, day);
	return true;
}

/* Writes HH:MM:SS and as many digits of fraction as are needed. */
static void
format_time(TimeADT time, char *text, size_t size)
{
	int64 seconds = time / USECS_PER_SEC;
	int microseconds = (int) (time % USECS_PER_SEC);
	int length = snprintf(text, size, "%02d:%02d:%02d", (int) (seconds / SECS_PER_HOUR),
	                      (int) (seconds / SECS_PER_MINUTE % MINS_PER_HOUR),
	                      (int) (seconds % SECS_PER_MINUTE));

	if (microseconds == 0)
		return;
	length += snprintf(text + length, size - length, ".%06d", microseconds);
	while (text[length - 1] == '0')
		text[--length] = '\0';
}

WriteOutcome
write_date(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	DateADT date = DatumGetDateADT(datum);
	char text[ISO_TEXT_MAXIMUM];

	if (DATE_NOT_FINITE(date) || !format_date(date, text, sizeof(text)))
		return WRITE_NO_VALUE;
	return write_string(arena, text, value);
}

WriteOutcome
write_time(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	char text[ISO_TEXT_MAXIMUM];

	format_time(DatumGetTimeADT(datum), text, sizeof(text));
	return write_string(arena, text, value);
}

/* Offsets of whole minutes only: ISO 8601 has no seconds in them. */
WriteOutcome
write_timetz(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	TimeTzADT *time = DatumGetTimeTzADTP(datum);
	int minutes = abs(time->zone) / SECS_PER_MINUTE;
	char text[ISO_TEXT_MAXIMUM];
	size_t length;

	if (time->zone % SECS_PER_MINUTE != 0)
		return WRITE_NO_VALUE;
	format_time(time->time, text, sizeof(text));
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, "%c%02d:%02d", time->zone > 0 ? '-' : '+',
	         minutes / MINS_PER_HOUR, minutes % MINS_PER_HOUR);
	return write_string(arena, text, value);
}

static WriteOutcome
write_iso_timestamp(Arena *arena, Timestamp timestamp, const char *offset, AttributeValue *value)
{
	char text[ISO_TEXT_MAXIMUM];
	size_t length;
	TimeADT time;
	DateADT date;

	if (TIMESTAMP_NOT_FINITE(timestamp))
		return WRITE_NO_VALUE;
	time = timestamp % USECS_PER_DAY;
	if (time < 0)
		time += USECS_PER_DAY;
	date = (DateADT) ((timestamp - time) / USECS_PER_DAY);

	if (!format_date(date, text, sizeof(text)))
		return WRITE_NO_VALUE;
	length = strlen(text);
	text[length++] = 'T';
	format_time(time, text + length, sizeof(text) - length);
	length = strlen(text);
	snprintf(text + length, sizeof(text) - length, "%s", offset);
	return write_string(arena, text, value);
}

WriteOutcome
write_timestamp(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	return write_iso_timestamp(arena, DatumGetTimestamp(datum), "", value);
}

WriteOutcome
write_timestamptz(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	return write_iso_timestamp(arena, DatumGetTimestampTz(datum), "Z", value);
}

/* Writes microseconds since 1970 as the number of seconds or milliseconds. */
static WriteOutcome
write_epoch(ColumnConversion *conversion, Arena *arena, Timestamp timestamp, AttributeValue *value)
{
	const char *exponent = conversion->time_format == TIME_FORMAT_EPOCH_SECONDS ? "E-6" : "E-3";
	int64 microseconds;
	char text[ISO_TEXT_MAXIMUM];

	if (pg_add_s64_overflow(timestamp, EPOCH_DAYS_BEFORE_POSTGRES * USECS_PER_DAY, &microseconds))
		return WRITE_NO_VALUE;
	snprintf(text, sizeof(text), INT64_FORMAT "%s", microseconds, exponent);
	return write_number(arena, bytes_of_string(text), value);
}

WriteOutcome
write_epoch_of_timestamp(ColumnConversion *conversion, Arena *arena, Datum datum,
                         AttributeValue *value)
{
	Timestamp timestamp = DatumGetTimestamp(datum);

	if (TIMESTAMP_NOT_FINITE(timestamp))
		return WRITE_NO_VALUE;
	return write_epoch(conversion, arena, timestamp, value);
}

/* Dates reach further than timestamps; beyond those there is no number that could be read back. */
WriteOutcome
write_epoch_of_date(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	DateADT date = DatumGetDateADT(datum);
	int64 timestamp;

	if (DATE_NOT_FINITE(date) || pg_mul_s64_overflow(date, USECS_PER_DAY, &timestamp) ||
	    !IS_VALID_TIMESTAMP(timestamp))
		return WRITE_NO_VALUE;
	return write_epoch(conversion, arena, timestamp, value);
}
