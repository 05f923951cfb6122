/*
 * Who somebody is in this grid and what they may do: signed by the device (it speaks), by the identity (the
 * device is mine) and by the role's key (I hold the link that gives the role).
 */
#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "base/utf8.h"
#include "wire/writer.h"

#define ELEMENTS   11
#define COLOUR_MAX 0xffffffu

int
tg_member_encode(const struct tg_access *access, const struct tg_keypair *identity,
    const struct tg_keypair *device, unsigned role, const char *name, size_t name_len, uint32_t colour,
    struct tg_buf *out)
{
	struct tg_hash digest;
	size_t from, scalars;

	if (role < TG_MEMBER_COMMENTER || role > TG_MEMBER_EDITOR)
		return TG_EINVAL;
	if (access->mode < (role == TG_MEMBER_EDITOR ? TG_MODE_EDIT : TG_MODE_COMMENT))
		return TG_EPERM;
	if (name_len > TG_NAME_MAX_BYTES || colour > COLOUR_MAX ||
	    tg_utf8_count((const uint8_t *)name, name_len, &scalars) != TG_OK)
		return TG_EINVAL;
	from = tg_record_begin(out, ELEMENTS);
	tg_write_bin(out, access->grid.b, sizeof access->grid.b);
	tg_write_uint(out, access->epoch);
	tg_write_bin(out, identity->public_key.b, TG_KEY_BYTES);
	tg_write_bin(out, device->public_key.b, TG_KEY_BYTES);
	tg_write_uint(out, role);
	tg_write_str(out, name, name_len);
	tg_write_uint(out, colour);
	tg_record_digest(out, from, TG_DOMAIN_MEMBER, &digest);
	tg_record_sign(out, device, &digest);
	tg_record_sign(out, identity, &digest);
	tg_record_sign(out, role == TG_MEMBER_EDITOR ? &access->edit : &access->write, &digest);
	return tg_buf_status(out);
}

static int
is_zero(const struct tg_key *key)
{
	static const struct tg_key zero;

	return tg_key_cmp(key, &zero) == 0;
}

int
tg_member_decode(const struct tg_access *access, const void *data, size_t len, struct tg_member *out)
{
	struct tg_member m;
	struct tg_reader r;
	struct tg_hash grid, digest;
	struct tg_sig by_device, by_identity, by_role;
	const struct tg_key *role_key;
	uint64_t epoch;
	size_t is_signed;
	int rc;

	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, grid.b, sizeof grid.b);
	epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, m.identity.b, sizeof m.identity.b);
	tg_read_fixed(&r, m.device.b, sizeof m.device.b);
	m.role = (unsigned)tg_read_uint(&r, TG_MEMBER_EDITOR);
	if (m.role < TG_MEMBER_COMMENTER)
		tg_reader_fail(&r, TG_EFORMAT);
	m.name = tg_read_str(&r, TG_NAME_MAX_BYTES);
	m.colour = (uint32_t)tg_read_uint(&r, COLOUR_MAX);
	is_signed = r.at;
	tg_read_fixed(&r, by_device.b, sizeof by_device.b);
	tg_read_fixed(&r, by_identity.b, sizeof by_identity.b);
	tg_read_fixed(&r, by_role.b, sizeof by_role.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (tg_hash_cmp(&grid, &access->grid) != 0)
		return TG_EGRID;
	if (epoch != access->epoch)
		return TG_EEPOCH;
	role_key = m.role == TG_MEMBER_EDITOR ? &access->edit_role : &access->w;
	if (is_zero(role_key))
		return TG_EPERM;
	tg_hash(TG_DOMAIN_MEMBER, data, is_signed, &digest);
	if ((rc = tg_verify(&m.device, &digest, &by_device)) != TG_OK)
		return rc;
	if ((rc = tg_verify(&m.identity, &digest, &by_identity)) != TG_OK)
		return rc;
	if ((rc = tg_verify(role_key, &digest, &by_role)) != TG_OK)
		return rc;
	*out = m;
	return TG_OK;
}
