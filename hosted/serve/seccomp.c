// SPDX-License-Identifier: GPL-2.0
/*
 * A list of the system calls that the kit and a server need; all others end the
 * process. Descriptors can come in only by recvmsg(), which needs a sender.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit.h"
#include "seccomp.h"

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#else
#error "hosted: say which architecture the filter is for"
#endif

#define HEAPS	8

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
				 offsetof(struct seccomp_data, args) + (n) * sizeof(__u64))
#define ANSWER(what)	BPF_STMT(BPF_RET | BPF_K, (what))
#define UNLESS(value)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define ALLOW(name)	UNLESS(__NR_##name), ANSWER(SECCOMP_RET_ALLOW)
#define FOR_LINK	(link ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS)
#define ALLOW_LINK(name)	UNLESS(__NR_##name), ANSWER(FOR_LINK)
#define SKIP_UNLESS(name, count)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, (count))
/* With this value of an argument only */
#define ONLY(name, n, value, what)	SKIP_UNLESS(name, 4), LOAD_ARG(n), UNLESS(value), \
	ANSWER(what), ANSWER(SECCOMP_RET_KILL_PROCESS)

static int install(bool link, int tap, int child)
{
	struct sock_filter filter[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		/* Locks, threads */
		ALLOW(futex), ALLOW(set_robust_list), ALLOW(rseq),
		ALLOW(exit), ALLOW(exit_group), ALLOW(sched_yield), ALLOW(gettid), ALLOW(getpid),
		ALLOW(sigaltstack), ALLOW(rt_sigprocmask), ALLOW(rt_sigaction),
		ALLOW(rt_sigreturn), ALLOW(restart_syscall), ALLOW(sched_getaffinity),
		/* Time */
		ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(clock_nanosleep), ALLOW(nanosleep),
		/* Descriptors that are there */
		ALLOW(read), ALLOW(write), ALLOW(writev), ALLOW(recvfrom), ALLOW(recvmsg),
		ALLOW(sendto), ALLOW(sendmsg), ALLOW(accept4), ALLOW(shutdown), ALLOW(close),
		ALLOW(epoll_create1), ALLOW(epoll_ctl), ALLOW(epoll_wait),
		ALLOW(epoll_pwait), ALLOW(poll), ALLOW(ppoll), ALLOW(eventfd2),
		/* Not io_setup(): of what fs.aio-max-nr allows all have one share. */
		ALLOW(io_submit), ALLOW(io_getevents),
		/* A link's interface, nodes, and the program that it has started */
		ALLOW_LINK(readv), ALLOW_LINK(wait4), ONLY(pidfd_send_signal, 0, child, FOR_LINK),
		ALLOW_LINK(lseek), ONLY(getsockopt, 2, SO_PEERCRED, FOR_LINK),
		ONLY(fcntl, 1, F_DUPFD_CLOEXEC, FOR_LINK),
		SKIP_UNLESS(ioctl, 8),
		LOAD_ARG(1), UNLESS(TUNSETCARRIER), ANSWER(FOR_LINK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SIOCSIFHWADDR, 0, 3),
		LOAD_ARG(0), UNLESS(tap), ANSWER(FOR_LINK),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* Memory of its own */
		ALLOW(munmap), ALLOW(madvise), ALLOW(brk),
		/* abort(), but nothing that looks like somebody else's kill */
		SKIP_UNLESS(tgkill, 6),
		LOAD_ARG(0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, getpid(), 0, 3),
		LOAD_ARG(2), UNLESS(SIGABRT), ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* Threads, no processes; what clone3() is to do cannot be seen, so it is absent. */
		SKIP_UNLESS(clone3, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP_UNLESS(clone, 4),
		LOAD_ARG(0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* The name of a thread */
		ONLY(prctl, 0, PR_SET_NAME, SECCOMP_RET_ALLOW),
		/* mmap() and mprotect(): nothing that can be run; files only of a link's memory */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 5, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD_ARG(3),
		/* Not what RLIMIT_DATA does not count */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, link ? 0 : MAP_SHARED | MAP_GROWSDOWN, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS | (link ? MAP_SHARED : 0), 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD_ARG(2),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
	long other;

	/*
	 * glibc looks at /proc/sys/vm before it gives memory of threads back, and at
	 * /sys for how many CPUs there are before it makes one more heap for them.
	 */
	mallopt(M_TRIM_THRESHOLD, -1);
	mallopt(M_ARENA_MAX, HEAPS);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	other = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (other < 0)
		return -errno;
	/* A thread that has a filter of its own does not get this one, nor does any other. */
	return other ? -EBUSY : 0;
}

/*
 * Otherwise it could take the system's memory, and be killed for that as if by
 * somebody else. A sanitizer has memory of its own.
 */
static int limit_memory(void)
{
#ifndef KIT_SANITIZED
	static const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		/* The 256 MiB that the kit lets a driver allocate, and what is around them */
		{ RLIMIT_DATA, 320ul << 20 },
		{ RLIMIT_STACK, 8ul << 20 },
		/* The kit's windows are 16 GiB. What can only be read has page tables. */
		{ RLIMIT_AS, 32ul << 30 },
	};
	struct rlimit limit;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		if (getrlimit(limits[i].resource, &limit))
			return -errno;
		if (limit.rlim_max > limits[i].most)
			limit.rlim_max = limits[i].most;
		if (limit.rlim_cur > limit.rlim_max)
			limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit))
			return -errno;
	}
#endif
	return 0;
}

int shut_in(void)
{
	int err = limit_memory();

	return err ?: install(false, -1, -1);
}

int shut_in_link(int tap, int child)
{
	return install(true, tap, child);
}
