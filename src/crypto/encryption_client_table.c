/*
 * encryption_client_table.c
 *		Actions on attributes.
 */
#include "crypto/encryption_client_table.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/encryption_client_names.h"

static bool
is_key(const EncryptionClientTable *table, Bytes name)
{
	return bytes_equal(name, table->hash_key) ||
	       (table->range_key.length > 0 && bytes_equal(name, table->range_key));
}

static bool
is_reserved(Bytes name)
{
	return bytes_equal(name, SIGNATURE_ATTRIBUTE) || bytes_equal(name, DESCRIPTION_ATTRIBUTE);
}

/* Names that a context of KMS would then hold twice. */
static bool
is_context_name(Bytes name)
{
	return bytes_equal(name, CONTEXT_CONTENT_ALGORITHM) ||
	       bytes_equal(name, CONTEXT_SIGNING_ALGORITHM) || bytes_equal(name, CONTEXT_TABLE_NAME);
}

static bool
key_is_possible(Bytes name)
{
	return !is_reserved(name) && !is_context_name(name);
}

static CheckedResult
check_names(const EncryptionClientTable *table)
{
	if (table->table_name.length == 0 || table->hash_key.length == 0)
		return result_failed(RESULT_INVALID_ARGUMENT, "encrypted table has no name or no hash key");
	if (!key_is_possible(table->hash_key) || !key_is_possible(table->range_key) ||
	    bytes_equal(table->hash_key, table->range_key))
		return result_failed(RESULT_INVALID_ARGUMENT,
		                     "name of a key attribute cannot be used for an encrypted table");
	if (table->form == FORM_UTF8_ROUNDED)
		return result_failed(RESULT_INVALID_ARGUMENT, "rounded numbers are never signed");
	return result_ok();
}

static CheckedResult
check_actions(const EncryptionClientTable *table)
{
	for (uint32_t i = 0; i < table->action_count; i++)
	{
		const AttributeAction *action = &table->actions[i];

		if (is_reserved(action->name))
			return result_failed_at(RESULT_INVALID_ARGUMENT, "attribute is the encryption's own",
			                        i);
		if (is_key(table, action->name) && action->action == CRYPTO_ENCRYPT_AND_SIGN)
			return result_failed_at(RESULT_INVALID_ARGUMENT, "key attribute cannot be encrypted",
			                        i);
	}
	return result_ok();
}

static int
by_name(const void *left, const void *right)
{
	return bytes_compare(((const AttributeAction *) left)->name,
	                     ((const AttributeAction *) right)->name);
}

static const AttributeAction *
find_action(const AttributeAction *actions, uint32_t count, Bytes name)
{
	AttributeAction sought = {.name = name};

	return count == 0 ? NULL : bsearch(&sought, actions, count, sizeof(AttributeAction), by_name);
}

/* Adds the action of a key that has none of its own, and gives the new count. */
static uint32_t
add_key(const EncryptionClientTable *table, Bytes key, AttributeAction *actions, uint32_t count)
{
	if (key.length == 0 || find_action(actions, table->action_count, key) != NULL)
		return count;
	actions[count] = (AttributeAction){
	    key, table->default_action == CRYPTO_DO_NOTHING ? CRYPTO_DO_NOTHING : CRYPTO_SIGN_ONLY};
	return count + 1;
}

/* The place of the second of two actions of one name, in the order they were given in. */
static CheckedResult
check_distinct(const EncryptionClientTable *table, const AttributeAction *sorted)
{
	for (uint32_t i = 1; i < table->action_count; i++)
	{
		uint32_t place = table->action_count;

		if (by_name(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		while (!bytes_equal(table->actions[--place].name, sorted[i].name))
			;
		return result_failed_at(RESULT_INVALID_ARGUMENT, "attribute has two actions", place);
	}
	return result_ok();
}

CheckedResult
encryption_client_table_prepare(Arena *arena, EncryptionClientTable *table)
{
	uint32_t count = table->action_count;
	AttributeAction *sorted;

	RETURN_IF_FAILED(check_names(table));
	RETURN_IF_FAILED(check_actions(table));
	sorted = arena_allocate_array(arena, (size_t) count + 2, sizeof(AttributeAction));
	if (sorted == NULL)
		return arena_failure(arena, ((size_t) count + 2) * sizeof(AttributeAction));
	if (count > 0)
		memcpy(sorted, table->actions, count * sizeof(AttributeAction));
	qsort(sorted, count, sizeof(AttributeAction), by_name);
	RETURN_IF_FAILED(check_distinct(table, sorted));
	count = add_key(table, table->hash_key, sorted, count);
	count = add_key(table, table->range_key, sorted, count);
	qsort(sorted, count, sizeof(AttributeAction), by_name);
	table->actions = sorted;
	table->action_count = count;
	return result_ok();
}

CryptoAction
encryption_client_table_action(const EncryptionClientTable *table, Bytes name)
{
	const AttributeAction *action;

	if (is_reserved(name))
		return CRYPTO_DO_NOTHING;
	action = find_action(table->actions, table->action_count, name);
	return action == NULL ? table->default_action : action->action;
}
