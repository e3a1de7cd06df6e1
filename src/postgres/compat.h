/*
 * compat.h
 *		What differs between PostgreSQL's major versions; the only file that asks PG_VERSION_NUM.
 */
#ifndef POSTGRES_COMPAT_H
#define POSTGRES_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "dynamodb_kms_fdw needs PostgreSQL 15 or later"
#endif

#endif
