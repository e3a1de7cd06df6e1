/*
 * description.c
 *		Access to small JSON documents through json-c.
 */
#include "aws/description.h"

#include <string.h>

static CheckedResult
not_an_object(json_tokener *tokener)
{
	return result_failed_at(RESULT_MALFORMED, "response is not a JSON object",
	                        json_tokener_get_parse_end(tokener));
}

static CheckedResult
parse(json_tokener *tokener, Bytes text, json_object **document)
{
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*document = json_tokener_parse_ex(tokener, text.data, (int) text.length);
	if (*document == NULL)
		return not_an_object(tokener);
	if (!json_object_is_type(*document, json_type_object))
	{
		description_close(*document);
		return not_an_object(tokener);
	}
	return result_ok();
}

CheckedResult
description_open(Bytes text, json_object **document)
{
	json_tokener *tokener;
	CheckedResult result;

	if (text.length > DESCRIPTION_BYTES_MAXIMUM)
		return result_failed(RESULT_TOO_LARGE, "response is larger than a description can be");
	/* json-c takes a zero byte for the end of the text, whatever follows. */
	if (text.length == 0 || memchr(text.data, '\0', text.length) != NULL)
		return result_failed(RESULT_MALFORMED, "response is not a JSON object");
	tokener = json_tokener_new_ex(DESCRIPTION_DEPTH_MAXIMUM);
	if (tokener == NULL)
		return result_out_of_memory();
	result = parse(tokener, text, document);
	json_tokener_free(tokener);
	return result;
}

void
description_close(json_object *document)
{
	json_object_put(document);
}

CheckedResult
description_read(Arena *arena, Bytes text, DescriptionReader read, void *result)
{
	json_object *document;
	CheckedResult outcome;

	RETURN_IF_FAILED(description_open(text, &document));
	outcome = read(arena, document, result);
	description_close(document);
	return outcome;
}

static json_object *
member(json_object *object, const char *name, json_type type)
{
	json_object *value;

	if (object == NULL || !json_object_object_get_ex(object, name, &value) ||
	    !json_object_is_type(value, type))
		return NULL;
	return value;
}

json_object *
description_object(json_object *object, const char *name)
{
	return member(object, name, json_type_object);
}

json_object *
description_array(json_object *object, const char *name)
{
	return member(object, name, json_type_array);
}

Bytes
description_string(json_object *object, const char *name)
{
	json_object *value = member(object, name, json_type_string);

	if (value == NULL)
		return BYTES_EMPTY;
	return (Bytes){json_object_get_string(value), (size_t) json_object_get_string_len(value)};
}

CheckedResult
description_copy_string(Arena *arena, json_object *object, const char *name, Bytes *copy)
{
	Bytes text = description_string(object, name);

	*copy = BYTES_EMPTY;
	if (text.length == 0)
		return result_ok();
	*copy = (Bytes){arena_copy(arena, text), text.length};
	return copy->data == NULL ? arena_failure(arena, text.length + 1) : result_ok();
}

bool
description_boolean(json_object *object, const char *name)
{
	json_object *value = member(object, name, json_type_boolean);

	return value != NULL && json_object_get_boolean(value);
}

int64_t
description_integer(json_object *object, const char *name, int64_t absent)
{
	json_object *value = member(object, name, json_type_int);

	return value == NULL ? absent : json_object_get_int64(value);
}
