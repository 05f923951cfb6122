/*
 * A run on its way into a log that holds nothing, twice.  Whatever it is, an error changes nothing, and the
 * log never claims to hold less than its head covers.
 */
#include <toygrid/log.h>

#include "base/buf.h"
#include "fuzz/grid.h"
#include "fuzz/target.h"

static int
nothing_stored(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	(void)ctx;
	(void)log;
	(void)seq;
	(void)value;
	return TG_ENOTFOUND;
}

static void
receive(struct tg_log *log, const struct tg_access *access, const struct tg_run *run)
{
	const struct tg_fetch fetch = {nothing_stored, NULL};
	uint64_t before = log->length;
	struct tg_buf proof = {0};
	struct tg_receipt receipt;
	struct tg_ops ops = {0};

	if (tg_log_receive(log, access, run, TG_RECEIVE_SPARSE, &fetch, &ops, &receipt, &proof) == TG_OK) {
		if (ops.count == 0 || receipt.from > receipt.to)
			abort();
	} else if (ops.count || ops.len || log->length != before) {
		abort();
	}
	if (log->head.length > log->length)
		abort();
	tg_ops_free(&ops);
	tg_buf_free(&proof);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	struct tg_entry entry;
	struct tg_bytes raw;
	struct tg_log log;
	struct tg_run run;
	uint32_t count = 0;
	size_t at = 0;

	if (access.mode != TG_MODE_EDIT)
		fuzz_access(0xee, &access);
	if (tg_run_decode(data, len, &run) != TG_OK)
		return 0;
	while (tg_run_next(&run, &at, &entry, &raw))
		count++;
	if (count != run.count || at != run.entries_raw.len)
		abort();
	tg_log_init(&log, &access, &run.log);
	receive(&log, &access, &run);
	receive(&log, &access, &run);
	tg_log_close(&log);
	return 0;
}
