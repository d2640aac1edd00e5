// SPDX-License-Identifier: GPL-2.0
/*
 * What goes on all the time: traffic from each end, readers of every attribute,
 * and somebody who uses the files and mappings that are held
 *
 * None of it may fail the test by itself: devices come and go under it.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lifecycle.h"

#define TRACE		"/sys/kernel/tracing/"
#define BURST		8
#define NOBODY		0x88b6		/* Ethernet protocol that nobody listens to */

/* Held for reading while there is load */
static pthread_rwlock_t running;

static unsigned int spread(unsigned int *state, unsigned int below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % below;
}

static void send_burst(struct end *e, int packets, int datagrams, unsigned int *state)
{
	struct sockaddr_ll raw = { .sll_family = AF_PACKET, .sll_protocol = htons(NOBODY),
				   .sll_halen = ETH_ALEN, .sll_addr = { 0xff, 0xff, 0xff, 0xff,
									0xff, 0xff } };
	struct sockaddr_in6 all = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	static char data[9000];
	int i, index = atomic_load(&e->interface);

	raw.sll_ifindex = index;
	all.sin6_scope_id = index;
	inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
	for (i = 0; index && i < BURST; i++) {
		sendto(packets, data, 46 + spread(state, 1455), MSG_DONTWAIT,
		       (struct sockaddr *)&raw, sizeof(raw));
		/* Fragments, too */
		sendto(datagrams, data, 1 + spread(state, sizeof(data)), MSG_DONTWAIT,
		       (struct sockaddr *)&all, sizeof(all));
	}
}

static void *traffic(void *data)
{
	int packets = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int datagrams = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned int state = 1, off = 0;

	setsockopt(datagrams, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off));
	for (;;) {
		pthread_rwlock_rdlock(&running);
		send_burst(data, packets, datagrams, &state);
		pthread_rwlock_unlock(&running);
		pause_ms(4);
	}
	return NULL;
}

static void read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[4096];
	int i;

	for (i = 0; fd >= 0 && i < 8 && read(fd, text, sizeof(text)) > 0; i++)
		;
	if (fd >= 0)
		close(fd);
}

/* Every file below, without following links */
static void read_tree(const char *path, int depth)
{
	struct dirent *entry;
	char below[512];
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_REG)
			read_all(below);
		else if (entry->d_type == DT_DIR && entry->d_name[0] != '.' && depth)
			read_tree(below, depth - 1);
	}
	if (dir)
		closedir(dir);
}

static void *reader(void *unused)
{
	static const char * const folders[] = { "net", "uio", "ivshmem-uio", "shadow-process" };
	static const char * const files[] = {
		"/proc/interrupts", "/proc/iomem", "/proc/vmallocinfo", "/proc/modules",
		"/sys/kernel/debug/devices_deferred", TRACE "trace",
	};
	unsigned int i, j, round;
	char path[128], name[32];

	/*
	 * Else the scheduler's code is patched as well whenever events are switched,
	 * and QEMU without KVM has been seen to run a breakpoint that is gone by then.
	 */
	write_file("0", TRACE "options/record-cmd");
	for (round = 0;; round++) {
		pthread_rwlock_rdlock(&running);
		for (i = 0; i < 2; i++) {
			snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", end[i].pci);
			if (find_child(name, sizeof(name), "ivshmem", "%s", path)) {
				snprintf(path, sizeof(path), "/sys/bus/ivshmem/devices/%s", name);
				read_tree(path, 1);
			}
			for (j = 0; j < sizeof(folders) / sizeof(*folders); j++) {
				snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s",
					 end[i].pci, folders[j]);
				read_tree(path, 2);
			}
		}
		read_tree(TRACE "events/ivshmem", 1);
		for (j = 0; j < sizeof(files) / sizeof(*files); j++)
			read_all(files[j]);
		write_file(round % 2 ? "1" : "0", TRACE "events/ivshmem/enable");
		if (round % 16 == 0)
			write_file("\n", TRACE "trace");
		pthread_rwlock_unlock(&running);
		pause_ms(20);
	}
	return unused;
}

static void *toucher(void *unused)
{
	int i, there;

	for (;;) {
		pthread_rwlock_rdlock(&running);
		for (i = 0; i < ends; i++) {
			hold_touch(&end[i].hold, &there);
			hold_use(&end[i].hold);
		}
		pthread_rwlock_unlock(&running);
		pause_ms(1);
	}
	return unused;
}

static void start(void *(*function)(void *), void *data)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, data))
		fail("cannot start a thread");
	pthread_detach(thread);
}

void load_start(void)
{
	pthread_rwlockattr_t attr;
	int i;

	/* Or who wants it for writing never gets it. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&running, &attr);
	for (i = 0; i < ends; i++)
		start(traffic, &end[i]);
	start(reader, NULL);
	start(toucher, NULL);
}

void load_pause(void)
{
	pthread_rwlock_wrlock(&running);
}

void load_resume(void)
{
	pthread_rwlock_unlock(&running);
}
