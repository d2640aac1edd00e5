// SPDX-License-Identifier: GPL-2.0
static int reclaim(struct ivshmem_link *link, u16 pending, u16 in_flight)
{
	BUILD_BUG_ON(sizeof(pending) != 2);
	lockdep_assert_held(&link->lock);
	if (pending > in_flight) {
		/* Never WARN_ON(pending): the peer writes it. */
		ivshmem_link_broken(link, "used index ahead by", pending, in_flight);
		return -EPROTO;
	}
	if (__ratelimit(&link->ratelimit))
		dev_warn(&link->idev->dev, "peer %u has been slow\n", link->peer);
	return 0;
}
