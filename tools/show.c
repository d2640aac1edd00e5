// SPDX-License-Identifier: GPL-2.0
/* What sysfs tells, for devices with any plugin: list, state, protocol */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

uint32_t *read_states(const struct ivshmem_info *info)
{
	uint32_t *states = calloc(info->max_peers, sizeof(*states));
	char text[4096], *line = text;
	unsigned int peer, state;
	int len;

	if (!states)
		failed("out of memory");
	must(ivshmem_get(info, "peer_states", text, sizeof(text)));
	/* Those that are 0 are not there. */
	while (sscanf(line, "%u %u%n", &peer, &state, &len) == 2) {
		if (peer < info->max_peers)
			states[peer] = state;
		line += len;
	}
	return states;
}

static void show_states(const struct ivshmem_info *info, bool json)
{
	uint32_t peer, shown = 0, *states = read_states(info);
	char key[16];

	if (json)
		json_open("states", '{');
	for (peer = 0; peer < info->max_peers; peer++) {
		snprintf(key, sizeof(key), "%u", peer);
		if (states[peer] && json)
			json_number(key, states[peer]);
		else if (states[peer] && !json)
			printf("%s%u: %u%s", shown++ ? ", " : "", peer, states[peer],
			       peer == info->id ? " (own)" : "");
	}
	if (json)
		json_close('}');
	else
		puts(shown ? "" : "all 0");
	free(states);
}

static int is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static void show_counters(const struct ivshmem_info *info, bool json)
{
	struct dirent **names;
	char path[600], value[32];
	int n, i;

	snprintf(path, sizeof(path), "%s/counters", info->path);
	n = scandir(path, &names, is_visible, alphasort);
	if (n < 0)
		failed("cannot read %s", path);
	if (json)
		json_open("counters", '{');
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "counters/%.64s", names[i]->d_name);
		must(ivshmem_get(info, path, value, sizeof(value)));
		if (json)
			json_number(names[i]->d_name, strtoull(value, NULL, 10));
		else
			printf("%s%s %s", i ? ", " : "", names[i]->d_name, value);
		free(names[i]);
	}
	free(names);
	if (json)
		json_close('}');
	else
		putchar('\n');
}

static void show_json(const struct ivshmem_info *info)
{
	json_open(NULL, '{');
	json_text("device", info->name);
	json_text("pci", info->pci);
	json_number("protocol", info->protocol);
	json_text("plugin", info->plugin);
	json_bool("chosen", info->chosen);
	if (*info->uio)
		json_text("uio", info->uio);
	json_number("id", info->id);
	json_number("max_peers", info->max_peers);
	json_number("vectors", info->vectors);
	json_text("interrupt_type", info->intx ? "intx" : "msi-x");
	json_number("state_table_size", info->state_table_size);
	json_number("rw_section_size", info->rw_size);
	json_number("output_section_size", info->output_size);
	show_states(info, true);
	show_counters(info, true);
	json_close('}');
}

static void show(const struct ivshmem_info *info)
{
	printf("%s: PCI %s, protocol 0x%04x, plugin %s (%s)%s%s\n", info->name, info->pci,
	       info->protocol, info->plugin, info->chosen ? "chosen" : "auto",
	       *info->uio ? ", " : "", info->uio);
	printf("  peer      %u of %u, vectors %u (%s)\n", info->id, info->max_peers,
	       info->vectors, info->intx ? "intx" : "msi-x");
	printf("  bytes     state_table %llu, rw %llu, output %llu for each peer\n",
	       (unsigned long long)info->state_table_size, (unsigned long long)info->rw_size,
	       (unsigned long long)info->output_size);
	fputs("  states    ", stdout);
	show_states(info, false);
	fputs("  counters  ", stdout);
	show_counters(info, false);
}

int verb_list(const struct options *o)
{
	struct ivshmem_info one, *list = NULL;
	int i, n = 1;

	if (o->args[0])
		must(ivshmem_find(o->args[0], &one));
	else
		n = must(ivshmem_list(&list));
	if (o->json)
		json_open(NULL, '[');
	for (i = 0; i < n; i++)
		(o->json ? show_json : show)(list ? &list[i] : &one);
	if (o->json)
		json_close(']');
	free(list);
	return 0;
}

int verb_protocol(const struct options *o)
{
	struct ivshmem_info info;

	must(ivshmem_find(o->args[0], &info));
	if (o->args[1]) {
		must(ivshmem_put(&info, "protocol", o->args[1]));
		must(ivshmem_find(info.name, &info));
	}
	if (o->json) {
		json_open(NULL, '{');
		json_text("device", info.name);
		json_number("protocol", info.protocol);
		json_text("plugin", info.plugin);
		json_bool("chosen", info.chosen);
		json_close('}');
	} else {
		printf("0x%04x %s %s\n", info.protocol, info.plugin,
		       info.chosen ? "chosen" : "auto");
	}
	if (o->args[1] && !strcmp(info.plugin, "none"))
		failed("%s: %s is chosen, but no plugin has the device, see the kernel log",
		       info.name, o->args[1]);
	return 0;
}

/* Also ends when the device goes. */
static void hold(struct ivshmem *dev, double seconds)
{
	struct pollfd pfd = { .fd = must(ivshmem_event_fd(dev)) };
	double begin = now();

	while (!stopped && ms_left(begin, seconds)) {
		if (poll(&pfd, 1, ms_left(begin, seconds)) > 0)
			failed("%s is gone: unplugged, or bound to another plugin", dev->info.name);
	}
}

int verb_state(const struct options *o)
{
	struct ivshmem_info info;
	struct ivshmem *dev;
	uint32_t value;

	if (o->args[1]) {
		value = parse_number("state", o->args[1], 0, UINT32_MAX);
		dev = open_device(o);
		ivshmem_set_state(dev, value);
		hold(dev, o->hold);
		ivshmem_close(dev);
		return 0;
	}
	if (o->hold >= 0)
		usage_error("--hold wants a VALUE to be held");
	must(ivshmem_find(o->args[0], &info));
	if (o->json) {
		json_open(NULL, '{');
		json_text("device", info.name);
		json_number("id", info.id);
		show_states(&info, true);
		json_close('}');
	} else {
		show_states(&info, false);
	}
	return 0;
}
