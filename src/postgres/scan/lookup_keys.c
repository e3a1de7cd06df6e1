/*
 * lookup_keys.c
 *		Keys of one table's items.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/conditions/binding.h"
#include "postgres/report.h"
#include "postgres/scan/lookup_keys.h"

int
lookup_key_compare(const void *left, const void *right)
{
	const DynamodbItem *a = left;
	const DynamodbItem *b = right;
	int order = 0;

	for (uint32 i = 0; i < a->count && order == 0; i++)
		order = scalar_compare(&a->attributes[i].value, &b->attributes[i].value);
	return order;
}

int
lookup_keys_make_unique(DynamodbItem *keys, int count)
{
	int last = 0;

	if (count == 0)
		return 0;
	qsort(keys, count, sizeof(*keys), lookup_key_compare);
	for (int i = 1; i < count; i++)
	{
		if (lookup_key_compare(&keys[last], &keys[i]) != 0)
			keys[++last] = keys[i];
	}
	return last + 1;
}

DynamodbItem
lookup_key_of_item(const KeySchema *schema, const DynamodbItem *item, Attribute *attributes)
{
	uint32 count = schema->hash_count + schema->range_count;

	for (uint32 i = 0; i < count; i++)
	{
		Bytes name = i < schema->hash_count ? schema->hash[i].name
		                                    : schema->range[i - schema->hash_count].name;
		const AttributeValue *value = item_find(item, name);

		if (value == NULL)
			elog(ERROR, "item has no key attribute \"%.*s\"", (int) name.length, name.data);
		attributes[i] = (Attribute){.name = name, .slot = ATTRIBUTE_NO_SLOT, .value = *value};
	}
	return (DynamodbItem){attributes, count};
}

DynamodbItem
lookup_key_copy(const KeySchema *schema, const DynamodbItem *item, Arena *arena)
{
	Attribute *attributes = palloc_array(Attribute, schema->hash_count + schema->range_count);
	DynamodbItem key = lookup_key_of_item(schema, item, attributes);

	for (uint32 i = 0; i < key.count; i++)
	{
		const AttributeValue value = attributes[i].value;

		if (!attribute_value_copy(arena, &value, &attributes[i].value))
			CHECK_RESULT(arena_failure(arena, value.bytes.length), "copy key");
	}
	return key;
}
