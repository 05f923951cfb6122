/*
 * This installation: identity, device and box keys, name and colour, under the storage key `i`.
 *
 * Two tabs of an empty profile may start at once: both offer fresh keys with "put if absent" and then read
 * back whatever won.
 */
#include <string.h>

#include "peer/internal.h"
#include "wire/writer.h"

static const uint8_t install_key[1] = {'i'};
static const uint8_t token_key[2] = {'i', 't'};

static struct tg_bytes
key_of(const uint8_t *key, size_t len)
{
	return (struct tg_bytes){key, len};
}

static void
encode(const struct tg_peer *p, struct tg_buf *out)
{
	tg_write_array(out, 6);
	tg_write_uint(out, 1);
	tg_write_bin(out, p->identity_seed.b, TG_KEY_BYTES);
	tg_write_bin(out, p->device_seed.b, TG_KEY_BYTES);
	tg_write_bin(out, p->box_seed.b, TG_KEY_BYTES);
	tg_write_str(out, p->name, p->name_len);
	tg_write_uint(out, p->colour);
}

static int
decode(struct tg_peer *p, struct tg_bytes value)
{
	struct tg_reader r;
	struct tg_bytes name;

	tg_reader_init(&r, value.data, value.len);
	tg_read_array(&r, 6, 6);
	if (tg_read_uint(&r, UINT64_MAX) != 1)
		tg_reader_fail(&r, TG_EVERSION);
	tg_read_fixed(&r, p->identity_seed.b, TG_KEY_BYTES);
	tg_read_fixed(&r, p->device_seed.b, TG_KEY_BYTES);
	tg_read_fixed(&r, p->box_seed.b, TG_KEY_BYTES);
	name = tg_read_str(&r, TG_NAME_MAX_BYTES);
	p->colour = (uint32_t)tg_read_uint(&r, 0xffffff);
	if (tg_reader_end(&r) != TG_OK)
		return tg_reader_status(&r);
	memcpy(p->name, name.data, name.len);
	p->name_len = name.len;
	return TG_OK;
}

static int
reply_start(struct tg_peer *p, int status)
{
	struct tg_buf value = {0};

	tg_write_array(&value, 3);
	tg_write_bin(&value, p->device.public_key.b, TG_KEY_BYTES);
	tg_write_str(&value, p->name, p->name_len);
	tg_write_uint(&value, p->colour);
	tgp_fx_reply_value(p, p->start_request, status, &value);
	tg_buf_free(&value);
	return TG_OK;
}

static int
started(struct tg_peer *p)
{
	tg_keypair_from_seed(&p->identity_seed, &p->identity);
	tg_keypair_from_seed(&p->device_seed, &p->device);
	tg_box_keypair(&p->box_seed, &p->box, &p->box_secret);
	tg_buf_reset(&p->device_record);
	tg_device_encode(&p->identity, &p->device.public_key, &p->box, &p->device_record);
	if (tg_buf_status(&p->device_record) != TG_OK)
		return TG_ENOMEM;
	p->started = 1;
	if (p->kind == 2)
		return tgp_replica_start(p);
	return reply_start(p, TG_OK);
}

static int
token_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tg_bytes key, value;

	(void)job;
	(void)count;
	(void)more;
	if (status != TG_OK || !tgp_next_record(&records, &key, &value) || value.len != TG_KEY_BYTES) {
		tgp_fx_reply(p, p->start_request, status != TG_OK ? status : TG_EFORMAT);
		return TG_OK;
	}
	memcpy(p->token.b, value.data, TG_KEY_BYTES);
	if (started(p) != TG_OK)
		return TG_ENOMEM;
	return reply_start(p, TG_OK);
}

static int keys_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more);

static int
keys_offered(struct tg_peer *p, struct tgp_job *job, int status)
{
	(void)job;
	(void)status;
	return tgp_load(
	    p, NULL, key_of(install_key, 1), key_of(token_key, 2), TGP_LOAD_BYTES, keys_loaded, NULL);
}

/* Offer fresh keys to the store; whoever is first wins. */
static int
offer_keys(struct tg_peer *p)
{
	static const uint32_t colours[] = {0x2563eb, 0x059669, 0xd97706, 0xdb2777, 0x7c3aed, 0x0891b2,
	    0xdc2626, 0x65a30d, 0x4f46e5, 0x92400e};
	struct tgp_batch batch = {0};
	struct tg_buf record = {0};
	struct tg_secret token;

	tg_rng_bytes(&p->rng, p->identity_seed.b, TG_KEY_BYTES);
	tg_rng_bytes(&p->rng, p->device_seed.b, TG_KEY_BYTES);
	tg_rng_bytes(&p->rng, p->box_seed.b, TG_KEY_BYTES);
	tg_rng_bytes(&p->rng, token.b, TG_KEY_BYTES);
	p->colour = colours[tg_rng_below(&p->rng, sizeof colours / sizeof colours[0])];
	encode(p, &record);
	if (tg_buf_status(&record) != TG_OK) {
		tg_buf_free(&record);
		return TG_ENOMEM;
	}
	tgp_batch_put(&batch, 3, key_of(install_key, 1), (struct tg_bytes){record.data, record.len});
	if (p->kind == 2)
		tgp_batch_put(&batch, 3, key_of(token_key, 2), (struct tg_bytes){token.b, TG_KEY_BYTES});
	tg_wipe(&token, sizeof token);
	tg_wipe(record.data, record.len);
	tg_buf_free(&record);
	return tgp_store(p, NULL, &batch, 1, keys_offered, NULL);
}

static int
keys_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	static const uint8_t behind_token[2] = {'i', 'u'};
	struct tg_bytes key, value;
	int rc;

	(void)job;
	(void)count;
	(void)more;
	if (status != TG_OK) {
		tgp_fx_reply(p, p->start_request, status);
		return TG_OK;
	}
	if (!tgp_next_record(&records, &key, &value))
		return offer_keys(p);
	if ((rc = decode(p, value)) != TG_OK) {
		tgp_fx_reply(p, p->start_request, rc);
		return TG_OK;
	}
	if (p->kind == 2)
		return tgp_load(p, NULL, key_of(token_key, 2), key_of(behind_token, 2), TGP_LOAD_BYTES,
		    token_loaded, NULL);
	return started(p);
}

int
tgp_start(struct tg_peer *p, uint64_t request, unsigned kind, struct tg_bytes name)
{
	if (p->started || p->start_request != 0) {
		tgp_fx_reply(p, request, TG_EEXISTS);
		return TG_OK;
	}
	p->start_request = request;
	p->kind = (int)kind;
	memcpy(p->name, name.data, name.len);
	p->name_len = name.len;
	return tgp_load(
	    p, NULL, key_of(install_key, 1), key_of(token_key, 2), TGP_LOAD_BYTES, keys_loaded, NULL);
}

int
tgp_store_installation(struct tg_peer *p)
{
	struct tgp_batch batch = {0};
	struct tg_buf record = {0};

	encode(p, &record);
	if (tg_buf_status(&record) != TG_OK) {
		tg_buf_free(&record);
		return TG_ENOMEM;
	}
	tgp_batch_put(&batch, 0, key_of(install_key, 1), (struct tg_bytes){record.data, record.len});
	tg_buf_free(&record);
	return tgp_store(p, NULL, &batch, 0, NULL, NULL);
}
