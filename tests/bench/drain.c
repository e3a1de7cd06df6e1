/*
 * drain.c
 *		The floor of the benchmark: a libcurl loop that looks at nothing but LastEvaluatedKey.
 *
 * drain scan URL TABLE     reads all pages
 * drain count URL TABLE    the same requests with Select=COUNT
 * drain lookup URL TABLE   GetItem of a thousand keys, one after another
 *
 * Prints a JSON object: seconds, cpu_seconds, peak_bytes, requests, bytes, and p50_seconds of the
 * requests.
 */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LOOKUPS      2000
#define REQUESTS_MAX 1000000

/* Where LastEvaluatedKey is, if anywhere: at the end. */
#define TAIL_BYTES 512

typedef struct Drain
{
	CURL *curl;
	const char *table;
	char *body;
	size_t length;
	size_t capacity;
	int64_t bytes;
	int64_t requests;
	double *seconds; /* of each request */
} Drain;

static void
fail(const char *what)
{
	fprintf(stderr, "drain: %s\n", what);
	exit(1);
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

static size_t
take(char *data, size_t size, size_t count, void *context)
{
	Drain *drain = context;
	size_t length = size * count;

	if (drain->length + length + 1 > drain->capacity)
	{
		drain->capacity = (drain->capacity + length) * 2;
		drain->body = realloc(drain->body, drain->capacity);
		if (drain->body == NULL)
			fail("out of memory");
	}
	memcpy(drain->body + drain->length, data, length);
	drain->length += length;
	return length;
}

static void
post(Drain *drain, const char *operation, const char *request)
{
	char target[64];
	struct curl_slist *fields = NULL;
	double begin = now();
	long status = 0;

	snprintf(target, sizeof(target), "X-Amz-Target: DynamoDB_20120810.%s", operation);
	fields = curl_slist_append(fields, target);
	fields = curl_slist_append(fields, "Content-Type: application/x-amz-json-1.0");
	curl_easy_setopt(drain->curl, CURLOPT_HTTPHEADER, fields);
	curl_easy_setopt(drain->curl, CURLOPT_POSTFIELDS, request);
	drain->length = 0;
	if (curl_easy_perform(drain->curl) != CURLE_OK)
		fail("request failed");
	curl_easy_getinfo(drain->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(fields);
	if (status != 200 || drain->requests == REQUESTS_MAX)
		fail("request refused");
	drain->bytes += (int64_t) drain->length;
	drain->seconds[drain->requests++] = now() - begin;
}

/* The object behind "LastEvaluatedKey": in the answer; NULL when there is none. */
static const char *
last_evaluated_key(Drain *drain, size_t *length)
{
	static const char name[] = "\"LastEvaluatedKey\":";
	size_t tail = drain->length < TAIL_BYTES ? drain->length : TAIL_BYTES;
	char *found;

	drain->body[drain->length] = '\0';
	found = strstr(drain->body + drain->length - tail, name);
	if (found == NULL)
		return NULL;
	found += strlen(name);
	*length = strlen(found) - 1;
	return found;
}

static void
read_pages(Drain *drain, const char *select)
{
	char request[2048];
	const char *key = NULL;
	size_t length = 0;

	do
	{
		snprintf(request, sizeof(request), "{\"TableName\":\"%s\"%s%s%.*s}", drain->table, select,
		         key == NULL ? "" : ",\"ExclusiveStartKey\":", (int) length,
		         key == NULL ? "" : key);
		post(drain, "Scan", request);
		key = last_evaluated_key(drain, &length);
	} while (key != NULL);
}

static void
look_up(Drain *drain)
{
	char request[512];

	for (int i = 0; i < LOOKUPS; i++)
	{
		snprintf(
		    request, sizeof(request),
		    "{\"TableName\":\"%s\",\"Key\":{\"pk\":{\"S\":\"customer\"},\"sk\":{\"N\":\"%d\"}},"
		    "\"ReturnConsumedCapacity\":\"TOTAL\"}",
		    drain->table, i);
		post(drain, "GetItem", request);
	}
}

static int
compare_seconds(const void *left, const void *right)
{
	double difference = *(const double *) left - *(const double *) right;

	return (difference > 0) - (difference < 0);
}

/* What the kernel calls VmHWM. getrusage's maximum would begin with the size of who started us. */
static int64_t
peak_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kilobytes = 0;

	if (status == NULL)
		fail("/proc/self/status");
	while (fgets(line, sizeof(line), status) != NULL && sscanf(line, "VmHWM: %ld", &kilobytes) != 1)
		continue;
	fclose(status);
	return (int64_t) kilobytes * 1024;
}

static void
report(Drain *drain, double seconds)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	qsort(drain->seconds, (size_t) drain->requests, sizeof(double), compare_seconds);
	printf("{\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"peak_bytes\":%ld,\"requests\":%ld,"
	       "\"bytes\":%ld,\"p50_seconds\":%.7f}\n",
	       seconds,
	       (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6,
	       (long) peak_bytes(), (long) drain->requests, (long) drain->bytes,
	       drain->seconds[drain->requests / 2]);
}

int
main(int argument_count, char **arguments)
{
	Drain drain = {.curl = curl_easy_init(), .seconds = calloc(REQUESTS_MAX, sizeof(double))};
	double begin;

	if (argument_count != 4 || drain.curl == NULL || drain.seconds == NULL)
		fail("usage: drain scan|count|lookup URL TABLE");
	drain.table = arguments[3];
	curl_easy_setopt(drain.curl, CURLOPT_URL, arguments[2]);
	curl_easy_setopt(drain.curl, CURLOPT_PROXY, "");
	curl_easy_setopt(drain.curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(drain.curl, CURLOPT_WRITEDATA, &drain);
	begin = now();
	if (strcmp(arguments[1], "lookup") == 0)
		look_up(&drain);
	else
		read_pages(&drain, strcmp(arguments[1], "count") == 0 ? ",\"Select\":\"COUNT\"" : "");
	report(&drain, now() - begin);
	curl_easy_cleanup(drain.curl);
	free(drain.seconds);
	free(drain.body);
	return 0;
}
