/*
 * crc32.h
 *		The checksum of gzip and of DynamoDB's answers (x-amz-crc32).
 */
#ifndef FOUNDATION_CRC32_H
#define FOUNDATION_CRC32_H

#include "foundation/bytes.h"

#include <stdint.h>

/* The checksum of what `crc32` is that of, with `bytes` behind it. That of nothing is 0. */
extern uint32_t crc32_of_more(uint32_t crc32, Bytes bytes);

#endif
