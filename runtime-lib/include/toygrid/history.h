/*
 * history.h -- the past of a document: any version of it, what lies between two, who wrote what, and the way
 * back.
 *
 * A version is named by a set of held events, ids[0 .. n): it is those and all their ancestors; no ids is the
 * empty document.  tg_doc_version() names the present.  Nothing here looks at clocks: which version was there
 * yesterday is for the log's heads to say.
 *
 * Reading the past moves the walker there, so the first call costs a walk of the document (some ten
 * milliseconds for a million events) and the next edit walks back; MERGED and VIEW stay as they are.
 *
 * Every function returns TG_EPARENT when an event of a version is not held, and TG_ENOMEM with the
 * consequence told in text.h.
 */
#ifndef TOYGRID_HISTORY_H
#define TOYGRID_HISTORY_H

#include <toygrid/text.h>

/* ---- one version --------------------------------------------------------------------------------------- */

/* Items of one kind, format and author that a version shows, in order. */
struct tg_past_run {
	int kind; /* enum tg_text_kind */
	uint32_t format;
	uint32_t index;
	uint32_t count;
	const uint8_t *text; /* count scalars as UTF-8 when kind is TG_TEXT_CHAR, else NULL */
	size_t text_len;
	struct tg_event_range by; /* the events that inserted them, in the same order */
};

/**
 * tg_doc_blame(doc, ids, n, flow, visit, ctx):
 * Call visit(ctx, run) for all that a version shows, with who wrote it.  The run is borrowed for the call;
 * ${visit} must not call the doc and stops by returning non-zero.  Text that an undo or a restore put back is
 * of whoever did that.  Returns TG_OK, what ${visit} returned, TG_EINVAL (flow).
 */
int tg_doc_blame(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint32_t flow,
    int (*visit)(void *ctx, const struct tg_past_run *run), void *ctx) __attribute__((warn_unused_result));

/**
 * tg_doc_text_at(doc, ids, n, flow, data, len):
 * The characters of a version as UTF-8; markers and atoms add nothing.  Borrowed until the next call on the
 * doc.  Returns TG_OK, TG_EINVAL (flow).
 */
int tg_doc_text_at(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint32_t flow,
    const uint8_t **data, size_t *len) __attribute__((warn_unused_result));

/**
 * tg_doc_registers_at(doc, ids, n, data, len):
 * The registers of a version that are not nil, in the form of tg_doc_registers().  Borrowed until the next
 * call on the doc.  Returns TG_OK.
 */
int tg_doc_registers_at(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, const uint8_t **data,
    size_t *len) __attribute__((warn_unused_result));

/**
 * tg_doc_restore(doc, ids, n, first_seq, event_count, patches):
 * Make the document what it was in a version, by new own events in MERGED: what came since is deleted, what
 * was there is put back, formats and registers are set.  Nothing is forgotten: the events between stay, and
 * the restore is undone like any other edit.  Marks that a format of more than TG_TEXT_FORMAT_KEYS_MAX keys
 * needs follow as marks.  VIEW, *${patches} and *${event_count} as with tg_doc_undo(). Returns TG_OK;
 * TG_EINVAL (no agent set), TG_ELIMIT: nothing happened.
 */
int tg_doc_restore(struct tg_doc *doc, const struct tg_event_id *ids, size_t n, uint64_t *first_seq,
    uint64_t *event_count, struct tg_patches *patches) __attribute__((warn_unused_result));

/* ---- two versions -------------------------------------------------------------------------------------- */

enum tg_diff_op {
	TG_DIFF_KEEP = 0,     /* in both, looking the same */
	TG_DIFF_INSERT = 1,   /* only in the second */
	TG_DIFF_DELETE = 2,   /* only in the first */
	TG_DIFF_FORMAT = 3,   /* in both, in another format */
	TG_DIFF_REGISTER = 4, /* text holds msgpack [object, key, value] of the second */
};

/*
 * What became of some items.  ${by} are the events that did it: who inserted them (KEEP, INSERT), deleted
 * them (of several the first), or made the mark or set that decides.  When the second version lacks events of
 * the first, a change may be that an event is not there: then ${undone} is 1 and ${by} is that event of the
 * first version, for example the deletion that the second does not know.
 */
struct tg_diff_run {
	int op;		     /* enum tg_diff_op */
	int undone;	     /* ${by} is in the first version, not in the second */
	int kind;	     /* enum tg_text_kind */
	uint32_t from, to;   /* index in the first and in the second version, of the item or of its gap */
	uint32_t count;	     /* items */
	uint32_t was, is;    /* formats; 0 where it is not */
	const uint8_t *text; /* count scalars as UTF-8 when kind is TG_TEXT_CHAR */
	size_t text_len;
	struct tg_event_range by; /* ascending or descending in the text (the backspace key) */
};

/**
 * tg_doc_diff(doc, from, from_n, to, to_n, flow, visit, ctx):
 * Call visit(ctx, run) for everything that either of two versions shows, in document order, registers last.
 * The versions may stand in any relation.  The run is borrowed for the call; ${visit} must not call the doc
 * and stops by returning non-zero.  O(items) + a walk of what lies between.  Returns TG_OK, what ${visit}
 * returned, TG_EINVAL (flow).
 */
int tg_doc_diff(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n,
    const struct tg_event_id *to, size_t to_n, uint32_t flow,
    int (*visit)(void *ctx, const struct tg_diff_run *run), void *ctx) __attribute__((warn_unused_result));

/**
 * tg_doc_patches(doc, from, from_n, to, to_n, patches):
 * What changes one version into the other in all flows, as records like those of tg_doc_poll(), registers
 * last; with ${to} NULL into MERGED.  VIEW does not move.  Returns TG_OK.
 */
int tg_doc_patches(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n,
    const struct tg_event_id *to, size_t to_n, struct tg_patches *patches)
    __attribute__((warn_unused_result));

/**
 * tg_doc_map_between(doc, from, from_n, to, to_n, flow, index, bias, mapped):
 * As tg_doc_map(), from any version into any other instead of into VIEW.
 * Returns TG_OK, TG_ERANGE (index), TG_EINVAL (flow).
 */
int tg_doc_map_between(struct tg_doc *doc, const struct tg_event_id *from, size_t from_n,
    const struct tg_event_id *to, size_t to_n, uint32_t flow, uint32_t index, int bias, uint32_t *mapped)
    __attribute__((warn_unused_result));

#endif
