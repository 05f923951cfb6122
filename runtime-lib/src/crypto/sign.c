#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

void
tg_keypair_from_seed(const struct tg_secret *seed, struct tg_keypair *pair)
{
	crypto_sign_seed_keypair(pair->public_key.b, pair->expanded, seed->b);
}

void
tg_sign(const struct tg_keypair *pair, const struct tg_hash *digest, struct tg_sig *sig)
{
	crypto_sign_detached(sig->b, NULL, digest->b, sizeof digest->b, pair->expanded);
}

int
tg_verify(const struct tg_key *key, const struct tg_hash *digest, const struct tg_sig *sig)
{
	return crypto_sign_verify_detached(sig->b, digest->b, sizeof digest->b, key->b) == 0 ? TG_OK
											     : TG_ESIGNATURE;
}
