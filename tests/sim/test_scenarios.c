/*
 * Named worlds: one claim each, with few peers and nothing random but delays.
 */
#define _GNU_SOURCE /* memmem */
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
#include "sim/wiretap.h"
#include "suite.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* ---- the scenarios ------------------------------------------------------------------------------------- */

START_TEST(what_one_types_the_other_sees)
{
	party(1, 2, 1);
	type_text(cast[0], "hello");
	sim_world_run(world, 1000);
	well();
	ck_assert(sees(cast[1], "hello"));
	finish();
}
END_TEST

START_TEST(what_is_typed_counts_as_unsafe_at_once)
{
	party(31, 2, 1);
	type_text(cast[0], "hello");
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	type_text(cast[0], "!"); /* and no time passes */
	ck_assert_uint_eq(cast[0]->durability.safe, 0);
	ck_assert_uint_gt(cast[0]->durability.unsent, 0);
	finish();
}
END_TEST

START_TEST(what_was_typed_last_before_closing_reaches_the_others)
{
	struct tg_buf event = {0};

	party(30, 2, 1);
	sim_user_type_token(cast[0]->user);
	sim_host_command(cast[0], TG_COMMAND_CLOSE, 1, &event);
	tg_write_bin(&event, links.grid.b, sizeof links.grid.b);
	sim_host_send(cast[0], &event, NULL, NULL);
	sim_world_run(world, 3000);
	well();
	ck_assert(sees(cast[1], "[000.0000]"));
	sim_world_free(world);
	world = NULL;
}
END_TEST

START_TEST(a_gap_is_noticed_and_asked_for)
{
	party(2, 2, 1);
	world->relays[0]->withhold_from = cast[1]->links[0];
	world->relays[0]->withhold = 1;
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 120);
	ck_assert_uint_eq(world->relays[0]->withhold, 0);
	ck_assert(!sees(cast[1], "[000.0000]"));
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 1500);
	well();
	ck_assert(sees(cast[1], "[000.0000][000.0001]"));
	finish();
}
END_TEST

START_TEST(a_relay_restart_in_the_middle_of_typing_loses_nothing)
{
	party(3, 3, 1);
	for (int i = 0; i < 30; i++) {
		sim_user_type_token(cast[i % 3]->user);
		if (i == 10)
			sim_relay_stop(world->relays[0]);
		if (i == 20)
			sim_relay_start(world->relays[0]);
		sim_world_run(world, 100);
	}
	finish();
}
END_TEST

START_TEST(both_offline_both_edit_both_come_back)
{
	party(4, 2, 2);
	sim_relay_stop(world->relays[0]);
	sim_relay_stop(world->relays[1]);
	for (int i = 0; i < 10; i++) {
		sim_user_type_token(cast[0]->user);
		sim_user_type_token(cast[1]->user);
		sim_world_run(world, 200);
	}
	ck_assert(!sees(cast[1], "[000.0000]"));
	ck_assert_uint_gt(cast[0]->durability.unsent, 0);
	ck_assert_uint_le(cast[0]->durability.safe, 1);
	sim_relay_start(world->relays[0]);
	sim_relay_start(world->relays[1]);
	sim_world_run(world, 8000);
	ck_assert(sees(cast[1], "[000.0000]"));
	ck_assert(sees(cast[0], "[001.0009]"));
	finish();
}
END_TEST

START_TEST(two_tabs_of_one_profile_share_what_they_type_even_offline)
{
	struct sim_host *first, *second;

	party(5, 1, 1);
	first = cast[0];
	world->profiles[0]->offline = 1;
	sim_profile_reconnect(world->profiles[0]);
	second = enter(0, "");
	sim_user_type_token(first->user);
	sim_user_type_token(second->user);
	sim_world_run(world, 1500);
	well();
	ck_assert(sees(first, "[001.0000]"));
	ck_assert(sees(second, "[000.0000]"));
	world->profiles[0]->offline = 0;
	sim_profile_reconnect(world->profiles[0]);
	finish();
}
END_TEST

START_TEST(a_tab_reopened_after_close_goes_on_with_the_same_log)
{
	party(6, 2, 1);
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(logs_in(world->profiles[1]), 1);
	sim_host_kill(cast[0]);
	enter(0, "");
	sim_world_run(world, 2000);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 3000);
	well();
	ck_assert_uint_eq(logs_in(world->profiles[1]), 1);
	ck_assert(sees(cast[1], "[002.0000]"));
	finish();
}
END_TEST

/* A socket carries 256 topics: what a closed document leaves there is missing to later ones. */
START_TEST(a_reopened_document_says_again_how_safe_it_is)
{
	party(62, 2, 1);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	sim_host_kill(cast[0]);
	enter(0, "");
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	/* An edit begins anew, in whatever log it goes to. */
	sim_user_type_token(cast[0]->user);
	ck_assert_uint_eq(cast[0]->durability.safe, 0);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	/* Alone, and in a fresh log: what others held of the other one does not count for it. */
	sim_host_kill(cast[1]);
	sim_host_kill(cast[0]);
	enter(0, "");
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 1);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 1);
	enter(1, "");
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	finish();
}
END_TEST

START_TEST(who_closes_a_document_leaves_no_subscription_behind)
{
	struct tg_buf event;

	party(61, 3, 1);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 2000);
	sim_host_kill(cast[1]);
	enter(1, "");
	sim_world_run(world, 3000);
	ck_assert_uint_gt(sim_relay_topics(world->relays[0]), 6); /* inboxes of others, too */
	for (size_t i = 0; i < 3; i++) {
		sim_host_command(cast[i], TG_COMMAND_CLOSE, 1, &event);
		tg_write_bin(&event, links.grid.b, TG_HASH_BYTES);
		sim_host_send(cast[i], &event, NULL, NULL);
	}
	sim_world_run(world, 2000);
	ck_assert_uint_eq(sim_relay_topics(world->relays[0]), 0);
	for (size_t i = 0; i < 3; i++) {
		sim_host_kill(cast[i]);
		enter(i, "");
	}
	finish();
}
END_TEST

START_TEST(a_crash_between_store_and_stored_loses_nothing_promised)
{
	for (uint64_t ms = 0; ms < 120; ms += 5) {
		party(700 + ms, 2, 1);
		sim_user_type_token(cast[0]->user);
		sim_user_flush(cast[0]->user);
		sim_world_run(world, 1500);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, ms);
		sim_host_kill(cast[0]);
		sim_world_run(world, 500);
		enter(0, "");
		sim_world_run(world, 1000);
		ck_assert(sees(cast[0], "[000.0000]"));
		sim_user_type_token(cast[0]->user);
		finish();
	}
}
END_TEST

START_TEST(a_power_cut_forks_nothing)
{
	for (uint64_t ms = 0; ms < 300; ms += 15) {
		party(800 + ms, 3, 1);
		for (int i = 0; i < 5; i++) {
			sim_user_type_token(cast[0]->user);
			sim_world_run(world, 60);
		}
		sim_world_run(world, ms);
		sim_profile_power_cut(world->profiles[0]);
		sim_world_run(world, 500);
		enter(0, "e");
		sim_world_run(world, 200);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 4000);
		ck_assert_uint_eq(cast[1]->notices[3], 0);
		finish();
	}
}
END_TEST

START_TEST(a_power_cut_forks_nothing_when_only_somebody_who_missed_it_answers)
{
	for (uint64_t seed = 900; seed < 920; seed++) {
		party(seed, 3, 1);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 4000);
		world->relays[0]->withhold_from = cast[2]->links[0];
		world->relays[0]->withhold = 1000;
		for (int i = 0; i < 4; i++) {
			sim_user_type_token(cast[0]->user);
			sim_world_run(world, 70);
		}
		world->profiles[1]->offline = 1;
		sim_profile_reconnect(world->profiles[1]);
		sim_profile_power_cut(world->profiles[0]);
		world->relays[0]->withhold = 0;
		sim_world_run(world, 300);
		enter(0, "e");
		sim_world_run(world, 1500);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 2000);
		world->profiles[1]->offline = 0;
		sim_profile_reconnect(world->profiles[1]);
		sim_world_run(world, 4000);
		for (int i = 0; i < 3; i++)
			ck_assert_uint_eq(cast[i]->notices[3], 0);
		finish();
	}
}
END_TEST

START_TEST(a_full_disk_is_shown_and_forgotten_when_there_is_room_again)
{
	party(9, 2, 1);
	world->profiles[0]->store->full = 1;
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_gt(cast[0]->notices[1], 0);
	ck_assert_uint_eq(cast[0]->notices[2], 0);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 1000);
	world->profiles[0]->store->full = 0;
	sim_world_run(world, 15000);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 3000);
	well();
	ck_assert_uint_gt(cast[0]->notices[2], 0);
	ck_assert(sees(cast[1], "[000.0000][000.0001][000.0002]"));
	finish();
}
END_TEST

/* Of every head that a store holds: does it hold the entries, too? */
static int
heads_have_their_entries(const struct sim_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		const struct sim_record *head = &store->records[i];
		uint64_t length = 0, entries = 0;

		if (head->key[0] != 'h')
			continue;
		for (int b = 0; b < 8; b++)
			length = length << 8 | head->value[b];
		for (size_t k = 0; k < store->count; k++)
			entries += store->records[k].key[0] == 'e' &&
				   memcmp(store->records[k].key + 1, head->key + 1, head->key_len - 1) == 0;
		if (entries < length)
			return 0;
	}
	return 1;
}

/*
 * What was asked for behind a failed batch fails as well, and its answers come while new batches are made.
 * They must be stored again in the order they were made, or a power cut leaves a head without its entries.
 */
START_TEST(after_a_full_disk_a_power_cut_leaves_a_prefix_of_what_was_asked_for)
{
	unsigned refused = 0;

	for (uint64_t seed = 940; seed < 960; seed++) {
		struct sim_profile *replica;
		struct sim_host *host;

		party(seed, 2, 1);
		replica = sim_profile_new(world, "rep", 1);
		host = sim_replica_open(replica);
		sim_world_run(world, 1500);
		sim_invite(cast[0], replica);
		sim_world_run(world, 3000);
		replica->store->delay_max_ms = 60;
		for (int i = 0; i < 40; i++) {
			replica->store->full = i >= 5 && i < 25;
			sim_user_type_token(cast[i % 2]->user);
			sim_world_run(world, 30);
		}
		for (int i = 0; i < 2000 && host->notices[2] < host->notices[1]; i++)
			sim_world_run(world, 5);
		ck_assert_uint_eq(host->notices[2], host->notices[1]);
		refused += host->notices[1];
		sim_world_run(world, (uint32_t)(seed - 940) * 10);
		sim_profile_power_cut(replica);
		ck_assert_msg(heads_have_their_entries(replica->store), "seed %u", (unsigned)seed);
		sim_world_run(world, 300);
		sim_replica_open(replica);
		sim_world_run(world, 3000);
		finish();
	}
	ck_assert_uint_gt(refused, 10);
}
END_TEST

START_TEST(a_clock_eleven_minutes_off_can_write)
{
	static const int64_t skews[] = {660000, -660000};

	for (int i = 0; i < 2; i++) {
		memset(&links, 0, sizeof links);
		world = sim_world_new(10 + (uint64_t)i, 1, &sim_real_peer);
		sim_wiretap(world, &links);
		sim_profile_new(world, "p0", 1)->skew_ms = skews[i];
		sim_profile_new(world, "p1", 1);
		cast[0] = sim_host_open(world->profiles[0]);
		sim_user_start(cast[0], &links, "", 1)->quiet = 1;
		sim_world_run(world, 1000);
		enter(1, "e");
		sim_user_type_token(cast[0]->user);
		sim_user_type_token(cast[1]->user);
		sim_world_run(world, 3000);
		ck_assert(sees(cast[1], "[000.0000]"));
		ck_assert(sees(cast[0], "[001.0000]"));
		ck_assert_uint_eq(world->relays[0]->errors[TG_ERR_STALE], 0);
		finish();
	}
}
END_TEST

START_TEST(duplicates_and_replays_change_nothing)
{
	struct sim_liar *liar;

	party(12, 3, 2);
	world->relays[0]->faults.duplicate_percent = 100;
	liar = sim_liar_new(world, &links, 1);
	sim_liar_lies(liar, SIM_LIE_REPLAY);
	sim_world_run(world, 1000);
	for (int i = 0; i < 20; i++) {
		sim_user_type_token(cast[i % 3]->user);
		sim_world_run(world, 150);
	}
	sim_world_run(world, 3000);
	ck_assert_uint_gt(sim_liar_told(liar), 0);
	finish();
	sim_liar_free(liar);
}
END_TEST

START_TEST(a_restored_backup_starts_a_new_log)
{
	struct sim_store *backup;

	party(14, 3, 1);
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 2000);
	backup = sim_store_copy(world->profiles[0]->store);
	for (int i = 0; i < 5; i++) {
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 300);
	}
	sim_world_run(world, 3000);
	ck_assert_uint_eq(logs_in(world->profiles[1]), 1);
	sim_host_kill(cast[0]);
	sim_world_run(world, 100);
	sim_store_replace(world->profiles[0]->store, backup);
	world->profiles[0]->unreliable = 1;
	world->profiles[0]->offline = 1; /* it types before it can know */
	enter(0, "");
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 1000);
	world->profiles[0]->offline = 0;
	sim_profile_reconnect(world->profiles[0]);
	sim_world_run(world, 5000);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 5000);
	well();
	ck_assert_uint_eq(cast[1]->notices[3], 0);
	ck_assert_uint_eq(logs_in(world->profiles[1]), 2);
	ck_assert(sees(cast[1], "[000.0005]"));
	ck_assert(sees(cast[1], "[003.0000]"));
	ck_assert(sees(cast[1], "[003.0001]"));
	finish();
	sim_store_free(backup);
}
END_TEST

START_TEST(a_restored_backup_is_noticed_though_somebody_who_missed_the_rest_answers_first)
{
	for (uint64_t seed = 930; seed < 940; seed++) {
		struct sim_store *backup;

		party(seed, 3, 1);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 4000);
		backup = sim_store_copy(world->profiles[0]->store);
		world->profiles[1]->offline = 1;
		sim_profile_reconnect(world->profiles[1]);
		for (int i = 0; i < 3; i++) {
			sim_user_type_token(cast[0]->user);
			sim_world_run(world, 300);
		}
		sim_world_run(world, 3000);
		sim_host_kill(cast[0]);
		sim_world_run(world, 100);
		sim_store_replace(world->profiles[0]->store, backup);
		world->profiles[0]->unreliable = 1;
		/* p1 knows as much as the backup, and is near; p2 knows more, and is far. */
		cast[2]->links[0]->latency_ms = 150;
		world->profiles[1]->offline = 0;
		sim_profile_reconnect(world->profiles[1]);
		sim_world_run(world, 200);
		enter(0, "");
		sim_world_run(world, 1000);
		sim_user_type_token(cast[0]->user);
		sim_world_run(world, 4000);
		for (int i = 0; i < 3; i++)
			ck_assert_uint_eq(cast[i]->notices[3], 0);
		finish();
		sim_store_free(backup);
	}
}
END_TEST

START_TEST(a_view_link_shows_and_cannot_write)
{
	party(15, 2, 1);
	sim_profile_new(world, "viewer", 1);
	enter(2, "v");
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 2000);
	ck_assert(sees(cast[2], "[000.0000]"));
	sim_user_type_token(cast[2]->user);
	sim_user_flush(cast[2]->user);
	sim_world_run(world, 3000);
	well();
	ck_assert_msg(cast[2]->user->refused > 0 || cast[2]->notices[6] > 0, "the viewer was not told");
	ck_assert(!sees(cast[0], "[002."));
	ck_assert(!sees(cast[2], "[002."));
	finish();
}
END_TEST

START_TEST(forged_acks_never_raise_the_safe_count)
{
	struct sim_liar *liar;

	party(16, 2, 1);
	liar = sim_liar_new(world, &links, 0);
	sim_liar_lies(liar, SIM_LIE_ALL & ~SIM_LIE_BRANCHES);
	sim_world_run(world, 3000);
	world->profiles[1]->store->full = 1; /* the only other device cannot keep anything */
	sim_world_run(world, 1000);
	for (int i = 0; i < 20; i++) {
		sim_user_type_token(cast[0]->user);
		sim_user_flush(cast[0]->user);
		sim_world_run(world, 300);
		ck_assert_uint_le(cast[0]->durability.safe, 1);
	}
	ck_assert_uint_gt(sim_liar_told(liar), 10);
	world->profiles[1]->store->full = 0;
	sim_world_run(world, 15000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	finish();
	sim_liar_free(liar);
}
END_TEST

START_TEST(a_liar_with_a_view_link_changes_nothing)
{
	struct sim_liar *liar;

	party(17, 3, 1);
	liar = sim_liar_new(world, &links, 0);
	for (int i = 0; i < 40; i++) {
		sim_user_type_token(cast[i % 3]->user);
		sim_world_run(world, 200);
	}
	ck_assert_uint_gt(sim_liar_told(liar), 20);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(cast[i]->notices[3], 0);
	finish();
	sim_liar_free(liar);
}
END_TEST

START_TEST(who_promises_without_end_keeps_nobody_from_catching_up)
{
	struct sim_liar *liar;

	party(23, 2, 1);
	liar = sim_liar_new(world, &links, 0);
	sim_liar_lies(liar, SIM_LIE_ENDLESS);
	sim_world_run(world, 2000);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 3000);
	world->relays[0]->withhold_from = cast[1]->links[0];
	world->relays[0]->withhold = 1;
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 120);
	ck_assert_uint_eq(world->relays[0]->withhold, 0);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 10000);
	ck_assert_uint_gt(sim_liar_told(liar), 5);
	ck_assert(sees(cast[1], "[000.0000][000.0001][000.0002]"));
	finish();
	sim_liar_free(liar);
}
END_TEST

START_TEST(a_liar_with_an_edit_link_cannot_alter_what_others_wrote)
{
	struct sim_liar *liar;

	party(22, 3, 1);
	liar = sim_liar_new(world, &links, 0);
	sim_liar_may_write(liar);
	/* An ack in its own name would count: whoever may write may say that they hold it. */
	sim_liar_lies(liar, SIM_LIE_ALL & ~(SIM_LIE_ACK_VIEWER | SIM_LIE_ACK_WRITER));
	for (int i = 0; i < 40; i++) {
		sim_user_type_token(cast[i % 3]->user);
		sim_world_run(world, 200);
	}
	ck_assert_uint_gt(sim_liar_told(liar), 20);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(cast[i]->notices[3], 0);
	finish();
	sim_liar_free(liar);
}
END_TEST

START_TEST(safe_counts_a_device_only_when_its_disk_has_it)
{
	party(18, 2, 1);
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	ck_assert_uint_eq(cast[0]->durability.unsent, 0);
	world->profiles[1]->store->full = 1;
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 3000);
	ck_assert_uint_eq(cast[0]->durability.safe, 1);
	ck_assert(sees(cast[1], "[000.0001]")); /* seen is not safe */
	world->profiles[1]->store->full = 0;
	sim_world_run(world, 15000);
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	finish();
}
END_TEST

START_TEST(a_replica_brings_the_document_back_to_a_fresh_profile)
{
	struct sim_profile *replica;
	struct sim_store *empty;

	party(19, 1, 1);
	replica = sim_profile_new(world, "rep", 1);
	sim_replica_open(replica);
	sim_world_run(world, 1500);
	sim_invite(cast[0], replica);
	sim_user_type_token(cast[0]->user);
	sim_user_flush(cast[0]->user);
	sim_world_run(world, 6000);
	well();
	ck_assert_uint_eq(cast[0]->durability.safe, 2);
	sim_host_kill(cast[0]);
	world->profiles[0]->unreliable = 1; /* the browser profile is deleted */
	empty = sim_store_new(&world->sched, world->rand);
	sim_store_replace(world->profiles[0]->store, empty);
	sim_store_free(empty);
	sim_profile_new(world, "fresh", 1);
	enter(2, "e");
	sim_world_run(world, 5000);
	well();
	ck_assert(sees(cast[2], "[000.0000]"));
	finish();
}
END_TEST

/* More authors at once than one entry can name as parents (64). */
START_TEST(seventy_people_write_at_once_and_agree)
{
	party(21, 70, 1);
	sim_relay_stop(world->relays[0]);
	sim_world_run(world, 500);
	for (int i = 0; i < 70; i++)
		sim_user_type_token(cast[i]->user);
	sim_world_run(world, 1000);
	sim_relay_start(world->relays[0]);
	sim_world_run(world, 60000);
	well();
	/* Each has drawn all the others now, so what is typed next has seventy parents. */
	for (int i = 0; i < 70; i += 7) {
		ck_assert(sees(cast[i], "[069.0000]"));
		sim_user_type_token(cast[i]->user);
	}
	finish();
}
END_TEST

struct chunk_answer {
	int came, status;
	struct tg_buf value;
};

static void
chunk_reply(struct sim_host *host, void *ctx, int status, struct tg_bytes value)
{
	struct chunk_answer *a = ctx;

	(void)host;
	a->came = 1;
	a->status = status;
	tg_buf_put(&a->value, value.data, value.len);
}

static struct chunk_answer
chunk_command(struct sim_host *host, enum tg_command name, struct tg_bytes arg, int with_flag)
{
	struct chunk_answer answer = {0};
	struct tg_buf event = {0};

	sim_host_command(host, name, with_flag ? 3 : 2, &event);
	tg_write_bin(&event, links.grid.b, sizeof links.grid.b);
	if (with_flag)
		tg_write_bool(&event, 0);
	tg_write_bin(&event, arg.data, arg.len);
	sim_host_send(host, &event, chunk_reply, &answer);
	for (int ms = 0; ms < 20000 && !answer.came; ms += 100)
		sim_world_run(world, 100);
	ck_assert(answer.came);
	return answer;
}

/* Its author gone, a chunk comes from the replica, which never could open it. */
START_TEST(a_chunk_outlives_its_author_in_a_replica)
{
	static const struct tg_bytes data = {(const uint8_t *)"a picture of a lighthouse", 25};
	struct sim_profile *replica;
	struct chunk_answer put, got;
	struct tg_reader r;
	uint8_t name[32], nobody[32] = {1};
	struct tg_bytes value;

	party(22, 2, 1);
	replica = sim_profile_new(world, "rep", 1);
	sim_replica_open(replica);
	sim_world_run(world, 1500);
	sim_invite(cast[0], replica);
	sim_world_run(world, 3000);
	put = chunk_command(cast[0], TG_COMMAND_PUT, data, 1);
	ck_assert_int_eq(put.status, TG_OK);
	tg_reader_init(&r, put.value.data, put.value.len);
	tg_read_fixed(&r, name, sizeof name);
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
	sim_world_run(world, 6000);
	sim_host_kill(cast[0]);
	sim_world_run(world, 500);
	got = chunk_command(cast[1], TG_COMMAND_GET, (struct tg_bytes){name, sizeof name}, 0);
	ck_assert_int_eq(got.status, TG_OK);
	tg_reader_init(&r, got.value.data, got.value.len);
	value = tg_read_bin(&r, 100);
	ck_assert_uint_eq(value.len, data.len);
	ck_assert_mem_eq(value.data, data.data, data.len);
	tg_buf_free(&got.value);
	got = chunk_command(cast[1], TG_COMMAND_GET, (struct tg_bytes){nobody, sizeof nobody}, 0);
	ck_assert_int_eq(got.status, TG_ENOTFOUND);
	/* Nowhere in the replica's store stands what was put. */
	for (size_t i = 0; i < replica->store->count; i++)
		ck_assert_ptr_null(memmem(replica->store->records[i].value,
		    replica->store->records[i].value_len, data.data, data.len));
	tg_buf_free(&put.value);
	tg_buf_free(&got.value);
	finish();
}
END_TEST

static uint64_t
down_bytes(const struct sim_host *host)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < SIM_RELAYS_MAX; i++)
		if (host->links[i] != NULL)
			bytes += host->links[i]->down_bytes;
	return bytes;
}

START_TEST(a_newcomers_catch_up_costs_nobody_else_a_byte)
{
	static char page[501];
	uint64_t before[3], idle[3];

	memset(page, 'x', 500);
	party(20, 3, 2);
	for (int i = 0; i < 400; i++) {
		type_text(cast[i % 3], page);
		sim_world_run(world, 60);
	}
	sim_world_run(world, 6000);
	well();
	/* What a quiet stretch of the same length costs, for comparison. */
	for (int i = 0; i < 3; i++)
		before[i] = down_bytes(cast[i]);
	sim_world_run(world, 10000);
	for (int i = 0; i < 3; i++) {
		idle[i] = down_bytes(cast[i]) - before[i];
		before[i] = down_bytes(cast[i]);
	}
	sim_profile_new(world, "late", 3);
	enter(3, "e");
	sim_world_run(world, 10000);
	well();
	ck_assert_uint_eq(cast[3]->user->view_len, cast[0]->user->view_len);
	ck_assert_uint_gt(down_bytes(cast[3]), 200000);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(down_bytes(cast[i]) - before[i] < idle[i] + 20000,
		    "p%d received %u bytes while the newcomer caught up, %u in quiet", i,
		    (unsigned)(down_bytes(cast[i]) - before[i]), (unsigned)idle[i]);
	finish();
}
END_TEST

/* Where somebody else's caret was shown last. */
static uint32_t caret_at;

static void
note_caret(struct sim_host *host, const struct tg_effect *effect)
{
	struct tg_reader r;

	(void)host;
	tg_reader_init(&r, effect->u.presence.position.data, effect->u.presence.position.len);
	if (tg_read_nil(&r))
		return;
	tg_read_array(&r, 3, 3);
	tg_read_uint(&r, UINT32_MAX);
	tg_read_uint(&r, UINT32_MAX);
	caret_at = (uint32_t)tg_read_uint(&r, UINT32_MAX);
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
}

/* A page in the middle of a composition does not poll: a caret that comes then, together with the words it
 * stands behind, can be shown at the edge of the old view at best.  It used to stay there. */
START_TEST(a_caret_that_comes_before_its_authors_words_is_shown_behind_them)
{
	struct tg_buf event;
	uint32_t old;

	party(41, 2, 1);
	type_text(cast[0], "one ");
	sim_world_run(world, 2000);
	ck_assert(sees(cast[1], "one "));
	cast[1]->on_presence = note_caret;
	cast[1]->user->poll_wanted = 1; /* as if it were on its way: the page composes */
	old = (uint32_t)cast[1]->user->view_len;
	type_text(cast[0], "two");
	sim_host_command(cast[0], TG_COMMAND_CARET, 2, &event);
	tg_write_bin(&event, links.grid.b, 32);
	tg_write_array(&event, 3);
	tg_write_uint(&event, 0); /* the body */
	tg_write_uint(&event, old + 3);
	tg_write_uint(&event, old + 3);
	sim_host_send(cast[0], &event, NULL, NULL);
	caret_at = UINT32_MAX;
	sim_world_run(world, 2000);
	ck_assert(!sees(cast[1], "two"));
	ck_assert_uint_eq(caret_at, old); /* it came, and there is no better place yet */
	sim_user_poll(cast[1]->user);
	sim_world_run(world, 1000);
	ck_assert(sees(cast[1], "one two"));
	ck_assert_uint_eq(caret_at, old + 3);
	finish();
}
END_TEST

/* Who is shown to the observed tab now: sessions with a name. */
static struct tg_key shown[CAST_MAX];
static size_t shown_count;

static void
note_who(struct sim_host *host, const struct tg_effect *effect)
{
	size_t i = 0;

	(void)host;
	while (i < shown_count && memcmp(shown[i].b, effect->u.presence.session.b, TG_KEY_BYTES) != 0)
		i++;
	if (i == shown_count)
		memcpy(shown[shown_count++].b, effect->u.presence.session.b, TG_KEY_BYTES);
	if (effect->u.presence.name.len == 0)
		shown[i] = shown[--shown_count];
}

static void
put_caret(struct sim_host *host, int has)
{
	struct tg_buf event;

	sim_host_command(host, TG_COMMAND_CARET, 2, &event);
	tg_write_bin(&event, links.grid.b, TG_HASH_BYTES);
	if (!has) {
		tg_write_nil(&event);
	} else {
		tg_write_array(&event, 3);
		for (int i = 0; i < 3; i++)
			tg_write_uint(&event, 0);
	}
	sim_host_send(host, &event, NULL, NULL);
}

START_TEST(a_newcomer_sees_at_once_who_is_here_and_who_leaves)
{
	struct tg_buf event;

	party(43, 3, 1);
	type_text(cast[0], "words");
	put_caret(cast[0], 1);
	put_caret(cast[1], 0); /* only looks */
	sim_world_run(world, 120000);
	cast[0]->on_reopen(cast[0]); /* leaves and comes back */
	sim_world_run(world, 5000);
	type_text(cast[0], "more");
	put_caret(cast[0], 1);
	sim_world_run(world, 5000);
	sim_host_kill(cast[2]);
	world->relays[0]->faults.inbox_late_ms = 5;
	shown_count = 0;
	cast[2] = sim_person_open(world->profiles[2], &links, "");
	cast[2]->on_presence = note_who;
	cast[2]->user->quiet = 1;
	sim_world_run(world, 3000);
	ck_assert_uint_eq(shown_count, 2);
	sim_host_command(cast[0], TG_COMMAND_AWAY, 1, &event); /* its page is going */
	tg_write_bin(&event, links.grid.b, TG_HASH_BYTES);
	sim_host_send(cast[0], &event, NULL, NULL);
	sim_world_run(world, 1000);
	ck_assert_uint_eq(shown_count, 1);
	sim_host_kill(cast[0]);
	enter(0, "");
	finish();
}
END_TEST

START_TEST(undo_has_steps_for_who_never_pauses)
{
	size_t before, left;

	party(63, 1, 1);
	before = cast[0]->user->view_len;
	for (int i = 0; i < 60; i++) {
		type_text(cast[0], "x");
		sim_world_run(world, 200);
	}
	sim_user_undo(cast[0]->user, 0);
	sim_world_run(world, 1000);
	left = cast[0]->user->view_len - before;
	ck_assert_uint_gt(left, 30);
	ck_assert_uint_lt(left, 60);
	for (int i = 0; i < 2; i++) {
		sim_user_undo(cast[0]->user, 0);
		sim_world_run(world, 1000);
	}
	ck_assert_uint_eq(cast[0]->user->view_len, before);
	finish();
}
END_TEST

START_TEST(undo_takes_back_only_ones_own_edits)
{
	party(21, 2, 1);
	sim_user_type_token(cast[0]->user);
	sim_world_run(world, 1000);
	sim_user_type_token(cast[1]->user);
	sim_world_run(world, 1000);
	sim_user_undo(cast[0]->user, 0);
	sim_world_run(world, 1000);
	well();
	ck_assert(!sees(cast[1], "[000.0000]"));
	ck_assert(sees(cast[1], "[001.0000]"));
	ck_assert(sees(cast[0], "[001.0000]"));
	sim_user_undo(cast[0]->user, 1);
	sim_world_run(world, 1000);
	ck_assert(sees(cast[1], "[000.0000]"));
	finish();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {what_one_types_the_other_sees, what_is_typed_counts_as_unsafe_at_once,
	    what_was_typed_last_before_closing_reaches_the_others, a_gap_is_noticed_and_asked_for,
	    a_relay_restart_in_the_middle_of_typing_loses_nothing, both_offline_both_edit_both_come_back,
	    two_tabs_of_one_profile_share_what_they_type_even_offline,
	    a_tab_reopened_after_close_goes_on_with_the_same_log,
	    a_reopened_document_says_again_how_safe_it_is,
	    who_closes_a_document_leaves_no_subscription_behind,
	    a_crash_between_store_and_stored_loses_nothing_promised, a_power_cut_forks_nothing,
	    a_power_cut_forks_nothing_when_only_somebody_who_missed_it_answers,
	    a_full_disk_is_shown_and_forgotten_when_there_is_room_again,
	    after_a_full_disk_a_power_cut_leaves_a_prefix_of_what_was_asked_for,
	    a_clock_eleven_minutes_off_can_write, duplicates_and_replays_change_nothing,
	    a_restored_backup_starts_a_new_log,
	    a_restored_backup_is_noticed_though_somebody_who_missed_the_rest_answers_first,
	    a_view_link_shows_and_cannot_write, forged_acks_never_raise_the_safe_count,
	    a_liar_with_a_view_link_changes_nothing, who_promises_without_end_keeps_nobody_from_catching_up,
	    a_liar_with_an_edit_link_cannot_alter_what_others_wrote,
	    safe_counts_a_device_only_when_its_disk_has_it,
	    a_replica_brings_the_document_back_to_a_fresh_profile,
	    a_newcomers_catch_up_costs_nobody_else_a_byte, a_newcomer_sees_at_once_who_is_here_and_who_leaves,
	    a_caret_that_comes_before_its_authors_words_is_shown_behind_them,
	    undo_has_steps_for_who_never_pauses, undo_takes_back_only_ones_own_edits,
	    seventy_people_write_at_once_and_agree, a_chunk_outlives_its_author_in_a_replica};
	Suite *suite = suite_create("sim_scenarios");
	TCase *tc = tcase_create("scenarios");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_checked_fixture(tc, NULL, tell_failure);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
