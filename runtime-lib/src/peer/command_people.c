/* Commands about people and what they send each other: profile, links, replicas, extensions, channels, calls.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/command.h"
#include "wire/writer.h"

/* A member record with the new name in every open grid where we have written. */
static int
announce(struct tg_peer *p, struct tgp_grid *g)
{
	struct tg_buf record = {0}, t = {0};
	int rc;

	if (g->access.mode != TG_MODE_EDIT || g->author.log == NULL || g->state != TGP_GRID_READY)
		return TG_OK;
	rc = tg_member_encode(
	    &g->access, &p->identity, &p->device, TG_MEMBER_EDITOR, p->name, p->name_len, p->colour, &record);
	if (rc == TG_OK) {
		tg_body_record(&t, TG_T_MEMBER, record.data, record.len);
		rc = tgp_author_transition(g, &t, TG_CLASS_CONTENT);
	}
	tg_buf_free(&record);
	tg_buf_free(&t);
	return rc;
}

int
tgp_cmd_profile(struct tgp_cmd *c)
{
	struct tg_peer *p = c->p;
	struct tg_bytes name = tg_read_str(c->r, TG_NAME_MAX_BYTES);
	uint32_t colour = (uint32_t)tg_read_uint(c->r, 0xffffff);

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (name.len > 0)
		memcpy(p->name, name.data, name.len);
	p->name_len = name.len;
	p->colour = colour;
	for (size_t i = 0; i < p->grid_count; i++) {
		struct tgp_grid *g = p->grids[i];

		if (announce(p, g) != TG_OK)
			return TG_ENOMEM;
		g->caret_dirty = g->caret_set;
		g->presence_at = p->now_ms;
	}
	if (tgp_store_installation(p) != TG_OK)
		return TG_ENOMEM;
	return tgp_done(c, TG_OK);
}

static void
put_link(const struct tgp_grid *g, enum tg_mode mode, struct tg_buf *out)
{
	struct tg_link link = {.grid = g->id, .mode = mode};
	char text[2 + TG_LINK_MAX_BYTES + 1] = "#/";

	if (tg_access_weaken(&g->access, mode, &link.secret) != TG_OK) {
		tg_write_str(out, "", 0);
		return;
	}
	if (mode == TG_MODE_VIEW)
		link.w = g->access.w;
	tg_write_str(out, text, 2 + tg_link_format(&link, text + 2));
	tg_wipe(&link, sizeof link);
	tg_wipe(text, sizeof text);
}

int
tgp_cmd_links(struct tgp_cmd *c)
{
	struct tg_buf value = {0};

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	tg_write_array(&value, 3);
	put_link(c->g, TG_MODE_EDIT, &value);
	put_link(c->g, TG_MODE_COMMENT, &value);
	put_link(c->g, TG_MODE_VIEW, &value);
	return tgp_done_value(c, &value);
}

/* Say in the own log that a node's acks count from here on. */
static int
invited(struct tgp_grid *g, const struct tg_key *node, const struct tg_key *box, struct tg_bytes name)
{
	struct tg_buf t = {0};
	struct tgp_node *n;
	int rc;

	if (tg_mem_grow((void **)&g->nodes, &g->node_cap, g->node_count + 1, sizeof *g->nodes) != TG_OK)
		return TG_ENOMEM;
	tg_body_invite(&t, node, box, (const char *)name.data, name.len);
	rc = tgp_author_transition(g, &t, TG_CLASS_CONTENT);
	tg_buf_free(&t);
	if (rc != TG_OK)
		return rc;
	n = &g->nodes[g->node_count++];
	n->node = *node;
	n->name_len = name.len;
	if (name.len > 0)
		memcpy(n->name, name.data, name.len);
	g->durability_dirty = 1;
	return TG_OK;
}

/* Invite a replica; ${again} 1: only one that was invited before and is not here, whose invitation may be
 * lost. */
int
tgp_cmd_invite(struct tgp_cmd *c, int again)
{
	struct tgp_grid *g = c->g;
	struct tg_key node, box;
	struct tg_bytes name;
	struct tg_secret token;
	struct tg_buf payload = {0};
	int rc = TG_OK, known, here = 0;

	tg_read_fixed(c->r, node.b, sizeof node.b);
	tg_read_fixed(c->r, box.b, sizeof box.b);
	name = tg_read_str(c->r, TG_NAME_MAX_BYTES);
	tg_read_fixed(c->r, token.b, sizeof token.b);
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (g->access.mode != TG_MODE_EDIT || g->state != TGP_GRID_READY)
		return tgp_done(c, TG_EPERM);
	known = tgp_node_find(g, &node) != NULL;
	for (size_t i = 0; i < g->session_count; i++)
		here |= tg_key_cmp(&g->sessions[i].device, &node) == 0;
	if (again && (!known || here))
		return tgp_done(c, TG_OK);
	if (!known)
		rc = invited(g, &node, &box, name);
	if (rc == TG_OK)
		rc = tg_invitation_seal(&g->access, &g->session.public_key, &box, &c->p->rng, &payload);
	if (rc == TG_OK)
		rc = tgp_send_door(c->p, &token, &payload);
	tg_wipe(&token, sizeof token);
	tg_buf_free(&payload);
	return tgp_done(c, rc);
}

/* ---- extensions, channels, calls ----------------------------------------------------------------------- */

int
tgp_cmd_ext(struct tgp_cmd *c)
{
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX),
			payload = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	struct tg_buf body = {0};

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	tg_ext_put(&body, name, payload);
	return tgp_done(c, tgp_send_grid(c->g, TG_CLASS_SIDE, 0, TG_MSG_EXT, &body, NULL));
}

/* Add or remove a name in one of the two tables. */
static int
set_name(struct tgp_name **list, size_t *count, size_t *cap, const struct tg_hash *grid, struct tg_bytes name,
    int on)
{
	struct tgp_name *fresh;
	size_t i = 0;

	while (
	    i < *count && !((*list)[i].len == name.len && memcmp((*list)[i].name, name.data, name.len) == 0 &&
			      tg_hash_cmp(&(*list)[i].grid, grid) == 0))
		i++;
	if (!on) {
		if (i < *count)
			(*list)[i] = (*list)[--*count];
		return TG_OK;
	}
	if (i < *count)
		return TG_OK;
	if ((fresh = tg_mem_add((void **)list, count, cap, sizeof *fresh)) == NULL)
		return TG_ENOMEM;
	fresh->grid = *grid;
	fresh->len = name.len;
	memcpy(fresh->name, name.data, name.len);
	return TG_OK;
}

int
tgp_cmd_channel(struct tgp_cmd *c)
{
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX);
	int on = tg_read_bool(c->r);

	if (!tgp_args_ok(c) || name.len == 0)
		return TG_EFORMAT;
	return tgp_done(
	    c, set_name(&c->p->channels, &c->p->channel_count, &c->p->channel_cap, &c->g->id, name, on));
}

int
tgp_cmd_extname(struct tgp_cmd *c)
{
	static const struct tg_hash any;
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX);
	int on = tg_read_bool(c->r);

	if (!tgp_args_ok(c) || name.len == 0)
		return TG_EFORMAT;
	return tgp_done(
	    c, set_name(&c->p->extensions, &c->p->extension_count, &c->p->extension_cap, &any, name, on));
}

int
tgp_cmd_call(struct tgp_cmd *c)
{
	struct tg_peer *p = c->p;
	struct tg_call out = {0};
	struct tg_buf body = {0};
	struct tgp_call_out *made;
	struct tgp_session *s;
	struct tg_key session;

	tg_read_fixed(c->r, session.b, sizeof session.b);
	out.channel = tg_read_str(c->r, TG_CHANNEL_MAX);
	out.args = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	out.deadline_ms = tg_read_uint(c->r, UINT64_MAX);
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if ((s = tgp_session_find(c->g, &session)) == NULL)
		return tgp_done(c, TG_ENOTFOUND);
	memcpy(out.nonce, s->nonce, sizeof out.nonce);
	if (out.deadline_ms == 0) {
		tg_cast_put(&body, &out);
		return tgp_done(c, tgp_send_inbox(c->g, &session, TG_MSG_CAST, &body));
	}
	if ((made = tg_mem_add((void **)&p->calls, &p->call_count, &p->call_cap, sizeof *made)) == NULL)
		return TG_ENOMEM;
	out.call = ++p->next_id;
	*made = (struct tgp_call_out){c->request, out.call, out.deadline_ms, c->g->id, session};
	tg_call_put(&body, &out);
	return tgp_send_inbox(c->g, &session, TG_MSG_CALL, &body);
}

int
tgp_calls_tick(struct tg_peer *p)
{
	for (size_t i = p->call_count; i > 0; i--)
		if (p->calls[i - 1].deadline <= p->now_ms) {
			tgp_fx_reply(p, p->calls[i - 1].request, TG_ESTALE);
			p->calls[i - 1] = p->calls[--p->call_count];
		}
	return TG_OK;
}

int
tgp_cmd_answer(struct tgp_cmd *c)
{
	struct tg_reply reply;
	struct tg_buf body = {0};
	struct tg_key session;

	tg_read_fixed(c->r, session.b, sizeof session.b);
	reply.call = tg_read_uint(c->r, UINT64_MAX);
	reply.status = tg_read_uint(c->r, UINT32_MAX);
	reply.result = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	tg_reply_put(&body, &reply);
	return tgp_done(c, tgp_send_inbox(c->g, &session, TG_MSG_REPLY, &body));
}
