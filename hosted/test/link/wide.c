// SPDX-License-Identifier: GPL-2.0
/* A function of nothing but registers, each of 4 bytes */
#include <string.h>

#include "kit/pci.h"
#include "link.h"
#include "wide.h"

static unsigned int reg[4], order[4], accesses, other_widths;

static void config_read(struct kit_pci *pci, unsigned int offset, void *buf, unsigned int len)
{
	(void)pci;
	(void)offset;
	memset(buf, 0, len);
}

static void config_write(struct kit_pci *pci, unsigned int offset, const void *buf,
			 unsigned int len)
{
	(void)pci;
	(void)offset;
	(void)buf;
	(void)len;
}

static unsigned int note(unsigned long offset, unsigned int len)
{
	other_widths += len != 4;
	order[accesses++ % 4] = offset;
	return offset / 4 % 4;
}

static unsigned int read_register(struct kit_pci *pci, unsigned int bar, unsigned long offset,
				  unsigned int len)
{
	(void)pci;
	(void)bar;
	return reg[note(offset, len)];
}

static void write_register(struct kit_pci *pci, unsigned int bar, unsigned long offset,
			   unsigned int value, unsigned int len)
{
	(void)pci;
	(void)bar;
	reg[note(offset, len)] = value;
}

static const struct kit_pci_ops ops = {
	.config_read = config_read, .config_write = config_write,
	.read = read_register, .write = write_register,
};

LINK_TEST(registers_of_8_bytes_are_two_of_4)
{
	struct kit_pci pci = { .ops = &ops, .bar[0].size = 0x1000 };

	ASSERT_EQ(0, kit_pci_plug(&pci, 4));
	wide_write(pci.bus, 8, 0x1122334455667788);
	EXPECT_EQ(0x55667788, reg[2]);
	EXPECT_EQ(0x11223344, reg[3]);
	EXPECT_EQ(0x1122334455667788, wide_read(pci.bus, 8));
	EXPECT_EQ(4, accesses);
	EXPECT_EQ(0, other_widths);
	EXPECT_EQ(8, order[0]);
	EXPECT_EQ(12, order[1]);
	EXPECT_EQ(8, order[2]);
	EXPECT_EQ(12, order[3]);
	kit_pci_unplug(&pci);
}
