// SPDX-License-Identifier: GPL-2.0
/* Proxies on /dev/shadow-process0, with the RTOS's side played by the test */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "other.h"

#define GET_SLOT	_IOR('k', 1, uint64_t)
#define SEND_SIGNAL	_IOW('k', 8, uint64_t)

#define OUTPUT		0x20000
#define PRIORITY_PAGE	0x1000
#define ERESTARTSYS	512

enum { TCB = 7, PRIORITY = 8, SLOT = 9, WORDS = 10 };

static struct other rtos;
static struct kit_process *program;
static struct kit_file *node;
static uint64_t slot;

static void start(void)
{
	make_link(PROTOCOL_SHADOW, 2, 0x2000, OUTPUT);
	plug(0);
	other_open(&rtos, "zephyr", OUTPUT - PRIORITY_PAGE);
	/* As the RTOS has it: it rings for each message it sends. */
	rtos.profile.checks_flags = true;
	rtos.profile.clears_section = true;
	other_up(&rtos);
	program = kit_process_create(1000);
	ASSERT_EQ(0, kit_open(program, "shadow-process0", O_RDWR, &node));
	ASSERT_EQ(0, kit_ioctl(node, GET_SLOT, (unsigned long)&slot));
}

static void stop(void)
{
	kit_process_exit(program);
	other_close(&rtos);
}

static void request(uint64_t to, uint64_t number, uint64_t tcb)
{
	uint64_t word[WORDS] = { number, 1, 2, 3, 4, 5, 6, [TCB] = tcb, [PRIORITY] = 100,
				 [SLOT] = to };

	other_send(&rtos, word, sizeof(word));
}

static void expect_reply(int64_t value, uint64_t cookie)
{
	int64_t word[2];

	ASSERT_EQ(sizeof(word), other_receive(&rtos, word, sizeof(word)));
	EXPECT_EQ(value, word[0]);
	EXPECT_EQ(cookie, word[1]);
}

static void answer(int64_t value)
{
	EXPECT_EQ(sizeof(value), kit_write(node, &value, sizeof(value)));
}

static void expect_request(uint64_t number, uint64_t tcb)
{
	uint64_t word[WORDS];

	EXPECT_NE(0, kit_poll(node, POLLIN, SOON) & POLLIN);
	EXPECT_EQ(9 * sizeof(uint64_t), kit_read(node, word, sizeof(word)));
	EXPECT_EQ(number, word[0]);
	EXPECT_EQ(tcb, word[TCB]);
}

LINK_TEST(shadow_executes_a_remote_call)
{
	uint64_t i;

	start();
	for (i = 0; i < 200; i++) {
		request(slot, 39, 0x1000 + i);
		expect_request(39, 0x1000 + i);
		answer(i);
		expect_reply(i, 0x1000 + i);
	}
	stop();
}

LINK_TEST(shadow_read_waits_for_a_request)
{
	uint64_t word[WORDS];

	start();
	EXPECT_EQ(-EINVAL, kit_read(node, word, 71));
	kit_set_nonblock(node, true);
	EXPECT_EQ(-EAGAIN, kit_read(node, word, sizeof(word)));
	EXPECT_EQ(POLLOUT, kit_poll(node, POLLIN | POLLOUT, 0));
	EXPECT_EQ(-EINVAL, kit_write(node, word, 7));
	stop();
}

static bool read_ended;

static int reader(void *arg)
{
	uint64_t word[WORDS];
	int ret;

	(void)arg;
	ret = kit_read(node, word, sizeof(word));
	__atomic_store_n(&read_ended, true, __ATOMIC_RELEASE);
	return ret;
}

/* A signal that comes before the call is not for it. */
static bool interrupt_reader(void)
{
	kit_process_interrupt(program, false);
	return __atomic_load_n(&read_ended, __ATOMIC_ACQUIRE);
}

LINK_TEST(shadow_a_signal_ends_a_wait)
{
	struct kit_thread *thread;

	start();
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "reader", reader, NULL, &thread));
	EXPECT_TRUE(EVENTUALLY(interrupt_reader()));
	EXPECT_EQ(-ERESTARTSYS, kit_thread_join(thread));
	stop();
}

LINK_TEST(shadow_answers_for_those_who_cannot)
{
	uint64_t word[WORDS];
	int i;

	start();
	request(slot ^ 1, 39, 1);
	expect_reply(-ESRCH, 1);
	/* One more than a slot's queue holds */
	for (i = 0; i < 65; i++)
		request(slot, 39, 100 + i);
	expect_reply(-EAGAIN, 164);
	EXPECT_EQ(72, kit_read(node, word, sizeof(word)));
	kit_close(node);
	for (i = 0; i < 64; i++)
		expect_reply(-ESRCH, 100 + i);
	/* The place is another slot's now. */
	ASSERT_EQ(0, kit_open(program, "shadow-process0", O_RDWR, &node));
	request(slot, 39, 7);
	expect_reply(-ESRCH, 7);
	stop();
}

LINK_TEST(shadow_sends_signals)
{
	start();
	/* The RTOS is up a moment before the driver has seen that. */
	EXPECT_TRUE(EVENTUALLY(kit_ioctl(node, SEND_SIGNAL, 10) != -ENOLINK));
	expect_reply(10, 1ULL << 63 | 1000);
	EXPECT_EQ(-EINVAL, kit_ioctl(node, SEND_SIGNAL, 65));
	EXPECT_EQ(-ENOTTY, kit_ioctl(node, 0x1234, 0));
	stop();
}

LINK_TEST(shadow_tells_proxies_that_the_rtos_restarted)
{
	uint64_t word[WORDS];

	start();
	request(slot, 39, 1);
	expect_request(39, 1);
	other_down(&rtos);
	EXPECT_NE(0, kit_poll(node, POLLIN, SOON) & POLLHUP);
	EXPECT_EQ(-ECONNRESET, kit_read(node, word, sizeof(word)));
	/* Its answer is nobody's any more. */
	answer(5);
	other_up(&rtos);
	request(slot, 40, 2);
	expect_request(40, 2);
	answer(6);
	expect_reply(6, 2);
	stop();
}

LINK_TEST(shadow_closes_a_slot_with_its_last_descriptor)
{
	uint64_t again;

	start();
	kit_dup(node);
	kit_close(node);
	EXPECT_EQ(0, kit_ioctl(node, GET_SLOT, (unsigned long)&again));
	EXPECT_EQ(slot, again);
	stop();
}

LINK_TEST(shadow_maps_the_rw_section)
{
	struct kit_mapping *mapping;
	uint8_t *byte;

	start();
	ASSERT_EQ(0, kit_mmap(node, 0x1000, KIT_MAP_WRITE, 0x1000, &mapping));
	byte = kit_touch(mapping, 0xfff, true);
	ASSERT_NE(NULL, byte);
	*byte = 77;
	EXPECT_EQ(77, ((uint8_t *)pci_link_memory(the_link))[0x1000 + 0x1fff]);
	kit_munmap(mapping);
	EXPECT_EQ(-EINVAL, kit_mmap(node, 0x2000, KIT_MAP_WRITE, 0x1000, &mapping));
	stop();
}

LINK_TEST(shadow_leaves_only_errors_behind)
{
	struct kit_mapping *mapping;
	struct kit_thread *thread;
	uint64_t word[WORDS];

	start();
	ASSERT_EQ(0, kit_mmap(node, 0x2000, KIT_MAP_WRITE, 0, &mapping));
	EXPECT_NE(NULL, kit_touch(mapping, 0, true));
	ASSERT_EQ(0, kit_thread_create(KIT_OTHER, "reader", reader, NULL, &thread));
	moment();
	unplug(0);
	EXPECT_TRUE(kit_thread_join(thread) < 0);
	EXPECT_EQ(-ENODEV, kit_read(node, word, sizeof(word)));
	EXPECT_EQ(-ENODEV, kit_write(node, word, 8));
	EXPECT_EQ(-ENODEV, kit_ioctl(node, GET_SLOT, (unsigned long)word));
	EXPECT_NE(0, kit_poll(node, 0, 0) & POLLHUP);
	EXPECT_EQ(NULL, kit_touch(mapping, 0, false));
	kit_munmap(mapping);
	EXPECT_EQ(-ENODEV, kit_mmap(node, 0x1000, 0, 0, &mapping));
	stop();
}
