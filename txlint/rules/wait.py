"""The code sleeps, polls or waits for a lock while a transaction is open.

## What it finds

Sleeping, polling and waiting for locks, futures or processes on a path on which a transaction is open. Off by default: switch it on
with `--extend-select TX109`.

## What it finds in a hook

Sleeping, polling and waiting in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's
transaction was found. Off by default. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it
has to behave as if one were.

## Why it matters

Everybody who needs the locked rows waits as well, and a pool of ten connections is empty after ten such waits. Two locks taken in
different order (a Redis lock and a row) make a deadlock that the database cannot see.

## Example

```python
import time

from django.db import transaction


def settle(order):
    with transaction.atomic():
        order.settled = True
        order.save()
        time.sleep(2)
```

## Instead

```python
import time

from django.db import transaction


def settle(order):
    with transaction.atomic():
        order.settled = True
        order.save()
    time.sleep(2)
```

## Example in a hook

```python
import time

from django.db import models


class Order(models.Model):
    def save(self, *args, **kwargs):
        time.sleep(2)
        super().save(*args, **kwargs)
```

## Instead in a hook

```python
from django.db import models


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
```

## How the fix works and when it is unsafe

There is no automatic fix: the wait has to move out of the transaction, or to go.

## Known limits

Waiting for a row lock of the database itself (`select_for_update`) is not reported: it is what a transaction is for.

## See also

TX103 and TX104, which wait for another side's answer.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="wait",
    default=False,
    does="waits",
    harm="the transaction, its locks and its connection are held all the while",
    way="outside",
    doc=__doc__ or "",
)
