/*
 * document_filters.h
 *		What a filter asks of places in documents.
 *
 * jsonb shows as arrays both lists and sets, and as strings what base64 makes of binary values; so
 * each of these is asked for. Everything is allocated in CurrentMemoryContext, values are borrowed.
 */
#ifndef POSTGRES_CONDITIONS_DOCUMENT_FILTERS_H
#define POSTGRES_CONDITIONS_DOCUMENT_FILTERS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"

/*
 * The place is a list or a set that has the scalar; with TEMPLATE_IS_OR_HAS it may be the scalar
 * itself. True of strings that contain it, too.
 */
extern Condition *make_has_element(TemplateKind kind, const ForeignColumn *place,
                                   AttributeValue *scalar);

/* True of lists and sets of the size, and of whatever else is there, which has none in SQL. */
extern Condition *make_array_sized(const ForeignColumn *place, Condition *size);

/*
 * The leaf's condition, or what makes it say nothing about the leaf's place: no list on the way
 * where there are places of elements, or a document that its column does not take.
 */
extern Condition *make_placed(const ForeignRelation *relation, const TemplateLeaf *leaf,
                              Condition *condition);

#endif
