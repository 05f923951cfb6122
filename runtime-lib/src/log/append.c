#include <string.h>

#include <toygrid/status.h>

#include "base/buf.h"
#include "base/mem.h"
#include "log/entry.h"
#include "log/state.h"
#include "wire/writer.h"

#define NONCES 64 /* drawn at once: a draw costs as much as sealing a short entry */

/* What an entry needs that nobody can foresee. */
struct drawn {
	uint8_t nonce[TG_NONCE_BYTES];
	uint8_t salt[TG_TEXT_SALT_BYTES];
};

/* What the text part has beside the text. */
#define TEXT_EXTRA (TG_TEXT_SALT_BYTES + TG_TAG_BYTES)

/* Where the parts of an entry go, so that ciphertext is written where it will be stored. */
struct layout {
	uint8_t bin[3][5];
	size_t bin_len[3];
	size_t header, body, text; /* lengths */
	size_t total;
};

static void
lay_out(struct layout *l, size_t header, size_t body, size_t text)
{
	l->header = header;
	l->body = body;
	l->text = text;
	l->bin_len[0] = tg_bin_header(l->bin[0], header);
	l->bin_len[1] = tg_bin_header(l->bin[1], body);
	l->bin_len[2] = tg_bin_header(l->bin[2], text);
	l->total = 1 + l->bin_len[0] + header + l->bin_len[1] + body + l->bin_len[2] + text;
}

/* Write all but the ciphertexts, and say where these and the header are. */
static void
frame(const struct layout *l, uint8_t *p, uint8_t *part[3])
{
	const size_t len[3] = {l->header, l->body, l->text};

	*p++ = 0x93;
	for (int i = 0; i < 3; i++) {
		memcpy(p, l->bin[i], l->bin_len[i]);
		part[i] = p + l->bin_len[i];
		p = part[i] + len[i];
	}
}

/* One `e` record: its nodes need the leaf, which needs the ciphertext, so the value is filled from the back.
 */
static int
put_entry(const struct tg_log *log, uint64_t seq, const struct layout *l, struct tg_ops *ops, uint8_t **nodes,
    uint8_t **entry)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t key_len = tg_storage_key_entry(&log->grid, &log->name, seq, key);
	unsigned count = tg_tree_completed(seq);
	uint8_t *p = tg_ops_space(ops, key, key_len, 1 + count * TG_HASH_BYTES + l->total);

	if (p == NULL)
		return TG_ENOMEM;
	*p = (uint8_t)count;
	*nodes = p + 1;
	*entry = *nodes + count * TG_HASH_BYTES;
	return TG_OK;
}

static int
check_draft(const struct tg_draft *d)
{
	size_t header = TG_ENTRY_HEADER_LEN_MAX, body = d->body.len + TG_TAG_BYTES, text = d->text.len;

	if (d->class > TG_CLASS_RECORD || d->body.len == 0 || (d->class == TG_CLASS_RECORD && text))
		return TG_EINVAL;
	if (body > TG_ENTRY_BODY_MAX_BYTES || text > TG_TEXT_MAX_BYTES ||
	    header + body + text + TEXT_EXTRA > TG_ENTRY_MAX_BYTES)
		return TG_ETOOBIG;
	return TG_OK;
}

static int
seal_draft(struct tg_log *log, const struct tg_access *access, uint64_t seq, const struct tg_draft *d,
    const struct drawn *drawn, struct tg_hash *peaks, uint64_t *bytes, struct tg_ops *ops)
{
	uint8_t header[TG_ENTRY_HEADER_LEN_MAX], aad[TG_ENTRY_AAD_MAX], *nodes, *raw, *part[3];
	struct tg_entry entry = {0};
	struct tg_hash leaf;
	struct layout l;
	size_t aad_len;
	int rc;

	lay_out(&l, tg_entry_header(log->epoch, d->class, drawn->nonce, header), d->body.len + TG_TAG_BYTES,
	    d->text.len ? d->text.len + TEXT_EXTRA : 0);
	if ((rc = put_entry(log, seq, &l, ops, &nodes, &raw)) != TG_OK)
		return rc;
	frame(&l, raw, part);
	memcpy(part[0], header, l.header);
	aad_len = tg_entry_aad(&log->key, seq, header, l.header, aad);
	tg_seal(d->class == TG_CLASS_RECORD ? &access->record : &access->body, drawn->nonce, aad, aad_len,
	    d->body.data, d->body.len, part[1]);
	if (l.text) {
		memcpy(part[2], drawn->salt, sizeof drawn->salt);
		tg_seal(&access->text, drawn->nonce, aad, aad_len, d->text.data, d->text.len,
		    part[2] + sizeof drawn->salt);
	}
	entry.header = (struct tg_bytes){part[0], l.header};
	entry.body = (struct tg_bytes){part[1], l.body};
	entry.text = (struct tg_bytes){part[2], l.text};
	tg_entry_leaf(&entry, &leaf);
	tg_tree_append(peaks, seq, &leaf, nodes);
	*bytes += tg_entry_size(&entry);
	return TG_OK;
}

/* Sign a head over what was added, and make it the log's. */
static int
finish(struct tg_log *log, uint64_t length, uint64_t bytes, const struct tg_hash *peaks, struct tg_ops *ops)
{
	struct tg_head head = {.grid = log->grid, .epoch = log->epoch, .log = log->key};
	int rc;

	head.length = length;
	head.bytes = bytes;
	tg_tree_root(peaks, length, &head.root);
	tg_head_sign(log->pair, &head);
	if ((rc = tg_log_put_head(log, length, &head, ops)) != TG_OK)
		return rc;
	if ((rc = tg_log_reserve_peaks(log, length)) != TG_OK)
		return rc;
	tg_log_set_peaks(log, peaks, length);
	log->length = length;
	log->head = head;
	return TG_OK;
}

/* One allocation for the whole batch instead of a doubling now and then.  Failing is no harm: tg_ops_space
 * tries again with what it needs. */
static int
reserve(struct tg_ops *ops, const struct tg_draft *drafts, size_t count)
{
	size_t need = TG_STORAGE_KEY_MAX_BYTES + 8 + TG_HEAD_MAX_BYTES;

	for (size_t i = 0; i < count; i++)
		need += TG_STORAGE_KEY_MAX_BYTES + 1 + 3 * TG_HASH_BYTES + TG_ENTRY_OVERHEAD_MAX +
			TG_ENTRY_HEADER_LEN_MAX + drafts[i].body.len + drafts[i].text.len + TG_TAG_BYTES +
			TEXT_EXTRA;
	if (need > SIZE_MAX / 2 - ops->len)
		return TG_ENOMEM;
	return tg_mem_grow((void **)&ops->bytes, &ops->cap, ops->len + need, 1);
}

int
tg_log_append(struct tg_log *log, const struct tg_access *access, const struct tg_draft *drafts, size_t count,
    struct tg_rng *rng, const struct tg_fetch *fetch, struct tg_ops *ops)
{
	struct tg_ops_mark mark = tg_ops_mark(ops);
	struct drawn drawn[NONCES];
	struct tg_hash peaks[TG_TREE_LEVELS];
	uint64_t bytes = log->head.bytes;
	int rc;

	if (log->pair == NULL || access->mode < TG_MODE_COMMENT)
		return TG_EPERM;
	if (access->epoch != log->epoch)
		return TG_EEPOCH;
	if (count == 0)
		return TG_EINVAL;
	for (size_t i = 0; i < count; i++)
		if ((rc = check_draft(&drafts[i])) != TG_OK)
			return rc;
	if (log->length == 0 || log->head.length != log->length || log->ranges_count)
		return TG_EGAP;
	if ((rc = tg_log_load(log, fetch)) != TG_OK)
		return rc;
	if ((rc = reserve(ops, drafts, count)) != TG_OK)
		return rc;
	memcpy(peaks, log->peaks, tg_tree_peaks(log->length) * sizeof *peaks);
	for (size_t i = 0; i < count; i++) {
		if (i % NONCES == 0)
			tg_rng_bytes(rng, drawn, (count - i < NONCES ? count - i : NONCES) * sizeof drawn[0]);
		rc = seal_draft(
		    log, access, log->length + i, &drafts[i], &drawn[i % NONCES], peaks, &bytes, ops);
		if (rc != TG_OK)
			goto undo_ops;
	}
	if ((rc = finish(log, log->length + count, bytes, peaks, ops)) != TG_OK)
		goto undo_ops;
	return TG_OK;

undo_ops:
	tg_ops_rollback(ops, mark);
	return rc;
}

/* The `k` record: [1, seed]. */
static int
put_seed(const struct tg_log *log, const struct tg_secret *seed, struct tg_ops *ops)
{
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES], value[40];
	struct tg_buf buf = {.data = value, .cap = sizeof value}; /* large enough: never grows */
	int rc;

	tg_write_array(&buf, 2);
	tg_write_uint(&buf, TG_PROTOCOL_VERSION);
	tg_write_bin(&buf, seed->b, sizeof seed->b);
	rc = tg_ops_put(ops, key, tg_storage_key_seed(&log->grid, &log->key, key), buf.data, buf.len);
	tg_wipe(value, sizeof value);
	return rc;
}

static int
put_certificate(struct tg_log *log, const struct tg_buf *cert, struct tg_hash *peaks, struct tg_ops *ops)
{
	struct tg_entry entry = {.header = {cert->data, cert->len}};
	uint8_t *nodes, *raw, *part[3];
	struct tg_hash leaf;
	struct layout l;
	int rc;

	lay_out(&l, cert->len, 0, 0);
	if ((rc = put_entry(log, 0, &l, ops, &nodes, &raw)) != TG_OK)
		return rc;
	frame(&l, raw, part);
	memcpy(part[0], cert->data, cert->len);
	tg_entry_leaf(&entry, &leaf);
	tg_tree_append(peaks, 0, &leaf, nodes);
	return TG_OK;
}

int
tg_log_create(struct tg_log *log, const struct tg_access *access, const struct tg_secret *seed,
    const struct tg_keypair *device, const void *device_record, size_t record_len, struct tg_rng *rng,
    struct tg_ops *ops)
{
	struct tg_ops_mark mark = tg_ops_mark(ops);
	uint8_t nonce[TG_NONCE_BYTES];
	struct tg_hash peaks[TG_TREE_LEVELS];
	struct tg_buf cert = {0};
	struct tg_keypair pair;
	int rc;

	tg_keypair_from_seed(seed, &pair);
	tg_log_init(log, access, &pair.public_key);
	tg_wipe(&pair, sizeof pair);
	if ((rc = tg_log_own(log, seed)) != TG_OK)
		goto close_log;
	tg_rng_bytes(rng, nonce, sizeof nonce);
	rc = tg_cert_encode(access, &log->key, device, device_record, record_len, nonce, &cert);
	if (rc != TG_OK)
		goto free_cert;
	if ((rc = put_seed(log, seed, ops)) != TG_OK)
		goto undo_ops;
	if ((rc = put_certificate(log, &cert, peaks, ops)) != TG_OK)
		goto undo_ops;
	if ((rc = finish(log, 1, cert.len, peaks, ops)) != TG_OK)
		goto undo_ops;
	tg_buf_free(&cert);
	return TG_OK;

undo_ops:
	tg_ops_rollback(ops, mark);
free_cert:
	tg_buf_free(&cert);
close_log:
	tg_log_close(log);
	return rc;
}
