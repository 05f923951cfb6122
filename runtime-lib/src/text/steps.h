/*
 * steps.h -- changes worked out over the items of MERGED, then made as own events there: how undo and restore
 * write.
 *
 * Each step counts in the result of those before it; inserted text is copied from an item that is or was
 * there.
 */
#ifndef TG_TEXT_STEPS_H
#define TG_TEXT_STEPS_H

#include "text/doc.h"

struct tg_steps {
	struct tg_step {
		struct tg_change change;
		uint32_t source; /* inserts: the item, and those behind it, that are put back */
	} * v;
	size_t n, cap;
	uint64_t events; /* of all steps, made or not */
};

/** tg_steps_add(s, change, source): One more. */
int tg_steps_add(struct tg_steps *s, const struct tg_change *change, uint32_t source)
    __attribute__((warn_unused_result));

/**
 * tg_steps_make(doc, s, made, ctx):
 * Make them events of the own agent, and forget them; MERGED must be PREPARED.  ${made} (may be NULL) hears
 * of every run of items that was put back.
 */
int tg_steps_make(struct tg_doc *doc, struct tg_steps *s,
    int (*made)(void *ctx, uint32_t lv, uint32_t source, uint32_t count), void *ctx)
    __attribute__((warn_unused_result));
void tg_steps_free(struct tg_steps *s);

/** tg_steps_birth(doc, format, birth): What of a format an item may be born with: the first keys. */
int tg_steps_birth(struct tg_doc *doc, uint32_t format, uint32_t *birth) __attribute__((warn_unused_result));

/** tg_steps_name(doc, lv, format): To a marker or atom that is put back, the name ${lv} that things hang on.
 */
int tg_steps_name(struct tg_doc *doc, uint32_t lv, uint32_t *format) __attribute__((warn_unused_result));

/** tg_steps_back(doc, s, change, source): Add steps that put back items; change->format is that of all. */
int tg_steps_back(struct tg_doc *doc, struct tg_steps *s, const struct tg_change *change, uint32_t source)
    __attribute__((warn_unused_result));

#endif
