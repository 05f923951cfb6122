#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/draw.h"

#define NONE	TG_BLOCK_NONE
#define HISTORY -1 /* as a status: a table wants to know events, so history has to be read */

/* ---- what the document tells */

static void
note_splice(struct tg_doc *doc, uint32_t flow, uint32_t index, uint32_t deleted, uint32_t inserted)
{
	for (struct tg_drawing *d = doc->drawings; d != NULL; d = d->next) {
		struct tg_splice *last = d->splice_n > 0 ? &d->splices[d->splice_n - 1] : NULL;

		if (d->strips[0].root == NONE)
			continue; /* nothing is drawn yet */
		if (last != NULL && last->flow == flow && deleted == 0 &&
		    last->index + last->inserted == index) {
			last->inserted += inserted;
			continue;
		}
		if (tg_array_need(
			(void **)&d->splices, &d->splice_cap, d->splice_n + 1, sizeof *d->splices) != TG_OK) {
			d->failed = TG_ENOMEM;
			continue;
		}
		d->splices[d->splice_n++] = (struct tg_splice){flow, index, deleted, inserted};
	}
}

static void
note_register(struct tg_doc *doc, uint32_t object)
{
	for (struct tg_drawing *d = doc->drawings; d != NULL; d = d->next) {
		struct tg_flow cell;

		if (!tg_object_cell(doc, object, &cell))
			continue;
		if (tg_array_need(
			(void **)&d->objects, &d->object_cap, d->object_n + 1, sizeof *d->objects) != TG_OK)
			d->failed = TG_ENOMEM;
		else
			d->objects[d->object_n++] = object;
	}
}

static const struct tg_drawing_calls calls = {note_splice, note_register, tg_drawing_close};

/* ---- opening */

static int
put_key(struct tg_drawing *d, const char *key, uint32_t *id)
{
	return tg_pool_put(&d->doc->pool, key, strlen(key), id);
}

int
tg_drawing_open(struct tg_drawing **drawing, struct tg_doc *doc, uint32_t flow)
{
	struct tg_drawing *d;
	uint32_t strip;
	int rc;

	*drawing = NULL;
	if ((rc = tg_doc_usable(doc)) != TG_OK)
		return rc;
	if (flow >= doc->flow_n)
		return TG_ERANGE;
	if ((d = tg_calloc(1, sizeof *d)) == NULL)
		return TG_ENOMEM;
	d->doc = doc;
	d->free_block = NONE;
	if ((rc = put_key(d, "type", &d->keys.type)) != TG_OK ||
	    (rc = put_key(d, "list", &d->keys.list)) != TG_OK ||
	    (rc = put_key(d, "indent", &d->keys.indent)) != TG_OK ||
	    (rc = put_key(d, "cont", &d->keys.cont)) != TG_OK ||
	    (rc = put_key(d, "path", &d->keys.path)) != TG_OK ||
	    (rc = put_key(d, "id", &d->keys.id)) != TG_OK || (rc = tg_contexts_init(d)) != TG_OK ||
	    (rc = tg_strip_new(d, flow, NONE, &strip)) != TG_OK) {
		tg_drawing_close(d);
		return rc;
	}
	d->next = doc->drawings;
	d->link = &doc->drawings;
	if (d->next != NULL)
		d->next->link = &d->next;
	doc->drawings = d;
	doc->drawing_calls = &calls;
	*drawing = d;
	return TG_OK;
}

int
tg_drawing_find(struct tg_drawing **drawing, struct tg_doc *doc, uint32_t flow)
{
	for (*drawing = doc->drawings; *drawing != NULL; *drawing = (*drawing)->next)
		if ((*drawing)->strips[0].flow == flow)
			return TG_OK;
	return tg_drawing_open(drawing, doc, flow);
}

void
tg_drawing_close(struct tg_drawing *d)
{
	if (d == NULL)
		return;
	if (d->link != NULL) {
		*d->link = d->next;
		if (d->next != NULL)
			d->next->link = d->link;
	}
	d->loading = 1; /* nothing is drawn again */
	for (size_t i = 0; i < d->table_n; i++) {
		tg_free(d->tables[i].rows);
		tg_free(d->tables[i].columns);
		tg_free(d->tables[i].row_formats);
		tg_free(d->tables[i].column_formats);
		tg_free(d->tables[i].cells);
	}
	tg_free(d->splices);
	tg_free(d->objects);
	tg_free(d->shapes);
	tg_free(d->contexts);
	tg_free(d->context_slots);
	tg_free(d->blocks);
	tg_free(d->strips);
	tg_free(d->tables);
	tg_free(d->strip_of);
	tg_free(d->cuts);
	tg_free(d->fresh);
	tg_free(d->tokens);
	tg_buf_free(&d->bytes);
	tg_free(d->steps);
	tg_free(d);
}

/* ---- strips */

int
tg_strip_new(struct tg_drawing *d, uint32_t flow, uint32_t table, uint32_t *strip)
{
	size_t i = 0;
	int rc;

	if (d->free_strip != 0)
		i = d->free_strip;
	else
		i = d->strip_n;
	if ((rc = tg_array_need((void **)&d->strips, &d->strip_cap, i + 1, sizeof *d->strips)) != TG_OK ||
	    (rc = tg_array_need(
		 (void **)&d->strip_of, &d->strip_of_cap, (size_t)flow + 1, sizeof *d->strip_of)) != TG_OK)
		return rc;
	if (i == d->strip_n)
		d->strip_n++;
	else
		d->free_strip = d->strips[i].root;
	d->strips[i] = (struct tg_strip){
	    NONE, flow, table, table == NONE ? 0 : d->strips[d->tables[table].strip].depth + 1};
	while (d->strip_of_n <= flow)
		d->strip_of[d->strip_of_n++] = 0;
	d->strip_of[flow] = (uint32_t)i + 1;
	*strip = (uint32_t)i;
	return TG_OK;
}

static void
free_blocks(struct tg_drawing *d, uint32_t root)
{
	if (root == NONE)
		return;
	free_blocks(d, d->blocks[root].left);
	free_blocks(d, d->blocks[root].right);
	if (d->blocks[root].table != NONE)
		tg_table_free(d, d->blocks[root].table);
	tg_block_free(d, root);
}

void
tg_strip_free(struct tg_drawing *d, uint32_t strip)
{
	free_blocks(d, d->strips[strip].root);
	d->strip_of[d->strips[strip].flow] = 0;
	d->strips[strip].root = d->free_strip; /* strip 0 is never free */
	d->free_strip = strip;
}

uint32_t
tg_strip_tokens(const struct tg_drawing *d, uint32_t strip)
{
	uint32_t i = d->strips[strip].root;
	uint32_t sum;

	if (i == NONE)
		return 0;
	sum = d->blocks[i].token_sum;
	while (d->blocks[i].right != NONE)
		i = d->blocks[i].right;
	return sum + tg_context_open(&d->contexts[d->blocks[i].after]);
}

/* ---- what changed */

static void
mark_dirty(struct tg_drawing *d, uint32_t strip, uint32_t block, int how)
{
	for (;;) {
		struct tg_block *b = &d->blocks[block];
		uint32_t table = d->strips[strip].table;

		if (b->dirty == TG_DRAW_CLEAN || (b->dirty == TG_DRAW_INNER && how == TG_DRAW_TABLE)) {
			b->dirty = (uint8_t)how;
			tg_block_pull(d, block);
		}
		if (table == NONE)
			return;
		strip = d->tables[table].strip;
		block = d->tables[table].block;
		how = TG_DRAW_INNER;
	}
}

/* Does a block that is touched swallow this one, which follows it? */
static int
is_open(const struct tg_block *b)
{
	return !b->marker || b->dirty == TG_DRAW_CUT;
}

static int
splice(struct tg_drawing *d, uint32_t strip, const struct tg_splice *p)
{
	struct tg_strip *s = &d->strips[strip];
	uint32_t first = tg_strip_block_at(d, s, p->index > 0 ? p->index - 1 : 0), last = first, rank, n = 1;
	uint32_t items, tokens, end = p->index + p->deleted, next, fresh, old;
	int rc;

	rank = tg_block_place(d, first, &items, &tokens);
	items += d->blocks[first].items;
	for (; (next = tg_block_next(d, last)) != NONE; last = next, n++) {
		if (items >= end && !is_open(&d->blocks[next]))
			break;
		items += d->blocks[next].items;
	}
	if (n == 1) {
		struct tg_block *b = &d->blocks[first];

		if (b->dirty != TG_DRAW_CUT)
			b->single = 1;
		b->items += p->inserted - p->deleted;
		b->dirty = TG_DRAW_CUT;
		tg_block_pull(d, first);
		mark_dirty(d, strip, first, TG_DRAW_CUT);
		return TG_OK;
	}
	if ((rc = tg_block_new(d, &fresh)) != TG_OK)
		return rc;
	s = &d->strips[strip];
	d->blocks[fresh].marker = d->blocks[first].marker;
	d->blocks[fresh].lead = d->blocks[first].lead;
	d->blocks[fresh].after = d->blocks[last].after;
	d->blocks[fresh].dirty = TG_DRAW_CUT;
	tg_strip_replace(d, s, rank, n, NONE, &old);
	d->blocks[fresh].items = d->blocks[old].item_sum + p->inserted - p->deleted;
	d->blocks[fresh].tokens = d->blocks[old].token_sum;
	tg_block_pull(d, fresh);
	tg_strip_replace(d, s, rank, 0, fresh, &next);
	free_blocks(d, old);
	mark_dirty(d, strip, fresh, TG_DRAW_CUT);
	return TG_OK;
}

/* Tables of this object must be laid out anew. */
static void
touch_table(struct tg_drawing *d, uint32_t object)
{
	for (size_t i = 0; i < d->table_n; i++)
		if (d->tables[i].used && d->tables[i].object == object)
			mark_dirty(d, d->tables[i].strip, d->tables[i].block, TG_DRAW_TABLE);
}

static int
apply_changes(struct tg_drawing *d)
{
	int rc;

	for (size_t i = 0; i < d->splice_n; i++) {
		const struct tg_splice *p = &d->splices[i];

		if (p->flow < d->strip_of_n && d->strip_of[p->flow] != 0) {
			if ((rc = splice(d, d->strip_of[p->flow] - 1, p)) != TG_OK)
				return rc;
		} else if (p->flow != TG_TEXT_FLOW_BODY) { /* rows, columns, or a cell's first items */
			touch_table(d, d->doc->flows[p->flow].object);
		}
	}
	for (size_t i = 0; i < d->object_n; i++) {
		struct tg_flow cell;

		if (tg_object_cell(d->doc, d->objects[i], &cell))
			touch_table(d, cell.object);
	}
	d->splice_n = d->object_n = 0;
	return TG_OK;
}

/* ---- drawing anew */

/* A run of blocks that are drawn anew together. */
struct stretch {
	uint32_t strip, base;	   /* where its tokens begin in the document */
	uint32_t rank, n;	   /* old blocks */
	uint32_t items;		   /* before it */
	uint32_t from, old_tokens; /* in the strip */
	uint32_t before, context;  /* before it, and behind what is drawn so far */
	uint32_t old_context;	   /* behind the old blocks so far */
	size_t fresh;		   /* the new blocks: d->fresh from here on */
	uint32_t blocks;
	uint32_t depth, low; /* nodes open now; the least since the start */
};

/* Append one block, drawn behind the others. */
static int
add_block(struct tg_drawing *d, struct stretch *s, const struct tg_cut *cut, uint32_t table)
{
	const struct tg_shape *shape;
	struct tg_drawn drawn;
	uint32_t i, object;
	struct tg_block *b;
	int rc;

	if ((rc = tg_shape_of(d, cut->format, &shape)) != TG_OK ||
	    (rc = tg_shape_draw(d, s->context, shape, &drawn)) != TG_OK ||
	    (rc = tg_block_new(d, &i)) != TG_OK)
		return rc;
	b = &d->blocks[i];
	b->items = cut->items;
	b->format = cut->format;
	b->marker = cut->marker;
	b->node = shape->node;
	b->after = s->context = drawn.after;
	b->lead = drawn.closes + drawn.containers + drawn.list + drawn.item;
	s->depth -= drawn.closes;
	s->low = s->depth < s->low ? s->depth : s->low;
	s->depth += drawn.containers + drawn.list + drawn.item;
	b->table = table;
	if (b->node == TG_NODE_TABLE && table == NONE) {
		if (cut->lv == TG_LV_NONE)
			return HISTORY;
		if ((rc = tg_object_of(d->doc, d->keys.id, cut->format, cut->lv, &object)) != TG_OK ||
		    (rc = tg_table_make(d, s->strip, i, object, &table)) != TG_OK)
			return rc;
		b = &d->blocks[i];
		b->table = table;
	} else if (table != NONE) {
		d->tables[table].block = i;
	}
	b->tokens = b->lead + (table != NONE		     ? tg_table_tokens(d, table)
				  : tg_node_is_leaf(b->node) ? 1
							     : 2 + cut->units);
	if ((rc = tg_array_need((void **)&d->fresh, &d->fresh_cap, d->fresh_n + 1, sizeof *d->fresh)) !=
	    TG_OK)
		return rc;
	d->fresh[d->fresh_n++] = i;
	s->blocks++;
	return TG_OK;
}

/* Take old block ${i} into the stretch. */
static int
take_block(struct tg_drawing *d, struct stretch *s, uint32_t i)
{
	struct tg_block *b = &d->blocks[i];
	uint32_t table = b->table, from = s->items;
	struct tg_cut *cuts;
	size_t n, cap;
	int rc;

	s->old_tokens += b->tokens;
	s->old_context = b->after;
	s->items += b->items;
	s->n++;
	b->table = NONE;
	if (b->dirty == TG_DRAW_CLEAN) {
		struct tg_cut cut = {b->items, b->tokens - b->lead - 2, b->format, 0, b->marker};

		return add_block(d, s, &cut, table);
	}
	if (table != NONE)
		tg_table_free(d, table);
	if ((rc = tg_draw_cut(d, d->strips[s->strip].flow, from, b->items)) != TG_OK)
		return rc;
	/* The cells of a table among them need the scratch for themselves. */
	cuts = d->cuts;
	n = d->cut_n;
	cap = d->cut_cap;
	d->cuts = NULL;
	d->cut_n = d->cut_cap = 0;
	for (size_t k = 0; k < n && rc == TG_OK; k++)
		rc = add_block(d, s, &cuts[k], NONE);
	tg_free(d->cuts);
	d->cuts = cuts;
	d->cut_cap = cap;
	return rc;
}

/* The tokens of one drawn block whose items begin at ${at}. */
static int
draw_block(struct tg_drawing *d, uint32_t strip, uint32_t i, uint32_t context, uint32_t at)
{
	struct tg_block b = d->blocks[i];
	const struct tg_shape *shape;
	struct tg_drawn drawn;
	int rc;

	if ((rc = tg_shape_of(d, b.format, &shape)) != TG_OK ||
	    (rc = tg_shape_draw(d, context, shape, &drawn)) != TG_OK ||
	    (rc = tg_draw_lead(d, &drawn, shape, b.format)) != TG_OK)
		return rc;
	if (b.table != NONE)
		return tg_table_draw(d, b.table);
	if (tg_node_is_leaf(b.node))
		return tg_token_put(d, TG_TOKEN_LEAF, b.node, b.format, 1, 0, 0);
	if ((rc = tg_token_put(d, TG_TOKEN_OPEN, b.node, b.format, 0, 0, 0)) != TG_OK ||
	    (rc = tg_draw_inside(d, d->strips[strip].flow, at + b.marker, b.items - b.marker,
		 b.node == TG_NODE_CODE)) != TG_OK)
		return rc;
	return tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0);
}

static int
put_step(struct tg_drawing *d, uint32_t from, uint32_t to)
{
	int rc = tg_array_need((void **)&d->steps, &d->step_cap, d->step_n + 1, sizeof *d->steps);

	if (rc == TG_OK)
		d->steps[d->step_n++] = (struct tg_render_step){from, to, (uint32_t)d->token_n, 0, 0, 0};
	return rc;
}

static int
draw_stretch(struct tg_drawing *d, const struct stretch *s, int at_end, uint32_t old_trail)
{
	uint32_t context = s->before, items = s->items, tokens, i = NONE, low = s->low, depth = s->depth;
	uint32_t start = tg_context_open(&d->contexts[s->before]);
	struct tg_render_step *step;
	int rc;

	if (d->quiet)
		return TG_OK;
	if (at_end) /* the document's end closes everything: those tokens belong to the step */
		low = 0;
	if ((rc = put_step(d, s->base + s->from,
		 s->base + s->from + s->old_tokens + (at_end ? old_trail : 0))) != TG_OK ||
	    (rc = tg_draw_ancestors(d, s->before, low)) != TG_OK)
		return rc;
	if (s->blocks > 0) {
		i = tg_strip_block(d, &d->strips[s->strip], s->rank);
		tg_block_place(d, i, &items, &tokens);
	}
	for (uint32_t k = 0; k < s->blocks; k++, i = tg_block_next(d, i)) {
		if ((rc = draw_block(d, s->strip, i, context, items)) != TG_OK)
			return rc;
		context = d->blocks[i].after;
		items += d->blocks[i].items;
	}
	for (uint32_t k = low; k < depth; k++)
		if ((rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0)) != TG_OK)
			return rc;
	step = &d->steps[d->step_n - 1];
	step->count = (uint32_t)d->token_n - step->first;
	step->open_start = start - low;
	step->open_end = at_end ? 0 : depth - low;
	return TG_OK;
}

/* A block of which only the inside changed. */
static int
draw_same(struct tg_drawing *d, uint32_t strip, uint32_t base, uint32_t i, int *done)
{
	struct tg_block *b = &d->blocks[i];
	uint32_t items, tokens, units;
	int rc;

	*done = 0;
	if (b->dirty != TG_DRAW_CUT || !b->single || b->items == 0 || tg_node_is_leaf(b->node))
		return TG_OK;
	tg_block_place(d, i, &items, &tokens);
	if ((rc = tg_draw_cut(d, d->strips[strip].flow, items, b->items)) != TG_OK)
		return rc;
	b = &d->blocks[i];
	if (d->cut_n != 1 || d->cuts[0].marker != b->marker || d->cuts[0].format != b->format)
		return TG_OK;
	*done = 1;
	units = b->tokens - b->lead - 2;
	if (!d->quiet) {
		uint32_t at = base + tokens + b->lead + 1;

		if ((rc = put_step(d, at, at + units)) != TG_OK ||
		    (rc = tg_draw_inside(d, d->strips[strip].flow, items + b->marker, b->items - b->marker,
			 b->node == TG_NODE_CODE)) != TG_OK)
			return rc;
		d->steps[d->step_n - 1].count = (uint32_t)d->token_n - d->steps[d->step_n - 1].first;
	}
	b = &d->blocks[i];
	b->tokens += d->cuts[0].units - units;
	b->dirty = TG_DRAW_CLEAN;
	b->single = 0;
	tg_block_pull(d, i);
	return TG_OK;
}

static int
draw_from(struct tg_drawing *d, uint32_t strip, uint32_t base, uint32_t i)
{
	struct stretch s = {0};
	uint32_t before = tg_block_before(d, i), next = NONE, old, first_items;
	int rc, at_end;

	s.strip = strip;
	s.base = base;
	s.rank = tg_block_place(d, i, &s.items, &s.from);
	first_items = s.items;
	s.before = s.context = before == NONE ? 0 : d->blocks[before].after;
	s.depth = s.low = tg_context_open(&d->contexts[s.before]);
	s.fresh = d->fresh_n;
	for (; i != NONE; i = next) {
		next = tg_block_next(d, i);
		if ((rc = take_block(d, &s, i)) != TG_OK)
			return rc;
		if (next != NONE && d->blocks[next].dirty != TG_DRAW_CUT && s.context == s.old_context)
			break;
	}
	at_end = next == NONE && s.context != s.old_context;
	if (s.blocks == 0 && s.n == d->blocks[d->strips[strip].root].n) {
		struct tg_cut empty = {0, 0, 0, 0, 0};

		if ((rc = add_block(d, &s, &empty, NONE)) != TG_OK)
			return rc;
		at_end = s.context != s.old_context;
	}
	tg_strip_replace(
	    d, &d->strips[strip], s.rank, s.n, tg_blocks_build(d, d->fresh + s.fresh, s.blocks), &old);
	d->fresh_n = s.fresh;
	free_blocks(d, old);
	s.items = first_items;
	return draw_stretch(d, &s, at_end, tg_context_open(&d->contexts[s.old_context]));
}

static int process(struct tg_drawing *d, uint32_t strip, uint32_t base); /* as deep as tables are */

/* Cells of the table in block ${i} that changed inside. */
static int
process_cells(struct tg_drawing *d, uint32_t base, uint32_t i)
{
	uint32_t table = d->blocks[i].table, columns = d->tables[table].column_n;
	uint32_t at = base + d->blocks[i].lead + 1;
	int rc;

	for (uint32_t k = 0; k < d->tables[table].row_n * columns; k++) {
		const struct tg_cell *cell = &d->tables[table].cells[k];

		at += k % columns == 0;
		if (cell->across > 0) {
			uint32_t strip = cell->strip;

			if (strip != NONE && (rc = process(d, strip, at + 1)) != TG_OK)
				return rc;
			at += 2 + (strip == NONE ? 2 : tg_strip_tokens(d, strip));
		}
		at += k % columns == columns - 1;
	}
	d->blocks[i].tokens = d->blocks[i].lead + tg_table_tokens(d, table);
	d->blocks[i].dirty = TG_DRAW_CLEAN;
	tg_block_pull(d, i);
	return TG_OK;
}

static int
process(struct tg_drawing *d, uint32_t strip, uint32_t base)
{
	uint32_t i, items, tokens;
	int rc, done;

	while ((i = tg_strip_dirty(d, &d->strips[strip])) != NONE) {
		if (d->blocks[i].dirty == TG_DRAW_INNER) {
			tg_block_place(d, i, &items, &tokens);
			if ((rc = process_cells(d, base + tokens, i)) != TG_OK)
				return rc;
			continue;
		}
		if ((rc = draw_same(d, strip, base, i, &done)) != TG_OK)
			return rc;
		if (!done && (rc = draw_from(d, strip, base, i)) != TG_OK)
			return rc;
	}
	return TG_OK;
}

int
tg_strip_load(struct tg_drawing *d, uint32_t strip)
{
	uint32_t i;
	int rc;

	if ((rc = tg_block_new(d, &i)) != TG_OK)
		return rc;
	d->blocks[i].items = tg_doc_view_length(d->doc, d->strips[strip].flow);
	d->blocks[i].dirty = TG_DRAW_CUT;
	tg_block_pull(d, i);
	d->strips[strip].root = i;
	d->quiet++;
	rc = draw_from(d, strip, 0, i);
	d->quiet--;
	return rc;
}

int
tg_strip_draw(struct tg_drawing *d, uint32_t strip)
{
	uint32_t i = d->strips[strip].root, context = 0, items = 0;
	int rc;

	while (d->blocks[i].left != NONE)
		i = d->blocks[i].left;
	for (; i != NONE; i = tg_block_next(d, i)) {
		if ((rc = draw_block(d, strip, i, context, items)) != TG_OK)
			return rc;
		context = d->blocks[i].after;
		items += d->blocks[i].items;
	}
	for (uint32_t k = tg_context_open(&d->contexts[context]); k > 0; k--)
		if ((rc = tg_token_put(d, TG_TOKEN_CLOSE, 0, 0, 0, 0, 0)) != TG_OK)
			return rc;
	return TG_OK;
}

/* Everything, as one step. */
static int
draw_all(struct tg_drawing *d, uint32_t old)
{
	int rc;

	d->loading = 1;
	free_blocks(d, d->strips[0].root);
	d->strips[0].root = NONE;
	d->step_n = d->token_n = d->fresh_n = 0;
	tg_buf_reset(&d->bytes);
	if ((rc = tg_strip_load(d, 0)) != TG_OK || (rc = put_step(d, 0, old)) != TG_OK ||
	    (rc = tg_strip_draw(d, 0)) != TG_OK)
		return rc;
	d->steps[0].count = (uint32_t)d->token_n;
	d->splice_n = d->object_n = 0;
	d->again = d->loading = 0;
	return TG_OK;
}

/* Of a saved document, if possible without reading its history. */
static int
update_saved(struct tg_drawing *d, uint32_t old)
{
	int rc;

	if (d->strips[0].root != NONE && d->splice_n + d->object_n == 0)
		return TG_OK;
	if ((rc = draw_all(d, old)) != HISTORY)
		return rc;
	d->quiet = 0;
	free_blocks(d, d->strips[0].root);
	d->strips[0].root = NONE;
	d->step_n = 0;
	if ((rc = tg_doc_ready(d->doc)) != TG_OK)
		return rc;
	return draw_all(d, old);
}

static int
update(struct tg_drawing *d)
{
	uint32_t old = tg_drawing_size(d);
	int rc;

	d->step_n = d->token_n = 0;
	tg_buf_reset(&d->bytes);
	if (d->doc->saved != NULL)
		return update_saved(d, old);
	if (d->strips[0].root == NONE)
		return draw_all(d, old);
	if ((rc = apply_changes(d)) != TG_OK || (rc = process(d, 0, 0)) != TG_OK)
		return rc;
	return d->again ? draw_all(d, old) : TG_OK;
}

int
tg_drawing_update(struct tg_drawing *d, struct tg_render *render)
{
	int rc;

	memset(render, 0, sizeof *render);
	if (d->failed != TG_OK || (d->failed = tg_doc_usable(d->doc)) != TG_OK)
		return d->failed;
	if ((rc = update(d)) != TG_OK || (rc = tg_buf_status(&d->bytes)) != TG_OK) {
		d->failed = rc;
		return tg_doc_fail(d->doc, rc);
	}
	render->steps = d->steps;
	render->step_count = d->step_n;
	render->tokens = d->tokens;
	render->token_count = d->token_n;
	render->bytes = d->bytes.data;
	render->bytes_len = d->bytes.len;
	return TG_OK;
}

uint32_t
tg_drawing_size(const struct tg_drawing *d)
{
	return tg_strip_tokens(d, 0);
}
