# SPDX-License-Identifier: GPL-2.0
# The drivers of a link: hosted-link, its tests, fuzz targets and benchmark

comma := ,
PEER := ../selftests/peer
IVSHMEM := 7$(comma)2$(comma)0
FLAGS := -Wno-maybe-uninitialized

LINK_DRIVERS := $(call driver,../framework,ivshmem_core,$(IVSHMEM),$(FLAGS) -I../framework) \
	$(call driver,../plugins/uio,ivshmem_uio,$(IVSHMEM),$(FLAGS) -I../plugins/uio) \
	$(call driver,../plugins/net,ivshmem_net,$(IVSHMEM),$(FLAGS) -I../plugins/net) \
	$(call driver,../plugins/shadow,ivshmem_shadow,$(IVSHMEM),$(FLAGS) -I../plugins/shadow)
LINK_CLASSES := $(patsubst %,$(B)/class/%.o,pci chrdev mm eventfd uio skbuff napi netdevice trace)
# In this order: the kernel's base, its classes, the core of the drivers, its plugins
LINK_OBJS := $(KIT) $(EMUL) $(LINK_CLASSES) $(LINK_DRIVERS)

$(B)/hosted-link: $(LINK_OBJS) $(B)/model/pci_vfio_user.o $(B)/peer/client.o \
	$(patsubst %,$(B)/serve/%.o,link listen reopen tap nodes fd seccomp)
$(B)/test-link: $(LINK_OBJS) $(B)/model/pci_link.o $(B)/peer/ring.o $(B)/peer/rules.o $(B)/peer/profile.o \
	$(patsubst %,$(B)/serve/%.o,nodes fd listen) \
	$(patsubst %.c,$(B)/%.o,$(wildcard test/link/*.c test/link/kernel/*.c))

$(B)/hosted-link $(B)/test-link:
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/hosted-preload.so: serve/preload.c serve/fd.c serve/fd.h serve/nodes.h
	@mkdir -p $(@D)
	$(CC) $(HOST) -Wno-nonnull -I../include $(CFLAGS) -shared -fPIC -o $@ $(filter %.c,$^) -ldl

$(B)/test/link/%.o: test/link/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST) -I$(PEER) -I../include $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/test/link/kernel/%.o: test/link/kernel/%.c
	@mkdir -p $(@D)
	$(CC) $(KERNEL) $(CFLAGS) -DKBUILD_MODNAME='"$(*F)"' -MMD -MP -c -o $@ $<

$(B)/peer/%.o: $(PEER)/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

link: $(B)/hosted-link $(B)/hosted-preload.so

check-link-all: ; test/link/all

check-link: $(B)/test-link
	$(B)/test-link $(TESTS)

.PHONY: link check-link check-link-all

$(B)/bench-link: $(LINK_OBJS) $(B)/model/pci_link.o $(B)/bench/link.o $(B)/bench/kernel/ring.o
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)

bench-link: $(B)/bench-link
	$(B)/bench-link
.PHONY: bench-link

#
# Fuzzing: make SAN=fuzz CC=clang fuzz-link, in build/clang-fuzz/
#

FUZZER = $(shell $(CC) -print-file-name=libclang_rt.fuzzer_no_main-x86_64.a)
LINK_FUZZ := $(patsubst %,$(B)/fuzz-%,net shadow vfio-user)

ifeq ($(SAN),fuzz)
# So that a peer's memory can change between two functions of a driver, and between two reads
$(B)/driver/%: private KERNEL += -finstrument-functions
$(B)/driver/ivshmem_%: private KERNEL += -fsanitize-coverage=trace-loads
# The client is what is fuzzed there.
$(B)/peer/client.o: private HOST += -fsanitize=fuzzer-no-link
endif

$(B)/fuzz-net $(B)/fuzz-shadow: $(LINK_OBJS) $(B)/model/pci_link.o $(B)/peer/ring.o $(B)/peer/rules.o
$(B)/fuzz-net: $(B)/fuzz/link-net.o
$(B)/fuzz-shadow: $(B)/fuzz/link-shadow.o
$(B)/fuzz-vfio-user: $(LINK_OBJS) $(B)/model/pci_vfio_user.o $(B)/peer/client.o $(B)/fuzz/vfio_user.o
$(B)/fuzz-net $(B)/fuzz-shadow $(B)/fuzz-twice: private LINK += -Wl,--wrap=kit_map
$(B)/fuzz-vfio-user: private LINK += -Wl,--wrap=connect,--wrap=sendmsg,--wrap=recvmsg

$(B)/fuzz/link-%.o: fuzz/link.c
	@mkdir -p $(@D)
	$(CC) $(HOST) -I$(PEER) $(if $(filter shadow,$*),-DFUZZ_SHADOW) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/fuzz/vfio_user.o: fuzz/vfio_user.c
	@mkdir -p $(@D)
	$(CC) $(HOST) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LINK_FUZZ) $(B)/fuzz-twice:
	$(CC) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ $^ $(FUZZER) $(LIBS) -lstdc++ -lm

fuzz-link: $(LINK_FUZZ)
.PHONY: fuzz-link

# fuzz-net with a driver that reads a descriptor's length twice, to see that it is found
TWICE := ../selftests/mutants/length-twice.patch
$(eval $(call driver_rule,$(B)/twice,ivshmem_twice,$(IVSHMEM),$(FLAGS) -I../framework))

$(B)/twice/ring.c: ../framework/ring.c $(TWICE)
	@mkdir -p $(@D)
	patch -s -o $@.new $< < $(TWICE) && mv $@.new $@

$(B)/fuzz-twice: $(patsubst %/ivshmem_core/ring.o,%/ivshmem_twice/ring.o,$(LINK_OBJS)) \
	$(B)/model/pci_link.o $(B)/peer/ring.o $(B)/peer/rules.o $(B)/fuzz/link-net.o $(B)/fuzz/main.o
