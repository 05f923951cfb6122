/*
 * replay.c -- main() of a fuzz target without a fuzzer: give it each file of the folders (or files) named on
 * the command line, and every prefix of the small ones.  Fails when there is nothing to replay.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/target.h"

#define INPUT_MAX  (4u << 20)
#define PREFIX_MAX 256 /* inputs up to this size are also cut at every byte */

static unsigned long inputs;

static void
replay_bytes(const uint8_t *data, size_t len)
{
	/* A heap block of the exact size, so that a sanitizer sees one byte too many. */
	uint8_t *copy = malloc(len ? len : 1);

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	inputs++;
}

static int
replay_file(const char *path)
{
	static uint8_t data[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t len, cut;

	if (file == NULL) {
		perror(path);
		return -1;
	}
	len = fread(data, 1, sizeof data, file);
	fclose(file);
	replay_bytes(data, len);
	for (cut = 0; len <= PREFIX_MAX && cut < len; cut++)
		replay_bytes(data, cut);
	return 0;
}

static int
replay(const char *path)
{
	struct stat st;
	struct dirent *entry;
	char name[4096];
	DIR *dir;
	int rc = 0;

	if (stat(path, &st) != 0) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	if ((dir = opendir(path)) == NULL) {
		perror(path);
		return -1;
	}
	while (rc == 0 && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name)
			rc = -1;
		else
			rc = replay(name);
	}
	closedir(dir);
	return rc;
}

int
main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (replay(argv[i]) != 0)
			return 1;
	printf("%lu inputs\n", inputs);
	return inputs > 0 ? 0 : 1;
}
