// SPDX-License-Identifier: GPL-2.0
/// A plugin knows no PCI: configuration space, BARs, registers and vectors are
/// the core's, and so is what its files know of each other in core.h.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: plugins Documentation/example-plugin selftests/core/tool

virtual report

@call@
identifier f =~ "^(pci|pcim|pcie|__pci|devm_pci|msi|pci_msi)_|^to_pci_(dev|driver)$|^dev_is_pci$|^module_pci_driver$|^(devm_)?(ioremap|iounmap|memremap|memunmap|request_region)|^(__raw_)?(read|write)[bwlq](_relaxed)?$|^io(read|write)(8|16|32|64)|^(in|out)[bwl]$|^memcpy_(from|to)io$|^memset_io$|^(devm_)?(request|free|enable|disable|synchronize)_(threaded_|any_context_)?irq|^(io_)?remap_pfn_range$|^vm_iomap_memory$|^vmf?_insert_|^to_core$|^dev_to_core$";
position p;
@@
 f@p(...)

@used@
identifier s =~ "^(pci_dev|pci_driver|pci_device_id|pci_bus|msi_desc|msix_entry|ivshmem_core|ivshmem_vector)$";
position p;
@@
 struct s@p

@script:python depends on report@
p << call.p;
f << call.f;
@@
coccilib.report.print_report(p[0], "%s() is the core's" % f)

@script:python depends on report@
p << used.p;
s << used.s;
@@
coccilib.report.print_report(p[0], "struct %s is the core's" % s)
