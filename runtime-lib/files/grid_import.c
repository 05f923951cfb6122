#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "files/grid_export.h"
#include "files/store_read.h"
#include "wire/writer.h"

#define READ_BYTES  65536
#define BATCH_BYTES (4u << 20) /* of records in memory before they are written */

/* ---- reading ------------------------------------------------------------------------------------------- */

static int
refused(struct tg_files_report *report, const struct tg_grid_check *check, int rc)
{
	uint64_t at;
	const char *where = tg_grid_check_where(check, &at);

	if (report->error[0] == '\0')
		snprintf(report->error, sizeof report->error, "refused at byte %llu, %s: %s",
		    (unsigned long long)at, where, tg_status_text(rc));
	return rc;
}

/* Push a whole file through a checker. */
static int
read_file(const char *path, struct tg_grid_check *check, struct tg_files_report *report)
{
	static uint8_t block[READ_BYTES];
	FILE *f = fopen(path, "rb");
	int rc = TG_OK;
	size_t n;

	report->error[0] = '\0';
	report->bytes = 0;
	if (f == NULL) {
		snprintf(report->error, sizeof report->error, "%s", strerror(errno));
		return TG_EIO;
	}
	while (rc == TG_OK && (n = fread(block, 1, sizeof block, f)) > 0) {
		rc = tg_grid_check_push(check, block, n);
		report->bytes += n;
		if (rc == TG_OK && report->progress != NULL &&
		    report->progress(report->ctx, report->bytes) != 0) {
			snprintf(report->error, sizeof report->error, "interrupted");
			rc = TG_ECLOSED;
		}
	}
	if (rc == TG_OK && ferror(f)) {
		snprintf(report->error, sizeof report->error, "%s", strerror(errno));
		rc = TG_EIO;
	}
	fclose(f);
	if (rc == TG_OK)
		rc = tg_grid_check_end(check);
	if (rc != TG_OK)
		return refused(report, check, rc);
	report->counts = *tg_grid_check_counts(check);
	return TG_OK;
}

int
tg_grid_import_check(const char *path, const struct tg_access *access, struct tg_grid_file_header *header,
    struct tg_access *keys, struct tg_files_report *report)
{
	struct tg_grid_check *check = tg_grid_check_new(access, NULL, NULL);
	int rc;

	if (check == NULL) {
		snprintf(report->error, sizeof report->error, "out of memory");
		return TG_ENOMEM;
	}
	if ((rc = read_file(path, check, report)) == TG_OK) {
		*header = *tg_grid_check_header(check);
		*keys = *tg_grid_check_access(check);
	}
	tg_grid_check_free(check);
	return rc;
}

/* ---- storing ------------------------------------------------------------------------------------------- */

struct import {
	struct tg_store *store;
	const struct tg_access *access;
	struct tg_store_fetch fetch;
	struct tg_log log; /* as it is in the store */
	int has_log;
	struct tg_ops ops;
	struct tg_buf batch, value;
	uint32_t batch_ops;
	int stored; /* what became of the last batch */
	struct tg_files_report *report;
};

static void
on_stored(void *ctx, uint64_t batch, int status)
{
	struct import *x = ctx;

	(void)batch;
	if (status != TG_OK)
		x->stored = status;
}

static int
fail(struct import *x, int rc, const char *why)
{
	if (x->report->error[0] == '\0')
		snprintf(x->report->error, sizeof x->report->error, "%s", why);
	return rc;
}

static void
add(struct import *x, enum tg_store_op_kind kind, struct tg_bytes key, struct tg_bytes value)
{
	tg_write_array(&x->batch, 3);
	tg_write_uint(&x->batch, kind);
	tg_write_bin(&x->batch, key.data, key.len);
	tg_write_bin(&x->batch, value.data, value.len);
	x->batch_ops++;
}

/* Write what was gathered. */
static int
flush(struct import *x, int strict)
{
	struct tg_buf all = {0};
	int rc = TG_OK;

	if (x->batch_ops == 0)
		return TG_OK;
	tg_write_array(&all, x->batch_ops);
	tg_buf_put(&all, x->batch.data, x->batch.len);
	if (tg_buf_status(&all) != TG_OK || tg_buf_status(&x->batch) != TG_OK)
		rc = TG_ENOMEM;
	if (rc == TG_OK &&
	    (rc = tg_store_queue(x->store, 1, strict, (struct tg_bytes){all.data, all.len})) == TG_OK) {
		tg_store_flush(x->store, on_stored, x);
		rc = x->stored;
	}
	tg_buf_free(&all);
	tg_buf_reset(&x->batch);
	x->batch_ops = 0;
	return rc == TG_OK
		   ? rc
		   : fail(x, rc, rc == TG_EFULL ? "no space left in the data directory" : tg_status_text(rc));
}

/* The log of a run, as far as it is here. */
static int
open_log(struct import *x, const struct tg_key *key)
{
	uint8_t name[TG_STORAGE_KEY_MAX_BYTES];
	size_t len = tg_storage_key_head(&x->access->grid, key, name);
	int rc;

	if (x->has_log && tg_key_cmp(&x->log.key, key) == 0)
		return TG_OK;
	if ((rc = flush(x, 0)) != TG_OK)
		return rc;
	tg_log_close(&x->log);
	tg_log_init(&x->log, x->access, key);
	x->has_log = 1;
	rc = tg_store_get(x->store, name, len, &x->value);
	if (rc == TG_OK && tg_log_open(&x->log, x->access, key, x->value.data, x->value.len) != TG_OK)
		tg_log_init(&x->log, x->access, key); /* damaged: as a peer does, from the start again */
	return rc == TG_ENOTFOUND || rc == TG_OK ? TG_OK : fail(x, rc, "the data directory cannot be read");
}

static int
put_run(struct import *x, const struct tg_run *run)
{
	struct tg_fetch fetch = tg_store_fetch(&x->fetch);
	struct tg_receipt receipt;
	int rc;

	if ((rc = open_log(x, &run->log)) != TG_OK)
		return rc;
	tg_ops_reset(&x->ops);
	rc = tg_log_receive(&x->log, x->access, run, 0, &fetch, &x->ops, &receipt, &x->value);
	tg_store_fetch_reset(&x->fetch);
	if (rc == TG_EEXISTS)
		return TG_OK;
	if (rc == TG_EFORK)
		return fail(x, rc, "the data directory holds another history of one of its logs: a fork");
	if (rc == TG_ENOTFOUND || rc == TG_EHASH)
		return fail(x, TG_EHASH, "a log in the data directory is damaged");
	if (rc != TG_OK)
		return rc;
	for (size_t i = 0; i < x->ops.count; i++) {
		struct tg_bytes key = tg_ops_key(&x->ops, i);

		add(x, key.data[0] == 'h' ? TG_STORE_PUT_IF_LONGER : TG_STORE_PUT, key,
		    tg_ops_value(&x->ops, i));
	}
	x->report->entries_new += receipt.to - receipt.from;
	return x->batch.len > BATCH_BYTES ? flush(x, 0) : TG_OK;
}

static int
put_record(void *ctx, const struct tg_grid_file_record *record)
{
	struct import *x = ctx;
	uint8_t key[1 + 2 * TG_HASH_BYTES];
	size_t len;
	int rc;

	if (record->kind == TG_GRID_FILE_RUN)
		return put_run(x, &record->run);
	len = tg_storage_key_chunk(&x->access->grid, &record->locator, key);
	tg_buf_reset(&x->value);
	if ((rc = tg_chunk_keep(record->stored.data, record->stored.len, &x->value)) != TG_OK)
		return rc;
	add(x, TG_STORE_PUT_IF_ABSENT, (struct tg_bytes){key, len},
	    (struct tg_bytes){x->value.data, x->value.len});
	return x->batch.len > BATCH_BYTES ? flush(x, 0) : TG_OK;
}

/* The grid itself, last: what is not listed does not exist yet. */
static int
put_grid(struct import *x, uint64_t now_ms)
{
	uint8_t key[1 + TG_HASH_BYTES] = {'g'};

	memcpy(key + 1, x->access->grid.b, TG_HASH_BYTES);
	tg_buf_reset(&x->value);
	if (x->access->mode != TG_MODE_REPLICA) {
		tg_grid_record_put(&x->value, x->access, now_ms);
		if (tg_buf_status(&x->value) != TG_OK)
			return fail(x, TG_ENOMEM, "out of memory");
		add(x, TG_STORE_PUT_IF_ABSENT, (struct tg_bytes){key, sizeof key},
		    (struct tg_bytes){x->value.data, x->value.len});
	}
	return flush(x, 1);
}

int
tg_grid_import(struct tg_store *store, const char *path, const struct tg_access *access, uint64_t now_ms,
    struct tg_files_report *report)
{
	struct import x = {.store = store,
	    .access = access,
	    .report = report,
	    .fetch = {.store = store, .grid = access->grid}};
	struct tg_grid_check *check = tg_grid_check_new(access, put_record, &x);
	int rc = TG_ENOMEM;

	report->error[0] = '\0';
	report->entries_new = 0;
	if (check != NULL && (rc = read_file(path, check, report)) == TG_OK)
		rc = put_grid(&x, now_ms);
	if (rc == TG_ENOMEM)
		rc = fail(&x, rc, "out of memory");
	tg_grid_check_free(check);
	tg_log_close(&x.log);
	tg_ops_free(&x.ops);
	tg_buf_free(&x.batch);
	if (x.value.data != NULL)
		tg_wipe(x.value.data, x.value.cap);
	tg_buf_free(&x.value);
	tg_store_fetch_free(&x.fetch);
	return rc;
}
