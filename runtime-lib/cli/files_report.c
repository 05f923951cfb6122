#include <signal.h>
#include <stdio.h>

#include "cli/files_report.h"
#include "host/loop.h"

#define SAY_EVERY_MS 1000

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static int
on_progress(void *ctx, uint64_t bytes)
{
	struct tg_cli_progress *p = ctx;
	uint64_t now = tg_host_now_ms();

	if (now >= p->said_ms + SAY_EVERY_MS && !p->quiet) {
		p->said_ms = now;
		fprintf(stderr, "toygrid: %llu KB %s\n", (unsigned long long)bytes / 1000, p->doing);
	}
	return interrupted;
}

void
tg_cli_watch(struct tg_files_report *report, struct tg_cli_progress *progress)
{
	struct sigaction act = {.sa_handler = on_signal};

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGXFSZ, SIG_IGN); /* a limit on file size is an error of write() */
	progress->said_ms = tg_host_now_ms();
	report->progress = on_progress;
	report->ctx = progress;
}

const char *
tg_cli_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}
