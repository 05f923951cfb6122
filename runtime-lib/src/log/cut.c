#include <toygrid/log.h>

int
tg_log_cut(uint64_t size, uint64_t next_size, const struct tg_hash *leaf)
{
	if (size < TG_LOG_PART_MIN_BYTES)
		return 0;
	return size + next_size > TG_LOG_PART_MAX_BYTES || leaf->b[0] >> (8 - TG_LOG_PART_ZERO_BITS) == 0;
}
