/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HOSTED_LINUX_HRTIMER_H
#define _HOSTED_LINUX_HRTIMER_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/types.h>

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };

/* Without HRTIMER_MODE_SOFT: all run in hard interrupt context. */
enum hrtimer_mode {
	HRTIMER_MODE_ABS = 0x00,
	HRTIMER_MODE_REL = 0x01,
	HRTIMER_MODE_PINNED = 0x02,
	HRTIMER_MODE_HARD = 0x08,
	HRTIMER_MODE_ABS_PINNED = HRTIMER_MODE_ABS | HRTIMER_MODE_PINNED,
	HRTIMER_MODE_REL_PINNED = HRTIMER_MODE_REL | HRTIMER_MODE_PINNED,
	HRTIMER_MODE_ABS_HARD = HRTIMER_MODE_ABS | HRTIMER_MODE_HARD,
	HRTIMER_MODE_REL_HARD = HRTIMER_MODE_REL | HRTIMER_MODE_HARD,
};

struct hrtimer {
	struct list_head entry;		/* next NULL where it is not queued */
	ktime_t expires;
	enum hrtimer_restart (*function)(struct hrtimer *timer);
	enum hrtimer_mode mode;
};

void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
		   clockid_t clock, enum hrtimer_mode mode);
void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t time, u64 slack,
			    enum hrtimer_mode mode);
int hrtimer_cancel(struct hrtimer *timer);
int hrtimer_try_to_cancel(struct hrtimer *timer);
u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval);
bool hrtimer_active(const struct hrtimer *timer);

#define hrtimer_start(_t, _time, _mode)	hrtimer_start_range_ns(_t, _time, 0, _mode)
#define hrtimer_forward_now(_t, _i)	hrtimer_forward(_t, ktime_get(), _i)

#endif
