// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

struct pci_link *the_link;
static bool plugged[2];

static char log_text[65536];
static size_t log_len;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void note_log(int level, const char *text)
{
	size_t len = strlen(text);

	(void)level;
	pthread_mutex_lock(&log_lock);
	if (len + 1 < sizeof(log_text) - log_len) {
		memcpy(log_text + log_len, text, len + 1);
		log_len += len;
	}
	pthread_mutex_unlock(&log_lock);
}

bool log_has(const char *text)
{
	bool has;

	pthread_mutex_lock(&log_lock);
	has = strstr(log_text, text);
	pthread_mutex_unlock(&log_lock);
	return has;
}

static enum kit_policy chosen_policy(void)
{
	const char *policy = getenv("HOSTED_POLICY") ?: "smp";

	if (!strcmp(policy, "up"))
		return KIT_UP;
	return strcmp(policy, "replay") ? KIT_SMP : KIT_REPLAY;
}

static int in_kit(void *arg)
{
	void (*body)(void) = *(void (**)(void))arg;
	jmp_buf env;

	th.bail = &env;
	EXPECT_EQ(0, kit_kernel_init());
	EXPECT_EQ(0, kit_modules_init());
	if (!setjmp(env))
		body();
	kit_fail(KIT_WHAT_ALLOC, 0);
	unplug(0);
	unplug(1);
	kit_modules_exit();
	kit_kernel_exit();
	if (the_link)
		pci_link_destroy(the_link);
	/* A test that failed has its reasons to leave something. */
	if (!th.failed)
		EXPECT_EQ(0, kit_report());
	return 0;
}

void run_hosted(void (*body)(void))
{
	struct kit_config config = {
		.policy = chosen_policy(),
		.seed = strtoull(getenv("HOSTED_SEED") ?: "1", NULL, 0),
		.log_level = 7,
		.log_fd = getenv("HOSTED_VERBOSE") ? 2 : open("/dev/null", O_WRONLY),
	};

	kit_log_hook = note_log;
	EXPECT_EQ(0, kit_run(&config, in_kit, &body));
}

void make_link(uint16_t protocol, unsigned int vectors, uint64_t rw, uint64_t output)
{
	struct pci_link_config config = {
		.protocol = protocol, .vectors = vectors, .rw_size = rw, .output_size = output,
	};

	the_link = pci_link_create(&config);
	ASSERT_NE(NULL, the_link);
}

void plug(unsigned int end)
{
	ASSERT_EQ(0, kit_pci_plug(pci_link_end(the_link, end), 8 + end));
	plugged[end] = true;
}

void unplug(unsigned int end)
{
	if (plugged[end])
		kit_pci_unplug(pci_link_end(the_link, end));
	plugged[end] = false;
}

void moment(void)
{
	kit_advance(1000000);
}

static char *path_of(unsigned int end, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "bus/ivshmem/devices/ivshmem%u/%s", end, name);
	return path;
}

const char *attr(unsigned int end, const char *name)
{
	static char value[4096];

	if (kit_attr_read(path_of(end, name), value, sizeof(value)) < 0)
		return "";
	value[strcspn(value, "\n")] = '\0';
	return value;
}

long long number(unsigned int end, const char *name)
{
	return strtoll(attr(end, name), NULL, 0);
}

long set_attr(unsigned int end, const char *name, const char *value)
{
	return kit_attr_write(path_of(end, name), value, strlen(value));
}

TEST_HARNESS_MAIN
