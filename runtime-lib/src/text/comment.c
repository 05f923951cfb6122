/*
 * comment.c -- what a comment is about: the items that carry its mark, or the place where they were.
 *
 * A comment is a mark with a key of its own, "c:" and a name, so comments overlap freely; what is said is in
 * the flow ("c:name", content).  When nobody left a word of what it was about, the tombstones still know
 * where it stood: that is why it is the walker that is asked.
 */
#include <string.h>

#include <toygrid/status.h>

#include "text/doc.h"

/* The stretch of the current flow, as of VIEW, from the first item with the key to the last. */
static int
find_items(struct tg_doc *doc, uint32_t key, uint32_t *from, uint32_t *to)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	uint32_t index = 0;
	int found = 0;

	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		if (tg_item_sp(it) != 1)
			continue;
		if (tg_format_value(&doc->formats, it->seen, key) != TG_POOL_NIL) {
			*from = found ? *from : index;
			*to = index + it->len;
			found = 1;
		}
		index += it->len;
	}
	return found;
}

/* The oldest mark with this key, the same on all hosts; TG_FORMAT_NONE when there is none. */
static uint32_t
oldest_mark(const struct tg_doc *doc, uint32_t key)
{
	const struct tg_mark *marks = doc->formats.marks;
	uint32_t best = TG_FORMAT_NONE;

	for (uint32_t i = 0; i < doc->formats.mark_n; i++)
		if (marks[i].key == key && marks[i].value != TG_POOL_NIL &&
		    (best == TG_FORMAT_NONE || tg_doc_beats(doc, marks[best].lamport, marks[best].lv,
						   marks[i].lamport, marks[i].lv)))
			best = i;
	return best;
}

int
tg_doc_comment(
    struct tg_doc *doc, const uint8_t *key, size_t key_len, uint32_t *flow, uint32_t *from, uint32_t *to)
{
	uint32_t id, mark;
	int rc;

	*flow = *from = *to = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (!tg_pool_find(&doc->pool, key, key_len, &id))
		return TG_ENOTFOUND;
	if ((rc = tg_view_prepare(doc)) != TG_OK)
		return tg_doc_fail(doc, rc);
	mark = oldest_mark(doc, id);
	if (mark != TG_FORMAT_NONE)
		*flow = tg_oplog_find(&doc->log, doc->formats.marks[mark].lv)->flow;
	for (uint32_t i = 0, first = *flow; i < doc->flow_n; i++) { /* that flow, then the others */
		uint32_t f = i == 0 ? first : i <= first ? i - 1 : i;

		tg_flow_enter(doc, f);
		if (find_items(doc, id, from, to)) {
			*flow = f;
			return TG_OK;
		}
	}
	if (mark == TG_FORMAT_NONE)
		return TG_ENOTFOUND;
	if ((rc = tg_walk_track(doc)) != TG_OK || (rc = tg_walk_to(doc, &doc->view)) != TG_OK)
		return tg_doc_fail(doc, rc);
	tg_flow_enter(doc, *flow);
	*from = *to =
	    tg_items_before(&doc->items, tg_items_locate(&doc->items, doc->formats.marks[mark].first), 0);
	return TG_OK;
}
