/*
 * json_lines.h
 *		Programs that tests in Python talk to: a JSON object a line in, a JSON object a line out.
 */
#ifndef UNIT_JSON_LINES_H
#define UNIT_JSON_LINES_H

#include "aws/description.h"
#include "item/json_writer.h"

/* Writes the members of the answer to one question; the arena is reset behind it. */
typedef void (*JsonLineAnswer)(json_object *question, Arena *arena, JsonWriter *answer);

/* Answers every line of standard input until its end; the program's exit status. */
extern int json_lines_serve(JsonLineAnswer answer);

/* A member of the answer. */
extern void json_line_string(JsonWriter *answer, const char *name, Bytes value);

/* The member "error" with the message of a failure. */
extern void json_line_failure(JsonWriter *answer, CheckedResult result);

/* The bytes of a member of hexadecimal digits, in `arena`. */
extern Bytes json_line_hexadecimal(json_object *question, const char *name, Arena *arena);

#endif
