#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "text/codec.h"
#include "text/doc.h"
#include "text/world.h"
#include "wire/reader.h"
#include "wire/writer.h"

static const char *const key_names[ORACLE_KEYS] = {"b", "c:1", "i", "link"};

uint32_t
world_random(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (uint32_t)((w->random >> 11) % below);
}

void
world_agent(int who, uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	memset(agent, 0xa0, TG_TEXT_AGENT_BYTES);
	agent[3] = (uint8_t)who;
}

void
world_open(struct world *w, unsigned long seed, int order, int people)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	memset(w, 0, sizeof *w);
	w->seed = seed;
	w->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 0x1234567;
	for (int i = 0; i < 8; i++)
		world_random(w, 2);
	w->order = order;
	w->people = people;
	w->plain = 60;
	w->oracle = calloc(1, sizeof *w->oracle);
	ck_assert_ptr_nonnull(w->oracle);
	w->oracle->fugue = order == TG_TEXT_ORDER_FUGUE;
	for (int i = 0; i < people; i++) {
		ck_assert_int_eq(tg_doc_open(&w->person[i].doc, order), TG_OK);
		world_agent(i, agent);
		ck_assert_int_eq(tg_doc_set_agent(w->person[i].doc, agent), TG_OK);
	}
}

void
world_close(struct world *w)
{
	for (int i = 0; i < w->people; i++)
		tg_doc_close(w->person[i].doc);
	for (size_t i = 0; i < w->bundle_n; i++) {
		free(w->bundles[i].parents);
		free(w->bundles[i].ops);
		free(w->bundles[i].text);
	}
	free(w->oracle);
}

void
world_version(struct world *w, const struct tg_event_id *ids, size_t n, struct oracle_set *set)
{
	memset(set, 0, sizeof *set);
	for (size_t i = 0; i < n; i++) {
		int e = w->event_of[ids[i].agent[3]][ids[i].seq];

		for (size_t k = 0; k < ORACLE_EVENTS / 64; k++)
			set->w[k] |= w->oracle->events[e].known.w[k];
		oracle_put(set, e);
	}
}

/* A new event of ${who} in version ${known}, which it then joins. */
static struct oracle_event *
new_event(struct world *w, int who, uint64_t seq, struct oracle_set *known)
{
	struct oracle_event *e = &w->oracle->events[w->oracle->event_n];

	memset(e, 0, sizeof *e);
	e->agent = who;
	e->seq = (uint32_t)seq;
	e->known = *known;
	e->lamport = 1;
	for (int i = 0; i < w->oracle->event_n; i++)
		if (oracle_has(known, i) && w->oracle->events[i].lamport >= e->lamport)
			e->lamport = w->oracle->events[i].lamport + 1;
	w->event_of[who][seq] = w->oracle->event_n;
	oracle_put(known, w->oracle->event_n++);
	return e;
}

static void
put_value(struct tg_buf *b, int key, int value)
{
	if (value == 0)
		tg_write_nil(b);
	else if (key == 3)
		tg_write_str(b, value == 1 ? "https://a.example/" : "b", value == 1 ? 18 : 1);
	else if (value == 1)
		tg_write_bool(b, 1);
	else
		tg_write_uint(b, (uint64_t)value * 1000);
}

static int
read_value(struct tg_reader *r, int key)
{
	if (tg_read_nil(r))
		return 0;
	if (key == 3)
		return tg_read_str(r, 100).len == 18 ? 1 : 2;
	if (r->at < r->len && r->data[r->at] == 0xc3) {
		tg_read_bool(r);
		return 1;
	}
	return (int)(tg_read_uint(r, 1u << 20) / 1000);
}

static void
put_attrs(struct tg_buf *b, const int *value)
{
	uint32_t n = 0;

	for (int k = 0; k < ORACLE_KEYS; k++)
		n += value[k] != 0;
	tg_write_array(b, n);
	for (int k = 0; k < ORACLE_KEYS; k++)
		if (value[k] != 0) {
			tg_write_array(b, 2);
			tg_write_str(b, key_names[k], strlen(key_names[k]));
			put_value(b, k, value[k]);
		}
}

static int
key_of(struct tg_bytes name)
{
	int k = 0;

	while (strlen(key_names[k]) != name.len || memcmp(key_names[k], name.data, name.len) != 0)
		k++;
	return k;
}

void
world_read_format(struct tg_doc *doc, uint32_t id, int *value)
{
	const uint8_t *data;
	struct tg_reader r;
	size_t len;
	uint32_t n;

	memset(value, 0, ORACLE_KEYS * sizeof *value);
	ck_assert_int_eq(tg_doc_format(doc, id, &data, &len), TG_OK);
	tg_reader_init(&r, data, len);
	n = tg_read_array(&r, 0, ORACLE_KEYS);
	for (uint32_t i = 0; i < n; i++) {
		struct tg_bytes key;
		int k;

		tg_read_array(&r, 2, 2);
		key = tg_read_str(&r, 10);
		k = key_of(key);
		value[k] = read_value(&r, k);
	}
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
}

uint32_t
world_read_scalar(const uint8_t **p)
{
	const uint8_t *s = *p;
	uint32_t c = s[0];
	int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

	c &= more == 0 ? 0x7f : 0x3fu >> more;
	for (int i = 1; i <= more; i++)
		c = c << 6 | (s[i] & 0x3f);
	*p += more + 1;
	return c;
}

static void
mirror_insert(struct world_person *p, uint32_t at, const struct world_item *item)
{
	ck_assert_uint_le(at, p->mirror_n);
	ck_assert_uint_lt(p->mirror_n, WORLD_ITEMS);
	memmove(p->mirror + at + 1, p->mirror + at, (p->mirror_n - at) * sizeof *p->mirror);
	p->mirror[at] = *item;
	p->mirror_n++;
}

static void
mirror_delete(struct world_person *p, uint32_t at, uint32_t n)
{
	ck_assert_uint_le(at + n, p->mirror_n);
	memmove(p->mirror + at, p->mirror + at + n, (p->mirror_n - at - n) * sizeof *p->mirror);
	p->mirror_n -= n;
}

/* ---- edits */

struct planned {
	int kind, key, mark_value;
	uint32_t pos, to;
	int value[ORACLE_KEYS];
	char text[64];
};

/* Play one edit into the mirror and the oracle, and write it as msgpack. */
static void
play(struct world *w, int who, const struct planned *e, uint64_t *seq, struct oracle_set *known,
    struct tg_buf *out)
{
	static const uint8_t fields[] = {5, 4, 4, 4, 6, 4};
	struct world_person *p = &w->person[who];
	const uint8_t *s = (const uint8_t *)e->text;
	struct world_item item = {e->kind, 0, {0}};
	struct oracle_event *o;
	uint32_t at = e->pos;

	memcpy(item.value, e->value, sizeof item.value);
	tg_write_array(out, fields[e->kind]);
	tg_write_uint(out, (uint64_t)e->kind);
	if (e->kind == TG_EDIT_SET) {
		o = new_event(w, who, (*seq)++, known);
		o->kind = ORACLE_SET;
		o->key = e->key;
		o->mark_value = e->mark_value;
		p->registers[e->key] = e->mark_value;
		tg_write_uint(out, 0);
		tg_write_str(out, key_names[e->key], strlen(key_names[e->key]));
		put_value(out, e->key, e->mark_value);
		return;
	}
	tg_write_uint(out, 0);
	tg_write_uint(out, e->pos);
	switch (e->kind) {
	case TG_EDIT_INSERT:
		tg_write_str(out, e->text, strlen(e->text));
		/* fallthrough */
	case TG_EDIT_BLOCK:
	case TG_EDIT_ATOM:
		put_attrs(out, e->value);
		do {
			item.scalar = e->kind == TG_EDIT_INSERT ? world_read_scalar(&s) : 0;
			o = new_event(w, who, (*seq)++, known);
			o->kind = ORACLE_INSERT;
			o->pos = at;
			o->item_kind = e->kind;
			o->scalar = item.scalar;
			memcpy(o->value, e->value, sizeof o->value);
			mirror_insert(p, at++, &item);
		} while (e->kind == TG_EDIT_INSERT && *s != '\0');
		break;
	case TG_EDIT_DELETE:
		tg_write_uint(out, e->to - e->pos);
		for (; at < e->to; at++) {
			o = new_event(w, who, (*seq)++, known);
			o->kind = ORACLE_DELETE;
			o->pos = e->pos;
		}
		mirror_delete(p, e->pos, e->to - e->pos);
		break;
	case TG_EDIT_MARK:
		tg_write_uint(out, e->to);
		tg_write_str(out, key_names[e->key], strlen(key_names[e->key]));
		put_value(out, e->key, e->mark_value);
		o = new_event(w, who, (*seq)++, known);
		o->kind = ORACLE_MARK;
		o->pos = e->pos;
		o->to = e->to;
		o->key = e->key;
		o->mark_value = e->mark_value;
		for (; at < e->to; at++)
			p->mirror[at].value[e->key] = e->mark_value;
		break;
	}
}

static void
make(struct world *w, int who, const struct planned *edits, uint32_t n)
{
	struct tg_doc *doc = w->person[who].doc;
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	const struct tg_event_id *ids;
	struct oracle_set known;
	struct tg_buf out = {0};
	uint64_t seq, first, count, was;
	size_t id_n;

	ck_assert_int_eq(tg_doc_view_version(doc, &ids, &id_n), TG_OK);
	world_version(w, ids, id_n, &known);
	world_agent(who, agent);
	was = seq = tg_doc_next_seq(doc, agent);
	tg_write_array(&out, n);
	for (uint32_t i = 0; i < n; i++)
		play(w, who, &edits[i], &seq, &known, &out);
	ck_assert_int_eq(tg_doc_edit_msgpack(doc, out.data, out.len, &first, &count), TG_OK);
	ck_assert_uint_eq(first, was);
	ck_assert_uint_eq(count, seq - was);
	ck_assert_uint_eq(tg_doc_view_length(doc, 0), w->person[who].mirror_n);
	tg_buf_free(&out);
}

void
world_do(struct world *w, int who, int kind, uint32_t pos, uint32_t to, int key, int value, const char *text)
{
	struct planned e = {kind, key, value, pos, to, {0}, {0}};

	if (text != NULL)
		strcpy(e.text, text);
	if (kind <= TG_EDIT_ATOM && key >= 0)
		e.value[key] = value;
	make(w, who, &e, 1);
}

int
world_edit(struct world *w, int who)
{
	static const char *const letters[] = {"a", "b", "c", "X", "é", "☃", "🦊", "z"};
	struct planned edits[3];
	uint32_t n = 1 + world_random(w, 3), length = (uint32_t)w->person[who].mirror_n, hot;

	if (w->oracle->event_n + 40 > ORACLE_EVENTS)
		return 0;
	memset(edits, 0, sizeof edits);
	hot = length / 2; /* everybody likes the middle: many inserts at one place */
	for (uint32_t i = 0; i < n; i++) {
		struct planned *e = &edits[i];
		uint32_t dice = world_random(w, 100), len;

		e->pos = world_random(w, 3) == 0 ? world_random(w, length + 1) : hot > length ? length : hot;
		if ((int)dice < w->plain * 2 / 3 || length < 3) {
			e->kind = TG_EDIT_INSERT;
			len = 1 + world_random(w, world_random(w, 4) == 0 ? 6 : 2);
			for (uint32_t k = 0; k < len; k++)
				strcat(e->text, letters[world_random(w, 8)]);
			length += len;
			hot = e->pos + (world_random(w, 3) == 0 ? 0 : len);
		} else if ((int)dice < w->plain) {
			e->kind = TG_EDIT_DELETE;
			if (e->pos == length)
				e->pos--;
			len = 1 + world_random(w, world_random(w, 6) == 0 ? 6 : 2);
			e->to = e->pos + len > length ? length : e->pos + len;
			length -= e->to - e->pos;
			hot = e->pos > 0 && world_random(w, 2) ? e->pos - 1 : e->pos;
		} else if (dice < 96 && dice % 4 != 0) {
			e->kind = TG_EDIT_MARK;
			if (e->pos > length / 2)
				e->pos = length / 2;
			if (e->pos == length)
				e->pos--;
			e->to = e->pos + 1 + world_random(w, length - e->pos);
			e->key = (int)world_random(w, ORACLE_KEYS);
			e->mark_value = (int)world_random(w, 3);
		} else if (dice < 90) {
			e->kind = dice % 8 == 0 ? TG_EDIT_BLOCK : TG_EDIT_ATOM;
			length++;
		} else {
			e->kind = TG_EDIT_SET;
			e->key = (int)world_random(w, ORACLE_KEYS);
			e->mark_value = (int)world_random(w, 3);
		}
		if (e->kind <= TG_EDIT_ATOM && world_random(w, 2))
			e->value[world_random(w, ORACLE_KEYS)] = 1 + (int)world_random(w, 2);
	}
	make(w, who, edits, n);
	return 1;
}

/* ---- bundles */

static void *
copy(const void *p, size_t len)
{
	void *c = malloc(len + 1);

	ck_assert_ptr_nonnull(c);
	if (len > 0)
		memcpy(c, p, len);
	return c;
}

void
world_take(struct world *w, int who)
{
	struct tg_bundle b;
	int rc;

	while ((rc = tg_doc_take(w->person[who].doc, &b)) == TG_OK) {
		struct world_bundle *c = &w->bundles[w->bundle_n];

		ck_assert_uint_lt(w->bundle_n, WORLD_BUNDLES);
		c->agent = who;
		c->first_seq = b.first_seq;
		c->count = b.event_count;
		c->parents = copy(b.parents, b.parent_count * sizeof *b.parents);
		c->parent_n = b.parent_count;
		c->ops = copy(b.ops, b.ops_len);
		c->ops_len = b.ops_len;
		c->text = copy(b.text, b.text_len);
		c->text_len = b.text_len;
		w->person[who].has[w->bundle_n++] = 1;
	}
	ck_assert_int_eq(rc, TG_ENOTFOUND);
}

int
world_add(struct tg_doc *doc, const struct world_bundle *b)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	world_agent(b->agent, agent);
	return tg_doc_add(
	    doc, agent, b->first_seq, b->parents, b->parent_n, b->ops, b->ops_len, b->text, b->text_len);
}

void
world_deliver(struct world *w, int who)
{
	struct world_person *p = &w->person[who];
	size_t start;
	int rc;

	if (w->bundle_n == 0)
		return;
	start = world_random(w, (uint32_t)w->bundle_n);
	for (size_t i = 0; i < w->bundle_n; i++) {
		size_t k = (start + i) % w->bundle_n;

		rc = world_add(p->doc, &w->bundles[k]);
		if (p->has[k]) {
			ck_assert_int_eq(rc, TG_EEXISTS);
			continue;
		}
		if (rc == TG_OK) {
			p->has[k] = 1;
			ck_assert_int_eq(world_add(p->doc, &w->bundles[k]), TG_EEXISTS);
			return;
		}
		ck_assert_msg(rc == TG_EPARENT || rc == TG_EGAP, "seed %lu: %s", w->seed, tg_status_name(rc));
	}
}

static void
draw_register(struct world_person *p, const uint8_t *data, size_t len)
{
	struct tg_reader r;
	int k;

	tg_reader_init(&r, data, len);
	tg_read_array(&r, 3, 3);
	ck_assert_uint_eq(tg_read_uint(&r, 0), 0);
	k = key_of(tg_read_str(&r, 10));
	p->registers[k] = read_value(&r, k);
	ck_assert_int_eq(tg_reader_end(&r), TG_OK);
}

void
world_draw(struct world *w, int who, const struct tg_patches *patches)
{
	struct world_person *p = &w->person[who];
	int32_t *records = copy(patches->records, patches->count * TG_PATCH_FIELDS * sizeof *records);
	uint8_t *bytes = copy(patches->bytes, patches->bytes_len);
	size_t n = patches->count;

	for (size_t i = 0; i < n; i++) {
		const int32_t *r = records + i * TG_PATCH_FIELDS;
		const uint8_t *s = bytes + r[6];
		struct world_item item = {r[4], 0, {0}};

		switch (r[0]) {
		case TG_PATCH_INSERT:
			world_read_format(p->doc, (uint32_t)r[5], item.value);
			for (int32_t k = 0; k < r[3]; k++) {
				item.scalar = r[4] == TG_TEXT_CHAR ? world_read_scalar(&s) : 0;
				mirror_insert(p, (uint32_t)(r[2] + k), &item);
			}
			ck_assert_ptr_eq(s, bytes + r[6] + r[7]);
			break;
		case TG_PATCH_DELETE:
			mirror_delete(p, (uint32_t)r[2], (uint32_t)r[3]);
			break;
		case TG_PATCH_REFORMAT:
			world_read_format(p->doc, (uint32_t)r[5], item.value);
			ck_assert_uint_le((size_t)(r[2] + r[3]), p->mirror_n);
			for (int32_t k = 0; k < r[3]; k++)
				memcpy(p->mirror[r[2] + k].value, item.value, sizeof item.value);
			break;
		default:
			ck_assert_int_eq(r[0], TG_PATCH_SET);
			draw_register(p, s, (size_t)r[7]);
		}
	}
	free(records);
	free(bytes);
}

void
world_poll(struct world *w, int who)
{
	struct tg_patches patches;

	ck_assert_int_eq(tg_doc_poll(w->person[who].doc, &patches), TG_OK);
	world_draw(w, who, &patches);
	ck_assert_int_eq(tg_doc_poll(w->person[who].doc, &patches), TG_OK);
	ck_assert_uint_eq(patches.count, 0);
}

void
world_settle(struct world *w)
{
	for (int i = 0; i < w->people; i++)
		world_take(w, i);
	for (int i = 0; i < w->people; i++) {
		for (size_t k = 0; k < w->bundle_n; k++)
			world_deliver(w, i);
		for (size_t k = 0; k < w->bundle_n; k++)
			ck_assert_msg(w->person[i].has[k], "seed %lu: a bundle was never taken", w->seed);
		world_poll(w, i);
	}
}

/* ---- checks */

static void
same_item(const struct world *w, const struct oracle_item *o, const struct world_item *item, size_t at)
{
	const struct oracle_event *e = &w->oracle->events[o->event];

	ck_assert_msg(e->item_kind == item->kind && e->scalar == item->scalar,
	    "seed %lu: item %zu is %x, should be %x", w->seed, at, item->scalar, e->scalar);
	for (int k = 0; k < ORACLE_KEYS; k++)
		ck_assert_msg(o->value[k] == item->value[k], "seed %lu: item %zu: key %s is %d, should be %d",
		    w->seed, at, key_names[k], item->value[k], o->value[k]);
}

static void
compare(struct world *w, const struct world_item *items, size_t n)
{
	size_t at = 0;

	for (int i = 0; i < w->oracle->item_n; i++) {
		if (w->oracle->items[i].deleted)
			continue;
		ck_assert_msg(at < n, "seed %lu: %zu items, should be more", w->seed, n);
		same_item(w, &w->oracle->items[i], &items[at], at);
		at++;
	}
	ck_assert_msg(at == n, "seed %lu: %zu items, should be %zu", w->seed, n, at);
}

void
world_check_mirror(struct world *w, int who)
{
	const struct tg_event_id *ids;
	struct oracle_set which;
	size_t n;

	ck_assert_int_eq(tg_doc_view_version(w->person[who].doc, &ids, &n), TG_OK);
	world_version(w, ids, n, &which);
	oracle_run(w->oracle, &which);
	compare(w, w->person[who].mirror, w->person[who].mirror_n);
	for (int k = 0; k < ORACLE_KEYS; k++)
		ck_assert_msg(oracle_register(w->oracle, &which, k) == w->person[who].registers[k],
		    "seed %lu: register %s", w->seed, key_names[k]);
}

struct reading {
	struct world_item *items;
	uint32_t *formats;
	size_t n;
};

static int
read_run(void *ctx, const struct tg_text_run *run)
{
	struct reading *r = ctx;
	const uint8_t *s = run->text;

	ck_assert_uint_eq(run->index, r->n);
	for (uint32_t i = 0; i < run->count; i++) {
		r->items[r->n].kind = run->kind;
		r->items[r->n].scalar = run->kind == TG_TEXT_CHAR ? world_read_scalar(&s) : 0;
		r->formats[r->n++] = run->format;
	}
	return 0;
}

void
world_check_doc(struct world *w, struct tg_doc *doc)
{
	static struct world_item items[WORLD_ITEMS];
	static uint32_t formats[WORLD_ITEMS];
	struct reading r = {items, formats, 0};
	const struct tg_event_id *ids;
	struct oracle_set which;
	size_t n;

	ck_assert_int_eq(tg_items_check(&doc->items), 0);
	ck_assert_int_eq(tg_doc_read(doc, 0, 0, tg_doc_length(doc, 0), read_run, &r), TG_OK);
	for (size_t i = 0; i < r.n; i++)
		world_read_format(doc, formats[i], items[i].value);
	ck_assert_int_eq(tg_doc_version(doc, &ids, &n), TG_OK);
	world_version(w, ids, n, &which);
	oracle_run(w->oracle, &which);
	compare(w, items, r.n);
	for (int k = 0; k < ORACLE_KEYS; k++) {
		const uint8_t *value;
		struct tg_reader v;

		ck_assert_int_eq(
		    tg_doc_register(doc, 0, (const uint8_t *)key_names[k], strlen(key_names[k]), &value, &n),
		    TG_OK);
		tg_reader_init(&v, value, n);
		ck_assert_msg(read_value(&v, k) == oracle_register(w->oracle, &which, k),
		    "seed %lu: register %s", w->seed, key_names[k]);
	}
}

/* ---- undo */

static int
decoded_value(const struct tg_bytes *value, int key)
{
	struct tg_reader r;

	tg_reader_init(&r, value->data, value->len);
	return read_value(&r, key);
}

/* The ${u}-th event of a decoded operation; *chars moves past what it inserts. */
static void
record_event(const struct tg_decoded *d, const struct tg_op *op, uint32_t u, const uint8_t **chars,
    struct oracle_event *e)
{
	e->pos = op->pos;
	switch (op->kind) {
	case TG_OP_SET:
	case TG_OP_MARK:
		e->kind = op->kind == TG_OP_SET ? ORACLE_SET : ORACLE_MARK;
		e->to = op->pos + op->count;
		e->key = key_of(d->keys[op->key].bytes);
		e->mark_value = decoded_value(&d->values[op->value], e->key);
		break;
	case TG_OP_DELETE:
	case TG_OP_DELETE_BACK:
		e->kind = ORACLE_DELETE;
		e->pos -= op->kind == TG_OP_DELETE ? 0 : u;
		break;
	default:
		e->kind = ORACLE_INSERT;
		e->pos += u;
		e->item_kind = op->kind;
		e->scalar = op->kind == TG_OP_CHAR ? world_read_scalar(chars) : 0;
		for (uint32_t i = 0; op->format > 0 && i < d->formats[op->format - 1].n; i++) {
			uint32_t pair = d->formats[op->format - 1].first + i;
			int key = key_of(d->keys[d->pair_keys[pair]].bytes);

			e->value[key] = decoded_value(&d->values[pair], key);
		}
	}
}

void
world_record_undo(struct world *w, int who, uint64_t first, uint64_t count, const struct tg_event_id *version,
    size_t version_n)
{
	struct oracle_set known;
	uint64_t seq = first;
	size_t from = w->bundle_n;

	world_version(w, version, version_n, &known);
	world_take(w, who);
	for (size_t i = from; i < w->bundle_n; i++) {
		struct tg_decoded d = {0};
		const uint8_t *s;

		if (w->bundles[i].first_seq + w->bundles[i].count <= first)
			continue;
		ck_assert_uint_eq(w->bundles[i].first_seq, seq);
		ck_assert_int_eq(tg_codec_decode(&d, w->bundles[i].ops, w->bundles[i].ops_len,
				     w->bundles[i].text, w->bundles[i].text_len),
		    TG_OK);
		s = d.chars;
		for (size_t k = 0; k < d.op_n; k++) {
			const struct tg_op *op = &d.ops[k];
			uint32_t events = op->kind == TG_OP_MARK ? 1 : op->count;

			for (uint32_t u = 0; u < events; u++)
				record_event(&d, op, u, &s, new_event(w, who, seq++, &known));
		}
		tg_decoded_free(&d);
	}
	ck_assert_uint_eq(seq, first + count);
}

void
world_check_all(struct world *w)
{
	for (int who = 0; who < w->people; who++) {
		world_check_doc(w, w->person[who].doc);
		world_check_mirror(w, who);
	}
}

void
world_live(struct world *w, int steps)
{
	for (int i = 0; i < steps; i++) {
		int who = (int)world_random(w, (uint32_t)w->people), dice = (int)world_random(w, 7);

		if (dice < 3)
			world_edit(w, who);
		else if (dice == 3)
			world_take(w, who);
		else if (dice < 6)
			world_deliver(w, who);
		else
			world_poll(w, who);
	}
}
