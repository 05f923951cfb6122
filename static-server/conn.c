#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <toygrid/status.h>

#include "admin.h"
#include "base/mem.h"
#include "conn.h"

enum state {
	STATE_SHAKE,
	STATE_WAIT,
	STATE_HEAD,
	STATE_SEND,
	STATE_LINGER
};

#define MARK_UNSET INT64_MIN

/* Answers that the kernel did not take yet, and the image their bytes are in. */
struct pending {
	struct tg_image *image;
	size_t count, first; /* answers[first .. count) are unsent ... */
	size_t offset;	     /* ... but for this many bytes of the first */
	size_t bytes;	     /* of this struct, for the books */
	struct tg_answer answers[];
};

struct tg_conn {
	struct event ev;
	struct tg_server *server;
	struct tg_conn *next, **link; /* *link == this */
	struct tg_address *address;   /* NULL: not limited */
	SSL *ssl;
	char *peer; /* truncated address, only with an access log */
	struct pending *pending;
	uint8_t *rest; /* bytes of requests that are not answered yet */
	uint64_t deadline_ms;
	uint64_t written; /* bytes handed to the kernel */
	int64_t mark;	  /* bytes the peer had taken when its rate was last judged */
	uint32_t rest_len;
	uint32_t lingered; /* bytes read and forgotten */
	int fd;
	struct tg_scan scan;
	uint8_t state;
	bool admin;
	bool refused;	  /* over a cap: only lingers */
	bool served;	  /* has been answered before */
	bool writing;	  /* the event waits for EV_WRITE */
	bool close_after; /* close once the pending answers are sent ... */
	bool linger;	  /* ... but read on for a moment */
};

enum sent {
	SENT_ALL,
	SENT_PART,
	SENT_FAILED
};

static void on_event(evutil_socket_t fd, short what, void *arg);

static void
drop_rest(struct tg_conn *c)
{
	c->server->held -= c->rest_len;
	tg_free(c->rest);
	c->rest = NULL;
	c->rest_len = 0;
}

static void
drop_pending(struct tg_conn *c)
{
	struct pending *p = c->pending;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->count; i++)
		tg_free(p->answers[i].owned);
	tg_image_unref(p->image);
	c->server->held -= p->bytes;
	c->pending = NULL;
	tg_free(p);
}

static void
conn_close(struct tg_conn *c)
{
	struct tg_server *s = c->server;

	event_del(&c->ev);
	drop_rest(c);
	drop_pending(c);
	if (c->ssl != NULL) {
		if (c->state == STATE_WAIT)
			(void)SSL_shutdown(c->ssl); /* tell the peer that nothing was cut off */
		SSL_free(c->ssl);
	}
	close(c->fd);
	tg_address_leave(c->address);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	if (c->refused)
		s->lingering--;
	else if (c->admin)
		s->admin_open--;
	else
		s->open--;
	tg_free(c->peer);
	tg_free(c);
	tg_server_conn_closed(s);
}

/* For a peer that does not take what it asked for: do not let the kernel hold megabytes for it either. */
static void
conn_reset(struct tg_conn *c)
{
	struct linger at_once = {1, 0};

	(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	conn_close(c);
}

static void
enter(struct tg_conn *c, enum state state, unsigned ms)
{
	c->state = (uint8_t)state;
	c->deadline_ms = c->server->now_ms + ms;
	c->mark = MARK_UNSET;
}

/* Wait for reading or for writing, never for both: that is the whole back-pressure. */
static void
listen_for(struct tg_conn *c, bool writing)
{
	if (c->writing == writing)
		return;
	event_del(&c->ev);
	event_assign(&c->ev, c->server->base, c->fd, (short)((writing ? EV_WRITE : EV_READ) | EV_PERSIST),
	    on_event, c);
	event_add(&c->ev, NULL);
	c->writing = writing;
}

/* The unsent runs of answers[first .. count), without the first ${offset} bytes of them. */
static size_t
gather(const struct tg_answer *answers, size_t first, size_t count, size_t offset, struct iovec *iov)
{
	const void *base;
	size_t i, k, len, n = 0;

	for (i = first; i < count; i++) {
		for (k = 0; k < TG_ANSWER_PARTS; k++) {
			base = k == 0 ? (const void *)answers[i].line : answers[i].run[k - 1];
			len = k == 0 ? answers[i].line_len : answers[i].run_len[k - 1];
			if (offset >= len) {
				offset -= len;
				continue;
			}
			iov[n].iov_base = (uint8_t *)(uintptr_t)base + offset;
			iov[n++].iov_len = len - offset;
			offset = 0;
		}
	}
	return n;
}

static size_t
answer_len(const struct tg_answer *a)
{
	return a->line_len + a->run_len[0] + a->run_len[1];
}

/* Copy the next bytes of ${iov} into one TLS record, so that a head and a small body travel together. */
static size_t
fill_record(struct tg_server *s, const struct iovec *iov, size_t n)
{
	size_t i, len, filled = 0;

	for (i = 0; i < n && filled < sizeof s->write_buf; i++) {
		len = iov[i].iov_len < sizeof s->write_buf - filled ? iov[i].iov_len
								    : sizeof s->write_buf - filled;
		memcpy(s->write_buf + filled, iov[i].iov_base, len);
		filled += len;
	}
	return filled;
}

/*
 * Give the kernel as much as it takes, in one call for a plain socket.  Over TLS a blocked record is given
 * again with the same bytes, since the queue ahead of it does not change.
 */
static enum sent
send_some(struct tg_conn *c, struct tg_answer *answers, size_t *first, size_t count, size_t *offset)
{
	struct iovec iov[TG_PIPELINE_MAX * TG_ANSWER_PARTS];
	struct msghdr msg = {.msg_iov = iov};
	ssize_t n;

	for (;;) {
		msg.msg_iovlen = gather(answers, *first, count, *offset, iov);
		if (c->ssl != NULL) {
			n = tg_tls_write(
			    c->ssl, c->server->write_buf, fill_record(c->server, iov, msg.msg_iovlen));
			c->written = BIO_number_written(SSL_get_wbio(c->ssl));
		} else {
			n = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n > 0)
				c->written += (size_t)n;
		}
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? SENT_PART : SENT_FAILED;
		c->server->counters.bytes += (size_t)n;
		*offset += (size_t)n;
		while (*first < count && *offset >= answer_len(&answers[*first]))
			*offset -= answer_len(&answers[(*first)++]);
		if (*first == count)
			return SENT_ALL;
		if (c->ssl == NULL)
			return SENT_PART;
	}
}

/* Keep what the kernel did not take.  False: no memory for it. */
static bool
keep_pending(struct tg_conn *c, const struct tg_answer *answers, size_t first, size_t count, size_t offset)
{
	struct tg_server *s = c->server;
	size_t bytes = sizeof *c->pending + (count - first) * sizeof answers[0];
	struct pending *p;

	if (s->held + bytes > TG_HELD_BYTES_MAX || (p = tg_malloc(bytes)) == NULL)
		return false;
	p->image = tg_image_ref(s->image);
	p->count = count - first;
	p->first = 0;
	p->offset = offset;
	p->bytes = bytes;
	memcpy(p->answers, answers + first, p->count * sizeof answers[0]);
	s->held += bytes;
	c->pending = p;
	return true;
}

/* Keep bytes that are not a whole request, or whose turn has not come.  False: no memory for it. */
static bool
keep_rest(struct tg_conn *c, const uint8_t *data, size_t len)
{
	drop_rest(c);
	if (len == 0)
		return true;
	if (c->server->held + len > TG_HELD_BYTES_MAX || (c->rest = tg_malloc(len)) == NULL)
		return false;
	memcpy(c->rest, data, len);
	c->rest_len = (uint32_t)len;
	c->server->held += len;
	return true;
}

static void
note(struct tg_conn *c, const struct tg_request *req, const struct tg_answer *a)
{
	static const struct tg_span none;
	static const struct timeval now = {0, 0};
	struct tg_server *s = c->server;

	if (c->admin)
		return;
	s->counters.answers[a->status]++;
	if (c->peer != NULL) {
		tg_log_access(&s->log, c->peer, req != NULL ? req->method_text : none,
		    req != NULL ? req->target : none, a->status, a->body_len, s->site.date.second);
		/* Lines of one turn leave together: the flush runs after the events that are due now. */
		if (!evtimer_pending(&s->flush_ev, NULL))
			evtimer_add(&s->flush_ev, &now);
	}
}

/* All is sent and the connection is to end. */
static void
finish(struct tg_conn *c)
{
	if (!c->linger) {
		c->state = STATE_WAIT;
		conn_close(c);
		return;
	}
	/*
	 * Closing a socket with unread input makes the kernel send RST, and RST makes the peer throw away an
	 * answer it has not read yet.  So say that we are done, and read on for a moment (RFC 9112 9.6).
	 */
	drop_rest(c);
	if (c->ssl != NULL)
		(void)SSL_shutdown(c->ssl);
	shutdown(c->fd, SHUT_WR);
	enter(c, STATE_LINGER, TG_LINGER_MS);
	listen_for(c, false);
}

/* Send new answers.  False: ${c} does not read for now, or is gone. */
static bool
send_new(struct tg_conn *c, struct tg_answer *answers, size_t count, const uint8_t *rest, size_t rest_len)
{
	size_t i, first = 0, offset = 0;
	enum sent sent = send_some(c, answers, &first, count, &offset);

	if (sent == SENT_PART) {
		for (i = 0; i < first; i++)
			tg_free(answers[i].owned);
		if (!keep_pending(c, answers, first, count, offset)) {
			for (i = first; i < count; i++)
				tg_free(answers[i].owned);
		} else if (keep_rest(c, rest, rest_len)) {
			enter(c, STATE_SEND, c->server->config->send_ms);
			listen_for(c, true);
			return false;
		}
		c->server->counters.held_closed++;
		conn_reset(c);
		return false;
	}
	for (i = 0; i < count; i++)
		tg_free(answers[i].owned);
	if (sent == SENT_FAILED) {
		conn_close(c);
		return false;
	}
	c->served = true;
	if (c->close_after) {
		finish(c);
		return false;
	}
	return true;
}

static void
answer_one(struct tg_conn *c, struct tg_request *req, struct tg_answer *out)
{
	struct tg_server *s = c->server;

	if (s->draining && !req->close) {
		req->close = true;
		c->linger = true;
	}
	if (c->admin) {
		tg_admin_answer(s, req, out);
	} else if (c->address != NULL && !tg_address_take(s->addresses, c->address, s->now_ms)) {
		s->counters.rate_limited++;
		c->linger = true;
		tg_answer_status(s->image, 429, req->method != TG_METHOD_HEAD, true, &s->site.date, out);
	} else {
		tg_answer_request(s->image, req, &s->site, out);
	}
	c->close_after = out->close;
	note(c, req, out);
}

/*
 * Answer the requests in data[0 .. len), up to eight with one send, and keep the rest.  False when the
 * connection is sending, lingering or gone; else it waits for more input.
 */
static bool
process(struct tg_conn *c, const uint8_t *data, size_t len)
{
	struct tg_server *s = c->server;
	struct tg_answer answers[TG_PIPELINE_MAX];
	struct tg_request req;
	size_t count, used, pos = 0;
	bool any = false;
	int rc = TG_OK;

	while (rc == TG_OK) {
		for (count = 0; count < TG_PIPELINE_MAX && !c->close_after;) {
			rc = tg_request_read(&c->scan, data + pos, len - pos, &req, &used);
			if (rc == TG_ETRUNCATED)
				break;
			memset(&c->scan, 0, sizeof c->scan);
			any = true;
			if (rc != TG_OK) {
				c->close_after = c->linger = true;
				tg_answer_status(
				    s->image, req.status, true, true, &s->site.date, &answers[count]);
				note(c, NULL, &answers[count++]);
				break;
			}
			pos += used;
			answer_one(c, &req, &answers[count++]);
		}
		if (count > 0 && !send_new(c, answers, count, data + pos, len - pos))
			return false;
	}
	if (!keep_rest(c, data + pos, len - pos)) {
		s->counters.held_closed++;
		conn_reset(c);
		return false;
	}
	if (len == pos)
		enter(c, STATE_WAIT, s->config->idle_ms);
	else if (any || c->state != STATE_HEAD) /* the clock of a head is not set back by its later bytes */
		enter(c, STATE_HEAD, s->config->head_ms);
	listen_for(c, false);
	return true;
}

/* Bytes that the TLS layer has already taken off the socket: no event will tell of them. */
static bool
has_buffered(const struct tg_conn *c)
{
	return c->ssl != NULL && SSL_pending(c->ssl) > 0;
}

static void
read_some(struct tg_conn *c)
{
	struct tg_server *s = c->server;
	size_t have;
	ssize_t n;

	do {
		have = c->rest_len;
		if (have > 0)
			memcpy(s->read_buf, c->rest, have);
		if (c->ssl != NULL)
			n = tg_tls_read(c->ssl, s->read_buf + have, sizeof s->read_buf - have);
		else
			n = recv(c->fd, s->read_buf + have, sizeof s->read_buf - have, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			conn_close(c);
			return;
		}
	} while (process(c, s->read_buf, have + (size_t)n) && has_buffered(c));
}

/* All pending answers are sent: go on with what was read before them. */
static void
resume(struct tg_conn *c)
{
	struct tg_server *s = c->server;
	size_t have = c->rest_len;

	drop_pending(c);
	c->served = true;
	if (c->close_after) {
		finish(c);
		return;
	}
	if (have > 0)
		memcpy(s->read_buf, c->rest, have);
	c->state = STATE_WAIT;
	if (process(c, s->read_buf, have) && has_buffered(c))
		read_some(c);
}

static void
send_more(struct tg_conn *c)
{
	struct pending *p = c->pending;

	switch (send_some(c, p->answers, &p->first, p->count, &p->offset)) {
	case SENT_ALL:
		resume(c);
		break;
	case SENT_PART:
		break;
	case SENT_FAILED:
		conn_close(c);
		break;
	}
}

static void
shake(struct tg_conn *c)
{
	switch (tg_tls_handshake(c->ssl)) {
	case TG_TLS_DONE:
		enter(c, STATE_WAIT, c->server->config->idle_ms);
		listen_for(c, false);
		read_some(c); /* the first request often came with the end of the handshake */
		break;
	case TG_TLS_WANT_READ:
		listen_for(c, false);
		break;
	case TG_TLS_WANT_WRITE:
		listen_for(c, true);
		break;
	case TG_TLS_FAILED:
		c->server->counters.tls_failures++;
		conn_close(c);
		break;
	}
}

static void
forget_input(struct tg_conn *c)
{
	ssize_t n = recv(c->fd, c->server->read_buf, sizeof c->server->read_buf, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (c->lingered += (uint32_t)n) > TG_LINGER_BYTES)
		conn_close(c);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct tg_conn *c = arg;

	(void)fd;
	(void)what;
	tg_server_tick(c->server);
	switch (c->state) {
	case STATE_SHAKE:
		shake(c);
		break;
	case STATE_WAIT:
	case STATE_HEAD:
		read_some(c);
		break;
	case STATE_SEND:
		send_more(c);
		break;
	case STATE_LINGER:
		forget_input(c);
		break;
	}
}

static void
answer_and_end(struct tg_conn *c, int status)
{
	struct tg_answer answer;

	c->close_after = c->linger = true;
	tg_answer_status(c->server->image, status, true, true, &c->server->site.date, &answer);
	note(c, NULL, &answer);
	(void)send_new(c, &answer, 1, NULL, 0);
}

void
tg_conn_open(struct tg_server *s, int fd, const struct sockaddr *peer, bool admin)
{
	struct tg_address *address = NULL;
	struct tg_conn *c = NULL;
	bool full, busy = false;

	full = admin ? s->admin_open >= TG_ADMIN_CONNECTIONS : s->open >= s->config->max_connections;
	if (!full && !admin && (s->config->limit_loopback || !tg_address_is_loopback(peer))) {
		/* A connection costs as much as a request, or over TLS far more: it takes from the bucket
		 * too. */
		address = tg_address_enter(s->addresses, peer, s->now_ms);
		if (address != NULL && !tg_address_take(s->addresses, address, s->now_ms)) {
			tg_address_leave(address);
			address = NULL;
		}
		busy = address == NULL;
	}
	s->counters.refused_full += full;
	s->counters.refused_address += busy;
	/* A refusal over TLS would cost the handshake that the cap is there to save. */
	if ((full || busy) && (s->lingering >= TG_LINGER_MAX || (s->tls != NULL && !admin)))
		goto close_fd;
	if ((c = tg_calloc(1, sizeof *c)) == NULL)
		goto close_fd;
	if (s->tls != NULL && !admin) {
		if ((c->ssl = SSL_new(s->tls)) == NULL || SSL_set_fd(c->ssl, fd) != 1)
			goto close_fd;
		SSL_set_accept_state(c->ssl);
	}
	if (s->log.buffer != NULL && !admin && (c->peer = tg_malloc(TG_ADDRESS_TEXT_MAX)) != NULL)
		tg_address_text(peer, c->peer);
	c->server = s;
	c->fd = fd;
	c->address = address;
	c->admin = admin;
	c->refused = full || busy;
	event_assign(&c->ev, s->base, fd, EV_READ | EV_PERSIST, on_event, c);
	if (event_add(&c->ev, NULL) != 0)
		goto close_fd;
	if ((c->next = s->conns) != NULL)
		c->next->link = &c->next;
	c->link = &s->conns;
	s->conns = c;
	if (c->refused)
		s->lingering++;
	else if (admin)
		s->admin_open++;
	else
		s->open++;

	if (c->refused)
		answer_and_end(c, 503);
	else if (c->ssl != NULL)
		enter(c, STATE_SHAKE, s->config->head_ms);
	else
		enter(c, STATE_WAIT, s->config->idle_ms);
	return;

close_fd:
	if (c != NULL) {
		SSL_free(c->ssl);
		tg_free(c->peer);
		tg_free(c);
	}
	tg_address_leave(address);
	close(fd);
}

/*
 * Whether the peer takes too little.  What counts is what it has acknowledged, not what the kernel accepted:
 * the kernel may hold megabytes that a slow but honest reader needs minutes for.
 */
static bool
too_slow(struct tg_conn *c)
{
	const struct tg_config *config = c->server->config;
	int64_t taken, due = (int64_t)config->min_rate * config->send_ms / 1000;
	int queued = 0;

	(void)ioctl(c->fd, SIOCOUTQ, &queued);
	taken = (int64_t)c->written - queued;
	if (c->mark != MARK_UNSET && taken - c->mark < due)
		return true;
	c->mark = taken;
	c->deadline_ms = c->server->now_ms + config->send_ms;
	return false;
}

static void
expire(struct tg_conn *c)
{
	struct tg_counters *counters = &c->server->counters;
	int queued = 0;

	switch (c->state) {
	case STATE_SHAKE:
		counters->tls_failures++;
		conn_close(c);
		break;
	case STATE_WAIT:
		(void)ioctl(c->fd, SIOCOUTQ, &queued);
		if (queued == 0) {
			counters->idle_closed++;
			conn_close(c);
		} else if (too_slow(c)) {
			counters->slow_closed++;
			conn_reset(c);
		}
		break;
	case STATE_HEAD:
		counters->head_timeouts++;
		answer_and_end(c, 408);
		break;
	case STATE_SEND:
		if (too_slow(c)) {
			counters->slow_closed++;
			conn_reset(c);
		}
		break;
	case STATE_LINGER:
		conn_close(c);
		break;
	}
}

void
tg_conn_sweep(struct tg_server *s)
{
	struct tg_conn *c, *next;

	for (c = s->conns; c != NULL; c = next) {
		next = c->next; /* expire() frees at most c itself */
		if (s->now_ms >= c->deadline_ms)
			expire(c);
	}
}

void
tg_conn_drain(struct tg_server *s)
{
	struct tg_conn *c, *next;

	for (c = s->conns; c != NULL; c = next) {
		next = c->next;
		if (c->admin || c->state != STATE_WAIT)
			continue;
		if (c->served)
			conn_close(c);
		else if (c->deadline_ms > s->now_ms + TG_LINGER_MS)
			c->deadline_ms = s->now_ms + TG_LINGER_MS; /* its first request may be on the way */
	}
}

void
tg_conn_close_all(struct tg_server *s)
{
	while (s->conns != NULL)
		conn_close(s->conns);
}
