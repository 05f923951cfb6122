#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS	 12
#define SEALED_OLD_BYTES (TG_NONCE_BYTES + TG_KEY_BYTES + TG_TAG_BYTES)
#define GRANT_BYTES	 (TG_KEY_BYTES + TG_BOX_SEAL_BYTES)

int
tg_epoch_encode(const struct tg_epoch *epoch, const struct tg_epoch_log *logs,
    const struct tg_epoch_grant *grants, const struct tg_keypair *owner, struct tg_buf *out)
{
	struct tg_hash digest;
	size_t from;

	if (epoch->logs > TG_EPOCH_LOGS_MAX || epoch->grants > TG_EPOCH_DEVICES_MAX || epoch->number == 0 ||
	    epoch->sealed_old.len != SEALED_OLD_BYTES)
		return TG_EINVAL;
	for (uint32_t i = 0; i < epoch->logs; i++)
		if (logs[i].length == 0 || (i && tg_key_cmp(&logs[i - 1].log, &logs[i].log) >= 0))
			return TG_EINVAL;
	for (uint32_t i = 0; i < epoch->grants; i++)
		if (grants[i].sealed.len != GRANT_BYTES ||
		    (i && tg_key_cmp(&grants[i - 1].device, &grants[i].device) >= 0))
			return TG_EINVAL;

	from = tg_record_begin(out, ELEMENTS);
	tg_write_bin(out, epoch->grid.b, sizeof epoch->grid.b);
	tg_write_uint(out, epoch->number);
	tg_write_bin(out, epoch->previous.b, sizeof epoch->previous.b);
	tg_write_array(out, epoch->logs);
	for (uint32_t i = 0; i < epoch->logs; i++) {
		tg_write_array(out, 3);
		tg_write_bin(out, logs[i].log.b, TG_KEY_BYTES);
		tg_write_uint(out, logs[i].length);
		tg_write_bin(out, logs[i].root.b, TG_HASH_BYTES);
	}
	tg_write_bin(out, epoch->edit_role.b, TG_KEY_BYTES);
	tg_write_bin(out, epoch->w.b, TG_KEY_BYTES);
	tg_write_bin(out, epoch->r.b, TG_KEY_BYTES);
	tg_write_bin(out, epoch->sealed_old.data, epoch->sealed_old.len);
	tg_write_array(out, epoch->grants);
	for (uint32_t i = 0; i < epoch->grants; i++) {
		tg_write_array(out, 2);
		tg_write_bin(out, grants[i].device.b, TG_KEY_BYTES);
		tg_write_bin(out, grants[i].sealed.data, grants[i].sealed.len);
	}
	tg_write_bin(out, owner->public_key.b, TG_KEY_BYTES);
	tg_record_digest(out, from, TG_DOMAIN_EPOCH, &digest);
	tg_record_sign(out, owner, &digest);
	return tg_buf_status(out);
}

static void
read_log(struct tg_reader *r, struct tg_epoch_log *out)
{
	tg_read_array(r, 3, 3);
	tg_read_fixed(r, out->log.b, sizeof out->log.b);
	out->length = tg_read_uint(r, UINT64_MAX);
	tg_read_fixed(r, out->root.b, sizeof out->root.b);
	if (out->length == 0)
		tg_reader_fail(r, TG_EFORMAT);
}

static void
read_grant(struct tg_reader *r, struct tg_epoch_grant *out)
{
	tg_read_array(r, 2, 2);
	tg_read_fixed(r, out->device.b, sizeof out->device.b);
	out->sealed = tg_read_bin(r, GRANT_BYTES);
	if (out->sealed.len != GRANT_BYTES)
		tg_reader_fail(r, TG_EFORMAT);
}

/* Both lists ascend, so that one set has one encoding. */
static struct tg_bytes
read_logs(struct tg_reader *r, uint32_t *count)
{
	struct tg_epoch_log prev, log;
	size_t from;

	*count = tg_read_array(r, 0, TG_EPOCH_LOGS_MAX);
	from = r->at;
	for (uint32_t i = 0; i < *count && r->status == TG_OK; i++, prev = log) {
		read_log(r, &log);
		if (i && tg_key_cmp(&prev.log, &log.log) >= 0)
			tg_reader_fail(r, TG_EFORMAT);
	}
	return (struct tg_bytes){r->data + from, r->at - from};
}

static struct tg_bytes
read_grants(struct tg_reader *r, uint32_t *count)
{
	struct tg_epoch_grant prev, grant;
	size_t from;

	*count = tg_read_array(r, 0, TG_EPOCH_DEVICES_MAX);
	from = r->at;
	for (uint32_t i = 0; i < *count && r->status == TG_OK; i++, prev = grant) {
		read_grant(r, &grant);
		if (i && tg_key_cmp(&prev.device, &grant.device) >= 0)
			tg_reader_fail(r, TG_EFORMAT);
	}
	return (struct tg_bytes){r->data + from, r->at - from};
}

int
tg_epoch_decode(const struct tg_hash *grid, const struct tg_key *owner, const void *data, size_t len,
    struct tg_epoch *out)
{
	struct tg_epoch e;
	struct tg_reader r;
	struct tg_hash digest;
	struct tg_sig sig;
	size_t is_signed;
	int rc;

	tg_record_open(&r, data, len, ELEMENTS);
	tg_read_fixed(&r, e.grid.b, sizeof e.grid.b);
	e.number = tg_read_uint(&r, UINT64_MAX);
	if (e.number == 0) /* genesis opens epoch 0 */
		tg_reader_fail(&r, TG_EFORMAT);
	tg_read_fixed(&r, e.previous.b, sizeof e.previous.b);
	e.logs_raw = read_logs(&r, &e.logs);
	tg_read_fixed(&r, e.edit_role.b, sizeof e.edit_role.b);
	tg_read_fixed(&r, e.w.b, sizeof e.w.b);
	tg_read_fixed(&r, e.r.b, sizeof e.r.b);
	e.sealed_old = tg_read_bin(&r, SEALED_OLD_BYTES);
	if (e.sealed_old.len != SEALED_OLD_BYTES)
		tg_reader_fail(&r, TG_EFORMAT);
	e.grants_raw = read_grants(&r, &e.grants);
	tg_read_fixed(&r, e.owner.b, sizeof e.owner.b);
	is_signed = r.at;
	tg_read_fixed(&r, sig.b, sizeof sig.b);
	if ((rc = tg_reader_end(&r)) != TG_OK)
		return rc;
	if (tg_hash_cmp(&e.grid, grid) != 0)
		return TG_EGRID;
	if (tg_key_cmp(&e.owner, owner) != 0)
		return TG_EPERM;
	tg_hash(TG_DOMAIN_EPOCH, data, is_signed, &digest);
	if ((rc = tg_verify(&e.owner, &digest, &sig)) != TG_OK)
		return rc;
	*out = e;
	return TG_OK;
}

int
tg_epoch_next_log(const struct tg_epoch *epoch, size_t *at, struct tg_epoch_log *out)
{
	struct tg_reader r;

	if (*at >= epoch->logs_raw.len)
		return 0;
	tg_reader_init(&r, epoch->logs_raw.data + *at, epoch->logs_raw.len - *at);
	read_log(&r, out);
	*at += r.at;
	return tg_reader_status(&r) == TG_OK;
}

int
tg_epoch_next_grant(const struct tg_epoch *epoch, size_t *at, struct tg_epoch_grant *out)
{
	struct tg_reader r;

	if (*at >= epoch->grants_raw.len)
		return 0;
	tg_reader_init(&r, epoch->grants_raw.data + *at, epoch->grants_raw.len - *at);
	read_grant(&r, out);
	*at += r.at;
	return tg_reader_status(&r) == TG_OK;
}
