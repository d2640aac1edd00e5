/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Suspend to memory: the machine's clock wakes it after IVSHMEM_SLEEP seconds.
 * Where that is not set, somebody else has to.
 */
#ifndef SELFTESTS_SUSPEND_H
#define SELFTESTS_SUSPEND_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAKE_ALARM	"/sys/class/rtc/rtc0/wakealarm"

static inline bool write_setting(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (!done)
		perror(path);
	close(fd);
	return done;
}

/* Returns whether it slept: not at all, if nothing would wake it. */
static inline bool sleep_and_wake(void)
{
	const char *seconds = getenv("IVSHMEM_SLEEP");
	char alarm[32];

	if (seconds) {
		snprintf(alarm, sizeof(alarm), "+%s", seconds);
		if (!write_setting(WAKE_ALARM, "0") || !write_setting(WAKE_ALARM, alarm))
			return false;
	}
	return write_setting("/sys/power/state", "mem");
}

#endif
