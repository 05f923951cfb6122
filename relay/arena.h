/*
 * arena.h -- address space for the receive buffers that libwebsockets wants per connection.
 *
 * lws reads at most rx_buffer_size bytes at a time, so it must be large to be fast; but of the buffer of that
 * size that each connection gets, only control frames with a payload ever write a byte (speed.md).  So each
 * buffer is a slot of a mapping without memory behind it: 64 KiB of address space, and no page until touched.
 */
#ifndef TG_RELAY_ARENA_H
#define TG_RELAY_ARENA_H

#include <stddef.h>

/**
 * tg_arena_install(slots, slot_bytes):
 * Make libwebsockets take its "rx_ubuf" allocations of up to ${slot_bytes} from ${slots} slots, and
 * everything else from malloc.  Call once, before any lws context.  0, or -1 when the address space cannot be
 * had.
 */
int tg_arena_install(size_t slots, size_t slot_bytes);

#endif
