// SPDX-License-Identifier: GPL-2.0
/* See the header. */
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../device/closer.h"
#include "guest.h"
#include "listen.h"

static struct closer closer = { .room = -1 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* one adds at a time */

enum next { NOTHING, END, MESSAGE, DESCRIPTORS };

/* What would be received. Each message has credentials, unlike the end; they fit, no more. */
static enum next look(int fd)
{
	union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(struct ucred))]; } control;
	struct msghdr msg = { .msg_control = &control, .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &msg, MSG_PEEK | MSG_DONTWAIT) < 0)
		return NOTHING;
	if (msg.msg_flags & MSG_CTRUNC)
		return DESCRIPTORS;
	return msg.msg_controllen ? MESSAGE : END;
}

int guest_start(unsigned int connections)
{
	return closer_start(&closer, connections);
}

int guest_listen(const char *path, int backlog)
{
	int fd = listen_at(path, backlog), yes = 1, err;

	/* Connections inherit it. */
	if (fd < 0 || !setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

ssize_t guest_receive(int fd, void *data, size_t size)
{
	enum next next = look(fd);

	if (next == NOTHING)
		return -1;
	if (next == DESCRIPTORS) {
		errno = EBADMSG;
		return -1;
	}
	return recv(fd, data, size, MSG_DONTWAIT);
}

/* Nobody can send there any more. Takes all that can be taken; is that all there is? */
static bool drain(int fd)
{
	enum next next;

	while ((next = look(fd)) == MESSAGE || (next == NOTHING && errno == ECONNRESET))
		if (next == MESSAGE)
			recv(fd, NULL, 0, MSG_DONTWAIT);
	return next == END;
}

void guest_close(int fd)
{
	shutdown(fd, SHUT_RDWR);
	if (drain(fd)) {
		close(fd);
		return;
	}
	pthread_mutex_lock(&lock);
	closer_add(&closer, fd);
	pthread_mutex_unlock(&lock);
}

bool guest_crowd(void)
{
	return closer_busy(&closer);
}

int guest_room(void)
{
	return closer.room;
}

void guest_room_seen(void)
{
	eventfd_t count;

	eventfd_read(closer.room, &count);
}
