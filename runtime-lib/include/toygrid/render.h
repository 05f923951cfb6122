/*
 * render.h -- items as a document tree: total, incremental, and with positions that convert both ways.
 *
 * A flow is flat: block markers, characters, atoms.  A page shows a tree: lists, items, quotes, tables.  This
 * module draws the one as the other.  Every sequence of items draws as a document of the schema below; what
 * cannot be shown as asked is shown plainly and stays in the items (docs/rich-text.md has the rules).
 *
 *     doc       = block+
 *     block     = PARAGRAPH | HEADING | CODE | RULE | IMAGE | EMBED | TABLE | list | container
 *     list      = BULLETS ITEM+ | ORDERED ITEM+ | TASKS TASK+
 *     ITEM,TASK = PARAGRAPH (PARAGRAPH | HEADING | CODE | RULE | IMAGE | EMBED | TABLE | list)*
 *     container = QUOTE block+ | CALLOUT block+ | DETAILS block+ | COLUMNS COLUMN+,  COLUMN block+
 *     TABLE     = ROW+,  ROW = CELL*,  CELL = block+;  spans tile the grid
 *     PARAGRAPH, HEADING = (text | BREAK | OBJECT)*,  CODE = text without formats,  the others are leaves
 *
 * A drawing follows VIEW of one flow and of the cells of the tables in it.  Positions count tokens as
 * ProseMirror does: the opening and closing of a node 1 each, a leaf 1, text its UTF-16 units.  The blocks of
 * each flow are in a balanced tree that sums items and tokens, so a position is found in O(log blocks) (plus
 * the text of one block), and after a change only the blocks it touched are drawn again, and those behind
 * them whose nesting it changed.
 */
#ifndef TOYGRID_RENDER_H
#define TOYGRID_RENDER_H

#include <toygrid/text.h>

#define TG_RENDER_DEPTH_MAX   15    /* containers around a block; list levels are at most 16 */
#define TG_RENDER_CELLS_MAX   16384 /* cells drawn of one table: rows further down are not shown */
#define TG_RENDER_COLUMNS_MAX 256

enum tg_node {
	TG_NODE_PARAGRAPH = 0,
	TG_NODE_HEADING = 1,
	TG_NODE_CODE = 2,
	TG_NODE_RULE = 3,  /* leaf */
	TG_NODE_IMAGE = 4, /* leaf */
	TG_NODE_EMBED = 5, /* leaf: any block object this version cannot draw, also a table without cells */
	TG_NODE_TABLE = 6,
	TG_NODE_ROW = 7,
	TG_NODE_CELL = 8,
	TG_NODE_BULLETS = 9,
	TG_NODE_ORDERED = 10,
	TG_NODE_TASKS = 11,
	TG_NODE_ITEM = 12,
	TG_NODE_TASK = 13,
	TG_NODE_QUOTE = 14,
	TG_NODE_CALLOUT = 15,
	TG_NODE_DETAILS = 16,
	TG_NODE_COLUMNS = 17,
	TG_NODE_COLUMN = 18,
	TG_NODE_BREAK = 19,  /* inline leaf: a line feed outside code */
	TG_NODE_OBJECT = 20, /* inline leaf: an atom */
	TG_NODE_COUNT = 21,
};

enum tg_token {
	TG_TOKEN_OPEN = 0,  /* a node begins */
	TG_TOKEN_CLOSE = 1, /* the innermost one ends */
	TG_TOKEN_LEAF = 2,  /* count leaves of this node type */
	TG_TOKEN_TEXT = 3,  /* count characters, a UTF-16 units; UTF-8 in bytes */
};

/*
 * int32 each: op, node, format, count, a, b, byte_off, byte_len; unused fields are 0.  The format says the
 * attributes: of a block that of its marker, of a list, container or item that of the block which opened it,
 * of text and inline leaves their own, of rows that of the row.  An OPEN also has
 *     containers   a: which part of the path it is, from 0
 *     TABLE        a: the flow of its rows, b: of its columns
 *     CELL         format: of its column; count: its flow; a: columns, b: rows that it spans
 */
#define TG_TOKEN_FIELDS 8

/*
 * One change of the drawn document: tokens [from, to) become tokens[first .. first + count), counting in the
 * document as the steps before it left it.  The tokens are balanced by open_start OPENs of nodes that are
 * open at ${from} already and open_end CLOSEs of nodes that stay open: a ProseMirror slice.  Attributes of
 * the former are not told (format 0).
 */
struct tg_render_step {
	uint32_t from, to;
	uint32_t first, count; /* tokens */
	uint32_t open_start, open_end;
};

/* Borrowed until the next call on the drawing. */
struct tg_render {
	const struct tg_render_step *steps;
	size_t step_count;
	const int32_t *tokens;
	size_t token_count;
	const uint8_t *bytes;
	size_t bytes_len;
};

struct tg_drawing; /* opaque */

/**
 * tg_drawing_open(drawing, doc, flow):
 * Begin to draw ${flow} of ${doc}; several may be open.  The drawing starts empty (no tokens): the first
 * tg_drawing_update() draws everything.  Returns TG_OK, TG_ERANGE (no such
 * flow), TG_ENOMEM.
 */
int tg_drawing_open(struct tg_drawing **drawing, struct tg_doc *doc, uint32_t flow)
    __attribute__((nonnull, warn_unused_result));

/** tg_drawing_find(drawing, doc, flow): The drawing of this flow that is open, else as tg_drawing_open(). */
int tg_drawing_find(struct tg_drawing **drawing, struct tg_doc *doc, uint32_t flow)
    __attribute__((nonnull, warn_unused_result));

/** tg_drawing_close(drawing): Release it; NULL does nothing.  tg_doc_close() closes those still open. */
void tg_drawing_close(struct tg_drawing *drawing);

/**
 * tg_drawing_update(drawing, render):
 * The steps from what was drawn last to VIEW.  Call it after each edit, poll or undo; several of them may
 * lie between.  A block of which only the inside changed is one step inside it.  A saved document without
 * tables is drawn without reading its history.  Returns TG_OK or what tg_doc_load_history() returns, after
 * which the drawing is only fit for close.
 */
int tg_drawing_update(struct tg_drawing *drawing, struct tg_render *render)
    __attribute__((nonnull, warn_unused_result));

/** tg_drawing_size(drawing): Tokens of the document as of the last update. */
uint32_t tg_drawing_size(const struct tg_drawing *drawing);

/**
 * tg_drawing_position(drawing, flow, index, position):
 * Where the gap before item ${index} of a drawn flow is.  It belongs to the block of the item before it: in
 * front of a marker it is the end of the block before, and before the first item the first place in the flow.
 * VIEW must be as of the last update.  Returns TG_OK, TG_ERANGE, TG_ENOTFOUND (that flow is not drawn here),
 * TG_ENOMEM.
 */
int tg_drawing_position(struct tg_drawing *drawing, uint32_t flow, uint32_t index, uint32_t *position)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_drawing_index(drawing, position, flow, index):
 * The opposite: the flow and the gap of a position.  One between two blocks is the gap in front of the marker
 * of the second; one in the middle of a surrogate pair the gap before the character; one between cells
 * belongs to the next cell's start.  Returns TG_OK, TG_ERANGE (beyond the end), TG_ENOMEM.
 */
int tg_drawing_index(struct tg_drawing *drawing, uint32_t position, uint32_t *flow, uint32_t *index)
    __attribute__((nonnull, warn_unused_result));

/**
 * tg_drawing_blocks(drawing, flow, from, to, first, end):
 * The items [*${first}, *${end}) of the blocks that gaps ${from} to ${to} of a flow lie in, markers included:
 * what a command on blocks writes over.  Gaps and errors as in tg_drawing_position().
 */
int tg_drawing_blocks(struct tg_drawing *drawing, uint32_t flow, uint32_t from, uint32_t to, uint32_t *first,
    uint32_t *end) __attribute__((nonnull, warn_unused_result));

#endif
