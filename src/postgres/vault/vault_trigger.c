/*
 * vault_trigger.c
 *		tokenize_trigger(): a trigger that puts tokens in place of a local column's values.
 *
 * A token is known before it is stored, so a row gets it at once, and its value is on its way while
 * the statement makes the next rows. All must be stored before the row can be seen by others: the
 * next statement that uses the trigger waits for it, whatever reads the vault does, and at the
 * latest the (sub)transaction before it commits. Until then whatever goes wrong is an error that
 * rolls the row back.
 *
 *		statement ──► TriggerState (dies with the statement)
 *		                  │ ▲
 *		                  ▼ │
 *		transaction ─► OpenStore (until it was waited for, or is rolled back)
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "lib/ilist.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/vault/vault_store.h"

typedef struct TriggerState TriggerState;

/* A vault into which something may be on its way; in a context of its own below
 * TopTransactionContext. */
typedef struct OpenStore
{
	dlist_node node;
	MemoryContext context;
	VaultStore *store;
	int level;           /* of the subtransaction in which it was opened */
	TriggerState *owner; /* NULL: the statement is over */
} OpenStore;

/* One trigger during one statement. */
struct TriggerState
{
	OpenStore *open; /* NULL: not yet, or no more */
	AttrNumber column;
	AttrNumber tenant; /* InvalidAttrNumber: none */
	MemoryContextCallback end;
};

static dlist_head open_stores = DLIST_STATIC_INIT(open_stores);

/* --- stores of the transaction ---------------------------------------------------------------- */

/* From here on neither statement nor transaction know it. */
static void
forget_store(OpenStore *open)
{
	dlist_delete(&open->node);
	if (open->owner != NULL)
		open->owner->open = NULL;
	open->owner = NULL;
}

/* Waits for what is on its way. */
static void
finish_store(OpenStore *open)
{
	forget_store(open);
	vault_store_close(open->store);
	MemoryContextDelete(open->context);
}

/* Those of the level, and of the levels below it; with `over`, only where the statement is. */
static void
finish_stores(int level, bool over)
{
	dlist_mutable_iter iterator;

	dlist_foreach_modify(iterator, &open_stores)
	{
		OpenStore *open = dlist_container(OpenStore, node, iterator.cur);

		if (open->level >= level && (!over || open->owner == NULL))
			finish_store(open);
	}
}

/* Nothing is waited for: the writers are given up with their memory. */
static void
drop_stores(int level)
{
	dlist_mutable_iter iterator;

	dlist_foreach_modify(iterator, &open_stores)
	{
		OpenStore *open = dlist_container(OpenStore, node, iterator.cur);

		if (open->level < level)
			continue;
		forget_store(open);
		MemoryContextDelete(open->context);
	}
}

static void
end_transaction(XactEvent event, void *argument)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT ||
	    event == XACT_EVENT_PRE_PREPARE)
		finish_stores(1, false);
	else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		drop_stores(1);
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *argument)
{
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		finish_stores(GetCurrentTransactionNestLevel(), false);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		drop_stores(GetCurrentTransactionNestLevel());
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	registered = true;
}

/* Opens the vault for the statement, after what earlier statements have begun is done. */
static void
open_store(TriggerState *state, Oid vault, const char *tenant)
{
	TokenTerms terms = {.has_tenant = state->tenant != InvalidAttrNumber, .tenant = tenant};
	MemoryContext context;
	MemoryContext caller;
	OpenStore *open;

	register_callbacks();
	finish_stores(GetCurrentTransactionNestLevel(), true);
	/* Below the caller while it may fail, so that nothing is left behind then. */
	context = AllocSetContextCreate(CurrentMemoryContext, "tokens under way", ALLOCSET_SMALL_SIZES);
	caller = MemoryContextSwitchTo(context);
	open = palloc0_object(OpenStore);
	open->context = context;
	open->level = GetCurrentTransactionNestLevel();
	open->store = vault_store_open(vault, &terms);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(context, TopTransactionContext);
	open->owner = state;
	state->open = open;
	dlist_push_tail(&open_stores, &open->node);
}

/* --- the trigger of a statement --------------------------------------------------------------- */

static void
statement_ended(void *state)
{
	OpenStore *open = ((TriggerState *) state)->open;

	if (open != NULL)
		open->owner = NULL;
}

static void
check_event(FunctionCallInfo fcinfo)
{
	const TriggerData *data = (const TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) ||
	    !TRIGGER_FIRED_FOR_ROW(data->tg_event) || TRIGGER_FIRED_BY_DELETE(data->tg_event))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("tokenize_trigger() must be a trigger BEFORE INSERT OR UPDATE FOR "
		                       "EACH ROW")));
	if (data->tg_trigger->tgnargs != 2 && data->tg_trigger->tgnargs != 3)
		ereport(ERROR,
		        (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		         errmsg("tokenize_trigger() takes two or three arguments"),
		         errdetail("They are a vault, a column and, perhaps, the column of the tenant.")));
}

static AttrNumber
column_of(Relation relation, const char *name)
{
	int number = SPI_fnumber(RelationGetDescr(relation), name);

	if (number <= InvalidAttrNumber)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
		                errmsg("column \"%s\" of relation \"%s\" does not exist", name,
		                       RelationGetRelationName(relation))));
	return (AttrNumber) number;
}

/* The column whose values are replaced: it holds texts before and after. */
static AttrNumber
replaced_column_of(Relation relation, const char *name)
{
	AttrNumber number = column_of(relation, name);
	Oid type = TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid;

	if (type != TEXTOID && type != VARCHAROID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("column \"%s\" of relation \"%s\" cannot hold tokens", name,
		                       RelationGetRelationName(relation)),
		                errdetail("It must be of type text or character varying.")));
	return number;
}

static TriggerState *
state_of(FunctionCallInfo fcinfo)
{
	const TriggerData *data = (const TriggerData *) fcinfo->context;
	const Trigger *trigger = data->tg_trigger;
	TriggerState *state = fcinfo->flinfo->fn_extra;

	if (state != NULL)
		return state;
	state = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(*state));
	state->column = replaced_column_of(data->tg_relation, trigger->tgargs[1]);
	if (trigger->tgnargs == 3)
		state->tenant = column_of(data->tg_relation, trigger->tgargs[2]);
	state->end = (MemoryContextCallback){.func = statement_ended, .arg = state};
	MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, &state->end);
	fcinfo->flinfo->fn_extra = state;
	return state;
}

/* An UPDATE that leaves the column alone leaves it its token. */
static bool
is_unchanged(const TriggerData *data, AttrNumber column, Datum value)
{
	bool old_is_null;
	Datum old;

	if (!TRIGGER_FIRED_BY_UPDATE(data->tg_event))
		return false;
	old =
	    heap_getattr(data->tg_trigtuple, column, RelationGetDescr(data->tg_relation), &old_is_null);
	return !old_is_null && datum_image_eq(old, value, false, -1);
}

static HeapTuple
replace(const TriggerData *data, HeapTuple row, AttrNumber column, Datum token)
{
	TupleDesc descriptor = RelationGetDescr(data->tg_relation);
	int32 modifier = TupleDescAttr(descriptor, column - 1)->atttypmod;
	int number = column;
	bool is_null = false;

	if (modifier >= (int32) VARHDRSZ)
		token = DirectFunctionCall3(varchar, token, Int32GetDatum(modifier), BoolGetDatum(false));
	return heap_modify_tuple_by_cols(row, descriptor, 1, &number, &token, &is_null);
}

SQL_FUNCTION(tokenize_trigger);

Datum
tokenize_trigger(PG_FUNCTION_ARGS)
{
	const TriggerData *data = (const TriggerData *) fcinfo->context;
	TriggerState *state;
	TupleDesc descriptor;
	HeapTuple row;
	Datum value;
	bool is_null;
	char *tenant = NULL;

	check_event(fcinfo);
	state = state_of(fcinfo);
	row = TRIGGER_FIRED_BY_UPDATE(data->tg_event) ? data->tg_newtuple : data->tg_trigtuple;
	descriptor = RelationGetDescr(data->tg_relation);
	value = heap_getattr(row, state->column, descriptor, &is_null);
	if (is_null || is_unchanged(data, state->column, value))
		PG_RETURN_POINTER(row);
	if (state->tenant != InvalidAttrNumber)
		tenant = SPI_getvalue(row, descriptor, state->tenant);
	if (state->open == NULL)
		open_store(state,
		           DatumGetObjectId(DirectFunctionCall1(
		               regclassin, CStringGetDatum(data->tg_trigger->tgargs[0]))),
		           tenant);
	value = vault_store_begin_value(state->open->store, tenant, value);
	PG_RETURN_POINTER(replace(data, row, state->column, value));
}
