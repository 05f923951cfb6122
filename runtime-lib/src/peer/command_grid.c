/* Commands on whole grids: make, open, close, list, forget. */
#include <string.h>

#include "base/mem.h"
#include "peer/command.h"
#include "wire/writer.h"

int
tgp_cmd_create(struct tgp_cmd *c)
{
	struct tg_peer *p = c->p;
	struct tg_bytes title = tg_read_str(c->r, TITLE_MAX_BYTES);
	struct tg_edit edit = {.kind = TG_EDIT_SET, .key = (const uint8_t *)"title", .key_len = 5};
	struct tg_buf genesis = {0}, value = {0};
	uint8_t nonce[TG_GENESIS_NONCE_BYTES];
	struct tg_access access;
	struct tg_secret secret;
	struct tgp_grid *g;
	int rc;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	tg_rng_bytes(&p->rng, secret.b, sizeof secret.b);
	tg_rng_bytes(&p->rng, nonce, sizeof nonce);
	rc = tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &access);
	tg_wipe(&secret, sizeof secret);
	if (rc == TG_OK)
		rc = tg_genesis_encode(&access, &p->identity, nonce, p->now_ms, &genesis, &access.grid);
	if (rc == TG_OK)
		rc = tgp_grid_new(p, &access, &g);
	tg_access_wipe(&access);
	if (rc != TG_OK)
		goto free_genesis;
	g->loaded = g->has_genesis = 1;
	g->owner = p->identity.public_key;
	memcpy(g->access.edit_role.b, g->access.edit.public_key.b, TG_KEY_BYTES);
	g->state = TGP_GRID_READY;
	if ((rc = tgp_grid_store_record(g)) != TG_OK || (rc = tgp_author_begin(g, &genesis)) != TG_OK)
		goto free_genesis;
	if (title.len > 0) {
		tg_write_str(&value, (const char *)title.data, title.len);
		edit.value = value.data;
		edit.value_len = value.len;
		rc = tg_buf_status(&value);
		if (rc == TG_OK)
			rc = tg_doc_edit(g->doc, &edit, 1, NULL, NULL);
		tg_buf_reset(&value);
		if (rc == TG_OK) {
			g->author.dirty = 1;
			g->author.flush_at = p->now_ms;
			rc = tgp_author_flush(g);
		}
		if (rc != TG_OK)
			goto free_genesis;
	}
	tgp_fx_grid(g);
	if ((rc = tgp_grid_title(g)) != TG_OK || (rc = tgp_links_join(g)) != TG_OK)
		goto free_genesis;
	g->durability_dirty = 1;
	tg_write_bin(&value, g->id.b, sizeof g->id.b);
	tg_buf_free(&genesis);
	return tgp_done_value(c, &value);
free_genesis:
	tg_buf_free(&genesis);
	tg_buf_free(&value);
	return rc == TG_ENOMEM ? rc : tgp_done(c, rc);
}

/* Open already: whoever opens it again learns how it stands. */
static int
say_again(struct tgp_cmd *c, struct tgp_grid *g)
{
	g->closing = 0;
	tgp_fx_grid(g);
	if (g->doc && g->state == TGP_GRID_READY) {
		g->changed_sent = 0;
		tgp_fx_changed(g);
		g->durability_dirty = 1;
	}
	return tgp_done(c, TG_OK);
}

static int
open_access(
    struct tgp_cmd *c, const struct tg_hash *id, char mode, struct tg_bytes secret, const struct tg_key *w)
{
	struct tg_access access;
	struct tg_secret s;
	struct tgp_grid *g;
	enum tg_mode m = mode == 'e' ? TG_MODE_EDIT : mode == 'c' ? TG_MODE_COMMENT : TG_MODE_VIEW;
	int rc;

	if ((g = tgp_grid_find(c->p, id)) != NULL) {
		/* Open already.  A stronger link than the one in use means: open again with it. */
		if (g->access.mode >= m || !g->loaded)
			return say_again(c, g);
		if (tgp_author_flush(g) != TG_OK || tgp_author_settle(g) != TG_OK ||
		    tgp_links_leave(g) != TG_OK)
			return TG_ENOMEM;
		tgp_grid_free(g);
	}
	memcpy(s.b, secret.data, TG_KEY_BYTES);
	rc = tg_access_from_secret(m, &s, m == TG_MODE_VIEW ? w : NULL, &access);
	tg_wipe(&s, sizeof s);
	if (rc != TG_OK)
		return tgp_done(c, rc);
	access.grid = *id;
	rc = tgp_grid_new(c->p, &access, &g);
	tg_access_wipe(&access);
	if (rc != TG_OK)
		return rc;
	g->open_request = c->request;
	tgp_fx_grid(g);
	return tgp_grid_load(g);
}

static int
record_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};
	struct tgp_grid_record rec;
	struct tg_bytes key, value;
	struct tg_hash id;

	(void)count;
	(void)more;
	memcpy(id.b, job->log.b, sizeof id.b);
	if (status != TG_OK)
		return tgp_done(&c, status);
	if (!tgp_next_record(&records, &key, &value) || tgp_grid_read_record(value, &rec) != TG_OK ||
	    rec.mode == 'r')
		return tgp_done(&c, TG_ENOTFOUND);
	return open_access(&c, &id, rec.mode, rec.secret, &rec.w);
}

/* Modes in ascending strength, so that the record already here is not replaced by a weaker link. */
static int
strength(char mode)
{
	return mode == 'e' ? 3 : mode == 'c' ? 2 : mode == 'v' ? 1 : 0;
}

/* A link was given: is a stronger one known here already? */
static int
link_compared(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};
	struct tg_bytes key, value, secret = {job->kept.data + 1, job->kept.len - 1};
	struct tgp_grid_record rec;
	struct tg_hash id;
	struct tg_key w;
	char mode = (char)job->kept.data[0];

	(void)count;
	(void)more;
	memcpy(id.b, job->log.b, sizeof id.b);
	if (status == TG_OK && tgp_next_record(&records, &key, &value) &&
	    tgp_grid_read_record(value, &rec) == TG_OK && strength(rec.mode) >= strength(mode) &&
	    rec.mode != 'r')
		return open_access(&c, &id, rec.mode, rec.secret, &rec.w);
	if (mode == 'v')
		memcpy(w.b, secret.data + TG_KEY_BYTES, TG_KEY_BYTES);
	return open_access(&c, &id, mode, secret, &w);
}

static int
load_record(struct tgp_cmd *c, const struct tg_hash *id, tgp_loaded_fn fn, struct tgp_job **job)
{
	uint8_t from[1 + TG_HASH_BYTES] = {'g'}, to[2 + TG_HASH_BYTES] = {'g'};

	memcpy(from + 1, id->b, sizeof id->b);
	memcpy(to + 1, id->b, sizeof id->b);
	if (tgp_load(c->p, NULL, (struct tg_bytes){from, sizeof from}, (struct tg_bytes){to, sizeof to},
		TGP_LOAD_BYTES, fn, job) != TG_OK)
		return TG_ENOMEM;
	(*job)->request = c->request;
	memcpy((*job)->log.b, id->b, sizeof id->b);
	return TG_OK;
}

int
tgp_cmd_open_grid(struct tgp_cmd *c)
{
	struct tg_hash id;
	struct tg_bytes mode, secret;
	struct tgp_job *job;
	uint8_t m;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	mode = tg_read_str(c->r, 1);
	secret = tg_read_bin(c->r, 2 * TG_KEY_BYTES);
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (mode.len == 0) {
		struct tgp_grid *g = tgp_grid_find(c->p, &id);

		if (g != NULL)
			return say_again(c, g);
		return load_record(c, &id, record_loaded, &job);
	}
	m = mode.data[0];
	if (strength((char)m) == 0 || secret.len != (m == 'v' ? 2u : 1u) * TG_KEY_BYTES)
		return tgp_done(c, TG_EINVAL);
	if (load_record(c, &id, link_compared, &job) != TG_OK)
		return TG_ENOMEM;
	tg_buf_u8(&job->kept, m);
	tg_buf_put(&job->kept, secret.data, secret.len);
	return tg_buf_status(&job->kept);
}

static int
finish_closing(struct tg_peer *p, struct tgp_grid *g, uint64_t request)
{
	struct tgp_cmd c = {p, request, NULL, NULL};

	if (tgp_links_leave(g) != TG_OK)
		return TG_ENOMEM;
	g->state = TGP_GRID_GONE;
	tgp_fx_grid(g);
	tgp_links_flush(p);
	tgp_grid_free(g);
	return tgp_done(&c, TG_OK);
}

/* All that was typed is stored, and so it was published; unless somebody opened the grid again meanwhile, it
 * goes. */
static int
closing_stored(struct tg_peer *p, struct tgp_job *job, int status)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};

	(void)status;
	if (!job->grid->closing)
		return tgp_done(&c, TG_OK);
	return finish_closing(p, job->grid, job->request);
}

int
tgp_cmd_close_grid(struct tgp_cmd *c)
{
	struct tgp_grid *g = c->g;
	struct tgp_batch none = {0};
	struct tgp_job *job;

	if (g->open_request != 0) {
		tgp_fx_reply(c->p, g->open_request, TG_ECLOSED);
		g->open_request = 0;
	}
	if (tgp_author_flush(g) != TG_OK)
		return TG_ENOMEM;
	/* What was typed last leaves only when it is stored: wait for that, but not for a disk that is full.
	 */
	if (g->author.log == NULL || g->author.stored >= g->author.log->log.head.length ||
	    c->p->failed_count > 0)
		return finish_closing(c->p, g, c->request);
	g->closing = 1;
	if (tgp_store(c->p, g, &none, 0, closing_stored, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = c->request;
	return TG_OK;
}

struct listed {
	struct tg_hash id;
	char mode;
	char title[TITLE_MAX_BYTES + 1];
	size_t title_len;
	uint64_t opened_ms;
};

#define LIST_BYTES (4u << 20)

static int
list_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};
	struct tg_bytes key, value;
	struct tg_buf out = {0};
	struct listed *list;
	size_t n = 0;

	(void)more;
	if (status != TG_OK)
		return tgp_done(&c, status);
	if ((list = tg_calloc(count + 1, sizeof *list)) == NULL)
		return TG_ENOMEM;
	while (n < count && tgp_next_record(&records, &key, &value)) {
		struct tgp_grid_record rec;
		struct listed item = {0};
		size_t i;

		if (key.len != 1 + TG_HASH_BYTES || tgp_grid_read_record(value, &rec) != TG_OK)
			continue;
		memcpy(item.id.b, key.data + 1, TG_HASH_BYTES);
		item.mode = rec.mode;
		item.opened_ms = rec.opened_ms;
		item.title_len = rec.title.len < sizeof item.title ? rec.title.len : sizeof item.title;
		memcpy(item.title, rec.title.data, item.title_len);
		for (i = n++; i > 0 && list[i - 1].opened_ms < item.opened_ms; i--)
			list[i] = list[i - 1];
		list[i] = item;
	}
	tg_write_array(&out, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		tg_write_array(&out, 4);
		tg_write_bin(&out, list[i].id.b, TG_HASH_BYTES);
		tg_write_str(&out, &list[i].mode, 1);
		tg_write_str(&out, list[i].title, list[i].title_len);
		tg_write_uint(&out, list[i].opened_ms);
	}
	tg_free(list);
	return tgp_done_value(&c, &out);
}

int
tgp_cmd_list_grids(struct tgp_cmd *c)
{
	static const uint8_t from[1] = {'g'}, to[1] = {'h'};
	struct tgp_job *job;

	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if (tgp_load(c->p, NULL, (struct tg_bytes){from, 1}, (struct tg_bytes){to, 1}, LIST_BYTES,
		list_loaded, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = c->request;
	return TG_OK;
}

/* ---- forgetting: delete by letter, page by page -------------------------------------------------------- */

static const uint8_t forget_letters[] = {'e', 'h', 'k', 'm', 'c', 'g'};

static int forget_step(struct tg_peer *p, uint64_t request, const struct tg_key *id, uint64_t letter);

static int
forgotten(struct tg_peer *p, struct tgp_job *job, int status)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};

	(void)status;
	if (job->length == sizeof forget_letters)
		return tgp_done(&c, TG_OK);
	return forget_step(p, job->request, &job->log, job->length);
}

static int
forget_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_cmd c = {p, job->request, NULL, NULL};
	struct tgp_batch batch = {0};
	struct tg_bytes key, value;
	struct tgp_job *store;
	uint64_t next = job->number + (more ? 0 : 1);

	(void)count;
	if (status != TG_OK)
		return tgp_done(&c, status);
	while (tgp_next_record(&records, &key, &value))
		tgp_batch_put(&batch, 1, key, (struct tg_bytes){NULL, 0});
	if (tgp_store(p, NULL, &batch, next == sizeof forget_letters, forgotten, &store) != TG_OK)
		return TG_ENOMEM;
	store->request = job->request;
	store->log = job->log;
	store->length = next;
	return TG_OK;
}

static int
forget_step(struct tg_peer *p, uint64_t request, const struct tg_key *id, uint64_t letter)
{
	uint8_t prefix[1 + TG_HASH_BYTES];
	struct tgp_job *job;

	prefix[0] = forget_letters[letter];
	memcpy(prefix + 1, id->b, TG_HASH_BYTES);
	if (tgp_load_prefix(p, NULL, (struct tg_bytes){prefix, sizeof prefix}, forget_loaded, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = request;
	job->log = *id;
	job->number = letter;
	return TG_OK;
}

int
tgp_cmd_forget(struct tgp_cmd *c)
{
	struct tg_hash id;
	struct tg_key key;
	struct tgp_grid *g;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	if (!tgp_args_ok(c))
		return TG_EFORMAT;
	if ((g = tgp_grid_find(c->p, &id)) != NULL) {
		if (tgp_links_leave(g) != TG_OK)
			return TG_ENOMEM;
		g->state = TGP_GRID_GONE;
		tgp_fx_grid(g);
		tgp_links_flush(c->p);
		tgp_grid_free(g);
	}
	memcpy(key.b, id.b, sizeof key.b);
	return forget_step(c->p, c->request, &key, 0);
}
