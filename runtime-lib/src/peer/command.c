/*
 * Commands of the user interface (docs/host.md): read all arguments first, then act, then reply exactly once.
 */
#include "peer/command.h"
#include "wire/writer.h"

enum {
	C_START,
	C_PROFILE,
	C_CREATE,
	C_OPEN,
	C_CLOSE,
	C_LIST,
	C_FORGET,
	C_EDIT,
	C_POLL,
	C_FORMAT,
	C_UNDO,
	C_REDO,
	C_CARET,
	C_LINKS,
	C_INVITE,
	C_TITLE,
	C_EXT,
	C_CHANNEL,
	C_CALL,
	C_ANSWER,
	C_EXTNAME,
	C_HEADS,
	C_QUOTA,
	C_NODE,
	C_UNDO_BREAK,
	C_FLUSH,
	C_PUT,
	C_GET,
	C_TEMPORARY,
	C_REMIND,
	C_AWAY
};

int
tgp_done(struct tgp_cmd *c, int status)
{
	if (status == TG_ENOMEM)
		return status;
	tgp_fx_reply(c->p, c->request, status);
	return TG_OK;
}

int
tgp_done_value(struct tgp_cmd *c, struct tg_buf *value)
{
	int rc = tg_buf_status(value);

	if (rc == TG_OK)
		tgp_fx_reply_value(c->p, c->request, TG_OK, value);
	tg_buf_free(value);
	return rc;
}

int
tgp_args_ok(struct tgp_cmd *c)
{
	return tg_reader_end(c->r) == TG_OK;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

/* Who is still there after all comes back with the next digest. */
static int
away(struct tgp_cmd *c)
{
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (tgp_joined_anywhere(c->g) && tgp_have_all(c->g, TG_HAVE_LEAVING) != TG_OK)
		return TG_ENOMEM;
	return tgp_done(c, TG_OK);
}

static int
heads(struct tgp_cmd *c)
{
	struct tg_buf value = {0};
	uint32_t n = 0;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	for (size_t i = 0; i < c->g->log_count; i++)
		n += c->g->logs[i]->log.head.length > 0;
	tg_write_array(&value, n);
	for (size_t i = 0; i < c->g->log_count; i++) {
		const struct tgp_log *l = c->g->logs[i];

		if (l->log.head.length == 0)
			continue;
		tg_write_array(&value, 5);
		tg_write_bin(&value, l->log.key.b, TG_KEY_BYTES);
		tg_write_bin(&value, l->device.b, TG_KEY_BYTES);
		tg_write_uint(&value, l->log.head.length);
		tg_write_bin(&value, l->log.head.root.b, TG_HASH_BYTES);
		tg_write_bool(&value, l->own);
	}
	return tgp_done_value(c, &value);
}

static int
node(struct tgp_cmd *c)
{
	struct tg_buf value = {0};

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (c->p->kind != 2)
		return tgp_done(c, TG_EPERM);
	tg_write_array(&value, 5);
	tg_write_bin(&value, c->p->device.public_key.b, TG_KEY_BYTES);
	tg_write_bin(&value, c->p->box.b, TG_KEY_BYTES);
	tg_write_bin(&value, c->p->token.b, TG_KEY_BYTES);
	tg_write_uint(&value, c->p->grid_count);
	tg_write_uint(&value, c->p->bytes_total);
	return tgp_done_value(c, &value);
}

static int
quota(struct tgp_cmd *c)
{
	uint64_t grid = tg_read_uint(c->r, UINT64_MAX), total = tg_read_uint(c->r, UINT64_MAX);

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	c->p->quota_grid = grid;
	c->p->quota_total = total;
	return tgp_done(c, TG_OK);
}

/* The host's storage may be cleared without asking: others shall know that a copy here is not for long. */
static int
temporary(struct tgp_cmd *c)
{
	int on = tg_read_bool(c->r);

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	c->p->temporary = on;
	return tgp_done(c, TG_OK);
}

/* ---- dispatch ------------------------------------------------------------------------------------------ */

/* Commands whose first argument is an open grid. */
static int
on_grid(struct tgp_cmd *c, uint64_t name)
{
	struct tg_hash id;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	if (tg_reader_status(c->r) != TG_OK)
		return TG_EFORMAT;
	if ((c->g = tgp_grid_find(c->p, &id)) == NULL)
		return tgp_done(c, TG_ENOTFOUND);
	switch (name) {
	case C_CLOSE:
		return tgp_args_ok(c) ? tgp_cmd_close_grid(c) : TG_EFORMAT;
	case C_EDIT:
		return tgp_cmd_edit(c);
	case C_POLL:
		return tgp_cmd_poll(c);
	case C_FORMAT:
		return tgp_cmd_format(c);
	case C_UNDO:
	case C_REDO:
		return tgp_args_ok(c) ? tgp_author_undo(c->g, c->request, name == C_REDO) : TG_EFORMAT;
	case C_CARET:
		return tgp_cmd_caret(c);
	case C_LINKS:
		return tgp_cmd_links(c);
	case C_INVITE:
	case C_REMIND:
		return tgp_cmd_invite(c, name == C_REMIND);
	case C_TITLE:
		return tgp_cmd_title(c);
	case C_EXT:
		return tgp_cmd_ext(c);
	case C_CHANNEL:
		return tgp_cmd_channel(c);
	case C_CALL:
		return tgp_cmd_call(c);
	case C_ANSWER:
		return tgp_cmd_answer(c);
	case C_HEADS:
		return heads(c);
	case C_UNDO_BREAK:
		return tgp_cmd_undo_break(c);
	case C_FLUSH:
		return tgp_cmd_flush(c);
	case C_AWAY:
		return away(c);
	case C_PUT:
		return tgp_cmd_put(c);
	case C_GET:
		return tgp_cmd_get(c);
	}
	return TG_EFORMAT;
}

int
tgp_command(struct tg_peer *p, uint64_t request, struct tg_reader *r)
{
	struct tgp_cmd c = {p, request, r, NULL};
	uint64_t name = tg_read_uint(r, C_AWAY);

	if (tg_reader_status(r) != TG_OK || request == 0)
		return TG_EFORMAT;
	if (name == C_START) {
		unsigned kind = (unsigned)tg_read_uint(r, 2);
		struct tg_bytes text = tg_read_str(r, TG_NAME_MAX_BYTES);

		return tgp_args_ok(&c) ? tgp_start(p, request, kind, text) : TG_EFORMAT;
	}
	if (!p->started)
		return tgp_done(&c, TG_EBUSY);
	switch (name) {
	case C_PROFILE:
		return tgp_cmd_profile(&c);
	case C_CREATE:
		return tgp_cmd_create(&c);
	case C_OPEN:
		return tgp_cmd_open_grid(&c);
	case C_LIST:
		return tgp_cmd_list_grids(&c);
	case C_FORGET:
		return tgp_cmd_forget(&c);
	case C_EXTNAME:
		return tgp_cmd_extname(&c);
	case C_QUOTA:
		return quota(&c);
	case C_NODE:
		return node(&c);
	case C_TEMPORARY:
		return temporary(&c);
	}
	return on_grid(&c, name);
}
