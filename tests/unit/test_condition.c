/*
 * test_condition.c
 *		Expressions: their grammar, their placeholders, DynamoDB's limits, and the text for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/condition.h"
#include "unit/block_sources.h"
#include "unit/fixture.h"

/* A leaf over strings; as many as are not NULL. */
static Condition *
leaf(ConditionKind kind, const char *path, const char *first, const char *second)
{
	Condition *condition = arena_allocate_zeroed(&arena, 1, sizeof(*condition));

	condition->kind = kind;
	condition->path = path_of(path);
	condition->values = arena_allocate_array(&arena, 2, sizeof(AttributeValue));
	condition->value_count = (uint32_t) (first != NULL) + (second != NULL);
	condition->values[0] = attribute_string(bytes_of_string(first));
	condition->values[1] = attribute_string(bytes_of_string(second));
	return condition;
}

static Condition *
joined(ConditionKind kind, Condition *first, Condition *second)
{
	Condition *condition = arena_allocate_zeroed(&arena, 1, sizeof(*condition));

	condition->kind = kind;
	condition->children = arena_allocate_array(&arena, 2, sizeof(Condition *));
	condition->child_count = (uint32_t) (first != NULL) + (second != NULL);
	condition->children[0] = first;
	condition->children[1] = second;
	return condition;
}

static Condition *
equal(const char *path, const char *value)
{
	return leaf(CONDITION_EQUAL, path, value, NULL);
}

/* path IN ("0", "1", …) */
static Condition *
in_list(uint32_t count)
{
	Condition *condition = leaf(CONDITION_IN, "a", NULL, NULL);

	condition->value_count = count;
	condition->values = arena_allocate_array(&arena, count, sizeof(AttributeValue));
	for (uint32_t i = 0; i < count; i++)
	{
		char text[16];
		Bytes bytes = {text, (size_t) snprintf(text, sizeof(text), "%u", (unsigned) i)};

		condition->values[i] = attribute_string((Bytes){arena_copy(&arena, bytes), bytes.length});
	}
	return condition;
}

static void
assert_buffer(const char *text)
{
	assert_true(result_is_ok(buffer_result(&buffer)));
	buffer_append_character(&buffer, '\0');
	assert_string_equal(buffer_bytes(&buffer).data, text);
	buffer_reset(&buffer);
}

static void
assert_expression(const Condition *condition, const char *expression)
{
	ExpressionAttributes *attributes = expression_attributes_create(&arena);

	assert_true(result_is_ok(expression_write_condition(attributes, &buffer, condition)));
	assert_buffer(expression);
}

static void
assert_text(const Condition *condition, const char *text)
{
	condition_write_text(&buffer, condition);
	assert_buffer(text);
}

static void
test_leaves(void **state)
{
	Condition *has_type = leaf(CONDITION_HAS_TYPE, "a", NULL, NULL);

	(void) state;
	has_type->attribute_type = ATTRIBUTE_SS;
	assert_expression(equal("a", "x"), "#0 = :0");
	assert_expression(leaf(CONDITION_NOT_EQUAL, "a", "x", NULL), "#0 <> :0");
	assert_expression(leaf(CONDITION_LESS, "a", "x", NULL), "#0 < :0");
	assert_expression(leaf(CONDITION_LESS_OR_EQUAL, "a", "x", NULL), "#0 <= :0");
	assert_expression(leaf(CONDITION_GREATER, "a", "x", NULL), "#0 > :0");
	assert_expression(leaf(CONDITION_GREATER_OR_EQUAL, "a", "x", NULL), "#0 >= :0");
	assert_expression(leaf(CONDITION_BETWEEN, "a", "x", "y"), "#0 BETWEEN :0 AND :1");
	assert_expression(leaf(CONDITION_IN, "a", "x", "y"), "#0 IN (:0, :1)");
	assert_expression(leaf(CONDITION_BEGINS_WITH, "a", "x", NULL), "begins_with(#0, :0)");
	assert_expression(leaf(CONDITION_CONTAINS, "a", "x", NULL), "contains(#0, :0)");
	assert_expression(leaf(CONDITION_EXISTS, "a", NULL, NULL), "attribute_exists(#0)");
	assert_expression(leaf(CONDITION_NOT_EXISTS, "a", NULL, NULL), "attribute_not_exists(#0)");
	assert_expression(leaf(CONDITION_SIZE_EQUAL, "a", "x", NULL), "size(#0) = :0");
	assert_expression(leaf(CONDITION_SIZE_AT_LEAST, "a", "x", NULL), "size(#0) >= :0");
	assert_expression(leaf(CONDITION_SIZE_AT_MOST, "a", "x", NULL), "size(#0) <= :0");
	assert_expression(has_type, "attribute_type(#0, :0)");
	assert_expression(equal("a.b[3].a", "x"), "#0.#1[3].#0 = :0");
	assert_text(has_type, "attribute_type(a, 'SS')");
}

/* DynamoDB refuses parentheses that are redundant, so where they stand matters. */
static void
test_parentheses(void **state)
{
	Condition *a = equal("a", "1");
	Condition *b = equal("b", "2");
	Condition *c = equal("c", "3");
	Condition *and = joined(CONDITION_AND, a, b);
	Condition * or = joined(CONDITION_OR, a, b);

	(void) state;
	assert_text(and, "a = '1' AND b = '2'");
	assert_text(or, "a = '1' OR b = '2'");
	assert_text(joined(CONDITION_AND, or, c), "(a = '1' OR b = '2') AND c = '3'");
	assert_text(joined(CONDITION_OR, and, c), "a = '1' AND b = '2' OR c = '3'");
	assert_text(joined(CONDITION_AND, and, c), "a = '1' AND b = '2' AND c = '3'");
	assert_text(joined(CONDITION_NOT, a, NULL), "NOT (a = '1')");
	assert_text(joined(CONDITION_NOT, or, NULL), "NOT (a = '1' OR b = '2')");
	assert_text(joined(CONDITION_NOT, joined(CONDITION_NOT, a, NULL), NULL), "NOT (NOT (a = '1'))");
	assert_text(joined(CONDITION_AND, joined(CONDITION_NOT, a, NULL), b),
	            "NOT (a = '1') AND b = '2'");
	/* of one only */
	assert_text(joined(CONDITION_AND, joined(CONDITION_OR, a, NULL), NULL), "a = '1'");
	assert_text(joined(CONDITION_AND, joined(CONDITION_AND, or, NULL), c),
	            "(a = '1' OR b = '2') AND c = '3'");
}

static void
test_placeholders(void **state)
{
	ExpressionAttributes *attributes = expression_attributes_create(&arena);
	AttributePath paths[] = {path_of("b"), path_of("new.a"), path_of("b[0]")};
	AttributeValue number = attribute_number(BYTES_LITERAL("1"));
	AttributeValue same_number = attribute_number(BYTES_LITERAL("1.0"));
	JsonWriter writer;

	(void) state;
	json_writer_init(&writer, &buffer);
	expression_attributes_write(attributes, &writer);
	assert_int_equal(buffer_bytes(&buffer).length, 0);

	assert_true(result_is_ok(expression_write_condition(
	    attributes, &buffer,
	    joined(CONDITION_AND, equal("a", "1"), leaf(CONDITION_BETWEEN, "b", "2", "1")))));
	assert_buffer("#0 = :0 AND #1 BETWEEN :1 AND :0");
	assert_true(result_is_ok(expression_write_projection(attributes, &buffer, paths, 3)));
	assert_buffer("#1, #2.#0, #1[0]");
	assert_true(result_is_ok(expression_write_path(attributes, &buffer, &paths[1])));
	assert_buffer("#2.#0");
	assert_true(result_is_ok(expression_write_value(attributes, &buffer, &number)));
	buffer_append_character(&buffer, ' ');
	assert_true(result_is_ok(expression_write_value(attributes, &buffer, &same_number)));
	assert_buffer(":2 :2");

	json_begin_object(&writer);
	expression_attributes_write(attributes, &writer);
	json_end_object(&writer);
	assert_buffer("{\"ExpressionAttributeNames\":{\"#0\":\"a\",\"#1\":\"b\",\"#2\":\"new\"},"
	              "\"ExpressionAttributeValues\":{\":0\":{\"S\":\"1\"},\":1\":{\"S\":\"2\"},"
	              "\":2\":{\"N\":\"1\"}}}");
}

static void
test_only_names(void **state)
{
	ExpressionAttributes *attributes = expression_attributes_create(&arena);
	JsonWriter writer;

	(void) state;
	assert_true(result_is_ok(
	    expression_write_condition(attributes, &buffer, leaf(CONDITION_EXISTS, "a", NULL, NULL))));
	buffer_reset(&buffer);
	json_writer_init(&writer, &buffer);
	expression_attributes_write(attributes, &writer);
	assert_buffer("\"ExpressionAttributeNames\":{\"#0\":\"a\"}");
}

static size_t
occurrences(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		count++;
	return count;
}

static void
test_in_groups(void **state)
{
	static const struct
	{
		uint32_t values;
		size_t groups;
	} cases[] = {{1, 1}, {100, 1}, {101, 2}, {200, 2}, {201, 3}, {500, 5}};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		ExpressionAttributes *attributes = expression_attributes_create(&arena);
		Condition *condition =
		    joined(CONDITION_AND, in_list(cases[i].values), equal("b", "not in the list"));

		assert_true(result_is_ok(expression_write_condition(attributes, &buffer, condition)));
		buffer_append_character(&buffer, '\0');
		assert_int_equal(occurrences(buffer.data, " IN ("), cases[i].groups);
		assert_int_equal(occurrences(buffer.data, " OR "), cases[i].groups - 1);
		assert_int_equal(buffer.data[0], cases[i].groups > 1 ? '(' : '#');
		assert_int_equal(occurrences(buffer.data, ":"), cases[i].values + 1);
		assert_int_equal(condition_operator_count(condition), cases[i].groups * 2 - 1 + 2);
		buffer_reset(&buffer);
	}
	condition_write_text(&buffer, in_list(101));
	buffer_append_character(&buffer, '\0');
	assert_int_equal(occurrences(buffer.data, " IN ("), 1);
}

static void
test_limits(void **state)
{
	ExpressionAttributes *attributes = expression_attributes_create(&arena);
	Condition *many = arena_allocate_zeroed(&arena, 1, sizeof(*many));
	size_t size = 2 * 1024 * 1024;
	char *large = arena_allocate_zeroed(&arena, size, 1);
	AttributeValue value = attribute_binary((Bytes){large, size});

	(void) state;
	/* 4 KB: each value is written in at least four bytes */
	assert_int_equal(expression_write_condition(attributes, &buffer, in_list(1000)).code,
	                 RESULT_TOO_LARGE);
	buffer_reset(&buffer);
	/* 300 operators: 150 comparisons and 149 ANDs, and one more of each */
	many->kind = CONDITION_AND;
	many->child_count = 150;
	many->children = arena_allocate_array(&arena, 151, sizeof(Condition *));
	for (int i = 0; i < 151; i++)
		many->children[i] = equal("a", "x");
	assert_int_equal(condition_operator_count(many), 299);
	attributes = expression_attributes_create(&arena);
	assert_true(result_is_ok(expression_write_condition(attributes, &buffer, many)));
	buffer_reset(&buffer);
	many->child_count = 151;
	assert_int_equal(expression_write_condition(attributes, &buffer, many).code, RESULT_TOO_LARGE);
	buffer_reset(&buffer);
	/* 2 MB of values */
	assert_int_equal(expression_write_value(attributes, &buffer, &value).code, RESULT_TOO_LARGE);
}

static void
test_incomplete_conditions(void **state)
{
	Condition *const refused[] = {
	    leaf(CONDITION_EQUAL, "a", NULL, NULL),
	    leaf(CONDITION_BETWEEN, "a", "x", NULL),
	    leaf(CONDITION_IN, "a", NULL, NULL),
	    joined(CONDITION_AND, NULL, NULL),
	    joined(CONDITION_OR, NULL, NULL),
	    joined(CONDITION_NOT, NULL, NULL),
	    joined(CONDITION_NOT, equal("a", "x"), equal("b", "x")),
	};

	(void) state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		ExpressionAttributes *attributes = expression_attributes_create(&arena);

		assert_int_equal(expression_write_condition(attributes, &buffer, refused[i]).code,
		                 RESULT_INVALID_ARGUMENT);
		buffer_reset(&buffer);
		condition_write_text(&buffer, refused[i]);
		assert_int_equal(buffer_result(&buffer).code, RESULT_INVALID_ARGUMENT);
		buffer_reset(&buffer);
	}
}

static void
test_text_for_people(void **state)
{
	AttributeValue elements[] = {attribute_number(BYTES_LITERAL("1"))};
	AttributeValue values[] = {attribute_number(BYTES_LITERAL("-1.50")),
	                           attribute_binary(BYTES_LITERAL("\x00\xaf")),
	                           attribute_boolean(false),
	                           attribute_null(),
	                           {.type = ATTRIBUTE_NS, .count = 1, .elements = elements}};
	static const char *const texts[] = {"a = -1.50", "a = '\\x00af'", "a = false", "a = null",
	                                    "a = {\"NS\":[\"1\"]}"};

	(void) state;
	assert_text(equal("Name", "x"), "Name = 'x'");
	assert_text(equal("_n1.b", "it's"), "_n1.b = 'it''s'");
	assert_text(equal("two words", "x"), "\"two words\" = 'x'");
	assert_text(equal("1a.a-b[0]", "x"), "\"1a\".\"a-b\"[0] = 'x'");
	assert_text(equal("\"a\"\"b\"", ""), "\"a\"\"b\" = ''");
	assert_text(equal("\xc5\xbe", "x"), "\"\xc5\xbe\" = 'x'");
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		Condition *condition = equal("a", "x");

		condition->values[0] = values[i];
		assert_text(condition, texts[i]);
	}
}

static void
test_exhaustion(void **state)
{
	Condition *condition = joined(CONDITION_AND, in_list(40), equal("b", "x"));
	Condition *has_type = leaf(CONDITION_HAS_TYPE, "a", NULL, NULL);
	CheckedResult result = result_out_of_memory();

	(void) state;
	condition = joined(CONDITION_AND, condition, has_type);
	for (size_t allowed = 0; !result_is_ok(result); allowed++)
	{
		ObservedSource source;
		ExpressionAttributes *attributes;
		Arena small;
		ByteBuffer expression;

		arena_init(&small, observed_source(&source, allowed), ARENA_SECRET, SIZE_MAX);
		buffer_init(&expression, small.source, ARENA_SECRET, 10000);
		attributes = expression_attributes_create(&small);
		if (attributes != NULL)
			result = expression_write_condition(attributes, &expression, condition);
		if (!result_is_ok(result))
			assert_int_equal(result.code, RESULT_OUT_OF_MEMORY);
		buffer_release(&expression);
		arena_release(&small);
		assert_int_equal(source.live, 0);
		assert_int_equal(source.released_dirty, 0);
	}
}

static void
test_equality(void **state)
{
	Condition *and = joined(CONDITION_AND, equal("a.b", "x"), in_list(3));

	(void) state;
	assert_true(condition_equal(and, joined(CONDITION_AND, equal("a.b", "x"), in_list(3))));
	assert_false(condition_equal(and, joined(CONDITION_OR, equal("a.b", "x"), in_list(3))));
	assert_false(condition_equal(and, joined(CONDITION_AND, equal("a.b", "x"), NULL)));
	assert_false(condition_equal(and, joined(CONDITION_AND, equal("a.b", "x"), in_list(2))));
	assert_false(condition_equal(and, joined(CONDITION_AND, equal("a.b", "y"), in_list(3))));
	assert_false(condition_equal(and, joined(CONDITION_AND, equal("a.c", "x"), in_list(3))));
	assert_false(condition_equal(equal("a", "x"), leaf(CONDITION_LESS, "a", "x", NULL)));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_leaves),
	    TEST(test_parentheses),
	    TEST(test_placeholders),
	    TEST(test_only_names),
	    TEST(test_in_groups),
	    TEST(test_limits),
	    TEST(test_incomplete_conditions),
	    TEST(test_text_for_people),
	    TEST(test_exhaustion),
	    TEST(test_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
