// SPDX-License-Identifier: GPL-2.0
/// Memory may not be had, and a program's memory may not be there: the result of
/// an allocation, a mapping, copy_to_user() and the like is looked at before
/// anything is done with it.
///
// Confidence: High
// Options: --no-includes --include-headers
// Folders: framework plugins Documentation/example-plugin selftests/core/tool

virtual report

@call@
identifier f =~ "^(devm_)?k[vmz]*(alloc|calloc|malloc_array|realloc)(_array|_node|_obj|_objs|_flex|_noprof)?$|^(devm_)?(kmemdup|kvmemdup|kstrdup|kstrndup|kasprintf|kvasprintf)(_nul|_const|_array)?$|^v[mz]*alloc(_user|_array)?$|^vcalloc$|^kmem_cache_(z)?alloc$|^mempool_alloc$|^alloc_pages?(_exact|_node)?$|^(__)?get_(free_pages?|zeroed_page)$|^(devm_)?(alloc_etherdev|alloc_netdev)(_mqs?|_dummy)?$|^(napi_|netdev_|__netdev_)?alloc_skb(_with_frags)?$|^dev_alloc_skb$|^skb_(copy|clone)$|^alloc_(ordered_)?workqueue$|^(devm_)?(memremap|ioremap|pci_iomap)$|^ida_alloc|^idr_alloc|^cdev_alloc$|^class_create$|^device_create|^eventfd_ctx_fdget$|^v?memdup_user|^strndup_user$|^ivshmem_map_section(_ro)?$|^ivshmem_window_create$|^(__)?(copy_(to|from)_user|clear_user|get_user|put_user)$|^copy_struct_from_user$|^strn(cpy|len)_(from_)?user$|^copy_(to|from)_iter$";
position p;
@@
 f@p(...)

// Returned, or a condition, or part of one: somebody looks at it.
@direct@
identifier call.f;
position call.p;
statement S1, S2;
@@
(
 return <+... f@p(...) ...+>;
|
 if (<+... f@p(...) ...+>) S1 else S2
|
 while (<+... f@p(...) ...+>) S1
)

// Kept, and nothing is done with it but to look.
@kept depends on !direct@
identifier call.f;
position call.p;
expression x;
statement S1, S2;
@@
 x = <+... f@p(...) ...+>;
 ... when != x
(
 if (<+... x ...+>) S1 else S2
|
 return <+... x ...+>;
|
 while (<+... x ...+>) S1
)

@declared depends on !direct && !kept@
identifier call.f;
position call.p;
identifier x;
type T;
statement S1, S2;
@@
 T x = <+... f@p(...) ...+>;
 ... when != x
(
 if (<+... x ...+>) S1 else S2
|
 return <+... x ...+>;
)

@script:python depends on report && !direct && !kept && !declared@
p << call.p;
f << call.f;
@@
coccilib.report.print_report(p[0], "nobody looks at what %s() returned" % f)
