#include <toygrid/log.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "log/tree.h"
#include "wire/writer.h"

#define ELEMENTS 8

/* All that the signature covers. */
static void
put_signed(const struct tg_head *head, struct tg_buf *buf)
{
	tg_record_begin(buf, ELEMENTS);
	tg_write_bin(buf, head->grid.b, sizeof head->grid.b);
	tg_write_uint(buf, head->epoch);
	tg_write_bin(buf, head->log.b, sizeof head->log.b);
	tg_write_uint(buf, head->length);
	tg_write_uint(buf, head->bytes);
	tg_write_bin(buf, head->root.b, sizeof head->root.b);
}

size_t
tg_head_encode(const struct tg_head *head, uint8_t out[TG_HEAD_MAX_BYTES])
{
	struct tg_buf buf = {.data = out, .cap = TG_HEAD_MAX_BYTES}; /* large enough: never grows */

	put_signed(head, &buf);
	tg_write_bin(&buf, head->sig.b, sizeof head->sig.b);
	return buf.len;
}

/*
 * Hashing our own encoding instead of the bytes received is safe here and only here: the reader takes no
 * second form of any value, so a decoded head has exactly one encoding, which a test checks.
 */
static void
digest_of(const struct tg_head *head, struct tg_hash *digest)
{
	uint8_t bytes[TG_HEAD_MAX_BYTES];
	struct tg_buf buf = {.data = bytes, .cap = sizeof bytes};

	put_signed(head, &buf);
	tg_hash(TG_DOMAIN_HEAD, buf.data, buf.len, digest);
}

void
tg_head_sign(const struct tg_keypair *pair, struct tg_head *head)
{
	struct tg_hash digest;

	digest_of(head, &digest);
	tg_sign(pair, &digest, &head->sig);
}

int
tg_head_verify(const struct tg_head *head)
{
	struct tg_hash digest;

	digest_of(head, &digest);
	return tg_verify(&head->log, &digest, &head->sig);
}

int
tg_head_decode(const void *data, size_t len, struct tg_head *out)
{
	struct tg_head h;
	struct tg_reader r;
	int rc;

	if (len > TG_HEAD_MAX_BYTES)
		return TG_ETOOBIG;
	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, h.grid.b, sizeof h.grid.b);
	h.epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, h.log.b, sizeof h.log.b);
	h.length = tg_read_uint(&r, TG_TREE_LEAVES_MAX);
	if (h.length == 0)
		tg_reader_fail(&r, TG_EFORMAT);
	h.bytes = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, h.root.b, sizeof h.root.b);
	tg_read_fixed(&r, h.sig.b, sizeof h.sig.b);
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = h;
	return rc;
}
