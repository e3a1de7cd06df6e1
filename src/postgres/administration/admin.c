/*
 * admin.c
 *		Functions for those who look after servers and tables.
 */
#include "postgres.h"

#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "postgres/compat.h"

#include "postgres/service/service_statistics.h"

SQL_FUNCTION(dynamodb_kms_fdw_disconnect);
SQL_FUNCTION(dynamodb_kms_stats);

Datum
dynamodb_kms_fdw_disconnect(PG_FUNCTION_ARGS)
{
	Oid server_id = InvalidOid;

	if (!PG_ARGISNULL(0))
		server_id = usable_server(NameStr(*PG_GETARG_NAME(0)));
	PG_RETURN_BOOL(service_clients_disconnect(server_id));
}

/* The name of a server that the current role may use; NULL for others, and those that are gone. */
static const char *
name_of_usable_server(Oid server_id)
{
	ForeignServer *server = GetForeignServerExtended(server_id, FSV_MISSING_OK);

	if (server == NULL || foreign_server_check_usage(server_id) != ACLCHECK_OK)
		return NULL;
	return server->servername;
}

static void
put_statistics(ReturnSetInfo *result, const char *server_name, const ServiceStatistics *sums)
{
	NameData server;
	Datum values[] = {
	    NameGetDatum(&server),
	    CStringGetTextDatum(aws_service_name(sums->service)),
	    CStringGetTextDatum(sums->operation),
	    Int64GetDatum(sums->requests),
	    Int64GetDatum(sums->retries),
	    Int64GetDatum(sums->throttles),
	    Int64GetDatum(sums->errors),
	    Int64GetDatum(sums->bytes_received),
	    Int64GetDatum(sums->bytes_sent),
	    Float8GetDatum(sums->capacity_units),
	    Int64GetDatum(sums->cache_hits),
	    Int64GetDatum(sums->cache_misses),
	};
	bool nulls[lengthof(values)] = {false};

	namestrcpy(&server, server_name);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
dynamodb_kms_stats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List *statistics = service_clients_statistics();
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, statistics)
	{
		const ServerStatistics *row = lfirst(cell);
		const char *server_name = name_of_usable_server(row->server_id);

		if (server_name != NULL)
			put_statistics(result, server_name, &row->sums);
	}
	PG_RETURN_NULL();
}
