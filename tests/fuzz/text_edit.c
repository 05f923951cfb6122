/*
 * Two people whose pages are mad: any bytes as edits, at any time.  A refused edit changes nothing; what is
 * accepted leaves as bundles that the other must take; a page that follows the patches has as many items as
 * the view; and when both have everything, both show the same.
 *
 * Input: turns, each [what u8, length u8, bytes]: see turn().
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "fuzz/target.h"
#include "text/doc.h"

struct person {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	struct tg_doc *doc;
	uint32_t drawn; /* items of the body on the page */
};

static void
need(int ok)
{
	if (!ok)
		abort();
}

static void
draw(struct person *p, const struct tg_patches *patches)
{
	for (size_t i = 0; i < patches->count; i++) {
		const int32_t *r = patches->records + i * TG_PATCH_FIELDS;

		if (r[0] == TG_PATCH_INSERT && r[1] == TG_TEXT_FLOW_BODY)
			p->drawn += (uint32_t)r[3];
		if (r[0] == TG_PATCH_DELETE && r[1] == TG_TEXT_FLOW_BODY)
			p->drawn -= (uint32_t)r[3];
	}
	need(p->drawn == tg_doc_view_length(p->doc, 0));
}

static void
edit(struct person *p, const uint8_t *data, size_t len)
{
	uint64_t before = tg_doc_next_seq(p->doc, p->agent), first = 0, n = 0;
	uint32_t length = tg_doc_view_length(p->doc, 0);
	int rc = tg_doc_edit_msgpack(p->doc, data, len, &first, &n);

	if (rc == TG_OK) {
		need(first == before && tg_doc_next_seq(p->doc, p->agent) == before + n);
		p->drawn = tg_doc_view_length(p->doc, 0); /* a page draws its own edits at once */
	} else {
		need(rc != TG_ENOMEM && tg_doc_next_seq(p->doc, p->agent) == before);
		need(tg_doc_view_length(p->doc, 0) == length);
	}
}

static void
poll(struct person *p)
{
	struct tg_patches patches;

	need(tg_doc_poll(p->doc, &patches) == TG_OK);
	draw(p, &patches);
	need(tg_doc_view_length(p->doc, 0) == tg_doc_length(p->doc, 0));
}

static void
send(struct person *from, struct person *to)
{
	struct tg_bundle b;

	while (tg_doc_take(from->doc, &b) == TG_OK)
		need(tg_doc_add(to->doc, from->agent, b.first_seq, b.parents, b.parent_count, b.ops,
			 b.ops_len, b.text, b.text_len) == TG_OK);
}

static void
undo(struct person *p, const uint8_t *data, size_t len)
{
	struct tg_event_range range = {{0}, len > 0 ? data[0] : 0, len > 1 ? data[1] : 1};
	struct tg_patches patches;
	uint64_t first, n;

	memcpy(range.agent, p->agent, sizeof range.agent);
	if (tg_doc_undo(p->doc, &range, 1, &first, &n, &patches) == TG_OK)
		draw(p, &patches);
}

static void
turn(struct person *people, uint8_t what, const uint8_t *data, size_t len)
{
	struct person *me = &people[what & 1], *other = &people[!(what & 1)];

	switch (what >> 1 & 7) {
	case 0:
		poll(me);
		break;
	case 1:
		send(me, other);
		break;
	case 2:
		undo(me, data, len);
		break;
	default:
		edit(me, data, len);
	}
}

struct writing {
	struct tg_buf *out;
	struct tg_doc *doc;
};

/* Text and attributes, so that formats with different numbers can be compared. */
static int
write_run(void *ctx, const struct tg_text_run *run)
{
	struct writing *c = ctx;
	const uint8_t *format, *s = run->text;
	size_t len;

	need(tg_doc_format(c->doc, run->format, &format, &len) == TG_OK);
	for (uint32_t i = 0; i < run->count; i++) {
		tg_buf_u8(c->out, (uint8_t)run->kind);
		if (run->kind == TG_TEXT_CHAR)
			do
				tg_buf_u8(c->out, *s++);
			while (s < run->text + run->text_len && (*s & 0xc0) == 0x80);
		tg_buf_put(c->out, format, len);
	}
	return 0;
}

static void
write_all(struct tg_doc *doc, struct tg_buf *out)
{
	struct writing c = {out, doc};
	const uint8_t *data;
	size_t len;

	need(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), write_run, &c) == TG_OK);
	need(tg_doc_registers(doc, &data, &len) == TG_OK);
	tg_buf_put(out, data, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct person people[2] = {{{1}, NULL, 0}, {{2}, NULL, 0}};
	struct tg_buf a = {0}, b = {0};

	for (int i = 0; i < 2; i++)
		need(tg_doc_open(&people[i].doc, 0) == TG_OK &&
		     tg_doc_set_agent(people[i].doc, people[i].agent) == TG_OK);
	while (len >= 2) {
		size_t n = data[1] < len - 2 ? data[1] : len - 2;

		turn(people, data[0], data + 2, n);
		data += 2 + n;
		len -= 2 + n;
	}
	send(&people[0], &people[1]);
	send(&people[1], &people[0]);
	for (int i = 0; i < 2; i++) {
		poll(&people[i]);
		need(tg_items_check(&people[i].doc->items) == 0);
		write_all(people[i].doc, i == 0 ? &a : &b);
	}
	need(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
	for (int i = 0; i < 2; i++)
		tg_doc_close(people[i].doc);
	tg_buf_free(&a);
	tg_buf_free(&b);
	return 0;
}
