/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An RTOS in the test's own process: peer 1 of a link whose peer 0 is bound to
 * the shadow plugin, both in this machine. It maps its BARs from sysfs, has no
 * interrupts and looks only when told to, so a test decides about every step.
 *
 *	struct rtos r;
 *
 *	rtos_open(&r);
 *	rtos_up(&r);
 *	rtos_request(&r, slot, 39, tcb);
 *	ASSERT_TRUE(rtos_reply(&r, &value, &tcb, 1000));
 *
 * The device of peer 1 has no driver, and output sections of 0x4000 bytes.
 */
#ifndef SHADOW_POLLED_H
#define SHADOW_POLLED_H

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include "harness.h"

#define NODE		"/dev/shadow-process0"
#define CLASS		"/sys/class/shadow-process/shadow-process0/"
#define DEVICE		"/sys/bus/ivshmem/devices/ivshmem0/"
#define PEER		"0000:00:09.0"	/* IVSHMEM_PEER says otherwise */
#define GET_SLOT	0x80086b01U
#define SEND_SIGNAL	0x40086b08U
#define SIGNAL_BIT	0x8000000000000000ULL

enum { RESET, INIT, READY, RUN };

/* Of an output section of 0x4000 bytes, the last 0x1000 of which are no ring */
#define OUTPUT_SIZE	0x4000
#define QLEN		32
#define AVAIL		512
#define USED		640
#define DATA		1792
#define PRIORITY_PAGE	0x3000
#define MESSAGE_ROOM	128

struct rtos {
	volatile uint32_t *regs;
	volatile uint32_t *states;
	uint8_t *rw, *out, *in;
	uint64_t rw_size;
	uint16_t sent, got;
};

static inline uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/*
 * Waits for a condition, first busily, then leaving the CPU to others. The last
 * look is after the end, however long the machine stood still meanwhile.
 */
#define UNTIL(condition, ms) ({						\
	uint64_t until_end = now_ms() + (ms), until_now;		\
	unsigned int until_looks = 0;					\
	bool until_met;							\
									\
	while (until_now = now_ms(),					\
	       !(until_met = (condition)) && until_now < until_end)	\
		if (++until_looks > 100)				\
			usleep(100);					\
	until_met;							\
})

/*
 * For a thread beside the test: waits until the test's own thread has gone to
 * sleep in the call that is to be disturbed, however slow the machine.
 */
static inline bool test_sleeps(void)
{
	FILE *file = fopen("/proc/self/stat", "r");
	char state = 0;

	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state == 'S';
}

static inline void wait_for_sleep(void)
{
	/* Twice: it may sleep for something else on its way. */
	do {
		ASSERT_TRUE(UNTIL(test_sleeps(), 10000));
		sleep_ms(20);
	} while (!test_sleeps());
}

static inline uint64_t attribute(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long long value = 0;

	ASSERT_TRUE(file);
	EXPECT_EQ(1, fscanf(file, "%llu", &value));
	fclose(file);
	return value;
}

#define counter(name)	attribute(CLASS "counters/" name)

/* What is counted after its message was sent may show later than the message. */
#define expect_counted(value, name) do {					\
	UNTIL(counter(name) >= (value), 10000);					\
	EXPECT_EQ(value, counter(name));					\
} while (0)

static inline void *map_bar(const char *file)
{
	const char *peer = getenv("IVSHMEM_PEER");
	char path[128];
	struct stat st;
	void *map;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", peer ? peer : PEER, file);
	fd = open(path, O_RDWR);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fstat(fd, &st));
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, map);
	close(fd);
	return map;
}

static inline void rtos_open(struct rtos *r)
{
	uint8_t *memory;

	ASSERT_EQ(OUTPUT_SIZE, attribute(DEVICE "output_section_size"));
	r->regs = map_bar("resource0");
	memory = map_bar("resource2");
	r->states = (void *)memory;
	r->rw = memory + attribute(DEVICE "state_table_size");
	r->rw_size = attribute(DEVICE "rw_section_size");
	r->in = r->rw + r->rw_size;
	r->out = r->in + OUTPUT_SIZE;
	ASSERT_EQ(1, r->regs[0]);
}

/* The handshake, by hand */

static inline uint32_t linux_state(struct rtos *r)
{
	return r->states[0];
}

static inline void rtos_state(struct rtos *r, uint32_t state)
{
	r->regs[4] = state;
	(void)r->regs[4];	/* the write is posted */
}

static inline void rtos_reset(struct rtos *r)
{
	rtos_state(r, RESET);
	ASSERT_TRUE(UNTIL(linux_state(r) < READY, 5000));
}

/* As far as READY, so that our ring is there. */
static inline void rtos_ready(struct rtos *r)
{
	rtos_reset(r);
	rtos_state(r, INIT);
	ASSERT_TRUE(UNTIL(linux_state(r) >= INIT, 5000));
	memset(r->out, 0, OUTPUT_SIZE - 0x1000);
	r->sent = 0;
	r->got = 0;
	rtos_state(r, READY);
}

/* The ring, by hand */

static inline volatile uint16_t *half(uint8_t *section, unsigned int offset)
{
	return (volatile uint16_t *)(section + offset);
}

static inline uint16_t index_at(uint8_t *section, unsigned int ring)
{
	return __atomic_load_n((uint16_t *)(section + ring + 2), __ATOMIC_ACQUIRE);
}

static inline void set_index(uint8_t *section, unsigned int ring, uint16_t value)
{
	__atomic_store_n((uint16_t *)(section + ring + 2), value, __ATOMIC_RELEASE);
}

static inline void rtos_ring(struct rtos *r)
{
	r->regs[3] = 0 << 16 | 1;
}

static inline void rtos_descriptor(struct rtos *r, uint64_t address, uint32_t len, uint16_t flags)
{
	uint8_t *desc = r->out + 16 * (r->sent % QLEN);

	memcpy(desc, &address, 8);
	memcpy(desc + 8, &len, 4);
	memcpy(desc + 12, &flags, 2);
	*half(r->out, AVAIL + 4 + 2 * (r->sent % QLEN)) = r->sent % QLEN;
	set_index(r->out, AVAIL, ++r->sent);
}

/* Waits for room, then offers a message; the doorbell is another matter. */
static inline void rtos_post(struct rtos *r, const uint64_t *word, uint32_t len)
{
	uint64_t address = DATA + r->sent % QLEN * MESSAGE_ROOM;

	ASSERT_TRUE(UNTIL((uint16_t)(r->sent - index_at(r->in, USED)) < QLEN, 5000));
	memcpy(r->out + address, word, 80);
	rtos_descriptor(r, address, len, 0);
}

static inline void rtos_post_to(struct rtos *r, uint64_t slot, uint64_t number, uint64_t tcb)
{
	uint64_t word[10] = { number, 1, 2, 3, 4, 5, 6, tcb, 1ULL << 32 | 100, slot };

	rtos_post(r, word, sizeof(word));
}

static inline void rtos_request(struct rtos *r, uint64_t slot, uint64_t number, uint64_t tcb)
{
	rtos_post_to(r, slot, number, tcb);
	rtos_ring(r);
}

/* Has Linux returned all our messages? */
static inline bool rtos_all_taken(struct rtos *r)
{
	return UNTIL(index_at(r->in, USED) == r->sent, 5000);
}

/* How many messages of Linux's wait? */
static inline unsigned int rtos_waiting(struct rtos *r)
{
	return (uint16_t)(index_at(r->in, AVAIL) - r->got);
}

static inline void rtos_take(struct rtos *r, uint64_t *value, uint64_t *tcb)
{
	uint16_t id = *half(r->in, AVAIL + 4 + 2 * (r->got % QLEN));
	uint8_t *elem = r->out + USED + 4 + 8 * (r->got % QLEN);
	uint32_t returned = id, one = 1, len;
	uint64_t address;

	ASSERT_LT(id, QLEN);
	memcpy(&address, r->in + 16 * id, 8);
	memcpy(&len, r->in + 16 * id + 8, 4);
	ASSERT_EQ(16, len);
	ASSERT_GE(address, DATA);
	ASSERT_LE(address, OUTPUT_SIZE - 0x1000 - 16);
	memcpy(value, r->in + address, 8);
	memcpy(tcb, r->in + address + 8, 8);
	memcpy(elem, &returned, 4);
	memcpy(elem + 4, &one, 4);
	set_index(r->out, USED, ++r->got);
}

static inline bool rtos_reply(struct rtos *r, uint64_t *value, uint64_t *tcb, unsigned int ms)
{
	if (!UNTIL(rtos_waiting(r), ms))
		return false;
	rtos_take(r, value, tcb);
	return true;
}

static inline void expect_reply(struct rtos *r, int64_t value, uint64_t tcb)
{
	uint64_t found = 0, cookie = 0;

	ASSERT_TRUE(rtos_reply(r, &found, &cookie, 5000));
	EXPECT_EQ(value, found);
	EXPECT_EQ(tcb, cookie);
}

/*
 * All the way: Linux shows RUN a moment before it lets its programs send, so
 * ask for what is known to fail. When that was taken, it was counted, too.
 */
static inline void rtos_up(struct rtos *r)
{
	rtos_ready(r);
	ASSERT_TRUE(UNTIL(linux_state(r) >= READY, 5000));
	rtos_state(r, RUN);
	ASSERT_TRUE(UNTIL(linux_state(r) == RUN, 5000));
	rtos_request(r, ~0ULL, 0, 0x1111);
	expect_reply(r, -ESRCH, 0x1111);
	ASSERT_TRUE(rtos_all_taken(r));
}

/* Nothing more comes. A recheck or another ring would bring it in this time. */
static inline void expect_silence(struct rtos *r)
{
	EXPECT_FALSE(UNTIL(rtos_waiting(r), 150));
}

/* Proxies */

static inline int proxy(int flags)
{
	int fd = open(NODE, O_RDWR | flags);

	ASSERT_GE(fd, 0);
	return fd;
}

static inline uint64_t slot_of(int fd)
{
	uint64_t id = ~0ULL;

	ASSERT_EQ(0, ioctl(fd, GET_SLOT, &id));
	return id;
}

/* Reads one request and returns its number. */
static inline uint64_t proxy_read(int fd)
{
	uint64_t word[10] = { 0 };

	ASSERT_EQ(72, read(fd, word, sizeof(word)));
	return word[0];
}

static inline void proxy_write(int fd, uint64_t value)
{
	ASSERT_EQ(8, write(fd, &value, sizeof(value)));
}

#define EXPECT_ERRNO(error, call) do {		\
	errno = 0;				\
	EXPECT_EQ(-1, (long)(call));		\
	EXPECT_EQ(error, errno);		\
} while (0)

static inline short polled(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0 ? p.revents : 0;
}

#endif
