/*
 * paste.h -- a hostile text into a document and out as HTML: whatever it is, the document takes every edit
 * and the page has only the tags and addresses that ours have.
 */
#ifndef TG_TESTS_FUZZ_PASTE_H
#define TG_TESTS_FUZZ_PASTE_H

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "cli/document.h"
#include "files/paste.h"
#include "fuzz/target.h"
#include "wire/writer.h"

static int
fuzz_take(void *ctx, const struct tg_buf *edits, uint32_t count)
{
	struct tg_buf all = {0};
	int rc;

	tg_write_array(&all, count);
	tg_buf_put(&all, edits->data, edits->len);
	rc = tg_doc_edit_msgpack(ctx, all.data, all.len, NULL, NULL);
	if (rc != TG_OK)
		abort();
	tg_buf_free(&all);
	return rc;
}

static void
fuzz_check_page(const char *p)
{
	static const char *const allowed[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "hr",
	    "blockquote", "ul", "ol", "li", "input", "a", "img", "br", "mark", "strong", "em", "s", "table",
	    "tr", "th", "td", "figure", "figcaption", "sup", "section"};

	while ((p = strchr(p, '<')) != NULL) {
		size_t n, ok = 0;

		p += 1 + (p[1] == '/');
		n = strcspn(p, " >");
		for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
			ok |= strlen(allowed[i]) == n && strncmp(allowed[i], p, n) == 0;
		if (!ok)
			abort();
		for (const char *a = p; *a != '>'; a++)
			if (*a == '\0' || strncasecmp(a, "=\"javascript:", 13) == 0)
				abort();
	}
}

static inline int
fuzz_paste(const uint8_t *data, size_t len, int (*reader)(struct tg_paste *p, const char *text, size_t len))
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	struct tg_buf out = {0};
	struct tg_document d;
	struct tg_doc *doc;
	struct tg_paste p;

	if (tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK || tg_doc_set_agent(doc, agent) != TG_OK)
		abort();
	tg_paste_init(&p, 0, 1, fuzz_take, doc);
	(void)reader(&p, (const char *)data, len);
	if (tg_paste_end(&p) != TG_OK)
		abort();
	tg_paste_free(&p);
	if (tg_document_read(doc, &d) != TG_OK)
		abort();
	tg_render_markdown(&d, &out);
	tg_buf_reset(&out);
	tg_render_html(&d, &out);
	tg_buf_u8(&out, 0);
	if (tg_buf_status(&out) != TG_OK)
		abort();
	fuzz_check_page(strstr((const char *)out.data, "</title>\n") + 9);
	tg_buf_free(&out);
	tg_document_free(&d);
	tg_doc_close(doc);
	return 0;
}

#endif
