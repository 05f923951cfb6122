#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "trace.h"

enum {
	INSERT,
	DELETE,
	DELETE_BACK
};

struct op {
	int kind;
	uint32_t pos, count;
};

/* The bundle being written: operations so far, joined as the format wants it, and its text. */
struct pen {
	struct op *ops;
	size_t n, cap;
	uint8_t *text;
	size_t text_len, text_cap;
	uint32_t events;
};

struct input {
	const uint8_t *p, *end;
	int bad;
};

static void *
grow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return p;
	*cap = need * 2;
	if ((p = realloc(p, *cap * size)) == NULL)
		abort();
	return p;
}

static uint32_t
u32(struct input *in)
{
	uint32_t v;

	if (in->end - in->p < 4) {
		in->bad = 1;
		return 0;
	}
	v = in->p[0] | (uint32_t)in->p[1] << 8 | (uint32_t)in->p[2] << 16 | (uint32_t)in->p[3] << 24;
	in->p += 4;
	return v;
}

static const uint8_t *
bytes(struct input *in, uint32_t len)
{
	const uint8_t *p = in->p;

	if ((size_t)(in->end - in->p) < len) {
		in->bad = 1;
		return (const uint8_t *)"";
	}
	in->p += len;
	return p;
}

/* One event at a time, so that runs come out as long as they can be: slow and plainly right. */
static void
put_unit(struct pen *pen, int kind, uint32_t pos)
{
	struct op *last = pen->n > 0 ? &pen->ops[pen->n - 1] : NULL;

	pen->events++;
	if (last != NULL && kind == INSERT && last->kind == INSERT && last->pos + last->count == pos) {
		last->count++;
		return;
	}
	if (last != NULL && kind == DELETE && last->kind == DELETE && last->pos == pos) {
		last->count++;
		return;
	}
	if (last != NULL && kind == DELETE && last->pos == pos + last->count &&
	    (last->kind == DELETE_BACK || (last->kind == DELETE && last->count == 1))) {
		last->kind = DELETE_BACK;
		last->count++;
		return;
	}
	pen->ops = grow(pen->ops, &pen->cap, pen->n + 1, sizeof *pen->ops);
	pen->ops[pen->n++] = (struct op){kind, pos, 1};
}

static size_t
varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

static void
finish_bundle(struct trace_case *c, struct pen *pen, const uint8_t *agent, uint64_t *seq,
    const struct tg_event_id *parents, size_t parent_count)
{
	static const uint8_t heads[] = {0, 2, 3};
	struct trace_bundle *b;
	int64_t cursor = 0;
	uint8_t *p;

	if (pen->n == 0)
		return;
	c->bundles = grow(c->bundles, &c->cap, c->n + 1, sizeof *c->bundles);
	b = &c->bundles[c->n++];
	memset(b, 0, sizeof *b);
	memcpy(b->agent, agent, sizeof b->agent);
	b->first_seq = *seq;
	b->parents = calloc(parent_count + 1, sizeof *b->parents);
	p = b->ops = malloc(16 + pen->n * 12);
	b->text = malloc(pen->text_len + 1);
	if (b->parents == NULL || b->ops == NULL || b->text == NULL)
		abort();
	if (parent_count > 0)
		memcpy(b->parents, parents, parent_count * sizeof *parents);
	b->parent_count = parent_count;
	p += varint(p, 1); /* layout */
	p += varint(p, 0); /* keys */
	p += varint(p, 0); /* formats */
	p += varint(p, pen->n);
	for (size_t i = 0; i < pen->n; i++)
		p += varint(p, (uint64_t)(pen->ops[i].count - 1) << 3 | heads[pen->ops[i].kind]);
	for (size_t i = 0; i < pen->n; i++) {
		const struct op *o = &pen->ops[i];
		int64_t d = (int64_t)o->pos - cursor;

		p += varint(p, d < 0 ? (uint64_t)(-d) * 2 - 1 : (uint64_t)d * 2);
		cursor = o->kind == INSERT   ? (int64_t)o->pos + o->count
			 : o->kind == DELETE ? (int64_t)o->pos
					     : (int64_t)o->pos - o->count + 1;
	}
	b->ops_len = (size_t)(p - b->ops);
	if (pen->text_len > 0)
		memcpy(b->text, pen->text, pen->text_len);
	b->text_len = pen->text_len;
	*seq += pen->events;
	c->events += pen->events;
	pen->n = pen->text_len = 0;
	pen->events = 0;
}

/* Where a transaction's events are: bundles of one agent in a row, or none (then its version is that of
 * parents). */
struct txn {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t first_seq;
	uint32_t events;
	struct tg_event_id *version; /* when it has no events */
	size_t version_n;
};

static void
set_key(uint8_t *key, uint32_t agent, uint32_t order)
{
	memset(key, 0, TG_TEXT_AGENT_BYTES);
	for (int i = 0; i < 4; i++) {
		key[i] = (uint8_t)(agent >> (24 - 8 * i));
		key[4 + i] = (uint8_t)(order >> (24 - 8 * i));
	}
}

static int
read_case(struct input *in, struct trace_case *c)
{
	struct pen pen = {0};
	uint32_t n = u32(in), seq_n = 0;
	struct txn *txns;
	uint64_t *seqs = NULL; /* next seq by agent number */
	size_t seq_cap = 0, id_cap = 0;
	struct tg_event_id *ids = NULL;

	if (in->bad || n > (size_t)(in->end - in->p))
		return -1;
	if ((txns = calloc(n + 1u, sizeof *txns)) == NULL)
		abort();
	for (uint32_t i = 0; i < n && !in->bad; i++) {
		struct txn *t = &txns[i];
		uint32_t agent = u32(in), order = u32(in), parents, patches;
		size_t id_n = 0;
		uint64_t own = 0, *seq = &own;

		set_key(t->agent, agent, order);
		if (order == 0) {
			seqs = grow(seqs, &seq_cap, agent + 1u, sizeof *seqs);
			for (; seq_n <= agent; seq_n++)
				seqs[seq_n] = 0;
			seq = &seqs[agent];
		}
		t->first_seq = *seq;
		parents = u32(in);
		for (uint32_t k = 0; k < parents && !in->bad; k++) {
			uint32_t txn = u32(in), event = u32(in);
			const struct txn *up;

			if (txn >= i)
				return -1;
			up = &txns[txn];
			ids = grow(ids, &id_cap, id_n + up->version_n + 1, sizeof *ids);
			if (up->events == 0) {
				for (size_t v = 0; v < up->version_n; v++)
					ids[id_n++] = up->version[v];
				continue;
			}
			memcpy(ids[id_n].agent, up->agent, sizeof ids[id_n].agent);
			ids[id_n++].seq = up->first_seq + (event < up->events ? event : up->events - 1);
		}
		patches = u32(in);
		for (uint32_t k = 0; k < patches && !in->bad; k++) {
			struct trace_patch patch;
			const uint8_t *p;

			patch.pos = u32(in);
			patch.del = u32(in);
			patch.text_len = u32(in);
			patch.text = p = bytes(in, patch.text_len);
			c->patches = grow(c->patches, &c->patch_cap, c->patch_n + 1, sizeof *c->patches);
			c->patches[c->patch_n++] = patch;
			for (uint32_t d = 0; d < patch.del; d++)
				put_unit(&pen, DELETE, patch.pos);
			for (uint32_t at = 0, pos = patch.pos; at < patch.text_len; pos++) {
				uint32_t len = 1;

				while (at + len < patch.text_len && (p[at + len] & 0xc0) == 0x80)
					len++;
				put_unit(&pen, INSERT, pos);
				pen.text = grow(pen.text, &pen.text_cap, pen.text_len + len, 1);
				memcpy(pen.text + pen.text_len, p + at, len);
				pen.text_len += len;
				at += len;
				if (pen.text_len > 60000) {
					t->events += pen.events;
					finish_bundle(c, &pen, t->agent, seq, ids, id_n);
				}
			}
			if (pen.n > 8000) {
				t->events += pen.events;
				finish_bundle(c, &pen, t->agent, seq, ids, id_n);
			}
		}
		t->events += pen.events;
		finish_bundle(c, &pen, t->agent, seq, ids, id_n);
		if (t->events == 0 && id_n > 0) {
			if ((t->version = malloc(id_n * sizeof *ids)) == NULL)
				abort();
			memcpy(t->version, ids, id_n * sizeof *ids);
			t->version_n = id_n;
		}
	}
	c->end_len = u32(in);
	c->end = bytes(in, (uint32_t)c->end_len);
	for (uint32_t i = 0; i < n; i++)
		free(txns[i].version);
	free(txns);
	free(seqs);
	free(ids);
	free(pen.ops);
	free(pen.text);
	return in->bad ? -1 : 0;
}

int
trace_parse(uint8_t *data, size_t len, struct trace_file *file)
{
	struct input in = {data + 4, data + len, 0};

	memset(file, 0, sizeof *file);
	file->data = data;
	file->len = len;
	if (len < 8 || memcmp(data, "TGT1", 4) != 0) {
		trace_close(file);
		return -1;
	}
	file->n = u32(&in);
	if (file->n > len || (file->cases = calloc(file->n + 1, sizeof *file->cases)) == NULL)
		abort();
	for (size_t i = 0; i < file->n; i++)
		if (read_case(&in, &file->cases[i]) != 0) {
			trace_close(file);
			return -1;
		}
	return 0;
}

#ifndef __wasm__ /* no files there: the page of a benchmark brings the bytes */
int
trace_open(const char *path, struct trace_file *file)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;
	long len;

	memset(file, 0, sizeof *file);
	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 8 || fseek(f, 0, SEEK_SET) != 0) {
		perror(path);
		if (f != NULL)
			fclose(f);
		return -1;
	}
	if ((data = malloc((size_t)len)) == NULL)
		abort();
	if (fread(data, 1, (size_t)len, f) != (size_t)len || trace_parse(data, (size_t)len, file) != 0) {
		fprintf(stderr, "%s: not a trace file, or a damaged one (see traces/convert.mjs)\n", path);
		fclose(f);
		return -1;
	}
	fclose(f);
	return 0;
}
#endif

void
trace_close(struct trace_file *file)
{
	for (size_t i = 0; file->cases != NULL && i < file->n; i++) {
		struct trace_case *c = &file->cases[i];

		for (size_t k = 0; k < c->n; k++) {
			free(c->bundles[k].parents);
			free(c->bundles[k].ops);
			free(c->bundles[k].text);
		}
		free(c->bundles);
		free(c->patches);
	}
	free(file->cases);
	free(file->data);
	memset(file, 0, sizeof *file);
}

int
trace_add(struct tg_doc *doc, const struct trace_case *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct trace_bundle *b = &c->bundles[i];
		int rc = tg_doc_add(doc, b->agent, b->first_seq, b->parents, b->parent_count, b->ops,
		    b->ops_len, b->text, b->text_len);

		if (rc != TG_OK)
			return rc;
	}
	return TG_OK;
}

int
trace_type(struct tg_doc *doc, const struct trace_case *c, size_t *bytes)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	size_t sum = 0;
	int rc = tg_doc_set_agent(doc, agent);

	for (size_t k = 0; k < c->patch_n && rc == TG_OK; k++) {
		const struct trace_patch *p = &c->patches[k];
		struct tg_edit e = {0};
		struct tg_bundle b;

		e.index = p->pos;
		if (p->del > 0) {
			e.kind = TG_EDIT_DELETE;
			e.count = p->del;
			rc = tg_doc_edit(doc, &e, 1, NULL, NULL);
		}
		if (p->text_len > 0 && rc == TG_OK) {
			e.kind = TG_EDIT_INSERT;
			e.text = p->text;
			e.text_len = p->text_len;
			rc = tg_doc_edit(doc, &e, 1, NULL, NULL);
		}
		if (k % 100 != 99 && k + 1 < c->patch_n)
			continue;
		while (rc == TG_OK && tg_doc_take(doc, &b) == TG_OK)
			sum += b.ops_len + b.text_len;
	}
	if (bytes != NULL)
		*bytes = sum;
	return rc;
}
