/*
 * migration_verify.c
 *		Compares source and target of a migration, by SQL and as the caller.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "postgres/compat.h"

#include "postgres/migration.h"

/* What a sample is: as many items as a Scan gives first, which is in the order of hashed keys. */
#define SAMPLE_ITEMS 1000

static char *
qualified_name(Oid relation_id)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation_id)),
	                                  get_rel_name(relation_id));
}

/* The columns that are compared; what has no equality of its own is compared as text. */
static char *
compared_columns(const MigrationPair *pair)
{
	StringInfoData names;
	ListCell *cell;

	initStringInfo(&names);
	foreach (cell, pair->read_columns)
	{
		const ForeignColumn *column = &pair->source->columns[lfirst_int(cell) - 1];
		const char *name = quote_identifier(column->name);
		bool comparable = OidIsValid(lookup_type_cache(column->type, TYPECACHE_EQ_OPR)->eq_opr);

		appendStringInfo(&names, comparable ? "%s%s" : "%s%s::text AS %s",
		                 names.len > 0 ? ", " : "", name, name);
	}
	return names.data;
}

/* The key's columns, quoted: one or two. */
static int
key_columns(const MigrationPair *pair, const ForeignColumn *columns[2])
{
	columns[0] = migration_pair_key(pair, KEY_ROLE_HASH);
	columns[1] = migration_pair_key(pair, KEY_ROLE_RANGE);
	return columns[1] == NULL ? 1 : 2;
}

static void
append_key_match(StringInfo text, const MigrationPair *pair)
{
	const ForeignColumn *columns[2];
	int count = key_columns(pair, columns);

	for (int i = 0; i < count; i++)
	{
		const char *name = quote_identifier(columns[i]->name);

		appendStringInfo(text, "%ss.%s OPERATOR(pg_catalog.=) t.%s", i > 0 ? " AND " : "", name,
		                 name);
	}
}

static void
append_keys(StringInfo text, const MigrationPair *pair)
{
	const ForeignColumn *columns[2];
	int count = key_columns(pair, columns);

	for (int i = 0; i < count; i++)
	{
		const char *name = quote_identifier(columns[i]->name);

		appendStringInfo(text, "%scoalesce(s.%s, t.%s) AS %s", i > 0 ? ", " : "", name, name, name);
	}
}

static void
query(const char *text, long limit)
{
	int result = SPI_execute(text, false, limit);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not compare tables: %s", SPI_result_code_string(result));
}

/* ---- all items ---- */

static void
keep_differences(Migration *migration, MigrationDifferences *differences)
{
	MemoryContext caller = MemoryContextSwitchTo(migration->context);

	differences->descriptor = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	differences->keys = palloc_array(HeapTuple, DIFFERENCES_MAXIMUM);
	differences->count = (int) Min(SPI_processed, DIFFERENCES_MAXIMUM);
	differences->more = SPI_processed > DIFFERENCES_MAXIMUM;
	for (int i = 0; i < differences->count; i++)
		differences->keys[i] = heap_copytuple(SPI_tuptable->vals[i]);
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(caller);
}

static int64
count_items(const Migration *migration)
{
	bool is_null;

	query(psprintf("SELECT pg_catalog.count(*) FROM %s", qualified_name(migration->source)), 0);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
}

/* A sample is looked up in the target; what the target has beyond it is not found. */
void
migration_compare(Migration *migration, MigrationDifferences *differences)
{
	const MigrationPair *pair = migration_pair_open(migration);
	char *columns = compared_columns(pair);
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT ");
	append_keys(&text, pair);
	appendStringInfo(&text, " FROM (SELECT %s FROM %s", columns, qualified_name(migration->source));
	if (migration->verify == VERIFY_SAMPLE)
		appendStringInfo(&text, " LIMIT %d", SAMPLE_ITEMS);
	appendStringInfo(&text, ") s %s JOIN (SELECT %s FROM %s) t ON ",
	                 migration->verify == VERIFY_SAMPLE ? "LEFT" : "FULL", columns,
	                 qualified_name(migration->target));
	append_key_match(&text, pair);
	appendStringInfoString(&text, " WHERE s.* IS DISTINCT FROM t.*");
	query(text.data, DIFFERENCES_MAXIMUM + 1);
	keep_differences(migration, differences);
	differences->compared =
	    migration->verify == VERIFY_SAMPLE ? SAMPLE_ITEMS : count_items(migration);
}

/* ---- single items ---- */

/* "id = $1 AND song = $2" */
static char *
key_condition(const MigrationPair *pair)
{
	const ForeignColumn *columns[2];
	int count = key_columns(pair, columns);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s OPERATOR(pg_catalog.=) $%d", i > 0 ? " AND " : "",
		                 quote_identifier(columns[i]->name), i + 1);
	return text.data;
}

/* True when the item of the key is the same in both tables, or in neither. */
static bool
is_same(const char *statement, const MigrationDifferences *differences, HeapTuple key)
{
	Oid types[2];
	Datum values[2];
	bool is_null;
	bool same;
	int count = differences->descriptor->natts;

	for (int i = 0; i < count; i++)
	{
		types[i] = TupleDescAttr(differences->descriptor, i)->atttypid;
		values[i] = heap_getattr(key, i + 1, differences->descriptor, &is_null);
	}
	if (SPI_execute_with_args(statement, count, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not compare items");
	same = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	SPI_freetuptable(SPI_tuptable);
	return same;
}

void
migration_compare_again(Migration *migration, MigrationDifferences *differences)
{
	const MigrationPair *pair = migration_pair_open(migration);
	char *columns = compared_columns(pair);
	char *condition = key_condition(pair);
	char *statement =
	    psprintf("SELECT (SELECT s FROM (SELECT %s FROM %s WHERE %s) s) IS NOT DISTINCT FROM "
	             "(SELECT t FROM (SELECT %s FROM %s WHERE %s) t)",
	             columns, qualified_name(migration->source), condition, columns,
	             qualified_name(migration->target), condition);
	int kept = 0;

	for (int i = 0; i < differences->count; i++)
	{
		if (!is_same(statement, differences, differences->keys[i]))
			differences->keys[kept++] = differences->keys[i];
	}
	differences->count = kept;
}

bool
migration_target_is_empty(const Migration *migration)
{
	query(psprintf("SELECT 1 FROM %s LIMIT 1", qualified_name(migration->target)), 1);
	return SPI_processed == 0;
}
