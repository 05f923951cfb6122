/*
 * Logs: opening many, appending, replicating between two logs of one process.  "Stored" is in LMDB, as peers
 * have it, without syncing; appending is also told alone, up to the batch that the peer hands to its host:
 * hashing, sealing, signing.  Times are of the processor.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "host/store_lmdb.h"
#include "log/fixture.h"
#include "row.h"
#include "wire/writer.h"

#define LOGS	1500
#define SINGLE	30000
#define BATCH	1000
#define BATCHES 200
#define MANY	100000
#define BODY	100
#define PAGE	262144 /* bytes a peer asks its storage for at once */

static struct person alice, bob;
static uint8_t body[BODY];

static void
must(int rc)
{
	if (rc != TG_OK)
		abort();
}

/* ---- LMDB ---------------------------------------------------------------------------------------------- */

struct disk {
	char dir[32];
	struct tg_store *db;
	struct tg_buf ops;
	unsigned long written;
};

static void
disk_open(struct disk *d)
{
	struct tg_store_options options = {.throwaway = 1}; /* syncing is the disk's cost */
	char error[TG_STORE_ERROR_BYTES];

	must(tg_store_open(&d->db, d->dir, &options, error));
}

static void
disk_make(struct disk *d)
{
	memset(d, 0, sizeof *d);
	strcpy(d->dir, "/tmp/tg-bench-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		abort();
	disk_open(d);
}

static void
disk_remove(struct disk *d)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "toygrid.lock"};
	char path[64];

	tg_store_close(d->db);
	tg_buf_free(&d->ops);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", d->dir, names[i]);
		unlink(path);
	}
	rmdir(d->dir);
}

static void
on_stored(void *ctx, uint64_t batch, int status)
{
	(void)ctx;
	(void)batch;
	must(status);
}

static void
disk_put(struct disk *d, struct tg_bytes key, struct tg_bytes value)
{
	tg_write_array(&d->ops, 3);
	tg_write_uint(&d->ops, TG_STORE_PUT);
	tg_write_bin(&d->ops, key.data, key.len);
	tg_write_bin(&d->ops, value.data, value.len);
}

static void
disk_begin(struct disk *d, size_t count)
{
	tg_buf_reset(&d->ops);
	tg_write_array(&d->ops, (uint32_t)count);
}

static void
disk_commit(struct disk *d)
{
	must(tg_buf_status(&d->ops));
	must(tg_store_queue(d->db, ++d->written, 0, (struct tg_bytes){d->ops.data, d->ops.len}));
	tg_store_flush(d->db, on_stored, NULL);
}

static void
disk_apply(struct disk *d, const struct tg_ops *ops)
{
	disk_begin(d, ops->count);
	for (size_t i = 0; i < ops->count; i++)
		disk_put(d, tg_ops_key(ops, i), tg_ops_value(ops, i));
	disk_commit(d);
}

/* As a peer opens a grid: pages of heads, one log after the other.  How many. */
static size_t
disk_heads(struct disk *d, struct tg_log *logs, uint64_t *sum)
{
	uint8_t from[1 + TG_HASH_BYTES + TG_KEY_BYTES + 1] = {'h'}, to[sizeof from];
	struct tg_bytes low = {from, 1 + TG_HASH_BYTES}, high = {to, sizeof to}, key, value;
	struct tg_buf event = {0};
	size_t n = 0;
	int more = 1;

	memcpy(from + 1, alice.access.grid.b, TG_HASH_BYTES);
	memset(to, 0xff, sizeof to);
	memcpy(to, from, 1 + TG_HASH_BYTES);
	while (more) {
		struct tg_reader r;
		struct tg_key log;

		tg_buf_reset(&event);
		tg_store_load(d->db, low, high, PAGE, &event, 1);
		tg_reader_init(&r, event.data, event.len);
		tg_read_array(&r, 5, 5);
		tg_read_uint(&r, UINT64_MAX);
		tg_read_uint(&r, UINT64_MAX);
		must((int)tg_read_uint(&r, 1000));
		for (uint32_t count = tg_read_array(&r, 0, LOGS); count > 0; count--) {
			tg_read_array(&r, 2, 2);
			key = tg_read_bin(&r, sizeof from);
			value = tg_read_bin(&r, 1000);
			must(tg_reader_status(&r));
			memcpy(log.b, key.data + 1 + TG_HASH_BYTES, sizeof log.b);
			must(tg_log_open(&logs[n], &alice.access, &log, value.data, value.len));
			*sum += logs[n++].head.length;
			memcpy(from, key.data, key.len);
		}
		more = tg_read_bool(&r);
		must(tg_reader_end(&r));
		low.len = sizeof from; /* just behind the last */
		from[sizeof from - 1] = 0;
	}
	tg_buf_free(&event);
	return n;
}

/* ---- what is measured ---------------------------------------------------------------------------------- */

static void
open_many(void)
{
	static struct tg_log logs[LOGS];
	struct tg_fetch fetch;
	struct tg_log log;
	struct store s;
	struct disk d;
	uint64_t sum = 0;
	size_t n = 0;
	double start;

	store_init(&s, &alice.access.grid);
	for (uint64_t i = 0; i < LOGS; i++) {
		make_log(&log, &alice, i, &s);
		add_entries(&log, &alice, &s, 9, BODY);
		tg_log_close(&log);
	}
	disk_make(&d);
	disk_begin(&d, s.count);
	for (size_t i = 0; i < s.cap; i++)
		if (s.slots[i].key_len)
			disk_put(&d, (struct tg_bytes){s.slots[i].key, s.slots[i].key_len},
			    (struct tg_bytes){s.slots[i].value, s.slots[i].value_len});
	disk_commit(&d);
	tg_store_close(d.db);

	start = bench_cpu();
	disk_open(&d);
	n = disk_heads(&d, logs, &sum);
	bench_row_max(
	    "open 1,500 logs of 10 entries and read each head", (bench_cpu() - start) * 1e3, "ms", 10);
	if (n != LOGS || sum != LOGS * 10)
		abort();
	fetch = store_fetch(&s);
	start = bench_cpu();
	for (size_t i = 0; i < n; i++)
		must(tg_log_load(&logs[i], &fetch));
	bench_row("verify the signature and root of each of them", (bench_cpu() - start) * 1e3, "ms");
	for (size_t i = 0; i < n; i++)
		tg_log_close(&logs[i]);
	disk_remove(&d);
	store_free(&s);
}

/* ${d}: where each batch is stored, in a commit of its own; or NULL. */
static void
append(struct disk *d, size_t batch, size_t rounds, const char *what, double bar)
{
	struct tg_draft *drafts = calloc(batch, sizeof *drafts);
	struct tg_fetch fetch;
	struct tg_ops ops = {0};
	struct tg_log log;
	struct store s;
	double start, rate;

	store_init(&s, &alice.access.grid);
	make_log(&log, &alice, 1, &s);
	fetch = store_fetch(&s);
	for (size_t i = 0; i < batch; i++)
		drafts[i] = (struct tg_draft){TG_CLASS_CONTENT, {body, BODY}, {NULL, 0}};
	start = bench_cpu();
	for (size_t i = 0; i < rounds; i++) {
		tg_ops_reset(&ops);
		must(tg_log_append(&log, &alice.access, drafts, batch, &alice.rng, &fetch, &ops));
		if (d != NULL)
			disk_apply(d, &ops);
	}
	rate = (double)(batch * rounds) / (bench_cpu() - start);
	if (bar > 0)
		bench_row_min(what, rate, "entries/s", bar);
	else
		bench_row(what, rate, "entries/s");
	tg_log_close(&log);
	tg_ops_free(&ops);
	store_free(&s);
	free(drafts);
}

/* ${d}: where the receiving side stores, too; or NULL. */
static void
replicate(struct disk *d)
{
	struct tg_draft *drafts = calloc(MANY - 1, sizeof *drafts);
	struct tg_fetch from, to;
	struct store sa, sb;
	struct tg_log a, b;
	struct tg_ops ops = {0};
	struct tg_buf buf = {0};
	struct tg_receipt receipt;
	struct tg_run run;
	uint64_t end, bytes = 0;
	double start, seconds;

	store_init(&sa, &alice.access.grid);
	store_init(&sb, &alice.access.grid);
	make_log(&a, &alice, 1, &sa);
	from = store_fetch(&sa);
	to = store_fetch(&sb);
	for (size_t i = 0; i < MANY - 1; i++)
		drafts[i] = (struct tg_draft){TG_CLASS_CONTENT, {body, BODY}, {NULL, 0}};
	must(tg_log_append(&a, &alice.access, drafts, MANY - 1, &alice.rng, &from, &ops));
	store_apply(&sa, &ops);
	tg_log_init(&b, &bob.access, &a.key);

	start = bench_cpu();
	while (b.length < MANY) {
		tg_buf_reset(&buf);
		tg_ops_reset(&ops);
		must(tg_log_run(&a, b.length, 0, TG_DATA_MAX_BYTES - 512, &from, &buf, &end));
		must(tg_run_decode(buf.data, buf.len, &run));
		must(tg_log_receive(&b, &bob.access, &run, 0, &to, &ops, &receipt, NULL));
		store_apply(&sb, &ops);
		if (d != NULL)
			disk_apply(d, &ops);
		bytes += buf.len;
	}
	seconds = bench_cpu() - start;
	if (b.head.length != MANY || tg_hash_cmp(&a.head.root, &b.head.root) != 0)
		abort();
	if (d != NULL) {
		bench_row_max(
		    "replicate 100,000 entries of 100 bytes, verified and stored", seconds, "s", 0.5);
		bench_row("bytes sent for an entry of 100 bytes, in a long log", (double)bytes / MANY, "B");
	} else {
		bench_row("replicate them in memory alone", seconds, "s");
	}
	tg_log_close(&a);
	tg_log_close(&b);
	tg_ops_free(&ops);
	tg_buf_free(&buf);
	store_free(&sa);
	store_free(&sb);
	free(drafts);
}

int
main(void)
{
	struct disk d;

	must(tg_crypto_init());
	person_init(&alice, TG_MODE_EDIT, 1, 1);
	person_init(&bob, TG_MODE_VIEW, 1, 2);
	memset(body, 'x', sizeof body);
	open_many();
	append(NULL, 1, SINGLE, "append single entries of 100 bytes, each signed", 30000);
	append(NULL, BATCH, BATCHES, "append entries of 100 bytes in batches of 1,000", 500000);
	disk_make(&d);
	append(&d, 1, SINGLE, "append single entries of 100 bytes, each signed and stored", 0);
	append(&d, BATCH, BATCHES, "append entries of 100 bytes in batches of 1,000, stored", 0);
	disk_remove(&d);
	disk_make(&d);
	replicate(&d);
	disk_remove(&d);
	replicate(NULL);
	person_free(&alice);
	person_free(&bob);
	return 0;
}
