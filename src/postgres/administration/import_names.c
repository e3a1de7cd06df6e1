/*
 * import_names.c
 *		Identifiers for what DynamoDB calls by longer or other names.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "mb/pg_wchar.h"
#include "utils/hsearch.h"

#include "postgres/compat.h"

#include "postgres/administration/import_names.h"

struct ImportNames
{
	HTAB *taken; /* of NameData */
};

ImportNames *
import_names_create(void)
{
	ImportNames *names = palloc(sizeof(*names));
	HASHCTL control = {0};

	control.keysize = NAMEDATALEN;
	control.entrysize = NAMEDATALEN;
	control.hcxt = CurrentMemoryContext;
	names->taken =
	    hash_create("imported names", 256, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	return names;
}

void
import_names_reserve_system_columns(ImportNames *names)
{
	for (AttrNumber number = -1; number > FirstLowInvalidHeapAttributeNumber; number--)
		(void) import_names_take(names, NameStr(SystemAttributeDefinition(number)->attname));
}

bool
import_names_take(ImportNames *names, const char *name)
{
	bool found;

	if (strlen(name) >= NAMEDATALEN)
		return false;
	(void) hash_search(names->taken, name, HASH_ENTER, &found);
	return !found;
}

const char *
import_names_take_like(ImportNames *names, const char *name)
{
	int length = strlen(name);
	char *candidate = pnstrdup(name, pg_mbcliplen(name, length, NAMEDATALEN - 1));

	for (int number = 1; !import_names_take(names, candidate); number++)
	{
		char suffix[16];
		int suffix_length = snprintf(suffix, sizeof(suffix), "_%d", number);

		candidate = psprintf("%.*s%s", pg_mbcliplen(name, length, NAMEDATALEN - 1 - suffix_length),
		                     name, suffix);
	}
	return candidate;
}
