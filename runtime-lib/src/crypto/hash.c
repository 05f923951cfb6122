#include <assert.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

_Static_assert(sizeof(crypto_generichash_blake2b_state) <= sizeof(struct tg_hasher), "hasher too small");
_Static_assert(TG_DOMAIN_BYTES == crypto_generichash_blake2b_PERSONALBYTES, "personal field");
_Static_assert(TG_SIG_BYTES == crypto_sign_BYTES, "signature size");

/* Zero-padded to the personal field's 16 bytes by the initialiser. */
static const uint8_t domains[TG_DOMAIN_COUNT][TG_DOMAIN_BYTES] = {
#define X(name, text) [name] = text,
    TG_DOMAIN_MAP(X)
#undef X
};

int
tg_crypto_init(void)
{
	return sodium_init() < 0 ? TG_EIO : TG_OK;
}

void
tg_hash_init(struct tg_hasher *hasher, enum tg_domain domain)
{
	crypto_generichash_blake2b_init_salt_personal(
	    (crypto_generichash_blake2b_state *)(void *)hasher->state, NULL, 0, TG_HASH_BYTES, NULL,
	    domains[domain]);
}

void
tg_hash_update(struct tg_hasher *hasher, const void *data, size_t len)
{
	if (len)
		crypto_generichash_blake2b_update(
		    (crypto_generichash_blake2b_state *)(void *)hasher->state, data, len);
}

void
tg_hash_final(struct tg_hasher *hasher, struct tg_hash *out)
{
	crypto_generichash_blake2b_final(
	    (crypto_generichash_blake2b_state *)(void *)hasher->state, out->b, sizeof out->b);
}

void
tg_hash(enum tg_domain domain, const void *data, size_t len, struct tg_hash *out)
{
	crypto_generichash_blake2b_salt_personal(
	    out->b, sizeof out->b, data, len, NULL, 0, NULL, domains[domain]);
}

int
tg_hash_cmp(const struct tg_hash *a, const struct tg_hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

int
tg_key_cmp(const struct tg_key *a, const struct tg_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

int
tg_secret_equal(const struct tg_secret *a, const struct tg_secret *b)
{
	return sodium_memcmp(a->b, b->b, sizeof a->b) == 0;
}

void
tg_wipe(void *data, size_t len)
{
	sodium_memzero(data, len);
}
