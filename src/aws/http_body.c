/*
 * http_body.c
 *		Summing and inflating of response bodies, over zlib.
 */
#include "aws/http_body.h"

#include "foundation/crc32.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

/* Bytes inflated at a time. */
#define INFLATED_CHUNK_SIZE ((size_t) 64 * 1024)

/* zlib's largest window, and the flag that makes it expect a gzip header and trailer. */
#define GZIP_WINDOW_BITS (15 + 16)

struct HttpBodyInflater
{
	z_stream stream;
	bool ended; /* the trailer has been read, and it verifies */
	Bytef chunk[INFLATED_CHUNK_SIZE];
};

static voidpf
allocate_for_zlib(voidpf source, uInt count, uInt size)
{
	const BlockSource *blocks = source;
	size_t total;

	if (__builtin_mul_overflow((size_t) count, (size_t) size, &total))
		return Z_NULL;
	return blocks->allocate(blocks->context, total);
}

static void
release_for_zlib(voidpf source, voidpf block)
{
	const BlockSource *blocks = source;

	blocks->release(blocks->context, block);
}

static CheckedResult
begin_inflating(HttpBody *body)
{
	HttpBodyInflater *inflater =
	    body->source.allocate(body->source.context, sizeof(HttpBodyInflater));

	if (inflater == NULL)
		return result_out_of_memory();
	memset(&inflater->stream, 0, sizeof(inflater->stream));
	inflater->ended = false;
	inflater->stream.zalloc = allocate_for_zlib;
	inflater->stream.zfree = release_for_zlib;
	inflater->stream.opaque = &body->source;
	if (inflateInit2(&inflater->stream, GZIP_WINDOW_BITS) != Z_OK)
	{
		body->source.release(body->source.context, inflater);
		return result_out_of_memory();
	}
	body->inflater = inflater;
	return result_ok();
}

CheckedResult
http_body_begin(HttpBody *body, const HttpResponseHead *head, BlockSource source, size_t maximum,
                HttpBodyWriter write, void *context)
{
	*body = (HttpBody){.source = source, .write = write, .context = context, .maximum = maximum};
	return head->gzip ? begin_inflating(body) : result_ok();
}

static CheckedResult
write_decoded(HttpBody *body, Bytes chunk)
{
	if (chunk.length > body->maximum - body->length)
		return result_failed(RESULT_TOO_LARGE, "response exceeds the size allowed for it");
	body->length += chunk.length;
	return chunk.length == 0 ? result_ok() : body->write(body->context, chunk);
}

/* Inflates once, into one chunk, and writes that. */
static CheckedResult
inflate_chunk(HttpBody *body)
{
	HttpBodyInflater *inflater = body->inflater;
	z_stream *stream = &inflater->stream;
	int status;

	stream->next_out = inflater->chunk;
	stream->avail_out = INFLATED_CHUNK_SIZE;
	status = inflate(stream, Z_NO_FLUSH);
	if (status == Z_MEM_ERROR)
		return result_out_of_memory();
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return result_failed(RESULT_MALFORMED, "response is not valid gzip data");
	inflater->ended = status == Z_STREAM_END;
	return write_decoded(
	    body, (Bytes){(const char *) inflater->chunk, INFLATED_CHUNK_SIZE - stream->avail_out});
}

static CheckedResult
inflate_bytes(HttpBody *body, Bytes chunk)
{
	HttpBodyInflater *inflater = body->inflater;
	z_stream *stream = &inflater->stream;

	if (chunk.length > UINT_MAX)
		return result_failed(RESULT_TOO_LARGE, "response exceeds the size allowed for it");
	stream->next_in = (z_const Bytef *) chunk.data;
	stream->avail_in = (uInt) chunk.length;
	while (!inflater->ended)
	{
		RETURN_IF_FAILED(inflate_chunk(body));
		if (stream->avail_in == 0 && stream->avail_out > 0)
			return result_ok();
	}
	if (stream->avail_in > 0)
		return result_failed(RESULT_MALFORMED, "response has bytes after its gzip data");
	return result_ok();
}

CheckedResult
http_body_take(HttpBody *body, Bytes chunk)
{
	if (chunk.length == 0)
		return result_ok();
	body->wire_length += (int64_t) chunk.length;
	body->crc32 = crc32_of_more(body->crc32, chunk);
	return body->inflater == NULL ? write_decoded(body, chunk) : inflate_bytes(body, chunk);
}

CheckedResult
http_body_finish(const HttpBody *body, const HttpResponseHead *head)
{
	if (head->has_crc32 && head->crc32 != body->crc32)
		return result_failed(RESULT_NOT_VERIFIED, "checksum of the response does not match");
	if (body->inflater != NULL && !body->inflater->ended && body->wire_length > 0)
		return result_failed(RESULT_MALFORMED, "response ends within its gzip data");
	return result_ok();
}

void
http_body_release(HttpBody *body)
{
	if (body->inflater == NULL)
		return;
	(void) inflateEnd(&body->inflater->stream);
	wipe(body->inflater->chunk, sizeof(body->inflater->chunk));
	body->source.release(body->source.context, body->inflater);
	body->inflater = NULL;
}
