/*
 * json_questions.h
 *		Items, paths, conditions and changes in the questions of tests/programs.
 *
 * An item is its typed JSON, or a string of that where it is deeper than a question may be. A
 * condition is {"all": [condition…]}, {"any": [condition…]}, or {"kind": number of ConditionKind,
 * "path": text, "values": [value…]}. A change is {"path": text, "value": value}, without value to
 * remove. A question that is none ends the program.
 */
#ifndef UNIT_JSON_QUESTIONS_H
#define UNIT_JSON_QUESTIONS_H

#include "aws/description.h"
#include "item/attribute_change.h"

extern void question_require(bool condition);

/* Zeroed memory of at least one byte. */
extern void *question_allocate(Arena *arena, size_t count, size_t size);

/* The member as true; false when there is none. */
extern bool question_is_true(json_object *question, const char *name);

/* Elements of an array, which may be NULL. */
extern size_t question_count(json_object *array);

extern DynamodbItem question_item(json_object *item, Arena *arena);
extern DynamodbItem *question_items(json_object *array, Arena *arena);
extern AttributeValue question_value(json_object *value, Arena *arena);
extern AttributePath question_path(json_object *text, Arena *arena);
extern AttributePath *question_paths(json_object *array, Arena *arena);
extern Condition *question_condition(json_object *object, Arena *arena);
extern AttributeChange *question_changes(json_object *array, Arena *arena);

#endif
