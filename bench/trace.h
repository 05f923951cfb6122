/*
 * trace.h -- published editing traces as bundles, for benchmarks and for tests against the published results.
 *
 * A trace file (made by traces/convert.mjs) is little-endian u32 numbers and length-prefixed UTF-8:
 *
 *     "TGT1"  case count, then per case:
 *        txn count, then per txn:
 *           agent  order  parent count  { txn, event }*  patch count  { pos, del, length, text }*
 *        length, the text that must come out
 *
 * A patch removes ${del} characters at ${pos}, then inserts its text there.  A parent is one event of an
 * earlier transaction (one event per removed and per inserted character), 0xffffffff its last.  order is 0
 * when an agent's transactions follow one another, else the transaction gets an agent of its own, ordered by
 * (agent, order).
 *
 * The encoder here is written from docs/protocol.md 6.1 and shares no code with the library's.
 */
#ifndef TG_BENCH_TRACE_H
#define TG_BENCH_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include <toygrid/text.h>

struct trace_bundle {
	uint8_t agent[TG_TEXT_AGENT_BYTES];
	uint64_t first_seq;
	struct tg_event_id *parents;
	size_t parent_count;
	uint8_t *ops, *text;
	size_t ops_len, text_len;
};

struct trace_patch {
	uint32_t pos, del;
	const uint8_t *text; /* borrowed from the file */
	uint32_t text_len;
};

struct trace_case {
	struct trace_bundle *bundles;
	size_t n, cap;
	struct trace_patch *patches; /* of all transactions, in order */
	size_t patch_n, patch_cap;
	uint64_t events;
	const uint8_t *end; /* borrowed from the file */
	size_t end_len;
};

struct trace_file {
	uint8_t *data;
	size_t len;
	struct trace_case *cases;
	size_t n;
};

/** trace_parse(data, len, file): The same from memory; takes ownership of ${data}, which malloc() gave. */
int trace_parse(uint8_t *data, size_t len, struct trace_file *file);

/** trace_open(path, file), trace_close(file): 0, or -1 with a message on stderr.  Memory failures abort. */
int trace_open(const char *path, struct trace_file *file);
void trace_close(struct trace_file *file);

/** trace_add(doc, c): Add all bundles of a case; the first status that is not TG_OK. */
int trace_add(struct tg_doc *doc, const struct trace_case *c);

/**
 * trace_type(doc, c, bytes):
 * Type the patches of a case, one edit at a time, and take bundles every 100; *${bytes} of them (or NULL).
 * The first status that is not TG_OK.
 */
int trace_type(struct tg_doc *doc, const struct trace_case *c, size_t *bytes);

#endif
