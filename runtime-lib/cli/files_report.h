/* files_report.h -- what export and import say while they work. */
#ifndef TG_CLI_FILES_REPORT_H
#define TG_CLI_FILES_REPORT_H

#include "files/grid_export.h"

/* Progress on standard error, and stopping at a signal. */
struct tg_cli_progress {
	const char *doing; /* "written" */
	int quiet;
	uint64_t said_ms; /* last time */
};

/** tg_cli_watch(report, progress): Let a report go through ${progress}; SIGINT and SIGTERM end the work. */
void tg_cli_watch(struct tg_files_report *report, struct tg_cli_progress *progress);

/** tg_cli_plural(n): "" for 1, else "s". */
const char *tg_cli_plural(uint64_t n);

#endif
