/*
 * The msgpack cursor on hostile bytes: whatever it accepts, our writer would have written byte for byte. That
 * is what "one value, one encoding" means, and hashes of values rest on it.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* Copy one value from ${r} to ${out} by the type its first byte announces. */
static void
copy_value(struct tg_reader *r, struct tg_buf *out)
{
	struct tg_bytes bytes;
	uint8_t type = r->data[r->at];

	if (tg_read_nil(r)) {
		tg_write_nil(out);
	} else if (type == 0xc2 || type == 0xc3) {
		tg_write_bool(out, tg_read_bool(r));
	} else if (type <= 0x7f || (type >= 0xcc && type <= 0xcf)) {
		tg_write_uint(out, tg_read_uint(r, UINT64_MAX));
	} else if (type >= 0xe0 || (type >= 0xd0 && type <= 0xd3)) {
		tg_write_int(out, tg_read_int(r));
	} else if (type >= 0xc4 && type <= 0xc6) {
		bytes = tg_read_bin(r, 1u << 20);
		tg_write_bin(out, bytes.data, bytes.len);
	} else if ((type >= 0xa0 && type <= 0xbf) || (type >= 0xd9 && type <= 0xdb)) {
		bytes = tg_read_str(r, 1u << 20);
		tg_write_str(out, (const char *)bytes.data, bytes.len);
	} else {
		/* A header only: its elements come as the next values. */
		tg_write_array(out, tg_read_array(r, 0, 1u << 20));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_buf out = {0};
	struct tg_reader r;
	struct tg_bytes whole;

	tg_reader_init(&r, data, len);
	while (tg_reader_status(&r) == TG_OK && r.at < r.len)
		copy_value(&r, &out);
	if (tg_reader_status(&r) == TG_OK && (out.len != len || (len && memcmp(out.data, data, len) != 0)))
		abort();
	tg_buf_free(&out);

	/* Skipping is a second walk over the same bytes: it must agree on where a value ends. */
	tg_reader_init(&r, data, len);
	whole = tg_read_skip(&r);
	if (tg_reader_status(&r) == TG_OK && (whole.data != data || whole.len != r.at || r.at > len))
		abort();
	return 0;
}
