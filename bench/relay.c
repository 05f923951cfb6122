/*
 * relay: the real binary on one core, this load on the other, over loopback.  Three scenarios of a few
 * seconds:
 *
 *   fan    one publisher, 100 readers, 200 bytes of payload, at most 256 messages in flight
 *   rooms  50 topics of 10 members, each publishes 10 times a second: latency
 *   idle   3,000 connections that joined a topic and say nothing: memory, and CPU per join
 *
 * Bars are on the relay's own CPU time, which a busy machine disturbs little; what the clock says is told
 * beside it. fan is told twice: every signature checked, and keys proven once.  In the latter the signatures
 * are random bytes (nobody looks at them), because making real ones would be slower than the relay.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <toygrid/status.h>

#include "relay/client.h"
#include "relay/process.h"
#include "row.h"

#define READERS	      100
#define PAYLOAD_BYTES 200
#define IN_FLIGHT     256
#define FAN_S	      2.5
#define ROOMS	      50
#define MEMBERS	      10
#define ROOMS_S	      3.0
#define IDLE	      3000

#define NO_RATES                                                                                             \
	"--log", "off", "--connection-main", "off", "--connection-side", "off", "--connection-control",      \
	    "off", "--address-main", "off", "--address-side", "off", "--address-control", "off",             \
	    "--topic-main", "off", "--topic-side", "off", "--sockets-per-address", "100000"

static uint8_t scratch[1 << 20];

/* Seconds of CPU that the relay has used, and its resident bytes. */
static double
cpu_of(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL || fgets(text, sizeof text, f) == NULL)
		client_die("%s", path);
	fclose(f);
	sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double
resident_of(pid_t pid)
{
	char path[64];
	unsigned long pages = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if ((f = fopen(path, "r")) == NULL || fscanf(f, "%*u %lu", &pages) != 1)
		client_die("%s", path);
	fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void
on_core(pid_t pid, int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(pid, sizeof set, &set);
}

static void
start(struct process *relay, const char *verify)
{
	process_start(relay, NO_RATES, "--verify", verify, NULL);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1) {
		on_core(relay->pid, 0);
		on_core(0, 1);
	}
}

/* Frames stamped now, each different; ${forge}: random signatures. */
static void
make_frames(struct tg_buf *out, const struct grid *grid, size_t count, int forge, size_t *frame_bytes)
{
	uint8_t payload[PAYLOAD_BYTES] = {0};
	struct tg_buf one = {0};

	for (size_t i = 0; i < count; i++) {
		memcpy(payload, &i, sizeof i);
		if (!forge || i == 0) {
			tg_buf_reset(&one);
			tg_frame_put_pub(&one, &grid->write, &grid->topic, TG_CLASS_MAIN, 0, now_ms(),
			    payload, sizeof payload);
		} else {
			memcpy(one.data + one.len - TG_SIG_BYTES, &i, sizeof i);
		}
		tg_buf_put(out, one.data, one.len);
	}
	*frame_bytes = one.len;
	tg_buf_free(&one);
	if (tg_buf_status(out) != TG_OK)
		client_die("no memory");
}

/* A reader counts payload bytes and looks no closer: the messages' headers are walked over. */
struct reader {
	struct client c;
	uint64_t bytes; /* of frames */
	size_t left;	/* of the message under way */
	uint8_t head[10];
	size_t head_len;
};

static void
count(struct reader *r, const uint8_t *p, size_t n)
{
	while (n > 0) {
		if (r->left > 0) {
			size_t k = n < r->left ? n : r->left;

			r->bytes += k;
			r->left -= k;
			p += k;
			n -= k;
			continue;
		}
		r->head[r->head_len++] = *p++;
		n--;
		if (r->head_len < 2)
			continue;
		if (r->head[1] < 126) {
			r->left = r->head[1];
			r->head_len = 0;
		} else if (r->head[1] == 126 && r->head_len == 4) {
			r->left = (size_t)r->head[2] << 8 | r->head[3];
			r->head_len = 0;
		} else if (r->head[1] == 127 && r->head_len == 10) {
			r->left = (size_t)r->head[7] << 16 | (size_t)r->head[8] << 8 | r->head[9];
			r->head_len = 0;
		}
	}
}

static void
fan(const char *verify, double bar_deliveries, double bar_us)
{
	static struct reader readers[READERS];
	const int forge = strcmp(verify, "once") == 0;
	const size_t total = forge ? 400000 : 60000;
	struct process relay;
	struct client publisher;
	struct tg_buf frames = {0}, message = {0};
	struct grid grid;
	size_t frame_bytes, sent = 0;
	struct epoll_event events[READERS];
	uint64_t all = 0;
	double began, took, cpu;
	char what[128];
	int ep = epoll_create1(0);

	start(&relay, verify);
	grid_make(&grid, 1);
	memset(readers, 0, sizeof readers);
	for (int i = 0; i < READERS; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &readers[i]};

		client_start(&readers[i].c, relay.port);
		client_join(&readers[i].c, &grid, PROVE_READ);
		fcntl(readers[i].c.fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(ep, EPOLL_CTL_ADD, readers[i].c.fd, &e);
	}
	client_start(&publisher, relay.port);
	client_join(&publisher, &grid, PROVE_WRITE);
	make_frames(&frames, &grid, total, forge, &frame_bytes);
	cpu = cpu_of(relay.pid);
	began = bench_now();
	for (;;) {
		uint64_t slowest = UINT64_MAX;
		int n;

		for (int i = 0; i < READERS; i++)
			if (readers[i].bytes < slowest)
				slowest = readers[i].bytes;
		took = bench_now() - began;
		if ((took > FAN_S || sent == total) && slowest >= sent * frame_bytes)
			break;
		if (took > FAN_S * 4)
			client_die("frames were lost");
		/* Refill by the half, so that messages are not tiny; one WebSocket message each time. */
		if (took <= FAN_S && sent < total && sent - slowest / frame_bytes <= IN_FLIGHT / 2) {
			size_t more = IN_FLIGHT - (sent - slowest / frame_bytes);

			if (more > total - sent)
				more = total - sent;
			tg_buf_put(&message, frames.data + sent * frame_bytes, more * frame_bytes);
			client_send(&publisher, &message);
			sent += more;
		}
		n = epoll_wait(ep, events, READERS, 100);
		for (int i = 0; i < n; i++) {
			struct reader *r = events[i].data.ptr;
			ssize_t got = recv(r->c.fd, scratch, sizeof scratch, 0);

			if (got == 0 || (got < 0 && errno != EAGAIN))
				client_die("a reader was closed");
			if (got > 0)
				count(r, scratch, (size_t)got);
		}
	}
	cpu = cpu_of(relay.pid) - cpu;
	for (int i = 0; i < READERS; i++)
		all += readers[i].bytes / frame_bytes;
	snprintf(what, sizeof what, "fan-out 1 to 100, 200 B, --verify %s: deliveries", verify);
	bench_row(what, (double)all / took, "/s");
	snprintf(what, sizeof what,
	    "fan-out 1 to 100, 200 B, --verify %s: deliveries per second of relay CPU", verify);
	bench_row_min(what, (double)all / cpu, "/s", bar_deliveries);
	snprintf(what, sizeof what, "fan-out 1 to 100, 200 B, --verify %s: relay CPU per delivery", verify);
	bench_row_max(what, cpu * 1e6 / (double)all, "us", bar_us);
	if (!forge)
		bench_row_min(
		    "fan-out, messages verified per second of relay CPU", (double)sent / cpu, "/s", 12000);
	for (int i = 0; i < READERS; i++)
		client_close(&readers[i].c);
	client_close(&publisher);
	close(ep);
	tg_buf_free(&frames);
	tg_buf_free(&message);
	process_end(&relay, SIGKILL);
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
rooms(const char *verify, double bar_cpu)
{
	enum {
		N = ROOMS * MEMBERS,
		SENDS = (int)(ROOMS_S * 10)
	};
	static struct client members[N];
	static struct grid grids[ROOMS];
	static double latency[(size_t)N * (MEMBERS - 1) * SENDS];
	const size_t expected = (size_t)N * (MEMBERS - 1) * SENDS;
	struct epoll_event events[256];
	struct process relay;
	struct tg_buf b = {0};
	size_t got = 0, sent = 0;
	double began, cpu, took, last;
	char what[128];
	int ep = epoll_create1(0);

	start(&relay, verify);
	for (int i = 0; i < ROOMS; i++)
		grid_make(&grids[i], (unsigned)i);
	for (int i = 0; i < N; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &members[i]};

		client_start(&members[i], relay.port);
		client_join(&members[i], &grids[i / MEMBERS], PROVE_BOTH);
		epoll_ctl(ep, EPOLL_CTL_ADD, members[i].fd, &e);
	}
	cpu = cpu_of(relay.pid);
	began = bench_now();
	last = began;
	/* Lost is what does not come for ten seconds: on a busy machine load and relay both fall behind. */
	while (got < expected && (took = bench_now() - began, bench_now() - last < 10)) {
		/* Member i sends its k-th message at (k + i/N) tenths of a second. */
		for (int k = 0; k < 50 && sent < (size_t)N * SENDS && (double)sent / N * 0.1 <= took; k++) {
			size_t i = sent % N;
			uint8_t payload[PAYLOAD_BYTES] = {0};
			double now = bench_now();

			memcpy(payload, &now, sizeof now);
			memcpy(payload + 8, &sent, sizeof sent);
			tg_frame_put_pub(&b, &grids[i / MEMBERS].write, &grids[i / MEMBERS].topic,
			    TG_CLASS_MAIN, 0, now_ms(), payload, sizeof payload);
			client_send(&members[i], &b);
			sent++;
			took = (last = bench_now()) - began;
		}
		int n = epoll_wait(ep, events, 256, 0);

		for (int i = 0; i < n; i++) {
			struct tg_frame f;

			if (client_read_some(events[i].data.ptr, 0) < 0)
				client_die("rooms: a member was closed");
			while (client_next(events[i].data.ptr, 0, &f) == 1) {
				double then;

				if (f.type != TG_FRAME_PUB)
					client_die("rooms: frame %d", f.type);
				memcpy(&then, f.u.pub.payload.data, sizeof then);
				last = bench_now();
				latency[got++] = (last - then) * 1e6;
			}
		}
	}
	took = bench_now() - began;
	cpu = cpu_of(relay.pid) - cpu;
	qsort(latency, got, sizeof *latency, by_value);
	snprintf(what, sizeof what, "50 rooms of 10, 10/s each, --verify %s: lost", verify);
	bench_row_max(what, (double)(expected - got), "messages", 0);
	if (got > 0) {
		snprintf(what, sizeof what, "50 rooms of 10, 10/s each, --verify %s: p50", verify);
		bench_row(what, latency[got / 2], "us");
		snprintf(what, sizeof what, "50 rooms of 10, 10/s each, --verify %s: p99", verify);
		bench_row(what, latency[got * 99 / 100], "us");
	}
	snprintf(what, sizeof what, "50 rooms of 10, 10/s each, --verify %s: relay CPU", verify);
	bench_row_max(what, cpu / took, "cores", bar_cpu);
	for (int i = 0; i < N; i++)
		client_close(&members[i]);
	close(ep);
	tg_buf_free(&b);
	process_end(&relay, SIGKILL);
}

static void
idle(void)
{
	static struct client c[IDLE];
	struct process relay;
	double cpu = 0, memory = 0;

	start(&relay, "each");
	/* Ten first, so that what is needed once is not counted. */
	for (int i = 0; i < 10 + IDLE; i++) {
		static struct client warm[10];
		struct client *one = i < 10 ? &warm[i] : &c[i - 10];
		struct grid grid;

		if (i == 10) {
			cpu = cpu_of(relay.pid);
			memory = resident_of(relay.pid);
		}
		grid_make(&grid, (unsigned)i / 10);
		client_start(one, relay.port);
		client_join(one, &grid, PROVE_READ);
		free(one->in);
		one->in = NULL;
		one->in_cap = one->in_len = 0;
	}
	bench_row_max(
	    "idle joined connection: memory", (resident_of(relay.pid) - memory) / IDLE, "bytes", 2560);
	bench_row("joining (handshake, HELLO, SUB with one proof): relay CPU",
	    (cpu_of(relay.pid) - cpu) * 1e6 / IDLE, "us");
	for (int i = 0; i < IDLE; i++)
		client_close(&c[i]);
	process_end(&relay, SIGKILL);
}

int
main(void)
{
	struct rlimit limit;

	if (tg_crypto_init() != TG_OK)
		return 1;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	fan("each", 1.2e6, 1.0);
	fan("once", 5e6, 0.10);
	rooms("each", 0.65);
	rooms("once", 0.40);
	idle();
	return 0;
}
