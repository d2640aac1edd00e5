/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake's transitions, read by link.c and by the model in
 * selftests/model/. Needs no other header.
 */
#ifndef _IVSHMEM_HANDSHAKE_H
#define _IVSHMEM_HANDSHAKE_H

/*
 * Where this side is: the first four are values of the state register. In UP the
 * register says RUN, and the ring is in use.
 */
enum ivshmem_step {
	STEP_RESET,
	STEP_INIT,
	STEP_READY,
	STEP_RUN,
	STEP_UP,
	STEP_COUNT
};

/* The next step, by the own one and by what the peer's state register says */
static const unsigned char ivshmem_next_step[STEP_COUNT][STEP_UP] = {
	/* peer:	  RESET	      INIT	  READY	      RUN */
	[STEP_RESET] =	{ STEP_INIT,  STEP_INIT,  STEP_RESET, STEP_RESET },
	[STEP_INIT] =	{ STEP_INIT,  STEP_READY, STEP_READY, STEP_READY },
	[STEP_READY] =	{ STEP_RESET, STEP_READY, STEP_RUN,   STEP_RUN },
	[STEP_RUN] =	{ STEP_RESET, STEP_RESET, STEP_RUN,   STEP_UP },
	[STEP_UP] =	{ STEP_RESET, STEP_RESET, STEP_RESET, STEP_UP },
};

#endif /* _IVSHMEM_HANDSHAKE_H */
