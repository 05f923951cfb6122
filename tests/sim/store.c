#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "sim/store.h"
#include "wire/writer.h"

enum {
	OP_PUT,
	OP_DELETE,
	OP_PUT_IF_GREATER,
	OP_PUT_IF_ABSENT,
	OP_COUNT
};

struct sim_undo {
	uint64_t batch;	       /* the operation's batch */
	int had;	       /* there was a record before */
	struct sim_record was; /* key, and the value if ${had}; owned */
};

struct sim_store_job {
	struct sim_store_job *next;
	struct sim_store *store;
	void *owner; /* NULL: it died, nobody waits */
	int dropped; /* its process died before this reached the storage */
	int doomed;  /* a batch of the same process failed before this one: fail with that status */
	sim_store_done done;
	uint64_t id;
	int is_load, strict;
	struct tg_bytes ops;	  /* owned */
	struct tg_bytes from, to; /* owned */
	size_t max_bytes;
};

static struct tg_bytes
copy(const void *data, size_t len)
{
	uint8_t *p = sim_malloc(len);

	if (len > 0)
		memcpy(p, data, len);
	return (struct tg_bytes){p, len};
}

static int
key_cmp(const struct sim_record *a, const void *key, size_t len)
{
	size_t n = a->key_len < len ? a->key_len : len;
	int c = n ? memcmp(a->key, key, n) : 0;

	return c != 0 ? c : (a->key_len > len) - (a->key_len < len);
}

struct sim_store *
sim_store_new(struct sim_sched *sched, struct sim_rand rand)
{
	struct sim_store *store = sim_malloc(sizeof *store);

	store->sched = sched;
	store->rand = rand;
	store->delay_max_ms = 8;
	return store;
}

static void
free_records(struct sim_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		free(store->records[i].key);
		free(store->records[i].value);
	}
	free(store->records);
	store->records = NULL;
	store->count = store->cap = 0;
}

static void
forget_undo(struct sim_store *store)
{
	for (size_t i = 0; i < store->undo_count; i++) {
		free(store->undo[i].was.key);
		free(store->undo[i].was.value);
	}
	store->undo_count = 0;
}

static void
free_job(struct sim_store_job *job)
{
	free((void *)job->ops.data);
	free((void *)job->from.data);
	free((void *)job->to.data);
	free(job);
}

void
sim_store_free(struct sim_store *store)
{
	if (store == NULL)
		return;
	while (store->first != NULL) {
		struct sim_store_job *job = store->first;

		store->first = job->next;
		free_job(job);
	}
	free_records(store);
	forget_undo(store);
	free(store->undo);
	free(store);
}

size_t
sim_store_seek(const struct sim_store *store, const void *key, size_t len)
{
	size_t low = 0, high = store->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (key_cmp(&store->records[mid], key, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct sim_record *
sim_store_get(const struct sim_store *store, const void *key, size_t len)
{
	size_t i = sim_store_seek(store, key, len);

	return i < store->count && key_cmp(&store->records[i], key, len) == 0 ? &store->records[i] : NULL;
}

/* Make the record of ${key} be ${value}, or be gone (NULL). */
static void
set(struct sim_store *store, const uint8_t *key, size_t key_len, const struct tg_bytes *value)
{
	size_t i = sim_store_seek(store, key, key_len);
	int had = i < store->count && key_cmp(&store->records[i], key, key_len) == 0;
	struct sim_record *r;

	if (value == NULL) {
		if (!had)
			return;
		free(store->records[i].key);
		free(store->records[i].value);
		store->count--;
		memmove(
		    &store->records[i], &store->records[i + 1], (store->count - i) * sizeof *store->records);
		return;
	}
	if (!had) {
		if (store->count == store->cap) {
			store->cap = store->cap ? store->cap * 2 : 64;
			store->records = sim_realloc(store->records, store->cap * sizeof *store->records);
		}
		memmove(
		    &store->records[i + 1], &store->records[i], (store->count - i) * sizeof *store->records);
		store->count++;
		store->records[i] = (struct sim_record){(uint8_t *)copy(key, key_len).data, key_len, NULL, 0};
	}
	r = &store->records[i];
	free(r->value);
	r->value = (uint8_t *)copy(value->data, value->len).data;
	r->value_len = value->len;
}

static void
remember(struct sim_store *store, const uint8_t *key, size_t key_len, const struct sim_record *old)
{
	struct sim_undo *u;

	if (store->undo_count == store->undo_cap) {
		store->undo_cap = store->undo_cap ? store->undo_cap * 2 : 64;
		store->undo = sim_realloc(store->undo, store->undo_cap * sizeof *store->undo);
	}
	u = &store->undo[store->undo_count++];
	*u = (struct sim_undo){.batch = store->batches, .had = old != NULL};
	u->was.key = (uint8_t *)copy(key, key_len).data;
	u->was.key_len = key_len;
	if (old != NULL) {
		u->was.value = (uint8_t *)copy(old->value, old->value_len).data;
		u->was.value_len = old->value_len;
	}
}

static uint64_t
number(const uint8_t *value, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | (i < len ? value[i] : 0);
	return v;
}

static int
rule_allows(int op, const struct sim_record *old, struct tg_bytes value)
{
	switch (op) {
	case OP_PUT_IF_GREATER:
		return old == NULL || number(value.data, value.len) > number(old->value, old->value_len);
	case OP_PUT_IF_ABSENT:
		return old == NULL;
	default:
		return 1;
	}
}

/* Read one [op, key, value]; 0 when it is not one. */
static int
read_op(struct tg_reader *r, int *op, struct tg_bytes *key, struct tg_bytes *value)
{
	tg_read_array(r, 3, 3);
	*op = (int)tg_read_uint(r, OP_COUNT - 1);
	*key = tg_read_bin(r, 1024);
	*value = tg_read_bin(r, 1u << 20);
	if (tg_reader_status(r) != TG_OK || key->len == 0 || (*op == OP_DELETE && value->len > 0) ||
	    (*op == OP_PUT_IF_GREATER && value->len < 8))
		return 0;
	return 1;
}

/* Carry out a batch; with ${apply} 0 only look whether it is well formed and whether it writes. */
static int
run_batch(struct sim_store *store, struct tg_bytes ops, int apply, int *writes)
{
	struct tg_reader r;
	struct tg_bytes key, value;
	uint32_t n;
	int op;

	tg_reader_init(&r, ops.data, ops.len);
	n = tg_read_array(&r, 0, 1u << 20);
	*writes = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct sim_record *old;

		if (!read_op(&r, &op, &key, &value))
			return -1;
		*writes |= op != OP_DELETE;
		if (!apply)
			continue;
		old = sim_store_get(store, key.data, key.len);
		if (!rule_allows(op, old, value))
			continue;
		remember(store, key.data, key.len, old);
		set(store, key.data, key.len, op == OP_DELETE ? NULL : &value);
		store->written_bytes += key.len + value.len;
	}
	return tg_reader_end(&r) == TG_OK ? 0 : -1;
}

static int
finish_batch(struct sim_store *store, struct sim_store_job *job)
{
	int writes, status = job->doomed;

	run_batch(store, job->ops, 0, &writes);
	if (status == TG_OK && writes && (store->full || store->broken))
		status = store->full ? TG_EFULL : TG_EIO;
	if (status != TG_OK) {
		/* What was asked for before the process can know fails too: no holes (docs/host.md). */
		for (struct sim_store_job *later = store->first; later != NULL; later = later->next)
			if (later->owner == job->owner && !later->is_load)
				later->doomed = status;
		return status;
	}
	store->batches++;
	run_batch(store, job->ops, 1, &writes);
	if (job->strict)
		forget_undo(store); /* this and all before it can no longer be taken back */
	return TG_OK;
}

static void
finish_load(struct sim_store *store, struct sim_store_job *job)
{
	size_t from = sim_store_seek(store, job->from.data, job->from.len);
	size_t to = sim_store_seek(store, job->to.data, job->to.len), end = from, bytes = 0;
	struct tg_buf list = {0};

	while (end < to) {
		size_t next = store->records[end].key_len + store->records[end].value_len;

		if (end > from && bytes + next > job->max_bytes)
			break;
		bytes += next;
		end++;
	}
	tg_write_array(&list, (uint32_t)(end - from));
	for (size_t i = from; i < end; i++) {
		tg_write_array(&list, 2);
		tg_write_bin(&list, store->records[i].key, store->records[i].key_len);
		tg_write_bin(&list, store->records[i].value, store->records[i].value_len);
	}
	job->done(job->owner, 1, job->id, TG_OK, (struct tg_bytes){list.data, list.len}, end < to);
	tg_buf_free(&list);
}

static void
run_job(void *ctx, uint64_t arg)
{
	struct sim_store *store = ctx;
	struct sim_store_job *job = store->first;
	int status = TG_OK;

	(void)arg;
	if (job == NULL) /* a power cut emptied the queue */
		return;
	store->first = job->next;
	if (store->first == NULL)
		store->last = NULL;
	if (!job->dropped && !job->is_load)
		status = finish_batch(store, job);
	if (job->owner != NULL) {
		if (job->is_load)
			finish_load(store, job);
		else
			job->done(job->owner, 0, job->id, status, (struct tg_bytes){NULL, 0}, 0);
	}
	free_job(job);
}

static void
enqueue(struct sim_store *store, struct sim_store_job *job)
{
	uint64_t at = store->sched->now_ms;

	if (at < store->busy_until_ms)
		at = store->busy_until_ms;
	at += sim_rand_below(&store->rand, store->delay_max_ms + 1);
	store->busy_until_ms = at;
	job->store = store;
	if (store->last != NULL)
		store->last->next = job;
	else
		store->first = job;
	store->last = job;
	sim_at(store->sched, at, run_job, store, 0);
}

int
sim_store_batch(
    struct sim_store *store, void *owner, uint64_t id, int strict, struct tg_bytes ops, sim_store_done done)
{
	struct sim_store_job *job;
	int writes;

	if (run_batch(store, ops, 0, &writes) != 0)
		return -1;
	job = sim_malloc(sizeof *job);
	*job = (struct sim_store_job){
	    .owner = owner, .done = done, .id = id, .strict = strict, .ops = copy(ops.data, ops.len)};
	enqueue(store, job);
	return 0;
}

void
sim_store_load(struct sim_store *store, void *owner, uint64_t id, struct tg_bytes from, struct tg_bytes to,
    size_t max_bytes, sim_store_done done)
{
	struct sim_store_job *job = sim_malloc(sizeof *job);

	*job = (struct sim_store_job){.owner = owner,
	    .done = done,
	    .id = id,
	    .is_load = 1,
	    .from = copy(from.data, from.len),
	    .to = copy(to.data, to.len),
	    .max_bytes = max_bytes};
	enqueue(store, job);
}

void
sim_store_crash(struct sim_store *store, void *owner)
{
	int lost = 0;

	for (struct sim_store_job *job = store->first; job != NULL; job = job->next) {
		if (job->owner != owner)
			continue;
		lost |= sim_rand_percent(&store->rand, 40);
		job->owner = NULL;
		job->dropped = lost;
	}
}

uint64_t
sim_store_power_cut(struct sim_store *store)
{
	uint64_t oldest, lost;

	while (
	    store->first != NULL) { /* their calls find an empty queue, or jobs asked for later: harmless */
		struct sim_store_job *job = store->first;

		store->first = job->next;
		free_job(job);
	}
	store->last = NULL;
	if (store->undo_count == 0)
		return 0;
	oldest = store->undo[0].batch;
	lost = sim_rand_below(&store->rand, (uint32_t)(store->batches - oldest + 2));
	while (store->undo_count > 0 && store->undo[store->undo_count - 1].batch > store->batches - lost) {
		struct sim_undo *u = &store->undo[--store->undo_count];
		struct tg_bytes value = {u->was.value, u->was.value_len};

		set(store, u->was.key, u->was.key_len, u->had ? &value : NULL);
		free(u->was.key);
		free(u->was.value);
	}
	forget_undo(store);
	return lost;
}

void
sim_store_range(const struct sim_store *store, const void *prefix, size_t len, size_t *from, size_t *to)
{
	*from = *to = sim_store_seek(store, prefix, len);
	while (*to < store->count && store->records[*to].key_len >= len &&
	       memcmp(store->records[*to].key, prefix, len) == 0)
		(*to)++;
}

struct sim_store *
sim_store_copy(const struct sim_store *store)
{
	struct sim_store *backup = sim_store_new(store->sched, store->rand);

	for (size_t i = 0; i < store->count; i++) {
		struct tg_bytes value = {store->records[i].value, store->records[i].value_len};

		set(backup, store->records[i].key, store->records[i].key_len, &value);
	}
	return backup;
}

void
sim_store_replace(struct sim_store *store, const struct sim_store *backup)
{
	free_records(store);
	forget_undo(store);
	for (size_t i = 0; i < backup->count; i++) {
		struct tg_bytes value = {backup->records[i].value, backup->records[i].value_len};

		set(store, backup->records[i].key, backup->records[i].key_len, &value);
	}
}
