/* An entry that decodes encodes to the same bytes, and so does a stored record's entry. */
#include <stdlib.h>
#include <string.h>

#include <toygrid/log.h>
#include <toygrid/status.h>

#include "base/buf.h"
#include "fuzz/target.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_entry_header header;
	struct tg_bytes raw;
	struct tg_entry entry;
	struct tg_buf out = {0};
	struct tg_hash leaf;

	if (tg_entry_decode(data, len, &entry) == TG_OK) {
		tg_entry_encode(&entry, &out);
		if (out.len != len || memcmp(out.data, data, len) != 0)
			abort();
		tg_entry_leaf(&entry, &leaf);
		if (tg_entry_size(&entry) > TG_ENTRY_MAX_BYTES)
			abort();
		(void)!tg_entry_header_decode(entry.header.data, entry.header.len, &header);
	}
	tg_buf_free(&out);
	if (tg_stored_entry(data, len, &raw) == TG_OK && tg_entry_decode(raw.data, raw.len, &entry) != TG_OK)
		abort();
	return 0;
}
