/*
 * page_grammar.h
 *		What DynamoDB's responses look like: which objects and arrays there are, and what may stand
 *		in each. Data for page_decoder.c.
 */
#ifndef ITEM_PAGE_GRAMMAR_H
#define ITEM_PAGE_GRAMMAR_H

#include "foundation/bytes.h"

/* What an object or array that is open contains. */
typedef enum FrameKind
{
	FRAME_NONE,
	FRAME_ENVELOPE,       /* the response's members */
	FRAME_ITEMS,          /* array of items */
	FRAME_TABLES,         /* BatchGetItem's Responses: table's name to array of items */
	FRAME_ENTRIES,        /* TransactGetItems's Responses: array of entries */
	FRAME_ENTRY,          /* an object with an Item, or none */
	FRAME_CAPACITIES,     /* array of consumed capacities */
	FRAME_CAPACITY,       /* one table's */
	FRAME_UNPROCESSED,    /* object to be kept as JSON */
	FRAME_RECORDS,        /* a stream's records: array of them */
	FRAME_RECORD,         /* one: what is said of a change … */
	FRAME_CHANGE,         /* … and its "dynamodb", what it was */
	FRAME_SKIPPED_OBJECT, /* any JSON */
	FRAME_SKIPPED_ARRAY,
	FRAME_ITEM, /* name to typed value */
	FRAME_KEY,  /* the same: LastEvaluatedKey */
	FRAME_MAP,  /* the same: an attribute's value */
	FRAME_LIST, /* array of typed values */
	FRAME_SET   /* array of scalars */
} FrameKind;

/* What the next value must be. */
typedef enum Expectation
{
	EXPECT_NOTHING,
	EXPECT_ENVELOPE,
	EXPECT_ITEMS,
	EXPECT_RESPONSES,
	EXPECT_ENTRY,
	EXPECT_ITEM,
	EXPECT_KEY,
	EXPECT_COUNT,
	EXPECT_SCANNED_COUNT,
	EXPECT_CAPACITIES,
	EXPECT_CAPACITY,
	EXPECT_CAPACITY_UNITS,
	EXPECT_UNPROCESSED,
	EXPECT_RECORDS,
	EXPECT_RECORD,
	EXPECT_CHANGE,
	EXPECT_KEYS, /* of a change: items, like the two that follow */
	EXPECT_NEW_IMAGE,
	EXPECT_OLD_IMAGE,
	EXPECT_EVENT_ID, /* strings */
	EXPECT_EVENT_NAME,
	EXPECT_SEQUENCE_NUMBER,
	EXPECT_NEXT_SHARD_ITERATOR,
	EXPECT_CREATION_TIME,
	EXPECT_ANYTHING,
	EXPECT_TYPED_VALUE, /* {"S":"…"} */
	EXPECT_SET_ELEMENT
} Expectation;

/* What each expectation allows. */
typedef struct ValueForm
{
	FrameKind object; /* what a brace opens; FRAME_NONE: none may stand here */
	FrameKind array;  /* and a bracket */
	bool number;
	bool string;
	bool any; /* a string or any word */
} ValueForm;

/* By Expectation. Not for EXPECT_TYPED_VALUE and EXPECT_SET_ELEMENT, which are no plain JSON. */
extern const ValueForm value_forms[];

/* The members that mean something, by the object they stand in. */
typedef struct Member
{
	FrameKind frame;
	Bytes name;
	Expectation expectation;
} Member;

/* The member of that name, static; NULL for names that mean nothing there. */
extern const Member *find_member(FrameKind frame, Bytes name);

/* The bit that stands for a member in a set of them. */
extern uint32_t member_bit(const Member *member);

/* By FrameKind: what stands in arrays, and in the objects whose members all mean the same. */
extern const Expectation content_expectations[];

static inline bool
frame_kind_is_array(FrameKind kind)
{
	const uint32_t arrays = 1u << FRAME_ITEMS | 1u << FRAME_ENTRIES | 1u << FRAME_CAPACITIES |
	                        1u << FRAME_SKIPPED_ARRAY | 1u << FRAME_LIST | 1u << FRAME_SET |
	                        1u << FRAME_RECORDS;

	return (arrays >> kind & 1) != 0;
}

#endif
