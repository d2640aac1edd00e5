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

static __poll_t helper_first(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;
	bool readable = is_readable(thing);
	__poll_t events = 0;

	poll_wait(file, &thing->wait, table);	/* found */
	if (readable)
		events |= EPOLLIN;
	return events;
}

static __poll_t helper_assigned(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;
	bool readable;

	readable = is_readable(thing);
	poll_wait(file, &thing->wait, table);	/* found */
	return readable ? EPOLLIN : 0;
}

static __poll_t helper_kept(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;

	thing->readable = !is_readable(thing) ? 0 : EPOLLIN;
	poll_wait(file, &thing->wait, table);	/* found */
	return thing->readable;
}

static __poll_t helper_returns(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;

	if (is_readable(thing))
		return EPOLLIN;
	poll_wait(file, &thing->wait, table);	/* found */
	return 0;
}

static __poll_t look_returns(struct file *file, poll_table *table)
{
	struct thing *thing = file->private_data;

	if (!READ_ONCE(thing->open) || READ_ONCE(thing->gone))
		return EPOLLERR;
	poll_wait(file, &thing->wait, table);	/* found */
	return 0;
}
