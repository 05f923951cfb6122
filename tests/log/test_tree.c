/*
 * The tree against RFC 9162's own recursive definition, which is too simple to be wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "log/tree.h"
#include "suite.h"

#define SMALL 70
#define LARGE 3000

static struct tg_hash leaves[LARGE];

static void
naive_root(uint64_t from, uint64_t to, struct tg_hash *out)
{
	struct tg_hash left, right;
	uint64_t k = 1;

	if (to - from == 1) {
		*out = leaves[from];
		return;
	}
	while (2 * k < to - from)
		k *= 2;
	naive_root(from, from + k, &left);
	naive_root(from + k, to, &right);
	tg_tree_node(&left, &right, out);
}

/* Section 5.5 of the protocol, as it is written there. */
static void
naive_proof(uint64_t from, uint64_t to, uint64_t s, uint64_t e, struct tg_hash *out, unsigned *n)
{
	uint64_t k = 1;

	if (to <= s || from >= e) {
		naive_root(from, to, &out[(*n)++]);
		return;
	}
	if (to - from == 1)
		return;
	while (2 * k < to - from)
		k *= 2;
	naive_proof(from, from + k, s, e, out, n);
	naive_proof(from + k, to, s, e, out, n);
}

/* Nodes as storage holds them: by the entry that completes them. */
static uint8_t stored[LARGE][TG_TREE_LEVELS][TG_HASH_BYTES];

static int
stored_node(void *ctx, unsigned level, uint64_t index, struct tg_hash *out)
{
	uint64_t seq = ((index + 1) << level) - 1, *limit = ctx;

	ck_assert_uint_lt(seq, *limit);
	ck_assert_uint_lt(level, tg_tree_completed(seq));
	memcpy(out->b, stored[seq][level], TG_HASH_BYTES);
	return TG_OK;
}

/* What a receiver does: peaks on the left, leaves, right part. */
static int
verifies(uint64_t n, uint64_t s, uint64_t e, const struct tg_hash *proof, const struct tg_hash *run,
    const struct tg_hash *root)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS], got;

	memcpy(peaks, proof, tg_tree_peaks(s) * sizeof *peaks);
	for (uint64_t i = s; i < e; i++)
		tg_tree_append(peaks, i, &run[i - s], scratch);
	tg_tree_root_of(peaks, e, n, proof + tg_tree_peaks(s), &got);
	return tg_hash_cmp(&got, root) == 0;
}

static void
check_range(uint64_t n, uint64_t s, uint64_t e)
{
	struct tg_tree_source src = {stored_node, &n};
	struct tg_hash want[2 * TG_TREE_LEVELS], got[2 * TG_TREE_LEVELS], root;
	unsigned want_n = 0, got_n;

	naive_proof(0, n, s, e, want, &want_n);
	naive_root(0, n, &root);
	ck_assert_int_eq(tg_tree_prove(&src, n, s, e, got, &got_n), TG_OK);
	ck_assert_uint_eq(got_n, want_n);
	ck_assert_int_eq(memcmp(got, want, want_n * sizeof *want), 0);
	ck_assert_msg(verifies(n, s, e, got, leaves + s, &root), "n %d s %d e %d", (int)n, (int)s, (int)e);
}

static void
setup(void)
{
	struct tg_hash peaks[TG_TREE_LEVELS];

	tg_crypto_init();
	for (uint32_t i = 0; i < LARGE; i++) {
		tg_hash(TG_DOMAIN_LEAF, &i, sizeof i, &leaves[i]);
		tg_tree_append(peaks, i, &leaves[i], stored[i][0]);
	}
}

START_TEST(roots_match_the_definition_at_every_length)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS], want, got;

	for (uint64_t n = 1; n <= LARGE; n++) {
		tg_tree_append(peaks, n - 1, &leaves[n - 1], scratch);
		if (n > 300 && n % 97)
			continue;
		naive_root(0, n, &want);
		tg_tree_root(peaks, n, &got);
		ck_assert_int_eq(tg_hash_cmp(&want, &got), 0);
	}
}
END_TEST

START_TEST(stored_nodes_give_the_peaks_of_every_length)
{
	uint8_t scratch[TG_TREE_LEVELS * TG_HASH_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS], loaded[TG_TREE_LEVELS];

	for (uint64_t n = 1; n <= LARGE; n++) {
		struct tg_tree_source src = {stored_node, &n};

		tg_tree_append(peaks, n - 1, &leaves[n - 1], scratch);
		ck_assert_int_eq(tg_tree_load_peaks(&src, n, loaded), TG_OK);
		ck_assert_int_eq(memcmp(peaks, loaded, tg_tree_peaks(n) * sizeof *peaks), 0);
	}
}
END_TEST

START_TEST(every_small_range_proof_is_the_defined_one_and_verifies)
{
	for (uint64_t n = 1; n <= SMALL; n++)
		for (uint64_t s = 0; s < n; s++)
			for (uint64_t e = s + 1; e <= n; e++)
				check_range(n, s, e);
}
END_TEST

START_TEST(random_large_range_proofs_are_right)
{
	srand(7);
	for (int i = 0; i < 300; i++) {
		uint64_t n = 1 + (uint64_t)rand() % LARGE, s = (uint64_t)rand() % n;

		check_range(n, s, s + 1 + (uint64_t)rand() % (n - s));
	}
}
END_TEST

START_TEST(every_flipped_bit_of_proof_or_leaf_is_refused)
{
	static const uint64_t cases[][3] = {{1, 0, 1}, {7, 2, 5}, {8, 0, 3}, {13, 6, 7}, {21, 5, 21}};
	struct tg_hash proof[2 * TG_TREE_LEVELS], root;

	for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
		uint64_t n = cases[c][0], s = cases[c][1], e = cases[c][2];
		unsigned count = 0;

		naive_root(0, n, &root);
		naive_proof(0, n, s, e, proof, &count);
		for (size_t bit = 0; bit < count * sizeof *proof * 8; bit++) {
			((uint8_t *)proof)[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert(!verifies(n, s, e, proof, leaves + s, &root));
			((uint8_t *)proof)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t bit = 0; bit < (e - s) * sizeof *leaves * 8; bit++) {
			uint8_t *at = (uint8_t *)(leaves + s) + bit / 8;

			*at ^= (uint8_t)(1 << bit % 8);
			ck_assert(!verifies(n, s, e, proof, leaves + s, &root));
			*at ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert(verifies(n, s, e, proof, leaves + s, &root));
	}
}
END_TEST

START_TEST(a_proof_reads_a_logarithmic_number_of_records)
{
	struct tg_span spans[TG_TREE_LEVELS];
	uint64_t n = TG_TREE_LEAVES_MAX - 1;

	/* Left and right together, at the largest length there may be. */
	ck_assert_uint_le(tg_tree_peaks(n / 3) + tg_tree_right(n, n / 3 + 1, spans), 128);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("tree");

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, roots_match_the_definition_at_every_length);
	tcase_add_test(t, stored_nodes_give_the_peaks_of_every_length);
	tcase_add_test(t, every_small_range_proof_is_the_defined_one_and_verifies);
	tcase_add_test(t, random_large_range_proofs_are_right);
	tcase_add_test(t, every_flipped_bit_of_proof_or_leaf_is_refused);
	tcase_add_test(t, a_proof_reads_a_logarithmic_number_of_records);
	suite_add_tcase(s, t);
	return suite_run(s);
}
