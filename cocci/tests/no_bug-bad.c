// SPDX-License-Identifier: GPL-2.0
static int reclaim(struct ring *ring, u16 pending)
{
	BUG_ON(pending > ring->length);			/* found */
	if (WARN_ON_ONCE(!ring->started))		/* found */
		return -EIO;
	if (pending && dev_WARN_ONCE(ring->dev, !pending, "none\n"))	/* found */
		return 0;
	switch (ring->state) {
	case 0:
		return 0;
	default:
		BUG();					/* found */
	}
	while (WARN(pending, "%u\n", pending))		/* found */
		pending--;
	return VM_WARN_ON(pending) ?: pending;		/* found */
}

static void give_up(void)
{
	panic("the peer did it\n");			/* found */
}
