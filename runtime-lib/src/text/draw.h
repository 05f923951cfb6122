/*
 * draw.h -- the parts of a drawing (render.h), for the files of this folder only.
 *
 *     shape.c     what a block asks for, and what its neighbours let it have
 *     strip.c     the blocks of one flow as a balanced tree
 *     tokens.c    blocks as tokens
 *     table.c     the grid of a table
 *     drawing.c   from changes of items to steps
 *     position.c  positions <-> items
 *
 * A block is a marker with the items up to the next one.  Two kinds have no marker, since every item needs a
 * place (rule R1): items before the first marker, and those behind a leaf.  They are called ghosts.
 *
 *     items    P  a  b  rule  x  P  c             blocks   [P a b] [rule] [ghost x] [P c]
 *
 * How a block is drawn depends on its own format and on a CONTEXT, which says what is open in front of it:
 * containers, and per list level the list's name.  Contexts are interned, so "nothing changes from here on"
 * is one comparison: a changed block is redrawn with its old context, and those behind it until the contexts
 * agree again.
 */
#ifndef TG_TEXT_DRAW_H
#define TG_TEXT_DRAW_H

#include <toygrid/render.h>

#include "text/doc.h"

#define TG_BLOCK_NONE	   UINT32_MAX
#define TG_DRAW_TABLES_MAX 8 /* tables in each other: deeper ones are drawn as an EMBED */

/* What a marker's format asks for. */
struct tg_shape {
	uint8_t known; /* filled in */
	uint8_t node;  /* of the block */
	uint8_t indent;
	uint8_t cont;
	uint8_t list_node; /* TG_NODE_BULLETS, _ORDERED, _TASKS when list != 0 */
	uint8_t depth;	   /* containers in path */
	uint32_t list;	   /* pool id of the list's value, 0 = none */
	uint32_t path; /* pool id of the containers, one "kind:id" after another between slashes; 0 = none */
};

struct tg_context {
	uint32_t path;	/* as in tg_shape */
	uint32_t up;	/* the context with one list level less, TG_BLOCK_NONE without lists */
	uint32_t list;	/* of the innermost level */
	uint8_t levels; /* of lists */
	uint8_t depth;	/* containers */
	uint8_t list_node;
};

/* How one block is drawn behind a context. */
struct tg_drawn {
	uint32_t after;	    /* the context behind it */
	uint8_t closes;	    /* nodes that end before it */
	uint8_t containers; /* then these open: how many of the path's last parts, */
	uint8_t list, item; /* a list, an item */
};

#define TG_DRAW_CLEAN 0
#define TG_DRAW_CUT   1 /* items changed: cut into blocks anew */
#define TG_DRAW_INNER 2 /* a table: a cell's content changed */
#define TG_DRAW_TABLE 3 /* a table: rows, columns or spans changed */

struct tg_block {
	uint32_t left, right, up; /* in the tree */
	uint32_t n;		  /* blocks below and here; sums likewise */
	uint32_t item_sum, token_sum, dirty_sum;
	uint32_t items;	 /* the marker included */
	uint32_t tokens; /* as drawn last: of what opens and closes before it, and its own */
	uint32_t lead;	 /* the former of these */
	uint32_t format; /* of the marker; 0 for ghosts */
	uint32_t after;	 /* context */
	uint32_t table;	 /* index in tables, or TG_BLOCK_NONE */
	uint8_t marker;
	uint8_t node;
	uint8_t dirty;
	uint8_t single; /* dirty, but it was one block before */
};

struct tg_strip {
	uint32_t root; /* TG_BLOCK_NONE before the first update, or when free */
	uint32_t flow;
	uint32_t table; /* it is a cell of, or TG_BLOCK_NONE */
	uint32_t depth; /* tables around it */
};

struct tg_table {
	uint32_t object, rows_flow, columns_flow;
	uint32_t strip, block; /* where it is drawn */
	int twice;	       /* it is drawn elsewhere already: here as an EMBED */
	uint32_t row_n, column_n;
	uint32_t *rows, *columns; /* objects; row_n, column_n */
	uint32_t *row_formats, *column_formats;
	struct tg_cell {
		uint32_t strip;	       /* TG_BLOCK_NONE: nothing was ever in it */
		uint16_t across, down; /* columns and rows it spans; 0 0: covered by another */
	} * cells;		       /* row by row */
	int used;
};

struct tg_splice { /* ${deleted} items at ${index} gave way to ${inserted} */
	uint32_t flow, index, deleted, inserted;
};

struct tg_drawing {
	struct tg_doc *doc;
	struct tg_drawing *next, **link; /* among the doc's */
	int failed;
	int again;   /* draw everything again */
	int loading; /* everything is being drawn */
	struct tg_splice *splices;
	size_t splice_n, splice_cap;
	uint32_t *objects; /* whose registers changed */
	size_t object_n, object_cap;

	struct tg_shape *shapes; /* by format id */
	size_t shape_n, shape_cap;
	struct tg_context *contexts;
	size_t context_n, context_cap;
	uint32_t *context_slots;
	size_t context_slot_count;
	struct {
		uint32_t type, list, indent, cont, path, id;
	} keys; /* pool ids */

	struct tg_block *blocks;
	size_t block_n, block_cap;
	uint32_t free_block;
	uint32_t turn; /* seed of the tree's balance */
	struct tg_strip *strips;
	size_t strip_n, strip_cap;
	uint32_t free_strip; /* 0 = none; a free strip's root is the next */
	struct tg_table *tables;
	size_t table_n, table_cap;
	uint32_t *strip_of; /* flow -> strip + 1 */
	size_t strip_of_n, strip_of_cap;

	struct tg_cut { /* of the run of items being cut */
		uint32_t items, units, format;
		uint32_t lv; /* of the marker */
		uint8_t marker;
	} * cuts;
	size_t cut_n, cut_cap;
	uint32_t
	    *fresh; /* blocks made that are in no tree yet: a stack, since cells are made inside of blocks */
	size_t fresh_n, fresh_cap;
	int32_t *tokens;
	size_t token_n, token_cap;
	struct tg_buf bytes;
	struct tg_render_step *steps;
	size_t step_n, step_cap;
	int quiet; /* no tokens are wanted */
};

/* ---- shape.c */

/** tg_shape_of(d, format, shape): What a marker of this format asks for; borrowed until the next call. */
int tg_shape_of(struct tg_drawing *d, uint32_t format, const struct tg_shape **shape)
    __attribute__((warn_unused_result));

int tg_contexts_init(struct tg_drawing *d) __attribute__((warn_unused_result));

/** tg_shape_draw(d, before, shape, drawn): How a block of this shape is drawn behind context ${before}. */
int tg_shape_draw(struct tg_drawing *d, uint32_t before, const struct tg_shape *shape, struct tg_drawn *drawn)
    __attribute__((warn_unused_result));

/** tg_context_open(c): How many nodes are open in it. */
static inline uint32_t
tg_context_open(const struct tg_context *c)
{
	return c->depth + 2u * c->levels;
}

/** tg_path_node(d, path, part): The node of a container. */
int tg_path_node(const struct tg_drawing *d, uint32_t path, uint32_t part);

static inline int
tg_node_is_leaf(int node)
{
	return node >= TG_NODE_RULE && node <= TG_NODE_TABLE;
}

/* ---- strip.c: all positions count in the strip */

/** tg_block_new(d, block): A fresh node outside of any tree. */
int tg_block_new(struct tg_drawing *d, uint32_t *block) __attribute__((warn_unused_result));
void tg_block_free(struct tg_drawing *d, uint32_t block);

/** tg_block_pull(d, block): Its fields changed: pass the sums up. */
void tg_block_pull(struct tg_drawing *d, uint32_t block);

/** tg_block_next, tg_block_before: The neighbour, or TG_BLOCK_NONE. */
uint32_t tg_block_next(const struct tg_drawing *d, uint32_t block);
uint32_t tg_block_before(const struct tg_drawing *d, uint32_t block);

/** tg_block_place(d, block, items, tokens): The rank of a block, and the items and tokens before it. */
uint32_t tg_block_place(const struct tg_drawing *d, uint32_t block, uint32_t *items, uint32_t *tokens);

/** tg_strip_block_at(d, strip, index): The block that holds item ${index}; the last one beyond the end. */
uint32_t tg_strip_block_at(const struct tg_drawing *d, const struct tg_strip *s, uint32_t index);

/** tg_strip_token_at(d, strip, at): The block that holds token ${at}; the last one beyond the end. */
uint32_t tg_strip_token_at(const struct tg_drawing *d, const struct tg_strip *s, uint32_t at);

/** tg_strip_block(d, strip, rank): The block of this rank. */
uint32_t tg_strip_block(const struct tg_drawing *d, const struct tg_strip *s, uint32_t rank);

/** tg_strip_dirty(d, strip): The first dirty block, or TG_BLOCK_NONE. */
uint32_t tg_strip_dirty(const struct tg_drawing *d, const struct tg_strip *s);

/** tg_strip_replace(d, strip, rank, n, fresh, old): Put the tree ${fresh} (or TG_BLOCK_NONE) where the ${n}
 * blocks from ${rank} on were; those are handed back as a tree of their own. */
void tg_strip_replace(
    struct tg_drawing *d, struct tg_strip *s, uint32_t rank, uint32_t n, uint32_t fresh, uint32_t *old);

/** tg_blocks_join(d, a, b): One tree of two. */
uint32_t tg_blocks_join(struct tg_drawing *d, uint32_t a, uint32_t b);

/** tg_blocks_build(d, blocks, n): A tree of blocks that are in none, in this order; O(n). */
uint32_t tg_blocks_build(struct tg_drawing *d, const uint32_t *blocks, uint32_t n);

/** tg_strip_check(d, strip): 0 when sums and links are right; for tests. */
int tg_strip_check(const struct tg_drawing *d, const struct tg_strip *s);

/* ---- tokens.c */

/** tg_draw_cut(d, flow, from, count): Cut items of VIEW into d->cuts. */
int tg_draw_cut(struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t count)
    __attribute__((warn_unused_result));

int tg_token_put(struct tg_drawing *d, int op, int node, uint32_t format, uint32_t count, uint32_t a,
    uint32_t b) __attribute__((warn_unused_result));

/** tg_draw_lead(d, drawn, shape, format): What closes and opens before a block. */
int tg_draw_lead(struct tg_drawing *d, const struct tg_drawn *drawn, const struct tg_shape *shape,
    uint32_t format) __attribute__((warn_unused_result));

/** tg_draw_ancestors(d, context, from): OPENs of what is open in a context, from depth ${from} on. */
int tg_draw_ancestors(struct tg_drawing *d, uint32_t context, uint32_t from)
    __attribute__((warn_unused_result));

/** tg_draw_inside(d, flow, from, count, code): Text and inline leaves of items of VIEW. */
int tg_draw_inside(struct tg_drawing *d, uint32_t flow, uint32_t from, uint32_t count, int code)
    __attribute__((warn_unused_result));

/* ---- table.c */

/** tg_object_of(doc, id_key, format, lv, object): What the item of event ${lv} is called as an object. */
int tg_object_of(struct tg_doc *doc, uint32_t id_key, uint32_t format, uint32_t lv, uint32_t *object)
    __attribute__((warn_unused_result));

/** tg_table_make(d, strip, block, object, table): Lay out the grid of a table. */
int tg_table_make(struct tg_drawing *d, uint32_t strip, uint32_t block, uint32_t object, uint32_t *table)
    __attribute__((warn_unused_result));
void tg_table_free(struct tg_drawing *d, uint32_t table);

/** tg_table_tokens(d, table): Of the whole node. */
uint32_t tg_table_tokens(const struct tg_drawing *d, uint32_t table);

/** tg_table_draw(d, table): All its tokens. */
int tg_table_draw(struct tg_drawing *d, uint32_t table) __attribute__((warn_unused_result));

/* ---- drawing.c */

/** tg_strip_load(d, strip): Draw a whole flow; tokens only unless d->quiet. */
int tg_strip_load(struct tg_drawing *d, uint32_t strip) __attribute__((warn_unused_result));
int tg_strip_new(struct tg_drawing *d, uint32_t flow, uint32_t table, uint32_t *strip)
    __attribute__((warn_unused_result));
void tg_strip_free(struct tg_drawing *d, uint32_t strip);

/** tg_strip_tokens(d, strip): Of all its blocks and what is still open behind them. */
uint32_t tg_strip_tokens(const struct tg_drawing *d, uint32_t strip);

/** tg_strip_draw(d, strip): All tokens of a clean strip. */
int tg_strip_draw(struct tg_drawing *d, uint32_t strip) __attribute__((warn_unused_result));

/* ---- read.c */

/**
 * tg_view_read(doc, flow, from, count, visit, ctx):
 * As tg_doc_read(), but VIEW, and visit also learns the first item's event, TG_LV_NONE when the document's
 * history is not read.
 */
int tg_view_read(struct tg_doc *doc, uint32_t flow, uint32_t from, uint32_t count,
    int (*visit)(void *ctx, const struct tg_text_run *run, uint32_t lv), void *ctx)
    __attribute__((warn_unused_result));

#endif
