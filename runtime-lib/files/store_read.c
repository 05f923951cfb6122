#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "files/store_read.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define PAGE_BYTES (1u << 20)

/* Begin reading a `loaded` event: how many records follow. */
static int
open_loaded(const struct tg_buf *event, struct tg_reader *r, uint32_t *n)
{
	int status;

	if (tg_buf_status(event) != TG_OK)
		return TG_ENOMEM;
	tg_reader_init(r, event->data, event->len);
	tg_read_array(r, 5, 5);
	tg_read_uint(r, TG_EVENT_LOADED);
	tg_read_uint(r, UINT64_MAX);
	status = (int)tg_read_uint(r, 255);
	*n = tg_read_array(r, 0, UINT32_MAX);
	return tg_reader_status(r) != TG_OK ? tg_reader_status(r) : status;
}

static int
next_loaded(struct tg_reader *r, struct tg_record *record)
{
	tg_read_array(r, 2, 2);
	record->key = tg_read_bin(r, UINT32_MAX);
	record->value = tg_read_bin(r, UINT32_MAX);
	return tg_reader_status(r);
}

int
tg_store_get(struct tg_store *store, const void *key, size_t len, struct tg_buf *value)
{
	uint8_t behind[TG_STORE_KEY_MAX_BYTES + 1];
	struct tg_buf event = {0};
	struct tg_record record;
	struct tg_reader r;
	uint32_t n;
	int rc;

	if (len > TG_STORE_KEY_MAX_BYTES)
		return TG_ENOTFOUND;
	memcpy(behind, key, len);
	behind[len] = 0;
	tg_store_load(store, (struct tg_bytes){key, len}, (struct tg_bytes){behind, len + 1}, 1, &event, 0);
	if ((rc = open_loaded(&event, &r, &n)) == TG_OK && (rc = n == 0 ? TG_ENOTFOUND : TG_OK) == TG_OK &&
	    (rc = next_loaded(&r, &record)) == TG_OK) {
		tg_buf_reset(value);
		tg_buf_put(value, record.value.data, record.value.len);
		rc = tg_buf_status(value);
	}
	tg_buf_free(&event);
	return rc;
}

int
tg_store_each(struct tg_store *store, const void *prefix, size_t len,
    int (*visit)(void *ctx, const struct tg_record *record), void *ctx)
{
	uint8_t from[TG_STORE_KEY_MAX_BYTES + 1], to[TG_STORE_KEY_MAX_BYTES];
	size_t from_len = len, to_len = len;
	struct tg_buf event = {0};
	struct tg_record record;
	struct tg_reader r;
	int rc = TG_OK, more = 1;
	uint32_t n;

	memcpy(from, prefix, len);
	memcpy(to, prefix, len);
	while (to_len > 0 && to[to_len - 1] == 0xff)
		to_len--;
	if (to_len > 0)
		to[to_len - 1]++;
	while (more && rc == TG_OK) {
		tg_buf_reset(&event);
		tg_store_load(store, (struct tg_bytes){from, from_len}, (struct tg_bytes){to, to_len},
		    PAGE_BYTES, &event, 0);
		if ((rc = open_loaded(&event, &r, &n)) != TG_OK)
			break;
		for (uint32_t i = 0; i < n && rc == TG_OK; i++) {
			if ((rc = next_loaded(&r, &record)) != TG_OK)
				break;
			memcpy(from, record.key.data, record.key.len);
			from[record.key.len] = 0; /* the key right behind it */
			from_len = record.key.len + 1;
			rc = visit(ctx, &record);
		}
		if (rc == TG_OK)
			more = tg_read_bool(&r);
	}
	tg_buf_free(&event);
	return rc;
}

/* ---- entries for logs */

static int
fetch_record(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	struct tg_store_fetch *f = ctx;
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t len = tg_storage_key_entry(&f->grid, log, seq, key);
	struct tg_buf b = {0};
	int rc;

	if (tg_mem_grow((void **)&f->values, &f->cap, f->count + 1, sizeof *f->values) != TG_OK)
		return TG_ENOMEM;
	if ((rc = tg_store_get(f->store, key, len, &b)) != TG_OK) {
		tg_buf_free(&b);
		return rc;
	}
	f->values[f->count++] = b;
	*value = (struct tg_bytes){b.data, b.len};
	return TG_OK;
}

struct tg_fetch
tg_store_fetch(struct tg_store_fetch *f)
{
	return (struct tg_fetch){fetch_record, f};
}

void
tg_store_fetch_reset(struct tg_store_fetch *f)
{
	while (f->count > 0)
		tg_buf_free(&f->values[--f->count]);
}

void
tg_store_fetch_free(struct tg_store_fetch *f)
{
	tg_store_fetch_reset(f);
	tg_free(f->values);
	f->values = NULL;
	f->cap = 0;
}

/* ---- the grid's own record */

int
tg_grid_record_access(const struct tg_hash *grid, const void *value, size_t len, struct tg_access *access,
    struct tg_bytes *title)
{
	struct tg_secret secrets[2];
	struct tg_bytes mode, secret, text;
	struct tg_reader r;
	struct tg_key w;
	int rc = TG_EFORMAT;

	tg_reader_init(&r, value, len);
	tg_read_array(&r, 7, 7);
	if (tg_read_uint(&r, UINT64_MAX) != 1)
		tg_reader_fail(&r, TG_EVERSION);
	mode = tg_read_str(&r, 1);
	secret = tg_read_bin(&r, sizeof secrets);
	tg_read_fixed(&r, w.b, sizeof w.b);
	text = tg_read_str(&r, UINT32_MAX);
	tg_read_uint(&r, UINT64_MAX);
	tg_read_uint(&r, UINT64_MAX);
	if (tg_reader_end(&r) != TG_OK || mode.len != 1)
		return TG_EFORMAT;
	if (secret.len != (mode.data[0] == 'r' ? sizeof secrets : sizeof secrets[0]))
		return TG_EFORMAT;
	memset(secrets, 0, sizeof secrets);
	memcpy(secrets, secret.data, secret.len);
	switch (mode.data[0]) {
	case 'r':
		tg_access_from_replica(&secrets[0], &secrets[1], &w, access);
		rc = TG_OK;
		break;
	case 'v':
		rc = tg_access_from_secret(TG_MODE_VIEW, &secrets[0], &w, access);
		break;
	case 'c':
		rc = tg_access_from_secret(TG_MODE_COMMENT, &secrets[0], NULL, access);
		break;
	case 'e':
		rc = tg_access_from_secret(TG_MODE_EDIT, &secrets[0], NULL, access);
		break;
	}
	tg_wipe(secrets, sizeof secrets);
	if (rc == TG_OK) {
		access->grid = *grid;
		if (title != NULL)
			*title = text;
	}
	return rc;
}

void
tg_grid_record_put(struct tg_buf *out, const struct tg_access *access, uint64_t opened_ms)
{
	static const char *const modes[] = {
	    [TG_MODE_VIEW] = "v", [TG_MODE_COMMENT] = "c", [TG_MODE_EDIT] = "e"};

	tg_write_array(out, 7);
	tg_write_uint(out, 1);
	tg_write_str(out, modes[access->mode], 1);
	tg_write_bin(out, access->secret.b, sizeof access->secret.b);
	tg_write_bin(out, access->w.b, sizeof access->w.b);
	tg_write_str(out, "", 0);
	tg_write_uint(out, opened_ms);
	tg_write_uint(out, 0);
}
