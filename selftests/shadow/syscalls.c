// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "syscalls.h"

/* Numbers of x86-64, whatever this machine is. */
static const struct {
	const char *name;
	uint64_t number;
} calls[] = {
	{ "read", 0 },
	{ "write", 1 },
	{ "open", 2 },
	{ "close", 3 },
	{ "fstat", 5 },
	{ "poll", 7 },
	{ "lseek", 8 },
	{ "mmap", 9 },
	{ "munmap", 11 },
	{ "ioctl", 16 },
	{ "pipe", 22 },
	{ "dup", 32 },
	{ "nanosleep", 35 },
	{ "getpid", 39 },
	{ "clone", 56 },
	{ "fork", 57 },
	{ "execve", 59 },
	{ "exit", 60 },
	{ "wait4", 61 },
	{ "kill", 62 },
	{ "unlink", 87 },
	{ "getuid", 102 },
	{ "gettid", 186 },
	{ "exit_group", 231 },
	{ "openat", 257 },
};

#define NAME(x)	{ #x, x }

static const struct name {
	const char *name;
	long value;
} constants[] = {
	NAME(O_RDONLY),
	NAME(O_WRONLY),
	NAME(O_RDWR),
	NAME(O_CREAT),
	NAME(O_EXCL),
	NAME(O_TRUNC),
	NAME(O_APPEND),
	NAME(O_NONBLOCK),
	NAME(O_DIRECTORY),
	NAME(AT_FDCWD),
	NAME(SEEK_SET),
	NAME(SEEK_CUR),
	NAME(SEEK_END),
	NAME(PROT_READ),
	NAME(PROT_WRITE),
	NAME(PROT_EXEC),
	NAME(MAP_SHARED),
	NAME(MAP_PRIVATE),
	NAME(MAP_FIXED),
	NAME(MAP_ANONYMOUS),
	NAME(POLLIN),
	NAME(POLLOUT),
	NAME(POLLERR),
	NAME(POLLHUP),
	NAME(POLLNVAL),
	NAME(SIGHUP),
	NAME(SIGINT),
	NAME(SIGQUIT),
	NAME(SIGKILL),
	NAME(SIGUSR1),
	NAME(SIGUSR2),
	NAME(SIGTERM),
	NAME(SIGCONT),
	NAME(WNOHANG),
}, errors[] = {
	NAME(EPERM),
	NAME(ENOENT),
	NAME(ESRCH),
	NAME(EINTR),
	NAME(EIO),
	NAME(ENXIO),
	NAME(EBADF),
	NAME(ECHILD),
	NAME(EAGAIN),
	NAME(ENOMEM),
	NAME(EACCES),
	NAME(EFAULT),
	NAME(EBUSY),
	NAME(EEXIST),
	NAME(ENODEV),
	NAME(ENOTDIR),
	NAME(EISDIR),
	NAME(EINVAL),
	NAME(ENFILE),
	NAME(EMFILE),
	NAME(EFBIG),
	NAME(ENOSPC),
	NAME(ESPIPE),
	NAME(EROFS),
	NAME(EPIPE),
	NAME(ENOSYS),
	NAME(ENOTCONN),
	NAME(ECONNRESET),
	NAME(ECONNREFUSED),
	NAME(ESHUTDOWN),
	NAME(ECANCELED),
	NAME(ETIMEDOUT),
	NAME(ENETDOWN),
	NAME(ENETRESET),
	NAME(EOWNERDEAD),
	NAME(ECOMM),
	NAME(EHOSTDOWN),
	NAME(ERESTART),
	NAME(EOVERFLOW),
	NAME(EPROTO),
	NAME(EMSGSIZE),
};

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

bool syscall_number(const char *name, uint64_t *number)
{
	size_t i;
	char *end;

	for (i = 0; i < COUNT(calls); i++)
		if (!strcmp(name, calls[i].name)) {
			*number = calls[i].number;
			return true;
		}
	*number = strtoull(name, &end, 0);
	return end != name && !*end;
}

bool constant(const char *name, uint64_t *value)
{
	size_t i;

	for (i = 0; i < COUNT(constants); i++)
		if (!strcmp(name, constants[i].name)) {
			*value = constants[i].value;
			return true;
		}
	for (i = 0; i < COUNT(errors); i++)
		if (!strcmp(name, errors[i].name)) {
			*value = errors[i].value;
			return true;
		}
	return false;
}

const char *errno_name(int error)
{
	size_t i;

	for (i = 0; i < COUNT(errors); i++)
		if (errors[i].value == error)
			return errors[i].name;
	return NULL;
}
