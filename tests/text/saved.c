/*
 * Goal: what is saved is the document and all its history, in bytes that depend on nothing else, and opening
 * it again is the same as having heard all events.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/history.h>
#include <toygrid/render.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "suite.h"
#include "text/doc.h"
#include "text/order.h"
#include "text/saved.h"
#include "text/seeds.h"
#include "text/world.h"

struct bytes {
	uint8_t *data;
	size_t len;
};

static struct bytes
save(struct tg_doc *doc)
{
	const uint8_t *data;
	struct bytes b;

	ck_assert_int_eq(tg_doc_save(doc, &data, &b.len), TG_OK);
	b.data = malloc(b.len);
	memcpy(b.data, data, b.len);
	return b;
}

static struct tg_doc *
open_saved(struct bytes b)
{
	struct tg_doc *doc;

	ck_assert_int_eq(tg_doc_open_saved(&doc, b.data, b.len), TG_OK);
	return doc;
}

static void
same_bytes(struct bytes a, struct bytes b, unsigned long seed)
{
	ck_assert_msg(a.len == b.len && memcmp(a.data, b.data, a.len) == 0, "seed %lu: %zu and %zu bytes",
	    seed, a.len, b.len);
}

/* The format id of each item. */
static int
put_ids(void *ctx, const struct tg_text_run *run)
{
	struct tg_buf *b = ctx;

	for (uint32_t i = 0; i < run->count; i++)
		tg_buf_u64be(b, run->format);
	return 0;
}

static int
put_format(void *ctx, const struct tg_text_run *run)
{
	void **both = ctx;
	const uint8_t *data;
	size_t len;

	ck_assert_int_eq(tg_doc_format(both[0], run->format, &data, &len), TG_OK);
	for (uint32_t i = 0, at = 0, n = 0; i < run->count; i++, at += n) {
		n = run->kind == TG_TEXT_CHAR ? (uint32_t)tg_oplog_bytes(run->text + at, 1) : 0;
		tg_buf_u8(both[1], (uint8_t)run->kind);
		tg_buf_put(both[1], data, len);
		tg_buf_put(both[1], run->text + at, n);
	}
	return 0;
}

/* What a document shows, with formats spelt out. */
static struct tg_buf
shown(struct tg_doc *doc)
{
	struct tg_buf b = {0};
	void *both[2] = {doc, &b};
	const uint8_t *data;
	size_t len;

	ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), put_format, both), TG_OK);
	ck_assert_int_eq(tg_doc_registers(doc, &data, &len), TG_OK);
	tg_buf_put(&b, data, len);
	return b;
}

static void
shows_the_same(struct tg_doc *a, struct tg_doc *b, unsigned long seed)
{
	struct tg_buf x = shown(a), y = shown(b);

	ck_assert_msg(x.len == y.len && memcmp(x.data, y.data, x.len) == 0, "seed %lu", seed);
	tg_buf_free(&x);
	tg_buf_free(&y);
}

START_TEST(hosts_with_the_same_events_save_the_same_bytes)
{
	FOR_SEEDS(seed, 60)
	{
		static struct world w;
		struct bytes first, other;

		world_open(&w, seed, (int)(seed % 2), 3 + (int)(seed % 3));
		world_live(&w, 60 + (int)(seed % 90));
		world_settle(&w);
		first = save(w.person[0].doc);
		for (int i = 1; i < w.people; i++) {
			other = save(w.person[i].doc);
			same_bytes(first, other, seed);
			free(other.data);
		}
		free(first.data);
		world_close(&w);
	}
}
END_TEST

START_TEST(a_saved_document_shows_what_was_saved_without_its_history)
{
	FOR_SEEDS(seed, 60)
	{
		static struct world w;
		struct tg_buf before = {0}, after = {0};
		struct tg_patches p;
		struct tg_doc *doc;
		struct bytes b;
		struct tg_saved_section sections[2];
		uint8_t name[TG_SAVED_NAME_BYTES];
		size_t need, n;

		world_open(&w, seed, 0, 3);
		world_live(&w, 60 + (int)(seed % 90));
		world_settle(&w);
		b = save(w.person[0].doc);
		ck_assert_int_eq(tg_saved_opening(b.data, b.len, &need), TG_OK);
		ck_assert_uint_le(need, b.len);
		ck_assert_int_eq(tg_saved_sections(b.data, b.len, sections, 2, &n, name), TG_OK);
		ck_assert_uint_ge(n, 4);
		ck_assert_uint_eq(sections[0].at + sections[0].len, need);
		ck_assert_uint_eq(sections[1].at, need);
		b.len = need;
		doc = open_saved(b);
		shows_the_same(doc, w.person[0].doc, seed);
		ck_assert_uint_eq(tg_doc_view_length(doc, 0), 0);
		ck_assert_int_eq(tg_doc_poll(doc, &p), TG_OK);
		ck_assert_uint_eq(tg_doc_view_length(doc, 0), tg_doc_length(doc, 0));
		ck_assert_int_eq(tg_doc_load_history(doc), TG_EGAP);

		/* Formats keep their ids when the history comes. */
		free(b.data);
		b = save(w.person[0].doc);
		ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), put_ids, &before), TG_OK);
		ck_assert_int_eq(tg_doc_give_history(doc, b.data, b.len), TG_OK);
		ck_assert_int_eq(tg_doc_load_history(doc), TG_OK);
		ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), put_ids, &after), TG_OK);
		ck_assert(before.len == after.len && memcmp(before.data, after.data, after.len) == 0);
		ck_assert_int_eq(tg_doc_poll(doc, &p), TG_OK);
		ck_assert_uint_eq(p.count, 0);
		ck_assert_uint_eq(tg_doc_view_length(doc, 0), tg_doc_length(doc, 0));
		world_check_doc(&w, doc);
		tg_buf_free(&before);
		tg_buf_free(&after);
		tg_doc_close(doc);
		free(b.data);
		world_close(&w);
	}
}
END_TEST

START_TEST(a_checkpoint_and_what_came_after_it_is_the_whole_document)
{
	FOR_SEEDS(seed, 60)
	{
		static struct world w;
		struct tg_doc *doc;
		struct bytes b, again;
		size_t had;

		world_open(&w, seed, (int)(seed % 3 == 0), 3);
		world_live(&w, 60 + (int)(seed % 60));
		world_settle(&w);
		b = save(w.person[0].doc);
		had = w.bundle_n;
		doc = open_saved(b);
		again = save(doc);
		same_bytes(b, again, seed);
		free(again.data);
		free(b.data);

		world_live(&w, 40);
		world_settle(&w);
		for (size_t i = had; i < w.bundle_n; i++) /* they are listed in an order that works */
			ck_assert_int_eq(world_add(doc, &w.bundles[i]), TG_OK);
		world_check_doc(&w, doc);
		b = save(doc);
		again = save(w.person[1].doc);
		same_bytes(b, again, seed);
		free(again.data);
		free(b.data);
		tg_doc_close(doc);
		world_close(&w);
	}
}
END_TEST

/* Type into a flow with this name, by itself or as the last of it, and take. */
static void
type(struct tg_doc *doc, const char *flow, size_t flow_len, const char *text)
{
	struct tg_bundle bundle;
	struct tg_edit e = {0};

	if (flow != NULL)
		ck_assert_int_eq(tg_doc_flow(doc, (const uint8_t *)flow, flow_len, &e.flow), TG_OK);
	e.index = tg_doc_view_length(doc, e.flow);
	e.text = (const uint8_t *)text;
	e.text_len = strlen(text);
	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, NULL), TG_OK);
	while (tg_doc_take(doc, &bundle) == TG_OK)
		;
}

START_TEST(flows_are_saved_by_name)
{
	static const uint8_t me[TG_TEXT_AGENT_BYTES] = {5};
	static const char notes[] = "\x92\xa5notes\x00", cell[] = "\x93\xa1t\xa1r\xa1"
								  "c";
	struct tg_doc *doc, *other;
	struct bytes b, again;
	const uint8_t *text;
	uint32_t flow;
	size_t len;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, me), TG_OK);
	type(doc, cell, sizeof cell - 1, "in a cell");
	type(doc, NULL, 0, "body \xe2\x98\x83");
	type(doc, notes, sizeof notes - 1, "a note");
	type(doc, cell, sizeof cell - 1, "!");
	b = save(doc);
	other = open_saved(b);
	/* Other numbers than in doc, and known before the history is. */
	ck_assert_int_eq(tg_doc_flow(other, (const uint8_t *)notes, sizeof notes - 1, &flow), TG_OK);
	ck_assert_uint_eq(tg_doc_length(other, flow), 6);
	ck_assert_int_eq(tg_doc_text(other, flow, 2, 4, &text, &len), TG_OK);
	ck_assert(len == 4 && memcmp(text, "note", 4) == 0);
	again = save(other);
	same_bytes(b, again, 0);
	ck_assert_int_eq(tg_doc_flow(other, (const uint8_t *)cell, sizeof cell - 1, &flow), TG_OK);
	ck_assert_int_eq(tg_doc_text(other, flow, 0, tg_doc_length(other, flow), &text, &len), TG_OK);
	ck_assert(len == 10 && memcmp(text, "in a cell!", 10) == 0);
	free(again.data);
	free(b.data);
	tg_doc_close(other);
	tg_doc_close(doc);
}
END_TEST

/* Three people who type a lot without hearing of each other, now and then meet, and mark with long values. */
#define CROWD 3

struct crowd_bundle {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t first_seq;
	struct tg_event_id *parents;
	size_t parent_n;
	struct bytes ops, text;
};

static struct bytes
copy(const uint8_t *data, size_t len)
{
	struct bytes b = {malloc(len + 1), len};

	if (len > 0)
		memcpy(b.data, data, len);
	return b;
}

static int
add(struct tg_doc *doc, const struct crowd_bundle *b)
{
	return tg_doc_add(doc, b->agent, b->first_seq, b->parents, b->parent_n, b->ops.data, b->ops.len,
	    b->text.data, b->text.len);
}

static size_t
crowd_writes(struct crowd_bundle *all, size_t cap)
{
	static uint8_t letters[20000], value[4000] = {0xda, 3997 >> 8, 3997 & 0xff};
	struct tg_doc *doc[CROWD];
	size_t n = 0, told = 0;

	memset(letters, 'a', sizeof letters);
	memset(value + 3, 'v', sizeof value - 3);
	for (int i = 0; i < CROWD; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {(uint8_t)(9 - i)};

		ck_assert_int_eq(tg_doc_open(&doc[i], TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		ck_assert_int_eq(tg_doc_set_agent(doc[i], agent), TG_OK);
	}
	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < CROWD; i++) {
			struct tg_bundle b;
			struct tg_edit e = {0};

			e.text = letters;
			e.text_len = sizeof letters;
			ck_assert_int_eq(tg_doc_edit(doc[i], &e, 1, NULL, NULL), TG_OK);
			e.kind = TG_EDIT_MARK;
			e.count = 5;
			e.key = (const uint8_t *)"k";
			e.key_len = 1;
			e.value = value;
			e.value_len = sizeof value;
			for (int k = 0; k < 25; k++) {
				value[3] = (uint8_t)('a' + k);
				value[4] = (uint8_t)('a' + round * CROWD + i);
				ck_assert_int_eq(tg_doc_edit(doc[i], &e, 1, NULL, NULL), TG_OK);
			}
			e.kind = TG_EDIT_DELETE;
			e.index = 10;
			e.count = 9000;
			ck_assert_int_eq(tg_doc_edit(doc[i], &e, 1, NULL, NULL), TG_OK);
			while (tg_doc_take(doc[i], &b) == TG_OK) {
				struct crowd_bundle *c = &all[n++];

				ck_assert_uint_le(n, cap);
				memset(c->agent, 0, sizeof c->agent);
				c->agent[0] = (uint8_t)(9 - i);
				c->first_seq = b.first_seq;
				c->parent_n = b.parent_count;
				c->parents = malloc((b.parent_count + 1) * sizeof *c->parents);
				if (b.parent_count > 0)
					memcpy(c->parents, b.parents, b.parent_count * sizeof *c->parents);
				c->ops = copy(b.ops, b.ops_len);
				c->text = copy(b.text, b.text_len);
			}
		}
		for (; round % 2 == 1 && told < n; told++)
			for (int i = 0; i < CROWD; i++) {
				struct tg_patches p;
				int rc = add(doc[i], &all[told]);

				ck_assert(rc == TG_OK || rc == TG_EEXISTS);
				ck_assert_int_eq(tg_doc_poll(doc[i], &p), TG_OK);
			}
	}
	for (int i = 0; i < CROWD; i++)
		tg_doc_close(doc[i]);
	return n;
}

START_TEST(parts_are_cut_at_the_same_places_whatever_came_first)
{
	static struct crowd_bundle all[400];
	struct bytes first = {NULL, 0}, b;
	size_t n = crowd_writes(all, 400);
	struct tg_saved_section sections[100];
	uint8_t name[TG_SAVED_NAME_BYTES];
	size_t section_n;

	for (int order = 0; order < 4; order++) {
		uint8_t done[400] = {0};
		struct tg_doc *doc;

		ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		if (order % 2 == 1)
			ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
		for (size_t left = n, at = 0; left > 0; at++) {
			size_t i = order < 2 ? at % n : (at * 7 + at / n) % n;

			if (done[i] || add(doc, &all[i]) != TG_OK)
				continue;
			done[i] = 1;
			left--;
		}
		b = save(doc);
		tg_doc_close(doc);
		if (order == 0) {
			first = b;
			continue;
		}
		same_bytes(first, b, (unsigned long)order);
		free(b.data);
	}
	ck_assert_int_eq(tg_saved_sections(first.data, first.len, sections, 100, &section_n, name), TG_OK);
	ck_assert_uint_ge(section_n, 2 + 2 * 6); /* six at least: 700,000 events, 2.4 MB of values */
	free(first.data);
	for (size_t i = 0; i < n; i++) {
		free(all[i].parents);
		free(all[i].ops.data);
		free(all[i].text.data);
	}
}
END_TEST

static int
past_run(void *ctx, const struct tg_past_run *run)
{
	(void)ctx;
	(void)run;
	return 0;
}

static int
diff_run(void *ctx, const struct tg_diff_run *run)
{
	(void)ctx;
	(void)run;
	return 0;
}

#define CALLS 19

/* The ${which}-th call of the interface; 0 when there is nothing to call it with. */
static int
call(struct tg_doc *doc, int which, const struct tg_event_id *old, size_t old_n, const uint8_t *someone)
{
	static const uint8_t me[TG_TEXT_AGENT_BYTES] = {0x77};
	struct tg_event_range range = {{0}, 0, 2};
	const struct tg_event_id *ids;
	struct tg_event_id id;
	struct tg_drawing *drawing;
	struct tg_render render;
	struct tg_patches p;
	struct tg_bundle b;
	struct tg_edit e = {0};
	const uint8_t *data;
	uint32_t number, from, to;
	size_t n;
	int kind;

	memcpy(range.agent, someone, sizeof range.agent);
	switch (which) {
	case 0:
		return tg_doc_version(doc, &ids, &n);
	case 1:
		return tg_doc_view_version(doc, &ids, &n);
	case 2:
		return tg_doc_next_seq(doc, someone) > 0 ? TG_OK : TG_ENOTFOUND;
	case 3:
		return tg_doc_map(doc, old, old_n, 0, 0, 1, &number);
	case 4:
		return tg_doc_view_length(doc, 0) > 0 ? tg_doc_item(doc, 0, 0, &id, &kind, &number) : TG_OK;
	case 5:
		ck_assert_int_eq(tg_doc_set_agent(doc, me), TG_OK);
		kind = tg_doc_undo(doc, &range, 1, NULL, NULL, &p);
		while (tg_doc_take(doc, &b) == TG_OK)
			;
		return kind;
	case 6:
		return tg_doc_diff(doc, old, old_n, NULL, 0, 0, diff_run, NULL);
	case 7:
		return tg_doc_blame(doc, old, old_n, 0, past_run, NULL);
	case 8:
		return tg_doc_text_at(doc, old, old_n, 0, &data, &n);
	case 9:
		return tg_doc_registers_at(doc, old, old_n, &data, &n);
	case 10:
		return tg_doc_patches(doc, NULL, 0, old, old_n, &p);
	case 11:
		return tg_doc_map_between(doc, NULL, 0, old, old_n, 0, 0, 1, &number);
	case 12:
		return tg_doc_register(doc, 0, (const uint8_t *)"k", 1, &data, &n);
	case 13:
		kind = tg_doc_comment(doc, (const uint8_t *)"c", 1, &number, &from, &to);
		return kind == TG_ENOTFOUND || kind == TG_EFORMAT || kind == TG_EINVAL ? TG_OK : kind;
	case 14:
		if ((kind = tg_drawing_open(&drawing, doc, 0)) == TG_OK)
			kind = tg_drawing_update(drawing, &render);
		tg_drawing_close(drawing);
		return kind;
	case 15:
		ck_assert_int_eq(tg_doc_set_agent(doc, me), TG_OK);
		e.text = (const uint8_t *)"new";
		e.text_len = 3;
		e.index = tg_doc_view_length(doc, 0);
		kind = tg_doc_edit(doc, &e, 1, NULL, NULL);
		while (tg_doc_take(doc, &b) == TG_OK)
			;
		return kind;
	case 16:
		kind = tg_doc_load_begin(doc);
		return kind == TG_OK ? tg_doc_load_end(doc) : kind;
	case 17:
		return tg_doc_object(doc, (const uint8_t *)"\xa1o", 2, &number);
	default:
		return tg_doc_save(doc, &data, &n);
	}
}

START_TEST(any_call_may_be_the_first_on_a_saved_document)
{
	FOR_SEEDS(seed, 20)
	{
		static struct world w;
		struct tg_event_id old[WORLD_PEOPLE];
		const struct tg_event_id *ids;
		uint8_t someone[TG_TEXT_AGENT_BYTES];
		struct bytes saved, x, y;
		struct tg_patches p;
		size_t old_n;

		world_open(&w, seed, (int)(seed % 3 == 0), 3);
		world_live(&w, 40);
		world_settle(&w);
		ck_assert_int_eq(tg_doc_version(w.person[0].doc, &ids, &old_n), TG_OK);
		memcpy(old, ids, old_n * sizeof *old);
		world_live(&w, 40);
		world_settle(&w);
		ck_assert_uint_gt(w.bundle_n, 0);
		world_agent(w.bundles[0].agent, someone);
		saved = save(w.person[0].doc);
		for (int which = 0; which < 2 * CALLS; which++) {
			struct tg_doc *lazy = open_saved(saved), *eager = open_saved(saved);

			if (which % 2 == 1) {
				ck_assert_int_eq(tg_doc_poll(lazy, &p), TG_OK);
				ck_assert_int_eq(tg_doc_poll(eager, &p), TG_OK);
			}
			ck_assert_int_eq(tg_doc_load_history(eager), TG_OK);
			ck_assert_msg(call(lazy, which / 2, old, old_n, someone) == TG_OK, "seed %lu call %d",
			    seed, which / 2);
			ck_assert_msg(call(eager, which / 2, old, old_n, someone) == TG_OK,
			    "seed %lu call %d", seed, which / 2);
			shows_the_same(lazy, eager, seed);
			ck_assert_uint_eq(tg_doc_view_length(lazy, 0), tg_doc_view_length(eager, 0));
			x = save(lazy);
			y = save(eager);
			same_bytes(x, y, seed);
			free(x.data);
			free(y.data);
			tg_doc_close(lazy);
			tg_doc_close(eager);
		}
		free(saved.data);
		world_close(&w);
	}
}
END_TEST

START_TEST(expunged_text_stays_a_gap_of_its_length)
{
	static const uint8_t me[TG_TEXT_AGENT_BYTES] = {5};
	struct tg_edit e[3] = {{0}, {0}, {0}};
	struct tg_doc *doc, *heard, *again;
	struct tg_bundle b;
	struct bytes saved, twice;
	const uint8_t *text;
	size_t len;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, me), TG_OK);
	e[0].text = (const uint8_t *)"secret";
	e[0].text_len = 6;
	e[0].attrs = (const uint8_t *)"\x91\x92\xa1k\xa1v";
	e[0].attrs_len = 6;
	e[1].kind = TG_EDIT_DELETE;
	e[1].index = 1;
	e[1].count = 2;
	e[2].kind = TG_EDIT_SET;
	e[2].key = (const uint8_t *)"title";
	e[2].key_len = 5;
	e[2].value = (const uint8_t *)"\xa6secret";
	e[2].value_len = 7;
	ck_assert_int_eq(tg_doc_edit(doc, e, 3, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_take(doc, &b), TG_OK);
	ck_assert_int_eq(tg_doc_open(&heard, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_add(heard, me, 0, NULL, 0, b.ops, b.ops_len, NULL, 0), TG_OK);
	saved = save(heard);
	again = open_saved(saved);
	ck_assert_int_eq(tg_doc_load_history(again), TG_OK);
	ck_assert_int_eq(tg_doc_text(again, 0, 0, 4, &text, &len), TG_OK);
	ck_assert(len == 12 && memcmp(text, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 12) == 0);
	twice = save(again);
	same_bytes(saved, twice, 0);
	free(twice.data);
	free(saved.data);
	tg_doc_close(again);
	tg_doc_close(heard);
	tg_doc_close(doc);
}
END_TEST

START_TEST(an_empty_document_can_be_saved)
{
	struct tg_doc *doc;
	struct bytes b;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUE), TG_OK);
	b = save(doc);
	tg_doc_close(doc);
	doc = open_saved(b);
	ck_assert_uint_eq(tg_doc_length(doc, 0), 0);
	ck_assert_int_eq(tg_doc_load_history(doc), TG_OK);
	ck_assert_int_eq(tg_doc_load_history(doc), TG_OK);
	tg_doc_close(doc);
	free(b.data);
}
END_TEST

START_TEST(own_events_must_be_taken_before_saving)
{
	static const uint8_t me[TG_TEXT_AGENT_BYTES] = {1};
	struct tg_edit e = {0};
	struct tg_bundle bundle;
	const uint8_t *data;
	struct tg_doc *doc;
	size_t len;

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, me), TG_OK);
	e.text = (const uint8_t *)"x";
	e.text_len = 1;
	ck_assert_int_eq(tg_doc_edit(doc, &e, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_save(doc, &data, &len), TG_EBUSY);
	ck_assert_int_eq(tg_doc_take(doc, &bundle), TG_OK);
	ck_assert_int_eq(tg_doc_save(doc, &data, &len), TG_OK);
	tg_doc_close(doc);
}
END_TEST

/* A document of all kinds of things, saved. */
static struct bytes
some_document(unsigned long seed)
{
	static struct world w;
	struct bytes b;

	world_open(&w, seed, 0, 3);
	w.plain = 30;
	world_live(&w, 100);
	world_settle(&w);
	b = save(w.person[0].doc);
	world_close(&w);
	return b;
}

START_TEST(a_changed_byte_is_noticed_or_changes_nothing)
{
	for (unsigned long seed = 1; seed <= 3; seed++) {
		struct bytes b = some_document(seed), again;

		for (size_t i = 0; i < b.len; i++) {
			struct tg_doc *doc;

			b.data[i] ^= 1 << (i % 8);
			if (tg_doc_open_saved(&doc, b.data, b.len) == TG_OK) {
				if (tg_doc_load_history(doc) == TG_OK) {
					/* Another deflate stream of the same bytes: written anew, it is ours.
					 */
					again = save(doc);
					b.data[i] ^= 1 << (i % 8);
					same_bytes(b, again, seed);
					b.data[i] ^= 1 << (i % 8);
					free(again.data);
				}
				tg_doc_close(doc);
			}
			b.data[i] ^= 1 << (i % 8);
		}
		for (size_t i = 0; i < b.len; i++) {
			struct tg_doc *doc;

			if (tg_doc_open_saved(&doc, b.data, i) == TG_OK) {
				ck_assert_int_eq(tg_doc_load_history(doc), TG_EGAP);
				tg_doc_close(doc);
			}
		}
		free(b.data);
	}
}
END_TEST

START_TEST(failing_allocations_leave_nothing_behind)
{
	struct bytes b = some_document(7);
	int done = 0;

	for (long n = 0; !done; n++) {
		struct tg_doc *doc = NULL;
		const uint8_t *data;
		size_t len;
		int rc;

		tg_mem_fail_after(n);
		rc = tg_doc_open_saved(&doc, b.data, b.len);
		if (rc == TG_OK && (rc = tg_doc_load_history(doc)) == TG_OK &&
		    (rc = tg_doc_save(doc, &data, &len)) == TG_OK) {
			ck_assert(len == b.len && memcmp(data, b.data, len) == 0);
			done = 1;
		}
		tg_mem_fail_after(-1);
		ck_assert(done || rc == TG_ENOMEM);
		tg_doc_close(doc);
	}
	free(b.data);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("saved documents");
	TCase *t = tcase_create("saved");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, hosts_with_the_same_events_save_the_same_bytes);
	tcase_add_test(t, a_saved_document_shows_what_was_saved_without_its_history);
	tcase_add_test(t, a_checkpoint_and_what_came_after_it_is_the_whole_document);
	tcase_add_test(t, flows_are_saved_by_name);
	tcase_add_test(t, parts_are_cut_at_the_same_places_whatever_came_first);
	tcase_add_test(t, any_call_may_be_the_first_on_a_saved_document);
	tcase_add_test(t, expunged_text_stays_a_gap_of_its_length);
	tcase_add_test(t, an_empty_document_can_be_saved);
	tcase_add_test(t, own_events_must_be_taken_before_saving);
	tcase_add_test(t, a_changed_byte_is_noticed_or_changes_nothing);
	tcase_add_test(t, failing_allocations_leave_nothing_behind);
	suite_add_tcase(s, t);
	return suite_run(s);
}
