// SPDX-License-Identifier: GPL-2.0
/*
 * Time and timers: a thread that waits for the next of them. High-resolution ones
 * run in hard interrupt context, the others in a softirq after that.
 */
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/timer.h>

#include "emul.h"

unsigned long hosted_jiffies(void)
{
	return INITIAL_JIFFIES + kit_now() / TICK;
}

u64 get_jiffies_64(void)
{
	return hosted_jiffies();
}

ktime_t ktime_get(void)
{
	return kit_now();
}

unsigned int jiffies_to_msecs(unsigned long j)
{
	return j * (MSEC_PER_SEC / HZ);
}

/* Rounded up, and what would be negative is as long as can be. */
unsigned long msecs_to_jiffies(unsigned int ms)
{
	return (int)ms < 0 ? MAX_JIFFY_OFFSET : DIV_ROUND_UP((unsigned long)ms * HZ, MSEC_PER_SEC);
}

unsigned long usecs_to_jiffies(unsigned int us)
{
	return DIV_ROUND_UP((unsigned long)us * HZ, USEC_PER_SEC);
}

unsigned long lock_irqsave(struct kit_spin *lock)
{
	unsigned long flags = _local_irq_save();

	kit_spin_lock(lock);
	return flags;
}

void unlock_irqrestore(struct kit_spin *lock, unsigned long flags)
{
	kit_spin_unlock(lock);
	_local_irq_restore(flags);
}

void tell(unsigned int *word)
{
	__atomic_add_fetch(word, 1, __ATOMIC_SEQ_CST);
	if (!runs_inline())
		kit_word_wake(word, 0);
}

/*
 * Both kinds are lists in order of expiry. What runs now is remembered, so that it
 * can be waited for.
 */

static struct kit_spin lock;
static LIST_HEAD(timers);
static LIST_HEAD(hrtimers);
static const struct timer_list *running;
static const struct kit_thread *runner;	/* of that */
static const struct hrtimer *hrunning;
static unsigned int changed;		/* what runs, or the next one; waited for */
static unsigned int stopping;
static struct kit_thread *timer_thread;

static kit_u64 expiry(const struct timer_list *timer)
{
	return ticks_to_ns(timer->expires - INITIAL_JIFFIES);
}

static kit_u64 next_expiry(void)
{
	struct timer_list *timer;
	struct hrtimer *hrtimer;
	kit_u64 next = KIT_NEVER;

	kit_spin_lock(&lock);
	timer = list_first_entry_or_null(&timers, struct timer_list, entry);
	hrtimer = list_first_entry_or_null(&hrtimers, struct hrtimer, entry);
	if (timer)
		next = time_before_eq(timer->expires, jiffies) ? 0 : expiry(timer);
	if (hrtimer)
		next = min(next, (kit_u64)max(hrtimer->expires, (ktime_t)0));
	kit_spin_unlock(&lock);
	return next;
}

static bool unlink(struct list_head *entry)
{
	if (!entry->next)
		return false;
	list_del(entry);
	WRITE_ONCE(entry->next, NULL);
	return true;
}

/* Returns whether it is the first now. */
static bool enqueue_timer(struct timer_list *timer)
{
	struct timer_list *other;
	struct list_head *at = &timers;

	list_for_each_entry_reverse(other, &timers, entry) {
		if (time_before_eq(other->expires, timer->expires)) {
			at = &other->entry;
			break;
		}
	}
	list_add(&timer->entry, at);
	return at == &timers;
}

/* @earlier: only if that is earlier than it would run. */
static int modify(struct timer_list *timer, unsigned long expires, bool earlier)
{
	unsigned long flags = lock_irqsave(&lock);
	bool pending = timer->entry.next, first = false;

	if (!timer->function) {
		unlock_irqrestore(&lock, flags);
		return 0;	/* shut down */
	}
	if (!(earlier && pending && time_before_eq(timer->expires, expires))) {
		unlink(&timer->entry);
		/* What is due already has its turn at the next tick, not at once and for ever. */
		timer->expires = time_after(expires, jiffies) ? expires : jiffies + 1;
		first = enqueue_timer(timer);
	}
	unlock_irqrestore(&lock, flags);
	if (first)
		tell(&changed);
	return pending;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	return modify(timer, expires, false);
}

int timer_reduce(struct timer_list *timer, unsigned long expires)
{
	return modify(timer, expires, true);
}

void add_timer(struct timer_list *timer)
{
	if (timer_pending(timer))
		kit_die("add_timer() of a timer that is pending");
	mod_timer(timer, timer->expires);
}

int timer_delete(struct timer_list *timer)
{
	unsigned long flags = lock_irqsave(&lock);
	int pending = unlink(&timer->entry);

	unlock_irqrestore(&lock, flags);
	return pending;
}

static bool runs_here(const struct timer_list *timer)
{
	unsigned long flags = lock_irqsave(&lock);
	bool runs = running == timer && runner == kit_current();

	unlock_irqrestore(&lock, flags);
	return runs;
}

static void check_not_from_interrupt(const char *what)
{
	struct kit_thread *self = kit_current();

	if (self->hardirq)
		kit_die("%s from an interrupt may wait for itself", what);
}

static int delete_sync(struct timer_list *timer, bool shut_down)
{
	unsigned int seen;
	int pending = 0;

	if (!(timer->flags & TIMER_IRQSAFE))
		check_not_from_interrupt("timer_delete_sync()");
	if (runs_here(timer))
		kit_die("timer_delete_sync() from the timer's own function");
	for (;;) {
		unsigned long flags = lock_irqsave(&lock);
		bool runs = running == timer;

		pending |= unlink(&timer->entry);
		if (shut_down)
			timer->function = NULL;
		seen = READ_ONCE(changed);
		unlock_irqrestore(&lock, flags);
		if (!runs)
			return pending;
		kit_word_sleep(&changed, seen, KIT_NEVER);
	}
}

int timer_delete_sync(struct timer_list *timer)
{
	return delete_sync(timer, false);
}

int timer_shutdown_sync(struct timer_list *timer)
{
	return delete_sync(timer, true);
}

/* The first one that is due, taken off the list. */
static struct timer_list *take_timer(void (**function)(struct timer_list *timer))
{
	unsigned long flags = lock_irqsave(&lock);
	struct timer_list *timer = list_first_entry_or_null(&timers, struct timer_list, entry);

	if (timer && time_after(timer->expires, jiffies))
		timer = NULL;
	/* One at a time: another thread is at it. */
	if (running)
		timer = NULL;
	if (timer) {
		unlink(&timer->entry);
		running = timer;
		runner = kit_current();
		*function = timer->function;
	}
	unlock_irqrestore(&lock, flags);
	return timer;
}

static void timer_softirq(void)
{
	void (*function)(struct timer_list *timer);
	struct timer_list *timer;
	unsigned long flags;

	while ((timer = take_timer(&function))) {
		function(timer);
		/* From here on it may be gone. */
		flags = lock_irqsave(&lock);
		running = NULL;
		unlock_irqrestore(&lock, flags);
		tell(&changed);
	}
}

/*
 * High resolution
 */

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode)
{
	*timer = (struct hrtimer){ .function = function, .mode = mode };
}

static bool enqueue_hrtimer(struct hrtimer *timer)
{
	struct hrtimer *other;
	struct list_head *at = &hrtimers;

	list_for_each_entry_reverse(other, &hrtimers, entry) {
		if (other->expires <= timer->expires) {
			at = &other->entry;
			break;
		}
	}
	list_add(&timer->entry, at);
	return at == &hrtimers;
}

void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t time, u64 slack,
			    enum hrtimer_mode mode)
{
	unsigned long flags;
	bool first;

	if (!timer->function)
		kit_die("hrtimer_start() of a timer without a function");
	flags = lock_irqsave(&lock);
	unlink(&timer->entry);
	timer->expires = mode & HRTIMER_MODE_REL ? ktime_add(ktime_get(), time) : time;
	first = enqueue_hrtimer(timer);
	unlock_irqrestore(&lock, flags);
	if (first)
		tell(&changed);
}

/* Returns 1 where it was queued, 0 where not, -1 while it runs. */
int hrtimer_try_to_cancel(struct hrtimer *timer)
{
	unsigned long flags = lock_irqsave(&lock);
	int ret = hrunning == timer ? -1 : unlink(&timer->entry);

	unlock_irqrestore(&lock, flags);
	return ret;
}

int hrtimer_cancel(struct hrtimer *timer)
{
	unsigned int seen = READ_ONCE(changed);
	int ret;

	check_not_from_interrupt("hrtimer_cancel()");
	while ((ret = hrtimer_try_to_cancel(timer)) < 0) {
		kit_word_sleep(&changed, seen, KIT_NEVER);
		seen = READ_ONCE(changed);
	}
	return ret;
}

u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval)
{
	ktime_t late = now - timer->expires;
	u64 times;

	if (late < 0 || interval <= 0)
		return 0;
	times = late / interval + 1;
	timer->expires += times * interval;
	return times;
}

bool hrtimer_active(const struct hrtimer *timer)
{
	unsigned long flags = lock_irqsave(&lock);
	bool active = timer->entry.next || hrunning == timer;

	unlock_irqrestore(&lock, flags);
	return active;
}

static struct hrtimer *take_hrtimer(void)
{
	unsigned long flags = lock_irqsave(&lock);
	struct hrtimer *timer = list_first_entry_or_null(&hrtimers, struct hrtimer, entry);

	if (timer && (hrunning || timer->expires > ktime_get()))
		timer = NULL;
	if (timer) {
		unlink(&timer->entry);
		hrunning = timer;
	}
	unlock_irqrestore(&lock, flags);
	return timer;
}

static bool run_hrtimers(void)
{
	enum hrtimer_restart restart;
	struct hrtimer *timer;
	unsigned long flags;
	bool ran = false;

	while ((timer = take_hrtimer())) {
		restart = timer->function(timer);
		flags = lock_irqsave(&lock);
		/* Unless somebody has started it anew meanwhile. */
		if (restart == HRTIMER_RESTART && !timer->entry.next)
			enqueue_hrtimer(timer);
		hrunning = NULL;
		unlock_irqrestore(&lock, flags);
		tell(&changed);
		ran = true;
	}
	return ran;
}

/*
 * What is due, in the context of an interrupt
 */

static bool timers_due(void)
{
	struct timer_list *timer;
	bool due;

	kit_spin_lock(&lock);
	timer = list_first_entry_or_null(&timers, struct timer_list, entry);
	due = timer && !running && time_before_eq(timer->expires, jiffies);
	kit_spin_unlock(&lock);
	return due;
}

bool timer_run_due(void)
{
	bool ran;

	hardirq_enter();
	ran = run_hrtimers();
	if (timers_due()) {
		raise_softirq(TIMER_SOFTIRQ);
		ran = true;
	}
	hardirq_exit();
	return ran;
}

static int timer_main(void *arg)
{
	unsigned int seen = READ_ONCE(changed);

	while (!__atomic_load_n(&stopping, __ATOMIC_SEQ_CST)) {
		if (!timer_run_due())
			kit_word_wait(&changed, seen, next_expiry());
		seen = READ_ONCE(changed);
	}
	return 0;
}

int timer_init(void)
{
	stopping = 0;
	open_softirq(TIMER_SOFTIRQ, timer_softirq);
	kit_timer_due = next_expiry;
	if (runs_inline())
		return 0;
	return kit_thread_create(KIT_TIMER, "timer", timer_main, NULL, &timer_thread);
}

void timer_stop(void)
{
	if (!timer_thread)
		return;
	__atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
	tell(&changed);
	kit_thread_join(timer_thread);
	timer_thread = NULL;
}
