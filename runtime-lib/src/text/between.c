/*
 * between.c -- from one version to another: the patches, and where a caret goes.
 */
#include <string.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "text/version.h"

static int
put_patch(void *ctx, const struct tg_diff_run *run)
{
	struct tg_doc *doc = ctx;
	size_t off = doc->out.len;

	switch (run->op) {
	case TG_DIFF_INSERT:
		tg_buf_put(&doc->out, run->text, run->text_len);
		return tg_poll_record(
		    doc, TG_PATCH_INSERT, run->to, run->count, run->kind, run->is, off, run->text_len);
	case TG_DIFF_DELETE:
		return tg_poll_record(doc, TG_PATCH_DELETE, run->to, run->count, 0, 0, 0, 0);
	case TG_DIFF_FORMAT:
		return tg_poll_record(doc, TG_PATCH_REFORMAT, run->to, run->count, 0, run->is, 0, 0);
	case TG_DIFF_REGISTER:
		tg_buf_put(&doc->out, run->text, run->text_len);
		return tg_poll_record(doc, TG_PATCH_SET, 0, 0, 0, 0, off, run->text_len);
	}
	return TG_OK;
}

/* Which flows have events that are in one version only?  As marks by flow. */
static int
find_flows(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n, const struct tg_event_id *to,
    size_t to_n, uint8_t *touched)
{
	struct tg_spans only[2] = {{0}, {0}};
	struct tg_version a, b = {0};
	int rc;

	if ((rc = tg_version_open(doc, &a, from, from_n)) == TG_OK &&
	    (rc = tg_version_open(doc, &b, to, to_n)) == TG_OK)
		rc = tg_graph_diff(
		    &doc->graph, a.frontier.v, a.frontier.n, b.frontier.v, b.frontier.n, &only[0], &only[1]);
	for (int side = 0; side < 2 && rc == TG_OK; side++)
		for (size_t i = 0; i < only[side].n; i++) {
			struct tg_span s = only[side].v[i];
			const struct tg_oprun *r = tg_oplog_find(&doc->log, s.start);

			for (; s.start < s.end; s.start = tg_oplog_end(&doc->log, r), r++)
				if (r->kind != TG_OP_SET)
					touched[r->flow] = 1;
		}
	tg_version_free(&a);
	tg_version_free(&b);
	tg_free(only[0].v);
	tg_free(only[1].v);
	return rc;
}

int
tg_doc_patches(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n,
    const struct tg_event_id *to, size_t to_n, struct tg_patches *patches)
{
	struct tg_event_id *merged = NULL;
	uint8_t *touched;
	uint32_t flows;
	int rc;

	memset(patches, 0, sizeof *patches);
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (to == NULL) { /* a copy: ${from} may itself be what the doc lent */
		if ((merged = tg_calloc(doc->merged.n + 1, sizeof *merged)) == NULL)
			return tg_doc_fail(doc, TG_ENOMEM);
		for (size_t i = 0; i < doc->merged.n; i++) {
			struct tg_event_range by;
			uint32_t one = 1;

			tg_version_author(doc, doc->merged.v[i], &one, &by);
			memcpy(merged[i].agent, by.agent, sizeof by.agent);
			merged[i].seq = by.seq;
		}
		to = merged;
		to_n = doc->merged.n;
	}
	doc->record_n = 0;
	tg_buf_reset(&doc->out);
	flows = doc->flow_n;
	if ((touched = tg_calloc(flows, 1)) == NULL)
		rc = TG_ENOMEM;
	else
		rc = find_flows(doc, from, from_n, to, to_n, touched);
	for (uint32_t flow = 1; flow < flows && rc == TG_OK; flow++)
		if (touched[flow])
			rc = tg_doc_diff(doc, from, from_n, to, to_n, flow, put_patch, doc);
	if (rc == TG_OK) /* the body last: registers come with it */
		rc = tg_doc_diff(doc, from, from_n, to, to_n, TG_TEXT_FLOW_BODY, put_patch, doc);
	tg_free(touched);
	tg_free(merged);
	if (rc != TG_OK || (rc = tg_buf_status(&doc->out)) != TG_OK)
		return tg_doc_fail(doc, rc);
	patches->records = doc->records;
	patches->count = doc->record_n;
	patches->bytes = doc->out.data;
	patches->bytes_len = doc->out.len;
	return TG_OK;
}

static int
map(struct tg_doc *doc, const struct tg_version *from, const struct tg_version *to, uint32_t index, int bias,
    uint32_t *mapped)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c;
	int after = bias < 0, rc;
	uint32_t id;

	if ((rc = tg_version_prepare(doc, from)) != TG_OK)
		return rc;
	if (index > t->sp_total)
		return TG_ERANGE;
	if (after ? index == 0 : index == t->sp_total) {
		if ((rc = tg_version_prepare(doc, to)) == TG_OK)
			*mapped = after ? 0 : t->sp_total;
		return rc;
	}
	c = tg_items_find(t, after ? index - 1 : index);
	id = tg_items_at(t, c)->id + c.off;
	if ((rc = tg_version_prepare(doc, to)) != TG_OK)
		return rc;
	c = tg_items_locate(t, id);
	*mapped = tg_items_before(t, c, 0) + (after && tg_item_sp(tg_items_at(t, c)) == 1);
	return TG_OK;
}

int
tg_doc_map_between(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n,
    const struct tg_event_id *to, size_t to_n, uint32_t flow, uint32_t index, int bias, uint32_t *mapped)
{
	struct tg_version a, b = {0};
	int rc;

	*mapped = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_EINVAL;
	if ((rc = tg_version_open(doc, &a, from, from_n)) == TG_OK)
		rc = tg_version_open(doc, &b, to, to_n);
	a.flow = b.flow = flow;
	if (rc == TG_OK)
		rc = map(doc, &a, &b, index, bias, mapped);
	tg_version_free(&a);
	tg_version_free(&b);
	return tg_doc_fail(doc, rc);
}
