// SPDX-License-Identifier: GPL-2.0
/*
 * Does a frame of every size arrive whole? Sends each size from one interface
 * and compares what arrives at the other, in both directions.
 *
 *	frames NETNS-A IFACE-A NETNS-B IFACE-B FIRST LAST [STEP]
 *	frames NETNS IFACE
 *
 * Sizes count from the destination address. A driver may pad a frame to 60.
 *
 * The second form sends a large TCP segment to be cut up, whose checksum is said
 * to be far behind what each of its parts has, and tells into how many parts: 0
 * when the kernel refuses it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL	0x88b5		/* local experiments, IEEE 802 */
#define LARGEST		70000
#define PADDED		60
#define TIMEOUT_MS	10000

struct end {
	const char *netns, *name;
	int socket;
	unsigned char mac[6];
};

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "frames: %s %s: %s\n", what, which, strerror(errno));
	exit(2);
}

static void enter(const char *netns)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail("cannot enter", path);
	close(fd);
}

static void open_end(struct end *end)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(PROTOCOL),
	};
	struct ifreq request = { };

	enter(end->netns);
	end->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(PROTOCOL));
	if (end->socket < 0)
		fail("socket in", end->netns);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", end->name);
	address.sll_ifindex = if_nametoindex(end->name);
	if (ioctl(end->socket, SIOCGIFHWADDR, &request) ||
	    bind(end->socket, (struct sockaddr *)&address, sizeof(address)))
		fail("cannot use", end->name);
	memcpy(end->mac, request.ifr_hwaddr.sa_data, sizeof(end->mac));
}

/* Bytes that differ from frame to frame and from place to place */
static void fill(unsigned char *frame, const struct end *from, const struct end *to, int size)
{
	int i;

	memcpy(frame, to->mac, 6);
	memcpy(frame + 6, from->mac, 6);
	frame[12] = PROTOCOL >> 8;
	frame[13] = PROTOCOL & 0xff;
	for (i = ETH_HLEN; i < size; i++)
		frame[i] = i * 7 + size * 13 + (i >> 8);
}

static bool same(const unsigned char *sent, int size, const unsigned char *got, int length)
{
	int i;

	if (length < size || memcmp(sent, got, size))
		return false;
	for (i = size; i < length; i++)
		if (got[i])
			return false;
	return length == size || length <= PADDED;
}

static bool arrives(const struct end *from, const struct end *to, int size)
{
	static unsigned char sent[LARGEST], got[LARGEST];
	struct pollfd ready = { .fd = to->socket, .events = POLLIN };
	int length;

	fill(sent, from, to, size);
	if (send(from->socket, sent, size, 0) != size) {
		printf("# %d bytes from %s: %s\n", size, from->netns, strerror(errno));
		return false;
	}
	if (poll(&ready, 1, TIMEOUT_MS) != 1) {
		printf("# %d bytes from %s do not arrive\n", size, from->netns);
		return false;
	}
	length = recv(to->socket, got, sizeof(got), 0);
	if (same(sent, size, got, length))
		return true;
	printf("# %d bytes from %s arrive as %d, or changed\n", size, from->netns, length);
	return false;
}

static bool all_arrive(const struct end *from, const struct end *to, int first, int last,
		       int step)
{
	int size, lost = 0;

	for (size = first; size <= last && lost < 5; size += step)
		lost += !arrives(from, to, size);
	/* The last one counts whatever the step. */
	return lost == 0 && arrives(from, to, last);
}

#define WHOLE	60000
#define PART	1000

static int send_far_checksum(struct end *end)
{
	static struct {
		struct virtio_net_hdr vnet;
		struct ether_header eth;
		struct iphdr ip;
		struct tcphdr tcp;
		char data[WHOLE];
	} __attribute__((packed)) frame = {
		.vnet = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
			.hdr_len = WHOLE,
			.gso_size = PART,
			.csum_start = ETH_HLEN + sizeof(frame.ip),
			.csum_offset = WHOLE - 10000,
		},
		.ip = { .version = 4, .ihl = 5, .ttl = 1, .protocol = IPPROTO_TCP },
		.tcp = { .doff = 5, .ack = 1 },
	};
	struct sockaddr_ll ip = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE_IP),
	};
	int on = 1;

	open_end(end);
	ip.sll_ifindex = if_nametoindex(end->name);
	memcpy(frame.eth.ether_dhost, end->mac, 6);
	memcpy(frame.eth.ether_shost, end->mac, 6);
	frame.eth.ether_type = htons(ETHERTYPE_IP);
	frame.ip.tot_len = htons(sizeof(frame.ip) + sizeof(frame.tcp) + WHOLE);
	if (setsockopt(end->socket, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		fail("no PACKET_VNET_HDR for", end->name);
	on = sendto(end->socket, &frame, sizeof(frame), 0, (struct sockaddr *)&ip,
		    sizeof(ip)) == sizeof(frame);
	if (!on && errno != EINVAL)
		fail("cannot send from", end->name);
	printf("%d\n", on ? WHOLE / PART : 0);
	return 0;
}

int main(int argc, char **argv)
{
	struct end a, b;
	int first, last, step;

	if (argc == 3) {
		a = (struct end){ .netns = argv[1], .name = argv[2] };
		return send_far_checksum(&a);
	}
	if (argc < 7 || argc > 8) {
		fputs("usage: frames NETNS-A IFACE-A NETNS-B IFACE-B FIRST LAST [STEP]\n"
		      "       frames NETNS IFACE\n", stderr);
		return 2;
	}
	a = (struct end){ .netns = argv[1], .name = argv[2] };
	b = (struct end){ .netns = argv[3], .name = argv[4] };
	first = atoi(argv[5]);
	last = atoi(argv[6]);
	step = argc == 8 ? atoi(argv[7]) : 1;
	if (first < ETH_HLEN || last < first || last > LARGEST || step < 1) {
		fprintf(stderr, "frames: sizes are %d to %d, step %d, want 14 to %d\n", first, last,
			step, LARGEST);
		return 2;
	}
	open_end(&a);
	open_end(&b);
	return all_arrive(&a, &b, first, last, step) &&
	       all_arrive(&b, &a, first, last, step) ? 0 : 1;
}
