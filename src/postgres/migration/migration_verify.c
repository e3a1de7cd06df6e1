/*
 * migration_verify.c
 *		Compares source and target of a migration, by SQL and as the caller.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "postgres/compat.h"

#include "postgres/migration/migration.h"

/* What a sample of a table is: what a Scan gives first, which is in the order of hashed keys. */
#define SAMPLE_TAIL "LIMIT 1000"

/* Rows of a comparison that are taken at once. */
#define ROWS_AT_ONCE 10000

/* Behind the key's columns of a row of a comparison. */
enum
{
	ROW_IN_SOURCE = 1,
	ROW_IN_TARGET,
	ROW_SAME,
	ROW_FLAGS = ROW_SAME
};

#define SHOWN_KEY_MAXIMUM 256

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

/* The key's columns one after another, each by the format: `%` is its quoted name, `#` its number.
 */
static void
append_keys(StringInfo text, const MigrationPair *pair, const char *format, const char *between)
{
	const ForeignColumn *columns[2];
	int count = key_columns(pair, columns);

	for (int i = 0; i < count; i++)
	{
		const char *name = quote_identifier(columns[i]->name);

		appendStringInfoString(text, i > 0 ? between : "");
		for (const char *letter = format; *letter != '\0'; letter++)
		{
			if (*letter == '%')
				appendStringInfoString(text, name);
			else if (*letter == '#')
				appendStringInfo(text, "%d", i + 1);
			else
				appendStringInfoChar(text, *letter);
		}
	}
}

/*
 * Key, whether it is in the source, in the target, and the same, of each item of either. `join` is
 * FULL, LEFT or RIGHT, and what the tails say is taken of each table.
 */
static void
append_comparison(StringInfo text, const Migration *migration, const MigrationPair *pair,
                  const char *source_tail, const char *join, const char *target_tail)
{
	const char *columns = compared_columns(pair);

	appendStringInfoString(text, "SELECT ");
	append_keys(text, pair, "coalesce(s.%, t.%) AS %", ", ");
	appendStringInfo(text,
	                 ", NOT (s IS NULL), NOT (t IS NULL), s.* IS NOT DISTINCT FROM t.* "
	                 "FROM (SELECT %s FROM %s %s) s %s JOIN (SELECT %s FROM %s %s) t ON ",
	                 columns, qualified_name(migration->source), source_tail, join, columns,
	                 qualified_name(migration->target), target_tail);
	append_keys(text, pair, "s.% OPERATOR(pg_catalog.=) t.%", " AND ");
}

/* ---- what comes of it ---- */

static bool
flag_of_row(HeapTuple row, TupleDesc descriptor, int flag)
{
	bool is_null;

	return DatumGetBool(
	    heap_getattr(row, descriptor->natts - ROW_FLAGS + flag, descriptor, &is_null));
}

/* The row's kind of difference; MIGRATION_SAME for none. */
static MigrationDifference
difference_of_row(HeapTuple row, TupleDesc descriptor)
{
	if (!flag_of_row(row, descriptor, ROW_IN_TARGET))
		return MIGRATION_MISSING;
	if (!flag_of_row(row, descriptor, ROW_IN_SOURCE))
		return MIGRATION_EXTRA;
	return flag_of_row(row, descriptor, ROW_SAME) ? MIGRATION_SAME : MIGRATION_CHANGED;
}

/* Keeps the row's key, if there is room. */
static void
keep_difference(MigrationDifferences *differences, HeapTuple row, MigrationDifference kind)
{
	if (differences->count == DIFFERENCES_MAXIMUM)
	{
		differences->more = true;
		return;
	}
	differences->kinds[differences->count] = kind;
	differences->keys[differences->count++] = heap_copytuple(row);
}

/* Takes rows of a comparison, into the migration's memory. */
static void
take_rows(Migration *migration, MigrationDifferences *differences)
{
	MemoryContext caller = MemoryContextSwitchTo(migration->context);
	TupleDesc descriptor = SPI_tuptable->tupdesc;

	if (differences->descriptor == NULL)
		differences->descriptor = CreateTupleDescCopy(descriptor);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		MigrationDifference kind = difference_of_row(row, descriptor);

		differences->compared++;
		if (kind != MIGRATION_SAME)
			keep_difference(differences, row, kind);
	}
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(caller);
}

static void
query(const char *text, long limit)
{
	int result = SPI_execute(text, false, limit);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not compare tables: %s", SPI_result_code_string(result));
}

/* A sample says nothing of what is elsewhere; that there are as many items says a little. */
static void
count_items(const Migration *migration, MigrationDifferences *differences)
{
	bool is_null;

	query(psprintf("SELECT (SELECT pg_catalog.count(*) FROM %s), "
	               "(SELECT pg_catalog.count(*) FROM %s)",
	               qualified_name(migration->source), qualified_name(migration->target)),
	      0);
	differences->source_items =
	    DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	differences->target_items =
	    DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &is_null));
	SPI_freetuptable(SPI_tuptable);
}

/* ---- all items, or a sample ---- */

static char *
comparison_of_tables(const Migration *migration, const MigrationPair *pair)
{
	StringInfoData text;

	initStringInfo(&text);
	if (migration->verify == VERIFY_FULL)
	{
		append_comparison(&text, migration, pair, "", "FULL", "");
		return text.data;
	}
	append_comparison(&text, migration, pair, SAMPLE_TAIL, "LEFT", "");
	appendStringInfoString(&text, " UNION ");
	append_comparison(&text, migration, pair, "", "RIGHT", SAMPLE_TAIL);
	return text.data;
}

void
migration_compare(Migration *migration, MigrationDifferences *differences)
{
	const MigrationPair *pair = migration_pair_open(migration);
	char *text = comparison_of_tables(migration, pair);
	Portal portal;

	*differences = (MigrationDifferences){0};
	differences->keys =
	    MemoryContextAlloc(migration->context, DIFFERENCES_MAXIMUM * sizeof(*differences->keys));
	differences->kinds =
	    MemoryContextAlloc(migration->context, DIFFERENCES_MAXIMUM * sizeof(*differences->kinds));
	portal = SPI_cursor_open_with_args(NULL, text, 0, NULL, NULL, NULL, false, 0);
	do
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		take_rows(migration, differences);
	} while (SPI_processed > 0);
	SPI_cursor_close(portal);
	if (migration->verify == VERIFY_SAMPLE)
		count_items(migration, differences);
}

/* ---- single items ---- */

/* How the item of the row's key differs now. */
static MigrationDifference
compare_item(const char *statement, const MigrationDifferences *differences, HeapTuple key)
{
	Oid types[2];
	Datum values[2];
	bool is_null;
	MigrationDifference kind = MIGRATION_SAME;
	int count = differences->descriptor->natts - ROW_FLAGS;

	for (int i = 0; i < count; i++)
	{
		types[i] = TupleDescAttr(differences->descriptor, i)->atttypid;
		values[i] = heap_getattr(key, i + 1, differences->descriptor, &is_null);
	}
	if (SPI_execute_with_args(statement, count, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not compare items");
	if (SPI_processed > 0)
		kind = difference_of_row(SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
	SPI_freetuptable(SPI_tuptable);
	return kind;
}

static char *
comparison_of_items(const Migration *migration, const MigrationPair *pair)
{
	StringInfoData condition;
	StringInfoData text;

	initStringInfo(&condition);
	appendStringInfoString(&condition, "WHERE ");
	append_keys(&condition, pair, "% OPERATOR(pg_catalog.=) $#", " AND ");
	initStringInfo(&text);
	append_comparison(&text, migration, pair, condition.data, "FULL", condition.data);
	return text.data;
}

void
migration_compare_again(Migration *migration, MigrationDifferences *differences)
{
	char *statement = comparison_of_items(migration, migration_pair_open(migration));
	int kept = 0;

	for (int i = 0; i < differences->count; i++)
	{
		HeapTuple key = differences->keys[i];
		MigrationDifference kind = compare_item(statement, differences, key);

		if (kind == MIGRATION_SAME)
			continue;
		differences->kinds[kept] = kind;
		differences->keys[kept++] = key;
	}
	differences->count = kept;
	if (differences->source_items != differences->target_items)
		count_items(migration, differences);
}

char *
migration_difference_key(const MigrationDifferences *differences, int number)
{
	TupleDesc descriptor = differences->descriptor;
	int count = descriptor->natts - ROW_FLAGS;
	StringInfoData names;
	StringInfoData values;

	initStringInfo(&names);
	initStringInfo(&values);
	for (int i = 1; i <= count; i++)
	{
		char *value = SPI_getvalue(differences->keys[number], descriptor, i);
		int length = pg_mbcliplen(value, (int) strlen(value), SHOWN_KEY_MAXIMUM);

		appendStringInfo(&names, "%s%s", i > 1 ? ", " : "", SPI_fname(descriptor, i));
		appendStringInfo(&values, "%s%.*s", i > 1 ? ", " : "", length, value);
	}
	return psprintf("(%s)=(%s)", names.data, values.data);
}

bool
migration_target_is_empty(const Migration *migration)
{
	query(psprintf("SELECT 1 FROM %s LIMIT 1", qualified_name(migration->target)), 1);
	return SPI_processed == 0;
}
