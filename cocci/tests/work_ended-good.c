// SPDX-License-Identifier: GPL-2.0
static int init(struct core *core)
{
	INIT_WORK(&core->events, event_work);
	INIT_DELAYED_WORK(&core->recheck, recheck_work);
	hrtimer_setup(&core->throttle, end_throttle, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer_setup(&core->watchdog, on_watchdog, 0);
	return 0;
}

static void down(struct device *device)
{
	hrtimer_cancel(&device->core->throttle);
	cancel_delayed_work_sync(&device->core->recheck);
}

static void exit(struct core *core)
{
	cancel_work_sync(&core->events);
	timer_shutdown_sync(&core->watchdog);
}
