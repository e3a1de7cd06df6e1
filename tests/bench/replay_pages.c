/*
 * replay_pages.c
 *		Renders the pages of the replay server.
 */
#include "bench/replay_pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define PAGE_BYTES   1000000
#define BINARY_BYTES 4000

static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* A number that looks random and is the same in every run: the finalizer of SplitMix64. */
static uint64_t
mixed(uint64_t number)
{
	number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
	return number ^ (number >> 31);
}

/* Letters and digits, `length` of them; `alphabet_size` of 64 makes base64. */
static void
write_letters(FILE *stream, uint64_t seed, int length, int alphabet_size)
{
	uint64_t bits = 0;

	for (int i = 0; i < length; i++)
	{
		if (i % 10 == 0)
			bits = mixed(seed * 1000003 + (uint64_t) i + 1);
		fputc(LETTERS[(bits & 63) % (uint64_t) alphabet_size], stream);
		bits >>= 6;
	}
}

static void
write_text(FILE *stream, const char *name, uint64_t seed, int length)
{
	fprintf(stream, ",\"%s\":{\"S\":\"", name);
	write_letters(stream, seed, length, 52);
	fputs("\"}", stream);
}

static void
write_small(FILE *stream, int64_t number)
{
	uint64_t random = mixed((uint64_t) number + 1);

	write_text(stream, "name", random, 24);
	fprintf(stream, ",\"amount\":{\"N\":\"%" PRIu64 ".%02" PRIu64 "\"}", random % 100000,
	        (random >> 32) % 100);
	fprintf(stream, ",\"active\":{\"BOOL\":%s}", random & 1 ? "true" : "false");
	write_text(stream, "note", random + 1, 40);
}

/* 28 attributes besides the keys, of five types. */
static void
write_wide(FILE *stream, int64_t number)
{
	uint64_t random = mixed((uint64_t) number + 1);
	char name[16];

	for (int i = 0; i < 14; i++)
	{
		snprintf(name, sizeof(name), "text_%d", i);
		write_text(stream, name, random + (uint64_t) i, 118);
	}
	for (int i = 0; i < 5; i++)
		fprintf(stream, ",\"integer_%d\":{\"N\":\"%" PRIu64 "\"}", i, random >> (i * 8));
	for (int i = 0; i < 3; i++)
		fprintf(stream, ",\"amount_%d\":{\"N\":\"%" PRIu64 ".%04d\"}", i, random >> (20 + i),
		        i + 1);
	for (int i = 0; i < 2; i++)
		fprintf(stream, ",\"ratio_%d\":{\"N\":\"0.%06" PRIu64 "\"}", i,
		        (random >> (10 + i)) % 1000000);
	for (int i = 0; i < 2; i++)
		fprintf(stream, ",\"flag_%d\":{\"BOOL\":%s}", i, random >> i & 1 ? "true" : "false");
	for (int i = 0; i < 2; i++)
		fprintf(stream, ",\"time_%d\":{\"S\":\"2026-%02d-%02dT%02d:%02d:%02d.%03dZ\"}", i,
		        (int) (random % 12) + 1, (int) (random % 28) + 1, (int) (random % 24), i,
		        (int) (random % 60), (int) (random % 1000));
}

/* One line of an order: a map of two levels. */
static void
write_order_line(FILE *stream, uint64_t random)
{
	fprintf(stream, "{\"M\":{\"article\":{\"S\":\"");
	write_letters(stream, random, 12, 52);
	fprintf(stream,
	        "\"},\"quantity\":{\"N\":\"%" PRIu64 "\"},\"price\":{\"N\":\"%" PRIu64 ".%02" PRIu64
	        "\"},\"gift\":{\"BOOL\":%s},\"discount\":{\"NULL\":true},"
	        "\"size\":{\"M\":{\"width\":{\"N\":\"%" PRIu64 "\"},\"height\":{\"N\":\"%" PRIu64
	        "\"}}}}}",
	        random % 20 + 1, random % 1000, (random >> 10) % 100, random & 1 ? "true" : "false",
	        (random >> 20) % 200, (random >> 30) % 200);
}

static void
write_nested(FILE *stream, int64_t number)
{
	uint64_t random = mixed((uint64_t) number + 1);

	fputs(",\"document\":{\"M\":{\"customer\":{\"M\":{\"name\":{\"S\":\"", stream);
	write_letters(stream, random, 24, 52);
	fputs("\"},\"street\":{\"S\":\"", stream);
	write_letters(stream, random + 1, 30, 52);
	fprintf(stream, "\"},\"postcode\":{\"N\":\"%" PRIu64 "\"}}},\"lines\":{\"L\":[",
	        random % 90000);
	for (uint64_t i = 0; i < 9; i++)
	{
		if (i > 0)
			fputc(',', stream);
		write_order_line(stream, mixed(random + i));
	}
	fputs("]}}},\"tags\":{\"L\":[", stream);
	for (uint64_t i = 0; i < 10; i++)
	{
		fprintf(stream, "%s{\"S\":\"", i > 0 ? "," : "");
		write_letters(stream, random + i, 8, 52);
		fputs("\"}", stream);
	}
	fputs("]}", stream);
}

static void
write_binary(FILE *stream, int64_t number)
{
	int letters = BINARY_BYTES * 4 / 3;

	fputs(",\"payload\":{\"B\":\"", stream);
	write_letters(stream, mixed((uint64_t) number + 1), letters / 4 * 4, 64);
	fputs("\"}", stream);
}

static const struct
{
	const char *name;
	int64_t item_size;
	void (*write)(FILE *stream, int64_t number);
} shapes[SHAPE_COUNT] = {
    [SHAPE_SMALL] = {"small", 120, write_small},
    [SHAPE_WIDE] = {"wide", 2000, write_wide},
    [SHAPE_NESTED] = {"nested", 1000, write_nested},
    [SHAPE_BINARY] = {"binary", 4000, write_binary},
    [SHAPE_ENCRYPTED] = {"encrypted", 1000, NULL},
};

static RenderedPage rendered[SHAPE_COUNT][RENDERED_PAGES];

int64_t
replay_item_size(Shape shape)
{
	return shapes[shape].item_size;
}

void
replay_write_attributes(FILE *stream, Shape shape, int64_t number)
{
	shapes[shape].write(stream, number);
}

static void
write_item(FILE *stream, Shape shape, int64_t number)
{
	fprintf(stream, "{\"pk\":{\"S\":\"customer %08" PRId64 "\"},\"sk\":{\"N\":\"%" PRId64 "\"}",
	        number, number);
	replay_write_attributes(stream, shape, number);
	fputc('}', stream);
}

static uint32_t
checksum_of(const RenderedPage *page)
{
	uLong prefix = crc32_z(0, (const Bytef *) PAGE_PREFIX, strlen(PAGE_PREFIX));

	return (uint32_t) crc32_z(prefix, (const Bytef *) page->items, page->length);
}

static void
render_page(Shape shape, int number, RenderedPage *page)
{
	int64_t count = PAGE_BYTES / shapes[shape].item_size;
	FILE *stream = open_memstream(&page->items, &page->length);

	page->begins = malloc(sizeof(size_t) * (size_t) (count + 1));
	if (stream == NULL || page->begins == NULL)
		abort();
	for (int64_t i = 0; i < count; i++)
	{
		if (i > 0)
			fputc(',', stream);
		page->begins[i] = (size_t) ftell(stream);
		write_item(stream, shape, number * count + i);
	}
	if (fclose(stream) != 0)
		abort();
	page->begins[count] = page->length + 1;
	page->checksum = checksum_of(page);
}

/* The page of a file's lines, as many as a page has items. */
static void
load_page(const char *path, RenderedPage *page)
{
	int64_t count = PAGE_BYTES / shapes[SHAPE_ENCRYPTED].item_size;
	FILE *file = fopen(path, "r");
	FILE *stream = open_memstream(&page->items, &page->length);
	char *line = NULL;
	size_t room = 0;

	page->begins = malloc(sizeof(size_t) * (size_t) (count + 1));
	if (file == NULL || stream == NULL || page->begins == NULL)
		abort();
	for (int64_t i = 0; i < count; i++)
	{
		ssize_t length = getline(&line, &room, file);

		if (length < 2)
			abort();
		fputs(i > 0 ? "," : "", stream);
		page->begins[i] = (size_t) ftell(stream);
		fwrite(line, 1, (size_t) length - 1, stream);
	}
	free(line);
	if (fclose(file) != 0 || fclose(stream) != 0)
		abort();
	page->begins[count] = page->length + 1;
	page->checksum = checksum_of(page);
}

void
replay_pages_render(const char *encrypted_path)
{
	for (int shape = 0; shape < SHAPE_ENCRYPTED; shape++)
	{
		for (int number = 0; number < RENDERED_PAGES; number++)
			render_page((Shape) shape, number, &rendered[shape][number]);
	}
	if (encrypted_path == NULL)
		return;
	load_page(encrypted_path, &rendered[SHAPE_ENCRYPTED][0]);
	for (int number = 1; number < RENDERED_PAGES; number++)
		rendered[SHAPE_ENCRYPTED][number] = rendered[SHAPE_ENCRYPTED][0];
}

const RenderedPage *
replay_page(const ReplayTable *table, int64_t number)
{
	return &rendered[table->shape][number % RENDERED_PAGES];
}

/* The value of `.setting-N` in a table's name; `otherwise` when the name has none. */
static int64_t
setting(const char *name, const char *setting_name, int64_t otherwise)
{
	char pattern[32];
	const char *found;

	snprintf(pattern, sizeof(pattern), ".%s-", setting_name);
	found = strstr(name, pattern);
	return found == NULL ? otherwise : strtoll(found + strlen(pattern), NULL, 10);
}

int
replay_table_parse(const char *name, ReplayTable *table)
{
	size_t length = strcspn(name, ".");
	int shape = 0;
	int64_t full;

	while (shape < SHAPE_COUNT &&
	       (strlen(shapes[shape].name) != length || strncmp(shapes[shape].name, name, length) != 0))
		shape++;
	if (shape == SHAPE_COUNT || rendered[shape][0].items == NULL)
		return 0;
	full = PAGE_BYTES / shapes[shape].item_size;
	*table = (ReplayTable){
	    .shape = (Shape) shape,
	    .pages = setting(name, "pages", 64),
	    .items = setting(name, "items", full),
	    .latency_ms = setting(name, "latency", 0),
	    .rate_mb = setting(name, "rate", 0),
	};
	return table->pages >= 0 && table->items > 0 && table->items <= full;
}
