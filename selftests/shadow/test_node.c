// SPDX-License-Identifier: GPL-2.0
/*
 * A node that can be opened can be used, although its device comes and goes:
 * mapping it works, or says that the device has gone.
 *
 * BINDS in the environment says how often.
 */
#include "polled.h"
#include "mapped.h"

#define DRIVER	"/sys/bus/ivshmem/drivers/shadow/"

static bool tell(const char *file)
{
	int fd = open(file, O_WRONLY);
	bool done = write(fd, "ivshmem0", 8) == 8;

	close(fd);
	return done;
}

static volatile unsigned int *used;	/* shared: how often the node was of use */

static void come_and_go(unsigned int binds)
{
	unsigned int before;
	bool done = true;

	while (done && binds--) {
		done = tell(DRIVER "unbind") && tell(DRIVER "bind");
		before = *used;
		done = done && UNTIL(*used != before, 20000);
	}
	_exit(!done);
}

static void use_node(void)
{
	int fd = open(NODE, O_RDWR);
	uint64_t slot;
	void *map;

	if (fd < 0) {
		EXPECT_TRUE(errno == ENOENT || errno == ENXIO || errno == ENODEV);
		return;
	}
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		EXPECT_EQ(ENODEV, errno);
	if (map != MAP_FAILED && is_mapped(map))
		++*used;
	else
		EXPECT_ERRNO(ENODEV, ioctl(fd, GET_SLOT, &slot));
	if (map != MAP_FAILED)
		munmap(map, 4096);
	close(fd);
}

TEST_TIMEOUT(a_node_can_be_used_as_soon_as_it_is_there, 280)
{
	const char *text = getenv("BINDS");
	int status = 0;
	pid_t binder;

	used = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	binder = fork();
	if (!binder)
		come_and_go(text ? atoi(text) : 50);
	while (!waitpid(binder, &status, WNOHANG))
		use_node();
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
