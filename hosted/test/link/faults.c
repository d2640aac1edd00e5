// SPDX-License-Identifier: GPL-2.0
/*
 * Each call that can fail does so once, the first, the second and so on, in what a
 * driver does from its probe to a link that runs. What failed leaves nothing, and
 * the next try succeeds.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>

#include <uapi/ivshmem_uio.h>

#include "link.h"

/* More than there are; the loop ends with the first try that nothing failed in. */
#define MOST	500

static const char *const names[KIT_WHATS] = {
	[KIT_WHAT_ALLOC] = "allocation", [KIT_WHAT_IRQ] = "interrupt",
	[KIT_WHAT_REGION] = "region", [KIT_WHAT_REGISTRATION] = "registration",
	[KIT_WHAT_MAP] = "mapping", [KIT_WHAT_COPY] = "copy",
};

static void receive(struct kit_net_port *port, const struct kit_net_part *part,
		    unsigned int count)
{
	(void)port;
	(void)part;
	(void)count;
}

/* What follows the probe, as far as it gets */

static bool use_net(void)
{
	static struct kit_net_port port = { .receive = receive };
	struct kit_net *net;
	bool up;

	if (kit_net_attach(NULL, &port, &net))
		return false;
	up = !kit_net_up(net) && pci_link_state(the_link, 0) == 1;
	kit_net_detach(net);
	return up;
}

static bool use_uio(void)
{
	struct ivshmem_uio_eventfd request = { 1, eventfd(0, 0) };
	struct kit_process *program = kit_process_create(1);
	struct kit_mapping *mapping;
	struct kit_file *file;
	bool done = false;

	if (!program)
		return false;
	if (!kit_open(program, "uio0", O_RDWR, &file) &&
	    !kit_mmap(file, 0x1000, KIT_MAP_WRITE, 4 * 0x1000, &mapping)) {
		done = kit_touch(mapping, 0, true);
		kit_munmap(mapping);
	}
	done = done && !kit_open(program, "ivshmem-uio0", O_RDWR, &file) &&
	       !kit_ioctl(file, IVSHMEM_UIO_SET_EVENTFD, (unsigned long)&request);
	kit_process_exit(program);
	close(request.fd);
	return done;
}

static bool use_shadow(void)
{
	struct kit_process *program = kit_process_create(1);
	struct kit_mapping *mapping;
	struct kit_file *file;
	bool done = false;

	if (!program)
		return false;
	if (!kit_open(program, "shadow-process0", O_RDWR, &file) &&
	    !kit_mmap(file, 0x1000, KIT_MAP_WRITE, 0, &mapping)) {
		done = kit_touch(mapping, 0, true) && pci_link_state(the_link, 0) == 1;
		kit_munmap(mapping);
	}
	kit_process_exit(program);
	return done;
}

static bool plug_and_use(bool (*use)(void))
{
	struct kit_pci *pci = pci_link_end(the_link, 0);
	bool done;

	if (kit_pci_plug(pci, 8))
		return false;
	done = use();
	kit_pci_unplug(pci);
	return done;
}

/* Returns how many tries it took until nothing was left to fail. */
static unsigned int fail_each(enum kit_what what, bool (*use)(void))
{
	kit_size bytes = kit_alloc_bytes();
	long balance = kit_balance(what);
	bool done = false, reached = true;
	unsigned int nth;

	for (nth = 1; nth < MOST && reached; nth++) {
		kit_fail(what, nth);
		done = plug_and_use(use);
		reached = kit_calls(what) >= nth;
		kit_fail(what, 0);
		if (kit_alloc_bytes() != bytes || kit_balance(what) != balance)
			TH_LOG("%s %u: %ld bytes are left, balance is %ld", names[what], nth,
			       (long)(kit_alloc_bytes() - bytes), kit_balance(what) - balance);
		EXPECT_EQ(bytes, kit_alloc_bytes());
		EXPECT_EQ(balance, kit_balance(what));
		EXPECT_TRUE(plug_and_use(use));
	}
	EXPECT_TRUE(done);
	EXPECT_LT(nth, MOST);
	return nth - 1;
}

static void fail_all(uint16_t protocol, bool (*use)(void))
{
	static const enum kit_what whats[] = {
		KIT_WHAT_ALLOC, KIT_WHAT_IRQ, KIT_WHAT_REGION, KIT_WHAT_REGISTRATION, KIT_WHAT_MAP,
	};
	unsigned int i, calls;

	make_link(protocol, 2, 0x1000, 0x10000);
	/* What is there once, the first time, is no leak. */
	EXPECT_TRUE(plug_and_use(use));
	for (i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		calls = fail_each(whats[i], use) - 1;
		TH_LOG("%u calls of kind %s", calls, names[whats[i]]);
		EXPECT_GT(calls, 0);
	}
}

LINK_TEST_TIMEOUT(faults_net_unwinds_each, 600)
{
	fail_all(PROTOCOL_NET, use_net);
}

LINK_TEST_TIMEOUT(faults_uio_unwinds_each, 600)
{
	fail_all(PROTOCOL_UIO, use_uio);
}

LINK_TEST_TIMEOUT(faults_shadow_unwinds_each, 600)
{
	fail_all(PROTOCOL_SHADOW, use_shadow);
}

/* Registering a driver itself, whose module is out, takes registrations only. */
static void start_each(const char *module)
{
	long balance = kit_balance(KIT_WHAT_REGISTRATION);
	kit_size bytes = kit_alloc_bytes();
	bool reached = true;
	unsigned int nth;

	for (nth = 1; nth < MOST && reached; nth++) {
		kit_fail(KIT_WHAT_REGISTRATION, nth);
		EXPECT_EQ(kit_module_init(module) == 0, kit_calls(KIT_WHAT_REGISTRATION) < nth);
		reached = kit_calls(KIT_WHAT_REGISTRATION) >= nth;
		kit_fail(KIT_WHAT_REGISTRATION, 0);
		if (!reached)
			EXPECT_EQ(0, kit_module_exit(module));
		EXPECT_EQ(bytes, kit_alloc_bytes());
		EXPECT_EQ(balance, kit_balance(KIT_WHAT_REGISTRATION));
	}
	EXPECT_GT(nth, 2);
	EXPECT_LT(nth, MOST);
}

LINK_TEST_TIMEOUT(faults_modules_start_again, 600)
{
	/* Plugins first: the core stays as long as there is one. */
	static const char *const module[] = {
		"ivshmem_net", "ivshmem_uio", "ivshmem_shadow", "ivshmem_core",
	};
	int i;

	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, kit_module_exit(module[i]));
		start_each(module[i]);
	}
	while (i--)
		EXPECT_EQ(0, kit_module_init(module[i]));
}
