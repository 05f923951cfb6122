/*
 * Links: connections to relays, and the channel to the other tabs of this profile.
 *
 * On a relay: its HELLO gives clock offset, epoch and challenge; then HELLO and, per grid, two SUBs (the
 * grid's topic with proofs, one's own inbox).  A link to other tabs needs none of that: each frame reaches
 * all tabs, and those whose topics it does not name ignore it.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"

#define SOFTWARE "toygrid/1"

static struct tgp_link *
link_find(struct tg_peer *p, uint64_t id, unsigned *slot)
{
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++)
		if (p->links[i].state != TGP_LINK_FREE && p->links[i].id == id) {
			*slot = i;
			return &p->links[i];
		}
	return NULL;
}

static uint64_t
relay_time(const struct tg_peer *p, const struct tgp_link *link)
{
	return (uint64_t)((int64_t)p->now_ms + link->offset_ms);
}

/* Make room for a frame in the message that is being collected. */
static struct tg_buf *
frame_space(struct tg_peer *p, struct tgp_link *link, size_t len)
{
	if (link->out.len > 0 && link->out.len + len > TG_WS_MESSAGE_MAX_BYTES) {
		tgp_fx_send(p, link->id, (struct tg_bytes){link->out.data, link->out.len});
		tg_buf_reset(&link->out);
	}
	return &link->out;
}

void
tgp_links_flush(struct tg_peer *p)
{
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++) {
		struct tgp_link *link = &p->links[i];

		if (link->out.failed)
			p->effects.failed = 1;
		if (link->state != TGP_LINK_FREE && link->out.len > 0)
			tgp_fx_send(p, link->id, (struct tg_bytes){link->out.data, link->out.len});
		tg_buf_reset(&link->out);
	}
}

/* ---- subscribing --------------------------------------------------------------------------------------- */

static void
subscribe(struct tg_peer *p, struct tgp_link *link, const struct tg_key *w, const struct tg_key *r,
    const struct tg_keypair *reader, const struct tg_keypair *writer, struct tg_frame_id *id)
{
	struct tg_buf *b = frame_space(p, link, 512);
	struct tg_sub_claim claim;
	struct tg_hash topic, digest;
	struct tg_sig read_proof, write_proof;
	size_t from = b->len;

	tg_topic_id(w, r, &topic);
	claim = (struct tg_sub_claim){link->host, link->host_len, link->epoch, link->challenge, &topic, w, r};
	if (reader) {
		tg_sub_digest(&claim, TG_CLASS_SIDE, &digest);
		tg_sign(reader, &digest, &read_proof);
	}
	if (writer) {
		tg_sub_digest(&claim, TG_CLASS_MAIN, &digest);
		tg_sign(writer, &digest, &write_proof);
	}
	tg_frame_put_sub(b, &topic, w, r, reader ? &read_proof : NULL, writer ? &write_proof : NULL);
	if (id && !b->failed)
		tg_frame_id(b->data + from, b->len - from, id);
}

static int
joined(struct tgp_grid *g, unsigned slot)
{
	g->places[slot].joined = 1;
	if (tgp_have_all(g, TG_HAVE_ANSWER) != TG_OK || tgp_author_republish(g) != TG_OK)
		return TG_ENOMEM;
	g->have_at = g->peer->now_ms + TGP_HAVE_MS;
	g->presence_sent = 0;
	g->caret_dirty = g->caret_set;
	g->presence_at = g->peer->now_ms;
	return TG_OK;
}

static int
join(struct tgp_grid *g, unsigned slot)
{
	struct tg_peer *p = g->peer;
	struct tgp_link *link = &p->links[slot];
	struct tgp_place *place = &g->places[slot];

	if (!g->loaded || place->subscribed || link->state != TGP_LINK_LIVE)
		return TG_OK;
	place->subscribed = 1;
	if (link->kind == TGP_LINK_LOCAL)
		return joined(g, slot);
	/* The inbox first: an answer must not come before it can be received. */
	subscribe(p, link, &g->access.r, &g->session.public_key, &g->session, NULL, NULL);
	subscribe(p, link, &g->access.w, &g->access.r, &g->access.read,
	    g->access.mode >= TG_MODE_COMMENT ? &g->access.write : NULL, &place->sub);
	return TG_OK;
}

int
tgp_links_join(struct tgp_grid *g)
{
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++)
		if (join(g, i) != TG_OK)
			return TG_ENOMEM;
	return TG_OK;
}

/* Everything that join() and introduce() subscribed to: a socket carries a limited number of topics. */
static void
unsubscribe(struct tgp_grid *g, unsigned slot)
{
	struct tg_peer *p = g->peer;
	struct tgp_link *link = &p->links[slot];
	struct tgp_place *place = &g->places[slot];

	for (unsigned i = 0; i < place->intro_count; i++) {
		struct tg_hash inbox;

		tg_topic_id(&g->access.r, &place->intros[i], &inbox);
		tg_frame_put_unsub(frame_space(p, link, 64), &inbox);
	}
	tg_frame_put_unsub(frame_space(p, link, 64), &g->access.topic);
	tg_frame_put_unsub(frame_space(p, link, 64), &g->inbox);
}

int
tgp_links_leave(struct tgp_grid *g)
{
	struct tg_peer *p = g->peer;

	if (tgp_joined_anywhere(g) && tgp_have_all(g, TG_HAVE_LEAVING) != TG_OK)
		return TG_ENOMEM;
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++) {
		struct tgp_link *link = &p->links[i];

		if (g->places[i].subscribed && link->state == TGP_LINK_LIVE && link->kind == TGP_LINK_RELAY)
			unsubscribe(g, i);
		memset(&g->places[i], 0, sizeof g->places[i]);
	}
	return TG_OK;
}

int
tgp_joined_anywhere(const struct tgp_grid *g)
{
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++)
		if (g->places[i].joined)
			return 1;
	return 0;
}

/* ---- publishing ---------------------------------------------------------------------------------------- */

/* Seal one message of the grid's session into ${payload}. */
static int
seal(struct tgp_grid *g, const struct tg_hash *topic, unsigned kind, const struct tg_buf *body,
    struct tg_buf *payload)
{
	int rc;

	if (tg_buf_status(body) != TG_OK)
		return TG_ENOMEM;
	rc = tg_message_seal(&g->peer->rng, &g->session, ++g->counter, kind, body->data, body->len,
	    &g->access.sync, topic, payload);
	return rc;
}

static void
publish(struct tg_peer *p, struct tgp_link *link, const struct tg_keypair *pair, const struct tg_hash *topic,
    unsigned class, unsigned flags, const struct tg_buf *payload, struct tg_frame_id *id)
{
	struct tg_buf *b = frame_space(p, link, payload->len + TG_PUB_OVERHEAD_MAX_BYTES);
	size_t from = b->len;

	tg_frame_put_pub(b, pair, topic, class, flags, relay_time(p, link), payload->data, payload->len);
	if (id && !b->failed)
		tg_frame_id(b->data + from, b->len - from, id);
}

int
tgp_send_grid(struct tgp_grid *g, unsigned class, unsigned flags, unsigned kind, struct tg_buf *body,
    struct tg_frame_id *ids)
{
	const struct tg_keypair *pair = class == TG_CLASS_MAIN ? &g->access.write : &g->access.read;
	struct tg_buf payload = {0};
	int rc = TG_OK;

	if (tgp_joined_anywhere(g) && (rc = seal(g, &g->access.topic, kind, body, &payload)) == TG_OK)
		for (unsigned i = 0; i < TGP_LINKS_MAX; i++)
			if (g->places[i].joined)
				publish(g->peer, &g->peer->links[i], pair, &g->access.topic, class, flags,
				    &payload, ids ? &ids[i] : NULL);
	tg_buf_free(&payload);
	tg_buf_free(body);
	return rc == TG_ENOMEM ? TG_ENOMEM : TG_OK;
}

/* A relay must have seen the keys of an inbox before it checks a frame for it. */
static void
introduce(struct tgp_grid *g, unsigned slot, const struct tg_key *session)
{
	struct tgp_place *place = &g->places[slot];
	struct tgp_link *link = &g->peer->links[slot];

	if (link->kind != TGP_LINK_RELAY)
		return;
	for (unsigned i = 0; i < place->intro_count; i++)
		if (tg_key_cmp(&place->intros[i], session) == 0)
			return;
	if (place->intro_count == TGP_INTROS_MAX) {
		struct tg_hash old;

		tg_topic_id(&g->access.r, &place->intros[place->intro_next], &old);
		tg_frame_put_unsub(frame_space(g->peer, link, 64), &old);
	} else {
		place->intro_count++;
	}
	place->intros[place->intro_next] = *session;
	place->intro_next = (place->intro_next + 1) % TGP_INTROS_MAX;
	subscribe(g->peer, link, &g->access.r, session, NULL, NULL, NULL);
}

int
tgp_send_inbox(struct tgp_grid *g, const struct tg_key *session, unsigned kind, struct tg_buf *body)
{
	const struct tgp_session *s = tgp_session_find(g, session);
	struct tg_buf payload = {0};
	struct tg_hash topic;
	int rc, only = s && g->places[s->slot].joined ? (int)s->slot : -1;

	tg_topic_id(&g->access.r, session, &topic);
	if ((rc = seal(g, &topic, kind, body, &payload)) == TG_OK)
		for (unsigned i = 0; i < TGP_LINKS_MAX; i++) {
			/* The link it was heard on is enough; all of them when it is not known. */
			if (!g->places[i].joined || (only >= 0 && (int)i != only))
				continue;
			introduce(g, i, session);
			publish(g->peer, &g->peer->links[i], &g->access.read, &topic, TG_CLASS_MAIN, 0,
			    &payload, NULL);
		}
	tg_buf_free(&payload);
	tg_buf_free(body);
	return rc == TG_ENOMEM ? TG_ENOMEM : TG_OK;
}

int
tgp_send_door(struct tg_peer *p, const struct tg_secret *token, const struct tg_buf *payload)
{
	struct tg_keypair write, read;
	struct tg_hash topic;

	if (tg_buf_status(payload) != TG_OK)
		return TG_ENOMEM;
	tg_door_keys(token, &write, &read, &topic);
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++) {
		struct tgp_link *link = &p->links[i];

		if (link->state != TGP_LINK_LIVE)
			continue;
		if (link->kind == TGP_LINK_RELAY)
			subscribe(p, link, &write.public_key, &read.public_key, NULL, NULL, NULL);
		publish(p, link, &read, &topic, TG_CLASS_SIDE, 0, payload, NULL);
		if (link->kind == TGP_LINK_RELAY)
			tg_frame_put_unsub(frame_space(p, link, 64), &topic);
	}
	tg_wipe(&write, sizeof write);
	tg_wipe(&read, sizeof read);
	return TG_OK;
}

/* ---- events -------------------------------------------------------------------------------------------- */

static int
live(struct tg_peer *p, unsigned slot)
{
	struct tgp_link *link = &p->links[slot];

	link->state = TGP_LINK_LIVE;
	tgp_fx_link(p, link->id, 1, "");
	if (p->kind == 2 && p->started && link->kind == TGP_LINK_RELAY)
		subscribe(
		    p, link, &p->door_write.public_key, &p->door_read.public_key, &p->door_read, NULL, NULL);
	for (size_t i = 0; i < p->grid_count; i++)
		if (join(p->grids[i], slot) != TG_OK)
			return TG_ENOMEM;
	return TG_OK;
}

int
tgp_link_opened(struct tg_peer *p, uint64_t id, unsigned kind, struct tg_bytes host)
{
	unsigned slot;
	struct tgp_link *link;

	if (link_find(p, id, &slot))
		return TG_EEXISTS;
	for (slot = 0; slot < TGP_LINKS_MAX && p->links[slot].state != TGP_LINK_FREE; slot++)
		;
	if (slot == TGP_LINKS_MAX) {
		tgp_fx_close(p, id, "too many links");
		return TG_OK;
	}
	link = &p->links[slot];
	link->id = id;
	link->kind = (int)kind;
	link->offset_ms = 0;
	memcpy(link->host, host.data, host.len);
	link->host_len = host.len;
	link->state = TGP_LINK_WAITING;
	if (kind == TGP_LINK_LOCAL)
		return live(p, slot);
	tgp_fx_link(p, id, 0, "");
	return TG_OK;
}

int
tgp_link_closed(struct tg_peer *p, uint64_t id)
{
	unsigned slot;
	struct tgp_link *link = link_find(p, id, &slot);

	if (link == NULL)
		return TG_EINVAL;
	link->state = TGP_LINK_FREE;
	tg_buf_reset(&link->out);
	for (size_t i = 0; i < p->grid_count; i++) {
		struct tgp_grid *g = p->grids[i];

		memset(&g->places[slot], 0, sizeof g->places[slot]);
		if (!tgp_joined_anywhere(g)) {
			/* Nobody can be heard: those who were here are not known to be any more. */
			while (g->session_count > 0)
				tgp_session_remove(g, g->session_count - 1);
			g->have_at = 0;
			g->want.active = 0;
			g->durability_dirty = 1;
		}
	}
	return TG_OK;
}

static int
hello(struct tg_peer *p, unsigned slot, const struct tg_relay_hello *h)
{
	struct tgp_link *link = &p->links[slot];

	if (link->state != TGP_LINK_WAITING)
		return TG_OK;
	link->offset_ms = (int64_t)h->time_ms - (int64_t)p->now_ms;
	memcpy(link->epoch, h->epoch, sizeof link->epoch);
	memcpy(link->challenge, h->challenge, sizeof link->challenge);
	tg_frame_put_client_hello(frame_space(p, link, 512), SOFTWARE, link->host, link->host_len);
	return live(p, slot);
}

static int
granted(struct tg_peer *p, unsigned slot, const struct tg_frame_id *id)
{
	for (size_t i = 0; i < p->grid_count; i++) {
		struct tgp_grid *g = p->grids[i];
		struct tgp_place *place = &g->places[slot];

		if (place->subscribed && !place->joined && memcmp(&place->sub, id, sizeof *id) == 0)
			return joined(g, slot);
		if (tgp_author_receipt(g, id) != TG_OK)
			return TG_ENOMEM;
	}
	return TG_OK;
}

static int
refused(struct tg_peer *p, unsigned slot, const struct tg_err *err)
{
	struct tgp_link *link = &p->links[slot];

	switch (err->code) {
	case TG_ERR_DUPLICATE:
		return granted(p, slot, err->id); /* it has it: as good as a receipt */
	case TG_ERR_STALE:
		/* Our idea of its clock is wrong; a new connection brings a new one. */
		tgp_fx_notice(p, NULL, 4, "the relay's clock and ours drifted apart; connecting anew");
		tgp_fx_close(p, link->id, "stale");
		return TG_OK;
	case TG_ERR_RATE_LIMITED:
	case TG_ERR_BUSY:
		for (size_t i = 0; i < p->grid_count; i++)
			if (p->grids[i]->author.unsent_count > 0)
				p->grids[i]->author.republish_at = p->now_ms + 1000;
		return TG_OK;
	default:
		for (size_t i = 0; i < p->grid_count; i++)
			if (memcmp(&p->grids[i]->places[slot].sub, err->id, sizeof *err->id) == 0) {
				tgp_fx_link(p, link->id, 2, tg_err_name(err->code));
				return TG_OK;
			}
		if (tg_err_closes(err->code))
			tgp_fx_link(p, link->id, 2, tg_err_name(err->code));
	}
	return TG_OK;
}

int
tgp_link_received(struct tg_peer *p, uint64_t id, struct tg_bytes message)
{
	unsigned slot;
	struct tgp_link *link = link_find(p, id, &slot);
	size_t at = 0;

	if (link == NULL)
		return TG_OK; /* closed meanwhile */
	if (message.len > TG_WS_MESSAGE_MAX_BYTES) {
		tgp_fx_close(p, id, "too-big");
		return TG_OK;
	}
	while (at < message.len) {
		struct tg_frame frame;
		size_t used;
		int rc;

		if (tg_frame_decode(message.data + at, message.len - at, &frame, &used) != TG_OK) {
			tgp_fx_close(p, id, "bad-frame");
			return TG_OK;
		}
		at += used;
		rc = TG_OK;
		if (frame.type == TG_FRAME_PUB)
			rc = tgp_receive_pub(p, link, &frame);
		else if (link->kind != TGP_LINK_RELAY)
			continue;
		else if (frame.type == TG_FRAME_HELLO && frame.from_relay)
			rc = hello(p, slot, &frame.u.relay_hello);
		else if (frame.type == TG_FRAME_OK)
			rc = granted(p, slot, frame.u.ok.id);
		else if (frame.type == TG_FRAME_ERR)
			rc = refused(p, slot, &frame.u.err);
		else if (frame.type == TG_FRAME_DRAIN)
			tgp_fx_link(p, id, 3, "");
		if (rc == TG_ENOMEM)
			return rc;
	}
	return TG_OK;
}
