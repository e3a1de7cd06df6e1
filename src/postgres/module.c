/*
 * module.c
 *		What PostgreSQL asks the library for by name: its settings and its table of callbacks.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "utils/builtins.h"

#include "postgres/compat.h"
#include "postgres/direct_modify.h"
#include "postgres/modify.h"
#include "postgres/modify_planning.h"
#include "postgres/options.h"
#include "postgres/planning.h"
#include "postgres/scan.h"

/* The library's version; the control file's default_version follows it. */
#define LIBRARY_VERSION "1.0"

PG_MODULE_MAGIC;

SQL_FUNCTION(dynamodb_kms_fdw_handler);
SQL_FUNCTION(dynamodb_kms_fdw_version);

extern PGDLLEXPORT void _PG_init(void);

/*
 * Settings only: under shared_preload_libraries this runs in the postmaster, which must not be left
 * with threads, connections or library state that its children would share.
 */
void
_PG_init(void)
{
	define_settings();
}

Datum
dynamodb_kms_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = dynamodbGetForeignRelSize;
	routine->GetForeignPaths = dynamodbGetForeignPaths;
	routine->GetForeignPlan = dynamodbGetForeignPlan;
	routine->BeginForeignScan = dynamodbBeginForeignScan;
	routine->IterateForeignScan = dynamodbIterateForeignScan;
	routine->ReScanForeignScan = dynamodbReScanForeignScan;
	routine->EndForeignScan = dynamodbEndForeignScan;
	routine->RecheckForeignScan = dynamodbRecheckForeignScan;
	routine->ExplainForeignScan = dynamodbExplainForeignScan;
	routine->IsForeignRelUpdatable = dynamodbIsForeignRelUpdatable;
	routine->AddForeignUpdateTargets = dynamodbAddForeignUpdateTargets;
	routine->PlanForeignModify = dynamodbPlanForeignModify;
	routine->BeginForeignModify = dynamodbBeginForeignModify;
	routine->ExecForeignInsert = dynamodbExecForeignInsert;
	routine->ExecForeignBatchInsert = dynamodbExecForeignBatchInsert;
	routine->GetForeignModifyBatchSize = dynamodbGetForeignModifyBatchSize;
	routine->ExecForeignUpdate = dynamodbExecForeignUpdate;
	routine->ExecForeignDelete = dynamodbExecForeignDelete;
	routine->EndForeignModify = dynamodbEndForeignModify;
	routine->BeginForeignInsert = dynamodbBeginForeignInsert;
	routine->EndForeignInsert = dynamodbEndForeignInsert;
	routine->PlanDirectModify = dynamodbPlanDirectModify;
	routine->BeginDirectModify = dynamodbBeginDirectModify;
	routine->IterateDirectModify = dynamodbIterateDirectModify;
	routine->EndDirectModify = dynamodbEndDirectModify;
	routine->ExplainDirectModify = dynamodbExplainDirectModify;
	routine->ExecForeignTruncate = dynamodbExecForeignTruncate;
	routine->ExplainForeignModify = dynamodbExplainForeignModify;
	routine->AnalyzeForeignTable = dynamodbAnalyzeForeignTable;
	routine->ImportForeignSchema = dynamodbImportForeignSchema;

	PG_RETURN_POINTER(routine);
}

Datum
dynamodb_kms_fdw_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(LIBRARY_VERSION));
}
