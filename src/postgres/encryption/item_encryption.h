/*
 * item_encryption.h
 *		Items of an encrypted table, opened and sealed.
 *
 * Both take two steps, between which the item's data key is on its way from KMS, so that many items
 * can wait for theirs together:
 *
 *   item_opening_begin   reads how the item was encrypted, and asks for its data key
 *   item_opening_end     waits for it, verifies the item and then decrypts it
 *
 *   item_sealing_begin   asks for a new data key
 *   item_seal            waits for it, encrypts and signs
 *
 * Whatever is wrong with an item shows at the end, and not before. Everything that is has one
 * SQLSTATE, XX001, and from the signature on one message.
 */
#ifndef POSTGRES_ENCRYPTION_ITEM_ENCRYPTION_H
#define POSTGRES_ENCRYPTION_ITEM_ENCRYPTION_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/relation/relation.h"

/* Memory that plaintext of one item may take: DynamoDB's 400 KB, many times over. */
#define ITEM_SECRETS_MAXIMUM ((Size) 64 * 1024 * 1024)

/* What opening and sealing items of one table needs; one a scan or writer. */
typedef struct ItemEncryption ItemEncryption;

/*
 * For a relation with encryption, in CurrentMemoryContext, with which what OpenSSL gave goes back.
 * What is asked of KMS is counted in `use`. Both are borrowed.
 */
extern ItemEncryption *item_encryption_create(const ForeignRelation *relation, KmsUse *use);

/* An item that waits for its data key. */
typedef struct ItemOpening ItemOpening;

/*
 * Asks for the data key of the item, which is borrowed to the end. In CurrentMemoryContext, with
 * which it is given up. Errors: those of asking KMS.
 */
extern ItemOpening *item_opening_begin(ItemEncryption *encryption, const DynamodbItem *stored);

/* True when item_opening_end() would not wait for the item's data key. */
extern bool item_opening_is_ready(const ItemOpening *opening);

/*
 * Waits, verifies and decrypts: the plaintext has the attributes of the stored item, which it
 * borrows, but for the encryption's own two; what was encrypted is in `secrets`, an arena of secret
 * contents. False for a bad item, with `message` a word on what is wrong with it, or NULL. Errors
 * are those of KMS.
 */
extern bool item_opening_end(ItemOpening *opening, Arena *secrets, DynamodbItem *plaintext,
                             const char **message);

/* Raises XX001 for a bad item. */
pg_noreturn extern void item_report_bad(const ForeignRelation *relation, const char *message);

/* As item_opening_end(), but false only where the table's bad items are skipped. */
extern bool item_opening_end_or_report(ItemOpening *opening, Arena *secrets,
                                       DynamodbItem *plaintext);

/* The WARNING of so many items that were left out, if there are any. */
extern void item_warn_of_skipped(const ForeignRelation *relation, int64 skipped);

/* A data key made for one item, or on its way. */
typedef struct ItemSealing ItemSealing;

/*
 * Asks for a data key for the item with these key attributes, which are borrowed. In
 * CurrentMemoryContext, with which it is wiped. Errors: HV00J when the table has no key to encrypt
 * with, 54000 for a key that is too large for an encryption context, those of asking KMS.
 */
extern ItemSealing *item_sealing_begin(ItemEncryption *encryption, const DynamodbItem *key);

/* True when item_sealing_wait() would not wait. */
extern bool item_sealing_is_ready(const ItemSealing *sealing);

/* Waits for the data key. Errors are those of KMS. */
extern void item_sealing_wait(ItemSealing *sealing);

/*
 * Waits for the data key, encrypts and signs. May be called again, for what the item is to be in
 * another attempt. What is not encrypted is borrowed from the plaintext, the rest is in `secrets`,
 * an arena of secret contents. Errors: 22023 for an attribute with a name of the encryption's own.
 */
extern void item_seal(ItemSealing *sealing, Arena *secrets, const DynamodbItem *plaintext,
                      DynamodbItem *sealed);

#endif
