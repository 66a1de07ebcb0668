"""A callback waits for a commit that never comes: the same block always raises.

## What it finds

`on_commit(f)` followed by a `raise` in the same block, with nothing between that and the end of the transaction that would catch it.

## Why it matters

The exception rolls the transaction back, and its callbacks are dropped with it: the one that should tell of the failure never runs.

## Example

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    with transaction.atomic():
        if not order.is_paid:
            transaction.on_commit(lambda: send_receipt.delay(order.pk))
            raise ValueError("not paid")
        order.save()
```

## Instead

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    if not order.is_paid:
        send_receipt.delay(order.pk)
        raise ValueError("not paid")
    with transaction.atomic():
        order.save()
```

## How the fix works and when it is unsafe

There is no fix: what is to survive the rollback has to happen outside of the transaction.

## Known limits

Only an exception raised in the block of the call is seen, and only transactions of the same function count.

## See also

The rules TX1xx propose to defer an effect; one that is made on purpose before an error is raised must stay where it is.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX306",
    name="deferral-before-raise",
    default=True,
    does={"never-committed": "waits for a commit that the `raise` behind it prevents"},
    harm="the exception rolls the transaction back, and the callback is dropped with it",
    remedy="Do it before the transaction begins, or where the exception is caught.",
    severity="medium",
    doc=__doc__ or "",
)
