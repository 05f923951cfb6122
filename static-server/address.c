#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "address.h"
#include "base/mem.h"

#define WAYS 8 /* slots an address may be in: one or two cache lines to look at, never a long probe */

struct tg_addresses {
	size_t sets; /* a power of two */
	unsigned connections, rate, burst;
	uint8_t seed[16];
	struct tg_address slots[]; /* sets * WAYS */
};

struct tg_addresses *
tg_addresses_new(size_t capacity, unsigned connections, unsigned rate, unsigned burst, const uint8_t seed[16])
{
	struct tg_addresses *a;
	size_t sets = 1;

	/*
	 * Four slots for each address that may be busy: with sets of 8 ways and 2 expected in each, one
	 * address in some thousands finds its set full.  Slots never used are never touched, so the room is
	 * only virtual.
	 */
	while (sets * WAYS < 4 * capacity)
		sets *= 2;
	if ((a = tg_calloc(1, sizeof *a + sets * WAYS * sizeof a->slots[0])) == NULL)
		return NULL;
	a->sets = sets;
	a->connections = connections;
	a->rate = rate;
	a->burst = burst;
	memcpy(a->seed, seed, sizeof a->seed);
	return a;
}

void
tg_addresses_free(struct tg_addresses *addresses)
{
	tg_free(addresses);
}

/* The IPv4 address inside ${peer}, mapped (::ffff:a.b.c.d) or plain; NULL when there is none. */
static const uint8_t *
ipv4_of(const struct sockaddr *peer)
{
	const struct sockaddr_in6 *six = (const void *)peer;

	if (peer->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)(const void *)peer)->sin_addr;
	if (peer->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return six->sin6_addr.s6_addr + 12;
	return NULL;
}

static void
make_key(const struct sockaddr *peer, uint8_t key[9])
{
	const uint8_t *v4 = ipv4_of(peer);

	memset(key, 0, 9);
	if (v4 != NULL) {
		key[0] = 4;
		memcpy(key + 1, v4, 4);
	} else if (peer->sa_family == AF_INET6) {
		key[0] = 6;
		memcpy(key + 1, ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr.s6_addr, 8);
	} else {
		key[0] = 1; /* a Unix socket: all of them together */
	}
}

static void
refill(const struct tg_addresses *a, struct tg_address *slot, uint64_t now_ms)
{
	uint64_t tokens = slot->tokens + (now_ms - slot->refilled_ms) * a->rate;

	slot->tokens = tokens < (uint64_t)a->burst * 1000 ? (uint32_t)tokens : a->burst * 1000;
	slot->refilled_ms = now_ms;
}

struct tg_address *
tg_address_enter(struct tg_addresses *a, const struct sockaddr *peer, uint64_t now_ms)
{
	struct tg_address *set, *slot = NULL;
	uint8_t key[9], hash[crypto_shorthash_BYTES];
	uint64_t h;
	int i;

	make_key(peer, key);
	crypto_shorthash(hash, key, sizeof key, a->seed);
	memcpy(&h, hash, sizeof h);
	set = &a->slots[(h & (a->sets - 1)) * WAYS];
	for (i = 0; i < WAYS; i++) {
		if (memcmp(set[i].key, key, sizeof key) == 0) {
			if (set[i].connections >= a->connections)
				return NULL;
			refill(a, &set[i], now_ms);
			set[i].connections++;
			return &set[i];
		}
	}
	for (i = 0; i < WAYS && slot == NULL; i++) {
		if (set[i].key[0] != 0 && set[i].connections == 0)
			refill(a, &set[i], now_ms);
		if (set[i].key[0] == 0 || (set[i].connections == 0 && set[i].tokens == a->burst * 1000))
			slot = &set[i];
	}
	if (slot == NULL)
		return NULL;
	memcpy(slot->key, key, sizeof key);
	slot->tokens = a->burst * 1000;
	slot->refilled_ms = now_ms;
	slot->connections = 1;
	return slot;
}

void
tg_address_leave(struct tg_address *address)
{
	if (address == NULL)
		return;
	assert(address->connections > 0);
	address->connections--;
}

bool
tg_address_take(struct tg_addresses *a, struct tg_address *address, uint64_t now_ms)
{
	if (address->tokens < 1000 || now_ms - address->refilled_ms > 1000)
		refill(a, address, now_ms);
	if (address->tokens < 1000)
		return false;
	address->tokens -= 1000;
	return true;
}

bool
tg_address_is_loopback(const struct sockaddr *peer)
{
	const uint8_t *v4 = ipv4_of(peer);

	if (v4 != NULL)
		return v4[0] == 127;
	return peer->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr);
}

void
tg_address_text(const struct sockaddr *peer, char out[TG_ADDRESS_TEXT_MAX])
{
	const uint8_t *v4 = ipv4_of(peer), *v6;

	if (v4 != NULL) {
		snprintf(out, TG_ADDRESS_TEXT_MAX, "%u.%u.%u.0", v4[0], v4[1], v4[2]);
	} else if (peer->sa_family == AF_INET6) {
		v6 = ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr.s6_addr;
		snprintf(out, TG_ADDRESS_TEXT_MAX, "%x:%x:%x::", v6[0] << 8 | v6[1], v6[2] << 8 | v6[3],
		    v6[4] << 8 | v6[5]);
	} else {
		snprintf(out, TG_ADDRESS_TEXT_MAX, "local");
	}
}
