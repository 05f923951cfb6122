#include <stdlib.h>
#include <string.h>

#include <toygrid/chunk.h>
#include <toygrid/status.h>

#include "files/fixture.h"
#include "wire/writer.h"

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
filled(uint8_t with, struct tg_secret *secret)
{
	memset(secret->b, with, sizeof secret->b);
}

static int
nothing_stored(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	const struct tg_ops *ops = ctx;
	struct tg_hash grid;
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	size_t len;

	memcpy(grid.b, tg_ops_key(ops, 0).data + 1, sizeof grid.b);
	len = tg_storage_key_entry(&grid, log, seq, key);
	for (size_t i = ops->count; i-- > 0;) {
		struct tg_bytes k = tg_ops_key(ops, i);

		if (k.len == len && memcmp(k.data, key, len) == 0) {
			*value = tg_ops_value(ops, i);
			return TG_OK;
		}
	}
	return TG_EIO;
}

struct writer {
	struct fixture *f;
	struct tg_keypair identity, device;
	struct tg_buf device_record;
	struct tg_rng rng;
};

static void
append(struct writer *w, struct tg_log *log, struct tg_ops *ops, unsigned class, const struct tg_buf *body,
    const char *text)
{
	const struct tg_fetch fetch = {nothing_stored, ops};
	struct tg_draft draft = {class, {body->data, body->len}, {(const uint8_t *)text, strlen(text)}};

	must(tg_buf_status(body) == TG_OK);
	must(tg_log_append(log, &w->f->access, &draft, 1, &w->rng, &fetch, ops) == TG_OK);
}

/* A log of the writer, with ${texts} entries of content and, if given, genesis or a list of one chunk. */
static void
make_log(struct writer *w, uint8_t seed_byte, const struct tg_buf *genesis, const struct tg_buf *list,
    unsigned texts, struct tg_log *log, struct tg_ops *ops)
{
	struct tg_buf body = {0}, member = {0};
	struct tg_secret seed;
	char text[16];

	filled(seed_byte, &seed);
	must(tg_log_create(log, &w->f->access, &seed, &w->device, w->device_record.data, w->device_record.len,
		 &w->rng, ops) == TG_OK);
	must(tg_member_encode(&w->f->access, &w->identity, &w->device, TG_MEMBER_EDITOR, "Ada", 3, 0x336699,
		 &member) == TG_OK);
	tg_body_begin(&body, FIXTURE_MADE_MS, NULL, 0, genesis != NULL ? 2 : 1);
	if (genesis != NULL)
		tg_body_record(&body, TG_T_GENESIS, genesis->data, genesis->len);
	tg_body_record(&body, TG_T_MEMBER, member.data, member.len);
	append(w, log, ops, TG_CLASS_CONTENT, &body, "");
	if (list != NULL) {
		tg_buf_reset(&body);
		tg_body_begin(&body, FIXTURE_MADE_MS, NULL, 0, 1);
		tg_buf_put(&body, list->data, list->len);
		append(w, log, ops, TG_CLASS_RECORD, &body, "");
	}
	for (unsigned i = 0; i < texts; i++) {
		memcpy(text, "text .", 7);
		text[5] = (char)('0' + i);
		tg_buf_reset(&body);
		tg_body_begin(&body, FIXTURE_MADE_MS + i, NULL, 0, 1);
		tg_body_text(&body, i, "\x01", 1, strlen(text));
		append(w, log, ops, TG_CLASS_CONTENT, &body, text);
	}
	tg_buf_free(&body);
	tg_buf_free(&member);
}

static void
put_run(struct tg_log *log, struct tg_ops *ops, uint64_t from, uint64_t to, struct tg_buf *out)
{
	const struct tg_fetch fetch = {nothing_stored, ops};
	struct tg_buf run = {0};
	uint64_t end;

	must(tg_log_run(log, from, to, TG_DATA_MAX_BYTES - 512, &fetch, &run, &end) == TG_OK);
	must(end == (to == 0 ? log->head.length : to));
	tg_grid_file_put_run(out, run.data, run.len);
	tg_buf_free(&run);
}

static void
make_chunk(struct fixture *f, const char *data, struct tg_buf *out, struct tg_buf *list)
{
	struct tg_buf record = {0}, stored = {0};
	struct tg_hash name, locator, hash;

	must(tg_chunk_plain(data, strlen(data), &record, &name) == TG_OK);
	must(tg_chunk_locator(&f->access, &name, &locator) == TG_OK);
	must(tg_chunk_seal(&f->access, &name, record.data, record.len, &stored) == TG_OK);
	tg_hash(TG_DOMAIN_STORED, stored.data, stored.len, &hash);
	tg_grid_file_put_chunk(out, &locator, stored.data, stored.len);
	if (list != NULL) {
		tg_write_array(list, 2);
		tg_write_uint(list, 17);
		tg_write_array(list, 1);
		tg_write_array(list, 3);
		tg_write_bin(list, locator.b, sizeof locator.b);
		tg_write_bin(list, hash.b, sizeof hash.b);
		tg_write_uint(list, stored.len);
	}
	tg_buf_free(&record);
	tg_buf_free(&stored);
}

static void
make_logs(struct fixture *f, struct writer *w, const struct tg_buf *genesis, const struct tg_buf *list)
{
	struct tg_log log[3];
	struct tg_ops ops[3] = {{0}, {0}, {0}};
	int first;

	make_log(w, 0x21, genesis, NULL, 2, &log[0], &ops[0]);
	make_log(w, 0x22, NULL, list, 1, &log[1], &ops[1]);
	first = tg_key_cmp(&log[0].key, &log[1].key) < 0 ? 0 : 1;
	put_run(&log[first], &ops[first], 0, 2, &f->runs[0]);
	put_run(&log[first], &ops[first], 2, 0, &f->runs[1]);
	put_run(&log[1 - first], &ops[1 - first], 0, 3, &f->runs[2]);
	put_run(&log[1 - first], &ops[1 - first], 3, 0, &f->runs[3]);
	f->counts = (struct tg_grid_file_counts){2, log[0].length + log[1].length, 1};
	make_log(w, first == 0 ? 0x21 : 0x22, NULL, NULL, 4, &log[2], &ops[2]);
	put_run(&log[2], &ops[2], 0, 0, &f->other_run);
	for (int i = 0; i < 3; i++) {
		tg_log_close(&log[i]);
		tg_ops_free(&ops[i]);
	}
}

void
fixture_open(struct fixture *f, int sealed)
{
	static const uint8_t nonce[TG_GENESIS_NONCE_BYTES] = {1, 2, 3};
	struct tg_grid_file_header h = {.made_ms = FIXTURE_MADE_MS, .has_link = !sealed};
	struct tg_buf genesis = {0}, list = {0};
	struct tg_secret secret, box_secret;
	struct writer w = {.f = f};
	struct tg_key box;

	memset(f, 0, sizeof *f);
	must(tg_crypto_init() == TG_OK);
	filled(0x11, &secret);
	must(tg_access_from_secret(TG_MODE_EDIT, &secret, NULL, &f->access) == TG_OK);
	h.link.secret = secret;
	h.link.mode = TG_MODE_EDIT;
	filled(0x12, &secret);
	tg_rng_seed(&w.rng, &secret);
	filled(0x13, &secret);
	tg_keypair_from_seed(&secret, &w.identity);
	filled(0x14, &secret);
	tg_keypair_from_seed(&secret, &w.device);
	filled(0x15, &secret);
	tg_box_keypair(&secret, &box, &box_secret);
	tg_device_encode(&w.identity, &w.device.public_key, &box, &w.device_record);
	must(tg_genesis_encode(&f->access, &w.identity, nonce, FIXTURE_MADE_MS, &genesis, &h.grid) == TG_OK);
	f->access.grid = h.grid;
	h.w = f->access.w;
	h.r = f->access.r;
	tg_grid_file_put_header(&f->header, &h);
	make_chunk(f, "a picture", &f->chunk, &list);
	make_chunk(f, "another picture", &f->other_chunk, NULL);
	make_logs(f, &w, &genesis, &list);
	tg_buf_free(&genesis);
	tg_buf_free(&list);
	tg_buf_free(&w.device_record);
}

void
fixture_close(struct fixture *f)
{
	tg_buf_free(&f->header);
	tg_buf_free(&f->chunk);
	tg_buf_free(&f->other_chunk);
	tg_buf_free(&f->other_run);
	for (int i = 0; i < 4; i++)
		tg_buf_free(&f->runs[i]);
}

void
fixture_end(struct tg_buf *out, const struct tg_grid_file_counts *counts)
{
	struct tg_hash digest;

	tg_hash(TG_DOMAIN_FILE, out->data, out->len, &digest);
	tg_grid_file_put_end(out, counts, &digest);
}

void
fixture_file(const struct fixture *f, struct tg_buf *out)
{
	tg_buf_put(out, f->header.data, f->header.len);
	for (int i = 0; i < 4; i++)
		tg_buf_put(out, f->runs[i].data, f->runs[i].len);
	tg_buf_put(out, f->chunk.data, f->chunk.len);
	fixture_end(out, &f->counts);
}
