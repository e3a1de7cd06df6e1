/*
 * index_definitions.h
 *		Indexes and tags of a table, as people write them in an option's text.
 */
#ifndef AWS_INDEX_DEFINITIONS_H
#define AWS_INDEX_DEFINITIONS_H

#include "aws/dynamodb_table.h"

/*
 * Parses local or global indexes, a JSON object of an index by its name:
 *		{"name": {"hash": names, "range": names, "projection": "all" | "keys_only" | [name, …],
 *		          "read_capacity_units": number, "write_capacity_units": number}, …}
 * Names of keys are one string or, of global indexes, up to KEY_ATTRIBUTES_MAXIMUM in an array. A
 * local index has a range key only, its hash key being the table's, and no capacity of its own.
 *
 * Types of keys are left at S; without "projection" it is all. Everything is of the arena.
 * RESULT_MALFORMED, with the position of what is wrong, for anything else.
 */
extern CheckedResult index_definitions_parse(Arena *arena, Bytes text, bool global,
                                             IndexDescription **indexes,
                                             uint32_t *count) MUST_CHECK;

/* Parses tags, a JSON object of strings: {"key": "value", …}. As above. */
extern CheckedResult table_tags_parse(Arena *arena, Bytes text, TableTags *tags) MUST_CHECK;

#endif
