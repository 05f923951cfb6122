#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <toygrid/status.h>

#include "text/draw.h"
#include "text/room.h"
#include "wire/writer.h"

static void
name_agent(int who, uint8_t agent[TG_TEXT_AGENT_BYTES])
{
	memset(agent, 0x50, TG_TEXT_AGENT_BYTES);
	agent[0] = (uint8_t)(who + 1);
}

void
room_open(struct room *r, int people)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];

	memset(r, 0, sizeof *r);
	r->people = people;
	for (int i = 0; i < people; i++) {
		name_agent(i, agent);
		ck_assert_int_eq(tg_doc_open(&r->doc[i], TG_TEXT_ORDER_FUGUEMAX), TG_OK);
		ck_assert_int_eq(tg_doc_set_agent(r->doc[i], agent), TG_OK);
		ck_assert_int_eq(tg_drawing_open(&r->drawing[i], r->doc[i], 0), TG_OK);
	}
}

void
room_close(struct room *r)
{
	for (int i = 0; i < r->people; i++) {
		tg_drawing_close(r->drawing[i]);
		tg_doc_close(r->doc[i]);
		drawn_free(&r->page[i]);
	}
	for (size_t i = 0; i < r->n; i++) {
		tg_buf_free(&r->parcels[i].ops);
		tg_buf_free(&r->parcels[i].text);
	}
}

static void
put_value(struct tg_buf *b, const char *value, size_t len)
{
	if (len == 4 && memcmp(value, "true", 4) == 0)
		tg_write_bool(b, 1);
	else if (len > 0 && value[0] >= '0' && value[0] <= '9')
		tg_write_uint(b, (uint64_t)atoi(value));
	else
		tg_write_str(b, value, len);
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
put_attrs(struct tg_buf *b, const char *attrs)
{
	char copy[256], *words[8], *save = NULL;
	size_t n = 0;

	snprintf(copy, sizeof copy, "%s", attrs != NULL ? attrs : "");
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	qsort(words, n, sizeof *words, compare_words);
	tg_write_array(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		size_t key = strcspn(words[i], "=");

		tg_write_array(b, 2);
		tg_write_str(b, words[i], key);
		put_value(b, words[i] + key + 1, strlen(words[i] + key + 1));
	}
}

/* A name with slashes as msgpack: of one part a string. */
static void
put_name(struct tg_buf *b, const char *name)
{
	uint32_t parts = 1;

	if (name[0] == '\0') {
		tg_write_uint(b, 0);
		return;
	}
	for (const char *p = name; *p != '\0'; p++)
		parts += *p == '/';
	if (parts > 1)
		tg_write_array(b, parts);
	for (uint32_t i = 0; i < parts; i++) {
		size_t len = strcspn(name, "/");

		if (parts == 2 && i == 1)
			tg_write_uint(b, (uint64_t)atoi(name));
		else
			tg_write_str(b, name, len);
		name += len + 1;
	}
}

uint32_t
room_flow(struct room *r, int who, const char *flow)
{
	struct tg_buf b = {0};
	uint32_t id;

	put_name(&b, flow);
	ck_assert_int_eq(tg_doc_flow(r->doc[who], b.data, b.len, &id), TG_OK);
	tg_buf_free(&b);
	return id;
}

static void
edit(struct room *r, int who, struct tg_edit e, const char *flow, const char *attrs)
{
	struct tg_buf b = {0};

	put_attrs(&b, attrs);
	e.attrs = b.data;
	e.attrs_len = b.data[0] == 0x90 ? 0 : b.len;
	e.flow = room_flow(r, who, flow);
	ck_assert_int_eq(tg_doc_edit(r->doc[who], &e, 1, &r->last_first[who], &r->last_count[who]), TG_OK);
	tg_buf_free(&b);
}

void
room_type(struct room *r, int who, const char *flow, uint32_t at, const char *text, const char *attrs)
{
	struct tg_edit e = {
	    .kind = TG_EDIT_INSERT, .index = at, .text = (const uint8_t *)text, .text_len = strlen(text)};

	edit(r, who, e, flow, attrs);
}

void
room_block(struct room *r, int who, const char *flow, uint32_t at, const char *attrs)
{
	edit(r, who, (struct tg_edit){.kind = TG_EDIT_BLOCK, .index = at}, flow, attrs);
}

void
room_atom(struct room *r, int who, const char *flow, uint32_t at, const char *attrs)
{
	edit(r, who, (struct tg_edit){.kind = TG_EDIT_ATOM, .index = at}, flow, attrs);
}

void
room_delete(struct room *r, int who, const char *flow, uint32_t at, uint32_t count)
{
	edit(r, who, (struct tg_edit){.kind = TG_EDIT_DELETE, .index = at, .count = count}, flow, NULL);
}

void
room_mark(
    struct room *r, int who, const char *flow, uint32_t from, uint32_t to, const char *key, const char *value)
{
	struct tg_buf b = {0};
	struct tg_edit e = {.kind = TG_EDIT_MARK, .index = from, .count = to - from};

	if (value == NULL)
		tg_write_nil(&b);
	else
		put_value(&b, value, strlen(value));
	e.key = (const uint8_t *)key;
	e.key_len = strlen(key);
	e.value = b.data;
	e.value_len = b.len;
	edit(r, who, e, flow, NULL);
	tg_buf_free(&b);
}

void
room_set(struct room *r, int who, const char *object, const char *key, const char *value)
{
	struct tg_buf b = {0}, name = {0};
	struct tg_edit e = {.kind = TG_EDIT_SET};

	put_name(&name, object);
	ck_assert_int_eq(tg_doc_object(r->doc[who], name.data, name.len, &e.object), TG_OK);
	put_value(&b, value, strlen(value));
	e.key = (const uint8_t *)key;
	e.key_len = strlen(key);
	e.value = b.data;
	e.value_len = b.len;
	edit(r, who, e, "", NULL);
	tg_buf_free(&b);
	tg_buf_free(&name);
}

void
room_undo(struct room *r, int who)
{
	struct tg_event_range range = {{0}, r->last_first[who], r->last_count[who]};
	struct tg_patches patches;

	name_agent(who, range.agent);
	ck_assert_int_eq(
	    tg_doc_undo(r->doc[who], &range, 1, &r->last_first[who], &r->last_count[who], &patches), TG_OK);
}

static void
take(struct room *r, int who)
{
	struct tg_bundle b;

	while (tg_doc_take(r->doc[who], &b) == TG_OK) {
		ck_assert_uint_lt(r->n, ROOM_PARCELS);
		r->parcels[r->n].who = who;
		r->parcels[r->n].first = b.first_seq;
		r->parcels[r->n].parent_n = b.parent_count;
		if (b.parent_count > 0)
			memcpy(r->parcels[r->n].parents, b.parents, b.parent_count * sizeof *b.parents);
		tg_buf_put(&r->parcels[r->n].ops, b.ops, b.ops_len);
		tg_buf_put(&r->parcels[r->n].text, b.text, b.text_len);
		r->parcels[r->n++].told[who] = 1;
	}
}

void
room_hear(struct room *r, int who, int other)
{
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	struct tg_patches patches;

	take(r, other);
	for (size_t i = 0; i < r->n; i++) {
		if (r->parcels[i].told[who] || !r->parcels[i].told[other])
			continue;
		name_agent(r->parcels[i].who, agent);
		ck_assert_int_eq(tg_doc_add(r->doc[who], agent, r->parcels[i].first, r->parcels[i].parents,
				     r->parcels[i].parent_n, r->parcels[i].ops.data, r->parcels[i].ops.len,
				     r->parcels[i].text.len ? r->parcels[i].text.data : (const uint8_t *)"",
				     r->parcels[i].text.len),
		    TG_OK);
		r->parcels[i].told[who] = 1;
	}
	ck_assert_int_eq(tg_doc_poll(r->doc[who], &patches), TG_OK);
}

void
room_meet(struct room *r)
{
	for (int round = 0; round < 2; round++)
		for (int a = 0; a < r->people; a++)
			for (int b = r->people - 1; b >= 0; b--)
				if (a != b)
					room_hear(r, a, b);
}

void
room_draw(struct room *r, int who, const char *what)
{
	struct tg_drawing *fresh;
	struct drawn page = {0};
	struct tg_render render;
	const char *why;
	uint32_t n = tg_doc_view_length(r->doc[who], 0), at, flow, index;

	ck_assert_int_eq(tg_drawing_update(r->drawing[who], &render), TG_OK);
	why = drawn_apply(&r->page[who], &render);
	ck_assert_msg(why == NULL, "%s: %s", what, why);
	why = drawn_check(&r->page[who]);
	ck_assert_msg(why == NULL, "%s: %s", what, why);
	ck_assert_int_eq(tg_drawing_open(&fresh, r->doc[who], 0), TG_OK);
	ck_assert_int_eq(tg_drawing_update(fresh, &render), TG_OK);
	ck_assert_ptr_null(drawn_apply(&page, &render));
	ck_assert_msg(drawn_differs(&page, &r->page[who]) < 0, "%s: not as drawn afresh", what);
	for (uint32_t i = 0; i <= n; i += 1 + n / 7) {
		ck_assert_int_eq(tg_drawing_position(fresh, 0, i, &at), TG_OK);
		ck_assert_int_eq(tg_drawing_index(fresh, at, &flow, &index), TG_OK);
		ck_assert_msg(flow == 0 && index == i, "%s: position of gap %u", what, i);
	}
	tg_drawing_close(fresh);
	drawn_free(&page);
}

void
room_items(struct room *r, int who, struct tg_buf *out)
{
	struct tg_doc *doc = r->doc[who];

	for (uint32_t i = 0; i < tg_doc_view_length(doc, 0); i++) {
		struct tg_event_id id;
		const uint8_t *p;
		uint32_t format;
		size_t len;
		int kind;

		ck_assert_int_eq(tg_doc_item(doc, 0, i, &id, &kind, &format), TG_OK);
		tg_buf_put(out, &id, sizeof id);
		ck_assert_int_eq(tg_doc_format(doc, format, &p, &len), TG_OK);
		tg_buf_put(out, p, len);
		ck_assert_int_eq(tg_doc_text(doc, 0, i, 1, &p, &len), TG_OK);
		tg_buf_put(out, p, len);
	}
}

void
room_agrees(struct room *r, const char *what)
{
	static char first[8192], other[8192];
	struct tg_buf a = {0};

	for (int i = 0; i < r->people; i++) {
		struct tg_buf b = {0};

		room_draw(r, i, what);
		drawn_print(&r->page[i], i == 0 ? first : other, sizeof first);
		room_items(r, i, i == 0 ? &a : &b);
		if (i > 0) {
			ck_assert_msg(strcmp(first, other) == 0, "%s:\n%s\n%s", what, first, other);
			ck_assert_msg(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0),
			    "%s: other items, %s", what, first);
		}
		tg_buf_free(&b);
	}
	tg_buf_free(&a);
}

void
room_shows(struct room *r, const char *text)
{
	static char out[8192];

	room_agrees(r, text);
	drawn_print(&r->page[0], out, sizeof out);
	ck_assert_str_eq(out, text);
}
