// SPDX-License-Identifier: GPL-2.0
/*
 * A driver's variables, for kit_data_restore() to put back, and its kernel's version
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/version.h>

int driver_counter = 5;
int driver_zero[1000];
static const char *name = "initial";
static LIST_HEAD(entries);
static struct list_head entry;

const char *driver_name(void);
int driver_entries(void);
void driver_work(void);
unsigned int driver_kernel(void);

const char *driver_name(void)
{
	return name;
}

int driver_entries(void)
{
	return list_count_nodes(&entries);
}

void driver_work(void)
{
	static int calls;

	driver_counter += ++calls;
	driver_zero[999] = calls;
	name = "changed";
	if (calls == 1)
		list_add(&entry, &entries);
}

unsigned int driver_kernel(void)
{
	return LINUX_VERSION_CODE;
}
