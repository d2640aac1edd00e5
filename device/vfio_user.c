// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of vfio-user 0.1, as far as a device without DMA and migration
 * needs them. A message is untrusted: what it may look like is in commands[],
 * checked before a handler runs; a handler checks values.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "conn.h"
#include "pci.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP,
	CMD_DMA_UNMAP,
	CMD_GET_INFO,
	CMD_GET_REGION_INFO,
	CMD_GET_REGION_IO_FDS,
	CMD_GET_IRQ_INFO,
	CMD_SET_IRQS,
	CMD_REGION_READ,
	CMD_REGION_WRITE,
	CMD_DMA_READ,
	CMD_DMA_WRITE,
	CMD_RESET,
};

struct version {
	uint16_t major;
	uint16_t minor;
};

struct device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t regions;
	uint32_t irqs;
};

struct region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
};

#define DMA_MAP_SIZE	32
#define DMA_UNMAP_SIZE	24

/* The version reply must not be longer than QEMU's request. */
static int do_version(struct conn *c, struct message *m)
{
	static const char caps[] =
		"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":4096}}";
	struct version v;

	_Static_assert(MSG_FDS_MAX == 16 && XFER_MAX == 4096,
		       "the text above");
	memcpy(&v, m->data, sizeof(v));
	if (c->version_done || v.major != 0)
		return -EINVAL;
	/* Optional JSON; nothing in it changes what we do. */
	if (m->len > sizeof(v) && m->data[m->len - 1] != '\0')
		return -EINVAL;
	c->version_done = true;
	v.minor = v.minor ? 1 : 0;
	memcpy(m->reply, &v, sizeof(v));
	memcpy(m->reply + sizeof(v), caps, sizeof(caps));
	return sizeof(v) + sizeof(caps);
}

/* This device does no DMA: the memory is not mapped, not even remembered. */
static int do_dma_map(struct conn *c, struct message *m)
{
	(void)c;
	(void)m;
	return 0;
}

static int do_dma_unmap(struct conn *c, struct message *m)
{
	(void)c;
	memcpy(m->reply, m->data, DMA_UNMAP_SIZE);
	return DMA_UNMAP_SIZE;
}

static int do_get_info(struct conn *c, struct message *m)
{
	struct device_info info;

	(void)c;
	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info = (struct device_info){
		.argsz = sizeof(info),
		.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
		.regions = VFIO_PCI_NUM_REGIONS,
		.irqs = VFIO_PCI_NUM_IRQS,
	};
	memcpy(m->reply, &info, sizeof(info));
	return sizeof(info);
}

static uint64_t region_size(struct conn *c, uint32_t index)
{
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return PCI_CONFIG_SIZE;
	return pci_bar_size(c->peer->link, index);
}

static int do_get_region_info(struct conn *c, struct message *m)
{
	struct vfio_region_info_cap_sparse_mmap cap = {
		.header = { .id = VFIO_REGION_INFO_CAP_SPARSE_MMAP,
			    .version = 1 },
	};
	struct vfio_region_info info;
	struct area areas[2];
	uint32_t argsz;

	memcpy(&info, m->data, sizeof(info));
	argsz = info.argsz;
	if (argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info = (struct vfio_region_info){
		.argsz = sizeof(info),
		.index = info.index,
		.size = region_size(c, info.index),
	};
	if (info.size)
		info.flags = VFIO_REGION_INFO_FLAG_READ |
			     VFIO_REGION_INFO_FLAG_WRITE;
	if (info.size && info.index == VFIO_PCI_BAR2_REGION_INDEX)
		cap.nr_areas = peer_mem_areas(c->peer, areas);
	if (cap.nr_areas) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP |
			      VFIO_REGION_INFO_FLAG_CAPS;
		info.argsz += sizeof(cap) + cap.nr_areas * sizeof(areas[0]);
		memcpy(m->reply + sizeof(info), &cap, sizeof(cap));
		memcpy(m->reply + sizeof(info) + sizeof(cap), areas,
		       cap.nr_areas * sizeof(areas[0]));
		/* Also where the list is left out: QEMU insists on it. */
		info.cap_offset = sizeof(info);
		c->out_memfd = true;
	}
	memcpy(m->reply, &info, sizeof(info));
	/* A client that has less room asks again. */
	return argsz >= info.argsz ? info.argsz : sizeof(info);
}

static unsigned int irq_count(struct conn *c, uint32_t index)
{
	const struct link_config *cfg = &c->peer->link->cfg;

	if (index == (cfg->intx ? VFIO_PCI_INTX_IRQ_INDEX :
				  VFIO_PCI_MSIX_IRQ_INDEX))
		return cfg->vectors;
	return 0;
}

static int do_get_irq_info(struct conn *c, struct message *m)
{
	struct vfio_irq_info info;

	memcpy(&info, m->data, sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	/* As the kernel does for a device without AER; QEMU warns of 0 */
	if (info.index == VFIO_PCI_ERR_IRQ_INDEX)
		return -ENOENT;
	info.argsz = sizeof(info);
	info.count = irq_count(c, info.index);
	info.flags = info.count ? VFIO_IRQ_INFO_EVENTFD : 0;
	if (info.count && info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE |
			      VFIO_IRQ_INFO_AUTOMASKED;
	memcpy(m->reply, &info, sizeof(info));
	return sizeof(info);
}

/* Anything else could block and hold up all peers. */
static int check_eventfd(const struct peer *p, int fd)
{
	char path[32], name[32];
	ssize_t len;

	if (p->no_eventfds)
		return -EACCES;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, name, sizeof(name) - 1);
	if (len < 0)
		return -errno;
	name[len] = '\0';
	if (strcmp(name, "anon_inode:[eventfd]"))
		return -EINVAL;
	return fcntl(fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
}

/* Hand over one eventfd per vector, or take all vectors out of use. */
static int set_eventfds(struct conn *c, const struct vfio_irq_set *set,
			struct message *m)
{
	unsigned int i;
	int err = 0;

	if (m->nfds && m->nfds != set->count)
		return -EINVAL;
	for (i = 0; i < m->nfds && !err; i++)
		err = check_eventfd(c->peer, m->fds[i]);
	if (err)
		return err;
	for (i = 0; i < set->count; i++) {
		peer_set_eventfd(c->peer, set->start + i,
				 m->nfds ? m->fds[i] : -1);
		if (m->nfds)
			m->fds[i] = -1;
	}
	return 0;
}

void vfio_user_resample(struct source *src)
{
	struct conn *c = container_of(src, struct conn, resample);
	uint64_t since = cpu_ns();

	if (src->fd < 0)
		return;
	if (!c->peer->no_eventfds &&
	    peer_access_eventfd(c->peer, src->fd, false, &since) > 0)
		peer_intx_unmask(c->peer, &since);
	if (c->peer->no_eventfds)
		conn_drop_resample(c);
}

/* With KVM, the client's kernel tells us that the guest has taken INTx. */
static int set_resample(struct conn *c, struct message *m)
{
	int err;

	conn_drop_resample(c);
	if (!m->nfds)
		return 0;
	err = m->nfds == 1 ? check_eventfd(c->peer, m->fds[0]) : -EINVAL;
	if (err)
		return err;
	c->resample.fd = m->fds[0];
	if (source_watch(&c->resample, EPOLLIN)) {
		c->resample.fd = -1;
		return -errno;
	}
	m->fds[0] = -1;
	return 0;
}

/* Apply an action to those vectors for which @bools, if given, is set. */
static void act_on_vectors(struct conn *c, const struct vfio_irq_set *set,
			   const uint8_t *bools)
{
	uint64_t since = cpu_ns();
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		if (bools && !bools[i])
			continue;
		if (set->flags & VFIO_IRQ_SET_ACTION_MASK)
			peer_intx_mask(c->peer);
		else if (set->flags & VFIO_IRQ_SET_ACTION_UNMASK)
			peer_intx_unmask(c->peer, &since);
		else
			peer_signal(c->peer, set->start + i, &since);
	}
}

static int do_set_irqs(struct conn *c, struct message *m)
{
	struct vfio_irq_set set;
	uint32_t data, action, count;
	const uint8_t *bools = NULL;
	size_t size = sizeof(set);

	memcpy(&set, m->data, sizeof(set));
	data = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	count = irq_count(c, set.index);
	if (!count || set.start > count || set.count > count - set.start ||
	    set.flags & ~(data | action))
		return -EINVAL;
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER &&
	    action != VFIO_IRQ_SET_ACTION_MASK &&
	    action != VFIO_IRQ_SET_ACTION_UNMASK)
		return -EINVAL;
	/* Only INTx said that it can be masked. */
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER &&
	    set.index != VFIO_PCI_INTX_IRQ_INDEX)
		return -EINVAL;

	if (data == VFIO_IRQ_SET_DATA_BOOL) {
		bools = m->data + sizeof(set);
		size += set.count;
	}
	if (m->len != size || (m->nfds && data != VFIO_IRQ_SET_DATA_EVENTFD))
		return -EINVAL;

	if (data == VFIO_IRQ_SET_DATA_EVENTFD) {
		if (action == VFIO_IRQ_SET_ACTION_TRIGGER && set.count)
			return set_eventfds(c, &set, m);
		if (action == VFIO_IRQ_SET_ACTION_UNMASK)
			return set_resample(c, m);
		return -EINVAL;
	}
	if (data != VFIO_IRQ_SET_DATA_NONE && data != VFIO_IRQ_SET_DATA_BOOL)
		return -EINVAL;
	act_on_vectors(c, &set, bools);
	if (action == VFIO_IRQ_SET_ACTION_TRIGGER && !set.start && !set.count) {
		peer_release_eventfds(c->peer);
		conn_drop_resample(c);
	}
	return 0;
}

static int check_access(struct conn *c, const struct region_access *a)
{
	uint64_t size;

	if (a->region >= VFIO_PCI_NUM_REGIONS || a->count > XFER_MAX)
		return -EINVAL;
	size = region_size(c, a->region);
	if (a->offset > size || a->count > size - a->offset)
		return -EINVAL;
	return 0;
}

static int do_region_read(struct conn *c, struct message *m)
{
	struct region_access a;
	uint8_t *data = m->reply + sizeof(a);
	uint32_t value;
	int err;

	memcpy(&a, m->data, sizeof(a));
	err = check_access(c, &a);
	if (err)
		return err;
	memcpy(m->reply, &a, sizeof(a));

	switch (a.region) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		pci_read(c->peer, a.offset, data, a.count);
		break;
	case VFIO_PCI_BAR2_REGION_INDEX:
		peer_mem_read(c->peer, a.offset, data, a.count);
		break;
	default:
		/* No register: 0. So are MSI-X's pending bits, always. */
		memset(data, 0, a.count);
		if (a.region != VFIO_PCI_BAR0_REGION_INDEX ||
		    a.count != sizeof(value))
			break;
		value = peer_reg_read(c->peer, a.offset);
		memcpy(data, &value, sizeof(value));
	}
	return sizeof(a) + a.count;
}

static int do_region_write(struct conn *c, struct message *m)
{
	struct region_access a;
	const uint8_t *data = m->data + sizeof(a);
	uint32_t value;
	int err;

	memcpy(&a, m->data, sizeof(a));
	err = check_access(c, &a);
	if (err)
		return err;
	if (m->len != sizeof(a) + a.count)
		return -EINVAL;
	memcpy(m->reply, &a, sizeof(a));

	switch (a.region) {
	case VFIO_PCI_CONFIG_REGION_INDEX:
		pci_write(c->peer, a.offset, data, a.count);
		break;
	case VFIO_PCI_BAR2_REGION_INDEX:
		err = peer_mem_write(c->peer, a.offset, data, a.count);
		if (err)
			complain(&c->peer->complaints,
				 "peer %u: refused to write %u bytes of shared memory at 0x%llx",
				 c->peer->id, a.count,
				 (unsigned long long)a.offset);
		break;
	case VFIO_PCI_BAR0_REGION_INDEX:
		if (a.count != sizeof(value))
			break;
		memcpy(&value, data, sizeof(value));
		peer_reg_write(c->peer, a.offset, value);
		break;
	}
	return err ? err : (int)sizeof(a);
}

static int do_reset(struct conn *c, struct message *m)
{
	(void)m;
	c->peer->count.resets++;
	peer_reset(c->peer);
	return 0;
}

#define EXACTLY(size)	(size), (size)

/* Each returns the size of the reply's data, or -errno */
static const struct command {
	int (*handle)(struct conn *c, struct message *m);
	uint32_t min, max;	/* size of the data */
	unsigned int fds;	/* at most */
} commands[] = {
	[CMD_VERSION] = { do_version, sizeof(struct version), MSG_MAX, 0 },
	[CMD_DMA_MAP] = { do_dma_map, EXACTLY(DMA_MAP_SIZE), 1 },
	[CMD_DMA_UNMAP] = { do_dma_unmap, EXACTLY(DMA_UNMAP_SIZE), 0 },
	[CMD_GET_INFO] = { do_get_info, EXACTLY(sizeof(struct device_info)), 0 },
	[CMD_GET_REGION_INFO] = {
		do_get_region_info, EXACTLY(sizeof(struct vfio_region_info)), 0
	},
	[CMD_GET_IRQ_INFO] = {
		do_get_irq_info, EXACTLY(sizeof(struct vfio_irq_info)), 0
	},
	[CMD_SET_IRQS] = {
		do_set_irqs, sizeof(struct vfio_irq_set), MSG_MAX, MSG_FDS_MAX
	},
	[CMD_REGION_READ] = {
		do_region_read, EXACTLY(sizeof(struct region_access)), 0
	},
	[CMD_REGION_WRITE] = {
		do_region_write, sizeof(struct region_access),
		sizeof(struct region_access) + XFER_MAX, 0
	},
	[CMD_RESET] = { do_reset, EXACTLY(0), 0 },
};

int vfio_user_command(struct conn *c, uint16_t command, struct message *m)
{
	const struct command *cmd;

	if (command >= sizeof(commands) / sizeof(commands[0]) ||
	    !commands[command].handle)
		return -EOPNOTSUPP;
	if (!c->version_done && command != CMD_VERSION)
		return -EINVAL;
	cmd = &commands[command];
	if (m->len < cmd->min || m->len > cmd->max || m->nfds > cmd->fds)
		return -EINVAL;
	return cmd->handle(c, m);
}
