/*
 * answer.h -- which bytes answer a request.
 *
 * Pure: request and image in, slices of the image out.  No I/O and no allocation, so every rule of
 * conditional, range and coding is tested and fuzzed without a socket.
 */
#ifndef TG_STATIC_ANSWER_H
#define TG_STATIC_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "image.h"
#include "request.h"

#define TG_ANSWER_LINE_MAX 256
#define TG_ANSWER_PARTS	   3

/* An answer is its own first line(s) and up to two runs of bytes that somebody else owns. */
struct tg_answer {
	uint16_t status;
	bool close;	   /* no further request will be read */
	uint16_t line_len; /* status line, Date, and what depends on the request */
	char line[TG_ANSWER_LINE_MAX];
	const uint8_t *run[TG_ANSWER_PARTS - 1];
	size_t run_len[TG_ANSWER_PARTS - 1];
	size_t body_len; /* bytes of body among them, for the log */
	uint8_t *owned;	 /* tg_malloc'ed and freed once sent, or NULL */
};

/* The text of a Date field for the current second. */
struct tg_date {
	time_t second;
	char text[40]; /* "Fri, 20 Nov 2026 11:34:28 GMT" */
};

/** tg_date_set(date, now): Render ${now} (UTC) if it is another second than before.  Locale-free. */
void tg_date_set(struct tg_date *date, time_t now);

/* What an answer depends on beside request and image. */
struct tg_site {
	struct tg_date date;
	/*
	 * False: the node file is given only to requests for a loopback host name, so that a page of another
	 * site cannot read it by letting its own name point here (DNS rebinding).
	 */
	bool any_host;
	/*
	 * Over TLS: tell browsers to insist on it (RFC 6797).  Never for a loopback name: that would bind
	 * every other program on that machine's ports, for a year.
	 */
	bool hsts;
};

/** tg_answer_request(image, req, site, out): Decide.  Cannot fail.  The runs point into ${image}. */
void tg_answer_request(const struct tg_image *image, const struct tg_request *req, const struct tg_site *site,
    struct tg_answer *out);

/**
 * tg_answer_status(image, status, with_body, close, date, out):
 * The page for ${status} (one of enum tg_page; unknown: 400).  ${with_body} false leaves the text out (HEAD).
 */
void tg_answer_status(const struct tg_image *image, int status, bool with_body, bool close,
    const struct tg_date *date, struct tg_answer *out);

/**
 * tg_answer_text(status, type, text, len, with_body, close, date, out):
 * An answer made for one request; takes ownership of ${text} (tg_malloc'ed, ${len} bytes).
 */
void tg_answer_text(int status, const char *type, uint8_t *text, size_t len, bool with_body, bool close,
    const struct tg_date *date, struct tg_answer *out);

/** tg_answer_is_loopback(host): Whether a Host field names this machine, with or without a port. */
bool tg_answer_is_loopback(struct tg_span host);

#endif
