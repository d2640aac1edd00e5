// SPDX-License-Identifier: GPL-2.0
/* libivshmem: what sysfs tells, whatever plugin a device is bound to */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static __thread char error_text[512];

const char *ivshmem_error(void)
{
	return error_text;
}

int ivshmem_fail(int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, args);
	va_end(args);
	return -error;
}

const char *ivshmem_root(const char *variable, const char *otherwise)
{
	const char *root = secure_getenv(variable);

	return root ? root : otherwise;
}

int ivshmem_read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, text, size - 1);
		close(fd);
	}
	if (len < 0)
		return ivshmem_fail(errno, "cannot read %s: %s", path, strerror(errno));
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	return 0;
}

int ivshmem_get(const struct ivshmem_info *info, const char *attribute, char *value, size_t size)
{
	char path[640];
	int err;

	snprintf(path, sizeof(path), "%s/%s", info->path, attribute);
	err = ivshmem_read_text(path, value, size);
	if (err && access(info->path, F_OK))
		return ivshmem_fail(ENODEV, "%s is gone: unplugged", info->name);
	return err;
}

int ivshmem_put(const struct ivshmem_info *info, const char *attribute, const char *value)
{
	char path[640];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", info->path, attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err = errno;
	if (fd >= 0)
		close(fd);
	if (err == EACCES)
		return ivshmem_fail(err, "no permission to write %s: run as root", path);
	return err ? ivshmem_fail(err, "cannot write %s to %s: %s", value, path, strerror(err)) : 0;
}

static int get_number(const struct ivshmem_info *info, const char *attribute, uint64_t *value)
{
	char text[32];
	int err;

	err = ivshmem_get(info, attribute, text, sizeof(text));
	if (!err)
		*value = strtoull(text, NULL, 0);
	return err;
}

static int get_protocol(struct ivshmem_info *info)
{
	char text[128], kind[16];
	int err;

	err = ivshmem_get(info, "protocol", text, sizeof(text));
	if (err)
		return err;
	if (sscanf(text, "%x %31s %15s", &info->protocol, info->plugin, kind) != 3)
		return ivshmem_fail(EPROTO, "protocol of %s is '%s', want three words",
				    info->name, text);
	info->chosen = !strcmp(kind, "chosen");
	return 0;
}

/* The UIO device is the PCI function's child, as we are. */
static void get_uio(struct ivshmem_info *info)
{
	char path[600];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/../uio", info->path);
	dir = strcmp(info->plugin, "uio") ? NULL : opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "uio", 3))
			snprintf(info->uio, sizeof(info->uio), "%.31s", entry->d_name);
	closedir(dir);
}

static int get_path(const char *name, struct ivshmem_info *info)
{
	char link[600], *real, *slash;
	int err = 0;

	snprintf(link, sizeof(link), "%s/bus/ivshmem/devices/%s",
		 ivshmem_root("IVSHMEM_SYSFS", "/sys"), name);
	real = realpath(link, NULL);
	if (!real)
		return ivshmem_fail(ENODEV, "no device %s", name);
	snprintf(info->name, sizeof(info->name), "%.31s", name);
	if (snprintf(info->path, sizeof(info->path), "%s", real) >= (int)sizeof(info->path))
		err = ivshmem_fail(ENAMETOOLONG, "%s has %zu bytes", real, strlen(real));
	slash = strrchr(real, '/');
	*slash = '\0';
	slash = strrchr(real, '/');
	snprintf(info->pci, sizeof(info->pci), "%.31s", slash ? slash + 1 : real);
	free(real);
	return err;
}

/* By its own name only. A device that goes meanwhile is not there. */
static int get_info(const char *name, struct ivshmem_info *info)
{
	uint64_t id = 0, max_peers = 0, vectors = 0;
	const struct {
		const char *attribute;
		uint64_t *value;
	} numbers[] = {
		{ "id", &id },
		{ "max_peers", &max_peers },
		{ "vectors", &vectors },
		{ "state_table_size", &info->state_table_size },
		{ "rw_section_size", &info->rw_size },
		{ "output_section_size", &info->output_size },
	};
	char type[16] = "";
	unsigned int i;
	int err;

	memset(info, 0, sizeof(*info));
	err = get_path(name, info);
	if (err)
		return err;
	err = get_protocol(info);
	for (i = 0; !err && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		err = get_number(info, numbers[i].attribute, numbers[i].value);
	if (!err)
		err = ivshmem_get(info, "interrupt_type", type, sizeof(type));
	if (err)
		return err == -ENOENT ? -ENODEV : err;
	info->id = id;
	info->max_peers = max_peers;
	info->vectors = vectors;
	info->intx = !strcmp(type, "intx");
	get_uio(info);
	return 0;
}

static int is_device(const struct dirent *entry)
{
	return !strncmp(entry->d_name, "ivshmem", 7);
}

int ivshmem_list(struct ivshmem_info **list)
{
	struct dirent **names;
	char path[600];
	int n, i, err = 0, found = 0;

	snprintf(path, sizeof(path), "%s/bus/ivshmem/devices",
		 ivshmem_root("IVSHMEM_SYSFS", "/sys"));
	*list = NULL;
	n = scandir(path, &names, is_device, versionsort);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return ivshmem_fail(errno, "cannot read %s: %s", path, strerror(errno));
	*list = calloc(n + 1, sizeof(**list));
	for (i = 0; i < n; i++) {
		if (*list && !err)
			err = get_info(names[i]->d_name, *list + found);
		if (!err)
			found++;
		if (err == -ENODEV)
			err = 0;
		free(names[i]);
	}
	free(names);
	if (!*list)
		return ivshmem_fail(ENOMEM, "out of memory");
	return err ? err : found;
}

static bool is_called(const struct ivshmem_info *info, const char *name)
{
	return !strcmp(name, info->name) || !strcmp(name, info->pci) ||
	       (*info->uio && !strcmp(name, info->uio)) ||
	       (!strncmp(info->pci, "0000:", 5) && !strcmp(name, info->pci + 5));
}

int ivshmem_find(const char *name, struct ivshmem_info *info)
{
	const char *base = strncmp(name, "/dev/", 5) ? name : name + 5;
	struct ivshmem_info *list;
	int n, i;

	n = ivshmem_list(&list);
	for (i = 0; i < n && !is_called(&list[i], base); i++)
		;
	if (n > i)
		*info = list[i];
	free(list);
	if (n < 0)
		return n;
	if (!n)
		return ivshmem_fail(ENODEV,
				    "no device %s, and no other: is ivshmem_core loaded?", name);
	if (i == n)
		return ivshmem_fail(ENODEV, "no device %s, see ivshmem-tool list", name);
	return 0;
}
