/*
 * Events in, effects out.
 *
 * An event is decoded completely before anything happens, so a malformed one changes nothing.  At the end of
 * each event the frames for each link leave as one message and the earliest timer becomes a wake.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

#define EV_TICK	    0
#define EV_ENTROPY  1
#define EV_OPENED   2
#define EV_CLOSED   3
#define EV_RECEIVED 4
#define EV_STORED   5
#define EV_LOADED   6
#define EV_LOCKED   7
#define EV_COMMAND  8

int
tg_peer_new(struct tg_peer **peer)
{
	struct tg_peer *p = tg_calloc(1, sizeof *p);

	*peer = p;
	return p ? TG_OK : TG_ENOMEM;
}

void
tg_peer_free(struct tg_peer *p)
{
	if (p == NULL)
		return;
	while (p->grid_count > 0)
		tgp_grid_free(p->grids[p->grid_count - 1]);
	tgp_jobs_free(p);
	for (size_t i = 0; i < TGP_LINKS_MAX; i++)
		tg_buf_free(&p->links[i].out);
	tg_free(p->grids);
	tg_free(p->calls);
	tg_free(p->channels);
	tg_free(p->extensions);
	tg_buf_free(&p->device_record);
	tg_buf_free(&p->effects);
	tg_buf_free(&p->taken);
	tg_buf_free(&p->scratch);
	tg_wipe(p, sizeof *p);
	tg_free(p);
}

struct tg_doc *
tg_peer_doc(struct tg_peer *p, const struct tg_hash *grid)
{
	struct tgp_grid *g = tgp_grid_find(p, grid);

	return g ? g->doc : NULL;
}

static int
tick(struct tg_peer *p, uint64_t now_ms)
{
	/* A host's clock may jump back; timers then wait, which is better than time running twice. */
	p->now_ms = now_ms;
	p->wake_sent = 0;
	p->more = 0;
	if (tgp_jobs_tick(p) != TG_OK || tgp_calls_tick(p) != TG_OK)
		return TG_ENOMEM;
	for (size_t i = 0; i < p->grid_count; i++)
		if (p->grids[i]->due_at <= now_ms && tgp_grid_tick(p->grids[i]) != TG_OK)
			return TG_ENOMEM;
	return TG_OK;
}

/* Decode one event and handle it. */
static int
dispatch(struct tg_peer *p, struct tg_reader *r)
{
	uint32_t n = tg_read_array(r, 2, 16);
	uint64_t kind = tg_read_uint(r, EV_COMMAND), id, number;
	static const uint8_t lengths[] = {2, 2, 4, 2, 3, 3, 5, 3};
	struct tg_bytes bytes;
	int status, more;

	if (tg_reader_status(r) == TG_OK && kind < EV_COMMAND && n != lengths[kind])
		tg_reader_fail(r, TG_EFORMAT);
	id = kind == EV_ENTROPY ? 0 : tg_read_uint(r, UINT64_MAX);
	if (tg_reader_status(r) != TG_OK)
		return tg_reader_status(r);
	switch (kind) {
	case EV_TICK:
		return tg_reader_end(r) != TG_OK ? tg_reader_status(r) : tick(p, id);
	case EV_ENTROPY: {
		struct tg_secret seed;

		tg_read_fixed(r, seed.b, sizeof seed.b);
		if (tg_reader_end(r) == TG_OK)
			tg_rng_seed(&p->rng, &seed);
		tg_wipe(&seed, sizeof seed);
		return tg_reader_status(r);
	}
	case EV_OPENED:
		number = tg_read_uint(r, TGP_LINK_LOCAL);
		bytes = tg_read_str(r, TG_FRAME_HOST_MAX_BYTES);
		if (tg_reader_end(r) != TG_OK)
			return tg_reader_status(r);
		return tgp_link_opened(p, id, (unsigned)number, bytes);
	case EV_CLOSED:
		return tg_reader_end(r) != TG_OK ? tg_reader_status(r) : tgp_link_closed(p, id);
	case EV_RECEIVED:
		bytes = tg_read_bin(r, r->len);
		if (tg_reader_end(r) != TG_OK)
			return tg_reader_status(r);
		return tgp_link_received(p, id, bytes);
	case EV_STORED:
		status = (int)tg_read_uint(r, 255);
		return tg_reader_end(r) != TG_OK ? tg_reader_status(r) : tgp_jobs_stored(p, id, status);
	case EV_LOADED: {
		uint32_t count;
		size_t from;

		status = (int)tg_read_uint(r, 255);
		count = tg_read_array(r, 0, UINT32_MAX);
		from = r->at;
		for (uint32_t i = 0; i < count && tg_reader_status(r) == TG_OK; i++) {
			tg_read_array(r, 2, 2);
			tg_read_bin(r, TG_STORAGE_KEY_MAX_BYTES);
			tg_read_bin(r, r->len);
		}
		bytes = (struct tg_bytes){r->data + from, r->at - from};
		more = tg_read_bool(r);
		if (tg_reader_end(r) != TG_OK)
			return tg_reader_status(r);
		return tgp_jobs_loaded(p, id, status, bytes, count, more);
	}
	case EV_LOCKED:
		more = tg_read_bool(r);
		return tg_reader_end(r) != TG_OK ? tg_reader_status(r) : tgp_jobs_locked(p, id, more);
	}
	return tgp_command(p, id, r);
}

static void
set_wake(struct tg_peer *p)
{
	uint64_t at = UINT64_MAX;

	if (p->failed_count > 0)
		at = p->failed_at;
	for (size_t i = 0; i < p->call_count; i++)
		if (p->calls[i].deadline < at)
			at = p->calls[i].deadline;
	for (size_t i = 0; i < p->grid_count; i++) {
		p->grids[i]->due_at = tgp_grid_due(p->grids[i]);
		if (p->grids[i]->due_at < at)
			at = p->grids[i]->due_at;
	}
	if (p->more)
		at = 0;
	if (at == UINT64_MAX)
		return;
	if (at == 0 ? p->wake_sent != 1 : p->wake_sent == 0 || p->wake_sent > at) {
		p->wake_sent = at == 0 ? 1 : at;
		tgp_fx_wake(p, at);
	}
}

int
tg_peer_event(struct tg_peer *p, const uint8_t *event, size_t len)
{
	struct tg_reader r;
	int rc;

	if (p->dead)
		return TG_ENOMEM;
	tg_reader_init(&r, event, len);
	rc = dispatch(p, &r);
	if (rc == TG_OK || rc == TG_ENOMEM) {
		tgp_links_flush(p);
		set_wake(p);
	}
	if (rc == TG_ENOMEM || p->effects.failed) {
		p->dead = 1;
		return TG_ENOMEM;
	}
	return rc;
}

void
tg_peer_effects(struct tg_peer *p, const uint8_t **effects, size_t *len)
{
	struct tg_buf swap = p->taken;

	p->taken = p->effects;
	p->effects = swap;
	tg_buf_reset(&p->effects);
	*effects = p->taken.data;
	*len = p->taken.failed ? 0 : p->taken.len;
}
