// SPDX-License-Identifier: GPL-2.0
/*
 * Runs commands for the host, each in a session of its own, any number at a time
 *
 * Host to guest:	"run ID SECONDS BASE64-COMMAND" or "kill ID SIGNAL-NUMBER"
 * Guest to host:	"ID STATUS BASE64-OUTPUT"; first "ready 0 BASE64-KERNEL-RELEASE"
 *
 * A program rather than a script, as each process that an emulated kernel starts
 * takes milliseconds, on one that checks itself tens of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOCK	"/run/agent.lock"

struct job {
	struct job *next;
	char id[24];
	pid_t pid;			/* also that of its session and group */
	int out;
	int64_t deadline;		/* ms */
};

static struct job *jobs;
static int port;

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *need(void *memory)
{
	if (!memory)
		die("agent: memory");
	return memory;
}

/*
 * Base64, without line breaks
 */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode(char *to, const uint8_t *from, size_t length)
{
	for (; length; from += 3, length -= length < 3 ? length : 3) {
		uint32_t bits = from[0] << 16;

		if (length > 1)
			bits |= from[1] << 8;
		if (length > 2)
			bits |= from[2];
		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = length > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = length > 2 ? digits[bits & 63] : '=';
	}
	return to;
}

/* In place; a text that ends. */
static void decode(char *text)
{
	uint32_t bits = 0, have = 0;
	const char *from, *digit;
	char *to = text;

	for (from = text; *from && (digit = strchr(digits, *from)); from++) {
		bits = bits << 6 | (digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*to++ = bits >> have;
		}
	}
	*to = 0;
}

/*
 * Replies
 */

/* poll() does not wait where the host has gone, or has not come back yet from a sleep. */
static void wait_for_host(short revents)
{
	if (revents & POLLHUP)
		usleep(5000);
}

/* Waits while the host does not read. The lock keeps lines whole. */
static void reply(const char *id, int status, const void *data, size_t length)
{
	struct pollfd room = { .fd = port, .events = POLLOUT };
	char *line = need(malloc(64 + length / 3 * 4 + 4)), *end;
	int lock = open(LOCK, O_CREAT | O_CLOEXEC | O_RDWR, 0600);
	const char *p = line;
	ssize_t n;

	end = encode(line + sprintf(line, "%s %d ", id, status), data, length);
	*end++ = '\n';
	flock(lock, LOCK_EX);
	while (p < end) {
		n = write(port, p, end - p);
		if (n < 0 && errno == EAGAIN && poll(&room, 1, -1) > 0)
			wait_for_host(room.revents);
		else if (n < 0 && errno != EINTR)
			die("agent: port");
		p += n > 0 ? n : 0;
	}
	close(lock);
	free(line);
}

/* By a process of its own, as the next command may be what the host waits for. */
static void reply_with_file(const char *id, int status, int out)
{
	pid_t pid = fork();
	struct stat info;
	void *data = NULL;

	if (pid > 0)
		return;
	if (!fstat(out, &info) && info.st_size)
		data = mmap(NULL, info.st_size, PROT_READ, MAP_SHARED, out, 0);
	if (data == MAP_FAILED)
		die("agent: output");
	reply(id, status, data, info.st_size);
	if (!pid)
		_exit(0);
	/* None could be started: this one goes on. */
	if (data)
		munmap(data, info.st_size);
}

/*
 * Jobs
 */

static void in_child(int out, const char *command)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	close(null);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void run(const char *id, long seconds, char *code)
{
	struct job *job = need(calloc(1, sizeof(*job)));

	decode(code);
	snprintf(job->id, sizeof(job->id), "%s", id);
	job->deadline = now_ms() + seconds * 1000;
	job->out = memfd_create("output", MFD_CLOEXEC);
	/* Several processes write there, none over what another one wrote. */
	fcntl(job->out, F_SETFL, O_APPEND);
	job->pid = fork();
	if (!job->pid)
		in_child(job->out, code);
	if (job->pid < 0 || job->out < 0)
		die("agent: job");
	job->next = jobs;
	jobs = job;
}

/* What a command leaves running in its session ends with it. */
static void ended(pid_t pid, int status)
{
	struct job **at, *job;

	for (at = &jobs; *at && (*at)->pid != pid; at = &(*at)->next)
		;
	job = *at;
	if (!job)
		return;			/* it wrote a reply, or its parent went before it */
	*at = job->next;
	kill(-pid, SIGKILL);
	/* As a shell tells it */
	reply_with_file(job->id, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
			job->out);
	close(job->out);
	free(job);
}

static void kill_job(const char *id, int number)
{
	struct job *job;

	for (job = jobs; job; job = job->next)
		/* It may not have come as far as its own group. */
		if (!strcmp(job->id, id) && kill(-job->pid, number))
			kill(job->pid, number);
}

static void obey(char *line)
{
	char *verb = strtok(line, " "), *id = strtok(NULL, " ");
	char *how = strtok(NULL, " "), *code = strtok(NULL, " ");

	if (!how)
		return;
	if (!strcmp(verb, "run") && code)
		run(id, atol(how), code);
	else if (!strcmp(verb, "kill"))
		kill_job(id, atoi(how));
}

/*
 * The loop
 */

static void open_port(void)
{
	char name[64], path[64];
	glob_t found;
	size_t i;
	FILE *file;

	while (port <= 0) {
		if (!glob("/sys/class/virtio-ports/*/name", 0, NULL, &found)) {
			for (i = 0; i < found.gl_pathc && port <= 0; i++) {
				file = fopen(found.gl_pathv[i], "re");
				if (!file || fscanf(file, "%63s", name) != 1)
					name[0] = 0;
				if (file)
					fclose(file);
				if (strcmp(name, "ivshmem.agent"))
					continue;
				*strrchr(found.gl_pathv[i], '/') = 0;
				snprintf(path, sizeof(path), "/dev%s",
					 strrchr(found.gl_pathv[i], '/'));
				/*
				 * A port whose host has not come back yet from a sleep
				 * is readable; once it has, a read would block.
				 */
				port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
			}
			globfree(&found);
		}
		usleep(port > 0 ? 0 : 50000);
	}
}

/* Takes what there is, and obeys the lines in it. */
static void take(void)
{
	static size_t size, have;
	static char *buffer;
	char *line, *end;
	ssize_t n;

	if (size - have < 4096)
		buffer = need(realloc(buffer, size += 65536));
	n = read(port, buffer + have, size - have);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		die("agent: port");
	have += n > 0 ? n : 0;
	for (line = buffer; (end = memchr(line, '\n', buffer + have - line)); line = end + 1) {
		*end = 0;
		obey(line);
	}
	have -= line - buffer;
	memmove(buffer, line, have);
}

/* Ends what has had its time; until the next one has, in ms, or -1. */
static int look_at_clock(void)
{
	int64_t left, least = -1;
	struct job *job;

	for (job = jobs; job; job = job->next) {
		left = job->deadline - now_ms();
		if (left <= 0)
			kill(-job->pid, SIGKILL);
		left = left > 0 ? left : 100;
		if (least < 0 || left < least)
			least = left;
	}
	return least > 3600000 ? 3600000 : least;
}

static void reap(int signals)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(signals, &info, sizeof(info)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(pid, status);
}

int main(void)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct utsname uts;
	sigset_t child;

	setenv("PATH", "/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "dumb", 1);
	setenv("IVSHMEM_DEVICES", "all", 1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	fds[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	open_port();
	fds[0].fd = port;
	uname(&uts);
	reply("ready", 0, uts.release, strlen(uts.release));
	for (;;) {
		if (poll(fds, 2, look_at_clock()) < 0 && errno != EINTR)
			die("agent: poll");
		if (fds[1].revents)
			reap(fds[1].fd);
		if (fds[0].revents & POLLIN)
			take();
		wait_for_host(fds[0].revents);
	}
}
