/*
 * value_stack.h
 *		Attributes and values of containers whose number of elements is not known yet.
 */
#ifndef ITEM_VALUE_STACK_H
#define ITEM_VALUE_STACK_H

#include "foundation/arena.h"
#include "item/attribute_value.h"

/* Attributes and AttributeValues, mixed, without gaps. Growing moves them. */
typedef struct ValueStack
{
	Arena *arena;
	char *memory;
	size_t used;     /* bytes */
	size_t capacity; /* bytes */
} ValueStack;

#define VALUE_STACK_FIRST_CAPACITY ((size_t) 2 * 1024)

_Static_assert(offsetof(Attribute, value) + sizeof(AttributeValue) == sizeof(Attribute),
               "an attribute's value is its last member, without padding behind it");
_Static_assert(VALUE_STACK_FIRST_CAPACITY >= sizeof(Attribute),
               "a stack of twice the capacity has room for one more of either kind");

/* False when the arena is exhausted. */
extern bool value_stack_init(ValueStack *stack, Arena *arena) MUST_CHECK;

/* Moves the contents to twice the memory; false when the arena is exhausted. */
extern bool value_stack_grow(ValueStack *stack) MUST_CHECK;

/* The bytes that growing would ask for. */
static inline size_t
value_stack_next_capacity(const ValueStack *stack)
{
	return stack->capacity * 2;
}

/* The topmost value. An attribute's value is its last member, so it can be that of an attribute. */
static inline AttributeValue *
value_stack_top(const ValueStack *stack)
{
	return (AttributeValue *) (void *) (stack->memory + stack->used) - 1;
}

/* A new attribute on top, uninitialised; NULL when the arena is exhausted. */
static inline Attribute *
value_stack_push_attribute(ValueStack *stack)
{
	if (stack->capacity - stack->used < sizeof(Attribute) && !value_stack_grow(stack))
		return NULL;
	stack->used += sizeof(Attribute);
	return (Attribute *) (void *) (stack->memory + stack->used) - 1;
}

/* A new value on top, uninitialised; NULL when the arena is exhausted. */
static inline AttributeValue *
value_stack_push_value(ValueStack *stack)
{
	if (stack->capacity - stack->used < sizeof(AttributeValue) && !value_stack_grow(stack))
		return NULL;
	stack->used += sizeof(AttributeValue);
	return value_stack_top(stack);
}

#endif
