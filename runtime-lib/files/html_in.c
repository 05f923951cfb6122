/*
 * HTML in: parsed by libxml2 (Debian's libxml2), which mends what is broken and stops at 256 nested elements;
 * then one walk over its tree without recursion.  Known elements become blocks and marks, unknown ones give
 * their text, and what is no text of the document (scripts, styles, frames, forms) gives nothing.  Attributes
 * are looked at in few places: addresses of links and pictures, the start of a list, whether a task is done,
 * spans, scopes and alignment of cells, the roles of footnotes.
 *
 * A table is one only when it has rows of cells and nothing else but a caption before them (a paragraph in
 * front); others, and those bigger than what is drawn, come as paragraphs.  A picture alone in a figure is a
 * block.  A list in a section of role doc-endnotes is footnotes when each of its items is referred to.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>
#include <libxml/hash.h>

#include <toygrid/status.h>

#include "base/utf8.h"
#include "files/paste.h"

enum element {
	PLAIN,	 /* text with or without a mark */
	SECTION, /* a border between blocks */
	PARAGRAPH,
	HEADING,
	PRE,
	RULE,
	QUOTE,
	BULLETS,
	NUMBERS,
	ITEM,
	TABLE,
	ROW,
	CELL,
	FIGURE,
	NOTE, /* an item of the list of footnotes */
	BREAK,
	PICTURE,
	TITLE,
	HIDDEN, /* with all that is in it */
};

static const struct {
	const char *name;
	enum element element;
	unsigned mark;
} names[] = {
    {"b", PLAIN, TG_PASTE_BOLD},
    {"strong", PLAIN, TG_PASTE_BOLD},
    {"i", PLAIN, TG_PASTE_ITALIC},
    {"em", PLAIN, TG_PASTE_ITALIC},
    {"s", PLAIN, TG_PASTE_STRIKE},
    {"del", PLAIN, TG_PASTE_STRIKE},
    {"strike", PLAIN, TG_PASTE_STRIKE},
    {"mark", PLAIN, TG_PASTE_HIGHLIGHT},
    {"code", PLAIN, TG_PASTE_CODE_MARK},
    {"kbd", PLAIN, TG_PASTE_CODE_MARK},
    {"samp", PLAIN, TG_PASTE_CODE_MARK},
    {"tt", PLAIN, TG_PASTE_CODE_MARK},
    {"html", SECTION, 0},
    {"body", SECTION, 0},
    {"div", SECTION, 0},
    {"section", SECTION, 0},
    {"article", SECTION, 0},
    {"main", SECTION, 0},
    {"header", SECTION, 0},
    {"footer", SECTION, 0},
    {"nav", SECTION, 0},
    {"aside", SECTION, 0},
    {"address", SECTION, 0},
    {"figure", FIGURE, 0},
    {"figcaption", SECTION, 0},
    {"details", SECTION, 0},
    {"summary", SECTION, 0},
    {"dl", SECTION, 0},
    {"dt", SECTION, 0},
    {"dd", SECTION, 0},
    {"center", SECTION, 0},
    {"table", TABLE, 0},
    {"caption", SECTION, 0},
    {"col", HIDDEN, 0},
    {"colgroup", HIDDEN, 0},
    {"thead", SECTION, 0},
    {"tbody", SECTION, 0},
    {"tfoot", SECTION, 0},
    {"tr", ROW, 0},
    {"form", SECTION, 0},
    {"fieldset", SECTION, 0},
    {"td", CELL, 0},
    {"th", CELL, 0},
    {"p", PARAGRAPH, 0},
    {"h1", HEADING, 0},
    {"h2", HEADING, 0},
    {"h3", HEADING, 0},
    {"h4", HEADING, 0},
    {"h5", HEADING, 0},
    {"h6", HEADING, 0},
    {"pre", PRE, 0},
    {"hr", RULE, 0},
    {"blockquote", QUOTE, 0},
    {"ul", BULLETS, 0},
    {"menu", BULLETS, 0},
    {"ol", NUMBERS, 0},
    {"li", ITEM, 0},
    {"br", BREAK, 0},
    {"img", PICTURE, 0},
    {"title", TITLE, 0},
    {"script", HIDDEN, 0},
    {"style", HIDDEN, 0},
    {"template", HIDDEN, 0},
    {"noscript", HIDDEN, 0},
    {"iframe", HIDDEN, 0},
    {"frame", HIDDEN, 0},
    {"frameset", HIDDEN, 0},
    {"object", HIDDEN, 0},
    {"embed", HIDDEN, 0},
    {"applet", HIDDEN, 0},
    {"svg", HIDDEN, 0},
    {"math", HIDDEN, 0},
    {"audio", HIDDEN, 0},
    {"video", HIDDEN, 0},
    {"canvas", HIDDEN, 0},
    {"map", HIDDEN, 0},
    {"select", HIDDEN, 0},
    {"textarea", HIDDEN, 0},
    {"button", HIDDEN, 0},
    {"datalist", HIDDEN, 0},
    {"input", HIDDEN, 0},
    {"xmp", HIDDEN, 0},
    {"plaintext", HIDDEN, 0},
};

/* What an element turned out to be; its _private points here. */
struct role {
	enum element element;
	uint64_t name; /* of a footnote */
	int referred;
	int begun;
};

/* A table that is being laid out. */
struct grid {
	const xmlNode *table;
	unsigned rows, columns, row;	     /* rows begun */
	unsigned left[TG_PASTE_COLUMNS_MAX]; /* for how many rows, this one included, a column is taken */
	struct tg_paste_column column[TG_PASTE_COLUMNS_MAX];
};

#define TABLES_MAX 256 /* in each other, as the parser stops there */

struct reading {
	struct tg_paste *p;
	struct grid *grids; /* of the tables that were made, innermost last; room for all there may be */
	unsigned grid_count;
	uint8_t made[TABLES_MAX]; /* of the tables around, outermost first: 0 not yet, 1 made, 2 not */
	unsigned tables;
	xmlHashTablePtr notes; /* struct role by id, or NULL */
	struct tg_buf *title;
	int started;	 /* the line has something visible */
	int space;	 /* a blank is due before the next character */
	unsigned breaks; /* line breaks that are due: the last one of a block is not drawn */
	unsigned break_marks;
	unsigned space_marks;
	const char *space_link; /* of the blank; in the tree */
};

static unsigned
find_name(const xmlNode *node)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (xmlStrcasecmp(node->name, (const xmlChar *)names[i].name) == 0)
			return i + 1;
	return 0;
}

static enum element
element_of(const xmlNode *node)
{
	const struct role *role = node->_private;
	unsigned i;

	if (node->type != XML_ELEMENT_NODE)
		return PLAIN;
	if (role != NULL)
		return role->element;
	i = find_name(node);
	return i > 0 ? names[i - 1].element : PLAIN;
}

/* An attribute's text, borrowed from the tree; "" when it has none or is made of several parts. */
static const char *
attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (xmlStrcasecmp(a->name, (const xmlChar *)name) == 0)
			return a->children != NULL && a->children->next == NULL &&
				       a->children->content != NULL
				   ? (const char *)a->children->content
				   : "";
	return "";
}

static int
has_attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
		if (xmlStrcasecmp(a->name, (const xmlChar *)name) == 0)
			return 1;
	return 0;
}

static int
is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && xmlStrcasecmp(node->name, (const xmlChar *)name) == 0;
}

/* The next node of a tree in reading order. */
static xmlNode *
next_node(const xmlNode *root, xmlNode *node)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	while (node != root && node->next == NULL)
		node = node->parent;
	return node == root ? NULL : node->next;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* What the elements around say.  They are at most 256. */
static void
around(const xmlNode *node, unsigned *marks, const char **link, int *pre)
{
	unsigned i;

	*marks = 0;
	*link = "";
	*pre = 0;
	for (node = node->parent; node != NULL && node->type == XML_ELEMENT_NODE; node = node->parent) {
		if ((i = find_name(node)) > 0) {
			*marks |= names[i - 1].mark;
			*pre |= names[i - 1].element == PRE;
		} else if (**link == '\0' && xmlStrcasecmp(node->name, (const xmlChar *)"a") == 0) {
			*link = attribute(node, "href");
		}
	}
}

/* A block ends here, or begins. */
static void
border(struct reading *r)
{
	for (; r->breaks > 1 && r->p->now.open; r->breaks--)
		tg_paste_text(r->p, "\n", 1, r->break_marks, "");
	tg_paste_close(r->p);
	r->started = r->space = 0;
	r->breaks = 0;
}

static void
put_due(struct reading *r, unsigned marks, const char *link)
{
	for (; r->breaks > 0; r->breaks--)
		tg_paste_text(r->p, "\n", 1, r->break_marks, r->break_marks == marks ? link : "");
	if (r->space)
		tg_paste_text(
		    r->p, " ", 1, marks & r->space_marks, strcmp(link, r->space_link) == 0 ? link : "");
	r->space = 0;
	r->started = 1;
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void
put_text(struct reading *r, const xmlNode *node)
{
	const char *text = (const char *)node->content, *link;
	unsigned marks;
	size_t n;
	int pre;

	if (text == NULL)
		return;
	around(node, &marks, &link, &pre);
	if (pre) {
		/* The first line feed belongs to the tag; the last one to the line before it. */
		if (*text == '\n' && element_of(node->parent) == PRE && node->prev == NULL)
			text++;
		n = strlen(text);
		if (r->breaks > 0 && n > 0)
			put_due(r, 0, "");
		if (n > 0 && text[n - 1] == '\n') {
			r->breaks = 1;
			r->break_marks = 0;
			n--;
		}
		tg_paste_text(r->p, text, n, 0, "");
		return;
	}
	while (*text != '\0') {
		if (is_blank(*text)) {
			if (r->started && !r->space) {
				r->space = 1;
				r->space_marks = marks;
				r->space_link = link;
			}
			text++;
			continue;
		}
		n = strcspn(text, " \t\n\r\f");
		put_due(r, marks, link);
		tg_paste_text(r->p, text, n, marks, link);
		text += n;
	}
}

static void
put_title(struct reading *r, const xmlNode *node)
{
	int space = 0;

	if (r->title == NULL || r->title->len > 0)
		return;
	for (const xmlNode *t = node->children; t != NULL; t = t->next)
		for (const char *s = t->type == XML_TEXT_NODE ? (const char *)t->content : ""; *s != '\0';
		     s++) {
			if (is_blank(*s)) {
				space = r->title->len > 0;
				continue;
			}
			if (space)
				tg_buf_u8(r->title, ' ');
			space = 0;
			tg_buf_u8(r->title, (uint8_t)*s);
		}
	r->title = NULL; /* the first one counts */
}

/* ---- blocks -------------------------------------------------------------------------------------------- */

/* The checkbox that an item begins with, or NULL. */
static const xmlNode *
checkbox(const xmlNode *item)
{
	const xmlNode *n = item->children;

	for (int steps = 0; n != NULL && steps < 8; steps++) {
		if (n->type == XML_TEXT_NODE && xmlIsBlankNode(n)) {
			n = n->next;
			continue;
		}
		if (n->type != XML_ELEMENT_NODE)
			return NULL;
		if (xmlStrcasecmp(n->name, (const xmlChar *)"input") == 0)
			return xmlStrcasecmp(
				   (const xmlChar *)attribute(n, "type"), (const xmlChar *)"checkbox") == 0
				   ? n
				   : NULL;
		n = n->children; /* <p>, <label> */
	}
	return NULL;
}

static int
is_task_list(const xmlNode *list)
{
	if (strcmp(attribute(list, "data-type"), "taskList") == 0)
		return 1;
	for (const xmlNode *item = list->children; item != NULL; item = item->next)
		if (element_of(item) == ITEM && checkbox(item) != NULL)
			return 1;
	return 0;
}

static void
begin_list(struct reading *r, const xmlNode *node, int numbered)
{
	unsigned long start = 1;

	if (numbered && has_attribute(node, "start"))
		start = strtoul(attribute(node, "start"), NULL, 10);
	tg_paste_begin_list(r->p,
	    numbered		 ? TG_PASTE_ORDERED
	    : is_task_list(node) ? TG_PASTE_TASK
				 : TG_PASTE_BULLET,
	    start);
}

static void
begin_item(struct reading *r, const xmlNode *node)
{
	const xmlNode *box = checkbox(node);

	tg_paste_begin_item(r->p, (box != NULL && has_attribute(box, "checked")) ||
				      strcmp(attribute(node, "data-checked"), "true") == 0);
}

static void
begin_code(struct reading *r, const xmlNode *node)
{
	const xmlNode *code = node->children;
	const char *class, *at;
	char language[TG_PASTE_LANGUAGE_MAX + 1] = "";
	size_t n;

	while (code != NULL && code->type == XML_TEXT_NODE && xmlIsBlankNode(code))
		code = code->next;
	class = code != NULL && code->type == XML_ELEMENT_NODE ? attribute(code, "class")
							       : attribute(node, "class");
	if ((at = strstr(class, "language-")) != NULL) {
		n = strcspn(at + 9, " \t\n");
		if (n < sizeof language)
			memcpy(language, at + 9, n);
	}
	tg_paste_block(r->p, TG_PASTE_CODE, language);
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static int
is_space(const xmlNode *node)
{
	return node->type == XML_COMMENT_NODE || (node->type == XML_TEXT_NODE && xmlIsBlankNode(node));
}

static int
is_part(const xmlNode *node)
{
	return is_named(node, "thead") || is_named(node, "tbody") || is_named(node, "tfoot");
}

/* The row behind ${row}, or the first. */
static const xmlNode *
row_after(const xmlNode *table, const xmlNode *row)
{
	const xmlNode *n = row == NULL ? table->children : row->next;

	if (n == NULL && row != NULL && row->parent != table)
		n = row->parent->next;
	while (n != NULL && !is_named(n, "tr")) {
		if (is_part(n) && n->children != NULL)
			n = n->children;
		else if (n->next == NULL && n->parent != table)
			n = n->parent->next;
		else
			n = n->next;
	}
	return n;
}

/* Nothing but rows of cells, and what may stand before them. */
static int
is_clean(const xmlNode *table)
{
	int rows = 0;

	for (const xmlNode *n = table->children; n != NULL; n = n->next) {
		rows |= is_part(n) || is_named(n, "tr");
		if (!is_space(n) && !is_part(n) && !is_named(n, "tr") && !is_named(n, "col") &&
		    !is_named(n, "colgroup") && (rows || !is_named(n, "caption")))
			return 0;
		for (const xmlNode *row = is_part(n) ? n->children : NULL; row != NULL; row = row->next)
			if (!is_space(row) && !is_named(row, "tr"))
				return 0;
	}
	for (const xmlNode *row = row_after(table, NULL); row != NULL; row = row_after(table, row))
		for (const xmlNode *n = row->children; n != NULL; n = n->next)
			if (!is_space(n) && element_of(n) != CELL)
				return 0;
	return 1;
}

static int
is_header_row(const xmlNode *row)
{
	int cells = 0;

	if (is_named(row->parent, "thead"))
		return 1;
	for (const xmlNode *n = row->children; n != NULL; n = n->next) {
		if (element_of(n) != CELL)
			continue;
		cells = 1;
		if (!is_named(n, "th") || strcmp(attribute(n, "scope"), "row") == 0)
			return 0;
	}
	return cells;
}

static void
begin_row(struct grid *g)
{
	for (unsigned i = 0; i < TG_PASTE_COLUMNS_MAX; i++)
		g->left[i] -= g->left[i] > 0;
	g->row++;
}

static unsigned
span(const xmlNode *cell, const char *name, unsigned most)
{
	unsigned long n = has_attribute(cell, name) ? strtoul(attribute(cell, name), NULL, 10) : 1;

	if (most > TG_PASTE_SPAN_MAX)
		most = TG_PASTE_SPAN_MAX;
	if (n == 0 && strcmp(name, "rowspan") == 0) /* all that follow */
		return most;
	return n == 0 ? 1 : n < most ? (unsigned)n : most;
}

/* The place of the row's next cell: the first that is free; 0 when there is none. */
static int
place_cell(struct grid *g, const xmlNode *cell, unsigned *column, unsigned *across, unsigned *down)
{
	unsigned want;

	for (*column = 0; *column < TG_PASTE_COLUMNS_MAX && g->left[*column] > 0;)
		++*column;
	if (*column == TG_PASTE_COLUMNS_MAX)
		return 0;
	want = span(cell, "colspan", TG_PASTE_COLUMNS_MAX - *column);
	*down = span(cell, "rowspan", g->rows + 1 - g->row);
	for (*across = 0; *across < want && g->left[*column + *across] == 0; ++*across)
		g->left[*column + *across] = *down;
	return 1;
}

/* Lay the table out, but for its content: its width, and what its columns are. */
static int
measure(struct grid *g, const xmlNode *table)
{
	uint8_t heads[TG_PASTE_COLUMNS_MAX] = {0}; /* 1: with header cells, 2: with others */
	unsigned column, across, down;

	memset(g, 0, sizeof *g);
	g->table = table;
	if (!is_clean(table))
		return 0;
	for (const xmlNode *row = row_after(table, NULL); row != NULL; row = row_after(table, row))
		if (++g->rows > TG_PASTE_CELLS_MAX)
			return 0;
	for (const xmlNode *row = row_after(table, NULL); row != NULL; row = row_after(table, row)) {
		int head = is_header_row(row);

		begin_row(g);
		for (const xmlNode *n = row->children; n != NULL; n = n->next) {
			const char *align = attribute(n, "align");

			if (element_of(n) != CELL)
				continue;
			if (!place_cell(g, n, &column, &across, &down))
				return 0;
			if (column + across > g->columns)
				g->columns = column + across;
			if (!head)
				heads[column] |= is_named(n, "th") ? 1 : 2;
			/* Of a column that is what its first cell is. */
			if (g->row == 1)
				g->column[column].align = strcmp(align, "left") == 0 ? TG_PASTE_ALIGN_LEFT
							  : strcmp(align, "center") == 0
							      ? TG_PASTE_ALIGN_CENTER
							  : strcmp(align, "right") == 0 ? TG_PASTE_ALIGN_RIGHT
											: TG_PASTE_ALIGN_NONE;
		}
	}
	for (unsigned i = 0; i < g->columns; i++)
		g->column[i].header = heads[i] == 1;
	memset(g->left, 0, sizeof g->left);
	g->row = 0;
	return 1;
}

static int
in_made_table(const struct reading *r)
{
	return r->tables > 0 && r->made[r->tables - 1] == 1;
}

static const xmlNode *
table_of(const xmlNode *row)
{
	return is_part(row->parent) ? row->parent->parent : row->parent;
}

/* Is it a cell of the innermost table?  A stray one somewhere in a cell's content is none: the row goes on
 * around it. */
static int
is_made_cell(const struct reading *r, const xmlNode *cell)
{
	return in_made_table(r) && is_named(cell->parent, "tr") &&
	       table_of(cell->parent) == r->grids[r->grid_count - 1].table;
}

static void
enter_row(struct reading *r, const xmlNode *row)
{
	const xmlNode *table = table_of(row);
	struct grid *g = &r->grids[r->grid_count];

	if (r->tables > 0 && r->made[r->tables - 1] == 0) { /* the first one */
		r->made[r->tables - 1] = 2;
		if (r->grid_count < TG_PASTE_TABLES_MAX && is_named(table, "table") && measure(g, table) &&
		    tg_paste_begin_table(r->p, g->rows, g->column, g->columns)) {
			r->made[r->tables - 1] = 1;
			r->grid_count++;
		}
	}
	if (in_made_table(r) && table == r->grids[r->grid_count - 1].table) {
		begin_row(&r->grids[r->grid_count - 1]);
		tg_paste_begin_row(r->p, is_header_row(row));
	}
}

static void
enter_cell(struct reading *r, const xmlNode *cell)
{
	unsigned column, across, down;

	if (is_made_cell(r, cell) &&
	    place_cell(&r->grids[r->grid_count - 1], cell, &column, &across, &down)) {
		tg_paste_begin_cell(r->p, column, across, down);
	} else if (r->started) { /* a row is one paragraph */
		tg_paste_text(r->p, " |", 2, 0, "");
		r->space = 1;
		r->space_marks = 0;
		r->space_link = "";
	}
}

static void
leave_table(struct reading *r)
{
	if (in_made_table(r)) {
		tg_paste_end_table(r->p);
		r->grid_count--;
	}
	r->tables--;
}

/* ---- figures and footnotes ----------------------------------------------------------------------------- */

/* Is it one picture, and perhaps a caption? */
static xmlNode *
only_picture(const xmlNode *figure)
{
	xmlNode *picture = NULL;
	int captions = 0;

	for (xmlNode *n = figure->children; n != NULL; n = n->next) {
		if (is_space(n))
			continue;
		if (is_named(n, "figcaption") && captions++ == 0)
			continue;
		if (!is_named(n, "img") || picture != NULL)
			return NULL;
		picture = n;
	}
	return picture;
}

static struct role no_role = {.element = SECTION}, hidden = {.element = HIDDEN};
static struct role figure_made = {.element = FIGURE, .begun = 1};

static void
enter_figure(struct reading *r, xmlNode *figure)
{
	xmlNode *picture = only_picture(figure);

	if (picture == NULL)
		return;
	picture->_private = &hidden;
	if (tg_paste_figure(r->p, attribute(picture, "src"), attribute(picture, "alt")))
		figure->_private = &figure_made;
	else
		tg_paste_close(r->p);
}

static int
is_endnotes(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && strcmp(attribute(node, "role"), "doc-endnotes") == 0;
}

/* The footnote that an item of a list in such a section is; with ${make} it becomes one. */
static struct role *
note_of(struct reading *r, const xmlNode *item, int make)
{
	const xmlChar *id = (const xmlChar *)attribute(item, "id");
	struct role *role = *id != '\0' ? xmlHashLookup(r->notes, id) : NULL;

	if (!make || *id == '\0' || role != NULL)
		return role;
	if ((role = calloc(1, sizeof *role)) == NULL || xmlHashAddEntry(r->notes, id, role) != 0) {
		free(role);
		r->p->status = TG_ENOMEM;
		return NULL;
	}
	role->element = NOTE;
	return role;
}

/* Go through the items of a section: 1 when all are footnotes that something refers to. */
static int
each_note(struct reading *r, xmlNode *section, int make, int settle)
{
	int all = 1, any = 0;

	for (xmlNode *list = section->children; list != NULL; list = list->next) {
		if (!is_named(list, "ol"))
			continue;
		if (settle)
			list->_private = &no_role;
		for (xmlNode *item = list->children; item != NULL; item = item->next) {
			struct role *role = is_named(item, "li") ? note_of(r, item, make) : NULL;

			if (is_space(item))
				continue;
			any = 1;
			all &= role != NULL && role->referred;
			if (settle && role != NULL && role->name == 0) {
				role->name = tg_paste_name(r->p);
				item->_private = role;
			}
		}
	}
	return any && all;
}

static void
free_note(void *role, const xmlChar *id)
{
	(void)id;
	free(role);
}

static void
find_notes(struct reading *r, xmlNode *root)
{
	struct role *role;
	xmlNode *n = root;

	while (n != NULL && !is_endnotes(n))
		n = next_node(root, n);
	if (n == NULL || r->p->flat)
		return;
	if ((r->notes = xmlHashCreate(0)) == NULL) {
		r->p->status = TG_ENOMEM;
		return;
	}
	for (n = root; n != NULL && r->p->status == TG_OK; n = next_node(root, n))
		if (is_endnotes(n))
			(void)each_note(r, n, 1, 0);
	for (n = root; n != NULL; n = next_node(root, n))
		if (is_named(n, "a") && attribute(n, "href")[0] == '#' &&
		    (role = xmlHashLookup(r->notes, (const xmlChar *)attribute(n, "href") + 1)) != NULL)
			role->referred = 1;
	for (n = root; n != NULL; n = next_node(root, n)) {
		if (!is_endnotes(n) || !each_note(r, n, 0, 0))
			continue;
		(void)each_note(r, n, 0, 1);
		for (xmlNode *rule = n->children; rule != NULL; rule = rule->next)
			if (is_named(rule, "hr"))
				rule->_private = &hidden;
	}
}

/* A link to a footnote is its mark, one back from it nothing; 0 for others. */
static int
note_link(struct reading *r, const xmlNode *node)
{
	const struct role *role;

	if (r->notes == NULL || !is_named(node, "a"))
		return 0;
	if (strcmp(attribute(node, "role"), "doc-backlink") == 0)
		return 1;
	if (attribute(node, "href")[0] != '#' ||
	    (role = xmlHashLookup(r->notes, (const xmlChar *)attribute(node, "href") + 1)) == NULL ||
	    role->name == 0)
		return 0;
	put_due(r, 0, "");
	tg_paste_note_mark(r->p, role->name);
	return 1;
}

/* ---- elements ------------------------------------------------------------------------------------------ */

/* Returns 0 when what is in the element is to be left out. */
static int
enter(struct reading *r, xmlNode *node)
{
	const char level[2] = {node->name[0] == 'h' ? (char)node->name[1] : '1', '\0'};
	enum element e = element_of(node);
	unsigned marks;
	const char *link;
	struct role *role = node->_private;
	int pre;

	if (note_link(r, node))
		return 0;
	if (e != PLAIN && e != BREAK && e != PICTURE && e != HIDDEN && e != TITLE &&
	    (e != CELL || is_made_cell(r, node)))
		border(r);
	switch (e) {
	case TABLE:
		if (r->tables == TABLES_MAX)
			return 0; /* the parser goes less deep */
		r->made[r->tables++] = 0;
		break;
	case ROW:
		enter_row(r, node);
		break;
	case FIGURE:
		enter_figure(r, node);
		break;
	case NOTE:
		role->begun = tg_paste_begin_note(r->p, role->name);
		break;
	case PARAGRAPH:
		tg_paste_block(r->p, TG_PASTE_PARAGRAPH, "");
		break;
	case HEADING:
		tg_paste_block(r->p, TG_PASTE_HEADING, level);
		break;
	case PRE:
		begin_code(r, node);
		break;
	case RULE:
		tg_paste_block(r->p, TG_PASTE_RULE, "");
		border(r);
		break;
	case QUOTE:
		tg_paste_begin_quote(r->p);
		break;
	case BULLETS:
	case NUMBERS:
		begin_list(r, node, e == NUMBERS);
		break;
	case ITEM:
		begin_item(r, node);
		break;
	case CELL:
		enter_cell(r, node);
		break;
	case BREAK:
		around(node, &marks, &link, &pre);
		r->space = 0;
		r->started = 0;
		r->break_marks = marks;
		r->breaks++;
		break;
	case PICTURE:
		around(node, &marks, &link, &pre);
		put_due(r, marks, "");
		tg_paste_image(r->p, attribute(node, "src"), attribute(node, "alt"));
		break;
	case TITLE:
		put_title(r, node);
		return 0;
	case HIDDEN:
		return 0;
	default:
		break;
	}
	return 1;
}

static void
leave(struct reading *r, const xmlNode *node)
{
	const struct role *role = node->_private;
	enum element e = element_of(node);

	if (e == PLAIN || e == BREAK || e == PICTURE || e == HIDDEN || e == TITLE ||
	    (e == CELL && !is_made_cell(r, node)))
		return;
	border(r);
	if (e == CELL)
		tg_paste_end_cell(r->p);
	if (e == TABLE)
		leave_table(r);
	if ((e == FIGURE || e == NOTE) && role != NULL && role->begun)
		tg_paste_end_flow(r->p);
	if (e == QUOTE)
		tg_paste_end_quote(r->p);
	if (e == BULLETS || e == NUMBERS)
		tg_paste_end_list(r->p);
	if (e == ITEM)
		tg_paste_end_item(r->p);
}

static int
read_tree(struct tg_paste *p, xmlNode *root, struct tg_buf *title)
{
	struct reading r = {.p = p, .title = title};
	xmlNode *node = root;

	if ((r.grids = calloc(TG_PASTE_TABLES_MAX + 1, sizeof *r.grids)) == NULL)
		return TG_ENOMEM;
	find_notes(&r, root);
	border(&r);
	while (node != NULL && p->status == TG_OK) {
		int into = 0;

		if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
			put_text(&r, node);
		else if (node->type == XML_ELEMENT_NODE)
			into = enter(&r, node);
		if (into && node->children != NULL) {
			node = node->children;
			continue;
		}
		if (into)
			leave(&r, node);
		while (node != root && node->next == NULL) {
			node = node->parent;
			leave(&r, node);
		}
		node = node == root ? NULL : node->next;
	}
	border(&r);
	if (r.notes != NULL)
		xmlHashFree(r.notes, free_note);
	free(r.grids);
	return p->status;
}

int
tg_paste_html(struct tg_paste *p, const char *text, size_t len, struct tg_buf *title)
{
	htmlParserCtxtPtr parser;
	size_t scalars;
	htmlDocPtr doc;
	int rc = TG_OK;

	if (len > TG_PASTE_BYTES_MAX || len > INT_MAX)
		return TG_ETOOBIG;
	if (tg_utf8_count((const uint8_t *)text, len, &scalars) != TG_OK || memchr(text, 0, len) != NULL)
		return TG_EFORMAT;
	if (len == 0)
		return TG_OK;
	if ((parser = htmlNewParserCtxt()) == NULL)
		return TG_ENOMEM;
	doc = htmlCtxtReadMemory(parser, text, (int)len, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
		HTML_PARSE_COMPACT);
	if (parser->lastError.code == XML_ERR_NO_MEMORY)
		rc = TG_ENOMEM;
	else if (parser->lastError.code == XML_ERR_INTERNAL_ERROR)
		rc = TG_ELIMIT; /* "excessive depth": the rest was not read */
	else if (doc != NULL && xmlDocGetRootElement(doc) != NULL)
		rc = read_tree(p, xmlDocGetRootElement(doc), title);
	xmlFreeDoc(doc);
	htmlFreeParserCtxt(parser);
	return rc;
}
