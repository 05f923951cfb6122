#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "sync/bodies.h"
#include "wire/writer.h"

#define NONCE_BYTES 16

static struct tg_reader
read_body(struct tg_bytes body)
{
	struct tg_reader r;

	tg_reader_init(&r, body.data, body.len);
	return r;
}

/* The bytes that r has passed since `from`. */
static struct tg_bytes
since(const struct tg_reader *r, size_t from)
{
	return (struct tg_bytes){r->data + from, r->at - from};
}

/* Move the front of *list behind what r has read. */
static void
advance(struct tg_bytes *list, const struct tg_reader *r)
{
	list->data += r->at;
	list->len -= r->at;
}

/* ---- have ---------------------------------------------------------------------------------------------- */

static void
have_head(struct tg_buf *buf, struct tg_bytes session_record, uint64_t flags)
{
	tg_write_array(buf, 3);
	tg_write_bin(buf, session_record.data, session_record.len);
	tg_write_uint(buf, flags);
}

void
tg_have_put_digest(struct tg_buf *buf, struct tg_bytes session_record, uint64_t flags,
    const struct tg_hash *digest, uint64_t count)
{
	have_head(buf, session_record, flags);
	tg_write_array(buf, 3);
	tg_write_uint(buf, 0);
	tg_write_bin(buf, digest->b, sizeof digest->b);
	tg_write_uint(buf, count);
}

void
tg_have_put_list(struct tg_buf *buf, struct tg_bytes session_record, uint64_t flags,
    const struct tg_log_state *states, size_t n)
{
	have_head(buf, session_record, flags);
	tg_write_array(buf, 2);
	tg_write_uint(buf, 1);
	tg_write_array(buf, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		tg_write_array(buf, 3);
		tg_write_bin(buf, states[i].log.b, sizeof states[i].log.b);
		tg_write_uint(buf, states[i].length);
		tg_write_bin(buf, states[i].root.b, sizeof states[i].root.b);
	}
}

static void
read_state(struct tg_reader *r, struct tg_log_state *state)
{
	tg_read_array(r, 3, 3);
	tg_read_fixed(r, state->log.b, sizeof state->log.b);
	state->length = tg_read_uint(r, UINT64_MAX);
	tg_read_fixed(r, state->root.b, sizeof state->root.b);
}

int
tg_have_get(struct tg_bytes body, struct tg_have *have)
{
	struct tg_reader r = read_body(body);
	uint32_t n;

	memset(have, 0, sizeof *have);
	tg_read_array(&r, 3, 3);
	have->session_record = tg_read_bin(&r, TG_ENTRY_HEADER_MAX_BYTES);
	have->flags = tg_read_uint(&r, 15);
	n = tg_read_array(&r, 2, 3);
	have->is_list = (int)tg_read_uint(&r, 1);
	if (tg_reader_status(&r) == TG_OK && n != (have->is_list ? 2u : 3u))
		tg_reader_fail(&r, TG_EFORMAT);
	if (!have->is_list) {
		tg_read_fixed(&r, have->digest.b, sizeof have->digest.b);
		have->count = tg_read_uint(&r, UINT64_MAX);
	} else {
		struct tg_log_state before;
		size_t from;

		have->count = tg_read_array(&r, 0, TG_HAVE_MAX_LOGS);
		from = r.at;
		for (uint64_t i = 0; i < have->count && tg_reader_status(&r) == TG_OK; i++) {
			struct tg_log_state state;
			int order;

			read_state(&r, &state);
			order = i > 0 ? tg_key_cmp(&before.log, &state.log) : -1;
			if (order > 0 || (order == 0 && tg_hash_cmp(&before.root, &state.root) >= 0))
				tg_reader_fail(&r, TG_EFORMAT);
			before = state;
		}
		have->list = since(&r, from);
	}
	return tg_reader_end(&r);
}

int
tg_have_next(struct tg_bytes *list, struct tg_log_state *state)
{
	struct tg_reader r = read_body(*list);

	if (list->len == 0)
		return 0;
	read_state(&r, state);
	advance(list, &r);
	return tg_reader_status(&r) == TG_OK;
}

/* ---- want ---------------------------------------------------------------------------------------------- */

void
tg_want_put(struct tg_buf *buf, uint64_t request, uint64_t hops, const struct tg_key *asker,
    const struct tg_want_range *ranges, size_t range_count, const struct tg_hash *locators,
    size_t locator_count)
{
	tg_write_array(buf, 5);
	tg_write_uint(buf, request);
	tg_write_uint(buf, hops);
	tg_write_bin(buf, asker->b, sizeof asker->b);
	tg_write_array(buf, (uint32_t)range_count);
	for (size_t i = 0; i < range_count; i++) {
		tg_write_array(buf, ranges[i].has_root ? 4 : 3);
		tg_write_bin(buf, ranges[i].log.b, sizeof ranges[i].log.b);
		tg_write_uint(buf, ranges[i].from);
		tg_write_uint(buf, ranges[i].to);
		if (ranges[i].has_root)
			tg_write_bin(buf, ranges[i].root.b, sizeof ranges[i].root.b);
	}
	tg_write_array(buf, (uint32_t)locator_count);
	for (size_t i = 0; i < locator_count; i++)
		tg_write_bin(buf, locators[i].b, sizeof locators[i].b);
}

static void
read_range(struct tg_reader *r, struct tg_want_range *range)
{
	memset(range, 0, sizeof *range);
	range->has_root = tg_read_array(r, 3, 4) == 4;
	tg_read_fixed(r, range->log.b, sizeof range->log.b);
	range->from = tg_read_uint(r, UINT64_MAX);
	range->to = tg_read_uint(r, UINT64_MAX);
	if (range->has_root)
		tg_read_fixed(r, range->root.b, sizeof range->root.b);
	if (range->to <= range->from && (range->to != 0 || range->has_root))
		tg_reader_fail(r, TG_EFORMAT);
}

int
tg_want_get(struct tg_bytes body, struct tg_want *want)
{
	struct tg_reader r = read_body(body);
	size_t from;

	memset(want, 0, sizeof *want);
	tg_read_array(&r, 5, 5);
	want->request = tg_read_uint(&r, UINT64_MAX);
	want->hops = tg_read_uint(&r, 2);
	tg_read_fixed(&r, want->asker.b, sizeof want->asker.b);
	want->range_count = tg_read_array(&r, 0, TG_WANT_MAX_RANGES);
	from = r.at;
	for (uint64_t i = 0; i < want->range_count && tg_reader_status(&r) == TG_OK; i++) {
		struct tg_want_range range;

		read_range(&r, &range);
	}
	want->ranges = since(&r, from);
	want->locator_count = tg_read_array(&r, 0, TG_WANT_MAX_RANGES);
	from = r.at;
	for (uint64_t i = 0; i < want->locator_count && tg_reader_status(&r) == TG_OK; i++) {
		struct tg_hash locator;

		tg_read_fixed(&r, locator.b, sizeof locator.b);
	}
	want->locators = since(&r, from);
	return tg_reader_end(&r);
}

int
tg_want_next_range(struct tg_bytes *ranges, struct tg_want_range *range)
{
	struct tg_reader r = read_body(*ranges);

	if (ranges->len == 0)
		return 0;
	read_range(&r, range);
	advance(ranges, &r);
	return tg_reader_status(&r) == TG_OK;
}

int
tg_want_next_locator(struct tg_bytes *locators, struct tg_hash *locator)
{
	struct tg_reader r = read_body(*locators);

	if (locators->len == 0)
		return 0;
	tg_read_fixed(&r, locator->b, sizeof locator->b);
	advance(locators, &r);
	return tg_reader_status(&r) == TG_OK;
}

/* ---- data ---------------------------------------------------------------------------------------------- */

void
tg_data_put(struct tg_buf *buf, uint64_t request, uint64_t status, uint32_t run_count, struct tg_bytes runs,
    uint32_t chunk_count, struct tg_bytes chunks)
{
	tg_write_array(buf, 4);
	tg_write_uint(buf, request);
	tg_write_uint(buf, status);
	tg_write_array(buf, run_count);
	tg_buf_put(buf, runs.data, runs.len);
	tg_write_array(buf, chunk_count);
	tg_buf_put(buf, chunks.data, chunks.len);
}

static struct tg_bytes
read_elements(struct tg_reader *r, uint64_t count)
{
	size_t from = r->at;

	for (uint64_t i = 0; i < count && tg_reader_status(r) == TG_OK; i++)
		tg_read_skip(r);
	return since(r, from);
}

int
tg_data_get(struct tg_bytes body, struct tg_data *data)
{
	struct tg_reader r = read_body(body);

	memset(data, 0, sizeof *data);
	tg_read_array(&r, 4, 4);
	data->request = tg_read_uint(&r, UINT64_MAX);
	data->status = tg_read_uint(&r, TG_DATA_QUOTA);
	data->run_count = tg_read_array(&r, 0, TG_DATA_MAX_RUNS);
	data->runs = read_elements(&r, data->run_count);
	data->chunk_count = tg_read_array(&r, 0, TG_WANT_MAX_RANGES);
	data->chunks = read_elements(&r, data->chunk_count);
	return tg_reader_end(&r);
}

int
tg_data_next(struct tg_bytes *list, struct tg_bytes *element)
{
	struct tg_reader r = read_body(*list);

	if (list->len == 0)
		return 0;
	*element = tg_read_skip(&r);
	advance(list, &r);
	return tg_reader_status(&r) == TG_OK;
}

void
tg_data_chunk_put(struct tg_buf *buf, const struct tg_hash *locator, struct tg_bytes stored)
{
	tg_write_array(buf, 2);
	tg_write_bin(buf, locator->b, sizeof locator->b);
	tg_write_bin(buf, stored.data, stored.len);
}

int
tg_data_chunk_get(struct tg_bytes element, struct tg_hash *locator, struct tg_bytes *stored)
{
	struct tg_reader r = read_body(element);

	tg_read_array(&r, 2, 2);
	tg_read_fixed(&r, locator->b, sizeof locator->b);
	*stored = tg_read_bin(&r, TG_CHUNK_STORED_MAX_BYTES);
	return tg_reader_end(&r);
}

/* ---- presence ------------------------------------------------------------------------------------------ */

void
tg_presence_put(
    struct tg_buf *buf, const struct tg_presence *p, const struct tg_text_ref *version, size_t version_count)
{
	tg_write_array(buf, 4);
	tg_write_uint(buf, p->flags);
	tg_write_str(buf, (const char *)p->name.data, p->name.len);
	tg_write_uint(buf, p->colour);
	if (!p->has_position) {
		tg_write_nil(buf);
		return;
	}
	tg_write_array(buf, 4);
	tg_write_uint(buf, p->flow);
	tg_write_uint(buf, p->anchor);
	tg_write_uint(buf, p->head);
	tg_write_array(buf, (uint32_t)version_count);
	for (size_t i = 0; i < version_count; i++) {
		tg_write_array(buf, 2);
		tg_write_bin(buf, version[i].log.b, sizeof version[i].log.b);
		tg_write_uint(buf, version[i].seq);
	}
}

static void
read_ref(struct tg_reader *r, struct tg_text_ref *ref)
{
	tg_read_array(r, 2, 2);
	tg_read_fixed(r, ref->log.b, sizeof ref->log.b);
	ref->seq = tg_read_uint(r, UINT64_MAX);
}

int
tg_presence_get(struct tg_bytes body, struct tg_presence *p)
{
	struct tg_reader r = read_body(body);

	memset(p, 0, sizeof *p);
	tg_read_array(&r, 4, 4);
	p->flags = tg_read_uint(&r, 1);
	p->name = tg_read_str(&r, TG_NAME_MAX_BYTES);
	p->colour = tg_read_uint(&r, 0xffffff);
	if (!tg_read_nil(&r)) {
		size_t from;

		p->has_position = 1;
		tg_read_array(&r, 4, 4);
		p->flow = tg_read_uint(&r, UINT32_MAX);
		p->anchor = tg_read_uint(&r, UINT32_MAX);
		p->head = tg_read_uint(&r, UINT32_MAX);
		p->version_count = tg_read_array(&r, 0, TG_PRESENCE_MAX_VERSION);
		from = r.at;
		for (uint64_t i = 0; i < p->version_count && tg_reader_status(&r) == TG_OK; i++) {
			struct tg_text_ref ref;

			read_ref(&r, &ref);
		}
		p->version = since(&r, from);
	}
	return tg_reader_end(&r);
}

int
tg_presence_next(struct tg_bytes *version, struct tg_text_ref *ref)
{
	struct tg_reader r = read_body(*version);

	if (version->len == 0)
		return 0;
	read_ref(&r, ref);
	advance(version, &r);
	return tg_reader_status(&r) == TG_OK;
}

/* ---- cast, call, reply, ext ---------------------------------------------------------------------------- */

void
tg_cast_put(struct tg_buf *buf, const struct tg_call *cast)
{
	tg_write_array(buf, 3);
	tg_write_str(buf, (const char *)cast->channel.data, cast->channel.len);
	tg_write_bin(buf, cast->nonce, NONCE_BYTES);
	tg_write_bin(buf, cast->args.data, cast->args.len);
}

int
tg_cast_get(struct tg_bytes body, struct tg_call *cast)
{
	struct tg_reader r = read_body(body);

	memset(cast, 0, sizeof *cast);
	tg_read_array(&r, 3, 3);
	cast->channel = tg_read_str(&r, TG_CHANNEL_MAX);
	tg_read_fixed(&r, cast->nonce, NONCE_BYTES);
	cast->args = tg_read_bin(&r, TG_ARGS_MAX_BYTES);
	return tg_reader_end(&r);
}

void
tg_call_put(struct tg_buf *buf, const struct tg_call *call)
{
	tg_write_array(buf, 5);
	tg_write_uint(buf, call->call);
	tg_write_str(buf, (const char *)call->channel.data, call->channel.len);
	tg_write_bin(buf, call->nonce, NONCE_BYTES);
	tg_write_uint(buf, call->deadline_ms);
	tg_write_bin(buf, call->args.data, call->args.len);
}

int
tg_call_get(struct tg_bytes body, struct tg_call *call)
{
	struct tg_reader r = read_body(body);

	memset(call, 0, sizeof *call);
	tg_read_array(&r, 5, 5);
	call->call = tg_read_uint(&r, UINT64_MAX);
	if (tg_reader_status(&r) == TG_OK && call->call == 0)
		tg_reader_fail(&r, TG_EFORMAT); /* 0 means cast, which has its own kind */
	call->channel = tg_read_str(&r, TG_CHANNEL_MAX);
	tg_read_fixed(&r, call->nonce, NONCE_BYTES);
	call->deadline_ms = tg_read_uint(&r, UINT64_MAX);
	call->args = tg_read_bin(&r, TG_ARGS_MAX_BYTES);
	return tg_reader_end(&r);
}

void
tg_reply_put(struct tg_buf *buf, const struct tg_reply *reply)
{
	tg_write_array(buf, 3);
	tg_write_uint(buf, reply->call);
	tg_write_uint(buf, reply->status);
	tg_write_bin(buf, reply->result.data, reply->result.len);
}

int
tg_reply_get(struct tg_bytes body, struct tg_reply *reply)
{
	struct tg_reader r = read_body(body);

	memset(reply, 0, sizeof *reply);
	tg_read_array(&r, 3, 3);
	reply->call = tg_read_uint(&r, UINT64_MAX);
	reply->status = tg_read_uint(&r, UINT32_MAX);
	reply->result = tg_read_bin(&r, TG_ARGS_MAX_BYTES);
	return tg_reader_end(&r);
}

void
tg_ext_put(struct tg_buf *buf, struct tg_bytes name, struct tg_bytes payload)
{
	tg_write_array(buf, 2);
	tg_write_str(buf, (const char *)name.data, name.len);
	tg_write_bin(buf, payload.data, payload.len);
}

int
tg_ext_get(struct tg_bytes body, struct tg_bytes *name, struct tg_bytes *payload)
{
	struct tg_reader r = read_body(body);

	tg_read_array(&r, 2, 2);
	*name = tg_read_str(&r, TG_CHANNEL_MAX);
	*payload = tg_read_bin(&r, TG_ARGS_MAX_BYTES);
	return tg_reader_end(&r);
}
