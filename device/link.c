// SPDX-License-Identifier: GPL-2.0
/* States, doorbells, interrupts and the shared memory of a link. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "link.h"
#include "pci.h"

/*
 * An access to a peer's eventfd that takes longer than this is slow, and a peer
 * may have half a second of these, which are forgiven at 1/16 of the time.
 */
#define SLOW_NS		100000
#define SLOW_MAX_NS	500000000
#define SLOW_FORGIVE	16

static int create_memory(struct link *link)
{
	const struct link_config *cfg = &link->cfg;

	link->mem_size = cfg->state_size + cfg->rw_size +
			 cfg->output_size * cfg->peers;
	link->memfd = memfd_create("ivshmem-link",
				   MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (link->memfd < 0 || ftruncate(link->memfd, link->mem_size))
		return -errno;
	/* A peer that resized the memory would turn others' accesses to SIGBUS. */
	if (fcntl(link->memfd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	link->mem = mmap(NULL, link->mem_size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE, link->memfd, 0);
	if (link->mem == MAP_FAILED) {
		link->mem = NULL;
		return -errno;
	}
	return 0;
}

static int create_peer(struct link *link, unsigned int id)
{
	struct peer *p = &link->peers[id];
	unsigned int i;

	p->link = link;
	p->id = id;
	p->eventfd = calloc(link->cfg.vectors, sizeof(*p->eventfd));
	if (!p->eventfd)
		return -ENOMEM;
	for (i = 0; i < link->cfg.vectors; i++)
		p->eventfd[i] = -1;
	pci_reset(p);
	return 0;
}

int link_init(struct link *link, const struct link_config *cfg)
{
	unsigned int i;
	int err;

	memset(link, 0, sizeof(*link));
	link->cfg = *cfg;
	link->memfd = -1;
	/* xorshift never leaves 0; any other constant would do as well */
	link->random = cfg->seed ^ 0x9e3779b97f4a7c15;
	if (!link->random)
		link->random = 1;
	pci_init(link);
	err = create_memory(link);
	if (err)
		return err;
	link->peers = calloc(cfg->peers, sizeof(*link->peers));
	if (!link->peers)
		return -ENOMEM;
	for (i = 0; i < cfg->peers && !err; i++)
		err = create_peer(link, i);
	return err;
}

void peer_release_eventfds(struct peer *p)
{
	unsigned int i;

	for (i = 0; i < p->link->cfg.vectors; i++)
		peer_set_eventfd(p, i, -1);
}

void link_fini(struct link *link)
{
	unsigned int i;

	for (i = 0; link->peers && i < link->cfg.peers; i++) {
		if (!link->peers[i].eventfd)
			continue;
		peer_release_eventfds(&link->peers[i]);
		free(link->peers[i].eventfd);
	}
	free(link->peers);
	if (link->mem)
		munmap(link->mem, link->mem_size);
	if (link->memfd >= 0)
		close(link->memfd);
}

/* xorshift64*: the same seed loses the same interrupts in a row */
static bool chance(struct link *link, double rate)
{
	uint64_t x = link->random;

	if (rate <= 0)
		return false;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	link->random = x;
	return (x * 0x2545f4914f6cdd1d >> 32) < rate * 4294967296.0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* For good: what a client has done once the next one in its place can do. */
static void refuse_eventfds(struct peer *p, const char *why)
{
	complain(&p->complaints,
		 "peer %u: its eventfd %s; it can have none any more", p->id,
		 why);
	p->no_eventfds = true;
	peer_release_eventfds(p);
}

/*
 * An access to an eventfd takes some microseconds, but a client can have it
 * wake up a great many waiters, all at our cost. A long one may also be a
 * hypervisor below us that took the processor away, which is nobody's fault
 * and has to be forgiven. What is too short to count stays in @since, for the
 * next access that is charged from there.
 */
static void charge(struct peer *p, uint64_t *since)
{
	uint64_t cpu = cpu_ns(), cost = cpu - *since, now, forgiven;

	if (cost < SLOW_NS)
		return;
	*since = cpu;
	now = clock_ns(CLOCK_MONOTONIC);
	forgiven = (now - p->slow_at) / SLOW_FORGIVE;
	p->slow_ns -= p->slow_ns < forgiven ? p->slow_ns : forgiven;
	p->slow_ns += cost;
	p->slow_at = now;
	if (p->slow_ns > SLOW_MAX_NS)
		refuse_eventfds(p, "takes too long to signal");
}

/*
 * A hostile client can make its eventfd blocking again behind our back. Then
 * the watchdog's signal ends the wait (see main.c), and there is no second
 * one: only an access that waits fails with EINTR.
 */
ssize_t peer_access_eventfd(struct peer *p, int fd, bool signal,
			    uint64_t *since)
{
	uint64_t value = 1;
	ssize_t ret;

	ret = signal ? write(fd, &value, sizeof(value)) :
		       read(fd, &value, sizeof(value));
	if (ret < 0 && errno == EINTR)
		refuse_eventfds(p, "has blocked the link");
	else
		charge(p, since);
	return ret;
}

/*
 * Tell the client to raise a vector. What the sender wrote to the shared
 * memory before it rang must be visible before the target takes the
 * interrupt. Its stores precede its message, and the socket's and the
 * eventfd's locks carry that order through this process to the thread that
 * reads the eventfd; the fence says so without relying on how the kernel
 * implements either, and orders our own store to the state table. Its partner
 * is the target's read of the eventfd and whatever barrier its interrupt
 * entry has.
 *
 * The eventfd is non-blocking. A full counter means that the client has not
 * looked yet, so nothing is lost.
 */
void peer_signal(struct peer *p, unsigned int vector, uint64_t *since)
{
	if (p->eventfd[vector] < 0)
		return;
	if (p->link->cfg.intx) {
		/* The client unmasks when the guest has taken it. */
		p->intx_pending = p->intx_masked;
		if (p->intx_masked)
			return;
		p->intx_masked = true;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	peer_access_eventfd(p, p->eventfd[vector], true, since);
}

/*
 * The order of the checks is Jailhouse's: one-shot mode clears Interrupt
 * Control although the vector may then turn out to be masked.
 */
static void interrupt(struct peer *p, unsigned int vector)
{
	uint64_t *dropped = p->count.dropped, since;

	if (!p->int_ctrl) {
		dropped[DROP_DISABLED]++;
		return;
	}
	if (pci_one_shot(p))
		p->int_ctrl = 0;
	if (!p->link->cfg.intx && !pci_bus_master(p)) {
		dropped[DROP_BUS_MASTER]++;
	} else if (p->eventfd[vector] < 0 || pci_interrupts_masked(p)) {
		dropped[DROP_MASKED]++;
	} else if (chance(p->link, p->link->cfg.drop_rate)) {
		dropped[DROP_INJECTED]++;
	} else {
		p->count.interrupts++;
		since = cpu_ns();
		peer_signal(p, vector, &since);
	}
}

static void ring_doorbell(struct peer *p, uint32_t value)
{
	unsigned int target = value >> 16, vector = value & 0xffff;
	struct link *link = p->link;

	p->count.doorbells++;
	if (target >= link->cfg.peers || !link->peers[target].connected)
		p->count.no_target++;
	else if (vector >= link->cfg.vectors)
		p->count.no_vector++;
	else
		interrupt(&link->peers[target], vector);
}

static void set_state(struct peer *p, uint32_t state)
{
	struct link *link = p->link;
	uint32_t *table = (uint32_t *)link->mem;
	bool changed = state != p->state;
	unsigned int i;

	/* Written even if unchanged: in fast mode a guest may have spoilt it. */
	p->state = state;
	__atomic_store_n(&table[p->id], state, __ATOMIC_SEQ_CST);
	if (!changed)
		return;
	p->count.state_changes++;
	for (i = 0; i < link->cfg.peers; i++)
		if (i != p->id && link->peers[i].connected)
			interrupt(&link->peers[i], 0);
}

void peer_reset(struct peer *p)
{
	p->int_ctrl = 0;
	p->intx_masked = false;
	p->intx_pending = false;
	pci_reset(p);
	set_state(p, 0);
}

void peer_connect(struct peer *p)
{
	p->connected = true;
	p->count.connections++;
}

void peer_disconnect(struct peer *p)
{
	p->connected = false;
	peer_release_eventfds(p);
	peer_reset(p);
}

uint32_t peer_reg_read(struct peer *p, uint64_t offset)
{
	switch (offset) {
	case REG_ID:
		return link_lie(p->link, LIE_ID, p->id);
	case REG_MAX_PEERS:
		return link_lie(p->link, LIE_MAX_PEERS, p->link->cfg.peers);
	case REG_INT_CTRL:
		return p->int_ctrl;
	case REG_STATE:
		return p->state;
	default:
		return 0;
	}
}

void peer_reg_write(struct peer *p, uint64_t offset, uint32_t value)
{
	switch (offset) {
	case REG_INT_CTRL:
		p->int_ctrl = value & 1;
		break;
	case REG_DOORBELL:
		ring_doorbell(p, value);
		break;
	case REG_STATE:
		set_state(p, value);
		break;
	}
}

/* The areas of the sections that a peer may write: R/W, its own output */
static void writable_areas(struct peer *p, struct area areas[2])
{
	const struct link_config *cfg = &p->link->cfg;
	uint64_t rw = cfg->state_size;

	areas[0] = (struct area){ rw, cfg->rw_size };
	areas[1] = (struct area){ rw + cfg->rw_size + p->id * cfg->output_size,
				  cfg->output_size };
}

unsigned int peer_mem_areas(struct peer *p, struct area areas[2])
{
	unsigned int i, n = 0;

	if (!p->link->cfg.strict) {
		areas[0] = (struct area){ 0, p->link->mem_size };
		return 1;
	}
	writable_areas(p, areas);
	for (i = 0; i < 2; i++)
		if (areas[i].size)
			areas[n++] = areas[i];
	return n;
}

static bool may_write(struct peer *p, uint64_t offset, uint32_t len)
{
	struct area areas[2];
	unsigned int i;

	writable_areas(p, areas);
	for (i = 0; i < 2; i++)
		if (offset >= areas[i].offset && len <= areas[i].size &&
		    offset - areas[i].offset <= areas[i].size - len)
			return true;
	return false;
}

/*
 * Aligned words are copied in one piece, as the bus would: other peers have
 * the same memory mapped and must not see half a value. (A message's data is
 * aligned as well, see struct conn.)
 */
static void copy_bus(volatile void *dst, const volatile void *src, uint32_t len)
{
	uintptr_t both = (uintptr_t)dst | (uintptr_t)src;

	if (len == 8 && !(both & 7))
		*(volatile uint64_t *)dst = *(const volatile uint64_t *)src;
	else if (len == 4 && !(both & 3))
		*(volatile uint32_t *)dst = *(const volatile uint32_t *)src;
	else if (len == 2 && !(both & 1))
		*(volatile uint16_t *)dst = *(const volatile uint16_t *)src;
	else
		memcpy((void *)dst, (const void *)src, len);
}

/* The BAR's padding behind the last section reads as 0. */
void peer_mem_read(struct peer *p, uint64_t offset, void *buf, uint32_t len)
{
	struct link *link = p->link;
	uint32_t n = 0;

	if (offset < link->mem_size)
		n = len < link->mem_size - offset ? len : link->mem_size - offset;
	memset((char *)buf + n, 0, len - n);
	if (n)
		copy_bus(buf, link->mem + offset, n);
}

int peer_mem_write(struct peer *p, uint64_t offset, const void *buf,
		   uint32_t len)
{
	if (!may_write(p, offset, len)) {
		p->count.refused_writes++;
		return -EPERM;
	}
	copy_bus(p->link->mem + offset, buf, len);
	return 0;
}

void peer_set_eventfd(struct peer *p, unsigned int vector, int fd)
{
	if (p->eventfd[vector] >= 0)
		closer_add(p->closer, p->eventfd[vector]);
	p->eventfd[vector] = fd;
	p->intx_masked = false;
	p->intx_pending = false;
}

void peer_intx_mask(struct peer *p)
{
	p->intx_masked = true;
}

void peer_intx_unmask(struct peer *p, uint64_t *since)
{
	p->intx_masked = false;
	if (p->intx_pending)
		peer_signal(p, 0, since);
}
