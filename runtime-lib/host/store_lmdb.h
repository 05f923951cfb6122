/*
 * store_lmdb.h -- a peer's storage (protocol.md 8) in one LMDB environment.
 *
 * What is promised, and to whom:
 *  - A batch is in the file whole or not at all, whatever dies when.  The environment is never opened with
 *    MDB_NOSYNC or MDB_WRITEMAP, so pages are on the disk before the root that names them.
 *  - After a relaxed batch is reported: it survives the death of this process (the system has the bytes).  A
 *    power cut may take back the last commit, never more and never in part: MDB_NOMETASYNC syncs the pages
 *    of a commit but leaves its root to the next one.
 *  - After a strict batch is reported: it and all before it survive a power cut.
 *  - One process per directory.  A second one is told who has it.
 *
 * Batches are queued and written together by tg_store_flush(), one commit for all that came in one turn of
 * the host's loop, which is what makes a disk that syncs in 10 ms bearable.  If that commit fails for lack of
 * space each batch is tried alone, so that a small one can still get in, and each gets its own status.
 *
 * Files: DIR/data.mdb and DIR/lock.mdb (LMDB's), DIR/toygrid.lock (ours); all 0600, DIR 0700 when we make it.
 * `mdb_copy DIR TARGET` makes a consistent backup while the peer runs.
 */
#ifndef TG_HOST_STORE_LMDB_H
#define TG_HOST_STORE_LMDB_H

#include <stddef.h>
#include <stdint.h>

#include "host/event_codec.h"

#define TG_STORE_KEY_MAX_BYTES	 511	     /* LMDB's; protocol.md 8 needs 73 */
#define TG_STORE_MAP_FIRST_BYTES (16u << 20) /* the map doubles from here */
#define TG_STORE_ERROR_BYTES	 512

struct tg_store; /* opaque; one thread */

struct tg_store_options {
	uint64_t max_bytes; /* of the data file; 0: as much as the disk gives */
	int throwaway;	    /* 1: never sync; for directories that are deleted at exit */
};

/** Called once per queued batch, in order.  status: TG_OK, TG_EFULL, TG_EIO, TG_EINVAL (key too long). */
typedef void tg_stored_fn(void *ctx, uint64_t batch, int status);

/**
 * tg_store_open(store, dir, options, error):
 * Open, or make, the store in ${dir} (its parent must exist).  ${options} may be NULL for the defaults.
 * On failure *${store} is NULL and error[0 .. TG_STORE_ERROR_BYTES) says why, for a person:
 *   TG_EBUSY  another process has it, named in ${error}.
 *   TG_EFULL  no space to begin with.
 *   TG_EIO, TG_ENOMEM  anything else.
 */
int tg_store_open(struct tg_store **store, const char *dir, const struct tg_store_options *options,
    char error[TG_STORE_ERROR_BYTES]) __attribute__((warn_unused_result));

/** tg_store_close(store): Sync and close; queued batches that were not flushed are dropped.  NULL is fine. */
void tg_store_close(struct tg_store *store);

/**
 * tg_store_queue(store, batch, strict, ops):
 * Take a copy of a store effect's operations, to be carried out by the next flush.  TG_OK or TG_ENOMEM.
 */
int tg_store_queue(struct tg_store *store, uint64_t batch, int strict, struct tg_bytes ops)
    __attribute__((warn_unused_result));

/** tg_store_queued_bytes(store): Bytes that wait for a flush; 0 when nothing does. */
size_t tg_store_queued_bytes(const struct tg_store *store);

/**
 * tg_store_flush(store, stored, ctx):
 * Write everything queued and report each batch through ${stored}, which must not call the store.
 */
void tg_store_flush(struct tg_store *store, tg_stored_fn *stored, void *ctx);

/** tg_store_resume(store): After a failure, once the peer knows: try again with what comes from here on. */
void tg_store_resume(struct tg_store *store);

/**
 * tg_store_load(store, from, to, max_bytes, event, request):
 * Append the `loaded` event for all records with from <= key < to to ${event}: about ${max_bytes} of them,
 * but at least one.  Flush first: queued batches are not seen.  An error of the disk becomes the event's
 * status.
 */
void tg_store_load(struct tg_store *store, struct tg_bytes from, struct tg_bytes to, uint64_t max_bytes,
    struct tg_buf *event, uint64_t request);

/** tg_store_bytes(store): Size of the data in use, for metrics. */
uint64_t tg_store_bytes(struct tg_store *store);

#endif
