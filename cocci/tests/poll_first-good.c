// SPDX-License-Identifier: GPL-2.0
/* Queues itself for all that it will look at. */
static __poll_t queues_first(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &thing->wait, table);
	poll_wait(file, &thing->room, table);
	if (READ_ONCE(thing->ready))
		events |= EPOLLIN;
	if (!READ_ONCE(thing->full))
		events |= EPOLLOUT;
	return events;
}

static __poll_t returns_it(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;

	poll_wait(file, &thing->wait, table);
	return READ_ONCE(thing->gone) ? EPOLLERR | EPOLLHUP : 0;
}

/* What is reckoned, or does not change, may come before. */
static __poll_t reckons_first(struct file *file, poll_table *table)
{
	struct thing *thing = container_of(file->private_data, struct thing, member);
	struct other *other;
	bool readable;

	other = to_other(thing);
	if (!other->wants)
		return 0;
	poll_wait(file, &thing->wait, table);
	readable = is_readable(thing);
	if (readable || is_full(other))
		return EPOLLIN;
	return 0;
}
