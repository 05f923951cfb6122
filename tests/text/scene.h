/*
 * scene.h -- named situations: a few people, what each does, who hears of whom, and what all must then see.
 *
 * A scene is judged by everything there is: both oracles, and the core in many ways of getting the same
 * events (agree_all_ways), which all must show the text given.
 */
#ifndef TG_TESTS_TEXT_SCENE_H
#define TG_TESTS_TEXT_SCENE_H

#include "text/past.h"

enum {
	ALICE,
	BOB,
	CAROL,
	DAVE,
};

enum { /* keys, as in past_keys */
	BOLD,
	COMMENT,
	ITALIC,
	LINK,
	PLAIN = -1,
};

struct scene {
	struct past past;
	struct past_set version[PAST_AGENTS];
	int fugue;
};

/** scene_open(s), scene_text(s, text): Nobody wrote anything; or everybody holds what Alice wrote. */
void scene_open(struct scene *s);
void scene_text(struct scene *s, const char *text);

/** scene_insert(s, who, at, text, key): Type ASCII; born with key := 1 unless PLAIN; '#' is a marker, '@' an
 * atom. */
void scene_insert(struct scene *s, int who, uint32_t at, const char *text, int key);

/** scene_delete(s, who, from, count): Delete items, the first first; scene_erase: the last first. */
void scene_delete(struct scene *s, int who, uint32_t from, uint32_t count);
void scene_erase(struct scene *s, int who, uint32_t from, uint32_t count);

/** scene_mark(s, who, from, to, key, value): value 0 takes it away. */
void scene_mark(struct scene *s, int who, uint32_t from, uint32_t to, int key, int value);

/** scene_hear(s, who, other): ${who} gets all that ${other} has; scene_meet: everybody gets everything. */
void scene_hear(struct scene *s, int who, int other);
void scene_meet(struct scene *s);

/**
 * scene_shows(s, text):
 * Fail unless everybody who got everything sees ${text}: bold between < and >, italic between { and }, links
 * between [ and ], comments between ( and ), a value of 2 as if the sign were twice; # markers, @ atoms.
 */
void scene_shows(const struct scene *s, const char *text);

/**
 * agree_all_ways(h, fugue, shown, name):
 * Fail, naming ${name}, unless the oracles and the core agree about ${h}, however the core gets it: event by
 * event, in bundles as long as can be or cut anywhere, in random topological orders, planned, offered too
 * early or twice, polled in between or not.
 */
struct past_shown;
void agree_all_ways(const struct past *h, int fugue, struct past_shown *shown, const char *name);

#endif
