/*
 * text_wasm.c -- what bench_text.c does, as a WASM module: text.mjs calls it in Node and holds the watch.
 *
 * Pointers are offsets into the exported memory; every function is one unit of work to be timed, but the
 * first three and bench_same.
 */
#include <stdlib.h>
#include <string.h>

#include <toygrid/status.h>

#include "hostile.h"
#include "random.h"
#include "trace.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

static struct trace_file file;
static struct tg_doc *doc;

void *EXPORT(bench_alloc)(uint32_t len);
int EXPORT(bench_trace)(uint8_t *data, uint32_t len);
int EXPORT(bench_one_author)(void);
int EXPORT(bench_merge)(int planned);
int EXPORT(bench_type)(void);
int EXPORT(bench_hostile)(int which);
int EXPORT(bench_same)(void);
int EXPORT(bench_save)(void);
int EXPORT(bench_open)(void);
int EXPORT(bench_load)(void);
void EXPORT(bench_close)(void);

void *
bench_alloc(uint32_t len)
{
	wasm_random_install();
	return malloc(len);
}

/* Take over a trace file's bytes. */
int
bench_trace(uint8_t *data, uint32_t len)
{
	trace_close(&file);
	return trace_parse(data, len, &file);
}

int
bench_one_author(void)
{
	const struct trace_case *c = &file.cases[0];

	for (size_t k = 1; k < c->n; k++)
		if (memcmp(c->bundles[k].agent, c->bundles[0].agent, TG_TEXT_AGENT_BYTES) != 0)
			return 0;
	return 1;
}

/* Merge the whole trace into an empty document, until it can be read. */
int
bench_merge(int planned)
{
	int rc = tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX);

	if (rc == TG_OK && planned)
		rc = tg_doc_load_begin(doc);
	if (rc == TG_OK)
		rc = trace_add(doc, &file.cases[0]);
	return rc == TG_OK ? tg_doc_load_end(doc) : rc;
}

/* Type it, edit by edit; bundles are taken every 100. */
int
bench_type(void)
{
	int rc = tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX);

	return rc == TG_OK ? trace_type(doc, &file.cases[0], NULL) : rc;
}

int
bench_hostile(int which)
{
	int rc = tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX);

	return rc == TG_OK ? hostile_run(doc, which) : rc;
}

static uint8_t *saved;
static size_t saved_len;

/* Save the document, and keep it for the next two: the bytes, or less than 0. */
int
bench_save(void)
{
	const uint8_t *data;
	int rc = tg_doc_save(doc, &data, &saved_len);

	if (rc != TG_OK)
		return -rc;
	free(saved);
	if ((saved = malloc(saved_len)) == NULL)
		return -TG_ENOMEM;
	memcpy(saved, data, saved_len);
	return (int)saved_len;
}

/* Open what was saved, to its text; then read its history. */
int
bench_open(void)
{
	const uint8_t *text;
	size_t len;
	int rc = tg_doc_open_saved(&doc, saved, saved_len);

	return rc == TG_OK ? tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len) : rc;
}

int
bench_load(void)
{
	return tg_doc_load_history(doc);
}

/* Is the text what the trace says? */
int
bench_same(void)
{
	const struct trace_case *c = &file.cases[0];
	const uint8_t *text;
	size_t len;

	return tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len) == TG_OK && len == c->end_len &&
	       memcmp(text, c->end, len) == 0;
}

void
bench_close(void)
{
	tg_doc_close(doc);
	doc = NULL;
}
