/*
 * value_stack.c
 *		The growth of a stack of values.
 */
#include "item/value_stack.h"

#include <string.h>

bool
value_stack_init(ValueStack *stack, Arena *arena)
{
	*stack = (ValueStack){.arena = arena, .capacity = VALUE_STACK_FIRST_CAPACITY};
	stack->memory = arena_allocate(arena, stack->capacity);
	return stack->memory != NULL;
}

bool
value_stack_grow(ValueStack *stack)
{
	size_t capacity = value_stack_next_capacity(stack);
	char *moved = arena_allocate(stack->arena, capacity);

	if (moved == NULL)
		return false;
	memcpy(moved, stack->memory, stack->used);
	stack->memory = moved;
	stack->capacity = capacity;
	return true;
}
