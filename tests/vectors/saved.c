#include <string.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/mem.h"
#include "text/cut.h"
#include "text/saved.h"
#include "vectors/lines.h"
#include "vectors/vectors.h"

/* Every section of a saved document, plain; and its history read back. */
static void
print_saved(struct tg_buf *out, uint32_t number, struct tg_doc *doc)
{
	struct tg_doc *again;
	const uint8_t *data;
	uint8_t *plain, name[TG_SAVED_NAME_BYTES];
	size_t len, n;

	line_begin(out, "case");
	line_uint(out, number);
	line_end(out);
	vector_need(tg_doc_save(doc, &data, &len) == TG_OK);
	line_one(out, "saved", data, len);
	vector_need(tg_saved_sections(data, len, NULL, 0, &n, name) == TG_OK);
	line_one(out, "name", name, sizeof name);
	vector_need(tg_doc_open_saved(&again, data, len) == TG_OK);
	for (size_t i = 0; i < again->saved->n; i++) {
		vector_need(tg_saved_plain(again->saved, i, &plain) == TG_OK);
		line_one(out, "section", plain, again->saved->sections[i].raw_len);
		tg_free(plain);
	}
	vector_need(tg_doc_load_history(again) == TG_OK);
	tg_doc_close(again);
}

/* Runs of deletes, many letters and long values, so that there are several parts. */
static void
print_parts(struct tg_buf *out)
{
	static uint8_t text[50000];
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {7};
	struct tg_edit e = {0};
	struct tg_bundle b;
	struct tg_doc *doc, *again;
	const uint8_t *data;
	struct tg_hash hash;
	size_t len;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)('a' + i * i % 23 % 26);
	vector_need(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUE) == TG_OK && tg_doc_set_agent(doc, agent) == TG_OK);
	for (int i = 0; i < 12; i++) {
		e.kind = TG_EDIT_INSERT;
		e.index = (uint32_t)i * 7;
		e.text = text;
		e.text_len = sizeof text;
		vector_need(tg_doc_edit(doc, &e, 1, NULL, NULL) == TG_OK);
		e.kind = TG_EDIT_DELETE;
		e.index = (uint32_t)i * 11;
		e.count = 30000;
		vector_need(tg_doc_edit(doc, &e, 1, NULL, NULL) == TG_OK);
		while (tg_doc_take(doc, &b) == TG_OK)
			;
	}
	vector_need(tg_doc_save(doc, &data, &len) == TG_OK);
	tg_hash(TG_DOMAIN_VECTOR, data, len, &hash);
	line_begin(out, "large");
	line_uint(out, len);
	line_hex(out, hash.b, sizeof hash.b);
	line_end(out);
	vector_need(tg_doc_open_saved(&again, data, len) == TG_OK && again->saved->n > 4 &&
		    tg_doc_load_history(again) == TG_OK && tg_doc_length(again, 0) == tg_doc_length(doc, 0));
	tg_doc_close(again);
	tg_doc_close(doc);
}

static void
print_cuts(struct tg_buf *out)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {1, 2, 3};

	for (uint64_t seq = 1023; seq < 400 * 1024; seq += 1024)
		if (tg_cut_event(65536, agent, seq)) {
			line_begin(out, "cut-event");
			line_hex(out, agent, sizeof agent);
			line_uint(out, seq);
			line_end(out);
			vector_need(!tg_cut_event(65535, agent, seq) &&
				    !tg_cut_event(65536, agent, seq - 1) &&
				    tg_cut_event(262144, agent, seq - 1));
		}
}

void
vectors_saved(struct tg_bytes file, struct tg_buf *out)
{
	(void)file;
	line_text(out,
	    "# Documents at rest (protocol.md 6.5): those of text.txt.  saved bytes: packed by libdeflate "
	    "1.14, level 6;\n"
	    "# name hash; section bytes: plain, in their order\n");
	vectors_documents(print_saved, out);
	line_text(out, "# large bytes hash: 600,000 letters typed, 360,000 of them deleted, in parts\n");
	print_parts(out);
	line_text(out, "# cut-event agent seq: of 400 marks those that end a part of 65,536 events (6.5)\n");
	print_cuts(out);
}
