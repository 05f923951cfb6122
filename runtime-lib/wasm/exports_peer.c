/*
 * exports_peer.c -- a peer in the browser: events in, effects out (docs/host.md).
 */
#include <stdint.h>

#include <toygrid/crypto.h>
#include <toygrid/peer.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "random.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

struct runtime {
	struct tg_peer *peer;
	const uint8_t *effects;
	size_t len;
};

struct runtime *EXPORT(tg_rt_new)(void);
void EXPORT(tg_rt_close)(struct runtime *rt);
int EXPORT(tg_rt_event)(struct runtime *rt, const uint8_t *event, uint32_t len);
uint32_t EXPORT(tg_rt_effects_len)(struct runtime *rt);
const uint8_t *EXPORT(tg_rt_effects)(const struct runtime *rt);

/* A fresh peer, or 0 without memory or entropy. */
struct runtime *
tg_rt_new(void)
{
	struct runtime *rt;

	wasm_random_install();
	if (tg_crypto_init() != TG_OK || (rt = tg_calloc(1, sizeof *rt)) == NULL)
		return NULL;
	if (tg_peer_new(&rt->peer) != TG_OK) {
		tg_free(rt);
		return NULL;
	}
	return rt;
}

void
tg_rt_close(struct runtime *rt)
{
	tg_peer_free(rt->peer);
	tg_free(rt);
}

/* tg_peer_event: TG_OK, or a code that the host should never see (docs/host.md). */
int
tg_rt_event(struct runtime *rt, const uint8_t *event, uint32_t len)
{
	return tg_peer_event(rt->peer, event, len);
}

/* Take the effects since the last call: their length; then tg_rt_effects says where they are, until the next
 * event. */
uint32_t
tg_rt_effects_len(struct runtime *rt)
{
	tg_peer_effects(rt->peer, &rt->effects, &rt->len);
	return (uint32_t)rt->len;
}

const uint8_t *
tg_rt_effects(const struct runtime *rt)
{
	return rt->effects;
}
