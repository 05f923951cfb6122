#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "host/store_lmdb.h"

/* Below this much room a failed write counts as "disk full", whatever the error said. */
#define LITTLE_ROOM_BYTES (1u << 20)

/*
 * What lock.mdb is given before LMDB sees it.  LMDB needs a header of three cache lines or so and one of 64
 * bytes for each of its 126 readers, 8,192 bytes on x86-64 and a little more where a mutex is larger; in a
 * longer file it makes room for more readers.  Twice that, so that it never has to lengthen the file itself.
 */
#define LOCK_FILE_BYTES 16384

struct batch {
	uint64_t id;
	int strict;
	int status;
	struct tg_buf ops;
};

struct tg_store {
	MDB_env *env;
	MDB_dbi dbi;
	char *dir;
	int lock_fd;
	struct tg_store_options options;
	/*
	 * A sync failed: the kernel may have dropped the dirty pages, so nothing written from here on can be
	 * promised.  Only opening again, which reads what is really there, helps.
	 */
	int broken;
	int failing; /* status of a batch that failed; TG_OK when none has since tg_store_resume() */
	struct batch *batches;
	size_t batch_count, batch_cap;
	size_t queued_bytes;
};

/* ---- opening ------------------------------------------------------------------------------------------- */

static void
say(char error[TG_STORE_ERROR_BYTES], const char *dir, const char *what, const char *why)
{
	snprintf(error, TG_STORE_ERROR_BYTES, "%s: %s: %s", dir, what, why);
}

static int
no_space(int rc)
{
	return rc == ENOSPC || rc == EDQUOT || rc == EFBIG;
}

/* Our status for LMDB's, at a write. */
static int
status_of(struct tg_store *store, int rc)
{
	struct statvfs fs;

	if (rc == 0)
		return TG_OK;
	if (no_space(rc) || rc == MDB_MAP_FULL)
		return TG_EFULL;
	/* LMDB calls a short write EIO; on a nearly full file system that is what it means. */
	if (rc == EIO && statvfs(store->dir, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < LITTLE_ROOM_BYTES)
		return TG_EFULL;
	if (rc == MDB_BAD_VALSIZE || rc == EINVAL)
		return TG_EINVAL;
	return TG_EIO;
}

/* Why, for a person. */
static const char *
reason(int rc)
{
	return rc == ENOSPC ? "the disk is full" : mdb_strerror(rc); /* which knows errno's values too */
}

/*
 * LMDB lengthens lock.mdb with ftruncate() and writes to it through a map: on a disk without room that is a
 * hole, and the first write into it ends the process with SIGBUS.  So the room is taken here, where it can
 * fail.  0 or errno.
 */
static int
reserve_lock_file(const char *dir)
{
	char path[4096];
	struct stat st;
	int fd, rc = 0;

	if (snprintf(path, sizeof path, "%s/lock.mdb", dir) >= (int)sizeof path)
		return ENAMETOOLONG;
	if ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
		return errno;
	if (fstat(fd, &st) != 0)
		rc = errno;
	/* Nothing to ask for when it is all there: what is stored can be read on a full disk. */
	else if (st.st_size < LOCK_FILE_BYTES || (uint64_t)st.st_blocks * 512 < LOCK_FILE_BYTES)
		rc = posix_fallocate(fd, 0, LOCK_FILE_BYTES);
	close(fd);
	return rc;
}

static int
open_env(struct tg_store *store)
{
	/*
	 * MDB_NOTLS: read transactions belong to us, not to the thread.  Never MDB_NOSYNC (a power cut could
	 * leave a root without its pages), MDB_WRITEMAP (a stray pointer would write to the disk) or
	 * MDB_NOMEMINIT (old heap, perhaps keys, in the gaps of pages).
	 */
	unsigned flags = MDB_NOTLS | (store->options.throwaway ? MDB_NOSYNC : MDB_NOMETASYNC);
	size_t map = TG_STORE_MAP_FIRST_BYTES;
	MDB_txn *txn;
	int rc;

	if (store->options.max_bytes != 0 && map > store->options.max_bytes)
		map = store->options.max_bytes;
	if ((rc = reserve_lock_file(store->dir)) != 0 || (rc = mdb_env_create(&store->env)) != 0)
		return rc;
	if ((rc = mdb_env_set_mapsize(store->env, map)) != 0 ||
	    (rc = mdb_env_open(store->env, store->dir, flags, 0600)) != 0 ||
	    (rc = mdb_txn_begin(store->env, NULL, 0, &txn)) != 0)
		goto close_env;
	if ((rc = mdb_dbi_open(txn, NULL, 0, &store->dbi)) != 0) {
		mdb_txn_abort(txn);
		goto close_env;
	}
	if ((rc = mdb_txn_commit(txn)) != 0)
		goto close_env;
	/*
	 * A killed process may have left a root that the disk has not yet; who reads from here on takes it
	 * for stored.
	 */
	if (!store->options.throwaway && (rc = mdb_env_sync(store->env, 1)) != 0)
		goto close_env;
	/* A reader that was killed (mdb_copy, say) would keep old pages from being used again. */
	(void)mdb_reader_check(store->env, NULL);
	return 0;

close_env:
	mdb_env_close(store->env);
	store->env = NULL;
	return rc;
}

/* Make this process the only one here; the file keeps our number for the message of the next. */
static int
lock_dir(struct tg_store *store, char error[TG_STORE_ERROR_BYTES])
{
	char path[4096], pid[32] = "", why[80];
	ssize_t n;

	if (snprintf(path, sizeof path, "%s/toygrid.lock", store->dir) >= (int)sizeof path) {
		say(error, store->dir, "cannot lock", "name too long");
		return TG_EIO;
	}
	if ((store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0) {
		say(error, store->dir, "cannot open toygrid.lock", reason(errno));
		return no_space(errno) ? TG_EFULL : TG_EIO;
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK) {
			say(error, store->dir, "cannot lock", strerror(errno));
			return TG_EIO;
		}
		if ((n = read(store->lock_fd, pid, sizeof pid - 1)) < 0)
			n = 0;
		pid[n] = '\0';
		pid[strspn(pid, "0123456789")] = '\0';
		snprintf(why, sizeof why, "process %s uses it", pid[0] ? pid : "of another user or host");
		say(error, store->dir, "in use", why);
		return TG_EBUSY;
	}
	/* The number is only for people, so a full disk here is no reason to stop. */
	n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(store->lock_fd, 0) == 0)
		n = pwrite(store->lock_fd, pid, (size_t)n, 0);
	return TG_OK;
}

int
tg_store_open(struct tg_store **out, const char *dir, const struct tg_store_options *options,
    char error[TG_STORE_ERROR_BYTES])
{
	struct tg_store *store;
	int rc, status;

	*out = NULL;
	error[0] = '\0';
	if ((store = tg_calloc(1, sizeof *store)) == NULL || (store->dir = strdup(dir)) == NULL) {
		say(error, dir, "cannot open", "out of memory");
		tg_free(store);
		return TG_ENOMEM;
	}
	store->lock_fd = -1;
	if (options != NULL)
		store->options = *options;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		say(error, dir, "cannot make the directory", reason(errno));
		rc = no_space(errno) ? TG_EFULL : TG_EIO;
		goto close_store;
	}
	if ((rc = lock_dir(store, error)) != TG_OK)
		goto close_store;
	if ((rc = open_env(store)) != 0) {
		status = rc == ENOMEM ? TG_ENOMEM : status_of(store, rc) == TG_EFULL ? TG_EFULL : TG_EIO;
		say(error, dir, "cannot open the database",
		    reason(rc == EIO && status == TG_EFULL ? ENOSPC : rc));
		rc = status;
		goto close_store;
	}
	*out = store;
	return TG_OK;

close_store:
	tg_store_close(store);
	return rc;
}

static void
drop_queue(struct tg_store *store)
{
	size_t i;

	for (i = 0; i < store->batch_count; i++)
		tg_buf_free(&store->batches[i].ops);
	store->batch_count = 0;
	store->queued_bytes = 0;
}

void
tg_store_close(struct tg_store *store)
{
	if (store == NULL)
		return;
	drop_queue(store);
	tg_free(store->batches);
	if (store->env != NULL) {
		/* A failure changes no promise: every strict batch was synced when it was reported. */
		if (!store->options.throwaway)
			(void)mdb_env_sync(store->env, 1);
		mdb_env_close(store->env);
	}
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->dir);
	tg_free(store);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

int
tg_store_queue(struct tg_store *store, uint64_t batch, int strict, struct tg_bytes ops)
{
	struct batch *b;

	if (tg_mem_grow((void **)&store->batches, &store->batch_cap, store->batch_count + 1, sizeof *b) !=
	    TG_OK)
		return TG_ENOMEM;
	b = &store->batches[store->batch_count];
	memset(b, 0, sizeof *b);
	b->id = batch;
	b->strict = strict;
	tg_buf_put(&b->ops, ops.data, ops.len);
	if (tg_buf_status(&b->ops) != TG_OK) {
		tg_buf_free(&b->ops);
		return TG_ENOMEM;
	}
	b->status =
	    store->failing; /* asked for before the peer knew: it fails too, even if flushed after resuming */
	store->batch_count++;
	store->queued_bytes += ops.len;
	return TG_OK;
}

size_t
tg_store_queued_bytes(const struct tg_store *store)
{
	return store->queued_bytes;
}

static uint64_t
first_u64be(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static int
apply_op(MDB_txn *txn, MDB_dbi dbi, const struct tg_store_op *op)
{
	MDB_val key = {op->key.len, (void *)(uintptr_t)op->key.data};
	MDB_val value = {op->value.len, (void *)(uintptr_t)op->value.data};
	MDB_val old;
	int rc;

	switch (op->kind) {
	case TG_STORE_PUT:
		return mdb_put(txn, dbi, &key, &value, 0);
	case TG_STORE_DELETE:
		rc = mdb_del(txn, dbi, &key, NULL);
		return rc == MDB_NOTFOUND ? 0 : rc;
	case TG_STORE_PUT_IF_LONGER:
		if (value.mv_size < 8)
			return EINVAL;
		rc = mdb_get(txn, dbi, &key, &old);
		if (rc == 0 && old.mv_size >= 8 && first_u64be(op->value.data) <= first_u64be(old.mv_data))
			return 0;
		return rc == 0 || rc == MDB_NOTFOUND ? mdb_put(txn, dbi, &key, &value, 0) : rc;
	case TG_STORE_PUT_IF_ABSENT:
		rc = mdb_put(txn, dbi, &key, &value, MDB_NOOVERWRITE);
		return rc == MDB_KEYEXIST ? 0 : rc;
	}
	return EINVAL;
}

static int
apply_batch(MDB_txn *txn, MDB_dbi dbi, const struct batch *b)
{
	struct tg_bytes bytes = {b->ops.data, b->ops.len};
	struct tg_store_op op;
	struct tg_reader r;
	uint32_t i, n;
	int rc;

	n = tg_store_ops_begin(bytes, &r);
	for (i = 0; i < n; i++) {
		if (tg_store_op_next(&r, &op) != TG_OK)
			return EINVAL;
		if ((rc = apply_op(txn, dbi, &op)) != 0)
			return rc;
	}
	return tg_reader_end(&r) == TG_OK ? 0 : EINVAL;
}

/* Twice the map, within the owner's cap.  MDB_MAP_FULL when it cannot grow. */
static int
grow_map(struct tg_store *store)
{
	uint64_t cap = store->options.max_bytes != 0 ? store->options.max_bytes : (uint64_t)1 << 46;
	MDB_envinfo info;
	uint64_t size;
	int rc;

	if ((rc = mdb_env_info(store->env, &info)) != 0)
		return rc;
	size = (uint64_t)info.me_mapsize * 2;
	if (size > cap)
		size = cap;
	if (size <= info.me_mapsize)
		return MDB_MAP_FULL;
	rc = mdb_env_set_mapsize(store->env, size);
	return rc == ENOMEM || rc == EINVAL ? MDB_MAP_FULL : rc;
}

/* Write batches[0 .. n) in one transaction, growing the map as needed.  0 or LMDB's error; then none is in.
 */
static int
commit(struct tg_store *store, struct batch *batches, size_t n)
{
	int rc, strict, reopened = 0;
	MDB_txn *txn;
	size_t i;

	for (;;) {
		strict = 0;
		if ((rc = mdb_txn_begin(store->env, NULL, 0, &txn)) == 0) {
			for (i = 0; i < n && rc == 0; i++) {
				rc = apply_batch(txn, store->dbi, &batches[i]);
				strict |= batches[i].strict;
			}
			if (rc == 0)
				rc = mdb_txn_commit(txn);
			else
				mdb_txn_abort(txn);
		}
		if (rc == MDB_MAP_FULL && (rc = grow_map(store)) == 0)
			continue;
		if (rc == MDB_PANIC && !reopened) {
			/* A failed root write leaves the handle, not the file, unusable. */
			mdb_env_close(store->env);
			if ((rc = open_env(store)) != 0) {
				store->broken = 1;
				return rc;
			}
			reopened = 1;
			continue;
		}
		break;
	}
	if (rc == 0 && strict && !store->options.throwaway && (rc = mdb_env_sync(store->env, 1)) != 0)
		store->broken = 1;
	return rc;
}

void
tg_store_flush(struct tg_store *store, tg_stored_fn *stored, void *ctx)
{
	struct batch *b = store->batches;
	size_t n = store->batch_count, i, from;
	int rc = TG_OK;

	if (n == 0)
		return;
	/* Those that were queued while failing come first, if there are any. */
	for (from = 0; from < n && b[from].status != TG_OK; from++)
		;
	if (store->broken)
		store->failing = TG_EIO;
	else if (from < n && store->failing == TG_OK)
		rc = commit(store, b + from, n - from);
	for (i = from; i < n; i++) {
		/* What was asked for before the batch that cannot be written still gets in. */
		if (store->failing == TG_OK && rc != 0)
			store->failing = store->broken	? TG_EIO
					 : n - from > 1 ? status_of(store, commit(store, b + i, 1))
							: status_of(store, rc);
		b[i].status = store->failing;
	}
	for (i = 0; i < n; i++)
		stored(ctx, b[i].id, b[i].status);
	drop_queue(store);
}

void
tg_store_resume(struct tg_store *store)
{
	store->failing = TG_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

void
tg_store_load(struct tg_store *store, struct tg_bytes from, struct tg_bytes to, uint64_t max_bytes,
    struct tg_buf *event, uint64_t request)
{
	MDB_val key = {from.len, (void *)(uintptr_t)from.data};
	MDB_val end = {to.len, (void *)(uintptr_t)to.data};
	MDB_val value;
	MDB_cursor *cursor = NULL;
	MDB_txn *txn = NULL;
	struct tg_record *records = NULL;
	size_t n = 0, cap = 0;
	uint64_t bytes = 0;
	int rc, more = 0;

	if (store->env == NULL) {
		rc = EIO;
		goto answer;
	}
	if ((rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn)) != 0)
		goto answer;
	if ((rc = mdb_cursor_open(txn, store->dbi, &cursor)) != 0)
		goto answer;
	/* LMDB has no empty key: the first record of all is not "at or after" one. */
	for (rc = mdb_cursor_get(cursor, &key, &value, from.len ? MDB_SET_RANGE : MDB_FIRST); rc == 0;
	     rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		if (mdb_cmp(txn, store->dbi, &key, &end) >= 0)
			break;
		if (n > 0 && bytes + key.mv_size + value.mv_size > max_bytes) {
			more = 1;
			break;
		}
		if (tg_mem_grow((void **)&records, &cap, n + 1, sizeof *records) != TG_OK) {
			rc = ENOMEM;
			break;
		}
		records[n].key = (struct tg_bytes){key.mv_data, key.mv_size};
		records[n].value = (struct tg_bytes){value.mv_data, value.mv_size};
		bytes += key.mv_size + value.mv_size;
		n++;
	}
	if (rc == MDB_NOTFOUND)
		rc = 0;

answer:
	if (rc != 0)
		tg_event_loaded(event, request, TG_EIO, NULL, 0, 0);
	else
		tg_event_loaded(event, request, TG_OK, records, n, more);
	tg_free(records);
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	if (txn != NULL)
		mdb_txn_abort(txn);
}

uint64_t
tg_store_bytes(struct tg_store *store)
{
	MDB_envinfo info;
	MDB_stat stat;

	if (store->env == NULL || mdb_env_info(store->env, &info) != 0 ||
	    mdb_env_stat(store->env, &stat) != 0)
		return 0;
	return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}
