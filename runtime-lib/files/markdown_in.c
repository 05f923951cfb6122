/*
 * Markdown in: CommonMark with strike-through, task lists, tables and footnotes, parsed by cmark-gfm
 * (Debian's libcmark-gfm), which neither recurses nor follows anything.  HTML inside goes through html_in.c,
 * but for the few tags that our own Markdown uses within a line.  A footnote that nothing refers to is left
 * out by cmark-gfm, as GitHub does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <toygrid/status.h>

#include "base/utf8.h"
#include "files/paste.h"

struct reading {
	struct tg_paste *p;
	unsigned open[5]; /* how often each mark is open */
	const char *link; /* of the innermost link, or "" */
	unsigned image;	  /* inside pictures: their text is gathered */
	int figure;	  /* the paragraph is a picture with a title */
	struct tg_buf alt;
	uint64_t first_note; /* the names of footnotes 1 and on */
	unsigned due;	     /* its number goes before the next text, the note being read as text */
	unsigned notes, noted;
	enum {
		NOT,
		MADE,
		LEFT_OUT
	} table, note, row; /* what we are in */
	unsigned column;
};

#define CELLS_MAX (1u << 20) /* that cmark-gfm may make up for rows that are too short */

/* Marks, in the order of their bits. */
enum {
	BOLD,
	CODE,
	HIGHLIGHT,
	ITALIC,
	STRIKE
};

static void
put_text(struct reading *r, const char *text, unsigned more)
{
	unsigned marks = more;
	char number[24];

	if (text == NULL)
		return;
	if (r->due > 0) {
		snprintf(number, sizeof number, "[^%u]: ", r->due);
		r->due = 0;
		tg_paste_text(r->p, number, strlen(number), 0, "");
	}
	if (r->image > 0) {
		tg_buf_put(&r->alt, text, strlen(text));
		return;
	}
	for (unsigned i = 0; i < 5; i++)
		marks |= (r->open[i] > 0 ? 1u : 0u) << i;
	tg_paste_text(r->p, text, strlen(text), marks, r->link);
}

static void
set_mark(struct reading *r, int mark, int on)
{
	if (on)
		r->open[mark]++;
	else if (r->open[mark] > 0)
		r->open[mark]--;
}

/* "<b>", "</b>", "<br>": what our own Markdown writes.  Every other tag is left out. */
static void
inline_tag(struct reading *r, const char *tag)
{
	static const struct {
		const char *name;
		int mark;
	} names[] = {{"strong", BOLD}, {"b", BOLD}, {"code", CODE}, {"mark", HIGHLIGHT}, {"em", ITALIC},
	    {"i", ITALIC}, {"s", STRIKE}, {"del", STRIKE}};
	int on = 1;
	size_t n;

	if (tag == NULL || *tag++ != '<')
		return;
	if (*tag == '/') {
		on = 0;
		tag++;
	}
	n = strcspn(tag, " />\t\n");
	if (n == 2 && strncasecmp(tag, "br", 2) == 0)
		put_text(r, "\n", 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i].name) == n && strncasecmp(tag, names[i].name, n) == 0 && tag[n] == '>')
			set_mark(r, names[i].mark, on);
}

static void
forget_marks(struct reading *r)
{
	memset(r->open, 0, sizeof r->open); /* a tag left open ends with its block */
	r->link = "";
	r->image = 0;
}

static int
is(cmark_node *node, const char *type)
{
	return strcmp(cmark_node_get_type_string(node), type) == 0;
}

/* ---- tables and footnotes ------------------------------------------------------------------------------ */

/* Is the first row there only because Markdown wants one? */
static int
is_made_up(cmark_node *row)
{
	if (cmark_node_next(row) == NULL)
		return 0;
	for (cmark_node *cell = cmark_node_first_child(row); cell != NULL; cell = cmark_node_next(cell))
		if (cmark_node_first_child(cell) != NULL)
			return 0;
	return 1;
}

static void
begin_table(struct reading *r, cmark_node *table)
{
	struct tg_paste_column columns[TG_PASTE_COLUMNS_MAX] = {{0}};
	unsigned n = cmark_gfm_extensions_get_table_columns(table), rows = 0;
	const uint8_t *aligns = cmark_gfm_extensions_get_table_alignments(table);

	for (cmark_node *row = cmark_node_first_child(table); row != NULL; row = cmark_node_next(row))
		rows += row != cmark_node_first_child(table) || !is_made_up(row);
	for (unsigned i = 0; i < n && i < TG_PASTE_COLUMNS_MAX && aligns != NULL; i++)
		columns[i].align = aligns[i] == 'l'   ? TG_PASTE_ALIGN_LEFT
				   : aligns[i] == 'c' ? TG_PASTE_ALIGN_CENTER
				   : aligns[i] == 'r' ? TG_PASTE_ALIGN_RIGHT
						      : TG_PASTE_ALIGN_NONE;
	r->table = tg_paste_begin_table(r->p, rows, columns, n) ? MADE : LEFT_OUT;
}

/* A table that is too big comes as paragraphs, with signs between what was cells. */
static int
table_node(struct reading *r, cmark_node *node, int enter)
{
	const char *type = cmark_node_get_type_string(node);
	int head = strcmp(type, "table_header") == 0;

	if (strcmp(type, "table") == 0) {
		if (enter)
			begin_table(r, node);
		else if (r->table == MADE)
			tg_paste_end_table(r->p);
		if (!enter)
			r->table = NOT;
	} else if (head || strcmp(type, "table_row") == 0) {
		r->column = 0;
		r->row = !enter ? NOT : head && is_made_up(node) ? LEFT_OUT : MADE;
		if (enter && r->row == MADE && r->table == MADE)
			tg_paste_begin_row(r->p, head);
		else if (enter && r->row == MADE)
			tg_paste_block(r->p, TG_PASTE_PARAGRAPH, "");
		else
			tg_paste_close(r->p);
	} else if (strcmp(type, "table_cell") == 0) {
		forget_marks(r);
		if (r->row == MADE && r->table == MADE && enter)
			tg_paste_begin_cell(r->p, r->column++, 1, 1);
		else if (r->row == MADE && r->table == MADE)
			tg_paste_end_cell(r->p);
		else if (r->row == MADE && enter && r->column++ > 0)
			put_text(r, " | ", 0);
	} else {
		return 0;
	}
	return 1;
}

/* cmark-gfm numbers footnotes as they are met and puts them at the end in this order. */
static void
note_mark(struct reading *r, cmark_node *node)
{
	const char *label = cmark_node_get_literal(node);
	unsigned long number = label != NULL ? strtoul(label, NULL, 10) : 0;

	if (r->image == 0 && number >= 1 && number <= r->notes) {
		tg_paste_note_mark(r->p, r->first_note + number - 1);
	} else if (label != NULL) {
		put_text(r, "[^", 0);
		put_text(r, label, 0);
		put_text(r, "]", 0);
	}
}

static void
note(struct reading *r, int enter)
{
	if (!enter) {
		if (r->note == MADE)
			tg_paste_end_flow(r->p);
		r->note = NOT;
	} else if (r->note == NOT) {
		r->note = r->noted < r->notes && tg_paste_begin_note(r->p, r->first_note + r->noted)
			      ? MADE
			      : LEFT_OUT;
		r->noted++;
		r->due = r->note == LEFT_OUT ? r->noted : 0;
	}
}

static void
name_notes(struct reading *r, cmark_node *document)
{
	if (r->p->flat)
		return; /* their marks and numbers are text */
	for (cmark_node *n = cmark_node_first_child(document); n != NULL; n = cmark_node_next(n))
		if (cmark_node_get_type(n) == CMARK_NODE_FOOTNOTE_DEFINITION) {
			uint64_t name = tg_paste_name(r->p);

			if (r->notes++ == 0)
				r->first_note = name;
		}
}

/* A picture with a title, alone in its paragraph, has the title under it. */
static int
is_figure(cmark_node *paragraph)
{
	cmark_node *only = cmark_node_first_child(paragraph);

	return only != NULL && cmark_node_next(only) == NULL &&
	       cmark_node_get_type(only) == CMARK_NODE_IMAGE && cmark_node_get_title(only) != NULL &&
	       cmark_node_get_title(only)[0] != '\0';
}

static void
put_image(struct reading *r, cmark_node *node)
{
	const char *src = cmark_node_get_url(node), *alt = (const char *)r->alt.data;
	const char *title = cmark_node_get_title(node);

	if (!r->figure) {
		tg_paste_image(r->p, src, alt);
	} else if (tg_paste_figure(r->p, src, alt)) {
		tg_paste_text(r->p, title, strlen(title), 0, "");
		tg_paste_end_flow(r->p);
	}
}

static void
begin_list(struct reading *r, cmark_node *list)
{
	enum tg_paste_list kind = TG_PASTE_BULLET;
	int start = cmark_node_get_list_start(list);

	if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST)
		kind = TG_PASTE_ORDERED;
	for (cmark_node *item = cmark_node_first_child(list); item != NULL && kind == TG_PASTE_BULLET;
	     item = cmark_node_next(item))
		if (is(item, "tasklist"))
			kind = TG_PASTE_TASK;
	tg_paste_begin_list(r->p, kind, kind == TG_PASTE_ORDERED && start >= 0 ? (uint64_t)start : 1);
}

static void
code_block(struct reading *r, cmark_node *node)
{
	const char *info = cmark_node_get_fence_info(node), *text = cmark_node_get_literal(node);
	char language[TG_PASTE_LANGUAGE_MAX + 1] = "";
	size_t n = info != NULL ? strcspn(info, " \t") : 0, len = text != NULL ? strlen(text) : 0;

	if (n > 0 && n < sizeof language) {
		memcpy(language, info, n);
		language[n] = '\0';
	}
	if (len > 0 && text[len - 1] == '\n')
		len--;
	tg_paste_block(r->p, TG_PASTE_CODE, language);
	tg_paste_text(r->p, text, len, 0, "");
	tg_paste_close(r->p);
}

/* 1 when the node stands within a line. */
static int
inline_node(struct reading *r, cmark_node *node, int enter)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
		put_text(r, cmark_node_get_literal(node), 0);
		return 1;
	case CMARK_NODE_SOFTBREAK:
		put_text(r, " ", 0);
		return 1;
	case CMARK_NODE_LINEBREAK:
		put_text(r, "\n", 0);
		return 1;
	case CMARK_NODE_CODE:
		put_text(r, cmark_node_get_literal(node), TG_PASTE_CODE_MARK);
		return 1;
	case CMARK_NODE_HTML_INLINE:
		inline_tag(r, cmark_node_get_literal(node));
		return 1;
	case CMARK_NODE_STRONG:
		set_mark(r, BOLD, enter);
		return 1;
	case CMARK_NODE_EMPH:
		set_mark(r, ITALIC, enter);
		return 1;
	case CMARK_NODE_FOOTNOTE_REFERENCE:
		if (enter)
			note_mark(r, node);
		return 1;
	case CMARK_NODE_LINK:
		r->link = enter ? cmark_node_get_url(node) : "";
		return 1;
	case CMARK_NODE_IMAGE:
		if (enter) {
			if (r->image++ == 0)
				tg_buf_reset(&r->alt);
		} else if (r->image > 0 && --r->image == 0) {
			tg_buf_u8(&r->alt, 0);
			if (tg_buf_status(&r->alt) != TG_OK)
				r->p->status = TG_ENOMEM;
			else
				put_image(r, node);
		}
		return 1;
	default:
		return 0;
	}
}

static int
block_node(struct reading *r, cmark_node *node, int enter)
{
	char level[2] = {0};

	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		if (enter)
			tg_paste_begin_quote(r->p);
		else
			tg_paste_end_quote(r->p);
		break;
	case CMARK_NODE_LIST:
		if (enter)
			begin_list(r, node);
		else
			tg_paste_end_list(r->p);
		break;
	case CMARK_NODE_ITEM:
		if (enter)
			tg_paste_begin_item(r->p,
			    is(node, "tasklist") && cmark_gfm_extensions_get_tasklist_item_checked(node));
		else
			tg_paste_end_item(r->p);
		break;
	case CMARK_NODE_CODE_BLOCK:
		code_block(r, node);
		break;
	case CMARK_NODE_HTML_BLOCK:
		return tg_paste_html(
		    r->p, cmark_node_get_literal(node), strlen(cmark_node_get_literal(node)), NULL);
	case CMARK_NODE_FOOTNOTE_DEFINITION:
		note(r, enter);
		break;
	case CMARK_NODE_THEMATIC_BREAK:
		tg_paste_block(r->p, TG_PASTE_RULE, "");
		break;
	case CMARK_NODE_PARAGRAPH:
	case CMARK_NODE_HEADING:
		forget_marks(r);
		level[0] = (char)('0' + cmark_node_get_heading_level(node));
		r->figure = enter && is_figure(node);
		if (!enter || r->figure)
			tg_paste_close(r->p);
		else if (cmark_node_get_type(node) == CMARK_NODE_HEADING)
			tg_paste_block(r->p, TG_PASTE_HEADING, level);
		else
			tg_paste_block(r->p, TG_PASTE_PARAGRAPH, "");
		break;
	default:
		break;
	}
	return r->p->status;
}

static int
read_nodes(struct tg_paste *p, cmark_node *document)
{
	cmark_iter *iter = cmark_iter_new(document);
	struct reading r = {.p = p, .link = ""};
	cmark_event_type event;
	int rc = TG_OK;

	name_notes(&r, document);
	while (rc == TG_OK && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		int enter = event == CMARK_EVENT_ENTER;

		if (is(node, "strikethrough"))
			set_mark(&r, STRIKE, enter);
		else if (!table_node(&r, node, enter) && !inline_node(&r, node, enter))
			rc = block_node(&r, node, enter);
		if (rc == TG_OK)
			rc = p->status;
	}
	cmark_iter_free(iter);
	tg_buf_free(&r.alt);
	return rc;
}

/*
 * May tables be read?  The rows of a table are filled up with cells to the width of its second line, whatever
 * they have, so that a few bytes a line can ask for all memory.  A line that may be such a second line ends
 * in nothing but its signs; what follows it up to an empty line may be rows.
 */
static int
tables_fit(const char *text, size_t len)
{
	const char *end = text + len, *line, *stop, *s;
	uint64_t cells = 0, width = 0, columns;
	int is_rule;

	for (line = text; line < end; line = stop + 1) {
		if ((stop = memchr(line, '\n', (size_t)(end - line))) == NULL)
			stop = end;
		columns = 1;
		is_rule = 0;
		for (s = stop; s > line && strchr("|-: \t\r", s[-1]) != NULL; s--) {
			columns += s[-1] == '|';
			is_rule |= s[-1] == '-';
		}
		if (is_rule && columns > width)
			width = columns;
		else if (s == line && !is_rule && columns == 1)
			width = 0;
		cells += width;
	}
	return cells <= CELLS_MAX;
}

int
tg_paste_markdown(struct tg_paste *p, const char *text, size_t len)
{
	static const char *const extensions[] = {"strikethrough", "tasklist", "table"};
	size_t extension_count = sizeof extensions / sizeof *extensions;
	cmark_parser *parser;
	cmark_node *document;
	size_t scalars;
	int rc;

	if (len > TG_PASTE_BYTES_MAX)
		return TG_ETOOBIG;
	if (tg_utf8_count((const uint8_t *)text, len, &scalars) != TG_OK || memchr(text, 0, len) != NULL)
		return TG_EFORMAT;
	cmark_gfm_core_extensions_ensure_registered();
	if ((parser = cmark_parser_new(CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE | CMARK_OPT_FOOTNOTES)) == NULL)
		return TG_ENOMEM;
	extension_count -= !tables_fit(text, len);
	for (size_t i = 0; i < extension_count; i++)
		cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extensions[i]));
	cmark_parser_feed(parser, text, len);
	if ((document = cmark_parser_finish(parser)) == NULL) {
		cmark_parser_free(parser);
		return TG_ENOMEM;
	}
	rc = read_nodes(p, document);
	cmark_node_free(document);
	cmark_parser_free(parser);
	return rc;
}
