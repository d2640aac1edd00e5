/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vfio-user client for tests: just above the wire, so that a test can send
 * anything. Functions without "try" in their names fail the test when
 * something does not work.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/resource.h>
#include <time.h>

#include "../harness.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP,
	CMD_DMA_UNMAP,
	CMD_GET_INFO,
	CMD_GET_REGION_INFO,
	CMD_GET_REGION_IO_FDS,
	CMD_GET_IRQ_INFO,
	CMD_SET_IRQS,
	CMD_REGION_READ,
	CMD_REGION_WRITE,
	CMD_DMA_READ,
	CMD_DMA_WRITE,
	CMD_RESET,
};

#define FLAG_REPLY	0x01
#define FLAG_NO_REPLY	0x10
#define FLAG_ERROR	0x20

#define BAR0		VFIO_PCI_BAR0_REGION_INDEX
#define BAR1		VFIO_PCI_BAR1_REGION_INDEX
#define BAR2		VFIO_PCI_BAR2_REGION_INDEX
#define CONFIG		VFIO_PCI_CONFIG_REGION_INDEX

#define REG_ID		0x00
#define REG_MAX_PEERS	0x04
#define REG_INT_CTRL	0x08
#define REG_DOORBELL	0x0c
#define REG_STATE	0x10

#define DOORBELL(target, vector) ((uint32_t)(target) << 16 | (vector))

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

/* A running ivshmem-link */
struct device {
	pid_t pid;
	char dir[80];
	int out;
	int err;
};

/* @args are separated by single spaces; --dir is added */
void device_start(struct device *d, const char *args);
/* Like device_start(), but the process may end instead of coming up */
void device_try_start(struct device *d, const char *args);
/* Ends it; returns its exit status and, in @json, what it printed. */
int device_stop(struct device *d, char *json, size_t size);
/* Waits for its end, then reads its standard error. */
int device_wait(struct device *d, char *text, size_t size);
/* What it has written to standard error by now */
void device_stderr(struct device *d, char *text, size_t size);
void device_pause(struct device *d);	/* until SIGCONT */
unsigned int device_fds(struct device *d);
/* Waits until it has so many: it closes what came from a client by and by. */
void device_expect_fds(struct device *d, unsigned int want);
/* Both return what the limit was. */
rlim_t device_limit_fds(struct device *d, rlim_t n);
rlim_t device_fill_fds(struct device *d);	/* there is room for no more */
double device_cpu(struct device *d);	/* seconds used */
void device_control(struct device *d, const char *line, char *json, size_t size);
/* A counter or other number of one peer in "stats" */
long long device_stat(struct device *d, unsigned int peer, const char *name);

int unix_connect(const char *dir, const char *name);

struct client {
	int fd;
	uint16_t last_id;
	int event[16];		/* eventfds by vector */
};

struct reply {
	struct header hdr;
	uint8_t data[8192];
	size_t len;
	int fd;			/* received, or -1 */
};

void client_connect(struct client *c, struct device *d, unsigned int peer);
void client_greet(struct client *c);	/* agree on the version */
/* Both */
void client_open(struct client *c, struct device *d, unsigned int peer);
/* As a driver would: open, bus mastering, @vectors eventfds, interrupts on */
void client_join(struct client *c, struct device *d, unsigned int peer,
		 unsigned int vectors);
/* Also waits until the device has noticed */
void client_leave(struct client *c, struct device *d, unsigned int peer);

/* Raw: returns the id used */
uint16_t client_send(struct client *c, uint16_t command, uint32_t flags,
		     const void *data, size_t len, const int *fds,
		     unsigned int nfds);
/* Returns false when the device closes the connection */
bool client_receive(struct client *c, struct reply *r);
bool client_closed(struct client *c);	/* by the device, within a second */
/* Send and receive; returns the errno in the reply, 0 for success */
int client_try(struct client *c, uint16_t command, const void *data, size_t len,
	       const int *fds, unsigned int nfds, struct reply *r);

int try_read(struct client *c, uint32_t region, uint64_t offset, void *buf,
	     uint32_t len);
int try_write(struct client *c, uint32_t region, uint64_t offset,
	      const void *buf, uint32_t len);
uint32_t read_le(struct client *c, uint32_t region, uint64_t offset,
		 uint32_t len);
void write_le(struct client *c, uint32_t region, uint64_t offset, uint32_t len,
	      uint32_t value);

static inline uint32_t reg(struct client *c, uint64_t offset)
{
	return read_le(c, BAR0, offset, 4);
}

static inline void set_reg(struct client *c, uint64_t offset, uint32_t value)
{
	write_le(c, BAR0, offset, 4, value);
}

void region_info(struct client *c, uint32_t index, struct reply *r,
		 struct vfio_region_info *info);
/* Offset of a capability in configuration space, 0 if there is none */
unsigned int find_cap(struct client *c, uint8_t id);
int try_set_irqs(struct client *c, uint32_t index, uint32_t flags,
		 uint32_t start, uint32_t count, const int *fds,
		 unsigned int nfds);
void reset(struct client *c);

static inline double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/*
 * How many times an eventfd was signalled since the last look; no waiting:
 * the device delivers before it replies
 */
uint64_t taken(struct client *c, unsigned int vector);

#endif
