// SPDX-License-Identifier: GPL-2.0
/*
 * tryload: loads a module, and unloads it again
 *
 *	tryload N FILE.ko NAME
 *
 * While it loads it, the Nth of what /proc/self/fail-nth counts fails. Prints
 * the error, 0 for none, and what of N was left.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	int file, error = 0;
	char left[16] = "";

	if (argc != 4)
		errx(2, "Usage: tryload N FILE.ko NAME");
	file = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (nth < 0 || file < 0)
		err(2, "%s", nth < 0 ? "/proc/self/fail-nth" : argv[2]);
	if (write(nth, argv[1], strlen(argv[1])) < 0)
		err(2, "%s", argv[1]);
	if (syscall(SYS_finit_module, file, "", 0))
		error = errno;
	if (pread(nth, left, sizeof(left) - 1, 0) < 0 || write(nth, "0", 1) < 0)
		err(2, "/proc/self/fail-nth");
	if (!error && syscall(SYS_delete_module, argv[3], O_NONBLOCK))
		err(2, "unloading %s", argv[3]);
	printf("%d %s", error, left);
	return error != 0;
}
