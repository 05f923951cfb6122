#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS 9

int
tg_session_encode(const struct tg_access *access, const struct tg_key *session,
    const struct tg_keypair *device, const uint8_t nonce[TG_SESSION_NONCE_BYTES], unsigned role,
    struct tg_buf *out)
{
	struct tg_hash digest;
	size_t from;

	if (role > TG_SESSION_REPLICA || (role == TG_SESSION_WRITER && access->mode < TG_MODE_COMMENT))
		return TG_EPERM;
	from = tg_record_begin(out, ELEMENTS);
	tg_write_bin(out, access->grid.b, sizeof access->grid.b);
	tg_write_uint(out, access->epoch);
	tg_write_bin(out, session->b, sizeof session->b);
	tg_write_bin(out, nonce, TG_SESSION_NONCE_BYTES);
	tg_write_uint(out, role);
	tg_write_bin(out, device->public_key.b, TG_KEY_BYTES);
	tg_record_digest(out, from, TG_DOMAIN_SESSION, &digest);
	tg_record_sign(out, device, &digest);
	tg_record_sign(out, role == TG_SESSION_WRITER ? &access->write : &access->read, &digest);
	return tg_buf_status(out);
}

int
tg_session_decode(const struct tg_access *access, const void *data, size_t len, struct tg_session *out)
{
	struct tg_session s;
	struct tg_reader r;
	struct tg_hash grid, digest;
	struct tg_sig by_device, by_role;
	uint64_t epoch;
	size_t is_signed;
	int rc;

	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, grid.b, sizeof grid.b);
	epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, s.session.b, sizeof s.session.b);
	tg_read_fixed(&r, s.nonce, sizeof s.nonce);
	s.role = (unsigned)tg_read_uint(&r, TG_SESSION_REPLICA);
	tg_read_fixed(&r, s.device.b, sizeof s.device.b);
	is_signed = r.at;
	tg_read_fixed(&r, by_device.b, sizeof by_device.b);
	tg_read_fixed(&r, by_role.b, sizeof by_role.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (tg_hash_cmp(&grid, &access->grid) != 0)
		return TG_EGRID;
	if (epoch != access->epoch)
		return TG_EEPOCH;
	tg_hash(TG_DOMAIN_SESSION, data, is_signed, &digest);
	if ((rc = tg_verify(&s.device, &digest, &by_device)) != TG_OK)
		return rc;
	rc = tg_verify(s.role == TG_SESSION_WRITER ? &access->w : &access->r, &digest, &by_role);
	if (rc != TG_OK)
		return rc;
	*out = s;
	return TG_OK;
}
