/*
 * index_choice.h
 *		Whether an index can answer for the table.
 */
#ifndef POSTGRES_PLANNING_INDEX_CHOICE_H
#define POSTGRES_PLANNING_INDEX_CHOICE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/planning/planning.h"

/* True when the index can be read now and holds every attribute that the query needs. */
extern bool index_is_usable(const RelationPlanning *planning, const IndexDescription *index);

/* True when the index can be read now, for the keys that it finds, whatever else it holds. */
extern bool index_gives_keys(const RelationPlanning *planning, const IndexDescription *index);

/* True when the index holds every attribute that the template speaks of. */
extern bool index_holds_template(const RelationPlanning *planning, const IndexDescription *index,
                                 const List *template);

/*
 * True when the index holds every item for which the conditions, PlannedConditions, are true. An
 * index leaves out the items that lack one of its key attributes. So it can stand for the table
 * only where the conditions are true of no such item, or the user says that there is none.
 */
extern bool index_holds_items(const ForeignRelation *relation, const IndexDescription *index,
                              List *conditions);

/*
 * The index that the option index_name asks for; NULL when it asks for none. Errors: HV00R when
 * there is none of that name, 55000 while it is built, 0A000 when it cannot be read consistently or
 * does not hold a column that the query needs.
 */
extern const IndexDescription *index_chosen_by_option(const RelationPlanning *planning);

#endif
