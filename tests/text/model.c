/*
 * Goal: not some random histories but all small ones.  Two items that everybody holds, "a" and a bold "b";
 * then events by as many people, in every way in which they may or may not know of each other: every insert
 * (plain or bold), delete and mark (bold or not) that is possible there.  For each: the core shows what rule
 * B3 and the order of protocol 6.3 say; and what comes after a critical version shows the same on a document
 * that has forgotten all before it.
 *
 * How all are covered, and not many times over:
 *
 *   arrival    A history is a list of events, parents first.  All lists of the same events are tried, so all
 *              orders of arrival; the judge sorts them anew, by author, so that it never sees the core's
 * order. With FEWER only one list of each history is tried (below). names      Who is called what matters
 * where the rule asks for names: between inserts with equal origins and between marks with equal lamports. An
 * event gets a name in each gap between those that it can tie with, and no other. FEWER      Two neighbours
 * in the list that do not know of each other could stand the other way round; only the list is kept in which
 * the one with the smaller code comes first.
 *
 * The core gets each event once for all histories that begin alike: arena.h puts it back to the state before.
 *
 * 3 and 4 events in every run (the gate), 5 with TG_LONG; TG_MODEL_EVENTS=n overrides.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "suite.h"
#include "text/arena.h"
#include "text/seeds.h"

#define MAX_EVENTS 6
#define BASE	   2
#define ALL	   (BASE + MAX_EVENTS)

enum kind {
	INSERT,
	DELETE,
	MARK,
	FORGOTTEN
};

struct event {
	enum kind kind;
	int pos, to;	/* marks: [pos, to) */
	int bold;	/* inserts: born so; marks: the value */
	unsigned known; /* bits of events */
	int lamport;
	int name; /* byte of the agent: ties */
	/* of the list as it is, not of the history: */
	int left, right; /* inserts: origins, -1 for start and end */
	int target;	 /* deletes */
};

/* What a document shows. */
struct view {
	int n;
	uint8_t event[ALL], bold[ALL];
};

/* A document as the judge has it: all items in order. */
struct judge {
	int n;
	int8_t item[ALL];
};

static struct model {
	struct event e[ALL];
	int n, wanted; /* events, base included */
	int fewer;
	struct judge judge;	       /* of the list so far */
	struct arena_copy at[ALL + 1]; /* the core before the event of that number */
	struct tg_doc *doc;
	unsigned long cases, critical, ties;
} m;

#define NEED(what, ...)                                                                                      \
	do                                                                                                   \
		if (!(what))                                                                                 \
			broken(__VA_ARGS__);                                                                 \
	while (0)

static void
broken(const char *what, int at)
{
	static const char *const kinds[] = {"insert", "delete", "mark", "forgotten"};

	fprintf(stderr, "case %lu, %s, item %d:\n", m.cases, what, at);
	for (int i = BASE; i < m.n; i++)
		fprintf(stderr, "  %c: %s %d..%d bold %d name %d knows %x\n", 'a' + i, kinds[m.e[i].kind],
		    m.e[i].pos, m.e[i].to, m.e[i].bold, m.e[i].name, m.e[i].known >> BASE);
	ck_abort_msg("case %lu: %s", m.cases, what);
}

/* ---- the judge: protocol 6.3 and 6.4, for so few events that a version is a word */

static unsigned
shows(unsigned version)
{
	unsigned items = 0;

	for (int i = 0; i < m.n; i++)
		if (version >> i & 1 && m.e[i].kind == INSERT)
			items |= 1u << i;
	for (int i = 0; i < m.n; i++)
		if (version >> i & 1 && m.e[i].kind == DELETE)
			items &= ~(1u << m.e[i].target);
	return items;
}

static int
place(const struct judge *j, int event)
{
	int i = 0;

	while (i < j->n && j->item[i] != event)
		i++;
	return i;
}

/* The place of the pos-th item among ${items}. */
static int
find(const struct judge *j, unsigned items, int pos)
{
	for (int i = 0; i < j->n; i++)
		if (items >> j->item[i] & 1 && pos-- == 0)
			return i;
	return -1;
}

static void
origins(const struct judge *j, struct event *e)
{
	int at = e->pos == 0 ? -1 : find(j, shows(e->known), e->pos - 1);

	e->left = at < 0 ? -1 : j->item[at];
	for (at++; at < j->n && !(e->known >> j->item[at] & 1); at++)
		;
	e->right = at < j->n ? j->item[at] : -1;
}

static void
insert(struct judge *j, int event)
{
	struct event *e = &m.e[event];
	int left, at, right;

	origins(j, e);
	left = e->left < 0 ? -1 : place(j, e->left);
	right = e->right < 0 ? j->n : place(j, e->right);
	at = left + 1;
	for (int i = left + 1, outside = 1; i < right; i++) {
		const struct event *o = &m.e[j->item[i]];
		int o_left = o->left < 0 ? -1 : place(j, o->left);
		int o_right = o->right < 0 ? j->n : place(j, o->right);

		if (o_left < left)
			break;
		if (o_left == left && o_right == right) {
			if (e->name < o->name)
				break;
			outside = 1;
		} else if (o_left == left) {
			outside = o_right > right;
		}
		if (outside)
			at = i + 1;
	}
	for (int i = j->n++; i > at; i--)
		j->item[i] = j->item[i - 1];
	j->item[at] = (int8_t)event;
}

static void
apply(struct judge *j, int event)
{
	struct event *e = &m.e[event];

	if (e->kind == INSERT)
		insert(j, event);
	else if (e->kind == DELETE)
		e->target = j->item[find(j, shows(e->known), e->pos)];
}

static int
wins(const struct event *a, const struct event *b)
{
	return a->lamport != b->lamport ? a->lamport > b->lamport : a->name > b->name;
}

/* What a version shows: formats, and what is left of the items. */
static void
look(const struct judge *j, unsigned version, struct view *v)
{
	int best[ALL], value[ALL];
	unsigned left = shows(version);

	for (int i = 0; i < j->n; i++) {
		best[i] = -1;
		value[i] = m.e[j->item[i]].bold;
	}
	for (int k = BASE; k < m.n; k++) {
		const struct event *mark = &m.e[k];
		unsigned seen;
		int f, l, r;

		if (mark->kind != MARK || !(version >> k & 1))
			continue;
		seen = shows(mark->known);
		f = find(j, seen, mark->pos);
		l = find(j, seen, mark->to - 1);
		for (r = l + 1; r < j->n && !(mark->known >> j->item[r] & 1); r++)
			;
		for (int i = f; i < r; i++) {
			int c = j->item[i], covers;

			if (mark->known >> c & 1) /* clause 1 */
				covers = i <= l && seen >> c & 1;
			else if (m.e[c].known >> k & 1) /* clause 3 */
				covers = 0;
			else /* clause 2 */
				covers = i < l || m.e[c].bold;
			if (covers && (best[i] < 0 || wins(mark, &m.e[best[i]]))) {
				best[i] = k;
				value[i] = mark->bold;
			}
		}
	}
	v->n = 0;
	for (int i = 0; i < j->n; i++)
		if (left >> j->item[i] & 1) {
			v->event[v->n] = (uint8_t)j->item[i];
			v->bold[v->n++] = (uint8_t)value[i];
		}
}

/* Judge the events in the order of their names, as far as parents allow. */
static void
judge_all(struct view *v)
{
	struct judge j = {BASE, {0, 1}};
	unsigned done = (1u << BASE) - 1, all = (1u << m.n) - 1;

	while (done != all) {
		int next = -1;

		for (int i = BASE; i < m.n; i++)
			if (!(done >> i & 1) && (m.e[i].known & ~done) == 0 &&
			    (next < 0 || m.e[i].name < m.e[next].name))
				next = i;
		apply(&j, next);
		done |= 1u << next;
	}
	look(&j, all, v);
}

/* ---- the core */

static int
add(struct tg_doc *doc, int event)
{
	const struct event *e = &m.e[event];
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {(uint8_t)e->name};
	uint8_t ops[16] = {1, 0, 0, 1}, text[2] = {(uint8_t)('a' + event), 0xc3};
	size_t n = 4, text_n = 0, parent_n = 1;
	struct tg_event_id parents[MAX_EVENTS];

	memset(parents, 0, sizeof parents); /* the base is agent 0's */
	parents[0].seq = BASE - 1;
	for (int i = BASE; i < event; i++)
		if (e->known >> i & 1)
			parents[parent_n++].agent[0] = (uint8_t)m.e[i].name;
	if (e->kind != DELETE && (e->kind == MARK || e->bold)) {
		ops[1] = 1; /* a key, "b" */
		ops[2] = 1;
		ops[3] = 'b';
		ops[4] = 0;
		n = 5;
		if (e->kind == INSERT) { /* a format, of one pair, of that key */
			ops[4] = 1;
			ops[5] = 1;
			ops[6] = 0;
			n = 7;
		}
		ops[n++] = 1;
	}
	switch (e->kind) {
	case INSERT:
		ops[n++] = (uint8_t)e->bold;
		ops[n++] = (uint8_t)(2 * e->pos);
		if (e->bold)
			ops[n++] = 1;
		text_n = 1 + (size_t)e->bold;
		break;
	case DELETE:
		ops[n++] = 2;
		ops[n++] = (uint8_t)(2 * e->pos);
		break;
	default: /* a mark */
		ops[n++] = (uint8_t)((e->to - e->pos - 1) * 8 + 6);
		ops[n++] = (uint8_t)(2 * e->pos);
		ops[n++] = 0;
		text[0] = e->bold ? 0xc3 : 0xc0;
		text_n = 1;
		break;
	}
	return tg_doc_add(doc, agent, 0, parents, parent_n, ops, n, text, text_n);
}

static void
open_base(void)
{
	static const uint8_t nobody[TG_TEXT_AGENT_BYTES], text[] = {'a', 'b', 0xc3};
	static const uint8_t ops[] = {1, 1, 1, 'b', 1, 1, 0, 2, 0, 1, 0, 0, 1};

	arena_reset();
	if (tg_doc_open(&m.doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK ||
	    tg_doc_add(m.doc, nobody, 0, NULL, 0, ops, sizeof ops, text, sizeof text) != TG_OK)
		broken("the base", 0);
}

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	struct view *v = ctx;
	const uint8_t *format;
	size_t len;

	if (tg_doc_format(m.doc, run->format, &format, &len) != TG_OK)
		return TG_EINVAL;
	for (uint32_t i = 0; i < run->count && v->n < ALL; i++) {
		v->event[v->n] = (uint8_t)(run->text[i] - 'a');
		v->bold[v->n++] = len > 1;
	}
	return 0;
}

static void
compare(const struct view *want, const char *way)
{
	struct view got = {0};

	NEED(tg_doc_read(m.doc, 0, 0, tg_doc_length(m.doc, 0), read_run, &got) == TG_OK, way, -1);
	for (int i = 0; i < got.n && i < want->n; i++)
		NEED(got.event[i] == want->event[i] && got.bold[i] == want->bold[i], way, i);
	NEED(got.n == want->n, way, got.n);
}

/* The same in one go, planned; the first event comes last if it can. */
static void
check_planned(const struct view *want)
{
	int has = 0;

	open_base();
	NEED(tg_doc_load_begin(m.doc) == TG_OK, "load", 0);
	for (int round = 0; round < m.n; round++)
		for (int i = m.n - 1; i >= BASE; i--)
			if (!(has >> i & 1) && add(m.doc, i) == TG_OK)
				has |= 1 << i;
	NEED(tg_doc_load_end(m.doc) == TG_OK, "load", 1);
	compare(want, "planned");
}

/* ---- the claim about critical versions */

/* Event v is critical when all others are its ancestors or know it.  What comes after it must show the same
 * on a document that was born as v shows it: no deleted items, no marks, no origins, no format but the one
 * that is shown. */
static void
check_critical(int v, const struct view *want)
{
	unsigned before = m.e[v].known | 1u << v, all = (1u << m.n) - 1;
	struct judge j = {BASE, {0, 1}};
	struct view then, after;
	struct event was[ALL];

	for (int i = BASE; i < m.n; i++)
		if (before >> i & 1)
			apply(&j, i);
	look(&j, before, &then);

	memcpy(was, m.e, sizeof was);
	for (int i = 0; i < m.n; i++)
		if (before >> i & 1)
			m.e[i].kind = FORGOTTEN;
	j.n = 0;
	for (int i = 0; i < then.n; i++) {
		m.e[then.event[i]] = (struct event){INSERT, 0, 0, then.bold[i], 0, 0, 0, -1, -1, 0};
		j.item[j.n++] = (int8_t)then.event[i];
	}
	for (int i = BASE; i < m.n; i++)
		if (!(before >> i & 1))
			apply(&j, i);
	look(&j, all, &after);
	memcpy(m.e, was, sizeof was);
	for (int i = 0; i < after.n && i < want->n; i++)
		NEED(after.event[i] == want->event[i] && after.bold[i] == want->bold[i], "critical", i);
	NEED(after.n == want->n, "critical", after.n);
	m.critical++;
}

static void
check_all_critical(const struct view *want)
{
	for (int v = BASE; v < m.n; v++) {
		int critical = 1, after = 0;

		for (int i = BASE; i < m.n && critical; i++) {
			int knows = m.e[i].known >> v & 1;

			critical = i == v || knows || m.e[v].known >> i & 1;
			after += knows;
		}
		if (critical && after > 0)
			check_critical(v, want);
	}
}

static void
check_case(void)
{
	struct view want;

	judge_all(&want);
	compare(&want, "event by event");
	check_all_critical(&want);
	m.cases++;
	if (m.wanted - BASE <= 3 || m.cases % 64 == 0)
		check_planned(&want);
}

/* ---- all histories */

static int
code(const struct event *e)
{
	return ((int)e->kind * 2 + e->bold) * 256 + e->pos * 16 + e->to;
}

static void extend(void);

/* Add the event m.e[m.n], complete but for its name, to the list, under every name that could matter. */
static void
with_event(void)
{
	struct event *e = &m.e[m.n];
	struct judge before = m.judge;
	int ties[MAX_EVENTS], tie_n = 0, names = 0;

	if (m.fewer && m.n > BASE && !(e->known >> (m.n - 1) & 1) && code(e) < code(&m.e[m.n - 1]))
		return;
	if (e->kind == INSERT)
		origins(&before, e);
	for (int i = BASE; i < m.n; i++) {
		const struct event *o = &m.e[i];

		if (e->known >> i & 1 || o->kind != e->kind)
			continue;
		if (e->kind == INSERT ? e->left == o->left && e->right == o->right
				      : e->kind == MARK && e->lamport == o->lamport && e->bold != o->bold)
			ties[tie_n++] = o->name;
	}
	for (int gap = 0; gap <= tie_n; gap++) {
		int low = 0, high = 256;

		/* Just above the gap-th lowest of the ties, below all other names that are higher. */
		for (int i = 0; i < tie_n; i++) {
			int rank = 0;

			for (int k = 0; k < tie_n; k++)
				rank += ties[k] <= ties[i];
			if (rank == gap)
				low = ties[i];
		}
		for (int i = BASE; i < m.n; i++)
			if (m.e[i].name > low && m.e[i].name < high)
				high = m.e[i].name;
		for (int i = BASE; tie_n == 0 && m.n % 2 == 0 && i < m.n; i++) /* never mind: above all */
			if (m.e[i].name >= low) {
				low = m.e[i].name;
				high = 256;
			}
		e->name = (low + high) / 2;
		NEED(e->name > low, "names", gap);
		names++;
		arena_restore(&m.at[m.n]);
		NEED(add(m.doc, m.n) == TG_OK, "add", m.n);
		m.n++;
		m.judge = before;
		apply(&m.judge, m.n - 1);
		extend();
		m.n--;
		m.judge = before;
	}
	m.ties += names > 1;
}

static void
each_event(unsigned known, int lamport)
{
	struct event *e = &m.e[m.n];
	unsigned items = shows(known);
	int length = 0;

	for (; items != 0; items &= items - 1)
		length++;
	for (int p = 0; p <= length; p++) {
		for (int bold = 0; bold < 2; bold++) {
			*e = (struct event){INSERT, p, 0, bold, known, lamport, 0, 0, 0, 0};
			with_event();
		}
		if (p == length)
			break;
		*e = (struct event){DELETE, p, 0, 0, known, lamport, 0, 0, 0, 0};
		with_event();
		for (int to = p + 1; to <= length; to++)
			for (int bold = 0; bold < 2; bold++) {
				*e = (struct event){MARK, p, to, bold, known, lamport, 0, 0, 0, 0};
				with_event();
			}
	}
}

static void
extend(void)
{
	int n = m.n - BASE;

	if (m.n == m.wanted) {
		check_case();
		return;
	}
	arena_save(&m.at[m.n]);
	for (unsigned seen = 0; seen < 1u << n; seen++) { /* each set that is closed under ancestors */
		unsigned known = seen << BASE | ((1u << BASE) - 1);
		int lamport = BASE + 1, closed = 1;

		for (int i = BASE; i < m.n; i++)
			if (known >> i & 1) {
				closed &= (m.e[i].known & ~known) == 0;
				if (m.e[i].lamport >= lamport)
					lamport = m.e[i].lamport + 1;
			}
		if (closed)
			each_event(known, lamport);
	}
}

static void
all_histories(int events, int fewer)
{
	memset(&m, 0, sizeof m);
	m.n = BASE;
	m.wanted = BASE + events;
	m.fewer = fewer;
	m.e[0] = (struct event){INSERT, 0, 0, 0, 0, 1, 0, -1, -1, 0};
	m.e[1] = (struct event){INSERT, 1, 0, 1, 1, 2, 0, 0, -1, 0};
	m.judge = (struct judge){BASE, {0, 1}};
	open_base();
	extend();
	printf("%d events%s: %lu histories, %lu critical versions, %lu events under several names\n", events,
	    fewer ? ", one list of each" : "", m.cases, m.critical, m.ties);
	fflush(stdout);
}

static int
wanted(int events)
{
	const char *s = getenv("TG_MODEL_EVENTS");

	if (s != NULL)
		return atoi(s) == events;
	if (events == 5)
		return getenv("TG_LONG") != NULL;
	return events < 4 || !seeds_few(); /* not under sanitizers */
}

START_TEST(all_histories_of_up_to_three_events)
{
	for (int events = 1; events <= 3; events++)
		if (wanted(events))
			all_histories(events, 0);
}
END_TEST

START_TEST(all_histories_of_four_events)
{
	if (wanted(4))
		all_histories(4, 0);
}
END_TEST

START_TEST(all_histories_of_five_events)
{
	if (wanted(5))
		all_histories(5, 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_model");
	TCase *t = tcase_create("small");

	tcase_set_timeout(t, 0);
	tcase_add_test(t, all_histories_of_up_to_three_events);
	tcase_add_test(t, all_histories_of_four_events);
	tcase_add_test(t, all_histories_of_five_events);
	suite_add_tcase(s, t);
	return suite_run(s);
}
