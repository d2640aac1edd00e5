/* SPDX-License-Identifier: GPL-2.0 */
/* What both fuzz targets of a serial driver share. */
#ifndef HOSTED_FUZZ_UART_H
#define HOSTED_FUZZ_UART_H

#include "fuzz.h"
#include "kit/bus.h"
#include "kit/serial.h"

/*
 * Makes a request of what comes next in the input. Its answer may come later:
 * forget_calls() then checks that all have come, once each.
 */
void request(enum serial_op op, long client);
void forget_calls(void);

#endif
