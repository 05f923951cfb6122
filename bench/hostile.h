/*
 * hostile.h -- shapes of history that break naive merging, made up here and added bundle by bundle.
 */
#ifndef TG_BENCH_HOSTILE_H
#define TG_BENCH_HOSTILE_H

#include <toygrid/text.h>

enum hostile {
	HOSTILE_SPOT,	  /* 100 agents, 1,000 single inserts each at one spot, nobody hearing of anybody */
	HOSTILE_CROWD,	  /* 100,000 agents insert one character each at one spot */
	HOSTILE_BRANCHES, /* 1,000 branches of 100 events */
	HOSTILE_MONTH,	  /* a branch a month old comes into a busy document: 20,000 runs against 2,000 */
	HOSTILE_ZIGZAG,	  /* two long branches that arrive in turns */
	HOSTILE_BEHIND,	  /* two authors who never catch up with each other, loaded at once */
	HOSTILE_COUNT
};

/** hostile_name(which): What it is, for a row. */
const char *hostile_name(int which);

/** hostile_run(doc, which): Add it all to an empty ${doc}, live unless it says otherwise.  A status. */
int hostile_run(struct tg_doc *doc, int which);

#endif
