"""A callback made in a loop reads the loop's names when the transaction commits, after the loop.

## What it finds

A lambda, or a function defined in the loop, that is given to `on_commit` and reads a name which the loop binds anew in each turn, where a
transaction is open that began before the loop: in the same function or in a caller.

## Why it matters

A function looks a name up when it runs. All callbacks run after the loop, and see the last turn's values: the last order is told of as
many times as there are orders, the others never.

## Example

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_orders(orders):
    with transaction.atomic():
        for order in orders:
            order.save()
            transaction.on_commit(lambda: send_receipt.delay(order.pk))
```

## Instead

```python
from functools import partial

from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_orders(orders):
    with transaction.atomic():
        for order in orders:
            order.save()
            transaction.on_commit(partial(send_receipt.delay, order.pk))
```

## How the fix works and when it is unsafe

A lambda gets the names as defaults of its parameters (`lambda order=order: ...`), and so does a function that is defined in the loop
(`def callback(order=order):`); that binds them in this turn and changes nothing else. Not rewritten are a lambda that has parameters
already, a function with a decorator or with parameters that need a value, and names that may have none yet where the callback is made.

## Known limits

Silent where the transaction begins and ends within the turn, and where the loop is left right after the call. Comprehensions are not
looked at, nor callbacks that are kept under a name made outside of the loop.

## See also

ruff's B023 finds closures over loop variables anywhere, called at once or not.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX302",
    name="late-binding-callback",
    default=True,
    does={"late-binding": "is given a callback that reads `{detail}` of the loop"},
    harm="callbacks run after the loop, and each sees the values of the last turn",
    remedy="Bind the values in this turn: `partial(f, value)`, or a parameter with a default, `lambda name=name: ...`.",
    severity="high",
    doc=__doc__ or "",
)
