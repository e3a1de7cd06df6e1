/*
 * queue_relation.c
 *		What a foreign table over a queue is: which part of a message each column holds.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "postgres/compat.h"

#include "postgres/queue/queue_relation.h"
#include "postgres/report.h"

/* ---- columns ---- */

static QueueRole
role_of(const QueueColumn *column, const ColumnOptions *options)
{
	if (options->queue_role != QUEUE_ROLE_UNSAID)
		return options->queue_role;
	if (options->message_attribute != NULL)
		return QUEUE_MESSAGE_ATTRIBUTE;
	return queue_role_by_name(column->name);
}

static void
check_options(const QueueRelation *relation, const QueueColumn *column,
              const ColumnOptions *options)
{
	refuse_options_of_other_kinds(relation->id, column->number, RELATION_IS_QUEUE);
	if (options->message_attribute != NULL && column->role != QUEUE_MESSAGE_ATTRIBUTE)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		     errmsg("column \"%s\" of foreign table \"%s\" has option \"message_attribute\", but "
		            "another \"queue_role\"",
		            column->name, relation->name)));
	if (column->role == QUEUE_ROLE_UNSAID)
		ereport(ERROR,
		        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
		         errmsg("column \"%s\" of foreign table \"%s\" is no part of a message",
		                column->name, relation->name),
		         errhint("Set the column's option \"queue_role\", or \"message_attribute\" to the "
		                 "name of the attribute that it holds.")));
}

pg_noreturn static void
report_type(const QueueRelation *relation, const QueueColumn *column, const char *expected)
{
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
	         errmsg("column \"%s\" of foreign table \"%s\" cannot be of type %s", column->name,
	                relation->name, format_type_with_typemod(column->type, column->type_modifier)),
	         errdetail("It must be %s.", expected)));
}

/* What each role's values are; how texts complete "It must be …". */
typedef struct RoleTypes
{
	bool string; /* a type that is read from an attribute of type S will do … */
	bool number; /* … or one that is read from type N … */
	bool binary; /* … or from type B */
	const char *expected;
} RoleTypes;

#define TEXT_EXPECTED "of a type of text"

static const RoleTypes role_types[] = {
    [QUEUE_BODY] = {true, false, false, "of a type of text, or json"},
    [QUEUE_MESSAGE_ID] = {true, false, false, "of a type of text, or uuid"},
    [QUEUE_SENT_AT] = {false, true, false, "of type timestamp with time zone"},
    [QUEUE_RECEIVE_COUNT] = {false, true, false, "of a numeric type"},
    [QUEUE_MESSAGE_ATTRIBUTES] = {false, false, false, "of type jsonb"},
    [QUEUE_MESSAGE_ATTRIBUTE] = {true, true, true, "of a type of text, numeric or bytea"},
    [QUEUE_RECEIPT_HANDLE] = {true, false, false, TEXT_EXPECTED},
    [QUEUE_MESSAGE_GROUP_ID] = {true, false, false, TEXT_EXPECTED},
    [QUEUE_MESSAGE_DEDUPLICATION_ID] = {true, false, false, TEXT_EXPECTED},
    [QUEUE_SEQUENCE_NUMBER] = {true, true, false, "of a type of text, or numeric"},
};

/* json and jsonb as such: for roles that hold JSON, and bodies. */
static bool
open_as_json(QueueColumn *column)
{
	column->is_jsonb = column->type == JSONBOID;
	return (column->role == QUEUE_BODY && (column->type == JSONOID || column->type == JSONBOID)) ||
	       (column->role == QUEUE_MESSAGE_ATTRIBUTES && column->type == JSONBOID);
}

static void
open_conversion(const QueueRelation *relation, QueueColumn *column)
{
	const RoleTypes *types = &role_types[column->role];
	ColumnOptions options = {.time_format = column->role == QUEUE_SENT_AT
	                                            ? TIME_FORMAT_EPOCH_MILLISECONDS
	                                            : TIME_FORMAT_ISO8601};
	AttributeType written;

	if (open_as_json(column))
		return;
	if (column->type == JSONOID || column->type == JSONBOID)
		report_type(relation, column, types->expected);
	column->conversion =
	    column_conversion_create(column->name, column->type, column->type_modifier, &options);
	if (!column_conversion_written_type(column->conversion, &written) ||
	    !((written == ATTRIBUTE_S && types->string) || (written == ATTRIBUTE_N && types->number) ||
	      (written == ATTRIBUTE_B && types->binary)))
		report_type(relation, column, types->expected);
}

static void
open_column(QueueRelation *relation, Form_pg_attribute attribute)
{
	QueueColumn *column = &relation->columns[attribute->attnum - 1];
	const ColumnOptions *options;

	column->number = attribute->attnum;
	column->live = !attribute->attisdropped;
	if (!column->live)
		return;
	options = options_of_column(relation->id, attribute->attnum);
	column->name = pstrdup(NameStr(attribute->attname));
	column->type = attribute->atttypid;
	column->type_modifier = attribute->atttypmod;
	column->role = role_of(column, options);
	check_options(relation, column, options);
	if (column->role == QUEUE_MESSAGE_ATTRIBUTE)
		column->attribute_name = utf8_of_text(
		    options->message_attribute != NULL ? options->message_attribute : column->name);
	open_conversion(relation, column);
}

static void
open_columns(QueueRelation *relation)
{
	Relation opened = table_open(relation->id, AccessShareLock);
	TupleDesc descriptor = RelationGetDescr(opened);

	relation->name = pstrdup(RelationGetRelationName(opened));
	relation->column_count = descriptor->natts;
	relation->columns = palloc0_array(QueueColumn, Max(descriptor->natts, 1));
	for (int i = 0; i < descriptor->natts; i++)
		open_column(relation, TupleDescAttr(descriptor, i));
	table_close(opened, AccessShareLock);
}

/* ---- the queue ---- */

/* A request that waits for messages must be allowed to wait for them. */
static void
check_wait_time(const QueueRelation *relation)
{
	if (relation->options->wait_time_seconds == 0 ||
	    relation->options->wait_time_seconds * 1000 < relation->server_options->request_timeout_ms)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
	         errmsg("wait_time of foreign table \"%s\" is not below its server's request_timeout",
	                relation->name)));
}

QueueRelation *
queue_relation_open(Oid relation_id, Oid user_id)
{
	QueueRelation *relation = palloc0_object(QueueRelation);
	ForeignTable *table = GetForeignTable(relation_id);

	relation->id = relation_id;
	relation->server_id = table->serverid;
	relation->server_options = options_of_server(GetForeignServer(table->serverid));
	relation->options = options_of_table(table, relation->server_options);
	open_columns(relation);
	check_wait_time(relation);
	relation->client = service_client_get(table->serverid, user_id);
	service_client_require(relation->client, AWS_SQS);
	relation->queue = queue_description_get(relation->client, relation->options);
	return relation;
}

char *
queue_name_of_options(const TableOptions *options)
{
	if (options->queue_name != NULL)
		return pstrdup(options->queue_name);
	return pstrdup(sqs_queue_name(bytes_of_string(options->queue_url)).data);
}

char *
queue_relation_queue_name(const QueueRelation *relation)
{
	return queue_name_of_options(relation->options);
}
