"""A coroutine or generator function waits for the commit: calling it runs nothing.

## What it finds

`on_commit(f)`, `on_commit(partial(f, x))`, `on_commit(lambda: f(x))` and `on_commit(f(x))` where `f` is an `async def` or a generator
function of the project.

## Why it matters

The callback is called and not awaited: it gives a coroutine, which is dropped with the warning "was never awaited". The mail is never
sent, and no test that does not look for it will notice.

## Example

```python
from django.db import transaction


async def notify(order_id):
    print("sent:", order_id)


def place_order(order):
    with transaction.atomic():
        order.save()
        transaction.on_commit(lambda: notify(order.pk))
```

## Instead

```python
from functools import partial

from asgiref.sync import async_to_sync
from django.db import transaction


async def notify(order_id):
    print("sent:", order_id)


def place_order(order):
    with transaction.atomic():
        order.save()
        transaction.on_commit(partial(async_to_sync(notify), order.pk))
```

## How the fix works and when it is unsafe

There is no fix: whether the coroutine is to run at once (`async_to_sync`) or as a job has to be decided.

## Known limits

Decorated functions are left alone: a decorator may make a plain function of a coroutine function.

## See also

TX301 for a plain function that is called on the spot; TX505 for `@atomic` on a coroutine function.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX305",
    name="coroutine-callback",
    default=True,
    does={"never-awaited": "is given the coroutine or generator function `{detail}`"},
    harm="a call of it only makes an object, which is dropped, and its body never runs",
    remedy="Hand over something that runs it: `async_to_sync({detail})`, or a job.",
    severity="high",
    doc=__doc__ or "",
)
