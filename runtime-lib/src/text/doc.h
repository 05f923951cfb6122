/*
 * doc.h -- the parts of a document, for the files of this folder only.
 *
 *     pool, formats   keys, values, formats, states of items       pool.c format.c
 *     graph           who made which events after which            graph.c
 *     log             what each event did, and all text            oplog.c
 *     items           the sequence, states and sums                items.c
 *     flows           the same of every other sequence             flow.c
 *     walk.c          moves the prepared version and applies events to items
 *     plan.c          the order of a walk from scratch
 *     replay.c        a linear history without a walk                  pieces.c
 *     codec.c         bundles <-> operations
 *     save.c saved.c history.c checkpoint.c skeleton.c order.c cut.c    documents at rest: saved.h
 *     version.c       one version looked at, for blame.c diff.c between.c: history.h
 *     doc.c edit.c poll.c undo.c read.c    the public functions of text.h
 *
 * A document starts LINEAR: while every bundle was made after all that came before it, items needs neither
 * tombstones nor ids, and adding is as cheap as editing a string.  The first event that looks at an older
 * version (or the first undo, or caret of an older version) makes it TRACKED: everything is walked once from
 * the start, some ten milliseconds for a million events, and items then keeps every tombstone for as long as
 * the document is open: the warm tracker.
 *
 * Missing on purpose, so far, and what it costs:
 *
 *     replay from a critical version: the first event added to a saved document reads all its history, 3 ms
 *         for 260,000 keystrokes
 *     an index of siblings: n people who each insert once at one spot, not knowing of each other, cost n * n
 *         steps (10,000 of them: half a second); what they type after that does not count again
 *     a bound on retreating: an author who goes on writing in an old version makes every host walk from there
 *         to the present and back for each bundle that arrives between others' (20,000 runs: 2 ms)
 *     inserts with a source (moves): their place in the format is reserved
 */
#ifndef TG_TEXT_DOC_H
#define TG_TEXT_DOC_H

#include <toygrid/text.h>

#include "base/buf.h"
#include "text/flow.h"
#include "text/format.h"
#include "text/graph.h"
#include "text/items.h"
#include "text/oplog.h"
#include "text/pool.h"

struct tg_set {
	uint32_t lv, lamport, value;
	uint32_t reg;	 /* index in registers */
	uint32_t before; /* the set of the same register added before this one, or TG_LV_NONE */
};

struct tg_register {
	uint32_t object, key; /* pool ids */
	uint32_t last;	      /* set added last */
	uint32_t winner;      /* the set with the highest (lamport, agent, seq) */
	uint32_t seen;	      /* value in VIEW */
};

struct tg_decoded; /* codec.h */
struct tg_saved;   /* saved.h */
struct tg_op;

struct tg_doc {
	int order;
	int failed;   /* not TG_OK: only fit for close, and this is why */
	int loading;  /* between load_begin and load_end */
	int deferred; /* events are in graph and log but not yet in items (loading only) */
	int lined;    /* the same, but linear ones and of the body: ${length} items after them */
	uint64_t length;

	struct tg_saved *saved; /* opened from bytes, and its history not read yet; all below is empty then,
				   but for formats */

	struct tg_pool pool;
	struct tg_formats formats;
	struct tg_graph graph;
	struct tg_oplog log;
	struct tg_items items; /* of the current flow */
	uint32_t flow;	       /* the current one */

	struct tg_flow *flows;
	size_t flow_n, flow_cap;
	uint32_t *flow_of; /* pool id of a flow's name -> its number; 0 = none */
	size_t flow_of_n, flow_of_cap;
	uint32_t *touched; /* flows but the body entered since the last poll: only these may be dirty */
	size_t touched_n, touched_cap;
	uint32_t length_stamp;
	struct tg_drawing *drawings; /* draw.h */

	struct tg_set *sets;
	size_t set_n, set_cap;
	struct tg_register *registers;
	size_t register_n, register_cap;
	uint32_t *register_slots; /* (object, key) -> index in registers + 1; open addressing */
	size_t register_slot_count;
	int registers_stale; /* some winner is not what VIEW has */

	uint32_t open_marks; /* of the current flow, applied but outside PREPARED: a list by tg_mark.next */
	struct tg_lvs prepared; /* the version of the items' sp */
	struct tg_lvs merged, view;

	uint32_t agent; /* the own one, or TG_LV_NONE */
	uint32_t taken; /* the first own seq not yet handed out */

	/* Scratch, and results borrowed by the caller. */
	struct tg_spans span_a, span_b;
	struct tg_lvs parents;
	struct tg_decoded *decoded; /* of the last bundle added */
	struct tg_op *ops;
	size_t op_cap;
	struct tg_buf out, out_text;
	int32_t *records;
	size_t record_n, record_cap;
	struct tg_event_id *ids;
	size_t id_cap;
	struct tg_pair *pairs;
	size_t pair_cap;
	uint32_t *key_scratch;
	size_t key_cap;
};

/** tg_flow_enter(doc, flow): Make it the current one: doc->items and doc->open_marks are then its. */
static inline void
tg_flow_enter(struct tg_doc *doc, uint32_t flow)
{
	if (flow != doc->flow)
		tg_flow_switch(doc, flow);
}

/* ---- walk.c */

/** tg_walk_to(doc, version): Move PREPARED; tracked only. */
int tg_walk_to(struct tg_doc *doc, const struct tg_lvs *version) __attribute__((warn_unused_result));

/**
 * tg_walk_apply(doc, start, end, local):
 * Apply the logged events [start, end), one linear stretch whose parents are PREPARED; PREPARED is then its
 * end. They must be in range.  ${local}: the view shows them already.
 */
int tg_walk_apply(struct tg_doc *doc, uint32_t start, uint32_t end, int local)
    __attribute__((warn_unused_result));

/** tg_walk_seen(doc): Make VIEW the same as MERGED in all items, silently. */
void tg_walk_seen(struct tg_doc *doc);

/** tg_walk_track(doc): From linear to tracked, if not yet so. */
int tg_walk_track(struct tg_doc *doc) __attribute__((warn_unused_result));

/* ---- replay.c */

/** tg_replay_linear(doc): Make items, from nothing, the document after all events: linear, the body's alone.
 */
int tg_replay_linear(struct tg_doc *doc) __attribute__((warn_unused_result));

/* ---- plan.c */

/**
 * tg_plan_walk(doc, visit): Call visit(doc, start, end, parents) for stretches of the whole graph, parents
 * first, in a good order.  Stops when ${visit} does not return TG_OK.
 */
int tg_plan_walk(struct tg_doc *doc, int (*visit)(struct tg_doc *doc, uint32_t start, uint32_t end,
					 const struct tg_lvs *parents)) __attribute__((warn_unused_result));

/* ---- doc.c */

/** tg_doc_fail(doc, rc): Remember TG_ENOMEM for good; returns ${rc}. */
int tg_doc_fail(struct tg_doc *doc, int rc);

/** tg_doc_usable(doc): For calls that need no events: as tg_doc_ready(), but a saved history stays unread. */
int tg_doc_usable(struct tg_doc *doc) __attribute__((warn_unused_result));

/** tg_doc_ready(doc): TG_OK when the doc is fit and no load is open (it is ended here). */
int tg_doc_ready(struct tg_doc *doc) __attribute__((warn_unused_result));

/** tg_doc_log_mark, tg_doc_log_set: Append one such event to the log; the graph must have it already. */
int tg_doc_log_mark(struct tg_doc *doc, uint32_t pos, uint32_t count, uint32_t key, uint32_t value)
    __attribute__((warn_unused_result));
int tg_doc_log_set(struct tg_doc *doc, uint32_t object, uint32_t key, uint32_t value, int local)
    __attribute__((warn_unused_result));

/** tg_doc_find_register(doc, object, key): The index of a register, or TG_LV_NONE. */
uint32_t tg_doc_find_register(const struct tg_doc *doc, uint32_t object, uint32_t key);

/** tg_doc_beats(doc, lamport, lv, other_lamport, other_lv): Does the first event win over the other? */
int tg_doc_beats(
    const struct tg_doc *doc, uint32_t lamport, uint32_t lv, uint32_t other_lamport, uint32_t other_lv);

/** tg_doc_ids(doc, version, ids): A version as event ids in doc->ids, sorted by agent. */
int tg_doc_ids(struct tg_doc *doc, const struct tg_lvs *version, const struct tg_event_id **ids)
    __attribute__((warn_unused_result));

/* ---- edit.c */

/* An edit with everything interned. */
struct tg_change {
	int kind;	 /* enum tg_op_kind */
	uint32_t flow;	 /* all but sets */
	uint32_t object; /* sets */
	uint32_t pos, count;
	uint32_t format;     /* inserts */
	uint32_t key, value; /* marks, sets */
	const uint8_t *text; /* chars */
	size_t text_len;
};

/**
 * tg_change_apply(doc, change, local):
 * Make it one or more events of the own agent, in VIEW (${local}) or in MERGED; PREPARED must be that
 * version, and the change in range.
 */
int tg_change_apply(struct tg_doc *doc, const struct tg_change *change, int local)
    __attribute__((warn_unused_result));

/* ---- drawing.c */

/** tg_drawings_splice(doc, flow, index, deleted, inserted): VIEW changed (a new format is both at once). */
void tg_drawings_splice(
    struct tg_doc *doc, uint32_t flow, uint32_t index, uint32_t deleted, uint32_t inserted);

/** tg_drawings_register(doc, object): A register changed in VIEW. */
void tg_drawings_register(struct tg_doc *doc, uint32_t object);

/* ---- read.c */

/** tg_view_prepare(doc): Make VIEW the PREPARED version: then sp counts what the page shows. */
int tg_view_prepare(struct tg_doc *doc) __attribute__((warn_unused_result));

/* ---- poll.c */
int tg_poll(struct tg_doc *doc, struct tg_patches *patches) __attribute__((warn_unused_result));

/** tg_poll_record(doc, op, ...): Add a record to doc->records; it may join the one before. */
int tg_poll_record(struct tg_doc *doc, int op, uint32_t index, uint32_t count, int kind, uint32_t format,
    size_t off, size_t len) __attribute__((warn_unused_result));

#endif
