/* SPDX-License-Identifier: GPL-2.0 */
/* A driver that sleeps: between test/link/kernel/ and tests. Includes nothing. */
#ifndef HOSTED_TEST_SLEEPY_H
#define HOSTED_TEST_SLEEPY_H

#define SLEEPY_NODES	2

/* Commands of its ioctl() */
enum {
	SLEEPY_SLEEP = 1,	/* until SLEEPY_WAKE, or a signal */
	SLEEPY_WAKE,
	SLEEPY_COUNT,		/* returns how many sleep */
	SLEEPY_SLEEP_SOUNDLY,	/* so many ms, uninterruptibly; returns what was left of that */
};

int sleepy_add(void);
void sleepy_del(void);

#endif
