/*
 * stored_form.h
 *		A changed value in the form in which DynamoDB stores the unchanged one.
 *
 * What SQL shows of a value may say less than the value: plain JSON shows a set as an array, binary
 * as base64, and a composite type only its own fields. So a value that was read, changed and
 * written by its SQL form alone would lose what the form does not say.
 */
#ifndef ITEM_STORED_FORM_H
#define ITEM_STORED_FORM_H

#include "foundation/arena.h"
#include "foundation/result.h"
#include "item/attribute_value.h"

/*
 * Gives `stored` the change that leads from `before` to `after`. `before` is what writing the SQL
 * form of `stored` would give, `after` what writing the changed form gives; NULL stands for nothing
 * there, except that `after` is a value. Where before and after agree, `kept` is what is stored:
 * its type, and members that `before` does not have. Where they differ, it is `after`, as a set or
 * as binary if that is what is stored and `after` can be it.
 *
 * Everything is borrowed from the arguments or of the arena. Fails for want of memory only.
 */
extern CheckedResult stored_form_of_change(Arena *arena, const AttributeValue *stored,
                                           const AttributeValue *before,
                                           const AttributeValue *after,
                                           AttributeValue *kept) MUST_CHECK;

#endif
