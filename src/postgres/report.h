/*
 * report.h
 *		The one exit for errors: results and service errors become PostgreSQL errors here.
 */
#ifndef POSTGRES_REPORT_H
#define POSTGRES_REPORT_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "postgres/compat.h"

#include "aws/service_error.h"
#include "foundation/result.h"
#include "item/attribute_value.h"

/*
 * Reports a service's refusal: SQLSTATE by class, the service's words, and AWS code, HTTP status
 * and request id in the detail. Does not return.
 */
pg_noreturn extern void report_service_error(AwsService service, const char *operation,
                                             const ServiceError *error);

/*
 * The same, with more in the detail: the KMS key that the request names (no bytes: none), and a
 * sentence of ours (NULL: none).
 */
pg_noreturn extern void report_refusal(AwsService service, const char *operation,
                                       const ServiceError *error, Bytes key, const char *sentence);

/*
 * Appends at most `maximum` bytes of UTF-8 text that may hold anything: control characters, and
 * what the database's encoding cannot be trusted to hold, become question marks.
 */
extern void report_append_outside_text(StringInfo text, Bytes bytes, size_t maximum);

/* The sentence of code, HTTP status and request id that stands in an error's detail; palloc'd. */
extern char *service_error_detail(const ServiceError *error);

/* "DynamoDB": how messages call the service. Static. */
extern const char *service_display_name(AwsService service);

/*
 * Reports a failed result. `doing` completes "could not …": "could not read item". Does not return.
 */
pg_noreturn extern void report_result(CheckedResult result, const char *doing);

/* Reports the result if it is a failure. */
#define CHECK_RESULT(expression, doing)                                                            \
	do                                                                                             \
	{                                                                                              \
		CheckedResult result_of_call_ = (expression);                                              \
		if (!result_is_ok(result_of_call_))                                                        \
			report_result(result_of_call_, (doing));                                               \
	} while (0)

/*
 * UTF-8 text from outside that may hold anything, as text to be shown: at most `maximum` bytes;
 * control characters, and what the database's encoding cannot hold, become question marks.
 * palloc'd.
 */
extern char *outside_text(Bytes bytes, size_t maximum);

/* Where the work is: shown as the context of any error raised meanwhile. Parts may be NULL. */
typedef struct ReportPlace
{
	const char *table;        /* the foreign table's name */
	const char *column;       /* the column's name */
	const DynamodbItem *item; /* whose key attributes are shown … */
	const Bytes *key_names;
	int key_name_count; /* … these; none of them is ever an encrypted one */
	ErrorContextCallback callback;
} ReportPlace;

/* Between enter and leave, errors carry the place. The struct must outlive the leave. */
extern void report_place_enter(ReportPlace *place);
extern void report_place_leave(ReportPlace *place);

#endif
