"""A thread, process or background coroutine is started while a transaction is open.

## What it finds

Starting threads, processes, executor jobs and background coroutines on a path on which a transaction is open.

## What it finds in a hook

Starting threads, processes, executor jobs and background coroutines in a `save()` or `delete()` override, a signal receiver or a
session event, where no caller's transaction was found. A hook runs in whatever transaction its caller has. It cannot know whether
one is open, so it has to behave as if one were.

## Why it matters

A thread has its own database connection: it does not see what is not committed yet, and it may wait for the very locks that its
parent holds.

## Example

```python
import threading

from django.db import transaction


def notify(pk):
    print("in a thread:", pk)


@transaction.atomic
def approve(order):
    order.approved = True
    order.save()
    threading.Thread(target=notify, args=(order.pk,)).start()
```

## Instead

```python
import threading

from django.db import transaction


def notify(pk):
    print("in a thread:", pk)


@transaction.atomic
def approve(order):
    order.approved = True
    order.save()
    transaction.on_commit(threading.Thread(target=notify, args=(order.pk,)).start)
```

## Example in a hook

```python
import threading

from django.db import models


def notify(pk):
    print("in a thread:", pk)


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        threading.Thread(target=notify, args=(self.pk,)).start()
```

## Instead in a hook

```python
import threading

from django.db import models, transaction


def notify(pk):
    print("in a thread:", pk)


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(threading.Thread(target=notify, args=(self.pk,)).start)
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

What the thread does is not followed: its own effects are outside of the transaction. A process that is waited for
(`subprocess.run`) is reported as well, since it holds the transaction and what it did stays done.

## See also

TX101 for jobs handed to a queue.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="process",
    default=True,
    does="starts a thread or process",
    harm="it does not see the rows before the commit, and a rollback does not stop it",
    way="defer",
    doc=__doc__ or "",
)
