/*
 * store_read.h -- reading a peer's storage (protocol.md 8) directly, while no peer runs on it.
 */
#ifndef TG_FILES_STORE_READ_H
#define TG_FILES_STORE_READ_H

#include <toygrid/access.h>
#include <toygrid/log.h>

#include "base/buf.h"
#include "host/store_lmdb.h"

/**
 * tg_store_get(store, key, len, value):
 * One record into ${value}, whatever was in it.  Queued batches are not seen.  TG_OK, TG_ENOTFOUND, TG_EIO,
 * TG_ENOMEM.
 */
int tg_store_get(struct tg_store *store, const void *key, size_t len, struct tg_buf *value)
    __attribute__((warn_unused_result));

/**
 * tg_store_each(store, prefix, len, visit, ctx):
 * Call visit(ctx, record) for all records whose key begins with ${prefix}, in order, until it does not return
 * TG_OK.  ${visit} may read the store.  Returns that, TG_OK, TG_EIO, TG_ENOMEM.
 */
int tg_store_each(struct tg_store *store, const void *prefix, size_t len,
    int (*visit)(void *ctx, const struct tg_record *record), void *ctx) __attribute__((warn_unused_result));

/* Records of entries, for the tg_log_* calls: zero-initialise but for store and grid; reset between calls. */
struct tg_store_fetch {
	struct tg_store *store;
	struct tg_hash grid;
	struct tg_buf *values; /* lent to the log until the next reset */
	size_t count, cap;
};
struct tg_fetch tg_store_fetch(struct tg_store_fetch *f);
void tg_store_fetch_reset(struct tg_store_fetch *f);
void tg_store_fetch_free(struct tg_store_fetch *f);

/** tg_grid_record_access(grid, value, len, access, title): What a `g` record lets one do; ${title} is
 * borrowed from it and may be NULL.  TG_OK, TG_EFORMAT. */
int tg_grid_record_access(const struct tg_hash *grid, const void *value, size_t len, struct tg_access *access,
    struct tg_bytes *title) __attribute__((warn_unused_result));

/** tg_grid_record_put(out, access, opened_ms): Such a record for keys of a link, title unknown. */
void tg_grid_record_put(struct tg_buf *out, const struct tg_access *access, uint64_t opened_ms);

#endif
