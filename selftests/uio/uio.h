/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One end of a link as a program sees it: /dev/uioN, its maps by name, and
 * /dev/ivshmem-uioN. After harness.h.
 */
#ifndef SELFTESTS_UIO_H
#define SELFTESTS_UIO_H

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#include <uapi/ivshmem_uio.h>

#define MAPS		5
#define DEVICES		"/sys/bus/ivshmem/devices/"
#define SOON		10000	/* milliseconds in which what has to come is there */
#define NEVER		150	/* ... after which what must not come has not */

/* Aligned 32-bit accesses only */
struct registers {
	volatile uint32_t id;
	volatile uint32_t max_peers;
	volatile uint32_t interrupt_control;
	volatile uint32_t doorbell;
	volatile uint32_t state;
};

struct map {
	char name[32];
	unsigned long long addr, size;
};

struct end {
	int device;		/* which end: 0 or 1 */
	int number;		/* N of uioN */
	int fd;			/* /dev/uioN */
	int events;		/* /dev/ivshmem-uioN */
	struct map map[MAPS];
	int maps;
	struct registers *regs;
	volatile uint32_t *table;
	volatile uint32_t *rw;
	volatile uint32_t *in;
	volatile uint32_t *out;
	unsigned int id, peers, vectors;
	unsigned long long output_size;
};

static inline bool read_file(const char *path, char *text, size_t size)
{
	ssize_t length;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	if (length < 0)
		return false;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* ~0 where there is none */
static inline __attribute__((format(printf, 1, 2)))
unsigned long long read_number(const char *fmt, ...)
{
	char path[256], text[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	return read_file(path, text, sizeof(text)) ? strtoull(text, NULL, 0) : ~0ULL;
}

/* Returns 0 or the error. */
static inline int write_file(const char *path, const char *text)
{
	int fd, err = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Of the two devices in IVSHMEM_ENDS, or of ivshmem0 and ivshmem1 */
static inline char *device_name(int end)
{
	const char *ends = getenv("IVSHMEM_ENDS");
	static char name[2][32];
	int i;

	if (!ends || sscanf(ends, "%31s %31s", name[0], name[1]) != 2)
		for (i = 0; i < 2; i++)
			snprintf(name[i], sizeof(name[i]), "ivshmem%d", i);
	return name[end != 0];
}

static inline char *device_file(int end, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), DEVICES "%s/%s", device_name(end), file);
	return path;
}

static inline unsigned long long device_number(int end, const char *file)
{
	return read_number("%s", device_file(end, file));
}

/* -1 where the device has no UIO device */
static inline int uio_number(int device)
{
	struct dirent *entry;
	int number = -1;
	DIR *dir;

	dir = opendir(device_file(device, "../uio"));
	while (dir && (entry = readdir(dir)))
		sscanf(entry->d_name, "uio%d", &number);
	if (dir)
		closedir(dir);
	return number;
}

static inline int open_node(const char *name, int number, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s%d", name, number);
	return open(path, flags | O_CLOEXEC);
}

static inline void read_maps(struct end *end)
{
	char path[128];

	for (end->maps = 0; end->maps < MAPS; end->maps++) {
		struct map *map = &end->map[end->maps];

		snprintf(path, sizeof(path), "/sys/class/uio/uio%d/maps/map%d/name", end->number,
			 end->maps);
		if (!read_file(path, map->name, sizeof(map->name)))
			break;
		map->addr = read_number("/sys/class/uio/uio%d/maps/map%d/addr", end->number,
					end->maps);
		map->size = read_number("/sys/class/uio/uio%d/maps/map%d/size", end->number,
					end->maps);
	}
}

/* -1 where that section is absent */
static inline int find_map(const struct end *end, const char *name)
{
	int i;

	for (i = 0; i < end->maps; i++)
		if (!strcmp(end->map[i].name, name))
			return i;
	return -1;
}

/* NULL where that section is absent, MAP_FAILED where mmap() fails */
static inline void *map_part(const struct end *end, const char *name, int prot, size_t size)
{
	int i = find_map(end, name);

	if (i < 0)
		return NULL;
	return mmap(NULL, size, prot, MAP_SHARED, end->fd, (off_t)i * getpagesize());
}

static inline void *map_section(const struct end *end, const char *name, int prot)
{
	int i = find_map(end, name);

	return i < 0 ? NULL : map_part(end, name, prot, end->map[i].size);
}

/* What can be known without opening the device. */
static inline void find_end(struct end *end, int device)
{
	memset(end, 0, sizeof(*end));
	end->fd = -1;
	end->events = -1;
	end->device = device;
	end->number = uio_number(device);
	end->id = device_number(device, "id");
	end->peers = device_number(device, "max_peers");
	end->vectors = device_number(device, "vectors");
	end->output_size = device_number(device, "output_section_size");
	read_maps(end);
}

/* Not where the device went while find_end() looked; it may be back by now. */
static inline bool facts_known(const struct end *end)
{
	return end->id != ~0U && end->peers != ~0U && end->vectors != ~0U &&
	       end->output_size != ~0ULL;
}

/* Returns whether all is there; errno says why not, where open() fails. */
static inline bool open_end(struct end *end, int device)
{
	find_end(end, device);
	end->fd = open_node("uio", end->number, O_RDWR);
	if (end->fd < 0)
		return false;
	end->events = open_node("ivshmem-uio", end->number, O_RDWR);
	end->regs = map_section(end, "registers", PROT_READ | PROT_WRITE);
	end->table = map_section(end, "state_table", PROT_READ);
	end->rw = map_section(end, "rw_section", PROT_READ | PROT_WRITE);
	end->in = map_section(end, "input_sections", PROT_READ);
	end->out = map_section(end, "output_section", PROT_READ | PROT_WRITE);
	return facts_known(end) && end->events >= 0 && end->regs != MAP_FAILED &&
	       end->table != MAP_FAILED && end->rw != MAP_FAILED && end->in != MAP_FAILED &&
	       end->out != MAP_FAILED;
}

static inline void unmap_end(struct end *end)
{
	static const char * const names[] = { "registers", "state_table", "rw_section",
					      "input_sections", "output_section" };
	void *maps[] = { end->regs, (void *)end->table, (void *)end->rw, (void *)end->in,
			 (void *)end->out };
	int i;

	for (i = 0; i < MAPS; i++)
		if (maps[i] && maps[i] != MAP_FAILED)
			munmap(maps[i], end->map[find_map(end, names[i])].size);
	end->regs = NULL;
	end->table = NULL;
	end->rw = NULL;
	end->in = NULL;
	end->out = NULL;
}

static inline void close_end(struct end *end)
{
	unmap_end(end);
	if (end->fd >= 0)
		close(end->fd);
	if (end->events >= 0)
		close(end->events);
	end->fd = -1;
	end->events = -1;
}

/* The write is posted: a peer's doorbell could be at the device first. */
static inline void enable_interrupts(struct end *end)
{
	end->regs->interrupt_control = 1;
	(void)end->regs->interrupt_control;
}

/* Posted, too: the table could still have the former value. */
static inline void set_state(struct end *end, uint32_t state)
{
	end->regs->state = state;
	(void)end->regs->state;
}

static inline void ring(struct end *from, unsigned int peer, unsigned int vector)
{
	from->regs->doorbell = peer << 16 | vector;
}

static inline short poll_one(int fd, short events, int timeout)
{
	struct pollfd one = { .fd = fd, .events = events };

	return poll(&one, 1, timeout) == 1 ? one.revents : 0;
}

static inline bool readable(int fd, int timeout)
{
	return poll_one(fd, POLLIN, timeout) & POLLIN;
}

/* Takes the event that is there. Returns UIO's count, -1 for an error. */
static inline long long take_event(int fd)
{
	int32_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? (long long)count : -1;
}

/* Attaches an eventfd of its own, which is returned. */
static inline int attach(int events, uint32_t source)
{
	struct ivshmem_uio_eventfd request = { .source = source };

	request.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (request.fd >= 0 && ioctl(events, IVSHMEM_UIO_SET_EVENTFD, &request)) {
		close(request.fd);
		return -1;
	}
	return request.fd;
}

static inline int detach(int events, uint32_t source)
{
	struct ivshmem_uio_eventfd request = { .source = source, .fd = -1 };

	return ioctl(events, IVSHMEM_UIO_SET_EVENTFD, &request);
}

/* How often it was signalled, after waiting for the first signal; 0 for not at all. */
static inline uint64_t signals(int fd, int timeout)
{
	uint64_t count = 0;

	if (readable(fd, timeout) && read(fd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

/*
 * Has the peer change its state, to one that it never had, and waits until the
 * device's look at it is over. A first one may begin in the look that follows
 * binding, or in the one of each second, and find what came before as well; the
 * second one begins when that look has ended. So no event of before is on its
 * way to a program that opens the device now. Both ends are closed.
 */
static inline bool settle(int device)
{
	static const unsigned int states[] = { 0x5e771e, 0 };
	struct end quiet, peer;
	unsigned long long changes, interrupts;
	bool seen = false, found;
	unsigned int n;
	int i, fd = -1;

	find_end(&quiet, device);
	quiet.events = open_node("ivshmem-uio", quiet.number, O_RDWR);
	/* Lets interrupts through */
	if (open_end(&peer, !device) && quiet.events >= 0)
		fd = attach(quiet.events, IVSHMEM_UIO_STATE);
	for (n = 0; fd >= 0 && n < 2 && n == seen; n++) {
		changes = device_number(device, "counters/state_changes");
		interrupts = device_number(device, "counters/interrupts");
		peer.regs->state = states[n];
		found = false;
		/* Where something older was found the first time, it may be for nothing. */
		for (i = 0; i < (n ? SOON / 3 : SOON) && !found; i++) {
			/* The one of each second may find it before its interrupt comes. */
			found = device_number(device, "counters/state_changes") > changes &&
				device_number(device, "counters/interrupts") > interrupts;
			if (!found)
				usleep(1000);
		}
		seen = seen || found;
	}
	if (fd >= 0)
		close(fd);
	close_end(&peer);
	close_end(&quiet);
	return seen;
}

#endif
