/*
 * decoded_answer.h
 *		An answer of DynamoDB's data plane, decoded as its bytes arrive.
 */
#ifndef POSTGRES_SCAN_DECODED_ANSWER_H
#define POSTGRES_SCAN_DECODED_ANSWER_H

#include "postgres.h"

#include "postgres/compat.h"

#include "item/page_decoder.h"
#include "postgres/service/service_call.h"

/* The struct is the owner's, who sets arena and names before the first call; so are these. */
typedef struct DecodedAnswer
{
	Arena *arena;           /* of everything decoded; reset at every attempt */
	const NameTable *names; /* NULL: no slots */
	PageDecoder *decoder;   /* in the arena */
	DecodedPage page;       /* what came, once the call has succeeded */
} DecodedAnswer;

/* The sink by which a call fills the answer; it borrows the answer until the call is released. */
extern ResponseSink decoded_answer_sink(DecodedAnswer *answer);

/* Forgets what came and gives its memory back. Not while a call fills the answer. Does not throw.
 */
extern void decoded_answer_clear(DecodedAnswer *answer);

#endif
