#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "log/fixture.h"

/* A fixture that cannot be built is a bug of the test, also where must() is compiled out. */
static void
must(int ok)
{
	if (!ok)
		abort();
}

/* ---- store ---- */

static size_t
hash_key(const uint8_t *key, size_t len)
{
	uint64_t h = 1469598103934665603u;

	/* The tail holds what differs: log key and sequence. */
	for (size_t i = len > 24 ? len - 24 : 0; i < len; i++)
		h = (h ^ key[i]) * 1099511628211u;
	return (size_t)(h ^ h >> 29);
}

static struct store_slot *
find(struct store *s, const uint8_t *key, size_t len)
{
	size_t i = hash_key(key, len) & (s->cap - 1);

	while (s->slots[i].key_len && (s->slots[i].key_len != len || memcmp(s->slots[i].key, key, len) != 0))
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

void
store_init(struct store *s, const struct tg_hash *grid)
{
	memset(s, 0, sizeof *s);
	s->grid = *grid;
	s->cap = 1024;
	s->slots = calloc(s->cap, sizeof *s->slots);
}

void
store_free(struct store *s)
{
	for (size_t i = 0; i < s->cap; i++)
		free(s->slots[i].value);
	free(s->slots);
	memset(s, 0, sizeof *s);
}

static void
grow(struct store *s)
{
	struct store old = *s;

	s->cap *= 2;
	s->slots = calloc(s->cap, sizeof *s->slots);
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].key_len)
			*find(s, old.slots[i].key, old.slots[i].key_len) = old.slots[i];
	free(old.slots);
}

void
store_put(struct store *s, struct tg_bytes key, struct tg_bytes value)
{
	struct store_slot *slot;

	must(key.len <= sizeof slot->key);
	if (s->count * 2 >= s->cap)
		grow(s);
	slot = find(s, key.data, key.len);
	if (slot->key_len == 0) {
		memcpy(slot->key, key.data, key.len);
		slot->key_len = key.len;
		s->count++;
	}
	if (slot->value_len != value.len || slot->value == NULL) {
		free(slot->value);
		slot->value = malloc(value.len ? value.len : 1);
	}
	memcpy(slot->value, value.data, value.len);
	slot->value_len = value.len;
	slot->loaded = 1;
}

struct tg_bytes
store_get(struct store *s, const uint8_t *key, size_t key_len)
{
	struct store_slot *slot = find(s, key, key_len);

	return slot->key_len ? (struct tg_bytes){slot->value, slot->value_len} : (struct tg_bytes){NULL, 0};
}

void
store_apply(struct store *s, const struct tg_ops *ops)
{
	for (size_t i = 0; i < ops->count; i++)
		store_put(s, tg_ops_key(ops, i), tg_ops_value(ops, i));
}

void
store_forget(struct store *s)
{
	s->lazy = 1;
	for (size_t i = 0; i < s->cap; i++)
		s->slots[i].loaded = 0;
}

static int
fetch_record(void *ctx, const struct tg_key *log, uint64_t seq, struct tg_bytes *value)
{
	struct store *s = ctx;
	uint8_t key[TG_STORAGE_KEY_MAX_BYTES];
	struct store_slot *slot = find(s, key, tg_storage_key_entry(&s->grid, log, seq, key));

	s->asked++;
	if (slot->key_len == 0)
		return TG_EIO; /* a test asks only for what was stored */
	if (s->lazy && !slot->loaded) {
		slot->loaded = 1;
		s->missed++;
		return TG_ENOTFOUND;
	}
	*value = (struct tg_bytes){slot->value, slot->value_len};
	return TG_OK;
}

struct tg_fetch
store_fetch(struct store *s)
{
	return (struct tg_fetch){fetch_record, s};
}

/* ---- people ---- */

void
secret_of(const char *what, uint64_t n, struct tg_secret *out)
{
	static const struct tg_secret zero;
	uint8_t context[8];

	for (int i = 0; i < 8; i++)
		context[i] = (uint8_t)(n >> (56 - 8 * i));
	tg_derive(&zero, what, context, sizeof context, out);
}

void
person_init(struct person *p, enum tg_mode mode, uint64_t grid, uint64_t n)
{
	struct tg_access edit;
	struct tg_secret s, weak;
	int rc;

	memset(p, 0, sizeof *p);
	secret_of("test-identity", n, &s);
	tg_keypair_from_seed(&s, &p->identity);
	secret_of("test-device", n, &s);
	tg_keypair_from_seed(&s, &p->device);
	secret_of("test-box", n, &s);
	tg_box_keypair(&s, &p->box, &p->box_secret);
	tg_device_encode(&p->identity, &p->device.public_key, &p->box, &p->device_record);

	secret_of("test-edit", grid, &s);
	rc = tg_access_from_secret(TG_MODE_EDIT, &s, NULL, &edit);
	must(rc == TG_OK);
	if (mode == TG_MODE_REPLICA) {
		tg_access_from_replica(&edit.read_seed, &edit.sync, &edit.w, &p->access);
	} else {
		rc = tg_access_weaken(&edit, mode, &weak);
		must(rc == TG_OK);
		rc = tg_access_from_secret(mode, &weak, mode == TG_MODE_VIEW ? &edit.w : NULL, &p->access);
		must(rc == TG_OK);
	}
	secret_of("test-grid", grid, &s);
	memcpy(p->access.grid.b, s.b, sizeof s.b);
	p->access.edit_role = edit.edit_role;
	secret_of("test-rng", n, &s);
	tg_rng_seed(&p->rng, &s);
}

void
person_free(struct person *p)
{
	tg_buf_free(&p->device_record);
	tg_access_wipe(&p->access);
}

void
make_log(struct tg_log *log, struct person *p, uint64_t n, struct store *s)
{
	struct tg_ops ops = {0};
	struct tg_secret seed;
	int rc;

	secret_of("test-log", n, &seed);
	rc = tg_log_create(
	    log, &p->access, &seed, &p->device, p->device_record.data, p->device_record.len, &p->rng, &ops);
	must(rc == TG_OK);
	store_apply(s, &ops);
	tg_ops_free(&ops);
}

void
add_entries(struct tg_log *log, struct person *p, struct store *s, unsigned entries, size_t size)
{
	struct tg_fetch fetch = store_fetch(s);
	struct tg_ops ops = {0};
	uint8_t *body = malloc(size);
	int rc;

	for (unsigned i = 0; i < entries; i++) {
		struct tg_draft d = {.class = TG_CLASS_CONTENT, .body = {body, size}, .text = {body, i % 3}};

		memset(body, (int)(log->length & 0xff), size);
		rc = tg_log_append(log, &p->access, &d, 1, &p->rng, &fetch, &ops);
		must(rc == TG_OK);
	}
	store_apply(s, &ops);
	tg_ops_free(&ops);
	free(body);
}

int
send_run(struct tg_log *from, struct store *from_store, uint64_t start, uint64_t end, struct tg_log *to,
    struct person *reader, struct store *to_store, unsigned flags, struct tg_receipt *receipt,
    struct tg_buf *proof)
{
	struct tg_fetch theirs = store_fetch(from_store), ours = store_fetch(to_store);
	struct tg_ops ops = {0};
	struct tg_buf buf = {0};
	struct tg_run run;
	uint64_t stop;
	int rc;

	rc = tg_log_run(from, start, end, TG_DATA_MAX_BYTES, &theirs, &buf, &stop);
	if (rc == TG_OK)
		rc = tg_run_decode(buf.data, buf.len, &run);
	must(rc == TG_OK);
	rc = tg_log_receive(to, &reader->access, &run, flags, &ours, &ops, receipt, proof);
	if (rc == TG_OK)
		store_apply(to_store, &ops);
	else
		must(ops.count == 0 && ops.len == 0);
	tg_ops_free(&ops);
	tg_buf_free(&buf);
	return rc;
}
