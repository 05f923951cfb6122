/*
 * One grid: finding its parts, its own record, its title, its timers.  How it is read from storage: open.c.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

/* ---- finding ------------------------------------------------------------------------------------------- */

struct tgp_grid *
tgp_grid_find(struct tg_peer *p, const struct tg_hash *id)
{
	for (size_t i = 0; i < p->grid_count; i++)
		if (tg_hash_cmp(&p->grids[i]->id, id) == 0)
			return p->grids[i];
	return NULL;
}

/* Index of the first log whose key is not below ${key}: of a forked log the first branch. */
static size_t
log_place(const struct tgp_grid *g, const struct tg_key *key)
{
	size_t low = 0, high = g->log_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (tg_key_cmp(&g->logs[mid]->log.key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct tgp_log *
tgp_log_find(struct tgp_grid *g, const struct tg_key *key)
{
	size_t i = log_place(g, key);

	return i < g->log_count && tg_key_cmp(&g->logs[i]->log.key, key) == 0 ? g->logs[i] : NULL;
}

struct tgp_log *
tgp_log_named(struct tgp_grid *g, const struct tg_key *name)
{
	struct tgp_log *l = tgp_log_find(g, name);

	if (l != NULL && !l->further)
		return l;
	for (size_t i = 0; i < g->log_count; i++)
		if (tg_key_cmp(&g->logs[i]->log.name, name) == 0)
			return g->logs[i];
	return NULL;
}

size_t
tgp_log_branches(const struct tgp_grid *g, const struct tgp_log *l, size_t *end)
{
	size_t first = log_place(g, &l->log.key), i = first;

	while (i < g->log_count && tg_key_cmp(&g->logs[i]->log.key, &l->log.key) == 0)
		i++;
	*end = i;
	return first;
}

static int
log_insert(struct tgp_grid *g, size_t i, const struct tg_key *key, struct tgp_log **log)
{
	struct tgp_log *l, **place;

	if (g->log_count >= TG_LOGS_PER_GRID_MAX)
		return TG_ELIMIT;
	if ((l = tg_calloc(1, sizeof *l)) == NULL)
		return TG_ENOMEM;
	if ((place = tg_mem_insert((void **)&g->logs, &g->log_count, &g->log_cap, i, sizeof *place)) ==
	    NULL) {
		tg_free(l);
		return TG_ENOMEM;
	}
	tg_log_init(&l->log, &g->access, key);
	l->wanted = UINT64_MAX;
	*log = *place = l;
	return TG_OK;
}

int
tgp_log_get(struct tgp_grid *g, const struct tg_key *key, struct tgp_log **log)
{
	size_t i = log_place(g, key);

	if (i < g->log_count && tg_key_cmp(&g->logs[i]->log.key, key) == 0 && !g->logs[i]->further) {
		*log = g->logs[i];
		return TG_OK;
	}
	return log_insert(g, i, key, log);
}

int
tgp_log_branch(struct tgp_grid *g, const struct tg_key *key, const struct tg_key *name, struct tgp_log **log)
{
	size_t first = log_place(g, key), i = first;
	int rc;

	while (i < g->log_count && tg_key_cmp(&g->logs[i]->log.key, key) == 0)
		i++;
	if (i - first >= TG_BRANCHES_MAX)
		return TG_ELIMIT;
	if ((rc = log_insert(g, i, key, log)) != TG_OK)
		return rc;
	(*log)->log.name = *name;
	(*log)->further = 1;
	return TG_OK;
}

void
tgp_log_drop(struct tgp_grid *g, struct tgp_log *l)
{
	size_t i = 0;

	while (g->logs[i] != l)
		i++;
	tg_mem_remove(g->logs, &g->log_count, i, sizeof *g->logs);
	tgp_log_free(l);
}

void
tgp_log_free(struct tgp_log *l)
{
	tg_log_close(&l->log);
	for (size_t i = 0; i < l->waiting_count; i++)
		tg_buf_free(&l->waiting[l->waiting_at + i].plain);
	tg_free(l->waiting);
	tg_free(l->seen);
	tg_free(l->segments);
	tg_free(l->inquiry);
	tg_wipe(l, sizeof *l);
	tg_free(l);
}

struct tgp_session *
tgp_session_find(struct tgp_grid *g, const struct tg_key *key)
{
	for (size_t i = 0; i < g->session_count; i++)
		if (tg_key_cmp(&g->sessions[i].key, key) == 0)
			return &g->sessions[i];
	return NULL;
}

struct tgp_node *
tgp_node_find(const struct tgp_grid *g, const struct tg_key *node)
{
	for (size_t i = 0; i < g->node_count; i++)
		if (tg_key_cmp(&g->nodes[i].node, node) == 0)
			return &g->nodes[i];
	return NULL;
}

struct tgp_member *
tgp_member_find(const struct tgp_grid *g, const struct tg_key *device)
{
	for (size_t i = 0; i < g->member_count; i++)
		if (tg_key_cmp(&g->members[i].device, device) == 0)
			return &g->members[i];
	return NULL;
}

void
tgp_session_remove(struct tgp_grid *g, size_t i)
{
	struct tgp_session *s = &g->sessions[i];

	if (s->present) {
		s->present = 0;
		tgp_fx_presence(g, s, NULL);
	}
	if (g->want.active && tg_key_cmp(&g->want.asked, &s->key) == 0)
		g->want.deadline = 0;
	tg_mem_remove(g->sessions, &g->session_count, i, sizeof *s);
	g->durability_dirty = 1;
}

/* ---- making and freeing -------------------------------------------------------------------------------- */

int
tgp_grid_new(struct tg_peer *p, const struct tg_access *access, struct tgp_grid **grid)
{
	static const unsigned roles[] = {[TG_MODE_REPLICA] = TG_SESSION_REPLICA,
	    [TG_MODE_VIEW] = TG_SESSION_VIEWER,
	    [TG_MODE_COMMENT] = TG_SESSION_WRITER,
	    [TG_MODE_EDIT] = TG_SESSION_WRITER};
	struct tg_secret seed;
	struct tgp_grid *g;

	if (tg_mem_grow((void **)&p->grids, &p->grid_cap, p->grid_count + 1, sizeof *p->grids) != TG_OK ||
	    (g = tg_calloc(1, sizeof *g)) == NULL)
		return TG_ENOMEM;
	g->peer = p;
	g->access = *access;
	g->id = access->grid;
	tg_rng_bytes(&p->rng, seed.b, sizeof seed.b);
	tg_keypair_from_seed(&seed, &g->session);
	tg_wipe(&seed, sizeof seed);
	tg_rng_bytes(&p->rng, g->nonce, sizeof g->nonce);
	tg_topic_inbox(&access->r, &g->session.public_key, &g->inbox);
	if (access->mode != TG_MODE_REPLICA && tg_doc_open(&g->doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK)
		goto free_grid;
	if (tg_session_encode(access, &g->session.public_key, &p->device, g->nonce, roles[access->mode],
		&g->session_record) != TG_OK)
		goto free_grid;
	g->opened_ms = p->now_ms;
	g->due_at = UINT64_MAX;
	p->grids[p->grid_count++] = g;
	*grid = g;
	return TG_OK;
free_grid:
	tg_doc_close(g->doc);
	tg_buf_free(&g->session_record);
	tg_wipe(g, sizeof *g);
	tg_free(g);
	return TG_ENOMEM;
}

void
tgp_grid_free(struct tgp_grid *g)
{
	struct tg_peer *p = g->peer;

	for (size_t i = 0; i < p->grid_count; i++)
		if (p->grids[i] == g) {
			tg_mem_remove(p->grids, &p->grid_count, i, sizeof *p->grids);
			break;
		}
	tgp_jobs_drop(p, g);
	tgp_retries_free(g);
	tgp_author_free(g);
	for (size_t i = 0; i < g->log_count; i++)
		tgp_log_free(g->logs[i]);
	for (size_t i = 0; i < g->serve_count; i++)
		tg_buf_free(&g->serves[i].want);
	tg_doc_close(g->doc);
	tg_buf_free(&g->session_record);
	tg_free(g->logs);
	tg_free(g->version);
	tg_free(g->tv);
	tg_free(g->frontier);
	tg_free(g->view);
	tg_free(g->members);
	tg_free(g->nodes);
	tg_free(g->sessions);
	tg_free(g->serves);
	tg_free(g->needs);
	tg_access_wipe(&g->access);
	tg_wipe(g, sizeof *g);
	tg_free(g);
}

/* ---- the grid's own record ----------------------------------------------------------------------------- */

int
tgp_grid_store_record(struct tgp_grid *g)
{
	static const char *const modes[] = {
	    [TG_MODE_REPLICA] = "r", [TG_MODE_VIEW] = "v", [TG_MODE_COMMENT] = "c", [TG_MODE_EDIT] = "e"};
	struct tgp_batch batch = {0};
	struct tg_buf record = {0};
	uint8_t key[1 + TG_HASH_BYTES] = {'g'}, secret[2 * TG_KEY_BYTES];
	size_t secret_len = TG_KEY_BYTES;

	memcpy(key + 1, g->id.b, TG_HASH_BYTES);
	if (g->access.mode == TG_MODE_REPLICA) {
		memcpy(secret, g->access.read_seed.b, TG_KEY_BYTES);
		memcpy(secret + TG_KEY_BYTES, g->access.sync.b, TG_KEY_BYTES);
		secret_len = 2 * TG_KEY_BYTES;
	} else {
		memcpy(secret, g->access.secret.b, TG_KEY_BYTES);
	}
	tg_write_array(&record, 7);
	tg_write_uint(&record, 1);
	tg_write_str(&record, modes[g->access.mode], 1);
	tg_write_bin(&record, secret, secret_len);
	tg_write_bin(&record, g->access.w.b, TG_KEY_BYTES);
	tg_write_str(&record, g->title, g->title_len);
	tg_write_uint(&record, g->opened_ms);
	tg_write_uint(&record, 0);
	tg_wipe(secret, sizeof secret);
	if (tg_buf_status(&record) != TG_OK) {
		tg_buf_free(&record);
		return TG_ENOMEM;
	}
	tgp_batch_put(
	    &batch, 0, (struct tg_bytes){key, sizeof key}, (struct tg_bytes){record.data, record.len});
	tg_wipe(record.data, record.len);
	tg_buf_free(&record);
	g->stored_grid_record = 1;
	return tgp_store(g->peer, g, &batch, 0, NULL, NULL);
}

int
tgp_grid_read_record(struct tg_bytes value, struct tgp_grid_record *record)
{
	struct tg_reader r;
	struct tg_bytes mode;

	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 7, 7);
	if (tg_read_uint(&r, UINT64_MAX) != 1)
		tg_reader_fail(&r, TG_EVERSION);
	mode = tg_read_str(&r, 1);
	record->secret = tg_read_bin(&r, 2 * TG_KEY_BYTES);
	tg_read_fixed(&r, record->w.b, sizeof record->w.b);
	record->title = tg_read_str(&r, TITLE_MAX_BYTES + 1);
	record->opened_ms = tg_read_uint(&r, UINT64_MAX);
	tg_read_uint(&r, UINT64_MAX);
	if (tg_reader_end(&r) == TG_OK && (mode.len != 1 || record->secret.len < TG_KEY_BYTES))
		tg_reader_fail(&r, TG_EFORMAT);
	record->mode = mode.len == 1 ? (char)mode.data[0] : 0;
	return tg_reader_status(&r);
}

/* The title is the register `title` of the document; when it changed, tell and keep it. */
int
tgp_grid_title(struct tgp_grid *g)
{
	const uint8_t *value;
	size_t len;
	struct tg_reader r;
	struct tg_bytes title;

	if (g->doc == NULL)
		return TG_OK;
	if (tg_doc_register(g->doc, TG_TEXT_OBJECT_DOC, (const uint8_t *)"title", 5, &value, &len) != TG_OK)
		return TG_ENOMEM;
	tg_reader_init(&r, value, len);
	if (tg_read_nil(&r))
		return TG_OK;
	title = tg_read_str(&r, sizeof g->title);
	if (tg_reader_end(&r) != TG_OK)
		return TG_OK; /* some other kind of value, or too long: keep what is shown */
	if (title.len == g->title_len && (title.len == 0 || memcmp(title.data, g->title, title.len) == 0))
		return TG_OK;
	if (title.len > 0)
		memcpy(g->title, title.data, title.len);
	g->title_len = title.len;
	tgp_fx_grid(g);
	return tgp_grid_store_record(g);
}

/* ---- timers -------------------------------------------------------------------------------------------- */

static void
earlier(uint64_t *at, uint64_t candidate)
{
	if (candidate != 0 && candidate < *at)
		*at = candidate;
}

uint64_t
tgp_grid_due(const struct tgp_grid *g)
{
	uint64_t at = UINT64_MAX;

	if (g->durability_dirty || g->greet)
		return g->peer->now_ms;
	if (g->author.dirty)
		earlier(&at, g->author.flush_at);
	earlier(&at, g->author.settle_at);
	earlier(&at, g->author.confirm_at);
	earlier(&at, g->author.republish_at);
	if (!g->ack_strict)
		earlier(&at, g->ack_at);
	earlier(&at, g->have_at);
	if (g->want.active)
		earlier(&at, g->want.deadline == 0 ? 1 : g->want.deadline);
	if (g->chunk_want.active)
		earlier(&at, g->chunk_want.deadline);
	if (g->caret_dirty && tgp_joined_anywhere(g))
		earlier(&at, g->presence_at);
	return at;
}

/* What was just learnt makes it worth asking everybody now what they hold. */
void
tgp_ask_again(struct tgp_grid *g)
{
	uint64_t now = g->peer->now_ms, at = g->asked_ms + TGP_ASK_MS;

	if (g->have_at == 0)
		return; /* joining asks anyway */
	g->ask = 1;
	g->have_at = at > now && g->asked_ms <= now ? at : now;
}

static int
housekeeping(struct tgp_grid *g)
{
	uint64_t now = g->peer->now_ms;
	unsigned flags = g->ask ? TG_HAVE_ANSWER : 0;

	for (size_t i = g->session_count; i > 0; i--) {
		g->sessions[i - 1].lies /= 2; /* it may just have been slow */
		if (now > g->sessions[i - 1].seen_ms + TGP_SESSION_GONE_MS)
			tgp_session_remove(g, i - 1);
	}
	/* An unchanged caret is said again now and then, for those who came later. */
	if (g->caret_set && now >= g->presence_sent + TGP_PRESENCE_AGAIN_MS)
		g->caret_dirty = 1;
	/* Not all at once: up to a fifth earlier or later. */
	g->have_at = now + TGP_HAVE_MS - TGP_HAVE_MS / 5 + tg_rng_below(&g->peer->rng, 2 * TGP_HAVE_MS / 5);
	if (g->ask)
		g->asked_ms = now;
	g->ask = 0;
	return tgp_have_all(g, flags);
}

int
tgp_grid_tick(struct tgp_grid *g)
{
	uint64_t now = g->peer->now_ms;

	if (g->author.dirty && g->author.flush_at <= now) {
		/* One batch at the disk at a time: behind a slow one the next is gathered, not queued. */
		if (g->author.log != NULL && g->author.stored < g->author.log->log.head.length)
			g->author.flush_at = now + TGP_FLUSH_MS;
		else if (tgp_author_flush(g) != TG_OK)
			return TG_ENOMEM;
	}
	if (g->author.confirm_at != 0 && g->author.confirm_at <= now && tgp_author_confirmed(g) != TG_OK)
		return TG_ENOMEM;
	if (g->author.settle_at != 0 && g->author.settle_at <= now && tgp_author_settle(g) != TG_OK)
		return TG_ENOMEM;
	if (g->author.republish_at != 0 && g->author.republish_at <= now) {
		g->author.republish_at = 0;
		if (tgp_author_republish(g) != TG_OK)
			return TG_ENOMEM;
	}
	if (g->ack_at != 0 && g->ack_at <= now && tgp_ack_tick(g) != TG_OK)
		return TG_ENOMEM;
	if (g->want.active && g->want.deadline <= now && tgp_want_tick(g) != TG_OK)
		return TG_ENOMEM;
	if (g->chunk_want.active && g->chunk_want.deadline <= now && tgp_chunks_tick(g) != TG_OK)
		return TG_ENOMEM;
	if (g->have_at != 0 && g->have_at <= now && housekeeping(g) != TG_OK)
		return TG_ENOMEM;
	if (tgp_presence_tick(g) != TG_OK)
		return TG_ENOMEM;
	if (g->durability_dirty) {
		g->durability_dirty = 0;
		if (g->doc)
			tgp_fx_durability(g);
	}
	return TG_OK;
}
