/*
 * poll.c -- what the page must change to show MERGED.
 *
 * Every item knows whether the page shows it, and with which format.  Leaves where that differs from MERGED
 * are marked dirty in the tree, so a poll visits only those, in order.  Everything left of the place being
 * visited is new already, so the index of a record is the count of MERGED items before it.  What came and
 * went between two polls is never reported.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/doc.h"
#include "text/saved.h"
#include "wire/writer.h"

int
tg_poll_record(struct tg_doc *doc, int op, uint32_t index, uint32_t count, int kind, uint32_t format,
    size_t off, size_t len)
{
	int32_t *p = NULL;
	int rc;

	if (doc->record_n > 0)
		p = doc->records + (doc->record_n - 1) * TG_PATCH_FIELDS;
	if (p != NULL && op != TG_PATCH_SET && p[0] == op && (uint32_t)p[1] == doc->flow &&
	    (uint32_t)p[5] == format && p[4] == kind &&
	    (uint32_t)p[2] + (op == TG_PATCH_DELETE ? 0 : (uint32_t)p[3]) == index) {
		p[3] += (int32_t)count;
		p[7] += (int32_t)len;
		return TG_OK;
	}
	if ((rc = tg_array_need((void **)&doc->records, &doc->record_cap,
		 (doc->record_n + 1) * TG_PATCH_FIELDS, sizeof *doc->records)) != TG_OK)
		return rc;
	p = doc->records + doc->record_n++ * TG_PATCH_FIELDS;
	p[0] = op;
	p[1] = (int32_t)doc->flow;
	p[2] = (int32_t)index;
	p[3] = (int32_t)count;
	p[4] = kind;
	p[5] = (int32_t)format;
	p[6] = (int32_t)off;
	p[7] = (int32_t)len;
	return TG_OK;
}

static int
put_insert(struct tg_doc *doc, const struct tg_item *it, uint32_t index, uint32_t format)
{
	size_t off = doc->out.len, len;

	if (tg_item_kind(it) == TG_TEXT_CHAR)
		for (uint32_t done = 0, n; done < it->len; done += n) {
			const uint8_t *p;

			n = it->len - done;
			p = tg_oplog_text(&doc->log, it->id + done, &n, &len);
			tg_buf_put(&doc->out, p, len);
		}
	return tg_poll_record(
	    doc, TG_PATCH_INSERT, index, it->len, tg_item_kind(it), format, off, doc->out.len - off);
}

static int
poll_leaf(struct tg_doc *doc, uint32_t leaf, uint32_t index)
{
	struct tg_items *t = &doc->items;
	struct tg_cursor c = {leaf, 0, 0};
	int rc;

	while (c.idx < t->leaves[leaf].n) {
		struct tg_item *it = tg_items_at(t, c);
		uint32_t format = doc->formats.states[it->state].format;

		if (it->st & TG_ITEM_GONE) {
			if (it->st & TG_ITEM_VIEW) {
				if ((rc = tg_poll_record(doc, TG_PATCH_DELETE, index, it->len, 0, 0, 0, 0)) !=
				    TG_OK)
					return rc;
				tg_drawings_splice(doc, doc->flow, index, it->len, 0);
				tg_items_set(t, c, it->st & ~TG_ITEM_VIEW, it->state, 0);
			}
			if (!t->tracking) {
				uint32_t before = c.idx > 0 ? t->leaves[leaf].items[c.idx - 1].len : 0;

				if ((rc = tg_items_remove(t, c, it->len)) != TG_OK)
					return rc;
				/* What followed may have joined the run before: it is behind us now. */
				if (c.idx > 0)
					index += t->leaves[leaf].items[c.idx - 1].len - before;
				continue;
			}
		} else {
			if (!(it->st & TG_ITEM_VIEW)) {
				if ((rc = put_insert(doc, it, index, format)) != TG_OK)
					return rc;
			} else if (it->seen != format && (rc = tg_poll_record(doc, TG_PATCH_REFORMAT, index,
							      it->len, 0, format, 0, 0)) != TG_OK) {
				return rc;
			}
			if (!(it->st & TG_ITEM_VIEW) || it->seen != format)
				tg_drawings_splice(
				    doc, doc->flow, index, it->st & TG_ITEM_VIEW ? it->len : 0, it->len);
			index += it->len;
			tg_items_set(t, c, it->st | TG_ITEM_VIEW, it->state, format);
		}
		tg_items_join(t, &c);
		c.idx++;
	}
	return TG_OK;
}

static int
poll_registers(struct tg_doc *doc)
{
	for (size_t i = 0; i < doc->register_n; i++) {
		struct tg_register *r = &doc->registers[i];
		uint32_t value = doc->sets[r->winner].value;
		size_t off = doc->out.len, len;
		const uint8_t *p;
		int rc;

		if (value == r->seen)
			continue;
		r->seen = value;
		tg_drawings_set(doc, r->object);
		tg_write_array(&doc->out, 3);
		tg_object_write(doc, &doc->out, r->object);
		p = tg_pool_get(&doc->pool, r->key, &len);
		tg_write_str(&doc->out, (const char *)p, len);
		p = tg_pool_get(&doc->pool, value, &len);
		tg_buf_put(&doc->out, p, len);
		if ((rc = tg_poll_record(doc, TG_PATCH_SET, 0, 0, 0, 0, off, doc->out.len - off)) != TG_OK)
			return rc;
	}
	doc->registers_stale = 0;
	return TG_OK;
}

static int
poll_flow(struct tg_doc *doc, uint32_t flow)
{
	uint32_t leaf, before;
	int rc;

	tg_flow_enter(doc, flow);
	while (tg_items_next_dirty(&doc->items, &leaf, &before)) {
		if ((rc = poll_leaf(doc, leaf, before)) != TG_OK)
			return rc;
		tg_items_clean(&doc->items, leaf);
	}
	return TG_OK;
}

int
tg_poll(struct tg_doc *doc, struct tg_patches *patches)
{
	int rc;

	doc->record_n = 0;
	tg_buf_reset(&doc->out);
	for (size_t i = 0; i < doc->touched_n; i++) {
		if ((rc = poll_flow(doc, doc->touched[i])) != TG_OK)
			return rc;
		doc->flows[doc->touched[i]].touched = 0;
	}
	doc->touched_n = 0;
	if ((rc = poll_flow(doc, TG_TEXT_FLOW_BODY)) != TG_OK)
		return rc;
	if (doc->registers_stale && (rc = poll_registers(doc)) != TG_OK)
		return rc;
	if ((rc = tg_lvs_copy(&doc->view, &doc->merged)) != TG_OK || (rc = tg_track_trim(doc)) != TG_OK ||
	    (rc = tg_buf_status(&doc->out)) != TG_OK)
		return rc;
	patches->records = doc->records;
	patches->count = doc->record_n;
	patches->bytes = doc->out.data;
	patches->bytes_len = doc->out.len;
	return TG_OK;
}

int
tg_doc_poll(struct tg_doc *doc, struct tg_patches *patches)
{
	int rc;

	memset(patches, 0, sizeof *patches);
	if (doc->failed == TG_OK && doc->saved != NULL)
		return tg_doc_fail(doc, doc->saved->calls->poll(doc, patches));
	if ((rc = tg_doc_ready(doc)) != TG_OK)
		return rc;
	return tg_doc_fail(doc, tg_poll(doc, patches));
}
