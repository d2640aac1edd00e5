// SPDX-License-Identifier: GPL-2.0
static int unchecked(struct thing *thing, void __user *user)
{
	struct other *other = kzalloc(sizeof(*other), GFP_KERNEL);	/* found */
	u32 number;

	other->thing = thing;
	thing->slots = kvcalloc(thing->count, sizeof(*thing->slots), GFP_KERNEL);	/* found */
	thing->slots[0].start = 0;
	copy_to_user(user, thing, sizeof(*thing));	/* found */
	get_user(number, (u32 __user *)user);		/* found */
	(void)put_user(number, (u32 __user *)user);	/* found */
	return number;
}

static void late(struct thing *thing)
{
	thing->used = bitmap_zalloc(thing->count, GFP_KERNEL);	/* found */
	__set_bit(0, thing->used);
	thing->in = ivshmem_map_section_ro(&thing->section);	/* found */
	thing->first = *(u32 *)thing->in;
	if (!thing->in)
		return;
	thing->copy = kmemdup(thing->in, 4, GFP_KERNEL);	/* found */
}

static int wrong_one(struct thing *thing)
{
	int err = 0;

	thing->page = alloc_page(GFP_KERNEL);		/* found */
	if (!thing->slots)
		return -ENOMEM;
	memset(page_address(thing->page), 0, PAGE_SIZE);
	err = copy_from_user(thing->buf, thing->user, 4);	/* found */
	memcpy(thing->out, thing->buf, 4);
	err = 1;
	return err;
}

static int handed_on(struct thing *thing)
{
	struct thing *copy = thing_alloc(thing);	/* found */

	thing->seen = kvcalloc(thing->count, sizeof(*thing->seen), GFP_KERNEL);	/* found */
	return add_action(thing, free_seen, thing->seen, copy->number);
}
