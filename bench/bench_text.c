/*
 * bench_text.c -- how long the document core takes for published traces.
 *
 *     bench_text trace.bin ...        (files made by trace2bin.mjs)
 *
 * Per trace: merging all its bundles into an empty document, decoding included, until the text can be read
 * (once planned over everything, once bundle by bundle), polling the result, and, for traces by one author,
 * typing it through the public API with a bundle taken every 100 edits.  Best and median of several runs, in
 * ms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <toygrid/status.h>

#include "trace.h"

#define RUNS 9

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *what, double *ms, const char *extra)
{
	qsort(ms, RUNS, sizeof *ms, by_value);
	printf("  %-22s best %8.2f ms  median %8.2f ms%s\n", what, ms[0], ms[RUNS / 2], extra);
}

static struct tg_doc *
open_doc(void)
{
	struct tg_doc *doc;

	if (tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK)
		abort();
	return doc;
}

static const char *
verdict(struct tg_doc *doc, const struct trace_case *c)
{
	const uint8_t *text;
	size_t len;

	if (tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len) != TG_OK)
		abort();
	return len == c->end_len && memcmp(text, c->end, len) == 0 ? "  text as published" : "  text differs";
}

static void
merge(const struct trace_case *c, int planned)
{
	double ms[RUNS], poll[RUNS];
	const char *extra = "";

	for (int i = 0; i < RUNS; i++) {
		struct tg_doc *doc = open_doc();
		struct tg_patches patches;
		double start = now_ms();
		int rc;

		if (planned && tg_doc_load_begin(doc) != TG_OK)
			abort();
		rc = trace_add(doc, c);
		if (rc == TG_OK && planned)
			rc = tg_doc_load_end(doc);
		ms[i] = now_ms() - start;
		if (rc != TG_OK) {
			printf("  %s\n", tg_status_name(rc));
			exit(1);
		}
		start = now_ms();
		if (tg_doc_poll(doc, &patches) != TG_OK)
			abort();
		poll[i] = now_ms() - start;
		extra = verdict(doc, c);
		tg_doc_close(doc);
	}
	report(planned ? "merge, planned" : "merge, as they come", ms, extra);
	if (planned)
		report("poll of everything", poll, "");
}

static void
type(const struct trace_case *c)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	double ms[RUNS];
	char extra[100];
	size_t bytes = 0, bundles = 0;
	const char *text = "";

	for (int i = 0; i < RUNS; i++) {
		struct tg_doc *doc = open_doc();
		struct tg_bundle b;
		double start = now_ms();
		size_t edits = 0;

		bytes = bundles = 0;
		if (tg_doc_set_agent(doc, agent) != TG_OK)
			abort();
		for (size_t k = 0; k < c->patch_n; k++) {
			const struct trace_patch *p = &c->patches[k];
			struct tg_edit e = {0};

			e.index = p->pos;
			if (p->del > 0) {
				e.kind = TG_EDIT_DELETE;
				e.count = p->del;
				if (tg_doc_edit(doc, &e, 1, NULL, NULL) != TG_OK)
					abort();
			}
			if (p->text_len > 0) {
				e.kind = TG_EDIT_INSERT;
				e.text = p->text;
				e.text_len = p->text_len;
				if (tg_doc_edit(doc, &e, 1, NULL, NULL) != TG_OK)
					abort();
			}
			if (++edits % 100 != 0 && k + 1 < c->patch_n)
				continue;
			while (tg_doc_take(doc, &b) == TG_OK) {
				bytes += b.ops_len + b.text_len;
				bundles++;
			}
		}
		ms[i] = now_ms() - start;
		text = verdict(doc, c);
		tg_doc_close(doc);
	}
	snprintf(extra, sizeof extra, "%s, %zu bundles, %zu bytes, %.0f ns per edit", text, bundles, bytes,
	    ms[0] * 1e6 / (double)c->patch_n);
	report("typing, one by one", ms, extra);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct trace_file file;
		int linear = 1;

		if (trace_open(argv[i], &file) != 0)
			return 1;
		for (size_t k = 1; k < file.cases[0].n; k++)
			linear &= memcmp(file.cases[0].bundles[k].agent, file.cases[0].bundles[0].agent,
				      TG_TEXT_AGENT_BYTES) == 0;
		printf("%s: %llu events, %zu patches, %zu bundles\n", argv[i],
		    (unsigned long long)file.cases[0].events, file.cases[0].patch_n, file.cases[0].n);
		merge(&file.cases[0], 1);
		merge(&file.cases[0], 0);
		if (linear)
			type(&file.cases[0]);
		trace_close(&file);
	}
	return 0;
}
