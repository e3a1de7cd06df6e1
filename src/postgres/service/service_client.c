/*
 * service_client.c
 *		The cache of clients, one a user mapping, and what happens to them when the catalog changes.
 *
 * After a change, who asks for the client gets new contents, while those who borrowed the old ones
 * may use them to the end of the transaction. Secrets and connections of the old ones go at once
 * when nobody can be using them, else at that end.
 */
#include "postgres.h"

#include "access/xact.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "postgres/compat.h"
#include "postgres/memory.h"
#include "postgres/report.h"
#include "postgres/service/child_process.h"
#include "postgres/service/credential_refresh.h"
#include "postgres/service/service_call_queue.h"
#include "postgres/service/service_clock.h"
#include "postgres/service/service_statistics.h"
#include "postgres/service/transport.h"
#include "postgres/service/transport_sockets.h"
#include "postgres/settings.h"

/* The region in signatures where every endpoint is given and none is said: services other than
 * AWS's own take any. */
#define UNSAID_REGION "us-east-1"

#define ENDPOINTS_MAXIMUM ((Size) 64 * 1024)

static HTAB *clients = NULL;

/* True when server or mapping have changed since the contents was made. */
static bool
is_stale(const ServiceClient *client)
{
	return client->contents != NULL && client->contents->changes != client->changes;
}

/* Dropping contents */

/* Forgets the contents; borrowers keep them to the end of the transaction. */
static void
drop_contents(ServiceClient *client)
{
	ClientContents *contents = client->contents;

	transport_close_connections(client->connection_group);
	if (contents == NULL)
		return;
	client->contents = NULL;
	if (contents->refresh != NULL)
		credential_refresh_stop(contents->refresh);
	if (client->used_in_transaction && TopTransactionContext != NULL)
		MemoryContextSetParent(contents->context, TopTransactionContext);
	else
		MemoryContextDelete(contents->context);
}

/* A server or a mapping has changed; `hash` is 0 when all may have. */
static void
note_change(Datum unused, int cache_id, uint32 hash)
{
	HASH_SEQ_STATUS each;
	ServiceClient *client;

	hash_seq_init(&each, clients);
	while ((client = hash_seq_search(&each)) != NULL)
	{
		uint32 own = cache_id == FOREIGNSERVEROID ? client->server_hash : client->mapping_hash;

		if (hash != 0 && hash != own)
			continue;
		client->changes++;
		if (!client->used_in_transaction)
			drop_contents(client);
	}
}

static void
end_transaction_of(ServiceClient *client)
{
	bool used = client->used_in_transaction;

	client->used_in_transaction = false;
	if (is_stale(client))
		drop_contents(client);
	else if (used && client->contents != NULL && !client->contents->options->keep_connections)
		transport_close_connections(client->connection_group);
}

/* What a command that runs was to find, nobody waits for any more. */
static void
interrupt_refreshes(void)
{
	HASH_SEQ_STATUS each;
	ServiceClient *client;

	hash_seq_init(&each, clients);
	while ((client = hash_seq_search(&each)) != NULL)
		if (client->contents != NULL && client->contents->refresh != NULL)
			credential_refresh_interrupt(client->contents->refresh);
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *unused)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		interrupt_refreshes();
}

static void
end_transaction(XactEvent event, void *unused)
{
	HASH_SEQ_STATUS each;
	ServiceClient *client;

	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PARALLEL_PRE_COMMIT ||
	    event == XACT_EVENT_PRE_PREPARE)
		return;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PARALLEL_ABORT)
		interrupt_refreshes();
	hash_seq_init(&each, clients);
	while ((client = hash_seq_search(&each)) != NULL)
		end_transaction_of(client);
}

/* Making contents */

static const char *
endpoint_url_of(const ServerOptions *options, AwsService service)
{
	const char *url = options->service_endpoint_urls[service];

	return url != NULL ? url : options->endpoint_url;
}

/*
 * Requests carry session tokens and items to the endpoint: only a superuser decides where. The
 * option's validator holds to the same rule; this is for what changed owner since.
 */
static void
check_endpoint(const ForeignServer *server, const char *url)
{
	if (superuser_arg(server->owner) || endpoint_is_allowed(url))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
	         errmsg("endpoint \"%s\" of server \"%s\" is not allowed", url, server->servername),
	         errdetail("The server is not owned by a superuser."),
	         errhint("A superuser can list the endpoint in the setting "
	                 "\"dynamodb_kms_fdw.allowed_endpoints\".")));
}

/* True when the options say where the service is. */
static bool
has_endpoint(const ServerOptions *options, AwsService service)
{
	return endpoint_url_of(options, service) != NULL || options->region != NULL;
}

static void
report_no_endpoint(const char *server_name, AwsService service)
{
	ereport(ERROR, (errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
	                errmsg("server \"%s\" has neither a region nor an endpoint for service \"%s\"",
	                       server_name, aws_service_name(service)),
	                errhint("Set the server option \"region\".")));
}

static Endpoint
find_endpoint(const ForeignServer *server, const ServerOptions *options, AwsService service,
              Arena *arena)
{
	const char *url = endpoint_url_of(options, service);
	Endpoint endpoint;

	if (url != NULL)
	{
		check_endpoint(server, url);
		CHECK_RESULT(endpoint_parse(arena, bytes_of_string(url), &endpoint), "read endpoint");
		return endpoint;
	}
	if (options->region == NULL)
		report_no_endpoint(server->servername, service);
	CHECK_RESULT(endpoint_of_region(arena, service, bytes_of_string(options->region),
	                                (EndpointVariant){.use_fips = options->use_fips,
	                                                  .use_dualstack = options->use_dualstack},
	                                &endpoint),
	             "find endpoint");
	return endpoint;
}

static void
find_endpoints(const ForeignServer *server, ClientContents *contents)
{
	Arena *arena = memory_context_arena(contents->context, ARENA_PLAIN, ENDPOINTS_MAXIMUM);

	for (int service = 0; service < AWS_SERVICE_COUNT; service++)
	{
		/* Needed for a role of the mapping in any case, and perhaps for one of a profile. */
		if (service == AWS_STS && !credentials_name_role(contents->credentials) &&
		    (!credentials_can_be_refreshed(contents->credentials) ||
		     !has_endpoint(contents->options, service)))
			continue;
		/* Whoever needs another service asks for it: see service_client_require(). */
		if (service != AWS_DYNAMODB && service != AWS_STS &&
		    !has_endpoint(contents->options, service))
			continue;
		contents->endpoints[service] = find_endpoint(server, contents->options, service, arena);
	}
}

/* The catalog's text of a mapping's options, in memory that others will get. */
static void
wipe_option_list(List *options)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (option->arg != NULL && IsA(option->arg, String))
			wipe(strVal(option->arg), strlen(strVal(option->arg)));
	}
}

static void
load_credentials(ClientContents *contents, UserMapping *mapping)
{
	MappingOptions *options = options_of_mapping(mapping);

	contents->credentials = credentials_create(contents->context, contents->server_name, options);
	mapping_options_wipe(options);
}

static void
fill_contents(ServiceClient *client, ClientContents *contents, UserMapping *mapping)
{
	ForeignServer *server = GetForeignServer(mapping->serverid);
	const char *region;

	contents->server_name = server->servername;
	contents->server_owner = server->owner;
	contents->options = options_of_server(server);
	region = contents->options->region;
	contents->region = bytes_of_string(region != NULL ? region : UNSAID_REGION);
	load_credentials(contents, mapping);
	find_endpoints(server, contents);
	if (credentials_can_be_refreshed(contents->credentials))
		contents->refresh = credential_refresh_create(client, contents);
}

/* Reads server and mapping anew. On an error the client keeps what it has. */
static void
load_contents(ServiceClient *client, UserMapping *mapping)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynamodb_kms_fdw client",
	                                              ALLOCSET_DEFAULT_SIZES);
	MemoryContext previous = MemoryContextSwitchTo(context);
	ClientContents *contents = palloc0(sizeof(*contents));

	/* A change that arrives while the catalog is read makes this stale from the start. */
	contents->changes = client->changes;
	contents->context = context;
	fill_contents(client, contents, mapping);
	MemoryContextSwitchTo(previous);
	MemoryContextSetParent(context, CacheMemoryContext);
	drop_contents(client);
	client->contents = contents;
}

/* Calls that wait */

/* True when requests have to wait for the refresh that is under way. */
static bool
must_wait_for_refresh(const ClientContents *contents, int64 now)
{
	return contents->refresh != NULL && credential_refresh_is_running(contents->refresh) &&
	       credentials_state(contents->credentials, now) == CREDENTIALS_UNUSABLE;
}

/*
 * The client's own timer: what waits is sent, as far as there is room for it, and there are or will
 * soon be credentials. `context` is the client.
 */
static void
dispatch_calls(void *context)
{
	ServiceClient *client = context;
	ClientContents *contents = client->contents;
	int64 now = service_client_time(client);

	if (contents == NULL)
		service_calls_fail_as_changed(client);
	if (dlist_is_empty(&client->waiting))
		return;
	if (contents->refresh != NULL)
		credential_refresh_as_needed(contents->refresh, now);
	if (!must_wait_for_refresh(contents, now))
		(void) service_calls_go_on(client);
}

/* The cache */

static void
make_cache(void)
{
	HASHCTL settings = {.keysize = sizeof(Oid), .entrysize = sizeof(ServiceClient)};

	clients = hash_create("dynamodb_kms_fdw clients", 8, &settings, HASH_ELEM | HASH_BLOBS);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, note_change, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, note_change, (Datum) 0);
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
	child_processes_register();
}

static ServiceClient *
enter_client(const UserMapping *mapping)
{
	static uint32 last_connection_group = 0;
	bool found;
	ServiceClient *client = hash_search(clients, &mapping->umid, HASH_ENTER, &found);

	if (found)
		return client;
	*client = (ServiceClient){
	    .mapping_id = mapping->umid,
	    .server_id = mapping->serverid,
	    .server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID, ObjectIdGetDatum(mapping->serverid)),
	    .mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID, ObjectIdGetDatum(mapping->umid)),
	    .connection_group = ++last_connection_group,
	    .dispatch = {.expired = dispatch_calls, .context = client},
	};
	dlist_init(&client->waiting);
	slist_init(&client->statistics);
	retry_bucket_init(&client->retry_bucket);
	return client;
}

Oid
usable_server(const char *name)
{
	Oid server_id = GetForeignServerByName(name, false)->serverid;
	AclResult refusal = foreign_server_check_usage(server_id);

	if (refusal != ACLCHECK_OK)
		aclcheck_error(refusal, OBJECT_FOREIGN_SERVER, name);
	return server_id;
}

ServiceClient *
service_client_get(Oid server_id, Oid user_id)
{
	UserMapping *mapping = GetUserMapping(user_id, server_id);
	ServiceClient *client;

	transport_open();
	if (clients == NULL)
		make_cache();
	client = enter_client(mapping);
	if (client->contents == NULL || is_stale(client))
		load_contents(client, mapping);
	wipe_option_list(mapping->options);
	credentials_check(client->contents->credentials, user_id, client->contents->server_owner,
	                  client->contents->server_name);
	client->used_in_transaction = true;
	return client;
}

bool
service_clients_disconnect(Oid server_id)
{
	HASH_SEQ_STATUS each;
	ServiceClient *client;
	bool found = false;

	if (clients == NULL)
		return false;
	hash_seq_init(&each, clients);
	while ((client = hash_seq_search(&each)) != NULL)
	{
		if (!OidIsValid(server_id) || client->server_id == server_id)
			found = transport_close_connections(client->connection_group) || found;
	}
	return found;
}

void
service_client_require(const ServiceClient *client, AwsService service)
{
	if (!has_endpoint(client->contents->options, service))
		report_no_endpoint(client->contents->server_name, service);
}

const ServerOptions *
service_client_options(const ServiceClient *client)
{
	return client->contents->options;
}

Oid
service_client_mapping(const ServiceClient *client)
{
	return client->mapping_id;
}

MemoryContext
service_client_memory(const ServiceClient *client)
{
	return client->contents->context;
}

const ServiceIdentity *
service_client_identity(const ServiceClient *client)
{
	return client->contents;
}

static bool
endpoints_are_equal(const Endpoint *a, const Endpoint *b)
{
	return bytes_equal(a->scheme, b->scheme) && bytes_equal(a->host, b->host) &&
	       bytes_equal(a->path, b->path);
}

const char *
service_identity_difference(const ServiceIdentity *a, const ServiceIdentity *b, AwsService service)
{
	if (a == b)
		return NULL;
	if (!bytes_equal(a->region, b->region))
		return "region";
	if (!endpoints_are_equal(&a->endpoints[service], &b->endpoints[service]))
		return "endpoint";
	return credentials_are_equal(a->credentials, b->credentials) ? NULL : "credentials";
}

const char *
service_client_server_name(const ServiceClient *client)
{
	return client->contents->server_name;
}

List *
service_clients_statistics(void)
{
	HASH_SEQ_STATUS each;
	ServiceClient *client;
	List *sums = NIL;

	if (clients == NULL)
		return NIL;
	hash_seq_init(&each, clients);
	while ((client = hash_seq_search(&each)) != NULL)
		sums = service_statistics_add(sums, client);
	return sums;
}
