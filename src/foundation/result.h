/*
 * result.h
 *		What a function of the server-free rooms says of its success.
 *
 * A CheckedResult is returned by value and must be looked at. Its message is static text of ours:
 * it never holds a byte of an item, a key or a credential, so it can be shown and logged anywhere.
 */
#ifndef FOUNDATION_RESULT_H
#define FOUNDATION_RESULT_H

#include <stdbool.h>
#include <stddef.h>

/* On a function whose return value may not be ignored. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* One code a cause; what each becomes in SQL is decided by postgres/report.c alone. */
typedef enum ResultCode
{
	RESULT_OK = 0,
	RESULT_OUT_OF_MEMORY,    /* the machine gave no memory */
	RESULT_TOO_LARGE,        /* a maximum of ours or of the service would be passed */
	RESULT_MALFORMED,        /* bytes from outside are not what their format promises */
	RESULT_OUT_OF_RANGE,     /* a value that the target cannot hold exactly */
	RESULT_NUL_CHARACTER,    /* a string holds U+0000 where none can be held */
	RESULT_INVALID_ARGUMENT, /* a value that the caller was given by a person and that is wrong */
	RESULT_UNSUPPORTED,      /* well-formed, but a version or kind not known here */
	RESULT_NOT_VERIFIED,     /* a checksum, signature or ciphertext does not verify */
	RESULT_LIBRARY_FAILURE   /* OpenSSL, libcurl, zlib or json-c failed for no fault of the input */
} ResultCode;

typedef struct CheckedResult
{
	ResultCode code;
	const char *message; /* static; NULL when code is RESULT_OK */
	size_t position;     /* byte offset in the input where it went wrong; 0 where there is none */
} CheckedResult;

static inline CheckedResult
result_ok(void)
{
	return (CheckedResult){RESULT_OK, NULL, 0};
}

static inline CheckedResult
result_failed(ResultCode code, const char *message)
{
	return (CheckedResult){code, message, 0};
}

static inline CheckedResult
result_failed_at(ResultCode code, const char *message, size_t position)
{
	return (CheckedResult){code, message, position};
}

static inline CheckedResult
result_out_of_memory(void)
{
	return (CheckedResult){RESULT_OUT_OF_MEMORY, "out of memory", 0};
}

static inline bool
result_is_ok(CheckedResult result)
{
	return result.code == RESULT_OK;
}

/* Leaves the function with the first failure. */
#define RETURN_IF_FAILED(expression)                                                               \
	do                                                                                             \
	{                                                                                              \
		CheckedResult result_of_call_ = (expression);                                              \
		if (result_of_call_.code != RESULT_OK)                                                     \
			return result_of_call_;                                                                \
	} while (0)

#endif
