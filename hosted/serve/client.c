// SPDX-License-Identifier: GPL-2.0
/* A client of a serial port. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"

static int connect_to(const char *path, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int client_connect(const char *path)
{
	return connect_to(path, 0);
}

int client_try_connect(const char *path)
{
	return connect_to(path, SOCK_NONBLOCK);
}

int client_send(int fd, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms, const void *data,
		size_t length)
{
	static kit_u32 last_id;
	struct serial_request request = {
		.op = op, .id = ++last_id & 0x7fffffff, .arg = arg, .timeout_ms = timeout_ms,
		.length = length,
	};

	if (length > SERIAL_DATA)
		return -EMSGSIZE;
	if (length)
		memcpy(request.data, data, length);
	if (send(fd, &request, SERIAL_REQUEST_HEAD + length, MSG_NOSIGNAL) < 0)
		return -errno;
	return request.id;
}

int client_receive(int fd, struct serial_reply *reply, _Bool wait)
{
	ssize_t size = recv(fd, reply, sizeof(*reply), wait ? 0 : MSG_DONTWAIT);

	if (size < 0 && errno == EAGAIN)
		return 0;
	if (size < 0)
		return -errno;
	if (!size)
		return -ECONNRESET;
	if (size < (ssize_t)SERIAL_REPLY_HEAD || (size_t)size - SERIAL_REPLY_HEAD != reply->length)
		return -EBADMSG;
	return 1;
}

int client_call(int fd, enum serial_op op, kit_u32 arg, kit_u32 timeout_ms, const void *data,
		size_t length, struct serial_reply *reply)
{
	struct serial_reply own;
	int id = client_send(fd, op, arg, timeout_ms, data, length);
	int err;

	if (id < 0)
		return id;
	if (!reply)
		reply = &own;
	do {
		err = client_receive(fd, reply, 1);
		if (err < 0 && err != -EINTR)
			return err;
	} while (err < 1 || reply->id != (kit_u32)id);
	return reply->status;
}

int client_write(int fd, const void *data, size_t length)
{
	const char *at = data;
	size_t chunk;
	int done;

	while (length) {
		chunk = length < SERIAL_DATA ? length : SERIAL_DATA;
		done = client_call(fd, SERIAL_WRITE, 0, SERIAL_FOREVER, at, chunk, NULL);
		if (done <= 0)
			return done ? done : -EIO;
		at += done;
		length -= done;
	}
	return 0;
}
