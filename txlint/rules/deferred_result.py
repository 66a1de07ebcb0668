"""The result of a call that waits for the commit is used: it has none.

## What it finds

An attribute of what `on_commit`, `delay_on_commit` or `apply_async_on_commit` gives, asked for there or of the name that it is kept under.

## Why it matters

The job is only enqueued at the commit, so there is no `AsyncResult` yet: the call gives `None`, and `.id` of it raises `AttributeError`.
In a transaction that rolls everything back.

## Example

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    with transaction.atomic():
        result = send_receipt.delay_on_commit(order.pk)
        order.task_id = result.id
        order.save()
```

## Instead

```python
from functools import partial
from uuid import uuid4

from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def place_order(order):
    with transaction.atomic():
        order.task_id = str(uuid4())
        order.save()
        transaction.on_commit(partial(send_receipt.apply_async, (order.pk,), task_id=order.task_id))
```

## How the fix works and when it is unsafe

There is no fix: choose the id beforehand, and pass it as `task_id`.

## Known limits

A result that is returned or passed on is not followed.

## See also

TX301 for a call whose result is given to `on_commit`.
"""

from __future__ import annotations

from txlint.rules.rule import Misused

RULE = Misused(
    code="TX303",
    name="deferred-result-used",
    default=True,
    does={"result-used": "gives nothing, and its result is used"},
    harm="the call is made at the commit, so there is no result yet, and an attribute of None raises an error",
    remedy="Do without the result; where its id is needed, choose it beforehand and pass it as `task_id`.",
    severity="medium",
    doc=__doc__ or "",
)
