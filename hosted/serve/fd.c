// SPDX-License-Identifier: GPL-2.0
/* See the header. */
#include <string.h>

#include "fd.h"

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

ssize_t fd_send(int sock, struct iovec *iov, size_t count, int fd, int flags)
{
	union control control = { { CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count, .msg_control = &control,
			      .msg_controllen = fd < 0 ? 0 : sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
}

ssize_t fd_receive(int sock, struct iovec *iov, size_t count, int *fd, int flags)
{
	union control control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count, .msg_control = &control,
			      /* sizeof(control) has room for two. */
			      .msg_controllen = CMSG_LEN(sizeof(*fd)) };
	ssize_t size = recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (size >= 0 && msg.msg_controllen >= CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(&control.header), sizeof(*fd));
	return size;
}
