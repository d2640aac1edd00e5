// SPDX-License-Identifier: GPL-2.0
/*
 * Programs in other processes. One thread serves all of them: no call waits in the
 * driver, what cannot be answered now is tried again when the driver has woken
 * those who poll the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../kit/files.h"
#include "../kit/kit.h"
#include "listen.h"
#include "nodes.h"

#define MAX_CLIENTS	256
#define MAX_MAPPINGS	16

/* What ends a call that a signal interrupts, inside the kernel */
#define ERESTARTSYS	512

union message {
	struct nodes_request request;
	struct nodes_reply reply;
	uint8_t bytes[sizeof(struct nodes_request) + NODES_MAX_DATA];
};

/**
 * struct process - those connections of one process
 * @files: how many there are
 */
struct process {
	pid_t pid;
	struct kit_process *kit;
	unsigned int files;
	struct process *next;
};

/**
 * struct client - a connection, and the file that it has opened
 * @pending: @request waits for the driver
 * @len: of its data
 * @fd: that came with it, or -1
 */
struct client {
	int sock;
	struct process *process;
	struct kit_file *file;
	struct kit_watch *watch;
	struct kit_mapping *mapping[MAX_MAPPINGS];
	unsigned int mappings;
	bool pending;
	size_t len;
	int fd;
	union message message;
};

struct nodes {
	int listener;
	int wake;
	struct client *client[MAX_CLIENTS];
	unsigned int clients;
	bool full;			/* who connects waits until another has gone */
	struct process *processes;
};

struct nodes *nodes_listen(const char *path)
{
	struct nodes *nodes = calloc(1, sizeof(*nodes));
	int err;

	if (!nodes)
		return NULL;
	nodes->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = nodes->wake < 0 ? -errno : 0;
	nodes->listener = err ? -1 : listen_at(path, 64);
	if (nodes->listener >= 0)
		return nodes;
	err = err ? err : nodes->listener;
	close(nodes->wake);
	free(nodes);
	errno = -err;
	return NULL;
}

/*
 * Processes
 */

static struct process *get_process(struct nodes *nodes, pid_t pid)
{
	struct process *process;

	for (process = nodes->processes; process; process = process->next)
		if (process->pid == pid) {
			process->files++;
			return process;
		}
	process = calloc(1, sizeof(*process));
	if (process)
		process->kit = kit_process_create(pid);
	if (!process || !process->kit) {
		free(process);
		return NULL;
	}
	process->pid = pid;
	process->files = 1;
	process->next = nodes->processes;
	nodes->processes = process;
	return process;
}

static void put_process(struct nodes *nodes, struct process *process)
{
	struct process **at;

	if (--process->files)
		return;
	for (at = &nodes->processes; *at != process; at = &(*at)->next)
		;
	*at = process->next;
	kit_process_exit(process->kit);
	free(process);
}

/*
 * Requests: each returns the result, and leaves in @out how many bytes of data the
 * reply has. @fd is what goes with it.
 */

static long do_open(struct nodes *nodes, struct client *c, uint64_t *value)
{
	struct nodes_request *r = &c->message.request;
	unsigned int major, minor;
	char name[64];
	long err;

	if (c->file || c->len >= sizeof(name))
		return -EINVAL;
	memcpy(name, r->data, c->len);
	name[c->len] = '\0';
	err = kit_open(c->process->kit, name, r->a & (O_ACCMODE | O_CLOEXEC), &c->file);
	if (err)
		return err;
	kit_device_number(c->file, &major, &minor);
	*value = makedev(major, minor);
	kit_set_nonblock(c->file, true);
	c->watch = kit_watch(c->file, nodes->wake);
	return c->watch ? 0 : -ENOMEM;
}

static long do_ioctl(struct client *c, size_t *out)
{
	struct nodes_request *r = &c->message.request;
	long ret;

	/* Addresses of that process could be anything here; the first page is nowhere. */
	if (!c->len)
		return r->b > NODES_LAST_NUMBER ? -EFAULT : kit_ioctl(c->file, r->a, r->b);
	if (c->len < _IOC_SIZE(r->a))
		return -EFAULT;
	if (r->flags & NODES_HAS_FD && c->len >= sizeof(c->fd) &&
	    r->value <= c->len - sizeof(c->fd))
		memcpy(r->data + r->value, &c->fd, sizeof(c->fd));
	/* A number of its own choice would be one of our descriptors. */
	kit_eventfd_limit(c->fd);
	ret = kit_ioctl(c->file, r->a, (unsigned long)r->data);
	if (_IOC_DIR(r->a) & _IOC_READ)
		*out = c->len;
	return ret;
}

static long do_mmap(struct client *c, int *fd, uint64_t *value)
{
	struct nodes_request *r = &c->message.request;
	unsigned int flags = (r->flags & NODES_WRITABLE ? KIT_MAP_WRITE : 0) |
			     (r->flags & NODES_PRIVATE ? KIT_MAP_PRIVATE : 0);
	struct kit_mapping *mapping;
	unsigned long long offset;
	long err;

	if (c->mappings == MAX_MAPPINGS)
		return -ENOMEM;
	err = kit_mmap(c->file, r->a, flags, r->b, &mapping);
	if (err)
		return err;
	*fd = kit_mapping_fd(mapping, &offset);
	if (*fd < 0) {
		kit_munmap(mapping);
		return *fd;
	}
	*value = offset;
	c->mapping[c->mappings++] = mapping;
	return 0;
}

static long execute(struct nodes *nodes, struct client *c, size_t *out, int *fd, uint64_t *value)
{
	struct nodes_request *r = &c->message.request;
	uint8_t data[NODES_MAX_DATA];
	long ret;

	if (r->op == NODES_OPEN)
		return do_open(nodes, c, value);
	if (!c->file)
		return -EBADF;
	switch (r->op) {
	case NODES_READ:
		ret = kit_read(c->file, data, r->a < sizeof(data) ? r->a : sizeof(data));
		*out = ret > 0 ? ret : 0;
		memcpy(r->data, data, *out);
		return ret;
	case NODES_WRITE:
		return kit_write(c->file, r->data, c->len);
	case NODES_IOCTL:
		return do_ioctl(c, out);
	case NODES_POLL:
		return kit_poll(c->file, r->a, 0);
	case NODES_MMAP:
		return do_mmap(c, fd, value);
	default:
		return -ENOSYS;
	}
}

static void answer(struct client *c, long result, size_t out, int fd, uint64_t value)
{
	struct nodes_reply reply = { result, value };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov[2] = { { &reply, sizeof(reply) }, { c->message.request.data, out } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *cm;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	/* Who has gone is noticed as the end of the connection. */
	sendmsg(c->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* As far as it can be answered now. */
static void try_request(struct nodes *nodes, struct client *c)
{
	struct nodes_request *r = &c->message.request;
	uint64_t value = 0;
	size_t out = 0;
	int fd = -1;
	long ret;

	ret = execute(nodes, c, &out, &fd, &value);
	c->pending = !(r->flags & NODES_NONBLOCK) &&
		     (ret == -EAGAIN || (r->op == NODES_POLL && !ret));
	if (c->pending)
		return;
	answer(c, ret == -ERESTARTSYS ? -EINTR : ret, out, fd, value);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

/*
 * Connections
 */

static void take_client(struct nodes *nodes)
{
	int sock = accept4(nodes->listener, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer = { };
	socklen_t len = sizeof(peer);
	struct client *c = NULL;

	if (sock < 0) {
		/* Or else poll() would tell of it again at once. */
		nodes->full = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
		return;
	}
	if (nodes->clients < MAX_CLIENTS &&
	    !getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		c = calloc(1, sizeof(*c));
	if (c)
		c->process = get_process(nodes, peer.pid);
	if (!c || !c->process) {
		free(c);
		close(sock);
		return;
	}
	c->sock = sock;
	c->fd = -1;
	nodes->client[nodes->clients++] = c;
}

/* As the end of a process does: its mappings first. */
static void end_client(struct nodes *nodes, unsigned int i)
{
	struct client *c = nodes->client[i];

	nodes->client[i] = nodes->client[--nodes->clients];
	while (c->mappings)
		kit_munmap(c->mapping[--c->mappings]);
	kit_unwatch(c->watch);
	if (c->file)
		kit_close(c->file);
	put_process(nodes, c->process);
	if (c->fd >= 0)
		close(c->fd);
	close(c->sock);
	free(c);
	nodes->full = false;
}

static int take_fd(struct msghdr *msg)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
	return fd;
}

/* Returns false when the connection has ended, or breaks the rules. */
static bool take_request(struct nodes *nodes, struct client *c)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { c->message.bytes, sizeof(c->message.bytes) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			      /* CMSG_SPACE() has room for two descriptors. */
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t len;

	/* A second request while one waits is against the rules, too. */
	if (c->pending)
		return false;
	len = recvmsg(c->sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (len < 0)
		return false;
	c->fd = take_fd(&msg);
	if (len < (ssize_t)sizeof(c->message.request) || msg.msg_flags & MSG_TRUNC)
		return false;
	c->len = len - sizeof(c->message.request);
	try_request(nodes, c);
	return true;
}

static void wait_for_clients(struct nodes *nodes, struct pollfd *fds, int stop)
{
	unsigned int i;

	fds[0] = (struct pollfd){ .fd = stop, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = nodes->wake, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = nodes->full ? -1 : nodes->listener, .events = POLLIN };
	for (i = 0; i < nodes->clients; i++)
		fds[3 + i] = (struct pollfd){ .fd = nodes->client[i]->sock, .events = POLLIN };
	kit_outside_begin();
	poll(fds, 3 + nodes->clients, -1);
	kit_outside_end();
}

void nodes_serve(struct nodes *nodes, int stop)
{
	struct pollfd fds[3 + MAX_CLIENTS];
	unsigned int i;
	uint64_t count;

	for (;;) {
		wait_for_clients(nodes, fds, stop);
		if (fds[0].revents)
			break;
		/* From the last one down, as the one that ends gets the last one's place. */
		for (i = nodes->clients; i--;)
			if (fds[3 + i].revents && !take_request(nodes, nodes->client[i]))
				end_client(nodes, i);
		if (fds[1].revents && read(nodes->wake, &count, sizeof(count)) > 0)
			for (i = 0; i < nodes->clients; i++)
				if (nodes->client[i]->pending)
					try_request(nodes, nodes->client[i]);
		if (fds[2].revents)
			take_client(nodes);
	}
	while (nodes->clients)
		end_client(nodes, 0);
	close(nodes->listener);
	close(nodes->wake);
	free(nodes);
}
