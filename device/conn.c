// SPDX-License-Identifier: GPL-2.0
/*
 * A peer's connection: messages and descriptors out of a stream, and replies
 * into it. A bad message is answered with an error. When it is not clear
 * where the next message starts, the connection ends, and nothing else does.
 *
 * At most one reply waits to be sent, and while one does, nothing is read.
 * So a client that does not read stalls itself, in bounded memory.
 *
 * Nothing that came from a client is closed here, see closer.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define FLAG_TYPE	0x0f
#define FLAG_REPLY	0x01
#define FLAG_NO_REPLY	0x10
#define FLAG_ERROR	0x20

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

static void close_fds(struct conn *c)
{
	unsigned int i;

	for (i = 0; i < c->nfds && i < MSG_FDS_MAX; i++)
		if (c->fds[i] >= 0)
			closer_add(c->peer->closer, c->fds[i]);
	c->nfds = 0;
}

/* Send what is waiting. Returns whether all of it went out. */
static bool flush(struct conn *c)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	iov.iov_base = c->out + c->out_sent;
	iov.iov_len = c->out_len - c->out_sent;
	if (c->out_memfd) {
		struct cmsghdr *cmsg = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &c->peer->link->memfd, sizeof(int));
	}
	sent = sendmsg(c->src.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		conn_close(c);	/* it has gone; recvmsg() need not say so too */
		return false;
	}
	if (sent > 0) {
		c->out_memfd = false;
		c->out_sent += sent;
	}
	if (c->out_sent < c->out_len)
		return false;
	c->out_len = 0;
	c->out_sent = 0;
	return true;
}

/* Handle the message at the start of @in. The reply follows the deed. */
static void handle_message(struct conn *c, const struct header *hdr, bool fds)
{
	struct message m = {
		.data = c->in + sizeof(*hdr),
		.len = hdr->size - sizeof(*hdr),
		.fds = c->fds,
		.nfds = fds ? c->nfds : 0,
		.reply = c->out + sizeof(*hdr),
	};
	struct header reply = *hdr;
	int ret;

	c->peer->count.messages++;
	c->out_memfd = false;
	ret = vfio_user_command(c, hdr->command, &m);
	if (fds)
		close_fds(c);
	reply.flags = FLAG_REPLY;
	reply.error = 0;
	reply.size = sizeof(reply);
	if (ret < 0) {
		/* These two are no mistakes in the protocol. */
		if (ret != -EPERM && ret != -ENOENT) {
			c->peer->count.errors++;
			complain(&c->peer->complaints,
				 "peer %u: command %u, %u bytes, %u descriptors: %s",
				 c->peer->id, hdr->command, hdr->size, m.nfds,
				 strerror(-ret));
		}
		reply.flags |= FLAG_ERROR;
		reply.error = -ret;
	} else {
		reply.size += ret;
	}
	if (hdr->flags & FLAG_NO_REPLY)
		return;
	memcpy(c->out, &reply, sizeof(reply));
	c->out_len = reply.size;
	flush(c);
}

static bool bad_header(const struct header *hdr)
{
	return hdr->size < sizeof(*hdr) || hdr->size > MSG_MAX ||
	       hdr->flags & FLAG_TYPE;
}

/* Bytes that the message at the start of @in lacks; a bad one lacks none */
static size_t lacks(const struct conn *c)
{
	struct header hdr;

	if (c->in_len < sizeof(hdr))
		return sizeof(hdr) - c->in_len;
	memcpy(&hdr, c->in, sizeof(hdr));
	return bad_header(&hdr) || hdr.size <= c->in_len ? 0 : hdr.size - c->in_len;
}

static void end_bad_stream(struct conn *c, const struct header *hdr)
{
	if (hdr->size < sizeof(*hdr) || hdr->size > MSG_MAX)
		complain(&c->peer->complaints,
			 "peer %u: a message of %u bytes, want %zu to %u; connection closed",
			 c->peer->id, hdr->size, sizeof(*hdr), MSG_MAX);
	else
		complain(&c->peer->complaints,
			 "peer %u: message flags 0x%x, want a command; connection closed",
			 c->peer->id, hdr->flags);
	c->peer->count.errors++;
	conn_close(c);
}

/*
 * Handle the message at the start of @in, which lacks nothing. Descriptors
 * belong to the message that has the last byte which came with them.
 */
static void handle_first(struct conn *c)
{
	struct header hdr;
	bool at_end;

	memcpy(&hdr, c->in, sizeof(hdr));
	if (bad_header(&hdr)) {
		end_bad_stream(c, &hdr);
		return;
	}
	at_end = c->fds_end <= hdr.size;
	handle_message(c, &hdr, c->nfds && at_end);
	if (c->src.fd < 0)
		return;
	c->in_len -= hdr.size;
	c->fds_end -= at_end ? c->fds_end : hdr.size;
	memmove(c->in, c->in + hdr.size, c->in_len);
}

/* Keep the first MSG_FDS_MAX of all descriptors, have the others closed. */
static void keep_fds(struct conn *c, struct cmsghdr *cmsg)
{
	size_t n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int fd;

	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
		if (c->nfds < MSG_FDS_MAX)
			c->fds[c->nfds] = fd;
		else
			closer_add(c->peer->closer, fd);
		c->nfds++;
	}
	c->fds_end = c->in_len;
}

/*
 * Receive once, at most @max bytes. Returns whether there is more to handle.
 * There is room for all descriptors that can come at once: what the kernel
 * does not hand over it closes, and that could wait.
 */
static bool receive(struct conn *c, size_t max)
{
	union {
		char buf[CMSG_SPACE(SCM_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { c->in + c->in_len, max };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t len;

	len = recvmsg(c->src.fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (len <= 0) {
		conn_close(c);
		return false;
	}
	c->in_len += len;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_RIGHTS)
			keep_fds(c, cmsg);
	if (msg.msg_flags & MSG_CTRUNC) {
		complain(&c->peer->complaints,
			 "peer %u: descriptors got lost, too many are open; connection closed",
			 c->peer->id);
		c->peer->count.errors++;
		conn_close(c);
		return false;
	}
	return true;
}

/*
 * One recvmsg() takes all that has arrived, so that most messages cost one
 * receive and one send. The kernel ends it after data that descriptors came
 * with. While a message that has some is incomplete, nothing behind it is
 * read: its descriptors and the next one's could not be told apart.
 *
 * But one message is handled at a time, then it is the other peers' turn.
 */
static void handle_one(struct conn *c)
{
	size_t max;

	if (c->out_len && !flush(c))
		return;
	if (lacks(c)) {
		max = c->nfds ? lacks(c) : sizeof(c->in) - c->in_len;
		if (!receive(c, max) || lacks(c))
			return;
	}
	handle_first(c);
}

/*
 * What has been received is not announced by epoll any more. But a socket can
 * nearly always be written to, so waiting for that keeps a message's place in
 * the round. A client that has much to read waits longer: it is to read first.
 */
static void conn_ready(struct source *src)
{
	struct conn *c = container_of(src, struct conn, src);

	if (src->fd < 0)
		return;
	if (closer_busy(c->peer->closer)) {
		if (conn_gone(c))
			conn_close(c);
		else
			source_rewatch(src, 0);
		return;
	}
	handle_one(c);
	if (src->fd >= 0)
		source_rewatch(src, c->out_len || !lacks(c) ? EPOLLOUT : EPOLLIN);
}

void conn_init(struct conn *c, struct peer *peer)
{
	memset(c, 0, sizeof(*c));
	c->src = (struct source){ .fd = -1, .ready = conn_ready };
	c->resample = (struct source){ .fd = -1, .ready = vfio_user_resample };
	c->peer = peer;
}

int conn_open(struct conn *c, int fd)
{
	conn_init(c, c->peer);
	c->src.fd = fd;
	if (source_watch(&c->src, EPOLLIN)) {
		complain(&c->peer->complaints, "peer %u: epoll: %s", c->peer->id, strerror(errno));
		closer_add(c->peer->closer, source_take(&c->src));
		return -1;
	}
	peer_connect(c->peer);
	return 0;
}

void conn_drop_resample(struct conn *c)
{
	if (c->resample.fd >= 0)
		closer_add(c->peer->closer, source_take(&c->resample));
}

/* The client learns of it here: the socket may have to wait to be closed. */
void conn_close(struct conn *c)
{
	if (c->src.fd < 0)
		return;
	close_fds(c);
	conn_drop_resample(c);
	shutdown(c->src.fd, SHUT_RDWR);
	closer_add(c->peer->closer, source_take(&c->src));
	peer_disconnect(c->peer);
}

/* Both directions: who only says that nothing follows may want its replies. */
bool conn_gone(const struct conn *c)
{
	struct pollfd pfd = { .fd = c->src.fd };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & POLLHUP;
}
