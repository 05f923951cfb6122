/*
 * HTML in: parsed by libxml2 (Debian's libxml2), which mends what is broken and stops at 256 nested elements;
 * then one walk over its tree without recursion.  Known elements become blocks and marks, unknown ones give
 * their text, and what is no text of the document (scripts, styles, frames, forms) gives nothing.  Attributes
 * are looked at in three places: addresses of links and pictures, the start of a list, whether a task is
 * done.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/HTMLparser.h>

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
	CELL,
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
    {"figure", SECTION, 0},
    {"figcaption", SECTION, 0},
    {"details", SECTION, 0},
    {"summary", SECTION, 0},
    {"dl", SECTION, 0},
    {"dt", SECTION, 0},
    {"dd", SECTION, 0},
    {"center", SECTION, 0},
    {"table", SECTION, 0},
    {"caption", SECTION, 0},
    {"thead", SECTION, 0},
    {"tbody", SECTION, 0},
    {"tfoot", SECTION, 0},
    {"tr", SECTION, 0},
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

struct reading {
	struct tg_paste *p;
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
	unsigned i = node->type == XML_ELEMENT_NODE ? find_name(node) : 0;

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
	for (; r->breaks > 1 && r->p->open; r->breaks--)
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

/* Returns 0 when what is in the element is to be left out. */
static int
enter(struct reading *r, const xmlNode *node)
{
	const char level[2] = {node->name[0] == 'h' ? (char)node->name[1] : '1', '\0'};
	enum element e = element_of(node);
	unsigned marks;
	const char *link;
	int pre;

	if (e != PLAIN && e != BREAK && e != PICTURE && e != HIDDEN && e != TITLE && e != CELL)
		border(r);
	switch (e) {
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
	case CELL: /* a row is one paragraph */
		if (r->started) {
			tg_paste_text(r->p, " |", 2, 0, "");
			r->space = 1;
			r->space_marks = 0;
			r->space_link = "";
		}
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
	enum element e = element_of(node);

	if (e == PLAIN || e == BREAK || e == PICTURE || e == HIDDEN || e == TITLE || e == CELL)
		return;
	border(r);
	if (e == QUOTE)
		tg_paste_end_quote(r->p);
	if (e == BULLETS || e == NUMBERS)
		tg_paste_end_list(r->p);
	if (e == ITEM)
		tg_paste_end_item(r->p);
}

static int
read_tree(struct tg_paste *p, const xmlNode *root, struct tg_buf *title)
{
	struct reading r = {.p = p, .title = title};
	const xmlNode *node = root;

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
