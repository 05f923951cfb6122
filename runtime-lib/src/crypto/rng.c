/*
 * Fast key erasure: each draw expands the key into [next key || output] and forgets the old key, so that
 * whoever reads the state later learns nothing about earlier output.
 */
#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>

static const uint8_t zero_nonce[crypto_stream_chacha20_ietf_NONCEBYTES];

void
tg_rng_seed(struct tg_rng *rng, const struct tg_secret *seed)
{
	struct tg_secret mixed;

	tg_derive(&rng->key, "rng-seed", seed->b, sizeof seed->b, &mixed);
	rng->key = mixed;
	tg_wipe(&mixed, sizeof mixed);
}

void
tg_rng_bytes(struct tg_rng *rng, void *out, size_t len)
{
	struct tg_secret key = rng->key;

	crypto_stream_chacha20_ietf(rng->key.b, sizeof rng->key.b, zero_nonce, key.b);
	memset(out, 0, len);
	/* Block 0 became the next key; output starts at block 1. */
	crypto_stream_chacha20_ietf_xor_ic(out, out, len, zero_nonce, 1, key.b);
	tg_wipe(&key, sizeof key);
}

uint32_t
tg_rng_below(struct tg_rng *rng, uint32_t bound)
{
	uint32_t least = (uint32_t)(-bound) % bound; /* 2^32 mod bound: reject below it to stay uniform */
	uint8_t b[4];
	uint32_t v;

	do {
		tg_rng_bytes(rng, b, sizeof b);
		v = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	} while (v < least);
	return v % bound;
}
