/*
 * vectors.h -- golden bytes of keys, records, logs, chunks and documents, computed from fixed seeds.
 *
 * Each function appends the text that the file beside it must hold (access.txt, log.txt, chunk.txt,
 * text.txt), so one program compares or prints, natively or in WASM: nothing here needs more than the core
 * and memory.  A line is a name and space-separated values: hex bytes ("-" when empty), decimal numbers, or
 * text; "#" begins a comment that says which.
 */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include "base/buf.h"

void vectors_access(struct tg_buf *out);
void vectors_log(struct tg_buf *out);
void vectors_chunk(struct tg_buf *out);
void vectors_text(struct tg_buf *out);

#endif
