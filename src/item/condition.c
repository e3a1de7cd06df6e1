/*
 * condition.c
 *		Conditions as DynamoDB's expressions, and as text for people.
 *
 * Both are written by one walk over the tree; they differ in how a name and a value look. The walk
 * recurses as deep as the tree, which mirrors an expression that the caller could hold on its
 * stack.
 */
#include "item/condition.h"

#include "foundation/ascii.h"

#include <stdio.h>

/* Bytes that the names and values behind one request's placeholders may take. */
#define SUBSTITUTION_BYTES_MAXIMUM ((size_t) 2 * 1024 * 1024)

/* How tightly a form binds: a condition that binds less than its place requires is parenthesized.
 */
typedef enum Binding
{
	BINDING_OR,
	BINDING_AND,
	BINDING_NOT,
	BINDING_LEAF,
	BINDING_PARENTHESES
} Binding;

struct ExpressionAttributes
{
	Arena *arena;
	Bytes *names;
	uint32_t name_count;
	size_t name_capacity;
	const AttributeValue **values;
	uint32_t value_count;
	size_t value_capacity;
	size_t bytes;      /* of all names and values */
	size_t used_bytes; /* the same, each as often as it is used */
};

typedef struct ConditionWriter
{
	ExpressionAttributes *attributes; /* NULL: text for people */
	ByteBuffer *buffer;
} ConditionWriter;

ExpressionAttributes *
expression_attributes_create(Arena *arena)
{
	ExpressionAttributes *attributes = arena_allocate_zeroed(arena, 1, sizeof(*attributes));

	if (attributes != NULL)
		attributes->arena = arena;
	return attributes;
}

static CheckedResult
count_bytes(ExpressionAttributes *attributes, size_t bytes)
{
	attributes->bytes += bytes;
	if (attributes->bytes > SUBSTITUTION_BYTES_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "values of an expression are larger than 2 MB");
	return result_ok();
}

/* The number of the name's placeholder, old or new. */
static CheckedResult
place_name(ExpressionAttributes *attributes, Bytes name, uint32_t *number)
{
	Bytes *names;

	for (*number = 0; *number < attributes->name_count; (*number)++)
	{
		if (bytes_equal(attributes->names[*number], name))
			return result_ok();
	}
	names = arena_grow_array(attributes->arena, attributes->names, attributes->name_count,
	                         &attributes->name_capacity, sizeof(Bytes));
	if (names == NULL)
		return arena_failure(attributes->arena, attributes->name_capacity * sizeof(Bytes));
	attributes->names = names;
	attributes->names[attributes->name_count++] = name;
	return count_bytes(attributes, name.length);
}

/* The number of the value's placeholder, old or new. */
static CheckedResult
place_value(ExpressionAttributes *attributes, const AttributeValue *value, uint32_t *number)
{
	const AttributeValue **values;

	for (*number = 0; *number < attributes->value_count; (*number)++)
	{
		if (attribute_value_equal(attributes->values[*number], value))
			return result_ok();
	}
	values = arena_grow_array(attributes->arena, attributes->values, attributes->value_count,
	                          &attributes->value_capacity, sizeof(AttributeValue *));
	if (values == NULL)
		return arena_failure(attributes->arena, attributes->value_capacity * sizeof(*values));
	attributes->values = values;
	attributes->values[attributes->value_count++] = value;
	return count_bytes(attributes, attribute_value_size(value));
}

static void
write_placeholder(ByteBuffer *buffer, char mark, uint32_t number)
{
	buffer_append_character(buffer, mark);
	buffer_append_integer(buffer, number);
}

static bool
is_identifier(Bytes name)
{
	for (size_t i = 0; i < name.length; i++)
	{
		char character = name.data[i];
		if (!ascii_is_letter(character) && character != '_' &&
		    (!ascii_is_digit(character) || i == 0))
			return false;
	}
	return name.length > 0;
}

/* In quotes, with each quote inside doubled. */
static void
write_quoted(ByteBuffer *buffer, Bytes text, char quote)
{
	buffer_append_character(buffer, quote);
	for (size_t i = 0; i < text.length; i++)
	{
		if (text.data[i] == quote)
			buffer_append_character(buffer, quote);
		buffer_append_character(buffer, text.data[i]);
	}
	buffer_append_character(buffer, quote);
}

/* What must hold of every expression, at every moment of its writing. */
static CheckedResult
check_expression(const ByteBuffer *expression)
{
	RETURN_IF_FAILED(buffer_result(expression));
	if (expression->length > EXPRESSION_BYTES_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "expression is longer than 4 KB");
	return result_ok();
}

static CheckedResult
write_name(ConditionWriter *writer, Bytes name)
{
	uint32_t number;

	if (writer->attributes != NULL)
	{
		RETURN_IF_FAILED(place_name(writer->attributes, name, &number));
		writer->attributes->used_bytes += name.length;
		write_placeholder(writer->buffer, '#', number);
	}
	else if (is_identifier(name))
		buffer_append_bytes(writer->buffer, name);
	else
		write_quoted(writer->buffer, name, '"');
	return result_ok();
}

static CheckedResult
write_path(ConditionWriter *writer, const AttributePath *path)
{
	for (uint32_t i = 0; i < path->count; i++)
	{
		const AttributePathStep *step = &path->steps[i];

		if (step->is_index)
		{
			write_placeholder(writer->buffer, '[', step->index);
			buffer_append_character(writer->buffer, ']');
			continue;
		}
		if (i > 0)
			buffer_append_character(writer->buffer, '.');
		RETURN_IF_FAILED(write_name(writer, step->name));
	}
	return result_ok();
}

static void
write_hexadecimal(ByteBuffer *buffer, Bytes bytes)
{
	buffer_append_string(buffer, "'\\x");
	buffer_append_hexadecimal(buffer, bytes);
	buffer_append_character(buffer, '\'');
}

/* A value for people; lists, sets and maps as the typed JSON they are sent as. */
static void
write_value_text(ByteBuffer *buffer, const AttributeValue *value)
{
	JsonWriter json;

	switch (value->type)
	{
		case ATTRIBUTE_S:
			write_quoted(buffer, value->bytes, '\'');
			break;
		case ATTRIBUTE_N:
			buffer_append_bytes(buffer, value->bytes);
			break;
		case ATTRIBUTE_B:
			write_hexadecimal(buffer, value->bytes);
			break;
		case ATTRIBUTE_BOOL:
			buffer_append_string(buffer, value->boolean ? "true" : "false");
			break;
		case ATTRIBUTE_NULL:
			buffer_append_string(buffer, "null");
			break;
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
		case ATTRIBUTE_L:
		case ATTRIBUTE_M:
			json_writer_init(&json, buffer);
			json_attribute_value(&json, value);
			break;
	}
}

static CheckedResult
write_value(ConditionWriter *writer, const AttributeValue *value)
{
	uint32_t number;

	if (writer->attributes == NULL)
	{
		write_value_text(writer->buffer, value);
		return result_ok();
	}
	RETURN_IF_FAILED(place_value(writer->attributes, value, &number));
	writer->attributes->used_bytes += attribute_value_size(value);
	write_placeholder(writer->buffer, ':', number);
	/* The search for equal values is as long as the values are many: stop when there are too many.
	 */
	return check_expression(writer->buffer);
}

/*
 * How each kind of leaf is written: before, path, between, value, behind. The kinds that are not
 * here are written by functions of their own.
 */
typedef struct LeafForm
{
	const char *before;
	const char *between; /* behind the path */
	uint32_t values;     /* that follow, separated by " AND " */
	const char *behind;
	uint32_t operators; /* that it counts as */
} LeafForm;

static const LeafForm leaf_forms[] = {
    [CONDITION_EQUAL] = {"", " = ", 1, "", 1},
    [CONDITION_NOT_EQUAL] = {"", " <> ", 1, "", 1},
    [CONDITION_LESS] = {"", " < ", 1, "", 1},
    [CONDITION_LESS_OR_EQUAL] = {"", " <= ", 1, "", 1},
    [CONDITION_GREATER] = {"", " > ", 1, "", 1},
    [CONDITION_GREATER_OR_EQUAL] = {"", " >= ", 1, "", 1},
    [CONDITION_BETWEEN] = {"", " BETWEEN ", 2, "", 1},
    [CONDITION_BEGINS_WITH] = {"begins_with(", ", ", 1, ")", 1},
    [CONDITION_CONTAINS] = {"contains(", ", ", 1, ")", 1},
    [CONDITION_EXISTS] = {"attribute_exists(", "", 0, ")", 1},
    [CONDITION_NOT_EXISTS] = {"attribute_not_exists(", "", 0, ")", 1},
    [CONDITION_HAS_TYPE] = {"attribute_type(", ", ", 1, ")", 1},
    [CONDITION_SIZE_EQUAL] = {"size(", ") = ", 1, "", 2},
    [CONDITION_SIZE_AT_LEAST] = {"size(", ") >= ", 1, "", 2},
    [CONDITION_SIZE_AT_MOST] = {"size(", ") <= ", 1, "", 2},
};

static CheckedResult
write_leaf(ConditionWriter *writer, const Condition *condition, const AttributeValue *values,
           uint32_t count)
{
	const LeafForm *form = &leaf_forms[condition->kind];

	if (count < form->values)
		return result_failed(RESULT_INVALID_ARGUMENT, "condition lacks a value");
	buffer_append_string(writer->buffer, form->before);
	RETURN_IF_FAILED(write_path(writer, &condition->path));
	buffer_append_string(writer->buffer, form->between);
	for (uint32_t i = 0; i < form->values; i++)
	{
		if (i > 0)
			buffer_append_string(writer->buffer, " AND ");
		RETURN_IF_FAILED(write_value(writer, &values[i]));
	}
	buffer_append_string(writer->buffer, form->behind);
	return result_ok();
}

/* The type's name is a value to DynamoDB. It is made in the arena, where it outlives the request.
 */
static CheckedResult
write_type_test(ConditionWriter *writer, const Condition *condition)
{
	AttributeValue name =
	    attribute_string(bytes_of_string(attribute_type_name(condition->attribute_type)));
	AttributeValue *value = &name;

	if (writer->attributes != NULL)
	{
		value = arena_allocate(writer->attributes->arena, sizeof(*value));
		if (value == NULL)
			return arena_failure(writer->attributes->arena, sizeof(*value));
		*value = name;
	}
	return write_leaf(writer, condition, value, 1);
}

static CheckedResult
write_in_group(ConditionWriter *writer, const Condition *condition, uint32_t first, uint32_t count)
{
	RETURN_IF_FAILED(write_path(writer, &condition->path));
	buffer_append_string(writer->buffer, " IN (");
	for (uint32_t i = 0; i < count; i++)
	{
		if (i > 0)
			buffer_append_string(writer->buffer, ", ");
		RETURN_IF_FAILED(write_value(writer, &condition->values[first + i]));
	}
	buffer_append_character(writer->buffer, ')');
	return result_ok();
}

/* Values in one IN: as many as DynamoDB takes; for people, all. */
static uint32_t
in_group_size(const ConditionWriter *writer, const Condition *condition)
{
	return writer->attributes == NULL ? condition->value_count : EXPRESSION_IN_MAXIMUM;
}

static CheckedResult
write_in(ConditionWriter *writer, const Condition *condition)
{
	uint32_t group = in_group_size(writer, condition);

	if (condition->value_count == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "condition lacks a value");
	for (uint32_t first = 0; first < condition->value_count; first += group)
	{
		uint32_t left = condition->value_count - first;

		if (first > 0)
			buffer_append_string(writer->buffer, " OR ");
		RETURN_IF_FAILED(write_in_group(writer, condition, first, left < group ? left : group));
	}
	return result_ok();
}

/* An AND or OR of one condition is that condition. */
static const Condition *
without_single_parents(const Condition *condition)
{
	while ((condition->kind == CONDITION_AND || condition->kind == CONDITION_OR) &&
	       condition->child_count == 1)
		condition = condition->children[0];
	return condition;
}

static Binding
condition_binding(const ConditionWriter *writer, const Condition *condition)
{
	switch (condition->kind)
	{
		case CONDITION_OR:
			return BINDING_OR;
		case CONDITION_AND:
			return BINDING_AND;
		case CONDITION_NOT:
			return BINDING_NOT;
		case CONDITION_IN:
			return condition->value_count > in_group_size(writer, condition) ? BINDING_OR
			                                                                 : BINDING_LEAF;
		default:
			return BINDING_LEAF;
	}
}

static CheckedResult write_condition(ConditionWriter *writer, const Condition *condition,
                                     Binding required);

static CheckedResult
write_joined(ConditionWriter *writer, const Condition *condition, const char *operator,
             Binding binding)
{
	if (condition->child_count == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "condition lacks conditions to join");
	for (uint32_t i = 0; i < condition->child_count; i++)
	{
		if (i > 0)
			buffer_append_string(writer->buffer, operator);
		RETURN_IF_FAILED(write_condition(writer, condition->children[i], binding));
	}
	return result_ok();
}

static CheckedResult
write_not(ConditionWriter *writer, const Condition *condition)
{
	if (condition->child_count != 1)
		return result_failed(RESULT_INVALID_ARGUMENT, "NOT takes one condition");
	buffer_append_string(writer->buffer, "NOT ");
	return write_condition(writer, condition->children[0], BINDING_PARENTHESES);
}

static CheckedResult
write_form(ConditionWriter *writer, const Condition *condition)
{
	switch (condition->kind)
	{
		case CONDITION_AND:
			return write_joined(writer, condition, " AND ", BINDING_AND);
		case CONDITION_OR:
			return write_joined(writer, condition, " OR ", BINDING_OR);
		case CONDITION_NOT:
			return write_not(writer, condition);
		case CONDITION_IN:
			return write_in(writer, condition);
		case CONDITION_HAS_TYPE:
			return write_type_test(writer, condition);
		default:
			return write_leaf(writer, condition, condition->values, condition->value_count);
	}
}

/* DynamoDB refuses redundant parentheses, so there are none but where binding asks for them. */
static CheckedResult
write_condition(ConditionWriter *writer, const Condition *condition, Binding required)
{
	bool parenthesized;

	condition = without_single_parents(condition);
	parenthesized = condition_binding(writer, condition) < required;
	if (parenthesized)
		buffer_append_character(writer->buffer, '(');
	RETURN_IF_FAILED(write_form(writer, condition));
	if (parenthesized)
		buffer_append_character(writer->buffer, ')');
	return buffer_result(writer->buffer);
}

CheckedResult
expression_write_condition(ExpressionAttributes *attributes, ByteBuffer *expression,
                           const Condition *condition)
{
	ConditionWriter writer = {attributes, expression};

	if (condition_operator_count(condition) > EXPRESSION_OPERATORS_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "expression has more than 300 operators");
	RETURN_IF_FAILED(write_condition(&writer, condition, BINDING_OR));
	return check_expression(expression);
}

CheckedResult
expression_write_path(ExpressionAttributes *attributes, ByteBuffer *expression,
                      const AttributePath *path)
{
	ConditionWriter writer = {attributes, expression};

	RETURN_IF_FAILED(write_path(&writer, path));
	return check_expression(expression);
}

CheckedResult
expression_write_projection(ExpressionAttributes *attributes, ByteBuffer *expression,
                            const AttributePath *paths, size_t count)
{
	ConditionWriter writer = {attributes, expression};

	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			buffer_append_string(expression, ", ");
		RETURN_IF_FAILED(write_path(&writer, &paths[i]));
	}
	return check_expression(expression);
}

CheckedResult
expression_write_value(ExpressionAttributes *attributes, ByteBuffer *expression,
                       const AttributeValue *value)
{
	ConditionWriter writer = {attributes, expression};

	RETURN_IF_FAILED(write_value(&writer, value));
	return check_expression(expression);
}

/* The member's name of a placeholder: "#0". */
static void
write_placeholder_name(JsonWriter *writer, char mark, uint32_t number)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%c%u", mark, (unsigned) number);

	json_name(writer, (Bytes){text, (size_t) length});
}

void
expression_attributes_write(const ExpressionAttributes *attributes, JsonWriter *writer)
{
	if (attributes->name_count > 0)
	{
		json_name(writer, BYTES_LITERAL("ExpressionAttributeNames"));
		json_begin_object(writer);
		for (uint32_t i = 0; i < attributes->name_count; i++)
		{
			write_placeholder_name(writer, '#', i);
			json_string(writer, attributes->names[i]);
		}
		json_end_object(writer);
	}
	if (attributes->value_count > 0)
	{
		json_name(writer, BYTES_LITERAL("ExpressionAttributeValues"));
		json_begin_object(writer);
		for (uint32_t i = 0; i < attributes->value_count; i++)
		{
			write_placeholder_name(writer, ':', i);
			json_attribute_value(writer, attributes->values[i]);
		}
		json_end_object(writer);
	}
}

size_t
expression_attributes_size(const ExpressionAttributes *attributes)
{
	return attributes->used_bytes;
}

static bool
leaves_equal(const Condition *a, const Condition *b)
{
	if (a->value_count != b->value_count || a->attribute_type != b->attribute_type ||
	    !attribute_path_equal(&a->path, &b->path))
		return false;
	for (uint32_t i = 0; i < a->value_count; i++)
	{
		if (!attribute_value_equal(&a->values[i], &b->values[i]))
			return false;
	}
	return true;
}

bool
condition_equal(const Condition *a, const Condition *b)
{
	if (a->kind != b->kind || a->child_count != b->child_count || !leaves_equal(a, b))
		return false;
	for (uint32_t i = 0; i < a->child_count; i++)
	{
		if (!condition_equal(a->children[i], b->children[i]))
			return false;
	}
	return true;
}

/* The operators of all children and of what stands between them. */
static uint32_t
joined_operator_count(const Condition *condition)
{
	uint32_t count = condition->child_count == 0 ? 0 : condition->child_count - 1;

	for (uint32_t i = 0; i < condition->child_count; i++)
		count += condition_operator_count(condition->children[i]);
	return count;
}

uint32_t
condition_operator_count(const Condition *condition)
{
	switch (condition->kind)
	{
		case CONDITION_AND:
		case CONDITION_OR:
			return joined_operator_count(condition);
		case CONDITION_NOT:
			return 1 + joined_operator_count(condition);
		case CONDITION_IN:
			/* an IN for each group, and an OR between every two of them */
			return (condition->value_count + EXPRESSION_IN_MAXIMUM - 1) / EXPRESSION_IN_MAXIMUM *
			           2 -
			       (condition->value_count > 0 ? 1 : 0);
		default:
			return leaf_forms[condition->kind].operators;
	}
}

void
condition_write_text(ByteBuffer *buffer, const Condition *condition)
{
	ConditionWriter writer = {NULL, buffer};
	CheckedResult result = write_condition(&writer, condition, BINDING_OR);

	if (!result_is_ok(result))
		buffer_fail(buffer, result);
}
