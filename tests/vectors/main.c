/*
 * Compare the golden files with what this build computes, or print one: test_vectors --print NAME.  The
 * committed file is the truth: it changes only together with protocol.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <toygrid/crypto.h>
#include <toygrid/status.h>

#include "vectors/vectors.h"

static int
read_all(const char *name, struct tg_buf *out)
{
	const char *root = getenv("TG_SOURCE_DIR");
	char path[4096], block[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/vectors/%s.txt", root ? root : ".", name);
	if ((file = fopen(path, "rb")) == NULL) {
		perror(path);
		return -1;
	}
	while ((n = fread(block, 1, sizeof block, file)) > 0)
		tg_buf_put(out, block, n);
	fclose(file);
	return tg_buf_status(out);
}

/* How many lines agree, or -1 with the first that does not. */
static int
compare(const char *name, const struct tg_buf *want, const struct tg_buf *got)
{
	size_t n = want->len < got->len ? want->len : got->len, at = 0, line_at = 0;
	int lines = 0;

	for (; at < n && want->data[at] == got->data[at]; at++)
		if (want->data[at] == '\n') {
			lines++;
			line_at = at + 1;
		}
	if (at == want->len && at == got->len)
		return lines;
	printf("%s.txt, line %d, byte %d\n  file:     %.*s\n  computed: %.*s\n", name, lines + 1,
	    (int)(at - line_at), (int)(want->len - line_at < 100 ? want->len - line_at : 100),
	    (const char *)want->data + line_at, (int)(got->len - line_at < 100 ? got->len - line_at : 100),
	    (const char *)got->data + line_at);
	return -1;
}

int
main(int argc, char **argv)
{
	int rc = EXIT_SUCCESS;

	if (tg_crypto_init() != TG_OK)
		return EXIT_FAILURE;
	for (size_t i = 0; i < VECTORS_FILES; i++) {
		struct tg_buf want = {0}, got = {0};
		int lines;

		if (argc == 3 &&
		    (strcmp(argv[1], "--print") != 0 || strcmp(argv[2], vectors_files[i].name) != 0))
			continue;
		if (read_all(vectors_files[i].name, &want) != TG_OK && argc != 3) {
			rc = EXIT_FAILURE;
			continue;
		}
		vectors_files[i].compute((struct tg_bytes){want.data, want.len}, &got);
		if (argc == 3) {
			fwrite(got.data, 1, got.len, stdout);
		} else if ((lines = compare(vectors_files[i].name, &want, &got)) < 0) {
			rc = EXIT_FAILURE;
		} else {
			printf("%s.txt: %d lines as computed\n", vectors_files[i].name, lines);
		}
		tg_buf_free(&want);
		tg_buf_free(&got);
	}
	return rc;
}
