/*
 * Goal: what is written out comes in again as it was, and from a hostile text comes nothing but plain
 * content.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "cli/document.h"
#include "files/paste.h"
#include "files/take.h"
#include "suite.h"

static struct tg_doc *doc;
static struct tg_buf out, title;

enum from {
	PLAIN,
	MARKDOWN,
	HTML
};

static int flat; /* how the next text is read */

/* Read a text into a fresh document. */
static int
paste(enum from from, const char *text, size_t len)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	struct tg_paste p;
	int rc, end;

	tg_doc_close(doc);
	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, agent), TG_OK);
	tg_buf_reset(&title);
	tg_paste_init(&p, 0, 0xabc, take, doc);
	p.flat = flat;
	rc = from == PLAIN	? tg_paste_plain(&p, text, len)
	     : from == MARKDOWN ? tg_paste_markdown(&p, text, len)
				: tg_paste_html(&p, text, len, &title);
	end = tg_paste_end(&p);
	tg_paste_free(&p);
	ck_assert_msg(end == TG_OK, "an edit that the document refuses: %s", tg_status_text(end));
	return rc;
}

static const char *
render(void (*renderer)(const struct tg_document *d, struct tg_buf *o))
{
	struct tg_document d;

	tg_buf_reset(&out);
	ck_assert_int_eq(tg_document_read(doc, &d), TG_OK);
	renderer(&d, &out);
	tg_buf_u8(&out, '\0');
	ck_assert_int_eq(tg_buf_status(&out), TG_OK);
	tg_document_free(&d);
	return (const char *)out.data;
}

static const char *
html(void)
{
	return strstr(render(tg_render_html), "</title>\n") + 9;
}

static void
must_paste(enum from from, const char *text)
{
	int rc = paste(from, text, strlen(text));

	ck_assert_msg(rc == TG_OK, "%s: %s", text, tg_status_text(rc));
}

/* ---- Markdown */

static const char *const markdown_same[] = {
    "",
    "one\n",
    "one\n\ntwo\n",
    "# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f\n",
    "**bold** *italic* ~~strike~~ `code` <mark>high</mark>\n",
    "b<strong>ol</strong>d and <em>\\*</em> and ***both***\n",
    "a [link](<https://example.org/x?a=1&b=2>) and [**bold one**](<mailto:a@b.example>)\n",
    "line\\\nbreak\n",
    "- one\n- two\n  - three\n    - four\n- five\n",
    "1. one\n2. two\n   1. three\n",
    "7. seven\n8. eight\n",
    "## two<br>lines\n",
    "- one\n\n  3. three\n  4. four\n- two\n",
    "- [ ] open\n- [x] done\n  - [x] inner\n",
    "- one\n\n  more of one\n\n  ```c\n  int x;\n  ```\n\n- two\n",
    "- a\n\n<!-- -->\n\n- b\n",
    "> quote\n\n> > deeper\n\n> back\n",
    "> - in a quote\n> - two\n",
    "> ## head\n> \n> ```\n> code\n> ```\n",
    "```c++\nint main(void)\n{\n\n\treturn 0;\n}\n```\n",
    "````\n```\n````\n",
    "a\n\n---\n\nb\n",
    "![alt \\[text\\]](<https://example.org/p.png>) and ![](<http://example.org/q.png>)\n",
    ("\\# no heading\n\n1\\. no list\n\n\\- nor this\n\n\\> nor that\n\n\\<b\\> \\& \\*x\\* \\_y\\_ \\`z\\` "
     "\\[l\\](x)\n"),
    "&#32; a blank before\n",
    "été ☃ 🦊 e\xcc\x81\n",
    "``a`b``\n",
    "- one\n  - <!-- -->\n\n    # in an item\n",
    "ends in a break<br>\n\n**bold**<br><br>\n",
    "- one\n\npara\n\n- two\n",
    "| a | b |\n| --- | --- |\n| c | d |\n\nbehind\n",
    "| l | c | r |\n| :-- | :-: | --: |\n| 1 | 2 | 3 |\n",
    "|  |  |\n| --- | --- |\n| no | header |\n",
    "| \\| | `a\\|b` |\n| --- | --- |\n| \\\\\\| | [l](<https://e.example/\\|>) |\n| two<br>lines | **b** "
    "*i* |\n",
    "| &#32; a | # |\n| --- | --- |\n",
    "> | a |\n> | --- |\n> | b |\n",
    "- one\n\n  | a |\n  | --- |\n  | b |\n\n- two\n",
    "text[^1] and[^2], and again[^1].\n\n[^1]: one\n\n[^2]: two\n",
    "a[^1]\n\n[^1]: one\n\n    more\n\n    - list\n      - deeper\n\n    > quote\n\n    ```\n    code\n    "
    "```\n",
    "a[^1]\n\n[^1]: <!-- -->\n\n    - list\n",
    "a[^1]\n\n[^1]: <!-- -->\n\n    | t |\n    | --- |\n    | u |\n",
    "a[^1]\n\n[^1]: in a note[^2]\n\n[^2]: deeper, and back[^1]\n",
    "[^1]\\: no definition\\![^1] \\!![](<https://e.example/p>)\n\n[^1]: \n",
    "| a[^1] |\n| --- |\n| b[^2] |\n\n[^1]: one\n\n[^2]: two\n",
    "![alt](<https://e.example/p.png> \"below \\\"it\\\" \\& \\<so>\")\n",
    "- one\n\n  ![](<https://e.example/p.png> \"below\")\n",
    "- a\n\n  ```\n  code\n  ```\n\n  - b\n\n    ```\n    more\n    ```\n",
    "> - a\n> \n>   ```\n>   code\n>   ```\n> \n> - b\n> \n> > 1. c\n",
    "- a\n\n> quote\n\n- b\n",
};

START_TEST(markdown_comes_back_as_it_was)
{
	for (size_t i = 0; i < sizeof markdown_same / sizeof *markdown_same; i++) {
		must_paste(MARKDOWN, markdown_same[i]);
		ck_assert_str_eq(render(tg_render_markdown), markdown_same[i]);
	}
}
END_TEST

static const struct {
	const char *in, *as;
} markdown_reads[] = {
    {"Setext\n===\n\nsoft\nbreak", "# Setext\n\nsoft break\n"},
    {"* a\n+ b\n", "- a\n\n<!-- -->\n\n- b\n"},
    {"1) a\n2) b\n", "1. a\n2. b\n"},
    {"- [ ] a\n- b\n", "- [ ] a\n- [ ] b\n"},
    {"__b__ _i_ ~~s~~ ~no~\n", "**b** *i* ~~s~~ \\~no\\~\n"},
    {"[x](javascript:alert(1)) [y](data:text/html,z) [z](/relative)\n", "x y z\n"},
    {"![pic](data:image/png;base64,AA==) ![](x.png)\n", "pic \n"},
    {"<script>alert(1)</script>\n\ntext\n", "text\n"},
    {"a <script>alert(1)</script> b\n", "a alert(1) b\n"},
    {"a <img src=x onerror=alert(1)> b\n", "a  b\n"},
    {"<div onclick=\"x()\"><p>in <b>bold</b></p><ul><li>x</li></ul></div>\n", "in **bold**\n\n- x\n"},
    {"- > quote in a list\n", "- \n\n> quote in a list\n"},
    {"- a\n\n  > q\n\n  more\n- b\n", "- a\n\n> q\n\nmore\n\n- b\n"},
    {"1. a\n2. b\n   > q\n3. c\n   - d\n     > r\n   - e\n4. f\n",
	"1. a\n2. b\n\n> q\n\n3. c\n   - d\n\n> r\n\n- e\n\n<!-- -->\n\n4. f\n"},
    {"- > - in\n  >   > deeper\n", "- \n\n> - in\n> \n> > deeper\n"},
    {"- a\n  >\n- b\n", "- a\n- b\n"},
    {"- # heading in a list\n", "- <!-- -->\n\n  # heading in a list\n"},
    {"- - - x\n", "- \n  - \n    - x\n"},
    {"```js {1,2} x\ny\n```\n", "```js\ny\n```\n"},
    {"    indented\n", "```\nindented\n```\n"},
    {"| a | b |\n|---|---|\n| c | d |\n", "| a | b |\n| --- | --- |\n| c | d |\n"},
    {"a|b\n-|-\nc\nd|e|f\n\ng", "| a | b |\n| --- | --- |\n| c |  |\n| d | e |\n\ng\n"},
    {"|a|\n|-|\n", "| a |\n| --- |\n"},
    {"||\n|-|\n", "|  |\n| --- |\n"},
    {"x[^b] y[^a] z[^none]\n\n[^a]: A\n[^b]: B\n[^c]: C\n",
	"x[^1] y[^2] z\\[^none\\]\n\n[^1]: B\n\n[^2]: A\n"},
    {"![a](<https://e.example/p> 'ti  \"tle')\n", "![a](<https://e.example/p> \"ti  \\\"tle\")\n"},
    {"![a](<javascript:x> 'title')\n", "a\n"},
    {"a\n:-\n\n\\:-\n", "| a |\n| :-- |\n\n\\:-\n"},
    {"<b>open\n\nnot bold any more\n", "**open**\n\nnot bold any more\n"},
    {"-\n- x\n", "- \n- x\n"},
    {"\xef\xbb\xbftext\n", "text\n"},
    {"a\r\nb\r\n\r\nc\r\n", "a b\n\nc\n"},
};

START_TEST(markdown_of_others_is_read)
{
	for (size_t i = 0; i < sizeof markdown_reads / sizeof *markdown_reads; i++) {
		must_paste(MARKDOWN, markdown_reads[i].in);
		ck_assert_str_eq(render(tg_render_markdown), markdown_reads[i].as);
	}
}
END_TEST

/* ---- HTML */

static const char *const html_same[] = {
    "",
    "<p>one</p>\n",
    "<p></p>\n<p>after an empty one</p>\n",
    "<h1>a</h1>\n<h2>b</h2>\n<h3>c</h3>\n<h4>d</h4>\n<h5>e</h5>\n<h6>f</h6>\n",
    "<p><mark><strong><em><s><code>all</code></s></em></strong></mark> <strong>b</strong><em>i</em></p>\n",
    "<p>a <a rel=\"noopener noreferrer nofollow\" href=\"https://example.org/?a=1&amp;b=%22\">link</a></p>\n",
    "<p>line<br>break<br><br></p>\n",
    "<p>&lt;script&gt; &amp;amp; &quot;quoted&quot;</p>\n",
    "<ul>\n<li><p>one</p>\n</li>\n<li><p>two</p>\n<ol>\n<li><p>three</p>\n</li></ol>\n</li></ul>\n",
    "<ol start=\"7\">\n<li><p>seven</p>\n<p>more</p>\n<pre><code>x</code></pre>\n</li></ol>\n",
    ("<ul class=\"tasks\">\n<li><input type=\"checkbox\" disabled checked> <p>done</p>\n</li>\n<li><input "
     "type=\"checkbox\" "
     "disabled> <p>open</p>\n</li></ul>\n"),
    "<ul>\n<li><p>a</p>\n</li></ul>\n<ul>\n<li><p>b</p>\n</li></ul>\n",
    "<blockquote>\n<p>q</p>\n<blockquote>\n<p>deeper</p>\n</blockquote>\n<p>back</p>\n</blockquote>\n",
    ("<blockquote>\n<ul>\n<li><p>x</p>\n</li></ul>\n</blockquote>\n<blockquote>\n<p>another</p>\n</"
     "blockquote>\n"),
    "<pre><code class=\"language-c\">\nint x;\n\n\ty &lt; z\n\n</code></pre>\n<p>a</p>\n",
    "<p>a</p>\n<hr>\n<p>b</p>\n",
    "<p><img src=\"https://example.org/p.png\" alt=\"a &quot;picture&quot;\"> text</p>\n",
    "<p>été ☃ 🦊</p>\n",
    "<table>\n<tr><th scope=\"col\">a</th><th "
    "scope=\"col\">b</th></tr>\n<tr><td>c</td><td></td></tr>\n</table>\n",
    ("<table>\n<tr><th align=\"right\" scope=\"col\"></th><th scope=\"col\">x</th></tr>\n"
     "<tr><th align=\"right\" scope=\"row\">y</th><td>1</td></tr>\n</table>\n"),
    ("<table>\n<tr><td colspan=\"2\" rowspan=\"2\">a</td><td>b</td></tr>\n<tr><td>c</td></tr>\n"
     "<tr><td>d</td><td>e</td><td>f</td></tr>\n</table>\n"),
    ("<table>\n<tr><td rowspan=\"2\">a</td><td rowspan=\"2\">b</td></tr>\n<tr></tr>\n</table>\n"),
    ("<table>\n<tr><td><p>one</p>\n<ul>\n<li><p>two</p>\n</li></ul>\n<blockquote>\n<p>q</p>\n</blockquote>\n"
     "</td><td><pre><code>code</code></pre>\n</td></tr>\n</table>\n<p>behind</p>\n"),
    ("<table>\n<tr><td><table>\n<tr><td>in</td></tr>\n</table>\n<p>b</p>\n</td><td>c</td></tr>\n</table>\n"),
    ("<ul>\n<li><p>a</p>\n<table>\n<tr><td>t</td></tr>\n</table>\n<p>more</p>\n</li>\n<li><p>b</p>\n</li></"
     "ul>\n"),
    ("<blockquote>\n<ul>\n<li><p>a</p>\n<table>\n<tr><td>t</td></tr>\n</table>\n</li></ul>\n</blockquote>\n"),
    ("<blockquote>\n<ul>\n<li><p>x</p>\n<pre><code>y</code></pre>\n<ol>\n<li><p>z</p>\n</li></ol>\n</li></"
     "ul>\n"
     "</blockquote>\n"),
    "<ul>\n<li><p>a</p>\n</li></ul>\n<blockquote>\n<p>q</p>\n</blockquote>\n<ul>\n<li><p>b</p>\n</li></ul>\n",
    ("<p>a<sup><a href=\"#fn1\" role=\"doc-noteref\">1</a></sup>b<sup><a href=\"#fn2\" "
     "role=\"doc-noteref\">2</a></sup> <sup><a href=\"#fn1\" role=\"doc-noteref\">1</a></sup></p>\n"
     "<section role=\"doc-endnotes\">\n<ol>\n<li id=\"fn1\">one <em>i</em></li>\n"
     "<li id=\"fn2\"><p>two</p>\n<table>\n<tr><td>t<sup><a href=\"#fn3\" "
     "role=\"doc-noteref\">3</a></sup></td>"
     "</tr>\n</table>\n</li>\n<li id=\"fn3\"></li>\n</ol>\n</section>\n"),
    ("<figure><img src=\"https://e.example/p.png\" alt=\"a\"></figure>\n<figure><img "
     "src=\"https://e.example/q.png\" alt=\"\"><figcaption>under <strong>it</strong></figcaption></figure>\n"
     "<figure><img src=\"https://e.example/r.png\" alt=\"\"><figcaption><p>one</p>\n<p>two</p>\n"
     "</figcaption></figure>\n<p>behind</p>\n"),
};

START_TEST(html_comes_back_as_it_was)
{
	for (size_t i = 0; i < sizeof html_same / sizeof *html_same; i++) {
		must_paste(HTML, html_same[i]);
		ck_assert_str_eq(html(), html_same[i]);
	}
}
END_TEST

static const struct {
	const char *in, *as;
} html_reads[] = {
    {"plain <b>text</b>\n  with   blanks ", "<p>plain <strong>text</strong> with blanks</p>\n"},
    {"<p>a<p>b", "<p>a</p>\n<p>b</p>\n"},
    {"<div>a<div>b</div>c</div>", "<p>a</p>\n<p>b</p>\n<p>c</p>\n"},
    {"<p>a<br></p><p><br></p>", "<p>a</p>\n<p></p>\n"},
    {"<ul><li>a<ul><li>b</ul><li>c</ul>",
	"<ul>\n<li><p>a</p>\n<ul>\n<li><p>b</p>\n</li></ul>\n</li>\n<li><p>c</p>\n</li></ul>\n"},
    {"<ul><li><h2>h</h2></li><li></li></ul>",
	"<ul>\n<li><p></p>\n<h2>h</h2>\n</li>\n<li><p></p>\n</li></ul>\n"},
    {"<ul><li><blockquote>q</blockquote></li></ul>",
	"<ul>\n<li><p></p>\n</li></ul>\n<blockquote>\n<p>q</p>\n</blockquote>\n"},
    {"<ol><li>a<blockquote>q</blockquote>more<li>b</ol>",
	"<ol>\n<li><p>a</p>\n</li></ol>\n<blockquote>\n<p>q</p>\n</blockquote>\n<p>more</p>\n"
	"<ol start=\"2\">\n<li><p>b</p>\n</li></ol>\n"},
    {"<ul data-type=taskList><li data-checked=true>t</li></ul>",
	"<ul class=\"tasks\">\n<li><input type=\"checkbox\" disabled checked> <p>t</p>\n</li></ul>\n"},
    {"<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>",
	"<table>\n<tr><th scope=\"col\">a</th><th scope=\"col\">b</th></tr>\n"
	"<tr><td>c</td><td>d</td></tr>\n</table>\n"},
    {"<table><tr><td>a<td><td>b<td></table>",
	"<table>\n<tr><td>a</td><td></td><td>b</td><td></td></tr>\n</table>\n"},
    {"<table><caption>C</caption><thead><tr><td>a<tbody><tr><th>r</table>",
	"<p>C</p>\n<table>\n<tr><th scope=\"col\">a</th></tr>\n<tr><th "
	"scope=\"col\">r</th></tr>\n</table>\n"},
    {"<table><tr><td>a<tr><th>r<td>s<td>t</table>", "<table>\n<tr><td>a</td><td></td><td></td></tr>\n"
						    "<tr><td>r</td><td>s</td><td>t</td></tr>\n</table>\n"},
    {"<table><tr><th scope=row>r<td>s</table>",
	"<table>\n<tr><th scope=\"row\">r</th><td>s</td></tr>\n</table>\n"},
    /* Spans: clipped to the table and to what is taken. */
    {"<table><tr><td rowspan=9>a<td colspan=2>b<tr><td>c<td rowspan=0>d<tr><td colspan=7>e</table>",
	"<table>\n<tr><td rowspan=\"3\">a</td><td colspan=\"2\">b</td></tr>\n"
	"<tr><td>c</td><td rowspan=\"2\">d</td></tr>\n<tr><td>e</td></tr>\n</table>\n"},
    /* A cell and a row that stand in another one's content are part of it. */
    {"<table><tr><th><ul><blockquote><td>a<blockquote>b</table>",
	"<table>\n<tr><th scope=\"col\"><ul>\n<li><p></p>\n</li></ul>\n<blockquote>\n<p>a</p>\n"
	"<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>\n</th></tr>\n</table>\n"},
    {"<table><tr><td>a<blockquote><tr><td>b</table>",
	"<table>\n<tr><td><p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</td></tr>\n</table>\n"},
    /* What is no table of cells alone comes as paragraphs. */
    {"<table><tr><td>a<td>b</tr>stray<tr><td>c</table>", "<p>a | b</p>\n<p>stray</p>\n<p>c</p>\n"},
    {"<tr><td>a<td>b</tr>", "<p>a | b</p>\n"},
    {"<table></table><table><tr></tr></table>", ""},
    {"<figure><img src=https://e.example/p alt=A><figcaption>c <b>d</b></figcaption></figure>",
	"<figure><img src=\"https://e.example/p\" alt=\"A\"><figcaption>c "
	"<strong>d</strong></figcaption></figure>\n"},
    {"<figure><figcaption>c</figcaption><img src=x alt=A></figure>", "<p>A</p>\n<p>c</p>\n"},
    {"<figure><pre>x</pre><figcaption>c</figcaption></figure>", "<pre><code>x</code></pre>\n<p>c</p>\n"},
    /* As pandoc writes footnotes. */
    {"<p>a<a href=#fn1 id=fnref1 role=doc-noteref><sup>1</sup></a></p><section id=footnotes "
     "role=doc-endnotes><hr /><ol><li id=fn1><p>note<a href=#fnref1 role=doc-backlink>x</a></p></li></ol>"
     "</section>",
	"<p>a<sup><a href=\"#fn1\" role=\"doc-noteref\">1</a></sup></p>\n<section role=\"doc-endnotes\">\n"
	"<ol>\n<li id=\"fn1\">note</li>\n</ol>\n</section>\n"},
    /* One that nothing refers to would be lost. */
    {"<a href=#n>1</a><section role=doc-endnotes><ol><li id=n>x<li>y</ol></section>",
	"<p>1</p>\n<ol>\n<li><p>x</p>\n</li>\n<li><p>y</p>\n</li></ol>\n"},
    {"<pre class=language-sh>\necho\n</pre>", "<pre><code class=\"language-sh\">echo</code></pre>\n"},
    {"<pre>a<br>b<b>c</b></pre>", "<pre><code>a\nbc</code></pre>\n"},
    {"<a href=https://e.example><b>x</b></a>",
	"<p><a rel=\"noopener noreferrer nofollow\" href=\"https://e.example\"><strong>x</strong></a></p>\n"},
    {"<del>x</del><strike>y</strike><kbd>k</kbd>", "<p><s>xy</s><code>k</code></p>\n"},
    {"a<!-- comment -->b<?php x ?>c", "<p>abc</p>\n"},
    {"&nbsp;&eacute;&#x1F98A;", "<p>\xc2\xa0é🦊</p>\n"},
};

START_TEST(html_of_others_is_read)
{
	for (size_t i = 0; i < sizeof html_reads / sizeof *html_reads; i++) {
		must_paste(HTML, html_reads[i].in);
		ck_assert_str_eq(html(), html_reads[i].as);
	}
	must_paste(
	    HTML, "<!doctype html><html><head><title> A \n title </title><title>b</title></head><body>x");
	ck_assert_uint_eq(title.len, 7);
	ck_assert_int_eq(memcmp(title.data, "A title", 7), 0);
	ck_assert_str_eq(html(), "<p>x</p>\n");
}
END_TEST

/* ---- hostile */

static const char *const hostile[] = {
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"javascript:alert(1)\" alt=\"pic\">",
    "<img src=\"data:image/svg+xml,<svg onload=alert(1)>\">",
    "<svg><script>alert(1)</script><a xlink:href=\"javascript:alert(1)\">x</a></svg>",
    ("<a href=\"javascript:alert(1)\">x</a><a href=\" java\tscript:alert(1)\">y</a><a "
     "href=\"jav&#x0A;ascript:alert(1)\">z</a>"),
    "<a href=\"https://ok.example/\n&quot;onclick=alert(1)\">x</a>",
    "<iframe src=\"https://evil.example\">inside</iframe><object data=x>y</object><embed src=x>",
    "<style>@import url(x)</style><link rel=stylesheet href=x><base href=\"https://evil.example/\">",
    "<p style=\"background:url(javascript:alert(1))\" onclick=alert(1) id=x class=y>text</p>",
    "<form action=x><input name=a><textarea>b</textarea><button>c</button></form>",
    ("<math><mtext></mtext><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
     "onerror=alert(1)&gt;\">"),
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<pre><code class=\"language-x&quot; onload=alert(1)\">x</code></pre>",
    "<template><script>alert(1)</script></template><xmp><script>alert(1)</script></xmp>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<ol start=\"99999999999999999999\"><li>x</ol><ol start=-5><li>y</ol>",
    "<plaintext><script>alert(1)</script>",
};

/* The only tags that our HTML has. */
static void
check_tags(const char *page, const char *input)
{
	static const char *const allowed[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "hr",
	    "blockquote", "ul", "ol", "li", "input", "a", "img", "br", "mark", "strong", "em", "s", "table",
	    "tr", "th", "td", "figure", "figcaption", "sup", "section"};
	const char *p = page;

	while ((p = strchr(p, '<')) != NULL) {
		size_t n, ok = 0;

		p += 1 + (p[1] == '/');
		n = strcspn(p, " >");
		for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
			ok |= strlen(allowed[i]) == n && strncmp(allowed[i], p, n) == 0;
		ck_assert_msg(ok, "%s gives %s", input, page);
		n = strcspn(p, ">");
		for (const char *a = p; a < p + n; a++)
			ck_assert_msg(strncasecmp(a, "javascript:", 11) != 0 &&
					  strncasecmp(a, " on", 3) != 0 && strncasecmp(a, "data:", 5) != 0 &&
					  strncasecmp(a, "style", 5) != 0,
			    "%s gives %s", input, page);
	}
}

START_TEST(hostile_html_gives_plain_content)
{
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		for (int from = MARKDOWN; from <= HTML; from++) {
			must_paste(from, hostile[i]);
			check_tags(html(), hostile[i]);
		}
	must_paste(HTML, "<a href=\"https://ok.example/\n&quot;onclick=alert(1)\">x</a>");
	ck_assert_str_eq(html(), "<p>x</p>\n");
	must_paste(HTML, "<ol start=\"99999999999999999999\"><li>x</ol>");
	ck_assert_str_eq(html(), "<ol>\n<li><p>x</p>\n</li></ol>\n");
}
END_TEST

/* As the page shows it, which has no tables and notes yet. */
START_TEST(read_flat_nothing_is_hidden_in_objects)
{
	static const struct {
		enum from from;
		const char *text, *html;
	} cases[] = {
	    {MARKDOWN, "| a | b |\n| --- | --- |\n| c | d |\n", "<p>a | b</p>\n<p>c | d</p>\n"},
	    {MARKDOWN, "text[^1]\n\n[^1]: note\n", "<p>text[^1]</p>\n<p>[^1]: note</p>\n"},
	    {HTML, "<table><tr><th>a<th>b<tr><td>c<td>d</table>", "<p>a | b</p>\n<p>c | d</p>\n"},
	    {HTML, "<figure><img src=https://e.example/p><figcaption>below</figcaption></figure>",
		"<p><img src=\"https://e.example/p\" alt=\"\"></p>\n<p>below</p>\n"},
	};

	flat = 1;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		must_paste(cases[i].from, cases[i].text);
		ck_assert_str_eq(html(), cases[i].html);
	}
	flat = 0;
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
	ck_assert_int_eq(paste(PLAIN, "a\0b", 3), TG_EFORMAT);
	ck_assert_int_eq(paste(MARKDOWN, "a\0b", 3), TG_EFORMAT);
	ck_assert_int_eq(paste(HTML, "a\0b", 3), TG_EFORMAT);
	ck_assert_int_eq(paste(PLAIN, "\xff", 1), TG_EFORMAT);
	ck_assert_int_eq(paste(MARKDOWN, "\xed\xa0\x80", 3), TG_EFORMAT);
	ck_assert_int_eq(paste(HTML, "\xc3", 1), TG_EFORMAT);
	ck_assert_int_eq(paste(HTML, "x", TG_PASTE_BYTES_MAX + 1), TG_ETOOBIG);
}
END_TEST

/* ${n} times ${open}, then "x". */
static int
nested(enum from from, const char *open, size_t n)
{
	struct tg_buf b = {0};
	int rc;

	for (size_t i = 0; i < n; i++)
		tg_buf_put(&b, open, strlen(open));
	tg_buf_u8(&b, 'x');
	rc = paste(from, (const char *)b.data, b.len);
	tg_buf_free(&b);
	return rc;
}

START_TEST(deep_nesting_is_bounded)
{
	static const char *const opens[] = {"<div>", "<ul><li>", "<blockquote>", "<b>", "<table><tr><td>"};

	for (size_t i = 0; i < sizeof opens / sizeof *opens; i++) {
		ck_assert_int_eq(nested(HTML, opens[i], 60), TG_OK);
		ck_assert_ptr_nonnull(strstr(html(), "x"));
		ck_assert_int_eq(nested(HTML, opens[i], 100000), TG_ELIMIT);
	}
	ck_assert_int_eq(nested(MARKDOWN, "> ", 20000), TG_OK);
	ck_assert_ptr_nonnull(strstr(render(tg_render_markdown), "> x"));
	ck_assert_int_eq(nested(MARKDOWN, "- ", 2000), TG_OK);
	ck_assert_int_eq(nested(MARKDOWN, "[", 50000), TG_OK);
	ck_assert_int_eq(nested(MARKDOWN, "**a ", 20000), TG_OK);
	ck_assert_int_eq(nested(MARKDOWN, "![](", 20000), TG_OK);
}
END_TEST

START_TEST(plain_text_is_paragraphs_and_a_long_one_comes_in_pieces)
{
	struct tg_buf b = {0};
	const uint8_t *text;
	size_t len;

	must_paste(PLAIN, "one\r\n\ntwo <b>&amp;\ttab\n");
	ck_assert_str_eq(render(tg_render_text), "one\n\ntwo <b>&amp;\ttab\n");
	for (size_t i = 0; i < 300000; i++)
		tg_buf_put(&b, i % 1000 == 999 ? "\n" : "é", i % 1000 == 999 ? 1 : 2);
	ck_assert_int_eq(paste(PLAIN, (const char *)b.data, b.len), TG_OK);
	ck_assert_int_eq(tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len), TG_OK);
	ck_assert_uint_eq(len, 2 * 999 * 300);
	ck_assert_uint_eq(tg_doc_length(doc, 0), 300000);
	tg_buf_reset(&b);
	for (size_t i = 0; i < 200000; i++)
		tg_buf_put(&b, "é", 2);
	ck_assert_int_eq(paste(MARKDOWN, (const char *)b.data, b.len), TG_OK);
	ck_assert_uint_eq(tg_doc_length(doc, 0), 200001);
	tg_buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("paste");
	TCase *t = tcase_create("formats");
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_test(t, markdown_comes_back_as_it_was);
	tcase_add_test(t, markdown_of_others_is_read);
	tcase_add_test(t, html_comes_back_as_it_was);
	tcase_add_test(t, html_of_others_is_read);
	tcase_add_test(t, hostile_html_gives_plain_content);
	tcase_add_test(t, read_flat_nothing_is_hidden_in_objects);
	tcase_add_test(t, what_is_no_text_is_refused);
	tcase_add_test(t, deep_nesting_is_bounded);
	tcase_add_test(t, plain_text_is_paragraphs_and_a_long_one_comes_in_pieces);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	tg_doc_close(doc);
	tg_buf_free(&out);
	tg_buf_free(&title);
	return failed;
}
