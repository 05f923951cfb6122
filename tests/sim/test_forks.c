/*
 * Worlds in which one log is signed with several histories, as when a profile is copied to a second machine:
 * those who did nothing wrong go on together, and all of them come to show one document.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/log.h>
#include <toygrid/status.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "sim/liar.h"
#include "sim/party.h"
#include "suite.h"

#define SEEDS  20
#define PLACES 100 /* of failing allocations that are tried */

/* Is there a valid proof that ${log} forked among the entries that ${profile} holds? */
static int
holds_fork_proof(const struct sim_profile *profile, const struct tg_access *access)
{
	uint8_t key[33] = {'e'};
	size_t from, to;
	int found = 0;

	memcpy(key + 1, links.grid.b, 32);
	sim_store_range(profile->store, key, sizeof key, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct sim_record *r = &profile->store->records[i];
		struct tg_body_walk walk = {0};
		struct tg_transition t;
		struct tg_entry entry;
		struct tg_body body;
		struct tg_buf plain = {0};
		struct tg_bytes raw;
		struct tg_key log, forked;
		uint64_t seq = 0;
		size_t body_len;

		memcpy(log.b, r->key + 33, 32);
		for (int j = 0; j < 8; j++)
			seq = seq << 8 | r->key[65 + j];
		if (seq > 0 && tg_stored_entry(r->value, r->value_len, &raw) == TG_OK &&
		    tg_entry_decode(raw.data, raw.len, &entry) == TG_OK &&
		    tg_entry_open(access, &log, seq, &entry, &plain, &body_len) == TG_OK &&
		    tg_body_decode(&log, plain.data, body_len, &body) == TG_OK)
			while (tg_body_next_transition(&body, &walk, &t))
				found |= t.kind == TG_T_FORK &&
					 tg_fork_check(&links.grid, t.u.fork.head_a, t.u.fork.head_b,
					     t.u.fork.proof, &forked) == TG_OK;
		tg_buf_free(&plain);
	}
	return found;
}

/* ---- a fork -------------------------------------------------------------------------------------------- */

/* After this p0 and its copies write to one log, each copy on a relay of its own with one of p1, p2, p3. */
static void
copy_profile(uint64_t seed, size_t copies)
{
	party(seed, 4, 3);
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 4000);
	sim_host_kill(cast[0]);
	sim_world_run(world, 200);
	for (size_t i = 0; i < copies; i++) {
		struct sim_profile *twin = sim_profile_new(world, i == 0 ? "twin" : "third", 2u << i);
		struct sim_store *copy = sim_store_copy(world->profiles[0]->store);

		sim_store_replace(twin->store, copy);
		sim_store_free(copy);
	}
	world->profiles[0]->relays = world->profiles[1]->relays = 1;
	world->profiles[2]->relays = 2;
	world->profiles[3]->relays = copies > 1 ? 4 : 2;
	for (int i = 1; i < 4; i++)
		sim_profile_reconnect(world->profiles[i]);
	sim_world_run(world, 1000);
	/* Each is confirmed by whom it meets that the log is as long as it thinks, then writes. */
	enter(0, "");
	for (size_t i = 0; i < copies; i++)
		enter(4 + i, "");
	sim_world_run(world, 3000);
	sim_user_type_token(cast[0]->user);
	sim_user_type_token(cast[4]->user);
	sim_world_run(world, 500);
	sim_user_type_token(cast[4]->user);
	if (copies > 1)
		type_text(cast[5], "third");
	sim_world_run(world, 3000);
	well();
	for (int i = 1; i < 4; i++)
		ck_assert_uint_eq(cast[i]->notices[3], 0);
}

/* All relays for all. */
static void
meet(void)
{
	for (size_t i = 0; i < world->profile_count; i++) {
		world->profiles[i]->relays = 7;
		sim_profile_reconnect(world->profiles[i]);
	}
}

static void
fork_a_log(uint64_t seed, size_t copies)
{
	copy_profile(seed, copies);
	meet();
	sim_world_run(world, 10000);
	well();
}

/* The heads that a profile has stored, wherever: (log, length, root) are in a head. */
static size_t
heads_of(const struct sim_profile *profile, const struct sim_record *heads[64])
{
	uint8_t key[33] = {'h'};
	size_t from, to, n = 0;

	memcpy(key + 1, links.grid.b, 32);
	sim_store_range(profile->store, key, sizeof key, &from, &to);
	for (; from < to && n < 64; from++, n++) {
		const struct sim_record *r = &profile->store->records[from];
		size_t i = n;

		for (; i > 0 && memcmp(heads[i - 1]->value + 8, r->value + 8, 150) > 0; i--)
			heads[i] = heads[i - 1];
		heads[i] = r;
	}
	return n;
}

static void
tell_histories(const struct sim_profile *profile)
{
	const struct sim_record *heads[64];
	size_t n = heads_of(profile, heads);

	for (size_t i = 0; i < n; i++)
		sim_say(world, profile->name,
		    "holds %u of %02x%02x under %02x%02x (%zu bytes, head %02x%02x)", heads[i]->value[7],
		    heads[i]->value[8 + 40], heads[i]->value[8 + 41], heads[i]->key[33], heads[i]->key[34],
		    heads[i]->value_len, heads[i]->value[heads[i]->value_len - 1],
		    heads[i]->value[heads[i]->value_len - 2]);
}

static int
same_histories(const struct sim_profile *a, const struct sim_profile *b)
{
	const struct sim_record *x[64], *y[64];
	size_t n = heads_of(a, x);

	if (n != heads_of(b, y))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (x[i]->value_len != y[i]->value_len ||
		    memcmp(x[i]->value, y[i]->value, x[i]->value_len) != 0)
			return 0;
	return 1;
}

/* Everybody holds the same histories and shows the same document. */
static void
agree(void)
{
	struct sim_profile *first = NULL;

	well();
	for (size_t i = 0; i < world->profile_count; i++) {
		struct sim_profile *profile = world->profiles[i];

		if (sim_profile_tab(profile) == NULL)
			continue;
		if (first == NULL)
			first = profile;
		if (!same_histories(first, profile)) {
			tell_histories(first);
			tell_histories(profile);
		}
		ck_assert_msg(same_histories(first, profile), "seed %u: %s and %s hold different histories",
		    (unsigned)world->seed, first->name, profile->name);
	}
	sim_check_documents(world, &links.grid);
	ck_assert_msg(!world->failed, "seed %u: %s", (unsigned)world->seed, world->failure);
}

static void
all_see(const char *text)
{
	for (size_t i = 0; i < CAST_MAX; i++)
		if (cast[i] != NULL && sim_host_alive(cast[i]))
			ck_assert_msg(sees(cast[i], text), "seed %u: %s does not see %s",
			    (unsigned)world->seed, cast[i]->profile->name, text);
}

static void
end(void)
{
	sim_world_free(world);
	world = NULL;
}

static const char *const names[] = {"anna", "ben", "cleo", "dora"};

static void
go_on(void)
{
	for (int i = 1; i < 4; i++)
		type_text(cast[i], names[i]);
	sim_world_run(world, 5000);
	for (int i = 1; i < 4; i++)
		all_see(names[i]);
	agree();
}

/* ---- the scenarios ------------------------------------------------------------------------------------- */

START_TEST(a_forked_log_is_detected_shown_and_provable)
{
	struct tg_access access;
	struct tg_secret secret;

	fork_a_log(13, 1);
	ck_assert_msg(cast[1]->notices[3] > 0 && cast[2]->notices[3] > 0 && cast[3]->notices[3] > 0,
	    "the fork was shown %u, %u and %u times", cast[1]->notices[3], cast[2]->notices[3],
	    cast[3]->notices[3]);
	memcpy(secret.b, links.edit, 32);
	ck_assert_int_eq(tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &access), TG_OK);
	access.grid = links.grid;
	ck_assert_int_eq(holds_fork_proof(world->profiles[1], &access), 1);
	ck_assert_int_eq(holds_fork_proof(world->profiles[3], &access), 1);
	end();
}
END_TEST

START_TEST(after_a_fork_the_others_go_on_together)
{
	for (uint64_t seed = 1000; seed < 1000 + SEEDS; seed++) {
		fork_a_log(seed, 1);
		all_see("[000.0000]");
		go_on();
		for (int i = 0; i < 5; i++)
			ck_assert_uint_eq(cast[i]->notices[8], 1);
		end();
	}
}
END_TEST

START_TEST(what_was_built_on_either_branch_is_there_in_the_end)
{
	for (uint64_t seed = 1100; seed < 1100 + SEEDS; seed++) {
		copy_profile(seed, 1);
		for (int i = 1; i < 4; i++)
			type_text(cast[i], names[i]);
		type_text(cast[0], "original");
		type_text(cast[4], "copy");
		sim_world_run(world, 3000);
		for (int i = 1; i < 4; i++)
			type_text(cast[i], "again");
		meet();
		sim_world_run(world, 20000);
		for (int i = 1; i < 4; i++)
			all_see(names[i]);
		all_see("original");
		all_see("copy");
		agree();
		end();
	}
}
END_TEST

START_TEST(three_branches_are_three_and_all_agree)
{
	for (uint64_t seed = 1200; seed < 1200 + SEEDS; seed++) {
		fork_a_log(seed, 2);
		sim_world_run(world, 30000);
		go_on();
		ck_assert_uint_ge(logs_in(world->profiles[1]), 3);
		all_see("third");
		end();
	}
}
END_TEST

START_TEST(a_newcomer_after_the_fork_sees_what_the_others_see)
{
	for (uint64_t seed = 1300; seed < 1300 + SEEDS; seed++) {
		fork_a_log(seed, 1);
		go_on();
		sim_profile_new(world, "late", 7);
		enter(5, "e");
		sim_world_run(world, 5000);
		agree();
		type_text(cast[5], "late");
		sim_world_run(world, 3000);
		all_see("late");
		agree();
		end();
	}
}
END_TEST

START_TEST(somebody_who_may_only_look_sees_both_branches)
{
	for (uint64_t seed = 1400; seed < 1400 + SEEDS; seed++) {
		copy_profile(seed, 1);
		sim_profile_new(world, "viewer", 1);
		enter(5, "v");
		sim_world_run(world, 2000);
		meet();
		sim_world_run(world, 10000);
		go_on();
		end();
	}
}
END_TEST

START_TEST(a_replica_brings_both_branches_back)
{
	for (uint64_t seed = 1500; seed < 1500 + SEEDS; seed++) {
		struct sim_profile *replica;

		copy_profile(seed, 1);
		replica = sim_profile_new(world, "rep", 7);
		sim_replica_open(replica);
		sim_world_run(world, 1500);
		sim_invite(cast[1], replica);
		sim_world_run(world, 4000);
		meet();
		sim_world_run(world, 15000);
		if (logs_in(replica) == 0) /* it was not there yet when it was invited */
			sim_invite(cast[1], replica);
		sim_world_run(world, 3000);
		go_on();
		sim_world_run(world, 6000);
		for (int i = 0; i < 5; i++)
			sim_host_kill(cast[i]);
		sim_world_run(world, 500);
		sim_profile_new(world, "fresh", 7);
		enter(6, "e");
		sim_world_run(world, 8000);
		for (int i = 1; i < 4; i++)
			all_see(names[i]);
		agree();
		end();
	}
}
END_TEST

/* Whenever somebody's machine dies while the branches come together, nothing is lost or stuck. */
START_TEST(a_crash_while_the_branches_meet_changes_nothing)
{
	for (uint64_t seed = 1600; seed < 1600 + 2 * SEEDS; seed++) {
		copy_profile(seed, 1);
		meet();
		sim_world_run(world, 15 * (seed - 1600));
		if (seed % 2)
			sim_profile_power_cut(world->profiles[1]);
		else
			sim_host_kill(cast[1]);
		sim_world_run(world, 300);
		enter(1, "");
		sim_world_run(world, 40000);
		go_on();
		end();
	}
}
END_TEST

static uint64_t
up_bytes(const struct sim_host *host)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < SIM_RELAYS_MAX; i++)
		if (host->links[i] != NULL)
			bytes += host->links[i]->up_bytes;
	return bytes;
}

/* Whoever may only look can make people ask for what nobody has, but not often and not for long. */
START_TEST(histories_that_nobody_has_cost_little_and_change_nothing)
{
	for (uint64_t seed = 2000; seed < 2000 + SEEDS / 2; seed++) {
		uint64_t before[4], quiet[4];
		struct sim_liar *liar;

		fork_a_log(seed, 1);
		go_on();
		for (int i = 1; i < 4; i++)
			before[i] = up_bytes(cast[i]);
		sim_world_run(world, 120000);
		for (int i = 1; i < 4; i++)
			quiet[i] = up_bytes(cast[i]) - before[i];
		liar = sim_liar_new(world, &links, 0);
		sim_liar_lies(liar, SIM_LIE_BRANCHES);
		sim_world_run(world, 2000);
		for (int i = 1; i < 4; i++)
			before[i] = up_bytes(cast[i]);
		for (int n = 0; n < 60; n++) {
			type_text(cast[1 + n % 3], "x");
			sim_world_run(world, 2000);
		}
		ck_assert_uint_gt(sim_liar_told(liar), 10);
		for (int i = 1; i < 4; i++) {
			uint64_t spent = up_bytes(cast[i]) - before[i];

			ck_assert_msg(spent < quiet[i] + 300000, "seed %u: %s sent %u bytes, %u in quiet",
			    (unsigned)seed, cast[i]->profile->name, (unsigned)spent, (unsigned)quiet[i]);
			ck_assert_uint_eq(cast[i]->notices[8], 1);
		}
		go_on();
		end();
		sim_liar_free(liar);
	}
}
END_TEST

/* p1 meets its ${nth} allocation while the branches come together as the last that succeeds; how many there
 * are. */
static long
starve(long nth, size_t *failed)
{
	long allocations;

	copy_profile(2100, 1);
	cast[1]->allocations = 0;
	cast[1]->fail_after = nth;
	meet();
	sim_world_run(world, 5000);
	allocations = cast[1]->allocations;
	*failed += (size_t)cast[1]->failed;
	cast[1]->fail_after = -1;
	if (sim_profile_tab(world->profiles[1]) == NULL)
		enter(1, "");
	sim_world_run(world, 40000);
	go_on();
	end();
	return allocations;
}

START_TEST(out_of_memory_while_the_branches_meet_loses_nothing)
{
	size_t failed = 0;
	long all = starve(-1, &failed), step = getenv("TG_LONG") != NULL ? 1 : all / PLACES + 1;

	for (long nth = 0; nth < all; nth += step)
		starve(nth, &failed);
	fprintf(stderr, "%ld allocations, %u times TG_ENOMEM\n", all, (unsigned)failed);
	ck_assert_uint_gt(failed, 0);
}
END_TEST

START_TEST(a_host_that_does_not_open_the_document_again_goes_on)
{
	copy_profile(1700, 1);
	cast[1]->on_reopen = NULL;
	meet();
	sim_world_run(world, 10000);
	well();
	type_text(cast[1], "ben");
	sim_world_run(world, 3000);
	well();
	ck_assert(sees(cast[1], "ben"));
	ck_assert(sees(cast[2], "ben"));
	sim_host_kill(cast[1]);
	sim_world_run(world, 300);
	enter(1, "");
	sim_world_run(world, 3000);
	go_on();
	end();
}
END_TEST

START_TEST(two_tabs_of_a_profile_come_to_hold_both_branches)
{
	for (uint64_t seed = 1800; seed < 1800 + SEEDS; seed++) {
		struct sim_host *tab;

		copy_profile(seed, 1);
		tab = cast[1];
		enter(1, "");
		sim_world_run(world, 1000);
		meet();
		sim_world_run(world, 10000);
		go_on();
		ck_assert(sees(tab, "dora"));
		end();
	}
}
END_TEST

START_TEST(nothing_typed_is_lost_while_the_document_is_opened_again)
{
	for (uint64_t seed = 1900; seed < 1900 + SEEDS; seed++) {
		char text[16];
		int n = 0;

		copy_profile(seed, 1);
		meet();
		for (int ms = 0; ms < 6000; ms += 50) {
			sim_world_run(world, 50);
			if (!sim_user_ready(cast[2]->user) || cast[2]->user->polls_open > 0)
				continue;
			snprintf(text, sizeof text, "<%d>", n++);
			type_text(cast[2], text);
		}
		sim_world_run(world, 40000); /* what was sent while somebody had it closed is asked for */
		ck_assert_uint_eq(cast[2]->notices[8], 1);
		for (int i = 0; i < n; i++) {
			snprintf(text, sizeof text, "<%d>", i);
			all_see(text);
		}
		agree();
		end();
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_forked_log_is_detected_shown_and_provable,
	    after_a_fork_the_others_go_on_together, what_was_built_on_either_branch_is_there_in_the_end,
	    three_branches_are_three_and_all_agree, a_newcomer_after_the_fork_sees_what_the_others_see,
	    somebody_who_may_only_look_sees_both_branches, a_replica_brings_both_branches_back,
	    a_crash_while_the_branches_meet_changes_nothing,
	    histories_that_nobody_has_cost_little_and_change_nothing,
	    out_of_memory_while_the_branches_meet_loses_nothing,
	    a_host_that_does_not_open_the_document_again_goes_on,
	    two_tabs_of_a_profile_come_to_hold_both_branches,
	    nothing_typed_is_lost_while_the_document_is_opened_again};
	Suite *suite = suite_create("sim_forks");

	if (tg_crypto_init() != TG_OK)
		return 1;
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
		TCase *tc = tcase_create(tests[i]->name);

		tcase_set_timeout(tc, 0);
		tcase_add_checked_fixture(tc, NULL, tell_failure);
		tcase_add_test(tc, tests[i]);
		suite_add_tcase(suite, tc);
	}
	return suite_run(suite);
}
