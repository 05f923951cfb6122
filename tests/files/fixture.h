/*
 * fixture.h -- a small grid, always the same, as a grid file in memory: two logs, one chunk.
 */
#ifndef TG_TESTS_FILES_FIXTURE_H
#define TG_TESTS_FILES_FIXTURE_H

#include <toygrid/access.h>

#include "base/buf.h"
#include "files/grid_file.h"

#define FIXTURE_MADE_MS 1700000000000u

struct fixture {
	struct tg_access access;
	struct tg_buf header, chunk; /* records, with their lengths */
	struct tg_buf runs[4];	     /* log a: 0, 1; log b: 2, 3 */
	struct tg_grid_file_counts counts;
	struct tg_buf other_chunk; /* well formed, listed nowhere */
	struct tg_buf other_run;   /* log a with another history */
};

/** fixture_open(f, sealed): Without a link in it when ${sealed}. */
void fixture_open(struct fixture *f, int sealed);
void fixture_close(struct fixture *f);

/** fixture_end(out, counts): The end record for what stands in ${out}. */
void fixture_end(struct tg_buf *out, const struct tg_grid_file_counts *counts);

/** fixture_file(f, out): The whole file. */
void fixture_file(const struct fixture *f, struct tg_buf *out);

#endif
