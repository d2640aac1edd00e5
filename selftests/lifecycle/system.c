// SPDX-License-Identifier: GPL-2.0
/* Files, modules, interfaces */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lifecycle.h"

#define PATH 256

/* A path from a format and what follows it */
#define format_path(path, fmt) do {			\
	va_list args;					\
							\
	va_start(args, fmt);				\
	vsnprintf(path, sizeof(path), fmt, args);	\
	va_end(args);					\
} while (0)

int write_file(const char *text, const char *fmt, ...)
{
	char path[PATH];
	int fd, err = 0;

	format_path(path, fmt);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

bool read_file(char *text, size_t size, const char *fmt, ...)
{
	char path[PATH];
	ssize_t length;
	int fd;

	format_path(path, fmt);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return false;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* -1 where there is none */
long read_number(const char *fmt, ...)
{
	char path[PATH], text[64];

	format_path(path, fmt);
	return read_file(text, sizeof(text), "%s", path) ? strtol(text, NULL, 0) : -1;
}

bool exists(const char *fmt, ...)
{
	char path[PATH];

	format_path(path, fmt);
	return !access(path, F_OK);
}

/* The last part of where a link leads; "" for no link */
bool link_to(char *name, size_t size, const char *fmt, ...)
{
	char path[PATH], target[PATH];
	const char *last;
	ssize_t length;

	format_path(path, fmt);
	*name = '\0';
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	last = strrchr(target, '/');
	snprintf(name, size, "%s", last ? last + 1 : target);
	return true;
}

/* The first entry of a folder that is called so, and a number; "" where there is none */
bool find_child(char *name, size_t size, const char *prefix, const char *fmt, ...)
{
	size_t length = strlen(prefix);
	struct dirent *entry;
	char path[PATH];
	DIR *dir;

	format_path(path, fmt);
	*name = '\0';
	dir = opendir(path);
	if (!dir)
		return false;
	while (!*name && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, prefix, length) &&
		    isdigit((unsigned char)entry->d_name[length]))
			snprintf(name, size, "%s", entry->d_name);
	closedir(dir);
	return *name;
}

int load_module(const char *name)
{
	struct utsname system;
	char path[PATH];
	int fd, err = 0;

	uname(&system);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/%s.ko", system.release, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("%s: %m", path);
	if (syscall(SYS_finit_module, fd, "", 0))
		err = errno;
	close(fd);
	return err;
}

int unload_module(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? errno : 0;
}

static int interface_ioctl(unsigned long request, struct ifreq *ifr, const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", name);
	if (ioctl(fd, request, ifr))
		err = errno;
	close(fd);
	return err;
}

int set_up(const char *name, bool up)
{
	struct ifreq ifr = { .ifr_flags = up ? IFF_UP : 0 };

	return interface_ioctl(SIOCSIFFLAGS, &ifr, name);
}

bool is_up(const char *name)
{
	struct ifreq ifr = { };

	return !interface_ioctl(SIOCGIFFLAGS, &ifr, name) && ifr.ifr_flags & IFF_UP;
}

int set_mtu(const char *name, int mtu)
{
	struct ifreq ifr = { .ifr_mtu = mtu };

	return interface_ioctl(SIOCSIFMTU, &ifr, name);
}

void pause_ms(double ms)
{
	usleep(ms * 1000);
}
