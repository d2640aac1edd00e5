// SPDX-License-Identifier: GPL-2.0
/*
 * Modules: init and exit functions and parameters, found in sections that the
 * linker has collected; and the kernel's own beginning and end
 */
#include <linux/kmod.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "emul.h"

/*
 * One for all that is linked in: none of it is ever unloaded. As references do not
 * tell whose they are, they keep no exit function from running; those that are left
 * then are reported in the end.
 */
struct module __this_module = { .name = "hosted" };

extern const struct hosted_module __start_hosted_modules[] __weak, __stop_hosted_modules[] __weak;
extern const struct kernel_param __start_hosted_params[] __weak, __stop_hosted_params[] __weak;

#define MAX_ENTRIES	64
#define FIRST_LEVEL	1
#define LAST_LEVEL	7

/* By index: has the init function been run, and not yet its exit function? */
static bool live[MAX_ENTRIES];
static bool going;		/* all of them are: nobody gets new references */

static unsigned int count(void)
{
	return __stop_hosted_modules - __start_hosted_modules;
}

static const struct hosted_module *entry(unsigned int i)
{
	if (i >= MAX_ENTRIES)
		kit_die("more than %d init functions", MAX_ENTRIES);
	return &__start_hosted_modules[i];
}

static int run_init(unsigned int i)
{
	int err;

	if (live[i])
		return 0;
	live[i] = true;
	err = entry(i)->init();
	if (err) {
		live[i] = false;
		kit_log(3, "%s: its init function returned %d", entry(i)->name, err);
	}
	return err;
}

static bool module_matches(unsigned int i, const char *name)
{
	return !name || !strcmp(entry(i)->name, name);
}

/* @name: NULL for all. In order of level, then as they were linked. */
static int run_inits(const char *name)
{
	int level, err = name ? -ENOENT : 0;
	unsigned int i;

	for (level = FIRST_LEVEL; level <= LAST_LEVEL; level++) {
		for (i = 0; i < count(); i++) {
			if (!entry(i)->init || entry(i)->level != level || !module_matches(i, name))
				continue;
			err = run_init(i);
			if (err)
				return err;
		}
	}
	return err;
}

/* Was its module's init function run? */
static bool take_live(const char *name)
{
	bool was_live = false;
	unsigned int i;

	for (i = 0; i < count(); i++) {
		if (entry(i)->init && !strcmp(entry(i)->name, name)) {
			was_live |= live[i];
			live[i] = false;
		}
	}
	return was_live;
}

static int run_exits(const char *name)
{
	unsigned int i = count();
	int err = name ? -ENOENT : 0;

	while (i--) {
		if (!entry(i)->exit || !module_matches(i, name))
			continue;
		err = 0;
		if (take_live(entry(i)->name))
			entry(i)->exit();
	}
	return err;
}

int kit_modules_init(void)
{
	int err = run_inits(NULL);

	if (err)
		run_exits(NULL);
	return err;
}

void kit_modules_exit(void)
{
	WRITE_ONCE(going, true);
	run_exits(NULL);
	WRITE_ONCE(going, false);
}

int kit_module_init(const char *name)
{
	return run_inits(name);
}

int kit_module_exit(const char *name)
{
	return run_exits(name);
}

/* Names as request_module() has them: "ivshmem_net". Aliases are not known. */
int __request_module(bool wait, const char *fmt, ...)
{
	char name[64];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	strreplace(name, '-', '_');
	err = run_inits(name);
	if (err)
		kit_log(7, "request_module(%s): %d", name, err);
	return err;
}

void __module_get(struct module *module)
{
	if (module) {
		atomic_inc(&module->refcnt);
		kit_count(KIT_WHAT_MODULE, 1);
	}
}

bool try_module_get(struct module *module)
{
	if (module && READ_ONCE(going))
		return false;
	__module_get(module);
	return true;
}

void module_put(struct module *module)
{
	if (!module)
		return;
	if (atomic_dec_return(&module->refcnt) < 0)
		kit_die("module_put() without a reference");
	kit_count(KIT_WHAT_MODULE, -1);
}

int module_refcount(struct module *module)
{
	return atomic_read(&module->refcnt);
}

/*
 * Parameters
 */

#define PARAM_OPS(_name, _type, _parse, _fmt)						\
int param_set_##_name(const char *val, const struct kernel_param *kp)			\
{											\
	return _parse(val, 0, kp->arg);							\
}											\
int param_get_##_name(char *buffer, const struct kernel_param *kp)			\
{											\
	return scnprintf(buffer, PAGE_SIZE, _fmt "\n", *(__typeof__(_type) *)kp->arg);	\
}											\
const struct kernel_param_ops param_ops_##_name = {					\
	.set = param_set_##_name, .get = param_get_##_name,				\
}

PARAM_OPS(int, int, kstrtoint, "%i");
PARAM_OPS(uint, unsigned int, kstrtouint, "%u");

/* No value: yes, as on the kernel's command line */
static int parse_bool(const char *val, unsigned int base, bool *res)
{
	return kstrtobool(val && *val ? val : "1", res);
}

int param_set_bool(const char *val, const struct kernel_param *kp)
{
	return parse_bool(val, 0, kp->arg);
}

int param_get_bool(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%c\n", *(bool *)kp->arg ? 'Y' : 'N');
}

const struct kernel_param_ops param_ops_bool = {
	.set = param_set_bool, .get = param_get_bool,
};

/* What is set here lives as long as the process, and is no driver's to free. */
int param_set_charp(const char *val, const struct kernel_param *kp)
{
	static char values[16][256];
	static unsigned int next;

	if (strlen(val) >= sizeof(values[0]) || next == ARRAY_SIZE(values))
		return -ENOSPC;
	strscpy(values[next], val);
	*(char **)kp->arg = values[next++];
	return 0;
}

int param_get_charp(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%s\n", *(char **)kp->arg ?: "(null)");
}

const struct kernel_param_ops param_ops_charp = {
	.set = param_set_charp, .get = param_get_charp,
};

static const struct kernel_param *find_param(const char *name)
{
	const struct kernel_param *kp;
	const char *dot = strchr(name, '.');

	for (kp = __start_hosted_params; kp < __stop_hosted_params; kp++) {
		if (dot && (strncmp(kp->module, name, dot - name) || kp->module[dot - name]))
			continue;
		if (!strcmp(kp->name, dot ? dot + 1 : name))
			return kp;
	}
	return NULL;
}

int kit_param_set(const char *name, const char *value)
{
	const struct kernel_param *kp = find_param(name);

	if (!kp)
		return -ENOENT;
	return kp->ops->set(value, kp);
}

int kit_param_get(const char *name, char *value, kit_size size)
{
	const struct kernel_param *kp = find_param(name);
	char *page;
	int len;

	if (!kp)
		return -ENOENT;
	page = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	len = kp->ops->get(page, kp);
	if (len > 0 && page[len - 1] == '\n')
		page[--len] = '\0';
	if (len >= 0 && strscpy(value, page, size) < 0)
		len = -E2BIG;
	kfree(page);
	return len;
}

extern bool hosted_warn;
module_param_named(warn, hosted_warn, bool, 0644);
MODULE_PARM_DESC(warn, "go on after a WARN_ON()");

/*
 * The kernel
 */

int kit_kernel_init(void)
{
	int err = softirq_init();

	if (!err)
		err = timer_init();
	if (!err)
		err = workqueue_init();
	return err;
}

void kit_kernel_exit(void)
{
	workqueue_stop();
	timer_stop();
	softirq_stop();
}
