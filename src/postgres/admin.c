/*
 * admin.c
 *		Functions for those who look after servers and tables.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/foreign.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/service_call.h"

SQL_FUNCTION(dynamodb_kms_fdw_disconnect);

/* The oid of a server that the current role may use. */
static Oid
usable_server(const char *name)
{
	Oid server_id = GetForeignServerByName(name, false)->serverid;
	AclResult refusal = foreign_server_check_usage(server_id);

	if (refusal != ACLCHECK_OK)
		aclcheck_error(refusal, OBJECT_FOREIGN_SERVER, name);
	return server_id;
}

Datum
dynamodb_kms_fdw_disconnect(PG_FUNCTION_ARGS)
{
	Oid server_id = InvalidOid;

	if (!PG_ARGISNULL(0))
		server_id = usable_server(NameStr(*PG_GETARG_NAME(0)));
	PG_RETURN_BOOL(service_clients_disconnect(server_id));
}
