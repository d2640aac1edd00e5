// SPDX-License-Identifier: GPL-2.0
/*
 * Between a TAP interface and a driver: what one side sends the other receives.
 * Checksums that the host's stack left to its hardware are the driver's to make.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "../kit/kit.h"
#include "../kit/net.h"
#include "tap.h"

#define FRAME_MAX	65600
#define PARTS_MAX	20

/**
 * struct tap - the interface
 * @config: what is wanted, the caller's
 * @port: the driver's side
 * @fd: of /dev/net/tun
 * @stop: the thread is to end
 * @ends: so it reads no more packets, however many there are; atomic
 */
struct tap {
	struct kit_net_port port;
	const struct tap_config *config;
	struct kit_net *net;
	struct kit_thread *thread;
	int fd;
	int stop;
	bool ends;
};

/* A frame as it is read: behind a header that tells of its checksum */
struct packet {
	struct virtio_net_hdr header;
	unsigned char data[FRAME_MAX];
	ssize_t size;		/* of the data; below 0: none */
};

static void receive(struct kit_net_port *port, const struct kit_net_part *part,
		    unsigned int count)
{
	struct tap *tap = (struct tap *)((char *)port - offsetof(struct tap, port));
	struct virtio_net_hdr header = { .flags = VIRTIO_NET_HDR_F_DATA_VALID };
	struct iovec iov[1 + PARTS_MAX] = { { &header, sizeof(header) } };
	unsigned int i;

	for (i = 0; i < count && i < PARTS_MAX; i++)
		iov[1 + i] = (struct iovec){ (void *)part[i].data, part[i].size };
	/* An interface that is down drops the frame, as it would on a wire. */
	if (writev(tap->fd, iov, 1 + i) < 0)
		return;
}

static void carrier(struct kit_net_port *port, _Bool on)
{
	struct tap *tap = (struct tap *)((char *)port - offsetof(struct tap, port));
	int value = on;

	/* Kernels before 5.0 have no such call; it is for those who look only. */
	ioctl(tap->fd, TUNSETCARRIER, &value);
}

static void read_packet(struct tap *tap, struct packet *packet)
{
	struct iovec iov[2] = {
		{ &packet->header, sizeof(packet->header) },
		{ packet->data, sizeof(packet->data) },
	};

	packet->size = -1;
	if (!__atomic_load_n(&tap->ends, __ATOMIC_RELAXED))
		packet->size = readv(tap->fd, iov, 2) - (ssize_t)sizeof(packet->header);
}

static void send_packet(struct tap *tap, const struct packet *packet, bool more)
{
	struct kit_net_frame frame = {
		.data = packet->data, .size = packet->size, .more = more,
		.sum = packet->header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.sum_start = packet->header.csum_start,
		.sum_offset = packet->header.csum_offset,
	};

	/* Where there is no carrier the frame is lost. */
	kit_net_send(tap->net, &frame);
}

/* One packet ahead, so that the driver knows whether another follows at once. */
static int forward(void *arg)
{
	static struct packet packet[2];
	struct tap *tap = arg;
	struct pollfd fds[2] = { { .fd = tap->fd, .events = POLLIN },
				 { .fd = tap->stop, .events = POLLIN } };
	unsigned int i;

	for (;;) {
		kit_outside_begin();
		poll(fds, 2, -1);
		kit_outside_end();
		if (fds[1].revents)
			return 0;
		if (fds[0].revents & POLLERR) {
			kit_log(3, "the TAP interface has been deleted");
			fds[0].fd = -1;
		}
		i = 0;
		for (read_packet(tap, &packet[0]); packet[i].size > 0; i = !i) {
			read_packet(tap, &packet[!i]);
			send_packet(tap, &packet[i], packet[!i].size > 0);
		}
	}
}

static int fail(char *error, unsigned int size, const char *what, const char *name)
{
	snprintf(error, size, "%s %s: %s", what, name, strerror(errno));
	return -1;
}

static int open_tap(struct tap *tap, const char *name, char *error, unsigned int size)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	tap->fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tap->fd < 0)
		return fail(error, size, "opening", "/dev/net/tun");
	if (ioctl(tap->fd, TUNSETIFF, &request) ||
	    ioctl(tap->fd, TUNSETOFFLOAD, TUN_F_CSUM))
		return fail(error, size, "making the TAP interface", name);
	return 0;
}

static bool parse_address(const char *text, struct in_addr *ip, unsigned int *bits)
{
	char address[INET_ADDRSTRLEN] = "", number[3] = "", more;

	if (sscanf(text, "%15[0-9.]/%2[0-9]%c", address, number, &more) != 2)
		return false;
	*bits = strtoul(number, NULL, 10);
	return *bits >= 1 && *bits <= 32 && inet_pton(AF_INET, address, ip) == 1;
}

bool tap_address_ok(const char *text)
{
	struct in_addr ip;
	unsigned int bits;

	return parse_address(text, &ip, &bits);
}

/* Returns false with errno set. */
static bool set_ip(int sock, struct ifreq *request, const char *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&request->ifr_addr;
	unsigned int bits;

	memset(in, 0, sizeof(*in));
	in->sin_family = AF_INET;
	errno = EINVAL;
	if (!parse_address(address, &in->sin_addr, &bits))
		return false;
	if (ioctl(sock, SIOCSIFADDR, request))
		return false;
	in->sin_addr.s_addr = htonl(~0U << (32 - bits));
	if (ioctl(sock, SIOCSIFNETMASK, request))
		return false;
	request->ifr_flags = IFF_UP;
	return !ioctl(sock, SIOCSIFFLAGS, request);
}

static int set_interface(const struct tap_config *config, char *error, unsigned int size)
{
	struct ifreq request = { .ifr_mtu = config->mtu };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", config->name);
	if (sock < 0 || ioctl(sock, SIOCSIFMTU, &request))
		err = fail(error, size, "setting the MTU of", config->name);
	if (!err && config->address && !set_ip(sock, &request, config->address))
		err = fail(error, size, "setting the address", config->address);
	if (sock >= 0)
		close(sock);
	return err;
}

int tap_start(struct tap *tap, char *error, unsigned int size)
{
	struct ifreq request = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	const char *name = tap->config->name;
	int err;

	err = kit_net_attach(NULL, &tap->port, &tap->net);
	if (!err)
		err = kit_net_set_mtu(tap->net, tap->config->mtu);
	if (!err) {
		kit_net_address(tap->net, (unsigned char *)request.ifr_hwaddr.sa_data);
		if (ioctl(tap->fd, SIOCSIFHWADDR, &request))
			return fail(error, size, "setting the hardware address of", name);
		err = kit_net_up(tap->net);
	}
	if (!err)
		err = kit_thread_create(KIT_OTHER, "tap", forward, tap, &tap->thread);
	errno = -err;
	return err ? fail(error, size, "connecting", name) : 0;
}

struct tap *tap_open(const struct tap_config *config, char *error, unsigned int size)
{
	struct tap *tap = calloc(1, sizeof(*tap));

	if (!tap) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	tap->fd = -1;
	tap->port.receive = receive;
	tap->port.carrier = carrier;
	tap->config = config;
	tap->stop = eventfd(0, EFD_CLOEXEC);
	if (!open_tap(tap, config->name, error, size)) {
		carrier(&tap->port, false);
		if (!set_interface(config, error, size))
			return tap;
	}
	tap_close(tap);
	return NULL;
}

void tap_close(struct tap *tap)
{
	static const unsigned long long one = 1;

	/* Down first: it ends a send that waits for room. */
	if (tap->net)
		kit_net_down(tap->net);
	__atomic_store_n(&tap->ends, true, __ATOMIC_RELAXED);
	if (tap->thread && write(tap->stop, &one, sizeof(one)) > 0)
		kit_thread_join(tap->thread);
	if (tap->net)
		kit_net_detach(tap->net);
	if (tap->fd >= 0)
		close(tap->fd);
	close(tap->stop);
	free(tap);
}

int tap_fd(struct tap *tap)
{
	return tap->fd;
}

struct kit_net *tap_net(struct tap *tap)
{
	return tap->net;
}
