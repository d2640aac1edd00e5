// SPDX-License-Identifier: GPL-2.0
/* Sending and receiving on a running link; see traffic.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/if_tun.h>

#include "traffic.h"

#define BATCH	64

volatile sig_atomic_t traffic_stop;

/* A doorbell for each frame, where the profile does so. */
static int kick_each(struct peer *p)
{
	return p->hs.prof->event_index ? 0 : peer_kick(p);
}

static bool send_copy(struct traffic *t, const uint8_t *frame, uint32_t len)
{
	struct ring *r = &t->peer->ring;
	void *buf;

	ring_tx_reclaim(r);
	buf = ring_tx_reserve(r, len);
	if (!buf)
		return false;
	memcpy(buf, frame, len);
	ring_tx_commit(r);
	t->tx_frames++;
	t->tx_bytes += len;
	return true;
}

/* discard: looks at each frame, keeps none. */
static bool discard_rx(struct traffic *t, const uint8_t *frame, uint32_t len)
{
	payload_check(&t->payload, frame, len);
	return true;
}

static bool discard_done(struct traffic *t)
{
	return t->count && t->payload.frames >= t->count;
}

void traffic_discard(struct traffic *t)
{
	t->rx = discard_rx;
	t->done = discard_done;
}

/* reflect: every frame goes back, its addresses swapped. */
static bool reflect_rx(struct traffic *t, const uint8_t *frame, uint32_t len)
{
	if (!handshake_may_send(&t->peer->hs) ||
	    !send_copy(t, frame, len)) {
		t->blocked = true;
		return false;
	}
	payload_check(&t->payload, frame, len);
	return true;
}

static bool reflect_done(struct traffic *t)
{
	return t->count && t->tx_frames >= t->count &&
		!ring_tx_outstanding(&t->peer->ring);
}

void traffic_reflect(struct traffic *t)
{
	t->rx = reflect_rx;
	t->done = reflect_done;
}

/* source: numbered frames of every size in turn, at a rate or at once. */
static uint64_t source_due(struct traffic *t)
{
	uint64_t due = t->count ? t->count : UINT64_MAX;

	if (t->rate > 0) {
		double paced = (now_ms() - t->start_ms) * t->rate / 1e3 + 1;

		if (paced < due)
			due = paced;
	}
	return due > t->tx_frames ? due - t->tx_frames : 0;
}

static unsigned int source_tx(struct traffic *t)
{
	struct ring *r = &t->peer->ring;
	uint64_t due = source_due(t);
	unsigned int n = 0;

	ring_tx_reclaim(r);
	while (n < BATCH && n < due) {
		uint32_t len = t->min_size + t->tx_frames %
			(t->max_size - t->min_size + 1);
		uint8_t *buf = ring_tx_reserve(r, len);

		if (!buf) {
			t->tx_full++;
			break;
		}
		payload_fill(buf, len, t->dst, t->mac, t->stream,
			     t->tx_frames);
		ring_tx_commit(r);
		t->tx_frames++;
		t->tx_bytes += len;
		n++;
		if (kick_each(t->peer))
			break;
	}
	return n;
}

static bool source_done(struct traffic *t)
{
	if (!t->count || t->tx_frames < t->count)
		return false;
	if (t->expect_echo && t->payload.frames < t->count)
		return false;
	return !ring_tx_outstanding(&t->peer->ring);
}

void traffic_source(struct traffic *t)
{
	t->rx = discard_rx;
	t->tx = source_tx;
	t->done = source_done;
}

/* echo: answers ARP requests and pings for one address. */
static uint16_t ip_checksum(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0, i;

	for (i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static bool answer_arp(struct traffic *t, uint8_t *frame, uint32_t len)
{
	struct ether_arp *arp = (struct ether_arp *)(frame + ETH_HLEN);

	if (len < ETH_HLEN + sizeof(*arp) ||
	    arp->ea_hdr.ar_op != htons(ARPOP_REQUEST) ||
	    memcmp(arp->arp_tpa, &t->ip, 4))
		return false;
	arp->ea_hdr.ar_op = htons(ARPOP_REPLY);
	memcpy(arp->arp_tha, arp->arp_sha, 6);
	memcpy(arp->arp_tpa, arp->arp_spa, 4);
	memcpy(arp->arp_sha, t->mac, 6);
	memcpy(arp->arp_spa, &t->ip, 4);
	return true;
}

static bool answer_ping(struct traffic *t, uint8_t *frame, uint32_t len)
{
	struct iphdr *ip = (struct iphdr *)(frame + ETH_HLEN);
	struct icmphdr *icmp;
	uint32_t header, total;
	uint16_t sum;

	if (len < ETH_HLEN + sizeof(*ip))
		return false;
	header = ip->ihl * 4;
	total = ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) ||
	    total > len - ETH_HLEN || total < header + sizeof(*icmp) ||
	    ip->protocol != IPPROTO_ICMP || ip->daddr != t->ip.s_addr ||
	    (ip->frag_off & htons(IP_MF | IP_OFFMASK)))
		return false;
	icmp = (struct icmphdr *)(frame + ETH_HLEN + header);
	if (icmp->type != ICMP_ECHO ||
	    ip_checksum((uint8_t *)icmp, total - header))
		return false;
	icmp->type = ICMP_ECHOREPLY;
	icmp->checksum = 0;
	sum = ip_checksum((uint8_t *)icmp, total - header);
	icmp->checksum = htons(sum);
	ip->daddr = ip->saddr;
	ip->saddr = t->ip.s_addr;
	return true;
}

static bool echo_rx(struct traffic *t, const uint8_t *shared, uint32_t len)
{
	uint8_t *frame = t->buf + 2;	/* so that the IP header is aligned */
	uint16_t type;
	bool answer = false;

	if (len > sizeof(t->buf) - 2)
		return true;
	memcpy(frame, shared, len);
	memcpy(&type, frame + 12, sizeof(type));
	if (type == htons(ETHERTYPE_ARP))
		answer = answer_arp(t, frame, len);
	else if (type == htons(ETHERTYPE_IP))
		answer = answer_ping(t, frame, len);
	else
		payload_check(&t->payload, frame, len);
	if (!answer)
		return true;
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, t->mac, 6);
	if (handshake_may_send(&t->peer->hs) && send_copy(t, frame, len))
		t->replies++;
	else
		t->tx_dropped++;
	return true;
}

static bool echo_done(struct traffic *t)
{
	return t->count && t->replies >= t->count &&
		!ring_tx_outstanding(&t->peer->ring);
}

void traffic_echo(struct traffic *t)
{
	t->rx = echo_rx;
	t->done = echo_done;
}

/* tap: an interface of the host is the other end. */
static bool tap_rx(struct traffic *t, const uint8_t *frame, uint32_t len)
{
	/* The interface may be down, or full: a network may drop. */
	if (write(t->fd, frame, len) != (ssize_t)len)
		t->tx_dropped++;
	return true;
}

static unsigned int tap_tx(struct traffic *t)
{
	uint32_t max = profile_max_frame(t->peer->hs.prof,
					 t->peer->ring.l.data_len);
	unsigned int n;

	for (n = 0; n < BATCH; n++) {
		if (!t->held) {
			ssize_t len = read(t->fd, t->buf, sizeof(t->buf));

			if (len <= 0)
				break;
			t->held = len;
		}
		if (t->held > max) {
			t->tx_dropped++;
		} else if (!send_copy(t, t->buf, t->held)) {
			t->tx_full++;
			break;
		}
		t->held = 0;
		if (kick_each(t->peer))
			break;
	}
	return n;
}

static void tap_carrier(struct traffic *t, bool on)
{
	int carrier = on;

	ioctl(t->fd, TUNSETCARRIER, &carrier);
}

int traffic_tap(struct traffic *t, const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (strlen(name) >= sizeof(ifr.ifr_name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(ifr.ifr_name, name);
	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd < 0 || ioctl(t->fd, TUNSETIFF, &ifr))
		return -1;
	tap_carrier(t, false);
	t->rx = tap_rx;
	t->tx = tap_tx;
	t->carrier = tap_carrier;
	return 0;
}

/* The loop. Its parts return how many frames moved or came back, or -1. */
static int receive(struct traffic *t)
{
	struct peer *p = t->peer;
	const uint8_t *frame;
	uint32_t len;
	int n = 0;

	t->blocked = false;
	while (n < BATCH && (frame = ring_rx_peek(&p->ring, &len))) {
		/* Who sends is in RUN, told or not; an answer may be sent. */
		if (!p->hs.running && handshake_look(&p->hs, false) < 0)
			return -1;
		if (!handshake_may_receive(&p->hs))
			break;
		if (!t->rx(t, frame, len))
			break;
		ring_rx_done(&p->ring);
		t->rx_frames++;
		t->rx_bytes += len;
		n++;
		if (kick_each(p))
			return -1;
	}
	return n;
}

static int work(struct traffic *t)
{
	struct peer *p = t->peer;
	int n = 0;

	if (p->data_due && handshake_may_receive(&p->hs)) {
		n = receive(t);
		/* Due again only by an interrupt: a missing one must show. */
		if (!n && !t->blocked)
			p->data_due = ring_rx_arm(&p->ring);
		if (n >= 0)
			n += ring_tx_reclaim(&p->ring);
	}
	if (n >= 0 && t->tx && handshake_may_send(&p->hs))
		n += t->tx(t);
	if (n < 0 || peer_kick(p))
		return -1;
	return n;
}

/* Whether somebody waits for frames to come back. */
static bool wants_room(const struct traffic *t)
{
	if (t->blocked || t->held)
		return true;
	return (t->count || t->tx == source_tx) &&
		ring_tx_outstanding(&t->peer->ring);
}

static int sleep_ms(const struct traffic *t)
{
	int ms = 1000;

	if (t->rate > 0)
		ms = 1;
	/* A profile that is never told about returned frames looks itself. */
	if (t->peer->hs.prof->used_event == USED_EVENT_NEVER &&
	    ring_tx_outstanding(&t->peer->ring))
		ms = 1;
	if (t->seconds > 0 && t->start_ms + t->seconds * 1e3 - now_ms() < ms)
		ms = t->start_ms + t->seconds * 1e3 - now_ms() + 1;
	return ms < 0 ? 0 : ms;
}

static void watch_carrier(struct traffic *t)
{
	struct handshake *h = &t->peer->hs;

	if (h->running == t->up && h->runs == t->runs)
		return;
	if (h->runs != t->runs)
		t->payload.resync = true;
	/* What the peer returned before it left has arrived. */
	if (t->up && !h->running)
		ring_tx_reclaim(&t->peer->ring);
	t->up = h->running;
	t->runs = h->runs;
	if (t->carrier)
		t->carrier(t, t->up);
}

static bool finished(struct traffic *t)
{
	if (traffic_stop || t->peer->verdict.total > 1000)
		return true;
	if (t->seconds > 0 && now_ms() > t->start_ms + t->seconds * 1e3)
		return true;
	return t->done && t->done(t);
}

static int wait_for_work(struct traffic *t)
{
	struct peer *p = t->peer;
	bool input = t->fd >= 0 && !t->held && handshake_may_send(&p->hs);
	int ret;

	if (handshake_may_receive(&p->hs) && wants_room(t) &&
	    ring_tx_arm(&p->ring) && ring_tx_reclaim(&p->ring))
		return 0;
	ret = peer_wait(p, sleep_ms(t), input ? t->fd : -1);
	if (ret >= 0 && handshake_may_receive(&p->hs) &&
	    p->hs.prof->used_event == USED_EVENT_NEVER)
		ring_tx_reclaim(&p->ring);
	return ret;
}

static void judge(struct traffic *t)
{
	struct payload_stats *s = &t->payload;

	if (s->doubled || s->reordered || s->changed ||
	    (s->lost && !t->allow_loss))
		rule_broken(&t->peer->verdict, RULE_PAYLOAD,
			    "of %llu frames %llu are lost, %llu doubled, %llu reordered, %llu changed",
			    (unsigned long long)s->frames,
			    (unsigned long long)s->lost,
			    (unsigned long long)s->doubled,
			    (unsigned long long)s->reordered,
			    (unsigned long long)s->changed);
}

int traffic_run(struct traffic *t)
{
	struct peer *p = t->peer;
	int ret = 0;

	t->start_ms = now_ms();
	while (ret >= 0 && !finished(t)) {
		watch_carrier(t);
		ret = work(t);
		if (ret < 0)
			break;
		if (ret == 0 && (!p->data_due || t->blocked ||
				 !handshake_may_receive(&p->hs)))
			ret = wait_for_work(t);
		else
			ret = peer_wait(p, 0, -1);
	}
	t->end_ms = now_ms();
	if (ret >= 0 && handshake_may_receive(&p->hs))
		ring_check_gaps(&p->ring);
	judge(t);
	return ret < 0 ? -1 : 0;
}
