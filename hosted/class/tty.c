// SPDX-License-Identifier: GPL-2.0
/*
 * Terminals: drivers, lines, openings, what was received
 *
 * There is no line discipline: readers get characters and flags as the driver
 * delivers them. What programs expect of a terminal beyond that is done by the
 * pseudo-terminal that hosted-serial offers them.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kit/kit.h"
#include "tty.h"

#define BUFFER_MASK	(TTY_BUFFER_SIZE - 1)
#define THROTTLE_AT	(TTY_BUFFER_SIZE / 4 * 3)
#define UNTHROTTLE_AT	(TTY_BUFFER_SIZE / 4)

DEFINE_MUTEX(tty_mutex);			/* drivers, ttys, openings */
static DEFINE_MUTEX(hangup_mutex);		/* taken first */
static LIST_HEAD(tty_drivers);
static LIST_HEAD(tty_files);
static DECLARE_WAIT_QUEUE_HEAD(unused_wait);	/* woken by tty_file_put(), close_end() */

static struct class tty_class = { .name = "tty" };

void (*tty_abandon)(struct tty_struct *tty, int error);

struct ktermios tty_std_termios = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD | HUPCL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {
		[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4,
		[VMIN] = 1, [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18,
		[VDISCARD] = 15, [VWERASE] = 23, [VLNEXT] = 22,
	},
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

/*
 * Settings
 */

/* By what CBAUD selects: up to B38400, then with CBAUDEX from B57600 on. */
static const speed_t speeds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
	57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000,
	2000000, 2500000, 3000000, 3500000, 4000000,
};

static speed_t flag_to_baud(tcflag_t flag, speed_t other)
{
	return flag == BOTHER ? other : speeds[flag & CBAUDEX ? (flag & ~CBAUDEX) + B38400 : flag];
}

static tcflag_t baud_to_flag(speed_t baud)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(speeds); i++)
		if (speeds[i] == baud)
			return i <= B38400 ? i : CBAUDEX | (i - B38400);
	return BOTHER;
}

speed_t tty_termios_baud_rate(const struct ktermios *termios)
{
	return flag_to_baud(termios->c_cflag & CBAUD, termios->c_ospeed);
}

void tty_termios_encode_baud_rate(struct ktermios *termios, speed_t ibaud, speed_t obaud)
{
	termios->c_ispeed = ibaud;
	termios->c_ospeed = obaud;
	termios->c_cflag &= ~(CBAUD | CIBAUD);
	termios->c_cflag |= baud_to_flag(obaud);
	if (ibaud && ibaud != obaud)
		termios->c_cflag |= baud_to_flag(ibaud) << IBSHIFT;
}

unsigned char tty_get_char_size(unsigned int cflag)
{
	return 5 + ((cflag & CSIZE) >> 4);
}

unsigned char tty_get_frame_size(unsigned int cflag)
{
	return tty_get_char_size(cflag) + 2 + !!(cflag & CSTOPB) + !!(cflag & PARENB) +
	       !!(cflag & ADDRB);
}

int tty_set_termios(struct tty_struct *tty, struct ktermios *termios)
{
	struct ktermios old;

	down_write(&tty->termios_rwsem);
	old = tty->termios;
	tty->termios = *termios;
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty, &old);
	if (old.c_line != tty->termios.c_line && tty->ops->set_ldisc)
		tty->ops->set_ldisc(tty);
	up_write(&tty->termios_rwsem);
	return 0;
}

/*
 * What was received
 */

static unsigned int buffer_put(struct tty_bufhead *buf, const u8 *chars, const u8 *flags,
			       bool one_flag, size_t size)
{
	unsigned int at, i;

	if (!buf->chars)
		return 0;
	for (i = 0; i < size && buf->head - buf->tail < TTY_BUFFER_SIZE; i++) {
		at = buf->head++ & BUFFER_MASK;
		buf->chars[at] = chars[i];
		buf->flags[at] = flags[one_flag ? 0 : i];
		buf->seen[at] = buf->counter ? *buf->counter : 0;
	}
	return i;
}

static size_t insert(struct tty_port *port, const u8 *chars, const u8 *flags, bool one_flag,
		     size_t size)
{
	unsigned long irqflags;
	size_t done;

	spin_lock_irqsave(&port->buf.lock, irqflags);
	done = buffer_put(&port->buf, chars, flags, one_flag, size);
	spin_unlock_irqrestore(&port->buf.lock, irqflags);
	return done;
}

size_t tty_insert_flip_string_flags(struct tty_port *port, const u8 *chars, const u8 *flags,
				    size_t size)
{
	return insert(port, chars, flags, false, size);
}

size_t tty_insert_flip_string_fixed_flag(struct tty_port *port, const u8 *chars, u8 flag,
					 size_t size)
{
	return insert(port, chars, &flag, true, size);
}

void tty_flip_buffer_push(struct tty_port *port)
{
	struct tty_struct *tty = tty_port_tty_get(port);
	unsigned long irqflags;

	spin_lock_irqsave(&port->buf.lock, irqflags);
	port->buf.pushed = port->buf.head;
	spin_unlock_irqrestore(&port->buf.lock, irqflags);
	wake_up_interruptible(&port->delta_msr_wait);
	if (!tty)
		return;
	wake_up_interruptible(&tty->read_wait);
	tty_check_throttle(tty);
	tty_kref_put(tty);
}

unsigned int tty_buffer_used(struct tty_port *port)
{
	unsigned long irqflags;
	unsigned int used;

	spin_lock_irqsave(&port->buf.lock, irqflags);
	used = port->buf.pushed - port->buf.tail;
	spin_unlock_irqrestore(&port->buf.lock, irqflags);
	return used;
}

unsigned int tty_buffer_take(struct tty_port *port, u8 *chars, u8 *flags, unsigned int max,
			     u32 *seen)
{
	struct tty_bufhead *buf = &port->buf;
	unsigned long irqflags;
	unsigned int at, i;

	spin_lock_irqsave(&buf->lock, irqflags);
	for (i = 0; i < max && buf->tail != buf->pushed; i++) {
		at = buf->tail++ & BUFFER_MASK;
		chars[i] = buf->chars[at];
		flags[i] = buf->flags[at];
		*seen = buf->seen[at];
	}
	spin_unlock_irqrestore(&buf->lock, irqflags);
	return i;
}

static void buffer_flush(struct tty_port *port)
{
	unsigned long irqflags;

	spin_lock_irqsave(&port->buf.lock, irqflags);
	port->buf.pushed = port->buf.head;
	port->buf.tail = port->buf.head;
	spin_unlock_irqrestore(&port->buf.lock, irqflags);
}

void tty_ldisc_flush(struct tty_struct *tty)
{
	buffer_flush(tty->port);
	tty_check_throttle(tty);
}

static int buffer_alloc(struct tty_bufhead *buf)
{
	u8 *memory = kmalloc(TTY_BUFFER_SIZE * (2 + sizeof(u32)), GFP_KERNEL);

	if (!memory)
		return -ENOMEM;
	buf->seen = (u32 *)memory;
	buf->chars = memory + TTY_BUFFER_SIZE * sizeof(u32);
	buf->flags = buf->chars + TTY_BUFFER_SIZE;
	return 0;
}

static void buffer_free(struct tty_port *port)
{
	unsigned long irqflags;
	u32 *memory;

	spin_lock_irqsave(&port->buf.lock, irqflags);
	memory = port->buf.seen;
	port->buf.seen = NULL;
	port->buf.chars = NULL;
	port->buf.flags = NULL;
	port->buf.head = 0;
	port->buf.pushed = 0;
	port->buf.tail = 0;
	spin_unlock_irqrestore(&port->buf.lock, irqflags);
	kfree(memory);
}

/*
 * Flow
 */

/* A driver's throttle and unthrottle may sleep; who fills or empties must not. */
static void throttle_work(struct work_struct *work)
{
	struct tty_struct *tty = container_of(work, struct tty_struct, throttle_work);
	unsigned int used = tty_buffer_used(tty->port);

	if (used >= THROTTLE_AT)
		tty_throttle(tty);
	else if (used <= UNTHROTTLE_AT)
		tty_unthrottle(tty);
	/* Who changed that meanwhile may have seen no need for this work. */
	tty_check_throttle(tty);
	tty_kref_put(tty);
}

void tty_check_throttle(struct tty_struct *tty)
{
	unsigned int used = tty_buffer_used(tty->port);

	if (tty_throttled(tty) ? used > UNTHROTTLE_AT : used < THROTTLE_AT)
		return;
	tty_kref_get(tty);
	if (!schedule_work(&tty->throttle_work))
		tty_kref_put(tty);
}

/* The work has a reference of its own. */
static void cancel_throttle(struct tty_struct *tty)
{
	if (cancel_work_sync(&tty->throttle_work))
		tty_kref_put(tty);
}

void tty_throttle(struct tty_struct *tty)
{
	mutex_lock(&tty->throttle_mutex);
	if (!test_and_set_bit(TTY_THROTTLED, &tty->flags) && tty->ops->throttle)
		tty->ops->throttle(tty);
	mutex_unlock(&tty->throttle_mutex);
}

void tty_unthrottle(struct tty_struct *tty)
{
	mutex_lock(&tty->throttle_mutex);
	if (test_and_clear_bit(TTY_THROTTLED, &tty->flags) && tty->ops->unthrottle)
		tty->ops->unthrottle(tty);
	mutex_unlock(&tty->throttle_mutex);
}

static void set_stopped(struct tty_struct *tty, bool stop)
{
	void (*op)(struct tty_struct *tty) = stop ? tty->ops->stop : tty->ops->start;
	unsigned long irqflags;
	bool change;

	spin_lock_irqsave(&tty->flow.lock, irqflags);
	change = tty->flow.stopped != stop;
	tty->flow.stopped = stop;
	if (change && op)
		op(tty);
	spin_unlock_irqrestore(&tty->flow.lock, irqflags);
	if (change && !stop)
		tty_wakeup(tty);
}

void stop_tty(struct tty_struct *tty)
{
	set_stopped(tty, true);
}

void start_tty(struct tty_struct *tty)
{
	set_stopped(tty, false);
}

void tty_wakeup(struct tty_struct *tty)
{
	wake_up_interruptible(&tty->write_wait);
}

unsigned int tty_chars_in_buffer(struct tty_struct *tty)
{
	return tty->ops->chars_in_buffer ? tty->ops->chars_in_buffer(tty) : 0;
}

void tty_driver_flush_buffer(struct tty_struct *tty)
{
	if (tty->ops->flush_buffer)
		tty->ops->flush_buffer(tty);
}

/* A driver that cannot put a character first gets it as any other, even if stopped. */
int tty_send_xchar(struct tty_struct *tty, u8 ch)
{
	bool was_stopped = tty->flow.stopped;

	if (tty->ops->send_xchar) {
		tty->ops->send_xchar(tty, ch);
		return 0;
	}
	if (was_stopped)
		start_tty(tty);
	tty->ops->write(tty, &ch, 1);
	if (was_stopped)
		stop_tty(tty);
	return 0;
}

void tty_wait_until_sent(struct tty_struct *tty, long timeout)
{
	if (!timeout)
		timeout = MAX_SCHEDULE_TIMEOUT;
	timeout = wait_event_interruptible_timeout(tty->write_wait, !tty_chars_in_buffer(tty),
						   timeout);
	if (timeout > 0 && tty->ops->wait_until_sent)
		tty->ops->wait_until_sent(tty, timeout == MAX_SCHEDULE_TIMEOUT ? 0 : timeout);
}

/*
 * Drivers and their devices
 */

struct tty_driver *__tty_alloc_driver(unsigned int lines, struct module *owner,
				      unsigned long flags)
{
	struct tty_driver *driver;

	if (!lines)
		return ERR_PTR(-EINVAL);
	driver = kzalloc(sizeof(*driver), GFP_KERNEL);
	if (!driver)
		return ERR_PTR(-ENOMEM);
	kref_init(&driver->kref);
	driver->num = lines;
	driver->owner = owner;
	driver->flags = flags;
	driver->ttys = kcalloc(lines, sizeof(*driver->ttys), GFP_KERNEL);
	driver->ports = kcalloc(lines, sizeof(*driver->ports), GFP_KERNEL);
	if (!driver->ttys || !driver->ports) {
		tty_driver_kref_put(driver);
		return ERR_PTR(-ENOMEM);
	}
	return driver;
}

struct tty_driver *alloc_tty_driver(unsigned int lines)
{
	struct tty_driver *driver = __tty_alloc_driver(lines, NULL, 0);

	return IS_ERR(driver) ? NULL : driver;
}

static void driver_release(struct kref *kref)
{
	struct tty_driver *driver = container_of(kref, struct tty_driver, kref);

	kfree(driver->ports);
	kfree(driver->ttys);
	kfree(driver);
}

struct tty_driver *tty_driver_kref_get(struct tty_driver *driver)
{
	kref_get(&driver->kref);
	return driver;
}

void tty_driver_kref_put(struct tty_driver *driver)
{
	kref_put(&driver->kref, driver_release);
}

void put_tty_driver(struct tty_driver *driver)
{
	tty_driver_kref_put(driver);
}

int tty_register_driver(struct tty_driver *driver)
{
	if (kit_should_fail(KIT_WHAT_REGISTRATION))
		return -EBUSY;
	kit_count(KIT_WHAT_REGISTRATION, 1);
	mutex_lock(&tty_mutex);
	list_add_tail(&driver->tty_drivers, &tty_drivers);
	mutex_unlock(&tty_mutex);
	return 0;
}

void tty_unregister_driver(struct tty_driver *driver)
{
	mutex_lock(&tty_mutex);
	list_del(&driver->tty_drivers);
	mutex_unlock(&tty_mutex);
	kit_count(KIT_WHAT_REGISTRATION, -1);
}

static dev_t node_of(struct tty_driver *driver, unsigned int index)
{
	return MKDEV(driver->major, driver->minor_start + index);
}

struct device *tty_register_device(struct tty_driver *driver, unsigned int index,
				   struct device *parent)
{
	if (index >= driver->num)
		return ERR_PTR(-EINVAL);
	return device_create(&tty_class, parent, node_of(driver, index), NULL, "%s%d",
			     driver->name, index + driver->name_base);
}

void tty_unregister_device(struct tty_driver *driver, unsigned int index)
{
	device_destroy(&tty_class, node_of(driver, index));
}

struct tty_driver *tty_find_driver(unsigned int line)
{
	struct tty_driver *driver;

	list_for_each_entry(driver, &tty_drivers, tty_drivers)
		if (line < driver->num && driver->ports[line])
			return driver;
	return NULL;
}

/*
 * Ports
 */

void tty_port_init(struct tty_port *port)
{
	memset(port, 0, sizeof(*port));
	spin_lock_init(&port->buf.lock);
	init_waitqueue_head(&port->open_wait);
	init_waitqueue_head(&port->delta_msr_wait);
	mutex_init(&port->mutex);
	spin_lock_init(&port->lock);
	port->close_delay = 500;
	port->closing_wait = 30000;
}

void tty_port_settle(struct tty_port *port)
{
	/* A hang-up may have taken the tty off the port, and not be through with that. */
	mutex_lock(&hangup_mutex);
	mutex_unlock(&hangup_mutex);
	/* A close may sleep until all is sent. Pairs with close_end(). */
	wait_event(unused_wait, !smp_load_acquire(&port->closers));
}

void tty_port_destroy(struct tty_port *port)
{
	tty_port_settle(port);
	buffer_free(port);
	tty_port_free_xmit_buf(port);
}

int tty_port_alloc_xmit_buf(struct tty_port *port)
{
	int err = 0;

	mutex_lock(&tty_mutex);
	if (!port->xmit_buf)
		port->xmit_buf = (u8 *)get_zeroed_page(GFP_KERNEL);
	if (!port->xmit_buf)
		err = -ENOMEM;
	mutex_unlock(&tty_mutex);
	return err;
}

void tty_port_free_xmit_buf(struct tty_port *port)
{
	free_page((unsigned long)port->xmit_buf);
	port->xmit_buf = NULL;
}

struct device *tty_port_register_device(struct tty_port *port, struct tty_driver *driver,
					unsigned int index, struct device *parent)
{
	struct device *dev = tty_register_device(driver, index, parent);

	if (!IS_ERR(dev))
		driver->ports[index] = port;
	return dev;
}

void tty_port_unregister_device(struct tty_port *port, struct tty_driver *driver,
				unsigned int index)
{
	mutex_lock(&tty_mutex);
	if (driver->ports[index] == port)
		driver->ports[index] = NULL;
	mutex_unlock(&tty_mutex);
	tty_unregister_device(driver, index);
}

struct tty_struct *tty_port_tty_get(struct tty_port *port)
{
	struct tty_struct *tty;
	unsigned long irqflags;

	spin_lock_irqsave(&port->lock, irqflags);
	tty = tty_kref_get(port->tty);
	spin_unlock_irqrestore(&port->lock, irqflags);
	return tty;
}

void tty_port_tty_set(struct tty_port *port, struct tty_struct *tty)
{
	struct tty_struct *old;
	unsigned long irqflags;

	spin_lock_irqsave(&port->lock, irqflags);
	old = port->tty;
	port->tty = tty_kref_get(tty);
	spin_unlock_irqrestore(&port->lock, irqflags);
	tty_kref_put(old);
}

void tty_port_tty_wakeup(struct tty_port *port)
{
	struct tty_struct *tty = tty_port_tty_get(port);

	if (!tty)
		return;
	tty_wakeup(tty);
	tty_kref_put(tty);
}

/* The port's hardware rests from here on. With the port's mutex. */
static void port_shutdown(struct tty_port *port, struct tty_struct *tty)
{
	if (tty_port_initialized(port)) {
		tty_port_set_initialized(port, false);
		if (tty && C_HUPCL(tty) && port->ops->dtr_rts)
			port->ops->dtr_rts(port, false);
		if (port->ops->shutdown)
			port->ops->shutdown(port);
	}
	buffer_free(port);
}

static int port_activate(struct tty_port *port, struct tty_struct *tty)
{
	int err;

	if (tty_port_initialized(port))
		return 0;
	err = port->buf.chars ? 0 : buffer_alloc(&port->buf);
	if (!err && port->ops->activate)
		err = port->ops->activate(port, tty);
	if (err) {
		buffer_free(port);
		return err;
	}
	tty_port_set_initialized(port, true);
	if (C_BAUD(tty) && port->ops->dtr_rts)
		port->ops->dtr_rts(port, true);
	return 0;
}

/* With the port's mutex. */
static void port_hang_up(struct tty_port *port)
{
	struct tty_struct *tty = tty_port_tty_get(port);

	port->count = 0;
	if (tty) {
		set_bit(TTY_IO_ERROR, &tty->flags);
		tty_driver_flush_buffer(tty);
	}
	port_shutdown(port, tty);
	tty_port_tty_set(port, NULL);
	tty_port_set_active(port, false);
	tty_kref_put(tty);
}

/* An opening never waits for the carrier. */
int tty_port_open(struct tty_port *port, struct tty_struct *tty, struct file *file)
{
	int err;

	mutex_lock(&port->mutex);
	/* The hang-up may have come and gone: nobody would shut the port down any more. */
	if (tty_hung_up_p(file)) {
		mutex_unlock(&port->mutex);
		return -EIO;
	}
	/* That of the last terminal may not have come to the port yet. */
	if (port->tty && port->tty != tty)
		port_hang_up(port);
	tty_port_tty_set(port, tty);
	err = port_activate(port, tty);
	if (!err) {
		port->count++;
		tty_port_set_active(port, true);
	} else if (!port->count) {
		tty_port_tty_set(port, NULL);
	}
	mutex_unlock(&port->mutex);
	return err;
}

static void wait_before_close(struct tty_port *port, struct tty_struct *tty)
{
	long timeout = port->closing_wait == ASYNC_CLOSING_WAIT_INF ? 0 :
			msecs_to_jiffies(port->closing_wait);

	if (tty->flow.stopped || tty_port_suspended(port))
		tty_driver_flush_buffer(tty);
	if (port->closing_wait != ASYNC_CLOSING_WAIT_NONE)
		tty_wait_until_sent(tty, timeout);
}

/* After a hang-up the driver, and with it the port, may be gone. */
static bool close_begin(struct tty_port *port, struct file *file)
{
	bool hung_up;

	mutex_lock(&tty_mutex);
	hung_up = tty_hung_up_p(file);
	if (!hung_up)
		WRITE_ONCE(port->closers, port->closers + 1);
	mutex_unlock(&tty_mutex);
	return !hung_up;
}

static void close_end(struct tty_port *port)
{
	mutex_lock(&tty_mutex);
	/* The port may go from here on. */
	smp_store_release(&port->closers, port->closers - 1);
	mutex_unlock(&tty_mutex);
	wake_up_all(&unused_wait);
}

/* Return: whether that was the last, for which the port is shut down. */
static bool close_one(struct tty_port *port, struct file *file)
{
	bool last = false;

	mutex_lock(&port->mutex);
	/* After a hang-up the count is that of the next terminal. */
	if (!tty_hung_up_p(file)) {
		port->count -= !!port->count;
		last = !port->count && tty_port_initialized(port);
	}
	if (last)
		WRITE_ONCE(port->closing, true);
	mutex_unlock(&port->mutex);
	return last;
}

static void close_last(struct tty_port *port, struct tty_struct *tty)
{
	wait_before_close(port, tty);
	mutex_lock(&port->mutex);
	/* Unless somebody has opened it meanwhile, or has hung up. */
	if (!port->count && port->tty == tty) {
		port_shutdown(port, tty);
		tty_port_tty_set(port, NULL);
		tty_port_set_active(port, false);
	}
	WRITE_ONCE(port->closing, false);
	wake_up(&port->open_wait);
	mutex_unlock(&port->mutex);
}

void tty_port_close(struct tty_port *port, struct tty_struct *tty, struct file *file)
{
	if (!close_begin(port, file))
		return;
	if (close_one(port, file))
		close_last(port, tty);
	close_end(port);
}

void tty_port_hangup(struct tty_port *port)
{
	mutex_lock(&port->mutex);
	/* Unless it is the next terminal's already. */
	if (!port->tty || test_bit(TTY_HUPPED, &port->tty->flags))
		port_hang_up(port);
	mutex_unlock(&port->mutex);
	wake_up_interruptible(&port->open_wait);
	wake_up_interruptible(&port->delta_msr_wait);
}

/*
 * Terminals and their openings
 */

const char *tty_name(const struct tty_struct *tty)
{
	return tty ? tty->name : "NULL tty";
}

static void tty_release(struct kref *kref)
{
	struct tty_struct *tty = container_of(kref, struct tty_struct, kref);

	tty_driver_kref_put(tty->driver);
	kfree(tty);
}

void tty_kref_put(struct tty_struct *tty)
{
	if (tty)
		kref_put(&tty->kref, tty_release);
}

int tty_hung_up_p(struct file *file)
{
	return file && READ_ONCE(container_of(file, struct tty_file, file)->hung_up);
}

static void hang_up(struct tty_struct *tty)
{
	struct tty_file *file;

	mutex_lock(&tty_mutex);
	/* Where all have closed it its port may be gone, too. */
	if (tty->driver->ttys[tty->index] != tty) {
		mutex_unlock(&tty_mutex);
		return;
	}
	tty->driver->ttys[tty->index] = NULL;
	list_for_each_entry(file, &tty_files, list)
		if (file->tty == tty)
			WRITE_ONCE(file->hung_up, true);
	mutex_unlock(&tty_mutex);
	wake_up_interruptible_all(&tty->write_wait);
	wake_up_interruptible_all(&tty->read_wait);
	if (tty_abandon)
		tty_abandon(tty, -EIO);
	if (tty->ops->hangup)
		tty->ops->hangup(tty);
	cancel_throttle(tty);
}

/*
 * All openings become useless, what waits is answered, the port is shut down. Whoever
 * finds that done, or begun, returns when it is over.
 */
void tty_vhangup(struct tty_struct *tty)
{
	mutex_lock(&hangup_mutex);
	if (!test_and_set_bit(TTY_HUPPED, &tty->flags))
		hang_up(tty);
	mutex_unlock(&hangup_mutex);
}

static void hangup_work(struct work_struct *work)
{
	struct tty_struct *tty = container_of(work, struct tty_struct, hangup_work);

	tty_vhangup(tty);
	tty_kref_put(tty);
}

void tty_hangup(struct tty_struct *tty)
{
	tty_kref_get(tty);
	if (!schedule_work(&tty->hangup_work))
		tty_kref_put(tty);
}

static struct tty_struct *tty_alloc(struct tty_driver *driver, unsigned int index)
{
	struct tty_struct *tty = kzalloc(sizeof(*tty), GFP_KERNEL);

	if (!tty)
		return NULL;
	kref_init(&tty->kref);
	init_rwsem(&tty->termios_rwsem);
	mutex_init(&tty->throttle_mutex);
	spin_lock_init(&tty->flow.lock);
	init_waitqueue_head(&tty->write_wait);
	init_waitqueue_head(&tty->read_wait);
	INIT_WORK(&tty->hangup_work, hangup_work);
	INIT_WORK(&tty->throttle_work, throttle_work);
	tty->driver = tty_driver_kref_get(driver);
	tty->ops = driver->ops;
	tty->index = index;
	tty->port = driver->ports[index];
	tty->termios = driver->init_termios;
	snprintf(tty->name, sizeof(tty->name), "%s%d", driver->name, index + driver->name_base);
	return tty;
}

/* With tty_mutex; a reference for the caller. */
static struct tty_struct *tty_get(unsigned int line)
{
	struct tty_driver *driver = tty_find_driver(line);
	struct tty_struct *tty;
	int err;

	if (!driver)
		return ERR_PTR(-ENODEV);
	tty = driver->ttys[line];
	if (tty)
		return tty_kref_get(tty);
	tty = tty_alloc(driver, line);
	if (!tty)
		return ERR_PTR(-ENOMEM);
	err = tty->ops->install ? tty->ops->install(driver, tty) : 0;
	if (err) {
		tty_kref_put(tty);
		return ERR_PTR(err);
	}
	driver->ttys[line] = tty;
	return tty;
}

static void tty_forget(struct tty_struct *tty)
{
	if (tty->driver->ttys[tty->index] == tty)
		tty->driver->ttys[tty->index] = NULL;
	if (tty->ops->remove)
		tty->ops->remove(tty->driver, tty);
}

struct tty_file *tty_file_open(unsigned int line, const void *client)
{
	struct tty_file *file = kzalloc(sizeof(*file), GFP_KERNEL);
	struct tty_struct *tty;
	int err;

	if (!file)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&tty_mutex);
	tty = tty_get(line);
	if (IS_ERR(tty)) {
		mutex_unlock(&tty_mutex);
		kfree(file);
		return ERR_CAST(tty);
	}
	file->tty = tty;
	file->client = client;
	file->file.private_data = tty;
	tty->count++;
	list_add_tail(&file->list, &tty_files);
	mutex_unlock(&tty_mutex);

	err = tty->ops->open(tty, &file->file);
	if (err) {
		tty_file_close(file);
		return ERR_PTR(err);
	}
	mutex_lock(&tty_mutex);
	file->opened = true;
	mutex_unlock(&tty_mutex);
	return file;
}

/* Nobody is left to be hung up. The work has a reference of its own. */
static void cancel_hangup(struct tty_struct *tty)
{
	/* Until one that is under way is over the port has the tty, and may ask for it. */
	mutex_lock(&hangup_mutex);
	mutex_unlock(&hangup_mutex);
	if (cancel_work_sync(&tty->hangup_work))
		tty_kref_put(tty);
}

void tty_file_close(struct tty_file *file)
{
	struct tty_struct *tty = file->tty;
	bool last;

	if (file->opened)
		tty->ops->close(tty, &file->file);
	mutex_lock(&tty_mutex);
	list_del(&file->list);
	last = !--tty->count;
	if (last)
		tty_forget(tty);
	mutex_unlock(&tty_mutex);
	if (last) {
		cancel_throttle(tty);
		cancel_hangup(tty);
	}
	tty_kref_put(tty);
	kfree(file);
}

/* With tty_mutex. */
static struct tty_file *file_of(long line, const void *client)
{
	struct tty_file *file;

	list_for_each_entry(file, &tty_files, list)
		if (file->client == client && file->opened && !file->closing &&
		    (line == TTY_ANY || file->tty->index == line))
			return file;
	return NULL;
}

struct tty_file *tty_file_get(unsigned int line, const void *client)
{
	struct tty_file *file;

	mutex_lock(&tty_mutex);
	file = file_of(line, client);
	if (file)
		file->users++;
	mutex_unlock(&tty_mutex);
	return file;
}

void tty_file_put(struct tty_file *file)
{
	mutex_lock(&tty_mutex);
	WRITE_ONCE(file->users, file->users - 1);
	mutex_unlock(&tty_mutex);
	wake_up_all(&unused_wait);
}

struct tty_file *tty_file_take(long line, const void *client)
{
	struct tty_file *file;

	mutex_lock(&tty_mutex);
	file = file_of(line, client);
	if (file)
		file->closing = true;
	mutex_unlock(&tty_mutex);
	if (file)
		wait_event(unused_wait, !READ_ONCE(file->users));
	return file;
}

static int __init tty_class_init(void)
{
	return class_register(&tty_class);
}

static void __exit tty_class_exit(void)
{
	class_unregister(&tty_class);
}

module_init(tty_class_init);
module_exit(tty_class_exit);
MODULE_LICENSE("GPL");
