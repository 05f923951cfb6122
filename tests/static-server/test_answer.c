/* Which bytes answer a request: coding, conditions, ranges, methods, and what a head must carry. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "answer.h"
#include "base/mem.h"
#include "names.h"
#include "suite.h"

static struct tg_image *image;
static struct tg_site site;
static struct tg_answer answer;
static char text[16384]; /* the whole answer */
static const char *body;
static size_t body_len;

static const char index_html[] = "<!doctype html><title>toygrid</title>";
static const char app_plain[] = "0123456789abcdefghij";
static const char app_gzip[] = "gzip-bytes";
static const char app_br[] = "br-bytes";

#define APP	"/app-A1B2C3D4.js"
#define DATA(s) (const uint8_t *)(s)

static void
setup(void)
{
	const struct tg_source_file files[] = {
	    {"/index.html", false, {DATA(index_html)}, {sizeof index_html - 1}},
	    {APP, false, {DATA(app_plain), DATA(app_gzip), DATA(app_br)},
		{sizeof app_plain - 1, sizeof app_gzip - 1, sizeof app_br - 1}},
	    {"/empty.css", false, {DATA("")}, {0}},
	    {TG_NODE_PATH, true, {DATA("{}")}, {2}},
	};

	ck_assert_int_eq(tg_image_build(files, 4, &image), TG_OK);
	memset(&site, 0, sizeof site);
	tg_date_set(&site.date, 1763638468);
}

static void
teardown(void)
{
	tg_image_unref(image);
}

static int
ask(const char *method, const char *path, const char *fields)
{
	struct tg_scan scan = {0};
	struct tg_request req;
	char request[4096], *end;
	size_t used, n = 0;
	int k;

	snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%s%s\r\n", method, path,
	    strstr(fields, "Host:") ? "" : "Host: localhost:8080\r\n", fields);
	ck_assert_int_eq(tg_request_read(&scan, DATA(request), strlen(request), &req, &used), TG_OK);
	tg_answer_request(image, &req, &site, &answer);
	memcpy(text, answer.line, n = answer.line_len);
	for (k = 0; k < TG_ANSWER_PARTS - 1; k++) {
		if (answer.run_len[k] > 0)
			memcpy(text + n, answer.run[k], answer.run_len[k]);
		n += answer.run_len[k];
	}
	text[n] = '\0';
	ck_assert_ptr_nonnull(end = strstr(text, "\r\n\r\n"));
	body = end + 4;
	body_len = n - (size_t)(body - text);
	ck_assert_uint_eq(body_len, answer.body_len);
	return answer.status;
}

/* The value of a field, or NULL.  A field twice is a failure. */
static const char *
field(const char *name)
{
	static char value[1024];
	char line[64];
	const char *p, *q;

	snprintf(line, sizeof line, "\r\n%s: ", name);
	if ((p = strstr(text, line)) == NULL || p >= body)
		return NULL;
	p += strlen(line);
	q = strstr(p, line);
	ck_assert_msg(q == NULL || q >= body, "%s twice", name);
	snprintf(value, sizeof value, "%.*s", (int)(strstr(p, "\r\n") - p), p);
	return value;
}

#define HAS(name, wanted) ck_assert_pstr_eq(field(name), wanted)

static char etag[128];

static const char *
etag_of(const char *path, const char *fields)
{
	ask("GET", path, fields);
	snprintf(etag, sizeof etag, "%s", field("ETag"));
	return etag;
}

START_TEST(a_file_comes_with_its_headers)
{
	ck_assert_int_eq(ask("GET", "/", ""), 200);
	ck_assert(strncmp(text, "HTTP/1.1 200 OK\r\n", 17) == 0);
	ck_assert_str_eq(body, index_html);
	HAS("Date", "Thu, 20 Nov 2025 11:34:28 GMT");
	HAS("Content-Type", "text/html; charset=utf-8");
	HAS("Content-Length", "37");
	HAS("Cache-Control", "no-cache");
	HAS("X-Content-Type-Options", "nosniff");
	HAS("Referrer-Policy", "no-referrer");
	HAS("Cross-Origin-Opener-Policy", "same-origin");
	HAS("Cross-Origin-Embedder-Policy", "require-corp");
	HAS("Cross-Origin-Resource-Policy", "same-origin");
	HAS("Accept-Ranges", "bytes");
	HAS("Vary", NULL);
	HAS("Access-Control-Allow-Origin", NULL);
	HAS("Set-Cookie", NULL);
	ck_assert_ptr_nonnull(
	    strstr(field("Content-Security-Policy"), "script-src 'self' 'wasm-unsafe-eval';"));
	ck_assert_ptr_nonnull(strstr(field("Content-Security-Policy"), "ws://localhost:*"));
	ck_assert_ptr_nonnull(strstr(field("Permissions-Policy"), "camera=()"));
	ck_assert_int_eq(ask("GET", "/index.html", ""), 200);
}
END_TEST

START_TEST(the_etag_is_the_sha256_of_the_bytes_sent)
{
	/* as printed by sha256sum */
	ck_assert_str_eq(
	    etag_of(APP, ""), "\"6bc14bdc4517a7a682c6910de2e2946eb8e1ecd04090728fef6d092a7ceb62c5\"");
}
END_TEST

START_TEST(a_hashed_name_is_immutable_and_open_to_all_origins)
{
	ask("GET", APP, "");
	HAS("Cache-Control", "public, max-age=31536000, immutable");
	HAS("Access-Control-Allow-Origin", "*");
	HAS("Cross-Origin-Resource-Policy", "cross-origin");
	HAS("Vary", "Accept-Encoding");
}
END_TEST

static void
chosen(const char *accept, const char *wanted, const char *encoding)
{
	char fields[256];

	snprintf(fields, sizeof fields, "Accept-Encoding: %s\r\n", accept);
	ck_assert_int_eq(ask("GET", APP, fields), 200);
	ck_assert_msg(strcmp(body, wanted) == 0, "%s gave %s", accept, body);
	HAS("Content-Encoding", encoding);
}

START_TEST(the_best_coding_is_chosen)
{
	chosen("gzip, deflate, br", app_br, "br");
	chosen("gzip", app_gzip, "gzip");
	chosen("br;q=0.5, gzip", app_gzip, "gzip");
	chosen("br;q=0.5, gzip;q=0.5", app_br, "br");
	chosen("identity, br;q=0.9", app_plain, NULL);
	chosen("deflate", app_plain, NULL);
	chosen("*", app_br, "br");
	chosen("*;q=0", app_plain, NULL);
	chosen("br;q=0, gzip;q=0", app_plain, NULL);
	/* A file without twins is sent as it is. */
	ask("GET", "/", "Accept-Encoding: br, gzip\r\n");
	HAS("Content-Encoding", NULL);
}
END_TEST

START_TEST(each_coding_has_its_own_etag)
{
	char plain[128];

	snprintf(plain, sizeof plain, "%s", etag_of(APP, ""));
	ck_assert_str_ne(plain, etag_of(APP, "Accept-Encoding: br\r\n"));
	ck_assert_str_ne(plain, etag_of(APP, "Accept-Encoding: gzip\r\n"));
}
END_TEST

static int
ask_with_etag(const char *method, const char *format, const char *more)
{
	char fields[512], line[256];

	snprintf(line, sizeof line, format, etag_of(APP, more));
	snprintf(fields, sizeof fields, "%s%s", line, more);
	return ask(method, APP, fields);
}

START_TEST(a_known_etag_gives_304)
{
	ck_assert_int_eq(ask_with_etag("GET", "If-None-Match: %s\r\n", ""), 304);
	ck_assert_uint_eq(body_len, 0);
	HAS("ETag", etag);
	HAS("Cache-Control", "public, max-age=31536000, immutable");
	HAS("Vary", "Accept-Encoding");
	HAS("Content-Length", NULL);
	ck_assert_int_eq(ask_with_etag("HEAD", "If-None-Match: \"x\", W/%s\r\n", ""), 304);
	ck_assert_int_eq(ask_with_etag("GET", "If-None-Match: %s\r\n", "Accept-Encoding: br\r\n"), 304);
	ck_assert_int_eq(ask("GET", APP, "If-None-Match: *\r\n"), 304);
	ck_assert_int_eq(ask("GET", APP, "If-None-Match: \"x\"\r\n"), 200);
	ck_assert_int_eq(ask("GET", "/none", "If-None-Match: *\r\n"), 404);
	/* The tag of one coding does not stand for another. */
	etag_of(APP, "Accept-Encoding: br\r\n");
	snprintf(text, sizeof text, "If-None-Match: %s\r\n", etag);
	ck_assert_int_eq(ask("GET", APP, strcpy((char[256]){0}, text)), 200);
}
END_TEST

static void
range(const char *value, int status, const char *content, const char *content_range)
{
	char fields[256];

	snprintf(fields, sizeof fields, "Range: %s\r\n", value);
	ck_assert_msg(ask("GET", APP, fields) == status, "%s gave %d", value, answer.status);
	if (content != NULL)
		ck_assert_str_eq(body, content);
	HAS("Content-Range", content_range);
}

START_TEST(one_range_is_served)
{
	range("bytes=0-3", 206, "0123", "bytes 0-3/20");
	HAS("Content-Length", "4");
	range("bytes=18-", 206, "ij", "bytes 18-19/20");
	range("bytes=-3", 206, "hij", "bytes 17-19/20");
	range("bytes=-100", 206, app_plain, "bytes 0-19/20");
	range("bytes=5-1000000000000000000000000", 206, "56789abcdefghij", "bytes 5-19/20");
	range("Bytes=0-0", 206, "0", "bytes 0-0/20");
}
END_TEST

START_TEST(a_range_outside_is_416)
{
	range("bytes=20-", 416, NULL, "bytes */20");
	range("bytes=-0", 416, NULL, "bytes */20");
	range("bytes=99999999999999999999999999-", 416, NULL, "bytes */20");
	ck_assert_int_eq(ask("GET", "/empty.css", "Range: bytes=0-\r\n"), 416);
	ck_assert_int_eq(ask("GET", "/empty.css", "Range: bytes=-1\r\n"), 416);
}
END_TEST

START_TEST(other_ranges_are_ignored)
{
	range("bytes=0-1,3-4", 200, app_plain, NULL);
	range("bytes=3-1", 200, app_plain, NULL);
	range("bytes=", 200, app_plain, NULL);
	range("bytes=-", 200, app_plain, NULL);
	range("bytes=a-b", 200, app_plain, NULL);
	range("lines=0-1", 200, app_plain, NULL);
	range("bytes=0-1x", 200, app_plain, NULL);
	ck_assert_int_eq(ask("HEAD", APP, "Range: bytes=0-1\r\n"), 200);
}
END_TEST

START_TEST(a_range_is_of_the_chosen_coding)
{
	ck_assert_int_eq(ask("GET", APP, "Accept-Encoding: br\r\nRange: bytes=0-1\r\n"), 206);
	ck_assert_str_eq(body, "br");
	HAS("Content-Encoding", "br");
	HAS("Content-Range", "bytes 0-1/8");
}
END_TEST

START_TEST(if_range_compares_strongly)
{
	ck_assert_int_eq(ask_with_etag("GET", "Range: bytes=0-1\r\nIf-Range: %s\r\n", ""), 206);
	ck_assert_int_eq(ask_with_etag("GET", "Range: bytes=0-1\r\nIf-Range: W/%s\r\n", ""), 200);
	ck_assert_int_eq(
	    ask("GET", APP, "Range: bytes=0-1\r\nIf-Range: Fri, 20 Nov 2026 11:34:28 GMT\r\n"), 200);
	/* A condition that gives 304 is looked at before the range (RFC 9110 13.2.2). */
	ck_assert_int_eq(ask_with_etag("GET", "Range: bytes=0-1\r\nIf-None-Match: %s\r\n", ""), 304);
}
END_TEST

START_TEST(head_is_get_without_the_body)
{
	char get[sizeof text];

	ask("GET", APP, "");
	snprintf(get, sizeof get, "%.*s", (int)(body - text), text);
	ck_assert_int_eq(ask("HEAD", APP, ""), 200);
	ck_assert_str_eq(text, get);
	ck_assert_int_eq(ask("HEAD", "/none", ""), 404);
	ck_assert_uint_eq(body_len, 0);
	HAS("Content-Length", "10");
}
END_TEST

START_TEST(other_methods_are_told_what_there_is)
{
	ck_assert_int_eq(ask("POST", "/", ""), 405);
	HAS("Allow", "GET, HEAD, OPTIONS");
	ck_assert_int_eq(ask("get", "/", ""), 405);
	ck_assert_int_eq(ask("OPTIONS", "/", ""), 204);
	HAS("Allow", "GET, HEAD, OPTIONS");
	HAS("Content-Length", NULL);
	ck_assert_int_eq(ask("OPTIONS", "*", ""), 204);
	ck_assert_int_eq(ask("OPTIONS", "/none", ""), 404);
}
END_TEST

START_TEST(only_exact_paths_exist)
{
	static const char *const paths[] = {"/app-a1b2c3d4.js", "//index.html", "/./index.html",
	    "/index.html/", "/%69ndex.html", "/../index.html", "/..%2f..%2fetc/passwd", "/index.html%00",
	    "/app-A1B2C3D4.js.br", "/app-A1B2C3D4.js.gz", "/\\..\\x", "/;/index.html",
	    "/.well-known/toygrid/node/"};
	size_t i;

	for (i = 0; i < sizeof paths / sizeof paths[0]; i++)
		ck_assert_msg(ask("GET", paths[i], "") == 404, "%s", paths[i]);
	ck_assert_int_eq(ask("GET", "/index.html?../../x", ""), 200);
}
END_TEST

START_TEST(the_node_file_is_not_for_other_names)
{
	static const char *const good[] = {
	    "localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "[::1]:80"};
	static const char *const bad[] = {"example.org", "localhost.example.org", "127.0.0.1.example.org",
	    "127.0.0.2", "localhostx:80", ":80", "::1"};
	char fields[128];
	size_t i;

	for (i = 0; i < sizeof good / sizeof good[0]; i++) {
		snprintf(fields, sizeof fields, "Host: %s\r\n", good[i]);
		ck_assert_msg(ask("GET", TG_NODE_PATH, fields) == 200, "%s", good[i]);
		HAS("Content-Type", "application/json");
		HAS("Cross-Origin-Resource-Policy", "same-origin");
		HAS("Access-Control-Allow-Origin", NULL);
	}
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(fields, sizeof fields, "Host: %s\r\n", bad[i]);
		ck_assert_msg(ask("GET", TG_NODE_PATH, fields) == 421, "%s", bad[i]);
		ck_assert_int_eq(ask("GET", "/", fields), 200);
	}
	site.any_host = true;
	ck_assert_int_eq(ask("GET", TG_NODE_PATH, "Host: example.org\r\n"), 200);
}
END_TEST

START_TEST(hsts_is_said_over_tls_and_never_to_loopback)
{
	ask("GET", "/", "Host: example.org\r\n");
	HAS("Strict-Transport-Security", NULL);
	site.hsts = true;
	ask("GET", "/", "Host: example.org\r\n");
	HAS("Strict-Transport-Security", "max-age=31536000");
	ask("GET", "/", "Host: example.org\r\nRange: bytes=0-1\r\nConnection: close\r\n");
	HAS("Strict-Transport-Security", "max-age=31536000");
	ask("GET", "/none", "Host: example.org\r\n");
	HAS("Strict-Transport-Security", "max-age=31536000");
	ask("GET", "/", "Host: localhost:8443\r\n");
	HAS("Strict-Transport-Security", NULL);
}
END_TEST

START_TEST(closing_is_announced)
{
	ask("GET", "/", "Connection: close\r\n");
	HAS("Connection", "close");
	ck_assert(answer.close);
	ask("GET", "/", "");
	HAS("Connection", NULL);
	ck_assert(!answer.close);
}
END_TEST

START_TEST(every_status_page_fits_and_is_whole)
{
	static const int statuses[] = {204, 400, 404, 405, 408, 413, 414, 416, 421, 429, 431, 503, 505};
	size_t i;

	for (i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		tg_answer_status(image, statuses[i], true, true, &site.date, &answer);
		ck_assert_int_eq(answer.status, statuses[i]);
		ck_assert(answer.line_len < TG_ANSWER_LINE_MAX - 64);
		ck_assert(answer.run_len[0] > answer.body_len);
		ck_assert((statuses[i] == 204) == (answer.body_len == 0));
	}
	tg_answer_status(image, 999, true, true, &site.date, &answer);
	ck_assert_int_eq(answer.status, 400);
}
END_TEST

START_TEST(a_path_twice_is_refused_and_no_allocation_may_fail_badly)
{
	const struct tg_source_file twice[] = {
	    {"/a", false, {DATA("x")}, {1}}, {"/a", false, {DATA("y")}, {1}}};
	struct tg_image *other;
	long n;
	int rc = TG_ENOMEM;

	ck_assert_int_eq(tg_image_build(twice, 2, &other), TG_EEXISTS);
	ck_assert_ptr_null(other);
	for (n = 0; rc == TG_ENOMEM; n++) {
		tg_mem_fail_after(n);
		rc = tg_image_build(twice, 1, &other);
		tg_mem_fail_after(-1);
	}
	ck_assert_int_eq(rc, TG_OK);
	ck_assert_int_gt(n, 1);
	tg_image_unref(other);
}
END_TEST

START_TEST(names_tell_type_safety_and_hash)
{
	static const char *const unsafe[] = {"", "/a", "a/", "a//b", ".a", "a/.b", "..", "a/../b", "a b",
	    "a%b", "a\\b", "\xc3\xa4", "a:b", "a\n"};
	static const char *const hashed[] = {
	    "app-ABCDEFGH.js", "a/chunk-0a1b2c3d4e.css", "x-y-Z2345678.min.js"};
	static const char *const plain[] = {"my-document.js", "app-ABCDEFG.js", "app-ABCDEFGH",
	    "appABCDEFGH1.js", "index-ABCD1234.html", "a-ABCD1234.d/x.js", "app-ABCD_1234.js"};
	size_t i;

	for (i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
		ck_assert_msg(!tg_name_is_safe(unsafe[i]), "%s", unsafe[i]);
	ck_assert(tg_name_is_safe("assets/app-A1.min.js") && tg_name_is_safe("a..b"));
	for (i = 0; i < sizeof hashed / sizeof hashed[0]; i++)
		ck_assert_msg(tg_name_is_hashed(hashed[i]), "%s", hashed[i]);
	for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
		ck_assert_msg(!tg_name_is_hashed(plain[i]), "%s", plain[i]);
	ck_assert_str_eq(tg_name_type("a.b/x.wasm"), "application/wasm");
	ck_assert_str_eq(tg_name_type("a.js/x"), "application/octet-stream");
	ck_assert_str_eq(tg_name_type("x.webmanifest"), "application/manifest+json");
	ck_assert(tg_name_is_active("a.js") && tg_name_is_active("a.svg") && !tg_name_is_active("a.css"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("static_answer");
	TCase *tc = tcase_create("answer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_comes_with_its_headers);
	tcase_add_test(tc, the_etag_is_the_sha256_of_the_bytes_sent);
	tcase_add_test(tc, a_hashed_name_is_immutable_and_open_to_all_origins);
	tcase_add_test(tc, the_best_coding_is_chosen);
	tcase_add_test(tc, each_coding_has_its_own_etag);
	tcase_add_test(tc, a_known_etag_gives_304);
	tcase_add_test(tc, one_range_is_served);
	tcase_add_test(tc, a_range_outside_is_416);
	tcase_add_test(tc, other_ranges_are_ignored);
	tcase_add_test(tc, a_range_is_of_the_chosen_coding);
	tcase_add_test(tc, if_range_compares_strongly);
	tcase_add_test(tc, head_is_get_without_the_body);
	tcase_add_test(tc, other_methods_are_told_what_there_is);
	tcase_add_test(tc, only_exact_paths_exist);
	tcase_add_test(tc, the_node_file_is_not_for_other_names);
	tcase_add_test(tc, hsts_is_said_over_tls_and_never_to_loopback);
	tcase_add_test(tc, closing_is_announced);
	tcase_add_test(tc, every_status_page_fits_and_is_whole);
	tcase_add_test(tc, a_path_twice_is_refused_and_no_allocation_may_fail_badly);
	tcase_add_test(tc, names_tell_type_safety_and_hash);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
