/*
 * Goal: whatever the items are, the drawing is a document of the schema; the steps lead from one drawing to
 * the next; positions convert both ways.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "suite.h"
#include "text/draw.h"
#include "text/drawn.h"
#include "wire/writer.h"

#define PEOPLE	2
#define TABLES	3
#define AXIS	4
#define BUNDLES 4000

struct party {
	uint64_t random;
	unsigned long seed;
	struct tg_doc *doc[PEOPLE];
	struct tg_drawing *drawing[PEOPLE];
	struct drawn page[PEOPLE];
	struct {
		int who;
		uint64_t first;
		struct tg_event_id parents[PEOPLE];
		size_t parent_n;
		struct tg_buf ops, text;
	} bundles[BUNDLES];
	size_t bundle_n, told[PEOPLE];
	int plain;
};

static uint32_t
pick(struct party *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 11) % below);
}

static void
put_attr(struct tg_buf *b, const char *key, const char *value)
{
	tg_write_array(b, 2);
	tg_write_str(b, key, strlen(key));
	if (strcmp(value, "true") == 0)
		tg_write_bool(b, 1);
	else if (value[0] >= '0' && value[0] <= '9')
		tg_write_uint(b, (uint64_t)atoi(value));
	else
		tg_write_str(b, value, strlen(value));
}

static const char *const keys[] = {"bold", "cont", "indent", "list", "path", "type"};
static const char *const values[6][8] = {
    {"true", "true", "true", "true", "true", "true", "true", "true"},
    {"true", "true", "true", "true", "true", "x", "1", "true"},
    {"0", "1", "2", "3", "15", "200", "70000", "deep"},
    {"bullet", "bullet:x", "ordered:y", "task:z", "bullet:x", "nothing", "1", "task:z"},
    {"quote", "quote:a", "quote/quote:b", "columns:c/column:1", "columns:c/column:2", "what:9/callout:i",
	"columns",
	"column:1/details:/quote/quote/quote/quote/quote/quote/quote/quote/quote/quote/quote/quote/quote/"
	"quote"},
    {"heading:2", "code:c", "rule", "image", "embed", "unheard of", "heading", "code"},
};

static void
put_attrs(struct party *w, struct tg_buf *b)
{
	uint32_t chosen = 0, n = 0;

	for (uint32_t i = 0; i < 6; i++)
		if (pick(w, 3) == 0 || (i == 3 && pick(w, 2) == 0)) {
			chosen |= 1u << i;
			n++;
		}
	tg_write_array(b, n);
	for (uint32_t i = 0; i < 6; i++)
		if (chosen >> i & 1)
			put_attr(b, keys[i], values[i][pick(w, 8)]);
}

/* A flow: the body, rows or columns of a table, a cell. */
static void
put_flow(struct party *w, struct tg_buf *b)
{
	char name[16];
	uint32_t kind = pick(w, 10), table = pick(w, TABLES);

	if (kind < 5 || w->plain) {
		tg_write_uint(b, 0);
		return;
	}
	tg_write_array(b, kind < 7 ? 2 : 3);
	tg_write_str(b, name, (size_t)snprintf(name, sizeof name, "t%u", table));
	if (kind < 7) {
		tg_write_uint(b, kind == 5 ? TG_TEXT_SLOT_ROWS : TG_TEXT_SLOT_COLUMNS);
		return;
	}
	tg_write_str(b, name, (size_t)snprintf(name, sizeof name, "a%u", pick(w, AXIS)));
	tg_write_str(b, name, (size_t)snprintf(name, sizeof name, "a%u", pick(w, AXIS)));
}

static void
add_edit(struct party *w, int who)
{
	static const char *const words[] = {"a", "bc", "\n", "x\ny", "☃", "🦊🦊", "hello ", "é"};
	struct tg_doc *doc = w->doc[who];
	struct tg_buf name = {0}, b = {0};
	uint32_t flow, length, kind = pick(w, 12), at, n;
	char id[16];
	int axis;

	put_flow(w, &name);
	ck_assert_int_eq(tg_doc_flow(doc, name.data, name.len, &flow), TG_OK);
	axis = name.data[0] == 0x92;
	length = tg_doc_view_length(doc, flow);
	at = pick(w, length + 1);
	n = length - at > 0 ? 1 + pick(w, length - at < 6 ? length - at : 6) : 0;
	tg_write_array(&b, 1);
	if (kind == 11) { /* spans */
		tg_write_array(&b, 4);
		tg_write_uint(&b, TG_EDIT_SET);
		tg_write_array(&b, 3);
		tg_write_str(&b, id, (size_t)snprintf(id, sizeof id, "t%u", pick(w, TABLES)));
		tg_write_str(&b, id, (size_t)snprintf(id, sizeof id, "a%u", pick(w, AXIS)));
		tg_write_str(&b, id, (size_t)snprintf(id, sizeof id, "a%u", pick(w, AXIS)));
		tg_write_str(&b, pick(w, 2) ? "colspan" : "rowspan", 7);
		tg_write_uint(&b, pick(w, 5));
	} else if (kind >= 6 && n > 0 && kind < 9) {
		tg_write_array(&b, 4);
		tg_write_uint(&b, TG_EDIT_DELETE);
		tg_buf_put(&b, name.data, name.len);
		tg_write_uint(&b, at);
		tg_write_uint(&b, n);
	} else if (kind >= 9 && n > 0) {
		uint32_t key = pick(w, 6);
		struct tg_buf attr = {0};

		put_attr(&attr, keys[key], values[key][pick(w, 8)]);
		tg_write_array(&b, 6);
		tg_write_uint(&b, TG_EDIT_MARK);
		tg_buf_put(&b, name.data, name.len);
		tg_write_uint(&b, at);
		tg_write_uint(&b, at + n);
		tg_write_str(&b, keys[key], strlen(keys[key]));
		if (pick(w, 3) == 0)
			tg_write_nil(&b);
		else
			tg_buf_put(&b, attr.data + 2 + strlen(keys[key]), attr.len - 2 - strlen(keys[key]));
		tg_buf_free(&attr);
	} else if (axis || kind == 5) {
		tg_write_array(&b, 4);
		tg_write_uint(&b, axis ? TG_EDIT_ATOM : pick(w, 3) == 0 ? TG_EDIT_ATOM : TG_EDIT_BLOCK);
		tg_buf_put(&b, name.data, name.len);
		tg_write_uint(&b, at);
		tg_write_array(&b, axis ? 1 : 2); /* a row, or a table */
		put_attr(&b, "id",
		    (snprintf(id, sizeof id, "%c%u", axis ? 'a' : 't', pick(w, axis ? AXIS : TABLES)), id));
		if (!axis)
			put_attr(&b, "type", w->plain ? "image" : "table");
	} else if (kind < 3) {
		const char *word = words[pick(w, 8)];

		tg_write_array(&b, 5);
		tg_write_uint(&b, TG_EDIT_INSERT);
		tg_buf_put(&b, name.data, name.len);
		tg_write_uint(&b, at);
		tg_write_str(&b, word, strlen(word));
		put_attrs(w, &b);
	} else {
		tg_write_array(&b, 4);
		tg_write_uint(&b, TG_EDIT_BLOCK);
		tg_buf_put(&b, name.data, name.len);
		tg_write_uint(&b, at);
		put_attrs(w, &b);
	}
	ck_assert_int_eq(tg_doc_edit_msgpack(doc, b.data, b.len, NULL, NULL), TG_OK);
	tg_buf_free(&b);
	tg_buf_free(&name);
}

static void
name_agent(int who, uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	memset(agent, 0x40, TG_TEXT_AGENT_BYTES);
	agent[0] = (uint8_t)(who + 1);
}

static void
tell(struct party *w, int from, int to)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	struct tg_patches patches;
	struct tg_bundle b;

	while (tg_doc_take(w->doc[from], &b) == TG_OK) {
		ck_assert_uint_lt(w->bundle_n, BUNDLES);
		w->bundles[w->bundle_n].who = from;
		w->bundles[w->bundle_n].first = b.first_seq;
		w->bundles[w->bundle_n].parent_n = b.parent_count;
		if (b.parent_count > 0)
			memcpy(
			    w->bundles[w->bundle_n].parents, b.parents, b.parent_count * sizeof *b.parents);
		tg_buf_put(&w->bundles[w->bundle_n].ops, b.ops, b.ops_len);
		tg_buf_put(&w->bundles[w->bundle_n++].text, b.text, b.text_len);
	}
	for (; w->told[to] < w->bundle_n; w->told[to]++) {
		size_t i = w->told[to];

		if (w->bundles[i].who == to)
			continue;
		name_agent(w->bundles[i].who, agent);
		ck_assert_int_eq(tg_doc_add(w->doc[to], agent, w->bundles[i].first, w->bundles[i].parents,
				     w->bundles[i].parent_n, w->bundles[i].ops.data, w->bundles[i].ops.len,
				     w->bundles[i].text.len ? w->bundles[i].text.data : (const uint8_t *)"",
				     w->bundles[i].text.len),
		    TG_OK);
	}
	ck_assert_int_eq(tg_doc_poll(w->doc[to], &patches), TG_OK);
}

static void
undo(struct party *w, int who)
{
	struct tg_event_range r = {{0}, 0, 0};
	struct tg_patches patches;
	uint64_t n;

	name_agent(who, r.agent);
	n = tg_doc_next_seq(w->doc[who], r.agent);
	if (n == 0)
		return;
	r.count = 1 + pick(w, n < 5 ? (uint32_t)n : 5);
	r.seq = n - r.count - pick(w, (uint32_t)(n - r.count + 1));
	ck_assert_int_eq(tg_doc_undo(w->doc[who], &r, 1, NULL, NULL, &patches), TG_OK);
}

static void
check_positions(struct party *w, int who)
{
	struct tg_drawing *d = w->drawing[who];

	for (uint32_t k = 0; k < 6; k++) {
		uint32_t flow = pick(w, (uint32_t)w->doc[who]->flow_n), at, back_flow, back;
		uint32_t index = pick(w, tg_doc_view_length(w->doc[who], flow) + 1);
		int rc = tg_drawing_position(d, flow, index, &at);

		if (rc == TG_ENOTFOUND)
			continue;
		ck_assert_int_eq(rc, TG_OK);
		ck_assert_uint_le(at, w->page[who].n);
		ck_assert_int_eq(tg_drawing_index(d, at, &back_flow, &back), TG_OK);
		ck_assert_msg(back_flow == flow && back == index,
		    "seed %lu: gap %u of flow %u is at %u, which is gap %u of flow %u", w->seed, index, flow,
		    at, back, back_flow);
	}
	for (uint32_t k = 0; k < 6; k++) {
		uint32_t flow, index, at = pick(w, (uint32_t)w->page[who].n + 1);

		ck_assert_int_eq(tg_drawing_index(d, at, &flow, &index), TG_OK);
		ck_assert_uint_le(index, tg_doc_view_length(w->doc[who], flow));
	}
}

static void
check_page(struct party *w, int who)
{
	struct tg_drawing *fresh;
	struct tg_render r;
	struct drawn page = {0};
	const char *why;
	long at;

	ck_assert_int_eq(tg_drawing_update(w->drawing[who], &r), TG_OK);
	why = drawn_apply(&w->page[who], &r);
	ck_assert_msg(why == NULL, "seed %lu: %s", w->seed, why);
	why = drawn_check(&w->page[who]);
	ck_assert_msg(why == NULL, "seed %lu: %s", w->seed, why);
	ck_assert_uint_eq(tg_drawing_size(w->drawing[who]), w->page[who].n);
	for (size_t i = 0; i < w->drawing[who]->strip_n; i++)
		if (w->drawing[who]->strip_of[w->drawing[who]->strips[i].flow] == i + 1)
			ck_assert_msg(tg_strip_check(w->drawing[who], &w->drawing[who]->strips[i]) == 0,
			    "seed %lu: strip %zu: %d", w->seed, i,
			    tg_strip_check(w->drawing[who], &w->drawing[who]->strips[i]));
	ck_assert_int_eq(tg_drawing_open(&fresh, w->doc[who], 0), TG_OK);
	ck_assert_int_eq(tg_drawing_update(fresh, &r), TG_OK);
	ck_assert_ptr_null(drawn_apply(&page, &r));
	at = drawn_differs(&page, &w->page[who]);
	if (at >= 0) {
		static char a[20000], b[20000];

		drawn_print(&page, a, sizeof a);
		drawn_print(&w->page[who], b, sizeof b);
		ck_abort_msg("seed %lu: at %ld\nfull %s\nsteps %s", w->seed, at, a, b);
	}
	tg_drawing_close(fresh);
	drawn_free(&page);
}

/* The same document from its saved bytes: the same page, before and after the next edit. */
static void
check_saved(struct party *w, int who)
{
	static char a[40000], b[40000];
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {77};
	struct tg_edit e = {.kind = TG_EDIT_INSERT, .text = (const uint8_t *)"new", .text_len = 3};
	struct tg_drawing *d, *fresh;
	struct drawn page = {0}, again = {0};
	struct tg_patches patches;
	struct tg_render r;
	struct tg_doc *doc;
	const uint8_t *data;
	int early = pick(w, 2) == 0;
	size_t len;

	ck_assert_int_eq(tg_doc_save(w->doc[who], &data, &len), TG_OK);
	ck_assert_int_eq(tg_doc_open_saved(&doc, data, len), TG_OK);
	ck_assert_int_eq(tg_drawing_open(&d, doc, 0), TG_OK);
	if (early) { /* before there is anything to see */
		ck_assert_int_eq(tg_drawing_update(d, &r), TG_OK);
		ck_assert_ptr_null(drawn_apply(&page, &r));
		ck_assert_uint_eq(page.n, 2);
	}
	ck_assert_int_eq(tg_doc_poll(doc, &patches), TG_OK);
	ck_assert_int_eq(tg_drawing_update(d, &r), TG_OK);
	ck_assert_ptr_null(drawn_apply(&page, &r));
	ck_assert(doc->saved != NULL || d->table_n > 0);
	drawn_print(&w->page[who], a, sizeof a);
	drawn_print(&page, b, sizeof b);
	ck_assert_str_eq(a, b);
	ck_assert_int_eq(tg_doc_set_agent(doc, agent), TG_OK);
	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_drawing_update(d, &r), TG_OK);
	ck_assert_ptr_null(drawn_apply(&page, &r));
	ck_assert_int_eq(tg_drawing_open(&fresh, doc, 0), TG_OK);
	ck_assert_int_eq(tg_drawing_update(fresh, &r), TG_OK);
	ck_assert_ptr_null(drawn_apply(&again, &r));
	ck_assert_int_lt(drawn_differs(&page, &again), 0);
	tg_doc_close(doc); /* and its drawings */
	drawn_free(&page);
	drawn_free(&again);
}

START_TEST(steps_lead_to_what_a_fresh_drawing_shows)
{
	static struct party w;

	memset(&w, 0, sizeof w);
	w.seed = (unsigned long)_i;
	w.plain = _i % 3 == 0; /* no tables */
	w.random = w.seed * UINT64_C(0x9e3779b97f4a7c15) + 3;
	for (int i = 0; i < PEOPLE; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES];

		name_agent(i, agent);
		ck_assert_int_eq(tg_doc_open(&w.doc[i], TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		ck_assert_int_eq(tg_doc_set_agent(w.doc[i], agent), TG_OK);
		ck_assert_int_eq(tg_drawing_open(&w.drawing[i], w.doc[i], 0), TG_OK);
		check_page(&w, i);
	}
	for (int step = 0; step < 150; step++) {
		int who = (int)pick(&w, PEOPLE);

		for (uint32_t n = 1 + pick(&w, 3); n > 0; n--)
			add_edit(&w, who);
		if (pick(&w, 10) == 0)
			undo(&w, who);
		if (pick(&w, 4) == 0) {
			tell(&w, who, 1 - who);
			check_page(&w, 1 - who);
		}
		if (pick(&w, 3) > 0)
			check_page(&w, who);
		if (pick(&w, 3) == 0) {
			check_page(&w, who);
			check_positions(&w, who);
		}
	}
	for (int i = 0; i < PEOPLE; i++)
		tell(&w, i, 1 - i);
	for (int i = 0; i < PEOPLE; i++) {
		check_page(&w, i);
		check_saved(&w, i);
	}
	for (int i = 0; i < PEOPLE; i++) {
		tg_drawing_close(w.drawing[i]);
		tg_doc_close(w.doc[i]);
		drawn_free(&w.page[i]);
	}
	for (size_t i = 0; i < w.bundle_n; i++) {
		tg_buf_free(&w.bundles[i].ops);
		tg_buf_free(&w.bundles[i].text);
	}
}
END_TEST

/* ---- what a change costs */

#define MANY 10000

static struct tg_drawing *
open_long(struct tg_doc **doc, const char *list)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	static const char *const text =
	    "Some words, about as many as a paragraph has, to make a megabyte of all.";
	struct tg_edit e[2] = {{0}, {0}};
	struct tg_buf attrs = {0};
	struct tg_drawing *d;
	struct tg_render r;

	ck_assert_int_eq(tg_doc_open(doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(*doc, agent), TG_OK);
	tg_write_array(&attrs, 1);
	put_attr(&attrs, "list", list);
	e[0].kind = TG_EDIT_BLOCK;
	e[0].attrs = attrs.data;
	e[0].attrs_len = list[0] != '\0' ? attrs.len : 0;
	e[1].kind = TG_EDIT_INSERT;
	e[1].text = (const uint8_t *)text;
	e[1].text_len = strlen(text);
	for (uint32_t i = 0; i < MANY; i++) {
		e[0].index = tg_doc_view_length(*doc, 0);
		e[1].index = e[0].index + 1;
		ck_assert_int_eq(tg_doc_edit(*doc, e, 2, NULL, NULL), TG_OK);
	}
	tg_buf_free(&attrs);
	ck_assert_int_eq(tg_drawing_open(&d, *doc, 0), TG_OK);
	ck_assert_int_eq(tg_drawing_update(d, &r), TG_OK);
	ck_assert_uint_eq(r.step_count, 1);
	ck_assert_uint_ge(r.token_count, 3 * MANY);
	return d;
}

/* The tokens drawn after one edit at an item. */
static struct tg_render
tokens_after(struct tg_doc *doc, struct tg_drawing *d, struct tg_edit e)
{
	struct tg_render r;

	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_drawing_update(d, &r), TG_OK);
	return r;
}

START_TEST(a_change_in_a_long_document_draws_what_it_touches)
{
	static const char *const lists[] = {"", "bullet:x"};
	static const uint8_t list_x[] = {0x91, 0x92, 0xa4, 'l', 'i', 's', 't', 0xa8, 'b', 'u', 'l', 'l', 'e',
	    't', ':', 'x'},
			     two[] = {0xa9, 'h', 'e', 'a', 'd', 'i', 'n', 'g', ':', '2'}, one[] = {1};
	struct tg_edit e = {.kind = TG_EDIT_INSERT, .index = 500000, .text = one, .text_len = 1};
	struct tg_drawing *d;
	struct tg_render r;
	struct tg_doc *doc;
	uint32_t at, flow, index;

	d = open_long(&doc, lists[_i]);
	e.text = (const uint8_t *)"x";
	r = tokens_after(doc, d, e); /* a key: the inside of one block */
	ck_assert_uint_eq(r.step_count, 1);
	ck_assert_uint_eq(r.token_count, 1);
	ck_assert_uint_eq(r.steps[0].open_start + r.steps[0].open_end, 0);
	ck_assert_int_eq(tg_drawing_position(d, 0, 500000, &at), TG_OK);
	ck_assert_int_eq(tg_drawing_index(d, at, &flow, &index), TG_OK);
	ck_assert_uint_eq(index, 500000);
	ck_assert_uint_ge(at, r.steps[0].from);
	ck_assert_uint_le(at, r.steps[0].to);
	e.kind = TG_EDIT_BLOCK; /* Enter */
	e.attrs = list_x;
	e.attrs_len = _i == 0 ? 0 : sizeof list_x;
	r = tokens_after(doc, d, e);
	ck_assert_uint_eq(r.step_count, 1);
	ck_assert_uint_le(r.token_count, 14);
	e.kind = TG_EDIT_DELETE; /* and back */
	e.count = 1;
	r = tokens_after(doc, d, e);
	ck_assert_uint_le(r.token_count, 10);
	e.kind = TG_EDIT_MARK; /* a heading, which leaves the list: the next begins another */
	e.key = (const uint8_t *)"type";
	e.key_len = 4;
	e.value = two;
	e.value_len = sizeof two;
	e.index = index; /* somewhere in the block: no marker, nothing but text to draw */
	r = tokens_after(doc, d, e);
	ck_assert_uint_le(r.token_count, 3);
	e.index = 0;
	r = tokens_after(doc, d, e);
	ck_assert_uint_eq(r.step_count, 1);
	ck_assert_uint_le(r.token_count, 14);
	tg_drawing_close(d);
	tg_doc_close(doc);
}
END_TEST

/* ---- without memory */

/* A table with a list and a quote in it, drawn, changed and drawn again, beside a second document. */
static int
draw_story(struct tg_doc **docs, struct tg_drawing **d)
{
	static const uint8_t agents[2][TG_TEXT_AGENT_BYTES] = {{1}, {2}};
	struct tg_patches patches;
	struct tg_render r;
	struct tg_bundle b;
	uint32_t flow, index, at;
	int rc;

	for (int i = 0; i < 2; i++)
		if ((rc = tg_doc_open(&docs[i], 0)) != TG_OK ||
		    (rc = tg_doc_set_agent(docs[i], agents[i])) != TG_OK ||
		    (rc = tg_drawing_open(&d[i], docs[i], 0)) != TG_OK)
			return rc;
	for (unsigned step = 0; step < 9; step++) {
		static const uint8_t edits[][64] = {
		    "\x91\x94\x01\x00\x00\x92\x92\xa2id\xa1t\x92\xa4type\xa5table",
		    "\x91\x94\x02\x92\xa1t\x01\x00\x91\x92\xa2id\xa1r",
		    "\x91\x94\x02\x92\xa1t\x02\x00\x91\x92\xa2id\xa1"
		    "c",
		    "\x91\x95\x00\x93\xa1t\xa1r\xa1"
		    "c\x00\xa3"
		    "abc\x90",
		    "\x91\x94\x01\x93\xa1t\xa1r\xa1"
		    "c\x01\x92\x92\xa4list\xa6"
		    "bullet\x92\xa4path\xa5quote",
		    "\x91\x94\x02\x92\xa1t\x02\x01\x91\x92\xa2id\xa1"
		    "d",
		    "\x91\x94\x05\x93\xa1t\xa1r\xa1"
		    "c\xa7"
		    "colspan\x02",
		    "\x91\x94\x03\x00\x00\x01",
		    "\x91\x94\x01\x00\x00\x91\x92\xa4type\xa4rule",
		};
		static const size_t lens[] = {24, 15, 15, 16, 37, 15, 19, 6, 17};

		if ((rc = tg_doc_edit_msgpack(docs[0], edits[step], lens[step], NULL, NULL)) != TG_OK ||
		    (step % 2 == 0 && (rc = tg_drawing_update(d[0], &r)) != TG_OK))
			return rc;
		if (step % 3 != 2)
			continue;
		while ((rc = tg_doc_take(docs[0], &b)) == TG_OK)
			if ((rc = tg_doc_add(docs[1], agents[0], b.first_seq, b.parents, b.parent_count,
				 b.ops, b.ops_len, b.text, b.text_len)) != TG_OK)
				return rc;
		if (rc != TG_ENOTFOUND || (rc = tg_doc_poll(docs[1], &patches)) != TG_OK ||
		    (rc = tg_drawing_update(d[1], &r)) != TG_OK ||
		    (rc = tg_drawing_index(d[1], tg_drawing_size(d[1]) / 2, &flow, &index)) != TG_OK)
			return rc;
		if ((rc = tg_drawing_position(d[1], flow, index, &at)) != TG_OK && rc != TG_ENOTFOUND)
			return rc;
	}
	return TG_OK;
}

START_TEST(without_memory_a_drawing_says_so_and_can_be_closed)
{
	struct tg_doc *docs[2] = {NULL, NULL};
	struct tg_drawing *d[2] = {NULL, NULL};
	long n = 0;
	int rc;

	do {
		tg_mem_fail_after(n++);
		rc = draw_story(docs, d);
		ck_assert_msg(rc == TG_OK || rc == TG_ENOMEM, "allocation %ld: %d", n, rc);
		for (int i = 0; i < 2; i++) {
			if (n % 2)
				tg_drawing_close(d[i]);
			tg_doc_close(docs[i]);
			docs[i] = NULL;
			d[i] = NULL;
		}
	} while (rc != TG_OK);
	tg_mem_fail_after(-1);
	ck_assert_int_gt(n, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_render");
	TCase *t = tcase_create("render");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, without_memory_a_drawing_says_so_and_can_be_closed);
	tcase_add_loop_test(t, a_change_in_a_long_document_draws_what_it_touches, 0, 2);
	tcase_add_loop_test(t, steps_lead_to_what_a_fresh_drawing_shows, 1, 101);
	suite_add_tcase(s, t);
	return suite_run(s);
}
