// SPDX-License-Identifier: GPL-2.0
/* Identity, capabilities, BARs, registers, states, reset, reconnection */
#include <fcntl.h>

#include "client.h"

FIXTURE(link) {
	struct device dev;
	struct client a, b;
};

FIXTURE_SETUP(link)
{
	device_start(&self->dev, "--peers 3 --vectors 2 --rw-size 8K --output-size 64K");
	client_open(&self->a, &self->dev, 0);
	client_open(&self->b, &self->dev, 1);
}

FIXTURE_TEARDOWN(link)
{
	if (self->dev.pid)
		EXPECT_EQ(0, device_stop(&self->dev, NULL, 0));
}

TEST_F(link, names_itself_as_an_ivshmem_v2_device)
{
	struct client *c = &self->a;

	EXPECT_EQ(0x110a, read_le(c, CONFIG, PCI_VENDOR_ID, 2));
	EXPECT_EQ(0x4106, read_le(c, CONFIG, PCI_DEVICE_ID, 2));
	EXPECT_EQ(0x00, read_le(c, CONFIG, PCI_REVISION_ID, 1));
	EXPECT_EQ(0xff0001, read_le(c, CONFIG, PCI_REVISION_ID, 4) >> 8);
	EXPECT_EQ(0x1af4, read_le(c, CONFIG, PCI_SUBSYSTEM_VENDOR_ID, 2));
	EXPECT_EQ(0x1100, read_le(c, CONFIG, PCI_SUBSYSTEM_ID, 2));
	EXPECT_EQ(0x0010, read_le(c, CONFIG, PCI_STATUS, 2));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_HEADER_TYPE, 1));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_INTERRUPT_PIN, 1));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_COMMAND, 2));
}

TEST_F(link, is_a_pci_device_that_can_be_reset)
{
	uint32_t info[4] = { sizeof(info) };
	struct reply r;

	ASSERT_EQ(0, client_try(&self->a, CMD_GET_INFO, info, sizeof(info),
				NULL, 0, &r));
	ASSERT_EQ(sizeof(info), r.len);
	memcpy(info, r.data, sizeof(info));
	EXPECT_EQ(sizeof(info), info[0]);
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET, info[1]);
	EXPECT_EQ(VFIO_PCI_NUM_REGIONS, info[2]);
	EXPECT_EQ(VFIO_PCI_NUM_IRQS, info[3]);
}

TEST_F(link, tells_section_sizes_in_the_vendor_capability)
{
	struct client *c = &self->a;
	unsigned int cap = find_cap(c, PCI_CAP_ID_VNDR);

	ASSERT_NE(0, cap);
	EXPECT_EQ(0x18, read_le(c, CONFIG, cap + 2, 1));
	EXPECT_EQ(0, read_le(c, CONFIG, cap + 3, 1));
	EXPECT_EQ(0x1000, read_le(c, CONFIG, cap + 4, 4));
	EXPECT_EQ(0x2000, read_le(c, CONFIG, cap + 8, 4));
	EXPECT_EQ(0, read_le(c, CONFIG, cap + 12, 4));
	EXPECT_EQ(0x10000, read_le(c, CONFIG, cap + 16, 4));
	EXPECT_EQ(0, read_le(c, CONFIG, cap + 20, 4));
}

TEST_F(link, writes_to_configuration_space_change_only_what_may_change)
{
	struct client *c = &self->a;
	unsigned int vendor = find_cap(c, PCI_CAP_ID_VNDR);
	unsigned int msix = find_cap(c, PCI_CAP_ID_MSIX);
	uint8_t before[256], after[256], ones[256];
	unsigned int i;

	memset(ones, 0xff, sizeof(ones));
	ASSERT_EQ(0, try_read(c, CONFIG, 0, before, sizeof(before)));
	ASSERT_EQ(0, try_write(c, CONFIG, 0, ones, sizeof(ones)));
	EXPECT_EQ(0x406, read_le(c, CONFIG, PCI_COMMAND, 2));
	EXPECT_EQ(0xff, read_le(c, CONFIG, PCI_INTERRUPT_LINE, 1));
	EXPECT_EQ(1, read_le(c, CONFIG, vendor + 3, 1));
	EXPECT_EQ(0xc001, read_le(c, CONFIG, msix + PCI_MSIX_FLAGS, 2));

	ASSERT_EQ(0, try_read(c, CONFIG, 0, after, sizeof(after)));
	for (i = 0; i < sizeof(after); i++) {
		if (i / 2 == PCI_COMMAND / 2 || i == vendor + 3 ||
		    i == msix + PCI_MSIX_FLAGS + 1 || i == PCI_INTERRUPT_LINE ||
		    (i >= PCI_BASE_ADDRESS_0 && i < PCI_BASE_ADDRESS_4))
			continue;
		if (before[i] != after[i])
			TH_LOG("offset 0x%x", i);
		EXPECT_EQ(before[i], after[i]);
	}
}

TEST_F(link, bars_can_be_sized)
{
	struct client *c = &self->a;
	unsigned int i;

	for (i = 0; i < 6; i++)
		write_le(c, CONFIG, PCI_BASE_ADDRESS_0 + 4 * i, 4, 0xffffffff);
	/* 4 KiB, 32 bits */
	EXPECT_EQ(0xfffff000, read_le(c, CONFIG, PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(0xfffff000, read_le(c, CONFIG, PCI_BASE_ADDRESS_1, 4));
	/* 4 + 8 + 3 * 64 KiB take 256 KiB; 64 bits, prefetchable */
	EXPECT_EQ(0xfffc000c, read_le(c, CONFIG, PCI_BASE_ADDRESS_2, 4));
	EXPECT_EQ(0xffffffff, read_le(c, CONFIG, PCI_BASE_ADDRESS_3, 4));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_BASE_ADDRESS_4, 4));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_BASE_ADDRESS_5, 4));
	write_le(c, CONFIG, PCI_BASE_ADDRESS_0, 4, 0xfebf1000);
	EXPECT_EQ(0xfebf1000, read_le(c, CONFIG, PCI_BASE_ADDRESS_0, 4));
}

TEST_F(link, msix_table_and_pending_bits_are_in_bar1_apart)
{
	struct client *c = &self->a;
	unsigned int cap = find_cap(c, PCI_CAP_ID_MSIX);
	struct vfio_region_info info;
	struct reply r;

	ASSERT_NE(0, cap);
	EXPECT_EQ(1, read_le(c, CONFIG, cap + PCI_MSIX_FLAGS, 2));
	EXPECT_EQ(1, read_le(c, CONFIG, cap + PCI_MSIX_TABLE, 4));
	EXPECT_EQ(0x21, read_le(c, CONFIG, cap + PCI_MSIX_PBA, 4));
	region_info(c, BAR1, &r, &info);
	EXPECT_EQ(4096, info.size);
	EXPECT_EQ(0, read_le(c, BAR1, 0x20, 4));
	EXPECT_EQ(0, read_le(c, BAR1, 0x24, 4));
	write_le(c, BAR1, 0x20, 4, 0xffffffff);
	EXPECT_EQ(0, read_le(c, BAR1, 0x20, 4));
}

TEST(msix_can_have_2048_vectors)
{
	struct device dev = { 0 };
	struct vfio_region_info info;
	struct client c;
	struct reply r;
	unsigned int cap;

	device_start(&dev, "--vectors 2048");
	client_open(&c, &dev, 0);
	cap = find_cap(&c, PCI_CAP_ID_MSIX);
	EXPECT_EQ(2047, read_le(&c, CONFIG, cap + PCI_MSIX_FLAGS, 2));
	EXPECT_EQ(0x8001, read_le(&c, CONFIG, cap + PCI_MSIX_PBA, 4));
	region_info(&c, BAR1, &r, &info);
	EXPECT_EQ(0x10000, info.size);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST_F(link, only_the_shared_memory_can_be_mapped)
{
	struct vfio_region_info info;
	struct reply r;
	unsigned int i;

	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		bool exists = i <= 2 || i == CONFIG;

		region_info(&self->a, i, &r, &info);
		EXPECT_EQ(i, info.index);
		EXPECT_EQ(exists, info.size != 0);
		EXPECT_EQ(exists ? VFIO_REGION_INFO_FLAG_READ |
			  VFIO_REGION_INFO_FLAG_WRITE : 0, info.flags & 3);
		EXPECT_EQ(i == BAR2, !!(info.flags & VFIO_REGION_INFO_FLAG_MMAP));
		EXPECT_EQ(i == BAR2, r.fd >= 0);
		if (r.fd >= 0)
			close(r.fd);
	}
}

TEST_F(link, registers_tell_id_and_maximum_peers)
{
	EXPECT_EQ(0, reg(&self->a, REG_ID));
	EXPECT_EQ(1, reg(&self->b, REG_ID));
	EXPECT_EQ(3, reg(&self->a, REG_MAX_PEERS));
	set_reg(&self->a, REG_ID, 2);
	set_reg(&self->a, REG_MAX_PEERS, 7);
	EXPECT_EQ(0, reg(&self->a, REG_ID));
	EXPECT_EQ(3, reg(&self->a, REG_MAX_PEERS));
}

TEST_F(link, interrupt_control_has_one_bit)
{
	EXPECT_EQ(0, reg(&self->a, REG_INT_CTRL));
	set_reg(&self->a, REG_INT_CTRL, 0xffffffff);
	EXPECT_EQ(1, reg(&self->a, REG_INT_CTRL));
	set_reg(&self->a, REG_INT_CTRL, 0xfffffffe);
	EXPECT_EQ(0, reg(&self->a, REG_INT_CTRL));
}

TEST_F(link, the_rest_of_the_register_page_reads_0_and_ignores_writes)
{
	struct client *c = &self->a;
	uint8_t page[4096], zero[4096] = { 0 };
	unsigned int i;

	EXPECT_EQ(0, reg(c, REG_DOORBELL));
	for (i = 0x14; i < 4096; i += 4) {
		set_reg(c, i, 0x12345678);
		EXPECT_EQ(0, reg(c, i));
	}
	EXPECT_EQ(0, reg(c, REG_STATE));
	EXPECT_EQ(0, reg(c, REG_INT_CTRL));
	/* Only aligned words are registers. */
	set_reg(c, REG_STATE, 0x01010101);
	EXPECT_EQ(0, read_le(c, BAR0, REG_STATE, 1));
	EXPECT_EQ(0, read_le(c, BAR0, REG_STATE + 2, 2));
	EXPECT_EQ(0, read_le(c, BAR0, REG_STATE + 1, 4));
	write_le(c, BAR0, REG_STATE, 1, 7);
	write_le(c, BAR0, REG_STATE + 2, 4, 7);
	EXPECT_EQ(0x01010101, reg(c, REG_STATE));
	ASSERT_EQ(0, try_read(c, BAR0, 0, page, sizeof(page)));
	EXPECT_EQ(0, memcmp(page, zero, sizeof(page)));
}

TEST_F(link, a_state_is_copied_to_the_state_table)
{
	set_reg(&self->b, REG_STATE, 0xdeadbeef);
	EXPECT_EQ(0xdeadbeef, reg(&self->b, REG_STATE));
	EXPECT_EQ(0xdeadbeef, read_le(&self->a, BAR2, 4, 4));
	EXPECT_EQ(0, read_le(&self->a, BAR2, 0, 4));
	EXPECT_EQ(0, read_le(&self->a, BAR2, 8, 4));
	set_reg(&self->a, REG_STATE, 3);
	EXPECT_EQ(3, read_le(&self->b, BAR2, 0, 4));
	EXPECT_EQ(1, device_stat(&self->dev, 0, "state_changes"));
	EXPECT_EQ(3, device_stat(&self->dev, 0, "state"));
}

TEST_F(link, reset_clears_state_interrupt_control_and_configuration)
{
	struct client *c = &self->a;
	unsigned int cap = find_cap(c, PCI_CAP_ID_VNDR);

	set_reg(c, REG_STATE, 3);
	set_reg(c, REG_INT_CTRL, 1);
	write_le(c, CONFIG, cap + 3, 1, 1);
	write_le(c, CONFIG, PCI_COMMAND, 2, 6);
	write_le(c, CONFIG, PCI_BASE_ADDRESS_0, 4, 0xfebf1000);
	reset(c);
	EXPECT_EQ(0, reg(c, REG_STATE));
	EXPECT_EQ(0, read_le(&self->b, BAR2, 0, 4));
	EXPECT_EQ(0, reg(c, REG_INT_CTRL));
	EXPECT_EQ(0, read_le(c, CONFIG, cap + 3, 1));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_COMMAND, 2));
	EXPECT_EQ(0, read_le(c, CONFIG, PCI_BASE_ADDRESS_0, 4));
	EXPECT_EQ(1, device_stat(&self->dev, 0, "resets"));
}

TEST_F(link, a_disconnect_clears_the_state_and_a_peer_can_come_back)
{
	unsigned int i;

	for (i = 1; i <= 20; i++) {
		set_reg(&self->b, REG_STATE, i);
		set_reg(&self->b, REG_INT_CTRL, 1);
		EXPECT_EQ(i, read_le(&self->a, BAR2, 4, 4));
		client_leave(&self->b, &self->dev, 1);
		EXPECT_EQ(0, read_le(&self->a, BAR2, 4, 4));
		client_open(&self->b, &self->dev, 1);
		EXPECT_EQ(0, reg(&self->b, REG_STATE));
		EXPECT_EQ(0, reg(&self->b, REG_INT_CTRL));
	}
	EXPECT_EQ(21, device_stat(&self->dev, 1, "connections"));
	EXPECT_EQ(0, device_stat(&self->dev, 1, "errors"));
}

TEST_F(link, a_peer_that_is_back_at_once_is_not_a_second_one)
{
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct client old = self->b;

		set_reg(&old, REG_STATE, 5);
		/* The device learns of the new one first. */
		kill(self->dev.pid, SIGSTOP);
		client_connect(&self->b, &self->dev, 1);
		close(old.fd);
		kill(self->dev.pid, SIGCONT);
		client_greet(&self->b);
		ASSERT_EQ(0, reg(&self->b, REG_STATE));
	}
	EXPECT_EQ(0, device_stat(&self->dev, 1, "refused_connections"));
}

TEST_F(link, a_second_connection_is_refused_with_a_reason)
{
	struct client second;
	char text[400];

	client_connect(&second, &self->dev, 1);
	EXPECT_TRUE(client_closed(&second));
	device_stderr(&self->dev, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "peer 1: refused a second client of "));
	EXPECT_NE(NULL, strstr(text, "peer1.sock"));
	EXPECT_EQ(strlen(text) - 1, strcspn(text, "\n"));
	EXPECT_EQ(1, device_stat(&self->dev, 1, "refused_connections"));
	/* The first one is untouched. */
	EXPECT_EQ(1, reg(&self->b, REG_ID));
}

TEST(protocols_have_names_and_numbers)
{
	static const struct {
		const char *args;
		uint32_t class;
	} cases[] = {
		{ "--protocol uio", 0xff0000 },
		{ "--protocol net", 0xff0001 },
		{ "--protocol shadow", 0xff0002 },
		{ "--protocol 0xc123", 0xffc123 },
	};
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct device dev = { 0 };
		struct client c;

		device_start(&dev, cases[i].args);
		client_open(&c, &dev, 0);
		EXPECT_EQ(cases[i].class,
			  read_le(&c, CONFIG, PCI_CLASS_REVISION, 4) >> 8);
		EXPECT_EQ(0, device_stop(&dev, NULL, 0));
	}
}

TEST(without_bar2_the_capability_has_the_base_address)
{
	struct device dev = { 0 };
	struct vfio_region_info info;
	struct client c;
	struct reply r;
	unsigned int cap;
	char path[100];
	uint32_t *mem;
	int fd;

	device_start(&dev, "--base-address 0x123456000 --output-size 4K");
	client_open(&c, &dev, 1);
	cap = find_cap(&c, PCI_CAP_ID_VNDR);
	EXPECT_EQ(0x20, read_le(&c, CONFIG, cap + 2, 1));
	EXPECT_EQ(0x23456000, read_le(&c, CONFIG, cap + 24, 4));
	EXPECT_EQ(1, read_le(&c, CONFIG, cap + 28, 4));
	write_le(&c, CONFIG, PCI_BASE_ADDRESS_2, 4, 0xffffffff);
	EXPECT_EQ(0, read_le(&c, CONFIG, PCI_BASE_ADDRESS_2, 4));
	region_info(&c, BAR2, &r, &info);
	EXPECT_EQ(0, info.size);
	EXPECT_EQ(-1, r.fd);

	/* What a VM would be given as its memory */
	snprintf(path, sizeof(path), "%s/memory", dev.dir);
	fd = open(path, O_RDWR);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0x3000, lseek(fd, 0, SEEK_END));
	mem = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	set_reg(&c, REG_STATE, 77);
	EXPECT_EQ(77, mem[1]);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
	EXPECT_EQ(-1, access(path, F_OK));
}

TEST(nuttx_finds_bar2_in_the_capability)
{
	struct device dev = { 0 };
	struct client c;
	unsigned int cap;

	device_start(&dev, "--cap20-mirror");
	client_open(&c, &dev, 0);
	cap = find_cap(&c, PCI_CAP_ID_VNDR);
	EXPECT_EQ(0x20, read_le(&c, CONFIG, cap + 2, 1));
	EXPECT_EQ(0, read_le(&c, CONFIG, cap + 24, 4));
	write_le(&c, CONFIG, PCI_BASE_ADDRESS_2, 4, 0xf0000000);
	write_le(&c, CONFIG, PCI_BASE_ADDRESS_3, 4, 0x12);
	EXPECT_EQ(0xf000000c, read_le(&c, CONFIG, PCI_BASE_ADDRESS_2, 4));
	EXPECT_EQ(0xf0000000, read_le(&c, CONFIG, cap + 24, 4));
	EXPECT_EQ(0x12, read_le(&c, CONFIG, cap + 28, 4));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

#define WRONG_ID	"--lie vendor=0x1234 --lie device=0x5678 --lie revision=9 "
#define WRONG_CLASS	"--lie class=0xabcdef --lie subsystem-vendor=0x1111 "
#define WRONG_CAP	"--lie subsystem=0x2222 --lie cap-length=0x10 "
#define WRONG_SIZES	"--lie state-size=0 --lie rw-size=0x1001 "
#define WRONG_PLACE	"--lie output-size=0xfffffffffffff000 --lie base-address=0x5000 "
#define WRONG_NUMBERS	"--lie bar2-size=4K --lie id=5 --lie max-peers=1 --lie msix-vectors=7"

TEST(the_device_lies_when_told_to)
{
	struct device dev = { 0 };
	struct vfio_region_info info;
	struct client c;
	struct reply r;
	unsigned int cap;

	device_start(&dev, WRONG_ID WRONG_CLASS WRONG_CAP WRONG_SIZES WRONG_PLACE
		     WRONG_NUMBERS);
	client_open(&c, &dev, 0);
	EXPECT_EQ(0x56781234, read_le(&c, CONFIG, PCI_VENDOR_ID, 4));
	EXPECT_EQ(0xabcdef09, read_le(&c, CONFIG, PCI_REVISION_ID, 4));
	EXPECT_EQ(0x22221111, read_le(&c, CONFIG, PCI_SUBSYSTEM_VENDOR_ID, 4));
	cap = find_cap(&c, PCI_CAP_ID_VNDR);
	EXPECT_EQ(0x10, read_le(&c, CONFIG, cap + 2, 1));
	EXPECT_EQ(0, read_le(&c, CONFIG, cap + 4, 4));
	EXPECT_EQ(0x1001, read_le(&c, CONFIG, cap + 8, 4));
	EXPECT_EQ(0xfffff000, read_le(&c, CONFIG, cap + 16, 4));
	EXPECT_EQ(0xffffffff, read_le(&c, CONFIG, cap + 20, 4));
	EXPECT_EQ(0x5000, read_le(&c, CONFIG, cap + 24, 4));
	region_info(&c, BAR2, &r, &info);
	EXPECT_EQ(4096, info.size);
	EXPECT_EQ(5, reg(&c, REG_ID));
	EXPECT_EQ(1, reg(&c, REG_MAX_PEERS));
	cap = find_cap(&c, PCI_CAP_ID_MSIX);
	EXPECT_EQ(6, read_le(&c, CONFIG, cap + PCI_MSIX_FLAGS, 2));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));

	device_start(&dev, "--lie no-cap");
	client_open(&c, &dev, 0);
	EXPECT_EQ(0, find_cap(&c, PCI_CAP_ID_VNDR));
	EXPECT_NE(0, find_cap(&c, PCI_CAP_ID_MSIX));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST_HARNESS_MAIN
