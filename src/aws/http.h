/*
 * http.h
 *		An HTTP request before it is sent, and the head of the response to it.
 */
#ifndef AWS_HTTP_H
#define AWS_HTTP_H

#include "foundation/arena.h"
#include "foundation/result.h"

typedef struct HttpHeader
{
	Bytes name; /* lower case */
	Bytes value;
} HttpHeader;

#define HTTP_HEADERS_MAXIMUM 24

/* All bytes are borrowed from the arena that the request was made in, or from the caller. */
typedef struct HttpRequest
{
	const char *method;
	Bytes scheme; /* "http" or "https" */
	Bytes host;   /* with ":port" where the port is not the scheme's own; the Host header's value */
	Bytes path;   /* absolute, not yet percent-encoded */
	Bytes query;  /* canonical and percent-encoded, without "?"; no bytes when there is none */
	HttpHeader headers[HTTP_HEADERS_MAXIMUM]; /* without Host */
	uint32_t header_count;
	Bytes body;
} HttpRequest;

/*
 * Appends a header; false when there is no place left, or when the value holds a line end or
 * another control character, which could smuggle a header of its own into the request.
 */
extern bool http_request_add_header(HttpRequest *request, Bytes name, Bytes value) MUST_CHECK;

/* The request's URL with its path percent-encoded, terminated, in `arena`. */
extern CheckedResult http_request_url(Arena *arena, const HttpRequest *request,
                                      Bytes *url) MUST_CHECK;

#define REQUEST_ID_MAXIMUM 128
#define ERROR_CODE_MAXIMUM 128

/* What is kept of a response's status line and headers. */
typedef struct HttpResponseHead
{
	int status; /* 0 before the status line came */
	bool has_crc32;
	uint32_t crc32;         /* x-amz-crc32: over the body as it came over the wire */
	bool gzip;              /* content-encoding: gzip */
	int64_t content_length; /* -1 when absent */
	int64_t date;           /* Date, in seconds since 1970; 0 when absent or unreadable */
	int64_t retry_after_ms; /* x-amz-retry-after (ms), else Retry-After (s); -1 when absent */
	char request_id[REQUEST_ID_MAXIMUM]; /* x-amzn-requestid or x-amz-request-id; cut at the size */
	char error_type[ERROR_CODE_MAXIMUM]; /* x-amzn-errortype, up to ":" */
} HttpResponseHead;

/* A head before its first line. */
extern void http_response_head_init(HttpResponseHead *head);

/*
 * Takes one line of the response's head, with or without its CRLF. A status line starts anew (as
 * after 100 Continue). Unknown or unreadable headers are passed over; only a status line that is
 * none is RESULT_MALFORMED.
 */
extern CheckedResult http_response_head_line(HttpResponseHead *head, Bytes line) MUST_CHECK;

/* Seconds since 1970 of an IMF-fixdate ("Sun, 06 Nov 1994 08:49:37 GMT"); false for other text. */
extern bool http_date_parse(Bytes text, int64_t *seconds);

#endif
