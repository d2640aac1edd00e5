/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guests: who connects, and is not trusted. The last close() of a file may wait for
 * ever, and a guest can see to that, see device/closer.h. Whoever receives a message
 * without room for the descriptors that it brings closes them, and so does who closes
 * a connection with such a message in its queue. So that message is left where it is,
 * and a thread closes the connection.
 */
#ifndef HOSTED_SERVE_GUEST_H
#define HOSTED_SERVE_GUEST_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * guest_start() - start the thread
 * @connections: how many there can be when guest_crowd() begins to be so
 *
 * Return: 0 or a negative error.
 */
int guest_start(unsigned int connections);

/** guest_listen() - as listen_at(), for connections that guest_close() closes */
int guest_listen(const char *path, int backlog);

/**
 * guest_receive() - as recv() with MSG_DONTWAIT, by the only one who receives there
 *
 * Return: as recv(); -1 with errno EBADMSG for a message that brings descriptors.
 */
ssize_t guest_receive(int fd, void *data, size_t size);

/** guest_close() - close a connection; never waits. Context: any. */
void guest_close(int fd);

/** guest_crowd() - do so many wait to be closed that nobody should be let in? */
bool guest_crowd(void);

/** guest_room() - a descriptor that is readable once there was a crowd, and is not */
int guest_room(void);

/** guest_room_seen() - it is readable no more, until the next time */
void guest_room_seen(void);

#endif
