/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs: processes that use a driver's device nodes, in this process or behind
 * a socket. Includes nothing.
 *
 * Context of all: a thread of the kit, may sleep. Errors are negative errno values.
 */
#ifndef HOSTED_KIT_FILES_H
#define HOSTED_KIT_FILES_H

struct kit_process;
struct kit_file;
struct kit_mapping;
struct kit_watch;

/** kit_process_create() - a process with @pid and no open file. Return: or NULL. */
struct kit_process *kit_process_create(int pid);

/**
 * kit_process_interrupt() - a signal to all threads that are in a call of the process
 * @fatal: SIGKILL, for which killable sleeps end, too; no other does
 *
 * Context: any. What ends by it returns -ERESTARTSYS.
 */
void kit_process_interrupt(struct kit_process *process, _Bool fatal);

/** kit_process_exit() - close what it has open, as its end does, and forget it. */
void kit_process_exit(struct kit_process *process);

/**
 * kit_open() - open a device node
 * @process: whose file it becomes
 * @node: its name below /dev
 * @flags: of open(2)
 * @file: filled in
 *
 * Return: 0, -ENOENT, -ENXIO where the device has just gone, or what the driver
 * says.
 */
int kit_open(struct kit_process *process, const char *node, int flags, struct kit_file **file);

/** kit_device_number() - of the node that a file is of. */
void kit_device_number(struct kit_file *file, unsigned int *major, unsigned int *minor);

/** kit_close() - one descriptor less; the file ends with the last one and its mappings. */
int kit_close(struct kit_file *file);

/** kit_dup() - another descriptor of the same process for an open file. */
int kit_dup(struct kit_file *file);

/*
 * read(2), write(2), ioctl(2). @buf and what @arg points to are this process' memory,
 * so no address is bad; kit_fail(KIT_WHAT_COPY) makes one so. -ERESTARTSYS is 512.
 */
long kit_read(struct kit_file *file, void *buf, unsigned long size);
long kit_write(struct kit_file *file, const void *buf, unsigned long size);
long kit_ioctl(struct kit_file *file, unsigned int cmd, unsigned long arg);

/** kit_set_nonblock() - set or clear O_NONBLOCK. */
void kit_set_nonblock(struct kit_file *file, _Bool on);

/**
 * kit_poll() - poll(2) of one file
 * @events: what to wait for; errors are always waited for
 * @timeout: milliseconds, negative for none
 *
 * Return: what is there, 0 after @timeout.
 */
unsigned int kit_poll(struct kit_file *file, unsigned int events, int timeout);

/**
 * kit_watch() - signal an eventfd whenever a poll of the file may find more
 *
 * For a server of many files that waits for none of them. kit_unwatch() comes
 * before kit_close(). Return: the watch, or NULL.
 */
struct kit_watch *kit_watch(struct kit_file *file, int eventfd);
void kit_unwatch(struct kit_watch *watch);

/*
 * Mappings. They are no memory of this process: kit_touch() is the access, and
 * where it faults the driver is asked for the page.
 */
#define KIT_MAP_WRITE	1U	/* PROT_WRITE */
#define KIT_MAP_PRIVATE	2U

/** kit_mmap() - map a file, which the mapping keeps open. */
int kit_mmap(struct kit_file *file, unsigned long size, unsigned int flags, unsigned long offset,
	     struct kit_mapping **mapping);
void kit_munmap(struct kit_mapping *mapping);

/**
 * kit_touch() - access a byte of a mapping
 *
 * Return: where the byte is, for kit_mmio_read() and its like where it is a
 * register, good until the driver takes the page away; or NULL: a SIGBUS, or a
 * SIGSEGV for a write to what is mapped for reading.
 */
void *kit_touch(struct kit_mapping *mapping, unsigned long offset, _Bool write);

/**
 * kit_mapping_fd() - what another process may map in place of the mapping
 *
 * All of its pages are touched. That process keeps what it maps, whatever the
 * driver takes away. The descriptor is of all memory of the device: it is for
 * reading only unless the mapping is a shared one for writing, but has no bounds.
 *
 * Return: a descriptor that stays the device's, and its offset, -EFAULT where a
 * page faults, -EACCES for what may not be written, -ENOENT for registers.
 */
int kit_mapping_fd(struct kit_mapping *mapping, unsigned long long *offset);

/*
 * Eventfds that programs hand to drivers: the host's. kit_eventfd_get() returns a
 * descriptor of ours for the same eventfd, or -EBADF or -EINVAL. Signalling neither
 * sleeps nor blocks, whatever others do with the eventfd. After kit_eventfd_limit()
 * this thread gets @fd only, -1: none.
 *
 * Nothing of this works without asynchronous I/O, which kit_eventfd_init() tells:
 * -EAGAIN when others have as much of it as fs.aio-max-nr allows.
 */
int kit_eventfd_init(void);
void kit_eventfd_limit(int fd);
int kit_eventfd_get(int fd);
void kit_eventfd_put(int fd);
void kit_eventfd_signal(int fd);

#endif /* HOSTED_KIT_FILES_H */
