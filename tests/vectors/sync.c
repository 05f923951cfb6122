#include <string.h>

#include <toygrid/limits.h>
#include <toygrid/status.h>

#include "sync/bodies.h"
#include "sync/message.h"
#include "vectors/lines.h"
#include "vectors/sync.h"
#include "vectors/vectors.h"
#include "wire/writer.h"

const char *const sync_vector_names[SYNC_VECTORS] = {"have-digest", "have-list", "want", "data", "presence",
    "presence-none", "cast", "call", "reply", "ext", "have-branches", "want-branch", "message"};

void
sync_vectors_init(struct sync_vectors *v)
{
	struct tg_secret seed;

	memset(v, 0, sizeof *v);
	vector_secret(1, &seed);
	tg_keypair_from_seed(&seed, &v->session);
	vector_secret(2, &v->sync_key);
	memset(v->topic.b, 3, sizeof v->topic.b);
}

static struct tg_bytes
bytes(const struct tg_buf *b)
{
	return (struct tg_bytes){b->data, b->len};
}

static struct tg_bytes
text(const char *s)
{
	return (struct tg_bytes){(const uint8_t *)s, strlen(s)};
}

static struct tg_log_state
state(uint8_t key, uint64_t length)
{
	struct tg_log_state s;

	memset(s.log.b, key, sizeof s.log.b);
	s.length = length;
	memset(s.root.b, key ^ 0xff, sizeof s.root.b);
	return s;
}

void
sync_vectors_body(struct sync_vectors *v, const char *name, struct tg_buf *b)
{
	struct tg_bytes record = text("session record");
	struct tg_log_state states[2] = {state(1, 7), state(2, 70000)};
	struct tg_hash digest;
	struct tg_key key;

	memset(digest.b, 9, sizeof digest.b);
	memset(key.b, 8, sizeof key.b);
	if (strcmp(name, "have-digest") == 0) {
		tg_have_put_digest(b, record, TG_HAVE_ANSWER, &digest, 2);
	} else if (strcmp(name, "have-list") == 0) {
		tg_have_put_list(b, record, TG_HAVE_ACK | TG_HAVE_TEMPORARY, states, 2);
	} else if (strcmp(name, "want") == 0) {
		struct tg_want_range ranges[2] = {
		    {.log = states[0].log}, {.log = states[1].log, .from = 5, .to = 300}};

		tg_want_put(b, 77, 1, &key, ranges, 2, &digest, 1);
	} else if (strcmp(name, "have-branches") == 0) {
		struct tg_log_state branches[3] = {state(1, 9), state(1, 8), state(2, 7)};

		memset(branches[0].root.b, 0x10, sizeof branches[0].root.b);
		tg_have_put_list(b, record, 0, branches, 3);
	} else if (strcmp(name, "want-branch") == 0) {
		struct tg_want_range range = {
		    .log = states[0].log, .from = 6, .to = 7, .has_root = 1, .root = states[0].root};

		tg_want_put(b, 78, 0, &key, &range, 1, NULL, 0);
	} else if (strcmp(name, "data") == 0) {
		struct tg_buf run = {0}, chunk = {0};

		tg_write_array(&run, 1);
		tg_write_uint(&run, 5);
		tg_data_chunk_put(&chunk, &digest, text("stored form"));
		tg_data_put(b, 77, TG_DATA_MORE, 1, bytes(&run), 1, bytes(&chunk));
		tg_buf_free(&run);
		tg_buf_free(&chunk);
	} else if (strcmp(name, "presence") == 0) {
		struct tg_presence p = {0, text("Ada \xc3\xa9"), 0x2563eb, 1, 0, 3, 1000, 0, {NULL, 0}};
		struct tg_text_ref refs[1] = {{states[0].log, 41}};

		tg_presence_put(b, &p, refs, 1);
	} else if (strcmp(name, "presence-none") == 0) {
		struct tg_presence p = {1, text(""), 0, 0, 0, 0, 0, 0, {NULL, 0}};

		tg_presence_put(b, &p, NULL, 0);
	} else if (strcmp(name, "cast") == 0 || strcmp(name, "call") == 0) {
		struct tg_call c = {12, text("channel"), {0}, 1700000000000, text("args")};

		if (name[2] == 's')
			tg_cast_put(b, &c);
		else
			tg_call_put(b, &c);
	} else if (strcmp(name, "reply") == 0) {
		struct tg_reply r = {12, 0, text("result")};

		tg_reply_put(b, &r);
	} else if (strcmp(name, "ext") == 0) {
		tg_ext_put(b, text("name"), text("payload"));
	} else if (strcmp(name, "message") == 0) {
		struct tg_buf body = {0};

		sync_vectors_body(v, "ext", &body);
		vector_need(tg_message_seal(&v->rng, &v->session, 300, TG_MSG_EXT, body.data, body.len,
				&v->sync_key, &v->topic, b) == TG_OK);
		tg_buf_free(&body);
	}
	vector_need(tg_buf_status(b) == TG_OK);
}

void
vectors_sync(struct tg_bytes file, struct tg_buf *out)
{
	(void)file;
	line_text(out, "# Bodies and a sealed message (protocol.md 4): NAME HEX.  Keys, nonces and fields: "
		       "tests/vectors/sync.c.\n");
	for (size_t i = 0; i < SYNC_VECTORS; i++) {
		struct sync_vectors v;
		struct tg_buf b = {0};

		sync_vectors_init(&v);
		sync_vectors_body(&v, sync_vector_names[i], &b);
		line_one(out, sync_vector_names[i], b.data, b.len);
		tg_buf_free(&b);
	}
}
