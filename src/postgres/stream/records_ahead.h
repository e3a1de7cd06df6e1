/*
 * records_ahead.h
 *		Records of a change stream whose images are opened, or whose encrypted columns are
 *		decrypted, while others are handed out: see ahead_queue.h.
 *
 * Only those images are opened that the columns are read from.
 */
#ifndef POSTGRES_STREAM_RECORDS_AHEAD_H
#define POSTGRES_STREAM_RECORDS_AHEAD_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/encryption/kms_calls.h"
#include "postgres/stream/stream.h"
#include "postgres/stream/stream_records.h"

typedef struct RecordsAhead RecordsAhead;

/* True when rows of the reader are to be read this way. */
extern bool records_ahead_are_needed(const StreamRowReader *reader);

/*
 * For such a reader, in CurrentMemoryContext, as are the rows. What is asked of KMS is counted in
 * `use`; plaintexts of columns are kept for the statement of that context. All is borrowed.
 */
extern RecordsAhead *records_ahead_create(StreamRowReader *reader, MemoryContext statement,
                                          KmsUse *use, StreamRecords *records);

/*
 * The next row, as stream_row_read() fills it, valid until the next call, which wipes plaintexts.
 * False at the end. Errors are those of stream_row_read(), of the records, of KMS, of
 * column_encryption.h and of item_encryption.h. Where bad items are skipped, a record that needs
 * one makes no row.
 */
extern bool records_ahead_next(RecordsAhead *ahead, Datum *values, bool *nulls);

/* Records that were skipped. */
extern int64 records_ahead_skipped(const RecordsAhead *ahead);

/* Forgets all rows, plaintexts wiped and calls given up; the next one comes anew. */
extern void records_ahead_reset(RecordsAhead *ahead);

#endif
