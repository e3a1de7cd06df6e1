/*
 * replay_answers.c
 *		Answers of the replay server: as the service's in form and checksum, without judging
 *		conditions and projections. So a client pays for every byte of a page it asks for.
 */
#include "bench/replay_answers.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bench/replay_pages.h"

#define QUERY_ITEMS 100

/* The body of an answer while it is written: text, then rendered items, then text. */
typedef struct Body
{
	FILE *stream; /* of the text being written */
	char *text;
	size_t length;
	const char *items;
	size_t items_length;
	uint32_t checksum; /* of the text and the items before `text`; only with items */
} Body;

typedef struct Request
{
	json_object *body;
	const char *table_name;
	ReplayTable table;
} Request;

typedef int (*Answerer)(const Request *request, Body *body);

static json_object *
member(json_object *object, const char *name)
{
	json_object *found = NULL;

	json_object_object_get_ex(object, name, &found);
	return found;
}

static int64_t
integer_member(json_object *object, const char *name, int64_t otherwise)
{
	json_object *found = member(object, name);

	return found == NULL ? otherwise : json_object_get_int64(found);
}

static const char *
string_member(json_object *object, const char *name)
{
	json_object *found = member(object, name);

	return found == NULL ? "" : json_object_get_string(found);
}

/*
 * Scan
 */

/* A place in a table, which its LastEvaluatedKey's hash attribute spells. */
typedef struct Position
{
	int64_t page;
	int64_t item;
} Position;

static Position
scan_begin(const Request *request)
{
	json_object *key = member(request->body, "ExclusiveStartKey");
	const char *text = string_member(member(key, "pk"), "S");
	Position begin = {integer_member(request->body, "Segment", 0), 0};

	if (key != NULL &&
	    sscanf(text, "page %" SCNd64 " item %" SCNd64, &begin.page, &begin.item) != 2)
		begin.page = -1;
	return begin;
}

static void
write_scan_end(const Request *request, Body *body, int64_t count, Position next)
{
	double units = (double) (count * replay_item_size(request->table.shape)) / 8192.0;

	fprintf(body->stream,
	        "\"Count\":%" PRId64 ",\"ScannedCount\":%" PRId64
	        ",\"ConsumedCapacity\":{\"TableName\":\"%s\",\"CapacityUnits\":%.1f}",
	        count, count, request->table_name, units);
	if (next.page < request->table.pages)
		fprintf(body->stream,
		        ",\"LastEvaluatedKey\":{\"pk\":{\"S\":\"page %" PRId64 " item %" PRId64
		        "\"},\"sk\":{\"N\":\"0\"}}",
		        next.page, next.item);
	fputc('}', body->stream);
}

/* Puts items [first, end) of the page into the answer, in front of what is written afterwards. */
static void
put_items(Body *body, const RenderedPage *page, int64_t first, int64_t end)
{
	body->items = page->items + page->begins[first];
	body->items_length = page->begins[end] - page->begins[first] - 1;
	if (body->items_length == page->length)
		body->checksum = page->checksum;
	else
	{
		body->checksum = (uint32_t) crc32_z(0, (const Bytef *) PAGE_PREFIX, strlen(PAGE_PREFIX));
		body->checksum =
		    (uint32_t) crc32_z(body->checksum, (const Bytef *) body->items, body->items_length);
	}
	fputs("],", body->stream);
}

static int
answer_scan(const Request *request, Body *body)
{
	const ReplayTable *table = &request->table;
	int64_t segments = integer_member(request->body, "TotalSegments", 1);
	int64_t limit = integer_member(request->body, "Limit", table->items);
	Position begin = scan_begin(request);
	int64_t end = begin.item + limit < table->items ? begin.item + limit : table->items;
	int64_t count = begin.page >= 0 && begin.page < table->pages ? end - begin.item : 0;
	Position next = {begin.page, end};

	if (begin.page < 0 || begin.item < 0 || begin.item >= table->items || limit < 1)
		return 0;
	if (end == table->items)
		next = (Position){begin.page + segments, 0};
	if (strcmp(string_member(request->body, "Select"), "COUNT") == 0)
		fputc('{', body->stream);
	else if (count > 0)
		put_items(body, replay_page(table, begin.page), begin.item, end);
	else
		fputs("{\"Items\":[],", body->stream);
	write_scan_end(request, body, count, next);
	return 1;
}

/*
 * Query, and lookups by key
 */

/* The first string among the expression's values: the hash key that is asked for. */
static const char *
queried_hash_key(const Request *request)
{
	json_object *values = member(request->body, "ExpressionAttributeValues");

	if (values == NULL)
		return "";
	json_object_object_foreach(values, name, value)
	{
		if (name != NULL && member(value, "S") != NULL)
			return string_member(value, "S");
	}
	return "";
}

static int
answer_query(const Request *request, Body *body)
{
	json_object *key = json_object_new_string(queried_hash_key(request));
	int64_t limit = integer_member(request->body, "Limit", QUERY_ITEMS);
	int64_t count = limit < QUERY_ITEMS ? limit : QUERY_ITEMS;

	fputs(PAGE_PREFIX, body->stream);
	for (int64_t i = 0; i < count; i++)
	{
		fprintf(body->stream, "%s{\"pk\":{\"S\":%s},\"sk\":{\"N\":\"%" PRId64 "\"}",
		        i > 0 ? "," : "", json_object_to_json_string(key), i);
		replay_write_attributes(body->stream, request->table.shape, i);
		fputc('}', body->stream);
	}
	fputs("],", body->stream);
	write_scan_end(request, body, count, (Position){request->table.pages, 0});
	json_object_put(key);
	return 1;
}

/* The item with that key, whichever it is. */
static void
write_item_of_key(const Request *request, Body *body, json_object *key)
{
	const char *text = json_object_to_json_string_ext(key, JSON_C_TO_STRING_PLAIN);
	int64_t number = strtoll(string_member(member(key, "sk"), "N"), NULL, 10);

	fwrite(text, 1, strlen(text) - 1, body->stream);
	replay_write_attributes(body->stream, request->table.shape, number);
	fputc('}', body->stream);
}

static int
answer_get_item(const Request *request, Body *body)
{
	json_object *key = member(request->body, "Key");

	if (key == NULL)
		return 0;
	fputs("{\"Item\":", body->stream);
	write_item_of_key(request, body, key);
	fprintf(body->stream, ",\"ConsumedCapacity\":{\"TableName\":\"%s\",\"CapacityUnits\":0.5}}",
	        request->table_name);
	return 1;
}

static int
answer_batch_get_item(const Request *request, Body *body)
{
	json_object *keys =
	    member(member(member(request->body, "RequestItems"), request->table_name), "Keys");
	size_t count = keys == NULL ? 0 : json_object_array_length(keys);

	fprintf(body->stream, "{\"Responses\":{\"%s\":[", request->table_name);
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			fputc(',', body->stream);
		write_item_of_key(request, body, json_object_array_get_idx(keys, i));
	}
	fprintf(body->stream,
	        "]},\"UnprocessedKeys\":{},\"ConsumedCapacity\":[{\"TableName\":\"%s\","
	        "\"CapacityUnits\":%.1f}]}",
	        request->table_name, 0.5 * (double) count);
	return 1;
}

/*
 * Descriptions, and what KMS decrypts
 */

static int
answer_describe_table(const Request *request, Body *body)
{
	int64_t items = request->table.pages * request->table.items;

	fprintf(body->stream,
	        "{\"Table\":{\"TableName\":\"%s\",\"TableStatus\":\"ACTIVE\","
	        "\"KeySchema\":[{\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},"
	        "{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
	        "\"AttributeDefinitions\":[{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},"
	        "{\"AttributeName\":\"sk\",\"AttributeType\":\"N\"}],\"ItemCount\":%" PRId64
	        ",\"TableSizeBytes\":%" PRId64
	        ",\"BillingModeSummary\":{\"BillingMode\":\"PAY_PER_REQUEST\"},"
	        "\"StreamSpecification\":{\"StreamEnabled\":true,"
	        "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}}}",
	        request->table_name, items, items * replay_item_size(request->table.shape));
	return 1;
}

/*
 * A stream of each table, of one shard that nothing has come into. The shard's iterator is the
 * table's name.
 */

#define STREAM_ARN_PREFIX "arn:aws:dynamodb:eu-central-1:123456789012:table/"
#define STREAM_LABEL      "2026-01-01T00:00:00.000"

static int
answer_list_streams(const Request *request, Body *body)
{
	fprintf(body->stream,
	        "{\"Streams\":[{\"StreamArn\":\"" STREAM_ARN_PREFIX "%s/stream/" STREAM_LABEL
	        "\",\"TableName\":\"%s\",\"StreamLabel\":\"" STREAM_LABEL "\"}]}",
	        request->table_name, request->table_name);
	return 1;
}

static int
answer_describe_stream(const Request *request, Body *body)
{
	fprintf(body->stream,
	        "{\"StreamDescription\":{\"StreamArn\":\"%s\",\"StreamStatus\":\"ENABLED\","
	        "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\",\"Shards\":[{\"ShardId\":"
	        "\"shardId-00000000000000000001\","
	        "\"SequenceNumberRange\":{\"StartingSequenceNumber\":\"100\"}}]}}",
	        string_member(request->body, "StreamArn"));
	return 1;
}

static int
answer_get_shard_iterator(const Request *request, Body *body)
{
	fprintf(body->stream, "{\"ShardIterator\":\"%s\"}", request->table_name);
	return 1;
}

static int
answer_get_records(const Request *request, Body *body)
{
	fprintf(body->stream, "{\"Records\":[],\"NextShardIterator\":\"%s\"}", request->table_name);
	return 1;
}

static int
answer_describe_time_to_live(const Request *request, Body *body)
{
	(void) request;
	fputs("{\"TimeToLiveDescription\":{\"TimeToLiveStatus\":\"DISABLED\"}}", body->stream);
	return 1;
}

/* Whatever the ciphertext is, it is of this: the data key of encrypted_items. */
static int
answer_decrypt(const Request *request, Body *body)
{
	fprintf(body->stream,
	        "{\"KeyId\":\"%s\",\"Plaintext\":\"YSBkYXRhIGtleSBvZiB0aGlydHktdHdvIGJ5dGVzLi4=\","
	        "\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}",
	        request->table_name);
	return 1;
}

/*
 * A queue: a number of messages that are all alike. FillQueue is no operation of SQS's; it says how
 * many there are.
 */

static int64_t messages_left = 0;

static int
answer_fill_queue(const Request *request, Body *body)
{
	messages_left = integer_member(request->body, "Messages", 0);
	fputs("{}", body->stream);
	return 1;
}

static int
answer_get_queue_attributes(const Request *request, Body *body)
{
	(void) request;
	fprintf(body->stream,
	        "{\"Attributes\":{\"VisibilityTimeout\":\"30\","
	        "\"ApproximateNumberOfMessages\":\"%" PRId64 "\"}}",
	        messages_left);
	return 1;
}

static int
answer_receive_message(const Request *request, Body *body)
{
	int64_t maximum = integer_member(request->body, "MaxNumberOfMessages", 1);
	int64_t count = maximum < messages_left ? maximum : messages_left;

	fputs("{\"Messages\":[", body->stream);
	for (int64_t i = 0; i < count; i++)
		fprintf(body->stream,
		        "%s{\"MessageId\":\"message %" PRId64 "\",\"ReceiptHandle\":\"receipt %" PRId64
		        "\",\"Body\":\"Name,Firstname\","
		        "\"MD5OfBody\":\"9cf4395155d4beaedd85d80f30892af8\"}",
		        i > 0 ? "," : "", messages_left - i, messages_left - i);
	fputs("]}", body->stream);
	messages_left -= count;
	return 1;
}

/* Of requests about messages that were received: all entries succeed. */
static int
answer_entries(const Request *request, Body *body)
{
	json_object *entries = member(request->body, "Entries");
	size_t count = entries == NULL ? 0 : json_object_array_length(entries);

	fputs("{\"Failed\":[],\"Successful\":[", body->stream);
	for (size_t i = 0; i < count; i++)
		fprintf(body->stream, "%s{\"Id\":\"%s\"}", i > 0 ? "," : "",
		        string_member(json_object_array_get_idx(entries, i), "Id"));
	fputs("]}", body->stream);
	return 1;
}

static const struct
{
	const char *operation;
	Answerer answer;
} answerers[] = {
    {"Scan", answer_scan},
    {"Query", answer_query},
    {"GetItem", answer_get_item},
    {"BatchGetItem", answer_batch_get_item},
    {"DescribeTable", answer_describe_table},
    {"DescribeTimeToLive", answer_describe_time_to_live},
    {"ListStreams", answer_list_streams},
    {"DescribeStream", answer_describe_stream},
    {"GetShardIterator", answer_get_shard_iterator},
    {"GetRecords", answer_get_records},
    {"Decrypt", answer_decrypt},
    {"FillQueue", answer_fill_queue},
    {"GetQueueAttributes", answer_get_queue_attributes},
    {"ReceiveMessage", answer_receive_message},
    {"DeleteMessageBatch", answer_entries},
    {"ChangeMessageVisibilityBatch", answer_entries},
};

/*
 * What is written is not parsed, so that whoever writes waits for the network alone: the name is
 * the first string behind that member's. False when there is none that fits.
 */
static int
scan_table_name(const char *text, const char *member_name, char *name, size_t size)
{
	const char *begin = strstr(text, member_name);
	size_t length;

	if (begin == NULL)
		return 0;
	begin += strlen(member_name);
	begin += strspn(begin, " :{");
	length = *begin == '"' ? strcspn(begin + 1, "\"") : size;
	if (length >= size)
		return 0;
	memcpy(name, begin + 1, length);
	name[length] = '\0';
	return 1;
}

/* The table's name in a stream's ARN, put into `name`. */
static const char *
table_of_stream(json_object *body, char *name, size_t size)
{
	const char *begin = strstr(string_member(body, "StreamArn"), ":table/");
	size_t length;

	if (begin == NULL)
		return "";
	begin += strlen(":table/");
	length = strcspn(begin, "/");
	snprintf(name, size, "%.*s", (int) length, begin);
	return name;
}

/*
 * The table's name: a member, or for operations on several tables, the first member's name. It may
 * be in `room`.
 */
static const char *
find_table_name(json_object *body, char *room, size_t size)
{
	json_object *tables = member(body, "RequestItems");

	if (tables != NULL && json_object_is_type(tables, json_type_object))
	{
		json_object_object_foreach(tables, name, value)
		{
			if (value != NULL)
				return name;
		}
	}
	/* Of KMS the key's id says how the answer is to come. */
	if (member(body, "CiphertextBlob") != NULL)
		return string_member(body, "KeyId");
	/* There is one queue, which answers after 5 ms. */
	if (member(body, "QueueUrl") != NULL)
		return "small.latency-5";
	if (member(body, "StreamArn") != NULL)
		return table_of_stream(body, room, size);
	if (member(body, "ShardIterator") != NULL)
		return string_member(body, "ShardIterator");
	return string_member(body, "TableName");
}

/* Every write is taken. */
static const struct
{
	const char *operation;
	const char *member_name; /* behind which the table's name is */
	const char *answer;
} writes[] = {
    {"PutItem", "\"TableName\"", "{}"},
    {"BatchWriteItem", "\"RequestItems\"", "{\"UnprocessedItems\":{}}"},
};

/* Writes the answer to a write; false when the request is none. */
static int
write_answer_to_write(const char *operation, const char *text, ReplayTable *table, FILE *stream)
{
	char name[256];

	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
	{
		if (strcmp(writes[i].operation, operation) != 0)
			continue;
		if (!scan_table_name(text, writes[i].member_name, name, sizeof(name)) ||
		    !replay_table_parse(name, table))
			return 0;
		fputs(writes[i].answer, stream);
		return 1;
	}
	return 0;
}

/* Writes the body of the answer to anything else; false when there is none to give. */
static int
write_body(const char *operation, const char *text, Request *request, Body *body)
{
	char room[256];

	request->body = json_tokener_parse(text);
	if (request->body == NULL)
		return 0;
	request->table_name = find_table_name(request->body, room, sizeof(room));
	if (!replay_table_parse(request->table_name, &request->table))
		return 0;
	for (size_t i = 0; i < sizeof(answerers) / sizeof(answerers[0]); i++)
	{
		if (strcmp(answerers[i].operation, operation) == 0)
			return answerers[i].answer(request, body);
	}
	return 0;
}

/* Writes the head, and the body's begin where rendered items follow it. */
static void
write_head(Answer *answer, int status, uint32_t checksum, size_t length)
{
	FILE *stream = open_memstream(&answer->head, &answer->head_length);

	if (stream == NULL)
		abort();
	fprintf(stream,
	        "HTTP/1.1 %s\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\n"
	        "Content-Length: %zu\r\nConnection: keep-alive\r\nx-amzn-RequestId: REPLAY\r\n"
	        "x-amz-crc32: %" PRIu32 "\r\n\r\n%s",
	        status == 200 ? "200 OK" : "400 Bad Request", length, checksum,
	        answer->items_length > 0 ? PAGE_PREFIX : "");
	if (fclose(stream) != 0)
		abort();
}

static Answer
assemble(const Body *body, const ReplayTable *table, int status)
{
	size_t begin_length = body->items_length > 0 ? strlen(PAGE_PREFIX) : 0;
	uint32_t checksum =
	    (uint32_t) crc32_z(body->checksum, (const Bytef *) body->text, body->length);
	Answer answer = {
	    .items = body->items,
	    .items_length = body->items_length,
	    .tail = body->text,
	    .tail_length = body->length,
	    .latency_ms = table->latency_ms,
	    .bytes_per_second = table->rate_mb * 1000000,
	};

	write_head(&answer, status, checksum, begin_length + body->items_length + body->length);
	return answer;
}

Answer
replay_answer(const char *operation, const char *text)
{
	Request request = {0};
	Body body = {0};
	Answer answer;
	int status = 200;

	body.stream = open_memstream(&body.text, &body.length);
	if (body.stream == NULL)
		abort();
	if (!write_answer_to_write(operation, text, &request.table, body.stream) &&
	    !write_body(operation, text, &request, &body))
	{
		status = 400;
		fputs("{\"__type\":\"com.amazon.coral.validate#ValidationException\","
		      "\"message\":\"no such operation or table here\"}",
		      body.stream);
	}
	if (fclose(body.stream) != 0)
		abort();
	answer = assemble(&body, &request.table, status);
	json_object_put(request.body);
	return answer;
}

void
replay_answer_free(Answer *answer)
{
	free(answer->head);
	free(answer->tail);
	*answer = (Answer){0};
}
