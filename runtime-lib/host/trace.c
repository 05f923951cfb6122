#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "host/trace.h"

static void
put_u32be(struct tg_buf *buf, size_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	tg_buf_put(buf, b, sizeof b);
}

void
tg_trace_begin(struct tg_buf *buf)
{
	tg_buf_put(buf, TG_TRACE_MAGIC, TG_TRACE_MAGIC_BYTES);
}

void
tg_trace_put(struct tg_buf *buf, const struct tg_trace_step *step)
{
	put_u32be(buf, step->event.len);
	tg_buf_put(buf, step->event.data, step->event.len);
	tg_buf_u8(buf, (uint8_t)step->status);
	put_u32be(buf, step->effects.len);
	tg_buf_put(buf, step->effects.data, step->effects.len);
}

int
tg_trace_open(const uint8_t *data, size_t len, size_t *at)
{
	*at = 0;
	if (len < TG_TRACE_MAGIC_BYTES || memcmp(data, TG_TRACE_MAGIC, TG_TRACE_MAGIC_BYTES) != 0)
		return TG_EVERSION;
	*at = TG_TRACE_MAGIC_BYTES;
	return TG_OK;
}

static int
take(const uint8_t *data, size_t len, size_t *at, struct tg_bytes *out)
{
	size_t n;

	if (len - *at < 4)
		return TG_ETRUNCATED;
	n = (size_t)data[*at] << 24 | (size_t)data[*at + 1] << 16 | (size_t)data[*at + 2] << 8 |
	    data[*at + 3];
	if (n > len - *at - 4)
		return TG_ETRUNCATED;
	out->data = data + *at + 4;
	out->len = n;
	*at += 4 + n;
	return TG_OK;
}

int
tg_trace_next(const uint8_t *data, size_t len, size_t *at, struct tg_trace_step *step)
{
	size_t p = *at;

	memset(step, 0, sizeof *step);
	if (p == len)
		return TG_ENOTFOUND;
	if (take(data, len, &p, &step->event) != TG_OK || p == len)
		return TG_ETRUNCATED;
	step->status = data[p++];
	if (take(data, len, &p, &step->effects) != TG_OK)
		return TG_ETRUNCATED;
	*at = p;
	return TG_OK;
}

/* Write all of buf, which is emptied. */
static int
write_out(FILE *file, struct tg_buf *buf)
{
	int rc = tg_buf_status(buf);

	if (rc == TG_OK && (fwrite(buf->data, 1, buf->len, file) != buf->len || fflush(file) != 0))
		rc = errno == ENOSPC || errno == EDQUOT ? TG_EFULL : TG_EIO;
	tg_buf_free(buf);
	return rc;
}

int
tg_trace_create(const char *path, FILE **file)
{
	struct tg_buf buf = {0};
	int fd;

	*file = NULL;
	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		return TG_EIO;
	/* O_CREAT's mode does not bind a file that was there before. */
	if (fchmod(fd, 0600) != 0 || (*file = fdopen(fd, "wb")) == NULL) {
		close(fd);
		return TG_EIO;
	}
	tg_trace_begin(&buf);
	if (write_out(*file, &buf) != TG_OK) {
		fclose(*file);
		*file = NULL;
		return TG_EIO;
	}
	return TG_OK;
}

int
tg_trace_write(FILE *file, const struct tg_trace_step *step)
{
	struct tg_buf buf = {0};

	tg_trace_put(&buf, step);
	return write_out(file, &buf);
}
