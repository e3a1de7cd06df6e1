/*
 * test_number.c
 *		Numbers at and beyond DynamoDB's bounds, in every spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/number.h"

#define NINES_38 "99999999999999999999999999999999999999"
#define NINES_39 NINES_38 "9"
#define ZEROES_88                                                                                  \
	"00000000000000000000000000000000000000000000"                                                 \
	"00000000000000000000000000000000000000000000"

static void
test_what_is_a_number(void **state)
{
	static const char *const accepted[] = {"0",
	                                       "-0",
	                                       "+0",
	                                       "00",
	                                       "0.0",
	                                       "1",
	                                       "-1",
	                                       "+1",
	                                       "007",
	                                       "1.",
	                                       ".5",
	                                       "-.5",
	                                       "1e5",
	                                       "1E+5",
	                                       "1e-5",
	                                       NINES_38,
	                                       "-" NINES_38,
	                                       "1E125",
	                                       "1E-130",
	                                       "-1E-130",
	                                       "0E999999999999",
	                                       "000000000000000000000000000000000000000000001",
	                                       "1.0000000000000000000000000000000000000000",
	                                       "0.000001E-124",
	                                       "123000E120",
	                                       "9.9999999999999999999999999999999999999E+125",
	                                       "0E-99999999999999999999999999"};
	static const char *const malformed[] = {
	    "",     "-",     "+",  ".",   "-.",    "e5",    "1e",  "1e+", "1e-",
	    "--1",  "+-1",   "1 ", " 1",  "1,5",   "1.2.3", "0x1", "NaN", "Infinity",
	    "-inf", "1e5.5", "١",  "1\n", "1e5e5", ".e5",   "1-",  "1.-"};
	static const char *const out_of_range[] = {NINES_39,
	                                           "1" ZEROES_88
	                                           "00000000000000000000000000000000000001",
	                                           "1E126",
	                                           "-1E126",
	                                           "1E-131",
	                                           "-1E-131",
	                                           "10E125",
	                                           "0.1E-130",
	                                           "1E999999999999999999999999",
	                                           "1E-9999999999",
	                                           "1.00000000000000000000000000000000000001",
	                                           "1" ZEROES_88 ZEROES_88};

	(void) state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
	{
		if (!result_is_ok(number_check(bytes_of_string(accepted[i]))))
			fail_msg("%s is refused", accepted[i]);
	}
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
	{
		if (number_check(bytes_of_string(malformed[i])).code != RESULT_MALFORMED)
			fail_msg("\"%s\" is not found malformed", malformed[i]);
	}
	for (size_t i = 0; i < sizeof(out_of_range) / sizeof(out_of_range[0]); i++)
	{
		if (number_check(bytes_of_string(out_of_range[i])).code != RESULT_OUT_OF_RANGE)
			fail_msg("%s is not found out of range", out_of_range[i]);
	}
	assert_int_equal(number_check(BYTES_LITERAL("1\0")).code, RESULT_MALFORMED);
	assert_int_equal(number_check(BYTES_EMPTY).code, RESULT_MALFORMED);
}

static void
test_canonical_text(void **state)
{
	static const struct
	{
		const char *spelling;
		const char *canonical;
	} pairs[] = {
	    {"0", "0"},
	    {"-0.00E5", "0"},
	    {"100", "100"},
	    {"1E2", "100"},
	    {"1.0E2", "100"},
	    {"+00100.00", "100"},
	    {"-12.50", "-12.5"},
	    {".5", "0.5"},
	    {"5.", "5"},
	    {"12345E-2", "123.45"},
	    {"12345E-5", "0.12345"},
	    {"12345E-7", "0.0012345"},
	    {"0.00010", "0.0001"},
	    {"123.456E1", "1234.56"},
	    {"123.456E5", "12345600"},
	    {NINES_38 "E88", NINES_38 ZEROES_88},
	    {"-" NINES_38 "E-167",
	     "-0." ZEROES_88 "00000000000000000000000000000000000000000" NINES_38},
	};
	Arena arena;
	Bytes canonical;

	(void) state;
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, SIZE_MAX);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		assert_true(
		    result_is_ok(number_canonical(&arena, bytes_of_string(pairs[i].spelling), &canonical)));
		assert_string_equal(canonical.data, pairs[i].canonical);
		assert_true(canonical.length <= NUMBER_TEXT_MAXIMUM);
		assert_int_equal(number_compare(bytes_of_string(pairs[i].spelling), canonical), 0);
	}
	assert_int_equal(number_canonical(&arena, BYTES_LITERAL("x"), &canonical).code,
	                 RESULT_MALFORMED);
	assert_int_equal(number_canonical(&arena, BYTES_LITERAL("1E126"), &canonical).code,
	                 RESULT_OUT_OF_RANGE);
	arena_release(&arena);
	arena_init(&arena, malloc_block_source, ARENA_PLAIN, 8);
	assert_int_equal(number_canonical(&arena, BYTES_LITERAL("1"), &canonical).code,
	                 RESULT_TOO_LARGE);
}

static void
test_int64(void **state)
{
	static const struct
	{
		const char *text;
		int64_t number;
	} whole[] = {{"0", 0},
	             {"-0", 0},
	             {"5.0", 5},
	             {"1E3", 1000},
	             {"-1.5e1", -15},
	             {"0.00", 0},
	             {"0E500", 0},
	             {"999999999999999999", 999999999999999999},
	             {"1000000000000000000", 1000000000000000000},
	             {"9223372036854775807", INT64_MAX},
	             {"9223372036854775807.000", INT64_MAX},
	             {"922337203685477580.7E1", INT64_MAX},
	             {"-9223372036854775808", INT64_MIN},
	             {"9E18", 9000000000000000000},
	             {"+17", 17},
	             {"000000000000000000000000000000000000012", 12}};
	static const char *const out_of_range[] = {
	    "0.5",   "-0.5",  "1.5",  "9223372036854775808",  "-9223372036854775809", "1E19",
	    "-1E19", "1E125", "1E-1", "12345678901234567890", "9223372036854775807.1"};
	int64_t number;

	(void) state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
	{
		number = 42;
		assert_true(result_is_ok(number_to_int64(bytes_of_string(whole[i].text), &number)));
		assert_int_equal(number, whole[i].number);
	}
	for (size_t i = 0; i < sizeof(out_of_range) / sizeof(out_of_range[0]); i++)
		assert_int_equal(number_to_int64(bytes_of_string(out_of_range[i]), &number).code,
		                 RESULT_OUT_OF_RANGE);
	assert_int_equal(number_to_int64(BYTES_EMPTY, &number).code, RESULT_MALFORMED);
	assert_int_equal(number_to_int64(BYTES_LITERAL("-"), &number).code, RESULT_MALFORMED);
	assert_int_equal(number_to_int64(BYTES_LITERAL("12a"), &number).code, RESULT_MALFORMED);
}

static void
test_order(void **state)
{
	/* ascending; the spellings in one row are equal */
	static const char *const rows[][3] = {
	    {"-1E125", "-10E124", "-1e+125"},
	    {"-100.5", "-1.005E2", "-100.50"},
	    {"-100", "-1E2", "-100.0"},
	    {"-1E-130", "-0.1E-129", "-1E-130"},
	    {"0", "-0", "0.0E7"},
	    {"1E-130", "1.0E-130", "10E-131"},
	    {"0.09", "9E-2", ".09"},
	    {"0.1", "1E-1", "00.10"},
	    {"0.11", "11E-2", "0.110"},
	    {"9", "9.0", "0.9E1"},
	    {"10", "1E1", "+10"},
	    {"10.000000000000000000000000000000000001", "10.000000000000000000000000000000000001",
	     "1.0000000000000000000000000000000000001E1"},
	    {NINES_38, NINES_38 ".0", NINES_38 "E0"},
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);

	(void) state;
	for (size_t i = 0; i < count * 3; i++)
	{
		for (size_t k = 0; k < count * 3; k++)
		{
			int order = number_compare(bytes_of_string(rows[i / 3][i % 3]),
			                           bytes_of_string(rows[k / 3][k % 3]));
			int expected = (i / 3 > k / 3) - (i / 3 < k / 3);

			if ((order > 0) - (order < 0) != expected)
				fail_msg("%s and %s", rows[i / 3][i % 3], rows[k / 3][k % 3]);
		}
	}
}

/* What DynamoDB Local accepts beside a string that fills an item up tells the size. */
static void
test_stored_size(void **state)
{
	static const struct
	{
		const char *text;
		size_t size;
	} numbers[] = {
	    {"0", 1},
	    {"-0.00", 1},
	    {"1", 2},
	    {"12", 2},
	    {"123", 3},
	    {"-12", 3},
	    {"100", 2},
	    {"1000", 2},
	    {"1E50", 2},
	    {"1E3", 2},
	    {"0.1", 2},
	    {"0.01", 2},
	    {"0.012", 3},
	    {"12E-3", 3},
	    {"1.1", 3},
	    {"12.3", 3},
	    {"1.234", 4},
	    {"123.4", 4},
	    {"-0.1", 3},
	    {"1E-130", 2},
	    {"-1E-130", 3},
	    {"99999999999999999999999999999999999999", 20},
	    {"-99999999999999999999999999999999999999", 21},
	    {"1.2222222222222222222222222222222222222", 21},
	    {"-1.2222222222222222222222222222222222222", 21},
	    {"9.9999999999999999999999999999999999999E+125", 20},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		if (number_stored_size(bytes_of_string(numbers[i].text)) != numbers[i].size)
			fail_msg("%s: %zu", numbers[i].text,
			         number_stored_size(bytes_of_string(numbers[i].text)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_a_number),
	    cmocka_unit_test(test_canonical_text),
	    cmocka_unit_test(test_int64),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_stored_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
