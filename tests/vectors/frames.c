#include <string.h>

#include <toygrid/status.h>

#include "vectors/frames.h"
#include "vectors/lines.h"
#include "vectors/vectors.h"

static const struct tg_relay_limits limits = {TG_FRAME_MAX_BYTES, TG_WS_MESSAGE_MAX_BYTES,
    TG_TOPICS_PER_SOCKET_MAX, TG_MAIN_AGE_MS, TG_SIDE_AGE_MS, TG_READER_QUEUE_BYTES};

static struct tg_buf *
next(struct frame_vectors *v, const char *name)
{
	vector_need(v->count < FRAME_VECTORS_MAX);
	v->list[v->count].name = name;
	return &v->list[v->count++].bytes;
}

static void
prove(const struct frame_vectors *v, unsigned class, struct tg_sig *sig)
{
	struct tg_sub_claim claim = {"relay.example", 13, v->epoch, v->challenge, &v->topic,
	    &v->write.public_key, &v->read.public_key};
	struct tg_hash digest;

	tg_sub_digest(&claim, class, &digest);
	tg_sign(class == TG_CLASS_MAIN ? &v->write : &v->read, &digest, sig);
}

void
frame_vectors_build(struct frame_vectors *v)
{
	const struct tg_key *w = &v->write.public_key, *r = &v->read.public_key;
	const struct tg_hash *topic = &v->topic;
	struct tg_sig read_proof, write_proof;
	struct tg_secret seed;
	struct tg_frame_id id;

	memset(v, 0, sizeof *v);
	v->now_ms = 1700000000000;
	vector_secret(0x11, &seed);
	tg_keypair_from_seed(&seed, &v->write);
	vector_secret(0x22, &seed);
	tg_keypair_from_seed(&seed, &v->read);
	tg_topic_id(w, r, &v->topic);
	memset(v->epoch, 0x33, sizeof v->epoch);
	memset(v->challenge, 0x44, sizeof v->challenge);
	memset(id.b, 0x55, sizeof id.b);
	prove(v, TG_CLASS_SIDE, &read_proof);
	prove(v, TG_CLASS_MAIN, &write_proof);

	tg_frame_put_relay_hello(
	    next(v, "relay-hello"), "toygrid-relay 0.1", &limits, v->epoch, v->now_ms, v->challenge);
	tg_frame_put_client_hello(next(v, "client-hello"), "toygrid 0.1", "relay.example", 13);
	tg_frame_put_sub(next(v, "sub-both"), topic, w, r, &read_proof, &write_proof);
	tg_frame_put_sub(next(v, "sub-read"), topic, w, r, &read_proof, NULL);
	tg_frame_put_sub(next(v, "sub-write"), topic, w, r, NULL, &write_proof);
	tg_frame_put_sub(next(v, "sub-none"), topic, w, r, NULL, NULL);
	tg_frame_put_unsub(next(v, "unsub"), topic);
	tg_frame_put_pub(next(v, "pub-main"), &v->write, topic, TG_CLASS_MAIN, 0, v->now_ms, "hello", 5);
	tg_frame_put_pub(
	    next(v, "pub-main-receipt"), &v->write, topic, TG_CLASS_MAIN, TG_PUB_RECEIPT, v->now_ms, "x", 1);
	tg_frame_put_pub(next(v, "pub-side"), &v->read, topic, TG_CLASS_SIDE, 0, v->now_ms, "side", 4);
	tg_frame_put_pub(next(v, "pub-ephemeral"), &v->read, topic, TG_CLASS_SIDE,
	    TG_PUB_EPHEMERAL | TG_PUB_RECEIPT, v->now_ms, "caret", 5);
	tg_frame_put_ok(next(v, "ok"), &id);
	tg_frame_put_err(next(v, "err"), &id, TG_ERR_STALE, "700000 ms old");
	tg_frame_put_err(next(v, "err-no-id"), NULL, TG_ERR_BAD_FRAME, NULL);
	tg_frame_put_drain(next(v, "drain"), 5000);
}

void
frame_vectors_free(struct frame_vectors *v)
{
	for (size_t i = 0; i < v->count; i++)
		tg_buf_free(&v->list[i].bytes);
	v->count = 0;
}

const struct tg_buf *
frame_vectors_find(const struct frame_vectors *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->list[i].name, name) == 0)
			return &v->list[i].bytes;
	return NULL;
}

/* ---- the file ------------------------------------------------------------------------------------------ */

/* The next word of a line and what separates it from the one after. */
static struct tg_bytes
word(struct tg_bytes *line)
{
	struct tg_bytes w = {line->data, 0};

	while (w.len < line->len && line->data[w.len] != ' ')
		w.len++;
	line->data += w.len;
	line->len -= w.len;
	if (line->len) {
		line->data++;
		line->len--;
	}
	return w;
}

static unsigned
digit(uint8_t c)
{
	vector_need((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return c <= '9' ? c - (unsigned)'0' : c - (unsigned)'a' + 10;
}

/* "bad STATUS NAME HEX" with the status that this build gives. */
static void
bad_line(struct tg_buf *out, struct tg_bytes line)
{
	struct tg_buf bytes = {0};
	struct tg_bytes name;
	struct tg_frame frame;
	size_t used;
	int rc;

	word(&line);
	word(&line);
	name = word(&line);
	for (size_t i = 0; i + 1 < line.len; i += 2)
		tg_buf_u8(&bytes, (uint8_t)(digit(line.data[i]) << 4 | digit(line.data[i + 1])));
	rc = tg_frame_decode(bytes.data, bytes.len, &frame, &used);
	line_text(out, "bad ");
	line_text(out, tg_status_name(rc));
	tg_buf_u8(out, ' ');
	tg_buf_put(out, name.data, name.len);
	tg_buf_u8(out, ' ');
	tg_buf_put(out, line.data, line.len);
	line_end(out);
	tg_buf_free(&bytes);
}

void
vectors_frames(struct tg_bytes file, struct tg_buf *out)
{
	struct frame_vectors v;
	int good_told = 0;

	frame_vectors_build(&v);
	for (;;) {
		const uint8_t *end = file.len ? memchr(file.data, '\n', file.len) : NULL;
		struct tg_bytes line = {file.data, end ? (size_t)(end - file.data) : file.len};

		if (line.len && line.data[0] == '#') {
			tg_buf_put(out, line.data, line.len);
			line_end(out);
		} else if (!good_told) { /* after the comments, in their order, whatever the file has */
			for (size_t i = 0; i < v.count; i++) {
				line_text(out, "ok ");
				line_one(out, v.list[i].name, v.list[i].bytes.data, v.list[i].bytes.len);
			}
			good_told = 1;
		}
		if (line.len && line.data[0] == 'b')
			bad_line(out, line);
		if (end == NULL)
			break;
		file.data += line.len + 1;
		file.len -= line.len + 1;
	}
	frame_vectors_free(&v);
}
