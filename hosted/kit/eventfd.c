// SPDX-License-Identifier: GPL-2.0
/*
 * Eventfds of others, whose end they have, too
 *
 * A write to one blocks while its counter is at its end, and whoever shares it can
 * bring it there at any time. So the kernel signals it, as it does when a request
 * of asynchronous I/O completes: without waiting, and nothing that is no eventfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"

#define REQUESTS	64

#define ANY		-2

static pthread_once_t once = PTHREAD_ONCE_INIT;
static aio_context_t context;
static int error;			/* why there is none */
static int ready = -1;			/* an eventfd that can always be written */
static __thread int only = ANY;

static void init(void)
{
	ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ready < 0 || syscall(SYS_io_setup, REQUESTS, &context))
		error = -errno;
}

int kit_eventfd_init(void)
{
	pthread_once(&once, init);
	return error;
}

/* A request that completes at once, unless it is refused, and then signals @fd. */
static int submit(int fd, unsigned int op, unsigned int rw_flags)
{
	struct io_event done[REQUESTS];
	struct iocb request = {
		.aio_lio_opcode = op, .aio_rw_flags = rw_flags, .aio_buf = POLLOUT,
		.aio_flags = IOCB_FLAG_RESFD, .aio_resfd = fd,
	}, *requests = &request;
	int err = kit_eventfd_init();

	if (err)
		return err;
	request.aio_fildes = ready;
	do {
		err = syscall(SYS_io_submit, context, 1, &requests) < 0 ? -errno : 0;
		/* Those of other threads, too: nobody looks at them. */
		syscall(SYS_io_getevents, context, 0, REQUESTS, done, NULL);
	} while (err == -EAGAIN);
	return err;
}

void kit_eventfd_limit(int fd)
{
	only = fd;
}

/* Unknown flags are refused after a look at the eventfd. */
int kit_eventfd_get(int fd)
{
	int err = only == ANY || only == fd ? submit(fd, IOCB_CMD_PREAD, ~0u) : -EBADF;

	if (err != -EOPNOTSUPP)
		return err ?: -EINVAL;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

void kit_eventfd_put(int fd)
{
	close(fd);
}

void kit_eventfd_signal(int fd)
{
	submit(fd, IOCB_CMD_POLL, 0);
}
