/*
 * http.c
 *		Headers of a request, and the lines of a response's head.
 */
#include "aws/http.h"

#include <string.h>

#include "aws/calendar.h"
#include "aws/uri.h"
#include "foundation/ascii.h"
#include "foundation/buffer.h"

#define URL_MAXIMUM ((size_t) 64 * 1024)

/* True when the value can stand in one header line. */
static bool
header_value_is_safe(Bytes value)
{
	for (size_t i = 0; i < value.length; i++)
	{
		unsigned char byte = (unsigned char) value.data[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

bool
http_request_add_header(HttpRequest *request, Bytes name, Bytes value)
{
	if (request->header_count == HTTP_HEADERS_MAXIMUM || !header_value_is_safe(value))
		return false;
	request->headers[request->header_count++] = (HttpHeader){name, value};
	return true;
}

CheckedResult
http_request_url(Arena *arena, const HttpRequest *request, Bytes *url)
{
	ByteBuffer buffer;

	buffer_init(&buffer, arena->source, ARENA_PLAIN, URL_MAXIMUM);
	buffer_append_bytes(&buffer, request->scheme);
	buffer_append_string(&buffer, "://");
	buffer_append_bytes(&buffer, request->host);
	uri_append_encoded_path(&buffer, request->path);
	if (request->query.length > 0)
	{
		buffer_append_character(&buffer, '?');
		buffer_append_bytes(&buffer, request->query);
	}
	return buffer_finish(&buffer, arena, url);
}

void
http_response_head_init(HttpResponseHead *head)
{
	*head = (HttpResponseHead){.content_length = -1, .retry_after_ms = -1};
}

static bool
is_blank(char character)
{
	return character == ' ' || character == '\t';
}

static Bytes
trim(Bytes text)
{
	while (text.length > 0 && is_blank(text.data[0]))
		text = (Bytes){text.data + 1, text.length - 1};
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

/* `name` is in lower case. */
static bool
equals_ignoring_case(Bytes text, const char *name)
{
	if (text.length != strlen(name))
		return false;
	for (size_t i = 0; i < text.length; i++)
		if (ascii_lower(text.data[i]) != name[i])
			return false;
	return true;
}

/* A decimal number without sign, at most `maximum`. */
static bool
parse_number(Bytes text, int64_t maximum, int64_t *number)
{
	int64_t value = 0;

	for (size_t i = 0; i < text.length; i++)
	{
		int digit = text.data[i] - '0';

		if (!ascii_is_digit(text.data[i]) || value > (maximum - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return text.length > 0;
}

/* Copies printable ASCII, anything else as "?", cut at the size; terminated. */
static void
copy_printable(char *target, size_t size, Bytes text)
{
	size_t length = text.length < size ? text.length : size - 1;

	for (size_t i = 0; i < length; i++)
		target[i] = text.data[i] >= 0x20 && text.data[i] < 0x7f ? text.data[i] : '?';
	target[length] = '\0';
}

static void
take_crc32(HttpResponseHead *head, Bytes value)
{
	int64_t number;

	head->has_crc32 = parse_number(value, UINT32_MAX, &number);
	head->crc32 = head->has_crc32 ? (uint32_t) number : 0;
}

static void
take_content_encoding(HttpResponseHead *head, Bytes value)
{
	head->gzip = equals_ignoring_case(value, "gzip") || equals_ignoring_case(value, "x-gzip");
}

static void
take_content_length(HttpResponseHead *head, Bytes value)
{
	if (!parse_number(value, INT64_MAX, &head->content_length))
		head->content_length = -1;
}

static void
take_date(HttpResponseHead *head, Bytes value)
{
	if (!http_date_parse(value, &head->date))
		head->date = 0;
}

static void
take_amz_retry_after(HttpResponseHead *head, Bytes value)
{
	int64_t milliseconds;

	if (parse_number(value, INT32_MAX, &milliseconds))
		head->retry_after_ms = milliseconds;
}

/* AWS's own header, in milliseconds, has precedence in whatever order the two come. */
static void
take_retry_after(HttpResponseHead *head, Bytes value)
{
	int64_t seconds;

	if (head->retry_after_ms < 0 && parse_number(value, INT32_MAX / 1000, &seconds))
		head->retry_after_ms = seconds * 1000;
}

static void
take_request_id(HttpResponseHead *head, Bytes value)
{
	copy_printable(head->request_id, sizeof(head->request_id), value);
}

static void
take_error_type(HttpResponseHead *head, Bytes value)
{
	const char *colon = value.length == 0 ? NULL : memchr(value.data, ':', value.length);

	if (colon != NULL)
		value.length = (size_t) (colon - value.data);
	copy_printable(head->error_type, sizeof(head->error_type), value);
}

static const struct
{
	const char *name;
	void (*take)(HttpResponseHead *head, Bytes value);
} known_headers[] = {
    {"x-amz-crc32", take_crc32},
    {"content-encoding", take_content_encoding},
    {"content-length", take_content_length},
    {"date", take_date},
    {"x-amz-retry-after", take_amz_retry_after},
    {"retry-after", take_retry_after},
    {"x-amzn-requestid", take_request_id},
    {"x-amz-request-id", take_request_id},
    {"x-amzn-errortype", take_error_type},
};

static void
take_header(HttpResponseHead *head, Bytes name, Bytes value)
{
	for (size_t i = 0; i < sizeof(known_headers) / sizeof(known_headers[0]); i++)
		if (equals_ignoring_case(name, known_headers[i].name))
			known_headers[i].take(head, value);
}

/*
 * "HTTP/1.1 200 OK", "HTTP/2 200": a version, one space, three digits, then the end or a space
 * (RFC 9112, section 4).
 */
static bool
parse_status_line(Bytes line, int *status)
{
	const char *space = memchr(line.data, ' ', line.length);
	size_t position;

	if (space == NULL)
		return false;
	position = (size_t) (space - line.data) + 1;
	return calendar_read_digits(line, &position, 3, status) && *status >= 100 &&
	       (position == line.length || line.data[position] == ' ');
}

static Bytes
without_line_end(Bytes line)
{
	if (line.length > 0 && line.data[line.length - 1] == '\n')
		line.length--;
	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	return line;
}

CheckedResult
http_response_head_line(HttpResponseHead *head, Bytes line)
{
	const char *colon;

	line = without_line_end(line);
	if (head->status == 0 || bytes_start_with(line, BYTES_LITERAL("HTTP/")))
	{
		http_response_head_init(head);
		if (!bytes_start_with(line, BYTES_LITERAL("HTTP/")) ||
		    !parse_status_line(line, &head->status))
		{
			head->status = 0;
			return result_failed(RESULT_MALFORMED, "response does not begin with a status line");
		}
		return result_ok();
	}
	colon = line.length == 0 ? NULL : memchr(line.data, ':', line.length);
	if (colon != NULL)
	{
		size_t name_length = (size_t) (colon - line.data);

		take_header(head, (Bytes){line.data, name_length},
		            trim((Bytes){colon + 1, line.length - name_length - 1}));
	}
	return result_ok();
}

/* The position of the three letters at `position` in a list of such names, which it moves past. */
static bool
read_name(Bytes text, size_t *position, const char *names, int *index)
{
	for (*index = 0; names[*index * 3] != '\0'; (*index)++)
		if (calendar_read_literal(text, position, (Bytes){names + *index * 3, 3}))
			return true;
	return false;
}

/*
 * IMF-fixdate of RFC 9110, section 5.6.7; the two obsolete forms are not read. That the day's name
 * fits the date is not checked.
 */
bool
http_date_parse(Bytes text, int64_t *seconds)
{
	CalendarTime time;
	size_t position = 0;
	int weekday;
	int month;

	if (!read_name(text, &position, "MonTueWedThuFriSatSun", &weekday) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(", ")) ||
	    !calendar_read_digits(text, &position, 2, &time.day) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(" ")) ||
	    !read_name(text, &position, "JanFebMarAprMayJunJulAugSepOctNovDec", &month) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(" ")) ||
	    !calendar_read_digits(text, &position, 4, &time.year) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(" ")) ||
	    !calendar_read_digits(text, &position, 2, &time.hour) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(":")) ||
	    !calendar_read_digits(text, &position, 2, &time.minute) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(":")) ||
	    !calendar_read_digits(text, &position, 2, &time.second) ||
	    !calendar_read_literal(text, &position, BYTES_LITERAL(" GMT")) || position != text.length)
		return false;
	time.month = month + 1;
	return calendar_to_seconds(&time, seconds);
}
