// SPDX-License-Identifier: GPL-2.0
/* How the programs here begin to listen, and learn that they shall end */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "listen.h"

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int remove_stale(const struct sockaddr_un *address)
{
	int fd, err = -EADDRINUSE;
	struct stat st;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = open_socket();
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    errno == ECONNREFUSED)
		err = unlink(address->sun_path) ? -errno : 0;
	close(fd);
	return err;
}

int listen_at(const char *path, int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	err = remove_stale(&address);
	if (err)
		return err;
	fd = open_socket();
	if (fd < 0)
		return -errno;
	mask = umask(0177);	/* 0600 */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, backlog))
		err = -errno;
	umask(mask);
	if (err)
		close(fd);
	return err ? err : fd;
}

int end_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
