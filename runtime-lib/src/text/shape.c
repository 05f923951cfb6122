#include <string.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "text/draw.h"
#include "wire/reader.h"

static struct tg_bytes
text_value(const struct tg_drawing *d, uint32_t value)
{
	struct tg_bytes b = {NULL, 0};
	struct tg_reader r;
	size_t len;
	const uint8_t *p;

	if (value == TG_POOL_NIL)
		return b;
	p = tg_pool_get(&d->doc->pool, value, &len);
	tg_reader_init(&r, p, len);
	b = tg_read_str(&r, TG_TEXT_VALUE_MAX);
	if (tg_reader_status(&r) != TG_OK) /* of another type: as if absent */
		b = (struct tg_bytes){NULL, 0};
	return b;
}

/* Is the text this word, or the word with a colon and something behind it? */
static int
is_word(struct tg_bytes b, const char *word)
{
	size_t n = strlen(word);

	return b.len >= n && memcmp(b.data, word, n) == 0 && (b.len == n || b.data[n] == ':');
}

static int
block_node(struct tg_bytes type)
{
	static const struct {
		const char *word;
		uint8_t node;
	} types[] = {{"heading", TG_NODE_HEADING}, {"code", TG_NODE_CODE}, {"rule", TG_NODE_RULE},
	    {"image", TG_NODE_IMAGE}, {"embed", TG_NODE_EMBED}, {"table", TG_NODE_TABLE}};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (is_word(type, types[i].word))
			return types[i].node;
	return TG_NODE_PARAGRAPH; /* R4 */
}

static int
list_node(struct tg_bytes list)
{
	if (is_word(list, "bullet"))
		return TG_NODE_BULLETS;
	if (is_word(list, "ordered"))
		return TG_NODE_ORDERED;
	return is_word(list, "task") ? TG_NODE_TASKS : 0;
}

static int
container_node(struct tg_bytes part)
{
	static const struct {
		const char *word;
		uint8_t node;
	} kinds[] = {{"quote", TG_NODE_QUOTE}, {"callout", TG_NODE_CALLOUT}, {"details", TG_NODE_DETAILS},
	    {"columns", TG_NODE_COLUMNS}, {"column", TG_NODE_COLUMN}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (is_word(part, kinds[i].word))
			return kinds[i].node;
	return 0;
}

/* The next part of a path, which *${path} then lacks. */
static struct tg_bytes
next_part(struct tg_bytes *path)
{
	struct tg_bytes part = {path->data, 0};

	while (part.len < path->len && path->data[part.len] != '/')
		part.len++;
	path->data += part.len + (part.len < path->len);
	path->len -= part.len + (part.len < path->len);
	return part;
}

/*
 * The containers as they will be drawn (R5): kinds that are not known are skipped, and columns without a
 * column in them, or a column without columns around it.
 */
static int
clean_path(struct tg_drawing *d, struct tg_bytes path, struct tg_shape *s)
{
	struct tg_bytes parts[TG_RENDER_DEPTH_MAX], held = {NULL, 0};
	struct tg_buf *out = &d->doc->out_text;
	size_t n = 0;
	int rc;

	while (path.len > 0 && n < TG_RENDER_DEPTH_MAX) {
		struct tg_bytes part = next_part(&path);
		int node = container_node(part);

		if (node == TG_NODE_COLUMNS) {
			held = part;
		} else if (node == TG_NODE_COLUMN) {
			if (held.data != NULL && n + 2 <= TG_RENDER_DEPTH_MAX) {
				parts[n++] = held;
				parts[n++] = part;
			}
			held.data = NULL;
		} else if (node != 0) {
			held.data = NULL;
			parts[n++] = part;
		}
	}
	if (n == 0)
		return TG_OK;
	tg_buf_reset(out);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			tg_buf_put(out, "/", 1);
		tg_buf_put(out, parts[i].data, parts[i].len);
	}
	if ((rc = tg_buf_status(out)) != TG_OK)
		return rc;
	s->depth = (uint8_t)n;
	return tg_pool_put(&d->doc->pool, out->data, out->len, &s->path);
}

int
tg_shape_of(struct tg_drawing *d, uint32_t format, const struct tg_shape **shape)
{
	struct tg_doc *doc = d->doc;
	struct tg_shape s = {0};
	uint32_t value;
	size_t len;
	int rc;

	if (format >= d->shape_n) {
		if ((rc = tg_array_need(
			 (void **)&d->shapes, &d->shape_cap, (size_t)format + 1, sizeof *d->shapes)) != TG_OK)
			return rc;
		memset(d->shapes + d->shape_n, 0, (format + 1 - d->shape_n) * sizeof *d->shapes);
		d->shape_n = (size_t)format + 1;
	}
	*shape = &d->shapes[format];
	if (d->shapes[format].known)
		return TG_OK;
	s.known = 1;
	s.node = (uint8_t)block_node(text_value(d, tg_format_value(&doc->formats, format, d->keys.type)));
	value = tg_format_value(&doc->formats, format, d->keys.list);
	s.list_node = (uint8_t)list_node(text_value(d, value));
	if (s.list_node != 0) {
		const uint8_t *p;

		s.list = value;
		value = tg_format_value(&doc->formats, format, d->keys.indent);
		p = tg_pool_get(&doc->pool, value, &len);
		if (value != TG_POOL_NIL && p[0] < 0x80)
			s.indent = p[0] < 15 ? p[0] : 15;
		else if (value != TG_POOL_NIL && p[0] >= 0xcc && p[0] <= 0xcf)
			s.indent = 15;
		value = tg_format_value(&doc->formats, format, d->keys.cont);
		p = tg_pool_get(&doc->pool, value, &len);
		s.cont = p[0] == 0xc3;
	}
	if ((rc = clean_path(d, text_value(d, tg_format_value(&doc->formats, format, d->keys.path)), &s)) !=
	    TG_OK)
		return rc;
	d->shapes[format] = s;
	return TG_OK;
}

/* ---- contexts */

static uint32_t *
context_slot(const struct tg_drawing *d, uint32_t path, uint32_t up, uint32_t list)
{
	size_t mask = d->context_slot_count - 1;
	uint32_t name[3] = {path, up, list};
	size_t i = tg_text_hash(name, sizeof name) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t c = d->context_slots[i];

		if (c == 0 || (d->contexts[c - 1].path == path && d->contexts[c - 1].up == up &&
				  d->contexts[c - 1].list == list))
			return &d->context_slots[i];
	}
}

static int
put_context(struct tg_drawing *d, struct tg_context c, uint32_t *id)
{
	uint32_t *slot = context_slot(d, c.path, c.up, c.list);
	int rc;

	if (*slot != 0) {
		*id = *slot - 1;
		return TG_OK;
	}
	if ((rc = tg_array_need(
		 (void **)&d->contexts, &d->context_cap, d->context_n + 1, sizeof *d->contexts)) != TG_OK)
		return rc;
	d->contexts[d->context_n] = c;
	*id = (uint32_t)d->context_n++;
	*slot = *id + 1;
	if (d->context_n * 2 > d->context_slot_count) {
		uint32_t *fresh = tg_calloc(d->context_slot_count * 2, sizeof *fresh);

		if (fresh == NULL)
			return TG_ENOMEM;
		tg_free(d->context_slots);
		d->context_slots = fresh;
		d->context_slot_count *= 2;
		for (size_t i = 0; i < d->context_n; i++)
			*context_slot(d, d->contexts[i].path, d->contexts[i].up, d->contexts[i].list) =
			    (uint32_t)i + 1;
	}
	return TG_OK;
}

int
tg_contexts_init(struct tg_drawing *d)
{
	struct tg_context root = {0, TG_BLOCK_NONE, 0, 0, 0, 0};
	uint32_t id;

	d->context_slot_count = 16;
	if ((d->context_slots = tg_calloc(d->context_slot_count, sizeof *d->context_slots)) == NULL)
		return TG_ENOMEM;
	return put_context(d, root, &id);
}

/* How many parts two paths have in common. */
static uint32_t
shared_parts(const struct tg_drawing *d, uint32_t a, uint32_t b)
{
	struct tg_bytes x = {NULL, 0}, y = {NULL, 0};
	uint32_t n = 0;

	if (a == 0 || b == 0)
		return 0;
	x.data = tg_pool_get(&d->doc->pool, a, &x.len);
	y.data = tg_pool_get(&d->doc->pool, b, &y.len);
	while (x.len > 0 && y.len > 0) {
		struct tg_bytes p = next_part(&x), q = next_part(&y);

		if (p.len != q.len || memcmp(p.data, q.data, p.len) != 0)
			break;
		n++;
	}
	return n;
}

int
tg_path_node(const struct tg_drawing *d, uint32_t path, uint32_t part)
{
	struct tg_bytes p = {NULL, 0}, at = {NULL, 0};

	p.data = tg_pool_get(&d->doc->pool, path, &p.len);
	for (uint32_t i = 0; i <= part; i++)
		at = next_part(&p);
	return container_node(at);
}

int
tg_shape_draw(struct tg_drawing *d, uint32_t before, const struct tg_shape *shape, struct tg_drawn *drawn)
{
	const struct tg_shape s = *shape;
	struct tg_context was = d->contexts[before], next = {s.path, TG_BLOCK_NONE, 0, 0, s.depth, 0};
	uint32_t base = before, goes_on = 0, depth;
	int rc;

	memset(drawn, 0, sizeof *drawn);
	if (was.path != s.path) {
		uint32_t shared = shared_parts(d, was.path, s.path);

		drawn->closes = (uint8_t)(tg_context_open(&was) - shared);
		drawn->containers = (uint8_t)(s.depth - shared);
		if ((rc = put_context(d, next, &base)) != TG_OK)
			return rc;
		was = d->contexts[base];
	}
	/* R3: as deep as it asks, but at most one level more than is open. */
	depth = s.indent < was.levels ? s.indent : was.levels;
	while (d->contexts[base].levels > depth + 1)
		base = d->contexts[base].up;
	goes_on = s.list != 0 && d->contexts[base].levels == depth + 1 && d->contexts[base].list == s.list;
	/* An item begins with a paragraph: anything else stands in a list only as a further block of one. */
	if (s.list == 0 || (s.node != TG_NODE_PARAGRAPH && !(goes_on && s.cont))) {
		drawn->closes = (uint8_t)(drawn->closes + 2 * was.levels);
		return put_context(d, next, &drawn->after);
	}
	if (goes_on) {
		drawn->closes = (uint8_t)(drawn->closes + 2 * (was.levels - depth - 1) + !s.cont);
		drawn->item = !s.cont;
		drawn->after = base;
		return TG_OK;
	}
	drawn->closes = (uint8_t)(drawn->closes + 2 * (was.levels - depth));
	drawn->list = drawn->item = 1;
	if (d->contexts[base].levels > depth)
		base = d->contexts[base].up;
	next = d->contexts[base];
	next.up = base;
	next.list = s.list;
	next.levels++;
	next.list_node = s.list_node;
	return put_context(d, next, &drawn->after);
}
