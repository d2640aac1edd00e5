// SPDX-License-Identifier: GPL-2.0
/* The two ends: as they should be, whether they are, and the link between them */
#include <net/ethernet.h>
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lifecycle.h"

#define PROBE	0x88b5		/* Ethernet protocol for experiments */

struct end end[2] = {
	{ .pci = "0000:00:08.0", .wanted = NET },
	{ .pci = "0000:00:09.0", .wanted = NET },
};

int ends = 2;
bool loaded[PLUGINS];
const char * const plugin_name[PLUGINS] = { "none", "net", "uio", "shadow" };

const char *module_name(enum plugin module)
{
	static const char * const names[] = { "ivshmem_core", "ivshmem_net", "ivshmem_uio",
					      "ivshmem_shadow" };

	return names[module];
}

int other(const struct end *e)
{
	return e == &end[0];
}

/*
 * As the driver core does it: what is not bound is, once there is who wants it
 */

void attach(struct end *e)
{
	if (!e->claimed || e->plugin || !loaded[e->wanted])
		return;
	e->plugin = e->wanted;
	e->up = false;
}

void detach(struct end *e)
{
	if (e->hold.plugin && e->hold.plugin == e->plugin)
		e->hold.gone = true;
	e->plugin = NONE;
	e->up = false;
}

/* A new device does not remember what was chosen for a former one. */
void claim(struct end *e)
{
	if (!e->present || !loaded[CORE])
		return;
	e->claimed = true;
	e->chosen = false;
	e->wanted = NET;
	e->numbers = ends + end[0].hold.gone + end[1].hold.gone;
	attach(e);
}

void unclaim(struct end *e)
{
	detach(e);
	e->claimed = false;
	e->chosen = false;
	e->wanted = NET;
}

/*
 * What there is
 */

/* Its name on the ivshmem bus, "" where it is not on it */
char *device(const struct end *e)
{
	static char name[2][32];
	char *found = name[other(e)];

	find_child(found, sizeof(name[0]), "ivshmem", "/sys/bus/pci/devices/%s", e->pci);
	return found;
}

char *interface(const struct end *e)
{
	static char name[2][IF_NAMESIZE];
	char *found = name[other(e)];

	find_child(found, sizeof(name[0]), "eth", "/sys/bus/pci/devices/%s/net", e->pci);
	return found;
}

static void want(const struct end *e, const char *what, const char *found, const char *wanted)
{
	if (strcmp(found, wanted))
		fail("%s: %s is '%s', want '%s'", e->pci, what, found, wanted);
}

/* The lowest number that is free: a device that is gone keeps its own while a file is open. */
static void verify_number(const struct end *e, const char *name)
{
	if (atoi(name + strlen("ivshmem")) >= e->numbers)
		fail("%s is %s, want a number below %d: a former device is still there", e->pci,
		     name, e->numbers);
}

/* A slot of shadow hangs up for more reasons than that. */
static void verify_files(const struct hold *h)
{
	int files = h->plugin == UIO ? 2 : h->plugin == SHADOW, found = hold_hung_up(h);

	if (h->gone ? found != files : found && h->plugin == UIO)
		fail("%d of %d files of %s are hung up, want %s", found, files,
		     plugin_name[h->plugin], h->gone ? "all, it was unbound" : "none");
}

static void verify_end(struct end *e)
{
	char driver[64], name[32];
	int words, there;

	want(e, "function", exists("/sys/bus/pci/devices/%s", e->pci) ? "here" : "away",
	     e->present ? "here" : "away");
	link_to(driver, sizeof(driver), "/sys/bus/pci/devices/%s/driver", e->pci);
	want(e, "PCI driver", driver, e->claimed ? "ivshmem_core" : "");
	snprintf(name, sizeof(name), "%s", device(e));
	want(e, "device", *name ? "here" : "away", e->claimed ? "here" : "away");
	if (*name) {
		verify_number(e, name);
		link_to(driver, sizeof(driver), "/sys/bus/ivshmem/devices/%s/driver", name);
		want(e, "plugin", *driver ? driver : "none", plugin_name[e->plugin]);
	}
	want(e, "interface", *interface(e) ? "here" : "away", e->plugin == NET ? "here" : "away");
	if (e->plugin == NET && is_up(interface(e)) != e->up)
		fail("%s is %s, want the opposite", interface(e), e->up ? "down" : "up");
	atomic_store(&e->interface, e->plugin == NET ? if_nametoindex(interface(e)) : 0);
	words = hold_touch(&e->hold, &there);
	if (there != (e->hold.gone ? 0 : words))
		fail("%s: %d of %d words mapped of %s are there, want %s", e->pci, there, words,
		     plugin_name[e->hold.plugin], e->hold.gone ? "none, it was unbound" : "all");
	verify_files(&e->hold);
}

static void verify_module(enum plugin module)
{
	char state[32];

	if (!read_file(state, sizeof(state), "/sys/module/%s/initstate", module_name(module)))
		strcpy(state, "away");
	if (strcmp(state, loaded[module] ? "live" : "away"))
		fail("%s is %s, want it %s", module_name(module), state,
		     loaded[module] ? "live" : "away");
}

void verify(void)
{
	int i;

	for (i = 0; i < PLUGINS; i++)
		verify_module(i);
	for (i = 0; i < ends; i++)
		verify_end(&end[i]);
}

/*
 * The link
 */

struct times {
	const char *what;
	double *ms;
	size_t count, room;
};

static struct times times[] = {
	{ .what = "from both interfaces up to carriers" },
	{ .what = "from waking up to carriers" },
	{ .what = "from both ends bound to shadow to RUN" },
	{ .what = "from one end's going to the other's carrier off" },
};

static void note_time(struct times *t, double ms)
{
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->ms = realloc(t->ms, t->room * sizeof(*t->ms));
	}
	t->ms[t->count++] = ms;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void report_times(void)
{
	struct times *t;

	for (t = times; t < times + sizeof(times) / sizeof(*times); t++) {
		if (!t->count)
			continue;
		qsort(t->ms, t->count, sizeof(*t->ms), by_size);
		say("# %s: %.1f ms (median), %.1f ms (99 %%), %.1f ms (maximum) of %zu\n", t->what,
		    t->ms[t->count / 2], t->ms[t->count * 99 / 100], t->ms[t->count - 1], t->count);
	}
}

static bool takes_part(const struct end *e)
{
	return (e->plugin == NET && e->up) || e->plugin == SHADOW;
}

/* Two plugins that do not go together find that out by themselves, again and again. */
static bool mixed(void)
{
	return ends == 2 && takes_part(&end[0]) && takes_part(&end[1]) &&
	       end[0].plugin != end[1].plugin;
}

bool link_expected(void)
{
	return takes_part(&end[0]) &&
	       (ends == 1 ? end[0].plugin == NET : takes_part(&end[1]) && !mixed());
}

static bool is_linked(const struct end *e)
{
	if (e->plugin == SHADOW)
		return read_number("/sys/bus/ivshmem/devices/%s/state", device(e)) == 3;
	return read_number("/sys/class/net/%s/carrier", interface(e)) == 1;
}

static void wait_linked(const struct end *e, bool linked, double since)
{
	double limit = linked ? LINK_LIMIT : DOWN_LIMIT, looked;

	while (looked = now(), is_linked(e) != linked) {
		if (looked - since > limit) {
			verify();
			fail("%s: the link is not %s within %g s", e->pci, linked ? "up" : "down",
			     limit);
		}
		pause_ms(0.5);
	}
}

static int packet_socket(int index, int protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_ifindex = index };
	struct timeval wait = { .tv_usec = 50000 };
	int fd;

	at.sll_protocol = htons(protocol);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		fail("packet socket: %m");
	return fd;
}

/* A frame from one end has to arrive at the other; where there is one end, to come back. */
static void probe(int from, int to)
{
	int out = packet_socket(atomic_load(&end[from].interface), 0);
	int in = packet_socket(atomic_load(&end[to].interface), PROBE);
	struct {
		struct ether_header header;
		unsigned long nonce;
		char padding[38];
	} __attribute__((packed)) frame = { .header.ether_type = htons(PROBE) }, back = { };
	static unsigned long nonces;
	double since = now();

	memset(frame.header.ether_dhost, 0xff, ETH_ALEN);
	frame.nonce = ++nonces;
	while (back.nonce != frame.nonce) {
		if (now() - since > LINK_LIMIT)
			fail("no frame gets from end %d to end %d within %g s", from, to,
			     LINK_LIMIT);
		if (send(out, &frame, sizeof(frame), 0) < 0 && errno != ENOBUFS)
			fail("sending to %s: %m", interface(&end[from]));
		while (recv(in, &back, sizeof(back), 0) > 0 && back.nonce != frame.nonce)
			;
	}
	close(out);
	close(in);
}

static bool fresh;		/* the link has just come back, or leads to another peer */

/*
 * After each step, the link is what both ends allow. Its way back is timed from
 * when the last side was ready, unless that is the host's, who times it.
 */
void settle(void)
{
	static bool expected;
	bool before = expected, prompt;
	double since;
	int i;

	expected = link_expected();
	fresh = expected && (!before || ready_at || returned);
	if (mixed())
		return;
	prompt = !expected || !wait_for_host();
	since = prompt && ready_at ? ready_at : now();
	for (i = 0; i < ends; i++)
		if (expected || (end[i].plugin == NET && end[i].up))
			wait_linked(&end[i], expected, since);
	if (fresh && prompt && (!before || ready_at))
		note_time(&times[end[0].plugin == SHADOW ? 2 : before], (now() - since) * 1e3);
	else if (before && !expected && (end[0].up || end[1].up))
		note_time(&times[3], (now() - since) * 1e3);
}

/* A carrier alone is a promise. */
void probe_link(void)
{
	if (!fresh || end[0].plugin != NET)
		return;
	probe(0, ends - 1);
	if (ends == 2)
		probe(1, 0);
}
