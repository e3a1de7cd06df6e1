/*
 * portable_json_string.c
 *		The other half of item/json_string.c, under another name.
 */
#undef __SSE2__
#define json_string_end           portable_json_string_end
#define json_string_unescape      portable_json_string_unescape
#define json_string_check_escapes portable_json_string_check_escapes

#include "item/json_string.c"
