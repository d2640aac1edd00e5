// SPDX-License-Identifier: GPL-2.0
/*
 * Ping-pong between two programs over an ivshmem link:
 *
 *	example 0 1 &		# with /dev/uio0 and peer 1: waits to be rung
 *	example 1 0 begin	# with /dev/uio1 and peer 0: begins
 *
 * Each answers the number in the other's output section by the next one in its
 * own, until that is 100.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <uapi/ivshmem_uio.h>

struct registers {
	uint32_t id, max_peers, interrupt_control, doorbell, state;
};

static int uio, number;
static size_t size;		/* of the section last mapped */

/* Maps have numbers that depend on which sections there are: ask for the name. */
static volatile void *map(const char *wanted, int prot)
{
	char path[80], name[32];
	void *at = MAP_FAILED;
	int i, found = 0;
	FILE *file;

	for (i = 0; i < 5 && !found; i++) {
		snprintf(path, sizeof(path), "/sys/class/uio/uio%d/maps/map%d/name", number, i);
		file = fopen(path, "r");
		if (!file)
			break;
		found = fscanf(file, "%31s", name) == 1 && !strcmp(name, wanted);
		fclose(file);
	}
	snprintf(path, sizeof(path), "/sys/class/uio/uio%d/maps/map%d/size", number, i - 1);
	file = found ? fopen(path, "r") : NULL;
	if (file && fscanf(file, "%zx", &size) == 1)
		at = mmap(NULL, size, prot, MAP_SHARED, uio, (i - 1) * (off_t)getpagesize());
	if (at == MAP_FAILED) {
		perror(wanted);
		exit(1);
	}
	return at;
}

static int attach(int events, uint32_t source)
{
	struct ivshmem_uio_eventfd request = { .source = source, .fd = eventfd(0, 0) };

	if (ioctl(events, IVSHMEM_UIO_SET_EVENTFD, &request)) {
		perror("eventfd");
		exit(1);
	}
	return request.fd;
}

/* Returns when anything may have changed. */
static void wait_event(struct pollfd *source)
{
	uint64_t count;
	int i;

	if (poll(source, 3, 10000) < 1 || source[2].revents) {
		fputs("nothing came, or the device is gone\n", stderr);
		exit(1);
	}
	for (i = 0; i < 2; i++)
		if (source[i].revents && read(source[i].fd, &count, sizeof(count)) < 0)
			exit(1);
}

static void play(volatile struct registers *regs, uint32_t doorbell, int begin,
		 volatile uint32_t *in, volatile uint32_t *out, struct pollfd *source)
{
	uint32_t seen;

	/* Look, then wait: a signal that came before the look costs one more. */
	while ((seen = *in) < 100) {
		if (seen > *out || (begin && !*out)) {
			*out = seen + 1;
			__sync_synchronize();	/* the number, then the doorbell */
			regs->doorbell = doorbell;
			if (seen + 1 == 100)
				break;
		} else {
			wait_event(source);
		}
	}
}

int main(int argc, char **argv)
{
	volatile struct registers *regs;
	volatile uint32_t *table, *in, *out;
	struct ivshmem_uio_info info;
	struct pollfd source[3];
	uint32_t peer, vector;
	char path[32];
	int events;

	if (argc < 3)
		return 2;
	number = atoi(argv[1]);
	peer = atoi(argv[2]);
	snprintf(path, sizeof(path), "/dev/uio%d", number);
	uio = open(path, O_RDWR);		/* EBUSY: another program has it */
	snprintf(path, sizeof(path), "/dev/ivshmem-uio%d", number);
	events = open(path, O_RDWR);
	if (uio < 0 || ioctl(events, IVSHMEM_UIO_GET_INFO, &info)) {
		perror(path);
		return 1;
	}
	regs = map("registers", PROT_READ | PROT_WRITE);
	table = map("state_table", PROT_READ);
	in = map("input_sections", PROT_READ);
	out = map("output_section", PROT_READ | PROT_WRITE);
	in += peer * size / sizeof(*in);	/* size is now that of one peer's section */

	vector = info.vectors - 1;
	source[0] = (struct pollfd){ .fd = attach(events, vector), .events = POLLIN };
	source[1] = (struct pollfd){ .fd = attach(events, IVSHMEM_UIO_STATE), .events = POLLIN };
	source[2] = (struct pollfd){ .fd = events };	/* POLLHUP: the device is gone */

	*out = 0;
	regs->state = 1;			/* our section is valid from now on */
	while (table[peer] != 1)		/* and the peer's from then on */
		wait_event(source);
	play(regs, peer << 16 | vector, argc > 3, in, out, source);
	printf("peer %u: %u\n", info.id, *out);
	return 0;
}
