/*
 * Goal: any version of any history, and what lies between any two, is what the oracle says, authors included;
 * and looking at the past changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "suite.h"
#include "text/doc.h"
#include "text/seeds.h"
#include "text/world.h"
#include "wire/reader.h"

/* ---- versions of one person's document */

struct version {
	struct tg_event_id ids[4];
	size_t n;
	struct oracle_set set;
	struct {
		int event, value[ORACLE_KEYS];
	} items[ORACLE_EVENTS];
	size_t item_n;
	uint8_t shown[ORACLE_EVENTS];
	int value[ORACLE_EVENTS][ORACLE_KEYS]; /* by event */
};

static void
pick_version(struct world *w, struct tg_doc *doc, struct version *v)
{
	struct oracle *o = w->oracle;
	const struct tg_event_id *ids;
	struct oracle_set merged;
	size_t n;

	memset(v, 0, sizeof *v);
	ck_assert_int_eq(tg_doc_version(doc, &ids, &n), TG_OK);
	world_version(w, ids, n, &merged);
	if (n > 0 && n <= 4 && world_random(w, 5) == 0) {
		memcpy(v->ids, ids, n * sizeof *ids);
		v->n = n;
	} else if (world_random(w, 12) > 0) {
		for (uint32_t k = 1 + world_random(w, 3), tries = 0; v->n < k && tries < 40; tries++) {
			int e = (int)world_random(w, (uint32_t)o->event_n);

			if (!oracle_has(&merged, e))
				continue;
			world_agent(o->events[e].agent, v->ids[v->n].agent);
			v->ids[v->n++].seq = o->events[e].seq;
		}
	}
	world_version(w, v->ids, v->n, &v->set);
	oracle_run(o, &v->set);
	for (int i = 0; i < o->item_n; i++) {
		if (o->items[i].deleted)
			continue;
		v->items[v->item_n].event = o->items[i].event;
		memcpy(v->items[v->item_n++].value, o->items[i].value, sizeof o->items[i].value);
		v->shown[o->items[i].event] = 1;
		memcpy(v->value[o->items[i].event], o->items[i].value, sizeof o->items[i].value);
	}
}

/* Runs as they came, with what a visit may not ask for asked for later. */
struct heard {
	struct tg_diff_run run;
	uint32_t scalars[ORACLE_EVENTS];
};

static struct {
	struct heard *v;
	size_t n;
} heard;

static struct heard *
hear(int kind, uint32_t count, const uint8_t *text, size_t len)
{
	struct heard *h;
	const uint8_t *s = text;

	heard.v = realloc(heard.v, (heard.n + 1) * sizeof *heard.v);
	ck_assert_ptr_nonnull(heard.v);
	h = &heard.v[heard.n++];
	ck_assert_uint_gt(count, 0);
	for (uint32_t i = 0; i < count; i++)
		h->scalars[i] = kind == TG_TEXT_CHAR ? world_read_scalar(&s) : 0;
	ck_assert_uint_eq(s - text, kind == TG_TEXT_CHAR ? len : 0);
	return h;
}

static int
hear_past(void *ctx, const struct tg_past_run *run)
{
	struct heard *h = hear(run->kind, run->count, run->text, run->text_len);

	(void)ctx;
	h->run = (struct tg_diff_run){
	    .kind = run->kind, .to = run->index, .count = run->count, .is = run->format, .by = run->by};
	return 0;
}

static void
check_blame(struct world *w, struct tg_doc *doc, const struct version *v)
{
	size_t at = 0;

	heard.n = 0;
	ck_assert_int_eq(tg_doc_blame(doc, v->ids, v->n, 0, hear_past, NULL), TG_OK);
	for (size_t i = 0; i < heard.n; i++) {
		const struct tg_diff_run *r = &heard.v[i].run;
		int value[ORACLE_KEYS];

		ck_assert_uint_eq(r->to, at);
		ck_assert_uint_eq(r->by.count, r->count);
		world_read_format(doc, r->is, value);
		for (uint32_t k = 0; k < r->count; k++, at++) {
			const struct oracle_event *e = &w->oracle->events[v->items[at].event];

			ck_assert_msg(at < v->item_n && e->item_kind == r->kind &&
					  e->scalar == heard.v[i].scalars[k] && e->agent == r->by.agent[3] &&
					  e->seq == r->by.seq + k,
			    "seed %lu: item %zu", w->seed, at);
			ck_assert_msg(memcmp(value, v->items[at].value, sizeof value) == 0,
			    "seed %lu: format of item %zu", w->seed, at);
		}
	}
	ck_assert_msg(at == v->item_n, "seed %lu: %zu items, should be %zu", w->seed, at, v->item_n);
}

START_TEST(every_version_shows_what_the_oracle_says_and_who_wrote_it)
{
	static struct world w;
	static struct version v;

	FOR_SEEDS(seed, 60)
	{
		world_open(&w, 9000 + seed, (int)(seed % 4 == 0), 2 + (int)(seed % 4));
		world_live(&w, 100);
		for (int who = 0; who < w.people; who++) {
			struct tg_doc *doc = w.person[who].doc;

			world_take(&w, who);
			for (int i = 0; i < 6 && w.oracle->event_n > 0; i++) {
				const uint8_t *text, *s;
				size_t len;

				pick_version(&w, doc, &v);
				check_blame(&w, doc, &v);
				ck_assert_int_eq(tg_doc_text_at(doc, v.ids, v.n, 0, &text, &len), TG_OK);
				s = text;
				for (size_t k = 0; k < v.item_n; k++)
					if (w.oracle->events[v.items[k].event].item_kind == TG_TEXT_CHAR)
						ck_assert_uint_eq(world_read_scalar(&s),
						    w.oracle->events[v.items[k].event].scalar);
				ck_assert_uint_eq(s - text, len);
			}
			world_check_doc(&w, doc);
			world_check_mirror(&w, who);
		}
		/* Life goes on as if nobody had looked. */
		world_live(&w, 40);
		world_settle(&w);
		world_check_all(&w);
		world_close(&w);
	}
}
END_TEST

/* ---- two versions */

static int
hear_diff(void *ctx, const struct tg_diff_run *run)
{
	struct heard *h;

	(void)ctx;
	if (run->op == TG_DIFF_REGISTER) {
		h = hear(TG_TEXT_ATOM, 1, NULL, 0);
		h->run = *run;
		return 0;
	}
	h = hear(run->kind, run->count, run->text, run->text_len);
	h->run = *run;
	return 0;
}

static int
event_by(const struct world *w, const struct tg_event_range *by, uint64_t offset)
{
	return w->event_of[by->agent[3]][by->seq + offset];
}

/* The deletion of an item in exactly one version that came first. */
static int
first_deletion(const struct oracle *o, const struct version *a, const struct version *b, int item)
{
	int best = -1;

	for (int e = 0; e < o->event_n; e++) {
		const struct oracle_event *x = &o->events[e];

		if (x->kind != ORACLE_DELETE || oracle_has(&a->set, e) == oracle_has(&b->set, e) ||
		    o->target[e] != item)
			continue;
		if (best < 0 || x->lamport < o->events[best].lamport ||
		    (x->lamport == o->events[best].lamport &&
			(x->agent < o->events[best].agent ||
			    (x->agent == o->events[best].agent && x->seq < o->events[best].seq))))
			best = e;
	}
	return best;
}

static void
check_author(struct world *w, const struct version *a, const struct version *b, const struct tg_diff_run *r,
    uint32_t k, int item)
{
	struct oracle *o = w->oracle;
	int known = oracle_has(&a->set, item) && oracle_has(&b->set, item), e;

	if (r->op == TG_DIFF_FORMAT) {
		e = event_by(w, &r->by, 0);
		ck_assert_msg(o->events[e].kind == ORACLE_MARK &&
				  oracle_has(&a->set, e) != oracle_has(&b->set, e) &&
				  a->value[item][o->events[e].key] != b->value[item][o->events[e].key] &&
				  r->undone == oracle_has(&a->set, e),
		    "seed %lu: who formatted", w->seed);
	} else if (known && r->op != TG_DIFF_KEEP) {
		uint64_t in;

		e = first_deletion(o, a, b, item);
		in = o->events[e].seq - r->by.seq;
		ck_assert_msg(e >= 0 && o->events[e].agent == r->by.agent[3] && in < r->by.count &&
				  (in == k || in == r->count - 1 - k) && r->undone == oracle_has(&a->set, e),
		    "seed %lu: who deleted", w->seed);
	} else {
		ck_assert_msg(event_by(w, &r->by, k) == item, "seed %lu: who inserted", w->seed);
		ck_assert_int_eq(r->undone, r->op == TG_DIFF_DELETE);
	}
}

static void
check_diff(struct world *w, struct tg_doc *doc, struct version *a, struct version *b)
{
	struct oracle *o = w->oracle;
	struct oracle_set both;
	size_t at = 0, from = 0, to = 0;
	uint32_t k = 0;

	heard.n = 0;
	ck_assert_int_eq(tg_doc_diff(doc, a->ids, a->n, b->ids, b->n, 0, hear_diff, NULL), TG_OK);
	for (size_t i = 0; i < ORACLE_EVENTS / 64; i++)
		both.w[i] = a->set.w[i] | b->set.w[i];
	oracle_run(o, &both);
	for (int i = 0; i < o->item_n; i++) {
		int item = o->items[i].event, was = a->shown[item], is = b->shown[item], op;
		const struct tg_diff_run *r;
		int value[ORACLE_KEYS];

		if (!was && !is)
			continue;
		op = !was ? TG_DIFF_INSERT : !is ? TG_DIFF_DELETE : TG_DIFF_KEEP;
		if (was && is && memcmp(a->value[item], b->value[item], sizeof value) != 0)
			op = TG_DIFF_FORMAT;
		ck_assert_msg(at < heard.n, "seed %lu: too few runs", w->seed);
		r = &heard.v[at].run;
		ck_assert_msg(r->op == op && r->kind == o->events[item].item_kind &&
				  heard.v[at].scalars[k] == o->events[item].scalar,
		    "seed %lu: item %d: %d, should be %d", w->seed, i, r->op, op);
		ck_assert_uint_eq(r->from + (was ? k : 0), from);
		ck_assert_uint_eq(r->to + (is ? k : 0), to);
		world_read_format(doc, r->was, value);
		if (was)
			ck_assert_int_eq(memcmp(value, a->value[item], sizeof value), 0);
		world_read_format(doc, r->is, value);
		if (is)
			ck_assert_int_eq(memcmp(value, b->value[item], sizeof value), 0);
		check_author(w, a, b, r, k, item);
		from += (size_t)was;
		to += (size_t)is;
		if (++k == r->count) {
			k = 0;
			at++;
		}
	}
	ck_assert_uint_eq(k, 0);
	for (int key = 0; key < ORACLE_KEYS; key++)
		if (oracle_register(o, &a->set, key) != oracle_register(o, &b->set, key)) {
			const struct tg_diff_run *r = &heard.v[at++].run;
			int e = event_by(w, &r->by, 0);

			ck_assert_int_eq(r->op, TG_DIFF_REGISTER);
			ck_assert_int_eq(o->events[e].kind, ORACLE_SET);
			ck_assert_int_eq(r->undone, oracle_has(&a->set, e));
		}
	ck_assert_msg(at == heard.n, "seed %lu: %zu runs, should be %zu", w->seed, heard.n, at);
}

/* A page that shows ${a} draws the patches and then shows ${b}. */
static void
check_patches(struct world *w, int who, struct version *a, struct version *b)
{
	struct world_person *p = &w->person[who];
	struct world_item *kept = malloc(sizeof p->mirror);
	size_t kept_n = p->mirror_n;
	int registers[ORACLE_KEYS];
	struct tg_patches patches;

	ck_assert_ptr_nonnull(kept);
	memcpy(kept, p->mirror, sizeof p->mirror);
	memcpy(registers, p->registers, sizeof registers);
	for (size_t i = 0; i < a->item_n; i++) {
		const struct oracle_event *e = &w->oracle->events[a->items[i].event];

		p->mirror[i] = (struct world_item){e->item_kind, e->scalar, {0}};
		memcpy(p->mirror[i].value, a->items[i].value, sizeof p->mirror[i].value);
	}
	p->mirror_n = a->item_n;
	for (int k = 0; k < ORACLE_KEYS; k++)
		p->registers[k] = oracle_register(w->oracle, &a->set, k);
	ck_assert_int_eq(tg_doc_patches(p->doc, a->ids, a->n, b->ids, b->n, &patches), TG_OK);
	world_draw(w, who, &patches);
	ck_assert_uint_eq(p->mirror_n, b->item_n);
	for (size_t i = 0; i < b->item_n; i++) {
		const struct oracle_event *e = &w->oracle->events[b->items[i].event];

		ck_assert_msg(
		    p->mirror[i].kind == e->item_kind && p->mirror[i].scalar == e->scalar &&
			memcmp(p->mirror[i].value, b->items[i].value, sizeof b->items[i].value) == 0,
		    "seed %lu: drawn item %zu", w->seed, i);
	}
	for (int k = 0; k < ORACLE_KEYS; k++)
		ck_assert_int_eq(p->registers[k], oracle_register(w->oracle, &b->set, k));
	memcpy(p->mirror, kept, sizeof p->mirror);
	p->mirror_n = kept_n;
	memcpy(p->registers, registers, sizeof registers);
	free(kept);
}

static void
check_map(struct world *w, struct tg_doc *doc, struct version *a, struct version *b)
{
	struct oracle *o = w->oracle;
	struct oracle_set both;
	uint32_t mapped;

	ck_assert_int_eq(
	    tg_doc_map_between(doc, a->ids, a->n, b->ids, b->n, 0, (uint32_t)a->item_n + 1, 1, &mapped),
	    TG_ERANGE);
	for (size_t i = 0; i < ORACLE_EVENTS / 64; i++)
		both.w[i] = a->set.w[i] | b->set.w[i];
	oracle_run(o, &both);
	for (int tries = 0; tries < 6; tries++) {
		int bias = world_random(w, 2) ? 1 : -1, i = 0;
		uint32_t index = world_random(w, (uint32_t)a->item_n + 1), want = 0;
		int item = bias < 0 ? (int)index - 1 : (int)index;

		for (; item >= 0 && i < o->item_n; i++) {
			int e = o->items[i].event;

			if (a->shown[e] && item-- == 0) {
				want += bias < 0 && b->shown[e];
				break;
			}
			want += b->shown[e];
		}
		ck_assert_int_eq(
		    tg_doc_map_between(doc, a->ids, a->n, b->ids, b->n, 0, index, bias, &mapped), TG_OK);
		ck_assert_msg(
		    mapped == want, "seed %lu: %u becomes %u, should be %u", w->seed, index, mapped, want);
	}
}

START_TEST(what_lies_between_two_versions_is_what_the_oracle_says)
{
	static struct world w;
	static struct version a, b;

	FOR_SEEDS(seed, 60)
	{
		world_open(&w, 10000 + seed, (int)(seed % 4 == 0), 2 + (int)(seed % 4));
		w.plain = 50 + (int)(seed % 40);
		world_live(&w, 100);
		for (int who = 0; who < w.people; who++) {
			struct tg_doc *doc = w.person[who].doc;

			world_take(&w, who);
			for (int i = 0; i < 6 && w.oracle->event_n > 0; i++) {
				pick_version(&w, doc, &a);
				pick_version(&w, doc, &b);
				check_diff(&w, doc, &a, &b);
				check_patches(&w, who, &a, &b);
				check_map(&w, doc, &a, &b);
			}
			world_check_doc(&w, doc);
			world_check_mirror(&w, who);
		}
		world_live(&w, 40);
		world_settle(&w);
		world_check_all(&w);
		world_close(&w);
	}
}
END_TEST

/* ---- undo */

/* The page shows the items of the last run of the oracle. */
static void
check_page(struct world *w, int who)
{
	struct world_person *p = &w->person[who];
	size_t at = 0;

	for (int i = 0; i < w->oracle->item_n; i++) {
		const struct oracle_item *item = &w->oracle->items[i];

		if (item->deleted)
			continue;
		ck_assert_msg(at < p->mirror_n &&
				  w->oracle->events[item->event].scalar == p->mirror[at].scalar &&
				  memcmp(item->value, p->mirror[at].value, sizeof item->value) == 0,
		    "seed %lu: item %zu", w->seed, at);
		at++;
	}
	ck_assert_msg(at == p->mirror_n, "seed %lu: %zu items, not %zu", w->seed, p->mirror_n, at);
}

/*
 * E6: A edits, B edits, A undoes all, one step at a time and in any order: the text has B's edits only. Words
 * that came back at different times must stand in their old order.
 */
START_TEST(undo_step_by_step_leaves_what_others_did)
{
	static struct world w;

	FOR_SEEDS(seed, 200)
	{
		struct tg_event_range step[40];
		struct tg_patches patches;
		struct oracle_set without;
		uint64_t first, count;
		size_t n = 0;

		world_open(&w, 11000 + seed, (int)(seed % 4 == 0), 3);
		w.plain = 70;
		world_do(&w, 2, TG_EDIT_BLOCK, 0, 0, 1, 1, NULL);
		world_do(&w, 2, TG_EDIT_INSERT, 1, 0, 0, 1, "bold");
		world_do(&w, 2, TG_EDIT_INSERT, 5, 0, -1, 0, "the quick brown fox jumps");
		world_do(&w, 2, TG_EDIT_MARK, 8, 14, 2, 1, NULL);
		world_settle(&w);
		for (uint32_t i = 0, k = 1 + world_random(&w, 12); i < k; i++) {
			world_agent(0, step[n].agent);
			step[n].seq = tg_doc_next_seq(w.person[0].doc, step[n].agent);
			if (world_random(&w, 3) > 0 && w.person[0].mirror_n > 12)
				world_do(&w, 0, TG_EDIT_DELETE, 6 + world_random(&w, 3), 10, -1, 0, NULL);
			else
				world_edit(&w, 0);
			step[n].count = tg_doc_next_seq(w.person[0].doc, step[n].agent) - step[n].seq;
			n++;
		}
		for (uint32_t i = 0, k = 1 + world_random(&w, 8); i < k; i++)
			world_edit(&w, 1);
		world_take(&w, 0);
		world_take(&w, 1);
		memset(&without, 0, sizeof without);
		for (int e = 0; e < w.oracle->event_n; e++)
			if (w.oracle->events[e].agent != 0)
				oracle_put(&without, e);
		for (size_t k = 0; k < w.bundle_n; k++)
			world_deliver(&w, 0);
		while (n > 0) {
			/* Last first, as people do, or any. */
			size_t i = seed % 3 ? n - 1 : world_random(&w, (uint32_t)n);

			ck_assert_int_eq(
			    tg_doc_undo(w.person[0].doc, &step[i], 1, &first, &count, &patches), TG_OK);
			world_draw(&w, 0, &patches);
			step[i] = step[--n];
		}
		oracle_run(w.oracle, &without);
		check_page(&w, 0);
		world_close(&w);
	}
}
END_TEST

/* What all events make, but what those in ${undone} did does not count. */
static void
run_without(struct world *w, const struct oracle_set *all, const struct oracle_set *undone)
{
	struct oracle_set rest = *all;

	for (size_t i = 0; i < ORACLE_EVENTS / 64; i++)
		rest.w[i] &= ~undone->w[i];
	oracle_run(w->oracle, all);
	oracle_format(w->oracle, &rest);
}

/* What can be told of any number of undos and redos, in any order: undone.h's rule. */
START_TEST(undo_and_redo_in_any_order_follow_the_rule)
{
	static struct world w;

	FOR_SEEDS(seed, 100)
	{
		struct {
			struct tg_event_range events, undo;
			int undone;
		} step[16];
		struct oracle_set all, undone;
		struct tg_patches patches;
		uint32_t n = 1 + (uint32_t)seed % 12;
		uint64_t first, count;

		world_open(&w, 12000 + seed, (int)(seed % 4 == 0), 3);
		w.plain = 60;
		world_do(&w, 2, TG_EDIT_BLOCK, 0, 0, 1, 1, NULL);
		world_do(&w, 2, TG_EDIT_INSERT, 1, 0, 0, 1, "bold");
		world_do(&w, 2, TG_EDIT_INSERT, 5, 0, -1, 0, "the quick brown fox jumps");
		world_do(&w, 2, TG_EDIT_MARK, 8, 14, 2, 1, NULL);
		world_settle(&w);
		for (uint32_t i = 0; i < n; i++) {
			memset(&step[i], 0, sizeof step[i]);
			world_agent(0, step[i].events.agent);
			world_agent(0, step[i].undo.agent);
			step[i].events.seq = tg_doc_next_seq(w.person[0].doc, step[i].events.agent);
			world_edit(&w, 0);
			step[i].events.count =
			    tg_doc_next_seq(w.person[0].doc, step[i].events.agent) - step[i].events.seq;
			if (world_random(&w, 2))
				world_edit(&w, 1);
			if (world_random(&w, 3) == 0) {
				world_take(&w, 1);
				world_deliver(&w, 0);
				world_poll(&w, 0);
			}
		}
		for (int i = 0; i < 3; i++)
			world_take(&w, i);
		for (size_t k = 0; k < w.bundle_n; k++)
			world_deliver(&w, 0);
		memset(&all, 0, sizeof all);
		memset(&undone, 0, sizeof undone);
		for (int e = 0; e < w.oracle->event_n; e++)
			oracle_put(&all, e);
		for (int round = 0; round < 20; round++) {
			uint32_t i = world_random(&w, n);

			/* An undo that had nothing to do leaves nothing to redo. */
			if (step[i].undone && step[i].undo.count == 0)
				continue;
			ck_assert_int_eq(
			    tg_doc_undo(w.person[0].doc, step[i].undone ? &step[i].undo : &step[i].events, 1,
				&first, &count, &patches),
			    TG_OK);
			world_draw(&w, 0, &patches);
			step[i].undone = !step[i].undone;
			step[i].undo.seq = first;
			step[i].undo.count = count;
			for (uint64_t k = 0; k < step[i].events.count; k++) {
				int e = w.event_of[0][step[i].events.seq + k];

				undone.w[e / 64] ^= UINT64_C(1) << e % 64;
			}
			run_without(&w, &all, &undone);
			check_page(&w, 0);
			if (!step[i].undone && count > 0 && world_random(&w, 3) == 0) {
				/* And back through the redo: the undo of an undo of an undo. */
				ck_assert_int_eq(
				    tg_doc_undo(w.person[0].doc, &step[i].undo, 1, &first, &count, &patches),
				    TG_OK);
				world_draw(&w, 0, &patches);
				step[i].undone = 1;
				step[i].undo.seq = first;
				step[i].undo.count = count;
				for (uint64_t k = 0; k < step[i].events.count; k++)
					oracle_put(&undone, w.event_of[0][step[i].events.seq + k]);
				run_without(&w, &all, &undone);
				check_page(&w, 0);
			}
		}
		world_close(&w);
	}
}
END_TEST

/* ---- restore */

static void
check_is(struct world *w, int who, const struct version *v)
{
	const struct world_person *p = &w->person[who];

	ck_assert_msg(
	    p->mirror_n == v->item_n, "seed %lu: %zu items, should be %zu", w->seed, p->mirror_n, v->item_n);
	for (size_t i = 0; i < v->item_n; i++) {
		const struct oracle_event *e = &w->oracle->events[v->items[i].event];

		ck_assert_msg(
		    p->mirror[i].kind == e->item_kind && p->mirror[i].scalar == e->scalar &&
			memcmp(p->mirror[i].value, v->items[i].value, sizeof v->items[i].value) == 0,
		    "seed %lu: item %zu", w->seed, i);
	}
	for (int k = 0; k < ORACLE_KEYS; k++)
		ck_assert_int_eq(p->registers[k], oracle_register(w->oracle, &v->set, k));
}

START_TEST(any_version_comes_back_as_new_events_for_everybody)
{
	static struct world w;
	static struct version v, before;

	FOR_SEEDS(seed, 60)
	{
		struct tg_event_id now[WORLD_PEOPLE];
		const struct tg_event_id *ids;
		struct tg_patches patches;
		struct tg_event_range made;
		size_t n;
		int who;

		world_open(&w, 13000 + seed, (int)(seed % 4 == 0), 2 + (int)(seed % 3));
		world_live(&w, 70);
		who = (int)world_random(&w, (uint32_t)w.people);
		if (w.oracle->event_n == 0) {
			world_close(&w);
			continue;
		}
		world_take(&w, who);
		pick_version(&w, w.person[who].doc, &v);
		ck_assert_int_eq(tg_doc_version(w.person[who].doc, &ids, &n), TG_OK);
		ck_assert_uint_le(n, WORLD_PEOPLE);
		memcpy(now, ids, n * sizeof *ids);
		world_agent(who, made.agent);
		ck_assert_int_eq(
		    tg_doc_restore(w.person[who].doc, v.ids, v.n, &made.seq, &made.count, &patches), TG_OK);
		world_draw(&w, who, &patches);
		check_is(&w, who, &v);
		if (made.count > 0) {
			struct oracle_set set;
			uint64_t first, count;

			/* What was there before comes back by undo. */
			memset(&before, 0, sizeof before);
			world_version(&w, now, n, &set);
			before.set = set;
			oracle_run(w.oracle, &set);
			for (int i = 0; i < w.oracle->item_n; i++)
				if (!w.oracle->items[i].deleted) {
					before.items[before.item_n].event = w.oracle->items[i].event;
					memcpy(before.items[before.item_n++].value, w.oracle->items[i].value,
					    sizeof before.items[0].value);
				}
			if (w.oracle->event_n + 200 + (int)made.count < ORACLE_EVENTS)
				world_record_undo(&w, who, made.seq, made.count, now, n);
			ck_assert_int_eq(
			    tg_doc_undo(w.person[who].doc, &made, 1, &first, &count, &patches), TG_OK);
			world_draw(&w, who, &patches);
			check_is(&w, who, &before);
		}
		world_close(&w);
	}
}
END_TEST

/* The others hear of a restore as of any edit. */
START_TEST(a_restore_is_edits_like_any_other)
{
	static struct world w;
	static struct version v;

	FOR_SEEDS(seed, 40)
	{
		struct tg_event_id now[WORLD_PEOPLE];
		const struct tg_event_id *ids;
		struct tg_patches patches;
		uint64_t first, count;
		size_t n;

		world_open(&w, 14000 + seed, (int)(seed % 4 == 0), 3);
		world_live(&w, 50);
		world_edit(&w, 0);
		world_take(&w, 0);
		pick_version(&w, w.person[0].doc, &v);
		ck_assert_int_eq(tg_doc_version(w.person[0].doc, &ids, &n), TG_OK);
		memcpy(now, ids, n * sizeof *ids);
		ck_assert_int_eq(
		    tg_doc_restore(w.person[0].doc, v.ids, v.n, &first, &count, &patches), TG_OK);
		world_draw(&w, 0, &patches);
		if (count > 0)
			world_record_undo(&w, 0, first, count, now, n);
		world_live(&w, 20);
		world_settle(&w);
		world_check_all(&w);
		world_close(&w);
	}
}
END_TEST

/* ---- by hand */

static const char *
shown_text(struct world *w, int who)
{
	static char text[256];
	const uint8_t *data;
	size_t len;

	ck_assert_int_eq(
	    tg_doc_text(w->person[who].doc, 0, 0, tg_doc_length(w->person[who].doc, 0), &data, &len), TG_OK);
	memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

static struct tg_event_range
undo(struct world *w, int who, struct tg_event_range range)
{
	struct tg_event_range made = range;
	struct tg_patches patches;

	ck_assert_int_eq(tg_doc_undo(w->person[who].doc, &range, 1, &made.seq, &made.count, &patches), TG_OK);
	world_draw(w, who, &patches);
	return made;
}

static struct tg_event_range
last_events(struct world *w, int who, uint64_t count)
{
	struct tg_event_range range;

	world_agent(who, range.agent);
	range.seq = tg_doc_next_seq(w->person[who].doc, range.agent) - count;
	range.count = count;
	return range;
}

/* The delete key, three times with pauses: each was put back in front of the one before it. */
START_TEST(words_put_back_one_by_one_stand_in_their_old_order)
{
	static struct world w;
	struct tg_event_range step[3];

	world_open(&w, 1, 0, 1);
	world_do(&w, 0, TG_EDIT_INSERT, 0, 0, -1, 0, "axyzb");
	for (int i = 0; i < 3; i++) {
		world_do(&w, 0, TG_EDIT_DELETE, 1, 2, -1, 0, NULL);
		step[i] = last_events(&w, 0, 1);
	}
	ck_assert_str_eq(shown_text(&w, 0), "ab");
	undo(&w, 0, step[2]);
	undo(&w, 0, step[1]);
	ck_assert_str_eq(shown_text(&w, 0), "ayzb");
	undo(&w, 0, step[0]);
	ck_assert_str_eq(shown_text(&w, 0), "axyzb");
	world_close(&w);
}
END_TEST

/* Typed, deleted, undone twice: the text put back by the first undo was not known to the second. */
START_TEST(what_was_put_back_is_still_what_was_typed)
{
	static struct world w;
	struct tg_event_range typed, deleted, again;

	world_open(&w, 1, 0, 1);
	world_do(&w, 0, TG_EDIT_INSERT, 0, 0, -1, 0, "word");
	typed = last_events(&w, 0, 4);
	world_do(&w, 0, TG_EDIT_DELETE, 0, 4, -1, 0, NULL);
	deleted = last_events(&w, 0, 4);
	deleted = undo(&w, 0, deleted);
	ck_assert_str_eq(shown_text(&w, 0), "word");
	again = undo(&w, 0, typed);
	ck_assert_str_eq(shown_text(&w, 0), "");
	undo(&w, 0, again);
	ck_assert_str_eq(shown_text(&w, 0), "word");
	undo(&w, 0, deleted);
	ck_assert_str_eq(shown_text(&w, 0), "");
	world_close(&w);
}
END_TEST

/* Two people delete the same word: it comes back when one of them undoes and only that one had deleted it. */
START_TEST(what_two_deleted_stays_deleted_for_both)
{
	static struct world w;
	struct tg_event_range a, b;

	world_open(&w, 1, 0, 3);
	world_do(&w, 2, TG_EDIT_INSERT, 0, 0, -1, 0, "one two");
	world_settle(&w);
	world_do(&w, 0, TG_EDIT_DELETE, 3, 7, -1, 0, NULL);
	a = last_events(&w, 0, 4);
	world_do(&w, 1, TG_EDIT_DELETE, 3, 7, -1, 0, NULL);
	b = last_events(&w, 1, 4);
	world_settle(&w);
	a = undo(&w, 0, a);
	ck_assert_uint_eq(a.count, 0);
	ck_assert_str_eq(shown_text(&w, 0), "one");
	/*
	 * Nothing tells B that A has taken its deletion back, so to B the word is still deleted by A: only a
	 * version of the past brings it back.  Inserts that name their source (text-core.md B7) would.
	 */
	b = undo(&w, 1, b);
	ck_assert_uint_eq(b.count, 0);
	ck_assert_str_eq(shown_text(&w, 1), "one");
	world_close(&w);
}
END_TEST

static int
stop_at_once(void *ctx, const struct tg_past_run *run)
{
	(void)run;
	++*(int *)ctx;
	return TG_ENOMEM; /* the caller's own number: it says nothing about the document */
}

static int
stop_diff(void *ctx, const struct tg_diff_run *run)
{
	(void)run;
	++*(int *)ctx;
	return 7;
}

/* A thread and the body: both come back, and the patches speak of both. */
START_TEST(all_flows_have_a_past)
{
	static struct world w;
	static const uint8_t name[] = {0x92, 0xa1, 't', 0x00}; /* ["t", 0] */
	struct tg_event_id then[1], now[1];
	const struct tg_event_id *ids;
	struct tg_patches patches;
	struct tg_edit edit = {.kind = TG_EDIT_INSERT, .text = (const uint8_t *)"reply", .text_len = 5};
	int records[2] = {0, 0};
	const uint8_t *data;
	struct tg_doc *doc;
	uint32_t flow;
	size_t n, len;

	world_open(&w, 1, 0, 1);
	doc = w.person[0].doc;
	ck_assert_int_eq(tg_doc_flow(doc, name, sizeof name, &flow), TG_OK);
	world_do(&w, 0, TG_EDIT_INSERT, 0, 0, -1, 0, "body");
	edit.flow = flow;
	ck_assert_int_eq(tg_doc_edit(doc, &edit, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_version(doc, &ids, &n), TG_OK);
	memcpy(then, ids, sizeof then);
	edit.kind = TG_EDIT_DELETE;
	edit.index = 1;
	edit.count = 3;
	ck_assert_int_eq(tg_doc_edit(doc, &edit, 1, NULL, NULL), TG_OK);
	edit.flow = TG_TEXT_FLOW_BODY;
	ck_assert_int_eq(tg_doc_edit(doc, &edit, 1, NULL, NULL), TG_OK);
	ck_assert_int_eq(tg_doc_version(doc, &ids, &n), TG_OK);
	memcpy(now, ids, sizeof now);

	ck_assert_int_eq(tg_doc_text_at(doc, then, 1, flow, &data, &len), TG_OK);
	ck_assert_int_eq(len == 5 && memcmp(data, "reply", 5) == 0, 1);
	ck_assert_int_eq(tg_doc_patches(doc, then, 1, NULL, 0, &patches), TG_OK);
	for (size_t i = 0; i < patches.count; i++) {
		ck_assert_int_eq(patches.records[i * TG_PATCH_FIELDS], TG_PATCH_DELETE);
		records[patches.records[i * TG_PATCH_FIELDS + 1] == (int32_t)flow]++;
	}
	ck_assert_int_eq(records[0], 1);
	ck_assert_int_eq(records[1], 1);
	ck_assert_int_eq(tg_doc_restore(doc, then, 1, NULL, NULL, &patches), TG_OK);
	ck_assert_uint_eq(patches.count, 2);
	ck_assert_int_eq(tg_doc_text(doc, flow, 0, tg_doc_length(doc, flow), &data, &len), TG_OK);
	ck_assert_int_eq(len == 5 && memcmp(data, "reply", 5) == 0, 1);
	ck_assert_str_eq(shown_text(&w, 0), "body");
	ck_assert_int_eq(tg_doc_restore(doc, now, 1, NULL, NULL, &patches), TG_OK);
	ck_assert_str_eq(shown_text(&w, 0), "b");
	ck_assert_int_eq(tg_doc_restore(doc, NULL, 0, NULL, NULL, &patches), TG_OK);
	ck_assert_str_eq(shown_text(&w, 0), "");
	ck_assert_uint_eq(tg_doc_length(doc, flow), 0);
	world_close(&w);
}
END_TEST

START_TEST(a_visitor_may_stop)
{
	static struct world w;
	const struct tg_event_id *ids;
	struct tg_event_id now;
	int calls = 0;
	size_t n;

	world_open(&w, 1, 0, 1);
	world_do(&w, 0, TG_EDIT_INSERT, 0, 0, -1, 0, "one");
	world_do(&w, 0, TG_EDIT_BLOCK, 1, 0, -1, 0, NULL);
	ck_assert_int_eq(tg_doc_version(w.person[0].doc, &ids, &n), TG_OK);
	ck_assert_uint_eq(n, 1);
	now = ids[0];
	ck_assert_int_eq(tg_doc_blame(w.person[0].doc, &now, 1, 0, stop_at_once, &calls), TG_ENOMEM);
	ck_assert_int_eq(tg_doc_diff(w.person[0].doc, NULL, 0, &now, 1, 0, stop_diff, &calls), 7);
	ck_assert_int_eq(calls, 2);
	world_check_doc(&w, w.person[0].doc);
	world_close(&w);
}
END_TEST

START_TEST(a_version_that_is_not_held_is_refused)
{
	static struct world w;
	struct tg_event_id id = {{1}, 0};
	const uint8_t *data;
	uint32_t mapped;
	int calls = 0;
	size_t len;

	world_open(&w, 1, 0, 1);
	world_do(&w, 0, TG_EDIT_INSERT, 0, 0, -1, 0, "one");
	ck_assert_int_eq(tg_doc_blame(w.person[0].doc, &id, 1, 0, stop_at_once, &calls), TG_EPARENT);
	world_agent(0, id.agent);
	id.seq = 3;
	ck_assert_int_eq(tg_doc_text_at(w.person[0].doc, &id, 1, 0, &data, &len), TG_EPARENT);
	ck_assert_int_eq(tg_doc_map_between(w.person[0].doc, &id, 1, NULL, 0, 0, 0, 1, &mapped), TG_EPARENT);
	id.seq = 2;
	ck_assert_int_eq(tg_doc_blame(w.person[0].doc, &id, 1, 1, stop_at_once, &calls), TG_EINVAL);
	ck_assert_int_eq(calls, 0);
	ck_assert_int_eq(tg_doc_text_at(w.person[0].doc, &id, 1, 0, &data, &len), TG_OK);
	ck_assert_int_eq(memcmp(data, "one", len == 3 ? 3 : 99), 0);
	world_close(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_history");
	TCase *t = tcase_create("versions");
	int failed;

	tcase_set_timeout(t, 300);
	tcase_add_test(t, every_version_shows_what_the_oracle_says_and_who_wrote_it);
	tcase_add_test(t, what_lies_between_two_versions_is_what_the_oracle_says);
	tcase_add_test(t, undo_step_by_step_leaves_what_others_did);
	tcase_add_test(t, undo_and_redo_in_any_order_follow_the_rule);
	tcase_add_test(t, any_version_comes_back_as_new_events_for_everybody);
	tcase_add_test(t, a_restore_is_edits_like_any_other);
	tcase_add_test(t, words_put_back_one_by_one_stand_in_their_old_order);
	tcase_add_test(t, what_was_put_back_is_still_what_was_typed);
	tcase_add_test(t, what_two_deleted_stays_deleted_for_both);
	tcase_add_test(t, all_flows_have_a_past);
	tcase_add_test(t, a_visitor_may_stop);
	tcase_add_test(t, a_version_that_is_not_held_is_refused);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	free(heard.v);
	return failed;
}
