/*
 * doc.h -- the parts of a document, for the files of this folder only.
 *
 *     pool, formats   keys, values, formats, states of items       pool.c format.c
 *     graph           who made which events after which            graph.c
 *     log             what each event did, and all text            oplog.c
 *     items           the sequence, states and sums                items.c
 *     flows           the same of every other sequence             flow.c
 *     walk.c          moves the prepared version and applies events to items
 *     siblings.c      crowds at one place
 *     track.c         how much of history the items remember
 *     plan.c          the order of a walk from scratch
 *     replay.c        a linear history without a walk                  pieces.c
 *     codec.c         bundles <-> operations
 *     save.c saved.c history.c checkpoint.c skeleton.c order.c cut.c    documents at rest: saved.h
 *     version.c       one version looked at, for blame.c diff.c between.c: history.h
 *     undone.c        what was undone so far; steps.c  how undo.c writes
 *     doc.c edit.c poll.c undo.c read.c    the public functions of text.h
 *
 * A document starts LINEAR: while every bundle was made after all that came before it, items needs neither
 * tombstones nor ids, and adding is as cheap as editing a string.  The first event that looks at an older
 * version (or the first undo, or caret of an older version) makes it TRACKED: history is replayed to a
 * version that everything later contains, and walked from there.  How much is remembered, and when, is
 * track.c.
 *
 * Missing on purpose, so far, and what it costs:
 *
 *     a base from a checkpoint: the first event added to a saved document reads all its history, 3 ms for
 *         260,000 keystrokes
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
#include "text/siblings.h"
#include "text/undone.h"

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

#define TG_TRACK_BUDGET (32u << 20) /* bytes of a warm tracker; above, it is dropped when it can be */

struct tg_doc {
	int order;
	int failed;  /* not TG_OK: only fit for close, and this is why */
	int loading; /* between load_begin and load_end */

	/* Which events the items know, and how well: track.c */
	uint32_t applied; /* events [0, applied) are in the items; the others wait */
	uint32_t floor;	  /* of those that wait and do not follow all before them: the lowest, over these, of
			     one past   the newest parent; TG_LV_NONE when there is none */
	int unchecked;	  /* some of those that wait may be out of range (loading only) */
	uint32_t base;	  /* tracking: events [0, base) are remembered only as the text they left */
	uint32_t walked;  /* scratch of a walk: events of it applied, and all before it */
	size_t clear_leaves; /* a walk forgets at the next critical version once there are so many */
	int keep;	     /* a walk forgets nothing */
	size_t budget;	     /* bytes of a tracker that is kept though nobody needs it */

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
	const struct tg_drawing_calls *drawing_calls;

	struct tg_set *sets;
	size_t set_n, set_cap;
	struct tg_register *registers;
	size_t register_n, register_cap;
	uint32_t *register_slots; /* (object, key) -> index in registers + 1; open addressing */
	size_t register_slot_count;
	int registers_stale; /* some winner is not what VIEW has */

	struct tg_siblings siblings; /* of what the trackers remember */
	uint32_t sibling_scan;	     /* TG_SIBLINGS_SCAN, less in tests */
	uint32_t open_marks; /* of the current flow, applied but outside PREPARED: a list by tg_mark.next */
	struct tg_lvs prepared; /* the version of the items' sp */
	struct tg_lvs merged, view;

	struct tg_undone undone;

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

/** tg_walk_stale(doc, it): Does what the page shows of this item differ from what it should show? */
int tg_walk_stale(const struct tg_doc *doc, const struct tg_item *it);

/* ---- track.c */

/** tg_track_flush(doc): Bring events that wait into the items.  TG_OK, TG_ENOMEM; TG_ERANGE after a load. */
int tg_track_flush(struct tg_doc *doc) __attribute__((warn_unused_result));

/**
 * tg_track_need(doc, floor):
 * Flush, and have a tracker whose base is at most ${floor}: every version whose newest event is ${floor} - 1
 * or newer can then be given to tg_walk_to(), and place[] knows what the events from ${floor} on deleted.  0:
 * any version at all.  Costs a replay of history when the tracker is not warm.
 */
int tg_track_need(struct tg_doc *doc, uint32_t floor) __attribute__((warn_unused_result));

/** tg_walk_track(doc): tg_track_need(doc, 0), the whole history. */
int tg_walk_track(struct tg_doc *doc) __attribute__((warn_unused_result));

/** tg_track_trim(doc): Drop a tracker that is over its budget, if VIEW is MERGED and has one head. */
int tg_track_trim(struct tg_doc *doc) __attribute__((warn_unused_result));

/** tg_track_check(doc): 0, or the number of the first broken invariant (10 and more: of the items).  For
 * tests. */
int tg_track_check(struct tg_doc *doc);

/* ---- replay.c */

/**
 * tg_replay_linear(doc, end): Make empty items the document after the events [0, end): linear, the body's
 * alone.
 */
int tg_replay_linear(struct tg_doc *doc, uint32_t end) __attribute__((warn_unused_result));

/* ---- plan.c */

/**
 * tg_plan_walk(doc, from, to, visit): Call visit(doc, start, end, parents) for stretches of the events [from,
 * to), parents first, in a good order.  Stops when ${visit} does not return TG_OK.
 */
int tg_plan_walk(struct tg_doc *doc, uint32_t from, uint32_t to,
    int (*visit)(struct tg_doc *doc, uint32_t start, uint32_t end, const struct tg_lvs *parents))
    __attribute__((warn_unused_result));

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

/* ---- drawing.c, by calls so that a program which draws nothing carries nothing of it */

struct tg_drawing_calls {
	void (*splice)(
	    struct tg_doc *doc, uint32_t flow, uint32_t index, uint32_t deleted, uint32_t inserted);
	void (*set)(struct tg_doc *doc, uint32_t object);
	void (*close)(struct tg_drawing *drawing);
};

/** tg_drawings_splice(doc, flow, index, deleted, inserted): VIEW changed (a new format is both at once). */
static inline void
tg_drawings_splice(struct tg_doc *doc, uint32_t flow, uint32_t index, uint32_t deleted, uint32_t inserted)
{
	if (doc->drawings != NULL)
		doc->drawing_calls->splice(doc, flow, index, deleted, inserted);
}

/** tg_drawings_set(doc, object): A register changed in VIEW. */
static inline void
tg_drawings_set(struct tg_doc *doc, uint32_t object)
{
	if (doc->drawings != NULL)
		doc->drawing_calls->set(doc, object);
}

/* ---- read.c */

/** tg_view_prepare(doc): Make VIEW the PREPARED version: then sp counts what the page shows. */
int tg_view_prepare(struct tg_doc *doc) __attribute__((warn_unused_result));

/* ---- poll.c */
int tg_poll(struct tg_doc *doc, struct tg_patches *patches) __attribute__((warn_unused_result));

/** tg_poll_record(doc, op, ...): Add a record to doc->records; it may join the one before. */
int tg_poll_record(struct tg_doc *doc, int op, uint32_t index, uint32_t count, int kind, uint32_t format,
    size_t off, size_t len) __attribute__((warn_unused_result));

#endif
