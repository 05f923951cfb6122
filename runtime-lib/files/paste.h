/*
 * paste.h -- text from elsewhere, on its way into a document: blocks and runs become edits.
 *
 * Markdown, HTML and plain text (markdown_in.c, html_in.c, text_in.c) tell what they read in terms of
 * nesting: quotes, lists, items, blocks, text, tables, footnotes, captions.  This file makes the flat
 * attributes and flows of it that docs/rich-text.md describes: a list item begins with a paragraph; a quote
 * in a list item, which has no place in an item, ends the list, which goes on behind it with the next number;
 * whatever is deeper than what is drawn stays at the deepest level.  Only what is named here can get in: no
 * attribute, address or character that the page would not let anybody write.
 *
 * Edits come as elements of the array of tg_doc_edit_msgpack(), in batches.
 */
#ifndef TG_FILES_PASTE_H
#define TG_FILES_PASTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TG_PASTE_BYTES_MAX    (16u << 20) /* of one text to be read */
#define TG_PASTE_QUOTES_MAX   15	  /* as the page draws */
#define TG_PASTE_INDENT_MAX   15
#define TG_PASTE_ADDRESS_MAX  2048 /* bytes of a link */
#define TG_PASTE_LANGUAGE_MAX 32
#define TG_PASTE_TABLES_MAX   8	  /* in each other, as are drawn */
#define TG_PASTE_COLUMNS_MAX  256 /* of a table, as are drawn; and so are its cells: */
#define TG_PASTE_CELLS_MAX    16384
#define TG_PASTE_SPAN_MAX     255
#define TG_PASTE_FLOWS_MAX                                                                                   \
	30000		       /* of cells with something in them, notes and captions: half of what a        \
				  document may have */
#define TG_PASTE_PLACES_MAX 28 /* tables, and quotes in list items, around a block */

enum tg_paste_block {
	TG_PASTE_PARAGRAPH,
	TG_PASTE_HEADING, /* detail: "1" .. "6" */
	TG_PASTE_CODE,	  /* detail: the language or "" */
	TG_PASTE_RULE,
};

enum tg_paste_align {
	TG_PASTE_ALIGN_NONE,
	TG_PASTE_ALIGN_LEFT,
	TG_PASTE_ALIGN_CENTER,
	TG_PASTE_ALIGN_RIGHT,
};

struct tg_paste_column {
	int header;
	enum tg_paste_align align;
};

enum tg_paste_list {
	TG_PASTE_BULLET,
	TG_PASTE_ORDERED,
	TG_PASTE_TASK,
};

enum { /* marks, as bits */
	TG_PASTE_BOLD = 1,
	TG_PASTE_CODE_MARK = 2,
	TG_PASTE_HIGHLIGHT = 4,
	TG_PASTE_ITALIC = 8,
	TG_PASTE_STRIKE = 16,
};

/* Take ${count} edits, elements of one array.  TG_OK, or what ends the reading. */
typedef int tg_paste_take(void *ctx, const struct tg_buf *edits, uint32_t count);

/* Where text goes, and what is open there. */
struct tg_paste_place {
	/* The flow: the body when ${table} and ${object} are 0; a cell; the content of an object. */
	uint64_t table, row, column, object;
	int used;			/* something is in it */
	int quote;			/* it is the inside of a quote in a list item, in the flow around */
	uint32_t at;			/* the item at which the next edit is made */
	unsigned quotes, hidden_quotes; /* open; and those left out */
	uint64_t quote_id[TG_PASTE_QUOTES_MAX];
	struct {
		enum tg_paste_list kind;
		uint64_t id, start, items;
	} lists[TG_PASTE_INDENT_MAX + 1];
	unsigned depth, hidden_lists; /* lists open; and those left out, being deeper */
	unsigned ended;		      /* of the open ones, the outermost that a quote has ended */
	int item;		      /* an item was begun: 1, and has no block yet: 2 */
	int checked;		      /* of that item */
	int open;		      /* text goes into the last block */
	int code;		      /* it is code: no marks */
	/* The innermost table that was begun here. */
	uint64_t in_table, in_row, first_column;
	unsigned rows, columns;
};

struct tg_paste {
	tg_paste_take *take;
	void *ctx;
	int flat;     /* set after init: tables, footnotes and captions as text of the body */
	char tag[12]; /* begins the names of what this text brings along */
	struct tg_buf edits, run;
	uint32_t count;
	int status; /* sticky */

	uint64_t next_id;
	uint32_t flows;
	unsigned tables; /* around */
	struct tg_paste_place now, outer[TG_PASTE_PLACES_MAX];
	unsigned places;
	unsigned run_marks;
	struct tg_buf run_link; /* of the text gathered in ${run} */
};

/** tg_paste_init(p, at, nonce, take, ctx): Begin at item ${at}; ${nonce} tells this text's lists from
 * others'. */
void tg_paste_init(struct tg_paste *p, uint32_t at, uint32_t nonce, tg_paste_take *take, void *ctx);

/** tg_paste_end(p): Hand out what is left.  TG_OK, or the first error: what take returned, TG_ENOMEM. */
int tg_paste_end(struct tg_paste *p) __attribute__((warn_unused_result));
void tg_paste_free(struct tg_paste *p);

/* Structure.  Every begin has its end; what cannot be said is left out. */
void tg_paste_begin_quote(struct tg_paste *p);
void tg_paste_end_quote(struct tg_paste *p);
void tg_paste_begin_list(struct tg_paste *p, enum tg_paste_list kind, uint64_t start);
void tg_paste_end_list(struct tg_paste *p);
void tg_paste_begin_item(struct tg_paste *p, int checked);
void tg_paste_end_item(struct tg_paste *p);

/** tg_paste_block(p, type, detail): Begin a block; the one before it ends.  _close: text after it begins
 * another. */
void tg_paste_block(struct tg_paste *p, enum tg_paste_block type, const char *detail);
void tg_paste_close(struct tg_paste *p);

/**
 * tg_paste_text(p, text, len, marks, link):
 * Text of the open block, or of a new paragraph.  UTF-8 (what is not is left out); a line feed is a line
 * break, other control characters are left out.  ${link} is "" or an address: left out unless tg_paste_safe.
 */
void tg_paste_text(struct tg_paste *p, const char *text, size_t len, unsigned marks, const char *link);

/** tg_paste_image(p, src, alt): An inline picture by its web address; by another one, its ${alt} as text. */
void tg_paste_image(struct tg_paste *p, const char *src, const char *alt);

/**
 * tg_paste_figure(p, src, alt):
 * A picture as a block, by its web address.  1, and what follows up to tg_paste_end_flow() is what stands
 * under it; or 0, and it is an inline one as tg_paste_image() makes it.
 */
int tg_paste_figure(struct tg_paste *p, const char *src, const char *alt);

/** tg_paste_name(p): A name for a footnote. */
uint64_t tg_paste_name(struct tg_paste *p);

/** tg_paste_note_mark(p, name): Here a footnote is referred to; as often as one likes. */
void tg_paste_note_mark(struct tg_paste *p, uint64_t name);

/** tg_paste_begin_note(p, name): 1, and what follows up to tg_paste_end_flow() is that footnote's; or 0. */
int tg_paste_begin_note(struct tg_paste *p, uint64_t name);
void tg_paste_end_flow(struct tg_paste *p);

/**
 * tg_paste_begin_table(p, rows, columns, n):
 * A table of ${rows} rows and ${n} columns.  1, and its rows and cells follow, only so many, up to
 * tg_paste_end_table(); or 0, when it is bigger or deeper than tables are drawn: then no row, cell or end.
 * Cells come in order of their place, ${column} counting from 0; what lies under a span is no cell.
 */
int tg_paste_begin_table(
    struct tg_paste *p, unsigned rows, const struct tg_paste_column *columns, unsigned n);
void tg_paste_begin_row(struct tg_paste *p, int header);
void tg_paste_begin_cell(struct tg_paste *p, unsigned column, unsigned across, unsigned down);
void tg_paste_end_cell(struct tg_paste *p);
void tg_paste_end_table(struct tg_paste *p);

/** tg_paste_safe(address): May a link lead there?  http, https, mailto, tel. */
int tg_paste_safe(const char *address);

/* ---- readers: one text into ${p}.  TG_OK, TG_ETOOBIG, TG_EFORMAT (not UTF-8, or a NUL in it), TG_ELIMIT
 * (nested too deep, or over TG_PASTE_FLOWS_MAX), TG_ENOMEM, or what take returned. */

int tg_paste_plain(struct tg_paste *p, const char *text, size_t len) __attribute__((warn_unused_result));
int tg_paste_markdown(struct tg_paste *p, const char *text, size_t len) __attribute__((warn_unused_result));

/** tg_paste_html(p, text, len, title): ${title} (may be NULL) gets what <title> says, as UTF-8. */
int tg_paste_html(struct tg_paste *p, const char *text, size_t len, struct tg_buf *title)
    __attribute__((warn_unused_result));

#endif
