#include <string.h>

#include <libdeflate.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/pack.h"

/*
 * Lazy matching.  The levels above it save 3 % more and take three times as long and, in the browser's
 * module, code for their parser.
 */
#define LEVEL 6

void
tg_pack(struct tg_buf *out, const uint8_t *data, size_t len)
{
	struct libdeflate_compressor *c;
	size_t at = out->len, n;
	uint8_t *p;

	if ((p = tg_buf_space(out, len)) == NULL || len == 0)
		return;
	libdeflate_set_memory_allocator(tg_malloc, tg_free); /* the library's only global; always these */
	if ((c = libdeflate_alloc_compressor(LEVEL)) == NULL) {
		out->failed = 1;
		return;
	}
	n = libdeflate_deflate_compress(c, data, len, p, len - 1);
	libdeflate_free_compressor(c);
	if (n > 0)
		tg_buf_truncate(out, at + n);
	else
		memcpy(p, data, len);
}

int
tg_unpack(const uint8_t *data, size_t len, uint8_t *out, size_t out_len)
{
	struct libdeflate_decompressor *d;
	enum libdeflate_result result;
	size_t used;

	if (len >= out_len) {
		if (len > out_len)
			return TG_EFORMAT;
		if (len > 0)
			memcpy(out, data, len);
		return TG_OK;
	}
	libdeflate_set_memory_allocator(tg_malloc, tg_free);
	if ((d = libdeflate_alloc_decompressor()) == NULL)
		return TG_ENOMEM;
	result = libdeflate_deflate_decompress_ex(d, data, len, out, out_len, &used, NULL);
	libdeflate_free_decompressor(d);
	return result == LIBDEFLATE_SUCCESS && used == len ? TG_OK : TG_EFORMAT;
}
