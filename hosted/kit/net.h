/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network interfaces of drivers, and what a program connects to them in place of a
 * protocol stack. Includes nothing.
 *
 * Context: a thread of the kit, may sleep, where nothing else is said. Errors are
 * negative errno values.
 */
#ifndef HOSTED_KIT_NET_H
#define HOSTED_KIT_NET_H

struct kit_net;

struct kit_net_part {
	const void *data;
	unsigned int size;
};

/**
 * struct kit_net_port - a program's side of an interface
 * @receive: a frame has come, in @count parts, which the driver frees afterwards.
 *	Softirq context, must not sleep.
 * @carrier: it is on or off from now on; may be NULL
 */
struct kit_net_port {
	void (*receive)(struct kit_net_port *port, const struct kit_net_part *part,
			unsigned int count);
	void (*carrier)(struct kit_net_port *port, _Bool on);
};

/**
 * struct kit_net_frame - a frame to send
 * @more: others follow at once
 * @sum: the checksum is to be made: of what is behind @sum_start, to @sum_offset
 *	behind that
 */
struct kit_net_frame {
	const void *data;
	unsigned int size;
	_Bool more;
	_Bool sum;
	unsigned int sum_start, sum_offset;
};

/**
 * kit_net_attach() - connect to an interface, which is down
 * @name: of the interface, NULL for the first that has no port
 * @port: stays the caller's, until kit_net_detach() has returned
 * @net: filled in; good until then, too, but of no use once the driver is gone
 *
 * Return: 0, -ENODEV, -EBUSY.
 */
int kit_net_attach(const char *name, struct kit_net_port *port, struct kit_net **net);
void kit_net_detach(struct kit_net *net);

/* What "ip link set" does. -ENODEV once the driver is gone. */
int kit_net_up(struct kit_net *net);
int kit_net_down(struct kit_net *net);
int kit_net_set_mtu(struct kit_net *net, unsigned int mtu);
void kit_net_address(struct kit_net *net, unsigned char *address);
_Bool kit_net_carrier(struct kit_net *net);

/**
 * kit_net_send() - send a frame, waiting for room as long as the carrier is on
 *
 * Return: 0, -ENETDOWN where it is not, -ENODEV, -ENOBUFS where waiting was
 * interrupted or memory is short.
 */
int kit_net_send(struct kit_net *net, const struct kit_net_frame *frame);

/**
 * kit_net_stat() - a counter: as "ip -s link" or "ethtool -S" name them, or
 * "bad_sums": frames whose checksum was not what the driver claimed
 *
 * Return: the counter, ~0 where there is none of that name.
 */
unsigned long long kit_net_stat(struct kit_net *net, const char *name);

/** kit_net_coalesce() - "ethtool -C": adaptive-rx, rx-usecs, rx-frames. */
int kit_net_coalesce(struct kit_net *net, _Bool adaptive, unsigned int usecs,
		     unsigned int frames);

#endif /* HOSTED_KIT_NET_H */
