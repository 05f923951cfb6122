/*
 * Commands of the user interface (docs/host.md): read all arguments first, then act, then reply exactly once.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

enum {
	C_START,
	C_PROFILE,
	C_CREATE,
	C_OPEN,
	C_CLOSE,
	C_LIST,
	C_FORGET,
	C_EDIT,
	C_POLL,
	C_FORMAT,
	C_UNDO,
	C_REDO,
	C_CARET,
	C_LINKS,
	C_INVITE,
	C_TITLE,
	C_EXT,
	C_CHANNEL,
	C_CALL,
	C_ANSWER,
	C_EXTNAME,
	C_HEADS,
	C_QUOTA,
	C_NODE,
	C_UNDO_BREAK,
	C_FLUSH,
	C_PUT,
	C_GET,
	C_TEMPORARY,
	C_REMIND
};

#define TITLE_MAX_BYTES 255u

/* A command being carried out. */
struct cmd {
	struct tg_peer *p;
	uint64_t request;
	struct tg_reader *r;
	struct tgp_grid *g;
};

static int
done(struct cmd *c, int status)
{
	if (status == TG_ENOMEM)
		return status;
	tgp_fx_reply(c->p, c->request, status);
	return TG_OK;
}

static int
done_value(struct cmd *c, struct tg_buf *value)
{
	int rc = tg_buf_status(value);

	if (rc == TG_OK)
		tgp_fx_reply_value(c->p, c->request, TG_OK, value);
	tg_buf_free(value);
	return rc;
}

/* All arguments must have been read. */
static int
ok(struct cmd *c)
{
	return tg_reader_end(c->r) == TG_OK;
}

/* ---- grids --------------------------------------------------------------------------------------------- */

static int
create(struct cmd *c)
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

	if (!ok(c))
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
	return done_value(c, &value);
free_genesis:
	tg_buf_free(&genesis);
	tg_buf_free(&value);
	return rc == TG_ENOMEM ? rc : done(c, rc);
}

/* Open already: whoever opens it again learns how it stands. */
static int
say_again(struct cmd *c, struct tgp_grid *g)
{
	tgp_fx_grid(g);
	if (g->doc && g->state == TGP_GRID_READY) {
		g->changed_sent = 0;
		tgp_fx_changed(g);
		g->durability_dirty = 1;
	}
	return done(c, TG_OK);
}

static int
open_access(
    struct cmd *c, const struct tg_hash *id, char mode, struct tg_bytes secret, const struct tg_key *w)
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
		return done(c, rc);
	access.grid = *id;
	rc = tgp_grid_new(c->p, &access, &g);
	tg_access_wipe(&access);
	if (rc != TG_OK)
		return rc;
	g->open_request = c->request;
	tgp_fx_grid(g);
	return tgp_grid_load(g);
}

struct grid_record {
	char mode;
	struct tg_bytes secret, title;
	struct tg_key w;
	uint64_t opened_ms;
};

static int
read_grid_record(struct tg_bytes value, struct grid_record *rec)
{
	struct tg_reader r;
	struct tg_bytes mode;

	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 7, 7);
	if (tg_read_uint(&r, UINT64_MAX) != 1)
		tg_reader_fail(&r, TG_EVERSION);
	mode = tg_read_str(&r, 1);
	rec->secret = tg_read_bin(&r, 2 * TG_KEY_BYTES);
	tg_read_fixed(&r, rec->w.b, sizeof rec->w.b);
	rec->title = tg_read_str(&r, TITLE_MAX_BYTES + 1);
	rec->opened_ms = tg_read_uint(&r, UINT64_MAX);
	tg_read_uint(&r, UINT64_MAX);
	if (tg_reader_end(&r) == TG_OK && (mode.len != 1 || rec->secret.len < TG_KEY_BYTES))
		tg_reader_fail(&r, TG_EFORMAT);
	rec->mode = mode.len == 1 ? (char)mode.data[0] : 0;
	return tg_reader_status(&r);
}

static int
record_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct cmd c = {p, job->request, NULL, NULL};
	struct grid_record rec;
	struct tg_bytes key, value;
	struct tg_hash id;

	(void)count;
	(void)more;
	memcpy(id.b, job->log.b, sizeof id.b);
	if (status != TG_OK)
		return done(&c, status);
	if (!tgp_next_record(&records, &key, &value) || read_grid_record(value, &rec) != TG_OK ||
	    rec.mode == 'r')
		return done(&c, TG_ENOTFOUND);
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
	struct cmd c = {p, job->request, NULL, NULL};
	struct tg_bytes key, value, secret = {job->kept.data + 1, job->kept.len - 1};
	struct grid_record rec;
	struct tg_hash id;
	struct tg_key w;
	char mode = (char)job->kept.data[0];

	(void)count;
	(void)more;
	memcpy(id.b, job->log.b, sizeof id.b);
	if (status == TG_OK && tgp_next_record(&records, &key, &value) &&
	    read_grid_record(value, &rec) == TG_OK && strength(rec.mode) >= strength(mode) && rec.mode != 'r')
		return open_access(&c, &id, rec.mode, rec.secret, &rec.w);
	if (mode == 'v')
		memcpy(w.b, secret.data + TG_KEY_BYTES, TG_KEY_BYTES);
	return open_access(&c, &id, mode, secret, &w);
}

static int
load_record(struct cmd *c, const struct tg_hash *id, tgp_loaded_fn fn, struct tgp_job **job)
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

static int
open_grid(struct cmd *c)
{
	struct tg_hash id;
	struct tg_bytes mode, secret;
	struct tgp_job *job;
	uint8_t m;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	mode = tg_read_str(c->r, 1);
	secret = tg_read_bin(c->r, 2 * TG_KEY_BYTES);
	if (!ok(c))
		return TG_EFORMAT;
	if (mode.len == 0) {
		struct tgp_grid *g = tgp_grid_find(c->p, &id);

		if (g != NULL)
			return say_again(c, g);
		return load_record(c, &id, record_loaded, &job);
	}
	m = mode.data[0];
	if (strength((char)m) == 0 || secret.len != (m == 'v' ? 2u : 1u) * TG_KEY_BYTES)
		return done(c, TG_EINVAL);
	if (load_record(c, &id, link_compared, &job) != TG_OK)
		return TG_ENOMEM;
	tg_buf_u8(&job->kept, m);
	tg_buf_put(&job->kept, secret.data, secret.len);
	return tg_buf_status(&job->kept);
}

static int
close_grid(struct cmd *c)
{
	struct tgp_grid *g = c->g;

	if (g->open_request != 0) {
		tgp_fx_reply(c->p, g->open_request, TG_ECLOSED);
		g->open_request = 0;
	}
	if (tgp_author_flush(g) != TG_OK || tgp_links_leave(g) != TG_OK)
		return TG_ENOMEM;
	g->state = TGP_GRID_GONE;
	tgp_fx_grid(g);
	tgp_links_flush(c->p);
	tgp_grid_free(g);
	return done(c, TG_OK);
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
	struct cmd c = {p, job->request, NULL, NULL};
	struct tg_bytes key, value;
	struct tg_buf out = {0};
	struct listed *list;
	size_t n = 0;

	(void)more;
	if (status != TG_OK)
		return done(&c, status);
	if ((list = tg_calloc(count + 1, sizeof *list)) == NULL)
		return TG_ENOMEM;
	while (n < count && tgp_next_record(&records, &key, &value)) {
		struct grid_record rec;
		struct listed item = {0};
		size_t i;

		if (key.len != 1 + TG_HASH_BYTES || read_grid_record(value, &rec) != TG_OK)
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
	return done_value(&c, &out);
}

static int
list_grids(struct cmd *c)
{
	static const uint8_t from[1] = {'g'}, to[1] = {'h'};
	struct tgp_job *job;

	if (!ok(c))
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
	struct cmd c = {p, job->request, NULL, NULL};

	(void)status;
	if (job->length == sizeof forget_letters)
		return done(&c, TG_OK);
	return forget_step(p, job->request, &job->log, job->length);
}

static int
forget_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct cmd c = {p, job->request, NULL, NULL};
	struct tgp_batch batch = {0};
	struct tg_bytes key, value;
	struct tgp_job *store;
	uint64_t next = job->number + (more ? 0 : 1);

	(void)count;
	if (status != TG_OK)
		return done(&c, status);
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

static int
forget(struct cmd *c)
{
	struct tg_hash id;
	struct tg_key key;
	struct tgp_grid *g;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	if (!ok(c))
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

/* ---- the document -------------------------------------------------------------------------------------- */

static int
edit(struct cmd *c)
{
	struct tg_bytes edits = tg_read_skip(c->r);

	if (!ok(c))
		return TG_EFORMAT;
	return tgp_author_edit(c->g, c->request, edits);
}

static int
poll(struct cmd *c)
{
	struct tg_patches patches;

	if (!ok(c))
		return TG_EFORMAT;
	if (c->g->doc == NULL || !c->g->loaded)
		return done(c, TG_EBUSY);
	/* What was typed so far was typed in the old view. */
	if (tgp_author_flush(c->g) != TG_OK || tgp_view_advanced(c->g) != TG_OK ||
	    tg_doc_poll(c->g->doc, &patches) != TG_OK)
		return TG_ENOMEM;
	c->g->changed_sent = 0;
	tgp_fx_reply_patches(c->p, c->request, &patches);
	return TG_OK;
}

static int
format(struct cmd *c)
{
	uint32_t id = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
	struct tg_buf value = {0};
	const uint8_t *data;
	size_t len;
	int rc;

	if (!ok(c))
		return TG_EFORMAT;
	if (c->g->doc == NULL)
		return done(c, TG_EPERM);
	if ((rc = tg_doc_format(c->g->doc, id, &data, &len)) != TG_OK)
		return done(c, rc);
	tg_buf_put(&value, data, len);
	return done_value(c, &value);
}

static int
caret(struct cmd *c)
{
	struct tgp_grid *g = c->g;
	uint32_t flow = 0, anchor = 0, head = 0;
	int has = !tg_read_nil(c->r);

	if (has) {
		tg_read_array(c->r, 3, 3);
		flow = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
		anchor = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
		head = (uint32_t)tg_read_uint(c->r, UINT32_MAX);
	}
	if (!ok(c))
		return TG_EFORMAT;
	if (g->doc && (!g->caret_set || has != g->has_caret || flow != g->caret_flow ||
			  anchor != g->caret_anchor || head != g->caret_head)) {
		g->caret_set = g->caret_dirty = 1;
		g->has_caret = has;
		g->caret_flow = flow;
		g->caret_anchor = anchor;
		g->caret_head = head;
	}
	return done(c, TG_OK);
}

static int
title(struct cmd *c)
{
	struct tg_bytes text = tg_read_str(c->r, TITLE_MAX_BYTES);
	struct tg_buf edits = {0};
	int rc;

	if (!ok(c))
		return TG_EFORMAT;
	tg_write_array(&edits, 1);
	tg_write_array(&edits, 4);
	tg_write_uint(&edits, TG_EDIT_SET);
	tg_write_uint(&edits, TG_TEXT_OBJECT_DOC);
	tg_write_str(&edits, "title", 5);
	tg_write_str(&edits, (const char *)text.data, text.len);
	rc = tg_buf_status(&edits);
	if (rc == TG_OK)
		rc = tgp_author_edit(c->g, c->request, (struct tg_bytes){edits.data, edits.len});
	tg_buf_free(&edits);
	return rc;
}

static int
flushed(struct tg_peer *p, struct tgp_job *job, int status)
{
	tgp_fx_reply(p, job->request, status);
	return TG_OK;
}

static int
flush(struct cmd *c)
{
	struct tgp_batch none = {0};
	struct tgp_job *job;

	if (!ok(c))
		return TG_EFORMAT;
	if (tgp_author_flush(c->g) != TG_OK || tgp_store(c->p, NULL, &none, 1, flushed, &job) != TG_OK)
		return TG_ENOMEM;
	job->request = c->request;
	return TG_OK;
}

static int
undo_break(struct cmd *c)
{
	if (!ok(c))
		return TG_EFORMAT;
	c->g->author.undo_closed = 1;
	return done(c, TG_OK);
}

/* ---- people -------------------------------------------------------------------------------------------- */

/* A member record with the new name in every open grid where we have written. */
static int
announce(struct tg_peer *p, struct tgp_grid *g)
{
	struct tg_buf record = {0}, t = {0};
	int rc;

	if (g->access.mode != TG_MODE_EDIT || g->author.log == NULL || g->state != TGP_GRID_READY)
		return TG_OK;
	rc = tg_member_encode(
	    &g->access, &p->identity, &p->device, TG_MEMBER_EDITOR, p->name, p->name_len, p->colour, &record);
	if (rc == TG_OK) {
		tg_body_record(&t, TG_T_MEMBER, record.data, record.len);
		rc = tgp_author_transition(g, &t, TG_CLASS_CONTENT);
	}
	tg_buf_free(&record);
	tg_buf_free(&t);
	return rc;
}

static int
profile(struct cmd *c)
{
	struct tg_peer *p = c->p;
	struct tg_bytes name = tg_read_str(c->r, TG_NAME_MAX_BYTES);
	uint32_t colour = (uint32_t)tg_read_uint(c->r, 0xffffff);

	if (!ok(c))
		return TG_EFORMAT;
	if (name.len > 0)
		memcpy(p->name, name.data, name.len);
	p->name_len = name.len;
	p->colour = colour;
	for (size_t i = 0; i < p->grid_count; i++) {
		struct tgp_grid *g = p->grids[i];

		if (announce(p, g) != TG_OK)
			return TG_ENOMEM;
		g->caret_dirty = g->caret_set;
		g->presence_at = p->now_ms;
	}
	if (tgp_store_installation(p) != TG_OK)
		return TG_ENOMEM;
	return done(c, TG_OK);
}

static void
put_link(const struct tgp_grid *g, enum tg_mode mode, struct tg_buf *out)
{
	struct tg_link link = {.grid = g->id, .mode = mode};
	char text[2 + TG_LINK_MAX_BYTES + 1] = "#/";

	if (tg_access_weaken(&g->access, mode, &link.secret) != TG_OK) {
		tg_write_str(out, "", 0);
		return;
	}
	if (mode == TG_MODE_VIEW)
		link.w = g->access.w;
	tg_write_str(out, text, 2 + tg_link_format(&link, text + 2));
	tg_wipe(&link, sizeof link);
	tg_wipe(text, sizeof text);
}

static int
links(struct cmd *c)
{
	struct tg_buf value = {0};

	if (!ok(c))
		return TG_EFORMAT;
	tg_write_array(&value, 3);
	put_link(c->g, TG_MODE_EDIT, &value);
	put_link(c->g, TG_MODE_COMMENT, &value);
	put_link(c->g, TG_MODE_VIEW, &value);
	return done_value(c, &value);
}

/* Say in the own log that a node's acks count from here on. */
static int
invited(struct tgp_grid *g, const struct tg_key *node, const struct tg_key *box, struct tg_bytes name)
{
	struct tg_buf t = {0};
	struct tgp_node *n;
	int rc;

	if (tg_mem_grow((void **)&g->nodes, &g->node_cap, g->node_count + 1, sizeof *g->nodes) != TG_OK)
		return TG_ENOMEM;
	tg_body_invite(&t, node, box, (const char *)name.data, name.len);
	rc = tgp_author_transition(g, &t, TG_CLASS_CONTENT);
	tg_buf_free(&t);
	if (rc != TG_OK)
		return rc;
	n = &g->nodes[g->node_count++];
	n->node = *node;
	n->name_len = name.len;
	if (name.len > 0)
		memcpy(n->name, name.data, name.len);
	g->durability_dirty = 1;
	return TG_OK;
}

/* Invite a replica; ${again} 1: only one that was invited before and is not here, whose invitation may be
 * lost. */
static int
invite(struct cmd *c, int again)
{
	struct tgp_grid *g = c->g;
	struct tg_key node, box;
	struct tg_bytes name;
	struct tg_secret token;
	struct tg_buf payload = {0};
	int rc = TG_OK, known = 0, here = 0;

	tg_read_fixed(c->r, node.b, sizeof node.b);
	tg_read_fixed(c->r, box.b, sizeof box.b);
	name = tg_read_str(c->r, TG_NAME_MAX_BYTES);
	tg_read_fixed(c->r, token.b, sizeof token.b);
	if (!ok(c))
		return TG_EFORMAT;
	if (g->access.mode != TG_MODE_EDIT || g->state != TGP_GRID_READY)
		return done(c, TG_EPERM);
	for (size_t i = 0; i < g->node_count; i++)
		known |= tg_key_cmp(&g->nodes[i].node, &node) == 0;
	for (size_t i = 0; i < g->session_count; i++)
		here |= tg_key_cmp(&g->sessions[i].device, &node) == 0;
	if (again && (!known || here))
		return done(c, TG_OK);
	if (!known)
		rc = invited(g, &node, &box, name);
	if (rc == TG_OK)
		rc = tg_invitation_seal(&g->access, &g->session.public_key, &box, &c->p->rng, &payload);
	if (rc == TG_OK)
		rc = tgp_send_door(c->p, &token, &payload);
	tg_wipe(&token, sizeof token);
	tg_buf_free(&payload);
	return done(c, rc);
}

/* ---- extensions, channels, calls ----------------------------------------------------------------------- */

static int
ext(struct cmd *c)
{
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX),
			payload = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	struct tg_buf body = {0};
	int rc;

	if (!ok(c))
		return TG_EFORMAT;
	tg_ext_put(&body, name, payload);
	rc = tgp_send_grid(c->g, TG_CLASS_SIDE, 0, TG_MSG_EXT, &body, NULL);
	tg_buf_free(&body);
	return rc == TG_OK ? done(c, TG_OK) : rc;
}

/* Add or remove a name in one of the two tables. */
static int
set_name(struct tgp_name **list, size_t *count, size_t *cap, const struct tg_hash *grid, struct tg_bytes name,
    int on)
{
	size_t i = 0;

	while (
	    i < *count && !((*list)[i].len == name.len && memcmp((*list)[i].name, name.data, name.len) == 0 &&
			      tg_hash_cmp(&(*list)[i].grid, grid) == 0))
		i++;
	if (!on) {
		if (i < *count)
			(*list)[i] = (*list)[--*count];
		return TG_OK;
	}
	if (i < *count)
		return TG_OK;
	if (tg_mem_grow((void **)list, cap, *count + 1, sizeof **list) != TG_OK)
		return TG_ENOMEM;
	(*list)[*count].grid = *grid;
	(*list)[*count].len = name.len;
	memcpy((*list)[(*count)++].name, name.data, name.len);
	return TG_OK;
}

static int
channel(struct cmd *c)
{
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX);
	int on = tg_read_bool(c->r);

	if (!ok(c) || name.len == 0)
		return TG_EFORMAT;
	return done(
	    c, set_name(&c->p->channels, &c->p->channel_count, &c->p->channel_cap, &c->g->id, name, on));
}

static int
extname(struct cmd *c)
{
	static const struct tg_hash any;
	struct tg_bytes name = tg_read_str(c->r, TG_CHANNEL_MAX);
	int on = tg_read_bool(c->r);

	if (!ok(c) || name.len == 0)
		return TG_EFORMAT;
	return done(
	    c, set_name(&c->p->extensions, &c->p->extension_count, &c->p->extension_cap, &any, name, on));
}

static int
call(struct cmd *c)
{
	struct tg_peer *p = c->p;
	struct tg_call out = {0};
	struct tg_buf body = {0};
	struct tgp_session *s;
	struct tg_key session;
	int rc;

	tg_read_fixed(c->r, session.b, sizeof session.b);
	out.channel = tg_read_str(c->r, TG_CHANNEL_MAX);
	out.args = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	out.deadline_ms = tg_read_uint(c->r, UINT64_MAX);
	if (!ok(c))
		return TG_EFORMAT;
	if ((s = tgp_session_find(c->g, &session)) == NULL)
		return done(c, TG_ENOTFOUND);
	memcpy(out.nonce, s->nonce, sizeof out.nonce);
	if (out.deadline_ms == 0) {
		tg_cast_put(&body, &out);
		rc = tgp_send_inbox(c->g, &session, TG_MSG_CAST, &body);
		tg_buf_free(&body);
		return rc == TG_OK ? done(c, TG_OK) : rc;
	}
	if (tg_mem_grow((void **)&p->calls, &p->call_cap, p->call_count + 1, sizeof *p->calls) != TG_OK)
		return TG_ENOMEM;
	out.call = ++p->next_id;
	p->calls[p->call_count++] =
	    (struct tgp_call_out){c->request, out.call, out.deadline_ms, c->g->id, session};
	tg_call_put(&body, &out);
	rc = tgp_send_inbox(c->g, &session, TG_MSG_CALL, &body);
	tg_buf_free(&body);
	return rc;
}

int
tgp_calls_tick(struct tg_peer *p)
{
	for (size_t i = p->call_count; i > 0; i--)
		if (p->calls[i - 1].deadline <= p->now_ms) {
			tgp_fx_reply(p, p->calls[i - 1].request, TG_ESTALE);
			p->calls[i - 1] = p->calls[--p->call_count];
		}
	return TG_OK;
}

static int
answer(struct cmd *c)
{
	struct tg_reply reply;
	struct tg_buf body = {0};
	struct tg_key session;
	int rc;

	tg_read_fixed(c->r, session.b, sizeof session.b);
	reply.call = tg_read_uint(c->r, UINT64_MAX);
	reply.status = tg_read_uint(c->r, UINT32_MAX);
	reply.result = tg_read_bin(c->r, TG_ARGS_MAX_BYTES);
	if (!ok(c))
		return TG_EFORMAT;
	tg_reply_put(&body, &reply);
	rc = tgp_send_inbox(c->g, &session, TG_MSG_REPLY, &body);
	tg_buf_free(&body);
	return rc == TG_OK ? done(c, TG_OK) : rc;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */

static int
heads(struct cmd *c)
{
	struct tg_buf value = {0};
	uint32_t n = 0;

	if (!ok(c))
		return TG_EFORMAT;
	for (size_t i = 0; i < c->g->log_count; i++)
		n += c->g->logs[i]->log.head.length > 0;
	tg_write_array(&value, n);
	for (size_t i = 0; i < c->g->log_count; i++) {
		const struct tgp_log *l = c->g->logs[i];

		if (l->log.head.length == 0)
			continue;
		tg_write_array(&value, 5);
		tg_write_bin(&value, l->log.key.b, TG_KEY_BYTES);
		tg_write_bin(&value, l->device.b, TG_KEY_BYTES);
		tg_write_uint(&value, l->log.head.length);
		tg_write_bin(&value, l->log.head.root.b, TG_HASH_BYTES);
		tg_write_bool(&value, l->own);
	}
	return done_value(c, &value);
}

static int
node(struct cmd *c)
{
	struct tg_buf value = {0};

	if (!ok(c))
		return TG_EFORMAT;
	if (c->p->kind != 2)
		return done(c, TG_EPERM);
	tg_write_array(&value, 5);
	tg_write_bin(&value, c->p->device.public_key.b, TG_KEY_BYTES);
	tg_write_bin(&value, c->p->box.b, TG_KEY_BYTES);
	tg_write_bin(&value, c->p->token.b, TG_KEY_BYTES);
	tg_write_uint(&value, c->p->grid_count);
	tg_write_uint(&value, c->p->bytes_total);
	return done_value(c, &value);
}

static int
quota(struct cmd *c)
{
	uint64_t grid = tg_read_uint(c->r, UINT64_MAX), total = tg_read_uint(c->r, UINT64_MAX);

	if (!ok(c))
		return TG_EFORMAT;
	c->p->quota_grid = grid;
	c->p->quota_total = total;
	return done(c, TG_OK);
}

/* The host's storage may be cleared without asking: others shall know that a copy here is not for long. */
static int
temporary(struct cmd *c)
{
	int on = tg_read_bool(c->r);

	if (!ok(c))
		return TG_EFORMAT;
	c->p->temporary = on;
	return done(c, TG_OK);
}

/* ---- chunks -------------------------------------------------------------------------------------------- */

static int
put(struct cmd *c)
{
	int is_signed = tg_read_bool(c->r);
	struct tg_bytes data = tg_read_bin(c->r, TG_CHUNK_STORED_MAX_BYTES);

	return ok(c) ? tgp_chunks_put(c->g, c->request, is_signed, data) : TG_EFORMAT;
}

static int
get(struct cmd *c)
{
	struct tg_hash name;

	tg_read_fixed(c->r, name.b, sizeof name.b);
	return ok(c) ? tgp_chunks_get(c->g, c->request, &name) : TG_EFORMAT;
}

/* ---- dispatch ------------------------------------------------------------------------------------------ */

/* Commands whose first argument is an open grid. */
static int
on_grid(struct cmd *c, uint64_t name)
{
	struct tg_hash id;

	tg_read_fixed(c->r, id.b, sizeof id.b);
	if (tg_reader_status(c->r) != TG_OK)
		return TG_EFORMAT;
	if ((c->g = tgp_grid_find(c->p, &id)) == NULL)
		return done(c, TG_ENOTFOUND);
	switch (name) {
	case C_CLOSE:
		return ok(c) ? close_grid(c) : TG_EFORMAT;
	case C_EDIT:
		return edit(c);
	case C_POLL:
		return poll(c);
	case C_FORMAT:
		return format(c);
	case C_UNDO:
	case C_REDO:
		return ok(c) ? tgp_author_undo(c->g, c->request, name == C_REDO) : TG_EFORMAT;
	case C_CARET:
		return caret(c);
	case C_LINKS:
		return links(c);
	case C_INVITE:
	case C_REMIND:
		return invite(c, name == C_REMIND);
	case C_TITLE:
		return title(c);
	case C_EXT:
		return ext(c);
	case C_CHANNEL:
		return channel(c);
	case C_CALL:
		return call(c);
	case C_ANSWER:
		return answer(c);
	case C_HEADS:
		return heads(c);
	case C_UNDO_BREAK:
		return undo_break(c);
	case C_FLUSH:
		return flush(c);
	case C_PUT:
		return put(c);
	case C_GET:
		return get(c);
	}
	return TG_EFORMAT;
}

int
tgp_command(struct tg_peer *p, uint64_t request, struct tg_reader *r)
{
	struct cmd c = {p, request, r, NULL};
	uint64_t name = tg_read_uint(r, C_REMIND);

	if (tg_reader_status(r) != TG_OK || request == 0)
		return TG_EFORMAT;
	if (name == C_START) {
		unsigned kind = (unsigned)tg_read_uint(r, 2);
		struct tg_bytes text = tg_read_str(r, TG_NAME_MAX_BYTES);

		return ok(&c) ? tgp_start(p, request, kind, text) : TG_EFORMAT;
	}
	if (!p->started)
		return done(&c, TG_EBUSY);
	switch (name) {
	case C_PROFILE:
		return profile(&c);
	case C_CREATE:
		return create(&c);
	case C_OPEN:
		return open_grid(&c);
	case C_LIST:
		return list_grids(&c);
	case C_FORGET:
		return forget(&c);
	case C_EXTNAME:
		return extname(&c);
	case C_QUOTA:
		return quota(&c);
	case C_NODE:
		return node(&c);
	case C_TEMPORARY:
		return temporary(&c);
	}
	return on_grid(&c, name);
}
