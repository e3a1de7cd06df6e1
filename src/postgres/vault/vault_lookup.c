/*
 * vault_lookup.c
 *		Finding the rows of tokens in a vault, by their keys.
 *
 * The rows come from a scan node of the executor whose plan is made here: GetItem for one token,
 * BatchGetItem for many, always consistent, so that a token is known as soon as it was given. All
 * that a scan does is done for it: decryption of many rows at once, writes that are pending in the
 * transaction, limits and counters.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "postgres/compat.h"

#include "postgres/conditions/template.h"
#include "postgres/encryption/column_encryption.h"
#include "postgres/scan/access.h"
#include "postgres/scan/scan.h"
#include "postgres/vault/vault_lookup.h"

struct VaultLookup
{
	MemoryContext context;
	const Vault *vault;
	EState *statement;
	PlanState *scan;
	bool compares_tenant;
	char *tenant; /* its text; NULL: rows of no tenant */
};

/* --- the plan --------------------------------------------------------------------------------- */

/* What texts of any kind are compared as. */
static Oid
compared_type(Oid type)
{
	return type == VARCHAROID ? TEXTOID : type;
}

static Const *
make_constant(Oid type, Datum datum)
{
	int16 length;
	bool by_value;

	get_typlenbyval(type, &length, &by_value);
	return makeConst(type, -1, get_typcollation(type), length, datum, false, by_value);
}

static Datum
make_array(Oid type, Datum *elements, int count)
{
	int16 length;
	bool by_value;
	char alignment;

	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	return PointerGetDatum(construct_array(elements, count, type, length, by_value, alignment));
}

static Node *
make_token_constant(Oid type, Datum *tokens, int count)
{
	if (count == 1)
		return (Node *) make_constant(type, tokens[0]);
	return (Node *) make_constant(get_array_type(type), make_array(type, tokens, count));
}

/* Column = value, or any of the values. */
static List *
make_condition(const ForeignColumn *column, TemplateKind kind, Node *value)
{
	TemplateLeaf leaf = {
	    .kind = kind,
	    .column = column->number,
	    .comparison = CONDITION_EQUAL,
	    .value_type = compared_type(column->type),
	    .value = value,
	};

	return template_of_leaf(&leaf);
}

static List *
columns_to_read(const Vault *vault, bool keys_only)
{
	List *columns = NIL;

	for (int role = VAULT_ROLE_TOKEN; role < VAULT_ROLE_COUNT; role++)
	{
		bool is_key = role == VAULT_ROLE_TOKEN || role == VAULT_ROLE_TENANT;

		if (vault->columns[role] != NULL && (is_key || !keys_only))
			columns = lappend_int(columns, vault->columns[role]->number);
	}
	return column_encryption_add_context_columns(vault->foreign, columns);
}

/* The scan node that looks up the keys. */
static ForeignScan *
make_plan(const Vault *vault, Datum *tokens, int count, Datum tenant, bool keys_only)
{
	const ForeignColumn *token = vault->columns[VAULT_ROLE_TOKEN];
	ForeignScan *plan = makeNode(ForeignScan);
	Access access = {
	    .kind = count == 1 ? REQUEST_GET_ITEM : REQUEST_BATCH_GET_ITEM,
	    .columns = columns_to_read(vault, keys_only),
	    .whole_items = vault->foreign->encryption != NULL,
	    .consistent_read = true,
	    .segments = 1,
	};
	List *conditions =
	    list_make1(make_condition(token, count == 1 ? TEMPLATE_COMPARE : TEMPLATE_ANY,
	                              make_token_constant(compared_type(token->type), tokens, count)));

	if (vault->tenant_is_key)
	{
		const ForeignColumn *column = vault->columns[VAULT_ROLE_TENANT];
		Node *value = (Node *) make_constant(compared_type(column->type), tenant);

		conditions = lappend(conditions, make_condition(column, TEMPLATE_COMPARE, value));
	}
	access.key_condition =
	    template_number_values(template_of_children(TEMPLATE_AND, conditions), &plan->fdw_exprs);
	plan->scan.scanrelid = 1;
	plan->operation = CMD_SELECT;
	plan->fs_server = vault->foreign->server_id;
	plan->fdw_private = list_make1(access_to_list(&access));
	return plan;
}

/* --- the scan --------------------------------------------------------------------------------- */

/* The lookup sees what the transaction has written before, as a statement of its own would. */
static Snapshot
snapshot_of_lookup(const Vault *vault)
{
	if (vault->foreign->options->write_mode != WRITE_MODE_TRANSACTION || IsInParallelMode())
		return GetActiveSnapshot();
	CommandCounterIncrement();
	return GetLatestSnapshot();
}

VaultLookup *
vault_lookup_begin(const Vault *vault, Datum *tokens, int count, Datum tenant, bool tenant_is_null,
                   bool keys_only)
{
	MemoryContext context =
	    AllocSetContextCreate(CurrentMemoryContext, "vault lookup", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	VaultLookup *lookup = palloc0_object(VaultLookup);
	const ForeignColumn *column = vault->columns[VAULT_ROLE_TENANT];

	lookup->context = context;
	lookup->vault = vault;
	lookup->compares_tenant = column != NULL;
	if (column != NULL && !tenant_is_null)
		lookup->tenant = vault_column_text(column, tenant);
	lookup->statement = CreateExecutorState();
	MemoryContextSwitchTo(lookup->statement->es_query_cxt);
	lookup->statement->es_snapshot = RegisterSnapshot(snapshot_of_lookup(vault));
	init_range_table(lookup->statement, vault->entry);
	lookup->scan = ExecInitNode((Plan *) make_plan(vault, tokens, count, tenant, keys_only),
	                            lookup->statement, 0);
	MemoryContextSwitchTo(caller);
	return lookup;
}

Datum
vault_row_value(const Vault *vault, const TupleTableSlot *row, VaultRole role, bool *is_null)
{
	const ForeignColumn *column = vault->columns[role];

	*is_null = true;
	if (column == NULL)
		return (Datum) 0;
	*is_null = row->tts_isnull[column->number - 1];
	return row->tts_values[column->number - 1];
}

/* Another tenant's token is no token. */
static bool
is_of_tenant(const VaultLookup *lookup, const TupleTableSlot *row)
{
	bool is_null;
	Datum tenant = vault_row_value(lookup->vault, row, VAULT_ROLE_TENANT, &is_null);

	if (!lookup->compares_tenant)
		return true;
	if (is_null || lookup->tenant == NULL)
		return is_null && lookup->tenant == NULL;
	return strcmp(vault_column_text(lookup->vault->columns[VAULT_ROLE_TENANT], tenant),
	              lookup->tenant) == 0;
}

TupleTableSlot *
vault_lookup_next(VaultLookup *lookup)
{
	TupleTableSlot *row = ((ScanState *) lookup->scan)->ss_ScanTupleSlot;
	MemoryContext caller = MemoryContextSwitchTo(lookup->statement->es_query_cxt);
	bool found = false;

	while (!found)
	{
		const TupleTableSlot *projected = ExecProcNode(lookup->scan);

		if (TupIsNull(projected))
			break;
		slot_getallattrs(row);
		found = is_of_tenant(lookup, row);
	}
	MemoryContextSwitchTo(caller);
	return found ? row : NULL;
}

void
vault_lookup_end(VaultLookup *lookup)
{
	EState *statement = lookup->statement;
	MemoryContext caller = MemoryContextSwitchTo(statement->es_query_cxt);

	ExecEndNode(lookup->scan);
	ExecResetTupleTable(statement->es_tupleTable, false);
	ExecCloseRangeTableRelations(statement);
	UnregisterSnapshot(statement->es_snapshot);
	MemoryContextSwitchTo(caller);
	FreeExecutorState(statement);
	MemoryContextDelete(lookup->context);
}
