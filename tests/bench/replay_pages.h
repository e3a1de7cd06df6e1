/*
 * replay_pages.h
 *		The data of the replay server: shapes of items, and pages of them rendered at the start.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum Shape
{
	SHAPE_SMALL,     /* 6 attributes, 120 bytes by DynamoDB's count */
	SHAPE_WIDE,      /* 30 attributes, 2 KB */
	SHAPE_NESTED,    /* a map of maps and lists, 1 KB */
	SHAPE_BINARY,    /* 4 KB in one binary attribute */
	SHAPE_ENCRYPTED, /* the items of a file, which encrypted_items writes: the same on each page */
	SHAPE_COUNT
} Shape;

/* Different pages of a shape. A table of more pages begins again with the first. */
#define RENDERED_PAGES 8

/* What an answer says before its items. */
#define PAGE_PREFIX "{\"Items\":["

/* The items of a page of 1 MB, as JSON with commas between them. */
typedef struct RenderedPage
{
	char *items;
	size_t length;
	size_t *begins;    /* of each item, and one behind them all, as if a comma followed the last */
	uint32_t checksum; /* CRC-32 of PAGE_PREFIX and all items */
} RenderedPage;

/*
 * A table's name says what it holds and how it is served: the shape's name, then any of
 * .pages-N, .items-N (in a page), .latency-N (milliseconds before each answer) and
 * .rate-N (megabytes a second of each connection).
 */
typedef struct ReplayTable
{
	Shape shape;
	int64_t pages;
	int64_t items; /* of a page */
	int64_t latency_ms;
	int64_t rate_mb; /* 0: as fast as the client takes it */
} ReplayTable;

/*
 * Renders all shapes' pages; those of encrypted items if there is a file, NULL for none. Ends the
 * program when there is no memory, or no such file.
 */
extern void replay_pages_render(const char *encrypted_path);

/* The page of the table with this number, counted from 0. */
extern const RenderedPage *replay_page(const ReplayTable *table, int64_t number);

/* False when the name is none that the server knows. */
extern int replay_table_parse(const char *name, ReplayTable *table);

/* Bytes of one item by DynamoDB's count. */
extern int64_t replay_item_size(Shape shape);

/* Writes the members of an item behind its keys, each with a comma before it. */
extern void replay_write_attributes(FILE *stream, Shape shape, int64_t number);
