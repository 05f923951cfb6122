#include <stdlib.h>
#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "vectors/lines.h"
#include "vectors/vectors.h"

#define FILE_BYTES (3u << 20)

static struct tg_access edit;

static void
chunk(struct tg_buf *out, const char *name_text, const struct tg_buf *record, const struct tg_hash *name)
{
	struct tg_buf stored = {0}, value = {0};
	struct tg_hash locator;

	vector_need(tg_chunk_locator(&edit, name, &locator) == TG_OK);
	vector_need(tg_chunk_seal(&edit, name, record->data, record->len, &stored) == TG_OK);
	vector_need(tg_chunk_keep(stored.data, stored.len, &value) == TG_OK);
	line_begin(out, name_text);
	line_hex(out, name->b, sizeof name->b);
	line_hex(out, record->data, record->len);
	line_hex(out, locator.b, sizeof locator.b);
	line_hex(out, value.data, value.len);
	line_end(out);
	tg_buf_free(&stored);
	tg_buf_free(&value);
}

static int
put(void *ctx, const struct tg_hash *name, const void *record, size_t len)
{
	(void)record;
	line_begin(ctx, "piece");
	line_uint(ctx, len);
	line_hex(ctx, name->b, sizeof name->b);
	line_end(ctx);
	return TG_OK;
}

static void
whole_file(struct tg_buf *out)
{
	uint8_t *data = malloc(FILE_BYTES);
	struct tg_file_writer *w = tg_file_writer_new(put, out);
	struct tg_rng rng = {0};
	struct tg_file_ref ref;
	struct tg_secret seed;

	vector_need(data != NULL && w != NULL);
	vector_secret(0xcc, &seed);
	tg_rng_seed(&rng, &seed);
	tg_rng_bytes(&rng, data, FILE_BYTES);
	line_text(out,
	    "# piece record-length name: of 3 MiB from the generator with seed cc, lists among them; then\n"
	    "# file size depth name\n");
	vector_need(tg_file_write(w, data, FILE_BYTES) == TG_OK);
	vector_need(tg_file_finish(w, &ref) == TG_OK);
	line_begin(out, "file");
	line_uint(out, ref.size);
	line_uint(out, ref.depth);
	line_hex(out, ref.name.b, sizeof ref.name.b);
	line_end(out);
	tg_file_writer_free(w);
	free(data);
}

void
vectors_chunk(struct tg_bytes file, struct tg_buf *out)
{
	static const char *const texts[] = {
	    "", "a", "the same in every grid by name, in none by stored form"};
	uint8_t nonce[TG_CHUNK_NONCE_BYTES];
	struct tg_keypair device;
	struct tg_buf record = {0};
	struct tg_hash name;
	struct tg_secret s;

	(void)file;
	line_text(out,
	    "# Chunks (protocol.md 7).  Edit secret 32 bytes of 11, origin's seed of 33, nonce of 66.\n"
	    "# KIND name record locator value-kept\n");
	vector_secret(0x11, &s);
	vector_need(tg_access_from_secret(TG_MODE_EDIT, &s, NULL, &edit) == TG_OK);
	vector_secret(0x33, &s);
	tg_keypair_from_seed(&s, &device);
	memset(nonce, 0x66, sizeof nonce);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		tg_buf_reset(&record);
		vector_need(tg_chunk_plain(texts[i], strlen(texts[i]), &record, &name) == TG_OK);
		chunk(out, "plain", &record, &name);
		tg_buf_reset(&record);
		vector_need(
		    tg_chunk_signed(&device, nonce, texts[i], strlen(texts[i]), &record, &name) == TG_OK);
		chunk(out, "signed", &record, &name);
	}
	tg_buf_free(&record);
	whole_file(out);
}
