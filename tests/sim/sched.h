/*
 * sched.h -- virtual time: a queue of calls ordered by due time, then by the order of asking.
 *
 * Nothing in a simulated world happens outside such a call, so a world runs as fast as the machine allows and
 * the same way each time.
 */
#ifndef TG_SIM_SCHED_H
#define TG_SIM_SCHED_H

#include <stddef.h>
#include <stdint.h>

typedef void (*sim_fn)(void *ctx, uint64_t arg);

struct sim_job;

struct sim_sched {
	uint64_t now_ms;      /* the world's true time, Unix epoch */
	uint64_t next_number; /* ties in time are broken by the order of asking */
	struct sim_job *heap; /* smallest (at, number) first */
	size_t count;
	size_t cap;
};

/** sim_malloc(size), sim_realloc(ptr, size): As the C library's, zeroed (malloc), aborting when out of
 * memory.  The harness never allocates through base/mem.h: tests count what the peer asks for there. */
void *sim_malloc(size_t size);
void *sim_realloc(void *ptr, size_t size);

/** sim_at(sched, at_ms, fn, ctx, arg): Call fn(ctx, arg) at ${at_ms} (now, if that has passed).  ${ctx} must
 * live until then: what may go away earlier is checked by the callee, there is no cancel. */
void sim_at(struct sim_sched *sched, uint64_t at_ms, sim_fn fn, void *ctx, uint64_t arg);

/** sim_run_until(sched, at_ms): Carry out everything due up to and including ${at_ms}; it is then that time.
 */
void sim_run_until(struct sim_sched *sched, uint64_t at_ms);

void sim_sched_free(struct sim_sched *sched);

#endif
