#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "base/buf.h"
#include "wire/writer.h"

enum {
	KIND_PLAIN,
	KIND_SIGNED
};

#define PLAIN_ELEMENTS	3
#define SIGNED_ELEMENTS 6

/*
 * Everything about the seal but the key is fixed: the key is derived from the name, so it seals exactly one
 * content, and a fixed nonce is used once with it.  That makes equal chunks of a grid equal at rest.
 */
static const uint8_t zero_nonce[TG_NONCE_BYTES];

static int
finish(struct tg_buf *out, size_t from)
{
	if (tg_buf_status(out) == TG_OK)
		return TG_OK;
	tg_buf_truncate(out, from);
	return TG_ENOMEM;
}

int
tg_chunk_plain(const void *data, size_t len, struct tg_buf *out, struct tg_hash *name)
{
	size_t from;

	if (len > TG_CHUNK_DATA_MAX)
		return TG_ETOOBIG;
	if (tg_buf_status(out) != TG_OK)
		return TG_ENOMEM;
	from = tg_record_begin(out, PLAIN_ELEMENTS);
	tg_write_uint(out, KIND_PLAIN);
	tg_write_bin(out, data, len);
	tg_record_digest(out, from, TG_DOMAIN_CHUNK, name);
	return finish(out, from);
}

int
tg_chunk_signed(const struct tg_keypair *origin, const uint8_t nonce[TG_CHUNK_NONCE_BYTES], const void *data,
    size_t len, struct tg_buf *out, struct tg_hash *name)
{
	size_t from;

	if (len > TG_CHUNK_SIGNED_DATA_MAX)
		return TG_ETOOBIG;
	if (tg_buf_status(out) != TG_OK)
		return TG_ENOMEM;
	from = tg_record_begin(out, SIGNED_ELEMENTS);
	tg_write_uint(out, KIND_SIGNED);
	tg_write_bin(out, origin->public_key.b, TG_KEY_BYTES);
	tg_write_bin(out, nonce, TG_CHUNK_NONCE_BYTES);
	tg_write_bin(out, data, len);
	tg_record_digest(out, from, TG_DOMAIN_CHUNK, name);
	tg_record_sign(out, origin, name);
	return finish(out, from);
}

int
tg_chunk_decode(const struct tg_hash *name, const void *record, size_t len, struct tg_chunk *out)
{
	struct tg_chunk c = {0};
	struct tg_sig sig;
	struct tg_reader r;
	size_t named;
	int rc;

	if (len > TG_CHUNK_RECORD_MAX)
		return TG_ETOOBIG;
	/* The kind says how many elements there are: array and version are one byte each, so it is the third.
	 */
	c.is_signed = len > 2 && ((const uint8_t *)record)[2] == KIND_SIGNED;
	tg_record_open(&r, record, len, c.is_signed ? SIGNED_ELEMENTS : PLAIN_ELEMENTS);
	if (tg_read_uint(&r, KIND_SIGNED) != (uint64_t)c.is_signed)
		tg_reader_fail(&r, TG_EFORMAT);
	if (c.is_signed) {
		tg_read_fixed(&r, c.origin.b, sizeof c.origin.b);
		tg_read_fixed(&r, c.nonce, sizeof c.nonce);
	}
	c.data = tg_read_bin(&r, TG_CHUNK_RECORD_MAX);
	named = r.at;
	if (c.is_signed)
		tg_read_fixed(&r, sig.b, sizeof sig.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	tg_hash(TG_DOMAIN_CHUNK, record, named, &c.name);
	if (name != NULL && tg_hash_cmp(name, &c.name) != 0)
		return TG_EHASH;
	if (c.is_signed && (rc = tg_verify(&c.origin, &c.name, &sig)) != TG_OK)
		return rc;
	*out = c;
	return TG_OK;
}

int
tg_chunk_locator(const struct tg_access *access, const struct tg_hash *name, struct tg_hash *out)
{
	struct tg_secret place;

	if (access->mode < TG_MODE_VIEW)
		return TG_EPERM;
	tg_derive(&access->locator, "chunk-place", name->b, sizeof name->b, &place);
	memcpy(out->b, place.b, sizeof out->b);
	return TG_OK;
}

int
tg_chunk_seal(const struct tg_access *access, const struct tg_hash *name, const void *record, size_t len,
    struct tg_buf *out)
{
	struct tg_secret key;
	uint8_t *p;

	if (access->mode < TG_MODE_VIEW)
		return TG_EPERM;
	if (len > TG_CHUNK_RECORD_MAX)
		return TG_ETOOBIG;
	if ((p = tg_buf_space(out, len + TG_TAG_BYTES)) == NULL)
		return TG_ENOMEM;
	tg_derive(&access->chunk, "chunk-seal", name->b, sizeof name->b, &key);
	tg_seal(&key, zero_nonce, name->b, sizeof name->b, record, len, p);
	tg_wipe(&key, sizeof key);
	return TG_OK;
}

int
tg_chunk_open(const struct tg_access *access, const struct tg_hash *name, const void *stored, size_t len,
    struct tg_buf *record, struct tg_chunk *out)
{
	size_t before = record->len;
	struct tg_secret key;
	uint8_t *p;
	int rc;

	if (access->mode < TG_MODE_VIEW)
		return TG_EPERM;
	if (len > TG_CHUNK_STORED_MAX_BYTES)
		return TG_ETOOBIG;
	if (len <= TG_TAG_BYTES)
		return TG_EDECRYPT;
	if (tg_buf_status(record) != TG_OK)
		return TG_ENOMEM;
	if ((p = tg_buf_space(record, len - TG_TAG_BYTES)) == NULL) {
		tg_buf_truncate(record, before);
		return TG_ENOMEM;
	}
	tg_derive(&access->chunk, "chunk-seal", name->b, sizeof name->b, &key);
	rc = tg_open(&key, zero_nonce, name->b, sizeof name->b, stored, len, p);
	tg_wipe(&key, sizeof key);
	if (rc == TG_OK)
		rc = tg_chunk_decode(name, p, len - TG_TAG_BYTES, out);
	if (rc != TG_OK)
		tg_buf_truncate(record, before);
	return rc;
}

int
tg_chunk_keep(const void *stored, size_t len, struct tg_buf *value)
{
	struct tg_hash hash;
	uint8_t *p;

	if (len > TG_CHUNK_STORED_MAX_BYTES)
		return TG_ETOOBIG;
	if (len <= TG_TAG_BYTES)
		return TG_EFORMAT;
	if ((p = tg_buf_space(value, sizeof hash.b + len)) == NULL)
		return TG_ENOMEM;
	tg_hash(TG_DOMAIN_STORED, stored, len, &hash);
	memcpy(p, hash.b, sizeof hash.b);
	memcpy(p + sizeof hash.b, stored, len);
	return TG_OK;
}

int
tg_chunk_kept(const void *value, size_t len, struct tg_bytes *stored)
{
	const uint8_t *p = value;
	struct tg_hash hash;

	if (len <= sizeof hash.b + TG_TAG_BYTES)
		return TG_EFORMAT;
	if (len - sizeof hash.b > TG_CHUNK_STORED_MAX_BYTES)
		return TG_ETOOBIG;
	tg_hash(TG_DOMAIN_STORED, p + sizeof hash.b, len - sizeof hash.b, &hash);
	if (memcmp(hash.b, p, sizeof hash.b) != 0)
		return TG_EHASH;
	*stored = (struct tg_bytes){p + sizeof hash.b, len - sizeof hash.b};
	return TG_OK;
}
