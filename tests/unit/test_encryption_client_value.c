/*
 * test_encryption_client_value.c
 *		Serialized values and descriptions at their edges. That they are those of AWS's libraries is
 *		for the tests in Python to say.
 */
#include "crypto/encryption_client_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/encryption_client_description.h"
#include "crypto/rounded_number.h"
#include "foundation/buffer.h"
#include "unit/exhaustion.h"

#define ROOM ((size_t) 1024 * 1024)

static Arena arena;

static int
set_up(void **state)
{
	arena_init(&arena, malloc_block_source, ARENA_SECRET, ROOM);
	return 0;
}

static int
tear_down(void **state)
{
	arena_release(&arena);
	return 0;
}

static void
append_to_buffer(void *context, Bytes bytes)
{
	buffer_append_bytes(context, bytes);
}

static CheckedResult
serialized_in(Arena *in, const AttributeValue *value, SerializationForm form, Bytes *bytes)
{
	ByteBuffer buffer;

	buffer_init(&buffer, in->source, ARENA_SECRET, ROOM);
	buffer_fail(&buffer, encryption_client_serialize(in, value, form,
	                                                 (ByteSink){append_to_buffer, &buffer}));
	return buffer_finish(&buffer, in, bytes);
}

static Bytes
serialized(const AttributeValue *value, SerializationForm form)
{
	Bytes bytes;

	assert_int_equal(serialized_in(&arena, value, form, &bytes).code, RESULT_OK);
	return bytes;
}

static AttributeValue
set_of(AttributeType type, AttributeValue *elements, uint32_t count)
{
	return (AttributeValue){.type = type, .count = count, .elements = elements};
}

static void
assert_bytes(Bytes bytes, Bytes expected)
{
	assert_int_equal(bytes.length, expected.length);
	assert_memory_equal(bytes.data, expected.data, expected.length);
}

/* A value that nests lists so deep, an empty one innermost. */
static AttributeValue
nested(int depth)
{
	AttributeValue value = {.type = ATTRIBUTE_L};

	for (int i = 1; i < depth; i++)
	{
		AttributeValue *inner = arena_allocate(&arena, sizeof(AttributeValue));

		assert_non_null(inner);
		*inner = value;
		value = (AttributeValue){.type = ATTRIBUTE_L, .count = 1, .elements = inner};
	}
	return value;
}

static void
depth_is_bounded(void **state)
{
	AttributeValue read;

	for (int depth = 1; depth <= ATTRIBUTE_DEPTH_MAXIMUM + 1; depth++)
	{
		AttributeValue value = nested(depth);
		CheckedResult result =
		    encryption_client_deserialize(&arena, serialized(&value, FORM_UTF8), &read);

		if (depth <= ATTRIBUTE_DEPTH_MAXIMUM)
		{
			assert_int_equal(result.code, RESULT_OK);
			assert_true(attribute_value_equal(&read, &value));
		}
		else
			assert_int_equal(result.code, RESULT_MALFORMED);
	}
}

/* 6 bytes that claim four billion elements ask for no memory. */
static void
counts_are_not_believed(void **state)
{
	const char tags[] = "SNBLMsnb";
	char bytes[] = "\0?\xff\xff\xff\xff\0\0\0\0\0\0\0\0";
	AttributeValue value;

	for (const char *tag = tags; *tag != '\0'; tag++)
	{
		size_t before = arena.allocated;

		bytes[1] = *tag;
		assert_int_equal(
		    encryption_client_deserialize(&arena, (Bytes){bytes, sizeof(bytes) - 1}, &value).code,
		    RESULT_MALFORMED);
		assert_int_equal(arena.allocated, before);
	}
}

static void
refused(Bytes bytes, size_t position)
{
	AttributeValue value;
	CheckedResult result = encryption_client_deserialize(&arena, bytes, &value);

	assert_int_equal(result.code, RESULT_MALFORMED);
	assert_int_equal(result.position, position);
}

static void
other_bytes_are_refused(void **state)
{
	refused(BYTES_EMPTY, 0);
	refused(BYTES_LITERAL("\0"), 0);
	refused(BYTES_LITERAL("\1s\0\0\0\0"), 0);
	refused(BYTES_LITERAL("\0x"), 2);
	refused(BYTES_LITERAL("\0\0\0"), 2);
	refused(BYTES_LITERAL("\0?"), 2);
	refused(BYTES_LITERAL("\0?\2"), 2);
	refused(BYTES_LITERAL("\0?\1\1"), 3);
	refused(BYTES_LITERAL("\0s\0\0\0\1\xff"), 7);
	refused(BYTES_LITERAL("\0n\0\0\0\1x"), 7);
	refused(BYTES_LITERAL("\0n\0\0\0\0"), 6);
	refused(BYTES_LITERAL("\0S\0\0\0\2\0\0\0\1a\0\0\0\1a"), 16);
	refused(BYTES_LITERAL("\0N\0\0\0\2\0\0\0\1"
	                      "1\0\0\0\3"
	                      "1.0"),
	        18);
	refused(BYTES_LITERAL("\0M\0\0\0\1\0n\0\0\0\1"
	                      "5\0\0"),
	        6);
	refused(BYTES_LITERAL("\0M\0\0\0\2\0s\0\0\0\1a\0\0\0s\0\0\0\1a\0\0"), 24);
}

static void
sets_may_be_empty_and_unsorted(void **state)
{
	AttributeValue value;

	assert_int_equal(
	    encryption_client_deserialize(&arena, BYTES_LITERAL("\0S\0\0\0\0"), &value).code,
	    RESULT_OK);
	assert_int_equal(value.type, ATTRIBUTE_SS);
	assert_int_equal(value.count, 0);
	assert_int_equal(encryption_client_deserialize(
	                     &arena, BYTES_LITERAL("\0S\0\0\0\2\0\0\0\1b\0\0\0\1a"), &value)
	                     .code,
	                 RESULT_OK);
	assert_bytes(value.elements[0].bytes, BYTES_LITERAL("b"));
	assert_bytes(value.elements[1].bytes, BYTES_LITERAL("a"));
}

static void
numbers_out_of_bounds_are_told_apart(void **state)
{
	AttributeValue value;

	assert_int_equal(encryption_client_deserialize(&arena,
	                                               BYTES_LITERAL("\0n\0\0\0\5"
	                                                             "1E+99"),
	                                               &value)
	                     .code,
	                 RESULT_OK);
	assert_int_equal(encryption_client_deserialize(&arena,
	                                               BYTES_LITERAL("\0n\0\0\0\6"
	                                                             "1E+999"),
	                                               &value)
	                     .code,
	                 RESULT_OUT_OF_RANGE);
}

/* U+D7FF < U+10000 < U+E000 < U+FFFF in UTF-16, but not in UTF-8. */
static void
forms_differ_in_order(void **state)
{
	static const char *const in_utf16[] = {"",
	                                       "a",
	                                       "aa",
	                                       "a\xF0\x90\x80\x80",
	                                       "\xED\x9F\xBF",
	                                       "\xF0\x90\x80\x80",
	                                       "\xF0\x90\x80\x81",
	                                       "\xF4\x8F\xBF\xBF",
	                                       "\xEE\x80\x80",
	                                       "\xEE\x80\x80z",
	                                       "\xEF\xBF\xBF"};
	const size_t count = sizeof(in_utf16) / sizeof(in_utf16[0]);

	for (size_t i = 0; i < count; i++)
	{
		for (size_t k = 0; k < count; k++)
		{
			int order = serialization_compare_texts(FORM_UTF16, bytes_of_string(in_utf16[i]),
			                                        bytes_of_string(in_utf16[k]));

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
	assert_true(serialization_compare_texts(FORM_UTF8, bytes_of_string("\xEF\xBF\xBF"),
	                                        bytes_of_string("\xF0\x90\x80\x80")) < 0);
}

static void
binaries_are_signed_in_one_form(void **state)
{
	AttributeValue elements[] = {attribute_binary(BYTES_LITERAL("\x01")),
	                             attribute_binary(BYTES_LITERAL("\x80"))};
	AttributeValue set = set_of(ATTRIBUTE_BS, elements, 2);

	assert_bytes(serialized(&set, FORM_UTF8), BYTES_LITERAL("\0B\0\0\0\2\0\0\0\1\x01\0\0\0\1\x80"));
	assert_bytes(serialized(&set, FORM_UTF16),
	             BYTES_LITERAL("\0B\0\0\0\2\0\0\0\1\x80\0\0\0\1\x01"));
}

static void
numbers_are_rounded_half_to_even(void **state)
{
	static const char *const rounded[][2] = {
	    {"1234567890123456789012345678", "1234567890123456789012345678"},
	    {"12345678901234567890123456784", "12345678901234567890123456780"},
	    {"12345678901234567890123456785", "12345678901234567890123456780"},
	    {"12345678901234567890123456775", "12345678901234567890123456780"},
	    {"123456789012345678901234567851", "123456789012345678901234567900"},
	    {"-12345678901234567890123456786", "-12345678901234567890123456790"},
	    {"0.12345678901234567890123456785", "0.1234567890123456789012345678"},
	    {"0.000012345678901234567890123456787", "0.00001234567890123456789012345679"},
	    {"12345678901234.567890123456785", "12345678901234.56789012345678"},
	    {"123456789012345678901234567.85", "123456789012345678901234567.8"},
	    {"1234567890123456789012345678.5", "1234567890123456789012345678"},
	    {"1234567890123456789012345677.5", "1234567890123456789012345678"},
	    {"99999999999999999999999999999", "100000000000000000000000000000"},
	    {"-9999999999999999999999999999.9", "-10000000000000000000000000000"},
	    {"0.99999999999999999999999999999", "1"},
	    {"9.9999999999999999999999999999", "10"},
	};

	for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++)
	{
		Bytes text;

		assert_int_equal(
		    number_rounded(&arena, bytes_of_string(rounded[i][0]), ROUNDED_DIGITS, &text).code,
		    RESULT_OK);
		assert_string_equal(text.data, rounded[i][1]);
	}
}

static void
descriptions_are_bounded(void **state)
{
	size_t length = (size_t) 10 * 1024 * 1024;
	char *bytes = calloc(1, length);
	MaterialDescription description;
	size_t before = arena.allocated;

	assert_non_null(bytes);
	assert_int_equal(material_description_read(&arena, (Bytes){bytes, length}, &description).code,
	                 RESULT_MALFORMED);
	/* as many empty entries as have room */
	assert_int_equal(
	    material_description_read(&arena, (Bytes){bytes, DESCRIPTION_LENGTH_MAXIMUM}, &description)
	        .code,
	    RESULT_MALFORMED);
	assert_int_equal(arena.allocated, before);
	free(bytes);
}

static void
descriptions_come_back(void **state)
{
	MaterialEntry entries[] = {{BYTES_LITERAL("b"), BYTES_LITERAL("value")},
	                           {BYTES_LITERAL("a"), BYTES_EMPTY},
	                           {BYTES_EMPTY, BYTES_LITERAL("\xC3\xBC")}};
	MaterialDescription written = {entries, 3};
	MaterialDescription read;
	Bytes bytes;

	assert_int_equal(material_description_write(&arena, &written, &bytes).code, RESULT_OK);
	assert_int_equal(material_description_read(&arena, bytes, &read).code, RESULT_OK);
	assert_int_equal(read.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_bytes(*material_description_find(&read, entries[i].name), entries[i].value);
	assert_null(material_description_find(&read, BYTES_LITERAL("c")));
	for (size_t length = 0; length < bytes.length; length++)
	{
		CheckedResult result =
		    material_description_read(&arena, (Bytes){bytes.data, length}, &read);

		/* without its last entries it is whole again */
		assert_int_equal(result.code, length == 4 || length == 18 || length == 27
		                                  ? RESULT_OK
		                                  : RESULT_MALFORMED);
	}
}

static void
descriptions_are_written_within_bounds(void **state)
{
	static char text[DESCRIPTION_LENGTH_MAXIMUM];
	static MaterialEntry entries[DESCRIPTION_ENTRIES_MAXIMUM + 1];
	MaterialEntry large = {BYTES_LITERAL("n"), {text, sizeof(text) - 13}};
	MaterialDescription description = {&large, 1};
	Bytes bytes;

	assert_int_equal(material_description_write(&arena, &description, &bytes).code, RESULT_OK);
	assert_int_equal(bytes.length, DESCRIPTION_LENGTH_MAXIMUM);
	large.value.length++;
	assert_int_equal(material_description_write(&arena, &description, &bytes).code,
	                 RESULT_TOO_LARGE);
	large.value.length = SIZE_MAX;
	assert_int_equal(material_description_write(&arena, &description, &bytes).code,
	                 RESULT_TOO_LARGE);
	description = (MaterialDescription){entries, DESCRIPTION_ENTRIES_MAXIMUM + 1};
	assert_int_equal(material_description_write(&arena, &description, &bytes).code,
	                 RESULT_TOO_LARGE);
}

/* A map with a value of each type that takes memory, there and back. */
static CheckedResult
round_trip(Arena *limited)
{
	AttributeValue numbers[] = {attribute_number(BYTES_LITERAL("10")),
	                            attribute_number(BYTES_LITERAL("9.50"))};
	AttributeValue elements[] = {set_of(ATTRIBUTE_NS, numbers, 2),
	                             attribute_number(BYTES_LITERAL("1E+3")), attribute_null()};
	Attribute attributes[] = {{BYTES_LITERAL("b"),
	                           ATTRIBUTE_NO_SLOT,
	                           {.type = ATTRIBUTE_L, .count = 3, .elements = elements}},
	                          {BYTES_LITERAL("a"), ATTRIBUTE_NO_SLOT, attribute_boolean(true)}};
	AttributeValue map = {.type = ATTRIBUTE_M, .count = 2, .attributes = attributes};
	AttributeValue read;
	Bytes bytes;

	RETURN_IF_FAILED(serialized_in(limited, &map, FORM_UTF8_ROUNDED, &bytes));
	RETURN_IF_FAILED(encryption_client_deserialize(limited, bytes, &read));
	assert_true(attribute_value_equal(&map, &read));
	return result_ok();
}

static void
values_survive_exhaustion(void **state)
{
	assert_survives_exhaustion(round_trip);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(depth_is_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(counts_are_not_believed, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(other_bytes_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sets_may_be_empty_and_unsorted, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_out_of_bounds_are_told_apart, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(forms_differ_in_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(binaries_are_signed_in_one_form, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(numbers_are_rounded_half_to_even, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(descriptions_are_bounded, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(descriptions_come_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(descriptions_are_written_within_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(values_survive_exhaustion, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("encryption_client_value", tests, NULL, NULL);
}
