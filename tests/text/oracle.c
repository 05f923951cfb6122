/*
 * The reference to read before the real thing, and the judge of it.
 *
 * A document is one array of all items ever inserted, in their final order; deleted ones stay in it.  To
 * apply an event, ask which items its author saw: those whose insert, but no deletion, is among the event's
 * ancestors.  "Insert at 2" then means: behind the second item that they saw.
 *
 *     A typed "ab"; then, not knowing of each other, B put X at 1 and C deleted 1.
 *
 *     A's events       a b
 *     B: X at 1        a X b        B saw a b: behind the first
 *     C: delete 1      a X (b)      C saw a b, not X: the second is b
 *
 * Which order the events come in does not matter as long as ancestors come first, for what an author saw does
 * not depend on it, nor (by the order in insert() below) does the place of an item among those that others
 * put at the same spot.
 *
 * The real walker differs in three ways, all of them for speed.  It does not look up what an author saw but
 * keeps a count in each item for one version, and moves that version from author to author by undoing and
 * redoing events (walk.c).  It finds the n-th item by sums in a tree (items.c).  And it keeps runs of items
 * and events, not single ones.
 *
 * Marks are judged at the end, from the final order and the ancestor sets: rule B3, docs/protocol.md 6.4.
 */
#include <stddef.h>
#include <string.h>

#include "text/oracle.h"

static int
place_of(const struct oracle *o, int event)
{
	for (int i = 0; i < o->item_n; i++)
		if (o->items[i].event == event)
			return i;
	return -1;
}

void
oracle_view(const struct oracle *o, const struct oracle_set *version, uint8_t *shown)
{
	for (int e = 0; e < o->event_n; e++)
		shown[e] = o->events[e].kind == ORACLE_INSERT && oracle_has(version, e);
	for (int e = 0; e < o->event_n; e++)
		if (o->events[e].kind == ORACLE_DELETE && oracle_has(version, e))
			shown[o->target[e]] = 0;
}

/* The place of the pos-th item that a version shows. */
static int
find(const struct oracle *o, const struct oracle_set *version, uint32_t pos)
{
	uint8_t shown[ORACLE_EVENTS];

	oracle_view(o, version, shown);
	for (int i = 0; i < o->item_n; i++)
		if (shown[o->items[i].event] && pos-- == 0)
			return i;
	return -1;
}

static int
goes_first(const struct oracle *o, int a, int b)
{
	const struct oracle_event *x = &o->events[a], *y = &o->events[b];

	return x->agent != y->agent ? x->agent < y->agent : x->seq < y->seq;
}

/* Fugue and FugueMax as in the Eg-walker paper's reference: scan the siblings, nothing clever. */
static void
insert(struct oracle *o, int e)
{
	const struct oracle_set *seen = &o->events[e].known;
	int left = o->events[e].pos == 0 ? -1 : find(o, seen, o->events[e].pos - 1);
	int right = left + 1, at = left + 1, scanning = 0, i;
	struct oracle_item item = {e, left < 0 ? -1 : o->items[left].event, -1, 0, {0}};

	while (right < o->item_n && !oracle_has(seen, o->items[right].event))
		right++;
	if (right < o->item_n && (!o->fugue || o->items[right].left == item.left))
		item.right = o->items[right].event;
	for (i = left + 1; i < o->item_n && !oracle_has(seen, o->items[i].event); i++) {
		const struct oracle_item *other = &o->items[i];
		int other_left = place_of(o, other->left);

		if (other_left < left)
			break;
		if (other_left == left) {
			int mine = item.right < 0 ? o->item_n : place_of(o, item.right);
			int theirs = other->right < 0 ? o->item_n : place_of(o, other->right);

			if (mine == theirs && goes_first(o, e, other->event))
				break;
			scanning = theirs < mine;
		}
		if (!scanning)
			at = i + 1;
	}
	memmove(o->items + at + 1, o->items + at, (size_t)(o->item_n - at) * sizeof *o->items);
	o->items[at] = item;
	o->item_n++;
}

/* Rule B3, from the finished order: which items does mark m cover? */
static void
judge(const struct oracle *o, int m, uint8_t *covered)
{
	const struct oracle_event *mark = &o->events[m];
	const struct oracle_set *seen = &mark->known;
	int first = find(o, seen, mark->pos), last = find(o, seen, mark->to - 1), next = last + 1;
	uint8_t shown[ORACLE_EVENTS];

	oracle_view(o, seen, shown);
	while (next < o->item_n && !oracle_has(seen, o->items[next].event))
		next++;
	for (int i = 0; i < o->item_n; i++) {
		int c = o->items[i].event;

		if (oracle_has(seen, c)) /* the author saw it: then it depends on where */
			covered[i] = i >= first && i <= last && shown[c];
		else if (oracle_has(&o->events[c].known, m)) /* made after the mark */
			covered[i] = 0;
		else /* concurrent: inside, or a continuation of the formatting being changed */
			covered[i] = (i > first && i < last) ||
				     (i > last && i < next && o->events[c].value[mark->key] != 0);
	}
}

static int
beats(const struct oracle *o, int a, int b)
{
	if (b < 0 || o->events[a].lamport != o->events[b].lamport)
		return b < 0 || o->events[a].lamport > o->events[b].lamport;
	return goes_first(o, b, a);
}

int
oracle_register(const struct oracle *o, const struct oracle_set *which, int key)
{
	int best = -1;

	for (int e = 0; e < o->event_n; e++)
		if (oracle_has(which, e) && o->events[e].kind == ORACLE_SET && o->events[e].key == key &&
		    beats(o, e, best))
			best = e;
	return best < 0 ? 0 : o->events[best].mark_value;
}

void
oracle_apply(struct oracle *o, int e)
{
	if (o->events[e].kind == ORACLE_INSERT)
		insert(o, e);
	if (o->events[e].kind == ORACLE_DELETE)
		o->target[e] = o->items[find(o, &o->events[e].known, o->events[e].pos)].event;
}

void
oracle_format(struct oracle *o, const struct oracle_set *which)
{
	static int best[ORACLE_EVENTS][ORACLE_KEYS];
	uint8_t shown[ORACLE_EVENTS], covered[ORACLE_EVENTS];

	oracle_view(o, which, shown);
	for (int i = 0; i < o->item_n; i++) {
		struct oracle_item *item = &o->items[i];

		item->deleted = !shown[item->event];
		memcpy(item->value, o->events[item->event].value, sizeof item->value);
		for (int k = 0; k < ORACLE_KEYS; k++)
			best[i][k] = -1;
	}
	for (int m = 0; m < o->event_n; m++) {
		const struct oracle_event *e = &o->events[m];

		if (!oracle_has(which, m) || e->kind != ORACLE_MARK)
			continue;
		judge(o, m, covered);
		for (int i = 0; i < o->item_n; i++)
			if (covered[i] && beats(o, m, best[i][e->key])) {
				best[i][e->key] = m;
				o->items[i].value[e->key] = e->mark_value;
			}
	}
}

void
oracle_run(struct oracle *o, const struct oracle_set *which)
{
	o->item_n = 0;
	for (int e = 0; e < o->event_n; e++)
		if (oracle_has(which, e))
			oracle_apply(o, e);
	oracle_format(o, which);
}
