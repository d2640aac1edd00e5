/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_CIRC_BUF_H
#define _LINUX_CIRC_BUF_H

/* head: the next place to fill, tail: the next to empty; one place stays free. */
struct circ_buf {
	char *buf;
	int head;
	int tail;
};

/* Sizes are powers of two. */
#define CIRC_CNT(head, tail, size)	(((head) - (tail)) & ((size) - 1))
#define CIRC_SPACE(head, tail, size)	CIRC_CNT((tail), (head) + 1, (size))

#endif
