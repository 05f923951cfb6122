#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

void
tg_seal(const struct tg_secret *key, const uint8_t nonce[TG_NONCE_BYTES], const void *aad, size_t aad_len,
    const void *data, size_t len, uint8_t *out)
{
	crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, data, len, aad, aad_len, NULL, nonce, key->b);
}

int
tg_open(const struct tg_secret *key, const uint8_t nonce[TG_NONCE_BYTES], const void *aad, size_t aad_len,
    const void *data, size_t len, uint8_t *out)
{
	if (len < TG_TAG_BYTES)
		return TG_EDECRYPT;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		out, NULL, NULL, data, len, aad, aad_len, nonce, key->b) != 0) {
		memset(out, 0, len - TG_TAG_BYTES);
		return TG_EDECRYPT;
	}
	return TG_OK;
}

void
tg_box_keypair(const struct tg_secret *seed, struct tg_key *public_key, struct tg_secret *secret)
{
	crypto_box_curve25519xchacha20poly1305_seed_keypair(public_key->b, secret->b, seed->b);
}

/*
 * libsodium's crypto_box_seal draws its ephemeral key from the system; ours comes from the caller's generator
 * so that traces replay.  Layout and nonce are those of crypto_box_curve25519xchacha20poly1305_seal, which
 * can open it: ephemeral public key (32) || box; nonce = BLAKE2b-192(ephemeral public key || recipient public
 * key).
 */
int
tg_box_seal(struct tg_rng *rng, const struct tg_key *to, const void *data, size_t len, uint8_t *out)
{
	struct tg_secret seed, secret;
	struct tg_key ephemeral;
	uint8_t both[2 * TG_KEY_BYTES], nonce[TG_NONCE_BYTES];
	int rc;

	tg_rng_bytes(rng, seed.b, sizeof seed.b);
	tg_box_keypair(&seed, &ephemeral, &secret);
	memcpy(both, ephemeral.b, TG_KEY_BYTES);
	memcpy(both + TG_KEY_BYTES, to->b, TG_KEY_BYTES);
	crypto_generichash(nonce, sizeof nonce, both, sizeof both, NULL, 0);
	memcpy(out, ephemeral.b, TG_KEY_BYTES);
	rc = crypto_box_curve25519xchacha20poly1305_easy(
	    out + TG_KEY_BYTES, data, len, nonce, to->b, secret.b);
	tg_wipe(&seed, sizeof seed);
	tg_wipe(&secret, sizeof secret);
	return rc == 0 ? TG_OK : TG_EINVAL;
}

int
tg_box_open(const struct tg_key *public_key, const struct tg_secret *secret, const void *data, size_t len,
    uint8_t *out)
{
	if (len < TG_BOX_SEAL_BYTES)
		return TG_EDECRYPT;
	if (crypto_box_curve25519xchacha20poly1305_seal_open(out, data, len, public_key->b, secret->b) != 0) {
		memset(out, 0, len - TG_BOX_SEAL_BYTES);
		return TG_EDECRYPT;
	}
	return TG_OK;
}
