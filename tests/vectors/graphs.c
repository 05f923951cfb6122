/*
 * 10,000 histories, made from their numbers, as hashes of what the document shows in the course of each:
 * text, order, marks, markers and registers, in a body, a caption and a cell.  tests/text/differ.c holds the
 * same histories against two oracles; here they are frozen, for every host and every later version.
 */
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "text/past.h"
#include "vectors/lines.h"
#include "vectors/vectors.h"

#define GRAPHS	   10000
#define PER_LINE   10
#define HASH_BYTES 8 /* of 32: enough to differ */

static void
put_number(struct tg_buf *b, uint64_t v)
{
	tg_buf_u64be(b, v);
}

static void
put_bundle(struct tg_buf *b, const struct past_bundle *p)
{
	tg_buf_put(b, p->agent, sizeof p->agent);
	put_number(b, p->first_seq);
	put_number(b, p->parent_n);
	for (size_t i = 0; i < p->parent_n; i++) {
		tg_buf_put(b, p->parents[i].agent, sizeof p->parents[i].agent);
		put_number(b, p->parents[i].seq);
	}
	put_number(b, p->ops_len);
	tg_buf_put(b, p->ops, p->ops_len);
	put_number(b, p->text_len);
	tg_buf_put(b, p->text, p->text_len);
}

static void
put_shown(struct tg_buf *b, struct tg_doc *doc)
{
	static struct past_shown shown;

	vector_need(past_read(doc, &shown) == TG_OK);
	put_number(b, (uint64_t)shown.n);
	for (int i = 0; i < shown.n; i++) {
		put_number(b, (uint64_t)shown.items[i].flow << 48 | (uint64_t)shown.items[i].kind << 32 |
				  shown.items[i].scalar);
		for (int k = 0; k < PAST_KEYS; k++)
			tg_buf_u8(b, (uint8_t)shown.items[i].value[k]);
	}
	for (int k = 0; k < PAST_KEYS; k++)
		tg_buf_u8(b, (uint8_t)shown.registers[k]);
}

/* One graph: its bundles to ${in}, what a document shows after each third of them to ${out}. */
static void
play(uint32_t number, struct tg_buf *in, struct tg_buf *out)
{
	static struct past h;
	static struct past_bundle b;
	struct tg_doc *doc;

	vector_need(tg_doc_open(&doc, past_numbered(&h, number)) == TG_OK);
	for (int e = 0; e < h.n; e++) {
		past_bundle(&h, e, 1, &b);
		put_bundle(in, &b);
		vector_need(tg_doc_add(doc, b.agent, b.first_seq, b.parents, b.parent_n, b.ops, b.ops_len,
				b.text, b.text_len) == TG_OK);
		if (e == h.n / 3 || e == h.n * 2 / 3 || e == h.n - 1)
			put_shown(out, doc);
	}
	tg_doc_close(doc);
}

static void
put_hash(struct tg_buf *out, struct tg_buf *of)
{
	struct tg_hash hash;

	vector_need(tg_buf_status(of) == TG_OK);
	tg_hash(TG_DOMAIN_VECTOR, of->data, of->len, &hash);
	line_hex(out, hash.b, HASH_BYTES);
	tg_buf_reset(of);
}

void
vectors_graphs(struct tg_bytes file, struct tg_buf *out)
{
	struct tg_buf in = {0}, shown = {0}, results = {0};

	(void)file;
	line_text(out,
	    "# Version 2.  Histories of 2 to 6 people, made from their numbers by tests/text/generate.c.\n"
	    "# graphs first-number hash-of-ten-inputs then a hash for each: what is shown after each third\n"
	    "# of its events (flows, kinds, scalars, formats, registers).  Every fifth is in Fugue order.\n");
	for (uint32_t number = 0; number < GRAPHS; number++) {
		play(number, &in, &shown);
		put_hash(&results, &shown);
		if (number % PER_LINE != PER_LINE - 1)
			continue;
		line_begin(out, "graphs");
		line_uint(out, number + 1 - PER_LINE);
		put_hash(out, &in);
		tg_buf_put(out, results.data, results.len);
		line_end(out);
		tg_buf_reset(&results);
	}
	tg_buf_free(&in);
	tg_buf_free(&shown);
	tg_buf_free(&results);
}
