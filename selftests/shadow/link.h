/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the stand-in reaches its end of the link: by a socket of ivshmem-link, so
 * without a machine, or by a UIO device inside of one.
 *
 * Every function that returns int returns 0, or -1 with one line in error.
 */
#ifndef SHADOW_LINK_H
#define SHADOW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"

enum { VECTOR_STATE, VECTOR_MESSAGE };

/* What link_wait() found, as bits */
enum {
	FIRED_STATE = 1 << VECTOR_STATE,
	FIRED_MESSAGE = 1 << VECTOR_MESSAGE,
};

struct link {
	const struct link_ops *ops;
	uint32_t id, peer_id;
	uint64_t output_size;
	uint8_t *own;			/* own output section */
	const uint8_t *peer;		/* the peer's, NULL: only by link_fetch() */
	uint8_t *rw;			/* NULL: none, or not to be mapped */
	uint64_t rw_size;
	uint64_t interrupts;		/* taken, however many edges made one */
	uint64_t doorbells;		/* sent */
	char error[256];

	struct client client;		/* by socket */
	struct {
		int fd;
		int events;		/* -1: by one-shot interrupts */
		int eventfd[2];
		uint64_t pending;	/* message interrupts that nobody has taken */
		volatile uint32_t *regs;
		const uint32_t *states;
		struct section map[5];
	} uio;
};

struct link_ops {
	int (*write_reg)(struct link *l, uint32_t reg, uint32_t value);
	int (*ring)(struct link *l, uint16_t vector);
	int (*peer_state)(struct link *l, uint32_t *state);
	int (*fetch)(struct link *l, uint32_t offset, void *buf, uint32_t len);
	int (*wait)(struct link *l, int timeout_ms);
	void (*forget)(struct link *l, unsigned int vector);
	void (*close)(struct link *l);
};

/* Two peers and two vectors are a must. A socket in use is tried for seconds. */
int link_open_socket(struct link *l, const char *path, int seconds);
int link_open_uio(struct link *l, const char *path, bool eventfds);
void link_close(struct link *l);

int link_write_reg(struct link *l, uint32_t reg, uint32_t value);
int link_ring(struct link *l, uint16_t vector);
int link_peer_state(struct link *l, uint32_t *state);

/* Waits for interrupts: FIRED_* bits, 0 after timeout_ms (-1: none), or -1. */
int link_wait(struct link *l, int timeout_ms);

/* Drops what a vector has pending, where vectors can be told apart. */
void link_forget(struct link *l, unsigned int vector);

int link_fail(struct link *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

double now_us(void);

#endif
