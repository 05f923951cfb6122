/*
 * How a replica gets to know a grid: a box-sealed message to the node's key on a topic that only those can
 * name who know the node's token.
 */
#include <toygrid/access.h>
#include <toygrid/status.h>

#include "access/record.h"
#include "wire/writer.h"

#define ELEMENTS  7
#define PLAIN_MAX 192 /* array, version, grid, epoch and four keys take at most 181 */

static void
door_pair(const struct tg_secret *token, const char *label, struct tg_keypair *pair)
{
	struct tg_secret seed;

	tg_derive(token, label, NULL, 0, &seed);
	tg_keypair_from_seed(&seed, pair);
	tg_wipe(&seed, sizeof seed);
}

void
tg_door_keys(
    const struct tg_secret *token, struct tg_keypair *write, struct tg_keypair *read, struct tg_hash *topic)
{
	door_pair(token, "door-write", write);
	door_pair(token, "door-read", read);
	tg_topic(&write->public_key, &read->public_key, topic);
}

int
tg_invitation_seal(const struct tg_access *access, const struct tg_key *inviter, const struct tg_key *box,
    struct tg_rng *rng, struct tg_buf *out)
{
	uint8_t bytes[PLAIN_MAX];
	struct tg_buf plain = {.data = bytes, .cap = sizeof bytes}; /* large enough: never grows */
	size_t before = out->len;
	uint8_t *sealed;
	int rc;

	tg_record_begin(&plain, ELEMENTS);
	tg_write_bin(&plain, access->grid.b, sizeof access->grid.b);
	tg_write_uint(&plain, access->epoch);
	tg_write_bin(&plain, access->w.b, TG_KEY_BYTES);
	tg_write_bin(&plain, access->read_seed.b, TG_KEY_BYTES);
	tg_write_bin(&plain, access->sync.b, TG_KEY_BYTES);
	tg_write_bin(&plain, inviter->b, TG_KEY_BYTES);
	if ((sealed = tg_buf_space(out, plain.len + TG_BOX_SEAL_BYTES)) == NULL)
		rc = TG_ENOMEM;
	else if ((rc = tg_box_seal(rng, box, plain.data, plain.len, sealed)) != TG_OK)
		tg_buf_truncate(out, before);
	tg_wipe(bytes, sizeof bytes);
	return rc;
}

int
tg_invitation_open(const struct tg_key *box, const struct tg_secret *box_secret, const void *data, size_t len,
    struct tg_invitation *out)
{
	uint8_t bytes[PLAIN_MAX];
	struct tg_invitation v;
	struct tg_reader r;
	int rc;

	if (len > PLAIN_MAX + TG_BOX_SEAL_BYTES)
		return TG_ETOOBIG;
	if (len < TG_BOX_SEAL_BYTES)
		return TG_ETRUNCATED;
	if ((rc = tg_box_open(box, box_secret, data, len, bytes)) != TG_OK)
		return rc;
	tg_record_open(&r, bytes, len - TG_BOX_SEAL_BYTES, ELEMENTS);
	tg_read_fixed(&r, v.grid.b, sizeof v.grid.b);
	v.epoch = tg_read_uint(&r, UINT64_MAX);
	tg_read_fixed(&r, v.w.b, sizeof v.w.b);
	tg_read_fixed(&r, v.read_seed.b, sizeof v.read_seed.b);
	tg_read_fixed(&r, v.sync.b, sizeof v.sync.b);
	tg_read_fixed(&r, v.inviter.b, sizeof v.inviter.b);
	if ((rc = tg_reader_end(&r)) == TG_OK)
		*out = v;
	tg_wipe(&v, sizeof v);
	tg_wipe(bytes, sizeof bytes);
	return rc;
}
