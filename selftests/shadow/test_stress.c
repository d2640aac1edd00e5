// SPDX-License-Identifier: GPL-2.0
/*
 * Many proxies, an RTOS that restarts, processes that die anywhere: nothing lost,
 * nothing answered twice, nothing left behind
 *
 * REPLIES and PROCESSES in the environment say how many there have to be, and SEED
 * has the same drawn again; what it meets is up to who runs when.
 */
#include <pthread.h>
#include <sys/prctl.h>

#include "polled.h"

#define PROXIES		16
#define IN_FLIGHT	4
#define EPOCH_SHIFT	40

#define ODD		0x9e3779b97f4a7c15

static uint64_t seed;

static uint64_t any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static unsigned int setting(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* What the RTOS waits for: a tcb is epoch << EPOCH_SHIFT | number. */
#define MAX_REQUESTS	0x100000

static struct {
	struct rtos r;
	uint64_t epoch, number, first;	/* numbers of this epoch start at first */
	uint8_t *answered;		/* by number: how often */
	unsigned int outstanding;
	uint64_t replies, errors, resets;
} rtos;

static uint64_t expected(uint64_t tcb)
{
	return tcb * 2654435761 + 1;
}

static bool ask(uint64_t slot)
{
	uint64_t tcb = rtos.epoch << EPOCH_SHIFT | rtos.number;

	ASSERT_LT(rtos.number, MAX_REQUESTS);
	if ((uint16_t)(rtos.r.sent - index_at(rtos.r.in, USED)) == QLEN)
		return false;
	rtos.number++;
	rtos.outstanding++;
	rtos_request(&rtos.r, slot, tcb, tcb);
	return true;
}

/* Takes one reply, if there is one: the first to a request of this epoch. */
static bool take_reply(bool shared, uint64_t *number)
{
	uint64_t value, tcb;

	if (!rtos_waiting(&rtos.r))
		return false;
	rtos_take(&rtos.r, &value, &tcb);
	*number = tcb & ((1ULL << EPOCH_SHIFT) - 1);
	ASSERT_EQ(rtos.epoch, tcb >> EPOCH_SHIFT);
	ASSERT_GE(*number, rtos.first);
	ASSERT_LT(*number, rtos.number);
	ASSERT_EQ(1, ++rtos.answered[*number]);
	if ((int64_t)value == -ESRCH || (int64_t)value == -EAGAIN)
		rtos.errors++;
	/* Processes that share a slot answer for each other. */
	if (!shared)
		ASSERT_EQ(expected(tcb), value);
	rtos.outstanding--;
	rtos.replies++;
	return true;
}

static void restart(void)
{
	rtos_up(&rtos.r);
	rtos.epoch++;
	rtos.first = rtos.number;
	rtos.outstanding = 0;
	rtos.resets++;
}

static void begin(void)
{
	unsigned int number = setting("SEED", now_ms() ^ (uint64_t)getpid() << 16);

	TH_LOG("SEED=%u", number);
	seed = (number + 1ULL) * ODD;
	rtos.answered = calloc(MAX_REQUESTS, 1);
	rtos_open(&rtos.r);
	restart();
}

static void finish(bool shared)
{
	uint64_t end = now_ms() + 60000, number;

	while (rtos.outstanding && now_ms() < end)
		if (!take_reply(shared, &number))
			usleep(100);
	EXPECT_EQ(0, rtos.outstanding);
	EXPECT_FALSE(UNTIL(rtos_waiting(&rtos.r), 200));
	TH_LOG("%llu replies, %llu of them errors, %llu restarts",
	       (unsigned long long)rtos.replies, (unsigned long long)rtos.errors,
	       (unsigned long long)rtos.resets);
	rtos_state(&rtos.r, RESET);
}

/*
 * Nothing lost
 */

static volatile bool stop;

static void *serve(void *arg)
{
	uint64_t word[10], value;
	int fd = *(int *)arg;

	while (!stop) {
		if (!(polled(fd, 100) & POLLIN))
			continue;
		if (read(fd, word, sizeof(word)) != 72)
			continue;
		value = expected(word[7]);
		if (write(fd, &value, sizeof(value)) != 8)
			return "a write failed";
	}
	return NULL;
}

TEST_TIMEOUT(sixteen_proxies_with_four_requests_each_lose_nothing_over_restarts, 600)
{
	uint64_t slot[PROXIES], number, next, i;
	unsigned int replies = setting("REPLIES", 3000);
	unsigned int out[PROXIES] = { 0 };
	static uint8_t whose[MAX_REQUESTS];
	pthread_t thread[PROXIES];
	int fd[PROXIES];
	void *error;

	begin();
	for (i = 0; i < PROXIES; i++) {
		fd[i] = proxy(0);
		slot[i] = slot_of(fd[i]);
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, serve, &fd[i]));
	}
	next = now_ms() + 300;
	while (rtos.replies < replies || rtos.resets < 5) {
		for (i = 0; i < PROXIES; i++) {
			whose[rtos.number] = i;
			if (out[i] < IN_FLIGHT && ask(slot[i]))
				out[i]++;
		}
		while (take_reply(false, &number))
			out[whose[number]]--;
		if (now_ms() >= next) {
			restart();
			memset(out, 0, sizeof(out));
			next = now_ms() + 100 + any(900);
		}
		usleep(100);
	}
	finish(false);
	stop = true;
	for (i = 0; i < PROXIES; i++) {
		pthread_join(thread[i], &error);
		EXPECT_EQ(NULL, error);
	}
}

/*
 * Nothing left behind
 */

#define SLOTS	8

static uint64_t *recent;	/* shared: slots that were opened lately */

static void act(int *fd, unsigned int fds)
{
	uint64_t word[10], value;
	int *one = &fd[any(fds)];
	void *map;

	switch (any(10)) {
	case 0:
		*one = open(NODE, O_RDWR | O_NONBLOCK);
		if (*one >= 0 && !ioctl(*one, GET_SLOT, &value))
			recent[any(SLOTS)] = value;
		break;
	case 1:
		close(*one);
		break;
	case 2:
		*one = dup(*one);
		break;
	case 3:
		map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, *one, 0);
		if (map != MAP_FAILED)
			*(volatile char *)map = 1;
		break;
	case 4:
		usleep(any(3000));
		break;
	default:
		polled(*one, any(20));
		if (read(*one, word, sizeof(word)) == 72) {
			value = expected(word[7]);
			if (write(*one, &value, sizeof(value)) == 8)
				sched_yield();
		}
	}
}

/* A proxy that does anything and ends anywhere; its children go on like it. */
static pid_t wild(void)
{
	int fd[4] = { -1, -1, -1, -1 };
	unsigned int i, generation = 0;
	uint64_t fresh = any(-1ULL);
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Not what its parent draws next */
	seed = fresh * ODD;
	for (i = any(60) + 10; i; i--) {
		act(fd, 4);
		if (generation < 2 && !any(40) && !fork()) {
			generation++;
			seed *= ODD;
		}
	}
	if (any(2))
		raise(SIGKILL);
	_exit(0);
}

static uint64_t open_files(void)
{
	return attribute("/proc/sys/fs/file-nr");
}

static void end_processes(pid_t *pid, unsigned int n)
{
	while (n--) {
		kill(pid[n], SIGKILL);
		waitpid(pid[n], NULL, 0);
	}
	/* Grandchildren come to us. */
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Restarts come by the clock, so on a slow machine more of what is asked gets lost in them. */
static bool enough(unsigned int count)
{
	return rtos.resets > 3 && rtos.errors && rtos.replies > rtos.errors + count / 20;
}

TEST_TIMEOUT(processes_that_fork_and_die_anywhere_leave_nothing_behind, 1200)
{
	unsigned int count = setting("PROCESSES", 1000), alive = 0, i;
	uint64_t used, files, references, number, next, end;
	pid_t pid[8] = { 0 };

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	recent = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begin();
	used = attribute(CLASS "slots_used");
	files = open_files();
	references = attribute("/sys/module/ivshmem_shadow/refcnt");
	next = now_ms() + 200;
	end = now_ms() + 240000;
	for (i = 0; i < count || (!enough(count) && now_ms() < end); ) {
		if (alive < 8) {
			pid[alive] = wild();
			ASSERT_GE(pid[alive], 0);
			alive++;
			i++;
		} else if (any(2)) {
			end_processes(pid, alive);
			alive = 0;
		}
		for (number = any(20); number; number--)
			if (!ask(recent[any(SLOTS)]))
				break;
		while (take_reply(true, &number))
			;
		if (now_ms() >= next) {
			restart();
			next = now_ms() + 100 + any(900);
		}
		usleep(any(500));
	}
	end_processes(pid, alive);
	finish(true);
	EXPECT_TRUE(UNTIL(attribute("/sys/module/ivshmem_shadow/refcnt") == references, 10000));
	EXPECT_EQ(used, attribute(CLASS "slots_used"));
	/* The kernel counts per CPU, and frees late. */
	EXPECT_TRUE(UNTIL(open_files() <= files + 64, 20000));
	EXPECT_GT(rtos.resets, 3);
	EXPECT_GT(rtos.errors, 0);
	EXPECT_GT(rtos.replies, rtos.errors + count / 20);
}

/*
 * The device goes and comes
 */

static void bind_device(const char *file)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, "ivshmem0", 8) != 8)
		TH_LOG("%s: %s", file, strerror(errno));
	close(fd);
}

static void read_attributes(void)
{
	static const char * const names[] = { "slots_used", "event", "name", "counters/requests",
					      "counters/resets", "uevent", "dev" };
	char path[100], text[100];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; ; i++) {
		int fd;

		snprintf(path, sizeof(path), CLASS "%s", names[i % 7]);
		fd = open(path, O_RDONLY);
		if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
			usleep(1);
		close(fd);
	}
}

TEST_TIMEOUT(a_device_that_goes_and_comes_under_proxies_leaves_nothing_behind, 600)
{
	unsigned int rounds = setting("BINDS", 20), i, alive;
	uint64_t references, number;
	pid_t pid[8], reader;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	recent = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begin();
	references = attribute("/sys/module/ivshmem_shadow/refcnt");
	reader = fork();
	if (!reader)
		read_attributes();
	for (i = 0; i < rounds; i++) {
		for (alive = 0; alive < 8; alive++)
			pid[alive] = wild();
		for (number = 0; number < any(30); number++)
			if (!ask(recent[any(SLOTS)]))
				break;
		usleep(any(30000));
		bind_device("/sys/bus/ivshmem/drivers/shadow/unbind");
		bind_device("/sys/bus/ivshmem/drivers/shadow/bind");
		ASSERT_TRUE(UNTIL(!access(NODE, R_OK), 20000));
		restart();
		while (alive--) {
			if (any(2))
				kill(pid[alive], SIGKILL);
			waitpid(pid[alive], NULL, 0);
		}
	}
	end_processes(&reader, 1);
	EXPECT_TRUE(UNTIL(attribute("/sys/module/ivshmem_shadow/refcnt") == references, 10000));
	EXPECT_EQ(0, attribute(CLASS "slots_used"));
	rtos_state(&rtos.r, RESET);
}

TEST_HARNESS_MAIN
