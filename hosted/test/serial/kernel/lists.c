// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that a serial driver and the serial core of a kernel call, one
 * by one, with a driver of nothing. Each check returns the line that failed.
 */
#include <linux/amba/bus.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/serial_core.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tty.h>
#include <linux/tty_flip.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "class/tty.h"
#include "kit/bus.h"
#include "kit/serial.h"
#include "test/serial/lists.h"

#define PATIENCE	60000	/* milliseconds */

#define CHECK(condition) do { if (!(condition)) return __LINE__; } while (0)

/*
 * A driver of nothing
 */

static struct {
	unsigned int started, stopped, rx_stopped, mctrl, breaks, flushed, requested, ms_on;
	unsigned int settings, open, cts;
	bool full;			/* nothing is sent */
} fake;

static struct uart_port fake_port;

static unsigned int fake_tx_empty(struct uart_port *port)
{
	return uart_circ_empty(&port->state->xmit) ? TIOCSER_TEMT : 0;
}

static void fake_set_mctrl(struct uart_port *port, unsigned int mctrl)
{
	fake.mctrl = mctrl;
}

static unsigned int fake_get_mctrl(struct uart_port *port)
{
	return TIOCM_CAR | fake.cts;
}

static void fake_stop_tx(struct uart_port *port)
{
	fake.stopped++;
}

static void fake_start_tx(struct uart_port *port)
{
	u8 ch;

	fake.started++;
	if (!fake.full)
		uart_port_tx(port, ch, true, ({ (void)ch; }));
}

static void fake_stop_rx(struct uart_port *port)
{
	fake.rx_stopped++;
}

static void fake_break_ctl(struct uart_port *port, int state)
{
	fake.breaks += state == -1;
}

static int fake_startup(struct uart_port *port)
{
	fake.open++;
	return 0;
}

static void fake_shutdown(struct uart_port *port)
{
	fake.open--;
}

static void fake_flush_buffer(struct uart_port *port)
{
	fake.flushed++;
}

static void fake_set_termios(struct uart_port *port, struct ktermios *new,
			     const struct ktermios *old)
{
	unsigned int baud = uart_get_baud_rate(port, new, old, 0, 115200);

	fake.settings++;
	uart_update_timeout(port, new->c_cflag, baud);
}

static void fake_release(struct uart_port *port)
{
	fake.requested--;
}

static void fake_config(struct uart_port *port, int flags)
{
	fake.requested++;
	port->type = PORT_AMBA;
}

static const struct uart_ops fake_ops = {
	.tx_empty = fake_tx_empty, .set_mctrl = fake_set_mctrl, .get_mctrl = fake_get_mctrl,
	.stop_tx = fake_stop_tx, .start_tx = fake_start_tx, .stop_rx = fake_stop_rx,
	.break_ctl = fake_break_ctl, .startup = fake_startup, .shutdown = fake_shutdown,
	.flush_buffer = fake_flush_buffer, .set_termios = fake_set_termios,
	.release_port = fake_release, .config_port = fake_config,
};

static struct uart_driver fake_driver = {
	.owner = THIS_MODULE, .driver_name = "fake", .dev_name = "ttyF", .major = 204,
	.minor = 64, .nr = 2,
};

static struct device fake_device;

static void fake_device_release(struct device *dev)
{
}

static int fake_begin(void)
{
	int err;

	memset(&fake, 0, sizeof(fake));
	memset(&fake_port, 0, sizeof(fake_port));
	memset(&fake_device, 0, sizeof(fake_device));
	fake_device.init_name = "fake";
	fake_device.release = fake_device_release;
	fake_port.ops = &fake_ops;
	fake_port.mapbase = 0x1000;
	fake_port.flags = UPF_BOOT_AUTOCONF;
	fake_port.uartclk = 1843200;
	fake_port.fifosize = 16;
	fake_port.dev = &fake_device;
	err = device_register(&fake_device);
	if (!err)
		err = uart_register_driver(&fake_driver);
	return err ?: uart_add_one_port(&fake_driver, &fake_port);
}

static void fake_end(void)
{
	uart_remove_one_port(&fake_driver, &fake_port);
	uart_unregister_driver(&fake_driver);
	device_unregister(&fake_device);
}

/*
 * Ports
 */

int list_uart_registration(void)
{
	struct uart_port second = { .line = 2 };

	CHECK(!fake_begin());
	CHECK(fake.requested == 1);
	CHECK(fake_driver.state && fake_driver.tty_driver);
	CHECK(!strcmp(fake_port.name, "ttyF0"));
	CHECK(uart_add_one_port(&fake_driver, &second) == -EINVAL);
	second.line = 0;
	CHECK(uart_add_one_port(&fake_driver, &second) == -EINVAL);
	fake_end();
	CHECK(fake.requested == 0 && !fake_driver.state);
	CHECK(fake_port.type == PORT_UNKNOWN);
	return 0;
}

int list_uart_speeds(void)
{
	struct ktermios t = tty_std_termios, old = tty_std_termios;
	struct uart_port port = { .uartclk = 14745600 };

	tty_termios_encode_baud_rate(&t, 9600, 9600);
	CHECK(tty_termios_baud_rate(&t) == 9600 && (t.c_cflag & CBAUD) == B9600);
	CHECK(uart_get_baud_rate(&port, &t, NULL, 0, 921600) == 9600);
	CHECK(uart_get_divisor(&port, 9600) == 96);
	CHECK(uart_get_divisor(&port, 115200) == 8);
	CHECK(uart_get_divisor(&port, 14400) == 64);
	/* Too fast: the old speed, or without one the fastest. */
	tty_termios_encode_baud_rate(&t, 4000000, 4000000);
	tty_termios_encode_baud_rate(&old, 1200, 1200);
	CHECK(uart_get_baud_rate(&port, &t, &old, 0, 921600) == 1200);
	CHECK(tty_termios_baud_rate(&t) == 1200);
	tty_termios_encode_baud_rate(&t, 4000000, 4000000);
	CHECK(uart_get_baud_rate(&port, &t, NULL, 0, 921600) == 921600);
	tty_termios_encode_baud_rate(&t, 50, 50);
	CHECK(uart_get_baud_rate(&port, &t, NULL, 300, 921600) == 300);
	/* 0 hangs up; the divisor must not. */
	tty_termios_encode_baud_rate(&t, 0, 0);
	CHECK(uart_get_baud_rate(&port, &t, NULL, 0, 921600) == 9600);
	CHECK((t.c_cflag & CBAUD) == B0);
	/* A speed that has no name */
	tty_termios_encode_baud_rate(&t, 31250, 31250);
	CHECK((t.c_cflag & CBAUD) == BOTHER && tty_termios_baud_rate(&t) == 31250);
	port.flags = UPF_SPD_CUST;
	port.custom_divisor = 77;
	CHECK(uart_get_divisor(&port, 38400) == 77);
	/* 8N1: 10 bits; 7E2: 11 */
	uart_update_timeout(&port, CS8, 9600);
	CHECK(port.frame_time == 1041666 || port.frame_time == 1041667);
	uart_update_timeout(&port, CS7 | PARENB | CSTOPB, 1000);
	CHECK(port.frame_time == 11000000);
	return 0;
}

static struct tty_file *open_fake(void)
{
	struct tty_file *file = tty_file_open(0, &fake);

	return IS_ERR(file) ? NULL : file;
}

int list_uart_suspend_resume(void)
{
	struct tty_file *file;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file && fake.open == 1);
	CHECK(!uart_suspend_port(&fake_driver, &fake_port));
	CHECK(!fake.open && fake_port.suspended && fake.mctrl == 0);
	fake.started = 0;
	CHECK(file->tty->ops->write(file->tty, "abc", 3) == 3);
	CHECK(!fake.started);
	CHECK(!uart_resume_port(&fake_driver, &fake_port));
	CHECK(fake.open == 1 && !fake_port.suspended && fake.started);
	CHECK(fake.mctrl == (TIOCM_DTR | TIOCM_RTS));
	CHECK(fake_port.icount.tx == 3);
	tty_file_close(file);
	fake_end();
	return 0;
}

static int woken;

static int count_wake(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	WRITE_ONCE(woken, woken + 1);
	return 0;
}

int list_uart_write_wakeup(void)
{
	struct tty_file *file;
	wait_queue_entry_t wait;
	int tries;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	init_waitqueue_func_entry(&wait, count_wake);
	add_wait_queue(&file->tty->write_wait, &wait);
	woken = 0;
	uart_write_wakeup(&fake_port);
	for (tries = 0; !READ_ONCE(woken) && tries < PATIENCE; tries++)
		msleep(1);
	CHECK(woken);
	remove_wait_queue(&file->tty->write_wait, &wait);
	tty_file_close(file);
	fake_end();
	return 0;
}

/* Break and modem lines; each wakes who waits. */
int list_uart_handle(void)
{
	struct tty_file *file;
	struct tty_port *port;
	wait_queue_entry_t wait;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	port = file->tty->port;
	init_waitqueue_func_entry(&wait, count_wake);
	add_wait_queue(&port->delta_msr_wait, &wait);
	woken = 0;
	uart_port_lock_irq(&fake_port);
	CHECK(!uart_handle_break(&fake_port) && woken == 1);
	uart_handle_dcd_change(&fake_port, true);
	CHECK(woken == 2 && fake_port.icount.dcd == 1);
	/* Without CRTSCTS, CTS is counted only. */
	uart_handle_cts_change(&fake_port, false);
	CHECK(fake_port.icount.cts == 1 && !fake_port.hw_stopped);
	fake_port.status |= UPSTAT_CTS_ENABLE;
	fake.stopped = 0;
	fake.started = 0;
	uart_handle_cts_change(&fake_port, false);
	CHECK(fake_port.hw_stopped && fake.stopped == 1);
	uart_handle_cts_change(&fake_port, true);
	CHECK(!fake_port.hw_stopped && fake.started == 1);
	uart_port_unlock_irq(&fake_port);
	remove_wait_queue(&port->delta_msr_wait, &wait);
	tty_file_close(file);
	fake_end();
	return 0;
}

static void answered(struct serial_call *call)
{
}

int list_uart_optional_ops(void)
{
	static struct serial_call call = { .request.op = SERIAL_INFO, .done = answered };
	struct uart_ops ops = fake_ops;
	struct tty_file *file;

	ops.type = NULL;
	ops.break_ctl = NULL;
	CHECK(!fake_begin());
	fake_port.ops = &ops;
	serial_call(&call);
	CHECK(!call.reply.status);
	CHECK(!strcmp(((struct serial_info *)call.reply.data)->type, "unknown"));
	file = open_fake();
	CHECK(file && !file->tty->ops->break_ctl(file->tty, -1));
	tty_file_close(file);
	fake_end();
	return 0;
}

int list_uart_insert_char(void)
{
	struct tty_file *file;
	u8 chars[8], flags[8];
	u32 seen;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	uart_port_lock_irq(&fake_port);
	fake_port.ignore_status_mask = 4;
	uart_insert_char(&fake_port, 0, 8, 'a', TTY_NORMAL);
	uart_insert_char(&fake_port, 4, 8, 'b', TTY_BREAK);	/* ignored */
	uart_insert_char(&fake_port, 8, 8, 'c', TTY_NORMAL);	/* and an overrun */
	CHECK(!tty_buffer_used(file->tty->port));
	tty_flip_buffer_push(file->tty->port);
	uart_port_unlock_irq(&fake_port);
	CHECK(tty_buffer_take(file->tty->port, chars, flags, 8, &seen) == 3);
	CHECK(chars[0] == 'a' && chars[1] == 'c' && flags[2] == TTY_OVERRUN);
	tty_file_close(file);
	fake_end();
	return 0;
}

int list_flip(void)
{
	static const u8 text[] = "text", marks[] = { 0, TTY_PARITY, 0, TTY_FRAME };
	struct tty_file *file;
	u8 chars[8], flags[8];
	u32 seen;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	CHECK(tty_insert_flip_string_flags(file->tty->port, text, marks, 4) == 4);
	CHECK(tty_insert_flip_string(file->tty->port, text, 2) == 2);
	CHECK(tty_insert_flip_char(file->tty->port, '!', TTY_BREAK) == 1);
	tty_flip_buffer_push(file->tty->port);
	CHECK(tty_buffer_take(file->tty->port, chars, flags, 8, &seen) == 7);
	CHECK(!memcmp(chars, "textte!", 7));
	CHECK(flags[1] == TTY_PARITY && flags[3] == TTY_FRAME && flags[6] == TTY_BREAK);
	CHECK(tty_insert_flip_string(file->tty->port, text, 4) == 4);
	tty_flip_buffer_push(file->tty->port);
	tty_ldisc_flush(file->tty);
	CHECK(!tty_buffer_used(file->tty->port));
	tty_file_close(file);
	fake_end();
	return 0;
}

/*
 * Terminals
 */

int list_tty_drivers(void)
{
	static const struct tty_operations ops = { .open = NULL };
	struct tty_driver *driver = alloc_tty_driver(3);
	long registered = kit_balance(KIT_WHAT_REGISTRATION);
	struct device *dev;

	CHECK(driver && driver->num == 3);
	driver->name = "ttyT";
	driver->driver_name = "test";
	driver->major = 205;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &ops);
	CHECK(driver->ops == &ops);
	CHECK(!tty_register_driver(driver));
	CHECK(kit_balance(KIT_WHAT_REGISTRATION) == registered + 1);
	dev = tty_register_device(driver, 1, NULL);
	CHECK(!IS_ERR(dev) && !strcmp(dev_name(dev), "ttyT1"));
	CHECK(IS_ERR(tty_register_device(driver, 3, NULL)));
	tty_unregister_device(driver, 1);
	tty_unregister_driver(driver);
	CHECK(kit_balance(KIT_WHAT_REGISTRATION) == registered);
	put_tty_driver(driver);
	CHECK(!alloc_tty_driver(0));
	return 0;
}

int list_tty_termios(void)
{
	struct ktermios t = tty_std_termios;

	CHECK(tty_termios_baud_rate(&t) == 38400);
	CHECK((t.c_cflag & CSIZE) == CS8 && t.c_cflag & CREAD && t.c_lflag & ICANON);
	tty_termios_encode_baud_rate(&t, 1200, 9600);
	CHECK(tty_termios_baud_rate(&t) == 9600 && t.c_ispeed == 1200);
	CHECK(tty_get_char_size(CS5) == 5 && tty_get_char_size(CS8) == 8);
	return 0;
}

int list_tty_names_and_hangup(void)
{
	struct tty_file *file, *other;
	struct tty_struct *tty;

	CHECK(!strcmp(tty_name(NULL), "NULL tty"));
	CHECK(!fake_begin());
	file = open_fake();
	other = tty_file_open(0, &fake_port);
	CHECK(file && !IS_ERR(other));
	tty = file->tty;
	CHECK(other->tty == tty && !strcmp(tty_name(tty), "ttyF0"));
	CHECK(!tty_hung_up_p(&file->file));
	tty_vhangup(tty);
	CHECK(tty_hung_up_p(&file->file) && tty_hung_up_p(&other->file));
	CHECK(!fake.open && fake.flushed == 1);
	tty_file_close(file);
	tty_file_close(other);
	/* Afterwards it can be opened again. */
	file = open_fake();
	CHECK(file && fake.open == 1);
	tty_file_close(file);
	CHECK(!fake.open);
	fake_end();
	return 0;
}

int list_tty_wait_until_sent(void)
{
	struct tty_file *file;
	unsigned long start;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	fake.full = true;
	CHECK(file->tty->ops->write(file->tty, "abc", 3) == 3);
	CHECK(tty_chars_in_buffer(file->tty) == 3);
	CHECK(file->tty->ops->write_room(file->tty) == UART_XMIT_SIZE - 1 - 3);
	start = jiffies;
	tty_wait_until_sent(file->tty, msecs_to_jiffies(20));
	CHECK(jiffies_to_msecs(jiffies - start) >= 19);
	fake.full = false;
	uart_port_lock_irq(&fake_port);
	fake_start_tx(&fake_port);
	uart_port_unlock_irq(&fake_port);
	tty_wait_until_sent(file->tty, 0);
	CHECK(!tty_chars_in_buffer(file->tty));
	tty_file_close(file);
	fake_end();
	return 0;
}

/* The work has seen a full buffer when that is discarded, and has not throttled yet. */
int list_tty_throttle_while_discarded(void)
{
	struct tty_file *file;
	struct tty_struct *tty;
	int i;

	CHECK(!fake_begin());
	file = open_fake();
	CHECK(file);
	tty = file->tty;
	mutex_lock(&tty->throttle_mutex);
	for (i = 0; i < TTY_BUFFER_SIZE; i++)
		tty_insert_flip_char(tty->port, 'x', TTY_NORMAL);
	tty_flip_buffer_push(tty->port);
	msleep(20);
	tty_ldisc_flush(tty);
	mutex_unlock(&tty->throttle_mutex);
	/* It may queue itself once more. */
	flush_work(&tty->throttle_work);
	flush_work(&tty->throttle_work);
	CHECK(!tty_throttled(tty));
	tty_file_close(file);
	fake_end();
	return 0;
}

static unsigned int console_chars;

static void console_take(struct console *console, const char *text, unsigned int count)
{
	console_chars += count;
}

int list_console(void)
{
	static struct console console = { .name = "ttyF", .write = console_take, .index = -1 };
	int baud = 0, parity = 0, bits = 0, flow = 0;

	kit_console_select("ttyF1");
	CHECK(!console_is_registered(&console));
	register_console(&console);
	CHECK(console_is_registered(&console) && console.index == 1);
	CHECK(kit_console_write("abc", 3) == 1 && console_chars == 3);
	CHECK(!unregister_console(&console));
	CHECK(unregister_console(&console) == -ENODEV);
	kit_console_select(NULL);
	register_console(&console);
	CHECK(!console_is_registered(&console));
	uart_parse_options("115200e7r", &baud, &parity, &bits, &flow);
	CHECK(baud == 115200 && parity == 'e' && bits == 7 && flow == 'r');
	return 0;
}

/*
 * The bus
 */

static unsigned int probed, removed;

static int amba_fake_probe(struct amba_device *dev, const struct amba_id *id)
{
	probed++;
	return id->id == 0x041010 && dev->periphid == 0x41041010 &&
	       dev->res.start == 0x2000 && dev->irq[0] == 7 ? 0 : -EINVAL;
}

static void amba_fake_remove(struct amba_device *dev)
{
	removed++;
}

int list_amba_driver(void)
{
	static const struct amba_id ids[] = { { .id = 0x041010, .mask = 0x0fffff }, { } };
	struct amba_driver driver = { .drv.name = "fake-amba", .id_table = ids };
	static const struct kit_device ours = {
		.name = "ours", .id = 0x41041010, .phys = 0x2000, .size = 0x1000, .irqs = { 7 },
	}, other = { .name = "other", .id = 0x41041011 };

	CHECK(amba_driver_register(&driver) == -EINVAL);
	driver.probe = amba_fake_probe;
	driver.remove = amba_fake_remove;
	probed = 0;
	removed = 0;
	CHECK(!kit_amba_add(&ours) && !kit_amba_bound("ours"));
	CHECK(!amba_driver_register(&driver));
	CHECK(probed == 1 && kit_amba_bound("ours") == 1);
	CHECK(!kit_amba_add(&other) && probed == 1 && !kit_amba_bound("other"));
	amba_driver_unregister(&driver);
	CHECK(removed == 1 && !kit_amba_bound("ours"));
	CHECK(!kit_amba_remove("ours") && !kit_amba_remove("other"));
	CHECK(kit_amba_bound("ours") == -ENODEV && removed == 1);
	return 0;
}

/*
 * What else the serial core refers to
 */

static unsigned int ran;

static void run_tasklet(struct tasklet_struct *tasklet)
{
	WRITE_ONCE(ran, ran + 1);
}

int list_tasklets(void)
{
	struct tasklet_struct tasklet;
	int tries;

	ran = 0;
	tasklet_setup(&tasklet, run_tasklet);
	tasklet_schedule(&tasklet);
	for (tries = 0; !READ_ONCE(ran) && tries < PATIENCE; tries++)
		msleep(1);
	tasklet_kill(&tasklet);
	CHECK(ran == 1);
	return 0;
}

int list_time_and_sleep(void)
{
	unsigned long start = jiffies;

	CHECK(jiffies_to_msecs(msecs_to_jiffies(1500)) == 1500);
	msleep(5);
	CHECK(jiffies_to_msecs(jiffies - start) >= 4);
	CHECK(!msleep_interruptible(5));
	CHECK(jiffies_to_msecs(jiffies - start) >= 9);
	schedule();
	return 0;
}

int list_wait_queues(void)
{
	DECLARE_WAITQUEUE(wait, current);
	wait_queue_head_t queue;

	init_waitqueue_head(&queue);
	CHECK(wait.func == default_wake_function);
	add_wait_queue(&queue, &wait);
	CHECK(waitqueue_active(&queue));
	remove_wait_queue(&queue, &wait);
	CHECK(!waitqueue_active(&queue));
	return 0;
}

int list_mutexes(void)
{
	struct mutex mutex;	/* the one that is tried */

	mutex_init(&mutex);
	mutex_lock(&mutex);
	CHECK(mutex_is_locked(&mutex) && !mutex_trylock(&mutex));
	mutex_unlock(&mutex);
	CHECK(!mutex_lock_interruptible(&mutex));
	mutex_unlock(&mutex);
	return 0;
}

int list_memory(void)
{
	unsigned long page = get_zeroed_page(GFP_KERNEL);
	u32 word = 0, other = 7;
	char text[4];

	CHECK(page && !(page & (PAGE_SIZE - 1)) && !*(u32 *)page);
	free_pages(page, 0);
	CHECK(!copy_to_user((void __user *)&word, &other, sizeof(word)) && word == 7);
	CHECK(!put_user(9, (u32 __user *)&word) && word == 9);
	CHECK(!copy_from_user(&other, (void __user *)&word, sizeof(other)) && other == 9);
	CHECK(!__copy_to_user((void __user *)&word, &other, sizeof(word)));
	CHECK(!__copy_from_user(&other, (void __user *)&word, sizeof(other)));
	CHECK(strlcpy(text, "longer", sizeof(text)) == 6 && !strcmp(text, "lon"));
	memset(text, 0, sizeof(text));
	CHECK(!text[0]);
	return 0;
}

int list_misc(void)
{
	dump_stack();
	return 0;
}

/* Does not return. */
int list_bug(void)
{
	BUG();
	return 0;
}
