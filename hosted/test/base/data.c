// SPDX-License-Identifier: GPL-2.0
/*
 * Between two runs of a fuzzer, the driver's variables are as they were
 */
#include "test/test.h"

extern int driver_counter, driver_zero[1000];
const char *driver_name(void);
int driver_entries(void);
void driver_work(void);

KIT_TEST(the_variables_of_a_driver_can_be_put_back)
{
	int run;

	kit_data_snapshot();
	for (run = 0; run < 3; run++) {
		CHECK_EQ(driver_counter, 5);
		CHECK_EQ(driver_zero[999], 0);
		CHECK_EQ(driver_entries(), 0);
		CHECK_STR(driver_name(), "initial");
		driver_work();
		driver_work();
		CHECK_EQ(driver_counter, 8);
		CHECK_EQ(driver_zero[999], 2);
		CHECK_EQ(driver_entries(), 1);
		CHECK_STR(driver_name(), "changed");
		kit_data_restore();
	}
}
