/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzz target is a life of a driver, from probe to remove. What is left over
 * after one is a bug as well; the driver's variables are as they were before.
 */
#ifndef HOSTED_FUZZ_H
#define HOSTED_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kit/kit.h"

/* What is left of the input; 0 when nothing is */
uint8_t take(void);
uint16_t take16(void);
size_t input_left(void);

/* The target: before the kernel begins, then once for each input */
void target_init(void);
void target_run(void);
/* A driver of a link is about to read there. */
void target_reads(const void *from);

#endif
