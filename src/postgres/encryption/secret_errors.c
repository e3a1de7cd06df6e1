/*
 * secret_errors.c
 *		Errors of work on a plaintext, without a word of it.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "postgres/compat.h"

#include "foundation/arena.h"
#include "postgres/encryption/secret_errors.h"

void
wipe_text(char *text)
{
	if (text != NULL)
		wipe(text, strlen(text));
}

/* True for errors that say nothing of the value: cancel, shutdown, memory. */
static bool
is_of_the_server(int sqlstate)
{
	int class = ERRCODE_TO_CATEGORY(sqlstate);

	return class == ERRCODE_OPERATOR_INTERVENTION || class == ERRCODE_INSUFFICIENT_RESOURCES;
}

void
report_without_value(const ForeignColumn *column, MemoryContext caller)
{
	ErrorData *error;
	int sqlstate;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	sqlstate = error->sqlerrcode;
	if (is_of_the_server(sqlstate))
		ReThrowError(error);
	FlushErrorState();
	wipe_text(error->message);
	wipe_text(error->detail);
	wipe_text(error->hint);
	FreeErrorData(error);
	if (column == NULL)
		ereport(ERROR, (errcode(sqlstate), errmsg("value of an encrypted item cannot be read"),
		                errdetail("The value itself is not shown.")));
	ereport(ERROR, (errcode(sqlstate),
	                errmsg("value of encrypted column \"%s\" does not fit type %s", column->name,
	                       format_type_with_typemod(column->type, column->type_modifier)),
	                errdetail("The value itself is not shown.")));
}
