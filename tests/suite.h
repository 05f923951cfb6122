/*
 * suite.h -- the end of every libcheck program: run a suite, print its counts, tell main what to return.
 */
#ifndef TG_TESTS_SUITE_H
#define TG_TESTS_SUITE_H

#include <check.h>

/** suite_run(suite): Free ${suite}; 0 if all its checks passed, else 1. */
static inline int
suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
