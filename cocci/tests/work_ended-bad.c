// SPDX-License-Identifier: GPL-2.0
static int init(struct core *core)
{
	INIT_WORK(&core->events, event_work);			/* found */
	INIT_DELAYED_WORK(&core->recheck, recheck_work);	/* found */
	hrtimer_setup(&core->throttle, end_throttle, CLOCK_MONOTONIC, HRTIMER_MODE_REL);	/* found */
	timer_setup(&core->watchdog, on_watchdog, 0);
	return 0;
}

static void exit(struct core *core)
{
	cancel_work(&core->events);
	cancel_delayed_work(&core->recheck);
	hrtimer_try_to_cancel(&core->throttle);
	timer_delete_sync(&core->watchdog);
}
