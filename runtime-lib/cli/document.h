/*
 * document.h -- a document as blocks of formatted text, for printing.
 *
 * Drawing follows docs/rich-text.md: every sequence of items has one drawing, unknown types draw as
 * paragraphs, a list item begins with a paragraph.  What stands in flows of its own (cells, footnotes,
 * captions) is read behind the body into the same array of blocks, each flow once, and found by a range.
 * What tables look like is asked of a drawing (render.h), which knows which of two of one name counts.
 * Comments are not read: no format written here has a place for them.
 */
#ifndef TG_CLI_DOCUMENT_H
#define TG_CLI_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/render.h>

#include "base/buf.h"
#include "wire/reader.h"

struct tg_doc;

enum tg_block_type {
	TG_BLOCK_PARAGRAPH,
	TG_BLOCK_HEADING,
	TG_BLOCK_CODE,
	TG_BLOCK_RULE, /* from here on leaves: text behind them is a paragraph of its own */
	TG_BLOCK_IMAGE,
	TG_BLOCK_TABLE,
	TG_BLOCK_EMBED, /* anything this version cannot print */
};
enum tg_list_kind {
	TG_LIST_NONE,
	TG_LIST_BULLET,
	TG_LIST_ORDERED,
	TG_LIST_TASK
};

enum {
	TG_MARK_BOLD = 1,
	TG_MARK_CODE = 2,
	TG_MARK_HIGHLIGHT = 4,
	TG_MARK_ITALIC = 8,
	TG_MARK_STRIKE = 16,
};

/* One format of the document, read once. */
struct tg_format {
	uint32_t id;
	struct tg_buf attrs; /* msgpack [[key, value] ...] */
	unsigned marks;
	struct tg_bytes link; /* href, or empty */
	enum tg_block_type type;
	unsigned level;		  /* of a heading, 1 .. 6: the page draws 3 */
	struct tg_bytes language; /* of code */
	struct tg_bytes path;	  /* quotes around it: "quote/quote:id" */
	struct tg_bytes list;	  /* "bullet", "ordered:id", or empty */
	unsigned indent;
	int cont, checked;
	uint64_t start;
	/* Of an object. */
	int image, note;
	struct tg_bytes name, src, alt; /* the name is its "id" */
	/* Of a row or column. */
	int header;
	struct tg_bytes align; /* "left", "center", "right" or empty */
};

/* Blocks of one flow: document->blocks[first .. first + count). */
struct tg_range {
	size_t first, count;
};

struct tg_span {
	const struct tg_format *format;
	int atom;
	size_t at, len; /* text: document->text.data + at */
	size_t part;	/* of a footnote: document->parts[part - 1] */
};

struct tg_table_cell {
	struct tg_range blocks;
	unsigned row, column, across, down;
};

/* The grid as drawn: its cells in reading order tile it. */
struct tg_table {
	unsigned rows, columns;
	struct tg_table_cell *cells;
	size_t cell_count, cell_cap;
	uint8_t *row_headers; /* per row */
	size_t row_cap;
	const struct tg_format *column[TG_RENDER_COLUMNS_MAX]; /* NULL where no cell begins */
};

/* A footnote, or what stands under a picture. */
struct tg_part {
	uint32_t flow;
	struct tg_range blocks;
	int caption;
	unsigned number; /* of a footnote, in the order in which they are met; 0 for one that is not met */
};

struct tg_block {
	const struct tg_format *format; /* of the marker; NULL when there is none */
	size_t first_span, span_count;
	/* As drawn: what the neighbours allow. */
	enum tg_block_type type;
	unsigned level;
	struct tg_bytes path;
	enum tg_list_kind list;
	struct tg_bytes list_id; /* the whole list value: two lists side by side stay two */
	unsigned indent;
	int cont, checked;
	uint64_t start;
	const struct tg_table *table; /* of a TABLE */
	size_t part;		      /* of an IMAGE: its caption is document->parts[part - 1], or 0 */
};

struct tg_document {
	char *title; /* NUL-terminated UTF-8 */
	struct tg_range body;
	struct tg_block *blocks;
	size_t block_count, block_cap;
	struct tg_span *spans;
	size_t span_count, span_cap;
	struct tg_format **formats;
	size_t format_count, format_cap;
	struct tg_table **tables;
	size_t table_count, table_cap;
	struct tg_part *parts;
	size_t part_count, part_cap;
	size_t *notes; /* the part of footnote i + 1 */
	size_t note_count, note_cap;
	size_t *part_of; /* by flow, while reading */
	size_t part_of_count, part_of_cap;
	int viewed; /* VIEW is MERGED, while reading */
	struct tg_buf text;
};

/**
 * tg_document_read(doc, out):
 * Copy what MERGED shows.  Where there are objects, VIEW is made MERGED.  TG_OK, TG_ENOMEM, or what
 * tg_drawing_update() returns; free it in either case.
 */
int tg_document_read(struct tg_doc *doc, struct tg_document *out);
void tg_document_free(struct tg_document *d);

/* Renderers: append the whole document, as UTF-8, to ${out}. */
void tg_render_text(const struct tg_document *d, struct tg_buf *out);
void tg_render_markdown(const struct tg_document *d, struct tg_buf *out);
void tg_render_html(const struct tg_document *d, struct tg_buf *out);
void tg_render_json(const struct tg_document *d, struct tg_buf *out);

/** tg_put_text(out, text): Append a NUL-terminated string. */
void tg_put_text(struct tg_buf *out, const char *text);

/** tg_is_address(b): May a link lead there?  http, https, mailto, tel.  tg_is_picture(f): an atom that can be
 * drawn. */
int tg_is_address(struct tg_bytes b);
int tg_is_picture(const struct tg_format *f);

/** tg_is_plain(d, range): Nothing, or one paragraph: what can stand within a line. */
int tg_is_plain(const struct tg_document *d, struct tg_range range);

/** tg_path_parts(path), tg_path_shared(a, b): How many parts a path has; two have in common from the start.
 */
unsigned tg_path_parts(struct tg_bytes path);
unsigned tg_path_shared(struct tg_bytes a, struct tg_bytes b);

/** tg_same(a, b), tg_is(a, text): Byte strings compared. */
int tg_same(struct tg_bytes a, struct tg_bytes b);
int tg_is(struct tg_bytes a, const char *text);

#endif
