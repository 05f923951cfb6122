/*
 * undone.h -- what was taken back in this document since it was opened.
 *
 * An undo leaves ordinary events behind: deletions, text put back, marks.  To undo further, and to redo, one
 * must not look at those but at what they stand for: which events count as undone now, and which item each
 * piece of text that was put back is.  Kept in memory only: with the document closed nobody holds a list of
 * what to undo next either.
 */
#ifndef TG_TEXT_UNDONE_H
#define TG_TEXT_UNDONE_H

#include "text/graph.h"

struct tg_undone {
	struct tg_spans events; /* that count as undone: ascending, disjoint */
	struct tg_undo_batch {
		uint32_t start, end; /* the events that one undo made */
		size_t first, n;     /* in ${spans}: what it took back, or gave back */
		int redo;	     /* it gave back */
	} * batches;		     /* ascending */
	size_t batch_n, batch_cap;
	struct tg_spans spans;
	struct tg_copy {
		uint32_t lv, source, count; /* items lv .. are those of source .. put back */
	} * copies;			    /* ascending by lv; sources are no copies */
	size_t copy_n, copy_cap;
};

void tg_undone_free(struct tg_undone *u);

/** tg_spans_push(s, start, end), tg_spans_tidy(s): Add one; then sort ascending and join. */
int tg_spans_push(struct tg_spans *s, uint32_t start, uint32_t end) __attribute__((warn_unused_result));
void tg_spans_tidy(struct tg_spans *s);

/** tg_spans_has(s, lv), tg_spans_meet(s, start, end): Of tidy ones: is it in; is any of [start, end)? */
int tg_spans_has(const struct tg_spans *s, uint32_t lv);
int tg_spans_meet(const struct tg_spans *s, uint32_t start, uint32_t end);

/** tg_spans_without(s, other, out): The part of tidy ${s} that is not in tidy ${other}. */
int tg_spans_without(const struct tg_spans *s, const struct tg_spans *other, struct tg_spans *out)
    __attribute__((warn_unused_result));

/** tg_undone_batch(u, lv): The undo that made an event, or NULL. */
const struct tg_undo_batch *tg_undone_batch(const struct tg_undone *u, uint32_t lv);

/** tg_undone_root(u, lv, count): The item that ${lv} is; *${count} is cut to those that follow alike. */
uint32_t tg_undone_root(const struct tg_undone *u, uint32_t lv, uint32_t *count);

#endif
