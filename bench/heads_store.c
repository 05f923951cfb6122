/*
 * heads_store FILE -- what a browser has stored of a document with 1,500 logs of 10 entries, for heads.mjs.
 *
 * FILE: grid (32 bytes), edit secret (32), then records: key length u8, value length u16be, key, value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "log/fixture.h"

#define LOGS	1500
#define ENTRIES 9 /* after the certificate */
#define PAYLOAD 80

static void
must(int ok)
{
	if (!ok)
		abort();
}

/* Entries that every reader keeps and that need no other: an extension's. */
static void
fill(struct tg_log *log, struct person *p, struct store *s)
{
	static const uint8_t payload[PAYLOAD];
	struct tg_fetch fetch = store_fetch(s);
	struct tg_ops ops = {0};
	struct tg_buf body = {0};

	for (uint64_t i = 0; i < ENTRIES; i++) {
		struct tg_draft d = {.class = TG_CLASS_CONTENT};

		tg_buf_reset(&body);
		tg_body_begin(&body, 1700000000000 + i, NULL, 0, 1);
		tg_body_ext(&body, "bench", 5, payload, sizeof payload);
		d.body = (struct tg_bytes){body.data, body.len};
		must(tg_log_append(log, &p->access, &d, 1, &p->rng, &fetch, &ops) == TG_OK);
	}
	store_apply(s, &ops);
	tg_ops_free(&ops);
	tg_buf_free(&body);
}

static void
put(FILE *f, const struct store_slot *slot)
{
	uint8_t lengths[3] = {
	    (uint8_t)slot->key_len, (uint8_t)(slot->value_len >> 8), (uint8_t)slot->value_len};

	must(slot->value_len < 0x10000);
	must(fwrite(lengths, 1, sizeof lengths, f) == sizeof lengths);
	must(fwrite(slot->key, 1, slot->key_len, f) == slot->key_len);
	must(fwrite(slot->value, 1, slot->value_len, f) == slot->value_len);
}

int
main(int argc, char **argv)
{
	struct person p;
	struct store s;
	FILE *f;

	if (argc != 2 || (f = fopen(argv[1], "wb")) == NULL) {
		perror("heads_store FILE");
		return 1;
	}
	must(tg_crypto_init() == TG_OK);
	person_init(&p, TG_MODE_EDIT, 1, 1);
	store_init(&s, &p.access.grid);
	for (uint64_t i = 0; i < LOGS; i++) {
		struct tg_log log;

		make_log(&log, &p, i, &s);
		fill(&log, &p, &s);
		tg_log_close(&log);
	}
	must(fwrite(p.access.grid.b, 1, TG_HASH_BYTES, f) == TG_HASH_BYTES);
	must(fwrite(p.access.secret.b, 1, TG_KEY_BYTES, f) == TG_KEY_BYTES);
	for (size_t i = 0; i < s.cap; i++)
		if (s.slots[i].key_len && s.slots[i].key[0] != 'k') /* they are other people's */
			put(f, &s.slots[i]);
	must(fclose(f) == 0);
	store_free(&s);
	person_free(&p);
	return 0;
}
