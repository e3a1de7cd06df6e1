/*
 * settings.h
 *		The extension's settings (GUCs).
 */
#ifndef POSTGRES_SETTINGS_H
#define POSTGRES_SETTINGS_H

#include "postgres.h"

#include "postgres/compat.h"

/* True when the superuser's list dynamodb_kms_fdw.allowed_endpoints holds this endpoint. */
extern bool endpoint_is_allowed(const char *url);

/* dynamodb_kms_fdw.allowed_endpoints: comma-separated URLs, set by a superuser. Never NULL. */
extern char *allowed_endpoints;

/*
 * dynamodb_kms_fdw.max_memory_per_scan, what pages and items of one scan may take, or one of so
 * many equal parts of it: in bytes.
 */
extern Size scan_memory_share(int parts);

/* dynamodb_kms_fdw.log_requests: whether operation, table, status and time go to the server's log.
 */
extern bool log_requests;

/* dynamodb_kms_fdw.enable_bulk_lookup: whether joins are planned that read ahead. */
extern bool enable_bulk_lookup;

/* Registers the extension's settings; called once by _PG_init. */
extern void define_settings(void);

#endif
