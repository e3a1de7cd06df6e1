/*
 * decoded_answer.c
 *		An answer of DynamoDB's data plane, decoded as its bytes arrive.
 */
#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/scan/decoded_answer.h"

static CheckedResult
begin_answer(void *context)
{
	DecodedAnswer *answer = context;

	arena_reset(answer->arena);
	answer->page = (DecodedPage){0};
	answer->decoder = page_decoder_create(answer->arena, answer->names);
	return answer->decoder == NULL ? arena_failure(answer->arena, 1) : result_ok();
}

static CheckedResult
write_answer(void *context, Bytes chunk)
{
	return page_decoder_feed(((DecodedAnswer *) context)->decoder, chunk);
}

static CheckedResult
finish_answer(void *context)
{
	DecodedAnswer *answer = context;

	return page_decoder_finish(answer->decoder, &answer->page);
}

ResponseSink
decoded_answer_sink(DecodedAnswer *answer)
{
	return (ResponseSink){begin_answer, write_answer, finish_answer, answer};
}

void
decoded_answer_clear(DecodedAnswer *answer)
{
	arena_release(answer->arena);
	answer->page = (DecodedPage){0};
}
