/*
 * attribute_names.h
 *		Names of attributes as they are decoded: their slots, and that none comes twice.
 *
 * Most items of a page name the same attributes in the same order. The order of the last item whose
 * names were looked up is kept; as long as an item's names follow it, leaving some out, their slots
 * are known without a search and they are known to be different. Everything else is hashed.
 */
#ifndef ITEM_ATTRIBUTE_NAMES_H
#define ITEM_ATTRIBUTE_NAMES_H

#include "foundation/arena.h"
#include "item/attribute_value.h"
#include "item/page_decoder.h"

typedef struct KnownName
{
	Bytes name;
	int32_t slot;
} KnownName;

typedef struct NameSetEntry NameSetEntry;

typedef struct AttributeNames
{
	Arena *arena;
	const NameTable *table; /* NULL: no slots */
	uint64_t seed;          /* of the hashes, so that nobody can choose names that collide */
	uint32_t *slots;        /* hash table: slot + 1, 0 where empty */
	size_t slot_mask;
	KnownName *order; /* names of an earlier item */
	size_t order_count;
	size_t order_capacity;
	size_t order_next;  /* where the current item's next name is expected */
	bool follows_order; /* all of the current item's names were found there */
	NameSetEntry *set;  /* hash table for the check that names are different */
	size_t set_size;    /* a power of two, or 0 */
	uint32_t set_round; /* entries of other rounds are empty */
} AttributeNames;

/* False when the arena is exhausted. `table` is borrowed. */
extern bool attribute_names_init(AttributeNames *names, Arena *arena,
                                 const NameTable *table) MUST_CHECK;

/* The slot of a name, by search. */
extern int32_t attribute_names_search(const AttributeNames *names, Bytes name);

/* Says that the next names are those of a new item. */
extern void attribute_names_begin_item(AttributeNames *names);

/* The slot of the current item's next name, which stays valid as long as the arena. */
extern int32_t attribute_names_next(AttributeNames *names, Bytes name);

/*
 * The name that an item of the same names would have next, with its slot; NULL when none is
 * expected. Where that is what comes, it is taken; else attribute_names_next() is to be asked.
 */
static inline const KnownName *
attribute_names_expected(const AttributeNames *names)
{
	if (!names->follows_order || names->order_next >= names->order_count)
		return NULL;
	return &names->order[names->order_next];
}

static inline void
attribute_names_take_expected(AttributeNames *names)
{
	names->order_next++;
}

/* Checks the whole item's names: RESULT_MALFORMED when one occurs twice. */
extern CheckedResult attribute_names_end_item(AttributeNames *names, const Attribute *attributes,
                                              uint32_t count) MUST_CHECK;

/* The same check for attributes that stand alone. */
extern CheckedResult attribute_names_check(AttributeNames *names, const Attribute *attributes,
                                           uint32_t count) MUST_CHECK;

#endif
