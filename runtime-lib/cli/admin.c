#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libwebsockets.h>

#include <toygrid/status.h>

#include "base/mem.h"
#include "cli/admin.h"

enum page {
	PAGE_HEALTH,
	PAGE_READY,
	PAGE_METRICS,
	PAGE_NONE
};

/* One request. */
struct visit {
	enum page page;
	int waiting; /* for fresh metrics */
	struct lws *wsi;
	struct visit *next; /* in admin->waiting */
	int head_sent;
	unsigned status;
	struct tg_buf body; /* LWS_PRE bytes in front */
};

struct tg_admin {
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct tg_admin_options options;
	struct lws_protocols protocols[2];
	char socket_path[108];
	struct visit *waiting;
};

static int
begin(struct tg_admin *admin, struct lws *wsi, struct visit *v, const char *path)
{
	static const char *const pages[] = {"/health", "/ready", "/metrics"};
	unsigned i;

	memset(v, 0, sizeof *v);
	v->page = PAGE_NONE;
	v->status = HTTP_STATUS_NOT_FOUND;
	for (i = 0; i < PAGE_NONE; i++)
		if (strcmp(path, pages[i]) == 0) {
			v->page = (enum page)i;
			v->status = HTTP_STATUS_OK;
		}
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0) {
		v->page = PAGE_NONE;
		v->status = HTTP_STATUS_METHOD_NOT_ALLOWED;
	}
	if (v->page == PAGE_METRICS) {
		v->waiting = 1;
		v->wsi = wsi;
		v->next = admin->waiting;
		admin->waiting = v;
		admin->options.refresh(admin->options.ctx);
		return 0;
	}
	lws_callback_on_writable(wsi);
	return 0;
}

static void
fill(struct tg_admin *admin, struct visit *v)
{
	const char *text = "not found\n";

	tg_buf_space(&v->body, LWS_PRE);
	if (v->page == PAGE_METRICS) {
		admin->options.metrics(admin->options.ctx, &v->body);
		return;
	}
	if (v->page == PAGE_HEALTH) {
		text = "ok\n";
	} else if (v->page == PAGE_READY) {
		text = admin->options.ready(admin->options.ctx) ? "ready\n" : "not ready\n";
		if (text[0] == 'n')
			v->status = HTTP_STATUS_SERVICE_UNAVAILABLE;
	} else if (v->status == HTTP_STATUS_METHOD_NOT_ALLOWED) {
		text = "GET only\n";
	}
	tg_buf_put(&v->body, text, strlen(text));
}

static int
answer(struct tg_admin *admin, struct lws *wsi, struct visit *v)
{
	uint8_t head[LWS_PRE + 1024], *start = head + LWS_PRE, *p = start, *end = head + sizeof head - 1;
	size_t len;

	if (v->waiting)
		return 0;
	if (!v->head_sent) {
		fill(admin, v);
		if (tg_buf_status(&v->body) != TG_OK)
			return -1;
		v->head_sent = 1;
		if (lws_add_http_common_headers(
			wsi, v->status, "text/plain; charset=utf-8", v->body.len - LWS_PRE, &p, end) != 0 ||
		    lws_finalize_write_http_header(wsi, start, &p, end) != 0)
			return -1;
		lws_callback_on_writable(wsi);
		return 0;
	}
	len = v->body.len - LWS_PRE;
	if (lws_write(wsi, v->body.data + LWS_PRE, len, LWS_WRITE_HTTP_FINAL) != (int)len)
		return -1;
	tg_buf_free(&v->body);
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static void
gone(struct tg_admin *admin, struct visit *v)
{
	struct visit **at;

	for (at = &admin->waiting; *at != NULL; at = &(*at)->next)
		if (*at == v) {
			*at = v->next;
			break;
		}
	tg_buf_free(&v->body);
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct tg_admin *admin;

	(void)len;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
	case LWS_CALLBACK_HTTP_WRITEABLE:
		admin = lws_get_protocol(wsi)->user;
		return reason == LWS_CALLBACK_HTTP ? begin(admin, wsi, user, in) : answer(admin, wsi, user);
	case LWS_CALLBACK_CLOSED_HTTP:
		if (user != NULL)
			gone(lws_get_protocol(wsi)->user, user);
		return 0;
	default:
		return 0;
	}
}

static int
split_address(const char *text, char *host, size_t room, int *port)
{
	const char *colon = strrchr(text, ':'), *from = text;
	char *end;
	size_t n;
	long v;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return TG_EFORMAT;
	v = strtol(colon + 1, &end, 10);
	if (*end != '\0' || v < 1 || v > 65535)
		return TG_EFORMAT;
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		from++;
		n -= 2;
	}
	if (n == 0 || n >= room)
		return TG_EFORMAT;
	memcpy(host, from, n);
	host[n] = '\0';
	*port = (int)v;
	return TG_OK;
}

int
tg_admin_open(struct tg_admin **out, struct lws_context *context, const char *address,
    const struct tg_admin_options *options)
{
	struct lws_context_creation_info info = {.vhost_name = "admin"};
	struct tg_admin *admin;
	char host[256];
	mode_t old;
	int rc;

	*out = NULL;
	if ((admin = tg_calloc(1, sizeof *admin)) == NULL)
		return TG_ENOMEM;
	admin->context = context;
	admin->options = *options;
	admin->protocols[0] = (struct lws_protocols){.name = "http",
	    .callback = callback,
	    .per_session_data_size = sizeof(struct visit),
	    .user = admin};
	info.protocols = admin->protocols;
	if (strchr(address, '/') != NULL) {
		rc = TG_EFORMAT;
		if (strlen(address) >= sizeof admin->socket_path)
			goto free_admin;
		strcpy(admin->socket_path, address);
		unlink(address);
		info.options = LWS_SERVER_OPTION_UNIX_SOCK;
		info.iface = admin->socket_path;
	} else {
		if ((rc = split_address(address, host, sizeof host, &info.port)) != TG_OK)
			goto free_admin;
		info.iface = host;
	}
	old = umask(0177);
	admin->vhost = lws_create_vhost(context, &info);
	umask(old);
	rc = TG_EIO;
	/* lws goes on without a socket it could not bind. */
	if (admin->vhost == NULL ||
	    (admin->socket_path[0] == '\0' && lws_get_vhost_listen_port(admin->vhost) <= 0))
		goto free_admin;
	*out = admin;
	return TG_OK;

free_admin:
	tg_free(admin);
	return rc;
}

void
tg_admin_fresh(struct tg_admin *admin)
{
	struct visit *v;

	while (admin != NULL && (v = admin->waiting) != NULL) {
		admin->waiting = v->next;
		v->waiting = 0;
		lws_callback_on_writable(v->wsi);
	}
}

void
tg_admin_close(struct tg_admin *admin)
{
	if (admin == NULL)
		return;
	if (admin->socket_path[0] != '\0')
		unlink(admin->socket_path);
	tg_free(admin);
}
