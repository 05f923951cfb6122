#include <toygrid/status.h>

#include "base/buf.h"
#include "log/entry.h"
#include "log/state.h"
#include "wire/writer.h"

#define ASK_AT_ONCE 64 /* entries asked for in a round: their sizes are not known yet */
#define PROOF_ITEM  (2 + TG_HASH_BYTES)

/* What stands around the entries: array, log, start, two counts, head. */
#define AROUND (1 + (2 + TG_KEY_BYTES) + 9 + 3 + (2 + TG_HEAD_MAX_BYTES) + 3)

/* How many entries from ${from} on fit: *${end} is where they end. */
static int
measure(struct tg_log *log, uint64_t from, uint64_t to, size_t max_bytes, const struct tg_fetch *fetch,
    uint64_t *end)
{
	struct tg_span spans[TG_TREE_LEVELS];
	size_t used = AROUND + tg_tree_peaks(from) * PROOF_ITEM;
	struct tg_bytes value, raw;
	struct tg_entry entry;
	unsigned missing = 0;
	uint64_t seq;
	int rc;

	for (seq = from; seq < to; seq++) {
		size_t proof = tg_tree_right(log->head.length, seq + 1, spans) * PROOF_ITEM;

		rc = fetch->record(fetch->ctx, &log->name, seq, &value);
		if (rc == TG_ENOTFOUND) {
			if (++missing == ASK_AT_ONCE)
				break;
			continue;
		}
		if (rc != TG_OK)
			return rc;
		if (missing)
			continue;
		if ((rc = tg_record_entry(value, &raw, &entry)) != TG_OK)
			return rc;
		if (used + raw.len + proof > max_bytes) {
			if (seq == from)
				return TG_ETOOBIG;
			break;
		}
		used += raw.len;
	}
	*end = seq;
	return missing ? TG_ENOTFOUND : TG_OK;
}

int
tg_log_run(struct tg_log *log, uint64_t from, uint64_t to, size_t max_bytes, const struct tg_fetch *fetch,
    struct tg_buf *out, uint64_t *end)
{
	struct tg_log_source source = {log, fetch};
	struct tg_tree_source tree = tg_log_tree(&source);
	struct tg_hash proof[2 * TG_TREE_LEVELS];
	uint8_t head[TG_HEAD_MAX_BYTES];
	size_t before = out->len;
	struct tg_bytes value, raw;
	unsigned count;
	uint64_t stop;
	int rc;

	if (to == 0 || to > log->head.length)
		to = log->head.length;
	if (from >= to)
		return TG_ERANGE;
	if (tg_buf_status(out) != TG_OK)
		return TG_ENOMEM;
	if (to - from > TG_RUN_MAX_ENTRIES)
		to = from + TG_RUN_MAX_ENTRIES;
	if ((rc = tg_log_load(log, fetch)) != TG_OK)
		return rc;
	if ((rc = measure(log, from, to, max_bytes, fetch, &stop)) != TG_OK)
		return rc;
	if ((rc = tg_tree_prove(&tree, log->head.length, from, stop, proof, &count)) != TG_OK)
		return rc;

	tg_write_array(out, 5);
	tg_write_bin(out, log->key.b, sizeof log->key.b);
	tg_write_uint(out, from);
	tg_write_array(out, (uint32_t)(stop - from));
	for (uint64_t seq = from; seq < stop; seq++) {
		if ((rc = fetch->record(fetch->ctx, &log->name, seq, &value)) != TG_OK)
			goto undo_out;
		if ((rc = tg_record_raw(value, &raw)) != TG_OK)
			goto undo_out;
		tg_buf_put(out, raw.data, raw.len);
	}
	tg_write_bin(out, head, tg_head_encode(&log->head, head));
	tg_write_array(out, count);
	for (unsigned i = 0; i < count; i++)
		tg_write_bin(out, proof[i].b, sizeof proof[i].b);
	if ((rc = tg_buf_status(out)) != TG_OK)
		goto undo_out;
	*end = stop;
	return TG_OK;

undo_out:
	tg_buf_truncate(out, before);
	return rc;
}
