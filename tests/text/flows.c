/*
 * Goal: a flow other than the body is a document of its own that shares nothing but the graph.
 *
 * The oracle is the body itself, tested elsewhere: what is typed into flow i of one document is also typed
 * into the body of a document of its own, delivered at the same moments, and every flow must read like that.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "suite.h"
#include "text/doc.h"
#include "wire/writer.h"

#define PEOPLE	3
#define FLOWS	4
#define BUNDLES 600
#define EDITS	400

struct parcel {
	int who;
	uint64_t first;
	struct tg_event_id *parents;
	size_t parent_n;
	struct tg_buf ops, text;
};

/* One document of several people. */
struct copies {
	struct tg_doc *doc[PEOPLE];
	struct parcel parcels[BUNDLES];
	size_t n;
	size_t batch[BUNDLES]; /* parcels before the end of batch i */
	size_t batch_n;
	uint8_t batch_by[BUNDLES];
};

struct world {
	uint64_t random;
	unsigned long seed;
	struct copies all, one[FLOWS];
	uint8_t has[PEOPLE][BUNDLES]; /* batches */
	struct {
		int who, flow;
		uint64_t first, count, one_first, one_count;
	} edits[EDITS];
	size_t edit_n;
};

static uint32_t
pick(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 11) % below);
}

static void
name_agent(int who, uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	memset(agent, 0x30, TG_TEXT_AGENT_BYTES);
	agent[0] = (uint8_t)(who + 1);
}

static void
put_event(struct tg_buf *b, int who, uint64_t seq)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	name_agent(who, agent);
	tg_write_array(b, 2);
	tg_write_bin(b, agent, sizeof agent);
	tg_write_uint(b, seq);
}

/* Flow i of the document: the body, a thread, a caption, a cell. */
static uint32_t
flow_of(struct tg_doc *doc, int i)
{
	struct tg_buf b = {0};
	uint32_t flow = UINT32_MAX;

	switch (i) {
	case 0:
		tg_write_uint(&b, 0);
		break;
	case 1:
		tg_write_array(&b, 2);
		tg_write_str(&b, "c:1", 3);
		tg_write_uint(&b, TG_TEXT_SLOT_CONTENT);
		break;
	case 2:
		tg_write_array(&b, 2);
		put_event(&b, 1, 7);
		tg_write_uint(&b, TG_TEXT_SLOT_CONTENT);
		break;
	default:
		tg_write_array(&b, 3);
		put_event(&b, 0, 3);
		put_event(&b, 1, (uint64_t)i);
		put_event(&b, 2, 70000);
	}
	ck_assert_int_eq(tg_doc_flow(doc, b.data, b.len, &flow), TG_OK);
	tg_buf_free(&b);
	return flow;
}

static void
open_copies(struct copies *c)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	for (int i = 0; i < PEOPLE; i++) {
		name_agent(i, agent);
		ck_assert_int_eq(tg_doc_open(&c->doc[i], TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		ck_assert_int_eq(tg_doc_set_agent(c->doc[i], agent), TG_OK);
	}
}

static void
close_copies(struct copies *c)
{
	for (int i = 0; i < PEOPLE; i++)
		tg_doc_close(c->doc[i]);
	for (size_t i = 0; i < c->n; i++) {
		free(c->parcels[i].parents);
		tg_buf_free(&c->parcels[i].ops);
		tg_buf_free(&c->parcels[i].text);
	}
}

/* What ${who} made since the last time is one batch, empty or not. */
static void
take(struct copies *c, int who)
{
	struct tg_bundle b;

	while (tg_doc_take(c->doc[who], &b) == TG_OK) {
		struct parcel *p = &c->parcels[c->n++];

		ck_assert_uint_le(c->n, BUNDLES);
		p->who = who;
		p->first = b.first_seq;
		p->parent_n = b.parent_count;
		p->parents = calloc(b.parent_count + 1, sizeof *p->parents);
		if (b.parent_count > 0)
			memcpy(p->parents, b.parents, b.parent_count * sizeof *p->parents);
		tg_buf_put(&p->ops, b.ops, b.ops_len);
		tg_buf_put(&p->text, b.text, b.text_len);
	}
	c->batch_by[c->batch_n] = (uint8_t)who;
	c->batch[c->batch_n++] = c->n;
}

static int
add(struct tg_doc *doc, const struct parcel *p)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	name_agent(p->who, agent);
	return tg_doc_add(doc, agent, p->first, p->parents, p->parent_n, p->ops.data, p->ops.len,
	    p->text.len > 0 ? p->text.data : (const uint8_t *)"", p->text.len);
}

static void
deliver(struct copies *c, int who, size_t batch)
{
	struct tg_patches patches;

	for (size_t i = batch > 0 ? c->batch[batch - 1] : 0; i < c->batch[batch]; i++)
		ck_assert_int_eq(add(c->doc[who], &c->parcels[i]), TG_OK);
	ck_assert_int_eq(tg_doc_poll(c->doc[who], &patches), TG_OK);
}

static void
make(struct world *w, int who, int flow)
{
	static const char *const words[] = {"a", "bc", "é", "☃x", "🦊", "hello "};
	uint32_t length = tg_doc_view_length(w->one[flow].doc[who], 0);
	struct tg_edit e = {0};

	if (w->edit_n == EDITS)
		return;
	e.kind = length > 2 && pick(w, 3) == 0 ? TG_EDIT_DELETE : TG_EDIT_INSERT;
	e.index = pick(w, e.kind == TG_EDIT_DELETE ? length : length + 1);
	e.count = 1 + pick(w, length - e.index < 3 ? length - e.index + (e.kind == TG_EDIT_INSERT) : 3);
	if (e.kind == TG_EDIT_INSERT && pick(w, 6) == 0)
		e.kind = TG_EDIT_BLOCK;
	e.text = (const uint8_t *)words[pick(w, 6)];
	e.text_len = strlen((const char *)e.text);
	ck_assert_int_eq(tg_doc_edit(w->one[flow].doc[who], &e, 1, &w->edits[w->edit_n].one_first,
			     &w->edits[w->edit_n].one_count),
	    TG_OK);
	e.flow = flow_of(w->all.doc[who], flow);
	ck_assert_int_eq(
	    tg_doc_edit(w->all.doc[who], &e, 1, &w->edits[w->edit_n].first, &w->edits[w->edit_n].count),
	    TG_OK);
	w->edits[w->edit_n].who = who;
	w->edits[w->edit_n++].flow = flow;
}

/* Undo one of ${who}'s edits in both worlds. */
static void
undo(struct world *w, int who)
{
	struct tg_event_range range;
	struct tg_patches patches;
	uint64_t made, one_made;
	size_t i = w->edit_n == 0 ? 0 : pick(w, (uint32_t)w->edit_n);

	if (w->edit_n == 0 || w->edits[i].who != who)
		return;
	name_agent(who, range.agent);
	range.seq = w->edits[i].first;
	range.count = w->edits[i].count;
	ck_assert_int_eq(tg_doc_undo(w->all.doc[who], &range, 1, NULL, &made, &patches), TG_OK);
	range.seq = w->edits[i].one_first;
	range.count = w->edits[i].one_count;
	ck_assert_int_eq(
	    tg_doc_undo(w->one[w->edits[i].flow].doc[who], &range, 1, NULL, &one_made, &patches), TG_OK);
	ck_assert_uint_eq(made, one_made);
}

static void
compare(struct world *w, int who, struct tg_doc *doc)
{
	for (int f = 0; f < FLOWS; f++) {
		struct tg_doc *one = w->one[f].doc[who];
		uint32_t flow = flow_of(doc, f), n = tg_doc_length(one, 0);
		const uint8_t *a, *b;
		size_t alen, blen;

		ck_assert_msg(tg_doc_length(doc, flow) == n, "seed %lu: flow %d has %u items, should %u",
		    w->seed, f, tg_doc_length(doc, flow), n);
		ck_assert_int_eq(tg_doc_text(doc, flow, 0, n, &a, &alen), TG_OK);
		ck_assert_int_eq(tg_doc_text(one, 0, 0, n, &b, &blen), TG_OK);
		ck_assert_msg(alen == blen && memcmp(a, b, alen) == 0, "seed %lu: flow %d: %.*s, should %.*s",
		    w->seed, f, (int)alen, (const char *)a, (int)blen, (const char *)b);
	}
	for (uint32_t f = 0; f < doc->flow_n; f++) {
		tg_flow_enter(doc, f);
		ck_assert_int_eq(tg_items_check(&doc->items), 0);
	}
}

/* Everything again into a fresh document, as a load. */
static void
load_fresh(struct world *w)
{
	struct tg_patches patches;
	struct tg_doc *doc;
	uint32_t drawn[FLOWS + 1] = {0};

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
	for (size_t i = 0; i < w->all.n; i++)
		ck_assert_int_eq(add(doc, &w->all.parcels[i]), TG_OK);
	ck_assert_int_eq(tg_doc_load_end(doc), TG_OK);
	compare(w, 0, doc);
	ck_assert_int_eq(tg_doc_poll(doc, &patches), TG_OK);
	for (size_t i = 0; i < patches.count; i++)
		drawn[patches.records[i * TG_PATCH_FIELDS + 1]] +=
		    (uint32_t)patches.records[i * TG_PATCH_FIELDS + 3];
	for (uint32_t f = 0; f < doc->flow_n; f++)
		ck_assert_uint_eq(drawn[f], tg_doc_length(doc, f));
	tg_doc_close(doc);
}

START_TEST(each_flow_reads_like_a_document_of_its_own)
{
	static struct world w;
	size_t batches;

	memset(&w, 0, sizeof w);
	w.seed = (unsigned long)_i;
	w.random = w.seed * UINT64_C(0x9e3779b97f4a7c15) + 99;
	open_copies(&w.all);
	for (int f = 0; f < FLOWS; f++)
		open_copies(&w.one[f]);
	for (int step = 0; step < 120; step++) {
		int who = (int)pick(&w, PEOPLE);

		for (uint32_t n = 1 + pick(&w, 3); n > 0; n--)
			make(&w, who, (int)pick(&w, FLOWS));
		if (pick(&w, 8) == 0)
			undo(&w, who);
		take(&w.all, who);
		for (int f = 0; f < FLOWS; f++)
			take(&w.one[f], who);
		w.has[who][w.all.batch_n - 1] = 1;
		/* Someone gets everything that one other person made and that it can take: in order, for
		 * parents. */
		if (pick(&w, 2) == 0) {
			int to = (int)pick(&w, PEOPLE);
			size_t upto = 1 + pick(&w, (uint32_t)w.all.batch_n);

			for (size_t b = 0; b < upto; b++) {
				if (w.has[to][b])
					continue;
				deliver(&w.all, to, b);
				for (int f = 0; f < FLOWS; f++)
					deliver(&w.one[f], to, b);
				w.has[to][b] = 1;
			}
		}
		compare(&w, who, w.all.doc[who]);
	}
	batches = w.all.batch_n;
	for (int who = 0; who < PEOPLE; who++) {
		for (size_t b = 0; b < batches; b++) {
			if (w.has[who][b])
				continue;
			deliver(&w.all, who, b);
			for (int f = 0; f < FLOWS; f++)
				deliver(&w.one[f], who, b);
		}
		compare(&w, who, w.all.doc[who]);
	}
	for (int f = 0; f < FLOWS; f++)
		for (int who = 1; who < PEOPLE; who++)
			ck_assert_uint_eq(
			    tg_doc_length(w.one[f].doc[0], 0), tg_doc_length(w.one[f].doc[who], 0));
	load_fresh(&w);
	close_copies(&w.all);
	for (int f = 0; f < FLOWS; f++)
		close_copies(&w.one[f]);
}
END_TEST

static void
pass(struct copies *c, int from, int to)
{
	struct tg_patches patches;
	size_t first = c->n;

	take(c, from);
	for (; first < c->n; first++)
		ck_assert_int_eq(add(c->doc[to], &c->parcels[first]), TG_OK);
	ck_assert_int_eq(tg_doc_poll(c->doc[to], &patches), TG_OK);
}

START_TEST(two_who_type_into_an_untouched_cell_meet_there)
{
	static struct copies c;
	const uint8_t *text;
	struct tg_edit e = {0};
	size_t len;

	memset(&c, 0, sizeof c);
	open_copies(&c);
	/* The number of the flow differs between the two, its name does not. */
	ck_assert_uint_eq(flow_of(c.doc[1], 1), 1);
	for (int i = 0; i < 2; i++) {
		e.flow = flow_of(c.doc[i], 3);
		e.text = (const uint8_t *)(i == 0 ? "left " : "right ");
		e.text_len = strlen((const char *)e.text);
		ck_assert_int_eq(tg_doc_edit(c.doc[i], &e, 1, NULL, NULL), TG_OK);
	}
	pass(&c, 0, 1);
	pass(&c, 1, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tg_doc_text(c.doc[i], flow_of(c.doc[i], 3), 0, 11, &text, &len), TG_OK);
		ck_assert_uint_eq(len, 11);
		ck_assert_mem_eq(text, "left right ", 11);
	}
	close_copies(&c);
}
END_TEST

START_TEST(registers_of_objects_are_apart_and_the_last_writer_wins)
{
	static const uint8_t one[] = {1}, two[] = {2}, three[] = {3};
	static struct copies c;
	struct tg_buf name = {0}, again = {0};
	struct tg_edit e = {0};
	const uint8_t *value;
	uint32_t object;
	size_t len;

	memset(&c, 0, sizeof c);
	open_copies(&c);
	put_event(&name, 0, 5);
	e.kind = TG_EDIT_SET;
	e.key = (const uint8_t *)"width";
	e.key_len = 5;
	e.value_len = 1;
	e.value = one;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK); /* of the document */
	ck_assert_int_eq(tg_doc_object(c.doc[0], name.data, name.len, &e.object), TG_OK);
	e.value = two;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_object(c.doc[0], (const uint8_t *)"\xa2l1", 3, &e.object), TG_OK);
	e.value = three;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK);
	pass(&c, 0, 1);
	ck_assert_int_eq(tg_doc_object(c.doc[1], name.data, name.len, &object), TG_OK);
	ck_assert_int_eq(tg_doc_register(c.doc[1], object, e.key, 5, &value, &len), TG_OK);
	ck_assert_mem_eq(value, two, 1);
	ck_assert_int_eq(tg_doc_register(c.doc[1], 0, e.key, 5, &value, &len), TG_OK);
	ck_assert_mem_eq(value, one, 1);
	ck_assert_int_eq(tg_doc_registers(c.doc[1], &value, &len), TG_OK);
	tg_write_array(&again, 3);
	for (int i = 0; i < 3; i++) {
		tg_write_array(&again, 3);
		if (i == 0)
			tg_write_uint(&again, 0);
		else if (i == 1)
			tg_write_str(&again, "l1", 2);
		else
			put_event(&again, 0, 5);
		tg_write_str(&again, "width", 5);
		tg_write_uint(&again, i == 0 ? 1 : i == 1 ? 3 : 2);
	}
	ck_assert_uint_eq(len, again.len);
	ck_assert_mem_eq(value, again.data, len);
	/* Concurrent: equal lamports, the higher agent wins everywhere. */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tg_doc_object(c.doc[i], name.data, name.len, &e.object), TG_OK);
		e.value = i == 0 ? one : three;
		ck_assert_int_eq(tg_doc_edit(c.doc[i], &e, 1, NULL, NULL), TG_OK);
	}
	pass(&c, 0, 1);
	pass(&c, 1, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tg_doc_object(c.doc[i], name.data, name.len, &object), TG_OK);
		ck_assert_int_eq(tg_doc_register(c.doc[i], object, e.key, 5, &value, &len), TG_OK);
		ck_assert_mem_eq(value, three, 1);
	}
	e.object = c.doc[0]->registers[0].key; /* the number of a key, not of an object */
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_EINVAL);
	tg_buf_free(&name);
	tg_buf_free(&again);
	close_copies(&c);
}
END_TEST

START_TEST(an_item_is_named_by_the_event_that_inserted_it)
{
	static struct copies c;
	struct tg_event_id id;
	struct tg_edit e = {0};
	uint32_t format;
	int kind;

	memset(&c, 0, sizeof c);
	open_copies(&c);
	e.text = (const uint8_t *)"abc";
	e.text_len = 3;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK);
	e.kind = TG_EDIT_ATOM;
	e.index = 1;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK);
	e.kind = TG_EDIT_DELETE;
	e.index = 0;
	e.count = 1;
	ck_assert_int_eq(tg_doc_edit(c.doc[0], &e, 1, NULL, NULL), TG_OK);
	pass(&c, 0, 1);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tg_doc_item(c.doc[i], 0, 0, &id, &kind, &format), TG_OK);
		ck_assert_int_eq(kind, TG_TEXT_ATOM);
		ck_assert_uint_eq(id.seq, 3);
		ck_assert_uint_eq(id.agent[0], 1);
		ck_assert_int_eq(tg_doc_item(c.doc[i], 0, 2, &id, &kind, &format), TG_OK);
		ck_assert_uint_eq(id.seq, 2);
		ck_assert_int_eq(tg_doc_item(c.doc[i], 0, 3, &id, &kind, &format), TG_ERANGE);
	}
	/* In VIEW, which lacks what came since the last poll. */
	ck_assert_int_eq(
	    tg_doc_edit(c.doc[0], &(struct tg_edit){.text = e.text, .text_len = 3}, 1, NULL, NULL), TG_OK);
	take(&c, 0);
	ck_assert_int_eq(add(c.doc[1], &c.parcels[c.n - 1]), TG_OK);
	ck_assert_int_eq(tg_doc_item(c.doc[1], 0, 0, &id, &kind, &format), TG_OK);
	ck_assert_uint_eq(id.seq, 3);
	close_copies(&c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_flows");
	TCase *t = tcase_create("flows");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, two_who_type_into_an_untouched_cell_meet_there);
	tcase_add_test(t, registers_of_objects_are_apart_and_the_last_writer_wins);
	tcase_add_test(t, an_item_is_named_by_the_event_that_inserted_it);
	tcase_add_loop_test(t, each_flow_reads_like_a_document_of_its_own, 1, 61);
	suite_add_tcase(s, t);
	return suite_run(s);
}
