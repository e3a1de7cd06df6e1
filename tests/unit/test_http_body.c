/*
 * test_http_body.c
 *		Bodies of responses: checksums, gzip at every split point, maxima, leaks.
 */
#include "aws/http_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "foundation/buffer.h"
#include "unit/block_sources.h"

#define GENEROUS ((size_t) 1024 * 1024)

static const char text[] =
    "{\"Count\": 0, \"Items\": [], \"padding\": \"aaaaaaaaaaaaaaaaaaaaaaaa\"}";

static CheckedResult
append(void *buffer, Bytes chunk)
{
	buffer_append_bytes(buffer, chunk);
	return buffer_result(buffer);
}

/* `bytes` as one gzip member, in `room`. */
static Bytes
compressed(Bytes bytes, unsigned char *room, size_t size)
{
	z_stream stream = {0};

	assert_int_equal(
	    deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
	    Z_OK);
	stream.next_in = (z_const Bytef *) bytes.data;
	stream.avail_in = (uInt) bytes.length;
	stream.next_out = room;
	stream.avail_out = (uInt) size;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return (Bytes){(const char *) room, size - stream.avail_out};
}

static HttpResponseHead
head_for(Bytes wire, bool gzip)
{
	HttpResponseHead head;

	http_response_head_init(&head);
	head.gzip = gzip;
	head.has_crc32 = true;
	head.crc32 = (uint32_t) crc32_z(0, (const unsigned char *) wire.data, wire.length);
	return head;
}

/* Feeds the wire's bytes in two parts; what came out is in `decoded`. */
static CheckedResult
read_body(const HttpResponseHead *head, Bytes wire, size_t split, size_t maximum,
          BlockSource source, ByteBuffer *decoded)
{
	HttpBody body;
	CheckedResult result = http_body_begin(&body, head, source, maximum, append, decoded);

	if (result_is_ok(result))
		result = http_body_take(&body, (Bytes){wire.data, split});
	if (result_is_ok(result))
		result = http_body_take(&body, (Bytes){wire.data + split, wire.length - split});
	if (result_is_ok(result))
		result = http_body_finish(&body, head);
	http_body_release(&body);
	http_body_release(&body);
	return result;
}

/* The same from memory that is looked after; every block must come back. */
static CheckedResult
read_whole(const HttpResponseHead *head, Bytes wire, size_t split, size_t maximum,
           ByteBuffer *decoded)
{
	ObservedSource observed;
	CheckedResult result =
	    read_body(head, wire, split, maximum, observed_source(&observed, SIZE_MAX), decoded);

	assert_int_equal(observed.live, 0);
	return result;
}

static void
assert_is_text(ByteBuffer *decoded)
{
	assert_true(bytes_equal(buffer_bytes(decoded), BYTES_LITERAL(text)));
	buffer_release(decoded);
}

static void
plain_body_passes_at_every_split(void **state)
{
	Bytes wire = BYTES_LITERAL(text);
	HttpResponseHead head = head_for(wire, false);

	for (size_t split = 0; split <= wire.length; split++)
	{
		ByteBuffer decoded;

		buffer_init(&decoded, malloc_block_source, ARENA_PLAIN, GENEROUS);
		assert_int_equal(read_whole(&head, wire, split, GENEROUS, &decoded).code, RESULT_OK);
		assert_is_text(&decoded);
	}
}

static void
gzip_is_inflated_at_every_split(void **state)
{
	unsigned char room[256];
	Bytes wire = compressed(BYTES_LITERAL(text), room, sizeof(room));
	HttpResponseHead head = head_for(wire, true);

	for (size_t split = 0; split <= wire.length; split++)
	{
		ByteBuffer decoded;

		buffer_init(&decoded, malloc_block_source, ARENA_PLAIN, GENEROUS);
		assert_int_equal(read_whole(&head, wire, split, GENEROUS, &decoded).code, RESULT_OK);
		assert_is_text(&decoded);
	}
}

/* The code that reading `wire` gives, whatever comes out. */
static ResultCode
code_of(const HttpResponseHead *head, Bytes wire, size_t maximum)
{
	ByteBuffer decoded;
	CheckedResult result;

	buffer_init(&decoded, malloc_block_source, ARENA_PLAIN, GENEROUS);
	result = read_whole(head, wire, wire.length / 2, maximum, &decoded);
	buffer_release(&decoded);
	return result.code;
}

static void
checksum_is_that_of_the_wire(void **state)
{
	unsigned char room[256];
	Bytes plain = BYTES_LITERAL(text);
	Bytes wire = compressed(plain, room, sizeof(room));
	HttpResponseHead head = head_for(plain, true);

	assert_int_equal(code_of(&head, wire, GENEROUS), RESULT_NOT_VERIFIED);
	head = head_for(plain, false);
	head.crc32 ^= 1;
	assert_int_equal(code_of(&head, plain, GENEROUS), RESULT_NOT_VERIFIED);
	head.has_crc32 = false;
	assert_int_equal(code_of(&head, plain, GENEROUS), RESULT_OK);
}

static void
gzip_that_ends_early_is_malformed(void **state)
{
	unsigned char room[256];
	Bytes wire = compressed(BYTES_LITERAL(text), room, sizeof(room));

	for (size_t length = 1; length < wire.length; length++)
	{
		Bytes cut = {wire.data, length};
		HttpResponseHead head = head_for(cut, true);

		assert_int_equal(code_of(&head, cut, GENEROUS), RESULT_MALFORMED);
	}
}

static void
damaged_gzip_is_malformed(void **state)
{
	unsigned char room[256];
	Bytes wire = compressed(BYTES_LITERAL(text), room, sizeof(room));
	HttpResponseHead head;

	/* The trailer: sum and length of what was compressed. */
	for (size_t back = 1; back <= 8; back++)
	{
		room[wire.length - back] ^= 0x55;
		head = head_for(wire, true);
		assert_int_equal(code_of(&head, wire, GENEROUS), RESULT_MALFORMED);
		room[wire.length - back] ^= 0x55;
	}
	room[wire.length] = 'x';
	wire.length++;
	head = head_for(wire, true);
	assert_int_equal(code_of(&head, wire, GENEROUS), RESULT_MALFORMED);
}

static void
maximum_is_of_decoded_bytes(void **state)
{
	unsigned char room[256];
	Bytes plain = BYTES_LITERAL(text);
	HttpResponseHead head = head_for(plain, false);
	Bytes wire;

	assert_int_equal(code_of(&head, plain, plain.length), RESULT_OK);
	assert_int_equal(code_of(&head, plain, plain.length - 1), RESULT_TOO_LARGE);
	wire = compressed(plain, room, sizeof(room));
	head = head_for(wire, true);
	assert_int_equal(code_of(&head, wire, plain.length), RESULT_OK);
	assert_int_equal(code_of(&head, wire, plain.length - 1), RESULT_TOO_LARGE);
}

static void
bomb_stops_at_the_maximum(void **state)
{
	static char zeroes[1024 * 1024];
	static unsigned char room[8192];
	Bytes wire = compressed((Bytes){zeroes, sizeof(zeroes)}, room, sizeof(room));
	HttpResponseHead head = head_for(wire, true);

	assert_int_equal(code_of(&head, wire, 100 * 1024), RESULT_TOO_LARGE);
	assert_int_equal(code_of(&head, wire, GENEROUS), RESULT_OK);
}

static void
body_without_bytes_is_whole(void **state)
{
	HttpResponseHead head = head_for(BYTES_LITERAL(""), true);

	assert_int_equal(code_of(&head, BYTES_LITERAL(""), GENEROUS), RESULT_OK);
}

static void
exhaustion_is_reported_and_keeps_nothing(void **state)
{
	unsigned char room[256];
	Bytes wire = compressed(BYTES_LITERAL(text), room, sizeof(room));
	HttpResponseHead head = head_for(wire, true);
	CheckedResult result;
	size_t allowed = 0;

	do
	{
		ObservedSource observed;
		ByteBuffer decoded;

		buffer_init(&decoded, malloc_block_source, ARENA_PLAIN, GENEROUS);
		result =
		    read_body(&head, wire, 10, GENEROUS, observed_source(&observed, allowed++), &decoded);
		assert_int_equal(observed.live, 0);
		buffer_release(&decoded);
		assert_true(result_is_ok(result) || result.code == RESULT_OUT_OF_MEMORY);
	} while (!result_is_ok(result));
	assert_true(allowed > 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_body_passes_at_every_split),
	    cmocka_unit_test(gzip_is_inflated_at_every_split),
	    cmocka_unit_test(checksum_is_that_of_the_wire),
	    cmocka_unit_test(gzip_that_ends_early_is_malformed),
	    cmocka_unit_test(damaged_gzip_is_malformed),
	    cmocka_unit_test(maximum_is_of_decoded_bytes),
	    cmocka_unit_test(bomb_stops_at_the_maximum),
	    cmocka_unit_test(body_without_bytes_is_whole),
	    cmocka_unit_test(exhaustion_is_reported_and_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
