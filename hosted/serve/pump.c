// SPDX-License-Identifier: GPL-2.0
/* Moves data between a descriptor and a serial port. */
#include <errno.h>
#include <string.h>

#include "pump.h"

int pump_read(struct pump *p)
{
	if (p->reading)
		return 0;
	p->reading = client_send(p->port, SERIAL_READ_DATA, SERIAL_READ, SERIAL_FOREVER, NULL, 0);
	return p->reading < 0 ? p->reading : 0;
}

static int send_rest(struct pump *p)
{
	if (!p->length || p->setting || p->writing)
		return 0;
	p->writing = client_send(p->port, SERIAL_WRITE, 0, SERIAL_FOREVER, p->data, p->length);
	return p->writing < 0 ? p->writing : 0;
}

int pump_write(struct pump *p, size_t length)
{
	p->length = length;
	return send_rest(p);
}

static int written(struct pump *p, int status)
{
	p->writing = 0;
	if (status < 0 || (size_t)status > p->length)
		return status < 0 ? status : -EBADMSG;
	p->length -= status;
	memmove(p->data, p->data + status, p->length);
	return send_rest(p);
}

int pump_reply(struct pump *p, struct serial_reply *reply)
{
	int err = client_receive(p->port, reply, false);

	if (err <= 0)
		return err == -EINTR ? 0 : err;
	if (reply->id == (kit_u32)p->writing)
		return written(p, reply->status);
	if (reply->id == (kit_u32)p->setting) {
		p->setting = 0;
		return send_rest(p);
	}
	if (reply->id != (kit_u32)p->reading)
		return 0;
	p->reading = 0;
	if (reply->status > SERIAL_READ || reply->status > (int)reply->length)
		return -EBADMSG;
	return reply->status < 0 ? reply->status : 1;
}
