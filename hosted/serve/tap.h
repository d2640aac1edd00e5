/* SPDX-License-Identifier: GPL-2.0 */
/* A TAP interface of this network namespace in the place of a driver's protocol stack. */
#ifndef HOSTED_SERVE_TAP_H
#define HOSTED_SERVE_TAP_H

struct tap;

/*
 * Make @name, or take it where it exists, give it the driver's address and MTU, and
 * connect it to the first interface of a driver, which is set up. Frames are
 * forwarded by a thread of the kit until tap_close(). Returns NULL with the reason
 * in @error.
 */
struct tap *tap_open(const char *name, unsigned int mtu, char *error, unsigned int size);
void tap_close(struct tap *tap);

/* The driver's end, for its counters. */
struct kit_net *tap_net(struct tap *tap);

#endif /* HOSTED_SERVE_TAP_H */
