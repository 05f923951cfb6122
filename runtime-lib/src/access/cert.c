/*
 * A log's certificate: a device of the grid, admitted by the write key, says "this log is mine".  Whose
 * device it is lies sealed inside, so a replica can hold a log to the rules without learning who its writer
 * is.
 */
#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS     8
#define SEALED_BYTES (TG_NONCE_BYTES + TG_DEVICE_RECORD_BYTES + TG_TAG_BYTES)

/* The aad: a sealed identity cannot be moved to another log. */
static void
make_aad(const struct tg_hash *grid, const struct tg_key *log, uint8_t aad[64])
{
	memcpy(aad, grid->b, 32);
	memcpy(aad + 32, log->b, 32);
}

int
tg_cert_encode(const struct tg_access *access, const struct tg_key *log, const struct tg_keypair *device,
    const void *device_record, size_t record_len, const uint8_t nonce[TG_NONCE_BYTES], struct tg_buf *out)
{
	uint8_t aad[64], sealed[SEALED_BYTES];
	struct tg_hash digest;
	size_t from;

	if (access->mode < TG_MODE_COMMENT)
		return TG_EPERM;
	if (record_len != TG_DEVICE_RECORD_BYTES)
		return TG_EINVAL;
	make_aad(&access->grid, log, aad);
	memcpy(sealed, nonce, TG_NONCE_BYTES);
	tg_seal(
	    &access->identity, nonce, aad, sizeof aad, device_record, record_len, sealed + TG_NONCE_BYTES);

	from = tg_record_begin(out, ELEMENTS);
	tg_write_bin(out, access->grid.b, sizeof access->grid.b);
	tg_write_uint(out, access->epoch);
	tg_write_bin(out, log->b, sizeof log->b);
	tg_write_bin(out, device->public_key.b, TG_KEY_BYTES);
	tg_write_bin(out, sealed, sizeof sealed);
	tg_record_digest(out, from, TG_DOMAIN_CERT, &digest);
	tg_record_sign(out, device, &digest);
	tg_record_sign(out, &access->write, &digest);
	return tg_buf_status(out);
}

int
tg_cert_decode(const struct tg_access *access, const struct tg_key *log, const void *data, size_t len,
    struct tg_cert *out)
{
	struct tg_cert c;
	struct tg_reader r;
	struct tg_hash digest;
	struct tg_sig by_device, by_write;
	size_t is_signed;
	int rc;

	if (len > TG_CERT_MAX_BYTES)
		return TG_ETOOBIG;
	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, c.grid.b, sizeof c.grid.b);
	c.epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, c.log.b, sizeof c.log.b);
	tg_read_fixed(&r, c.device.b, sizeof c.device.b);
	c.sealed = tg_read_bin(&r, SEALED_BYTES);
	if (c.sealed.len != SEALED_BYTES)
		tg_reader_fail(&r, TG_EFORMAT);
	is_signed = r.at;
	tg_read_fixed(&r, by_device.b, sizeof by_device.b);
	tg_read_fixed(&r, by_write.b, sizeof by_write.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (tg_key_cmp(&c.log, log) != 0)
		return TG_EFORMAT;
	if (tg_hash_cmp(&c.grid, &access->grid) != 0)
		return TG_EGRID;
	if (c.epoch != access->epoch)
		return TG_EEPOCH;
	tg_hash(TG_DOMAIN_CERT, data, is_signed, &digest);
	if ((rc = tg_verify(&c.device, &digest, &by_device)) != TG_OK)
		return rc;
	if ((rc = tg_verify(&access->w, &digest, &by_write)) != TG_OK)
		return rc;
	*out = c;
	return TG_OK;
}

int
tg_cert_identity(const struct tg_access *access, const struct tg_cert *cert, struct tg_device *out)
{
	uint8_t aad[64], record[TG_DEVICE_RECORD_BYTES];
	struct tg_device d;
	int rc;

	if (access->mode < TG_MODE_VIEW)
		return TG_EPERM;
	if (cert->sealed.len != SEALED_BYTES)
		return TG_EFORMAT;
	make_aad(&cert->grid, &cert->log, aad);
	rc = tg_open(&access->identity, cert->sealed.data, aad, sizeof aad,
	    cert->sealed.data + TG_NONCE_BYTES, cert->sealed.len - TG_NONCE_BYTES, record);
	if (rc != TG_OK)
		return rc;
	if ((rc = tg_device_decode(record, sizeof record, &d)) != TG_OK)
		return rc;
	if (tg_key_cmp(&d.device, &cert->device) != 0)
		return TG_EFORMAT;
	*out = d;
	return TG_OK;
}
