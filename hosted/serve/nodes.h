/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device nodes for programs in other processes: a SOCK_SEQPACKET socket, one
 * connection for each open file, one request at a time on each.
 */
#ifndef HOSTED_SERVE_NODES_H
#define HOSTED_SERVE_NODES_H

#include <stdint.h>

enum nodes_op {
	NODES_OPEN,	/* data: name below /dev; a: flags */
	NODES_READ,	/* a: bytes; the reply's data */
	NODES_WRITE,	/* data */
	NODES_IOCTL,	/* a: command, b: a number; or data, which it points to, both ways */
	NODES_POLL,	/* a: events; result: those that are there */
	NODES_MMAP,	/* a: bytes, b: offset; descriptor, and where in it is value */
};

#define NODES_NONBLOCK	1U	/* -EAGAIN, or 0 of NODES_POLL, is an answer */
#define NODES_WRITABLE	2U	/* NODES_MMAP: PROT_WRITE */
#define NODES_PRIVATE	4U
#define NODES_HAS_FD	8U	/* NODES_IOCTL: at data + value goes the descriptor sent along */

#define NODES_MAX_DATA	4096
#define NODES_LAST_NUMBER	4095	/* what is above is an address, of no use elsewhere */

struct nodes_request {
	uint32_t op;
	uint32_t flags;
	uint64_t a, b;
	uint64_t value;
	uint8_t data[];
};

struct nodes_reply {
	int64_t result;
	uint64_t value;		/* NODES_OPEN: device number */
	uint8_t data[];
};

struct nodes;

/* Listen at @path. Returns NULL with errno set. */
struct nodes *nodes_listen(const char *path);

/*
 * Serve until @stop is readable; then programs find their files closed. Context:
 * a thread of the kit.
 */
void nodes_serve(struct nodes *nodes, int stop);

#endif /* HOSTED_SERVE_NODES_H */
