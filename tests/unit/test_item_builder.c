/*
 * test_item_builder.c
 *		Items put together place by place, and changed values in the form that is stored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_builder.h"
#include "item/page_decoder.h"
#include "item/stored_form.h"
#include "unit/exhaustion.h"
#include "unit/fixture.h"

static ItemBuilder
builder_of(const char *json)
{
	DynamodbItem item = item_of(json);
	ItemBuilder builder;

	assert_true(result_is_ok(item_builder_init(&builder, &arena, &item)));
	return builder;
}

static PutOutcome
put(ItemBuilder *builder, const char *path_text, const char *json)
{
	AttributePath path = path_of(path_text);
	AttributeValue *value = arena_allocate(&arena, sizeof(*value));
	PutOutcome outcome;

	*value = value_of(json);
	assert_true(result_is_ok(item_builder_put(builder, &path, value, &outcome)));
	return outcome;
}

static PutOutcome
replace(ItemBuilder *builder, const char *path_text, const char *json)
{
	AttributePath path = path_of(path_text);
	AttributeValue *value = arena_allocate(&arena, sizeof(*value));
	PutOutcome outcome;

	*value = value_of(json);
	assert_true(result_is_ok(item_builder_replace(builder, &path, value, &outcome)));
	return outcome;
}

static void
take_away(ItemBuilder *builder, const char *path_text)
{
	AttributePath path = path_of(path_text);

	assert_true(result_is_ok(item_builder_remove(builder, &path)));
}

static void
assert_item(const DynamodbItem *item, const char *json)
{
	DynamodbItem expected = item_of(json);
	AttributeValue a = {.type = ATTRIBUTE_M, .count = item->count, .attributes = item->attributes};
	AttributeValue b = {
	    .type = ATTRIBUTE_M, .count = expected.count, .attributes = expected.attributes};

	if (!attribute_value_equal(&a, &b))
		fail_msg("the item is not %s", json);
}

static void
places_are_made_on_the_way(void **state)
{
	ItemBuilder builder = builder_of("{}");

	(void) state;
	assert_int_equal(put(&builder, "a.b[2].c", "{\"S\":\"x\"}"), PUT_DONE);
	assert_int_equal(put(&builder, "a.b[0]", "{\"N\":\"1\"}"), PUT_DONE);
	assert_int_equal(put(&builder, "a.d", "{\"BOOL\":true}"), PUT_DONE);
	assert_item(&builder.item,
	            "{\"a\":{\"M\":{\"b\":{\"L\":[{\"N\":\"1\"},{\"NULL\":true},{\"M\":{\"c\":{\"S\":"
	            "\"x\"}}}]},\"d\":{\"BOOL\":true}}}}");
}

static void
places_that_disagree_conflict(void **state)
{
	ItemBuilder builder = builder_of("{\"a\":{\"M\":{\"b\":{\"S\":\"x\"}}},\"s\":{\"S\":\"y\"}}");

	(void) state;
	assert_int_equal(put(&builder, "a.b", "{\"S\":\"x\"}"), PUT_DONE);
	assert_int_equal(put(&builder, "a.b", "{\"S\":\"z\"}"), PUT_CONFLICT);
	assert_int_equal(put(&builder, "a.b.c", "{\"S\":\"z\"}"), PUT_CONFLICT);
	assert_int_equal(put(&builder, "a[0]", "{\"S\":\"z\"}"), PUT_CONFLICT);
	assert_int_equal(put(&builder, "s.t", "{\"S\":\"z\"}"), PUT_CONFLICT);
	assert_int_equal(put(&builder, "a", "{\"M\":{\"b\":{\"S\":\"x\"}}}"), PUT_DONE);
}

static void
what_the_builder_began_with_stays(void **state)
{
	DynamodbItem item = item_of("{\"a\":{\"M\":{\"b\":{\"L\":[{\"S\":\"x\"}]}}}}");
	ItemBuilder builder;

	(void) state;
	assert_true(result_is_ok(item_builder_init(&builder, &arena, &item)));
	assert_int_equal(replace(&builder, "a.b[0]", "{\"S\":\"y\"}"), PUT_DONE);
	assert_int_equal(replace(&builder, "a.c", "{\"S\":\"z\"}"), PUT_DONE);
	assert_item(&item, "{\"a\":{\"M\":{\"b\":{\"L\":[{\"S\":\"x\"}]}}}}");
	assert_item(&builder.item,
	            "{\"a\":{\"M\":{\"b\":{\"L\":[{\"S\":\"y\"}]},\"c\":{\"S\":\"z\"}}}}");
}

static void
elements_are_not_taken_away(void **state)
{
	ItemBuilder builder = builder_of(
	    "{\"l\":{\"L\":[{\"S\":\"x\"},{\"S\":\"y\"}]},\"m\":{\"M\":{\"k\":{\"S\":\"z\"}}}}");

	(void) state;
	take_away(&builder, "l[0]");
	take_away(&builder, "l[9]");
	take_away(&builder, "m.k");
	take_away(&builder, "m.none.such");
	take_away(&builder, "none");
	assert_item(&builder.item, "{\"l\":{\"L\":[{\"NULL\":true},{\"S\":\"y\"}]},\"m\":{\"M\":{}}}");
}

static void
endless_lists_are_refused(void **state)
{
	ItemBuilder builder = builder_of("{}");
	AttributePath path = path_of("l[100000]");
	AttributeValue value = attribute_null();
	PutOutcome outcome;

	(void) state;
	assert_int_equal(item_builder_put(&builder, &path, &value, &outcome).code, RESULT_TOO_LARGE);
}

/* stored, before, after, and what is to be stored then. */
static const char *const changes[][4] = {
    /* what does not change is what is stored */
    {"{\"SS\":[\"a\",\"b\"]}", "{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}",
     "{\"L\":[{\"S\":\"a\"},{\"S\":\"b\"}]}", "{\"SS\":[\"a\",\"b\"]}"},
    /* a set stays a set, if it can be one */
    {"{\"NS\":[\"1\"]}", "{\"L\":[{\"N\":\"1\"}]}", "{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]}",
     "{\"NS\":[\"1\",\"2\"]}"},
    {"{\"NS\":[\"1\"]}", "{\"L\":[{\"N\":\"1\"}]}", "{\"L\":[{\"S\":\"x\"}]}",
     "{\"L\":[{\"S\":\"x\"}]}"},
    {"{\"NS\":[\"1\"]}", "{\"L\":[{\"N\":\"1\"}]}", "{\"L\":[]}", "{\"L\":[]}"},
    {"{\"SS\":[\"a\"]}", "{\"L\":[{\"S\":\"a\"}]}", "{\"L\":[{\"S\":\"b\"},{\"S\":\"b\"}]}",
     "{\"L\":[{\"S\":\"b\"},{\"S\":\"b\"}]}"},
    /* so does binary */
    {"{\"B\":\"AQ==\"}", "{\"S\":\"AQ==\"}", "{\"S\":\"Ag==\"}", "{\"B\":\"Ag==\"}"},
    {"{\"B\":\"AQ==\"}", "{\"S\":\"AQ==\"}", "{\"S\":\"text\\n\"}", "{\"S\":\"text\\n\"}"},
    {"{\"BS\":[\"AQ==\"]}", "{\"L\":[{\"S\":\"AQ==\"}]}", "{\"L\":[{\"S\":\"Ag==\"}]}",
     "{\"BS\":[\"Ag==\"]}"},
    /* members that the form does not show stay, others go and come */
    {"{\"M\":{\"hidden\":{\"S\":\"h\"},\"a\":{\"SS\":[\"x\"]},\"b\":{\"S\":\"b\"}}}",
     "{\"M\":{\"a\":{\"L\":[{\"S\":\"x\"}]},\"b\":{\"S\":\"b\"}}}",
     "{\"M\":{\"a\":{\"L\":[{\"S\":\"x\"}]},\"c\":{\"N\":\"1\"}}}",
     "{\"M\":{\"hidden\":{\"S\":\"h\"},\"a\":{\"SS\":[\"x\"]},\"c\":{\"N\":\"1\"}}}"},
    /* elements of a list by their place */
    {"{\"L\":[{\"B\":\"AQ==\"},{\"S\":\"x\"}]}", "{\"L\":[{\"S\":\"AQ==\"},{\"S\":\"x\"}]}",
     "{\"L\":[{\"S\":\"AQ==\"},{\"S\":\"y\"},{\"S\":\"z\"}]}",
     "{\"L\":[{\"B\":\"AQ==\"},{\"S\":\"y\"},{\"S\":\"z\"}]}"},
    /* another type is another type */
    {"{\"N\":\"1\"}", "{\"N\":\"1\"}", "{\"S\":\"1\"}", "{\"S\":\"1\"}"},
};

static void
changed_values_keep_the_stored_form(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
	{
		AttributeValue stored = value_of(changes[i][0]);
		AttributeValue before = value_of(changes[i][1]);
		AttributeValue after = value_of(changes[i][2]);
		AttributeValue expected = value_of(changes[i][3]);
		AttributeValue kept;

		assert_true(result_is_ok(stored_form_of_change(&arena, &stored, &before, &after, &kept)));
		if (!attribute_value_equal(&kept, &expected))
			fail_msg("not %s, for %s", changes[i][3], changes[i][2]);
	}
}

static CheckedResult
use_all(Arena *limited)
{
	DynamodbItem item = item_of("{\"a\":{\"M\":{\"b\":{\"L\":[{\"S\":\"x\"}]}}}}");
	AttributePath path = path_of("a.b[3].c");
	AttributeValue stored = value_of(changes[8][0]);
	AttributeValue before = value_of(changes[8][1]);
	AttributeValue after = value_of(changes[8][2]);
	AttributeValue kept;
	ItemBuilder builder;
	PutOutcome outcome;

	RETURN_IF_FAILED(item_builder_init(&builder, limited, &item));
	RETURN_IF_FAILED(item_builder_put(&builder, &path, &stored, &outcome));
	return stored_form_of_change(limited, &stored, &before, &after, &kept);
}

static void
exhaustion_is_survived(void **state)
{
	(void) state;
	assert_survives_exhaustion(use_all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(places_are_made_on_the_way, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(places_that_disagree_conflict, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(what_the_builder_began_with_stays, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(elements_are_not_taken_away, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(endless_lists_are_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(changed_values_keep_the_stored_form, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(exhaustion_is_survived, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("test_item_builder", tests, NULL, NULL);
}
