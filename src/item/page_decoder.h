/*
 * page_decoder.h
 *		A response of DynamoDB's data plane, decoded in one pass as its bytes arrive.
 *
 * Reads the answers of GetItem, BatchGetItem, Query, Scan, the writes' returned attributes, and the
 * records of a stream that GetRecords returns. The
 * decoder copies what it is fed into blocks of its arena; scalars point into those blocks,
 * unescaped and base64-decoded in place, so a value costs no allocation of its own. Nothing of a
 * page may be shown before page_decoder_finish() succeeded and the transport has checked the body's
 * checksum.
 *
 * RESULT_MALFORMED for everything the protocol does not promise: not JSON, truncated, trailing
 * bytes, invalid UTF-8, lone surrogates, wrong base64, a name twice in one map, nesting beyond
 * ATTRIBUTE_DEPTH_MAXIMUM, empty sets, unknown type names, numbers that number_check() refuses. The
 * position is the offset in the body. U+0000 is legal in strings. A member of the response that is
 * null counts as absent; members of other names are checked as JSON and left out. That the elements
 * of a set differ is not checked.
 */
#ifndef ITEM_PAGE_DECODER_H
#define ITEM_PAGE_DECODER_H

#include "foundation/arena.h"
#include "foundation/result.h"
#include "item/attribute_value.h"

/*
 * Names of interest and their slots. Attributes of other names are decoded and get
 * ATTRIBUTE_NO_SLOT, or are checked and left out when `skip_unknown`.
 */
typedef struct NameTable
{
	const Bytes *names; /* slot i is names[i]; unique */
	uint32_t count;
	bool skip_unknown;
} NameTable;

/* One change of an item, as its table's stream tells of it. */
typedef struct StreamRecord
{
	Bytes event_id;
	Bytes event_name;      /* "INSERT", "MODIFY" or "REMOVE" */
	Bytes sequence_number; /* digits */
	double created_at;     /* approximately: seconds since 1970; 0 when not said */
	DynamodbItem keys;
	DynamodbItem new_image; /* what the stream's view leaves out has no attributes */
	DynamodbItem old_image;
	bool has_new_image;
	bool has_old_image;
} StreamRecord;

typedef struct DecodedPage
{
	DynamodbItem *items; /* "Items", "Item", "Attributes", or all of "Responses" */
	size_t item_count;
	bool has_last_evaluated_key; /* false also when LastEvaluatedKey is an empty object */
	DynamodbItem last_evaluated_key;
	int64_t count;         /* "Count"; -1 when absent */
	int64_t scanned_count; /* "ScannedCount"; -1 when absent */
	double capacity_units; /* sum of ConsumedCapacity's CapacityUnits; 0 when absent */
	Bytes unprocessed;     /* the JSON object of UnprocessedKeys or UnprocessedItems; no bytes when
	                        * absent or without members */
	StreamRecord *records; /* "Records" */
	size_t record_count;
	Bytes next_shard_iterator; /* no bytes when absent: the shard has ended */
} DecodedPage;

typedef struct PageDecoder PageDecoder;

/*
 * A decoder whose memory, and all that it decodes, is in `arena`. `names` may be NULL; it is
 * borrowed until the decoder has finished. NULL when the arena is exhausted.
 */
extern PageDecoder *page_decoder_create(Arena *arena, const NameTable *names) MUST_CHECK;

/* Takes the next bytes of the body, which are copied. After a failure only the arena's reset helps.
 */
extern CheckedResult page_decoder_feed(PageDecoder *decoder, Bytes chunk) MUST_CHECK;

/* Says that the body is whole. The page lives as long as the arena. */
extern CheckedResult page_decoder_finish(PageDecoder *decoder, DecodedPage *page) MUST_CHECK;

/* One typed-JSON value ({"S":"x"}) or one item ({"id":{"S":"x"}}) that is there as a whole. */
extern CheckedResult attribute_value_decode(Arena *arena, Bytes json,
                                            AttributeValue *value) MUST_CHECK;
extern CheckedResult item_decode(Arena *arena, Bytes json, DynamodbItem *item) MUST_CHECK;

#endif
