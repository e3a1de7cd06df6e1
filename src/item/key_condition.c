/*
 * key_condition.c
 *		Deciding key conditions without the service.
 */
#include "item/key_condition.h"

#include <string.h>

#include "item/number.h"

int
key_value_compare(const AttributeValue *a, const AttributeValue *b)
{
	return a->type == ATTRIBUTE_N ? number_compare(a->bytes, b->bytes)
	                              : bytes_compare(a->bytes, b->bytes);
}

static bool
is_key_value(const AttributeValue *value)
{
	return value->type == ATTRIBUTE_S || value->type == ATTRIBUTE_N || value->type == ATTRIBUTE_B;
}

static bool
begins_with(const AttributeValue *value, const AttributeValue *prefix)
{
	return value->type != ATTRIBUTE_N && value->bytes.length >= prefix->bytes.length &&
	       memcmp(value->bytes.data, prefix->bytes.data, prefix->bytes.length) == 0;
}

static bool
comparison_holds(const Condition *condition, const AttributeValue *value)
{
	const AttributeValue *operands = condition->values;
	int order = key_value_compare(value, &operands[0]);

	switch (condition->kind)
	{
		case CONDITION_EQUAL:
			return order == 0;
		case CONDITION_LESS:
			return order < 0;
		case CONDITION_LESS_OR_EQUAL:
			return order <= 0;
		case CONDITION_GREATER:
			return order > 0;
		case CONDITION_GREATER_OR_EQUAL:
			return order >= 0;
		case CONDITION_BETWEEN:
			return order >= 0 && key_value_compare(value, &operands[1]) <= 0;
		case CONDITION_BEGINS_WITH:
			return begins_with(value, &operands[0]);
		default:
			return false;
	}
}

static bool
leaf_holds(const Condition *condition, const DynamodbItem *item)
{
	const AttributeValue *value = attribute_path_find(&condition->path, item);

	if (value == NULL || !is_key_value(value) || condition->value_count == 0)
		return false;
	for (uint32_t i = 0; i < condition->value_count; i++)
	{
		if (condition->values[i].type != value->type)
			return false;
	}
	return comparison_holds(condition, value);
}

bool
key_condition_holds(const Condition *condition, const DynamodbItem *item)
{
	if (condition->kind != CONDITION_AND)
		return leaf_holds(condition, item);
	for (uint32_t i = 0; i < condition->child_count; i++)
	{
		if (!key_condition_holds(condition->children[i], item))
			return false;
	}
	return true;
}
