/* A document prints as the page would draw it, in every format, and hostile attributes stay text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include <toygrid/status.h>
#include <toygrid/text.h>

#include "cli/document.h"
#include "suite.h"
#include "wire/writer.h"

static struct tg_doc *doc;
static uint32_t end; /* items so far */
static struct tg_buf out;

static void
start(void)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};

	ck_assert_int_eq(tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX), TG_OK);
	ck_assert_int_eq(tg_doc_set_agent(doc, agent), TG_OK);
	end = 0;
}

static void
stop(void)
{
	tg_doc_close(doc);
	tg_buf_free(&out);
}

/* "key=value key=value", sorted by key; a value is a number, true, or a word. */
static void
put_attrs(struct tg_buf *b, const char *attrs)
{
	uint32_t n = *attrs != '\0';
	const char *p, *eq;
	size_t len;

	for (p = attrs; *p != '\0'; p++)
		n += *p == ' ';
	tg_write_array(b, n);
	for (p = attrs; *p != '\0'; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		eq = memchr(p, '=', len);
		tg_write_array(b, 2);
		tg_write_str(b, p, (size_t)(eq - p));
		eq++;
		if (*eq >= '0' && *eq <= '9')
			tg_write_uint(b, strtoull(eq, NULL, 10));
		else if (strncmp(eq, "true", 4) == 0)
			tg_write_bool(b, 1);
		else
			tg_write_str(b, eq, len - (size_t)(eq - p));
	}
}

static void
add(int kind, const char *text, uint32_t count, const char *attrs)
{
	struct tg_buf b = {0};
	int rc;

	tg_write_array(&b, 1);
	tg_write_array(&b, kind == TG_EDIT_INSERT ? 5 : 4);
	tg_write_uint(&b, (uint64_t)kind);
	tg_write_uint(&b, TG_TEXT_FLOW_BODY);
	tg_write_uint(&b, end);
	if (kind == TG_EDIT_INSERT)
		tg_write_str(&b, text, strlen(text));
	put_attrs(&b, attrs);
	rc = tg_doc_edit_msgpack(doc, b.data, b.len, NULL, NULL);
	ck_assert_msg(rc == TG_OK, "%s: %s", attrs, tg_status_text(rc));
	tg_buf_free(&b);
	end += count;
}

static void
block(const char *attrs, const char *text)
{
	add(TG_EDIT_BLOCK, NULL, 1, attrs);
	if (*text != '\0')
		add(TG_EDIT_INSERT, text, (uint32_t)strlen(text), "");
}

static void
marked(const char *attrs, const char *text)
{
	add(TG_EDIT_INSERT, text, (uint32_t)strlen(text), attrs);
}

static const char *
render(void (*renderer)(const struct tg_document *d, struct tg_buf *out))
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

/* The HTML behind its head. */
static const char *
html(void)
{
	return strstr(render(tg_render_html), "</title>\n") + 9;
}

START_TEST(an_empty_document_prints_as_nothing)
{
	ck_assert_str_eq(render(tg_render_text), "");
	ck_assert_str_eq(render(tg_render_markdown), "");
	ck_assert_str_eq(html(), "");
	ck_assert_str_eq(render(tg_render_json), "{\"title\":\"\",\"blocks\":[\n]}\n");
}
END_TEST

START_TEST(headings_code_rules_and_text_without_a_marker)
{
	marked("", "before");
	block("type=heading:2", "Head");
	block("type=code:c", "int x;\n```\ny < z");
	block("type=rule", "");
	marked("", "behind");
	block("type=heading:9", "deep");
	block("type=unknown", "odd");
	ck_assert_str_eq(render(tg_render_text), "before\nHead\nint x;\n```\ny < z\n\nbehind\ndeep\nodd\n");
	ck_assert_str_eq(render(tg_render_markdown),
	    "before\n\n## Head\n\n````c\nint x;\n```\ny < z\n````\n\n---\n\nbehind\n\n###### deep\n\nodd\n");
	ck_assert_str_eq(html(), "<p>before</p>\n<h2>Head</h2>\n<pre><code class=\"language-c\">int "
				 "x;\n```\ny &lt; z</code></pre>\n<hr>\n"
				 "<p>behind</p>\n<h6>deep</h6>\n<p>odd</p>\n");
}
END_TEST

START_TEST(lists_nest_and_two_side_by_side_stay_two)
{
	block("list=bullet:a", "one");
	block("indent=1 list=ordered:b start=9", "nine");
	block("indent=1 list=ordered:b start=9", "ten");
	block("cont=true indent=1 list=ordered:b", "more");
	block("list=bullet:a", "two");
	block("list=bullet:c", "other");
	block("checked=true list=task", "done");
	block("indent=7 list=task", "open");
	block("", "end");
	ck_assert_str_eq(render(tg_render_markdown), "- one\n\n  9. nine\n  10. ten\n\n      more\n\n- "
						     "two\n\n<!-- -->\n\n- other\n\n<!-- -->\n\n- [x] "
						     "done\n  - [ ] "
						     "open\n\nend\n");
	ck_assert_str_eq(html(),
	    "<ul>\n<li><p>one</p>\n<ol "
	    "start=\"9\">\n<li><p>nine</p>\n</li>\n<li><p>ten</p>\n<p>more</p>\n</li></ol>\n"
	    "</li>\n<li><p>two</p>\n</li></ul>\n<ul>\n<li><p>other</p>\n</li></ul>\n<ul class=\"tasks\">\n"
	    "<li><input type=\"checkbox\" disabled checked> <p>done</p>\n<ul class=\"tasks\">\n"
	    "<li><input type=\"checkbox\" disabled> <p>open</p>\n</li></ul>\n</li></ul>\n<p>end</p>\n");
}
END_TEST

START_TEST(quotes_nest_and_two_side_by_side_stay_two)
{
	block("path=quote", "a");
	block("path=quote/quote", "b");
	block("list=bullet path=quote", "c");
	block("path=quote:2", "d");
	ck_assert_str_eq(render(tg_render_markdown), "> a\n> \n> > b\n> \n> - c\n\n> d\n");
	ck_assert_str_eq(html(),
	    "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n<ul>\n<li><p>c</p>\n</li></ul>\n"
	    "</blockquote>\n<blockquote>\n<p>d</p>\n</blockquote>\n");
}
END_TEST

START_TEST(marks_and_links)
{
	block("", "a ");
	marked("bold=true", "bold ");
	marked("bold=true italic=true", "both");
	marked("", "tail ");
	marked("code=true", "x`y");
	marked("", " ");
	marked("link=https://e.org/?a<b", "here");
	marked("", " ");
	marked("link=javascript:alert(1)", "there");
	marked("", "\n- next");
	ck_assert_str_eq(render(tg_render_text), "a bold bothtail x`y here there\n- next\n");
	ck_assert_str_eq(render(tg_render_markdown),
	    "a **bold** <strong><em>both</em></strong>tail ``x`y`` [here](<https://e.org/?a\\<b>) "
	    "[there](<javascript:alert(1)>)\\\n\\- next\n");
	ck_assert_str_eq(html(), "<p>a <strong>bold </strong><strong><em>both</em></strong>tail "
				 "<code>x`y</code> <a rel=\"noopener noreferrer "
				 "nofollow\" href=\"https://e.org/?a&lt;b\">here</a> there<br>- next</p>\n");
}
END_TEST

START_TEST(markup_in_text_stays_text)
{
	block("", "# no heading *x* _y_ `z` <b> [l](m) 1. \\");
	block("", "12) no list");
	block("", "  no code");
	ck_assert_str_eq(render(tg_render_markdown),
	    "\\# no heading \\*x\\* \\_y\\_ \\`z\\` \\<b\\> \\[l\\](m) 1. "
	    "\\\\\n\n12\\) no list\n\n&#32; no code\n");
	ck_assert_ptr_nonnull(strstr(html(), "&lt;b&gt;"));
}
END_TEST

START_TEST(json_holds_every_attribute_and_objects)
{
	block("align=right type=heading:1", "a\"\\\n");
	add(TG_EDIT_ATOM, NULL, 1, "kind=mention n=70000 on=true");
	ck_assert_str_eq(render(tg_render_json), "{\"title\":\"\",\"blocks\":[\n{\"attrs\":{\"align\":"
						 "\"right\",\"type\":\"heading:1\"},\"runs\":[{\"text\":"
						 "\"a\\\"\\\\\\n\",\"attrs\":{}},{\"object\":true,\"attrs\":{"
						 "\"kind\":\"mention\",\"n\":70000,\"on\":true}}]}"
						 "\n]}\n");
}
END_TEST

/* Any attributes on anything: no crash, no tag of theirs, closed as often as opened. */
START_TEST(random_documents_print_safely_in_every_format)
{
	static const char *const words[] = {"", "list=bullet", "list=ordered:x", "list=task", "list=<script>",
	    "type=code:<script>", "type=rule", "type=heading:3", "type=heading:", "path=quote",
	    "path=quote/quote:1", "path=quote//x", "path=/", "link=\"><script>", "link=http:<script>",
	    "list=7", "indent=99", "type=true", "start=9007199254740991", "cont=true"};
	static const char *const texts[] = {"a", "<script>", "\n", "  ", "`", "*", "\n\n ", "1."};
	const char *given = getenv("TG_SEED"), *p;
	unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL), round, i, open, close;
	char attrs[128];

	for (round = 0; round < 40; round++) {
		srand(seed + round);
		for (i = 0; i < 60; i++) {
			const char *one = words[(unsigned)rand() % (sizeof words / sizeof *words)];

			/* Keys in order: at most a cont, an indent, then one of the others. */
			snprintf(attrs, sizeof attrs, "%s%s%s",
			    *one > 'c' && rand() % 4 == 0 ? "cont=true" : "",
			    *one > 'i' && one[1] != 'n' && rand() % 2 ? " indent=2" : "", "");
			if (*one != '\0') {
				if (attrs[0] != '\0')
					strcat(attrs, " ");
				strcat(attrs, one);
			}
			p = attrs[0] == ' ' ? attrs + 1 : attrs;
			if (rand() % 2)
				block(strstr(p, "cont=true cont") ? "" : p, "");
			else
				marked(*one == 'l' ? one : "",
				    texts[(unsigned)rand() % (sizeof texts / sizeof *texts)]);
			if (rand() % 9 == 0)
				add(TG_EDIT_ATOM, NULL, 1, "");
		}
		render(tg_render_text);
		render(tg_render_markdown);
		render(tg_render_json);
		p = html();
		ck_assert_msg(strstr(p, "<script") == NULL, "seed %u", seed + round);
		for (open = close = 0; (p = strstr(p, "<")) != NULL; p++) {
			if (strncmp(p, "<hr>", 4) == 0 || strncmp(p, "<br>", 4) == 0 ||
			    strncmp(p, "<input", 6) == 0)
				continue;
			*(p[1] == '/' ? &close : &open) += 1;
		}
		ck_assert_msg(open == close, "seed %u: %u opened, %u closed", seed + round, open, close);
		stop();
		memset(&out, 0, sizeof out);
		start();
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("render");
	TCase *t = tcase_create("formats");

	tcase_add_checked_fixture(t, start, stop);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, an_empty_document_prints_as_nothing);
	tcase_add_test(t, headings_code_rules_and_text_without_a_marker);
	tcase_add_test(t, lists_nest_and_two_side_by_side_stay_two);
	tcase_add_test(t, quotes_nest_and_two_side_by_side_stay_two);
	tcase_add_test(t, marks_and_links);
	tcase_add_test(t, markup_in_text_stays_text);
	tcase_add_test(t, json_holds_every_attribute_and_objects);
	tcase_add_test(t, random_documents_print_safely_in_every_format);
	suite_add_tcase(s, t);
	return suite_run(s);
}
