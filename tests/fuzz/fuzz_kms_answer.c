/*
 * fuzz_kms_answer.c
 *		KMS's answers, whole and in pieces, which must be read alike; and its lists.
 */
#include <stdlib.h>

#include "aws/kms.h"

#define ARENA_MAXIMUM ((size_t) 16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static CheckedResult
read_answer(Arena *arena, Bytes input, size_t piece, KmsOperation operation, KmsAnswer *answer)
{
	KmsAnswerReader reader;

	kms_answer_begin(&reader, arena);
	while (input.length > 0)
	{
		size_t length = input.length < piece ? input.length : piece;

		RETURN_IF_FAILED(kms_answer_feed(&reader, (Bytes){input.data, length}));
		input = (Bytes){input.data + length, input.length - length};
	}
	return kms_answer_finish(&reader, operation, answer);
}

/* The first byte says which operation, the second how large the pieces are. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	KmsOperation operation;
	Bytes input;
	KmsAnswer whole;
	KmsAnswer pieces;
	KmsList list;
	Arena arena;
	CheckedResult result;

	if (size < 2)
		return 0;
	operation = (KmsOperation) (data[0] % KMS_OPERATION_COUNT);
	input = (Bytes){(const char *) data + 2, size - 2};
	arena_init(&arena, malloc_block_source, ARENA_SECRET, ARENA_MAXIMUM);
	result = read_answer(&arena, input, input.length, operation, &whole);
	check(read_answer(&arena, input, 1 + data[1], operation, &pieces).code == result.code);
	if (result_is_ok(result))
		check(bytes_equal(whole.key_id, pieces.key_id) &&
		      bytes_equal(whole.plaintext, pieces.plaintext) &&
		      bytes_equal(whole.ciphertext, pieces.ciphertext) &&
		      bytes_equal(whole.mac, pieces.mac) && whole.mac_valid == pieces.mac_valid);
	if (result_is_ok(kms_read_list(&arena, operation, input, &list)))
		check(list.count == 0 || list.entries != NULL);
	arena_release(&arena);
	return 0;
}
