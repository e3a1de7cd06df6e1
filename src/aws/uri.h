/*
 * uri.h
 *		Percent-encoding, as RFC 3986 and AWS's signatures want it.
 */
#ifndef AWS_URI_H
#define AWS_URI_H

#include "foundation/buffer.h"

/* Letters, digits, "-", ".", "_" and "~": what is never encoded. */
extern bool uri_is_unreserved(char character);

/* Appends the text with every byte but the unreserved ones as %XX, upper case. */
extern void uri_append_encoded(ByteBuffer *buffer, Bytes text);

/* The same, leaving "/" as it is: for whole paths. */
extern void uri_append_encoded_path(ByteBuffer *buffer, Bytes path);

#endif
