/*
 * fixture.h
 *		The memory of one test, and what tests read from texts into it.
 */
#ifndef UNIT_FIXTURE_H
#define UNIT_FIXTURE_H

#include "foundation/arena.h"
#include "foundation/buffer.h"
#include "item/attribute_path.h"
#include "item/attribute_value.h"

/* Both are empty when a test begins, and limited by the machine alone. */
extern Arena arena;
extern ByteBuffer buffer;

/* For cmocka_unit_test_setup_teardown: they make and release the arena and the buffer. */
extern int set_up(void **state);
extern int tear_down(void **state);

/* From typed JSON, or a path's text; in the arena. They fail the test where it is not readable. */
extern AttributeValue value_of(const char *json);
extern DynamodbItem item_of(const char *json);
extern AttributePath path_of(const char *text);

/*
 * Fails the test unless writing has succeeded and `buffer` is the expected JSON, in whatever order
 * of members; the buffer is empty afterwards.
 */
extern void assert_body(CheckedResult result, const char *expected);

/* Fails the test unless the bytes are those of the string. */
extern void assert_bytes(Bytes bytes, const char *expected);

#endif
