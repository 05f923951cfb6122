/*
 * new_file.h -- a file that is there whole or not at all.
 *
 * It is written without a name (O_TMPFILE), or where the file system cannot do that under a name of its own
 * beside the target, which a killed process may leave behind.  Only tg_new_file_finish() gives it its name,
 * in one step and after its bytes are on the disk; what had the name before is replaced.  Mode 0600.
 */
#ifndef TG_FILES_NEW_FILE_H
#define TG_FILES_NEW_FILE_H

#include <stddef.h>

struct tg_new_file; /* opaque */

/** tg_new_file_open(file, path): 0, or -1 with errno set and *${file} NULL.  Copies ${path}. */
int tg_new_file_open(struct tg_new_file **file, const char *path) __attribute__((warn_unused_result));

/** tg_new_file_write(file, data, len): 0, or -1 with errno set: then only close is left. */
int tg_new_file_write(struct tg_new_file *file, const void *data, size_t len)
    __attribute__((warn_unused_result));

/** tg_new_file_finish(file): Sync, and give it its name.  0, or -1 with errno set.  Close it in either case.
 */
int tg_new_file_finish(struct tg_new_file *file) __attribute__((warn_unused_result));

/** tg_new_file_close(file): Release; without finish nothing is left.  NULL is fine. */
void tg_new_file_close(struct tg_new_file *file);

#endif
