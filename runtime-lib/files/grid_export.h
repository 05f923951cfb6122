/*
 * grid_export.h -- from a peer's storage to a grid file and back.
 *
 * Both report to a person: ${error} gets one sentence without the file's name.  ${progress} is called now and
 * then with the bytes done; when it returns non-zero the work ends with TG_ECLOSED.
 */
#ifndef TG_FILES_GRID_EXPORT_H
#define TG_FILES_GRID_EXPORT_H

#include "files/grid_file.h"
#include "host/store_lmdb.h"

#define TG_FILES_ERROR_BYTES 256

struct tg_files_report {
	struct tg_grid_file_counts counts;
	uint64_t bytes;	      /* of the file */
	uint64_t logs_left;   /* export: logs of which nothing whole is held */
	uint64_t chunks_left; /* export: chunks that no entry in the file lists */
	uint64_t entries_new; /* import */
	int (*progress)(void *ctx, uint64_t bytes);
	void *ctx;
	char error[TG_FILES_ERROR_BYTES];
};

/**
 * tg_grid_export(store, access, sealed, now_ms, path, report):
 * Write all that ${store} holds of the grid of ${access} to a file at ${path}, checked while it is written.
 * Unless ${sealed}, or the keys are a replica's, the file has the link in it.  TG_OK, or after nothing was
 * left at ${path} but what was there: TG_ENOTFOUND (nothing of the grid is held), TG_EFULL, TG_EIO, TG_EHASH
 * (the storage is damaged), TG_ECLOSED, TG_ENOMEM.
 */
int tg_grid_export(struct tg_store *store, const struct tg_access *access, int sealed, uint64_t now_ms,
    const char *path, struct tg_files_report *report) __attribute__((warn_unused_result));

/**
 * tg_grid_import_check(path, access, header, report):
 * Check a whole file; nothing is written.  ${access} as in tg_grid_check_new.  On success *${header} says
 * what it is and *${keys} what may be done with it.  The codes of tg_grid_check_push, TG_EIO (it cannot be
 * read), TG_ECLOSED.
 */
int tg_grid_import_check(const char *path, const struct tg_access *access, struct tg_grid_file_header *header,
    struct tg_access *keys, struct tg_files_report *report) __attribute__((warn_unused_result));

/**
 * tg_grid_import(store, path, access, now_ms, report):
 * Put a file that was checked into ${store}, verifying it again; what is there already is kept and continued.
 * Also TG_EFORK (a log of the file and the same log here are two histories), TG_EFULL, TG_EHASH.  After an
 * error some of it may be there, all of it verified; the grid is listed in ${store} only after success.
 */
int tg_grid_import(struct tg_store *store, const char *path, const struct tg_access *access, uint64_t now_ms,
    struct tg_files_report *report) __attribute__((warn_unused_result));

#endif
