/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The peer at end 1 of a test's link with ring code of its own, selftests/peer's,
 * which keeps a record of each rule that the driver breaks.
 */
#ifndef HOSTED_TEST_OTHER_H
#define HOSTED_TEST_OTHER_H

#include "link.h"
#include "ring.h"

struct other {
	struct ring ring;
	struct verdict verdict;
	struct profile profile;
};

/* Set up, but in RESET. @size: of the ring's part of the output sections. */
void other_open(struct other *o, const char *profile, uint64_t size);
void other_close(struct other *o);

/* From RESET to RUN on both sides, and back to RESET. */
void other_up(struct other *o);
void other_down(struct other *o);

/* Send a message, and ring where the profile does. */
void other_send(struct other *o, const void *data, uint32_t len);

/* The next message in @buf, waiting for it; its length, 0 when none comes. */
uint32_t other_receive(struct other *o, void *buf, uint32_t size);

#endif /* HOSTED_TEST_OTHER_H */
