/*
 * table_routine.c
 *		The callbacks of foreign tables that are DynamoDB tables.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/direct_modify.h"
#include "postgres/modify/modify.h"
#include "postgres/modify/modify_planning.h"
#include "postgres/planning/planning.h"
#include "postgres/relation_kind.h"
#include "postgres/scan/async_scan.h"
#include "postgres/scan/scan.h"

FdwRoutine table_routine = {
    .type = T_FdwRoutine,
    .GetForeignRelSize = dynamodbGetForeignRelSize,
    .GetForeignPaths = dynamodbGetForeignPaths,
    .GetForeignPlan = dynamodbGetForeignPlan,
    .ReparameterizeForeignPathByChild = dynamodbReparameterizeForeignPathByChild,
    .GetForeignUpperPaths = dynamodbGetForeignUpperPaths,
    .BeginForeignScan = dynamodbBeginForeignScan,
    .IterateForeignScan = dynamodbIterateForeignScan,
    .ReScanForeignScan = dynamodbReScanForeignScan,
    .EndForeignScan = dynamodbEndForeignScan,
    .RecheckForeignScan = dynamodbRecheckForeignScan,
    .ExplainForeignScan = dynamodbExplainForeignScan,
    .IsForeignScanParallelSafe = dynamodbIsForeignScanParallelSafe,
    .EstimateDSMForeignScan = dynamodbEstimateDSMForeignScan,
    .InitializeDSMForeignScan = dynamodbInitializeDSMForeignScan,
    .ReInitializeDSMForeignScan = dynamodbReInitializeDSMForeignScan,
    .InitializeWorkerForeignScan = dynamodbInitializeWorkerForeignScan,
    .ShutdownForeignScan = dynamodbShutdownForeignScan,
    .IsForeignPathAsyncCapable = dynamodbIsForeignPathAsyncCapable,
    .ForeignAsyncRequest = dynamodbForeignAsyncRequest,
    .ForeignAsyncConfigureWait = dynamodbForeignAsyncConfigureWait,
    .ForeignAsyncNotify = dynamodbForeignAsyncNotify,
    .IsForeignRelUpdatable = dynamodbIsForeignRelUpdatable,
    .AddForeignUpdateTargets = dynamodbAddForeignUpdateTargets,
    .PlanForeignModify = dynamodbPlanForeignModify,
    .BeginForeignModify = dynamodbBeginForeignModify,
    .ExecForeignInsert = dynamodbExecForeignInsert,
    .ExecForeignBatchInsert = dynamodbExecForeignBatchInsert,
    .GetForeignModifyBatchSize = dynamodbGetForeignModifyBatchSize,
    .ExecForeignUpdate = dynamodbExecForeignUpdate,
    .ExecForeignDelete = dynamodbExecForeignDelete,
    .EndForeignModify = dynamodbEndForeignModify,
    .BeginForeignInsert = dynamodbBeginForeignInsert,
    .EndForeignInsert = dynamodbEndForeignInsert,
    .PlanDirectModify = dynamodbPlanDirectModify,
    .BeginDirectModify = dynamodbBeginDirectModify,
    .IterateDirectModify = dynamodbIterateDirectModify,
    .EndDirectModify = dynamodbEndDirectModify,
    .ExplainDirectModify = dynamodbExplainDirectModify,
    .ExecForeignTruncate = dynamodbExecForeignTruncate,
    .ExplainForeignModify = dynamodbExplainForeignModify,
    .AnalyzeForeignTable = dynamodbAnalyzeForeignTable,
    .ImportForeignSchema = dynamodbImportForeignSchema,
};
