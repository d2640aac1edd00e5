// SPDX-License-Identifier: GPL-2.0
/*
 * What clients ask of serial ports
 *
 * A call that has to wait does so without a stack: it is parked on the wait
 * queue that the driver wakes, as a continuation that answers it. That runs in
 * whatever context wakes the queue, with the queue's lock and often a driver's.
 * Whoever takes a parked call off its queue, under the queue's lock, answers it:
 * the waker, the time limit, or who aborts. Only what a driver itself sleeps in
 * (opening, closing, settings) costs a thread, which the kit sees to.
 */
#include <linux/build_bug.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "kit/serial.h"
#include "tty.h"

struct parked {
	wait_queue_entry_t wait;
	wait_queue_head_t *queue;
	struct timer_list timer;
	struct list_head list;		/* protected by parked_lock */
	struct kref kref;		/* the call's, the timer's */
	struct serial_call *call;
	struct tty_struct *tty;
	/* Fills in the reply if it can; with the queue's lock. */
	bool (*ready)(struct parked *p);
	int on_timeout;			/* status */
	struct serial_counters since;	/* of those that wait for a change */
};

static LIST_HEAD(parked_calls);
static DEFINE_SPINLOCK(parked_lock);

static void answer(struct serial_call *call, int status)
{
	call->reply.status = status;
	call->done(call);
}

static void parked_release(struct kref *kref)
{
	struct parked *p = container_of(kref, struct parked, kref);

	tty_kref_put(p->tty);
	kfree(p);
}

/* Off its queue: nobody else will answer it. */
static void unpark(struct parked *p, int status)
{
	struct serial_call *call = p->call;
	unsigned long flags;

	spin_lock_irqsave(&parked_lock, flags);
	list_del(&p->list);
	spin_unlock_irqrestore(&parked_lock, flags);
	if (timer_delete(&p->timer))
		kref_put(&p->kref, parked_release);
	kref_put(&p->kref, parked_release);
	answer(call, status);
}

static int parked_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct parked *p = container_of(wait, struct parked, wait);

	if (!p->ready(p))
		return 0;
	list_del_init(&wait->entry);
	unpark(p, p->call->reply.status);
	return 1;
}

/* Answers it if it is still waiting. */
static void parked_abort(struct parked *p, int status)
{
	unsigned long flags;
	bool mine;

	spin_lock_irqsave(&p->queue->lock, flags);
	mine = !list_empty(&p->wait.entry);
	list_del_init(&p->wait.entry);
	spin_unlock_irqrestore(&p->queue->lock, flags);
	if (mine)
		unpark(p, status);
}

static void parked_timeout(struct timer_list *timer)
{
	struct parked *p = container_of(timer, struct parked, timer);

	parked_abort(p, p->on_timeout);
	kref_put(&p->kref, parked_release);
}

static struct parked *parked_new(struct serial_call *call, struct tty_struct *tty,
				 wait_queue_head_t *queue, bool (*ready)(struct parked *p),
				 int on_timeout)
{
	struct parked *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return NULL;
	init_waitqueue_func_entry(&p->wait, parked_wake);
	INIT_LIST_HEAD(&p->wait.entry);
	timer_setup(&p->timer, parked_timeout, 0);
	kref_init(&p->kref);
	p->queue = queue;
	p->call = call;
	p->tty = tty_kref_get(tty);
	p->ready = ready;
	p->on_timeout = on_timeout;
	return p;
}

/*
 * With the queue's lock. Returns false after a hang-up: that either finds the call in
 * parked_calls, or is seen here.
 */
static bool wait_parked(struct parked *p)
{
	u32 timeout = p->call->request.timeout_ms;
	bool hung_up;

	spin_lock(&parked_lock);
	hung_up = test_bit(TTY_HUPPED, &p->tty->flags);
	if (!hung_up)
		list_add_tail(&p->list, &parked_calls);
	spin_unlock(&parked_lock);
	if (hung_up)
		return false;
	if (timeout != SERIAL_FOREVER) {
		kref_get(&p->kref);
		mod_timer(&p->timer, jiffies + msecs_to_jiffies(timeout));
	}
	__add_wait_queue_entry_tail(p->queue, &p->wait);
	return true;
}

/*
 * Answer a call at once or when its queue is woken. The first look is taken with
 * the queue's lock, so that no wake-up falls between it and the waiting.
 */
static void park(struct parked *p)
{
	struct serial_call *call = p->call;
	int status = p->on_timeout;
	bool waits = false;
	unsigned long flags;

	spin_lock_irqsave(&p->queue->lock, flags);
	if (p->ready(p)) {
		status = call->reply.status;
	} else if (call->request.timeout_ms) {
		waits = wait_parked(p);
		status = -EIO;
	}
	spin_unlock_irqrestore(&p->queue->lock, flags);
	if (waits)
		return;
	answer(call, status);
	kref_put(&p->kref, parked_release);
}

static void park_call(struct serial_call *call, struct tty_struct *tty, wait_queue_head_t *queue,
		      bool (*ready)(struct parked *p), int on_timeout)
{
	struct parked *p = parked_new(call, tty, queue, ready, on_timeout);

	if (!p) {
		answer(call, -ENOMEM);
		return;
	}
	park(p);
}

/*
 * Answer with @status all parked calls that match; a NULL matches all. One is
 * looked for at a time: answering it takes locks of its own.
 */
static void abort_parked(const struct tty_struct *tty, const void *client, const u32 *id,
			 int status)
{
	struct parked *p, *found;
	unsigned long flags;

	do {
		found = NULL;
		spin_lock_irqsave(&parked_lock, flags);
		list_for_each_entry(p, &parked_calls, list) {
			if ((tty && p->tty != tty) || (client && p->call->client != client) ||
			    (id && p->call->request.id != *id))
				continue;
			found = p;
			kref_get(&p->kref);
			break;
		}
		spin_unlock_irqrestore(&parked_lock, flags);
		if (found) {
			parked_abort(found, status);
			kref_put(&found->kref, parked_release);
		}
	} while (found);
}

static void abandon_tty(struct tty_struct *tty, int error)
{
	abort_parked(tty, NULL, NULL, error);
}

unsigned int serial_parked(void)
{
	unsigned int count = 0;
	struct list_head *each;
	unsigned long flags;

	spin_lock_irqsave(&parked_lock, flags);
	list_for_each(each, &parked_calls)
		count++;
	spin_unlock_irqrestore(&parked_lock, flags);
	return count;
}

/*
 * Data
 */

static bool read_ready(struct parked *p)
{
	struct serial_reply *reply = &p->call->reply;
	u32 max = min_t(u32, p->call->request.arg, SERIAL_READ);
	u8 flags[SERIAL_READ];
	unsigned int count, i;

	count = tty_buffer_take(p->tty->port, reply->data, flags, max, &reply->rx);
	if (!count)
		return false;
	reply->status = count;
	reply->length = count;
	for (i = 0; i < count && !flags[i]; i++)
		;
	if (i < count) {
		memcpy(reply->data + count, flags, count);
		reply->length += count;
	}
	tty_check_throttle(p->tty);
	return true;
}

static void do_read(struct serial_call *call, struct tty_struct *tty)
{
	park_call(call, tty, &tty->read_wait, read_ready, 0);
}

static bool write_ready(struct parked *p)
{
	struct serial_call *call = p->call;
	ssize_t done = p->tty->ops->write(p->tty, call->request.data, call->request.length);

	if (!done)
		return false;
	call->reply.status = done;
	return true;
}

static void do_write(struct serial_call *call, struct tty_struct *tty)
{
	if (!call->request.length)
		answer(call, 0);
	else
		park_call(call, tty, &tty->write_wait, write_ready, 0);
}

static void do_discard(struct serial_call *call, struct tty_struct *tty)
{
	if (call->request.arg & 1)
		tty_ldisc_flush(tty);
	if (call->request.arg & 2)
		tty_driver_flush_buffer(tty);
	answer(call, 0);
}

/* The poller wakes these; see uart_poll(). */
static void park_poll(struct serial_call *call, struct tty_struct *tty,
		      bool (*ready)(struct parked *p))
{
	park_call(call, tty, uart_poll_queue(uart_state_of(tty)), ready, -ETIMEDOUT);
	uart_poll();
}

static bool ready_if(struct parked *p, bool yes)
{
	if (yes)
		p->call->reply.status = 0;
	return yes;
}

static bool xchar_ready(struct parked *p)
{
	return ready_if(p, uart_xchar_sent(uart_state_of(p->tty)));
}

static void do_xchar(struct serial_call *call, struct tty_struct *tty)
{
	int err = tty_send_xchar(tty, call->request.arg);

	if (err)
		answer(call, err);
	else
		park_poll(call, tty, xchar_ready);
}

static bool drain_ready(struct parked *p)
{
	return ready_if(p, uart_all_sent(uart_state_of(p->tty)));
}

static void do_drain(struct serial_call *call, struct tty_struct *tty)
{
	park_poll(call, tty, drain_ready);
}

static void do_stop(struct serial_call *call, struct tty_struct *tty)
{
	stop_tty(tty);
	answer(call, 0);
}

static void do_start(struct serial_call *call, struct tty_struct *tty)
{
	start_tty(tty);
	answer(call, 0);
}

static void do_break(struct serial_call *call, struct tty_struct *tty)
{
	int state = call->request.arg ? -1 : 0;

	answer(call, tty->ops->break_ctl ? tty->ops->break_ctl(tty, state) : -EOPNOTSUPP);
}

/*
 * Settings
 */

static void do_set_termios(struct serial_call *call, struct tty_struct *tty)
{
	struct ktermios termios;

	BUILD_BUG_ON(sizeof(termios) != sizeof(struct serial_termios));
	if (call->request.length != sizeof(termios)) {
		answer(call, -EINVAL);
		return;
	}
	memcpy(&termios, call->request.data, sizeof(termios));
	answer(call, tty_set_termios(tty, &termios));
}

static void do_get_termios(struct serial_call *call, struct tty_struct *tty)
{
	down_read(&tty->termios_rwsem);
	memcpy(call->reply.data, &tty->termios, sizeof(tty->termios));
	up_read(&tty->termios_rwsem);
	call->reply.length = sizeof(struct serial_termios);
	answer(call, 0);
}

static void do_get_modem(struct serial_call *call, struct tty_struct *tty)
{
	answer(call, tty->ops->tiocmget ? tty->ops->tiocmget(tty) : -EOPNOTSUPP);
}

static void do_set_modem(struct serial_call *call, struct tty_struct *tty)
{
	u32 all = TIOCM_DTR | TIOCM_RTS | TIOCM_OUT1 | TIOCM_OUT2 | TIOCM_LOOP;
	u32 set = call->request.arg & 0xffff & all, clear = call->request.arg >> 16 & all;

	answer(call, tty->ops->tiocmset ? tty->ops->tiocmset(tty, set, clear) : -EOPNOTSUPP);
}

/*
 * Counters
 */

/* With the port's lock, which who wakes the queue has, too. */
static void get_counters(struct tty_struct *tty, struct serial_counters *counters)
{
	struct uart_port *port = uart_state_of(tty)->uart_port;

	BUILD_BUG_ON(sizeof(*counters) != sizeof(port->icount));
	memcpy(counters, &port->icount, sizeof(*counters));
}

static void reply_counters(struct serial_call *call, const struct serial_counters *counters)
{
	memcpy(call->reply.data, counters, sizeof(*counters));
	call->reply.length = sizeof(*counters);
	call->reply.status = 0;
}

static void do_counters(struct serial_call *call, struct tty_struct *tty)
{
	struct uart_port *port = uart_state_of(tty)->uart_port;
	struct serial_counters counters;
	unsigned long flags;

	if (!port) {
		answer(call, -EIO);
		return;
	}
	uart_port_lock_irqsave(port, &flags);
	get_counters(tty, &counters);
	uart_port_unlock_irqrestore(port, flags);
	reply_counters(call, &counters);
	answer(call, 0);
}

static bool counters_ready(struct parked *p)
{
	struct serial_counters now;
	u32 mask = p->call->request.op == SERIAL_WAIT_BREAK ? SERIAL_COUNTER_BRK :
							      p->call->request.arg;
	const u32 *a = (u32 *)&now, *b = (u32 *)&p->since;
	unsigned int i;

	get_counters(p->tty, &now);
	for (i = 0; i < sizeof(now) / sizeof(u32); i++) {
		if (!(mask & 1u << i) || a[i] == b[i])
			continue;
		reply_counters(p->call, &now);
		return true;
	}
	return false;
}

static void do_wait_counters(struct serial_call *call, struct tty_struct *tty)
{
	struct parked *p = parked_new(call, tty, &tty->port->delta_msr_wait, counters_ready,
				      -ETIMEDOUT);
	struct uart_port *port = uart_state_of(tty)->uart_port;
	unsigned long flags;

	if (!p || !port) {
		if (p)
			kref_put(&p->kref, parked_release);
		answer(call, p ? -EIO : -ENOMEM);
		return;
	}
	uart_port_lock_irqsave(port, &flags);
	if (call->request.length == sizeof(p->since))
		memcpy(&p->since, call->request.data, sizeof(p->since));
	else
		get_counters(tty, &p->since);
	park(p);
	uart_port_unlock_irqrestore(port, flags);
}

/*
 * Opening, closing, power
 */

/*
 * Who comes while a port is being closed waits for that, and then gives it the
 * rest that Linux does: here, so that no driver's lock is held meanwhile.
 */
static void rest_after_close(unsigned int line)
{
	struct tty_port *port = NULL;
	struct tty_driver *driver;

	mutex_lock(&tty_mutex);
	driver = tty_find_driver(line);
	if (driver)
		port = driver->ports[line];
	mutex_unlock(&tty_mutex);
	if (!port || !READ_ONCE(port->closing))
		return;
	wait_event(port->open_wait, !READ_ONCE(port->closing));
	msleep(port->close_delay);
}

static void do_open(struct serial_call *call)
{
	u32 line = call->request.port;
	struct tty_file *file = tty_file_get(line, call->client);

	if (file) {
		tty_file_put(file);
		answer(call, -EBUSY);
		return;
	}
	rest_after_close(line);
	file = tty_file_open(line, call->client);
	answer(call, PTR_ERR_OR_ZERO(file));
}

static void close_file(struct tty_file *file)
{
	abort_parked(file->tty, file->client, NULL, -EINTR);
	tty_file_close(file);
}

static void do_close(struct serial_call *call)
{
	struct tty_file *file = tty_file_take(call->request.port, call->client);

	if (file)
		close_file(file);
	answer(call, file ? 0 : -EBADF);
}

/* What the port's device is told when the machine goes to sleep, or wakes up. */
static int change_power(unsigned int line, bool suspend)
{
	struct device *dev = NULL;
	struct tty_driver *driver;
	int err;

	mutex_lock(&tty_mutex);
	driver = tty_find_driver(line);
	if (driver)
		dev = get_device(uart_state_of_port(driver->ports[line])->uart_port->dev);
	mutex_unlock(&tty_mutex);
	if (!dev)
		return -ENODEV;
	err = suspend ? hosted_device_suspend(dev) : hosted_device_resume(dev);
	put_device(dev);
	return err;
}

static void do_cancel(struct serial_call *call)
{
	abort_parked(NULL, call->client, &call->request.arg, -EINTR);
	answer(call, 0);
}

/* With the port's lock: who gets an answer knows that nobody hangs with that. */
static void do_info(struct serial_call *call)
{
	struct serial_info *info = (struct serial_info *)call->reply.data;
	struct uart_port *port = NULL;
	struct tty_driver *driver;
	unsigned long flags;

	mutex_lock(&tty_mutex);
	driver = tty_find_driver(call->request.port);
	if (driver)
		port = uart_state_of_port(driver->ports[call->request.port])->uart_port;
	if (port) {
		uart_port_lock_irqsave(port, &flags);
		memset(info, 0, sizeof(*info));
		strscpy(info->name, port->name, sizeof(info->name));
		strscpy(info->driver, driver->driver_name, sizeof(info->driver));
		strscpy(info->type, uart_type(port), sizeof(info->type));
		info->line = port->line;
		info->clock = port->uartclk;
		info->fifo = port->fifosize;
		call->reply.length = sizeof(*info);
		uart_port_unlock_irqrestore(port, flags);
	}
	mutex_unlock(&tty_mutex);
	answer(call, port ? 0 : -ENODEV);
}

/*
 * All of it
 */

static void (*const on_tty[SERIAL_OPS])(struct serial_call *call, struct tty_struct *tty) = {
	[SERIAL_READ_DATA] = do_read,
	[SERIAL_WRITE] = do_write,
	[SERIAL_SET_TERMIOS] = do_set_termios,
	[SERIAL_GET_TERMIOS] = do_get_termios,
	[SERIAL_DISCARD] = do_discard,
	[SERIAL_XCHAR] = do_xchar,
	[SERIAL_STOP] = do_stop,
	[SERIAL_START] = do_start,
	[SERIAL_BREAK] = do_break,
	[SERIAL_DRAIN] = do_drain,
	[SERIAL_COUNTERS] = do_counters,
	[SERIAL_WAIT_COUNTERS] = do_wait_counters,
	[SERIAL_WAIT_BREAK] = do_wait_counters,
	[SERIAL_GET_MODEM] = do_get_modem,
	[SERIAL_SET_MODEM] = do_set_modem,
};

static void call_tty(struct serial_call *call)
{
	struct tty_file *file = tty_file_get(call->request.port, call->client);

	if (!file) {
		answer(call, -EBADF);
		return;
	}
	if (tty_hung_up_p(&file->file))
		answer(call, -EIO);
	else
		on_tty[call->request.op](call, file->tty);
	tty_file_put(file);
}

void serial_call(struct serial_call *call)
{
	u32 op = call->request.op;

	call->reply.id = call->request.id;
	call->reply.length = 0;
	call->reply.rx = 0;
	if (op < SERIAL_OPS && on_tty[op])
		call_tty(call);
	else if (op == SERIAL_INFO)
		do_info(call);
	else if (op == SERIAL_OPEN)
		do_open(call);
	else if (op == SERIAL_CLOSE)
		do_close(call);
	else if (op == SERIAL_SUSPEND || op == SERIAL_RESUME)
		answer(call, change_power(call->request.port, op == SERIAL_SUSPEND));
	else if (op == SERIAL_CANCEL)
		do_cancel(call);
	else
		answer(call, -EOPNOTSUPP);
}

void serial_client_gone(const void *client)
{
	struct tty_file *file;

	abort_parked(NULL, client, NULL, -EINTR);
	while ((file = tty_file_take(TTY_ANY, client)))
		close_file(file);
}

static int __init requests_init(void)
{
	tty_abandon = abandon_tty;
	return 0;
}

module_init(requests_init);
MODULE_LICENSE("GPL");
