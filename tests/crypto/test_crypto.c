/*
 * The primitives against published vectors, and the promises their callers rest on: domains never meet,
 * nothing altered opens or verifies, and randomness is a function of its seeds.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "hex.h"
#include "suite.h"

static void
setup(void)
{
	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	ck_assert_int_eq(tg_crypto_init(), TG_OK); /* may be called again */
}

/* Made with Python's hashlib.blake2b(digest_size=32, person=...), an implementation of its own. */
START_TEST(hash_is_blake2b_with_the_domain_as_personal)
{
	static uint8_t long_input[1000];
	struct tg_hash h;

	tg_hash(TG_DOMAIN_CHUNK, "", 0, &h);
	ck_assert_hex(h.b, "6a804abb2653c2023c24763d9b54f5f473ff252a125d8ecfcc03ef9a6afe325e");
	tg_hash(TG_DOMAIN_CHUNK, "abc", 3, &h);
	ck_assert_hex(h.b, "04e1db6b8f28c46416fb5833232b395b261e0dc173b22831c442c1fff2f464cd");
	tg_hash(TG_DOMAIN_LEAF, "abc", 3, &h);
	ck_assert_hex(h.b, "12de71494b5a1aace988c8848e50c4e9ba3f6111d2f50f67d0d421f62a4db3cc");
	memset(long_input, 'a', sizeof long_input);
	tg_hash(TG_DOMAIN_SESSION, long_input, sizeof long_input, &h);
	ck_assert_hex(h.b, "a7e60d72215214fc24b45383c7f67ae1514801fa43413e9206417aa6d3152e06");
}
END_TEST

START_TEST(hashing_in_pieces_is_hashing_at_once)
{
	uint8_t data[300];
	struct tg_hash whole, pieces;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	tg_hash(TG_DOMAIN_NODE, data, sizeof data, &whole);
	for (size_t cut = 0; cut <= sizeof data; cut += 7) {
		struct tg_hasher h;

		tg_hash_init(&h, TG_DOMAIN_NODE);
		tg_hash_update(&h, data, cut);
		tg_hash_update(&h, NULL, 0);
		tg_hash_update(&h, data + cut, sizeof data - cut);
		tg_hash_final(&h, &pieces);
		ck_assert_int_eq(tg_hash_cmp(&whole, &pieces), 0);
	}
}
END_TEST

START_TEST(no_two_domains_share_a_hash)
{
	struct tg_hash h[TG_DOMAIN_COUNT];

	for (int i = 0; i < TG_DOMAIN_COUNT; i++) {
		tg_hash((enum tg_domain)i, "x", 1, &h[i]);
		for (int k = 0; k < i; k++)
			ck_assert_int_ne(tg_hash_cmp(&h[i], &h[k]), 0);
	}
}
END_TEST

START_TEST(key_pairs_are_those_of_rfc_8032)
{
	static const char *const vectors[][2] = {
	    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
	    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"},
	    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"},
	};

	for (int i = 0; i < 3; i++) {
		struct tg_secret seed;
		struct tg_keypair pair;

		hex(vectors[i][0], seed.b, sizeof seed.b);
		tg_keypair_from_seed(&seed, &pair);
		ck_assert_hex(pair.public_key.b, vectors[i][1]);
	}
}
END_TEST

/* The signature of the bytes 0 .. 31 by the first key of RFC 8032, made with OpenSSL. */
START_TEST(signatures_are_ed25519_and_any_change_is_seen)
{
	struct tg_secret seed;
	struct tg_keypair pair, other;
	struct tg_hash digest;
	struct tg_sig sig;

	hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", seed.b, sizeof seed.b);
	tg_keypair_from_seed(&seed, &pair);
	seed.b[0] ^= 1;
	tg_keypair_from_seed(&seed, &other);
	for (int i = 0; i < 32; i++)
		digest.b[i] = (uint8_t)i;
	tg_sign(&pair, &digest, &sig);
	ck_assert_hex(sig.b, "00c1db988bb12fd7351a6054ae3fac90fab7e4fc56b1651c7181f5f55f896f66"
			     "3933d3a90605d9058e9d0ac45950ee2d3c9c9b14857415587179fe0ccac35f09");
	ck_assert_int_eq(tg_verify(&pair.public_key, &digest, &sig), TG_OK);
	ck_assert_int_eq(tg_verify(&other.public_key, &digest, &sig), TG_ESIGNATURE);
	for (size_t bit = 0; bit < 8 * sizeof sig.b; bit++) {
		sig.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(tg_verify(&pair.public_key, &digest, &sig), TG_ESIGNATURE);
		sig.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof digest.b; bit++) {
		digest.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(tg_verify(&pair.public_key, &digest, &sig), TG_ESIGNATURE);
		digest.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(&other.public_key, 0, sizeof other.public_key); /* a point of low order */
	ck_assert_int_eq(tg_verify(&other.public_key, &digest, &sig), TG_ESIGNATURE);
}
END_TEST

START_TEST(seal_is_xchacha20_poly1305)
{
	/* draft-irtf-cfrg-xchacha-03, appendix A.3.1 */
	static const char text[] =
	    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
	    "the future, sunscreen would be it.";
	struct tg_secret key;
	uint8_t nonce[TG_NONCE_BYTES], aad[12], out[sizeof text - 1 + TG_TAG_BYTES], back[sizeof text];

	for (int i = 0; i < 32; i++)
		key.b[i] = (uint8_t)(0x80 + i);
	for (int i = 0; i < TG_NONCE_BYTES; i++)
		nonce[i] = (uint8_t)(0x40 + i);
	hex("50515253c0c1c2c3c4c5c6c7", aad, sizeof aad);
	tg_seal(&key, nonce, aad, sizeof aad, text, sizeof text - 1, out);
	ck_assert_hex(out, "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
			   "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
			   "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
			   "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
	ck_assert_int_eq(tg_open(&key, nonce, aad, sizeof aad, out, sizeof out, back), TG_OK);
	ck_assert_mem_eq(back, text, sizeof text - 1);
}
END_TEST

START_TEST(what_was_touched_does_not_open_and_leaves_nothing)
{
	struct tg_secret key = {{1}}, other = {{2}};
	uint8_t nonce[TG_NONCE_BYTES] = {3}, sealed[20 + TG_TAG_BYTES], out[20], zero[20] = {0};

	tg_seal(&key, nonce, "aad", 3, "twenty bytes of text", 20, sealed);
	for (size_t i = 0; i < sizeof sealed; i++) {
		memset(out, 7, sizeof out);
		sealed[i] ^= 0x10;
		ck_assert_int_eq(tg_open(&key, nonce, "aad", 3, sealed, sizeof sealed, out), TG_EDECRYPT);
		ck_assert_mem_eq(out, zero, sizeof out);
		sealed[i] ^= 0x10;
	}
	ck_assert_int_eq(tg_open(&key, nonce, "aae", 3, sealed, sizeof sealed, out), TG_EDECRYPT);
	ck_assert_int_eq(tg_open(&key, nonce, "aa", 2, sealed, sizeof sealed, out), TG_EDECRYPT);
	ck_assert_int_eq(tg_open(&other, nonce, "aad", 3, sealed, sizeof sealed, out), TG_EDECRYPT);
	for (size_t n = 0; n < sizeof sealed; n++)
		ck_assert_int_eq(tg_open(&key, nonce, "aad", 3, sealed, n, out), TG_EDECRYPT);
	nonce[0]++;
	ck_assert_int_eq(tg_open(&key, nonce, "aad", 3, sealed, sizeof sealed, out), TG_EDECRYPT);
	nonce[0]--;
	ck_assert_int_eq(tg_open(&key, nonce, "aad", 3, sealed, sizeof sealed, out), TG_OK);
	ck_assert_mem_eq(out, "twenty bytes of text", 20);
}
END_TEST

/* Again from hashlib: blake2b(key=0..31, person="tg/kdf"). */
START_TEST(derived_keys_depend_on_key_label_and_context)
{
	struct tg_secret key, a, b;
	uint8_t context[32];

	for (int i = 0; i < 32; i++)
		key.b[i] = (uint8_t)i;
	memset(context, 7, sizeof context);
	tg_derive(&key, "write-key", NULL, 0, &a);
	ck_assert_hex(a.b, "40b3981fe58a74fa0e555ad5e00a263f94f17770d34ff6af3ff37c008edb09e6");
	tg_derive(&key, "chunk-seal", context, sizeof context, &b);
	ck_assert_hex(b.b, "bfddb310de15bf4270b977b9d07bf719f2b055cfd773094edad35e2cb6046bd1");
	ck_assert_int_eq(tg_secret_equal(&a, &b), 0);
	/* A label and a context that only together spell another label are not that label. */
	tg_derive(&key, "write", "-key", 4, &b);
	ck_assert_int_eq(tg_secret_equal(&a, &b), 0);
	for (int bit = 0; bit < 256; bit++) {
		key.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		tg_derive(&key, "write-key", NULL, 0, &b);
		ck_assert_int_eq(tg_secret_equal(&a, &b), 0);
		key.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	tg_derive(&key, "write-key", NULL, 0, &b);
	ck_assert_int_eq(tg_secret_equal(&a, &b), 1);
}
END_TEST

START_TEST(boxes_open_for_their_key_only_and_libsodium_opens_them)
{
	struct tg_secret seed = {{1}}, secret, other_secret;
	struct tg_key key, other, low_order = {{0}};
	struct tg_rng rng = {{{5}}};
	uint8_t box[5 + TG_BOX_SEAL_BYTES], out[5];

	tg_box_keypair(&seed, &key, &secret);
	seed.b[0]++;
	tg_box_keypair(&seed, &other, &other_secret);
	ck_assert_int_eq(tg_box_seal(&rng, &key, "hello", 5, box), TG_OK);
	ck_assert_int_eq(tg_box_open(&key, &secret, box, sizeof box, out), TG_OK);
	ck_assert_mem_eq(out, "hello", 5);
	memset(out, 0, sizeof out);
	ck_assert_int_eq(
	    crypto_box_curve25519xchacha20poly1305_seal_open(out, box, sizeof box, key.b, secret.b), 0);
	ck_assert_mem_eq(out, "hello", 5);
	ck_assert_int_eq(tg_box_open(&other, &other_secret, box, sizeof box, out), TG_EDECRYPT);
	for (size_t i = 0; i < sizeof box; i++) {
		box[i] ^= 1;
		ck_assert_int_eq(tg_box_open(&key, &secret, box, sizeof box, out), TG_EDECRYPT);
		ck_assert_mem_eq(out, "\0\0\0\0\0", 5);
		box[i] ^= 1;
	}
	for (size_t n = 0; n < TG_BOX_SEAL_BYTES; n++)
		ck_assert_int_eq(tg_box_open(&key, &secret, box, n, out), TG_EDECRYPT);
	ck_assert_int_eq(tg_box_seal(&rng, &low_order, "hello", 5, box), TG_EINVAL);
}
END_TEST

START_TEST(the_generator_is_chacha20_with_its_key_erased)
{
	struct tg_rng rng = {{{0}}};
	uint8_t out[64];

	/* RFC 8439 appendix A.1: vector 2 is block 1 of the zero key; vector 1 begins with what is the next
	 * key. */
	tg_rng_bytes(&rng, out, sizeof out);
	ck_assert_hex(out, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
			   "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
	ck_assert_hex(rng.key.b, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
}
END_TEST

START_TEST(the_same_seeds_give_the_same_bytes_and_others_do_not)
{
	struct tg_secret s1 = {{1}}, s2 = {{2}};
	struct tg_rng a = {{{0}}}, b = {{{0}}}, c = {{{0}}};
	uint8_t x[100], y[100], z[100];

	tg_rng_seed(&a, &s1);
	tg_rng_seed(&b, &s1);
	tg_rng_seed(&c, &s2);
	for (int i = 0; i < 50; i++) {
		tg_rng_bytes(&a, x, sizeof x);
		tg_rng_bytes(&b, y, sizeof y);
		tg_rng_bytes(&c, z, sizeof z);
		ck_assert_mem_eq(x, y, sizeof x);
		ck_assert_mem_ne(x, z, sizeof x);
	}
	/* A second seed is mixed in, it does not replace. */
	tg_rng_seed(&a, &s2);
	tg_rng_bytes(&a, x, sizeof x);
	tg_rng_bytes(&c, z, sizeof z);
	ck_assert_mem_ne(x, z, sizeof x);
}
END_TEST

START_TEST(numbers_below_a_bound_are_spread_evenly)
{
	struct tg_rng rng = {{{9}}};
	unsigned seen[7] = {0};

	for (int i = 0; i < 70000; i++)
		seen[tg_rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		ck_assert_msg(seen[i] > 9500 && seen[i] < 10500, "%d came %u times", i, seen[i]);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(tg_rng_below(&rng, 1), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_lt(tg_rng_below(&rng, UINT32_MAX), UINT32_MAX);
}
END_TEST

START_TEST(wiping_wipes)
{
	uint8_t secret[40];

	memset(secret, 1, sizeof secret);
	tg_wipe(secret, 39);
	for (int i = 0; i < 39; i++)
		ck_assert_uint_eq(secret[i], 0);
	ck_assert_uint_eq(secret[39], 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crypto");
	TCase *tc = tcase_create("crypto");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, hash_is_blake2b_with_the_domain_as_personal);
	tcase_add_test(tc, hashing_in_pieces_is_hashing_at_once);
	tcase_add_test(tc, no_two_domains_share_a_hash);
	tcase_add_test(tc, key_pairs_are_those_of_rfc_8032);
	tcase_add_test(tc, signatures_are_ed25519_and_any_change_is_seen);
	tcase_add_test(tc, seal_is_xchacha20_poly1305);
	tcase_add_test(tc, what_was_touched_does_not_open_and_leaves_nothing);
	tcase_add_test(tc, derived_keys_depend_on_key_label_and_context);
	tcase_add_test(tc, boxes_open_for_their_key_only_and_libsodium_opens_them);
	tcase_add_test(tc, the_generator_is_chacha20_with_its_key_erased);
	tcase_add_test(tc, the_same_seeds_give_the_same_bytes_and_others_do_not);
	tcase_add_test(tc, numbers_below_a_bound_are_spread_evenly);
	tcase_add_test(tc, wiping_wipes);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
