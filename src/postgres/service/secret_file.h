/*
 * secret_file.h
 *		Small files that hold secrets, read whole.
 */
#ifndef POSTGRES_SERVICE_SECRET_FILE_H
#define POSTGRES_SERVICE_SECRET_FILE_H

#include "postgres.h"

#include "postgres/compat.h"

#include "foundation/buffer.h"

/*
 * Appends the file to `buffer`, a secret one, whose maximum is the file's. NULL, or why it could
 * not be read: static text, or strerror's. Only regular files are read, so this does not wait for
 * another process. Does not throw.
 */
extern const char *secret_file_read(const char *name, ByteBuffer *buffer);

#endif
