// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "client.h"

#define PATIENCE_MS	5000

int unix_connect(const char *dir, const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", dir, name);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_GE(fd, 0);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void run_link(struct device *d, const char *args, int out, int err)
{
	char *argv[40] = { IVSHMEM_LINK }, *copy = strdup(args), *word;
	int n = 1;

	if (*d->dir) {
		argv[n++] = "--dir";
		argv[n++] = d->dir;
	}
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[n++] = word;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(out, 1);
	dup2(err, 2);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

void device_try_start(struct device *d, const char *args)
{
	int out[2], err[2];

	if (!*d->dir && !strstr(args, "--dir")) {
		const char *tmp = getenv("TMPDIR");

		snprintf(d->dir, sizeof(d->dir), "%s/link-XXXXXX",
			 tmp ? tmp : "/tmp");
		ASSERT_NE(NULL, mkdtemp(d->dir));
	}
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(err, O_CLOEXEC));
	fflush(stdout);
	d->pid = fork();
	ASSERT_GE(d->pid, 0);
	if (!d->pid)
		run_link(d, args, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	d->out = out[0];
	d->err = err[0];
	fcntl(d->err, F_SETFL, O_NONBLOCK);
}

void device_start(struct device *d, const char *args)
{
	int i, fd = -1;

	device_try_start(d, args);
	for (i = 0; i < PATIENCE_MS && fd < 0; i++) {
		usleep(1000);
		fd = unix_connect(d->dir, "control.sock");
	}
	ASSERT_GE(fd, 0);
	close(fd);
}

static void read_all(int fd, char *text, size_t size)
{
	ssize_t len;

	while (size > 1 && (len = read(fd, text, size - 1)) > 0) {
		text += len;
		size -= len;
	}
	*text = '\0';
}

int device_stop(struct device *d, char *json, size_t size)
{
	char ignored[20000];
	int status;

	kill(d->pid, SIGTERM);
	if (json)
		read_all(d->out, json, size);
	do	/* the rest: it waits for who has not read what it prints */
		read_all(d->out, ignored, sizeof(ignored));
	while (*ignored);
	ASSERT_EQ(d->pid, waitpid(d->pid, &status, 0));
	d->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void device_stderr(struct device *d, char *text, size_t size)
{
	read_all(d->err, text, size);
}

int device_wait(struct device *d, char *text, size_t size)
{
	int status;

	ASSERT_EQ(d->pid, waitpid(d->pid, &status, 0));
	read_all(d->err, text, size);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void device_pause(struct device *d)
{
	char path[40], state = 0;
	FILE *f;

	kill(d->pid, SIGSTOP);
	snprintf(path, sizeof(path), "/proc/%d/stat", d->pid);
	while (state != 'T') {
		f = fopen(path, "r");
		ASSERT_NE(NULL, f);
		ASSERT_EQ(1, fscanf(f, "%*d (%*[^)]) %c", &state));
		fclose(f);
	}
}

unsigned int device_fds(struct device *d)
{
	unsigned int n = 0;
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", d->pid);
	dir = opendir(path);
	ASSERT_NE(NULL, dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

void device_expect_fds(struct device *d, unsigned int want)
{
	int i;

	for (i = 0; i < PATIENCE_MS && device_fds(d) != want; i++)
		usleep(1000);
	EXPECT_EQ(want, device_fds(d));
}

rlim_t device_limit_fds(struct device *d, rlim_t n)
{
	struct rlimit limit;
	rlim_t before;

	ASSERT_EQ(0, prlimit(d->pid, RLIMIT_NOFILE, NULL, &limit));
	before = limit.rlim_cur;
	limit.rlim_cur = n;
	ASSERT_EQ(0, prlimit(d->pid, RLIMIT_NOFILE, &limit, NULL));
	return before;
}

rlim_t device_fill_fds(struct device *d)
{
	char path[40];
	int fd = -1;

	do
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", d->pid, ++fd);
	while (!access(path, F_OK));
	return device_limit_fds(d, fd);
}

double device_cpu(struct device *d)
{
	unsigned long user, sys;
	char path[40];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", d->pid);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	ASSERT_EQ(2, fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
			    &user, &sys));
	fclose(f);
	return (double)(user + sys) / sysconf(_SC_CLK_TCK);
}

void device_control(struct device *d, const char *line, char *json, size_t size)
{
	int fd = unix_connect(d->dir, "control.sock");

	ASSERT_GE(fd, 0);
	ASSERT_EQ(strlen(line), write(fd, line, strlen(line)));
	ASSERT_EQ(1, write(fd, "\n", 1));
	read_all(fd, json, size);
	close(fd);
	ASSERT_TRUE(*json && json[strlen(json) - 1] == '\n');
}

long long device_stat(struct device *d, unsigned int peer, const char *name)
{
	char json[20000], key[60], *at;

	device_control(d, "stats", json, sizeof(json));
	snprintf(key, sizeof(key), "{\"id\": %u,", peer);
	at = strstr(json, key);
	ASSERT_NE(NULL, at);
	snprintf(key, sizeof(key), "\"%s\": ", name);
	at = strstr(at, key);
	ASSERT_NE(NULL, at);
	return strtoll(at + strlen(key), NULL, 10);
}

void client_connect(struct client *c, struct device *d, unsigned int peer)
{
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	char name[32];
	unsigned int i;

	snprintf(name, sizeof(name), "peer%u.sock", peer);
	*c = (struct client){ .fd = unix_connect(d->dir, name) };
	for (i = 0; i < 16; i++)
		c->event[i] = -1;
	ASSERT_GE(c->fd, 0);
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void client_greet(struct client *c)
{
	static const char caps[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";

	ASSERT_EQ(0, client_try(c, CMD_VERSION, caps, sizeof(caps), NULL, 0,
				NULL));
}

void client_open(struct client *c, struct device *d, unsigned int peer)
{
	client_connect(c, d, peer);
	client_greet(c);
}

void client_join(struct client *c, struct device *d, unsigned int peer,
		 unsigned int vectors)
{
	unsigned int i;

	client_open(c, d, peer);
	write_le(c, CONFIG, PCI_COMMAND, 2,
		 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (i = 0; i < vectors; i++) {
		c->event[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ASSERT_GE(c->event[i], 0);
	}
	ASSERT_EQ(0, try_set_irqs(c, VFIO_PCI_MSIX_IRQ_INDEX,
				  VFIO_IRQ_SET_DATA_EVENTFD |
				  VFIO_IRQ_SET_ACTION_TRIGGER, 0, vectors,
				  c->event, vectors));
	set_reg(c, REG_INT_CTRL, 1);
}

void client_leave(struct client *c, struct device *d, unsigned int peer)
{
	char json[20000], key[60];
	int i;

	close(c->fd);
	snprintf(key, sizeof(key), "{\"id\": %u, \"connected\": false", peer);
	for (i = 0; i < PATIENCE_MS; i++) {
		device_control(d, "stats", json, sizeof(json));
		if (strstr(json, key))
			return;
		usleep(1000);
	}
	ASSERT_STREQ(key, "seen in time");
}

uint16_t client_send(struct client *c, uint16_t command, uint32_t flags,
		     const void *data, size_t len, const int *fds,
		     unsigned int nfds)
{
	union {
		char buf[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct header hdr = {
		.id = ++c->last_id, .command = command,
		.size = sizeof(hdr) + len, .flags = flags,
	};
	struct iovec iov[2] = {
		{ &hdr, sizeof(hdr) }, { (void *)data, len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (nfds) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, nfds * sizeof(int));
	}
	ASSERT_EQ(hdr.size, sendmsg(c->fd, &msg, MSG_NOSIGNAL));
	return hdr.id;
}

static bool receive_exactly(struct client *c, void *buf, size_t len)
{
	ssize_t got = recv(c->fd, buf, len, MSG_WAITALL);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return false;
	ASSERT_EQ(len, got);
	return true;
}

bool client_receive(struct client *c, struct reply *r)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { &r->hdr, sizeof(r->hdr) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t got = recvmsg(c->fd, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC);

	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return false;
	ASSERT_EQ(sizeof(r->hdr), got);
	r->fd = -1;
	if (CMSG_FIRSTHDR(&msg))
		memcpy(&r->fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(r->fd));
	ASSERT_GE(r->hdr.size, sizeof(r->hdr));
	r->len = r->hdr.size - sizeof(r->hdr);
	ASSERT_LE(r->len, sizeof(r->data));
	return !r->len || receive_exactly(c, r->data, r->len);
}

bool client_closed(struct client *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
	char byte;

	return poll(&pfd, 1, PATIENCE_MS) == 1 &&
	       recv(c->fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

int client_try(struct client *c, uint16_t command, const void *data, size_t len,
	       const int *fds, unsigned int nfds, struct reply *r)
{
	struct reply own;
	uint16_t id;

	if (!r)
		r = &own;
	id = client_send(c, command, 0, data, len, fds, nfds);
	ASSERT_TRUE(client_receive(c, r));
	ASSERT_EQ(id, r->hdr.id);
	ASSERT_EQ(command, r->hdr.command);
	if (r == &own && r->fd >= 0)
		close(r->fd);
	if (r->hdr.flags & FLAG_ERROR) {
		ASSERT_EQ(FLAG_REPLY | FLAG_ERROR, r->hdr.flags);
		ASSERT_EQ(0, r->len);
		ASSERT_GT(r->hdr.error, 0);
		return r->hdr.error;
	}
	ASSERT_EQ(FLAG_REPLY, r->hdr.flags);
	ASSERT_EQ(0, r->hdr.error);
	return 0;
}

int try_read(struct client *c, uint32_t region, uint64_t offset, void *buf,
	     uint32_t len)
{
	struct access a = { offset, region, len };
	struct reply r;
	int err;

	err = client_try(c, CMD_REGION_READ, &a, sizeof(a), NULL, 0, &r);
	if (err)
		return err;
	ASSERT_EQ(sizeof(a) + len, r.len);
	ASSERT_EQ(0, memcmp(r.data, &a, sizeof(a)));
	memcpy(buf, r.data + sizeof(a), len);
	return 0;
}

int try_write(struct client *c, uint32_t region, uint64_t offset,
	      const void *buf, uint32_t len)
{
	struct access a = { offset, region, len };
	uint8_t data[8192];
	struct reply r;
	int err;

	memcpy(data, &a, sizeof(a));
	memcpy(data + sizeof(a), buf, len);
	err = client_try(c, CMD_REGION_WRITE, data, sizeof(a) + len, NULL, 0, &r);
	if (err)
		return err;
	ASSERT_EQ(sizeof(a), r.len);
	ASSERT_EQ(0, memcmp(r.data, &a, sizeof(a)));
	return 0;
}

uint32_t read_le(struct client *c, uint32_t region, uint64_t offset,
		 uint32_t len)
{
	uint32_t value = 0;

	ASSERT_EQ(0, try_read(c, region, offset, &value, len));
	return value;
}

void write_le(struct client *c, uint32_t region, uint64_t offset, uint32_t len,
	      uint32_t value)
{
	ASSERT_EQ(0, try_write(c, region, offset, &value, len));
}

void region_info(struct client *c, uint32_t index, struct reply *r,
		 struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){ .argsz = 4096, .index = index };
	ASSERT_EQ(0, client_try(c, CMD_GET_REGION_INFO, info, sizeof(*info),
				NULL, 0, r));
	ASSERT_GE(r->len, sizeof(*info));
	memcpy(info, r->data, sizeof(*info));
	ASSERT_EQ(r->len, info->argsz);
}

unsigned int find_cap(struct client *c, uint8_t id)
{
	unsigned int at, n = 0;

	for (at = read_le(c, CONFIG, PCI_CAPABILITY_LIST, 1); at;
	     at = read_le(c, CONFIG, at + PCI_CAP_LIST_NEXT, 1)) {
		ASSERT_GE(at, 0x40);
		ASSERT_LT(n++, 48);
		if (read_le(c, CONFIG, at, 1) == id)
			return at;
	}
	return 0;
}

int try_set_irqs(struct client *c, uint32_t index, uint32_t flags,
		 uint32_t start, uint32_t count, const int *fds,
		 unsigned int nfds)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set), .flags = flags, .index = index,
		.start = start, .count = count,
	};

	return client_try(c, CMD_SET_IRQS, &set, sizeof(set), fds, nfds, NULL);
}

void reset(struct client *c)
{
	ASSERT_EQ(0, client_try(c, CMD_RESET, NULL, 0, NULL, 0, NULL));
}

uint64_t taken(struct client *c, unsigned int vector)
{
	uint64_t n;

	return read(c->event[vector], &n, sizeof(n)) == sizeof(n) ? n : 0;
}
