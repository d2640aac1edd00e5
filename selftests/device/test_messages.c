// SPDX-License-Identifier: GPL-2.0
/* Messages that are wrong, broken into pieces, or come in numbers */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "client.h"

FIXTURE(msg) {
	struct device dev;
	struct client a, b;
};

FIXTURE_SETUP(msg)
{
	device_start(&self->dev, "--rw-size 4K --output-size 8K");
	client_open(&self->a, &self->dev, 0);
	client_join(&self->b, &self->dev, 1, 2);
}

/* Whatever peer 0 did: the device is there, peer 1 had no trouble. */
FIXTURE_TEARDOWN(msg)
{
	if (!self->dev.pid)
		return;
	EXPECT_EQ(1, reg(&self->b, REG_ID));
	EXPECT_EQ(0, device_stat(&self->dev, 1, "errors"));
	EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

TEST_F(msg, a_size_or_type_that_cannot_be_ends_the_connection)
{
	static const struct header bad[] = {
		{ 1, CMD_RESET, 0, 0, 0 },
		{ 1, CMD_RESET, 15, 0, 0 },
		{ 1, CMD_RESET, 8193, 0, 0 },
		{ 1, CMD_RESET, 0xffffffff, 0, 0 },
		{ 1, CMD_RESET, 16, FLAG_REPLY, 0 },
		{ 1, CMD_RESET, 16, 0xf, 0 },
	};
	char text[2000];
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(16, send(self->a.fd, &bad[i], 16, 0));
		EXPECT_TRUE(client_closed(&self->a));
		close(self->a.fd);
		client_open(&self->a, &self->dev, 0);
	}
	EXPECT_EQ(6, device_stat(&self->dev, 0, "errors"));
	device_stderr(&self->dev, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "a message of 15 bytes, want 16 to 8192; connection"));
}

TEST_F(msg, unknown_and_unsupported_commands_get_an_error)
{
	static const uint16_t commands[] = {
		0, CMD_GET_REGION_IO_FDS, CMD_DMA_READ, CMD_DMA_WRITE, 14, 15,
		16, 17, 18, 19, 0x7fff, 0xffff,
	};
	uint8_t data[64] = { 0 };
	unsigned int i;

	for (i = 0; i < 12; i++)
		EXPECT_EQ(EOPNOTSUPP, client_try(&self->a, commands[i], data,
						 sizeof(data), NULL, 0, NULL));
	EXPECT_EQ(12, device_stat(&self->dev, 0, "errors"));
}

TEST_F(msg, sizes_that_do_not_fit_the_command_get_an_error)
{
	static const struct {
		uint16_t command;
		size_t size;
	} cases[] = {
		{ CMD_DMA_MAP, 32 }, { CMD_DMA_UNMAP, 24 }, { CMD_GET_INFO, 16 },
		{ CMD_GET_REGION_INFO, 32 }, { CMD_GET_IRQ_INFO, 16 },
		{ CMD_SET_IRQS, 20 }, { CMD_REGION_READ, 16 },
		{ CMD_REGION_WRITE, 16 }, { CMD_RESET, 0 },
	};
	uint8_t data[64] = { 0 };
	unsigned int i;

	for (i = 0; i < 9; i++) {
		if (cases[i].size) {
			EXPECT_EQ(EINVAL, client_try(&self->a, cases[i].command,
						     data, cases[i].size - 1,
						     NULL, 0, NULL));
			EXPECT_EQ(EINVAL, client_try(&self->a, cases[i].command,
						     data, 0, NULL, 0, NULL));
		}
		EXPECT_EQ(EINVAL, client_try(&self->a, cases[i].command, data,
					     cases[i].size + 1, NULL, 0, NULL));
	}
}

TEST_F(msg, too_small_an_argsz_gets_an_error)
{
	uint32_t data[8] = { 15 };

	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_GET_INFO, data, 16, NULL, 0,
				     NULL));
	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_GET_IRQ_INFO, data, 16, NULL,
				     0, NULL));
	data[0] = 31;
	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_GET_REGION_INFO, data, 32,
				     NULL, 0, NULL));
}

TEST_F(msg, the_version_comes_first_and_once)
{
	static const char good[4], major[4] = { 1 }, minor[4] = { 0, 0, 7 };
	static const char text[] = { 0, 0, 0, 0, '{', '}' };
	struct client c;
	struct reply r;
	uint32_t value;

	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_VERSION, good, 4, NULL, 0,
				     NULL));
	client_leave(&self->a, &self->dev, 0);
	client_connect(&c, &self->dev, 0);
	EXPECT_EQ(EINVAL, try_read(&c, BAR0, 0, &value, 4));
	EXPECT_EQ(EINVAL, client_try(&c, CMD_VERSION, major, 4, NULL, 0, NULL));
	EXPECT_EQ(EINVAL, client_try(&c, CMD_VERSION, good, 3, NULL, 0, NULL));
	EXPECT_EQ(EINVAL, client_try(&c, CMD_VERSION, text, 6, NULL, 0, NULL));
	ASSERT_EQ(0, client_try(&c, CMD_VERSION, minor, 4, NULL, 0, &r));
	EXPECT_EQ(0, r.data[0]);
	EXPECT_LE(r.data[2], 7);
	EXPECT_EQ(0, r.data[r.len - 1]);
	EXPECT_NE(NULL, strstr((char *)r.data + 4, "\"max_msg_fds\":16"));
	EXPECT_NE(NULL, strstr((char *)r.data + 4, "\"max_data_xfer_size\":4096"));
	EXPECT_EQ(0, try_read(&c, BAR0, 0, &value, 4));
}

TEST_F(msg, accesses_beyond_a_region_get_an_error)
{
	static const struct access bad[] = {
		{ 0, 9, 4 }, { 0, 0xffffffff, 4 }, { 0, 3, 4 }, { 0, 6, 1 },
		{ 0, 8, 4 }, { 4096, BAR0, 4 }, { 4094, BAR0, 4 },
		{ 256, CONFIG, 1 }, { 0, CONFIG, 257 }, { 253, CONFIG, 4 },
		{ UINT64_MAX, CONFIG, 1 }, { UINT64_MAX - 3, BAR0, 4 },
		{ UINT64_MAX - 3, BAR2, 4 }, { UINT64_MAX, BAR2, 4096 },
		{ 0, BAR2, 4097 }, { 0, BAR2, 0xffffffff },
		{ 1ULL << 63, BAR1, 8 },
	};
	uint8_t data[5000] = { 0 };
	unsigned int i;

	for (i = 0; i < 17; i++) {
		EXPECT_EQ(EINVAL, client_try(&self->a, CMD_REGION_READ, &bad[i],
					     16, NULL, 0, NULL));
		memcpy(data, &bad[i], 16);
		EXPECT_EQ(EINVAL, client_try(&self->a, CMD_REGION_WRITE, data,
					     16 + bad[i].count % 5000 % 4984,
					     NULL, 0, NULL));
	}
}

TEST_F(msg, a_write_with_more_or_less_data_than_it_says_gets_an_error)
{
	struct {
		struct access a;
		uint32_t data[2];
	} w = { { REG_STATE, BAR0, 4 }, { 5, 5 } };

	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_REGION_WRITE, &w, 24, NULL, 0,
				     NULL));
	EXPECT_EQ(EINVAL, client_try(&self->a, CMD_REGION_WRITE, &w, 19, NULL, 0,
				     NULL));
	EXPECT_EQ(0, reg(&self->a, REG_STATE));
	EXPECT_EQ(0, client_try(&self->a, CMD_REGION_WRITE, &w, 20, NULL, 0,
				NULL));
	EXPECT_EQ(5, reg(&self->a, REG_STATE));
}

TEST_F(msg, an_empty_access_is_fine)
{
	uint8_t none;

	EXPECT_EQ(0, try_read(&self->a, BAR0, 4096, &none, 0));
	EXPECT_EQ(0, try_write(&self->a, CONFIG, 256, &none, 0));
}

TEST_F(msg, set_irqs_refuses_what_it_cannot_do)
{
	const uint32_t event = VFIO_IRQ_SET_DATA_EVENTFD;
	const uint32_t none = VFIO_IRQ_SET_DATA_NONE;
	const uint32_t trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	const uint32_t mask = VFIO_IRQ_SET_ACTION_MASK;
	const uint32_t msix = VFIO_PCI_MSIX_IRQ_INDEX;
	struct client *c = &self->a;
	int fds[40], i, pipes[2];

	for (i = 0; i < 40; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK);
	ASSERT_EQ(0, pipe(pipes));
	/* what it can do */
	EXPECT_EQ(0, try_set_irqs(c, msix, event | trigger, 0, 2, fds, 2));
	EXPECT_EQ(0, try_set_irqs(c, msix, event | trigger, 1, 1, fds, 1));
	EXPECT_EQ(0, try_set_irqs(c, msix, event | trigger, 0, 2, NULL, 0));
	EXPECT_EQ(0, try_set_irqs(c, msix, none | trigger, 0, 0, NULL, 0));
	/* index, range */
	EXPECT_EQ(EINVAL, try_set_irqs(c, 5, event | trigger, 0, 1, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, 0xffffffff, none | trigger, 0, 0, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, VFIO_PCI_INTX_IRQ_INDEX,
				       event | trigger, 0, 1, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 2, 1, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 3, fds, 3));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 1, 0xffffffff, fds, 2));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0xffffffff, 2, fds, 2));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 0, NULL, 0));
	/* descriptors */
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 2, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 1, fds, 2));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 2, fds, 17));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 2, fds, 40));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, none | trigger, 0, 1, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, event | trigger, 0, 2, pipes, 2));
	/* flags */
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, 0, 0, 1, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, trigger, 0, 1, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, none | event | trigger, 0, 1, fds, 1));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, none | trigger | mask, 0, 1, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, none | trigger | 0x40, 0, 1, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, VFIO_IRQ_SET_DATA_BOOL | trigger,
				       0, 1, NULL, 0));
	EXPECT_EQ(EINVAL, try_set_irqs(c, msix, none | mask, 0, 1, NULL, 0));
}

TEST_F(msg, a_client_can_trigger_its_own_vectors)
{
	const struct vfio_irq_set set = {
		.argsz = 22,
		.flags = VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = VFIO_PCI_MSIX_IRQ_INDEX, .count = 2,
	};
	uint8_t msg[22] = { 0 };

	memcpy(msg, &set, sizeof(set));
	msg[21] = true;	/* of the second vector */
	EXPECT_EQ(0, client_try(&self->b, CMD_SET_IRQS, msg, sizeof(msg), NULL,
				0, NULL));
	EXPECT_EQ(0, taken(&self->b, 0));
	EXPECT_EQ(1, taken(&self->b, 1));
}

TEST_F(msg, memory_for_dma_is_accepted_and_its_descriptor_closed)
{
	struct {
		uint32_t argsz, flags;
		uint64_t offset, address, size;
	} map = { 32, 3, 0, 0, 1 << 20 };
	struct {
		uint32_t argsz, flags;
		uint64_t address, size;
	} unmap = { 24, 0, 0, 1 << 20 };
	unsigned int fds = device_fds(&self->dev), i;
	struct reply r;
	int fd = memfd_create("ram", 0);

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, client_try(&self->a, CMD_DMA_MAP, &map, sizeof(map),
					&fd, 1, &r));
		EXPECT_EQ(0, r.len);
		map.address += map.size;
	}
	EXPECT_EQ(0, client_try(&self->a, CMD_DMA_MAP, &map, sizeof(map), NULL,
				0, NULL));
	device_expect_fds(&self->dev, fds);
	ASSERT_EQ(0, client_try(&self->a, CMD_DMA_UNMAP, &unmap, sizeof(unmap),
				NULL, 0, &r));
	ASSERT_EQ(sizeof(unmap), r.len);
	EXPECT_EQ(0, memcmp(r.data, &unmap, sizeof(unmap)));
}

TEST_F(msg, descriptors_that_no_command_wanted_are_closed)
{
	unsigned int fds = device_fds(&self->dev), i;
	uint8_t data[64] = { 0 };
	int many[60];

	for (i = 0; i < 60; i++)
		many[i] = eventfd(0, 0);
	for (i = 1; i < 20; i++)
		EXPECT_NE(0, client_try(&self->a, i, data, 32, many, i * 3, NULL));
	device_expect_fds(&self->dev, fds);

	/* those of a message that never gets complete */
	struct header hdr = { 1, CMD_SET_IRQS, 36, 0, 0 };
	struct iovec iov = { &hdr, sizeof(hdr) };
	union {
		char buf[CMSG_SPACE(sizeof(many))];
		struct cmsghdr align;
	} control = { .align = { CMSG_LEN(sizeof(many)), SOL_SOCKET, SCM_RIGHTS } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control.buf) };

	memcpy(CMSG_DATA(&control.align), many, sizeof(many));
	ASSERT_EQ(16, sendmsg(self->a.fd, &msg, 0));
	device_expect_fds(&self->dev, fds + 16);
	client_leave(&self->a, &self->dev, 0);
	device_expect_fds(&self->dev, fds - 1);
}

/* A socket whose close() waits for @listener's end, at most for a minute */
static int lingering_socket(int listener)
{
	const struct linger linger = { 1, 60 };
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	static const char bytes[65536];

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	return fd;
}

/* Nobody takes what arrives at it. */
static int deaf_listener(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), little = 4096;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little,
				sizeof(little)));
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ASSERT_EQ(0, listen(fd, 1000));
	return fd;
}

#define LINGERING	40
#define QEMU_PATIENCE	5.0	/* seconds; to close one of these takes a minute */

/* The device is paused meanwhile, as the last close() is to be its own. */
static void send_lingering(struct client *c, int listener)
{
	int fds[LINGERING], i;

	for (i = 0; i < LINGERING; i++)
		fds[i] = lingering_socket(listener);
	client_send(c, CMD_RESET, FLAG_NO_REPLY, NULL, 0, fds, LINGERING);
	for (i = 0; i < LINGERING; i++)
		close(fds[i]);
}

static void expect_prompt(struct client *c)
{
	double start = seconds();

	set_reg(c, REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(c, 1));
	EXPECT_LT(seconds() - start, QEMU_PATIENCE);
}

TEST_F(msg, a_descriptor_that_is_slow_to_close_holds_up_only_its_peer)
{
	unsigned int fds = device_fds(&self->dev), i;
	int listener = deaf_listener();

	device_pause(&self->dev);
	for (i = 0; i < 4; i++)
		send_lingering(&self->a, listener);
	kill(self->dev.pid, SIGCONT);
	usleep(50000);
	expect_prompt(&self->b);
	/* Peer 0 is not heard until the device has less to close. */
	EXPECT_LT(device_fds(&self->dev), fds + 2 * LINGERING);
	close(listener);
	EXPECT_EQ(0, reg(&self->a, REG_ID));
	device_expect_fds(&self->dev, fds);
}

TEST_F(msg, a_client_that_leaves_slow_descriptors_is_seen_to_leave)
{
	unsigned int fds = device_fds(&self->dev);
	int listener = deaf_listener();
	struct client c;

	set_reg(&self->a, REG_STATE, 3);
	EXPECT_EQ(1, taken(&self->b, 0));
	/* one message that is handled, one that stays in the socket */
	device_pause(&self->dev);
	send_lingering(&self->a, listener);
	send_lingering(&self->a, listener);
	kill(self->dev.pid, SIGCONT);
	client_leave(&self->a, &self->dev, 0);
	EXPECT_EQ(1, taken(&self->b, 0));
	expect_prompt(&self->b);

	/* In its place there is nobody until all is closed. */
	client_connect(&c, &self->dev, 0);
	expect_prompt(&self->b);
	close(listener);
	client_greet(&c);
	EXPECT_EQ(0, reg(&c, REG_ID));
	device_expect_fds(&self->dev, fds);
}

TEST_F(msg, slow_descriptors_in_refused_connections_hold_up_nobody)
{
	unsigned int fds = device_fds(&self->dev), i;
	int listener = deaf_listener();
	struct client more[4];

	device_pause(&self->dev);
	for (i = 0; i < 4; i++) {
		client_connect(&more[i], &self->dev, 0);
		send_lingering(&more[i], listener);
	}
	kill(self->dev.pid, SIGCONT);
	for (i = 0; i < 3; i++)
		expect_prompt(&self->b);
	for (i = 0; i < 4; i++)
		EXPECT_TRUE(client_closed(&more[i]));
	close(listener);
	device_expect_fds(&self->dev, fds);
}

TEST_F(msg, slow_descriptors_in_connections_without_room_hold_up_nobody)
{
	unsigned int fds = device_fds(&self->dev), i;
	int listener = deaf_listener();
	struct client more[6];
	double start;
	rlim_t many;

	device_pause(&self->dev);
	many = device_fill_fds(&self->dev);
	for (i = 0; i < 6; i++) {
		client_connect(&more[i], &self->dev, 0);
		send_lingering(&more[i], listener);
	}
	kill(self->dev.pid, SIGCONT);
	start = seconds();
	for (i = 0; i < 6; i++)
		expect_prompt(&self->b);
	EXPECT_LT(seconds() - start, QEMU_PATIENCE);

	device_limit_fds(&self->dev, many);
	usleep(1000000);	/* it looks again each second */
	for (i = 0; i < 6; i++)
		EXPECT_TRUE(client_closed(&more[i]));
	expect_prompt(&self->b);
	close(listener);
	device_expect_fds(&self->dev, fds);
}

TEST_F(msg, what_is_slow_to_close_does_not_keep_the_process)
{
	int listener = deaf_listener();
	double start;

	device_pause(&self->dev);
	send_lingering(&self->a, listener);
	send_lingering(&self->a, listener);
	kill(self->dev.pid, SIGCONT);
	usleep(50000);
	start = seconds();
	EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
	EXPECT_LT(seconds() - start, QEMU_PATIENCE);
	close(listener);
}

/* One message at a time, although all have been received at once */
TEST_F(msg, many_messages_of_one_do_not_keep_others_waiting)
{
	struct {
		struct header hdr;
		struct access a;
		uint32_t value;
	} __attribute__((packed)) m[200];
	struct access state = { 0, BAR2, 4 };
	struct reply r;
	uint32_t seen;
	unsigned int i;

	for (i = 0; i < 200; i++) {
		m[i].hdr = (struct header){ i, CMD_REGION_WRITE, sizeof(m[0]),
					    FLAG_NO_REPLY, 0 };
		m[i].a = (struct access){ REG_STATE, BAR0, 4 };
		m[i].value = i + 1;
	}
	EXPECT_EQ(0, reg(&self->a, REG_ID));	/* heard last: it is first in turn */
	device_pause(&self->dev);
	ASSERT_EQ(sizeof(m), send(self->a.fd, m, sizeof(m), 0));
	client_send(&self->b, CMD_REGION_READ, 0, &state, sizeof(state), NULL, 0);
	kill(self->dev.pid, SIGCONT);
	ASSERT_TRUE(client_receive(&self->b, &r));
	memcpy(&seen, r.data + sizeof(state), sizeof(seen));
	EXPECT_GT(seen, 0);
	EXPECT_LT(seen, 10);
	EXPECT_EQ(200, reg(&self->a, REG_STATE));
}

TEST_F(msg, eventfds_are_closed_when_replaced_and_at_the_end)
{
	unsigned int fds = device_fds(&self->dev), i;
	struct client c;

	client_leave(&self->a, &self->dev, 0);
	for (i = 0; i < 50; i++) {
		unsigned int v;

		client_join(&c, &self->dev, 0, 2);
		EXPECT_EQ(0, try_set_irqs(&c, VFIO_PCI_MSIX_IRQ_INDEX,
					  VFIO_IRQ_SET_DATA_EVENTFD |
					  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 2,
					  c.event, 2));
		device_expect_fds(&self->dev, fds + 2);
		client_leave(&c, &self->dev, 0);
		for (v = 0; v < 2; v++)
			close(c.event[v]);
	}
	device_expect_fds(&self->dev, fds - 1);
}

TEST_F(msg, messages_may_come_byte_by_byte)
{
	struct {
		struct header hdr;
		struct access a;
		uint32_t value;
	} __attribute__((packed)) m = { { 77, CMD_REGION_WRITE, sizeof(m), 0, 0 },
		{ REG_STATE, BAR0, 4 }, 0x1234 };
	struct reply r;
	unsigned int i;

	for (i = 0; i < sizeof(m); i++) {
		ASSERT_EQ(1, send(self->a.fd, (char *)&m + i, 1, 0));
		usleep(200);
	}
	ASSERT_TRUE(client_receive(&self->a, &r));
	EXPECT_EQ(77, r.hdr.id);
	EXPECT_EQ(0x1234, reg(&self->a, REG_STATE));
}

TEST_F(msg, many_messages_may_come_at_once)
{
	struct {
		struct header hdr;
		struct access a;
	} __attribute__((packed)) m[1000];
	struct reply r;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		m[i].hdr = (struct header){ i, CMD_REGION_READ, sizeof(m[0]), 0, 0 };
		m[i].a = (struct access){ REG_MAX_PEERS, BAR0, 4 };
	}
	ASSERT_EQ(sizeof(m), send(self->a.fd, m, sizeof(m), 0));
	for (i = 0; i < 1000; i++) {
		ASSERT_TRUE(client_receive(&self->a, &r));
		ASSERT_EQ(i, r.hdr.id);
		ASSERT_EQ(2, r.data[16]);
	}
}

/*
 * The device is stopped while messages with and without descriptors pile up,
 * whole and in pieces: each must get its own.
 */
TEST_F(msg, descriptors_stay_with_their_message)
{
	struct {
		struct header hdr;
		struct vfio_irq_set set;
	} m = { { 0, CMD_SET_IRQS, 36, 0, 0 },
		{ .argsz = 20, .flags = VFIO_IRQ_SET_DATA_EVENTFD |
		  VFIO_IRQ_SET_ACTION_TRIGGER,
		  .index = VFIO_PCI_MSIX_IRQ_INDEX, .count = 1 } };
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .align = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { &m, 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct access a = { REG_ID, BAR0, 4 };
	struct client *c = &self->a;
	struct reply r;
	unsigned int i, v, cut;

	for (v = 0; v < 2; v++)
		c->event[v] = eventfd(0, EFD_NONBLOCK);
	for (cut = 1; cut <= sizeof(m); cut++) {
		device_pause(&self->dev);
		for (v = 0; v < 2; v++) {
			client_send(c, CMD_REGION_READ, 0, &a, sizeof(a), NULL, 0);
			m.hdr.id = 1000 + v;
			m.set.start = v;
			memcpy(CMSG_DATA(&control.align), &c->event[v], sizeof(int));
			iov = (struct iovec){ &m, cut };
			msg.msg_control = &control;
			msg.msg_controllen = sizeof(control.buf);
			ASSERT_EQ(cut, sendmsg(c->fd, &msg, 0));
			if (cut == sizeof(m))
				continue;
			ASSERT_EQ(sizeof(m) - cut, send(c->fd, (char *)&m + cut,
							sizeof(m) - cut, 0));
		}
		kill(self->dev.pid, SIGCONT);
		for (i = 0; i < 4; i++) {
			ASSERT_TRUE(client_receive(c, &r));
			ASSERT_EQ(FLAG_REPLY, r.hdr.flags);
			if (i & 1)
				ASSERT_EQ(1000 + i / 2, r.hdr.id);
		}
	}
	write_le(c, CONFIG, PCI_COMMAND, 2, 6);
	set_reg(c, REG_INT_CTRL, 1);
	set_reg(c, REG_DOORBELL, DOORBELL(0, 1));
	EXPECT_EQ(0, taken(c, 0));
	EXPECT_EQ(1, taken(c, 1));
}

TEST_F(msg, no_reply_means_none_not_even_for_errors_or_data)
{
	struct access bad = { 0, 77, 4 }, good = { REG_ID, BAR0, 4 };
	struct vfio_region_info info = { .argsz = 100, .index = BAR2 };
	struct reply r;

	client_send(&self->a, CMD_REGION_READ, FLAG_NO_REPLY, &bad, 16, NULL, 0);
	client_send(&self->a, CMD_REGION_READ, FLAG_NO_REPLY, &good, 16, NULL, 0);
	client_send(&self->a, CMD_GET_REGION_INFO, FLAG_NO_REPLY, &info, 32, NULL, 0);
	client_send(&self->a, 99, FLAG_NO_REPLY, NULL, 0, NULL, 0);
	client_send(&self->a, CMD_RESET, FLAG_NO_REPLY, NULL, 0, NULL, 0);
	EXPECT_EQ(0, client_try(&self->a, CMD_REGION_READ, &good, 16, NULL, 0, &r));
	EXPECT_EQ(-1, r.fd);
	EXPECT_EQ(1, device_stat(&self->dev, 0, "resets"));
}

/* A number from /proc/PID/status; @format has the line's name and %lu */
static unsigned long proc_status(struct device *d, const char *format)
{
	char path[40], line[200];
	unsigned long value;
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", d->pid);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, format, &value);
	fclose(f);
	ASSERT_EQ(1, found);
	return value;
}

static unsigned long rss_kb(struct device *d)
{
	return proc_status(d, "VmRSS: %lu");
}

TEST_F(msg, a_client_that_does_not_read_stalls_only_itself)
{
	struct {
		struct header hdr;
		struct access a;
	} __attribute__((packed)) m = {
		{ 0, CMD_REGION_READ, sizeof(m), 0, 0 }, { 0, BAR2, 4096 } };
	unsigned long before = rss_kb(&self->dev);
	unsigned int sent = 0, i;
	struct reply r;
	double cpu;

	for (i = 0; i < 200; i++) {	/* until nothing has fitted for 200 ms */
		m.hdr.id = sent;
		if (send(self->a.fd, &m, sizeof(m), MSG_DONTWAIT) < 0) {
			usleep(1000);
			continue;
		}
		i = 0;
		sent++;
		ASSERT_LT(sent, 100000);
	}
	EXPECT_GT(sent, 10);
	for (i = 0; i < 1000; i++) {
		set_reg(&self->b, REG_DOORBELL, DOORBELL(1, 1));
		ASSERT_EQ(1, taken(&self->b, 1));
	}
	EXPECT_LT(rss_kb(&self->dev), before + 512);
	for (i = 0; i < sent; i++) {
		ASSERT_TRUE(client_receive(&self->a, &r));
		ASSERT_EQ((uint16_t)i, r.hdr.id);
		ASSERT_EQ(16 + 4096, r.len);
	}
	EXPECT_EQ(0, reg(&self->a, REG_ID));
	/* and all are asleep again */
	cpu = device_cpu(&self->dev);
	usleep(500000);
	EXPECT_LT((device_cpu(&self->dev) - cpu) * 1000, 100);
}

TEST_F(msg, a_stalled_client_can_leave)
{
	struct access a = { 0, BAR2, 4096 };
	unsigned int i;

	fcntl(self->a.fd, F_SETFL, O_NONBLOCK);
	for (i = 0; i < 400; i++) {
		struct header hdr = { i, CMD_REGION_READ, 32, 0, 0 };
		struct iovec iov[2] = { { &hdr, 16 }, { &a, 16 } };
		struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

		if (sendmsg(self->a.fd, &msg, 0) < 0)
			break;
	}
	client_leave(&self->a, &self->dev, 0);
	client_open(&self->a, &self->dev, 0);
	EXPECT_EQ(0, reg(&self->a, REG_ID));
}

TEST_F(msg, a_descriptor_that_could_block_is_not_taken)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(EINVAL, try_set_irqs(&self->a, VFIO_PCI_MSIX_IRQ_INDEX,
				       VFIO_IRQ_SET_DATA_EVENTFD |
				       VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
				       &pipes[1], 1));
	/* A blocking eventfd is made non-blocking. */
	self->a.event[0] = eventfd(0, 0);
	EXPECT_EQ(0, try_set_irqs(&self->a, VFIO_PCI_MSIX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
				  self->a.event, 1));
	EXPECT_TRUE(fcntl(self->a.event[0], F_GETFL) & O_NONBLOCK);
}

/* Non-blocking mode belongs to the open file, which the client shares. */
TEST_F(msg, an_eventfd_made_blocking_again_holds_up_nobody_for_long)
{
	char json[20000];
	uint64_t full = UINT64_MAX - 1;
	unsigned int i;

	client_leave(&self->a, &self->dev, 0);
	client_join(&self->a, &self->dev, 0, 2);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fcntl(self->a.event[i], F_SETFL, 0));
		ASSERT_EQ(8, write(self->a.event[i], &full, sizeof(full)));
	}
	for (i = 0; i < 10; i++)	/* 5 s is the patience of a client */
		set_reg(&self->b, REG_DOORBELL, DOORBELL(0, i & 1));
	set_reg(&self->b, REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(&self->b, 1));
	EXPECT_EQ(9, device_stat(&self->dev, 0, "dropped_masked"));
	device_control(&self->dev, "stats", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"eventfds_refused\": true}, {\"id\": 1,"));
	EXPECT_NE(NULL, strstr(json, "\"eventfds_refused\": false}]"));

	/* Once for all, not once for each vector or connection */
	client_leave(&self->a, &self->dev, 0);
	client_open(&self->a, &self->dev, 0);
	EXPECT_EQ(EACCES, try_set_irqs(&self->a, VFIO_PCI_MSIX_IRQ_INDEX,
				       VFIO_IRQ_SET_DATA_EVENTFD |
				       VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
				       self->b.event, 1));
}

/* How often the process has waited */
static unsigned long waits(struct device *d)
{
	return proc_status(d, "voluntary_ctxt_switches: %lu");
}

/*
 * The client that knows when the watchdog looks: it blocks the device for the
 * better part of a second, right after that, again and again.
 */
TEST_F(msg, an_eventfd_that_blocks_for_a_while_is_found_out)
{
	const uint32_t ring[5] = { REG_DOORBELL, 0, BAR0, 4, DOORBELL(0, 0) };
	uint64_t full = UINT64_MAX - 1;
	unsigned long before;
	unsigned int i;

	client_leave(&self->a, &self->dev, 0);
	client_join(&self->a, &self->dev, 0, 1);
	for (i = 0; i < 8 && !device_stat(&self->dev, 0, "dropped_masked"); i++) {
		ASSERT_EQ(0, fcntl(self->a.event[0], F_SETFL, 0));
		ASSERT_EQ(8, write(self->a.event[0], &full, sizeof(full)));
		before = waits(&self->dev);
		while (waits(&self->dev) == before)
			usleep(1000);
		client_send(&self->b, CMD_REGION_WRITE, FLAG_NO_REPLY, ring,
			    sizeof(ring), NULL, 0);
		usleep(700000);
		/* as an eventfd that nobody has made blocking */
		ASSERT_EQ(0, fcntl(self->a.event[0], F_SETFL, O_NONBLOCK));
		ASSERT_EQ(full, taken(&self->a, 0));
		taken(&self->a, 0);	/* that of the write() that waited */
		set_reg(&self->b, REG_DOORBELL, DOORBELL(0, 0));
		taken(&self->a, 0);
	}
	EXPECT_NE(0, device_stat(&self->dev, 0, "dropped_masked"));
}

/* Whoever started the device may have had SIGALRM blocked. */
TEST(a_blocked_sigalrm_does_not_disarm_the_watchdog)
{
	struct device dev = { 0 };
	uint64_t full = UINT64_MAX - 1;
	struct client c;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &set, NULL));
	device_start(&dev, "");
	ASSERT_EQ(0, sigprocmask(SIG_UNBLOCK, &set, NULL));
	client_join(&c, &dev, 0, 1);
	ASSERT_EQ(0, fcntl(c.event[0], F_SETFL, 0));
	ASSERT_EQ(8, write(c.event[0], &full, sizeof(full)));
	set_reg(&c, REG_DOORBELL, DOORBELL(0, 0));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

/* Each has a place in the eventfd's queue of who is to be told. */
static void add_waiters(int fd, unsigned int sets, unsigned int dups)
{
	struct epoll_event ev = { .events = EPOLLIN };
	unsigned int i, k;
	int set, *copy = calloc(dups, sizeof(*copy));

	ASSERT_NE(NULL, copy);
	for (k = 0; k < dups; k++) {
		copy[k] = dup(fd);
		ASSERT_GE(copy[k], 0);
	}
	for (i = 0; i < sets; i++) {
		set = epoll_create1(0);
		ASSERT_GE(set, 0);
		for (k = 0; k < dups; k++)
			ASSERT_EQ(0, epoll_ctl(set, EPOLL_CTL_ADD, copy[k], &ev));
	}
	free(copy);
}

TEST_F(msg, an_eventfd_that_is_costly_to_signal_is_used_no_more)
{
	double start, longest = 0;
	unsigned int i;

	client_leave(&self->a, &self->dev, 0);
	client_join(&self->a, &self->dev, 0, 1);
	add_waiters(self->a.event[0], 40, 400);
	for (i = 0; i < 6000; i++) {
		start = seconds();
		set_reg(&self->b, REG_DOORBELL, DOORBELL(0, 0));
		if (seconds() - start > longest)
			longest = seconds() - start;
		if (i % 100 == 99 && device_stat(&self->dev, 0, "dropped_masked"))
			break;
	}
	TH_LOG("%u doorbells, %.1f ms at most", i, longest * 1000);
	EXPECT_LT(i, 6000);
	EXPECT_EQ(EACCES, try_set_irqs(&self->a, VFIO_PCI_MSIX_IRQ_INDEX,
				       VFIO_IRQ_SET_DATA_EVENTFD |
				       VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
				       self->a.event, 1));
	set_reg(&self->b, REG_DOORBELL, DOORBELL(1, 1));
	EXPECT_EQ(1, taken(&self->b, 1));
}

#define VECTORS		2048

/* As above, but no single signal is one that counts. */
TEST(many_signals_in_one_message_count_together)
{
	const uint32_t msix = VFIO_PCI_MSIX_IRQ_INDEX;
	double start, took, longest = 0;
	struct device dev = { 0 };
	struct client a, b;
	unsigned int i;
	int fds[16];

	device_start(&dev, "--vectors 2048");
	client_join(&a, &dev, 0, 1);
	client_join(&b, &dev, 1, 2);
	for (i = 0; i < 16; i++)
		fds[i] = a.event[0];
	for (i = 0; i < VECTORS; i += 16)
		ASSERT_EQ(0, try_set_irqs(&a, msix, VFIO_IRQ_SET_DATA_EVENTFD |
					  VFIO_IRQ_SET_ACTION_TRIGGER, i, 16,
					  fds, 16));
	add_waiters(a.event[0], 1, 300);
	for (i = 0; i < 100; i++) {
		start = seconds();
		ASSERT_EQ(0, try_set_irqs(&a, msix, VFIO_IRQ_SET_DATA_NONE |
					  VFIO_IRQ_SET_ACTION_TRIGGER, 0,
					  VECTORS, NULL, 0));
		took = seconds() - start;
		longest = took > longest ? took : longest;
		set_reg(&b, REG_DOORBELL, DOORBELL(0, 1));
		if (device_stat(&dev, 0, "dropped_masked"))
			break;
	}
	TH_LOG("%u messages, %.1f ms at most", i, longest * 1000);
	EXPECT_LT(i, 100);
	EXPECT_EQ(EACCES, try_set_irqs(&a, msix, VFIO_IRQ_SET_DATA_EVENTFD |
				       VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1,
				       a.event, 1));
	expect_prompt(&b);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST_F(msg, a_full_standard_error_holds_up_nobody)
{
	char path[40], text[8192];
	unsigned int i;
	double start;
	int fd;

	ASSERT_EQ(4096, fcntl(self->dev.err, F_SETPIPE_SZ, 4096));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->dev.err);
	fd = open(path, O_WRONLY | O_NONBLOCK);
	ASSERT_GE(fd, 0);
	memset(text, ' ', sizeof(text));
	ASSERT_EQ(4096, write(fd, text, 4096));
	start = seconds();
	for (i = 0; i < 10; i++)
		EXPECT_EQ(EOPNOTSUPP, client_try(&self->a, 99, NULL, 0, NULL,
						 0, NULL));
	EXPECT_LT(seconds() - start, QEMU_PATIENCE);

	device_stderr(&self->dev, text, sizeof(text));	/* room again */
	client_try(&self->a, 99, NULL, 0, NULL, 0, NULL);
	device_stderr(&self->dev, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "(10 lines before this left out)\n"));
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

TEST_F(msg, nobody_takes_anothers_lines_on_standard_error)
{
	char text[65536];
	struct client c;
	unsigned int i;

	for (i = 0; i < 200; i++)
		client_try(&self->a, 99, NULL, 0, NULL, 0, NULL);
	client_connect(&c, &self->dev, 1);	/* the other's line */
	EXPECT_TRUE(client_closed(&c));
	device_stderr(&self->dev, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "peer 1: refused a second client"));
	EXPECT_GE(lines(text), 20);
	EXPECT_LE(lines(text), 24);

	/* one more each 5 s, which tells how many there were */
	for (i = 0; i < 80 && !strstr(text, "left out"); i++) {
		usleep(100000);
		client_try(&self->a, 99, NULL, 0, NULL, 0, NULL);
		device_stderr(&self->dev, text, sizeof(text));
	}
	EXPECT_LE(lines(text), 1);
	EXPECT_NE(NULL, strstr(text, "peer 0: command 99, "));
	EXPECT_NE(NULL, strstr(text, " lines before this left out)\n"));
}

TEST_F(msg, garbage_costs_one_connection_and_no_descriptor)
{
	unsigned int fds = device_fds(&self->dev), i, n;
	uint8_t bytes[300];

	srand(1);
	client_leave(&self->a, &self->dev, 0);
	for (i = 0; i < 500; i++) {
		for (n = 0; n < sizeof(bytes); n++)
			bytes[n] = rand() >> 7;
		if (i & 1) {	/* a header that is nearly right */
			struct header hdr = { i, rand() % 20, 16 + rand() % 64, 0, 0 };

			memcpy(bytes, &hdr, sizeof(hdr));
		}
		client_open(&self->a, &self->dev, 0);
		ASSERT_EQ(sizeof(bytes), send(self->a.fd, bytes, sizeof(bytes),
					      MSG_NOSIGNAL));
		close(self->a.fd);
	}
	device_expect_fds(&self->dev, fds - 1);
	client_open(&self->a, &self->dev, 0);
	EXPECT_EQ(0, reg(&self->a, REG_ID));
}
