// SPDX-License-Identifier: GPL-2.0
/* Peers on a real link: ivshmem-peer and the library against ivshmem-link. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../harness.h"
#include "peer.h"

static char here[PATH_MAX];	/* the folder of this program */
static char dir[64];		/* of the link's sockets, and of all output */

static pid_t spawn(const char *program, const char *out, const char *args)
{
	char path[PATH_MAX + 64], line[1024], *argv[40], *save;
	pid_t pid = fork();
	int n = 0, fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s/%s", here, program);
	snprintf(line, sizeof(line), "%s", args);
	argv[n++] = path;
	for (argv[n] = strtok_r(line, " ", &save); argv[n];
	     argv[n] = strtok_r(NULL, " ", &save))
		n++;
	if (chdir(dir))
		_exit(126);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(path, argv);
	_exit(127);
}

static int finish(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
		-WTERMSIG(status);
}

static int stop(pid_t pid)
{
	kill(pid, SIGTERM);
	return finish(pid);
}

static __attribute__((format(printf, 2, 3)))
pid_t start_peer(int k, const char *fmt, ...)
{
	char args[1024], out[32];
	va_list ap;
	int n = snprintf(args, sizeof(args), "--socket peer%d.sock --json ", k);

	va_start(ap, fmt);
	vsnprintf(args + n, sizeof(args) - n, fmt, ap);
	va_end(ap);
	snprintf(out, sizeof(out), "out%d", k);
	return spawn("ivshmem-peer", out, args);
}

static const char *output(int k)
{
	static char text[8192];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/out%d", dir, k);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

/* A number of a peer's JSON; -1 when it is not there. */
static double result(int k, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(output(k), key);
	return at ? strtod(at + strlen(key), NULL) : -1;
}

static void expect_status(int k, int want, int status)
{
	if (status != want)
		TH_LOG("peer %d: %s", k, output(k));
	EXPECT_EQ(want, status);
}

/* Runs a peer to its end, which must be with this exit status. */
static __attribute__((format(printf, 3, 4)))
void run_peer(int k, int want, const char *fmt, ...)
{
	char args[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	expect_status(k, want, finish(start_peer(k, "%s", args)));
}

static pid_t start_link(const char *options)
{
	char args[256], path[128];
	pid_t pid;
	int i;

	snprintf(args, sizeof(args), "--dir . --peers 2 %s", options);
	pid = spawn("../../device/ivshmem-link", "link", args);
	/* The last: connections to all peers are taken once it is there. */
	snprintf(path, sizeof(path), "%s/control.sock", dir);
	for (i = 0; i < 500 && access(path, F_OK); i++)
		usleep(10000);
	ASSERT_EQ(0, access(path, F_OK));
	return pid;
}

FIXTURE(link) { pid_t pid; };

FIXTURE_SETUP(link)
{
	ASSERT_GT(readlink("/proc/self/exe", here, sizeof(here) - 1), 0);
	dirname(here);
	strcpy(dir, "/tmp/ivshmem-peer.XXXXXX");
	ASSERT_TRUE(mkdtemp(dir));
}

FIXTURE_TEARDOWN(link)
{
	struct dirent *e;
	DIR *d;

	if (self->pid > 0)
		stop(self->pid);
	d = opendir(dir);
	while (d && (e = readdir(d)))
		unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(dir);
}

/* source and reflect: everything comes back, whatever the pair. */
static void run_pair(const char *a, const char *b, int count, const char *size,
		     const char *more)
{
	pid_t pid = start_peer(0, "--profile %s %s reflect", a, more);

	run_peer(1, 0,
		 "--profile %s --count %d --size %s --expect-echo --seconds 20 %s source",
		 b, count, size, more);
	expect_status(0, 0, stop(pid));
	EXPECT_EQ(count, result(1, "intact"));
	EXPECT_EQ(count, result(0, "intact"));
	EXPECT_EQ(count, result(0, "tx_frames"));
	if (th.failed)
		TH_LOG("%s reflects for %s", a, b);
}

static void all_pairs(int count, const char *size, const char *more)
{
	const struct profile *a, *b;

	for (a = profiles; a->name; a++)
		for (b = profiles; b->name; b++)
			run_pair(a->name, b->name, count, size, more);
}

TEST_F_TIMEOUT(link, every_pair_of_profiles_exchanges_frames, 120)
{
	self->pid = start_link("--output-size 0x7f000");
	all_pairs(20000, "40-590", "");
}

TEST_F_TIMEOUT(link, the_smallest_section_serves_every_pair, 120)
{
	self->pid = start_link("--output-size 0x1000");
	all_pairs(3000, "40-590", "");
}

TEST_F_TIMEOUT(link, frames_of_a_quarter_of_the_ring_go_both_ways, 60)
{
	self->pid = start_link("--output-size 1M");
	run_pair("linux", "linux", 2000, "1500-65000", "");
}

TEST_F_TIMEOUT(link, sections_that_are_read_by_messages_serve_every_pair, 120)
{
	self->pid = start_link("--output-size 0x3000 --strict");
	all_pairs(100, "40-590", "");
}

TEST_F_TIMEOUT(link, one_vector_is_enough_for_linux_and_zephyr, 60)
{
	self->pid = start_link("--vectors 1");
	run_pair("linux", "zephyr", 2000, "40-1514", "");
	run_pair("zephyr", "linux", 2000, "40-1514", "");
	run_peer(1, 3, "--profile nuttx echo");
	EXPECT_TRUE(strstr(output(1), "MSI-X vectors are 1, want at least 2"));
}

TEST_F_TIMEOUT(link, intx_is_enough_for_linux_and_zephyr, 60)
{
	self->pid = start_link("--intx --output-size 0x7000");
	run_pair("linux", "zephyr", 2000, "40-1514", "");
	run_pair("zephyr", "linux", 2000, "40-1514", "");
	run_peer(1, 3, "--profile nuttx echo");
	EXPECT_TRUE(strstr(output(1), "want MSI-X"));
}

TEST_F_TIMEOUT(link, dropped_interrupts_lose_no_frame_when_rechecking, 120)
{
	double found;

	self->pid = start_link("--drop-interrupts 0.2 --output-size 0x7000");
	run_pair("linux", "linux", 3000, "590", "--recheck 20");
	found = result(0, "rechecks_found") + result(1, "rechecks_found");
	run_pair("zephyr", "nuttx", 3000, "590", "--recheck 20");
	EXPECT_GT(found + result(0, "rechecks_found"), 0);
}

TEST_F_TIMEOUT(link, doorbells_are_few_when_the_events_are_honoured, 60)
{
	pid_t pid;

	self->pid = start_link("");
	pid = start_peer(0, "--count 200000 --seconds 30 discard");
	run_peer(1, 0, "--count 200000 --seconds 30 source");
	expect_status(0, 0, finish(pid));
	EXPECT_EQ(200000, result(0, "intact"));
	EXPECT_LT(result(1, "doorbells"), 20000);
}

/* A peer that dies 1,000 times, at any point, in each profile. */
static void restart(const char *other, const char *profile)
{
	pid_t pid = start_peer(0, "--profile %s --recheck 1000 discard", other);

	run_peer(1, 0,
		 "--profile %s --count 1000 --size 590 --recheck 1000 restart",
		 profile);
	EXPECT_EQ(1000, result(1, "rounds"));
	EXPECT_GT(result(1, "killed"), 100);
	expect_status(0, 0, stop(pid));
	EXPECT_GE(result(0, "runs"), 1000);
}

TEST_F_TIMEOUT(link, linux_dies_1000_times_and_always_comes_back, 120)
{
	self->pid = start_link("--output-size 0x7000");
	restart("nuttx", "linux");
}

TEST_F_TIMEOUT(link, nuttx_dies_1000_times_and_always_comes_back, 120)
{
	self->pid = start_link("--output-size 0x7000");
	restart("zephyr", "nuttx");
}

TEST_F_TIMEOUT(link, zephyr_dies_1000_times_and_always_comes_back, 120)
{
	self->pid = start_link("--output-size 0x7000");
	restart("linux", "zephyr");
}

TEST_F_TIMEOUT(link, both_sides_may_die_at_any_time, 120)
{
	pid_t pid;

	self->pid = start_link("--output-size 0x7000");
	pid = start_peer(0, "--profile zephyr --count 1000000 --seed 7 restart");
	run_peer(1, 0, "--profile zephyr --count 300 restart");
	EXPECT_EQ(300, result(1, "rounds"));
	kill(pid, SIGKILL);
	finish(pid);
}

TEST_F_TIMEOUT(link, interfaces_go_down_and_up_in_every_pair, 120)
{
	const struct profile *a, *b;
	pid_t pid;

	self->pid = start_link("--output-size 0x7000");
	for (a = profiles; a->name; a++)
		for (b = profiles; b->name; b++) {
			pid = start_peer(0, "--profile %s discard", a->name);
			run_peer(1, 0,
				 "--profile %s --count 10 --size 590 flap",
				 b->name);
			EXPECT_EQ(10, result(1, "rounds"));
			expect_status(0, 0, stop(pid));
		}
}

TEST_F_TIMEOUT(link, a_peer_follows_each_state_that_is_held, 120)
{
	static const char * const states[] = { "reset", "init", "ready", "run" };
	const struct profile *a;
	pid_t pid;
	int i;

	self->pid = start_link("--output-size 0x7000");
	for (a = profiles; a->name; a++)
		for (i = 0; i < 4; i++) {
			pid = start_peer(0, "--profile %s discard", a->name);
			run_peer(1, 0, "--seconds 0.05 hold %s", states[i]);
			stop(pid);
		}
	pid = start_peer(0, "discard");
	run_peer(1, 1, "--seconds 0.05 --wait 0.2 --expect reset hold run");
	stop(pid);
}

/* The library from here on: this process is peer 0. */
static struct peer me;

static void join_me(const char *profile)
{
	if (peer_open(&me, "peer0.sock", profile_find(profile), 5) ||
	    peer_start(&me))
		TH_LOG("%s", me.client.error);
	ASSERT_EQ(0, *me.client.error);
}

/* Until another process has that socket, and has had time for a look around. */
static void wait_joined(const char *socket)
{
	while (!client_join(&me.client, socket, 1)) {
		client_leave(&me.client);
		usleep(20000);
	}
	usleep(500000);
}

static void run_me(void)
{
	if (peer_wait_running(&me, 5000))
		TH_LOG("%s", me.client.error);
	ASSERT_TRUE(me.hs.running);
}

/* The next frame, within 10 s. */
static const uint8_t *next_frame(uint32_t *len)
{
	double end = now_ms() + 10000;
	const uint8_t *frame;

	while (!(frame = ring_rx_peek(&me.ring, len)) && now_ms() < end)
		ASSERT_GE(peer_wait(&me, 10, -1), 0);
	ASSERT_TRUE(frame);
	return frame;
}

static void send_frame(const void *frame, uint32_t len)
{
	void *buf = ring_tx_reserve(&me.ring, len);

	ASSERT_TRUE(buf);
	memcpy(buf, frame, len);
	ring_tx_commit(&me.ring);
	ASSERT_EQ(0, peer_kick(&me));
}

static const uint8_t arp_request[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x08, 0x06,
	0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 10, 1, 2, 3,
	0, 0, 0, 0, 0, 0, 10, 1, 2, 9,
};

/* An echo request of 8 bytes of data, its checksums worked out by hand. */
static const uint8_t ping[50] = {
	2, 0, 0, 0, 0, 7, 2, 0, 0, 0, 0, 9, 0x08, 0x00,
	0x45, 0, 0, 36, 0, 0, 0, 0, 64, 1, 0x62, 0xcc, 10, 1, 2, 3, 10, 1, 2, 9,
	8, 0, 0xe7, 0xe0, 0, 5, 0, 6, 1, 2, 3, 4, 5, 6, 7, 8,
};

TEST_F(link, echo_answers_arp_and_pings_for_its_address_only)
{
	uint8_t other[42];
	const uint8_t *f;
	uint32_t len;
	pid_t pid;

	self->pid = start_link("");
	pid = start_peer(1, "--ip 10.1.2.9 --mac 02:00:00:00:00:07 echo");
	ASSERT_EQ(0, chdir(dir));
	join_me("linux");
	run_me();
	memcpy(other, arp_request, 42);
	other[41] = 8;
	send_frame(other, 42);
	send_frame(arp_request, 42);
	f = next_frame(&len);
	EXPECT_EQ(42, len);
	EXPECT_EQ(0, memcmp(f, "\2\0\0\0\0\11\2\0\0\0\0\7\10\6", 14));
	EXPECT_EQ(0, memcmp(f + 20, "\0\2\2\0\0\0\0\7\12\1\2\11\2\0\0\0\0\11"
			    "\12\1\2\3", 22));
	ring_rx_done(&me.ring);
	send_frame(ping, 50);
	f = next_frame(&len);
	EXPECT_EQ(50, len);
	EXPECT_EQ(0, memcmp(f + 26, "\12\1\2\11\12\1\2\3\0\0\357\340", 12));
	EXPECT_EQ(0, memcmp(f + 38, ping + 38, 12));
	ring_rx_done(&me.ring);
	peer_close(&me);
	expect_status(1, 0, stop(pid));
	EXPECT_EQ(2, result(1, "replies"));
}

/* An interface of this process's network namespace, once there is one. */
static void bring_up(const char *name, const char *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), i;
	struct sockaddr_in *in;
	struct ifreq ifr;

	for (i = 0; i < 500 && !if_nametoindex(name); i++)
		usleep(10000);
	memset(&ifr, 0, sizeof(ifr));
	strcpy(ifr.ifr_name, name);
	in = (struct sockaddr_in *)&ifr.ifr_addr;
	in->sin_family = AF_INET;
	inet_pton(AF_INET, address, &in->sin_addr);
	ASSERT_EQ(0, ioctl(fd, SIOCSIFADDR, &ifr));
	inet_pton(AF_INET, "255.255.255.0", &in->sin_addr);
	ASSERT_EQ(0, ioctl(fd, SIOCSIFNETMASK, &ifr));
	ifr.ifr_flags = IFF_UP;
	ASSERT_EQ(0, ioctl(fd, SIOCSIFFLAGS, &ifr));
	close(fd);
}

TEST_F(link, the_host_reaches_the_link_through_a_tap_interface)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval second = { .tv_sec = 1 };
	uint8_t got[200];
	int fd, tries;

	if (unshare(CLONE_NEWNET) || access("/dev/net/tun", R_OK | W_OK))
		SKIP(return, "needs root and /dev/net/tun: %s", strerror(errno));
	self->pid = start_link("");
	start_peer(0, "--ip 10.1.2.9 echo");
	start_peer(1, "--profile zephyr tap tap0");
	bring_up("tap0", "10.1.2.3");
	inet_pton(AF_INET, "10.1.2.9", &to.sin_addr);
	fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	for (tries = 0; tries < 10; tries++) {
		sendto(fd, ping + 34, 16, 0, (struct sockaddr *)&to, sizeof(to));
		if (recv(fd, got, sizeof(got), 0) == 36)
			break;
	}
	ASSERT_LT(tries, 10);
	EXPECT_EQ(0, got[20]);
	EXPECT_EQ(0, memcmp(got + 24, ping + 38, 12));
	close(fd);
}

/* Where a state of the table, and the own idea of it, settle. */
static void expect_states(uint32_t own, uint32_t table)
{
	double end = now_ms() + 10e3;
	uint32_t got;

	do {
		while (peer_wait(&me, 50, -1) > 0)
			me.data_due = false;
		ASSERT_EQ(0, client_peer_state(&me.client, 0, &got));
	} while ((me.hs.state != own || got != table) && now_ms() < end);
	EXPECT_EQ(own, me.hs.state);
	EXPECT_EQ(table, got);
}

TEST_F(link, an_interface_goes_down_as_its_profile_does)
{
	const struct profile *a;
	uint32_t value;
	pid_t pid;

	self->pid = start_link("");
	ASSERT_EQ(0, chdir(dir));
	pid = start_peer(1, "--profile zephyr discard");
	for (a = profiles; a->name; a++) {
		join_me(a->name);
		run_me();
		ASSERT_EQ(0, handshake_down(&me.hs));
		if (a->down == DOWN_SILENT)
			expect_states(STATE_RUN, STATE_RESET);
		else
			expect_states(STATE_READY, STATE_READY);
		EXPECT_FALSE(handshake_may_send(&me.hs));
		ASSERT_EQ(0, client_read_reg(&me.client, REG_INT_CONTROL,
					     &value));
		EXPECT_EQ(a->down != DOWN_SILENT, value);
		ASSERT_EQ(0, handshake_up(&me.hs));
		run_me();
		EXPECT_EQ(0, me.verdict.total);
		peer_close(&me);
	}
	expect_status(1, 0, stop(pid));
}

/*
 * A peer that breaks one rule, against one that watches: it must see it, name
 * it and say so with its exit status.
 */
static uint16_t *own16(uint32_t offset)
{
	return (uint16_t *)(me.ring.own + offset);
}

static void ring_data(void)
{
	ASSERT_EQ(0, client_ring(&me.client, 1, me.data_vector));
}

static void break_used_len(void)
{
	uint32_t len;

	next_frame(&len);
	ring_rx_done(&me.ring);
	*own16(me.ring.l.used + 8) = 60;
	ring_data();
}

static void break_used_order(void)
{
	uint32_t len;

	next_frame(&len);
	ring_rx_done(&me.ring);
	*own16(me.ring.l.used + 4) = 1;
	ring_data();
}

static void break_desc_flags(void)
{
	ASSERT_TRUE(ring_tx_reserve(&me.ring, 60));
	ring_tx_commit(&me.ring);
	*own16(12) = 2;
	ring_data();
}

static void break_desc_range(void)
{
	ASSERT_TRUE(ring_tx_reserve(&me.ring, 60));
	ring_tx_commit(&me.ring);
	*own16(0) = me.ring.l.data - 64;
	ring_data();
}

static void break_gap(void)
{
	*own16(me.ring.l.used_event + 2) = 1;
	send_frame(ping, sizeof(ping));
}

static void break_doorbell(void)
{
	ASSERT_TRUE(ring_tx_reserve(&me.ring, 60));
	ring_tx_commit(&me.ring);
}

static void break_state(void)
{
	ASSERT_EQ(0, client_write_state(&me.client, 7));
}

static void break_init_early(void)
{
	ASSERT_EQ(0, client_write_state(&me.client, STATE_INIT));
}

static const struct {
	const char *rule;
	void (*how)(void);
	int seconds;		/* until the other one must have found it */
} breaks[] = {
	{ "used-len", break_used_len, 4 },
	{ "used-order", break_used_order, 4 },
	{ "desc-flags", break_desc_flags, 4 },
	{ "desc-range", break_desc_range, 4 },
	{ "gap", break_gap, 4 },
	{ "no-doorbell", break_doorbell, 10 },
	{ "state-value", break_state, 4 },
	{ "init-early", break_init_early, 4 },
};

TEST_F_TIMEOUT(link, a_peer_that_breaks_a_rule_is_found_out, 120)
{
	unsigned int i;
	char key[64];
	pid_t pid;

	self->pid = start_link("");
	ASSERT_EQ(0, chdir(dir));
	for (i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		pid = start_peer(1, "--count 3 --seconds %d --rate 1000 source",
				 breaks[i].seconds);
		join_me("linux");
		run_me();
		usleep(500000);		/* until both sides are idle */
		breaks[i].how();
		expect_status(1, 1, finish(pid));
		snprintf(key, sizeof(key), "\"%s\": ", breaks[i].rule);
		if (!strstr(output(1), key))
			TH_LOG("want %s, have %s", key, output(1));
		EXPECT_TRUE(strstr(output(1), key));
		peer_close(&me);
	}
}

/* Handshake rules that a running peer cannot break. */
TEST_F(link, states_out_of_turn_are_found_out)
{
	pid_t pid;

	self->pid = start_link("");
	ASSERT_EQ(0, chdir(dir));
	pid = start_peer(1, "--wait 10 --seconds 4 hold reset");
	wait_joined("peer1.sock");
	join_me("linux");
	/* RESET was seen; READY would need the other to have left it. */
	while (me.hs.peer != STATE_RESET || me.hs.state != STATE_INIT)
		ASSERT_GE(peer_wait(&me, 10, -1), 0);
	usleep(50000);
	ASSERT_EQ(0, client_write_state(&me.client, STATE_RUN));
	expect_status(1, 1, finish(pid));
	EXPECT_TRUE(strstr(output(1), "ready-early"));
	EXPECT_TRUE(strstr(output(1), "run-early"));
	peer_close(&me);
}

TEST_F(link, a_ready_peer_with_a_used_ring_is_found_out)
{
	pid_t pid;

	self->pid = start_link("");
	ASSERT_EQ(0, chdir(dir));
	pid = start_peer(1, "--wait 10 --seconds 3 hold init");
	join_me("linux");
	me.hs.limit = STATE_INIT;
	while (me.hs.peer != STATE_INIT)
		ASSERT_GE(peer_wait(&me, 10, -1), 0);
	ring_start(&me.ring);
	*own16(me.ring.l.avail + 2) = 5;
	ASSERT_EQ(0, client_write_state(&me.client, STATE_READY));
	expect_status(1, 1, finish(pid));
	EXPECT_TRUE(strstr(output(1), "not-clean"));
	peer_close(&me);
}

/* The client */
TEST_F(link, the_client_sees_the_device_as_it_was_started)
{
	struct client c;
	uint32_t value;

	self->pid = start_link("--vectors 3 --rw-size 8K --output-size 12K --protocol 0x4001");
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, client_join(&c, "peer1.sock", 2));
	EXPECT_EQ(1, c.id);
	EXPECT_EQ(2, c.max_peers);
	EXPECT_EQ(0x4001, c.protocol);
	EXPECT_EQ(3, c.vectors);
	EXPECT_EQ(2, c.irqs);
	EXPECT_EQ(0x1000, c.state_table.size);
	EXPECT_EQ(0x2000, c.rw.size);
	EXPECT_EQ(0x3000, c.output[0].size);
	EXPECT_EQ(0x3000, c.output[0].offset);
	EXPECT_EQ(0x6000, c.output[1].offset);
	ASSERT_EQ(0, client_write_state(&c, 0x12345678));
	EXPECT_EQ(0, client_peer_state(&c, 1, &value));
	EXPECT_EQ(0x12345678, value);
	ASSERT_EQ(0, client_set_interrupts(&c, true));
	ASSERT_EQ(0, client_ring(&c, 1, 1));
	ASSERT_EQ(0, client_read_reg(&c, REG_INT_CONTROL, &value));
	EXPECT_EQ(1, value);
	EXPECT_EQ(0, client_take_irq(&c, 0));
	EXPECT_EQ(1, client_take_irq(&c, 1));
	ASSERT_EQ(0, client_reset(&c));
	ASSERT_EQ(0, client_read_reg(&c, REG_INT_CONTROL, &value));
	EXPECT_EQ(0, value);
	EXPECT_EQ(0, client_peer_state(&c, 1, &value));
	EXPECT_EQ(0, value);
	client_leave(&c);
}

static bool writable(void *p)
{
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile char *)p = 0;
		_exit(0);
	}
	return finish(pid) == 0;
}

TEST_F(link, each_section_is_mapped_with_its_own_protection)
{
	struct client c;

	self->pid = start_link("--rw-size 4K");
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, client_join(&c, "peer1.sock", 2));
	EXPECT_FALSE(writable(c.state_table.map));
	EXPECT_FALSE(writable(c.output[0].map));
	EXPECT_TRUE(writable(c.output[1].map));
	EXPECT_TRUE(writable(c.rw.map));
	client_leave(&c);
}

TEST_F(link, a_strict_link_lets_map_only_what_may_be_written)
{
	struct client c;
	uint32_t value = 5;

	self->pid = start_link("--rw-size 4K --strict");
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, client_join(&c, "peer1.sock", 2));
	EXPECT_EQ(NULL, c.state_table.map);
	EXPECT_EQ(NULL, c.output[0].map);
	EXPECT_NE(NULL, c.output[1].map);
	EXPECT_NE(NULL, c.rw.map);
	ASSERT_EQ(0, client_write_state(&c, 3));
	ASSERT_EQ(0, client_peer_state(&c, 1, &value));
	EXPECT_EQ(3, value);
	/* By message too: what is not mine stays as it is. */
	client_write_shm(&c, c.output[0].offset, "x", 1);
	client_write_shm(&c, c.output[1].offset, "y", 1);
	ASSERT_EQ(0, client_read_shm(&c, c.output[0].offset, &value, 1));
	EXPECT_EQ(0, value & 0xff);
	EXPECT_EQ('y', *(char *)c.output[1].map);
	client_leave(&c);
}

TEST_F(link, a_device_that_lies_is_refused_with_the_value_found)
{
	static const struct { const char *lie, *error; } want[] = {
		{ "vendor=0x1234", "device is 1234:4106" },
		{ "no-cap=1", "no vendor capability" },
		{ "cap-length=0x14", "is 0x14 bytes, want 0x18 or 0x20" },
		{ "state-size=0", "state table is 0x0 bytes" },
		{ "output-size=0x1800", "output section is 0x1800 bytes" },
		{ "output-size=0x800000", "lies outside BAR2" },
		{ "rw-size=0xfffffffffffff000", "lies outside BAR2" },
		{ "max-peers=1", "peer 1 of 1" },
		{ "id=9", "peer 9 of 2" },
	};
	struct client c;
	char options[64];
	unsigned int i;

	ASSERT_EQ(0, chdir(dir));
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		snprintf(options, sizeof(options), "--lie %s", want[i].lie);
		self->pid = start_link(options);
		EXPECT_EQ(-1, client_join(&c, "peer1.sock", 2));
		if (!strstr(c.error, want[i].error))
			TH_LOG("%s: %s", want[i].lie, c.error);
		EXPECT_TRUE(strstr(c.error, want[i].error));
		stop(self->pid);
		unlink("peer1.sock");
	}
	self->pid = 0;
}

TEST_F(link, a_link_that_is_absent_busy_or_dies_ends_a_peer_with_status_3)
{
	pid_t pid;

	run_peer(1, 3, "--wait 0.1 echo");
	EXPECT_TRUE(strstr(output(1), "No such file"));
	self->pid = start_link("");
	pid = start_peer(0, "echo");
	ASSERT_EQ(0, chdir(dir));
	wait_joined("peer0.sock");
	EXPECT_TRUE(strstr(me.client.error, "closed the connection"));
	expect_status(1, 3,
		      finish(spawn("ivshmem-peer", "out1",
				   "--socket peer0.sock --wait 0.1 echo")));
	stop(self->pid);
	self->pid = 0;
	expect_status(0, 3, finish(pid));
	EXPECT_TRUE(strstr(output(0), "closed the connection"));
}

/* A peer with nobody at the other end waits; then the link ends. */
static void end_link(struct link_fixture *self, pid_t waiting)
{
	wait_joined("peer1.sock");
	stop(self->pid);
	self->pid = 0;
	expect_status(1, 3, finish(waiting));
	EXPECT_TRUE(strstr(output(1), "closed the connection"));
	unlink("peer1.sock");
}

TEST_F(link, a_link_that_ends_while_a_peer_waits_is_no_broken_rule)
{
	/* The first stay of restart's seed is one that waits for RUN. */
	static const char * const modes[] = {
		"--count 5 source", "hold run", "flap", "--seed 4 restart",
	};
	unsigned int i;

	ASSERT_EQ(0, chdir(dir));
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		self->pid = start_link("");
		end_link(self, start_peer(1, "%s", modes[i]));
		EXPECT_TRUE(strstr(output(1), "\"broken\": {}"));
		if (th.failed)
			TH_LOG("%s: %s", modes[i], output(1));
	}
}

TEST_F(link, a_link_that_ends_while_an_attack_waits_is_not_held_against_anybody)
{
	ASSERT_EQ(0, chdir(dir));
	self->pid = start_link("");
	end_link(self, spawn("../hostile/ivshmem-attack", "out1",
			     "--socket peer1.sock runt"));
}

TEST_F(link, a_source_that_waits_in_vain_reports_what_was_broken)
{
	self->pid = start_link("");
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, client_join(&me.client, "peer0.sock", 1));
	ASSERT_EQ(0, client_write_state(&me.client, 7));
	run_peer(1, 1, "--wait 0.2 source");
	EXPECT_EQ(1, result(1, "state-value"));
	EXPECT_EQ(1, result(1, "state-wanted"));
	client_leave(&me.client);
}

TEST_F(link, states_are_printed_as_they_change)
{
	pid_t pid;

	self->pid = start_link("--peers 3 --protocol uio");
	ASSERT_EQ(0, chdir(dir));
	pid = start_peer(1, "--count 2 --seconds 10 states");
	while (!strchr(output(1), '\n'))
		usleep(1000);
	ASSERT_EQ(0, client_join(&me.client, "peer0.sock", 1));
	ASSERT_EQ(0, client_write_state(&me.client, 3));
	while (!strstr(output(1), "[3, 0, 0]"))
		usleep(1000);
	client_leave(&me.client);
	expect_status(1, 0, finish(pid));
	EXPECT_TRUE(strstr(strstr(output(1), "[3, 0, 0]"), "[0, 0, 0]"));
}

TEST_F(link, a_dump_holds_all_sections_in_their_order)
{
	char want[0x5000] = "", got[0x5001];
	int fd;

	self->pid = start_link("--rw-size 4K --output-size 4K --strict");
	ASSERT_EQ(0, chdir(dir));
	ASSERT_EQ(0, client_join(&me.client, "peer0.sock", 1));
	ASSERT_EQ(0, client_write_state(&me.client, 2));
	*(char *)me.client.rw.map = 'r';
	*((char *)me.client.output[0].map + 0xfff) = 'o';
	want[0] = 2;
	want[0x1000] = 'r';
	want[0x2fff] = 'o';
	run_peer(1, 0, "dump image");
	fd = open("image", O_RDONLY);
	ASSERT_EQ(0x4000, read(fd, got, sizeof(got)));
	EXPECT_EQ(0, memcmp(want, got, 0x4000));
	close(fd);
	client_leave(&me.client);
}

/* All that peer 1 said */
static void expect_line(const char *has)
{
	const char *text = output(1);

	if (!strstr(text, has))
		TH_LOG("want %s, have %s", has, text);
	EXPECT_TRUE(strstr(text, has));
	ASSERT_TRUE(strchr(text, '\n'));
	EXPECT_STREQ("\n", strchr(text, '\n'));
}

TEST_F(link, wrong_usage_is_one_line_and_status_2)
{
	static const char * const wrong[] = {
		"", "--count", "--count x echo", "--count -1 echo", "nonsense",
		"--profile bsd echo", "--size 39 source", "--size 60-50 source",
		"--size 70000 source", "--ip 1.2.3 echo", "--mac 1:2 echo",
		"hold", "hold up", "tap", "echo echo", "--nonsense echo",
		"--expect up hold run", "--count 1.5 echo",
	};
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run_peer(1, 2, "%s", wrong[i]);
		expect_line("ivshmem-peer: ");
	}
	self->pid = start_link("--output-size 4K");
	run_peer(1, 2, "--size 600 source");
	EXPECT_TRUE(strstr(output(1), "--size is 600, want at most 590"));
}

/* Options, each with what is no value of it */
static void expect_no_values(const char *program, const char *mode,
			     const char * const (*wrong)[2])
{
	char args[256], said[128];

	for (; (*wrong)[0]; wrong++) {
		snprintf(args, sizeof(args), "--socket none.sock --%s %s %s",
			 (*wrong)[0], (*wrong)[1], mode);
		expect_status(1, 2, finish(spawn(program, "out1", args)));
		snprintf(said, sizeof(said), "--%s is '%s', want ", (*wrong)[0],
			 (*wrong)[1]);
		expect_line(said);
	}
}

TEST_F(link, what_is_no_number_is_told_with_what_is_wanted)
{
	static const char * const peer[][2] = {
		{ "count", "10x" }, { "count", "-1" }, { "count", "1e16" },
		{ "recheck", "nan" }, { "seed", "1O" }, { "rate", "inf" },
		{ "seconds", "nan" }, { "wait", "-nan" }, { "wait", "1s" },
		{ "size", "x" }, { "size", "60x" }, { "size", "60-" },
		{ "size", "-60" }, { "size", "60--61" },
		{ "size", "4294967356" }, { "size", "40-4294967356" },
		{ "size", "-18446744073709551556" }, { }
	};
	static const char * const attack[][2] = {
		{ "rounds", "ten" }, { "rounds", "1.5" }, { "round", "-1" },
		{ "slot", "x" }, { "slot", "0x" }, { "dead-slot", "1g" },
		{ "seed", "1O" }, { "seed", "18446744073709551616" },
		{ "seconds", "x" }, { "seconds", "1s" }, { "seconds", "nan" },
		{ "seconds", "inf" }, { "seconds", "-1" }, { }
	};

	expect_no_values("ivshmem-peer", "--wait 0 source", peer);
	expect_no_values("../hostile/ivshmem-attack", "runt", attack);
}

TEST_F(link, a_seed_may_have_all_64_bits)
{
	/* It is told before the target is found to be none. */
	static const char args[] =
		"--socket peer1.sock --target none --seed 18446744073709551615 fuzz";

	self->pid = start_link("");
	expect_status(1, 2, finish(spawn("../hostile/ivshmem-attack", "out1", args)));
	EXPECT_TRUE(strstr(output(1), "seed 18446744073709551615\n"));
}

TEST_HARNESS_MAIN
