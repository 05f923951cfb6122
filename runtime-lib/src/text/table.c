/*
 * table.c -- the grid of a table: rows and columns from their flows, spans from the registers of cells.
 *
 * A cell is a flow named by table, row and column, so it is there as soon as both are.  A row that comes back
 * by undo is another item of the same name (its "id"); of two rows of one name the first is shown.
 */
#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/draw.h"
#include "wire/reader.h"

static int
hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=" 64 hex digits ":" seq names an event. */
static int
parse_event(struct tg_bytes b, struct tg_object_name *name)
{
	if (b.len < 2 * TG_TEXT_AGENT_BYTES + 3 || b.len > 2 * TG_TEXT_AGENT_BYTES + 18 || b.data[0] != '=' ||
	    b.data[1 + 2 * TG_TEXT_AGENT_BYTES] != ':')
		return 0;
	for (int i = 0; i < TG_TEXT_AGENT_BYTES; i++) {
		int hi = hex_digit(b.data[1 + 2 * i]), lo = hex_digit(b.data[2 + 2 * i]);

		if (hi < 0 || lo < 0)
			return 0;
		name->agent[i] = (uint8_t)(hi << 4 | lo);
	}
	for (size_t i = 2 + 2 * TG_TEXT_AGENT_BYTES; i < b.len; i++) {
		if (b.data[i] < '0' || b.data[i] > '9')
			return 0;
		name->seq = name->seq * 10 + (b.data[i] - '0');
	}
	return name->seq <= TG_TEXT_UINT_MAX;
}

int
tg_object_of(struct tg_doc *doc, uint32_t id_key, uint32_t format, uint32_t lv, uint32_t *object)
{
	uint32_t value = tg_format_value(&doc->formats, format, id_key);
	struct tg_object_name name = {0};
	const struct tg_grun *g = tg_graph_run(&doc->graph, lv);

	if (value != TG_POOL_NIL) {
		struct tg_bytes b;
		struct tg_reader r;
		size_t len;
		const uint8_t *p = tg_pool_get(&doc->pool, value, &len);

		tg_reader_init(&r, p, len);
		b = tg_read_str(&r, TG_TEXT_VALUE_MAX);
		if (tg_reader_status(&r) == TG_OK && parse_event(b, &name))
			return tg_object_put(doc, &name, 1, object);
		memset(&name, 0, sizeof name);
		if (tg_reader_status(&r) == TG_OK && b.len > 0 && b.len <= TG_TEXT_NAME_MAX) {
			uint8_t copy[TG_TEXT_NAME_MAX]; /* the pool may move */

			memcpy(copy, b.data, b.len);
			name.name = copy;
			name.name_len = b.len;
			return tg_object_put(doc, &name, 1, object);
		}
	}
	memcpy(name.agent, doc->graph.agents[g->agent].key, TG_TEXT_AGENT_BYTES);
	name.seq = g->seq + (lv - g->start);
	return tg_object_put(doc, &name, 1, object);
}

struct axis {
	struct tg_drawing *d;
	uint32_t *objects, *formats;
	size_t n, cap, formats_cap, max;
};

static int
read_axis(void *ctx, const struct tg_text_run *run, uint32_t lv)
{
	struct axis *a = ctx;
	uint32_t object;
	int rc;

	if (run->kind != TG_TEXT_ATOM)
		return TG_OK;
	for (uint32_t i = 0; i < run->count && a->n < a->max; i++) {
		size_t k = 0;

		if ((rc = tg_object_of(a->d->doc, a->d->keys.id, run->format, lv + i, &object)) != TG_OK)
			return rc;
		while (k < a->n && a->objects[k] != object)
			k++;
		if (k < a->n)
			continue;
		if ((rc = tg_array_need((void **)&a->objects, &a->cap, a->n + 1, sizeof *a->objects)) !=
			TG_OK ||
		    (rc = tg_array_need(
			 (void **)&a->formats, &a->formats_cap, a->n + 1, sizeof *a->formats)) != TG_OK)
			return rc;
		a->objects[a->n] = object;
		a->formats[a->n++] = run->format;
	}
	return TG_OK;
}

static int
load_axis(struct tg_drawing *d, uint32_t object, uint32_t slot, size_t max, uint32_t *flow,
    uint32_t **objects, uint32_t **formats, uint32_t *n)
{
	struct axis a = {d, NULL, NULL, 0, 0, 0, max};
	int rc = tg_flow_find(d->doc, slot, object, 0, 0, 1, flow);

	if (rc == TG_OK)
		rc = tg_view_read(d->doc, *flow, 0, tg_doc_view_length(d->doc, *flow), read_axis, &a);
	*objects = a.objects;
	*formats = a.formats;
	*n = (uint32_t)a.n;
	return rc;
}

/* A span register, 1 when it says nothing sensible. */
static uint32_t
span(struct tg_drawing *d, uint32_t cell, const char *key)
{
	struct tg_doc *doc = d->doc;
	uint32_t id, reg;
	const uint8_t *p;
	size_t len;

	if (!tg_pool_find(&doc->pool, key, strlen(key), &id) ||
	    (reg = tg_doc_find_register(doc, cell, id)) == TG_LV_NONE)
		return 1;
	p = tg_pool_get(&doc->pool, doc->registers[reg].seen, &len);
	if (p[0] > 0 && p[0] < 0x80)
		return p[0];
	return p[0] == 0xcc && len == 2 ? p[1] : 1;
}

/* The spans, clipped to the grid and to what other cells cover already; the first in reading order wins. */
static void
clip_spans(struct tg_table *t, uint32_t row, uint32_t column, uint32_t across, uint32_t down)
{
	uint32_t most = 0;

	across = across < t->column_n - column ? across : t->column_n - column;
	down = down < t->row_n - row ? down : t->row_n - row;
	/* A cell not yet reached has 1 1; one covered has 0 0. */
	while (most < across && t->cells[row * t->column_n + column + most].across > 0)
		most++;
	across = most;
	for (uint32_t r = row + 1; r < row + down; r++)
		for (uint32_t c = column; c < column + across; c++)
			if (t->cells[r * t->column_n + c].across == 0)
				down = r - row;
	for (uint32_t r = row; r < row + down; r++)
		for (uint32_t c = column; c < column + across; c++)
			t->cells[r * t->column_n + c].across = t->cells[r * t->column_n + c].down = 0;
	t->cells[row * t->column_n + column].across = (uint16_t)across;
	t->cells[row * t->column_n + column].down = (uint16_t)down;
}

static int
load_cells(struct tg_drawing *d, uint32_t table)
{
	uint32_t rows = d->tables[table].row_n, columns = d->tables[table].column_n, flow, strip;
	struct tg_cell *cells = tg_calloc((size_t)rows * columns, sizeof *cells);
	int rc;

	if (cells == NULL)
		return TG_ENOMEM;
	d->tables[table].cells = cells;
	for (uint32_t i = 0; i < rows * columns; i++)
		cells[i] = (struct tg_cell){TG_BLOCK_NONE, 1, 1};
	for (uint32_t i = 0; i < rows * columns; i++) {
		struct tg_table *t = &d->tables[table];
		uint32_t across, down, cell;

		if (t->cells[i].across == 0 ||
		    tg_flow_name(d->doc, TG_FLOW_CELL, t->object, t->rows[i / columns],
			t->columns[i % columns], 0, &cell) != TG_OK)
			continue;
		across = span(d, cell, "colspan");
		down = span(d, cell, "rowspan");
		if (across > 1 || down > 1)
			clip_spans(t, i / columns, i % columns, across, down);
	}
	for (uint32_t i = 0; i < rows * columns; i++) {
		const struct tg_table *t = &d->tables[table];

		rc = tg_flow_find(
		    d->doc, TG_FLOW_CELL, t->object, t->rows[i / columns], t->columns[i % columns], 0, &flow);
		if (t->cells[i].across == 0 || rc == TG_ENOTFOUND ||
		    (rc == TG_OK && flow < d->strip_of_n && d->strip_of[flow] != 0))
			continue; /* the last: the drawing is of a cell of its own */
		if (rc != TG_OK || (rc = tg_strip_new(d, flow, table, &strip)) != TG_OK)
			return rc;
		d->tables[table].cells[i].strip = strip;
		if ((rc = tg_strip_load(d, strip)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

int
tg_table_make(struct tg_drawing *d, uint32_t strip, uint32_t block, uint32_t object, uint32_t *table)
{
	struct tg_table t = {0};
	size_t i = 0;
	int rc, twice = 0;

	*table = TG_BLOCK_NONE;
	for (size_t k = 0; k < d->table_n; k++)
		twice |= d->tables[k].used && d->tables[k].object == object;
	while (i < d->table_n && d->tables[i].used)
		i++;
	if ((rc = tg_array_need((void **)&d->tables, &d->table_cap, i + 1, sizeof *d->tables)) != TG_OK)
		return rc;
	t.used = 1;
	t.object = object;
	t.strip = strip;
	t.block = block;
	t.twice = twice;
	d->tables[i] = t;
	d->table_n = d->table_n > i ? d->table_n : i + 1;
	*table = (uint32_t)i;
	if (d->strips[strip].depth >= TG_DRAW_TABLES_MAX)
		return TG_OK;
	if (twice) { /* shown once: where it comes first, which a full drawing knows */
		d->again |= !d->loading;
		return TG_OK;
	}
	if ((rc = load_axis(d, object, TG_TEXT_SLOT_COLUMNS, TG_RENDER_COLUMNS_MAX, &t.columns_flow,
		 &t.columns, &t.column_formats, &t.column_n)) == TG_OK)
		rc = load_axis(d, object, TG_TEXT_SLOT_ROWS,
		    t.column_n > 0 ? TG_RENDER_CELLS_MAX / t.column_n : TG_RENDER_CELLS_MAX, &t.rows_flow,
		    &t.rows, &t.row_formats, &t.row_n);
	d->tables[i] = t;
	if (rc == TG_OK && t.row_n > 0 && t.column_n > 0)
		rc = load_cells(d, (uint32_t)i);
	return rc;
}

void
tg_table_free(struct tg_drawing *d, uint32_t table)
{
	struct tg_table *t = &d->tables[table];

	for (uint32_t i = 0; t->cells != NULL && i < t->row_n * t->column_n; i++)
		if (d->tables[table].cells[i].strip != TG_BLOCK_NONE)
			tg_strip_free(d, d->tables[table].cells[i].strip);
	for (size_t k = 0; k < d->table_n && !d->loading; k++)
		d->again |= k != table && d->tables[k].used && d->tables[k].object == t->object;
	tg_free(t->rows);
	tg_free(t->columns);
	tg_free(t->row_formats);
	tg_free(t->column_formats);
	tg_free(t->cells);
	memset(t, 0, sizeof *t);
}

#define EMPTY_CELL 2 /* a paragraph */

uint32_t
tg_table_tokens(const struct tg_drawing *d, uint32_t table)
{
	const struct tg_table *t = &d->tables[table];
	uint32_t n = 2 + 2 * t->row_n;

	if (t->cells == NULL)
		return 1;
	for (uint32_t i = 0; i < t->row_n * t->column_n; i++)
		if (t->cells[i].across > 0)
			n += 2 + (t->cells[i].strip == TG_BLOCK_NONE ? EMPTY_CELL
								     : tg_strip_tokens(d, t->cells[i].strip));
	return n;
}

int
tg_table_draw(struct tg_drawing *d, uint32_t table)
{
	const struct tg_table *t = &d->tables[table];
	uint32_t format = d->blocks[t->block].format, columns = t->column_n, rows = t->row_n;
	int rc;

	if (t->cells == NULL)
		return tg_token_put(d, TG_TOKEN_LEAF, TG_NODE_EMBED, format, 1, 0, 0);
	rc = tg_token_put(d, TG_TOKEN_OPEN, TG_NODE_TABLE, format, 0, t->rows_flow, t->columns_flow);
	for (uint32_t i = 0; i < rows * columns && rc == TG_OK; i++) {
		const struct tg_cell *cell = &d->tables[table].cells[i];
		uint32_t strip = cell->strip;

		t = &d->tables[table];
		if (i % columns == 0)
			rc =
			    tg_token_put(d, TG_TOKEN_OPEN, TG_NODE_ROW, t->row_formats[i / columns], 0, 0, 0);
		if (rc == TG_OK && cell->across > 0) {
			rc = tg_token_put(d, TG_TOKEN_OPEN, TG_NODE_CELL, t->column_formats[i % columns],
			    strip == TG_BLOCK_NONE ? UINT32_MAX : d->strips[strip].flow, cell->across,
			    cell->down);
			if (rc == TG_OK && strip != TG_BLOCK_NONE)
				rc = tg_strip_draw(d, strip);
			else if (rc == TG_OK && (rc = tg_token_put(d, TG_TOKEN_OPEN, TG_NODE_PARAGRAPH, 0, 0,
						     0, 0)) == TG_OK)
				rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0);
			if (rc == TG_OK)
				rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0);
		}
		if (rc == TG_OK && i % columns == columns - 1)
			rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0);
	}
	return rc == TG_OK ? tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0) : rc;
}
