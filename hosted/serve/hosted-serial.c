// SPDX-License-Identifier: GPL-2.0
/* A client of a hosted serial port, for people and scripts. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pump.h"

#define VERSION	"1.0"

static const char usage[] =
	"usage: hosted-serial SOCKET [COMMAND [ARGUMENT...]]\n"
	"       hosted-serial --help | --version\n"
	"\n"
	"Commands:\n"
	"  terminal              connect this terminal to the port (Ctrl-] ends; default)\n"
	"  pty LINK [8N1]        make a pseudo-terminal, LINK points to it\n"
	"  info                  what port it is\n"
	"  write TEXT            send TEXT and wait until it is sent\n"
	"  read COUNT [MS]       receive COUNT characters, or what came within MS\n"
	"  termios SPEED [8N1]   set speed, data bits, parity (N, E, O), stop bits\n"
	"  counters              tell what was counted\n"
	"  wait-counters [MS]    wait until a modem line or an error is counted\n"
	"  wait-break [MS]       wait for a break\n"
	"  break MS              send a break\n"
	"  modem [+-rts|+-dtr]   change lines, then tell them all\n"
	"  xchar CODE            send the character with this code before all others\n"
	"  stop, start           hold back what is to be sent; go on\n"
	"  discard               what is to be sent, and what was received, is forgotten\n"
	"  drain [MS]            wait until all is sent\n"
	"  suspend, resume       as when the machine sleeps and wakes up\n"
	"  status                what hosted-supervise knows of its driver, as JSON\n";

struct command {
	const char *name;
	int (*run)(int port, char **args);
	int min, max;			/* arguments */
	bool no_open;
};

static kit_u32 number(const char *text, kit_u32 otherwise)
{
	char *end;
	unsigned long value;

	if (!text)
		return otherwise;
	errno = 0;
	value = strtoul(text, &end, 0);
	if (errno || *end || !isdigit((unsigned char)*text) || value > SERIAL_FOREVER) {
		fprintf(stderr, "hosted-serial: \"%s\" is no number\n", text);
		exit(2);
	}
	return value;
}

static int cmd_terminal(int port, char **args)
{
	(void)args;
	return terminal_run(port);
}

static int cmd_info(int port, char **args)
{
	struct serial_reply reply;
	const struct serial_info *info = (const struct serial_info *)reply.data;
	int err = client_call(port, SERIAL_INFO, 0, 0, NULL, 0, &reply);

	(void)args;
	if (!err)
		printf("%.16s: driver %.16s, type %.16s, clock %u Hz, FIFO %u\n", info->name,
		       info->driver, info->type, info->clock, info->fifo);
	return err;
}

static int cmd_write(int port, char **args)
{
	int err = client_write(port, args[0], strlen(args[0]));

	return err ? err : client_ask(port, SERIAL_DRAIN, 0);
}

static int cmd_read(int port, char **args)
{
	kit_u32 left = number(args[0], 0), timeout = number(args[1], SERIAL_FOREVER);
	struct serial_reply reply;
	int done;

	for (; left; left -= done) {
		done = client_call(port, SERIAL_READ_DATA, left, timeout, NULL, 0, &reply);
		if (done <= 0)
			return done;
		if ((kit_u32)done > left || (kit_u32)done > reply.length)
			return -EBADMSG;
		fwrite(reply.data, 1, done, stdout);
		fflush(stdout);
	}
	return 0;
}

/* Return: what it means in a termios' cflag, or -EINVAL */
static int format_of(const char *format)
{
	static const char parity[] = "NEO";
	static const int parity_flags[] = { 0, 0x100, 0x300 };
	const char *p;

	if (strlen(format) != 3 || format[0] < '5' || format[0] > '8' || format[2] < '1' ||
	    format[2] > '2')
		return -EINVAL;
	p = strchr(parity, toupper((unsigned char)format[1]));
	if (!p || !*p)
		return -EINVAL;
	return (format[0] - '5') << 4 | parity_flags[p - parity] | (format[2] == '2' ? 0x40 : 0);
}

static int cmd_pty(int port, char **args)
{
	int format = format_of(args[1] ? args[1] : "8N1");

	return format < 0 ? format : pty_run(port, args[0], format);
}

static int cmd_termios(int port, char **args)
{
	struct serial_reply reply;
	struct serial_termios t;
	int format = args[1] ? format_of(args[1]) : 0;
	int err = client_call(port, SERIAL_GET_TERMIOS, 0, 0, NULL, 0, &reply);

	if (err || format < 0)
		return err ? err : format;
	memcpy(&t, reply.data, sizeof(t));
	t.cflag = (t.cflag & ~0x100fu) | 0x1000u;	/* BOTHER: the number counts */
	t.ispeed = number(args[0], 0);
	t.ospeed = t.ispeed;
	if (args[1])
		t.cflag = (t.cflag & ~0x370u) | format;
	return client_call(port, SERIAL_SET_TERMIOS, 0, 0, &t, sizeof(t), NULL);
}

static void print_counters(const struct serial_reply *reply)
{
	struct serial_counters c;

	memcpy(&c, reply->data, sizeof(c));
	printf("rx %u tx %u frame %u overrun %u parity %u brk %u buf_overrun %u ", c.rx, c.tx,
	       c.frame, c.overrun, c.parity, c.brk, c.buf_overrun);
	printf("cts %u dsr %u rng %u dcd %u\n", c.cts, c.dsr, c.rng, c.dcd);
}

static int tell_counters(int port, enum serial_op op, kit_u32 mask, kit_u32 timeout)
{
	struct serial_reply reply;
	int err = client_call(port, op, mask, timeout, NULL, 0, &reply);

	if (!err)
		print_counters(&reply);
	return err;
}

static int cmd_counters(int port, char **args)
{
	(void)args;
	return tell_counters(port, SERIAL_COUNTERS, 0, 0);
}

static int cmd_wait_counters(int port, char **args)
{
	kit_u32 mask = ~(SERIAL_COUNTER(rx) | SERIAL_COUNTER(tx));

	return tell_counters(port, SERIAL_WAIT_COUNTERS, mask, number(args[0], SERIAL_FOREVER));
}

static int cmd_wait_break(int port, char **args)
{
	return tell_counters(port, SERIAL_WAIT_BREAK, 0, number(args[0], SERIAL_FOREVER));
}

static int cmd_break(int port, char **args)
{
	kit_u32 ms = number(args[0], 0);
	int err = client_ask(port, SERIAL_BREAK, 1);

	if (err)
		return err;
	usleep(ms * 1000);
	return client_ask(port, SERIAL_BREAK, 0);
}

static const struct { const char *name; kit_u32 bit; } lines[] = {
	{ "dtr", SERIAL_DTR }, { "rts", SERIAL_RTS }, { "cts", SERIAL_CTS },
	{ "dcd", SERIAL_DCD }, { "rng", SERIAL_RNG }, { "dsr", SERIAL_DSR },
};

static kit_u32 line_bit(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strcmp(lines[i].name, name))
			return lines[i].bit;
	return 0;
}

static int cmd_modem(int port, char **args)
{
	kit_u32 set = 0, clear = 0, bit;
	int state;
	size_t i;

	for (; *args; args++) {
		bit = line_bit(*args + 1) & (SERIAL_DTR | SERIAL_RTS);
		if (!bit || (**args != '+' && **args != '-'))
			return -EINVAL;
		*(**args == '+' ? &set : &clear) |= bit;
	}
	if (set || clear) {
		state = client_ask(port, SERIAL_SET_MODEM, set | clear << 16);
		if (state)
			return state;
	}
	state = client_ask(port, SERIAL_GET_MODEM, 0);
	if (state < 0)
		return state;
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		printf("%s%s %s", i ? ", " : "", lines[i].name,
		       (kit_u32)state & lines[i].bit ? "on" : "off");
	putchar('\n');
	return 0;
}

static int cmd_xchar(int port, char **args)
{
	return client_ask(port, SERIAL_XCHAR, number(args[0], 0));
}

static int cmd_discard(int port, char **args)
{
	(void)args;
	return client_ask(port, SERIAL_DISCARD, 3);
}

static int cmd_drain(int port, char **args)
{
	return client_call(port, SERIAL_DRAIN, 0, number(args[0], SERIAL_FOREVER), NULL, 0, NULL);
}

#define SIMPLE(name, op)						\
static int name(int port, char **args)					\
{									\
	(void)args;							\
	return client_ask(port, op, 0);					\
}

SIMPLE(cmd_stop, SERIAL_STOP)
SIMPLE(cmd_start, SERIAL_START)
static int cmd_status(int port, char **args)
{
	struct serial_reply reply;
	int err = client_call(port, SERIAL_STATUS, 0, 0, NULL, 0, &reply);

	(void)args;
	if (!err)
		printf("%.*s\n", (int)reply.length, (char *)reply.data);
	return err;
}

SIMPLE(cmd_suspend, SERIAL_SUSPEND)
SIMPLE(cmd_resume, SERIAL_RESUME)

static const struct command commands[] = {
	{ "terminal", cmd_terminal, 0, 0, false }, { "pty", cmd_pty, 1, 2, true },
	{ "info", cmd_info, 0, 0, true }, { "write", cmd_write, 1, 1, false },
	{ "read", cmd_read, 1, 2, false }, { "termios", cmd_termios, 1, 2, false },
	{ "counters", cmd_counters, 0, 0, false },
	{ "wait-counters", cmd_wait_counters, 0, 1, false },
	{ "wait-break", cmd_wait_break, 0, 1, false }, { "break", cmd_break, 1, 1, false },
	{ "modem", cmd_modem, 0, 4, false }, { "xchar", cmd_xchar, 1, 1, false },
	{ "stop", cmd_stop, 0, 0, false }, { "start", cmd_start, 0, 0, false },
	{ "discard", cmd_discard, 0, 0, false }, { "drain", cmd_drain, 0, 1, false },
	{ "suspend", cmd_suspend, 0, 0, true }, { "resume", cmd_resume, 0, 0, true },
	{ "status", cmd_status, 0, 0, true },
};

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int usage_error(const char *what)
{
	fprintf(stderr, "hosted-serial: %s; see hosted-serial --help\n", what);
	return 2;
}

static int run(const char *path, const struct command *command, char **args)
{
	int port = client_connect(path), err;

	if (port < 0) {
		fprintf(stderr, "hosted-serial: %s: %s\n", path, strerror(-port));
		return 1;
	}
	err = command->no_open ? 0 : client_ask(port, SERIAL_OPEN, 0);
	if (!err)
		err = command->run(port, args);
	if (err < 0)
		fprintf(stderr, "hosted-serial: %s: %s\n", command->name, strerror(-err));
	if (!command->no_open && !err)
		client_ask(port, SERIAL_CLOSE, 0);
	close(port);
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int count = argc > 3 ? argc - 3 : 0;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	if (argc == 2 && !strcmp(argv[1], "--version"))
		return puts("hosted-serial " VERSION) < 0;
	if (argc < 2)
		return usage_error("which socket?");
	command = find(argc > 2 ? argv[2] : "terminal");
	if (!command)
		return usage_error("no such command");
	if (count < command->min || count > command->max)
		return usage_error("wrong number of arguments");
	return run(argv[1], command, argc > 2 ? argv + 3 : argv + 2);
}
