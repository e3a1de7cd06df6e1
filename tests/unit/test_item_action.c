/*
 * test_item_action.c
 *		What several writes of one item come to as one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_action.h"
#include "item/page_decoder.h"
#include "unit/fixture.h"

#define ROOM 8

/* ---- making actions ---- */

/* NULL for NULL. */
static const AttributeValue *
value(const char *json)
{
	AttributeValue *decoded;

	if (json == NULL)
		return NULL;
	decoded = arena_allocate(&arena, sizeof(*decoded));
	*decoded = value_of(json);
	return decoded;
}

static ItemAction
put(const char *json)
{
	return (ItemAction){.effect = ITEM_EFFECT_PUT, .item = item_of(json)};
}

static ItemAction
delete_item(void)
{
	return (ItemAction){.expects_item = true, .effect = ITEM_EFFECT_DELETE};
}

/* Adds "the place holds the value" to what the action expects. */
static ItemAction
expecting(ItemAction action, const char *place, const char *json)
{
	ItemExpectation *all = arena_allocate_array(&arena, ROOM, sizeof(*all));

	for (size_t i = 0; i < action.expectation_count; i++)
		all[i] = action.expectations[i];
	all[action.expectation_count++] = (ItemExpectation){path_of(place), value(json), false};
	action.expectations = all;
	return action;
}

/* Adds a change to the action. */
static ItemAction
changing(ItemAction action, const char *place, const char *json)
{
	AttributeChange *all = arena_allocate_array(&arena, ROOM, sizeof(*all));

	for (size_t i = 0; i < action.change_count; i++)
		all[i] = action.changes[i];
	all[action.change_count++] = (AttributeChange){path_of(place), value(json)};
	action.expects_item = true;
	action.effect = ITEM_EFFECT_CHANGE;
	action.changes = all;
	return action;
}

static ItemAction
change(const char *place, const char *json)
{
	return changing((ItemAction){0}, place, json);
}

static ItemAction
fold(ItemAction earlier, ItemAction later, const char *stored)
{
	DynamodbItem *known = arena_allocate(&arena, sizeof(*known));
	ItemAction folded;
	CheckedResult result;

	if (stored != NULL)
		*known = item_of(stored);
	result = item_action_fold(&arena, &earlier, &later, stored == NULL ? NULL : known, &folded);
	if (!result_is_ok(result))
		fail_msg("not folded: %s", result.message);
	return folded;
}

static void
assert_not_folded(ItemAction earlier, ItemAction later)
{
	ItemAction folded;
	CheckedResult result = item_action_fold(&arena, &earlier, &later, NULL, &folded);

	assert_int_equal(result.code, RESULT_INVALID_ARGUMENT);
}

/* ---- looking at actions ---- */

static void
assert_items_equal(const DynamodbItem *a, const DynamodbItem *b)
{
	AttributeValue map_a = {ATTRIBUTE_M, a->count, {.attributes = a->attributes}};
	AttributeValue map_b = {ATTRIBUTE_M, b->count, {.attributes = b->attributes}};

	assert_true(attribute_value_equal(&map_a, &map_b));
}

/* What the action makes of the stored item is the expected one. */
static void
assert_makes(ItemAction action, const char *stored, const char *expected)
{
	DynamodbItem before = item_of(stored);
	DynamodbItem wanted = item_of(expected);
	DynamodbItem after;
	bool present;

	assert_true(result_is_ok(item_action_apply(&arena, &action, &before, &after, &present)));
	assert_true(present);
	assert_items_equal(&after, &wanted);
}

static bool
changes_place(const ItemAction *action, const char *place)
{
	AttributePath wanted = path_of(place);

	for (size_t i = 0; i < action->change_count; i++)
	{
		if (attribute_path_equal(&action->changes[i].path, &wanted))
			return true;
	}
	return false;
}

/* The action expects the place to hold the value; NULL: to hold nothing. */
static void
assert_expects(const ItemAction *action, const char *place, const char *json)
{
	AttributePath wanted = path_of(place);
	const AttributeValue *expected = value(json);

	for (size_t i = 0; i < action->expectation_count; i++)
	{
		const ItemExpectation *found = &action->expectations[i];

		if (!attribute_path_equal(&found->path, &wanted))
			continue;
		if (expected == NULL && found->value == NULL)
			return;
		if (expected != NULL && found->value != NULL &&
		    attribute_value_equal(expected, found->value))
			return;
	}
	fail_msg("%s is not expected to be %s", place, json == NULL ? "nothing" : json);
}

/* ---- effects ---- */

static void
test_insert_then_update_is_a_put(void **state)
{
	ItemAction folded = fold(put("{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}"),
	                         expecting(change("n", "{\"N\":\"2\"}"), "n", "{\"N\":\"1\"}"), NULL);
	DynamodbItem wanted = item_of("{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"2\"}}");

	(void) state;
	assert_int_equal(folded.effect, ITEM_EFFECT_PUT);
	assert_false(folded.expects_item);
	assert_int_equal(folded.expectation_count, 0);
	assert_items_equal(&folded.item, &wanted);
}

static void
test_insert_then_delete_checks_absence(void **state)
{
	ItemAction folded = fold(put("{\"id\":{\"S\":\"a\"}}"), delete_item(), NULL);

	(void) state;
	assert_int_equal(folded.effect, ITEM_EFFECT_NONE);
	assert_false(folded.expects_item);
	assert_false(item_action_leaves_item(&folded));
	folded = fold(folded, put("{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"3\"}}"), NULL);
	assert_int_equal(folded.effect, ITEM_EFFECT_PUT);
	assert_false(folded.expects_item);
}

static void
test_delete_then_insert_replaces_what_was_seen(void **state)
{
	ItemAction folded = fold(expecting(delete_item(), "n", "{\"N\":\"1\"}"),
	                         put("{\"id\":{\"S\":\"a\"},\"m\":{\"N\":\"2\"}}"), NULL);

	(void) state;
	assert_int_equal(folded.effect, ITEM_EFFECT_PUT);
	assert_true(folded.expects_item);
	assert_expects(&folded, "n", "{\"N\":\"1\"}");
	folded = fold(folded, expecting(delete_item(), "m", "{\"N\":\"2\"}"), NULL);
	assert_int_equal(folded.effect, ITEM_EFFECT_DELETE);
	assert_int_equal(folded.expectation_count, 1);
}

static void
test_update_then_delete_deletes(void **state)
{
	ItemAction folded = fold(expecting(change("n", "{\"N\":\"2\"}"), "n", "{\"N\":\"1\"}"),
	                         expecting(delete_item(), "m", NULL), NULL);

	(void) state;
	assert_int_equal(folded.effect, ITEM_EFFECT_DELETE);
	assert_expects(&folded, "n", "{\"N\":\"1\"}");
	assert_expects(&folded, "m", NULL);
}

static void
test_what_cannot_follow_is_refused(void **state)
{
	ItemAction insert = put("{\"id\":{\"S\":\"a\"}}");

	(void) state;
	assert_not_folded(insert, insert);
	assert_not_folded(change("n", "{\"N\":\"1\"}"), insert);
	assert_not_folded(delete_item(), delete_item());
	assert_not_folded(delete_item(), change("n", "{\"N\":\"1\"}"));
}

/* ---- changes ---- */

static void
test_the_later_change_of_a_place_counts(void **state)
{
	ItemAction folded = fold(changing(change("n", "{\"N\":\"2\"}"), "m", "{\"N\":\"5\"}"),
	                         changing(change("n", NULL), "o", "{\"N\":\"6\"}"), NULL);

	(void) state;
	assert_int_equal(folded.change_count, 3);
	assert_makes(folded, "{\"id\":{\"S\":\"a\"},\"n\":{\"N\":\"1\"}}",
	             "{\"id\":{\"S\":\"a\"},\"m\":{\"N\":\"5\"},\"o\":{\"N\":\"6\"}}");
}

static void
test_a_change_inside_of_what_was_set(void **state)
{
	ItemAction folded = fold(change("doc", "{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}}}"),
	                         changing(change("doc.a", "{\"N\":\"9\"}"), "doc.b", NULL), NULL);

	(void) state;
	assert_int_equal(folded.change_count, 1);
	assert_makes(folded, "{\"id\":{\"S\":\"a\"}}",
	             "{\"id\":{\"S\":\"a\"},\"doc\":{\"M\":{\"a\":{\"N\":\"9\"}}}}");
	assert_not_folded(change("doc", NULL), change("doc.a", "{\"N\":\"1\"}"));
	assert_not_folded(change("doc", "{\"N\":\"1\"}"), change("doc.a", "{\"N\":\"1\"}"));
}

static void
test_a_change_around_earlier_ones_takes_their_place(void **state)
{
	ItemAction folded = fold(
	    changing(changing(change("doc.a", "{\"N\":\"1\"}"), "doc.b", NULL), "c", "{\"N\":\"3\"}"),
	    change("doc", "{\"M\":{}}"), "{\"id\":{\"S\":\"a\"},\"doc\":{\"M\":{}}}");

	(void) state;
	assert_int_equal(folded.change_count, 2);
	assert_true(changes_place(&folded, "doc"));
	assert_true(changes_place(&folded, "c"));
}

/* Removing an element moves those behind it, so the list has to be set as a whole. */
static void
test_elements_of_one_list(void **state)
{
	static const char stored[] =
	    "{\"id\":{\"S\":\"a\"},\"l\":{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}}";
	ItemAction folded = fold(change("l[0]", NULL), change("l[0]", "{\"N\":\"9\"}"), stored);

	(void) state;
	assert_int_equal(folded.change_count, 1);
	assert_true(changes_place(&folded, "l"));
	assert_makes(folded, stored,
	             "{\"id\":{\"S\":\"a\"},\"l\":{\"L\":[{\"N\":\"9\"},{\"N\":\"3\"}]}}");
	assert_expects(&folded, "l", "{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"},{\"N\":\"3\"}]}");
	assert_not_folded(change("l[0]", NULL), change("l[1]", "{\"N\":\"9\"}"));
}

/* ---- expectations ---- */

static void
test_what_the_transaction_has_set_is_not_expected_of_the_store(void **state)
{
	ItemAction first = expecting(change("n", "{\"N\":\"2\"}"), "n", "{\"N\":\"1\"}");
	ItemAction second = expecting(change("n", "{\"N\":\"3\"}"), "n", "{\"N\":\"2\"}");
	ItemAction folded = fold(first, expecting(second, "m", "{\"N\":\"7\"}"), NULL);

	(void) state;
	assert_int_equal(folded.expectation_count, 2);
	assert_expects(&folded, "n", "{\"N\":\"1\"}");
	assert_expects(&folded, "m", "{\"N\":\"7\"}");
}

static void
test_a_whole_document_is_expected_as_it_is_stored(void **state)
{
	static const char stored[] = "{\"id\":{\"S\":\"a\"},\"doc\":{\"M\":{\"a\":{\"N\":\"1\"}}}}";
	ItemAction first = change("doc.a", "{\"N\":\"2\"}");
	ItemAction second =
	    expecting(change("doc.b", "{\"N\":\"3\"}"), "doc", "{\"M\":{\"a\":{\"N\":\"2\"}}}");
	ItemAction folded = fold(first, second, stored);

	(void) state;
	assert_expects(&folded, "doc", "{\"M\":{\"a\":{\"N\":\"1\"}}}");
	assert_int_equal(folded.expectation_count, 1);
	assert_not_folded(first, second);
}

static void
test_contradicting_expectations_are_both_kept(void **state)
{
	ItemAction folded = fold(expecting(change("m", NULL), "n", "{\"N\":\"1\"}"),
	                         expecting(change("o", NULL), "n", "{\"N\":\"2\"}"), NULL);

	(void) state;
	assert_int_equal(folded.expectation_count, 2);
}

static void
assert_holds(bool holds, const char *place, const char *json, bool null_will_do, const char *stored)
{
	ItemExpectation expectation = {path_of(place), value(json), null_will_do};
	DynamodbItem found = item_of(stored);

	assert_int_equal(item_expectation_holds(&expectation, &found), holds);
}

static void
test_what_holds(void **state)
{
	(void) state;
	assert_holds(true, "n", "{\"N\":\"1.0\"}", false, "{\"n\":{\"N\":\"1\"}}");
	assert_holds(false, "n", "{\"N\":\"1\"}", false, "{\"n\":{\"S\":\"1\"}}");
	assert_holds(false, "n", "{\"N\":\"1\"}", false, "{}");
	assert_holds(true, "n", NULL, false, "{}");
	assert_holds(false, "n", NULL, false, "{\"n\":{\"NULL\":true}}");
	assert_holds(true, "n", NULL, true, "{\"n\":{\"NULL\":true}}");
	assert_holds(false, "n", NULL, true, "{\"n\":{\"N\":\"1\"}}");
	assert_holds(true, "n", "{\"NULL\":true}", false, "{\"n\":{\"NULL\":true}}");
}

/* ---- conditions ---- */

static char *
condition_text(const Condition *condition)
{
	buffer_reset(&buffer);
	condition_write_text(&buffer, condition);
	return arena_copy(&arena, buffer_bytes(&buffer));
}

static void
test_condition(void **state)
{
	ItemAction action = expecting(expecting(delete_item(), "n", "{\"N\":\"1\"}"), "m", NULL);
	ItemExpectation *read;
	size_t count;
	Condition *condition;

	(void) state;
	((ItemExpectation *) action.expectations)[1].null_will_do = true;
	action = expecting(action, "o", NULL);
	condition = item_action_condition(&arena, &action, BYTES_LITERAL("id"));
	assert_non_null(strstr(condition_text(condition), "attribute_exists(id)"));
	assert_true(result_is_ok(
	    item_expectations_read(&arena, condition, BYTES_LITERAL("id"), &read, &count)));
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
	{
		assert_true(attribute_path_equal(&read[i].path, &action.expectations[i].path));
		assert_int_equal(read[i].null_will_do, action.expectations[i].null_will_do);
		assert_int_equal(read[i].value == NULL, action.expectations[i].value == NULL);
	}
	action = put("{\"id\":{\"S\":\"a\"}}");
	condition = item_action_condition(&arena, &action, BYTES_LITERAL("id"));
	assert_string_equal(condition_text(condition), "attribute_not_exists(id)");
}

static void
test_conditions_of_other_kinds_are_refused(void **state)
{
	Condition other = {.kind = CONDITION_EXISTS, .path = path_of("n")};
	ItemExpectation *read;
	size_t count;

	(void) state;
	assert_int_equal(
	    item_expectations_read(&arena, &other, BYTES_LITERAL("id"), &read, &count).code,
	    RESULT_UNSUPPORTED);
	other.kind = CONDITION_LESS;
	assert_int_equal(
	    item_expectations_read(&arena, &other, BYTES_LITERAL("id"), &read, &count).code,
	    RESULT_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_insert_then_update_is_a_put, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_insert_then_delete_checks_absence, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_delete_then_insert_replaces_what_was_seen, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_update_then_delete_deletes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_what_cannot_follow_is_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_later_change_of_a_place_counts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_change_inside_of_what_was_set, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_change_around_earlier_ones_takes_their_place, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_elements_of_one_list, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
	        test_what_the_transaction_has_set_is_not_expected_of_the_store, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_whole_document_is_expected_as_it_is_stored, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_contradicting_expectations_are_both_kept, set_up,
	                                    tear_down),
	    cmocka_unit_test_setup_teardown(test_what_holds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_condition, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_conditions_of_other_kinds_are_refused, set_up,
	                                    tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
