#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "base/mem.h"

static const char *
reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 204:
		return "No Content";
	case 206:
		return "Partial Content";
	case 304:
		return "Not Modified";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 416:
		return "Range Not Satisfiable";
	case 421:
		return "Misdirected Request";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}

void
tg_date_set(struct tg_date *date, time_t now)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm;

	if (date->second == now && date->text[0] != '\0')
		return;
	date->second = now;
	if (gmtime_r(&now, &tm) == NULL)
		memset(&tm, 0, sizeof tm);
	snprintf(date->text, sizeof date->text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000,
	    tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
put(struct tg_answer *out, const char *text, size_t len)
{
	assert(out->line_len + len <= sizeof out->line); /* lines are ours: a longer one is a bug */
	memcpy(out->line + out->line_len, text, len);
	out->line_len += (uint16_t)len;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static void
begin(struct tg_answer *out, int status, bool close, const struct tg_date *date)
{
	char digits[4] = {
	    (char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10), ' '};
	const char *text = reason(status);

	memset(out, 0, offsetof(struct tg_answer, line));
	memset(out->run, 0, sizeof *out - offsetof(struct tg_answer, run));
	out->status = (uint16_t)status;
	out->close = close;
	PUT(out, "HTTP/1.1 ");
	put(out, digits, 4);
	put(out, text, strlen(text));
	PUT(out, "\r\nDate: ");
	put(out, date->text, strlen(date->text));
	PUT(out, "\r\n");
	if (close)
		PUT(out, "Connection: close\r\n");
}

static void __attribute__((format(printf, 2, 3))) put_format(struct tg_answer *out, const char *format, ...)
{
	char text[128];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	assert(n > 0 && (size_t)n < sizeof text);
	put(out, text, (size_t)n);
}

static void
set_page(const struct tg_image *image, enum tg_page page, bool with_body, struct tg_answer *out)
{
	const struct tg_page_answer *p = tg_image_page(image, page);

	out->run[0] = p->head;
	out->body_len = with_body ? p->body_len : 0;
	out->run_len[0] = p->head_len + out->body_len;
}

void
tg_answer_status(const struct tg_image *image, int status, bool with_body, bool close,
    const struct tg_date *date, struct tg_answer *out)
{
	static const struct {
		int status;
		enum tg_page page;
	} map[] = {{204, TG_PAGE_OPTIONS}, {404, TG_PAGE_404}, {405, TG_PAGE_405}, {408, TG_PAGE_408},
	    {413, TG_PAGE_413}, {414, TG_PAGE_414}, {416, TG_PAGE_416}, {421, TG_PAGE_421},
	    {429, TG_PAGE_429}, {431, TG_PAGE_431}, {503, TG_PAGE_503}, {505, TG_PAGE_505}};
	enum tg_page page = TG_PAGE_400;
	size_t i;

	for (i = 0; i < sizeof map / sizeof map[0]; i++)
		if (map[i].status == status)
			page = map[i].page;
	begin(out, page == TG_PAGE_400 ? 400 : status, close, date);
	set_page(image, page, with_body, out);
}

void
tg_answer_text(int status, const char *type, uint8_t *text, size_t len, bool with_body, bool close,
    const struct tg_date *date, struct tg_answer *out)
{
	begin(out, status, close, date);
	put_format(
	    out, "Content-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n\r\n", type, len);
	out->owned = text;
	out->run[0] = text;
	out->body_len = with_body ? len : 0;
	out->run_len[0] = out->body_len;
}

bool
tg_answer_is_loopback(struct tg_span host)
{
	size_t n = host.len;

	while (n > 0 && host.p[n - 1] >= '0' && host.p[n - 1] <= '9')
		n--;
	if (n > 0 && host.p[n - 1] == ':')
		host.len = n - 1;
	return tg_span_is_nocase(host, "localhost") || tg_span_is(host, "127.0.0.1") ||
	       tg_span_is(host, "[::1]");
}

/* The wanted coding with the highest q; among equals the smallest bytes, that is br before gzip. */
static const struct tg_variant *
choose_variant(const struct tg_file *file, const struct tg_request *req)
{
	int e, best = TG_IDENTITY;

	for (e = TG_IDENTITY + 1; e < TG_ENCODINGS; e++)
		if (file->variant[e].head != NULL && req->q[e] > 0 && req->q[e] >= req->q[best])
			best = e;
	/* Nothing acceptable: RFC 9110 12.5.3 lets us send identity rather than an error. */
	return &file->variant[best];
}

/* RFC 9110 13.1.2: weak comparison, so a "W/" in front does not matter. */
static bool
etag_listed(struct tg_span list, const char etag[TG_ETAG_BYTES])
{
	struct tg_span item;

	if (tg_span_is(list, "*"))
		return true;
	while (tg_request_list_next(&list, &item)) {
		if (item.len > 2 && item.p[0] == 'W' && item.p[1] == '/') {
			item.p += 2;
			item.len -= 2;
		}
		if (item.len == TG_ETAG_BYTES && memcmp(item.p, etag, TG_ETAG_BYTES) == 0)
			return true;
	}
	return false;
}

/* A decimal number; more than 18 digits count as "very many".  False without digits. */
static bool
take_number(struct tg_span *s, uint64_t *n)
{
	size_t digits = 0;

	*n = 0;
	while (s->len > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
		*n = ++digits > 18 ? UINT64_MAX / 2 : *n * 10 + (uint64_t)(s->p[0] - '0');
		s->p++;
		s->len--;
	}
	return digits > 0;
}

enum range {
	RANGE_NONE,
	RANGE_ONE,
	RANGE_BAD
};

/*
 * RFC 9110 14.2: one range of bytes.  Several, other units and nonsense are ignored, which the RFC allows and
 * which cannot be abused; a range outside the file is RANGE_BAD.
 */
static enum range
parse_range(struct tg_span s, uint64_t size, uint64_t *first, uint64_t *last)
{
	if (s.len < 6 || !tg_span_is_nocase((struct tg_span){s.p, 6}, "bytes="))
		return RANGE_NONE;
	s.p += 6;
	s.len -= 6;
	if (s.len > 0 && s.p[0] == '-') {
		s.p++;
		s.len--;
		if (!take_number(&s, last) || s.len > 0)
			return RANGE_NONE;
		if (*last == 0 || size == 0)
			return RANGE_BAD;
		*first = *last < size ? size - *last : 0;
		*last = size - 1;
		return RANGE_ONE;
	}
	if (!take_number(&s, first) || s.len == 0 || s.p[0] != '-')
		return RANGE_NONE;
	s.p++;
	s.len--;
	if (s.len == 0)
		*last = UINT64_MAX / 2;
	else if (!take_number(&s, last) || s.len > 0 || *last < *first)
		return RANGE_NONE;
	if (*first >= size)
		return RANGE_BAD;
	if (*last >= size)
		*last = size - 1;
	return RANGE_ONE;
}

static void
answer_file(const struct tg_image *image, const struct tg_file *file, const struct tg_request *req,
    const struct tg_date *date, struct tg_answer *out)
{
	const struct tg_variant *v = choose_variant(file, req);
	bool with_body = req->method == TG_METHOD_GET;
	uint64_t first, last;

	if (req->if_none_match.p != NULL && etag_listed(req->if_none_match, v->etag)) {
		begin(out, 304, req->close, date);
		out->run[0] = v->not_modified;
		out->run_len[0] = v->not_modified_len;
		return;
	}

	/* If-Range compares strongly: anything but exactly our tag (a date, a weak tag) means the whole file.
	 */
	if (with_body && req->range.p != NULL &&
	    (req->if_range.p == NULL || (req->if_range.len == TG_ETAG_BYTES &&
					    memcmp(req->if_range.p, v->etag, TG_ETAG_BYTES) == 0))) {
		switch (parse_range(req->range, v->body_len, &first, &last)) {
		case RANGE_ONE:
			begin(out, 206, req->close, date);
			put_format(out, "Content-Range: bytes %llu-%llu/%zu\r\nContent-Length: %llu\r\n",
			    (unsigned long long)first, (unsigned long long)last, v->body_len,
			    (unsigned long long)(last - first + 1));
			out->run[0] = v->common;
			out->run_len[0] = v->common_len;
			out->run[1] = v->body + first;
			out->run_len[1] = out->body_len = (size_t)(last - first + 1);
			return;
		case RANGE_BAD:
			begin(out, 416, req->close, date);
			put_format(out, "Content-Range: bytes */%zu\r\n", v->body_len);
			set_page(image, TG_PAGE_416, true, out);
			return;
		case RANGE_NONE:
			break;
		}
	}

	begin(out, 200, req->close, date);
	out->run[0] = v->head; /* head and body are one run */
	out->body_len = with_body ? v->body_len : 0;
	out->run_len[0] = v->head_len + out->body_len;
}

static void
answer_path(const struct tg_image *image, const struct tg_request *req, const struct tg_site *site,
    struct tg_answer *out)
{
	const struct tg_file *file;
	bool with_body = req->method != TG_METHOD_HEAD;

	if (req->method == TG_METHOD_OTHER)
		tg_answer_status(image, 405, true, req->close, &site->date, out);
	else if (req->method == TG_METHOD_OPTIONS && tg_span_is(req->path, "*"))
		tg_answer_status(image, 204, false, req->close, &site->date, out);
	else if ((file = tg_image_find(image, req->path)) == NULL)
		tg_answer_status(image, 404, with_body, req->close, &site->date, out);
	else if (file->is_node && !site->any_host && !tg_answer_is_loopback(req->host))
		tg_answer_status(image, 421, with_body, req->close, &site->date, out);
	else if (req->method == TG_METHOD_OPTIONS)
		tg_answer_status(image, 204, false, req->close, &site->date, out);
	else
		answer_file(image, file, req, &site->date, out);
}

void
tg_answer_request(const struct tg_image *image, const struct tg_request *req, const struct tg_site *site,
    struct tg_answer *out)
{
	answer_path(image, req, site, out);
	if (site->hsts && req->host.p != NULL && !tg_answer_is_loopback(req->host))
		PUT(out, "Strict-Transport-Security: max-age=31536000\r\n");
}
