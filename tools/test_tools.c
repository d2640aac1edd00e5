// SPDX-License-Identifier: GPL-2.0
/* What needs no device: a folder plays sysfs, a file plays /dev/uio0. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "../selftests/harness.h"
#include "tool.h"

#define PAGE	4096u
#define PCI	"devices/pci0000:00/0000:00:08.0"

static void put(const char *root, const char *path, const char *text)
{
	char whole[512], *slash;
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	for (slash = whole + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(whole, 0755);
		*slash = '/';
	}
	file = fopen(whole, "w");
	ASSERT_TRUE(file);
	fputs(text, file);
	fclose(file);
}

static void put_map(const char *root, unsigned int index, const char *name, const char *size)
{
	char path[128];

	snprintf(path, sizeof(path), PCI "/uio/uio0/maps/map%u/name", index);
	put(root, path, name);
	snprintf(path, sizeof(path), PCI "/uio/uio0/maps/map%u/size", index);
	put(root, path, size);
}

FIXTURE(tool) {
	char root[64];
	char out[65536], err[4096];
	int status;
};

/* Peer 1 of 2, all five maps; of the file's pages, 3 and 4 are the output sections. */
FIXTURE_SETUP(tool)
{
	static const char * const attributes[][2] = {
		{ "protocol", "0x0000 uio auto\n" }, { "id", "1\n" }, { "max_peers", "2\n" },
		{ "vectors", "3\n" }, { "interrupt_type", "msi-x\n" },
		{ "state_table_size", "4096\n" }, { "rw_section_size", "4096\n" },
		{ "output_section_size", "4096\n" }, { "peer_states", "0 3\n1 4294967295\n" },
		{ "counters/doorbells", "5\n" }, { "counters/interrupts", "6\n" },
	};
	char path[128], target[128];
	unsigned int i;

	strcpy(self->root, "/tmp/ivshmem-tool-XXXXXX");
	ASSERT_TRUE(mkdtemp(self->root));
	for (i = 0; i < 11; i++) {
		snprintf(path, sizeof(path), PCI "/ivshmem0/%s", attributes[i][0]);
		put(self->root, path, attributes[i][1]);
	}
	put_map(self->root, 0, "registers\n", "0x1000\n");
	put_map(self->root, 1, "state_table\n", "0x1000\n");
	put_map(self->root, 2, "rw_section\n", "0x1000\n");
	put_map(self->root, 3, "input_sections\n", "0x2000\n");
	put_map(self->root, 4, "output_section\n", "0x1000\n");
	put(self->root, "bus/ivshmem/devices/x", "");
	snprintf(path, sizeof(path), "%s/bus/ivshmem/devices/ivshmem0", self->root);
	snprintf(target, sizeof(target), "%s/" PCI "/ivshmem0", self->root);
	ASSERT_EQ(0, symlink(target, path));
	put(self->root, "uio0", "");
	snprintf(path, sizeof(path), "%s/uio0", self->root);
	ASSERT_EQ(0, truncate(path, 5 * PAGE));
	setenv("IVSHMEM_SYSFS", self->root, 1);
	setenv("IVSHMEM_DEV", self->root, 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

FIXTURE_TEARDOWN(tool)
{
	nftw(self->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void slurp(const char *root, const char *name, char *text, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "r");
	ASSERT_TRUE(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void run(struct tool_fixture *self, const char *arguments)
{
	char command[1024];
	int status;

	snprintf(command, sizeof(command), "exec </dev/null; %s %s >%s/out 2>%s/err",
		 getenv("IVSHMEM_TOOL"), arguments, self->root, self->root);
	status = system(command);
	ASSERT_TRUE(WIFEXITED(status));
	self->status = WEXITSTATUS(status);
	slurp(self->root, "out", self->out, sizeof(self->out));
	slurp(self->root, "err", self->err, sizeof(self->err));
}

/* One line on standard error that has @text, and nothing else */
static void expect_failure(struct tool_fixture *self, const char *arguments, int status,
			   const char *text)
{
	char *newline;

	run(self, arguments);
	newline = strchr(self->err, '\n');
	if (self->status != status || *self->out || !newline || newline[1] ||
	    !strstr(self->err, text)) {
		TH_LOG("'%s': status %d, out '%s', err '%s', want status %d and '%s'", arguments,
		       self->status, self->out, self->err, status, text);
		th.failed = true;
	}
}

static void expect_output(struct tool_fixture *self, const char *arguments, const char *text)
{
	run(self, arguments);
	EXPECT_EQ(0, self->status);
	EXPECT_STREQ("", self->err);
	EXPECT_STREQ(text, self->out);
}

/* In @text, a newline stands for a space, but for the last one, and ' for ". */
static void expect_json(struct tool_fixture *self, const char *arguments, const char *text)
{
	char wanted[2048], *to = wanted;

	for (; text[1]; text++)
		*to++ = *text == '\n' ? ' ' : *text == '\'' ? '"' : *text;
	strcpy(to, "\n");
	expect_output(self, arguments, wanted);
}

/* A word of the file that plays the device */
static uint32_t word(struct tool_fixture *self, unsigned int offset)
{
	char path[128];
	uint32_t value = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/uio0", self->root);
	fd = open(path, O_RDONLY);
	ASSERT_EQ(sizeof(value), pread(fd, &value, sizeof(value), offset));
	close(fd);
	return value;
}

/* Whether all words of the file but one are 0 */
static bool only_word(struct tool_fixture *self, unsigned int offset)
{
	unsigned int i;

	for (i = 0; i < 5 * PAGE; i += 4)
		if (i != offset && word(self, i))
			return false;
	return true;
}

TEST_F(tool, tells_what_is_wrong_with_the_arguments)
{
	static const char * const wrong[][2] = {
		{ "", "a verb is missing" },
		{ "frob", "the verb is 'frob'" },
		{ "list a b", "found 2 arguments, want: [DEVICE]" },
		{ "doorbell ivshmem0 1", "found 2 arguments, want: DEVICE PEER VECTOR" },
		{ "list --frob", "--frob is no option" },
		{ "list --count 3", "--count is no option" },
		{ "list -x", "-x is no option" },
		{ "read ivshmem0 rw --offset", "--offset wants a value" },
		{ "doorbell ivshmem0 0 0 --count 0", "--count is '0', want a whole number from 1" },
		{ "doorbell ivshmem0 0 0 --count -1", "--count is '-1'" },
		{ "doorbell ivshmem0 0 0 --count 1x", "--count is '1x'" },
		{ "doorbell ivshmem0 x 0", "peer is 'x', want a whole number from 0 to 65535" },
		{ "doorbell ivshmem0 0 65536", "vector is '65536'" },
		{ "state ivshmem0 4294967296", "state is '4294967296'" },
		{ "state ivshmem0 --hold 1", "--hold wants a VALUE" },
		{ "state ivshmem0 1 --hold nan", "--hold is 'nan', want seconds" },
		{ "watch ivshmem0 --seconds 0", "--seconds is '0', want seconds: more than 0" },
		{ "read ivshmem0 rw --length 1T", "--length is '1T'" },
		{ "read ivshmem0 rw --length 99999999999G", "--length is" },
		{ "bandwidth ivshmem0 --size 4", "--size is '4', want a whole number from 8" },
		{ "bandwidth ivshmem0 --section input:0", "--section is 'input:0', want rw or" },
		{ "pingpong ivshmem0 --mode both", "--mode is 'both', want one-shot or eventfd" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_failure(self, wrong[i][0], 2, wrong[i][1]);
}

TEST_F(tool, tells_what_is_wrong_with_the_device)
{
	expect_failure(self, "list ivshmem1", 1, "no device ivshmem1, see");
	expect_failure(self, "read uio1 rw", 1, "no device uio1");
	expect_failure(self, "read 0000:00:09.0 rw", 1, "no device 0000:00:09.0");
	expect_failure(self, "watch ivshmem0 --seconds 1", 1, "ivshmem-uio0: No such file");
	expect_failure(self, "pingpong ivshmem0 --peer 1", 1, "want another one of 0 to 1");
	expect_failure(self, "pong ivshmem0 --vector 3", 1, "has vectors 0 to 2");
	put(self->root, PCI "/ivshmem0/max_peers", "4\n");
	expect_failure(self, "pong ivshmem0", 2, "--peer is missing, ivshmem0 has peers 0 to 3");
	put(self->root, PCI "/uio/uio0/maps/map0/name", "other\n");
	expect_failure(self, "read ivshmem0 rw", 1, "none is called registers");
	put(self->root, PCI "/ivshmem0/protocol", "0x0001 net auto\n");
	expect_failure(self, "read ivshmem0 rw", 1, "ivshmem0 is bound to net, want uio");
	expect_failure(self, "read ivshmem0 rw", 1, "ivshmem-tool protocol ivshmem0 uio");
	put(self->root, PCI "/ivshmem0/protocol", "nonsense\n");
	expect_failure(self, "list", 1, "protocol of ivshmem0 is 'nonsense', want three words");
}

TEST_F(tool, tells_that_permission_is_missing)
{
	char text[600];

	/* A copy: others may not get at where it was built. */
	snprintf(text, sizeof(text), "cd %s && cp %s tool && chmod 777 . && chmod 0 uio0 %s",
		 self->root, getenv("IVSHMEM_TOOL"), "&& chmod 444 " PCI "/ivshmem0/protocol");
	ASSERT_EQ(0, system(text));
	snprintf(text, sizeof(text), "%s/tool", self->root);
	setenv("IVSHMEM_TOOL", text, 1);
	if (!getuid())
		ASSERT_EQ(0, setresuid(65534, 65534, 0));
	expect_failure(self, "read ivshmem0 rw", 1, "no permission to open");
	expect_failure(self, "protocol ivshmem0 net", 1, "no permission to write");
	/* Where we were root, we are again, to clean up. */
	if (!seteuid(0))
		EXPECT_EQ(0, setuid(0));
}

TEST_F(tool, has_help_and_version_and_every_verb_has_help)
{
	static const char * const verbs[] = {
		"list", "protocol", "state", "doorbell", "watch", "read", "write", "pingpong",
		"pong", "bandwidth",
	};
	char text[64];
	unsigned int i;

	expect_output(self, "--version", "ivshmem-tool 1.0\n");
	for (i = 0; i < 10; i++) {
		run(self, "--help");
		snprintf(text, sizeof(text), "\n  %s ", verbs[i]);
		EXPECT_TRUE(strstr(self->out, text));
		snprintf(text, sizeof(text), "%s --help", verbs[i]);
		run(self, text);
		EXPECT_EQ(0, self->status);
		snprintf(text, sizeof(text), "Usage: ivshmem-tool %s ", verbs[i]);
		EXPECT_EQ(self->out, strstr(self->out, text));
	}
}

TEST_F(tool, lists_what_sysfs_has)
{
	expect_json(self, "list --json",
		    "[{'device': 'ivshmem0', 'pci': '0000:00:08.0', 'protocol': 0,\n"
		    "'plugin': 'uio', 'chosen': false, 'uio': 'uio0', 'id': 1,\n"
		    "'max_peers': 2, 'vectors': 3, 'interrupt_type': 'msi-x',\n"
		    "'state_table_size': 4096, 'rw_section_size': 4096,\n"
		    "'output_section_size': 4096, 'states': {'0': 3, '1': 4294967295},\n"
		    "'counters': {'doorbells': 5, 'interrupts': 6}}]\n");
	expect_output(self, "list",
		      "ivshmem0: PCI 0000:00:08.0, protocol 0x0000, plugin uio (auto), uio0\n"
		      "  peer      1 of 2, vectors 3 (msi-x)\n"
		      "  bytes     state_table 4096, rw 4096, output 4096 for each peer\n"
		      "  states    0: 3, 1: 4294967295 (own)\n"
		      "  counters  doorbells 5, interrupts 6\n");
	expect_json(self, "state uio0 --json",
		    "{'device': 'ivshmem0', 'id': 1, 'states': {'0': 3, '1': 4294967295}}\n");
}

TEST_F(tool, finds_a_device_by_each_of_its_names)
{
	static const char * const names[] = {
		"ivshmem0", "uio0", "/dev/uio0", "0000:00:08.0", "00:08.0",
	};
	char text[64];
	unsigned int i;

	for (i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "protocol %s", names[i]);
		expect_output(self, text, "0x0000 uio auto\n");
	}
}

TEST_F(tool, lists_nothing_where_there_is_nothing)
{
	setenv("IVSHMEM_SYSFS", "/nonexistent", 1);
	expect_output(self, "list", "");
	expect_output(self, "list --json", "[]\n");
	expect_failure(self, "list ivshmem0", 1, "is ivshmem_core loaded?");
}

TEST_F(tool, escapes_strings_in_json)
{
	put(self->root, PCI "/ivshmem0/protocol", "0x0001 a\"b\\c\001\xff chosen\n");
	run(self, "protocol ivshmem0 --json");
	EXPECT_TRUE(strstr(self->out, "\"plugin\": \"a\\\"b\\\\c\\u0001\\u00ff\", "));
}

TEST_F(tool, writes_the_range_that_it_was_told_and_nothing_else)
{
	expect_output(self, "write ivshmem0 rw --offset 0x10 --data abcd", "");
	EXPECT_EQ(0x64636261, word(self, 2 * PAGE + 0x10));
	EXPECT_TRUE(only_word(self, 2 * PAGE + 0x10));
	expect_output(self, "read ivshmem0 rw --offset 16 --length 4", "abcd");
	expect_output(self, "read ivshmem0 rw --offset 14 --length 4 --hex",
		      "0000000e 00 00 61 62\n");
	expect_json(self, "read ivshmem0 rw --offset 16 --length 3 --json",
		    "{'device': 'ivshmem0', 'section': 'rw', 'offset': 16, 'length': 3,\n"
		    "'hex': '616263'}\n");
}

TEST_F(tool, writes_standard_input)
{
	char command[128];

	snprintf(command, sizeof(command), "write ivshmem0 output --offset 4092 <%s/in",
		 self->root);
	put(self->root, "in", "wxyz");
	expect_output(self, command, "");
	EXPECT_TRUE(only_word(self, 5 * PAGE - 4));
	expect_output(self, "read ivshmem0 input:1 --offset 4092", "wxyz");
	put(self->root, "in", "12345");
	expect_failure(self, command, 1, "5 bytes to write, section output has room for 4");
	EXPECT_EQ(0x7a797877, word(self, 5 * PAGE - 4));
}

TEST_F(tool, refuses_what_it_may_not_write_and_ranges_beyond_a_section)
{
	expect_failure(self, "write ivshmem0 state_table --data x", 1, "read-only");
	expect_failure(self, "write ivshmem0 input:0 --data x", 1, "read-only");
	expect_failure(self, "write ivshmem0 input:1 --data x", 1, "read-only");
	expect_failure(self, "write ivshmem0 registers --data x", 1, "section is registers, want");
	expect_failure(self, "read ivshmem0 input:2", 1, "want input:0 to input:1");
	expect_failure(self, "read ivshmem0 input:-1", 1, "section is input:-1");
	expect_failure(self, "read ivshmem0 rw --offset 4097", 1, "has 4096 bytes");
	expect_failure(self, "read ivshmem0 rw --offset 4096 --length 1", 1, "has 0 bytes from");
	expect_failure(self, "read ivshmem0 rw --offset 1 --length 0xffffffffffffffff", 2,
		       "--length");
	expect_failure(self, "write ivshmem0 rw --offset 4093 --data abcd", 1, "room for 3");
	expect_failure(self, "bandwidth ivshmem0 --size 4097", 1, "has 4096 bytes");
	EXPECT_TRUE(only_word(self, 0));
}

TEST_F(tool, knows_sections_by_name_and_that_one_is_absent)
{
	/* No R/W section: later maps have other numbers. */
	put_map(self->root, 2, "output_section\n", "0x1000\n");
	put_map(self->root, 4, "unknown\n", "0x1000\n");
	expect_output(self, "write ivshmem0 output --data abcd", "");
	EXPECT_EQ(0x64636261, word(self, 2 * PAGE));
	expect_failure(self, "read ivshmem0 rw", 1, "ivshmem0 has no section rw");
}

/* Without a fault: the kernel is the one to write there. */
static bool can_write(const struct ivshmem_section *section)
{
	int fd = open("/dev/zero", O_RDONLY);
	bool can = read(fd, section->data, 1) == 1;

	close(fd);
	return can;
}

TEST_F(tool, maps_each_section_with_its_own_protection)
{
	struct ivshmem *dev;

	ASSERT_EQ(0, ivshmem_open("ivshmem0", &dev));
	EXPECT_TRUE(can_write(&dev->registers));
	EXPECT_FALSE(can_write(&dev->state_table));
	EXPECT_TRUE(can_write(&dev->rw));
	EXPECT_FALSE(can_write(&dev->input));
	EXPECT_TRUE(can_write(&dev->output));
	EXPECT_EQ(2 * PAGE, dev->input.size);
	EXPECT_EQ((char *)dev->input.data + PAGE, ivshmem_peer_output(dev, 1));
	EXPECT_EQ(NULL, ivshmem_peer_output(dev, 2));
	ivshmem_close(dev);
}

TEST_F(tool, rings_by_one_write_to_the_doorbell)
{
	expect_output(self, "doorbell ivshmem0 1 2", "");
	EXPECT_EQ(1 << 16 | 2, word(self, IVSHMEM_REG_DOORBELL));
	EXPECT_TRUE(only_word(self, IVSHMEM_REG_DOORBELL));
	expect_failure(self, "doorbell ivshmem0 2 0", 1, "peer is 2, ivshmem0 has peers 0 to 1");
	expect_failure(self, "doorbell ivshmem0 0 3", 1, "vector is 3, ivshmem0 has vectors 0");
	EXPECT_EQ(1 << 16 | 2, word(self, IVSHMEM_REG_DOORBELL));
}

TEST_F(tool, measures_bandwidth_in_the_section_alone)
{
	run(self, "bandwidth ivshmem0 --section rw --size 2K --seconds 0.01 --json");
	EXPECT_EQ(self->out, strstr(self->out, "{\"section\": \"rw\", \"size\": 2048, \"write\""));
	EXPECT_EQ(0, word(self, 2 * PAGE - 4));
	EXPECT_EQ(0, word(self, 2 * PAGE + 2048));
}

TEST(percentiles_are_those_of_the_samples)
{
	uint32_t samples[1000], one = 4000;
	struct summary us;
	unsigned int i;

	for (i = 0; i < 1000; i++)
		samples[i] = (1 + (i * 7) % 1000) * 1000;
	summarize(samples, 1000, &us);
	EXPECT_EQ(1, us.min);
	EXPECT_EQ(500, us.p50);
	EXPECT_EQ(900, us.p90);
	EXPECT_EQ(990, us.p99);
	EXPECT_EQ(999, us.p999);
	EXPECT_EQ(1000, us.max);
	EXPECT_EQ(5005, us.mean * 10);
	/* 90 % of 7 are 6.3 samples: it takes 7 not to exceed that. */
	for (i = 0; i < 7; i++)
		samples[i] = (i + 1) * 1000;
	summarize(samples, 7, &us);
	EXPECT_TRUE(us.min == 1 && us.p50 == 4 && us.p90 == 7);
	summarize(&one, 1, &us);
	EXPECT_TRUE(us.min == 4 && us.p50 == 4 && us.p999 == 4 && us.max == 4);
	summarize(NULL, 0, &us);
	EXPECT_TRUE(us.min == 0 && us.p50 == 0 && us.max == 0 && us.mean == 0);
}

TEST_HARNESS_MAIN
