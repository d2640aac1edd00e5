/* SPDX-License-Identifier: GPL-2.0 */
/* What a driver's process may do once it has started. */
#ifndef HOSTED_SERVE_SECCOMP_H
#define HOSTED_SERVE_SECCOMP_H

/*
 * From now on no thread of the process can open a file, make a socket, run a
 * program, start, signal or look at another process, or map what it does not have: that ends the
 * process. Context: all threads are there that ever will be, or not; new ones
 * inherit it. Return: 0 or a negative error, -EBUSY where a thread has a filter.
 */
int shut_in(void);

/*
 * The same for hosted-link, which also maps shared memory that it has a descriptor
 * of, sets the carrier and hardware address of its interface @tap, and signals the
 * program that it has started, the pidfd @child. Either may be -1: there is none.
 */
int shut_in_link(int tap, int child);

#endif
