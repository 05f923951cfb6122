/*
 * vectors.h -- golden bytes of keys, records, frames, messages, logs, chunks and text, computed from fixed
 * seeds.
 *
 * Each function appends the text that the file beside it must hold (access.txt, log.txt ...), so one table
 * serves the native comparison, printing, and the module for Node and browsers (wasm.c): nothing here needs
 * more than the core and memory.  A line is a name and space-separated values: hex bytes ("-" when empty),
 * decimal numbers, or text; "#" begins a comment that says which.
 */
#ifndef TESTS_VECTORS_VECTORS_H
#define TESTS_VECTORS_VECTORS_H

#include <toygrid/bytes.h>

#include "base/buf.h"

#define VECTORS_FILES 9

/* ${file} is what the golden file holds; only frames looks at it: for bytes to refuse, which nobody encodes.
 */
extern const struct vectors_file {
	const char *name; /* without .txt */
	void (*compute)(struct tg_bytes file, struct tg_buf *out);
} vectors_files[VECTORS_FILES];

void vectors_access(struct tg_bytes file, struct tg_buf *out);
void vectors_chunk(struct tg_bytes file, struct tg_buf *out);
void vectors_frames(struct tg_bytes file, struct tg_buf *out);
void vectors_graphs(struct tg_bytes file, struct tg_buf *out);
void vectors_log(struct tg_bytes file, struct tg_buf *out);
void vectors_refusals(struct tg_bytes file, struct tg_buf *out);
void vectors_saved(struct tg_bytes file, struct tg_buf *out);
void vectors_sync(struct tg_bytes file, struct tg_buf *out);
void vectors_text(struct tg_bytes file, struct tg_buf *out);

/** vectors_documents(visit, out): Call visit(out, number, doc) for each document of text.txt. */
struct tg_doc;
void vectors_documents(
    void (*visit)(struct tg_buf *out, uint32_t number, struct tg_doc *doc), struct tg_buf *out);

#endif
