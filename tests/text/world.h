/*
 * world.h -- some people, each with a document and a page, and the bundles between them; all from one seed.
 *
 * The world records every edit as events of the oracle, with the version it was made in, and keeps for each
 * person a mirror: what a page shows that draws its own edits at once and everything else from patches.
 */
#ifndef TG_TESTS_TEXT_WORLD_H
#define TG_TESTS_TEXT_WORLD_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/text.h>

#include "text/oracle.h"

#define WORLD_PEOPLE  5
#define WORLD_BUNDLES 1024
#define WORLD_ITEMS   4096

struct world_item {
	int kind;
	uint32_t scalar;
	int value[ORACLE_KEYS];
};

struct world_bundle {
	int agent;
	uint64_t first_seq, count;
	struct tg_event_id *parents;
	size_t parent_n;
	uint8_t *ops, *text;
	size_t ops_len, text_len;
};

struct world_person {
	struct tg_doc *doc;
	struct world_item mirror[WORLD_ITEMS];
	size_t mirror_n;
	int registers[ORACLE_KEYS]; /* as the page has them */
	uint8_t has[WORLD_BUNDLES]; /* bundles in doc */
};

struct world {
	uint64_t random;
	unsigned long seed;
	int order, people;
	int plain; /* percent of edits that are not marks or markers */
	struct world_person person[WORLD_PEOPLE];
	struct world_bundle bundles[WORLD_BUNDLES];
	size_t bundle_n;
	struct oracle *oracle;
	int event_of[WORLD_PEOPLE][ORACLE_EVENTS]; /* [agent][seq] -> oracle event */
};

uint32_t world_random(struct world *w, uint32_t below);
void world_open(struct world *w, unsigned long seed, int order, int people);
void world_close(struct world *w);
void world_agent(int who, uint8_t agent[TG_TEXT_AGENT_BYTES]);

/** world_edit(w, who): One random batch of edits in who's view.  Returns 0 when the oracle is full. */
int world_edit(struct world *w, int who);

/** world_do(w, who, kind, pos, to, key, value, text): One given edit. */
void world_do(
    struct world *w, int who, int kind, uint32_t pos, uint32_t to, int key, int value, const char *text);

/** world_take(w, who): Put who's new bundles among the world's. */
void world_take(struct world *w, int who);

/** world_record_undo(w, who, first, count, version, version_n): Record what an undo made in ${version}, by
 * decoding the bundles taken. */
void world_record_undo(struct world *w, int who, uint64_t first, uint64_t count,
    const struct tg_event_id *version, size_t version_n);

/** world_add(doc, b): Add a bundle to some document. */
int world_add(struct tg_doc *doc, const struct world_bundle *b);

/** world_deliver(w, who): Offer who one random bundle not yet there; checks what a refusal must leave alone.
 */
void world_deliver(struct world *w, int who);

/** world_poll(w, who): Poll and draw. */
void world_poll(struct world *w, int who);
void world_draw(struct world *w, int who, const struct tg_patches *p);

/** world_settle(w): Take, deliver and poll until everybody has everything. */
void world_settle(struct world *w);

/** world_live(w, steps): Some people edit, flush, receive and poll at random. */
void world_live(struct world *w, int steps);

/** world_version(w, ids, n, set): The ancestors of a version. */
void world_version(struct world *w, const struct tg_event_id *ids, size_t n, struct oracle_set *set);

/** world_check_mirror(w, who): The page shows what the oracle says about the view's version. */
void world_check_mirror(struct world *w, int who);

/** world_read_format(doc, id, value): The world's keys of a format. */
void world_read_format(struct tg_doc *doc, uint32_t id, int *value);

/** world_read_scalar(p): The character at *${p}, which moves behind it. */
uint32_t world_read_scalar(const uint8_t **p);

/** world_check_doc(w, doc): The document is what the oracle says about its version, and sound inside. */
void world_check_doc(struct world *w, struct tg_doc *doc);

/** world_check_all(w): Every document and every page. */
void world_check_all(struct world *w);

#endif
