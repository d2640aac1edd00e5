# SPDX-License-Identifier: GPL-2.0
# Three unmodified drivers of other subsystems, and their tests: see ./try

TRY_SOURCES := drivers/rtc/rtc-pl030.c drivers/watchdog/sp805_wdt.c drivers/input/serio/ambakmi.c
TRY_CLASSES := $(patsubst %,$(B)/class/%.o,amba clk console requests serial tty rtc watchdog serio)
TRY_DRIVERS := $(patsubst %,$(B)/driver/try/%.o,rtc-pl030 sp805_wdt ambakmi)

# Copies: the cache that they come from may be deleted at any time.
TRY_COPIES := $(addprefix build/linux/try/,$(notdir $(TRY_SOURCES)))

$(TRY_COPIES) &: try.mk
	@mkdir -p $(@D)
	sources=$$(../selftests/rig/rig source 6.12 $(TRY_SOURCES)) && cp $$sources $(@D)/

$(TRY_DRIVERS): $(B)/driver/try/%.o: build/linux/try/%.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL) -Wno-missing-prototypes -DHOSTED_DRIVER -DKBUILD_MODNAME='"$*"' $(CFLAGS) \
		-DHOSTED_KERNEL='KERNEL_VERSION(6,12,0)' -MMD -MP -c -o $@ $<

$(B)/test/try/%.o: test/try/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The tests' frame is that of the serial ones; its device is not used.
$(B)/test-try: $(KIT) $(EMUL) $(TRY_CLASSES) $(TRY_DRIVERS) \
	$(patsubst %,$(B)/model/%.o,primecells clock pl010 uart_board) \
	$(B)/test/try/try.o $(B)/test/serial/uart.o
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

check-try:
	@if $(MAKE) -s $(TRY_COPIES); then $(MAKE) -s $(B)/test-try && $(B)/test-try $(TESTS); \
	else echo '1..0 # SKIP linux-source-6.12 cannot be fetched'; fi

.PHONY: check-try
