#include <stdio.h>
#include <string.h>

#include <check.h>

#include "text/scene.h"

void
scene_open(struct scene *s)
{
	memset(s, 0, sizeof *s);
}

void
scene_text(struct scene *s, const char *text)
{
	scene_open(s);
	scene_insert(s, ALICE, 0, text, PLAIN);
	scene_meet(s);
}

static void
add(struct scene *s, int who, enum past_kind kind, uint32_t pos, struct past_event *e)
{
	e->agent = who;
	e->kind = kind;
	e->pos = pos;
	if (kind != PAST_MARK)
		e->count = 1;
	past_add(&s->past, &s->version[who], e);
}

void
scene_insert(struct scene *s, int who, uint32_t at, const char *text, int key)
{
	for (; *text != '\0'; text++) {
		struct past_event e = {0};

		e.item = *text == '#' ? TG_TEXT_BLOCK : *text == '@' ? TG_TEXT_ATOM : TG_TEXT_CHAR;
		e.scalar = e.item == TG_TEXT_CHAR ? (uint8_t)*text : 0;
		if (key != PLAIN)
			e.birth[key] = 1;
		add(s, who, PAST_INSERT, at++, &e);
	}
}

void
scene_delete(struct scene *s, int who, uint32_t from, uint32_t count)
{
	while (count-- > 0) {
		struct past_event e = {0};

		add(s, who, PAST_DELETE, from, &e);
	}
}

void
scene_erase(struct scene *s, int who, uint32_t from, uint32_t count)
{
	while (count-- > 0) {
		struct past_event e = {0};

		add(s, who, PAST_DELETE, from + count, &e);
	}
}

void
scene_mark(struct scene *s, int who, uint32_t from, uint32_t to, int key, int value)
{
	struct past_event e = {0};

	e.count = to - from;
	e.key = key;
	e.value = value;
	add(s, who, PAST_MARK, from, &e);
}

void
scene_hear(struct scene *s, int who, int other)
{
	for (size_t i = 0; i < sizeof s->version[0].w / sizeof *s->version[0].w; i++)
		s->version[who].w[i] |= s->version[other].w[i];
}

void
scene_meet(struct scene *s)
{
	for (int who = 0; who < PAST_AGENTS; who++)
		for (int e = 0; e < s->past.n; e++)
			past_put(&s->version[who], e);
}

static size_t
put_signs(char *out, const int *from, const int *to, const char *signs)
{
	size_t n = 0;

	for (int k = 0; k < PAST_KEYS; k++)
		for (int i = from[k] == to[k] ? 0 : from[k]; i > 0 && to[k] != from[k]; i--)
			out[n++] = signs[k];
	return n;
}

static void
draw(const struct past_shown *shown, char *out)
{
	static const int none[PAST_KEYS];
	const int *last = none;
	size_t n = 0;

	for (int i = 0; i <= shown->n; i++) {
		const int *value = i < shown->n ? shown->items[i].value : none;

		n += put_signs(out + n, last, value, ">)}]");
		n += put_signs(out + n, value, last, "<({[");
		if (i < shown->n)
			out[n++] = shown->items[i].kind == TG_TEXT_BLOCK  ? '#'
				   : shown->items[i].kind == TG_TEXT_ATOM ? '@'
									  : (char)shown->items[i].scalar;
		last = value;
	}
	out[n] = '\0';
}

void
scene_shows(const struct scene *s, const char *text)
{
	static struct past_shown shown;
	static char drawn[PAST_EVENTS * 20];

	agree_all_ways(&s->past, s->fugue, &shown, text);
	draw(&shown, drawn);
	ck_assert_msg(strcmp(drawn, text) == 0, "shows %s, should be %s", drawn, text);
}
