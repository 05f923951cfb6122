/*
 * test_exports.c -- what tests want to call in the module's build of the runtime and a page does not: hashing
 * and the signature primitives.  Linked into toygrid-test.wasm only.
 */
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "random.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

static uint8_t area[64 + 32 + 64 + 32];

uint8_t *EXPORT(test_area)(void);
void EXPORT(test_hash)(uint32_t domain, uint32_t len);
int EXPORT(test_sign)(void);

/* 192 bytes: in, 0: seed (32), 32: digest (32); out, 64: public key (32), 96: signature (64), 160: X25519 key
 * (32). */
uint8_t *
test_area(void)
{
	wasm_random_install();
	return tg_crypto_init() == TG_OK ? area : NULL;
}

/* Replace the first ${len} bytes by their hash under domain number ${domain} (enum tg_domain). */
void
test_hash(uint32_t domain, uint32_t len)
{
	struct tg_hash hash;

	tg_hash((enum tg_domain)domain, area, len, &hash);
	memcpy(area, hash.b, sizeof hash.b);
}

/* Fill the outputs from the inputs; what tg_verify says of the signature. */
int
test_sign(void)
{
	struct tg_secret seed, box_secret;
	struct tg_keypair pair;
	struct tg_hash digest;
	struct tg_key box;
	struct tg_sig sig;

	memcpy(seed.b, area, 32);
	memcpy(digest.b, area + 32, 32);
	tg_keypair_from_seed(&seed, &pair);
	tg_sign(&pair, &digest, &sig);
	tg_box_keypair(&seed, &box, &box_secret);
	memcpy(area + 64, pair.public_key.b, 32);
	memcpy(area + 96, sig.b, 64);
	memcpy(area + 160, box.b, 32);
	return tg_verify(&pair.public_key, &digest, &sig);
}
