/*
 * http_body.h
 *		A response's body on its way in: checksum, decompression, and a maximum.
 *
 * The checksum of DynamoDB (x-amz-crc32) covers the bytes as they came over the wire, so those are
 * summed before anything is inflated.
 */
#ifndef AWS_HTTP_BODY_H
#define AWS_HTTP_BODY_H

#include "aws/http.h"

/* Takes decoded bytes, which are borrowed for the call. A failure ends the body. */
typedef CheckedResult (*HttpBodyWriter)(void *context, Bytes chunk);

typedef struct HttpBodyInflater HttpBodyInflater;

/* The fields are http_body.c's own, but for wire_length. */
typedef struct HttpBody
{
	BlockSource source;
	HttpBodyWriter write;
	void *context;
	size_t maximum;             /* decoded bytes that may be written */
	size_t length;              /* decoded bytes written so far */
	int64_t wire_length;        /* bytes taken so far, as they came */
	uint32_t crc32;             /* of those */
	HttpBodyInflater *inflater; /* NULL: the body is not compressed */
} HttpBody;

/*
 * Begins the body of a response with this head. Decoded bytes go to `write`, at most `maximum` of
 * them. Every begun body is to be released, also after a failure, and stays where it is until then.
 */
extern CheckedResult http_body_begin(HttpBody *body, const HttpResponseHead *head,
                                     BlockSource source, size_t maximum, HttpBodyWriter write,
                                     void *context) MUST_CHECK;

/*
 * Takes the next bytes from the wire. RESULT_TOO_LARGE past the maximum, RESULT_MALFORMED for bytes
 * that are no gzip, else what `write` returned.
 */
extern CheckedResult http_body_take(HttpBody *body, Bytes chunk) MUST_CHECK;

/*
 * Says that the body is whole. RESULT_NOT_VERIFIED when its checksum is not the head's,
 * RESULT_MALFORMED when the compressed data has no end.
 */
extern CheckedResult http_body_finish(const HttpBody *body,
                                      const HttpResponseHead *head) MUST_CHECK;

/* Gives back what the body holds. May be called again, and on a body of zero bytes. */
extern void http_body_release(HttpBody *body);

#endif
