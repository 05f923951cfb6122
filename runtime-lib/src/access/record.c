#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS_MAX 64 /* of a record of any version */

void
tg_record_open(struct tg_reader *r, const void *data, size_t len, uint32_t count)
{
	uint32_t n;

	tg_reader_init(r, data, len);
	n = tg_read_array(r, 1, ELEMENTS_MAX);
	if (tg_read_uint(r, UINT64_MAX) != TG_PROTOCOL_VERSION)
		tg_reader_fail(r, TG_EVERSION);
	if (n != count)
		tg_reader_fail(r, TG_EFORMAT);
}

size_t
tg_record_begin(struct tg_buf *out, uint32_t count)
{
	size_t from = out->len;

	tg_write_array(out, count);
	tg_write_uint(out, TG_PROTOCOL_VERSION);
	return from;
}

void
tg_record_digest(const struct tg_buf *out, size_t from, enum tg_domain domain, struct tg_hash *digest)
{
	if (out->failed)
		memset(digest, 0, sizeof *digest);
	else
		tg_hash(domain, out->data + from, out->len - from, digest);
}

void
tg_record_sign(struct tg_buf *out, const struct tg_keypair *pair, const struct tg_hash *digest)
{
	struct tg_sig sig;

	tg_sign(pair, digest, &sig);
	tg_write_bin(out, sig.b, sizeof sig.b);
}
