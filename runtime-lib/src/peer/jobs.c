/*
 * What waits for an answer of the host.
 *
 * A store that fails (full disk, quota) keeps its batch and is sent again every few seconds, in the old
 * order: what the user typed stays in memory, is shown as not saved, and nothing that depends on it is
 * released or acked.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

static int
job_new(struct tg_peer *p, struct tgp_grid *g, struct tgp_job **job)
{
	struct tgp_job *j;

	if (tg_mem_grow((void **)&p->jobs, &p->job_cap, p->job_count + 1, sizeof *p->jobs) != TG_OK ||
	    (j = tg_calloc(1, sizeof *j)) == NULL)
		return TG_ENOMEM;
	j->id = ++p->next_id;
	j->grid = g;
	p->jobs[p->job_count++] = j;
	*job = j;
	return TG_OK;
}

static void
job_free(struct tgp_job *j)
{
	tg_buf_free(&j->kept);
	tg_buf_free(&j->found);
	tg_free(j);
}

/* Jobs are answered roughly in order, so the search is short. */
static struct tgp_job *
job_take(struct tg_peer *p, uint64_t id)
{
	for (size_t i = 0; i < p->job_count; i++)
		if (p->jobs[i]->id == id) {
			struct tgp_job *j = p->jobs[i];

			tg_mem_remove(p->jobs, &p->job_count, i, sizeof *p->jobs);
			return j;
		}
	return NULL;
}

/* Jobs that failed are sent again in the order they were made: what was asked for behind a failure waits
 * already when earlier ones fail.  Takes ownership of ${j}. */
static int
wait_failed(struct tg_peer *p, struct tgp_job *j)
{
	struct tgp_job **place;
	size_t i = p->failed_count;

	while (i > 0 && p->failed[i - 1]->id > j->id)
		i--;
	place = tg_mem_insert((void **)&p->failed, &p->failed_count, &p->failed_cap, i, sizeof *place);
	if (place == NULL) {
		job_free(j);
		return TG_ENOMEM;
	}
	*place = j;
	return TG_OK;
}

void
tgp_batch_put(struct tgp_batch *b, unsigned op, struct tg_bytes key, struct tg_bytes value)
{
	tg_write_array(&b->puts, 3);
	tg_write_uint(&b->puts, op);
	tg_write_bin(&b->puts, key.data, key.len);
	tg_write_bin(&b->puts, value.data, value.len);
	b->count++;
}

void
tgp_batch_ops(struct tgp_batch *b, const struct tg_ops *ops, int own)
{
	for (size_t i = 0; i < ops->count; i++) {
		struct tg_bytes key = tg_ops_key(ops, i);

		tgp_batch_put(b, key.data[0] == 'h' && !own ? 2 : 0, key, tg_ops_value(ops, i));
	}
}

static void
send_batch(struct tg_peer *p, const struct tgp_job *j)
{
	tgp_fx_store_raw(
	    p, j->id, j->strict, (uint32_t)j->number, (struct tg_bytes){j->kept.data, j->kept.len});
}

int
tgp_store(struct tg_peer *p, struct tgp_grid *g, struct tgp_batch *b, int strict, tgp_stored_fn fn,
    struct tgp_job **job)
{
	struct tgp_job *j;

	if (tg_buf_status(&b->puts) != TG_OK || job_new(p, g, &j) != TG_OK) {
		tg_buf_free(&b->puts);
		return TG_ENOMEM;
	}
	j->kept = b->puts;
	j->number = b->count;
	j->stored = fn;
	j->strict = strict;
	memset(b, 0, sizeof *b);
	/* Behind a failed batch everything waits: order is what makes a crash leave a prefix. */
	if (p->failed_count > 0) {
		p->job_count--;
		if (wait_failed(p, j) != TG_OK)
			return TG_ENOMEM;
	} else {
		send_batch(p, j);
	}
	if (job)
		*job = j;
	return TG_OK;
}

int
tgp_load(struct tg_peer *p, struct tgp_grid *g, struct tg_bytes from, struct tg_bytes to, uint64_t max,
    tgp_loaded_fn fn, struct tgp_job **job)
{
	struct tgp_job *j;

	if (job_new(p, g, &j) != TG_OK)
		return TG_ENOMEM;
	j->loaded = fn;
	tgp_fx_load(p, j->id, from, to, max);
	if (job)
		*job = j;
	return TG_OK;
}

int
tgp_load_prefix(
    struct tg_peer *p, struct tgp_grid *g, struct tg_bytes prefix, tgp_loaded_fn fn, struct tgp_job **job)
{
	uint8_t end[TG_STORAGE_KEY_MAX_BYTES];
	size_t n = prefix.len;

	/* The first key behind all that begin with the prefix: add one to its last byte that is not 0xff. */
	memcpy(end, prefix.data, n);
	while (n > 0 && end[n - 1] == 0xff)
		n--;
	if (n > 0)
		end[n - 1]++;
	return tgp_load(p, g, prefix, (struct tg_bytes){end, n}, TGP_LOAD_BYTES, fn, job);
}

int
tgp_lock(struct tg_peer *p, struct tgp_grid *g, struct tg_bytes name, tgp_locked_fn fn, struct tgp_job **job)
{
	struct tgp_job *j;

	if (job_new(p, g, &j) != TG_OK)
		return TG_ENOMEM;
	j->locked = fn;
	tgp_fx_lock(p, j->id, name);
	if (job)
		*job = j;
	return TG_OK;
}

int
tgp_next_record(struct tg_bytes *list, struct tg_bytes *key, struct tg_bytes *value)
{
	struct tg_reader r;

	if (list->len == 0)
		return 0;
	tg_reader_init(&r, list->data, list->len);
	tg_read_array(&r, 2, 2);
	*key = tg_read_bin(&r, TG_STORAGE_KEY_MAX_BYTES);
	*value = tg_read_bin(&r, list->len);
	if (tg_reader_status(&r) != TG_OK)
		return 0;
	list->data += r.at;
	list->len -= r.at;
	return 1;
}

static int
keep_failed(struct tg_peer *p, struct tgp_job *j, int status)
{
	if (wait_failed(p, j) != TG_OK)
		return TG_ENOMEM;
	p->failed_at = p->now_ms + TGP_RETRY_STORE_MS;
	if (!p->storage_full) {
		p->storage_full = 1;
		tgp_fx_notice(p, NULL, 1, tg_status_text(status));
	}
	return TG_OK;
}

static int
store_under_way(const struct tg_peer *p)
{
	for (size_t i = 0; i < p->job_count; i++)
		if (!p->jobs[i]->loaded && !p->jobs[i]->locked)
			return 1;
	return 0;
}

/* Send every batch that waits, oldest first; those that fail again come back to the list. */
static int
send_failed(struct tg_peer *p)
{
	size_t n = p->failed_count;

	if (tg_mem_grow((void **)&p->jobs, &p->job_cap, p->job_count + n, sizeof *p->jobs) != TG_OK)
		return TG_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		p->jobs[p->job_count++] = p->failed[i];
		send_batch(p, p->failed[i]);
	}
	p->failed_count = 0;
	p->failed_at = 0;
	return TG_OK;
}

int
tgp_jobs_stored(struct tg_peer *p, uint64_t id, int status)
{
	struct tgp_job *j = job_take(p, id);
	int rc = TG_OK;

	if (j == NULL || j->loaded || j->locked) {
		if (j)
			job_free(j);
		return TG_EINVAL;
	}
	if (status != TG_OK)
		return keep_failed(p, j, status);
	if (p->storage_full && p->failed_count == 0) {
		p->storage_full = 0;
		tgp_fx_notice(p, NULL, 2, "storage works again");
	}
	if (!j->dropped && j->stored)
		rc = j->stored(p, j, TG_OK);
	job_free(j);
	return rc;
}

int
tgp_jobs_loaded(struct tg_peer *p, uint64_t id, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_job *j = job_take(p, id);
	int rc = TG_OK;

	if (j == NULL || !j->loaded) {
		if (j)
			job_free(j);
		return TG_EINVAL;
	}
	if (!j->dropped)
		rc = j->loaded(p, j, status, records, count, more);
	job_free(j);
	return rc;
}

int
tgp_jobs_locked(struct tg_peer *p, uint64_t id, int granted)
{
	struct tgp_job *j = job_take(p, id);
	int rc = TG_OK;

	if (j == NULL || !j->locked) {
		if (j)
			job_free(j);
		return TG_EINVAL;
	}
	if (!j->dropped)
		rc = j->locked(p, j, granted);
	job_free(j);
	return rc;
}

int
tgp_jobs_tick(struct tg_peer *p)
{
	if (p->failed_count == 0 || p->failed_at > p->now_ms)
		return TG_OK;
	if (!store_under_way(p))
		return send_failed(p);
	p->failed_at = p->now_ms + TGP_RETRY_STORE_MS; /* it will fail too, and belongs between them */
	return TG_OK;
}

void
tgp_jobs_drop(struct tg_peer *p, struct tgp_grid *g)
{
	for (size_t i = 0; i < p->job_count; i++)
		if (p->jobs[i]->grid == g)
			p->jobs[i]->dropped = 1;
	for (size_t i = 0; i < p->failed_count; i++)
		if (p->failed[i]->grid == g)
			p->failed[i]->dropped = 1;
}

void
tgp_jobs_free(struct tg_peer *p)
{
	for (size_t i = 0; i < p->job_count; i++)
		job_free(p->jobs[i]);
	for (size_t i = 0; i < p->failed_count; i++)
		job_free(p->failed[i]);
	tg_free(p->jobs);
	tg_free(p->failed);
}
