/*
 * The HTTP request parser on hostile bytes, in two pieces and whole: both must say the same, nothing may
 * point outside the bytes given, and whatever is accepted must get an answer whose parts add up.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "answer.h"
#include "bounds.h"
#include "fuzz/target.h"

#define BYTES(s) (const uint8_t *)(s)

static const struct tg_image *
served(void)
{
	static struct tg_image *image;
	const struct tg_source_file files[] = {
	    {"/index.html", false, {BYTES("0123456789"), BYTES("gz"), BYTES("b")}, {10, 2, 1}},
	    {TG_NODE_PATH, true, {BYTES("{}")}, {2}},
	};

	if (image == NULL && tg_image_build(files, 2, &image) != TG_OK)
		abort();
	return image;
}

static void
check_span(struct tg_span span, const uint8_t *data, size_t used)
{
	/* The path of "http://host" is a constant "/"; all other spans are inside the head. */
	if (span.p != NULL && !(span.len == 1 && span.p[0] == '/') &&
	    (span.p < data || span.len > used || span.p - data > (ptrdiff_t)(used - span.len)))
		abort();
}

static void
check_answer(const struct tg_request *req)
{
	struct tg_site site = {.hsts = true};
	struct tg_answer answer;
	size_t runs;

	tg_date_set(&site.date, 0);
	tg_answer_request(served(), req, &site, &answer);
	runs = answer.run_len[0] + answer.run_len[1];
	if (answer.status < 200 || answer.status > 505 || answer.line_len > TG_ANSWER_LINE_MAX ||
	    answer.body_len > runs || runs > 4096 || answer.owned != NULL || answer.close != req->close ||
	    (req->method == TG_METHOD_HEAD && answer.body_len != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_scan whole = {0}, parts = {0};
	struct tg_request req, again;
	size_t used, used_again, cut;
	int rc, early;

	if (len == 0 || len > TG_READ_BYTES)
		return 0;
	rc = tg_request_read(&whole, data, len, &req, &used);
	if (rc == TG_OK) {
		if (used == 0 || used > len)
			abort();
		check_span(req.method_text, data, used);
		check_span(req.target, data, used);
		check_span(req.path, data, used);
		check_span(req.host, data, used);
		check_span(req.if_none_match, data, used);
		check_span(req.if_range, data, used);
		check_span(req.range, data, used);
		check_answer(&req);
	} else if (used != 0 || (rc != TG_ETRUNCATED && req.status < 400)) {
		abort();
	}

	/* The first byte chooses where to cut.  A refusal may come early; nothing else may. */
	cut = data[0] % len;
	early = tg_request_read(&parts, data, cut, &again, &used_again);
	if (early == TG_ETRUNCATED) {
		if (tg_request_read(&parts, data, len, &again, &used_again) != rc || used_again != used ||
		    again.status != req.status)
			abort();
	} else if (early == TG_OK ? rc != TG_OK || used_again != used : rc != early) {
		abort();
	}
	return 0;
}
