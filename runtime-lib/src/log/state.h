/*
 * state.h -- what append, receive and serve share about struct tg_log.
 */
#ifndef TG_LOG_STATE_H
#define TG_LOG_STATE_H

#include <toygrid/log.h>

#include "log/ops.h"
#include "log/tree.h"

#define TG_LOG_RANGES_MAX 32 /* extra ranges of one log: about 3 KB each at most */

/* Entries [from, to) held beyond a gap, verified against ${head}. */
struct tg_range {
	uint64_t from, to;
	struct tg_head head;
	struct tg_hash *peaks_from, *peaks_to; /* of [0, from) and [0, to) in that history; owned */
};

void tg_range_free(struct tg_range *range);

/** tg_record_node(value, seq, level, out): The level-th node hash in a stored entry record. */
int tg_record_node(struct tg_bytes value, uint64_t seq, unsigned level, struct tg_hash *out);

/** tg_record_raw(value, raw): The encoded entry in a stored record.  tg_record_entry(value, raw, entry): The
 * same, decoded, and its leaf hash compared with the stored one (TG_EHASH). */
int tg_record_raw(struct tg_bytes value, struct tg_bytes *raw);
int tg_record_entry(struct tg_bytes value, struct tg_bytes *raw, struct tg_entry *entry);

/* The log's stored records as a source of tree nodes. */
struct tg_log_source {
	const struct tg_log *log;
	const struct tg_fetch *fetch;
};
struct tg_tree_source tg_log_tree(struct tg_log_source *source);

/** tg_log_reserve_peaks(log, n): Room for the peaks of n leaves.  TG_OK or TG_ENOMEM (unchanged). */
int tg_log_reserve_peaks(struct tg_log *log, uint64_t n);

/** tg_log_set_peaks(log, peaks, n): Copy them; room was reserved. */
void tg_log_set_peaks(struct tg_log *log, const struct tg_hash *peaks, uint64_t n);

/** tg_log_put_head(log, length, head, ops): The `h` record.  TG_OK or TG_ENOMEM. */
int tg_log_put_head(
    const struct tg_log *log, uint64_t length, const struct tg_head *head, struct tg_ops *ops);

/** tg_head_same(a, b): Do they say the same? */
int tg_head_same(const struct tg_head *a, const struct tg_head *b);

/** tg_fork_encode(peaks, a, rest, rests, out): The proof element of two heads of different lengths; ${out}
 * may be NULL.  TG_OK or TG_ENOMEM. */
int tg_fork_encode(
    const struct tg_hash *peaks, uint64_t a, const struct tg_hash *rest, unsigned rests, struct tg_buf *out);

#endif
