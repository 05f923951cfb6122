#include <toygrid/crypto.h>

#include "text/cut.h"

/* Is this hash, as a number, a border?  One in 2^bits is. */
static int
is_border(const uint8_t *hash, unsigned bits)
{
	unsigned top = (unsigned)hash[0] << 8 | hash[1];

	return top >> (16 - bits) == 0;
}

int
tg_cut_entry(uint64_t size, uint64_t next_size, const uint8_t leaf[32])
{
	if (size < TG_CUT_BYTES_MIN)
		return 0;
	return size + next_size > TG_CUT_BYTES_MAX || is_border(leaf, TG_CUT_ENTRY_BITS);
}

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
	return is_border(hash.b, TG_CUT_EVENT_BITS);
}
