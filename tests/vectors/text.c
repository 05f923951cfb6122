#include <string.h>

#include <toygrid/render.h>
#include <toygrid/status.h>
#include <toygrid/text.h>

#include "base/varint.h"
#include "vectors/lines.h"
#include "vectors/vectors.h"
#include "wire/writer.h"

#define CASES	40 /* from 20 on with several flows and objects, */
#define DRAWN	30 /* from here on also drawn */
#define FLOWS	4
#define PEOPLE	3
#define BUNDLES 80

/* Some people who edit one document and now and then tell each other; everything from one number. */
struct scene {
	uint64_t random;
	struct tg_doc *doc[PEOPLE];
	struct {
		uint8_t agent;
		uint64_t first_seq;
		struct tg_event_id parents[PEOPLE];
		size_t parent_count;
		struct tg_buf ops, text;
	} bundles[BUNDLES];
	size_t n;
	size_t told[PEOPLE]; /* bundles before this one are in doc */
	int flows;	     /* how many are written to */
	int drawn;	     /* with blocks of all kinds and a table */
};

static uint32_t
pick(struct scene *s, uint32_t below)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((s->random >> 33) % below);
}

/* Attributes of blocks, in flows of a table those of rows and columns. */
static void
put_block_attrs(struct scene *s, struct tg_buf *b, int axis)
{
	static const struct {
		const char *key, *value, *more, *what; /* in the order of keys */
	} attrs[] = {{"list", "bullet:a", NULL, NULL}, {"list", "bullet:a", "path", "quote:a"},
	    {"list", "task", "type", "code:c"}, {"path", "quote/columns:a/column:b", NULL, NULL},
	    {"path", "quote", "type", "heading:2"}, {"type", "rule", NULL, NULL},
	    {"id", "t", "type", "table"}, {"list", "ordered:b", NULL, NULL}, {"id", "r", NULL, NULL},
	    {"id", "s", NULL, NULL}};
	uint32_t i = axis ? 8 + pick(s, 2) : pick(s, 11), indent;

	i = i > 7 && !axis ? 6 : i; /* often a table */
	indent = attrs[i].key[0] == 'l' ? pick(s, 3) : 0;

	tg_write_array(b, 1 + (indent > 0) + (attrs[i].more != NULL));
	if (indent > 0) {
		tg_write_array(b, 2);
		tg_write_str(b, "indent", 6);
		tg_write_uint(b, indent);
	}
	tg_write_array(b, 2);
	tg_write_str(b, attrs[i].key, strlen(attrs[i].key));
	tg_write_str(b, attrs[i].value, strlen(attrs[i].value));
	if (attrs[i].more == NULL)
		return;
	tg_write_array(b, 2);
	tg_write_str(b, attrs[i].more, strlen(attrs[i].more));
	tg_write_str(b, attrs[i].what, strlen(attrs[i].what));
}

static void
put_attrs(struct scene *s, struct tg_buf *b)
{
	static const char *const keys[] = {"bold", "type"};
	uint32_t which = pick(s, 3);

	tg_write_array(b, which > 0);
	if (which == 0)
		return;
	tg_write_array(b, 2);
	tg_write_str(b, keys[which - 1], 4);
	if (which == 1)
		tg_write_bool(b, 1);
	else
		tg_write_str(b, "quote", 5);
}

static void
put_event(struct tg_buf *b, uint8_t who, uint64_t seq)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES] = {who};

	tg_write_array(b, 2);
	tg_write_bin(b, agent, sizeof agent);
	tg_write_uint(b, seq);
}

/* The rows and columns of the table "t" and one of its cells. */
static void
put_table_flow(struct tg_buf *b, uint32_t which)
{
	tg_write_array(b, which < 6 ? 2 : 3);
	tg_write_str(b, "t", 1);
	if (which < 6) {
		tg_write_uint(b, which == 4 ? TG_TEXT_SLOT_ROWS : TG_TEXT_SLOT_COLUMNS);
		return;
	}
	tg_write_str(b, "r", 1);
	tg_write_str(b, "s", 1);
}

/* The body, a thread, the rows of a table, one of its cells; then those of a table that is drawn. */
static void
put_flow(struct tg_buf *b, uint32_t which)
{
	if (which >= FLOWS) {
		put_table_flow(b, which);
		return;
	}
	if (which == 0) {
		tg_write_uint(b, TG_TEXT_FLOW_BODY);
		return;
	}
	tg_write_array(b, which < 3 ? 2 : 3);
	if (which == 1)
		tg_write_str(b, "c:1", 3);
	else
		put_event(b, 0, 3);
	if (which < 3) {
		tg_write_uint(b, which == 1 ? TG_TEXT_SLOT_CONTENT : TG_TEXT_SLOT_ROWS);
		return;
	}
	put_event(b, 1, 2);
	put_event(b, 2, 300);
}

static uint32_t
flow_of(struct tg_doc *doc, uint32_t which)
{
	struct tg_buf b = {0};
	uint32_t flow;

	put_flow(&b, which);
	vector_need(tg_doc_flow(doc, b.data, b.len, &flow) == TG_OK);
	tg_buf_free(&b);
	return flow;
}

static void
put_object(struct scene *s, struct tg_buf *b)
{
	uint32_t which = s->flows > 1 ? pick(s, 3) : 0, seq;
	uint8_t agent;

	if (which == 0) {
		tg_write_uint(b, TG_TEXT_OBJECT_DOC);
	} else if (which == 1) {
		tg_write_str(b, "list-1", 6);
	} else {
		seq = pick(s, 3); /* before the agent: of two arguments each compiler has its own first */
		agent = (uint8_t)pick(s, PEOPLE);
		put_event(b, agent, seq);
	}
}

static void
edit(struct scene *s, int who)
{
	static const char *const words[] = {"a", "bc", "é", "☃x", "🦊", "hello "};
	uint32_t flow = s->flows > 1 ? pick(s, (uint32_t)s->flows) : 0;
	uint32_t length = tg_doc_view_length(s->doc[who], flow_of(s->doc[who], flow)), kind = pick(s, 9), at,
		 n;
	struct tg_buf b = {0};
	const char *word = words[pick(s, 6)];

	kind = length < 4 || kind < 4 ? 0 : kind - 3;
	if (s->drawn && (flow == 4 || flow == 5 || (flow == 0 && kind == 0 && pick(s, 2) == 0)))
		kind = flow == 0 ? 1 : 2;
	at = pick(s, kind < 3 ? length + 1 : length);
	n = kind < 3 ? 0 : 1 + pick(s, length - at < 4 ? length - at : 4);
	tg_write_array(&b, 1);
	tg_write_array(&b, kind == 0 ? 5 : kind == 4 ? 6 : 4);
	tg_write_uint(&b, kind);
	if (kind < 5) {
		put_flow(&b, flow);
		tg_write_uint(&b, at);
	} else {
		put_object(s, &b);
	}
	if (kind == 0)
		tg_write_str(&b, word, strlen(word));
	if (kind < 3 && s->drawn && (kind == 1 || (kind == 2 && flow >= FLOWS)))
		put_block_attrs(s, &b, flow == 4 || flow == 5);
	else if (kind < 3)
		put_attrs(s, &b);
	if (kind == 3 || kind == 4)
		tg_write_uint(&b, kind == 3 ? n : at + n);
	if (kind >= 4) {
		tg_write_str(&b, kind == 4 ? "bold" : "name", 4);
		if (pick(s, 3) == 0)
			tg_write_nil(&b);
		else
			tg_write_uint(&b, pick(s, 300));
	}
	vector_need(tg_doc_edit_msgpack(s->doc[who], b.data, b.len, NULL, NULL) == TG_OK);
	tg_buf_free(&b);
}

static void
take(struct scene *s, int who)
{
	struct tg_bundle b;

	while (tg_doc_take(s->doc[who], &b) == TG_OK) {
		vector_need(s->n < BUNDLES && b.parent_count <= PEOPLE);
		s->bundles[s->n].agent = (uint8_t)who;
		s->bundles[s->n].first_seq = b.first_seq;
		s->bundles[s->n].parent_count = b.parent_count;
		if (b.parent_count > 0)
			memcpy(s->bundles[s->n].parents, b.parents, b.parent_count * sizeof *b.parents);
		tg_buf_put(&s->bundles[s->n].ops, b.ops, b.ops_len);
		tg_buf_put(&s->bundles[s->n++].text, b.text, b.text_len);
	}
}

static void
tell(struct scene *s, int who)
{
	struct tg_patches p;

	for (; s->told[who] < s->n; s->told[who]++) {
		size_t i = s->told[who];
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {s->bundles[i].agent};

		if (s->bundles[i].agent != who)
			vector_need(
			    tg_doc_add(s->doc[who], agent, s->bundles[i].first_seq, s->bundles[i].parents,
				s->bundles[i].parent_count, s->bundles[i].ops.data, s->bundles[i].ops.len,
				s->bundles[i].text.len > 0 ? s->bundles[i].text.data : (const uint8_t *)"",
				s->bundles[i].text.len) == TG_OK);
	}
	vector_need(tg_doc_poll(s->doc[who], &p) == TG_OK);
}

/* The document as runs that are as long as they can be. */
struct reading {
	struct {
		int kind;
		uint32_t count, format;
		size_t text, text_end;
	} runs[400];
	size_t n;
	struct tg_buf text;
};

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	struct reading *r = ctx;

	if (r->n == 0 || r->runs[r->n - 1].kind != run->kind || r->runs[r->n - 1].format != run->format) {
		vector_need(r->n < sizeof r->runs / sizeof *r->runs);
		r->runs[r->n].kind = run->kind;
		r->runs[r->n].format = run->format;
		r->runs[r->n].count = 0;
		r->runs[r->n++].text = r->text.len;
	}
	tg_buf_put(&r->text, run->text, run->text_len);
	r->runs[r->n - 1].count += run->count;
	r->runs[r->n - 1].text_end = r->text.len;
	return 0;
}

static void
print_runs(struct tg_doc *doc, uint32_t flow, struct tg_buf *out)
{
	static struct reading r;
	const uint8_t *data;
	size_t len;

	r.n = 0;
	vector_need(tg_doc_read(doc, flow, 0, tg_doc_length(doc, flow), read_run, &r) == TG_OK);
	for (size_t i = 0; i < r.n; i++) {
		line_begin(out, "run");
		line_uint(out, (uint64_t)r.runs[i].kind);
		line_uint(out, r.runs[i].count);
		line_hex(out, r.text.data + r.runs[i].text, r.runs[i].text_end - r.runs[i].text);
		vector_need(tg_doc_format(doc, r.runs[i].format, &data, &len) == TG_OK);
		line_hex(out, data, len);
		line_end(out);
	}
	tg_buf_free(&r.text);
}

/* What is drawn, without the numbers that formats and flows happen to have. */
static void
print_drawn(struct tg_doc *doc, struct tg_buf *out)
{
	struct tg_buf tokens = {0}, text = {0};
	struct tg_drawing *d;
	struct tg_patches p;
	struct tg_render r;

	vector_need(tg_doc_poll(doc, &p) == TG_OK && tg_drawing_open(&d, doc, 0) == TG_OK &&
		    tg_drawing_update(d, &r) == TG_OK && r.step_count == 1);
	for (size_t i = 0; i < r.token_count; i++) {
		const int32_t *t = r.tokens + i * TG_TOKEN_FIELDS;

		tg_varint_put(&tokens, (uint64_t)t[0]);
		tg_varint_put(&tokens, (uint64_t)t[1]);
		if (t[0] >= TG_TOKEN_LEAF)
			tg_varint_put(&tokens, (uint64_t)t[3]);
		if (t[0] == TG_TOKEN_TEXT || t[1] == TG_NODE_CELL)
			tg_varint_put(&tokens, (uint64_t)t[4]);
		tg_buf_put(&text, r.bytes + t[6], (size_t)t[7]);
	}
	line_begin(out, "drawn");
	line_hex(out, tokens.data, tokens.len);
	line_hex(out, text.data, text.len);
	line_end(out);
	tg_drawing_close(d);
	tg_buf_free(&tokens);
	tg_buf_free(&text);
}

static void
print(struct scene *s, struct tg_buf *out)
{
	const uint8_t *data;
	size_t len;

	for (size_t i = 0; i < s->n; i++) {
		line_begin(out, "bundle");
		line_uint(out, s->bundles[i].agent);
		line_uint(out, s->bundles[i].first_seq);
		line_uint(out, s->bundles[i].parent_count);
		for (size_t k = 0; k < s->bundles[i].parent_count; k++) {
			line_uint(out, s->bundles[i].parents[k].agent[0]);
			line_uint(out, s->bundles[i].parents[k].seq);
		}
		line_hex(out, s->bundles[i].ops.data, s->bundles[i].ops.len);
		line_hex(out, s->bundles[i].text.data, s->bundles[i].text.len);
		line_end(out);
	}
	for (uint32_t i = 0; i < (uint32_t)s->flows; i++) {
		struct tg_buf name = {0};

		put_flow(&name, i);
		if (s->flows > 1)
			line_one(out, "flow", name.data, name.len);
		print_runs(s->doc[0], flow_of(s->doc[0], i), out);
		tg_buf_free(&name);
	}
	vector_need(tg_doc_registers(s->doc[0], &data, &len) == TG_OK);
	line_one(out, "registers", data, len);
	if (s->drawn)
		print_drawn(s->doc[0], out);
}

/* Let three people write, and make doc[0] anew from all their bundles. */
static void
play(struct scene *s, uint32_t c)
{
	memset(s, 0, sizeof *s);
	s->random = c;
	s->flows = c < 20 ? 1 : c < DRAWN ? FLOWS : FLOWS + 3;
	s->drawn = c >= DRAWN;
	for (int i = 0; i < PEOPLE; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {(uint8_t)i};

		vector_need(tg_doc_open(&s->doc[i], TG_TEXT_ORDER_FUGUEMAX) == TG_OK &&
			    tg_doc_set_agent(s->doc[i], agent) == TG_OK);
	}
	for (uint32_t step = 0; step < 12 + c * 2; step++) {
		int who = (int)pick(s, PEOPLE);

		edit(s, who);
		if (pick(s, 3) == 0)
			take(s, who);
		if (pick(s, 4) == 0)
			tell(s, (int)pick(s, PEOPLE));
	}
	for (int i = 0; i < PEOPLE; i++)
		take(s, i);
	tg_doc_close(s->doc[0]);
	vector_need(tg_doc_open(&s->doc[0], TG_TEXT_ORDER_FUGUEMAX) == TG_OK);
	for (size_t i = 0; i < s->n; i++) {
		uint8_t agent[TG_TEXT_AGENT_BYTES] = {s->bundles[i].agent};

		vector_need(tg_doc_add(s->doc[0], agent, s->bundles[i].first_seq, s->bundles[i].parents,
				s->bundles[i].parent_count, s->bundles[i].ops.data, s->bundles[i].ops.len,
				s->bundles[i].text.len > 0 ? s->bundles[i].text.data : (const uint8_t *)"",
				s->bundles[i].text.len) == TG_OK);
	}
}

static void
stop(struct scene *s)
{
	for (int i = 0; i < PEOPLE; i++)
		tg_doc_close(s->doc[i]);
	for (size_t i = 0; i < s->n; i++) {
		tg_buf_free(&s->bundles[i].ops);
		tg_buf_free(&s->bundles[i].text);
	}
}

void
vectors_documents(void (*visit)(struct tg_buf *out, uint32_t number, struct tg_doc *doc), struct tg_buf *out)
{
	static struct scene s;

	for (uint32_t c = 0; c < DRAWN; c++) {
		play(&s, c);
		visit(out, c, s.doc[0]);
		stop(&s);
	}
}

void
vectors_text(struct tg_bytes file, struct tg_buf *out)
{
	static struct scene s;

	(void)file;
	line_text(out,
	    "# Documents (protocol.md 6): three people, agent = their number in the first of 32 "
	    "bytes, else zeros.\n"
	    "# bundle agent first-seq parent-count {agent seq} operations text: in an order in "
	    "which all can be added\n"
	    "# run kind items utf-8 attributes: the document then, in runs as long as can be; "
	    "registers all-registers\n"
	    "# flow name: the flow that the runs after it are of (msgpack, text.h); else the body\n"
	    "# drawn tokens utf-8: how the body then looks (render.h): per token op and node, of leaves and "
	    "text the count, of text and cells a\n");
	for (uint32_t c = 0; c < CASES; c++) {
		play(&s, c);
		line_begin(out, "case");
		line_uint(out, c);
		line_end(out);
		print(&s, out);
		stop(&s);
	}
}
