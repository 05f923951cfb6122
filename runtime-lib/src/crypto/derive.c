#include <assert.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>

void
tg_derive(const struct tg_secret *key, const char *label, const void *context, size_t context_len,
    struct tg_secret *out)
{
	static const uint8_t personal[TG_DOMAIN_BYTES] = "tg/kdf";
	crypto_generichash_blake2b_state st;
	size_t len = strlen(label);
	uint8_t len_byte = (uint8_t)len;

	assert(len <= 32); /* labels are literals of ours */
	crypto_generichash_blake2b_init_salt_personal(
	    &st, key->b, sizeof key->b, sizeof out->b, NULL, personal);
	crypto_generichash_blake2b_update(&st, &len_byte, 1);
	crypto_generichash_blake2b_update(&st, (const uint8_t *)label, len);
	if (context_len)
		crypto_generichash_blake2b_update(&st, context, context_len);
	crypto_generichash_blake2b_final(&st, out->b, sizeof out->b);
	tg_wipe(&st, sizeof st);
}
