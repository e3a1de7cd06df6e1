/*
 * uri.c
 *		Percent-encoding.
 */
#include "aws/uri.h"

#include "foundation/ascii.h"

bool
uri_is_unreserved(char character)
{
	return ascii_is_letter(character) || ascii_is_digit(character) || character == '-' ||
	       character == '.' || character == '_' || character == '~';
}

static void
append_byte(ByteBuffer *buffer, char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	char encoded[3] = {'%', digits[(unsigned char) byte >> 4], digits[(unsigned char) byte & 15]};

	buffer_append(buffer, encoded, sizeof(encoded));
}

void
uri_append_encoded(ByteBuffer *buffer, Bytes text)
{
	for (size_t i = 0; i < text.length; i++)
	{
		if (uri_is_unreserved(text.data[i]))
			buffer_append_character(buffer, text.data[i]);
		else
			append_byte(buffer, text.data[i]);
	}
}

void
uri_append_encoded_path(ByteBuffer *buffer, Bytes path)
{
	for (size_t i = 0; i < path.length; i++)
	{
		if (path.data[i] == '/')
			buffer_append_character(buffer, '/');
		else
			uri_append_encoded(buffer, (Bytes){path.data + i, 1});
	}
}
