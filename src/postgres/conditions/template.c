/*
 * template.c
 *		Making templates of conditions and taking them apart; see template.h for their grammar.
 */
#include "postgres.h"

#include "nodes/value.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"

/* Positions in the List of a leaf. */
enum LeafMember
{
	LEAF_KIND,
	LEAF_COLUMN,
	LEAF_COMPARISON,
	LEAF_VALUE_TYPE,
	LEAF_VALUE,
	LEAF_IS_PART,
	LEAF_MEMBERS,
	LEAF_MEMBER_TYPE
};

List *
template_of_leaf(const TemplateLeaf *leaf)
{
	List *list =
	    list_make5(makeInteger(leaf->kind), makeInteger(leaf->column),
	               makeInteger(leaf->comparison), makeInteger((int) leaf->value_type), leaf->value);

	list = lappend(list, makeInteger(leaf->is_part));
	list = lappend(list, leaf->members);
	return lappend(list, makeInteger((int) leaf->member_type));
}

List *
template_of_children(TemplateKind kind, List *children)
{
	if (children == NIL)
		return NIL;
	if (list_length(children) == 1)
		return linitial(children);
	return lcons(makeInteger(kind), list_copy(children));
}

TemplateKind
template_kind(const List *template)
{
	return (TemplateKind) intVal(linitial(template));
}

bool
template_is_leaf(const List *template)
{
	TemplateKind kind = template_kind(template);

	return kind != TEMPLATE_AND && kind != TEMPLATE_OR;
}

TemplateLeaf
template_leaf(const List *template)
{
	Assert(template_is_leaf(template));
	return (TemplateLeaf){
	    .kind = template_kind(template),
	    .column = (AttrNumber) intVal(list_nth(template, LEAF_COLUMN)),
	    .comparison = (ConditionKind) intVal(list_nth(template, LEAF_COMPARISON)),
	    .value_type = (Oid) intVal(list_nth(template, LEAF_VALUE_TYPE)),
	    .value = list_nth(template, LEAF_VALUE),
	    .is_part = intVal(list_nth(template, LEAF_IS_PART)) != 0,
	    .members = list_nth(template, LEAF_MEMBERS),
	    .member_type = (Oid) intVal(list_nth(template, LEAF_MEMBER_TYPE)),
	};
}

List *
template_children(const List *template)
{
	Assert(!template_is_leaf(template));
	return list_copy_tail(template, 1);
}

List *
template_conjuncts(List *template)
{
	List *conjuncts = NIL;
	ListCell *cell;

	if (template == NIL)
		return NIL;
	if (template_kind(template) != TEMPLATE_AND)
		return list_make1(template);
	foreach (cell, template_children(template))
		conjuncts = list_concat(conjuncts, template_conjuncts(lfirst(cell)));
	return conjuncts;
}

List *
template_alternatives(List *template)
{
	if (template_kind(template) == TEMPLATE_OR)
		return template_children(template);
	return list_make1(template);
}

bool
template_mentions(const List *template, LeafMatch matches, const void *context)
{
	TemplateLeaf leaf;
	ListCell *cell;

	if (template_is_leaf(template))
	{
		leaf = template_leaf(template);
		return matches(&leaf, context);
	}
	foreach (cell, template_children(template))
	{
		if (template_mentions(lfirst(cell), matches, context))
			return true;
	}
	return false;
}

List *
template_replace_values(const List *template, ValueReplacement replace, void *context)
{
	List *replaced = NIL;
	ListCell *cell;

	if (template == NIL)
		return NIL;
	if (template_is_leaf(template))
	{
		TemplateLeaf leaf = template_leaf(template);

		if (leaf.value != NULL)
			leaf.value = replace(leaf.value, context);
		return template_of_leaf(&leaf);
	}
	foreach (cell, template_children(template))
		replaced = lappend(replaced, template_replace_values(lfirst(cell), replace, context));
	return template_of_children(template_kind(template), replaced);
}

static Node *
number_value(Node *value, void *context)
{
	List **expressions = context;

	*expressions = lappend(*expressions, value);
	return (Node *) makeInteger(list_length(*expressions) - 1);
}

List *
template_number_values(const List *template, List **expressions)
{
	return template_replace_values(template, number_value, expressions);
}
