// SPDX-License-Identifier: GPL-2.0
/*
 * A driver against a peer that is the input: fuzz-net and fuzz-shadow.
 *
 * The input is a list of operations: what the peer writes, at once or some time later,
 * between two functions of the driver or two reads of the peer's memory; its states and
 * doorbells; what programs do meanwhile. Operations that keep the rules are among them,
 * so that an input gets somewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../kit/files.h"
#include "../kit/net.h"
#include "../model/pci_link.h"
#include "fuzz.h"
#include "ring.h"

#define OUTPUT		0x10000
#define MEMORY		0x40000
#define PRIORITY_PAGE	0x1000
#define REQUEST_WORDS	10
#define GET_SLOT	_IOR('k', 1, uint64_t)
#define SEND_SIGNAL	_IOW('k', 8, uint64_t)
#define MAX_LATER	16
#define MAX_FILES	4
#define FRAME_MAX	2048

#ifdef FUZZ_SHADOW
#define PROTOCOL	2
#define RING_SIZE	(OUTPUT - PRIORITY_PAGE)
#else
#define PROTOCOL	1
#define RING_SIZE	OUTPUT
#endif

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);
void *__real_kit_map(kit_u64 phys, kit_u64 size);
void *__wrap_kit_map(kit_u64 phys, kit_u64 size);

static struct pci_link *the_link;
static uint16_t offered;		/* frames, since the link came up */
static uint8_t *section, *driver_section;
static const uint8_t *input_section;	/* where the driver reads what is in section */
static struct layout layout;

static uint64_t take64(void)
{
	uint64_t value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value |= (uint64_t)take() << 8 * i;
	return value;
}

/*
 * The peer's memory
 */

struct store {
	unsigned int delay;	/* functions and reads of the driver from now on, */
	bool watched;		/* or only reads of what is stored to */
	uint32_t offset;
	unsigned int size;
	uint64_t value;
};

static struct store later[MAX_LATER];
static unsigned int laters;

static void do_store(const struct store *s)
{
	memcpy(section + s->offset, &s->value, s->size);
}

/* The driver is about to read at this offset. */
static void time_passes(uint32_t read)
{
	unsigned int i;

	for (i = 0; i < laters; i++) {
		if ((later[i].watched && later[i].offset != read) || later[i].delay--)
			continue;
		do_store(&later[i]);
		later[i--] = later[--laters];
	}
}

/* Called by each function of the driver, those that were inlined as well. */
void __cyg_profile_func_enter(void *function, void *caller)
{
	(void)function;
	(void)caller;
	time_passes(OUTPUT);
}

void __cyg_profile_func_exit(void *function, void *caller)
{
	(void)function;
	(void)caller;
}

/* Memory begins at a multiple of its size, rounded up to a power of 2. */
void *__wrap_kit_map(kit_u64 phys, kit_u64 size)
{
	void *at = __real_kit_map(phys, size);

	if (size == RING_SIZE && (phys & (MEMORY - 1)) == pci_link_output(the_link, 1))
		input_section = at;
	return at;
}

/* What was read before may not be there any more. */
void target_reads(const void *from)
{
	size_t offset = (const uint8_t *)from - input_section;

	if (offset < OUTPUT)
		time_passes(offset);
}

/* Most of the section is data that nobody interprets. */
static struct store take_store(void)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	uint8_t kind = take();
	struct store s = { .size = sizes[kind & 3] };
	uint32_t i = take16();

	switch (kind >> 2 & 7) {
	case 0:
		s.offset = layout.avail + 2;
		s.size = 2;
		break;
	case 1:
		s.offset = layout.used + 2;
		s.size = 2;
		break;
	case 2:
		s.offset = i % (layout.qlen * 16);
		break;
	case 3:
		s.offset = layout.avail + i % (6 + 2 * layout.qlen);
		break;
	case 4:
		s.offset = layout.used + i % (6 + 8 * layout.qlen);
		break;
	case 5:
	case 6:
		/* The descriptor that is about to be looked at, or was just now */
		s.offset = (offered + (i >> 4 & 1)) % layout.qlen * 16 + (i & 15);
		break;
	default:
		s.offset = i % (OUTPUT - 8);
	}
	s.value = s.size == 8 ? take64() : take16();
	return s;
}

/*
 * A peer that keeps the rules
 */

static void shake_hands(void)
{
	uint32_t state;

	pci_link_set_state(the_link, 1, 0);
	kit_idle();
	memset(section, 0, OUTPUT);
	offered = 0;
	for (state = 1; state <= 3; state++) {
		pci_link_set_state(the_link, 1, state);
		kit_idle();
	}
}

static void offer(const void *data, uint32_t len)
{
	uint32_t i = offered % layout.qlen, at = layout.data + i * 128;
	struct { uint64_t addr; uint32_t len; uint16_t flags, next; } desc = { at, len, 0, 0 };
	uint16_t slot = i;

	if (at + len > RING_SIZE)
		return;
	memcpy(section + at, data, len);
	memcpy(section + i * sizeof(desc), &desc, sizeof(desc));
	memcpy(section + layout.avail + 4 + 2 * i, &slot, sizeof(slot));
	offered++;
	__atomic_store_n((uint16_t *)(section + layout.avail + 2), offered, __ATOMIC_RELEASE);
	pci_link_ring(the_link, 0, 1);
}

/* A frame whose descriptor, or place in the ring, changes while it is looked at */
static void offer_and_change(void)
{
	static const uint32_t values[] = { 0, 1, OUTPUT - 1, OUTPUT, 0x7fffffff, 0xffffffff };
	static const uint8_t frame[REQUEST_WORDS * 8];
	uint32_t slot = offered % layout.qlen;
	const uint32_t at[] = { slot * 16, slot * 16 + 8, slot * 16 + 12,
				layout.avail + 4 + 2 * slot };
	uint8_t what = take(), when;

	if (laters < MAX_LATER) {
		when = take();
		later[laters++] = (struct store){
			.watched = when & 64, .delay = when & (when & 64 ? 3 : 63),
			.offset = at[what & 3], .size = what & 4 ? 4 : 2,
			.value = values[(what >> 3) % 6],
		};
	}
	offer(frame, sizeof(frame));
}

/* Take all that the driver offered. */
static void consume(void)
{
	uint16_t avail, *used = (uint16_t *)(section + layout.used + 2);
	uint32_t i, elem[2] = { 0, 1 };

	avail = *(uint16_t *)(driver_section + layout.avail + 2);
	for (i = 0; *used != avail && i < layout.qlen; i++, ++*used) {
		elem[0] = *used % layout.qlen;
		memcpy(section + layout.used + 4 + 8 * elem[0], elem, sizeof(elem));
	}
	pci_link_ring(the_link, 0, 1);
}

/*
 * Programs
 */

#ifdef FUZZ_SHADOW

static struct kit_process *program;
static struct kit_file *file[MAX_FILES];
static struct kit_mapping *mapping;
static uint64_t slot[MAX_FILES];

static void start_programs(void)
{
	program = kit_process_create(1);
}

static void close_mapping(void)
{
	if (mapping)
		kit_munmap(mapping);
	mapping = NULL;
}

static void end_programs(void)
{
	close_mapping();
	if (program)
		kit_process_exit(program);
	program = NULL;
	memset(file, 0, sizeof(file));
}

static void open_or_close(unsigned int i)
{
	if (file[i]) {
		kit_close(file[i]);
		file[i] = NULL;
	} else if (!kit_open(program, "shadow-process0", O_RDWR | O_NONBLOCK, &file[i])) {
		kit_set_nonblock(file[i], true);
		kit_ioctl(file[i], GET_SLOT, (unsigned long)&slot[i]);
	}
}

static void map(unsigned int i)
{
	uint8_t *byte;

	close_mapping();
	if (kit_mmap(file[i], take16(), take() & 3, take() << 12, &mapping))
		return;
	byte = kit_touch(mapping, take16(), take() & 1);
	if (byte && take() & 1)
		*(volatile uint8_t *)byte;
}

static void request(unsigned int i)
{
	uint64_t word[REQUEST_WORDS] = { take(), 1, 2, 3, 4, 5, 6, take(), take(), slot[i] };

	offer(word, sizeof(word));
}

static void use(uint8_t what)
{
	unsigned int i = what % MAX_FILES;
	uint64_t word[REQUEST_WORDS];

	what /= MAX_FILES;
	if (what % 8 == 0)
		open_or_close(i);
	else if (what % 8 == 1)
		request(i);
	if (!file[i])
		return;
	switch (what % 8) {
	case 2:
		kit_read(file[i], word, what & 8 ? take() % sizeof(word) : sizeof(word));
		break;
	case 3:
		word[0] = take();
		kit_write(file[i], word, what & 8 ? take() % sizeof(word) : 8);
		break;
	case 4:
		kit_poll(file[i], POLLIN | POLLOUT, 0);
		break;
	case 5:
		kit_ioctl(file[i], SEND_SIGNAL, take());
		break;
	case 6:
		map(i);
		break;
	case 7:
		kit_read(file[i], word, sizeof(word));
		kit_write(file[i], word, 8);
		break;
	}
}

#else

static struct kit_net *net;

/* All of a frame is looked at: what was never copied is found out. */
static void receive(struct kit_net_port *port, const struct kit_net_part *part,
		    unsigned int count)
{
	unsigned int i, n, sum = 0;

	(void)port;
	for (i = 0; i < count; i++)
		for (n = 0; n < part[i].size; n++)
			sum += ((const uint8_t *)part[i].data)[n];
	__asm__ volatile("" : : "r" (sum));
}

static void start_programs(void)
{
	static struct kit_net_port port = { .receive = receive };

	if (!kit_net_attach(NULL, &port, &net))
		kit_net_up(net);
}

static void end_programs(void)
{
	if (net && kit_net_stat(net, "bad_sums") != ~0ULL && kit_net_stat(net, "bad_sums"))
		abort();
	if (net)
		kit_net_detach(net);
	net = NULL;
}

static void use(uint8_t what)
{
	static uint8_t data[FRAME_MAX];
	struct kit_net_frame frame = { .data = data, .more = what & 8, .sum = what & 16 };

	if (!net)
		return;
	switch (what & 7) {
	case 0:
		kit_net_down(net);
		kit_net_up(net);
		break;
	case 1:
		kit_net_coalesce(net, take() & 1, take16(), take());
		break;
	case 2:
		kit_net_set_mtu(net, take16());
		break;
	case 3:
		offer(data, take());
		break;
	default:
		frame.size = take16() % FRAME_MAX;
		frame.sum_start = take();
		frame.sum_offset = take() & 31;
		kit_net_send(net, &frame);
	}
}

#endif

static void operate(uint8_t op)
{
	struct store now;

	switch (op & 7) {
	case 0:
		now = take_store();
		do_store(&now);
		break;
	case 1:
		if (laters < MAX_LATER) {
			uint8_t delay = take() & 63;

			later[laters] = take_store();
			later[laters++].delay = delay;
		}
		break;
	case 2:
		pci_link_set_state(the_link, 1, op >> 3 < 4 ? op >> 3 : take16());
		break;
	case 3:
		pci_link_ring(the_link, 0, op >> 3 & 3);
		break;
	case 4:
		kit_advance((op >> 3) * 10000000ULL);
		break;
	case 5:
		if (op & 8)
			shake_hands();
		else
			consume();
		break;
	case 6:
		use(take());
		break;
	default:
		offer_and_change();
	}
	kit_idle();
}

void target_init(void)
{
	struct pci_link_config config = { .protocol = PROTOCOL, .vectors = 2, .rw_size = 0x2000,
					  .output_size = OUTPUT };

	the_link = pci_link_create(&config);
	if (!the_link || layout_of(&layout, RING_SIZE))
		abort();
	section = (uint8_t *)pci_link_memory(the_link) + pci_link_output(the_link, 1);
	driver_section = (uint8_t *)pci_link_memory(the_link) + pci_link_output(the_link, 0);
}

void target_run(void)
{
	struct kit_pci *pci = pci_link_end(the_link, 0);
	bool ends_first = input_left() & 1;

	laters = 0;
	offered = 0;
	memset(pci_link_memory(the_link), 0, pci_link_output(the_link, 2));
	if (kit_pci_plug(pci, 8) || !input_section)
		abort();
	start_programs();
	while (input_left())
		operate(take());
	laters = 0;
	/* Programs may outlive the driver. */
	if (ends_first)
		end_programs();
	kit_pci_unplug(pci);
	end_programs();
}
