/*
 * drawn.h -- what a page would show: the steps of a drawing applied to a list of tokens, and the schema of
 * render.h as a parser of such a list.
 */
#ifndef TG_TESTS_TEXT_DRAWN_H
#define TG_TESTS_TEXT_DRAWN_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/render.h>

struct drawn_token {
	uint8_t op, node;
	uint32_t format;
	uint32_t flow, a, b;
	uint32_t unit; /* of text: the UTF-16 unit */
};

struct drawn {
	struct drawn_token *v;
	size_t n, cap;
};

/** drawn_apply(page, render): Apply all steps.  NULL, or what is wrong with them. */
const char *drawn_apply(struct drawn *page, const struct tg_render *render);

/** drawn_check(page): NULL, or how it is no document of the schema. */
const char *drawn_check(const struct drawn *page);

/** drawn_differs(a, b): The first token in which they differ, or -1. */
long drawn_differs(const struct drawn *a, const struct drawn *b);

/** drawn_print(page, out, cap): As a short text: p(hello) ul(li(p(x))). */
void drawn_print(const struct drawn *page, char *out, size_t cap);

void drawn_free(struct drawn *page);

#endif
