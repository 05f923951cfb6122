/*
 * rand.h -- the simulation's own generator (splitmix64): one seed, one story.
 *
 * Peers get their entropy from it too, so a world depends on nothing but its seed.
 */
#ifndef TG_SIM_RAND_H
#define TG_SIM_RAND_H

#include <stdint.h>

struct sim_rand {
	uint64_t state;
};

static inline uint64_t
sim_rand_next(struct sim_rand *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform enough in [0, bound), ${bound} > 0. */
static inline uint32_t
sim_rand_below(struct sim_rand *r, uint32_t bound)
{
	return (uint32_t)((sim_rand_next(r) >> 32) * bound >> 32);
}

/* Uniform in [low, high]. */
static inline uint32_t
sim_rand_between(struct sim_rand *r, uint32_t low, uint32_t high)
{
	return low + sim_rand_below(r, high - low + 1);
}

/* 1 in ${percent} of 100 cases. */
static inline int
sim_rand_percent(struct sim_rand *r, uint32_t percent)
{
	return sim_rand_below(r, 100) < percent;
}

static inline void
sim_rand_fill(struct sim_rand *r, uint8_t *out, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		out[i] = (uint8_t)(sim_rand_next(r) >> 40);
}

/* A generator of its own: what one part draws does not shift what another gets. */
static inline struct sim_rand
sim_rand_fork(struct sim_rand *r)
{
	struct sim_rand child = {sim_rand_next(r)};

	return child;
}

#endif
