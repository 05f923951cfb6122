/*
 * The relay's parts by themselves: dedup window, token buckets, topic table, batches, addresses; random
 * operations are compared with something too simple to be wrong.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <toygrid/status.h>

#include "address.h"
#include "base/buf.h"
#include "base/mem.h"
#include "batch.h"
#include "bucket.h"
#include "dedup.h"
#include "topic.h"
#include "suite.h"

static const uint8_t seed16[16] = {1, 2, 3};
static uint64_t random_state, chosen;

static void
seed_random(void)
{
	const char *given = getenv("TG_SEED");

	ck_assert_int_eq(tg_crypto_init(), TG_OK);
	random_state = given != NULL ? strtoull(given, NULL, 10) : chosen;
}

static uint32_t
below(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static struct tg_frame_id
id_of(uint32_t n)
{
	struct tg_frame_id id = {{0}};

	memcpy(id.b, &n, sizeof n);
	return id;
}

START_TEST(dedup_remembers_exactly_until_the_second_asked_for)
{
	enum {
		SLOTS = 50,
		IDS = 120
	};
	uint64_t until[IDS] = {0}, now = 1000;
	struct tg_dedup *d = tg_dedup_new(SLOTS, seed16, now);
	uint32_t held = 0;

	for (int step = 0; step < 20000; step++) {
		uint32_t n = below(IDS);
		struct tg_frame_id id = id_of(n);

		ck_assert_int_eq(tg_dedup_has(d, &id), until[n] >= now);
		if (until[n] < now) {
			uint64_t t = now + below(30);

			ck_assert_int_eq(tg_dedup_full(d), held == SLOTS);
			if (held < SLOTS) {
				tg_dedup_put(d, &id, t);
				until[n] = t;
				held++;
			}
		}
		if (below(20) == 0) {
			now += below(5) == 0 ? below(2000) : below(3);
			ck_assert_int_eq(tg_dedup_tick(d, now, 1000), 0);
			held = 0;
			for (int i = 0; i < IDS; i++)
				held += until[i] >= now;
			ck_assert_uint_eq(tg_dedup_count(d), held);
		}
	}
	tg_dedup_free(d);
}
END_TEST

START_TEST(dedup_forgets_at_most_its_budget_at_a_time)
{
	struct tg_dedup *d = tg_dedup_new(1000, seed16, 0);

	for (uint32_t i = 0; i < 1000; i++) {
		struct tg_frame_id id = id_of(i);

		tg_dedup_put(d, &id, 5);
	}
	ck_assert_int_eq(tg_dedup_tick(d, 6, 300), 1);
	ck_assert_uint_eq(tg_dedup_count(d), 700);
	ck_assert_int_eq(tg_dedup_tick(d, 6, 699), 1);
	ck_assert_int_eq(tg_dedup_tick(d, 6, 300), 0);
	ck_assert_uint_eq(tg_dedup_count(d), 0);
	tg_dedup_free(d);
}
END_TEST

START_TEST(dedup_cuts_a_life_that_is_too_long)
{
	struct tg_dedup *d = tg_dedup_new(2, seed16, 10);
	struct tg_frame_id id = id_of(1);

	tg_dedup_put(d, &id, UINT64_MAX / 2);
	ck_assert_int_eq(tg_dedup_tick(d, 10 + TG_DEDUP_MAX_AGE_S + 1, 100), 0);
	ck_assert_int_eq(tg_dedup_has(d, &id), 0);
	tg_dedup_free(d);
}
END_TEST

START_TEST(a_bucket_gives_its_burst_and_then_its_rate)
{
	static const struct tg_rate rates[] = {{1, 1}, {7, 20}, {1000, 4000}, {1000000, TG_BURST_MAX}};

	for (size_t r = 0; r < 4; r++) {
		const struct tg_rate *rate = &rates[r];
		uint32_t now = UINT32_MAX - 3000; /* the clock wraps on the way */
		uint64_t got = 0;
		struct tg_bucket b = {0, 0};

		tg_bucket_fill(&b, rate, now);
		for (uint32_t ms = 0; ms < 10000; ms++) {
			uint32_t cost = rate->burst > 1000 ? rate->burst / 1000 : 1;

			while (tg_bucket_has(&b, rate, now + ms, cost)) {
				tg_bucket_take(&b, rate, cost);
				got += cost;
			}
		}
		/* Asked a thousand times a second, a slow rate must not lose its fractions. */
		ck_assert_uint_ge(
		    got + rate->burst / 1000 + 1, rate->burst + (uint64_t)rate->per_s * 99 / 10);
		ck_assert_uint_le(got, rate->burst + (uint64_t)rate->per_s * 10);
	}
}
END_TEST

START_TEST(a_bucket_may_be_off_and_lets_one_large_thing_pass_when_full)
{
	static const struct tg_rate off = {0, 0}, small = {10, 5};
	struct tg_bucket b;

	tg_bucket_fill(&b, &off, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(tg_bucket_has(&b, &off, 0, 1000), 1);
		tg_bucket_take(&b, &off, 1000);
	}
	tg_bucket_fill(&b, &small, 0);
	ck_assert_int_eq(tg_bucket_has(&b, &small, 0, 49), 1);
	tg_bucket_take(&b, &small, 49);
	ck_assert_int_eq(tg_bucket_has(&b, &small, 0, 1), 0);
	ck_assert_int_eq(tg_bucket_has(&b, &small, 400, 49), 0);
	ck_assert_int_eq(tg_bucket_has(&b, &small, 500, 49), 1);
}
END_TEST

static void
topic_of(uint32_t n, struct tg_hash *id, struct tg_key *w, struct tg_key *r)
{
	memset(w, (int)n, sizeof *w);
	memset(r, (int)n + 1, sizeof *r);
	tg_hash(TG_DOMAIN_VECTOR, &n, sizeof n, id);
}

START_TEST(topics_keep_readers_and_owners_apart_under_random_joins_and_leaves)
{
	enum {
		OWNERS = 12,
		TOPICS = 40
	};
	struct tg_topics table;
	struct tg_sub_entry *subs[OWNERS] = {NULL};
	char in[OWNERS][TOPICS] = {{0}}; /* 0 out, 1 in, 2 reads */
	int owners[OWNERS];

	ck_assert_int_eq(tg_topics_init(&table, seed16), TG_OK);
	for (int step = 0; step < 20000; step++) {
		uint32_t o = below(OWNERS), t = below(TOPICS), expect_readers = 0, expect_subs = 0;
		struct tg_hash id;
		struct tg_key w, r;
		struct tg_sub_entry *e;
		struct tg_topic *topic;
		int made;

		topic_of(t, &id, &w, &r);
		e = tg_sub_find(&subs[o], &id);
		ck_assert_int_eq(e != NULL, in[o][t] > 0);
		if (e == NULL) {
			ck_assert_int_eq(
			    tg_topics_join(&table, &id, &w, &r, &owners[o], &subs[o], &e, &made), TG_OK);
			in[o][t] = 1;
		} else if (below(2)) {
			ck_assert_int_eq(tg_topics_allow_read(e), TG_OK);
			in[o][t] = 2;
		} else {
			tg_topics_leave(&table, &subs[o], e);
			in[o][t] = 0;
		}
		for (int i = 0; i < OWNERS; i++) {
			expect_subs += in[i][t] > 0;
			expect_readers += in[i][t] == 2;
		}
		topic = tg_topics_find(&table, &id);
		ck_assert_int_eq(topic != NULL, expect_subs > 0);
		if (topic == NULL)
			continue;
		ck_assert_uint_eq(topic->sub_count, expect_subs);
		ck_assert_uint_eq(topic->reader_count, expect_readers);
		for (uint32_t i = 0; i < topic->reader_count; i++) {
			long owner = (int *)topic->readers[i]->owner - owners;

			ck_assert_uint_eq(topic->readers[i]->reader_at, i);
			ck_assert_int_eq(in[owner][t], 2);
		}
	}
	for (int o = 0; o < OWNERS; o++)
		while (subs[o] != NULL)
			tg_topics_leave(&table, &subs[o], subs[o]);
	ck_assert_uint_eq(table.count, 0);
	tg_topics_close(&table);
}
END_TEST

START_TEST(many_topics_are_found_after_the_table_grew)
{
	enum {
		N = 5000
	};
	struct tg_topics table;
	struct tg_sub_entry *subs = NULL, *e;
	struct tg_hash id;
	struct tg_key w, r;
	int made;

	ck_assert_int_eq(tg_topics_init(&table, seed16), TG_OK);
	for (uint32_t i = 0; i < N; i++) {
		topic_of(i, &id, &w, &r);
		ck_assert_int_eq(tg_topics_join(&table, &id, &w, &r, NULL, &subs, &e, &made), TG_OK);
		ck_assert_int_eq(made, 1);
	}
	ck_assert_uint_gt(table.bucket_count, 256);
	for (uint32_t i = 0; i < N; i++) {
		topic_of(i, &id, &w, &r);
		ck_assert_ptr_nonnull(tg_topics_find(&table, &id));
	}
	while (subs != NULL)
		tg_topics_leave(&table, &subs, subs);
	tg_topics_close(&table);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_table_as_it_was)
{
	struct tg_topics table;
	struct tg_sub_entry *subs = NULL, *e;
	struct tg_hash id;
	struct tg_key w, r;
	int made, rc = TG_ENOMEM;

	ck_assert_int_eq(tg_topics_init(&table, seed16), TG_OK);
	topic_of(1, &id, &w, &r);
	for (int n = 0; rc != TG_OK; n++) {
		tg_mem_fail_after(n);
		rc = tg_topics_join(&table, &id, &w, &r, NULL, &subs, &e, &made);
		if (rc == TG_OK)
			rc = tg_topics_allow_read(e);
		tg_mem_fail_after(-1);
		if (rc == TG_OK)
			break;
		if (subs != NULL) { /* joined, but reading failed */
			ck_assert_uint_eq(subs->topic->reader_count, 0);
			tg_topics_leave(&table, &subs, subs);
		}
		ck_assert_uint_eq(table.count, 0);
		ck_assert_uint_eq(table.sub_count, 0);
		ck_assert_int_lt(n, 10);
	}
	tg_topics_leave(&table, &subs, subs);
	tg_topics_close(&table);
}
END_TEST

/* What a server's message says, after checking its header. */
static const uint8_t *
payload_of(const uint8_t *message, size_t len, size_t *payload_len)
{
	size_t n = 2, size;

	ck_assert_uint_ge(len, 2);
	ck_assert_uint_eq(message[0], TG_WS_BINARY);
	size = message[1];
	if (size == 126) {
		size = (size_t)message[2] << 8 | message[3];
		ck_assert_uint_ge(size, 126);
		n = 4;
	} else if (size == 127) {
		size = 0;
		for (int i = 2; i < 10; i++)
			size = size << 8 | message[i];
		ck_assert_uint_ge(size, 65536);
		n = 10;
	}
	ck_assert_uint_eq(n + size, len);
	*payload_len = size;
	return message + n;
}

START_TEST(a_batch_is_its_frames_and_without_a_sender_the_others_frames)
{
	struct tg_batch_pool pool = {0};
	int senders[4];

	for (int round = 0; round < 300; round++) {
		struct tg_batch *b = tg_batch_new(&pool, round & 1);
		struct tg_buf all = {0}, others[4] = {{0}};
		uint32_t frames = 1 + below(20);
		const uint8_t *message, *payload;
		size_t len, n;

		for (uint32_t i = 0; i < frames; i++) {
			static uint8_t frame[70000];
			uint32_t size = 1 + below(below(10) ? 300 : 20000), who = below(4);

			if (round % 50 == 0 && i == 0)
				size = sizeof frame; /* one alone may be longer than the cut */
			memset(frame, (int)i, size);
			if (!tg_batch_fits(b, size)) {
				ck_assert_uint_gt(all.len + size, TG_BATCH_CUT_BYTES);
				continue;
			}
			ck_assert_int_eq(tg_batch_add(b, frame, size, &senders[who]), TG_OK);
			tg_buf_put(&all, frame, size);
			for (uint32_t k = 0; k < 4; k++)
				if (k != who)
					tg_buf_put(&others[k], frame, size);
		}
		message = tg_batch_message(b, &len);
		payload = payload_of(message, len, &n);
		ck_assert_uint_eq(n, all.len);
		ck_assert_mem_eq(payload, all.data, n);
		for (int k = 0; k < 4; k++) {
			struct tg_out *out;

			ck_assert_int_eq(tg_batch_without(&pool, b, &senders[k], &out), TG_OK);
			ck_assert_int_eq(out == NULL, others[k].len == 0);
			if (out != NULL) {
				payload = payload_of(out->data, out->len, &n);
				ck_assert_uint_eq(n, others[k].len);
				ck_assert_mem_eq(payload, others[k].data, n);
				ck_assert_uint_eq(out->ephemeral, round & 1);
			}
			tg_out_release(&pool, out);
			tg_buf_free(&others[k]);
		}
		tg_batch_release(&pool, b);
		tg_buf_free(&all);
	}
	ck_assert_uint_eq(pool.out_bytes, 0);
	tg_batch_pool_free(&pool);
}
END_TEST

START_TEST(readers_share_one_copy_which_goes_with_its_last_reference)
{
	struct tg_batch_pool pool = {0};
	struct tg_batch *b = tg_batch_new(&pool, 0);
	struct tg_out *one, *two;
	int gone;

	ck_assert_int_eq(tg_batch_add(b, (const uint8_t *)"frame", 5, &gone), TG_OK);
	tg_batch_forget(b, &gone); /* its frame stays, for everybody */
	ck_assert_int_eq(tg_batch_without(&pool, b, &gone, &one), TG_OK);
	ck_assert_ptr_nonnull(one);
	tg_out_release(&pool, one);
	one = tg_batch_shared(&pool, b);
	two = tg_batch_shared(&pool, b);
	ck_assert_ptr_eq(one, two);
	tg_batch_release(&pool, b);
	ck_assert_mem_eq(one->data,
	    "\x82\x05"
	    "frame",
	    7);
	tg_out_release(&pool, one);
	ck_assert_mem_eq(two->data,
	    "\x82\x05"
	    "frame",
	    7);
	ck_assert_uint_gt(pool.out_bytes, 0);
	tg_out_release(&pool, two);
	ck_assert_uint_eq(pool.out_bytes, 0);
	tg_batch_pool_free(&pool);
}
END_TEST

static struct tg_address *
address_of(struct tg_addresses *t, const char *text, uint64_t now_ms)
{
	static const struct tg_rate rates[TG_RATE_KINDS] = {{1, 1}, {1, 1}, {1, 1}};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return tg_addresses_get(t, (struct sockaddr *)&four, rates, now_ms);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return tg_addresses_get(t, (struct sockaddr *)&six, rates, now_ms);
}

START_TEST(addresses_count_by_ipv4_address_and_ipv6_network)
{
	struct tg_addresses t;
	struct tg_address *a;
	char text[64];

	ck_assert_int_eq(tg_addresses_init(&t, seed16), TG_OK);
	a = address_of(&t, "192.0.2.7", 0);
	ck_assert_ptr_eq(a, address_of(&t, "192.0.2.7", 0));
	ck_assert_ptr_eq(a, address_of(&t, "::ffff:192.0.2.7", 0));
	ck_assert_ptr_ne(a, address_of(&t, "192.0.2.8", 0));
	tg_address_text(a, text, sizeof text);
	ck_assert_str_eq(text, "192.0.2.0/24");
	a = address_of(&t, "2001:db8:1:2::1", 0);
	ck_assert_ptr_eq(a, address_of(&t, "2001:db8:1:2:ffff::9", 0));
	ck_assert_ptr_ne(a, address_of(&t, "2001:db8:1:3::1", 0));
	tg_address_text(a, text, sizeof text);
	ck_assert_str_eq(text, "2001:db8:1::/48");
	tg_addresses_close(&t);
}
END_TEST

START_TEST(an_address_is_kept_a_while_after_its_last_socket_and_no_longer)
{
	struct tg_addresses t;
	struct tg_address *a;

	ck_assert_int_eq(tg_addresses_init(&t, seed16), TG_OK);
	a = address_of(&t, "192.0.2.7", 1000);
	tg_addresses_enter(&t, a);
	tg_addresses_enter(&t, a);
	tg_addresses_tick(&t, 100000);
	ck_assert_uint_eq(t.count, 1);
	tg_addresses_exit(&t, a, 100000);
	tg_addresses_exit(&t, a, 100000);
	tg_addresses_tick(&t, 100000 + TG_ADDRESS_IDLE_S);
	ck_assert_uint_eq(t.count, 1);
	/* Back in time: the same buckets, so reconnecting gains nothing. */
	ck_assert_ptr_eq(a, address_of(&t, "192.0.2.7", 0));
	tg_addresses_enter(&t, a);
	tg_addresses_exit(&t, a, 200000);
	tg_addresses_tick(&t, 200000 + TG_ADDRESS_IDLE_S + 1);
	ck_assert_uint_eq(t.count, 0);
	/* A flood of addresses is bounded. */
	for (uint32_t i = 0; i < TG_ADDRESS_IDLE_MAX + 1000; i++) {
		char text[32];

		snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		ck_assert_ptr_nonnull(address_of(&t, text, 300000000));
	}
	ck_assert_uint_eq(t.count, TG_ADDRESS_IDLE_MAX);
	tg_addresses_close(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("relay parts");
	TCase *tc = tcase_create("parts");

	chosen = (uint64_t)time(NULL);
	printf("TG_SEED=%llu\n", (unsigned long long)chosen);
	tcase_add_checked_fixture(tc, seed_random, NULL);
	tcase_add_test(tc, dedup_remembers_exactly_until_the_second_asked_for);
	tcase_add_test(tc, dedup_forgets_at_most_its_budget_at_a_time);
	tcase_add_test(tc, dedup_cuts_a_life_that_is_too_long);
	tcase_add_test(tc, a_bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(tc, a_bucket_may_be_off_and_lets_one_large_thing_pass_when_full);
	tcase_add_test(tc, topics_keep_readers_and_owners_apart_under_random_joins_and_leaves);
	tcase_add_test(tc, many_topics_are_found_after_the_table_grew);
	tcase_add_test(tc, a_failed_allocation_leaves_the_table_as_it_was);
	tcase_add_test(tc, a_batch_is_its_frames_and_without_a_sender_the_others_frames);
	tcase_add_test(tc, readers_share_one_copy_which_goes_with_its_last_reference);
	tcase_add_test(tc, addresses_count_by_ipv4_address_and_ipv6_network);
	tcase_add_test(tc, an_address_is_kept_a_while_after_its_last_socket_and_no_longer);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return suite_run(s);
}
