/*
 * Goal: any version of any history, and what lies between any two, is what the oracle says, authors included;
 * and looking at the past changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "text/doc.h"
#include "text/world.h"
#include "wire/reader.h"

static unsigned long
env_number(const char *name, unsigned long ordinary)
{
	const char *s = getenv(name);

	return s != NULL ? strtoul(s, NULL, 10) : ordinary;
}

#define FOR_SEEDS(seed, n)                                                                                   \
	for (unsigned long seed = env_number("TG_SEED", 1); seed <= env_number("TG_SEEDS", n); seed++)

static void
live(struct world *w, int steps)
{
	for (int i = 0; i < steps; i++) {
		int who = (int)world_random(w, (uint32_t)w->people), dice = (int)world_random(w, 7);

		if (dice < 3)
			world_edit(w, who);
		else if (dice == 3)
			world_take(w, who);
		else if (dice < 6)
			world_deliver(w, who);
		else
			world_poll(w, who);
	}
}

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
		live(&w, 100);
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
		live(&w, 40);
		world_settle(&w);
		for (int who = 0; who < w.people; who++) {
			world_check_doc(&w, w.person[who].doc);
			world_check_mirror(&w, who);
		}
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
		live(&w, 100);
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
		live(&w, 40);
		world_settle(&w);
		for (int who = 0; who < w.people; who++) {
			world_check_doc(&w, w.person[who].doc);
			world_check_mirror(&w, who);
		}
		world_close(&w);
	}
}
END_TEST

/* ---- by hand */

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
	SRunner *sr;
	int failed;

	tcase_set_timeout(t, 300);
	tcase_add_test(t, every_version_shows_what_the_oracle_says_and_who_wrote_it);
	tcase_add_test(t, what_lies_between_two_versions_is_what_the_oracle_says);
	tcase_add_test(t, a_visitor_may_stop);
	tcase_add_test(t, a_version_that_is_not_held_is_refused);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	free(heard.v);
	return failed != 0;
}
