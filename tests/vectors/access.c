#include <string.h>

#include <toygrid/access.h>
#include <toygrid/status.h>

#include "vectors/lines.h"
#include "vectors/vectors.h"

static struct tg_keypair identity, device, log_pair, session;
static struct tg_access edit;

static void
keys(struct tg_buf *out, const char *name, const struct tg_access *a)
{
	static const char *const names[] = {
	    "read-seed", "sync", "record", "content", "body", "text", "identity", "chunk", "locator"};
	const struct tg_secret *secrets[] = {&a->read_seed, &a->sync, &a->record, &a->content, &a->body,
	    &a->text, &a->identity, &a->chunk, &a->locator};

	line_begin(out, name);
	line_hex(out, a->secret.b, sizeof a->secret.b);
	line_hex(out, a->w.b, sizeof a->w.b);
	line_hex(out, a->r.b, sizeof a->r.b);
	line_hex(out, a->edit_role.b, sizeof a->edit_role.b);
	line_hex(out, a->topic.b, sizeof a->topic.b);
	line_end(out);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		line_text(out, name);
		line_text(out, "-");
		line_one(out, names[i], secrets[i]->b, sizeof secrets[i]->b);
	}
}

static void
all_keys(struct tg_buf *out)
{
	struct tg_access a;
	struct tg_secret s;

	line_text(out,
	    "# MODE secret W R edit-role topic, then its derived keys; a key that is not held is zero\n");
	keys(out, "edit", &edit);
	vector_need(tg_access_weaken(&edit, TG_MODE_COMMENT, &s) == TG_OK);
	vector_need(tg_access_from_secret(TG_MODE_COMMENT, &s, NULL, &a) == TG_OK);
	keys(out, "comment", &a);
	vector_need(tg_access_weaken(&edit, TG_MODE_VIEW, &s) == TG_OK);
	vector_need(tg_access_from_secret(TG_MODE_VIEW, &s, &edit.w, &a) == TG_OK);
	keys(out, "view", &a);
	tg_access_from_replica(&edit.read_seed, &edit.sync, &edit.w, &a);
	keys(out, "replica", &a);
}

static void
links(struct tg_buf *out)
{
	char text[TG_LINK_MAX_BYTES + 1];
	struct tg_link link = {.grid = edit.grid};

	line_text(out, "# link MODE text\n");
	for (int mode = TG_MODE_VIEW; mode <= TG_MODE_EDIT; mode++) {
		link.mode = (enum tg_mode)mode;
		vector_need(tg_access_weaken(&edit, link.mode, &link.secret) == TG_OK);
		memset(&link.w, 0, sizeof link.w);
		if (link.mode == TG_MODE_VIEW)
			link.w = edit.w;
		tg_link_format(&link, text);
		line_text(out, "link ");
		line_text(out, mode == TG_MODE_VIEW ? "view " : mode == TG_MODE_EDIT ? "edit " : "comment ");
		line_text(out, text);
		line_end(out);
	}
}

static void
records(struct tg_buf *out)
{
	struct tg_epoch_log logs[1] = {{.log = log_pair.public_key, .length = 3}};
	struct tg_epoch_grant grants[1] = {{.device = device.public_key}};
	struct tg_epoch epoch = {.grid = edit.grid, .number = 1, .logs = 1, .grants = 1};
	uint8_t nonce[TG_NONCE_BYTES], sealed_old[72], sealed[80];
	struct tg_buf buf = {0}, record = {0};
	struct tg_secret box_seed, box_secret;
	struct tg_key box;

	memset(nonce, 0x66, sizeof nonce);
	memset(sealed_old, 0x77, sizeof sealed_old);
	memset(sealed, 0x88, sizeof sealed);
	vector_secret(0x55, &box_seed);
	tg_box_keypair(&box_seed, &box, &box_secret);

	line_text(out, "# records: name, bytes\n");
	tg_device_encode(&identity, &device.public_key, &box, &record);
	line_one(out, "device", record.data, record.len);

	vector_need(tg_cert_encode(
			&edit, &log_pair.public_key, &device, record.data, record.len, nonce, &buf) == TG_OK);
	line_one(out, "certificate", buf.data, buf.len);

	tg_buf_reset(&buf);
	vector_need(
	    tg_member_encode(&edit, &identity, &device, TG_MEMBER_EDITOR, "Ada", 3, 0x336699, &buf) == TG_OK);
	line_one(out, "member-editor", buf.data, buf.len);
	tg_buf_reset(&buf);
	vector_need(
	    tg_member_encode(&edit, &identity, &device, TG_MEMBER_COMMENTER, "", 0, 0, &buf) == TG_OK);
	line_one(out, "member-commenter", buf.data, buf.len);

	for (unsigned role = TG_SESSION_VIEWER; role <= TG_SESSION_REPLICA; role++) {
		static const char *const names[] = {"session-viewer", "session-writer", "session-replica"};

		tg_buf_reset(&buf);
		vector_need(
		    tg_session_encode(&edit, &session.public_key, &device, nonce, role, &buf) == TG_OK);
		line_one(out, names[role], buf.data, buf.len);
	}

	epoch.sealed_old = (struct tg_bytes){sealed_old, sizeof sealed_old};
	epoch.edit_role = edit.edit_role;
	epoch.w = edit.w;
	epoch.r = edit.r;
	grants[0].sealed = (struct tg_bytes){sealed, sizeof sealed};
	tg_buf_reset(&buf);
	vector_need(tg_epoch_encode(&epoch, logs, grants, &identity, &buf) == TG_OK);
	line_one(out, "epoch", buf.data, buf.len);
	tg_buf_free(&buf);
	tg_buf_free(&record);
}

static void
doors(struct tg_buf *out)
{
	struct tg_secret token, box_seed, box_secret, seed;
	struct tg_keypair write, read;
	struct tg_rng rng = {0};
	struct tg_buf buf = {0};
	struct tg_hash topic;
	struct tg_key box;

	vector_secret(0x99, &token);
	tg_door_keys(&token, &write, &read, &topic);
	line_text(out, "# door token W R topic; invitation box-secret-seed bytes\n");
	line_begin(out, "door");
	line_hex(out, token.b, sizeof token.b);
	line_hex(out, write.public_key.b, 32);
	line_hex(out, read.public_key.b, 32);
	line_hex(out, topic.b, sizeof topic.b);
	line_end(out);

	vector_secret(0x55, &box_seed);
	tg_box_keypair(&box_seed, &box, &box_secret);
	vector_secret(0xaa, &seed);
	tg_rng_seed(&rng, &seed);
	vector_need(tg_invitation_seal(&edit, &session.public_key, &box, &rng, &buf) == TG_OK);
	line_begin(out, "invitation");
	line_hex(out, box_seed.b, sizeof box_seed.b);
	line_hex(out, buf.data, buf.len);
	line_end(out);
	tg_buf_free(&buf);
}

void
vectors_access(struct tg_bytes file, struct tg_buf *out)
{
	uint8_t nonce[TG_GENESIS_NONCE_BYTES];
	struct tg_buf buf = {0};
	struct tg_hash inbox;
	struct tg_secret s;

	(void)file;
	line_text(out, "# Keys, links and records (protocol.md 2, 4.1, 5.1, 5.6, 5.8).  Seeds are 32 equal "
		       "bytes: edit secret 11,\n"
		       "# identity 22, device 33, log 44, box 55, session bb; nonces are of bytes 66.  The "
		       "grid is that of the\n"
		       "# genesis record below, the epoch 0.\n");
	vector_secret(0x11, &s);
	vector_need(tg_access_from_secret(TG_MODE_EDIT, &s, NULL, &edit) == TG_OK);
	vector_secret(0x22, &s);
	tg_keypair_from_seed(&s, &identity);
	vector_secret(0x33, &s);
	tg_keypair_from_seed(&s, &device);
	vector_secret(0x44, &s);
	tg_keypair_from_seed(&s, &log_pair);
	vector_secret(0xbb, &s);
	tg_keypair_from_seed(&s, &session);

	memset(nonce, 0x66, sizeof nonce);
	vector_need(tg_genesis_encode(&edit, &identity, nonce, 1700000000000, &buf, &edit.grid) == TG_OK);
	line_text(out, "# genesis grid-id bytes\n");
	line_begin(out, "genesis");
	line_hex(out, edit.grid.b, sizeof edit.grid.b);
	line_hex(out, buf.data, buf.len);
	line_end(out);
	tg_buf_free(&buf);

	all_keys(out);
	tg_topic_inbox(&edit.r, &session.public_key, &inbox);
	line_one(out, "inbox-topic", inbox.b, sizeof inbox.b);
	links(out);
	records(out);
	doors(out);
}
