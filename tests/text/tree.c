/*
 * The rule (Weidner and Kleppmann, "The Art of the Fugue", 2023, algorithms 1 and 2).  Somebody inserts x
 * behind item a, and b is the next item in the list as they know it, deleted or not.
 *
 *     a has no right child that they know:   x becomes a right child of a
 *     otherwise:                             x becomes a left child of b
 *
 *          a                 a                      a            "a b", then x between them: a has the right
 *                             \                      \           child b, so x is a left child of b.
 *                              b                      b          Read left to right: a x b.
 *                                                    /
 *                                                   x
 *
 * Concurrent inserts make siblings on one side.  Fugue orders them by (agent, seq).  FugueMax orders right
 * siblings by their b first, the one that is further right going first, so that whoever had the nearer b
 * stands nearer to it and is not interleaved; then by (agent, seq).  Left siblings all have the same b.
 */
#include <stdlib.h>
#include <string.h>

#include "text/tree.h"

#define NODES (PAST_EVENTS + 1)
#define ROOT  PAST_EVENTS /* stands before the first item and, as a right origin, behind the last */

struct tree {
	const struct past *h;
	int fugue;
	int flow; /* one at a time: each has a tree of its own */
	struct past_set known[PAST_EVENTS];
	struct node {
		int first[2]; /* children on the left and on the right, in order */
		int next;     /* sibling */
		int origin;   /* b; ROOT: the end */
	} nodes[NODES];
	int list[PAST_EVENTS]; /* the tree read from left to right, without the root */
	int list_n;
	int target[PAST_EVENTS];  /* of deletes: the event that inserted the item */
	int lamport[PAST_EVENTS]; /* 1 + the longest way back to the beginning */
};

/* Left children, the node, right children; with a stack of one's own, for trees can be as deep as they are
 * large. */
static void
read_tree(struct tree *t)
{
	int stack[NODES], depth = 0, at = ROOT, i;

	/* A node is pushed when its left children are being read.  ~node: its right ones are. */
	t->list_n = 0;
	for (;;) {
		while (at >= 0) {
			stack[depth++] = at;
			at = t->nodes[at].first[0];
		}
		/* No further left child of the top, or no further right one. */
		i = stack[--depth];
		if (i >= 0) {
			if (i != ROOT)
				t->list[t->list_n++] = i;
			stack[depth++] = ~i;
			at = t->nodes[i].first[1];
			continue;
		}
		i = ~i;
		if (depth == 0)
			return;
		at = t->nodes[i].next; /* a sibling on the same side */
	}
}

/* Does an event of this kind, in this flow, stand at ${e}? */
static int
is(const struct tree *t, int e, enum past_kind kind)
{
	return t->h->events[e].kind == kind && t->h->events[e].flow == t->flow;
}

static int
place(const struct tree *t, int node)
{
	int i = 0;

	while (i < t->list_n && t->list[i] != node)
		i++;
	return i; /* the root as a right origin: behind all */
}

/* The items that a version shows. */
static void
show_version(const struct tree *t, const struct past_set *version, struct past_set *shows)
{
	memset(shows, 0, sizeof *shows);
	for (int e = 0; e < t->h->n; e++)
		if (is(t, e, PAST_INSERT) && past_has(version, e))
			past_put(shows, e);
	for (int e = 0; e < t->h->n; e++) {
		int item = t->target[e];

		if (is(t, e, PAST_DELETE) && past_has(version, e))
			shows->w[item / 64] &= ~(UINT64_C(1) << (item % 64));
	}
}

/* The pos-th of the items shown. */
static int
visible(const struct tree *t, const struct past_set *shows, uint32_t pos)
{
	for (int i = 0; i < t->list_n; i++)
		if (past_has(shows, t->list[i]) && pos-- == 0)
			return t->list[i];
	abort(); /* the history says something impossible */
}

static int
id_less(const struct past *h, int a, int b)
{
	if (h->events[a].agent != h->events[b].agent)
		return h->events[a].agent < h->events[b].agent;
	return h->events[a].seq < h->events[b].seq;
}

static int
sibling_less(const struct tree *t, int a, int b, int side)
{
	if (!t->fugue && side == 1) {
		int x = place(t, t->nodes[a].origin), y = place(t, t->nodes[b].origin);

		if (x != y)
			return x > y;
	}
	return id_less(t->h, a, b);
}

static void
insert_item(struct tree *t, int e)
{
	const struct past_set *version = &t->known[e];
	int a = ROOT, b = ROOT, parent, side = 1, *link;
	struct past_set shows;

	show_version(t, version, &shows);
	if (t->h->events[e].pos > 0)
		a = visible(t, &shows, t->h->events[e].pos - 1);
	for (int i = a == ROOT ? 0 : place(t, a) + 1; i < t->list_n && b == ROOT; i++)
		if (past_has(version, t->list[i]))
			b = t->list[i];
	for (int child = t->nodes[a].first[1]; child >= 0; child = t->nodes[child].next)
		if (past_has(version, child))
			side = 0;
	parent = side == 1 ? a : b;
	t->nodes[e] = (struct node){{-1, -1}, -1, b};
	for (link = &t->nodes[parent].first[side]; *link >= 0 && sibling_less(t, *link, e, side);)
		link = &t->nodes[*link].next;
	t->nodes[e].next = *link;
	*link = e;
	read_tree(t);
}

static int
wins(const struct tree *t, int a, int b)
{
	return t->lamport[a] != t->lamport[b] ? t->lamport[a] > t->lamport[b] : id_less(t->h, b, a);
}

/* docs/protocol.md 6.4, clause by clause, with places in the finished list: which items does a mark cover? */
static void
cover(const struct tree *t, int mark, uint8_t *covered)
{
	const struct past_event *m = &t->h->events[mark];
	const struct past_set *version = &t->known[mark];
	struct past_set shows;
	int f, l, r;

	show_version(t, version, &shows);
	f = place(t, visible(t, &shows, m->pos));
	l = place(t, visible(t, &shows, m->pos + m->count - 1));
	for (r = l + 1; r < t->list_n && !past_has(version, t->list[r]); r++)
		;
	for (int c = 0; c < t->list_n; c++) {
		int item = t->list[c];

		if (past_has(version, item)) /* 1: its author saw it, in the range */
			covered[c] = f <= c && c <= l && past_has(&shows, item);
		else if (past_has(&t->known[item], mark)) /* 3: made after the mark was seen */
			covered[c] = 0;
		else /* 2: concurrent, and inside or a continuation of what is being changed */
			covered[c] =
			    (f < c && c < l) || (l < c && c < r && t->h->events[item].birth[m->key] != 0);
	}
}

static void
show(const struct tree *t, struct past_shown *shown)
{
	const struct past *h = t->h;
	int winner[PAST_EVENTS][PAST_KEYS], set[PAST_KEYS];
	uint8_t covered[PAST_EVENTS];
	struct past_set all, shows;

	memset(winner, 0xff, sizeof winner); /* -1 */
	memset(set, 0xff, sizeof set);
	memset(&all, 0xff, sizeof all);
	for (int e = 0; e < h->n; e++) {
		int k = h->events[e].key;

		if (h->events[e].kind == PAST_SET && (set[k] < 0 || wins(t, e, set[k])))
			set[k] = e;
		if (!is(t, e, PAST_MARK))
			continue;
		cover(t, e, covered);
		for (int i = 0; i < t->list_n; i++)
			if (covered[i] && (winner[i][k] < 0 || wins(t, e, winner[i][k])))
				winner[i][k] = e;
	}
	show_version(t, &all, &shows);
	for (int i = 0; i < t->list_n; i++) {
		const struct past_event *item = &h->events[t->list[i]];

		if (!past_has(&shows, t->list[i]))
			continue;
		shown->items[shown->n].flow = t->flow;
		shown->items[shown->n].kind = item->item;
		shown->items[shown->n].scalar = item->item == TG_TEXT_CHAR ? item->scalar : 0;
		for (int k = 0; k < PAST_KEYS; k++)
			shown->items[shown->n].value[k] =
			    winner[i][k] < 0 ? item->birth[k] : h->events[winner[i][k]].value;
		shown->n++;
	}
	for (int k = 0; k < PAST_KEYS; k++)
		shown->registers[k] = set[k] < 0 ? 0 : h->events[set[k]].value;
}

static void
show_flow(struct tree *t, int flow, struct past_shown *shown)
{
	struct past_set shows;

	t->flow = flow;
	t->list_n = 0;
	t->nodes[ROOT] = (struct node){{-1, -1}, -1, ROOT};
	for (int e = 0; e < t->h->n; e++) {
		if (is(t, e, PAST_INSERT))
			insert_item(t, e);
		if (!is(t, e, PAST_DELETE))
			continue;
		show_version(t, &t->known[e], &shows);
		t->target[e] = visible(t, &shows, t->h->events[e].pos);
	}
	show(t, shown);
}

void
tree_show(const struct past *h, int fugue, struct past_shown *shown)
{
	static struct tree t;

	t.h = h;
	t.fugue = fugue;
	for (int e = 0; e < h->n; e++) {
		past_known(h, e, &t.known[e]);
		t.lamport[e] = 1;
		for (int i = 0; i < h->events[e].parent_n; i++)
			if (t.lamport[h->events[e].parents[i]] >= t.lamport[e])
				t.lamport[e] = t.lamport[h->events[e].parents[i]] + 1;
	}
	memset(shown, 0, sizeof *shown);
	for (int flow = 0; flow < PAST_FLOWS; flow++)
		show_flow(&t, flow, shown);
}
