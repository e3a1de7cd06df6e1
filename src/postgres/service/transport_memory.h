/*
 * transport_memory.h
 *		libcurl's memory, wiped as it is given back.
 */
#ifndef POSTGRES_SERVICE_TRANSPORT_MEMORY_H
#define POSTGRES_SERVICE_TRANSPORT_MEMORY_H

#include <curl/curl.h>

/*
 * Initializes libcurl for this backend, with functions that wipe whatever they free. Where another
 * extension has initialized it before, it stays as that has it.
 */
extern CURLcode transport_memory_init(void);

#endif
