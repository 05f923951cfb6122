/* The request parser: what is accepted, what each limit refuses, and that pieces give the same as the whole.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "bounds.h"
#include "request.h"
#include "suite.h"

static struct tg_request req;
static size_t used;

static int
parse_bytes(const char *text, size_t len)
{
	struct tg_scan scan = {0};

	return tg_request_read(&scan, (const uint8_t *)text, len, &req, &used);
}

static int
parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* A refused head: the code, and the HTTP status it stands for. */
static void
refused(const char *text, int status)
{
	int rc = parse(text);

	ck_assert_msg(
	    rc == (status == 400 || status == 505 ? TG_EFORMAT : TG_ETOOBIG) && req.status == status,
	    "%s: rc %d status %d, wanted %d", text, rc, req.status, status);
	ck_assert_uint_eq(used, 0);
}

static void
accepted(const char *text)
{
	ck_assert_msg(parse(text) == TG_OK, "%s: status %d", text, req.status);
	ck_assert_uint_eq(used, strlen(text));
}

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n"

START_TEST(a_plain_request_is_understood)
{
	accepted("GET /a/b.js?x=1 HTTP/1.1\r\nHost: localhost:8080\r\nRange: bytes=0-1\r\nIf-Range: \"e\"\r\n"
		 "If-None-Match: \"a\", \"b\"\r\n\r\n");
	ck_assert(req.method == TG_METHOD_GET && req.minor == 1 && !req.close);
	ck_assert(tg_span_is(req.path, "/a/b.js") && tg_span_is(req.target, "/a/b.js?x=1"));
	ck_assert(tg_span_is(req.host, "localhost:8080") && tg_span_is(req.range, "bytes=0-1"));
	ck_assert(tg_span_is(req.if_range, "\"e\"") && tg_span_is(req.if_none_match, "\"a\", \"b\""));
}
END_TEST

START_TEST(methods_are_case_sensitive_tokens)
{
	accepted("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(req.method == TG_METHOD_HEAD);
	accepted("get / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(req.method == TG_METHOD_OTHER);
	accepted("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(req.method == TG_METHOD_OTHER);
	refused("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("ABCDEFGHIJKLMNOPQRSTUVWXY / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused(" / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}
END_TEST

START_TEST(targets_are_origin_absolute_or_star)
{
	accepted("GET http://example.org/x HTTP/1.1\r\nHost: other\r\n\r\n");
	ck_assert(tg_span_is(req.path, "/x") && tg_span_is(req.host, "example.org"));
	accepted("GET https://example.org:1?q HTTP/1.1\r\nHost: other\r\n\r\n");
	ck_assert(tg_span_is(req.path, "/") && tg_span_is(req.host, "example.org:1"));
	accepted("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert(tg_span_is(req.path, "*"));
	refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET ftp://x/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET http://u@h/ HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}
END_TEST

START_TEST(versions_are_1_x)
{
	accepted("GET / HTTP/1.0\r\n\r\n");
	ck_assert(req.close && req.minor == 0);
	accepted("GET / HTTP/1.9\r\nHost: a\r\n\r\n");
	refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
	refused("PRI * HTTP/2.0\r\n\r\n", 505);
	refused("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400);
	refused("GET / http/1.1\r\nHost: a\r\n\r\n", 400);
	refused("GET /\r\n\r\n", 400);
	refused("GET / HTTP/x.1\r\n\r\n", 400);
}
END_TEST

START_TEST(a_line_ends_with_crlf_and_nothing_else)
{
	refused("GET / HTTP/1.1\nHost: a\n\n", 400);
	refused(HEAD "A: b\n\r\n", 400);
	refused(HEAD "A: b\r\n\n", 400);
	refused(HEAD "A: b\rc\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400);
	refused(HEAD "A: b\r\r\n\r\n", 400);
	accepted("\r\n" HEAD "\r\n");
	refused("\r\n\r\n" HEAD "\r\n", 400);
}
END_TEST

START_TEST(fields_that_two_parsers_could_read_differently_are_refused)
{
	refused(HEAD "A : b\r\n\r\n", 400);
	refused(HEAD " folded: b\r\n\r\n", 400);
	refused(HEAD "A: b\r\n c\r\n\r\n", 400);
	refused(HEAD "A: b\r\n\tc\r\n\r\n", 400);
	refused(HEAD ": b\r\n\r\n", 400);
	refused(HEAD "no colon\r\n\r\n", 400);
	refused(HEAD "A(: b\r\n\r\n", 400);
	refused(HEAD "A: \x01\r\n\r\n", 400);
	ck_assert_int_eq(parse_bytes(HEAD "A: \0\r\n\r\n", sizeof(HEAD "A: \0\r\n\r\n") - 1), TG_EFORMAT);
	accepted(HEAD "A:\r\n\r\n");
	accepted(HEAD "A: \xc3\xa4\tb \r\n\r\n");
}
END_TEST

START_TEST(one_host_with_1_1)
{
	refused("GET / HTTP/1.1\r\n\r\n", 400);
	refused(HEAD "Host: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
	accepted("GET / HTTP/1.1\r\nhOsT:\t[::1]:80 \r\n\r\n");
	ck_assert(tg_span_is(req.host, "[::1]:80"));
}
END_TEST

START_TEST(bodies_are_refused)
{
	accepted(HEAD "Content-Length: 0\r\n\r\n");
	refused(HEAD "Content-Length: 1\r\n\r\nx", 413);
	refused(HEAD "Content-Length: 000010\r\n\r\n", 413);
	refused(HEAD "Content-Length: 99999999999999999999999\r\n\r\n", 413);
	refused(HEAD "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400);
	refused(HEAD "Content-Length: 0, 0\r\n\r\n", 400);
	refused(HEAD "Content-Length: -1\r\n\r\n", 400);
	refused(HEAD "Content-Length: +0\r\n\r\n", 400);
	refused(HEAD "Content-Length:\r\n\r\n", 400);
	refused(HEAD "Transfer-Encoding: chunked\r\n\r\n", 413);
	refused(HEAD "Transfer-Encoding: CHUNKED\r\n\r\n", 413);
	refused(HEAD "Transfer-Encoding: chunked, gzip\r\n\r\n", 400);
	refused(HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
	refused(HEAD "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400);
	refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}
END_TEST

START_TEST(connection_options_are_a_list)
{
	accepted(HEAD "Connection: keep-alive, Close\r\n\r\n");
	ck_assert(req.close);
	accepted(HEAD "Connection: foo\r\nConnection: close\r\n\r\n");
	ck_assert(req.close);
	accepted(HEAD "Connection: closed\r\n\r\n");
	ck_assert(!req.close);
}
END_TEST

static void
codings(const char *value, int identity, int gzip, int br)
{
	char text[512];

	snprintf(text, sizeof text, HEAD "Accept-Encoding: %s\r\n\r\n", value);
	accepted(text);
	ck_assert_msg(req.q[TG_IDENTITY] == identity && req.q[TG_GZIP] == gzip && req.q[TG_BR] == br,
	    "%s: %d %d %d", value, req.q[TG_IDENTITY], req.q[TG_GZIP], req.q[TG_BR]);
}

START_TEST(q_values_are_weighed)
{
	accepted(HEAD "\r\n");
	ck_assert(req.q[TG_IDENTITY] == 1000 && req.q[TG_GZIP] == 0 && req.q[TG_BR] == 0);
	codings("gzip, deflate, br, zstd", 1, 1000, 1000);
	codings("br;q=0.5, gzip;q=0.25", 1, 250, 500);
	codings("GZIP ; Q=0.125", 1, 125, 0);
	codings("*", 1000, 1000, 1000);
	codings("*;q=0", 0, 0, 0);
	codings("*;q=0.1, br;q=0", 100, 100, 0);
	codings("identity;q=0", 0, 0, 0);
	codings("identity, br;q=0.9", 1000, 0, 900);
	codings("", 1, 0, 0);
	codings("br;q=1.001, gzip;q=2, identity;q=.5", 1, 0, 0);
	codings("br;q=, gzip;x=1", 1, 0, 0);
	accepted(HEAD "Accept-Encoding: br\r\nAccept-Encoding: gzip;q=0.5\r\n\r\n");
	ck_assert(req.q[TG_BR] == 1000 && req.q[TG_GZIP] == 500);
}
END_TEST

START_TEST(conditions_sent_twice_are_dropped)
{
	accepted(HEAD "If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\n\r\n");
	ck_assert(req.if_none_match.p == NULL);
	accepted(HEAD "Range: bytes=0-1\r\nRange: bytes=0-1\r\nIf-Range: \"a\"\r\n\r\n");
	ck_assert(req.range.p == NULL && req.if_range.p == NULL);
}
END_TEST

static char big[65536];

static char *
fill(char *p, const char *text)
{
	memcpy(p, text, strlen(text) + 1);
	return p + strlen(text);
}

static char *
pad(char *p, size_t n)
{
	memset(p, 'x', n);
	p[n] = '\0';
	return p + n;
}

START_TEST(a_request_line_has_4_kib)
{
	char *p;

	p = pad(fill(big, "GET /"), TG_REQUEST_LINE_MAX - 14);
	fill(p, " HTTP/1.1\r\nHost: a\r\n\r\n");
	accepted(big);
	p = pad(fill(big, "GET /"), TG_REQUEST_LINE_MAX - 13);
	fill(p, " HTTP/1.1\r\nHost: a\r\n\r\n");
	refused(big, 414);
	/* Without its end in sight, too. */
	pad(fill(big, "GET /"), TG_REQUEST_LINE_MAX);
	refused(big, 414);
}
END_TEST

START_TEST(a_head_has_16_kib)
{
	size_t room = TG_REQUEST_HEAD_MAX - strlen(HEAD "A: \r\n\r\n");

	fill(pad(fill(big, HEAD "A: "), room), "\r\n\r\n");
	accepted(big);
	fill(pad(fill(big, HEAD "A: "), room + 1), "\r\n\r\n");
	refused(big, 431);
	pad(fill(big, HEAD "A: "), TG_REQUEST_HEAD_MAX);
	refused(big, 431);
}
END_TEST

START_TEST(a_head_has_64_fields)
{
	char *p = fill(big, HEAD);
	int i;

	for (i = 1; i < TG_REQUEST_FIELDS; i++)
		p = fill(p, "A: b\r\n");
	fill(p, "\r\n");
	accepted(big);
	fill(p, "A: b\r\n\r\n");
	refused(big, 431);
	fill(p, "A: b\r\n"); /* the end need not be there */
	refused(big, 431);
}
END_TEST

START_TEST(what_is_no_http_is_refused_at_its_first_byte)
{
	ck_assert_int_eq(parse_bytes("\x16\x03\x01", 3), TG_EFORMAT);
	ck_assert_int_eq(parse_bytes("\0", 1), TG_EFORMAT);
	ck_assert_int_eq(parse_bytes("", 0), TG_ETRUNCATED);
}
END_TEST

START_TEST(every_prefix_is_only_incomplete)
{
	const char *text = "\r\nGET /a?b HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n";
	size_t i;

	for (i = 0; i < strlen(text); i++)
		ck_assert_int_eq(parse_bytes(text, i), TG_ETRUNCATED);
	accepted(text);
}
END_TEST

START_TEST(pieces_of_any_size_give_what_the_whole_gives)
{
	const char *text = "GET /a HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\nHEAD /b HTTP/1.1\r\nHost: b\r\n\r\n";
	struct tg_scan scan;
	size_t step, have, start, n = strlen(text);
	int found;

	for (step = 1; step <= n; step++) {
		memset(&scan, 0, sizeof scan);
		start = 0;
		found = 0;
		for (have = step;; have += step) {
			if (have > n)
				have = n;
			while (tg_request_read(&scan, (const uint8_t *)text + start, have - start, &req,
				   &used) == TG_OK) {
				ck_assert(tg_span_is(req.path, found == 0 ? "/a" : "/b"));
				memset(&scan, 0, sizeof scan);
				start += used;
				found++;
			}
			if (have == n)
				break;
		}
		ck_assert_int_eq(found, 2);
		ck_assert_uint_eq(start, n);
	}
}
END_TEST

START_TEST(random_bytes_never_crash_and_never_loop)
{
	static const char alphabet[] = "GETHEAD /\r\n\r\n:*?#,;q=0.1bytes=- HTTP/1.1Host: a\"W/";
	unsigned seed = 1, round;
	size_t i, len;
	struct tg_scan scan;

	for (round = 0; round < 20000; round++) {
		len = (seed = seed * 1103515245 + 12345) >> 16 & 127;
		for (i = 0; i < len; i++) {
			seed = seed * 1103515245 + 12345;
			big[i] = seed >> 28 == 0 ? (char)(seed >> 16)
						 : alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		memset(&scan, 0, sizeof scan);
		if (tg_request_read(&scan, (const uint8_t *)big, len, &req, &used) == TG_OK)
			ck_assert(used > 0 && used <= len);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_request");
	TCase *tc = tcase_create("head");

	tcase_add_test(tc, a_plain_request_is_understood);
	tcase_add_test(tc, methods_are_case_sensitive_tokens);
	tcase_add_test(tc, targets_are_origin_absolute_or_star);
	tcase_add_test(tc, versions_are_1_x);
	tcase_add_test(tc, a_line_ends_with_crlf_and_nothing_else);
	tcase_add_test(tc, fields_that_two_parsers_could_read_differently_are_refused);
	tcase_add_test(tc, one_host_with_1_1);
	tcase_add_test(tc, bodies_are_refused);
	tcase_add_test(tc, connection_options_are_a_list);
	tcase_add_test(tc, q_values_are_weighed);
	tcase_add_test(tc, conditions_sent_twice_are_dropped);
	tcase_add_test(tc, a_request_line_has_4_kib);
	tcase_add_test(tc, a_head_has_16_kib);
	tcase_add_test(tc, a_head_has_64_fields);
	tcase_add_test(tc, what_is_no_http_is_refused_at_its_first_byte);
	tcase_add_test(tc, every_prefix_is_only_incomplete);
	tcase_add_test(tc, pieces_of_any_size_give_what_the_whole_gives);
	tcase_add_test(tc, random_bytes_never_crash_and_never_loop);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
