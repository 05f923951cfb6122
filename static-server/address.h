/*
 * address.h -- what one address may take: connections at a time, and connections and requests a second, both
 * from one token bucket.
 *
 * An address is an IPv4 address or an IPv6 /64: whoever has one IPv6 address has 2^64 of them.  The table has
 * a fixed size; an entry may be reused once it has no connection and its bucket is full again, because a new
 * entry would say the same.
 */
#ifndef TG_STATIC_ADDRESS_H
#define TG_STATIC_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct tg_address {
	uint8_t key[9]; /* family, then 4 or 8 bytes; family 0: a free slot */
	uint16_t connections;
	uint32_t tokens; /* thousandths of a request */
	uint64_t refilled_ms;
};

struct tg_addresses;

/**
 * tg_addresses_new(capacity, connections, rate, burst, seed):
 * Room for ${capacity} addresses with connections, at most ${connections} each, ${rate} requests a second,
 * ${burst} at once.  ${seed} keys the hash, so that nobody can choose colliding addresses.  NULL: no memory.
 */
struct tg_addresses *tg_addresses_new(
    size_t capacity, unsigned connections, unsigned rate, unsigned burst, const uint8_t seed[16]);
void tg_addresses_free(struct tg_addresses *addresses);

/**
 * tg_address_enter(addresses, peer, now_ms):
 * Count a connection from ${peer}.  NULL when the address has too many or the table is full of busy ones.
 * The pointer is valid until tg_address_leave().
 */
struct tg_address *tg_address_enter(
    struct tg_addresses *addresses, const struct sockaddr *peer, uint64_t now_ms);
void tg_address_leave(struct tg_address *address);

/** tg_address_take(addresses, address, now_ms): Take one from the bucket; false when it is empty. */
bool tg_address_take(struct tg_addresses *addresses, struct tg_address *address, uint64_t now_ms);

/** tg_address_is_loopback(peer): 127.0.0.0/8, ::1, or either mapped. */
bool tg_address_is_loopback(const struct sockaddr *peer);

/** tg_address_text(peer, out): "203.0.113.0" or "2001:db8:1::", truncated to /24 and /48 for logs. */
#define TG_ADDRESS_TEXT_MAX 48
void tg_address_text(const struct sockaddr *peer, char out[TG_ADDRESS_TEXT_MAX]);

#endif
