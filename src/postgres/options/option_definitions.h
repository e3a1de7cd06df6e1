/*
 * option_definitions.h
 *		Every option of every object, as one table: what it is called, who has it, what it accepts.
 */
#ifndef POSTGRES_OPTIONS_OPTION_DEFINITIONS_H
#define POSTGRES_OPTIONS_OPTION_DEFINITIONS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/arena.h"
#include "postgres/options/options.h"

typedef enum OptionObject
{
	OPTION_OF_SERVER,
	OPTION_OF_MAPPING,
	OPTION_OF_TABLE,
	OPTION_OF_COLUMN,
	OPTION_OF_IMPORT,
	OPTION_OF_NOTHING /* the foreign-data wrapper itself has no options */
} OptionObject;

typedef enum OptionKind
{
	OPTION_TEXT,         /* char * */
	OPTION_BOOLEAN,      /* bool */
	OPTION_INTEGER,      /* int */
	OPTION_MILLISECONDS, /* int; a number without a unit is milliseconds */
	OPTION_SECONDS,      /* int; a number without a unit is seconds */
	OPTION_REAL,         /* double */
	OPTION_CHOICE,       /* an enum, or a bool where there are two choices */
	OPTION_MAYBE,        /* OptionalBoolean: a boolean that remembers that it was set */
	OPTION_JSON,         /* char *: `parse` says whether it is good */
	OPTION_REFUSED       /* has no field: `accepts` says why */
} OptionKind;

typedef struct OptionChoice
{
	const char *name; /* NULL ends the list */
	int value;
} OptionChoice;

/* Who may set an option, and what may be shown of it. */
enum
{
	OPTION_SECRET = 1 << 0,          /* its value is never shown */
	OPTION_SUPERUSER = 1 << 1,       /* set by a superuser only */
	OPTION_SUPERUSER_FALSE = 1 << 2, /* set to false by a superuser only */
	OPTION_ENDPOINT = 1 << 3 /* a URL: by a superuser, or one that allowed_endpoints lists */
};

typedef struct OptionDefinition
{
	const char *name;
	OptionObject object;
	OptionKind kind;
	int flags;
	size_t offset;     /* of the field in the object's struct … */
	size_t field_size; /* … and its size */
	double minimum;    /* of numbers and durations */
	double maximum;
	const OptionChoice *choices;
	bool (*accept)(const char *value); /* of texts; NULL: all but the empty one */
	const char *accepts;               /* of texts and JSON: completes "It must be …" */
	CheckedResult (*parse)(Arena *arena, Bytes text); /* of JSON, in UTF-8 */
} OptionDefinition;

/* The kinds of foreign tables that have an option, or whose columns have. */
enum
{
	OWNER_TABLE = 1 << RELATION_IS_TABLE,
	OWNER_STREAM = 1 << RELATION_IS_STREAM,
	OWNER_QUEUE = 1 << RELATION_IS_QUEUE
};

typedef struct OptionOwners
{
	OptionObject object;
	const char *name;
	int kinds;
} OptionOwners;

/* Two options of one object. */
typedef struct OptionPair
{
	OptionObject object;
	const char *name;
	const char *other;
} OptionPair;

extern const OptionDefinition option_definitions[];
extern const size_t option_definition_count;

/* Of the options that are not listed, OWNER_TABLE alone. */
extern const OptionOwners option_owners[];
extern const size_t option_owners_count;

/* `name` is good for nothing without `other`. */
extern const OptionPair option_needs[];
extern const size_t option_need_count;

/* `name` and `other` exclude each other. */
extern const OptionPair option_conflicts[];
extern const size_t option_conflict_count;

#endif
