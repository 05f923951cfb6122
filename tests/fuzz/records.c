/* The other signed records, chosen by the first byte: device, genesis, member, session, epoch, invitation. */
#include "base/buf.h"
#include "fuzz/grid.h"
#include "fuzz/target.h"

static void
walk_epoch(const struct tg_epoch *epoch)
{
	struct tg_epoch_grant grant;
	struct tg_epoch_log log;
	uint32_t logs = 0, grants = 0;
	size_t at = 0;

	while (tg_epoch_next_log(epoch, &at, &log))
		logs++;
	for (at = 0; tg_epoch_next_grant(epoch, &at, &grant);)
		grants++;
	if (logs != epoch->logs || grants != epoch->grants)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	static struct tg_secret box_secret;
	static struct tg_keypair identity;
	static struct tg_key box;
	struct tg_invitation invitation;
	struct tg_genesis genesis;
	struct tg_session session;
	struct tg_device device;
	struct tg_member member;
	struct tg_epoch epoch;

	if (access.mode != TG_MODE_EDIT) {
		uint8_t nonce[TG_GENESIS_NONCE_BYTES];
		struct tg_buf buf = {0};
		struct tg_secret seed;

		fuzz_access(0xee, &access);
		memset(seed.b, 0x55, sizeof seed.b);
		tg_box_keypair(&seed, &box, &box_secret);
		memset(seed.b, 0x22, sizeof seed.b);
		tg_keypair_from_seed(&seed, &identity);
		memset(nonce, 0x66, sizeof nonce); /* the grid of tests/vectors/access.txt */
		if (tg_genesis_encode(&access, &identity, nonce, 1700000000000, &buf, &access.grid) != TG_OK)
			abort();
		tg_buf_free(&buf);
	}
	if (len-- == 0)
		return 0;
	switch (*data++) {
	case 0:
		(void)!tg_device_decode(data, len, &device);
		break;
	case 1:
		(void)!tg_genesis_decode(data, len, NULL, &genesis);
		break;
	case 2:
		if (tg_member_decode(&access, data, len, &member) == TG_OK &&
		    (member.name.len > TG_NAME_MAX_BYTES || member.colour > 0xffffff))
			abort();
		break;
	case 3:
		(void)!tg_session_decode(&access, data, len, &session);
		break;
	case 4:
		if (tg_epoch_decode(&access.grid, &identity.public_key, data, len, &epoch) == TG_OK)
			walk_epoch(&epoch);
		break;
	case 5:
		(void)!tg_invitation_open(&box, &box_secret, data, len, &invitation);
		break;
	}
	return 0;
}
