/*
 * attribute_value.h
 *		DynamoDB's data model: an item is named attribute values; a value has one of ten types.
 *
 * Values are plain structs whose memory belongs to the arena they were made in. They are read-only
 * once made. Lists and maps nest at most ATTRIBUTE_DEPTH_MAXIMUM levels: whoever makes a value sees
 * to that, and the functions here recurse over it.
 */
#ifndef ITEM_ATTRIBUTE_VALUE_H
#define ITEM_ATTRIBUTE_VALUE_H

#include "foundation/arena.h"
#include "foundation/bytes.h"

/* The order is that of type_names in attribute_value.c. */
typedef enum AttributeType
{
	ATTRIBUTE_S,    /* string: UTF-8, may hold U+0000 */
	ATTRIBUTE_N,    /* number: its decimal text, see number.h */
	ATTRIBUTE_B,    /* binary: the bytes themselves, not base64 */
	ATTRIBUTE_BOOL, /* boolean */
	ATTRIBUTE_NULL, /* DynamoDB's null, not a missing attribute */
	ATTRIBUTE_SS,   /* set of strings */
	ATTRIBUTE_NS,   /* set of numbers */
	ATTRIBUTE_BS,   /* set of binaries */
	ATTRIBUTE_L,    /* list of values of any type */
	ATTRIBUTE_M     /* map of names to values of any type */
} AttributeType;

#define ATTRIBUTE_TYPE_COUNT 10

/* Levels of lists and maps that DynamoDB allows inside one attribute. */
#define ATTRIBUTE_DEPTH_MAXIMUM 32

typedef struct Attribute Attribute;
typedef struct AttributeValue AttributeValue;

struct AttributeValue
{
	AttributeType type;
	uint32_t count; /* elements of a list or set, attributes of a map; 0 for others */
	union
	{
		Bytes bytes;              /* S, N, B */
		bool boolean;             /* BOOL */
		AttributeValue *elements; /* L, and sets, whose elements are S, N or B */
		Attribute *attributes;    /* M */
	};
};

/* The slot of an attribute whose name no NameTable knows. */
#define ATTRIBUTE_NO_SLOT (-1)

struct Attribute
{
	Bytes name;   /* UTF-8 */
	int32_t slot; /* position of the name in the NameTable given to the decoder, top level only */
	AttributeValue value;
};

/* The attributes of one item, in the order they came; names are unique. */
typedef struct DynamodbItem
{
	Attribute *attributes;
	uint32_t count;
} DynamodbItem;

/* "S", "NS" …: the type's name on the wire. Static. */
extern const char *attribute_type_name(AttributeType type);

/* The type of that name; false when there is none. */
extern bool attribute_type_from_name(Bytes name, AttributeType *type);

/* SS, NS and BS. */
extern bool attribute_type_is_set(AttributeType type);

/* The value of the attribute `name`, borrowed from the item; NULL when it has none. */
extern const AttributeValue *item_find(const DynamodbItem *item, Bytes name);

/* The value of `name` in a map value; NULL when it is no map or has none. */
extern const AttributeValue *map_find(const AttributeValue *map, Bytes name);

/* Values of one scalar; the bytes are borrowed. */
extern AttributeValue attribute_string(Bytes text);
extern AttributeValue attribute_number(Bytes digits);
extern AttributeValue attribute_binary(Bytes bytes);
extern AttributeValue attribute_boolean(bool boolean);
extern AttributeValue attribute_null(void);

/* A copy of the value, or item, that borrows nothing. False when the arena is exhausted. */
extern bool attribute_value_copy(Arena *arena, const AttributeValue *value,
                                 AttributeValue *copy) MUST_CHECK;
extern bool item_copy(Arena *arena, const DynamodbItem *item, DynamodbItem *copy) MUST_CHECK;

/*
 * The size DynamoDB counts for an item, in bytes: names and values (strings and binaries by length,
 * numbers by number_stored_size(), three bytes and one an element for documents).
 */
extern size_t item_size(const DynamodbItem *item);

/* The part of that which one value has, its attribute's name left out. */
extern size_t attribute_value_size(const AttributeValue *value);

/* True for equal type and content; numbers by value, sets and maps without regard to order. */
extern bool attribute_value_equal(const AttributeValue *a, const AttributeValue *b);

#endif
