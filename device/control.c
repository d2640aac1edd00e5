// SPDX-License-Identifier: GPL-2.0
/*
 * The control socket: a client sends one line, gets one JSON object and a
 * newline, and the end of the file. It is not trusted to be quick.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"

bool parse_rate(const char *text, double *rate)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text)
		return false;
	if (*end == '%') {
		value /= 100;
		end++;
	}
	if (*end || !(value >= 0 && value <= 1))
		return false;
	*rate = value;
	return true;
}

static void print_u64(FILE *f, const char *name, uint64_t value)
{
	fprintf(f, ", \"%s\": %llu", name, (unsigned long long)value);
}

static void print_peer(FILE *f, const struct peer *p)
{
	const struct counters *n = &p->count;

	fprintf(f, "{\"id\": %u, \"connected\": %s", p->id,
		p->connected ? "true" : "false");
	print_u64(f, "state", p->state);
	print_u64(f, "interrupt_control", p->int_ctrl);
	print_u64(f, "doorbells", n->doorbells);
	print_u64(f, "doorbells_no_target", n->no_target);
	print_u64(f, "doorbells_no_vector", n->no_vector);
	print_u64(f, "interrupts", n->interrupts);
	print_u64(f, "dropped_disabled", n->dropped[DROP_DISABLED]);
	print_u64(f, "dropped_bus_master", n->dropped[DROP_BUS_MASTER]);
	print_u64(f, "dropped_masked", n->dropped[DROP_MASKED]);
	print_u64(f, "dropped_injected", n->dropped[DROP_INJECTED]);
	print_u64(f, "state_changes", n->state_changes);
	print_u64(f, "refused_writes", n->refused_writes);
	print_u64(f, "resets", n->resets);
	print_u64(f, "connections", n->connections);
	print_u64(f, "refused_connections", n->refused_connections);
	print_u64(f, "messages", n->messages);
	print_u64(f, "errors", n->errors);
	fprintf(f, ", \"eventfds_refused\": %s}",
		p->no_eventfds ? "true" : "false");
}

void print_stats(FILE *f, const struct link *link)
{
	const struct link_config *cfg = &link->cfg;
	unsigned int i;

	fprintf(f, "{\"protocol\": %u", cfg->protocol);
	print_u64(f, "vectors", cfg->vectors);
	print_u64(f, "state_size", cfg->state_size);
	print_u64(f, "rw_size", cfg->rw_size);
	print_u64(f, "output_size", cfg->output_size);
	fprintf(f, ", \"mode\": \"%s\", \"interrupts\": \"%s\"",
		cfg->strict ? "strict" : "fast", cfg->intx ? "intx" : "msix");
	fprintf(f, ", \"drop_rate\": %g", cfg->drop_rate);
	fprintf(f, ", \"memory\": \"/proc/%d/fd/%d\"", getpid(), link->memfd);
	fputs(", \"peers\": [", f);
	for (i = 0; i < cfg->peers; i++) {
		if (i)
			fputs(", ", f);
		print_peer(f, &link->peers[i]);
	}
	fputs("]}\n", f);
}

static void answer(FILE *f, struct link *link, const char *line)
{
	if (!strcmp(line, "stats"))
		print_stats(f, link);
	else if (!strcmp(line, "help"))
		fprintf(f, "{\"commands\": [\"help\", \"stats\"%s]}\n",
			link->cfg.may_drop ? ", \"drop RATE\"" : "");
	else if (!strncmp(line, "drop ", 5) && !link->cfg.may_drop)
		fputs("{\"error\": \"drop wants --drop-interrupts, 0 for none yet\"}\n", f);
	else if (!strncmp(line, "drop ", 5) &&
		 parse_rate(line + 5, &link->cfg.drop_rate))
		fprintf(f, "{\"drop_rate\": %g}\n", link->cfg.drop_rate);
	else
		fputs("{\"error\": \"no such command, try help\"}\n", f);
}

/*
 * The answer fits into a socket's buffer, even for 256 peers: nothing else is
 * in there, and it can hold more than 200 KiB, unless somebody has seen to it
 * that it cannot.
 */
static void answer_client(struct control_client *cl)
{
	char *reply = NULL;
	size_t len = 0;
	FILE *f;

	f = open_memstream(&reply, &len);
	if (!f)
		return;
	answer(f, cl->link, cl->line);
	fclose(f);
	if (send(cl->src.fd, reply, len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)len)
		complain(NULL, "control socket: cannot send %zu bytes at once", len);
	free(reply);
}

static void client_ready(struct source *src)
{
	struct control_client *cl = container_of(src, struct control_client, src);
	ssize_t len;

	if (src->fd < 0)
		return;
	len = recv(src->fd, cl->line + cl->len,
		   sizeof(cl->line) - 1 - cl->len, MSG_DONTWAIT);
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0) {
		cl->len += len;
		cl->line[cl->len] = '\0';
		if (!strchr(cl->line, '\n'))
			return;
		*strpbrk(cl->line, "\r\n") = '\0';
		answer_client(cl);
	}
	source_close(src);	/* answered, or gone, or its line is too long */
}

/*
 * One that is free, or else the one that has been silent for longest: who has
 * sent a line has been answered, and closed.
 */
static struct control_client *find_client(struct control *ctl)
{
	struct control_client *cl, *found = ctl->clients;

	for (cl = ctl->clients; cl < ctl->clients + CONTROL_CLIENTS; cl++) {
		if (cl->src.fd < 0)
			return cl;
		if (cl->order < found->order)
			found = cl;
	}
	return found;
}

static void control_accept(struct source *src)
{
	struct control *ctl = container_of(src, struct control, listener);
	struct control_client *cl = find_client(ctl);
	int fd = source_accept(src);

	if (fd < 0)
		return;
	source_close(&cl->src);
	*cl = (struct control_client){
		.src = { .fd = fd, .ready = client_ready },
		.link = ctl->link,
		.order = ctl->arrived++,
	};
	if (source_watch(&cl->src, EPOLLIN))
		source_close(&cl->src);
}

void control_init(struct control *ctl, struct link *link)
{
	unsigned int i;

	ctl->link = link;
	ctl->listener = (struct source){ .fd = -1, .ready = control_accept };
	for (i = 0; i < CONTROL_CLIENTS; i++)
		ctl->clients[i] = (struct control_client){ .src.fd = -1 };
}
