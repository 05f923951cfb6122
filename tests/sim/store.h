/*
 * store.h -- one profile's storage: an ordered key-value space in memory with the op rules of docs/host.md.
 *
 * It behaves like IndexedDB or LMDB at their worst: all tabs of a profile share it; jobs are carried out one
 * after another, each some milliseconds after it was asked for; `stored` for a relaxed batch says only that
 * later loads see it.  A power cut takes back relaxed batches, the newest first, down to the newest strict
 * one at most: what is left is always a prefix.  A full disk refuses every batch that writes.
 */
#ifndef TG_SIM_STORE_H
#define TG_SIM_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "sim/rand.h"
#include "sim/sched.h"
#include "wire/reader.h"

struct sim_record {
	uint8_t *key;
	size_t key_len;
	uint8_t *value;
	size_t value_len;
};

struct sim_undo; /* how to take one operation back */
struct sim_store_job;

struct sim_store {
	struct sim_sched *sched;
	struct sim_rand rand;
	struct sim_record *records; /* ascending by key */
	size_t count, cap;

	struct sim_undo *undo; /* operations since the newest strict batch, oldest first */
	size_t undo_count, undo_cap;
	uint64_t batches; /* applied so far */

	struct sim_store_job *first, *last; /* asked for and not yet carried out, in order */
	uint64_t busy_until_ms;
	uint32_t delay_max_ms; /* of one job */
	int full;	       /* refuse what writes with TG_EFULL */
	int broken;	       /* refuse what writes with TG_EIO */

	uint64_t written_bytes;
};

/* What a job tells its owner.  ${list} is the encoded list of [key, value] for a load, empty for a batch. */
typedef void (*sim_store_done)(
    void *owner, int is_load, uint64_t id, int status, struct tg_bytes list, int more);

struct sim_store *sim_store_new(struct sim_sched *sched, struct sim_rand rand);
void sim_store_free(struct sim_store *store);

/** sim_store_batch(store, owner, id, strict, ops, done): Queue an atomic batch; ${ops} is the encoded list of
 * [op, key, value] and is copied.  Returns 0, or -1 when it is not such a list. */
int sim_store_batch(
    struct sim_store *store, void *owner, uint64_t id, int strict, struct tg_bytes ops, sim_store_done done);

/** sim_store_load(...): Queue a range read. */
void sim_store_load(struct sim_store *store, void *owner, uint64_t id, struct tg_bytes from,
    struct tg_bytes to, size_t max_bytes, sim_store_done done);

/** sim_store_crash(store, owner): The process ${owner} died.  A random first part of what it asked for is
 * still carried out, nothing is answered. */
void sim_store_crash(struct sim_store *store, void *owner);

/** sim_store_power_cut(store): All processes died and so did the disk's cache.  Returns the batches lost. */
uint64_t sim_store_power_cut(struct sim_store *store);

/** sim_store_get(store, key, len): The record, or NULL. */
const struct sim_record *sim_store_get(const struct sim_store *store, const void *key, size_t len);

/** sim_store_seek(store, key, len): Index of the first record with a key >= ${key}. */
size_t sim_store_seek(const struct sim_store *store, const void *key, size_t len);

/** sim_store_range(store, prefix, len, from, to): The records whose keys begin with ${prefix}: [*from, *to).
 */
void sim_store_range(const struct sim_store *store, const void *prefix, size_t len, size_t *from, size_t *to);

/** sim_store_copy(store), sim_store_replace(store, copy): A backup; put it back (all processes closed). */
struct sim_store *sim_store_copy(const struct sim_store *store);
void sim_store_replace(struct sim_store *store, const struct sim_store *copy);

#endif
