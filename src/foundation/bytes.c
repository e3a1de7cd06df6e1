/*
 * bytes.c
 *		Comparison of borrowed runs of bytes.
 */
#include "foundation/bytes.h"

#include <string.h>

Bytes
bytes_of_string(const char *string)
{
	return (Bytes){string, string == NULL ? 0 : strlen(string)};
}

bool
bytes_equal(Bytes a, Bytes b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

int
bytes_compare(Bytes a, Bytes b)
{
	size_t shared = a.length < b.length ? a.length : b.length;
	int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);

	if (order != 0)
		return order;
	return (a.length > b.length) - (a.length < b.length);
}

bool
bytes_start_with(Bytes bytes, Bytes prefix)
{
	return bytes.length >= prefix.length &&
	       (prefix.length == 0 || memcmp(bytes.data, prefix.data, prefix.length) == 0);
}
