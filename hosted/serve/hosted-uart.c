// SPDX-License-Identifier: GPL-2.0
/*
 * A process for a driver of a serial port: the kit, the class, one unmodified
 * driver. Started by hosted-supervise it has nothing but what that hands over;
 * alone it has a port of its own that hears what it says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "guest.h"
#include "kit/bus.h"
#include "kit/files.h"
#include "kit/kit.h"
#include "listen.h"
#include "model/uart_board.h"
#include "seccomp.h"
#include "server.h"

#define VERSION		"1.0"
#define MAX_PARAMS	16

static const char usage[] =
	"usage: hosted-uart --socket PATH [OPTION...]\n"
	"       hosted-uart --help | --version\n"
	"\n"
	"Runs a driver of a serial port, whose line is looped back, for clients like\n"
	"hosted-serial. hosted-supervise starts it with --supervised instead.\n"
	"\n"
	"  --socket PATH       where clients connect\n"
	"  --timed             characters take their time\n"
	"  --policy POLICY     smp (default) or up\n"
	"  --param NAME=VALUE  a module parameter of the driver\n"
	"  --verbose           log debug messages, too\n";

static struct {
	const char *socket;
	const char *params[MAX_PARAMS];
	int nparams;
	bool supervised, timed;
} options;

static const struct kit_device supervised_uart = {
	.name = BOARD_UART, .id = BOARD_AMBA_ID, .phys = BOARD_PHYS, .size = PL010_SIZE,
	.irqs = { BOARD_IRQ },
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "hosted-uart: %s: %s\n", what, strerror(-err));
	return 1;
}

static int set_param(const char *param)
{
	char *name = strdup(param), *equals = name ? strchr(name, '=') : NULL;
	int err = name ? -EINVAL : -ENOMEM;

	if (equals) {
		*equals = '\0';
		err = kit_param_set(name, equals + 1);
	}
	free(name);
	if (err)
		fprintf(stderr, "hosted-uart: --param %s: %s\n", param,
			err == -ENOENT ? "no such parameter" : strerror(-err));
	return err;
}

static int check_bound(void)
{
	int bound = kit_amba_bound(BOARD_UART);

	if (bound == 0)
		return -ENODEV;
	return bound < 0 ? bound : 0;
}

static int run_supervised(void)
{
	int eventfd, err = kit_eventfd_init();

	if (err)
		return fail("signalling eventfds, is fs.aio-max-nr used up?", err);
	err = shut_in();
	if (err)
		return fail("cannot shut the process in", err);
	err = channel_open(HANDLE_CHANNEL, BOARD_IRQ);
	if (!err)
		err = kit_amba_add(&supervised_uart);
	if (!err)
		err = check_bound();
	if (err)
		return fail("the driver does not take its device", err);
	eventfd = kit_irq_eventfd(BOARD_IRQ);
	if (eventfd < 0)
		return fail("the interrupt", eventfd);
	channel_ready(eventfd);
	err = server_run(HANDLE_LISTENER, HANDLE_STOP);
	kit_amba_remove(BOARD_UART);
	return err ? fail("serving", err) : 0;
}

static int run_alone(int stop)
{
	struct uart_board_config config = { .loop = true, .timed = options.timed };
	int listener = guest_listen(options.socket, 8), err;
	unsigned int left;

	if (listener < 0)
		return fail(options.socket, listener);
	err = uart_board_add(&config);
	if (!err)
		err = check_bound();
	if (err)
		return fail("the driver does not take its device", err);
	err = server_run(listener, stop);
	unlink(options.socket);
	left = uart_board_remove();
	if (left)
		fprintf(stderr, "hosted-uart: %u uses of the clock are left\n", left);
	return err ? fail("serving", err) : left ? 1 : 0;
}

static int kit_main(void *arg)
{
	int stop = *(int *)arg, status, i, err = kit_kernel_init();

	for (i = 0; !err && i < options.nparams; i++)
		if (set_param(options.params[i]))
			return 2;
	if (!err)
		err = kit_modules_init();
	if (err)
		return fail("drivers", err);
	status = options.supervised ? run_supervised() : run_alone(stop);
	kit_modules_exit();
	kit_kernel_exit();
	if (kit_report())
		status = 1;
	return status;
}

static int usage_error(const char *what)
{
	fprintf(stderr, "hosted-uart: %s; see hosted-uart --help\n", what);
	return 2;
}

static bool take_policy(const char *text, struct kit_config *config)
{
	config->policy = strcmp(text, "up") ? KIT_SMP : KIT_UP;
	if (config->policy == KIT_UP || !strcmp(text, "smp"))
		return true;
	fprintf(stderr, "hosted-uart: --policy is '%s', want smp or up\n", text);
	return false;
}

static bool take_param(const char *text)
{
	bool fits = options.nparams < MAX_PARAMS;

	if (fits && strchr(text, '=')) {
		options.params[options.nparams++] = text;
		return true;
	}
	if (fits)
		fprintf(stderr, "hosted-uart: --param is '%s', want NAME=VALUE\n", text);
	else
		fprintf(stderr, "hosted-uart: --param is given more than %d times\n", MAX_PARAMS);
	return false;
}

static bool take_value(const char *option, const char *value, struct kit_config *config)
{
	if (!strcmp(option, "--policy"))
		return take_policy(value, config);
	if (!strcmp(option, "--param"))
		return take_param(value);
	if (strcmp(option, "--socket"))
		return !usage_error(option);
	options.socket = value;
	return true;
}

/* Return: 0, or the exit status + 1 */
static int parse(int argc, char **argv, struct kit_config *config)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *arg = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(arg, "--help"))
			return fputs(usage, stdout), 1;
		if (!strcmp(arg, "--version"))
			return puts("hosted-uart " VERSION), 1;
		if (!strcmp(arg, "--supervised"))
			options.supervised = true;
		else if (!strcmp(arg, "--timed"))
			options.timed = true;
		else if (!strcmp(arg, "--verbose"))
			config->log_level = 8;
		else if (!value)
			return usage_error(arg) + 1;
		else if (!take_value(arg, argv[++i], config))
			return 2 + 1;
	}
	return options.socket || options.supervised ? 0 : usage_error("which socket?") + 1;
}

int main(int argc, char **argv)
{
	struct kit_config config = { .log_level = 6 };
	int status = parse(argc, argv, &config), stop;

	if (status)
		return status - 1;
	stop = options.supervised ? HANDLE_STOP : end_signals();
	status = kit_run(&config, kit_main, &stop);
	return status < 0 ? fail("cannot start", status) : status;
}
