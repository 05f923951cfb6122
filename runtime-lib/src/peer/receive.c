/*
 * Sealed messages in.
 *
 * The seal says "somebody with a link"; the signature says which session; the session record, carried by
 * have, says whose device and with what role.  Appends and data need none of it: entries prove themselves.
 * Everything else counts only from a known session.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

/* A have introduces its sender: take the session record in unless it is known. */
static int
introduce(struct tgp_grid *g, const struct tg_message *m, unsigned slot)
{
	struct tg_session record;
	struct tgp_session *s;
	struct tg_have have;

	if ((s = tgp_session_find(g, &m->session)) != NULL)
		return TG_OK;
	if (tg_have_get(m->body, &have) != TG_OK || (have.flags & TG_HAVE_LEAVING) ||
	    g->session_count >= TGP_SESSIONS_MAX ||
	    tg_session_decode(&g->access, have.session_record.data, have.session_record.len, &record) !=
		TG_OK ||
	    tg_key_cmp(&record.session, &m->session) != 0)
		return TG_OK;
	if ((s = tg_mem_add((void **)&g->sessions, &g->session_count, &g->session_cap, sizeof *s)) == NULL)
		return TG_ENOMEM;
	s->key = record.session;
	s->device = record.device;
	memcpy(s->nonce, record.nonce, sizeof s->nonce);
	s->role = record.role;
	s->slot = slot;
	g->durability_dirty = 1;
	/* Somebody came: say again where our caret is.  Not at once: what goes to the grid may overtake our
	 * answer to their inbox at the relay, and until they have that they do not know who we are. */
	g->greet = g->caret_set;
	return TG_OK;
}

static int
open_channel(const struct tgp_grid *g, struct tg_bytes channel)
{
	const struct tg_peer *p = g->peer;

	for (size_t i = 0; i < p->channel_count; i++)
		if (p->channels[i].len == channel.len &&
		    memcmp(p->channels[i].name, channel.data, channel.len) == 0 &&
		    tg_hash_cmp(&p->channels[i].grid, &g->id) == 0)
			return 1;
	return 0;
}

static int
take_call(struct tgp_grid *g, const struct tg_message *m)
{
	struct tg_call call;
	int rc = m->kind == TG_MSG_CAST ? tg_cast_get(m->body, &call) : tg_call_get(m->body, &call);

	/* The nonce of this very session: nothing recorded earlier can be played to it. */
	if (rc != TG_OK || memcmp(call.nonce, g->nonce, sizeof g->nonce) != 0)
		return TG_OK;
	if (open_channel(g, call.channel)) {
		tgp_fx_called(g, &m->session, &call);
		return TG_OK;
	}
	if (m->kind == TG_MSG_CALL) {
		struct tg_reply reply = {call.call, TG_ENOTFOUND, {NULL, 0}};
		struct tg_buf body = {0};

		tg_reply_put(&body, &reply);
		return tgp_send_inbox(g, &m->session, TG_MSG_REPLY, &body);
	}
	return TG_OK;
}

static int
take_reply(struct tgp_grid *g, const struct tg_message *m)
{
	struct tg_peer *p = g->peer;
	struct tg_reply reply;

	if (tg_reply_get(m->body, &reply) != TG_OK)
		return TG_OK;
	for (size_t i = 0; i < p->call_count; i++) {
		struct tgp_call_out *c = &p->calls[i];
		struct tg_buf value = {0};

		if (c->call != reply.call || tg_hash_cmp(&c->grid, &g->id) != 0 ||
		    tg_key_cmp(&c->session, &m->session) != 0)
			continue;
		tg_write_array(&value, 2);
		tg_write_uint(&value, reply.status);
		tg_write_bin(&value, reply.result.data, reply.result.len);
		tgp_fx_reply_value(p, c->request, TG_OK, &value);
		tg_buf_free(&value);
		*c = p->calls[--p->call_count];
		break;
	}
	return TG_OK;
}

static int
take_ext(struct tgp_grid *g, const struct tg_message *m)
{
	struct tg_peer *p = g->peer;
	struct tg_bytes name, payload;

	if (tg_ext_get(m->body, &name, &payload) != TG_OK)
		return TG_OK;
	if (name.len == 7 && memcmp(name.data, "replica", 7) == 0) {
		tgp_fx_notice(p, g, 5, "a replica refused: its quota is used up");
		return TG_OK;
	}
	for (size_t i = 0; i < p->extension_count; i++)
		if (p->extensions[i].len == name.len &&
		    memcmp(p->extensions[i].name, name.data, name.len) == 0)
			tgp_fx_ext(g, &m->session, name, payload);
	return TG_OK;
}

static int
take_append(struct tgp_grid *g, const struct tg_message *m)
{
	struct tg_reader r;
	size_t from;

	tg_reader_init(&r, m->body.data, m->body.len);
	tg_read_array(&r, 1, 1);
	from = r.at;
	if (tg_reader_status(&r) != TG_OK)
		return TG_OK;
	return tgp_run_received(g, &m->session, (struct tg_bytes){m->body.data + from, m->body.len - from});
}

static int
take(struct tgp_grid *g, const struct tg_message *m, unsigned slot, int on_inbox)
{
	struct tgp_session *s;

	/* Entries prove themselves; a forged envelope around them harms nobody. */
	if (m->kind == TG_MSG_APPEND)
		return on_inbox ? TG_OK : take_append(g, m);
	if (tg_message_verify(m) != TG_OK)
		return TG_OK;
	if (m->kind == TG_MSG_HAVE && introduce(g, m, slot) != TG_OK)
		return TG_ENOMEM;
	if ((s = tgp_session_find(g, &m->session)) == NULL || tg_window_seen(&s->window, m->counter))
		return TG_OK;
	tg_window_record(&s->window, m->counter);
	s->seen_ms = g->peer->now_ms;
	s->slot = slot;
	switch (m->kind) {
	case TG_MSG_HAVE:
		return tgp_have_received(g, m, on_inbox);
	case TG_MSG_PRESENCE:
		return on_inbox ? TG_OK : tgp_presence_received(g, s, m);
	case TG_MSG_EXT:
		return take_ext(g, m);
	}
	if (!on_inbox)
		return TG_OK;
	switch (m->kind) {
	case TG_MSG_WANT:
		return tgp_want_received(g, m);
	case TG_MSG_DATA:
		return tgp_data_received(g, m);
	case TG_MSG_CAST:
	case TG_MSG_CALL:
		return take_call(g, m);
	case TG_MSG_REPLY:
		return take_reply(g, m);
	}
	return TG_OK; /* a kind of a later version */
}

int
tgp_receive_pub(struct tg_peer *p, struct tgp_link *link, const struct tg_frame *frame)
{
	const struct tg_pub *pub = &frame->u.pub;
	struct tg_buf plain = {0};
	struct tg_message m;
	int rc, on_inbox = 0;
	size_t i;

	for (i = 0; i < p->grid_count; i++) {
		on_inbox = tg_hash_cmp(&p->grids[i]->inbox, pub->topic) == 0;
		if (on_inbox || tg_hash_cmp(&p->grids[i]->access.topic, pub->topic) == 0)
			break;
	}
	if (i == p->grid_count)
		return p->kind == 2 ? tgp_door_received(p, pub) : TG_OK;
	if (!p->grids[i]->loaded)
		return TG_OK;
	rc = tg_message_open(
	    &p->grids[i]->access.sync, pub->topic, pub->payload.data, pub->payload.len, &plain, &m);
	/* One's own words, come back by another way. */
	if (rc == TG_OK && tg_key_cmp(&m.session, &p->grids[i]->session.public_key) != 0)
		rc = take(p->grids[i], &m, (unsigned)(link - p->links), on_inbox);
	tg_buf_free(&plain);
	return rc == TG_ENOMEM ? rc : TG_OK;
}
