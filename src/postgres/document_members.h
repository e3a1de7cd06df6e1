/*
 * document_members.h
 *		Members of jsonb documents, as far as DynamoDB can be asked about them as about columns.
 *
 * `document ->> 'a'` is the text of the attribute that the document's path leads to with one step
 * more. So a condition on it is sent as one on a column of that path would be; its values may be of
 * any type, and those that are no strings pass the filter and are judged here.
 */
#ifndef POSTGRES_DOCUMENT_MEMBERS_H
#define POSTGRES_DOCUMENT_MEMBERS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions.h"

/*
 * A column made for the member that the operand is, in CurrentMemoryContext: `column ->> 'name'`,
 * with any number of `-> 'name'` before, perhaps cast to a number or a boolean. NULL for everything
 * else, and where an attribute of that path would not say what the member is.
 */
extern const ForeignColumn *document_member(const ConditionScope *scope, Expr *operand);

/* The column that a leaf is about: the relation's, or one made for a member. */
extern const ForeignColumn *template_leaf_column(const ForeignRelation *relation,
                                                 const TemplateLeaf *leaf);

#endif
