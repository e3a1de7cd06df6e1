/*
 * service_error.h
 *		What a service says when it refuses, and what kind of refusal that is: one table.
 */
#ifndef AWS_SERVICE_ERROR_H
#define AWS_SERVICE_ERROR_H

#include "aws/http.h"
#include "aws/service.h"

/* Kinds that callers treat differently. What each is in SQL is decided by postgres/report.c. */
typedef enum ErrorClass
{
	ERROR_CLASS_NONE,                 /* no error */
	ERROR_CLASS_THROTTLED,            /* too many requests, capacity exceeded: try later */
	ERROR_CLASS_TRANSIENT,            /* 500, 502, 503, 504, and codes that say so */
	ERROR_CLASS_CONNECTION,           /* no response: refused, reset, cut off */
	ERROR_CLASS_TIMEOUT,              /* no response in time */
	ERROR_CLASS_CORRUPT,              /* the response's checksum or its form is wrong */
	ERROR_CLASS_CLOCK_SKEW,           /* signed too early or too late */
	ERROR_CLASS_CREDENTIALS,          /* unknown key, wrong signature, missing token */
	ERROR_CLASS_EXPIRED_CREDENTIALS,  /* a session token past its time */
	ERROR_CLASS_NO_CREDENTIALS,       /* none were found; the message says what was tried */
	ERROR_CLASS_ACCESS_DENIED,        /* policy forbids it */
	ERROR_CLASS_NOT_FOUND,            /* table, index or queue not found */
	ERROR_CLASS_CONDITION_FAILED,     /* a write's condition does not hold */
	ERROR_CLASS_CONFLICT,             /* a concurrent transaction has the item */
	ERROR_CLASS_TRANSACTION_CANCELED, /* see cancellation_reasons */
	ERROR_CLASS_LIMIT_EXCEEDED,       /* item, key, request or resource count over a limit */
	ERROR_CLASS_VALIDATION,           /* the request is not valid */
	ERROR_CLASS_KEY_NOT_FOUND,        /* no such KMS key, alias or grant */
	ERROR_CLASS_KEY_UNAVAILABLE,      /* a KMS key disabled, pending deletion */
	ERROR_CLASS_BAD_CIPHERTEXT,       /* a KMS ciphertext or context that does not fit */
	ERROR_CLASS_EXPIRED_ITERATOR,     /* a place in a stream that was asked for too long ago */
	ERROR_CLASS_TRIMMED,              /* records of a stream that are no longer kept */
	ERROR_CLASS_OTHER
} ErrorClass;

#define ERROR_MESSAGE_MAXIMUM 2048

typedef struct ServiceError
{
	ErrorClass class;
	int http_status;                     /* 0 when no response came */
	char code[ERROR_CODE_MAXIMUM];       /* "ResourceNotFoundException", without namespace; or "" */
	char message[ERROR_MESSAGE_MAXIMUM]; /* the service's words, cut at a character; or "" */
	char request_id[REQUEST_ID_MAXIMUM];
	/* JSON, borrowed from the body; no bytes when there is none. */
	Bytes item; /* an object: what a write's condition failed on, see item_decode() */
	Bytes cancellation_reasons; /* an array: see dynamodb_read_cancellation() */
	Bytes throttling_reasons;   /* objects of reason and resource: what limit was hit, on what */
	const char *hint;           /* the way out, static; NULL: the class's own */
	bool connected; /* the request was on its way; without a response, tells 08006 from 08001 */
} ServiceError;

/*
 * Reads a response with a status other than 200. `body` may be JSON, STS's XML, or anything at all
 * (a proxy's page): what cannot be read leaves code and message empty, and the status decides the
 * class.
 */
extern void service_error_parse(const HttpResponseHead *head, Bytes body, AwsService service,
                                ServiceError *error);

/*
 * The class of an AWS error code, and failing that of the status; of status 0, which is no
 * response, ERROR_CLASS_CONNECTION. Some codes mean several things that only the message tells
 * apart.
 */
extern ErrorClass service_error_classify(Bytes code, Bytes message, int http_status);

/* True when the table has the code. For the test that compares it with AWS's service models. */
extern bool service_error_code_is_known(Bytes code);

/* True when the class says nothing about whether a write took effect. */
extern bool error_class_is_ambiguous(ErrorClass class);

#endif
