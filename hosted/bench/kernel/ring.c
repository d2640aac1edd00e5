// SPDX-License-Identifier: GPL-2.0
/* A plugin that has a link and no device above it: what is measured is the ring. */
#include <linux/module.h>
#include <linux/slab.h>

#include <ivshmem.h>

#include "bench/ring.h"

#define FRAME_MAX	2048

/* A few microseconds */
#define SPINS		1000

/**
 * struct end - one end
 * @up: between up and down
 * @frame: what is sent, or where to it was received
 */
static struct end {
	struct ivshmem_link link;
	bool up;
	u8 frame[FRAME_MAX];
} ends[2];

static void ring_up(struct ivshmem_link *link)
{
	WRITE_ONCE(container_of(link, struct end, link)->up, true);
}

static void ring_down(struct ivshmem_link *link)
{
	WRITE_ONCE(container_of(link, struct end, link)->up, false);
}

static const struct ivshmem_link_ops ring_ops = {
	.up = ring_up,
	.down = ring_down,
};

static int ring_probe(struct ivshmem_device *idev)
{
	struct end *end = &ends[idev->id];
	int err;

	memset(end, 0, sizeof(*end));
	err = ivshmem_link_init(&end->link, idev, &ring_ops,
				ivshmem_output_section(idev, idev->id).size);
	if (!err)
		ivshmem_link_start(&end->link);
	return err;
}

static void ring_remove(struct ivshmem_device *idev)
{
	ivshmem_link_exit(&ends[idev->id].link);
}

static const struct ivshmem_device_id ring_ids[] = {
	IVSHMEM_PROTOCOL(RING_PROTOCOL),
	IVSHMEM_PROTOCOL_END
};

static struct ivshmem_driver ring_driver = {
	.driver = { .name = "ring" },
	.id_table = ring_ids,
	.probe = ring_probe,
	.remove = ring_remove,
};
module_ivshmem_driver(ring_driver);

bool ring_is_up(void)
{
	return READ_ONCE(ends[0].up) && READ_ONCE(ends[1].up);
}

unsigned long ring_data_size(void)
{
	return ends[0].link.layout.size - ends[0].link.layout.data;
}

/* Where there is no CPU for the other end, spinning would only keep it waiting. */
static void spin(unsigned int *spins)
{
	cpu_relax();
	if (++*spins % SPINS == 0)
		ring_yield();
}

static void kick(struct ivshmem_link *link, bool wanted)
{
	if (wanted)
		ivshmem_link_doorbell(link);
}

static void send_one(struct end *end, unsigned int size)
{
	unsigned int bytes = 0, spins = 0;
	void *frame;

	while (!(frame = ivshmem_tx_reserve(&end->link, size)))
		if (ivshmem_tx_reclaim(&end->link, &bytes) <= 0)
			spin(&spins);
	memcpy(frame, end->frame, size);
	ivshmem_tx_commit(&end->link, size);
}

void ring_send(unsigned int i, unsigned int size, unsigned long frames, unsigned int batch)
{
	struct end *end = &ends[i];
	unsigned int bytes = 0;
	unsigned long n;

	for (n = 1; n <= frames; n++) {
		send_one(end, size);
		if (n % batch)
			continue;
		kick(&end->link, ivshmem_tx_kick(&end->link));
		if (ivshmem_tx_reclaim(&end->link, &bytes) < 0)
			return;
	}
}

static void receive_one(struct end *end)
{
	struct ivshmem_frame frame;
	unsigned int spins = 0;

	while (ivshmem_rx_peek(&end->link, &frame) <= 0)
		spin(&spins);
	memcpy(end->frame, frame.data, min_t(u32, frame.len, FRAME_MAX));
	ivshmem_rx_done(&end->link);
}

void ring_receive(unsigned int i, unsigned long frames, unsigned int batch)
{
	struct end *end = &ends[i];
	unsigned long n;

	for (n = 1; n <= frames; n++) {
		receive_one(end);
		if (!(n % batch))
			kick(&end->link, ivshmem_rx_kick(&end->link));
	}
}

void ring_alone(unsigned int size, unsigned long frames, unsigned int batch)
{
	unsigned long n;

	for (n = 0; n < frames; n += batch) {
		ring_send(0, size, batch, batch);
		ring_receive(1, batch, batch);
	}
}

void ring_bounce(unsigned int i, unsigned int size, unsigned long rounds, bool first)
{
	struct end *end = &ends[i];

	for (; rounds; rounds--) {
		if (!first)
			receive_one(end);
		send_one(end, size);
		if (first)
			receive_one(end);
	}
}
