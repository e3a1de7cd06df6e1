/*
 * opening_keys.h
 *		The KMS keys that may open what a foreign table reads.
 */
#ifndef POSTGRES_ENCRYPTION_OPENING_KEYS_H
#define POSTGRES_ENCRYPTION_OPENING_KEYS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/options/options.h"

typedef struct OpeningKeys OpeningKeys;

/*
 * Those of the table's option kms_key_ids_for_decrypt or, where that is not set, the one that
 * encrypts, which is borrowed. In CurrentMemoryContext. NULL when there is neither: `key_id` has no
 * bytes.
 */
extern OpeningKeys *opening_keys_create(const TableOptions *options, Bytes key_id);

/*
 * What a Decrypt request is to name, so that KMS itself refuses every other key: the key, if there
 * is but one. No bytes where there are several.
 */
extern Bytes opening_keys_only_one(const OpeningKeys *keys);

/*
 * True when the key of this ARN, with which KMS has answered such a request, is one of them. May
 * ask KMS what an alias stands for, once.
 */
extern bool opening_keys_admit(OpeningKeys *keys, ServiceClient *client, KmsUse *use,
                               Bytes key_arn);

#endif
