/*
 * key_condition.h
 *		Key conditions of Query, decided here.
 */
#ifndef ITEM_KEY_CONDITION_H
#define ITEM_KEY_CONDITION_H

#include "item/attribute_value.h"
#include "item/condition.h"

/*
 * True when the item satisfies the condition, as DynamoDB decides it: a comparison, BETWEEN or
 * begins_with of S, N or B, or several joined by AND. False for a missing attribute, for one of
 * another type, and for conditions of other kinds, which no Query has on its keys.
 */
extern bool key_condition_holds(const Condition *condition, const DynamodbItem *item);

/* Orders two key values of one type, S, N or B, as DynamoDB does. */
extern int key_value_compare(const AttributeValue *a, const AttributeValue *b);

#endif
