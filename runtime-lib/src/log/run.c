#include <toygrid/log.h>
#include <toygrid/status.h>

#include "log/entry.h"
#include "log/tree.h"

int
tg_run_decode(const void *data, size_t len, struct tg_run *out)
{
	struct tg_reader r;
	struct tg_entry entry;
	struct tg_hash hash;
	struct tg_run run;
	size_t from;
	int rc;

	tg_reader_init(&r, data, len);
	tg_read_array(&r, 5, 5);
	tg_read_fixed(&r, run.log.b, sizeof run.log.b);
	run.start = tg_read_uint(&r, TG_TREE_LEAVES_MAX);
	run.count = tg_read_array(&r, 1, TG_RUN_MAX_ENTRIES);
	from = r.at;
	for (uint32_t i = 0; i < run.count && r.status == TG_OK; i++)
		tg_entry_read(&r, &entry);
	run.entries_raw = (struct tg_bytes){r.data + from, r.at - from};
	run.head = tg_read_bin(&r, TG_HEAD_MAX_BYTES);
	run.proof_count = tg_read_array(&r, 0, TG_PROOF_MAX_HASHES);
	from = r.at;
	for (uint32_t i = 0; i < run.proof_count && r.status == TG_OK; i++)
		tg_read_fixed(&r, hash.b, sizeof hash.b);
	run.proof_raw = (struct tg_bytes){r.data + from, r.at - from};
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = run;
	return rc;
}

int
tg_run_next(const struct tg_run *run, size_t *at, struct tg_entry *entry, struct tg_bytes *raw)
{
	struct tg_reader r;

	if (*at >= run->entries_raw.len)
		return 0;
	tg_reader_init(&r, run->entries_raw.data + *at, run->entries_raw.len - *at);
	tg_entry_read(&r, entry);
	*raw = (struct tg_bytes){r.data, r.at};
	*at += r.at;
	return tg_reader_status(&r) == TG_OK;
}
