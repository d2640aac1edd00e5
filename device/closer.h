/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One thread per peer that closes what came from the peer's clients, and their
 * connections. The last close() of a file may wait, and a client can make it
 * wait for ever: a socket that lingers, a file in a FUSE file system of its
 * own, an eventfd in an epoll set whose lock it holds; or a socket that has
 * such files in its receive queue. So what a client has us close is at its own
 * cost: while a peer has too much queued, nobody listens to it.
 */
#ifndef CLOSER_H
#define CLOSER_H

#include <semaphore.h>
#include <stdbool.h>

#define CLOSER_LIMIT	32	/* descriptors queued: more is too much */

struct closer {
	int room;		/* readable when there was too much, and is not */
	sem_t filled;
	unsigned int queued;	/* the one that is being closed included */
	unsigned int head;	/* where the loop puts the next one */
	unsigned int tail;	/* where the thread takes it */
	unsigned int size;
	int *ring;
};

/*
 * @most: the descriptors that can be queued beyond the limit before somebody
 * asks closer_busy(). Returns 0, or -errno.
 */
int closer_start(struct closer *cl, unsigned int most);
void closer_add(struct closer *cl, int fd);	/* from one thread; nobody watches @fd */
bool closer_busy(const struct closer *cl);

#endif
