#define _GNU_SOURCE /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/new_file.h"

struct tg_new_file {
	int fd;
	int named;    /* ${beside} exists */
	char *path;   /* as it is to be called */
	char *dir;    /* where it lies */
	char *beside; /* room for a name beside it */
};

int
tg_new_file_open(struct tg_new_file **file, const char *path)
{
	struct tg_new_file *f = calloc(1, sizeof *f);
	const char *slash = strrchr(path, '/');
	struct stat st;
	int saved;

	*file = NULL;
	if (f == NULL)
		return -1;
	f->fd = -1;
	f->path = strdup(path);
	f->dir = slash == NULL	 ? strdup(".")
		 : slash == path ? strdup("/")
				 : strndup(path, (size_t)(slash - path));
	if (f->path == NULL || f->dir == NULL || asprintf(&f->beside, "%s.XXXXXX", path) < 0) {
		f->beside = NULL;
		errno = ENOMEM;
		goto release;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a device must not be replaced by a file */
		errno = S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP;
		goto release;
	}
	if ((f->fd = open(f->dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)) < 0) {
		if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
			goto release;
		if ((f->fd = mkostemp(f->beside, O_CLOEXEC)) < 0)
			goto release;
		f->named = 1;
	}
	*file = f;
	return 0;

release:
	saved = errno;
	tg_new_file_close(f);
	errno = saved;
	return -1;
}

int
tg_new_file_write(struct tg_new_file *f, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(f->fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A name for the nameless one: a rename needs it, since a link cannot replace. */
static int
name_it(struct tg_new_file *f)
{
	char self[64], *x = f->beside + strlen(f->beside) - 6;

	snprintf(self, sizeof self, "/proc/self/fd/%d", f->fd);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(x, 7, "%03u%03u", (unsigned)getpid() % 1000, i);
		if (linkat(AT_FDCWD, self, AT_FDCWD, f->beside, AT_SYMLINK_FOLLOW) == 0) {
			f->named = 1;
			return 0;
		}
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

int
tg_new_file_finish(struct tg_new_file *f)
{
	int dir;

	if (fsync(f->fd) != 0 || (!f->named && name_it(f) != 0) || rename(f->beside, f->path) != 0)
		return -1;
	f->named = 0;
	/* The name too must survive a power cut; a file system without that has done what it can. */
	if ((dir = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		(void)fsync(dir);
		close(dir);
	}
	return 0;
}

void
tg_new_file_close(struct tg_new_file *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (f->named)
		unlink(f->beside);
	free(f->path);
	free(f->dir);
	free(f->beside);
	free(f);
}
