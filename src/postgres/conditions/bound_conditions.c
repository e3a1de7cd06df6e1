/*
 * bound_conditions.c
 *		Conditions on columns, of which filters and the conditions of writes are made.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "postgres/compat.h"

#include "postgres/conditions/bound_conditions.h"
#include "postgres/memory.h"
#include "postgres/report.h"

/*
 * A condition is tried out with placeholders of its own, before the request numbers them all, so it
 * is held this many bytes below DynamoDB's limit on an expression.
 */
#define CONDITION_BYTES_MAXIMUM (EXPRESSION_BYTES_MAXIMUM - 512)

/* Bytes of the values of a condition: half of DynamoDB's 2 MB for all of an expression's. */
#define CONDITION_VALUES_MAXIMUM ((Size) 1024 * 1024)

/* Memory for trying out one condition. */
#define TRIAL_MAXIMUM ((Size) 8 * 1024 * 1024)

Condition *
make_column_condition(ConditionKind kind, const ForeignColumn *column)
{
	Condition *condition = palloc0(sizeof(*condition));

	condition->kind = kind;
	condition->path = column->path;
	return condition;
}

Condition *
make_junction(ConditionKind kind, Condition **children, uint32 count)
{
	Condition *condition = palloc0(sizeof(*condition));

	condition->kind = kind;
	condition->children = palloc(sizeof(Condition *) * count);
	memcpy(condition->children, children, sizeof(Condition *) * count);
	condition->child_count = count;
	return condition;
}

Condition *
make_has_type(const ForeignColumn *column, AttributeType type)
{
	Condition *condition = make_column_condition(CONDITION_HAS_TYPE, column);

	condition->attribute_type = type;
	return condition;
}

Condition *
make_not(Condition *condition)
{
	return make_junction(CONDITION_NOT, &condition, 1);
}

Condition *
make_is_null(const ForeignColumn *column)
{
	Condition *children[] = {make_column_condition(CONDITION_NOT_EXISTS, column),
	                         make_has_type(column, ATTRIBUTE_NULL)};

	return make_junction(CONDITION_OR, children, lengthof(children));
}

Condition *
make_is_not_null(const ForeignColumn *column)
{
	Condition *children[] = {make_column_condition(CONDITION_EXISTS, column),
	                         make_not(make_has_type(column, ATTRIBUTE_NULL))};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

Condition *
make_type_guard(const ForeignColumn *column, AttributeType written)
{
	Condition *children[] = {make_column_condition(CONDITION_EXISTS, column),
	                         make_not(make_has_type(column, written)),
	                         make_not(make_has_type(column, ATTRIBUTE_NULL))};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

AttributeType
judged_type(const ForeignColumn *column)
{
	ColumnConversion *element = column_conversion_element(column->conversion);
	AttributeType written;

	if (element != NULL)
		return column_conversion_set_type(element);
	if (!column_conversion_written_type(column->conversion, &written))
		elog(ERROR, "column \"%s\" has no one attribute type to compare with", column->name);
	return written;
}

static Condition *
make_column_comparison(const ForeignColumn *column, ConditionKind kind, AttributeValue *values,
                       uint32 count)
{
	Condition *condition = make_column_condition(kind, column);

	condition->values = values;
	condition->value_count = count;
	return condition;
}

/* contains() of all values, or of any. */
static Condition *
make_containment(const ForeignColumn *column, ConditionKind junction, const Demand *demand)
{
	Condition **children = palloc(sizeof(Condition *) * demand->value_count);

	for (uint32 i = 0; i < demand->value_count; i++)
		children[i] = make_column_comparison(column, CONDITION_CONTAINS, &demand->values[i], 1);
	return demand->value_count == 1 ? children[0]
	                                : make_junction(junction, children, demand->value_count);
}

/* size() between two values. */
static Condition *
make_size_between(const ForeignColumn *column, AttributeValue *values)
{
	Condition *children[] = {make_column_comparison(column, CONDITION_SIZE_AT_LEAST, &values[0], 1),
	                         make_column_comparison(column, CONDITION_SIZE_AT_MOST, &values[1], 1)};

	return make_junction(CONDITION_AND, children, lengthof(children));
}

Condition *
make_demanded(const ForeignColumn *column, const Demand *demand)
{
	switch (demand->comparison)
	{
		case CONDITION_CONTAINS:
			return make_containment(column, CONDITION_AND, demand);
		case CONDITION_OR:
			return make_containment(column, CONDITION_OR, demand);
		case CONDITION_AND:
			return make_size_between(column, demand->values);
		case CONDITION_NOT:
			return make_not(
			    make_column_comparison(column, CONDITION_IN, demand->values, demand->value_count));
		default:
			return make_column_comparison(column, demand->comparison, demand->values,
			                              demand->value_count);
	}
}

static Size
condition_values_size(const Condition *condition)
{
	Size size = 0;

	for (uint32 i = 0; i < condition->value_count; i++)
	{
		if (condition->values[i].type != ATTRIBUTE_BOOL)
			size += condition->values[i].bytes.length;
	}
	for (uint32 i = 0; i < condition->child_count; i++)
		size += condition_values_size(condition->children[i]);
	return size;
}

bool
condition_fits_expression(const Condition *condition)
{
	MemoryContext trial =
	    AllocSetContextCreate(CurrentMemoryContext, "condition expression", ALLOCSET_DEFAULT_SIZES);
	Arena *arena = memory_context_arena(trial, ARENA_PLAIN, TRIAL_MAXIMUM);
	ByteBuffer *expression = memory_context_buffer(trial, ARENA_PLAIN, CONDITION_BYTES_MAXIMUM);
	ExpressionAttributes *attributes = expression_attributes_create(arena);
	CheckedResult result = attributes == NULL
	                           ? result_out_of_memory()
	                           : expression_write_condition(attributes, expression, condition);

	if (result_is_ok(result))
		result = buffer_result(expression);
	MemoryContextDelete(trial);
	if (!result_is_ok(result) && result.code != RESULT_TOO_LARGE)
		report_result(result, "could not write condition");
	return result_is_ok(result) &&
	       condition_operator_count(condition) <= EXPRESSION_OPERATORS_MAXIMUM &&
	       condition_values_size(condition) <= CONDITION_VALUES_MAXIMUM;
}
