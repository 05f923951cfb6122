#include <string.h>

#include <toygrid/status.h>

#include "base/utf8.h"
#include "wire/reader.h"

void
tg_reader_init(struct tg_reader *r, const void *data, size_t len)
{
	r->data = data;
	r->len = len;
	r->at = 0;
	r->status = TG_OK;
}

int
tg_reader_status(const struct tg_reader *r)
{
	return r->status;
}

void
tg_reader_fail(struct tg_reader *r, int status)
{
	if (r->status == TG_OK)
		r->status = status;
}

int
tg_reader_end(struct tg_reader *r)
{
	if (r->status == TG_OK && r->at != r->len)
		r->status = TG_EFORMAT;
	return r->status;
}

/* Borrow the next n bytes, or NULL and TG_ETRUNCATED. */
static const uint8_t *
take(struct tg_reader *r, size_t n)
{
	const uint8_t *p;

	if (r->status != TG_OK)
		return NULL;
	if (n > r->len - r->at) {
		r->status = TG_ETRUNCATED;
		return NULL;
	}
	p = r->data + r->at;
	r->at += n;
	return p;
}

/* A big-endian number of n bytes that must not have fitted below `least`: the shortest-form rule. */
static uint64_t
take_be(struct tg_reader *r, size_t n, uint64_t least)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	if (v < least) {
		tg_reader_fail(r, TG_EFORMAT);
		return 0;
	}
	return v;
}

static uint8_t
take_tag(struct tg_reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? *p : 0xc1; /* 0xc1 is never used by msgpack */
}

static uint64_t
uint_after(struct tg_reader *r, uint8_t tag)
{
	if (tag < 0x80)
		return tag;
	switch (tag) {
	case 0xcc:
		return take_be(r, 1, 0x80);
	case 0xcd:
		return take_be(r, 2, 0x100);
	case 0xce:
		return take_be(r, 4, 0x10000);
	case 0xcf:
		return take_be(r, 8, 0x100000000);
	}
	tg_reader_fail(r, TG_EFORMAT);
	return 0;
}

uint64_t
tg_read_uint(struct tg_reader *r, uint64_t max)
{
	uint64_t v = uint_after(r, take_tag(r));

	if (r->status != TG_OK)
		return 0;
	if (v > max) {
		r->status = TG_ETOOBIG;
		return 0;
	}
	return v;
}

int64_t
tg_read_int(struct tg_reader *r)
{
	uint8_t tag = take_tag(r);
	int64_t v;

	switch (tag) {
	case 0xd0:
		v = (int8_t)take_be(r, 1, 0x80);
		if (r->status == TG_OK && v >= -32)
			r->status = TG_EFORMAT; /* the shorter form is 0xe0..0xff */
		break;
	case 0xd1:
		v = (int16_t)take_be(r, 2, 0x8000);
		if (r->status == TG_OK && v >= -128)
			r->status = TG_EFORMAT;
		break;
	case 0xd2:
		v = (int32_t)take_be(r, 4, 0x80000000);
		if (r->status == TG_OK && v >= -32768)
			r->status = TG_EFORMAT;
		break;
	case 0xd3:
		v = (int64_t)take_be(r, 8, 0x8000000000000000);
		if (r->status == TG_OK && v >= -2147483648LL)
			r->status = TG_EFORMAT;
		break;
	default:
		if (tag >= 0xe0) {
			v = (int8_t)tag;
		} else {
			uint64_t u = uint_after(r, tag);

			if (u > INT64_MAX)
				tg_reader_fail(r, TG_ETOOBIG);
			v = (int64_t)u;
		}
	}
	return r->status == TG_OK ? v : 0;
}

int
tg_read_bool(struct tg_reader *r)
{
	uint8_t tag = take_tag(r);

	if (tag != 0xc2 && tag != 0xc3)
		tg_reader_fail(r, TG_EFORMAT);
	return r->status == TG_OK && tag == 0xc3;
}

int
tg_read_nil(struct tg_reader *r)
{
	if (r->status != TG_OK || r->at >= r->len || r->data[r->at] != 0xc0)
		return 0;
	r->at++;
	return 1;
}

static uint32_t
array_after(struct tg_reader *r, uint8_t tag)
{
	uint64_t n = 0;

	if ((tag & 0xf0) == 0x90)
		n = tag & 0x0f;
	else if (tag == 0xdc)
		n = take_be(r, 2, 16);
	else if (tag == 0xdd)
		n = take_be(r, 4, 0x10000);
	else
		tg_reader_fail(r, TG_EFORMAT);
	/* Every element takes at least a byte: a count beyond what is left cannot be honest. */
	if (r->status == TG_OK && n > r->len - r->at)
		r->status = TG_ETRUNCATED;
	return r->status == TG_OK ? (uint32_t)n : 0;
}

uint32_t
tg_read_array(struct tg_reader *r, uint32_t min, uint32_t max)
{
	uint32_t n = array_after(r, take_tag(r));

	if (r->status != TG_OK)
		return 0;
	if (n < min || n > max) {
		r->status = n < min ? TG_EFORMAT : TG_ETOOBIG;
		return 0;
	}
	return n;
}

static struct tg_bytes
borrow(struct tg_reader *r, uint64_t n, size_t max)
{
	struct tg_bytes none = {NULL, 0};
	const uint8_t *p;

	if (r->status == TG_OK && n > max)
		r->status = TG_ETOOBIG;
	if ((p = take(r, (size_t)n)) == NULL)
		return none;
	return (struct tg_bytes){p, (size_t)n};
}

static uint64_t
bin_after(struct tg_reader *r, uint8_t tag)
{
	switch (tag) {
	case 0xc4:
		return take_be(r, 1, 0);
	case 0xc5:
		return take_be(r, 2, 0x100);
	case 0xc6:
		return take_be(r, 4, 0x10000);
	}
	tg_reader_fail(r, TG_EFORMAT);
	return 0;
}

static uint64_t
str_after(struct tg_reader *r, uint8_t tag)
{
	if ((tag & 0xe0) == 0xa0)
		return tag & 0x1f;
	switch (tag) {
	case 0xd9:
		return take_be(r, 1, 32);
	case 0xda:
		return take_be(r, 2, 0x100);
	case 0xdb:
		return take_be(r, 4, 0x10000);
	}
	tg_reader_fail(r, TG_EFORMAT);
	return 0;
}

struct tg_bytes
tg_read_bin(struct tg_reader *r, size_t max)
{
	uint64_t n = bin_after(r, take_tag(r));

	return borrow(r, n, max);
}

static struct tg_bytes
utf8_only(struct tg_reader *r, struct tg_bytes s)
{
	size_t scalars;

	if (r->status == TG_OK && tg_utf8_count(s.data, s.len, &scalars) != TG_OK) {
		r->status = TG_EFORMAT;
		return (struct tg_bytes){NULL, 0};
	}
	return s;
}

struct tg_bytes
tg_read_str(struct tg_reader *r, size_t max)
{
	uint64_t n = str_after(r, take_tag(r));

	return utf8_only(r, borrow(r, n, max));
}

void
tg_read_fixed(struct tg_reader *r, void *out, size_t len)
{
	struct tg_bytes b = tg_read_bin(r, len);

	if (r->status == TG_OK && b.len != len)
		r->status = TG_EFORMAT;
	if (r->status == TG_OK)
		memcpy(out, b.data, len);
	else
		memset(out, 0, len);
}

static void
skip_value(struct tg_reader *r, int depth)
{
	uint8_t tag;

	if (depth > TG_READER_MAX_DEPTH) {
		tg_reader_fail(r, TG_EFORMAT);
		return;
	}
	if (r->status != TG_OK || r->at >= r->len) {
		tg_reader_fail(r, TG_ETRUNCATED);
		return;
	}
	tag = r->data[r->at];
	if (tag < 0x80 || tag >= 0xe0 || (tag >= 0xcc && tag <= 0xcf) || (tag >= 0xd0 && tag <= 0xd3)) {
		/* Unsigned beyond INT64_MAX are values too. */
		if (tag == 0xcf)
			tg_read_uint(r, UINT64_MAX);
		else
			tg_read_int(r);
	} else if (tag == 0xc0 || tag == 0xc2 || tag == 0xc3) {
		r->at++;
	} else if (tag >= 0xc4 && tag <= 0xc6) {
		tg_read_bin(r, r->len);
	} else if ((tag & 0xe0) == 0xa0 || (tag >= 0xd9 && tag <= 0xdb)) {
		tg_read_str(r, r->len);
	} else if ((tag & 0xf0) == 0x90 || tag == 0xdc || tag == 0xdd) {
		uint32_t n = tg_read_array(r, 0, UINT32_MAX);

		for (uint32_t i = 0; i < n && r->status == TG_OK; i++)
			skip_value(r, depth + 1);
	} else {
		r->status = TG_EFORMAT; /* map, float, ext, 0xc1 */
	}
}

struct tg_bytes
tg_read_skip(struct tg_reader *r)
{
	size_t from = r->at;

	skip_value(r, 1);
	if (r->status != TG_OK)
		return (struct tg_bytes){NULL, 0};
	return (struct tg_bytes){r->data + from, r->at - from};
}
