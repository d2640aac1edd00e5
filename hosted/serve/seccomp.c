// SPDX-License-Identifier: GPL-2.0
/*
 * A list of the system calls that the kit and a server need; all others end the
 * process. Descriptors can come in only by recvmsg(), which needs a sender.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp.h"

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#else
#error "hosted: say which architecture the filter is for"
#endif

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARG(n)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
				 offsetof(struct seccomp_data, args) + (n) * sizeof(__u64))
#define ANSWER(what)	BPF_STMT(BPF_RET | BPF_K, (what))
#define UNLESS(value)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, 1)
#define ALLOW(name)	UNLESS(__NR_##name), ANSWER(SECCOMP_RET_ALLOW)
#define SKIP_UNLESS(name, count)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, (count))

int shut_in(void)
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
		ALLOW(read), ALLOW(write), ALLOW(writev), ALLOW(recvfrom), ALLOW(recvmsg), ALLOW(sendto),
		ALLOW(sendmsg), ALLOW(accept4), ALLOW(shutdown), ALLOW(close), ALLOW(epoll_create1), ALLOW(epoll_ctl),
		ALLOW(epoll_wait), ALLOW(epoll_pwait), ALLOW(poll), ALLOW(ppoll), ALLOW(eventfd2),
		/* Memory of its own */
		ALLOW(munmap), ALLOW(madvise), ALLOW(brk),
		/* Signals of its own: abort() */
		SKIP_UNLESS(tgkill, 4),
		LOAD_ARG(0),
		UNLESS(getpid()),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* Threads, no processes. What clone3() is to do cannot be seen, so libc uses clone(). */
		SKIP_UNLESS(clone3, 1),
		ANSWER(SECCOMP_RET_ERRNO | ENOSYS),
		SKIP_UNLESS(clone, 4),
		LOAD_ARG(0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* prctl(): the name of a thread */
		SKIP_UNLESS(prctl, 4),
		LOAD_ARG(0),
		UNLESS(PR_SET_NAME),
		ANSWER(SECCOMP_RET_ALLOW),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		/* mmap() and mprotect(): nothing that can be run, and only what is anonymous */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 4, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD_ARG(3),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD_ARG(2),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };
	long other;

	/* glibc looks at /proc/sys/vm before it gives memory of threads back. */
	mallopt(M_TRIM_THRESHOLD, -1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	other = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	if (other < 0)
		return -errno;
	/* A thread that has a filter of its own does not get this one, nor does any other. */
	return other ? -EBUSY : 0;
}
