"""Transactions on two databases are open at once.

## What it finds

A transaction that is opened on one database while one on another database is open: in the same function, or in a caller.

## Why it matters

Each commits by itself. Where the outer one fails after the inner one has committed, the two databases disagree for good; and callbacks of
the inner one run while the outer one is still open.

## Example

```python
from django.db import transaction


def archive(order):
    with transaction.atomic():
        order.delete()
        with transaction.atomic(using="archive"):
            order.save(using="archive")
```

## Instead

```python
from django.db import transaction


def archive(order):
    with transaction.atomic(using="archive"):
        order.save(using="archive")
    with transaction.atomic():
        order.delete()
```

## How the fix works and when it is unsafe

There is no fix: which database has to be right first is a decision.

## Known limits

Only aliases that can be read count. Whether the aliases name the same server is not known.

## See also

TX304 for a callback that waits for the wrong one.
"""

from __future__ import annotations

from txlint.model.hazard import Origin
from txlint.rules.rule import Misused


def _counts(origin: Origin, detail: str) -> bool:
    """A transaction that is known to be on another database."""
    return origin.kind != "hook" and origin.alias is not None and origin.alias != detail


RULE = Misused(
    code="TX501",
    name="nested-databases",
    default=False,
    does={"nested-databases": "opens a transaction on the database {detail!r}"},
    harm="the two commit one after the other, so that one can be kept while the other is rolled back",
    remedy="Let one transaction end before the other begins, and make the second step one that can be repeated.",
    severity="medium",
    counts=_counts,
    doc=__doc__ or "",
)
