"""An HTTP request is made while a transaction is open.

## What it finds

Requests made with `requests`, `httpx`, `aiohttp`, `urllib` or `urllib3` on a path on which a transaction is open.

## What it finds in a hook

Requests made in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's transaction was found. A
hook runs in whatever transaction its caller has. It cannot know whether one is open, so it has to behave as if one were.

## Why it matters

The other side acts at once and is not rolled back. Until it answers, and without a timeout that may be never, the rows stay locked
and the connection is missing from the pool: one slow partner stops the whole site.

## Example

```python
import requests
from django.db import transaction


def cancel(order):
    with transaction.atomic():
        order.cancel()
        requests.post("https://partner.example/cancelled", json={"order": order.pk}, timeout=5)
```

## Instead

```python
from functools import partial

import requests
from django.db import transaction


def cancel(order):
    with transaction.atomic():
        order.cancel()
        transaction.on_commit(partial(requests.post, "https://partner.example/cancelled", json={"order": order.pk}, timeout=5))
```

## Example in a hook

```python
import requests
from django.db import models


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        requests.post("https://partner.example/orders", json={"order": self.pk}, timeout=5)
```

## Instead in a hook

```python
from functools import partial

import requests
from django.db import models, transaction


class Order(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(requests.post, "https://partner.example/orders", json={"order": self.pk}, timeout=5))
```

## How the fix works and when it is unsafe

A request whose answer is not used is deferred like any other effect, with `transaction.on_commit(partial(...))`. A request whose
answer is used cannot be deferred: make it before the transaction and write what it said inside, or commit first and write the
answer in a second transaction. That is a decision about your data, and is left to you.

Deferring is unsafe where an exception of the request is meant to roll the transaction back: after the commit it cannot.

## Known limits

A request that only reads is reported like any other, at severity `low` where the transaction has only read as well. Clients that
are passed in untyped are not recognised.

## See also

TX104 for clients of cloud and payment services, TX109 for sleeping and polling.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="http",
    default=True,
    does="makes an HTTP request",
    harm="a rollback does not undo what the other side did, and its answer is waited for with the transaction open",
    way="defer",
    doc=__doc__ or "",
)
