#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <seccomp.h>
#include <toygrid/status.h>

#include "sandbox.h"

/* What serving needs, whatever the arguments. */
static const int allowed[] = {
    /* connections */
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    /* files that are open, and reading others */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(_llseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(getdents64),
    SCMP_SYS(fcntl),
    /* memory, time, entropy */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    /* being a process */
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(tgkill),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(sched_yield),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
};

/* What nobody does by accident. */
static const int deadly[] = {
    SCMP_SYS(open),
    SCMP_SYS(creat),
    SCMP_SYS(openat2),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(bpf),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(mount),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchownat),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(memfd_create),
};

#define WRITE_FLAGS (O_ACCMODE | O_CREAT | O_TRUNC)

static int
add_rules(scmp_filter_ctx ctx)
{
	size_t i;
	int bit, rc = 0;

	for (i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
		rc |= seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, deadly[i], 0);

	/* Opening: to read only.  O_TMPFILE needs write mode, so it is covered. */
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, WRITE_FLAGS, O_RDONLY));
	for (bit = 1; bit <= WRITE_FLAGS; bit <<= 1)
		if (bit & WRITE_FLAGS)
			rc |= seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), 1,
			    SCMP_A2(SCMP_CMP_MASKED_EQ, (scmp_datum_t)bit, (scmp_datum_t)bit));

	/* Memory: never as code. */
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	rc |= seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	rc |= seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));

	/* How much of a connection's output is still on its way; anything else fails with EPERM. */
	rc |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, SIOCOUTQ, 0));
	return rc;
}

int
tg_sandbox_enter(struct tg_why *why)
{
	struct rlimit no_core = {0, 0};
	scmp_filter_ctx ctx;
	int rc;

	/* A core file would be a way to write, and would hold the TLS key. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		tg_why_set(why, "sandbox: no-new-privileges: %s", strerror(errno));
		return TG_EIO;
	}
	if ((ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))) == NULL) {
		tg_why_set(why, "sandbox: out of memory");
		return TG_EIO;
	}
	/*
	 * Calls this libseccomp knows but this architecture lacks are no failure; an architecture it does not
	 * know is refused by its own default (kill on a foreign call convention).
	 */
	if ((rc = add_rules(ctx)) == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc != 0) {
		tg_why_set(why, "sandbox: the kernel refused the seccomp filter: %s",
		    strerror(rc < 0 && rc > -4096 ? -rc : EINVAL));
		return TG_EIO;
	}
	return TG_OK;
}

static void
try_open_write(void)
{
	(void)!open("/dev/null", O_WRONLY);
}

static void
try_create(void)
{
	(void)!open("/tmp/toygrid-static-self-test", O_RDONLY | O_CREAT, 0600);
}

static void
try_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void
try_connect(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};

	(void)!connect(0, (struct sockaddr *)&sin, sizeof sin);
}

static void
try_exec(void)
{
	char *const none[] = {NULL};

	(void)!execve("/bin/true", none, none);
}

static void
try_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void
try_map_code(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void
try_trace(void)
{
	(void)!ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static void
try_unlink(void)
{
	(void)!unlink("/tmp/toygrid-static-self-test");
}

static void
try_read(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	_exit(fd >= 0 ? 0 : 1);
}

static const struct {
	const char *name;
	void (*attempt)(void);
	bool dies;
} attempts[] = {
    {"open a file for writing", try_open_write, true},
    {"create a file", try_create, true},
    {"remove a file", try_unlink, true},
    {"make a socket", try_socket, true},
    {"connect", try_connect, true},
    {"execute", try_exec, true},
    {"fork", try_fork, true},
    {"map memory as code", try_map_code, true},
    {"trace", try_trace, true},
    {"read a file", try_read, false},
};

int
tg_sandbox_self_test(FILE *out)
{
	struct tg_why why;
	size_t i;
	pid_t pid;
	int status, rc = TG_OK;
	bool good;

	for (i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		fflush(out);
		if ((pid = fork()) == 0) {
			if (tg_sandbox_enter(&why) != TG_OK)
				_exit(2);
			attempts[i].attempt();
			_exit(1); /* still alive: it was allowed, or only failed */
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			fprintf(out, "sandbox: cannot test: %s\n", strerror(errno));
			return TG_EPERM;
		}
		if (attempts[i].dies)
			good = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
		else
			good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		fprintf(out, "sandbox: %s: %s\n", attempts[i].name,
		    !good	       ? "WRONG"
		    : attempts[i].dies ? "dies"
				       : "works");
		if (!good)
			rc = TG_EPERM;
	}
	return rc;
}
