/*
 * diff.c -- what became of every item between two versions, and by whom.
 *
 * The walker goes to the first version and the items it shows are noted; then it goes to the second.  Items
 * never change places, so both versions are choices from one sequence, and one pass over it tells for each
 * item whether it was there, is there, or both:
 *
 *     items     a  b  c  d  e          noted: a b d          now: a c d
 *               =  -  +  =             e is in neither
 *
 * Who deleted an item is not kept with it; the deletions that one version has and the other lacks are looked
 * up in the log and sorted by the item they hit.
 */
#include <string.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "text/version.h"

struct deletion {
	uint32_t item, lv;
};

struct diff {
	struct tg_doc *doc;
	struct tg_version from, to;
	struct tg_span *noted; /* item ids that ${from} shows, in document order */
	size_t noted_n, noted_cap;
	struct deletion
	    *deletions; /* of events in exactly one of the versions, sorted by item, first ones only */
	size_t deletion_n, deletion_cap;
	int (*visit)(void *ctx, const struct tg_diff_run *run);
	void *ctx;
	int stopped; /* what visit returned */
};

static int
note_items(struct diff *d)
{
	struct tg_items *t = &d->doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	int rc;

	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		if (tg_item_sp(it) != 1)
			continue;
		if ((rc = tg_array_need(
			 (void **)&d->noted, &d->noted_cap, d->noted_n + 1, sizeof *d->noted)) != TG_OK)
			return rc;
		d->noted[d->noted_n].start = it->id;
		d->noted[d->noted_n++].end = it->id + it->len;
	}
	return TG_OK;
}

/* ---- who deleted what */

static int
note_deletions(struct diff *d, const struct tg_spans *events)
{
	struct tg_doc *doc = d->doc;
	int rc;

	for (size_t i = 0; i < events->n; i++) {
		const struct tg_oprun *r = tg_oplog_find(&doc->log, events->v[i].start);

		for (uint32_t at = events->v[i].start, to; at < events->v[i].end; at = to, r++) {
			to = tg_oplog_end(&doc->log, r);
			to = to > events->v[i].end ? events->v[i].end : to;
			if (r->kind != TG_OP_DELETE && r->kind != TG_OP_DELETE_BACK)
				continue;
			if ((rc = tg_array_need((void **)&d->deletions, &d->deletion_cap,
				 d->deletion_n + (to - at), sizeof *d->deletions)) != TG_OK)
				return rc;
			for (; at < to; at++) {
				d->deletions[d->deletion_n].item = doc->items.place[at];
				d->deletions[d->deletion_n++].lv = at;
			}
		}
	}
	return TG_OK;
}

/* By item, then the one that came first: the same on all hosts, whatever arrived first here. */
static int
goes_first(const struct tg_doc *doc, const struct deletion *a, const struct deletion *b)
{
	uint32_t x, y;

	if (a->item != b->item)
		return a->item < b->item;
	x = tg_graph_lamport(&doc->graph, a->lv);
	y = tg_graph_lamport(&doc->graph, b->lv);
	return tg_doc_beats(doc, y, b->lv, x, a->lv);
}

static void
sort_deletions(struct diff *d)
{
	size_t gap = 1, kept = 0;

	while (gap < d->deletion_n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < d->deletion_n; i++) {
			struct deletion x = d->deletions[i];
			size_t k = i;

			for (; k >= gap && goes_first(d->doc, &x, &d->deletions[k - gap]); k -= gap)
				d->deletions[k] = d->deletions[k - gap];
			d->deletions[k] = x;
		}
	for (size_t i = 0; i < d->deletion_n; i++)
		if (kept == 0 || d->deletions[kept - 1].item != d->deletions[i].item)
			d->deletions[kept++] = d->deletions[i];
	d->deletion_n = kept;
}

/* The first deletion at or behind item ${id}. */
static size_t
find_deletion(const struct diff *d, uint32_t id)
{
	size_t lo = 0, hi = d->deletion_n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->deletions[mid].item < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Who deleted the items from ${id} on: as many of *${count} as one stretch of one agent's events did.  0 when
 * no deletion made the difference, for *${count} items: then one version lacks the insertion.  (What is shown
 * in one version only and known to both was deleted in exactly one.)
 */
static int
blame_deletion(const struct diff *d, uint32_t id, uint32_t *count, struct tg_event_range *by)
{
	size_t i = find_deletion(d, id);
	const struct deletion *x;
	uint32_t n = 1, one = 1, low, step = 0;
	const struct tg_grun *r;

	if (i == d->deletion_n)
		return 0;
	x = d->deletions + i;
	if (x->item != id) {
		if (x->item - id < *count)
			*count = x->item - id;
		return 0;
	}
	low = x->lv;
	r = tg_graph_run(&d->doc->graph, x->lv);
	for (; n < *count && i + n < d->deletion_n && x[n].item == id + n; n++) {
		uint32_t by_one = x[n].lv - x[n - 1].lv; /* 1, or -1 for the backspace key */

		if ((by_one != 1 && by_one != UINT32_MAX) || (n > 1 && by_one != step) ||
		    x[n].lv < r->start || x[n].lv >= r->end)
			break;
		step = by_one;
		low = x[n].lv < low ? x[n].lv : low;
	}
	tg_version_author(d->doc, low, &one, by);
	by->count = n;
	*count = n;
	return 1;
}

/* ---- who formatted what */

/* The mark that made the difference: the newest of those in one version only, for a key that differs. */
static void
blame_format(const struct diff *d, uint32_t state, struct tg_diff_run *run)
{
	const struct tg_formats *f = &d->doc->formats;
	uint32_t best = TG_FORMAT_NONE, one = 1;

	for (; f->states[state].rest != TG_FORMAT_NONE; state = f->states[state].rest) {
		uint32_t mark = f->states[state].mark;
		const struct tg_mark *m = &f->marks[mark];

		if (tg_version_has(&d->from, m->lv) == tg_version_has(&d->to, m->lv) ||
		    tg_format_value(f, run->was, m->key) == tg_format_value(f, run->is, m->key))
			continue;
		if (best == TG_FORMAT_NONE ||
		    tg_doc_beats(d->doc, m->lamport, m->lv, f->marks[best].lamport, f->marks[best].lv))
			best = mark;
	}
	/* It exists: formats only differ where marks do.  (Unless more keys were set than are shown.) */
	if (best == TG_FORMAT_NONE)
		return;
	tg_version_author(d->doc, f->marks[best].lv, &one, &run->by);
	run->undone = tg_version_has(&d->from, f->marks[best].lv);
}

/* ---- the pass */

/* Hand out items [id, id + n) of one run, all with one fate. */
static int
visit_items(struct diff *d, const struct tg_item *it, uint32_t id, uint32_t n, int was, int is,
    uint32_t *from, uint32_t *to)
{
	struct tg_doc *doc = d->doc;
	struct tg_diff_run run = {0};
	int deleted, rc;

	if ((was && (rc = tg_version_format(doc, &d->from, it->state, &run.was)) != TG_OK) ||
	    (is && (rc = tg_version_format(doc, &d->to, it->state, &run.is)) != TG_OK))
		return rc;
	run.kind = tg_item_kind(it);
	run.op = !was		     ? TG_DIFF_INSERT
		 : !is		     ? TG_DIFF_DELETE
		 : run.was != run.is ? TG_DIFF_FORMAT
				     : TG_DIFF_KEEP;
	for (uint32_t done = 0; done < n; done += run.count) {
		run.from = *from;
		run.to = *to;
		run.count = n - done;
		if (run.kind == TG_TEXT_CHAR)
			run.text = tg_oplog_text(&doc->log, id + done, &run.count, &run.text_len);
		deleted = was != is && blame_deletion(d, id + done, &run.count, &run.by);
		if (run.op == TG_DIFF_FORMAT)
			blame_format(d, it->state, &run);
		else if (!deleted)
			tg_version_author(doc, id + done, &run.count, &run.by);
		if (was != is)
			run.undone = deleted ? is : was;
		if (run.kind == TG_TEXT_CHAR)
			run.text_len = tg_oplog_bytes(run.text, run.count);
		*from += was ? run.count : 0;
		*to += is ? run.count : 0;
		if ((d->stopped = d->visit(d->ctx, &run)) != 0)
			return TG_OK;
	}
	return TG_OK;
}

static int
compare_items(struct diff *d)
{
	struct tg_items *t = &d->doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	uint32_t from = 0, to = 0;
	size_t next = 0; /* in noted; its start moves as it is used up */
	int rc;

	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);

		for (uint32_t id = it->id, end = it->id + it->len, n; id < end; id += n) {
			struct tg_span *noted = next < d->noted_n ? &d->noted[next] : NULL;
			int was = noted != NULL && noted->start == id, is = tg_item_sp(it) == 1;

			n = end - id;
			if (was) {
				n = noted->end - id < n ? noted->end - id : n;
				noted->start += n;
				next += noted->start == noted->end;
			} else if (noted != NULL && noted->start > id && noted->start < end) {
				n = noted->start - id;
			}
			if ((was || is) &&
			    ((rc = visit_items(d, it, id, n, was, is, &from, &to)) != TG_OK || d->stopped))
				return rc;
		}
	}
	return TG_OK;
}

static int
compare_registers(struct diff *d)
{
	struct tg_doc *doc = d->doc;

	for (size_t i = 0; i < doc->register_n; i++) {
		uint32_t a = tg_version_set(doc, &d->from, &doc->registers[i]);
		uint32_t b = tg_version_set(doc, &d->to, &doc->registers[i]), decides, one = 1;
		uint32_t was = a == TG_LV_NONE ? TG_POOL_NIL : doc->sets[a].value;
		uint32_t is = b == TG_LV_NONE ? TG_POOL_NIL : doc->sets[b].value;
		struct tg_diff_run run = {0};

		if (was == is)
			continue;
		run.op = TG_DIFF_REGISTER;
		run.undone = b == TG_LV_NONE || tg_version_has(&d->from, doc->sets[b].lv);
		decides = run.undone ? a : b;
		tg_version_author(doc, doc->sets[decides].lv, &one, &run.by);
		tg_buf_reset(&doc->out_text);
		tg_version_put_set(doc, &doc->registers[i], is, &doc->out_text);
		if (tg_buf_status(&doc->out_text) != TG_OK)
			return TG_ENOMEM;
		run.text = doc->out_text.data;
		run.text_len = doc->out_text.len;
		if ((d->stopped = d->visit(d->ctx, &run)) != 0)
			return TG_OK;
	}
	return TG_OK;
}

static int
diff(struct diff *d, const struct tg_event_id *from, size_t from_n, const struct tg_event_id *to, size_t to_n,
    uint32_t flow)
{
	struct tg_doc *doc = d->doc;
	struct tg_spans only_from = {0}, only_to = {0};
	int rc;

	if ((rc = tg_version_open(doc, &d->from, from, from_n)) == TG_OK)
		rc = tg_version_open(doc, &d->to, to, to_n);
	d->from.flow = d->to.flow = flow;
	if (rc == TG_OK &&
	    (rc = tg_graph_diff(&doc->graph, d->from.frontier.v, d->from.frontier.n, d->to.frontier.v,
		 d->to.frontier.n, &only_from, &only_to)) == TG_OK &&
	    (rc = tg_version_prepare(doc, &d->from)) == TG_OK && (rc = note_items(d)) == TG_OK &&
	    (rc = tg_version_prepare(doc, &d->to)) == TG_OK &&
	    (rc = note_deletions(d, &only_from)) == TG_OK && (rc = note_deletions(d, &only_to)) == TG_OK) {
		sort_deletions(d);
		rc = compare_items(d);
		if (rc == TG_OK && d->stopped == 0 && flow == TG_TEXT_FLOW_BODY)
			rc = compare_registers(d);
	}
	tg_free(only_from.v);
	tg_free(only_to.v);
	return rc;
}

int
tg_doc_diff(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n, const struct tg_event_id *to,
    size_t to_n, uint32_t flow, int (*visit)(void *ctx, const struct tg_diff_run *run), void *ctx)
{
	struct diff d = {.doc = doc, .visit = visit, .ctx = ctx};
	int rc;

	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_EINVAL;
	rc = diff(&d, from, from_n, to, to_n, flow);
	tg_version_free(&d.from);
	tg_version_free(&d.to);
	tg_free(d.noted);
	tg_free(d.deletions);
	return rc == TG_OK ? d.stopped : tg_doc_fail(doc, rc);
}
