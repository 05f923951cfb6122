#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "files/grid_export.h"
#include "files/new_file.h"
#include "files/store_read.h"

#define RUN_BYTES (TG_DATA_MAX_BYTES - 512)

struct export
{
	struct tg_store *store;
	const struct tg_access *access;
	struct tg_new_file *file;
	struct tg_grid_check *check; /* whatever is written must be readable */
	struct tg_store_fetch fetch;
	struct tg_buf out, run;
	struct tg_files_report *report;
};

static int
fail(struct export *x, int rc, const char *why)
{
	if (x->report->error[0] == '\0')
		snprintf(x->report->error, sizeof x->report->error, "%s", why);
	return rc;
}

static int
file_failed(struct export *x)
{
	int full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	snprintf(x->report->error, sizeof x->report->error, "%s; nothing was left there", strerror(errno));
	return full ? TG_EFULL : TG_EIO;
}

/* What stands in x->out goes through the checker and to the file. */
static int
put(struct export *x)
{
	char why[128];
	int rc;

	if (tg_buf_status(&x->out) != TG_OK)
		return fail(x, TG_ENOMEM, "out of memory");
	if ((rc = tg_grid_check_push(x->check, x->out.data, x->out.len)) != TG_OK) {
		snprintf(why, sizeof why, "what is stored here does not verify: %s", tg_status_text(rc));
		return fail(x, rc == TG_ENOMEM ? rc : TG_EHASH, why);
	}
	if (tg_new_file_write(x->file, x->out.data, x->out.len) != 0)
		return file_failed(x);
	x->report->bytes += x->out.len;
	tg_buf_reset(&x->out);
	if (x->report->progress != NULL && x->report->progress(x->report->ctx, x->report->bytes) != 0)
		return fail(x, TG_ECLOSED, "interrupted; nothing was left there");
	return TG_OK;
}

static int
put_log(void *ctx, const struct tg_record *record)
{
	struct export *x = ctx;
	struct tg_fetch fetch = tg_store_fetch(&x->fetch);
	struct tg_head head;
	struct tg_log log;
	struct tg_key key;
	uint64_t at = 0, end;
	int rc;

	if (record->key.len != 1 + TG_HASH_BYTES + TG_KEY_BYTES)
		return TG_OK;
	memcpy(key.b, record->key.data + 1 + TG_HASH_BYTES, sizeof key.b);
	/* A file has one history of each log; another one (protocol.md 5.7) comes from peers. */
	if (record->value.len > 8 &&
	    tg_head_decode(record->value.data + 8, record->value.len - 8, &head) == TG_OK &&
	    tg_key_cmp(&head.log, &key) != 0) {
		x->report->logs_left++;
		return TG_OK;
	}
	if (tg_log_open(&log, x->access, &key, record->value.data, record->value.len) != TG_OK)
		return fail(x, TG_EHASH,
		    "a log's head in the storage is damaged: start a peer there, which fetches it again");
	rc = tg_log_load(&log, &fetch);
	if (rc == TG_OK && log.head.length == 0)
		x->report->logs_left++; /* it is being fetched: no head covers what is here */
	while (rc == TG_OK && at < log.head.length) {
		tg_buf_reset(&x->run);
		if ((rc = tg_log_run(&log, at, 0, RUN_BYTES, &fetch, &x->run, &end)) == TG_OK) {
			tg_grid_file_put_run(&x->out, x->run.data, x->run.len);
			rc = put(x);
			at = end;
		}
		tg_store_fetch_reset(&x->fetch);
	}
	tg_store_fetch_reset(&x->fetch);
	tg_log_close(&log);
	if (rc == TG_ENOTFOUND || rc == TG_EHASH || rc == TG_ESIGNATURE || rc == TG_ERANGE)
		return fail(x, TG_EHASH,
		    "a log in the storage is damaged: start a peer there, which fetches it again");
	return rc == TG_OK ? rc : fail(x, rc, tg_status_text(rc));
}

static int
put_chunk(void *ctx, const struct tg_record *record)
{
	struct export *x = ctx;
	struct tg_hash locator;
	struct tg_bytes stored;

	if (record->key.len != 1 + 2 * TG_HASH_BYTES)
		return TG_OK;
	memcpy(locator.b, record->key.data + 1 + TG_HASH_BYTES, sizeof locator.b);
	if (tg_chunk_kept(record->value.data, record->value.len, &stored) != TG_OK)
		return fail(x, TG_EHASH, "a chunk in the storage is damaged");
	/*
	 * A chunk is stored before the entry that lists it, and that entry may be in a log that was left out:
	 * a reader would refuse the file for it.
	 */
	if (tg_grid_check_listed(x->check, &locator, stored) == TG_ENOTFOUND) {
		x->report->chunks_left++;
		return TG_OK;
	}
	tg_grid_file_put_chunk(&x->out, &locator, stored.data, stored.len);
	return put(x);
}

static int
each(struct export *x, char letter, int (*visit)(void *ctx, const struct tg_record *record))
{
	uint8_t prefix[1 + TG_HASH_BYTES] = {(uint8_t)letter};
	int rc;

	memcpy(prefix + 1, x->access->grid.b, TG_HASH_BYTES);
	rc = tg_store_each(x->store, prefix, sizeof prefix, visit, x);
	return rc == TG_OK ? rc : fail(x, rc, "the storage cannot be read");
}

static int
write_all(struct export *x, int sealed, uint64_t now_ms)
{
	struct tg_grid_file_header h = {.grid = x->access->grid,
	    .epoch = x->access->epoch,
	    .w = x->access->w,
	    .r = x->access->r,
	    .made_ms = now_ms,
	    .has_link = !sealed && x->access->mode != TG_MODE_REPLICA};
	struct tg_hash digest;
	int rc;

	h.link.mode = x->access->mode;
	h.link.secret = x->access->secret;
	tg_grid_file_put_header(&x->out, &h);
	tg_wipe(&h, sizeof h);
	if ((rc = put(x)) != TG_OK || (rc = each(x, 'h', put_log)) != TG_OK)
		return rc;
	if (tg_grid_check_counts(x->check)->logs == 0)
		return fail(x, TG_ENOTFOUND, "nothing of this document is held here");
	if ((rc = each(x, 'c', put_chunk)) != TG_OK)
		return rc;
	x->report->counts = *tg_grid_check_counts(x->check);
	tg_grid_check_digest(x->check, &digest);
	tg_grid_file_put_end(&x->out, &x->report->counts, &digest);
	if ((rc = put(x)) != TG_OK)
		return rc;
	if ((rc = tg_grid_check_end(x->check)) != TG_OK)
		return fail(x, rc, "the beginning of the document is not held here");
	return tg_new_file_finish(x->file) == 0 ? TG_OK : file_failed(x);
}

int
tg_grid_export(struct tg_store *store, const struct tg_access *access, int sealed, uint64_t now_ms,
    const char *path, struct tg_files_report *report)
{
	struct export x = {.store = store,
	    .access = access,
	    .report = report,
	    .fetch = {.store = store, .grid = access->grid}};
	int rc;

	report->error[0] = '\0';
	report->bytes = report->logs_left = report->chunks_left = 0;
	if ((x.check = tg_grid_check_new(access, NULL, NULL)) == NULL)
		return fail(&x, TG_ENOMEM, "out of memory");
	if (tg_new_file_open(&x.file, path) != 0)
		rc = file_failed(&x);
	else
		rc = write_all(&x, sealed, now_ms);
	tg_new_file_close(x.file);
	tg_grid_check_free(x.check);
	tg_store_fetch_free(&x.fetch);
	if (x.out.data != NULL)
		tg_wipe(x.out.data, x.out.cap); /* the link was in it */
	tg_buf_free(&x.out);
	tg_buf_free(&x.run);
	return rc;
}
