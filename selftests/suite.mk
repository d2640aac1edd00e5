# SPDX-License-Identifier: GPL-2.0
# Included by the Makefile of each suite, which has the variables of a kselftest: in a kernel tree,
# as tools/testing/selftests/drivers/ivshmem/SUITE, the rules are the tree's; else those below.
#
#	make [OUTPUT=folder] [CC=...] [CFLAGS=...] [LDFLAGS=...]
#	make install INSTALL_PATH=folder

TEST_INCLUDES := ../devices.sh
LOCAL_HDRS := $(wildcard *.h ../*.h ../include/uapi/*.h ../../include/uapi/*.h)
SUITE_FLAGS := -std=gnu11 -Wall -I.. -I../include -I../../include -pthread

ifneq ($(wildcard ../../../lib.mk),)

CFLAGS += -O2 -g $(SUITE_FLAGS) -Wno-unused-function -I../../..
include ../../../lib.mk

else

OUTPUT ?= .
CFLAGS ?= -O2 -g
SUITE_FLAGS += -D_GNU_SOURCE= -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
BUILT := $(addprefix $(OUTPUT)/,$(TEST_GEN_FILES))

all: $(BUILT)

$(OUTPUT)/%: %.c $(LOCAL_HDRS)
	@mkdir -p $(OUTPUT)
	$(CC) $(SUITE_FLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $<

install: all
	@mkdir -p $(INSTALL_PATH)
	cp -u $(TEST_PROGS) $(TEST_FILES) $(BUILT) settings config $(INSTALL_PATH)
	cp -u $(TEST_INCLUDES) $(INSTALL_PATH)/..

emit_tests:
	@printf '$(COLLECTION):%s\n' $(TEST_PROGS)

clean:
	rm -f $(BUILT)

.PHONY: all install emit_tests clean

endif
