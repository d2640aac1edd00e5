// SPDX-License-Identifier: GPL-2.0
/* Models of a PL030, an SP805 and a PL050. */
#include <string.h>

#include "clock.h"
#include "kit/bus.h"
#include "kit/kit.h"
#include "primecells.h"

enum { RTC_IRQ = 60, KEYBOARD_IRQ = 61 };

struct pl030 pl030;
struct sp805 sp805;
struct pl050 pl050;
/* Of the watchdog and the keyboard. */
static struct clock the_clock = { .name = "primecells" };

/* PL030: counts seconds; matches when MIE is set */
static kit_u64 pl030_read(void *device, kit_u64 offset, unsigned int width)
{
	(void)device;
	(void)width;
	switch (offset) {
	case 0x00:
		return pl030.time;
	case 0x04:
		return pl030.match;
	case 0x08:
		return pl030.pending;
	default:
		return pl030.control;
	}
}

/* What is loaded counts from the next second on. */
static void pl030_write(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device;
	(void)width;
	if (offset == 0x04)
		pl030.match = value;
	else if (offset == 0x08)
		pl030.pending = false;
	else if (offset == 0x0c)
		pl030.time = value - 1;
	else if (offset == 0x10)
		pl030.control = value;
	kit_irq_level(RTC_IRQ, pl030.pending && pl030.control & 1);
}

void pl030_tick(unsigned int seconds)
{
	while (seconds--)
		pl030.pending |= ++pl030.time == pl030.match;
	kit_irq_level(RTC_IRQ, pl030.pending && pl030.control & 1);
}

/* SP805: the first time it comes to 0 it interrupts, the second time it bites */
static kit_u64 sp805_read(void *device, kit_u64 offset, unsigned int width)
{
	(void)device;
	(void)width;
	switch (offset) {
	case 0x00:
		return sp805.load;
	case 0x04:
		return sp805.value;
	case 0x08:
		return sp805.control;
	case 0x10:
		return sp805.pending;
	case 0xc00:
		return sp805.locked;
	default:
		return 0;
	}
}

static void sp805_write(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device;
	(void)width;
	if (offset == 0xc00) {
		sp805.locked = value != 0x1acce551;
	} else if (sp805.locked) {
		sp805.refused++;
	} else if (offset == 0x00) {
		sp805.load = value;
		sp805.value = value;
	} else if (offset == 0x08) {
		sp805.control = value;
	} else if (offset == 0x0c) {
		sp805.pending = false;
		sp805.value = sp805.load;
	}
}

void sp805_tick(uint32_t cycles)
{
	while (cycles && sp805.control & 1) {
		uint32_t step = cycles < sp805.value ? cycles : sp805.value;

		sp805.value -= step;
		cycles -= step;
		if (sp805.value)
			return;
		sp805.reset |= sp805.pending && sp805.control & 2;
		sp805.pending = true;
		sp805.value = sp805.load;
		cycles -= !!cycles;
	}
}

/* PL050 */
static void pl050_update(void)
{
	kit_irq_level(KEYBOARD_IRQ, pl050.nin && pl050.control & 0x10);
}

static kit_u64 pl050_read(void *device, kit_u64 offset, unsigned int width)
{
	uint8_t value;

	(void)device;
	(void)width;
	switch (offset) {
	case 0x00:
		return pl050.control;
	case 0x04:
		return pl050.busy ? 0 : 0x40;
	case 0x08:
		value = pl050.in[0];
		if (pl050.nin)
			memmove(pl050.in, pl050.in + 1, --pl050.nin);
		pl050_update();
		return value;
	case 0x0c:
		return pl050.divisor;
	default:
		return !!pl050.nin;
	}
}

static void pl050_write(void *device, kit_u64 offset, unsigned int width, kit_u64 value)
{
	(void)device;
	(void)width;
	if (offset == 0x00)
		pl050.control = value;
	else if (offset == 0x08)
		pl050.out[pl050.nout++ % sizeof(pl050.out)] = value;
	else if (offset == 0x0c)
		pl050.divisor = value;
	pl050_update();
}

void pl050_type(uint8_t scancode)
{
	if (pl050.nin < sizeof(pl050.in))
		pl050.in[pl050.nin++] = scancode;
	pl050_update();
}

static const struct kit_device_ops ops[] = {
	{ pl030_read, pl030_write }, { sp805_read, sp805_write }, { pl050_read, pl050_write },
};

static const struct kit_device devices[] = {
	{ .name = RTC_DEVICE, .id = 0x00041030, .phys = 0x10017000, .size = 0x1000,
	  .irqs = { RTC_IRQ } },
	{ .name = WATCHDOG_DEVICE, .id = 0x00141805, .phys = 0x10010000, .size = 0x1000 },
	{ .name = KEYBOARD_DEVICE, .id = 0x00041050, .phys = 0x10006000, .size = 0x1000,
	  .irqs = { KEYBOARD_IRQ } },
};

#define DEVICES	(sizeof(devices) / sizeof(*devices))

int primecells_add(unsigned long hz)
{
	unsigned int i;
	int err = 0;

	the_clock.rate = hz;
	kit_clocks(&clock_only, &the_clock);
	for (i = 0; i < DEVICES && !err; i++) {
		err = kit_grant_device(devices[i].phys, devices[i].size, devices[i].name, &ops[i],
				       NULL);
		if (!err)
			err = kit_amba_add(&devices[i]);
	}
	return err;
}

unsigned int primecells_remove(void)
{
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		kit_amba_remove(devices[i].name);
		kit_grant_revoke(devices[i].phys);
	}
	return clock_drop(&the_clock, 0);
}

unsigned int primecells_clock_users(void)
{
	return clock_enabled(&the_clock, 0);
}
