/*
 * row_sealing.h
 *		Rows of an encrypted table: their items opened when they are changed, sealed before they are
 *		sent.
 *
 * A row that puts an item gets a data key of its own, as AWS's libraries do it, since the item's
 * key is part of its encryption context. It is asked for as soon as the row is known, so that many
 * are on their way at once, and wiped with the row.
 */
#ifndef POSTGRES_MODIFY_ROW_SEALING_H
#define POSTGRES_MODIFY_ROW_SEALING_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/row_writer.h"

/* Asks for the row's data key, where it puts an item. Errors: as item_sealing_begin(). */
extern void row_sealing_begin(RowWrite *row);

/* True when row_sealing_end() would not wait. */
extern bool row_sealing_is_ready(const RowWrite *row);

/* Waits for the data key, and seals the item that an INSERT puts. */
extern void row_sealing_end(RowWrite *row);

/*
 * The stored item in plaintext, in the row's arena, borrowing from it. Errors: XX001 for an item
 * that does not verify, those of KMS.
 */
extern const DynamodbItem *row_open_stored(RowWrite *row, const DynamodbItem *stored);

/* The item, whose plaintext is given, as it is to be stored; in the row's arena. */
extern DynamodbItem row_seal_item(RowWrite *row, const DynamodbItem *plaintext);

/*
 * That a stored item is the same still: its signature and its description, and whatever these do
 * not cover, as far as it is there or a column maps it.
 */
extern const Condition *row_expect_sealed(RowWrite *row, const DynamodbItem *stored);

/*
 * Makes the writes of a row whose stored item is to become this one, given in plaintext: the whole
 * item is put, sealed anew, and of a ROW_MOVE the old one deleted, where the stored one is the
 * same.
 */
extern void row_send_sealed(RowWrite *row, const DynamodbItem *stored, const DynamodbItem *changed);

#endif
