/*
 * Logs held, extended, replicated, forked: one or two people, their stores, and runs between them.
 */
#define _GNU_SOURCE /* memmem */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "log/entry.h"
#include "log/fixture.h"
#include "log/tree.h"
#include "suite.h"

static struct person alice, bob, replica;
static struct store sa, sb;
static struct tg_log a, b;
static struct tg_receipt receipt;

static void
setup(void)
{
	tg_crypto_init();
	person_init(&alice, TG_MODE_EDIT, 1, 1);
	person_init(&bob, TG_MODE_VIEW, 1, 2);
	person_init(&replica, TG_MODE_REPLICA, 1, 3);
	store_init(&sa, &alice.access.grid);
	store_init(&sb, &alice.access.grid);
	make_log(&a, &alice, 1, &sa);
	tg_log_init(&b, &bob.access, &a.key);
}

static void
teardown(void)
{
	tg_log_close(&a);
	tg_log_close(&b);
	store_free(&sa);
	store_free(&sb);
	person_free(&alice);
	person_free(&bob);
	person_free(&replica);
}

/* Bob's copy of alice's log, from her store, in runs of at most ${step}. */
static int
catch_up(uint64_t step)
{
	int rc = TG_OK;

	while (rc == TG_OK && b.length < a.head.length)
		rc = send_run(&a, &sa, b.length, b.length + step, &b, &bob, &sb, 0, &receipt, NULL);
	return rc;
}

/* As after a restart: from the `h` record alone. */
static void
reopen(struct tg_log *log, struct person *p, struct store *s)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_key log_key = log->key;
	struct tg_bytes value = store_get(s, key, tg_storage_key_head(&p->access.grid, &log_key, key));

	tg_log_close(log);
	ck_assert(value.data != NULL);
	ck_assert_int_eq(tg_log_open(log, &p->access, &log_key, value.data, value.len), TG_OK);
}

static void
reopen_own(struct tg_log *log, struct person *p, struct store *s, uint64_t n)
{
	struct tg_secret seed;

	reopen(log, p, s);
	secret_of("test-log", n, &seed);
	ck_assert_int_eq(tg_log_own(log, &seed), TG_OK);
}

static void
assert_same_log(void)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];

	ck_assert_uint_eq(a.length, b.length);
	ck_assert_int_eq(memcmp(&a.head, &b.head, sizeof a.head), 0);
	ck_assert_ptr_null(b.far);
	for (uint64_t seq = 0; seq < a.length; seq++) {
		size_t n = tg_storage_key_entry(&a.grid, &a.key, seq, key);
		struct tg_bytes x = store_get(&sa, key, n), y = store_get(&sb, key, n);

		ck_assert_uint_eq(x.len, y.len);
		ck_assert_int_eq(memcmp(x.data, y.data, x.len), 0);
	}
}

START_TEST(a_new_log_has_a_certificate_that_everybody_checks_and_a_head)
{
	ck_assert_uint_eq(a.length, 1);
	ck_assert_uint_eq(a.head.length, 1);
	ck_assert_int_eq(tg_head_verify(&a.head), TG_OK);
	ck_assert_int_eq(catch_up(1), TG_OK);
	assert_same_log();
}
END_TEST

START_TEST(a_replica_of_any_log_is_byte_for_byte_the_same_at_any_step)
{
	add_entries(&a, &alice, &sa, 99, 40);
	for (uint64_t step = 1; step <= 130; step += 13) {
		tg_log_close(&b);
		tg_log_init(&b, &bob.access, &a.key);
		store_free(&sb);
		store_init(&sb, &a.grid);
		ck_assert_int_eq(catch_up(step), TG_OK);
		assert_same_log();
	}
}
END_TEST

START_TEST(appended_text_comes_out_as_it_went_in_and_not_at_a_replica)
{
	static const uint8_t body[] = "the body", text[] = "some text";
	struct tg_draft d = {TG_CLASS_CONTENT, {body, sizeof body}, {text, sizeof text}};
	struct tg_draft record = {TG_CLASS_RECORD, {body, sizeof body}, {NULL, 0}};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_ops ops = {0};
	struct tg_buf plain = {0};
	struct tg_bytes value, raw;
	struct tg_entry e;
	size_t body_len;

	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &record, 1, &alice.rng, &fetch, &ops), TG_OK);
	store_apply(&sa, &ops);
	tg_ops_free(&ops);
	for (uint64_t seq = 1; seq <= 2; seq++) {
		value = store_get(&sa, key, tg_storage_key_entry(&a.grid, &a.key, seq, key));
		ck_assert_int_eq(tg_stored_entry(value.data, value.len, &raw), TG_OK);
		ck_assert_int_eq(tg_entry_decode(raw.data, raw.len, &e), TG_OK);
		ck_assert_ptr_null(memmem(raw.data, raw.len, "some", 4));
		ck_assert_ptr_null(memmem(raw.data, raw.len, "body", 4));
		ck_assert_int_eq(tg_entry_open(&bob.access, &a.key, seq, &e, &plain, &body_len), TG_OK);
		ck_assert_uint_eq(body_len, sizeof body);
		ck_assert_uint_eq(plain.len, sizeof body + (seq == 1 ? sizeof text : 0));
		ck_assert_int_eq(memcmp(plain.data, body, sizeof body), 0);
		if (seq == 1)
			ck_assert_int_eq(memcmp(plain.data + sizeof body, text, sizeof text), 0);
		tg_buf_reset(&plain);
		ck_assert_int_eq(tg_entry_open(&replica.access, &a.key, seq, &e, &plain, &body_len),
		    seq == 1 ? TG_EPERM : TG_OK);
		tg_buf_reset(&plain);
		/* An entry is bound to its place. */
		ck_assert_int_eq(
		    tg_entry_open(&bob.access, &a.key, seq + 1, &e, &plain, &body_len), TG_EDECRYPT);
		ck_assert_uint_eq(plain.len, 0);
	}
	tg_buf_free(&plain);
}
END_TEST

/*
 * A short secret was typed and expunged.  Somebody who holds the keys and all that is left guesses it: the
 * right guess sealed anew gives the bytes that were there, but for the salt, and so says nothing.
 */
START_TEST(the_hash_left_of_an_expunged_text_does_not_tell_a_right_guess)
{
	static const uint8_t body[] = "the body", secret[] = "1234";
	struct tg_draft d = {TG_CLASS_CONTENT, {body, sizeof body}, {secret, sizeof secret}};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], aad[TG_ENTRY_AAD_MAX], guess[sizeof secret + TG_TAG_BYTES];
	uint8_t salted[TG_TEXT_SALT_BYTES + sizeof guess] = {0};
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_hash kept, leaf, after, other;
	struct tg_entry_header header;
	struct tg_ops ops = {0};
	struct tg_buf plain = {0};
	struct tg_bytes value, raw;
	struct tg_entry e;
	size_t body_len, aad_len;

	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	store_apply(&sa, &ops);
	tg_ops_free(&ops);
	value = store_get(&sa, key, tg_storage_key_entry(&a.grid, &a.key, 1, key));
	ck_assert_int_eq(tg_stored_entry(value.data, value.len, &raw), TG_OK);
	ck_assert_int_eq(tg_entry_decode(raw.data, raw.len, &e), TG_OK);
	tg_entry_leaf(&e, &leaf);
	tg_hash(TG_DOMAIN_TEXT, e.text.data, e.text.len, &kept);

	ck_assert_int_eq(tg_entry_header_decode(e.header.data, e.header.len, &header), TG_OK);
	aad_len = tg_entry_aad(&a.key, 1, e.header.data, e.header.len, aad);
	tg_seal(&bob.access.text, header.nonce, aad, aad_len, secret, sizeof secret, guess);
	ck_assert_uint_eq(e.text.len, TG_TEXT_SALT_BYTES + sizeof guess);
	ck_assert_mem_eq(e.text.data + TG_TEXT_SALT_BYTES, guess, sizeof guess);
	tg_hash(TG_DOMAIN_TEXT, guess, sizeof guess, &other);
	ck_assert_int_ne(tg_hash_cmp(&kept, &other), 0);
	memcpy(salted + TG_TEXT_SALT_BYTES, guess, sizeof guess);
	tg_hash(TG_DOMAIN_TEXT, salted, sizeof salted, &other);
	ck_assert_int_ne(tg_hash_cmp(&kept, &other), 0);

	e.text = (struct tg_bytes){kept.b, sizeof kept.b};
	e.expunged = 1;
	tg_entry_leaf(&e, &after);
	ck_assert_int_eq(tg_hash_cmp(&leaf, &after), 0);
	ck_assert_int_eq(tg_entry_open(&bob.access, &a.key, 1, &e, &plain, &body_len), TG_OK);
	ck_assert_uint_eq(plain.len, sizeof body);
	tg_buf_free(&plain);
}
END_TEST

START_TEST(a_batch_gives_the_same_tree_as_single_entries)
{
	static const uint8_t body[] = "b";
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_draft d[300];
	struct tg_ops ops = {0};

	for (size_t i = 0; i < 300; i++)
		d[i] = (struct tg_draft){TG_CLASS_CONTENT, {body, 1}, {NULL, 0}};
	ck_assert_int_eq(tg_log_append(&a, &alice.access, d, 300, &alice.rng, &fetch, &ops), TG_OK);
	store_apply(&sa, &ops);
	tg_ops_free(&ops);
	ck_assert_uint_eq(a.length, 301);
	ck_assert_int_eq(catch_up(256), TG_OK);
	assert_same_log();
}
END_TEST

START_TEST(a_reopened_log_goes_on_where_it_was)
{
	add_entries(&a, &alice, &sa, 20, 10);
	reopen_own(&a, &alice, &sa, 1);
	ck_assert_int_eq(a.unchecked, 1);
	add_entries(&a, &alice, &sa, 20, 10);
	ck_assert_uint_eq(a.length, 41);
	ck_assert_int_eq(catch_up(7), TG_OK);
	reopen(&b, &bob, &sb);
	add_entries(&a, &alice, &sa, 5, 10);
	ck_assert_int_eq(catch_up(2), TG_OK);
	assert_same_log();
}
END_TEST

START_TEST(a_reopened_log_asks_for_all_it_needs_at_once)
{
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_buf out = {0};
	uint64_t end;
	int rounds = 0, rc;

	add_entries(&a, &alice, &sa, 62, 10); /* 63 entries: as many peaks as can be */
	reopen_own(&a, &alice, &sa, 1);
	store_forget(&sa);
	ck_assert_int_eq(tg_log_load(&a, &fetch), TG_ENOTFOUND);
	ck_assert_uint_eq(sa.missed, 6);
	ck_assert_int_eq(tg_log_load(&a, &fetch), TG_OK);
	store_forget(&sa);
	while ((rc = tg_log_run(&a, 20, 30, TG_DATA_MAX_BYTES, &fetch, &out, &end)) == TG_ENOTFOUND)
		ck_assert_int_lt(++rounds, 4);
	ck_assert_int_eq(rc, TG_OK);
	ck_assert_uint_eq(end, 30);
	tg_buf_free(&out);
}
END_TEST

START_TEST(stored_bytes_that_rotted_are_noticed)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], bad[4096];
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_bytes value;
	struct tg_buf out = {0};
	uint64_t end;
	size_t n;

	add_entries(&a, &alice, &sa, 7, 10);
	n = tg_storage_key_entry(&a.grid, &a.key, 7, key);
	value = store_get(&sa, key, n);
	memcpy(bad, value.data, value.len);
	bad[value.len - 8] ^= 1; /* the entry: found when it is served */
	store_put(&sa, (struct tg_bytes){key, n}, (struct tg_bytes){bad, value.len});
	ck_assert_int_eq(tg_log_run(&a, 0, 0, 100000, &fetch, &out, &end), TG_EHASH);
	bad[value.len - 8] ^= 1;
	bad[1 + 3 * 32] ^= 1; /* the root: found when the log is loaded */
	store_put(&sa, (struct tg_bytes){key, n}, (struct tg_bytes){bad, value.len});
	reopen_own(&a, &alice, &sa, 1);
	ck_assert_int_eq(tg_log_load(&a, &fetch), TG_EHASH);
	tg_buf_free(&out);
}
END_TEST

START_TEST(the_same_run_again_is_known_and_older_heads_too)
{
	struct tg_log old;
	struct store so;

	store_init(&so, &a.grid);
	tg_log_init(&old, &bob.access, &a.key);
	add_entries(&a, &alice, &sa, 4, 10);
	ck_assert_int_eq(catch_up(100), TG_OK);
	ck_assert_int_eq(send_run(&a, &sa, 0, 0, &old, &bob, &so, 0, &receipt, NULL), TG_OK);
	ck_assert_int_eq(send_run(&a, &sa, 2, 4, &b, &bob, &sb, 0, &receipt, NULL), TG_EEXISTS);
	add_entries(&a, &alice, &sa, 9, 10);
	ck_assert_int_eq(catch_up(100), TG_OK);
	ck_assert_int_eq(send_run(&old, &so, 0, 0, &b, &bob, &sb, 0, &receipt, NULL), TG_EEXISTS);
	ck_assert_int_eq(send_run(&old, &so, 4, 5, &b, &bob, &sb, 0, &receipt, NULL), TG_EEXISTS);
	assert_same_log();
	tg_log_close(&old);
	store_free(&so);
}
END_TEST

START_TEST(a_gap_says_what_is_missing)
{
	add_entries(&a, &alice, &sa, 9, 10);
	ck_assert_int_eq(send_run(&a, &sa, 4, 6, &b, &bob, &sb, 0, &receipt, NULL), TG_EGAP);
	ck_assert_uint_eq(receipt.need_from, 0);
	ck_assert_uint_eq(receipt.need_to, 4);
	/* Not even sparsely: no log without its certificate. */
	ck_assert_int_eq(send_run(&a, &sa, 4, 6, &b, &bob, &sb, TG_RECEIVE_SPARSE, &receipt, NULL), TG_EGAP);
	ck_assert_uint_eq(b.length, 0);
	ck_assert_uint_eq(sb.count, 0);
}
END_TEST

START_TEST(sparse_runs_are_held_and_gaps_close_in_any_order)
{
	static const int orders[4][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
	uint64_t from, to;

	add_entries(&a, &alice, &sa, 49, 30);
	for (int o = 0; o < 4; o++) {
		tg_log_close(&b);
		tg_log_init(&b, &bob.access, &a.key);
		store_free(&sb);
		store_init(&sb, &a.grid);
		ck_assert_int_eq(send_run(&a, &sa, 0, 10, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
		for (int i = 0; i < 4; i++) {
			uint64_t at = 10 + 10 * (uint64_t)orders[o][i];

			ck_assert_int_eq(
			    send_run(&a, &sa, at, at + 10, &b, &bob, &sb, TG_RECEIVE_SPARSE, &receipt, NULL),
			    TG_OK);
			if (o == 1 && i == 0) {
				ck_assert_int_eq(tg_log_missing(&b, 0, 50, &from, &to), 1);
				ck_assert_uint_eq(from, 10);
				ck_assert_uint_eq(to, 40);
				ck_assert_int_eq(tg_log_missing(&b, 1, 50, &from, &to), 0);
				ck_assert_int_eq(send_run(&a, &sa, 42, 45, &b, &bob, &sb, TG_RECEIVE_SPARSE,
						     &receipt, NULL),
				    TG_EEXISTS);
				ck_assert_int_eq(send_run(&a, &sa, 35, 45, &b, &bob, &sb, TG_RECEIVE_SPARSE,
						     &receipt, NULL),
				    TG_EGAP);
			}
		}
		assert_same_log();
		ck_assert_uint_eq(b.ranges_count, 0);
	}
}
END_TEST

START_TEST(while_catching_up_only_what_a_head_covers_is_served_and_a_restart_goes_on)
{
	struct tg_fetch fetch = store_fetch(&sb);
	struct tg_buf out = {0};
	uint64_t end;

	add_entries(&a, &alice, &sa, 9, 10);
	ck_assert_int_eq(catch_up(100), TG_OK);
	add_entries(&a, &alice, &sa, 10, 10);
	ck_assert_int_eq(send_run(&a, &sa, 10, 14, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
	ck_assert_uint_eq(b.length, 14);
	ck_assert_uint_eq(b.head.length, 10);
	ck_assert_ptr_nonnull(b.far);
	ck_assert_int_eq(tg_log_run(&b, 5, 0, 100000, &fetch, &out, &end), TG_OK);
	ck_assert_uint_eq(end, 10);
	ck_assert_int_eq(tg_log_run(&b, 11, 0, 100000, &fetch, &out, &end), TG_ERANGE);
	tg_buf_free(&out);
	reopen(&b, &bob, &sb);
	ck_assert_uint_eq(b.length, 10); /* nothing vouches for the rest any more */
	ck_assert_uint_eq(b.head.length, 10);
	/* The head moves on while we catch up. */
	ck_assert_int_eq(send_run(&a, &sa, 10, 16, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
	add_entries(&a, &alice, &sa, 10, 10);
	ck_assert_int_eq(send_run(&a, &sa, 16, 25, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
	ck_assert_uint_eq(b.head.length, 20); /* the first far head is held wholly now */
	ck_assert_int_eq(catch_up(100), TG_OK);
	assert_same_log();
}
END_TEST

START_TEST(a_first_catch_up_that_was_cut_short_goes_on_after_a_restart)
{
	add_entries(&a, &alice, &sa, 30, 10);
	ck_assert_int_eq(send_run(&a, &sa, 0, 11, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
	reopen(&b, &bob, &sb);
	ck_assert_uint_eq(b.length, 11);
	ck_assert_uint_eq(b.head.length, 0);
	ck_assert_ptr_nonnull(b.far);
	ck_assert_int_eq(catch_up(3), TG_OK);
	assert_same_log();
}
END_TEST

/* Two histories of one log, alike up to ${common} entries; the second one lives in sb under b, bob writing
 * nothing. */
static void
fork_log(struct tg_log *other, struct store *so, struct person *twin, unsigned common)
{
	*twin = alice;
	twin->rng = bob.rng; /* other nonces, other ciphertexts */
	memset(&twin->device_record, 0, sizeof twin->device_record);
	add_entries(&a, &alice, &sa, common - 1, 10);
	store_init(so, &a.grid);
	tg_log_init(other, &alice.access, &a.key);
	while (other->length < common)
		ck_assert_int_eq(
		    send_run(&a, &sa, other->length, 0, other, &alice, so, 0, &receipt, NULL), TG_OK);
	reopen_own(other, &alice, so, 1);
}

static void
assert_proven(const struct tg_buf *proof)
{
	uint8_t x[TG_HEAD_MAX_BYTES], y[TG_HEAD_MAX_BYTES];
	struct tg_bytes bx = {x, tg_head_encode(&receipt.fork_a, x)};
	struct tg_bytes by = {y, tg_head_encode(&receipt.fork_b, y)};
	struct tg_bytes p = {proof->data, proof->len};
	struct tg_hash other = a.grid;
	struct tg_key log;

	ck_assert_int_eq(receipt.provable, 1);
	ck_assert_int_eq(tg_fork_check(&a.grid, bx, by, p, &log), TG_OK);
	ck_assert_int_eq(tg_key_cmp(&log, &a.key), 0);
	/* As strictly as state. */
	ck_assert_int_eq(
	    tg_fork_check(&a.grid, bx, bx, (struct tg_bytes){(const uint8_t *)"\x90", 1}, &log), TG_EPROOF);
	other.b[0] ^= 1;
	ck_assert_int_eq(tg_fork_check(&other, bx, by, p, &log), TG_EGRID);
	if (receipt.fork_a.length != receipt.fork_b.length)
		ck_assert_int_eq(tg_fork_check(&a.grid, by, bx, p, &log), TG_EPROOF);
	for (size_t i = 0; i < p.len; i++) {
		proof->data[i] ^= 4;
		ck_assert_int_ne(tg_fork_check(&a.grid, bx, by, p, &log), TG_OK);
		proof->data[i] ^= 4;
	}
	for (size_t i = 0; i < bx.len; i++) {
		x[i] ^= 4;
		ck_assert_int_ne(tg_fork_check(&a.grid, bx, by, p, &log), TG_OK);
		x[i] ^= 4;
	}
}

/* Every shape: which branch is longer, by how much, and which part of it comes in the run. */
START_TEST(a_fork_is_found_and_proven_from_either_side)
{
	for (unsigned common = 1; common <= 9; common++)
		for (unsigned mine = 1; mine <= 6; mine += 2)
			for (unsigned theirs = 1; theirs <= 6; theirs++) {
				struct tg_buf proof = {0};
				struct tg_log other;
				struct person twin;
				struct store so;

				teardown();
				setup();
				fork_log(&other, &so, &twin, common);
				add_entries(&a, &alice, &sa, mine, 10);
				add_entries(&other, &twin, &so, theirs, 10);
				ck_assert_int_eq(catch_up(100), TG_OK);
				/* The newest entries, as an append brings them; then the whole log. */
				for (uint64_t start = other.length; start-- > 0;) {
					int rc = send_run(
					    &other, &so, start, 0, &b, &bob, &sb, 0, &receipt, &proof);

					if (theirs > mine && start > b.length) {
						ck_assert_int_eq(rc, TG_EGAP);
						continue;
					}
					ck_assert_int_eq(rc, TG_EFORK);
					assert_proven(&proof);
					tg_buf_reset(&proof);
					ck_assert_uint_eq(b.length, a.length);
				}
				assert_same_log();
				tg_buf_free(&proof);
				tg_log_close(&other);
				store_free(&so);
			}
}
END_TEST

START_TEST(an_extension_proves_no_fork)
{
	uint8_t x[TG_HEAD_MAX_BYTES], y[TG_HEAD_MAX_BYTES];
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_buf buf = {0}, proof = {0};
	struct tg_bytes bx, by;
	struct tg_run run;
	struct tg_key log;
	uint64_t end;

	add_entries(&a, &alice, &sa, 3, 10); /* 4: one peak */
	bx = (struct tg_bytes){x, tg_head_encode(&a.head, x)};
	add_entries(&a, &alice, &sa, 4, 10);
	by = (struct tg_bytes){y, tg_head_encode(&a.head, y)};
	/* The honest proof that 8 extends 4: peak, then the right part, which the range proof of [4, 8) and
	 * [0, 4) are. */
	ck_assert_int_eq(tg_log_run(&a, 4, 8, 100000, &fetch, &buf, &end), TG_OK);
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	ck_assert_uint_eq(run.proof_count, 1);
	tg_buf_u8(&proof, 0x92);
	tg_buf_u8(&proof, 0x91);
	tg_buf_put(&proof, run.proof_raw.data, run.proof_raw.len);
	tg_buf_u8(&proof, 0x91);
	tg_buf_reset(&buf);
	ck_assert_int_eq(tg_log_run(&a, 0, 4, 100000, &fetch, &buf, &end), TG_OK);
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	tg_buf_put(&proof, run.proof_raw.data, run.proof_raw.len);
	ck_assert_int_eq(
	    tg_fork_check(&a.grid, bx, by, (struct tg_bytes){proof.data, proof.len}, &log), TG_EPROOF);
	tg_buf_free(&buf);
	tg_buf_free(&proof);
}
END_TEST

START_TEST(a_log_of_another_grid_or_key_is_refused)
{
	struct person eve;
	struct tg_log l;

	person_init(&eve, TG_MODE_VIEW, 2, 9);
	tg_log_init(&l, &eve.access, &a.key);
	ck_assert_int_eq(send_run(&a, &sa, 0, 0, &l, &eve, &sb, 0, &receipt, NULL), TG_EGRID);
	eve.access.grid = alice.access.grid; /* the grid's name, but not its write key */
	tg_log_init(&l, &eve.access, &a.key);
	ck_assert_int_eq(send_run(&a, &sa, 0, 0, &l, &eve, &sb, 0, &receipt, NULL), TG_ESIGNATURE);
	eve.access.epoch = 1;
	tg_log_init(&l, &eve.access, &a.key);
	ck_assert_int_eq(send_run(&a, &sa, 0, 0, &l, &eve, &sb, 0, &receipt, NULL), TG_EEPOCH);
	tg_log_init(&l, &bob.access, &bob.device.public_key);
	ck_assert_int_eq(send_run(&a, &sa, 0, 0, &l, &bob, &sb, 0, &receipt, NULL), TG_EINVAL);
	person_free(&eve);
}
END_TEST

START_TEST(every_flipped_byte_of_a_run_is_refused_and_changes_nothing)
{
	struct tg_fetch theirs = store_fetch(&sa), ours = store_fetch(&sb);
	struct tg_buf buf = {0};
	struct tg_ops ops = {0};
	struct tg_run run;
	uint64_t end;

	add_entries(&a, &alice, &sa, 2, 10);
	ck_assert_int_eq(catch_up(2), TG_OK);
	add_entries(&a, &alice, &sa, 3, 10);
	for (uint64_t start = 0; start <= 4; start += 2) {
		tg_log_close(&b);
		tg_log_init(&b, &bob.access, &a.key);
		if (start)
			ck_assert_int_eq(
			    send_run(&a, &sa, 0, start, &b, &bob, &sb, 0, &receipt, NULL), TG_OK);
		tg_buf_reset(&buf);
		ck_assert_int_eq(tg_log_run(&a, start, start + 2, 100000, &theirs, &buf, &end), TG_OK);
		for (size_t i = 0; i < buf.len; i++)
			for (int bit = 0; bit < 8; bit += 3) {
				struct tg_log before = b;
				int rc;

				buf.data[i] ^= (uint8_t)(1 << bit);
				rc = tg_run_decode(buf.data, buf.len, &run);
				if (rc == TG_OK)
					rc = tg_log_receive(
					    &b, &bob.access, &run, 0, &ours, &ops, &receipt, NULL);
				ck_assert_msg(rc != TG_OK && rc != TG_EEXISTS && rc != TG_EFORK,
				    "byte %d: %d", (int)i, rc);
				ck_assert_int_eq(memcmp(&before, &b, sizeof b), 0);
				ck_assert_uint_eq(ops.count, 0);
				buf.data[i] ^= (uint8_t)(1 << bit);
			}
		for (size_t n = 0; n < buf.len; n++)
			ck_assert_int_ne(tg_run_decode(buf.data, n, &run), TG_OK);
	}
	tg_buf_free(&buf);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(a_head_that_lies_about_sizes_is_refused)
{
	struct tg_fetch theirs = store_fetch(&sa), ours = store_fetch(&sb);
	struct tg_buf buf = {0};
	struct tg_ops ops = {0};
	struct tg_run run;
	uint64_t end;

	add_entries(&a, &alice, &sa, 3, 10);
	a.head.bytes++;
	tg_head_sign(a.pair, &a.head);
	ck_assert_int_eq(tg_log_run(&a, 0, 0, 100000, &theirs, &buf, &end), TG_OK);
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	ck_assert_int_eq(tg_log_receive(&b, &bob.access, &run, 0, &ours, &ops, &receipt, NULL), TG_EFORMAT);
	tg_buf_free(&buf);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(nobody_appends_without_the_keys)
{
	static const uint8_t body[] = "x";
	struct tg_draft d = {TG_CLASS_CONTENT, {body, 1}, {NULL, 0}}, none = {0};
	struct tg_draft texty = {TG_CLASS_RECORD, {body, 1}, {body, 1}};
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_ops ops = {0};
	struct tg_secret seed;
	struct tg_log l;

	ck_assert_int_eq(tg_log_append(&b, &alice.access, &d, 1, &bob.rng, &fetch, &ops), TG_EPERM);
	ck_assert_int_eq(tg_log_append(&a, &bob.access, &d, 1, &bob.rng, &fetch, &ops), TG_EPERM);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &none, 1, &bob.rng, &fetch, &ops), TG_EINVAL);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &texty, 1, &bob.rng, &fetch, &ops), TG_EINVAL);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 0, &bob.rng, &fetch, &ops), TG_EINVAL);
	secret_of("test-log", 77, &seed);
	ck_assert_int_eq(tg_log_own(&a, &seed), TG_EPERM);
	ck_assert_int_eq(tg_log_create(&l, &bob.access, &seed, &bob.device, bob.device_record.data,
			     bob.device_record.len, &bob.rng, &ops),
	    TG_EPERM);
	ck_assert_uint_eq(ops.count, 0);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(the_largest_entry_still_fits_a_run_of_a_data_message)
{
	static uint8_t body[TG_ENTRY_BODY_MAX_BYTES];
	struct tg_draft d = {TG_CLASS_CONTENT, {body, TG_ENTRY_BODY_MAX_BYTES - TG_TAG_BYTES}, {body, 28500}};
	struct tg_draft over = d;
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_ops ops = {0};
	struct tg_buf out = {0};
	uint64_t end;

	over.text.len = TG_TEXT_MAX_BYTES;
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &over, 1, &alice.rng, &fetch, &ops), TG_ETOOBIG);
	over = d;
	over.body.len++;
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &over, 1, &alice.rng, &fetch, &ops), TG_ETOOBIG);
	add_entries(&a, &alice, &sa, 6, 10);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	store_apply(&sa, &ops);
	ck_assert_int_eq(tg_log_run(&a, 7, 0, TG_DATA_MAX_BYTES - 512, &fetch, &out, &end), TG_OK);
	ck_assert_uint_eq(end, 8);
	ck_assert_uint_le(out.len, TG_DATA_MAX_BYTES - 512);
	ck_assert_int_eq(tg_log_run(&a, 7, 0, 120000, &fetch, &out, &end), TG_ETOOBIG);
	ck_assert_int_eq(catch_up(100), TG_OK);
	assert_same_log();
	tg_buf_free(&out);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(unreleased_entries_move_to_a_new_log)
{
	static const uint8_t ops_bytes[] = {1, 2, 3};
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_parent old = {.log = bob.device.public_key, .seq = 3}, last = {.log = a.key, .seq = 0}, got;
	struct tg_bytes values[2];
	struct tg_transition t;
	struct tg_body_walk at;
	struct tg_log fresh;
	struct tg_buf body = {0}, plain = {0};
	struct tg_ops ops = {0};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_body read;
	size_t body_len;

	for (unsigned i = 0; i < 2; i++) {
		struct tg_draft d = {.class = TG_CLASS_CONTENT, .text = {(const uint8_t *)"hello", 5}};

		tg_buf_reset(&body);
		tg_body_begin(&body, 1000 + i, &old, i == 0, 2);
		tg_body_text(&body, 40 + 5 * i, ops_bytes, sizeof ops_bytes, 5);
		tg_body_ext(&body, "x", 1, "y", 1);
		d.body = (struct tg_bytes){body.data, body.len};
		ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	}
	store_apply(&sa, &ops);
	tg_ops_reset(&ops);
	for (unsigned i = 0; i < 2; i++)
		values[i] = store_get(&sa, key, tg_storage_key_entry(&a.grid, &a.key, 1 + i, key));
	make_log(&fresh, &alice, 2, &sa);
	ck_assert_int_eq(
	    tg_log_resign(&fresh, &alice.access, &a.key, 1, values, 2, &last, 41, &alice.rng, &fetch, &ops),
	    TG_ERANGE);
	ck_assert_int_eq(
	    tg_log_resign(&fresh, &alice.access, &a.key, 1, values, 2, &last, 40, &alice.rng, &fetch, &ops),
	    TG_OK);
	store_apply(&sa, &ops);
	ck_assert_uint_eq(fresh.length, 3);
	for (unsigned i = 0; i < 2; i++) {
		struct tg_bytes value, raw;
		struct tg_entry e;

		value = store_get(&sa, key, tg_storage_key_entry(&a.grid, &fresh.key, 1 + i, key));
		ck_assert_int_eq(tg_stored_entry(value.data, value.len, &raw), TG_OK);
		ck_assert_int_eq(tg_entry_decode(raw.data, raw.len, &e), TG_OK);
		tg_buf_reset(&plain);
		ck_assert_int_eq(tg_entry_open(&bob.access, &fresh.key, 1 + i, &e, &plain, &body_len), TG_OK);
		ck_assert_int_eq(tg_body_decode(&fresh.key, plain.data, body_len, &read), TG_OK);
		ck_assert_uint_eq(read.time_ms, 1000 + i);
		ck_assert_uint_eq(read.parents, i == 0 ? 2 : 0);
		ck_assert_uint_eq(read.text_len, 5);
		ck_assert_int_eq(memcmp(plain.data + body_len, "hello", 5), 0);
		memset(&at, 0, sizeof at);
		while (tg_body_next_parent(&read, &at, &got))
			ck_assert(tg_key_cmp(&got.log, &old.log) == 0 || tg_key_cmp(&got.log, &a.key) == 0);
		memset(&at, 0, sizeof at);
		ck_assert_int_eq(tg_body_next_transition(&read, &at, &t), 1);
		ck_assert_uint_eq(t.kind, TG_T_TEXT);
		ck_assert_uint_eq(t.u.text.first_seq, 5 * i);
		ck_assert_int_eq(tg_body_next_transition(&read, &at, &t), 1);
		ck_assert_uint_eq(t.kind, TG_T_EXT);
		ck_assert_int_eq(tg_body_next_transition(&read, &at, &t), 0);
	}
	tg_log_close(&fresh);
	tg_buf_free(&body);
	tg_buf_free(&plain);
	tg_ops_free(&ops);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_new_log_has_a_certificate_that_everybody_checks_and_a_head);
	tcase_add_test(t, a_replica_of_any_log_is_byte_for_byte_the_same_at_any_step);
	tcase_add_test(t, appended_text_comes_out_as_it_went_in_and_not_at_a_replica);
	tcase_add_test(t, the_hash_left_of_an_expunged_text_does_not_tell_a_right_guess);
	tcase_add_test(t, a_batch_gives_the_same_tree_as_single_entries);
	tcase_add_test(t, a_reopened_log_goes_on_where_it_was);
	tcase_add_test(t, a_reopened_log_asks_for_all_it_needs_at_once);
	tcase_add_test(t, stored_bytes_that_rotted_are_noticed);
	tcase_add_test(t, the_same_run_again_is_known_and_older_heads_too);
	tcase_add_test(t, a_gap_says_what_is_missing);
	tcase_add_test(t, sparse_runs_are_held_and_gaps_close_in_any_order);
	tcase_add_test(t, while_catching_up_only_what_a_head_covers_is_served_and_a_restart_goes_on);
	tcase_add_test(t, a_first_catch_up_that_was_cut_short_goes_on_after_a_restart);
	tcase_add_test(t, a_fork_is_found_and_proven_from_either_side);
	tcase_add_test(t, an_extension_proves_no_fork);
	tcase_add_test(t, a_log_of_another_grid_or_key_is_refused);
	tcase_add_test(t, every_flipped_byte_of_a_run_is_refused_and_changes_nothing);
	tcase_add_test(t, a_head_that_lies_about_sizes_is_refused);
	tcase_add_test(t, nobody_appends_without_the_keys);
	tcase_add_test(t, the_largest_entry_still_fits_a_run_of_a_data_message);
	tcase_add_test(t, unreleased_entries_move_to_a_new_log);
	suite_add_tcase(s, t);
	return suite_run(s);
}
