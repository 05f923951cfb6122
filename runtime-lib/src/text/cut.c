#include <toygrid/crypto.h>

#include "text/cut.h"

int
tg_cut_event(uint64_t size, const uint8_t agent[TG_TEXT_AGENT_BYTES], uint64_t seq)
{
	struct tg_hasher h;
	struct tg_hash hash;
	uint8_t number[8];

	if (size >= TG_CUT_EVENTS_MAX)
		return 1;
	if (size < TG_CUT_EVENTS_MIN || (seq + 1) % TG_CUT_EVENTS_STEP != 0)
		return 0;
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(seq >> (56 - 8 * i));
	tg_hash_init(&h, TG_DOMAIN_CUT);
	tg_hash_update(&h, agent, TG_TEXT_AGENT_BYTES);
	tg_hash_update(&h, number, sizeof number);
	tg_hash_final(&h, &hash);
	return hash.b[0] >> (8 - TG_CUT_EVENT_BITS) == 0;
}
