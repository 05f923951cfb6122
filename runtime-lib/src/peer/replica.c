/*
 * A replica: keeps the logs of grids that invite it, and reads none of them.
 *
 * Invitations arrive at the node's door (protocol.md 5.8), whose keys follow from its token.
 */
#include <string.h>

#include "base/mem.h"
#include "peer/internal.h"
#include "wire/writer.h"

/* An invitation that says nothing of a log's bytes still costs some. */
#define GRID_COST_BYTES 4096

int
tgp_replica_room(struct tgp_grid *g, uint64_t bytes)
{
	const struct tg_peer *p = g->peer;

	return (p->quota_grid == 0 || g->bytes + bytes <= p->quota_grid) &&
	       (p->quota_total == 0 || p->bytes_total + bytes <= p->quota_total);
}

/* Every grid of which the storage has a record, mode "r". */
static int
records_loaded(
    struct tg_peer *p, struct tgp_job *job, int status, struct tg_bytes records, uint32_t count, int more)
{
	struct tg_bytes key, value, last = {NULL, 0};

	(void)job;
	(void)status;
	(void)count;
	while (tgp_next_record(&records, &key, &value)) {
		struct tg_access access;
		struct tg_secret seed, sync;
		struct tgp_grid_record rec;
		struct tgp_grid *g;

		last = key;
		if (tgp_grid_read_record(value, &rec) != TG_OK || rec.mode != 'r' ||
		    rec.secret.len != 2 * TG_KEY_BYTES || key.len != 1 + TG_HASH_BYTES)
			continue;
		memcpy(seed.b, rec.secret.data, TG_KEY_BYTES);
		memcpy(sync.b, rec.secret.data + TG_KEY_BYTES, TG_KEY_BYTES);
		tg_access_from_replica(&seed, &sync, &rec.w, &access);
		memcpy(access.grid.b, key.data + 1, TG_HASH_BYTES);
		if (tgp_grid_find(p, &access.grid) != NULL)
			continue;
		if (tgp_grid_new(p, &access, &g) != TG_OK || tgp_grid_load(g) != TG_OK)
			return TG_ENOMEM;
	}
	if (more && last.len > 0) {
		uint8_t from[1 + TG_HASH_BYTES + 1], to[1] = {'g' + 1};

		memcpy(from, last.data, last.len);
		from[last.len] = 0;
		return tgp_load(p, NULL, (struct tg_bytes){from, last.len + 1}, (struct tg_bytes){to, 1},
		    TGP_LOAD_BYTES, records_loaded, NULL);
	}
	return TG_OK;
}

int
tgp_replica_start(struct tg_peer *p)
{
	static const uint8_t letter[1] = {'g'};

	tg_door_keys(&p->token, &p->door_write, &p->door_read, &p->door);
	return tgp_load_prefix(p, NULL, (struct tg_bytes){letter, 1}, records_loaded, NULL);
}

static int
refuse(struct tg_peer *p, const struct tg_access *access, const struct tg_key *inviter)
{
	struct tg_buf body = {0}, payload = {0};
	struct tgp_grid *g;
	int rc;

	/* A grid for as long as it takes to say no. */
	if (tgp_grid_new(p, access, &g) != TG_OK)
		return TG_ENOMEM;
	for (unsigned i = 0; i < TGP_LINKS_MAX; i++)
		g->places[i].joined = p->links[i].state == TGP_LINK_LIVE;
	tg_write_array(&payload, 2);
	tg_write_uint(&payload, TG_EQUOTA);
	tg_write_str(&payload, "quota used up", 13);
	tg_ext_put(&body, (struct tg_bytes){(const uint8_t *)"replica", 7},
	    (struct tg_bytes){payload.data, payload.len});
	/* Nothing is taken from a session that was not introduced, not even a no. */
	rc = tgp_have_to(g, inviter, 0);
	if (rc == TG_OK)
		rc = tgp_send_inbox(g, inviter, TG_MSG_EXT, &body);
	tg_buf_free(&body);
	tg_buf_free(&payload);
	tgp_grid_free(g);
	return rc;
}

int
tgp_door_received(struct tg_peer *p, const struct tg_pub *pub)
{
	struct tg_invitation invitation;
	struct tg_access access;
	struct tgp_grid *g;
	int rc;

	if (!p->started || tg_hash_cmp(pub->topic, &p->door) != 0 ||
	    tg_invitation_open(&p->box, &p->box_secret, pub->payload.data, pub->payload.len, &invitation) !=
		TG_OK)
		return TG_OK;
	if (invitation.epoch != 0 || tgp_grid_find(p, &invitation.grid) != NULL)
		return TG_OK;
	tg_access_from_replica(&invitation.read_seed, &invitation.sync, &invitation.w, &access);
	access.grid = invitation.grid;
	if (p->quota_total != 0 && p->bytes_total + GRID_COST_BYTES > p->quota_total)
		return refuse(p, &access, &invitation.inviter);
	if (tgp_grid_new(p, &access, &g) != TG_OK)
		return TG_ENOMEM;
	rc = tgp_grid_store_record(g);
	tg_wipe(&invitation, sizeof invitation);
	tg_access_wipe(&access);
	return rc == TG_OK ? tgp_grid_load(g) : rc;
}
