/*
 * generate.c -- random histories: a few people at one spot who sometimes hear of each other.
 *
 * How long the document is in somebody's version depends on which deletions were of the same item; the naive
 * oracle knows.
 */
#include <stdlib.h>
#include <string.h>

#include "text/judges.h"

uint32_t
past_roll(struct past_dice *d, uint32_t below)
{
	if (below <= 1)
		return 0;
	if (d->len > 0) { /* a fuzzer's byte: small numbers only, which is all that is asked for */
		d->len--;
		return *d->data++ % below;
	}
	if (d->state == 0)
		return 0;
	d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((d->state >> 33) % below);
}

struct person {
	struct past_set version;
	struct view {
		uint32_t length; /* items the version shows */
		uint32_t caret;
	} flows[PAST_FLOWS];
	int flow; /* where the caret is */
};

struct making {
	struct past *h;
	struct past_dice *d;
	struct person people[PAST_AGENTS];
	int agents, learns;	/* learns: of 16 turns */
	int alone;		/* so far one writes a plain text */
	struct oracle *oracles; /* one for each flow */
};

/* UTF-8 of all four lengths, and no two alike among 256. */
static uint32_t
letter(int event)
{
	static const uint32_t from[] = {'A', 0x410, 0x4e00, 0x1f300};

	return from[event % 4] + (uint32_t)(event / 4 % (event % 4 == 0 ? 64 : PAST_EVENTS));
}

static uint32_t
count_items(const struct oracle *o, const struct past_set *version)
{
	uint8_t shown[ORACLE_EVENTS];
	struct oracle_set set = {{0}};
	uint32_t n = 0;

	memcpy(set.w, version->w, sizeof version->w);
	oracle_view(o, &set, shown);
	for (int e = 0; e < o->event_n; e++)
		n += shown[e];
	return n;
}

static int
room(const struct making *m, int events)
{
	return m->h->n < events && (m->d->len > 0 || m->d->state != 0);
}

static void
add(struct making *m, int who, struct past_event *e)
{
	struct person *p = &m->people[who];
	int n;

	e->agent = who;
	e->flow = e->kind == PAST_SET ? 0 : p->flow;
	e->scalar = e->kind == PAST_INSERT && e->item == TG_TEXT_CHAR ? letter(m->h->n) : 0;
	if (e->kind != PAST_MARK)
		e->count = 1;
	n = past_add(m->h, &p->version, e);
	for (int i = 0; i < PAST_FLOWS; i++)
		oracle_event(&m->oracles[i], m->h, n, i);
	p->flows[p->flow].length += e->kind == PAST_INSERT;
	p->flows[p->flow].length -= e->kind == PAST_DELETE;
}

static void
type(struct making *m, int who, int n)
{
	struct view *p = &m->people[who].flows[m->people[who].flow];
	struct past_event e = {0};
	int forward = past_roll(m->d, 4) != 0;

	e.kind = PAST_INSERT;
	if (past_roll(m->d, 4) == 0)
		e.birth[past_roll(m->d, PAST_KEYS)] = 1 + (int)past_roll(m->d, 2);
	if (past_roll(m->d, 8) == 0)
		e.item = 1 + (int)past_roll(m->d, 2);
	for (int i = 0; i < n && m->h->n < PAST_EVENTS; i++) {
		e.pos = p->caret;
		add(m, who, &e);
		p->caret += (uint32_t)forward;
	}
}

static void
erase(struct making *m, int who, int n)
{
	struct view *p = &m->people[who].flows[m->people[who].flow];
	struct past_event e = {0};
	int back = (int)past_roll(m->d, 2);

	e.kind = PAST_DELETE;
	for (int i = 0; i < n && p->length > 0 && m->h->n < PAST_EVENTS; i++) {
		if ((back && p->caret > 0) || p->caret == p->length)
			p->caret--;
		e.pos = p->caret;
		add(m, who, &e);
	}
}

static void
format(struct making *m, int who)
{
	struct view *p = &m->people[who].flows[m->people[who].flow];
	struct past_event e = {0};

	e.kind = p->length > 0 && past_roll(m->d, 5) != 0 && !m->alone ? PAST_MARK : PAST_SET;
	e.key = (int)past_roll(m->d, PAST_KEYS);
	e.value = (int)past_roll(m->d, PAST_VALUES);
	if (e.kind == PAST_MARK) {
		e.pos = p->caret > 0 && past_roll(m->d, 2) ? p->caret - 1 : past_roll(m->d, p->length);
		if (e.pos >= p->length)
			e.pos = p->length - 1;
		e.count = 1 + past_roll(m->d, p->length - e.pos < 6 ? p->length - e.pos : 6);
	}
	add(m, who, &e);
}

/* Hear of an event of somebody else, and so of all that it was made knowing of: their newest, or any. */
static void
learn(struct making *m, int who)
{
	struct person *p = &m->people[who];
	int e = m->h->n - 1;
	struct past_set known;

	if (past_roll(m->d, 3) == 0)
		e = (int)past_roll(m->d, (uint32_t)m->h->n);
	else
		for (int other = (int)past_roll(m->d, (uint32_t)m->agents); e > 0; e--)
			if (m->h->events[e].agent == other)
				break;
	past_known(m->h, e, &known);
	past_put(&known, e);
	for (size_t k = 0; k < sizeof known.w / sizeof *known.w; k++)
		p->version.w[k] |= known.w[k];
	for (int i = 0; i < PAST_FLOWS; i++) {
		struct view *v = &p->flows[i];

		v->length = count_items(&m->oracles[i], &p->version);
		if (v->caret > v->length)
			v->caret = v->length;
	}
}

void
past_random(struct past *h, struct past_dice *d, int fugue, int agents, int alone, int events)
{
	static struct oracle oracles[PAST_FLOWS];
	struct making m = {h, d, {{{{0}}, {{0, 0}}, 0}}, agents, 0, alone > 0, oracles};

	if (events > PAST_EVENTS)
		events = PAST_EVENTS;
	memset(h, 0, sizeof *h);
	for (int i = 0; i < PAST_FLOWS; i++) {
		oracles[i].event_n = oracles[i].item_n = 0;
		oracles[i].fugue = fugue;
	}
	m.learns = 1 + (int)past_roll(d, 8);
	while (room(&m, events)) {
		int who = (int)past_roll(d, (uint32_t)(m.alone ? 1 : agents));
		uint32_t dice = past_roll(d, 16);
		struct view *p;

		if (m.alone && h->n >= alone) {
			m.alone = 0;
			for (int i = 1; i < agents; i++)
				m.people[i] = m.people[0];
		}
		if (!m.alone && h->n > 0 && (int)past_roll(d, 16) < m.learns)
			learn(&m, who);
		if (!m.alone && past_roll(d, 8) == 0)
			m.people[who].flow = (int)past_roll(d, PAST_FLOWS);
		p = &m.people[who].flows[m.people[who].flow];
		if (past_roll(d, 3) == 0) /* elsewhere; mostly people stay, or meet in the middle */
			p->caret = past_roll(d, 2) ? p->length / 2 : past_roll(d, p->length + 1);
		if (dice < 8 || p->length == 0)
			type(&m, who, 1 + (int)past_roll(d, dice < 2 ? 6 : 2));
		else if (dice < 12)
			erase(&m, who, 1 + (int)past_roll(d, dice < 9 ? 5 : 2));
		else
			format(&m, who);
	}
}

int
past_numbered(struct past *h, uint32_t number)
{
	struct past_dice d = {NULL, 0, number * UINT64_C(0x9e3779b97f4a7c15) + 1};
	int fugue = number % 5 == 0, events = (int)(number % 16 == 0 ? number % 256 : number % 64);

	past_random(h, &d, fugue, 2 + (int)(number % 5), 0, 1 + events);
	return fugue ? TG_TEXT_ORDER_FUGUE : TG_TEXT_ORDER_FUGUEMAX;
}
