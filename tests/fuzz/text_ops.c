/*
 * Bundles of hostile bytes into a document that others write too: what is accepted must encode to the same
 * bytes again, the tree must stay sound, and a page that follows the patches must have as many items as the
 * document.
 *
 * Input: bundles, each [agent and parents u8, ops length u8, text length u8, ops, text].
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "fuzz/target.h"
#include "text/codec.h"
#include "text/doc.h"

static void
try_bundle(
    struct tg_doc *doc, uint8_t how, const uint8_t *ops, size_t ops_len, const uint8_t *text, size_t text_len)
{
	struct tg_event_id parents[3];
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {0};
	uint32_t start = doc->log.next, stop;
	size_t n = 0;

	/* Two bits say who; two bits per other agent how far back in its events the parent is, 3 = none. */
	agent[0] = how & 3;
	for (unsigned i = 0; i < 3; i++) {
		struct tg_event_id *p = &parents[n];
		uint64_t next;

		memset(p->agent, 0, sizeof p->agent);
		p->agent[0] = (uint8_t)i;
		next = tg_doc_next_seq(doc, p->agent);
		if ((how >> (2 + 2 * i) & 3) < 3 && next > (how >> (2 + 2 * i) & 3u)) {
			p->seq = next - 1 - (how >> (2 + 2 * i) & 3u);
			n++;
		}
	}
	if (tg_doc_add(doc, agent, tg_doc_next_seq(doc, agent), parents, n, ops, ops_len, text, text_len) !=
	    TG_OK) {
		if (doc->log.next != start)
			abort();
		return;
	}
	if (tg_codec_encode(doc, start, doc->log.next, &stop) != TG_OK || stop != doc->log.next)
		abort();
	if (doc->out.len != ops_len || memcmp(doc->out.data, ops, ops_len) != 0 ||
	    doc->out_text.len != text_len ||
	    (text_len > 0 && memcmp(doc->out_text.data, text, text_len) != 0))
		abort();
}

/* The items of all flows; their trees are sound. */
static uint32_t
count_items(struct tg_doc *doc)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < doc->flow_n; i++) {
		tg_flow_enter(doc, i);
		if (tg_items_check(&doc->items) != 0)
			abort();
		n += tg_doc_length(doc, i);
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t me[TG_TEXT_AGENT_BYTES] = {9};
	struct tg_event_range all = {{9}, 0, 1};
	struct tg_edit e = {0};
	struct tg_patches p;
	struct tg_doc *doc;
	uint32_t items = 0;
	int turn = 0;

	if (tg_doc_open(&doc, len > 0 ? data[0] & 1 : 0) != TG_OK || tg_doc_set_agent(doc, me) != TG_OK)
		abort();
	e.kind = TG_EDIT_INSERT;
	e.text = (const uint8_t *)"0123456789";
	e.text_len = 10;
	if (tg_doc_edit(doc, &e, 1, NULL, NULL) != TG_OK)
		abort();
	items = 10;
	while (len >= 3) {
		size_t ops = data[1], text = data[2];
		uint8_t how = data[0];

		data += 3;
		len -= 3;
		if (ops + text > len)
			break;
		try_bundle(doc, how, data, ops, data + ops, text);
		data += ops + text;
		len -= ops + text;
		count_items(doc);
		if (++turn % 3 != 0)
			continue;
		if (tg_doc_poll(doc, &p) != TG_OK)
			abort();
		for (size_t i = 0; i < p.count; i++) {
			const int32_t *r = p.records + i * TG_PATCH_FIELDS;

			if (r[0] == TG_PATCH_INSERT)
				items += (uint32_t)r[3];
			else if (r[0] == TG_PATCH_DELETE)
				items -= (uint32_t)r[3];
		}
		if (items != count_items(doc))
			abort();
	}
	all.count = tg_doc_next_seq(doc, me);
	if (tg_doc_undo(doc, &all, 1, NULL, NULL, &p) != TG_OK)
		abort();
	count_items(doc);
	tg_doc_close(doc);
	return 0;
}
