/*
 * exports.c -- what JavaScript may call: memory, and a peer whose events go in and whose effects come out
 * (docs/host.md).
 *
 * Pointers are offsets into the exported memory.  JavaScript frees what it allocated; growing the memory
 * detaches its views, so they are made anew after every call.
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

void *EXPORT(tg_rt_alloc)(uint32_t len);
void EXPORT(tg_rt_free)(void *ptr);
struct runtime *EXPORT(tg_rt_new)(void);
int EXPORT(tg_rt_event)(struct runtime *rt, const uint8_t *event, uint32_t len);
uint32_t EXPORT(tg_rt_effects_len)(struct runtime *rt);
const uint8_t *EXPORT(tg_rt_effects)(const struct runtime *rt);

void *
tg_rt_alloc(uint32_t len)
{
	return tg_malloc(len ? len : 1);
}

void
tg_rt_free(void *ptr)
{
	tg_free(ptr);
}

/* A fresh peer, or 0 without memory or entropy.  It lives as long as the module's instance. */
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
