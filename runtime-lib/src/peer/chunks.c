/*
 * Chunks: put one, get one, keep those of others (protocol.md 7).
 *
 * Who puts a chunk says so in an entry of class 1: locator, hash of the stored form, size.  A replica reads
 * that, asks for the stored form and checks it against the hash, without being able to name or open it.
 * Whoever wants to read a chunk that is not here asks the sessions one after another, replicas first.
 */
#include <string.h>

#include <toygrid/chunk.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

#define KIND_CHUNKS    17
#define NEEDS_MAX      4096
#define CHUNK_KEY_SIZE 65

/* ---- what is wanted ------------------------------------------------------------------------------------ */

static struct tgp_need *
need_new(struct tgp_grid *g, const struct tg_hash *locator)
{
	struct tgp_need *n;

	if (g->need_count >= NEEDS_MAX ||
	    (n = tg_mem_add((void **)&g->needs, &g->need_count, &g->need_cap, sizeof *n)) == NULL)
		return NULL;
	n->locator = *locator;
	return n;
}

static void
need_drop(struct tgp_grid *g, size_t i)
{
	tg_mem_remove(g->needs, &g->need_count, i, sizeof *g->needs);
}

/* The ${i}-th session to ask: replicas before the others. */
static const struct tgp_session *
nth_session(const struct tgp_grid *g, size_t i)
{
	for (int replicas = 1; replicas >= 0; replicas--)
		for (size_t k = 0; k < g->session_count; k++)
			if ((g->sessions[k].role == TG_SESSION_REPLICA) == replicas && i-- == 0)
				return &g->sessions[k];
	return NULL;
}

/* Ask the next session for the first need; those that nobody has are given up. */
int
tgp_chunks_next(struct tgp_grid *g)
{
	struct tgp_want_state *w = &g->chunk_want;

	while (!w->active && g->need_count > 0) {
		struct tgp_need *n = &g->needs[0];
		const struct tgp_session *s = nth_session(g, n->asked);
		struct tg_buf body = {0};

		if (s == NULL) {
			/* A replica asks again when somebody comes; who reads is told now. */
			tgp_fx_reply(g->peer, n->request, TG_ENOTFOUND);
			need_drop(g, 0);
			continue;
		}
		n->asked++;
		w->active = 1;
		w->request = ++g->peer->next_id;
		w->asked = s->key;
		w->deadline = g->peer->now_ms + TGP_WANT_TIMEOUT_MS;
		tg_want_put(&body, w->request, 0, &g->session.public_key, NULL, 0, &n->locator, 1);
		if (tgp_send_inbox(g, &s->key, TG_MSG_WANT, &body) != TG_OK)
			return TG_ENOMEM;
	}
	return TG_OK;
}

int
tgp_chunks_tick(struct tgp_grid *g)
{
	g->chunk_want.active = 0;
	return tgp_chunks_next(g);
}

static int
store_chunk(struct tgp_grid *g, const struct tg_hash *locator, const void *stored, size_t len)
{
	struct tgp_batch batch = {0};
	struct tg_buf value = {0};
	uint8_t key[CHUNK_KEY_SIZE];
	size_t n = tg_storage_key_chunk(&g->id, locator, key);
	int rc = tg_chunk_keep(stored, len, &value);

	if (rc == TG_OK) {
		tgp_batch_put(&batch, 0, (struct tg_bytes){key, n}, (struct tg_bytes){value.data, value.len});
		g->bytes += value.len;
		g->peer->bytes_total += value.len;
		rc = tgp_store(g->peer, g, &batch, 0, NULL, NULL);
	}
	tg_buf_free(&value);
	return rc;
}

/* A stored form came for the first need: is it the right one? */
static int
take_chunk(struct tgp_grid *g, struct tg_bytes stored)
{
	struct tgp_need *n = &g->needs[0];
	struct tg_buf record = {0}, value = {0};
	struct tg_chunk chunk;
	int rc;

	if (n->has_name) {
		rc = tg_chunk_open(&g->access, &n->name, stored.data, stored.len, &record, &chunk);
	} else {
		struct tg_hash hash;

		tg_hash(TG_DOMAIN_STORED, stored.data, stored.len, &hash);
		rc = tg_hash_cmp(&hash, &n->stored_hash) == 0 ? TG_OK : TG_EHASH;
	}
	if (rc == TG_OK) {
		rc = store_chunk(g, &n->locator, stored.data, stored.len);
		if (rc == TG_OK && n->request != 0) {
			tg_write_bin(&value, chunk.data.data, chunk.data.len);
			tgp_fx_reply_value(g->peer, n->request, TG_OK, &value);
		}
		if (rc == TG_OK)
			need_drop(g, 0);
	}
	tg_buf_free(&record);
	tg_buf_free(&value);
	return rc == TG_ENOMEM ? rc : TG_OK; /* a wrong one: the next session is asked */
}

int
tgp_chunks_data(struct tgp_grid *g, const struct tg_message *m)
{
	struct tgp_want_state *w = &g->chunk_want;
	struct tg_bytes chunks, element, stored;
	struct tg_hash locator;
	struct tg_data data;

	if (!w->active || tg_key_cmp(&w->asked, &m->session) != 0 || tg_data_get(m->body, &data) != TG_OK ||
	    data.request != w->request)
		return TG_OK;
	w->active = 0;
	chunks = data.chunks;
	while (g->need_count > 0 && tg_data_next(&chunks, &element))
		if (tg_data_chunk_get(element, &locator, &stored) == TG_OK &&
		    tg_hash_cmp(&locator, &g->needs[0].locator) == 0) {
			if (take_chunk(g, stored) != TG_OK)
				return TG_ENOMEM;
			break;
		}
	return tgp_chunks_next(g);
}

/* ---- keeping what others put: replicas ----------------------------------------------------------------- */

static int
looked_up(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_grid *g = job->grid;
	struct tgp_need *n;
	struct tg_hash locator;

	(void)p;
	(void)records;
	(void)more;
	if (status != TG_OK || count > 0)
		return TG_OK; /* held already */
	memcpy(locator.b, job->log.b, sizeof locator.b);
	if ((n = need_new(g, &locator)) == NULL)
		return TG_OK; /* too many at once: the next one who reads it brings it here */
	memcpy(n->stored_hash.b, job->kept.data, TG_HASH_BYTES);
	return tgp_chunks_next(g);
}

static int
look_up(struct tgp_grid *g, const struct tg_hash *locator, tgp_loaded_fn fn, struct tgp_job **job)
{
	uint8_t from[CHUNK_KEY_SIZE], to[CHUNK_KEY_SIZE + 1];
	size_t n = tg_storage_key_chunk(&g->id, locator, from);

	memcpy(to, from, n);
	to[n] = 0;
	if (tgp_load(g->peer, g, (struct tg_bytes){from, n}, (struct tg_bytes){to, n + 1}, TGP_LOAD_BYTES, fn,
		job) != TG_OK)
		return TG_ENOMEM;
	memcpy((*job)->log.b, locator->b, sizeof locator->b);
	return TG_OK;
}

/* An entry of class 1 that a replica has just stored: does it name chunks to keep? */
int
tgp_chunks_announced(struct tgp_grid *g, struct tgp_log *l, uint64_t seq, const struct tg_entry *entry)
{
	struct tg_body_walk walk = {0, 0};
	struct tg_buf plain = {0};
	struct tg_transition t;
	struct tg_body body;
	size_t body_len;
	int rc = tg_entry_open(&g->access, &l->log.key, seq, entry, &plain, &body_len);

	if (rc != TG_OK || tg_body_decode(&l->log.key, plain.data, body_len, &body) != TG_OK)
		goto free_plain;
	while (rc == TG_OK && tg_body_next_transition(&body, &walk, &t)) {
		struct tg_reader r;
		uint32_t n;

		if (t.kind != KIND_CHUNKS)
			continue;
		tg_reader_init(&r, t.raw.data, t.raw.len);
		tg_read_array(&r, 2, 2);
		tg_read_uint(&r, KIND_CHUNKS);
		n = tg_read_array(&r, 0, TG_WANT_MAX_RANGES);
		for (uint32_t i = 0; i < n && rc == TG_OK; i++) {
			struct tg_hash locator, hash;
			struct tgp_job *job;
			uint64_t size;

			tg_read_array(&r, 3, 3);
			tg_read_fixed(&r, locator.b, sizeof locator.b);
			tg_read_fixed(&r, hash.b, sizeof hash.b);
			size = tg_read_uint(&r, TG_CHUNK_STORED_MAX_BYTES);
			if (tg_reader_status(&r) != TG_OK || !tgp_replica_room(g, size))
				break;
			if ((rc = look_up(g, &locator, looked_up, &job)) == TG_OK) {
				tg_buf_put(&job->kept, hash.b, sizeof hash.b);
				rc = tg_buf_status(&job->kept);
			}
		}
	}
free_plain:
	tg_buf_free(&plain);
	return rc == TG_ENOMEM ? rc : TG_OK;
}

/* ---- answering a want for locators --------------------------------------------------------------------- */

static int serve_from(struct tgp_grid *g, struct tgp_job *job);

/* job->kept: the want's body; job->number: locators done; job->found: encoded chunks. */
static int
served(struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tg_bytes key, value, stored;
	struct tg_hash locator;

	(void)p;
	(void)count;
	(void)more;
	memcpy(locator.b, job->log.b, sizeof locator.b);
	if (status == TG_OK && tgp_next_record(&records, &key, &value) &&
	    tg_chunk_kept(value.data, value.len, &stored) == TG_OK &&
	    (job->found.len == 0 || job->found.len + stored.len < TGP_DATA_BYTES)) {
		tg_data_chunk_put(&job->found, &locator, stored);
		job->length++;
	}
	return serve_from(job->grid, job);
}

/* Load the next locator of the want, or send what was found. */
static int
serve_from(struct tgp_grid *g, struct tgp_job *job)
{
	struct tg_bytes locators, none = {NULL, 0};
	struct tg_hash locator;
	struct tg_want want;
	struct tg_buf body = {0};
	struct tgp_job *next;
	uint64_t at = 0;

	if (tg_want_get((struct tg_bytes){job->kept.data, job->kept.len}, &want) != TG_OK)
		return TG_OK;
	locators = want.locators;
	while (tg_want_next_locator(&locators, &locator)) {
		if (at++ < job->number)
			continue;
		if (look_up(g, &locator, served, &next) != TG_OK)
			return TG_ENOMEM;
		next->number = at;
		next->length = job->length;
		next->kept = job->kept;
		next->found = job->found;
		memset(&job->kept, 0, sizeof job->kept);
		memset(&job->found, 0, sizeof job->found);
		return TG_OK;
	}
	tg_data_put(&body, want.request, job->length ? TG_DATA_COMPLETE : TG_DATA_NOT_HELD, 0, none,
	    (uint32_t)job->length, (struct tg_bytes){job->found.data, job->found.len});
	return tgp_send_inbox(g, &want.asker, TG_MSG_DATA, &body);
}

int
tgp_chunks_want(struct tgp_grid *g, const struct tg_message *m)
{
	struct tgp_job first = {0};
	int rc;

	tg_buf_put(&first.kept, m->body.data, m->body.len);
	rc = tg_buf_status(&first.kept);
	if (rc == TG_OK)
		rc = serve_from(g, &first);
	tg_buf_free(&first.kept);
	tg_buf_free(&first.found);
	return rc;
}

/* ---- commands ------------------------------------------------------------------------------------------ */

int
tgp_chunks_put(struct tgp_grid *g, uint64_t request, int is_signed, struct tg_bytes data)
{
	struct tg_peer *p = g->peer;
	struct tg_buf record = {0}, stored = {0}, t = {0}, value = {0};
	uint8_t nonce[TG_CHUNK_NONCE_BYTES];
	struct tg_hash name, locator, hash;
	int rc;

	if (g->access.mode != TG_MODE_EDIT || g->state != TGP_GRID_READY) {
		tgp_fx_reply(p, request, g->state == TGP_GRID_READY ? TG_EPERM : TG_EBUSY);
		return TG_OK;
	}
	if (is_signed) {
		tg_rng_bytes(&p->rng, nonce, sizeof nonce);
		rc = tg_chunk_signed(&p->device, nonce, data.data, data.len, &record, &name);
	} else {
		rc = tg_chunk_plain(data.data, data.len, &record, &name);
	}
	if (rc == TG_OK)
		rc = tg_chunk_locator(&g->access, &name, &locator);
	if (rc == TG_OK)
		rc = tg_chunk_seal(&g->access, &name, record.data, record.len, &stored);
	if (rc == TG_OK)
		rc = store_chunk(g, &locator, stored.data, stored.len);
	if (rc == TG_OK) {
		tg_hash(TG_DOMAIN_STORED, stored.data, stored.len, &hash);
		tg_write_array(&t, 2);
		tg_write_uint(&t, KIND_CHUNKS);
		tg_write_array(&t, 1);
		tg_write_array(&t, 3);
		tg_write_bin(&t, locator.b, sizeof locator.b);
		tg_write_bin(&t, hash.b, sizeof hash.b);
		tg_write_uint(&t, stored.len);
		rc = tgp_author_transition(g, &t, TG_CLASS_RECORD);
	}
	if (rc == TG_OK) {
		tg_write_bin(&value, name.b, sizeof name.b);
		tgp_fx_reply_value(p, request, TG_OK, &value);
	} else if (rc != TG_ENOMEM) {
		tgp_fx_reply(p, request, rc);
		rc = TG_OK;
	}
	tg_buf_free(&record);
	tg_buf_free(&stored);
	tg_buf_free(&t);
	tg_buf_free(&value);
	return rc;
}

static int
got(struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_grid *g = job->grid;
	struct tg_bytes key, value, stored;
	struct tg_buf record = {0}, out = {0};
	struct tg_chunk chunk;
	struct tg_hash name, locator;
	struct tgp_need *n;
	int rc = TG_ENOTFOUND;

	(void)count;
	(void)more;
	memcpy(name.b, job->kept.data, sizeof name.b);
	if (status == TG_OK && tgp_next_record(&records, &key, &value)) {
		rc = tg_chunk_kept(value.data, value.len, &stored);
		if (rc == TG_OK)
			rc = tg_chunk_open(&g->access, &name, stored.data, stored.len, &record, &chunk);
	}
	if (rc == TG_OK) {
		tg_write_bin(&out, chunk.data.data, chunk.data.len);
		tgp_fx_reply_value(p, job->request, TG_OK, &out);
	}
	tg_buf_free(&record);
	tg_buf_free(&out);
	if (rc == TG_OK || rc == TG_ENOMEM)
		return rc;
	/* Not here, or no longer whole: whoever has it may give it. */
	memcpy(locator.b, job->log.b, sizeof locator.b);
	if ((n = need_new(g, &locator)) == NULL) {
		tgp_fx_reply(p, job->request, TG_ELIMIT);
		return TG_OK;
	}
	n->request = job->request;
	n->has_name = 1;
	n->name = name;
	return tgp_chunks_next(g);
}

int
tgp_chunks_get(struct tgp_grid *g, uint64_t request, const struct tg_hash *name)
{
	struct tg_hash locator;
	struct tgp_job *job;
	int rc = tg_chunk_locator(&g->access, name, &locator);

	if (rc != TG_OK) {
		tgp_fx_reply(g->peer, request, rc);
		return TG_OK;
	}
	if (look_up(g, &locator, got, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = request;
	tg_buf_put(&job->kept, name->b, sizeof name->b);
	return tg_buf_status(&job->kept);
}
