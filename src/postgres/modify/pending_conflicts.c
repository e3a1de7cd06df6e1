/*
 * pending_conflicts.c
 *		What others have done to the items that a transaction is to write.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/modify/pending_conflicts.h"

void
report_duplicate_item(const RowWriter *writer, const DynamodbItem *key, const char *more)
{
	ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
	                errmsg("item with this key already exists in DynamoDB table \"%s\"",
	                       writer->relation->options->table_name),
	                errdetail("Key %s already exists.%s", row_write_key_text(writer, key), more)));
}

void
report_changed_item(const RowWriter *writer, const DynamodbItem *key, const char *more)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
	                errmsg("item was changed in DynamoDB table \"%s\" after it had been read",
	                       writer->relation->options->table_name),
	                errdetail("Key %s is concerned.%s", row_write_key_text(writer, key), more),
	                errhint("The transaction may succeed when it is run again.")));
}
