/*
 * queue_message.c
 *		From messages to rows.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "postgres/compat.h"

#include "foundation/base64.h"
#include "item/json_text.h"
#include "postgres/queue/queue_message.h"
#include "postgres/report.h"

static char *
text_of_utf8(const QueueColumn *column, Bytes text)
{
	if (text.length > 0 && memchr(text.data, '\0', text.length) != NULL)
		ereport(ERROR, (errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
		                errmsg("message has a U+0000 in column \"%s\", which no text can hold",
		                       column->name)));
	return pg_any_to_server(pnstrdup(text.data, text.length), (int) text.length, PG_UTF8);
}

static bool
is_number(Bytes text)
{
	Bytes value;

	return text.length > 0 && (text.data[0] == '-' || isdigit((unsigned char) text.data[0])) &&
	       json_text_check(text, &value) && value.length == text.length;
}

static char *
base64_of(Bytes bytes)
{
	char *text = palloc(BASE64_ENCODED_LENGTH(bytes.length) + 1);

	base64_encode(bytes, text);
	text[BASE64_ENCODED_LENGTH(bytes.length)] = '\0';
	return text;
}

/* An attribute that JSON has no value for. */
static void
append_typed(StringInfo json, const QueueColumn *column, const SqsAttribute *attribute)
{
	bool binary = sqs_type_is_binary(attribute->data_type);

	appendStringInfoString(json, "{\"DataType\": ");
	escape_json(json, text_of_utf8(column, attribute->data_type));
	appendStringInfoString(json, binary ? ", \"BinaryValue\": " : ", \"StringValue\": ");
	escape_json(json,
	            binary ? base64_of(attribute->value) : text_of_utf8(column, attribute->value));
	appendStringInfoChar(json, '}');
}

static void
append_attribute(StringInfo json, const QueueColumn *column, const SqsAttribute *attribute)
{
	escape_json(json, text_of_utf8(column, attribute->name));
	appendStringInfoString(json, ": ");
	if (bytes_equal(attribute->data_type, BYTES_LITERAL("String")))
		escape_json(json, text_of_utf8(column, attribute->value));
	else if (bytes_equal(attribute->data_type, BYTES_LITERAL("Number")) &&
	         is_number(attribute->value))
		appendBinaryStringInfo(json, attribute->value.data, (int) attribute->value.length);
	else
		append_typed(json, column, attribute);
}

static Datum
attributes_as_jsonb(const QueueColumn *column, const SqsMessage *message)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (size_t i = 0; i < message->attribute_count; i++)
	{
		if (i > 0)
			appendStringInfoString(&json, ", ");
		append_attribute(&json, column, &message->attributes[i]);
	}
	appendStringInfoChar(&json, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

/* The value as the column's conversion takes it: a number where it reads numbers. */
static AttributeValue
value_of_digits(const QueueColumn *column, Bytes digits)
{
	bool as_number = column_conversion_accepts(column->conversion, ATTRIBUTE_N);

	return (AttributeValue){.type = as_number ? ATTRIBUTE_N : ATTRIBUTE_S, .bytes = digits};
}

/* Text types take a Number as its digits; the others take what it is. */
static AttributeValue
value_of_attribute(const QueueColumn *column, const SqsAttribute *attribute)
{
	if (sqs_type_is_binary(attribute->data_type))
		return attribute_binary(attribute->value);
	if (bytes_start_with(attribute->data_type, BYTES_LITERAL("Number")))
		return value_of_digits(column, attribute->value);
	return attribute_string(attribute->value);
}

/* False when the message has none of that name. */
static bool
find_attribute(const QueueColumn *column, const SqsMessage *message, AttributeValue *value)
{
	for (size_t i = 0; i < message->attribute_count; i++)
	{
		if (!bytes_equal(message->attributes[i].name, column->attribute_name))
			continue;
		*value = value_of_attribute(column, &message->attributes[i]);
		return true;
	}
	return false;
}

/* False when the message has no such part. */
static bool
find_value(const QueueColumn *column, const SqsMessage *message, AttributeValue *value)
{
	Bytes text = BYTES_EMPTY;

	switch (column->role)
	{
		case QUEUE_MESSAGE_ATTRIBUTE:
			return find_attribute(column, message, value);
		case QUEUE_SENT_AT:
			*value = value_of_digits(column, message->sent_timestamp);
			return message->sent_timestamp.length > 0;
		case QUEUE_RECEIVE_COUNT:
			*value = value_of_digits(column, message->receive_count);
			return message->receive_count.length > 0;
		case QUEUE_SEQUENCE_NUMBER:
			*value = value_of_digits(column, message->sequence_number);
			return message->sequence_number.length > 0;
		case QUEUE_BODY:
			*value = attribute_string(message->body);
			return true;
		case QUEUE_MESSAGE_ID:
			text = message->message_id;
			break;
		case QUEUE_RECEIPT_HANDLE:
			text = message->receipt_handle;
			break;
		case QUEUE_MESSAGE_GROUP_ID:
			text = message->group_id;
			break;
		default:
			text = message->deduplication_id;
			break;
	}
	*value = attribute_string(text);
	return text.length > 0;
}

static Datum
read_json_column(const QueueColumn *column, const SqsMessage *message)
{
	char *text;

	if (column->role == QUEUE_MESSAGE_ATTRIBUTES)
		return attributes_as_jsonb(column, message);
	text = text_of_utf8(column, message->body);
	return column->is_jsonb ? DirectFunctionCall1(jsonb_in, CStringGetDatum(text))
	                        : DirectFunctionCall1(json_in, CStringGetDatum(text));
}

static Datum
read_column(const QueueColumn *column, const SqsMessage *message, bool *is_null)
{
	AttributeValue value;

	*is_null = false;
	if (column->conversion == NULL)
		return read_json_column(column, message);
	if (find_value(column, message, &value))
		return column_conversion_read(column->conversion, &value, is_null);
	return column_conversion_read(column->conversion, NULL, is_null);
}

static void
check_integrity(const QueueRelation *relation, const SqsMessage *message)
{
	if (result_is_ok(message->integrity))
		return;
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
	                errmsg("message %s of queue \"%s\" was damaged on its way",
	                       outside_text(message->message_id, SHOWN_NAME_MAXIMUM),
	                       outside_text(relation->queue->name, SHOWN_NAME_MAXIMUM)),
	                errdetail("Its parts do not verify: %s.", message->integrity.message)));
}

void
message_read(const QueueRelation *relation, const SqsMessage *message, Datum *values, bool *nulls)
{
	ReportPlace place = {.table = relation->name};

	check_integrity(relation, message);
	report_place_enter(&place);
	for (int i = 0; i < relation->column_count; i++)
	{
		const QueueColumn *column = &relation->columns[i];

		place.column = column->name;
		values[i] = (Datum) 0;
		nulls[i] = true;
		if (column->live)
			values[i] = read_column(column, message, &nulls[i]);
	}
	report_place_leave(&place);
}

void
message_note_sent(const QueueRelation *relation, const SqsOutcome *outcome, TupleTableSlot *slot)
{
	SqsMessage message = {.message_id = outcome->message_id,
	                      .sequence_number = outcome->sequence_number};
	MemoryContext caller = MemoryContextSwitchTo(slot->tts_mcxt);

	slot_getallattrs(slot);
	for (int i = 0; i < relation->column_count; i++)
	{
		const QueueColumn *column = &relation->columns[i];

		if (column->live &&
		    (column->role == QUEUE_MESSAGE_ID || column->role == QUEUE_SEQUENCE_NUMBER))
			slot->tts_values[i] = read_column(column, &message, &slot->tts_isnull[i]);
	}
	MemoryContextSwitchTo(caller);
}
