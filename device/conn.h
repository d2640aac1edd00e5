/* SPDX-License-Identifier: GPL-2.0 */
/* The vfio-user protocol: one connection per peer */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "link.h"

#define MSG_MAX		8192	/* header included */
#define MSG_FDS_MAX	16	/* QEMU accepts no larger limit */
#define XFER_MAX	4096	/* bytes in one region read or write */
#define SCM_FDS_MAX	253	/* SCM_MAX_FD: in one sendmsg() */

struct conn {
	struct source src;
	struct source resample;		/* INTx: the guest has taken it */
	struct peer *peer;
	bool version_done;
	unsigned int nfds;		/* received, only MSG_FDS_MAX kept */
	int fds[MSG_FDS_MAX];
	size_t fds_end;			/* bytes in @in when they had arrived */
	size_t in_len;
	size_t out_len;
	size_t out_sent;
	bool out_memfd;			/* the reply carries the shared memory */
	/* Aligned, so that data for a register or a word in memory is. */
	uint8_t in[MSG_MAX] __attribute__((aligned(8)));
	uint8_t out[MSG_MAX] __attribute__((aligned(8)));
};

/* A handler that keeps a descriptor replaces it by -1. */
struct message {
	const uint8_t *data;
	size_t len;
	int *fds;
	unsigned int nfds;
	uint8_t *reply;		/* room for a reply without its header */
};

void conn_init(struct conn *c, struct peer *peer);
int conn_open(struct conn *c, int fd);	/* takes @fd, also when it fails */
void conn_close(struct conn *c);
void conn_drop_resample(struct conn *c);
bool conn_gone(const struct conn *c);	/* its client has closed it */

/* vfio_user.c: returns the size of the reply, or -errno */
int vfio_user_command(struct conn *c, uint16_t command, struct message *m);
void vfio_user_resample(struct source *src);

#endif
