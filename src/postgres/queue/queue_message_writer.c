/*
 * queue_message_writer.c
 *		From rows to messages.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "postgres/compat.h"

#include "foundation/base64.h"
#include "postgres/queue/queue_message_writer.h"
#include "postgres/report.h"

/* A message while it is made from a row. */
typedef struct MessageDraft
{
	const QueueRelation *relation;
	Arena *arena;
	SqsOutgoing *message;
	SqsAttribute attributes[SQS_ATTRIBUTES_MAXIMUM];
} MessageDraft;

static Bytes
copy_to_arena(Arena *arena, Bytes bytes)
{
	char *copy = arena_copy(arena, bytes);

	if (copy == NULL)
		report_result(arena_failure(arena, bytes.length), "write message");
	return (Bytes){copy, bytes.length};
}

static void
report_too_many_attributes(void)
{
	ereport(ERROR,
	        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("message has too many attributes"),
	         errdetail("Amazon SQS takes %d.", SQS_ATTRIBUTES_MAXIMUM)));
}

/* Adds the attribute, in place of one of the same name. */
static void
set_attribute(MessageDraft *draft, SqsAttribute attribute)
{
	SqsOutgoing *message = draft->message;
	size_t place = 0;

	while (place < message->attribute_count &&
	       !bytes_equal(draft->attributes[place].name, attribute.name))
		place++;
	if (place == SQS_ATTRIBUTES_MAXIMUM)
		report_too_many_attributes();
	draft->attributes[place] = attribute;
	message->attribute_count = Max(message->attribute_count, place + 1);
}

static const Bytes data_types[] = {
    [ATTRIBUTE_S] = {"String", 6}, [ATTRIBUTE_N] = {"Number", 6}, [ATTRIBUTE_B] = {"Binary", 6}};

static void
report_empty(const char *what, Bytes name)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s is empty", what),
	     name.length > 0 ? errdetail("It is \"%s\".", outside_text(name, SHOWN_NAME_MAXIMUM)) : 0));
}

/* SQS would refuse the message, and send the others of its batch. */
static Bytes
check_text(Bytes text)
{
	uint32 code_point;

	if (sqs_find_refused_character(text, &code_point))
		ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
		                errmsg("message has a character that Amazon SQS does not take: U+%04X",
		                       code_point)));
	return text;
}

/*
 * A number is refused by DynamoDB's limits, between which SQS's lie. Of all else that cannot be
 * written, errors name no service.
 */
pg_noreturn static void
report_unwritable(const QueueColumn *column, Datum datum)
{
	AttributeType written;

	if (column_conversion_written_type(column->conversion, &written) && written == ATTRIBUTE_N)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
		                errmsg("number cannot be sent in message attribute \"%s\"",
		                       outside_text(column->attribute_name, SHOWN_NAME_MAXIMUM)),
		                errdetail("Amazon SQS takes at most 38 significant digits and magnitudes "
		                          "from 1E-128 to below 1E+126.")));
	column_conversion_report_unwritable(column->conversion, datum);
}

/* The value in the arena. */
static AttributeValue
convert(MessageDraft *draft, const QueueColumn *column, Datum datum)
{
	AttributeValue value;

	if (column_conversion_write(column->conversion, draft->arena, datum, &value) != WRITE_EXACT)
		report_unwritable(column, datum);
	value.bytes = copy_to_arena(draft->arena, value.bytes);
	if (value.type == ATTRIBUTE_S)
		(void) check_text(value.bytes);
	return value;
}

static void
set_attribute_of_column(MessageDraft *draft, const QueueColumn *column, Datum datum)
{
	AttributeValue value = convert(draft, column, datum);

	if (value.bytes.length == 0)
		report_empty("message attribute", column->attribute_name);
	set_attribute(draft,
	              (SqsAttribute){column->attribute_name, data_types[value.type], value.bytes});
}

/* Text of a jsonb's string or number, as UTF-8 in the arena. */
static Bytes
utf8_in_arena(MessageDraft *draft, const char *text, int length)
{
	char *copy = pnstrdup(text, length);
	char *utf8 = pg_server_to_any(copy, length, PG_UTF8);

	return copy_to_arena(draft->arena, check_text(bytes_of_string(utf8)));
}

pg_noreturn static void
report_no_attribute(Bytes name)
{
	ereport(ERROR,
	        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	         errmsg("invalid message attribute \"%s\"", outside_text(name, SHOWN_NAME_MAXIMUM)),
	         errdetail(
	             "It must be a string that is not empty, a number, or an object with \"DataType\" "
	             "and \"StringValue\" or \"BinaryValue\".")));
}

static void
check_attribute_name(Bytes name)
{
	if (!sqs_attribute_name_is_valid(name))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("invalid name of a message attribute: \"%s\"",
		                       outside_text(name, SHOWN_NAME_MAXIMUM)),
		                errdetail("It must be 1 to 256 letters, digits, underscores, hyphens and "
		                          "single dots within it, and not begin with \"AWS.\" or "
		                          "\"Amazon.\".")));
}

/* A member of an attribute's object; no bytes when it is not there, or no string. */
static Bytes
member_text(MessageDraft *draft, JsonbContainer *object, const char *name)
{
	JsonbValue found;

	if (getKeyJsonValueFromContainer(object, name, (int) strlen(name), &found) == NULL ||
	    found.type != jbvString)
		return BYTES_EMPTY;
	return utf8_in_arena(draft, found.val.string.val, found.val.string.len);
}

static SqsAttribute
attribute_of_object(MessageDraft *draft, Bytes name, JsonbContainer *object)
{
	SqsAttribute attribute = {.name = name, .data_type = member_text(draft, object, "DataType")};

	attribute.value = member_text(draft, object, "StringValue");
	if (sqs_type_is_binary(attribute.data_type))
	{
		attribute.value = member_text(draft, object, "BinaryValue");
		if (!base64_decode(attribute.value, unconstify(char *, attribute.value.data),
		                   &attribute.value.length))
			report_no_attribute(name);
	}
	if (!sqs_type_is_valid(attribute.data_type) || attribute.value.length == 0)
		report_no_attribute(name);
	return attribute;
}

static SqsAttribute
attribute_of_jsonb(MessageDraft *draft, Bytes name, const JsonbValue *value)
{
	const char *digits;

	if (value->type == jbvString && value->val.string.len > 0)
		return (SqsAttribute){name, data_types[ATTRIBUTE_S],
		                      utf8_in_arena(draft, value->val.string.val, value->val.string.len)};
	if (value->type == jbvNumeric)
	{
		digits =
		    DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		return (SqsAttribute){name, data_types[ATTRIBUTE_N],
		                      copy_to_arena(draft->arena, bytes_of_string(digits))};
	}
	if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		return attribute_of_object(draft, name, value->val.binary.data);
	report_no_attribute(name);
}

/* The members of an object. */
static void
set_attributes_of_jsonb(MessageDraft *draft, const QueueColumn *column, Datum datum)
{
	Jsonb *jsonb = DatumGetJsonbP(datum);
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbValue key;
	JsonbValue value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("column \"%s\" must be a JSON object of message attributes",
		                       column->name)));
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		Bytes name;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &value, true);
		name = utf8_in_arena(draft, key.val.string.val, key.val.string.len);
		check_attribute_name(name);
		set_attribute(draft, attribute_of_jsonb(draft, name, &value));
	}
}

pg_noreturn static void
report_column_of_service(const QueueColumn *column)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
	                errmsg("cannot insert a value into column \"%s\"", column->name),
	                errdetail("Amazon SQS itself gives a message this value.")));
}

static Bytes
body_of(MessageDraft *draft, const QueueColumn *column, Datum datum)
{
	char *body;

	if (column->conversion != NULL)
		return convert(draft, column, datum).bytes;
	body = column->is_jsonb ? DatumGetCString(DirectFunctionCall1(jsonb_out, datum))
	                        : TextDatumGetCString(datum);
	return utf8_in_arena(draft, body, (int) strlen(body));
}

/* Two columns may hold one part of a message, if they say the same. */
static void
set_part(Bytes *part, Bytes value)
{
	if (part->length > 0 && !bytes_equal(*part, value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("columns disagree about one part of a message")));
	*part = value;
}

static void
write_column(MessageDraft *draft, const QueueColumn *column, Datum datum)
{
	switch (column->role)
	{
		case QUEUE_BODY:
			set_part(&draft->message->body, body_of(draft, column, datum));
			break;
		case QUEUE_MESSAGE_ATTRIBUTES:
			set_attributes_of_jsonb(draft, column, datum);
			break;
		case QUEUE_MESSAGE_ATTRIBUTE:
			set_attribute_of_column(draft, column, datum);
			break;
		case QUEUE_MESSAGE_GROUP_ID:
			set_part(&draft->message->group_id, convert(draft, column, datum).bytes);
			break;
		case QUEUE_MESSAGE_DEDUPLICATION_ID:
			set_part(&draft->message->deduplication_id, convert(draft, column, datum).bytes);
			break;
		default:
			report_column_of_service(column);
	}
}

/* Columns of single attributes come behind the one of all of them, and so take precedence. */
static void
write_columns(MessageDraft *draft, TupleTableSlot *slot, bool single_attributes, ReportPlace *place)
{
	const QueueRelation *relation = draft->relation;

	for (int i = 0; i < relation->column_count; i++)
	{
		const QueueColumn *column = &relation->columns[i];

		place->column = column->name;
		if (column->live && !slot->tts_isnull[i] &&
		    (column->role == QUEUE_MESSAGE_ATTRIBUTE) == single_attributes)
			write_column(draft, column, slot->tts_values[i]);
	}
}

static void
check_complete(const QueueRelation *relation, const SqsOutgoing *message)
{
	if (message->body.length == 0)
		ereport(ERROR, (errcode(ERRCODE_NOT_NULL_VIOLATION), errmsg("message has no body"),
		                errdetail("Amazon SQS takes no empty messages.")));
	if (relation->queue->is_fifo && message->group_id.length == 0)
		ereport(ERROR,
		        (errcode(ERRCODE_NOT_NULL_VIOLATION), errmsg("message has no group id"),
		         errdetail("Queue \"%s\" is a FIFO queue.", queue_relation_queue_name(relation)),
		         errhint("Declare a column \"message_group_id\", and give it a value.")));
}

static void
check_size(const SqsOutgoing *message)
{
	size_t size = sqs_message_size(message);

	if (size > SQS_BYTES_MAXIMUM)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("message is too large"),
		                errdetail("It is %zu bytes with its attributes; Amazon SQS takes %zu.",
		                          size, SQS_BYTES_MAXIMUM)));
}

/* Moves the attributes to where they stay. */
static void
keep_attributes(MessageDraft *draft)
{
	Size size = draft->message->attribute_count * sizeof(SqsAttribute);
	Bytes kept = copy_to_arena(draft->arena, (Bytes){(const char *) draft->attributes, size});

	draft->message->attributes = (const SqsAttribute *) kept.data;
}

SqsOutgoing *
message_write(const QueueRelation *relation, TupleTableSlot *slot, Arena *arena)
{
	MessageDraft draft = {.relation = relation,
	                      .arena = arena,
	                      .message = arena_allocate_zeroed(arena, 1, sizeof(SqsOutgoing))};
	ReportPlace place = {.table = relation->name};

	if (draft.message == NULL)
		report_result(arena_failure(arena, sizeof(SqsOutgoing)), "write message");
	slot_getallattrs(slot);
	report_place_enter(&place);
	write_columns(&draft, slot, false, &place);
	write_columns(&draft, slot, true, &place);
	place.column = NULL;
	keep_attributes(&draft);
	check_complete(relation, draft.message);
	check_size(draft.message);
	report_place_leave(&place);
	return draft.message;
}

SqsOutgoing
message_copy(Arena *arena, const SqsOutgoing *message)
{
	Bytes all = {(const char *) message->attributes,
	             message->attribute_count * sizeof(SqsAttribute)};
	SqsAttribute *attributes = (SqsAttribute *) unconstify(char *, copy_to_arena(arena, all).data);
	SqsOutgoing copy = *message;

	for (size_t i = 0; i < message->attribute_count; i++)
	{
		attributes[i].name = copy_to_arena(arena, attributes[i].name);
		attributes[i].data_type = copy_to_arena(arena, attributes[i].data_type);
		attributes[i].value = copy_to_arena(arena, attributes[i].value);
	}
	copy.attributes = attributes;
	copy.body = copy_to_arena(arena, message->body);
	copy.group_id = copy_to_arena(arena, message->group_id);
	copy.deduplication_id = copy_to_arena(arena, message->deduplication_id);
	return copy;
}
