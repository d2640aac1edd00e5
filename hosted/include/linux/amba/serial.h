/* SPDX-License-Identifier: GPL-2.0 */
/* ARM's PL010 as its driver names it; model/pl010.h has the same numbers. */
#ifndef _LINUX_AMBA_SERIAL_H
#define _LINUX_AMBA_SERIAL_H

#include <linux/types.h>

#define UART01x_DR		0x00
#define UART01x_RSR		0x04
#define UART01x_ECR		0x04
#define UART010_LCRH		0x08
#define UART010_LCRM		0x0c
#define UART010_LCRL		0x10
#define UART010_CR		0x14
#define UART01x_FR		0x18
#define UART010_IIR		0x1c
#define UART010_ICR		0x1c

#define UART01x_RSR_FE		0x01
#define UART01x_RSR_PE		0x02
#define UART01x_RSR_BE		0x04
#define UART01x_RSR_OE		0x08
#define UART01x_RSR_ANY		0x0f

#define UART01x_FR_CTS		0x01
#define UART01x_FR_DSR		0x02
#define UART01x_FR_DCD		0x04
#define UART01x_FR_MODEM_ANY	0x07
#define UART01x_FR_BUSY		0x08
#define UART01x_FR_RXFE		0x10
#define UART01x_FR_TXFF		0x20

#define UART01x_CR_UARTEN	0x01
#define UART010_CR_MSIE		0x08
#define UART010_CR_RIE		0x10
#define UART010_CR_TIE		0x20
#define UART010_CR_RTIE		0x40

#define UART010_IIR_MIS		0x01
#define UART010_IIR_RIS		0x02
#define UART010_IIR_TIS		0x04
#define UART010_IIR_RTIS	0x08

#define UART01x_LCRH_BRK	0x01
#define UART01x_LCRH_PEN	0x02
#define UART01x_LCRH_EPS	0x04
#define UART01x_LCRH_STP2	0x08
#define UART01x_LCRH_FEN	0x10
#define UART01x_LCRH_WLEN_5	0x00
#define UART01x_LCRH_WLEN_6	0x20
#define UART01x_LCRH_WLEN_7	0x40
#define UART01x_LCRH_WLEN_8	0x60

struct amba_device;

/* RTS and DTR are not the PL010's: a board may offer them. */
struct amba_pl010_data {
	void (*set_mctrl)(struct amba_device *dev, void __iomem *base, unsigned int mctrl);
};

#endif
