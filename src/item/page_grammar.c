/*
 * page_grammar.c
 *		The tables of page_grammar.h.
 */
#include "item/page_grammar.h"

const ValueForm value_forms[] = {
    [EXPECT_ENVELOPE] = {.object = FRAME_ENVELOPE},
    [EXPECT_ITEMS] = {.array = FRAME_ITEMS},
    [EXPECT_RESPONSES] = {.object = FRAME_TABLES, .array = FRAME_ENTRIES},
    [EXPECT_ENTRY] = {.object = FRAME_ENTRY},
    [EXPECT_ITEM] = {.object = FRAME_ITEM},
    [EXPECT_KEY] = {.object = FRAME_KEY},
    [EXPECT_COUNT] = {.number = true},
    [EXPECT_SCANNED_COUNT] = {.number = true},
    [EXPECT_CAPACITIES] = {.object = FRAME_CAPACITY, .array = FRAME_CAPACITIES},
    [EXPECT_CAPACITY] = {.object = FRAME_CAPACITY},
    [EXPECT_CAPACITY_UNITS] = {.number = true},
    [EXPECT_UNPROCESSED] = {.object = FRAME_UNPROCESSED},
    [EXPECT_RECORDS] = {.array = FRAME_RECORDS},
    [EXPECT_RECORD] = {.object = FRAME_RECORD},
    [EXPECT_CHANGE] = {.object = FRAME_CHANGE},
    [EXPECT_KEYS] = {.object = FRAME_ITEM},
    [EXPECT_NEW_IMAGE] = {.object = FRAME_ITEM},
    [EXPECT_OLD_IMAGE] = {.object = FRAME_ITEM},
    [EXPECT_EVENT_ID] = {.string = true},
    [EXPECT_EVENT_NAME] = {.string = true},
    [EXPECT_SEQUENCE_NUMBER] = {.string = true},
    [EXPECT_NEXT_SHARD_ITERATOR] = {.string = true},
    [EXPECT_CREATION_TIME] = {.number = true},
    [EXPECT_ANYTHING] = {.object = FRAME_SKIPPED_OBJECT,
                         .array = FRAME_SKIPPED_ARRAY,
                         .number = true,
                         .any = true},
};

#define MEMBER(frame, name, expectation)                                                           \
	{                                                                                              \
		frame, {(name), sizeof(name) - 1}, expectation                                             \
	}

static const Member members[] = {
    MEMBER(FRAME_ENVELOPE, "Items", EXPECT_ITEMS),
    MEMBER(FRAME_ENVELOPE, "Item", EXPECT_ITEM),
    MEMBER(FRAME_ENVELOPE, "Attributes", EXPECT_ITEM),
    MEMBER(FRAME_ENVELOPE, "Responses", EXPECT_RESPONSES),
    MEMBER(FRAME_ENVELOPE, "LastEvaluatedKey", EXPECT_KEY),
    MEMBER(FRAME_ENVELOPE, "Count", EXPECT_COUNT),
    MEMBER(FRAME_ENVELOPE, "ScannedCount", EXPECT_SCANNED_COUNT),
    MEMBER(FRAME_ENVELOPE, "ConsumedCapacity", EXPECT_CAPACITIES),
    MEMBER(FRAME_ENVELOPE, "UnprocessedKeys", EXPECT_UNPROCESSED),
    MEMBER(FRAME_ENVELOPE, "UnprocessedItems", EXPECT_UNPROCESSED),
    MEMBER(FRAME_ENVELOPE, "Records", EXPECT_RECORDS),
    MEMBER(FRAME_ENVELOPE, "NextShardIterator", EXPECT_NEXT_SHARD_ITERATOR),
    MEMBER(FRAME_ENTRY, "Item", EXPECT_ITEM),
    MEMBER(FRAME_RECORD, "eventID", EXPECT_EVENT_ID),
    MEMBER(FRAME_RECORD, "eventName", EXPECT_EVENT_NAME),
    MEMBER(FRAME_RECORD, "dynamodb", EXPECT_CHANGE),
    MEMBER(FRAME_CHANGE, "Keys", EXPECT_KEYS),
    MEMBER(FRAME_CHANGE, "NewImage", EXPECT_NEW_IMAGE),
    MEMBER(FRAME_CHANGE, "OldImage", EXPECT_OLD_IMAGE),
    MEMBER(FRAME_CHANGE, "SequenceNumber", EXPECT_SEQUENCE_NUMBER),
    MEMBER(FRAME_CHANGE, "ApproximateCreationDateTime", EXPECT_CREATION_TIME),
    MEMBER(FRAME_CAPACITY, "CapacityUnits", EXPECT_CAPACITY_UNITS),
};

#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

const Expectation content_expectations[] = {
    [FRAME_ITEMS] = EXPECT_ITEM,
    [FRAME_TABLES] = EXPECT_ITEMS,
    [FRAME_ENTRIES] = EXPECT_ENTRY,
    [FRAME_CAPACITIES] = EXPECT_CAPACITY,
    [FRAME_RECORDS] = EXPECT_RECORD,
    [FRAME_UNPROCESSED] = EXPECT_ANYTHING,
    [FRAME_SKIPPED_OBJECT] = EXPECT_ANYTHING,
    [FRAME_SKIPPED_ARRAY] = EXPECT_ANYTHING,
    [FRAME_ITEM] = EXPECT_TYPED_VALUE,
    [FRAME_KEY] = EXPECT_TYPED_VALUE,
    [FRAME_MAP] = EXPECT_TYPED_VALUE,
    [FRAME_LIST] = EXPECT_TYPED_VALUE,
    [FRAME_SET] = EXPECT_SET_ELEMENT,
};

const Member *
find_member(FrameKind frame, Bytes name)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++)
	{
		if (members[i].frame == frame && bytes_equal(members[i].name, name))
			return &members[i];
	}
	return NULL;
}

uint32_t
member_bit(const Member *member)
{
	return UINT32_C(1) << (member - members);
}
