/*
 * condition.h
 *		Conditions that DynamoDB evaluates, as a tree, and the expressions they are written as.
 */
#ifndef ITEM_CONDITION_H
#define ITEM_CONDITION_H

#include "foundation/buffer.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"
#include "item/json_writer.h"

typedef enum ConditionKind
{
	CONDITION_EQUAL,            /* path = values[0] */
	CONDITION_NOT_EQUAL,        /* path <> values[0] */
	CONDITION_LESS,             /* path < values[0] */
	CONDITION_LESS_OR_EQUAL,    /* path <= values[0] */
	CONDITION_GREATER,          /* path > values[0] */
	CONDITION_GREATER_OR_EQUAL, /* path >= values[0] */
	CONDITION_BETWEEN,          /* path BETWEEN values[0] AND values[1] */
	CONDITION_IN,               /* path IN (values…), split into groups of 100 as written */
	CONDITION_BEGINS_WITH,      /* begins_with(path, values[0]) */
	CONDITION_CONTAINS,         /* contains(path, values[0]) */
	CONDITION_EXISTS,           /* attribute_exists(path) */
	CONDITION_NOT_EXISTS,       /* attribute_not_exists(path) */
	CONDITION_HAS_TYPE,         /* attribute_type(path, attribute_type) */
	CONDITION_SIZE_EQUAL,       /* size(path) = values[0] */
	CONDITION_SIZE_AT_LEAST,    /* size(path) >= values[0] */
	CONDITION_SIZE_AT_MOST,     /* size(path) <= values[0] */
	CONDITION_AND,              /* all of children */
	CONDITION_OR,               /* any of children */
	CONDITION_NOT               /* not children[0] */
} ConditionKind;

typedef struct Condition Condition;

struct Condition
{
	ConditionKind kind;
	AttributePath path; /* of the leaves */
	AttributeValue *values;
	uint32_t value_count;
	AttributeType attribute_type; /* of CONDITION_HAS_TYPE */
	Condition **children;         /* of AND, OR, NOT */
	uint32_t child_count;
};

/* DynamoDB's limits on one expression. */
#define EXPRESSION_BYTES_MAXIMUM     4096
#define EXPRESSION_OPERATORS_MAXIMUM 300
#define EXPRESSION_IN_MAXIMUM        100

/*
 * The names and values that one request's expressions use, each behind a placeholder (#0, :0) so
 * that reserved words and data never meet the grammar. Only what an expression uses is ever in it.
 */
typedef struct ExpressionAttributes ExpressionAttributes;

/* An empty one in `arena`; NULL when the arena is exhausted. */
extern ExpressionAttributes *expression_attributes_create(Arena *arena) MUST_CHECK;

/*
 * Writes a condition, path or list of paths into `expression`, taking placeholders for its names
 * and values, which are borrowed. The same name or value gets the same placeholder.
 * RESULT_TOO_LARGE when the expression passes DynamoDB's limits.
 */
extern CheckedResult expression_write_condition(ExpressionAttributes *attributes,
                                                ByteBuffer *expression,
                                                const Condition *condition) MUST_CHECK;
extern CheckedResult expression_write_path(ExpressionAttributes *attributes, ByteBuffer *expression,
                                           const AttributePath *path) MUST_CHECK;
extern CheckedResult expression_write_projection(ExpressionAttributes *attributes,
                                                 ByteBuffer *expression, const AttributePath *paths,
                                                 size_t count) MUST_CHECK;
extern CheckedResult expression_write_value(ExpressionAttributes *attributes,
                                            ByteBuffer *expression,
                                            const AttributeValue *value) MUST_CHECK;

/* The members ExpressionAttributeNames and ExpressionAttributeValues, each only if it is not empty.
 */
extern void expression_attributes_write(const ExpressionAttributes *attributes, JsonWriter *writer);

/*
 * The bytes of the names and values as transactions count them: as they are stored, each as often
 * as an expression uses it.
 */
extern size_t expression_attributes_size(const ExpressionAttributes *attributes);

/* True when both are the same tree over equal values: they are then true of the same items. */
extern bool condition_equal(const Condition *a, const Condition *b);

/* How many operators and functions the condition counts as, by DynamoDB's limit of 300. */
extern uint32_t condition_operator_count(const Condition *condition);

/*
 * The condition for people, with names and values in place of placeholders: Name = 'x' AND
 * begins_with(Firstname, 'a'). Binary values as hexadecimal. Not an input to anything.
 */
extern void condition_write_text(ByteBuffer *buffer, const Condition *condition);

#endif
