/*
 * dynamodb_table.h
 *		DynamoDB's control plane: what a table is to be made of, and how it differs from what is
 * there.
 *
 * The builders keep to the rules of dynamodb.h, which also reads what DescribeTable answers.
 */
#ifndef AWS_DYNAMODB_TABLE_H
#define AWS_DYNAMODB_TABLE_H

#include "aws/dynamodb.h"

typedef struct TableTag
{
	Bytes key;
	Bytes value;
} TableTag;

typedef struct TableTags
{
	TableTag *tags;
	uint32_t count;
	size_t capacity;
} TableTags;

/* What the author of a definition has said something about; the rest is as DynamoDB likes. */
enum
{
	TABLE_SAYS_CAPACITY = 1 << 0,
	TABLE_SAYS_LOCAL_INDEXES = 1 << 1,
	TABLE_SAYS_GLOBAL_INDEXES = 1 << 2,
	TABLE_SAYS_STREAM = 1 << 3,
	TABLE_SAYS_DELETION_PROTECTION = 1 << 4
};

/* A table as it is wanted. */
typedef struct TableDefinition
{
	TableDescription table; /* arn, status, counts and sizes mean nothing */
	uint32_t says;
	TableTags tags;
} TableDefinition;

/* The alias of the key that AWS manages for DynamoDB: kms_key_id, where no key of one's own is
 * wanted. */
#define DYNAMODB_KEY_ALIAS BYTES_LITERAL("alias/aws/dynamodb")

extern CheckedResult dynamodb_write_create_table(const TableDefinition *definition,
                                                 ByteBuffer *body) MUST_CHECK;
extern CheckedResult dynamodb_write_delete_table(Bytes table_name, ByteBuffer *body) MUST_CHECK;

/* UpdateTimeToLive, which turns it on. */
extern CheckedResult dynamodb_write_update_time_to_live(Bytes table_name, Bytes attribute_name,
                                                        ByteBuffer *body) MUST_CHECK;

extern CheckedResult dynamodb_write_describe_continuous_backups(Bytes table_name,
                                                                ByteBuffer *body) MUST_CHECK;

/* UpdateContinuousBackups, which turns point-in-time recovery on. */
extern CheckedResult dynamodb_write_update_continuous_backups(Bytes table_name,
                                                              ByteBuffer *body) MUST_CHECK;

/* `next_token` is that of the last answer; no bytes for the first. */
extern CheckedResult dynamodb_write_list_tags(Bytes table_arn, Bytes next_token,
                                              ByteBuffer *body) MUST_CHECK;

/* Reads DescribeContinuousBackups' answer. */
extern CheckedResult dynamodb_read_point_in_time_recovery(Bytes json, bool *enabled) MUST_CHECK;

/* Adds the tags of ListTagsOfResource's answer; `next_token` has no bytes when these are the last.
 */
extern CheckedResult dynamodb_read_tags(Arena *arena, Bytes json, TableTags *tags,
                                        Bytes *next_token) MUST_CHECK;

/* True when the table and all its indexes are ready. */
extern bool table_is_active(const TableDescription *table);

/*
 * Appends a sentence for everything of the wanted table that is there and different: keys always,
 * what else the definition says, a KMS key and tags as far as they are wanted. The names in it are
 * text from outside. Nothing when the two agree. Time to live is not looked at.
 */
extern void table_write_differences(ByteBuffer *text, const TableDefinition *wanted,
                                    const TableDescription *found, const TableTags *found_tags);

#endif
