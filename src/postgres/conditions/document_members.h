/*
 * document_members.h
 *		Members of jsonb documents, as far as DynamoDB can be asked about them as about columns.
 *
 * `document ->> 'a'` is the text of the attribute that the document's path leads to with one step
 * more. So a condition on it is sent as one on a column of that path would be; its values may be of
 * any type, and those that are no strings pass the filter and are judged here.
 */
#ifndef POSTGRES_CONDITIONS_DOCUMENT_MEMBERS_H
#define POSTGRES_CONDITIONS_DOCUMENT_MEMBERS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/condition_scope.h"
#include "postgres/conditions/template.h"

/*
 * A column made for the member that the operand is, in CurrentMemoryContext: `column ->> 'name'`,
 * with any number of `-> 'name'` before, perhaps cast to a number or a boolean; also by the places
 * of elements, and with `#>>` and `#>`. NULL for everything else, and where an attribute of that
 * path would not say what the member is.
 */
extern const ForeignColumn *document_member(const ConditionScope *scope, Expr *operand);

/*
 * The document that the operand is, or of which it is a member, and that member's steps, Strings
 * and Integers, none for the document itself; false for everything else.
 */
extern bool document_place(const ConditionScope *scope, Expr *operand,
                           const ForeignColumn **document, List **members);

/* False for all of an item, which no attribute is. */
extern bool place_is_attribute(const ForeignColumn *document, List *members);

/* A leaf about that place, whatever its type; kind and value are still to be set. */
extern TemplateLeaf leaf_about_place(const ForeignColumn *document, List *members);

/*
 * The member of a document, or without members all of it, as a column of the type that takes and
 * writes whatever the type does, in CurrentMemoryContext.
 */
extern const ForeignColumn *document_member_of(const ForeignColumn *document, List *members,
                                               Oid type);

/*
 * False for what another column takes out of the item, so that the document has no such member, and
 * for what lies too deep to be asked about.
 */
extern bool document_has_member(const ForeignRelation *relation, const ForeignColumn *document,
                                List *members);

/* The column that a leaf is about: the relation's, or one made for a place in a document. */
extern const ForeignColumn *template_leaf_column(const ForeignRelation *relation,
                                                 const TemplateLeaf *leaf);

#endif
