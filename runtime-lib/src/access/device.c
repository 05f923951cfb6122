#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS 5

void
tg_device_encode(const struct tg_keypair *identity, const struct tg_key *device, const struct tg_key *box,
    struct tg_buf *out)
{
	size_t from = tg_record_begin(out, ELEMENTS);
	struct tg_hash digest;

	tg_write_bin(out, identity->public_key.b, TG_KEY_BYTES);
	tg_write_bin(out, device->b, sizeof device->b);
	tg_write_bin(out, box->b, sizeof box->b);
	tg_record_digest(out, from, TG_DOMAIN_DEVICE, &digest);
	tg_record_sign(out, identity, &digest);
}

int
tg_device_decode(const void *data, size_t len, struct tg_device *out)
{
	struct tg_device d;
	struct tg_reader r;
	struct tg_hash digest;
	struct tg_sig sig;
	size_t is_signed;
	int rc;

	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, d.identity.b, sizeof d.identity.b);
	tg_read_fixed(&r, d.device.b, sizeof d.device.b);
	tg_read_fixed(&r, d.box.b, sizeof d.box.b);
	is_signed = r.at;
	tg_read_fixed(&r, sig.b, sizeof sig.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	tg_hash(TG_DOMAIN_DEVICE, data, is_signed, &digest);
	if ((rc = tg_verify(&d.identity, &digest, &sig)) != TG_OK)
		return rc;
	*out = d;
	return TG_OK;
}
