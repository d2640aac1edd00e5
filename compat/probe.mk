# SPDX-License-Identifier: GPL-2.0
# What do this kernel's headers have? Looked for, never derived from a version
# number: distributions backport.
#
# $(call have,MACRO,header,regular expression); make wants dots for parentheses
have = $(shell grep -qs '$(3)' $(srctree)/include/linux/$(2) && echo -DHAVE_$(1))

compat-flags := \
	$(call have,BUS_MATCH_CONST,device/bus.h,.match..struct device .dev. const struct) \
	$(call have,BUS_UEVENT_CONST,device/bus.h,.uevent..const struct device) \
	$(call have,BUS_REMOVE_VOID,device/bus.h,void ..remove..struct device) \
	$(call have,CONTAINER_OF_CONST,container_of.h,define container_of_const) \
	$(call have,ETH_HW_ADDR_SET,etherdevice.h,void eth_hw_addr_set.struct net_device) \
	$(call have,ETHTOOL_KERNEL_RINGPARAM,ethtool.h,struct kernel_ethtool_ringparam) \
	$(call have,ETHTOOL_KERNEL_COALESCE,ethtool.h,struct kernel_ethtool_coalesce) \
	$(call have,NAPI_ADD_DEFAULT_WEIGHT,netdevice.h,netif_napi_add_weight.dev. napi. poll. NAPI_POLL_WEIGHT) \
	$(call have,EVENTFD_SIGNAL_ONCE,eventfd.h,void eventfd_signal.struct eventfd_ctx) \
	$(call have,HRTIMER_SETUP,hrtimer.h,void hrtimer_setup.) \
	$(call have,VM_OPS_MAPPED,mm.h,int ..mapped..unsigned long start) \
	$(call have,VM_FLAGS_MOD,mm.h,void vm_flags_mod.) \
	$(call have,INSERT_PFN_PMD_LONG,huge_mm.h,vmf_insert_pfn_pmd.struct vm_fault .vmf. unsigned long)
