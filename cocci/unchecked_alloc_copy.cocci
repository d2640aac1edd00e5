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
identifier f =~ "(^|_)[vkz]*alloc(_|$)|^(devm_)?k[vmz]*(alloc|calloc|malloc|realloc)(_array|_node|_obj|_objs|_flex|_noprof)?$|^v[cmz]+alloc|dup(_user|_nul|_const|_array)?$|^(devm_)?k?v?asprintf$|^(__)?get_(free_pages?|zeroed_page)$|^skb_(copy|clone|copy_expand|realloc_headroom|copy_bits)$|^(napi_)?build_skb|^napi_get_frags$|^(devm_)?(memremap|ioremap|pci_iomap)(_wc|_wt|_uc|_np|_cache|_prot|_resource)*$|^kthread_(create|run)|^cdev_alloc$|^class_create$|^device_create|^eventfd_ctx_(fd|file)get$|^strndup_user$|^ivshmem_map_section(_ro)?$|^ivshmem_window_create$|^(__)?(copy_(to|from)_user|clear_user|get_user|put_user)(_nofault)?$|^copy_struct_from_user$|^strn(cpy|len)_(from_)?user$|^copy_(to|from)_iter(_full)?$";
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

// To follow a pointer is not to look at it.
@followed@
expression x;
identifier m;
position q;
statement S1, S2;
@@
 if (<+... \(x@q->m \| x@q[...] \| *x@q\) ...+>) S1 else S2

// Kept, and nothing is done with it but to look.
@kept depends on !direct@
identifier call.f;
position call.p;
expression x, E1, E2;
statement S1, S2;
position q != followed.q;
@@
 x = <+... f@p(...) ...+>;
 ... when != x
(
 if (<+... x@q ...+>) S1 else S2
|
 return x;
|
 return <+... \(x ? E1 : E2 \| x ?: E2 \| !x \| IS_ERR(x) \| PTR_ERR_OR_ZERO(x)\) ...+>;
|
 while (<+... x@q ...+>) S1
)

@declared depends on !direct && !kept@
identifier call.f;
position call.p;
identifier x;
expression E1, E2;
type T;
statement S1, S2;
position q != followed.q;
@@
 T x = <+... f@p(...) ...+>;
 ... when != x
(
 if (<+... x@q ...+>) S1 else S2
|
 return x;
|
 return <+... \(x ? E1 : E2 \| x ?: E2 \| !x \| IS_ERR(x) \| PTR_ERR_OR_ZERO(x)\) ...+>;
)

@script:python depends on report && !direct && !kept && !declared@
p << call.p;
f << call.f;
@@
coccilib.report.print_report(p[0], "nobody looks at what %s() returned" % f)
