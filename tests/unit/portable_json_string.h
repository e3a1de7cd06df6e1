/*
 * portable_json_string.h
 *		item/json_string.c as it is compiled where there is no SSE2.
 */
#ifndef TESTS_PORTABLE_JSON_STRING_H
#define TESTS_PORTABLE_JSON_STRING_H

#include "item/json_string.h"

extern char *portable_json_string_end(char *text, const char *end, JsonStringTraits *traits);

#endif
