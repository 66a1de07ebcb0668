"""A cache entry is set or deleted while a transaction is open.

## What it finds

Setting and deleting cache entries on a path on which a transaction is open. Off by default, since many caches may be stale for a
while: switch it on with `--extend-select TX110`.

## What it finds in a hook

Setting and deleting cache entries in a `save()` or `delete()` override, a signal receiver or a session event, where no caller's
transaction was found. Off by default. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so it
has to behave as if one were.

## Why it matters

An entry deleted before the commit is filled again with the old row by the next reader, and stays wrong until it expires. An entry
set before a rollback shows what never was.

## Example

```python
from django.core.cache import cache
from django.db import transaction


@transaction.atomic
def rename(product, name):
    product.name = name
    product.save()
    cache.delete(f"product-{product.pk}")
```

## Instead

```python
from functools import partial

from django.core.cache import cache
from django.db import transaction


@transaction.atomic
def rename(product, name):
    product.name = name
    product.save()
    transaction.on_commit(partial(cache.delete, f"product-{product.pk}"))
```

## Example in a hook

```python
from django.core.cache import cache
from django.db import models


class Product(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        cache.delete(f"product-{self.pk}")
```

## Instead in a hook

```python
from functools import partial

from django.core.cache import cache
from django.db import models, transaction


class Product(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(cache.delete, f"product-{self.pk}"))
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

A cache in the same database takes part in the transaction and is silent where the settings say so. Caches in the process's own
memory are not effects.

## See also

TX106 for datastores that are more than a cache.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="cache",
    default=False,
    does="changes a cache entry",
    harm="a reader can fill the cache with the old row before the commit, and a rollback leaves the new value in it",
    way="defer",
    doc=__doc__ or "",
)
