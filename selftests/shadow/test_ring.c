// SPDX-License-Identifier: GPL-2.0
/*
 * What the RTOS does to the plugin: many messages and few doorbells, doorbells
 * and no handshake, slots and descriptors that do not exist, memory that changes,
 * a ring that is never emptied.
 */
#include <pthread.h>

#include "polled_link.h"

/* Works as if nothing had been: up again, one call back and forth. */
static void expect_working(struct rtos *r)
{
	int fd;

	rtos_up(r);
	fd = proxy(0);
	rtos_request(r, slot_of(fd), 12, 0xe12);
	EXPECT_EQ(12, proxy_read(fd));
	proxy_write(fd, 21);
	expect_reply(r, 21, 0xe12);
	expect_silence(r);
	close(fd);
}

TEST_F(link, all_messages_of_one_interrupt_are_taken)
{
	int i;

	for (i = 0; i < QLEN; i++)
		rtos_post_to(&self->r, self->slot, i, i);
	rtos_ring(&self->r);
	ASSERT_TRUE(rtos_all_taken(&self->r));
	for (i = 0; i < QLEN; i++)
		ASSERT_EQ(i, proxy_read(self->fd));
}

TEST_F(link, doorbells_without_a_message_bring_none)
{
	uint64_t requests = counter("requests");
	int i;

	for (i = 0; i < 100; i++)
		rtos_ring(&self->r);
	EXPECT_EQ(0, polled(self->fd, 100));
	EXPECT_EQ(requests, counter("requests"));
	expect_silence(&self->r);
}

TEST_F(link, a_peer_with_one_vector_is_heard)
{
	rtos_post_to(&self->r, self->slot, 5, 0x5);
	self->r.regs[3] = 0;
	EXPECT_EQ(5, proxy_read(self->fd));
}

/* All looks but one may be late where the machine is slow. */
TEST_F(link, a_message_without_a_doorbell_is_found_within_two_seconds)
{
	uint64_t start, fastest = ~0ULL;
	int i;

	for (i = 0; i < 5 && fastest > 2500; i++) {
		start = now_ms();
		rtos_post_to(&self->r, self->slot, 6, 0x6);
		ASSERT_EQ(POLLIN, polled(self->fd, 10000));
		fastest = now_ms() - start < fastest ? now_ms() - start : fastest;
		proxy_read(self->fd);
	}
	EXPECT_LE(fastest, 2500);
}

TEST_F(link, doorbells_before_the_handshake_do_nothing)
{
	struct rtos *r = &self->r;
	uint64_t rung, errors = counter("ring_errors");
	unsigned int state, i;

	for (state = RESET; state <= READY; state++) {
		rtos_reset(r);
		memset(r->out, 0xff, OUTPUT_SIZE - 0x1000);
		if (state == READY)
			rtos_ready(r);
		rtos_state(r, state);
		rung = attribute(DEVICE "counters/doorbells");
		for (i = 0; i < 100; i++) {
			rtos_ring(r);
			r->regs[3] = 0;
		}
		proxy_write(self->fd, 1);
		sleep_ms(20);
		EXPECT_EQ(rung, attribute(DEVICE "counters/doorbells"));
		EXPECT_EQ(errors, counter("ring_errors"));
	}
	expect_working(r);
}

/* The state table shows that the peer has gone before any interrupt tells of it. */
TEST_F(link, nothing_is_sent_or_rung_from_the_moment_that_the_peer_is_in_RESET)
{
	struct rtos *r = &self->r;
	uint64_t rung, word[10];
	uint16_t sent;
	int i;

	for (i = 0; i < 20; i++) {
		rtos_request(r, self->slot, i, i);
		ASSERT_TRUE(rtos_all_taken(r));
		proxy_read(self->fd);
		sleep_ms(20);
		rung = attribute(DEVICE "counters/doorbells");
		sent = index_at(r->in, AVAIL);
		rtos_state(r, RESET);
		proxy_write(self->fd, i);
		EXPECT_EQ(sent, index_at(r->in, AVAIL));
		EXPECT_EQ(rung, attribute(DEVICE "counters/doorbells"));
		rtos_up(r);
		EXPECT_ERRNO(ECONNRESET, read(self->fd, word, sizeof(word)));
	}
}

TEST_F(link, each_request_to_a_slot_that_is_not_there_gets_ESRCH_once)
{
	uint64_t slots = attribute(CLASS "slots"), stale = counter("stale");
	uint64_t bad[] = {
		0, slots, slots + 1, 0xffff, 1ULL << 47, ~0ULL, 0x8000000000000000,
		self->slot + 1, self->slot ^ 1ULL << 16, self->slot | 1ULL << 48,
		self->slot | 1ULL << 63, (uint64_t)&slots, 0xffff888000000000,
	};
	unsigned int i, n = sizeof(bad) / sizeof(*bad);

	for (i = 0; i < n; i++)
		rtos_request(&self->r, bad[i], i, 0x700 + i);
	for (i = 0; i < n; i++)
		expect_reply(&self->r, -ESRCH, 0x700 + i);
	expect_silence(&self->r);
	expect_counted(stale + n, "stale");
	EXPECT_EQ(0, polled(self->fd, 0));
}

/* The link is reset for it, the proxy sees no request, and it is counted once. */
static void expect_broken(struct link_fixture *self, uint64_t errors)
{
	char buf[80];
	int flags = fcntl(self->fd, F_GETFL);

	rtos_ring(&self->r);
	EXPECT_TRUE(UNTIL(linux_state(&self->r) < READY, 5000));
	EXPECT_EQ(errors + 1, counter("ring_errors"));
	fcntl(self->fd, F_SETFL, flags | O_NONBLOCK);
	EXPECT_ERRNO(ECONNRESET, read(self->fd, buf, sizeof(buf)));
	EXPECT_ERRNO(EAGAIN, read(self->fd, buf, sizeof(buf)));
	fcntl(self->fd, F_SETFL, flags);
	rtos_up(&self->r);
}

TEST_F(link, a_message_of_another_length_resets_the_link)
{
	static const uint32_t lengths[] = { 1, 16, 72, 79, 81, 160 };
	uint64_t word[20] = { 1 }, errors;
	unsigned int i;

	word[9] = self->slot;
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		errors = counter("ring_errors");
		rtos_post(&self->r, word, lengths[i]);
		expect_broken(self, errors);
	}
	expect_working(&self->r);
}

TEST_F(link, a_bad_descriptor_resets_the_link)
{
	static const struct {
		uint64_t address;
		uint32_t len;
		uint16_t flags;
	} bad[] = {
		{ 0, 80, 0 }, { DATA - 1, 80, 0 }, { 0x3000, 80, 0 }, { 0x3000 - 79, 80, 0 },
		{ ~0ULL - 79, 80, 0 }, { DATA, 0, 0 }, { DATA, ~0U, 0 }, { DATA, 80, 1 },
		{ DATA, 80, 4 }, { 1ULL << 40, 80, 0 },
	};
	uint64_t errors;
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		errors = counter("ring_errors");
		rtos_descriptor(&self->r, bad[i].address, bad[i].len, bad[i].flags);
		expect_broken(self, errors);
	}
	for (i = QLEN; i < 0x10000; i = i * 5 + 7) {
		errors = counter("ring_errors");
		*half(self->r.out, AVAIL + 4 + 2 * (self->r.sent % QLEN)) = i;
		set_index(self->r.out, AVAIL, self->r.sent + 1);
		expect_broken(self, errors);
	}
	errors = counter("ring_errors");
	set_index(self->r.out, AVAIL, self->r.sent + QLEN + 1);
	expect_broken(self, errors);
	expect_working(&self->r);
}

TEST_F(link, a_used_ring_that_lies_resets_the_link)
{
	static const struct {
		uint16_t index;
		uint32_t id, len;
	} bad[] = {
		{ 1, 0, 1 }, { 1, ~0U, 1 }, { 1, 1, 2 }, { 1, 1, 0 }, { 2, 1, 1 }, { 0x8000, 1, 1 },
	};
	uint64_t errors;
	unsigned int i;

	/* One entry has been returned by now. */
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ASSERT_EQ(0, ioctl(self->fd, SEND_SIGNAL, 1));
		ASSERT_EQ(1, self->r.got);
		errors = counter("ring_errors");
		memcpy(self->r.out + USED + 4 + 8, &bad[i].id, 8);
		set_index(self->r.out, USED, 1 + bad[i].index);
		expect_broken(self, errors);
	}
	expect_working(&self->r);
}

static volatile bool stop;

/* Flips the slot, and all else of the message, while it is being taken. */
static void *scribble(void *arg)
{
	volatile uint64_t *slot = arg;
	uint64_t i, good = *slot, junk = 0x123456789abcdef;

	for (i = 0; !stop; i++) {
		junk = junk * 6364136223846793005 + 1442695040888963407;
		*slot = i % 2 ? good : junk;
	}
	return NULL;
}

TEST_F_TIMEOUT(link, a_message_that_changes_while_it_is_taken_has_one_outcome, 120)
{
	uint64_t stale = counter("stale"), end = now_ms() + 60000, value, tcb;
	unsigned int i, delivered = 0, refused = 0;
	struct rtos *r = &self->r;
	pthread_t thread;

	memcpy(r->out + DATA + 72, &self->slot, 8);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, r->out + DATA + 72));
	/* And on, until the thread has run beside us, which may take a while. */
	for (i = 0; i < 1000 || (!(delivered && refused) && now_ms() < end); i++) {
		rtos_descriptor(r, DATA, 80, 0);
		rtos_ring(r);
		ASSERT_TRUE(rtos_all_taken(r));
		if (polled(self->fd, 0)) {
			delivered++;
			proxy_read(self->fd);
			proxy_write(self->fd, 5);
			ASSERT_TRUE(rtos_reply(r, &value, &tcb, 5000));
			ASSERT_EQ(5, value);
		} else {
			refused++;
			ASSERT_TRUE(rtos_reply(r, &value, &tcb, 5000));
			ASSERT_EQ(-ESRCH, value);
		}
	}
	stop = true;
	pthread_join(thread, NULL);
	expect_silence(r);
	EXPECT_EQ(stale + refused, counter("stale"));
	EXPECT_GT(delivered, 0);
	EXPECT_GT(refused, 0);
}

/*
 * A peer that takes nothing
 */

static void fill(int fd)
{
	int flags = fcntl(fd, F_GETFL), i;

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	for (i = 0; i < QLEN; i++)
		ASSERT_EQ(0, ioctl(fd, SEND_SIGNAL, 1 + i));
	EXPECT_ERRNO(EAGAIN, ioctl(fd, SEND_SIGNAL, 1));
	EXPECT_ERRNO(EAGAIN, ioctl(fd, SEND_SIGNAL, 1));
	fcntl(fd, F_SETFL, flags);
}

TEST_F(link, a_full_ring_gives_EAGAIN_and_the_request_stays_to_be_answered)
{
	struct rtos *r = &self->r;
	int fd = proxy(O_NONBLOCK), i;
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	uint64_t value = 77;

	rtos_request(r, slot_of(fd), 4, 0x44);
	ASSERT_TRUE(rtos_all_taken(r));
	proxy_read(fd);
	fill(self->fd);
	EXPECT_ERRNO(EAGAIN, write(fd, &value, 8));
	EXPECT_ERRNO(EAGAIN, write(fd, &value, 8));
	EXPECT_EQ(0, poll(&p, 1, 0));
	for (i = 0; i < QLEN; i++)
		expect_reply(r, 1 + i, SIGNAL_BIT | getpid());
	EXPECT_EQ(1, poll(&p, 1, 10000));
	expect_silence(r);
	proxy_write(fd, 77);
	expect_reply(r, 77, 0x44);
	expect_silence(r);
}

static void nothing(int signal)
{
	(void)signal;
}

static void *take_later(void *arg)
{
	struct rtos *r = arg;
	uint64_t value, tcb;

	wait_for_sleep();
	kill(getpid(), SIGUSR1);
	wait_for_sleep();
	rtos_take(r, &value, &tcb);
	return NULL;
}

TEST_F(link, a_writer_waits_for_room_and_can_be_interrupted)
{
	struct sigaction action = { .sa_handler = nothing };
	struct rtos *r = &self->r;
	uint64_t value = 88;
	pthread_t thread;
	sigset_t mask;
	int i;

	rtos_request(r, self->slot, 4, 0x45);
	proxy_read(self->fd);
	fill(self->fd);
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	ASSERT_EQ(0, pthread_create(&thread, NULL, take_later, r));
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	EXPECT_ERRNO(EINTR, write(self->fd, &value, 8));
	proxy_write(self->fd, 89);
	pthread_join(thread, NULL);
	for (i = 1; i < QLEN; i++)
		expect_reply(r, 1 + i, SIGNAL_BIT | getpid());
	expect_reply(r, 89, 0x45);
	expect_silence(r);
}

static void *reset_later(void *arg)
{
	wait_for_sleep();
	rtos_reset(arg);
	return NULL;
}

TEST_F(link, those_who_wait_for_room_are_let_go_when_the_link_ends)
{
	struct rtos *r = &self->r;
	pthread_t thread;

	rtos_request(r, self->slot, 4, 0x46);
	proxy_read(self->fd);
	fill(self->fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, reset_later, r));
	proxy_write(self->fd, 1);
	EXPECT_ERRNO(ENOLINK, ioctl(self->fd, SEND_SIGNAL, 1));
	pthread_join(thread, NULL);
	rtos_up(r);
	expect_silence(r);
}

TEST_F(link, errors_for_bad_slots_wait_for_room_and_none_is_lost)
{
	struct rtos *r = &self->r;
	int i;

	fill(self->fd);
	for (i = 0; i < 20; i++)
		rtos_request(r, ~0ULL, i, 0x800 + i);
	rtos_request(r, self->slot, 99, 0x899);
	sleep_ms(100);
	for (i = 0; i < QLEN; i++)
		expect_reply(r, 1 + i, SIGNAL_BIT | getpid());
	for (i = 0; i < 20; i++)
		expect_reply(r, -ESRCH, 0x800 + i);
	expect_silence(r);
	EXPECT_EQ(99, proxy_read(self->fd));
}

/* Or a peer that takes none could have memory without end. */
TEST_F(link, closed_slots_keep_their_places_until_there_was_room_for_their_errors)
{
	uint64_t used = attribute(CLASS "slots_used");
	struct rtos *r = &self->r;
	int fd, i;

	fill(self->fd);
	for (i = 0; i < 10; i++) {
		fd = proxy(0);
		rtos_request(r, slot_of(fd), i, 0x900 + i);
		ASSERT_TRUE(rtos_all_taken(r));
		close(fd);
	}
	EXPECT_EQ(used + 10, attribute(CLASS "slots_used"));
	/* Others are not held up by them. */
	rtos_request(r, self->slot, 98, 0x998);
	EXPECT_EQ(98, proxy_read(self->fd));
	for (i = 0; i < QLEN; i++)
		expect_reply(r, 1 + i, SIGNAL_BIT | getpid());
	for (i = 0; i < 10; i++)
		expect_reply(r, -ESRCH, 0x900 + i);
	EXPECT_TRUE(UNTIL(attribute(CLASS "slots_used") == used, 10000));
	expect_silence(r);
}

TEST_F(link, the_peer_is_rung_again_while_it_lags_behind_and_not_after)
{
	uint64_t before = counter("rerings"), again, start = now_ms();
	struct rtos *r = &self->r;
	uint64_t value, tcb;

	ASSERT_EQ(0, ioctl(self->fd, SEND_SIGNAL, 1));
	ASSERT_EQ(0, ioctl(self->fd, SEND_SIGNAL, 2));
	sleep_ms(300);
	/* The CPU that has the timer may have stood still. */
	EXPECT_TRUE(UNTIL(counter("rerings") >= before + 3, 5000));
	again = counter("rerings");
	/* Every 16 ms in the end. */
	EXPECT_LE(again, before + (now_ms() - start) / 5);
	ASSERT_TRUE(rtos_reply(r, &value, &tcb, 0));
	EXPECT_TRUE(UNTIL(counter("rerings") > again, 5000));
	ASSERT_TRUE(rtos_reply(r, &value, &tcb, 0));
	sleep_ms(50);
	again = counter("rerings");
	sleep_ms(100);
	EXPECT_EQ(again, counter("rerings"));
}

static uint64_t doorbells_of_a_reply(struct link_fixture *self, uint64_t tcb)
{
	uint64_t before;

	rtos_request(&self->r, self->slot, 1, tcb);
	proxy_read(self->fd);
	before = attribute(DEVICE "counters/doorbells");
	proxy_write(self->fd, 1);
	return attribute(DEVICE "counters/doorbells") - before;
}

TEST_F(link, every_message_is_rung_for_whatever_the_peers_priority_and_event_index)
{
	uint64_t priority;
	int i;

	for (i = 0; i < 20; i++) {
		priority = i * 0x333333333333333;
		memcpy(self->r.out + PRIORITY_PAGE, &priority, 8);
		*half(self->r.out, DATA - 890 - 2) = i * 77;
		EXPECT_GE(doorbells_of_a_reply(self, i + 1), 1);
		expect_reply(&self->r, 1, i + 1);
	}
}

TEST_F(link, with_suppress_a_peer_of_higher_priority_is_rung_when_its_priority_drops)
{
	uint64_t priority = 101, before;

	write_text(SUPPRESS, "1");
	memcpy(self->r.out + PRIORITY_PAGE, &priority, 8);
	sleep_ms(100);		/* a doorbell of before is counted late */
	EXPECT_EQ(0, doorbells_of_a_reply(self, 0x91));
	sleep_ms(100);
	before = attribute(DEVICE "counters/doorbells");
	sleep_ms(100);
	EXPECT_EQ(before, attribute(DEVICE "counters/doorbells"));
	priority = 100;
	memcpy(self->r.out + PRIORITY_PAGE, &priority, 8);
	EXPECT_TRUE(UNTIL(attribute(DEVICE "counters/doorbells") > before, 10000));
	expect_reply(&self->r, 1, 0x91);
	EXPECT_GE(doorbells_of_a_reply(self, 0x92), 1);
	expect_reply(&self->r, 1, 0x92);
}

TEST_F(link, with_suppress_room_in_the_ring_is_told_when_the_priority_drops)
{
	uint64_t priority = 101, before;

	write_text(SUPPRESS, "1");
	memcpy(self->r.out + PRIORITY_PAGE, &priority, 8);
	sleep_ms(100);		/* a doorbell of before is counted late */
	before = attribute(DEVICE "counters/doorbells");
	/* It wants to know that the request was taken, and there is no reply to tell it. */
	*half(self->r.out, AVAIL + 4 + 2 * QLEN) = self->r.sent;
	rtos_request(&self->r, self->slot, 1, 0x93);
	proxy_read(self->fd);
	sleep_ms(200);
	EXPECT_EQ(before, attribute(DEVICE "counters/doorbells"));
	priority = 0;
	memcpy(self->r.out + PRIORITY_PAGE, &priority, 8);
	EXPECT_TRUE(UNTIL(attribute(DEVICE "counters/doorbells") > before, 10000));
	proxy_write(self->fd, 1);
	expect_reply(&self->r, 1, 0x93);
}

/*
 * Many senders
 */

#define SENDERS	8
#define EACH	300

static void *send_signals(void *arg)
{
	int fd = proxy(0), i;

	for (i = 0; i < EACH; i++)
		if (ioctl(fd, SEND_SIGNAL, 1 + (long)arg))
			return "a signal was refused";
	close(fd);
	return NULL;
}

TEST_F_TIMEOUT(link, what_many_send_at_once_all_arrives_and_in_one_piece, 120)
{
	pthread_t thread[SENDERS];
	unsigned int count[SENDERS + 1] = { 0 };
	uint64_t value, tcb, first[SENDERS + 1] = { 0 };
	void *error;
	long i;

	for (i = 0; i < SENDERS; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, send_signals, (void *)i));
	for (i = 0; i < SENDERS * EACH; i++) {
		ASSERT_TRUE(rtos_reply(&self->r, &value, &tcb, 5000));
		ASSERT_LE(1, value);
		ASSERT_LE(value, SENDERS);
		if (!first[value])
			first[value] = tcb;
		ASSERT_EQ(first[value], tcb);
		count[value]++;
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(thread[i], &error);
		EXPECT_EQ(NULL, error);
		EXPECT_EQ(EACH, count[i + 1]);
	}
	expect_silence(&self->r);
}

TEST_F(link, as_many_replies_as_the_ring_has_entries_keep_their_values)
{
	int i, round;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < QLEN; i++)
			rtos_request(&self->r, self->slot, i, 0x1000 * round + i + 1);
		for (i = 0; i < QLEN; i++)
			proxy_read(self->fd);
		for (i = 0; i < QLEN; i++)
			proxy_write(self->fd, 7 * i + round);
		for (i = 0; i < QLEN; i++)
			expect_reply(&self->r, 7 * i + round, 0x1000 * round + i + 1);
	}
	expect_silence(&self->r);
}

TEST_HARNESS_MAIN
