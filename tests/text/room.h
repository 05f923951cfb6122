/*
 * room.h -- a few people with a document and a page each, in one room: what each does, when they hear of each
 * other, and what all pages must then show.  For blocks, tables and comments.
 */
#ifndef TG_TESTS_TEXT_ROOM_H
#define TG_TESTS_TEXT_ROOM_H

#include <toygrid/render.h>
#include <toygrid/text.h>

#include "base/buf.h"
#include "text/drawn.h"

#define ROOM_PEOPLE  3
#define ROOM_PARCELS 64

enum {
	ANN,
	BEN,
	CLEO,
};

struct room {
	int people;
	struct tg_doc *doc[ROOM_PEOPLE];
	struct tg_drawing *drawing[ROOM_PEOPLE];
	struct drawn page[ROOM_PEOPLE];
	struct {
		int who;
		uint64_t first;
		struct tg_event_id parents[ROOM_PEOPLE];
		size_t parent_n;
		struct tg_buf ops, text;
		uint8_t told[ROOM_PEOPLE];
	} parcels[ROOM_PARCELS];
	size_t n;
	uint64_t last_first[ROOM_PEOPLE], last_count[ROOM_PEOPLE]; /* the last edit's events */
};

/** room_open(r, people), room_close(r) */
void room_open(struct room *r, int people);
void room_close(struct room *r);

/*
 * Edits of ${who}'s view.  A flow is "" (the body), "object/slot" or "table/row/column", objects being
 * strings. Attributes are "key=value key=value"; a value is true, a number or a word.
 */
void room_type(struct room *r, int who, const char *flow, uint32_t at, const char *text, const char *attrs);
void room_block(struct room *r, int who, const char *flow, uint32_t at, const char *attrs);
void room_atom(struct room *r, int who, const char *flow, uint32_t at, const char *attrs);
void room_delete(struct room *r, int who, const char *flow, uint32_t at, uint32_t count);
void room_mark(struct room *r, int who, const char *flow, uint32_t from, uint32_t to, const char *key,
    const char *value);
void room_set(struct room *r, int who, const char *object, const char *key, const char *value);

/** room_undo(r, who): The last edit of ${who}. */
void room_undo(struct room *r, int who);

/** room_flow(r, who, flow): The number of a flow. */
uint32_t room_flow(struct room *r, int who, const char *flow);

/** room_hear(r, who, other): ${who} gets all that ${other} has made and heard; room_meet(r): everybody. */
void room_hear(struct room *r, int who, int other);
void room_meet(struct room *r);

/** room_draw(r, who): Bring the page up to date and check it: schema, positions, a fresh drawing. */
void room_draw(struct room *r, int who, const char *what);

/** room_shows(r, text): Everybody has the same items and the same page, printed as drawn_print does. */
void room_shows(struct room *r, const char *text);

/** room_agrees(r, what): The same without saying which; ${what} names the case. */
void room_agrees(struct room *r, const char *what);

/** room_items(r, who, out): The body's items with their formats, as bytes that two may compare. */
void room_items(struct room *r, int who, struct tg_buf *out);

#endif
