/* SPDX-License-Identifier: GPL-2.0 */
/* Both ends of a link with the ring of the framework and nothing else; neutral. */
#ifndef HOSTED_BENCH_RING_H
#define HOSTED_BENCH_RING_H

#define RING_PROTOCOL	0x7fff

/* Both links are up. */
_Bool ring_is_up(void);

/* How many bytes of data the ring has room for. */
unsigned long ring_data_size(void);

/*
 * Send, or receive, so many frames of one size, copying each, telling the peer
 * after each @batch. They spin; one thread for each.
 */
void ring_send(unsigned int end, unsigned int size, unsigned long frames, unsigned int batch);
void ring_receive(unsigned int end, unsigned long frames, unsigned int batch);

/* Both in one thread, by turns. */
void ring_alone(unsigned int size, unsigned long frames, unsigned int batch);

/* The program's: let others have the CPU. */
void ring_yield(void);

/* Send a frame back and forth; the first one is @end's where @first. */
void ring_bounce(unsigned int end, unsigned int size, unsigned long rounds, _Bool first);

#endif /* HOSTED_BENCH_RING_H */
