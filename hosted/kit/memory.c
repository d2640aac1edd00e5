// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's memory: libc's, so that sanitizers watch over it, with a header in
 * front that says who asked for it. Allocations that must not wait come from a
 * pool that was filled beforehand.
 */
#include <dlfcn.h>
#include <stdlib.h>

#include "internal.h"

#ifdef KIT_ASAN
#include <sanitizer/asan_interface.h>
#define NO_ASAN	__attribute__((no_sanitize("address")))
#else
#define ASAN_POISON_MEMORY_REGION(_a, _n)	((void)(_a), (void)(_n))
#define ASAN_UNPOISON_MEMORY_REGION(_a, _n)	((void)(_a), (void)(_n))
#define NO_ASAN
#endif

#define PAGE		4096UL
#define MAGIC_USED	0x6b69742d75736564ULL
#define MAGIC_FREE	0x6b69742d66726565ULL

/**
 * struct header - in front of each allocation
 * @magic: MAGIC_USED, MAGIC_FREE
 * @number: of the allocation
 * @size: bytes asked for
 * @caller: who asked
 * @base: what libc gave
 * @class: of the pool; -1 for memory that is not the pool's
 * @next: of the list of what is allocated, or of the pool's free list
 * @prev: of the former
 */
struct header {
	kit_u64 magic;
	kit_u64 number;
	kit_size size;
	const void *caller;
	void *base;
	int class;
	struct header *next, *prev;
};

#define HEADER	64
_Static_assert(sizeof(struct header) <= HEADER, "header");

/* The pool has blocks of 64 << class bytes, up to 64 KiB; those of a page are aligned to it. */
#define CLASSES	11

/* Protects the list, the pool and the counts; held for a few instructions. */
static unsigned int lock;
static struct header *allocated;
static struct header *pool[CLASSES];
static kit_u64 number;
static kit_size bytes, limit;

static kit_u64 fail_at[KIT_WHATS], calls[KIT_WHATS];
static long balance[KIT_WHATS];

static const char * const what_names[KIT_WHATS] = {
	"allocations", "interrupts", "regions", "registrations", "enabled clocks",
	"I/O mappings", "module references", "prepared clocks", "user copies",
};

/* Not kit_spin_lock(): there is no thread yet when the pool is filled. */
static void lock_memory(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock_memory(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static struct header *header_of(const void *memory)
{
	return (struct header *)((char *)memory - HEADER);
}

static void *memory_of(struct header *header)
{
	return (char *)header + HEADER;
}

static kit_size alignment(kit_size size, unsigned int flags)
{
	if (flags & KIT_ALLOC_PAGE || size >= PAGE)
		return flags & KIT_ALLOC_PAGE || !(size & (size - 1)) ? PAGE : 64;
	return size > 64 && !(size & (size - 1)) ? size : 64;
}

static struct header *from_libc(kit_size size, kit_size align)
{
	struct header *header;
	void *base;

	/* The header is at the end of the first @align bytes. */
	if (size > (kit_size)1 << 46 || posix_memalign(&base, align, align + size))
		return NULL;
	header = (struct header *)((char *)base + align - HEADER);
	header->base = base;
	header->class = -1;
	return header;
}

static int class_of(kit_size size)
{
	int class = 0;

	while (class < CLASSES && (64UL << class) < size)
		class++;
	return class;
}

static NO_ASAN void put_in_pool(struct header *header)
{
	header->magic = MAGIC_FREE;
	header->next = pool[header->class];
	pool[header->class] = header;
}

/* An equal share of the bytes for each size. */
static void fill_pool(kit_size size)
{
	struct header *header;
	kit_size left;
	int class;

	for (class = 0; class < CLASSES; class++) {
		kit_size block = 64UL << class;

		for (left = size / CLASSES; left >= block; left -= block) {
			header = from_libc(block, block < PAGE ? block : PAGE);
			if (!header)
				return;
			header->class = class;
			put_in_pool(header);
			ASAN_POISON_MEMORY_REGION(header, HEADER + block);
		}
	}
}

void memory_init(void)
{
	limit = kit_config()->memory_limit;
	fill_pool(kit_config()->atomic_pool);
}

/* Without waiting for anything. Larger ones than the pool has fail, as they may. */
static NO_ASAN struct header *from_pool(kit_size size, unsigned int flags)
{
	struct header *header = NULL;
	int class;

	if (flags & KIT_ALLOC_PAGE && size < PAGE)
		size = PAGE;
	lock_memory();
	for (class = class_of(size); class < CLASSES && !header; class++) {
		header = pool[class];
		if (header)
			pool[class] = header->next;
	}
	unlock_memory();
	if (header)
		ASAN_UNPOISON_MEMORY_REGION(memory_of(header), size);
	return header;
}

/* Returns false where the limit is in the way. */
static bool charge(kit_size size)
{
	bool fits;

	lock_memory();
	fits = size <= limit - (bytes < limit ? bytes : limit);
	if (fits)
		bytes += size;
	unlock_memory();
	if (!fits)
		kit_log(4, "out of memory: %zu bytes asked for, %zu of %zu are taken", size,
			bytes, limit);
	return fits;
}

static NO_ASAN void note(struct header *header, kit_size size, const void *caller)
{
	header->magic = MAGIC_USED;
	header->size = size;
	header->caller = caller;
	header->prev = NULL;
	lock_memory();
	header->number = number;
	header->next = allocated;
	if (allocated)
		allocated->prev = header;
	allocated = header;
	balance[KIT_WHAT_ALLOC]++;
	unlock_memory();
	ASAN_POISON_MEMORY_REGION(header, HEADER);
}

static void uncharge(kit_size size)
{
	lock_memory();
	bytes -= size;
	unlock_memory();
}

void *kit_alloc(kit_size size, unsigned int flags, const void *caller)
{
	struct header *header;

	kit_point();
	lock_memory();
	number++;
	unlock_memory();
	if (kit_should_fail(KIT_WHAT_ALLOC) || !charge(size))
		return NULL;
	if (flags & KIT_ALLOC_ATOMIC)
		header = from_pool(size, flags);
	else
		header = from_libc(size, alignment(size, flags));
	if (!header) {
		uncharge(size);
		return NULL;
	}
	note(header, size, caller);
	if (flags & KIT_ALLOC_ZERO)
		memset(memory_of(header), 0, size);
	return memory_of(header);
}

static NO_ASAN void forget(struct header *header)
{
	lock_memory();
	if (header->prev)
		header->prev->next = header->next;
	else
		allocated = header->next;
	if (header->next)
		header->next->prev = header->prev;
	balance[KIT_WHAT_ALLOC]--;
	bytes -= header->size;
	header->magic = MAGIC_FREE;
	if (header->class >= 0) {
		/* Poisoned before anybody else can have it. */
		ASAN_POISON_MEMORY_REGION(memory_of(header), 64UL << header->class);
		put_in_pool(header);
	}
	unlock_memory();
}

static NO_ASAN void check(const struct header *header, const void *memory, const char *what)
{
	if ((kit_addr)memory & 63 || header->magic != MAGIC_USED)
		kit_die("%s of %p, which %s", what, memory,
			!((kit_addr)memory & 63) && header->magic == MAGIC_FREE ?
			"was freed before" : "was never allocated");
}

static NO_ASAN int class_in(const struct header *header)
{
	return header->class;
}

static NO_ASAN void *base_of(const struct header *header)
{
	return header->base;
}

void kit_free(const void *memory)
{
	struct header *header = header_of(memory);
	void *base;

	if (!memory)
		return;
	kit_point();
	check(header, memory, "kfree");
	base = class_in(header) < 0 ? base_of(header) : NULL;
	forget(header);
	if (base) {
		ASAN_UNPOISON_MEMORY_REGION(header, HEADER);
		free(base);
	}
}

NO_ASAN kit_size kit_alloc_size(const void *memory)
{
	check(header_of(memory), memory, "size");
	return header_of(memory)->size;
}

kit_u64 kit_alloc_number(void)
{
	return __atomic_load_n(&number, __ATOMIC_RELAXED);
}

kit_size kit_alloc_bytes(void)
{
	kit_size now;

	lock_memory();
	now = bytes;
	unlock_memory();
	return now;
}

void kit_memory_limit(kit_size wanted)
{
	lock_memory();
	limit = wanted ? wanted : kit_config()->memory_limit;
	unlock_memory();
}

/*
 * Faults and balances
 */

void kit_fail(enum kit_what what, kit_u64 nth)
{
	__atomic_store_n(&calls[what], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&fail_at[what], nth, __ATOMIC_SEQ_CST);
}

bool kit_should_fail(enum kit_what what)
{
	kit_u64 call = __atomic_add_fetch(&calls[what], 1, __ATOMIC_SEQ_CST);

	return unlikely(call == __atomic_load_n(&fail_at[what], __ATOMIC_SEQ_CST));
}

kit_u64 kit_calls(enum kit_what what)
{
	return __atomic_load_n(&calls[what], __ATOMIC_SEQ_CST);
}

void kit_count(enum kit_what what, int change)
{
	__atomic_add_fetch(&balance[what], change, __ATOMIC_SEQ_CST);
}

long kit_balance(enum kit_what what)
{
	long now;

	lock_memory();
	now = __atomic_load_n(&balance[what], __ATOMIC_SEQ_CST);
	unlock_memory();
	return now;
}

static NO_ASAN void report_allocations(void)
{
	struct header *header;
	Dl_info info;

	for (header = allocated; header; header = header->next) {
		bool known = dladdr(header->caller, &info) && info.dli_sname;

		kit_log(3, "leak: allocation %llu, %zu bytes, by %p%s%s", header->number,
			header->size, header->caller, known ? " in " : "",
			known ? info.dli_sname : "");
	}
}

unsigned long kit_report(void)
{
	unsigned long things = 0;
	int what;

	for (what = 0; what < KIT_WHATS; what++) {
		long left = kit_balance(what);

		if (!left)
			continue;
		kit_log(3, "balance: %ld %s are left", left, what_names[what]);
		things += left > 0 ? left : -left;
	}
	report_allocations();
	return things;
}

/*
 * The driver's variables, in sections that the Makefile collects them in
 */

extern char __start_driver_data[] __attribute__((weak)), __stop_driver_data[] __attribute__((weak));
extern char __start_driver_bss[] __attribute__((weak)), __stop_driver_bss[] __attribute__((weak));

static char *snapshot;

/* memcpy() would be a sanitizer's, which minds the redzones between variables. */
static NO_ASAN void copy(char *to, const char *from, kit_size n)
{
	while (n--)
		*(volatile char *)to++ = *from++;
}

void kit_data_snapshot(void)
{
	kit_size data = __stop_driver_data - __start_driver_data;
	kit_size bss = __stop_driver_bss - __start_driver_bss;

	free(snapshot);
	snapshot = malloc(data + bss + 1);
	if (!snapshot)
		kit_die("no memory for a copy of the driver's %zu bytes of variables", data + bss);
	copy(snapshot, __start_driver_data, data);
	copy(snapshot + data, __start_driver_bss, bss);
}

void kit_data_restore(void)
{
	kit_size data = __stop_driver_data - __start_driver_data;
	kit_size bss = __stop_driver_bss - __start_driver_bss;

	if (!snapshot)
		kit_die("there is no copy of the driver's variables to restore");
	copy(__start_driver_data, snapshot, data);
	copy(__start_driver_bss, snapshot + data, bss);
}
