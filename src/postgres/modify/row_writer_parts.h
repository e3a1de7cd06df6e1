/*
 * row_writer_parts.h
 *		What row_writer.c, row_change.c and row_encryption.c share. For these alone.
 */
#ifndef POSTGRES_MODIFY_ROW_WRITER_PARTS_H
#define POSTGRES_MODIFY_ROW_WRITER_PARTS_H

#include "postgres/modify/row_writer.h"

#include "item/item_builder.h"

/* What a value of one item may take while it is made: 400 KB, several times over. */
#define ROW_MEMORY_MAXIMUM ((Size) 64 * 1024 * 1024)

/* What one UPDATE or DELETE collects. */
typedef struct ChangeList
{
	AttributeChange *changes;
	size_t count;
	size_t capacity;
} ChangeList;

/* Conditions that all must hold. */
typedef struct ConditionList
{
	Condition **conditions;
	size_t count;
	size_t capacity;
} ConditionList;

/* An empty RowWrite in a context of its own; the writer's place is entered, scratch is current. */
extern RowWrite *row_write_begin(RowWriter *writer, RowWriteKind kind, MemoryContext *caller);

/* True when an UPDATE gives the column another value than the old row has. */
extern bool row_column_changes(const RowWrite *row, const ForeignColumn *column);

/* The attribute at the column's path in a DynamodbItem: for AttributeSource. */
extern const AttributeValue *item_attribute_of_column(const void *item,
                                                      const ForeignColumn *column);

/* In row_encryption.c: copies what was encrypted ahead for the row. */
extern void row_take_ciphertexts(RowWrite *row);

/* Leaves place and scratch, and gives the caller its memory context back. */
extern void row_write_end(RowWriter *writer, MemoryContext caller);

/*
 * The value that the column writes, in the row's arena. NULL for SQL NULL, unless the column stores
 * that, and for an element of a list, which is never removed. Errors for what cannot be stored.
 */
extern const AttributeValue *column_write(RowWrite *row, const ForeignColumn *column, Datum datum,
                                          bool is_null);

/* The same for a value that was read: false where no attribute value means it. */
extern bool column_write_read(RowWrite *row, const ForeignColumn *column, Datum datum, bool is_null,
                              const AttributeValue **value);

/* The attributes of a whole_item column's value, as a map; NULL gives an empty one. */
extern const AttributeValue *whole_item_write(RowWrite *row, Datum datum, bool is_null);

/* Raises the error of a member of the whole item that a declared column has: 22023. */
extern void check_member(const RowWriter *writer, Bytes name);

/* Puts one column's value, or a whole_item column's members, into the item. */
extern void put_column(RowWrite *row, ItemBuilder *builder, const ForeignColumn *column,
                       Datum datum, bool is_null);

/* Raises the error of columns that disagree about a place. */
pg_noreturn extern void report_disagreement(const RowWriter *writer, const AttributePath *path);

/* The key attributes of the item, borrowed from it; 23502 where one is missing. */
extern DynamodbItem key_of_item(RowWrite *row, const DynamodbItem *item);

/* Raises the error of an item, or of a part of one, that DynamoDB does not store. */
extern void check_item(RowWrite *row, const DynamodbItem *item);
pg_noreturn extern void report_violation(const RowWrite *row, const ItemViolation *violation);

/* The path's text for messages, in the server's encoding. palloc'd. */
extern char *path_text(const AttributePath *path);

/* A path of one name, a condition, in the row's arena. */
extern AttributePath path_of_name(RowWrite *row, Bytes name);
extern Condition *make_condition(RowWrite *row, ConditionKind kind, const AttributePath *path);
extern Condition *make_comparison(RowWrite *row, const AttributePath *path,
                                  const AttributeValue *value);

/* In row_change.c: one more condition of the list; that the item exists, with which lists begin. */
extern void add_condition(RowWrite *row, ConditionList *list, Condition *condition);
extern void add_existence(RowWrite *row, ConditionList *list);

/* In row_change.c: that the place holds exactly the value; NULL: that nothing is there. */
extern void add_stored(RowWrite *row, ConditionList *list, const AttributePath *path,
                       const AttributeValue *value);

/* One condition of all in the list, of which there is one at least. */
extern const Condition *all_of(RowWrite *row, const ConditionList *list);

/* Raises the error of a changed value that DynamoDB does not store, as far as values alone say. */
extern void check_changes(RowWrite *row, const ChangeList *list);

/* True when an element of a list is on the path, or at its end. */
extern bool leads_into_list(const AttributePath *path);

/* Puts an update, or a delete, to what is to be sent; no changes are no update. */
extern void send_changes(RowWrite *row, const ChangeList *list, const Condition *condition);
extern void send_delete(RowWrite *row, const Condition *condition);

/* Room for `count` elements of the type in the row's arena. */
#define ROW_ALLOCATE(row, count, type) ((type *) row_allocate((row), (count), sizeof(type)))
extern void *row_allocate(RowWrite *row, size_t count, size_t size);

#endif
