"""What should wait for the commit is called on the spot, and its result is handed over.

## What it finds

`on_commit(f(x))` and its like, where `f` is known not to give a function: a call that is an effect itself (`task.delay(x)`,
`send_mail(..)`), or a function of the project that returns nothing.

## Why it matters

The effect happens at once, inside the transaction. Then `on_commit` refuses what it was given (`TypeError: callback must be a callable`),
so that a transaction that is open is rolled back behind the effect.

## Example

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    with transaction.atomic():
        order.save()
        transaction.on_commit(send_receipt.delay(order.pk))
```

## Instead

```python
from functools import partial

from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    with transaction.atomic():
        order.save()
        transaction.on_commit(partial(send_receipt.delay, order.pk))
```

## How the fix works and when it is unsafe

The call becomes `partial(f, arguments)`: the arguments are evaluated where they stood, the call is made at the commit. Without arguments
the function itself is handed over.

## Known limits

A function that gives a function (`on_commit(make_callback(x))`) is right. Where that cannot be told, because the callee is not known, is
decorated or overridden, nothing is said.

## See also

TX305 for a coroutine function. The TX1xx rule of the effect is not reported at the same call.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX301",
    name="called-callback",
    default=True,
    does={"called": "is called on the spot for `{detail}`"},
    harm="it does not wait for the commit, and `{detail}` cannot call the result",
    remedy="Hand over the function and its arguments: `{detail}(partial({callee}, ...))`.",
    severity="high",
    doc=__doc__ or "",
)
