/*
 * import_names.h
 *		Identifiers for what DynamoDB calls by longer or other names: short enough, and unique.
 */
#ifndef POSTGRES_ADMINISTRATION_IMPORT_NAMES_H
#define POSTGRES_ADMINISTRATION_IMPORT_NAMES_H

#include "postgres.h"

#include "postgres/compat.h"

/* The identifiers that are taken in one place: a schema, or the columns of a table. */
typedef struct ImportNames ImportNames;

/* With none taken, in CurrentMemoryContext. */
extern ImportNames *import_names_create(void);

/* Takes the names that no column of a table may have: ctid, tableoid … */
extern void import_names_reserve_system_columns(ImportNames *names);

/* Takes the name as it is; false when it is too long for an identifier, or taken. */
extern bool import_names_take(ImportNames *names, const char *name);

/*
 * Takes the name, cut to an identifier's length and numbered ("name_1") where that is needed to
 * make it different. palloc'd.
 */
extern const char *import_names_take_like(ImportNames *names, const char *name);

#endif
