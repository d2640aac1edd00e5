// SPDX-License-Identifier: GPL-2.0
/*
 * A pseudo-terminal in front of a serial port
 *
 * While a program has it open, the port is open; its settings become the port's
 * before anything it writes afterwards. What a pseudo-terminal cannot carry:
 * data bits and parity, which are an argument here, breaks that the program
 * sends, modem lines, waiting until all is sent.
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pump.h"

#define LOOK_MS		20	/* how often settings, and who has it open, are looked at */

struct front {
	struct pump pump;
	int master;
	char name[64];			/* of the other side; what the link leads to */
	bool open;
	struct termios2 termios;	/* as the program has set them */
	kit_u32 format;			/* data bits, parity, stop bits */
	size_t length;			/* of what the program has not taken yet */
	unsigned char data[SERIAL_READ];
};

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

/* Like a serial port, not like a login session. */
static int set_defaults(int fd)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t))
		return -errno;
	t.c_cflag = (t.c_cflag & ~(CBAUD | CSIZE | PARENB | CSTOPB)) | B9600 | CS8 | CREAD | CLOCAL;
	t.c_lflag &= ~(ECHO | ICANON | ISIG | IEXTEN);
	t.c_iflag = 0;
	t.c_oflag = 0;
	return ioctl(fd, TCSETS2, &t) ? -errno : 0;
}

/* Where the symbolic link @link leads; whether it is one */
static bool leads_to(const char *link, char *name, size_t size)
{
	ssize_t length = readlink(link, name, size - 1);

	name[length < 0 ? 0 : length] = '\0';
	return length >= 0;
}

/* What a process that was killed has left goes; nothing else, as nobody asked for that. */
static int remove_stale(const char *link)
{
	char name[64];
	struct stat st;

	if (lstat(link, &st))
		return errno == ENOENT ? 0 : -errno;
	if (leads_to(link, name, sizeof(name)) && !strncmp(name, "/dev/pts/", 9))
		return unlink(link) ? -errno : 0;
	fprintf(stderr, "hosted-serial: %s is %s%s, not a link to a pseudo-terminal\n", link,
		S_ISLNK(st.st_mode) ? "a link to " : S_ISREG(st.st_mode) ? "a file" :
		S_ISDIR(st.st_mode) ? "a folder" : S_ISSOCK(st.st_mode) ? "a socket" :
		"a device or pipe", name);
	return -EEXIST;
}

/* Somebody else may have made one of that name. */
static void remove_own(const struct front *f, const char *link)
{
	char name[64];

	if (leads_to(link, name, sizeof(name)) && !strcmp(name, f->name))
		unlink(link);
}

/* Opening and closing the other side once: only then does poll() tell who is there. */
static int make_pty(struct front *f, const char *link)
{
	int on = 1, slave;

	f->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (f->master < 0 || grantpt(f->master) || unlockpt(f->master) ||
	    ptsname_r(f->master, f->name, sizeof(f->name)) || ioctl(f->master, TIOCPKT, &on))
		return -errno;
	slave = open(f->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	on = set_defaults(slave);
	close(slave);
	if (on)
		return on;
	on = remove_stale(link);
	return on ?: symlink(f->name, link) ? -errno : 0;
}

/* Nothing that the program writes is sent before the port has its settings. */
static int sync_termios(struct front *f, bool always)
{
	struct serial_termios to;
	struct termios2 t;

	if (ioctl(f->master, TCGETS2, &t))
		return -errno;
	if (!always && !memcmp(&t, &f->termios, sizeof(t)))
		return 0;
	f->termios = t;
	_Static_assert(sizeof(to) == sizeof(t), "serial_termios is termios2");
	memcpy(&to, &t, sizeof(to));
	to.cflag = (to.cflag & ~(kit_u32)(CSIZE | PARENB | PARODD | CSTOPB)) | f->format |
		   (to.cflag & CSTOPB);
	f->pump.setting = client_send(f->pump.port, SERIAL_SET_TERMIOS, 0, 0, &to, sizeof(to));
	return f->pump.setting < 0 ? f->pump.setting : 0;
}

static int set_open(struct front *f, bool open)
{
	int err = client_ask(f->pump.port, open ? SERIAL_OPEN : SERIAL_CLOSE, 0);

	if (err)
		return err;
	f->open = open;
	f->length = 0;
	f->pump = (struct pump){ .port = f->pump.port };
	if (open)
		err = sync_termios(f, true);
	return err ? err : open ? pump_read(&f->pump) : 0;
}

/* What the other side's line discipline has to be told in place of a character. */
static void put_received(struct front *f, unsigned char ch, unsigned char flag)
{
	tcflag_t iflag = f->termios.c_iflag;

	if (flag == SERIAL_OVERRUN || (flag == SERIAL_BREAK_FLAG && iflag & IGNBRK))
		return;
	if (flag == SERIAL_BREAK_FLAG && iflag & BRKINT) {
		ioctl(f->master, TIOCSIG, SIGINT);
		return;
	}
	if ((flag == SERIAL_FRAME || flag == SERIAL_PARITY) && iflag & IGNPAR)
		return;
	f->data[f->length++] = flag == SERIAL_NORMAL ? ch : 0;
}

static int give(struct front *f)
{
	ssize_t done = write(f->master, f->data, f->length);

	if (done < 0)
		return errno == EAGAIN || errno == EIO ? 0 : -errno;
	f->length -= done;
	memmove(f->data, f->data + done, f->length);
	return f->length ? 0 : pump_read(&f->pump);
}

static int from_port(struct front *f)
{
	struct serial_reply reply;
	int i, err = pump_reply(&f->pump, &reply);

	if (err <= 0)
		return err;
	for (i = 0; i < reply.status; i++)
		put_received(f, reply.data[i], reply.length > (kit_u32)reply.status ?
			     reply.data[reply.status + i] : SERIAL_NORMAL);
	return f->length ? give(f) : pump_read(&f->pump);
}

/* In packet mode the first byte tells: 0 for data, or what happened. */
static int from_program(struct front *f)
{
	unsigned char packet[1 + SERIAL_DATA];
	ssize_t size = read(f->master, packet, sizeof(packet));
	kit_u32 what;
	int err;

	if (size <= 0)
		return size < 0 && errno != EAGAIN && errno != EIO ? -errno : 0;
	if (packet[0] == TIOCPKT_DATA) {
		memcpy(f->pump.data, packet + 1, size - 1);
		err = sync_termios(f, false);
		return err ? err : pump_write(&f->pump, size - 1);
	}
	what = (packet[0] & TIOCPKT_FLUSHREAD ? 1 : 0) | (packet[0] & TIOCPKT_FLUSHWRITE ? 2 : 0);
	if (what)
		client_send(f->pump.port, SERIAL_DISCARD, what, 0, NULL, 0);
	return 0;
}

static int step(struct front *f)
{
	struct pollfd fds[2] = { { .fd = f->pump.port, .events = POLLIN }, { .fd = f->master } };
	bool there;
	int err;

	if (pump_idle(&f->pump))
		fds[1].events |= POLLIN;
	if (f->open && f->length)
		fds[1].events |= POLLOUT;
	if (poll(fds, 2, LOOK_MS) < 0)
		return errno == EINTR ? 0 : -errno;
	there = !(fds[1].revents & POLLHUP) || fds[1].revents & POLLIN;
	if (there != f->open && pump_idle(&f->pump))
		return set_open(f, there);
	if (!f->open || (!there && pump_idle(&f->pump)))
		poll(NULL, 0, LOOK_MS);
	err = f->open && fds[0].revents ? from_port(f) : 0;
	if (!err && f->open && fds[1].revents & POLLIN && pump_idle(&f->pump))
		err = from_program(f);
	if (!err && f->open && fds[1].revents & POLLOUT)
		err = give(f);
	if (!err && f->open)
		err = sync_termios(f, false);
	if (!f->open && fds[0].revents & POLLHUP)
		err = -ECONNRESET;
	return err;
}

int pty_run(int port, const char *link, kit_u32 format)
{
	struct front f = { .pump.port = port, .format = format };
	struct sigaction action = { .sa_handler = end };
	int err;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	err = make_pty(&f, link);
	if (!err) {
		printf("%s is ready\n", link);
		fflush(stdout);
		while (!err && !ended)
			err = step(&f);
		remove_own(&f, link);
	}
	if (!err)
		return 0;
	fprintf(stderr, "hosted-serial: %s: %s\n", link, strerror(-err));
	return 1;
}
