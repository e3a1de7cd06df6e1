/*
 * secret_values.c
 *		Datums that are overwritten before their memory is given back.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/column_encryption.h"
#include "postgres/encryption/secret_values.h"

struct SecretValues
{
	const ForeignRelation *relation;
	Datum *values; /* by the column's place; 0 where there is none */
	MemoryContextCallback gone;
};

static void
wipe_values(void *context)
{
	SecretValues *secrets = context;

	for (int i = 0; i < secrets->relation->column_count; i++)
	{
		if (secrets->values[i] != (Datum) 0)
			column_wipe_datum(&secrets->relation->columns[i], secrets->values[i]);
	}
}

SecretValues *
secret_values_create(const ForeignRelation *relation)
{
	SecretValues *secrets = palloc0_object(SecretValues);

	secrets->relation = relation;
	secrets->values = palloc0_array(Datum, Max(relation->column_count, 1));
	secrets->gone = (MemoryContextCallback){.func = wipe_values, .arg = secrets};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &secrets->gone);
	return secrets;
}

void
secret_values_add(SecretValues *secrets, const ForeignColumn *column, Datum value)
{
	secrets->values[column->number - 1] = value;
}

void
secret_values_add_sealed(SecretValues *secrets, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < secrets->relation->column_count; i++)
	{
		const ForeignColumn *column = &secrets->relation->columns[i];

		if (column->live && column->is_sealed && !nulls[i])
			secret_values_add(secrets, column, values[i]);
	}
}
