#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS 9

int
tg_genesis_encode(const struct tg_access *access, const struct tg_keypair *creator,
    const uint8_t nonce[TG_GENESIS_NONCE_BYTES], uint64_t time_ms, struct tg_buf *out, struct tg_hash *grid)
{
	struct tg_hash digest;
	size_t from;

	if (access->mode != TG_MODE_EDIT)
		return TG_EPERM;
	from = tg_record_begin(out, ELEMENTS);
	tg_write_bin(out, nonce, TG_GENESIS_NONCE_BYTES);
	tg_write_bin(out, creator->public_key.b, TG_KEY_BYTES);
	tg_write_uint(out, time_ms);
	tg_write_array(out, 0); /* the policy: no field yet */
	tg_write_bin(out, access->edit_role.b, TG_KEY_BYTES);
	tg_write_bin(out, access->w.b, TG_KEY_BYTES);
	tg_write_bin(out, access->r.b, TG_KEY_BYTES);
	tg_record_digest(out, from, TG_DOMAIN_GENESIS, &digest);
	tg_record_sign(out, creator, &digest);
	tg_record_digest(out, from, TG_DOMAIN_GRID, grid);
	return tg_buf_status(out);
}

int
tg_genesis_decode(const void *data, size_t len, const struct tg_hash *grid, struct tg_genesis *out)
{
	struct tg_genesis g;
	struct tg_reader r;
	struct tg_hash digest;
	struct tg_sig sig;
	size_t is_signed;
	int rc;

	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, g.nonce, sizeof g.nonce);
	tg_read_fixed(&r, g.creator.b, sizeof g.creator.b);
	g.time_ms = tg_read_uint(&r, UINT64_MAX);
	tg_read_array(&r, 0, 0);
	tg_read_fixed(&r, g.edit_role.b, sizeof g.edit_role.b);
	tg_read_fixed(&r, g.w.b, sizeof g.w.b);
	tg_read_fixed(&r, g.r.b, sizeof g.r.b);
	is_signed = r.at;
	tg_read_fixed(&r, sig.b, sizeof sig.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	tg_hash(TG_DOMAIN_GRID, data, len, &g.grid);
	if (grid != NULL && tg_hash_cmp(&g.grid, grid) != 0)
		return TG_EGRID;
	tg_hash(TG_DOMAIN_GENESIS, data, is_signed, &digest);
	if ((rc = tg_verify(&g.creator, &digest, &sig)) != TG_OK)
		return rc;
	*out = g;
	return TG_OK;
}

int
tg_genesis_check(const struct tg_genesis *g, struct tg_access *access)
{
	if (tg_hash_cmp(&g->grid, &access->grid) != 0)
		return TG_EGRID;
	if (tg_key_cmp(&g->w, &access->w) != 0 || tg_key_cmp(&g->r, &access->r) != 0)
		return TG_EPERM;
	if (access->mode == TG_MODE_EDIT && tg_key_cmp(&g->edit_role, &access->edit_role) != 0)
		return TG_EPERM;
	access->edit_role = g->edit_role;
	return TG_OK;
}
