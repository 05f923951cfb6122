#include <string.h>

#include <toygrid/status.h>

#include "hostile.h"

static const char *const names[HOSTILE_COUNT] = {
    "100,000 single inserts at one spot by 100 agents",
    "100,000 agents insert once at one spot",
    "1,000 branches of 100 events",
    "a branch a month old (2,000 edits) into a busy document (20,000 edits)",
    "two branches of 5,000 edits that arrive in turns",
    "loading 200,000 edits of two authors who are always two edits behind each other",
};

const char *
hostile_name(int which)
{
	return names[which];
}

static void
name_agent(uint8_t *key, uint32_t n)
{
	uint32_t mixed = (n + 1) * 2654435761u; /* the order of names is not the order of coming */

	memset(key, 0, TG_TEXT_AGENT_BYTES);
	for (int i = 0; i < 4; i++) {
		key[i] = (uint8_t)(mixed >> (24 - 8 * i));
		key[4 + i] = (uint8_t)(n >> (24 - 8 * i));
	}
}

static size_t
put_number(uint8_t *p, uint32_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

/* One bundle of one insertion of ${len} letters at ${pos}. */
static int
insert(struct tg_doc *doc, uint32_t agent, uint64_t seq, const struct tg_event_id *parents, size_t n,
    uint32_t pos, uint32_t len)
{
	static const uint8_t letters[] =
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
	    "abcdefghijklmnopqrstuvwxyz";
	uint8_t key[TG_TEXT_AGENT_BYTES], ops[32] = {1, 0, 0, 1};
	size_t at = 4;

	name_agent(key, agent);
	at += put_number(ops + at, (len - 1) << 3);
	at += put_number(ops + at, pos << 1);
	return tg_doc_add(doc, key, seq, parents, n, ops, at, letters, len);
}

static struct tg_event_id
event(uint32_t agent, uint64_t seq)
{
	struct tg_event_id id;

	name_agent(id.agent, agent);
	id.seq = seq;
	return id;
}

/* ${agents} each insert ${each} times at the middle of a text of two letters by agent 0. */
static int
one_spot(struct tg_doc *doc, uint32_t agents, uint32_t each)
{
	struct tg_event_id base = event(0, 1);
	int rc = insert(doc, 0, 0, NULL, 0, 0, 2);

	for (uint32_t a = 1; a <= agents; a++)
		for (uint32_t i = 0; i < each && rc == TG_OK; i++)
			rc = insert(doc, a, i, i == 0 ? &base : NULL, i == 0, 1, 1);
	return rc;
}

static int
branches(struct tg_doc *doc)
{
	struct tg_event_id base = event(0, 99);
	int rc = insert(doc, 0, 0, NULL, 0, 0, 100);

	for (uint32_t a = 1; a <= 1000; a++)
		for (uint32_t i = 0; i < 10 && rc == TG_OK; i++)
			rc =
			    insert(doc, a, i * 10, i == 0 ? &base : NULL, i == 0, (a * 7 + i * 13) % 100, 10);
	return rc;
}

/* Agents 1 and 2 edit all over, one after the other; then what agent 3 did from the start on arrives. */
static int
month(struct tg_doc *doc)
{
	struct tg_event_id last = event(0, 99), base = last;
	uint64_t seq[3] = {0, 0, 0};
	uint32_t length = 100;
	int rc = insert(doc, 0, 0, NULL, 0, 0, 100);

	for (uint32_t i = 0; i < 20000 && rc == TG_OK; i++) {
		uint32_t a = 1 + i % 2;

		rc = insert(doc, a, seq[a], &last, 1, i * 7919u % length, 3);
		seq[a] += 3;
		last = event(a, seq[a] - 1);
		length += 3;
	}
	for (uint32_t i = 0; i < 2000 && rc == TG_OK; i++)
		rc = insert(doc, 3, i * 3, i == 0 ? &base : NULL, i == 0, i * 31 % (100 + i * 3), 3);
	return rc;
}

static int
zigzag(struct tg_doc *doc)
{
	struct tg_event_id base = event(0, 99);
	int rc = insert(doc, 0, 0, NULL, 0, 0, 100);

	for (uint32_t i = 0; i < 5000 && rc == TG_OK; i++)
		for (uint32_t a = 1; a <= 2 && rc == TG_OK; a++)
			rc = insert(doc, a, i, i == 0 ? &base : NULL, i == 0, i * 7919u % (100 + i), 1);
	return rc;
}

/* No event but the first is critical, and the runs are many. */
static int
behind(struct tg_doc *doc)
{
	int rc = tg_doc_load_begin(doc);

	for (uint32_t i = 0; i < 100000 && rc == TG_OK; i++)
		for (uint32_t a = 1; a <= 2 && rc == TG_OK; a++) {
			struct tg_event_id seen = event(3 - a, i - 2);
			uint32_t length = i < 2 ? i : 2 * i - 1;

			rc = insert(doc, a, i, i < 2 ? NULL : &seen, i >= 2, i * 7919u % (length + 1), 1);
		}
	return rc == TG_OK ? tg_doc_load_end(doc) : rc;
}

int
hostile_run(struct tg_doc *doc, int which)
{
	switch (which) {
	case HOSTILE_SPOT:
		return one_spot(doc, 100, 1000);
	case HOSTILE_CROWD:
		return one_spot(doc, 100000, 1);
	case HOSTILE_BRANCHES:
		return branches(doc);
	case HOSTILE_MONTH:
		return month(doc);
	case HOSTILE_ZIGZAG:
		return zigzag(doc);
	case HOSTILE_BEHIND:
		return behind(doc);
	}
	return TG_EINVAL;
}
