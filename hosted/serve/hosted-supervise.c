// SPDX-License-Identifier: GPL-2.0
/* Keeps a serial port's clients while its driver's process comes and goes. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "kit/files.h"
#include "listen.h"
#include "supervise.h"

#define VERSION		"1.0"
#define NSEC_PER_SEC	1000000000ull
#define CONNECT_NS	10000000ull
#define MAX_CLIENTS	64
#define MAX_PENDING	128	/* requests of a client; a driver takes more */
#define MAX_REPLIES	32	/* of a driver's connection, until others are looked at */

static const char usage[] =
	"usage: hosted-supervise --socket PATH [OPTION...] DRIVER [ARGUMENT...]\n"
	"       hosted-supervise --help | --version\n"
	"\n"
	"Runs the driver's process DRIVER (hosted-uart-6.1, hosted-uart-6.12) for a modelled\n"
	"PL010 and starts it again when it dies or hangs. Clients keep their connections\n"
	"and lose nothing.\n"
	"\n"
	"  --socket PATH  where clients connect (see hosted-serial)\n"
	"  --line PATH    where the other end of the line connects; default: looped back\n"
	"  --timed        characters take their time\n"
	"  --hang MS      a driver that does not answer for so long is killed (10000; 0: never)\n"
	"  --restarts N/S drivers that crash or have to be killed within S seconds are replaced\n"
	"                 at once N times in a row (5/10), then after 0.1 s, 0.2 s, 0.4 s, ...\n"
	"                 51.2 s, while clients get errors\n"
	"  --verbose      tell when a driver dies\n";

static bool under_way(enum serial_op op)
{
	struct pending *p;

	for (p = s.pending; p && (!p->sent || p->request.op != op); p = p->next)
		;
	return p;
}

/*
 * A driver that works stops the clock to suspend the port, or because nobody has that
 * open any more: where somebody seems to, it was hung up.
 */
static void clock_changed(struct clock *clock)
{
	bool on = clock_running(clock);

	pl010_set_clock(&s.uart, on ? clock->rate : 0);
	if (on || !s.up || s.settings.suspended || under_way(SERIAL_SUSPEND))
		return;
	stream_clear();
	line_taken_all();
}

struct supervisor s = {
	.channel = -1, .irq = -1, .listener = -1, .pidfd = -1, .last_pending = &s.pending,
	.hang_ms = 10000, .most_failures = 5, .soon_ns = 10 * NSEC_PER_SEC,
	.probe = { .fd = -1, .up = -1 },
	.clock = { .name = "UARTCLK", .rate = PL010_UARTCLK, .changed = clock_changed },
};

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

bool any_open(void)
{
	struct client *client;

	for (client = s.clients; client; client = client->next)
		if (client->open)
			return true;
	return false;
}

/*
 * Requests
 */

static void pending_remove(struct pending *p)
{
	struct pending **link = &s.pending;

	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	if (s.last_pending == &p->next)
		s.last_pending = link;
	p->client->pending--;
	free(p);
}

/* Who does not read its replies is dropped, by the next look at its connection. */
void client_answer(struct pending *p, int status, const struct serial_reply *reply)
{
	struct serial_reply own;
	const struct serial_reply *from = reply ? reply : &own;

	if (!reply)
		own = (struct serial_reply){ .status = status };
	((struct serial_reply *)from)->id = p->id;
	if (p->client->fd >= 0 &&
	    send(p->client->fd, from, SERIAL_REPLY_HEAD + from->length,
		 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		shutdown(p->client->fd, SHUT_RDWR);
	pending_remove(p);
}

static void remember(const struct pending *p)
{
	struct settings *set = &s.settings;
	kit_u32 arg = p->request.arg;

	switch (p->request.op) {
	case SERIAL_SET_TERMIOS:
		memcpy(&set->termios, p->request.data, sizeof(set->termios));
		set->has_termios = true;
		break;
	case SERIAL_STOP:
	case SERIAL_START:
		set->stopped = p->request.op == SERIAL_STOP;
		break;
	case SERIAL_BREAK:
		set->breaking = arg;
		break;
	case SERIAL_SUSPEND:
	case SERIAL_RESUME:
		set->suspended = p->request.op == SERIAL_SUSPEND;
		break;
	case SERIAL_SET_MODEM:
		set->modem_set = (set->modem_set & ~(arg >> 16)) | (arg & 0xffff);
		set->modem_clear = (set->modem_clear | arg >> 16) & ~(arg & 0xffff);
		break;
	case SERIAL_DISCARD:
		if (arg & 1)
			line_taken_all();
		break;
	}
}

/* What the last that has a port open closes it with is forgotten. */
static void remember_open(struct client *client, bool open)
{
	client->open = open;
	if (any_open())
		return;
	s.settings = (struct settings){ .suspended = s.settings.suspended };
	stream_clear();
	line_taken_all();
}

static void add_counters(struct serial_reply *reply)
{
	kit_u32 *to = (kit_u32 *)reply->data;
	const kit_u32 *dead = (const kit_u32 *)line_counters();
	size_t i;

	for (i = 0; i < sizeof(struct serial_counters) / sizeof(kit_u32); i++)
		to[i] += dead[i];
}

/* Whatever a driver says, it took and gave no more than there was, or was asked for. */
static void check_status(const struct pending *p, struct serial_reply *reply)
{
	int most = reply->status;

	if (p->request.op == SERIAL_READ_DATA)
		most = reply->length < SERIAL_READ ? reply->length : SERIAL_READ;
	else if (p->request.op == SERIAL_WRITE)
		most = p->request.length;
	if (reply->status > most)
		reply->status = most;
}

static void answered(struct pending *p, struct serial_reply *reply)
{
	bool ok = reply->status >= 0;

	check_status(p, reply);
	if (!stream_answered(p, reply)) {
		p->sent = false;
		return;
	}
	switch (p->request.op) {
	case SERIAL_READ_DATA:
		if (reply->status > 0)
			line_taken(reply->rx);
		break;
	case SERIAL_COUNTERS:
	case SERIAL_WAIT_COUNTERS:
	case SERIAL_WAIT_BREAK:
		if (ok)
			add_counters(reply);
		break;
	case SERIAL_OPEN:
	case SERIAL_CLOSE:
		if (ok)
			remember_open(p->client, p->request.op == SERIAL_OPEN);
		break;
	default:
		if (ok)
			remember(p);
	}
	client_answer(p, reply->status, reply);
}

static struct pending *find(const struct client *client, kit_u32 id)
{
	struct pending *p;

	for (p = s.pending; p; p = p->next)
		if (p->client == client && p->sent && p->request.id == id)
			return p;
	return NULL;
}

void replies_from(struct client *client, unsigned int most)
{
	struct serial_reply reply;
	struct pending *p;
	int got = 0;

	while (client->up >= 0 && most-- &&
	       (got = client_receive(client->up, &reply, false)) > 0) {
		p = find(client, reply.id);
		if (p)
			answered(p, &reply);
		else if (stream_resent(&reply) && !reply.status)
			s.ping_at = 0;
		forward_all();
	}
	if (got == -EBADMSG)
		driver_kill("answers what is no reply");
	else if (got < 0)
		closed_by_driver(&client->up);
}

/* The driver counts since it was started, clients since the first was. */
static void subtract_counters(struct serial_request *request)
{
	kit_u32 *to = (kit_u32 *)request->data;
	const kit_u32 *dead = (const kit_u32 *)line_counters();
	size_t i;

	for (i = 0; i < sizeof(struct serial_counters) / sizeof(kit_u32); i++)
		if (i < request->length / sizeof(kit_u32))
			to[i] -= dead[i];
}

/* A driver that reads nothing must not make us wait. */
static bool has_room(struct client *client)
{
	struct pollfd fd = { .fd = client->up, .events = POLLOUT };

	client->blocked = poll(&fd, 1, 0) == 0;
	return !client->blocked;
}

static void forward(struct pending *p)
{
	struct serial_request request = p->request;
	int id;

	if (!has_room(p->client) || !stream_begin(p))
		return;
	if (request.op == SERIAL_WAIT_COUNTERS || request.op == SERIAL_WAIT_BREAK)
		subtract_counters(&request);
	id = client_send(p->client->up, request.op, request.arg, request.timeout_ms,
			 request.data, request.length);
	p->request.id = id;
	p->sent = true;
}

/* As long as there is no driver a port can only be closed. */
static void refuse(struct pending *p)
{
	bool close = p->request.op == SERIAL_CLOSE && p->client->open;

	if (close)
		remember_open(p->client, false);
	client_answer(p, close ? 0 : -EHOSTDOWN, NULL);
}

/* A driver that has no time to accept gets some. */
static bool has_connection(struct client *client)
{
	if (client->up < 0 && !s.connect_at && connect_up(client))
		s.connect_at = now_ns() + CONNECT_NS;
	return client->up >= 0;
}

void forward_all(void)
{
	struct pending *p, *next;

	for (p = s.pending; p; p = next) {
		next = p->next;
		if (s.start_at)
			refuse(p);
		else if (s.up && !p->sent && has_connection(p->client))
			forward(p);
	}
}

__attribute__((format(printf, 2, 3)))
static void append(struct serial_reply *reply, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	reply->length += vsnprintf((char *)reply->data + reply->length,
				   SERIAL_DATA - reply->length, fmt, args);
	va_end(args);
}

static void status(struct pending *p)
{
	struct serial_reply reply = { 0 };

	append(&reply, "{\"driver\": %d, \"up\": %s, ", s.pid, s.up ? "true" : "false");
	append(&reply, "\"deaths\": %u, \"restarts\": %u, \"hangs\": %u, \"failures\": %u, ",
	       s.deaths, s.restarts, s.hangs, s.failures);
	append(&reply, "\"restart_us\": %.0f, \"restart_max_us\": %.0f, ",
	       s.restarts ? s.restart_ns / 1e3 / s.restarts : 0, s.restart_max_ns / 1e3);
	append(&reply, "\"to_send\": %zu, \"sent\": %llu, ", stream_length(),
	       (unsigned long long)s.uart.counts.sent);
	append(&reply, "\"to_read\": %zu, \"clock_users\": %u}", line_length(),
	       clock_enabled(&s.clock, 0));
	client_answer(p, 0, &reply);
}

/* By their ids, which clients choose. */
static void cancel(struct pending *by)
{
	struct pending *p;

	for (p = s.pending; p; p = p->next)
		if (p->client == by->client && p != by && p->id == by->request.arg)
			break;
	if (p && p->sent && !p->cancelled)
		client_send(p->client->up, SERIAL_CANCEL, p->request.id, 0, NULL, 0);
	if (p)
		p->cancelled = true;
	if (p && !p->sent)
		client_answer(p, -EINTR, NULL);
	client_answer(by, 0, NULL);
}

static void accept_request(struct client *client, const struct serial_request *request,
			   size_t size)
{
	struct pending *p = calloc(1, sizeof(*p));

	if (!p) {
		shutdown(client->fd, SHUT_RDWR);
		return;
	}
	p->client = client;
	client->pending++;
	p->id = request->id;
	memcpy(&p->request, request, size);
	*s.last_pending = p;
	s.last_pending = &p->next;
	if (request->length != size - SERIAL_REQUEST_HEAD)
		client_answer(p, -EBADMSG, NULL);
	else if (client->pending > MAX_PENDING && request->op != SERIAL_CANCEL)
		client_answer(p, -EBUSY, NULL);
	else if (request->op == SERIAL_STATUS)
		status(p);
	else if (request->op == SERIAL_CANCEL)
		cancel(p);
	else
		forward_all();
}

/*
 * Clients
 */

static void client_accept(void)
{
	struct client *client = calloc(1, sizeof(*client));
	int fd = client ? accept4(s.listener, NULL, NULL, SOCK_CLOEXEC) : -1;

	if (fd < 0) {
		/* Or else poll() would tell of it again at once. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			s.full = s.clients;
			if (!s.full)
				usleep(ACCEPT_US);
		}
		free(client);
		return;
	}
	client->fd = fd;
	client->up = -1;
	client->next = s.clients;
	s.clients = client;
}

/* Its openings go with its connection to the driver. */
static void client_free(struct client *client)
{
	struct client **link = &s.clients;
	struct pending *p, *next;

	for (p = s.pending; p; p = next) {
		next = p->next;
		if (p->client == client)
			pending_remove(p);
	}
	if (client->up >= 0)
		close(client->up);
	if (client->open)
		remember_open(client, false);
	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	free(client);
	s.full = false;
}

static void client_read(struct client *client)
{
	struct serial_request request;
	ssize_t size = guest_receive(client->fd, &request, sizeof(request));

	if (size >= (ssize_t)SERIAL_REQUEST_HEAD) {
		accept_request(client, &request, size);
		return;
	}
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	guest_close(client->fd);
	client->fd = -1;
}

static void sweep(void)
{
	struct client *client, *next;

	for (client = s.clients; client; client = next) {
		next = client->next;
		if (client->fd < 0 && !stream_uses(client))
			client_free(client);
	}
}

/*
 * Does the driver still live?
 */

/* Its answer is looked at after this, or never. */
void ping_in(uint64_t ns)
{
	s.ping_at = s.hang_ms ? now_ns() + ns : PL010_NEVER;
}

/* It ends, or has been taken over. */
void closed_by_driver(int *fd)
{
	close(*fd);
	*fd = -1;
	s.closed = true;
	s.ping_at = now_ns() + NSEC_PER_SEC;
}

static void ping(void)
{
	struct serial_reply reply;
	int got = 0, most = MAX_REPLIES;

	while (s.probe.up >= 0 && most-- &&
	       (got = client_receive(s.probe.up, &reply, false)) > 0)
		if (reply.id == s.probe_id)
			s.probe_id = 0;
	if (got < 0)
		closed_by_driver(&s.probe.up);
	if (now_ns() < s.ping_at)
		return;
	if (s.probe_id || !s.up || s.closed) {
		driver_kill(s.closed ? "has closed a connection" :
			    s.probe_id ? "does not answer" : "does not start");
		return;
	}
	s.probe_id = client_send(s.probe.up, SERIAL_INFO, 0, 0, NULL, 0);
	ping_in(s.hang_ms * 1000000ull);
}

/*
 * The loop
 */

enum {
	FD_SIGNAL, FD_LISTENER, FD_CHANNEL, FD_PROCESS, FD_PROBE, FD_ROOM, FD_LINE,
	FD_CLIENTS = FD_LINE + LINE_FDS
};

static int fill(struct pollfd *fds)
{
	const int own[] = {
		s.signals, s.listener, s.channel, s.pidfd, s.probe.up, guest_room(),
	};
	struct client *client;
	int i, n = FD_CLIENTS;

	for (i = 0; i < FD_LINE; i++)
		fds[i] = (struct pollfd){ .fd = own[i], .events = POLLIN };
	line_poll(fds + FD_LINE);
	for (client = s.clients; client && n + 1 < FD_CLIENTS + 2 * MAX_CLIENTS;
	     client = client->next) {
		fds[n++] = (struct pollfd){ .fd = client->fd, .events = POLLIN };
		fds[n] = (struct pollfd){ .fd = client->up, .events = POLLIN };
		fds[n++].events |= client->blocked ? POLLOUT : 0;
	}
	if (s.full || guest_crowd() || n + 1 >= FD_CLIENTS + 2 * MAX_CLIENTS)
		fds[FD_LISTENER].fd = -1;
	return n;
}

static int timeout_until(uint64_t next)
{
	uint64_t now = now_ns(), own = s.start_at ? s.start_at : s.ping_at;

	if (own < next)
		next = own;
	if (s.connect_at && s.connect_at < next)
		next = s.connect_at;
	if (next == PL010_NEVER)
		return -1;
	return next <= now ? 0 : (next - now) / 1000000 + 1;
}

static void serve_clients(const struct pollfd *fds)
{
	struct client *client, *next;

	for (client = s.clients; client; client = next, fds += 2) {
		next = client->next;
		if (fds[1].revents)
			replies_from(client, MAX_REPLIES);
		if (client->blocked && fds[1].revents & POLLOUT)
			forward_all();
		if (fds[0].revents && client->fd >= 0)
			client_read(client);
	}
}

/* Until it is to end: 0, or a negative error. */
static int loop(void)
{
	struct pollfd fds[FD_CLIENTS + 2 * MAX_CLIENTS];
	int n;

	while (!s.broken) {
		int timeout = timeout_until(line_run());

		n = fill(fds);
		if (poll(fds, n, timeout) < 0 && errno != EINTR)
			return -errno;
		if (fds[FD_SIGNAL].revents)
			return 0;
		if (fds[FD_CHANNEL].revents)
			channel_serve();
		if (s.connect_at && now_ns() >= s.connect_at) {
			s.connect_at = 0;
			forward_all();
		}
		if (fds[FD_ROOM].revents)
			guest_room_seen();
		line_serve(fds + FD_LINE);
		serve_clients(fds + FD_CLIENTS);
		if (fds[FD_LISTENER].revents)
			client_accept();
		if (fds[FD_PROCESS].revents)
			driver_died();
		else if (s.start_at && now_ns() >= s.start_at)
			driver_restart();
		else if (!s.start_at)
			ping();
		sweep();
	}
	return 0;
}

/*
 * Start
 */

static int fail(const char *what, int err)
{
	fprintf(stderr, "hosted-supervise: %s: %s\n", what, strerror(-err));
	return 1;
}

/* Returns a negative error, and then what it is about. */
static int start(const char **what)
{
	int err;

	*what = "signalling eventfds, is fs.aio-max-nr used up?";
	err = kit_eventfd_init();
	if (err)
		return err;
	*what = "starting a thread";
	err = guest_start(MAX_CLIENTS + 1);
	if (err)
		return err;
	*what = s.line_path;
	err = line_init();
	if (err)
		return err;
	*what = s.socket;
	s.listener = guest_listen(s.socket, 64);
	if (s.listener < 0)
		return s.listener;
	*what = "starting the driver";
	return driver_start();
}

static int run(void)
{
	char folder[] = "/tmp/hosted-XXXXXX";
	const char *what;
	int err;

	if (!mkdtemp(folder))
		return fail(folder, -errno);
	snprintf(s.driver_path, sizeof(s.driver_path), "%s/driver", folder);
	s.signals = end_signals();
	err = start(&what);
	if (err >= 0) {
		what = "waiting, is RLIMIT_NOFILE too low?";
		err = loop();
		driver_end();
	}
	if (s.listener >= 0)
		unlink(s.socket);
	line_exit();
	unlink(s.driver_path);
	rmdir(folder);
	if (err < 0)
		return fail(what, err);
	if (clock_drop(&s.clock, 0))
		return fail("the driver leaves the clock on", -EBUSY);
	return s.broken;
}

static int usage_error(const char *what)
{
	fprintf(stderr, "hosted-supervise: %s; see hosted-supervise --help\n", what);
	return 2;
}

/* Returns what follows the number, NULL where there is none that fits. */
static const char *take_number(const char *text, unsigned int *number)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	value = strtoul(text, &end, 10);
	*number = value;
	return errno || value > UINT_MAX ? NULL : end;
}

static bool take_ms(const char *text)
{
	const char *rest = take_number(text, &s.hang_ms);

	if (rest && !*rest)
		return true;
	fprintf(stderr, "hosted-supervise: --hang is '%s', want milliseconds from 0 to %u\n",
		text, UINT_MAX);
	return false;
}

static bool take_restarts(const char *text)
{
	const char *rest = take_number(text, &s.most_failures);
	unsigned int seconds;

	rest = rest && *rest == '/' ? take_number(rest + 1, &seconds) : NULL;
	if (rest && !*rest) {
		s.soon_ns = seconds * NSEC_PER_SEC;
		return true;
	}
	fprintf(stderr, "hosted-supervise: --restarts is '%s', want two numbers like 5/10\n",
		text);
	return false;
}

/* Returns false where there is no memory for them. */
static bool take_command(char **words, int count)
{
	s.command = calloc(count + 2, sizeof(*s.command));
	if (!s.command)
		return false;
	memcpy(s.command, words, count * sizeof(*words));
	s.command[count] = "--supervised";
	return true;
}

static bool take_value(const char *option, const char *value)
{
	if (!strcmp(option, "--hang"))
		return take_ms(value);
	if (!strcmp(option, "--restarts"))
		return take_restarts(value);
	if (!strcmp(option, "--socket"))
		s.socket = value;
	else if (!strcmp(option, "--line"))
		s.line_path = value;
	else
		return !usage_error(option);
	return true;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const char *arg = argv[i];

		if (!strcmp(arg, "--help"))
			return fputs(usage, stdout) < 0;
		if (!strcmp(arg, "--version"))
			return puts("hosted-supervise " VERSION) < 0;
		if (!strcmp(arg, "--timed"))
			s.timed = true;
		else if (!strcmp(arg, "--verbose"))
			s.verbose = true;
		else if (i + 1 == argc)
			return usage_error(arg);
		else if (!take_value(arg, argv[++i]))
			return 2;
	}
	if (!s.socket || i == argc)
		return usage_error(!s.socket ? "which socket?" : "which driver?");
	return take_command(argv + i, argc - i) ? run() : fail(argv[i], -ENOMEM);
}
