#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "log/entry.h"
#include "log/state.h"

void
tg_range_free(struct tg_range *range)
{
	tg_free(range->peaks_from);
	tg_free(range->peaks_to);
	memset(range, 0, sizeof *range);
}

int
tg_head_same(const struct tg_head *a, const struct tg_head *b)
{
	return a->length == b->length && a->bytes == b->bytes && a->epoch == b->epoch &&
	       tg_hash_cmp(&a->root, &b->root) == 0 && tg_key_cmp(&a->log, &b->log) == 0 &&
	       tg_hash_cmp(&a->grid, &b->grid) == 0 && memcmp(a->sig.b, b->sig.b, sizeof a->sig.b) == 0;
}

/* ---- stored records ---- */

/* count u8, count hashes, entry. */
static int
split_record(struct tg_bytes value, unsigned *nodes, struct tg_bytes *entry)
{
	if (value.len < 1)
		return TG_ETRUNCATED;
	*nodes = value.data[0];
	if (*nodes < 1 || *nodes > TG_TREE_LEVELS)
		return TG_EFORMAT;
	if (value.len - 1 < (size_t)*nodes * TG_HASH_BYTES)
		return TG_ETRUNCATED;
	entry->data = value.data + 1 + *nodes * TG_HASH_BYTES;
	entry->len = value.len - 1 - *nodes * TG_HASH_BYTES;
	return TG_OK;
}

int
tg_record_node(struct tg_bytes value, uint64_t seq, unsigned level, struct tg_hash *out)
{
	struct tg_bytes entry;
	unsigned nodes;
	int rc;

	if ((rc = split_record(value, &nodes, &entry)) != TG_OK)
		return rc;
	if (nodes != tg_tree_completed(seq) || level >= nodes)
		return TG_EFORMAT;
	memcpy(out->b, value.data + 1 + level * TG_HASH_BYTES, TG_HASH_BYTES);
	return TG_OK;
}

int
tg_record_raw(struct tg_bytes value, struct tg_bytes *raw)
{
	unsigned nodes;

	return split_record(value, &nodes, raw);
}

int
tg_record_entry(struct tg_bytes value, struct tg_bytes *raw, struct tg_entry *entry)
{
	struct tg_hash leaf;
	int rc;

	if ((rc = tg_record_raw(value, raw)) != TG_OK)
		return rc;
	if ((rc = tg_entry_decode(raw->data, raw->len, entry)) != TG_OK)
		return rc;
	/* Disks rot, and in a browser other code can write to the storage: look before passing it on. */
	tg_entry_leaf(entry, &leaf);
	return memcmp(leaf.b, value.data + 1, TG_HASH_BYTES) == 0 ? TG_OK : TG_EHASH;
}

int
tg_stored_entry(const void *value, size_t len, struct tg_bytes *entry)
{
	struct tg_bytes raw;
	struct tg_entry e;
	int rc;

	if ((rc = tg_record_entry((struct tg_bytes){value, len}, &raw, &e)) == TG_OK)
		*entry = raw;
	return rc;
}

static int
fetch_node(void *ctx, unsigned level, uint64_t index, struct tg_hash *out)
{
	struct tg_log_source *s = ctx;
	uint64_t seq = ((index + 1) << level) - 1; /* its last leaf */
	struct tg_bytes value;
	int rc;

	if (s->fetch == NULL)
		return TG_ENOTFOUND;
	if ((rc = s->fetch->record(s->fetch->ctx, &s->log->name, seq, &value)) != TG_OK)
		return rc;
	return tg_record_node(value, seq, level, out);
}

struct tg_tree_source
tg_log_tree(struct tg_log_source *source)
{
	return (struct tg_tree_source){fetch_node, source};
}

/* ---- open and close ---- */

void
tg_log_init(struct tg_log *log, const struct tg_access *access, const struct tg_key *key)
{
	memset(log, 0, sizeof *log);
	log->key = log->name = *key;
	log->grid = access->grid;
	log->epoch = access->epoch;
}

int
tg_log_open(struct tg_log *log, const struct tg_access *access, const struct tg_key *key, const void *value,
    size_t len)
{
	const uint8_t *p = value;
	struct tg_head head;
	uint64_t length = 0;
	int rc;

	memset(log, 0, sizeof *log);
	if (len < 8)
		return TG_ETRUNCATED;
	for (int i = 0; i < 8; i++)
		length = length << 8 | p[i];
	if ((rc = tg_head_decode(p + 8, len - 8, &head)) != TG_OK)
		return rc;
	if (length == 0 || length > TG_TREE_LEAVES_MAX || tg_key_cmp(&head.log, key) != 0)
		return TG_EFORMAT;
	if (tg_hash_cmp(&head.grid, &access->grid) != 0)
		return TG_EGRID;
	if (head.epoch != access->epoch)
		return TG_EEPOCH;
	if (head.length > length) { /* a crash in the middle of catching up */
		struct tg_head *far = tg_malloc(sizeof *far);

		if (far == NULL)
			return TG_ENOMEM;
		*far = head;
		tg_log_init(log, access, key);
		log->far = far;
		log->far_stored = 1;
	} else {
		/*
		 * Entries beyond the head were verified against a longer one, which the record has no room
		 * for.  Without it nothing vouches for them any more, so they are fetched again.
		 */
		tg_log_init(log, access, key);
		log->head = head;
		length = head.length;
	}
	log->length = length;
	log->unchecked = 1;
	return TG_OK;
}

int
tg_log_own(struct tg_log *log, const struct tg_secret *seed)
{
	struct tg_keypair pair;
	int rc = TG_OK;

	tg_keypair_from_seed(seed, &pair);
	if (tg_key_cmp(&pair.public_key, &log->key) != 0)
		rc = TG_EPERM;
	else if (log->pair == NULL && (log->pair = tg_malloc(sizeof *log->pair)) == NULL)
		rc = TG_ENOMEM;
	else
		*log->pair = pair;
	tg_wipe(&pair, sizeof pair);
	return rc;
}

void
tg_log_close(struct tg_log *log)
{
	for (size_t i = 0; i < log->ranges_count; i++)
		tg_range_free(&log->ranges[i]);
	tg_free(log->ranges);
	tg_free(log->peaks);
	tg_free(log->far);
	if (log->pair != NULL)
		tg_wipe(log->pair, sizeof *log->pair);
	tg_free(log->pair);
	memset(log, 0, sizeof *log);
}

int
tg_log_reserve_peaks(struct tg_log *log, uint64_t n)
{
	size_t bits = n ? 64 - (size_t)__builtin_clzll(n) : 1; /* no number up to n has more peaks */

	return tg_mem_grow((void **)&log->peaks, &log->peaks_cap, bits, sizeof *log->peaks);
}

void
tg_log_set_peaks(struct tg_log *log, const struct tg_hash *peaks, uint64_t n)
{
	memcpy(log->peaks, peaks, tg_tree_peaks(n) * sizeof *peaks);
}

int
tg_log_load(struct tg_log *log, const struct tg_fetch *fetch)
{
	struct tg_log_source source = {log, fetch};
	struct tg_tree_source tree = tg_log_tree(&source);
	struct tg_hash peaks[TG_TREE_LEVELS], root;
	int rc;

	if (!log->unchecked)
		return TG_OK;
	if ((rc = tg_tree_load_peaks(&tree, log->length, peaks)) != TG_OK)
		return rc;
	if (log->head.length) { /* do the stored records lead to what the head signs? */
		tg_tree_root(peaks, log->length, &root);
		if (tg_hash_cmp(&root, &log->head.root) != 0)
			return TG_EHASH;
	}
	if ((rc = tg_head_verify(log->far ? log->far : &log->head)) != TG_OK)
		return rc;
	if ((rc = tg_log_reserve_peaks(log, log->length)) != TG_OK)
		return rc;
	tg_log_set_peaks(log, peaks, log->length);
	log->unchecked = 0;
	return TG_OK;
}

int
tg_log_put_head(const struct tg_log *log, uint64_t length, const struct tg_head *head, struct tg_ops *ops)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], value[8 + TG_HEAD_MAX_BYTES];
	size_t key_len = tg_storage_key_head(&log->grid, &log->name, key);

	for (int i = 0; i < 8; i++)
		value[i] = (uint8_t)(length >> (56 - 8 * i));
	return tg_ops_put(ops, key, key_len, value, 8 + tg_head_encode(head, value + 8));
}

int
tg_log_missing(const struct tg_log *log, size_t i, uint64_t bound, uint64_t *from, uint64_t *to)
{
	*from = i == 0 ? log->length : i <= log->ranges_count ? log->ranges[i - 1].to : bound;
	*to = i < log->ranges_count ? log->ranges[i].from : bound;
	if (*to > bound)
		*to = bound;
	return *from < *to;
}
