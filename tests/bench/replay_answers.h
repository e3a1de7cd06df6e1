/*
 * replay_answers.h
 *		What the replay server answers to a request.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The three parts of a response, sent one after the other. */
typedef struct Answer
{
	char *head; /* the response's head and the body's begin; malloc'ed */
	size_t head_length;
	const char *items; /* of a rendered page */
	size_t items_length;
	char *tail; /* malloc'ed */
	size_t tail_length;
	int64_t latency_ms;
	int64_t bytes_per_second; /* 0: no limit */
} Answer;

/*
 * Answers a request of the operation (as `Scan`) with this body, which ends with a null byte.
 * Requests it does not understand are answered with a ValidationException.
 */
extern Answer replay_answer(const char *operation, const char *body);

extern void replay_answer_free(Answer *answer);
