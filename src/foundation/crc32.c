/*
 * crc32.c
 *		CRC-32 by carry-less multiplication where the processor has it, else by zlib.
 *
 * The checksum is the remainder of the bytes, as a polynomial over GF(2), by a fixed one of degree
 * 32. Bytes that stand n bits in front of others can be multiplied by the remainder of x^n and
 * added to those, and the whole keeps its remainder. So 64 bytes at a time are folded into the 64
 * that follow, those at last into 16, and zlib has only these to divide.
 */
#include "foundation/crc32.h"

#include <zlib.h>

static uint32_t
divide(uint32_t crc32, const char *bytes, size_t length)
{
	return (uint32_t) crc32_z(crc32, (const Bytef *) bytes, length);
}

#ifdef __x86_64__

#include <immintrin.h>

/* Below these the setup costs more than it saves. */
#define FOLDED_MINIMUM ((size_t) 256)

#define LANES      4
#define LANE_BYTES ((size_t) 16)
#define STEP_BYTES (LANES * LANE_BYTES)

#define USES_CARRYLESS __attribute__((target("pclmul,sse4.1")))

/*
 * Remainders of x^n for folding over 512 and over 128 bits: of the first eight bytes of a lane with
 * n 32 more, of the last eight with n 32 less than that. Their bits are in reverse, as those of the
 * bytes are, and shifted by one, because the product of two reversed numbers is short of a bit.
 */
#define FOLD_512_FIRST INT64_C(0x154442BD4)
#define FOLD_512_LAST  INT64_C(0x1C6E41596)
#define FOLD_128_FIRST INT64_C(0x1751997D0)
#define FOLD_128_LAST  INT64_C(0x0CCAA009E)

static inline USES_CARRYLESS __m128i
fold(__m128i lane, __m128i remainders, __m128i onto)
{
	__m128i first = _mm_clmulepi64_si128(lane, remainders, 0x00);
	__m128i last = _mm_clmulepi64_si128(lane, remainders, 0x11);

	return _mm_xor_si128(_mm_xor_si128(first, last), onto);
}

static inline USES_CARRYLESS __m128i
load(const char *bytes)
{
	return _mm_loadu_si128((const __m128i *) (const void *) bytes);
}

/* `length` is a multiple of STEP_BYTES, and not 0. */
static USES_CARRYLESS uint32_t
fold_all(uint32_t crc32, const char *bytes, size_t length)
{
	const __m128i by_512 = _mm_set_epi64x(FOLD_512_LAST, FOLD_512_FIRST);
	const __m128i by_128 = _mm_set_epi64x(FOLD_128_LAST, FOLD_128_FIRST);
	__m128i lanes[LANES];
	char folded[LANE_BYTES];

	for (size_t i = 0; i < LANES; i++)
		lanes[i] = load(bytes + i * LANE_BYTES);
	/* What came before is a remainder to be divided further, and kept inverted. */
	lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int) ~crc32));
	for (size_t done = STEP_BYTES; done < length; done += STEP_BYTES)
	{
		for (size_t i = 0; i < LANES; i++)
			lanes[i] = fold(lanes[i], by_512, load(bytes + done + i * LANE_BYTES));
	}
	for (size_t i = 1; i < LANES; i++)
		lanes[i] = fold(lanes[i - 1], by_128, lanes[i]);
	_mm_storeu_si128((__m128i *) (void *) folded, lanes[LANES - 1]);
	/* Inverted, this is the remainder of nothing at all. */
	return divide(UINT32_MAX, folded, sizeof(folded));
}

uint32_t
crc32_of_more(uint32_t crc32, Bytes bytes)
{
	size_t whole_steps = bytes.length / STEP_BYTES * STEP_BYTES;

	if (bytes.length < FOLDED_MINIMUM || !__builtin_cpu_supports("pclmul"))
		return divide(crc32, bytes.data, bytes.length);
	crc32 = fold_all(crc32, bytes.data, whole_steps);
	return divide(crc32, bytes.data + whole_steps, bytes.length - whole_steps);
}

#else

uint32_t
crc32_of_more(uint32_t crc32, Bytes bytes)
{
	return divide(crc32, bytes.data, bytes.length);
}

#endif
