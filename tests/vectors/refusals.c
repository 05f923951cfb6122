/*
 * Hostile bundles, and what every host says to each: the same whatever else the document holds, however it
 * came to hold it, and on every machine.  A bundle that one host took and another refused would part them for
 * ever.
 */
#include <string.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "vectors/lines.h"
#include "vectors/vectors.h"

/* Alice wrote "0123456789", one event each; Bob, who knew her first five, an x behind them.  Then Carol: */
static const struct hostile {
	const char *name;
	uint64_t seq;
	const char *parents; /* letters of authors and one digit each */
	const char *ops, *text;
} hostile[] = {
    /* what is in order */
    {"insert", 0, "A9", "01 00 00 01 00 14", "78"},
    {"insert-between-the-lines", 0, "A4", "01 00 00 01 00 0a", "78"},
    {"knows-nothing", 0, "", "01 00 00 01 00 00", "78"},
    {"both-heads", 0, "A9B0", "01 00 00 01 00 16", "78"},
    {"deletes-all-and-inserts", 0, "A9", "01 00 00 02 4a 00 00 00", "78"},

    /* index */
    {"insert-beyond-the-end", 0, "A9", "01 00 00 01 00 16", "78"},
    {"insert-beyond-the-end-of-its-version", 0, "A4", "01 00 00 01 00 0c", "78"},
    {"insert-where-only-others-are", 0, "", "01 00 00 01 00 02", "78"},
    {"delete-beyond-the-end", 0, "A9", "01 00 00 01 02 14", ""},
    {"delete-reaches-beyond-the-end", 0, "A9", "01 00 00 01 0a 12", ""},
    {"delete-more-than-there-is", 0, "A4", "01 00 00 01 2a 00", ""},
    {"delete-in-nothing", 0, "", "01 00 00 01 02 00", ""},
    {"mark-beyond-the-end", 0, "A9", "01 01 01 62 00 01 0e 12 00", "c3"},
    {"second-operation-beyond-the-end", 0, "A9", "01 00 00 02 4a 00 00 02", "78"},
    {"index-2^31-1", 0, "A9", "01 00 00 01 00 fe ff ff ff 0f", "78"},
    {"index-2^31", 0, "A9", "01 00 00 01 00 80 80 80 80 10", "78"},
    {"index-2^62", 0, "A9", "01 00 00 01 00 80 80 80 80 80 80 80 80 80 01", "78"},
    {"index-below-0", 0, "A9", "01 00 00 01 00 01", "78"},
    {"erase-below-0", 0, "A9", "01 00 00 01 1b 04", ""},
    {"count-2^24", 0, "A9", "01 00 00 01 fa ff ff 3f 00", ""},
    {"count-2^32", 0, "A9", "01 00 00 01 fa ff ff ff ff 01 00", ""},
    {"count-2^60", 0, "A9", "01 00 00 01 fa ff ff ff ff ff ff ff 7f 00", ""},

    {"insert-in-an-untouched-flow", 0, "A9", "02 00 00 00 01 00 01 61 01 01 01 01 00 01 00", "78"},
    {"insert-beyond-the-end-of-an-untouched-flow", 0, "A9", "02 00 00 00 01 00 01 61 01 01 01 01 00 01 02",
	"78"},
    {"delete-in-an-untouched-flow", 0, "A9", "02 00 00 00 01 00 01 61 01 01 01 01 02 01 00", ""},

    /* seq and parents */
    {"seq-gap", 1, "A9", "01 00 00 01 00 00", "78"},
    {"seq-gap-of-2^53", UINT64_C(1) << 53, "A9", "01 00 00 01 00 00", "78"},
    {"parent-not-held", 0, "A9D0", "01 00 00 01 00 00", "78"},
    {"parent-not-yet-written", 0, "A9B1", "01 00 00 01 00 00", "78"},
    {"parent-is-itself", 0, "A9C0", "01 00 00 01 00 00", "78"},
    {"parents-no-frontier", 0, "A9A4", "01 00 00 01 00 14", "78"},
    {"parents-no-frontier-out-of-range", 0, "A9A4", "01 00 00 01 00 16", "78"},
    {"parents-in-any-order", 0, "B0A0A9A3", "01 00 00 01 00 16", "78"},
    {"parent-twice", 0, "A9A9A9", "01 00 00 01 00 14", "78"},

    /* what a later version may mean */
    {"layout-0", 0, "A9", "00 00 00 01 00 00", "78"},
    {"layout-3", 0, "A9", "03 00 00 01 00 00", "78"},
    {"reserved-use-of-kind-7", 0, "A9", "01 00 00 01 0f", ""},
    {"layout-2-without-need", 0, "A9", "02 00 00 00 00 00 01 00 00 00", "78"},
    {"flow-not-in-the-table", 0, "A9", "02 00 00 00 01 00 01 61 01 01 01 01 00 02 00", "78"},

    /* another encoding of the same */
    {"empty", 0, "A9", "", ""},
    {"no-operation", 0, "A9", "01 00 00 00", ""},
    {"longer-number", 0, "A9", "81 00 00 00 01 00 00", "78"},
    {"longer-position", 0, "A9", "01 00 00 01 00 80 00", "78"},
    {"byte-behind-the-end", 0, "A9", "01 00 00 01 00 00 00", "78"},
    {"byte-missing", 0, "A9", "01 00 00 01 00", "78"},
    {"run-in-two-parts", 0, "A9", "01 00 00 02 00 00 00 00", "78 79"},
    {"delete-in-two-parts", 0, "A9", "01 00 00 02 02 02 0a 00", ""},
    {"erase-in-two-parts", 0, "A9", "01 00 00 02 02 02 0a 01", ""},
    {"erase-of-one", 0, "A9", "01 00 00 01 03 0a", ""},
    {"key-not-used", 0, "A9", "01 01 01 62 00 01 00 00", "78"},
    {"key-twice", 0, "A9", "01 02 01 62 01 62 00 02 0e 0e 00 00 00 01", "c3 c3"},
    {"keys-out-of-order", 0, "A9", "01 02 01 63 01 62 00 02 0e 0e 00 00 00 01", "c3 c3"},
    {"key-empty", 0, "A9", "01 01 00 00 01 06 00 00", "c3"},
    {"key-no-utf8", 0, "A9", "01 01 01 ff 00 01 06 00 00", "c3"},
    {"format-not-used", 0, "A9", "01 01 01 62 01 01 00 01 00 00", "78 c3"},
    {"format-twice", 0, "A9", "01 01 01 62 02 01 00 01 00 02 01 01 00 03 01 02", "78 79 c3 c3"},
    {"format-of-nil", 0, "A9", "01 01 01 62 01 01 00 01 01 00 01", "78 c0"},
    {"another-format-the-same", 0, "A9", "01 00 00 01 01 00 00", "78"},
    {"no-such-format", 0, "A9", "01 00 00 01 01 00 01", "78"},
    {"no-such-key", 0, "A9", "01 01 01 62 00 01 06 00 01", "c3"},

    /* text and values */
    {"text-missing", 0, "A9", "01 00 00 01 00 00", ""},
    {"text-left-over", 0, "A9", "01 00 00 01 00 00", "78 79"},
    {"lone-high-surrogate", 0, "A9", "01 00 00 01 00 00", "ed a0 80"},
    {"lone-low-surrogate", 0, "A9", "01 00 00 01 00 00", "ed bf bf"},
    {"pair-of-surrogates", 0, "A9", "01 00 00 01 08 00", "ed a0 bd ed b8 80"},
    {"overlong-utf8", 0, "A9", "01 00 00 01 00 00", "c0 80"},
    {"above-10ffff", 0, "A9", "01 00 00 01 00 00", "f4 90 80 80"},
    {"character-cut-short", 0, "A9", "01 00 00 01 00 00", "e2 98"},
    {"nul-is-a-character", 0, "A9", "01 00 00 01 00 00", "00"},
    {"noncharacter-is-a-character", 0, "A9", "01 00 00 01 00 00", "ef bf bf"},
    {"10ffff-is-a-character", 0, "A9", "01 00 00 01 00 00", "f4 8f bf bf"},
    {"value-negative", 0, "A9", "01 01 01 62 00 01 06 00 00", "ff"},
    {"value-float", 0, "A9", "01 01 01 62 00 01 06 00 00", "ca 3f 80 00 00"},
    {"value-bytes", 0, "A9", "01 01 01 62 00 01 06 00 00", "c4 01 78"},
    {"value-array", 0, "A9", "01 01 01 62 00 01 06 00 00", "90"},
    {"value-map", 0, "A9", "01 01 01 62 00 01 06 00 00", "80"},
    {"value-longer-number", 0, "A9", "01 01 01 62 00 01 06 00 00", "cc 01"},
    {"value-longer-string", 0, "A9", "01 01 01 62 00 01 06 00 00", "d9 01 78"},
    {"value-2^53-1", 0, "A9", "01 01 01 62 00 01 06 00 00", "cf 00 1f ff ff ff ff ff ff"},
    {"value-2^53", 0, "A9", "01 01 01 62 00 01 06 00 00", "cf 00 20 00 00 00 00 00 00"},
    {"value-no-utf8", 0, "A9", "01 01 01 62 00 01 06 00 00", "a1 ff"},
    {"value-cut-short", 0, "A9", "01 01 01 62 00 01 06 00 00", "a2 78"},
    {"value-left-over", 0, "A9", "01 01 01 62 00 01 06 00 00", "c3 c3"},
};

#define SITUATIONS 7 /* see situation() */
#define IN_LOAD	   6

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t digits = 0;

	for (; *hex != '\0'; hex++) {
		unsigned v = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);

		if (*hex == ' ')
			continue;
		out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | v : v);
		digits++;
	}
	return digits / 2;
}

static void
agent_of(char letter, uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	memset(agent, 0x11, TG_TEXT_AGENT_BYTES);
	agent[0] = (uint8_t)letter;
}

/* One insert of one character. */
static void
put(struct tg_doc *doc, char who, uint64_t seq, uint8_t at, char c, char parent, uint64_t parent_seq)
{
	const uint8_t ops[] = {1, 0, 0, 1, 0, (uint8_t)(2 * at)}, text[] = {(uint8_t)c};
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	struct tg_event_id id;

	agent_of(who, agent);
	agent_of(parent, id.agent);
	id.seq = parent_seq;
	vector_need(tg_doc_add(doc, agent, seq, &id, parent != 0, ops, sizeof ops, text, 1) == TG_OK);
}

/* The document, come about in one of several ways. */
static struct tg_doc *
situation(int way)
{
	struct tg_patches p;
	struct tg_doc *doc;

	vector_need(tg_doc_open(&doc, way == 5 ? TG_TEXT_ORDER_FUGUE : TG_TEXT_ORDER_FUGUEMAX) == TG_OK);
	if (way == 3 || way == IN_LOAD)
		vector_need(tg_doc_load_begin(doc) == TG_OK);
	for (uint8_t i = 0; i < 10; i++) {
		if (way == 1 && i == 5) /* Bob's comes early */
			put(doc, 'B', 0, 5, 'x', 'A', 4);
		put(doc, 'A', i, i, (char)('0' + i), 0, 0);
		if (way == 2) /* drawn as it comes */
			vector_need(tg_doc_poll(doc, &p) == TG_OK);
	}
	if (way != 1)
		put(doc, 'B', 0, 5, 'x', 'A', 4);
	if (way == 3)
		vector_need(tg_doc_load_end(doc) == TG_OK);
	for (uint64_t i = 0; way == 4 && i < 20; i++) /* and much that nobody named */
		put(doc, 'E', i, 0, 'e', 0, 0);
	return doc;
}

/* What is said to Carol's bundle. */
static int
offer(int way, const struct hostile *h)
{
	struct tg_event_id parents[8];
	uint8_t agent[TG_TEXT_AGENT_BYTES], ops[64], text[64];
	size_t ops_len = from_hex(h->ops, ops), text_len = from_hex(h->text, text), n = 0;
	struct tg_doc *doc = situation(way);
	uint32_t length = way == IN_LOAD ? 0 : tg_doc_length(doc, 0);
	int rc;

	agent_of('C', agent);
	for (const char *p = h->parents; *p != '\0'; p += 2) {
		agent_of(p[0], parents[n].agent);
		parents[n++].seq = (uint64_t)(p[1] - '0');
	}
	rc = tg_doc_add(doc, agent, h->seq, parents, n, ops, ops_len, text, text_len);
	if (way == IN_LOAD) { /* what is out of range may pass until the end */
		int end = tg_doc_load_end(doc);

		if (rc == TG_OK)
			rc = end;
	} else { /* all of it or nothing */
		vector_need((rc == TG_OK) == (tg_doc_next_seq(doc, agent) > 0));
		vector_need(rc == TG_OK || tg_doc_length(doc, 0) == length);
	}
	tg_doc_close(doc);
	return rc;
}

void
vectors_refusals(struct tg_bytes file, struct tg_buf *out)
{
	(void)file;
	line_text(out,
	    "# Alice (A) wrote 0123456789, Bob (B) an x behind her first five; then a bundle by Carol (C).\n"
	    "# bundle name first-seq parents operations text status: the same in every document that holds\n"
	    "# these events, whatever else it holds.\n");
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
		const struct hostile *h = &hostile[i];
		uint8_t bytes[64];
		int rc = offer(0, h);

		for (int way = 1; way < SITUATIONS; way++)
			vector_need(offer(way, h) == rc);
		line_begin(out, "bundle ");
		line_text(out, h->name);
		line_uint(out, h->seq);
		line_text(out, " ");
		line_text(out, *h->parents != '\0' ? h->parents : "-");
		line_hex(out, bytes, from_hex(h->ops, bytes));
		line_hex(out, bytes, from_hex(h->text, bytes));
		line_text(out, " ");
		line_text(out, tg_status_name(rc));
		line_end(out);
	}
}
