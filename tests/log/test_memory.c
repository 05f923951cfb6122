/*
 * Every allocation of the log, chunk and decode paths fails once: the call says TG_ENOMEM, what it was given
 * is as before, the same call succeeds afterwards, and nothing leaks (the sanitizer build looks for that).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "log/fixture.h"
#include "suite.h"

static struct person alice, bob;
static struct store sa, sb;
static struct tg_log a, b;

static void
setup(void)
{
	tg_crypto_init();
	person_init(&alice, TG_MODE_EDIT, 1, 1);
	person_init(&bob, TG_MODE_VIEW, 1, 2);
	store_init(&sa, &alice.access.grid);
	store_init(&sb, &alice.access.grid);
	make_log(&a, &alice, 1, &sa);
	tg_log_init(&b, &bob.access, &a.key);
}

static void
teardown(void)
{
	tg_mem_fail_after(-1);
	tg_log_close(&a);
	tg_log_close(&b);
	store_free(&sa);
	store_free(&sb);
	person_free(&alice);
	person_free(&bob);
}

/*
 * Run ${call} with the first, second, ... allocation failing until it succeeds; ${check} after each failure.
 */
#define FAIL_EACH(rc, call, ...)                                                                             \
	do {                                                                                                 \
		long n_ = 0;                                                                                 \
                                                                                                             \
		do {                                                                                         \
			tg_mem_fail_after(n_);                                                               \
			rc = (call);                                                                         \
			tg_mem_fail_after(-1);                                                               \
			if (rc != TG_OK) {                                                                   \
				ck_assert_msg(rc == TG_ENOMEM, "allocation %ld: %d", n_, rc);                \
				__VA_ARGS__;                                                                 \
			}                                                                                    \
			n_++;                                                                                \
			ck_assert_int_lt(n_, 1000);                                                          \
		} while (rc != TG_OK);                                                                       \
	} while (0)

static void
assert_empty(const struct tg_ops *ops)
{
	ck_assert_uint_eq(ops->count, 0);
	ck_assert_uint_eq(ops->len, 0);
}

START_TEST(create_append_and_open_survive_every_failed_allocation)
{
	static uint8_t body[300];
	struct tg_draft d[3] = {{TG_CLASS_CONTENT, {body, 300}, {body, 9}}, {TG_CLASS_RECORD, {body, 5}, {0}},
	    {TG_CLASS_CONTENT, {body, 1}, {0}}};
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_ops ops = {0};
	struct tg_log log, before = {0};
	struct tg_secret seed;
	struct tg_bytes h;
	int rc;

	secret_of("test-log", 5, &seed);
	FAIL_EACH(rc,
	    (tg_ops_free(&ops), tg_log_create(&log, &alice.access, &seed, &alice.device,
				    alice.device_record.data, alice.device_record.len, &alice.rng, &ops)),
	    assert_empty(&ops));
	store_apply(&sa, &ops);
	FAIL_EACH(rc, (tg_ops_free(&ops), tg_log_append(&log, &alice.access, d, 3, &alice.rng, &fetch, &ops)),
		  assert_empty(&ops);
		  ck_assert_uint_eq(log.length, 1));
	ck_assert_uint_eq(log.length, 4);
	h = tg_ops_value(&ops, ops.count - 1);
	FAIL_EACH(rc,
	    (tg_log_close(&before), tg_log_open(&before, &alice.access, &log.key, h.data, h.len) != TG_OK
					? TG_ENOMEM
					: tg_log_own(&before, &seed)),
	    (void)0);
	store_apply(&sa, &ops);
	FAIL_EACH(rc, tg_log_load(&before, &fetch), ck_assert_int_eq(before.unchecked, 1));
	tg_log_close(&before);
	tg_log_close(&log);
	tg_ops_free(&ops);
}
END_TEST

/* Receive entries [from, to) with every allocation failing; what it comes to in the end must be TG_OK. */
static void
receive_each(uint64_t from, uint64_t to, unsigned flags)
{
	struct tg_fetch theirs = store_fetch(&sa), ours = store_fetch(&sb);
	struct tg_receipt receipt;
	struct tg_buf buf = {0};
	struct tg_ops ops = {0};
	uint64_t end, length = b.length;
	struct tg_run run;
	size_t ranges = b.ranges_count;
	int rc;

	FAIL_EACH(rc, (tg_buf_free(&buf), tg_log_run(&a, from, to, 100000, &theirs, &buf, &end)),
	    ck_assert_uint_eq(buf.len, 0));
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	FAIL_EACH(
	    rc,
	    (tg_ops_free(&ops), tg_log_receive(&b, &bob.access, &run, flags, &ours, &ops, &receipt, NULL)),
	    assert_empty(&ops);
	    ck_assert_uint_eq(b.length, length); ck_assert_uint_eq(b.ranges_count, ranges));
	store_apply(&sb, &ops);
	tg_ops_free(&ops);
	tg_buf_free(&buf);
}

START_TEST(receiving_survives_every_failed_allocation_in_any_order_of_runs)
{
	add_entries(&a, &alice, &sa, 39, 20);
	receive_each(0, 5, 0);
	receive_each(20, 25, TG_RECEIVE_SPARSE);
	receive_each(30, 40, TG_RECEIVE_SPARSE);
	receive_each(25, 28, TG_RECEIVE_SPARSE);
	receive_each(5, 20, 0);
	ck_assert_uint_eq(b.length, 28);
	receive_each(28, 30, 0);
	ck_assert_uint_eq(b.length, 40);
	ck_assert_uint_eq(b.head.length, 40);
}
END_TEST

START_TEST(a_fork_is_still_told_when_memory_comes_back)
{
	struct tg_fetch theirs = store_fetch(&sb), ours = store_fetch(&sa);
	struct tg_buf buf = {0}, proof = {0};
	struct tg_receipt receipt;
	struct tg_ops ops = {0};
	struct tg_secret seed;
	struct tg_log twin;
	struct tg_run run;
	uint64_t end;
	long n = 0;
	int rc;

	secret_of("test-log", 1, &seed);
	make_log(&twin, &alice, 1, &sb); /* the same key, another certificate nonce: a fork from the start */
	add_entries(&a, &alice, &sa, 3, 10);
	add_entries(&twin, &alice, &sb, 5, 10);
	ck_assert_int_eq(tg_log_run(&twin, 3, 0, 100000, &theirs, &buf, &end), TG_OK);
	ck_assert_int_eq(tg_run_decode(buf.data, buf.len, &run), TG_OK);
	do {
		tg_buf_free(&proof);
		tg_mem_fail_after(n++);
		rc = tg_log_receive(&a, &alice.access, &run, 0, &ours, &ops, &receipt, &proof);
		tg_mem_fail_after(-1);
		ck_assert(rc == TG_EFORK || rc == TG_ENOMEM);
		assert_empty(&ops);
	} while (rc != TG_EFORK);
	ck_assert_int_eq(receipt.provable, 1);
	ck_assert_uint_gt(proof.len, 0);
	tg_log_close(&twin);
	tg_buf_free(&buf);
	tg_buf_free(&proof);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(moving_entries_survives_every_failed_allocation)
{
	struct tg_fetch fetch = store_fetch(&sa);
	struct tg_draft d = {.class = TG_CLASS_CONTENT, .text = {(const uint8_t *)"hello", 5}};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct tg_parent parent = {.log = a.key};
	struct tg_buf body = {0};
	struct tg_ops ops = {0};
	struct tg_bytes value;
	struct tg_log fresh;
	int rc;

	tg_body_begin(&body, 1, NULL, 0, 1);
	tg_body_text(&body, 0, "x", 1, 5);
	d.body = (struct tg_bytes){body.data, body.len};
	ck_assert_int_eq(tg_log_append(&a, &alice.access, &d, 1, &alice.rng, &fetch, &ops), TG_OK);
	store_apply(&sa, &ops);
	make_log(&fresh, &alice, 2, &sa);
	value = store_get(&sa, key, tg_storage_key_entry(&a.grid, &a.key, 1, key));
	FAIL_EACH(rc,
		  (tg_ops_free(&ops), tg_log_resign(&fresh, &alice.access, &a.key, 1, &value, 1, &parent, 0,
					  &alice.rng, &fetch, &ops)),
		  assert_empty(&ops);
		  ck_assert_uint_eq(fresh.length, 1));
	ck_assert_uint_eq(fresh.length, 2);
	tg_log_close(&fresh);
	tg_buf_free(&body);
	tg_ops_free(&ops);
}
END_TEST

START_TEST(opening_entries_and_making_records_survives_every_failed_allocation)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], nonce[TG_NONCE_BYTES] = {0};
	struct tg_buf buf = {0};
	struct tg_bytes value, raw;
	struct tg_entry e;
	struct tg_hash grid;
	size_t body_len;
	int rc;

	add_entries(&a, &alice, &sa, 2, 200);
	value = store_get(&sa, key, tg_storage_key_entry(&a.grid, &a.key, 2, key));
	ck_assert_int_eq(tg_stored_entry(value.data, value.len, &raw), TG_OK);
	ck_assert_int_eq(tg_entry_decode(raw.data, raw.len, &e), TG_OK);
	FAIL_EACH(rc, (tg_buf_free(&buf), tg_entry_open(&bob.access, &a.key, 2, &e, &buf, &body_len)),
	    ck_assert_uint_eq(buf.len, 0));
	FAIL_EACH(rc,
	    (tg_buf_free(&buf), tg_cert_encode(&alice.access, &a.key, &alice.device, alice.device_record.data,
				    alice.device_record.len, nonce, &buf)),
	    (void)0);
	FAIL_EACH(rc,
	    (tg_buf_free(&buf), tg_genesis_encode(&alice.access, &alice.identity, nonce, 1, &buf, &grid)),
	    (void)0);
	FAIL_EACH(rc,
	    (tg_buf_free(&buf), tg_member_encode(&alice.access, &alice.identity, &alice.device,
				    TG_MEMBER_EDITOR, "n", 1, 1, &buf)),
	    (void)0);
	FAIL_EACH(rc,
	    (tg_buf_free(&buf), tg_session_encode(&alice.access, &a.key, &alice.device, nonce, 1, &buf)),
	    (void)0);
	FAIL_EACH(rc,
	    (tg_buf_free(&buf), tg_invitation_seal(&alice.access, &a.key, &bob.box, &alice.rng, &buf)),
	    (void)0);
	tg_buf_free(&buf);
}
END_TEST

static int
keep_nothing(void *ctx, const struct tg_hash *name, const void *record, size_t len)
{
	(void)ctx;
	(void)name;
	(void)record;
	(void)len;
	return TG_OK;
}

static int
write_file(const uint8_t *data, size_t len)
{
	struct tg_file_writer *w = tg_file_writer_new(keep_nothing, NULL);
	struct tg_file_ref ref;
	int rc = w ? tg_file_write(w, data, len) : TG_ENOMEM;

	if (rc == TG_OK)
		rc = tg_file_finish(w, &ref);
	tg_file_writer_free(w);
	return rc;
}

START_TEST(chunks_and_files_survive_every_failed_allocation)
{
	struct tg_buf record = {0}, stored = {0}, value = {0}, opened = {0};
	uint8_t nonce[TG_CHUNK_NONCE_BYTES] = {0};
	uint8_t *data = calloc(1, 600000);
	struct tg_hash name;
	struct tg_chunk c;
	int rc;

	FAIL_EACH(rc, (tg_buf_free(&record), tg_chunk_plain(data, 3000, &record, &name)),
	    ck_assert_uint_eq(record.len, 0));
	FAIL_EACH(rc,
	    (tg_buf_free(&record), tg_chunk_signed(&alice.device, nonce, data, 3000, &record, &name)),
	    ck_assert_uint_eq(record.len, 0));
	FAIL_EACH(rc,
	    (tg_buf_free(&stored), tg_chunk_seal(&alice.access, &name, record.data, record.len, &stored)),
	    ck_assert_uint_eq(stored.len, 0));
	FAIL_EACH(rc, (tg_buf_free(&value), tg_chunk_keep(stored.data, stored.len, &value)),
	    ck_assert_uint_eq(value.len, 0));
	FAIL_EACH(rc,
	    (tg_buf_free(&opened), tg_chunk_open(&bob.access, &name, stored.data, stored.len, &opened, &c)),
	    ck_assert_uint_eq(opened.len, 0));
	FAIL_EACH(rc, write_file(data, 600000), (void)0);
	tg_buf_free(&record);
	tg_buf_free(&stored);
	tg_buf_free(&value);
	tg_buf_free(&opened);
	free(data);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log_memory");
	TCase *t = tcase_create("log_memory");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, create_append_and_open_survive_every_failed_allocation);
	tcase_add_test(t, receiving_survives_every_failed_allocation_in_any_order_of_runs);
	tcase_add_test(t, a_fork_is_still_told_when_memory_comes_back);
	tcase_add_test(t, moving_entries_survives_every_failed_allocation);
	tcase_add_test(t, opening_entries_and_making_records_survives_every_failed_allocation);
	tcase_add_test(t, chunks_and_files_survive_every_failed_allocation);
	suite_add_tcase(s, t);
	return suite_run(s);
}
