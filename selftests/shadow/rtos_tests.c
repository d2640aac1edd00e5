// SPDX-License-Identifier: GPL-2.0
/*
 * ivshmem-rtos against a Linux side that is played here, over a real link: one
 * that keeps the rules, and others that break one each, which has to be noticed.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "../harness.h"
#include "rtos.h"

#define SLOT		0x10005
#define PID		4711
#define NR_WRITE	1
#define NR_GETPID	39
#define AGAIN_MS	1	/* rings again for what the RTOS has not taken */

/* What the played Linux does wrong */
enum fault {
	FAULT_NONE, FAULT_TWICE, FAULT_LOST, FAULT_UNKNOWN, FAULT_STALE, FAULT_LENGTH,
	FAULT_VALUE, FAULT_ONE_BELL, FAULT_EARLY, FAULT_SIGNAL, FAULT_NOTHING,
};

static char here[PATH_MAX], dir[64], socket0[80], socket1[80];

/* --- the played Linux ----------------------------------------------------- */

struct linux_side {
	struct rtos r;		/* the handshake and the rings are the same */
	enum fault fault;
	unsigned int requests;
	uint64_t tcb;		/* of the first request */
};

static void send_words(struct linux_side *l, uint64_t value, uint64_t tcb, uint32_t len, bool bell)
{
	struct reply reply = { value, tcb };
	void *buf;

	ring_tx_reclaim(&l->r.ring);
	buf = ring_tx_reserve(&l->r.ring, len);
	if (!buf)
		_exit(98);
	memcpy(buf, &reply, len);
	ring_tx_commit(&l->r.ring);
	if (bell)
		link_ring(&l->r.link, VECTOR_MESSAGE);
}

/* A write is checked to the last byte, as a proxy would see it. */
static uint64_t execute(struct linux_side *l, const struct request *q)
{
	const char *text = (char *)l->r.link.rw + (q->argument[1] - GUEST_BASE);

	if (q->slot != SLOT)
		return -ESRCH;
	if (q->number == NR_WRITE)
		return memcmp(text, "hello\n", q->argument[2]) ? (uint64_t)-EIO : q->argument[2];
	return q->number == NR_GETPID ? PID : (uint64_t)-ENOSYS;
}

static void answer(struct linux_side *l, const struct request *q)
{
	uint64_t value = execute(l, q);
	unsigned int n = l->requests++;

	if (!n)
		l->tcb = q->tcb;
	if (n == 5 && l->fault == FAULT_LOST)
		return;
	if (n == 5 && l->fault == FAULT_UNKNOWN)
		send_words(l, 0, q->tcb ^ 0xff00, sizeof(struct reply), true);
	if (n == 5 && l->fault == FAULT_SIGNAL)
		send_words(l, SIGUSR1, SIGNAL_BIT | PID, sizeof(struct reply), true);
	if (n == 5 && l->fault == FAULT_NOTHING)
		send_words(l, 123, 0, sizeof(struct reply), true);
	if (n == 5 && l->fault == FAULT_VALUE)
		value++;
	send_words(l, value, q->tcb,
		   n == 5 && l->fault == FAULT_LENGTH ? 14 : sizeof(struct reply),
		   l->fault != FAULT_ONE_BELL || !(n % 2));
	if (n == 5 && l->fault == FAULT_TWICE)
		send_words(l, value, q->tcb, sizeof(struct reply), true);
}

static void take_requests(struct linux_side *l)
{
	const struct request *q;
	uint32_t len;

	/* Room for a reply comes first. */
	while (ring_tx_reserve(&l->r.ring, 2 * sizeof(struct reply)) &&
	       (q = ring_rx_peek(&l->r.ring, &len))) {
		struct request copy = *q;

		if (len != sizeof(copy))
			_exit(97);
		ring_rx_done(&l->r.ring);
		answer(l, &copy);
	}
}

/* Until it is killed. */
static void play_linux(enum fault fault)
{
	struct linux_side *l = calloc(1, sizeof(*l));
	uint64_t runs = 0;
	int fired;

	l->fault = fault;
	rtos_init(&l->r, 1);
	if (link_open_socket(&l->r.link, socket0, 5) || rtos_start(&l->r))
		_exit(99);
	for (;;) {
		fired = link_wait(&l->r.link, AGAIN_MS);
		if (fired < 0 || ((fired & FIRED_STATE) && rtos_look(&l->r)))
			_exit(0);
		if (fault == FAULT_EARLY && l->r.peer_state < STATE_READY)
			link_ring(&l->r.link, VECTOR_MESSAGE);
		if (l->r.running && runs != l->r.runs) {
			runs = l->r.runs;
			if (runs > 1 && l->tcb && fault == FAULT_STALE)
				send_words(l, PID, l->tcb, sizeof(struct reply), true);
		}
		/* Before RUN, the RTOS's section may be that of its former life. */
		if (l->r.state != STATE_RUN)
			continue;
		ring_tx_reclaim(&l->r.ring);
		take_requests(l);
		if (l->r.running && fault != FAULT_ONE_BELL && ring_tx_outstanding(&l->r.ring))
			link_ring(&l->r.link, VECTOR_MESSAGE);
	}
}

/* --- running programs ----------------------------------------------------- */

static pid_t start(const char *program, const char *in, const char *out, const char *args)
{
	char path[PATH_MAX + 64], line[1024], *argv[40], *save;
	pid_t pid = fork();
	int n = 0, fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "%s%s%s", *program == '/' ? "" : here,
		 *program == '/' ? "" : "/", program);
	snprintf(line, sizeof(line), "%s", args);
	argv[n++] = path;
	for (argv[n] = strtok_r(line, " ", &save); argv[n]; argv[n] = strtok_r(NULL, " ", &save))
		n++;
	if (chdir(dir))
		_exit(126);
	fd = open(in, O_RDONLY);
	dup2(fd, 0);
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
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* What a program wrote; the last call's only. */
static char *output(const char *name)
{
	static char text[65536];
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

static void script(const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/script", dir);
	f = fopen(path, "w");
	ASSERT_NE(NULL, f);
	fputs(text, f);
	fclose(f);
}

FIXTURE(link) {
	pid_t device, side;
};

FIXTURE_SETUP(link)
{
	char args[256];
	int i;

	readlink("/proc/self/exe", here, sizeof(here) - 1);
	dirname(here);
	strcpy(dir, "/tmp/rtos-tests-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(socket0, sizeof(socket0), "%s/peer0.sock", dir);
	snprintf(socket1, sizeof(socket1), "%s/peer1.sock", dir);
	snprintf(args, sizeof(args),
		 "--dir %s --protocol shadow --rw-size 1M --output-size 16K", dir);
	self->device = start(getenv("IVSHMEM_LINK"), "/dev/null", "device.log", args);
	for (i = 0; i < 500 && access(socket1, F_OK); i++)
		usleep(10000);
	ASSERT_EQ(0, access(socket1, F_OK));
}

FIXTURE_TEARDOWN(link)
{
	char command[128];

	if (self->side)
		kill(self->side, SIGKILL);
	kill(self->device, SIGKILL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (*dir)
		EXPECT_EQ(0, system(command));
}

static void be_linux(pid_t *pid, enum fault fault)
{
	*pid = fork();
	if (*pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	play_linux(fault);
}

/* Runs ivshmem-rtos on the socket; its exit status. Output is in "rtos". */
static __attribute__((format(printf, 1, 2))) int rtos(const char *fmt, ...)
{
	char args[512];
	va_list ap;
	int n = snprintf(args, sizeof(args), "--socket %s --slot 0x%x ", socket1, SLOT);

	va_start(ap, fmt);
	vsnprintf(args + n, sizeof(args) - n, fmt, ap);
	va_end(ap);
	return finish(start("ivshmem-rtos", "script", "rtos", args));
}

/* It is satisfied with Linux; otherwise its output tells why. */
#define GOOD(...) do {							\
	int good = rtos(__VA_ARGS__);					\
									\
	EXPECT_EQ(0, good);						\
	if (good)							\
		TH_LOG("%s", output("rtos"));				\
} while (0)

static void says(const char *text)
{
	const char *out = output("rtos");

	if (!strstr(out, text)) {
		TH_LOG("no \"%s\" in: %s", text, out);
		th.failed = true;
	}
}

/* --- a Linux that keeps the rules ------------------------------------------ */

TEST_F(link, ping_counts_one_reply_for_each_request)
{
	be_linux(&self->side, FAULT_NONE);
	GOOD("--count 200 --warm-up 10 --json ping");
	says("\"count\": 200,");
	says("\"requests\": 210, \"replies\": 210,");
	says("\"broken\": {}");
}

TEST_F(link, load_has_as_many_in_flight_as_the_ring_holds_and_loses_none)
{
	be_linux(&self->side, FAULT_NONE);
	GOOD("--count 5000 --threads 100 --json load");
	says("\"requests\": 5000, \"replies\": 5000,");
	GOOD("--count 5000 --threads 8 --in-flight 4 --drain --json load");
	says("\"requests\": 5000, \"replies\": 5000,");
}

TEST_F(link, one_message_is_taken_per_interrupt)
{
	be_linux(&self->side, FAULT_NONE);
	GOOD("--count 1000 --threads 8 load");
	/* A few more of the handshake and of doorbells that found nothing. */
	EXPECT_GE(strtod(strstr(output("rtos"), "interrupts_per_request") + 23, NULL), 1.0);
}

TEST_F(link, script_passes_memory_and_values)
{
	be_linux(&self->side, FAULT_NONE);
	script("# a comment\n"
	       "write 3 \"hello\\n\" -> n\n"
	       "write 3 \"hello\\n\" 5 -> 5\n"
	       "write 3 \"jello\\n\" -> -EIO\n"
	       "getpid -> me\n"
	       "set same $me+0\n"
	       "getpid -> $same\n"
	       "39 -> $me\n"
	       "read 0 0 0 -> -ENOSYS\n"
	       "buffer b 16\n"
	       "put $b+8 u32 0x01020304\n"
	       "get $b+9 u8 -> 3\n"
	       "put $b \"abc\"\n"
	       "expect $b \"abc\\0\"\n"
	       "start later getpid\n"
	       "getpid\n"
	       "wait later -> $me\n"
	       "slot other 7\n"
	       "getpid -> -ESRCH\n"
	       "slot 0x12340000|0x10005\n"
	       "slot $other\n"
	       "reset\n"
	       "slot 0x47110000<<32|0x10005\n"
	       "getpid -> 4711\n");
	GOOD("script script");
	says("getpid = 4711\n");
	says("write = -EIO\n");
	/* The same through a pipe */
	GOOD("script -");
}

TEST_F(link, signals_are_told_and_messages_of_nothing_are_ignored)
{
	be_linux(&self->side, FAULT_SIGNAL);
	script("getpid\ngetpid\ngetpid\ngetpid\ngetpid\ngetpid\n"
	       "signal -> SIGUSR1\nset p $pid\necho done\n");
	GOOD("script script");
	says("signal = 10\n");
	kill(self->side, SIGKILL);
	finish(self->side);
	be_linux(&self->side, FAULT_NOTHING);
	GOOD("--count 20 --json ping");
	says("\"signals\": 0,");
}

TEST_F_TIMEOUT(link, restarts_at_random_points_lose_and_double_nothing, 120)
{
	be_linux(&self->side, FAULT_NONE);
	GOOD("--times 40 --seed 7 --threads 16 --json restart");
	says("\"resets\": 40,");
	says("\"broken\": {}");
}

TEST_F(link, priority_is_at_the_end_of_the_output_section)
{
	struct rtos r;

	rtos_init(&r, 1);
	ASSERT_EQ(0, link_open_socket(&r.link, socket1, 5));
	ASSERT_EQ(0, rtos_start(&r));
	rtos_switch(&r, 77);
	EXPECT_EQ(77, *(uint64_t *)(r.link.own + 0x3000));
	EXPECT_EQ(0x3000, r.ring.l.size);
	EXPECT_EQ(512, r.ring.l.avail);
	EXPECT_EQ(640, r.ring.l.used);
	EXPECT_EQ(1792, r.ring.l.data);
	rtos_stop(&r);
}

/* --- a Linux that breaks one ---------------------------------------------- */

#define NOTICES(name, fault, args, rule)				\
	TEST_F(link, name)						\
	{								\
		be_linux(&self->side, fault);				\
		EXPECT_EQ(1, rtos("--timeout 10000 --json " args));	\
		says(rule);						\
	}

NOTICES(a_second_reply_is_noticed, FAULT_TWICE, "--count 20 ping", "\"reply-twice\": 1}")
NOTICES(a_second_reply_to_the_last_request_is_noticed, FAULT_TWICE,
	"--linger 5000 --warm-up 0 --count 6 ping", "\"reply-twice\": 1}")
NOTICES(a_lost_reply_is_noticed, FAULT_LOST, "--count 20 ping", "\"reply-lost\": 1}")
NOTICES(a_lost_reply_among_others_is_noticed, FAULT_LOST, "--count 50 load", "\"reply-lost\": 1}")
NOTICES(a_reply_to_nothing_is_noticed, FAULT_UNKNOWN, "--count 20 ping", "\"reply-unknown\": 1}")
NOTICES(a_reply_after_reset_is_noticed, FAULT_STALE, "--times 3 restart", "\"reply-stale\": ")
NOTICES(a_message_of_another_length_is_noticed, FAULT_LENGTH, "--count 20 ping",
	"\"reply-length\": 1, ")
NOTICES(another_value_is_noticed, FAULT_VALUE, "--warm-up 1 --count 20 ping", "want 4711")
NOTICES(a_doorbell_that_is_left_out_loses_a_reply, FAULT_ONE_BELL, "--warm-up 0 --count 2 ping",
	"\"reply-lost\": 1}")

TEST_F(link, a_doorbell_before_ready_is_noticed)
{
	be_linux(&self->side, FAULT_EARLY);
	EXPECT_EQ(1, rtos("--seconds 5 --hold init --json idle"));
	says("\"doorbell-early\": ");
}

TEST_F(link, a_script_fails_at_the_line_that_is_not_as_expected)
{
	static const char * const wrong[][2] = {
		{ "getpid\ngetpid -> 5\n", "script:2: getpid is 4711, want 5" },
		{ "write 3 \"no\" -> n\n", "script:1: write is -EIO, want no error" },
		{ "nonsense 3\n", "script:1: there is no command or system call nonsense" },
		{ "getpid -> $x\n", "script:1: there is no variable $x" },
		{ "write 1 \"abc\n", "script:1: a string does not end" },
		{ "buffer b 8\nexpect $b \"x\"\n", "script:2: memory at" },
		{ "put 0x99 u8 1\n", "script:1: 0x1 bytes at 0x99 are not in the R/W section" },
		{ "start a getpid\n", "a was started and never waited for" },
		{ "getpid -> reset\n", "script:1:" },
		{ "getpid\ngetpid -> 5", "script:2: getpid is 4711, want 5" },
	};
	unsigned int i;

	be_linux(&self->side, FAULT_NONE);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		script(wrong[i][0]);
		EXPECT_EQ(1, rtos("script script"));
		says(wrong[i][1]);
	}
}

TEST_F(link, a_link_that_nobody_answers_is_told)
{
	EXPECT_EQ(1, rtos("--wait 0.3 --count 1 ping"));
	says("this side is in INIT, the peer in RESET");
}

TEST_F(link, wrong_usage_is_status_2)
{
	EXPECT_EQ(2, rtos("nonsense"));
	EXPECT_EQ(2, rtos("--slot x ping"));
	EXPECT_EQ(2, rtos("--uio /dev/uio0 ping"));
	EXPECT_EQ(2, rtos("--count -1 ping"));
	EXPECT_EQ(2, rtos("ping ping"));
	EXPECT_EQ(2, rtos("script"));
	EXPECT_EQ(2, rtos("--nonsense ping"));
	GOOD("--help");
	says("Usage: ivshmem-rtos");
	GOOD("--version");
}

TEST_HARNESS_MAIN
