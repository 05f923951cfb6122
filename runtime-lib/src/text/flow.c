#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/codec.h"
#include "text/doc.h"
#include "wire/writer.h"

/*
 * Names in the pool.  No msgpack and no UTF-8 begins with this byte, so they meet neither values nor keys;
 * and in the order of their bytes strings come before events, events by agent and seq.
 */
#define NAME_TAG   0xc1
#define NAME_STR   0
#define NAME_EVENT 1
#define NAME_FLOW  2
#define EVENT_LEN  (2 + TG_TEXT_AGENT_BYTES + 8)
#define FLOW_LEN   18

int
tg_flows_init(struct tg_doc *doc)
{
	int rc = tg_array_need((void **)&doc->flows, &doc->flow_cap, 1, sizeof *doc->flows);

	if (rc != TG_OK)
		return rc;
	memset(doc->flows, 0, sizeof *doc->flows);
	doc->flows[0].open_marks = TG_LV_NONE;
	doc->flows[0].touched = 1; /* always looked at */
	doc->flow_n = 1;
	return tg_items_init(&doc->items, 0);
}

void
tg_flows_free(struct tg_doc *doc)
{
	for (size_t i = 0; i < doc->flow_n; i++)
		if (i != doc->flow) {
			doc->flows[i].items.place = NULL;
			tg_items_free(&doc->flows[i].items);
		}
	tg_items_free(&doc->items);
	tg_free(doc->flows);
	tg_free(doc->flow_of);
	tg_free(doc->touched);
}

void
tg_flow_switch(struct tg_doc *doc, uint32_t flow)
{
	struct tg_flow *from = &doc->flows[doc->flow], *to = &doc->flows[flow];
	uint32_t *place = doc->items.place;
	size_t place_cap = doc->items.place_cap;

	from->items = doc->items;
	from->open_marks = doc->open_marks;
	doc->items = to->items;
	doc->open_marks = to->open_marks;
	doc->items.place = place;
	doc->items.place_cap = place_cap;
	doc->flow = flow;
	if (!to->touched) { /* there is room: tg_flow_find saw to it */
		to->touched = 1;
		doc->touched[doc->touched_n++] = flow;
	}
}

uint32_t
tg_flow_total(const struct tg_doc *doc, uint32_t flow)
{
	return flow == doc->flow ? doc->items.sp_total : doc->flows[flow].items.sp_total;
}

static int
add_flow(struct tg_doc *doc, uint32_t name, const struct tg_flow *flow)
{
	struct tg_flow *f;
	int rc;

	if (doc->flow_n >= TG_TEXT_FLOWS_MAX)
		return TG_ELIMIT;
	if ((rc = tg_array_need((void **)&doc->flow_of, &doc->flow_of_cap, (size_t)name + 1,
		 sizeof *doc->flow_of)) != TG_OK ||
	    (rc = tg_array_need((void **)&doc->touched, &doc->touched_cap, doc->flow_n + 1,
		 sizeof *doc->touched)) != TG_OK ||
	    (rc = tg_array_need((void **)&doc->flows, &doc->flow_cap, doc->flow_n + 1, sizeof *doc->flows)) !=
		TG_OK)
		return rc;
	while (doc->flow_of_n <= name)
		doc->flow_of[doc->flow_of_n++] = 0;
	f = &doc->flows[doc->flow_n];
	*f = *flow;
	f->open_marks = TG_LV_NONE;
	if ((f->items.leaves = tg_calloc(1, sizeof *f->items.leaves)) == NULL)
		return TG_ENOMEM;
	f->items.leaf_cap = 1; /* cells are small and many */
	doc->flow_of[name] = (uint32_t)doc->flow_n++;
	return tg_items_init(&f->items, doc->items.tracking);
}

int
tg_flow_name(struct tg_doc *doc, uint32_t slot, uint32_t object, uint32_t row, uint32_t column, int create,
    uint32_t *id)
{
	const uint32_t parts[4] = {slot, object, row, column};
	uint8_t name[FLOW_LEN] = {NAME_TAG, NAME_FLOW};

	memcpy(name + 2, parts, sizeof parts);
	if (!create)
		return tg_pool_find(&doc->pool, name, sizeof name, id) ? TG_OK : TG_ENOTFOUND;
	return tg_pool_put(&doc->pool, name, sizeof name, id);
}

int
tg_object_cell(const struct tg_doc *doc, uint32_t object, struct tg_flow *cell)
{
	uint32_t parts[4];
	const uint8_t *p;
	size_t len;

	if (object >= doc->pool.n)
		return 0;
	p = tg_pool_get(&doc->pool, object, &len);
	if (len != FLOW_LEN || p[0] != NAME_TAG || p[1] != NAME_FLOW)
		return 0;
	memcpy(parts, p + 2, sizeof parts);
	cell->slot = parts[0];
	cell->object = parts[1];
	cell->row = parts[2];
	cell->column = parts[3];
	return cell->slot == TG_FLOW_CELL;
}

int
tg_flow_find(struct tg_doc *doc, uint32_t slot, uint32_t object, uint32_t row, uint32_t column, int create,
    uint32_t *flow)
{
	struct tg_flow f = {.slot = slot, .object = object, .row = row, .column = column};
	uint32_t id;
	int rc;

	*flow = TG_TEXT_FLOW_BODY;
	if ((rc = tg_flow_name(doc, slot, object, row, column, create, &id)) != TG_OK)
		return rc;
	if (id >= doc->flow_of_n || doc->flow_of[id] == 0) {
		if (!create)
			return TG_ENOTFOUND;
		if ((rc = add_flow(doc, id, &f)) != TG_OK)
			return rc;
	}
	*flow = doc->flow_of[id];
	return TG_OK;
}

/* ---- objects */

int
tg_object_put(struct tg_doc *doc, const struct tg_object_name *name, int create, uint32_t *object)
{
	uint8_t b[2 + TG_TEXT_NAME_MAX] = {NAME_TAG, NAME_STR};
	size_t len = 2 + name->name_len;

	_Static_assert(TG_TEXT_NAME_MAX >= TG_TEXT_AGENT_BYTES + 8, "an event's name fits");
	if (name->name != NULL) {
		memcpy(b + 2, name->name, name->name_len);
	} else {
		b[1] = NAME_EVENT;
		memcpy(b + 2, name->agent, TG_TEXT_AGENT_BYTES);
		for (int i = 0; i < 8; i++)
			b[2 + TG_TEXT_AGENT_BYTES + i] = (uint8_t)(name->seq >> (56 - 8 * i));
		len = EVENT_LEN;
	}
	if (!create)
		return tg_pool_find(&doc->pool, b, len, object) ? TG_OK : TG_ENOTFOUND;
	return tg_pool_put(&doc->pool, b, len, object);
}

int
tg_object_get(const struct tg_doc *doc, uint32_t object, struct tg_object_name *name)
{
	const uint8_t *p;
	size_t len;

	memset(name, 0, sizeof *name);
	if (object >= doc->pool.n)
		return 0;
	p = tg_pool_get(&doc->pool, object, &len);
	if (len < 3 || p[0] != NAME_TAG || p[1] > NAME_EVENT)
		return 0;
	if (p[1] == NAME_STR) {
		name->name = p + 2;
		name->name_len = len - 2;
		return 1;
	}
	memcpy(name->agent, p + 2, TG_TEXT_AGENT_BYTES);
	for (int i = 0; i < 8; i++)
		name->seq = name->seq << 8 | p[2 + TG_TEXT_AGENT_BYTES + i];
	return 1;
}

int
tg_object_compare(const struct tg_doc *doc, uint32_t a, uint32_t b)
{
	struct tg_flow x, y;
	int c;

	if (!tg_object_cell(doc, a, &x) || !tg_object_cell(doc, b, &y))
		return tg_pool_compare(&doc->pool, a, b);
	/* Their names in the pool hold numbers of this doc. */
	if ((c = tg_pool_compare(&doc->pool, x.object, y.object)) != 0 ||
	    (c = tg_pool_compare(&doc->pool, x.row, y.row)) != 0)
		return c;
	return tg_pool_compare(&doc->pool, x.column, y.column);
}

/* ---- spelled */

/* A cell as an object.  It has a flow too, which names it in bundles. */
static int
read_cell(struct tg_doc *doc, struct tg_reader *r, int create, uint32_t *object)
{
	uint32_t part[3], flow;
	int rc;

	tg_read_array(r, 3, 3);
	for (int i = 0; i < 3; i++) {
		if (r->at < r->len && r->data[r->at] == 0x93)
			tg_reader_fail(r, TG_EFORMAT); /* no cells of cells */
		if (tg_reader_status(r) != TG_OK)
			return tg_reader_status(r);
		if ((rc = tg_object_read(doc, r, create, &part[i])) != TG_OK)
			return rc;
	}
	if ((rc = tg_flow_find(doc, TG_FLOW_CELL, part[0], part[1], part[2], create, &flow)) != TG_OK)
		return rc;
	return tg_flow_name(doc, TG_FLOW_CELL, part[0], part[1], part[2], create, object);
}

int
tg_object_read(struct tg_doc *doc, struct tg_reader *r, int create, uint32_t *object)
{
	struct tg_object_name name = {0};
	uint8_t tag = r->at < r->len ? r->data[r->at] : 0;
	struct tg_bytes b;

	*object = TG_OBJECT_DOC;
	if (tag == 0x93)
		return read_cell(doc, r, create, object);
	if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
		b = tg_read_str(r, TG_TEXT_NAME_MAX);
		name.name = b.data;
		name.name_len = b.len;
		if (b.len == 0)
			tg_reader_fail(r, TG_EFORMAT);
	} else if (tag == 0x92) {
		tg_read_array(r, 2, 2);
		tg_read_fixed(r, name.agent, sizeof name.agent);
		name.seq = tg_read_uint(r, TG_TEXT_UINT_MAX);
	} else {
		tg_read_uint(r, 0);
		return tg_reader_status(r);
	}
	if (tg_reader_status(r) != TG_OK)
		return tg_reader_status(r);
	return tg_object_put(doc, &name, create, object);
}

int
tg_flow_read(struct tg_doc *doc, struct tg_reader *r, int create, uint32_t *flow)
{
	uint32_t n, object, row = 0, column = 0, slot = TG_FLOW_CELL;
	int rc;

	*flow = TG_TEXT_FLOW_BODY;
	if (r->at >= r->len || (r->data[r->at] & 0xf0) != 0x90) {
		*flow = (uint32_t)tg_read_uint(r, UINT32_MAX);
		return tg_reader_status(r);
	}
	n = tg_read_array(r, 2, 3);
	if ((rc = tg_object_read(doc, r, create, &object)) != TG_OK)
		return rc;
	if (n == 2) {
		slot = (uint32_t)tg_read_uint(r, TG_TEXT_SLOT_MAX);
	} else if ((rc = tg_object_read(doc, r, create, &row)) != TG_OK ||
		   (rc = tg_object_read(doc, r, create, &column)) != TG_OK) {
		return rc;
	}
	if (tg_reader_status(r) != TG_OK)
		return tg_reader_status(r);
	return tg_flow_find(doc, slot, object, row, column, create, flow);
}

void
tg_object_write(const struct tg_doc *doc, struct tg_buf *out, uint32_t object)
{
	struct tg_object_name name;
	struct tg_flow cell;

	if (tg_object_cell(doc, object, &cell)) {
		tg_write_array(out, 3);
		tg_object_write(doc, out, cell.object);
		tg_object_write(doc, out, cell.row);
		tg_object_write(doc, out, cell.column);
	} else if (!tg_object_get(doc, object, &name)) {
		tg_write_uint(out, TG_TEXT_OBJECT_DOC);
	} else if (name.name != NULL) {
		tg_write_str(out, (const char *)name.name, name.name_len);
	} else {
		tg_write_array(out, 2);
		tg_write_bin(out, name.agent, sizeof name.agent);
		tg_write_uint(out, name.seq);
	}
}

int
tg_doc_object(struct tg_doc *doc, const uint8_t *name, size_t len, uint32_t *object)
{
	struct tg_reader r;
	int rc;

	*object = TG_TEXT_OBJECT_DOC;
	if ((rc = tg_doc_usable(doc)) != TG_OK)
		return rc;
	tg_reader_init(&r, name, len);
	if ((rc = tg_object_read(doc, &r, 1, object)) == TG_OK)
		rc = tg_reader_end(&r);
	return tg_doc_fail(doc, rc);
}

int
tg_doc_flow(struct tg_doc *doc, const uint8_t *name, size_t len, uint32_t *flow)
{
	struct tg_reader r;
	int rc;

	*flow = TG_TEXT_FLOW_BODY;
	if ((rc = tg_doc_usable(doc)) != TG_OK)
		return rc;
	tg_reader_init(&r, name, len);
	if ((rc = tg_flow_read(doc, &r, 1, flow)) == TG_OK)
		rc = tg_reader_end(&r);
	if (rc == TG_OK && *flow >= doc->flow_n)
		rc = TG_ENOTFOUND;
	return tg_doc_fail(doc, rc);
}

int
tg_doc_flow_name(struct tg_doc *doc, uint32_t flow, const uint8_t **name, size_t *len)
{
	const struct tg_flow *f;
	int rc;

	*name = NULL;
	*len = 0;
	if ((rc = tg_doc_usable(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_ENOTFOUND;
	tg_buf_reset(&doc->out_text); /* not out: a caller may be reading patches from there */
	f = &doc->flows[flow];
	if (flow == TG_TEXT_FLOW_BODY) {
		tg_write_uint(&doc->out_text, 0);
	} else {
		tg_write_array(&doc->out_text, f->slot == TG_FLOW_CELL ? 3 : 2);
		tg_object_write(doc, &doc->out_text, f->object);
		if (f->slot == TG_FLOW_CELL) {
			tg_object_write(doc, &doc->out_text, f->row);
			tg_object_write(doc, &doc->out_text, f->column);
		} else {
			tg_write_uint(&doc->out_text, f->slot);
		}
	}
	if ((rc = tg_buf_status(&doc->out_text)) != TG_OK)
		return tg_doc_fail(doc, rc);
	*name = doc->out_text.data;
	*len = doc->out_text.len;
	return TG_OK;
}
