/*
 * Memory runs out inside one peer, at every place that a short world reaches (some of them, spread evenly,
 * unless TG_LONG is set).  The peer answers TG_ENOMEM or carries on; it never crashes.  Opened again from its
 * store, it has all that was acknowledged, and the world converges.
 */
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "sim/chaos.h"
#include "sim/check.h"
#include "suite.h"

#define PLACES 100 /* of failure that are tried */

enum victim {
	CREATOR,
	NEWCOMER,
	REPLICA,
	REOPENED
};

struct outcome {
	long allocations;
	int failed;
	int starved;
};

static struct sim_host *
busy(struct sim_host *host)
{
	host->user->turn_min_ms = 50;
	host->user->turn_max_ms = 300;
	return host;
}

/* Two people type, a replica keeps it; the ${victim} meets its ${nth} allocation from its start on (the
 * creator: from having made the document on) as the last that succeeds. */
static struct outcome
short_world(enum victim victim, long nth)
{
	static struct sim_links links;
	struct sim_world *world = sim_world_new(4, 1, &sim_real_peer);
	struct sim_host *creator, *other, *replica, *starving;
	struct outcome outcome;

	links = (struct sim_links){.known = 0};
	sim_profile_new(world, "p0", 1);
	sim_profile_new(world, "p1", 1);
	sim_profile_new(world, "rep", 1);
	replica = sim_replica_open(world->profiles[2]);
	creator = busy((sim_user_start(sim_host_open(world->profiles[0]), &links, "", 1))->host);
	sim_world_run(world, 1000);
	ck_assert(links.known);
	if (victim == REPLICA)
		replica->fail_after = nth;
	sim_invite(creator, world->profiles[2]);
	if (victim == REOPENED) {
		busy(sim_person_open(world->profiles[1], &links, "e"));
		sim_world_run(world, 1500);
		sim_host_kill(world->hosts[world->host_count - 1]);
		sim_world_run(world, 100);
	}
	other = busy(sim_person_open(world->profiles[1], &links, "e"));
	starving = victim == CREATOR ? creator : victim == REPLICA ? replica : other;
	starving->allocations = 0;
	starving->fail_after = nth;
	sim_world_run(world, 3500);
	outcome = (struct outcome){starving->allocations, starving->failed, starving->starved};
	starving->fail_after = -1;
	if (sim_profile_tab(world->profiles[2]) == NULL)
		sim_replica_open(world->profiles[2]);
	for (int i = 0; i < 2; i++)
		if (sim_profile_tab(world->profiles[i]) == NULL)
			sim_person_open(world->profiles[i], &links, "e");
	sim_world_run(world, 1000);
	sim_settle(world, &links, 60000);
	if (world->failed) {
		fprintf(stderr, "with allocation %ld of victim %d failing:\n", nth, (int)victim);
		sim_world_report(world);
	}
	ck_assert(!world->failed);
	sim_world_free(world);
	return outcome;
}

static void
starve(enum victim victim)
{
	long all = short_world(victim, -1).allocations, step = all / PLACES + 1;
	int failed = 0, starved = 0;

	if (getenv("TG_LONG") != NULL)
		step = 1;
	ck_assert_int_gt(all, 0);
	for (long nth = 0; nth < all; nth += step) {
		struct outcome outcome = short_world(victim, nth);

		failed += outcome.failed;
		starved += outcome.starved;
	}
	fprintf(stderr, "victim %d: %ld allocations, %d starved, %d ended in TG_ENOMEM\n", (int)victim, all,
	    starved, failed);
	ck_assert_int_gt(starved, 0);
}

START_TEST(a_creator_out_of_memory_loses_nothing_acknowledged)
{
	starve(CREATOR);
}
END_TEST

START_TEST(a_newcomer_out_of_memory_loses_nothing_acknowledged)
{
	starve(NEWCOMER);
}
END_TEST

START_TEST(a_replica_out_of_memory_loses_nothing_acknowledged)
{
	starve(REPLICA);
}
END_TEST

START_TEST(a_tab_out_of_memory_while_it_opens_from_storage_loses_nothing_acknowledged)
{
	starve(REOPENED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_memory");
	TCase *tc = tcase_create("memory");

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, a_creator_out_of_memory_loses_nothing_acknowledged);
	tcase_add_test(tc, a_newcomer_out_of_memory_loses_nothing_acknowledged);
	tcase_add_test(tc, a_replica_out_of_memory_loses_nothing_acknowledged);
	tcase_add_test(tc, a_tab_out_of_memory_while_it_opens_from_storage_loses_nothing_acknowledged);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
