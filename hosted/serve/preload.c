// SPDX-License-Identifier: GPL-2.0
/*
 * hosted-preload.so: programs on the device nodes of hosted-link --nodes SOCKET,
 * as they are:
 *
 *	LD_PRELOAD=./hosted-preload.so HOSTED_NODES=SOCKET shadow-proxy
 *
 * A node that is not there in /dev is looked for over there. What it cannot do for
 * such a file: be shared with a child, take a call while another one waits, and be
 * polled without looking every few milliseconds.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <uapi/ivshmem_uio.h>

#include "fd.h"
#include "nodes.h"

#define MAX_FD		1024
#define POLL_MS		5

/* Open files of ours, by their socket */
static struct file {
	bool ours;
	bool busy;		/* a call waits for its reply */
	bool nonblock;
	uint64_t rdev;
} files[MAX_FD];

#define REAL(_name)	((__typeof__(_name) *)real(#_name))

static void *real(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

static struct file *find(int fd)
{
	return fd >= 0 && fd < MAX_FD && files[fd].ours ? &files[fd] : NULL;
}

/*
 * Requests
 */

union call {
	struct nodes_request request;
	struct {
		uint8_t head[sizeof(struct nodes_request)];
		uint8_t data[NODES_MAX_DATA];
	};
};

static ssize_t transfer(int sock, union call *call, size_t len, int *fd)
{
	struct nodes_reply reply;
	struct iovec out = { call, sizeof(call->request) + len };
	struct iovec in[2] = { { &reply, sizeof(reply) }, { call->data, sizeof(call->data) } };
	ssize_t n;

	if (fd_send(sock, &out, 1, *fd, 0) < 0)
		return -1;
	do {
		n = fd_receive(sock, in, 2, fd, 0);
	} while (n < 0 && errno == EINTR);
	if (n < (ssize_t)sizeof(reply)) {
		errno = EIO;
		return -1;
	}
	call->request.value = reply.value;
	if (reply.result >= 0)
		return reply.result;
	errno = -reply.result;
	return -1;
}

/* @fd goes along and comes back, -1 for none. */
static long request(int sock, union call *call, size_t len, int *fd)
{
	struct file *file = &files[sock];
	int none = -1;
	long ret;

	if (__atomic_exchange_n(&file->busy, true, __ATOMIC_ACQUIRE)) {
		errno = EBUSY;
		return -1;
	}
	if (file->nonblock)
		call->request.flags |= NODES_NONBLOCK;
	ret = transfer(sock, call, len, fd ?: &none);
	__atomic_store_n(&file->busy, false, __ATOMIC_RELEASE);
	return ret;
}

/*
 * Calls
 */

static int connect_nodes(void)
{
	const char *path = getenv("HOSTED_NODES");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock;

	if (!path || strlen(path) >= sizeof(addr.sun_path))
		return -1;
	strcpy(addr.sun_path, path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (sock >= 0 && sock < MAX_FD &&
	    !connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
		return sock;
	if (sock >= 0)
		REAL(close)(sock);
	return -1;
}

static int open_node(const char *name, int flags)
{
	union call call = { .request = { .op = NODES_OPEN, .a = flags } };
	int sock = connect_nodes();

	if (sock < 0) {
		errno = ENOENT;
		return -1;
	}
	memcpy(call.data, name, strnlen(name, 63));
	files[sock] = (struct file){ 0 };
	if (request(sock, &call, strnlen(name, 63), NULL) < 0) {
		int saved = errno;

		REAL(close)(sock);
		errno = saved;
		return -1;
	}
	files[sock] = (struct file){ .ours = true, .nonblock = flags & O_NONBLOCK,
				     .rdev = call.request.value };
	return sock;
}

static int open_any(const char *path, int flags, mode_t mode)
{
	int fd = REAL(open)(path, flags, mode);

	if (fd >= 0 || errno != ENOENT || strncmp(path, "/dev/", 5))
		return fd;
	return open_node(path + 5, flags);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(args, int);
	va_end(args);
	return open_any(path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int close(int fd)
{
	if (find(fd))
		files[fd] = (struct file){ 0 };
	return REAL(close)(fd);
}

/* Nobody reads or writes more than was asked for. */
static ssize_t at_most(size_t size, ssize_t ret)
{
	if (ret <= (ssize_t)size)
		return ret;
	errno = EIO;
	return -1;
}

ssize_t read(int fd, void *buf, size_t size)
{
	union call call = { .request = { .op = NODES_READ, .a = size } };
	ssize_t ret;

	if (!find(fd))
		return REAL(read)(fd, buf, size);
	if (size > sizeof(call.data))
		size = sizeof(call.data);
	ret = at_most(size, request(fd, &call, 0, NULL));
	if (ret > 0)
		memcpy(buf, call.data, ret);
	return ret;
}

ssize_t write(int fd, const void *buf, size_t size)
{
	union call call = { .request = { .op = NODES_WRITE } };

	if (!find(fd))
		return REAL(write)(fd, buf, size);
	if (size > sizeof(call.data))
		size = sizeof(call.data);
	memcpy(call.data, buf, size);
	return at_most(size, request(fd, &call, size, NULL));
}

int ioctl(int fd, unsigned long cmd, ...)
{
	union call call = { .request = { .op = NODES_IOCTL, .a = (unsigned int)cmd } };
	size_t size = 0;
	va_list args;
	void *arg;
	int sent = -1;
	long ret;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	if (!find(fd))
		return REAL(ioctl)(fd, cmd, arg);
	call.request.b = (uintptr_t)arg;
	if (_IOC_DIR(cmd) && (uintptr_t)arg > NODES_LAST_NUMBER)
		size = _IOC_SIZE(cmd);
	if (size > sizeof(call.data)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(call.data, arg, size);
	if (cmd == IVSHMEM_UIO_SET_EVENTFD && size) {
		sent = ((struct ivshmem_uio_eventfd *)arg)->fd;
		call.request.value = offsetof(struct ivshmem_uio_eventfd, fd);
		call.request.flags = sent >= 0 ? NODES_HAS_FD : 0;
	}
	ret = request(fd, &call, size, &sent);
	if (ret >= 0 && _IOC_DIR(cmd) & _IOC_READ)
		memcpy(arg, call.data, size);
	return ret;
}

void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	union call call = { .request = { .op = NODES_MMAP, .a = size, .b = offset } };
	int memory = -1;
	void *map;

	if (flags & MAP_ANONYMOUS || !find(fd))
		return REAL(mmap)(addr, size, prot, flags, fd, offset);
	call.request.flags = (prot & PROT_WRITE ? NODES_WRITABLE : 0) |
			     (flags & MAP_PRIVATE ? NODES_PRIVATE : 0);
	if (request(fd, &call, 0, &memory) < 0 || memory < 0)
		return MAP_FAILED;
	map = REAL(mmap)(addr, size, prot, flags, memory, call.request.value);
	REAL(close)(memory);
	return map;
}

void *mmap64(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("mmap")));

/* Looks at ours, and leaves the others to @others, which has ours taken out. */
static int look(struct pollfd *fds, struct pollfd *others, nfds_t count)
{
	union call call;
	int ready = 0;
	long events;
	nfds_t i;

	for (i = 0; i < count; i++) {
		others[i] = fds[i];
		if (!find(fds[i].fd))
			continue;
		others[i].fd = -1;
		call.request = (struct nodes_request){ .op = NODES_POLL, .flags = NODES_NONBLOCK,
						       .a = fds[i].events };
		events = request(fds[i].fd, &call, 0, NULL);
		fds[i].revents = events < 0 ? POLLERR : events;
		ready += !!fds[i].revents;
	}
	return ready;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	int64_t end = now_ms() + timeout, left;
	struct pollfd others[count + 1];
	int ours, ready;
	nfds_t i;

	for (i = 0; i < count && !find(fds[i].fd); i++)
		;
	if (i == count)
		return REAL(poll)(fds, count, timeout);
	do {
		ours = look(fds, others, count);
		left = timeout < 0 ? POLL_MS : end - now_ms();
		left = left < 0 || ours ? 0 : left > POLL_MS ? POLL_MS : left;
		ready = REAL(poll)(others, count, left);
	} while (!ours && !ready && (timeout < 0 || left));
	if (ready < 0)
		return ready;
	for (i = 0; i < count; i++)
		if (!find(fds[i].fd))
			fds[i].revents = others[i].revents;
	return ours + ready;
}

/* A character device, whatever carries it. */
int fstat(int fd, struct stat *st)
{
	int ret = REAL(fstat)(fd, st);

	if (!ret && find(fd)) {
		st->st_mode = S_IFCHR | 0600;
		st->st_rdev = files[fd].rdev;
	}
	return ret;
}
