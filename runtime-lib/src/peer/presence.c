/*
 * Carets.  A caret is sent as indexes in the sender's view together with that version; the receiver maps them
 * into its own view.  While the version is not known here the caret stays where it was: it never jumps to the
 * end.
 */
#include <string.h>

#include "peer/internal.h"

static int
show(struct tgp_grid *g, struct tgp_session *s)
{
	uint32_t position[3];
	int rc;

	if (!s->present)
		return TG_OK;
	if (!s->has_position) {
		s->unmapped = 0;
		tgp_fx_presence(g, s, NULL);
		return TG_OK;
	}
	/* An anchor stays to the right of what is typed at it, a head to the left: a selection does not grow.
	 */
	position[0] = s->flow;
	rc = tg_doc_map(g->doc, s->version, s->version_count, s->flow, s->anchor, -1, &position[1]);
	if (rc == TG_OK)
		rc = tg_doc_map(g->doc, s->version, s->version_count, s->flow, s->head, -1, &position[2]);
	if (rc == TG_ENOMEM)
		return rc;
	s->unmapped = rc == TG_EPARENT;
	if (rc == TG_OK)
		tgp_fx_presence(g, s, position);
	return TG_OK;
}

int
tgp_presence_received(struct tgp_grid *g, struct tgp_session *s, const struct tg_message *m)
{
	struct tg_presence presence;
	struct tg_text_ref ref;
	struct tg_bytes version;

	if (g->doc == NULL || tg_presence_get(m->body, &presence) != TG_OK)
		return TG_OK;
	s->present = 1;
	s->name_len = presence.name.len;
	if (s->name_len > 0)
		memcpy(s->name, presence.name.data, s->name_len);
	s->colour = (uint32_t)presence.colour;
	/* Other flows have other numbers here; their names do not travel yet. */
	s->has_position = presence.has_position && presence.flow == TG_TEXT_FLOW_BODY;
	s->flow = (uint32_t)presence.flow;
	s->anchor = (uint32_t)presence.anchor;
	s->head = (uint32_t)presence.head;
	s->version_count = 0;
	version = presence.version;
	while (s->version_count < TG_PRESENCE_MAX_VERSION && tg_presence_next(&version, &ref)) {
		memcpy(s->version[s->version_count].agent, ref.log.b, TG_KEY_BYTES);
		s->version[s->version_count++].seq = ref.seq;
	}
	return show(g, s);
}

/* Something was delivered: carets that waited for it can be drawn. */
int
tgp_presence_remap(struct tgp_grid *g)
{
	for (size_t i = 0; i < g->session_count; i++)
		if (g->sessions[i].unmapped && show(g, &g->sessions[i]) != TG_OK)
			return TG_ENOMEM;
	return TG_OK;
}

int
tgp_presence_tick(struct tgp_grid *g)
{
	struct tg_peer *p = g->peer;
	struct tg_presence presence = {0};
	struct tg_text_ref refs[TG_PRESENCE_MAX_VERSION];
	const struct tg_event_id *ids = NULL;
	struct tg_buf body = {0};
	size_t n = 0;

	if (g->greet) { /* counted from a tick: between two of them the clock stands */
		g->greet = 0;
		g->caret_dirty = 1;
		g->presence_at = p->now_ms + TGP_PRESENCE_MS;
	}
	if (!g->caret_dirty || p->now_ms < g->presence_at || !tgp_joined_anywhere(g))
		return TG_OK;
	g->caret_dirty = 0;
	g->presence_at = p->now_ms + TGP_PRESENCE_MS;
	g->presence_sent = p->now_ms;
	/* The version must be one that others can come to know: flush what is not yet in the log. */
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	if (g->has_caret && tg_doc_view_version(g->doc, &ids, &n) != TG_OK)
		return TG_ENOMEM;
	presence.name = (struct tg_bytes){(const uint8_t *)p->name, p->name_len};
	presence.colour = p->colour;
	presence.has_position = g->has_caret && n <= TG_PRESENCE_MAX_VERSION;
	presence.flow = g->caret_flow;
	presence.anchor = g->caret_anchor;
	presence.head = g->caret_head;
	for (size_t i = 0; presence.has_position && i < n; i++) {
		memcpy(refs[i].log.b, ids[i].agent, TG_KEY_BYTES);
		refs[i].seq = ids[i].seq;
	}
	tg_presence_put(&body, &presence, refs, presence.has_position ? n : 0);
	return tgp_send_grid(g, TG_CLASS_SIDE, TG_PUB_EPHEMERAL, TG_MSG_PRESENCE, &body, NULL);
}
