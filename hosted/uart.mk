# SPDX-License-Identifier: GPL-2.0
# Serial drivers as processes: hosted-uart-VERSION, hosted-supervise, hosted-serial
#
# The driver is Linux' own, as Debian's linux-source-VERSION has it: fetched by
# package name, compiled as it is. Where the package cannot be had, its tests say
# that they were skipped.

UART_VERSIONS := 6.1 6.12
UART_SOURCE := drivers/tty/serial/amba-pl010.c
UART_CLASSES := $(patsubst %,$(B)/class/%.o,amba clk console tty serial requests)
UART_MODELS := $(patsubst %,$(B)/model/%.o,pl010 clock uart_board)
# In this order: the kernel's base, its classes, the driver
uart_objs = $(KIT) $(EMUL) $(UART_CLASSES) $(B)/driver/pl010-$(1)/amba-pl010.o $(UART_MODELS)
UART_FLAGS := $(KERNEL) -Wno-missing-prototypes -DHOSTED_DRIVER -DKBUILD_MODNAME='"amba_pl010"'

comma := ,
kernel_version = KERNEL_VERSION($(subst .,$(comma),$(1))$(comma)0)

# A copy: the cache that it comes from may be deleted at any time.
build/linux/%/amba-pl010.c: uart.mk
	@mkdir -p $(@D)
	source=$$(../selftests/rig/rig source $* $(UART_SOURCE)) && cp "$$source" $@.new && mv $@.new $@

.PRECIOUS: build/linux/%/amba-pl010.c

# The section names are what kit_data_restore() looks for.
$(B)/driver/pl010-%/amba-pl010.o: build/linux/%/amba-pl010.c
	@mkdir -p $(@D)
	$(CC) $(UART_FLAGS) $(CFLAGS) -DHOSTED_KERNEL='$(call kernel_version,$*)' -MMD -MP -c -o $@ $<
	objcopy --rename-section .data=driver_data \
		--rename-section .bss=driver_bss,alloc,load,data,contents $@

define uart_programs
$(B)/hosted-uart-$(1): $(call uart_objs,$(1)) \
	$(patsubst %,$(B)/serve/%.o,hosted-uart server channel fd listen guest seccomp) \
	$(B)/device/closer.o
	$$(CC) $$(CFLAGS) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
$(B)/test-uart-$(1): $(call uart_objs,$(1)) \
	$(patsubst %,$(B)/test/serial/%.o,uart requests faults lists kernel/lists)
	$$(CC) $$(CFLAGS) $$(LINK) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach v,$(UART_VERSIONS),$(eval $(call uart_programs,$(v))))

$(B)/hosted-supervise: $(patsubst %,$(B)/serve/%.o,hosted-supervise restart stream line fd listen guest client) \
	$(B)/device/closer.o $(B)/model/pl010.o $(B)/model/clock.o $(B)/kit/eventfd.o
$(B)/hosted-serial: $(patsubst %,$(B)/serve/%.o,hosted-serial client pump terminal pty)
$(B)/test-pl010: $(B)/test/serial/pl010.o $(B)/model/pl010.o
$(B)/test-serve: $(patsubst %,$(B)/test/serial/%.o,serve process restart limits pty hostile stream) \
	$(B)/serve/client.o $(B)/serve/fd.o $(B)/serve/seccomp.o
$(B)/test-liar: $(B)/test/serial/liar.o
$(B)/hosted-supervise $(B)/hosted-serial $(B)/test-pl010 $(B)/test-serve $(B)/test-liar:
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

# It asks for what it needs itself.
$(B)/device/closer.o: ../device/closer.c
	@mkdir -p $(@D)
	$(CC) $(HOST) -U_GNU_SOURCE $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/test/serial/%.o: test/serial/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/test/serial/kernel/%.o: test/serial/kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL) $(CFLAGS) -DKBUILD_MODNAME='"$(*F)"' -MMD -MP -c -o $@ $<

uart: $(UART_VERSIONS:%=$(B)/hosted-uart-%) $(B)/hosted-supervise $(B)/hosted-serial

UART_CHECKS := $(UART_VERSIONS:%=check-uart-%)

check-uart: check-pl010 $(UART_CHECKS)

check-pl010: $(B)/test-pl010
	$(B)/test-pl010

# What cannot be fetched is skipped, what cannot be built is not.
$(UART_CHECKS): check-uart-%:
	@if $(MAKE) -s build/linux/$*/amba-pl010.c; then \
		$(MAKE) $(B)/test-uart-$* $(B)/hosted-uart-$* $(B)/test-serve \
			$(B)/hosted-supervise $(B)/hosted-serial $(B)/test-liar && \
		$(B)/test-uart-$* $(TESTS) && HOSTED_UART=$* $(B)/test-serve $(TESTS); \
	else echo '1..0 # SKIP linux-source-$* cannot be fetched'; fi

check-uart-all: ; test/serial/all

.PHONY: check-uart-all uart check-uart check-pl010 $(UART_CHECKS)

#
# Fuzzing: make SAN=fuzz CC=clang fuzz-uart, in build/clang-fuzz/
#

UART_FUZZ := $(B)/fuzz-uart-device $(B)/fuzz-uart-client

$(UART_FUZZ): $(B)/fuzz-uart-%: $(call uart_objs,6.12) $(B)/fuzz/uart.o $(B)/fuzz/uart_%.o
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ \
		$(shell $(CC) -print-file-name=libclang_rt.fuzzer_no_main-x86_64.a) \
		$(LIBS) -lstdc++ -lm

fuzz-uart: $(UART_FUZZ)
.PHONY: fuzz-uart
