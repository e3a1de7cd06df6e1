/*
 * scan.c
 *		The executor's side of a foreign scan: from the plan's access to rows in a slot.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "postgres/compat.h"

#include "postgres/encryption/item_encryption.h"
#include "postgres/memory.h"
#include "postgres/modify/pending_items.h"
#include "postgres/modify/pending_reads.h"
#include "postgres/modify/table_writer.h"
#include "postgres/modify/written_tables.h"
#include "postgres/scan/access.h"
#include "postgres/scan/capacity.h"
#include "postgres/scan/lookups_ahead.h"
#include "postgres/scan/parallel_scan.h"
#include "postgres/scan/querys_ahead.h"
#include "postgres/scan/row.h"
#include "postgres/scan/rows_ahead.h"
#include "postgres/scan/scan.h"
#include "postgres/service/transport_events.h"

/* What the values bound to one reading may take: a statement's constants and parameters. */
#define BOUND_VALUES_MAXIMUM ((Size) 64 * 1024 * 1024)

/* One parameter of the plan: an expression that is evaluated when reading begins. */
typedef struct ScanParameter
{
	ExprState *expression;
	int16 length; /* of its type, as datumCopy wants it */
	bool by_value;
} ScanParameter;

typedef struct DynamodbScan
{
	ForeignRelation *relation;
	Access *access;
	RowReader *reader;
	ScanParameter *parameters;
	int parameter_count;

	int descriptor;        /* for those who wait for several scans; -1 before the first */
	MemoryContext reading; /* what is bound and fetched, until reading begins anew */
	MemoryContext row;     /* the values of the slot's row */
	bool begun;            /* conditions are bound; cleared by a rescan that must bind anew */
	Fetch *fetch;          /* NULL unless begun, and when the conditions can hold for no item */
	FetchCounters past;    /* of the fetches that were closed */

	LookupsAhead *lookups;  /* NULL unless rows that ask for keys are read ahead … */
	QuerysAhead *querys;    /* … here unless those that ask for Querys are, perhaps of an index
	                           whose keys are then looked up */
	ParallelScan *parallel; /* this process's part in the reading; NULL: there is no other */
	ScanCosts of_workers;   /* the leader's: of those that have ended */

	PendingReads *pending;    /* what the transaction is to write itself; NULL: nothing here */
	const DynamodbItem *held; /* the service's next item, until its turn; NULL: no more */
	bool has_held;

	RowsAhead *ahead; /* NULL when nothing that is read is encrypted */
	KmsUse kms;

	/* Where the statement might meet rows that it has written itself, all are read at first. */
	bool reads_all_first;
	Tuplestorestate *all_rows; /* NULL unless begun */
	TupleTableSlot *stored;    /* for taking rows out of it again */

	/* Where the plan has a count in place of the rows. */
	bool is_count;
	bool counted_by_service; /* items need not be told apart, so none are sent */
	int64 count;             /* of the rows that have come */
	bool count_is_whole;
	bool count_is_given; /* to the plan, which gets it once for each reading */
} DynamodbScan;

/* Makes what evaluates the plan's fdw_exprs. */
static void
prepare_parameters(DynamodbScan *scan, ForeignScanState *node)
{
	List *expressions = ((ForeignScan *) node->ss.ps.plan)->fdw_exprs;
	List *states = ExecInitExprList(expressions, &node->ss.ps);
	ListCell *expression;
	ListCell *state;

	scan->parameters = palloc0_array(ScanParameter, Max(list_length(expressions), 1));
	forboth (expression, expressions, state, states)
	{
		ScanParameter *parameter = &scan->parameters[scan->parameter_count++];

		parameter->expression = lfirst_node(ExprState, state);
		get_typlenbyval(exprType(lfirst(expression)), &parameter->length, &parameter->by_value);
	}
}

static const DynamodbItem *next_visible_item(DynamodbScan *scan);

static const DynamodbItem *
next_of_source(void *scan)
{
	return next_visible_item(scan);
}

static bool
source_is_ready(void *context)
{
	const DynamodbScan *scan = context;

	return scan->pending == NULL && (scan->fetch == NULL || fetch_is_ready(scan->fetch));
}

/* Sees to the decryption of items, or of encrypted columns, if any are read. */
static void
prepare_decryption(DynamodbScan *scan, EState *statement)
{
	ItemSource source = {next_of_source, source_is_ready, scan};

	scan->kms.maximum = scan->relation->options->max_kms_calls;
	if (rows_ahead_are_needed(scan->reader))
		scan->ahead = rows_ahead_create(scan->reader, statement->es_query_cxt, &scan->kms, &source);
}

static void
expect_row(void *scan, const DynamodbItem *item)
{
	rows_ahead_expect(((DynamodbScan *) scan)->ahead, item);
}

/* Where the rows that ask are read ahead. */
static void
prepare_reading_ahead(DynamodbScan *scan, EState *statement)
{
	if (!scan->access->read_ahead)
		return;
	if (scan->access->kind == REQUEST_QUERY)
		scan->querys = querys_ahead_create(statement, scan->relation, scan->access);
	if (scan->querys == NULL || scan->access->looked_up)
		scan->lookups = lookups_ahead_create(statement, scan->relation, scan->access, scan->querys);
	if (scan->ahead == NULL)
		return;
	if (scan->lookups != NULL)
		lookups_ahead_tell(scan->lookups, rows_ahead_most(scan->ahead), expect_row, scan);
	else
		querys_ahead_tell(scan->querys, rows_ahead_most(scan->ahead), expect_row, scan);
}

void
dynamodbBeginForeignScan(ForeignScanState *node, int executor_flags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	Oid table = foreign_scan_table(node)->relid;
	DynamodbScan *scan;

	/* Explaining must neither need credentials nor send anything. */
	if (executor_flags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	scan = palloc0_object(DynamodbScan);
	scan->relation = foreign_relation_open(table, foreign_scan_user(node));
	scan->descriptor = -1;
	scan->is_count = node->ss.ss_currentRelation == NULL;
	scan->access = access_from_list(list_nth_node(List, plan->fdw_private, SCAN_PRIVATE_ACCESS));
	scan->reader = row_reader_create(scan->relation, scan->access->columns);
	prepare_parameters(scan, node);
	prepare_decryption(scan, node->ss.ps.state);
	prepare_reading_ahead(scan, node->ss.ps.state);
	scan->reading =
	    AllocSetContextCreate(CurrentMemoryContext, "DynamoDB reading", ALLOCSET_SMALL_SIZES);
	scan->row = AllocSetContextCreate(CurrentMemoryContext, "DynamoDB row", ALLOCSET_DEFAULT_SIZES);
	scan->reads_all_first =
	    statement_may_meet_its_rows(node->ss.ps.state, scan->relation, scan->access);
	if (scan->reads_all_first)
		scan->stored = MakeSingleTupleTableSlot(node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
		                                        &TTSOpsMinimalTuple);
	node->fdw_state = scan;
}

/*
 * Evaluates the parameters. The values are copied because the fetch borrows them for as long as it
 * reads, while the executor forgets what an expression gave after each row.
 */
static void
evaluate_parameters(DynamodbScan *scan, ExprContext *econtext, Datum *values, bool *nulls)
{
	for (int i = 0; i < scan->parameter_count; i++)
	{
		ScanParameter *parameter = &scan->parameters[i];

		values[i] = ExecEvalExpr(parameter->expression, econtext, &nulls[i]);
		if (!nulls[i])
			values[i] = datumCopy(values[i], parameter->by_value, parameter->length);
	}
}

static CapacitySum *
statement_units(const DynamodbScan *scan, ForeignScanState *node)
{
	return capacity_sum_of_statement(node->ss.ps.state, scan->relation->server_id);
}

/*
 * Refuses a Scan before it begins when the table's size says that it would pass the guard. What
 * conditions select is guessed, so other requests are stopped only when they have passed it.
 */
static void
refuse_estimated_units(const DynamodbScan *scan, CapacitySum *statement)
{
	double estimated = scan->access->estimated_capacity_units;
	double allowed = scan->relation->options->max_capacity_units;

	if (allowed <= 0 || scan->access->kind != REQUEST_SCAN || scan->access->row_goal > 0 ||
	    scan->relation->description == NULL || scan->relation->description->size_bytes == 0 ||
	    capacity_sum_add(statement, 0) + estimated <= allowed)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	         errmsg("reading DynamoDB table \"%s\" would exceed max_capacity_units",
	                scan->relation->options->table_name),
	         errdetail("The scan would consume about %g capacity units; the limit of the "
	                   "statement is %g.",
	                   estimated, allowed),
	         errhint("Give values for the key attributes of the table or of one of its indexes, or "
	                 "raise the option max_capacity_units of the foreign table or its server.")));
}

/* Binds the conditions to the parameters' values, and sends the first requests. */
static void
begin_reading(DynamodbScan *scan, ForeignScanState *node)
{
	MemoryContext caller = MemoryContextSwitchTo(scan->reading);
	Datum *values = palloc_array(Datum, Max(scan->parameter_count, 1));
	bool *nulls = palloc_array(bool, Max(scan->parameter_count, 1));
	Arena *arena = memory_context_arena(scan->reading, ARENA_PLAIN, BOUND_VALUES_MAXIMUM);
	BoundAccess *bound;

	scan->begun = true;
	if (scan->relation->description != NULL)
	{
		evaluate_parameters(scan, node->ss.ps.ps_ExprContext, values, nulls);
		bound =
		    access_bind(scan->access, scan->relation, arena, values, nulls, scan->parameter_count);
		bound->plan.names = &scan->reader->names;
		bound->plan.lookups_ahead = scan->lookups;
		bound->plan.querys_ahead = scan->querys;
		bound->plan.statement_units = statement_units(scan, node);
		if (!bound->no_rows)
		{
			scan->pending =
			    pending_reads_begin(scan->relation, scan->access, scan->reader, &bound->plan,
			                        node->ss.ps.state->es_snapshot->curcid);
			if (scan->parallel != NULL)
				parallel_scan_share(scan->parallel, &bound->plan, scan->access);
			else
				refuse_estimated_units(scan, bound->plan.statement_units);
			scan->counted_by_service = bound->plan.read.count_only;
			scan->fetch = fetch_open(scan->relation->client, &bound->plan);
		}
	}
	MemoryContextSwitchTo(caller);
}

/* What the reading under way has cost. */
static void
add_counters_of_reading(FetchCounters *total, const DynamodbScan *scan)
{
	if (scan->fetch != NULL)
		fetch_counters_add(total, fetch_counters(scan->fetch));
	if (scan->pending != NULL)
		fetch_counters_add(total, pending_reads_counters(scan->pending));
}

static void
begin_count(DynamodbScan *scan)
{
	scan->count = 0;
	scan->count_is_whole = scan->count_is_given = false;
}

/* Gives up what is being read; the next row begins anew. */
static void
end_reading(DynamodbScan *scan)
{
	if (scan->ahead != NULL)
		rows_ahead_reset(scan->ahead);
	add_counters_of_reading(&scan->past, scan);
	if (scan->fetch != NULL)
		fetch_close(scan->fetch);
	if (scan->pending != NULL)
		pending_reads_close(scan->pending);
	scan->fetch = NULL;
	scan->pending = NULL;
	scan->has_held = false;
	scan->counted_by_service = false;
	begin_count(scan);
	if (scan->all_rows != NULL)
		tuplestore_end(scan->all_rows);
	scan->all_rows = NULL;
	scan->begun = false;
	MemoryContextReset(scan->reading);
}

/* False for an item that has expired, and for one that the transaction itself has written. */
static bool
is_row(const DynamodbScan *scan, const DynamodbItem *item)
{
	return row_is_visible(scan->reader, item) &&
	       (scan->pending == NULL || !pending_reads_replace(scan->pending, item));
}

/* The service's next item that is a row; NULL at the end. */
static const DynamodbItem *
next_of_service(DynamodbScan *scan)
{
	const DynamodbItem *item = scan->fetch == NULL ? NULL : fetch_next(scan->fetch);

	while (item != NULL && !is_row(scan, item))
		item = fetch_next(scan->fetch);
	return item;
}

/* The next item that is a row, the service's or a pending one; NULL at the end. */
static const DynamodbItem *
next_visible_item(DynamodbScan *scan)
{
	const DynamodbItem *item = scan->has_held ? scan->held : next_of_service(scan);

	while (scan->pending != NULL && pending_reads_come_first(scan->pending, item))
	{
		const DynamodbItem *written = pending_reads_next(scan->pending);

		scan->held = item;
		scan->has_held = true;
		if (row_is_visible(scan->reader, written))
			return written;
	}
	/* The end is held, too: the service is not asked again. */
	scan->held = NULL;
	scan->has_held = item == NULL;
	return item;
}

/* Puts the values of the next item into the slot; false at the end. */
static bool
read_next_row(DynamodbScan *scan, TupleTableSlot *slot)
{
	const DynamodbItem *item;
	MemoryContext caller;

	if (scan->ahead != NULL)
		return rows_ahead_next(scan->ahead, slot->tts_values, slot->tts_isnull);
	item = next_visible_item(scan);
	if (item == NULL)
		return false;
	caller = MemoryContextSwitchTo(scan->row);
	row_read(scan->reader, item, slot->tts_values, slot->tts_isnull);
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * Puts the next row into the slot, none at the end. The conditions that the service decides exactly
 * were decided of pending items when they were found.
 */
static void
store_next_row(DynamodbScan *scan, TupleTableSlot *slot)
{
	if (read_next_row(scan, slot))
		ExecStoreVirtualTuple(slot);
}

/* Reads everything, by way of the slot. */
static void
read_all(DynamodbScan *scan, ForeignScanState *node, TupleTableSlot *slot)
{
	MemoryContext caller = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	scan->all_rows = tuplestore_begin_heap(true, false, work_mem);
	MemoryContextSwitchTo(caller);
	for (;;)
	{
		store_next_row(scan, slot);
		if (TupIsNull(slot))
			return;
		tuplestore_puttupleslot(scan->all_rows, slot);
		ExecClearTuple(slot);
		MemoryContextReset(scan->row);
	}
}

/* The next row, or none, into the slot, which is empty. */
static void
next_row(DynamodbScan *scan, ForeignScanState *node, TupleTableSlot *slot)
{
	if (!scan->reads_all_first)
	{
		store_next_row(scan, slot);
		return;
	}
	if (scan->all_rows == NULL)
		read_all(scan, node, slot);
	if (tuplestore_gettupleslot(scan->all_rows, true, false, scan->stored))
		ExecCopySlot(slot, scan->stored);
}

/* Sees to it that reading has begun, after what others have begun to write. */
static void
continue_reading(DynamodbScan *scan, ForeignScanState *node)
{
	table_writers_settle_for_reader(scan->relation->client, scan->relation->options->table_name,
	                                node->ss.ps.state);
	if (!scan->begun)
		begin_reading(scan, node);
}

TupleTableSlot *
dynamodbIterateForeignScan(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	MemoryContextReset(scan->row);
	report_place_enter(&scan->reader->place);
	continue_reading(scan, node);
	next_row(scan, node, slot);
	report_place_leave(&scan->reader->place);
	return slot;
}

/* ---- rows that are only counted ---- */

/* Counts the rows of a page that the service has counted; false at the end. Waits for the page. */
static bool
count_page(DynamodbScan *scan)
{
	int64 of_page = fetch_count(scan->fetch);

	scan->count += of_page;
	scan->count_is_whole = of_page == 0;
	return !scan->count_is_whole;
}

static void
count_to_the_end(DynamodbScan *scan)
{
	if (scan->counted_by_service)
	{
		while (count_page(scan))
			continue;
		return;
	}
	while (next_visible_item(scan) != NULL)
		scan->count++;
	scan->count_is_whole = true;
}

/* Counts what has come; true when the end, or what is not counted in pieces, is all there is. */
static bool
count_is_ready(DynamodbScan *scan)
{
	while (scan->counted_by_service && !scan->count_is_whole)
	{
		if (!fetch_is_ready(scan->fetch))
			return false;
		(void) count_page(scan);
	}
	return true;
}

bool
dynamodb_scan_count(ForeignScanState *node, int64 *count)
{
	DynamodbScan *scan = node->fdw_state;

	if (scan->count_is_given)
		return false;
	report_place_enter(&scan->reader->place);
	continue_reading(scan, node);
	if (!scan->count_is_whole)
		count_to_the_end(scan);
	report_place_leave(&scan->reader->place);
	scan->count_is_given = true;
	*count = scan->count;
	return true;
}

/* ---- reading again ---- */

void
dynamodbReScanForeignScan(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;

	if (!scan->begun)
		return;
	/* Which segments this process is to read is not known before it reads them. */
	if (scan->parallel != NULL)
	{
		end_reading(scan);
		return;
	}
	if (node->ss.ps.chgParam == NULL && scan->count_is_whole)
	{
		scan->count_is_given = false;
		return;
	}
	if (node->ss.ps.chgParam == NULL && scan->all_rows != NULL)
	{
		tuplestore_rescan(scan->all_rows);
		return;
	}
	/* The same values again, and every item still at hand: what was read is read again for free. */
	if (node->ss.ps.chgParam != NULL || (scan->fetch != NULL && !fetch_rewind(scan->fetch)))
	{
		end_reading(scan);
		return;
	}
	scan->has_held = false;
	begin_count(scan);
	if (scan->pending != NULL)
		pending_reads_rewind(scan->pending);
	if (scan->ahead != NULL)
		rows_ahead_reset(scan->ahead);
}

/* Bad items that this process has left out. */
static int64
items_skipped(const DynamodbScan *scan)
{
	return scan->ahead == NULL ? 0 : rows_ahead_skipped(scan->ahead);
}

void
dynamodbEndForeignScan(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;

	if (scan == NULL)
		return;
	end_reading(scan);
	/* A worker tells its leader. */
	if (!IsParallelWorker())
		item_warn_of_skipped(scan->relation, items_skipped(scan) + scan->of_workers.items_skipped);
	if (scan->lookups != NULL)
		lookups_ahead_close(scan->lookups);
	if (scan->querys != NULL)
		querys_ahead_close(scan->querys);
	if (scan->stored != NULL)
		ExecDropSingleTupleTableSlot(scan->stored);
}

/* ---- several scans at once ---- */

static bool
next_is_ready(DynamodbScan *scan)
{
	return scan->ahead != NULL ? rows_ahead_is_ready(scan->ahead) : source_is_ready(scan);
}

bool
dynamodb_scan_is_ready(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;
	bool ready;

	report_place_enter(&scan->reader->place);
	continue_reading(scan, node);
	service_calls_serve();
	/* What is not read item by item is waited for when it is asked for. */
	if (scan->is_count)
		ready = count_is_ready(scan);
	else
		ready =
		    scan->reads_all_first || scan->pending != NULL || scan->has_held || next_is_ready(scan);
	report_place_leave(&scan->reader->place);
	return ready;
}

int
dynamodb_scan_descriptor(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;

	if (scan->descriptor < 0)
		scan->descriptor = transport_descriptor_copy(node->ss.ps.state->es_query_cxt);
	return scan->descriptor;
}

/* ---- several processes ---- */

Size
dynamodbEstimateDSMForeignScan(ForeignScanState *node, ParallelContext *context)
{
	return parallel_scan_shared_size();
}

/*
 * Before workers begin to read: what this backend's other statements have begun to write must be
 * stored, and what is known to be too much is refused, while nothing of it has been consumed. What
 * the transaction is to write at its end no worker knows, so then there are none.
 */
static void
prepare_for_workers(const DynamodbScan *scan, ForeignScanState *node, ParallelContext *context)
{
	refuse_estimated_units(scan, statement_units(scan, node));
	table_writers_settle_for_reader(scan->relation->client, scan->relation->options->table_name,
	                                node->ss.ps.state);
	if (pending_items_exist())
		ReinitializeParallelWorkers(context, 0);
}

void
dynamodbInitializeDSMForeignScan(ForeignScanState *node, ParallelContext *context, void *shared)
{
	DynamodbScan *scan = node->fdw_state;
	MemoryContext caller;

	prepare_for_workers(scan, node, context);
	caller = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);
	scan->parallel =
	    parallel_scan_create(context, shared, scan->relation, statement_units(scan, node),
	                         scan->ahead != NULL, &scan->of_workers);
	MemoryContextSwitchTo(caller);
}

void
dynamodbReInitializeDSMForeignScan(ForeignScanState *node, ParallelContext *context, void *shared)
{
	DynamodbScan *scan = node->fdw_state;

	prepare_for_workers(scan, node, context);
	if (scan->parallel != NULL)
		parallel_scan_begin_again(scan->parallel);
}

void
dynamodbInitializeWorkerForeignScan(ForeignScanState *node, shm_toc *contents, void *shared)
{
	DynamodbScan *scan = node->fdw_state;
	MemoryContext caller = MemoryContextSwitchTo(node->ss.ps.state->es_query_cxt);

	scan->parallel = parallel_scan_join(shared, scan->relation, statement_units(scan, node));
	MemoryContextSwitchTo(caller);
}

/* A worker's part ends. */
static void
report_costs(const DynamodbScan *scan)
{
	ScanCosts costs = {
	    .fetched = scan->past,
	    .kms_calls = scan->kms.calls,
	    .kms_cache_hits = scan->kms.cache_hits,
	    .items_skipped = items_skipped(scan),
	};

	parallel_scan_report(scan->parallel, &costs);
}

/* The memory that is shared goes after this. Called of direct modifications, too. */
void
dynamodbShutdownForeignScan(ForeignScanState *node)
{
	DynamodbScan *scan = node->fdw_state;

	if (!node->ss.ps.plan->parallel_aware || scan == NULL || scan->parallel == NULL)
		return;
	end_reading(scan);
	if (IsParallelWorker())
		report_costs(scan);
	scan->parallel = NULL;
}

/*
 * Rows are rechecked against every condition by the plan's own fdw_recheck_quals; there is nothing
 * to add.
 */
bool
dynamodbRecheckForeignScan(ForeignScanState *node, TupleTableSlot *slot)
{
	return true;
}

bool
dynamodb_scan_counters(ForeignScanState *node, FetchCounters *counters)
{
	const DynamodbScan *scan = node->fdw_state;

	if (scan == NULL)
		return false;
	*counters = scan->past;
	fetch_counters_add(counters, scan->of_workers.fetched);
	add_counters_of_reading(counters, scan);
	if (scan->lookups != NULL)
		fetch_counters_add(counters, lookups_ahead_counters(scan->lookups));
	if (scan->querys != NULL)
		fetch_counters_add(counters, querys_ahead_counters(scan->querys));
	return true;
}

bool
dynamodb_scan_kms(ForeignScanState *node, KmsUse *use)
{
	const DynamodbScan *scan = node->fdw_state;

	if (scan == NULL || scan->ahead == NULL)
		return false;
	*use = scan->kms;
	use->calls += scan->of_workers.kms_calls;
	use->cache_hits += scan->of_workers.kms_cache_hits;
	return true;
}
