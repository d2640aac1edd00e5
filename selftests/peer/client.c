// SPDX-License-Identifier: GPL-2.0
/* A vfio-user client that joins an ivshmem v2 link; see client.h. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "client.h"

#define CMD_VERSION		1
#define CMD_GET_INFO		4
#define CMD_GET_REGION_INFO	5
#define CMD_GET_IRQ_INFO	7
#define CMD_SET_IRQS		8
#define CMD_REGION_READ		9
#define CMD_REGION_WRITE	10
#define CMD_RESET		13

#define FLAG_REPLY		0x01
#define FLAG_NO_REPLY		0x10
#define FLAG_ERROR		0x20

#define MAX_TRANSFER		0x1000	/* what ivshmem-link says that it takes */
#define REPLY_TIMEOUT_S		10	/* for a message and its reply, on a busy machine */

struct header {
	uint16_t id;
	uint16_t command;
	uint32_t size;
	uint32_t flags;
	uint32_t error;
};

struct region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

static int fail(struct client *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct client *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->error, sizeof(c->error), fmt, ap);
	va_end(ap);
	return -1;
}

static int io_error(struct client *c, const char *what)
{
	if (errno == EPIPE || errno == ECONNRESET)
		return fail(c, "the link closed the connection");
	return fail(c, "%s the link: %s", what, strerror(errno));
}

static int64_t ms_left(const struct client *c)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return c->deadline - (t.tv_sec * 1000LL + t.tv_nsec / 1000000);
}

static void set_deadline(struct client *c)
{
	c->deadline = 0;
	c->deadline = REPLY_TIMEOUT_S * 1000 - ms_left(c);
}

/* Sends len bytes; the descriptors travel with the first of them. */
static int send_all(struct client *c, char *buf, size_t len, const int *fds,
		    unsigned int nfds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * CLIENT_MAX_VECTORS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct pollfd pfd = { c->sock, POLLOUT, 0 };
	int64_t left;

	if (nfds) {
		struct cmsghdr *cm;

		memset(&control, 0, sizeof(control));
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&msg);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	while (iov.iov_len) {
		ssize_t n = sendmsg(c->sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
			left = ms_left(c);
			if (left <= 0)
				return fail(c, "the link took no message within %d s",
					    REPLY_TIMEOUT_S);
			poll(&pfd, 1, left);
			continue;
		}
		if (n < 0)
			return io_error(c, "sending to");
		msg.msg_controllen = 0;
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= n;
	}
	return 0;
}

/* One message of a header, a fixed part and data. */
static int send_message(struct client *c, uint16_t command, uint32_t flags,
			const void *fixed, size_t fixed_len,
			const void *data, size_t data_len,
			const int *fds, unsigned int nfds)
{
	struct header h = {
		.id = c->next_id, .command = command, .flags = flags,
		.size = sizeof(h) + fixed_len + data_len,
	};
	char buf[sizeof(h) + 256 + MAX_TRANSFER];

	memcpy(buf, &h, sizeof(h));
	if (fixed_len)
		memcpy(buf + sizeof(h), fixed, fixed_len);
	if (data_len)
		memcpy(buf + sizeof(h) + fixed_len, data, data_len);
	set_deadline(c);
	return send_all(c, buf, h.size, fds, nfds);
}

/* Keeps the first descriptor of a reply, closes all others. */
static void take_fds(struct msghdr *msg, int *fd)
{
	struct cmsghdr *cm;
	int got[CLIENT_MAX_VECTORS];
	size_t n, i;

	for (cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		if (cm->cmsg_level != SOL_SOCKET ||
		    cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(got, CMSG_DATA(cm), n * sizeof(int));
		for (i = 0; i < n; i++) {
			if (fd && *fd < 0)
				*fd = got[i];
			else
				close(got[i]);
		}
	}
}

static int receive(struct client *c, void *buf, size_t len, int *fd)
{
	char *p = buf;

	while (len) {
		union {
			char buf[CMSG_SPACE(sizeof(int) * CLIENT_MAX_VECTORS)];
			struct cmsghdr align;
		} control;
		struct iovec iov = { p, len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
				      .msg_control = control.buf,
				      .msg_controllen = sizeof(control.buf) };
		ssize_t n = recvmsg(c->sock, &msg, MSG_CMSG_CLOEXEC);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return io_error(c, "reading from");
		if (n == 0)
			return fail(c, "the link closed the connection");
		if (n > 0) {
			take_fds(&msg, fd);
			p += n;
			len -= n;
		}
		if (len && ((n < 0 && errno == EAGAIN) || ms_left(c) <= 0))
			return fail(c, "the link gave no reply within %d s",
				    REPLY_TIMEOUT_S);
	}
	return 0;
}

/*
 * Waits for the reply to the message just sent. Up to max bytes of its body go
 * to reply; a body of another size than that is an error unless got is given.
 */
static int get_reply(struct client *c, uint16_t command, void *reply,
		     size_t max, size_t *got, int *fd)
{
	struct header h;
	size_t body;

	if (receive(c, &h, sizeof(h), fd))
		return -1;
	if (h.id != c->next_id || h.command != command ||
	    (h.flags & 0xf) != FLAG_REPLY)
		return fail(c, "reply is %u/%u flags 0x%x, want %u/%u flags 0x%x",
			    h.id, h.command, h.flags, c->next_id, command,
			    FLAG_REPLY);
	c->next_id++;
	if (h.flags & FLAG_ERROR)
		return fail(c, "the link refused command %u: %s", command,
			    h.error ? strerror(h.error) : "no reason given");
	if (h.size < sizeof(h) || h.size - sizeof(h) > max ||
	    (!got && h.size - sizeof(h) != max))
		return fail(c, "reply to command %u is %u bytes, want %zu",
			    command, h.size, sizeof(h) + max);
	body = h.size - sizeof(h);
	if (got)
		*got = body;
	return receive(c, reply, body, fd);
}

static int ask(struct client *c, uint16_t command, const void *req, size_t len,
	       void *reply, size_t max, size_t *got, int *fd)
{
	if (send_message(c, command, 0, req, len, NULL, 0, NULL, 0))
		return -1;
	return get_reply(c, command, reply, max, got, fd);
}

int client_read_region(struct client *c, uint32_t region, uint64_t offset,
		       void *buf, uint32_t len)
{
	struct region_access a = { offset, region, len };
	char reply[sizeof(a) + MAX_TRANSFER];

	if (ask(c, CMD_REGION_READ, &a, sizeof(a), reply, sizeof(a) + len,
		NULL, NULL))
		return -1;
	memcpy(buf, reply + sizeof(a), len);
	return 0;
}

int client_write_region(struct client *c, uint32_t region, uint64_t offset,
			const void *buf, uint32_t len, bool posted)
{
	struct region_access a = { offset, region, len };

	if (send_message(c, CMD_REGION_WRITE, posted ? FLAG_NO_REPLY : 0,
			 &a, sizeof(a), buf, len, NULL, 0))
		return -1;
	if (posted) {
		c->next_id++;
		return 0;
	}
	return get_reply(c, CMD_REGION_WRITE, &a, sizeof(a), NULL, NULL);
}

int client_read_config(struct client *c, uint32_t offset, void *buf, size_t len)
{
	return client_read_region(c, VFIO_PCI_CONFIG_REGION_INDEX, offset, buf, len);
}

int client_write_config(struct client *c, uint32_t offset, const void *buf,
			size_t len)
{
	return client_write_region(c, VFIO_PCI_CONFIG_REGION_INDEX, offset, buf, len,
			    false);
}

int client_read_shm(struct client *c, uint64_t offset, void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		uint32_t n = len < MAX_TRANSFER ? len : MAX_TRANSFER;

		if (client_read_region(c, VFIO_PCI_BAR2_REGION_INDEX, offset, p, n))
			return -1;
		offset += n;
		p += n;
		len -= n;
	}
	return 0;
}

int client_write_shm(struct client *c, uint64_t offset, const void *buf,
		     size_t len)
{
	const char *p = buf;

	while (len) {
		uint32_t n = len < MAX_TRANSFER ? len : MAX_TRANSFER;

		if (client_write_region(c, VFIO_PCI_BAR2_REGION_INDEX, offset, p, n, false))
			return -1;
		offset += n;
		p += n;
		len -= n;
	}
	return 0;
}

int client_read_reg(struct client *c, uint32_t reg, uint32_t *value)
{
	return client_read_region(c, VFIO_PCI_BAR0_REGION_INDEX, reg, value, 4);
}

int client_write_reg(struct client *c, uint32_t reg, uint32_t value)
{
	return client_write_region(c, VFIO_PCI_BAR0_REGION_INDEX, reg, &value, 4,
			    false);
}

int client_set_interrupts(struct client *c, bool enable)
{
	return client_write_reg(c, REG_INT_CONTROL, enable);
}

int client_write_state(struct client *c, uint32_t state)
{
	return client_write_reg(c, REG_STATE, state);
}

int client_ring(struct client *c, uint16_t target, uint16_t vector)
{
	uint32_t value = (uint32_t)target << 16 | vector;

	c->doorbells++;
	return client_write_region(c, VFIO_PCI_BAR0_REGION_INDEX, REG_DOORBELL, &value,
			    4, true);
}

int client_peer_state(struct client *c, uint32_t peer, uint32_t *state)
{
	if (c->state_table.map) {
		const uint32_t *table = c->state_table.map;

		/* What the peer wrote before its state is seen after it. */
		*state = __atomic_load_n(&table[peer], __ATOMIC_ACQUIRE);
		return 0;
	}
	return client_read_shm(c, c->state_table.offset + 4ULL * peer, state,
			       4);
}

int client_reset(struct client *c)
{
	return ask(c, CMD_RESET, NULL, 0, NULL, 0, NULL, NULL);
}

bool client_gone(struct client *c)
{
	struct pollfd pfd = { c->sock, POLLIN, 0 };
	char byte;

	return poll(&pfd, 1, 0) > 0 &&
		recv(c->sock, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

int client_unmask_intx(struct client *c)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set), .count = 1,
		.flags = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK,
		.index = VFIO_PCI_INTX_IRQ_INDEX,
	};

	return ask(c, CMD_SET_IRQS, &set, sizeof(set), NULL, 0, NULL, NULL);
}

uint64_t client_take_irq(struct client *c, unsigned int vector)
{
	uint64_t count;

	if (read(c->irq_fd[vector], &count, sizeof(count)) != sizeof(count))
		return 0;
	/* An error here is a lost connection: seen at the next call. */
	if (c->intx)
		client_unmask_intx(c);
	return count;
}

/* A link that has just started may have a socket, but not listen yet. */
static int connect_listener(int sock, const struct sockaddr_un *addr)
{
	int tries = 50;

	while (connect(sock, (const struct sockaddr *)addr, sizeof(*addr))) {
		if (errno != ECONNREFUSED || !--tries)
			return -1;
		usleep(10000);
	}
	return 0;
}

static int connect_socket(struct client *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = REPLY_TIMEOUT_S };

	if (strlen(path) >= sizeof(addr.sun_path))
		return fail(c, "%s: socket path is %zu bytes, at most %zu are possible",
			    path, strlen(path), sizeof(addr.sun_path) - 1);
	strcpy(addr.sun_path, path);
	c->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->sock < 0 ||
	    setsockopt(c->sock, SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)) ||
	    connect_listener(c->sock, &addr))
		return fail(c, "%s: %s", path, strerror(errno));
	return 0;
}

static int negotiate(struct client *c)
{
	static const char offer[] =
		"\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
	char reply[1024];
	const char *fds;
	uint16_t major;
	size_t got;

	if (ask(c, CMD_VERSION, offer, sizeof(offer), reply,
		sizeof(reply) - 1, &got, NULL))
		return -1;
	if (got < 4)
		return fail(c, "version reply is %zu bytes, want at least 4",
			    got);
	memcpy(&major, reply, sizeof(major));
	if (major != 0)
		return fail(c, "the link speaks vfio-user %u, want 0", major);
	reply[got] = 0;
	fds = strstr(reply + 4, "\"max_msg_fds\"");
	c->max_fds = fds ? strtoul(fds + strcspn(fds, ":") + 1, NULL, 10) : 1;
	if (!c->max_fds || c->max_fds > CLIENT_MAX_VECTORS)
		c->max_fds = 1;
	return 0;
}

static int check_device(struct client *c)
{
	struct vfio_device_info info = { .argsz = 16 };

	if (ask(c, CMD_GET_INFO, &info, 16, &info, 16, NULL, NULL))
		return -1;
	if (!(info.flags & VFIO_DEVICE_FLAGS_PCI))
		return fail(c, "device flags are 0x%x, want PCI (0x%x)",
			    info.flags, VFIO_DEVICE_FLAGS_PCI);
	if (info.num_regions <= VFIO_PCI_CONFIG_REGION_INDEX ||
	    info.num_irqs <= VFIO_PCI_MSIX_IRQ_INDEX)
		return fail(c, "device has %u regions and %u irq types, want at least %u and %u",
			    info.num_regions, info.num_irqs,
			    VFIO_PCI_CONFIG_REGION_INDEX + 1,
			    VFIO_PCI_MSIX_IRQ_INDEX + 1);
	return 0;
}

/* The offset of the capability, or 0. */
static uint8_t find_capability(const uint8_t *config, uint8_t id)
{
	uint8_t pos = config[PCI_CAPABILITY_LIST] & ~3;
	int hops;

	for (hops = 0; pos >= 0x40 && hops < 48; hops++) {
		if (config[pos] == id)
			return pos;
		pos = config[pos + 1] & ~3;
	}
	return 0;
}

static int read_vendor_cap(struct client *c, const uint8_t *config)
{
	uint32_t state_size;
	uint8_t pos = find_capability(config, PCI_CAP_ID_VNDR);

	if (!pos)
		return fail(c, "the device has no vendor capability (id 09)");
	c->vendor_cap = pos;
	c->vendor_cap_len = config[pos + 2];
	if ((c->vendor_cap_len != 0x18 && c->vendor_cap_len != 0x20) ||
	    pos > 0x100 - c->vendor_cap_len)
		return fail(c, "vendor capability at 0x%x is 0x%x bytes, want 0x18 or 0x20",
			    pos, c->vendor_cap_len);
	memcpy(&state_size, config + pos + 0x04, 4);
	c->state_table.size = state_size;
	memcpy(&c->rw.size, config + pos + 0x08, 8);
	memcpy(&c->output[0].size, config + pos + 0x10, 8);
	if (c->vendor_cap_len == 0x20)
		memcpy(&c->base_address, config + pos + 0x18, 8);
	if (state_size < 4ULL * c->max_peers)
		return fail(c, "state table is 0x%x bytes, want at least 0x%x for %u peers",
			    state_size, 4 * c->max_peers, c->max_peers);
	return 0;
}

static int read_identity(struct client *c, uint8_t *config)
{
	static const uint16_t known[][2] = {
		{ 0x110a, 0x4106 }, { 0x1af4, 0x1110 },
	};
	unsigned int i;

	if (client_read_config(c, 0, config, 256))
		return -1;
	memcpy(&c->vendor, config + PCI_VENDOR_ID, 2);
	memcpy(&c->device, config + PCI_DEVICE_ID, 2);
	for (i = 0; i < 2; i++)
		if (c->vendor == known[i][0] && c->device == known[i][1])
			break;
	if (i == 2 || config[PCI_CLASS_DEVICE + 1] != 0xff)
		return fail(c, "device is %04x:%04x class %02x, want 110a:4106 class ff",
			    c->vendor, c->device, config[PCI_CLASS_DEVICE + 1]);
	c->protocol = config[PCI_CLASS_DEVICE] << 8 | config[PCI_CLASS_PROG];
	if (client_read_reg(c, REG_ID, &c->id) ||
	    client_read_reg(c, REG_MAX_PEERS, &c->max_peers))
		return -1;
	if (c->max_peers < 2 || c->max_peers > 65536 || c->id >= c->max_peers)
		return fail(c, "the link says peer %u of %u, want an ID below 2 to 65536 peers",
			    c->id, c->max_peers);
	return 0;
}

/* Command register and MSI-X enable, as a driver's probe sets them. */
static int enable_device(struct client *c, const uint8_t *config)
{
	uint8_t msix = find_capability(config, PCI_CAP_ID_MSIX);
	uint16_t value;

	memcpy(&value, config + PCI_COMMAND, 2);
	value |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	if (client_write_config(c, PCI_COMMAND, &value, 2))
		return -1;
	if (c->intx || !msix)
		return 0;
	memcpy(&value, config + msix + PCI_MSIX_FLAGS, 2);
	value |= PCI_MSIX_FLAGS_ENABLE;
	return client_write_config(c, msix + PCI_MSIX_FLAGS, &value, 2);
}

static int parse_areas(struct client *c, struct client_memory *r,
		       const char *reply, size_t got, uint32_t cap)
{
	struct vfio_region_info_cap_sparse_mmap sparse;

	while (cap) {
		if (cap > got || got - cap < sizeof(sparse))
			return fail(c, "BAR2's capability at 0x%x lies outside 0x%zx bytes",
				    cap, got);
		memcpy(&sparse, reply + cap, sizeof(sparse));
		if (sparse.header.id != VFIO_REGION_INFO_CAP_SPARSE_MMAP) {
			if (sparse.header.next && sparse.header.next <= cap)
				break;
			cap = sparse.header.next;
			continue;
		}
		if (sparse.nr_areas > CLIENT_MAX_AREAS || got - cap - sizeof(sparse) <
		    sparse.nr_areas * sizeof(r->area[0]))
			return fail(c, "BAR2 has %u areas in 0x%zx bytes, want at most %u",
				    sparse.nr_areas, got, CLIENT_MAX_AREAS);
		r->areas = sparse.nr_areas;
		memcpy(r->area, reply + cap + sizeof(sparse),
		       r->areas * sizeof(r->area[0]));
		return 0;
	}
	return 0;
}

int client_region_size(struct client *c, uint32_t region, uint64_t *size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = region };
	int fd = -1;

	if (ask(c, CMD_GET_REGION_INFO, &info, sizeof(info), &info, sizeof(info), NULL, &fd))
		return -1;
	if (fd >= 0)
		close(fd);
	*size = info.size;
	return 0;
}

/* What is mapped beyond the end of the file is there, and a SIGBUS. */
static int check_file(struct client *c, const struct client_memory *r)
{
	struct vfio_region_sparse_mmap_area whole = { 0, r->size };
	const struct vfio_region_sparse_mmap_area *a;
	uint64_t end;
	uint32_t i;

	if (r->fd < 0)
		return 0;
	end = lseek(r->fd, 0, SEEK_END);
	if (end == (uint64_t)-1)
		return fail(c, "BAR2's descriptor: %s", strerror(errno));
	for (i = 0; i < (r->areas ?: 1); i++) {
		a = r->areas ? &r->area[i] : &whole;
		if (r->offset > end || a->offset > end - r->offset ||
		    a->size > end - r->offset - a->offset)
			return fail(c, "BAR2's 0x%llx bytes at 0x%llx end behind a file of 0x%llx",
				    a->size, a->offset, (unsigned long long)end);
	}
	return 0;
}

static int read_shm_region(struct client *c, struct client_memory *r)
{
	struct vfio_region_info info = {
		.argsz = 2048, .index = VFIO_PCI_BAR2_REGION_INDEX,
	};
	char reply[2048];
	bool may_map;
	size_t got;

	if (ask(c, CMD_GET_REGION_INFO, &info, sizeof(info), reply,
		sizeof(reply), &got, &r->fd))
		return -1;
	if (got < sizeof(info))
		return fail(c, "BAR2's region info is %zu bytes, want at least %zu",
			    got, sizeof(info));
	memcpy(&info, reply, sizeof(info));
	may_map = info.flags & VFIO_REGION_INFO_FLAG_MMAP;
	if (!info.size)
		return fail(c, "the device has no shared memory in BAR2");
	if (may_map == (r->fd == -1))
		return fail(c, "BAR2 has flags 0x%x but comes with%s descriptor",
			    info.flags, r->fd < 0 ? "out a" : " a");
	r->size = info.size;
	r->offset = info.offset;
	if (info.flags & VFIO_REGION_INFO_FLAG_CAPS &&
	    parse_areas(c, r, reply, got, info.cap_offset))
		return -1;
	return check_file(c, r);
}

static bool mappable(const struct client_memory *r, const struct section *s)
{
	uint32_t i;

	if (r->fd < 0)
		return false;
	for (i = 0; i < r->areas; i++)
		if (s->offset >= r->area[i].offset && s->offset + s->size <=
		    r->area[i].offset + r->area[i].size)
			return true;
	return !r->areas;
}

static int map_section(struct client *c, const struct client_memory *r,
		       struct section *s, const char *name, bool writable)
{
	int prot = PROT_READ | (writable ? PROT_WRITE : 0);

	if (s->size % 0x1000)
		return fail(c, "%s is 0x%llx bytes, want a multiple of 0x1000",
			    name, (unsigned long long)s->size);
	if (s->offset > r->size || s->size > r->size - s->offset)
		return fail(c, "%s of 0x%llx bytes at 0x%llx lies outside BAR2 of 0x%llx bytes",
			    name, (unsigned long long)s->size,
			    (unsigned long long)s->offset,
			    (unsigned long long)r->size);
	if (!s->size || !mappable(r, s))
		return 0;
	s->map = mmap(NULL, s->size, prot, MAP_SHARED, r->fd,
		      r->offset + s->offset);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return fail(c, "mapping the %s: %s", name, strerror(errno));
	}
	return 0;
}

static void place_sections(struct client *c)
{
	uint64_t size = c->output[0].size;
	uint32_t i;

	c->rw.offset = c->state_table.size;
	for (i = 0; i < c->max_peers; i++) {
		c->output[i].offset = c->rw.offset + c->rw.size + i * size;
		c->output[i].size = size;
	}
}

static int map_sections(struct client *c, const struct client_memory *r)
{
	uint32_t i;

	place_sections(c);
	if (map_section(c, r, &c->state_table, "state table", false) ||
	    map_section(c, r, &c->rw, "R/W section", true))
		return -1;
	for (i = 0; i < c->max_peers; i++) {
		if (map_section(c, r, &c->output[i], "output section",
				i == c->id))
			return -1;
	}
	return 0;
}

static int count_vectors(struct client *c)
{
	struct vfio_irq_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (ask(c, CMD_GET_IRQ_INFO, &info, sizeof(info), &info, sizeof(info),
		NULL, NULL))
		return -1;
	c->vectors = info.count;
	if (c->vectors)
		return 0;
	info = (struct vfio_irq_info){ .argsz = sizeof(info),
				       .index = VFIO_PCI_INTX_IRQ_INDEX };
	if (ask(c, CMD_GET_IRQ_INFO, &info, sizeof(info), &info, sizeof(info),
		NULL, NULL))
		return -1;
	if (info.count != 1)
		return fail(c, "the device has no MSI-X and %u INTx interrupts, want either",
			    info.count);
	c->intx = true;
	c->vectors = 1;
	return 0;
}

static int set_irqs(struct client *c, unsigned int start, unsigned int n, const int *fds)
{
	struct vfio_irq_set set = {
		.argsz = sizeof(set), .start = start, .count = n,
		.flags = (n ? VFIO_IRQ_SET_DATA_EVENTFD : VFIO_IRQ_SET_DATA_NONE) |
			 VFIO_IRQ_SET_ACTION_TRIGGER,
		.index = c->intx ? VFIO_PCI_INTX_IRQ_INDEX :
				   VFIO_PCI_MSIX_IRQ_INDEX,
	};

	if (send_message(c, CMD_SET_IRQS, 0, &set, sizeof(set), NULL, 0, fds, n))
		return -1;
	return get_reply(c, CMD_SET_IRQS, NULL, 0, NULL, NULL);
}

int client_set_eventfds(struct client *c, const int *fds, unsigned int count)
{
	unsigned int start, n;

	if (!count)
		return set_irqs(c, 0, 0, NULL);
	for (start = 0; start < count; start += n) {
		n = count - start < c->max_fds ? count - start : c->max_fds;
		if (set_irqs(c, start, n, fds + start))
			return -1;
	}
	return 0;
}

static int take_vectors(struct client *c, unsigned int max)
{
	if (count_vectors(c))
		return -1;
	if (max > c->vectors)
		max = c->vectors;
	if (max > CLIENT_MAX_VECTORS)
		max = CLIENT_MAX_VECTORS;
	while (c->irqs < max) {
		int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

		if (fd < 0)
			return fail(c, "eventfd: %s", strerror(errno));
		c->irq_fd[c->irqs++] = fd;
	}
	return max ? client_set_eventfds(c, c->irq_fd, max) : 0;
}

int client_connect(struct client *c, const char *socket_path)
{
	memset(c, 0, sizeof(*c));
	c->sock = -1;
	c->no_answer = true;
	return connect_socket(c, socket_path);
}

static int open_device(struct client *c)
{
	if (negotiate(c))
		return -1;
	c->no_answer = false;
	return check_device(c);
}

static int read_description(struct client *c, uint8_t *config)
{
	if (read_identity(c, config))
		return -1;
	c->output = calloc(c->max_peers, sizeof(*c->output));
	if (!c->output)
		return fail(c, "out of memory for %u peers", c->max_peers);
	return read_vendor_cap(c, config);
}

static int setup(struct client *c, const char *path, unsigned int max_irqs)
{
	struct client_memory r = { .fd = -1 };
	uint8_t config[256];
	int ret = -1;

	if (client_connect(c, path) || open_device(c) || read_description(c, config))
		return -1;
	if (!read_shm_region(c, &r) && !map_sections(c, &r) && !take_vectors(c, max_irqs) &&
	    !enable_device(c, config))
		ret = 0;
	if (r.fd >= 0)
		close(r.fd);
	return ret;
}

int client_join(struct client *c, const char *socket_path,
		unsigned int max_irqs)
{
	if (!setup(c, socket_path, max_irqs))
		return 0;
	client_leave(c);
	return -1;
}

static int attach(struct client *c, struct client_memory *memory)
{
	uint8_t config[256];
	uint64_t size;

	memory->fd = -1;
	if (open_device(c) || count_vectors(c) ||
	    client_region_size(c, VFIO_PCI_BAR2_REGION_INDEX, &size) ||
	    (size && read_shm_region(c, memory)))
		return -1;
	c->described = !read_description(c, config);
	if (c->described)
		place_sections(c);
	return 0;
}

int client_attach(struct client *c, struct client_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	if (!attach(c, memory))
		return 0;
	if (memory->fd >= 0)
		close(memory->fd);
	memory->fd = -1;
	return -1;
}

static void unmap_section(struct section *s)
{
	if (s->map)
		munmap(s->map, s->size);
	s->map = NULL;
}

void client_leave(struct client *c)
{
	uint32_t i;

	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
	while (c->irqs)
		close(c->irq_fd[--c->irqs]);
	unmap_section(&c->state_table);
	unmap_section(&c->rw);
	for (i = 0; c->output && i < c->max_peers; i++)
		unmap_section(&c->output[i]);
	free(c->output);
	c->output = NULL;
}
