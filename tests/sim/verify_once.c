/*
 * verify_once.c -- a signature that this process made, or verified once, is not computed again: twenty
 * simulated peers check the same frame, and nearly all time of a world would go there.
 *
 * Linked with --wrap=tg_verify and --wrap=tg_sign.  A signature is remembered by all its bytes, with key and
 * digest, so every answer is the same as without; only the time differs.  Failures are never remembered.
 */
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#define SLOTS 131072

int __real_tg_verify(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig);
int __wrap_tg_verify(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig);
void __real_tg_sign(const struct tg_keypair *pair, const struct tg_hash *digest, struct tg_sig *sig);
void __wrap_tg_sign(const struct tg_keypair *pair, const struct tg_hash *digest, struct tg_sig *sig);

static struct {
	struct tg_key key;
	struct tg_hash digest;
	struct tg_sig sig;
	int used;
} known[SLOTS];

static size_t
slot(const struct tg_hash *digest)
{
	return ((size_t)digest->b[0] | (size_t)digest->b[1] << 8 | (size_t)digest->b[2] << 16) % SLOTS;
}

static void
remember(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig)
{
	size_t i = slot(digest);

	known[i].key = *key;
	known[i].digest = *digest;
	known[i].sig = *sig;
	known[i].used = 1;
}

int
__wrap_tg_verify(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig)
{
	size_t i = slot(digest);

	if (known[i].used && memcmp(&known[i].sig, sig, sizeof *sig) == 0 &&
	    memcmp(&known[i].key, key, sizeof *key) == 0 &&
	    memcmp(&known[i].digest, digest, sizeof *digest) == 0)
		return TG_OK;
	if (__real_tg_verify(key, digest, sig) != TG_OK)
		return TG_ESIGNATURE;
	remember(key, digest, sig);
	return TG_OK;
}

void
__wrap_tg_sign(const struct tg_keypair *pair, const struct tg_hash *digest, struct tg_sig *sig)
{
	__real_tg_sign(pair, digest, sig);
	/* A pair whose halves do not belong together signs what does not verify. */
	if (memcmp(pair->expanded + 32, pair->public_key.b, sizeof pair->public_key.b) == 0)
		remember(&pair->public_key, digest, sig);
}
