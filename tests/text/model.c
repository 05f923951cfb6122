/*
 * Goal: not some random histories but all small ones.  Two items that everybody holds, then three events by
 * three people: every way in which they may or may not know of each other, every insert, delete and mark that
 * is possible there, and both orders of the agents.  The document must be the oracle's, however the events
 * arrive.
 *
 * TG_MODEL_EVENTS=4 goes one further (some minutes).
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/varint.h"
#include "text/oracle.h"

#define MAX_EVENTS 4
#define BASE	   2 /* events of the text that is there already */

struct event {
	struct tg_event_id parents[MAX_EVENTS + 1];
	size_t parent_n;
	uint8_t agent, ops[16], text[2];
	size_t ops_len, text_len;
};

struct model {
	struct oracle oracle;
	struct event events[MAX_EVENTS];
	int n, wanted;
	int descending; /* later events have lower agents */
	unsigned long cases;
};

static void
agent_key(uint8_t agent, uint8_t *key)
{
	memset(key, 0, TG_TEXT_AGENT_BYTES);
	key[0] = agent;
}

static int
add_event(struct tg_doc *doc, const struct event *e)
{
	uint8_t key[TG_TEXT_AGENT_BYTES];

	agent_key(e->agent, key);
	return tg_doc_add(doc, key, 0, e->parents, e->parent_n, e->ops, e->ops_len, e->text, e->text_len);
}

struct reading {
	const struct model *m;
	struct tg_doc *doc;
	uint32_t formats[BASE + MAX_EVENTS];
	uint8_t scalars[BASE + MAX_EVENTS];
	size_t n;
};

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	struct reading *r = ctx;

	for (uint32_t i = 0; i < run->count; i++) {
		r->scalars[r->n] = run->text[i];
		r->formats[r->n++] = run->format;
	}
	return 0;
}

static void
same_as_oracle(const struct model *m, struct tg_doc *doc, const char *way)
{
	struct reading r = {0};
	size_t at = 0;

	ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), read_run, &r), TG_OK);
	for (int i = 0; i < m->oracle.item_n; i++) {
		const struct oracle_item *item = &m->oracle.items[i];
		const uint8_t *format;
		size_t len;

		if (item->deleted)
			continue;
		ck_assert_msg(at < r.n && r.scalars[at] == m->oracle.events[item->event].scalar,
		    "case %lu, %s: item %zu", m->cases, way, at);
		ck_assert_int_eq(tg_doc_format(doc, r.formats[at], &format, &len), TG_OK);
		ck_assert_msg(
		    (len > 1) == item->value[0], "case %lu, %s: format of item %zu", m->cases, way, at);
		at++;
	}
	ck_assert_msg(at == r.n, "case %lu, %s: %zu items", m->cases, way, r.n);
}

static void
check_case(struct model *m)
{
	static const uint8_t ops[] = {1, 1, 1, 'b', 1, 1, 0, 2, 0, 1, 0, 0, 1}, text[] = {'a', 'b', 0xc3};
	static const char *const ways[] = {"in order", "the other way round", "planned"};
	uint8_t key[TG_TEXT_AGENT_BYTES];
	struct oracle_set all = {{0}};

	for (int e = 0; e < m->oracle.event_n; e++)
		oracle_put(&all, e);
	oracle_run(&m->oracle, &all);
	agent_key(100, key);
	for (int way = 0; way < 3; way++) {
		struct tg_doc *doc;
		int has = 0;

		ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		if (way == 2)
			ck_assert_int_eq(tg_doc_load_begin(doc), TG_OK);
		ck_assert_int_eq(tg_doc_add(doc, key, 0, NULL, 0, ops, sizeof ops, text, sizeof text), TG_OK);
		while (has != (1 << m->n) - 1)
			for (int i = 0; i < m->n; i++) {
				int k = way == 1 ? m->n - 1 - i : i, rc;

				if (has >> k & 1)
					continue;
				rc = add_event(doc, &m->events[k]);
				ck_assert_msg(rc == TG_OK || rc == TG_EPARENT, "case %lu, %s: %s", m->cases,
				    ways[way], tg_status_name(rc));
				has |= (rc == TG_OK) << k;
			}
		same_as_oracle(m, doc, ways[way]);
		tg_doc_close(doc);
	}
	m->cases++;
}

static void extend(struct model *m);

/* Add one event to the history, go on from there, and take it back. */
static void
with_event(struct model *m, const struct oracle_event *o, const uint8_t *ops, size_t ops_len,
    const char *text, size_t text_len)
{
	struct event *e = &m->events[m->n];

	m->oracle.events[m->oracle.event_n++] = *o;
	m->n++;
	memcpy(e->ops, ops, ops_len);
	e->ops_len = ops_len;
	memcpy(e->text, text, text_len);
	e->text_len = text_len;
	extend(m);
	m->n--;
	m->oracle.event_n--;
}

/* Every event that can be made in version o->known, which shows ${length} items. */
static void
each_event(struct model *m, struct oracle_event *o, uint32_t length)
{
	char letter[3] = {(char)('p' + m->n), '\xc3', '\0'};

	for (uint32_t p = 0; p <= length; p++) {
		uint8_t plain[] = {1, 0, 0, 1, 0, (uint8_t)(2 * p)};
		uint8_t bold[] = {1, 1, 1, 'b', 1, 1, 0, 1, 1, (uint8_t)(2 * p), 1};

		o->kind = ORACLE_INSERT;
		o->pos = p;
		o->scalar = (uint8_t)letter[0];
		o->value[0] = 0;
		with_event(m, o, plain, sizeof plain, letter, 1);
		o->value[0] = 1;
		with_event(m, o, bold, sizeof bold, letter, 2);
		o->value[0] = 0;
	}
	for (uint32_t p = 0; p < length; p++) {
		uint8_t gone[] = {1, 0, 0, 1, 2, (uint8_t)(2 * p)};

		o->kind = ORACLE_DELETE;
		o->pos = p;
		with_event(m, o, gone, sizeof gone, "", 0);
		for (uint32_t to = p + 1; to <= length; to++) {
			uint8_t mark[] = {
			    1, 1, 1, 'b', 0, 1, (uint8_t)((to - p - 1) << 3 | 6), (uint8_t)(2 * p), 0};

			o->kind = ORACLE_MARK;
			o->to = to;
			o->mark_value = 1;
			with_event(m, o, mark, sizeof mark, "\xc3", 1);
			o->mark_value = 0;
			with_event(m, o, mark, sizeof mark, "\xc0", 1);
		}
	}
}

static void
extend(struct model *m)
{
	uint8_t shown[ORACLE_EVENTS];
	struct oracle_set all = {{0}};

	if (m->n == m->wanted) {
		check_case(m);
		return;
	}
	for (int e = 0; e < m->oracle.event_n; e++)
		oracle_put(&all, e);
	oracle_run(&m->oracle, &all); /* which items deletes are about */

	/* Each set of earlier events that is closed under ancestors is a version somebody may have seen. */
	for (int seen = 0; seen < 1 << m->n; seen++) {
		struct oracle_event o = {0};
		struct event *e = &m->events[m->n];
		uint32_t length = 0;
		int closed = 1;

		for (int b = 0; b < BASE; b++)
			oracle_put(&o.known, b);
		e->agent = (uint8_t)(m->descending ? 50 - m->n : 1 + m->n);
		agent_key(100, e->parents[0].agent);
		e->parents[0].seq = BASE - 1;
		e->parent_n = 1;
		o.lamport = BASE + 1;
		for (int i = 0; i < m->n; i++) {
			const struct oracle_event *up = &m->oracle.events[BASE + i];

			if (!(seen >> i & 1))
				continue;
			for (int k = 0; k < i; k++)
				closed &= !oracle_has(&up->known, BASE + k) || (seen >> k & 1);
			oracle_put(&o.known, BASE + i);
			agent_key(m->events[i].agent, e->parents[e->parent_n].agent);
			e->parents[e->parent_n++].seq = 0;
			if (up->lamport >= o.lamport)
				o.lamport = up->lamport + 1;
		}
		if (!closed)
			continue;
		o.agent = e->agent;
		oracle_view(&m->oracle, &o.known, shown);
		for (int k = 0; k < m->oracle.event_n; k++)
			length += shown[k];
		each_event(m, &o, length);
	}
}

START_TEST(all_small_histories_come_out_as_the_oracle_says)
{
	static struct model m;
	const char *wanted = getenv("TG_MODEL_EVENTS");

	for (int descending = 0; descending < 2; descending++) {
		memset(&m, 0, sizeof m);
		m.wanted = wanted != NULL && wanted[0] == '4' ? 4 : 3;
		m.descending = descending;
		for (int b = 0; b < BASE; b++) { /* "a", and "b" in bold */
			struct oracle_event *o = &m.oracle.events[m.oracle.event_n++];

			o->agent = 100;
			o->seq = (uint32_t)b;
			o->pos = (uint32_t)b;
			o->scalar = (uint32_t)('a' + b);
			o->value[0] = b;
			o->lamport = (uint32_t)b + 1;
			if (b > 0)
				oracle_put(&o->known, 0);
		}
		extend(&m);
		ck_assert_uint_gt(m.cases, 20000);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_model");
	TCase *t = tcase_create("small");
	SRunner *sr;
	int failed;

	tcase_set_timeout(t, 3600);
	tcase_add_test(t, all_small_histories_come_out_as_the_oracle_says);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
