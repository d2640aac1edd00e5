// SPDX-License-Identifier: GPL-2.0
/*
 * Programs in other processes. One thread at a time serves them; where a call sleeps
 * in the driver another one goes on, see kit_serve(). A read and a poll may wait for
 * ever, which many would do, and there are not so many threads: so they do not wait
 * in the driver, but are tried again when it has woken those who poll the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "../kit/files.h"
#include "../kit/kit.h"
#include "fd.h"
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
 * enum state - of a connection
 * @IDLE: there is no request
 * @WAITING: the driver has to wake those who poll the file
 * @WOKEN: it has
 * @BUSY: a thread is in a call; nobody else touches the connection
 * @BUSY_WOKEN: the driver has woken somebody meanwhile
 */
enum state { IDLE, WAITING, WOKEN, BUSY, BUSY_WOKEN };

/**
 * struct client - a connection, and the file that it has opened
 * @gone: it has ended: who is in a call of its frees it
 * @len: of the request's data
 * @fd: that came with it, or -1
 */
struct client {
	int sock;
	struct process *process;
	struct kit_file *file;
	struct kit_watch *watch;
	struct kit_mapping *mapping[MAX_MAPPINGS];
	unsigned int mappings;
	enum state state;
	bool gone;
	size_t len;
	int fd;
	struct client *next;
	union message message;
};

/**
 * struct nodes - all connections
 * @clients: the serving thread's, as is what follows
 * @full: who connects waits until another has gone
 * @lock: protects @processes, and each client's state; nothing is called with it held
 */
struct nodes {
	int listener, wake, stop, epoll;
	struct client *clients;
	unsigned int count;
	bool full;
	pthread_mutex_t lock;
	struct process *processes;
};

static int watch(struct nodes *nodes, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(nodes->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int set_up(struct nodes *nodes, const char *path)
{
	pthread_mutex_init(&nodes->lock, NULL);
	nodes->epoll = epoll_create1(EPOLL_CLOEXEC);
	nodes->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (nodes->epoll < 0 || nodes->wake < 0)
		return -errno;
	nodes->listener = listen_at(path, 64);
	if (nodes->listener < 0)
		return nodes->listener;
	return watch(nodes, nodes->wake, &nodes->wake) ||
	       watch(nodes, nodes->listener, &nodes->listener) ? -errno : 0;
}

struct nodes *nodes_listen(const char *path)
{
	struct nodes *nodes = calloc(1, sizeof(*nodes));
	int err;

	if (!nodes)
		return NULL;
	nodes->listener = -1;
	err = set_up(nodes, path);
	if (!err)
		return nodes;
	close(nodes->listener);
	close(nodes->wake);
	close(nodes->epoll);
	free(nodes);
	errno = -err;
	return NULL;
}

/*
 * Processes
 */

static struct process *find_process(struct nodes *nodes, pid_t pid)
{
	struct process *process;

	pthread_mutex_lock(&nodes->lock);
	for (process = nodes->processes; process && process->pid != pid; process = process->next)
		;
	if (process)
		process->files++;
	pthread_mutex_unlock(&nodes->lock);
	return process;
}

static struct process *get_process(struct nodes *nodes, pid_t pid)
{
	struct process *process = find_process(nodes, pid);

	if (process)
		return process;
	process = calloc(1, sizeof(*process));
	if (process)
		process->kit = kit_process_create(pid);
	if (!process || !process->kit) {
		free(process);
		return NULL;
	}
	process->pid = pid;
	process->files = 1;
	pthread_mutex_lock(&nodes->lock);
	process->next = nodes->processes;
	nodes->processes = process;
	pthread_mutex_unlock(&nodes->lock);
	return process;
}

static void put_process(struct nodes *nodes, struct process *process)
{
	struct process **at = &nodes->processes;
	bool last;

	pthread_mutex_lock(&nodes->lock);
	last = !--process->files;
	if (last) {
		while (*at != process)
			at = &(*at)->next;
		*at = process->next;
	}
	pthread_mutex_unlock(&nodes->lock);
	if (!last)
		return;
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
	struct iovec iov[2] = { { &reply, sizeof(reply) }, { c->message.request.data, out } };

	/* Who has gone, or does not read its replies, is noticed as the end of the connection. */
	if (fd_send(c->sock, iov, 2, fd, MSG_DONTWAIT) < 0)
		shutdown(c->sock, SHUT_RDWR);
}

/* As the end of a process does: its mappings first. */
static void free_client(struct nodes *nodes, struct client *c)
{
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
}

static enum state get_state(struct nodes *nodes, struct client *c)
{
	enum state state;

	pthread_mutex_lock(&nodes->lock);
	state = c->state;
	pthread_mutex_unlock(&nodes->lock);
	return state;
}

/*
 * As far as it can be answered now. Its next request may come as soon as the answer
 * is out, so that goes with the change of state.
 */
static void try_request(struct nodes *nodes, struct client *c)
{
	struct nodes_request *r = &c->message.request;
	uint64_t value = 0;
	size_t out = 0;
	int fd = -1;
	bool gone, again;
	long ret;

	pthread_mutex_lock(&nodes->lock);
	c->state = BUSY;
	pthread_mutex_unlock(&nodes->lock);
	kit_current()->request = c;
	ret = execute(nodes, c, &out, &fd, &value);
	again = !(r->flags & NODES_NONBLOCK) &&
		(ret == -EAGAIN || (r->op == NODES_POLL && !ret));
	if (!again && c->fd >= 0) {
		close(c->fd);
		c->fd = -1;
	}
	pthread_mutex_lock(&nodes->lock);
	if (!again)
		answer(c, ret == -ERESTARTSYS ? -EINTR : ret, out, fd, value);
	else if (c->state == BUSY_WOKEN)
		eventfd_write(nodes->wake, 1);
	c->state = again ? WAITING : IDLE;
	gone = c->gone;
	pthread_mutex_unlock(&nodes->lock);
	if (gone)
		free_client(nodes, c);
	kit_current()->request = NULL;
}

/*
 * Connections: the serving thread's
 */

static struct client *make_client(struct nodes *nodes, int sock)
{
	struct client *c = calloc(1, sizeof(*c));
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (!c || getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len)) {
		free(c);
		return NULL;
	}
	c->sock = sock;
	c->fd = -1;
	c->process = get_process(nodes, peer.pid);
	if (c->process && !watch(nodes, sock, c))
		return c;
	if (c->process)
		put_process(nodes, c->process);
	free(c);
	return NULL;
}

static void take_client(struct nodes *nodes)
{
	int sock = accept4(nodes->listener, NULL, NULL, SOCK_CLOEXEC);
	struct client *c;

	if (sock < 0) {
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		/* Or else it would be told of again at once. */
		if (!nodes->clients) {
			kit_outside_begin();
			usleep(ACCEPT_US);
			kit_outside_end();
			return;
		}
		nodes->full = true;
		epoll_ctl(nodes->epoll, EPOLL_CTL_DEL, nodes->listener, NULL);
		return;
	}
	c = nodes->count < MAX_CLIENTS ? make_client(nodes, sock) : NULL;
	if (!c) {
		close(sock);
		return;
	}
	nodes->count++;
	c->next = nodes->clients;
	nodes->clients = c;
}

/* A call of its that sleeps ends as with the process. */
static void end_client(struct nodes *nodes, struct client *c)
{
	struct client **at = &nodes->clients;
	bool busy;

	epoll_ctl(nodes->epoll, EPOLL_CTL_DEL, c->sock, NULL);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	nodes->count--;
	if (nodes->full)
		nodes->full = watch(nodes, nodes->listener, &nodes->listener);
	/* As long as it is not known to have gone nobody frees it. */
	if (get_state(nodes, c) >= BUSY)
		kit_process_interrupt(c->process->kit, true);
	pthread_mutex_lock(&nodes->lock);
	c->gone = true;
	busy = c->state >= BUSY;
	pthread_mutex_unlock(&nodes->lock);
	if (busy)
		return;
	kit_current()->request = c;
	free_client(nodes, c);
	kit_current()->request = NULL;
}

/* Returns -1 when the connection has ended, or breaks the rules, 0 for no request. */
static int receive(struct client *c)
{
	struct iovec iov = { c->message.bytes, sizeof(c->message.bytes) };
	ssize_t len = fd_receive(c->sock, &iov, 1, &c->fd, MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (len < (ssize_t)sizeof(c->message.request) || len > (ssize_t)sizeof(c->message))
		return -1;
	c->len = len - sizeof(c->message.request);
	return 1;
}

static void take_request(struct nodes *nodes, struct client *c)
{
	/* A second request while there is one is against the rules, too. */
	int got = get_state(nodes, c) == IDLE ? receive(c) : -1;

	if (got > 0)
		try_request(nodes, c);
	else if (got < 0)
		end_client(nodes, c);
}

static void wake_all(struct nodes *nodes)
{
	struct client *c;
	uint64_t count;

	if (read(nodes->wake, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&nodes->lock);
	for (c = nodes->clients; c; c = c->next)
		if (c->state == WAITING || c->state == BUSY)
			c->state++;
	pthread_mutex_unlock(&nodes->lock);
}

static struct client *find_woken(struct nodes *nodes)
{
	struct client *c;

	pthread_mutex_lock(&nodes->lock);
	for (c = nodes->clients; c && c->state != WOKEN; c = c->next)
		;
	pthread_mutex_unlock(&nodes->lock);
	return c;
}

/* One at a time, as all that sleeps makes another thread the serving one. */
static int end_one(struct nodes *nodes)
{
	epoll_ctl(nodes->epoll, EPOLL_CTL_DEL, nodes->listener, NULL);
	if (!nodes->clients)
		return -ESHUTDOWN;
	end_client(nodes, nodes->clients);
	return 0;
}

static int serve_one(void *arg)
{
	struct nodes *nodes = arg;
	struct client *woken = find_woken(nodes);
	struct epoll_event event;
	int count;

	if (woken) {
		try_request(nodes, woken);
		return 0;
	}
	kit_outside_begin();
	count = epoll_wait(nodes->epoll, &event, 1, -1);
	kit_outside_end();
	if (count < 1)
		return 0;
	if (event.data.ptr == &nodes->stop)
		return end_one(nodes);
	if (event.data.ptr == &nodes->wake)
		wake_all(nodes);
	else if (event.data.ptr == &nodes->listener)
		take_client(nodes);
	else
		take_request(nodes, event.data.ptr);
	return 0;
}

void nodes_serve(struct nodes *nodes, int stop)
{
	nodes->stop = stop;
	watch(nodes, stop, &nodes->stop);
	kit_serve(serve_one, nodes);
	close(nodes->listener);
	close(nodes->wake);
	close(nodes->epoll);
	free(nodes);
}
