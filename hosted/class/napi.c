// SPDX-License-Identifier: GPL-2.0
/*
 * NAPI: SCHED is set by whoever has work, and owns the poll; it is cleared by the
 * poll that found less than its budget, or never while napi_disable() holds it.
 * MISSED says that there was more work meanwhile.
 */
#include <linux/netdevice.h>

static void run_poll(struct tasklet_struct *tasklet)
{
	struct napi_struct *napi = container_of(tasklet, struct napi_struct, tasklet);

	if (!test_bit(NAPI_STATE_SCHED, &napi->state))
		return;
	if (napi->poll(napi, NAPI_POLL_WEIGHT) < NAPI_POLL_WEIGHT)
		return;
	/* It used up its budget, so others are next. */
	if (test_bit(NAPI_STATE_DISABLE, &napi->state))
		napi_complete_done(napi, 0);
	else
		tasklet_schedule(&napi->tasklet);
}

/* Until napi_enable(), nobody can schedule it. */
void netif_napi_add(struct net_device *dev, struct napi_struct *napi,
		    int (*poll)(struct napi_struct *napi, int budget))
{
	napi->dev = dev;
	napi->poll = poll;
	napi->state = BIT(NAPI_STATE_SCHED);
	tasklet_setup(&napi->tasklet, run_poll);
}

void netif_napi_del(struct napi_struct *napi)
{
	BUG_ON(!test_bit(NAPI_STATE_SCHED, &napi->state));
	tasklet_kill(&napi->tasklet);
}

void napi_enable(struct napi_struct *napi)
{
	BUG_ON(!test_bit(NAPI_STATE_SCHED, &napi->state));
	/* Pairs with the one in napi_schedule_prep(): what was set up before is seen. */
	smp_mb__before_atomic();
	clear_bit(NAPI_STATE_SCHED, &napi->state);
}

/* Waits until no poll runs, and holds SCHED from then on. */
void napi_disable(struct napi_struct *napi)
{
	might_sleep();
	set_bit(NAPI_STATE_DISABLE, &napi->state);
	while (test_and_set_bit(NAPI_STATE_SCHED, &napi->state))
		usleep_range(20, 200);
	clear_bit(NAPI_STATE_MISSED, &napi->state);
	clear_bit(NAPI_STATE_DISABLE, &napi->state);
	/* A poll that completed itself may still be returning. */
	tasklet_kill(&napi->tasklet);
}

/* Context: any. Whether it is for the caller to schedule the poll. */
bool napi_schedule_prep(struct napi_struct *napi)
{
	unsigned long old, new;

	do {
		old = READ_ONCE(napi->state);
		if (old & BIT(NAPI_STATE_DISABLE))
			return false;
		new = old | BIT(NAPI_STATE_SCHED);
		if (old & BIT(NAPI_STATE_SCHED))
			new |= BIT(NAPI_STATE_MISSED);
	} while (cmpxchg(&napi->state, old, new) != old);
	return !(old & BIT(NAPI_STATE_SCHED));
}

void __napi_schedule(struct napi_struct *napi)
{
	tasklet_schedule(&napi->tasklet);
}

/* In the poll. Whether the poll was left, or is going to run again at once. */
bool napi_complete_done(struct napi_struct *napi, int done)
{
	unsigned long old, new;

	do {
		old = READ_ONCE(napi->state);
		new = old & ~(BIT(NAPI_STATE_SCHED) | BIT(NAPI_STATE_MISSED));
		if (old & BIT(NAPI_STATE_MISSED))
			new |= BIT(NAPI_STATE_SCHED);
	} while (cmpxchg(&napi->state, old, new) != old);
	if (!(old & BIT(NAPI_STATE_MISSED)))
		return true;
	__napi_schedule(napi);
	return false;
}
