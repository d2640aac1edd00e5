/* SPDX-License-Identifier: GPL-2.0 */
/* Terminals; class/tty.c */
#ifndef _LINUX_TTY_H
#define _LINUX_TTY_H

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/termios.h>
#include <linux/tty_driver.h>
#include <linux/tty_port.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct tty_struct {
	struct kref kref;
	int index;
	struct tty_driver *driver;
	struct tty_port *port;
	const struct tty_operations *ops;
	struct rw_semaphore termios_rwsem;	/* protects termios */
	struct ktermios termios;
	char name[64];
	unsigned long flags;
	int count;
	struct {
		spinlock_t lock;
		bool stopped;			/* by request, not by the line */
	} flow;
	bool hw_stopped;
	struct mutex throttle_mutex;
	wait_queue_head_t write_wait;		/* room */
	wait_queue_head_t read_wait;		/* data */
	struct work_struct hangup_work, throttle_work;
	void *driver_data;
};

/* flags of tty_struct */
#define TTY_THROTTLED		0
#define TTY_IO_ERROR		1
#define TTY_HUPPED		18

/* flags of characters */
#define TTY_NORMAL		0
#define TTY_BREAK		1
#define TTY_FRAME		2
#define TTY_PARITY		3
#define TTY_OVERRUN		4

#define START_CHAR(tty)		((tty)->termios.c_cc[VSTART])
#define STOP_CHAR(tty)		((tty)->termios.c_cc[VSTOP])

#define I_IGNBRK(tty)		((tty)->termios.c_iflag & IGNBRK)
#define I_IXON(tty)		((tty)->termios.c_iflag & IXON)
#define I_IXOFF(tty)		((tty)->termios.c_iflag & IXOFF)
#define C_BAUD(tty)		((tty)->termios.c_cflag & CBAUD)
#define C_CLOCAL(tty)		((tty)->termios.c_cflag & CLOCAL)
#define C_CRTSCTS(tty)		((tty)->termios.c_cflag & CRTSCTS)
#define C_CREAD(tty)		((tty)->termios.c_cflag & CREAD)
#define C_HUPCL(tty)		((tty)->termios.c_cflag & HUPCL)

extern struct ktermios tty_std_termios;

static inline bool tty_throttled(struct tty_struct *tty)
{
	return test_bit(TTY_THROTTLED, &tty->flags);
}

static inline struct tty_struct *tty_kref_get(struct tty_struct *tty)
{
	if (tty)
		kref_get(&tty->kref);
	return tty;
}

void tty_kref_put(struct tty_struct *tty);
const char *tty_name(const struct tty_struct *tty);
int tty_hung_up_p(struct file *file);
void tty_hangup(struct tty_struct *tty);
void tty_vhangup(struct tty_struct *tty);
/* There is room again. */
void tty_wakeup(struct tty_struct *tty);
/* Sleeps until all is sent, or @timeout jiffies are over; 0: without limit. */
void tty_wait_until_sent(struct tty_struct *tty, long timeout);
/* What was received and not read is forgotten. */
void tty_ldisc_flush(struct tty_struct *tty);
void tty_throttle(struct tty_struct *tty);
void tty_unthrottle(struct tty_struct *tty);
void stop_tty(struct tty_struct *tty);
void start_tty(struct tty_struct *tty);
void tty_driver_flush_buffer(struct tty_struct *tty);
unsigned int tty_chars_in_buffer(struct tty_struct *tty);
int tty_set_termios(struct tty_struct *tty, struct ktermios *termios);
int tty_send_xchar(struct tty_struct *tty, u8 ch);

speed_t tty_termios_baud_rate(const struct ktermios *termios);
void tty_termios_encode_baud_rate(struct ktermios *termios, speed_t ibaud, speed_t obaud);
unsigned char tty_get_char_size(unsigned int cflag);
unsigned char tty_get_frame_size(unsigned int cflag);

#endif
