/*
 * table_difference.c
 *		How a table that is there differs from the one that is wanted, in sentences for people.
 */
#include "aws/dynamodb_table.h"

static void
append_quoted(ByteBuffer *text, Bytes name)
{
	buffer_append_character(text, '"');
	buffer_append_bytes(text, name);
	buffer_append_character(text, '"');
}

/* Begins a sentence. */
static void
begin_sentence(ByteBuffer *text, const char *beginning)
{
	if (text->length > 0)
		buffer_append_character(text, ' ');
	buffer_append_string(text, beginning);
}

/* ---- keys ---- */

static bool
key_attributes_equal(const KeyAttribute *a, uint32_t a_count, const KeyAttribute *b,
                     uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++)
	{
		if (a[i].type != b[i].type || !bytes_equal(a[i].name, b[i].name))
			return false;
	}
	return true;
}

static bool
keys_equal(const KeySchema *a, const KeySchema *b)
{
	return key_attributes_equal(a->hash, a->hash_count, b->hash, b->hash_count) &&
	       key_attributes_equal(a->range, a->range_count, b->range, b->range_count);
}

static void
append_key_attributes(ByteBuffer *text, const char *kind, const KeyAttribute *keys, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
	{
		buffer_append_string(text, kind);
		append_quoted(text, keys[i].name);
		buffer_append_string(text, " (");
		buffer_append_string(text, attribute_type_name(keys[i].type));
		buffer_append_character(text, ')');
	}
}

/* hash "id" (S), range "at" (N) */
static void
append_keys(ByteBuffer *text, const KeySchema *keys)
{
	append_key_attributes(text, "hash ", keys->hash, 1);
	append_key_attributes(text, ", hash ", keys->hash + 1, keys->hash_count - 1);
	append_key_attributes(text, ", range ", keys->range, keys->range_count);
}

/* The sentence's beginning is there: "The keys of …". */
static void
end_keys_sentence(ByteBuffer *text, const KeySchema *wanted, const KeySchema *found)
{
	buffer_append_string(text, " are ");
	append_keys(text, found);
	buffer_append_string(text, ", not ");
	append_keys(text, wanted);
	buffer_append_character(text, '.');
}

/* ---- indexes ---- */

static const char *
index_kind(const IndexDescription *index)
{
	return index->global ? "lobal index " : "ocal index ";
}

/* "Global index "name"", or "… global index "name"" within a sentence. */
static void
append_index(ByteBuffer *text, const char *before, const IndexDescription *index)
{
	begin_sentence(text, before);
	buffer_append_character(text, before[0] == '\0' ? (index->global ? 'G' : 'L')
	                                                : (index->global ? 'g' : 'l'));
	buffer_append_string(text, index_kind(index));
	append_quoted(text, index->name);
}

static const IndexDescription *
find_index(const TableDescription *table, const IndexDescription *like)
{
	for (uint32_t i = 0; i < table->index_count; i++)
	{
		if (table->indexes[i].global == like->global &&
		    bytes_equal(table->indexes[i].name, like->name))
			return &table->indexes[i];
	}
	return NULL;
}

static bool
includes(const IndexDescription *index, Bytes name)
{
	for (uint32_t i = 0; i < index->included_count; i++)
	{
		if (bytes_equal(index->included[i], name))
			return true;
	}
	return false;
}

/* The service gives included attributes in any order. */
static bool
projections_equal(const IndexDescription *a, const IndexDescription *b)
{
	if (a->projection != b->projection || a->included_count != b->included_count)
		return false;
	for (uint32_t i = 0; i < a->included_count; i++)
	{
		if (!includes(b, a->included[i]))
			return false;
	}
	return true;
}

static void
append_projection(ByteBuffer *text, const IndexDescription *index)
{
	if (index->projection != PROJECTION_INCLUDE)
	{
		buffer_append_string(text, index->projection == PROJECTION_ALL ? "ALL" : "KEYS_ONLY");
		return;
	}
	buffer_append_string(text, "INCLUDE (");
	for (uint32_t i = 0; i < index->included_count; i++)
	{
		if (i > 0)
			buffer_append_string(text, ", ");
		append_quoted(text, index->included[i]);
	}
	buffer_append_character(text, ')');
}

/* The sentence's beginning is there. */
static void
end_capacity_sentence(ByteBuffer *text, int64_t found_read, int64_t found_write,
                      int64_t wanted_read, int64_t wanted_write)
{
	buffer_append_string(text, " has ");
	buffer_append_integer(text, found_read);
	buffer_append_string(text, " read and ");
	buffer_append_integer(text, found_write);
	buffer_append_string(text, " write capacity units, not ");
	buffer_append_integer(text, wanted_read);
	buffer_append_string(text, " and ");
	buffer_append_integer(text, wanted_write);
	buffer_append_character(text, '.');
}

static void
compare_index_capacity(ByteBuffer *text, const IndexDescription *wanted,
                       const IndexDescription *found)
{
	if (wanted->read_capacity_units == found->read_capacity_units &&
	    wanted->write_capacity_units == found->write_capacity_units)
		return;
	append_index(text, "", wanted);
	end_capacity_sentence(text, found->read_capacity_units, found->write_capacity_units,
	                      wanted->read_capacity_units, wanted->write_capacity_units);
}

static void
compare_index(ByteBuffer *text, const IndexDescription *wanted, const IndexDescription *found,
              bool with_capacity)
{
	if (!keys_equal(&wanted->keys, &found->keys))
	{
		append_index(text, "The keys of ", wanted);
		end_keys_sentence(text, &wanted->keys, &found->keys);
	}
	if (!projections_equal(wanted, found))
	{
		append_index(text, "The projection of ", wanted);
		buffer_append_string(text, " is ");
		append_projection(text, found);
		buffer_append_string(text, ", not ");
		append_projection(text, wanted);
		buffer_append_character(text, '.');
	}
	if (with_capacity && wanted->global)
		compare_index_capacity(text, wanted, found);
}

static void
compare_indexes(ByteBuffer *text, const TableDescription *wanted, const TableDescription *found,
                bool global, bool with_capacity)
{
	for (uint32_t i = 0; i < wanted->index_count; i++)
	{
		const IndexDescription *index = &wanted->indexes[i];
		const IndexDescription *other = find_index(found, index);

		if (index->global != global)
			continue;
		if (other != NULL)
		{
			compare_index(text, index, other, with_capacity);
			continue;
		}
		append_index(text, "", index);
		buffer_append_string(text, " is missing.");
	}
	for (uint32_t i = 0; i < found->index_count; i++)
	{
		const IndexDescription *index = &found->indexes[i];

		if (index->global != global || find_index(wanted, index) != NULL)
			continue;
		append_index(text, "", index);
		buffer_append_string(text, " is not wanted.");
	}
}

/* ---- the rest ---- */

static void
compare_capacity(ByteBuffer *text, const TableDescription *wanted, const TableDescription *found)
{
	if (wanted->on_demand != found->on_demand)
		begin_sentence(text, found->on_demand
		                         ? "The billing mode is PAY_PER_REQUEST, not PROVISIONED."
		                         : "The billing mode is PROVISIONED, not PAY_PER_REQUEST.");
	else if (wanted->read_capacity_units != found->read_capacity_units ||
	         wanted->write_capacity_units != found->write_capacity_units)
	{
		begin_sentence(text, "The table");
		end_capacity_sentence(text, found->read_capacity_units, found->write_capacity_units,
		                      wanted->read_capacity_units, wanted->write_capacity_units);
	}
}

static void
append_or_none(ByteBuffer *text, Bytes value)
{
	if (value.length > 0)
		buffer_append_bytes(text, value);
	else
		buffer_append_string(text, "none");
}

static void
compare_streams(ByteBuffer *text, const TableDescription *wanted, const TableDescription *found)
{
	if (bytes_equal(wanted->stream_view_type, found->stream_view_type))
		return;
	begin_sentence(text, "The stream's view type is ");
	append_or_none(text, found->stream_view_type);
	buffer_append_string(text, ", not ");
	append_or_none(text, wanted->stream_view_type);
	buffer_append_character(text, '.');
}

/* What stands behind the last slash of an ARN, which names the key; all of what has none. */
static Bytes
key_of_arn(Bytes arn)
{
	for (size_t i = arn.length; i > 0; i--)
	{
		if (arn.data[i - 1] == '/')
			return (Bytes){arn.data + i, arn.length - i};
	}
	return arn;
}

/*
 * The service describes a key by its ARN. The wanted one may also be an id, or an alias, of which
 * nothing here says what key it stands for.
 */
static bool
may_be_key(Bytes wanted, Bytes found)
{
	if (found.length == 0 || bytes_start_with(wanted, BYTES_LITERAL("alias/")) ||
	    bytes_equal(wanted, found))
		return true;
	if (bytes_start_with(wanted, BYTES_LITERAL("arn:")))
	{
		Bytes resource = key_of_arn(wanted);

		/* …:alias/name */
		return wanted.length > resource.length + 6 &&
		       bytes_equal((Bytes){resource.data - 6, 6}, BYTES_LITERAL("alias/"));
	}
	return bytes_equal(wanted, key_of_arn(found));
}

static void
compare_encryption(ByteBuffer *text, const TableDescription *wanted, const TableDescription *found)
{
	if (!wanted->has_kms_key)
		return;
	if (found->has_kms_key && may_be_key(wanted->kms_key_id, found->kms_key_id))
		return;
	begin_sentence(text, "The key it is encrypted with is ");
	if (found->has_kms_key)
		append_quoted(text, found->kms_key_id);
	else
		buffer_append_string(text, "DynamoDB's own");
	buffer_append_string(text, ", not ");
	append_quoted(text, wanted->kms_key_id);
	buffer_append_character(text, '.');
}

static const TableTag *
find_tag(const TableTags *tags, Bytes key)
{
	for (uint32_t i = 0; i < tags->count; i++)
	{
		if (bytes_equal(tags->tags[i].key, key))
			return &tags->tags[i];
	}
	return NULL;
}

static void
compare_tags(ByteBuffer *text, const TableTags *wanted, const TableTags *found)
{
	for (uint32_t i = 0; i < wanted->count; i++)
	{
		const TableTag *tag = &wanted->tags[i];
		const TableTag *other = find_tag(found, tag->key);

		if (other != NULL && bytes_equal(other->value, tag->value))
			continue;
		begin_sentence(text, "Tag ");
		append_quoted(text, tag->key);
		if (other == NULL)
		{
			buffer_append_string(text, " is missing.");
			continue;
		}
		buffer_append_string(text, " is ");
		append_quoted(text, other->value);
		buffer_append_string(text, ", not ");
		append_quoted(text, tag->value);
		buffer_append_character(text, '.');
	}
}

void
table_write_differences(ByteBuffer *text, const TableDefinition *wanted,
                        const TableDescription *found, const TableTags *found_tags)
{
	const TableDescription *table = &wanted->table;
	bool says_capacity = (wanted->says & TABLE_SAYS_CAPACITY) != 0;

	if (!keys_equal(&table->keys, &found->keys))
	{
		begin_sentence(text, "The keys of the table");
		end_keys_sentence(text, &table->keys, &found->keys);
	}
	if ((wanted->says & TABLE_SAYS_LOCAL_INDEXES) != 0)
		compare_indexes(text, table, found, false, false);
	if ((wanted->says & TABLE_SAYS_GLOBAL_INDEXES) != 0)
		compare_indexes(text, table, found, true,
		                says_capacity && table->on_demand == found->on_demand);
	if (says_capacity)
		compare_capacity(text, table, found);
	if ((wanted->says & TABLE_SAYS_STREAM) != 0)
		compare_streams(text, table, found);
	compare_encryption(text, table, found);
	if ((wanted->says & TABLE_SAYS_DELETION_PROTECTION) != 0 &&
	    table->deletion_protection != found->deletion_protection)
		begin_sentence(text, found->deletion_protection ? "Deletion protection is on, not off."
		                                                : "Deletion protection is off, not on.");
	compare_tags(text, &wanted->tags, found_tags);
}
