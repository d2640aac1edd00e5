// SPDX-License-Identifier: GPL-2.0
/* A plugin that has a link and no device above it: what is measured is the ring. */
#include <linux/module.h>
#include <linux/slab.h>

#include <ivshmem.h>

#include "bench/ring.h"

/**
 * struct end - one end
 * @up: between up and down
 * @frame: what is sent, or where to it was received
 */
static struct end {
	struct ivshmem_link link;
	bool up;
	u8 frame[RING_FRAME_MAX];
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

/* In one piece, so what is left at the section's end is skipped at times. */
static bool has_room(struct ivshmem_link *link, unsigned int size, unsigned int frames)
{
	return ivshmem_tx_in_flight(link) + frames <= link->layout.qlen &&
	       ivshmem_tx_reserve(link, frames * ALIGN(size, SMP_CACHE_BYTES));
}

unsigned int ring_send(unsigned int i, unsigned int size, unsigned int frames)
{
	struct ivshmem_link *link = &ends[i].link;
	unsigned int bytes = 0, n;

	/* What was returned is looked at when there is need for it, so rarely and at once. */
	if (!has_room(link, size, frames) &&
	    (ivshmem_tx_reclaim(link, &bytes) <= 0 || !has_room(link, size, frames)))
		return 0;
	for (n = 0; n < frames; n++) {
		memcpy(ivshmem_tx_reserve(link, size), ends[i].frame, size);
		ivshmem_tx_commit(link, size);
	}
	if (ivshmem_tx_kick(link))
		ivshmem_link_doorbell(link);
	return n;
}

unsigned int ring_receive(unsigned int i, unsigned int size, unsigned int frames)
{
	struct ivshmem_link *link = &ends[i].link;
	struct ivshmem_frame frame;
	unsigned int n;

	for (n = 0; n < frames && ivshmem_rx_peek(link, &frame) > 0; n++) {
		memcpy(ends[i].frame, frame.data, min_t(u32, frame.len, RING_FRAME_MAX));
		ivshmem_rx_done(link);
	}
	if (n && ivshmem_rx_kick(link))
		ivshmem_link_doorbell(link);
	return n;
}
