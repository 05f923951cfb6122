/*
 * address.h -- what one network address uses: sockets and rates.
 *
 * IPv4 counts by address, IPv6 by /64, which is what one subscriber is given.  A record outlives the last
 * connection of its address until its buckets are full again, so that reconnecting does not buy new tokens.
 */
#ifndef TG_RELAY_ADDRESS_H
#define TG_RELAY_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bucket.h"

#define TG_RATE_KINDS 3 /* main, side, control (SUB and UNSUB) */

struct tg_address {
	uint8_t prefix[16];		  /* IPv6, or IPv4 mapped; the lower half of IPv6 is zero */
	struct tg_address *next;	  /* in its hash bucket */
	struct tg_address *older, *newer; /* among those without sockets */
	uint32_t sockets;
	uint32_t left_s; /* when the last socket went */
	struct tg_bucket rate[TG_RATE_KINDS];
};

struct tg_addresses {
	struct tg_address **buckets;
	uint32_t bucket_count; /* fixed; chains are kept short by max_idle and the connection limit */
	uint32_t count;
	uint32_t idle_count;
	struct tg_address *oldest, *newest; /* without sockets, by left_s */
	uint8_t seed[16];
};

#define TG_ADDRESS_IDLE_MAX 65536u /* records without sockets; beyond it the oldest is forgotten early */
#define TG_ADDRESS_IDLE_S   120u   /* and how long one is kept */

/** tg_addresses_init(addresses, seed): An empty table.  TG_OK or TG_ENOMEM. */
int tg_addresses_init(struct tg_addresses *addresses, const uint8_t seed[16])
    __attribute__((warn_unused_result));

/** tg_addresses_close(addresses): Release everything. */
void tg_addresses_close(struct tg_addresses *addresses);

/**
 * tg_addresses_get(addresses, sa, rates, now_ms):
 * ${now_ms} is a clock that never goes back, the same as that of now_s below.  The record of a peer's
 * address, made with full buckets of ${rates} if there is none.  NULL without memory. Families other than
 * IPv4 and IPv6 share one record.
 */
struct tg_address *tg_addresses_get(struct tg_addresses *addresses, const struct sockaddr *sa,
    const struct tg_rate rates[TG_RATE_KINDS], uint64_t now_ms);

/** tg_addresses_enter(addresses, address), tg_addresses_exit(addresses, address, now_s): Count a socket. */
void tg_addresses_enter(struct tg_addresses *addresses, struct tg_address *address);
void tg_addresses_exit(struct tg_addresses *addresses, struct tg_address *address, uint32_t now_s);

/** tg_addresses_tick(addresses, now_s): Forget records that nobody used for TG_ADDRESS_IDLE_S. */
void tg_addresses_tick(struct tg_addresses *addresses, uint32_t now_s);

/** tg_address_text(address, text, len): For logs: 192.0.2.0/24 or 2001:db8:1::/48, never the whole address.
 */
void tg_address_text(const struct tg_address *address, char *text, size_t len);

#endif
