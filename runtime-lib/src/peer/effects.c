/* One encoder per effect of docs/host.md.  A failed allocation stays in p->effects and is seen at the event's
 * end. */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

#define FX_SEND	      0
#define FX_STORE      1
#define FX_LOAD	      2
#define FX_LOCK	      3
#define FX_UNLOCK     4
#define FX_WAKE	      5
#define FX_CLOSE      6
#define FX_REPLY      7
#define FX_GRID	      8
#define FX_CHANGED    9
#define FX_PRESENCE   10
#define FX_DURABILITY 11
#define FX_LINK	      12
#define FX_NOTICE     13
#define FX_EXT	      14
#define FX_CALLED     15
#define FX_PROGRESS   16

static struct tg_buf *
begin(struct tg_peer *p, unsigned kind, uint32_t count)
{
	tg_write_array(&p->effects, count);
	tg_write_uint(&p->effects, kind);
	return &p->effects;
}

static void
put_bytes(struct tg_buf *b, struct tg_bytes v)
{
	tg_write_bin(b, v.data, v.len);
}

static void
put_text(struct tg_buf *b, const char *text)
{
	tg_write_str(b, text, strlen(text));
}

static void
put_grid(struct tg_buf *b, const struct tgp_grid *g)
{
	tg_write_bin(b, g->id.b, sizeof g->id.b);
}

void
tgp_fx_send(struct tg_peer *p, uint64_t link, struct tg_bytes message)
{
	struct tg_buf *b = begin(p, FX_SEND, 3);

	tg_write_uint(b, link);
	put_bytes(b, message);
}

void
tgp_fx_store_raw(struct tg_peer *p, uint64_t batch, int strict, uint32_t count, struct tg_bytes puts)
{
	struct tg_buf *b = begin(p, FX_STORE, 4);

	tg_write_uint(b, batch);
	tg_write_bool(b, strict);
	tg_write_array(b, count);
	tg_buf_put(b, puts.data, puts.len);
}

void
tgp_fx_load(struct tg_peer *p, uint64_t request, struct tg_bytes from, struct tg_bytes to, uint64_t max)
{
	struct tg_buf *b = begin(p, FX_LOAD, 5);

	tg_write_uint(b, request);
	put_bytes(b, from);
	put_bytes(b, to);
	tg_write_uint(b, max);
}

void
tgp_fx_lock(struct tg_peer *p, uint64_t request, struct tg_bytes name)
{
	struct tg_buf *b = begin(p, FX_LOCK, 3);

	tg_write_uint(b, request);
	put_bytes(b, name);
}

void
tgp_fx_unlock(struct tg_peer *p, struct tg_bytes name)
{
	put_bytes(begin(p, FX_UNLOCK, 2), name);
}

void
tgp_fx_wake(struct tg_peer *p, uint64_t at_ms)
{
	tg_write_uint(begin(p, FX_WAKE, 2), at_ms);
}

void
tgp_fx_close(struct tg_peer *p, uint64_t link, const char *reason)
{
	struct tg_buf *b = begin(p, FX_CLOSE, 3);

	tg_write_uint(b, link);
	put_text(b, reason);
}

static struct tg_buf *
reply(struct tg_peer *p, uint64_t request, int status)
{
	struct tg_buf *b = begin(p, FX_REPLY, 4);

	tg_write_uint(b, request);
	tg_write_uint(b, (uint64_t)status);
	return b;
}

void
tgp_fx_reply(struct tg_peer *p, uint64_t request, int status)
{
	if (request != 0)
		tg_write_nil(reply(p, request, status));
}

void
tgp_fx_reply_value(struct tg_peer *p, uint64_t request, int status, const struct tg_buf *value)
{
	if (request == 0)
		return;
	if (tg_buf_status(value) != TG_OK)
		p->effects.failed = 1;
	tg_buf_put(reply(p, request, status), value->data, value->len);
}

void
tgp_fx_reply_patches(struct tg_peer *p, uint64_t request, const struct tg_patches *patches)
{
	struct tg_buf *b;
	uint8_t *out;
	size_t n = patches->count * TG_PATCH_FIELDS;

	if (request == 0)
		return;
	b = reply(p, request, TG_OK);
	tg_write_array(b, 2);
	/* Little-endian whatever the host's order. */
	if (tg_mem_grow((void **)&p->scratch.data, &p->scratch.cap, n * 4 + 1, 1) != TG_OK) {
		b->failed = 1;
		return;
	}
	out = p->scratch.data;
	for (size_t i = 0; i < n; i++) {
		uint32_t v = (uint32_t)patches->records[i];

		out[4 * i] = (uint8_t)v;
		out[4 * i + 1] = (uint8_t)(v >> 8);
		out[4 * i + 2] = (uint8_t)(v >> 16);
		out[4 * i + 3] = (uint8_t)(v >> 24);
	}
	tg_write_bin(b, out, n * 4);
	tg_write_bin(b, patches->bytes, patches->bytes_len);
}

static unsigned
role_of(const struct tgp_grid *g)
{
	switch (g->access.mode) {
	case TG_MODE_EDIT:
		return 2;
	case TG_MODE_COMMENT:
		return 1;
	case TG_MODE_VIEW:
		return 0;
	case TG_MODE_REPLICA:
		break;
	}
	return 3;
}

void
tgp_fx_grid(struct tgp_grid *g)
{
	struct tg_buf *b = begin(g->peer, FX_GRID, 5);

	put_grid(b, g);
	tg_write_uint(b, g->state);
	tg_write_uint(b, role_of(g));
	tg_write_str(b, g->title, g->title_len);
}

void
tgp_fx_changed(struct tgp_grid *g)
{
	if (g->changed_sent || g->state != TGP_GRID_READY)
		return;
	g->changed_sent = 1;
	put_grid(begin(g->peer, FX_CHANGED, 2), g);
}

void
tgp_fx_presence(struct tgp_grid *g, const struct tgp_session *s, const uint32_t *position)
{
	struct tg_buf *b = begin(g->peer, FX_PRESENCE, 9);

	put_grid(b, g);
	tg_write_bin(b, s->key.b, sizeof s->key.b);
	tg_write_bin(b, s->device.b, sizeof s->device.b);
	tg_write_uint(b, s->role);
	tg_write_bool(b, tg_key_cmp(&s->device, &g->peer->device.public_key) == 0);
	tg_write_str(b, s->name, s->present ? s->name_len : 0);
	tg_write_uint(b, s->colour);
	if (position == NULL || !s->present) {
		tg_write_nil(b);
		return;
	}
	tg_write_array(b, 3);
	for (int i = 0; i < 3; i++)
		tg_write_uint(b, position[i]);
}

/* The name that goes with a device: an invited replica's, a member's, or what its presence says. */
static void
device_name(const struct tgp_grid *g, const struct tgp_session *s, const char **name, size_t *len)
{
	const struct tgp_node *node = tgp_node_find(g, &s->device);
	const struct tgp_member *member = tgp_member_find(g, &s->device);

	*name = node ? node->name : member ? member->name : s->name;
	*len = node ? node->name_len : member ? member->name_len : s->name_len;
}

static int
counts_for_safety(const struct tgp_grid *g, const struct tgp_session *s)
{
	if (s->role == TG_SESSION_WRITER)
		return tg_key_cmp(&s->device, &g->peer->device.public_key) != 0;
	return s->role == TG_SESSION_REPLICA && tgp_node_find(g, &s->device) != NULL;
}

/* Several sessions (tabs) of one device count once. */
static int
first_of_device(const struct tgp_grid *g, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (tg_key_cmp(&g->sessions[k].device, &g->sessions[i].device) == 0 &&
		    counts_for_safety(g, &g->sessions[k]))
			return 0;
	return 1;
}

static uint64_t
device_holds(const struct tgp_grid *g, const struct tg_key *device)
{
	uint64_t most = 0;

	for (size_t i = 0; i < g->session_count; i++)
		if (tg_key_cmp(&g->sessions[i].device, device) == 0 && g->sessions[i].holds > most)
			most = g->sessions[i].holds;
	return most;
}

void
tgp_fx_durability(struct tgp_grid *g)
{
	const struct tgp_author *a = &g->author;
	const struct tgp_log *own = tgp_author_newest(g);
	uint64_t length = own ? own->log.head.length : 0, safe, unsent;
	struct tg_buf *b;
	uint32_t devices = 0;

	/* At rest it stands at its mark, which was stored strictly. */
	safe = length > 0 && !a->dirty &&
	       (own == a->candidate || own->acked >= length || (a->settled && a->stored >= length));
	unsent = a->dirty;
	if (a->log && a->log->log.head.length > a->confirmed)
		unsent += a->log->log.head.length - a->confirmed;
	for (size_t i = 0; i < g->session_count; i++)
		if (counts_for_safety(g, &g->sessions[i]) && first_of_device(g, i)) {
			devices++;
			if (length > 0 && !a->dirty && device_holds(g, &g->sessions[i].device) >= length)
				safe++;
		}
	b = begin(g->peer, FX_DURABILITY, 5);
	put_grid(b, g);
	tg_write_uint(b, unsent);
	tg_write_uint(b, safe);
	tg_write_array(b, devices);
	for (size_t i = 0; i < g->session_count; i++) {
		const struct tgp_session *s = &g->sessions[i];
		const char *name;
		size_t len;

		if (!counts_for_safety(g, s) || !first_of_device(g, i))
			continue;
		device_name(g, s, &name, &len);
		tg_write_array(b, 5);
		tg_write_bin(b, s->device.b, sizeof s->device.b);
		tg_write_uint(b, s->role);
		tg_write_str(b, name, len);
		tg_write_bool(b, length > 0 && !a->dirty && device_holds(g, &s->device) >= length);
		tg_write_bool(b, s->temporary);
	}
}

void
tgp_fx_link(struct tg_peer *p, uint64_t link, unsigned state, const char *detail)
{
	struct tg_buf *b = begin(p, FX_LINK, 4);

	tg_write_uint(b, link);
	tg_write_uint(b, state);
	put_text(b, detail);
}

void
tgp_fx_notice(struct tg_peer *p, const struct tgp_grid *g, unsigned code, const char *text)
{
	struct tg_buf *b = begin(p, FX_NOTICE, 4);

	tg_write_bin(b, g ? g->id.b : NULL, g ? sizeof g->id.b : 0);
	tg_write_uint(b, code);
	put_text(b, text);
}

void
tgp_fx_ext(struct tgp_grid *g, const struct tg_key *session, struct tg_bytes name, struct tg_bytes payload)
{
	struct tg_buf *b = begin(g->peer, FX_EXT, 5);

	put_grid(b, g);
	tg_write_bin(b, session->b, sizeof session->b);
	tg_write_str(b, (const char *)name.data, name.len);
	put_bytes(b, payload);
}

void
tgp_fx_called(struct tgp_grid *g, const struct tg_key *session, const struct tg_call *call)
{
	struct tg_buf *b = begin(g->peer, FX_CALLED, 7);

	put_grid(b, g);
	tg_write_bin(b, session->b, sizeof session->b);
	tg_write_uint(b, call->call);
	tg_write_str(b, (const char *)call->channel.data, call->channel.len);
	put_bytes(b, call->args);
	tg_write_uint(b, call->deadline_ms);
}

void
tgp_fx_progress(struct tgp_grid *g, uint64_t done, uint64_t total)
{
	struct tg_buf *b = begin(g->peer, FX_PROGRESS, 4);

	put_grid(b, g);
	tg_write_uint(b, done);
	tg_write_uint(b, total);
}
