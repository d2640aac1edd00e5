// SPDX-License-Identifier: GPL-2.0
static int checked(struct thing *thing, void __user *user)
{
	struct other *other = kzalloc(sizeof(*other), GFP_KERNEL);
	u32 number;

	if (!other)
		return -ENOMEM;
	other->thing = thing;
	thing->slots = kvcalloc(thing->count, sizeof(*thing->slots), GFP_KERNEL);
	if (!thing->slots) {
		kfree(other);
		return -ENOMEM;
	}
	if (copy_to_user(user, thing, sizeof(*thing)))
		return -EFAULT;
	if (thing->long && get_user(number, (u32 __user *)user))
		return -EFAULT;
	return put_user(number, (u32 __user *)user);
}

static int both(struct thing *thing)
{
	thing->out = ivshmem_map_section(&thing->out_section);
	thing->in = ivshmem_map_section_ro(&thing->in_section);
	if (thing->out && thing->in)
		return 0;
	return -ENOMEM;
}

static void *passed_on(size_t size)
{
	void *p = kmalloc(size, GFP_KERNEL);

	return p;
}

static struct sk_buff *if_there(struct napi_struct *napi, unsigned int len)
{
	struct sk_buff *skb;

	skb = napi_alloc_skb(napi, len);
	if (skb)
		skb_put(skb, len);
	return skb;
}

static int as_pointer(struct thing *thing, int fd)
{
	struct eventfd_ctx *event = eventfd_ctx_fdget(fd);
	int err;

	if (IS_ERR(event))
		return PTR_ERR(event);
	err = copy_from_user(thing->buf, thing->user, 4) ? -EFAULT : 0;
	if (!err)
		thing->event = event;
	return err;
}

static int or_else(struct thing *thing)
{
	int err;

	err = put_user(thing->count, thing->user);
	return err ?: thing->count;
}

static int followed_then(struct thing *thing, struct napi_struct *napi, struct iov_iter *iter)
{
	struct sk_buff *skb = napi_get_frags(napi);

	if (!skb || skb->len < ETH_HLEN)
		return -EPROTO;
	if (skb_copy_bits(skb, 0, thing->buf, 4) < 0 || !copy_from_iter_full(thing->buf, 4, iter))
		return -EFAULT;
	thing->task = kthread_run(run, thing, "thing");
	return PTR_ERR_OR_ZERO(thing->task);
}
