/*
 * page_decoder.c
 *		DynamoDB's responses, decoded token by token as they arrive.
 *
 * An automaton over the tokens of json_scanner.h. What the next token may be is its `state`; in
 * what it stands is the stack of frames. Every step either takes a whole token or takes nothing and
 * asks for input, so that the decoder stops and goes on anywhere.
 *
 * Values under construction lie on one stack: the attributes or elements of each open list, set,
 * map and item, one container above the other. When a container closes, its contents move to the
 * arena in one piece. The value that is being read is always the topmost.
 */
#include "item/page_decoder.h"

#include "foundation/ascii.h"
#include "foundation/base64.h"
#include "item/attribute_names.h"
#include "item/json_scanner.h"
#include "item/number.h"
#include "item/page_grammar.h"
#include "item/usual_attribute.h"
#include "item/value_stack.h"

#include <stdlib.h>
#include <string.h>

/*
 * Levels of JSON objects and arrays in the parts that are not decoded. A write that comes back as
 * unprocessed nests the deepest: two levels for each of an attribute's, and a few around the item.
 */
#define FRAMES_MAXIMUM (2 * ATTRIBUTE_DEPTH_MAXIMUM + 32)

typedef enum State
{
	STATE_VALUE,           /* a value, as `expected` says */
	STATE_FIRST_NAME,      /* behind a brace: a name, or the end */
	STATE_NAME,            /* behind a comma in an object */
	STATE_COLON,           /* behind a name */
	STATE_FIRST_ELEMENT,   /* behind a bracket: a value, or the end */
	STATE_AFTER_VALUE,     /* a comma, or the end */
	STATE_TYPE_NAME,       /* in a typed value, behind its brace */
	STATE_TYPE_COLON,      /* behind the type's name */
	STATE_TYPED_CONTENT,   /* behind that colon */
	STATE_TYPED_VALUE_END, /* the brace that ends a typed value */
	STATE_END              /* nothing but white space */
} State;

typedef struct Frame
{
	FrameKind kind;
	AttributeType type;    /* of the list, map or set; of a set's elements in FRAME_SET */
	uint32_t members_seen; /* of those that mean something; in skipped objects, of any */
	size_t contents_start; /* where its contents begin on the stack */
} Frame;

struct PageDecoder
{
	Arena *arena;
	JsonScanner scanner;
	AttributeNames names;
	bool skip_unknown;
	CheckedResult result; /* the first failure */
	State state;
	Expectation expected;
	AttributeType type; /* of the typed value that is being read */
	uint32_t depth;     /* open frames */
	uint32_t levels;    /* of lists and maps around the value, inside its attribute */
	bool discards;      /* the current attribute is only checked */
	ValueStack values;  /* under construction */
	size_t item_capacity;
	Expectation image; /* which item is being read: of a stream's record, or EXPECT_ITEM */
	size_t record_capacity;
	const char *capture; /* from here on the text is to be kept; NULL: it is not */
	char *captured;
	size_t captured_used;
	size_t captured_capacity;
	DecodedPage page;
	Frame frames[FRAMES_MAXIMUM];
};

static Progress
fail(PageDecoder *decoder, const char *message)
{
	return json_scanner_fail(&decoder->scanner, RESULT_MALFORMED, message);
}

static Progress
fail_for_memory(PageDecoder *decoder, size_t size)
{
	decoder->scanner.failure = arena_failure(decoder->arena, size);
	return PROGRESS_FAILED;
}

/* Goes on, or fails as a part of the decoder did; what is malformed is so at the cursor. */
static Progress
progress_of(PageDecoder *decoder, CheckedResult result)
{
	if (result_is_ok(result))
		return PROGRESS_MADE;
	if (result.code == RESULT_MALFORMED)
		return fail(decoder, result.message);
	decoder->scanner.failure = result;
	return PROGRESS_FAILED;
}

static Frame *
top_frame(PageDecoder *decoder)
{
	return &decoder->frames[decoder->depth - 1];
}

/* Begins an attribute; its value is then the current one. */
static inline Progress
push_attribute(PageDecoder *decoder, Bytes name, int32_t slot)
{
	Attribute *attribute = value_stack_push_attribute(&decoder->values);

	if (attribute == NULL)
		return fail_for_memory(decoder, value_stack_next_capacity(&decoder->values));
	attribute->name = name;
	attribute->slot = slot;
	return PROGRESS_MADE;
}

/* Begins an element; it is then the current value. */
static inline Progress
push_value(PageDecoder *decoder)
{
	if (value_stack_push_value(&decoder->values) == NULL)
		return fail_for_memory(decoder, value_stack_next_capacity(&decoder->values));
	return PROGRESS_MADE;
}

static inline AttributeValue *
current_value(PageDecoder *decoder)
{
	return value_stack_top(&decoder->values);
}

/* Copies what lies on the stack from `start` on to the arena. */
static Progress
keep_contents(PageDecoder *decoder, size_t start, void **contents)
{
	size_t size = decoder->values.used - start;

	*contents = arena_allocate(decoder->arena, size);
	if (*contents == NULL)
		return fail_for_memory(decoder, size);
	memcpy(*contents, decoder->values.memory + start, size);
	return PROGRESS_MADE;
}

/* ---- Frames ---- */

static Progress
open_frame(PageDecoder *decoder, FrameKind kind, AttributeType type, State next)
{
	if (decoder->depth == FRAMES_MAXIMUM)
		return fail(decoder, "JSON is nested too deep");
	decoder->frames[decoder->depth++] =
	    (Frame){.kind = kind, .type = type, .contents_start = decoder->values.used};
	decoder->scanner.cursor++;
	decoder->state = next;
	return PROGRESS_MADE;
}

/* A value has ended that is no typed one. */
static void
finish_value(PageDecoder *decoder)
{
	decoder->state = decoder->depth == 0 ? STATE_END : STATE_AFTER_VALUE;
}

static uint32_t
contents_count(const PageDecoder *decoder, const Frame *frame, size_t size)
{
	return (uint32_t) ((decoder->values.used - frame->contents_start) / size);
}

static Attribute *
frame_attributes(const PageDecoder *decoder, const Frame *frame)
{
	return (Attribute *) (void *) (decoder->values.memory + frame->contents_start);
}

/* A list, set or map has ended: it becomes the value that was current before it. */
static Progress
close_container(PageDecoder *decoder, const Frame *frame)
{
	bool is_map = frame->kind == FRAME_MAP;
	uint32_t count =
	    contents_count(decoder, frame, is_map ? sizeof(Attribute) : sizeof(AttributeValue));
	void *contents = NULL;
	AttributeValue *value;

	if (is_map)
		RETURN_UNLESS_MADE(
		    progress_of(decoder, attribute_names_check(&decoder->names,
		                                               frame_attributes(decoder, frame), count)));
	if (!decoder->discards)
		RETURN_UNLESS_MADE(keep_contents(decoder, frame->contents_start, &contents));
	decoder->values.used = frame->contents_start;
	value = current_value(decoder);
	value->type = frame->type;
	value->count = count;
	if (is_map)
		value->attributes = contents;
	else
		value->elements = contents;
	decoder->levels -= frame->kind != FRAME_SET;
	decoder->state = STATE_TYPED_VALUE_END;
	return PROGRESS_MADE;
}

static Progress
close_set(PageDecoder *decoder, Frame *frame)
{
	static const AttributeType set_types[] = {
	    [ATTRIBUTE_S] = ATTRIBUTE_SS, [ATTRIBUTE_N] = ATTRIBUTE_NS, [ATTRIBUTE_B] = ATTRIBUTE_BS};

	if (decoder->values.used == frame->contents_start)
		return fail(decoder, "set is empty");
	frame->type = set_types[frame->type];
	return close_container(decoder, frame);
}

/* Moves the attributes that nobody wants off the stack; returns how many are left. */
static uint32_t
drop_unknown(PageDecoder *decoder, Attribute *attributes, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		if (attributes[i].slot != ATTRIBUTE_NO_SLOT)
			attributes[kept++] = attributes[i];
	}
	decoder->values.used -= (count - kept) * sizeof(Attribute);
	return kept;
}

/* The record that is being read, or was read last. */
static StreamRecord *
current_record(PageDecoder *decoder)
{
	return &decoder->page.records[decoder->page.record_count - 1];
}

/* Moves an item's attributes to the arena, and off the stack. */
static Progress
keep_item(PageDecoder *decoder, const Frame *frame, uint32_t count, DynamodbItem *item)
{
	void *attributes;

	RETURN_UNLESS_MADE(keep_contents(decoder, frame->contents_start, &attributes));
	*item = (DynamodbItem){attributes, count};
	decoder->values.used = frame->contents_start;
	finish_value(decoder);
	return PROGRESS_MADE;
}

/* Where the item that ends belongs: a part of a stream's record, or one more of the page's items.
 */
static Progress
place_of_item(PageDecoder *decoder, DynamodbItem **item)
{
	DecodedPage *page = &decoder->page;

	switch (decoder->image)
	{
		case EXPECT_KEYS:
			*item = &current_record(decoder)->keys;
			return PROGRESS_MADE;
		case EXPECT_NEW_IMAGE:
			current_record(decoder)->has_new_image = true;
			*item = &current_record(decoder)->new_image;
			return PROGRESS_MADE;
		case EXPECT_OLD_IMAGE:
			current_record(decoder)->has_old_image = true;
			*item = &current_record(decoder)->old_image;
			return PROGRESS_MADE;
		default:
			break;
	}
	page->items = arena_grow_array(decoder->arena, page->items, page->item_count,
	                               &decoder->item_capacity, sizeof(DynamodbItem));
	if (page->items == NULL)
		return fail_for_memory(decoder, decoder->item_capacity * sizeof(DynamodbItem));
	*item = &page->items[page->item_count++];
	return PROGRESS_MADE;
}

static Progress
close_item(PageDecoder *decoder, const Frame *frame)
{
	DynamodbItem *item;
	Attribute *attributes = frame_attributes(decoder, frame);
	uint32_t count = contents_count(decoder, frame, sizeof(Attribute));

	RETURN_UNLESS_MADE(
	    progress_of(decoder, attribute_names_end_item(&decoder->names, attributes, count)));
	if (decoder->skip_unknown)
		count = drop_unknown(decoder, attributes, count);
	RETURN_UNLESS_MADE(place_of_item(decoder, &item));
	return keep_item(decoder, frame, count, item);
}

static Progress
close_key(PageDecoder *decoder, const Frame *frame)
{
	const Attribute *attributes = frame_attributes(decoder, frame);
	uint32_t count = contents_count(decoder, frame, sizeof(Attribute));

	RETURN_UNLESS_MADE(
	    progress_of(decoder, attribute_names_check(&decoder->names, attributes, count)));
	decoder->page.has_last_evaluated_key = count > 0;
	return keep_item(decoder, frame, count, &decoder->page.last_evaluated_key);
}

/* Adds the text from where it is to be kept on, up to the cursor. */
static Progress
capture_text(PageDecoder *decoder)
{
	size_t length = (size_t) (decoder->scanner.cursor - decoder->capture);
	size_t needed = decoder->captured_used + length;

	if (needed > decoder->captured_capacity)
	{
		size_t capacity = needed * 2;
		char *moved = arena_allocate(decoder->arena, capacity);

		if (moved == NULL)
			return fail_for_memory(decoder, capacity);
		if (decoder->captured_used > 0)
			memcpy(moved, decoder->captured, decoder->captured_used);
		decoder->captured = moved;
		decoder->captured_capacity = capacity;
	}
	memcpy(decoder->captured + decoder->captured_used, decoder->capture, length);
	decoder->captured_used = needed;
	decoder->capture = decoder->scanner.cursor;
	return PROGRESS_MADE;
}

static Progress
close_unprocessed(PageDecoder *decoder, const Frame *frame)
{
	bool has_members = frame->members_seen != 0;

	RETURN_UNLESS_MADE(capture_text(decoder));
	decoder->capture = NULL;
	if (has_members)
		decoder->page.unprocessed = (Bytes){decoder->captured, decoder->captured_used};
	finish_value(decoder);
	return PROGRESS_MADE;
}

/* The brace or bracket at the cursor ends the top frame. */
static Progress
close_frame(PageDecoder *decoder)
{
	Frame *frame = &decoder->frames[--decoder->depth];

	decoder->scanner.cursor++;
	switch (frame->kind)
	{
		case FRAME_ITEM:
			return close_item(decoder, frame);
		case FRAME_KEY:
			return close_key(decoder, frame);
		case FRAME_MAP:
		case FRAME_LIST:
			return close_container(decoder, frame);
		case FRAME_SET:
			return close_set(decoder, frame);
		case FRAME_UNPROCESSED:
			return close_unprocessed(decoder, frame);
		default:
			finish_value(decoder);
			return PROGRESS_MADE;
	}
}

/* ---- Names ---- */

/* The name of a member of a response's own objects: what its value must be. */
static Progress
name_member(PageDecoder *decoder, Frame *frame, Bytes name)
{
	const Member *member = find_member(frame->kind, name);

	decoder->expected = EXPECT_ANYTHING;
	if (member == NULL)
		return PROGRESS_MADE;
	if ((frame->members_seen & member_bit(member)) != 0)
		return fail(decoder, "member of response occurs twice");
	frame->members_seen |= member_bit(member);
	decoder->expected = member->expectation;
	return PROGRESS_MADE;
}

/* The name of a top-level attribute. */
static inline Progress
name_item_attribute(PageDecoder *decoder, Bytes name)
{
	int32_t slot = attribute_names_next(&decoder->names, name);

	decoder->discards = decoder->skip_unknown && slot == ATTRIBUTE_NO_SLOT;
	return push_attribute(decoder, name, slot);
}

static Progress
name_in_other_frame(PageDecoder *decoder, Frame *frame, Bytes name)
{
	switch (frame->kind)
	{
		case FRAME_ENVELOPE:
		case FRAME_ENTRY:
		case FRAME_CAPACITY:
		case FRAME_RECORD:
		case FRAME_CHANGE:
			return name_member(decoder, frame, name);
		case FRAME_KEY:
			return push_attribute(decoder, name, attribute_names_search(&decoder->names, name));
		default:
			return PROGRESS_MADE;
	}
}

/* Names where text is kept as it is. */
static Progress
skip_name(PageDecoder *decoder, Frame *frame)
{
	RETURN_UNLESS_MADE(json_skip_string(&decoder->scanner));
	frame->members_seen = 1;
	decoder->expected = EXPECT_ANYTHING;
	decoder->state = STATE_COLON;
	return PROGRESS_MADE;
}

static inline Progress
take_name(PageDecoder *decoder)
{
	Frame *frame = top_frame(decoder);
	Bytes name = BYTES_EMPTY;

	if (frame->kind == FRAME_UNPROCESSED || frame->kind == FRAME_SKIPPED_OBJECT)
		return skip_name(decoder, frame);
	RETURN_UNLESS_MADE(json_take_string(&decoder->scanner, &name));
	decoder->expected = content_expectations[frame->kind];
	decoder->state = STATE_COLON;
	if (frame->kind == FRAME_ITEM)
		return name_item_attribute(decoder, name);
	if (frame->kind == FRAME_MAP)
		return push_attribute(decoder, name, ATTRIBUTE_NO_SLOT);
	return name_in_other_frame(decoder, frame, name);
}

/* Takes the attribute at the cursor, and a comma behind it, if it is a usual one. */
static inline bool
take_usual_attribute(PageDecoder *decoder, const KnownName *expected)
{
	Attribute *attribute = value_stack_push_attribute(&decoder->values);

	/* Without memory, those that are not usual fail as well. */
	if (attribute == NULL)
		return false;
	if (!usual_attribute_take(&decoder->scanner, expected, attribute))
	{
		decoder->values.used -= sizeof(Attribute);
		return false;
	}
	decoder->state = STATE_AFTER_VALUE;
	if (*decoder->scanner.cursor == ',')
	{
		decoder->scanner.cursor++;
		decoder->state = STATE_NAME;
	}
	return true;
}

/* Takes the attributes of an item at the cursor as far as they come as those of others did. */
static inline void
take_usual_attributes_of_item(PageDecoder *decoder)
{
	const KnownName *expected = attribute_names_expected(&decoder->names);

	while (expected != NULL && take_usual_attribute(decoder, expected))
	{
		attribute_names_take_expected(&decoder->names);
		if (decoder->state == STATE_AFTER_VALUE)
			return;
		expected = attribute_names_expected(&decoder->names);
	}
}

static inline void
take_usual_attributes(PageDecoder *decoder)
{
	FrameKind kind = top_frame(decoder)->kind;

	/* A name that was looked through up to the end of the text so far is none of theirs. */
	if (decoder->scanner.scanned > 0)
		return;
	if (kind == FRAME_ITEM)
		take_usual_attributes_of_item(decoder);
	else if (kind == FRAME_MAP)
	{
		while (take_usual_attribute(decoder, NULL) && decoder->state == STATE_NAME)
			continue;
	}
}

static inline Progress
step_name(PageDecoder *decoder)
{
	char next;

	take_usual_attributes(decoder);
	if (decoder->state == STATE_AFTER_VALUE)
		return PROGRESS_MADE;
	next = json_peek(&decoder->scanner);
	if (next == '"')
		return take_name(decoder);
	if (next == '}' && decoder->state == STATE_FIRST_NAME)
		return close_frame(decoder);
	return json_scanner_unexpected(&decoder->scanner, "JSON name expected");
}

static inline Progress
step_colon(PageDecoder *decoder)
{
	RETURN_UNLESS_MADE(json_take_character(&decoder->scanner, ':', "colon expected"));
	decoder->state = STATE_VALUE;
	return PROGRESS_MADE;
}

/* ---- Typed values ---- */

/* Types by their one letter, plus one; 0 where there is none. */
static const unsigned char types_of_letters[256] = {
    ['S'] = ATTRIBUTE_S + 1, ['N'] = ATTRIBUTE_N + 1, ['B'] = ATTRIBUTE_B + 1,
    ['L'] = ATTRIBUTE_L + 1, ['M'] = ATTRIBUTE_M + 1,
};

/* Takes {"S": and the like in one go where nothing unusual stands between; else takes nothing. */
static inline bool
take_short_type(PageDecoder *decoder)
{
	const char *next = decoder->scanner.cursor;
	unsigned char type = types_of_letters[(unsigned char) next[2]];

	if (next[1] != '"' || type == 0 || next[3] != '"' || next[4] != ':')
		return false;
	decoder->type = (AttributeType) (type - 1);
	decoder->scanner.cursor += 5;
	decoder->state = STATE_TYPED_CONTENT;
	return true;
}

static inline Progress
open_typed_value(PageDecoder *decoder)
{
	if (json_peek(&decoder->scanner) != '{')
		return json_scanner_unexpected(&decoder->scanner, "attribute value expected");
	if (decoder->depth > 0 && top_frame(decoder)->kind == FRAME_LIST)
		RETURN_UNLESS_MADE(push_value(decoder));
	if (take_short_type(decoder))
		return PROGRESS_MADE;
	decoder->scanner.cursor++;
	decoder->state = STATE_TYPE_NAME;
	return PROGRESS_MADE;
}

static Progress
step_type_name(PageDecoder *decoder)
{
	Bytes name = BYTES_EMPTY;

	if (json_peek(&decoder->scanner) != '"')
		return json_scanner_unexpected(&decoder->scanner, "attribute type expected");
	RETURN_UNLESS_MADE(json_take_string(&decoder->scanner, &name));
	if (!attribute_type_from_name(name, &decoder->type))
		return fail(decoder, "unknown attribute type");
	decoder->state = STATE_TYPE_COLON;
	return PROGRESS_MADE;
}

static Progress
step_type_colon(PageDecoder *decoder)
{
	RETURN_UNLESS_MADE(json_take_character(&decoder->scanner, ':', "colon expected"));
	decoder->state = STATE_TYPED_CONTENT;
	return PROGRESS_MADE;
}

/* Takes the string that an S, N or B is written as; `bytes` is what it means. */
static inline Progress
take_scalar(PageDecoder *decoder, AttributeType type, Bytes *bytes)
{
	if (json_peek(&decoder->scanner) != '"')
		return json_scanner_unexpected(&decoder->scanner, "JSON string expected");
	RETURN_UNLESS_MADE(json_take_string(&decoder->scanner, bytes));
	if (type == ATTRIBUTE_N)
	{
		if (!result_is_ok(number_check(*bytes)))
			return fail(decoder, "attribute is not a DynamoDB number");
	}
	else if (type == ATTRIBUTE_B)
	{
		if (!base64_decode(*bytes, (char *) bytes->data, &bytes->length))
			return fail(decoder, "attribute is not base64");
	}
	return PROGRESS_MADE;
}

static inline void
set_scalar(AttributeValue *value, AttributeType type, Bytes bytes)
{
	value->type = type;
	value->count = 0;
	value->bytes = bytes;
}

static Progress
take_boolean(PageDecoder *decoder)
{
	bool boolean = json_peek(&decoder->scanner) == 't';

	if (decoder->scanner.cursor == decoder->scanner.end)
		return PROGRESS_NEEDS_INPUT;
	RETURN_UNLESS_MADE(json_take_word(&decoder->scanner, boolean ? "true" : "false"));
	*current_value(decoder) = attribute_boolean(boolean);
	decoder->state = STATE_TYPED_VALUE_END;
	return PROGRESS_MADE;
}

static Progress
take_null(PageDecoder *decoder)
{
	if (json_peek(&decoder->scanner) != 't')
		return json_scanner_unexpected(&decoder->scanner, "NULL attribute is not true");
	RETURN_UNLESS_MADE(json_take_word(&decoder->scanner, "true"));
	*current_value(decoder) = attribute_null();
	decoder->state = STATE_TYPED_VALUE_END;
	return PROGRESS_MADE;
}

static Progress
open_set(PageDecoder *decoder, AttributeType element)
{
	if (json_peek(&decoder->scanner) != '[')
		return json_scanner_unexpected(&decoder->scanner, "JSON array expected");
	return open_frame(decoder, FRAME_SET, element, STATE_FIRST_ELEMENT);
}

static Progress
open_document(PageDecoder *decoder)
{
	bool is_map = decoder->type == ATTRIBUTE_M;

	if (json_peek(&decoder->scanner) != (is_map ? '{' : '['))
		return json_scanner_unexpected(&decoder->scanner,
		                               is_map ? "JSON object expected" : "JSON array expected");
	if (decoder->levels == ATTRIBUTE_DEPTH_MAXIMUM)
		return fail(decoder, "lists and maps are nested too deep");
	decoder->levels++;
	return is_map ? open_frame(decoder, FRAME_MAP, ATTRIBUTE_M, STATE_FIRST_NAME)
	              : open_frame(decoder, FRAME_LIST, ATTRIBUTE_L, STATE_FIRST_ELEMENT);
}

static Progress
take_other_content(PageDecoder *decoder)
{
	switch (decoder->type)
	{
		case ATTRIBUTE_BOOL:
			return take_boolean(decoder);
		case ATTRIBUTE_NULL:
			return take_null(decoder);
		case ATTRIBUTE_SS:
			return open_set(decoder, ATTRIBUTE_S);
		case ATTRIBUTE_NS:
			return open_set(decoder, ATTRIBUTE_N);
		case ATTRIBUTE_BS:
			return open_set(decoder, ATTRIBUTE_B);
		default:
			return open_document(decoder);
	}
}

static inline Progress
step_typed_content(PageDecoder *decoder)
{
	Bytes bytes = BYTES_EMPTY;

	if (decoder->type > ATTRIBUTE_B)
		return take_other_content(decoder);
	RETURN_UNLESS_MADE(take_scalar(decoder, decoder->type, &bytes));
	set_scalar(current_value(decoder), decoder->type, bytes);
	decoder->state = STATE_TYPED_VALUE_END;
	return PROGRESS_MADE;
}

static inline Progress
step_typed_value_end(PageDecoder *decoder)
{
	RETURN_UNLESS_MADE(
	    json_take_character(&decoder->scanner, '}', "attribute value has more than one type"));
	finish_value(decoder);
	return PROGRESS_MADE;
}

static Progress
take_set_element(PageDecoder *decoder)
{
	AttributeType type = top_frame(decoder)->type;
	Bytes bytes = BYTES_EMPTY;

	RETURN_UNLESS_MADE(take_scalar(decoder, type, &bytes));
	RETURN_UNLESS_MADE(push_value(decoder));
	set_scalar(current_value(decoder), type, bytes);
	decoder->state = STATE_AFTER_VALUE;
	return PROGRESS_MADE;
}

/* ---- Other values ---- */

/* Makes room for the record that begins. */
static Progress
begin_record(PageDecoder *decoder)
{
	DecodedPage *page = &decoder->page;

	page->records = arena_grow_array(decoder->arena, page->records, page->record_count,
	                                 &decoder->record_capacity, sizeof(StreamRecord));
	if (page->records == NULL)
		return fail_for_memory(decoder, decoder->record_capacity * sizeof(StreamRecord));
	page->records[page->record_count++] = (StreamRecord){0};
	return PROGRESS_MADE;
}

static Progress
open_value(PageDecoder *decoder, FrameKind kind)
{
	if (kind == FRAME_ITEM)
	{
		attribute_names_begin_item(&decoder->names);
		decoder->image = decoder->expected;
	}
	if (kind == FRAME_RECORD)
		RETURN_UNLESS_MADE(begin_record(decoder));
	if (kind == FRAME_KEY)
		decoder->discards = false;
	if (kind == FRAME_UNPROCESSED)
	{
		decoder->capture = decoder->scanner.cursor;
		decoder->captured = NULL;
		decoder->captured_used = decoder->captured_capacity = 0;
	}
	return open_frame(decoder, kind, ATTRIBUTE_M,
	                  frame_kind_is_array(kind) ? STATE_FIRST_ELEMENT : STATE_FIRST_NAME);
}

/* A number that is only ever shown, added up or compared, so that a double is what it is. */
static Progress
read_double(PageDecoder *decoder, Bytes number, double *value)
{
	char text[64];

	if (number.length >= sizeof(text))
		return fail(decoder, "number is too long");
	memcpy(text, number.data, number.length);
	text[number.length] = '\0';
	*value = strtod(text, NULL);
	return PROGRESS_MADE;
}

static Progress
add_capacity_units(PageDecoder *decoder, Bytes number)
{
	double units = 0;

	RETURN_UNLESS_MADE(read_double(decoder, number, &units));
	decoder->page.capacity_units += units;
	return PROGRESS_MADE;
}

static Progress
set_count(PageDecoder *decoder, Bytes number, int64_t *count)
{
	if (!result_is_ok(number_to_int64(number, count)) || *count < 0)
		return fail(decoder, "count is not a whole number");
	return PROGRESS_MADE;
}

static Progress
take_number(PageDecoder *decoder)
{
	Bytes number;

	RETURN_UNLESS_MADE(json_take_number(&decoder->scanner, &number));
	finish_value(decoder);
	switch (decoder->expected)
	{
		case EXPECT_COUNT:
			return set_count(decoder, number, &decoder->page.count);
		case EXPECT_SCANNED_COUNT:
			return set_count(decoder, number, &decoder->page.scanned_count);
		case EXPECT_CAPACITY_UNITS:
			return add_capacity_units(decoder, number);
		case EXPECT_CREATION_TIME:
			return read_double(decoder, number, &current_record(decoder)->created_at);
		default:
			return PROGRESS_MADE;
	}
}

/* A string that is kept as it is. */
static Progress
take_string(PageDecoder *decoder)
{
	Expectation expected = decoder->expected;
	Bytes text = BYTES_EMPTY;

	RETURN_UNLESS_MADE(json_take_string(&decoder->scanner, &text));
	finish_value(decoder);
	if (expected == EXPECT_NEXT_SHARD_ITERATOR)
		decoder->page.next_shard_iterator = text;
	else if (expected == EXPECT_EVENT_ID)
		current_record(decoder)->event_id = text;
	else if (expected == EXPECT_EVENT_NAME)
		current_record(decoder)->event_name = text;
	else
		current_record(decoder)->sequence_number = text;
	return PROGRESS_MADE;
}

static Progress
skip_scalar(PageDecoder *decoder, char first)
{
	if (first == '"')
		RETURN_UNLESS_MADE(json_skip_string(&decoder->scanner));
	else
		RETURN_UNLESS_MADE(json_take_word(&decoder->scanner, first == 't'   ? "true"
		                                                     : first == 'f' ? "false"
		                                                                    : "null"));
	finish_value(decoder);
	return PROGRESS_MADE;
}

/* A null as a member's value means that the member is absent. */
static bool
stands_for_absent_member(PageDecoder *decoder)
{
	return decoder->depth > 0 && !frame_kind_is_array(top_frame(decoder)->kind);
}

/* A value of the response's own, or one that is skipped. */
static Progress
take_plain_value(PageDecoder *decoder)
{
	const ValueForm *form = &value_forms[decoder->expected];
	char first = json_peek(&decoder->scanner);

	if (first == '{' && form->object != FRAME_NONE)
		return open_value(decoder, form->object);
	if (first == '[' && form->array != FRAME_NONE)
		return open_value(decoder, form->array);
	if (form->number && (first == '-' || ascii_is_digit(first)))
		return take_number(decoder);
	if (first == '"' && form->string)
		return take_string(decoder);
	if (first == 'n' && (form->any || stands_for_absent_member(decoder)))
		return skip_scalar(decoder, first);
	if (form->any && (first == '"' || first == 't' || first == 'f'))
		return skip_scalar(decoder, first);
	return json_scanner_unexpected(&decoder->scanner, "unexpected kind of JSON value");
}

static inline Progress
step_value(PageDecoder *decoder)
{
	if (decoder->expected == EXPECT_TYPED_VALUE)
		return open_typed_value(decoder);
	if (decoder->expected == EXPECT_SET_ELEMENT)
		return take_set_element(decoder);
	return take_plain_value(decoder);
}

static Progress
step_first_element(PageDecoder *decoder)
{
	if (json_peek(&decoder->scanner) == ']')
		return close_frame(decoder);
	if (decoder->scanner.cursor == decoder->scanner.end)
		return PROGRESS_NEEDS_INPUT;
	decoder->expected = content_expectations[top_frame(decoder)->kind];
	decoder->state = STATE_VALUE;
	return PROGRESS_MADE;
}

static inline Progress
step_after_value(PageDecoder *decoder)
{
	FrameKind kind = top_frame(decoder)->kind;
	bool array = frame_kind_is_array(kind);
	char next = json_peek(&decoder->scanner);

	if (next == (array ? ']' : '}'))
		return close_frame(decoder);
	if (next != ',')
		return json_scanner_unexpected(&decoder->scanner, "comma or end expected");
	decoder->scanner.cursor++;
	if (array)
		decoder->expected = content_expectations[kind];
	decoder->state = array ? STATE_VALUE : STATE_NAME;
	return PROGRESS_MADE;
}

static Progress
step_end(PageDecoder *decoder)
{
	json_peek(&decoder->scanner);
	return json_scanner_unexpected(&decoder->scanner, "bytes behind the end of JSON");
}

/* ---- The automaton ---- */

static inline Progress
step(PageDecoder *decoder)
{
	switch (decoder->state)
	{
		case STATE_VALUE:
			return step_value(decoder);
		case STATE_FIRST_NAME:
		case STATE_NAME:
			return step_name(decoder);
		case STATE_COLON:
			return step_colon(decoder);
		case STATE_FIRST_ELEMENT:
			return step_first_element(decoder);
		case STATE_AFTER_VALUE:
			return step_after_value(decoder);
		case STATE_TYPE_NAME:
			return step_type_name(decoder);
		case STATE_TYPE_COLON:
			return step_type_colon(decoder);
		case STATE_TYPED_CONTENT:
			return step_typed_content(decoder);
		case STATE_TYPED_VALUE_END:
			return step_typed_value_end(decoder);
		case STATE_END:
			return step_end(decoder);
	}
	return PROGRESS_FAILED;
}

/* Takes all tokens that are whole. */
static CheckedResult
take_tokens(PageDecoder *decoder)
{
	Progress progress;

	if (decoder->capture != NULL)
		decoder->capture = decoder->scanner.cursor;
	do
		progress = step(decoder);
	while (progress == PROGRESS_MADE);
	if (progress == PROGRESS_NEEDS_INPUT && decoder->capture != NULL)
		progress = capture_text(decoder);
	return progress == PROGRESS_FAILED ? decoder->scanner.failure : result_ok();
}

/* A decoder of one value of the kind. */
static PageDecoder *
create(Arena *arena, const NameTable *names, Expectation expected)
{
	PageDecoder *decoder = arena_allocate_zeroed(arena, 1, sizeof(*decoder));

	if (decoder == NULL || !attribute_names_init(&decoder->names, arena, names) ||
	    !value_stack_init(&decoder->values, arena))
		return NULL;
	decoder->arena = arena;
	decoder->skip_unknown = names != NULL && names->skip_unknown;
	decoder->state = STATE_VALUE;
	decoder->expected = expected;
	decoder->page.count = -1;
	decoder->page.scanned_count = -1;
	json_scanner_init(&decoder->scanner, arena);
	return decoder;
}

PageDecoder *
page_decoder_create(Arena *arena, const NameTable *names)
{
	return create(arena, names, EXPECT_ENVELOPE);
}

CheckedResult
page_decoder_feed(PageDecoder *decoder, Bytes chunk)
{
	while (chunk.length > 0 && result_is_ok(decoder->result))
	{
		decoder->result = json_scanner_fill(&decoder->scanner, &chunk);
		if (result_is_ok(decoder->result))
			decoder->result = take_tokens(decoder);
	}
	return decoder->result;
}

/* The failure of a body that has ended, if it may not end here. */
static CheckedResult
finish(PageDecoder *decoder)
{
	if (result_is_ok(decoder->result) && decoder->state != STATE_END)
		decoder->result = result_failed_at(
		    RESULT_MALFORMED, "JSON ends too early",
		    decoder->scanner.position + (size_t) (decoder->scanner.end - decoder->scanner.block));
	return decoder->result;
}

CheckedResult
page_decoder_finish(PageDecoder *decoder, DecodedPage *page)
{
	RETURN_IF_FAILED(finish(decoder));
	*page = decoder->page;
	return result_ok();
}

/* Decodes all of `json` as one value of the kind; the decoder is left with it. */
static CheckedResult
decode_whole(Arena *arena, Bytes json, Expectation expected, PageDecoder **decoder)
{
	*decoder = create(arena, NULL, expected);
	if (*decoder == NULL)
		return arena_failure(arena, sizeof(**decoder) + VALUE_STACK_FIRST_CAPACITY);
	if (push_value(*decoder) != PROGRESS_MADE)
		return (*decoder)->scanner.failure;
	RETURN_IF_FAILED(page_decoder_feed(*decoder, json));
	return finish(*decoder);
}

CheckedResult
attribute_value_decode(Arena *arena, Bytes json, AttributeValue *value)
{
	PageDecoder *decoder;

	RETURN_IF_FAILED(decode_whole(arena, json, EXPECT_TYPED_VALUE, &decoder));
	*value = *current_value(decoder);
	return result_ok();
}

CheckedResult
item_decode(Arena *arena, Bytes json, DynamodbItem *item)
{
	PageDecoder *decoder;

	RETURN_IF_FAILED(decode_whole(arena, json, EXPECT_ITEM, &decoder));
	*item = decoder->page.items[0];
	return result_ok();
}
