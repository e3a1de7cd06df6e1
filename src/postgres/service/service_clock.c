/*
 * service_clock.c
 *		Differences of clocks: to the second for what is measured, to minutes for what is signed.
 */
#include "postgres.h"

#include <time.h>

#include "postgres/compat.h"
#include "postgres/service/service_client_state.h"
#include "postgres/service/service_clock.h"

/* A signature is good for five minutes; a difference of clocks above this is one to correct. */
#define CLOCK_SKEW_SECONDS 240

int64
service_client_time(const ServiceClient *client)
{
	return (int64) time(NULL) + client->clock_offset;
}

int64
service_client_measured_time(const ServiceClient *client)
{
	return (int64) time(NULL) + client->measured_offset;
}

void
service_clock_measure(ServiceClient *client, int64 date)
{
	if (date != 0)
		client->measured_offset = date - (int64) time(NULL);
}

bool
service_clock_correct(ServiceClient *client, int64 date)
{
	int64 offset = date - (int64) time(NULL);

	if (date == 0 || llabs(offset - client->clock_offset) < CLOCK_SKEW_SECONDS)
		return false;
	client->clock_offset = offset;
	return true;
}
