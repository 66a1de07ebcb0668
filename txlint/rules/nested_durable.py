"""A transaction that insists on being the outermost is opened inside another one.

## What it finds

`atomic(durable=True)` (and what insists likewise) where a transaction on the same database is open: in the same function, in a caller, or
around the request.

## Why it matters

It raises `RuntimeError: A durable atomic block cannot be nested within another atomic block` whenever that way is taken. Tests do not show
it: directly under `TestCase` a durable block is allowed.

## Example

```python
from django.db import transaction


def pay(order):
    with transaction.atomic(durable=True):
        order.save()


@transaction.atomic
def checkout(order):
    order.save()
    pay(order)
```

## Instead

```python
from django.db import transaction


def pay(order):
    with transaction.atomic(durable=True):
        order.save()


def checkout(order):
    pay(order)
```

## How the fix works and when it is unsafe

There is no fix: either the outer transaction has to end first, or the inner one need not be durable.

## Known limits

Only transactions on a database that can be read count, and no hooks, whose callers are not known.

## See also

`txlint why PATH:LINE` lists all ways to the block.
"""

from __future__ import annotations

from txlint.model.hazard import Origin
from txlint.rules.rule import Misused


def _counts(origin: Origin, detail: str) -> bool:
    """A transaction that is known to be on the same database."""
    return origin.kind != "hook" and origin.alias is not None and origin.alias == detail


RULE = Misused(
    code="TX503",
    name="nested-durable",
    default=True,
    does={"nested-durable": "insists on being the outermost transaction"},
    harm="it raises RuntimeError whenever it is reached this way",
    remedy="End the outer transaction first, or leave `durable` away.",
    severity="high",
    counts=_counts,
    doc=__doc__ or "",
)
