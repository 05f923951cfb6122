#include <stdlib.h>
#include <string.h>

#include "sim/sched.h"

struct sim_job {
	uint64_t at_ms;
	uint64_t number;
	sim_fn fn;
	void *ctx;
	uint64_t arg;
};

void *
sim_malloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

void *
sim_realloc(void *ptr, size_t size)
{
	void *p = realloc(ptr, size ? size : 1);

	if (p == NULL)
		abort();
	return p;
}

static int
before(const struct sim_job *a, const struct sim_job *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->number < b->number;
}

void
sim_at(struct sim_sched *sched, uint64_t at_ms, sim_fn fn, void *ctx, uint64_t arg)
{
	struct sim_job job = {
	    at_ms < sched->now_ms ? sched->now_ms : at_ms, sched->next_number++, fn, ctx, arg};
	size_t i;

	if (sched->count == sched->cap) {
		sched->cap = sched->cap ? sched->cap * 2 : 256;
		sched->heap = sim_realloc(sched->heap, sched->cap * sizeof *sched->heap);
	}
	for (i = sched->count++; i > 0 && before(&job, &sched->heap[(i - 1) / 2]); i = (i - 1) / 2)
		sched->heap[i] = sched->heap[(i - 1) / 2];
	sched->heap[i] = job;
}

static struct sim_job
pop(struct sim_sched *sched)
{
	struct sim_job first = sched->heap[0], last = sched->heap[--sched->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < sched->count) {
		if (child + 1 < sched->count && before(&sched->heap[child + 1], &sched->heap[child]))
			child++;
		if (!before(&sched->heap[child], &last))
			break;
		sched->heap[i] = sched->heap[child];
		i = child;
	}
	sched->heap[i] = last;
	return first;
}

void
sim_run_until(struct sim_sched *sched, uint64_t at_ms)
{
	while (sched->count > 0 && sched->heap[0].at_ms <= at_ms) {
		struct sim_job job = pop(sched);

		sched->now_ms = job.at_ms;
		job.fn(job.ctx, job.arg);
	}
	if (sched->now_ms < at_ms)
		sched->now_ms = at_ms;
}

void
sim_sched_free(struct sim_sched *sched)
{
	free(sched->heap);
	memset(sched, 0, sizeof *sched);
}
