/*
 * blame.c -- what a version shows, and who wrote each piece of it.
 */
#include <string.h>

#include <toygrid/history.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "text/version.h"
#include "wire/writer.h"

static int
blame_items(struct tg_doc *doc, struct tg_version *v, int (*visit)(void *ctx, const struct tg_past_run *run),
    void *ctx, int *stopped)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c = {t->first, 0, 0};
	uint32_t index = 0;
	int rc;

	for (; tg_items_step(t, &c); c.idx++) {
		const struct tg_item *it = tg_items_at(t, c);
		struct tg_past_run run = {0};

		if (tg_item_sp(it) != 1)
			continue;
		run.kind = tg_item_kind(it);
		if ((rc = tg_version_format(doc, v, it->state, &run.format)) != TG_OK)
			return rc;
		for (uint32_t done = 0; done < it->len; done += run.count) {
			run.index = index;
			run.count = it->len - done;
			if (run.kind == TG_TEXT_CHAR)
				run.text = tg_oplog_text(&doc->log, it->id + done, &run.count, &run.text_len);
			tg_version_author(doc, it->id + done, &run.count, &run.by);
			if (run.kind == TG_TEXT_CHAR)
				run.text_len = tg_oplog_bytes(run.text, run.count);
			if ((*stopped = visit(ctx, &run)) != 0)
				return TG_OK;
			index += run.count;
		}
	}
	return TG_OK;
}

int
tg_doc_blame(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint32_t flow,
    int (*visit)(void *ctx, const struct tg_past_run *run), void *ctx)
{
	struct tg_version v;
	int rc, stopped = 0;

	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_EINVAL;
	rc = tg_version_open(doc, &v, ids, n);
	v.flow = flow;
	if (rc == TG_OK && (rc = tg_version_prepare(doc, &v)) == TG_OK)
		rc = blame_items(doc, &v, visit, ctx, &stopped);
	tg_version_free(&v);
	return rc == TG_OK ? stopped : tg_doc_fail(doc, rc);
}

static int
collect_text(void *ctx, const struct tg_past_run *run)
{
	tg_buf_put(ctx, run->text, run->text_len);
	return tg_buf_status(ctx);
}

int
tg_doc_text_at(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint32_t flow,
    const uint8_t **data, size_t *len)
{
	int rc;

	*data = NULL;
	*len = 0;
	tg_buf_reset(&doc->out_text);
	if ((rc = tg_doc_blame(doc, ids, n, flow, collect_text, &doc->out_text)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out_text.len > 0 ? doc->out_text.data : (const uint8_t *)"";
	*len = doc->out_text.len;
	return TG_OK;
}

/* The sets that decide the registers which are not nil, sorted by key, in doc->key_scratch. */
static int
find_sets(struct tg_doc *doc, const struct tg_version *v, size_t *n)
{
	int rc = tg_array_need(
	    (void **)&doc->key_scratch, &doc->key_cap, doc->register_n, sizeof *doc->key_scratch);

	*n = 0;
	for (size_t i = 0; i < doc->register_n && rc == TG_OK; i++) {
		uint32_t s = tg_version_set(doc, v, &doc->registers[i]);
		size_t k = *n;

		if (s == TG_LV_NONE || doc->sets[s].value == TG_POOL_NIL)
			continue;
		for (; k > 0; k--) { /* registers are few */
			uint32_t before = doc->sets[doc->key_scratch[k - 1]].reg;

			if (tg_pool_compare(&doc->pool, doc->registers[before].key, doc->registers[i].key) <
			    0)
				break;
			doc->key_scratch[k] = doc->key_scratch[k - 1];
		}
		doc->key_scratch[k] = s;
		++*n;
	}
	return rc;
}

int
tg_doc_registers_at(
    struct tg_doc *doc, const struct tg_event_id *ids, size_t n, const uint8_t **data, size_t *len)
{
	struct tg_version v;
	size_t sets;
	int rc;

	*data = NULL;
	*len = 0;
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	if ((rc = tg_version_open(doc, &v, ids, n)) == TG_OK && (rc = find_sets(doc, &v, &sets)) == TG_OK) {
		tg_buf_reset(&doc->out);
		tg_write_array(&doc->out, (uint32_t)sets);
		for (size_t i = 0; i < sets; i++) {
			const struct tg_set *set = &doc->sets[doc->key_scratch[i]];

			tg_version_put_set(doc, &doc->registers[set->reg], set->value, &doc->out);
		}
		rc = tg_buf_status(&doc->out);
	}
	tg_version_free(&v);
	if (rc != TG_OK)
		return tg_doc_fail(doc, rc);
	*data = doc->out.data;
	*len = doc->out.len;
	return TG_OK;
}
