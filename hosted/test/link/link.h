/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests with the drivers of a link in this process, and a link of two ends: two
 * drivers, or a driver and the test. HOSTED_POLICY is smp, up or replay, and
 * HOSTED_SEED a number.
 */
#ifndef HOSTED_TEST_LINK_H
#define HOSTED_TEST_LINK_H

#include "../../../selftests/harness.h"
#include "../../kit/files.h"
#include "../../kit/kit.h"
#include "../../kit/net.h"
#include "../../model/pci_link.h"

#define PROTOCOL_UIO	0x0000
#define PROTOCOL_NET	0x0001
#define PROTOCOL_SHADOW	0x0002

/* Milliseconds in which what has to come is there, with a sanitizer too */
#define SOON		60000

/* Seconds for a test, which has to come to that on a slow machine, too */
#undef TH_TIMEOUT_DEFAULT
#define TH_TIMEOUT_DEFAULT	240

/* A test whose body runs in the kit; nothing may be left when it returns. */
#define LINK_TEST_TIMEOUT(_name, _seconds)				\
	static void _name##_body(void);					\
	TEST_TIMEOUT(_name, _seconds)					\
	{								\
		run_hosted(_name##_body);				\
	}								\
	static void _name##_body(void)
#define LINK_TEST(_name)	LINK_TEST_TIMEOUT(_name, TH_TIMEOUT_DEFAULT)

void run_hosted(void (*body)(void));

/*
 * The link that a test has one of; it is gone when the body returns.
 */
extern struct pci_link *the_link;
void make_link(uint16_t protocol, unsigned int vectors, uint64_t rw, uint64_t output);
void plug(unsigned int end);
void unplug(unsigned int end);

/* Lets a moment pass: a millisecond, real or virtual. */
void moment(void);

/* Until it is so, or SOON has passed; whether it was. */
#define EVENTUALLY(_condition) ({					\
	int _left = SOON;						\
	bool _so;							\
									\
	while (!(_so = (_condition)) && _left--)			\
		moment();						\
	_so;								\
})

/* An attribute of ivshmemN, without its newline; "" where it cannot be read. */
const char *attr(unsigned int end, const char *name);
long long number(unsigned int end, const char *name);
long set_attr(unsigned int end, const char *name, const char *value);

/* Was there a line with this text in the log? */
bool log_has(const char *text);

#endif /* HOSTED_TEST_LINK_H */
