/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cycles of all kinds, in a random order, with load, and what must hold after each
 *
 * main.c	the walk: which cycle begins or ends next, and what it comes to
 * cycles.c	the kinds of cycles: how each begins and how it ends
 * device.c	the two ends: as they should be, and whether they are
 * hold.c	open files and mappings
 * load.c	traffic, readers, and who uses files and mappings, all the time
 * leaks.c	what may not be left, and what may not grow
 * system.c	files, modules, interfaces
 */
#ifndef LIFECYCLE_H
#define LIFECYCLE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_LIMIT	10.0	/* seconds in which the link has to be back */
#define HOST_LIMIT	70.0	/* ... and the host to answer; it gives up a peer after 60 */
#define DOWN_LIMIT	4.0	/* ... and gone, before the net plugin gives up a silent peer */
#define MAPS		5

/* The plugins; among modules, the first is the core. */
enum plugin { NONE, CORE = NONE, NET, UIO, SHADOW, PLUGINS };

/*
 * Files and mappings of an end that are kept open
 *
 * plugin: whose they are, NONE while there are none
 * gone: the binding that they were made in has ended
 * lock: against munmap() while somebody touches them
 */
struct hold {
	enum plugin plugin;
	bool gone;
	int fd, events, eventfd;
	struct {
		volatile uint32_t *at;
		size_t size;
	} map[MAPS];
	pthread_mutex_t lock;
};

/*
 * One end of the link, as it should be
 *
 * present: the PCI function is there
 * claimed: the core has it
 * wanted: which plugin serves the protocol that was chosen
 * chosen: somebody chose it, rather than the device
 * plugin: which one is bound
 * up: the interface is
 * numbers: below which its own is, N of ivshmemN
 * interface: its index, 0 for none; for those who send
 */
struct end {
	const char *pci;
	bool present, claimed, chosen, up;
	enum plugin wanted, plugin;
	int numbers;
	atomic_int interface;
	struct hold hold;
};

/* main.c */
unsigned int rnd(unsigned int below);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
double now(void);

/* cycles.c */
struct kind {
	const char *name;
	/* Begins a cycle at this end; false where that is not possible now. */
	bool (*begin)(struct end *e);
	unsigned long left, done;
};

extern struct kind kinds[];
extern double ready_at;		/* when the last of both sides was, 0: with the last step's end */
extern bool returned;		/* another peer has taken the place of this one */
int repairs_due(void);
void repair(int which);
void load_all(void);
void unload_all(void);
bool wait_for_host(void);

/* device.c */
extern struct end end[2];
extern int ends;
extern bool loaded[PLUGINS];
extern const char * const plugin_name[PLUGINS];
const char *module_name(enum plugin module);
void attach(struct end *e);
void detach(struct end *e);
void claim(struct end *e);
void unclaim(struct end *e);
char *device(const struct end *e);
char *interface(const struct end *e);
int other(const struct end *e);
void verify(void);
bool link_expected(void);
void settle(void);
void probe_link(void);
void report_times(void);

/* hold.c */
void hold_init(void);
bool hold_open(struct end *e);
void hold_close(struct hold *h);
int hold_touch(struct hold *h, int *there);
void hold_use(struct hold *h);
void hold_report(void);
int hold_hung_up(const struct hold *h);
bool held(enum plugin plugin);

/* load.c */
void load_start(void);
void load_pause(void);
void load_resume(void);

/* leaks.c */
struct tally;
void leaks_init(void);
void expect_nothing_left(void);
struct tally *tally_take(void);
void expect_no_growth(const struct tally *before, long cycles);

/* system.c: errors are positive numbers of errno, 0 for none */
int write_file(const char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool read_file(char *text, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
long read_number(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool exists(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool link_to(char *name, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool find_child(char *name, size_t size, const char *prefix, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int load_module(const char *name);
int unload_module(const char *name);
int set_up(const char *interface, bool up);
bool is_up(const char *interface);
int set_mtu(const char *interface, int mtu);
void pause_ms(double ms);

#endif
