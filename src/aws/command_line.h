/*
 * command_line.h
 *		A command line as words, without a shell.
 */
#ifndef AWS_COMMAND_LINE_H
#define AWS_COMMAND_LINE_H

#include "foundation/arena.h"
#include "foundation/result.h"

/*
 * The words of the line by the quoting rules of POSIX shells, and by nothing else of a shell: no
 * variables, patterns, redirections or comments. Terminated texts in an array that ends with NULL,
 * all in `arena`; `count` leaves the NULL out. RESULT_MALFORMED for a quote or a backslash that
 * nothing follows, and for a zero byte.
 */
extern CheckedResult command_line_split(Arena *arena, Bytes line, char ***words,
                                        size_t *count) MUST_CHECK;

#endif
