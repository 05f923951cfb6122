/*
 * A fork proof, as [head a bin, head b bin, proof].  What is accepted names two different signed histories:
 * equal heads, or a head with itself, never.
 */
#include <toygrid/log.h>

#include "fuzz/grid.h"
#include "fuzz/target.h"
#include "wire/reader.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct tg_access access;
	struct tg_bytes a, b, proof;
	struct tg_reader r;
	struct tg_key log;

	if (access.mode != TG_MODE_EDIT)
		fuzz_access(0xee, &access);
	tg_reader_init(&r, data, len);
	tg_read_array(&r, 3, 3);
	a = tg_read_bin(&r, TG_HEAD_MAX_BYTES);
	b = tg_read_bin(&r, TG_HEAD_MAX_BYTES);
	proof = tg_read_skip(&r);
	if (tg_reader_end(&r) != TG_OK)
		return 0;
	if (tg_fork_check(&access.grid, a, b, proof, &log) == TG_OK && a.len == b.len &&
	    memcmp(a.data, b.data, a.len) == 0)
		abort();
	if (tg_fork_check(&access.grid, a, a, proof, &log) == TG_OK)
		abort();
	return 0;
}
