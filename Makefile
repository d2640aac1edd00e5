# SPDX-License-Identifier: GPL-2.0
KDIR ?= /lib/modules/$(shell uname -r)/build
RIG := selftests/rig/rig
DESTDIR ?=
TESTS ?=
PROGRAMS := $(patsubst %/Makefile,%,$(wildcard device/Makefile tools/Makefile hosted/Makefile selftests/*/Makefile))

.PHONY: all modules modules-matrix install clean help demo check check-long check-hosted check-static check-mutants coverage kselftest bench device peer tools hosted fuzz setup lint debug-kernel

all: modules

modules:
	@test -d $(KDIR) || { echo "no kernel headers in $(KDIR): install them or set KDIR=" >&2; exit 2; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) W=1 modules

install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates \
		CONFIG_MODULE_SIG_ALL= modules_install
	@# Debian's headers have no System.map, without which modules_install skips this.
	depmod $(if $(DESTDIR),-b $(DESTDIR)) \
		$$(modinfo -F vermagic framework/ivshmem_core.ko | cut -d' ' -f1)

device:
	$(MAKE) -C device

peer:
	$(MAKE) -C selftests/peer

tools:
	$(MAKE) -C tools

hosted:
	$(MAKE) -C hosted link

modules-matrix:
	@$(RIG) matrix

setup:
	@$(RIG) setup

demo:
	@$(RIG) demo

check:
	@$(RIG) check $(foreach test,$(TESTS),'$(test)')

# RESTART=1 forgets what has passed already.
check-long:
	@$(RIG) check --long $(if $(RESTART),--restart)

check-hosted:
	@$(RIG) check 'hosted-*'

# Each fuzzer of the drivers in turn, SECS seconds.
SECS ?= 60
fuzz:
	@$(MAKE) -s -C hosted fuzz SECS=$(SECS)

# MUTANT=name: only that one.
check-mutants:
	@$(RIG) mutants $(MUTANT)

coverage:
	@$(RIG) coverage $(foreach test,$(TESTS),'$(test)')

check-static:
	@$(RIG) check-static

# Status 4: nothing could run, and what it said tells why.
kselftest:
	@$(MAKE) -s -C selftests collection INSTALL_PATH=$(CURDIR)/selftests/kselftest_install
	@selftests/kselftest_install/run_kselftest.sh $(TARGET) || [ $$? = 4 ]

bench:
	@$(RIG) bench

lint:
	@$(RIG) lint

debug-kernel:
	@$(RIG) debug-kernel

clean:
	rm -rf selftests/kselftest_install
	for folder in $(PROGRAMS); do $(MAKE) -C $$folder clean || exit; done
	@test ! -d $(KDIR) || $(MAKE) -C $(KDIR) M=$(CURDIR) clean

help:
	@echo 'make                 modules for the running kernel, or KDIR=/path/to/headers'
	@echo 'make install         install them (DESTDIR= for another root), then run depmod'
	@echo 'make device          device/ivshmem-link, the link device for QEMU'
	@echo 'make peer            selftests/peer/ivshmem-peer, a peer without a machine'
	@echo 'make tools           tools/ivshmem-tool, and libivshmem for programs of your own'
	@echo 'make hosted          hosted/build/gcc/hosted-link, the drivers as a process'
	@echo 'make demo            two virtual machines talk Ethernet over a link (as root)'
	@echo "make check           the tests (as root), some at a time, or IVSHMEM_JOBS=N; some of them:"
	@echo "                     make check TESTS='net.*'"
	@echo 'make check-long      every test on every kernel, and more; if it is ended, the next one goes on'
	@echo '                     from there (RESTART=1: from the beginning)'
	@echo 'make check-hosted    only the tests of drivers as processes, with sanitizers and fuzzers'
	@echo 'make fuzz            the fuzzers of drivers as processes, SECS=60 seconds each'
	@echo 'make check-static    what can be told from the sources: gcc, clang, sparse, Coccinelle, checkpatch;'
	@echo '                     fetches the kernel source for it (150 MB)'
	@echo 'make check-mutants   puts known faults back, one at a time, and sees whether a test finds each;'
	@echo '                     MUTANT=name: that one (they are in selftests/mutants)'
	@echo 'make coverage        which lines of the modules tests reach on the debug kernel (TESTS= as above)'
	@echo 'make kselftest       tests with the devices of this machine (as root), one suite: TARGET=net;'
	@echo '                     IVSHMEM_DEVICES="ivshmem0 ivshmem1" names those that they may use'
	@echo 'make bench           compare the link with veth, figures as a table and as JSON'
	@echo 'make modules-matrix  modules for kernels 5.10, 6.1 (also 32 bits), 6.12 and 7.2, no warning allowed'
	@echo 'make setup           only install what the rig needs and prepare its kernels'
	@echo 'make lint            shellcheck, pyflakes and checkpatch (fetches the kernel source: 150 MB)'
	@echo 'make debug-kernel    build the kernel with KASAN, lockdep, ... that make check uses'
	@echo 'make clean           remove what was built in this folder'
	@echo 'The rig keeps its kernels and builds in $${XDG_CACHE_HOME:-~/.cache}/ivshmem.'
