/*
 * exchange_handle.c
 *		What libcurl is told of one exchange, and what it says.
 *
 * No environment, no file of the user's and no answer of the server decides where data goes, and
 * what goes over the wire does not stay in memory that others get.
 */
#include "postgres.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "postgres/compat.h"
#include "postgres/service/exchange_handle.h"
#include "postgres/service/transport_sockets.h"

/* Bytes libcurl reads from a socket at a time. */
#define READ_SIZE ((long) 128 * 1024)

/* Bytes of a response's head, all lines. */
#define HEAD_SIZE_MAXIMUM ((size_t) 64 * 1024)

/* What libcurl calls */

/* CURLOPT_HEADERFUNCTION; another number than the one given makes libcurl stop. */
static size_t
take_head_line(char *data, size_t size, size_t count, void *context)
{
	Exchange *exchange = context;
	size_t length = size * count;

	exchange->head_size += length;
	exchange->overlong_head = exchange->head_size > HEAD_SIZE_MAXIMUM;
	if (exchange->overlong_head ||
	    !exchange->handler.head_line(exchange->handler.context, (Bytes){data, length}))
		return 0;
	return length;
}

/*
 * CURLOPT_WRITEFUNCTION. The bytes lie where libcurl received them, in memory that it will free as
 * it is; it has no use for them after this.
 */
static size_t
take_body(char *data, size_t size, size_t count, void *context)
{
	Exchange *exchange = context;
	size_t length = size * count;
	bool taken =
	    length == 0 || exchange->handler.body(exchange->handler.context, (Bytes){data, length});

	if (exchange->secret_response)
		wipe(data, length);
	return taken ? length : 0;
}

/*
 * CURLOPT_PREREQFUNCTION: the connection stands, TLS included; the request goes out next. On a kept
 * connection that ends without a byte libcurl would send the request again by itself; whether that
 * may be is not for it to decide, so it is stopped the second time.
 */
static int
note_connected(void *context, char *unused, char *unused_too, int remote_port, int local_port)
{
	Exchange *exchange = context;

	if (exchange->connected)
		return CURL_PREREQFUNC_ABORT;
	exchange->connected = true;
	return CURL_PREREQFUNC_OK;
}

/* What libcurl is told. Each function is true when every option was taken. */

#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool
set_policy(CURL *easy)
{
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
	       SET(CURLOPT_PROTOCOLS_STR, "http,https") && SET(CURLOPT_FOLLOWLOCATION, 0L) &&
	       SET(CURLOPT_PROXY, "") && SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED) &&
	       SET(CURLOPT_HTTP_CONTENT_DECODING, 0L) && SET(CURLOPT_PATH_AS_IS, 1L);
}

/*
 * CURLOPT_SSL_CTX_FUNCTION: OpenSSL decrypts what it receives where it was received, and would
 * leave it there, also when it gives that memory back.
 */
static CURLcode
cleanse_plaintext(CURL *easy, void *context, void *unused)
{
	SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT);
	return CURLE_OK;
}

/* The context is OpenSSL's only where libcurl uses OpenSSL. */
static bool
set_cleansing(CURL *easy)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return library == NULL || strncmp(library, "OpenSSL/", strlen("OpenSSL/")) != 0 ||
	       SET(CURLOPT_SSL_CTX_FUNCTION, cleanse_plaintext);
}

static bool
set_connection(CURL *easy, const ExchangeSettings *settings)
{
	return SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1) &&
	       SET(CURLOPT_CONNECTTIMEOUT_MS, (long) settings->connect_timeout_ms) &&
	       SET(CURLOPT_TCP_NODELAY, 1L) && SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
	       SET(CURLOPT_BUFFERSIZE, READ_SIZE) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
	       SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
	       SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) &&
	       (settings->ca_file == NULL || SET(CURLOPT_CAINFO, settings->ca_file)) &&
	       set_cleansing(easy);
}

static bool
set_callbacks(CURL *easy, Exchange *exchange)
{
	return SET(CURLOPT_PRIVATE, exchange) && SET(CURLOPT_ERRORBUFFER, exchange->message) &&
	       SET(CURLOPT_HEADERFUNCTION, take_head_line) && SET(CURLOPT_HEADERDATA, exchange) &&
	       SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, exchange) &&
	       SET(CURLOPT_PREREQFUNCTION, note_connected) && SET(CURLOPT_PREREQDATA, exchange) &&
	       SET(CURLOPT_OPENSOCKETFUNCTION, transport_socket_open) &&
	       SET(CURLOPT_OPENSOCKETDATA, &exchange->connection_group) &&
	       SET(CURLOPT_CLOSESOCKETFUNCTION, transport_socket_close);
}

/* Adds a line to libcurl's list; false without memory. */
static bool
add_header_line(Exchange *exchange, const char *line)
{
	struct curl_slist *list = curl_slist_append(exchange->headers, line);

	if (list == NULL)
		return false;
	exchange->headers = list;
	return true;
}

/* "name: value"; an empty value is said by a semicolon, since libcurl takes "name:" as "leave out".
 */
static bool
add_header(Exchange *exchange, Arena *arena, Bytes name, Bytes value)
{
	const char *separator = value.length == 0 ? ";" : ": ";
	size_t separator_length = strlen(separator);
	char *line = arena_allocate(arena, name.length + separator_length + value.length + 1);

	if (line == NULL)
		return false;
	memcpy(line, name.data, name.length);
	memcpy(line + name.length, separator, separator_length);
	if (value.length > 0)
		memcpy(line + name.length + separator_length, value.data, value.length);
	line[name.length + separator_length + value.length] = '\0';
	return add_header_line(exchange, line);
}

static bool
set_headers(CURL *easy, Exchange *exchange, Arena *arena, const HttpRequest *request)
{
	/* What libcurl would add by itself is not signed and not wanted. */
	if (!add_header_line(exchange, "Expect:") || !add_header_line(exchange, "Accept:") ||
	    !add_header(exchange, arena, BYTES_LITERAL("Host"), request->host))
		return false;
	for (uint32 i = 0; i < request->header_count; i++)
		if (!add_header(exchange, arena, request->headers[i].name, request->headers[i].value))
			return false;
	return SET(CURLOPT_HTTPHEADER, (struct curl_slist *) exchange->headers);
}

static bool
set_body(CURL *easy, const HttpRequest *request)
{
	if (strcmp(request->method, "POST") == 0)
		return SET(CURLOPT_POST, 1L) &&
		       SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body.length) &&
		       SET(CURLOPT_POSTFIELDS, request->body.length == 0 ? "" : request->body.data);
	return SET(CURLOPT_CUSTOMREQUEST, request->method);
}

static bool
set_request(CURL *easy, Exchange *exchange, Arena *arena, const HttpRequest *request)
{
	Bytes url; /* terminated */

	return result_is_ok(http_request_url(arena, request, &url)) && SET(CURLOPT_URL, url.data) &&
	       set_headers(easy, exchange, arena, request) && set_body(easy, request);
}

bool
exchange_handle_make(Exchange *exchange, Arena *arena, const HttpRequest *request,
                     const ExchangeSettings *settings)
{
	CURL *easy = curl_easy_init();

	exchange->easy = easy;
	return easy != NULL && set_policy(easy) && set_connection(easy, settings) &&
	       set_callbacks(easy, exchange) && set_request(easy, exchange, arena, request);
}

/* The list holds the signature and the session token. */
static void
free_headers(Exchange *exchange)
{
	for (struct curl_slist *line = exchange->headers; line != NULL; line = line->next)
		wipe(line->data, strlen(line->data));
	curl_slist_free_all(exchange->headers);
	exchange->headers = NULL;
}

void
exchange_handle_free(Exchange *exchange)
{
	curl_easy_cleanup(exchange->easy);
	exchange->easy = NULL;
	free_headers(exchange);
}

/* What its end means */

typedef struct CodeMeaning
{
	CURLcode code;
	ExchangeEnd end;
} CodeMeaning;

/* Codes that mean the same before and after the connection was made. */
static const CodeMeaning code_meanings[] = {
    {CURLE_OK, EXCHANGE_COMPLETE},
    {CURLE_OPERATION_TIMEDOUT, EXCHANGE_TIMED_OUT},
    {CURLE_PEER_FAILED_VERIFICATION, EXCHANGE_UNTRUSTED},
    {CURLE_SSL_CACERT_BADFILE, EXCHANGE_UNTRUSTED},
    {CURLE_SSL_ISSUER_ERROR, EXCHANGE_UNTRUSTED},
    {CURLE_WEIRD_SERVER_REPLY, EXCHANGE_GARBLED},
    {CURLE_UNSUPPORTED_PROTOCOL, EXCHANGE_GARBLED},
    {CURLE_BAD_CONTENT_ENCODING, EXCHANGE_GARBLED},
    {CURLE_WRITE_ERROR, EXCHANGE_STOPPED},
    {CURLE_OUT_OF_MEMORY, EXCHANGE_FAILED},
    {CURLE_FAILED_INIT, EXCHANGE_FAILED},
    {CURLE_URL_MALFORMAT, EXCHANGE_FAILED},
    {CURLE_NOT_BUILT_IN, EXCHANGE_FAILED},
};

static ExchangeEnd
meaning_of_code(const Exchange *exchange, CURLcode code)
{
	if (exchange->overlong_head)
		return EXCHANGE_GARBLED;
	for (size_t i = 0; i < lengthof(code_meanings); i++)
		if (code_meanings[i].code == code)
			return code_meanings[i].end;
	return exchange->connected ? EXCHANGE_CUT_OFF : EXCHANGE_NOT_CONNECTED;
}

/* Sees to a message where libcurl left none, or one about our own callback. */
static void
describe_failure(Exchange *exchange, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		strlcpy(exchange->message, "connection closed without a response",
		        sizeof(exchange->message));
	else if (code != CURLE_OK && exchange->message[0] == '\0')
		strlcpy(exchange->message, curl_easy_strerror(code), sizeof(exchange->message));
}

ExchangeEnd
exchange_handle_end(Exchange *exchange, CURLcode code)
{
	describe_failure(exchange, code);
	return meaning_of_code(exchange, code);
}
