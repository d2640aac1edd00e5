/* SPDX-License-Identifier: GPL-2.0 */
/* Both ends of a link, open, for each test. */
#ifndef SELFTESTS_UIO_LINK_H
#define SELFTESTS_UIO_LINK_H

#include "../harness.h"
#include "uio.h"

FIXTURE(link) {
	struct end a, b;
};

FIXTURE_SETUP(link)
{
	ASSERT_TRUE(settle(0));
	ASSERT_TRUE(open_end(&self->a, 0));
	ASSERT_TRUE(open_end(&self->b, 1));
}

FIXTURE_TEARDOWN(link)
{
	close_end(&self->a);
	close_end(&self->b);
}

#endif
