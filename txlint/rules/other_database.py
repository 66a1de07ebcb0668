"""A callback waits for the commit of another database than the one whose transaction is open.

## What it finds

`on_commit(f)` inside `atomic(using="other")`, or with a `using=` that is not the open transaction's, where the names of both databases can
be read and no caller is known to have a transaction open on the one that the callback waits for. Where `using=` names another database than
`default`, the open transaction may be that of a caller.

## Why it matters

Without `using=` the callback waits for the database `default`. No transaction is open on that, so the callback runs at once, before the
commit, and cannot be taken back.

## Example

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def archive(order):
    with transaction.atomic(using="archive"):
        order.save(using="archive")
        transaction.on_commit(lambda: send_receipt.delay(order.pk))
```

## Instead

```python
from celery import shared_task
from django.db import transaction


@shared_task
def send_receipt(order_id):
    print("on a worker:", order_id)


def archive(order):
    with transaction.atomic(using="archive"):
        order.save(using="archive")
        transaction.on_commit(lambda: send_receipt.delay(order.pk), using="archive")
```

## How the fix works and when it is unsafe

There is no fix: which of the two databases is meant has to be decided.

## Known limits

Aliases that are computed (`using=router.db_for_write(Order)`) are taken to match.

## See also

TX501 for transactions on two databases.
"""

from __future__ import annotations

from txlint.model.hazard import Origin
from txlint.rules.rule import Misused


def _counts(origin: Origin, detail: str) -> bool:
    """A transaction that is known to be on another database."""
    return origin.kind != "hook" and origin.alias not in (None, detail)


def _excuses(origin: Origin, detail: str) -> bool:
    """A caller may have a transaction open on the database that is waited for."""
    return origin.kind != "hook" and origin.alias in (None, detail)


RULE = Misused(
    code="TX304",
    name="deferral-on-other-database",
    default=True,
    does={"other-database": "waits for a commit of the database {detail!r}"},
    harm="no transaction is open on that one, so the callback runs at once, and a rollback does not undo it",
    remedy="Name the database of the open transaction: `using=...`.",
    severity="high",
    counts=_counts,
    excuses=_excuses,
    doc=__doc__ or "",
)
