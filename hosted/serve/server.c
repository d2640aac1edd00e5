// SPDX-License-Identifier: GPL-2.0
/*
 * A driver's server
 *
 * One thread at a time waits for messages: the server. A request's life is a
 * struct request: received, worked on by the class, answered from whatever
 * context, freed. Its connection lives at least as long.
 *
 * No reply waits for its reader: who does not read gets the connection closed
 * when its socket is full, so that nobody can hold a driver's lock for long.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "kit/kit.h"
#include "kit/serial.h"
#include "listen.h"
#include "server.h"

#define MAX_CONNECTIONS	128
#define MAX_REQUESTS	256	/* of a connection, that were not answered */
#define MAX_SLEEPERS	12	/* threads, of KIT_SLOTS */

struct connection {
	int fd;
	unsigned int references;	/* the server's, one for each request */
	int gone;			/* the client; set before its openings are closed */
	struct connection *next;	/* of all; the server's */
};

struct request {
	struct serial_call call;	/* first: what the class knows of it */
	struct connection *connection;
};

/* Used by the thread that is the server; the role's handing over orders it. */
static struct {
	int epoll, listener, stop, room;
	struct connection *connections;
	unsigned int count;		/* descriptors of connections; atomic */
	int full;			/* the listener is not watched; atomic */
	unsigned int calls;		/* that a thread is in; atomic */
} server;

static int watch(int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static bool has_room(void)
{
	return __atomic_load_n(&server.count, __ATOMIC_SEQ_CST) < MAX_CONNECTIONS &&
	       !guest_crowd();
}

static void accept_again(void)
{
	if (has_room() && __atomic_exchange_n(&server.full, 0, __ATOMIC_SEQ_CST))
		watch(server.listener, &server.listener);
}

/*
 * Who connects waits from here on, until a connection has ended, or for a moment; or
 * until there is no crowd any more, of which the next event tells.
 */
static void stop_accepting(void)
{
	epoll_ctl(server.epoll, EPOLL_CTL_DEL, server.listener, NULL);
	__atomic_store_n(&server.full, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&server.count, __ATOMIC_SEQ_CST))
		return;
	kit_outside_begin();
	usleep(ACCEPT_US);
	kit_outside_end();
	accept_again();
}

static void connection_put(struct connection *c)
{
	if (__atomic_sub_fetch(&c->references, 1, __ATOMIC_ACQ_REL))
		return;
	guest_close(c->fd);
	free(c);
	__atomic_sub_fetch(&server.count, 1, __ATOMIC_SEQ_CST);
	accept_again();
}

static void connection_add(int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c || watch(fd, c)) {
		free(c);
		guest_close(fd);
		return;
	}
	c->fd = fd;
	c->references = 1;
	c->next = server.connections;
	server.connections = c;
	if (__atomic_add_fetch(&server.count, 1, __ATOMIC_SEQ_CST) == MAX_CONNECTIONS)
		stop_accepting();
}

/* Sleeps until its openings are closed: as the thread of a request does. */
static void connection_gone(struct connection *c)
{
	struct connection **link = &server.connections;

	epoll_ctl(server.epoll, EPOLL_CTL_DEL, c->fd, NULL);
	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	kit_current()->request = c;
	__atomic_store_n(&c->gone, 1, __ATOMIC_SEQ_CST);
	serial_client_gone(c);
	kit_current()->request = NULL;
	connection_put(c);
}

static void request_done(struct serial_call *call)
{
	struct request *r = (struct request *)call;
	size_t size = SERIAL_REPLY_HEAD + call->reply.length;

	if (send(r->connection->fd, &call->reply, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EPIPE && errno != ECONNRESET) {
		kit_log(4, "server: a client does not take its replies: %s\n", strerror(errno));
		shutdown(r->connection->fd, SHUT_RDWR);
	}
	connection_put(r->connection);
	free(r);
}

static bool may_sleep(enum serial_op op)
{
	return op == SERIAL_OPEN || op == SERIAL_SET_TERMIOS || op == SERIAL_SUSPEND ||
	       op == SERIAL_RESUME;
}

/* What is wrong with a message; it is answered all the same. */
static int request_check(const struct request *r, ssize_t size)
{
	if (size < (ssize_t)SERIAL_REQUEST_HEAD ||
	    r->call.request.length != (size_t)size - SERIAL_REQUEST_HEAD)
		return -EBADMSG;
	/* What waits takes memory. */
	if (__atomic_load_n(&r->connection->references, __ATOMIC_RELAXED) > MAX_REQUESTS &&
	    r->call.request.op != SERIAL_CANCEL)
		return -EBUSY;
	/* What sleeps takes a thread, and one must be left to serve the others. */
	if (__atomic_load_n(&server.calls, __ATOMIC_RELAXED) >= MAX_SLEEPERS &&
	    may_sleep(r->call.request.op))
		return -EBUSY;
	return 0;
}

static void request_do(struct request *r, ssize_t size)
{
	struct connection *c = r->connection;

	r->call.reply.id = size >= 8 ? r->call.request.id : 0;
	r->call.reply.status = request_check(r, size);
	if (r->call.reply.status) {
		request_done(&r->call);
		return;
	}
	kit_current()->request = r;
	__atomic_add_fetch(&c->references, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&server.calls, 1, __ATOMIC_RELAXED);
	serial_call(&r->call);
	__atomic_sub_fetch(&server.calls, 1, __ATOMIC_RELAXED);
	/* It may have opened or parked what nobody closes or aborts any more. */
	if (__atomic_load_n(&c->gone, __ATOMIC_SEQ_CST))
		serial_client_gone(c);
	connection_put(c);
	kit_current()->request = NULL;
}

static void connection_read(struct connection *c)
{
	struct request *r = calloc(1, sizeof(*r));
	ssize_t size = -1;

	if (r)
		size = guest_receive(c->fd, &r->call.request, sizeof(r->call.request));
	if (size > 0) {
		__atomic_add_fetch(&c->references, 1, __ATOMIC_RELAXED);
		r->connection = c;
		r->call.client = c;
		r->call.done = request_done;
		request_do(r, size);
		return;
	}
	free(r);
	if (r && (size == 0 || (errno != EAGAIN && errno != EINTR)))
		connection_gone(c);
}

static int accept_one(void)
{
	int fd = -1;

	errno = ENOBUFS;
	if (has_room())
		fd = accept4(server.listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		connection_add(fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
		stop_accepting();
	return 0;
}

/* One message, or one event. */
static int serve_one(void *arg)
{
	struct epoll_event event;
	int count;

	(void)arg;
	kit_outside_begin();
	count = epoll_wait(server.epoll, &event, 1, -1);
	kit_outside_end();
	if (count < 1)
		return errno == EINTR ? 0 : -errno;
	if (event.data.ptr == &server.stop)
		return -ESHUTDOWN;
	if (event.data.ptr == &server.listener)
		return accept_one();
	if (event.data.ptr == &server.room) {
		guest_room_seen();
		accept_again();
		return 0;
	}
	connection_read(event.data.ptr);
	return 0;
}

int server_run(int listener, int stop)
{
	int err;

	err = guest_start(MAX_CONNECTIONS);
	if (err)
		return err;
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server.epoll < 0)
		return -errno;
	server.listener = listener;
	server.stop = stop;
	server.room = guest_room();
	err = watch(stop, &server.stop);
	if (!err)
		err = watch(server.room, &server.room);
	if (!err)
		err = watch(listener, &server.listener);
	if (!err)
		err = kit_serve(serve_one, NULL);
	while (server.connections)
		connection_gone(server.connections);
	close(server.epoll);
	return err == -ESHUTDOWN ? 0 : err;
}
