// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of cycles, how each begins, and how it ends
 *
 * What begins makes an end differ from what it is at rest: present, with the
 * core and net bound, its interface up. Cycles end by undoing what differs, in
 * any order that is possible, so they overlap.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lifecycle.h"

#define HOST	"/run/lifecycle.host"	/* where the host says which requests were done */

double ready_at;
bool returned;

static void expect_error(int found, int wanted, const char *what)
{
	if (found != wanted)
		fail("%s: %s, want %s", what, strerror(found), strerror(wanted));
}

/*
 * Modules
 */

static bool in_use(enum plugin module)
{
	return module == CORE ? loaded[NET] || loaded[UIO] || loaded[SHADOW] : held(module);
}

/* Returns whether it went. */
static bool unload(enum plugin module)
{
	bool busy = in_use(module);
	int i;

	tell("unload %s%s", module_name(module), busy ? ", in use" : "");
	expect_error(unload_module(module_name(module)), busy ? EAGAIN : 0, "unloading");
	if (busy)
		return false;
	loaded[module] = false;
	for (i = 0; i < ends; i++)
		if (module == CORE)
			unclaim(&end[i]);
		else if (end[i].plugin == module)
			detach(&end[i]);
	return true;
}

/* Others that were unbound stay so. */
static void attach_wanting(enum plugin module)
{
	int i;

	for (i = 0; i < ends; i++)
		if (end[i].wanted == module)
			attach(&end[i]);
}

/* Returns whether it came. */
static bool load(enum plugin module)
{
	bool possible = module == CORE || loaded[CORE];
	int i;

	tell("load %s", module_name(module));
	expect_error(load_module(module_name(module)), possible ? 0 : ENOENT, "loading");
	if (!possible)
		return false;
	loaded[module] = true;
	if (module != CORE)
		attach_wanting(module);
	for (i = 0; module == CORE && i < ends; i++)
		claim(&end[i]);
	return true;
}

static void shuffle(enum plugin *order)
{
	int i, j;

	for (i = 0; i < PLUGINS; i++) {
		j = rnd(i + 1);
		order[i] = order[j];
		order[j] = i;
	}
}

/* Again and again in one order, until nothing changes any more */
static void all_in_order(bool (*function)(enum plugin module), bool now_loaded)
{
	enum plugin order[PLUGINS];
	bool changed = true;
	int i;

	shuffle(order);
	while (changed)
		for (changed = false, i = 0; i < PLUGINS; i++)
			if (loaded[order[i]] == now_loaded)
				changed |= function(order[i]);
}

void load_all(void)
{
	all_in_order(load, false);
}

void unload_all(void)
{
	all_in_order(unload, true);
}

static bool begin_modules(struct end *e)
{
	enum plugin module;

	(void)e;
	if (rnd(2)) {
		unload_all();
		return true;
	}
	module = rnd(PLUGINS);
	/* Not all cycles may be refusals. */
	return loaded[module] && (unload(module) || !rnd(4));
}

/*
 * Binding
 */

static bool begin_bind(struct end *e)
{
	if (!e->plugin)
		return false;
	tell("unbind %s from %s", device(e), plugin_name[e->plugin]);
	expect_error(write_file(device(e), "/sys/bus/ivshmem/drivers/%s/unbind",
				plugin_name[e->plugin]), 0, "unbinding");
	detach(e);
	return true;
}

static void bind_plugin(struct end *e)
{
	tell("bind %s to net", device(e));
	expect_error(write_file(device(e), "/sys/bus/ivshmem/drivers/net/bind"), 0, "binding");
	attach(e);
}

static bool begin_claim(struct end *e)
{
	if (!e->claimed)
		return false;
	tell("unbind %s", e->pci);
	expect_error(write_file(e->pci, "/sys/bus/pci/drivers/ivshmem_core/unbind"), 0,
		     "unbinding");
	unclaim(e);
	return true;
}

static void bind_core(struct end *e)
{
	tell("bind %s", e->pci);
	expect_error(write_file(e->pci, "/sys/bus/pci/drivers/ivshmem_core/bind"), 0, "binding");
	claim(e);
}

/* The kernel loads the module that is missing, and that binds wherever it is wanted. */
static void choose(struct end *e, const char *text, enum plugin wanted)
{
	tell("choose %s for %s", text, device(e));
	expect_error(write_file(text, "/sys/bus/ivshmem/devices/%s/protocol", device(e)), 0,
		     "choosing");
	e->wanted = wanted;
	e->chosen = strcmp(text, "auto");
	if (wanted && e->plugin == wanted)
		return;
	if (wanted && !loaded[wanted]) {
		loaded[wanted] = true;
		attach_wanting(wanted);
	}
	if (!wanted || e->plugin != wanted)
		detach(e);
	attach(e);
}

/* A peer of ours that speaks Ethernet would find its rules broken. */
static bool is_possible(enum plugin plugin)
{
	return ends == 2 || plugin != SHADOW;
}

static bool begin_protocol(struct end *e)
{
	static const struct {
		const char *text;
		enum plugin plugin;
	} choices[] = {
		{ "uio", UIO }, { "shadow", SHADOW }, { "net", NET }, { "auto", NET },
		{ "0", UIO }, { "0x0002", SHADOW }, { "1", NET }, { "0x1234", NONE },
	};
	const unsigned int count = sizeof(choices) / sizeof(*choices);
	unsigned int which = rnd(count + 1);

	if (!e->claimed || (which < count && !is_possible(choices[which].plugin)))
		return false;
	if (which < count) {
		choose(e, choices[which].text, choices[which].plugin);
		return true;
	}
	tell("choose nonsense for %s", device(e));
	expect_error(write_file("nonsense", "/sys/bus/ivshmem/devices/%s/protocol", device(e)),
		     EINVAL, "choosing nonsense");
	return true;
}

static bool begin_hotplug(struct end *e)
{
	if (!e->present)
		return false;
	tell("unplug %s", e->pci);
	expect_error(write_file("1", "/sys/bus/pci/devices/%s/remove", e->pci), 0, "unplugging");
	unclaim(e);
	e->present = false;
	return true;
}

static void plug(void)
{
	int i;

	tell("plug in what is missing");
	expect_error(write_file("1", "/sys/bus/pci/rescan"), 0, "plugging in");
	for (i = 0; i < ends; i++)
		if (!end[i].present) {
			end[i].present = true;
			claim(&end[i]);
		}
}

/*
 * Programs
 */

static bool begin_hold(struct end *e)
{
	enum plugin plugin = rnd(2) && is_possible(SHADOW) ? SHADOW : UIO;

	if (e->hold.plugin || !e->claimed)
		return false;
	if (e->plugin != UIO && e->plugin != SHADOW) {
		choose(e, plugin_name[plugin], plugin);
		verify();
	}
	tell("open and map %s of %s", plugin_name[e->plugin], device(e));
	return hold_open(e);
}

static void end_hold(struct end *e)
{
	tell("close %s of %s%s", plugin_name[e->hold.plugin], e->pci,
	     e->hold.gone ? ", which is gone" : "");
	hold_close(&e->hold);
}

/*
 * Interfaces
 */

static bool begin_down(struct end *e)
{
	if (!e->up)
		return false;
	tell("set %s down", interface(e));
	expect_error(set_up(interface(e), false), 0, "setting it down");
	e->up = false;
	return true;
}

static void up(struct end *e)
{
	tell("set %s up", interface(e));
	ready_at = now();
	expect_error(set_up(interface(e), true), 0, "setting it up");
	e->up = true;
}

static void change_mtu(struct end *e, int mtu, int error, long then)
{
	long found;

	tell("set the MTU of %s to %d", interface(e), mtu);
	expect_error(set_mtu(interface(e), mtu), error, "setting the MTU");
	found = read_number("/sys/class/net/%s/mtu", interface(e));
	if (found != then)
		fail("the MTU of %s is %ld, want %ld", interface(e), found, then);
}

static bool begin_mtu(struct end *e)
{
	static const int mtus[] = { 68, 576, 1280, 1500, 4000, 9000 };
	long before;
	int mtu;

	if (e->plugin != NET)
		return false;
	before = read_number("/sys/class/net/%s/mtu", interface(e));
	do
		mtu = mtus[rnd(sizeof(mtus) / sizeof(*mtus))];
	while (mtu == before);
	change_mtu(e, rnd(2) ? 67 : 70000, EINVAL, before);
	change_mtu(e, mtu, 0, mtu);
	return true;
}

/*
 * The machine, and the peer
 */

/*
 * Where the kernel can rehearse it, all of it but the very sleep; else the host
 * wakes us. A wakeup on the way, of whatever origin, ends it early.
 */
static bool begin_sleep(struct end *e)
{
	static const char * const levels[] = { "devices", "platform", "processors", "core" };
	const char *level = levels[rnd(4)];
	bool rehearse = exists("/sys/power/pm_test");
	int err, tries = 0;

	(void)e;
	/* It talks to us, and we would not answer. */
	wait_for_host();
	tell("sleep%s%s", rehearse ? ", as far as " : "", rehearse ? level : "");
	if (rehearse) {
		expect_error(write_file("0", "/sys/module/suspend/parameters/pm_test_delay"), 0,
			     "setting the delay");
		expect_error(write_file(level, "/sys/power/pm_test"), 0, "rehearsing");
	}
	do
		err = write_file("mem", "/sys/power/state");
	while (err == EBUSY && ++tries < 3);
	expect_error(err, 0, "sleeping");
	ready_at = now();
	return true;
}

static unsigned long asked;

/* The host starts another peer in the place of this one, and says so when it is there. */
static bool begin_peer(struct end *e)
{
	static bool was_timed;
	bool wait = rnd(2), timed;

	(void)e;
	if (ends != 1)
		return false;
	wait_for_host();
	asked++;
	/* The first that can be timed is, whatever was drawn. */
	timed = link_expected() && (wait || !was_timed);
	wait |= timed;
	was_timed |= timed;
	tell("host: peer %lu %s %u %s", asked, rnd(2) ? "kill" : "stop", rnd(30),
	     timed ? "timed" : "untimed");
	returned = true;
	if (wait)
		wait_for_host();
	return true;
}

/* Returns whether it was late. */
bool wait_for_host(void)
{
	double since = now();
	bool late = false;

	while (asked && read_number(HOST) < (long)asked) {
		late = true;
		if (now() - since > HOST_LIMIT)
			fail("the host does nothing for %g s", HOST_LIMIT);
		pause_ms(1);
	}
	return late;
}

struct kind kinds[] = {
	{ .name = "modules", .begin = begin_modules },
	{ .name = "bind", .begin = begin_bind },
	{ .name = "claim", .begin = begin_claim },
	{ .name = "protocol", .begin = begin_protocol },
	{ .name = "hotplug", .begin = begin_hotplug },
	{ .name = "hold", .begin = begin_hold },
	{ .name = "updown", .begin = begin_down },
	{ .name = "mtu", .begin = begin_mtu },
	{ .name = "sleep", .begin = begin_sleep },
	{ .name = "peer", .begin = begin_peer },
	{ }
};

/*
 * How cycles end
 */

static bool is_held(const struct end *e)
{
	return e->hold.plugin;
}

static bool is_away(const struct end *e)
{
	return !e->present;
}

static bool is_unclaimed(const struct end *e)
{
	return e->present && loaded[CORE] && !e->claimed;
}

static bool is_chosen(const struct end *e)
{
	return e->claimed && e->chosen;
}

static bool is_unbound(const struct end *e)
{
	return e->claimed && !e->chosen && !e->plugin && loaded[NET];
}

static bool is_down(const struct end *e)
{
	return e->plugin == NET && !e->up;
}

static void plug_all(struct end *e)
{
	(void)e;
	plug();
}

static void choose_auto(struct end *e)
{
	choose(e, "auto", NET);
}

static const struct {
	bool (*due)(const struct end *e);
	void (*undo)(struct end *e);
} undos[] = {
	{ is_held, end_hold }, { is_away, plug_all }, { is_unclaimed, bind_core },
	{ is_chosen, choose_auto }, { is_unbound, bind_plugin }, { is_down, up },
};

/* Counts what differs; does what is number @which of it. */
static int differences(int which)
{
	unsigned int i;
	int n = 0, j;

	for (j = 0; j < PLUGINS; j++)
		if (!loaded[j] && (j == CORE || loaded[CORE]) && n++ == which) {
			load(j);
			return n;
		}
	for (i = 0; i < sizeof(undos) / sizeof(*undos); i++)
		for (j = 0; j < ends; j++)
			if (undos[i].due(&end[j]) && n++ == which) {
				undos[i].undo(&end[j]);
				return n;
			}
	return n;
}

int repairs_due(void)
{
	return differences(-1);
}

void repair(int which)
{
	differences(which);
}
