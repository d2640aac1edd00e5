// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's process
 *
 * When it dies, first all that it had said is heard: register accesses until the
 * channel's end, replies until each connection's. Only then what is left counts
 * as undone. The clocks that it had enabled are dropped, the line rewinds, a new
 * process starts, opens and sets what the old one had, and gets the requests that
 * were not answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "fd.h"
#include "listen.h"
#include "supervise.h"

#define USER		0	/* of the clock: there is one driver */
#define START_NS	10000000000ull
#define END_S		5
#define DELAY_NS	100000000ull	/* the first one; each is twice the one before */
#define DOUBLINGS	9		/* 51.2 s */

static void replay(void);

/*
 * Registers and clocks
 */

static int64_t do_message(const struct channel_message *m)
{
	switch (m->op) {
	case CHANNEL_READ:
		return pl010_read(&s.uart, m->a, m->width);
	case CHANNEL_WRITE:
		if (m->a == PL010_DR)
			stream_written(m->value);
		pl010_write(&s.uart, m->a, m->width, m->value);
		return 0;
	case CHANNEL_CLOCK_GET:
		return clock_get(&s.clock, USER, true);
	case CHANNEL_CLOCK_PUT:
		return clock_get(&s.clock, USER, false);
	case CHANNEL_CLOCK_PREPARE:
		return clock_prepare(&s.clock, USER, m->value);
	case CHANNEL_CLOCK_ENABLE:
		return clock_enable(&s.clock, USER, m->value);
	case CHANNEL_CLOCK_RATE:
		return s.clock.rate;
	default:
		return -EOPNOTSUPP;
	}
}

static void ready(int irq)
{
	uint64_t took;

	s.ready = true;
	s.worked = true;
	s.ready_at = now_ns();
	s.irq = irq;
	replay();
	if (s.died_at && s.up) {
		took = now_ns() - s.died_at;
		s.restart_ns += took;
		s.restart_max_ns = took > s.restart_max_ns ? took : s.restart_max_ns;
		s.restarts++;
		s.died_at = 0;
	}
}

/*
 * Register accesses raise no interrupt through the eventfd: the reply tells the
 * level. Return: whether there was a message.
 */
static bool serve_one(void)
{
	struct channel_reply reply = { 0 };
	struct channel_message m;
	struct iovec iov = { &m, sizeof(m) };
	int fd, irq = s.irq;
	ssize_t size = fd_receive(s.channel, &iov, 1, &fd, MSG_DONTWAIT);

	if (fd >= 0 && (size != sizeof(m) || m.op != CHANNEL_READY || s.ready)) {
		close(fd);
		fd = -1;
	}
	if (!size)
		closed_by_driver(&s.channel);
	if (size != sizeof(m))
		return false;
	s.irq = -1;
	reply.value = do_message(&m);
	reply.level = s.uart.level;
	s.irq = irq;
	send(s.channel, &reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (m.op == CHANNEL_READY && !s.ready)
		ready(fd);
	else if (m.op == CHANNEL_READY)
		driver_kill("is ready once more");
	return true;
}

void channel_serve(void)
{
	serve_one();
}

/*
 * Start and end
 */

static _Noreturn void become_driver(const int *handles)
{
	int i, spare[HANDLES], null = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	for (i = HANDLE_LISTENER; i < HANDLES; i++)
		spare[i] = fcntl(handles[i], F_DUPFD, HANDLES);
	for (i = HANDLE_LISTENER; i < HANDLES; i++)
		dup2(spare[i], i);
	syscall(SYS_close_range, HANDLES, ~0u, 0);
	execv(s.command[0], s.command);
	fprintf(stderr, "hosted-supervise: %s: %s\n", s.command[0], strerror(errno));
	_exit(127);
}

int driver_start(void)
{
	int pair[2], handles[HANDLES];
	pid_t pid;

	/* This driver's alone: what it does to it, or leaves there, reaches no other. */
	unlink(s.driver_path);
	handles[HANDLE_LISTENER] = listen_at(s.driver_path, 64);
	if (handles[HANDLE_LISTENER] < 0)
		return handles[HANDLE_LISTENER];
	s.up = false;
	s.ready = false;
	s.killed = false;
	s.closed = false;
	s.start_at = 0;
	s.connect_at = 0;
	s.ready_at = 0;
	s.started_at = now_ns();
	s.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s.stop < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	handles[HANDLE_CHANNEL] = pair[1];
	handles[HANDLE_STOP] = s.stop;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		become_driver(handles);
	s.pid = pid;
	close(handles[HANDLE_LISTENER]);
	close(pair[1]);
	s.channel = pair[0];
	s.pidfd = syscall(SYS_pidfd_open, s.pid, 0);
	ping_in(START_NS);
	return s.pidfd < 0 ? -errno : 0;
}

void driver_kill(const char *why)
{
	if (s.killed)
		return;
	s.killed = true;
	fprintf(stderr, "hosted-supervise: driver %d %s, killing it\n", s.pid, why);
	s.hangs++;
	kill(s.pid, SIGKILL);
	ping_in(START_NS);
}

/*
 * Who was killed from outside may try as often as that happens. Others that fail soon,
 * one after the other, would only do that, and what makes them fail may be a request.
 * Return: how long to wait for the next.
 */
static uint64_t delay_after(int status)
{
	unsigned int more;

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !s.killed)
		return 0;
	if (s.ready_at && now_ns() - s.ready_at >= s.soon_ns)
		s.failures = 0;
	if (++s.failures <= s.most_failures)
		return 0;
	more = s.failures - s.most_failures - 1;
	return DELAY_NS << (more < DOUBLINGS ? more : DOUBLINGS);
}

void driver_restart(void)
{
	int err = driver_start();

	if (!err)
		return;
	fprintf(stderr, "hosted-supervise: starting the driver: %s\n", strerror(-err));
	s.broken = true;
}

static void start_after(uint64_t delay)
{
	if (!delay) {
		driver_restart();
	} else if (!s.worked) {
		fprintf(stderr, "hosted-supervise: %u drivers in a row did not start\n",
			s.failures);
		s.broken = true;
	} else {
		fprintf(stderr, "hosted-supervise: %u drivers in a row failed, next in %llu ms\n",
			s.failures, (unsigned long long)delay / 1000000);
		s.start_at = now_ns() + delay;
		forward_all();
	}
}

/* Returns its status. */
static int forget_process(void)
{
	struct client *client;
	int status = 0;

	waitpid(s.pid, &status, 0);
	if (s.verbose && WIFSIGNALED(status))
		fprintf(stderr, "hosted-supervise: driver %d: %s\n", s.pid,
			strsignal(WTERMSIG(status)));
	close(s.pidfd);
	close(s.channel);
	close(s.stop);
	if (s.irq >= 0)
		close(s.irq);
	s.irq = -1;
	s.channel = -1;
	s.pidfd = -1;
	s.pid = 0;
	for (client = s.clients; client; client = client->next) {
		if (client->up >= 0)
			close(client->up);
		client->up = -1;
		client->blocked = false;
	}
	if (s.probe.up >= 0)
		close(s.probe.up);
	s.probe.up = -1;
	s.probe_id = 0;
	return status;
}

/*
 * What waits for a change gets to look again: it may have missed one. What was cancelled
 * ends: the next driver would not know of that. A close that was cancelled only waits no
 * longer, and nobody would close the port but it.
 */
static void requeue(struct pending *p)
{
	if (p->request.op == SERIAL_WAIT_COUNTERS || p->request.op == SERIAL_WAIT_BREAK) {
		p->request.op = SERIAL_COUNTERS;
		p->request.length = 0;
	}
	p->sent = false;
	if (p->cancelled && p->request.op != SERIAL_CLOSE)
		client_answer(p, -EINTR, NULL);
}

static void hear_all(void)
{
	struct client *client;

	while (serve_one())
		;
	for (client = s.clients; client; client = client->next)
		replies_from(client, UINT_MAX);
}

void driver_died(void)
{
	struct pending *p, *next;
	int status;

	s.deaths++;
	if (!s.died_at)
		s.died_at = now_ns();
	s.up = false;
	hear_all();
	status = forget_process();
	clock_drop(&s.clock, USER);
	line_died();
	stream_died();
	for (p = s.pending; p; p = next) {
		next = p->next;
		requeue(p);
	}
	start_after(delay_after(status));
}

void driver_end(void)
{
	uint64_t one = 1, limit = now_ns() + END_S * 1000000000ull;
	struct pollfd fds[2] = { { .fd = s.pidfd, .events = POLLIN }, { .events = POLLIN } };

	if (!s.pid)
		return;
	/* The driver may have filled it. */
	if (write(s.stop, &one, sizeof(one)) < 0)
		kill(s.pid, SIGKILL);
	while (!fds[0].revents && now_ns() < limit) {
		fds[1].fd = s.channel;
		poll(fds, 2, 100);
		channel_serve();
		line_run();
	}
	if (!fds[0].revents) {
		fprintf(stderr,
			"hosted-supervise: driver %d did not end within %d s, %zu characters unsent\n",
			s.pid, END_S, stream_length());
		kill(s.pid, SIGKILL);
		/* It had no time to. */
		clock_drop(&s.clock, USER);
	}
	waitpid(s.pid, NULL, 0);
}

/*
 * What a new driver is told
 */

/* Waits for nothing: nor does what is sent there. */
int connect_up(struct client *client)
{
	client->up = client_try_connect(s.driver_path);
	return client->up < 0 ? client->up : 0;
}

/* Ask and wait, with an eye on the registers that this needs. */
static int ask(int fd, enum serial_op op, kit_u32 arg, const void *data, size_t length)
{
	struct pollfd fds[3] = { { .fd = fd, .events = POLLIN },
				 { .fd = s.channel, .events = POLLIN },
				 { .fd = s.pidfd, .events = POLLIN } };
	int id = client_send(fd, op, arg, SERIAL_FOREVER, data, length), got = 0;
	uint64_t limit = s.started_at + START_NS;
	struct serial_reply reply;

	while (id >= 0 && !s.closed && !fds[2].revents && now_ns() < limit) {
		poll(fds, 3, 1000);
		serve_one();
		got = client_receive(fd, &reply, false);
		if (got > 0 && reply.id == (kit_u32)id)
			return reply.status;
		if (got < 0)
			break;
	}
	return -ECONNRESET;
}

/* By whoever has the port open; its settings are the port's. */
static int replay_settings(int fd)
{
	const struct settings *set = &s.settings;
	kit_u32 modem = set->modem_set | set->modem_clear << 16;
	int err = 0;

	if (set->has_termios)
		err = ask(fd, SERIAL_SET_TERMIOS, 0, &set->termios, sizeof(set->termios));
	if (!err && modem)
		err = ask(fd, SERIAL_SET_MODEM, modem, NULL, 0);
	if (!err && set->breaking)
		err = ask(fd, SERIAL_BREAK, 1, NULL, 0);
	if (!err && set->stopped)
		err = ask(fd, SERIAL_STOP, 0, NULL, 0);
	return err;
}

/* An error here means that this driver, too, has died, or will not do: either is noticed. */
static void replay(void)
{
	struct client *client, *open = NULL;
	int err = connect_up(&s.probe);

	for (client = s.clients; client && !err; client = client->next) {
		err = connect_up(client);
		if (err || !client->open)
			continue;
		err = ask(client->up, SERIAL_OPEN, 0, NULL, 0);
		open = client;
	}
	if (!err && open)
		err = replay_settings(open->up);
	if (err)
		return;
	stream_resend();
	if (s.settings.suspended)
		err = ask(s.probe.up, SERIAL_SUSPEND, 0, NULL, 0);
	s.up = !err;
	ping_in(s.hang_ms * 1000000ull);
	forward_all();
}
