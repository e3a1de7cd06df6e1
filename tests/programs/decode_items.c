/*
 * decode_items.c
 *		Decodes items, responses and numbers for test_item_peers.py.
 *
 * In:  item(hexadecimal), or page(hexadecimal) and cuts[position…], or number
 * Out: item, or items count scanned_count key unprocessed, or canonical and maybe int64; or error
 */
#include "item/number.h"
#include "item/page_decoder.h"
#include "unit/json_lines.h"

static void
answer_item(json_object *question, Arena *arena, JsonWriter *answer)
{
	DynamodbItem item;
	CheckedResult result =
	    item_decode(arena, json_line_hexadecimal(question, "item", arena), &item);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_name(answer, BYTES_LITERAL("item"));
	json_item(answer, &item);
}

/* Feeds the body in the pieces that the ascending cuts make. */
static CheckedResult
decode(Arena *arena, Bytes body, json_object *cuts, DecodedPage *page)
{
	PageDecoder *decoder = page_decoder_create(arena, NULL);
	size_t fed = 0;

	if (decoder == NULL)
		return result_out_of_memory();
	for (size_t i = 0; i < json_object_array_length(cuts); i++)
	{
		size_t cut = (size_t) json_object_get_int64(json_object_array_get_idx(cuts, i));

		RETURN_IF_FAILED(page_decoder_feed(decoder, (Bytes){body.data + fed, cut - fed}));
		fed = cut;
	}
	RETURN_IF_FAILED(page_decoder_feed(decoder, (Bytes){body.data + fed, body.length - fed}));
	return page_decoder_finish(decoder, page);
}

static void
answer_page(json_object *question, Arena *arena, JsonWriter *answer)
{
	DecodedPage page;
	CheckedResult result = decode(arena, json_line_hexadecimal(question, "page", arena),
	                              description_array(question, "cuts"), &page);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_name(answer, BYTES_LITERAL("items"));
	json_begin_array(answer);
	for (size_t i = 0; i < page.item_count; i++)
		json_item(answer, &page.items[i]);
	json_end_array(answer);
	json_name(answer, BYTES_LITERAL("count"));
	json_integer(answer, page.count);
	json_name(answer, BYTES_LITERAL("scanned_count"));
	json_integer(answer, page.scanned_count);
	json_name(answer, BYTES_LITERAL("key"));
	if (page.has_last_evaluated_key)
		json_item(answer, &page.last_evaluated_key);
	else
		json_null(answer);
	json_line_string(answer, "unprocessed", page.unprocessed);
}

static void
answer_number(json_object *question, Arena *arena, JsonWriter *answer)
{
	Bytes text = description_string(question, "number");
	Bytes canonical;
	int64_t number;
	CheckedResult result = number_canonical(arena, text, &canonical);

	if (!result_is_ok(result))
	{
		json_line_failure(answer, result);
		return;
	}
	json_line_string(answer, "canonical", canonical);
	if (!result_is_ok(number_to_int64(text, &number)))
		return;
	json_name(answer, BYTES_LITERAL("int64"));
	json_integer(answer, number);
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	if (json_object_object_get_ex(question, "item", NULL))
		answer_item(question, arena, answer);
	else if (json_object_object_get_ex(question, "page", NULL))
		answer_page(question, arena, answer);
	else
		answer_number(question, arena, answer);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
