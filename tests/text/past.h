/*
 * past.h -- who did what, knowing of which: the plainest form of a document's events.
 *
 * Oracles read it, generators and fuzz targets write it, and bundle.c turns it into the bytes that the core
 * takes.  Nothing here merges anything, and nothing here is shared with the core.
 *
 * Events are listed parents before children.  An event is one inserted item, one deleted item, one mark or
 * one set; its position counts in the version whose newest events are its parents.  An agent's previous event
 * is always an ancestor of its next.
 */
#ifndef TG_TESTS_TEXT_PAST_H
#define TG_TESTS_TEXT_PAST_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/text.h>

#ifndef PAST_EVENTS
#define PAST_EVENTS 256
#endif
#define PAST_AGENTS 6
#define PAST_KEYS   4
#define PAST_VALUES 3 /* 0 is absent */
#define PAST_FLOWS  3 /* the body, a caption, a cell */

enum past_kind {
	PAST_INSERT,
	PAST_DELETE,
	PAST_MARK,
	PAST_SET,
};

struct past_event {
	int agent; /* ties: the lower first */
	uint32_t seq;
	enum past_kind kind;
	int flow;	     /* all but sets */
	uint32_t pos, count; /* marks: [pos, pos + count); else count is 1 */
	int item;	     /* inserts: enum tg_text_kind */
	uint32_t scalar;     /* characters: no two events of a history have the same, unless a test says so */
	int birth[PAST_KEYS]; /* inserts */
	int key, value;	      /* marks and sets */
	int parents[PAST_AGENTS];
	int parent_n;
};

struct past {
	struct past_event events[PAST_EVENTS];
	int n;
	uint32_t seqs[PAST_AGENTS]; /* events of each agent so far */
};

/* A set of events. */
struct past_set {
	uint64_t w[PAST_EVENTS / 64];
};

static inline int
past_has(const struct past_set *s, int event)
{
	return (int)(s->w[event / 64] >> (event % 64) & 1);
}

static inline void
past_put(struct past_set *s, int event)
{
	s->w[event / 64] |= UINT64_C(1) << (event % 64);
}

/* What a document shows: what all hosts must agree on. */
struct past_shown {
	struct {
		int flow, kind; /* the body first */
		uint32_t scalar;
		int value[PAST_KEYS];
	} items[PAST_EVENTS];
	int n;
	int registers[PAST_KEYS];
};

/** past_known(h, e, known): The ancestors of event ${e}. */
void past_known(const struct past *h, int e, struct past_set *known);

/**
 * past_add(h, version, e):
 * Append a copy of ${e} made in ${version}, which it then joins: its seq, its parents and the version are
 * filled in here.  Returns its number.
 */
int past_add(struct past *h, struct past_set *version, const struct past_event *e);

/** past_same(a, b): Do both show the same?  If not, *${at} (may be NULL) is the first item that differs.
 */
int past_same(const struct past_shown *a, const struct past_shown *b, int *at);

/* ---- bundle.c */

extern const char *const past_keys[PAST_KEYS];

/** past_agent(agent, key): The log key of an agent; keys are ordered as the numbers are. */
void past_agent(int agent, uint8_t key[TG_TEXT_AGENT_BYTES]);

/**
 * past_follows(h, e):
 * The event that can stand behind ${e} in one bundle: the same agent's next, if it was made knowing of ${e}
 * and what ${e} knew only.  -1 when there is none.
 */
int past_follows(const struct past *h, int e);

/**
 * past_bundle(h, first, count, add, ctx):
 * Encode ${count} events beginning with ${first}, each following the one before, by docs/protocol.md 6.1 (not
 * by the core's encoder), and call add() as tg_doc_add() is called.  Returns what it returned.
 */
struct past_bundle {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t first_seq;
	struct tg_event_id parents[PAST_AGENTS];
	size_t parent_n;
	uint8_t ops[PAST_EVENTS * 16], text[PAST_EVENTS * 32];
	size_t ops_len, text_len;
};
void past_bundle(const struct past *h, int first, int count, struct past_bundle *b);

/** past_give(h, first, count, doc): Encode them and add them to ${doc}: what tg_doc_add() returned. */
int past_give(const struct past *h, int first, int count, struct tg_doc *doc);

/** past_read(doc, shown): What the document shows.  TG_OK or what a reading function returned. */
int past_read(struct tg_doc *doc, struct past_shown *shown);

/* ---- generate.c */

/* Where choices come from: first from bytes, if there are any, then from a seed. */
struct past_dice {
	const uint8_t *data;
	size_t len;
	uint64_t state; /* 0: only zeros once the bytes are used up */
};

/** past_roll(d, below): A number in [0, below). */
uint32_t past_roll(struct past_dice *d, uint32_t below);

/**
 * past_random(h, d, fugue, agents, alone, events):
 * A history of about ${events} events (at most PAST_EVENTS) of 1 to PAST_AGENTS agents who all like one
 * place: runs of typing, backspaces, marks, markers, sets; agents learn of each other rarely or often; there
 * may be several events without parents.  Ends early when the bytes of ${d} do.  Before all that, one of them
 * writes ${alone} events alone, without marks, in the body; the others know them.  It is valid in documents
 * of the given order only: which item the n-th is, and so how much is left when two have deleted, depends on
 * it.
 */
void past_random(struct past *h, struct past_dice *d, int fugue, int agents, int alone, int events);

/** past_numbered(h, number): The history of that number; the first 10,000 are frozen in
 * tests/vectors/graphs.txt. Returns its order, an enum tg_text_order. */
int past_numbered(struct past *h, uint32_t number);

#endif
