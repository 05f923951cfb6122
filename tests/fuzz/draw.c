/*
 * Any items draw as a document of the schema, in one go and step by step, and every position converts.
 *
 * Input: edits of four bytes, [what u8, flow u8, index u8, argument u8], on a document that another follows.
 * Attributes are words of a small vocabulary, or bytes of the input as they are.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/render.h>
#include <toygrid/status.h>

#include "fuzz/target.h"
#include "text/draw.h"
#include "text/drawn.h"
#include "wire/writer.h"

static void
need(int ok)
{
	if (!ok)
		abort();
}

static const char *const keys[] = {"cont", "id", "indent", "list", "path", "type"};
static const char *const words[] = {"bullet:a", "ordered", "task:b", "heading:2", "code", "rule", "table",
    "image", "quote", "quote:a/callout:b", "columns:a/column:b", "columns/column/quote", "t", "u", "v",
    "=0101010101010101010101010101010101010101010101010101010101010101:3"};

static void
put_value(struct tg_buf *b, uint8_t arg, const uint8_t *raw)
{
	char text[4];

	switch (arg % 4) {
	case 0:
		tg_write_bool(b, 1);
		return;
	case 1:
		tg_write_uint(b, arg / 4 % 20);
		return;
	case 2: /* any ASCII */
		for (int i = 0; i < 4; i++)
			text[i] = (char)(raw[i] & 0x7f);
		tg_write_str(b, text, sizeof text);
		return;
	}
	tg_write_str(b, words[arg / 4 % 16], strlen(words[arg / 4 % 16]));
}

static void
put_attrs(struct tg_buf *b, const uint8_t *in)
{
	uint8_t which = in[3] & 0x3f;
	uint32_t n = 0;

	for (int i = 0; i < 6; i++)
		n += which >> i & 1;
	tg_write_array(b, n);
	for (int i = 0; i < 6; i++)
		if (which >> i & 1) {
			tg_write_array(b, 2);
			tg_write_str(b, keys[i], strlen(keys[i]));
			put_value(b, (uint8_t)(in[2] * 7 + i * 41 + in[3]), in);
		}
}

static void
put_object(struct tg_buf *b, unsigned i)
{
	tg_write_str(b, words[12 + i % 3], 1);
}

static void
put_flow(struct tg_buf *b, uint8_t flow)
{
	if (flow < 96) {
		tg_write_uint(b, 0);
		return;
	}
	tg_write_array(b, flow < 144 ? 2 : 3);
	put_object(b, flow);
	if (flow < 144) {
		tg_write_uint(b, flow / 3 % 3);
		return;
	}
	put_object(b, flow / 3u);
	put_object(b, flow / 9u);
}

static void
edit(struct tg_doc *doc, const uint8_t *in)
{
	struct tg_buf b = {0}, flow = {0};
	uint32_t id, length, kind = in[0] % 8, n;
	static const char *const texts[] = {"a", "\n", "\xf0\x9f\xa6\x8a", "x\ny", "\xe2\x98\x83"};

	put_flow(&flow, in[1]);
	need(tg_doc_flow(doc, flow.data, flow.len, &id) == TG_OK);
	length = tg_doc_view_length(doc, id);
	n = in[2] % (length + 1);
	tg_write_array(&b, 1);
	if (kind == 7) {
		tg_write_array(&b, 4);
		tg_write_uint(&b, TG_EDIT_SET);
		tg_write_array(&b, 3);
		for (unsigned i = 0; i < 3; i++)
			put_object(&b, in[2] >> 2 * i);
		tg_write_str(&b, in[3] & 1 ? "colspan" : "rowspan", 7);
		tg_write_uint(&b, in[3] / 2);
	} else if ((kind == 5 || kind == 6) && n < length) {
		tg_write_array(&b, kind == 5 ? 4 : 6);
		tg_write_uint(&b, kind == 5 ? TG_EDIT_DELETE : TG_EDIT_MARK);
		tg_buf_put(&b, flow.data, flow.len);
		tg_write_uint(&b, n);
		length = 1 + in[3] % (length - n);
		tg_write_uint(&b, kind == 5 ? length : n + length);
		if (kind == 6) {
			tg_write_str(&b, keys[in[3] % 6], strlen(keys[in[3] % 6]));
			put_value(&b, (uint8_t)(in[3] + in[2]), in);
		}
	} else {
		static const uint8_t kinds[] = {TG_EDIT_INSERT, TG_EDIT_BLOCK, TG_EDIT_BLOCK, TG_EDIT_ATOM};
		uint8_t k = kinds[kind % 4];

		tg_write_array(&b, k == TG_EDIT_INSERT ? 5 : 4);
		tg_write_uint(&b, k);
		tg_buf_put(&b, flow.data, flow.len);
		tg_write_uint(&b, n);
		if (k == TG_EDIT_INSERT)
			tg_write_str(&b, texts[in[3] % 5], strlen(texts[in[3] % 5]));
		put_attrs(&b, in);
	}
	need(tg_doc_edit_msgpack(doc, b.data, b.len, NULL, NULL) == TG_OK);
	tg_buf_free(&b);
	tg_buf_free(&flow);
}

static void
check(struct tg_drawing *d, struct drawn *page)
{
	struct tg_render r;

	need(tg_drawing_update(d, &r) == TG_OK);
	need(drawn_apply(page, &r) == NULL);
	need(drawn_check(page) == NULL);
	need(tg_drawing_size(d) == page->n);
}

static void
check_fresh(struct tg_doc *doc, const struct drawn *page)
{
	struct tg_drawing *d;
	struct drawn fresh = {0};
	uint32_t flow, index, back;

	need(tg_drawing_open(&d, doc, 0) == TG_OK);
	check(d, &fresh);
	need(drawn_differs(&fresh, page) < 0);
	for (uint32_t at = 0; at <= fresh.n; at++) {
		need(tg_drawing_index(d, at, &flow, &index) == TG_OK &&
		     index <= tg_doc_view_length(doc, flow));
		need(tg_drawing_position(d, flow, index, &back) != TG_ERANGE);
	}
	tg_drawing_close(d);
	drawn_free(&fresh);
}

static void
pass(struct tg_doc *from, struct tg_doc *to, const uint8_t *agent)
{
	struct tg_patches patches;
	struct tg_bundle b;

	while (tg_doc_take(from, &b) == TG_OK)
		need(tg_doc_add(to, agent, b.first_seq, b.parents, b.parent_count, b.ops, b.ops_len, b.text,
			 b.text_len) == TG_OK);
	need(tg_doc_poll(to, &patches) == TG_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	struct tg_doc *doc, *other = NULL;
	struct tg_drawing *d, *follower = NULL;
	struct drawn page = {0}, copy = {0};

	memset(agent, 1, sizeof agent);
	need(tg_doc_open(&doc, 0) == TG_OK && tg_doc_open(&other, 0) == TG_OK);
	need(tg_doc_set_agent(doc, agent) == TG_OK);
	need(tg_drawing_open(&d, doc, 0) == TG_OK && tg_drawing_open(&follower, other, 0) == TG_OK);
	check(d, &page);
	check(follower, &copy);
	len = len > 800 ? 800 : len; /* a check costs the whole page */
	for (; len >= 4; data += 4, len -= 4) {
		edit(doc, data);
		if (data[0] & 0x40)
			check(d, &page);
		if (data[0] & 0x80) {
			struct tg_event_range last = {{0}, tg_doc_next_seq(doc, agent) - 1, 1};
			struct tg_patches patches;

			memcpy(last.agent, agent, sizeof agent);
			if (data[3] & 1)
				need(tg_doc_undo(doc, &last, 1, NULL, NULL, &patches) == TG_OK);
			pass(doc, other, agent);
			check(follower, &copy);
		}
	}
	pass(doc, other, agent);
	check(d, &page);
	check(follower, &copy);
	check_fresh(doc, &page);
	check_fresh(other, &copy);
	tg_drawing_close(d);
	tg_drawing_close(follower);
	tg_doc_close(doc);
	tg_doc_close(other);
	drawn_free(&page);
	drawn_free(&copy);
	return 0;
}
