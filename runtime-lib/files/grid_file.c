#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "base/mem.h"
#include "files/grid_file.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define MAGIC_BYTES  8
#define LENGTH_BYTES 4
#define KIND_CHUNKS  17 /* transition: chunks that the writer put (protocol.md 5.4) */

_Static_assert(sizeof TG_GRID_FILE_MAGIC == MAGIC_BYTES + 1, "the magic is what it says");

/* ---- writing ------------------------------------------------------------------------------------------- */

static void
put_length(uint8_t *p, size_t len)
{
	for (int i = 0; i < LENGTH_BYTES; i++)
		p[i] = (uint8_t)(len >> (8 * (LENGTH_BYTES - 1 - i)));
}

static size_t
begin(struct tg_buf *out)
{
	tg_buf_put(out, "\0\0\0", LENGTH_BYTES);
	return out->len;
}

static void
end(struct tg_buf *out, size_t from)
{
	if (!out->failed)
		put_length(out->data + from - LENGTH_BYTES, out->len - from);
}

static const char *const mode_names[] = {[TG_MODE_VIEW] = "v", [TG_MODE_COMMENT] = "c", [TG_MODE_EDIT] = "e"};

void
tg_grid_file_put_header(struct tg_buf *out, const struct tg_grid_file_header *h)
{
	size_t from;

	tg_buf_put(out, TG_GRID_FILE_MAGIC, MAGIC_BYTES);
	from = begin(out);
	tg_write_array(out, 7);
	tg_write_uint(out, 1);
	tg_write_bin(out, h->grid.b, sizeof h->grid.b);
	tg_write_uint(out, h->epoch);
	tg_write_bin(out, h->w.b, sizeof h->w.b);
	tg_write_bin(out, h->r.b, sizeof h->r.b);
	tg_write_uint(out, h->made_ms);
	if (h->has_link) {
		tg_write_array(out, 2);
		tg_write_str(out, mode_names[h->link.mode], 1);
		tg_write_bin(out, h->link.secret.b, sizeof h->link.secret.b);
	} else {
		tg_write_nil(out);
	}
	end(out, from);
}

void
tg_grid_file_put_run(struct tg_buf *out, const void *run, size_t len)
{
	size_t from = begin(out);

	tg_write_array(out, 2);
	tg_write_uint(out, TG_GRID_FILE_RUN);
	tg_buf_put(out, run, len);
	end(out, from);
}

void
tg_grid_file_put_chunk(struct tg_buf *out, const struct tg_hash *locator, const void *stored, size_t len)
{
	size_t from = begin(out);

	tg_write_array(out, 3);
	tg_write_uint(out, TG_GRID_FILE_CHUNK);
	tg_write_bin(out, locator->b, sizeof locator->b);
	tg_write_bin(out, stored, len);
	end(out, from);
}

void
tg_grid_file_put_end(
    struct tg_buf *out, const struct tg_grid_file_counts *counts, const struct tg_hash *digest)
{
	size_t from = begin(out);

	tg_write_array(out, 5);
	tg_write_uint(out, TG_GRID_FILE_END);
	tg_write_uint(out, counts->logs);
	tg_write_uint(out, counts->entries);
	tg_write_uint(out, counts->chunks);
	tg_write_bin(out, digest->b, sizeof digest->b);
	end(out, from);
}

/* ---- checking ------------------------------------------------------------------------------------------ */

/* A chunk that an entry of class 1 lists. */
struct listed {
	struct tg_hash locator, stored;
	uint64_t size;
};

struct tg_grid_check {
	tg_grid_file_visit *visit;
	void *ctx;
	int has_access; /* given by the caller */

	int status; /* sticky */
	enum {
		AT_MAGIC,
		AT_HEADER,
		AT_RUNS,
		AT_CHUNKS,
		AT_END
	} stage;
	const char *where;
	uint64_t offset;      /* of the record being read */
	struct tg_buf record; /* its length, and what has come of it */
	struct tg_hasher hasher;

	struct tg_grid_file_header header;
	struct tg_access access;
	struct tg_grid_file_counts counts;
	int has_genesis;
	struct tg_log log; /* the one whose runs are being read */
	int has_log;
	struct tg_buf head; /* its head record: all its runs carry the same */
	struct tg_ops ops;
	struct tg_buf plain;
	struct listed *listed;
	size_t listed_n, listed_cap;
	int listed_sorted;
	struct tg_hash last_locator;
};

struct tg_grid_check *
tg_grid_check_new(const struct tg_access *access, tg_grid_file_visit *visit, void *ctx)
{
	struct tg_grid_check *c = tg_calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->visit = visit;
	c->ctx = ctx;
	c->where = "the first bytes";
	if (access != NULL) {
		c->has_access = 1;
		c->access = *access;
	}
	tg_hash_init(&c->hasher, TG_DOMAIN_FILE);
	return c;
}

void
tg_grid_check_free(struct tg_grid_check *c)
{
	if (c == NULL)
		return;
	tg_log_close(&c->log);
	tg_ops_free(&c->ops);
	tg_buf_free(&c->record);
	tg_buf_free(&c->head);
	if (c->plain.data != NULL)
		tg_wipe(c->plain.data, c->plain.cap);
	tg_buf_free(&c->plain);
	tg_free(c->listed);
	tg_access_wipe(&c->access);
	tg_wipe(c, sizeof *c);
	tg_free(c);
}

static int
read_header(struct tg_grid_check *c, struct tg_bytes bytes)
{
	struct tg_grid_file_header *h = &c->header;
	struct tg_bytes mode = {NULL, 0};
	struct tg_reader r;
	int rc;

	tg_reader_init(&r, bytes.data, bytes.len);
	tg_read_array(&r, 7, 7);
	if (tg_read_uint(&r, UINT64_MAX) != 1)
		tg_reader_fail(&r, TG_EVERSION);
	tg_read_fixed(&r, h->grid.b, sizeof h->grid.b);
	h->epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, h->w.b, sizeof h->w.b);
	tg_read_fixed(&r, h->r.b, sizeof h->r.b);
	h->made_ms = tg_read_uint(&r, UINT64_MAX);
	if (!tg_read_nil(&r)) {
		tg_read_array(&r, 2, 2);
		mode = tg_read_str(&r, 1);
		tg_read_fixed(&r, h->link.secret.b, sizeof h->link.secret.b);
		h->has_link = 1;
	}
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (h->has_link) {
		if (mode.len != 1 || (mode.data[0] != 'v' && mode.data[0] != 'c' && mode.data[0] != 'e'))
			return TG_EFORMAT;
		h->link.mode = mode.data[0] == 'v'   ? TG_MODE_VIEW
			       : mode.data[0] == 'c' ? TG_MODE_COMMENT
						     : TG_MODE_EDIT;
		h->link.grid = h->grid;
		if (h->link.mode == TG_MODE_VIEW)
			h->link.w = h->w;
	}
	return TG_OK;
}

/* The keys to check with: the caller's, those of the file's link, or the public ones alone. */
static int
take_keys(struct tg_grid_check *c)
{
	const struct tg_link *link = &c->header.link;
	struct tg_access *a = &c->access;
	int rc;

	if (c->has_access) {
		if (tg_hash_cmp(&a->grid, &c->header.grid) != 0)
			return TG_EGRID;
		if (a->epoch != c->header.epoch)
			return TG_EEPOCH;
	} else if (c->header.has_link) {
		if ((rc = tg_access_from_secret(link->mode, &link->secret,
			 link->mode == TG_MODE_VIEW ? &link->w : NULL, a)) != TG_OK)
			return rc;
	} else {
		a->mode = TG_MODE_REPLICA;
		a->w = c->header.w;
		a->r = c->header.r;
	}
	if (tg_key_cmp(&a->w, &c->header.w) != 0 || tg_key_cmp(&a->r, &c->header.r) != 0)
		return TG_EPERM;
	a->grid = c->header.grid;
	a->epoch = c->header.epoch;
	return TG_OK;
}

/* ---- entries */

static int
nothing_stored(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	(void)ctx;
	(void)log;
	(void)seq;
	(void)value;
	return TG_ENOTFOUND; /* all that a log needs is in memory: its runs come in order */
}

static int
take_genesis(struct tg_grid_check *c, struct tg_bytes record)
{
	struct tg_genesis genesis;
	int rc;

	if (c->has_genesis)
		return TG_OK;
	rc = tg_genesis_decode(record.data, record.len, &c->header.grid, &genesis);
	if (rc == TG_EGRID)
		return TG_OK; /* a writer may put anything there: others hold it for nothing, too */
	if (rc != TG_OK)
		return rc;
	if ((rc = tg_genesis_check(&genesis, &c->access)) != TG_OK)
		return rc;
	c->has_genesis = 1;
	return TG_OK;
}

static int
take_list(struct tg_grid_check *c, struct tg_bytes raw)
{
	struct tg_reader r;
	uint32_t n;

	tg_reader_init(&r, raw.data, raw.len);
	tg_read_array(&r, 2, 2);
	tg_read_uint(&r, KIND_CHUNKS);
	n = tg_read_array(&r, 0, UINT32_MAX);
	for (uint32_t i = 0; i < n && tg_reader_status(&r) == TG_OK; i++) {
		struct listed l;

		tg_read_array(&r, 3, 3);
		tg_read_fixed(&r, l.locator.b, sizeof l.locator.b);
		tg_read_fixed(&r, l.stored.b, sizeof l.stored.b);
		l.size = tg_read_uint(&r, UINT64_MAX);
		if (tg_reader_status(&r) != TG_OK)
			break;
		if (tg_mem_grow((void **)&c->listed, &c->listed_cap, c->listed_n + 1, sizeof l) != TG_OK)
			return TG_ENOMEM;
		c->listed[c->listed_n++] = l;
	}
	return TG_OK;
}

/*
 * Look for genesis and for lists of chunks.  An entry that does not open or parse is signed nonsense of
 * somebody who may write: no fault of the file, and peers skip it too.
 */
static int
look_into(struct tg_grid_check *c, uint64_t seq, const struct tg_entry *entry)
{
	struct tg_entry_header header;
	struct tg_body_walk walk = {0};
	struct tg_transition t;
	struct tg_body body;
	size_t body_len;
	int rc = TG_OK;

	if (seq == 0 || tg_entry_header_decode(entry->header.data, entry->header.len, &header) != TG_OK)
		return TG_OK;
	if (header.class == TG_CLASS_CONTENT && (c->has_genesis || c->access.mode == TG_MODE_REPLICA))
		return TG_OK;
	tg_buf_reset(&c->plain);
	rc = tg_entry_open(&c->access, &c->log.key, seq, entry, &c->plain, &body_len);
	if (rc != TG_OK || tg_body_decode(&c->log.key, c->plain.data, body_len, &body) != TG_OK)
		return rc == TG_ENOMEM ? rc : TG_OK;
	rc = TG_OK;
	while (rc == TG_OK && tg_body_next_transition(&body, &walk, &t)) {
		if (t.kind == TG_T_GENESIS && c->access.mode != TG_MODE_REPLICA)
			rc = take_genesis(c, t.u.record);
		else if (t.kind == KIND_CHUNKS && header.class == TG_CLASS_RECORD)
			rc = take_list(c, t.raw);
	}
	return rc;
}

static int
has_keys(const struct tg_grid_check *c)
{
	return c->has_access || c->header.has_link;
}

static int
log_is_whole(const struct tg_grid_check *c)
{
	return !c->has_log || (c->log.length > 0 && c->log.head.length == c->log.length);
}

/* The first run of the next log. */
static int
next_log(struct tg_grid_check *c, const struct tg_run *run)
{
	if (!log_is_whole(c))
		return TG_EGAP;
	if ((c->has_log && tg_key_cmp(&c->log.key, &run->log) >= 0) || run->start != 0)
		return TG_EFORMAT;
	if (c->counts.logs == TG_LOGS_PER_GRID_MAX)
		return TG_ELIMIT;
	tg_log_close(&c->log);
	tg_log_init(&c->log, &c->access, &run->log);
	c->has_log = 1;
	c->counts.logs++;
	tg_buf_reset(&c->head);
	tg_buf_put(&c->head, run->head.data, run->head.len);
	return tg_buf_status(&c->head);
}

static int
read_run(struct tg_grid_check *c, struct tg_bytes raw)
{
	const struct tg_fetch fetch = {nothing_stored, NULL};
	struct tg_grid_file_record record = {.kind = TG_GRID_FILE_RUN};
	struct tg_receipt receipt;
	struct tg_entry entry;
	struct tg_bytes bytes;
	size_t at = 0;
	int rc;

	if ((rc = tg_run_decode(raw.data, raw.len, &record.run)) != TG_OK)
		return rc;
	if (!c->has_log || tg_key_cmp(&c->log.key, &record.run.log) != 0) {
		if ((rc = next_log(c, &record.run)) != TG_OK)
			return rc;
	} else if (record.run.start != c->log.length || record.run.head.len != c->head.len ||
		   memcmp(record.run.head.data, c->head.data, c->head.len) != 0) {
		return TG_EFORMAT;
	}
	tg_ops_reset(&c->ops);
	rc = tg_log_receive(&c->log, &c->access, &record.run, 0, &fetch, &c->ops, &receipt, NULL);
	if (rc == TG_OK && c->log.length != record.run.start + record.run.count)
		rc = TG_EFORMAT;
	if (rc != TG_OK)
		return rc == TG_EEXISTS || rc == TG_EFORK ? TG_EFORMAT : rc;
	for (uint64_t seq = record.run.start; has_keys(c) && tg_run_next(&record.run, &at, &entry, &bytes);
	     seq++)
		if ((rc = look_into(c, seq, &entry)) != TG_OK)
			return rc;
	c->counts.entries += record.run.count;
	return c->visit != NULL ? c->visit(c->ctx, &record) : TG_OK;
}

/* ---- chunks */

static int
compare_listed(const struct listed *a, const struct listed *b)
{
	return tg_hash_cmp(&a->locator, &b->locator);
}

static void
sort_listed(struct tg_grid_check *c)
{
	size_t gap = 1;

	while (gap < c->listed_n / 3)
		gap = 3 * gap + 1;
	for (; gap > 0; gap /= 3)
		for (size_t i = gap; i < c->listed_n; i++) {
			struct listed x = c->listed[i];
			size_t k = i;

			for (; k >= gap && compare_listed(&c->listed[k - gap], &x) > 0; k -= gap)
				c->listed[k] = c->listed[k - gap];
			c->listed[k] = x;
		}
	c->listed_sorted = 1;
}

int
tg_grid_check_listed(struct tg_grid_check *c, const struct tg_hash *locator, struct tg_bytes stored)
{
	struct tg_hash hash;
	size_t lo = 0, hi;

	if (!c->listed_sorted)
		sort_listed(c);
	for (hi = c->listed_n; lo < hi;) {
		size_t mid = lo + (hi - lo) / 2;

		if (tg_hash_cmp(&c->listed[mid].locator, locator) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == c->listed_n || tg_hash_cmp(&c->listed[lo].locator, locator) != 0)
		return TG_ENOTFOUND;
	tg_hash(TG_DOMAIN_STORED, stored.data, stored.len, &hash);
	for (; lo < c->listed_n && tg_hash_cmp(&c->listed[lo].locator, locator) == 0; lo++)
		if (tg_hash_cmp(&c->listed[lo].stored, &hash) == 0)
			return TG_OK;
	return TG_EHASH;
}

static int
read_chunk(struct tg_grid_check *c, struct tg_reader *r)
{
	struct tg_grid_file_record record = {.kind = TG_GRID_FILE_CHUNK};
	int rc;

	tg_read_fixed(r, record.locator.b, sizeof record.locator.b);
	record.stored = tg_read_bin(r, TG_CHUNK_STORED_MAX_BYTES);
	if ((rc = tg_reader_end(r)) != TG_OK)
		return rc;
	if (!log_is_whole(c))
		return TG_EGAP;
	if (c->counts.chunks > 0 && tg_hash_cmp(&c->last_locator, &record.locator) >= 0)
		return TG_EFORMAT;
	if ((rc = tg_grid_check_listed(c, &record.locator, record.stored)) != TG_OK)
		return rc;
	c->last_locator = record.locator;
	c->counts.chunks++;
	return c->visit != NULL ? c->visit(c->ctx, &record) : TG_OK;
}

static int
read_end(struct tg_grid_check *c, struct tg_reader *r)
{
	struct tg_grid_file_counts counts;
	struct tg_hash digest, want;
	int rc;

	counts.logs = tg_read_uint(r, UINT64_MAX);
	counts.entries = tg_read_uint(r, UINT64_MAX);
	counts.chunks = tg_read_uint(r, UINT64_MAX);
	tg_read_fixed(r, digest.b, sizeof digest.b);
	if ((rc = tg_reader_end(r)) != TG_OK)
		return rc;
	if (!log_is_whole(c))
		return TG_EGAP;
	if (counts.logs != c->counts.logs || counts.entries != c->counts.entries ||
	    counts.chunks != c->counts.chunks)
		return TG_EFORMAT;
	tg_grid_check_digest(c, &want);
	return tg_hash_cmp(&digest, &want) == 0 ? TG_OK : TG_EHASH;
}

/* ---- records */

static int
read_record(struct tg_grid_check *c, struct tg_bytes bytes)
{
	struct tg_reader r;
	struct tg_bytes run;
	uint64_t kind;
	uint32_t n;
	int rc;

	if (c->stage == AT_HEADER) {
		c->where = "its header";
		if ((rc = read_header(c, bytes)) == TG_OK && (rc = take_keys(c)) == TG_OK)
			c->stage = AT_RUNS;
		return rc;
	}
	tg_reader_init(&r, bytes.data, bytes.len);
	n = tg_read_array(&r, 2, 5);
	kind = tg_read_uint(&r, TG_GRID_FILE_END);
	if ((rc = tg_reader_status(&r)) != TG_OK)
		return rc;
	if (kind == TG_GRID_FILE_RUN && n == 2 && c->stage == AT_RUNS) {
		c->where = "entries of a log";
		run = tg_read_skip(&r);
		return (rc = tg_reader_end(&r)) == TG_OK ? read_run(c, run) : rc;
	}
	if (kind == TG_GRID_FILE_CHUNK && n == 3 && c->stage != AT_END) {
		c->where = "a chunk";
		c->stage = AT_CHUNKS;
		return read_chunk(c, &r);
	}
	if (kind == TG_GRID_FILE_END && n == 5 && c->stage != AT_END) {
		c->where = "its end";
		if ((rc = read_end(c, &r)) == TG_OK)
			c->stage = AT_END;
		return rc;
	}
	return TG_EFORMAT;
}

/* How many bytes c->record needs before it can be looked at. */
static int
bytes_needed(struct tg_grid_check *c, size_t *need)
{
	size_t len = 0;

	*need = c->stage == AT_MAGIC ? MAGIC_BYTES : LENGTH_BYTES;
	if (c->stage == AT_MAGIC || c->record.len < LENGTH_BYTES)
		return TG_OK;
	for (int i = 0; i < LENGTH_BYTES; i++)
		len = len << 8 | c->record.data[i];
	if (len == 0)
		return TG_EFORMAT;
	if (len > TG_GRID_FILE_RECORD_MAX)
		return TG_ETOOBIG;
	*need = LENGTH_BYTES + len;
	return TG_OK;
}

/* A whole record, or the magic, stands in c->record. */
static int
take_record(struct tg_grid_check *c)
{
	struct tg_buf *b = &c->record;
	int rc = TG_OK, ended;

	if (c->stage == AT_MAGIC) {
		if (memcmp(b->data, TG_GRID_FILE_MAGIC, MAGIC_BYTES) != 0)
			return memcmp(b->data, TG_GRID_FILE_MAGIC, 6) == 0 ? TG_EVERSION : TG_EFORMAT;
		c->stage = AT_HEADER;
		ended = 0;
	} else {
		rc = read_record(c, (struct tg_bytes){b->data + LENGTH_BYTES, b->len - LENGTH_BYTES});
		ended = c->stage == AT_END;
	}
	if (rc != TG_OK)
		return rc;
	if (!ended)
		tg_hash_update(&c->hasher, b->data, b->len);
	c->offset += b->len;
	tg_buf_reset(b);
	return TG_OK;
}

int
tg_grid_check_push(struct tg_grid_check *c, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t need, n;

	while (len > 0 && c->status == TG_OK) {
		if (c->stage == AT_END) {
			c->where = "what follows its end";
			c->status = TG_EFORMAT;
			break;
		}
		if ((c->status = bytes_needed(c, &need)) != TG_OK)
			break;
		n = need - c->record.len < len ? need - c->record.len : len;
		tg_buf_put(&c->record, p, n);
		if ((c->status = tg_buf_status(&c->record)) != TG_OK)
			break;
		p += n;
		len -= n;
		if (c->record.len == LENGTH_BYTES && c->stage != AT_MAGIC)
			continue; /* now the length is known, and it is not 0 */
		if (c->record.len == need)
			c->status = take_record(c);
	}
	return c->status;
}

int
tg_grid_check_end(struct tg_grid_check *c)
{
	if (c->status != TG_OK)
		return c->status;
	if (c->stage != AT_END)
		return c->status = TG_ETRUNCATED;
	if (c->access.mode != TG_MODE_REPLICA && !c->has_genesis) {
		c->where = "its genesis";
		return c->status = TG_ENOTFOUND;
	}
	return TG_OK;
}

const struct tg_grid_file_header *
tg_grid_check_header(const struct tg_grid_check *c)
{
	return c->stage > AT_HEADER ? &c->header : NULL;
}

const struct tg_access *
tg_grid_check_access(const struct tg_grid_check *c)
{
	return &c->access;
}

const struct tg_grid_file_counts *
tg_grid_check_counts(const struct tg_grid_check *c)
{
	return &c->counts;
}

const char *
tg_grid_check_where(const struct tg_grid_check *c, uint64_t *at)
{
	*at = c->offset;
	return c->where;
}

void
tg_grid_check_digest(const struct tg_grid_check *c, struct tg_hash *out)
{
	struct tg_hasher copy = c->hasher;

	tg_hash_final(&copy, out);
}
