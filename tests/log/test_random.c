/*
 * A writer and five readers who pass runs on among themselves at random: any range, old heads and new, with
 * and without sparse holding, storage that must be asked twice, restarts, allocations that fail.  After every
 * step each log keeps the invariants of log.h; in the end all hold the writer's log.  Then the same with a
 * twin who forks the log: nobody ever holds a mixture of the two histories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "log/fixture.h"
#include "log/state.h"
#include "suite.h"

#define READERS 5
#define STEPS	1500

struct reader {
	struct tg_log log;
	struct store store;
};

static struct person alice, bob;
static struct reader writer, twin, readers[READERS];
static struct tg_hash leaves[2][4096]; /* of the writer's history and of the twin's */
static unsigned forks, proven;
static uint32_t state;

static uint32_t
draw(uint32_t bound)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % bound;
}

static void
leaf_at(struct reader *r, uint64_t seq, struct tg_hash *out)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t n = tg_storage_key_entry(&r->log.grid, &r->log.key, seq, key);
	struct tg_bytes value = store_get(&r->store, key, n), raw;

	ck_assert_ptr_nonnull(value.data);
	ck_assert_int_eq(tg_stored_entry(value.data, value.len, &raw), TG_OK);
	memcpy(out->b, value.data + 1, sizeof out->b);
}

static int
holds_prefix(struct reader *r, int history)
{
	struct tg_hash leaf;

	for (uint64_t seq = 0; seq < r->log.length; seq++) {
		leaf_at(r, seq, &leaf);
		if (tg_hash_cmp(&leaf, &leaves[history][seq]) != 0)
			return 0;
	}
	return 1;
}

/* The invariants of struct tg_log, by their numbers; and that what is held is one of the two histories. */
static void
check_log(struct reader *r)
{
	const struct tg_log *log = &r->log;
	uint64_t last = log->length;

	ck_assert(holds_prefix(r, 0) || holds_prefix(r, 1)); /* 1 */
	ck_assert_uint_le(log->head.length, log->length);    /* 2 */
	if (log->far != NULL)				     /* 3 */
		ck_assert_uint_gt(log->far->length, log->length);
	else
		ck_assert_uint_eq(log->head.length, log->length);
	for (size_t i = 0; i < log->ranges_count; i++) { /* 4 */
		ck_assert_uint_gt(log->ranges[i].from, last);
		ck_assert_uint_gt(log->ranges[i].to, log->ranges[i].from);
		last = log->ranges[i].to - 1;
	}
	if (!log->unchecked && log->length) {
		struct tg_hash root;

		tg_tree_root(log->peaks, log->length, &root);
		if (log->length == log->head.length)
			ck_assert_int_eq(tg_hash_cmp(&root, &log->head.root), 0);
	}
}

static void
write_some(struct reader *r, int history)
{
	uint64_t before = r->log.length;

	add_entries(&r->log, &alice, &r->store, 1 + draw(12), 1 + draw(60));
	for (; before < r->log.length; before++)
		leaf_at(r, before, &leaves[history][before]);
}

static void
restart(struct reader *r)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_key log_key = r->log.key;
	size_t n = tg_storage_key_head(&r->log.grid, &log_key, key);
	struct tg_bytes value = store_get(&r->store, key, n);

	if (value.data == NULL)
		return;
	tg_log_close(&r->log);
	ck_assert_int_eq(tg_log_open(&r->log, &bob.access, &log_key, value.data, value.len), TG_OK);
}

static void
check_proof(struct reader *r, const struct tg_receipt *receipt, const struct tg_buf *proof)
{
	uint8_t a[TG_HEAD_MAX_BYTES], b[TG_HEAD_MAX_BYTES];
	struct tg_key key;

	ck_assert_int_eq(
	    tg_fork_check(&r->log.grid, (struct tg_bytes){a, tg_head_encode(&receipt->fork_a, a)},
		(struct tg_bytes){b, tg_head_encode(&receipt->fork_b, b)},
		(struct tg_bytes){proof->data, proof->len}, &key),
	    TG_OK);
}

static void
pass_on(struct reader *from, struct reader *to)
{
	struct tg_fetch theirs = store_fetch(&from->store), ours = store_fetch(&to->store);
	uint64_t length = from->log.head.length, start, end, before = to->log.length;
	struct tg_buf buf = {0}, proof = {0};
	struct tg_receipt receipt;
	struct tg_ops ops = {0};
	struct tg_run run;
	int rc, rounds = 0;

	if (length == 0)
		return;
	/* Mostly what is useful, sometimes anything. */
	start = draw(4) && to->log.length < length ? to->log.length : draw((uint32_t)length);
	if (start > 2 && draw(4) == 0)
		start -= draw(3);
	if (draw(3) == 0)
		store_forget(&from->store);
	do
		rc = tg_log_run(&from->log, start, start + 1 + draw(20), 100000, &theirs, &buf, &end);
	while (rc == TG_ENOTFOUND && ++rounds < 10);
	ck_assert_int_eq(rc, TG_OK);
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	if (draw(3) == 0)
		store_forget(&to->store);
	if (draw(5) == 0)
		tg_mem_fail_after(draw(4));
	rounds = 0;
	do {
		rc = tg_log_receive(&to->log, &bob.access, &run, draw(2) ? TG_RECEIVE_SPARSE : 0, &ours, &ops,
		    &receipt, &proof);
		if (rc == TG_ENOMEM)
			tg_mem_fail_after(-1);
	} while ((rc == TG_ENOTFOUND || rc == TG_ENOMEM) && ++rounds < 10);
	tg_mem_fail_after(-1);
	switch (rc) {
	case TG_OK:
		store_apply(&to->store, &ops);
		break;
	case TG_EFORK:
		forks++;
		if (receipt.provable) {
			uint8_t a[TG_HEAD_MAX_BYTES], b[TG_HEAD_MAX_BYTES];
			struct tg_key key;

			proven++;
			ck_assert_int_eq(tg_fork_check(&to->log.grid,
					     (struct tg_bytes){a, tg_head_encode(&receipt.fork_a, a)},
					     (struct tg_bytes){b, tg_head_encode(&receipt.fork_b, b)},
					     (struct tg_bytes){proof.data, proof.len}, &key),
			    TG_OK);
		}
		break;
	case TG_EGAP:
	case TG_EEXISTS:
	case TG_ELIMIT:
		break;
	default:
		ck_abort_msg("receive: %d, start %d end %d of %d into %d", rc, (int)start, (int)end,
		    (int)length, (int)before);
	}
	if (rc != TG_OK)
		ck_assert_uint_eq(ops.count, 0);
	check_log(to);
	tg_buf_free(&buf);
	tg_buf_free(&proof);
	tg_ops_free(&ops);
}

static void
begin(uint32_t seed)
{
	state = seed;
	forks = proven = 0;
	tg_crypto_init();
	person_init(&alice, TG_MODE_EDIT, 1, seed);
	person_init(&bob, TG_MODE_VIEW, 1, seed + 1000);
	store_init(&writer.store, &alice.access.grid);
	make_log(&writer.log, &alice, 1, &writer.store);
	leaf_at(&writer, 0, &leaves[0][0]);
	for (int i = 0; i < READERS; i++) {
		store_init(&readers[i].store, &alice.access.grid);
		tg_log_init(&readers[i].log, &bob.access, &writer.log.key);
	}
}

static void
finish(void)
{
	tg_log_close(&writer.log);
	store_free(&writer.store);
	for (int i = 0; i < READERS; i++) {
		tg_log_close(&readers[i].log);
		store_free(&readers[i].store);
	}
	person_free(&alice);
	person_free(&bob);
}

static void
steps(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct reader *to = &readers[draw(READERS)], *from = &readers[draw(READERS)];

		if (draw(READERS) == 0)
			from = &writer;
		if (from != to)
			pass_on(from, to);
		if (draw(40) == 0)
			restart(to);
		if (draw(25) == 0 && writer.log.length < 4000)
			write_some(&writer, 0);
	}
}

START_TEST(readers_who_pass_runs_on_at_random_all_come_to_hold_the_log)
{
	begin(100 + (uint32_t)_i);
	memcpy(leaves[1], leaves[0], sizeof leaves[1]);
	steps(STEPS);
	ck_assert_uint_eq(forks, 0);
	for (int i = 0; i < READERS; i++) {
		struct tg_receipt receipt;
		int rc = TG_OK;

		writer.store.lazy = readers[i].store.lazy = 0;
		while (rc == TG_OK && readers[i].log.length < writer.log.length)
			rc = send_run(&writer.log, &writer.store, readers[i].log.length, 0, &readers[i].log,
			    &bob, &readers[i].store, 0, &receipt, NULL);
		ck_assert_int_eq(rc, TG_OK);
		ck_assert_uint_eq(readers[i].log.head.length, writer.log.length);
		check_log(&readers[i]);
	}
	finish();
}
END_TEST

START_TEST(nobody_ever_holds_a_mixture_of_two_histories)
{
	struct tg_buf proof = {0};
	struct tg_receipt receipt;
	struct tg_secret seed;

	begin(200 + (uint32_t)_i);
	write_some(&writer, 0);
	/* The same log restored from a backup: alike up to here, then written on twice. */
	store_init(&twin.store, &alice.access.grid);
	tg_log_init(&twin.log, &alice.access, &writer.log.key);
	ck_assert_int_eq(
	    send_run(&writer.log, &writer.store, 0, 0, &twin.log, &alice, &twin.store, 0, &receipt, NULL),
	    TG_OK);
	secret_of("test-log", 1, &seed);
	ck_assert_int_eq(tg_log_own(&twin.log, &seed), TG_OK);
	memcpy(leaves[1], leaves[0], sizeof leaves[1]);
	steps(200);
	for (unsigned i = 0; i < STEPS / 2; i++) {
		struct reader *all[READERS + 2] = {&writer, &twin};
		struct reader *to = &readers[draw(READERS)], *from;

		for (int k = 0; k < READERS; k++)
			all[2 + k] = &readers[k];
		if ((from = all[draw(READERS + 2)]) != to)
			pass_on(from, to);
		if (draw(40) == 0)
			restart(to);
		if (draw(25) == 0)
			write_some(&writer, 0);
		if (draw(25) == 0)
			write_some(&twin, 1);
	}
	ck_assert_uint_gt(forks, 20);
	ck_assert_uint_gt(proven, 0);
	/* Whoever has caught up with one history can prove the fork with a run of the other. */
	writer.store.lazy = twin.store.lazy = 0;
	for (int i = 0; i < READERS; i++) {
		struct reader *r = &readers[i], *mine = &writer, *other = &twin;

		r->store.lazy = 0;
		if (!holds_prefix(r, 0)) {
			mine = &twin;
			other = &writer;
		}
		while (r->log.length < mine->log.length)
			ck_assert_int_eq(send_run(&mine->log, &mine->store, r->log.length, 0, &r->log, &bob,
					     &r->store, 0, &receipt, NULL),
			    TG_OK);
		tg_buf_reset(&proof);
		ck_assert_int_eq(
		    send_run(&other->log, &other->store,
			(r->log.length < other->log.length ? r->log.length : other->log.length) - 1, 0,
			&r->log, &bob, &r->store, 0, &receipt, &proof),
		    TG_EFORK);
		ck_assert_int_eq(receipt.provable, 1);
		check_proof(r, &receipt, &proof);
	}
	tg_buf_free(&proof);
	tg_log_close(&twin.log);
	store_free(&twin.store);
	finish();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_random");
	TCase *t = tcase_create("log_random");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, readers_who_pass_runs_on_at_random_all_come_to_hold_the_log, 0, 3);
	tcase_add_loop_test(t, nobody_ever_holds_a_mixture_of_two_histories, 0, 3);
	suite_add_tcase(s, t);
	return suite_run(s);
}
