/*
 * history.c -- the history of a saved document, read when it is needed.
 *
 * Operations say where, not what: they are put into the graph and the log without a character, and replayed.
 * The replay says which items are still shown, and in which order.  So the checkpoint's text can be dealt out
 * to them, and the lost text, in the order of events, to the others:
 *
 *     log         a b c d e f          (who knows what they are)
 *     replayed    c a - f - -          the checkpoint says "dog": c = d, a = o, f = g
 *     lost        b d e                the history says "cat": b = c, d = a, e = t
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/codec.h"
#include "text/saved.h"

struct loading {
	struct tg_doc *doc;
	const struct tg_saved *saved;
	struct tg_order order;
	struct tg_buf lost;
	int linear;	 /* every event follows the one before, and all are in the body */
	uint64_t length; /* then: items so far */
	uint32_t *sizes; /* events of each part */
	size_t size_n, size_cap, checked;
	/* By character of the log, at the first of a stretch that is shown: where that begins in the
	 * checkpoint's text, + 1, and how many characters it has.  0: no longer shown, or not the first. */
	uint32_t *from, *count;
	size_t lost_at, lost_chars; /* what is not dealt out yet */
};

/* ---- graph and log */

static int
load_skeleton(struct loading *l)
{
	struct tg_graph *g = &l->doc->graph;
	uint8_t *plain;
	int rc = tg_saved_plain(l->saved, 1, &plain);

	if (rc != TG_OK)
		return rc;
	rc = tg_skeleton_read(g, plain, l->saved->sections[1].raw_len);
	tg_free(plain);
	if (rc != TG_OK || (rc = tg_order_make(&l->order, g)) != TG_OK)
		return rc;
	l->linear = 1;
	for (size_t i = 0; i < g->n; i++) {
		const struct tg_grun *r = &g->runs[i];
		const uint32_t *parents = g->parent_pool + r->parents;

		if (l->order.at[i] != r->start)
			return TG_EFORMAT; /* another order than the one of order.h */
		if (r->parent_count != (i > 0) || (i > 0 && parents[0] != r->start - 1))
			l->linear = 0;
		if ((rc = tg_lvs_advance(&l->doc->merged, parents, r->parent_count, r->end - 1)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

static int
log_part(struct loading *l)
{
	struct tg_doc *doc = l->doc;
	const struct tg_decoded *d = doc->decoded;
	int rc = TG_OK;

	for (size_t i = 0; i < d->op_n && rc == TG_OK; i++) {
		const struct tg_op *op = &d->ops[i];

		doc->log.flow = (uint16_t)op->flow;
		if (op->kind == TG_OP_MARK) {
			rc = tg_doc_log_mark(doc, op->pos, op->count, op->key, op->value);
		} else if (op->kind == TG_OP_SET) {
			rc = tg_doc_log_set(doc, op->object, op->key, op->value, 0);
		} else {
			rc = tg_oplog_append(&doc->log, op->kind, op->pos, op->count, op->format);
			/* As if each character were one byte of an arena that is not there yet. */
			if (op->kind == TG_OP_CHAR)
				doc->log.text_len += op->count;
		}
	}
	tg_buf_put(&l->lost, d->chars, d->chars_len);
	return rc == TG_OK ? tg_buf_status(&l->lost) : rc;
}

/* Of what is not linear, the walk decides. */
static int
in_range(struct loading *l)
{
	struct tg_decoded *d = l->doc->decoded;

	if (d->flow_n > 0)
		l->linear = 0;
	if (!l->linear)
		return 1;
	d->length = l->length;
	if (!tg_codec_in_range(d))
		return 0;
	l->length = d->length;
	return 1;
}

static int
load_part(struct loading *l, size_t section)
{
	const struct tg_section *x = l->saved->sections + section;
	struct tg_doc *doc = l->doc;
	uint8_t *ops, *text;
	int rc;

	if ((rc = tg_saved_plain(l->saved, section, &ops)) != TG_OK)
		return rc;
	if ((rc = tg_saved_plain(l->saved, section + 1, &text)) != TG_OK)
		goto free_ops;
	if ((rc = tg_codec_decode_part(doc->decoded, ops, x[0].raw_len, text, x[1].raw_len)) != TG_OK)
		goto free_text;
	if (doc->decoded->event_n > doc->graph.next - doc->log.next)
		rc = TG_EFORMAT;
	else if (!in_range(l))
		rc = TG_ERANGE;
	else if ((rc = tg_array_need((void **)&l->sizes, &l->size_cap, l->size_n + 1, sizeof *l->sizes)) ==
		     TG_OK &&
		 (rc = tg_codec_intern(doc->decoded, doc, tg_codec_nobody)) == TG_OK) {
		l->sizes[l->size_n++] = doc->decoded->event_n;
		rc = log_part(l);
	}
free_text:
	tg_free(text);
free_ops:
	tg_free(ops);
	return rc;
}

static int
check_part(void *ctx, const struct tg_span *spans, size_t n, uint32_t events)
{
	struct loading *l = ctx;

	(void)spans;
	(void)n;
	return l->checked < l->size_n && l->sizes[l->checked++] == events ? TG_OK : TG_EFORMAT;
}

/* ---- text */

/* Where the characters that a flow shows are; *${at} and *${chars} say how far the text is dealt out. */
static int
deal_flow(struct loading *l, uint32_t *at, uint32_t *chars)
{
	const struct tg_items *t = &l->doc->items;
	const struct tg_oplog *log = &l->doc->log;
	const struct tg_checkpoint *c = &l->saved->checkpoint;
	struct tg_cursor cursor = {t->first, 0, 0};

	for (; tg_items_step(t, &cursor); cursor.idx++) {
		const struct tg_item *it = tg_items_at(t, cursor);

		if (it->st & TG_ITEM_GONE || tg_item_kind(it) != TG_TEXT_CHAR)
			continue;
		if (it->len > c->chars - *chars)
			return TG_EFORMAT;
		*chars += it->len;
		for (uint32_t lv = it->id, end; lv < it->id + it->len; lv = end) {
			const struct tg_oprun *r = tg_oplog_find(log, lv);
			uint32_t i = r->text + (lv - r->lv);

			end = tg_oplog_end(log, r);
			end = end < it->id + it->len ? end : it->id + it->len;
			l->from[i] = *at + 1;
			l->count[i] = end - lv;
			*at += (uint32_t)tg_oplog_bytes(c->text + *at, end - lv);
		}
	}
	return TG_OK;
}

static int
deal_text(struct loading *l)
{
	const struct tg_checkpoint *c = &l->saved->checkpoint;
	uint32_t at = 0, chars = 0;
	int rc;

	for (size_t i = 0; i < c->flow_n; i++) {
		tg_flow_enter(l->doc, c->flows[i].flow);
		if ((rc = deal_flow(l, &at, &chars)) != TG_OK)
			return rc;
	}
	return chars == c->chars ? TG_OK : TG_EFORMAT;
}

/* The text of a run of the log with ${n} characters, the first of them the ${i}-th of all. */
static int
put_text(struct loading *l, struct tg_buf *text, uint32_t i, uint32_t n)
{
	tg_buf_reset(text);
	for (uint32_t end = i + n, k; i < end; i += k) {
		const uint8_t *p = l->saved->checkpoint.text + l->from[i] - 1;
		size_t len;

		k = l->count[i];
		if (l->from[i] == 0) {
			for (k = 1; i + k < end && l->from[i + k] == 0; k++)
				;
			if (k > l->lost_chars)
				return TG_EFORMAT;
			l->lost_chars -= k;
			p = l->lost.data + l->lost_at;
		}
		len = tg_oplog_bytes(p, k);
		l->lost_at += l->from[i] == 0 ? len : 0;
		tg_buf_put(text, p, len);
	}
	return tg_buf_status(text);
}

/* The log again, with its text. */
static int
fill_log(struct loading *l)
{
	struct tg_oplog *old = &l->doc->log, log = {0};
	struct tg_buf text = {0};
	int rc = TG_OK;

	for (const struct tg_oprun *r = old->runs; r < old->runs + old->n && rc == TG_OK; r++) {
		uint32_t n = tg_oplog_end(old, r) - r->lv;

		log.flow = r->flow;
		if (r->kind != TG_OP_CHAR)
			rc = tg_oplog_append(&log, r->kind, r->pos, n, r->aux);
		else if ((rc = put_text(l, &text, r->text, n)) == TG_OK)
			rc = tg_oplog_append_text(&log, r->pos, n, r->aux, text.data, text.len);
	}
	tg_buf_free(&text);
	if (rc == TG_OK && l->lost_chars > 0)
		rc = TG_EFORMAT;
	if (rc != TG_OK) {
		tg_oplog_free(&log);
		return rc;
	}
	tg_oplog_free(old);
	*old = log;
	return TG_OK;
}

static int
load_text(struct loading *l)
{
	size_t chars = l->doc->log.text_len;
	int rc;

	l->from = tg_calloc(chars + 1, sizeof *l->from);
	l->count = tg_calloc(chars + 1, sizeof *l->count);
	if (l->from == NULL || l->count == NULL)
		return TG_ENOMEM;
	if ((rc = deal_text(l)) != TG_OK)
		return rc;
	if (l->lost.len > 0 && tg_utf8_count(l->lost.data, l->lost.len, &l->lost_chars) != TG_OK)
		return TG_EFORMAT;
	return fill_log(l);
}

/* ---- all of it */

static int
replay(struct tg_doc *doc, int linear)
{
	if (doc->log.next == 0)
		return TG_OK;
	doc->floor = linear ? TG_LV_NONE : 0;
	doc->unchecked = 1;
	return tg_track_flush(doc);
}

/* The page shows the checkpoint, which is now MERGED. */
static int
set_view(struct tg_doc *doc)
{
	tg_walk_seen(doc);
	for (size_t i = 0; i < doc->register_n; i++)
		doc->registers[i].seen = doc->sets[doc->registers[i].winner].value;
	doc->registers_stale = 0;
	return tg_lvs_copy(&doc->view, &doc->merged);
}

static int
check_checkpoint(struct tg_doc *doc, const struct tg_checkpoint *c)
{
	struct tg_buf again = {0};
	int rc = tg_checkpoint_put(doc, &again);

	if (rc == TG_OK && (again.len != c->raw_len || memcmp(again.data, c->raw, again.len) != 0))
		rc = TG_EFORMAT;
	tg_buf_free(&again);
	return rc;
}

static int
load(struct loading *l)
{
	struct tg_doc *doc = l->doc;
	int rc;

	if ((rc = tg_saved_check_opened(l->saved)) != TG_OK || (rc = load_skeleton(l)) != TG_OK)
		return rc;
	for (size_t i = 2; i < l->saved->n; i += 2)
		if ((rc = load_part(l, i)) != TG_OK)
			return rc;
	if (doc->log.next != doc->graph.next)
		return TG_EFORMAT;
	if ((rc = tg_save_parts(doc, &l->order, check_part, l)) != TG_OK ||
	    (rc = replay(doc, l->linear)) != TG_OK || (rc = load_text(l)) != TG_OK ||
	    (rc = check_checkpoint(doc, &l->saved->checkpoint)) != TG_OK)
		return rc;
	if (l->checked != l->size_n)
		return TG_EFORMAT;
	return l->saved->polled ? set_view(doc) : TG_OK;
}

int
tg_history_load(struct tg_doc *doc)
{
	struct tg_saved *s = doc->saved;
	struct loading l = {0};

	if (s->len < s->whole)
		return TG_EGAP;
	l.doc = doc;
	l.saved = s;
	doc->saved = NULL;
	doc->failed = load(&l);
	tg_order_free(&l.order);
	tg_buf_free(&l.lost);
	tg_free(l.sizes);
	tg_free(l.from);
	tg_free(l.count);
	s->calls->free(s);
	return doc->failed;
}

int
tg_doc_load_history(struct tg_doc *doc)
{
	if (doc->failed != TG_OK || doc->saved == NULL)
		return doc->failed;
	return tg_history_load(doc);
}
