/* SPDX-License-Identifier: GPL-2.0 */
/* Both ends of a link with the ring of the framework and nothing else; neutral. */
#ifndef HOSTED_BENCH_RING_H
#define HOSTED_BENCH_RING_H

#define RING_PROTOCOL	0x7fff

/* The longest frame, bytes */
#define RING_FRAME_MAX	2048

/* Both links are up. */
_Bool ring_is_up(void);

/*
 * Copy @frames frames of @size bytes into the section and tell the peer, if there is
 * room for all of them; copy up to @frames of the peer's out of its section, and tell
 * it. They never wait. Each end's are called by one thread at a time. Return: how many.
 */
unsigned int ring_send(unsigned int end, unsigned int size, unsigned int frames);
unsigned int ring_receive(unsigned int end, unsigned int size, unsigned int frames);

#endif /* HOSTED_BENCH_RING_H */
