/*
 * xml.h
 *		The little of XML that AWS's query protocol answers with.
 *
 * Elements, attributes (passed over), text, the predefined and numeric character references, one
 * XML declaration, comments. Anything else (document types, processing instructions, CDATA) is
 * refused, which also keeps entity expansion and external entities out. Not libxml2: it keeps state
 * of the whole process, which in a backend is PostgreSQL's own to manage (its xml type).
 */
#ifndef AWS_XML_H
#define AWS_XML_H

#include "foundation/bytes.h"
#include "foundation/result.h"

#define XML_DEPTH_MAXIMUM 16

/*
 * The text of the first element at `path` ("ErrorResponse/Error/Code"), borrowed from the document
 * and still with its character references; no bytes when there is no such element. Namespace
 * prefixes are part of names. RESULT_MALFORMED when the document is not well-formed or holds child
 * elements where text is asked for; RESULT_TOO_LARGE when it nests deeper than XML_DEPTH_MAXIMUM.
 */
extern CheckedResult xml_find_text(Bytes document, const char *path, Bytes *text) MUST_CHECK;

/*
 * Writes the text with its character references decoded into `target`, at most `size` bytes, and
 * says how many it wrote; never more than the text has. Stops at what does not fit, which is no
 * failure. RESULT_MALFORMED for other references.
 */
extern CheckedResult xml_decode_text(Bytes text, char *target, size_t size,
                                     size_t *length) MUST_CHECK;

#endif
