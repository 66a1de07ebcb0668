"""Another datastore is written while a transaction is open.

## What it finds

Writes to search indexes, document stores and Redis on a path on which a transaction of the database is open.

## What it finds in a hook

Writes to search indexes, document stores and Redis in a `save()` or `delete()` override, a signal receiver or a session event,
where no caller's transaction was found. A hook runs in whatever transaction its caller has. It cannot know whether one is open, so
it has to behave as if one were.

## Why it matters

The two stores drift apart: the index offers a product that was rolled back, and nobody notices until a customer does.

## Example

```python
from django.db import transaction
from elasticsearch import Elasticsearch

search = Elasticsearch("http://localhost:9200")


@transaction.atomic
def rename(product, name):
    product.name = name
    product.save()
    search.index(index="products", id=product.pk, document={"name": name})
```

## Instead

```python
from functools import partial

from django.db import transaction
from elasticsearch import Elasticsearch

search = Elasticsearch("http://localhost:9200")


@transaction.atomic
def rename(product, name):
    product.name = name
    product.save()
    transaction.on_commit(partial(search.index, index="products", id=product.pk, document={"name": name}))
```

## Example in a hook

```python
from django.db import models
from elasticsearch import Elasticsearch

search = Elasticsearch("http://localhost:9200")


class Product(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        search.index(index="products", id=self.pk, document={})
```

## Instead in a hook

```python
from functools import partial

from django.db import models, transaction
from elasticsearch import Elasticsearch

search = Elasticsearch("http://localhost:9200")


class Product(models.Model):
    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        transaction.on_commit(partial(search.index, index="products", id=self.pk, document={}))
```

## How the fix works and when it is unsafe

The call becomes `transaction.on_commit(partial(f, arguments))` with the alias of the open transaction. The arguments are evaluated
where the call stood, the effect happens after the commit, and with no transaction open it happens at once.

It is unsafe, and only suggested, where the result of the call is used, where an `except` or a `with` around the call relies on it
happening there, where an argument is changed before the commit, and in `async def`. A fix is refused where the session or database
has no call that defers; then the effect has to move behind the commit by hand. Tests built on `TestCase` never commit: run their
callbacks with `captureOnCommitCallbacks(execute=True)`.

## Known limits

Reads of another store are not reported. Locks in Redis are TX109.

## See also

TX110 for cache entries, TX107 and TX111 for files.
"""

from __future__ import annotations

from txlint.rules.rule import Family

FAMILY = Family(
    kind="store",
    default=True,
    does="writes to another datastore",
    harm="a rollback does not undo that write, and readers of the two see different things until the commit",
    way="defer",
    doc=__doc__ or "",
)
