/*
 * column_defaults.c
 *		Expressions of defaults and of stored generated columns, by column.
 */
#include "postgres.h"

#include "catalog/pg_attribute.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/relation/column_defaults.h"

struct ColumnDefaults
{
	EState *statement;
	ExprState **defaults;  /* by column; NULL: none, or the value is given */
	ExprState **generated; /* by column; NULL: it is no stored generated column */
};

static ExprState *
prepare_column(EState *statement, Relation relation, AttrNumber number)
{
	Expr *expression = (Expr *) build_column_default(relation, number);

	return expression == NULL ? NULL : ExecPrepareExpr(expression, statement);
}

ColumnDefaults *
column_defaults_prepare(EState *statement, Relation relation, const Bitmapset *given)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	MemoryContext caller = MemoryContextSwitchTo(statement->es_query_cxt);
	ColumnDefaults *defaults = palloc0_object(ColumnDefaults);

	defaults->statement = statement;
	defaults->defaults = palloc0_array(ExprState *, Max(descriptor->natts, 1));
	defaults->generated = palloc0_array(ExprState *, Max(descriptor->natts, 1));
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (attribute->attisdropped || bms_is_member(attribute->attnum, given))
			continue;
		if (attribute->attgenerated == ATTRIBUTE_GENERATED_STORED)
			defaults->generated[i] = prepare_column(statement, relation, attribute->attnum);
		else if (attribute->attgenerated == '\0')
			defaults->defaults[i] = prepare_column(statement, relation, attribute->attnum);
	}
	MemoryContextSwitchTo(caller);
	return defaults;
}

void
column_defaults_fill(const ColumnDefaults *defaults, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(defaults->statement);

	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_isnull[i] = true;
		slot->tts_values[i] = (Datum) 0;
		if (defaults->defaults[i] != NULL)
			slot->tts_values[i] =
			    ExecEvalExpr(defaults->defaults[i], econtext, &slot->tts_isnull[i]);
	}
}

void
column_defaults_generate(const ColumnDefaults *defaults, TupleTableSlot *slot)
{
	ExprContext *econtext = GetPerTupleExprContext(defaults->statement);

	econtext->ecxt_scantuple = slot;
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		if (defaults->generated[i] != NULL)
			slot->tts_values[i] =
			    ExecEvalExpr(defaults->generated[i], econtext, &slot->tts_isnull[i]);
	}
}
