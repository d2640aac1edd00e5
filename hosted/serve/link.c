// SPDX-License-Identifier: GPL-2.0
/* hosted-link: the drivers of a link as a process, a peer like any other */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kit/files.h"
#include "../kit/kit.h"
#include "../kit/net.h"
#include "../model/pci_vfio_user.h"
#include "nodes.h"
#include "reopen.h"
#include "seccomp.h"
#include "tap.h"

#define VERSION		"0.1"
#define DEVICE		"bus/ivshmem/devices/ivshmem0/"
#define MAX_PARAMS	16
#define GONE_CHECK_MS	1000
#define CARRIER_CHECK_MS	10

enum { EXIT_OK, EXIT_BROKEN, EXIT_USAGE, EXIT_LINK };

static const char usage[] =
"Usage: hosted-link --socket DIR/peerN.sock [OPTION]... [-- COMMAND...]\n"
"Join a link of ivshmem-link as peer N, with the kernel's drivers in this process.\n"
"\n"
"  --plugin NAME         net, uio or shadow (what the link's protocol says)\n"
"  --tap NAME            net: connect this TAP interface of the network namespace\n"
"  --address A.B.C.D/N   set it up with this address (tap0 where --tap is not given)\n"
"  --mtu BYTES           of it (1500)\n"
"  --nodes SOCKET        uio, shadow: let programs use the device nodes, see\n"
"                        hosted-preload.so\n"
"  --param NAME=VALUE    of a module, like suppress=1; may be repeated\n"
"  --policy POLICY       smp: each thread is a CPU (default); up: one CPU\n"
"  --trace               log what the tracepoints tell\n"
"  --quiet               log warnings and errors only\n"
"  --help, --version\n"
"\n"
"Runs until SIGTERM or SIGINT, then prints counters as JSON; with a COMMAND, until\n"
"that ends, which is started when the interface has a carrier, however late the other\n"
"peer joins, and determines the exit status. Else that is 1 when something of a driver\n"
"was left over, 2 for wrong usage, 3 when there is no link, or ends before it has been up.\n";

static struct options {
	const char *socket, *plugin, *nodes;
	struct tap_config tap;
	char **command;
	const char *param[MAX_PARAMS];
	unsigned int params;
	struct kit_config config;
	bool trace;
} options = {
	.tap.mtu = 1500,
	/* Frames that have come and were not forwarded yet */
	.config.atomic_pool = 8 << 20,
	.config.log_level = 6,
};

/*
 * What runs beside the drivers
 */

static struct nodes *nodes;
static int nodes_stop = -1;

static int run_nodes(void *arg)
{
	(void)arg;
	nodes_serve(nodes, nodes_stop);
	return 0;
}

static int choose_plugin(void)
{
	char text[64], *bound;
	long len;

	if (options.plugin)
		kit_attr_write(DEVICE "protocol", options.plugin, strlen(options.plugin));
	len = kit_attr_read(DEVICE "protocol", text, sizeof(text));
	if (len < 0) {
		warnx("no driver took the device");
		return EXIT_LINK;
	}
	/* Number, plugin, how it was chosen */
	strtok(text, "\n ");
	bound = strtok(NULL, "\n ");
	if (bound && strcmp(bound, "none") &&
	    (!options.plugin || !strcmp(bound, options.plugin)))
		return EXIT_OK;
	warnx("plugin %s did not take the device", options.plugin ?: "of the link's protocol");
	return EXIT_LINK;
}

static void outside(int fd, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	kit_outside_begin();
	poll(&pfd, 1, ms);
	kit_outside_end();
}

/*
 * The command's process: it waits for a byte before it becomes the command, for later
 * this one cannot start any.
 */
static struct {
	pid_t pid;
	int fd;			/* of the process */
	int go;
} child = { .fd = -1 };

static int prepare_command(void)
{
	int pair[2];
	char go;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	child.pid = fork();
	if (child.pid < 0)
		return -errno;
	if (!child.pid) {
		close(pair[1]);
		if (read(pair[0], &go, 1) != 1)
			_exit(EXIT_OK);
		execvp(options.command[0], options.command);
		warn("%s", options.command[0]);
		_exit(EXIT_USAGE);
	}
	close(pair[0]);
	child.go = pair[1];
	child.fd = syscall(SYS_pidfd_open, child.pid, 0);
	return child.fd < 0 ? -errno : 0;
}

static void start_command(void)
{
	/* If it has gone, SIGCHLD tells. */
	if (send(child.go, "", 1, MSG_NOSIGNAL) == 1)
		close(child.go);
}

/* Until there is a signal, the command has ended, or there is no link any more. */
static int wait_for_end(struct kit_pci *pci, struct tap *tap, int signals)
{
	struct signalfd_siginfo info = { 0 };
	bool waiting = child.pid;
	int status;

	while (!pci_vfio_user_gone(pci)) {
		if (waiting && (!tap || kit_net_carrier(tap_net(tap)))) {
			start_command();
			waiting = false;
		}
		outside(signals, waiting ? CARRIER_CHECK_MS : GONE_CHECK_MS);
		if (read(signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo != SIGCHLD)
			break;
		if (child.pid && waitpid(child.pid, &status, WNOHANG) == child.pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	/* A process that is shut in can signal what it has a descriptor of only. */
	if (child.pid)
		syscall(SYS_pidfd_send_signal, child.fd, SIGTERM, NULL, 0);
	if (waiting)
		warnx("%s was not started, as the interface had no carrier", options.command[0]);
	return info.ssi_signo && info.ssi_signo != SIGCHLD && !waiting ? EXIT_OK : EXIT_LINK;
}

static void print_net(struct kit_net *net)
{
	static const char *const name[] = {
		"rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors",
		"rx_dropped", "tx_dropped", "bad_sums", "link_ups", "link_resets", "ring_errors",
		"polls", "tx_waits", "tx_timeouts",
	};
	unsigned int i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		printf(", \"%s\": %llu", name[i], kit_net_stat(net, name[i]));
}

static void print_counter(const char *name)
{
	char path[96], value[32];

	snprintf(path, sizeof(path), DEVICE "counters/%s", name);
	if (kit_attr_read(path, value, sizeof(value)) > 0)
		printf(", \"%s\": %ld", name, strtol(value, NULL, 0));
}

static void print_counters(struct tap *tap)
{
	char id[16];

	if (kit_attr_read(DEVICE "id", id, sizeof(id)) > 0)
		printf("{\"peer\": %ld", strtol(id, NULL, 0));
	else
		printf("{\"peer\": -1");
	print_counter("doorbells");
	print_counter("interrupts");
	print_counter("state_changes");
	print_counter("rechecks_found_work");
	if (tap)
		print_net(tap_net(tap));
	printf("}\n");
	fflush(stdout);
}

static int use_device(struct kit_pci *pci, struct tap *tap, int signals)
{
	static const uint64_t one = 1;
	struct kit_thread *thread = NULL;
	char error[256];
	int status = choose_plugin();

	if (!status && tap && tap_start(tap, error, sizeof(error))) {
		warnx("%s", error);
		status = EXIT_LINK;
	}
	if (!status && options.nodes &&
	    kit_thread_create(KIT_OTHER, "nodes", run_nodes, NULL, &thread))
		status = EXIT_LINK;
	if (!status) {
		status = wait_for_end(pci, tap, signals);
		print_counters(tap);
	}
	if (thread && write(nodes_stop, &one, sizeof(one)) > 0)
		kit_thread_join(thread);
	return status;
}

static int set_params(void)
{
	char *name, *value;
	unsigned int i;
	int err;

	for (i = 0; i < options.params; i++) {
		name = strdup(options.param[i]);
		value = name ? strchr(name, '=') : NULL;
		err = -EINVAL;
		if (value) {
			*value = '\0';
			err = kit_param_set(name, value + 1);
		}
		free(name);
		if (err) {
			warnx("--param %s: %s", options.param[i],
			      err == -ENOENT ? "no such parameter" : "want NAME=VALUE");
			return EXIT_USAGE;
		}
	}
	if (options.trace)
		kit_param_set("trace", "1");
	return EXIT_OK;
}

static int plug_in(struct kit_pci *pci, struct tap *tap)
{
	char error[256];
	int err;

	/* From here on others are heard, and nothing is opened, connected or started. */
	err = shut_in_link(tap ? tap_fd(tap) : -1, child.fd);
	if (err) {
		warnx("cannot shut the process in: %s", strerror(-err));
		return EXIT_BROKEN;
	}
	if (pci_vfio_user_join(pci, error, sizeof(error))) {
		warnx("%s", error);
		return EXIT_LINK;
	}
	err = kit_pci_plug(pci, 1);
	reopen_end();
	if (err) {
		warnx("plugging in the device: %s", strerror(-err));
		return EXIT_BROKEN;
	}
	return EXIT_OK;
}

static int run_drivers(struct kit_pci *pci, struct tap *tap, int signals)
{
	int failed = plug_in(pci, tap), status = failed ?: use_device(pci, tap, signals);

	if (tap)
		tap_close(tap);
	if (!failed)
		kit_pci_unplug(pci);
	return status;
}

/* What takes rights is had by now, but for an interface. */
static int run_modules(struct kit_pci *pci, int signals)
{
	struct tap *tap = NULL;
	char error[256];
	int status, err;

	err = kit_modules_init();
	if (err) {
		warnx("starting the drivers: %s", strerror(-err));
		return EXIT_BROKEN;
	}
	if (options.tap.name) {
		tap = tap_open(&options.tap, error, sizeof(error));
		if (!tap)
			warnx("%s", error);
	}
	status = options.tap.name && !tap ? EXIT_LINK : run_drivers(pci, tap, signals);
	kit_modules_exit();
	return status;
}

static int listen_for_programs(void)
{
	if (!options.nodes)
		return EXIT_OK;
	nodes = nodes_listen(options.nodes);
	nodes_stop = eventfd(0, EFD_CLOEXEC);
	if (nodes)
		return EXIT_OK;
	warn("%s", options.nodes);
	return EXIT_USAGE;
}

static int run(void *arg)
{
	int signals = *(int *)arg, status = listen_for_programs();
	struct kit_pci *pci;
	char error[256];

	if (status)
		return status;
	pci = pci_vfio_user_connect(options.socket, error, sizeof(error));
	if (!pci) {
		warnx("%s", error);
		return EXIT_LINK;
	}
	status = EXIT_BROKEN;
	if (!kit_kernel_init()) {
		status = set_params();
		if (!status)
			status = run_modules(pci, signals);
		kit_kernel_exit();
	}
	pci_vfio_user_close(pci);
	if (kit_report())
		status = EXIT_BROKEN;
	return status;
}

static int cannot_open(int fd)
{
	(void)fd;
	return -EACCES;
}

/*
 * The command, and what only programs on the nodes need opened for them. In this order:
 * the command's process waits, and whatever it inherits stays open meanwhile.
 */
static int start_helpers(void)
{
	int err = options.command ? prepare_command() : 0;

	kit_reopen = options.nodes ? reopen_read_only : cannot_open;
	return err ?: options.nodes ? reopen_start() : 0;
}

enum {
	OPT_SOCKET = 1, OPT_PLUGIN, OPT_TAP, OPT_ADDRESS, OPT_MTU, OPT_NODES, OPT_PARAM,
	OPT_POLICY, OPT_TRACE, OPT_QUIET, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "plugin", required_argument, NULL, OPT_PLUGIN },
	{ "tap", required_argument, NULL, OPT_TAP },
	{ "address", required_argument, NULL, OPT_ADDRESS },
	{ "mtu", required_argument, NULL, OPT_MTU },
	{ "nodes", required_argument, NULL, OPT_NODES },
	{ "param", required_argument, NULL, OPT_PARAM },
	{ "policy", required_argument, NULL, OPT_POLICY },
	{ "trace", no_argument, NULL, OPT_TRACE },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ }
};

static void take_mtu(const char *text)
{
	char *end;

	options.tap.mtu = strtoul(text, &end, 0);
	if (end == text || *end || options.tap.mtu < 68 || options.tap.mtu > 65535)
		errx(EXIT_USAGE, "--mtu is '%s', want a number from 68 to 65535", text);
}

static void take_address(const char *text)
{
	if (!tap_address_ok(text))
		errx(EXIT_USAGE, "--address is '%s', want A.B.C.D/N, N from 1 to 32", text);
	options.tap.address = text;
}

static void take_policy(const char *text)
{
	if (!strcmp(text, "up"))
		options.config.policy = KIT_UP;
	else if (strcmp(text, "smp"))
		errx(EXIT_USAGE, "--policy is '%s', want smp or up", text);
}

static void take_option(int option)
{
	switch (option) {
	case OPT_SOCKET:
		options.socket = optarg;
		break;
	case OPT_PLUGIN:
		options.plugin = optarg;
		break;
	case OPT_TAP:
		options.tap.name = optarg;
		break;
	case OPT_ADDRESS:
		take_address(optarg);
		break;
	case OPT_MTU:
		take_mtu(optarg);
		break;
	case OPT_NODES:
		options.nodes = optarg;
		break;
	case OPT_PARAM:
		if (options.params == MAX_PARAMS)
			errx(EXIT_USAGE, "--param is given more than %d times", MAX_PARAMS);
		options.param[options.params++] = optarg;
		break;
	case OPT_POLICY:
		take_policy(optarg);
		break;
	case OPT_TRACE:
		options.trace = true;
		break;
	case OPT_QUIET:
		options.config.log_level = 5;
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(EXIT_OK);
	case OPT_VERSION:
		puts("hosted-link " VERSION);
		exit(EXIT_OK);
	default:
		exit(EXIT_USAGE);
	}
}

int main(int argc, char **argv)
{
	static char out[BUFSIZ];
	sigset_t end;
	int option, signals, status;

	/* libc looks at what stdout is for a buffer of its own, when it is too late for that. */
	setvbuf(stdout, out, _IOLBF, sizeof(out));

	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) >= 0)
		take_option(option);
	if (optind < argc && strcmp(argv[optind - 1], "--"))
		errx(EXIT_USAGE, "unexpected argument '%s'", argv[optind]);
	if (optind < argc)
		options.command = argv + optind;
	if (options.tap.address && !options.tap.name)
		options.tap.name = "tap0";
	if (!options.socket)
		errx(EXIT_USAGE, "--socket is missing, want a peer's socket of ivshmem-link");
	status = start_helpers();
	if (status)
		errx(EXIT_BROKEN, "cannot start a process: %s", strerror(-status));
	status = kit_eventfd_init();
	if (status)
		errx(EXIT_BROKEN, "cannot signal eventfds, is fs.aio-max-nr used up? %s",
		     strerror(-status));
	/* Before there is any other thread, all of which inherit it. */
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGCHLD);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signals = signalfd(-1, &end, SFD_CLOEXEC | SFD_NONBLOCK);
	status = kit_run(&options.config, run, &signals);
	if (status < 0)
		errx(EXIT_BROKEN, "cannot start: %s", strerror(-status));
	return status;
}
