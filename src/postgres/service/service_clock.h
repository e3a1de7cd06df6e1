/*
 * service_clock.h
 *		The time by a service's clock, which is not ours.
 */
#ifndef POSTGRES_SERVICE_SERVICE_CLOCK_H
#define POSTGRES_SERVICE_SERVICE_CLOCK_H

#include "postgres.h"

#include "postgres/compat.h"

#include "postgres/service/service_client.h"

/* Seconds since 1970 by the service's clock, as near as signatures need it: to five minutes. */
extern int64 service_client_time(const ServiceClient *client);

/* The same as the last answer said it, to a second or two: our own clock's before the first. */
extern int64 service_client_measured_time(const ServiceClient *client);

/* For service_call.c. `date` is what an answer's head says, in seconds since 1970; 0: nothing. */

/* Notes it for service_client_measured_time(). */
extern void service_clock_measure(ServiceClient *client, int64 date);

/*
 * Has service_client_time() go by it from now on; false when it says nothing, or nothing else than
 * what that went by.
 */
extern bool service_clock_correct(ServiceClient *client, int64 date);

#endif
