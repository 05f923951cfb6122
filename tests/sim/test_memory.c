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

#define PLACES 120 /* of failure that are tried */

struct outcome {
	long allocations;
	int failed;
	int starved;
};

/* Two people type; the ${victim} meets its ${nth} allocation from now on as the last that succeeds. */
static struct outcome
short_world(size_t victim, long nth)
{
	static struct sim_links links;
	struct sim_world *world = sim_world_new(5, 1, &sim_real_peer);
	struct outcome outcome = {0};
	struct sim_host *tabs[2];

	links = (struct sim_links){.known = 0};
	sim_profile_new(world, "p0", 1);
	sim_profile_new(world, "p1", 1);
	tabs[0] = sim_host_open(world->profiles[0]);
	sim_user_start(tabs[0], &links, "", 1);
	sim_world_run(world, 1000);
	ck_assert(links.known);
	tabs[1] = sim_person_open(world->profiles[1], &links, "e");
	tabs[victim]->allocations = 0;
	tabs[victim]->fail_after = nth;
	for (int i = 0; i < 2; i++) {
		tabs[i]->user->turn_min_ms = 50;
		tabs[i]->user->turn_max_ms = 300;
	}
	sim_world_run(world, 4000);
	outcome = (struct outcome){tabs[victim]->allocations, tabs[victim]->failed, tabs[victim]->starved};
	tabs[victim]->fail_after = -1;
	if (sim_profile_tab(world->profiles[victim]) == NULL)
		sim_person_open(world->profiles[victim], &links, "e");
	sim_world_run(world, 1000);
	sim_settle(world, &links, 60000);
	if (world->failed) {
		fprintf(stderr, "with allocation %ld of p%zu failing:\n", nth, victim);
		sim_world_report(world);
	}
	ck_assert(!world->failed);
	sim_world_free(world);
	return outcome;
}

static void
starve(size_t victim)
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
	fprintf(stderr, "p%zu: %ld allocations, %d starved, %d ended in TG_ENOMEM\n", victim, all, starved,
	    failed);
	ck_assert_int_gt(starved, 0);
}

START_TEST(a_creator_out_of_memory_loses_nothing_acknowledged)
{
	starve(0);
}
END_TEST

START_TEST(a_newcomer_out_of_memory_loses_nothing_acknowledged)
{
	starve(1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sim_memory");
	TCase *tc = tcase_create("memory");
	SRunner *runner;
	int failed;

	if (tg_crypto_init() != TG_OK)
		return 1;
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, a_creator_out_of_memory_loses_nothing_acknowledged);
	tcase_add_test(tc, a_newcomer_out_of_memory_loses_nothing_acknowledged);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
