// SPDX-License-Identifier: GPL-2.0
/* ivshmem-link: options, sockets, and the loop that everything runs in. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "conn.h"
#include "control.h"
#include "event.h"
#include "link.h"

#define VERSION		"0.1"
#define SIZE_LIMIT	0x10000000000ull	/* 1 TiB */

static const char usage[] =
"Usage: ivshmem-link --dir DIR [OPTION]...\n"
"Serve one ivshmem v2 link to QEMU's vfio-user-pci: peer N at DIR/peerN.sock,\n"
"counters as JSON at DIR/control.sock (send \"stats\" or \"help\").\n"
"\n"
"  --dir DIR             existing directory for the sockets\n"
"  --peers N             2 to 256 peers (2)\n"
"  --protocol ID         a number, or uio, net, shadow (net)\n"
"  --vectors V           MSI-X vectors of each peer, 1 to 2048 (2)\n"
"  --state-size S        state table (4K)\n"
"  --rw-size S           section that all peers write, 0 for none (0)\n"
"  --output-size S       section that one peer writes, 0 for none (1M)\n"
"                        sizes take K, M, G and are multiples of 4K\n"
"  --strict              trap accesses to what a peer may only read, and refuse\n"
"                        its writes there; slow\n"
"  --intx                INTx and one vector, no MSI-X\n"
"  --base-address ADDR   no BAR2; the memory, DIR/memory, is at ADDR\n"
"  --cap20-mirror        repeat BAR2's address in the capability, for NuttX\n"
"  --drop-interrupts R   lose this part of all interrupts: 0.01 or 1%; \"drop\" on\n"
"                        the control socket changes it, from 0 also\n"
"  --seed N              which ones (1)\n"
"  --help, --version\n"
"\n"
"Test options\n"
"  --lie FIELD=VALUE     present something wrong; may be repeated. FIELD:\n";

static const char *const lie_names[LIES] = {
	[LIE_VENDOR] = "vendor", [LIE_DEVICE] = "device",
	[LIE_REVISION] = "revision", [LIE_CLASS] = "class",
	[LIE_SUBVENDOR] = "subsystem-vendor", [LIE_SUBDEVICE] = "subsystem",
	[LIE_NO_CAP] = "no-cap", [LIE_CAP_LENGTH] = "cap-length",
	[LIE_STATE_SIZE] = "state-size", [LIE_RW_SIZE] = "rw-size",
	[LIE_OUTPUT_SIZE] = "output-size",
	[LIE_BASE_ADDRESS] = "base-address", [LIE_BAR2_SIZE] = "bar2-size",
	[LIE_MSIX_VECTORS] = "msix-vectors", [LIE_ID] = "id",
	[LIE_MAX_PEERS] = "max-peers",
};

/* A peer's socket, and its connection while there is one */
struct port {
	struct source listener;
	struct conn conn;
	struct closer closer;
	struct source room;	/* in the closer */
};

static struct link the_link;
static struct control control;
static struct port *ports;
static const char *dir;
static int dir_fd = -1;		/* holds the lock */
static bool stop;

static void remove_files(void);

/* Nothing that was made is left behind. */
static __attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...)
{
	va_list args;

	fputs("ivshmem-link: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	remove_files();
	exit(2);
}

static uint64_t parse_number(const char *what, const char *text, uint64_t min,
			     uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-' || value < min ||
	    value > max)
		die("%s is %s, want %llu to %llu", what, text,
		    (unsigned long long)min, (unsigned long long)max);
	return value;
}

static uint64_t parse_size(const char *what, const char *text, bool page)
{
	static const char suffixes[] = "KMG";
	unsigned long long value;
	unsigned int shift;
	const char *suffix;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || errno || *text == '-')
		die("%s is %s, want a size", what, text);
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		if (value > SIZE_LIMIT >> shift)
			die("%s is %s, want up to 1024G", what, text);
		value <<= shift;
		end++;
	}
	if (*end)
		die("%s is %s, want a size with K, M, G or nothing behind it",
		    what, text);
	if (page && (value % LINK_PAGE || value > SIZE_LIMIT))
		die("%s is %llu bytes, want a multiple of %u up to 1024G", what,
		    value, LINK_PAGE);
	return value;
}

static uint16_t parse_protocol(const char *text)
{
	static const char *const names[] = { "uio", "net", "shadow" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i]))
			return i;
	return parse_number("--protocol (uio, net, shadow or a number)", text,
			    0, 0xffff);
}

static void parse_lie(const char *text, struct link_config *cfg)
{
	size_t len = strcspn(text, "=");
	enum lie lie;

	for (lie = 0; lie < LIES; lie++)
		if (strlen(lie_names[lie]) == len &&
		    !strncmp(lie_names[lie], text, len))
			break;
	if (lie == LIES)
		die("--lie %s: no such field, see --help", text);
	if (text[len] != '=' && lie != LIE_NO_CAP)
		die("--lie %s: want %s=VALUE", text, text);
	cfg->lies[lie] = true;
	if (text[len] == '=')
		cfg->lie_values[lie] = parse_size("--lie", text + len + 1, false);
}

static void check_config(const struct link_config *cfg, bool vectors_given)
{
	if (!dir)
		die("--dir is missing, see --help");
	if (cfg->state_size < cfg->peers * sizeof(uint32_t))
		die("--state-size is %llu bytes, want at least %zu for %u peers",
		    (unsigned long long)cfg->state_size,
		    cfg->peers * sizeof(uint32_t), cfg->peers);
	if (cfg->state_size > UINT32_MAX)
		die("--state-size is %llu bytes, want less than 4G",
		    (unsigned long long)cfg->state_size);
	if (cfg->intx && vectors_given && cfg->vectors != 1)
		die("--vectors is %u, want 1 with --intx", cfg->vectors);
	if (cfg->base_address % LINK_PAGE)
		die("--base-address is 0x%llx, want a multiple of %u",
		    (unsigned long long)cfg->base_address, LINK_PAGE);
	if (cfg->base_address && cfg->cap20_mirror)
		die("--cap20-mirror wants BAR2, which --base-address removes");
	if (cfg->base_address && cfg->strict)
		die("--strict wants BAR2, which --base-address removes");
	if (cfg->lies[LIE_MSIX_VECTORS] &&
	    cfg->lie_values[LIE_MSIX_VECTORS] - 1 >= VECTORS_MAX)
		die("--lie msix-vectors is %llu, want 1 to %u",
		    (unsigned long long)cfg->lie_values[LIE_MSIX_VECTORS],
		    VECTORS_MAX);
}

static void print_help(void)
{
	unsigned int i;

	fputs(usage, stdout);
	for (i = 0; i < LIES; i++)
		printf("%s%s", i % 6 ? ", " : i ? ",\n    " : "    ",
		       lie_names[i]);
	putchar('\n');
}

static const struct option options[] = {
	{ "dir", required_argument, NULL, 'd' },
	{ "peers", required_argument, NULL, 'n' },
	{ "protocol", required_argument, NULL, 'p' },
	{ "vectors", required_argument, NULL, 'v' },
	{ "state-size", required_argument, NULL, 't' },
	{ "rw-size", required_argument, NULL, 'r' },
	{ "output-size", required_argument, NULL, 'o' },
	{ "strict", no_argument, NULL, 's' },
	{ "intx", no_argument, NULL, 'i' },
	{ "base-address", required_argument, NULL, 'b' },
	{ "cap20-mirror", no_argument, NULL, 'c' },
	{ "drop-interrupts", required_argument, NULL, 'x' },
	{ "seed", required_argument, NULL, 'e' },
	{ "lie", required_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void parse_option(int opt, const char *arg, struct link_config *cfg)
{
	switch (opt) {
	case 'd':
		dir = arg;
		break;
	case 'n':
		cfg->peers = parse_number("--peers", arg, 2, PEERS_MAX);
		break;
	case 'p':
		cfg->protocol = parse_protocol(arg);
		break;
	case 'v':
		cfg->vectors = parse_number("--vectors", arg, 1, VECTORS_MAX);
		break;
	case 't':
		cfg->state_size = parse_size("--state-size", arg, true);
		break;
	case 'r':
		cfg->rw_size = parse_size("--rw-size", arg, true);
		break;
	case 'o':
		cfg->output_size = parse_size("--output-size", arg, true);
		break;
	case 's':
		cfg->strict = true;
		break;
	case 'i':
		cfg->intx = true;
		break;
	case 'b':
		cfg->base_address = parse_number("--base-address", arg,
						 LINK_PAGE, UINT64_MAX);
		break;
	case 'c':
		cfg->cap20_mirror = true;
		break;
	case 'x':
		if (!parse_rate(arg, &cfg->drop_rate))
			die("--drop-interrupts is %s, want 0 to 1, or 0%% to 100%%",
			    arg);
		cfg->may_drop = true;
		break;
	case 'e':
		cfg->seed = parse_number("--seed", arg, 0, UINT64_MAX);
		break;
	case 'l':
		parse_lie(arg, cfg);
		break;
	case 'h':
		print_help();
		exit(0);
	case 'V':
		puts("ivshmem-link " VERSION);
		exit(0);
	default:
		exit(2);	/* getopt_long() has said why */
	}
}

static void parse_options(int argc, char **argv, struct link_config *cfg)
{
	int opt;

	*cfg = (struct link_config){
		.peers = 2,
		.protocol = 1,
		.state_size = LINK_PAGE,
		.output_size = 1 << 20,
		.seed = 1,
	};
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(opt, optarg, cfg);
	if (optind < argc)
		die("unexpected argument %s, see --help", argv[optind]);
	check_config(cfg, cfg->vectors);
	if (!cfg->vectors || cfg->intx)
		cfg->vectors = cfg->intx ? 1 : 2;
}

#define CONTROL_SOCKET	PEERS_MAX	/* in place of a peer's id */

static void make_address(struct sockaddr_un *addr, unsigned int id)
{
	char name[32] = "control.sock";
	int len;

	if (id != CONTROL_SOCKET)
		snprintf(name, sizeof(name), "peer%u.sock", id);
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	len = snprintf(addr->sun_path, sizeof(addr->sun_path), "%s/%s", dir,
		       name);
	if (len >= (int)sizeof(addr->sun_path))
		die("socket path %s/%s has %d bytes, want at most %zu", dir,
		    name, len, sizeof(addr->sun_path) - 1);
}

/*
 * A directory has one link at a time. The kernel lets go of the lock when the
 * process ends, however that happens.
 */
static void lock_directory(void)
{
	struct sockaddr_un addr;

	make_address(&addr, CONTROL_SOCKET);	/* not too long */
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		die("cannot open the directory %s: %s", dir, strerror(errno));
	if (!flock(dir_fd, LOCK_EX | LOCK_NB))
		return;
	if (errno == EWOULDBLOCK)
		die("%s is in use by another ivshmem-link", dir);
	die("cannot lock the directory %s: %s", dir, strerror(errno));
}

/* Nobody else has the directory, so a socket is what an earlier run left. */
static void remove_stale(const struct sockaddr_un *addr)
{
	struct stat st;

	if (lstat(addr->sun_path, &st))
		return;
	if (!S_ISSOCK(st.st_mode))
		die("%s exists and is no socket", addr->sun_path);
	if (unlink(addr->sun_path))
		die("cannot remove the old %s: %s", addr->sun_path,
		    strerror(errno));
}

static void open_listener(struct source *src, unsigned int id)
{
	struct sockaddr_un addr;

	make_address(&addr, id);
	remove_stale(&addr);
	src->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (src->fd < 0)
		die("socket: %s", strerror(errno));
	if (bind(src->fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(src->fd, 8) || source_watch(src, EPOLLIN))
		die("cannot listen on %s: %s", addr.sun_path, strerror(errno));
}

static void port_ready(struct source *src)
{
	struct port *port = container_of(src, struct port, listener);
	struct peer *p = port->conn.peer;
	int fd;

	if (closer_busy(&port->closer)) {
		source_rewatch(src, 0);
		return;
	}
	/*
	 * A client that is killed and started again may be back before its old
	 * connection's end was noticed. What it had sent is handled first.
	 */
	if (conn_gone(&port->conn))
		return;
	fd = source_accept(src);
	if (fd < 0)
		return;
	if (p->connected) {
		p->count.refused_connections++;
		complain(&p->complaints,
			 "peer %u: refused a second client of %s/peer%u.sock, it has one",
			 p->id, dir, p->id);
		shutdown(fd, SHUT_RDWR);
		closer_add(&port->closer, fd);
	} else {
		conn_open(&port->conn, fd);
	}
}

/* The closer has room again. */
static void port_resume(struct source *src)
{
	struct port *port = container_of(src, struct port, room);
	eventfd_t count;

	eventfd_read(src->fd, &count);
	source_rewatch(&port->listener, EPOLLIN);
	port->conn.src.ready(&port->conn.src);
}

static void accept_again(void)
{
	unsigned int i;

	source_rewatch(&control.listener, EPOLLIN);
	for (i = 0; i < the_link.cfg.peers; i++)
		source_rewatch(&ports[i].listener, EPOLLIN);
}

static void port_init(struct port *port, struct peer *p)
{
	int err;

	/* One message's, and those of a connection that ends after it */
	err = closer_start(&port->closer, SCM_FDS_MAX + MSG_FDS_MAX +
					  p->link->cfg.vectors + 3);
	if (err)
		die("cannot start a thread: %s", strerror(-err));
	port->room = (struct source){ .fd = port->closer.room, .ready = port_resume };
	if (source_watch(&port->room, EPOLLIN))
		die("cannot watch a thread: %s", strerror(errno));
	p->closer = &port->closer;
	conn_init(&port->conn, p);
}

/* Something that QEMU can name in memory-backend-file, without BAR2 */
static void link_memory(bool create)
{
	char target[64], path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/memory", dir);
	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		unlink(path);
	if (!create)
		return;
	snprintf(target, sizeof(target), "/proc/%d/fd/%d", getpid(),
		 the_link.memfd);
	if (symlink(target, path))
		die("cannot make the symbolic link %s: %s", path,
		    strerror(errno));
}

/* The control socket is last: who can connect to it knows that all are there. */
static void open_sockets(void)
{
	unsigned int i;

	control_init(&control, &the_link);
	ports = calloc(the_link.cfg.peers, sizeof(*ports));
	if (!ports)
		die("out of memory");
	for (i = 0; i < the_link.cfg.peers; i++)
		ports[i].listener = (struct source){ .fd = -1, .ready = port_ready };
	for (i = 0; i < the_link.cfg.peers; i++)
		port_init(&ports[i], &the_link.peers[i]);
	for (i = 0; i < the_link.cfg.peers; i++)
		open_listener(&ports[i].listener, i);
	if (the_link.cfg.base_address)
		link_memory(true);
	open_listener(&control.listener, CONTROL_SOCKET);
}

static void remove_socket(const struct source *src, unsigned int id)
{
	struct sockaddr_un addr;

	if (src->fd < 0)
		return;
	make_address(&addr, id);
	unlink(addr.sun_path);
}

/* Of those in the directory only what this process has made */
static void remove_files(void)
{
	unsigned int i;

	if (!ports)
		return;
	if (the_link.cfg.base_address)
		link_memory(false);
	remove_socket(&control.listener, CONTROL_SOCKET);
	for (i = 0; i < the_link.cfg.peers; i++)
		remove_socket(&ports[i].listener, i);
}

/*
 * Sockets are not closed but shut down, as closing can wait, see closer.h; at
 * the process's end it does not. A thread may be stuck all the same and keep
 * the process: the directory is free nevertheless. Memory is left to the
 * threads.
 */
static void end_link(void)
{
	unsigned int i;

	remove_files();
	shutdown(control.listener.fd, SHUT_RDWR);
	for (i = 0; i < the_link.cfg.peers; i++) {
		shutdown(ports[i].listener.fd, SHUT_RDWR);
		conn_close(&ports[i].conn);
	}
	close(dir_fd);
}

static void signal_ready(struct source *src)
{
	(void)src;
	stop = true;
}

static void watch_signals(struct source *src)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*src = (struct source){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.ready = signal_ready,
	};
	if (src->fd < 0 || source_watch(src, EPOLLIN))
		die("signalfd: %s", strerror(errno));
}

/*
 * No system call here is meant to wait, save epoll_wait(). Should one do so
 * all the same, this interrupts it, at a time that nobody knows: who makes us
 * wait often and for a short time only is found out, too. In each step of 16
 * ms the chance is at least 1/16, whatever happened before, so it is a quarter
 * of a second in all, on average; more than 4 s one time in 10 million.
 */
static void watch(int sig)
{
	const int step_ms = 16;
	struct itimerval timer = { 0 };
	int err = errno, ms = step_ms;
	uint64_t random;

	(void)sig;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = 0;
	for (; random % 16; random /= 16)
		ms += step_ms;
	timer.it_value.tv_usec = ms * 1000;
	setitimer(ITIMER_REAL, &timer, NULL);
	errno = err;
}

static void start_watchdog(void)
{
	const struct sigaction action = { .sa_handler = watch };
	sigset_t set;

	/* who started us may have blocked it */
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL))
		die("cannot start the watchdog: %s", strerror(errno));
	watch(SIGALRM);
}

/*
 * No peer may use up another's descriptors. A peer has a listener, a
 * connection, its closer's, eventfds for its vectors and for INTx's
 * resampling, what comes with a message, and what is queued to be closed; one
 * recvmsg() brings up to SCM_FDS_MAX; the rest is the control socket's and the
 * process's own.
 */
static void raise_fd_limit(const struct link_config *cfg)
{
	rlim_t need = cfg->peers * (cfg->vectors + 4 + MSG_FDS_MAX +
				    CLOSER_LIMIT) + SCM_FDS_MAX + 47;
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		die("getrlimit: %s", strerror(errno));
	if (lim.rlim_max < need)
		die("limit of open files is %llu, want %llu for %u peers with %u vectors",
		    (unsigned long long)lim.rlim_max, (unsigned long long)need,
		    cfg->peers, cfg->vectors);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

int main(int argc, char **argv)
{
	struct link_config cfg;
	struct source signals;
	int err;

	parse_options(argc, argv, &cfg);
	raise_fd_limit(&cfg);
	lock_directory();
	if (events_init(accept_again))
		die("cannot wait for events: %s", strerror(errno));
	umask(0177);	/* sockets: 0600 */
	watch_signals(&signals);
	start_watchdog();
	err = link_init(&the_link, &cfg);
	if (err)
		die("cannot create %llu bytes of shared memory: %s",
		    (unsigned long long)the_link.mem_size, strerror(-err));
	open_sockets();
	err = events_run(&stop);
	if (err)
		complain(NULL, "epoll_wait: %s", strerror(errno));

	signal(SIGALRM, SIG_IGN);	/* standard output may wait */
	print_stats(stdout, &the_link);
	end_link();
	return err ? 1 : 0;
}
