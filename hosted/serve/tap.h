/* SPDX-License-Identifier: GPL-2.0 */
/* A TAP interface of this network namespace in the place of a driver's protocol stack. */
#ifndef HOSTED_SERVE_TAP_H
#define HOSTED_SERVE_TAP_H

#include <stdbool.h>

struct tap;

/**
 * struct tap_config - what is wanted of it
 * @name: of the interface, which is made, or taken where it exists
 * @mtu: bytes
 * @address: IPv4, like 10.0.0.1/24; NULL leaves that, and setting it up, to others
 */
struct tap_config {
	const char *name;
	unsigned int mtu;
	const char *address;
};

/* Is it an address of that form? */
bool tap_address_ok(const char *text);

/* Make it and set it up, without a carrier. Returns NULL with the reason in @error. */
struct tap *tap_open(const struct tap_config *config, char *error, unsigned int size);
void tap_close(struct tap *tap);

/*
 * Connect it to the first interface of a driver, which is set up, and whose hardware
 * address it gets. Frames are forwarded by a thread of the kit until tap_close().
 * Returns 0, or -1 with the reason in @error.
 */
int tap_start(struct tap *tap, char *error, unsigned int size);

int tap_fd(struct tap *tap);

/* The driver's end, for its counters. */
struct kit_net *tap_net(struct tap *tap);

#endif /* HOSTED_SERVE_TAP_H */
