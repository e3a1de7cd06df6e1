/*
 * admin.c
 *		Functions for those who look after servers and tables.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/service_call.h"

SQL_FUNCTION(dynamodb_kms_fdw_disconnect);

Datum
dynamodb_kms_fdw_disconnect(PG_FUNCTION_ARGS)
{
	Oid server_id = InvalidOid;

	if (!PG_ARGISNULL(0))
		server_id = usable_server(NameStr(*PG_GETARG_NAME(0)));
	PG_RETURN_BOOL(service_clients_disconnect(server_id));
}
