/*
 * datum_json.c
 *		Attribute values as jsonb and json, in the plain and in DynamoDB's typed format.
 *
 *		value    plain                     typed
 *		S        string                    {"S": "text"}
 *		N        number                    {"N": "digits"}
 *		B        string, base64            {"B": "base64"}
 *		BOOL     true, false               {"BOOL": true}
 *		NULL     null                      {"NULL": true}
 *		SS       array of strings          {"SS": ["text", …]}
 *		NS       array of numbers          {"NS": ["digits", …]}
 *		BS       array of base64 strings   {"BS": ["base64", …]}
 *		L        array                     {"L": [typed, …]}
 *		M        object                    {"M": {"name": typed, …}}
 *
 * The jsonb is built from the values directly, never by way of JSON text.
 */
#include "postgres.h"

#include "common/base64.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "postgres/datum/datum_conversion.h"

#include "item/page_decoder.h"
#include "postgres/report.h"

/* --- reading ---------------------------------------------------------------------------------- */

typedef enum JsonPlaceKind
{
	PLACE_COLUMN, /* the column's own value */
	PLACE_MEMBER, /* of a map, or of the item */
	PLACE_ELEMENT /* of a list or set */
} JsonPlaceKind;

/* Where in a document the builder is, for messages. Lives on the stack of the one that descends. */
typedef struct JsonPlace
{
	const struct JsonPlace *parent; /* NULL for a column, and for an item's attribute */
	JsonPlaceKind kind;
	Bytes name; /* of a member, UTF-8; of a column, in the server's encoding */
	uint32 element;
} JsonPlace;

typedef JsonbValue *(*PushValue)(JsonbParseState **state, JsonbIteratorToken token,
                                 const AttributeValue *value, const JsonPlace *place);

/* A name ends at a U+0000 in it, which a message cannot hold. */
static Bytes
name_for_message(Bytes name)
{
	name.length = strnlen(name.data, name.length);
	return encode_for_server(name);
}

static void
describe_place(StringInfo text, const JsonPlace *place)
{
	Bytes name = place->name;

	if (place->parent != NULL)
		describe_place(text, place->parent);
	if (place->kind == PLACE_ELEMENT)
	{
		appendStringInfo(text, "[%u]", place->element);
		return;
	}
	if (place->parent != NULL)
		appendStringInfoChar(text, '.');
	if (place->kind == PLACE_MEMBER)
		name = name_for_message(name);
	appendBinaryStringInfo(text, name.data, (int) name.length);
}

static void
report_nul_at(const JsonPlace *place)
{
	StringInfoData text;

	initStringInfo(&text);
	describe_place(&text, place);
	report_nul(text.data);
}

static void
set_string(JsonbValue *json, Bytes utf8, const JsonPlace *place)
{
	Bytes text;

	if (unlikely(holds_nul(utf8)))
		report_nul_at(place);
	text = encode_for_server(utf8);
	json->type = jbvString;
	json->val.string.val = unconstify(char *, text.data);
	json->val.string.len = (int) text.length;
}

static void
set_base64(JsonbValue *json, Bytes bytes)
{
	int size = pg_b64_enc_len((int) bytes.length);
	char *text = palloc(size + 1);
	/* The element type of the bytes differs between PostgreSQL's versions; void is any. */
	int length = pg_b64_encode((const void *) bytes.data, (int) bytes.length, text, size);

	if (length < 0)
		elog(ERROR, "could not encode %zu bytes as base64", bytes.length);
	json->type = jbvString;
	json->val.string.val = text;
	json->val.string.len = length;
}

static void
set_scalar(JsonbValue *json, const AttributeValue *value, const JsonPlace *place)
{
	switch (value->type)
	{
		case ATTRIBUTE_S:
			set_string(json, value->bytes, place);
			break;
		case ATTRIBUTE_N:
			json->type = jbvNumeric;
			json->val.numeric = DatumGetNumeric(numeric_of_number(value->bytes));
			break;
		case ATTRIBUTE_B:
			set_base64(json, value->bytes);
			break;
		case ATTRIBUTE_BOOL:
			json->type = jbvBool;
			json->val.boolean = value->boolean;
			break;
		default:
			json->type = jbvNull;
			break;
	}
}

static JsonbValue *
push_elements(JsonbParseState **state, const AttributeValue *list, const JsonPlace *place,
              PushValue push)
{
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint32 i = 0; i < list->count; i++)
	{
		JsonPlace element = {.parent = place, .kind = PLACE_ELEMENT, .element = i};

		(void) push(state, WJB_ELEM, &list->elements[i], &element);
	}
	return pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static JsonbValue *
push_set(JsonbParseState **state, const AttributeValue *set, const JsonPlace *place, PushValue push)
{
	AttributeValue sorted;

	return push_elements(state, set_in_order(set, &sorted), place, push);
}

static void
push_name(JsonbParseState **state, Bytes name, const JsonPlace *place)
{
	JsonbValue key;

	set_string(&key, name, place);
	(void) pushJsonbValue(state, WJB_KEY, &key);
}

static void
push_member(JsonbParseState **state, const Attribute *attribute, const JsonPlace *place,
            PushValue push)
{
	JsonPlace member = {.parent = place, .kind = PLACE_MEMBER, .name = attribute->name};

	push_name(state, attribute->name, &member);
	(void) push(state, WJB_VALUE, &attribute->value, &member);
}

static JsonbValue *
push_members(JsonbParseState **state, const AttributeValue *map, const JsonPlace *place,
             PushValue push)
{
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (uint32 i = 0; i < map->count; i++)
		push_member(state, &map->attributes[i], place, push);
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* A value in the plain format. */
static JsonbValue *
push_plain(JsonbParseState **state, JsonbIteratorToken token, const AttributeValue *value,
           const JsonPlace *place)
{
	JsonbValue scalar;

	switch (value->type)
	{
		case ATTRIBUTE_M:
			return push_members(state, value, place, push_plain);
		case ATTRIBUTE_L:
			return push_elements(state, value, place, push_plain);
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return push_set(state, value, place, push_plain);
		default:
			set_scalar(&scalar, value, place);
			return pushJsonbValue(state, token, &scalar);
	}
}

static JsonbValue *push_typed(JsonbParseState **state, JsonbIteratorToken token,
                              const AttributeValue *value, const JsonPlace *place);

/* What stands behind the type's name in the typed format. */
static JsonbValue *
push_behind_type(JsonbParseState **state, JsonbIteratorToken token, const AttributeValue *value,
                 const JsonPlace *place)
{
	JsonbValue scalar;

	switch (value->type)
	{
		case ATTRIBUTE_M:
			return push_members(state, value, place, push_typed);
		case ATTRIBUTE_L:
			return push_elements(state, value, place, push_typed);
		case ATTRIBUTE_SS:
		case ATTRIBUTE_NS:
		case ATTRIBUTE_BS:
			return push_set(state, value, place, push_behind_type);
		case ATTRIBUTE_N:
			set_string(&scalar, value->bytes, place);
			break;
		case ATTRIBUTE_NULL:
			scalar.type = jbvBool;
			scalar.val.boolean = true;
			break;
		default:
			set_scalar(&scalar, value, place);
			break;
	}
	return pushJsonbValue(state, token, &scalar);
}

/* A value in the typed format. */
static JsonbValue *
push_typed(JsonbParseState **state, JsonbIteratorToken token, const AttributeValue *value,
           const JsonPlace *place)
{
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_name(state, bytes_of_string(attribute_type_name(value->type)), place);
	(void) push_behind_type(state, WJB_VALUE, value, place);
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static PushValue
push_of_format(DocumentFormat format)
{
	return format == JSON_FORMAT_DYNAMODB ? push_typed : push_plain;
}

static bool
is_scalar(const AttributeValue *value)
{
	return value->type <= ATTRIBUTE_NULL;
}

/* A scalar alone cannot be pushed: there is no container for it. */
static Jsonb *
jsonb_of_value(ColumnConversion *conversion, const AttributeValue *value)
{
	JsonPlace place = {.kind = PLACE_COLUMN, .name = bytes_of_string(conversion->name)};
	JsonbParseState *state = NULL;
	JsonbValue scalar;

	if (conversion->json_format == JSON_FORMAT_PLAIN && is_scalar(value))
	{
		set_scalar(&scalar, value, &place);
		return JsonbValueToJsonb(&scalar);
	}
	return JsonbValueToJsonb(
	    push_of_format(conversion->json_format)(&state, WJB_VALUE, value, &place));
}

Datum
read_jsonb(ColumnConversion *conversion, const AttributeValue *value)
{
	return JsonbPGetDatum(jsonb_of_value(conversion, value));
}

Datum
read_json(ColumnConversion *conversion, const AttributeValue *value)
{
	Jsonb *jsonb = jsonb_of_value(conversion, value);
	char *json = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));

	return PointerGetDatum(cstring_to_text(json));
}

Datum
item_read_as_jsonb(const DynamodbItem *item, DocumentFormat format, const bool *left_out)
{
	PushValue push = push_of_format(format);
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (uint32 i = 0; i < item->count; i++)
	{
		const Attribute *attribute = &item->attributes[i];

		if (attribute->slot == ATTRIBUTE_NO_SLOT || !left_out[attribute->slot])
			push_member(&state, attribute, NULL, push);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* --- writing ---------------------------------------------------------------------------------- */

static WriteOutcome write_token(Arena *arena, JsonbIterator **iterator, JsonbIteratorToken token,
                                const JsonbValue *json, int depth, AttributeValue *value);

static WriteOutcome
write_scalar(Arena *arena, const JsonbValue *json, AttributeValue *value)
{
	Bytes utf8;
	char *digits;

	switch (json->type)
	{
		case jbvString:
			if (!string_from_server(arena, json->val.string.val, json->val.string.len, &utf8))
				return WRITE_NO_VALUE;
			*value = attribute_string(utf8);
			return WRITE_EXACT;
		case jbvNumeric:
			digits = DatumGetCString(
			    DirectFunctionCall1(numeric_out, NumericGetDatum(json->val.numeric)));
			return write_number(arena, bytes_of_string(digits), value);
		case jbvBool:
			*value = attribute_boolean(json->val.boolean);
			return WRITE_EXACT;
		case jbvNull:
			*value = attribute_null();
			return WRITE_EXACT;
		default:
			elog(ERROR, "unexpected jsonb value of type %d", (int) json->type);
	}
}

/* Writes the elements up to the array's end, which it takes. */
static WriteOutcome
write_elements(Arena *arena, JsonbIterator **iterator, uint32 count, int depth,
               AttributeValue *value)
{
	AttributeValue *elements = allocate_value(arena, count, sizeof(*elements));
	JsonbIteratorToken token;
	JsonbValue json;
	uint32 i = 0;

	while ((token = JsonbIteratorNext(iterator, &json, false)) != WJB_END_ARRAY)
		if (write_token(arena, iterator, token, &json, depth, &elements[i++]) != WRITE_EXACT)
			return WRITE_NO_VALUE;
	*value = (AttributeValue){.type = ATTRIBUTE_L, .count = count, .elements = elements};
	return WRITE_EXACT;
}

/* Writes the members up to the object's end, which it takes. */
static WriteOutcome
write_members(Arena *arena, JsonbIterator **iterator, uint32 count, int depth,
              AttributeValue *value)
{
	Attribute *attributes = allocate_value(arena, count, sizeof(*attributes));
	JsonbIteratorToken token;
	JsonbValue json;

	for (uint32 i = 0; JsonbIteratorNext(iterator, &json, false) != WJB_END_OBJECT; i++)
	{
		attributes[i].slot = ATTRIBUTE_NO_SLOT;
		if (!string_from_server(arena, json.val.string.val, json.val.string.len,
		                        &attributes[i].name))
			return WRITE_NO_VALUE;
		token = JsonbIteratorNext(iterator, &json, false);
		if (write_token(arena, iterator, token, &json, depth, &attributes[i].value) != WRITE_EXACT)
			return WRITE_NO_VALUE;
	}
	*value = (AttributeValue){.type = ATTRIBUTE_M, .count = count, .attributes = attributes};
	return WRITE_EXACT;
}

/* `depth` counts the containers around the value. */
static WriteOutcome
write_token(Arena *arena, JsonbIterator **iterator, JsonbIteratorToken token,
            const JsonbValue *json, int depth, AttributeValue *value)
{
	if (token != WJB_BEGIN_ARRAY && token != WJB_BEGIN_OBJECT)
		return write_scalar(arena, json, value);
	if (depth >= ATTRIBUTE_DEPTH_MAXIMUM)
		return WRITE_NO_VALUE;
	if (token == WJB_BEGIN_ARRAY)
		return write_elements(arena, iterator, json->val.array.nElems, depth + 1, value);
	return write_members(arena, iterator, json->val.object.nPairs, depth + 1, value);
}

static WriteOutcome
write_plain(Arena *arena, Jsonb *jsonb, AttributeValue *value)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue json;

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		(void) JsonbExtractScalar(&jsonb->root, &json);
		return write_scalar(arena, &json, value);
	}
	iterator = JsonbIteratorInit(&jsonb->root);
	token = JsonbIteratorNext(&iterator, &json, false);
	return write_token(arena, &iterator, token, &json, 0, value);
}

/* The typed format is what DynamoDB sends, so its decoder reads it. */
CheckedResult
decode_typed_json(Arena *arena, Jsonb *jsonb, AttributeValue *value)
{
	char *json = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
	Bytes utf8;

	if (!string_from_server(arena, json, strlen(json), &utf8))
		return result_failed(RESULT_MALFORMED, "a text is not UTF-8");
	return attribute_value_decode(arena, utf8, value);
}

static WriteOutcome
write_typed(Arena *arena, Jsonb *jsonb, AttributeValue *value)
{
	CheckedResult result = decode_typed_json(arena, jsonb, value);

	if (result.code == RESULT_OUT_OF_MEMORY || result.code == RESULT_TOO_LARGE)
		report_result(result, "write attribute value");
	return result_is_ok(result) ? WRITE_EXACT : WRITE_NO_VALUE;
}

static WriteOutcome
decode_base64(Arena *arena, Bytes text, AttributeValue *value)
{
	int size = pg_b64_dec_len((int) text.length);
	char *bytes = allocate_value(arena, size + 1, 1);
	int length = pg_b64_decode(text.data, (int) text.length, (void *) bytes, size);

	if (length < 0)
		return WRITE_NO_VALUE;
	*value = attribute_binary((Bytes){bytes, length});
	return WRITE_EXACT;
}

static WriteOutcome turn_into(Arena *arena, AttributeType type, AttributeValue *value);

static WriteOutcome
turn_into_set(Arena *arena, AttributeType set_type, AttributeValue *value)
{
	AttributeType element_type = set_element_type(set_type);

	if (value->type != ATTRIBUTE_L)
		return WRITE_NO_VALUE;
	for (uint32 i = 0; i < value->count; i++)
		if (turn_into(arena, element_type, &value->elements[i]) != WRITE_EXACT)
			return WRITE_NO_VALUE;
	value->type = set_type;
	return set_is_valid(value) ? WRITE_EXACT : WRITE_NO_VALUE;
}

/*
 * Makes what plain JSON cannot say, binary values and sets, of strings and lists, where the
 * column's attribute_type asks for it.
 */
static WriteOutcome
turn_into(Arena *arena, AttributeType type, AttributeValue *value)
{
	if (value->type == type)
		return WRITE_EXACT;
	if (attribute_type_is_set(type))
		return turn_into_set(arena, type, value);
	if (type == ATTRIBUTE_B && value->type == ATTRIBUTE_S)
		return decode_base64(arena, value->bytes, value);
	return WRITE_NO_VALUE;
}

WriteOutcome
write_jsonb(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	Jsonb *jsonb = DatumGetJsonbP(datum);
	WriteOutcome outcome = conversion->json_format == JSON_FORMAT_DYNAMODB
	                           ? write_typed(arena, jsonb, value)
	                           : write_plain(arena, jsonb, value);

	if (outcome != WRITE_EXACT || conversion->writes_any)
		return outcome;
	if (conversion->json_format == JSON_FORMAT_DYNAMODB)
		return value->type == conversion->written_type ? WRITE_EXACT : WRITE_NO_VALUE;
	return turn_into(arena, conversion->written_type, value);
}

/* As JSON text of an item, which is DynamoDB's own form of it. */
static CheckedResult
decode_item(Arena *arena, Jsonb *jsonb, AttributeValue *map)
{
	char *json = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
	DynamodbItem item;
	Bytes utf8;

	if (!string_from_server(arena, json, strlen(json), &utf8))
		return result_failed(RESULT_MALFORMED, "a text is not UTF-8");
	RETURN_IF_FAILED(item_decode(arena, utf8, &item));
	*map =
	    (AttributeValue){.type = ATTRIBUTE_M, .count = item.count, .attributes = item.attributes};
	return result_ok();
}

/* The members are what is nested at most ATTRIBUTE_DEPTH_MAXIMUM levels deep, not the object. */
static WriteOutcome
write_attributes(Arena *arena, Jsonb *jsonb, AttributeValue *map)
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbValue json;

	(void) JsonbIteratorNext(&iterator, &json, false);
	return write_members(arena, &iterator, json.val.object.nPairs, 0, map);
}

void
item_write_from_jsonb(Arena *arena, Datum datum, DocumentFormat format, AttributeValue *map)
{
	Jsonb *jsonb = DatumGetJsonbP(datum);

	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("an item must be a JSON object of its attributes")));
	if (format == JSON_FORMAT_DYNAMODB)
	{
		CheckedResult result = decode_item(arena, jsonb, map);

		if (!result_is_ok(result))
			report_no_typed_json("item", result);
	}
	else if (write_attributes(arena, jsonb, map) != WRITE_EXACT)
		report_unwritable_jsonb("", jsonb);
}

WriteOutcome
write_json(ColumnConversion *conversion, Arena *arena, Datum datum, AttributeValue *value)
{
	char *json = TextDatumGetCString(datum);

	return write_jsonb(conversion, arena, DirectFunctionCall1(jsonb_in, CStringGetDatum(json)),
	                   value);
}

void
prepare_json(ColumnConversion *conversion, const ColumnOptions *options)
{
	if (options->has_attribute_type)
	{
		conversion->accepted = ATTRIBUTE_TYPE_BIT(options->attribute_type);
		conversion->written_type = options->attribute_type;
		return;
	}
	conversion->accepted = ATTRIBUTE_TYPES_ALL;
	conversion->writes_any = true;
}
