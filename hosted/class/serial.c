// SPDX-License-Identifier: GPL-2.0
/*
 * Serial ports: between drivers of UARTs and terminals
 *
 * Locks, outermost first: termios_rwsem, the tty_port's mutex, the poller's
 * queue, the uart_port's lock. While a port is suspended or shut down nothing
 * here touches its registers: its clock may be off.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/serial_core.h>
#include <linux/slab.h>
#include <linux/timer.h>

#include "tty.h"

#define SUSPEND_TRIES	3
#define SUSPEND_WAIT_MS	10

/* What a line has besides the driver's view of it */
struct uart_line {
	struct uart_state state;
	struct tasklet_struct wakeup;	/* a driver's lock is held when there is room */
	wait_queue_head_t poll;		/* whoever waits for the transmitter */
	struct list_head list;		/* of all; protected by lines_lock */
};

static LIST_HEAD(lines);
static DEFINE_SPINLOCK(lines_lock);

static struct uart_line *line_of(struct uart_state *state)
{
	return container_of(state, struct uart_line, state);
}

static struct uart_port *port_of(struct tty_struct *tty)
{
	return uart_state_of(tty)->uart_port;
}

/* The lines lie in an array that drivers know only as "state". */
static struct uart_state *state_at(struct uart_driver *driver, unsigned int i)
{
	return &((struct uart_line *)driver->state)[i].state;
}

/* May its registers be touched? */
static bool powered(struct uart_port *port)
{
	struct tty_port *tport = &port->state->port;

	return tty_port_initialized(tport) && !tty_port_suspended(tport);
}

/*
 * Transmission
 */

bool uart_next_char(struct uart_port *port, u8 *ch)
{
	struct circ_buf *xmit = &port->state->xmit;

	if (port->x_char) {
		*ch = port->x_char;
		port->x_char = 0;
		return true;
	}
	if (uart_tx_stopped(port) || uart_circ_empty(xmit))
		return false;
	*ch = xmit->buf[xmit->tail];
	xmit->tail = (xmit->tail + 1) & (UART_XMIT_SIZE - 1);
	return true;
}

unsigned int uart_sent(struct uart_port *port, bool may_stop)
{
	unsigned int left = uart_circ_chars_pending(&port->state->xmit);

	if (left < WAKEUP_CHARS)
		uart_write_wakeup(port);
	if (may_stop && (!left || uart_tx_stopped(port)) && !port->x_char)
		port->ops->stop_tx(port);
	return left;
}

static void wakeup_tasklet(struct tasklet_struct *tasklet)
{
	struct uart_line *line = container_of(tasklet, struct uart_line, wakeup);

	tty_port_tty_wakeup(&line->state.port);
}

void uart_write_wakeup(struct uart_port *port)
{
	tasklet_schedule(&line_of(port->state)->wakeup);
}

/* With the port's lock. */
static void kick_tx(struct uart_port *port)
{
	if (powered(port) && !uart_tx_stopped(port))
		port->ops->start_tx(port);
}

static ssize_t uart_write(struct tty_struct *tty, const u8 *buf, size_t count)
{
	struct uart_state *state = uart_state_of(tty);
	struct uart_port *port = state->uart_port;
	struct circ_buf *xmit = &state->xmit;
	unsigned long flags;
	ssize_t i = 0;

	if (!port)
		return -EIO;
	uart_port_lock_irqsave(port, &flags);
	for (; xmit->buf && i < count && uart_circ_chars_free(xmit); i++) {
		xmit->buf[xmit->head] = buf[i];
		xmit->head = (xmit->head + 1) & (UART_XMIT_SIZE - 1);
	}
	if (!xmit->buf)
		i = -EIO;
	kick_tx(port);
	uart_port_unlock_irqrestore(port, flags);
	return i;
}

static unsigned int in_xmit(struct tty_struct *tty, bool free)
{
	struct uart_state *state = uart_state_of(tty);
	struct uart_port *port = state->uart_port;
	unsigned long flags;
	unsigned int count = 0;

	if (!port)
		return 0;
	uart_port_lock_irqsave(port, &flags);
	if (state->xmit.buf)
		count = free ? uart_circ_chars_free(&state->xmit) :
			       uart_circ_chars_pending(&state->xmit);
	uart_port_unlock_irqrestore(port, flags);
	return count;
}

static unsigned int uart_write_room(struct tty_struct *tty)
{
	return in_xmit(tty, true);
}

static unsigned int uart_chars_in_buffer(struct tty_struct *tty)
{
	return in_xmit(tty, false);
}

static void uart_flush_buffer(struct tty_struct *tty)
{
	struct uart_port *port = port_of(tty);
	unsigned long flags;

	if (!port)
		return;
	uart_port_lock_irqsave(port, &flags);
	uart_circ_clear(&port->state->xmit);
	if (port->ops->flush_buffer && powered(port))
		port->ops->flush_buffer(port);
	uart_port_unlock_irqrestore(port, flags);
	tty_port_tty_wakeup(&port->state->port);
}

static void uart_stop(struct tty_struct *tty)
{
	struct uart_port *port = port_of(tty);
	unsigned long flags;

	if (!port)
		return;
	uart_port_lock_irqsave(port, &flags);
	if (powered(port))
		port->ops->stop_tx(port);
	uart_port_unlock_irqrestore(port, flags);
}

static void uart_start(struct tty_struct *tty)
{
	struct uart_port *port = port_of(tty);
	unsigned long flags;

	if (!port)
		return;
	uart_port_lock_irqsave(port, &flags);
	kick_tx(port);
	uart_port_unlock_irqrestore(port, flags);
}

/* Goes out even if sending is stopped. */
static void uart_send_xchar(struct tty_struct *tty, u8 ch)
{
	struct uart_port *port = port_of(tty);
	unsigned long flags;

	if (!port)
		return;
	if (port->ops->send_xchar) {
		port->ops->send_xchar(port, ch);
		return;
	}
	uart_port_lock_irqsave(port, &flags);
	port->x_char = ch;
	if (ch && powered(port))
		port->ops->start_tx(port);
	uart_port_unlock_irqrestore(port, flags);
}

/*
 * The poller: the hardware says nothing when its shift register is empty, so
 * one timer looks, as long as somebody waits; the longer that lasts, the less
 * often.
 */

static bool look_at_transmitter(struct uart_state *state,
				bool (*look)(struct uart_port *port))
{
	struct uart_port *port = state->uart_port;
	unsigned long flags;
	bool result = true;

	if (!port)
		return true;
	uart_port_lock_irqsave(port, &flags);
	if (tty_port_initialized(&state->port))
		result = look(port);
	uart_port_unlock_irqrestore(port, flags);
	return result;
}

static bool all_sent(struct uart_port *port)
{
	return !port->x_char && uart_circ_empty(&port->state->xmit) &&
	       (!powered(port) || port->ops->tx_empty(port));
}

static bool xchar_sent(struct uart_port *port)
{
	return !port->x_char;
}

bool uart_all_sent(struct uart_state *state)
{
	return look_at_transmitter(state, all_sent);
}

bool uart_xchar_sent(struct uart_state *state)
{
	return look_at_transmitter(state, xchar_sent);
}

wait_queue_head_t *uart_poll_queue(struct uart_state *state)
{
	return &line_of(state)->poll;
}

static unsigned long poll_since;	/* when the last that waits began to */

static void poll_lines(struct timer_list *timer)
{
	struct uart_line *line;
	bool again = false;

	spin_lock(&lines_lock);
	list_for_each_entry(line, &lines, list) {
		wake_up(&line->poll);
		again |= waitqueue_active(&line->poll);
	}
	spin_unlock(&lines_lock);
	if (again)
		mod_timer(timer, jiffies + 1 + (jiffies - READ_ONCE(poll_since)) / 32);
}

static DEFINE_TIMER(poll_timer, poll_lines);

void uart_poll(void)
{
	WRITE_ONCE(poll_since, jiffies);
	mod_timer(&poll_timer, jiffies + 1);
}

/* Stays on the queue while it is awake, so that the poller goes on. */
static void uart_wait_until_sent(struct tty_struct *tty, int timeout)
{
	struct uart_state *state = uart_state_of(tty);
	long left = timeout ? timeout : MAX_SCHEDULE_TIMEOUT;
	DECLARE_WAITQUEUE(wait, current);

	add_wait_queue(uart_poll_queue(state), &wait);
	uart_poll();
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!left || uart_all_sent(state))
			break;
		left = schedule_timeout(left);
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(uart_poll_queue(state), &wait);
}

/*
 * Reception, from interrupt handlers with the port's lock
 */

void uart_insert_char(struct uart_port *port, unsigned int status, unsigned int overrun, u8 ch,
		      u8 flag)
{
	struct tty_port *tport = &port->state->port;

	if (!(status & port->ignore_status_mask & ~overrun) &&
	    !tty_insert_flip_char(tport, ch, flag))
		port->icount.buf_overrun++;
	/* The overrun came after this character, which itself is fine. */
	if (status & ~port->ignore_status_mask & overrun &&
	    !tty_insert_flip_char(tport, 0, TTY_OVERRUN))
		port->icount.buf_overrun++;
}

/* What a break means to the secure attention of a system is not decided here. */
int uart_handle_break(struct uart_port *port)
{
	wake_up_interruptible(&port->state->port.delta_msr_wait);
	return 0;
}

void uart_handle_dcd_change(struct uart_port *port, bool active)
{
	struct tty_port *tport = &port->state->port;
	struct tty_struct *tty;

	port->icount.dcd++;
	wake_up_interruptible(&tport->delta_msr_wait);
	if (!(port->status & UPSTAT_DCD_ENABLE))
		return;
	if (active) {
		wake_up_interruptible(&tport->open_wait);
		return;
	}
	tty = tty_port_tty_get(tport);
	if (tty)
		tty_hangup(tty);
	tty_kref_put(tty);
}

void uart_handle_cts_change(struct uart_port *port, bool active)
{
	port->icount.cts++;
	if (!uart_softcts_mode(port) || port->hw_stopped != active)
		return;
	port->hw_stopped = !active;
	if (active) {
		port->ops->start_tx(port);
		uart_write_wakeup(port);
	} else {
		port->ops->stop_tx(port);
	}
}

/*
 * Modem lines and flow control
 */

static void update_mctrl(struct uart_port *port, unsigned int set, unsigned int clear)
{
	unsigned long flags;
	unsigned int old;

	uart_port_lock_irqsave(port, &flags);
	old = port->mctrl;
	port->mctrl = (old & ~clear) | set;
	if (port->mctrl != old && !tty_port_suspended(&port->state->port))
		port->ops->set_mctrl(port, port->mctrl);
	uart_port_unlock_irqrestore(port, flags);
}

static void uart_dtr_rts(struct tty_port *tport, bool active)
{
	struct uart_port *port = uart_state_of_port(tport)->uart_port;
	unsigned int lines_on = TIOCM_DTR | TIOCM_RTS;

	if (port)
		update_mctrl(port, active ? lines_on : 0, active ? 0 : lines_on);
}

static int uart_tiocmget(struct tty_struct *tty)
{
	struct uart_port *port = port_of(tty);
	unsigned long flags;
	int lines_on = -EIO;

	if (!port)
		return -EIO;
	uart_port_lock_irqsave(port, &flags);
	if (powered(port))
		lines_on = port->mctrl | port->ops->get_mctrl(port);
	uart_port_unlock_irqrestore(port, flags);
	return lines_on;
}

static int uart_tiocmset(struct tty_struct *tty, unsigned int set, unsigned int clear)
{
	struct uart_port *port = port_of(tty);

	if (!port)
		return -EIO;
	update_mctrl(port, set, clear);
	return 0;
}

static int uart_break_ctl(struct tty_struct *tty, int state)
{
	struct uart_port *port = port_of(tty);

	if (!port || !powered(port))
		return -EIO;
	if (port->ops->break_ctl)
		port->ops->break_ctl(port, state);
	return 0;
}

static void flow_in(struct tty_struct *tty, bool stop)
{
	struct uart_port *port = port_of(tty);

	if (!port)
		return;
	if (I_IXOFF(tty))
		uart_send_xchar(tty, stop ? STOP_CHAR(tty) : START_CHAR(tty));
	if (C_CRTSCTS(tty))
		update_mctrl(port, stop ? 0 : TIOCM_RTS, stop ? TIOCM_RTS : 0);
}

static void uart_throttle(struct tty_struct *tty)
{
	flow_in(tty, true);
}

static void uart_unthrottle(struct tty_struct *tty)
{
	flow_in(tty, false);
}

/*
 * Settings
 */

void uart_update_timeout(struct uart_port *port, unsigned int cflag, unsigned int baud)
{
	port->frame_time = div64_u64((u64)tty_get_frame_size(cflag) * NSEC_PER_SEC,
				     max(baud, 1u));
}

/*
 * The speed that was asked for, if the port can do it; or else the old one, or
 * else the nearest. The settings then say what was taken. 0 means hang up, which
 * no divisor does: 9600.
 */
unsigned int uart_get_baud_rate(struct uart_port *port, struct ktermios *termios,
				const struct ktermios *old, unsigned int min, unsigned int max)
{
	unsigned int baud = tty_termios_baud_rate(termios);
	bool hangup = !baud;

	if ((port->flags & UPF_SPD_MASK) == UPF_SPD_CUST && baud == 38400)
		return baud;
	if (hangup)
		baud = 9600;
	if (baud >= min && baud <= max)
		return baud;
	if (old) {
		baud = tty_termios_baud_rate(old);
		if (baud < min || baud > max || !baud)
			old = NULL;
	}
	if (!old)
		baud = tty_termios_baud_rate(termios) > max ? max : max_t(unsigned int, min, 1);
	if (!hangup)
		tty_termios_encode_baud_rate(termios, baud, baud);
	return baud;
}

unsigned int uart_get_divisor(struct uart_port *port, unsigned int baud)
{
	if (baud == 38400 && (port->flags & UPF_SPD_MASK) == UPF_SPD_CUST)
		return port->custom_divisor;
	return DIV_ROUND_CLOSEST(port->uartclk, 16 * baud);
}

static void heed_cts(struct uart_port *port, unsigned int cflag)
{
	bool was = port->hw_stopped;
	unsigned long flags;

	uart_port_lock_irqsave(port, &flags);
	if (cflag & CRTSCTS)
		port->status |= UPSTAT_CTS_ENABLE;
	else
		port->status &= ~UPSTAT_CTS_ENABLE;
	if (cflag & CLOCAL)
		port->status &= ~UPSTAT_DCD_ENABLE;
	else
		port->status |= UPSTAT_DCD_ENABLE;
	port->hw_stopped = uart_softcts_mode(port) &&
			   !(port->ops->get_mctrl(port) & TIOCM_CTS);
	if (was && !port->hw_stopped)
		port->ops->start_tx(port);
	else if (!was && port->hw_stopped)
		port->ops->stop_tx(port);
	uart_port_unlock_irqrestore(port, flags);
}

/* With the tty_port's mutex; the port is powered. */
static void apply_termios(struct uart_port *port, struct ktermios *termios,
			  const struct ktermios *old)
{
	port->ops->set_termios(port, termios, old);
	heed_cts(port, termios->c_cflag);
}

static void uart_set_termios(struct tty_struct *tty, const struct ktermios *old)
{
	struct uart_state *state = uart_state_of(tty);
	struct uart_port *port = state->uart_port;
	tcflag_t cflag = tty->termios.c_cflag;

	mutex_lock(&state->port.mutex);
	if (port && powered(port)) {
		apply_termios(port, &tty->termios, old);
		if ((old->c_cflag & CBAUD) && !(cflag & CBAUD))
			update_mctrl(port, 0, TIOCM_RTS | TIOCM_DTR);
		else if (!(old->c_cflag & CBAUD) && (cflag & CBAUD))
			update_mctrl(port, TIOCM_DTR | (tty_throttled(tty) ? 0 : TIOCM_RTS), 0);
	}
	mutex_unlock(&state->port.mutex);
}

static void uart_set_ldisc(struct tty_struct *tty)
{
	struct uart_state *state = uart_state_of(tty);
	struct uart_port *port = state->uart_port;

	mutex_lock(&state->port.mutex);
	if (port && powered(port) && port->ops->set_ldisc)
		port->ops->set_ldisc(port, &tty->termios);
	mutex_unlock(&state->port.mutex);
}

/*
 * Opening and closing
 */

static void change_pm(struct uart_state *state, enum uart_pm_state to)
{
	struct uart_port *port = state->uart_port;

	if (state->pm_state == to)
		return;
	if (port && port->ops->pm)
		port->ops->pm(port, to, state->pm_state);
	state->pm_state = to;
}

static int uart_activate(struct tty_port *tport, struct tty_struct *tty)
{
	struct uart_state *state = uart_state_of_port(tport);
	struct uart_port *port = state->uart_port;
	int err;

	if (!port || port->flags & UPF_DEAD || port->type == PORT_UNKNOWN)
		return -ENXIO;
	err = tty_port_alloc_xmit_buf(tport);
	if (err)
		return err;
	state->xmit.buf = (char *)tport->xmit_buf;
	uart_circ_clear(&state->xmit);
	tport->buf.counter = &port->icount.rx;
	change_pm(state, UART_PM_STATE_ON);
	err = port->ops->startup(port);
	if (err) {
		change_pm(state, UART_PM_STATE_OFF);
		return err;
	}
	apply_termios(port, &tty->termios, NULL);
	return 0;
}

static void uart_tty_port_shutdown(struct tty_port *tport)
{
	struct uart_state *state = uart_state_of_port(tport);
	struct uart_port *port = state->uart_port;
	unsigned long flags;

	if (!port)
		return;
	uart_port_lock_irqsave(port, &flags);
	if (!tty_port_suspended(tport))
		port->ops->stop_rx(port);
	port->x_char = 0;
	port->hw_stopped = false;
	uart_port_unlock_irqrestore(port, flags);
	if (!tty_port_suspended(tport))
		port->ops->shutdown(port);
	tty_port_set_suspended(tport, false);
	synchronize_irq(port->irq);

	uart_port_lock_irqsave(port, &flags);
	uart_circ_clear(&state->xmit);
	state->xmit.buf = NULL;
	uart_port_unlock_irqrestore(port, flags);
	tty_port_free_xmit_buf(tport);
	change_pm(state, UART_PM_STATE_OFF);
}

static const struct tty_port_operations uart_port_ops = {
	.dtr_rts = uart_dtr_rts,
	.activate = uart_activate,
	.shutdown = uart_tty_port_shutdown,
};

static int uart_open(struct tty_struct *tty, struct file *file)
{
	return tty_port_open(tty->port, tty, file);
}

static void uart_close(struct tty_struct *tty, struct file *file)
{
	tty_port_close(tty->port, tty, file);
}

static void uart_hangup(struct tty_struct *tty)
{
	tty_port_hangup(tty->port);
}

static const struct tty_operations uart_ops = {
	.open = uart_open,
	.close = uart_close,
	.write = uart_write,
	.write_room = uart_write_room,
	.chars_in_buffer = uart_chars_in_buffer,
	.flush_buffer = uart_flush_buffer,
	.set_termios = uart_set_termios,
	.set_ldisc = uart_set_ldisc,
	.stop = uart_stop,
	.start = uart_start,
	.throttle = uart_throttle,
	.unthrottle = uart_unthrottle,
	.send_xchar = uart_send_xchar,
	.break_ctl = uart_break_ctl,
	.wait_until_sent = uart_wait_until_sent,
	.hangup = uart_hangup,
	.tiocmget = uart_tiocmget,
	.tiocmset = uart_tiocmset,
};

/*
 * Suspend and resume
 */

static void wait_for_shifter(struct uart_port *port)
{
	int tries;

	for (tries = 0; tries < SUSPEND_TRIES && !port->ops->tx_empty(port); tries++)
		msleep(SUSPEND_WAIT_MS);
	if (tries == SUSPEND_TRIES)
		dev_err(port->dev, "%s: transmitter still busy at suspend\n", port->name);
}

/* What is to be sent waits for uart_resume_port(). */
int uart_suspend_port(struct uart_driver *driver, struct uart_port *port)
{
	struct tty_port *tport = &state_at(driver, port->line)->port;
	unsigned long flags;

	mutex_lock(&tport->mutex);
	if (tty_port_initialized(tport) && !tty_port_suspended(tport)) {
		uart_port_lock_irqsave(port, &flags);
		port->ops->stop_tx(port);
		port->ops->set_mctrl(port, 0);
		port->ops->stop_rx(port);
		uart_port_unlock_irqrestore(port, flags);
		wait_for_shifter(port);
		uart_port_lock_irqsave(port, &flags);
		tty_port_set_suspended(tport, true);
		uart_port_unlock_irqrestore(port, flags);
		port->ops->shutdown(port);
	}
	port->suspended = true;
	change_pm(port->state, UART_PM_STATE_OFF);
	mutex_unlock(&tport->mutex);
	return 0;
}

static int restart(struct uart_port *port, struct tty_struct *tty)
{
	unsigned long flags;
	int err;

	err = port->ops->startup(port);
	if (err)
		return err;
	uart_port_lock_irqsave(port, &flags);
	tty_port_set_suspended(&port->state->port, false);
	port->ops->set_mctrl(port, port->mctrl);
	uart_port_unlock_irqrestore(port, flags);
	apply_termios(port, &tty->termios, NULL);
	uart_port_lock_irqsave(port, &flags);
	if (port->x_char || !uart_circ_empty(&port->state->xmit))
		kick_tx(port);
	uart_port_unlock_irqrestore(port, flags);
	return 0;
}

int uart_resume_port(struct uart_driver *driver, struct uart_port *port)
{
	struct tty_port *tport = &state_at(driver, port->line)->port;
	struct tty_struct *tty = tty_port_tty_get(tport);
	int err = 0;

	mutex_lock(&tport->mutex);
	if (tty && tty_port_suspended(tport)) {
		change_pm(port->state, UART_PM_STATE_ON);
		err = restart(port, tty);
	}
	port->suspended = false;
	mutex_unlock(&tport->mutex);
	/* A port that does not come back is as good as unplugged. */
	if (err)
		tty_vhangup(tty);
	tty_kref_put(tty);
	return 0;
}

/*
 * Registration
 */

static int alloc_tty(struct uart_driver *driver)
{
	struct tty_driver *tty = tty_alloc_driver(driver->nr, TTY_DRIVER_REAL_RAW |
						  TTY_DRIVER_DYNAMIC_DEV);
	int err;

	if (IS_ERR(tty))
		return PTR_ERR(tty);
	tty->owner = driver->owner;
	tty->driver_name = driver->driver_name;
	tty->name = driver->dev_name;
	tty->major = driver->major;
	tty->minor_start = driver->minor;
	tty->type = TTY_DRIVER_TYPE_SERIAL;
	tty->subtype = SERIAL_TYPE_NORMAL;
	tty->init_termios = tty_std_termios;
	tty->init_termios.c_cflag = B9600 | CS8 | CREAD | HUPCL | CLOCAL;
	tty->init_termios.c_ispeed = 9600;
	tty->init_termios.c_ospeed = 9600;
	tty->driver_state = driver;
	tty_set_operations(tty, &uart_ops);
	err = tty_register_driver(tty);
	if (err)
		tty_driver_kref_put(tty);
	else
		driver->tty_driver = tty;
	return err;
}

static void line_init(struct uart_line *line)
{
	tty_port_init(&line->state.port);
	line->state.port.ops = &uart_port_ops;
	line->state.pm_state = UART_PM_STATE_UNDEFINED;
	init_waitqueue_head(&line->poll);
	tasklet_setup(&line->wakeup, wakeup_tasklet);
	spin_lock_bh(&lines_lock);
	list_add_tail(&line->list, &lines);
	spin_unlock_bh(&lines_lock);
}

static void line_exit(struct uart_line *line)
{
	spin_lock_bh(&lines_lock);
	list_del(&line->list);
	spin_unlock_bh(&lines_lock);
	tasklet_kill(&line->wakeup);
	tty_port_destroy(&line->state.port);
}

int uart_register_driver(struct uart_driver *driver)
{
	struct uart_line *line;
	int i, err;

	line = kcalloc(driver->nr, sizeof(*line), GFP_KERNEL);
	if (!line)
		return -ENOMEM;
	driver->state = &line->state;
	for (i = 0; i < driver->nr; i++)
		line_init(&line[i]);
	err = alloc_tty(driver);
	if (!err)
		return 0;
	for (i = 0; i < driver->nr; i++)
		line_exit(&line[i]);
	kfree(line);
	driver->state = NULL;
	return err;
}

void uart_unregister_driver(struct uart_driver *driver)
{
	struct uart_line *line = (struct uart_line *)driver->state;
	int i;

	tty_unregister_driver(driver->tty_driver);
	for (i = 0; i < driver->nr; i++)
		line_exit(&line[i]);
	tty_driver_kref_put(driver->tty_driver);
	kfree(line);
	driver->state = NULL;
	driver->tty_driver = NULL;
}

const char *uart_type(struct uart_port *port)
{
	return (port->ops->type ? port->ops->type(port) : NULL) ?: "unknown";
}

static void configure_port(struct uart_driver *driver, struct uart_state *state,
			   struct uart_port *port)
{
	unsigned long flags;

	if (!port->iobase && !port->mapbase && !port->membase)
		return;
	if (port->flags & UPF_BOOT_AUTOCONF) {
		port->type = PORT_UNKNOWN;
		port->ops->config_port(port, UART_CONFIG_TYPE);
	}
	if (port->type == PORT_UNKNOWN)
		return;
	dev_info(port->dev, "%s at MMIO 0x%llx (irq = %u, base_baud = %u) is a %s\n",
		 port->name, (unsigned long long)port->mapbase, port->irq, port->uartclk / 16,
		 uart_type(port));
	change_pm(state, UART_PM_STATE_ON);
	uart_port_lock_irqsave(port, &flags);
	port->mctrl &= TIOCM_DTR;
	port->ops->set_mctrl(port, port->mctrl);
	uart_port_unlock_irqrestore(port, flags);
	if (port->cons && !console_is_registered(port->cons))
		register_console(port->cons);
	if (!uart_console(port))
		change_pm(state, UART_PM_STATE_OFF);
}

static int attach_port(struct uart_driver *driver, struct uart_state *state,
		       struct uart_port *port)
{
	struct device *dev;

	if (state->uart_port)
		return -EINVAL;
	port->name = kasprintf(GFP_KERNEL, "%s%u", driver->dev_name,
			       driver->tty_driver->name_base + port->line);
	if (!port->name)
		return -ENOMEM;
	spin_lock_init(&port->lock);
	port->state = state;
	port->cons = driver->cons;
	port->minor = driver->minor + port->line;
	state->uart_port = port;
	state->pm_state = UART_PM_STATE_UNDEFINED;
	configure_port(driver, state, port);
	dev = tty_port_register_device(&state->port, driver->tty_driver, port->line, port->dev);
	if (IS_ERR(dev))
		dev_err(port->dev, "%s: cannot register a terminal: %ld\n", port->name,
			PTR_ERR(dev));
	return PTR_ERR_OR_ZERO(dev);
}

static void detach_port(struct uart_state *state, struct uart_port *port)
{
	if (uart_console(port))
		unregister_console(port->cons);
	if (port->type != PORT_UNKNOWN && port->ops->release_port)
		port->ops->release_port(port);
	port->type = PORT_UNKNOWN;
	kfree(port->name);
	port->name = NULL;
	state->uart_port = NULL;
}

int uart_add_one_port(struct uart_driver *driver, struct uart_port *port)
{
	struct uart_state *state;
	int err;

	if (port->line >= (unsigned int)driver->nr)
		return -EINVAL;
	state = state_at(driver, port->line);
	mutex_lock(&state->port.mutex);
	err = attach_port(driver, state, port);
	if (err && state->uart_port == port)
		detach_port(state, port);
	mutex_unlock(&state->port.mutex);
	return err;
}

void uart_remove_one_port(struct uart_driver *driver, struct uart_port *port)
{
	struct uart_state *state = state_at(driver, port->line);
	struct tty_struct *tty;

	mutex_lock(&state->port.mutex);
	port->flags |= UPF_DEAD;
	mutex_unlock(&state->port.mutex);
	tty_port_unregister_device(&state->port, driver->tty_driver, port->line);
	tty = tty_port_tty_get(&state->port);
	if (tty)
		tty_vhangup(tty);
	tty_kref_put(tty);

	/* Who closes it asks it what there is to send. */
	tty_port_settle(&state->port);
	mutex_lock(&state->port.mutex);
	detach_port(state, port);
	mutex_unlock(&state->port.mutex);
	wake_up(&line_of(state)->poll);
}

/*
 * Consoles of serial drivers
 */

void uart_console_write(struct uart_port *port, const char *text, unsigned int count,
			void (*putchar)(struct uart_port *port, unsigned char ch))
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (text[i] == '\n')
			putchar(port, '\r');
		putchar(port, text[i]);
	}
}

struct tty_driver *uart_console_device(struct console *console, int *index)
{
	struct uart_driver *driver = console->data;

	*index = console->index;
	return driver->tty_driver;
}

/* Like "115200n8r": what is not there stays as it was. */
void uart_parse_options(const char *options, int *baud, int *parity, int *bits, int *flow)
{
	char *end;

	*baud = simple_strtoul(options, &end, 10);
	if (*end)
		*parity = *end++;
	if (*end)
		*bits = *end++ - '0';
	if (*end)
		*flow = *end;
}

int uart_set_options(struct uart_port *port, struct console *console, int baud, int parity,
		     int bits, int flow)
{
	static const tcflag_t sizes[] = { CS5, CS6, CS7, CS8 };
	struct ktermios termios = { .c_cflag = CREAD | HUPCL | CLOCAL };

	if (bits < 5 || bits > 8)
		bits = 8;
	termios.c_cflag |= sizes[bits - 5];
	tty_termios_encode_baud_rate(&termios, baud, baud);
	if (parity == 'o' || parity == 'O')
		termios.c_cflag |= PARENB | PARODD;
	else if (parity == 'e' || parity == 'E')
		termios.c_cflag |= PARENB;
	if (flow == 'r')
		termios.c_cflag |= CRTSCTS;
	port->mctrl |= TIOCM_DTR;
	port->ops->set_termios(port, &termios, NULL);
	if (console) {
		console->cflag = termios.c_cflag;
		console->ispeed = baud;
		console->ospeed = baud;
	}
	return 0;
}
