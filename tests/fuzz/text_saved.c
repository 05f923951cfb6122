/*
 * A saved document of hostile bytes: what can be opened and whose history can be read must save to the same
 * sections again, and show what its checkpoint said.
 *
 * Input: 0 and a saved document; or another byte and sections, each [length u16be, bytes], which are given
 * their hashes and an index here, so that what is behind the hashes is tried too.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "base/varint.h"
#include "fuzz/target.h"
#include "text/saved.h"

static void
put_sections(struct tg_buf *out, const uint8_t *data, size_t len)
{
	struct tg_buf hashes = {0}, lengths = {0}, sections = {0};
	uint64_t n = 0;

	while (len >= 2) {
		size_t size = (size_t)data[0] << 8 | data[1];
		struct tg_hash hash;

		if (size > len - 2)
			break;
		tg_hash(TG_DOMAIN_SECTION, data + 2, size, &hash);
		tg_varint_put(&hashes, size);
		tg_buf_put(&hashes, hash.b, sizeof hash.b);
		tg_varint_put(&lengths, size);
		tg_buf_put(&sections, data + 2, size);
		data += 2 + size;
		len -= 2 + size;
		n++;
	}
	tg_varint_put(out, TG_SAVED_FORMAT);
	tg_varint_put(out, n);
	tg_buf_put(out, hashes.data, hashes.len);
	tg_buf_put(out, lengths.data, lengths.len);
	tg_buf_put(out, sections.data, sections.len);
	tg_buf_free(&hashes);
	tg_buf_free(&lengths);
	tg_buf_free(&sections);
}

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	tg_buf_put(ctx, run->text, run->text_len);
	return 0;
}

/* The index up to the packed lengths, which another stream of the same section may change. */
static size_t
index_length(const struct tg_saved *s)
{
	return s->sections[s->n - 1].hash + TG_HASH_BYTES;
}

static void
try_saved(const uint8_t *data, size_t len)
{
	struct tg_buf before = {0}, after = {0}, index = {0};
	struct tg_doc *doc, *again;
	const uint8_t *saved;
	size_t need;

	if (tg_doc_open_saved(&doc, data, len) != TG_OK)
		return;
	if (tg_saved_opening(data, len, &need) != TG_OK || need > len ||
	    tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), read_run, &before) != TG_OK)
		abort();
	tg_buf_put(&index, data, index_length(doc->saved));
	if (tg_doc_load_history(doc) == TG_OK) {
		if (tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), read_run, &after) != TG_OK ||
		    before.len != after.len ||
		    (after.len > 0 && memcmp(before.data, after.data, after.len) != 0) ||
		    tg_items_check(&doc->items) != 0 || tg_doc_save(doc, &saved, &len) != TG_OK ||
		    len < index.len || memcmp(saved, index.data, index.len) != 0 ||
		    tg_doc_open_saved(&again, saved, len) != TG_OK || tg_doc_load_history(again) != TG_OK)
			abort();
		tg_doc_close(again);
	}
	tg_doc_close(doc);
	tg_buf_free(&before);
	tg_buf_free(&after);
	tg_buf_free(&index);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tg_buf made = {0};

	if (len == 0)
		return 0;
	if (data[0] == 0) {
		try_saved(data + 1, len - 1);
		return 0;
	}
	put_sections(&made, data + 1, len - 1);
	try_saved(made.data, made.len);
	tg_buf_free(&made);
	return 0;
}
