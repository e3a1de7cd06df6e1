/*
 * attribute_names.c
 *		Slots and uniqueness of attribute names.
 */
#include "item/attribute_names.h"

#include <string.h>

/* Up to so many names are compared each with each, which is quicker than hashing them. */
#define COMPARED_PAIRWISE 6

/* How many names of the order an item may leave out in one place and still be found to follow it.
 */
#define LEFT_OUT_MAXIMUM 4

#define SMALLEST_SET ((size_t) 64)

struct NameSetEntry
{
	uint32_t round;
	uint32_t hash;
	uint32_t index; /* of the attribute */
};

static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t product = (a ^ UINT64_C(0x9E3779B97F4A7C15)) * (b ^ UINT64_C(0xD6E8FEB86659FD93));

	return product ^ product >> 32;
}

static uint64_t
name_hash(uint64_t seed, Bytes name)
{
	uint64_t hash = seed ^ name.length;
	uint64_t word;
	size_t position = 0;

	for (; name.length - position >= sizeof(word); position += sizeof(word))
	{
		memcpy(&word, name.data + position, sizeof(word));
		hash = mix(hash, word);
	}
	word = 0;
	for (; position < name.length; position++)
		word = word << 8 | (unsigned char) name.data[position];
	return mix(hash, word);
}

/* The smallest power of two that holds twice `count`. */
static size_t
table_size(size_t count, size_t smallest)
{
	size_t size = smallest;

	while (size < count * 2)
		size *= 2;
	return size;
}

static bool
index_slots(AttributeNames *names)
{
	size_t size = table_size(names->table->count, 8);

	names->slots = arena_allocate_zeroed(names->arena, size, sizeof(*names->slots));
	if (names->slots == NULL)
		return false;
	names->slot_mask = size - 1;
	for (uint32_t slot = 0; slot < names->table->count; slot++)
	{
		size_t place = name_hash(names->seed, names->table->names[slot]) & names->slot_mask;

		while (names->slots[place] != 0)
			place = (place + 1) & names->slot_mask;
		names->slots[place] = slot + 1;
	}
	return true;
}

bool
attribute_names_init(AttributeNames *names, Arena *arena, const NameTable *table)
{
	*names = (AttributeNames){.arena = arena, .table = table};
	/* Where memory lies is different in every process, and nothing outside can know it. */
	names->seed = mix((uint64_t) (uintptr_t) names, (uint64_t) (uintptr_t) arena);
	return table == NULL || index_slots(names);
}

int32_t
attribute_names_search(const AttributeNames *names, Bytes name)
{
	size_t place;

	if (names->table == NULL)
		return ATTRIBUTE_NO_SLOT;
	place = name_hash(names->seed, name) & names->slot_mask;
	while (names->slots[place] != 0)
	{
		uint32_t slot = names->slots[place] - 1;

		if (bytes_equal(names->table->names[slot], name))
			return (int32_t) slot;
		place = (place + 1) & names->slot_mask;
	}
	return ATTRIBUTE_NO_SLOT;
}

void
attribute_names_begin_item(AttributeNames *names)
{
	names->order_next = 0;
	names->follows_order = true;
}

int32_t
attribute_names_next(AttributeNames *names, Bytes name)
{
	size_t last = names->order_next + LEFT_OUT_MAXIMUM;

	if (last >= names->order_count)
		last = names->order_count;
	for (size_t i = names->order_next; names->follows_order && i < last; i++)
	{
		if (names->order[i].name.length == name.length &&
		    memcmp(names->order[i].name.data, name.data, name.length) == 0)
		{
			names->order_next = i + 1;
			return names->order[i].slot;
		}
	}
	names->follows_order = false;
	return attribute_names_search(names, name);
}

/* Keeps the names of an item as the order in which the next are expected. */
static CheckedResult
keep_order(AttributeNames *names, const Attribute *attributes, uint32_t count)
{
	names->order_count = 0;
	for (uint32_t i = 0; i < count; i++)
	{
		names->order = arena_grow_array(names->arena, names->order, names->order_count,
		                                &names->order_capacity, sizeof(KnownName));
		if (names->order == NULL)
			return arena_failure(names->arena, names->order_capacity * sizeof(KnownName));
		names->order[names->order_count++] = (KnownName){attributes[i].name, attributes[i].slot};
	}
	return result_ok();
}

CheckedResult
attribute_names_end_item(AttributeNames *names, const Attribute *attributes, uint32_t count)
{
	if (names->follows_order)
		return result_ok();
	RETURN_IF_FAILED(attribute_names_check(names, attributes, count));
	return keep_order(names, attributes, count);
}

static bool
differ_pairwise(const Attribute *attributes, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
	{
		for (uint32_t k = 0; k < i; k++)
		{
			if (bytes_equal(attributes[i].name, attributes[k].name))
				return false;
		}
	}
	return true;
}

/* Empties the set and makes it large enough for `count` names. */
static CheckedResult
begin_set(AttributeNames *names, uint32_t count)
{
	if (names->set_size < (size_t) count * 2 || names->set_round == UINT32_MAX)
	{
		size_t size = table_size(count, SMALLEST_SET);

		names->set_size = 0;
		names->set_round = 0;
		names->set = arena_allocate_zeroed(names->arena, size, sizeof(NameSetEntry));
		if (names->set == NULL)
			return arena_failure(names->arena, size * sizeof(NameSetEntry));
		names->set_size = size;
	}
	names->set_round++;
	return result_ok();
}

/* Puts the name of one attribute into the set; false when it is there. */
static bool
add_to_set(AttributeNames *names, const Attribute *attributes, uint32_t index)
{
	uint64_t hash = name_hash(names->seed, attributes[index].name);
	size_t place = hash & (names->set_size - 1);
	NameSetEntry added = {names->set_round, (uint32_t) (hash >> 32), index};

	while (names->set[place].round == names->set_round)
	{
		if (names->set[place].hash == added.hash &&
		    bytes_equal(attributes[names->set[place].index].name, attributes[index].name))
			return false;
		place = (place + 1) & (names->set_size - 1);
	}
	names->set[place] = added;
	return true;
}

static CheckedResult
name_occurs_twice(void)
{
	return result_failed(RESULT_MALFORMED, "attribute name occurs twice");
}

CheckedResult
attribute_names_check(AttributeNames *names, const Attribute *attributes, uint32_t count)
{
	if (count <= COMPARED_PAIRWISE)
		return differ_pairwise(attributes, count) ? result_ok() : name_occurs_twice();
	RETURN_IF_FAILED(begin_set(names, count));
	for (uint32_t i = 0; i < count; i++)
	{
		if (!add_to_set(names, attributes, i))
			return name_occurs_twice();
	}
	return result_ok();
}
