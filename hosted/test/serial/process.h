/* SPDX-License-Identifier: GPL-2.0 */
/* Tests with hosted-uart, hosted-supervise and hosted-serial as processes. */
#ifndef HOSTED_TEST_PROCESS_H
#define HOSTED_TEST_PROCESS_H

#include <sys/types.h>

#include "harness.h"
#include "serve/client.h"

#define SOON		60000		/* milliseconds in which what has to come is there */

/* Seconds for a test, which has to come to that on a slow machine, too */
#undef TH_TIMEOUT_DEFAULT
#define TH_TIMEOUT_DEFAULT	240

extern char work_dir[64];		/* a folder of the test's own */
extern char socket_path[96], line_path[96];

/* Makes the folder; everything that was started ends, and must have ended well. */
void work_begin(void);
void work_end(void);

/* A program beside this one, NULL-terminated. Standard output goes to @out. */
pid_t spawn(const char *program, const char *const *args, const char *out);
/* What is started from here on writes its errors there; NULL: where they went before. */
void errors_to(const char *path);
/* Return: exit status, or 1000 + signal; -1 when it goes on for @ms. */
int wait_exit(pid_t pid, int ms);

/* What tests are for, hosted-uart of a version */
const char *uart_program(char *path);
/* Starts hosted-uart, or hosted-supervise with it; @args: more arguments. */
pid_t start_alone(const char *const *args);
pid_t start_supervised(const char *const *args);
/* The same with a driver that was taken over, see liar.c */
pid_t start_liar(const char *lie, const char *const *args);
/* A hosted-uart that is supervised, and finds these descriptors from 3 on, all above them now. */
pid_t start_with(const int *handles, unsigned int count);
/* Connects; waits until somebody listens. */
int connect_port(void);
int connect_line(void);
/* What the line gets, up to @max bytes, until nothing comes for @ms. */
size_t line_read(int line, void *data, size_t max, int ms);
/* A number of hosted-supervise's status. */
long status_number(int port, const char *name);
/* The first letter of a value that is no number */
char status_text(int port, const char *name);
/* Until it is @least, or the test fails */
void status_await(int port, const char *name, long least);
/* The same, until it is @value */
void status_await_just(int port, const char *name, long value);
/* How many a process has */
unsigned int descriptors(pid_t pid);
/* The driver that hosted-supervise has now, and whether it takes requests; 0: none */
pid_t driver_now(int port, bool *up);
/* SIGKILL to the driver that hosted-supervise has now, if it has one. */
void kill_driver_now(int port);
/* SIGSTOP, until all its threads have stopped, or one could still answer */
void stop_process(pid_t pid);
/* The same to the driver that hosted-supervise has now; its pid */
pid_t stop_driver(int port);
/* Reads the file; returns its text. */
const char *contents(const char *path);
long long ms_now(void);

#endif
