/*
 * exchange_handle.h
 *		libcurl's handle of one exchange: what it is told, what it calls, what its end means.
 *
 * Signals are blocked by the caller of whatever makes or frees a handle: see exchange.c.
 */
#ifndef POSTGRES_SERVICE_EXCHANGE_HANDLE_H
#define POSTGRES_SERVICE_EXCHANGE_HANDLE_H

#include "postgres/service/exchange.h"

#include <curl/curl.h>

/*
 * Makes exchange->easy for the request; the exchange is its CURLINFO_PRIVATE, and hears of the
 * response by its handler. The request's body is borrowed to the end, everything else is copied;
 * `arena` is for work. False when libcurl or the arena has no memory, or libcurl does not know an
 * option: what was made stays with the exchange until exchange_handle_free().
 */
extern bool exchange_handle_make(Exchange *exchange, Arena *arena, const HttpRequest *request,
                                 const ExchangeSettings *settings);

/* Frees the handle, which is on no multi handle any more, and wipes its headers. May be none. */
extern void exchange_handle_free(Exchange *exchange);

/*
 * What libcurl's code means for the exchange that it ended. Where libcurl has left no words about a
 * failure, exchange->message gets some.
 */
extern ExchangeEnd exchange_handle_end(Exchange *exchange, CURLcode code);

#endif
