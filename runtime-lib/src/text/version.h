/*
 * version.h -- one version of the document, looked at: which events are in it, and how its items look.
 *
 * The walker's items hold every item ever inserted and every mark that ever covered one.  What a version
 * shows is a choice among them: items by their sp once the version is PREPARED, formats by leaving out the
 * marks that the version lacks.
 */
#ifndef TG_TEXT_VERSION_H
#define TG_TEXT_VERSION_H

#include "text/doc.h"

struct tg_version {
	uint32_t flow; /* entered by tg_version_prepare(); the body unless set */
	struct tg_lvs frontier;
	struct tg_spans events; /* all of them, the newest first */
	/* Formats found so far, by state: + 1; states are numbered anew when the walker starts afresh. */
	uint32_t *formats;
	size_t format_n, format_cap;
	/* Scratch: the winner per key of one chain. */
	struct tg_pair *best; /* key, index in marks */
	size_t best_cap;
	uint32_t *slot; /* by pool id: index in best + 1, of this chain when best agrees */
	size_t slot_n, slot_cap;
};

/** tg_version_open(doc, v, ids, n): Find and sort the events.  TG_OK, TG_EPARENT, TG_ENOMEM; free it always.
 */
int tg_version_open(struct tg_doc *doc, struct tg_version *v, const struct tg_event_id *ids, size_t n)
    __attribute__((warn_unused_result));
void tg_version_free(struct tg_version *v);

/** tg_version_has(v, lv): Is this event in it? */
int tg_version_has(const struct tg_version *v, uint32_t lv);

/** tg_version_format(doc, v, state, format): The format that an item of it in ${state} has there. */
int tg_version_format(struct tg_doc *doc, struct tg_version *v, uint32_t state, uint32_t *format)
    __attribute__((warn_unused_result));

/**
 * tg_version_choose(doc, v, states, state_n, counts, ctx, format):
 * The format of an item with all the marks in the chains of states[0 .. state_n) for which counts(ctx,
 * event), born as states[0] says.  Of ${v} only the scratch is used.
 */
int tg_version_choose(struct tg_doc *doc, struct tg_version *v, const uint32_t *states, size_t state_n,
    int (*counts)(const void *ctx, uint32_t lv), const void *ctx, uint32_t *format)
    __attribute__((warn_unused_result));

/** tg_version_set(doc, v, reg): The set that decides a register there, or TG_LV_NONE. */
uint32_t tg_version_set(const struct tg_doc *doc, const struct tg_version *v, const struct tg_register *reg);

/** tg_version_put_set(doc, reg, value, out): Write msgpack [object, key, value]. */
void tg_version_put_set(
    const struct tg_doc *doc, const struct tg_register *reg, uint32_t value, struct tg_buf *out);

/** tg_version_prepare(doc, v): Make it PREPARED: items with sp == 1 are then what it shows. */
int tg_version_prepare(struct tg_doc *doc, const struct tg_version *v) __attribute__((warn_unused_result));

/** tg_version_author(doc, lv, count, by): The run of one agent's events at ${lv}, at most *${count} long. */
void tg_version_author(const struct tg_doc *doc, uint32_t lv, uint32_t *count, struct tg_event_range *by);

#endif
