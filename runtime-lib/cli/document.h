/*
 * document.h -- a document as blocks of formatted text, for printing.
 *
 * Drawing follows the page's rules (text-core.md B4, B6; web/src/editor/draw.ts): every sequence of items has
 * one drawing, unknown types draw as paragraphs, a list item begins with a paragraph.
 */
#ifndef TG_CLI_DOCUMENT_H
#define TG_CLI_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/reader.h"

struct tg_doc;

enum tg_block_type {
	TG_BLOCK_PARAGRAPH,
	TG_BLOCK_HEADING,
	TG_BLOCK_CODE,
	TG_BLOCK_RULE
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
	/* Of an atom. */
	int image;
	struct tg_bytes src, alt;
};

struct tg_span {
	const struct tg_format *format;
	int atom;
	size_t at, len; /* text: document->text.data + at */
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
};

struct tg_document {
	char *title; /* NUL-terminated UTF-8 */
	struct tg_block *blocks;
	size_t block_count, block_cap;
	struct tg_span *spans;
	size_t span_count, span_cap;
	struct tg_format **formats;
	size_t format_count, format_cap;
	struct tg_buf text;
};

/** tg_document_read(doc, out): Copy what MERGED shows.  TG_OK or TG_ENOMEM; free it in either case. */
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

/** tg_same(a, b), tg_is(a, text): Byte strings compared. */
int tg_same(struct tg_bytes a, struct tg_bytes b);
int tg_is(struct tg_bytes a, const char *text);

#endif
