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

/* To follow the pointer is not to look at it. */
static int followed(struct thing *thing, struct napi_struct *napi)
{
	struct other *other = kzalloc(sizeof(*other), GFP_KERNEL);	/* found */
	struct sk_buff *skb;

	if (other->thing)
		return 0;
	thing->slots = kcalloc(4, sizeof(*thing->slots), GFP_KERNEL);	/* found */
	if (thing->slots[0].start)
		return 0;
	skb = napi_alloc_skb(napi, thing->len);		/* found */
	if (skb->len < ETH_HLEN)
		return -EPROTO;
	skb = napi_get_frags(napi);			/* found */
	skb_put(skb, 1);
	skb = build_skb(thing->buf, thing->len);	/* found */
	skb_put(skb, 1);
	skb = napi_build_skb(thing->buf, thing->len);	/* found */
	skb_put(skb, 1);
	skb = skb_copy_expand(thing->skb, 2, 2, GFP_ATOMIC);	/* found */
	skb_put(skb, 1);
	skb = skb_realloc_headroom(skb, 4);		/* found */
	skb_put(skb, 1);
	skb_copy_bits(skb, 0, thing->buf, 4);		/* found */
	return thing->buf[0];
}

static void others(struct thing *thing, struct iov_iter *iter)
{
	thing->regs = ioremap_wc(thing->start, 4096);	/* found */
	writel(0, thing->regs);
	thing->name = devm_kasprintf(thing->dev, GFP_KERNEL, "%u", 1);	/* found */
	strim(thing->name);
	thing->task = kthread_run(run, thing, "thing");	/* found */
	wake_up_process(thing->task);
	thing->event = eventfd_ctx_fileget(thing->file);	/* found */
	eventfd_signal(thing->event);
	copy_from_iter_full(thing->buf, 4, iter);	/* found */
	copy_to_user_nofault(thing->user, thing->buf, 4);	/* found */
}
