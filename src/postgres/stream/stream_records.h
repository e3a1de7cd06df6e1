/*
 * stream_records.h
 *		The records that a scan reads, kept for when it is run again: a stream read twice is not the
 *		same twice.
 *
 * They are kept as the service sent them, so nothing that is encrypted there is plain here.
 */
#ifndef POSTGRES_STREAM_STREAM_RECORDS_H
#define POSTGRES_STREAM_STREAM_RECORDS_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/stream/stream_reader.h"

typedef struct StreamRecords StreamRecords;

/* Without a reader as yet, in CurrentMemoryContext. `names` are the reader's, borrowed. */
extern StreamRecords *stream_records_create(const NameTable *names);

/* Gives the reader, which is closed with the records. */
extern void stream_records_begin(StreamRecords *records, StreamReader *reader);

/* True when there is a reader. */
extern bool stream_records_have_begun(const StreamRecords *records);

/* The next record, valid until the next call; NULL at the end as of now. Waits. */
extern const StreamRecord *stream_records_next(StreamRecords *records);

/* True when stream_records_next() would not wait. */
extern bool stream_records_are_ready(const StreamRecords *records);

/* The next record is the first one again. */
extern void stream_records_rewind(StreamRecords *records);

extern StreamCounters stream_records_counters(const StreamRecords *records);

extern void stream_records_close(StreamRecords *records);

#endif
