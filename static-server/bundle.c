#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "bundle.h"
#include "names.h"

struct entry {
	char path[TG_PATH_MAX + 1]; /* with its slash: "/a.js.br" */
	uint8_t *data;
	size_t len;
	bool used; /* as a file or as a twin */
};

struct reader {
	struct entry entries[TG_BUNDLE_ENTRIES_MAX];
	size_t count;
	struct tg_why *why;
};

void
tg_why_set(struct tg_why *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why->text, sizeof why->text, format, ap);
	va_end(ap);
}

/*
 * Read a whole regular file.  O_NONBLOCK keeps a FIFO from hanging us between open and fstat.  A file that is
 * longer or shorter than fstat said is being written just now: refused rather than served in half.
 */
static int
read_file(int dir_fd, const char *name, const char *shown, size_t max, int follow, uint8_t **data,
    size_t *len, struct tg_why *why)
{
	struct stat st;
	uint8_t *p = NULL;
	size_t have = 0;
	ssize_t n;
	int fd, rc = TG_EIO;

	if ((fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW))) < 0) {
		if (errno == ELOOP) {
			tg_why_set(why, "%s is a symbolic link; only regular files are served", shown);
			return TG_EINVAL;
		}
		tg_why_set(why, "cannot open %s: %s", shown, strerror(errno));
		return TG_EIO;
	}
	if (fstat(fd, &st) != 0) {
		tg_why_set(why, "cannot read %s: %s", shown, strerror(errno));
		goto close_fd;
	}
	if (!S_ISREG(st.st_mode)) {
		tg_why_set(why, "%s is not a regular file", shown);
		rc = TG_EINVAL;
		goto close_fd;
	}
	if ((uint64_t)st.st_size > max) {
		tg_why_set(
		    why, "%s has %lld bytes; at most %zu are served", shown, (long long)st.st_size, max);
		rc = TG_ETOOBIG;
		goto close_fd;
	}
	if ((p = tg_malloc((size_t)st.st_size + 1)) == NULL) {
		tg_why_set(why, "out of memory");
		rc = TG_ENOMEM;
		goto close_fd;
	}
	while (have <= (size_t)st.st_size) {
		if ((n = read(fd, p + have, (size_t)st.st_size + 1 - have)) < 0) {
			if (errno == EINTR)
				continue;
			tg_why_set(why, "cannot read %s: %s", shown, strerror(errno));
			goto close_fd;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	if (have != (size_t)st.st_size) {
		tg_why_set(why, "%s changes while it is read", shown);
		goto close_fd;
	}
	close(fd);
	*data = p;
	*len = have;
	return TG_OK;

close_fd:
	close(fd);
	tg_free(p);
	return rc;
}

static int read_dir(struct reader *r, int fd, const char *prefix, int depth);

static int
read_entry(struct reader *r, int dir_fd, const char *prefix, const char *name, int depth)
{
	char path[TG_PATH_MAX + 300];
	struct entry *e;
	struct stat st;
	int fd;

	snprintf(path, sizeof path, "%s/%s", prefix, name);
	if (!tg_name_is_safe(path + 1)) {
		tg_why_set(r->why,
		    "the bundle holds \"%s\": names are letters, digits, - _ . and at most %d bytes",
		    path + 1, TG_PATH_MAX - 1);
		return TG_EINVAL;
	}
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		tg_why_set(r->why, "cannot read %s: %s", path + 1, strerror(errno));
		return TG_EIO;
	}
	if (S_ISDIR(st.st_mode)) {
		if (depth == TG_BUNDLE_DEPTH_MAX) {
			tg_why_set(r->why, "%s: more than %d folders deep", path + 1, TG_BUNDLE_DEPTH_MAX);
			return TG_ETOOBIG;
		}
		if ((fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0) {
			tg_why_set(r->why, "cannot open %s: %s", path + 1, strerror(errno));
			return TG_EIO;
		}
		return read_dir(r, fd, path, depth + 1);
	}
	if (r->count == TG_BUNDLE_ENTRIES_MAX) {
		tg_why_set(
		    r->why, "the bundle holds more than %d files with their twins", TG_BUNDLE_ENTRIES_MAX);
		return TG_ETOOBIG;
	}
	e = &r->entries[r->count];
	snprintf(e->path, sizeof e->path, "%.*s", TG_PATH_MAX, path);
	r->count++;
	return read_file(dir_fd, name, path + 1, TG_BUNDLE_BYTES_MAX, 0, &e->data, &e->len, r->why);
}

/* Takes ownership of ${fd}. */
static int
read_dir(struct reader *r, int fd, const char *prefix, int depth)
{
	struct dirent *d;
	DIR *dir;
	int rc = TG_OK;

	if ((dir = fdopendir(fd)) == NULL) {
		tg_why_set(r->why, "cannot read folder %s: %s", prefix, strerror(errno));
		close(fd);
		return TG_EIO;
	}
	while (rc == TG_OK && (errno = 0, d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			rc = read_entry(r, fd, prefix, d->d_name, depth);
	if (rc == TG_OK && errno != 0) {
		tg_why_set(r->why, "cannot read folder %s: %s", prefix, strerror(errno));
		rc = TG_EIO;
	}
	closedir(dir);
	return rc;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* The coding a twin's name ends in, or TG_IDENTITY. */
static enum tg_encoding
twin_encoding(const char *path)
{
	size_t n = strlen(path);

	if (n > 3 && strcmp(path + n - 3, ".br") == 0)
		return TG_BR;
	if (n > 3 && strcmp(path + n - 3, ".gz") == 0)
		return TG_GZIP;
	return TG_IDENTITY;
}

static struct entry *
find_entry(struct reader *r, const char *path, const char *suffix)
{
	char name[TG_PATH_MAX + 8];
	size_t i;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	for (i = 0; i < r->count; i++)
		if (strcmp(r->entries[i].path, name) == 0)
			return &r->entries[i];
	return NULL;
}

/* Turn entries into files with twins, and check the release as a whole. */
static int
arrange(struct reader *r, struct tg_source_file *files, size_t *count)
{
	static const char *const suffix[TG_ENCODINGS] = {"", ".gz", ".br"};
	struct tg_source_file *f;
	struct entry *e, *twin;
	size_t i, c, bytes = 0;
	bool index = false;

	qsort(r->entries, r->count, sizeof r->entries[0], by_path);
	for (i = 0; i < r->count; i++) {
		e = &r->entries[i];
		if (twin_encoding(e->path) != TG_IDENTITY)
			continue;
		if (*count == TG_BUNDLE_FILES_MAX) {
			tg_why_set(r->why, "the bundle holds more than %d files", TG_BUNDLE_FILES_MAX);
			return TG_ETOOBIG;
		}
		f = &files[(*count)++];
		memset(f, 0, sizeof *f);
		f->path = e->path;
		index |= strcmp(e->path, "/index.html") == 0;
		f->data[TG_IDENTITY] = e->data;
		f->len[TG_IDENTITY] = e->len;
		bytes += e->len;
		for (c = TG_IDENTITY + 1; c < TG_ENCODINGS; c++) {
			if ((twin = find_entry(r, e->path, suffix[c])) == NULL)
				continue;
			twin->used = true;
			if (twin->len < e->len) {
				f->data[c] = twin->data;
				f->len[c] = twin->len;
			}
		}
	}
	for (i = 0; i < r->count; i++) {
		if (twin_encoding(r->entries[i].path) != TG_IDENTITY && !r->entries[i].used) {
			tg_why_set(r->why, "%s has no uncompressed file beside it", r->entries[i].path + 1);
			return TG_EINVAL;
		}
	}
	if (bytes > TG_BUNDLE_BYTES_MAX) {
		tg_why_set(
		    r->why, "the bundle has %zu bytes; at most %u are served", bytes, TG_BUNDLE_BYTES_MAX);
		return TG_ETOOBIG;
	}
	if (!index) {
		tg_why_set(r->why, "the bundle holds no index.html");
		return TG_EINVAL;
	}
	return TG_OK;
}

/*
 * The page parses the node file; here it is enough that nothing else was named by mistake: a key file must
 * not be published because of a typing error.
 */
static bool
looks_like_json(const uint8_t *data, size_t len)
{
	size_t first = 0, last = len, scalars;

	while (first < len && strchr(" \t\r\n", data[first]) != NULL && data[first] != '\0')
		first++;
	while (last > first && strchr(" \t\r\n", data[last - 1]) != NULL && data[last - 1] != '\0')
		last--;
	return last - first >= 2 && data[first] == '{' && data[last - 1] == '}' &&
	       tg_utf8_count(data, len, &scalars) == TG_OK;
}

int
tg_bundle_load(const char *dir, const char *node, struct tg_image **out, struct tg_why *why)
{
	struct tg_source_file *files = NULL;
	struct reader *r;
	uint8_t *node_data = NULL;
	size_t i, node_len = 0, count = 0;
	int fd, rc = TG_ENOMEM;

	*out = NULL;
	tg_why_set(why, "out of memory");
	if ((r = tg_calloc(1, sizeof *r)) == NULL)
		return TG_ENOMEM;
	r->why = why;
	if ((files = tg_calloc(TG_BUNDLE_FILES_MAX + 1, sizeof *files)) == NULL)
		goto free_reader;

	/* The folder itself may be named through a link: that is the operator's choice, not the bundle's. */
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
		tg_why_set(why, "cannot open bundle %s: %s", dir, strerror(errno));
		rc = TG_EIO;
		goto free_reader;
	}
	if ((rc = read_dir(r, fd, "", 0)) != TG_OK || (rc = arrange(r, files, &count)) != TG_OK)
		goto free_reader;

	if (node != NULL) {
		if ((rc = read_file(
			 AT_FDCWD, node, node, TG_NODE_BYTES_MAX, 1, &node_data, &node_len, why)) != TG_OK)
			goto free_reader;
		if (!looks_like_json(node_data, node_len)) {
			tg_why_set(why, "%s is not a JSON object", node);
			rc = TG_EINVAL;
			goto free_reader;
		}
		files[count].path = TG_NODE_PATH;
		files[count].is_node = true;
		files[count].data[TG_IDENTITY] = node_data;
		files[count].len[TG_IDENTITY] = node_len;
		count++;
	}
	if ((rc = tg_image_build(files, count, out)) != TG_OK)
		tg_why_set(why, "cannot build the image: %s", tg_status_text(rc));

free_reader:
	for (i = 0; i < r->count; i++)
		tg_free(r->entries[i].data);
	tg_free(node_data);
	tg_free(files);
	tg_free(r);
	return rc;
}
