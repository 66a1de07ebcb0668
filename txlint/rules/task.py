"""A job is enqueued while the transaction that it depends on is still open.

## What it finds

Calls that hand a job to a queue (Celery, RQ, Huey, Dramatiq, django-q2, `django.tasks`) on a path on which a transaction is open:
in the same function, in a caller, in the view that the request's transaction wraps, or in code that Django itself runs inside one.

## What it finds in a hook

Calls that hand a job to a queue in a `save()` or `delete()` override, a signal receiver or a session event: code that the ORM runs
before the commit, where no caller's transaction was found. A hook runs in whatever transaction its caller has. It cannot know
whether one is open, so it has to behave as if one were.

## Why it matters

The queue knows nothing of the transaction. A fast worker reads the database before the commit and does not find the row
(`DoesNotExist`, seconds after a good request); after a rollback it works on something that never happened.

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
        send_receipt.delay(order.pk)
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

## Example in a hook

```python
from celery import shared_task
from django.db import models


@shared_task
def index_order(order_id):
    print("on a worker:", order_id)


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        index_order.delay(self.pk)
```

## Instead in a hook

```python
from functools import partial

from celery import shared_task
from django.db import models, transaction


@shared_task
def index_order(order_id):
    print("on a worker:", order_id)


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(index_order.delay, self.pk))
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

Queues that keep their jobs in the same database are silent, and so are task classes and settings that defer by themselves; both are
inferred, and where they are set from outside the project (an environment variable, a plug-in) they are not seen.
`task_always_eager` is taken to be off, but where a branch has asked for it.

## See also

TX108 for threads and background coroutines, TX105 for messages to a broker. Celery's `delay_on_commit` is the short form for the
default database.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="task",
    default=True,
    does="enqueues a job",
    harm="a worker can start before the commit and miss the rows, and a rollback does not take the job back",
    way="defer",
    doc=__doc__ or "",
)
