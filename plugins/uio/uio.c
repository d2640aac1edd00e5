// SPDX-License-Identifier: GPL-2.0
/*
 * The device in the hands of programs: /dev/uioN with its five maps
 *
 * One program at a time has /dev/uioN open. It owns the State and Interrupt
 * Control registers, which it has mapped, and loses both when it ends. What it
 * may not write it cannot map writable, whatever UIO allows.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "uio.h"

static struct ivshmem_uio *to_uio(struct uio_info *info)
{
	return container_of(info, struct ivshmem_uio, info);
}

/*
 * What an interrupt does follows from who is there: with eventfds it comes
 * whenever it can, with a program that reads /dev/uioN it disables the next one
 * until that program enables it, with nobody there is none. Holds uio->lock.
 */
void ivshmem_uio_set_mode(struct ivshmem_uio *uio)
{
	lockdep_assert_held(&uio->lock);
	ivshmem_set_one_shot(uio->idev, uio->inode && !uio->attached);
	if (uio->attached)
		ivshmem_enable_interrupts(uio->idev);
	else if (!uio->inode)
		ivshmem_disable_interrupts(uio->idev);
}

/*
 * /dev/uioN. UIO holds its info_lock around all of these, and calls none of them
 * after uio_unregister_device().
 */

static int ivshmem_uio_open(struct uio_info *info, struct inode *inode)
{
	struct ivshmem_uio *uio = to_uio(info);

	if (uio->inode)
		return -EBUSY;
	mutex_lock(&uio->lock);
	uio->inode = inode;
	ivshmem_uio_set_mode(uio);
	mutex_unlock(&uio->lock);
	return 0;
}

/* No mapping is left, as each one keeps the file open. */
static int ivshmem_uio_release(struct uio_info *info, struct inode *inode)
{
	struct ivshmem_uio *uio = to_uio(info);

	mutex_lock(&uio->lock);
	uio->inode = NULL;
	ivshmem_set_state(uio->idev, 0);
	ivshmem_uio_set_mode(uio);
	mutex_unlock(&uio->lock);
	return 0;
}

/* UIO's page offset is the number of a map; all of them begin at their start. */
static int ivshmem_uio_mmap_prepare(struct uio_info *info, struct vm_area_desc *desc)
{
	struct ivshmem_uio *uio = to_uio(info);

	if (desc->pgoff >= uio->maps)
		return -EINVAL;
	return ivshmem_window_mmap(uio->window, desc, &uio->sections[desc->pgoff], 0);
}

/* A write of 1 or 0, in place of the one to the mapped Interrupt Control. */
static int ivshmem_uio_irqcontrol(struct uio_info *info, s32 on)
{
	struct ivshmem_uio *uio = to_uio(info);
	int err = -EBUSY;

	mutex_lock(&uio->lock);
	if (on)
		err = ivshmem_enable_interrupts(uio->idev);
	else if (!uio->attached)
		err = ivshmem_disable_interrupts(uio->idev);
	mutex_unlock(&uio->lock);
	return err;
}

/*
 * Events
 */

static void ivshmem_uio_interrupt(struct ivshmem_device *idev, unsigned int vector)
{
	struct ivshmem_uio *uio = ivshmem_get_drvdata(idev);

	uio_event_notify(&uio->info);
	ivshmem_uio_signal(uio, vector);
}

static void ivshmem_uio_peer_state(struct ivshmem_device *idev, u32 peer, u32 old, u32 new)
{
	ivshmem_uio_signal(ivshmem_get_drvdata(idev), idev->vectors);
}

/*
 * The first one after events came on makes up for what was lost before: the
 * device takes no mode and lets no interrupt through until then, and a program
 * may wait for one already.
 */
static bool ivshmem_uio_recheck(struct ivshmem_device *idev)
{
	struct ivshmem_uio *uio = ivshmem_get_drvdata(idev);
	unsigned int source;

	mutex_lock(&uio->lock);
	if (uio->fresh && (uio->inode || uio->attached)) {
		ivshmem_uio_set_mode(uio);
		uio_event_notify(&uio->info);
		for (source = 0; source <= idev->vectors; source++)
			ivshmem_uio_signal(uio, source);
	}
	uio->fresh = false;
	mutex_unlock(&uio->lock);
	return false;
}

/* The state is 0 now; who set it shall look again. */
static void ivshmem_uio_resume(struct ivshmem_device *idev)
{
	struct ivshmem_uio *uio = ivshmem_get_drvdata(idev);

	mutex_lock(&uio->lock);
	uio->fresh = true;
	mutex_unlock(&uio->lock);
}

/*
 * Binding
 */

static void add_map(struct ivshmem_uio *uio, const char *name, struct ivshmem_section section)
{
	struct uio_mem *mem = &uio->info.mem[uio->maps];

	if (!section.size)
		return;
	mem->name = name;
	mem->addr = section.start;
	mem->size = section.size;
	mem->memtype = section.registers ? UIO_MEM_PHYS : UIO_MEM_IOVA;
	uio->sections[uio->maps++] = section;
}

/* In the order that programs expect; an absent section has no map. */
static int add_maps(struct ivshmem_uio *uio)
{
	struct ivshmem_device *idev = uio->idev;
	struct ivshmem_section all = ivshmem_state_table(idev);
	struct ivshmem_section rw = ivshmem_rw_section(idev);
	struct ivshmem_section out = ivshmem_output_section(idev, idev->id);
	struct ivshmem_section in = ivshmem_output_section(idev, 0);

	/* All peers' output sections, ours among them, and to be read only. */
	in.size *= idev->max_peers;
	in.writable = false;

	add_map(uio, "registers", ivshmem_registers(idev));
	add_map(uio, "state_table", all);
	add_map(uio, "rw_section", rw);
	add_map(uio, "input_sections", in);
	add_map(uio, "output_section", out);

	all.size += rw.size + in.size;
	uio->memory = ivshmem_map_section_ro(&all);
	uio->window = ivshmem_window_create();
	if (uio->memory && uio->window)
		return 0;
	dev_err(&idev->dev, "cannot map sections of 0x%llx bytes\n", all.size);
	return -ENOMEM;
}

static int register_uio(struct ivshmem_uio *uio)
{
	struct device *parent = uio->idev->dev.parent;
	struct uio_info *info = &uio->info;
	int err;

	snprintf(uio->name, sizeof(uio->name), "uio_ivshmem[%s]", dev_name(parent));
	info->name = uio->name;
	info->version = "1";
	info->irq = UIO_IRQ_CUSTOM;
	info->open = ivshmem_uio_open;
	info->release = ivshmem_uio_release;
	info->mmap_prepare = ivshmem_uio_mmap_prepare;
	info->irqcontrol = ivshmem_uio_irqcontrol;
	err = uio_register_device(parent, info);
	if (err)
		dev_err(&uio->idev->dev, "cannot register a UIO device: %d\n", err);
	return err;
}

/*
 * UIO wakes those that wait for the device, but not who has seen it still there
 * and is about to wait. One more event finds these, too.
 */
static void unregister_uio(struct uio_info *info)
{
	struct uio_device *uio_dev = info->uio_dev;

	if (!uio_dev)
		return;
	get_device(&uio_dev->dev);
	uio_unregister_device(info);
	atomic_inc(&uio_dev->event);
	wake_up_interruptible(&uio_dev->wait);
	put_device(&uio_dev->dev);
}

/*
 * Undo as much as probe has done. A program may have opened a node as soon as it
 * was there, and may be in the middle of a call of ours: closed first, the window
 * lets no page through any more, so those that are mapped are all there will be.
 * The file whose inode this is stays open as long as the lock is held. UIO calls
 * mmap and takes the mapping's reference under its own lock, so when
 * uio_unregister_device() returns, the window has all that it will have.
 */
static void let_go(struct ivshmem_uio *uio)
{
	mutex_lock(&uio->lock);
	WRITE_ONCE(uio->gone, true);
	if (uio->window)
		ivshmem_window_close(uio->window);
	if (uio->inode)
		unmap_mapping_range(uio->inode->i_mapping, 0, 0, 1);
	mutex_unlock(&uio->lock);
	unregister_uio(&uio->info);
	ivshmem_window_put(uio->window);
	ivshmem_unmap_section(uio->memory);
	put_device(&uio->dev);
}

static int ivshmem_uio_probe(struct ivshmem_device *idev)
{
	struct ivshmem_uio *uio = ivshmem_uio_alloc(idev);
	int err;

	if (!uio)
		return -ENOMEM;
	uio->fresh = true;
	ivshmem_set_drvdata(idev, uio);
	err = add_maps(uio) ?: register_uio(uio) ?: ivshmem_uio_events_add(uio);
	if (err)
		let_go(uio);
	return err;
}

static void ivshmem_uio_remove(struct ivshmem_device *idev)
{
	struct ivshmem_uio *uio = ivshmem_get_drvdata(idev);

	ivshmem_uio_events_remove(uio);
	let_go(uio);
}

static const struct ivshmem_device_id ivshmem_uio_ids[] = {
	IVSHMEM_PROTOCOL(IVSHMEM_PROTOCOL_UNDEFINED),
	IVSHMEM_PROTOCOL_END
};

static struct ivshmem_driver ivshmem_uio_driver = {
	.driver = { .name = "uio" },
	.id_table = ivshmem_uio_ids,
	.probe = ivshmem_uio_probe,
	.remove = ivshmem_uio_remove,
	.peer_state = ivshmem_uio_peer_state,
	.interrupt = ivshmem_uio_interrupt,
	.recheck = ivshmem_uio_recheck,
	.resume = ivshmem_uio_resume,
	.quiet = true,
};

static int __init ivshmem_uio_init(void)
{
	int err;

	err = ivshmem_uio_events_init();
	if (err)
		return err;
	err = ivshmem_register_driver(&ivshmem_uio_driver);
	if (err)
		ivshmem_uio_events_exit();
	return err;
}
module_init(ivshmem_uio_init);

static void __exit ivshmem_uio_exit(void)
{
	ivshmem_unregister_driver(&ivshmem_uio_driver);
	ivshmem_uio_events_exit();
}
module_exit(ivshmem_uio_exit);

MODULE_ALIAS("ivshmem:p0000");
MODULE_DESCRIPTION("ivshmem links for programs, by UIO and eventfds");
MODULE_LICENSE("GPL");
