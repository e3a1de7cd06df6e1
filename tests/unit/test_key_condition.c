/*
 * test_key_condition.c
 *		Key conditions decided here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "item/key_condition.h"
#include "item/page_decoder.h"
#include "unit/fixture.h"

/* Whether {"k": stored} satisfies k <kind> first [AND second]. */
static bool
holds(ConditionKind kind, const char *stored, const char *first, const char *second)
{
	AttributeValue values[2] = {value_of(first)};
	Attribute attribute = {BYTES_LITERAL("k"), ATTRIBUTE_NO_SLOT, value_of(stored)};
	DynamodbItem item = {&attribute, 1};
	Condition condition = {.kind = kind,
	                       .path = path_of("k"),
	                       .values = values,
	                       .value_count = second == NULL ? 1 : 2};

	if (second != NULL)
		values[1] = value_of(second);
	return key_condition_holds(&condition, &item);
}

static void
test_comparisons(void **state)
{
	(void) state;
	assert_true(holds(CONDITION_EQUAL, "{\"N\":\"10\"}", "{\"N\":\"1E1\"}", NULL));
	assert_false(holds(CONDITION_EQUAL, "{\"S\":\"10\"}", "{\"N\":\"10\"}", NULL));
	assert_true(holds(CONDITION_LESS, "{\"N\":\"9\"}", "{\"N\":\"10\"}", NULL));
	assert_false(holds(CONDITION_LESS, "{\"S\":\"9\"}", "{\"S\":\"10\"}", NULL));
	assert_true(holds(CONDITION_LESS_OR_EQUAL, "{\"S\":\"a\"}", "{\"S\":\"a\"}", NULL));
	assert_false(holds(CONDITION_LESS_OR_EQUAL, "{\"S\":\"b\"}", "{\"S\":\"a\"}", NULL));
	assert_true(holds(CONDITION_GREATER, "{\"B\":\"gA==\"}", "{\"B\":\"AQ==\"}", NULL));
	assert_false(holds(CONDITION_GREATER, "{\"S\":\"a\"}", "{\"S\":\"a\"}", NULL));
	assert_true(holds(CONDITION_GREATER_OR_EQUAL, "{\"S\":\"a\"}", "{\"S\":\"a\"}", NULL));
}

static void
test_ranges(void **state)
{
	(void) state;
	assert_true(holds(CONDITION_BETWEEN, "{\"N\":\"2\"}", "{\"N\":\"2\"}", "{\"N\":\"3\"}"));
	assert_true(holds(CONDITION_BETWEEN, "{\"N\":\"3\"}", "{\"N\":\"2\"}", "{\"N\":\"3\"}"));
	assert_false(holds(CONDITION_BETWEEN, "{\"N\":\"3.1\"}", "{\"N\":\"2\"}", "{\"N\":\"3\"}"));
	assert_true(holds(CONDITION_BEGINS_WITH, "{\"S\":\"abc\"}", "{\"S\":\"ab\"}", NULL));
	assert_false(holds(CONDITION_BEGINS_WITH, "{\"S\":\"a\"}", "{\"S\":\"ab\"}", NULL));
	assert_false(holds(CONDITION_BEGINS_WITH, "{\"N\":\"12\"}", "{\"N\":\"1\"}", NULL));
}

static void
test_what_is_not_a_key(void **state)
{
	Attribute attribute = {.name = BYTES_LITERAL("other"), .slot = ATTRIBUTE_NO_SLOT};
	DynamodbItem item = {&attribute, 1};
	AttributeValue one = attribute_number(BYTES_LITERAL("1"));
	Condition missing = {.kind = CONDITION_EQUAL, .values = &one, .value_count = 1};
	Condition *children[] = {&missing};
	Condition both = {.kind = CONDITION_AND, .children = children, .child_count = 1};

	(void) state;
	attribute.value = one;
	assert_true(attribute_path_of_name(&arena, BYTES_LITERAL("k"), &missing.path));
	assert_false(key_condition_holds(&both, &item));
	assert_true(attribute_path_of_name(&arena, BYTES_LITERAL("other"), &missing.path));
	assert_true(key_condition_holds(&both, &item));
	missing.kind = CONDITION_NOT_EQUAL;
	assert_false(key_condition_holds(&both, &item));
	assert_false(holds(CONDITION_EQUAL, "{\"BOOL\":true}", "{\"BOOL\":true}", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_comparisons, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_ranges, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_is_not_a_key, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
