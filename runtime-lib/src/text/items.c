#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/items.h"

void
tg_items_free(struct tg_items *t)
{
	tg_free(t->leaves);
	tg_free(t->inners);
	tg_free(t->place);
	memset(t, 0, sizeof *t);
}

static int
new_leaf(struct tg_items *t, uint32_t *leaf)
{
	int rc = tg_array_need((void **)&t->leaves, &t->leaf_cap, t->leaf_n + 1, sizeof *t->leaves);

	if (rc != TG_OK)
		return rc;
	*leaf = (uint32_t)t->leaf_n++;
	t->leaves[*leaf].n = 0;
	t->leaves[*leaf].dirty = 0;
	t->leaves[*leaf].pos = 0;
	t->leaves[*leaf].next = TG_NODE_NONE;
	t->leaves[*leaf].parent = TG_NODE_NONE;
	return TG_OK;
}

static int
new_inner(struct tg_items *t, uint32_t *inner)
{
	int rc = tg_array_need((void **)&t->inners, &t->inner_cap, t->inner_n + 1, sizeof *t->inners);

	if (rc != TG_OK)
		return rc;
	*inner = (uint32_t)t->inner_n++;
	t->inners[*inner].n = 0;
	t->inners[*inner].dirty = 0;
	t->inners[*inner].pos = 0;
	t->inners[*inner].parent = TG_NODE_NONE;
	return TG_OK;
}

int
tg_items_init(struct tg_items *t, int tracking)
{
	t->leaf_n = t->inner_n = 0;
	t->height = 0;
	t->sp_total = t->se_total = t->view_total = 0;
	t->tracking = tracking;
	t->pending.leaf = t->cache.leaf = t->cache.idx = TG_NODE_NONE;
	t->root = t->first = 0;
	return new_leaf(t, &t->root);
}

static void
flush(struct tg_items *t)
{
	uint32_t kid = t->pending.leaf, up, i;

	if (kid == TG_NODE_NONE)
		return;
	t->pending.leaf = TG_NODE_NONE;
	if (t->pending.sums.sp == 0 && t->pending.sums.se == 0 && t->pending.sums.on == 0)
		return;
	i = t->leaves[kid].pos;
	for (up = t->leaves[kid].parent; up != TG_NODE_NONE;
	     i = t->inners[up].pos, up = t->inners[up].parent) {
		t->inners[up].sp[i] += t->pending.sums.sp; /* modulo 2^32: decreases too */
		t->inners[up].se[i] += t->pending.sums.se;
		t->inners[up].on[i] += t->pending.sums.on;
	}
}

static inline void
add_sums(struct tg_items *t, uint32_t leaf, uint32_t sp, uint32_t se, uint32_t on)
{
	if (sp == 0 && se == 0 && on == 0)
		return;
	if (t->pending.leaf != leaf) {
		flush(t);
		t->pending.leaf = leaf;
		t->pending.sums = (struct tg_sums){0, 0, 0};
	}
	t->pending.sums.sp += sp;
	t->pending.sums.se += se;
	t->pending.sums.on += on;
	t->sp_total += sp;
	t->se_total += se;
	if (t->cache.leaf == leaf)
		t->cache.len += sp; /* whoever changes a run before the remembered one forgets that */
	else if (sp != 0)
		t->cache.leaf = TG_NODE_NONE;
}

static inline uint32_t
sp_len(const struct tg_item *it)
{
	return tg_item_sp(it) == 1 ? it->len : 0;
}

static inline uint32_t
se_len(const struct tg_item *it)
{
	return it->st & TG_ITEM_GONE ? 0 : it->len;
}

static inline uint32_t
on_len(const struct tg_item *it)
{
	return tg_item_sp(it) > 0 ? it->len : 0;
}

static inline uint32_t
view_len(const struct tg_item *it)
{
	return it->st & TG_ITEM_VIEW ? it->len : 0;
}

static void
leaf_sums(const struct tg_leaf *l, struct tg_sums *sums)
{
	*sums = (struct tg_sums){0, 0, 0};
	for (uint32_t i = 0; i < l->n; i++) {
		sums->sp += sp_len(&l->items[i]);
		sums->se += se_len(&l->items[i]);
		sums->on += on_len(&l->items[i]);
	}
}

struct tg_cursor
tg_items_find(struct tg_items *t, uint32_t k)
{
	const struct tg_item *first, *it;
	uint32_t leaf, before = 0;

	if (t->cache.leaf != TG_NODE_NONE && k - t->cache.before < t->cache.len) {
		leaf = t->cache.leaf;
		first = it = t->leaves[leaf].items;
		before = t->cache.before;
		if (t->cache.idx != TG_NODE_NONE && k >= t->cache.idx_before) {
			it += t->cache.idx;
			before = t->cache.idx_before;
		}
	} else {
		uint32_t node = t->root, len = t->sp_total;

		flush(t);
		for (uint32_t level = t->height; level > 0; level--) {
			const struct tg_inner *p = &t->inners[node];
			uint32_t i = 0;

			while (k - before >= p->sp[i])
				before += p->sp[i++];
			len = p->sp[i];
			node = p->kid[i];
		}
		leaf = node;
		first = it = t->leaves[leaf].items;
		t->cache.leaf = leaf;
		t->cache.before = before;
		t->cache.len = len;
	}
	for (uint32_t n; k - before >= (n = sp_len(it)); it++)
		before += n;
	t->cache.idx = (uint32_t)(it - first);
	t->cache.idx_before = before;
	return (struct tg_cursor){leaf, t->cache.idx, k - before};
}

struct tg_cursor
tg_items_find_merged(struct tg_items *t, uint32_t k)
{
	struct tg_cursor c = {t->root, 0, 0};

	flush(t);
	for (uint32_t level = t->height; level > 0; level--) {
		const struct tg_inner *p = &t->inners[c.leaf];
		uint32_t i = 0;

		while (k >= p->se[i])
			k -= p->se[i++];
		c.leaf = p->kid[i];
	}
	for (;; c.idx++) {
		uint32_t n = se_len(&t->leaves[c.leaf].items[c.idx]);

		if (k < n)
			break;
		k -= n;
	}
	c.off = k;
	return c;
}

struct tg_cursor
tg_items_locate(const struct tg_items *t, uint32_t lv)
{
	uint32_t leaf = t->place[lv];
	const struct tg_item *first = t->leaves[leaf].items, *it = first;

	while (lv - it->id >= it->len)
		it++;
	return (struct tg_cursor){leaf, (uint32_t)(it - first), lv - it->id};
}

int
tg_items_back(const struct tg_items *t, struct tg_cursor *c)
{
	uint32_t up, i, level = 0;

	c->off = 0;
	while (c->idx == 0) {
		up = t->leaves[c->leaf].parent;
		for (i = t->leaves[c->leaf].pos; up != TG_NODE_NONE && i == 0; level++) {
			i = t->inners[up].pos;
			up = t->inners[up].parent;
		}
		if (up == TG_NODE_NONE)
			return 0;
		c->leaf = t->inners[up].kid[i - 1];
		for (; level > 0; level--)
			c->leaf = t->inners[c->leaf].kid[t->inners[c->leaf].n - 1];
		c->idx = t->leaves[c->leaf].n;
	}
	c->idx--;
	return 1;
}

int
tg_items_next_on(struct tg_items *t, struct tg_cursor *c)
{
	const struct tg_leaf *l = &t->leaves[c->leaf];
	uint32_t up, i, level = 0;

	c->off = 0;
	for (; c->idx < l->n; c->idx++)
		if (tg_item_sp(&l->items[c->idx]) > 0)
			return 1;
	if (l->next == TG_NODE_NONE)
		return 0;
	flush(t);
	i = l->pos + 1u;
	for (up = l->parent; up != TG_NODE_NONE; i = t->inners[up].pos + 1u, up = t->inners[up].parent) {
		while (i < t->inners[up].n && t->inners[up].on[i] == 0)
			i++;
		if (i < t->inners[up].n)
			break;
		level++;
	}
	if (up == TG_NODE_NONE)
		return 0;
	c->leaf = t->inners[up].kid[i];
	for (; level > 0; level--) {
		i = 0;
		while (t->inners[c->leaf].on[i] == 0)
			i++;
		c->leaf = t->inners[c->leaf].kid[i];
	}
	c->idx = 0;
	while (tg_item_sp(&t->leaves[c->leaf].items[c->idx]) == 0)
		c->idx++;
	return 1;
}

static void
set_place(struct tg_items *t, const struct tg_item *it, uint32_t leaf)
{
	uint32_t *p;

	if (!t->tracking)
		return;
	p = t->place + it->id;
	for (uint32_t i = 0; i < it->len; i++)
		p[i] = leaf;
}

/* Add sums to the entries of a node in all its ancestors, and its dirty bit if it has one. */
static void
add_upward(struct tg_items *t, uint32_t node, uint32_t level, struct tg_sums sums, int dirty)
{
	uint32_t up = level == 0 ? t->leaves[node].parent : t->inners[node].parent;
	uint32_t i = level == 0 ? t->leaves[node].pos : t->inners[node].pos;

	for (; up != TG_NODE_NONE; i = t->inners[up].pos, up = t->inners[up].parent) {
		t->inners[up].sp[i] += sums.sp;
		t->inners[up].se[i] += sums.se;
		t->inners[up].on[i] += sums.on;
		if (dirty)
			t->inners[up].dirty |= (uint16_t)(1u << i);
	}
}

static void
set_parent(struct tg_items *t, uint32_t node, uint32_t level, uint32_t parent, uint32_t pos)
{
	if (level == 0) {
		t->leaves[node].parent = parent;
		t->leaves[node].pos = (uint8_t)pos;
	} else {
		t->inners[node].parent = parent;
		t->inners[node].pos = (uint8_t)pos;
	}
}

static void
inner_sums(const struct tg_inner *p, struct tg_sums *sums)
{
	*sums = (struct tg_sums){0, 0, 0};
	for (uint32_t i = 0; i < p->n; i++) {
		sums->sp += p->sp[i];
		sums->se += p->se[i];
		sums->on += p->on[i];
	}
}

static void
set_sums(struct tg_inner *p, uint32_t i, struct tg_sums sums)
{
	p->sp[i] = sums.sp;
	p->se[i] = sums.se;
	p->on[i] = sums.on;
}

static struct tg_sums
minus(struct tg_sums s)
{
	return (struct tg_sums){0 - s.sp, 0 - s.se, 0 - s.on};
}

/* A new root above the old one. */
static int
grow_root(struct tg_items *t)
{
	uint32_t old = t->root;
	struct tg_sums sums;
	struct tg_inner *p;
	int rc = new_inner(t, &t->root), dirty;

	if (rc != TG_OK)
		return rc;
	p = &t->inners[t->root];
	if (t->height == 0) {
		leaf_sums(&t->leaves[old], &sums);
		dirty = t->leaves[old].dirty;
	} else {
		inner_sums(&t->inners[old], &sums);
		dirty = t->inners[old].dirty != 0;
	}
	p->n = 1;
	p->kid[0] = old;
	set_sums(p, 0, sums);
	p->dirty = dirty ? 1 : 0;
	set_parent(t, old, t->height, t->root, 0);
	t->height++;
	return TG_OK;
}

/*
 * Put node ${kid}, holding these sums, into the tree right of its sibling ${left}; no ancestor counts the
 * sums yet.
 * ${level} is that of the two, 0 for leaves.  Full inner nodes are split on the way up, so the recursion is
 * no deeper than the tree.
 */
static int
add_kid(struct tg_items *t, uint32_t left, uint32_t kid, struct tg_sums sums, int dirty, uint32_t level)
{
	uint32_t up, i;
	struct tg_inner *p;
	int rc;

	if (level == t->height && (rc = grow_root(t)) != TG_OK)
		return rc;
	up = level == 0 ? t->leaves[left].parent : t->inners[left].parent;
	if (t->inners[up].n == TG_INNER_KIDS) {
		uint32_t half = TG_INNER_KIDS / 2, fresh;
		struct tg_sums moved;
		struct tg_inner *q;

		if ((rc = new_inner(t, &fresh)) != TG_OK)
			return rc;
		p = &t->inners[up];
		q = &t->inners[fresh];
		for (i = half; i < TG_INNER_KIDS; i++) {
			q->kid[i - half] = p->kid[i];
			set_sums(q, i - half, (struct tg_sums){p->sp[i], p->se[i], p->on[i]});
			set_parent(t, p->kid[i], level, fresh, i - half);
		}
		q->n = TG_INNER_KIDS - TG_INNER_KIDS / 2;
		q->dirty = (uint16_t)(p->dirty >> half);
		p->n = TG_INNER_KIDS / 2;
		p->dirty &= (uint16_t)((1u << half) - 1);
		inner_sums(q, &moved);
		add_upward(t, up, level + 1, minus(moved), 0);
		if (p->dirty == 0 &&
		    p->parent != TG_NODE_NONE) /* what was dirty is now below q: its link says so */
			t->inners[p->parent].dirty &= (uint16_t) ~(1u << p->pos);
		if ((rc = add_kid(t, up, fresh, moved, q->dirty != 0, level + 1)) != TG_OK)
			return rc;
		up = level == 0 ? t->leaves[left].parent : t->inners[left].parent;
	}
	p = &t->inners[up];
	i = (level == 0 ? t->leaves[left].pos : t->inners[left].pos) + 1u;
	memmove(p->kid + i + 1, p->kid + i, (p->n - i) * sizeof *p->kid);
	memmove(p->sp + i + 1, p->sp + i, (p->n - i) * sizeof *p->sp);
	memmove(p->se + i + 1, p->se + i, (p->n - i) * sizeof *p->se);
	memmove(p->on + i + 1, p->on + i, (p->n - i) * sizeof *p->on);
	p->kid[i] = kid;
	p->sp[i] = p->se[i] = p->on[i] = 0;
	p->dirty = (uint16_t)((p->dirty & ((1u << i) - 1)) | (uint32_t)(p->dirty >> i) << (i + 1));
	p->n++;
	for (uint32_t k = i; k < p->n; k++)
		set_parent(t, p->kid[k], level, up, k);
	add_upward(t, kid, level, sums, dirty);
	return TG_OK;
}

/* Make room in the cursor's leaf for two more runs, and keep the cursor on its place. */
static int
make_room(struct tg_items *t, struct tg_cursor *c)
{
	uint32_t fresh, keep;
	struct tg_sums sums;
	struct tg_leaf *l, *m;
	int rc;

	if (t->leaves[c->leaf].n + 2 <= TG_LEAF_RUNS)
		return TG_OK;
	flush(t);
	t->cache.leaf = TG_NODE_NONE;
	if ((rc = new_leaf(t, &fresh)) != TG_OK)
		return rc;
	l = &t->leaves[c->leaf];
	m = &t->leaves[fresh];
	/* Appending at the end of everything leaves full leaves behind. */
	keep = c->idx == l->n && l->next == TG_NODE_NONE ? l->n : l->n / 2u;
	m->n = (uint16_t)(l->n - keep);
	memcpy(m->items, l->items + keep, m->n * sizeof *m->items);
	l->n = (uint16_t)keep;
	m->next = l->next;
	l->next = fresh;
	m->dirty = l->dirty;
	for (uint32_t i = 0; i < m->n; i++)
		set_place(t, &m->items[i], fresh);
	leaf_sums(m, &sums);
	add_upward(t, c->leaf, 0, minus(sums), 0);
	if ((rc = add_kid(t, c->leaf, fresh, sums, m->dirty, 0)) != TG_OK)
		return rc;
	if (c->idx >= keep) {
		c->leaf = fresh;
		c->idx -= keep;
	}
	return TG_OK;
}

/* Runs from ${idx} of a leaf on move or change their sums: what find remembers of that leaf holds only
 * before. */
static inline void
forget(struct tg_items *t, uint32_t leaf, uint32_t idx)
{
	if (leaf == t->cache.leaf && idx <= t->cache.idx)
		t->cache.idx = TG_NODE_NONE;
}

static inline int
alike(const struct tg_item *a, const struct tg_item *b)
{
	return a->id + a->len == b->id && b->left == b->id - 1 && a->right == b->right && a->st == b->st &&
	       a->state == b->state && a->seen == b->seen;
}

static void
close_gap(struct tg_leaf *l, uint32_t idx)
{
	l->n--;
	memmove(l->items + idx, l->items + idx + 1, (l->n - idx) * sizeof *l->items);
}

static struct tg_item *
open_gap(struct tg_leaf *l, uint32_t idx)
{
	memmove(l->items + idx + 1, l->items + idx, (l->n - idx) * sizeof *l->items);
	l->n++;
	return &l->items[idx];
}

/* Cut a run in two at off; needs room for one more run in the leaf. */
static void
cut_at(struct tg_leaf *l, uint32_t idx, uint32_t off)
{
	struct tg_item *b = open_gap(l, idx + 1), *a = b - 1;

	*b = *a;
	b->id += off;
	b->len -= off;
	b->left = b->id - 1;
	a->len = off;
}

int
tg_items_insert(struct tg_items *t, struct tg_cursor *c, const struct tg_item *item)
{
	struct tg_leaf *l = &t->leaves[c->leaf];
	int rc;

	if (c->off > 0 && c->off == l->items[c->idx].len) {
		c->idx++;
		c->off = 0;
	}
	if (c->off == 0 && c->idx > 0 && alike(&l->items[c->idx - 1], item)) {
		c->idx--;
		c->off = l->items[c->idx].len;
		l->items[c->idx].len += item->len;
		forget(t, c->leaf, c->idx + 1);
	} else {
		if ((rc = make_room(t, c)) != TG_OK)
			return rc;
		l = &t->leaves[c->leaf];
		if (c->off > 0) {
			cut_at(l, c->idx++, c->off);
			c->off = 0;
		}
		forget(t, c->leaf, c->idx);
		*open_gap(l, c->idx) = *item;
	}
	set_place(t, item, c->leaf);
	add_sums(t, c->leaf, sp_len(item), se_len(item), on_len(item));
	t->view_total += view_len(item);
	return TG_OK;
}

/* ---- building */

void
tg_items_track(struct tg_items *t)
{
	t->tracking = 1;
	for (uint32_t leaf = t->first; leaf != TG_NODE_NONE; leaf = t->leaves[leaf].next)
		for (uint32_t i = 0; i < t->leaves[leaf].n; i++)
			set_place(t, &t->leaves[leaf].items[i], leaf);
}

enum {
	FULL = TG_LEAF_RUNS - TG_LEAF_RUNS / 4 /* runs in a leaf that was built: room for edits */
};

int
tg_items_put_last(struct tg_items *t, const struct tg_item *item)
{
	uint32_t leaf = (uint32_t)t->leaf_n - 1, fresh;
	struct tg_leaf *l = &t->leaves[leaf];
	int rc;

	if (l->n > 0 && alike(&l->items[l->n - 1], item)) {
		l->items[l->n - 1].len += item->len;
	} else {
		if (l->n == FULL) {
			if ((rc = new_leaf(t, &fresh)) != TG_OK)
				return rc;
			t->leaves[leaf].next = fresh;
			leaf = fresh;
			l = &t->leaves[fresh];
		}
		l->items[l->n++] = *item;
		l->dirty |= !(item->st & TG_ITEM_VIEW);
	}
	set_place(t, item, leaf);
	t->view_total += view_len(item);
	t->sp_total += sp_len(item);
	t->se_total += se_len(item);
	return TG_OK;
}

/* Nodes [first, first + n) of a level get inner nodes above them, one after another. */
static int
put_level(struct tg_items *t, uint32_t first, uint32_t n)
{
	struct tg_inner *p = NULL;
	uint32_t inner = 0;
	int rc;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = first + i, at = i % TG_INNER_KIDS;
		struct tg_sums sums;

		if (at == 0) {
			if ((rc = new_inner(t, &inner)) != TG_OK)
				return rc;
			p = &t->inners[inner];
		}
		if (t->height == 0) {
			leaf_sums(&t->leaves[node], &sums);
			p->dirty |= (uint16_t)((uint32_t)t->leaves[node].dirty << at);
		} else {
			inner_sums(&t->inners[node], &sums);
			p->dirty |= (uint16_t)((t->inners[node].dirty != 0) << at);
		}
		set_parent(t, node, t->height, inner, at);
		p->kid[at] = node;
		set_sums(p, at, sums);
		p->n++;
	}
	return TG_OK;
}

int
tg_items_put_end(struct tg_items *t)
{
	uint32_t first = 0, n = (uint32_t)t->leaf_n;
	int rc;

	for (; n > 1; t->height++) {
		uint32_t above = (uint32_t)t->inner_n;

		if ((rc = put_level(t, first, n)) != TG_OK)
			return rc;
		first = above;
		n = (uint32_t)t->inner_n - above;
	}
	t->root = first;
	return TG_OK;
}

int
tg_items_cut(struct tg_items *t, struct tg_cursor *c, uint32_t len)
{
	struct tg_item *it = tg_items_at(t, *c);
	int rc;

	if (c->off == 0 && it->len == len)
		return TG_OK;
	if ((rc = make_room(t, c)) != TG_OK)
		return rc;
	it = tg_items_at(t, *c);
	forget(t, c->leaf, c->idx + 1);
	if (c->off + len < it->len)
		cut_at(&t->leaves[c->leaf], c->idx, c->off + len);
	if (c->off > 0) {
		cut_at(&t->leaves[c->leaf], c->idx, c->off);
		c->idx++;
		c->off = 0;
	}
	return TG_OK;
}

void
tg_items_set(struct tg_items *t, struct tg_cursor c, uint32_t st, uint32_t state, uint32_t seen)
{
	struct tg_item *it = tg_items_at(t, c);
	uint32_t sp = sp_len(it), se = se_len(it), on = on_len(it);

	t->view_total -= view_len(it);
	it->st = st;
	it->state = state;
	it->seen = seen;
	t->view_total += view_len(it);
	forget(t, c.leaf, c.idx + 1);
	add_sums(t, c.leaf, sp_len(it) - sp, se_len(it) - se, on_len(it) - on);
}

void
tg_items_join(struct tg_items *t, struct tg_cursor *c)
{
	struct tg_leaf *l = &t->leaves[c->leaf];

	if (c->idx == 0 || c->idx >= l->n || !alike(&l->items[c->idx - 1], &l->items[c->idx]))
		return;
	c->off += l->items[c->idx - 1].len;
	l->items[c->idx - 1].len += l->items[c->idx].len;
	forget(t, c->leaf, c->idx);
	close_gap(l, c->idx--);
}

int
tg_items_shift(struct tg_items *t, uint32_t id, uint32_t len, uint32_t delta)
{
	int rc;

	while (len > 0) {
		struct tg_cursor c = tg_items_locate(t, id);
		struct tg_item *it = tg_items_at(t, c);
		struct tg_leaf *l;
		uint32_t n = it->len - c.off, sp, on;

		if (n > len)
			n = len;
		if ((c.off > 0 || n < it->len) && (rc = tg_items_cut(t, &c, n)) != TG_OK)
			return rc;
		l = &t->leaves[c.leaf];
		it = &l->items[c.idx];
		sp = sp_len(it);
		on = on_len(it);
		it->st += delta;
		forget(t, c.leaf, c.idx + 1);
		add_sums(t, c.leaf, sp_len(it) - sp, 0, on_len(it) - on);
		if (c.idx + 1u < l->n && alike(it, it + 1)) {
			it->len += it[1].len;
			close_gap(l, c.idx + 1);
		}
		if (c.idx > 0 && alike(it - 1, it)) {
			it[-1].len += it->len;
			forget(t, c.leaf, c.idx);
			close_gap(l, c.idx);
		}
		id += n;
		len -= n;
	}
	return TG_OK;
}

int
tg_items_remove(struct tg_items *t, struct tg_cursor c, uint32_t n)
{
	struct tg_item *it = tg_items_at(t, c);
	int rc;

	if (c.off > 0 && c.off + n < it->len) {
		if ((rc = tg_items_cut(t, &c, n)) != TG_OK)
			return rc;
		it = tg_items_at(t, c);
	}
	t->view_total -= it->st & TG_ITEM_VIEW ? n : 0;
	add_sums(t, c.leaf, tg_item_sp(it) == 1 ? 0 - n : 0, it->st & TG_ITEM_GONE ? 0 : 0 - n,
	    tg_item_sp(it) > 0 ? 0 - n : 0);
	if (it->len == n) {
		forget(t, c.leaf, c.idx);
		close_gap(&t->leaves[c.leaf], c.idx);
		tg_items_join(t, &c);
		return TG_OK;
	}
	/* The start or the end of a run just goes. */
	forget(t, c.leaf, c.idx + 1);
	it->len -= n;
	if (c.off == 0) {
		it->id += n;
		it->left = it->id - 1;
	}
	return TG_OK;
}

int
tg_items_order(const struct tg_items *t, uint32_t a, uint32_t b)
{
	struct tg_cursor ca = tg_items_locate(t, a), cb = tg_items_locate(t, b);
	uint32_t ua = t->leaves[ca.leaf].parent, ub = t->leaves[cb.leaf].parent;
	uint32_t pa = t->leaves[ca.leaf].pos, pb = t->leaves[cb.leaf].pos;

	if (ca.leaf == cb.leaf)
		return ca.idx != cb.idx ? (ca.idx < cb.idx ? -1 : 1) : (a < b ? -1 : a > b);
	while (ua != ub) {
		pa = t->inners[ua].pos;
		pb = t->inners[ub].pos;
		ua = t->inners[ua].parent;
		ub = t->inners[ub].parent;
	}
	return pa < pb ? -1 : 1;
}

uint32_t
tg_items_before(struct tg_items *t, struct tg_cursor c, int merged)
{
	const struct tg_leaf *l = &t->leaves[c.leaf];
	uint32_t sum = 0, i = l->pos;

	flush(t);
	for (uint32_t k = 0; k < c.idx; k++)
		sum += merged ? se_len(&l->items[k]) : sp_len(&l->items[k]);
	if (c.idx < l->n && (merged ? se_len(&l->items[c.idx]) : sp_len(&l->items[c.idx])) > 0)
		sum += c.off;
	for (uint32_t up = l->parent; up != TG_NODE_NONE; i = t->inners[up].pos, up = t->inners[up].parent)
		for (uint32_t k = 0; k < i; k++)
			sum += merged ? t->inners[up].se[k] : t->inners[up].sp[k];
	return sum;
}

void
tg_items_dirty(struct tg_items *t, uint32_t leaf)
{
	uint32_t i = t->leaves[leaf].pos;

	if (t->leaves[leaf].dirty)
		return;
	t->leaves[leaf].dirty = 1;
	for (uint32_t up = t->leaves[leaf].parent; up != TG_NODE_NONE;
	     i = t->inners[up].pos, up = t->inners[up].parent) {
		if (t->inners[up].dirty >> i & 1)
			return;
		t->inners[up].dirty |= (uint16_t)(1u << i);
	}
}

void
tg_items_clean(struct tg_items *t, uint32_t leaf)
{
	uint32_t i = t->leaves[leaf].pos;

	t->leaves[leaf].dirty = 0;
	for (uint32_t up = t->leaves[leaf].parent; up != TG_NODE_NONE;
	     i = t->inners[up].pos, up = t->inners[up].parent) {
		t->inners[up].dirty &= (uint16_t) ~(1u << i);
		if (t->inners[up].dirty != 0)
			return;
	}
}

int
tg_items_next_dirty(struct tg_items *t, uint32_t *leaf, uint32_t *before)
{
	uint32_t node = t->root;

	flush(t);
	*before = 0;
	for (uint32_t level = t->height; level > 0; level--) {
		const struct tg_inner *p = &t->inners[node];
		uint32_t i = 0;

		if (p->dirty == 0)
			return 0;
		while (!(p->dirty >> i & 1))
			*before += p->se[i++];
		node = p->kid[i];
	}
	*leaf = node;
	return t->leaves[node].dirty;
}

/* Check the subtree at node; *chain is the leaf that must come next in order. */
static int
check_node(struct tg_items *t, uint32_t node, uint32_t level, uint32_t parent, uint32_t pos, uint32_t *chain,
    struct tg_sums *sums, int *dirty)
{
	*sums = (struct tg_sums){0, 0, 0};
	*dirty = 0;
	if (level == 0) {
		const struct tg_leaf *l = &t->leaves[node];

		if (l->parent != parent || l->pos != pos || *chain != node)
			return 3;
		*chain = l->next;
		if (l->n > TG_LEAF_RUNS)
			return 1;
		for (uint32_t i = 0; i < l->n; i++) {
			if (l->items[i].len == 0)
				return 1;
			for (uint32_t k = 0; t->tracking && k < l->items[i].len; k++)
				if (t->place[l->items[i].id + k] != node)
					return 4;
		}
		leaf_sums(l, sums);
		*dirty = l->dirty;
		return 0;
	}
	if (t->inners[node].parent != parent || t->inners[node].pos != pos)
		return 3;
	for (uint32_t i = 0; i < t->inners[node].n; i++) {
		struct tg_sums k;
		int kd, rc = check_node(t, t->inners[node].kid[i], level - 1, node, i, chain, &k, &kd);

		if (rc != 0)
			return rc;
		if (k.sp != t->inners[node].sp[i] || k.se != t->inners[node].se[i] ||
		    k.on != t->inners[node].on[i])
			return 2;
		if (kd != (t->inners[node].dirty >> i & 1))
			return 5;
		sums->sp += k.sp;
		sums->se += k.se;
		sums->on += k.on;
		*dirty |= kd;
	}
	return 0;
}

int
tg_items_check(struct tg_items *t)
{
	uint32_t chain = t->first;
	struct tg_sums sums;
	int dirty, rc;

	flush(t);
	if ((rc = check_node(t, t->root, t->height, TG_NODE_NONE, 0, &chain, &sums, &dirty)) != 0)
		return rc;
	if (chain != TG_NODE_NONE)
		return 3;
	return sums.sp == t->sp_total && sums.se == t->se_total ? 0 : 2;
}
