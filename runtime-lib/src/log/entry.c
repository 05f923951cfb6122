#include <string.h>

#include <toygrid/status.h>

#include "access/record.h"
#include "log/entry.h"
#include "wire/writer.h"

/*
 * H(tg/text, "").  Most entries of some kinds have no text, and a hash costs as much as sealing a short body;
 * a test compares this with the function.
 */
static const struct tg_hash empty_text = {
    {0x47, 0x7d, 0xad, 0x63, 0x50, 0x8e, 0x1e, 0x52, 0x69, 0x8a, 0xab, 0xc4, 0x34, 0x4c, 0xd4, 0xbc, 0xee,
	0xee, 0xe5, 0x0c, 0xaa, 0x30, 0x91, 0xd5, 0x46, 0x12, 0x1d, 0x96, 0xe3, 0xe7, 0xd0, 0xb6}};

void
tg_entry_read(struct tg_reader *r, struct tg_entry *out)
{
	uint8_t tag;

	tg_read_array(r, 3, 3);
	out->header = tg_read_bin(r, TG_ENTRY_HEADER_MAX_BYTES);
	out->body = tg_read_bin(r, TG_ENTRY_BODY_MAX_BYTES);
	tag = r->status == TG_OK && r->at < r->len ? r->data[r->at] : 0;
	out->expunged = tag == 0x91; /* [bin32] instead of bin */
	if (out->expunged) {
		tg_read_array(r, 1, 1);
		out->text = tg_read_bin(r, TG_HASH_BYTES);
		if (out->text.len != TG_HASH_BYTES)
			tg_reader_fail(r, TG_EFORMAT);
	} else {
		out->text = tg_read_bin(r, TG_ENTRY_TEXT_MAX_BYTES);
	}
	if (r->status == TG_OK && tg_entry_size(out) > TG_ENTRY_MAX_BYTES)
		tg_reader_fail(r, TG_ETOOBIG);
}

int
tg_entry_decode(const void *data, size_t len, struct tg_entry *out)
{
	struct tg_reader r;
	struct tg_entry e;
	int rc;

	tg_reader_init(&r, data, len);
	tg_entry_read(&r, &e);
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = e;
	return rc;
}

void
tg_entry_encode(const struct tg_entry *entry, struct tg_buf *out)
{
	tg_write_array(out, 3);
	tg_write_bin(out, entry->header.data, entry->header.len);
	tg_write_bin(out, entry->body.data, entry->body.len);
	if (entry->expunged)
		tg_write_array(out, 1);
	tg_write_bin(out, entry->text.data, entry->text.len);
}

void
tg_entry_leaf(const struct tg_entry *entry, struct tg_hash *leaf)
{
	uint8_t bytes[TG_ENTRY_HEADER_MAX_BYTES + 2 * TG_HASH_BYTES];
	uint8_t *p = bytes + entry->header.len;
	struct tg_hash part;

	memcpy(bytes, entry->header.data, entry->header.len);
	tg_hash(TG_DOMAIN_BODY, entry->body.data, entry->body.len, &part);
	memcpy(p, part.b, TG_HASH_BYTES);
	if (entry->expunged)
		memcpy(part.b, entry->text.data, TG_HASH_BYTES);
	else if (entry->text.len == 0)
		part = empty_text;
	else
		tg_hash(TG_DOMAIN_TEXT, entry->text.data, entry->text.len, &part);
	memcpy(p + TG_HASH_BYTES, part.b, TG_HASH_BYTES);
	tg_hash(TG_DOMAIN_LEAF, bytes, entry->header.len + 2 * TG_HASH_BYTES, leaf);
}

size_t
tg_entry_size(const struct tg_entry *entry)
{
	return entry->header.len + entry->body.len + (entry->expunged ? 0 : entry->text.len);
}

int
tg_entry_header_decode(const void *data, size_t len, struct tg_entry_header *out)
{
	struct tg_entry_header h;
	struct tg_reader r;
	int rc;

	tg_record_open(&r, data, len, 4);
	h.epoch = tg_read_uint(&r, UINT64_MAX);
	h.class = (unsigned)tg_read_uint(&r, TG_CLASS_RECORD);
	tg_read_fixed(&r, h.nonce, sizeof h.nonce);
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = h;
	return rc;
}

int
tg_entry_check(const struct tg_entry *entry, uint64_t seq, uint64_t epoch)
{
	struct tg_entry_header h;
	int rc;

	if (seq == 0) /* the certificate: tg_cert_decode looks at the header */
		return entry->body.len || entry->text.len || entry->expunged ? TG_EFORMAT : TG_OK;
	if ((rc = tg_entry_header_decode(entry->header.data, entry->header.len, &h)) != TG_OK)
		return rc;
	if (entry->body.len <= TG_TAG_BYTES)
		return TG_EFORMAT;
	if (!entry->expunged && entry->text.len > 0 && entry->text.len <= TG_TEXT_SALT_BYTES + TG_TAG_BYTES)
		return TG_EFORMAT;
	if (h.class == TG_CLASS_RECORD && (entry->expunged || entry->text.len))
		return TG_EFORMAT;
	return h.epoch == epoch ? TG_OK : TG_EEPOCH;
}

size_t
tg_entry_header(
    uint64_t epoch, unsigned class, const uint8_t nonce[TG_NONCE_BYTES], uint8_t out[TG_ENTRY_HEADER_LEN_MAX])
{
	struct tg_buf buf = {.data = out, .cap = TG_ENTRY_HEADER_LEN_MAX}; /* large enough: never grows */

	tg_record_begin(&buf, 4);
	tg_write_uint(&buf, epoch);
	tg_write_uint(&buf, class);
	tg_write_bin(&buf, nonce, TG_NONCE_BYTES);
	return buf.len;
}

size_t
tg_entry_aad(
    const struct tg_key *log, uint64_t seq, const uint8_t *header, size_t len, uint8_t out[TG_ENTRY_AAD_MAX])
{
	memcpy(out, log->b, TG_KEY_BYTES);
	for (int i = 0; i < 8; i++)
		out[TG_KEY_BYTES + i] = (uint8_t)(seq >> (56 - 8 * i));
	memcpy(out + TG_KEY_BYTES + 8, header, len);
	return TG_KEY_BYTES + 8 + len;
}

size_t
tg_bin_header(uint8_t out[5], size_t len)
{
	if (len < 0x100) {
		out[0] = 0xc4;
		out[1] = (uint8_t)len;
		return 2;
	}
	if (len < 0x10000) {
		out[0] = 0xc5;
		out[1] = (uint8_t)(len >> 8);
		out[2] = (uint8_t)len;
		return 3;
	}
	out[0] = 0xc6;
	out[1] = (uint8_t)(len >> 24);
	out[2] = (uint8_t)(len >> 16);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
	return 5;
}

int
tg_entry_open(const struct tg_access *access, const struct tg_key *log, uint64_t seq,
    const struct tg_entry *entry, struct tg_buf *out, size_t *body_len)
{
	uint8_t aad[TG_ENTRY_AAD_MAX];
	const struct tg_secret *body_key;
	struct tg_entry_header h;
	size_t aad_len, before = out->len, plain;
	uint8_t *p;
	int rc;

	*body_len = 0;
	if (seq == 0)
		return TG_ERANGE;
	if ((rc = tg_entry_check(entry, seq, access->epoch)) != TG_OK)
		return rc;
	if ((rc = tg_entry_header_decode(entry->header.data, entry->header.len, &h)) != TG_OK)
		return rc;
	if (h.class == TG_CLASS_CONTENT && access->mode == TG_MODE_REPLICA)
		return TG_EPERM;
	body_key = h.class == TG_CLASS_RECORD ? &access->record : &access->body;
	aad_len = tg_entry_aad(log, seq, entry->header.data, entry->header.len, aad);

	plain = entry->body.len - TG_TAG_BYTES;
	if (tg_buf_status(out) != TG_OK)
		return TG_ENOMEM;
	if ((p = tg_buf_space(out, plain)) == NULL) {
		rc = TG_ENOMEM;
		goto undo;
	}
	rc = tg_open(body_key, h.nonce, aad, aad_len, entry->body.data, entry->body.len, p);
	if (rc != TG_OK)
		goto undo;
	if (!entry->expunged && entry->text.len) {
		const uint8_t *sealed = entry->text.data + TG_TEXT_SALT_BYTES;
		size_t len = entry->text.len - TG_TEXT_SALT_BYTES;

		if ((p = tg_buf_space(out, len - TG_TAG_BYTES)) == NULL) {
			rc = TG_ENOMEM;
			goto undo;
		}
		rc = tg_open(&access->text, h.nonce, aad, aad_len, sealed, len, p);
		if (rc != TG_OK)
			goto undo;
	}
	*body_len = plain;
	return TG_OK;

undo:
	tg_buf_truncate(out, before);
	return rc;
}
