/* SPDX-License-Identifier: GPL-2.0 */
/* What both fuzz targets of a serial driver share. */
#ifndef HOSTED_FUZZ_UART_H
#define HOSTED_FUZZ_UART_H

#include <stddef.h>
#include <stdint.h>

#include "kit/bus.h"
#include "kit/kit.h"
#include "kit/serial.h"

/* What is left of the input; 0 when nothing is */
uint8_t take(void);
uint16_t take16(void);
size_t input_left(void);

/*
 * Makes a request of what comes next in the input. Its answer may come later:
 * forget_calls() then checks that all have come, once each.
 */
void request(enum serial_op op, long client);
void forget_calls(void);

/* The target: makes the device, uses it, takes it away. */
void target_run(void);
void target_init(void);

#endif
