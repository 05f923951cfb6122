/* Commands on the open document: edit, poll, caret, title, flush, chunks. */
#include <string.h>

#include "base/mem.h"
#include "peer/command.h"
#include "wire/writer.h"

int
tgp_cmd_edit(struct tgp_cmd *c)
{
	struct tg_bytes edits = tg_read_skip(c->r);

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	return tgp_author_edit(c->g, c->request, edits);
}

int
tgp_cmd_poll(struct tgp_cmd *c)
{
	struct tg_patches patches;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (c->g->doc == NULL || !c->g->loaded)
		return tgp_done(c, TG_EBUSY);
	/* What was typed so far was typed in the old view. */
	if (tgp_author_flush(c->g) != TG_OK || tgp_view_advanced(c->g) != TG_OK ||
	    tg_doc_poll(c->g->doc, &patches) != TG_OK)
		return TG_ENOMEM;
	c->g->changed_sent = 0;
	tgp_fx_reply_patches(c->p, c->request, &patches);
	/* Carets that stand in what the view has only now: until here they could be shown at its edge at
	 * best. */
	for (size_t i = 0; patches.count > 0 && i < c->g->session_count; i++)
		c->g->sessions[i].unmapped |= c->g->sessions[i].has_position;
	return tgp_presence_remap(c->g);
}

int
tgp_cmd_format(struct tgp_cmd *c)
{
	uint32_t id = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
	struct tg_buf value = {0};
	const uint8_t *data;
	size_t len;
	int rc;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (c->g->doc == NULL)
		return tgp_done(c, TG_EPERM);
	if ((rc = tg_doc_format(c->g->doc, id, &data, &len)) != TG_OK)
		return tgp_done(c, rc);
	tg_buf_put(&value, data, len);
	return tgp_done_value(c, &value);
}

int
tgp_cmd_caret(struct tgp_cmd *c)
{
	struct tgp_grid *g = c->g;
	uint32_t flow = 0, anchor = 0, head = 0;
	int has = !tg_read_nil(c->r);

	if (has) {
		tg_read_array(c->r, 3, 3);
		flow = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
		anchor = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
		head = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
	}
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (g->doc && (!g->caret_set || has != g->has_caret || flow != g->caret_flow ||
			  anchor != g->caret_anchor || head != g->caret_head)) {
		g->caret_set = g->caret_dirty = 1;
		g->has_caret = has;
		g->caret_flow = flow;
		g->caret_anchor = anchor;
		g->caret_head = head;
	}
	return tgp_done(c, TG_OK);
}

int
tgp_cmd_title(struct tgp_cmd *c)
{
	struct tg_bytes text = tg_read_str(c->r, TITLE_MAX_BYTES);
	struct tg_buf edits = {0};
	int rc;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	tg_write_array(&edits, 1);
	tg_write_array(&edits, 4);
	tg_write_uint(&edits, TG_EDIT_SET);
	tg_write_uint(&edits, TG_TEXT_OBJECT_DOC);
	tg_write_str(&edits, "title", 5);
	tg_write_str(&edits, (const char *)text.data, text.len);
	rc = tg_buf_status(&edits);
	if (rc == TG_OK)
		rc = tgp_author_edit(c->g, c->request, (struct tg_bytes){edits.data, edits.len});
	tg_buf_free(&edits);
	return rc;
}

static int
flushed(struct tg_peer *p, struct tgp_job *job, int status)
{
	tgp_fx_reply(p, job->request, status);
	return TG_OK;
}

int
tgp_cmd_flush(struct tgp_cmd *c)
{
	struct tgp_batch none = {0};
	struct tgp_job *job;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (tgp_author_flush(c->g) != TG_OK || tgp_store(c->p, NULL, &none, 1, flushed, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = c->request;
	return TG_OK;
}

int
tgp_cmd_undo_break(struct tgp_cmd *c)
{
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	c->g->author.undo_closed = 1;
	return tgp_done(c, TG_OK);
}

/* ---- chunks -------------------------------------------------------------------------------------------- */

int
tgp_cmd_put(struct tgp_cmd *c)
{
	int is_signed = tg_read_bool(c->r);
	struct tg_bytes data = tg_read_bin(c->r, TG_CHUNK_STORED_MAX_BYTES);

	return tgp_args_ok(c) ? tgp_chunks_put(c->g, c->request, is_signed, data) : TG_EFORMAT;
}

int
tgp_cmd_get(struct tgp_cmd *c)
{
	struct tg_hash name;

	tg_read_fixed(c->r, name.b, sizeof name.b);
	return tgp_args_ok(c) ? tgp_chunks_get(c->g, c->request, &name) : TG_EFORMAT;
}
