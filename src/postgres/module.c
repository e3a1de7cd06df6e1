/*
 * module.c
 *		What PostgreSQL asks the library for by name: its settings and its callbacks.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "utils/builtins.h"

#include "postgres/compat.h"
#include "postgres/queue/queue_receipts.h"
#include "postgres/relation_kind.h"
#include "postgres/scan/read_ahead.h"
#include "postgres/settings.h"

/* The library's version; the control file's default_version follows it. */
#define LIBRARY_VERSION "1.0"

PG_MODULE_MAGIC;

SQL_FUNCTION(dynamodb_kms_fdw_handler);
SQL_FUNCTION(dynamodb_kms_fdw_version);

extern PGDLLEXPORT void _PG_init(void);

/*
 * Settings and hooks only: under shared_preload_libraries this runs in the postmaster, which must
 * not be left with threads, connections or library state that its children would share.
 */
void
_PG_init(void)
{
	define_settings();
	read_ahead_install();
	receipts_install();
}

Datum
dynamodb_kms_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	fill_routine_of_wrapper(routine);
	PG_RETURN_POINTER(routine);
}

Datum
dynamodb_kms_fdw_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(LIBRARY_VERSION));
}
