/*
 * row.h -- what a C benchmark prints: one JSON object a line, gathered by ./toygrid bench.
 *
 * A row is {what, value, unit, peer, peer_value, ratio, bar, ok}.  A bar is what the project promises: at
 * least (bench_row_min) or at most (bench_row_max) so much; ok says whether this run kept it.
 */
#ifndef TG_BENCH_ROW_H
#define TG_BENCH_ROW_H

#include <stdio.h>
#include <time.h>

/* Seconds on a clock that only goes forward. */
static inline double
bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of processor time of this process: for work in memory on one thread, what bench_now tells on an
 * idle machine, and nearly that on a busy one. */
static inline double
bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/** bench_row(what, value, unit): A figure without a promise. */
static inline void
bench_row(const char *what, double value, const char *unit)
{
	printf("{\"what\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"peer\":null,\"peer_value\":null,\"ratio\":"
	       "null,"
	       "\"bar\":null,\"ok\":null}\n",
	    what, value, unit);
	fflush(stdout);
}

static inline void
bench_row_bar(const char *what, double value, const char *unit, double bar, int ok)
{
	printf("{\"what\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"peer\":null,\"peer_value\":null,\"ratio\":"
	       "null,"
	       "\"bar\":%.6g,\"ok\":%s}\n",
	    what, value, unit, bar, ok ? "true" : "false");
	fflush(stdout);
}

/** bench_row_min(what, value, unit, bar): More is better; promised is at least ${bar}. */
static inline void
bench_row_min(const char *what, double value, const char *unit, double bar)
{
	bench_row_bar(what, value, unit, bar, value >= bar);
}

/** bench_row_max(what, value, unit, bar): Less is better; promised is at most ${bar}. */
static inline void
bench_row_max(const char *what, double value, const char *unit, double bar)
{
	bench_row_bar(what, value, unit, bar, value <= bar);
}

#endif
