/*
 * template.h
 *		Conditions whose values are not known yet: a tree of nodes that PostgreSQL can copy.
 *
 *	template := ( kind children… )                              kind: TEMPLATE_AND, TEMPLATE_OR
 *	          | ( kind column comparison value_type value is_part members member_type )
 *	                                                           all others, the leaves
 *
 * A template is a List. `kind`, `column`, `comparison`, `value_type`, `is_part` and `member_type`
 * are Integers: a TemplateKind, a column's number, a ConditionKind, a type's oid, a bool and a
 * type's oid; `members` is a List of Strings and Integers. `value` is an expression while the query
 * is planned and, in a finished plan, the Integer position of that expression in fdw_exprs; it is a
 * NULL pointer in the leaves without a value.
 *
 * There is no NOT: a template that an item does not satisfy says nothing about the negated one,
 * because a missing attribute satisfies neither. Every item for which the SQL condition is true
 * satisfies its template; others may, and are found out when the condition is checked again.
 */
#ifndef POSTGRES_CONDITIONS_TEMPLATE_H
#define POSTGRES_CONDITIONS_TEMPLATE_H

#include "postgres.h"

#include "access/attnum.h"
#include "nodes/pg_list.h"

#include "postgres/compat.h"

#include "item/condition.h"

typedef enum TemplateKind
{
	TEMPLATE_COMPARE,      /* column <comparison> value */
	TEMPLATE_ANY,          /* column = any element of value, an array */
	TEMPLATE_NOT_ANY,      /* column <> every element of value, an array */
	TEMPLATE_LIKE,         /* column LIKE value, a pattern */
	TEMPLATE_STARTS_WITH,  /* column begins with value */
	TEMPLATE_CONTAINS,     /* column, a string or a set, contains value */
	TEMPLATE_CONTAINS_ALL, /* column, a set, contains every element of value, an array */
	TEMPLATE_CONTAINS_ANY, /* column, a set, contains any element of value, an array */
	TEMPLATE_CONTAINED,    /* column, a set, contains no others than elements of value, an array */
	TEMPLATE_CHARACTERS,   /* the characters of column, a text, number <comparison> value … */
	TEMPLATE_OCTETS,       /* … its bytes do … */
	TEMPLATE_SIZE,         /* … the bytes of column, or the elements of its set, do */
	TEMPLATE_ELEMENTS,     /* … the elements of the array that column's place is, do */
	TEMPLATE_HAS_MEMBER,   /* the member's document has it, whatever its value */
	TEMPLATE_HAS_ELEMENT,  /* column's place is an array with value, a scalar of jsonb … */
	TEMPLATE_IS_OR_HAS,    /* … or it is that value */
	TEMPLATE_IS_NULL,      /* the attribute is missing or NULL */
	TEMPLATE_IS_NOT_NULL,  /* it is neither */
	TEMPLATE_AND,
	TEMPLATE_OR
} TemplateKind;

/* A leaf, taken apart. */
typedef struct TemplateLeaf
{
	TemplateKind kind;
	AttrNumber column;
	ConditionKind comparison; /* of TEMPLATE_COMPARE and of sizes */
	Oid value_type;           /* the value's base type; where it is an array, its elements' */
	Node *value;
	bool is_part;    /* the condition says more than the leaf */
	List *members;   /* Strings and Integers: about that member of the column, a document, or … */
	Oid member_type; /* … all of it, taken as this type; InvalidOid: about the column itself */
} TemplateLeaf;

extern List *template_of_leaf(const TemplateLeaf *leaf);

/* All, or any, of the templates; the template itself when it is the only one, NIL for none. */
extern List *template_of_children(TemplateKind kind, List *children);

extern TemplateKind template_kind(const List *template);
extern bool template_is_leaf(const List *template);

/* A leaf's parts; its value is borrowed from the template. */
extern TemplateLeaf template_leaf(const List *template);

/* The templates below an AND or OR, as a new List. */
extern List *template_children(const List *template);

/* The conjuncts: the children of an AND, and of each AND among them, else the template itself; NIL
 * for NIL. */
extern List *template_conjuncts(List *template);

/* The top-level disjuncts: the children of an OR, else the template itself. */
extern List *template_alternatives(List *template);

/* True when `matches` is true for one of the template's leaves. */
typedef bool (*LeafMatch)(const TemplateLeaf *leaf, const void *context);
extern bool template_mentions(const List *template, LeafMatch matches, const void *context);

/* A copy in which each value, in order, is what `replace` gives for it. */
typedef Node *(*ValueReplacement)(Node *value, void *context);
extern List *template_replace_values(const List *template, ValueReplacement replace, void *context);

/*
 * A copy in which each value is its position in *expressions, to which the values are appended: the
 * form that a finished plan carries.
 */
extern List *template_number_values(const List *template, List **expressions);

#endif
