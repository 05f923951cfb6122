/*
 * Logs: opening many, appending, replicating between two logs of one process.  Storage is a map in memory, so
 * these are the costs of the log itself: hashing, sealing, signing, proving, verifying.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "log/fixture.h"
#include "row.h"

#define LOGS	1500
#define SINGLE	30000
#define BATCH	1000
#define BATCHES 200
#define MANY	100000
#define BODY	100

static struct person alice, bob;
static uint8_t body[BODY];

static void
must(int rc)
{
	if (rc != TG_OK)
		abort();
}

static int
by_key(const void *x, const void *y)
{
	const struct store_slot *const *a = x, *const *b = y;

	return memcmp((*a)->key, (*b)->key, sizeof(*a)->key);
}

static void
open_many(void)
{
	static struct tg_log logs[LOGS];
	const struct store_slot *heads[LOGS];
	struct tg_fetch fetch;
	struct tg_log log;
	struct store s;
	uint64_t sum = 0;
	size_t n = 0;
	double start;

	store_init(&s, &alice.access.grid);
	for (uint64_t i = 0; i < LOGS; i++) {
		make_log(&log, &alice, i, &s);
		add_entries(&log, &alice, &s, 9, BODY);
		tg_log_close(&log);
	}
	for (size_t i = 0; i < s.cap; i++)
		if (s.slots[i].key_len && s.slots[i].key[0] == 'h')
			heads[n++] = &s.slots[i];
	qsort(heads, n, sizeof *heads, by_key); /* as a scan of an ordered store brings them */

	start = bench_now();
	for (size_t i = 0; i < n; i++) {
		struct tg_key key;

		memcpy(key.b, heads[i]->key + 33, sizeof key.b);
		must(tg_log_open(&logs[i], &alice.access, &key, heads[i]->value, heads[i]->value_len));
		sum += logs[i].head.length;
	}
	bench_row_max(
	    "open 1,500 logs of 10 entries and read each head", (bench_now() - start) * 1e3, "ms", 10);
	if (sum != LOGS * 10)
		abort();
	fetch = store_fetch(&s);
	start = bench_now();
	for (size_t i = 0; i < n; i++)
		must(tg_log_load(&logs[i], &fetch));
	bench_row("verify the signature and root of each of them", (bench_now() - start) * 1e3, "ms");
	for (size_t i = 0; i < n; i++)
		tg_log_close(&logs[i]);
	store_free(&s);
}

static void
append(size_t batch, size_t rounds, const char *what, double bar)
{
	struct tg_draft *drafts = calloc(batch, sizeof *drafts);
	struct tg_fetch fetch;
	struct tg_ops ops = {0};
	struct tg_log log;
	struct store s;
	double start;

	store_init(&s, &alice.access.grid);
	make_log(&log, &alice, 1, &s);
	fetch = store_fetch(&s);
	for (size_t i = 0; i < batch; i++)
		drafts[i] = (struct tg_draft){TG_CLASS_CONTENT, {body, BODY}, {NULL, 0}};
	start = bench_now();
	for (size_t i = 0; i < rounds; i++) {
		tg_ops_reset(&ops);
		must(tg_log_append(&log, &alice.access, drafts, batch, &alice.rng, &fetch, &ops));
	}
	bench_row_min(what, (double)(batch * rounds) / (bench_now() - start), "entries/s", bar);
	tg_log_close(&log);
	tg_ops_free(&ops);
	store_free(&s);
	free(drafts);
}

static void
replicate(void)
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

	start = bench_now();
	while (b.length < MANY) {
		tg_buf_reset(&buf);
		tg_ops_reset(&ops);
		must(tg_log_run(&a, b.length, 0, TG_DATA_MAX_BYTES - 512, &from, &buf, &end));
		must(tg_run_decode(buf.data, buf.len, &run));
		must(tg_log_receive(&b, &bob.access, &run, 0, &to, &ops, &receipt, NULL));
		store_apply(&sb, &ops);
		bytes += buf.len;
	}
	seconds = bench_now() - start;
	if (b.head.length != MANY || tg_hash_cmp(&a.head.root, &b.head.root) != 0)
		abort();
	bench_row_max("replicate 100,000 entries of 100 bytes, verified and stored", seconds, "s", 0.5);
	bench_row("bytes sent for an entry of 100 bytes, in a long log", (double)bytes / MANY, "B");
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
	must(tg_crypto_init());
	person_init(&alice, TG_MODE_EDIT, 1, 1);
	person_init(&bob, TG_MODE_VIEW, 1, 2);
	memset(body, 'x', sizeof body);
	open_many();
	append(1, SINGLE, "append single entries of 100 bytes, each signed", 30000);
	append(BATCH, BATCHES, "append entries of 100 bytes in batches of 1,000", 500000);
	replicate();
	person_free(&alice);
	person_free(&bob);
	return 0;
}
