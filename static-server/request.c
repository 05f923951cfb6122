#include <string.h>

#include <toygrid/status.h>

#include "bounds.h"
#include "request.h"

/* Byte classes, from RFC 9110 5.6.2 and 5.5. */
#define CLASS_TOKEN  1 /* method, field name */
#define CLASS_VALUE  2 /* inside a field value: visible, space, tab, obs-text */
#define CLASS_TARGET 4 /* visible ASCII without "#": no URI sent to a server has a fragment */
#define CLASS_HOST   8 /* reg-name, IPv4, [IPv6], port */

#define V  (CLASS_VALUE | CLASS_TARGET)
#define T  (V | CLASS_TOKEN)
#define H  (V | CLASS_HOST)
#define TH (T | CLASS_HOST)
static const uint8_t byte_class[256] = {
    ['\t'] = CLASS_VALUE,
    [' '] = CLASS_VALUE,
    ['!'] = T,
    ['"'] = V,
    ['#'] = CLASS_VALUE | CLASS_TOKEN,
    ['$'] = T,
    ['%'] = T,
    ['&'] = T,
    ['\''] = T,
    ['('] = V,
    [')'] = V,
    ['*'] = T,
    ['+'] = T,
    [','] = V,
    ['-'] = TH,
    ['.'] = TH,
    ['/'] = V,
    ['0' ... '9'] = TH,
    [':'] = H,
    [';'] = V,
    ['<'] = V,
    ['='] = V,
    ['>'] = V,
    ['?'] = V,
    ['@'] = V,
    ['A' ... 'Z'] = TH,
    ['['] = H,
    ['\\'] = V,
    [']'] = H,
    ['^'] = T,
    ['_'] = TH,
    ['`'] = T,
    ['a' ... 'z'] = TH,
    ['{'] = V,
    ['|'] = T,
    ['}'] = V,
    ['~'] = TH,
    [0x80 ... 0xff] = CLASS_VALUE,
};
#undef V
#undef T
#undef H
#undef TH

/* What is collected over all fields before it is judged. */
struct fields {
	unsigned host_count, length_count, match_count, if_range_count, range_count;
	bool has_body, transfer_encoding, chunked;
	bool accept_seen, named[TG_ENCODINGS], star;
	uint16_t star_q;
	bool keep_alive;
};

static bool
all_of(struct tg_span s, uint8_t class)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!(byte_class[s.p[i]] & class))
			return false;
	return true;
}

static uint8_t
lower(uint8_t b)
{
	return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
}

static bool
is_blank(uint8_t b)
{
	return b == ' ' || b == '\t';
}

static struct tg_span
trim(struct tg_span s)
{
	while (s.len > 0 && is_blank(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

bool
tg_span_is(struct tg_span span, const char *text)
{
	size_t n = strlen(text);

	return span.len == n && memcmp(span.p, text, n) == 0;
}

bool
tg_span_is_nocase(struct tg_span span, const char *text)
{
	size_t i, n = strlen(text);

	if (span.len != n)
		return false;
	for (i = 0; i < n; i++)
		if (lower(span.p[i]) != (uint8_t)text[i])
			return false;
	return true;
}

bool
tg_request_list_next(struct tg_span *list, struct tg_span *item)
{
	size_t i;
	bool quoted;

	while (list->len > 0) {
		quoted = false;
		for (i = 0; i < list->len && (quoted || list->p[i] != ','); i++)
			if (list->p[i] == '"')
				quoted = !quoted;
		*item = trim((struct tg_span){list->p, i});
		if (i < list->len)
			i++; /* the comma */
		list->p += i;
		list->len -= i;
		if (item->len > 0)
			return true;
	}
	return false;
}

static int
refuse(struct tg_request *req, int status)
{
	req->status = status;
	return status == 400 || status == 505 ? TG_EFORMAT : TG_ETOOBIG;
}

/*
 * What can be said of a request line before its end is seen, so that the answer is the same however the bytes
 * were cut: 0, 414, or 400 when it is no method (TLS, say, spoken to this port), now and not after a timeout.
 */
static int
check_start(const uint8_t *line, size_t len)
{
	if (len > 0 && line[0] != '\r' && !(byte_class[line[0]] & CLASS_TOKEN))
		return 400;
	return len > TG_REQUEST_LINE_MAX + 1 ? 414 : 0;
}

/*
 * Find the end of the head.  Only line ends are looked at; the limits that protect memory are here, so that
 * they hold before anything is understood.
 */
static int
find_end(
    struct tg_scan *scan, const uint8_t *data, size_t len, struct tg_request *req, size_t *start, size_t *end)
{
	const uint8_t *newline;
	size_t pos = scan->line, line_len;
	int rc;

	while ((newline = memchr(data + pos, '\n', len - pos)) != NULL) {
		line_len = (size_t)(newline - (data + pos));
		if (scan->lines == 0 && (rc = check_start(data + pos, line_len)) != 0)
			return refuse(req, rc);
		if (line_len == 0 || newline[-1] != '\r')
			return refuse(req, 400); /* a bare LF: two parsers could disagree on it */
		line_len--;
		if (line_len == 0 && scan->lines == 0) {
			if (scan->skipped)
				return refuse(req, 400);
			scan->skipped = true;
		} else if (line_len == 0) {
			*start = scan->skipped ? 2 : 0;
			*end = (size_t)(newline + 1 - data);
			if (*end - *start > TG_REQUEST_HEAD_MAX)
				return refuse(req, 431);
			return TG_OK;
		} else {
			if (scan->lines == TG_REQUEST_FIELDS + 1)
				return refuse(req, 431);
			scan->lines++;
		}
		pos = (size_t)(newline + 1 - data);
		scan->line = (uint16_t)pos;
	}

	if (scan->lines == 0 && (rc = check_start(data + pos, len - pos)) != 0)
		return refuse(req, rc);
	if (len >= TG_REQUEST_HEAD_MAX)
		return refuse(req, 431);
	return TG_ETRUNCATED;
}

/* RFC 9112 3.2: origin-form, absolute-form, and "*" with OPTIONS. */
static int
parse_target(struct tg_request *req)
{
	struct tg_span t = req->target, authority = {NULL, 0};
	const uint8_t *p;
	size_t scheme = 0;

	if (t.len == 0 || !all_of(t, CLASS_TARGET))
		return refuse(req, 400);
	if (tg_span_is(t, "*")) {
		req->path = t;
		return req->method == TG_METHOD_OPTIONS ? TG_OK : refuse(req, 400);
	}
	if (t.p[0] != '/') {
		if (t.len > 7 && tg_span_is_nocase((struct tg_span){t.p, 7}, "http://"))
			scheme = 7;
		else if (t.len > 8 && tg_span_is_nocase((struct tg_span){t.p, 8}, "https://"))
			scheme = 8;
		else
			return refuse(req, 400);
		authority.p = t.p + scheme;
		while (scheme + authority.len < t.len && authority.p[authority.len] != '/' &&
		       authority.p[authority.len] != '?')
			authority.len++;
		if (authority.len == 0 || !all_of(authority, CLASS_HOST))
			return refuse(req, 400);
		t.p += scheme + authority.len;
		t.len -= scheme + authority.len;
		req->host = authority;
		if (t.len == 0 || t.p[0] != '/')
			t = (struct tg_span){(const uint8_t *)"/", 1};
	}
	if ((p = memchr(t.p, '?', t.len)) != NULL)
		t.len = (size_t)(p - t.p);
	req->path = t;
	return TG_OK;
}

static int
parse_request_line(struct tg_request *req, struct tg_span line)
{
	const uint8_t *space;
	struct tg_span version;

	if ((space = memchr(line.p, ' ', line.len)) == NULL)
		return refuse(req, 400);
	req->method_text = (struct tg_span){line.p, (size_t)(space - line.p)};
	line.len -= req->method_text.len + 1;
	line.p = space + 1;
	if (req->method_text.len == 0 || req->method_text.len > TG_METHOD_MAX ||
	    !all_of(req->method_text, CLASS_TOKEN))
		return refuse(req, 400);
	if (tg_span_is(req->method_text, "GET"))
		req->method = TG_METHOD_GET;
	else if (tg_span_is(req->method_text, "HEAD"))
		req->method = TG_METHOD_HEAD;
	else if (tg_span_is(req->method_text, "OPTIONS"))
		req->method = TG_METHOD_OPTIONS;
	else
		req->method = TG_METHOD_OTHER;

	if ((space = memchr(line.p, ' ', line.len)) == NULL)
		return refuse(req, 400); /* HTTP/0.9 among others */
	req->target = (struct tg_span){line.p, (size_t)(space - line.p)};
	version.p = space + 1;
	version.len = line.len - req->target.len - 1;

	if (version.len != 8 || memcmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.' ||
	    version.p[5] < '0' || version.p[5] > '9' || version.p[7] < '0' || version.p[7] > '9')
		return refuse(req, 400);
	if (version.p[5] != '1')
		return refuse(req, 505);
	req->minor = (uint8_t)(version.p[7] - '0');
	return parse_target(req);
}

/* RFC 9110 12.4.2: 0 to 1 with at most three decimals.  -1 when it is something else. */
static int
parse_q(struct tg_span s)
{
	int q, scale = 100;
	size_t i;

	if (s.len < 1 || s.len > 5 || (s.p[0] != '0' && s.p[0] != '1') || (s.len > 1 && s.p[1] != '.'))
		return -1;
	q = (s.p[0] - '0') * 1000;
	for (i = 2; i < s.len; i++, scale /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		q += (s.p[i] - '0') * scale;
	}
	return q <= 1000 ? q : -1;
}

/* Items that make no sense are passed over: a wrong guess here costs a few bytes, never a wrong answer. */
static void
parse_accept_encoding(struct tg_request *req, struct fields *f, struct tg_span value)
{
	struct tg_span item, name, param;
	const uint8_t *semicolon;
	int q;

	f->accept_seen = true;
	while (tg_request_list_next(&value, &item)) {
		q = 1000;
		name = item;
		if ((semicolon = memchr(item.p, ';', item.len)) != NULL) {
			name = trim((struct tg_span){item.p, (size_t)(semicolon - item.p)});
			param = trim(
			    (struct tg_span){semicolon + 1, item.len - (size_t)(semicolon + 1 - item.p)});
			if (param.len < 3 || lower(param.p[0]) != 'q' || param.p[1] != '=')
				continue;
			if ((q = parse_q((struct tg_span){param.p + 2, param.len - 2})) < 0)
				continue;
		}
		if (tg_span_is_nocase(name, "br")) {
			f->named[TG_BR] = true;
			req->q[TG_BR] = (uint16_t)q;
		} else if (tg_span_is_nocase(name, "gzip") || tg_span_is_nocase(name, "x-gzip")) {
			f->named[TG_GZIP] = true;
			req->q[TG_GZIP] = (uint16_t)q;
		} else if (tg_span_is_nocase(name, "identity")) {
			f->named[TG_IDENTITY] = true;
			req->q[TG_IDENTITY] = (uint16_t)q;
		} else if (tg_span_is(name, "*")) {
			f->star = true;
			f->star_q = (uint16_t)q;
		}
	}
}

static void
parse_connection(struct tg_request *req, struct fields *f, struct tg_span value)
{
	struct tg_span item;

	while (tg_request_list_next(&value, &item)) {
		if (tg_span_is_nocase(item, "close"))
			req->close = true;
		else if (tg_span_is_nocase(item, "keep-alive"))
			f->keep_alive = true;
	}
}

static int
parse_field(struct tg_request *req, struct fields *f, struct tg_span name, struct tg_span value)
{
	size_t i;

	switch (name.len) {
	case 4:
		if (tg_span_is_nocase(name, "host")) {
			if (f->host_count++ > 0 || value.len == 0 || !all_of(value, CLASS_HOST))
				return refuse(req, 400);
			if (req->host.p == NULL) /* an absolute target names the host already */
				req->host = value;
		}
		break;
	case 5:
		if (tg_span_is_nocase(name, "range")) {
			f->range_count++;
			req->range = value;
		}
		break;
	case 8:
		if (tg_span_is_nocase(name, "if-range")) {
			f->if_range_count++;
			req->if_range = value;
		}
		break;
	case 10:
		if (tg_span_is_nocase(name, "connection"))
			parse_connection(req, f, value);
		break;
	case 13:
		if (tg_span_is_nocase(name, "if-none-match")) {
			f->match_count++;
			req->if_none_match = value;
		}
		break;
	case 14:
		if (tg_span_is_nocase(name, "content-length")) {
			if (f->length_count++ > 0 || value.len == 0)
				return refuse(req, 400);
			for (i = 0; i < value.len; i++) {
				if (value.p[i] < '0' || value.p[i] > '9')
					return refuse(req, 400);
				if (value.p[i] != '0')
					f->has_body = true;
			}
		}
		break;
	case 15:
		if (tg_span_is_nocase(name, "accept-encoding"))
			parse_accept_encoding(req, f, value);
		break;
	case 17:
		if (tg_span_is_nocase(name, "transfer-encoding")) {
			if (f->transfer_encoding)
				return refuse(req, 400);
			f->transfer_encoding = true;
			f->chunked = tg_span_is_nocase(value, "chunked");
		}
		break;
	}
	return TG_OK;
}

/* What can only be judged when all fields are known. */
static int
conclude(struct tg_request *req, struct fields *f)
{
	int e;

	if (req->minor >= 1 && f->host_count == 0)
		return refuse(req, 400);

	/* Bodies are refused, never skipped: the bytes behind this head have no agreed meaning. */
	if (f->transfer_encoding)
		return refuse(req, f->chunked && f->length_count == 0 && req->minor >= 1 ? 413 : 400);
	if (f->has_body)
		return refuse(req, 413);

	/* HTTP/1.0 needs an answer field to stay open; such clients are rare enough to connect anew. */
	if (req->minor == 0)
		req->close = true;

	/*
	 * A condition sent twice is dropped: the answer is then the whole file, which is right, only longer.
	 * If-Range decides about Range, so both go together.
	 */
	if (f->match_count > 1)
		req->if_none_match = (struct tg_span){NULL, 0};
	if (f->range_count > 1 || f->if_range_count > 1)
		req->range = req->if_range = (struct tg_span){NULL, 0};

	/*
	 * RFC 9110 12.5.3.  Without the field only identity is sent, though others would be allowed: who does
	 * not ask may not be able to unpack.  An identity that is not named loses to all that are.
	 */
	if (!f->accept_seen) {
		req->q[TG_IDENTITY] = 1000;
		return TG_OK;
	}
	for (e = 0; e < TG_ENCODINGS; e++)
		if (!f->named[e])
			req->q[e] = f->star ? f->star_q : e == TG_IDENTITY ? 1 : 0;
	return TG_OK;
}

int
tg_request_read(struct tg_scan *scan, const uint8_t *data, size_t len, struct tg_request *req, size_t *used)
{
	struct fields f;
	struct tg_span line, name, value;
	const uint8_t *p, *stop, *newline, *colon;
	size_t start, end;
	int rc;

	*used = 0;
	memset(req, 0, sizeof *req);
	if ((rc = find_end(scan, data, len, req, &start, &end)) != TG_OK)
		return rc;

	memset(&f, 0, sizeof f);
	stop = data + end - 2; /* the empty line's CRLF */
	p = data + start;
	newline = memchr(p, '\n', (size_t)(stop - p));
	line = (struct tg_span){p, (size_t)(newline - 1 - p)};
	if ((rc = parse_request_line(req, line)) != TG_OK)
		return rc;

	for (p = newline + 1; p < stop; p = newline + 1) {
		newline = memchr(p, '\n', (size_t)(stop - p));
		line = (struct tg_span){p, (size_t)(newline - 1 - p)};
		if ((colon = memchr(p, ':', line.len)) == NULL)
			return refuse(req, 400);
		name = (struct tg_span){p, (size_t)(colon - p)};
		/* Also refuses folded lines and a space before the colon: neither is a token. */
		if (name.len == 0 || !all_of(name, CLASS_TOKEN))
			return refuse(req, 400);
		value = trim((struct tg_span){colon + 1, line.len - name.len - 1});
		if (!all_of(value, CLASS_VALUE))
			return refuse(req, 400);
		if ((rc = parse_field(req, &f, name, value)) != TG_OK)
			return rc;
	}
	if ((rc = conclude(req, &f)) != TG_OK)
		return rc;
	*used = end;
	return TG_OK;
}
