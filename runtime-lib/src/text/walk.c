/*
 * walk.c -- the Eg-walker: turn events with plain indexes into one sequence.
 *
 * An event says "insert at index 5" of the version its author saw.  To apply it, first make that version the
 * prepared one: retreat the events it lacks (newest first: an insert becomes "not yet inserted", a deletion
 * is counted back), advance the ones it has more of.  Tombstones and items not yet inserted stay in the
 * sequence and just count 0, so "index 5" then finds the right place by sums, and the new item goes into the
 * one sequence that all versions share.  Example: A typed "ab"; then, not knowing of each other, B put X
 * between and C deleted b.
 *
 *     applied A, B              a X b          sp 1 1 1
 *     retreat B, apply C        a X b          sp 1 0 2      C's "delete index 1" is b, for X counts 0
 *     advance B                 a X b          sp 1 1 2      merged: a X
 *
 * Items inserted at one place by people who did not know of each other are ordered by integrate() below (and
 * siblings.h, when they are many): FugueMax. Source: Gentle and Kleppmann, "Collaborative Text Editing with
 * Eg-walker", EuroSys 2025, section 3; Weidner and Kleppmann, "The Art of the Fugue", 2023.
 *
 * Marks follow rule B3 (docs/protocol.md 6.4): a mark covers what its author saw in its range, and what
 * others inserted concurrently inside it, or right behind it in a formatting with the same key.  Each pair of
 * item and mark is judged once, when the later of the two is applied: the other is then outside the prepared
 * version exactly when the two are concurrent.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/doc.h"

static uint32_t
format_of(const struct tg_doc *doc, uint32_t state)
{
	return doc->formats.states[state].format;
}

int
tg_walk_stale(const struct tg_doc *doc, const struct tg_item *it)
{
	if (it->st & TG_ITEM_GONE)
		return (it->st & TG_ITEM_VIEW) != 0;
	return !(it->st & TG_ITEM_VIEW) || it->seen != format_of(doc, it->state);
}

static int
grow_place(struct tg_doc *doc)
{
	return tg_mem_grow(
	    (void **)&doc->items.place, &doc->items.place_cap, doc->log.next, sizeof *doc->items.place);
}

/* ---- marks */

static void
open_mark(struct tg_doc *doc, uint32_t mark)
{
	struct tg_mark *m = &doc->formats.marks[mark];

	m->prev = TG_LV_NONE;
	m->next = doc->open_marks;
	if (m->next != TG_LV_NONE)
		doc->formats.marks[m->next].prev = mark;
	doc->open_marks = mark;
}

static void
shut_mark(struct tg_doc *doc, uint32_t mark)
{
	struct tg_mark *m = &doc->formats.marks[mark];

	if (m->prev != TG_LV_NONE)
		doc->formats.marks[m->prev].next = m->next;
	else
		doc->open_marks = m->next;
	if (m->next != TG_LV_NONE)
		doc->formats.marks[m->next].prev = m->prev;
}

/* Let a mark cover a whole run. */
static int
cover(struct tg_doc *doc, struct tg_cursor *c, uint32_t mark, int local)
{
	const struct tg_mark *m = &doc->formats.marks[mark];
	struct tg_item *it = tg_items_at(&doc->items, *c);
	uint32_t state, seen = it->seen;
	int rc;

	if ((rc = tg_format_cover(&doc->formats, it->state, mark, &state)) != TG_OK)
		return rc;
	/* In its author's view a new mark wins: it knows all marks there, so its lamport is higher. */
	if (local && (it->st & TG_ITEM_VIEW) &&
	    (rc = tg_format_with(&doc->formats, seen, m->key, m->value, &seen)) != TG_OK)
		return rc;
	tg_items_set(&doc->items, *c, it->st, state, seen);
	if (tg_walk_stale(doc, it))
		tg_items_dirty(&doc->items, c->leaf);
	tg_items_join(&doc->items, c);
	return TG_OK;
}

static int
born_with(const struct tg_doc *doc, const struct tg_item *it, uint32_t key)
{
	return tg_format_value(&doc->formats, tg_format_birth(&doc->formats, it->state), key) != TG_POOL_NIL;
}

static int
apply_mark(struct tg_doc *doc, uint32_t pos, uint32_t mark, int local)
{
	struct tg_items *t = &doc->items;
	uint32_t left = doc->formats.marks[mark].count, key = doc->formats.marks[mark].key, last = TG_LV_NONE;
	struct tg_cursor c = tg_items_find(t, pos);
	struct tg_item *it = tg_items_at(t, c);
	int rc;

	doc->formats.marks[mark].first = it->id + c.off;
	while (left > 0 && tg_items_step(t, &c)) {
		it = tg_items_at(t, c);
		if (tg_item_sp(it) == 1) {
			uint32_t n = it->len - c.off < left ? it->len - c.off : left;

			last = it->id + c.off + n - 1;
			left -= n;
			if ((rc = tg_items_cut(t, &c, n)) != TG_OK ||
			    (rc = cover(doc, &c, mark, local)) != TG_OK)
				return rc;
		} else if (tg_item_sp(it) == 0 && (rc = cover(doc, &c, mark, local)) != TG_OK) {
			return rc; /* concurrent, between the first and the last */
		}
		c.idx++;
		c.off = 0;
	}
	doc->formats.marks[mark].last = last;
	doc->formats.marks[mark].after = TG_LV_NONE;
	if (!t->tracking)
		return TG_OK; /* nothing is concurrent */
	for (; tg_items_step(t, &c); c.idx++) {
		it = tg_items_at(t, c);
		if (tg_item_sp(it) != 0) {
			doc->formats.marks[mark].after = it->id;
			break;
		}
		if (born_with(doc, it, key) && (rc = cover(doc, &c, mark, local)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* Let the marks that the author of a new run did not know cover it. */
static int
cover_new(struct tg_doc *doc, uint32_t id, uint32_t len)
{
	struct tg_items *t = &doc->items;
	int rc;

	for (uint32_t i = doc->open_marks; i != TG_LV_NONE; i = doc->formats.marks[i].next) {
		const struct tg_mark *m = &doc->formats.marks[i];
		struct tg_cursor c;

		if (tg_items_order(t, id, m->first) < 0)
			continue;
		if (tg_items_order(t, id, m->last) > 0) {
			if (m->after != TG_LV_NONE && tg_items_order(t, id, m->after) > 0)
				continue;
			c = tg_items_locate(t, id);
			if (!born_with(doc, tg_items_at(t, c), m->key))
				continue;
		}
		c = tg_items_locate(t, id);
		if ((rc = tg_items_cut(t, &c, len)) != TG_OK || (rc = cover(doc, &c, i, 0)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

/* ---- inserts */

/* A new run, and where it goes among those that were inserted at the same place. */
struct newcomer {
	struct tg_doc *doc;
	uint32_t id, left, right;
	int side;	 /* of its parent in Fugue's tree: 0 the left of ${right}, 1 the right of ${left} */
	uint32_t looked; /* runs looked at in vain */
};

/* Do items come in this order in the sequence?  TG_LV_NONE as a right origin is behind everything. */
static int
is_before(const struct tg_doc *doc, uint32_t a, uint32_t b)
{
	if (a == b || a == TG_LV_NONE)
		return 0;
	return b == TG_LV_NONE || tg_items_order(&doc->items, a, b) < 0;
}

/* Is ${lv}, the left origin of a run, before that of the newcomer (-1), the same (0), or behind it (1)? */
static int
side_of(const struct newcomer *x, uint32_t lv)
{
	if (lv == x->left)
		return 0;
	if (lv == TG_LV_NONE)
		return -1;
	return x->left == TG_LV_NONE ? 1 : tg_items_order(&x->doc->items, lv, x->left);
}

/* Does sibling ${lv} go in front of the newcomer? */
static int
goes_before(void *ctx, uint32_t lv)
{
	const struct newcomer *x = ctx;

	if (x->side == 1) {
		struct tg_cursor c = tg_items_locate(&x->doc->items, lv);
		uint32_t right = tg_items_at(&x->doc->items, c)->right;

		if (right != x->right)
			return is_before(x->doc, x->right, right); /* who reaches further right comes first */
	}
	return tg_graph_compare(&x->doc->graph, lv, x->id) < 0;
}

/*
 * Where among concurrent inserts does a new item go, that is on the right of its parent?  It follows ${left};
 * ${c} is behind that and some runs from there on are not in the prepared version.  Each of those is a
 * sibling (same left origin), a descendant of a sibling, or belongs further left.  Siblings are ordered by
 * their right origin first, the one that reaches further right goes first (so the others nest inside it),
 * then by (agent, seq).  ${c} moves to the place.
 */
static void
look_forward(struct newcomer *x, struct tg_cursor *c)
{
	struct tg_items *t = &x->doc->items;
	struct tg_cursor at = *c;
	int scanning = 0; /* inside a sibling that we may yet have to go in front of */

	for (; tg_items_step(t, &at); at.idx++, x->looked++) {
		const struct tg_item *o = tg_items_at(t, at);
		int side;

		if (!scanning)
			*c = at;
		if (tg_item_sp(o) != 0)
			break;
		if ((side = side_of(x, o->left)) < 0)
			break;
		if (side > 0)
			continue;
		if (o->right == x->right) {
			if (tg_graph_compare(&x->doc->graph, x->id, o->id) < 0)
				break;
			scanning = 0;
		} else {
			scanning = is_before(x->doc, o->right, x->right);
		}
	}
	if (!scanning)
		*c = at;
}

/*
 * The same on the left of its parent, which is ${right} and where ${c} is: siblings and what belongs to them
 * stand right before it, so look backward from ${from}.  A run with another right origin in front of ${right}
 * is left of a sibling passed already.
 */
static void
look_backward(struct newcomer *x, struct tg_cursor from, struct tg_cursor *c)
{
	struct tg_items *t = &x->doc->items;

	for (; tg_items_back(t, &from); x->looked++) {
		const struct tg_item *o = tg_items_at(t, from);
		int side;

		if (tg_item_sp(o) != 0 || (side = side_of(x, o->left)) < 0)
			return;
		if (side > 0)
			continue; /* belongs to something further left: that will say */
		if (o->right == x->right ? tg_graph_compare(&x->doc->graph, o->id, x->id) < 0
					 : !is_before(x->doc, o->right, x->right))
			return;
		*c = from;
	}
}

/* Move ${c} behind sibling ${lv} and what is on the right of it. */
static void
pass(struct newcomer *x, uint32_t lv, struct tg_cursor *c)
{
	struct tg_items *t = &x->doc->items;

	*c = tg_items_locate(t, lv);
	for (c->idx++, c->off = 0; tg_items_step(t, c); c->idx++) {
		const struct tg_item *o = tg_items_at(t, *c);

		if (tg_item_sp(o) != 0 || side_of(x, o->left) <= 0)
			return;
	}
}

/* Is a run on the right of its left origin in Fugue's tree, or on the left of its right one? */
static int
side_in_tree(const struct tg_items *t, const struct tg_item *o)
{
	struct tg_cursor c;

	if (o->right == TG_LV_NONE)
		return 1;
	c = tg_items_locate(t, o->right);
	return (c.off > 0 ? o->right - 1 : tg_items_at(t, c)->left) != o->left;
}

/* Make an index of the siblings in the gap at ${c}: they are all there, and in their order. */
static int
index_siblings(struct newcomer *x, struct tg_cursor c)
{
	struct tg_items *t = &x->doc->items;
	struct tg_group *g;
	int rc = tg_siblings_make(&x->doc->siblings, x->doc->flow, x->side ? x->left : x->right, x->side, &g);

	for (; rc == TG_OK && tg_items_step(t, &c); c.idx++) {
		const struct tg_item *o = tg_items_at(t, c);
		struct tg_sibling_at end = {g->n, 0};

		if (tg_item_sp(o) != 0)
			break;
		if (o->left == x->left && side_in_tree(t, o) == x->side && (x->side || o->right == x->right))
			rc = tg_group_insert(g, end, o->id);
	}
	return rc;
}

/* Find the place of a newcomer in the gap that begins at ${c} and ends at ${end}; ${c} moves there. */
static int
integrate(struct newcomer *x, struct tg_cursor *c, struct tg_cursor end)
{
	struct tg_siblings *s = &x->doc->siblings;
	struct tg_group *g = tg_siblings_find(s, x->doc->flow, x->side ? x->left : x->right, x->side);
	struct tg_cursor start = *c;
	struct tg_sibling_at at;

	if (g == NULL) {
		if (x->side) {
			look_forward(x, c);
		} else {
			*c = end;
			look_backward(x, end, c);
		}
		return x->looked > x->doc->sibling_scan ? index_siblings(x, start) : TG_OK;
	}
	tg_group_search(g, goes_before, x, &at);
	if (tg_group_before(g, at) != TG_LV_NONE) {
		pass(x, tg_group_before(g, at), c);
	} else if (!x->side) {
		*c = end;
		if (tg_group_after(g, at) != TG_LV_NONE) {
			end = *c = tg_items_locate(&x->doc->items, tg_group_after(g, at));
			look_backward(x, end, c);
		}
	}
	return TG_OK;
}

/* A group that has an index gets its new member. */
static int
join_group(struct newcomer *x)
{
	struct tg_group *g =
	    tg_siblings_find(&x->doc->siblings, x->doc->flow, x->side ? x->left : x->right, x->side);
	struct tg_sibling_at at;

	if (g == NULL)
		return TG_OK;
	tg_group_search(g, goes_before, x, &at);
	return tg_group_insert(g, at, x->id);
}

static int
put_run(struct tg_doc *doc, struct tg_cursor *c, const struct tg_item *item, int local)
{
	int rc = tg_items_insert(&doc->items, c, item);

	if (rc != TG_OK)
		return rc;
	if (!local)
		tg_items_dirty(&doc->items, c->leaf);
	return doc->open_marks == TG_LV_NONE ? TG_OK : cover_new(doc, item->id, item->len);
}

static int
apply_insert(
    struct tg_doc *doc, uint32_t pos, uint32_t id, uint32_t len, int kind, uint32_t format, int local)
{
	struct tg_items *t = &doc->items;
	struct tg_item item = {
	    id, len, TG_LV_NONE, TG_LV_NONE, 1u | (uint32_t)kind << TG_ITEM_KIND_SHIFT, 0, 0};
	struct tg_cursor c = {t->first, 0, 0};
	struct newcomer x;
	uint32_t left, right;
	int rc, side = 1;

	if ((rc = tg_format_born(&doc->formats, format, &item.state)) != TG_OK)
		return rc;
	if (local) {
		item.st |= TG_ITEM_VIEW;
		item.seen = format;
	}
	if (pos > 0) {
		c = tg_items_find(t, pos - 1);
		item.left = tg_items_at(t, c)->id + c.off;
		c.off++;
	}
	if (!t->tracking) {
		item.left = id - 1; /* so that runs join; nobody will ask */
	} else if (pos > 0 && c.off < tg_items_at(t, c)->len) {
		item.right = item.left + 1; /* inside a run: nothing concurrent there */
		side = 0;
	} else {
		struct tg_cursor end, look;

		if (pos > 0) {
			c.idx++;
			c.off = 0;
		}
		end = c;
		if (tg_items_next_on(t, &end)) {
			item.right = tg_items_at(t, end)->id;
			side = tg_items_at(t, end)->left != item.left;
		}
		if (doc->order == TG_TEXT_ORDER_FUGUE && side)
			item.right = TG_LV_NONE;
		x = (struct newcomer){doc, id, item.left, item.right, side, 0};
		look = c;
		if (tg_items_step(t, &look) && tg_item_sp(tg_items_at(t, look)) == 0 &&
		    (rc = integrate(&x, &c, end)) != TG_OK)
			return rc;
	}
	left = item.left;
	right = item.right;
	if (doc->order == TG_TEXT_ORDER_FUGUE && item.right != TG_LV_NONE && len > 1) {
		/* To the second item of a run what follows is no sibling: in Fugue its right origin is the
		 * end. */
		item.len = 1;
		if ((rc = put_run(doc, &c, &item, local)) != TG_OK)
			return rc;
		c = tg_items_locate(t, id);
		c.off++;
		item.id++;
		item.len = len - 1;
		item.left = id;
		item.right = TG_LV_NONE;
	}
	if ((rc = put_run(doc, &c, &item, local)) != TG_OK || doc->siblings.n == 0)
		return rc;
	x = (struct newcomer){doc, id, left, right, side, 0};
	return join_group(&x);
}

/* ---- deletes */

/* Delete visible items [pos, pos + len); events ${lv} on, in reverse order when ${back}. */
static int
apply_delete(struct tg_doc *doc, uint32_t pos, uint32_t lv, uint32_t len, int back, int local)
{
	struct tg_items *t = &doc->items;
	uint32_t done = 0;
	int rc;

	while (done < len) {
		struct tg_cursor c = tg_items_find(t, pos);
		struct tg_item *it = tg_items_at(t, c);
		uint32_t n = it->len - c.off, st;

		if (n > len - done)
			n = len - done;
		st = (it->st + 1) | TG_ITEM_GONE;
		if (local)
			st &= ~TG_ITEM_VIEW;
		if (!t->tracking && !(st & TG_ITEM_VIEW)) { /* no one will ever ask for it */
			if ((rc = tg_items_remove(t, c, n)) != TG_OK)
				return rc;
			done += n;
			continue;
		}
		if ((rc = tg_items_cut(t, &c, n)) != TG_OK)
			return rc;
		it = tg_items_at(t, c);
		if (t->tracking)
			for (uint32_t i = 0; i < n; i++)
				t->place[back ? lv + len - 1 - done - i : lv + done + i] = it->id + i;
		tg_items_set(t, c, st, it->state, st & TG_ITEM_VIEW ? it->seen : 0);
		if (st & TG_ITEM_VIEW)
			tg_items_dirty(t, c.leaf);
		tg_items_join(t, &c);
		c.idx++;
		tg_items_join(t, &c);
		done += n;
	}
	return TG_OK;
}

/* ---- moving the prepared version */

/* Take events [start, end) of one log run out of the prepared version (delta -1) or into it (delta 1). */
static int
shift_run(struct tg_doc *doc, const struct tg_oprun *r, uint32_t start, uint32_t end, uint32_t delta)
{
	const uint32_t *target = doc->items.place;
	int rc;

	if (r->kind != TG_OP_SET)
		tg_flow_enter(doc, r->flow);
	switch (r->kind) {
	case TG_OP_CHAR:
	case TG_OP_BLOCK:
	case TG_OP_ATOM:
		return tg_items_shift(&doc->items, start, end - start, delta);
	case TG_OP_DELETE:
	case TG_OP_DELETE_BACK:
		while (start < end) {
			uint32_t n = 1, low = target[start];

			while (start + n < end && target[start + n] == low + n)
				n++;
			if (n == 1) {
				while (start + n < end && target[start + n] == target[start] - n)
					n++;
				low = target[start] - (n - 1);
			}
			if ((rc = tg_items_shift(&doc->items, low, n, delta)) != TG_OK)
				return rc;
			start += n;
		}
		return TG_OK;
	case TG_OP_MARK:
		if (delta == 1)
			shut_mark(doc, r->aux);
		else
			open_mark(doc, r->aux);
		return TG_OK;
	}
	return TG_OK; /* sets: their value never depends on the prepared version */
}

static int
retreat(struct tg_doc *doc, struct tg_span s)
{
	while (s.end > s.start) {
		const struct tg_oprun *r = tg_oplog_find(&doc->log, s.end - 1);
		uint32_t from = r->lv > s.start ? r->lv : s.start;
		int rc = shift_run(doc, r, from, s.end, (uint32_t)-1);

		if (rc != TG_OK)
			return rc;
		s.end = from;
	}
	return TG_OK;
}

static int
advance(struct tg_doc *doc, struct tg_span s)
{
	const struct tg_oprun *r = tg_oplog_find(&doc->log, s.start);

	for (; s.start < s.end; r++) {
		uint32_t to = tg_oplog_end(&doc->log, r);
		int rc;

		if (to > s.end)
			to = s.end;
		if ((rc = shift_run(doc, r, s.start, to, 1)) != TG_OK)
			return rc;
		s.start = to;
	}
	return TG_OK;
}

int
tg_walk_to(struct tg_doc *doc, const struct tg_lvs *version)
{
	int rc;

	if (tg_lvs_equal(&doc->prepared, version))
		return TG_OK;
	if ((rc = tg_graph_diff(&doc->graph, doc->prepared.v, doc->prepared.n, version->v, version->n,
		 &doc->span_a, &doc->span_b)) != TG_OK)
		return rc;
	for (size_t i = 0; i < doc->span_a.n; i++)
		if ((rc = retreat(doc, doc->span_a.v[i])) != TG_OK)
			return rc;
	for (size_t i = doc->span_b.n; i-- > 0;)
		if ((rc = advance(doc, doc->span_b.v[i])) != TG_OK)
			return rc;
	return tg_lvs_copy(&doc->prepared, version);
}

int
tg_walk_apply(struct tg_doc *doc, uint32_t start, uint32_t end, int local)
{
	const struct tg_oprun *r = tg_oplog_find(&doc->log, start);
	int rc;

	if (doc->items.tracking && (rc = grow_place(doc)) != TG_OK)
		return rc;
	for (uint32_t at = start; at < end; r++) {
		uint32_t to = tg_oplog_end(&doc->log, r), skip = at - r->lv, n;

		if (to > end)
			to = end;
		n = to - at;
		if (r->kind != TG_OP_SET)
			tg_flow_enter(doc, r->flow);
		switch (r->kind) {
		case TG_OP_CHAR:
		case TG_OP_BLOCK:
		case TG_OP_ATOM:
			rc = apply_insert(doc, r->pos + skip, at, n, r->kind, r->aux, local);
			break;
		case TG_OP_DELETE:
			rc = apply_delete(doc, r->pos, at, n, 0, local);
			break;
		case TG_OP_DELETE_BACK:
			rc = apply_delete(doc, r->pos - skip - (n - 1), at, n, 1, local);
			break;
		case TG_OP_MARK:
			rc = apply_mark(doc, r->pos, r->aux, local);
			break;
		default:
			rc = TG_OK;
		}
		if (rc != TG_OK)
			return rc;
		at = to;
	}
	doc->prepared.n = 0;
	return tg_lvs_push(&doc->prepared, end - 1);
}

static void
see_flow(struct tg_doc *doc)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	uint32_t leaf, before;

	for (; tg_items_step(t, &c); c.idx++) {
		struct tg_item *it = tg_items_at(t, c);

		if (it->st & TG_ITEM_GONE)
			tg_items_set(t, c, it->st & ~TG_ITEM_VIEW, it->state, 0);
		else
			tg_items_set(t, c, it->st | TG_ITEM_VIEW, it->state, format_of(doc, it->state));
	}
	while (tg_items_next_dirty(t, &leaf, &before))
		tg_items_clean(t, leaf);
}

void
tg_walk_seen(struct tg_doc *doc)
{
	for (uint32_t i = 0; i < doc->flow_n; i++) {
		tg_flow_enter(doc, i);
		see_flow(doc);
	}
}
