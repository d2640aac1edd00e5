/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program presents to drivers besides registers: clocks, and devices on
 * buses that are not found but described. Seen by both sides, like kit.h.
 */
#ifndef HOSTED_KIT_BUS_H
#define HOSTED_KIT_BUS_H

#include "kit.h"

/**
 * struct kit_clock_ops - where clocks are, the program's or its supervisor's
 * @get: the clock @name of device @device (either may be NULL); a handle of 0 or
 *	more, or -ENOENT
 * @prepare: one more user, or less; may sleep
 * @enable: one more user, or less; must not sleep
 * @rate: Hz
 */
struct kit_clock_ops {
	int (*get)(void *data, const char *device, const char *name);
	void (*put)(void *data, int clock);
	int (*prepare)(void *data, int clock, _Bool on);
	int (*enable)(void *data, int clock, _Bool on);
	unsigned long (*rate)(void *data, int clock);
};

/** kit_clocks() - use these from now on; NULL: there are none. Context: before drivers. */
void kit_clocks(const struct kit_clock_ops *ops, void *data);

/**
 * struct kit_device - a device on the AMBA bus
 * @name: of the device
 * @id: peripheral ID, by which its driver is found
 * @phys: registers, granted with kit_grant_device()
 * @size: bytes of them; 0: none
 * @irqs: interrupt lines, ended by 0
 * @platform_data: for the driver, copied
 * @platform_size: bytes
 */
#define KIT_DEVICE_IRQS	4

struct kit_device {
	const char *name;
	kit_u32 id;
	kit_u64 phys, size;
	unsigned int irqs[KIT_DEVICE_IRQS];
	const void *platform_data;
	kit_size platform_size;
};

/*
 * Context: may sleep. Return: 0, or an error of registration. A driver's failed
 * probe is no error: kit_amba_bound() tells.
 */
int kit_amba_add(const struct kit_device *device);
int kit_amba_remove(const char *name);

/* Context: may sleep. Return: 1 or 0, or -ENODEV. */
int kit_amba_bound(const char *name);

/** kit_amba_probe() - let drivers try once more. Return: as kit_amba_bound(). */
int kit_amba_probe(const char *name);

/* Sleep and wake up, by the driver's power management. Return: what it returns. */
int kit_amba_suspend(const char *name);
int kit_amba_resume(const char *name);

/**
 * kit_console_select() - the console that is to be enabled when it is registered
 * @options: like "ttyAM0,115200n8"; NULL: none
 */
void kit_console_select(const char *options);

/** kit_console_write() - write to all enabled consoles. Return: how many there are. */
int kit_console_write(const char *text, kit_size len);

#endif
