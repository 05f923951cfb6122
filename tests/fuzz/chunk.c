/* A chunk's record, the value kept for it, and a list of pieces in it. */
#include <toygrid/chunk.h>

#include "base/buf.h"
#include "fuzz/grid.h"
#include "fuzz/target.h"

static void
walk_list(const struct tg_chunk *chunk)
{
	struct tg_file_ref ref = {.size = 1 << 20, .depth = 1}, child;
	uint64_t sum = 0;
	uint32_t i = 0;

	while (tg_file_list(chunk, &ref, i, &child) == TG_OK) {
		sum += child.size;
		i++;
	}
	if (i > 0 && sum != ref.size)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	struct tg_buf again = {0}, value = {0};
	struct tg_bytes stored;
	struct tg_chunk chunk;
	struct tg_hash name;

	if (access.mode != TG_MODE_EDIT)
		fuzz_access(0xee, &access);
	if (tg_chunk_decode(NULL, data, len, &chunk) == TG_OK) {
		if (!chunk.is_signed) { /* whatever is accepted, the writer would have written */
			if (tg_chunk_plain(chunk.data.data, chunk.data.len, &again, &name) != TG_OK ||
			    again.len != len || memcmp(again.data, data, len) != 0 ||
			    tg_hash_cmp(&name, &chunk.name) != 0)
				abort();
			walk_list(&chunk);
		}
		tg_buf_reset(&again);
		if (tg_chunk_seal(&access, &chunk.name, data, len, &value) != TG_OK ||
		    tg_chunk_open(&access, &chunk.name, value.data, value.len, &again, &chunk) != TG_OK)
			abort();
	}
	if (tg_chunk_kept(data, len, &stored) == TG_OK && stored.len > TG_CHUNK_STORED_MAX_BYTES)
		abort();
	tg_buf_free(&again);
	tg_buf_free(&value);
	return 0;
}
