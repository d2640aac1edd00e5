/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs can ask of small classes: real-time clocks, watchdogs, ports of
 * keyboards. Seen by both sides. Context of all: any thread, may sleep; errors
 * are negative, -ENODEV where there is no such device.
 */
#ifndef HOSTED_KIT_SMALL_H
#define HOSTED_KIT_SMALL_H

#include "kit.h"

/* "rtcN"; seconds since 1970 */
int kit_rtc_set(unsigned int n, kit_u64 seconds);
int kit_rtc_get(unsigned int n, kit_u64 *seconds);
int kit_rtc_get_alarm(unsigned int n, kit_u64 *seconds);
int kit_rtc_set_alarm(unsigned int n, kit_u64 seconds);

/* "watchdogN"; seconds */
int kit_watchdog_start(unsigned int n);
int kit_watchdog_stop(unsigned int n);
int kit_watchdog_ping(unsigned int n);
int kit_watchdog_set_timeout(unsigned int n, unsigned int seconds);
int kit_watchdog_timeout(unsigned int n);
int kit_watchdog_timeleft(unsigned int n);

/*
 * "serioN". @receive is called by the driver's interrupt, with the port's lock.
 */
int kit_serio_open(unsigned int n, void (*receive)(void *arg, kit_u8 data, unsigned int flags),
		   void *arg);
int kit_serio_close(unsigned int n);
int kit_serio_write(unsigned int n, kit_u8 data);

#endif
