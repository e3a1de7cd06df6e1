/*
 * sign_request.c
 *		Signs requests for test_sigv4_peer.py and shows every stage.
 *
 * In:  method scheme host path query body(hexadecimal) headers[[name, value]…] access_key_id
 *      secret_access_key session_token region service time
 * Out: canonical_request string_to_sign signature authorization url, or error
 */
#include "aws/sigv4.h"
#include "unit/json_lines.h"

static CheckedResult
read_headers(json_object *array, HttpRequest *request)
{
	for (size_t i = 0; i < json_object_array_length(array); i++)
	{
		json_object *pair = json_object_array_get_idx(array, i);
		Bytes name = bytes_of_string(json_object_get_string(json_object_array_get_idx(pair, 0)));
		Bytes value = bytes_of_string(json_object_get_string(json_object_array_get_idx(pair, 1)));

		if (!http_request_add_header(request, name, value))
			return result_failed(RESULT_INVALID_ARGUMENT, "header was refused");
	}
	return result_ok();
}

static CheckedResult
read_request(json_object *question, Arena *arena, HttpRequest *request)
{
	*request = (HttpRequest){.method = description_string(question, "method").data,
	                         .scheme = description_string(question, "scheme"),
	                         .host = description_string(question, "host"),
	                         .path = description_string(question, "path"),
	                         .query = description_string(question, "query"),
	                         .body = json_line_hexadecimal(question, "body", arena)};
	return read_headers(description_array(question, "headers"), request);
}

/* The request as it was signed: sigv4_sign adds its headers, the stages are looked at before that.
 */
static HttpRequest
without_authorization(const HttpRequest *request)
{
	HttpRequest signed_request = *request;

	signed_request.header_count--;
	return signed_request;
}

static CheckedResult
sign(json_object *question, Arena *arena, JsonWriter *answer)
{
	AwsCredentials credentials = {.access_key_id = description_string(question, "access_key_id"),
	                              .secret_access_key =
	                                  description_string(question, "secret_access_key"),
	                              .session_token = description_string(question, "session_token")};
	SigningScope scope = {.region = description_string(question, "region"),
	                      .service = description_string(question, "service"),
	                      .time = description_integer(question, "time", -1)};
	HttpRequest request;
	HttpRequest before;
	Bytes canonical_request;
	Bytes string_to_sign;
	Bytes signature;
	Bytes url;

	RETURN_IF_FAILED(read_request(question, arena, &request));
	RETURN_IF_FAILED(sigv4_sign(arena, &request, &credentials, &scope));
	before = without_authorization(&request);
	RETURN_IF_FAILED(sigv4_canonical_request(arena, &before, &canonical_request));
	RETURN_IF_FAILED(sigv4_string_to_sign(arena, canonical_request, &scope, &string_to_sign));
	RETURN_IF_FAILED(sigv4_signature(arena, string_to_sign, &credentials, &scope, &signature));
	RETURN_IF_FAILED(http_request_url(arena, &request, &url));
	json_line_string(answer, "canonical_request", canonical_request);
	json_line_string(answer, "string_to_sign", string_to_sign);
	json_line_string(answer, "signature", signature);
	json_line_string(answer, "authorization", request.headers[request.header_count - 1].value);
	json_line_string(answer, "url", url);
	return result_ok();
}

static void
answer_question(json_object *question, Arena *arena, JsonWriter *answer)
{
	CheckedResult result = sign(question, arena, answer);

	if (!result_is_ok(result))
		json_line_failure(answer, result);
}

int
main(void)
{
	return json_lines_serve(answer_question);
}
