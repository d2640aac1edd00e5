// SPDX-License-Identifier: GPL-2.0
/* Starts programs for tests. */
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "process.h"

char work_dir[64], socket_path[96], line_path[96];
static pid_t started[8];
static unsigned int nstarted;

long long ms_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

void work_begin(void)
{
	strcpy(work_dir, "/tmp/hosted-test-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(work_dir));
	snprintf(socket_path, sizeof(socket_path), "%s/port", work_dir);
	snprintf(line_path, sizeof(line_path), "%s/line", work_dir);
}

void work_end(void)
{
	char command[128];
	unsigned int i;

	for (i = nstarted; i--;) {
		if (started[i] <= 0)
			continue;
		kill(started[i], SIGTERM);
		EXPECT_EQ(0, wait_exit(started[i], SOON));
	}
	snprintf(command, sizeof(command), "rm -rf %s", work_dir);
	EXPECT_EQ(0, system(command));
}

static void path_of(char *path, const char *program)
{
	char self[PATH_MAX] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		abort();
	snprintf(path, PATH_MAX, "%s/%s", dirname(self), program);
}

pid_t spawn(const char *program, const char *const *args, const char *out)
{
	char path[PATH_MAX];
	const char *argv[24];
	int i, fd;
	pid_t pid;

	path_of(path, program);
	argv[0] = path;
	for (i = 1; args && *args; args++)
		argv[i++] = *args;
	argv[i] = NULL;
	fflush(stdout);
	pid = fork();
	if (pid) {
		started[nstarted++ % 8] = pid;
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = out ? open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
	if (fd >= 0)
		dup2(fd, STDOUT_FILENO);
	execv(path, (char **)argv);
	_exit(127);
}

void errors_to(const char *path)
{
	static int saved = -1;
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : saved;

	if (saved < 0)
		saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	ASSERT_GE(dup2(fd, STDERR_FILENO), 0);
	if (path)
		close(fd);
}

static void forget(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (started[i] == pid)
			started[i] = 0;
}

int wait_exit(pid_t pid, int ms)
{
	long long limit = ms_now() + ms;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (ms_now() > limit)
			return -1;
		usleep(1000);
	}
	forget(pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *uart_program(char *path)
{
	char name[64];

	snprintf(name, sizeof(name), "hosted-uart-%s", getenv("HOSTED_UART") ?: "6.12");
	path_of(path, name);
	return path;
}

pid_t start_with(const int *handles, unsigned int count)
{
	char path[PATH_MAX];
	unsigned int i;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* From the last one on: none is where another one has to be. */
	for (i = count; i--;)
		dup2(handles[i], 3 + i);
	execl(uart_program(path), path, "--supervised", NULL);
	_exit(127);
}

pid_t start_alone(const char *const *args)
{
	const char *argv[16] = { "--socket", socket_path };
	char path[PATH_MAX];
	int i = 2;

	while (args && *args)
		argv[i++] = *args++;
	return spawn(basename((char *)uart_program(path)), argv, NULL);
}

pid_t start_supervised(const char *const *args)
{
	const char *argv[16] = { "--socket", socket_path };
	static char path[PATH_MAX];
	int i = 2;

	while (args && *args)
		argv[i++] = *args++;
	argv[i] = uart_program(path);
	return spawn("hosted-supervise", argv, NULL);
}

pid_t start_liar(const char *lie, const char *const *args)
{
	const char *argv[16] = { "--socket", socket_path };
	static char path[PATH_MAX];
	int i = 2;

	while (args && *args)
		argv[i++] = *args++;
	path_of(path, "test-liar");
	argv[i] = path;
	setenv("HOSTED_LIE", lie, 1);
	return spawn("hosted-supervise", argv, NULL);
}

static int connect_path(const char *path)
{
	long long limit = ms_now() + SOON;
	int fd;

	do {
		fd = client_connect(path);
		if (fd < 0)
			usleep(2000);
	} while (fd < 0 && ms_now() < limit);
	return fd;
}

int connect_port(void)
{
	return connect_path(socket_path);
}

int connect_line(void)
{
	return connect_path(line_path);
}

size_t line_read(int line, void *data, size_t max, int ms)
{
	struct pollfd fd = { .fd = line, .events = POLLIN };
	char message[2048];
	size_t length = 0;
	ssize_t size;

	while (length < max && poll(&fd, 1, ms) > 0) {
		size = recv(line, message, sizeof(message), 0);
		if (size <= 0)
			break;
		if (message[0] != 'd')
			continue;
		memcpy((char *)data + length, message + 1, size - 1);
		length += size - 1;
	}
	return length;
}

static const char *status_value(int port, const char *name)
{
	static struct serial_reply reply;
	char pattern[40], *at;

	memset(&reply, 0, sizeof(reply));
	if (client_call(port, SERIAL_STATUS, 0, 0, NULL, 0, &reply))
		return NULL;
	snprintf(pattern, sizeof(pattern), "\"%s\": ", name);
	at = strstr((char *)reply.data, pattern);
	return at ? at + strlen(pattern) : NULL;
}

long status_number(int port, const char *name)
{
	const char *value = status_value(port, name);

	return value ? strtol(value, NULL, 10) : -1;
}

char status_text(int port, const char *name)
{
	const char *value = status_value(port, name);

	return value ? *value : '\0';
}

static void await(int port, const char *name, long least, long most)
{
	long long limit = ms_now() + SOON;
	long value = status_number(port, name);

	for (; (value < least || value > most) && ms_now() < limit; usleep(1000))
		value = status_number(port, name);
	EXPECT_GE(value, least);
	EXPECT_LE(value, most);
}

void status_await(int port, const char *name, long least)
{
	await(port, name, least, LONG_MAX);
}

void status_await_just(int port, const char *name, long value)
{
	await(port, name, value, value);
}

unsigned int descriptors(pid_t pid)
{
	unsigned int count = 0;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

pid_t driver_now(int port, bool *up)
{
	const char *pid = status_value(port, "driver");

	*up = pid && strstr(pid, "\"up\": true");
	return pid ? strtol(pid, NULL, 10) : 0;
}

void kill_driver_now(int port)
{
	bool up;
	pid_t pid = driver_now(port, &up);

	if (pid > 1)
		kill(pid, SIGKILL);
}

/* All its threads */
static bool has_stopped(pid_t pid)
{
	struct dirent *task;
	bool stopped = true;
	char path[320];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && stopped && (task = readdir(tasks))) {
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/status", pid, task->d_name);
		stopped = strstr(contents(path), "State:\tT");
	}
	if (tasks)
		closedir(tasks);
	return stopped;
}

void stop_process(pid_t pid)
{
	long long limit = ms_now() + SOON;

	ASSERT_GT(pid, 1);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	while (!has_stopped(pid) && ms_now() < limit)
		usleep(1000);
	EXPECT_TRUE(has_stopped(pid));
}

pid_t stop_driver(int port)
{
	bool up;
	pid_t pid = driver_now(port, &up);

	stop_process(pid);
	return pid;
}

const char *contents(const char *path)
{
	static char text[65536];
	FILE *file = fopen(path, "r");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file)
		fclose(file);
	text[size] = '\0';
	return text;
}
