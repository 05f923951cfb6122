/*
 * oracle.h -- the document core, too simple to be wrong: arrays, ancestor bitsets and no memory of a walk.
 * Read oracle.c before runtime-lib/src/text: it is the same algorithm in a tenth of the lines.
 */
#ifndef TG_TESTS_TEXT_ORACLE_H
#define TG_TESTS_TEXT_ORACLE_H

#include <stdint.h>

#ifndef ORACLE_EVENTS
#define ORACLE_EVENTS 1536
#endif
#define ORACLE_KEYS 4

struct oracle_set {
	uint64_t w[ORACLE_EVENTS / 64];
};

enum oracle_kind {
	ORACLE_INSERT,
	ORACLE_DELETE,
	ORACLE_MARK,
	ORACLE_SET
};

struct oracle_event {
	int agent; /* ties: lower agent first */
	uint32_t seq;
	enum oracle_kind kind;
	uint32_t pos, to;	 /* marks: [pos, to) */
	int item_kind;		 /* inserts: enum tg_text_kind */
	uint32_t scalar;	 /* inserts of characters */
	int value[ORACLE_KEYS];	 /* inserts: birth format, 0 = absent */
	int key, mark_value;	 /* marks and sets */
	struct oracle_set known; /* ancestors */
	uint32_t lamport;
};

struct oracle_item {
	int event, left, right; /* events, -1 for start and end */
	int deleted;
	int value[ORACLE_KEYS]; /* resolved */
};

struct oracle {
	struct oracle_event events[ORACLE_EVENTS]; /* parents before children */
	int event_n;
	int fugue; /* Fugue, not FugueMax */
	struct oracle_item items[ORACLE_EVENTS];
	int item_n;
	int target[ORACLE_EVENTS]; /* deletes: the event that inserted the item */
};

static inline int
oracle_has(const struct oracle_set *s, int event)
{
	return (int)(s->w[event / 64] >> (event % 64) & 1);
}

static inline void
oracle_put(struct oracle_set *s, int event)
{
	s->w[event / 64] |= UINT64_C(1) << (event % 64);
}

/**
 * oracle_apply(o, e), oracle_format(o, which): What oracle_run() does, in its two halves: place the item that
 * event ${e} inserts, or find the one that it deletes (after the same for its ancestors, into items and
 * targets); then, when all are there, say which items are deleted and what their formats are.
 */
void oracle_apply(struct oracle *o, int e);
void oracle_format(struct oracle *o, const struct oracle_set *which);

/** oracle_run(o, which): Compute items from the events in ${which} (closed under ancestors). */
void oracle_run(struct oracle *o, const struct oracle_set *which);

/** oracle_register(o, which, key): The value of a register after the sets in ${which}; 0 = absent. */
int oracle_register(const struct oracle *o, const struct oracle_set *which, int key);

/** oracle_view(o, version, shown): shown[e] = 1 for events that inserted an item ${version} shows. */
void oracle_view(const struct oracle *o, const struct oracle_set *version, uint8_t *shown);

#endif
