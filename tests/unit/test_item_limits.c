/*
 * test_item_limits.c
 *		What is found before DynamoDB refuses it, and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_limits.h"
#include "item/page_decoder.h"
#include "unit/exhaustion.h"
#include "unit/fixture.h"

#define MANY_ELEMENTS 100000

static const KeyRule rules[] = {
    {{"id", 2}, ATTRIBUTE_S, false, true},
    {{"at", 2}, ATTRIBUTE_B, true, true},
    {{"number", 6}, ATTRIBUTE_N, false, false},
    {{"text", 4}, ATTRIBUTE_S, true, false},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static ItemViolation
check(const DynamodbItem *item, size_t rule_count)
{
	ItemViolation violation;

	assert_int_equal(item_check_limits(&arena, item, rules, rule_count, &violation).code,
	                 RESULT_OK);
	return violation;
}

static void
assert_violation(const ItemViolation *violation, ItemViolationKind kind, const char *path)
{
	buffer_reset(&buffer);
	attribute_path_write(&buffer, &violation->path);
	if (violation->kind != kind || !bytes_equal(buffer_bytes(&buffer), bytes_of_string(path)))
		fail_msg("%d at %.*s is not %d at %s", (int) violation->kind, (int) buffer.length,
		         buffer.data, (int) kind, path);
}

static const struct
{
	const char *json;
	ItemViolationKind kind;
	const char *path;
} items[] = {
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"}}", ITEM_IS_FINE, ""},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"},\"number\":{\"N\":\"1\"},"
     "\"text\":{\"S\":\"x\"},\"other\":{\"S\":\"\"},\"set\":{\"SS\":[\"\",\"a\"]}}",
     ITEM_IS_FINE, ""},
    {"{\"at\":{\"B\":\"AAAA\"}}", ITEM_KEY_MISSING, "id"},
    {"{\"id\":{\"S\":\"x\"}}", ITEM_KEY_MISSING, "at"},
    {"{\"id\":{\"N\":\"1\"},\"at\":{\"B\":\"AAAA\"}}", ITEM_KEY_OF_WRONG_TYPE, "id"},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"NULL\":true}}", ITEM_KEY_OF_WRONG_TYPE, "at"},
    {"{\"id\":{\"S\":\"\"},\"at\":{\"B\":\"AAAA\"}}", ITEM_KEY_EMPTY, "id"},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"\"}}", ITEM_KEY_EMPTY, "at"},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"},\"number\":{\"S\":\"1\"}}",
     ITEM_KEY_OF_WRONG_TYPE, "number"},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"},\"text\":{\"S\":\"\"}}", ITEM_KEY_EMPTY,
     "text"},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"},\"\":{\"S\":\"\"}}", ITEM_NAME_EMPTY, "\"\""},
    {"{\"id\":{\"S\":\"x\"},\"at\":{\"B\":\"AAAA\"},"
     "\"m\":{\"L\":[{\"BOOL\":true},{\"M\":{\"a\":{\"M\":{\"\":{\"S\":\"\"}}}}}]}}",
     ITEM_NAME_EMPTY, "m[1].a.\"\""},
};

static void
violations_name_their_place(void **state)
{
	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
	{
		DynamodbItem item = item_of(items[i].json);
		ItemViolation violation = check(&item, RULE_COUNT);

		assert_violation(&violation, items[i].kind, items[i].path);
	}
}

/* An attribute `v`, in a list, beside nothing. */
static ItemViolation
check_value(AttributeValue value)
{
	AttributeValue list = {.type = ATTRIBUTE_L, .count = 1, .elements = &value};
	Attribute attribute = {BYTES_LITERAL("v"), ATTRIBUTE_NO_SLOT, list};
	DynamodbItem item = {&attribute, 1};

	return check(&item, 0);
}

static ItemViolation
check_set(AttributeType type, AttributeValue *elements, uint32_t count)
{
	return check_value((AttributeValue){.type = type, .count = count, .elements = elements});
}

static void
numbers_are_checked(void **state)
{
	static const char *const wrong[] = {
	    "", "x", "NaN", "1E126", "1E-131", "123456789012345678901234567890123456789"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		AttributeValue number = attribute_number(bytes_of_string(wrong[i]));
		ItemViolation violation = check_value(number);

		assert_violation(&violation, ITEM_NUMBER_INVALID, "v[0]");
		violation = check_set(ATTRIBUTE_NS, &number, 1);
		assert_violation(&violation, ITEM_NUMBER_INVALID, "v[0]");
	}
}

static void
sets_are_neither_empty_nor_do_they_repeat(void **state)
{
	AttributeValue texts[] = {attribute_string(BYTES_LITERAL("a")),
	                          attribute_string(BYTES_LITERAL("b")),
	                          attribute_string(BYTES_LITERAL("a"))};
	AttributeValue numbers[] = {attribute_number(BYTES_LITERAL("1")),
	                            attribute_number(BYTES_LITERAL("10E-1"))};
	ItemViolation violation = check_set(ATTRIBUTE_SS, NULL, 0);

	assert_violation(&violation, ITEM_SET_EMPTY, "v[0]");
	violation = check_set(ATTRIBUTE_SS, texts, 2);
	assert_violation(&violation, ITEM_IS_FINE, "");
	violation = check_set(ATTRIBUTE_SS, texts, 3);
	assert_violation(&violation, ITEM_SET_NOT_UNIQUE, "v[0]");
	violation = check_set(ATTRIBUTE_NS, numbers, 2);
	assert_violation(&violation, ITEM_SET_NOT_UNIQUE, "v[0]");
}

/* In any order, and wherever the two that are equal stand. */
static void
large_sets_are_compared(void **state)
{
	static AttributeValue elements[MANY_ELEMENTS];
	static char texts[MANY_ELEMENTS][8];
	ItemViolation violation;

	for (int i = 0; i < MANY_ELEMENTS; i++)
	{
		/* 7 and the number of elements have no divisor in common, so this is each number once */
		sprintf(texts[i], "%d", (int) ((int64_t) i * 7 % MANY_ELEMENTS) % 100000);
		elements[i] = attribute_number(bytes_of_string(texts[i]));
	}
	violation = check_set(ATTRIBUTE_NS, elements, MANY_ELEMENTS);
	assert_int_equal(violation.kind, ITEM_IS_FINE);
	for (int i = 1; i < MANY_ELEMENTS; i += MANY_ELEMENTS / 5)
	{
		AttributeValue kept = elements[i];

		elements[i] = elements[i / 2];
		violation = check_set(ATTRIBUTE_NS, elements, MANY_ELEMENTS);
		assert_int_equal(violation.kind, ITEM_SET_NOT_UNIQUE);
		elements[i] = kept;
	}
}

static ItemViolation
check_depth(uint32_t containers, AttributeValue innermost)
{
	static AttributeValue lists[ATTRIBUTE_DEPTH_MAXIMUM + 8];
	Attribute attribute = {BYTES_LITERAL("v"), ATTRIBUTE_NO_SLOT, innermost};
	DynamodbItem item = {&attribute, 1};

	for (uint32_t i = 0; i < containers; i++)
	{
		lists[i] = attribute.value;
		attribute.value = (AttributeValue){.type = ATTRIBUTE_L, .count = 1, .elements = &lists[i]};
	}
	return check(&item, 0);
}

static void
depth_is_limited(void **state)
{
	AttributeValue empty = {.type = ATTRIBUTE_L};

	assert_int_equal(check_depth(31, attribute_boolean(true)).kind, ITEM_IS_FINE);
	assert_int_equal(check_depth(32, attribute_boolean(true)).kind, ITEM_TOO_DEEP);
	assert_int_equal(check_depth(30, empty).kind, ITEM_IS_FINE);
	assert_int_equal(check_depth(31, empty).kind, ITEM_TOO_DEEP);
	assert_int_equal(check_depth(31, empty).path.count, 32);
	assert_int_equal(check_depth(31, empty).size, 33);
	assert_int_equal(check_depth(31, empty).limit, 32);
}

static Bytes
filler(size_t length)
{
	char *bytes = arena_allocate(&arena, length);

	memset(bytes, 'x', length);
	return (Bytes){bytes, length};
}

static ItemViolation
check_key_of(const KeyRule *rule, AttributeValue value, Bytes name)
{
	Attribute attribute = {name, ATTRIBUTE_NO_SLOT, value};
	DynamodbItem item = {&attribute, 1};
	KeyRule named = *rule;
	ItemViolation violation;

	named.name = name;
	assert_int_equal(item_check_limits(&arena, &item, &named, 1, &violation).code, RESULT_OK);
	return violation;
}

static void
keys_have_sizes_of_their_own(void **state)
{
	ItemViolation violation;

	violation = check_key_of(&rules[0], attribute_string(filler(2048)), BYTES_LITERAL("k"));
	assert_violation(&violation, ITEM_IS_FINE, "");
	violation = check_key_of(&rules[0], attribute_string(filler(2049)), BYTES_LITERAL("k"));
	assert_violation(&violation, ITEM_HASH_KEY_TOO_LARGE, "k");
	assert_int_equal(violation.size, 2049);
	assert_int_equal(violation.limit, 2048);
	violation = check_key_of(&rules[1], attribute_binary(filler(1024)), BYTES_LITERAL("k"));
	assert_violation(&violation, ITEM_IS_FINE, "");
	violation = check_key_of(&rules[1], attribute_binary(filler(1025)), BYTES_LITERAL("k"));
	assert_violation(&violation, ITEM_RANGE_KEY_TOO_LARGE, "k");
	assert_int_equal(violation.limit, 1024);
	violation = check_key_of(&rules[0], attribute_string(filler(1)), filler(255));
	assert_int_equal(violation.kind, ITEM_IS_FINE);
	violation = check_key_of(&rules[0], attribute_string(filler(1)), filler(256));
	assert_int_equal(violation.kind, ITEM_NAME_TOO_LONG);
	assert_int_equal(violation.limit, 255);
}

static void
names_have_a_size(void **state)
{
	Attribute attribute = {filler(65535), ATTRIBUTE_NO_SLOT, attribute_boolean(true)};
	DynamodbItem item = {&attribute, 1};

	assert_int_equal(check(&item, 0).kind, ITEM_IS_FINE);
	attribute.name = filler(65536);
	assert_int_equal(check(&item, 0).kind, ITEM_NAME_TOO_LONG);
	assert_int_equal(check(&item, 0).size, 65536);
}

static void
items_have_a_size(void **state)
{
	Attribute attribute = {BYTES_LITERAL("v"), ATTRIBUTE_NO_SLOT,
	                       attribute_string(filler(ITEM_SIZE_MAXIMUM - 1))};
	DynamodbItem item = {&attribute, 1};
	ItemViolation violation = check(&item, 0);

	assert_violation(&violation, ITEM_IS_FINE, "");
	attribute.value = attribute_string(filler(ITEM_SIZE_MAXIMUM));
	violation = check(&item, 0);
	assert_violation(&violation, ITEM_TOO_LARGE, "");
	assert_int_equal(violation.size, ITEM_SIZE_MAXIMUM + 1);
	assert_int_equal(violation.limit, ITEM_SIZE_MAXIMUM);
}

static ItemViolation
check_at(const char *text, AttributeValue value)
{
	AttributePath path;
	ItemViolation violation;

	assert_true(result_is_ok(attribute_path_parse(&arena, bytes_of_string(text), &path)));
	assert_int_equal(attribute_value_check_limits(&arena, &path, &value, &violation).code,
	                 RESULT_OK);
	return violation;
}

static void
single_values_are_checked_where_they_stand(void **state)
{
	AttributeValue wrong = attribute_number(BYTES_LITERAL("x"));
	AttributeValue list = {.type = ATTRIBUTE_L, .count = 1, .elements = &wrong};
	ItemViolation violation = check_at("a.b[2]", attribute_boolean(true));

	assert_violation(&violation, ITEM_IS_FINE, "");
	violation = check_at("a.b[2]", list);
	assert_violation(&violation, ITEM_NUMBER_INVALID, "a.b[2][0]");
	violation = check_at("a.b", attribute_string(filler(ITEM_SIZE_MAXIMUM)));
	assert_violation(&violation, ITEM_IS_FINE, "");
	violation = check_at("a.b", attribute_string(filler(ITEM_SIZE_MAXIMUM + 1)));
	assert_violation(&violation, ITEM_TOO_LARGE, "a.b");
}

/* A path counts for the depth of what stands at its end. */
static void
depth_goes_on_at_a_path(void **state)
{
	AttributeValue empty = {.type = ATTRIBUTE_L};
	AttributeValue list = {.type = ATTRIBUTE_L, .count = 1, .elements = &empty};
	char path[2 * 32] = "a";

	for (int i = 1; i < 30; i++)
		strcat(path, ".a");
	assert_int_equal(check_at(path, list).kind, ITEM_IS_FINE);
	strcat(path, ".a");
	assert_int_equal(check_at(path, empty).kind, ITEM_IS_FINE);
	assert_int_equal(check_at(path, list).kind, ITEM_TOO_DEEP);
	assert_int_equal(check_at(path, list).path.count, 32);
	strcat(path, ".a");
	assert_int_equal(check_at(path, attribute_boolean(true)).kind, ITEM_IS_FINE);
	assert_int_equal(check_at(path, empty).kind, ITEM_TOO_DEEP);
}

static CheckedResult
check_without_memory(Arena *limited)
{
	AttributeValue elements[] = {attribute_number(BYTES_LITERAL("1")),
	                             attribute_number(BYTES_LITERAL("2")),
	                             attribute_number(BYTES_LITERAL("1"))};
	Attribute attribute = {
	    BYTES_LITERAL("v"), ATTRIBUTE_NO_SLOT, {ATTRIBUTE_NS, 3, {.elements = elements}}};
	DynamodbItem item = {&attribute, 1};
	ItemViolation violation;

	RETURN_IF_FAILED(item_check_limits(limited, &item, NULL, 0, &violation));
	assert_int_equal(violation.kind, ITEM_SET_NOT_UNIQUE);
	return result_ok();
}

static void
checks_survive_exhaustion(void **state)
{
	assert_survives_exhaustion(check_without_memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(violations_name_their_place),
	    TEST(numbers_are_checked),
	    TEST(sets_are_neither_empty_nor_do_they_repeat),
	    TEST(large_sets_are_compared),
	    TEST(depth_is_limited),
	    TEST(keys_have_sizes_of_their_own),
	    TEST(names_have_a_size),
	    TEST(items_have_a_size),
	    TEST(single_values_are_checked_where_they_stand),
	    TEST(depth_goes_on_at_a_path),
	    TEST(checks_survive_exhaustion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
