/*
 * heap.h -- the module's allocator, in place of the C library's, which is several times as much code.
 *
 * Blocks lie side by side from the heap's start to its end, so a freed block joins free neighbours and no two
 * free blocks touch.  Free blocks hang in lists by size, four lists a doubling, and a request takes a block
 * from the first list all of whose blocks are large enough: constant time, save for copying.
 *
 * Waste: a block in use costs its bytes, rounded up to a multiple of 8, and a header of 8 bytes (at least 16
 * in all).  A request may pass over a free block that would have fitted, but by less than a quarter of its
 * size: the heap grows only when no free block is at least 5/4 of what was asked for.  Memory is never handed
 * back, because WebAssembly cannot; it is used again.
 *
 * Pointers are aligned to 8 bytes, which is enough for every type that the runtime allocates.  Sizes are in
 * bytes.  One heap, one thread.  A write before or behind a block is not noticed: the native tests run under
 * sanitizers, on the C library's own allocator.
 */
#ifndef TG_WASM_HEAP_H
#define TG_WASM_HEAP_H

#include <stddef.h>

#define HEAP_MAX_BYTES (256u << 20) /* a request over this fails at once: the memory has no more */

/** heap_alloc(size): ${size} bytes, or NULL without memory.  0 bytes are a block too. */
void *heap_alloc(size_t size);

/** heap_resize(ptr, size): As realloc: in place when the block behind is free and large enough.  On failure
 * NULL and ${ptr} stays valid; ${ptr} may be NULL. */
void *heap_resize(void *ptr, size_t size);

/** heap_free(ptr): Release ${ptr}, which heap_alloc or heap_resize returned; NULL does nothing. */
void heap_free(void *ptr);

/**
 * heap_more(size, got):
 * Supplied by the user of the heap: at least ${size} bytes of memory that begin where the last ones ended
 * (the first ones anywhere aligned to 8); *${got} is how many, a multiple of 8.  NULL when there are no more.
 */
void *heap_more(size_t size, size_t *got);

#endif
