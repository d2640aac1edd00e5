// SPDX-License-Identifier: GPL-2.0
/* Looks, then queues itself: a wake-up in between is lost. */
static __poll_t looks_first(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;
	__poll_t events = 0;

	if (READ_ONCE(thing->ready))
		events |= EPOLLIN;
	poll_wait(file, &thing->wait, table);	/* found */
	return events;
}

static __poll_t looks_in_between(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;
	bool ready, full;

	poll_wait(file, &thing->wait, table);
	ready = READ_ONCE(thing->ready);
	poll_wait(file, &thing->room, table);	/* found */
	full = READ_ONCE(thing->full);
	return (ready ? EPOLLIN : 0) | (full ? 0 : EPOLLOUT);
}
