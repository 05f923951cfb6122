/*
 * request.h -- the head of an HTTP/1.x request, parsed from bytes.
 *
 * A pure function over bytes: no I/O, no allocation, no clock.  It is stricter than RFC 9112 asks where
 * leniency has led to request smuggling: lines end with CRLF and nothing else, no folding, no space before a
 * colon, one Host, no bodies at all.  "Not complete yet" and "malformed" are different results.
 */
#ifndef TG_STATIC_REQUEST_H
#define TG_STATIC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Codings a file may be held in, by falling preference among equal q-values from the end. */
enum tg_encoding {
	TG_IDENTITY,
	TG_GZIP,
	TG_BR,
	TG_ENCODINGS
};

enum tg_method {
	TG_METHOD_GET,
	TG_METHOD_HEAD,
	TG_METHOD_OPTIONS,
	TG_METHOD_OTHER
};

/* Borrowed bytes; p == NULL means absent. */
struct tg_span {
	const uint8_t *p;
	size_t len;
};

/* Where a search for the end of the head stands.  Zero it before each request. */
struct tg_scan {
	uint16_t line; /* offset of the line that is not complete yet */
	uint8_t lines; /* complete lines so far, the request line included */
	bool skipped;  /* one empty line came first (RFC 9112 2.2) */
};

/* A request.  All spans point into the caller's bytes and live as long as those. */
struct tg_request {
	enum tg_method method;
	struct tg_span method_text;
	struct tg_span target; /* as sent */
	struct tg_span path;   /* from the first slash up to a "?"; "*" only with OPTIONS */
	struct tg_span host;   /* the authority asked for, without user part; absent only in HTTP/1.0 */
	struct tg_span if_none_match;
	struct tg_span if_range;
	struct tg_span range;
	uint16_t q[TG_ENCODINGS]; /* q-values x 1000; 0: not wanted */
	uint8_t minor;		  /* of HTTP/1.minor */
	bool close;		  /* the client will not send another request, or may not */
	int status;		  /* after a failure: the HTTP status to answer before closing */
};

/**
 * tg_request_read(scan, data, len, req, used):
 * Parse the request at the start of ${data}[0 .. ${len}).  ${scan} remembers how far earlier calls looked, so
 * a head that trickles in costs linear time; the caller keeps the bytes and passes them all again, with more
 * behind.  ${len} <= 65535.
 *
 * Returns
 *   TG_OK          ${req} is filled, *used bytes belong to it (never 0).
 *   TG_ETRUNCATED  the head is not complete; nothing else was set.
 *   TG_EFORMAT     malformed; req->status is 400 or 505.
 *   TG_ETOOBIG     over a limit; req->status is 413 (a body), 414 or 431.
 * After a failure the connection cannot be used for a further request.
 */
int tg_request_read(struct tg_scan *scan, const uint8_t *data, size_t len, struct tg_request *req,
    size_t *used) __attribute__((warn_unused_result));

/** tg_span_is(span, text): Whether the bytes are exactly ${text}.  tg_span_is_nocase: ASCII case ignored. */
bool tg_span_is(struct tg_span span, const char *text);
bool tg_span_is_nocase(struct tg_span span, const char *text);

/**
 * tg_request_list_next(list, item):
 * Take the next comma-separated item off ${list}, trimmed, empty ones skipped.  False at the end.  Commas
 * inside quoted strings do not separate.
 */
bool tg_request_list_next(struct tg_span *list, struct tg_span *item);

#endif
