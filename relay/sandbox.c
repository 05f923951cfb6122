#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#include "sandbox.h"

/*
 * Refused whatever their arguments.  A list of what is forbidden rather than of what is allowed: libc,
 * OpenSSL and the loop may change which harmless calls they make, and a relay that dies of a new clock call
 * protects nobody. What matters is on it: ways to files, to other hosts, to other programs, and around the
 * filter (io_uring).
 */
static const char *const forbidden[] = {
    /* new places */
    "socket", "socketpair", "connect", "bind", "listen",
    /* files */
    "creat", "openat2", "open_by_handle_at", "truncate", "ftruncate", "rename", "renameat", "renameat2",
    "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "mknod",
    "mknodat", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat", "lchown", "setxattr",
    "fsetxattr", "lsetxattr", "fallocate", "memfd_create", "memfd_secret", "mount", "umount2", "pivot_root",
    "chroot", "swapon", "acct",
    /* programs and other processes */
    "execve", "execveat", "fork", "vfork", "clone", "clone3", "ptrace", "process_vm_readv",
    "process_vm_writev", "kill", "tkill", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "unshare",
    "setns",
    /* ways around */
    "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd",
    "init_module", "finit_module", "kexec_load", "add_key", "keyctl", "request_key"};

static int
forbid_open(scmp_filter_ctx ctx, const char *name, unsigned flags_arg)
{
	static const int writing[] = {O_WRONLY, O_RDWR, O_ACCMODE};
	int nr = seccomp_syscall_resolve_name(name), rc;

	if (nr == __NR_SCMP_ERROR)
		return 0;
	for (size_t i = 0; i < sizeof writing / sizeof writing[0]; i++) {
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 1,
		    SCMP_CMP(flags_arg, SCMP_CMP_MASKED_EQ, O_ACCMODE, (scmp_datum_t)writing[i]));
		if (rc != 0)
			return rc;
	}
	/* Even read-only, O_CREAT would leave an empty file and O_TRUNC would empty one. */
	rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, SCMP_CMP(flags_arg, SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT));
	if (rc != 0)
		return rc;
	return seccomp_rule_add(
	    ctx, SCMP_ACT_ERRNO(EPERM), nr, 1, SCMP_CMP(flags_arg, SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC));
}

int
tg_sandbox_enter(void)
{
	scmp_filter_ctx ctx;
	int rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof forbidden / sizeof forbidden[0]; i++) {
		int nr = seccomp_syscall_resolve_name(forbidden[i]);

		if (nr !=
		    __NR_SCMP_ERROR) /* libseccomp is older than the call: then so is this list's need */
			rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), nr, 0);
	}
	if (rc == 0)
		rc = forbid_open(ctx, "open", 1);
	if (rc == 0)
		rc = forbid_open(ctx, "openat", 2);
	/* sendto and sendmsg with an address would reach new places over a datagram socket; there is none but
	 * the connected one of sd_notify, and giving an address is refused here all the same. */
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(sendto), 1, SCMP_A4(SCMP_CMP_NE, 0, 0));
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0) {
		errno = -rc;
		return -1;
	}
	return 0;
}

struct attempt {
	const char *name;
	long (*try)(void); /* what the call returned; errno says why it failed */
	int possible;	   /* 1: must go on working */
};

static long
try_create(void)
{
	return open("toygrid-sandbox-test", O_WRONLY | O_CREAT, 0600);
}

static long
try_read_write(void)
{
	return open("/dev/null", O_RDWR);
}

static long
try_truncate(void)
{
	return open("/dev/null", O_RDONLY | O_TRUNC);
}

static long
try_read_only(void)
{
	return open("/dev/null", O_RDONLY);
}

static long
try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long
try_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0);
}

static long
try_connect(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(9)};

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(STDOUT_FILENO, (struct sockaddr *)&sin, sizeof sin);
}

static long
try_execute(void)
{
	char *const argv[] = {"/bin/true", NULL}, *const envp[] = {NULL};

	return execve("/bin/true", argv, envp);
}

static long
try_fork(void)
{
	long pid = syscall(SYS_fork);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_unlink(void)
{
	return unlink("toygrid-sandbox-test");
}

static long
try_mkdir(void)
{
	return mkdir("toygrid-sandbox-test", 0700);
}

static long
try_memfd(void)
{
	return syscall(SYS_memfd_create, "x", 0);
}

static long
try_io_uring(void)
{
	return syscall(425, 1, NULL); /* io_uring_setup */
}

static long
try_random(void)
{
	unsigned char b[8];

	return getrandom(b, sizeof b, 0);
}

static long
try_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

int
tg_sandbox_self_test(FILE *out)
{
	static const struct attempt attempts[] = {
	    {"create-file", try_create, 0},
	    {"open-read-write", try_read_write, 0},
	    {"open-truncate", try_truncate, 0},
	    {"unlink", try_unlink, 0},
	    {"mkdir", try_mkdir, 0},
	    {"memfd", try_memfd, 0},
	    {"socket", try_socket, 0},
	    {"unix-socket", try_unix_socket, 0},
	    {"connect", try_connect, 0},
	    {"execute", try_execute, 0},
	    {"fork", try_fork, 0},
	    {"io-uring", try_io_uring, 0},
	    {"open-read-only", try_read_only, 1},
	    {"random", try_random, 1},
	    {"memory", try_memory, 1},
	};
	int wrong = 0;

	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		const struct attempt *a = &attempts[i];
		long rc;
		int refused;

		errno = 0;
		rc = a->try();
		refused = rc < 0 && errno == EPERM;
		fprintf(out, "%s: %s\n", a->name,
		    refused   ? "refused"
		    : rc >= 0 ? "POSSIBLE"
			      : strerror(errno));
		wrong += a->possible ? rc < 0 : !refused;
	}
	fflush(out);
	return wrong;
}
