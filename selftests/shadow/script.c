// SPDX-License-Identifier: GPL-2.0
/* Plays system calls from a file or a pipe; Documentation/shadow-proxy.md. */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "report.h"
#include "rtos.h"
#include "syscalls.h"

#define MAX_WORDS	16
#define MAX_LINE	4096
#define MAX_VARIABLES	256
#define MAX_STARTED	64	/* threads besides the one that waits at once */
#define HEAP_START	0x1000	/* of the RTOS's memory; page 0 stays free */

struct word {
	char text[MAX_LINE];
	size_t len;
	bool quoted;
};

struct variable {
	char name[64];
	uint64_t value;
};

static struct {
	const struct options *o;
	struct rtos r;
	const char *file;
	unsigned int line;
	int fd;
	char input[2 * MAX_LINE];
	size_t filled;

	struct word word[MAX_WORDS];
	unsigned int words, next;
	struct variable variable[MAX_VARIABLES];
	unsigned int variables;
	char started[MAX_STARTED + 1][64];	/* "": the thread is free */
	uint64_t slot;
	uint64_t heap;				/* guest address of what is free */
	uint64_t signals;			/* that the script has seen */
	int timeout_ms;
} s;

static __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	errx(EXIT_BROKEN, "%s:%u: %s", s.file, s.line, text);
}

static int link_wait_or_die(int timeout_ms)
{
	int n = rtos_wait(&s.r, timeout_ms);

	if (n < 0)
		errx(EXIT_LINK, "%s:%u: %s", s.file, s.line, s.r.link.error);
	return n;
}

/* --- words ---------------------------------------------------------------- */

static char escape(const char **p)
{
	static const char from[] = "ntr0\\\"", to[] = "\n\t\r\0\\\"";
	const char *at = strchr(from, **p);
	char *end, hex[3] = "";

	if (**p == 'x' && isxdigit((*p)[1]) && isxdigit((*p)[2])) {
		memcpy(hex, *p + 1, 2);
		*p += 3;
		return strtoul(hex, &end, 16);
	}
	if (!**p || !at)
		fail("\\%c is no escape; there are \\n \\t \\r \\0 \\\\ \\\" and \\xHH", **p);
	(*p)++;
	return to[at - from];
}

static void quoted_word(const char **p, struct word *w)
{
	w->quoted = true;
	for ((*p)++; **p != '"'; ) {
		if (!**p)
			fail("a string does not end");
		if (**p != '\\') {
			w->text[w->len++] = *(*p)++;
			continue;
		}
		(*p)++;
		w->text[w->len++] = escape(p);
	}
	(*p)++;
}

static void split(const char *p)
{
	s.words = 0;
	s.next = 0;
	for (;;) {
		struct word *w = &s.word[s.words];

		p += strspn(p, " \t");
		if (!*p || *p == '#')
			return;
		if (++s.words == MAX_WORDS)
			fail("more than %d words", MAX_WORDS - 1);
		w->len = 0;
		w->quoted = false;
		if (*p == '"') {
			quoted_word(&p, w);
		} else {
			w->len = strcspn(p, " \t");
			memcpy(w->text, p, w->len);
			p += w->len;
		}
		w->text[w->len] = 0;
	}
}

/* NULL at the end of the line */
static struct word *peek_word(void)
{
	return s.next < s.words ? &s.word[s.next] : NULL;
}

static struct word *next_word(const char *what)
{
	if (s.next == s.words)
		fail("%s is missing", what);
	return &s.word[s.next++];
}

/* --- values --------------------------------------------------------------- */

static struct variable *find_variable(const char *name)
{
	unsigned int i;

	for (i = 0; i < s.variables; i++)
		if (!strcmp(s.variable[i].name, name))
			return &s.variable[i];
	return NULL;
}

static void set_variable(const char *name, uint64_t value)
{
	struct variable *v = find_variable(name);

	if (!v) {
		if (s.variables == MAX_VARIABLES || strlen(name) >= sizeof(v->name))
			fail("no room for a variable %s", name);
		v = &s.variable[s.variables++];
		strcpy(v->name, name);
	}
	v->value = value;
}

/* One term of an expression: $NAME, NAME of a constant, or a number */
static uint64_t term(const char *text, size_t len)
{
	const struct variable *v;
	char name[64], *end;
	uint64_t value;
	bool minus = *text == '-' && len > 1 && isalpha(text[1]);

	if (len - minus >= sizeof(name) || !len)
		fail("'%s' is no value", text);
	memcpy(name, text + minus, len - minus);
	name[len - minus] = 0;
	if (name[0] == '$') {
		v = find_variable(name + 1);
		if (!v)
			fail("there is no variable %s", name);
		return v->value;
	}
	if (!constant(name, &value)) {
		errno = 0;
		/* A leading - wraps around, which is what registers hold. */
		value = strtoull(name, &end, 0);
		if (end == name || *end || errno)
			fail("'%s' is neither a number nor a known name", name);
	}
	return minus ? -value : value;
}

/* Terms joined by |, + and <<, from left to right */
static uint64_t evaluate(const char *text)
{
	size_t len = strcspn(text, "|+<");
	uint64_t value = term(text, len);

	for (text += len; *text; text += len) {
		char op = *text;

		text += op == '<' ? 2 : 1;
		len = strcspn(text, "|+<");
		if (op == '|')
			value |= term(text, len);
		else if (op == '+')
			value += term(text, len);
		else
			value <<= term(text, len) & 63;
	}
	return value;
}

static uint64_t next_value(const char *what)
{
	return evaluate(next_word(what)->text);
}

static void *memory(uint64_t address, uint64_t len)
{
	void *p = rtos_memory(&s.r, address, len);

	if (!p)
		fail("0x%llx bytes at 0x%llx are not in the R/W section of 0x%llx bytes",
		     (unsigned long long)len, (unsigned long long)address,
		     (unsigned long long)s.r.link.rw_size);
	return p;
}

static uint64_t allocate(uint64_t len)
{
	uint64_t address = s.heap;

	memset(memory(address, len), 0, len);
	s.heap += (len + 63) & ~63ULL;
	return address;
}

/* A string becomes the address of its copy, which ends with a 0. */
static uint64_t argument(const struct word *w)
{
	uint64_t address;

	if (!w->quoted)
		return evaluate(w->text);
	address = allocate(w->len + 1);
	memcpy(memory(address, w->len), w->text, w->len);
	return address;
}

/* --- calls ---------------------------------------------------------------- */

static bool is_error(uint64_t value)
{
	return value >= (uint64_t)-4095;
}

static const char *show(uint64_t value)
{
	static char text[4][64];
	static unsigned int turn;
	const char *name = is_error(value) ? errno_name(-value) : NULL;
	char *p = text[turn++ % 4];

	if (name)
		sprintf(p, "-%s", name);
	else if ((int64_t)value < -4095 || value > 0xffffffff)
		sprintf(p, "0x%llx", (unsigned long long)value);
	else
		sprintf(p, "%lld", (long long)value);
	return p;
}

/* What follows "->": a value that it must be, or a name to keep it under. */
static void expect(const char *what, uint64_t value)
{
	const struct word *w = peek_word();
	uint64_t want;

	printf("%s = %s\n", what, show(value));
	if (!w)
		return;
	if (strcmp(next_word("->")->text, "->"))
		fail("'%s' is too much", w->text);
	w = next_word("what is expected");
	if (!strcmp(w->text, "reset"))
		fail("%s is %s, want the link to be reset first", what, show(value));
	if (isalpha(w->text[0]) && !constant(w->text, &want)) {
		if (is_error(value))
			fail("%s is %s, want no error", what, show(value));
		set_variable(w->text, value);
	} else {
		want = evaluate(w->text);
		if (value != want)
			fail("%s is %s, want %s", what, show(value), show(want));
	}
	if (peek_word())
		fail("'%s' is too much", peek_word()->text);
}

static void parse_call(struct request *q, const char *name)
{
	const struct word *last = NULL;
	unsigned int n = 0;

	memset(q, 0, sizeof(*q));
	if (!syscall_number(name, &q->number))
		fail("there is no command or system call %s", name);
	while (peek_word() && (peek_word()->quoted || strcmp(peek_word()->text, "->"))) {
		last = next_word("an argument");
		if (n == 6)
			fail("more than 6 arguments");
		q->argument[n++] = argument(last);
	}
	/* write FD "text" */
	if (q->number == 1 && n == 2 && last->quoted)
		q->argument[2] = last->len;
	q->priority = s.o->priority;
	q->slot = s.slot & SLOT_MASK;
}

static void send_request(struct request *q, unsigned int thread)
{
	double end = now_us() + s.timeout_ms * 1e3;
	int ret;

	if (!s.r.running && rtos_wait_running(&s.r, s.o->wait * 1e3))
		fail("%s", s.r.link.error);
	while ((ret = rtos_request(&s.r, thread, q)) > 0) {
		if (now_us() > end)
			fail("the ring stays full for %d ms", s.timeout_ms);
		link_wait_or_die(1);
	}
	if (ret < 0)
		errx(EXIT_LINK, "%s", s.r.link.error);
}

/* "-> reset": the link goes down before the reply comes. */
static void expect_reset(const char *what)
{
	const struct word *w;

	printf("%s = reset\n", what);
	if (s.words - s.next == 2 && !strcmp(s.word[s.next + 1].text, "reset"))
		return;
	w = s.next + 1 < s.words ? &s.word[s.next + 1] : NULL;
	fail("the link was reset before %s was answered, want %s", what, w ? w->text : "a reply");
}

static void wait_call(const char *what, unsigned int thread)
{
	const struct call *c = &s.r.call[thread];
	double end = now_us() + s.timeout_ms * 1e3;

	while (rtos_busy(&s.r, thread)) {
		if (now_us() > end) {
			rtos_give_up(&s.r, thread);
			fail("%s: %s", what, s.r.verdict.first);
		}
		link_wait_or_die(100);
		if (stopped)
			fail("stopped while %s is not answered", what);
	}
	if (c->state == CALL_DROPPED)
		expect_reset(what);
	else
		expect(what, c->value);
}

static void cmd_call(const char *name)
{
	struct request q;

	parse_call(&q, name);
	send_request(&q, 0);
	wait_call(name, 0);
}

static unsigned int find_started(const char *name)
{
	unsigned int i;

	for (i = 1; i <= MAX_STARTED; i++)
		if (!strcmp(s.started[i], name))
			return i;
	return 0;
}

static void cmd_start(void)
{
	const char *name = next_word("a name")->text;
	unsigned int thread;
	struct request q;

	if (find_started(name) || strlen(name) >= sizeof(s.started[0]))
		fail("%s is started already", name);
	thread = find_started("");
	if (!thread)
		fail("more than %d calls are started", MAX_STARTED);
	strcpy(s.started[thread], name);
	parse_call(&q, next_word("a system call")->text);
	send_request(&q, thread);
}

static unsigned int started(const char *name)
{
	unsigned int thread = *name ? find_started(name) : 0;

	if (!thread)
		fail("no call %s is started", name);
	return thread;
}

static void cmd_wait(void)
{
	const char *name = next_word("a name")->text;
	unsigned int thread = started(name);

	wait_call(name, thread);
	s.started[thread][0] = 0;
}

/* There must be no reply yet. */
static void cmd_pending(void)
{
	const char *name = next_word("a name")->text;

	link_wait_or_die(0);
	if (!rtos_busy(&s.r, started(name)))
		fail("%s is answered, want it to wait", name);
}

static void cmd_forget(void)
{
	unsigned int thread = started(next_word("a name")->text);

	if (rtos_busy(&s.r, thread))
		rtos_forget(&s.r, thread);
	s.started[thread][0] = 0;
}

/* --- everything else ------------------------------------------------------ */

static void cmd_slot(void)
{
	const struct word *w = next_word("a slot id");

	/* fork and clone return pid << 48 | slot */
	if (!peek_word()) {
		s.slot = evaluate(w->text) & SLOT_MASK;
		return;
	}
	s.slot = next_value("a slot id") & SLOT_MASK;
	set_variable(w->text, s.slot);
}

static void cmd_buffer(void)
{
	const char *name = next_word("a name")->text;

	set_variable(name, allocate(next_value("a length")));
}

static void cmd_set(void)
{
	const char *name = next_word("a name")->text;

	set_variable(name, next_value("a value"));
}

static unsigned int width(const char *type)
{
	static const char * const types[] = { "u8", "u16", "u32", "u64" };
	unsigned int i;

	for (i = 0; i < 4; i++)
		if (!strcmp(type, types[i]))
			return 1 << i;
	fail("the type is '%s', want u8, u16, u32 or u64", type);
}

static void cmd_put(void)
{
	uint64_t address = next_value("an address"), value;
	const struct word *w = next_word("a type or a string");
	unsigned int size;

	if (w->quoted) {
		memcpy(memory(address, w->len), w->text, w->len);
		return;
	}
	size = width(w->text);
	value = next_value("a value");
	memcpy(memory(address, size), &value, size);
}

static void cmd_get(void)
{
	uint64_t address = next_value("an address"), value = 0;
	unsigned int size = width(next_word("a type")->text);

	memcpy(&value, memory(address, size), size);
	expect("get", value);
}

static void cmd_expect(void)
{
	uint64_t address = next_value("an address");
	const struct word *w = next_word("a string");
	const char *found = memory(address, w->len);

	if (memcmp(found, w->text, w->len))
		fail("memory at 0x%llx is \"%.*s\", want \"%s\"", (unsigned long long)address,
		     (int)w->len, found, w->text);
}

static void cmd_signal(void)
{
	double end = now_us() + s.timeout_ms * 1e3;

	while (s.r.signals == s.signals) {
		if (now_us() > end)
			fail("no signal within %d ms", s.timeout_ms);
		link_wait_or_die(100);
	}
	s.signals++;
	set_variable("pid", s.r.signal_pid);
	expect("signal", s.r.signal);
}

static void cmd_reset(void)
{
	if (rtos_reset(&s.r) || rtos_wait_running(&s.r, s.o->wait * 1e3))
		fail("%s", s.r.link.error);
}

/* Ready for a peer that comes back later. */
static void cmd_up(void)
{
	if (rtos_wait_running(&s.r, s.o->wait * 1e3))
		fail("%s", s.r.link.error);
}

static void cmd_down(void)
{
	double end = now_us() + s.o->wait * 1e6;

	while (s.r.running) {
		if (now_us() > end)
			fail("the link is up for %.0f s, want it down", s.o->wait);
		link_wait_or_die(100);
	}
}

static void cmd_sleep(void)
{
	double end = now_us() + next_value("milliseconds") * 1e3;

	while (now_us() < end && !stopped)
		link_wait_or_die((end - now_us()) / 1e3 + 1);
}

static void cmd_timeout(void)
{
	s.timeout_ms = next_value("milliseconds");
}

static void cmd_echo(void)
{
	puts(next_word("a text")->text);
}

static const struct command {
	const char *name;
	void (*run)(void);
} commands[] = {
	{ "slot", cmd_slot }, { "buffer", cmd_buffer }, { "set", cmd_set },
	{ "put", cmd_put }, { "get", cmd_get }, { "expect", cmd_expect },
	{ "start", cmd_start }, { "wait", cmd_wait }, { "pending", cmd_pending },
	{ "forget", cmd_forget }, { "signal", cmd_signal }, { "reset", cmd_reset },
	{ "up", cmd_up }, { "down", cmd_down }, { "sleep", cmd_sleep },
	{ "timeout", cmd_timeout }, { "echo", cmd_echo }, { NULL, NULL }
};

static void play(const char *line)
{
	const struct command *c;
	const char *name;

	split(line);
	if (!s.words)
		return;
	name = next_word("a command")->text;
	for (c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			break;
	if (c->name)
		c->run();
	else
		cmd_call(name);
	if (peek_word() && strcmp(peek_word()->text, "->"))
		fail("'%s' is too much", peek_word()->text);
}

/* Keeps the link alive while nobody says anything. False at the end. */
static bool fill(void)
{
	struct pollfd fd = { s.fd, POLLIN, 0 };
	ssize_t n;

	if (s.filled == sizeof(s.input) - 1)
		fail("a line is longer than %d bytes", MAX_LINE);
	while (poll(&fd, 1, 0) == 0) {
		link_wait_or_die(5);
		if (stopped)
			return false;
	}
	n = read(s.fd, s.input + s.filled, sizeof(s.input) - 1 - s.filled);
	/* A last line without an end has one now. */
	if (n == 0 && s.filled)
		s.input[s.filled + n++] = '\n';
	if (n <= 0)
		return false;
	s.filled += n;
	return true;
}

static bool next_line(char *line)
{
	char *end;
	size_t len;

	while (!(end = memchr(s.input, '\n', s.filled)))
		if (!fill())
			return false;
	len = end - s.input;
	if (len >= MAX_LINE)
		fail("a line is longer than %d bytes", MAX_LINE);
	memcpy(line, s.input, len);
	line[len] = 0;
	s.filled -= len + 1;
	memmove(s.input, end + 1, s.filled);
	return true;
}

int mode_script(const struct options *o)
{
	char line[MAX_LINE];
	unsigned int i;

	s.o = o;
	s.file = strcmp(o->argument, "-") ? o->argument : "stdin";
	s.fd = strcmp(o->argument, "-") ? open(o->argument, O_RDONLY) : 0;
	if (s.fd < 0)
		err(EXIT_USAGE, "%s", o->argument);
	s.heap = GUEST_BASE + HEAP_START;
	s.timeout_ms = o->timeout_ms;
	s.slot = o->slot[0];
	for (i = 0; i < o->slots; i++) {
		sprintf(line, "slot%u", i);
		set_variable(line, o->slot[i]);
	}
	join(&s.r, o, MAX_STARTED + 1);
	while (next_line(line)) {
		s.line++;
		play(line);
	}
	for (i = 1; i <= MAX_STARTED; i++)
		if (s.started[i][0])
			fail("%s was started and never waited for", s.started[i]);
	report_begin(o->json);
	return finish(&s.r, o);
}
