// SPDX-License-Identifier: GPL-2.0
/* The process: options, sockets, counters, memory, sixteen peers */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "client.h"

/* Exit status 2 and one line on stderr that contains @want */
static void expect_refusal(struct device *d, const char *args, const char *want)
{
	char text[2000];

	device_try_start(d, args);
	EXPECT_EQ(2, device_wait(d, text, sizeof(text)));
	if (!strstr(text, want))
		TH_LOG("%s: found: %s", args, text);
	EXPECT_NE(NULL, strstr(text, want));
	EXPECT_GT(strlen(text), 0);
	EXPECT_EQ(strlen(text) - 1, strcspn(text, "\n"));
}

TEST(wrong_options_are_one_line_and_status_2)
{
	static const char *const cases[][2] = {
		{ "--peers 1", "--peers is 1, want 2 to 256" },
		{ "--peers 257", "--peers is 257" },
		{ "--peers -2", "--peers is -2" },
		{ "--peers 2x", "--peers is 2x" },
		{ "--vectors 0", "--vectors is 0, want 1 to 2048" },
		{ "--vectors 2049", "--vectors is 2049" },
		{ "--intx --vectors 2", "--vectors is 2, want 1 with --intx" },
		{ "--protocol ethernet", "is ethernet" },
		{ "--protocol 65536", "is 65536" },
		{ "--state-size 0", "--state-size is 0 bytes, want at least 8" },
		{ "--state-size 4G", "4294967296 bytes, want less than 4G" },
		{ "--state-size 1000", "1000 bytes, want a multiple of 4096" },
		{ "--rw-size 5K", "--rw-size is 5120 bytes, want a multiple" },
		{ "--output-size 4097", "--output-size is 4097 bytes" },
		{ "--output-size 4Q", "--output-size is 4Q, want a size" },
		{ "--output-size 4KK", "--output-size is 4KK" },
		{ "--output-size 2000G", "is 2000G, want up to 1024G" },
		{ "--output-size 99999999999999999999", "want a size" },
		{ "--output-size 18446744073709547520G", "up to 1024G" },
		{ "--output-size 17179869185G", "up to 1024G" },
		{ "--output-size 1025G", "up to 1024G" },
		{ "--rw-size 17592186044417M", "up to 1024G" },
		{ "--rw-size 1099511631872", "up to 1024G" },
		{ "--lie rw-size=17179869185G", "up to 1024G" },
		{ "--base-address 0x1001", "0x1001, want a multiple of 4096" },
		{ "--base-address 0", "--base-address is 0" },
		{ "--base-address 0x10000 --strict", "--strict wants BAR2" },
		{ "--drop-interrupts 1.5", "--drop-interrupts is 1.5" },
		{ "--drop-interrupts nan", "--drop-interrupts is nan" },
		{ "--lie height=3", "height=3: no such field" },
		{ "--lie id", "want id=VALUE" },
		{ "--lie msix-vectors=0", "msix-vectors is 0" },
		{ "--colour", "--colour" },
		{ "--dir", "requires an argument" },
		{ "extra", "unexpected argument extra" },
	};
	struct device dev = { 0 };
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_refusal(&dev, cases[i][0], cases[i][1]);
}

TEST(a_missing_or_wrong_directory_is_named)
{
	struct device dev = { 0 };
	char args[300];

	expect_refusal(&dev, "--dir /nonexistent", "directory /nonexistent: No such file");
	expect_refusal(&dev, "--dir /etc/passwd", "directory /etc/passwd: Not a dir");
	snprintf(args, sizeof(args), "--dir /%0120d", 0);
	expect_refusal(&dev, args, "bytes, want at most 107");
}

static void run(const char *command, int status, char *text, size_t size)
{
	FILE *f = popen(command, "r");
	int end;

	ASSERT_NE(NULL, f);
	text[fread(text, 1, size - 1, f)] = '\0';
	end = pclose(f);
	EXPECT_TRUE(WIFEXITED(end));
	EXPECT_EQ(status, WEXITSTATUS(end));
}

TEST(without_a_directory_there_is_no_link)
{
	char text[200];

	run(IVSHMEM_LINK " 2>&1", 2, text, sizeof(text));
	EXPECT_STREQ("ivshmem-link: --dir is missing, see --help\n", text);
}

TEST(help_and_version_go_to_stdout)
{
	char text[8000];

	run(IVSHMEM_LINK " --help 2>/dev/null", 0, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "--drop-interrupts"));
	EXPECT_NE(NULL, strstr(text, "Test options"));
	EXPECT_NE(NULL, strstr(text, "max-peers\n"));
	run(IVSHMEM_LINK " --version 2>/dev/null", 0, text, sizeof(text));
	EXPECT_EQ(0, strncmp(text, "ivshmem-link ", 13));
}

TEST(a_directory_has_one_link_at_a_time)
{
	struct device first = { 0 }, second = { 0 };
	static const char *const names[] = {
		"peer0.sock", "peer1.sock", "control.sock",
	};
	struct client c;
	unsigned int i;
	char path[120];

	device_start(&first, "");
	client_join(&c, &first, 0, 1);
	strcpy(second.dir, first.dir);
	expect_refusal(&second, "", " is in use by another ivshmem-link");
	EXPECT_EQ(0, reg(&c, REG_ID));
	EXPECT_EQ(0, device_stat(&first, 1, "connections"));
	/* whether or not its sockets tell of it: it may have just begun, or end */
	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", first.dir, names[i]);
		ASSERT_EQ(0, unlink(path));
	}
	expect_refusal(&second, "", " is in use by another ivshmem-link");
	EXPECT_EQ(0, reg(&c, REG_ID));
	EXPECT_EQ(0, device_stop(&first, NULL, 0));
	device_start(&second, "");
	EXPECT_EQ(0, device_stop(&second, NULL, 0));
}

TEST(of_many_that_start_at_once_one_serves)
{
	struct device dev[8] = { 0 };
	unsigned int i, tries, ended = 0;
	char text[200];

	device_start(&dev[0], "");
	kill(dev[0].pid, SIGKILL);	/* its sockets are to be replaced */
	waitpid(dev[0].pid, NULL, 0);
	for (i = 0; i < 8; i++) {
		strcpy(dev[i].dir, dev[0].dir);
		device_try_start(&dev[i], "");
	}
	for (tries = 0; tries < 5000 && ended < 7; tries++) {
		usleep(1000);
		i = tries % 8;
		if (!dev[i].pid || waitpid(dev[i].pid, NULL, WNOHANG) <= 0)
			continue;
		dev[i].pid = 0;
		ended++;
		device_stderr(&dev[i], text, sizeof(text));
		EXPECT_NE(NULL, strstr(text, " is in use by "));
	}
	EXPECT_EQ(7, ended);
	for (i = 0; i < 8; i++)
		if (dev[i].pid)
			EXPECT_EQ(0, device_stop(&dev[i], NULL, 0));
	EXPECT_EQ(0, rmdir(dev[0].dir));
}

TEST(what_a_killed_link_left_is_replaced)
{
	struct device dev = { 0 };
	struct client c;
	int status;

	device_start(&dev, "");
	kill(dev.pid, SIGKILL);
	waitpid(dev.pid, &status, 0);
	device_start(&dev, "");
	client_open(&c, &dev, 1);
	EXPECT_EQ(1, reg(&c, REG_ID));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(a_file_in_the_way_is_left_alone)
{
	struct device dev = { 0 };
	char path[120], name[120];
	int fd;

	device_start(&dev, "");
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
	snprintf(path, sizeof(path), "%s/peer1.sock", dev.dir);
	fd = open(path, O_CREAT | O_EXCL, 0600);
	ASSERT_GE(fd, 0);
	expect_refusal(&dev, "", "peer1.sock exists and is no socket");
	EXPECT_EQ(0, access(path, F_OK));
	snprintf(name, sizeof(name), "%s/peer0.sock", dev.dir);
	EXPECT_NE(0, access(name, F_OK));	/* nothing is left of the attempt */

	snprintf(name, sizeof(name), "%s/memory", dev.dir);
	ASSERT_EQ(0, rename(path, name));
	expect_refusal(&dev, "--base-address 0x100000",
		       "cannot make the symbolic link");
	EXPECT_EQ(0, access(name, F_OK));
}

TEST(sockets_are_for_their_owner_only_and_are_removed)
{
	static const char *const names[] = {
		"peer0.sock", "peer1.sock", "peer2.sock", "control.sock",
	};
	struct device dev = { 0 };
	struct stat st;
	char path[120];
	unsigned int i;

	device_start(&dev, "--peers 3");
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", dev.dir, names[i]);
		ASSERT_EQ(0, stat(path, &st));
		EXPECT_EQ(S_IFSOCK | 0600, st.st_mode);
	}
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
	EXPECT_EQ(0, rmdir(dev.dir));
}

TEST(counters_are_printed_at_the_end)
{
	struct device dev = { 0 };
	char json[20000], asked[20000];
	struct client c;

	device_start(&dev, "--vectors 3 --protocol 0x4001 --strict");
	client_join(&c, &dev, 1, 3);
	set_reg(&c, REG_STATE, 3);
	set_reg(&c, REG_DOORBELL, DOORBELL(1, 2));
	device_control(&dev, "stats", asked, sizeof(asked));
	EXPECT_EQ(0, device_stop(&dev, json, sizeof(json)));
	EXPECT_STREQ(asked, json);
	EXPECT_NE(NULL, strstr(json, "{\"protocol\": 16385, \"vectors\": 3, "));
	EXPECT_NE(NULL, strstr(json, "\"mode\": \"strict\", \"interrupts\": \"msix\""));
	EXPECT_NE(NULL, strstr(json, "{\"id\": 1, \"connected\": true, \"state\": 3, "));
	EXPECT_NE(NULL, strstr(json, "\"interrupt_control\": 1, \"doorbells\": 1, "));
}

TEST(counters_are_json)
{
	struct device dev = { 0 };
	char command[500];

	if (system("python3 -c pass 2>/dev/null"))
		SKIP(return, "no python3 to parse JSON with");
	device_start(&dev, "--peers 256 --drop-interrupts 0");	/* the longest answer */
	snprintf(command, sizeof(command),
		 "python3 -c 'import json, socket, time\n"
		 "for command in \"stats\", \"help\", \"drop 0.5\", \"nonsense\":\n"
		 "  s = socket.socket(socket.AF_UNIX); s.connect(\"%s/control.sock\")\n"
		 "  s.sendall(command.encode() + b\"\\n\"); time.sleep(0.1)\n"
		 "  json.loads(s.makefile().read())'", dev.dir);
	EXPECT_EQ(0, system(command));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(the_control_socket_answers_and_survives_bad_clients)
{
	struct device dev = { 0 };
	char json[20000];
	struct client c;
	unsigned int fds_before;
	int fds[30], i;

	device_start(&dev, "--drop-interrupts 0");
	device_control(&dev, "help", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "[\"help\", \"stats\", \"drop RATE\"]"));
	device_control(&dev, "nonsense", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"error\""));
	device_control(&dev, "drop 2", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"error\""));
	device_control(&dev, "drop 100%", json, sizeof(json));
	EXPECT_STREQ("{\"drop_rate\": 1}\n", json);
	fds_before = device_fds(&dev);
	client_join(&c, &dev, 0, 1);
	set_reg(&c, REG_DOORBELL, DOORBELL(0, 0));
	EXPECT_EQ(0, taken(&c, 0));
	device_control(&dev, "drop 0", json, sizeof(json));
	set_reg(&c, REG_DOORBELL, DOORBELL(0, 0));
	EXPECT_EQ(1, taken(&c, 0));

	client_leave(&c, &dev, 0);
	for (i = 0; i < 30; i++)	/* silent ones, and endless lines */
		fds[i] = unix_connect(dev.dir, "control.sock");
	memset(json, 'x', sizeof(json));
	for (i = 0; i < 30; i += 2)
		send(fds[i], json, sizeof(json), MSG_NOSIGNAL | MSG_DONTWAIT);
	client_open(&c, &dev, 0);
	EXPECT_EQ(0, reg(&c, REG_ID));
	for (i = 0; i < 30; i++)
		close(fds[i]);
	close(c.fd);
	device_expect_fds(&dev, fds_before);
	device_control(&dev, "stats", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"peers\""));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(silent_clients_do_not_keep_the_control_socket)
{
	struct device dev = { 0 };
	char json[20000];
	int fds[20], i;

	device_start(&dev, "");
	for (i = 0; i < 20; i++)
		fds[i] = unix_connect(dev.dir, "control.sock");
	device_control(&dev, "stats", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"peers\""));
	/* The oldest one had to go, the newest is still heard. */
	ASSERT_EQ(5, send(fds[19], "help\n", 5, MSG_NOSIGNAL));
	EXPECT_GT(read(fds[19], json, sizeof(json)), 0);
	EXPECT_EQ(0, read(fds[0], json, sizeof(json)));
	for (i = 0; i < 20; i++)
		close(fds[i]);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(interrupts_are_lost_on_demand_only_where_an_option_allows_it)
{
	struct device dev = { 0 };
	char json[20000];

	device_start(&dev, "");
	device_control(&dev, "help", json, sizeof(json));
	EXPECT_STREQ("{\"commands\": [\"help\", \"stats\"]}\n", json);
	device_control(&dev, "drop 1", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"error\": \"drop wants --drop-interrupts"));
	device_control(&dev, "stats", json, sizeof(json));
	EXPECT_NE(NULL, strstr(json, "\"drop_rate\": 0, "));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(no_descriptor_leaks_over_connections)
{
	struct device dev = { 0 };
	struct client c;
	unsigned int fds, i;
	char json[20000];

	device_start(&dev, "");
	device_control(&dev, "help", json, sizeof(json));
	fds = device_fds(&dev);
	for (i = 0; i < 100; i++) {
		client_join(&c, &dev, i & 1, 2);
		client_leave(&c, &dev, i & 1);
		close(c.event[0]);
		close(c.event[1]);
	}
	device_control(&dev, "help", json, sizeof(json));
	device_expect_fds(&dev, fds);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(a_link_that_needs_too_many_descriptors_says_so)
{
	char command[300], text[200];

	snprintf(command, sizeof(command), "ulimit -n 400 && " IVSHMEM_LINK
		 " --dir /nonexistent --peers 16 --vectors 16 2>&1");
	run(command, 2, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "limit of open files is 400, want 1388 for 16 peers"));
}

TEST(without_descriptors_connections_wait_and_nothing_spins)
{
	struct device dev = { 0 };
	struct client a, b;
	double cpu;
	int fds[10];
	unsigned int i;
	rlim_t many;

	device_start(&dev, "");
	client_join(&b, &dev, 1, 1);
	many = device_fill_fds(&dev);
	client_connect(&a, &dev, 0);
	for (i = 0; i < 10; i++)
		fds[i] = unix_connect(dev.dir, i & 1 ? "control.sock" : "peer0.sock");
	set_reg(&b, REG_DOORBELL, DOORBELL(1, 0));
	EXPECT_EQ(1, taken(&b, 0));
	cpu = device_cpu(&dev);
	usleep(300000);
	EXPECT_LT((device_cpu(&dev) - cpu) * 1000, 100);
	for (i = 0; i < 10; i++)
		close(fds[i]);

	device_limit_fds(&dev, many);
	client_greet(&a);
	EXPECT_EQ(0, reg(&a, REG_ID));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(a_peer_needs_no_other_to_be_there)
{
	struct device dev = { 0 };
	struct client c;

	device_start(&dev, "--peers 5");
	client_join(&c, &dev, 4, 2);
	set_reg(&c, REG_STATE, 1);
	EXPECT_EQ(1, read_le(&c, BAR2, 16, 4));
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

/* KiB of the process that are not the link's shared memory */
static unsigned long own_memory(struct device *d)
{
	unsigned long total = 0, kb;
	char path[40], line[400];
	bool shared = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps", d->pid);
	f = fopen(path, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		if (strchr(line, '-') && strchr(line, ' ') > strchr(line, '-') &&
		    strspn(line, "0123456789abcdef-") >= 17)
			shared = !!strstr(line, "memfd:ivshmem-link");
		if (!shared && sscanf(line, "Rss: %lu", &kb) == 1)
			total += kb;
	}
	fclose(f);
	return total;
}

TEST(sixteen_peers_reach_each_other_in_4_mib)
{
	struct device dev = { 0 };
	struct client p[16];
	unsigned int i, k;
	unsigned long kb;

	device_start(&dev, "--peers 16 --vectors 16 --rw-size 1M");
	for (i = 0; i < 16; i++)
		client_join(&p[i], &dev, i, 16);
	for (i = 0; i < 16; i++)
		for (k = 0; k < 16; k++)
			set_reg(&p[i], REG_DOORBELL, DOORBELL(k, i));
	for (i = 0; i < 16; i++)
		for (k = 0; k < 16; k++)
			ASSERT_EQ(1, taken(&p[k], i));
	for (i = 0; i < 16; i++)
		set_reg(&p[i], REG_STATE, 100 + i);
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(15, taken(&p[i], 0));
		ASSERT_EQ(100 + i, read_le(&p[15 - i], BAR2, 4 * i, 4));
	}
	kb = own_memory(&dev);
	TH_LOG("%lu KiB besides the shared memory", kb);
	EXPECT_LT(kb, 4096);
	EXPECT_GT(kb, 100);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}

TEST(sigint_ends_it_like_sigterm)
{
	struct device dev = { 0 };
	char text[100];

	device_start(&dev, "");
	kill(dev.pid, SIGINT);
	EXPECT_EQ(0, device_wait(&dev, text, sizeof(text)));
	EXPECT_STREQ("", text);
	EXPECT_EQ(0, rmdir(dev.dir));
}

/* Not a limit, a figure: what a doorbell costs without a VM */
TEST(doorbell_round_trips_are_measured)
{
	struct device dev = { 0 };
	struct timespec start, now;
	struct client c;
	unsigned int n = 20000, i;
	double seconds;

	device_start(&dev, "");
	client_join(&c, &dev, 0, 2);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < n; i++)
		set_reg(&c, REG_DOORBELL, DOORBELL(0, 1));
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9;
	EXPECT_EQ(n, taken(&c, 1));
	TH_LOG("%.0f doorbells a second, %.1f us each", n / seconds,
	       seconds / n * 1e6);
	EXPECT_EQ(0, device_stop(&dev, NULL, 0));
}
