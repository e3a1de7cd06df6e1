/*
 * uri.c
 *		Percent-encoding.
 */
#include "aws/uri.h"

int
hexadecimal_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

bool
uri_is_unreserved(char character)
{
	return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
	       (character >= '0' && character <= '9') || character == '-' || character == '.' ||
	       character == '_' || character == '~';
}

static void
append_byte(Buffer *buffer, char byte)
{
	static const char digits[] = "0123456789ABCDEF";
	char encoded[3] = {'%', digits[(unsigned char) byte >> 4], digits[(unsigned char) byte & 15]};

	buffer_append(buffer, encoded, sizeof(encoded));
}

void
uri_append_encoded(Buffer *buffer, Bytes text)
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
uri_append_encoded_path(Buffer *buffer, Bytes path)
{
	for (size_t i = 0; i < path.length; i++)
	{
		if (path.data[i] == '/')
			buffer_append_character(buffer, '/');
		else
			uri_append_encoded(buffer, (Bytes){path.data + i, 1});
	}
}
