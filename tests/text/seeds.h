/*
 * seeds.h -- how many random worlds a test tries: as TG_SEEDS says (tests/README.md), 100 where a gate is
 * whole.
 */
#ifndef TG_TESTS_TEXT_SEEDS_H
#define TG_TESTS_TEXT_SEEDS_H

#include <stdlib.h>

/** seeds_number(name, ordinary): The number in ${name} of the environment, or ${ordinary}. */
static inline unsigned long
seeds_number(const char *name, unsigned long ordinary)
{
	const char *s = getenv(name);

	return s != NULL ? strtoul(s, NULL, 10) : ordinary;
}

/** FOR_SEEDS(seed, n): From TG_SEED (1) to TG_SEEDS (${n}); with both the same, that world only. */
#define FOR_SEEDS(seed, n)                                                                                   \
	for (unsigned long seed = seeds_number("TG_SEED", 1); seed <= seeds_number("TG_SEEDS", n); seed++)

/** seeds_share(n): ${n} in a whole gate, in proportion else; one at least: a test that tries nothing cannot
 * fail. */
static inline unsigned long
seeds_share(unsigned long n)
{
	unsigned long share = n * seeds_number("TG_SEEDS", 100) / 100;

	return share > 0 ? share : 1;
}

/** seeds_few(): 1 where a sanitizer or somebody in a hurry wants less. */
static inline int
seeds_few(void)
{
	return seeds_number("TG_SEEDS", 100) < 100;
}

#endif
