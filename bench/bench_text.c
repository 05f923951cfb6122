/*
 * bench_text.c -- how long the document core takes for editing traces.
 *
 *     bench_text trace ...        (files made by traces/convert.mjs; text.mjs does all of it)
 *
 * Per trace: merging all its bundles into an empty document, decoding included, until the text can be read
 * (once planned over everything, once bundle by bundle); the first poll; and, for traces by one author,
 * typing it through the public API with bundles taken every 100 edits; and at rest: bytes, saving, opening to
 * the text, reading the history.  Medians of RUNS runs, in ms of CPU
 * time: one thread, no I/O, so on an idle machine that is the time by the clock, and on a busy one it is less
 * noisy.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <toygrid/status.h>

#include "hostile.h"
#include "row.h"
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

/* Promised natively, on a machine where Yjs 13.6 takes 156, 115 and 116 ms for these. */
static const struct {
	const char *trace;
	double ms;
} bars[] = {{"S3", 1.7}, {"A2", 11}, {"clownschool x25", 25}};

static void
report(const char *trace, const char *what, double *ms)
{
	char name[200];

	qsort(ms, RUNS, sizeof *ms, by_value);
	snprintf(name, sizeof name, "text: %s, %s", what, trace);
	for (size_t i = 0; strcmp(what, "merge all") == 0 && i < sizeof bars / sizeof *bars; i++)
		if (strcmp(trace, bars[i].trace) == 0) {
			bench_row_max(name, ms[RUNS / 2], "ms", bars[i].ms);
			return;
		}
	bench_row(name, ms[RUNS / 2], "ms");
}

static struct tg_doc *
open_doc(void)
{
	struct tg_doc *doc;

	if (tg_doc_open(&doc, TG_TEXT_ORDER_FUGUEMAX) != TG_OK)
		abort();
	return doc;
}

/* Does the document read as the trace says it ends? */
static int
as_published(struct tg_doc *doc, const struct trace_case *c)
{
	const uint8_t *text;
	size_t len;

	if (tg_doc_text(doc, 0, 0, tg_doc_length(doc, 0), &text, &len) != TG_OK)
		abort();
	return len == c->end_len && memcmp(text, c->end, len) == 0;
}

static void
merge(const char *trace, const struct trace_case *c, int planned)
{
	double ms[RUNS], poll[RUNS];
	int same = 1;

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
			fprintf(stderr, "%s: %s\n", trace, tg_status_name(rc));
			exit(1);
		}
		start = now_ms();
		if (tg_doc_poll(doc, &patches) != TG_OK)
			abort();
		poll[i] = now_ms() - start;
		same = as_published(doc, c);
		tg_doc_close(doc);
	}
	report(trace, planned ? "merge all" : "merge bundle by bundle", ms);
	if (planned)
		report(trace, "first poll", poll);
	if (!same) /* ties between concurrent inserts depend on who the agents are, and traces do not say */
		fprintf(stderr, "%s: the text is not the published one\n", trace);
}

/* diamond-types' published file for the trace, in bytes (josephg/egwalker-paper); the bar is three quarters.
 */
static const struct {
	const char *trace;
	double bytes;
} published[] = {{"automerge-paper", 106247}, {"seph-blog1", 157793}, {"clownschool", 47263}, {"A2", 318046},
    {"S3", 729169}};

#define OPEN_BAR_MS 0.2 /* automerge-paper, to its text */

static void
report_bytes(const char *trace, size_t bytes)
{
	char name[200];

	snprintf(name, sizeof name, "text: bytes at rest, %s", trace);
	for (size_t i = 0; i < sizeof published / sizeof *published; i++)
		if (strcmp(trace, published[i].trace) == 0) {
			bench_row_max(name, (double)bytes, "bytes", 0.75 * published[i].bytes);
			return;
		}
	bench_row(name, (double)bytes, "bytes");
}

static void
at_rest(const char *trace, const struct trace_case *c)
{
	double save[RUNS], open[RUNS], load[RUNS];
	struct tg_doc *doc = open_doc();
	const uint8_t *data, *text;
	char name[200];
	size_t len, text_len;

	if (tg_doc_load_begin(doc) != TG_OK || trace_add(doc, c) != TG_OK || tg_doc_load_end(doc) != TG_OK)
		abort();
	for (int i = 0; i < RUNS; i++) {
		double start = now_ms();

		if (tg_doc_save(doc, &data, &len) != TG_OK)
			abort();
		save[i] = now_ms() - start;
	}
	report_bytes(trace, len);
	for (int i = 0; i < RUNS; i++) {
		struct tg_doc *saved;
		double start = now_ms();

		if (tg_doc_open_saved(&saved, data, len) != TG_OK ||
		    tg_doc_text(saved, 0, 0, tg_doc_length(saved, 0), &text, &text_len) != TG_OK)
			abort();
		open[i] = now_ms() - start;
		if (tg_doc_length(saved, 0) != tg_doc_length(doc, 0))
			abort();
		start = now_ms();
		if (tg_doc_load_history(saved) != TG_OK)
			abort();
		load[i] = now_ms() - start;
		tg_doc_close(saved);
	}
	qsort(open, RUNS, sizeof *open, by_value);
	snprintf(name, sizeof name, "text: open saved to its text natively, %s", trace);
	if (strcmp(trace, "automerge-paper") == 0)
		bench_row_max(name, open[RUNS / 2], "ms", OPEN_BAR_MS);
	else
		bench_row(name, open[RUNS / 2], "ms");
	report(trace, "read saved history", load);
	report(trace, "save", save);
	tg_doc_close(doc);
}

static void
type(const char *trace, const struct trace_case *c)
{
	static const uint8_t agent[TG_TEXT_AGENT_BYTES] = {1};
	size_t bytes = 0, edits;
	double ms[RUNS];
	char name[200];

	for (int i = 0; i < RUNS; i++) {
		struct tg_doc *doc = open_doc();
		struct tg_bundle b;
		double start = now_ms();

		bytes = edits = 0;
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
			while (tg_doc_take(doc, &b) == TG_OK)
				bytes += b.ops_len + b.text_len;
		}
		ms[i] = now_ms() - start;
		if (!as_published(doc, c)) {
			fprintf(stderr, "%s: typed text differs\n", trace);
			exit(1);
		}
		tg_doc_close(doc);
	}
	report(trace, "type one by one", ms);
	snprintf(name, sizeof name, "text: bytes of bundles, %s", trace);
	bench_row(name, (double)bytes, "bytes");
}

/* Shapes that break naive merging (hostile.h), each once: under a second. */
static void
hostile(void)
{
	for (int which = 0; which < HOSTILE_COUNT; which++) {
		struct tg_doc *doc = open_doc();
		double start = now_ms();
		char name[200];

		if (hostile_run(doc, which) != TG_OK || tg_doc_length(doc, TG_TEXT_FLOW_BODY) == 0)
			abort();
		snprintf(name, sizeof name, "text: %s", hostile_name(which));
		bench_row_max(name, now_ms() - start, "ms", 1000);
		tg_doc_close(doc);
	}
}

int
main(int argc, char **argv)
{
	mallopt(M_MMAP_THRESHOLD,
	    1 << 30); /* as in a process that runs on, memory is not given back in between */
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	hostile();
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/') != NULL ? strrchr(argv[i], '/') + 1 : argv[i];
		struct trace_file file;
		int linear = 1;

		if (trace_open(argv[i], &file) != 0)
			return 1;
		for (size_t k = 1; k < file.cases[0].n; k++)
			linear &= memcmp(file.cases[0].bundles[k].agent, file.cases[0].bundles[0].agent,
				      TG_TEXT_AGENT_BYTES) == 0;
		merge(name, &file.cases[0], 1);
		merge(name, &file.cases[0], 0);
		at_rest(name, &file.cases[0]);
		if (linear)
			type(name, &file.cases[0]);
		trace_close(&file);
	}
	return 0;
}
