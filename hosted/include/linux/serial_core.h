/* SPDX-License-Identifier: GPL-2.0 */
/* Serial ports; class/serial.c */
#ifndef _LINUX_SERIAL_CORE_H
#define _LINUX_SERIAL_CORE_H

#include <linux/bitops.h>
#include <linux/circ_buf.h>
#include <linux/compiler.h>
#include <linux/console.h>
#include <linux/interrupt.h>
#include <linux/serial.h>
#include <linux/spinlock.h>
#include <linux/sched.h>
#include <linux/sysrq.h>
#include <linux/tty.h>
#include <linux/tty_flip.h>

#define PORT_UNKNOWN	0
#define PORT_AMBA	32

struct device;
struct uart_port;

struct uart_ops {
	unsigned int (*tx_empty)(struct uart_port *port);
	void (*set_mctrl)(struct uart_port *port, unsigned int mctrl);
	unsigned int (*get_mctrl)(struct uart_port *port);
	void (*stop_tx)(struct uart_port *port);
	void (*start_tx)(struct uart_port *port);
	void (*throttle)(struct uart_port *port);
	void (*unthrottle)(struct uart_port *port);
	void (*send_xchar)(struct uart_port *port, char ch);
	void (*stop_rx)(struct uart_port *port);
	void (*enable_ms)(struct uart_port *port);
	void (*break_ctl)(struct uart_port *port, int ctl);
	int (*startup)(struct uart_port *port);
	void (*shutdown)(struct uart_port *port);
	void (*flush_buffer)(struct uart_port *port);
	void (*set_termios)(struct uart_port *port, struct ktermios *new,
			    const struct ktermios *old);
	void (*set_ldisc)(struct uart_port *port, struct ktermios *termios);
	void (*pm)(struct uart_port *port, unsigned int state, unsigned int oldstate);
	const char *(*type)(struct uart_port *port);
	void (*release_port)(struct uart_port *port);
	int (*request_port)(struct uart_port *port);
	void (*config_port)(struct uart_port *port, int flags);
	int (*verify_port)(struct uart_port *port, struct serial_struct *serial);
};

#define UART_CONFIG_TYPE	(1 << 0)

struct uart_icount {
	__u32 cts, dsr, rng, dcd;
	__u32 rx, tx;
	__u32 frame, overrun, parity, brk;
	__u32 buf_overrun;
};

typedef u64 upf_t;
typedef unsigned int upstat_t;

struct uart_port {
	spinlock_t lock;
	unsigned long iobase;
	unsigned char __iomem *membase;
	unsigned int irq;
	unsigned long irqflags;
	unsigned int uartclk;
	unsigned int fifosize;
	unsigned char x_char;		/* goes before all others */
	unsigned char regshift;
	unsigned char iotype;
	unsigned int read_status_mask;	/* the driver's */
	unsigned int ignore_status_mask;
	struct uart_state *state;
	struct uart_icount icount;	/* protected by lock */
	struct console *cons;
	upf_t flags;
	upstat_t status;		/* protected by lock */
	bool hw_stopped;		/* CTS is off and is heeded */
	unsigned int mctrl;		/* lines that we drive */
	unsigned int frame_time;	/* ns */
	unsigned int type;
	const struct uart_ops *ops;
	unsigned int custom_divisor;
	unsigned int line;
	unsigned int minor;
	resource_size_t mapbase;
	resource_size_t mapsize;
	struct device *dev;
	unsigned long sysrq;
	unsigned char has_sysrq;
	unsigned char suspended;
	const char *name;
	void *private_data;
};

/* iotype */
#define UPIO_MEM		SERIAL_IO_MEM
#define UPIO_MEM32		SERIAL_IO_MEM32

/* flags */
#define UPF_SPD_MASK		((upf_t)0x1030)
#define UPF_SPD_CUST		((upf_t)0x0030)
#define UPF_HARDPPS_CD		((upf_t)BIT(11))
#define UPF_BOOT_AUTOCONF	((upf_t)BIT(28))
#define UPF_DEAD		((upf_t)BIT(30))

/* status */
#define UPSTAT_CTS_ENABLE	((upstat_t)(1 << 0))
#define UPSTAT_DCD_ENABLE	((upstat_t)(1 << 1))
#define UPSTAT_AUTOCTS		((upstat_t)(1 << 3))

enum uart_pm_state { UART_PM_STATE_ON = 0, UART_PM_STATE_OFF = 3, UART_PM_STATE_UNDEFINED };

/* A line of a driver, with a port or without */
struct uart_state {
	struct tty_port port;
	enum uart_pm_state pm_state;
	struct circ_buf xmit;		/* protected by the port's lock */
	struct uart_port *uart_port;	/* protected by port.mutex */
};

#define UART_XMIT_SIZE	4096
#define WAKEUP_CHARS	256		/* fewer left: ask for more */

#define uart_circ_empty(circ)		((circ)->head == (circ)->tail)
#define uart_circ_clear(circ)		((circ)->head = (circ)->tail = 0)
#define uart_circ_chars_pending(circ)	CIRC_CNT((circ)->head, (circ)->tail, UART_XMIT_SIZE)
#define uart_circ_chars_free(circ)	CIRC_SPACE((circ)->head, (circ)->tail, UART_XMIT_SIZE)

struct uart_driver {
	struct module *owner;
	const char *driver_name;
	const char *dev_name;
	int major;
	int minor;
	int nr;
	struct console *cons;
	/* the class's */
	struct uart_state *state;
	struct tty_driver *tty_driver;
};

static inline void uart_port_lock(struct uart_port *port)
{
	spin_lock(&port->lock);
}

static inline void uart_port_unlock(struct uart_port *port)
{
	spin_unlock(&port->lock);
}

static inline void uart_port_lock_irq(struct uart_port *port)
{
	spin_lock_irq(&port->lock);
}

static inline void uart_port_unlock_irq(struct uart_port *port)
{
	spin_unlock_irq(&port->lock);
}

static inline void uart_port_lock_irqsave(struct uart_port *port, unsigned long *flags)
{
	spin_lock_irqsave(&port->lock, *flags);
}

static inline void uart_port_unlock_irqrestore(struct uart_port *port, unsigned long flags)
{
	spin_unlock_irqrestore(&port->lock, flags);
}

/* Registration; context: may sleep */
int uart_register_driver(struct uart_driver *driver);
void uart_unregister_driver(struct uart_driver *driver);
int uart_add_one_port(struct uart_driver *driver, struct uart_port *port);
void uart_remove_one_port(struct uart_driver *driver, struct uart_port *port);
int uart_suspend_port(struct uart_driver *driver, struct uart_port *port);
int uart_resume_port(struct uart_driver *driver, struct uart_port *port);

/* For set_termios of a driver */
unsigned int uart_get_baud_rate(struct uart_port *port, struct ktermios *termios,
				const struct ktermios *old, unsigned int min, unsigned int max);
unsigned int uart_get_divisor(struct uart_port *port, unsigned int baud);
void uart_update_timeout(struct uart_port *port, unsigned int cflag, unsigned int baud);

/* For interrupt handlers of a driver, with the port's lock held */
void uart_write_wakeup(struct uart_port *port);
void uart_handle_dcd_change(struct uart_port *port, bool active);
void uart_handle_cts_change(struct uart_port *port, bool active);
/* Return: whether the break is not for readers */
int uart_handle_break(struct uart_port *port);
void uart_insert_char(struct uart_port *port, unsigned int status, unsigned int overrun, u8 ch,
		      u8 flag);

/* No character has a meaning of its own here: no system request key. */
static inline int uart_handle_sysrq_char(struct uart_port *port, u8 ch)
{
	return 0;
}

static inline int uart_tx_stopped(struct uart_port *port)
{
	struct tty_struct *tty = port->state->port.tty;

	return (tty && tty->flow.stopped) || port->hw_stopped;
}

static inline bool uart_softcts_mode(struct uart_port *port)
{
	return (port->status & (UPSTAT_CTS_ENABLE | UPSTAT_AUTOCTS)) == UPSTAT_CTS_ENABLE;
}

#define UART_ENABLE_MS(port, cflag)	\
	((port)->flags & UPF_HARDPPS_CD || (cflag) & CRTSCTS || !((cflag) & CLOCAL))

/*
 * The next character to send, if there is one. Return: whether @ch was set.
 * What is counted must have been sent, so it is the caller's to count.
 */
bool uart_next_char(struct uart_port *port, u8 *ch);
/* After some were sent. Return: how many are left. */
unsigned int uart_sent(struct uart_port *port, bool may_stop);

#define UART_TX_NOSTOP	1

#define __uart_port_tx(port, ch, flags, ready, put, done, more, next) ({	\
	struct uart_port *_port = (port);					\
										\
	for (; (more) && (ready) && uart_next_char(_port, &(ch)); next) {	\
		put;								\
		_port->icount.tx++;						\
	}									\
	done;									\
	uart_sent(_port, !((flags) & UART_TX_NOSTOP)); })

#define uart_port_tx_limited_flags(port, ch, flags, count, ready, put, done) ({	\
	unsigned int _count = (count);						\
										\
	__uart_port_tx(port, ch, flags, ready, put, done, _count, _count--); })

/* Put up to @count characters into the device, one by one, with the lock held. */
#define uart_port_tx_limited(port, ch, count, ready, put, done)			\
	uart_port_tx_limited_flags(port, ch, 0, count, ready, put, done)

#define uart_port_tx(port, ch, ready, put)					\
	__uart_port_tx(port, ch, 0, ready, put, ({}), true, ({}))

/* For consoles of a driver */
void uart_parse_options(const char *options, int *baud, int *parity, int *bits, int *flow);
int uart_set_options(struct uart_port *port, struct console *console, int baud, int parity,
		     int bits, int flow);
struct tty_driver *uart_console_device(struct console *console, int *index);
void uart_console_write(struct uart_port *port, const char *text, unsigned int count,
			void (*putchar)(struct uart_port *port, unsigned char ch));

static inline bool uart_console(const struct uart_port *port)
{
	return port->cons && port->cons->index == (int)port->line;
}

#endif
