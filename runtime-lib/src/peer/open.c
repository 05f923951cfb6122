/*
 * Opening a grid: reading what is stored of it, page by page.
 *
 * In this order: the heads of all logs; then, unless this is a replica, the seeds of own logs, their marks,
 * and every entry, which is delivered as it comes.  Each kind of record is a stage that says what it does
 * with one record.  Only when all are read are the links joined.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"

#define LOG_KEY_BYTES                                                                                        \
	(1 + TG_HASH_BYTES + TG_KEY_BYTES) /* letter, grid, log; of an entry a sequence number follows */

static uint64_t
big_endian(const uint8_t *b)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

static int
open_failed(struct tgp_grid *g, int status)
{
	tgp_fx_reply(g->peer, g->open_request, status);
	g->open_request = 0;
	g->state = TGP_GRID_GONE;
	tgp_fx_grid(g);
	tgp_grid_free(g);
	return TG_OK;
}

/* A log whose stored part is not what its head says: forget the head; peers have the rest. */
static int
damaged(struct tgp_grid *g, struct tgp_log *l)
{
	struct tgp_batch batch = {0};
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t n = tg_storage_key_head(&g->id, &l->log.name, key);
	struct tg_key log = l->log.key, name = l->log.name;

	l->damaged = 1;
	l->own = 0; /* never written to again: what follows could fork it */
	tgp_fx_notice(g->peer, g, 7, "a stored log is damaged and is fetched again");
	tg_log_close(&l->log);
	tg_log_init(&l->log, &g->access, &log);
	l->log.name = name;
	tgp_batch_put(&batch, 1, (struct tg_bytes){key, n}, (struct tg_bytes){NULL, 0});
	return tgp_store(g->peer, g, &batch, 0, NULL, NULL);
}

static int
all_loaded(struct tgp_grid *g)
{
	if (tgp_branches_sort_out(g) != TG_OK || tgp_deliver_all(g) != TG_OK)
		return TG_ENOMEM;
	for (size_t i = 0; i < g->log_count; i++) {
		struct tgp_log *l = g->logs[i];

		if (g->doc && !l->damaged && l->loaded != l->log.length && damaged(g, l) != TG_OK)
			return TG_ENOMEM;
	}
	if (g->loading_doc) {
		int rc = tg_doc_load_end(g->doc);

		g->loading_doc = 0;
		if (rc == TG_ERANGE)
			return tgp_reopen(g); /* one bad bundle: this time each is checked alone */
		if (rc == TG_ENOMEM)
			return rc;
	}
	/* What a former process stored, and was perhaps not able to ack. */
	if (g->log_count > 0)
		tgp_ack_later(g);
	g->loaded = 1;
	g->opened_ms = g->peer->now_ms;
	tgp_fx_reply(g->peer, g->open_request, TG_OK);
	g->open_request = 0;
	if (tgp_grid_store_record(g) != TG_OK)
		return TG_ENOMEM;
	if (g->has_genesis || g->doc == NULL) {
		if (tgp_grid_ready(g) != TG_OK)
			return TG_ENOMEM;
	} else {
		tgp_fx_grid(g);
	}
	return tgp_links_join(g);
}

/* ---- one record ---------------------------------------------------------------------------------------- */

/* ${log} names where it is stored; the head says whose it is. */
static int
take_head(struct tgp_grid *g, const struct tg_key *log, uint64_t seq, struct tg_bytes value)
{
	struct tg_key key = *log;
	struct tg_head head;
	struct tgp_log *l;
	int rc;

	(void)seq;
	if (value.len > 8 && tg_head_decode(value.data + 8, value.len - 8, &head) == TG_OK)
		key = head.log;
	rc = tg_key_cmp(&key, log) == 0 ? tgp_log_get(g, log, &l) : tgp_log_branch(g, &key, log, &l);
	if (rc != TG_OK)
		return rc;
	if (tg_log_open(&l->log, &g->access, &key, value.data, value.len) != TG_OK) {
		tg_log_init(&l->log, &g->access, &key);
		l->log.name = *log;
		return damaged(g, l);
	}
	l->log.name = *log;
	if (g->doc == NULL) {
		g->bytes += l->log.head.bytes;
		g->peer->bytes_total += l->log.head.bytes;
	}
	return TG_OK;
}

static int
take_seed(struct tgp_grid *g, const struct tg_key *log, uint64_t seq, struct tg_bytes value)
{
	struct tgp_log *l = tgp_log_find(g, log);
	struct tg_reader r;

	(void)seq;
	if (l == NULL || l->further)
		return TG_OK;
	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 2, 2);
	tg_read_uint(&r, 1);
	tg_read_fixed(&r, l->seed.b, TG_KEY_BYTES);
	l->own = tg_reader_end(&r) == TG_OK;
	return TG_OK;
}

static int
take_mark(struct tgp_grid *g, const struct tg_key *log, uint64_t seq, struct tg_bytes value)
{
	struct tgp_log *l = tgp_log_find(g, log);

	(void)seq;
	if (l != NULL && !l->further && value.len == 8)
		l->settled = big_endian(value.data);
	return TG_OK;
}

/* A record begins with the hash of its own entry: does it still hash to that? */
static int
leaf_matches(struct tg_bytes value, struct tg_bytes data)
{
	struct tg_entry entry;
	struct tg_hash leaf;

	if (value.len < 1 + TG_HASH_BYTES || tg_entry_decode(data.data, data.len, &entry) != TG_OK)
		return 0;
	tg_entry_leaf(&entry, &leaf);
	return memcmp(leaf.b, value.data + 1, TG_HASH_BYTES) == 0;
}

static int
take_entry(struct tgp_grid *g, const struct tg_key *log, uint64_t seq, struct tg_bytes value)
{
	struct tgp_log *l = tgp_log_named(g, log);
	struct tg_bytes entry;
	int rc;

	/*
	 * Records beyond the length are what a crash left of a batch: not part of the log.  While catching up
	 * the length is ahead of the head, and those entries will not come again.
	 */
	if (l == NULL || l->damaged || seq != l->loaded || seq >= l->log.length)
		return TG_OK;
	rc = tg_stored_entry(value.data, value.len, &entry);
	if (rc == TG_OK && !leaf_matches(value, entry))
		rc = TG_EHASH;
	if (rc == TG_OK)
		rc = tgp_deliver_entry(g, l, seq, entry);
	if (rc == TG_OK) {
		l->loaded++;
		g->bytes += TG_STORAGE_KEY_MAX_BYTES + value.len;
	}
	/* After any other error loaded stays behind the length, and the log counts as damaged at the end. */
	return rc == TG_ENOMEM ? rc : TG_OK;
}

/* ---- pages --------------------------------------------------------------------------------------------- */

static const struct stage {
	uint8_t letter;
	size_t key_len;
	int (*take)(struct tgp_grid *g, const struct tg_key *log, uint64_t seq, struct tg_bytes value);
} stages[] = {
    {'h', LOG_KEY_BYTES, take_head},
    {'k', LOG_KEY_BYTES, take_seed},
    {'m', LOG_KEY_BYTES, take_mark},
    {'e', TG_STORAGE_KEY_MAX_BYTES, take_entry},
};
#define STAGES (sizeof stages / sizeof stages[0])

static int page_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more);

/* The first page of a stage, or the one behind the key ${last}. */
static int
load_page(struct tgp_grid *g, size_t stage, struct tg_bytes last)
{
	uint8_t from[TG_STORAGE_KEY_MAX_BYTES + 1], to[1 + TG_HASH_BYTES];
	size_t from_len = 1 + TG_HASH_BYTES, to_len = 1 + TG_HASH_BYTES;
	struct tgp_job *job;

	from[0] = to[0] = stages[stage].letter;
	memcpy(from + 1, g->id.b, TG_HASH_BYTES);
	memcpy(to + 1, g->id.b, TG_HASH_BYTES);
	if (last.len > 0) {
		memcpy(from, last.data, last.len);
		from[last.len] = 0; /* the key right behind it */
		from_len = last.len + 1;
	}
	/* The end: the first key behind all with this prefix. */
	while (to[to_len - 1] == 0xff)
		to_len--;
	to[to_len - 1]++;
	if (tgp_load(g->peer, g, (struct tg_bytes){from, from_len}, (struct tg_bytes){to, to_len},
		TGP_LOAD_BYTES, page_loaded, &job) != TG_OK)
		return TG_ENOMEM;
	job->number = stage;
	return TG_OK;
}

static int
page_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tgp_grid *g = job->grid;
	size_t stage = (size_t)job->number;
	const struct stage *s = &stages[stage];
	struct tg_bytes key, value, last = {NULL, 0}, none = {NULL, 0};

	(void)p;
	(void)count;
	if (status != TG_OK)
		return open_failed(g, status);
	while (tgp_next_record(&records, &key, &value)) {
		struct tg_key log;
		uint64_t seq = 0;

		last = key;
		if (key.len != s->key_len)
			continue;
		memcpy(log.b, key.data + 1 + TG_HASH_BYTES, TG_KEY_BYTES);
		if (key.len > LOG_KEY_BYTES)
			seq = big_endian(key.data + LOG_KEY_BYTES);
		if (s->take(g, &log, seq, value) == TG_ENOMEM)
			return TG_ENOMEM;
	}
	if (s->take == take_entry) {
		if (tgp_deliver_all(g) != TG_OK)
			return TG_ENOMEM;
		tgp_fx_progress(g, g->bytes, 0);
	}
	if (more && last.len > 0)
		return load_page(g, stage, last);
	if (s->take == take_head)
		tgp_branches_found(g);
	/* A replica reads no entries and writes to no log. */
	if (stage + 1 == STAGES || g->doc == NULL)
		return all_loaded(g);
	return load_page(g, stage + 1, none);
}

int
tgp_grid_load(struct tgp_grid *g)
{
	if (g->doc && !g->plain_add) {
		if (tg_doc_load_begin(g->doc) != TG_OK)
			return TG_ENOMEM;
		g->loading_doc = 1;
	}
	return load_page(g, 0, (struct tg_bytes){NULL, 0});
}

/* Read everything again into a fresh document, checking each bundle alone. */
int
tgp_reopen(struct tgp_grid *g)
{
	for (size_t i = 0; i < g->log_count; i++)
		tgp_log_free(g->logs[i]);
	g->log_count = g->tv_count = g->frontier_count = g->view_count = 0;
	g->has_genesis = 0;
	g->bytes = 0;
	tg_doc_close(g->doc);
	g->doc = NULL;
	g->plain_add = 1;
	if (tg_doc_open(&g->doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK)
		return TG_ENOMEM;
	return tgp_grid_load(g);
}

int
tgp_grid_ready(struct tgp_grid *g)
{
	g->state = TGP_GRID_READY;
	tgp_fx_grid(g);
	if (tgp_grid_title(g) != TG_OK)
		return TG_ENOMEM;
	if (g->doc)
		tgp_fx_changed(g);
	g->durability_dirty = 1;
	return g->access.mode == TG_MODE_EDIT ? tgp_author_ready(g) : TG_OK;
}
