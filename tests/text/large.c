/*
 * Goal: what holds for small histories holds for large ones, whose items fill trees of several levels and
 * whose graphs have thousands of runs.  The same judges, compiled for more events.
 */
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "suite.h"
#include "text/scene.h"
#include "text/seeds.h"

static int
events(void)
{
	return seeds_few() ? PAST_EVENTS / 4 : PAST_EVENTS; /* sanitizers are slow */
}

static void
agree(uint64_t seed, int fugue, int agents, int alone)
{
	static struct past_shown shown;
	static struct past h;
	struct past_dice d = {NULL, 0, seed};
	char name[60];

	past_random(&h, &d, fugue, agents, alone, events());
	snprintf(name, sizeof name, "%d agents", agents);
	agree_all_ways(&h, fugue, &shown, name);
	printf("%d agents, %d events: %d items\n", agents, h.n, shown.n);
}

/* A line that needs no walk, until somebody marks or disagrees. */
START_TEST(one_agent_for_a_long_time)
{
	agree(1, 0, 1, events());
	agree(2, 0, 3, events() * 3 / 4);
}
END_TEST

START_TEST(two_agents)
{
	agree(3, 0, 2, 0);
}
END_TEST

START_TEST(five_agents)
{
	agree(4, 0, 5, 0);
}
END_TEST

START_TEST(three_agents_in_fugue_order)
{
	agree(5, 1, 3, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text_large");
	TCase *t = tcase_create("large");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, one_agent_for_a_long_time);
	tcase_add_test(t, two_agents);
	tcase_add_test(t, five_agents);
	tcase_add_test(t, three_agents_in_fugue_order);
	suite_add_tcase(s, t);
	return suite_run(s);
}
