/*
 * transport_sockets.h
 *		The sockets that libcurl has opened: counted among the server's descriptors, and closed by
 *		groups.
 *
 * libcurl keeps connections for later requests, so a socket outlives the exchange that opened it.
 * The functions that libcurl calls do not throw.
 */
#ifndef POSTGRES_SERVICE_TRANSPORT_SOCKETS_H
#define POSTGRES_SERVICE_TRANSPORT_SOCKETS_H

#include "postgres.h"

#include "postgres/compat.h"

#include <curl/curl.h>

/*
 * Closes the connections opened for exchanges of the group: idle ones at once, the others when
 * their exchange has ended. True when there was one.
 */
extern bool transport_close_connections(uint32 connection_group);

/* For exchange.c and exchange_handle.c */

/*
 * CURLOPT_OPENSOCKETFUNCTION: the server counts the descriptor before it is there. `group` points
 * to the connection group, a uint32.
 */
extern curl_socket_t transport_socket_open(void *group, curlsocktype purpose,
                                           struct curl_sockaddr *address);

/* CURLOPT_CLOSESOCKETFUNCTION; may come long after the exchange that opened the socket. */
extern int transport_socket_close(void *unused, curl_socket_t descriptor);

/* libcurl waits for the socket, since an exchange uses it, or no longer does. */
extern void transport_socket_note_use(curl_socket_t descriptor, bool used);

/*
 * Forgets sockets that libcurl closed without calling transport_socket_close(), as some of its
 * versions do with those that never connected.
 */
extern void transport_sockets_forget_closed(void);

/*
 * How many there may be, of all servers together. An extension may have a third of the descriptors,
 * whatever the servers' max_connections add up to.
 */
extern long transport_sockets_maximum(void);

#endif
