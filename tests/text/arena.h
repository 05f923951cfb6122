/*
 * arena.h -- the core's allocator for the model check: everything in one block that can be put back.
 *
 * A search through all histories adds an event, looks, and takes it back, some hundred million times.  The
 * document cannot take anything back; but when all it has allocated lies in one block, a copy of the block is
 * a copy of the document, and putting the copy back is a branch not taken.
 *
 * The program is linked so that the runtime's allocator is this one.  Nothing is freed.
 */
#ifndef TG_TESTS_TEXT_ARENA_H
#define TG_TESTS_TEXT_ARENA_H

#include <stddef.h>
#include <stdint.h>

#define ARENA_BYTES (256u << 10)

struct arena_copy {
	size_t used;
	uint8_t bytes[ARENA_BYTES];
};

/** arena_reset(): Forget everything allocated. */
void arena_reset(void);

/** arena_save(to), arena_restore(from): Copy what is allocated; make it so again, at the same addresses. */
void arena_save(struct arena_copy *to);
void arena_restore(const struct arena_copy *from);

/** arena_used(): Bytes. */
size_t arena_used(void);

#endif
