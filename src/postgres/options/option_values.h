/*
 * option_values.h
 *		What the values of options must look like: texts one by one, for the table in
 * option_definitions.c.
 *
 * Values are in the database's encoding. True, or RESULT_OK, for what the option accepts; what a
 * parser needs to say so is in the arena. Memory is CurrentMemoryContext's where none is given.
 */
#ifndef POSTGRES_OPTIONS_OPTION_VALUES_H
#define POSTGRES_OPTIONS_OPTION_VALUES_H

#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/arena.h"

extern bool is_region(const char *value);
extern bool is_endpoint(const char *value);
extern bool is_absolute_file_name(const char *value);
extern bool is_role_arn(const char *value);
extern bool is_role_session_name(const char *value);
extern bool is_external_id(const char *value);
extern bool is_table_name(const char *value);
extern bool is_index_name(const char *value);
extern bool is_attribute_path(const char *value);
extern bool is_stream_start(const char *value);
extern bool is_kms_key_id(const char *value);
extern bool is_list_of_kms_key_ids(const char *value);
extern bool is_encryption_context(const char *value);
extern bool is_queue_name(const char *value);
extern bool is_queue_url(const char *value);
extern bool is_message_attribute_name(const char *value);

/* Of JSON, which comes as UTF-8. RESULT_MALFORMED, with the position, for what is not accepted. */
extern CheckedResult parse_local_indexes(Arena *arena, Bytes text) MUST_CHECK;
extern CheckedResult parse_global_indexes(Arena *arena, Bytes text) MUST_CHECK;
extern CheckedResult parse_tags(Arena *arena, Bytes text) MUST_CHECK;

#endif
