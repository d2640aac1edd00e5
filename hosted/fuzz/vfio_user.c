// SPDX-License-Identifier: GPL-2.0
/*
 * The vfio-user client, and the driver's probe behind it, against a server that is
 * the input: each reply is what an honest server says, with what the input changes
 * of it: bytes, length, header, descriptors.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "../model/pci_vfio_user.h"
#include "fuzz.h"

#define STATE_SIZE	0x1000
#define OUTPUT_SIZE	0x4000
#define MEMORY_SIZE	(STATE_SIZE + 2 * OUTPUT_SIZE)
#define REPLY_MAX	2048

enum { VERSION = 1, GET_INFO = 4, REGION_INFO = 5, IRQ_INFO = 7, SET_IRQS = 8, READ = 9,
	WRITE = 10, RESET = 13 };

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

int __wrap_connect(int sock, const struct sockaddr *addr, socklen_t len);
ssize_t __wrap_sendmsg(int sock, const struct msghdr *msg, int flags);
ssize_t __wrap_recvmsg(int sock, struct msghdr *msg, int flags);

static uint8_t config[256];
static uint32_t registers[0x400];
static int memory_fd;

static uint8_t reply[REPLY_MAX + 64];
static size_t reply_len, reply_at;
static bool reply_fd;

/*
 * An honest server
 */

static uint32_t region_info(const uint8_t *request, uint8_t *out)
{
	struct vfio_region_info info;
	static const uint64_t size[9] = { 0x1000, 0x2000, 0x10000, [7] = 256 };

	memcpy(&info, request, sizeof(info));
	info.argsz = sizeof(info);
	info.size = info.index < 9 ? size[info.index] : 0;
	info.flags = info.size ? 3 : 0;
	if (info.index == VFIO_PCI_BAR2_REGION_INDEX) {
		struct vfio_region_info_cap_sparse_mmap cap = {
			.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP, .version = 1 },
			.nr_areas = 1,
		};
		struct vfio_region_sparse_mmap_area area = { 0, MEMORY_SIZE };

		info.flags |= VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS;
		info.cap_offset = sizeof(info);
		memcpy(out + sizeof(info), &cap, sizeof(cap));
		memcpy(out + sizeof(info) + sizeof(cap), &area, sizeof(area));
		if (((struct vfio_region_info *)request)->argsz >= 64)
			info.argsz += sizeof(cap) + sizeof(area);
		reply_fd = true;
	}
	memcpy(out, &info, sizeof(info));
	return info.argsz;
}

static uint32_t region_read(const uint8_t *request, uint8_t *out)
{
	struct { uint64_t offset; uint32_t region, count; } access;

	memcpy(&access, request, sizeof(access));
	if (access.count > 256)
		access.count = 256;
	memcpy(out, &access, sizeof(access));
	memset(out + sizeof(access), 0, access.count);
	if (access.region == VFIO_PCI_CONFIG_REGION_INDEX && access.offset + access.count <= 256)
		memcpy(out + sizeof(access), config + access.offset, access.count);
	if (access.region == VFIO_PCI_BAR0_REGION_INDEX &&
	    access.offset + access.count <= sizeof(registers))
		memcpy(out + sizeof(access), (uint8_t *)registers + access.offset, access.count);
	return sizeof(access) + access.count;
}

static uint32_t honest(uint16_t command, const uint8_t *request, uint8_t *out)
{
	static const char version[] = "\0\0\1\0{\"capabilities\":{\"max_msg_fds\":16}}";
	uint32_t info[4] = { 16, 3, 9, 5 };

	switch (command) {
	case VERSION:
		memcpy(out, version, sizeof(version));
		return sizeof(version);
	case GET_INFO:
		memcpy(out, info, 16);
		return 16;
	case REGION_INFO:
		return region_info(request, out);
	case IRQ_INFO:
		memcpy(out, request, 16);
		info[0] = ((uint32_t *)request)[2] == VFIO_PCI_MSIX_IRQ_INDEX ? 2 : 0;
		memcpy(out + 12, info, 4);
		return 16;
	case READ:
		return region_read(request, out);
	case WRITE:
		memcpy(out, request, 16);
		return 16;
	default:
		return 0;
	}
}

/* What the input changes of it. A byte of 0 leaves the reply as it is. */
static void spoil(struct header *h)
{
	uint8_t what = take();

	if (what & 1)
		reply[16 + take16() % REPLY_MAX] = take();
	if (what & 2)
		reply[16 + take() % 64] = take();
	if (what & 4)
		reply_len = 16 + take16() % REPLY_MAX;
	h->size = reply_len;
	if (what & 8)
		((uint8_t *)h)[take() % sizeof(*h)] = take();
	if (what & 16)
		reply_fd = !reply_fd;
	if (what & 32)
		reply_len = take();
	if (what & 64)
		((uint8_t *)registers)[take() % 32] = take();
	if (what & 128)
		config[take()] = take();
}

int __wrap_connect(int sock, const struct sockaddr *addr, socklen_t len)
{
	(void)sock;
	(void)addr;
	(void)len;
	return 0;
}

ssize_t __wrap_sendmsg(int sock, const struct msghdr *msg, int flags)
{
	const uint8_t *request = msg->msg_iov[0].iov_base;
	struct header h;

	(void)sock;
	(void)flags;
	memcpy(&h, request, sizeof(h));
	if (h.flags & 0x10)
		return msg->msg_iov[0].iov_len;
	reply_at = 0;
	reply_fd = false;
	memset(reply, 0, sizeof(reply));
	reply_len = 16 + honest(h.command, request + 16, reply + 16);
	h.flags = 1;
	h.error = 0;
	spoil(&h);
	memcpy(reply, &h, sizeof(h));
	return msg->msg_iov[0].iov_len;
}

ssize_t __wrap_recvmsg(int sock, struct msghdr *msg, int flags)
{
	size_t len = msg->msg_iov[0].iov_len;
	struct cmsghdr *cm = CMSG_FIRSTHDR(msg);
	int fd;

	(void)sock;
	(void)flags;
	if (len > reply_len - reply_at)
		len = reply_len - reply_at;
	memcpy(msg->msg_iov[0].iov_base, reply + reply_at, len);
	reply_at += len;
	if (reply_fd && cm) {
		fd = dup(memory_fd);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
		msg->msg_controllen = CMSG_SPACE(sizeof(fd));
		reply_fd = false;
	} else {
		msg->msg_controllen = 0;
	}
	return len;
}

static void reset_device(void)
{
	static const uint8_t header[] = {
		[PCI_VENDOR_ID] = 0x0a, 0x11, 0x06, 0x41, [PCI_STATUS] = PCI_STATUS_CAP_LIST,
		[PCI_CLASS_PROG] = 0x01, 0x00, 0xff, [PCI_CAPABILITY_LIST] = 0x40,
		[0x40] = PCI_CAP_ID_VNDR, 0x60, 0x18, 0x00, 0x00, STATE_SIZE >> 8,
		[0x51] = OUTPUT_SIZE >> 8,
		[0x60] = PCI_CAP_ID_MSIX, 0x00, 0x01, 0x00, 0x01, [0x68] = 0x01, 0x10,
	};

	memset(config, 0, sizeof(config));
	memcpy(config, header, sizeof(header));
	memset(registers, 0, sizeof(registers));
	registers[1] = 2;
}

void target_init(void)
{
	memory_fd = memfd_create("memory", MFD_CLOEXEC);
	if (ftruncate(memory_fd, MEMORY_SIZE))
		abort();
}

void target_run(void)
{
	struct kit_pci *pci;
	char error[256];

	reset_device();
	pci = pci_vfio_user_connect("socket", error, sizeof(error));
	if (!pci)
		return;
	if (!pci_vfio_user_join(pci, error, sizeof(error)) && !kit_pci_plug(pci, 1)) {
		kit_advance(take() * 10000000ULL);
		kit_pci_unplug(pci);
	}
	kit_idle();
	pci_vfio_user_close(pci);
}
