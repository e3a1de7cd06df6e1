/*
 * removable_items.h
 *		Items that a transaction has made and that are removed when it is rolled back.
 */
#ifndef POSTGRES_MODIFY_REMOVABLE_ITEMS_H
#define POSTGRES_MODIFY_REMOVABLE_ITEMS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "item/attribute_value.h"
#include "postgres/service/service_call.h"

typedef struct RemovableItems RemovableItems;

/* Keys that are remembered of one list; items beyond them stay. */
#define REMOVABLE_ITEMS_MAXIMUM 100000

/* Milliseconds that removing may take. */
#define REMOVAL_MS 1000

/* An empty list in TopTransactionContext; NULL without memory. Does not throw. */
extern RemovableItems *removable_items_create(ServiceClient *client, const char *table_name);

/*
 * Remembers the key, of which a copy is made. Does not throw: without memory, or when there are too
 * many, the item stays.
 */
extern void removable_items_add(RemovableItems *items, const DynamodbItem *key);

/* Puts what the other list of the same table holds into the first; the other is gone. */
extern void removable_items_join(RemovableItems *items, RemovableItems *others);

/*
 * Removes the items, and gives the number of those that are removed for sure.
 * Called while the transaction is aborted: it neither throws nor looks up a catalog, it takes
 * REMOVAL_MS at most, and a cancel or the end of the backend ends it.
 */
extern int64 removable_items_remove(RemovableItems *items);

extern void removable_items_free(RemovableItems *items);

#endif
