/* SPDX-License-Identifier: GPL-2.0 */
/* Registers of 8 bytes: between test/link/kernel/ and tests. Includes nothing. */
#ifndef HOSTED_TEST_WIDE_H
#define HOSTED_TEST_WIDE_H

/* Of BAR 0, whose function is @bus of its struct kit_pci */
unsigned long wide_read(void *bus, unsigned long offset);
void wide_write(void *bus, unsigned long offset, unsigned long value);

#endif
