// SPDX-License-Identifier: GPL-2.0
/*
 * shadow-proxy: executes the system calls of an RTOS's programs on Linux
 *
 * The reference for programs on /dev/shadow-processN, and itself one to use: it
 * opens the node, which makes it a slot, tells the slot's ID, maps the RTOS's
 * memory where the RTOS's programs see it, and then reads requests, executes
 * them, and writes what they returned. Documentation/shadow-proxy.md has the
 * system calls that it knows.
 *
 * Pointers of the RTOS are passed on to the kernel after a look whether they lie
 * in its memory: without that, a wrong pointer would reach the proxy's own.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERSION		"1.0"

/* The node's calls, see Documentation/shadow.md */
#define GET_SLOT	_IOR('k', 1, uint64_t)
#define SEND_SIGNAL	_IOW('k', 8, uint64_t)	/* by value */

#define SLOT_BITS	48
#define MAX_MAPS	256
#define MAX_POLL	1024
#define MAX_STRING	4096
#define CANCEL		0xdeadbeef	/* three times: a poll that ends another */

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE };

/* What read() returns of a request; the RTOS's cookie is in it, the slot not. */
struct request {
	uint64_t number;
	uint64_t argument[6];
	uint64_t tcb;
	uint64_t priority;	/* policy << 32 | priority */
};

/* Each thread has its own, with an open file of its own. */
struct proxy {
	int fd;
	uint64_t slot;
	uint64_t priority;
	bool done;		/* the RTOS's thread has exited */
	bool surplus;		/* a child's first write answers nothing */
};

struct map {
	uint64_t start, len;
};

static const char *device = "/dev/shadow-process0";
static bool verbose, realtime;
static uint64_t count;		/* calls, 0: no end */
static atomic_ullong calls;
static atomic_int threads;
static dev_t device_number;

/* Where the RTOS's memory lies; more by mmap, less by munmap */
static pthread_mutex_t map_lock = PTHREAD_MUTEX_INITIALIZER;
static struct map maps[MAX_MAPS];
static unsigned int map_count;

static __thread struct proxy *self;

static __attribute__((format(printf, 1, 2))) void say(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* One call, so that lines of several processes do not mix */
	if (n > 0 && write(STDOUT_FILENO, text, n) != n)
		_exit(EXIT_FAILED);
}

static long result(long value)
{
	return value < 0 ? -errno : value;
}

/* --- the RTOS's memory ---------------------------------------------------- */

/* How many bytes are mapped from there on; map_lock held */
static uint64_t room_at(uint64_t start)
{
	unsigned int i;

	for (i = 0; i < map_count; i++)
		if (start >= maps[i].start && start - maps[i].start < maps[i].len)
			return maps[i].len - (start - maps[i].start);
	return 0;
}

static uint64_t mapped_at(uint64_t start)
{
	uint64_t len;

	pthread_mutex_lock(&map_lock);
	len = room_at(start);
	pthread_mutex_unlock(&map_lock);
	return len;
}

static bool is_mapped(uint64_t start, uint64_t len)
{
	return !len || len <= mapped_at(start);
}

/* A copy that the RTOS cannot change any more; 0 or an error */
static int copy_string(char *copy, uint64_t start)
{
	const volatile char *from = (const volatile char *)start;
	uint64_t len = mapped_at(start), i;

	for (i = 0; i < len && i < MAX_STRING; i++) {
		copy[i] = from[i];
		if (!copy[i])
			return 0;
	}
	return i == MAX_STRING ? -ENAMETOOLONG : -EFAULT;
}

/*
 * Maps pages of the RTOS's memory, in place of those that it had there before,
 * but never in place of anything else. Returns 0 or an error.
 */
static int map_pages(int fd, uint64_t start, uint64_t len, uint64_t offset)
{
	int ret = -ENOMEM, flags;

	pthread_mutex_lock(&map_lock);
	if (map_count == MAX_MAPS)
		goto unlock;
	flags = MAP_SHARED | (len <= room_at(start) ? MAP_FIXED : MAP_FIXED_NOREPLACE);
	ret = 0;
	if (mmap((void *)start, len, PROT_READ | PROT_WRITE, flags, fd, offset) == MAP_FAILED)
		ret = -errno;
	else if (!(flags & MAP_FIXED))
		maps[map_count++] = (struct map){ start, len };
unlock:
	pthread_mutex_unlock(&map_lock);
	return ret;
}

/* Only what was mapped as a whole goes as a whole. */
static int unmap_pages(uint64_t start, uint64_t len)
{
	int ret = -EINVAL;
	unsigned int i;

	pthread_mutex_lock(&map_lock);
	for (i = 0; i < map_count; i++)
		if (maps[i].start == start && maps[i].len == len)
			break;
	if (i < map_count) {
		ret = result(munmap((void *)start, len));
		maps[i] = maps[--map_count];
	}
	pthread_mutex_unlock(&map_lock);
	return ret;
}

/* --- slots ---------------------------------------------------------------- */

static void get_slot(struct proxy *p)
{
	struct stat st;

	p->fd = open(device, O_RDWR | O_CLOEXEC);
	if (p->fd < 0 || fstat(p->fd, &st))
		err(EXIT_FAILED, "%s", device);
	device_number = st.st_rdev;
	if (ioctl(p->fd, GET_SLOT, &p->slot))
		err(EXIT_FAILED, "%s: asking for the slot", device);
}

/* The RTOS must not reach the nodes by their descriptors. */
static bool is_ours(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISCHR(st.st_mode) && st.st_rdev == device_number;
}

/* As the RTOS wants to know new processes and threads: who, and where to ask */
static uint64_t who(pid_t id, uint64_t slot)
{
	return (uint64_t)(id & 0xffff) << SLOT_BITS | slot;
}

/* --- system calls --------------------------------------------------------- */

/*
 * Calls that go to the kernel as they are. Arguments: i any value, f a
 * descriptor that is not a node's, s a string (one at most), b a buffer whose
 * length is the next argument, S room for struct stat.
 */
static const struct plain {
	uint64_t number;
	const char *name;
	const char *arguments;
} plain[] = {
	{ SYS_read, "read", "fbi" },
	{ SYS_write, "write", "fbi" },
	{ SYS_open, "open", "sii" },
	{ SYS_close, "close", "f" },
	{ SYS_fstat, "fstat", "fS" },
	{ SYS_lseek, "lseek", "fii" },
	{ SYS_getpid, "getpid", "" },
	{ SYS_kill, "kill", "ii" },
	{ SYS_openat, "openat", "isii" },
	{ 0, NULL, NULL }
};

static long check_argument(char kind, uint64_t *a, char *string)
{
	long ret;

	switch (kind) {
	case 'f':
		return is_ours(a[0]) ? -EBADF : 0;
	case 's':
		ret = copy_string(string, a[0]);
		a[0] = (uint64_t)string;
		return ret;
	case 'b':
		return is_mapped(a[0], a[1]) ? 0 : -EFAULT;
	case 'S':
		return is_mapped(a[0], sizeof(struct stat)) ? 0 : -EFAULT;
	default:
		return 0;
	}
}

static long do_plain(const struct plain *call, const uint64_t *argument)
{
	char string[MAX_STRING];
	uint64_t a[6];
	unsigned int i;
	long ret;

	memcpy(a, argument, sizeof(a));
	for (i = 0; call->arguments[i]; i++) {
		ret = check_argument(call->arguments[i], a + i, string);
		if (ret)
			return ret;
	}
	return result(syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

/*
 * The RTOS has chosen the pages: the first argument is its R/W offset << 32 |
 * the address, which both sides shall see them at. A file's content is copied
 * there, as the RTOS cannot map it. Returns how much was mapped.
 */
static long do_mmap(const uint64_t *a)
{
	uint64_t address = a[0] & 0xffffffff, offset = a[0] >> 32, len = a[1], done = 0;
	long n = 0;

	if (a[3] & MAP_ANONYMOUS)
		return map_pages(self->fd, address, len, offset) ?: (long)len;
	if (is_ours(a[4]))
		return -EBADF;
	if (!is_mapped(a[0], len))
		return -EFAULT;
	while (done < len) {
		n = pread(a[4], (char *)a[0] + done, len - done, a[5] + done);
		if (n <= 0)
			break;
		done += n;
	}
	return n < 0 ? -errno : (long)len;
}

/*
 * Polls for a new request as well: that is how the RTOS ends a poll, by another
 * one with three times CANCEL, which has a reply of its own.
 */
static long do_poll(const uint64_t *a)
{
	struct pollfd *theirs = (struct pollfd *)a[0], fds[MAX_POLL + 1];
	uint64_t n = a[1], i;
	long ready;

	if (a[3] == CANCEL && a[4] == CANCEL && a[5] == CANCEL)
		return 0;
	if (n > MAX_POLL)
		return -EINVAL;
	if (!is_mapped(a[0], n * sizeof(*theirs)))
		return -EFAULT;
	memcpy(fds, theirs, n * sizeof(*fds));
	for (i = 0; i < n; i++)
		if (is_ours(fds[i].fd))
			return -EBADF;
	fds[n] = (struct pollfd){ .fd = self->fd, .events = POLLIN };
	ready = result(poll(fds, n + 1, a[2]));
	for (i = 0; i < n && ready >= 0; i++)
		theirs[i].revents = fds[i].revents;
	return ready > 0 && fds[n].revents ? ready - 1 : ready;
}

/* Returns in the child as well, where there is nothing to reply to. */
static long do_fork(void)
{
	int ends[2], ret;
	uint64_t slot;
	pid_t pid;

	if (pipe(ends))
		return -errno;
	/* The child has this thread only, which must not wait for another. */
	pthread_mutex_lock(&map_lock);
	pid = fork();
	pthread_mutex_unlock(&map_lock);
	if (pid < 0) {
		ret = -errno;
	} else if (pid) {
		close(ends[1]);
		ends[1] = -1;
		ret = read(ends[0], &slot, sizeof(slot)) == sizeof(slot) ? 0 : -EAGAIN;
	} else {
		/* The slot stays the parent's, the memory is the child's, too. */
		prctl(PR_SET_NAME, "shadow-child");
		threads = 1;
		close(self->fd);
		get_slot(self);
		self->surplus = true;
		ret = write(ends[1], &self->slot, sizeof(slot)) == sizeof(slot) ? 0 : -EIO;
		if (ret)
			_exit(EXIT_FAILED);
	}
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return ret ?: pid ? (long)who(pid, slot) : 0;
}

static void serve(struct proxy *p);

struct start {
	struct proxy *proxy;
	int end;		/* of a pipe, where the ID goes */
};

static void *run_thread(void *data)
{
	struct start *start = data;
	struct proxy *p = start->proxy;
	uint64_t id;

	get_slot(p);
	id = who(gettid(), p->slot);
	if (write(start->end, &id, sizeof(id)) != sizeof(id))
		_exit(EXIT_FAILED);
	serve(p);
	return NULL;
}

static long do_clone(void)
{
	struct start start = { calloc(1, sizeof(struct proxy)), -1 };
	pthread_t thread;
	uint64_t id = 0;
	int ends[2];

	if (!start.proxy || pipe(ends)) {
		free(start.proxy);
		return -EAGAIN;
	}
	start.end = ends[1];
	threads++;
	if (pthread_create(&thread, NULL, run_thread, &start)) {
		threads--;
		free(start.proxy);
	} else {
		pthread_detach(thread);
		if (read(ends[0], &id, sizeof(id)) != sizeof(id))
			id = 0;
	}
	close(ends[0]);
	close(ends[1]);
	return id ? (long)id : -EAGAIN;
}

static const char *call_name(uint64_t number)
{
	static const struct {
		uint64_t number;
		const char *name;
	} special[] = {
		{ SYS_poll, "poll" }, { SYS_mmap, "mmap" }, { SYS_munmap, "munmap" },
		{ SYS_clone, "clone" }, { SYS_fork, "fork" }, { SYS_exit, "exit" },
		{ SYS_exit_group, "exit_group" },
	};
	unsigned int i;

	for (i = 0; plain[i].name; i++)
		if (plain[i].number == number)
			return plain[i].name;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (special[i].number == number)
			return special[i].name;
	return "unknown";
}

static long execute(const struct request *q)
{
	const struct plain *call;

	switch (q->number) {
	case SYS_poll:
		return do_poll(q->argument);
	case SYS_mmap:
		return do_mmap(q->argument);
	case SYS_munmap:
		return unmap_pages(q->argument[0], q->argument[1]);
	case SYS_clone:
		return do_clone();
	case SYS_fork:
		return do_fork();
	case SYS_exit:
	case SYS_exit_group:
		self->done = true;
		return q->argument[0];
	}
	for (call = plain; call->name; call++)
		if (call->number == q->number)
			return do_plain(call, q->argument);
	say("unknown call %llu, slot 0x%llx\n", (unsigned long long)q->number,
	    (unsigned long long)self->slot);
	return -ENOSYS;
}

/* --- the loop ------------------------------------------------------------- */

static void log_call(const struct request *q, long value)
{
	const uint64_t *a = q->argument;

	say("%d slot 0x%llx: %s(0x%llx, 0x%llx, 0x%llx) = %ld\n", gettid(),
	    (unsigned long long)self->slot, call_name(q->number), (unsigned long long)a[0],
	    (unsigned long long)a[1], (unsigned long long)a[2], value);
}

/* This thread runs at the priority of what it executes for. */
static void follow_priority(const struct request *q)
{
	struct sched_param param = { .sched_priority = q->priority & 0xff };

	if (!realtime || q->priority == self->priority)
		return;
	self->priority = q->priority;
	if (param.sched_priority > sched_get_priority_max(SCHED_FIFO))
		param.sched_priority = sched_get_priority_max(SCHED_FIFO);
	sched_setscheduler(0, q->priority >> 32, &param);
}

/* False when there will be no more. */
static bool get_request(struct request *q)
{
	/* Longer than what is there, as existing programs read */
	uint64_t buf[10];
	ssize_t n;

	for (;;) {
		n = read(self->fd, buf, sizeof(buf));
		if (n == sizeof(*q))
			break;
		if (n >= 0)
			errx(EXIT_FAILED, "%s: read returns %zd, want %zu", device, n, sizeof(*q));
		if (errno == ECONNRESET)
			say("reset 0x%llx\n", (unsigned long long)self->slot);
		else if (errno != EINTR)
			return false;
	}
	memcpy(q, buf, sizeof(*q));
	return true;
}

/* Until the RTOS's thread exits, or the device is gone. */
static void serve(struct proxy *p)
{
	struct request q = { 0 };
	bool group = false;
	long value;

	self = p;
	while (!p->done && get_request(&q)) {
		follow_priority(&q);
		value = execute(&q);
		if (verbose && !p->surplus)
			log_call(&q, value);
		group = q.number == SYS_exit_group;
		p->surplus = false;
		if (write(p->fd, &value, sizeof(value)) != sizeof(value))
			warn("%s: reply", device);
		if (++calls == count)
			_exit(EXIT_OK);
	}
	if (!p->done)
		warn("%s: slot 0x%llx", device, (unsigned long long)p->slot);
	close(p->fd);
	if (group || !--threads)
		_exit(p->done ? q.argument[0] : EXIT_FAILED);
	self = NULL;
	free(p);
	pthread_exit(NULL);
}

/* --- signals -------------------------------------------------------------- */

static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT };

/* What the RTOS cannot be told of ends this process as it always would. */
static void on_signal(int sig)
{
	int saved = errno;

	if (!self || ioctl(self->fd, SEND_SIGNAL, (long)sig)) {
		signal(sig, SIG_DFL);
		raise(sig);
	}
	errno = saved;
}

static void forward_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned int i;

	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaction(forwarded[i], &sa, NULL);
	/* Children are the RTOS's business. */
	signal(SIGCHLD, SIG_IGN);
}

/* --- start ---------------------------------------------------------------- */

static const char usage_text[] =
"Usage: shadow-proxy [OPTION]...\n"
"Executes the system calls that an RTOS sends over an ivshmem link. Prints a line\n"
"\"slot ID\" for each slot, then \"ready\"; the RTOS must be told these IDs.\n"
"\n"
"  --device PATH     the node (/dev/shadow-process0)\n"
"  --map ADDRESS:LENGTH:OFFSET\n"
"                    pages of the R/W section to map; may be repeated. Without\n"
"                    it: 0x100000000:0x8000000:0, or as much as there is\n"
"  --threads N       slots from the start, a thread for each (1)\n"
"  --count N         end after N calls\n"
"  --realtime        take over the RTOS's scheduling policies and priorities\n"
"  -v, --verbose     a line for each call\n"
"  --help, --version\n"
"\n"
"Signals (HUP, INT, QUIT, TERM, USR1, USR2, CONT) are sent to the RTOS while there\n"
"is a link, and only end the process where there is none.\n"
"Exit status: that of the RTOS's exit, 0 after --count, 1 failure, 2 usage.\n";

static uint64_t number(const char *name, const char *text, char **end)
{
	uint64_t value;

	errno = 0;
	value = strtoull(text, end, 0);
	if (*end == text || errno)
		errx(EXIT_USAGE, "%s is '%s', want a number", name, text);
	return value;
}

static uint64_t whole(const char *name, const char *text)
{
	char *end;
	uint64_t value = number(name, text, &end);

	if (*end)
		errx(EXIT_USAGE, "%s is '%s', want a number", name, text);
	return value;
}

static struct {
	uint64_t address, len, offset;
} wanted[16];
static unsigned int wanted_count;

static void parse_map(const char *text)
{
	uint64_t value[3];
	char *end = NULL;
	int i;

	for (i = 0; i < 3; i++) {
		value[i] = number("--map", i ? end + 1 : text, &end);
		if (*end != (i < 2 ? ':' : 0))
			errx(EXIT_USAGE, "--map is '%s', want ADDRESS:LENGTH:OFFSET", text);
	}
	if (wanted_count == sizeof(wanted) / sizeof(wanted[0]))
		errx(EXIT_USAGE, "more than %u times --map", wanted_count);
	wanted[wanted_count].address = value[0];
	wanted[wanted_count].len = value[1];
	wanted[wanted_count++].offset = value[2];
}

static unsigned int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "map", required_argument, NULL, 'm' },
		{ "threads", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'c' },
		{ "realtime", no_argument, NULL, 'r' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ }
	};
	uint64_t slots = 1;
	int option;

	while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			device = optarg;
			break;
		case 'm':
			parse_map(optarg);
			break;
		case 't':
			slots = whole("--threads", optarg);
			break;
		case 'c':
			count = whole("--count", optarg);
			break;
		case 'r':
			realtime = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		case 'V':
			puts("shadow-proxy " VERSION);
			exit(EXIT_OK);
		default:
			exit(EXIT_USAGE);	/* getopt has said why */
		}
	}
	if (optind != argc)
		errx(EXIT_USAGE, "'%s' is too much", argv[optind]);
	if (slots < 1 || slots > 4096)
		errx(EXIT_USAGE, "--threads is %llu, want 1 to 4096", (unsigned long long)slots);
	return slots;
}

/* The original's mapping, or the largest half, quarter, ... that there is */
static void map_default(int fd)
{
	uint64_t len = 0x8000000;
	int error;

	do {
		error = map_pages(fd, 0x100000000, len, 0);
		len /= 2;
	} while (error == -EINVAL && len >= 0x1000);
	if (error && error != -EINVAL) {
		errno = -error;
		err(EXIT_FAILED, "%s: mapping the R/W section", device);
	}
	if (error)
		warnx("%s: no R/W section: no call can have a pointer", device);
}

static void map_wanted(int fd)
{
	unsigned int i;

	for (i = 0; i < wanted_count; i++) {
		errno = -map_pages(fd, wanted[i].address, wanted[i].len, wanted[i].offset);
		if (errno)
			err(EXIT_FAILED, "%s: mapping 0x%llx bytes at 0x%llx from 0x%llx", device,
			    (unsigned long long)wanted[i].len,
			    (unsigned long long)wanted[i].address,
			    (unsigned long long)wanted[i].offset);
	}
}

/* A thread is an open file, and the RTOS opens more: as many as we may have. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		err(EXIT_FAILED, "getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(EXIT_FAILED, "setrlimit: %llu files", (unsigned long long)files.rlim_max);
}

int main(int argc, char **argv)
{
	unsigned int slots = parse(argc, argv), i;
	struct proxy *p = calloc(1, sizeof(*p));
	long id;

	if (!p)
		err(EXIT_FAILED, "no memory");
	raise_file_limit();
	get_slot(p);
	self = p;
	threads = 1;
	if (wanted_count)
		map_wanted(p->fd);
	else
		map_default(p->fd);
	forward_signals();
	say("slot 0x%llx\n", (unsigned long long)p->slot);
	for (i = 1; i < slots; i++) {
		id = do_clone();
		if (id < 0)
			errx(EXIT_FAILED, "only %u slots: %s", i, strerror(-id));
		say("slot 0x%llx\n", (unsigned long long)id & ((1ULL << SLOT_BITS) - 1));
	}
	say("ready\n");
	serve(p);
	return EXIT_OK;
}
